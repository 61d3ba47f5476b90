//! What each response does to the view.

use super::{
    CacheVoid, Change, Changes, Forgotten, Inconsistent, Labels, Learned, MailboxView, Opening, Phase,
    Removed, Resync, Resynced, Slot, Told, Tree,
};
use crate::{Code, Condition, ConditionKind, Fetch, Flags, Number64, Response, SequenceSet, Vanished};
use alloc::boxed::Box;
use core::num::NonZeroU32;

impl MailboxView {
    // ---- opening and closing ----

    /// SELECT or EXAMINE is sent, or about to be answered: all that follows is of another mailbox, and what was known is forgotten. With
    /// [`Opening::after_closed`], only from the code CLOSED on.
    pub fn select(&mut self, opening: Opening) {
        if opening.after_closed && self.phase != Phase::Nothing {
            self.next = Some(Box::new(opening));
        } else {
            self.begin(opening);
        }
    }

    fn begin(&mut self, opening: Opening) {
        *self = Self::with_limits(self.limits);
        self.phase = Phase::Opening;
        self.uid_only = opening.uid_only;
        if let Some(cached) = opening.cached {
            self.resync = Some(Resync {
                uid_validity: cached.uid_validity,
                mod_seq: cached.mod_seq,
                complete_below: cached.complete_below,
            });
            self.floating = cached.messages;
            self.labels = cached.labels;
        }
    }

    /// SELECT or EXAMINE has ended with this status (RFC 9051 section 6.3.2). After OK the mailbox is open. After NO none is; after BAD the
    /// one before, if the code CLOSED was waited for and did not come.
    ///
    /// [`apply`](Self::apply) does it by itself for a tagged OK with READ-WRITE or READ-ONLY.
    pub fn selected(&mut self, condition: &Condition) -> Changes {
        let mut changes = Changes::default();
        match condition.kind() {
            ConditionKind::Ok => self.finish(&mut changes),
            ConditionKind::Bad if self.next.is_some() => self.next = None,
            _ => {
                if self.is_open() {
                    changes.push(Change::Closed);
                }
                self.close();
            }
        }
        changes
    }

    fn finish(&mut self, changes: &mut Changes) {
        if self.next.is_some() {
            self.close();
            self.report(Inconsistent::NotClosed, changes);
            changes.push(Change::Closed);
        } else if self.phase == Phase::Opening {
            self.settle(changes);
            self.phase = Phase::Open;
        }
    }

    /// No mailbox is open any more: CLOSE, UNSELECT, the end of the connection. What is known for a later session gives
    /// [`to_cached`](Self::to_cached) before.
    pub fn close(&mut self) {
        *self = Self::with_limits(self.limits);
    }

    // ---- responses ----

    /// Takes the next response. Those that are not about messages change nothing.
    pub fn apply(&mut self, response: &Response) -> Changes {
        match response {
            Response::Fetch(fetch) => self.on_fetch(fetch),
            Response::UidFetch(fetch) => self.on_uid_fetch(fetch),
            Response::Exists(count) => self.on_exists(*count),
            Response::Recent(count) => self.on_recent(*count),
            Response::Expunge(seq) => self.on_expunge(*seq),
            Response::Vanished(vanished) => self.on_vanished(vanished),
            Response::Flags(flags) => self.on_flags(&flags.0),
            Response::Condition(condition) => self.on_condition(condition),
            Response::Tagged(tagged) => self.on_tagged(&tagged.condition),
            _ => Changes::default(),
        }
    }

    /// An untagged status: its code, if it is OK. COPYUID and APPENDUID are of other mailboxes or of messages to come, and change nothing.
    pub fn on_condition(&mut self, condition: &Condition) -> Changes {
        match condition.code() {
            Some(code) if condition.is_ok() => self.on_code(code),
            _ => Changes::default(),
        }
    }

    /// The end of a command: its code, and the modification sequences that FETCH responses have told since the last (RFC 7162 section 6). An OK
    /// with READ-WRITE or READ-ONLY is the end of SELECT or EXAMINE.
    pub fn on_tagged(&mut self, condition: &Condition) -> Changes {
        let mut changes = self.on_condition(condition);
        if condition.is_ok() && matches!(condition.code(), Some(Code::ReadWrite | Code::ReadOnly)) {
            self.finish(&mut changes);
        }
        let told = &mut self.told;
        let seen = core::mem::take(&mut told.mod_seq_seen);
        let code = core::mem::take(&mut told.mod_seq_now);
        if !code && self.phase == Phase::Open && told.highest_mod_seq.is_some_and(|highest| seen > highest) {
            told.highest_mod_seq = Some(seen);
            changes.push(Change::HighestModSeq(Some(seen)));
        }
        changes
    }

