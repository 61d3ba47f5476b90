//! `OAUTHBEARER` (RFC 7628): a token from somewhere else, which the server has checked there.
//!
//! Only under TLS: whoever sees the token can use it, as long as it is good. What a stolen one opens is
//! limited by its scope and its time; the password is nowhere.
//!
//! ```
//! # #[cfg(all(feature = "client", feature = "server"))] {
//! use auth::oauth::{ErrorResult, Token};
//! use auth::{Answer, ClientExchange, Error, Need, Policy, ServerExchange, Step, oauthbearer};
//! use wire::Secret;
//!
//! let policy = Policy::with_tls();
//! let mechanism = oauthbearer::Client::new(Token::new(Secret::new(*b"expired"))?)
//!     .acting_as("user@example.com")?
//!     .connected_to("server.example.com", 143)?;
//! let mut client = ClientExchange::new(mechanism, policy)?;
//! let mut refusal = ErrorResult::new("invalid_token");
//! refusal.scope = Some("https://mail.example.com/".into());
//! let mut server = ServerExchange::new(oauthbearer::Server::new(refusal), policy)?;
//!
//! let initial = client.initial_response()?.ok_or("the client speaks first")?;
//! let Step::NeedCredentials(request) = server.start(Some(initial.expose()))? else {
//!     return Err("OAUTHBEARER needs no further message".into());
//! };
//! let Need::TokenCheck { token, .. } = request.need else { return Err("of the token".into()) };
//! // the server asks who issued it, and for whom: Answer::accepted().known_as(...), or
//! assert_eq!(token.expose(), b"expired");
//! let Step::Challenge(json) = server.answer(Answer::rejected())? else { return Err("JSON".into()) };
//! // the client hears why, and answers with a dummy
//! let dummy = client.respond(&json)?;
//! assert_eq!(dummy.expose(), b"\x01");
//! let why = ErrorResult::parse(client.server_error().ok_or("there is a reason")?)?;
//! assert_eq!(why.scope.as_deref(), Some("https://mail.example.com/"));
//! assert_eq!(server.respond(dummy.expose()).unwrap_err(), Error::Rejected);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::oauth::{KVSEP, Token, token_rule};
use crate::{Exposure, First, Profile, expected, text};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::num::NonZeroU16;
use wire::class::{ALPHA, DIGIT, VCHAR};
use wire::parse::{Failure, Parsed, end, fail};
use wire::{Misuse, ParseError, ParseErrorKind, Secret};

/// What OAUTHBEARER (RFC 7628) is like.
pub const PROFILE: Profile = Profile {
    name: "OAUTHBEARER",
    first: First::Client,
    exposure: Exposure::Cleartext,
    weak: false,
    proves_server: false,
};

/// The message of the client (RFC 7628 section 3.1).
///
/// ```
/// use auth::oauthbearer::Message;
///
/// let message = Message::parse(b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9d\x01\x01")?;
/// assert_eq!(message.authorization(), Some("user@example.com"));
/// assert_eq!((message.host(), message.port()), (Some("server.example.com"), Some(143)));
/// assert_eq!(message.token().map(|token| token.expose()), Some(&b"vF9d"[..]));
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    authorization: Option<String>,
    host: Option<String>,
    port: Option<NonZeroU16>,
    token: Option<Token>,
}

impl Message {
    /// The longest identity and the longest name of a host, in octets.
    pub const MAX_FIELD: usize = text::MAX;

    /// With a token.
    #[must_use]
    pub const fn new(token: Token) -> Self {
        Self { authorization: None, host: None, port: None, token: Some(token) }
    }

    /// Without one: asks what token would be good (RFC 7628 section 4.3). The server refuses it and says so.
    #[must_use]
    pub const fn query() -> Self {
        Self { authorization: None, host: None, port: None, token: None }
    }

