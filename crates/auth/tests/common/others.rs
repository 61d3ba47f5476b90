//! The mechanisms besides PLAIN, APOP and SCRAM.

use super::{ID, PASSWORD, Pair, secret};
use auth::anonymous::Trace;
use auth::cram_md5::Timestamp;
use auth::digest_md5::{Challenge, Nonce, Response, ResponseAuth, Uri};
use auth::oauth::{ErrorResult, Token};
use auth::otp::{Algorithm, Form, Parameters, Seed, State};
use auth::scram::ServerFinal;
use auth::{
    Answer, ClientMechanism, Need, Request, ServerMechanism, anonymous, cram_md5, digest_md5, external,
    login, oauthbearer, otp, xoauth2,
};
use wire::Tolerance;

pub const KEY: &str = "the key of this server";

pub fn nonce(text: &str) -> Nonce {
    Nonce::new(text).unwrap()
}

pub fn uri() -> Uri {
    Uri::new("imap", "elwood.innosoft.com").unwrap()
}

pub fn token(text: &str) -> Token {
    // a password of the tests that is no token
    Token::new(secret(text)).unwrap_or_else(|_| Token::new(secret("bad")).unwrap())
}

pub fn phrase(text: &str) -> wire::Secret {
    secret(&format!("{text} is a pass phrase"))
}

pub fn state(password: &str) -> State {
    let parameters = Parameters::new(Algorithm::Md5, 10, Seed::new("ke1234").unwrap()).unwrap();
    State::initial(parameters, &phrase(password))
}

fn refusal() -> ErrorResult {
    ErrorResult::new("invalid_token")
}

fn digest_client(user: &str, password: &str) -> digest_md5::Client {
    digest_md5::Client::new(user, secret(password), uri(), nonce("OA6MHXh6VqTrRkOA6MHXh6VqTrRk")).unwrap()
}

fn otp_client(user: &str, password: &str, form: Form) -> otp::Client {
    otp::Client::new(user, phrase(password), form).unwrap()
}

type MakeClient = fn(&str, &str) -> Box<dyn ClientMechanism>;
type MakeServer = fn() -> Box<dyn ServerMechanism>;

pub fn pairs() -> Vec<Pair> {
    let digest: MakeServer = || {
        let server = digest_md5::Server::new(nonce("OA6MG9tEQGm2hhOA6MG9tEQGm2hh"), uri());
        Box::new(server.unwrap().with_realm("elwood.innosoft.com").unwrap())
    };
    let otp: MakeServer = || Box::new(otp::Server::new(secret(KEY)).unwrap());
    let external: MakeServer = || Box::new(external::Server::new());
    let new: [(_, MakeClient, MakeServer, _); 11] = [
        (
            "LOGIN",
            |user, password| Box::new(login::Client::new(user, secret(password)).unwrap()),
            || Box::new(login::Server::new()),
            "tim",
        ),
        (
            "CRAM-MD5",
            |user, password| {
                Box::new(cram_md5::Client::new(user, secret(password), Tolerance::Default).unwrap())
            },
            || Box::new(cram_md5::Server::new(Timestamp::parse(ID.as_bytes()).unwrap(), Tolerance::Strict)),
            "tim",
        ),
        ("DIGEST-MD5", |user, password| Box::new(digest_client(user, password)), digest, "tim"),
        (
            "DIGEST-MD5 as another",
            |user, password| Box::new(digest_client(user, password).acting_as("staff").unwrap()),
            digest,
            "staff",
        ),
        ("EXTERNAL", |_, _| Box::new(external::Client::new()), external, "tim"),
        (
            "EXTERNAL as another",
            |_, _| Box::new(external::Client::new().acting_as("staff").unwrap()),
            external,
            "staff",
        ),
        (
            "ANONYMOUS",
            |_, _| Box::new(anonymous::Client::new(Trace::new("sirhc").unwrap())),
            || Box::new(anonymous::Server::new()),
            "tim",
        ),
        (
            "OAUTHBEARER",
            |_, password| {
                let client = oauthbearer::Client::new(token(password)).acting_as("staff").unwrap();
                Box::new(client.connected_to("server.example.com", 143).unwrap())
            },
            || Box::new(oauthbearer::Server::new(refusal())),
            "staff",
        ),
        (
            "XOAUTH2",
            |user, password| Box::new(xoauth2::Client::new(user, token(password)).unwrap()),
            || Box::new(xoauth2::Server::new(refusal())),
            "tim",
        ),
        ("OTP", |user, password| Box::new(otp_client(user, password, Form::Hex)), otp, "tim"),
        (
            "OTP as another, with a new sequence",
            |user, password| {
                let seed = Seed::new("ke1235").unwrap();
                let new = Parameters::new(Algorithm::Sha1, 50, seed).unwrap();
                let client = otp_client(user, password, Form::Words).beginning(new);
                Box::new(client.acting_as("staff").unwrap())
            },
            otp,
            "staff",
        ),
    ];
    new.into_iter().map(|(name, client, server, user)| Pair { name, client, server, user }).collect()
}

