//! `DIGEST-MD5` (RFC 2831): a challenge and a response as in HTTP Digest, after which the server proves itself, too.
//!
//! It is historic (RFC 6331): MD5, options that nobody implemented alike, no binding to TLS. It is here because some servers
//! have nothing else that does not show the password. Both sides need
//! [`Policy::allow_weak`](crate::Policy::allow_weak).
//!
//! Of its options there is authentication alone (`qop=auth`): no security layer, for which there is TLS, and no subsequent
//! authentication. The server has at most one realm. Names and passwords are hashed in ISO 8859-1 if they can be written in
//! it, as RFC 2831 section 2.1.2.1 demands, and sent in UTF-8 if the server says that it knows it.
//!
//! ```
//! # #[cfg(all(feature = "client", feature = "server"))] {
//! use auth::digest_md5::{self, Nonce, Uri};
//! use auth::{Answer, ClientExchange, Policy, ServerExchange, Step};
//! use wire::Secret;
//!
//! # fn random<const N: u8>() -> [u8; 18] { core::array::from_fn(|i| i as u8 ^ N) }
//! let policy = Policy::with_tls().allow_weak();
//! let uri = Uri::new("imap", "elwood.innosoft.com")?;
//! let server = digest_md5::Server::new(Nonce::from_octets(&random::<1>())?, uri.clone())?
//!     .with_realm("elwood.innosoft.com")?;
//! let mut server = ServerExchange::new(server, policy)?;
//! let cnonce = Nonce::from_octets(&random::<2>())?;
//! let client = digest_md5::Client::new("chris", Secret::new(*b"secret"), uri, cnonce)?;
//! let mut client = ClientExchange::new(client, policy)?;
//!
//! let mut step = server.start(None)?;
//! let authenticated = loop {
//!     step = match step {
//!         Step::Challenge(challenge) => server.respond(client.respond(&challenge)?.expose())?,
//!         Step::NeedCredentials(_) => server.answer(Answer::password(Secret::new(*b"secret")))?,
//!         Step::Done(authenticated) => break authenticated,
//!     };
//! };
//! assert_eq!(authenticated.user(), "chris");
//! assert!(client.finish(None)?.proved_by_server());
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod challenge;
mod directives;
#[cfg(any(test, feature = "client", feature = "server"))]
mod proof;
mod response;
mod response_auth;
mod uri;

pub use challenge::Challenge;
pub use response::Response;
pub use response_auth::ResponseAuth;
pub use uri::Uri;

pub use crate::scram::Nonce;

use crate::{Exposure, First, Profile};
use alloc::vec::Vec;
use wire::Secret;

/// What DIGEST-MD5 (RFC 2831) is like.
pub const PROFILE: Profile = Profile {
    name: "DIGEST-MD5",
    first: First::Server,
    exposure: Exposure::Digest,
    weak: true,
    proves_server: true,
};

/// In ISO 8859-1, if it can be; else in UTF-8 (RFC 2831 section 8).
fn latin1(text: &str) -> Secret {
    let mut octets = Vec::with_capacity(text.len());
    for c in text.chars() {
        match u8::try_from(c) {
            Ok(octet) => octets.push(octet),
            Err(_) => {
                drop(Secret::new(octets));
                return Secret::new(text.as_bytes());
            }
        }
    }
    Secret::new(octets)
}

/// Whether what is in quotation marks is hashed with its backslashes is not told: there must be none.
#[cfg(any(feature = "client", feature = "server"))]
fn check_nonce(nonce: &Nonce) -> Result<(), wire::Misuse> {
    match nonce.as_str().bytes().position(|o| matches!(o, b'"' | b'\\')) {
        Some(offset) => Err(wire::Misuse::IllegalOctet { offset }),
        None => Ok(()),
    }
}

