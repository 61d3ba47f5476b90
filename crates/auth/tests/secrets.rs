//! Law 12: no secret in `Debug`, `Display` or errors. Everything public is formatted, in every state.
#![cfg(all(feature = "client", feature = "server"))]
#![expect(clippy::unwrap_used, reason = "helpers of tests stop, too")]

mod common;

use auth::apop::{Digest, Timestamp};
use auth::prepare::{Preparation, Purpose};
use auth::scram::{self, ChannelBinding, Form, Hash, Nonce, Record, Salt, Server};
use auth::{
    Answer, ClientExchange, ClientMechanism, Credentials, Error, Forbidden, Move, Need, Policy, Request,
    ServerExchange, ServerMechanism, Step, apop, cram_md5, digest_md5, external, login, oauth, oauthbearer,
    otp, plain, xoauth2,
};
use common::{ID, others, policy, secret};
use std::fmt::{Debug, Display};
use wire::{Misuse, Secret, Tolerance};

const SECRET: &str = "hunter2-correct-horse";

/// Everything that was formatted.
#[derive(Default)]
struct Shown(Vec<String>);

impl Shown {
    fn debug(&mut self, value: &impl Debug) {
        self.0.push(format!("{value:?}"));
        self.0.push(format!("{value:#?}"));
    }

    fn error(&mut self, value: &(impl Debug + Display)) {
        self.debug(value);
        self.0.push(format!("{value}"));
    }

    fn result<T: Debug>(&mut self, value: &Result<T, impl Debug + Display>) {
        self.debug(value);
        if let Err(error) = value {
            self.error(error);
        }
    }
}

/// A secret in any of the forms in which it could be printed.
fn forms(secret: &[u8]) -> Vec<String> {
    use base64::Engine as _;
    let text = String::from_utf8_lossy(secret).into_owned();
    let list = format!("{:?}", secret);
    let pretty: String = format!("{:#?}", secret);
    let hexadecimal: String = secret.iter().map(|o| format!("{o:02x}")).collect();
    let line = base64::engine::general_purpose::STANDARD.encode(secret);
    let inner = |text: &str| text.trim_matches(['[', ']', '\n']).to_owned();
    vec![text, inner(&list), inner(&pretty), hexadecimal.to_uppercase(), hexadecimal, line]
}