    /// To act as `identity`. Some servers want it to be that of the token.
    ///
    /// # Errors
    /// It is empty, longer than [`MAX_FIELD`](Self::MAX_FIELD), or holds NUL or %x01.
    pub fn acting_as(self, identity: &str) -> Result<Self, Misuse> {
        check_identity(identity)?;
        Ok(Self { authorization: Some(identity.to_owned()), ..self })
    }

    /// Where the client has connected to.
    ///
    /// # Errors
    /// The host is empty, longer than [`MAX_FIELD`](Self::MAX_FIELD), or has other octets than printable
    /// US-ASCII; the port is 0.
    pub fn connected_to(self, host: &str, port: u16) -> Result<Self, Misuse> {
        text::check(host.as_bytes())?;
        if let Some(offset) = VCHAR.first_outside(host.as_bytes()) {
            return Err(Misuse::IllegalOctet { offset });
        }
        let port = NonZeroU16::new(port).ok_or(Misuse::Invalid("port"))?;
        Ok(Self { host: Some(host.to_owned()), port: Some(port), ..self })
    }

    /// The identity to act as.
    #[must_use]
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// The host to which the client thinks it has connected.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The port, likewise.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port.map(NonZeroU16::get)
    }

    /// The token, if there is one.
    #[must_use]
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// Parses a whole message. Keys that are not known are skipped, as RFC 7628 section 3.1 demands.
    ///
    /// # Errors
    /// The offset and what was expected there. No octet of the message.
    pub fn parse(i: &[u8]) -> Result<Self, ParseError> {
        text::all(i, message)
    }

    /// The message, in a block that is zeroed.
    #[must_use]
    pub fn encode(&self) -> Secret {
        let mut head = String::from("n,");
        if let Some(identity) = &self.authorization {
            head.push_str("a=");
            for c in identity.chars() {
                match c {
                    ',' => head.push_str("=2C"),
                    '=' => head.push_str("=3D"),
                    other => head.push(other),
                }
            }
        }
        head.push_str(",\x01");
        if let Some(host) = &self.host {
            head.extend(["host=", host, "\x01"]);
        }
        if let Some(port) = self.port {
            head.extend(["port=", &alloc::format!("{port}"), "\x01"]);
        }
        head.push_str("auth=");
        let token = self.token.as_ref().map(Token::expose);
        if token.is_some() {
            head.push_str("Bearer ");
        }
        let token = token.unwrap_or_default();
        // as long as it gets, so that growing leaves no copy behind
        let mut octets = Vec::with_capacity(head.len() + token.len() + 2);
        octets.extend_from_slice(head.as_bytes());
        octets.extend_from_slice(token);
        octets.extend_from_slice(&[KVSEP, KVSEP]);
        Secret::new(octets)
    }
}

/// %x01 is no harm in a `saslname`, but nobody's name, and a separator to whoever looks for one.
pub(crate) fn check_identity(identity: &str) -> Result<(), Misuse> {
    text::check(identity.as_bytes())?;
    match identity.bytes().position(|octet| octet == KVSEP) {
        Some(offset) => Err(Misuse::IllegalOctet { offset }),
        None => Ok(()),
    }
}

