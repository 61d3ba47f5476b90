//! What a client keeps of a mailbox from one session to the next.

use super::labels::Labels;
use super::tree::{Slot, Tree};
use crate::{Flags, NzNumber64, Qresync, SequenceSet, SetRange};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::num::NonZeroU32;
use wire::Misuse;

/// What is known of a mailbox from an earlier session, for QRESYNC (RFC 7162 section 3.2.5): UIDs, flags and modification sequences.
///
/// ```
/// use imap_proto::mailbox_view::Cached;
/// use imap_proto::{Flag, Flags};
/// use core::num::NonZeroU32;
///
/// let uid = |n| NonZeroU32::new(n).unwrap();
/// let seen: Flags = [Flag::Seen].into_iter().collect();
/// let mut cached = Cached::new(uid(67890007), 90060115194045000.try_into()?);
/// cached.push(uid(3), Some(&seen), None)?;
/// cached.push(uid(6), None, None)?;
/// // these are all messages below UID 7
/// cached.is_complete_below(uid(7));
/// assert_eq!(cached.parameter(true).mod_seq.get(), 90060115194045000);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Cached {
    pub(super) uid_validity: NonZeroU32,
    pub(super) mod_seq: NzNumber64,
    /// It has all messages with smaller UIDs.
    pub(super) complete_below: Option<NonZeroU32>,
    pub(super) messages: Tree,
    pub(super) labels: Labels,
    pub(super) last: u32,
}

impl Cached {
    /// Of a mailbox with this UIDVALIDITY, in step with its modification sequence, as [`MailboxView::highest_mod_seq`] said.
    ///
    /// [`MailboxView::highest_mod_seq`]: crate::MailboxView::highest_mod_seq
    #[must_use]
    pub fn new(uid_validity: NonZeroU32, mod_seq: NzNumber64) -> Self {
        Self {
            uid_validity,
            mod_seq,
            complete_below: None,
            messages: Tree::new(),
            labels: Labels::default(),
            last: 0,
        }
    }

    /// Adds a message, behind all that it has.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: its UID is not larger than the last.
    pub fn push(
        &mut self,
        uid: NonZeroU32,
        flags: Option<&Flags>,
        mod_seq: Option<u64>,
    ) -> Result<(), Misuse> {
        if uid.get() <= self.last {
            return Err(Misuse::Invalid("order of UIDs"));
        }
        let flags = flags.and_then(|flags| self.labels.pack(flags, usize::MAX)).unwrap_or(0);
        let slot = Slot { uid: uid.get(), flags, mod_seq: mod_seq.unwrap_or(0) };
        self.messages.insert(self.messages.count(), slot);
        self.last = uid.get();
        Ok(())
    }

    /// Says that it has **all** messages with UIDs below this one, which is the UIDNEXT of the time. Then the numbers of the messages are
    /// known as soon as the server has said which are gone. Without, they come with FETCH responses.
    pub fn is_complete_below(&mut self, uid_next: NonZeroU32) {
        self.complete_below = Some(uid_next);
    }

    /// UIDVALIDITY of the mailbox.
    #[must_use]
    pub const fn uid_validity(&self) -> NonZeroU32 {
        self.uid_validity
    }

    /// The modification sequence that it is in step with.
    #[must_use]
    pub const fn mod_seq(&self) -> NzNumber64 {
        self.mod_seq
    }

    /// How many messages it has.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.messages.count()
    }

    /// The UID below which it has all messages, if it was said.
    #[must_use]
    pub const fn complete_below(&self) -> Option<NonZeroU32> {
        self.complete_below
    }

    /// The messages: UID, flags, modification sequence; for keeping them.
    pub fn iter(&self) -> impl Iterator<Item = (NonZeroU32, Option<Flags>, Option<u64>)> {
        self.messages.iter(0).filter_map(|(_, _, slot)| {
            let slot = slot?;
            let mod_seq = (slot.mod_seq > 0).then_some(slot.mod_seq);
            Some((NonZeroU32::new(slot.uid)?, self.labels.flags(slot.flags), mod_seq))
        })
    }

    /// The value of SELECT's parameter QRESYNC. Of a cache that is complete, the known UIDs are left out, so that the server tells of
    /// new messages too; and, with `matches`, some numbers and their UIDs are named, which spares the server to name what is gone before
    /// them. With UIDONLY they must not be (RFC 9586 section 3.7).
    #[must_use]
    pub fn parameter(&self, matches: bool) -> Qresync {
        let mut known_uids = None;
        if self.complete_below.is_none() {
            let first = self.messages.find(1).and_then(|(_, slot)| NonZeroU32::new(slot.uid));
            known_uids =
                first.zip(NonZeroU32::new(self.last)).map(|(first, last)| SequenceSet::range(first, last));
        }
        let matches = if matches && self.complete_below.is_some() { self.matches() } else { None };
        Qresync { uid_validity: self.uid_validity, mod_seq: self.mod_seq, known_uids, matches }
    }

    /// The last number, that at half of the way to the end, at three quarters, and so on.
    fn matches(&self) -> Option<(SequenceSet, SequenceSet)> {
        let mut numbers: Vec<SetRange> = Vec::new();
        let mut uids: Vec<SetRange> = Vec::new();
        let count = self.messages.count();
        let mut rest = count / 2;
        let mut number = count - rest;
        while let (Some(seq), Some(slot)) =
            (NonZeroU32::new(number), number.checked_sub(1).and_then(|place| self.messages.get(place)))
        {
            let uid = NonZeroU32::new(slot.uid)?;
            numbers.push(SetRange { start: seq.into(), end: seq.into() });
            uids.push(SetRange { start: uid.into(), end: uid.into() });
            if rest == 0 {
                break;
            }
            // rounded up, so that it ends at the last
            let step = rest - rest / 2;
            rest -= step;
            number += step;
        }
        Some((SequenceSet::new(numbers).ok()?, SequenceSet::new(uids).ok()?))
    }
}

/// How a mailbox is opened.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    pub(super) cached: Option<Box<Cached>>,
    pub(super) after_closed: bool,
    pub(super) uid_only: bool,
}

impl Opening {
    /// With nothing known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With what is known from an earlier session; SELECT has the parameter QRESYNC that [`Cached::parameter`] gives.
    #[must_use]
    pub fn resync(cached: Cached) -> Self {
        Self { cached: Some(Box::new(cached)), ..Self::default() }
    }

    /// The responses up to the code CLOSED are those of the mailbox that is open now (RFC 7162 section 3.2.11). For servers that have
    /// IMAP4rev2, CONDSTORE or QRESYNC, which must send it. Without effect if none is open.
    #[must_use]
    pub fn after_closed(mut self) -> Self {
        self.after_closed = true;
        self
    }

    /// UIDONLY is enabled (RFC 9586): numbers are never known.
    #[must_use]
    pub fn uid_only(mut self) -> Self {
        self.uid_only = true;
        self
    }
}
