//! Logging in with all mechanisms of `auth`: what the four programs share. The five lines of glue between an exchange and a
//! machine stand where the machines are, in `pop3_get`, `pop3_serve`, `smtp_send` and `smtp_sink`.

use auth::choose::{BindingFlag, Chooser, Chosen, Unavailable};
use auth::digest_md5::{self, Uri};
use auth::oauth::{ErrorResult, Token};
use auth::scram::{self, ChannelBinding, Hash};
use auth::{
    Answer, ClientExchange, ClientMechanism, Forbidden, Need, Policy, Request, ServerMechanism, anonymous,
    apop, cram_md5, external, login, oauthbearer, otp, plain, random, xoauth2,
};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use wire::sasl::Mechanism;
use wire::{Misuse, Secret, Tolerance};

/// What `tls-exporter` (RFC 9266) gives of a TLS connection.
pub type Exported = [u8; 32];

/// Why a login could not even begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing that the server offers will do.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// What was asked for is weak, or would show the password.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The user name, password or token cannot be sent.
    #[error("user name, password or token: {0}")]
    Credentials(#[from] Misuse),
    /// The operating system gives no random octets.
    #[error(transparent)]
    NoEntropy(#[from] random::NoEntropy),
}

/// Who logs in, and with what.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// The user; for `ANONYMOUS` what a stranger says about itself.
    pub user: String,
    /// Whom to act as, if it is somebody else.
    pub acting_as: Option<String>,
    /// A password, or the pass phrase of `OTP`.
    pub password: Option<Secret>,
    /// A token for `OAUTHBEARER` or `XOAUTH2`.
    pub token: Option<Secret>,
    /// Whether TLS has shown a certificate.
    pub certificate: bool,
    /// This mechanism and no other, even a weak one. Else the strongest that the server offers and these credentials allow.
    pub mechanism: Option<String>,
}

/// The server, as mechanisms look at it, and what protects the connection.
#[derive(Debug)]
pub struct Place<'p> {
    /// The registered name of the service: `pop`, `smtp`.
    pub service: &'p str,
    /// The host that was asked for.
    pub host: &'p str,
    /// And its port.
    pub port: u16,
    /// Whether there is TLS, and what is allowed without.
    pub policy: Policy,
    /// Of the TLS connection.
    pub binding: Option<ChannelBinding>,
}

impl Credentials {
    /// With a password.
    #[must_use]
    pub fn password(user: &str, password: Secret) -> Self {
        Self { user: user.to_owned(), password: Some(password), ..Self::default() }
    }

