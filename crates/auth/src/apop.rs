//! `APOP` (RFC 1939 section 7): the MD5 digest of the greeting's timestamp and a shared secret.
//!
//! It is a command of POP3 and no SASL mechanism, but the same exchanges run it: the one message is the
//! argument of the command, `name SP digest`.
//!
//! - Only a timestamp that is a valid msg-id counts: with others, somebody in the middle computes the
//!   secret from a few dozen logins (CVE-2007-1558).
//! - It rests on MD5, so both sides need [`Policy::allow_weak`](crate::Policy::allow_weak): it is never
//!   used by itself.
//! - The server must know the secret in the clear.
//!
//! ```
//! # #[cfg(all(feature = "client", feature = "server"))] {
//! use auth::{Answer, ClientExchange, Policy, ServerExchange, Step, apop};
//! use wire::{Secret, Tolerance};
//!
//! let policy = Policy::without_tls().allow_weak();
//! let greeting = b"POP3 server ready <1896.697170952@dbc.mtview.ca.us>";
//! let timestamp = apop::Timestamp::in_greeting(greeting).ok_or("no APOP here")?;
//!
//! let mechanism = apop::Client::new(&timestamp, "mrose", &Secret::new(*b"tanstaaf"))?;
//! let mut client = ClientExchange::new(mechanism, policy)?;
//! let argument = client.initial_response()?.ok_or("the client speaks first")?;
//! assert_eq!(argument.expose(), b"mrose c4c9334bac560ecc979e58001b3e22fb");
//!
//! let mut server = ServerExchange::new(apop::Server::new(timestamp, Tolerance::Strict), policy)?;
//! let Step::NeedCredentials(request) = server.start(Some(argument.expose()))? else {
//!     return Err("APOP needs no further message".into());
//! };
//! assert_eq!(request.authentication, "mrose");
//! let Step::Done(authenticated) = server.answer(Answer::password(Secret::new(*b"tanstaaf")))? else {
//!     return Err("APOP ends here".into());
//! };
//! assert_eq!(authenticated.user(), "mrose");
//! let _verified = client.finish(None)?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::error::malformed;
use crate::{Exposure, First, Profile, expected};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;
use md5::{Digest as _, Md5};
use subtle::ConstantTimeEq;
use wire::msg_id::{last_msg_id, msg_id};
use wire::parse::{Failure, Parsed, end, fail, sp};
use wire::{Misuse, ParseError, ParseErrorKind, Rule, Secret, Tolerance};

/// What APOP (RFC 1939 section 7) is like. The name is that of the command.
pub const PROFILE: Profile = Profile {
    name: "APOP",
    first: First::Client,
    exposure: Exposure::Digest,
    weak: true,
    proves_server: false,
};

/// The digest has upper-case letters, which RFC 1939 section 7 forbids; accepted at [`Tolerance::Lenient`].
pub const UPPER_CASE_DIGEST: Rule = Rule("apop-upper-case-digest");

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
        let whole = |i| {
            let (rest, id) = msg_id(i)?;
            let (rest, ()) = end(rest)?;
            Parsed::Ok((rest, id))
        };
        match whole(i) {
            Ok((_, id)) => Ok(Self(ascii(id))),
            Err(error) => Err(malformed(i, Failure::of(error), expected::name)),
        }
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

/// The digest of a timestamp and a secret: with it passwords can be tried, so it is printed as `***`. It
/// is compared in constant time.
///
/// ```
/// use auth::apop::{Digest, Timestamp};
/// use wire::Secret;
///
/// let timestamp = Timestamp::parse(b"<1896.697170952@dbc.mtview.ca.us>")?;
/// let digest = Digest::compute(&timestamp, &Secret::new(*b"tanstaaf"));
/// assert_eq!(&digest.to_hex(), b"c4c9334bac560ecc979e58001b3e22fb");
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Digest([u8; 16]);

