//! Which commands may be sent before earlier ones have ended (RFC 9051 section 5.5): data, no octets.

use crate::{Command, SearchKey};
use ::core::ops::{BitOr, BitOrAssign};

/// What matters of a command to those that are sent before it has ended.
///
/// ```
/// use imap_proto::{Command, FetchCommand, FetchItem, SequenceSet};
///
/// let fetch = FetchCommand::new(SequenceSet::all(), vec![FetchItem::Flags])?;
/// let by_number = Command::Fetch(Box::new(fetch.clone()));
/// let by_uid = Command::UidFetch(Box::new(fetch));
/// // NOOP may renumber the messages
/// assert!(!by_number.traits().may_follow(Command::Noop.traits()));
/// assert!(by_uid.traits().may_follow(Command::Noop.traits()));
/// assert!(Command::Noop.traits().may_follow(by_number.traits()));
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Traits(u16);

impl Traits {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// It names messages by their sequence numbers.
    pub const NUMBERS: Self = Self(1);
    /// While it runs, the server may say that messages are gone.
    pub const EXPUNGES: Self = Self(1 << 1);
    /// It works on the selected mailbox.
    pub const SELECTED: Self = Self(1 << 2);
    /// It selects another mailbox, or none.
    pub const SELECTS: Self = Self(1 << 3);
    /// It needs a user.
    pub const USER: Self = Self(1 << 4);
    /// It changes who the user is.
    pub const CHANGES_USER: Self = Self(1 << 5);
    /// Nothing may follow it before it has ended.
    pub const LAST: Self = Self(1 << 6);
    /// Nothing may be unfinished when it is sent.
    pub const ALONE: Self = Self(1 << 7);

    /// Whether all of these are among them.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of these is among them.
    #[must_use]
    pub const fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Without these.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a command may be sent while others, which together are so, have not ended.
    #[must_use]
    pub fn may_follow(self, unfinished: Self) -> bool {
        self.conflict(unfinished).is_none()
    }

    /// What the RFC says against it.
    #[must_use]
    pub fn conflict(self, unfinished: Self) -> Option<&'static str> {
        CONFLICTS
            .iter()
            .find(|conflict| unfinished.has_any(conflict.earlier) && self.has_any(conflict.later))
            .map(|conflict| conflict.because)
    }

    /// The bits that are set, by their position.
    #[cfg(feature = "client")]
    pub(crate) fn positions(self) -> impl Iterator<Item = usize> {
        let mut bits = self.0;
        ::core::iter::from_fn(move || {
            let position = bits.trailing_zeros() as usize;
            (bits != 0).then(|| {
                bits &= bits - 1;
                position
            })
        })
    }

    #[cfg(feature = "client")]
    pub(crate) const fn at(position: usize) -> Self {
        Self(1 << position)
    }
}

impl BitOr for Traits {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.and(other)
    }
}

impl BitOrAssign for Traits {
    fn bitor_assign(&mut self, other: Self) {
        *self = self.and(other);
    }
}

/// Commands of which the later may not be sent before the earlier has ended.
struct Conflict {
    earlier: Traits,
    later: Traits,
    because: &'static str,
}

/// Any of them: every command has one of these, or none that matters.
const ANY: Traits = Traits(u16::MAX);

const CONFLICTS: &[Conflict] = &[
    Conflict {
        earlier: Traits::EXPUNGES,
        later: Traits::NUMBERS,
        because: "RFC 9051 section 5.5: if the client sends any command other than FETCH, STORE, or SEARCH, it MUST wait for the \
                  completion result response before sending a command with message sequence numbers",
    },
    Conflict {
        earlier: Traits::SELECTS,
        later: Traits::SELECTED,
        because: "RFC 9051 section 5.5: an ambiguity would result because of a command that would affect the results of other \
                  commands; section 6.3.2: if a SELECT command that fails is attempted, no mailbox is selected",
    },
    Conflict {
        earlier: Traits::CHANGES_USER,
        later: Traits::USER,
        because: "RFC 9051 section 3.2: in the authenticated state, the client is authenticated and MUST select a mailbox to access \
                  before commands that affect messages will be permitted; until then the command is an error",
    },
    Conflict {
        earlier: Traits::LAST,
        later: ANY,
        because: "RFC 9051 section 5.5: any command continuation request responses and command continuations MUST be negotiated before \
                  any subsequent command is initiated; section 6.2.1: once a client issues a STARTTLS command, it MUST NOT issue further \
                  commands until a server response is seen",
    },
    Conflict {
        earlier: ANY,
        later: Traits::ALONE,
        because: "RFC 9051 section 6.2.1 and RFC 4978 section 3: the octets behind the tagged OK are of another layer",
    },
];