    /// `n EXISTS` (RFC 9051 section 7.4.1).
    pub fn on_exists(&mut self, now: u32) -> Changes {
        let mut changes = Changes::default();
        if !self.ready(&mut changes) {
            return changes;
        }
        let before = self.placed.count();
        if now > before {
            self.placed.insert_run(before, now - before);
            changes.push(Change::Exists { before, now });
        } else if now < before {
            self.report(Inconsistent::Shrunk { before, now }, &mut changes);
            if self.resync.is_some() {
                // the server compares the cache yet
                self.placed = Tree::unknown(now);
            } else {
                self.forget_all(now, &mut changes);
            }
        }
        changes
    }

    /// `n RECENT` (RFC 3501 section 7.3.2).
    pub fn on_recent(&mut self, count: u32) -> Changes {
        let mut changes = Changes::default();
        if self.ready(&mut changes) && self.told.recent != Some(count) {
            self.told.recent = Some(count);
            changes.push(Change::Recent(count));
        }
        changes
    }

    /// `FLAGS` (RFC 9051 section 7.3.5).
    pub fn on_flags(&mut self, flags: &Flags) -> Changes {
        let mut changes = Changes::default();
        if self.ready(&mut changes) && self.told.flags.as_ref() != Some(flags) {
            self.told.flags = Some(flags.detach());
            changes.push(Change::MailboxFlags);
        }
        changes
    }

    /// A code of an OK (RFC 9051 section 7.1, RFC 7162 sections 3.1.2 and 3.2.11).
    pub fn on_code(&mut self, code: &Code) -> Changes {
        let mut changes = Changes::default();
        if let Code::Closed = code {
            self.closed(&mut changes);
            return changes;
        }
        if self.phase == Phase::Nothing {
            return changes;
        }
        match code {
            Code::UidValidity(Some(now)) => self.uid_validity_is(*now, &mut changes),
            Code::UidNext(Some(uid)) => self.uid_next_is(*uid, &mut changes),
            Code::UidNotSticky => self.told.uid_not_sticky = true,
            Code::HighestModSeq(number) if number.get() > 0 => {
                let number = &number.get();
                self.told.mod_seq_now = true;
                if self.told.highest_mod_seq.replace(*number) != Some(*number) {
                    changes.push(Change::HighestModSeq(Some(*number)));
                }
                if self.resync.is_some_and(|cache| cache.mod_seq.get() > *number) {
                    self.void(CacheVoid::ModSeqWentBack, &mut changes);
                }
            }
            Code::NoModSeq => {
                self.told.highest_mod_seq = None;
                if !core::mem::replace(&mut self.told.no_mod_seq, true) {
                    changes.push(Change::HighestModSeq(None));
                }
                if self.resync.is_some() {
                    self.void(CacheVoid::NoModSeq, &mut changes);
                }
            }
            Code::PermanentFlags(flags) if self.told.permanent_flags.as_ref() != Some(&**flags) => {
                self.told.permanent_flags = Some(flags.detach());
                changes.push(Change::PermanentFlags);
            }
            Code::ReadOnly | Code::ReadWrite => {
                let read_only = matches!(code, Code::ReadOnly);
                if self.next.is_none() && self.told.read_only.replace(read_only) != Some(read_only) {
                    changes.push(Change::ReadOnly(read_only));
                }
            }
            _ => {}
        }
        changes
    }

    /// `n EXPUNGE` (RFC 9051 section 7.5.1): the numbers behind it are one less.
    pub fn on_expunge(&mut self, seq: NonZeroU32) -> Changes {
        let mut changes = Changes::default();
        if !self.ready(&mut changes) {
            return changes;
        }
        self.settle(&mut changes);
        if self.uid_only {
            self.report(Inconsistent::UidOnly, &mut changes);
        }
        let place = seq.get() - 1;
        let Some(slot) = self.placed.get(place) else {
            let exists = self.placed.count();
            self.report(Inconsistent::BeyondExists { number: seq, exists }, &mut changes);
            return changes;
        };
        if slot.uid == 0 {
            // it may be any of those between
            self.forget_floating(place, &mut changes);
        }
        let labels = &mut self.labels;
        self.placed.remove(place, 1, |slot| labels.release(slot.flags));
        let uid = NonZeroU32::new(slot.uid);
        changes.push(Change::Removed(Removed {
            seq: (!self.uid_only).then_some(seq),
            count: 1,
            uids: uid.zip(uid),
            earlier: false,
        }));
        changes
    }

