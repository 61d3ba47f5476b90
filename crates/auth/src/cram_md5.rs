//! `CRAM-MD5` (RFC 2195): the keyed MD5 digest of the server's challenge, with the password as the key.
//!
//! - It does not show the password, but whoever reads along can try passwords as fast as MD5 is.
//! - The server must know the password, or what is as good as it.
//! - Nothing proves the server, nothing binds to TLS: both sides need
//!   [`Policy::allow_weak`](crate::Policy::allow_weak).
//!
//! ```
//! # #[cfg(all(feature = "client", feature = "server"))] {
//! use auth::{Answer, ClientExchange, Policy, ServerExchange, Step, cram_md5};
//! use wire::{Secret, Tolerance};
//!
//! let policy = Policy::with_tls().allow_weak();
//! let timestamp = cram_md5::Timestamp::new(["1896", "697170952"], "postoffice.reston.mci.net")?;
//! let server = cram_md5::Server::new(timestamp, Tolerance::Strict);
//! let mut server = ServerExchange::new(server, policy)?;
//! let client = cram_md5::Client::new("tim", Secret::new(*b"tanstaaftanstaaf"), Tolerance::Default)?;
//! let mut client = ClientExchange::new(client, policy)?;
//!
//! let Step::Challenge(challenge) = server.start(None)? else { return Err("the server begins".into()) };
//! let response = client.respond(&challenge)?;
//! assert_eq!(response.expose(), b"tim b913a602c7eda7a495b4e6e7334d3890");
//! let Step::NeedCredentials(request) = server.respond(response.expose())? else {
//!     return Err("CRAM-MD5 needs no further message".into());
//! };
//! let Step::Done(authenticated) = server.answer(Answer::password(Secret::new(*b"tanstaaftanstaaf")))? else {
//!     return Err("CRAM-MD5 ends here".into());
//! };
//! assert_eq!(authenticated.user(), "tim");
//! let _verified = client.finish(None)?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use crate::digest::Digest;
pub use crate::timestamp::Timestamp;

use crate::digest::digest;
use crate::{Exposure, First, Profile, expected, text};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseError, ParseErrorKind, Rule, Secret, Tolerance};

/// What CRAM-MD5 (RFC 2195) is like.
pub const PROFILE: Profile = Profile {
    name: "CRAM-MD5",
    first: First::Server,
    exposure: Exposure::Digest,
    weak: true,
    proves_server: false,
};

/// The digest has upper-case letters, which RFC 2195 section 2 forbids; accepted at [`Tolerance::Lenient`].
pub const UPPER_CASE_DIGEST: Rule = Rule("cram-md5-upper-case-digest");

/// The response of the client (RFC 2195 section 2).
///
/// ```
/// use auth::cram_md5::Message;
/// use wire::Tolerance;
///
/// // names may have spaces
/// let (message, _) =
///     Message::parse(b"Tim Tester b913a602c7eda7a495b4e6e7334d3890", Tolerance::Strict)?;
/// assert_eq!(message.name(), "Tim Tester");
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    name: String,
    digest: Digest,
}

impl Message {
    /// The longest name, in octets.
    pub const MAX_NAME: usize = text::MAX;

    /// A name and a digest.
    ///
    /// # Errors
    /// The name is empty, longer than [`MAX_NAME`](Self::MAX_NAME), or holds a control character.
    pub fn new(name: &str, digest: Digest) -> Result<Self, Misuse> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), digest })
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

    /// Parses a whole response. RFC 2195 section 2 wants lower-case letters in the digest; upper-case ones
    /// say the same number and are accepted at [`Tolerance::Lenient`], with the rule that was broken.
    ///
    /// # Errors
    /// The offset and what was expected there. No octet of the message.
    pub fn parse(i: &[u8], tolerance: Tolerance) -> Result<(Self, Option<Rule>), ParseError> {
        text::all(i, |i| message(i, tolerance))
    }

    /// The response.
    #[must_use]
    pub fn encode(&self) -> Secret {
        let mut octets = Vec::with_capacity(self.name.len() + 33);
        octets.extend_from_slice(self.name.as_bytes());
        octets.push(b' ');
        octets.extend_from_slice(&self.digest.to_hex());
        Secret::new(octets)
    }
}

