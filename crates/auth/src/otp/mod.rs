//! `OTP` (RFC 2444, RFC 2289, RFC 2243): each password is good for one login.
//!
//! The client hashes its pass phrase as often as the server says, and each time the server says one less. Who has read along
//! knows no further one, but can try pass phrases; who is in the middle can use the one of now. The server stores no secret.
//! It proves nothing to the client.
//!
//! What a server must do (RFC 2289 section 9): let nobody else log in as this user by OTP from the moment it has answered
//! [`Need::OneTimePassword`](crate::Need::OneTimePassword) until the exchange is over, or else take the update only if the state
//! is still the one that it has answered.
//!
//! The hashes are MD5 and SHA-1, whose weakness, collisions, does not matter here; MD4 is left out. Alternative dictionaries
//! (RFC 2289 Appendix B, a SHOULD) are not there.
//!
//! ```
//! # #[cfg(all(feature = "client", feature = "server"))] {
//! use auth::otp::{self, Algorithm, Form, Parameters, Seed, State};
//! use auth::{Answer, ClientExchange, Need, Policy, ServerExchange, Step};
//! use wire::Secret;
//!
//! let phrase = || Secret::new(*b"This is a test.");
//! // of the last login, or of the initialisation
//! let parameters = Parameters::new(Algorithm::Md5, 500, Seed::new("ke1234")?)?;
//! let mut stored = State::initial(parameters, &phrase());
//!
//! let policy = Policy::with_tls();
//! let key = Secret::new(*b"the server's key for unknown users");
//! let mut server = ServerExchange::new(otp::Server::new(key)?, policy)?;
//! let client = otp::Client::new("tim", phrase(), Form::Words)?;
//! let mut client = ClientExchange::new(client, policy)?;
//! let initial = client.initial_response()?;
//! let mut step = server.start(initial.as_ref().map(Secret::expose))?;
//! let authenticated = loop {
//!     step = match step {
//!         Step::Challenge(challenge) => {
//!             assert_eq!(challenge, b"otp-md5 499 ke1234 ext");
//!             let response = client.respond(&challenge)?;
//!             assert_eq!(response.expose(), b"word:BOND FOGY DRAB NE RISE MART");
//!             server.respond(response.expose())?
//!         }
//!         Step::NeedCredentials(request) => match request.need {
//!             Need::OneTimePassword => server.answer(Answer::one_time_password(stored.clone()))?,
//!             Need::OneTimePasswordUpdate { state } => {
//!                 stored = state;
//!                 server.answer(Answer::accepted())?
//!             }
//!             _ => server.answer(Answer::rejected())?,
//!         },
//!         Step::Done(authenticated) => break authenticated,
//!     };
//! };
//! assert_eq!(authenticated.user(), "tim");
//! assert_eq!(stored.parameters().sequence(), 499);
//! let _verified = client.finish(None)?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "client")]
mod client;
mod key;
mod parameters;
mod response;
#[cfg(feature = "server")]
mod server;
mod words;

#[cfg(feature = "client")]
pub use client::Client;
pub use key::Key;
pub use parameters::{Algorithm, Challenge, Parameters, Seed};
pub use response::{Form, Response};
#[cfg(feature = "server")]
pub use server::Server;

use crate::{Exposure, First, Profile};
use wire::Secret;

/// What OTP (RFC 2444) is like.
pub const PROFILE: Profile = Profile {
    name: "OTP",
    first: First::Client,
    exposure: Exposure::Digest,
    weak: false,
    proves_server: false,
};

/// What a server stores for a user: the last one-time password that was right, and its parameters.
///
/// To store it, write [`Parameters::algorithm`], [`Parameters::sequence`], [`Parameters::seed`] and [`Key::to_hex`], and
/// make it again with [`State::new`].
///
/// ```
/// use auth::otp::{Algorithm, Key, Parameters, Seed, State};
///
/// let parameters = Parameters::new(Algorithm::named("md5").ok_or("unknown")?, 499, Seed::new("ke1234")?)?;
/// let state = State::new(parameters, Key::parse_hex(b"5bf075d9959d036f")?);
/// assert_eq!(&state.key().to_hex(), b"5bf075d9959d036f");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    parameters: Parameters,
    key: Key,
}

impl State {
    /// As it was stored.
    #[must_use]
    pub const fn new(parameters: Parameters, key: Key) -> Self {
        Self { parameters, key }
    }

    /// Of a user who has not logged in yet. Make it where the pass phrase is known, which need not be the server.
    #[must_use]
    pub fn initial(parameters: Parameters, phrase: &Secret) -> Self {
        let key = Key::compute(&parameters, phrase);
        Self { parameters, key }
    }

    /// The parameters of the last login.
    #[must_use]
    pub const fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The one-time password of the last login. Further ones cannot be computed from it, but with it pass phrases can be tried.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }
}