    /// `VANISHED` (RFC 7162 section 3.2.10). The ranges are never expanded: it costs O(log n) for each range and each leaf of 64 messages that
    /// are gone. With `(EARLIER)`, the number of messages and their numbers stay.
    pub fn on_vanished(&mut self, vanished: &Vanished) -> Changes {
        let mut changes = Changes::default();
        if !self.ready(&mut changes) {
            return changes;
        }
        if !vanished.earlier {
            self.settle(&mut changes);
        }
        if vanished.uids.count().is_none() {
            self.report(Inconsistent::VanishedWithoutNumbers, &mut changes);
            return changes;
        }
        // each UID once, since each is a message
        let uids = vanished.uids.normalised();
        if vanished.earlier {
            self.vanish_earlier(&uids, &mut changes);
        } else {
            self.vanish(&uids, &mut changes);
        }
        changes
    }

    /// `n FETCH` (RFC 9051 section 7.5.2): its UID, FLAGS and MODSEQ. If the UID contradicts what is known, nothing of it is taken. Where UIDs
    /// are known and their numbers are not, ask for the UID always: without, they are forgotten, since this could be any of them.
    pub fn on_fetch(&mut self, fetch: &Fetch) -> Changes {
        let mut changes = Changes::default();
        if !self.ready(&mut changes) {
            return changes;
        }
        self.settle(&mut changes);
        let seq = fetch.number;
        if self.uid_only {
            self.report(Inconsistent::UidOnly, &mut changes);
            if let Some(uid) = fetch.uid() {
                self.by_uid(uid, fetch, &mut changes);
            }
            return changes;
        }
        let place = seq.get() - 1;
        let Some(mut old) = self.placed.get(place) else {
            let exists = self.placed.count();
            self.report(Inconsistent::BeyondExists { number: seq, exists }, &mut changes);
            return changes;
        };
        let uid = fetch.uid();
        let mut floated = false;
        if let Some(said) = uid {
            if old.uid == 0 {
                if !self.fits(place, said.get()) {
                    self.report(Inconsistent::UidOrder { seq, uid: said }, &mut changes);
                    return changes;
                }
                floated = self.take_floating(said.get(), &mut old);
            } else if let Some(known) = NonZeroU32::new(old.uid).filter(|known| *known != said) {
                self.report(Inconsistent::UidChanged { known, said }, &mut changes);
                return changes;
            }
        } else if old.uid == 0 && (fetch.flags().is_some() || fetch.mod_seq().is_some()) {
            // what was known of a UID between may be older than this
            self.forget_floating(place, &mut changes);
        }
        self.learn(Some(place), uid, old, fetch, floated, &mut changes);
        changes
    }

    /// `uid UIDFETCH` (RFC 9586): the same by UID. The number of the message stays unknown if it is.
    pub fn on_uid_fetch(&mut self, fetch: &Fetch) -> Changes {
        let mut changes = Changes::default();
        if !self.ready(&mut changes) {
            return changes;
        }
        self.settle(&mut changes);
        match fetch.uid().filter(|said| *said != fetch.number) {
            Some(said) => self.report(Inconsistent::UidChanged { known: fetch.number, said }, &mut changes),
            None => self.by_uid(fetch.number, fetch, &mut changes),
        }
        changes
    }

    // ---- what they have in common ----

    /// Whether there is a mailbox that data can be of.
    fn ready(&mut self, changes: &mut Changes) -> bool {
        if self.phase == Phase::Nothing {
            changes.push(Change::Inconsistent(Inconsistent::NotOpen));
        }
        self.phase != Phase::Nothing
    }

    fn report(&mut self, what: Inconsistent, changes: &mut Changes) {
        self.consistent = false;
        changes.push(Change::Inconsistent(what));
    }

    fn forget_all(&mut self, count: u32, changes: &mut Changes) {
        let numbers = NonZeroU32::MIN;
        let last = NonZeroU32::new(count);
        let uids = self.floating.count() > 0 || self.placed.known() > 0;
        if self.placed.tracked() > 0 || self.floating.count() > 0 {
            changes.push(Change::Forgotten(Forgotten {
                numbers: last.map(|last| (numbers, last)),
                uids: uids.then_some((NonZeroU32::MIN, NonZeroU32::MAX)),
            }));
        }
        self.placed = Tree::unknown(count);
        self.floating = Tree::new();
        self.labels = Labels::default();
    }

