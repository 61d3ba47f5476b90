//! `PLAIN` (RFC 4616): one message that holds the password.
//!
//! Only under TLS, unless the [`Policy`](crate::Policy) says otherwise. The client sends identities and
//! passwords as they are; the server prepares them, and the stored password (RFC 4616 section 2), with
//! SASLprep unless it is told otherwise.

use crate::text::{nul, safe};
use crate::{Exposure, First, Profile, expected, text};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use wire::parse::Parsed;
use wire::{Misuse, ParseError, Secret};

/// What PLAIN (RFC 4616) is like.
pub const PROFILE: Profile = Profile {
    name: "PLAIN",
    first: First::Client,
    exposure: Exposure::Cleartext,
    weak: false,
    proves_server: false,
};

/// The message of the client (RFC 4616 section 2).
///
/// ```
/// use auth::plain::Message;
/// use wire::Secret;
///
/// let message = Message::parse(b"Ursel\0Kurt\0xipj3plmq")?;
/// assert_eq!(message.authorization(), Some("Ursel"));
/// assert_eq!(message.authentication(), "Kurt");
/// assert_eq!(*message.password(), Secret::new(*b"xipj3plmq"));
/// assert_eq!(message.encode().expose(), b"Ursel\0Kurt\0xipj3plmq");
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    authorization: Option<String>,
    authentication: String,
    password: Secret,
}

impl Message {
    /// The longest identity and the longest password, in octets: what RFC 4616 section 2 demands at least.
    pub const MAX_FIELD: usize = text::MAX;

    /// To log in as `authentication`.
    ///
    /// # Errors
    /// A value is empty, longer than [`MAX_FIELD`](Self::MAX_FIELD), holds NUL, or is not UTF-8 (which
    /// shows as [`Misuse::IllegalOctet`], too).
    pub fn new(authentication: &str, password: Secret) -> Result<Self, Misuse> {
        text::check(authentication.as_bytes())?;
        text::check(password.expose())?;
        Ok(Self { authorization: None, authentication: authentication.to_owned(), password })
    }

    /// To act as `identity`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn acting_as(mut self, identity: &str) -> Result<Self, Misuse> {
        text::check(identity.as_bytes())?;
        self.authorization = Some(identity.to_owned());
        Ok(self)
    }

    /// The identity to act as, if it is another.
    #[must_use]
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// The identity whose password it is.
    #[must_use]
    pub fn authentication(&self) -> &str {
        &self.authentication
    }

    /// The password.
    #[must_use]
    pub fn password(&self) -> &Secret {
        &self.password
    }

    /// Parses a whole message.
    ///
    /// # Errors
    /// The offset and what was expected there. No octet of the message.
    pub fn parse(i: &[u8]) -> Result<Self, ParseError> {
        text::all(i, message)
    }

    /// The message, in a block that is zeroed.
    #[must_use]
    pub fn encode(&self) -> Secret {
        let authorization = self.authorization().unwrap_or_default().as_bytes();
        let len = authorization.len() + self.authentication.len() + self.password.len() + 2;
        // as long as it gets, so that growing leaves no copy behind
        let mut octets = Vec::with_capacity(len);
        octets.extend_from_slice(authorization);
        octets.push(0);
        octets.extend_from_slice(self.authentication.as_bytes());
        octets.push(0);
        octets.extend_from_slice(self.password.expose());
        Secret::new(octets)
    }
}

/// ```text
/// message   = [authzid] UTF8NUL authcid UTF8NUL passwd
/// authcid   = 1*SAFE ; MUST accept up to 255 octets
/// authzid   = 1*SAFE ; MUST accept up to 255 octets
/// passwd    = 1*SAFE ; MUST accept up to 255 octets
/// UTF8NUL   = %x00 ; UTF-8 encoded NUL character
/// ```
fn message(i: &[u8]) -> Parsed<'_, Message> {
    let (rest, authorization) = if i.first() == Some(&0) {
        (i, None)
    } else {
        let (rest, authorization) = safe(i, expected::AUTHORIZATION)?;
        (rest, Some(authorization))
    };
    let (rest, ()) = nul(rest)?;
    let (rest, authentication) = safe(rest, expected::AUTHENTICATION)?;
    let (rest, ()) = nul(rest)?;
    let (rest, password) = safe(rest, expected::PASSWORD)?;
    let message = Message {
        authorization: authorization.map(ToOwned::to_owned),
        authentication: authentication.to_owned(),
        password: Secret::new(password.as_bytes()),
    };
    Ok((rest, message))
}

