//! Whole exchanges: what succeeds, what does not, what never restarts.
#![cfg(all(feature = "client", feature = "server"))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop, too")]

mod common;

use auth::apop::Timestamp;
use auth::prepare::Preparation;
use auth::scram::{self, Fault, Hash, Record, Salt, ServerError};
use auth::{
    Answer, ClientExchange, Credentials, Error, Exposure, First, Forbidden, Move, Need, Policy, Profile,
    Request, ServerExchange, ServerMechanism, Step, apop, plain,
};
use common::{Carries, Outcome, PASSWORD, Pair, Side, assert_over, pairs, policy, run, secret};
use proptest::prelude::*;
use wire::sasl::Mechanism;
use wire::{Misuse, Secret, Tolerance};

fn untouched(_: Side, message: Vec<u8>) -> Vec<u8> {
    message
}

#[test]
fn right_passwords_succeed() {
    for pair in pairs() {
        for carries in Carries::ALL {
            let outcome = run(&pair, ("tim", PASSWORD), carries, untouched);
            let Outcome::In(authenticated, verified) = outcome else {
                panic!("{} {carries:?}: {outcome:?}", pair.name);
            };
            assert_eq!(authenticated.user(), pair.user);
            assert_eq!(authenticated.authentication(), "tim");
            assert_eq!(authenticated.mechanism(), verified.mechanism());
            assert_eq!(verified.proved_by_server(), is_mutual(&pair));
        }
    }
}

fn is_mutual(pair: &Pair) -> bool {
    pair.name.contains("SCRAM") || pair.name.starts_with("DIGEST-MD5")
}

/// The salt is a user's own: only its length must be like that of others.
fn without_salt(message: Vec<u8>) -> Vec<u8> {
    if !message.starts_with(b"r=") {
        return message;
    }
    let parsed = scram::ServerFirst::parse(&message).unwrap();
    format!("{} {} {}", parsed.nonce(), parsed.salt().len(), parsed.iterations()).into_bytes()
}

/// A wrong password and an unknown user look the same: the same messages, as far as they do not depend
/// on the input, and the same error.
#[test]
fn wrong_passwords_and_unknown_users_look_alike() {
    for pair in pairs().into_iter().filter(Pair::has_secret) {
        for carries in Carries::ALL {
            let attempt = |user, password| {
                let mut from_server = Vec::new();
                let outcome = run(&pair, (user, password), carries, |from, message| {
                    if from == Side::Server {
                        from_server.push(without_salt(message.clone()));
                    }
                    message
                });
                let from_server = pair.shape(from_server);
                match outcome {
                    Outcome::Refused(error) => (error, from_server),
                    // a client that hears e= gives up
                    Outcome::Cancelled(Error::ServerNotVerified) if pair.name == "like SCRAM" => {
                        (Error::Rejected, from_server)
                    }
                    Outcome::Cancelled(Error::Scram(Fault::Server(ServerError::InvalidProof))) => {
                        (Error::Rejected, from_server)
                    }
                    other => panic!("{} {carries:?}: {other:?}", pair.name),
                }
            };
            let wrong = attempt("tim", "wrong");
            assert_eq!(wrong.0, Error::Rejected);
            assert_eq!(wrong, attempt("tom", "wrong"), "{}", pair.name);
            assert_eq!(wrong.0.to_string(), "authentication failed");
            for password in ["tanstaaftanstaa", "tanstaaftanstaaff", "Tanstaaftanstaaf", "\u{1}"] {
                assert_eq!(wrong, attempt("tim", password), "{}", pair.name);
            }
        }
    }
}

