//! The side that checks.

use crate::error::wanted;
use crate::{Answer, Credentials, Error, First, Forbidden, Policy, Profile, Request};
use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;
use wire::{Misuse, Rule};

/// What a mechanism does next. [`ServerExchange`] makes a [`Step`] of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Move {
    /// Send this, and give me the response.
    Challenge(Vec<u8>),
    /// Ask the caller this, and give me the answer. A mechanism may ask more than once.
    Ask(Request),
    /// The client has proved itself, as whom the last request said. `data` is for the client, with the
    /// success (RFC 4422 section 3).
    Accept {
        /// Additional data with success; the exchange puts it into a challenge if the protocol has no
        /// field for it.
        data: Option<Vec<u8>>,
    },
    /// The client has failed, and the mechanism has a message that says so: send it as a challenge, and
    /// fail with `error` whatever the client responds (RFC 5802 section 7, RFC 7628 section 3.2.3).
    Refuse {
        /// The message.
        challenge: Vec<u8>,
        /// What the caller gets to see after it.
        error: Error,
    },
}

/// The server's half of a mechanism (RFC 4422 section 5): its own messages, and nothing of the order around them, which
/// [`ServerExchange`] keeps.
///
/// An implementation holds nonces, channel-binding data and keys from the start. It makes no difference,
/// in work or in the shape of its messages, between a wrong secret, [`Credentials::Rejected`] and
/// [`Credentials::NoSuchUser`]. After an error other than [`Error::Misuse`] it is dropped; it need not
/// guard against further calls.
pub trait ServerMechanism: Send + Sync + 'static {
    /// What it is like. Always the same.
    fn profile(&self) -> Profile;

    /// There was no initial response: the first challenge. The provided one is empty, which is right if
    /// the client speaks first.
    ///
    /// # Errors
    /// Nothing in the provided one.
    fn start(&mut self) -> Result<Move, Error> {
        Ok(Move::Challenge(Vec::new()))
    }

    /// A response of the client, the initial one included.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Rejected`].
    fn respond(&mut self, response: &[u8]) -> Result<Move, Error>;

    /// The caller's answer to [`Move::Ask`].
    ///
    /// # Errors
    /// [`Error::Rejected`]; [`Error::Misuse`] if the answer does not fit the [`Need`](crate::Need), which
    /// must leave everything as it was.
    fn answer(&mut self, credentials: Credentials) -> Result<Move, Error>;

    /// What the last call accepted though the RFC forbids it. Asked after each call; gives each once.
    fn repairs(&mut self) -> Vec<Rule> {
        Vec::new()
    }
}

impl<M: ServerMechanism + ?Sized> ServerMechanism for Box<M> {
    fn profile(&self) -> Profile {
        (**self).profile()
    }

    fn start(&mut self) -> Result<Move, Error> {
        (**self).start()
    }

    fn respond(&mut self, response: &[u8]) -> Result<Move, Error> {
        (**self).respond(response)
    }

    fn answer(&mut self, credentials: Credentials) -> Result<Move, Error> {
        (**self).answer(credentials)
    }

    fn repairs(&mut self) -> Vec<Rule> {
        (**self).repairs()
    }
}

/// The end of most mechanisms: the client was right, or it was not.
pub(crate) fn accept_if(right: impl Into<bool>) -> Result<Move, Error> {
    if right.into() { Ok(Move::Accept { data: None }) } else { Err(Error::Rejected) }
}

/// What a server does next.
#[derive(Debug)]
#[must_use = "a step says what to do next"]
pub enum Step {
    /// Send this to the client, and its response into [`ServerExchange::respond`].
    Challenge(Vec<u8>),
    /// Look the user up, then call [`ServerExchange::answer`].
    NeedCredentials(Request),
    /// The client is who it says. Reply success.
    Done(Authenticated),
}

/// One authentication exchange (RFC 4422 section 3), from the command to the outcome.
///
/// 1. [`start`](Self::start) with the initial response, if there was one.
/// 2. Do what the [`Step`] says, until [`Step::Done`] or an error, which means the negative reply.
/// 3. If the client cancels (`*`), drop the exchange. An exchange never starts again.
///
/// ```
/// use auth::{Answer, Policy, ServerExchange, Step, plain};
/// use wire::Secret;
///
/// /// One lookup for all mechanisms.
/// fn look_up(request: &auth::Request) -> Answer {
///     match &*request.authentication {
///         "tim" => Answer::password(Secret::new(*b"tanstaaftanstaaf")),
///         _ => Answer::no_such_user(),
///     }
/// }
///
/// let mut exchange = ServerExchange::new(plain::Server::new(), Policy::with_tls())?;
/// let mut step = exchange.start(None)?;
/// let authenticated = loop {
///     step = match step {
///         // send it, read a line
///         Step::Challenge(_) => exchange.respond(b"\0tim\0tanstaaftanstaaf")?,
///         Step::NeedCredentials(request) => exchange.answer(look_up(&request))?,
///         Step::Done(authenticated) => break authenticated,
///     };
/// };
/// assert_eq!(authenticated.user(), "tim");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ServerExchange {
    profile: Profile,
    success_data: bool,
    repairs: Vec<Rule>,
    identity: Identity,
    /// Gone, and its secrets with it, once the outcome is certain.
    mechanism: Option<Box<dyn ServerMechanism>>,
    phase: Phase,
}

