//! What happens on a server's connection.

use crate::{Command, State, Status};
use alloc::boxed::Box;
use wire::{CommandId, Diagnostic, Malformed, Secret};

/// What a server learns from the client (RFC 1939 section 3), in wire order.
///
/// Each event with an id that is a command, refused or malformed or not, is to be answered with `reply`, in
/// order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A command.
    Command {
        /// Its id.
        id: CommandId,
        /// What the client asks for.
        command: Command,
    },
    /// A command that is well formed and out of place. Answer with [`Refusal::reply`], unless you know
    /// better.
    Refused {
        /// Its id.
        id: CommandId,
        /// What the client asks for.
        command: Command,
        /// Why that is out of place.
        refusal: Refusal,
    },
    /// A line that could not be parsed as a command, or as a response within AUTH. Answer with `-ERR`:
    /// [`malformed_reply`](super::malformed_reply) has the words.
    Malformed {
        /// The id of the command that it is, or of the AUTH that it belongs to.
        id: CommandId,
        /// What was wrong, and the line.
        malformed: Box<Malformed>,
    },
    /// The client's response to a challenge, decoded. Answer with `challenge` or `reply`.
    AuthResponse {
        /// Of which AUTH command.
        id: CommandId,
        /// What the mechanism says.
        data: Secret,
    },
    /// The client cancelled AUTH. Answer with `-ERR`.
    AuthCancelled {
        /// Which AUTH command.
        id: CommandId,
    },
    /// The client was told to start TLS: [`Pause::StartTls`](wire::Pause::StartTls) follows.
    StartTls {
        /// The STLS command.
        id: CommandId,
    },
    /// Something was repaired, or is worth a look. It stands before the event that it belongs to.
    Diagnostic(Box<Diagnostic>),
}

impl From<Box<Diagnostic>> for Event {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        Self::Diagnostic(diagnostic)
    }
}

/// Why a well-formed command is refused (RFC 1939 section 3: -ERR to a command in the wrong state).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The session is in another state.
    #[error("only in the {wanted} state")]
    State {
        /// In which state it would be allowed.
        wanted: &'static str,
        /// In which the session is.
        state: State,
    },
    /// PASS without USER before it.
    #[error("say USER first")]
    UserFirst,
    /// It is not among the capabilities that are offered.
    #[error("not offered")]
    NotOffered,
    /// STLS within TLS (RFC 2595 section 4).
    #[error("already in TLS")]
    TlsActive,
    /// STLS after UTF8 (RFC 6856 section 2.1).
    #[error("not after UTF8")]
    AfterUtf8,
    /// It would show a password without TLS.
    #[error("use TLS first")]
    Cleartext,
    /// A name or password is not UTF-8, though `UTF8 USER` is offered (RFC 6856 section 2.2).
    #[error("not in UTF-8")]
    NotUtf8,
}

impl Refusal {
    /// The words for the client.
    #[must_use]
    pub fn reply(&self) -> Status {
        let text = match self {
            Self::State { .. } => "Command not allowed in this state",
            Self::UserFirst => "Say USER first",
            Self::NotOffered => "Command not offered",
            Self::TlsActive => "TLS is already active",
            Self::AfterUtf8 => "STLS is not allowed after UTF8",
            Self::Cleartext => "Cleartext login is disabled, start TLS first",
            Self::NotUtf8 => "Not valid UTF-8",
        };
        Status::refusal(text)
    }
}
