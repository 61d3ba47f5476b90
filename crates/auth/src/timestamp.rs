//! The timestamp of APOP (RFC 1939 section 7) and the challenge of CRAM-MD5 (RFC 2195 section 2): a msg-id.

use crate::text;
use alloc::string::String;
use core::fmt;
use wire::msg_id::{last_msg_id, msg_id};
use wire::{Misuse, ParseError};

/// The timestamp of a greeting: a valid msg-id, with its angle brackets.
///
/// RFC 1939 section 7 names RFC 822, whose successor RFC 5322 section 3.6.4 has the grammar.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Timestamp(String);

impl Timestamp {
    /// The longest that [`new`](Self::new) makes, in octets: the greeting must fit into a line of 512.
    pub const MAX: usize = 255;

    /// For a greeting: `<part.part.part@host>`.
    ///
    /// It must be another one each time (RFC 1939 section 7), and should not be predictable: take a
    /// counter or the process id and the time, and 18 random octets in hexadecimal. A part may hold letters,
    /// digits, inner dots, and what else `atext` has; `host` may be an address in square brackets.
    ///
    /// # Errors
    /// Longer than [`MAX`](Self::MAX), no parts, or a part or the host do not fit into a msg-id.
    ///
    /// ```
    /// use auth::apop::Timestamp;
    ///
    /// let timestamp = Timestamp::new(["1896", "697170952"], "dbc.mtview.ca.us")?;
    /// assert_eq!(timestamp.as_str(), "<1896.697170952@dbc.mtview.ca.us>");
    /// assert!(Timestamp::new(["18 96"], "dbc.mtview.ca.us").is_err());
    /// # Ok::<(), wire::Misuse>(())
    /// ```
    pub fn new<'p>(parts: impl IntoIterator<Item = &'p str>, host: &str) -> Result<Self, Misuse> {
        let mut id = String::from("<");
        for part in parts {
            if id.len() > 1 {
                id.push('.');
            }
            id.push_str(part);
            if id.len() > Self::MAX {
                return Err(Misuse::TooLong { limit: Self::MAX });
            }
        }
        if id.len() + host.len() + 2 > Self::MAX {
            return Err(Misuse::TooLong { limit: Self::MAX });
        }
        id.push('@');
        id.push_str(host);
        id.push('>');
        match msg_id(id.as_bytes()) {
            Ok((b"", _)) => Ok(Self(id)),
            _ => Err(Misuse::Invalid("msg-id")),
        }
    }

    /// Parses a msg-id and nothing else.
    ///
    /// # Errors
    /// Anything else.
    ///
    /// ```
    /// use auth::apop::Timestamp;
    ///
    /// assert!(Timestamp::parse(b"<1896.697170952@dbc.mtview.ca.us>").is_ok());
    /// let error = Timestamp::parse(b"<1896.697170952>").unwrap_err();
    /// assert_eq!(error.to_string(), "at byte 15: expected msg-id");
    /// ```
    pub fn parse(i: &[u8]) -> Result<Self, ParseError> {
        text::all(i, msg_id).map(|id| Self(ascii(id)))
    }

    /// The timestamp of a greeting: its last `<` must begin a valid msg-id. `None` means that APOP cannot
    /// be used, whatever stands there instead.
    ///
    /// ```
    /// use auth::apop::Timestamp;
    ///
    /// assert!(Timestamp::in_greeting(b"POP3 ready <1.2@example.org> welcome").is_some());
    /// assert!(Timestamp::in_greeting(b"POP3 ready").is_none());
    /// assert!(Timestamp::in_greeting(b"POP3 ready <>").is_none());
    /// ```
    #[must_use]
    pub fn in_greeting(text: &[u8]) -> Option<Self> {
        last_msg_id(text).map(|id| Self(ascii(id)))
    }

    /// The msg-id, with its angle brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A msg-id is ASCII.
fn ascii(id: &[u8]) -> String {
    id.iter().map(|&octet| char::from(octet)).collect()
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cases 129 and 130.
    #[test]
    fn only_a_msg_id_counts() {
        for greeting in [
            &b"+OK ready"[..],
            b"+OK <a b\nc>",
            b"+OK <\x00\x01>",
            b"+OK <>",
            b"+OK <a\x80@b>",
            b"+OK <a@>",
            b"+OK <@b>",
            b"+OK <a@b@c>",
            b"+OK <a@b> then <x>",
            b"+OK <a@b",
            b"-ERR go away",
            b"",
        ] {
            assert_eq!(Timestamp::in_greeting(greeting), None, "{greeting:?}");
        }
        for (greeting, id) in [
            (&b"+OK <a@b> hello \xff"[..], "<a@b>"),
            (b"<x@y> <1.2@[127.0.0.1]>", "<1.2@[127.0.0.1]>"),
            (b"<<a@b>", "<a@b>"),
        ] {
            assert_eq!(Timestamp::in_greeting(greeting).unwrap().as_str(), id);
        }
        assert!(Timestamp::parse(b"<a@b> ").is_err());
        assert!(Timestamp::parse(b" <a@b>").is_err());
    }

    #[test]
    fn made_timestamps() {
        let made = |parts: &[&str], host: &str| Timestamp::new(parts.iter().copied(), host);
        for (parts, host, id) in [
            (&["1896", "697170952"][..], "dbc.mtview.ca.us", "<1896.697170952@dbc.mtview.ca.us>"),
            (&["a.b", "c"], "x", "<a.b.c@x>"),
            (&["1"], "[127.0.0.1]", "<1@[127.0.0.1]>"),
        ] {
            let timestamp = made(parts, host).unwrap();
            assert_eq!(timestamp.as_str(), id);
            assert_eq!(Timestamp::parse(id.as_bytes()), Ok(timestamp));
        }
        for (parts, host) in [
            (&[][..], "x"),
            (&[""], "x"),
            (&["a", ""], "x"),
            (&["a b"], "x"),
            (&["a@b"], "x"),
            (&["<a"], "x"),
            (&["a>"], "x"),
            (&["a\r\n+OK"], "x"),
            (&["a"], ""),
            (&["a"], "x> <y@z"),
            (&["a"], "x\r\n"),
            (&["a"], "münchen.example"),
            (&["a"], "x."),
        ] {
            assert_eq!(made(parts, host), Err(Misuse::Invalid("msg-id")), "{parts:?} {host:?}");
        }
        let too_long = Err(Misuse::TooLong { limit: Timestamp::MAX });
        assert_eq!(made(&["a"], &"x".repeat(251)).unwrap().as_str().len(), Timestamp::MAX);
        assert_eq!(made(&["a"], &"x".repeat(252)), too_long);
        assert_eq!(made(&[&"a".repeat(251)], "x").unwrap().as_str().len(), Timestamp::MAX);
        assert_eq!(made(&[&"a".repeat(252)], "x"), too_long);
        assert_eq!(made(&["a"; 1000], "x"), too_long);
    }
}
