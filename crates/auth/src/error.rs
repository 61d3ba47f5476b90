//! What can go wrong, sorted by whose fault it was.

use wire::parse::{Expected, Failure};
use wire::{Misuse, ParseError};

/// Why an exchange (RFC 4422 section 3) did not go on.
///
/// All but [`Error::Misuse`] end the exchange for good. A client then cancels (`*` in POP3, IMAP and
/// SMTP), or, if the error came from `finish`, closes the connection; a server sends its negative reply.
/// No error shows anything of a message.
///
/// ```
/// assert_eq!(auth::Error::Rejected.to_string(), "authentication failed");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer's message does not have the form that the mechanism demands.
    #[error("malformed message: {0}")]
    Malformed(ParseError),
    /// The peer sent a message where its mechanism has none: after the last, or an initial response of a
    /// mechanism in which the server speaks first (RFC 4422 section 3).
    #[error("a message where the mechanism has none")]
    OutOfTurn,
    /// The server said success before the mechanism was through.
    #[error("the server reported success before the end of the exchange")]
    Unfinished,
    /// The server said success without having proved that it knows the secret, in a mechanism in which it
    /// must. It may be an impostor.
    #[error("the server has not proved that it knows the secret")]
    ServerNotVerified,
    /// The sequence of one-time passwords is used up, or the server asks for one that is lower than the client gives out:
    /// begin a new one (RFC 2444 section 3).
    #[error("the sequence of one-time passwords is used up")]
    Exhausted,
    /// The credentials are not right, or there is no such user: which of them does not show.
    #[error("authentication failed")]
    Rejected,
    /// The credentials are right, but the user may not act as the authorization identity (RFC 4422
    /// section 3.6).
    #[error("not authorized to the requested authorization identity")]
    NotAuthorized,
    /// SCRAM has its own reasons.
    #[error(transparent)]
    Scram(#[from] crate::scram::Fault),
    /// The caller asked for something that is not possible now. Nothing has changed.
    #[error(transparent)]
    Misuse(#[from] Misuse),
}

/// The exchange is over or waits for something else.
#[cfg(any(feature = "client", feature = "server"))]
pub(crate) const fn wanted(wanted: &'static str) -> Error {
    Error::Misuse(Misuse::State { wanted })
}

/// A failure in `message`, which may hold a secret.
pub(crate) fn malformed(message: &[u8], failure: Failure, name: fn(Expected) -> &'static str) -> ParseError {
    let offset = message.len().saturating_sub(failure.left());
    ParseError {
        offset: u32::try_from(offset).unwrap_or(u32::MAX),
        expected: name(failure.expected()),
        kind: failure.kind(),
        got: None,
    }
}

/// A challenge that has the right form, and does not fit what the client was given.
#[cfg(feature = "client")]
pub(crate) fn unfit(challenge: &[u8], expected: Expected) -> Error {
    let failure = Failure::of(Failure::at(challenge, expected, wire::ParseErrorKind::Syntax));
    Error::Malformed(malformed(challenge, failure, crate::expected::name))
}

/// Why a [`Policy`](crate::Policy) does not allow a mechanism (RFC 4422 section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Forbidden {
    /// The secret would cross the network in the clear. A server says so with a code of its own: 538 in
    /// SMTP (RFC 4954 section 6), `PRIVACYREQUIRED` in IMAP (RFC 5530 section 3).
    #[error("the mechanism shows the secret, and there is no TLS")]
    Cleartext,
    /// The mechanism rests on MD5.
    #[error("the mechanism is weak")]
    Weak,
}