/// What the exchange waits for.
enum Phase {
    /// For the command.
    New,
    /// For the response to a challenge.
    Challenged,
    /// For the answer to a request.
    Asked,
    /// For the empty response to a challenge that holds what belongs to the success.
    Confirming,
    /// For the response to a challenge that tells of this error.
    Refusing(Error),
    /// For nothing any more.
    Over,
}

/// Whom the requests and answers were about.
#[derive(Default)]
struct Identity {
    authentication: String,
    authorization: Option<String>,
    known_as: Option<String>,
    authorized: bool,
    /// The caller has said no at least once.
    refused: bool,
}

impl Identity {
    /// The name of the user, empty if there is none.
    fn name(&self) -> &str {
        self.known_as.as_ref().unwrap_or(&self.authentication)
    }

    /// Whether the identity to act as is the user, by either name.
    fn is_himself(&self) -> bool {
        self.authorization
            .as_ref()
            .is_some_and(|wanted| *wanted == self.authentication || self.known_as.as_ref() == Some(wanted))
    }

    fn may_act(&self) -> bool {
        self.authorization.is_none() || self.authorized || self.is_himself()
    }
}

impl ServerExchange {
    /// Begins an exchange.
    ///
    /// # Errors
    /// The policy does not allow the mechanism. Do not offer it either.
    pub fn new(mechanism: impl ServerMechanism, policy: Policy) -> Result<Self, Forbidden> {
        let profile = mechanism.profile();
        policy.permits(&profile)?;
        Ok(Self {
            profile,
            success_data: false,
            repairs: Vec::new(),
            identity: Identity::default(),
            mechanism: Some(Box::new(mechanism)),
            phase: Phase::New,
        })
    }

    /// The protocol can carry data with its success reply (RFC 4422 section 4, item 3c), as ManageSieve
    /// can: [`Authenticated::success_data`] has it then. POP3, IMAP and SMTP cannot: there it goes out as
    /// a challenge before.
    #[must_use]
    pub fn with_success_data(mut self) -> Self {
        self.success_data = true;
        self
    }

    /// What the mechanism is like.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// What was accepted though the RFC forbids it. The mechanisms list their rules.
    #[must_use]
    pub fn repairs(&self) -> &[Rule] {
        &self.repairs
    }

    /// The client has asked for this exchange, with or without an initial response. An empty initial
    /// response (`=` in POP3, IMAP and SMTP) is `Some(b"")`, not `None`.
    ///
    /// # Errors
    /// [`Error::OutOfTurn`] if there is one and the server speaks first; [`Error::Misuse`] at a second
    /// call; else as [`respond`](Self::respond).
    pub fn start(&mut self, initial_response: Option<&[u8]>) -> Result<Step, Error> {
        if !matches!(self.phase, Phase::New) {
            return Err(wanted("before the first message"));
        }
        let next = self.call(|mechanism| match initial_response {
            None => mechanism.start(),
            Some(_) if mechanism.profile().first == First::Server => Err(Error::OutOfTurn),
            Some(response) => mechanism.respond(response),
        })?;
        self.go(next)
    }