impl Digest {
    /// The MD5 digest of the timestamp, angle brackets included, followed by the secret.
    #[must_use]
    pub fn compute(timestamp: &Timestamp, secret: &Secret) -> Self {
        let mut hash = Md5::new();
        hash.update(timestamp.as_str());
        hash.update(secret.expose());
        // by reference: `finalize` would move the block with the end of the secret, and leave a copy
        Self(hash.finalize_reset().into())
    }

    /// The 16 octets, for a protocol crate that writes them by itself.
    #[must_use]
    pub fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    /// In hexadecimal, with lower-case letters.
    #[must_use]
    pub fn to_hex(&self) -> [u8; 32] {
        let mut text = [0; 32];
        // cannot fail: 32 is twice 16
        let _ = hex::encode_to_slice(self.0, &mut text);
        text
    }
}

/// From a protocol crate that has read the hexadecimal digits by itself.
impl From<[u8; 16]> for Digest {
    fn from(octets: [u8; 16]) -> Self {
        Self(octets)
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The argument of the command APOP. A protocol crate that gives out the command in parts makes one with
/// [`new`](Self::new) and [`encode`](Self::encode)s it for the exchange; the other way, [`parse`](Self::parse)
/// takes apart what the client's exchange gave.
///
/// ```
/// use auth::apop::Message;
/// use wire::Tolerance;
///
/// let (message, repair) =
///     Message::parse(b"mrose c4c9334bac560ecc979e58001b3e22fb", Tolerance::Strict)?;
/// assert_eq!((message.name(), repair), ("mrose", None));
/// assert_eq!(message.encode().expose(), b"mrose c4c9334bac560ecc979e58001b3e22fb");
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    name: String,
    digest: Digest,
}

impl Message {
    /// The longest name, in octets: `APOP name digest` must fit into a line of 255 (RFC 2449 section 4).
    pub const MAX_NAME: usize = 215;

