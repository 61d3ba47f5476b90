//! The mailboxes of `imap-serve`: in memory, for all sessions.

use crate::mime::Part;
use bytes::Bytes;
use imap_proto::{
    Date, DateTime, Fetch, FetchAttribute, Flag, Flags, ListPattern, Mailbox, NonEmpty, Number64, Response,
    SearchKey, SequenceSet,
};
use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use wire::Misuse;

/// A message.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its UID; that of a message in no mailbox says nothing.
    pub uid: NonZeroU32,
    /// Its flags.
    pub flags: Flags,
    /// Its INTERNALDATE.
    pub date: DateTime,
    data: Bytes,
    part: Arc<Part>,
    /// When its flags were changed last.
    version: u64,
}

impl Message {
    /// Of these octets, that came at this time, in seconds since 1970.
    ///
    /// # Errors
    /// A time that nobody can write.
    pub fn new(data: impl Into<Bytes>, seconds: u64) -> Result<Self, Misuse> {
        let data = data.into();
        let part = Arc::new(Part::read(&data));
        let date = date_time(seconds)?;
        Ok(Self { uid: NonZeroU32::MIN, flags: Flags::new(), date, data, part, version: 0 })
    }

    /// The files of a folder that end in `.eml`, in the order of their names.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn read_folder(folder: &Path) -> io::Result<Vec<Self>> {
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "eml") {
                paths.push(path);
            }
        }
        paths.sort();
        let message = |path: &std::path::PathBuf| {
            let came = path.metadata()?.modified()?;
            Self::new(std::fs::read(path)?, seconds(came)).map_err(io::Error::other)
        };
        paths.iter().map(message).collect()
    }

    /// Its octets.
    #[must_use]
    pub const fn data(&self) -> &Bytes {
        &self.data
    }

    /// How many.
    #[must_use]
    pub fn size(&self) -> Number64 {
        // what is in memory is not so long
        Number64::new(self.data.len() as u64).unwrap_or(Number64::MAX)
    }

    /// What is where in it.
    #[must_use]
    pub fn part(&self) -> Arc<Part> {
        Arc::clone(&self.part)
    }

    /// Whether a search finds it.
    #[must_use]
    pub fn matches(&self, key: &SearchKey, number: NonZeroU32, view: &View) -> bool {
        use SearchKey as K;
        let has = |flag: &Flag| self.flags.has(flag);
        let within = |octets: &[u8], wanted: &imap_proto::IString| contains(octets, wanted.as_bytes());
        let field = |name: &str, wanted: &imap_proto::IString| {
            self.part.field(&self.data, name).is_some_and(|value| within(value.as_bytes(), wanted))
        };
        let keyword = |name: &imap_proto::Atom| has(&Flag::Keyword(name.clone()));
        let came = order(self.date.date());
        let sent = || self.part.field(&self.data, "Date").and_then(|date| written(&date)).map(order);
        match key {
            K::All | K::Old => true,
            K::New | K::Recent => false,
            K::Answered => has(&Flag::Answered),
            K::Deleted => has(&Flag::Deleted),
            K::Draft => has(&Flag::Draft),
            K::Flagged => has(&Flag::Flagged),
            K::Seen => has(&Flag::Seen),
            K::Unanswered => !has(&Flag::Answered),
            K::Undeleted => !has(&Flag::Deleted),
            K::Undraft => !has(&Flag::Draft),
            K::Unflagged => !has(&Flag::Flagged),
            K::Unseen => !has(&Flag::Seen),
            K::Keyword(name) => keyword(name),
            K::Unkeyword(name) => !keyword(name),
            K::From(wanted) => field("From", wanted),
            K::To(wanted) => field("To", wanted),
            K::Cc(wanted) => field("Cc", wanted),
            K::Bcc(wanted) => field("Bcc", wanted),
            K::Subject(wanted) => field("Subject", wanted),
            K::Header(header) => field(&header.name.to_str_lossy(), &header.value),
            K::Text(wanted) => within(&self.data, wanted),
            K::Body(wanted) => self
                .part
                .section(&self.data, &imap_proto::Section::TEXT)
                .is_some_and(|body| within(&body, wanted)),
            K::Larger(size) => self.size() > *size,
            K::Smaller(size) => self.size() < *size,
            K::Before(date) => came < order(*date),
            K::On(date) => came == order(*date),
            K::Since(date) => came >= order(*date),
            K::SentBefore(date) => sent().is_some_and(|sent| sent < order(*date)),
            K::SentOn(date) => sent().is_some_and(|sent| sent == order(*date)),
            K::SentSince(date) => sent().is_some_and(|sent| sent >= order(*date)),
            K::Uid(set) => set.contains(self.uid, view.last_uid()),
            K::Sequence(set) => set.contains(number, view.last()),
            K::And(keys) => keys.iter().all(|key| self.matches(key, number, view)),
            K::Or(keys) => keys.iter().any(|key| self.matches(key, number, view)),
            K::Not(key) => !self.matches(key, number, view),
            _ => false,
        }
    }
}