    /// Which of the mechanisms that the server offers.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn choose(&self, offered: &[Mechanism], place: &Place<'_>) -> Result<Chosen, Unavailable> {
        let mut chooser = Chooser::new(self.policy(place));
        if self.password.is_some() {
            chooser = chooser.with_password();
        }
        if self.token.is_some() {
            chooser = chooser.with_token();
        }
        if self.certificate {
            chooser = chooser.with_certificate();
        }
        let Some(wanted) = &self.mechanism else {
            if place.binding.is_some() {
                chooser = chooser.with_channel_binding();
            }
            return chooser.choose(offered.iter().map(Mechanism::as_str));
        };
        // on demand only: a sequence of one-time passwords is used up, and a stranger is nobody
        chooser = chooser.with_pass_phrase().or_anonymous();
        // without -PLUS the user wants no binding
        if place.binding.is_some() && wanted.to_ascii_uppercase().ends_with("-PLUS") {
            chooser = chooser.with_channel_binding();
        }
        chooser.choose(offered.iter().map(Mechanism::as_str).filter(|name| name.eq_ignore_ascii_case(wanted)))
    }

    fn policy(&self, place: &Place<'_>) -> Policy {
        if self.mechanism.is_some() { place.policy.allow_weak() } else { place.policy }
    }

    /// The exchange of the mechanism that was chosen.
    ///
    /// # Errors
    /// The credentials cannot be sent by it.
    pub fn begin(&self, chosen: &Chosen, place: &Place<'_>) -> Result<ClientExchange, Error> {
        Ok(ClientExchange::new(self.client(chosen, place)?, self.policy(place))?)
    }

    fn client(&self, chosen: &Chosen, place: &Place<'_>) -> Result<Box<dyn ClientMechanism>, Error> {
        let acting_as = self.acting_as.as_deref();
        let password = || self.password.clone().unwrap_or_default();
        let token = || Token::new(self.token.clone().unwrap_or_default());
        if let Some((hash, _)) = Hash::of(chosen.mechanism()) {
            let client = scram::Client::new(hash, &self.user, &password(), scram::Nonce::draw()?)?;
            let client = match (chosen.binding_flag(), &place.binding) {
                (BindingFlag::Used, Some(binding)) => client.bound_to(binding.clone()),
                (BindingFlag::NotOffered, _) => client.binding_not_offered(),
                _ => client,
            };
            return Ok(Box::new(maybe(client, acting_as, scram::Client::acting_as)?));
        }
        Ok(match chosen.mechanism() {
            "EXTERNAL" => Box::new(maybe(external::Client::new(), acting_as, external::Client::acting_as)?),
            "OAUTHBEARER" => {
                // the identity goes along: some servers want to be told
                let client = oauthbearer::Client::new(token()?).connected_to(place.host, place.port)?;
                Box::new(client.acting_as(acting_as.unwrap_or(&self.user))?)
            }
            "XOAUTH2" => Box::new(xoauth2::Client::new(&self.user, token()?)?),
            "OTP" => {
                let client = otp::Client::new(&self.user, password(), otp::Form::Words)?;
                Box::new(maybe(client, acting_as, otp::Client::acting_as)?)
            }
            "DIGEST-MD5" => {
                let (uri, cnonce) = (Uri::new(place.service, place.host)?, digest_nonce()?);
                let client = digest_md5::Client::new(&self.user, password(), uri, cnonce)?;
                Box::new(maybe(client, acting_as, digest_md5::Client::acting_as)?)
            }
            "CRAM-MD5" => Box::new(cram_md5::Client::new(&self.user, password(), Tolerance::Default)?),
            "LOGIN" => Box::new(login::Client::new(&self.user, password())?),
            "ANONYMOUS" => Box::new(anonymous::Client::new(anonymous::Trace::new(&self.user)?)),
            _ => {
                let client = plain::Client::new(&self.user, password())?;
                Box::new(maybe(client, acting_as, plain::Client::acting_as)?)
            }
        })
    }
}

/// Acts as another, if anybody was named.
fn maybe<M>(
    client: M,
    identity: Option<&str>,
    act: impl FnOnce(M, &str) -> Result<M, Misuse>,
) -> Result<M, Misuse> {
    match identity {
        Some(identity) => act(client, identity),
        None => Ok(client),
    }
}

fn digest_nonce() -> Result<digest_md5::Nonce, Error> {
    Ok(digest_md5::Nonce::new(scram::Nonce::draw()?.as_str())?)
}

/// Who may log in to a server, and with what.
#[derive(Debug)]
pub struct Account {
    /// The user.
    pub user: String,
    /// The password. APOP, CRAM-MD5 and DIGEST-MD5 need it in the clear.
    pub password: Secret,
    /// The token that is the user's, for OAUTHBEARER and XOAUTH2.
    pub token: Option<Secret>,
    /// Whether strangers may come in by ANONYMOUS.
    pub anonymous: bool,
    /// Whether a client whose certificate TLS has checked is the user, by EXTERNAL.
    pub external: bool,
    /// For the salts of users that do not exist. In a server that is started anew and again it would be kept.
    key: Secret,
    drawn: AtomicU64,
}

/// What a server knows of a connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Protection {
    /// Of the TLS connection.
    pub exported: Option<Exported>,
    /// Whether TLS has checked a certificate of the client.
    pub certificate: bool,
}

/// The name of the account for strangers.
pub const STRANGER: &str = "anonymous";

impl Account {
    /// One user with a password.
    ///
    /// # Errors
    /// The operating system gives no random octets.
    pub fn new(user: &str, password: Secret) -> Result<Self, random::NoEntropy> {
        Ok(Self {
            user: user.to_owned(),
            password,
            token: None,
            anonymous: false,
            external: false,
            key: Secret::new(random::octets::<32>()?),
            drawn: AtomicU64::new(0),
        })
    }

