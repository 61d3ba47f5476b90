//! A client and a server of the same mechanism as a pair, and mechanisms in the shape of those that are
//! still to come.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

pub mod others;

use auth::apop::{Digest, Timestamp};
use auth::prepare::Preparation;
use auth::scram::{self, ChannelBinding, Hash, Nonce};
use auth::{
    Answer, Authenticated, ClientExchange, ClientMechanism, Credentials, Error, Exposure, First, Move, Need,
    Policy, Profile, Request, ServerExchange, ServerMechanism, Step, Verified, apop, plain,
};
use wire::{Misuse, Secret, Tolerance};

pub const PASSWORD: &str = "tanstaaftanstaaf";
pub const ID: &str = "<1896.697170952@dbc.mtview.ca.us>";

pub fn policy() -> Policy {
    Policy::with_tls().allow_weak()
}

pub fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes())
}

/// The lookup of a server, the same for all mechanisms. `tim` may act as `staff`.
pub fn look_up(request: &Request) -> Answer {
    let answer = match (&*request.authentication, &request.need) {
        _ if others::look_up(request).is_some() => others::look_up(request).unwrap_or_else(Answer::rejected),
        ("tim" | "mrose", _) => Answer::password(secret(PASSWORD)),
        ("", Need::PasswordCheck { presented }) if *presented == secret(PASSWORD) => {
            Answer::accepted().known_as("tim")
        }
        ("", _) => Answer::rejected(),
        _ => Answer::no_such_user(),
    };
    if request.authorization.as_deref() == Some("staff") { answer.authorized() } else { answer }
}

/// What the protocol around the exchange can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carries {
    pub initial_response: bool,
    pub success_data: bool,
}

impl Carries {
    pub const ALL: [Self; 4] = [
        Self { initial_response: true, success_data: false },
        Self { initial_response: false, success_data: false },
        Self { initial_response: true, success_data: true },
        Self { initial_response: false, success_data: true },
    ];
}

/// A mechanism, by how its two sides are made.
pub struct Pair {
    pub name: &'static str,
    pub client: fn(user: &str, password: &str) -> Box<dyn ClientMechanism>,
    pub server: fn() -> Box<dyn ServerMechanism>,
    pub user: &'static str,
}

pub fn pairs() -> Vec<Pair> {
    let mut pairs = vec![
        Pair {
            name: "PLAIN",
            client: |user, password| Box::new(plain::Client::new(user, secret(password)).unwrap()),
            server: || Box::new(plain::Server::new()),
            user: "tim",
        },
        Pair {
            name: "PLAIN as another",
            client: |user, password| {
                Box::new(plain::Client::new(user, secret(password)).unwrap().acting_as("staff").unwrap())
            },
            server: || Box::new(plain::Server::new()),
            user: "staff",
        },
        Pair {
            name: "APOP",
            client: |user, password| {
                let timestamp = Timestamp::parse(ID.as_bytes()).unwrap();
                Box::new(apop::Client::new(&timestamp, user, &secret(password)).unwrap())
            },
            server: || {
                let timestamp = Timestamp::parse(ID.as_bytes()).unwrap();
                Box::new(apop::Server::new(timestamp, Tolerance::Strict))
            },
            user: "tim",
        },
        Pair {
            name: "like SCRAM",
            client: |user, password| Box::new(MutualClient::new(user, password)),
            server: || Box::<MutualServer>::default(),
            user: "tim",
        },
        Pair {
            name: "like CRAM-MD5",
            client: |user, password| Box::new(ServerFirstClient(Some((user.into(), secret(password))))),
            server: || Box::<ServerFirstServer>::default(),
            user: "tim",
        },
        Pair {
            name: "like OAUTHBEARER",
            client: |_, token| Box::new(TokenClient { token: secret(token), sent: false, error: None }),
            server: || Box::new(TokenServer),
            user: "tim",
        },
        Pair {
            name: "SCRAM-SHA-1",
            client: |user, password| Box::new(scram_client(Hash::Sha1, user, password)),
            server: || Box::new(scram_server(Hash::Sha1)),
            user: "tim",
        },
        Pair {
            name: "SCRAM-SHA-1-PLUS tls-unique",
            client: |user, password| {
                Box::new(scram_client(Hash::Sha1, user, password).bound_to(tls_unique()))
            },
            server: || Box::new(scram_plus_server(Hash::Sha1)),
            user: "tim",
        },
        Pair {
            name: "SCRAM-SHA-256 as another",
            client: |user, password| {
                Box::new(scram_client(Hash::Sha256, user, password).acting_as("staff").unwrap())
            },
            server: || Box::new(scram_server(Hash::Sha256).offering_plus()),
            user: "staff",
        },
        Pair {
            name: "SCRAM-SHA-256-PLUS tls-exporter",
            client: |user, password| {
                let binding = ChannelBinding::tls_exporter([3; 32]);
                Box::new(scram_client(Hash::Sha256, user, password).bound_to(binding))
            },
            server: || Box::new(scram_plus_server(Hash::Sha256)),
            user: "tim",
        },
        Pair {
            name: "SCRAM-SHA-512, y",
            client: |user, password| {
                Box::new(scram_client(Hash::Sha512, user, password).binding_not_offered())
            },
            server: || Box::new(scram_server(Hash::Sha512).storing_passwords()),
            user: "tim",
        },
        Pair {
            name: "SCRAM-SHA3-512-PLUS tls-server-end-point",
            client: |user, password| {
                let binding = ChannelBinding::tls_server_end_point(&[4; 48]).unwrap();
                Box::new(scram_client(Hash::Sha3_512, user, password).bound_to(binding))
            },
            server: || Box::new(scram_plus_server(Hash::Sha3_512)),
            user: "tim",
        },
    ];
    pairs.extend(others::pairs());
    pairs
}