/// Whether the one is in the other, whatever the case of ASCII letters.
fn contains(octets: &[u8], wanted: &[u8]) -> bool {
    wanted.is_empty() || octets.windows(wanted.len()).any(|window| window.eq_ignore_ascii_case(wanted))
}

fn order(date: Date) -> (u16, u8, u8) {
    (date.year(), date.month(), date.day())
}

/// The date of a Date field: `Tue, 03 Mar 2020 ...`.
fn written(field: &str) -> Option<Date> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let mut words = field.split([' ', ',']).filter(|word| !word.is_empty());
    let mut day = words.next()?;
    if day.parse::<u8>().is_err() {
        day = words.next()?;
    }
    let month = MONTHS.find(words.next()?)? / 3 + 1;
    Date::new(words.next()?.parse().ok()?, u8::try_from(month).ok()?, day.parse().ok()?).ok()
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// In UTC. Days are counted from the first of March of the year 0, so that leap days come last.
fn date_time(seconds: u64) -> Result<DateTime, Misuse> {
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    let small = |n: u64| u8::try_from(n).unwrap_or(u8::MAX);
    let date = Date::new(u16::try_from(era * 400 + year).unwrap_or(u16::MAX), small(month), small(day))?;
    DateTime::new(date, small(rest / 3600), small(rest / 60 % 60), small(rest % 60), 0)
}

/// A mailbox.
#[derive(Debug)]
pub struct MailboxState {
    /// Its messages, by ascending UID.
    pub messages: Vec<Message>,
    /// The UID of the next message.
    pub uid_next: NonZeroU32,
    /// While this is the same, UIDs are.
    pub uid_validity: NonZeroU32,
    /// Whether the user has subscribed to it.
    pub subscribed: bool,
    versions: u64,
}

impl MailboxState {
    fn new(uid_validity: NonZeroU32) -> Self {
        Self { messages: Vec::new(), uid_next: NonZeroU32::MIN, uid_validity, subscribed: false, versions: 1 }
    }

    /// Puts a message in. Gives its UID.
    pub fn add(&mut self, mut message: Message) -> NonZeroU32 {
        message.uid = self.uid_next;
        message.version = 0;
        self.uid_next = self.uid_next.saturating_add(1);
        self.messages.push(message);
        self.messages.last().map_or(NonZeroU32::MIN, |message| message.uid)
    }

    /// The message of a UID.
    #[must_use]
    pub fn message(&self, uid: NonZeroU32) -> Option<&Message> {
        let at = self.messages.binary_search_by_key(&uid, |message| message.uid).ok()?;
        self.messages.get(at)
    }
}

/// All mailboxes of the user.
#[derive(Debug)]
pub struct Store(Mutex<All>);

#[derive(Debug)]
struct All {
    mailboxes: BTreeMap<Vec<u8>, MailboxState>,
    validity: NonZeroU32,
}

/// They are open to one session at a time, for as long as it holds this.
#[derive(Debug)]
pub struct Mailboxes<'s>(MutexGuard<'s, All>);

impl Store {
    /// With an INBOX of these.
    #[must_use]
    pub fn new(inbox: Vec<Message>) -> Self {
        let validity = u32::try_from(seconds(SystemTime::now())).ok().and_then(NonZeroU32::new);
        let validity = validity.unwrap_or(NonZeroU32::MIN);
        let mut first = MailboxState::new(validity);
        for message in inbox {
            let _uid = first.add(message);
        }
        first.subscribed = true;
        Self(Mutex::new(All { mailboxes: BTreeMap::from([(b"INBOX".to_vec(), first)]), validity }))
    }