/// Every message of every mechanism: cut anywhere, doubled, lengthened, each bit flipped, replaced by
/// each other message.
#[test]
fn every_change_of_a_message_is_refused() {
    let (mut tried, mut harmless) = (0, 0);
    for (nth, pair) in pairs().into_iter().enumerate() {
        for (which, carries) in Carries::ALL.into_iter().enumerate() {
            // the pairs of SCRAM have many messages, and are many: each takes its turn
            if pair.name.starts_with("SCRAM") && nth % Carries::ALL.len() != which {
                continue;
            }
            let mut messages = Vec::new();
            let outcome = run(&pair, ("tim", PASSWORD), carries, |_, message| {
                messages.push(message.clone());
                message
            });
            assert!(outcome.is_in());
            for (index, message) in messages.iter().enumerate() {
                for changed in changes(message, &messages) {
                    if !pair.is_harmless(message, &changed) {
                        assert_refused(&pair, carries, index, &changed);
                        tried += 1;
                    } else {
                        harmless += 1;
                    }
                }
            }
        }
    }
    assert!(tried > 50_000, "{tried}");
    // other spellings of the same are few
    assert!(harmless < tried / 8, "{harmless} of {tried}");
}

fn changes(message: &[u8], messages: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut changes: Vec<Vec<u8>> = (0..message.len()).map(|len| message[..len].to_vec()).collect();
    changes.extend((1..message.len()).map(|start| message[start..].to_vec()));
    changes.push([message, message].concat());
    for octet in [0, b' ', b',', b'x', 0xff] {
        changes.push([message, &[octet]].concat());
        changes.push([&[octet], message].concat());
    }
    for bit in 0..message.len() * 8 {
        let mut flipped = message.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        changes.push(flipped);
    }
    changes.extend(messages.iter().cloned());
    changes.retain(|changed| changed != message);
    changes
}

fn assert_refused(pair: &Pair, carries: Carries, index: usize, changed: &[u8]) {
    let mut at = 0;
    let outcome = run(pair, ("tim", PASSWORD), carries, |_, message| {
        at += 1;
        if at == index + 1 { changed.to_vec() } else { message }
    });
    // an authorization identity that was cut away altogether leaves a valid message of the user's own
    if let Outcome::In(authenticated, _) = &outcome {
        assert_eq!((pair.name, authenticated.user()), ("PLAIN as another", "tim"), "{changed:?}");
        assert_eq!(changed, b"\0tim\0tanstaaftanstaaf");
        return;
    }
    assert!(!outcome.is_in(), "{} {carries:?} message {index} as {changed:?}: {outcome:?}", pair.name);
}

#[test]
fn names_are_valid() {
    for pair in pairs() {
        let (client, server) = ((pair.client)("tim", PASSWORD).profile(), (pair.server)().profile());
        assert_eq!(client, server);
        assert_eq!(Mechanism::new(client.name).unwrap().as_str(), client.name);
    }
}

#[test]
fn everything_may_be_sent_to_another_thread() {
    fn check<T: Send + Sync + 'static>() {}
    check::<ClientExchange>();
    check::<ServerExchange>();
    check::<Step>();
    check::<Request>();
    check::<Answer>();
    check::<Error>();
    check::<auth::Verified>();
    check::<auth::Authenticated>();
    check::<Box<dyn ServerMechanism>>();
    check::<Box<dyn auth::ClientMechanism>>();
}

/// Cases 118 and 131.
#[test]
fn nothing_weak_or_open_by_itself() {
    let plain = || plain::Client::new("tim", secret(PASSWORD)).unwrap();
    let timestamp = Timestamp::parse(common::ID.as_bytes()).unwrap();
    let apop = || apop::Client::new(&timestamp, "tim", &secret(PASSWORD)).unwrap();
    let (tls, clear) = (Policy::with_tls(), Policy::without_tls());
    for (policy, plain_verdict, apop_verdict) in [
        (tls, Ok(()), Err(Forbidden::Weak)),
        (clear, Err(Forbidden::Cleartext), Err(Forbidden::Weak)),
        (clear.allow_weak(), Err(Forbidden::Cleartext), Ok(())),
        (clear.allow_cleartext(), Ok(()), Err(Forbidden::Weak)),
        (tls.allow_weak(), Ok(()), Ok(())),
    ] {
        assert_eq!(ClientExchange::new(plain(), policy).map(drop), plain_verdict);
        assert_eq!(ClientExchange::new(apop(), policy).map(drop), apop_verdict);
        assert_eq!(ServerExchange::new(plain::Server::new(), policy).map(drop), plain_verdict);
        let server = apop::Server::new(timestamp.clone(), Tolerance::Strict);
        assert_eq!(ServerExchange::new(server, policy).map(drop), apop_verdict);
    }
}

