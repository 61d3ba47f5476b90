//! The greeting (RFC 1939 section 4), with the timestamp of APOP (section 7).

use crate::{Status, syntax};
use bytes::Bytes;
use wire::msg_id::last_msg_id;
use wire::parse::Failure;
use wire::{Context, Misuse, Output, ParseError, Tolerance};

/// The first line of a connection, from the server (RFC 1939 section 4).
///
/// ```
/// use pop3_proto::Greeting;
///
/// let greeting = Greeting::parse(&"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n".into())?;
/// assert_eq!(greeting.timestamp(), Some(&b"<1896.697170952@dbc.mtview.ca.us>"[..]));
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Greeting(Status);

impl Greeting {
    /// A greeting without a timestamp: the server does not offer APOP. `-ERR` refuses the connection.
    ///
    /// # Errors
    /// The text would pass for one with a timestamp.
    pub fn new(status: Status) -> Result<Self, Misuse> {
        match last_msg_id(status.text().as_bytes()) {
            Some(_) if status.is_ok() => Err(Misuse::Invalid("greeting without a timestamp")),
            _ => Ok(Self(status)),
        }
    }

    /// A greeting with the timestamp of APOP at its end, which must be a `msg-id` of RFC 5322 with its
    /// angle brackets, different for each connection.
    ///
    /// # Errors
    /// CR, LF or NUL in the text, or no valid timestamp.
    pub fn with_timestamp(text: &str, timestamp: &[u8]) -> Result<Self, Misuse> {
        if last_msg_id(timestamp) != Some(timestamp) {
            return Err(Misuse::Invalid("timestamp (a msg-id of RFC 5322)"));
        }
        let mut line = text.as_bytes().to_vec();
        if !text.is_empty() {
            line.push(b' ');
        }
        line.extend_from_slice(timestamp);
        Ok(Self(Status::ok(line)?))
    }

    /// The status line.
    #[must_use]
    pub const fn status(&self) -> &Status {
        &self.0
    }

    /// Whether the server accepts the connection.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        self.0.is_ok()
    }

    /// The timestamp that APOP digests, with its angle brackets: the last `<...>`, and only if it is a valid
    /// `msg-id` of RFC 5322. Anything looser would let an attacker choose what a client digests
    /// (CVE-2007-1558).
    #[must_use]
    pub fn timestamp(&self) -> Option<&[u8]> {
        if self.0.is_ok() { last_msg_id(self.0.text().as_bytes()) } else { None }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(self.0.detach())
    }

    /// Parses a complete greeting by the rules of the RFC.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(frame: &Bytes) -> Result<Self, ParseError> {
        if let Some(status) = Status::plain(frame) {
            return Ok(Self(status));
        }
        let cx = Context::new(frame, Tolerance::Strict);
        syntax::line(&cx, frame, 0)
            .and_then(|line| Self::rule(&cx, line))
            .map_err(|error| cx.error(error, syntax::expected::name))
    }

    /// ```text
    /// greeting     =  "+OK" [resp-code] *gchar [timestamp] *gchar CRLF
    ///                     ;512 octets maximum
    /// timestamp    =  "<" *VCHAR ">"
    ///                     ;MUST conform to RFC-822 msg-id
    /// ```
    ///
    /// The rule leaves out the spaces that every greeting has; it is read as a status line, which may
    /// also be `-ERR`.
    pub(crate) fn rule(cx: &Context<'_>, line: &[u8]) -> Result<Self, nom::Err<Failure>> {
        Status::rule(cx, line).map(Self)
    }

    pub(crate) fn encode(&self, output: &mut Output) {
        self.0.encode(output);
    }

    /// The line as it goes over the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        self.0.to_bytes()
    }

    /// Any greeting, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            Status::strategy().prop_map(Self),
            ("[ -~]{0,20}", "<[a-z0-9.+/=]{1,9}@[a-z0-9]{1,5}>")
                .prop_filter_map("msg-id", |(text, id)| { Self::with_timestamp(&text, id.as_bytes()).ok() }),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cases_129_and_130() {
        for (line, timestamp) in [
            (&b"+OK ready <1.2@h>\r\n"[..], Some(&b"<1.2@h>"[..])),
            (b"+OK <x> ready <1.2@h> go\r\n", Some(b"<1.2@h>")),
            (b"+OK <1.2@h>\r\n", Some(b"<1.2@h>")),
            (b"+OK [AUTH] <1.2@h>\r\n", Some(b"<1.2@h>")),
            (b"+OK no timestamp\r\n", None),
            (b"-ERR go away <1.2@h>\r\n", None),
            (b"+OK <1.2@h> <>\r\n", None),
            (b"+OK <a b@c>\r\n", None),
            (b"+OK <\x80@c>\r\n", None),
            (b"+OK <a@b@c>\r\n", None),
        ] {
            let greeting = Greeting::parse(&Bytes::from_static(line)).unwrap();
            assert_eq!(greeting.timestamp(), timestamp, "{line:?}");
            assert_eq!(greeting.is_ok(), line[0] == b'+');
        }
    }

    #[test]
    fn a_server_cannot_offer_apop_by_accident_or_badly() {
        assert!(Greeting::new(Status::ok("ready <1.2@h>").unwrap()).is_err());
        assert!(Greeting::new(Status::ok("ready <1.2>").unwrap()).is_ok());
        assert!(Greeting::new(Status::err("busy <1.2@h>").unwrap()).is_ok());
        let greeting = Greeting::with_timestamp("ready", b"<1.2@h>").unwrap();
        assert_eq!(greeting.to_bytes(), "+OK ready <1.2@h>\r\n");
        for bad in [&b"1.2@h"[..], b"<>", b"<a b@c>", b"x <1.2@h>", b""] {
            assert!(Greeting::with_timestamp("ready", bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(greeting in Greeting::strategy()) {
            prop_assert_eq!(Greeting::parse(&greeting.to_bytes()).unwrap(), greeting);
        }
    }
}