    /// Waits until no other session has them.
    #[must_use]
    pub fn open(&self) -> Mailboxes<'_> {
        // a session that panicked has left nothing half done that matters
        Mailboxes(self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn key(name: &Mailbox) -> Vec<u8> {
    if name.is_inbox() { b"INBOX".to_vec() } else { name.as_bytes().to_vec() }
}

impl Mailboxes<'_> {
    /// The mailbox of that name.
    #[must_use]
    pub fn get(&self, name: &Mailbox) -> Option<&MailboxState> {
        self.0.mailboxes.get(&key(name))
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, name: &Mailbox) -> Option<&mut MailboxState> {
        self.0.mailboxes.get_mut(&key(name))
    }

    /// `false`: it is there.
    pub fn create(&mut self, name: &Mailbox) -> bool {
        let name = key(name);
        let name = name.strip_suffix(b"/").unwrap_or(&name).to_vec();
        if name.is_empty() || self.0.mailboxes.contains_key(&name) {
            return false;
        }
        self.0.validity = self.0.validity.saturating_add(1);
        let state = MailboxState::new(self.0.validity);
        self.0.mailboxes.insert(name, state).is_none()
    }

    /// `false`: it is not there, or it is INBOX.
    pub fn delete(&mut self, name: &Mailbox) -> bool {
        !name.is_inbox() && self.0.mailboxes.remove(&key(name)).is_some()
    }

    /// `false`: the one is not there, or is INBOX, or the other is there.
    pub fn rename(&mut self, from: &Mailbox, to: &Mailbox) -> bool {
        if from.is_inbox() || self.get(to).is_some() {
            return false;
        }
        let state = self.0.mailboxes.remove(&key(from));
        state.is_some_and(|state| self.0.mailboxes.insert(key(to), state).is_none())
    }

    /// Names that one of the patterns matches.
    #[must_use]
    pub fn matching(&self, patterns: &[ListPattern], reference: &Mailbox, subscribed: bool) -> Vec<Mailbox> {
        let patterns: Vec<_> =
            patterns.iter().map(|pattern| [reference.as_bytes(), pattern.as_bytes()].concat()).collect();
        let wanted = |(name, state): &(&Vec<u8>, &MailboxState)| {
            (state.subscribed || !subscribed) && patterns.iter().any(|pattern| is_match(pattern, name))
        };
        let found = self.0.mailboxes.iter().filter(wanted);
        found.filter_map(|(name, _)| Mailbox::new(name.clone()).ok()).collect()
    }

    /// Whether there are others below it, and whether it is subscribed.
    #[must_use]
    pub fn about(&self, name: &Mailbox) -> (bool, bool) {
        let below = [&key(name)[..], b"/"].concat();
        let children = self.0.mailboxes.keys().any(|name| name.starts_with(&below));
        (children, self.get(name).is_some_and(|state| state.subscribed))
    }

    /// The mailbox as a session sees it from now on, the next UID, and the UIDVALIDITY.
    #[must_use]
    pub fn view(&self, name: &Mailbox, read_only: bool) -> Option<(View, NonZeroU32, NonZeroU32)> {
        let state = self.get(name)?;
        let known = state.messages.iter().map(|message| (message.uid, message.version)).collect();
        let view = View { mailbox: name.clone(), read_only, known };
        Some((view, state.uid_next, state.uid_validity))
    }

    /// Changes the flags of a message. Gives them, and their version.
    pub fn change(
        &mut self,
        name: &Mailbox,
        uid: NonZeroU32,
        change: impl FnOnce(&mut Flags),
    ) -> Option<(Flags, u64)> {
        let state = self.get_mut(name)?;
        let at = state.messages.binary_search_by_key(&uid, |message| message.uid).ok()?;
        let message = state.messages.get_mut(at)?;
        let before = message.flags.clone();
        change(&mut message.flags);
        if message.flags != before {
            state.versions += 1;
            message.version = state.versions;
        }
        Some((message.flags.clone(), message.version))
    }

    /// Removes what has `\Deleted` and fits. Gives how many.
    pub fn expunge(&mut self, name: &Mailbox, fits: impl Fn(NonZeroU32) -> bool) -> usize {
        let Some(state) = self.get_mut(name) else { return 0 };
        let before = state.messages.len();
        state.messages.retain(|message| !(message.flags.has(&Flag::Deleted) && fits(message.uid)));
        before - state.messages.len()
    }

    /// Removes messages.
    pub fn remove(&mut self, name: &Mailbox, uids: &[NonZeroU32]) {
        if let Some(state) = self.get_mut(name) {
            state.messages.retain(|message| !uids.contains(&message.uid));
        }
    }

    /// What has happened to the mailbox of a view, which then knows of it. What is gone only if `expunges`, and what is new only with it: its
    /// number says what is before it.
    #[must_use]
    pub fn news(&self, view: &mut View, expunges: bool) -> Vec<Response> {
        let none = Vec::new();
        let messages = self.get(&view.mailbox).map_or(&none, |state| &state.messages);
        let find = |uid: NonZeroU32| messages.binary_search_by_key(&uid, |message| message.uid).ok();
        let mut news = Vec::new();
        if expunges {
            for at in (0..view.known.len()).rev().filter(|at| find(view.known[*at].0).is_none()) {
                news.extend(number(at).map(Response::Expunge));
            }
            view.known.retain(|(uid, _)| find(*uid).is_some());
        }
        let last = view.known.last().map(|(uid, _)| *uid);
        let old = view.known.len();
        view.known.extend(
            messages
                .iter()
                .filter(|message| last.is_none_or(|last| message.uid > last))
                .map(|message| (message.uid, message.version)),
        );
        if view.known.len() > old {
            news.push(Response::Exists(view.count()));
        }
        for (at, (uid, version)) in view.known.iter_mut().enumerate() {
            let Some(message) = find(*uid).and_then(|at| messages.get(at)) else { continue };
            if message.version != *version {
                *version = message.version;
                let mut attributes = NonEmpty::one(FetchAttribute::Uid(*uid));
                attributes.push(FetchAttribute::Flags(message.flags.clone()));
                let fetch = |number| Response::Fetch(Box::new(Fetch::new(number, attributes)));
                news.extend(number(at).map(fetch));
            }
        }
        news
    }
}

fn number(at: usize) -> Option<NonZeroU32> {
    u32::try_from(at + 1).ok().and_then(NonZeroU32::new)
}

/// `*` matches anything, `%` anything without a delimiter.
fn is_match(pattern: &[u8], name: &[u8]) -> bool {
    match pattern {
        [] => name.is_empty(),
        [b'*', rest @ ..] => (0..=name.len()).any(|at| is_match(rest, &name[at..])),
        [b'%', rest @ ..] => {
            let level = name.iter().position(|&octet| octet == b'/').unwrap_or(name.len());
            (0..=level).any(|at| is_match(rest, &name[at..]))
        }
        [first, rest @ ..] => {
            name.split_first().is_some_and(|(of, name)| of == first && is_match(rest, name))
        }
    }
}

/// A selected mailbox as the client knows it: which message has which number.
#[derive(Debug)]
pub struct View {
    /// Which.
    pub mailbox: Mailbox,
    /// Whether it was selected by EXAMINE.
    pub read_only: bool,
    /// UIDs, ascending, and the versions of the flags that the client has seen.
    known: Vec<(NonZeroU32, u64)>,
}

impl View {
    /// How many messages.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.known.len()).unwrap_or(u32::MAX)
    }

