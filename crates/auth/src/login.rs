//! `LOGIN` (draft-murchison-sasl-login): the name, then the password, each in a message of its own.
//!
//! It never became a standard, but some servers offer nothing else. It shows what `PLAIN` shows, in more
//! round trips, and cannot carry an authorization identity: it is for the sake of old software only.
//!
//! ```
//! # #[cfg(all(feature = "client", feature = "server"))] {
//! use auth::{Answer, ClientExchange, Policy, ServerExchange, Step, login};
//! use wire::Secret;
//!
//! let mechanism = login::Client::new("tim", Secret::new(*b"tanstaaftanstaaf"))?;
//! let mut client = ClientExchange::new(mechanism, Policy::with_tls())?;
//! let mut server = ServerExchange::new(login::Server::new(), Policy::with_tls())?;
//!
//! let mut step = server.start(None)?;
//! let authenticated = loop {
//!     step = match step {
//!         Step::Challenge(prompt) => server.respond(client.respond(&prompt)?.expose())?,
//!         Step::NeedCredentials(_) => server.answer(Answer::password(Secret::new(*b"tanstaaftanstaaf")))?,
//!         Step::Done(authenticated) => break authenticated,
//!     };
//! };
//! assert_eq!(authenticated.user(), "tim");
//! let _verified = client.finish(None)?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::{Exposure, First, Profile};

/// What LOGIN is like.
pub const PROFILE: Profile = Profile {
    name: "LOGIN",
    first: First::Either,
    exposure: Exposure::Cleartext,
    weak: false,
    proves_server: false,
};

/// The longest name and the longest password, in octets. The draft allows names of 63 characters; clients
/// use mail addresses, which may be longer.
pub const MAX_FIELD: usize = crate::text::MAX;

#[cfg(feature = "client")]
mod client {
    use super::PROFILE;
    use crate::{ClientMechanism, Error, Profile, text};
    use alloc::{borrow::ToOwned, string::String};
    use wire::{Misuse, Secret};

    /// The client: answers the first challenge with the name and the second with the password, whatever
    /// they say. Servers say `User Name`, `Username:`, and the same with NUL or in other languages: the
    /// draft wants it to be ignored.
    #[derive(Debug)]
    pub struct Client {
        /// Until it was sent.
        user: Option<String>,
        /// Until it was sent.
        password: Option<Secret>,
    }

    impl Client {
        /// To log in as `user`.
        ///
        /// # Errors
        /// A value is empty, longer than [`MAX_FIELD`](super::MAX_FIELD), not UTF-8, or holds NUL, CR or
        /// LF.
        pub fn new(user: &str, password: Secret) -> Result<Self, Misuse> {
            for value in [user.as_bytes(), password.expose()] {
                text::check(value)?;
                if let Some(offset) = value.iter().position(|o| matches!(o, b'\r' | b'\n')) {
                    return Err(Misuse::IllegalOctet { offset });
                }
            }
            Ok(Self { user: Some(user.to_owned()), password: Some(password) })
        }
    }

    impl ClientMechanism for Client {
        fn profile(&self) -> Profile {
            PROFILE
        }

        fn respond(&mut self, _: &[u8]) -> Result<Secret, Error> {
            match self.user.take() {
                Some(user) => Ok(Secret::new(user)),
                None => self.password.take().ok_or(Error::OutOfTurn),
            }
        }

