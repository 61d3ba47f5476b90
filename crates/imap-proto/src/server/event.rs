//! What happens on a server's connection.

use crate::{AppendPrefix, Code, Command, Condition, ConditionKind, Sequence, State, Tag};
use alloc::boxed::Box;
use alloc::format;
use bytes::Bytes;
use wire::{CommandId, Diagnostic, Malformed, ParseErrorKind, Secret, Text};

/// What a server learns from the client (RFC 9051 section 2.2), in wire order.
///
/// Each command, refused or malformed or not, is to be completed with [`reply`](super::Server::reply).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A command. Message data that was streamed stands in it as [`MessageData::Streamed`](crate::MessageData).
    Command {
        /// Its id.
        id: CommandId,
        /// Its tag, for the correlator of ESEARCH. [`reply`](super::Server::reply) writes it by itself.
        tag: Tag,
        /// What the client asks for.
        command: Command,
    },
    /// A command that is out of place, or asks for what is not offered. Answer with [`Refusal::reply`].
    Refused {
        /// Its id.
        id: CommandId,
        /// What the client asks for; `None` if the refusal was for a literal, so that the command never was complete.
        command: Option<Command>,
        /// Why that is out of place.
        refusal: Refusal,
    },
    /// A line that could not be parsed as a command, as a response within AUTHENTICATE, or as the end of IDLE. Answer with
    /// [`malformed_reply`](super::malformed_reply).
    Malformed {
        /// The id of the command that it is or belongs to.
        id: CommandId,
        /// What was wrong, and the line.
        malformed: Box<Malformed>,
    },
    /// A message of APPEND or REPLACE, or a part of CATENATE, waits. Answer with [`accept_body`](super::Server::accept_body) or
    /// [`refuse_body`](super::Server::refuse_body). What was accepted counts only when the [`Command`](Self::Command) comes: the rest of it
    /// may be malformed or refused, and then nothing of it may be kept (RFC 3502 section 4).
    BodyOffered {
        /// The id that the command will have.
        id: CommandId,
        /// What is known of it.
        offer: Box<Offer>,
    },
    /// A piece of the octets that were accepted.
    BodyChunk {
        /// Of which command.
        id: CommandId,
        /// The octets.
        data: Bytes,
    },
    /// The octets that were offered are complete. The next offer of the command follows, or the command.
    BodyEnd {
        /// Of which command.
        id: CommandId,
    },
    /// The client's response to a challenge, decoded. Answer with `challenge` or `reply`.
    AuthResponse {
        /// Of which AUTHENTICATE.
        id: CommandId,
        /// What the mechanism says.
        data: Secret,
    },
    /// The client cancelled AUTHENTICATE. Answer with BAD (RFC 9051 section 6.2.2).
    AuthCancelled {
        /// Which AUTHENTICATE.
        id: CommandId,
    },
    /// The client has ended IDLE with `DONE` (RFC 2177 section 3). Answer with `reply`.
    IdleDone {
        /// Which IDLE.
        id: CommandId,
    },
    /// The client was told to start TLS: [`Pause::StartTls`](wire::Pause::StartTls) follows.
    StartTls {
        /// The STARTTLS command.
        id: CommandId,
    },
    /// Both sides compress from here on (RFC 4978 section 3): [`Pause::Upgrade`](wire::Pause::Upgrade) follows; then go on with
    /// [`compressed`](super::Server::compressed).
    Compress {
        /// The COMPRESS command.
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

/// A message of APPEND or REPLACE, or a part of CATENATE, whose octets wait for leave or are already on their way (RFC 9051 section
/// 6.3.12).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Offer {
    /// The tag of the command.
    pub tag: Tag,
    /// Which message it replaces, for REPLACE and UID REPLACE (RFC 8508); `None` for APPEND.
    pub replaces: Option<Replaced>,
    /// What the command says of it so far.
    pub prefix: AppendPrefix,
    /// How many octets it has.
    pub size: u64,
    /// Whether it is a `literal8`, which may hold NUL (RFC 3516).
    pub binary: bool,
    /// Whether the client waits for leave. If not, what is refused comes nevertheless, and is thrown away.
    pub synchronising: bool,
}

/// What REPLACE puts a message in the place of (RFC 8508 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaced {
    /// Its number.
    pub message: Sequence,
    /// Whether that is a UID.
    pub uid: bool,
}