    /// The name of a mailbox, and a digest.
    ///
    /// # Errors
    /// The name is empty, longer than [`MAX_NAME`](Self::MAX_NAME), or holds a space or a control
    /// character. UTF-8 is allowed; a server wants to be asked for it first (RFC 6856 section 2).
    pub fn new(name: &str, digest: Digest) -> Result<Self, Misuse> {
        match name.bytes().position(|octet| octet <= b' ' || octet == 0x7f) {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None if name.is_empty() => Err(Misuse::Empty),
            None if name.len() > Self::MAX_NAME => Err(Misuse::TooLong { limit: Self::MAX_NAME }),
            None => Ok(Self { name: name.to_owned(), digest }),
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Parses a whole argument. RFC 1939 section 7 wants lower-case letters in the digest; upper-case ones
    /// say the same number and are accepted at [`Tolerance::Lenient`], with the rule that was broken.
    ///
    /// # Errors
    /// The offset and what was expected there. No octet of the message.
    pub fn parse(i: &[u8], tolerance: Tolerance) -> Result<(Self, Option<Rule>), ParseError> {
        match message(i, tolerance) {
            Ok((_, message)) => Ok(message),
            Err(error) => Err(malformed(i, Failure::of(error), expected::name)),
        }
    }

    /// The argument.
    #[must_use]
    pub fn encode(&self) -> Secret {
        let mut octets = Vec::with_capacity(self.name.len() + 33);
        octets.extend_from_slice(self.name.as_bytes());
        octets.push(b' ');
        octets.extend_from_slice(&self.digest.to_hex());
        Secret::new(octets)
    }
}

/// ```text
/// APOP name digest
///
/// Arguments:
///     a string identifying a mailbox and a MD5 digest string
///     (both required)
/// ```
///
/// RFC 1939 section 3: arguments are separated by single spaces.
fn message(i: &[u8], tolerance: Tolerance) -> Parsed<'_, (Message, Option<Rule>)> {
    let (name, rest) = i.split_at(i.iter().position(|&o| o == b' ').unwrap_or(i.len()));
    let name = match core::str::from_utf8(name) {
        Ok(name) => name,
        Err(error) => return illegal(&i[error.valid_up_to()..]),
    };
    let (rest, ()) = match Message::new(name, Digest([0; 16])) {
        Err(Misuse::IllegalOctet { offset }) => return illegal(&i[offset..]),
        Err(Misuse::TooLong { limit }) => {
            return Err(Failure::at(&i[limit..], expected::AUTHENTICATION, ParseErrorKind::TooLong));
        }
        Err(_) => return fail(i, expected::AUTHENTICATION),
        Ok(_) => sp(rest)?,
    };
    let (rest, (digest, repair)) = digest(rest, tolerance)?;
    let (rest, ()) = end(rest)?;
    Ok((rest, (Message { name: name.to_owned(), digest }, repair)))
}

fn illegal<T>(i: &[u8]) -> Parsed<'_, T> {
    Err(Failure::at(i, expected::AUTHENTICATION, ParseErrorKind::IllegalOctet))
}

/// RFC 1939 section 7:
///
/// ```text
/// The `digest' parameter itself is a 16-octet value which is sent in
/// hexadecimal format, using lower-case ASCII characters.
/// ```
fn digest(i: &[u8], tolerance: Tolerance) -> Parsed<'_, (Digest, Option<Rule>)> {
    let upper = tolerance >= Tolerance::Lenient;
    let digit = |o: &u8| matches!(o, b'0'..=b'9' | b'a'..=b'f') || upper && matches!(o, b'A'..=b'F');
    let len = i.iter().take(32).position(|o| !digit(o)).unwrap_or(i.len().min(32));
    let (text, rest) = i.split_at(len);
    let mut value = [0; 16];
    if hex::decode_to_slice(text, &mut value).is_err() {
        return fail(rest, expected::DIGEST);
    }
    let repair = text.iter().any(u8::is_ascii_uppercase).then_some(UPPER_CASE_DIGEST);
    Ok((rest, (Digest(value), repair)))
}

#[cfg(feature = "client")]
mod client {
    use super::{Digest, Message, PROFILE, Timestamp};
    use crate::{ClientMechanism, Error, Profile};
    use wire::{Misuse, Secret};

    /// The client: the argument of the command is its initial response. It keeps the digest, not the
    /// secret.
    #[derive(Debug)]
    pub struct Client {
        /// Until it was sent.
        message: Option<Message>,
    }

    impl Client {
        /// To log in as `name`, answering the timestamp of the greeting.
        ///
        /// # Errors
        /// As [`Message::new`]; and the secret is empty.
        pub fn new(timestamp: &Timestamp, name: &str, secret: &Secret) -> Result<Self, Misuse> {
            if secret.is_empty() {
                return Err(Misuse::Empty);
            }
            let message = Message::new(name, Digest::compute(timestamp, secret))?;
            Ok(Self { message: Some(message) })
        }
    }

    impl ClientMechanism for Client {
        fn profile(&self) -> Profile {
            PROFILE
        }

        fn start(&mut self) -> Result<Secret, Error> {
            self.message.take().map(|message| message.encode()).ok_or(Error::OutOfTurn)
        }

        fn respond(&mut self, _: &[u8]) -> Result<Secret, Error> {
            Err(Error::OutOfTurn)
        }

        fn finish(&mut self) -> Result<(), Error> {
            match self.message {
                None => Ok(()),
                Some(_) => Err(Error::Unfinished),
            }
        }
    }
}
#[cfg(feature = "client")]
pub use client::Client;

#[cfg(feature = "server")]
mod server {
    use super::{Digest, Message, PROFILE, Timestamp};
    use crate::error::wanted;
    use crate::{Credentials, Error, Move, Need, Profile, Request, ServerMechanism};
    use alloc::vec::Vec;
    use subtle::{Choice, ConstantTimeEq};
    use wire::{Misuse, Rule, Secret, Tolerance};

