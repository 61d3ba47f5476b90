//! The side that logs in.

use super::keys::{self, AuthMessage};
use super::{
    BindingType, ChannelBinding, ClientFinal, ClientFirst, Fault, Flag, Gs2Header, Hash, MAX_ITERATIONS,
    MIN_ITERATIONS, Nonce, ServerFinal, ServerFirst, channel_binding,
};
use crate::prepare::{Preparation, Purpose};
use crate::{ClientMechanism, Error, Profile, text};
use alloc::{string::String, vec::Vec};
use core::fmt;
use core::ops::RangeInclusive;
use wire::{Misuse, Secret};

/// The client (RFC 5802 section 3). It hashes the password as often as the server says, within
/// [`accepting`](Self::accepting): with the most that is accepted by default, that is a second or so of one
/// processor, inside of [`respond`](crate::ClientExchange::respond).
///
/// ```
/// use auth::scram::{ChannelBinding, Client, Hash, Nonce};
/// use auth::{ClientExchange, Policy};
/// use wire::Secret;
///
/// # let (random_octets, exported) = ([7; 18], [7; 32]);
/// let nonce = Nonce::from_octets(&random_octets)?;
/// let mechanism = Client::new(Hash::Sha256, "user", &Secret::new(*b"pencil"), nonce)?
///     .bound_to(ChannelBinding::tls_exporter(exported));
/// let exchange = ClientExchange::new(mechanism, Policy::with_tls())?;
/// assert_eq!(exchange.profile().name, "SCRAM-SHA-256-PLUS");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Client {
    hash: Hash,
    header: Gs2Header,
    binding: Option<ChannelBinding>,
    username: String,
    /// Until the keys are made.
    password: Secret,
    nonce: Nonce,
    accepted: RangeInclusive<u32>,
    state: State,
}

/// What was sent last.
enum State {
    Nothing,
    First {
        bare: Vec<u8>,
    },
    /// What the server must send.
    Final {
        verifier: Secret,
    },
    /// The server has proved itself.
    Verified,
    /// It has failed, and never starts again.
    Over,
}

impl Client {
    /// To log in as `username`. Name and password are prepared with SASLprep.
    ///
    /// # Errors
    /// One of them is empty, longer than 255 octets, holds NUL, or cannot be prepared.
    pub fn new(hash: Hash, username: &str, password: &Secret, nonce: Nonce) -> Result<Self, Misuse> {
        Self::prepared(Preparation::SaslPrep, hash, username, password, nonce)
    }