fn as_is() -> plain::Server {
    plain::Server::new().preparation(Preparation::AsIs)
}

fn plain_request(message: &[u8]) -> (ServerExchange, Request) {
    plain_request_to(plain::Server::new(), message)
}

fn plain_request_to(server: plain::Server, message: &[u8]) -> (ServerExchange, Request) {
    let mut server = ServerExchange::new(server, policy()).unwrap();
    match server.start(Some(message)) {
        Ok(Step::NeedCredentials(request)) => (server, request),
        other => panic!("{other:?}"),
    }
}

fn done(step: Result<Step, Error>) -> Result<(String, Option<String>, String), Error> {
    match step? {
        Step::Done(who) => {
            Ok((who.authentication().into(), who.authorization().map(Into::into), who.user().into()))
        }
        other => panic!("{other:?}"),
    }
}

/// RFC 4616 section 4; case 179.
#[test]
fn the_authorization_identity_is_never_ignored() {
    let staff = b"staff\0tim\0tanstaaftanstaaf";
    let right = || Answer::password(secret(PASSWORD));
    let ok = |a: &str, z: Option<&str>, u: &str| Ok((a.to_owned(), z.map(str::to_owned), u.to_owned()));
    for (message, answer, expected) in [
        (&staff[..], right(), Err(Error::NotAuthorized)),
        (staff, Answer::accepted(), Err(Error::NotAuthorized)),
        (staff, right().authorized(), ok("tim", Some("staff"), "staff")),
        (staff, Answer::accepted().authorized(), ok("tim", Some("staff"), "staff")),
        // the password counts first
        (staff, Answer::password(secret("wrong")).authorized(), Err(Error::Rejected)),
        (staff, Answer::rejected().authorized(), Err(Error::Rejected)),
        (staff, Answer::no_such_user().authorized(), Err(Error::Rejected)),
        (staff, right().known_as("staff"), ok("staff", None, "staff")),
        (staff, right().known_as("timothy"), Err(Error::NotAuthorized)),
        (staff, right().known_as("timothy").authorized(), ok("timothy", Some("staff"), "staff")),
        (b"tim\0tim\0tanstaaftanstaaf", right(), ok("tim", None, "tim")),
        (b"tim\0tim\0tanstaaftanstaaf", right().known_as("timothy"), ok("timothy", None, "timothy")),
        (b"Tim\0tim\0tanstaaftanstaaf", right(), Err(Error::NotAuthorized)),
        (b"\0tim\0tanstaaftanstaaf", right().authorized(), ok("tim", None, "tim")),
        (b"\0tim\0tanstaaftanstaaf", right().known_as(""), Err(Error::Misuse(Misuse::Empty))),
    ] {
        let (mut server, request) = plain_request(message);
        assert_eq!(request.mechanism, "PLAIN");
        assert_eq!(request.need, Need::PasswordCheck { presented: secret(PASSWORD) });
        let named = request.authorization.as_deref().unwrap_or_default();
        assert!(message.starts_with(named.as_bytes()));
        assert_eq!(done(server.answer(answer.clone())), expected, "{answer:?}");
    }
}

#[test]
fn an_empty_stored_password_never_matches() {
    let (mut server, _) = plain_request(b"\0tim\0x");
    assert_eq!(done(server.answer(Answer::password(Secret::default()))), Err(Error::Rejected));
    let timestamp = Timestamp::parse(common::ID.as_bytes()).unwrap();
    let digest = apop::Digest::compute(&timestamp, &Secret::default());
    let message = apop::Message::new("tim", digest).unwrap().encode();
    let server = apop::Server::new(timestamp.clone(), Tolerance::Strict);
    let mut server = ServerExchange::new(server, policy()).unwrap();
    assert!(matches!(server.start(Some(message.expose())), Ok(Step::NeedCredentials(_))));
    assert_eq!(done(server.answer(Answer::password(Secret::default()))), Err(Error::Rejected));
    let client = apop::Client::new(&timestamp, "tim", &Secret::default());
    assert_eq!(client.map(drop), Err(Misuse::Empty));
}

