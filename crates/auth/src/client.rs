//! The side that logs in.

use crate::error::wanted;
use crate::{Error, First, Forbidden, Policy, Profile};
use alloc::boxed::Box;
use core::fmt;
use wire::Secret;

/// The client's half of a mechanism (RFC 4422 section 5): its own messages, and nothing of the order around them, which
/// [`ClientExchange`] keeps.
///
/// An implementation holds the credentials from the start, and nonces and channel-binding data where it
/// needs them. After an error it is dropped; it need not guard against further calls.
pub trait ClientMechanism: Send + Sync + 'static {
    /// What it is like. Always the same.
    fn profile(&self) -> Profile;

    /// The first message. Called once, before everything else, if [`First::Client`].
    ///
    /// # Errors
    /// The provided one always fails: mechanisms in which the server speaks first have no such message.
    fn start(&mut self) -> Result<Secret, Error> {
        Err(Error::OutOfTurn)
    }

    /// Answers a challenge. Data that comes with the success of the server (RFC 4422 section 3) is a
    /// challenge, too; the response to it is empty.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::OutOfTurn`] after the last challenge,
    /// [`Error::ServerNotVerified`]. The provided one always fails: there is no challenge if the client
    /// speaks first and has said everything with that.
    fn respond(&mut self, challenge: &[u8]) -> Result<Secret, Error> {
        let _ = challenge;
        Err(Error::OutOfTurn)
    }

    /// The server has said success. Is the exchange complete, and, if [`Profile::proves_server`], has the
    /// server proved itself? Called once, at the end.
    ///
    /// # Errors
    /// [`Error::Unfinished`], [`Error::ServerNotVerified`], or [`Error::Rejected`] if the server had
    /// already sent an error.
    fn finish(&mut self) -> Result<(), Error>;

    /// What the server gave as the reason in an error challenge (`OAUTHBEARER`, RFC 7628 section 3.2.2),
    /// as it came.
    fn server_error(&self) -> Option<&[u8]> {
        None
    }
}

impl<M: ClientMechanism + ?Sized> ClientMechanism for Box<M> {
    fn profile(&self) -> Profile {
        (**self).profile()
    }

    fn start(&mut self) -> Result<Secret, Error> {
        (**self).start()
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret, Error> {
        (**self).respond(challenge)
    }

    fn finish(&mut self) -> Result<(), Error> {
        (**self).finish()
    }

    fn server_error(&self) -> Option<&[u8]> {
        (**self).server_error()
    }
}

/// What a client has to say, in a mechanism in which it speaks once: until it was said.
#[derive(Debug)]
pub(crate) struct Once<T>(Option<T>);

impl<T> Once<T> {
    pub(crate) const fn new(message: T) -> Self {
        Self(Some(message))
    }

    /// Changes it, if it was not said.
    pub(crate) fn change<E>(self, change: impl FnOnce(T) -> Result<T, E>) -> Result<Self, E> {
        self.0.map(change).transpose().map(Self)
    }

    /// For the one message; there is no second.
    pub(crate) fn say(&mut self) -> Result<T, Error> {
        self.0.take().ok_or(Error::OutOfTurn)
    }

    /// At the server's success: complete if it was said.
    pub(crate) const fn finish(&self) -> Result<(), Error> {
        match self.0 {
            None => Ok(()),
            Some(_) => Err(Error::Unfinished),
        }
    }
}

/// One authentication exchange (RFC 4422 section 3), from the command to the server's last word.
///
/// 1. [`initial_response`](Self::initial_response), if the protocol can carry it, goes with the command.
/// 2. Each challenge goes into [`respond`](Self::respond), and what comes out to the server.
/// 3. At the server's success, [`finish`](Self::finish) says whether it counts. At its failure, drop the
///    exchange: an exchange never starts again, and nothing weaker is tried by itself.
///
/// ```
/// use auth::{ClientExchange, Policy, plain};
/// use wire::Secret;
///
/// // a protocol without initial responses
/// let mechanism = plain::Client::new("tim", Secret::new(*b"tanstaaftanstaaf"))?;
/// let mut exchange = ClientExchange::new(mechanism, Policy::with_tls())?;
/// let response = exchange.respond(b"")?;
/// assert_eq!(response.expose(), b"\0tim\0tanstaaftanstaaf");
/// let _verified = exchange.finish(None)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `finish` takes the exchange away, so nothing can follow it:
///
/// ```compile_fail,E0382
/// # fn f(mut exchange: auth::ClientExchange) -> Result<(), auth::Error> {
/// let _verified = exchange.finish(None)?;
/// exchange.respond(b"")?;
/// # Ok(())
/// # }
/// ```
pub struct ClientExchange {
    profile: Profile,
    /// Gone, and its secret with it, after a failure.
    mechanism: Option<Box<dyn ClientMechanism>>,
    started: bool,
}

impl ClientExchange {
    /// Begins an exchange.
    ///
    /// # Errors
    /// The policy does not allow the mechanism.
    ///
    /// ```
    /// use auth::{ClientExchange, Forbidden, Policy, plain};
    /// use wire::Secret;
    ///
    /// let mechanism = plain::Client::new("tim", Secret::new(*b"tanstaaftanstaaf"))?;
    /// let refused = ClientExchange::new(mechanism, Policy::without_tls());
    /// assert_eq!(refused.unwrap_err(), Forbidden::Cleartext);
    /// # Ok::<(), wire::Misuse>(())
    /// ```
    pub fn new(mechanism: impl ClientMechanism, policy: Policy) -> Result<Self, Forbidden> {
        let profile = mechanism.profile();
        policy.permits(&profile)?;
        Ok(Self { profile, mechanism: Some(Box::new(mechanism)), started: false })
    }

