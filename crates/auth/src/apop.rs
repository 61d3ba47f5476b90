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

pub use crate::digest::Digest;
pub use crate::timestamp::Timestamp;

use crate::digest::digest;
use crate::{Exposure, First, Profile, expected, text};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use wire::parse::{Failure, Parsed, fail, sp};
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

impl Digest {
    /// The digest of APOP: that of the timestamp, angle brackets included, followed by the secret.
    #[must_use]
    pub fn compute(timestamp: &Timestamp, secret: &Secret) -> Self {
        Self::of(&[timestamp.as_str().as_bytes(), secret.expose()])
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
        text::all(i, |i| message(i, tolerance))
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
    let (rest, (digest, upper)) = digest(rest, tolerance)?;
    let repair = upper.then_some(UPPER_CASE_DIGEST);
    Ok((rest, (Message { name: name.to_owned(), digest }, repair)))
}

fn illegal<T>(i: &[u8]) -> Parsed<'_, T> {
    Err(Failure::at(i, expected::AUTHENTICATION, ParseErrorKind::IllegalOctet))
}

#[cfg(feature = "client")]
mod client {
    use super::{Digest, Message, PROFILE, Timestamp};
    use crate::client::Once;
    use crate::{ClientMechanism, Error, Profile};
    use wire::{Misuse, Secret};

    /// The client: the argument of the command is its initial response. It keeps the digest, not the
    /// secret.
    #[derive(Debug)]
    pub struct Client(Once<Message>);

    impl Client {
        /// To log in as `name`, answering the timestamp of the greeting.
        ///
        /// # Errors
        /// As [`Message::new`]; and the secret is empty.
        pub fn new(timestamp: &Timestamp, name: &str, secret: &Secret) -> Result<Self, Misuse> {
            if secret.is_empty() {
                return Err(Misuse::Empty);
            }
            Message::new(name, Digest::compute(timestamp, secret)).map(|message| Self(Once::new(message)))
        }
    }

    impl ClientMechanism for Client {
        fn profile(&self) -> Profile {
            PROFILE
        }

        fn start(&mut self) -> Result<Secret, Error> {
            self.0.say().map(|message| message.encode())
        }

        fn finish(&mut self) -> Result<(), Error> {
            self.0.finish()
        }
    }
}
#[cfg(feature = "client")]
pub use client::Client;

#[cfg(feature = "server")]
mod server {
    use super::{Digest, Message, PROFILE, Timestamp};
    use crate::error::wanted;
    use crate::server::accept_if;
    use crate::{Credentials, Error, Move, Need, Profile, Request, ServerMechanism};
    use alloc::vec::Vec;
    use wire::{Misuse, Rule, Tolerance};

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
            let (secret, valid) = credentials.secret("answer to APOP")?;
            accept_if(Digest::compute(&self.timestamp, &secret).same(&given) & valid)
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
