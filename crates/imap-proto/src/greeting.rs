//! The greeting (RFC 9051 section 7.1.4), and what other servers say in its place.

use crate::core::syntax::{after, expected, line, sp};
use crate::core::{Context, Encoder};
use crate::{Condition, ConditionKind, Options};
use ::core::fmt;
use bytes::Bytes;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, Output, ParseError, ParseErrorKind, Tolerance};

/// The first line of a connection, from the server: OK, PREAUTH or BYE (RFC 9051 section 9).
///
/// ```
/// use imap_proto::{ConditionKind, Greeting, GreetingError};
///
/// let greeting = Greeting::parse(&"* OK IMAP4rev2 server ready\r\n".into())?;
/// assert_eq!(greeting.condition().kind(), ConditionKind::Ok);
/// let error = Greeting::parse(&"+OK POP3 server ready\r\n".into()).unwrap_err();
/// assert_eq!(error, GreetingError::NotImap("POP3"));
/// # Ok::<(), imap_proto::GreetingError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting(Condition);

/// Why something is no greeting.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GreetingError {
    /// The server speaks another protocol.
    NotImap(&'static str),
    /// It is none of that.
    Malformed(ParseError),
}

impl fmt::Display for GreetingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotImap(protocol) => write!(f, "not IMAP: the server speaks {protocol}"),
            Self::Malformed(error) => error.fmt(f),
        }
    }
}

impl ::core::error::Error for GreetingError {}

impl Greeting {
    /// A greeting.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: NO or BAD.
    pub fn new(condition: Condition) -> Result<Self, Misuse> {
        match condition.kind() {
            ConditionKind::Ok | ConditionKind::PreAuth | ConditionKind::Bye => Ok(Self(condition)),
            ConditionKind::No | ConditionKind::Bad => Err(Misuse::Invalid("greeting")),
        }
    }

    /// What it says.
    #[must_use]
    pub const fn condition(&self) -> &Condition {
        &self.0
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(self.0.detach())
    }

    /// Parses a complete line by the rules of the RFC.
    ///
    /// # Errors
    /// It is another protocol's; or what is wrong, and where.
    pub fn parse(frame: &Bytes) -> Result<Self, GreetingError> {
        Self::parse_in(&Context::new(frame, Tolerance::Strict))
    }

    /// Parses the message of a context, which is a complete line.
    ///
    /// # Errors
    /// It is another protocol's; or what is wrong, and where.
    pub fn parse_in(cx: &Context<'_>) -> Result<Self, GreetingError> {
        let parsed = line(cx, cx.frame(), 0).and_then(|line| Self::rule(cx, line));
        match parsed {
            Ok((_, greeting)) => Ok(greeting),
            Err(error) => Err(match Self::foreign(cx.frame()) {
                Some(protocol) => GreetingError::NotImap(protocol),
                None => GreetingError::Malformed(cx.error(error, expected::name)),
            }),
        }
    }