#[test]
fn the_dummy_secret_lets_nobody_in() {
    let timestamp = Timestamp::parse(common::ID.as_bytes()).unwrap();
    let digest = apop::Digest::compute(&timestamp, &Secret::new([0; 16]));
    let message = apop::Message::new("tim", digest).unwrap().encode();
    for answer in [Answer::no_such_user(), Answer::rejected()] {
        let server = apop::Server::new(timestamp.clone(), Tolerance::Strict);
        let mut server = ServerExchange::new(server, policy()).unwrap();
        assert!(matches!(server.start(Some(message.expose())), Ok(Step::NeedCredentials(_))));
        assert_eq!(done(server.answer(answer.clone())), Err(Error::Rejected));
        let (mut server, _) = plain_request(b"\0tim\0x");
        assert_eq!(done(server.answer(answer)), Err(Error::Rejected));
    }
}

#[cfg(feature = "saslprep")]
/// PLAIN against what a server stores for SCRAM.
#[test]
fn plain_passwords_are_checked_against_records() {
    let salt = Salt::new(&[7; 16]).unwrap();
    for hash in Hash::ALL {
        let password = secret("tanstaaf\u{a0}\u{2168}");
        let record = Record::new(hash, &password, Preparation::SaslPrep, &salt, 4096).unwrap();
        for (message, answer, right) in [
            ("\0tim\0tanstaaf IX", record.clone(), true),
            ("\0tim\0tanstaaf\u{a0}\u{2168}", record.clone(), true),
            ("\0tim\0tanstaaf", record.clone(), false),
            ("\0tim\0tanstaaf IX", record.clone().locked(), false),
        ] {
            let (mut server, _) = plain_request(message.as_bytes());
            let result = done(server.answer(Answer::record(answer)));
            assert_eq!(result.is_ok(), right, "{message:?}");
            assert!(right || result == Err(Error::Rejected));
        }
    }
    // more iterations than we compute: the caller's mistake, at once
    let busy =
        b"{SCRAM-SHA-1}4294967295,QSXCR+Q6sek8bf92,6dlGYMOdZcOPutkcNY8U2g7vK9Y=,D+CSWLOshSulAsxiupA+qs2/fTE=";
    let (mut server, _) = plain_request(b"\0tim\0pencil");
    let busy = Answer::record(Record::parse(busy).unwrap());
    assert!(matches!(server.answer(busy), Err(Error::Misuse(_))));
    let right =
        b"{SCRAM-SHA-1}4096,QSXCR+Q6sek8bf92,6dlGYMOdZcOPutkcNY8U2g7vK9Y=,D+CSWLOshSulAsxiupA+qs2/fTE=";
    let right = Answer::record(Record::parse(right).unwrap());
    assert_eq!(done(server.answer(right)).unwrap().2, "tim");
    // users that do not exist cost as much as others, and get in as little
    let server = plain::Server::new().storing_records(Hash::Sha256, 4096).unwrap();
    let (mut server, _) = plain_request_to(server, b"\0tom\0pencil");
    assert_eq!(done(server.answer(Answer::no_such_user())), Err(Error::Rejected));
    for iterations in [0, scram::MAX_ITERATIONS + 1] {
        assert!(plain::Server::new().storing_records(Hash::Sha256, iterations).is_err());
    }
}

