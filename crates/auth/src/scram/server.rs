//! The side that checks.

use super::keys::{self, AuthMessage, Keys};
use super::{
    ChannelBinding, ClientFinal, ClientFirst, Fault, Flag, Gs2Header, Hash, MAX_ITERATIONS, MIN_ITERATIONS,
    Nonce, Record, ServerError, ServerFinal, ServerFirst, channel_binding,
};
use crate::error::wanted;
use crate::prepare::{Preparation, Purpose};
use crate::{Credentials, Error, Move, Need, Profile, Request, ServerMechanism, expected};
use alloc::{string::String, vec, vec::Vec};
use core::fmt;
use wire::{Misuse, Secret};

/// The server (RFC 5802 section 3): asks [`Need::ScramRecord`], and compares in constant time.
///
/// Users that do not exist look like others: their salt is made of the name and a key, their iterations are
/// those of [`iterations`](Self::iterations), and they fail at the proof, with the same words. So that this
/// holds,
/// - the key must be the same for all exchanges and for years, and nobody else may know it,
/// - the iterations must be those of the records,
/// - a user who may not log in is answered with its record, [`Record::locked`],
/// - and names that the lookup takes for the same must be prepared to be the same: with a lookup without
///   regard to case, [`Preparation::PrecisCaseMapped`].
///
/// ```
/// use auth::scram::{Hash, Nonce, Record, Server};
/// use auth::{Answer, Need, Policy, ServerExchange, Step};
/// use wire::Secret;
///
/// # let (random_octets, key) = ([7; 18], [9; 32]);
/// let mechanism = Server::new(Hash::Sha256, Secret::new(key), Nonce::from_octets(&random_octets)?)?;
/// let mut exchange = ServerExchange::new(mechanism, Policy::with_tls())?;
/// let step = exchange.start(Some(b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"))?;
/// let Step::NeedCredentials(request) = step else { return Err("a name is there".into()) };
/// assert_eq!(request.need, Need::ScramRecord { hash: Hash::Sha256 });
/// let stored = b"{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
/// let Step::Challenge(challenge) = exchange.answer(Answer::record(Record::parse(stored)?))? else {
///     return Err("the client must prove itself".into());
/// };
/// assert!(challenge.ends_with(b",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Server {
    hash: Hash,
    key: Secret,
    nonce: Nonce,
    /// Empty without `-PLUS`.
    bindings: Vec<ChannelBinding>,
    offers_plus: bool,
    iterations: u32,
    salt_len: usize,
    stores_passwords: bool,
    preparation: Preparation,
    state: State,
}

enum State {
    Nothing,
    Asked {
        header: Gs2Header,
        name: String,
        nonce: String,
        bare: Vec<u8>,
    },
    Challenged {
        header: Gs2Header,
        nonce: String,
        bare: Vec<u8>,
        server_first: Vec<u8>,
        record: Record,
    },
    /// It has ended, and never starts again.
    Over,
}

impl Server {
    /// The least length of the key for users that do not exist, in octets.
    pub const MIN_KEY: usize = 16;

    /// Without channel binding.
    ///
    /// # Errors
    /// The key has fewer than 16 octets.
    pub fn new(hash: Hash, key: Secret, nonce: Nonce) -> Result<Self, Misuse> {
        if key.len() < Self::MIN_KEY {
            return Err(Misuse::Invalid("key for users that do not exist: it is too short"));
        }
        Ok(Self {
            hash,
            key,
            nonce,
            bindings: Vec::new(),
            offers_plus: false,
            iterations: MIN_ITERATIONS,
            salt_len: 16,
            stores_passwords: false,
            preparation: Preparation::SaslPrep,
            state: State::Nothing,
        })
    }

    /// The mechanism with `-PLUS`: the exchange is bound to the TLS connection, which has these bindings;
    /// the client takes one. `tls-unique` among them is what RFC 5802 section 6.1 demands, up to TLS 1.2.
    ///
    /// # Errors
    /// There are none.
    pub fn bound_to(mut self, bindings: impl IntoIterator<Item = ChannelBinding>) -> Result<Self, Misuse> {
        self.bindings = bindings.into_iter().collect();
        if self.bindings.is_empty() { Err(Misuse::Empty) } else { Ok(self) }
    }