/// The table: commands, what they are, and where that is said. What is not in it names no messages by numbers, and may see others go.
macro_rules! traits {
    ($command:ident: $($(#[doc = $because:literal])* $pattern:pat => [$($trait:ident),*];)*) => {
        match $command {
            $($pattern => const { Traits::NONE$(.and(Traits::$trait))* },)*
        }
    };
}

impl Command {
    /// What matters of it to commands that are sent before it has ended (RFC 9051 section 5.5).
    #[must_use]
    pub fn traits(&self) -> Traits {
        use Command as C;
        let fixed = traits! { self:
            /// RFC 9051 section 6.1: in any state. Section 5.5: "commands that permit an untagged EXPUNGE response (commands other than
            /// FETCH, STORE, and SEARCH)".
            C::Capability | C::Noop | C::Id(_) | C::Language(_) => [EXPUNGES];
            /// RFC 9051 section 6.1.3: "The server MUST send a BYE untagged response before the (tagged) OK response, and then close the
            /// network connection."
            C::Logout => [EXPUNGES, LAST];
            /// RFC 9051 section 6.2.1: "Once a client issues a STARTTLS command, it MUST NOT issue further commands until a server response
            /// is seen and the TLS negotiation is complete."
            C::StartTls => [LAST, ALONE];
            /// RFC 4978 section 3: "the client MUST NOT send any further commands until it has seen the result of COMPRESS".
            C::Compress(_) => [EXPUNGES, LAST, ALONE];
            /// RFC 9051 section 6.2.2: a series of challenges and responses; section 5.5: "command continuations MUST be negotiated before any
            /// subsequent command is initiated".
            C::Authenticate(_) => [CHANGES_USER, LAST, ALONE];
            /// RFC 9051 section 6.2.3.
            C::Login(_) => [CHANGES_USER];
            /// RFC 8437 section 2: "After sending this command, the client is free to issue a new AUTHENTICATE or LOGIN command". AUTHENTICATE waits
            /// here all the same.
            C::Unauthenticate => [USER, SELECTS, CHANGES_USER];
            /// RFC 2177 section 3: "The client MUST NOT send a command while the server is waiting for the DONE". Once DONE was sent it may.
            C::Idle => [USER, EXPUNGES, LAST];
            /// RFC 9051 section 6.3.2: "The SELECT command automatically deselects any currently selected mailbox before attempting the new
            /// selection."
            C::Select(_) | C::Examine(_) => [USER, EXPUNGES, SELECTS];
            /// RFC 9051 section 6.4.1, RFC 3691: no untagged EXPUNGE is sent; the mailbox is deselected.
            C::Close | C::Unselect => [USER, SELECTED, SELECTS];
            /// RFC 9051 section 5.5: "servers are prohibited from sending EXPUNGE responses while any of those commands are in progress".
            C::Fetch(_) | C::Store(_) => [USER, SELECTED, NUMBERS];
            /// The same; whether it names numbers, its keys say.
            C::Search(_) => [USER, SELECTED];
            /// RFC 5256 sections 3 and 4: "Untagged EXPUNGE responses are not permitted while the server is responding to a SORT command".
            C::Sort(_) | C::Thread(_) => [USER, SELECTED];
            /// RFC 5259 section 9: "An EXPUNGE response MUST NOT be sent while responding to a CONVERT command".
            C::Convert(_) => [USER, SELECTED, NUMBERS];
            /// RFC 9051 section 5.5: "COPY + COPY" is invalid. RFC 6851 section 3.3: "it makes it unsafe to pipeline any command that relies on
            /// message sequence numbers after a MOVE". RFC 8508 section 3.
            C::Copy(_) | C::Move(_) | C::Replace(_) => [USER, SELECTED, NUMBERS, EXPUNGES];
            /// RFC 9051 section 5.5: "EXPUNGE responses are permitted while UID FETCH, UID STORE, and UID SEARCH are in progress. If the client
            /// sends a UID command, it MUST wait for a completion result response before sending a command that uses message sequence
            /// numbers (this may include UID SEARCH)."
            C::UidFetch(_)
            | C::UidStore(_)
            | C::UidSearch(_)
            | C::UidSort(_)
            | C::UidThread(_)
            | C::UidConvert(_)
            | C::UidCopy(_)
            | C::UidMove(_)
            | C::UidReplace(_)
            | C::UidExpunge(_)
            | C::UidBatches(_)
            | C::CancelUpdate(_)
            | C::Expunge
            | C::Check => [USER, SELECTED, EXPUNGES];
            /// RFC 5161 section 3.1: "There are no limitations on pipelining ENABLE."
            C::Enable(_) => [USER, EXPUNGES];
            /// What nobody here knows: it may do anything to those behind it.
            C::Other(_) => [EXPUNGES];
            /// RFC 9051 section 6.3: of a mailbox by its name, of the user or of the server.
            _ => [USER, EXPUNGES];
        };
        if self.has_numbers_in_keys() { fixed.and(Traits::NUMBERS) } else { fixed }
    }

    /// RFC 9051 section 5.5: "UID SEARCH + UID SEARCH may be valid or invalid as a non-waiting command sequence, depending upon whether or not
    /// the second UID SEARCH contains message sequence numbers."
    fn has_numbers_in_keys(&self) -> bool {
        let any = |keys: &[SearchKey]| keys.iter().any(SearchKey::has_numbers);
        match self {
            Self::Search(search) | Self::UidSearch(search) => any(&search.keys),
            Self::Sort(sort) | Self::UidSort(sort) => any(&sort.keys),
            Self::Thread(thread) | Self::UidThread(thread) => any(&thread.keys),
            Self::Esearch(search) | Self::UidEsearch(search) => any(&search.keys),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TaggedCommand;
    use alloc::vec::Vec;

    fn command(line: &str) -> Command {
        let frame = alloc::format!("a {line}\r\n").into();
        TaggedCommand::parse(&frame).unwrap().command
    }

    /// Whether all of them may be sent without waiting.
    fn may_be_sent(lines: &[&str]) -> bool {
        let commands: Vec<_> = lines.iter().map(|line| command(line).traits()).collect();
        (1..commands.len()).all(|n| {
            let before = commands[..n].iter().fold(Traits::NONE, |all, one| all | *one);
            commands[n].may_follow(before)
        })
    }

    #[test]
    fn the_examples_of_the_rfc() {
        for valid in [
            // RFC 9051 section 5.5
            &["FETCH 1 FLAGS", "STORE 1 FLAGS ()", "SEARCH 1", "NOOP"][..],
            &["STORE 1 FLAGS ()", "COPY 1 x", "EXPUNGE"],
            &["UID SEARCH ALL", "UID SEARCH ALL"],
            &["NOOP", "UID FETCH 1 FLAGS", "UID STORE 1 FLAGS ()", "UID COPY 1 x", "CLOSE"],
            // section 6.4.4.4, example 7
            &["SEARCH RETURN (SAVE) SINCE 1-Jan-2006", "UID FETCH $ FLAGS", "SEARCH $"],
            &["SORT (DATE) UTF-8 ALL", "FETCH 1 FLAGS"],
            &["CAPABILITY", "LOGIN a b", "CAPABILITY"],
            &["ENABLE UTF8=ACCEPT", "SELECT x"],
            &["UNAUTHENTICATE", "LOGIN a b"],
            &["LIST \"\" *", "STATUS x (MESSAGES)", "SELECT x"],
            &["CLOSE", "SELECT x", "NOOP"],
        ] {
            assert!(may_be_sent(valid), "{valid:?}");
        }
        for invalid in [
            // RFC 9051 section 5.5
            &["FETCH 1 FLAGS", "NOOP", "STORE 1 FLAGS ()"][..],
            &["STORE 1 FLAGS ()", "COPY 1 x", "FETCH 1 FLAGS"],
            &["COPY 1 x", "COPY 1 x"],
            &["UID SEARCH ALL", "UID SEARCH OR 1 NOT 2"],
            &["UID FETCH 1 FLAGS", "FETCH 1 FLAGS"],
            // RFC 6851 section 3.3
            &["MOVE 1 x", "STORE 1 FLAGS ()"],
            &["SELECT x", "UID FETCH 1 FLAGS"],
            &["CLOSE", "UID FETCH 1 FLAGS"],
            &["LOGIN a b", "LIST \"\" *"],
            &["IDLE", "NOOP"],
            &["NOOP", "STARTTLS"],
            &["STARTTLS", "NOOP"],
            &["COMPRESS DEFLATE", "NOOP"],
            &["AUTHENTICATE PLAIN", "NOOP"],
            &["CAPABILITY", "AUTHENTICATE PLAIN"],
            &["LOGOUT", "NOOP"],
        ] {
            assert!(!may_be_sent(invalid), "{invalid:?}");
        }
    }

    #[test]
    fn conflicts_say_why() {
        let because = command("FETCH 1 FLAGS").traits().conflict(Traits::EXPUNGES).unwrap();
        assert!(because.starts_with("RFC 9051 section 5.5"));
        assert_eq!(Traits::NONE.conflict(Traits::EXPUNGES), None);
    }
}