#[cfg(all(feature = "saslprep", feature = "precis"))]
/// RFC 4616 section 2: presented strings are query strings, stored ones are not; what cannot be prepared
/// fails.
#[test]
fn plain_strings_are_prepared() {
    let (mut server, request) = plain_request("\0I\u{ad}X\0p\u{aa}ss".as_bytes());
    assert_eq!(request.authentication, "IX");
    assert_eq!(request.need, Need::PasswordCheck { presented: secret("pass") });
    assert_eq!(done(server.answer(Answer::password(secret("p\u{aa}s\u{ad}s")))).unwrap().0, "IX");
    let (mut server, request) = plain_request("\0tim\0\u{221}".as_bytes());
    assert_eq!(request.need, Need::PasswordCheck { presented: secret("\u{221}") });
    assert_eq!(done(server.answer(Answer::password(secret("\u{221}")))), Err(Error::Rejected));
    for message in ["\0tim\0a\u{7}", "\0\u{ad}\0x", "\0a\u{627}1\0x"] {
        let mut server = ServerExchange::new(plain::Server::new(), policy()).unwrap();
        assert_eq!(server.start(Some(message.as_bytes())).unwrap_err(), Error::Rejected);
        assert_over(&mut server);
    }
    let mapped = plain::Server::new().preparation(Preparation::PrecisCaseMapped);
    let (mut server, request) = plain_request_to(mapped, b"\0TIM\0Tanstaaf");
    assert_eq!(request.authentication, "tim");
    assert_eq!(done(server.answer(Answer::password(secret("Tanstaaf")))).unwrap().0, "tim");
    let (mut server, _) = plain_request_to(as_is(), b"\0tim\0\x07");
    assert_eq!(done(server.answer(Answer::password(secret("\x07")))).unwrap().0, "tim");
}

/// Nobody can answer for a digest that only the mechanism can check, and saying so changes nothing.
#[test]
fn digests_are_not_for_the_caller_to_accept() {
    let timestamp = Timestamp::parse(common::ID.as_bytes()).unwrap();
    let digest = apop::Digest::compute(&timestamp, &secret(PASSWORD));
    let message = apop::Message::new("tim", digest).unwrap().encode();
    let server = apop::Server::new(timestamp, Tolerance::Strict);
    let mut server = ServerExchange::new(server, policy()).unwrap();
    let Ok(Step::NeedCredentials(request)) = server.start(Some(message.expose())) else { panic!() };
    assert_eq!((request.mechanism, &request.need), ("APOP", &Need::Password));
    assert!(matches!(server.answer(Answer::accepted().known_as("root")), Err(Error::Misuse(_))));
    assert_eq!(done(server.answer(Answer::password(secret(PASSWORD)))).unwrap().2, "tim");
    assert_over(&mut server);
}

#[test]
fn repairs_are_told() {
    let timestamp = Timestamp::parse(common::ID.as_bytes()).unwrap();
    let server = apop::Server::new(timestamp, Tolerance::Lenient);
    let mut server = ServerExchange::new(server, policy()).unwrap();
    let argument = b"mrose C4C9334BAC560ECC979E58001B3E22FB";
    assert!(matches!(server.start(Some(argument)), Ok(Step::NeedCredentials(_))));
    assert_eq!(server.repairs(), [apop::UPPER_CASE_DIGEST]);
    assert_eq!(done(server.answer(Answer::password(secret("tanstaaf")))).unwrap().2, "mrose");
    assert_eq!(server.repairs(), [apop::UPPER_CASE_DIGEST]);
}

/// RFC 4422 section 3, of the initial response and of data with success.
#[test]
fn the_order_around_a_mechanism() {
    // an initial response where the server speaks first
    let mut server = ServerExchange::new(common::ServerFirstServer::default(), policy()).unwrap();
    assert_eq!(server.start(Some(b"")).unwrap_err(), Error::OutOfTurn);
    assert_over(&mut server);

    // an empty initial response is not an absent one (case 155)
    let mut server = ServerExchange::new(plain::Server::new(), policy()).unwrap();
    assert!(matches!(server.start(Some(b"")), Err(Error::Malformed(_))));
    let mut server = ServerExchange::new(plain::Server::new(), policy()).unwrap();
    assert!(matches!(server.start(None), Ok(Step::Challenge(challenge)) if challenge.is_empty()));

    // APOP has no challenge
    let timestamp = Timestamp::parse(common::ID.as_bytes()).unwrap();
    let mut server = ServerExchange::new(apop::Server::new(timestamp, Tolerance::Strict), policy()).unwrap();
    assert!(matches!(server.start(None), Err(Error::Misuse(_))));

    // a challenge that should be empty
    let plain = || plain::Client::new("tim", secret(PASSWORD)).unwrap();
    let mut client = ClientExchange::new(plain(), policy()).unwrap();
    assert_eq!(client.respond(b"Go ahead"), Err(Error::OutOfTurn));

    // a challenge after the last
    let mut client = ClientExchange::new(plain(), policy()).unwrap();
    assert!(client.respond(b"").is_ok());
    assert_eq!(client.respond(b""), Err(Error::OutOfTurn));
    assert!(matches!(client.finish(None), Err(Error::Misuse(_))));

    // success data that the mechanism does not have
    let mut client = ClientExchange::new(plain(), policy()).unwrap();
    assert!(client.respond(b"").is_ok());
    assert_eq!(client.finish(Some(b"")), Err(Error::OutOfTurn));

    // a second first message
    let mut client = ClientExchange::new(plain(), policy()).unwrap();
    assert!(client.initial_response().unwrap().is_some());
    assert!(matches!(client.initial_response(), Err(Error::Misuse(_))));
    assert!(client.finish(None).is_ok());
}

