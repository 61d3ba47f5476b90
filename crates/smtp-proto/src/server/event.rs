//! What happens on a server's connection.

use crate::{Command, EnhancedCode, Protocol, Reply, ReplyCode, State, Verb};
use alloc::boxed::Box;
use bytes::Bytes;
use wire::dot::Finding;
use wire::{CommandId, Diagnostic, Malformed, Secret};

/// What a server learns from the client (RFC 5321 section 3), in wire order.
///
/// Each event with an id that is a command, refused or malformed or not, is to be answered; then the next one comes. DATA and BDAT
/// are answered with `accept_body`, or refused with `reply`; an accepted one is answered again behind its [`BodyEnd`](Event::BodyEnd).
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
    /// A command that is well formed and out of place, or asks for what is not offered. Answer with [`Refusal::reply`]. The
    /// content behind a refused BDAT is discarded (RFC 3030 section 2).
    Refused {
        /// Its id.
        id: CommandId,
        /// What the client asks for.
        command: Command,
        /// Why that is out of place.
        refusal: Refusal,
    },
    /// A line that could not be parsed as a command, or as a response within AUTH. Answer with
    /// [`malformed_reply`](super::malformed_reply).
    Malformed {
        /// The id of the command that it is, or of the AUTH that it belongs to.
        id: CommandId,
        /// What was wrong, and the line.
        malformed: Box<Malformed>,
    },
    /// A piece of the content that was accepted: of DATA without the dots of transparency, of BDAT as it is.
    BodyChunk {
        /// Of which DATA or BDAT.
        id: CommandId,
        /// The octets.
        data: Bytes,
    },
    /// The content of DATA or the chunk of BDAT is complete. Answer with `reply`: in LMTP once for each accepted recipient, in the
    /// order of the RCPTs, if the message is complete.
    BodyEnd {
        /// Of which DATA or BDAT.
        id: CommandId,
        /// Whether the message is complete: after DATA, and after BDAT with LAST.
        last: bool,
        /// Octets of the message so far, as they were handed out.
        octets: u64,
        /// Why it must be refused. Nothing more was handed out from there on.
        fault: Option<BodyFault>,
    },
    /// The client's response to a challenge, decoded. Answer with `challenge` or `reply`.
    AuthResponse {
        /// Of which AUTH command.
        id: CommandId,
        /// What the mechanism says.
        data: Secret,
    },
    /// The client cancelled AUTH. Answer with 501 (RFC 4954 section 4).
    AuthCancelled {
        /// Which AUTH command.
        id: CommandId,
    },
    /// The client was told to start TLS: [`Pause::StartTls`](wire::Pause::StartTls) follows.
    StartTls {
        /// The STARTTLS command.
        id: CommandId,
    },
    /// The roles change (ATRN, TURN): [`Pause::Upgrade`](wire::Pause::Upgrade) follows; go on with
    /// [`into_parts`](super::Server::into_parts) and a client.
    Turn {
        /// The command.
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

/// Why content must be refused, though it was read to its true end (RFC 5321 section 4.1.1.4, RFC 3030 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyFault {
    /// A bare CR or LF, which the policy refuses (RFC 5321 section 2.3.8). The connection is closed behind the reply: what follows may
    /// be smuggled.
    #[error("a bare {} at octet {}", .0.kind.name(), .0.offset)]
    LineEnding(Finding),
    /// More octets than the server takes (RFC 1870 section 6.3).
    #[error("longer than {limit} octets")]
    TooLarge {
        /// How many it takes.
        limit: u64,
    },
}

impl BodyFault {
    /// The words for the client.
    #[must_use]
    pub fn reply(&self) -> Reply {
        match self {
            Self::LineEnding(finding) if finding.kind.name() == "CR" => {
                refusal(550, EnhancedCode::new(5, 5, 2), "Bare CR received, closing")
            }
            Self::LineEnding(_) => refusal(550, EnhancedCode::new(5, 5, 2), "Bare LF received, closing"),
            Self::TooLarge { .. } => {
                refusal(552, EnhancedCode::new(5, 3, 4), "Message size exceeds the limit")
            }
        }
    }
}

