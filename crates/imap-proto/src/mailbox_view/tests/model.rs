//! A server that only says what is legal, a client that keeps a vector, and the view: long random sessions.

use super::*;
use alloc::collections::BTreeMap;
use alloc::vec;
use proptest::prelude::*;

#[derive(Debug, Clone, PartialEq)]
struct Real {
    uid: u32,
    flags: Flags,
    mod_seq: u64,
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Known {
    uid: Option<u32>,
    flags: Option<Flags>,
    mod_seq: Option<u64>,
}

impl Known {
    fn take(&mut self, fetch: &Fetch, uid: Option<u32>) {
        self.uid = uid.or(self.uid);
        if let Some(flags) = fetch.flags() {
            self.flags = Some(flags.clone());
        }
        self.mod_seq = fetch.mod_seq().map(crate::Number64::get).or(self.mod_seq);
    }
}

#[derive(Default)]
struct Session {
    view: MailboxView,
    /// The server.
    mailbox: Vec<Real>,
    last_uid: u32,
    mod_seq: u64,
    gone: Vec<(u32, u64)>,
    /// The client that keeps a vector.
    known: Vec<Known>,
    floating: BTreeMap<u32, Known>,
    uid_only: bool,
}

fn flags(n: u32) -> Flags {
    let all =
        [Flag::Seen, Flag::Deleted, Flag::Flagged, Flag::JUNK, Flag::FORWARDED, Flag::keyword("x").unwrap()];
    all.into_iter().enumerate().filter(|(bit, _)| n >> bit & 1 == 1).map(|(_, flag)| flag).collect()
}

impl Session {
    fn new(uid_only: bool) -> Self {
        let mut session = Self { mod_seq: 100, uid_only, ..Self::default() };
        session.view = open(0);
        session.view.uid_only = uid_only;
        session.noop();
        session
    }

    fn told(&mut self, response: &Response) -> Vec<Change> {
        let before = self.view.exists();
        let changes = self.view.apply(response);
        assert_eq!(changes.len(), changes.iter().count());
        let changes: Vec<_> = changes.into_iter().collect();
        for change in &changes {
            assert!(!matches!(change, Change::Inconsistent(_) | Change::NotTracked { .. }), "{change:?}");
        }
        let delta: i64 = changes
            .iter()
            .map(|change| match change {
                Change::Exists { before, now } => i64::from(now - before),
                Change::Removed(removed) if !removed.earlier => -i64::from(removed.count),
                _ => 0,
            })
            .sum();
        assert_eq!(i64::from(before) + delta, i64::from(self.view.exists()), "{changes:?}");
        changes
    }

    fn deliver(&mut self, count: u32, step: u32) {
        for n in 0..count {
            self.last_uid += 1 + n.wrapping_mul(step) % 7;
            self.mod_seq += 1;
            self.mailbox.push(Real { uid: self.last_uid, flags: flags(n ^ step), mod_seq: self.mod_seq });
        }
    }

    fn exists(&mut self) {
        let now = self.mailbox.len();
        self.known.resize(now, Known::default());
        self.told(&Response::Exists(now as u32));
    }

    fn noop(&mut self) {
        let mod_seq = self.mod_seq;
        self.told(&Response::Condition(alloc::boxed::Box::new(code(Code::HighestModSeq(
            crate::Number64::new(mod_seq).unwrap(),
        )))));
        self.told(&response("A OK done"));
    }

    fn at(&self, n: u32) -> usize {
        n as usize % self.mailbox.len()
    }

    fn fetch(&mut self, at: usize, what: u32) {
        let real = self.mailbox[at].clone();
        let uid = (what & 1 == 1).then_some(real.uid);
        let fetch = fetch(
            at as u32 + 1,
            uid,
            (what & 2 == 2).then_some(real.flags),
            (what & 4 == 4).then_some(real.mod_seq),
        );
        if uid.is_none() && self.known[at].uid.is_none() && what & 6 > 0 {
            let (_, _, above, below) = self.gap(at);
            self.floating.retain(|&uid, _| uid <= above || u64::from(uid) >= below);
        }
        if let (Some(uid), None) = (uid, self.known[at].uid) {
            if let Some(floated) = self.floating.remove(&uid) {
                let known = &mut self.known[at];
                known.flags = known.flags.take().or(floated.flags);
                known.mod_seq = known.mod_seq.or(floated.mod_seq);
            }
        }
        self.known[at].take(&fetch, uid);
        self.told(&Response::Fetch(alloc::boxed::Box::new(fetch)));
    }