/// Cases 159, 160, 176: the server says success too early, or without proof.
#[test]
fn success_alone_is_not_believed() {
    for pair in pairs() {
        for message in [&b"v=AAAA"[..], b"", b"e=other-error"] {
            let client = || {
                let mut client = ClientExchange::new((pair.client)("tim", PASSWORD), policy()).unwrap();
                client.initial_response().unwrap();
                client
            };
            if is_mutual(&pair) && client().profile().first == First::Client {
                assert!(client().finish(Some(message)).is_err(), "{}", pair.name);
                assert_eq!(client().finish(None), Err(Error::ServerNotVerified), "{}", pair.name);
            }
        }
        let client = || ClientExchange::new((pair.client)("tim", PASSWORD), policy()).unwrap();
        assert_eq!(client().finish(None), Err(Error::Unfinished), "{}", pair.name);
        assert_eq!(client().finish(Some(b"")), Err(Error::Unfinished), "{}", pair.name);
        let mut told = client();
        if told.initial_response().unwrap().is_none() {
            assert_eq!(told.finish(None), Err(Error::Unfinished), "{}", pair.name);
        }
    }
    let mutual = || {
        let mut client = ClientExchange::new(common::MutualClient::new("tim", PASSWORD), policy()).unwrap();
        client.initial_response().unwrap();
        client
    };
    assert_eq!(mutual().finish(None), Err(Error::ServerNotVerified));
    let mut client = mutual();
    client.respond(b"nonce").unwrap();
    assert_eq!(client.finish(None), Err(Error::ServerNotVerified));
    let mut client = mutual();
    client.respond(b"nonce").unwrap();
    assert_eq!(client.finish(Some(b"v=forged")), Err(Error::ServerNotVerified));
    let mut client = mutual();
    client.respond(b"nonce").unwrap();
    assert_eq!(client.respond(b"v=forged"), Err(Error::ServerNotVerified));
    assert!(matches!(client.finish(None), Err(Error::Misuse(_))));
    // data that calls for a response cannot come with success
    assert_eq!(mutual().finish(Some(b"nonce")), Err(Error::Unfinished));
}

/// Case 183.
#[test]
fn an_error_challenge_is_answered_and_kept() {
    let mut client = ClientExchange::new(
        common::TokenClient { token: secret("wrong"), sent: false, error: None },
        policy(),
    )
    .unwrap();
    let mut server = ServerExchange::new(common::TokenServer, policy()).unwrap();
    let initial = client.initial_response().unwrap().unwrap();
    assert_eq!(client.server_error(), None);
    let Ok(Step::NeedCredentials(request)) = server.start(Some(initial.expose())) else { panic!() };
    assert_eq!(request.authentication, "");
    // somebody must say who it is
    assert_eq!(server.answer(Answer::accepted()).unwrap_err(), Error::Misuse(Misuse::Empty));
    let Ok(Step::Challenge(json)) = server.answer(Answer::rejected()) else { panic!() };
    let response = client.respond(&json).unwrap();
    assert_eq!(response.expose(), b"\x01");
    assert_eq!(client.server_error(), Some(&json[..]));
    assert_eq!(server.respond(response.expose()).unwrap_err(), Error::Rejected);
    assert_over(&mut server);
    // even if the server then says success
    assert_eq!(client.finish(None), Err(Error::Rejected));
}