    /// The server: reads the argument of the command, asks [`Need::Password`], and compares the digests in
    /// constant time. The argument is what [`ServerExchange::start`](crate::ServerExchange::start) takes.
    #[derive(Debug)]
    pub struct Server {
        timestamp: Timestamp,
        tolerance: Tolerance,
        repairs: Vec<Rule>,
        given: Option<Digest>,
    }

    impl Server {
        /// Waits for the argument. `timestamp` is that of the greeting; `tolerance` as in
        /// [`Message::parse`].
        #[must_use]
        pub const fn new(timestamp: Timestamp, tolerance: Tolerance) -> Self {
            Self { timestamp, tolerance, repairs: Vec::new(), given: None }
        }
    }

    impl ServerMechanism for Server {
        fn profile(&self) -> Profile {
            PROFILE
        }

        /// There is no APOP without its argument.
        fn start(&mut self) -> Result<Move, Error> {
            Err(Misuse::Invalid("start of APOP: it has an argument").into())
        }

        fn respond(&mut self, response: &[u8]) -> Result<Move, Error> {
            let (message, repair) = Message::parse(response, self.tolerance).map_err(Error::Malformed)?;
            self.repairs.extend(repair);
            self.given = Some(message.digest);
            Ok(Move::Ask(Request::new(message.name, None, Need::Password)))
        }

        fn answer(&mut self, credentials: Credentials) -> Result<Move, Error> {
            let given = self.given.ok_or(wanted("after the argument"))?;
            let (secret, valid) = match credentials {
                Credentials::Password(secret) => {
                    let valid = !secret.is_empty();
                    (secret, valid)
                }
                // as much work as for a secret, and in vain
                Credentials::Rejected | Credentials::NoSuchUser => (Secret::new([0; 16]), false),
                // nobody but us can have compared
                Credentials::Accepted | Credentials::ScramRecord(_) => {
                    return Err(Misuse::Invalid("answer to APOP").into());
                }
            };
            let right = Digest::compute(&self.timestamp, &secret).0.ct_eq(&given.0);
            if (right & Choice::from(u8::from(valid))).into() {
                Ok(Move::Accept { data: None })
            } else {
                Err(Error::Rejected)
            }
        }

