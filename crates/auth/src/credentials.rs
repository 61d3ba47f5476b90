//! What a server asks its caller, and what the caller answers.

use crate::{Error, oauth::Token, otp, scram};
use alloc::string::String;
use subtle::Choice;
use wire::{Misuse, Secret};

/// Somebody wants to log in: look the user up, then call
/// [`ServerExchange::answer`](crate::ServerExchange::answer). It owns what it holds, and may be sent to
/// another task and be kept as long as the lookup takes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The mechanism, by its registered name.
    pub mechanism: &'static str,
    /// The identity whose credentials these are (RFC 4422 section 2), prepared as the mechanism is told to
    /// (see [`prepare`](crate::prepare)). Empty in mechanisms that carry none: there [`Answer::known_as`] names it.
    pub authentication: String,
    /// The identity to act as, if the client asked for one: never empty. It may be refused or allowed in
    /// the [`Answer`].
    pub authorization: Option<String>,
    /// What is needed to go on.
    pub need: Need,
}

impl Request {
    /// For mechanisms; the exchange fills in the name.
    #[must_use]
    pub fn new(authentication: impl Into<String>, authorization: Option<String>, need: Need) -> Self {
        Self { mechanism: "", authentication: authentication.into(), authorization, need }
    }
}

/// What a mechanism needs to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// The client has sent its password. Answer with the stored password or with a stored SCRAM record, or
    /// compare it yourself, say with a stored hash, and answer [`Answer::accepted`] or
    /// [`Answer::rejected`].
    PasswordCheck {
        /// What the client sent, prepared.
        presented: Secret,
    },
    /// The stored password. The client has sent a digest, which only the mechanism can check.
    Password,
    /// EXTERNAL (RFC 4422 appendix A): whom has TLS shown, by its certificate? Answer
    /// [`Answer::accepted`] with [`Answer::known_as`], or [`Answer::rejected`].
    External,
    /// ANONYMOUS (RFC 4505): may strangers in? Answer [`Answer::accepted`] with [`Answer::known_as`], the
    /// name of the account for strangers, or [`Answer::rejected`].
    Anonymous {
        /// What the stranger says about itself: an address or a word, perhaps empty, true or not.
        trace: String,
    },
    /// OAUTHBEARER (RFC 7628), XOAUTH2: is the token good for this service, and whose is it? Answer
    /// [`Answer::accepted`] with [`Answer::known_as`], whom the token names and nobody else, or
    /// [`Answer::rejected`].
    TokenCheck {
        /// The token.
        token: Token,
        /// The host to which the client thinks it has connected. If there is one, it must be yours (RFC
        /// 7628 section 3.2).
        host: Option<String>,
        /// The port, likewise.
        port: Option<u16>,
    },
    /// OTP (RFC 2444): the user's last one-time password and its parameters. Answer
    /// [`Answer::one_time_password`]. Nobody else may log in as this user by OTP until the exchange is over
    /// (RFC 2289 section 9).
    OneTimePassword,
    /// OTP: the one-time password was right. Store this in the place of the old one, if it is still that
    /// which you have answered, and then answer [`Answer::accepted`]; else [`Answer::rejected`].
    OneTimePasswordUpdate {
        /// The new state.
        state: otp::State,
    },
    /// The stored SCRAM record of this hash function; or the stored password, which is hashed first.
    ScramRecord {
        /// Which record, if there are several.
        hash: scram::Hash,
    },
}

/// What the caller found out, as a mechanism sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// The stored password.
    Password(Secret),
    /// The stored SCRAM record.
    ScramRecord(scram::Record),
    /// The stored state of one-time passwords.
    OneTimePassword(otp::State),
    /// The caller has checked what the client sent, and it is right.
    Accepted,
    /// The caller has checked what the client sent, and it is wrong; or the user may not log in now.
    Rejected,
    /// There is no such user, or it has no credentials for this mechanism.
    NoSuchUser,
}

impl Credentials {
    /// For mechanisms that need the secret itself: it, and whether it can be right. In place of an unknown
    /// one stands another, which makes as much work, in vain.
    pub(crate) fn secret(self, what: &'static str) -> Result<(Secret, Choice), Error> {
        match self {
            Self::Password(secret) => {
                // an empty one never matches
                let valid = Choice::from(u8::from(!secret.is_empty()));
                Ok((secret, valid))
            }
            Self::Rejected | Self::NoSuchUser => Ok((Secret::new([0; 16]), Choice::from(0))),
            // nobody but the mechanism can have compared
            _ => Err(Misuse::Invalid(what).into()),
        }
    }

    /// For needs on which the caller gives a verdict.
    pub(crate) fn verdict(self, what: &'static str) -> Result<Choice, Error> {
        match self {
            Self::Accepted => Ok(Choice::from(1)),
            Self::Rejected | Self::NoSuchUser => Ok(Choice::from(0)),
            _ => Err(Misuse::Invalid(what).into()),
        }
    }
}

/// The answer to a [`Request`].
///
/// ```
/// use auth::Answer;
/// use std::collections::BTreeMap;
/// use wire::Secret;
///
/// fn look_up(users: &BTreeMap<&str, Secret>, request: &auth::Request) -> Answer {
///     match users.get(&*request.authentication) {
///         Some(password) => Answer::password(password.clone()),
///         None => Answer::no_such_user(),
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub(crate) credentials: Credentials,
    pub(crate) identity: Option<String>,
    pub(crate) authorized: bool,
}

impl Answer {
    /// The stored password. An empty one never matches.
    #[must_use]
    pub fn password(stored: Secret) -> Self {
        Credentials::Password(stored).into()
    }

    /// The stored SCRAM record (RFC 5802 section 2.2), to [`Need::ScramRecord`] or [`Need::PasswordCheck`].
    #[must_use]
    pub fn record(stored: scram::Record) -> Self {
        Credentials::ScramRecord(stored).into()
    }

    /// The stored state of the user's one-time passwords.
    #[must_use]
    pub fn one_time_password(stored: otp::State) -> Self {
        Credentials::OneTimePassword(stored).into()
    }

    /// What the client sent is right; the caller has checked it. Only for needs that show it, such as
    /// [`Need::PasswordCheck`].
    #[must_use]
    pub fn accepted() -> Self {
        Credentials::Accepted.into()
    }

    /// What the client sent is wrong, or the user may not log in. For the client it looks like a wrong
    /// password, and takes as long as one where the mechanism is what takes the time.
    #[must_use]
    pub fn rejected() -> Self {
        Credentials::Rejected.into()
    }

    /// There is no such user. For the client it looks like a wrong password, and takes as long as one
    /// where the mechanism is what takes the time. Let your lookup take as long, too.
    #[must_use]
    pub fn no_such_user() -> Self {
        Credentials::NoSuchUser.into()
    }

    /// The name under which the user is known, if it is not what the client wrote: another case, an
    /// alias, the subject of a token or certificate.
    #[must_use]
    pub fn known_as(mut self, identity: impl Into<String>) -> Self {
        self.identity = Some(identity.into());
        self
    }

    /// The user may act as [`Request::authorization`]. Without this, an authorization identity other than
    /// the user's own ends in [`Error::NotAuthorized`](crate::Error::NotAuthorized), after the credentials
    /// have been checked.
    #[must_use]
    pub fn authorized(mut self) -> Self {
        self.authorized = true;
        self
    }
}

impl From<Credentials> for Answer {
    fn from(credentials: Credentials) -> Self {
        Self { credentials, identity: None, authorized: false }
    }
}
