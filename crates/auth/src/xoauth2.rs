//! `XOAUTH2` (Google's, before RFC 7628): as `OAUTHBEARER`, in another form.
//!
//! ```text
//! "user=" {User} "^A" "auth=Bearer " {Access Token} "^A^A"
//! ```
//!
//! What the message calls the user is only what the client wants: who it is, the token says. So it is the
//! identity to act as, and whoever accepts a token must say whose it is
//! ([`Answer::known_as`](crate::Answer::known_as)). A server that took the name of the message would let the holder of any
//! good token in as anybody.
//!
//! ```
//! # #[cfg(all(feature = "client", feature = "server"))] {
//! use auth::oauth::{ErrorResult, Token};
//! use auth::{Answer, ClientExchange, Error, Policy, ServerExchange, Step, xoauth2};
//! use wire::Secret;
//!
//! let policy = Policy::with_tls();
//! let token = Token::new(Secret::new(*b"ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"))?;
//! let mut client = ClientExchange::new(xoauth2::Client::new("someuser@example.com", token)?, policy)?;
//! let initial = client.initial_response()?.ok_or("the client speaks first")?;
//! for (whose, outcome) in [("someuser@example.com", Ok(())), ("another", Err(Error::NotAuthorized))] {
//!     let mut server = ServerExchange::new(xoauth2::Server::new(ErrorResult::new("401")), policy)?;
//!     let Step::NeedCredentials(request) = server.start(Some(initial.expose()))? else {
//!         return Err("XOAUTH2 needs no further message".into());
//!     };
//!     assert_eq!(request.authorization.as_deref(), Some("someuser@example.com"));
//!     assert_eq!(server.answer(Answer::accepted().known_as(whose)).map(drop), outcome);
//! }
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::oauth::{KVSEP, Token, token_rule};
use crate::oauthbearer::check_identity;
use crate::{Exposure, First, Profile, expected, text};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use wire::parse::{Parsed, fail};
use wire::{Misuse, ParseError, Secret};

/// What XOAUTH2 is like.
pub const PROFILE: Profile = Profile {
    name: "XOAUTH2",
    first: First::Client,
    exposure: Exposure::Cleartext,
    weak: false,
    proves_server: false,
};

/// The message of the client.
///
/// ```
/// use auth::xoauth2::Message;
///
/// let message = Message::parse(b"user=username\x01auth=Bearer password\x01\x01")?;
/// assert_eq!((message.user(), message.token().expose()), ("username", &b"password"[..]));
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    user: String,
    token: Token,
}

impl Message {
    /// The longest name, in octets.
    pub const MAX_FIELD: usize = text::MAX;

    /// To act as `user`.
    ///
    /// # Errors
    /// The name is empty, longer than [`MAX_FIELD`](Self::MAX_FIELD), or holds NUL or %x01.
    pub fn new(user: &str, token: Token) -> Result<Self, Misuse> {
        check_identity(user)?;
        Ok(Self { user: user.to_owned(), token })
    }

    /// The identity to act as.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &Token {
        &self.token
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
        let parts: [&[u8]; 5] =
            [b"user=", self.user.as_bytes(), b"\x01auth=Bearer ", self.token.expose(), b"\x01\x01"];
        // as long as it gets, so that growing leaves no copy behind
        let mut octets = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
        for part in parts {
            octets.extend_from_slice(part);
        }
        Secret::new(octets)
    }
}

/// ```text
/// "user=" {User} "^A" "auth=Bearer " {Access Token} "^A^A"
/// ```
///
/// The scheme is compared without case, as in HTTP.
fn message(i: &[u8]) -> Parsed<'_, Message> {
    let Some(rest) = i.strip_prefix(b"user=") else { return fail(i, expected::KVPAIR) };
    let len = rest.iter().position(|&o| o == KVSEP).unwrap_or(rest.len());
    let (user, rest) = rest.split_at(len);
    let user = match text::check(user) {
        Ok(user) => user.to_owned(),
        Err(_) => return fail(&i[5..], expected::AUTHORIZATION),
    };
    let Some(rest) = rest.strip_prefix(&[KVSEP]) else { return fail(rest, expected::KVSEP) };
    let Some(rest) = rest.strip_prefix(b"auth=") else { return fail(rest, expected::AUTH) };
    let (rest, token) = token_rule(rest)?;
    match rest.strip_prefix(&[KVSEP, KVSEP]) {
        Some(rest) => Ok((rest, Message { user, token })),
        None => fail(rest, expected::KVSEP),
    }
}