/// RFC 7628 section 3.1:
///
/// ```text
/// kvsep          = %x01
/// key            = 1*(ALPHA)
/// value          = *(VCHAR / SP / HTAB / CR / LF )
/// kvpair         = key "=" value kvsep
/// client-resp    = (gs2-header kvsep *kvpair kvsep) / kvsep
/// ```
///
/// The second form only answers an error.
fn message(i: &[u8]) -> Parsed<'_, Message> {
    let (rest, authorization) = gs2_header(i)?;
    let (mut rest, ()) = kvsep(rest)?;
    let mut message = Message { authorization, ..Message::query() };
    let mut auth = false;
    while !rest.starts_with(&[KVSEP]) {
        let at = rest;
        let key = &rest[..ALPHA.run(rest)];
        let after = match rest.get(key.len()) {
            Some(b'=') if !key.is_empty() => &rest[key.len() + 1..],
            _ => return fail(&rest[key.len()..], expected::KVPAIR),
        };
        let len = after.iter().position(|&o| !is_value(o)).unwrap_or(after.len());
        let (value, after) = after.split_at(len);
        let (after, ()) = kvsep(after)?;
        let behind = after.len() + 1;
        let twice = match key {
            b"auth" => core::mem::replace(&mut auth, true),
            b"host" => message.host.is_some(),
            b"port" => message.port.is_some(),
            _ => false,
        };
        if twice {
            return Err(Failure::at(at, expected::KVPAIR, ParseErrorKind::TooMany));
        }
        match key {
            b"auth" if value.is_empty() => {}
            b"auth" => message.token = Some(whole(i, value, behind, token_rule)?.1),
            b"host" => message.host = Some(whole(i, value, behind, host)?.1),
            b"port" => message.port = Some(whole(i, value, behind, port)?.1),
            _ => {}
        }
        rest = after;
    }
    if !auth {
        return fail(rest, expected::AUTH);
    }
    Ok((&rest[1..], message))
}

/// A rule over a whole value, which `behind` octets of the message follow.
fn whole<'i, T>(
    message: &'i [u8],
    value: &'i [u8],
    behind: usize,
    rule: fn(&'i [u8]) -> Parsed<'i, T>,
) -> Parsed<'i, T> {
    rule(value).and_then(|(rest, value)| end(rest).map(|_| (rest, value))).map_err(|error| {
        let failure = Failure::of(error);
        let at = message.len() - failure.left() - behind;
        Failure::at(&message[at..], failure.expected(), failure.kind())
    })
}

fn is_value(octet: u8) -> bool {
    VCHAR.has(octet) || matches!(octet, b' ' | b'\t' | b'\r' | b'\n')
}

fn kvsep(i: &[u8]) -> Parsed<'_, ()> {
    match i.split_first() {
        Some((&KVSEP, rest)) => Ok((rest, ())),
        _ => fail(i, expected::KVSEP),
    }
}

/// RFC 5801 section 4; without channel binding, which these mechanisms do not have.
///
/// ```text
/// UTF8-1-safe    = %x01-2B / %x2D-3C / %x3E-7F
///               ;; As UTF8-1 in RFC 3629 except
///               ;; NUL, "=", and ",".
/// saslname       = 1*(UTF8-char-safe / "=2C" / "=3D")
/// gs2-authzid    = "a=" saslname
/// gs2-cb-flag    = ("p=" cb-name) / "n" / "y"
/// gs2-header     = [gs2-nonstd-flag ","] gs2-cb-flag "," [gs2-authzid] ","
/// ```
fn gs2_header(i: &[u8]) -> Parsed<'_, Option<String>> {
    let rest = match i {
        [b'n' | b'y', b',', rest @ ..] => rest,
        _ => return fail(i, expected::GS2_HEADER),
    };
    let Some(name) = rest.strip_prefix(b"a=") else {
        return match rest.split_first() {
            Some((b',', rest)) => Ok((rest, None)),
            _ => fail(rest, expected::GS2_HEADER),
        };
    };
    let len = name.iter().position(|&o| o == b',' || o == KVSEP).unwrap_or(name.len());
    let (name, after) = name.split_at(len);
    let Some((b',', rest)) = after.split_first() else { return fail(after, expected::GS2_HEADER) };
    let mut identity = Vec::with_capacity(name.len());
    let mut left = name;
    while let Some((&first, next)) = left.split_first() {
        let (octet, next) = match (first, next) {
            (b'=', [b'2', b'C', next @ ..]) => (b',', next),
            (b'=', [b'3', b'D', next @ ..]) => (b'=', next),
            (b'=', _) => return fail(&i[i.len() - after.len() - left.len()..], expected::AUTHORIZATION),
            (other, next) => (other, next),
        };
        identity.push(octet);
        left = next;
    }
    match text::check(&identity) {
        Ok(identity) => Ok((rest, Some(identity.to_owned()))),
        Err(_) => fail(&i[4..], expected::AUTHORIZATION),
    }
}