    /// The client's response to a challenge.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::OutOfTurn`], [`Error::Rejected`], [`Error::NotAuthorized`]: reply
    /// failure. [`Error::Misuse`] if no challenge is out.
    pub fn respond(&mut self, response: &[u8]) -> Result<Step, Error> {
        match core::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Challenged => {
                self.phase = Phase::Challenged;
                let next = self.call(|mechanism| mechanism.respond(response))?;
                self.go(next)
            }
            Phase::Confirming if response.is_empty() => Ok(self.done(None)),
            Phase::Confirming => Err(Error::OutOfTurn),
            Phase::Refusing(error) => Err(error),
            other => {
                self.phase = other;
                Err(wanted("after a challenge"))
            }
        }
    }

    /// The answer to [`Step::NeedCredentials`].
    ///
    /// # Errors
    /// [`Error::Rejected`], [`Error::NotAuthorized`]: reply failure. [`Error::Misuse`] if no request is
    /// out, if the answer does not fit the need, or if neither it nor the request names the user; the
    /// request is still out then.
    pub fn answer(&mut self, answer: impl Into<Answer>) -> Result<Step, Error> {
        let answer = answer.into();
        if !matches!(self.phase, Phase::Asked) {
            return Err(wanted("after a request for credentials"));
        }
        let fails = matches!(answer.credentials, Credentials::Rejected | Credentials::NoSuchUser);
        if !fails && answer.identity.as_deref().unwrap_or(self.identity.name()).is_empty() {
            return Err(Error::Misuse(Misuse::Empty));
        }
        let Answer { credentials, identity, authorized } = answer;
        let next = self.call(|mechanism| mechanism.answer(credentials))?;
        self.identity.known_as = identity.or(self.identity.known_as.take());
        self.identity.authorized |= authorized;
        self.identity.refused |= fails;
        self.go(next)
    }

    /// Misuse changes nothing, every other error ends the exchange.
    fn call(
        &mut self,
        call: impl FnOnce(&mut dyn ServerMechanism) -> Result<Move, Error>,
    ) -> Result<Move, Error> {
        let Some(mechanism) = &mut self.mechanism else {
            return Err(wanted("before the end of the exchange"));
        };
        let result = call(&mut **mechanism);
        self.repairs.append(&mut mechanism.repairs());
        if result.as_ref().is_err_and(|error| !matches!(error, Error::Misuse(_))) {
            self.end(Phase::Over);
        }
        result
    }

    fn end(&mut self, phase: Phase) {
        self.mechanism = None;
        self.phase = phase;
    }

    fn go(&mut self, next: Move) -> Result<Step, Error> {
        match next {
            Move::Challenge(challenge) => {
                self.phase = Phase::Challenged;
                Ok(Step::Challenge(challenge))
            }
            Move::Ask(mut request) => {
                request.mechanism = self.profile.name;
                self.identity.authentication.clone_from(&request.authentication);
                self.identity.authorization.clone_from(&request.authorization);
                self.phase = Phase::Asked;
                Ok(Step::NeedCredentials(request))
            }
            Move::Accept { data } => {
                self.end(Phase::Over);
                // whatever the mechanism thinks
                if self.identity.refused || self.identity.name().is_empty() {
                    return Err(Error::Rejected);
                }
                if !self.identity.may_act() {
                    return Err(Error::NotAuthorized);
                }
                match data {
                    Some(data) if !self.success_data => {
                        self.phase = Phase::Confirming;
                        Ok(Step::Challenge(data))
                    }
                    data => Ok(self.done(data)),
                }
            }
            Move::Refuse { challenge, error } => {
                self.end(Phase::Refusing(error));
                Ok(Step::Challenge(challenge))
            }
        }
    }

    fn done(&mut self, success_data: Option<Vec<u8>>) -> Step {
        let who = core::mem::take(&mut self.identity);
        let himself = who.is_himself();
        let authentication = who.known_as.unwrap_or(who.authentication);
        let authorization = who.authorization.filter(|_| !himself);
        Step::Done(Authenticated {
            mechanism: self.profile.name,
            authentication,
            authorization,
            success_data,
        })
    }
}

impl fmt::Debug for ServerExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.phase {
            Phase::New => "new",
            Phase::Challenged => "challenged",
            Phase::Asked => "asked",
            Phase::Confirming => "confirming",
            Phase::Refusing(_) => "refusing",
            Phase::Over => "over",
        };
        f.debug_struct("ServerExchange")
            .field("mechanism", &self.profile.name)
            .field("state", &state)
            .finish()
    }
}

/// Says who has logged in (RFC 4422 section 2). Only [`Step::Done`] has one.
///
/// ```compile_fail,E0451
/// let me = auth::Authenticated {
///     mechanism: "PLAIN",
///     authentication: "root".into(),
///     authorization: None,
///     success_data: None,
/// };
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Authenticated {
    mechanism: &'static str,
    authentication: String,
    authorization: Option<String>,
    success_data: Option<Vec<u8>>,
}

impl Authenticated {
    /// By which mechanism.
    #[must_use]
    pub fn mechanism(&self) -> &'static str {
        self.mechanism
    }

    /// Whose credentials they were: as the caller's answer called the user, else as the client did.
    #[must_use]
    pub fn authentication(&self) -> &str {
        &self.authentication
    }

    /// The identity to act as, if the client asked for one that is not its own name; the answer allowed
    /// it.
    #[must_use]
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// Whose session this is: the identity to act as, or else the user itself.
    #[must_use]
    pub fn user(&self) -> &str {
        self.authorization().unwrap_or(&self.authentication)
    }

    /// Data to send with the success reply; only after
    /// [`with_success_data`](ServerExchange::with_success_data).
    #[must_use]
    pub fn success_data(&self) -> Option<&[u8]> {
        self.success_data.as_deref()
    }
}