#[test]
fn nothing_shows_a_secret() {
    let mut shown = Shown::default();
    let password = || secret(SECRET);
    let timestamp = Timestamp::parse(ID.as_bytes()).unwrap();
    let digest = Digest::compute(&timestamp, &password());

    // values
    let message = plain::Message::new("tim", password()).unwrap().acting_as("staff").unwrap();
    shown.debug(&message);
    shown.debug(&message.encode());
    shown.debug(&plain::Client::from(message.clone()));
    shown.debug(&plain::Server::new());
    shown.debug(&plain::PROFILE);
    shown.debug(&timestamp);
    shown.debug(&digest);
    let argument = apop::Message::new("tim", digest).unwrap();
    shown.debug(&argument);
    shown.debug(&argument.encode());
    shown.debug(&apop::Client::new(&timestamp, "tim", &password()).unwrap());
    let need = Need::PasswordCheck { presented: password() };
    shown.debug(&need);
    shown.debug(&Request::new("tim", Some("staff".into()), need));
    shown.debug(&Credentials::Password(password()));
    shown.debug(&Answer::password(password()).known_as("tim").authorized());
    shown.debug(&policy());

    // mechanisms in each state
    let mut mechanism = plain::Server::new();
    shown.debug(&mechanism.respond(message.encode().expose()));
    shown.debug(&mechanism);
    shown.debug(&mechanism.answer(Credentials::Password(password())));
    shown.debug(&mechanism);
    let mut mechanism = apop::Server::new(timestamp.clone(), Tolerance::Strict);
    shown.debug(&mechanism.respond(argument.encode().expose()));
    shown.debug(&mechanism);
    shown.debug(&mechanism.answer(Credentials::Password(password())));
    shown.debug(&mechanism);
    let mut mechanism = plain::Client::from(message.clone());
    shown.debug(&mechanism.start());
    shown.debug(&mechanism);

    // SCRAM
    let salt = Salt::new(&[7; 16]).unwrap();
    let record = Record::new(Hash::Sha256, &password(), Preparation::SaslPrep, &salt, 4096).unwrap();
    let texts = [Form::AuthPassword, Form::Dovecot].map(|form| record.encode(form));
    shown.debug(&record);
    shown.debug(&texts);
    shown.debug(&Credentials::ScramRecord(record.clone()));
    shown.debug(&Answer::record(record.clone()));
    shown.debug(&Need::ScramRecord { hash: Hash::Sha256 });
    let exported: [u8; 32] = std::array::from_fn(|i| b'A' + u8::try_from(i).unwrap());
    let binding = ChannelBinding::tls_exporter(exported);
    shown.debug(&binding);
    let mut mechanism = common::scram_client(Hash::Sha256, "tim", SECRET).bound_to(binding.clone());
    let mut peer = common::scram_server(Hash::Sha256).bound_to([binding]).unwrap();
    shown.debug(&mechanism);
    shown.debug(&peer);
    let first = mechanism.start();
    shown.result(&first);
    shown.debug(&peer.respond(first.unwrap().expose()));
    shown.debug(&peer);
    let Ok(Move::Challenge(challenge)) = peer.answer(Credentials::Password(password())) else { panic!() };
    shown.debug(&scram::ServerFirst::parse(&challenge));
    shown.debug(&mechanism);
    let last = mechanism.respond(&challenge);
    shown.result(&last);
    shown.debug(&mechanism);
    shown.debug(&peer);
    let last = scram::ClientFinal::parse(last.unwrap().expose()).unwrap();
    shown.debug(&last);
    let Ok(Move::Accept { data: Some(verifier) }) = peer.respond(last.encode().expose()) else { panic!() };
    shown.result(&scram::ServerFinal::parse(&verifier));
    shown.result(&mechanism.respond(&verifier));
    for text in &texts {
        for at in 0..=text.len() {
            let mut broken = text.expose()[..at].to_vec();
            broken.push(0xff);
            broken.extend_from_slice(&text.expose()[at..]);
            shown.result(&Record::parse(&broken));
        }
    }
    let nonce = || Nonce::new(&SECRET.repeat(2)).unwrap();
    shown.debug(&nonce());
    shown.result(&scram::Client::new(Hash::Sha1, "tim", &secret(&format!("{SECRET}\x07")), nonce()));
    shown.result(&Preparation::SaslPrep.password(&secret(&format!("{SECRET}\x07")), Purpose::Stored));
    shown.result(&Preparation::SaslPrep.identity(&format!("{SECRET}\x07"), Purpose::Stored));
    shown.result(&Nonce::new(&format!("{SECRET}\x07")));
    shown.result(&Server::new(Hash::Sha1, secret("short"), nonce()));

    // exchanges in each state
    for pair in common::pairs() {
        for right in [true, false] {
            let mut client = ClientExchange::new((pair.client)("tim", SECRET), policy()).unwrap();
            let mut server = ServerExchange::new((pair.server)(), policy()).unwrap();
            shown.debug(&client);
            shown.debug(&server);
            let mut sent = client.initial_response();
            shown.debug(&sent);
            let initial = sent.take_response();
            let mut step = server.start(initial.as_ref().map(Secret::expose));
            loop {
                shown.result(&step);
                shown.debug(&server);
                step = match step {
                    Ok(Step::Challenge(challenge)) => {
                        let response = client.respond(&challenge);
                        shown.result(&response);
                        shown.debug(&client);
                        match response {
                            Ok(response) => server.respond(response.expose()),
                            Err(_) => break,
                        }
                    }
                    Ok(Step::NeedCredentials(request)) => {
                        let answer = match (right, request.need) {
                            (true, Need::TokenCheck { token, .. }) if token.expose() == SECRET.as_bytes() => {
                                Answer::accepted().known_as("tim").authorized()
                            }
                            (true, Need::External | Need::Anonymous { .. }) => {
                                Answer::accepted().known_as("tim").authorized()
                            }
                            (true, Need::OneTimePassword) => Answer::one_time_password(others::state(SECRET)),
                            (true, Need::OneTimePasswordUpdate { state }) => {
                                shown.debug(&state);
                                Answer::accepted().authorized()
                            }
                            (true, Need::PasswordCheck { presented }) if presented == password() => {
                                Answer::accepted().known_as("tim").authorized()
                            }
                            (true, _) => Answer::password(password()),
                            (false, _) => Answer::rejected(),
                        };
                        shown.debug(&answer);
                        server.answer(answer)
                    }
                    Ok(Step::Done(_)) => {
                        shown.result(&client.finish(None));
                        break;
                    }
                    Err(_) => break,
                };
            }
        }
    }

    // parse errors, at each place of each message
    for message in [message.encode(), argument.encode()] {
        for at in 0..=message.len() {
            for octet in [0, 0xff, b' '] {
                let mut broken = message.expose()[..at].to_vec();
                broken.push(octet);
                broken.extend_from_slice(&message.expose()[at..]);
                shown.result(&plain::Message::parse(&broken));
                shown.result(&apop::Message::parse(&broken, Tolerance::Lenient));
                shown.result(&Timestamp::parse(&broken));
                let mut server = ServerExchange::new(plain::Server::new(), policy()).unwrap();
                shown.result(&server.start(Some(&broken)));
                shown.debug(&server);
            }
        }
    }

    // the other mechanisms' values, and each of their messages broken at each place
    let token = others::token(SECRET);
    let bearer = oauthbearer::Message::new(token.clone());
    let parameters =
        otp::Parameters::new(otp::Algorithm::Md5, 99, otp::Seed::new("ke1234").unwrap()).unwrap();
    let key = otp::Key::compute(&parameters, &others::phrase(SECRET));
    let response = otp::Response::new(otp::Form::Words, key.clone());
    let reply = cram_md5::Message::new("tim", Digest::compute_keyed(&timestamp, &password())).unwrap();
    let xoauth2 = xoauth2::Message::new("tim", token.clone()).unwrap();
    shown.debug(&token);
    shown.debug(&bearer);
    shown.debug(&xoauth2);
    shown.debug(&key);
    shown.debug(&response);
    shown.debug(&reply);
    let messages = [bearer.encode(), xoauth2.encode(), response.encode(), reply.encode(), password()];
    for message in &messages {
        for at in 0..=message.len() {
            for octet in [0, 1, 0xff, b' ', b'"'] {
                let mut broken = message.expose()[..at].to_vec();
                broken.push(octet);
                broken.extend_from_slice(&message.expose()[at..]);
                shown.result(&oauthbearer::Message::parse(&broken));
                shown.result(&xoauth2::Message::parse(&broken));
                shown.result(&otp::Response::parse(&broken));
                shown.result(&otp::Key::parse_words(&broken));
                shown.result(&cram_md5::Message::parse(&broken, Tolerance::Lenient));
                shown.result(&oauth::ErrorResult::parse(&broken));
                shown.result(&digest_md5::Challenge::parse(&broken));
                shown.result(&external::Message::parse(&broken).map(drop));
                shown.result(&oauth::Token::new(Secret::new(broken.clone())));
                shown.result(&login::Client::new("tim", Secret::new(broken.clone())));
                for pair in common::others::pairs() {
                    let mut server = ServerExchange::new((pair.server)(), policy()).unwrap();
                    let step = server.start(Some(&broken));
                    // names are no secrets, and this may have become one
                    if step.is_err() {
                        shown.result(&step);
                    }
                    shown.debug(&server);
                }
            }
        }
    }

    // misuse: a secret that is no password
    for bad in [format!("{SECRET}\0"), format!("\0{SECRET}"), SECRET.repeat(20)] {
        shown.result(&plain::Message::new("tim", secret(&bad)));
        shown.result(&plain::Client::new("tim", secret(&bad)));
        shown.result(&apop::Message::new(&bad, digest));
        shown.result(&login::Client::new("tim", secret(&bad)));
        shown.result(&oauth::Token::new(secret(&bad)));
        shown.result(&otp::Client::new("tim", secret(&bad), otp::Form::Hex));
        shown.result(&otp::Server::new(secret(&bad)));
        let (uri, nonce) = (others::uri(), others::nonce("OA6MHXh6VqTrRkOA6MHXh6VqTrRk"));
        shown.result(&digest_md5::Client::new("tim", secret(&bad), uri, nonce));
        shown.result(&Timestamp::new([&*bad], &bad));
    }
    let open = plain::Client::new("tim", password()).unwrap();
    shown.result(&ClientExchange::new(open, Policy::without_tls()));
    for error in [
        Error::OutOfTurn,
        Error::Unfinished,
        Error::ServerNotVerified,
        Error::Rejected,
        Error::Exhausted,
        Error::NotAuthorized,
        Error::Misuse(Misuse::Empty),
    ] {
        shown.error(&error);
    }
    shown.error(&Forbidden::Cleartext);
    shown.error(&Forbidden::Weak);

    assert!(shown.0.len() > 1000);
    let keyed = reply.digest();
    let words = key.to_words();
    let codes = [&keyed.to_hex()[..], keyed.expose(), key.expose(), &key.to_hex(), words.expose()];
    let keys: Vec<&[u8]> = texts[1].expose().rsplit(|&o| o == b',').take(2).collect();
    let proof = last.encode();
    let proof = proof.expose().rsplit(|&o| o == b'=').nth(1).unwrap().to_vec();
    for secret in [SECRET.as_bytes(), &digest.to_hex(), digest.expose(), &exported, keys[0], keys[1], &proof]
        .into_iter()
        .chain(codes)
    {
        for form in forms(secret) {
            for text in &shown.0 {
                assert!(!text.contains(&form), "{text}");
            }
        }
    }
}

/// The initial response, if there is one.
trait TakeResponse {
    fn take_response(&mut self) -> Option<Secret>;
}

impl TakeResponse for Result<Option<Secret>, Error> {
    fn take_response(&mut self) -> Option<Secret> {
        self.as_mut().ok().and_then(Option::take)
    }
}
