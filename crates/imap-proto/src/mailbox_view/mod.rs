//! The state of the selected mailbox, as far as the server has told it.
//!
//! | File | What |
//! |---|---|
//! | `mod.rs` | the view and what can be asked of it |
//! | `feed.rs` | what each response does to it |
//! | `cached.rs` | what is kept from one session to the next, and how a mailbox is opened |
//! | `change.rs` | what a response has changed, and what cannot be |
//! | `convert.rs` | sets of numbers to sets of UIDs and back |
//! | `tree.rs`, `labels.rs` | where it is kept: order and UIDs; flags |

mod cached;
mod change;
mod convert;
mod feed;
mod labels;
#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "the numbers are small")]
mod tests;
mod tree;

pub use cached::{Cached, Opening};
pub use change::{CacheVoid, Change, Changes, Forgotten, Inconsistent, Learned, Removed, Resynced};
pub use convert::Translated;

use crate::{Flag, Flags, SequenceSet, SetRange};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::num::NonZeroU32;
use labels::Labels;
use tree::{Slot, Tree};

/// What a [`MailboxView`] may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewLimits {
    /// Messages of which something is known: 16 to 24 octets each where UIDs are known, up to 50 where single messages are known among
    /// unknown ones. Default: 10,000,000. A mailbox may have more; of those, nothing is known.
    pub max_messages: u32,
    /// Octets for keywords and the different sets of them, roughly. Default: 16 MiB. What is beyond counts as not known.
    pub max_keyword_octets: usize,
}

impl Default for ViewLimits {
    fn default() -> Self {
        Self { max_messages: 10_000_000, max_keyword_octets: 16 << 20 }
    }
}

/// The selected mailbox as the server has told it: how many messages there are, which number has which UID, flags, modification sequences,
/// and what SELECT says (RFC 9051 sections 2.3.1, 6.3.2, 7.1, 7.4 and 7.5; RFC 7162; RFC 9586).
///
/// It is fed with responses, in their order, and belongs to no machine: whoever has [`Response`](crate::Response)s can use it. Each response
/// costs O(log n), so do all questions but the lists. What it does not know it says so: a message that was announced and not fetched
/// has no UID, and a UID may be that of such a message ([`Place::Unknown`]). What a server may not send is reported
/// ([`Change::Inconsistent`]) and never makes an answer wrong.
///
/// ```
/// use imap_proto::mailbox_view::{MailboxView, Opening, Place};
/// use imap_proto::{Flag, Response};
///
/// let mut view = MailboxView::new();
/// view.select(Opening::new());
/// for line in [
///     "* 172 EXISTS\r\n",
///     "* OK [UIDVALIDITY 3857529045] UIDs valid\r\n",
///     "* OK [UIDNEXT 4392] Predicted next UID\r\n",
///     "A142 OK [READ-WRITE] SELECT completed\r\n",
///     "* 22 FETCH (UID 4000 FLAGS (\\Seen))\r\n",
///     "* 3 EXPUNGE\r\n",
/// ] {
///     view.apply(&Response::parse(&line.into())?);
/// }
/// assert_eq!(view.exists(), 171);
/// let uid = 4000.try_into()?;
/// assert_eq!(view.place(uid), Place::At(21.try_into()?));
/// assert_eq!(view.message_of_uid(uid).and_then(|message| message.has(&Flag::Seen)), Some(true));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct MailboxView {
    limits: ViewLimits,
    phase: Phase,
    /// The mailbox that is opened behind CLOSED.
    next: Option<Box<Opening>>,
    /// While the server compares the cache, whose messages are in `floating`.
    resync: Option<Resync>,
    uid_only: bool,
    /// All messages, in the order of their numbers.
    placed: Tree,
    /// UIDs of messages whose numbers are not known: some of the unknown ones in `placed`.
    floating: Tree,
    labels: Labels,
    consistent: bool,
    told: Told,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No mailbox.
    Nothing,
    /// SELECT runs.
    Opening,
    Open,
}

/// What the cache is in step with.
#[derive(Debug, Clone, Copy)]
struct Resync {
    uid_validity: NonZeroU32,
    mod_seq: crate::NzNumber64,
    complete_below: Option<NonZeroU32>,
}

