//! What a response has changed, and what of it cannot be.

use alloc::vec::Vec;
use core::num::NonZeroU32;

/// One thing that a response has changed in a [`MailboxView`](crate::MailboxView), or that was wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// No mailbox is open any more, or the one that was open before is closed (RFC 9051 section 7.1, `CLOSED`).
    Closed,
    /// There are more messages (RFC 9051 section 7.4.1), and nothing is known of the new ones.
    Exists {
        /// How many there were.
        before: u32,
        /// How many there are.
        now: u32,
    },
    /// How many are recent (RFC 3501 section 7.3.2).
    Recent(u32),
    /// Messages are gone.
    Removed(Removed),
    /// Something new is known of a message.
    Message(Learned),
    /// Messages are there of which nothing is known any more.
    Forgotten(Forgotten),
    /// The UIDs are valid for this (RFC 9051 section 2.3.1.1). If it was another before, all was forgotten.
    UidValidity {
        /// What it was before in this mailbox.
        before: Option<NonZeroU32>,
        /// What it is.
        now: NonZeroU32,
    },
    /// The UID that the next message will have at least.
    UidNext(NonZeroU32),
    /// The highest modification sequence to ask from when the mailbox is opened again (RFC 7162 section 6); `None`: there are none (`NOMODSEQ`).
    HighestModSeq(Option<u64>),
    /// `FLAGS`: there is another set of flags in the mailbox.
    MailboxFlags,
    /// `PERMANENTFLAGS`: other flags can be stored.
    PermanentFlags,
    /// Whether the mailbox can only be read.
    ReadOnly(bool),
    /// The cache was taken over (RFC 7162 section 3.2.5).
    Resynced(Resynced),
    /// The cache was thrown away: everything must be fetched anew.
    CacheVoid(CacheVoid),
    /// Something is not kept, since a limit is reached. It counts as not known.
    NotTracked {
        /// The number of the message.
        seq: Option<NonZeroU32>,
        /// Its UID.
        uid: Option<NonZeroU32>,
    },
    /// The response contradicts what came before, or the RFCs.
    Inconsistent(Inconsistent),
}

/// Messages that are gone: some that stood together, or that were in one range of UIDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    /// The number that the first of them had; `None` if it was not known which of the unknown messages they were, or if numbers are not
    /// known at all. All have stood together.
    pub seq: Option<NonZeroU32>,
    /// How many.
    pub count: u32,
    /// From this UID to that: their UIDs are among these, and no message is left that has one of these. `None` if they are not known.
    pub uids: Option<(NonZeroU32, NonZeroU32)>,
    /// They were gone before the mailbox was opened, `VANISHED (EARLIER)`: only the cache has had them, and the number of messages did not
    /// change.
    pub earlier: bool,
}

/// What is new of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learned {
    /// Its number, if it is known.
    pub seq: Option<NonZeroU32>,
    /// Its UID, if it is known.
    pub uid: Option<NonZeroU32>,
    /// The UID was not known at this number.
    pub new_uid: bool,
    /// The flags are other than they were.
    pub flags: bool,
    /// The modification sequence is another than it was.
    pub mod_seq: bool,
}

/// Messages of which nothing is known any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgotten {
    /// From this number to that: they are there, and nothing else is known of them.
    pub numbers: Option<(NonZeroU32, NonZeroU32)>,
    /// From this UID to that: it is not known whether there are such messages.
    pub uids: Option<(NonZeroU32, NonZeroU32)>,
}

/// A cache was taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resynced {
    /// How many of its messages are still there.
    pub kept: u32,
    /// How many other messages are there.
    pub others: u32,
    /// Whether their numbers are known: from 1 on, in the order of their UIDs, and the others are new. Else the numbers come with FETCH
    /// responses.
    pub placed: bool,
}

/// Why a cache was thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CacheVoid {
    /// The UIDs are valid for something else now, or the server did not tell for what.
    UidValidity,
    /// The mailbox has no modification sequences (`NOMODSEQ`), or the server did not tell the highest: the cache was not compared.
    NoModSeq,
    /// The highest modification sequence is smaller than that of the cache.
    ModSeqWentBack,
    /// The cache has more messages than the mailbox, and the server did not say which are gone.
    TooMany,
    /// The mailbox was closed while it was opened: what came before was of another.
    Closed,
}