    fn uid_fetch(&mut self, at: usize, what: u32) {
        let real = self.mailbox[at].clone();
        let fetch = fetch(
            real.uid,
            (what & 1 == 1).then_some(real.uid),
            (what & 2 == 2).then_some(real.flags),
            (what & 4 == 4).then_some(real.mod_seq),
        );
        let placed = self.known.iter_mut().find(|known| known.uid == Some(real.uid));
        placed.unwrap_or_else(|| self.floating.entry(real.uid).or_default()).take(&fetch, Some(real.uid));
        self.told(&Response::UidFetch(alloc::boxed::Box::new(fetch)));
    }

    /// Places and UIDs between which there is no known message.
    fn gap(&self, at: usize) -> (usize, usize, u32, u64) {
        let start = self.known[..at].iter().rposition(|known| known.uid.is_some()).map_or(0, |n| n + 1);
        let end = self.known[at..].iter().position(|known| known.uid.is_some());
        let end = end.map_or(self.known.len(), |n| n + at);
        let above = start.checked_sub(1).and_then(|n| self.known[n].uid).unwrap_or(0);
        let below = self.known.get(end).and_then(|known| known.uid).map_or(1 << 32, u64::from);
        (start, end, above, below)
    }

    fn remember(&mut self, at: usize) -> Real {
        let real = self.mailbox.remove(at);
        self.mod_seq += 1;
        self.gone.push((real.uid, self.mod_seq));
        real
    }

    fn expunge(&mut self, at: usize) {
        if self.known[at].uid.is_none() {
            let (_, _, above, below) = self.gap(at);
            self.floating.retain(|&uid, _| uid <= above || u64::from(uid) >= below);
        }
        self.known.remove(at);
        self.remember(at);
        self.told(&Response::Expunge(nz(at as u32 + 1)));
    }

    /// Every `step`th of `count` messages vanishes.
    fn vanish(&mut self, at: usize, count: usize, step: usize) {
        let places: Vec<_> = (at..self.mailbox.len()).step_by(step).take(count).collect();
        let uids: Vec<_> = places.iter().map(|&at| nz(self.mailbox[at].uid)).collect();
        // the vector: how many of each gap
        let mut gaps: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for &at in places.iter().filter(|&&at| self.known[at].uid.is_none()) {
            self.floating.remove(&self.mailbox[at].uid);
            let (start, end, _, _) = self.gap(at);
            gaps.entry(start).or_insert((end, 0)).1 += 1;
        }
        let mut gone = vec![false; self.known.len()];
        for (start, (end, count)) in gaps {
            if count < end - start {
                self.known[start..end].fill(Known::default());
            }
            gone[start..start + count].fill(true);
        }
        for &at in places.iter().filter(|&&at| self.known[at].uid.is_some()) {
            gone[at] = true;
        }
        let mut gone = gone.into_iter();
        self.known.retain(|_| !gone.next().unwrap());
        for &at in places.iter().rev() {
            self.remember(at);
        }
        let Ok(uids) = SequenceSet::from_numbers(uids) else { return };
        self.told(&Response::Vanished(alloc::boxed::Box::new(Vanished { earlier: false, uids })));
    }