#[cfg(feature = "client")]
mod client {
    use super::proof::{CLIENT, SERVER, proof, session_key};
    use super::{Challenge, Nonce, PROFILE, Response, ResponseAuth, Uri};
    use crate::digest::Digest;
    use crate::error::unfit;
    use crate::{ClientMechanism, Error, Profile, expected, text};
    use alloc::{borrow::ToOwned, string::String};
    use wire::{Misuse, Secret};

    /// The client: answers the challenge, then checks the server's proof.
    #[derive(Debug)]
    pub struct Client {
        user: String,
        authorization: Option<String>,
        realm: Option<String>,
        uri: Uri,
        cnonce: Nonce,
        state: State,
    }

    /// Whether it can be written in ISO 8859-1.
    fn is_latin1(text: &str) -> bool {
        text.chars().all(|c| u8::try_from(c).is_ok())
    }

    #[derive(Debug)]
    enum State {
        New(Secret),
        /// What the server must send.
        Answered(ResponseAuth),
        Proved,
        Failed,
    }

    impl Client {
        /// To log in as `user` at the service `uri`. `cnonce` must be another one each time.
        ///
        /// # Errors
        /// A value is empty, longer than 255 octets, not UTF-8, or has NUL; the name has a control
        /// character; the nonce has a quotation mark or a backslash.
        pub fn new(user: &str, password: Secret, uri: Uri, cnonce: Nonce) -> Result<Self, Misuse> {
            super::response::check(user)?;
            text::check(password.expose())?;
            super::check_nonce(&cnonce)?;
            Ok(Self {
                user: user.to_owned(),
                authorization: None,
                realm: None,
                uri,
                cnonce,
                state: State::New(password),
            })
        }

        /// In this realm. If the server offers realms, it must be one of them. Without this it is the first that the server
        /// offers, or none.
        ///
        /// # Errors
        /// It is empty, longer than 255 octets, or has a control character.
        pub fn in_realm(self, realm: &str) -> Result<Self, Misuse> {
            super::response::check(realm)?;
            Ok(Self { realm: Some(realm.to_owned()), ..self })
        }

        /// To act as `identity`.
        ///
        /// # Errors
        /// It is empty, longer than 255 octets, or has a control character.
        pub fn acting_as(self, identity: &str) -> Result<Self, Misuse> {
            super::response::check(identity)?;
            Ok(Self { authorization: Some(identity.to_owned()), ..self })
        }

        fn answer(&mut self, challenge: &[u8], password: &Secret) -> Result<Secret, Error> {
            let parsed = Challenge::parse(challenge).map_err(Error::Malformed)?;
            let offered = parsed.realms();
            let realm = match &self.realm {
                Some(realm) if offered.is_empty() || offered.contains(realm) => Some(realm.clone()),
                Some(_) => return Err(unfit(challenge, expected::REALM)),
                None => offered.first().cloned(),
            };
            let texts = [Some(&*self.user), realm.as_deref(), core::str::from_utf8(password.expose()).ok()];
            if !parsed.has_utf8() && !texts.into_iter().flatten().all(is_latin1) {
                return Err(unfit(challenge, expected::CHARSET));
            }
            let mut response = Response {
                utf8: parsed.has_utf8(),
                username: core::mem::take(&mut self.user),
                realm,
                nonce: parsed.nonce().to_owned(),
                cnonce: self.cnonce.as_str().to_owned(),
                uri: self.uri.as_str().to_owned(),
                response: Digest([0; 16]),
                authorization: self.authorization.take(),
            };
            let key = session_key(&response, password);
            response.response = proof(&key, &response, CLIENT);
            self.state = State::Answered(ResponseAuth::from(proof(&key, &response, SERVER)));
            Ok(response.encode())
        }
    }

    impl ClientMechanism for Client {
        fn profile(&self) -> Profile {
            PROFILE
        }

        fn respond(&mut self, challenge: &[u8]) -> Result<Secret, Error> {
            match core::mem::replace(&mut self.state, State::Failed) {
                State::New(password) => self.answer(challenge, &password),
                State::Answered(expected) => {
                    if ResponseAuth::parse(challenge).map_err(Error::Malformed)? != expected {
                        return Err(Error::ServerNotVerified);
                    }
                    self.state = State::Proved;
                    Ok(Secret::default())
                }
                State::Proved | State::Failed => Err(Error::OutOfTurn),
            }
        }

