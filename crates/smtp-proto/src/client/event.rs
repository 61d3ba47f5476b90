//! What happens on a client's connection.

use crate::Reply;
use alloc::boxed::Box;
use wire::{CommandId, Diagnostic, Malformed, Misuse, Secret};

/// What a client learns from the server (RFC 5321 section 4.2), in wire order.
///
/// A command is complete with exactly one of: a [`Reply`](Event::Reply), [`StartTls`](Event::StartTls), or the
/// [`RecipientReply`](Event::RecipientReply) that says that it is the last, [`Turn`](Event::Turn), or [`NotSent`](Event::NotSent); with none
/// of them only if the session ended before. [`SendBody`](Event::SendBody) and
/// [`Challenge`](Event::Challenge) come before.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The first reply of the connection. If it is not positive, the server refuses to serve (RFC 5321 section 3.1).
    Greeting(Reply),
    /// The reply to a command, or to the content behind it. 421 ends the session (RFC 5321 section 3.8), and so does a refusal before the
    /// content has gone out whole.
    Reply {
        /// To which command.
        id: CommandId,
        /// What it says.
        reply: Reply,
    },
    /// The server waits for the content of DATA: go on with `body` and `end_body`.
    SendBody {
        /// The DATA command.
        id: CommandId,
        /// 354.
        reply: Reply,
    },
    /// LMTP: what became of the message for one recipient (RFC 2033 section 4.2).
    RecipientReply {
        /// The DATA or BDAT command.
        id: CommandId,
        /// The RCPT command, which was accepted.
        recipient: CommandId,
        /// What it says.
        reply: Reply,
        /// Whether it is the last for this message.
        last: bool,
    },
    /// A challenge of a SASL exchange, decoded. Answer with `auth_respond` or `auth_cancel`.
    Challenge {
        /// Of which AUTH command.
        id: CommandId,
        /// What the mechanism says; often nothing.
        data: Secret,
    },
    /// A challenge that is not base64. The exchange goes on; RFC 4954 section 4 wants it to be cancelled.
    BadChallenge {
        /// Of which AUTH command.
        id: CommandId,
        /// What was wrong, and the line.
        malformed: Box<Malformed>,
    },
    /// The server agreed to start TLS: [`Pause::StartTls`](wire::Pause::StartTls) follows.
    StartTls {
        /// The STARTTLS command.
        id: CommandId,
        /// The server's words.
        reply: Reply,
    },
    /// The roles change (ATRN, TURN): [`Pause::Upgrade`](wire::Pause::Upgrade) follows; go on with
    /// [`into_parts`](super::Client::into_parts) and a server.
    Turn {
        /// The command.
        id: CommandId,
        /// The server's words.
        reply: Reply,
    },
    /// A command that was held back is not sent: the server closes, refuses to serve, or no longer offers what it needs.
    NotSent {
        /// The command.
        id: CommandId,
        /// Why.
        misuse: Misuse,
    },
    /// A reply that no command waits for, such as 421 before the server closes an idle connection.
    Unsolicited(Reply),
    /// Something was repaired, or is worth a look. It stands before the event that it belongs to.
    Diagnostic(Box<Diagnostic>),
}

impl From<Box<Diagnostic>> for Event {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        Self::Diagnostic(diagnostic)
    }
}