        fn repairs(&mut self) -> Vec<Rule> {
            core::mem::take(&mut self.repairs)
        }
    }
}
#[cfg(feature = "server")]
pub use server::Server;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec};
    use proptest::prelude::*;

    const ID: &[u8] = b"<1896.697170952@dbc.mtview.ca.us>";

    /// auth-vectors.md, section 1: RFC 1939 section 7.
    #[test]
    fn vector() {
        let greeting = b"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>";
        let timestamp = Timestamp::in_greeting(greeting).unwrap();
        assert_eq!(timestamp.as_str().as_bytes(), ID);
        let digest = Digest::compute(&timestamp, &Secret::new(*b"tanstaaf"));
        assert_eq!(&digest.to_hex(), b"c4c9334bac560ecc979e58001b3e22fb");
        let message = Message::new("mrose", digest).unwrap();
        let argument = message.encode();
        assert_eq!(argument.expose(), b"mrose c4c9334bac560ecc979e58001b3e22fb");
        assert_eq!(Message::parse(argument.expose(), Tolerance::Strict), Ok((message, None)));
    }

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

    #[test]
    fn malformed_arguments() {
        use ParseErrorKind::{End, IllegalOctet, Syntax, TooLong, Trailing};
        let digest = "c4c9334bac560ecc979e58001b3e22fb";
        let (name, hex) = ("authentication identity", "digest of 32 lower-case hexadecimal digits");
        let long = |n| [&vec![b'x'; n], &b" "[..], digest.as_bytes()].concat();
        for (argument, offset, expected, kind) in [
            (vec![], 0, name, End),
            (b"mrose".to_vec(), 5, "space", End),
            (b"mrose ".to_vec(), 6, hex, End),
            (format!(" {digest}").into(), 0, name, Syntax),
            (format!("mrose  {digest}").into(), 6, hex, Syntax),
            (format!("mrose {}", &digest[1..]).into(), 37, hex, End),
            (format!("mrose {digest}0").into(), 38, "end of line", Trailing),
            (format!("mrose {digest} ").into(), 38, "end of line", Trailing),
            (format!("mrose {digest}\r\n").into(), 38, "end of line", Trailing),
            (format!("m rose {digest}").into(), 2, hex, Syntax),
            (format!("mrose g{}", &digest[1..]).into(), 6, hex, Syntax),
            (format!("mrose {}", digest.to_uppercase()).into(), 6, hex, Syntax),
            (format!("m\0ose {digest}").into(), 1, name, IllegalOctet),
            (format!("m\tose {digest}").into(), 1, name, IllegalOctet),
            (format!("mros\x7f {digest}").into(), 4, name, IllegalOctet),
            ([b"m\xff ", digest.as_bytes()].concat(), 1, name, IllegalOctet),
            (long(216), 215, name, TooLong),
        ] {
            let error = ParseError { offset, expected, kind, got: None };
            assert_eq!(Message::parse(&argument, Tolerance::Default), Err(error), "{argument:?}");
        }
        assert!(Message::parse(&long(215), Tolerance::Strict).is_ok());
        assert!(Message::parse(format!("jürgen {digest}").as_bytes(), Tolerance::Strict).is_ok());
    }

    /// Case 181 says it of CRAM-MD5.
    #[test]
    fn upper_case_is_a_repair() {
        let argument = b"mrose C4C9334BAC560ECC979E58001b3e22fb";
        for tolerance in [Tolerance::Strict, Tolerance::Default] {
            assert!(Message::parse(argument, tolerance).is_err());
        }
        let (message, repair) = Message::parse(argument, Tolerance::Lenient).unwrap();
        assert_eq!(repair, Some(UPPER_CASE_DIGEST));
        assert_eq!(message.encode().expose(), b"mrose c4c9334bac560ecc979e58001b3e22fb");
        let lower = b"mrose c4c9334bac560ecc979e58001b3e22fb";
        assert_eq!(Message::parse(lower, Tolerance::Lenient), Ok((message, None)));
        assert!(Message::parse(b"mrose G4C9334BAC560ECC979E58001b3e22fb", Tolerance::Lenient).is_err());
    }

    #[test]
    fn names_cannot_inject() {
        for name in ["", "a b", "a\r\nDELE 1", "a\0", "\x7f"] {
            assert!(Message::new(name, Digest([0; 16])).is_err(), "{name:?}");
        }
    }

    #[test]
    fn nothing_is_printed() {
        let message = Message::new("mrose", Digest([0xab; 16])).unwrap();
        assert_eq!(format!("{message:?}"), r#"Message { name: "mrose", digest: *** }"#);
    }

    proptest! {
        #[test]
        fn arguments_round_trip(name in "[!-~äß€]{1,70}", digest: [u8; 16]) {
            let message = Message::new(&name, Digest(digest)).unwrap();
            let argument = message.encode();
            prop_assert_eq!(Message::parse(argument.expose(), Tolerance::Strict), Ok((message, None)));
        }

        #[test]
        fn parsers_never_panic(octets: Vec<u8>) {
            if let Ok((message, None)) = Message::parse(&octets, Tolerance::Lenient) {
                let argument = message.encode();
                prop_assert_eq!(argument.expose(), &octets);
            }
            if let Some(timestamp) = Timestamp::in_greeting(&octets) {
                prop_assert!(Timestamp::parse(timestamp.as_str().as_bytes()).is_ok());
            }
        }
    }
}