impl Digest {
    /// The digest of CRAM-MD5: that of the timestamp, angle brackets included, with the password as the
    /// key.
    ///
    /// ```
    /// use auth::cram_md5::{Digest, Timestamp};
    /// use wire::Secret;
    ///
    /// let timestamp = Timestamp::parse(b"<1896.697170952@postoffice.reston.mci.net>")?;
    /// let digest = Digest::compute_keyed(&timestamp, &Secret::new(*b"tanstaaftanstaaf"));
    /// assert_eq!(&digest.to_hex(), b"b913a602c7eda7a495b4e6e7334d3890");
    /// # Ok::<(), wire::ParseError>(())
    /// ```
    #[must_use]
    pub fn compute_keyed(timestamp: &Timestamp, password: &Secret) -> Self {
        Self::keyed(password, timestamp.as_str().as_bytes())
    }
}

fn check_name(name: &str) -> Result<(), Misuse> {
    text::check(name.as_bytes())?;
    match name.bytes().position(|octet| octet.is_ascii_control()) {
        Some(offset) => Err(Misuse::IllegalOctet { offset }),
        None => Ok(()),
    }
}

/// RFC 2195 section 2, in the words of draft-ietf-sasl-crammd5:
///
/// ```text
/// client-response = username SP digest
/// username        = 1*OCTET ; must be well-formed UTF-8
/// digest          = 32(%x30-39 / %x61-66) ; lower-case hexadecimal digits
/// ```
///
/// The name may hold spaces: the last space counts (case 181).
fn message(i: &[u8], tolerance: Tolerance) -> Parsed<'_, (Message, Option<Rule>)> {
    let Some(space) = i.iter().rposition(|&o| o == b' ') else {
        return match core::str::from_utf8(i) {
            Ok(_) => fail(&i[i.len()..], wire::parse::expected::SP),
            Err(error) => illegal(&i[error.valid_up_to()..]),
        };
    };
    let (name, rest) = (&i[..space], &i[space + 1..]);
    let name = match core::str::from_utf8(name) {
        Ok(name) => name,
        Err(error) => return illegal(&i[error.valid_up_to()..]),
    };
    match check_name(name) {
        Ok(()) => {}
        Err(Misuse::IllegalOctet { offset }) => return illegal(&i[offset..]),
        Err(Misuse::TooLong { limit }) => {
            return Err(Failure::at(&i[limit..], expected::AUTHENTICATION, ParseErrorKind::TooLong));
        }
        Err(_) => return fail(i, expected::AUTHENTICATION),
    }
    let (rest, (digest, upper)) = digest(rest, tolerance)?;
    Ok((rest, (Message { name: name.to_owned(), digest }, upper.then_some(UPPER_CASE_DIGEST))))
}

fn illegal<T>(i: &[u8]) -> Parsed<'_, T> {
    Err(Failure::at(i, expected::AUTHENTICATION, ParseErrorKind::IllegalOctet))
}

#[cfg(feature = "client")]
mod client {
    use super::{Digest, Message, PROFILE, check_name};
    use crate::client::Once;
    use crate::{ClientMechanism, Error, Profile, text};
    use alloc::{borrow::ToOwned, string::String};
    use wire::class::VCHAR;
    use wire::{Misuse, Secret, Tolerance};

    /// The client: answers the one challenge.
    #[derive(Debug)]
    pub struct Client {
        once: Once<(String, Secret)>,
        tolerance: Tolerance,
    }

    impl Client {
        /// The longest challenge that is answered, in octets.
        pub const MAX_CHALLENGE: usize = 1024;

        /// To log in as `name`. RFC 2195 section 2 wants a msg-id for a challenge;
        /// [`Tolerance::Lenient`] answers any printable text.
        ///
        /// # Errors
        /// As [`Message::new`]; and the password is empty.
        pub fn new(name: &str, password: Secret, tolerance: Tolerance) -> Result<Self, Misuse> {
            check_name(name)?;
            if password.is_empty() {
                return Err(Misuse::Empty);
            }
            Ok(Self { once: Once::new((name.to_owned(), password)), tolerance })
        }
    }

    impl ClientMechanism for Client {
        fn profile(&self) -> Profile {
            PROFILE
        }