#[cfg(feature = "client")]
mod client {
    use super::{Message, PROFILE};
    use crate::client::Once;
    use crate::{ClientMechanism, Error, Profile};
    use wire::{Misuse, Secret};

    /// The client: sends its message, and has nothing to say after it.
    ///
    /// ```
    /// use auth::{ClientExchange, Policy, plain};
    /// use wire::Secret;
    ///
    /// let mechanism = plain::Client::new("Kurt", Secret::new(*b"xipj3plmq"))?.acting_as("Ursel")?;
    /// let mut exchange = ClientExchange::new(mechanism, Policy::with_tls())?;
    /// let initial = exchange.initial_response()?.ok_or("the client speaks first")?;
    /// assert_eq!(initial.expose(), b"Ursel\0Kurt\0xipj3plmq");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Debug)]
    pub struct Client(Once<Message>);

    impl Client {
        /// To log in as `authentication`.
        ///
        /// # Errors
        /// As [`Message::new`].
        pub fn new(authentication: &str, password: Secret) -> Result<Self, Misuse> {
            Message::new(authentication, password).map(Self::from)
        }

        /// To act as `identity` (RFC 4422 section 2).
        ///
        /// # Errors
        /// As [`Message::new`].
        pub fn acting_as(self, identity: &str) -> Result<Self, Misuse> {
            self.0.change(|message| message.acting_as(identity)).map(Self)
        }
    }

    impl From<Message> for Client {
        fn from(message: Message) -> Self {
            Self(Once::new(message))
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
    use super::{Message, PROFILE};
    use crate::error::wanted;
    use crate::password::Check;
    use crate::prepare::Preparation;
    use crate::server::accept_if;
    use crate::{Credentials, Error, Move, Need, Profile, Request, ServerMechanism, scram};
    use wire::{Misuse, Secret};

    /// The server: reads the message, asks [`Need::PasswordCheck`], and compares with the stored password
    /// or SCRAM record if the caller gives that, in constant time.
    ///
    /// ```
    /// use auth::{Answer, Error, Need, Policy, ServerExchange, Step, plain};
    ///
    /// # fn matches_stored_hash(_: &str, password: &[u8]) -> bool { password == b"tanstaaftanstaaf" }
    /// let mut exchange = ServerExchange::new(plain::Server::new(), Policy::with_tls())?;
    /// let Step::NeedCredentials(request) = exchange.start(Some(b"Ursel\0Kurt\0xipj3plmq"))? else {
    ///     return Err("PLAIN needs no further message".into());
    /// };
    /// // a server that stores hashes compares by itself
    /// let answer = match request.need {
    ///     Need::PasswordCheck { presented }
    ///         if matches_stored_hash(&request.authentication, presented.expose()) =>
    ///     {
    ///         Answer::accepted()
    ///     }
    ///     _ => Answer::rejected(),
    /// };
    /// assert_eq!(exchange.answer(answer).unwrap_err(), Error::Rejected);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Debug, Default)]
    pub struct Server {
        check: Check,
        presented: Option<Secret>,
    }

    impl Server {
        /// Waits for the message.
        #[must_use]
        pub const fn new() -> Self {
            Self { check: Check::new(), presented: None }
        }

        /// How identity and password are prepared, and the stored password: with SASLprep by default.
        #[must_use]
        pub fn preparation(mut self, preparation: Preparation) -> Self {
            self.check.preparation = preparation;
            self
        }

        /// The store holds SCRAM records like these: users that do not exist take as much time as the
        /// others.
        ///
        /// # Errors
        /// No iterations, or more than [`scram::MAX_ITERATIONS`].
        pub fn storing_records(mut self, hash: scram::Hash, iterations: u32) -> Result<Self, Misuse> {
            self.check = self.check.costing(hash, iterations)?;
            Ok(self)
        }
    }

    impl ServerMechanism for Server {
        fn profile(&self) -> Profile {
            PROFILE
        }

        fn respond(&mut self, response: &[u8]) -> Result<Move, Error> {
            let Message { authorization, authentication, password } =
                Message::parse(response).map_err(Error::Malformed)?;
            let (authentication, presented) =
                self.check.prepare(&authentication, &password).ok_or(Error::Rejected)?;
            self.presented = Some(presented.clone());
            Ok(Move::Ask(Request::new(authentication, authorization, Need::PasswordCheck { presented })))
        }

        fn answer(&mut self, credentials: Credentials) -> Result<Move, Error> {
            let presented = self.presented.as_ref().ok_or(wanted("after the message"))?;
            self.check.is_right(presented, &credentials).and_then(accept_if)
        }
    }
}
#[cfg(feature = "server")]
pub use server::Server;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec};
    use wire::ParseErrorKind;