    /// This mechanism is without `-PLUS`, and the server offers it with, too: a client that says `y` has not
    /// seen that, and is refused.
    #[must_use]
    pub fn offering_plus(mut self) -> Self {
        self.offers_plus = true;
        self
    }

    /// The iterations of users that do not exist, and of those of whom a password is stored: 4096 by
    /// default.
    ///
    /// # Errors
    /// 0, or above [`MAX_ITERATIONS`].
    pub fn iterations(mut self, iterations: u32) -> Result<Self, Misuse> {
        if !(1..=MAX_ITERATIONS).contains(&iterations) {
            return Err(Misuse::Invalid("number of iterations"));
        }
        self.iterations = iterations;
        Ok(self)
    }

    /// How long the salts of the records are, in octets: 16 by default.
    ///
    /// # Errors
    /// 0, or above 64.
    pub fn salt_len(mut self, octets: usize) -> Result<Self, Misuse> {
        if !(1..=64).contains(&octets) {
            return Err(Misuse::Invalid("length of a salt"));
        }
        self.salt_len = octets;
        Ok(self)
    }

    /// The lookup answers with passwords ([`Answer::password`](crate::Answer::password)) and not with
    /// records. Then each answer is hashed, which takes its time, and so users that do not exist take that
    /// time, too.
    #[must_use]
    pub fn storing_passwords(mut self) -> Self {
        self.stores_passwords = true;
        self
    }

    /// How the name is prepared before it is asked for, and a stored password before it is hashed: with
    /// SASLprep by default.
    #[must_use]
    pub fn preparation(mut self, preparation: Preparation) -> Self {
        self.preparation = preparation;
        self
    }

    fn is_plus(&self) -> bool {
        !self.bindings.is_empty()
    }

    /// RFC 5802 section 6.
    fn check_flag(&self, flag: &Flag) -> Result<(), ServerError> {
        match flag {
            Flag::NotOffered if self.is_plus() || self.offers_plus => {
                Err(ServerError::ServerDoesSupportChannelBinding)
            }
            // the name of the mechanism says that it would
            Flag::Unsupported if self.is_plus() => Err(ServerError::ChannelBindingsDontMatch),
            Flag::Unsupported | Flag::NotOffered => Ok(()),
            Flag::Required(_) if !self.is_plus() => Err(ServerError::ChannelBindingNotSupported),
            Flag::Required(kind) if self.bindings.iter().any(|binding| binding.kind() == kind) => Ok(()),
            Flag::Required(_) => Err(ServerError::UnsupportedChannelBindingType),
        }
    }

    fn first(&mut self, response: &[u8]) -> Result<Move, Error> {
        let message = match ClientFirst::parse(response) {
            Ok(message) => message,
            Err(error) => return Ok(malformed(error)),
        };
        if let Err(error) = self.check_flag(message.header().flag()) {
            return Ok(refuse(error));
        }
        let Ok(name) = self.preparation.identity(message.username(), Purpose::Query) else {
            return Ok(refuse(ServerError::InvalidUsernameEncoding));
        };
        let authorization = message.header.authorization.clone();
        let bare = message.bare();
        let ClientFirst { header, nonce, .. } = message;
        self.state = State::Asked { header, name: name.clone(), nonce, bare };
        Ok(Move::Ask(Request::new(name, authorization, Need::ScramRecord { hash: self.hash })))
    }

    /// The salt of a user without one: `HMAC(key, ...)`, the same each time.
    fn salt(&self, name: &str) -> Vec<u8> {
        let hash = if self.salt_len <= Hash::Sha256.output_len() { Hash::Sha256 } else { Hash::Sha512 };
        let whole = hash
            .hmac(self.key.expose(), &[b"SCRAM salt\0", self.hash.name().as_bytes(), b"\0", name.as_bytes()]);
        whole.expose().iter().take(self.salt_len).copied().collect()
    }

    /// As much work as for a user, and in vain: no proof is right, whatever the keys.
    fn mimic(&self, salt: &[u8]) -> Record {
        let keys = if self.stores_passwords {
            Keys::derive(self.hash, &self.key, salt, self.iterations)
        } else {
            let none = Secret::new(vec![0; self.hash.output_len()]);
            Keys { stored: none.clone(), server: none }
        };
        Record::mimic(self.hash, salt, self.iterations, keys)
    }