/// Why a well-formed command is refused: out of order (RFC 5321 section 4.1.4), or not allowed as things are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The session is in another state (RFC 5321 section 4.1.4).
    #[error("only {wanted}")]
    State {
        /// Where it would be allowed.
        wanted: &'static str,
        /// Where the session is.
        state: State,
    },
    /// DATA without an accepted recipient (RFC 5321 section 3.3; RFC 2033 section 4.2: 503).
    #[error("no recipients")]
    NoRecipients(Protocol),
    /// HELO or EHLO in LMTP, LHLO in SMTP (RFC 2033 section 4.1).
    #[error("not in this protocol")]
    Protocol,
    /// The greeting has refused service (RFC 5321 section 3.1).
    #[error("no service here")]
    NoService,
    /// The extension of the command is not offered.
    #[error("not offered")]
    NotOffered,
    /// A parameter whose extension is not offered (RFC 5321 section 4.1.1.11), or REQUIRETLS without TLS (RFC 8689 section 2).
    #[error("parameter not offered")]
    Parameter,
    /// A parameter that is unknown or belongs to another command (RFC 5321 section 4.1.1.11). An application that knows what it means
    /// may accept the command.
    #[error("parameter not known")]
    UnknownParameter,
    /// An address beyond ASCII without SMTPUTF8 (RFC 6531 section 3.5).
    #[error("address beyond ASCII without SMTPUTF8")]
    Utf8Address,
    /// SIZE is over the limit (RFC 1870 section 6.1).
    #[error("larger than {limit} octets")]
    TooLarge {
        /// How many octets are taken.
        limit: u64,
    },
    /// Too many recipients (RFC 5321 section 4.5.3.1.10, RFC 9422).
    #[error("more than {limit} recipients")]
    TooManyRecipients {
        /// How many are taken.
        limit: u64,
    },
    /// Too many transactions on one connection (RFC 9422).
    #[error("more than {limit} transactions")]
    TooManyTransactions {
        /// How many are taken.
        limit: u64,
    },
    /// DATA where BODY=BINARYMIME was announced (RFC 3030 section 3).
    #[error("BINARYMIME only with BDAT")]
    BinaryData,
    /// STARTTLS within TLS (RFC 3207 section 4.2).
    #[error("already in TLS")]
    TlsActive,
    /// AUTH after AUTH (RFC 4954 section 4).
    #[error("already authenticated")]
    Authenticated,
    /// It would show a password without TLS (RFC 4954 section 6).
    #[error("use TLS first")]
    Cleartext,
    /// The mechanism is not offered (RFC 4954 section 4).
    #[error("mechanism not offered")]
    Mechanism,
}

impl Refusal {
    /// Whether it is only the consequence of an earlier refusal in a group of commands (RFC 2920 section 3.1), or one recipient too many.
    pub(super) const fn follows_another(&self, verb: Verb) -> bool {
        match self {
            Self::TooManyRecipients { .. } | Self::NoRecipients(_) => true,
            Self::State { .. } => matches!(verb, Verb::Rcpt | Verb::Data | Verb::Bdat | Verb::Burl),
            _ => false,
        }
    }

    /// The words for the client.
    #[must_use]
    pub fn reply(&self) -> Reply {
        let (code, enhanced, text) = match self {
            Self::NoRecipients(Protocol::Smtp) => (554, (5, 5, 1), "No valid recipients"),
            Self::NoRecipients(Protocol::Lmtp) => (503, (5, 5, 1), "No valid recipients"),
            Self::State { state: State::Hello, .. } => (503, (5, 5, 1), "Send EHLO first"),
            Self::State { .. } => (503, (5, 5, 1), "Bad sequence of commands"),
            Self::Protocol => (500, (5, 5, 1), "Command unrecognized"),
            Self::NoService => (503, (5, 5, 1), "No service here"),
            Self::NotOffered => (502, (5, 5, 1), "Command not implemented"),
            Self::Parameter | Self::UnknownParameter => {
                (555, (5, 5, 4), "Parameter not recognized or not implemented")
            }
            Self::Utf8Address => (553, (5, 6, 7), "Address beyond ASCII needs SMTPUTF8"),
            Self::TooLarge { .. } => (552, (5, 3, 4), "Message size exceeds the limit"),
            Self::TooManyRecipients { .. } => (452, (4, 5, 3), "Too many recipients"),
            Self::TooManyTransactions { .. } => (421, (4, 7, 0), "Too many messages, closing"),
            Self::BinaryData => (503, (5, 5, 1), "BINARYMIME needs BDAT"),
            Self::TlsActive => (503, (5, 5, 1), "TLS is already active"),
            Self::Authenticated => (503, (5, 5, 1), "Already authenticated"),
            Self::Cleartext => (538, (5, 7, 11), "Encryption required for this mechanism"),
            Self::Mechanism => (504, (5, 5, 4), "Authentication mechanism not offered"),
        };
        refusal(code, EnhancedCode::new(enhanced.0, enhanced.1, enhanced.2), text)
    }
}

/// A negative reply of known good words.
pub(super) fn refusal(code: u16, enhanced: Option<EnhancedCode>, text: &'static str) -> Reply {
    let code = ReplyCode::new(code).unwrap_or(ReplyCode::TRANSACTION_FAILED);
    Reply::new(code, enhanced, text).unwrap_or_else(|_| Reply::bare(code))
}