    /// Another protocol, by the first octets that its server sends, which need not be a line.
    #[must_use]
    pub fn foreign(octets: &[u8]) -> Option<&'static str> {
        Some(match octets {
            [b'+', b'O' | b'o', b'K' | b'k', ..] | [b'-', b'E' | b'e', b'R' | b'r', b'R' | b'r', ..] => {
                "POP3"
            }
            [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'-' | b'\r' | b'\n', ..] => "SMTP",
            [0x15 | 0x16, 3, ..] => "TLS",
            _ if octets.starts_with(b"SSH-") => "SSH",
            _ if after(octets, b"HTTP/").is_some() || octets.starts_with(b"<") => "HTTP",
            _ if after(octets, b"\"IMPLEMENTATION\"").is_some() => "ManageSieve",
            _ => return None,
        })
    }

    /// The line without its end.
    ///
    /// ```text
    /// greeting        = "*" SP (resp-cond-auth / resp-cond-bye) CRLF
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let Some(rest) = i.strip_prefix(b"*") else { return fail(i, expected::GREETING) };
        let (start, ()) = sp(cx, rest)?;
        let (rest, condition) = match start.first() {
            Some(b'[') => Condition::without_kind(cx, start)?,
            _ => Condition::with_kind(cx, start)?,
        };
        match Self::new(condition) {
            Ok(greeting) => Ok((rest, greeting)),
            Err(_) => Err(Failure::at(start, expected::GREETING, ParseErrorKind::Syntax)),
        }
    }

    /// Writes the line.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(b"* ");
        self.0.encode_with_kind(encoder);
        encoder.put(b"\r\n");
    }

    /// The line as it goes over the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let mut output = Output::new();
        self.encode(&mut Encoder::new(&mut output, Options::server()));
        output.take_all()
    }

    /// Any greeting, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::strategy::Strategy;
        Condition::strategy().prop_filter_map("NO, BAD", |condition| Self::new(condition).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn greetings() {
        for (line, least, kind) in [
            ("* OK IMAP4rev1 ready\r\n", Tolerance::Strict, ConditionKind::Ok),
            ("* PREAUTH [CAPABILITY IMAP4rev2] hello\r\n", Tolerance::Strict, ConditionKind::PreAuth),
            (
                "* BYE [REFERRAL IMAP://user;AUTH=*@SERVER2/] Try SERVER2\r\n",
                Tolerance::Strict,
                ConditionKind::Bye,
            ),
            ("* ok \r\n", Tolerance::Strict, ConditionKind::Ok),
            ("* OK\r\n", Tolerance::Default, ConditionKind::Ok),
            ("*  OK x\n", Tolerance::Default, ConditionKind::Ok),
            ("* [ALERT] x\r\n", Tolerance::Default, ConditionKind::Ok),
        ] {
            for tolerance in [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient] {
                let frame = Bytes::from_static(line.as_bytes());
                let greeting = Greeting::parse_in(&Context::new(&frame, tolerance));
                assert_eq!(greeting.is_ok(), tolerance >= least, "{line:?} {greeting:?}");
                if let Ok(greeting) = greeting {
                    assert_eq!(greeting.condition().kind(), kind, "{line:?}");
                }
            }
        }
    }

    #[test]
    fn others() {
        for (octets, protocol) in [
            (&b"+OK ready\r\n"[..], Some("POP3")),
            (b"-ERR no\r\n", Some("POP3")),
            (b"220 mx.example ESMTP\r\n", Some("SMTP")),
            (b"220-mx.example\r\n", Some("SMTP")),
            (b"421\r\n", Some("SMTP")),
            (b"HTTP/1.1 400 Bad Request\r\n", Some("HTTP")),
            (b"<html>\r\n", Some("HTTP")),
            (b"SSH-2.0-OpenSSH\r\n", Some("SSH")),
            (b"\x15\x03\x01\x00\x02\x02\x0a", Some("TLS")),
            (b"\"IMPLEMENTATION\" \"x\"\r\n", Some("ManageSieve")),
            (b"+ OK\r\n", None),
            (b"* NO x\r\n", None),
            (b"* BAD x\r\n", None),
            (b"* LIST x\r\n", None),
            (b"OK x\r\n", None),
            (b"\r\n", None),
            (b"", None),
        ] {
            let frame = Bytes::from_static(octets);
            let error = Greeting::parse_in(&Context::new(&frame, Tolerance::Lenient)).unwrap_err();
            match (error, protocol) {
                (GreetingError::NotImap(name), Some(protocol)) => assert_eq!(name, protocol),
                (GreetingError::Malformed(_), None) => {}
                (error, _) => panic!("{}: {error}", octets.escape_ascii()),
            }
        }
    }

    proptest! {
        #[test]
        fn greetings_round_trip(greeting in Greeting::strategy()) {
            prop_assert_eq!(Greeting::parse(&greeting.to_bytes()), Ok(greeting.detach()));
        }
    }
}
