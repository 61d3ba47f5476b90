//! The client.

use super::parameters::{Challenge, Parameters};
use super::{Form, Key, PROFILE, Response};
use crate::error::unfit;
use crate::{ClientMechanism, Error, Profile, expected, text};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use wire::{Misuse, Secret};

/// The client: sends its name, and answers the challenge.
///
/// ```
/// use auth::otp::{Client, Form};
/// use auth::{ClientExchange, Error, Policy};
/// use wire::Secret;
///
/// let client = Client::new("tim", Secret::new(*b"This is a test."), Form::Hex)?.not_below(100);
/// let mut exchange = ClientExchange::new(client, Policy::with_tls())?;
/// assert!(exchange.initial_response()?.is_some());
/// // the sequence is used up, or somebody wants a password from which the next ones follow
/// assert_eq!(exchange.respond(b"otp-md5 99 ke1234 ext"), Err(Error::Exhausted));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Client {
    user: String,
    authorization: Option<String>,
    form: Form,
    floor: u16,
    new: Option<Parameters>,
    state: State,
}

#[derive(Debug)]
enum State {
    New(Secret),
    Named(Secret),
    Over,
}

impl Client {
    /// The shortest pass phrase, in characters (RFC 2289 section 6).
    pub const MIN_PHRASE: usize = 10;

    /// To log in as `user`.
    ///
    /// # Errors
    /// The pass phrase is shorter than [`MIN_PHRASE`](Self::MIN_PHRASE); a value is empty, longer than 255 octets, not UTF-8, or
    /// has NUL.
    pub fn new(user: &str, phrase: Secret, form: Form) -> Result<Self, Misuse> {
        text::check(user.as_bytes())?;
        if text::check(phrase.expose())?.chars().count() < Self::MIN_PHRASE {
            return Err(Misuse::Invalid("pass phrase: shorter than 10 characters"));
        }
        let state = State::New(phrase);
        Ok(Self { user: user.to_owned(), authorization: None, form, floor: 1, new: None, state })
    }

    /// To act as `identity`.
    ///
    /// # Errors
    /// It is empty, longer than 255 octets, or has NUL.
    pub fn acting_as(self, identity: &str) -> Result<Self, Misuse> {
        text::check(identity.as_bytes())?;
        Ok(Self { authorization: Some(identity.to_owned()), ..self })
    }

    /// Answers no sequence number below this one with [`Error::Exhausted`]. From a one-time password all with higher numbers follow:
    /// who can put words into the server's mouth would ask for a low one. Take the number of the last login, less some.
    #[must_use]
    pub fn not_below(self, sequence: u16) -> Self {
        Self { floor: sequence.max(1), ..self }
    }

    /// Logs in, and begins a new sequence with the same pass phrase (RFC 2243 section 4): ask the user. The seed must be another
    /// than that of the server's challenge.
    ///
    /// Only under TLS: nothing in the mechanism protects the new sequence, so whoever can change the response on its way would begin
    /// one of his own and be the user from then on (RFC 2444 section 6).
    #[must_use]
    pub fn beginning(self, new: Parameters) -> Self {
        Self { new: Some(new), ..self }
    }

    fn answer(&self, challenge: &[u8], phrase: &Secret) -> Result<Secret, Error> {
        let Challenge(parameters) = Challenge::parse(challenge).map_err(Error::Malformed)?;
        if parameters.sequence() < self.floor {
            return Err(Error::Exhausted);
        }
        let mut response = Response::new(self.form, Key::compute(&parameters, phrase));
        if let Some(new) = &self.new {
            if new.seed() == parameters.seed() {
                return Err(unfit(challenge, expected::NEW_SEED));
            }
            response = response.with_new_sequence(new.clone(), Key::compute(new, phrase));
        }
        Ok(response.encode())
    }
}

impl ClientMechanism for Client {
    fn profile(&self) -> Profile {
        PROFILE
    }

    fn start(&mut self) -> Result<Secret, Error> {
        match core::mem::replace(&mut self.state, State::Over) {
            State::New(phrase) => self.state = State::Named(phrase),
            State::Named(_) | State::Over => return Err(Error::OutOfTurn),
        }
        let mut octets = Vec::new();
        octets.extend_from_slice(self.authorization.as_deref().unwrap_or_default().as_bytes());
        octets.push(0);
        octets.extend_from_slice(self.user.as_bytes());
        Ok(Secret::new(octets))
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret, Error> {
        match core::mem::replace(&mut self.state, State::Over) {
            State::Named(phrase) => self.answer(challenge, &phrase),
            State::New(_) | State::Over => Err(Error::OutOfTurn),
        }
    }

    fn finish(&mut self) -> Result<(), Error> {
        match self.state {
            State::Over => Ok(()),
            State::New(_) | State::Named(_) => Err(Error::Unfinished),
        }
    }
}