/// Why a well-formed command is refused: out of place, not offered, or too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The session is in another state (RFC 9051 section 3).
    #[error("only {wanted}")]
    State {
        /// Where it would be allowed.
        wanted: &'static str,
        /// Where the session is.
        state: State,
    },
    /// The capability that the command, or something in it, needs is not offered (RFC 9051 section 6.1.1).
    #[error("{0} is not offered")]
    NotOffered(&'static str),
    /// The client has to ENABLE this first (RFC 5161 section 3.1, RFC 7162 section 3.2.5.2).
    #[error("{0} is not enabled")]
    NotEnabled(&'static str),
    /// Message numbers after ENABLE UIDONLY (RFC 9586 section 3).
    #[error("message numbers with UIDONLY")]
    UidRequired,
    /// What it asks for does not go together (RFC 7162 section 3.2.6: VANISHED needs UID FETCH and CHANGEDSINCE).
    #[error("{0}")]
    Invalid(&'static str),
    /// A password or token without TLS (RFC 9051 section 6.2.3).
    #[error("use TLS first")]
    Cleartext,
    /// The mechanism is not offered (RFC 9051 section 6.2.2).
    #[error("mechanism not offered")]
    Mechanism,
    /// STARTTLS within TLS (RFC 9051 section 6.2.1).
    #[error("already in TLS")]
    TlsActive,
    /// COMPRESS twice (RFC 4978 section 3).
    #[error("already compressed")]
    CompressionActive,
    /// A command with this tag is in progress: nobody could tell which of them a response completes (RFC 9051 section 2.2.1).
    #[error("the tag is in use")]
    TagInUse,
    /// A literal is larger than the server takes.
    #[error("larger than {limit} octets")]
    TooBig {
        /// How many octets it takes.
        limit: u64,
    },
    /// A literal that does not wait for leave, and LITERAL+ or LITERAL- is not offered (RFC 7888 section 3).
    #[error("non-synchronising literals are not offered")]
    LiteralNotOffered,
    /// The same, of more than 4096 octets where LITERAL- is offered (RFC 7888 section 5).
    #[error("a non-synchronising literal of more than 4096 octets")]
    LiteralTooBig,
}

impl Refusal {
    /// The words for the client. RFC 9051 section 7.1: BAD for what is out of place or unknown, NO for what cannot be done.
    #[must_use]
    pub fn reply(&self) -> Condition {
        use ConditionKind::{Bad, No};
        match self {
            Self::State { wanted, state } => {
                words(Bad, None, format!("Only in the state {wanted}; this is the state {}", state.name()))
            }
            Self::NotOffered(name) => words(Bad, None, format!("{name} is not offered")),
            Self::NotEnabled(name) => words(Bad, None, format!("ENABLE {name} first")),
            Self::UidRequired => {
                words(Bad, Some(Code::UidRequired), "Message numbers are not allowed with UIDONLY")
            }
            Self::Invalid(why) => words(Bad, None, *why),
            Self::Cleartext => words(No, Some(Code::PrivacyRequired), "Start TLS first"),
            Self::Mechanism => words(No, None, "Authentication mechanism not offered"),
            Self::TlsActive => words(Bad, None, "TLS is already active"),
            Self::CompressionActive => words(No, Some(Code::CompressionActive), "Already compressed"),
            Self::TagInUse => words(Bad, None, "A command with this tag is in progress"),
            Self::TooBig { limit } => words(
                No,
                Some(Code::TooBig),
                format!("Literals of more than {limit} octets are not taken here"),
            ),
            Self::LiteralNotOffered => words(Bad, None, "Non-synchronising literals are not offered"),
            Self::LiteralTooBig => {
                words(Bad, Some(Code::TooBig), "Non-synchronising literals end at 4096 octets")
            }
        }
    }
}

/// A condition of known good words.
pub(super) fn words(kind: ConditionKind, code: Option<Code>, text: impl Into<Bytes>) -> Condition {
    let text = Text::new(text).unwrap_or(Text::EMPTY);
    Condition::known(kind, code, text)
}

/// What an over-long line should have been.
pub(super) const LINE: &str = "end of line";

/// The words for a client whose line could not be parsed: BAD (RFC 9051 section 7.1.3), and where it went wrong.
///
/// ```
/// use imap_proto::server::malformed_reply;
/// use imap_proto::{ConditionKind, TaggedCommand};
/// use wire::Tolerance;
///
/// let frame = "a SELECT\r\n".into();
/// let cx = imap_proto::Context::new(&frame, Tolerance::Strict);
/// let error = TaggedCommand::parse_in(&cx).unwrap_err();
/// let reply = malformed_reply(&cx.malformed(error, Some("SELECT")));
/// assert_eq!(reply.kind(), ConditionKind::Bad);
/// assert_eq!(reply.text().as_bytes(), b"SELECT: at byte 8: expected space, got 0x0d");
/// ```
#[must_use]
pub fn malformed_reply(malformed: &Malformed) -> Condition {
    if malformed.error.kind == ParseErrorKind::TooLong && malformed.error.expected == LINE {
        return words(ConditionKind::Bad, Some(Code::Limit), "Line too long");
    }
    words(ConditionKind::Bad, None, format!("{malformed}"))
}

/// The words for a client that sent a command that neither the machine nor the application knows: BAD (RFC 9051 section 7.1.3).
#[must_use]
pub fn unknown_reply() -> Condition {
    words(ConditionKind::Bad, None, "Unknown command")
}