    /// auth-vectors.md, section 6: RFC 4616 section 4, RFC 4954, RFC 5034.
    #[test]
    fn vectors() {
        use base64::Engine as _;
        for (authorization, authentication, password, line) in [
            (None, "tim", "tanstaaftanstaaf", "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"),
            (Some("Ursel"), "Kurt", "xipj3plmq", "VXJzZWwAS3VydAB4aXBqM3BsbXE="),
            (Some("test"), "test", "1234", "dGVzdAB0ZXN0ADEyMzQ="),
            (Some("test"), "test", "test", "dGVzdAB0ZXN0AHRlc3Q="),
        ] {
            let mut message = Message::new(authentication, Secret::new(password.as_bytes())).unwrap();
            if let Some(identity) = authorization {
                message = message.acting_as(identity).unwrap();
            }
            let encoded = message.encode();
            assert_eq!(base64::engine::general_purpose::STANDARD.encode(encoded.expose()), line);
            assert_eq!(Message::parse(encoded.expose()), Ok(message));
        }
    }

    /// Case 179, with the place.
    #[test]
    fn malformed_messages() {
        use ParseErrorKind::{End, IllegalOctet, Syntax, TooLong, Trailing};
        let long = |before: &[u8], n: usize, after: &[u8]| [before, &vec![b'x'; n], after].concat();
        for (message, offset, expected, kind) in [
            (b"".to_vec(), 0, "authorization identity", End),
            (b"tim".to_vec(), 3, "NUL", End),
            (b"\0".to_vec(), 1, "authentication identity", End),
            (b"\0tim".to_vec(), 4, "NUL", End),
            (b"\0tim\0".to_vec(), 5, "password", End),
            (b"\0\0secret".to_vec(), 1, "authentication identity", Syntax),
            (b"\0\0".to_vec(), 1, "authentication identity", Syntax),
            (b"\0tim\0\0".to_vec(), 5, "password", Syntax),
            (b"\0tim\0secret\0".to_vec(), 11, "end of line", Trailing),
            (b"\0tim\0se\0cret".to_vec(), 7, "end of line", Trailing),
            (b"\0\0\0".to_vec(), 1, "authentication identity", Syntax),
            (b"a\xff\0tim\0secret".to_vec(), 1, "authorization identity", IllegalOctet),
            (b"\0t\xc3\0secret".to_vec(), 2, "authentication identity", IllegalOctet),
            (b"\0tim\0secret\xed\xa0\x80".to_vec(), 11, "password", IllegalOctet),
            (long(b"", 256, b"\0tim\0secret"), 255, "authorization identity", TooLong),
            (long(b"\0", 256, b"\0secret"), 256, "authentication identity", TooLong),
            (long(b"\0tim\0", 256, b""), 260, "password", TooLong),
        ] {
            let error = ParseError { offset, expected, kind, got: None };
            assert_eq!(Message::parse(&message), Err(error), "{message:?}");
        }
        for message in [long(b"", 255, b"\0t\0s"), long(b"\0", 255, b"\0s"), long(b"\0t\0", 255, b"")] {
            assert!(Message::parse(&message).is_ok());
        }
    }

    /// Case 125.
    #[test]
    fn values_cannot_inject() {
        let secret = |text: &str| Secret::new(text.as_bytes());
        for (authentication, password, misuse) in [
            ("", "x", Misuse::Empty),
            ("x", "", Misuse::Empty),
            ("x\0y", "x", Misuse::IllegalOctet { offset: 1 }),
            ("x", "xyz\0", Misuse::IllegalOctet { offset: 3 }),
            (&*"x".repeat(256), "x", Misuse::TooLong { limit: 255 }),
            ("x", &*"x".repeat(256), Misuse::TooLong { limit: 255 }),
        ] {
            assert_eq!(Message::new(authentication, secret(password)), Err(misuse));
        }
        assert_eq!(Message::new("x", Secret::new(*b"\xff")), Err(Misuse::IllegalOctet { offset: 0 }));
        let message = Message::new("x", secret("y")).unwrap();
        assert_eq!(message.clone().acting_as(""), Err(Misuse::Empty));
        assert_eq!(message.acting_as("\0"), Err(Misuse::IllegalOctet { offset: 0 }));
    }

    #[test]
    fn nothing_is_printed() {
        let message = Message::new("tim", Secret::new(*b"tanstaaf")).unwrap();
        assert!(!format!("{message:?}").contains("tanstaaf"));
    }
}
