//! Errors, sorted by whose fault it was.
//!
//! The peer's, in one message: [`ParseError`] inside [`Malformed`], an event; the connection goes on.
//! The peer's, beyond repair: [`Fatal`]. The caller's: [`Misuse`], which changes nothing.

use crate::{CommandId, Redacted};
use bytes::Bytes;
use core::fmt;

/// What a message got wrong, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ParseError {
    /// The octet of the message at which parsing stopped.
    pub offset: u32,
    /// What the grammar wanted there, in the RFC's words.
    pub expected: &'static str,
    /// What kind of error it is.
    pub kind: ParseErrorKind,
    /// The octet that stood there; `None` at the end and where it may belong to a secret.
    pub got: Option<u8>,
}

/// What kind of error a [`ParseError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The grammar does not allow what stands there.
    Syntax,
    /// An octet that may not stand anywhere in such a message.
    IllegalOctet,
    /// A number or a value out of its range.
    Range,
    /// Longer than the limit.
    TooLong,
    /// More items than the limit.
    TooMany,
    /// Nested deeper than the limit.
    TooDeep,
    /// The message ended too early.
    End,
    /// Something follows that does not belong there.
    Trailing,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: expected {}", self.offset, self.expected)?;
        if self.kind == ParseErrorKind::Range {
            f.write_str(" in its range")?;
        }
        match (self.got, self.kind) {
            (Some(octet @ 0x20..=0x7e), _) => write!(f, ", got '{}'", octet as char),
            (Some(octet), _) => write!(f, ", got 0x{octet:02x}"),
            (None, ParseErrorKind::End) => f.write_str(", got the end"),
            (None, _) => Ok(()),
        }
    }
}

impl core::error::Error for ParseError {}

/// A message that could not be parsed. The connection goes on with the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// What was wrong.
    pub error: ParseError,
    /// Where the message starts in the stream of received octets.
    pub stream_offset: u64,
    /// The message as it came, its line end included. Of an over-long line only the start.
    pub frame: Redacted<Bytes>,
    /// The command, if one could be recognised.
    pub verb: Option<&'static str>,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(verb) = self.verb {
            write!(f, "{verb}: ")?;
        }
        self.error.fmt(f)
    }
}

/// Which limit it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LimitKind {
    /// The length of a line, in octets, its end included.
    Line,
    /// The length of a message that is held whole, in octets.
    Frame,
    /// The lines of one reply.
    ReplyLines,
    /// The items of one list.
    ListItems,
    /// The size of a body, in octets.
    Message,
}

impl fmt::Display for LimitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Line => "line length",
            Self::Frame => "message length",
            Self::ReplyLines => "lines of a reply",
            Self::ListItems => "items of a list",
            Self::Message => "body size",
        })
    }
}

/// What the peer sent cannot be followed any further. The receive side is finished; sending still works.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fatal {
    /// More than a limit allows.
    #[error("{kind} over the limit of {limit}")]
    Limit {
        /// Which limit.
        kind: LimitKind,
        /// Its value.
        limit: u64,
    },
    /// Plaintext stood behind the agreement to start TLS, from this octet of the stream on: an injection.
    #[error("plaintext behind the start of TLS, at stream offset {0}")]
    PlaintextAfterStartTls(u64),
    /// The connection was closed in the middle of something.
    #[error("the connection ended inside {0}")]
    UnexpectedEof(&'static str),
    /// What came cannot be told from what should come, so the end of the message is unknown.
    #[error("out of step with the peer: {0}")]
    Desync(ParseError),
    /// The client sent too many commands that were malformed, unknown or out of place.
    #[error("too many bad commands")]
    TooManyErrors,
    /// The peer speaks another protocol, such as HTTP or TLS, and was perhaps tricked into it: nothing that it says may be
    /// taken for ours.
    #[error("the peer speaks {0}")]
    ForeignProtocol(&'static str),
    /// The peer spoke before it was its turn, at this octet of the stream, which the configuration forbids.
    #[error("the peer spoke out of turn, at stream offset {0}")]
    OutOfTurn(u64),
    /// A body holds line endings that the policy refuses; the body was read to its true end.
    #[error("a bare {what} in a body, at its octet {offset}")]
    LineEnding {
        /// `CR` or `LF`.
        what: &'static str,
        /// Where in the body as it came over the wire.
        offset: u64,
    },
}

/// The caller asked for something that is not possible now. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The connection is in another state.
    #[error("only possible in the state {wanted}")]
    State {
        /// The state in which it would have been possible.
        wanted: &'static str,
    },
    /// `max_pipelined` commands are without a reply.
    #[error("too many commands without a reply")]
    PipelineFull,
    /// This command may not be sent before the replies to earlier ones.
    #[error("may not be pipelined")]
    Pipeline,
    /// TLS was asked for; nothing may be sent before the handshake.
    #[error("waiting for TLS")]
    TlsPending,
    /// Octets of plaintext are already waiting behind the command that asks for TLS.
    #[error("plaintext was received behind the command to start TLS")]
    PlaintextPending,
    /// The password or token would cross the network in the clear, which the configuration forbids.
    #[error("credentials would be sent without TLS")]
    Cleartext,
    /// A value holds an octet that the grammar forbids.
    #[error("illegal octet at {offset}")]
    IllegalOctet {
        /// Where in the value.
        offset: usize,
    },
    /// A value is longer than the protocol allows.
    #[error("longer than {limit} octets")]
    TooLong {
        /// The longest that is allowed.
        limit: usize,
    },
    /// More of them than the peer allows.
    #[error("more than {limit} of them")]
    TooMany {
        /// How many are allowed.
        limit: u64,
    },
    /// A value is empty that must not be.
    #[error("empty")]
    Empty,
    /// A value does not have the form that its grammar demands.
    #[error("not a valid {0}")]
    Invalid(&'static str),
    /// The peer has not offered it.
    #[error("{0} was not advertised by the peer")]
    NotAdvertised(&'static str),
    /// No such command is waiting.
    #[error("no command with this id is waiting")]
    UnknownId,
    /// Replies go out in the order of the commands, and this is not the next.
    #[error("the reply to command {} must come first", .0.index())]
    NotNext(CommandId),
    /// A reply of this shape does not answer that command.
    #[error("this reply does not fit the command")]
    WrongReply,
}

/// Why a piece of a body was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// The output is over its high-water mark: write some of it, then offer the piece again.
    #[error("the output is full")]
    Full,
    /// A bare CR or LF stands in the body, which the line-ending policy refuses.
    #[error("a bare {what} at octet {offset} of this piece")]
    LineEnding {
        /// `CR` or `LF`.
        what: &'static str,
        /// Where in the piece.
        offset: usize,
    },
    /// An octet above 127 in a body that was declared to have none.
    #[error("an octet above 127 at {offset} of this piece")]
    EightBit {
        /// Where in the piece.
        offset: usize,
    },
    /// The body would be longer than was announced, or than the peer takes.
    #[error("longer than {limit} octets")]
    TooLong {
        /// How many are allowed.
        limit: u64,
    },
    /// No body is expected now.
    #[error(transparent)]
    Misuse(#[from] Misuse),
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn display_says_where_and_what() {
        let mut error =
            ParseError { offset: 15, expected: "number", kind: ParseErrorKind::Syntax, got: Some(b'x') };
        assert_eq!(error.to_string(), "at byte 15: expected number, got 'x'");
        error.got = Some(0);
        assert_eq!(error.to_string(), "at byte 15: expected number, got 0x00");
        error.got = None;
        error.kind = ParseErrorKind::End;
        assert_eq!(error.to_string(), "at byte 15: expected number, got the end");
    }
}