        fn finish(&mut self) -> Result<(), Error> {
            match self.password {
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
    use super::PROFILE;
    use crate::error::wanted;
    use crate::password::Check;
    use crate::prepare::Preparation;
    use crate::server::accept_if;
    use crate::{Credentials, Error, Move, Need, Profile, Request, ServerMechanism, expected, scram, text};
    use alloc::{borrow::ToOwned, string::String};
    use wire::{Misuse, Secret};

    /// The server: asks for the name, unless that came as an initial response, then for the password, then
    /// [`Need::PasswordCheck`]. Its prompts are `Username:` and `Password:`, because some clients wait for
    /// these.
    #[derive(Debug, Default)]
    pub struct Server {
        check: Check,
        user: Option<String>,
        presented: Option<Secret>,
    }

    impl Server {
        /// Waits for the name.
        #[must_use]
        pub const fn new() -> Self {
            Self { check: Check::new(), user: None, presented: None }
        }

        /// How name and password are prepared, and the stored password: with SASLprep by default.
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

        fn start(&mut self) -> Result<Move, Error> {
            Ok(Move::Challenge(b"Username:".to_vec()))
        }

        fn respond(&mut self, response: &[u8]) -> Result<Move, Error> {
            let Some(user) = self.user.take() else {
                let user = text::whole(response, expected::AUTHENTICATION).map_err(Error::Malformed)?;
                self.user = Some(user.to_owned());
                return Ok(Move::Challenge(b"Password:".to_vec()));
            };
            let password = text::whole(response, expected::PASSWORD).map_err(Error::Malformed)?;
            let password = Secret::new(password.as_bytes());
            let (user, presented) = self.check.prepare(&user, &password).ok_or(Error::Rejected)?;
            self.presented = Some(presented.clone());
            Ok(Move::Ask(Request::new(user, None, Need::PasswordCheck { presented })))
        }

        fn answer(&mut self, credentials: Credentials) -> Result<Move, Error> {
            let presented = self.presented.as_ref().ok_or(wanted("after the password"))?;
            self.check.is_right(presented, &credentials).and_then(accept_if)
        }
    }
}
#[cfg(feature = "server")]
pub use server::Server;

#[cfg(all(feature = "client", feature = "server"))]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientMechanism, Error, Move, Need, ServerMechanism};
    use alloc::{format, vec, vec::Vec};
    use wire::{Misuse, Secret};

    fn client() -> Client {
        Client::new("tim", Secret::new(*b"tanstaaftanstaaf")).unwrap()
    }

    /// Case 180; the example of the draft, section 2.3.
    #[test]
    fn prompts_are_answered_by_their_order() {
        for (first, second) in [
            (&b"Username:"[..], &b"Password:"[..]),
            (b"User Name\0", b"Password\0"),
            (b"", b""),
            (b"Password:", b"Username:"),
            (b"\xff\0", b"Mot de passe"),
        ] {
            let mut client = client();
            assert_eq!(client.finish(), Err(Error::Unfinished));
            assert_eq!(client.respond(first).unwrap().expose(), b"tim");
            assert_eq!(client.finish(), Err(Error::Unfinished));
            assert_eq!(client.respond(second).unwrap().expose(), b"tanstaaftanstaaf");
            assert_eq!(client.finish(), Ok(()));
            assert_eq!(client.respond(second), Err(Error::OutOfTurn));
        }
    }

    #[test]
    fn an_initial_response_is_the_name() {
        let mut server = Server::new();
        assert!(matches!(server.respond(b"tim"), Ok(Move::Challenge(prompt)) if prompt == b"Password:"));
        let Ok(Move::Ask(request)) = server.respond(b"secret") else { panic!() };
        assert_eq!(request.authentication, "tim");
        assert_eq!(request.need, Need::PasswordCheck { presented: Secret::new(*b"secret") });
        assert!(matches!(Server::new().start(), Ok(Move::Challenge(prompt)) if prompt == b"Username:"));
    }

    #[test]
    fn malformed_messages() {
        let long = vec![b'x'; 256];
        for (messages, offset) in [
            (vec![&b""[..]], 0),
            (vec![b"tim\0"], 3),
            (vec![b"t\xff"], 1),
            (vec![&long], 255),
            (vec![b"tim", b""], 0),
            (vec![b"tim", b"secret\0"], 6),
            (vec![b"tim", b"\0"], 0),
            (vec![b"tim", &long], 255),
        ] {
            let mut server = Server::new();
            let results: Vec<_> = messages.iter().map(|message| server.respond(message)).collect();
            let Some(Err(Error::Malformed(error))) = results.last() else { panic!("{messages:?}") };
            assert_eq!(error.offset, offset, "{messages:?}");
        }
    }

    #[test]
    fn values_cannot_inject() {
        for (user, password, misuse) in [
            ("", "x", Misuse::Empty),
            ("x", "", Misuse::Empty),
            ("a\r\nb", "x", Misuse::IllegalOctet { offset: 1 }),
            ("x", "a\n", Misuse::IllegalOctet { offset: 1 }),
            ("x", "\0", Misuse::IllegalOctet { offset: 0 }),
            (&*"x".repeat(256), "x", Misuse::TooLong { limit: 255 }),
        ] {
            assert_eq!(Client::new(user, Secret::new(password.as_bytes())).unwrap_err(), misuse);
        }
        assert!(!format!("{:?}", client()).contains("tanstaaf"));
    }
}
