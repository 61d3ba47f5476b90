//! The states of a session, and which commands belong to them. No octets here.

use crate::Command;

/// Where a session stands (RFC 9051 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// Before the greeting.
    Greeting,
    /// Section 3.1: before LOGIN or AUTHENTICATE.
    NotAuthenticated,
    /// Section 3.2: no mailbox is selected.
    Authenticated,
    /// Section 3.3: a mailbox is selected.
    Selected,
    /// Section 3.4: BYE was said, or the connection is gone.
    Logout,
}

impl State {
    /// The state as the errors name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Greeting => "greeting",
            Self::NotAuthenticated => "not authenticated",
            Self::Authenticated => "authenticated",
            Self::Selected => "selected",
            Self::Logout => "logout",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// States in which a command may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct States {
    bits: u8,
    name: &'static str,
}

impl States {
    /// Section 6.1: any state in which commands are read.
    pub const ANY: Self = Self {
        bits: State::NotAuthenticated.bit() | State::Authenticated.bit() | State::Selected.bit(),
        name: "any",
    };
    /// Section 6.2.
    pub const NOT_AUTHENTICATED: Self =
        Self { bits: State::NotAuthenticated.bit(), name: State::NotAuthenticated.name() };
    /// Section 6.3: authenticated, whether a mailbox is selected or not.
    pub const AUTHENTICATED: Self =
        Self { bits: State::Authenticated.bit() | State::Selected.bit(), name: State::Authenticated.name() };
    /// Authenticated, and no mailbox is selected: ENABLE (RFC 5161 section 3.1).
    pub const UNSELECTED: Self =
        Self { bits: State::Authenticated.bit(), name: "authenticated, without a selected mailbox" };
    /// Section 6.4.
    pub const SELECTED: Self = Self { bits: State::Selected.bit(), name: State::Selected.name() };

    /// Whether a state is one of them.
    #[must_use]
    pub const fn has(self, state: State) -> bool {
        self.bits & state.bit() != 0
    }

    /// Their name, for errors.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }
}

impl Command {
    /// In which states it may be sent: RFC 9051 sections 6.1 to 6.4, and what the extensions say. What nobody knows may be sent in any.
    ///
    /// ```
    /// use imap_proto::{Command, State};
    ///
    /// assert!(Command::Noop.states().has(State::NotAuthenticated));
    /// assert!(!Command::Expunge.states().has(State::Authenticated));
    /// ```
    #[must_use]
    pub fn states(&self) -> States {
        match self {
            // LANGUAGE: RFC 5255 section 3.2; ID: RFC 2971 section 3.1; COMPRESS: RFC 4978 section 3 names no state
            Self::Capability
            | Self::Noop
            | Self::Logout
            | Self::Id(_)
            | Self::Language(_)
            | Self::Compress(_)
            | Self::Other(_) => States::ANY,
            Self::StartTls | Self::Login(_) | Self::Authenticate(_) => States::NOT_AUTHENTICATED,
            Self::Enable(_) => States::UNSELECTED,
            Self::Close
            | Self::Unselect
            | Self::Expunge
            | Self::UidExpunge(_)
            | Self::Check
            | Self::Sort(_)
            | Self::UidSort(_)
            | Self::Thread(_)
            | Self::UidThread(_)
            | Self::Fetch(_)
            | Self::UidFetch(_)
            | Self::Store(_)
            | Self::UidStore(_)
            | Self::Copy(_)
            | Self::UidCopy(_)
            | Self::Move(_)
            | Self::UidMove(_)
            | Self::Convert(_)
            | Self::UidConvert(_)
            | Self::Search(_)
            | Self::UidSearch(_)
            | Self::CancelUpdate(_)
            | Self::UidBatches(_)
            | Self::Replace(_)
            | Self::UidReplace(_) => States::SELECTED,
            _ => States::AUTHENTICATED,
        }
    }
}