    /// What the mechanism is like; its name goes into the command.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The initial response, for a protocol that can carry one in its command (an empty one is `=` there,
    /// RFC 4954 section 4). `None` if the server speaks first.
    ///
    /// Do not call it if the protocol cannot: the server then sends an empty challenge.
    ///
    /// # Errors
    /// [`Error::Misuse`] if something was sent already, or what the mechanism says.
    pub fn initial_response(&mut self) -> Result<Option<Secret>, Error> {
        if self.started {
            return Err(wanted("before the first message"));
        }
        if self.profile.first == First::Client {
            return self.call(|mechanism| mechanism.start()).map(Some);
        }
        self.started = true;
        Ok(None)
    }

    /// The response to a challenge.
    ///
    /// # Errors
    /// [`Error::Misuse`] after a failure. [`Error::OutOfTurn`] if the first challenge of a mechanism in
    /// which the client speaks first is not empty. Else what the mechanism says. After an error the
    /// exchange is over: cancel it.
    pub fn respond(&mut self, challenge: &[u8]) -> Result<Secret, Error> {
        let first = !self.started && self.profile.first == First::Client;
        self.call(|mechanism| match first {
            true if challenge.is_empty() => mechanism.start(),
            true => Err(Error::OutOfTurn),
            false => mechanism.respond(challenge),
        })
    }

    fn call(
        &mut self,
        call: impl FnOnce(&mut dyn ClientMechanism) -> Result<Secret, Error>,
    ) -> Result<Secret, Error> {
        let Some(mechanism) = &mut self.mechanism else {
            return Err(wanted("before the end of the exchange"));
        };
        let result = call(&mut **mechanism);
        match &result {
            Err(Error::Misuse(_)) => {}
            Err(_) => {
                self.started = true;
                self.mechanism = None;
            }
            Ok(_) => self.started = true,
        }
        result
    }

    /// The server has said success. `data` is what came with it, in protocols that have a field for that
    /// (POP3, IMAP and SMTP have none: there such data is a challenge before).
    ///
    /// # Errors
    /// The success does not count: the exchange was not complete ([`Error::Unfinished`]), the server has
    /// not proved itself ([`Error::ServerNotVerified`]), or it failed before ([`Error::Misuse`]). Close the
    /// connection.
    pub fn finish(self, data: Option<&[u8]>) -> Result<Verified, Error> {
        let Some(mut mechanism) = self.mechanism else {
            return Err(wanted("before the end of the exchange"));
        };
        if !self.started {
            return Err(Error::Unfinished);
        }
        if let Some(data) = data {
            if !mechanism.respond(data)?.is_empty() {
                return Err(Error::Unfinished);
            }
        }
        mechanism.finish()?;
        Ok(Verified { profile: self.profile })
    }

    /// After an error challenge, and so before or at the server's failure: the reason that it gave, as it
    /// came. Only some mechanisms have one.
    #[must_use]
    pub fn server_error(&self) -> Option<&[u8]> {
        self.mechanism.as_ref()?.server_error()
    }
}

impl fmt::Debug for ClientExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match (&self.mechanism, self.started) {
            (None, _) => "over",
            (_, false) => "new",
            (_, true) => "running",
        };
        f.debug_struct("ClientExchange")
            .field("mechanism", &self.profile.name)
            .field("state", &state)
            .finish()
    }
}

/// Says that a login counts (RFC 4422 section 3): the exchange was complete when the server said success, and the server has
/// proved itself if the mechanism has that. Only [`ClientExchange::finish`] makes one.
///
/// ```compile_fail,E0451
/// # fn f(profile: auth::Profile) {
/// let believed = auth::Verified { profile };
/// # }
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use = "it is the only proof that the login counts"]
pub struct Verified {
    profile: Profile,
}

impl Verified {
    /// By which mechanism.
    #[must_use]
    pub fn mechanism(&self) -> &'static str {
        self.profile.name
    }

    /// Whether the server has proved that it knows the secret. If not, only TLS says who it is.
    #[must_use]
    pub fn proved_by_server(&self) -> bool {
        self.profile.proves_server
    }
}