    /// All mechanisms, strongest first. [`is_possible`](Self::is_possible) says which of them a connection can have.
    pub fn mechanisms(&self) -> impl Iterator<Item = Mechanism> {
        const SCRAM: [Hash; 3] = [Hash::Sha512, Hash::Sha256, Hash::Sha1];
        let scram = SCRAM.iter().map(|hash| hash.plus_name()).chain(SCRAM.iter().map(|hash| hash.name()));
        self.external
            .then_some("EXTERNAL")
            .into_iter()
            .chain(scram)
            .chain(self.token.is_some().then_some(["OAUTHBEARER", "XOAUTH2"]).into_iter().flatten())
            .chain(["DIGEST-MD5", "CRAM-MD5", "PLAIN", "LOGIN"])
            .chain(self.anonymous.then_some("ANONYMOUS"))
            .filter_map(|name| Mechanism::new(name).ok())
    }

    /// Whether a connection has what the mechanism needs. What needs TLS is the machines' to refuse.
    #[must_use]
    pub fn is_possible(mechanism: Mechanism, protection: Protection) -> bool {
        match mechanism.as_str() {
            "EXTERNAL" => protection.certificate,
            name => !name.ends_with("-PLUS") || protection.exported.is_some(),
        }
    }

    /// The server's side of a mechanism; `None` if it is none of ours, or not for this connection.
    ///
    /// # Errors
    /// The operating system gives no random octets.
    pub fn server(
        &self,
        mechanism: Mechanism,
        service: &str,
        protection: Protection,
    ) -> Result<Option<Box<dyn ServerMechanism>>, Error> {
        if !self.mechanisms().any(|known| known == mechanism) || !Self::is_possible(mechanism, protection) {
            return Ok(None);
        }
        if let Some((hash, plus)) = Hash::of(mechanism.as_str()) {
            let server = scram::Server::new(hash, self.key.clone(), scram::Nonce::draw()?)?;
            // hashed at each login, so that the other mechanisms have the password
            let server = server.storing_passwords();
            return Ok(Some(match protection.exported {
                Some(exported) if plus => {
                    Box::new(server.bound_to([ChannelBinding::tls_exporter(exported)])?)
                }
                Some(_) => Box::new(server.offering_plus()),
                None => Box::new(server),
            }));
        }
        Ok(Some(match mechanism.as_str() {
            "EXTERNAL" => Box::new(external::Server::new()),
            "OAUTHBEARER" => Box::new(oauthbearer::Server::new(ErrorResult::new("invalid_token"))),
            "XOAUTH2" => Box::new(xoauth2::Server::new(ErrorResult::new("401"))),
            "DIGEST-MD5" => {
                // clients write the name or the address by which they have found us
                let server = digest_md5::Server::new(digest_nonce()?, Uri::new(service, "localhost")?)?;
                let server = server.with_realm("localhost")?.or_uri(Uri::new(service, "127.0.0.1")?);
                Box::new(server)
            }
            "CRAM-MD5" => Box::new(cram_md5::Server::new(self.timestamp()?, Tolerance::Default)),
            "LOGIN" => Box::new(login::Server::new()),
            "ANONYMOUS" => Box::new(anonymous::Server::new()),
            _ => Box::new(plain::Server::new()),
        }))
    }

    /// Another one each time, and one that nobody guesses: for APOP and CRAM-MD5.
    ///
    /// # Errors
    /// The operating system gives no random octets.
    pub fn timestamp(&self) -> Result<apop::Timestamp, Error> {
        let count = self.drawn.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let random = random::octets::<18>()?.iter().fold(String::new(), |mut text, octet| {
            let _ = write!(text, "{octet:02x}");
            text
        });
        let parts = [std::process::id().to_string(), count.to_string(), now.to_string(), random];
        Ok(apop::Timestamp::new(parts.iter().map(String::as_str), "localhost")?)
    }

    /// One lookup for all ways to log in.
    #[must_use]
    pub fn look_up(&self, request: &Request, protection: Protection) -> Answer {
        match &request.need {
            Need::External if self.external && protection.certificate => {
                Answer::accepted().known_as(&self.user)
            }
            Need::Anonymous { .. } if self.anonymous => Answer::accepted().known_as(STRANGER),
            Need::TokenCheck { token, .. }
                if self.token.as_ref().is_some_and(|it| *it == Secret::new(token.expose())) =>
            {
                Answer::accepted().known_as(&self.user)
            }
            Need::External | Need::Anonymous { .. } | Need::TokenCheck { .. } => Answer::rejected(),
            _ if request.authentication == self.user => Answer::password(self.password.clone()),
            _ => Answer::no_such_user(),
        }
    }
}
