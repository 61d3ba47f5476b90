//! SCRAM: `SCRAM-SHA-1` (RFC 5802), `SCRAM-SHA-256` (RFC 7677), `SCRAM-SHA-512`, `SCRAM-SHA3-512`, each also
//! with `-PLUS`, which binds the exchange to the TLS connection.
//!
//! The password does not cross the network, the server need not store it, and each side proves to the
//! other that it knows it. Whoever reads along without TLS can still try passwords.
//!
//! ```
//! # #[cfg(all(feature = "client", feature = "server"))] {
//! use auth::prepare::Preparation;
//! use auth::scram::{Client, Hash, Nonce, Record, Salt, Server};
//! use auth::{Answer, ClientExchange, Policy, ServerExchange, Step};
//! use wire::Secret;
//!
//! # let (a, b, c, key) = ([1; 18], [2; 18], [3; 16], [4; 32]);
//! // stored when the user was made
//! let password = Secret::new(*b"pencil");
//! let salt = Salt::new(&c)?;
//! let record = Record::new(Hash::Sha256, &password, Preparation::SaslPrep, &salt, 4096)?;
//!
//! let policy = Policy::with_tls();
//! let client = Client::new(Hash::Sha256, "user", &password, Nonce::from_octets(&a)?)?;
//! let mut client = ClientExchange::new(client, policy)?;
//! let server = Server::new(Hash::Sha256, Secret::new(key), Nonce::from_octets(&b)?)?;
//! let mut server = ServerExchange::new(server, policy)?;
//!
//! let initial = client.initial_response()?;
//! let mut step = server.start(initial.as_ref().map(Secret::expose))?;
//! let authenticated = loop {
//!     step = match step {
//!         Step::Challenge(challenge) => server.respond(client.respond(&challenge)?.expose())?,
//!         Step::NeedCredentials(request) if request.authentication == "user" => {
//!             server.answer(Answer::record(record.clone()))?
//!         }
//!         Step::NeedCredentials(_) => server.answer(Answer::no_such_user())?,
//!         Step::Done(authenticated) => break authenticated,
//!     };
//! };
//! assert_eq!(authenticated.user(), "user");
//! // S: OK
//! assert!(client.finish(None)?.proved_by_server());
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is checked
//!
//! | What | Client | Server |
//! |---|---|---|
//! | order, duplicates, `m=`, illegal octets | [`Error::Malformed`], [`Fault::MandatoryExtension`] | the same, and `e=` |
//! | nonce | begins with ours, and adds something | is the one that was sent |
//! | iterations, before any computing | [`MIN_ITERATIONS`] to [`MAX_ITERATIONS`], settable | [`Record::new`], PLAIN against a record |
//! | channel binding | | flag against what is offered, `c=` octet for octet |
//! | proof | `v=`, or the login does not count | `p=`, in constant time |
//!
//! Unknown optional extensions are ignored, as RFC 5802 section 5.1 demands.
//!
//! [`Error::Malformed`]: crate::Error::Malformed

mod channel_binding;
#[cfg(feature = "client")]
mod client;
mod client_final;
mod client_first;
mod gs2_header;
mod hash;
mod keys;
mod nonce;
mod record;
#[cfg(feature = "server")]
mod server;
mod server_final;
mod server_first;
mod syntax;
#[cfg(all(test, feature = "client", feature = "server"))]
mod tests;

pub use channel_binding::{BindingType, ChannelBinding};
#[cfg(feature = "client")]
pub use client::Client;
pub use client_final::ClientFinal;
pub use client_first::ClientFirst;
pub use gs2_header::{Flag, Gs2Header};
pub use hash::Hash;
pub use nonce::{Nonce, Salt};
pub use record::{Form, MAX_ITERATIONS, MIN_ITERATIONS, Record};
#[cfg(feature = "server")]
pub use server::Server;
pub use server_final::{ServerError, ServerFinal};
pub use server_first::ServerFirst;

/// Why a SCRAM exchange (RFC 5802) did not go on, apart from malformed messages and wrong secrets. Shows nothing of a
/// message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The server has ended it, and said this: to our client, or our server to the client.
    #[error("the server ended the exchange: {0}")]
    Server(ServerError),
    /// The peer uses a mandatory extension (`m=`), and none is known.
    #[error("a mandatory extension, which is not supported")]
    MandatoryExtension,
    /// The server's nonce does not begin with the client's, or adds nothing to it.
    #[error("the server's nonce does not continue the client's")]
    Nonce,
    /// The server wants fewer iterations than are accepted.
    #[error("the server wants fewer than {least} iterations")]
    TooFewIterations {
        /// The least that is accepted.
        least: u32,
    },
    /// The server wants more iterations than are accepted.
    #[error("the server wants more than {most} iterations")]
    TooManyIterations {
        /// The most that is accepted.
        most: u32,
    },
}