/// A response that cannot be. Each variant says what the view makes of it; it never guesses, so that a UID or a number that it tells is right
/// as long as the server is. To be in step again, select the mailbox anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Inconsistent {
    /// Data of a mailbox came while none is open. Ignored.
    #[error("no mailbox is open")]
    NotOpen,
    /// The mailbox was closed though nobody selected another. No mailbox is open.
    #[error("the mailbox was closed unasked")]
    Closed,
    /// SELECT has succeeded without the CLOSED code that was waited for: its responses were taken for those of the mailbox before. No mailbox
    /// is open.
    #[error("the code CLOSED did not come")]
    NotClosed,
    /// EXISTS told fewer messages than there are (RFC 3501 section 7.3.1 knows no way but EXPUNGE). Which are gone is not known: all are
    /// forgotten, and the count is the new one.
    #[error("{before} messages became {now}")]
    Shrunk {
        /// How many there were.
        before: u32,
        /// How many the server said.
        now: u32,
    },
    /// A number above that of the last message. Ignored.
    #[error("message {number} of {exists}")]
    BeyondExists {
        /// The number.
        number: NonZeroU32,
        /// How many messages there are.
        exists: u32,
    },
    /// A message with another UID than it has. Ignored, with the flags beside it.
    #[error("UID {known} became {said}")]
    UidChanged {
        /// The UID that it has.
        known: NonZeroU32,
        /// The UID that it should have.
        said: NonZeroU32,
    },
    /// A UID that does not fit between those before and behind it, or that another message has. Ignored, with the flags beside it.
    #[error("UID {uid} cannot be that of message {seq}")]
    UidOrder {
        /// The number of the message.
        seq: NonZeroU32,
        /// The UID.
        uid: NonZeroU32,
    },
    /// A UID for which there is no message left: all those between its neighbours have others. Ignored.
    #[error("there is no message for UID {uid}")]
    NoRoom {
        /// The UID.
        uid: NonZeroU32,
    },
    /// VANISHED named messages that are not there (RFC 7162 section 3.2.10.2 forbids it). They are ignored; the others are gone.
    #[error("{count} messages vanished that were not there")]
    VanishedUnknown {
        /// How many.
        count: u64,
    },
    /// `*` or `$` in the UIDs of VANISHED. Ignored.
    #[error("VANISHED without numbers")]
    VanishedWithoutNumbers,
    /// `VANISHED (EARLIER)` behind FETCH while the mailbox is opened (RFC 7162 section 3.2.6: before), of messages that have got their numbers
    /// already. All are forgotten.
    #[error("VANISHED (EARLIER) came too late")]
    LateEarlier,
    /// A response with a message number while only UIDs are used (RFC 9586). FETCH is taken by its UID if it has one. Of EXPUNGE, the count is
    /// one less, and the UIDs are forgotten.
    #[error("a message number while only UIDs are used")]
    UidOnly,
}

/// What one response has changed, in order. Mostly nothing or one change, for which nothing is allocated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    first: Option<Change>,
    more: Vec<Change>,
}

impl Changes {
    /// Whether nothing has changed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.more.len()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Change> {
        self.first.iter().chain(&self.more)
    }

    /// What could not be, if anything.
    pub fn inconsistencies(&self) -> impl Iterator<Item = Inconsistent> {
        self.iter().filter_map(|change| match change {
            Change::Inconsistent(what) => Some(*what),
            _ => None,
        })
    }

    pub(super) fn push(&mut self, change: Change) {
        if self.first.is_none() {
            self.first = Some(change);
        } else {
            self.more.push(change);
        }
    }

    /// Messages that are gone; with those before them in one change, if they stood together.
    pub(super) fn removed(&mut self, removed: Removed) {
        if let Some(Change::Removed(before)) = self.more.last_mut().or(self.first.as_mut()) {
            if before.joins(&removed) {
                return;
            }
        }
        self.push(Change::Removed(removed));
    }
}

impl Removed {
    /// Takes in what was removed next, if it stood right behind.
    fn joins(&mut self, next: &Self) -> bool {
        match (&mut self.uids, next.uids) {
            (Some(uids), Some(more)) if self.seq.is_some() && self.seq == next.seq && uids.1 < more.0 => {
                uids.1 = more.1;
                self.count = self.count.saturating_add(next.count);
                true
            }
            _ => false,
        }
    }
}

impl IntoIterator for Changes {
    type Item = Change;
    type IntoIter = core::iter::Chain<core::option::IntoIter<Change>, alloc::vec::IntoIter<Change>>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.more)
    }
}
