//! What happens on a client's connection.

use crate::{Greeting, Item, Reply, Status};
use alloc::boxed::Box;
use bytes::Bytes;
use wire::{CommandId, Diagnostic, Malformed, Secret};

/// What a client learns from the server (RFC 1939 section 3), in wire order.
///
/// A command is complete with exactly one of: a [`Reply`](Event::Reply) that is not
/// [`Reply::MultiLine`], the [`End`](Event::End) behind one that is, [`StartTls`](Event::StartTls), or a
/// [`Malformed`](Event::Malformed) that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The first line of the connection. If it is `-ERR`, the server refuses to serve.
    Greeting(Greeting),
    /// The reply to a command, or its first line.
    Reply {
        /// To which command.
        id: CommandId,
        /// What it says.
        reply: Reply,
    },
    /// A line of a listing.
    Item {
        /// Of the reply to which command.
        id: CommandId,
        /// What it says.
        item: Item,
    },
    /// A piece of a message, its dots unstuffed.
    BodyChunk {
        /// Of the reply to which command.
        id: CommandId,
        /// The octets.
        data: Bytes,
    },
    /// A multi-line reply is complete.
    End {
        /// To which command.
        id: CommandId,
    },
    /// A challenge of a SASL exchange, decoded. Answer with `auth_respond` or `auth_cancel`.
    Challenge {
        /// Of which AUTH command.
        id: CommandId,
        /// What the mechanism says; often nothing.
        data: Secret,
    },
    /// The server agreed to start TLS: [`Pause::StartTls`](wire::Pause::StartTls) follows.
    StartTls {
        /// The STLS command.
        id: CommandId,
        /// The server's words.
        status: Status,
    },
    /// A line that no command waits for, such as `-ERR` before the server closes an idle connection.
    Unsolicited(Status),
    /// A line that could not be parsed.
    Malformed {
        /// The command whose reply it belongs to.
        id: Option<CommandId>,
        /// Whether it was the whole reply, so that the command is complete.
        ends_command: bool,
        /// What was wrong, and the line.
        malformed: Box<Malformed>,
    },
    /// Something was repaired, or is worth a look. It stands before the event that it belongs to.
    Diagnostic(Box<Diagnostic>),
}

impl From<Box<Diagnostic>> for Event {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        Self::Diagnostic(diagnostic)
    }
}