/// What the server has told of the mailbox.
#[derive(Debug, Clone, Default)]
struct Told {
    recent: Option<u32>,
    uid_validity: Option<NonZeroU32>,
    uid_next: Option<NonZeroU32>,
    highest_mod_seq: Option<u64>,
    no_mod_seq: bool,
    /// Since the last tagged response: whether HIGHESTMODSEQ came, and the largest MODSEQ of a FETCH.
    mod_seq_now: bool,
    mod_seq_seen: u64,
    flags: Option<Flags>,
    permanent_flags: Option<Flags>,
    read_only: Option<bool>,
    uid_not_sticky: bool,
}

/// Where the message with a UID is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// This is its number.
    At(NonZeroU32),
    /// It is there; its number is one of these, which is not known.
    Within(NonZeroU32, NonZeroU32),
    /// If it is there, its number is one of these, whose UIDs are not known.
    Unknown(NonZeroU32, NonZeroU32),
    /// It is not there.
    Absent,
}

/// A message of which something is known.
#[derive(Debug, Clone, Copy)]
pub struct Message<'v> {
    seq: Option<NonZeroU32>,
    slot: Slot,
    labels: &'v Labels,
}

impl Message<'_> {
    /// Its sequence number.
    #[must_use]
    pub const fn seq(&self) -> Option<NonZeroU32> {
        self.seq
    }

    /// Its UID.
    #[must_use]
    pub const fn uid(&self) -> Option<NonZeroU32> {
        NonZeroU32::new(self.slot.uid)
    }

    /// Its flags.
    #[must_use]
    pub fn flags(&self) -> Option<Flags> {
        self.labels.flags(self.slot.flags)
    }

    /// Whether it has a flag; `None` if its flags are not known.
    #[must_use]
    pub fn has(&self, flag: &Flag) -> Option<bool> {
        self.labels.has(self.slot.flags, flag)
    }

    /// Its modification sequence (RFC 7162).
    #[must_use]
    pub fn mod_seq(&self) -> Option<u64> {
        (self.slot.mod_seq > 0).then_some(self.slot.mod_seq)
    }
}

impl Default for MailboxView {
    fn default() -> Self {
        Self::new()
    }
}