/// One iteration, so that a test can run thousands of exchanges.
pub fn scram_client(hash: Hash, user: &str, password: &str) -> scram::Client {
    let nonce = Nonce::new("fyko+d2lbbFgONRv9qkxdawL").unwrap();
    let client = scram::Client::prepared(Preparation::AsIs, hash, user, &secret(password), nonce);
    client.unwrap().accepting(1..=1).unwrap()
}

pub fn scram_server(hash: Hash) -> scram::Server {
    let nonce = Nonce::new("3rfcNHYJY1ZVvWVs7j%hvYDpWUa2RaT").unwrap();
    scram::Server::new(hash, Secret::new([9; 32]), nonce).unwrap().iterations(1).unwrap()
}

fn tls_unique() -> ChannelBinding {
    ChannelBinding::tls_unique(&[5; 12]).unwrap()
}

pub fn scram_plus_server(hash: Hash) -> scram::Server {
    let end_point = ChannelBinding::tls_server_end_point(&[4; 48]).unwrap();
    scram_server(hash).bound_to([ChannelBinding::tls_exporter([3; 32]), end_point, tls_unique()]).unwrap()
}

#[derive(Debug)]
pub enum Outcome {
    /// Both sides are content.
    In(Authenticated, Verified),
    /// The server said no.
    Refused(Error),
    /// The client cancelled.
    Cancelled(Error),
    /// The server said yes, and the client did not believe it.
    Disbelieved(Error),
}

impl Outcome {
    pub fn is_in(&self) -> bool {
        matches!(self, Self::In(..))
    }
}

/// Who sends a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