/// The `Host` header of HTTP; any printable text that is not too long.
fn host(i: &[u8]) -> Parsed<'_, String> {
    match text::check(&i[..VCHAR.run(i)]) {
        Ok(host) => Ok((&i[host.len()..], host.to_owned())),
        Err(_) => fail(i, expected::HOST),
    }
}

/// RFC 7628 section 3.1: `a decimal positive integer string without leading zeros`.
fn port(i: &[u8]) -> Parsed<'_, NonZeroU16> {
    let digits = &i[..DIGIT.run(i)];
    let number = core::str::from_utf8(digits).ok().filter(|text| !text.starts_with('0'));
    match number.and_then(|text| text.parse().ok()) {
        Some(port) => Ok((&i[digits.len()..], port)),
        None => fail(i, expected::PORT),
    }
}

#[cfg(feature = "client")]
mod client {
    use super::{Message, PROFILE};
    use crate::oauth::{Course, KVSEP, Token};
    use crate::{ClientMechanism, Error, Profile};
    use wire::{Misuse, Secret};

    /// The client: sends its message; answers the server's reason, if it gets one, with the dummy of RFC
    /// 7628 section 3.2.3, and keeps it.
    #[derive(Debug)]
    pub struct Client(Course<Message>);

    impl Client {
        /// With a token.
        #[must_use]
        pub const fn new(token: Token) -> Self {
            Self(Course::new(Message::new(token)))
        }

        /// To act as `identity`.
        ///
        /// # Errors
        /// As [`Message::acting_as`].
        pub fn acting_as(self, identity: &str) -> Result<Self, Misuse> {
            self.0.change(|message| message.acting_as(identity)).map(Self)
        }

        /// Where the client has connected to.
        ///
        /// # Errors
        /// As [`Message::connected_to`].
        pub fn connected_to(self, host: &str, port: u16) -> Result<Self, Misuse> {
            self.0.change(|message| message.connected_to(host, port)).map(Self)
        }
    }

    impl From<Message> for Client {
        fn from(message: Message) -> Self {
            Self(Course::new(message))
        }
    }

    impl ClientMechanism for Client {
        fn profile(&self) -> Profile {
            PROFILE
        }

        fn start(&mut self) -> Result<Secret, Error> {
            self.0.say().map(|message| message.encode())
        }

        fn respond(&mut self, challenge: &[u8]) -> Result<Secret, Error> {
            self.0.hear(challenge, Secret::new([KVSEP]))
        }

        fn finish(&mut self) -> Result<(), Error> {
            self.0.finish()
        }

        fn server_error(&self) -> Option<&[u8]> {
            self.0.error()
        }
    }
}
#[cfg(feature = "client")]
pub use client::Client;

#[cfg(feature = "server")]
mod server {
    use super::{Message, PROFILE};
    use crate::oauth::{ErrorResult, decide, refuse};
    use crate::{Credentials, Error, Move, Need, Profile, Request, ServerMechanism};

    /// The server: reads the message and asks [`Need::TokenCheck`].
    #[derive(Debug)]
    pub struct Server {
        refusal: ErrorResult,
    }

    impl Server {
        /// `refusal` is what it says to a token that is not good, or to a client that asks.
        #[must_use]
        pub const fn new(refusal: ErrorResult) -> Self {
            Self { refusal }
        }
    }

    impl ServerMechanism for Server {
        fn profile(&self) -> Profile {
            PROFILE
        }

        fn respond(&mut self, response: &[u8]) -> Result<Move, Error> {
            let message = Message::parse(response).map_err(Error::Malformed)?;
            let port = message.port();
            let Some(token) = message.token else { return Ok(refuse(&self.refusal)) };
            let need = Need::TokenCheck { token, host: message.host, port };
            Ok(Move::Ask(Request::new("", message.authorization, need)))
        }