/// The server's lookup for what is not a password.
pub fn look_up(request: &Request) -> Option<Answer> {
    let answer = match &request.need {
        Need::External => Answer::accepted().known_as("tim"),
        Need::Anonymous { trace } if trace == "sirhc" => Answer::accepted().known_as("tim"),
        Need::Anonymous { .. } => Answer::rejected(),
        Need::TokenCheck { token, host, port } => {
            let ours = host.as_deref().is_none_or(|host| host == "server.example.com");
            match token.expose() == PASSWORD.as_bytes() && ours && port.is_none_or(|port| port == 143) {
                true => Answer::accepted().known_as("tim"),
                false => Answer::rejected(),
            }
        }
        Need::OneTimePassword if request.authentication == "tim" => {
            Answer::one_time_password(state(PASSWORD))
        }
        Need::OneTimePassword => Answer::no_such_user(),
        Need::OneTimePasswordUpdate { .. } => Answer::accepted(),
        _ => return None,
    };
    Some(answer)
}

impl Pair {
    /// Whether there is anything that could be wrong.
    pub fn has_secret(&self) -> bool {
        !(self.name.starts_with("EXTERNAL") || self.name == "ANONYMOUS")
    }

    /// Whether `changed` says what `message` says, in another spelling that the RFC allows, or leaves out only what is not
    /// proved by the mechanism.
    pub fn is_harmless(&self, message: &[u8], changed: &[u8]) -> bool {
        let name = self.name.split(' ').next().unwrap_or_default();
        match name {
            // the prompts are not looked at, and need not be: whoever changes them gets the password anyway
            "LOGIN" => message.ends_with(b":"),
            // says less: acts as oneself; or says who it is. Who may act as another is the server's to decide
            "EXTERNAL" => changed.is_empty() || changed == b"tim",
            // what means the same; the proof is over all of it but the spelling
            "DIGEST-MD5" => {
                let proof = |i| ResponseAuth::parse(i).ok();
                let challenge =
                    |i| Challenge::parse(i).ok().map(|it| (it.realms().to_vec(), it.nonce().to_owned()));
                let response = |i| {
                    let it = Response::parse(i).ok()?;
                    let texts = [it.username(), it.nonce(), it.cnonce()].map(str::to_owned);
                    let uri = it.uri().to_ascii_lowercase();
                    Some((texts, uri, it.realm().map(str::to_owned), it.authorization().map(str::to_owned)))
                };
                // spelled otherwise, with unknown directives or without charset
                let same = |a: Option<_>, b| a.is_some() && a == b;
                (challenge(message).is_some() && same(challenge(message), challenge(changed)))
                    || (response(message).is_some() && response(message) == response(changed))
                    // other directives are skipped, and nobody vouches for them
                    || proof(message).is_some() && proof(message) == proof(changed)
            }
            "OAUTHBEARER" => {
                let parse = |i| oauthbearer::Message::parse(i).ok();
                let (Some(was), Some(is)) = (parse(message), parse(changed)) else { return false };
                let optional = |a: Option<&str>, b: Option<&str>| b.is_none() || a == b;
                was.token() == is.token()
                    && (optional(was.authorization(), is.authorization())
                        || is.authorization() == Some("tim"))
                    && optional(was.host(), is.host())
                    && (is.port().is_none() || was.port() == is.port())
            }
            "XOAUTH2" => xoauth2::Message::parse(message).ok() == xoauth2::Message::parse(changed).ok(),
            "OTP" => {
                let challenge = |i| otp::Challenge::parse(i).ok();
                let response = |i| otp::Response::parse(i).ok();
                let names = |i: &[u8]| i.split(|&o| o == 0).map(<[u8]>::to_vec).next_back();
                (challenge(message).is_some() && challenge(message) == challenge(changed))
                    || response(message).zip(response(changed)).is_some_and(|(was, is)| {
                        // nothing in the mechanism protects a new sequence: `otp::Client::beginning` says so
                        was.key() == is.key()
                            && is.new_sequence().is_ok_and(|new| {
                                new.is_none_or(|(parameters, _)| parameters.seed().as_str() != "ke1234")
                            })
                    })
                    || (message.contains(&0)
                        && names(message) == names(changed)
                        && changed.first() == Some(&0))
            }
            // extensions behind the server's proof may be ignored, and nobody vouches for them (RFC 5802 section 5.1)
            name if name.starts_with("SCRAM") => {
                let last = |i| ServerFinal::parse(i).ok();
                message.starts_with(b"v=") && last(message).is_some() && last(message) == last(changed)
            }
            _ => false,
        }
    }

    /// What a server's message looks like where it depends on the name: for OTP letters and digits are all alike.
    pub fn shape(&self, messages: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        if !self.name.starts_with("OTP") {
            return messages;
        }
        let alike = |octet: u8| match octet {
            b'0'..=b'9' => b'0',
            b'a'..=b'z' => b'a',
            other => other,
        };
        let squeeze = |mut octets: Vec<u8>| {
            octets.dedup();
            octets
        };
        messages.into_iter().map(|message| squeeze(message.into_iter().map(alike).collect())).collect()
    }
}