/// Like OTP: the state first, then the commit of the new one.
struct AsksTwice(u8);

impl ServerMechanism for AsksTwice {
    fn profile(&self) -> Profile {
        let exposure = Exposure::Digest;
        Profile { name: "TOY-TWICE", first: First::Either, exposure, weak: false, proves_server: false }
    }

    fn respond(&mut self, response: &[u8]) -> Result<Move, Error> {
        let user = String::from_utf8_lossy(response);
        Ok(Move::Ask(Request::new(user, Some("staff".into()), Need::Password)))
    }

    fn answer(&mut self, _: Credentials) -> Result<Move, Error> {
        self.0 += 1;
        match self.0 {
            1 => Ok(Move::Ask(Request::new("tim", Some("staff".into()), Need::Password))),
            _ => Ok(Move::Accept { data: None }),
        }
    }
}

#[test]
fn a_mechanism_may_ask_more_than_once() {
    for (first, second, expected) in [
        (Answer::accepted().known_as("t").authorized(), Answer::accepted(), Ok("t")),
        (Answer::accepted(), Answer::accepted().known_as("t").authorized(), Ok("t")),
        (Answer::accepted(), Answer::accepted(), Err(Error::NotAuthorized)),
    ] {
        // and takes an initial response, or does without
        for initial in [Some(&b"tim"[..]), None] {
            let mut server = ServerExchange::new(AsksTwice(0), policy()).unwrap();
            let step = match server.start(initial) {
                Ok(Step::Challenge(_)) => server.respond(b"tim"),
                step => step,
            };
            assert!(matches!(step, Ok(Step::NeedCredentials(_))));
            assert!(matches!(server.answer(first.clone()), Ok(Step::NeedCredentials(_))));
            let who = done(server.answer(second.clone())).map(|who| who.0);
            assert_eq!(who, expected.clone().map(str::to_owned));
        }
    }
}

/// A mechanism with a hole in it.
struct Careless(bool);

impl ServerMechanism for Careless {
    fn profile(&self) -> Profile {
        AsksTwice(0).profile()
    }

    fn respond(&mut self, _: &[u8]) -> Result<Move, Error> {
        if self.0 {
            Ok(Move::Ask(Request::new("tim", None, Need::Password)))
        } else {
            Ok(Move::Accept { data: None })
        }
    }

    fn answer(&mut self, _: Credentials) -> Result<Move, Error> {
        Ok(Move::Accept { data: None })
    }
}

#[test]
fn nobody_gets_in_against_the_caller() {
    let mut server = ServerExchange::new(Careless(false), policy()).unwrap();
    assert_eq!(done(server.start(Some(b""))), Err(Error::Rejected));
    for answer in [Answer::rejected(), Answer::no_such_user().known_as("tim").authorized()] {
        let mut server = ServerExchange::new(Careless(true), policy()).unwrap();
        assert!(matches!(server.start(Some(b"")), Ok(Step::NeedCredentials(_))));
        assert_eq!(done(server.answer(answer)), Err(Error::Rejected));
    }
}

const PAIRS: usize = 23;

#[test]
fn all_pairs_are_tried() {
    assert_eq!(pairs().len(), PAIRS);
}

#[derive(Debug, Clone)]
enum Call {
    Start(Option<Vec<u8>>),
    Respond(Vec<u8>),
    Answer(u8),
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"\0tim\0tanstaaftanstaaf".to_vec()),
        Just(b"staff\0tim\0tanstaaftanstaaf".to_vec()),
        Just(b"tim 3dbc88f0624776a737b39093f6eb6427".to_vec()),
        Just(b"tim".to_vec()),
        Just(b"n,,n=tim,r=fyko".to_vec()),
        Just(b"p=tls-unique,,n=tim,r=fyko".to_vec()),
        Just(b"c=biws,r=fyko3rfcNHYJY1ZVvWVs7j%hvYDpWUa2RaT,p=AAAA".to_vec()),
        Just(Vec::new()),
        any::<Vec<u8>>(),
    ]
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        proptest::option::of(message()).prop_map(Call::Start),
        message().prop_map(Call::Respond),
        (0..6u8).prop_map(Call::Answer),
    ];
    proptest::collection::vec(call, 0..12)
}