impl MailboxView {
    /// Without a mailbox.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(ViewLimits::default())
    }

    /// The same, holding not more than this.
    #[must_use]
    pub fn with_limits(limits: ViewLimits) -> Self {
        Self {
            limits,
            phase: Phase::Nothing,
            next: None,
            resync: None,
            uid_only: false,
            placed: Tree::new(),
            floating: Tree::new(),
            labels: Labels::default(),
            consistent: true,
            told: Told::default(),
        }
    }

    // ---- the mailbox ----

    /// Whether a mailbox is open, or being opened.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.phase != Phase::Nothing
    }

    /// Whether all responses since SELECT could be. If not, the server and this view may see different mailboxes: select it again.
    #[must_use]
    pub const fn is_consistent(&self) -> bool {
        self.consistent
    }

    /// How many messages there are (RFC 9051 section 7.4.1).
    #[must_use]
    pub const fn exists(&self) -> u32 {
        self.placed.count()
    }

    /// How many are recent, as the server said last (RFC 3501).
    #[must_use]
    pub const fn recent(&self) -> Option<u32> {
        self.told.recent
    }

    /// What UIDs are valid for (RFC 9051 section 2.3.1.1).
    #[must_use]
    pub const fn uid_validity(&self) -> Option<NonZeroU32> {
        self.told.uid_validity
    }

    /// The UID that the next message will have at least: as the server said, or one more than the largest that is known.
    #[must_use]
    pub const fn uid_next(&self) -> Option<NonZeroU32> {
        self.told.uid_next
    }

    /// Whether the server said that UIDs change from one session to the next (`UIDNOTSTICKY`, RFC 4315).
    #[must_use]
    pub const fn is_uid_not_sticky(&self) -> bool {
        self.told.uid_not_sticky
    }

    /// The modification sequence to ask from when the mailbox is opened again (RFC 7162 section 6): what HIGHESTMODSEQ said last, or more, if
    /// the FETCH responses before the last tagged response had more.
    #[must_use]
    pub const fn highest_mod_seq(&self) -> Option<u64> {
        self.told.highest_mod_seq
    }

    /// Whether the server said that there are no modification sequences (`NOMODSEQ`).
    #[must_use]
    pub const fn has_no_mod_seqs(&self) -> bool {
        self.told.no_mod_seq
    }

    /// `FLAGS`: the flags in the mailbox (RFC 9051 section 7.3.5).
    #[must_use]
    pub const fn mailbox_flags(&self) -> Option<&Flags> {
        self.told.flags.as_ref()
    }

    /// `PERMANENTFLAGS`: the flags that can be stored. If the server does not tell, all of [`mailbox_flags`](Self::mailbox_flags) can.
    #[must_use]
    pub const fn permanent_flags(&self) -> Option<&Flags> {
        self.told.permanent_flags.as_ref()
    }

    /// Whether it can only be read, if the server said it.
    #[must_use]
    pub const fn is_read_only(&self) -> Option<bool> {
        self.told.read_only
    }

    // ---- messages ----

    /// The UID of a message. `None`: not known, or there is no such message.
    #[must_use]
    pub fn uid(&self, seq: NonZeroU32) -> Option<NonZeroU32> {
        NonZeroU32::new(self.placed.get(seq.get() - 1)?.uid)
    }

    /// The number of the message with a UID. `None`: not known, or there is no such message; [`place`](Self::place) tells which.
    #[must_use]
    pub fn seq(&self, uid: NonZeroU32) -> Option<NonZeroU32> {
        let (place, _) = self.placed.find_exactly(uid.get())?;
        NonZeroU32::new(place + 1)
    }

    /// Where the message with a UID is, as far as that is known.
    #[must_use]
    pub fn place(&self, uid: NonZeroU32) -> Place {
        if let Some(seq) = self.seq(uid) {
            return Place::At(seq);
        }
        let gap = self.gap_of_uid(uid.get());
        let first = gap.start.checked_add(1).and_then(NonZeroU32::new);
        let Some((first, last)) = first.zip(NonZeroU32::new(gap.end)) else { return Place::Absent };
        if first > last {
            Place::Absent
        } else if self.resync.is_none() && self.floating.find_exactly(uid.get()).is_some() {
            Place::Within(first, last)
        } else if self.resync.is_none() && self.floating_in(gap.above, gap.below) >= gap.len() {
            // each of them has another UID
            Place::Absent
        } else {
            Place::Unknown(first, last)
        }
    }

    /// What is known of the message with a number; `None` if nothing is.
    #[must_use]
    pub fn message(&self, seq: NonZeroU32) -> Option<Message<'_>> {
        let slot = self.placed.get(seq.get() - 1).filter(|slot| *slot != Slot::default())?;
        Some(Message { seq: Some(seq), slot, labels: &self.labels })
    }

    /// What is known of the message with a UID; `None` if nothing is.
    #[must_use]
    pub fn message_of_uid(&self, uid: NonZeroU32) -> Option<Message<'_>> {
        if let Some((place, slot)) = self.placed.find_exactly(uid.get()) {
            return Some(Message { seq: NonZeroU32::new(place + 1), slot, labels: &self.labels });
        }
        let (_, slot) = self.floating.find_exactly(uid.get())?;
        Some(Message { seq: None, slot, labels: &self.labels })
    }

    /// The messages of which something is known: in the order of their numbers or UIDs, those without a UID where their number is.
    pub fn messages(&self) -> impl Iterator<Item = Message<'_>> {
        let single = |(place, _, slot): (u32, u32, Option<Slot>)| slot.map(|slot| (place, slot));
        let mut placed = self.placed.iter(0).filter_map(single).peekable();
        let mut floating = self.floating.iter(0).filter_map(single).peekable();
        let labels = &self.labels;
        core::iter::from_fn(move || {
            let before = match (placed.peek(), floating.peek()) {
                (Some((_, slot)), Some((_, other))) => slot.uid > other.uid,
                (None, Some(_)) => true,
                _ => false,
            };
            if before {
                return floating.next().map(|(_, slot)| Message { seq: None, slot, labels });
            }
            let (place, slot) = placed.next()?;
            Some(Message { seq: NonZeroU32::new(place + 1), slot, labels })
        })
    }

    /// The numbers of messages whose UIDs are not known, to ask for them; `None` if there are none. It looks at all messages.
    #[must_use]
    pub fn without_uid(&self) -> Option<SequenceSet> {
        self.lacking(|slot| slot.uid == 0)
    }

    /// The numbers of messages whose flags are not known, to ask for them; `None` if there are none. It looks at all messages.
    #[must_use]
    pub fn without_flags(&self) -> Option<SequenceSet> {
        self.lacking(|slot| slot.flags == 0)
    }

    fn lacking(&self, lacks: impl Fn(Slot) -> bool) -> Option<SequenceSet> {
        let mut ranges: Vec<SetRange> = Vec::new();
        for (place, len, slot) in self.placed.iter(0) {
            if !lacks(slot.unwrap_or_default()) {
                continue;
            }
            push_range(&mut ranges, place + 1, place.saturating_add(len));
        }
        SequenceSet::new(ranges).ok()
    }

    /// What is known now, for [`Opening::resync`] in a later session. `None` if the mailbox is not open, or UIDVALIDITY or the highest
    /// modification sequence is not known, or the view is not [consistent](Self::is_consistent). It is complete if all UIDs are known.
    #[must_use]
    pub fn to_cached(&self) -> Option<Cached> {
        if self.phase != Phase::Open || !self.consistent || self.told.uid_not_sticky {
            return None;
        }
        let mod_seq = self.told.highest_mod_seq.and_then(|number| crate::NzNumber64::new(number).ok())?;
        let mut cached = Cached::new(self.told.uid_validity?, mod_seq);
        for message in self.messages() {
            if let Some(uid) = message.uid() {
                cached.push(uid, message.flags().as_ref(), message.mod_seq()).ok()?;
            }
        }
        if self.placed.known().saturating_add(self.floating.count()) == self.placed.count() {
            let behind = || cached.last.checked_add(1).filter(|uid| *uid > 1).and_then(NonZeroU32::new);
            cached.complete_below = self.told.uid_next.or_else(behind);
        }
        Some(cached)
    }

    // ---- between UIDs ----

    /// The messages without known UIDs around a UID that no message in `placed` has.
    fn gap_of_uid(&self, uid: u32) -> Gap {
        self.gap_above(self.placed.uid_below(uid))
    }

    /// The same around a place whose UID is not known.
    fn gap_of_place(&self, place: u32) -> Gap {
        self.gap_above(self.placed.uid_before(place))
    }

    fn gap_above(&self, above: u32) -> Gap {
        let start = if above == 0 { 0 } else { self.placed.rank(above).saturating_add(1) };
        let next = above.checked_add(1).and_then(|uid| self.placed.find(uid));
        let (end, below) =
            next.map_or((self.placed.count(), 1 << 32), |(place, slot)| (place, u64::from(slot.uid)));
        Gap { start, end, above, below }
    }

    /// How many messages without a number have a UID between.
    fn floating_in(&self, above: u32, below: u64) -> u32 {
        if self.floating.count() == 0 {
            return 0;
        }
        let to = u32::try_from(below).map_or(self.floating.count(), |below| self.floating.rank(below));
        let from = above.checked_add(1).map_or(self.floating.count(), |from| self.floating.rank(from));
        to.saturating_sub(from)
    }
}

/// Messages that stand together and whose UIDs are not known.
#[derive(Debug, Clone, Copy)]
struct Gap {
    /// The place of the first.
    start: u32,
    /// The place behind the last.
    end: u32,
    /// Their UIDs are larger.
    above: u32,
    /// And smaller.
    below: u64,
}

impl Gap {
    const fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }
}

/// Adds a range of numbers behind the others, if it is not empty; it becomes one with the last if they touch.
fn push_range(ranges: &mut Vec<SetRange>, first: u32, last: u32) {
    if first > last {
        return;
    }
    let (Some(first), Some(last)) = (NonZeroU32::new(first), NonZeroU32::new(last)) else { return };
    match ranges.last_mut() {
        Some(before) if before.end.number().and_then(|end| end.checked_add(1)) == Some(first) => {
            before.end = last.into();
        }
        _ => ranges.push(SetRange { start: first.into(), end: last.into() }),
    }
}