/// Lets the two sides talk. Every message that crosses is shown to `tamper`, which may change it;
/// afterwards both exchanges are used again, which must fail.
pub fn run(
    pair: &Pair,
    (user, password): (&str, &str),
    carries: Carries,
    mut tamper: impl FnMut(Side, Vec<u8>) -> Vec<u8>,
) -> Outcome {
    let mut client = ClientExchange::new((pair.client)(user, password), policy()).unwrap();
    let mut server = ServerExchange::new((pair.server)(), policy()).unwrap();
    if carries.success_data {
        server = server.with_success_data();
    }
    let initial = match carries.initial_response || client.profile().name == "APOP" {
        true => client.initial_response().unwrap(),
        false => None,
    };
    let initial = initial.map(|data| tamper(Side::Client, data.expose().to_vec()));
    let mut step = server.start(initial.as_deref());
    let outcome = loop {
        step = match step {
            Err(error) => break Outcome::Refused(error),
            Ok(Step::NeedCredentials(request)) => server.answer(look_up(&request)),
            Ok(Step::Challenge(challenge)) => {
                let challenge = tamper(Side::Server, challenge);
                match client.respond(&challenge) {
                    Ok(response) => server.respond(&tamper(Side::Client, response.expose().to_vec())),
                    Err(error) => {
                        assert!(matches!(client.respond(b""), Err(Error::Misuse(_))));
                        assert!(matches!(client.initial_response(), Err(Error::Misuse(_))));
                        assert!(matches!(client.finish(None), Err(Error::Misuse(_))));
                        return Outcome::Cancelled(error);
                    }
                }
            }
            Ok(Step::Done(authenticated)) => {
                let data = authenticated.success_data().map(|data| tamper(Side::Server, data.to_vec()));
                break match client.finish(data.as_deref()) {
                    Ok(verified) => Outcome::In(authenticated, verified),
                    Err(error) => Outcome::Disbelieved(error),
                };
            }
        };
    };
    assert_over(&mut server);
    outcome
}

/// Case 189.
pub fn assert_over(server: &mut ServerExchange) {
    for _ in 0..2 {
        assert!(matches!(server.start(None), Err(Error::Misuse(_))));
        assert!(matches!(server.start(Some(b"\0tim\0tanstaaftanstaaf")), Err(Error::Misuse(_))));
        assert!(matches!(server.respond(b"\0tim\0tanstaaftanstaaf"), Err(Error::Misuse(_))));
        assert!(matches!(server.answer(Answer::password(secret(PASSWORD))), Err(Error::Misuse(_))));
        assert!(matches!(server.answer(Answer::accepted().known_as("tim")), Err(Error::Misuse(_))));
    }
}

fn mac(what: &str, password: &Secret) -> [u8; 32] {
    let id = Timestamp::new([what], "example.org").unwrap();
    Digest::compute(&id, password).to_hex()
}

const SERVER_NONCE: &str = "fyko-d2lbbFgONRv9qkxdawL";

const fn profile(name: &'static str, first: First, proves_server: bool) -> Profile {
    Profile { name, first, exposure: Exposure::Digest, weak: false, proves_server }
}

/// Client: name. Server: nonce. Client: proof. Server, with success: proof.
pub struct MutualClient {
    user: String,
    password: Secret,
    sent: u8,
    nonce: String,
}

impl MutualClient {
    pub fn new(user: &str, password: &str) -> Self {
        Self { user: user.into(), password: secret(password), sent: 0, nonce: String::new() }
    }
}

impl ClientMechanism for MutualClient {
    fn profile(&self) -> Profile {
        profile("TOY-MUTUAL", First::Client, true)
    }

    fn start(&mut self) -> Result<Secret, Error> {
        self.sent = 1;
        Ok(secret(&self.user))
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret, Error> {
        self.sent += 1;
        match self.sent {
            2 => {
                let nonce = std::str::from_utf8(challenge).map_err(|_| Error::ServerNotVerified)?;
                Timestamp::new([nonce], "x").map_err(|_| Error::ServerNotVerified)?;
                self.nonce = nonce.into();
                Ok(Secret::new(mac(&format!("{nonce}.c"), &self.password)))
            }
            3 if *challenge == mac(&format!("{}.s", self.nonce), &self.password) => Ok(Secret::default()),
            3 => Err(Error::ServerNotVerified),
            _ => Err(Error::OutOfTurn),
        }
    }

    fn finish(&mut self) -> Result<(), Error> {
        if self.sent == 3 { Ok(()) } else { Err(Error::ServerNotVerified) }
    }
}

#[derive(Default)]
pub struct MutualServer {
    password: Option<Secret>,
    asked: bool,
}

impl ServerMechanism for MutualServer {
    fn profile(&self) -> Profile {
        profile("TOY-MUTUAL", First::Client, true)
    }

    fn respond(&mut self, response: &[u8]) -> Result<Move, Error> {
        if !self.asked {
            self.asked = true;
            let user = String::from_utf8_lossy(response);
            return Ok(Move::Ask(Request::new(user, None, Need::Password)));
        }
        match &self.password {
            Some(password) if *response == mac(&format!("{SERVER_NONCE}.c"), password) => {
                Ok(Move::Accept { data: Some(mac(&format!("{SERVER_NONCE}.s"), password).to_vec()) })
            }
            _ => Ok(Move::Refuse { challenge: b"e=invalid-proof".to_vec(), error: Error::Rejected }),
        }
    }