    /// What `*` stands for among numbers.
    #[must_use]
    pub fn last(&self) -> NonZeroU32 {
        NonZeroU32::new(self.count()).unwrap_or(NonZeroU32::MIN)
    }

    /// What `*` stands for among UIDs.
    #[must_use]
    pub fn last_uid(&self) -> NonZeroU32 {
        self.known.last().map_or(NonZeroU32::MIN, |(uid, _)| *uid)
    }

    /// The client has been told of the flags of a message.
    pub fn know(&mut self, number: NonZeroU32, version: u64) {
        let at = usize::try_from(number.get()).unwrap_or(usize::MAX) - 1;
        if let Some((_, known)) = self.known.get_mut(at) {
            *known = version;
        }
    }

    /// Numbers and UIDs of the messages that a set names.
    #[must_use]
    pub fn named(&self, set: &SequenceSet, uid: bool) -> Vec<(NonZeroU32, NonZeroU32)> {
        let last = if uid { self.last_uid() } else { self.last() };
        let set: Vec<_> = set
            .ranges()
            .map(|range| (range.start.or(last), range.end.or(last)))
            .map(|(a, b)| if a <= b { (a, b) } else { (b, a) })
            .collect();
        let all = self.known.iter().enumerate();
        let all = all.filter_map(|(at, (uid, _))| Some((number(at)?, *uid)));
        all.filter(|(number, of)| {
            let wanted = if uid { of } else { number };
            set.iter().any(|(from, to)| from <= wanted && wanted <= to)
        })
        .collect()
    }
}
