//! `EXTERNAL` (RFC 4422 appendix A): the client is whom TLS has shown, by its certificate; the message only says
//! as whom it wants to act.
//!
//! Offer it only where there is a client certificate. Nothing secret crosses the network.
//!
//! ```
//! # #[cfg(all(feature = "client", feature = "server"))] {
//! use auth::{Answer, ClientExchange, Need, Policy, ServerExchange, Step, external};
//!
//! let policy = Policy::with_tls();
//! let mut client = ClientExchange::new(external::Client::new(), policy)?;
//! let mut server = ServerExchange::new(external::Server::new(), policy)?;
//! // C: AUTH EXTERNAL =
//! let initial = client.initial_response()?.ok_or("the client speaks first")?;
//! assert!(initial.is_empty());
//! let Step::NeedCredentials(request) = server.start(Some(initial.expose()))? else {
//!     return Err("EXTERNAL needs no further message".into());
//! };
//! assert_eq!(request.need, Need::External);
//! // the server looks at the certificate
//! let Step::Done(authenticated) = server.answer(Answer::accepted().known_as("fred@example.com"))? else {
//!     return Err("EXTERNAL ends here".into());
//! };
//! assert_eq!(authenticated.user(), "fred@example.com");
//! let _verified = client.finish(None)?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::{Exposure, First, Profile, expected, text};
use alloc::{borrow::ToOwned, string::String};
use wire::{Misuse, ParseError, Secret};

/// What EXTERNAL (RFC 4422 appendix A) is like.
pub const PROFILE: Profile = Profile {
    name: "EXTERNAL",
    first: First::Client,
    exposure: Exposure::Nothing,
    weak: false,
    proves_server: false,
};

/// The message of the client (RFC 4422 appendix A.1).
///
/// ```
/// use auth::external::Message;
///
/// assert_eq!(Message::parse(b"fred@example.com")?.authorization(), Some("fred@example.com"));
/// // the identity that goes with the certificate
/// assert_eq!(Message::parse(b"")?.authorization(), None);
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    authorization: Option<String>,
}

impl Message {
    /// The longest identity, in octets.
    pub const MAX_FIELD: usize = text::MAX;

    /// To act as whom the server knows by the certificate.
    #[must_use]
    pub const fn new() -> Self {
        Self { authorization: None }
    }

    /// To act as `identity`.
    ///
    /// # Errors
    /// It is empty, longer than [`MAX_FIELD`](Self::MAX_FIELD), or holds NUL.
    pub fn acting_as(self, identity: &str) -> Result<Self, Misuse> {
        text::check(identity.as_bytes())?;
        Ok(Self { authorization: Some(identity.to_owned()) })
    }

    /// The identity to act as.
    #[must_use]
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// Parses a whole message.
    ///
    /// ```text
    /// external-initial-resp = authz-id-string
    /// authz-id-string       = *( UTF8-char-no-nul )
    /// ```
    ///
    /// # Errors
    /// The offset and what was expected there. No octet of the message.
    pub fn parse(i: &[u8]) -> Result<Self, ParseError> {
        if i.is_empty() {
            return Ok(Self::new());
        }
        let identity = text::all(i, |i| text::safe(i, expected::AUTHORIZATION))?;
        Ok(Self { authorization: Some(identity.to_owned()) })
    }

    /// The message.
    #[must_use]
    pub fn encode(&self) -> Secret {
        Secret::new(self.authorization().unwrap_or_default().as_bytes())
    }
}

#[cfg(feature = "client")]
mod client {
    use super::{Message, PROFILE};
    use crate::client::Once;
    use crate::{ClientMechanism, Error, Profile};
    use wire::{Misuse, Secret};

    /// The client: sends its message, and has nothing to say after it. An empty one is still a message: as
    /// an initial response it is sent as `=` in POP3, IMAP and SMTP.
    #[derive(Debug)]
    pub struct Client(Once<Message>);

    impl Client {
        /// To act as whom the server knows by the certificate.
        #[must_use]
        pub const fn new() -> Self {
            Self(Once::new(Message::new()))
        }

        /// To act as `identity`.
        ///
        /// # Errors
        /// As [`Message::acting_as`].
        pub fn acting_as(self, identity: &str) -> Result<Self, Misuse> {
            self.0.change(|message| message.acting_as(identity)).map(Self)
        }
    }

    impl Default for Client {
        fn default() -> Self {
            Self::new()
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
    use crate::server::accept_if;
    use crate::{Credentials, Error, Move, Need, Profile, Request, ServerMechanism};

    /// The server: reads the message and asks [`Need::External`].
    #[derive(Debug, Default)]
    pub struct Server(());

    impl Server {
        /// Waits for the message.
        #[must_use]
        pub const fn new() -> Self {
            Self(())
        }
    }

    impl ServerMechanism for Server {
        fn profile(&self) -> Profile {
            PROFILE
        }

        fn respond(&mut self, response: &[u8]) -> Result<Move, Error> {
            let message = Message::parse(response).map_err(Error::Malformed)?;
            Ok(Move::Ask(Request::new("", message.authorization, Need::External)))
        }

        fn answer(&mut self, credentials: Credentials) -> Result<Move, Error> {
            credentials.verdict("answer to EXTERNAL").and_then(accept_if)
        }
    }
}
#[cfg(feature = "server")]
pub use server::Server;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// Case 185: UTF-8 without NUL.
    #[test]
    fn messages() {
        for (text, offset) in [
            (&b"\0"[..], 0),
            (b"fred\0", 4),
            (b"fr\0ed", 2),
            (b"fred\xff", 4),
            (b"\xed\xa0\x80", 0),
            (&[b'x'; 256], 255),
        ] {
            assert_eq!(Message::parse(text).unwrap_err().offset, offset, "{text:?}");
        }
        assert!(Message::parse(&[b'x'; 255]).is_ok());
        for identity in ["", "a\0", &"x".repeat(256)] {
            assert!(Message::new().acting_as(identity).is_err());
        }
    }

    /// Case 185: an empty initial response is not an absent one.
    #[cfg(all(feature = "client", feature = "server"))]
    #[test]
    fn an_empty_message_is_a_message() {
        use crate::{ClientExchange, Policy, ServerExchange, Step};
        let policy = Policy::with_tls();
        let mut server = ServerExchange::new(Server::new(), policy).unwrap();
        assert!(matches!(server.start(Some(b"")), Ok(Step::NeedCredentials(_))));
        let mut server = ServerExchange::new(Server::new(), policy).unwrap();
        assert!(matches!(server.start(None), Ok(Step::Challenge(nothing)) if nothing.is_empty()));
        assert!(matches!(server.respond(b""), Ok(Step::NeedCredentials(_))));
        let mut client = ClientExchange::new(Client::new(), policy).unwrap();
        assert_eq!(client.initial_response(), Ok(Some(Secret::default())));
        assert_eq!(client.respond(b""), Err(crate::Error::OutOfTurn));
    }

    proptest! {
        #[test]
        fn messages_round_trip(octets: Vec<u8>, text in "[^\0]{0,60}") {
            for octets in [&octets[..], text.as_bytes()] {
                if let Ok(message) = Message::parse(octets) {
                    let encoded = message.encode();
                    prop_assert_eq!(encoded.expose(), octets);
                } else {
                    prop_assert!(octets.contains(&0) || std::str::from_utf8(octets).is_err());
                }
            }
        }
    }
}