fn answer(which: u8) -> Answer {
    match which {
        0 => Answer::password(secret(PASSWORD)),
        1 => Answer::password(secret("wrong")),
        2 => Answer::accepted(),
        3 => Answer::accepted().known_as("tim").authorized(),
        4 => Answer::rejected(),
        _ => Answer::no_such_user(),
    }
}

proptest! {
    /// Any order of calls: no panic, at most one outcome, nothing but misuse after it, and misuse changes
    /// nothing (the same calls without the misused ones give the same).
    #[test]
    fn any_calls_on_a_server(which in 0..PAIRS, calls in calls(), success_data: bool) {
        let make = || {
            let server = ServerExchange::new((pairs()[which].server)(), policy()).unwrap();
            if success_data { server.with_success_data() } else { server }
        };
        let call = |server: &mut ServerExchange, call: &Call| match call {
            Call::Start(initial) => server.start(initial.as_deref()),
            Call::Respond(response) => server.respond(response),
            Call::Answer(which) => server.answer(answer(*which)),
        };
        let mut server = make();
        let (mut over, mut legal, mut results) = (false, Vec::new(), Vec::new());
        for one in &calls {
            let result = call(&mut server, one);
            match &result {
                Err(Error::Misuse(_)) => continue,
                _ if over => prop_assert!(false, "{result:?} after the end"),
                Err(_) | Ok(Step::Done(_)) => over = true,
                Ok(_) => {}
            }
            legal.push(one);
            results.push(format!("{result:?}"));
        }
        let mut server = make();
        for (one, result) in legal.iter().zip(results) {
            prop_assert_eq!(format!("{:?}", call(&mut server, one)), result);
        }
    }

    #[test]
    fn any_challenges_to_a_client(which in 0..PAIRS, initial: bool, challenges: Vec<Vec<u8>>, data: Option<Vec<u8>>) {
        let mut client = ClientExchange::new((pairs()[which].client)("tim", PASSWORD), policy()).unwrap();
        if initial {
            prop_assert!(client.initial_response().is_ok());
        }
        let mut failed = false;
        for challenge in &challenges {
            let result = client.respond(challenge);
            if failed {
                prop_assert!(matches!(result, Err(Error::Misuse(_))));
            }
            failed |= result.is_err();
        }
        let proves = client.profile().proves_server;
        let finished = client.finish(data.as_deref());
        prop_assert!(!(finished.is_ok() && (failed || proves)));
    }

    /// Case 179 and its neighbours, through the exchange.
    #[test]
    fn plain_takes_three_fields_or_nothing(message: Vec<u8>) {
        let mut server = ServerExchange::new(as_is(), policy()).unwrap();
        let valid = {
            let fields: Vec<&[u8]> = message.split(|&o| o == 0).collect();
            let safe = |field: &[u8]| {
                !field.is_empty() && field.len() <= 255 && std::str::from_utf8(field).is_ok()
            };
            matches!(&fields[..], [z, a, p] if (z.is_empty() || safe(z)) && safe(a) && safe(p))
        };
        match server.start(Some(&message)) {
            Ok(Step::NeedCredentials(request)) => {
                prop_assert!(valid);
                prop_assert!(!request.authentication.is_empty());
            }
            Err(Error::Malformed(_)) => prop_assert!(!valid),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn plain_pairs_agree(user in "[^\0]{1,60}", password in "[^\0]{1,60}", stored in "[^\0]{1,60}") {
        for stored in [&password, &stored] {
            let mechanism = plain::Client::new(&user, secret(&password)).unwrap();
            let mut client = ClientExchange::new(mechanism, policy()).unwrap();
            let initial = client.initial_response().unwrap().unwrap();
            let (mut server, request) = plain_request_to(as_is(), initial.expose());
            prop_assert_eq!(&request.authentication, &user);
            let result = done(server.answer(Answer::password(secret(stored))));
            prop_assert_eq!(result.is_ok(), *stored == password);
        }
    }
}