    fn last(&self, response: &[u8], state: &State) -> Move {
        let State::Challenged { header, nonce, bare, server_first, record } = state else {
            return refuse(ServerError::OtherError);
        };
        let message = match ClientFinal::parse(response) {
            Ok(message) => message,
            Err(error) => return malformed(error),
        };
        let bound_to = match header.flag() {
            Flag::Required(kind) => self.bindings.iter().find(|binding| binding.kind() == kind),
            Flag::Unsupported | Flag::NotOffered => None,
        };
        if message.binding != Secret::new(channel_binding::input(header, bound_to)) {
            return refuse(ServerError::ChannelBindingsDontMatch);
        }
        if message.nonce != *nonce {
            return refuse(ServerError::OtherError);
        }
        let without_proof = message.without_proof();
        let auth_message =
            AuthMessage { client_first_bare: bare, server_first, client_final_without_proof: &without_proof };
        let signature = auth_message.sign(self.hash, &record.keys.stored);
        let client_key = keys::xor(&message.proof, &signature);
        let right = keys::stored_key(self.hash, &client_key) == record.keys.stored;
        let verifier = auth_message.sign(self.hash, &record.keys.server);
        if right & record.valid & (message.proof.len() == self.hash.output_len()) {
            Move::Accept { data: Some(ServerFinal::Verifier(verifier).encode()) }
        } else {
            let challenge = ServerFinal::Error(ServerError::InvalidProof).encode();
            Move::Refuse { challenge, error: Error::Rejected }
        }
    }
}

fn refuse(error: ServerError) -> Move {
    let challenge = ServerFinal::Error(error).encode();
    Move::Refuse { challenge, error: Error::Scram(Fault::Server(error)) }
}

/// What a client is told about a message that cannot be parsed.
fn malformed(error: Error) -> Move {
    let word = match &error {
        Error::Scram(Fault::MandatoryExtension) => ServerError::ExtensionsNotSupported,
        Error::Malformed(error) if error.expected == expected::name(expected::USERNAME) => {
            ServerError::InvalidUsernameEncoding
        }
        _ => ServerError::InvalidEncoding,
    };
    Move::Refuse { challenge: ServerFinal::Error(word).encode(), error }
}

impl ServerMechanism for Server {
    fn profile(&self) -> Profile {
        self.hash.profile(self.is_plus())
    }

    fn respond(&mut self, response: &[u8]) -> Result<Move, Error> {
        match core::mem::replace(&mut self.state, State::Over) {
            State::Nothing => self.first(response),
            state @ State::Challenged { .. } => Ok(self.last(response, &state)),
            State::Asked { .. } | State::Over => Err(Error::OutOfTurn),
        }
    }

    fn answer(&mut self, credentials: Credentials) -> Result<Move, Error> {
        let State::Asked { name, .. } = &self.state else { return Err(wanted("after the first message")) };
        // of everybody, so that it takes no longer for those who need it
        let salt = self.salt(name);
        let record = match credentials {
            Credentials::ScramRecord(record) if record.hash() == self.hash => record,
            Credentials::ScramRecord(_) => {
                return Err(Misuse::Invalid("record: it is of another hash function").into());
            }
            // nobody but us can have compared
            Credentials::Accepted | Credentials::OneTimePassword(_) => {
                return Err(Misuse::Invalid("answer to SCRAM").into());
            }
            Credentials::Password(password) => match self.preparation.password(&password, Purpose::Stored) {
                Ok(password) => Record::derive(self.hash, &password, &salt, self.iterations),
                Err(_) => self.mimic(&salt),
            },
            Credentials::Rejected | Credentials::NoSuchUser => self.mimic(&salt),
        };
        let State::Asked { header, nonce, bare, .. } = core::mem::replace(&mut self.state, State::Over)
        else {
            return Err(wanted("after the first message"));
        };
        let nonce = nonce + self.nonce.as_str();
        let message = ServerFirst {
            nonce: nonce.clone(),
            salt: record.salt().to_vec(),
            iterations: record.iterations(),
            extensions: String::new(),
        };
        let server_first = message.encode();
        self.state = State::Challenged { header, nonce, bare, server_first: server_first.clone(), record };
        Ok(Move::Challenge(server_first))
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Nothing => "new",
            State::Over => "over",
            State::Asked { .. } => "asked",
            State::Challenged { .. } => "challenged",
        };
        f.debug_struct("Server")
            .field("mechanism", &self.profile().name)
            .field("state", &state)
            .finish_non_exhaustive()
    }
}
