//! What happens on a client's connection.

use crate::{Condition, Continue, FetchAttribute, Greeting, Response, Tagged};
use alloc::boxed::Box;
use bytes::Bytes;
use core::num::NonZeroU32;
use wire::{CommandId, Diagnostic, Malformed, Misuse, Secret};

/// What a client learns from the server (RFC 9051 section 7), in wire order.
///
/// A command is complete with exactly one of: [`Completed`](Event::Completed), [`StartTls`](Event::StartTls), [`Upgrade`](Event::Upgrade),
/// [`Malformed`](Event::Malformed) with its id, [`NotSent`](Event::NotSent), [`Lost`](Event::Lost); with none of them only if
/// the session ended with an error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The first line of the connection: OK, PREAUTH, or BYE if the server refuses to serve (RFC 9051 section 7.1.4).
    Greeting(Box<Greeting>),
    /// An untagged response: data, or a status (RFC 9051 sections 7.1 to 7.4).
    Data {
        /// What it says.
        response: Response,
        /// The first command without a tagged response that it may be an answer to. A server may send data at any time.
        answers: Option<CommandId>,
    },
    /// The end of a command (RFC 9051 section 7.1): OK, NO or BAD, with its code.
    Completed {
        /// Which command.
        id: CommandId,
        /// What the server says.
        tagged: Box<Tagged>,
    },
    /// The octets of a literal are due: go on with [`body`](super::Client::body). If the command is refused amid them, the rest is due all the
    /// same, and so may be the next literal: the server reads what was announced.
    SendBody {
        /// Of which command.
        id: CommandId,
        /// How many octets.
        size: u64,
        /// Which of the streamed literals of the command: 0 is the first.
        index: usize,
    },
    /// A literal of message data follows that is too large to be a part of the value: its octets, and [`BodyEnd`](Event::BodyEnd). Behind the last of them comes
    /// the response, in which the literal is [`Streamed`](crate::MessageData::Streamed).
    BodyStart(Box<BodyStart>),
    /// Some octets of the literal.
    BodyChunk(Bytes),
    /// The literal is complete.
    BodyEnd,
    /// A challenge of a SASL exchange, decoded. Answer with `auth_respond` or `auth_cancel`.
    Challenge {
        /// Of which AUTHENTICATE command.
        id: CommandId,
        /// What the mechanism says; often nothing.
        data: Secret,
    },
    /// A challenge that is not base64. The exchange goes on; RFC 9051 section 6.2.2 wants it to be cancelled.
    BadChallenge {
        /// Of which AUTHENTICATE command.
        id: CommandId,
        /// What was wrong, and the line.
        malformed: Box<Malformed>,
    },
    /// The server idles (RFC 2177): it sends what happens, until [`idle_done`](super::Client::idle_done).
    Idling {
        /// The IDLE command.
        id: CommandId,
        /// The server's words.
        request: Box<Continue>,
    },
    /// A `+` that no command waits for (row 10 of the project's list of quirks). Nothing is to be done.
    Continue(Box<Continue>),
    /// The server agreed to start TLS: [`Pause::StartTls`](wire::Pause::StartTls) follows.
    StartTls {
        /// The STARTTLS command.
        id: CommandId,
        /// What the server says.
        tagged: Box<Tagged>,
    },
    /// The server agreed to compress (RFC 4978): [`Pause::Upgrade`](wire::Pause::Upgrade) follows; go on with
    /// [`compressed`](super::Client::compressed), or [`into_parts`](super::Client::into_parts).
    Upgrade {
        /// The COMPRESS command.
        id: CommandId,
        /// What the server says.
        tagged: Box<Tagged>,
    },
    /// The server is about to close the connection (RFC 9051 section 7.1.5). Nothing but the end of LOGOUT is read behind it.
    Bye(Box<Condition>),
    /// A tagged response to no command: a stale one, that of another connection, or one that came before the command was sent. It has done
    /// nothing.
    UnknownTag(Box<Tagged>),
    /// A response that cannot be parsed. The next one is read normally.
    Malformed {
        /// What was wrong, and the response.
        malformed: Box<Malformed>,
        /// The command whose tag it has: it is complete, and nobody knows how. The machine takes it for failed.
        id: Option<CommandId>,
    },
    /// A command that was held back is not sent: the session ended, or what it needs is no longer so.
    NotSent {
        /// The command.
        id: CommandId,
        /// Why.
        misuse: Misuse,
    },
    /// The server said BYE before the command had its tagged response. LOGOUT has succeeded all the same.
    Lost(CommandId),
    /// Something was repaired, or is worth a look. It stands before the event that it belongs to.
    Diagnostic(Box<Diagnostic>),
}

/// What is known of a literal before its octets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BodyStart {
    /// The number of the message: its sequence number, or its UID.
    pub number: NonZeroU32,
    /// Whether the number is a UID, as in a UIDFETCH response (RFC 9586).
    pub by_uid: bool,
    /// Its UID, as far as the response has told.
    pub uid: Option<NonZeroU32>,
    /// The section and the first octet (`origin`), in the attribute without the octets.
    pub attribute: FetchAttribute,
    /// How many octets follow.
    pub size: u64,
    /// The first command without a tagged response that it may be an answer to.
    pub answers: Option<CommandId>,
}

impl From<Box<Diagnostic>> for Event {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        Self::Diagnostic(diagnostic)
    }
}