        fn finish(&mut self) -> Result<(), Error> {
            match self.state {
                State::Proved => Ok(()),
                State::New(_) => Err(Error::Unfinished),
                State::Answered(_) | State::Failed => Err(Error::ServerNotVerified),
            }
        }
    }
}
#[cfg(feature = "client")]
pub use client::Client;

#[cfg(feature = "server")]
mod server {
    use super::proof::{CLIENT, SERVER, proof, session_key};
    use super::{Challenge, Nonce, PROFILE, Response, ResponseAuth, Uri};
    use crate::error::wanted;
    use crate::{Credentials, Error, Move, Need, Profile, Request, ServerMechanism};
    use alloc::{borrow::ToOwned, string::String, vec, vec::Vec};
    use wire::Misuse;

    /// The server: sends its challenge, reads the response, asks [`Need::Password`], compares in constant time, and proves that
    /// it knows the password, too.
    #[derive(Debug)]
    pub struct Server {
        nonce: Nonce,
        uris: Vec<Uri>,
        realm: Option<String>,
        given: Option<Response>,
    }

    impl Server {
        /// For the service `uri`. `nonce` must be another one each time.
        ///
        /// # Errors
        /// The nonce has a quotation mark or a backslash.
        pub fn new(nonce: Nonce, uri: Uri) -> Result<Self, Misuse> {
            super::check_nonce(&nonce)?;
            Ok(Self { nonce, uris: vec![uri], realm: None, given: None })
        }

        /// The service is known by this name, too.
        #[must_use]
        pub fn or_uri(mut self, uri: Uri) -> Self {
            self.uris.push(uri);
            self
        }

        /// The realm in which names are looked up. Without this there is none.
        ///
        /// # Errors
        /// It is empty, longer than 255 octets, or has a control character.
        pub fn with_realm(self, realm: &str) -> Result<Self, Misuse> {
            super::response::check(realm)?;
            Ok(Self { realm: Some(realm.to_owned()), ..self })
        }
    }

    impl ServerMechanism for Server {
        fn profile(&self) -> Profile {
            PROFILE
        }

        fn start(&mut self) -> Result<Move, Error> {
            let challenge = Challenge {
                realms: self.realm.iter().cloned().collect(),
                nonce: self.nonce.as_str().to_owned(),
                utf8: true,
            };
            Ok(Move::Challenge(challenge.encode()))
        }

        fn respond(&mut self, response: &[u8]) -> Result<Move, Error> {
            let response = Response::parse(response).map_err(Error::Malformed)?;
            // another challenge, realm or service; none of that depends on the user. No realm is an empty one.
            let realm = (response.realm().unwrap_or_default(), self.realm.as_deref().unwrap_or_default());
            if response.nonce() != self.nonce.as_str()
                || realm.0 != realm.1
                || !self.uris.iter().any(|uri| uri.is(response.uri()))
            {
                return Err(Error::Rejected);
            }
            let request = Request::new(
                response.username(),
                response.authorization().map(ToOwned::to_owned),
                Need::Password,
            );
            self.given = Some(response);
            Ok(Move::Ask(request))
        }

        fn answer(&mut self, credentials: Credentials) -> Result<Move, Error> {
            let given = self.given.as_ref().ok_or(wanted("after the response"))?;
            let (password, valid) = credentials.secret("answer to DIGEST-MD5")?;
            let key = session_key(given, &password);
            let right = proof(&key, given, CLIENT).same(&given.response) & valid;
            let proof = ResponseAuth::from(proof(&key, given, SERVER));
            if right.into() { Ok(Move::Accept { data: Some(proof.encode()) }) } else { Err(Error::Rejected) }
        }
    }
}
#[cfg(feature = "server")]
pub use server::Server;