        fn respond(&mut self, challenge: &[u8]) -> Result<Secret, Error> {
            let (name, password) = self.once.say()?;
            let printable = |i| {
                let len = VCHAR.run(i);
                match i.get(..len) {
                    Some([]) | None => wire::parse::fail(i, wire::parse::expected::MSG_ID),
                    Some(text) => Ok((&i[len..], text)),
                }
            };
            let text = match self.tolerance {
                Tolerance::Lenient if challenge.len() <= Self::MAX_CHALLENGE => {
                    text::all(challenge, printable)
                }
                _ => text::all(challenge, wire::msg_id::msg_id),
            };
            let text = text.map_err(Error::Malformed)?;
            let message = Message { name, digest: Digest::keyed(&password, text) };
            Ok(message.encode())
        }

        fn finish(&mut self) -> Result<(), Error> {
            self.once.finish()
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
    use wire::{Rule, Tolerance};

    /// The server: sends its timestamp, reads the response, asks [`Need::Password`], and compares the
    /// digests in constant time.
    #[derive(Debug)]
    pub struct Server {
        timestamp: Timestamp,
        tolerance: Tolerance,
        repairs: Vec<Rule>,
        given: Option<Digest>,
    }

    impl Server {
        /// `timestamp` must be another one each time, and not predictable: see [`Timestamp::new`].
        /// `tolerance` as in [`Message::parse`].
        #[must_use]
        pub const fn new(timestamp: Timestamp, tolerance: Tolerance) -> Self {
            Self { timestamp, tolerance, repairs: Vec::new(), given: None }
        }
    }

    impl ServerMechanism for Server {
        fn profile(&self) -> Profile {
            PROFILE
        }

        fn start(&mut self) -> Result<Move, Error> {
            Ok(Move::Challenge(self.timestamp.as_str().into()))
        }

        fn respond(&mut self, response: &[u8]) -> Result<Move, Error> {
            let (message, repair) = Message::parse(response, self.tolerance).map_err(Error::Malformed)?;
            self.repairs.extend(repair);
            self.given = Some(message.digest);
            Ok(Move::Ask(Request::new(message.name, None, Need::Password)))
        }

        fn answer(&mut self, credentials: Credentials) -> Result<Move, Error> {
            let given = self.given.ok_or(wanted("after the response"))?;
            let (password, valid) = credentials.secret("answer to CRAM-MD5")?;
            accept_if(Digest::compute_keyed(&self.timestamp, &password).same(&given) & valid)
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
    use base64::Engine as _;
    use proptest::prelude::*;

    /// auth-vectors.md, section 2: RFC 2195 section 2 and draft-ietf-sasl-crammd5.
    #[test]
    fn vectors() {
        for (id, name, response) in [
            ("<1896.697170952@postoffice.reston.mci.net>", "tim", "tim b913a602c7eda7a495b4e6e7334d3890"),
            ("<1896.697170952@postoffice.example.net>", "joe", "joe 3dbc88f0624776a737b39093f6eb6427"),
        ] {
            let timestamp = Timestamp::parse(id.as_bytes()).unwrap();
            let digest = Digest::compute_keyed(&timestamp, &Secret::new(*b"tanstaaftanstaaf"));
            let message = Message::new(name, digest).unwrap();
            assert_eq!(message.encode().expose(), response.as_bytes());
            assert_eq!(Message::parse(response.as_bytes(), Tolerance::Strict), Ok((message, None)));
        }
        let line = |text: &[u8]| base64::engine::general_purpose::STANDARD.decode(text).unwrap();
        assert_eq!(
            line(b"dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"),
            b"tim b913a602c7eda7a495b4e6e7334d3890"
        );
        // of which the secret is not known
        let id = line(b"PENCeUxFREJoU0NnbmhNWitOMjNGNndAZWx3b29kLmlubm9zb2Z0LmNvbT4=");
        assert!(Timestamp::parse(&id).is_ok());
        let response = line(b"ZnJlZCA5ZTk1YWVlMDljNDBhZjJiODRhMGMyYjNiYmFlNzg2ZQ==");
        let (message, repair) = Message::parse(&response, Tolerance::Strict).unwrap();
        assert_eq!((message.name(), repair), ("fred", None));
        assert_eq!(&message.digest().to_hex(), b"9e95aee09c40af2b84a0c2b3bbae786e");
    }

    /// Case 181.
    #[test]
    fn malformed_responses() {
        use ParseErrorKind::{End, IllegalOctet, Syntax, TooLong, Trailing};
        let digest = "c4c9334bac560ecc979e58001b3e22fb";
        let (name, hex) = ("authentication identity", "digest of 32 lower-case hexadecimal digits");
        for (response, offset, expected, kind) in [
            (vec![], 0, "space", End),
            (b"tim".to_vec(), 3, "space", End),
            (digest.into(), 32, "space", End),
            (b"tim ".to_vec(), 4, hex, End),
            (format!(" {digest}").into(), 0, name, Syntax),
            (format!("tim {}", &digest[1..]).into(), 35, hex, End),
            (format!("tim {digest}0").into(), 36, "end of line", Trailing),
            (format!("tim {digest}\n").into(), 36, "end of line", Trailing),
            (format!("tim {digest} ").into(), 37, hex, End),
            (format!("tim g{}", &digest[1..]).into(), 4, hex, Syntax),
            (format!("tim {}", digest.to_uppercase()).into(), 4, hex, Syntax),
            (format!("t\0im {digest}").into(), 1, name, IllegalOctet),
            (format!("t\nim {digest}").into(), 1, name, IllegalOctet),
            ([b"m\xff ", digest.as_bytes()].concat(), 1, name, IllegalOctet),
            (b"m\xff".to_vec(), 1, name, IllegalOctet),
            ([&[b'x'; 256], &b" "[..], digest.as_bytes()].concat(), 255, name, TooLong),
        ] {
            let error = ParseError { offset, expected, kind, got: None };
            assert_eq!(Message::parse(&response, Tolerance::Default), Err(error), "{response:?}");
        }
        for (name, text) in [("a b", "a b"), ("a  ", "a  "), ("j\u{fc}rgen", "j\u{fc}rgen")] {
            let (message, _) =
                Message::parse(format!("{text} {digest}").as_bytes(), Tolerance::Strict).unwrap();
            assert_eq!(message.name(), name);
        }
        let upper = format!("tim {}", digest.to_uppercase());
        let (message, repair) = Message::parse(upper.as_bytes(), Tolerance::Lenient).unwrap();
        assert_eq!((&message.digest().to_hex()[..], repair), (digest.as_bytes(), Some(UPPER_CASE_DIGEST)));
    }

    #[cfg(feature = "client")]
    #[test]
    fn challenges() {
        use crate::ClientMechanism as _;
        for (challenge, tolerance, ok) in [
            (&b"<1.2@example.org>"[..], Tolerance::Strict, true),
            (b"<1.2@example.org> ", Tolerance::Strict, false),
            (b"", Tolerance::Lenient, false),
            (b"1234", Tolerance::Default, false),
            (b"1234", Tolerance::Lenient, true),
            (b"12\x0034", Tolerance::Lenient, false),
            (b"12 34", Tolerance::Lenient, false),
            (&[b'x'; Client::MAX_CHALLENGE], Tolerance::Lenient, true),
            (&[b'x'; Client::MAX_CHALLENGE + 1], Tolerance::Lenient, false),
        ] {
            let mut client = Client::new("tim", Secret::new(*b"x"), tolerance).unwrap();
            assert_eq!(client.respond(challenge).is_ok(), ok, "{challenge:?} {tolerance:?}");
        }
        assert_eq!(Client::new("tim", Secret::default(), Tolerance::Strict).map(drop), Err(Misuse::Empty));
        assert!(Client::new("ti\nm", Secret::new(*b"x"), Tolerance::Strict).is_err());
    }

    proptest! {
        #[test]
        fn responses_round_trip(name in "[ -~\u{e4}\u{20ac}]{1,60}", digest: [u8; 16]) {
            let message = Message::new(&name, Digest(digest)).unwrap();
            let response = message.encode();
            prop_assert_eq!(Message::parse(response.expose(), Tolerance::Strict), Ok((message, None)));
        }

        #[test]
        fn parsers_never_panic(octets: Vec<u8>) {
            if let Ok((message, None)) = Message::parse(&octets, Tolerance::Lenient) {
                let response = message.encode();
                prop_assert_eq!(response.expose(), &octets);
            }
        }
    }
}