#[cfg(feature = "client")]
mod client {
    use super::{Message, PROFILE};
    use crate::oauth::{Course, Token};
    use crate::{ClientMechanism, Error, Profile};
    use wire::{Misuse, Secret};

    /// The client: sends its message; answers the server's reason, if it gets one, with an empty line, and
    /// keeps it.
    #[derive(Debug)]
    pub struct Client(Course<Message>);

    impl Client {
        /// To act as `user`.
        ///
        /// # Errors
        /// As [`Message::new`].
        pub fn new(user: &str, token: Token) -> Result<Self, Misuse> {
            Message::new(user, token).map(|message| Self(Course::new(message)))
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
            self.0.hear(challenge, Secret::default())
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
    use crate::oauth::{ErrorResult, decide};
    use crate::{Credentials, Error, Move, Need, Profile, Request, ServerMechanism};

    /// The server: reads the message and asks [`Need::TokenCheck`].
    #[derive(Debug)]
    pub struct Server {
        refusal: ErrorResult,
    }

    impl Server {
        /// `refusal` is what it says to a token that is not good. Google's has the status `401`.
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
            let Message { user, token } = Message::parse(response).map_err(Error::Malformed)?;
            let need = Need::TokenCheck { token, host: None, port: None };
            Ok(Move::Ask(Request::new("", Some(user), need)))
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
    use proptest::prelude::*;

    /// auth-vectors.md, section 7: Google's and MailKit's.
    #[test]
    fn vectors() {
        use base64::Engine as _;
        for (user, token, line) in [
            (
                "someuser@example.com",
                "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg",
                "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==",
            ),
            ("username", "password", "dXNlcj11c2VybmFtZQFhdXRoPUJlYXJlciBwYXNzd29yZAEB"),
        ] {
            let token = Token::new(Secret::new(token.as_bytes())).unwrap();
            let message = Message::new(user, token).unwrap();
            let encoded = message.encode();
            assert_eq!(base64::engine::general_purpose::STANDARD.encode(encoded.expose()), line);
            assert_eq!(Message::parse(encoded.expose()), Ok(message));
        }
    }

    #[test]
    fn malformed_messages() {
        for (bad, offset) in [
            ("", 0),
            ("user", 0),
            ("user=", 5),
            ("user=^Aauth=Bearer x^A^A", 5),
            ("user=\0^Aauth=Bearer x^A^A", 5),
            ("user=a", 6),
            ("user=a^A", 7),
            ("user=a^Aauth=x^A^A", 12),
            ("user=a^Aauth=Bearer ^A^A", 19),
            ("user=a^Aauth=Bearer x", 20),
            ("user=a^Aauth=Bearer x^A", 20),
            ("user=a^Aauth=Bearer x y^A^A", 20),
            ("user=a^Aauth=Bearer x^A^A^A", 22),
            ("user=a^Ahost=b^Aauth=Bearer x^A^A", 7),
            ("auth=Bearer x^Auser=a^A^A", 0),
            ("n,a=a,^Aauth=Bearer x^A^A", 0),
        ] {
            let error = Message::parse(bad.replace("^A", "\x01").as_bytes()).unwrap_err();
            assert_eq!(error.offset, offset, "{bad}: {error}");
        }
        let token = || Token::new(Secret::new(*b"x")).unwrap();
        for user in ["", "a\0", "a\x01auth=Bearer y", &"x".repeat(256)] {
            assert!(Message::new(user, token()).is_err());
        }
    }

    proptest! {
        #[test]
        fn messages_round_trip(user in "[^\0\x01]{1,60}", token in Token::strategy(), octets: Vec<u8>) {
            let message = Message::new(&user, token).unwrap();
            let encoded = message.encode();
            prop_assert_eq!(Message::parse(encoded.expose()), Ok(message));
            let _ = Message::parse(&octets);
        }
    }
}