    fn answer(&mut self, credentials: Credentials) -> Result<Move, Error> {
        match credentials {
            Credentials::Password(password) => self.password = Some(password),
            Credentials::NoSuchUser | Credentials::Rejected => {}
            _ => return Err(Misuse::Invalid("answer").into()),
        }
        Ok(Move::Challenge(SERVER_NONCE.into()))
    }
}

/// Server: nonce. Client: name, proof.
pub struct ServerFirstClient(pub Option<(String, Secret)>);

impl ClientMechanism for ServerFirstClient {
    fn profile(&self) -> Profile {
        profile("TOY-SERVER-FIRST", First::Server, false)
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret, Error> {
        let (user, password) = self.0.take().ok_or(Error::OutOfTurn)?;
        let id = Timestamp::parse(challenge).map_err(Error::Malformed)?;
        let digest = Digest::compute(&id, &password);
        Ok(Secret::new([user.as_bytes(), b" ", &digest.to_hex()].concat()))
    }

    fn finish(&mut self) -> Result<(), Error> {
        if self.0.is_none() { Ok(()) } else { Err(Error::Unfinished) }
    }
}

#[derive(Default)]
pub struct ServerFirstServer(Option<Digest>);

impl ServerMechanism for ServerFirstServer {
    fn profile(&self) -> Profile {
        profile("TOY-SERVER-FIRST", First::Server, false)
    }

    fn start(&mut self) -> Result<Move, Error> {
        Ok(Move::Challenge(ID.into()))
    }

    fn respond(&mut self, response: &[u8]) -> Result<Move, Error> {
        let (message, _) = apop::Message::parse(response, Tolerance::Strict).map_err(Error::Malformed)?;
        self.0 = Some(message.digest());
        Ok(Move::Ask(Request::new(message.name(), None, Need::Password)))
    }

    fn answer(&mut self, credentials: Credentials) -> Result<Move, Error> {
        let id = Timestamp::parse(ID.as_bytes()).unwrap();
        match credentials {
            Credentials::Password(password) if self.0 == Some(Digest::compute(&id, &password)) => {
                Ok(Move::Accept { data: None })
            }
            _ => Err(Error::Rejected),
        }
    }
}

/// Client: token. If it is wrong: server: reason; client: %x01.
pub struct TokenClient {
    pub token: Secret,
    pub sent: bool,
    pub error: Option<Vec<u8>>,
}

const TOKEN: Profile = Profile {
    name: "TOY-TOKEN",
    first: First::Client,
    exposure: Exposure::Cleartext,
    weak: false,
    proves_server: false,
};

impl ClientMechanism for TokenClient {
    fn profile(&self) -> Profile {
        TOKEN
    }

    fn start(&mut self) -> Result<Secret, Error> {
        self.sent = true;
        Ok(self.token.clone())
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret, Error> {
        if !self.sent || self.error.is_some() {
            return Err(Error::OutOfTurn);
        }
        self.error = Some(challenge.to_vec());
        Ok(Secret::new([1]))
    }

    fn finish(&mut self) -> Result<(), Error> {
        if self.error.is_some() { Err(Error::Rejected) } else { Ok(()) }
    }

    fn server_error(&self) -> Option<&[u8]> {
        self.error.as_deref()
    }
}

pub struct TokenServer;

impl ServerMechanism for TokenServer {
    fn profile(&self) -> Profile {
        TOKEN
    }

    fn respond(&mut self, response: &[u8]) -> Result<Move, Error> {
        Ok(Move::Ask(Request::new("", None, Need::PasswordCheck { presented: Secret::new(response) })))
    }

    fn answer(&mut self, credentials: Credentials) -> Result<Move, Error> {
        match credentials {
            Credentials::Accepted => Ok(Move::Accept { data: None }),
            _ => Ok(Move::Refuse { challenge: br#"{"status":"401"}"#.to_vec(), error: Error::Rejected }),
        }
    }
}