    fn closed(&mut self, changes: &mut Changes) {
        if let Some(opening) = self.next.take() {
            changes.push(Change::Closed);
            self.begin(*opening);
            return;
        }
        match self.phase {
            Phase::Nothing => {}
            // what came since SELECT was of the mailbox before
            Phase::Opening => {
                self.placed = Tree::new();
                self.told = Told::default();
                self.consistent = true;
                if self.resync.is_none() {
                    if self.floating.count() > 0 {
                        changes.push(Change::CacheVoid(CacheVoid::Closed));
                    }
                    self.floating = Tree::new();
                    self.labels = Labels::default();
                }
                changes.push(Change::Closed);
            }
            Phase::Open => {
                self.close();
                self.report(Inconsistent::Closed, changes);
                changes.push(Change::Closed);
            }
        }
    }

    fn uid_validity_is(&mut self, now: NonZeroU32, changes: &mut Changes) {
        let before = self.told.uid_validity.replace(now);
        if before == Some(now) {
            return;
        }
        changes.push(Change::UidValidity { before, now });
        if before.is_some() {
            self.told.uid_next = None;
            self.told.highest_mod_seq = None;
        }
        if self.resync.is_some() {
            if self.resync.is_some_and(|cache| cache.uid_validity != now) {
                self.void(CacheVoid::UidValidity, changes);
            }
        } else if before.is_some() {
            self.forget_all(self.placed.count(), changes);
        }
    }

    fn uid_next_is(&mut self, uid: NonZeroU32, changes: &mut Changes) {
        // never below what is known
        let known = self.placed.uid_before(self.placed.count()).checked_add(1).and_then(NonZeroU32::new);
        let uid = known.map_or(uid, |known| uid.max(known));
        if self.told.uid_next.replace(uid) != Some(uid) {
            changes.push(Change::UidNext(uid));
        }
    }

    /// The cache is not what the mailbox was.
    fn void(&mut self, why: CacheVoid, changes: &mut Changes) {
        self.resync = None;
        self.floating = Tree::new();
        self.labels = Labels::default();
        changes.push(Change::CacheVoid(why));
    }

    /// The cache was compared: all `VANISHED (EARLIER)` have come (RFC 7162 section 3.2.6). If it has every message below a UID, what is left of
    /// it are the first messages of the mailbox.
    fn settle(&mut self, changes: &mut Changes) {
        let Some(cache) = self.resync else { return };
        if self.told.uid_validity.is_none() {
            return self.void(CacheVoid::UidValidity, changes);
        }
        if self.told.highest_mod_seq.is_none() {
            return self.void(CacheVoid::NoModSeq, changes);
        }
        let (kept, exists) = (self.floating.count(), self.placed.count());
        let Some(others) = exists.checked_sub(kept) else {
            return self.void(CacheVoid::TooMany, changes);
        };
        self.resync = None;
        // not more new messages than there can be UIDs for
        let room = match (self.told.uid_next, cache.complete_below) {
            (Some(now), Some(then)) => now.get().checked_sub(then.get()),
            (None, Some(_)) => Some(u32::MAX),
            (_, None) => None,
        };
        let placed = !self.uid_only && room.is_some_and(|room| others <= room);
        if placed {
            self.placed = core::mem::replace(&mut self.floating, Tree::new());
            self.placed.insert_run(kept, others);
        }
        changes.push(Change::Resynced(Resynced { kept, others, placed }));
    }

    /// Takes UIDs out of the messages without numbers.
    fn remove_floating(&mut self, first: u32, last: u32) -> u32 {
        let mut all = 0;
        let labels = &mut self.labels;
        while let Some((place, _)) = self.floating.find(first).filter(|(_, slot)| slot.uid <= last) {
            let (gone, _) = self.floating.remove_known(place, last, |slot| labels.release(slot.flags));
            all += gone;
        }
        all
    }

    /// Forgets the UIDs without numbers of which one may be that of a message whose UID is not known.
    fn forget_floating(&mut self, place: u32, changes: &mut Changes) {
        if self.floating.count() == 0 {
            return;
        }
        let gap = self.gap_of_place(place);
        let (first, last) = (gap.above.saturating_add(1), u32::try_from(gap.below - 1).unwrap_or(u32::MAX));
        if self.remove_floating(first, last) > 0 {
            let uids = NonZeroU32::new(first).zip(NonZeroU32::new(last));
            changes.push(Change::Forgotten(Forgotten { numbers: None, uids }));
        }
    }