    /// The same with another preparation. The password is prepared as a stored string, as RFC 5802 section 2.2
    /// demands on both sides.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn prepared(
        preparation: Preparation,
        hash: Hash,
        username: &str,
        password: &Secret,
        nonce: Nonce,
    ) -> Result<Self, Misuse> {
        text::check(username.as_bytes())?;
        text::check(password.expose())?;
        let username = preparation.identity(username, Purpose::Query)?;
        text::check(username.as_bytes())?;
        let password = preparation.password(password, Purpose::Stored)?;
        Ok(Self {
            hash,
            header: Gs2Header { flag: Flag::Unsupported, authorization: None },
            binding: None,
            username,
            password,
            nonce,
            accepted: MIN_ITERATIONS..=MAX_ITERATIONS,
            state: State::Nothing,
        })
    }

    /// To act as `identity` (RFC 4422 section 2).
    ///
    /// # Errors
    /// It is empty, longer than 255 octets, or holds NUL.
    pub fn acting_as(mut self, identity: &str) -> Result<Self, Misuse> {
        text::check(identity.as_bytes())?;
        self.header.authorization = Some(identity.into());
        Ok(self)
    }

    /// Binds the exchange to the TLS connection: the mechanism is the one with `-PLUS` then. To be done
    /// whenever the server offers that.
    #[must_use]
    pub fn bound_to(mut self, binding: ChannelBinding) -> Self {
        self.header.flag = Flag::Required(binding.kind().clone());
        self.binding = Some(binding);
        self
    }

    /// We could bind the exchange, and the server does not offer `-PLUS`. If it does after all, somebody has
    /// cut the list, and the server ends the exchange (RFC 5802 section 6).
    #[must_use]
    pub fn binding_not_offered(mut self) -> Self {
        self.header.flag = Flag::NotOffered;
        self.binding = None;
        self
    }

    /// How many iterations are accepted from the server: from 4096 to 1,000,000 by default. Fewer make it easy
    /// for a false server to try passwords, more keep the processor busy.
    ///
    /// # Errors
    /// The range is empty or begins with 0.
    pub fn accepting(mut self, iterations: RangeInclusive<u32>) -> Result<Self, Misuse> {
        if iterations.is_empty() || *iterations.start() == 0 {
            return Err(Misuse::Invalid("range of iterations"));
        }
        self.accepted = iterations;
        Ok(self)
    }

    #[cfg(test)]
    pub(super) fn state_for_tests(&self) -> Option<Secret> {
        match &self.state {
            State::Final { verifier } => Some(verifier.clone()),
            _ => None,
        }
    }

    fn answer(&mut self, server_first: &[u8], bare: &[u8]) -> Result<Secret, Error> {
        // errata 5271
        if server_first.starts_with(b"e=") {
            return Err(match ServerFinal::parse(server_first)? {
                ServerFinal::Error(error) => Error::Scram(Fault::Server(error)),
                ServerFinal::Verifier(_) => Error::OutOfTurn,
            });
        }
        let message = ServerFirst::parse(server_first)?;
        let added = message.nonce().strip_prefix(self.nonce.as_str());
        if added.is_none_or(str::is_empty) {
            return Err(Error::Scram(Fault::Nonce));
        }
        // before any computing
        let (iterations, accepted) = (message.iterations(), &self.accepted);
        if iterations < *accepted.start() {
            return Err(Error::Scram(Fault::TooFewIterations { least: *accepted.start() }));
        }
        if iterations > *accepted.end() {
            return Err(Error::Scram(Fault::TooManyIterations { most: *accepted.end() }));
        }
        let password = core::mem::take(&mut self.password);
        let salted = self.hash.hi(password.expose(), message.salt(), iterations);
        drop(password);
        let client_key = keys::client_key(self.hash, &salted);
        let stored_key = keys::stored_key(self.hash, &client_key);
        let mut response = ClientFinal {
            binding: Secret::new(channel_binding::input(&self.header, self.binding.as_ref())),
            nonce: message.nonce,
            extensions: String::new(),
            proof: Secret::default(),
        };
        let without_proof = response.without_proof();
        let auth_message =
            AuthMessage { client_first_bare: bare, server_first, client_final_without_proof: &without_proof };
        response.proof = keys::xor(&client_key, &auth_message.sign(self.hash, &stored_key));
        let server_key = keys::server_key(self.hash, &salted);
        self.state = State::Final { verifier: auth_message.sign(self.hash, &server_key) };
        Ok(response.encode())
    }
}

impl ClientMechanism for Client {
    fn profile(&self) -> Profile {
        self.hash.profile(matches!(self.header.flag, Flag::Required(_)))
    }

    fn start(&mut self) -> Result<Secret, Error> {
        let State::Nothing = self.state else { return Err(Error::OutOfTurn) };
        let message = ClientFirst {
            header: self.header.clone(),
            username: self.username.clone(),
            nonce: self.nonce.as_str().into(),
            extensions: String::new(),
        };
        self.state = State::First { bare: message.bare() };
        Ok(Secret::new(message.encode()))
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret, Error> {
        match core::mem::replace(&mut self.state, State::Over) {
            State::First { bare } => self.answer(challenge, &bare),
            State::Final { verifier } => match ServerFinal::parse(challenge)? {
                ServerFinal::Verifier(given) if given == verifier => {
                    self.state = State::Verified;
                    Ok(Secret::default())
                }
                ServerFinal::Verifier(_) => Err(Error::ServerNotVerified),
                ServerFinal::Error(error) => Err(Error::Scram(Fault::Server(error))),
            },
            State::Nothing | State::Verified | State::Over => Err(Error::OutOfTurn),
        }
    }

    fn finish(&mut self) -> Result<(), Error> {
        match self.state {
            State::Verified => Ok(()),
            _ => Err(Error::ServerNotVerified),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Nothing => "new",
            State::First { .. } => "first message sent",
            State::Final { .. } => "proof sent",
            State::Verified => "verified",
            State::Over => "over",
        };
        f.debug_struct("Client")
            .field("mechanism", &self.profile().name)
            .field("username", &self.username)
            .field("binding", &self.binding.as_ref().map(ChannelBinding::kind).map(BindingType::as_str))
            .field("state", &state)
            .finish_non_exhaustive()
    }
}