    /// The connection is lost, other clients work, and the mailbox is opened again from the cache.
    fn reconnect(&mut self, n: u32, m: u32) {
        let Some(cached) = self.view.to_cached() else { return };
        let since = cached.mod_seq().get();
        let complete = cached.complete_below().is_some();
        let uids = self.known.iter().filter(|known| known.uid.is_some()).count() + self.floating.len();
        let has_next = self.view.uid_next().is_some() || uids > 0;
        assert_eq!(complete, uids == self.mailbox.len() && has_next);
        let mut cache: BTreeMap<u32, Known> = core::mem::take(&mut self.floating);
        cache.extend(self.known.drain(..).filter_map(|known| Some((known.uid?, known))));
        assert_eq!(cached.count() as usize, cache.len());
        for (real, cached) in cache.values().zip(cached.iter()) {
            assert_eq!((real.uid, &real.flags, real.mod_seq), (Some(cached.0.get()), &cached.1, cached.2));
        }
        // meanwhile
        for _ in 0..n % 5 {
            if !self.mailbox.is_empty() {
                self.remember(self.at(m));
            }
        }
        for at in (0..self.mailbox.len()).step_by(1 + m as usize % 9) {
            self.mod_seq += 1;
            self.mailbox[at].flags = flags(n);
            self.mailbox[at].mod_seq = self.mod_seq;
        }
        self.deliver(m % 4, n);
        // and again
        let with_closed = n % 2 == 0;
        let opening = Opening::resync(cached);
        let opening = if self.uid_only { opening.uid_only() } else { opening };
        self.view.select(if with_closed { opening.after_closed() } else { opening });
        if with_closed {
            assert_eq!(self.view.apply(&response("* OK [CLOSED] ")).len(), 1);
        }
        let exists = self.mailbox.len() as u32;
        let mut first = [
            response("* OK [UIDVALIDITY 9] "),
            Response::Condition(alloc::boxed::Box::new(code(Code::UidNext(Some(nz(self.last_uid + 1)))))),
            Response::Condition(alloc::boxed::Box::new(code(Code::HighestModSeq(
                crate::Number64::new(self.mod_seq).unwrap(),
            )))),
            Response::Exists(exists),
        ];
        first.rotate_left(n as usize % 4);
        for response in &first {
            self.told(response);
        }
        let gone = self.gone.iter().filter(|(_, mod_seq)| *mod_seq > since).map(|(uid, _)| *uid);
        // and some that never were
        let never =
            (1..self.last_uid).step_by(13).filter(|uid| self.mailbox.iter().all(|real| real.uid != *uid));
        let mut uids: Vec<_> = gone.chain(never).map(nz).collect();
        uids.sort_unstable();
        for uid in &uids {
            cache.remove(&uid.get());
        }
        for uids in uids.chunks(3) {
            let uids = SequenceSet::from_numbers(uids.iter().copied()).unwrap();
            self.told(&Response::Vanished(alloc::boxed::Box::new(Vanished { earlier: true, uids })));
        }
        self.known.resize(self.mailbox.len(), Known::default());
        if complete && !self.uid_only {
            for (known, cached) in self.known.iter_mut().zip(cache.into_values()) {
                *known = cached;
            }
        } else {
            self.floating = cache;
        }
        for at in 0..self.mailbox.len() {
            if self.mailbox[at].mod_seq > since {
                if self.uid_only { self.uid_fetch(at, 7) } else { self.fetch(at, 7) }
            }
        }
        self.told(&response("A OK [READ-WRITE] x"));
        assert!(self.view.resync.is_none());
    }

    fn check(&self) {
        let view = &self.view;
        view.placed.check();
        view.floating.check();
        assert_eq!(view.exists() as usize, self.mailbox.len());
        let all = view.known_messages();
        assert_eq!(all, self.known);
        let floating: Vec<_> = view.messages().filter(|message| message.seq().is_none()).collect();
        assert_eq!(floating.len(), self.floating.len());
        let order: Vec<_> = view.messages().filter_map(|message| message.uid()).collect();
        assert!(order.windows(2).all(|pair| pair[0] < pair[1]));
        for (at, (real, known)) in self.mailbox.iter().zip(&self.known).enumerate() {
            let seq = nz(at as u32 + 1);
            let place = view.place(nz(real.uid));
            let (start, end, _, _) = self.gap(at);
            let (first, last) = (nz(start as u32 + 1), NonZeroU32::new(end as u32));
            match known.uid {
                Some(uid) => {
                    assert_eq!((uid, place, view.seq(nz(uid))), (real.uid, Place::At(seq), Some(seq)))
                }
                None if self.floating.contains_key(&real.uid) => {
                    assert_eq!(place, Place::Within(first, last.unwrap()));
                }
                None => assert_eq!(place, Place::Unknown(first, last.unwrap())),
            }
            // what is told of it is so
            let message = view.message_of_uid(nz(real.uid));
            if let Some(flags) = message.and_then(|message| message.flags()) {
                assert_eq!(flags, real.flags);
                assert!(flags.iter().all(|flag| message.unwrap().has(flag) == Some(true)));
            }
        }
        self.check_sets();
    }