        fn answer(&mut self, credentials: Credentials) -> Result<Move, Error> {
            decide(credentials, &self.refusal)
        }
    }
}
#[cfg(feature = "server")]
pub use server::Server;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::ToString};
    use proptest::prelude::*;

    const TOKEN: &str = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";

    fn token() -> Token {
        Token::new(Secret::new(TOKEN.as_bytes())).unwrap()
    }

    /// auth-vectors.md, section 7: RFC 7628 section 4.1.
    #[test]
    fn vectors() {
        use base64::Engine as _;
        for (port, line) in [
            (
                143,
                "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB",
            ),
            (
                587,
                "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9NTg3AWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB",
            ),
        ] {
            let message = Message::new(token()).acting_as("user@example.com").unwrap();
            let message = message.connected_to("server.example.com", port).unwrap();
            let encoded = message.encode();
            assert_eq!(base64::engine::general_purpose::STANDARD.encode(encoded.expose()), line);
            assert_eq!(Message::parse(encoded.expose()), Ok(message));
        }
        // section 4.3
        let query = b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=\x01\x01";
        let message = Message::parse(query).unwrap();
        assert_eq!(message.token(), None);
        assert_eq!(message.encode().expose(), query);
    }

    /// Case 184.
    #[test]
    fn what_is_legal_and_what_is_not() {
        for good in [
            "n,,^Aauth=Bearer x^A^A",
            "y,,^Aauth=Bearer x^A^A",
            "n,,^Aauth=bearer  x==^A^A",
            "n,,^Aauth=Bearer x^Amthd=GET^Aqs=a=b&c=d^A^A",
            "n,,^Aunknown=^Aunknown=\t \r\n^Aauth=Bearer x^A^A",
            "n,a=a=2Cb=3Dc,^Aauth=Bearer x^A^A",
            "n,a=j\u{fc}rgen,^Aauth=Bearer x^A^A",
            "n,,^Aport=65535^Aauth=Bearer x^A^A",
        ] {
            assert!(Message::parse(good.replace("^A", "\x01").as_bytes()).is_ok(), "{good}");
        }
        let long = format!("n,a={},^Aauth=Bearer x^A^A", "x".repeat(256));
        for (bad, offset, expected) in [
            ("", 0, "GS2 header without channel binding"),
            ("^A", 0, "GS2 header without channel binding"),
            ("n", 0, "GS2 header without channel binding"),
            ("n,", 2, "GS2 header without channel binding"),
            ("p=tls-exporter,,^Aauth=Bearer x^A^A", 0, "GS2 header without channel binding"),
            ("F,n,,^Aauth=Bearer x^A^A", 0, "GS2 header without channel binding"),
            ("n,user=x,^Aauth=Bearer x^A^A", 2, "GS2 header without channel binding"),
            ("n,a=x^Aauth=Bearer x^A^A", 5, "GS2 header without channel binding"),
            ("n,a=,^Aauth=Bearer x^A^A", 4, "authorization identity"),
            ("n,a=a=2cb,^Aauth=Bearer x^A^A", 5, "authorization identity"),
            ("n,a=\0,^Aauth=Bearer x^A^A", 4, "authorization identity"),
            (&long, 4, "authorization identity"),
            ("n,,auth=Bearer x^A^A", 3, "%x01"),
            ("n,,^Aauth=Bearer x^A", 18, "key and ="),
            ("n,,^Aauth=Bearer x", 17, "%x01"),
            ("n,,^Aauth=Bearer x^A^A^A", 19, "end of line"),
            ("n,,^Aauth=Bearer x^A^Ax", 19, "end of line"),
            ("n,,^A^A", 4, "auth"),
            ("n,,^Ahost=x^A^A", 11, "auth"),
            ("n,,^Aauth2=Bearer x^A^A", 8, "key and ="),
            ("n,,^A=x^Aauth=Bearer x^A^A", 4, "key and ="),
            ("n,,^Aauth=Bearer x^Aauth=Bearer x^A^A", 18, "key and ="),
            ("n,,^Aauth=^Aauth=Bearer x^A^A", 10, "key and ="),
            ("n,,^Ahost=x^Ahost=x^Aauth=Bearer x^A^A", 11, "key and ="),
            ("n,,^Aport=1^Aport=1^Aauth=Bearer x^A^A", 11, "key and ="),
            ("n,,^Aauth=Basic x^A^A", 9, "Bearer"),
            ("n,,^Aauth=Bearerx^A^A", 15, "space"),
            ("n,,^Aauth=Bearer ^A^A", 16, "token"),
            ("n,,^Aauth=Bearer x y^A^A", 17, "end of line"),
            ("n,,^Aauth=Bearer x=y^A^A", 18, "end of line"),
            ("n,,^Aauth=Bearer x\"^A^A", 17, "end of line"),
            ("n,,^Aauth=Bearer x\0^A^A", 17, "%x01"),
            ("n,,^Aauth=Bearer \u{fc}^A^A", 16, "%x01"),
            ("n,,^Ahost=^Aauth=Bearer x^A^A", 9, "host"),
            ("n,,^Ahost=a b^Aauth=Bearer x^A^A", 10, "end of line"),
            ("n,,^Aport=^Aauth=Bearer x^A^A", 9, "port"),
            ("n,,^Aport=0143^Aauth=Bearer x^A^A", 9, "port"),
            ("n,,^Aport=0^Aauth=Bearer x^A^A", 9, "port"),
            ("n,,^Aport=65536^Aauth=Bearer x^A^A", 9, "port"),
            ("n,,^Aport=-1^Aauth=Bearer x^A^A", 9, "port"),
            ("n,,^Aport=1x^Aauth=Bearer x^A^A", 10, "end of line"),
        ] {
            let error = Message::parse(bad.replace("^A", "\x01").as_bytes()).unwrap_err();
            assert_eq!((error.offset, error.expected), (offset, expected), "{bad}: {error}");
        }
    }

    #[test]
    fn values_cannot_inject() {
        let message = || Message::new(token());
        for identity in ["", "a\0", &"x".repeat(256)] {
            assert!(message().acting_as(identity).is_err());
        }
        for host in ["", "a\x01auth=Bearer x", "a b", "m\u{fc}nchen", &"x".repeat(256)] {
            assert!(message().connected_to(host, 1).is_err(), "{host}");
        }
        assert!(message().connected_to("x", 0).is_err());
        let sly = message().acting_as("a,b=c\x01auth=Bearer x").map(|message| message.encode().len());
        assert!(sly.is_err(), "{sly:?}");
        assert!(!format!("{:?}", message()).contains("vF9d"));
        assert_eq!(message().port().map(|port| port.to_string()), None);
    }

    proptest! {
        #[test]
        fn messages_round_trip(
            token in proptest::option::of(Token::strategy()),
            identity in proptest::option::of("[^\0\x01]{1,60}"),
            server in proptest::option::of(("[!-~]{1,60}", 1u16..)),
        ) {
            let mut message = token.map_or_else(Message::query, Message::new);
            if let Some(identity) = identity {
                message = message.acting_as(&identity).unwrap();
            }
            if let Some((host, port)) = server {
                message = message.connected_to(&host, port).unwrap();
            }
            let encoded = message.encode();
            prop_assert_eq!(Message::parse(encoded.expose()), Ok(message));
        }

        #[test]
        fn parser_never_panics(octets: Vec<u8>, text in "n,(a=[a-c=2C3D]{0,5})?,\x01([a-z]{0,4}=[ -~]{0,6}\x01){0,4}\x01") {
            for octets in [&octets[..], text.as_bytes()] {
                if let Ok(message) = Message::parse(octets) {
                    let encoded = message.encode();
                    prop_assert_eq!(Message::parse(encoded.expose()), Ok(message));
                }
            }
        }
    }
}