    fn vanish_earlier(&mut self, uids: &SequenceSet, changes: &mut Changes) {
        for (first, last) in ranges(uids) {
            if self.phase == Phase::Opening && self.resync.is_none() {
                let late = self.placed.find(first.get()).is_some_and(|(_, slot)| slot.uid <= last.get());
                if late {
                    self.report(Inconsistent::LateEarlier, changes);
                    self.forget_all(self.placed.count(), changes);
                    return;
                }
            }
            let count = self.remove_floating(first.get(), last.get());
            if count > 0 {
                let uids = Some((first, last));
                changes.push(Change::Removed(Removed { seq: None, count, uids, earlier: true }));
            }
        }
    }

    fn vanish(&mut self, uids: &SequenceSet, changes: &mut Changes) {
        let before = self.placed.count();
        // those that are not known first, for those that are tell where they can be
        if self.placed.known() < before {
            for (first, last) in ranges(uids) {
                self.vanish_among_unknown(first.get(), last.get(), changes);
            }
        }
        for (first, last) in ranges(uids) {
            while let Some((place, slot)) =
                self.placed.find(first.get()).filter(|(_, slot)| slot.uid <= last.get())
            {
                let labels = &mut self.labels;
                let (count, behind) =
                    self.placed.remove_known(place, last.get(), |slot| labels.release(slot.flags));
                let uids = NonZeroU32::new(slot.uid).zip(NonZeroU32::new(behind));
                changes.removed(Removed { seq: NonZeroU32::new(place + 1), count, uids, earlier: false });
            }
        }
        let gone = u64::from(before - self.placed.count());
        let count = uids.count().unwrap_or(0).saturating_sub(gone);
        if count > 0 {
            self.report(Inconsistent::VanishedUnknown { count }, changes);
        }
    }

    /// The UIDs of a range that no message in `placed` has.
    fn vanish_among_unknown(&mut self, first: u32, last: u32, changes: &mut Changes) {
        let mut from = first;
        loop {
            let next = self.placed.find(from).map(|(_, slot)| slot.uid).filter(|uid| *uid <= last);
            let upto = next.map_or(last, |uid| uid - 1);
            if from <= upto {
                self.vanish_unknown(from, upto, changes);
            }
            let Some(uid) = next else { return };
            // those behind it up to the next that is not known
            match self.placed.stretch(self.placed.rank(uid)).checked_add(1) {
                Some(behind) if behind <= last => from = behind,
                _ => return,
            }
        }
    }

    /// The same of UIDs that lie between two neighbours.
    fn vanish_unknown(&mut self, first: u32, last: u32, changes: &mut Changes) {
        let gap = self.gap_of_uid(first);
        if gap.len() == 0 {
            return;
        }
        let spare = gap.len().saturating_sub(self.floating_in(gap.above, gap.below));
        let floating = self.remove_floating(first, last);
        // of the rest it is not known which they are, but there are no more
        let others = (last - first).saturating_add(1).saturating_sub(floating);
        let count = gap.len().min(floating.saturating_add(others.min(spare)));
        if count == 0 {
            return;
        }
        let left = gap.len() - count;
        let forgotten = self.collapse(gap.start, gap.len(), left) && left > 0;
        let seq = NonZeroU32::new(gap.start + 1);
        changes.removed(Removed {
            seq: seq.filter(|_| left == 0 && !self.uid_only),
            count,
            uids: NonZeroU32::new(first).zip(NonZeroU32::new(last)),
            earlier: false,
        });
        if forgotten {
            let numbers = seq.zip(NonZeroU32::new(gap.start + left));
            changes.push(Change::Forgotten(Forgotten { numbers, uids: None }));
        }
    }

    /// Of messages that stand together only some are left, and nothing is known of them. Whether something was.
    fn collapse(&mut self, start: u32, len: u32, left: u32) -> bool {
        // a single run has nothing to forget
        if let Some((_, run, None)) = self.placed.iter(start).next() {
            if run >= len {
                self.placed.remove(start, len - left, |_| {});
                return false;
            }
        }
        let mut forgotten = false;
        let labels = &mut self.labels;
        self.placed.remove(start, len, |slot| {
            forgotten = true;
            labels.release(slot.flags);
        });
        self.placed.insert_run(start, left);
        forgotten
    }