    /// Sets of numbers and of UIDs against the server's mailbox.
    fn check_sets(&self) {
        let count = self.mailbox.len() as u32;
        for (from, to) in [(1, count), (count / 3, count / 2), (count / 2, count / 2), (2, count + 2)] {
            let (Some(first), Some(last)) = (NonZeroU32::new(from), NonZeroU32::new(to)) else { continue };
            let found = self.view.uids(&SequenceSet::range(first, last)).unwrap();
            for (at, real) in self.mailbox.iter().enumerate() {
                let seq = nz(at as u32 + 1);
                let asked = seq >= first.min(last) && seq <= first.max(last);
                let open = found.unknown.as_ref().is_some_and(|set| set.contains(seq, nz(count)));
                let has = found.set.as_ref().is_some_and(|set| set.contains(nz(real.uid), NonZeroU32::MAX));
                assert_eq!(has, asked && !open, "{first}:{last} {found:?}");
                assert!(!open || self.known[at].uid.is_none());
            }
        }
        let (one, two) = (self.last_uid / 3, self.last_uid / 2);
        for (from, to) in [(1, Some(u32::MAX)), (one, Some(two)), (two, None), (self.last_uid + 9, None)] {
            let Some(first) = NonZeroU32::new(from) else { continue };
            let asked = SequenceSet::range(first, to.map_or(crate::Sequence::LAST, |to| nz(to).into()));
            let found = self.view.numbers(&asked).unwrap();
            for (at, real) in self.mailbox.iter().enumerate() {
                let seq = nz(at as u32 + 1);
                let last = nz(self.mailbox[self.mailbox.len() - 1].uid);
                let in_it = asked.contains(nz(real.uid), last);
                let sure = found.set.as_ref().is_some_and(|set| set.contains(seq, nz(count)));
                let open = found.unknown.as_ref().is_some_and(|set| set.contains(seq, nz(count)));
                assert!(!sure || !open, "{asked} {found:?}");
                assert!(if in_it { sure || open } else { !sure }, "{asked} {found:?}");
            }
        }
    }

    fn run(&mut self, op: (u8, u32, u32)) {
        let (op, n, m) = op;
        match op {
            0..=9 => {
                self.deliver(n % 12, m);
                self.exists();
            }
            10 => self.noop(),
            11 => self.reconnect(n, m),
            _ if self.mailbox.is_empty() => {}
            // no numbers
            12..=15 | 20..=24 if self.uid_only => {}
            30..=34 if self.uid_only => {
                let at = self.at(n);
                self.mod_seq += 1;
                self.mailbox[at].flags = flags(m);
                self.mailbox[at].mod_seq = self.mod_seq;
                self.uid_fetch(at, 2 | m >> 8);
            }
            25..=u8::MAX if self.uid_only => self.uid_fetch(self.at(n), m),
            12..=15 => self.expunge(self.at(n)),
            16..=19 => self.vanish(self.at(n), m as usize % 9, 1 + m as usize % 3),
            // neighbours, as FETCH n:m makes them
            20..=24 => {
                for at in (self.at(n)..self.mailbox.len()).take(m as usize % 20) {
                    self.fetch(at, m >> 8);
                }
            }
            30..=34 => {
                let at = self.at(n);
                self.mod_seq += 1;
                self.mailbox[at].flags = flags(m);
                self.mailbox[at].mod_seq = self.mod_seq;
                self.fetch(at, 2 | m >> 8);
            }
            _ => self.fetch(self.at(n), m),
        }
    }
}

impl MailboxView {
    fn known_messages(&self) -> Vec<Known> {
        (1..=self.exists())
            .map(|n| {
                let message = self.message(nz(n));
                Known {
                    uid: message.and_then(|message| message.uid()).map(NonZeroU32::get),
                    flags: message.and_then(|message| message.flags()),
                    mod_seq: message.and_then(|message| message.mod_seq()),
                }
            })
            .collect()
    }
}

fn ops(most: usize) -> impl Strategy<Value = Vec<(u8, u32, u32)>> {
    proptest::collection::vec((0..48u8, any::<u32>(), any::<u32>()), 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn does_what_a_vector_does(ops in ops(300), uid_only: bool) {
        let mut session = Session::new(uid_only);
        for (n, op) in ops.into_iter().enumerate() {
            session.run(op);
            if n % 4 == 0 {
                session.check();
            }
        }
        session.check();
    }
}

/// The same with so many messages that the tree has several levels.
#[test]
fn does_what_a_vector_does_with_many() {
    let mut session = Session::new(false);
    session.deliver(10_000, 5);
    session.exists();
    let mut seed = 1u64;
    for n in 0..4_000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let op = (seed >> 59) as u8 + 10;
        // in this size, an opening costs the vector too much
        if op != 11 || n % 100 == 0 {
            session.run((op, (seed >> 24) as u32, (seed >> 8) as u32));
        }
        if n % 2_000 == 0 {
            session.view.placed.check();
            assert_eq!(session.view.known_messages(), session.known);
        }
    }
    session.check();
    session.reconnect(7, 3);
    session.check();
}