    /// Whether a UID can be that of a message: UIDs ascend strictly, and those between need room.
    fn fits(&self, place: u32, uid: u32) -> bool {
        let gap = self.gap_of_place(place);
        if uid <= gap.above || u64::from(uid) >= gap.below {
            return false;
        }
        let (before, behind) = (place - gap.start, gap.end - place - 1);
        uid - gap.above > before
            && gap.below - u64::from(uid) > u64::from(behind)
            && self.floating_in(gap.above, uid.into()) <= before
            && self.floating_in(uid, gap.below) <= behind
    }

    /// What was known of a UID goes to the message that has it, as far as nothing newer is known. Whether it was there.
    fn take_floating(&mut self, uid: u32, slot: &mut Slot) -> bool {
        let Some((place, _)) = self.floating.find_exactly(uid) else { return false };
        let mut found = Slot::default();
        self.floating.remove_known(place, uid, |slot| found = slot);
        if slot.flags == 0 {
            slot.flags = found.flags;
        } else {
            self.labels.release(found.flags);
        }
        if slot.mod_seq == 0 {
            slot.mod_seq = found.mod_seq;
        }
        true
    }

    fn by_uid(&mut self, uid: NonZeroU32, fetch: &Fetch, changes: &mut Changes) {
        if let Some((place, slot)) = self.placed.find_exactly(uid.get()) {
            return self.learn(Some(place), Some(uid), slot, fetch, false, changes);
        }
        let old = self.floating.find_exactly(uid.get());
        if old.is_none() {
            let gap = self.gap_of_uid(uid.get());
            if self.floating_in(gap.above, gap.below) >= gap.len() {
                return self.report(Inconsistent::NoRoom { uid }, changes);
            }
        }
        self.learn(None, Some(uid), old.map(|(_, slot)| slot).unwrap_or_default(), fetch, false, changes);
    }

    /// Takes over what a FETCH says of a message, whose UID is right.
    fn learn(
        &mut self,
        place: Option<u32>,
        uid: Option<NonZeroU32>,
        old: Slot,
        fetch: &Fetch,
        floated: bool,
        changes: &mut Changes,
    ) {
        let seq = place.and_then(|place| NonZeroU32::new(place + 1));
        let is_new = !floated && old == Slot::default();
        let all = self.placed.tracked().saturating_add(self.floating.count());
        if is_new && all >= self.limits.max_messages {
            if uid.is_some() || fetch.flags().is_some() || fetch.mod_seq().is_some() {
                changes.push(Change::NotTracked { seq, uid });
            }
            return;
        }
        let mut new = old;
        if let Some(uid) = uid {
            new.uid = uid.get();
        }
        if let Some(flags) = fetch.flags() {
            let packed = self.labels.pack(flags, self.limits.max_keyword_octets);
            self.labels.release(old.flags);
            new.flags = packed.unwrap_or(0);
            if packed.is_none() {
                changes.push(Change::NotTracked { seq, uid: NonZeroU32::new(new.uid) });
            }
        }
        if let Some(mod_seq) = fetch.mod_seq().map(Number64::get) {
            new.mod_seq = mod_seq;
            self.told.mod_seq_seen = self.told.mod_seq_seen.max(mod_seq);
        }
        if new == old && !floated {
            return;
        }
        match place {
            Some(place) => self.placed.set(place, new),
            None => {
                let place = self.floating.rank(new.uid);
                if old.uid == 0 {
                    self.floating.insert(place, new);
                } else {
                    self.floating.set(place, new);
                }
            }
        }
        let known = self.told.uid_next;
        if let (Some(next), Some(behind)) = (known, uid.and_then(|uid| uid.checked_add(1))) {
            self.told.uid_next = Some(next.max(behind));
        }
        if new != old {
            changes.push(Change::Message(Learned {
                seq: seq.filter(|_| !self.uid_only),
                uid: NonZeroU32::new(new.uid),
                new_uid: new.uid != old.uid,
                flags: new.flags != old.flags,
                mod_seq: new.mod_seq != old.mod_seq,
            }));
        }
    }
}

/// The ranges of a set that has neither `*` nor `$`.
fn ranges(set: &SequenceSet) -> impl Iterator<Item = (NonZeroU32, NonZeroU32)> {
    set.ranges().filter_map(|range| range.start.number().zip(range.end.number()))
}
