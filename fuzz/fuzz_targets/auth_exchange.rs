//! PLAIN and APOP: messages both ways, and exchanges in which messages are lost, repeated or changed. Nobody
//! gets in without the secret, nothing panics, and misuse changes nothing.
#![no_main]

use arbitrary::Arbitrary;
use auth::prepare::Preparation;
use auth::{Answer, ClientExchange, Error, Policy, ServerExchange, Step, apop, plain};
use libfuzzer_sys::fuzz_target;
use wire::{Secret, Tolerance};

const PASSWORD: &[u8] = b"tanstaaf";
const TIMESTAMP: &[u8] = b"<1896.697170952@dbc.mtview.ca.us>";

#[derive(Debug, Arbitrary)]
struct Case<'d> {
    apop: bool,
    lenient: bool,
    acting: bool,
    client: Login<'d>,
    message: &'d [u8],
    calls: Vec<Call<'d>>,
}

#[derive(Debug, Arbitrary)]
enum Login<'d> {
    Right,
    Wrong(&'d [u8]),
}

#[derive(Debug, Arbitrary)]
enum Call<'d> {
    ClientInitial,
    ClientRespond(&'d [u8]),
    ServerStart { honest: bool, octets: &'d [u8] },
    ServerStartWithout,
    ServerRespond { honest: bool, octets: &'d [u8] },
    AnswerPassword { authorized: bool },
    AnswerRejected,
    AnswerNoSuchUser,
    AnswerKnownAs(&'d str),
}

fuzz_target!(|case: Case<'_>| {
    inverse(case.message);
    exchange(&case);
});

fn inverse(octets: &[u8]) {
    if let Ok(message) = plain::Message::parse(octets) {
        assert_eq!(message.encode().expose(), octets);
        let mut again =
            plain::Message::new(message.authentication(), message.password().clone()).expect("valid");
        if let Some(identity) = message.authorization() {
            again = again.acting_as(identity).expect("valid");
        }
        assert_eq!(again, message);
    }
    for tolerance in [Tolerance::Strict, Tolerance::Lenient] {
        if let Ok((message, repair)) = apop::Message::parse(octets, tolerance) {
            assert!(repair.is_none() || tolerance == Tolerance::Lenient);
            let written = message.encode();
            assert!(written.expose().eq_ignore_ascii_case(octets));
            assert_eq!(repair.is_none(), written.expose() == octets);
            assert_eq!(apop::Message::parse(written.expose(), Tolerance::Strict), Ok((message, None)));
        }
    }
    if let Ok(timestamp) = apop::Timestamp::parse(octets) {
        assert_eq!(timestamp.as_str().as_bytes(), octets);
        assert_eq!(apop::Timestamp::in_greeting(octets), Some(timestamp));
    }
}

fn exchange(case: &Case<'_>) {
    let policy = Policy::with_tls().allow_weak();
    let timestamp = apop::Timestamp::parse(TIMESTAMP).expect("a timestamp");
    let secret = Secret::new(match case.client {
        Login::Right => PASSWORD,
        Login::Wrong(password) => password,
    });
    let tolerance = if case.lenient { Tolerance::Lenient } else { Tolerance::Strict };
    let (client, server) = if case.apop {
        let Ok(client) = apop::Client::new(&timestamp, "mrose", &secret) else { return };
        let server = apop::Server::new(timestamp.clone(), tolerance);
        (ClientExchange::new(client, policy), ServerExchange::new(server, policy))
    } else {
        let Ok(mut client) = plain::Client::new("mrose", secret) else { return };
        if case.acting {
            client = client.acting_as("root").expect("a name");
        }
        // octet for octet, which is what is asserted below
        let server = plain::Server::new().preparation(Preparation::AsIs);
        (ClientExchange::new(client, policy), ServerExchange::new(server, policy))
    };
    let (mut client, mut server) = (client.expect("allowed"), server.expect("allowed"));

    // what the client has said, and what the server has taken for the truth
    let (mut said, mut heard, mut refused, mut authorized) = (None, None, false, false);
    for call in &case.calls {
        let shown = format!("{server:?}");
        let result = match call {
            Call::ClientInitial => {
                if let Ok(Some(initial)) = client.initial_response() {
                    said = Some(initial);
                }
                continue;
            }
            Call::ClientRespond(challenge) => {
                if let Ok(response) = client.respond(challenge) {
                    said = Some(response);
                }
                continue;
            }
            Call::ServerStart { honest, octets } => {
                let octets = message(*honest, said.as_ref(), octets);
                keep(server.start(Some(octets)), &mut heard, octets)
            }
            Call::ServerStartWithout => server.start(None),
            Call::ServerRespond { honest, octets } => {
                let octets = message(*honest, said.as_ref(), octets);
                keep(server.respond(octets), &mut heard, octets)
            }
            Call::AnswerPassword { authorized: may } => {
                let mut answer = Answer::password(Secret::new(PASSWORD));
                if *may {
                    answer = answer.authorized();
                }
                let result = server.answer(answer);
                authorized |= *may && !matches!(result, Err(Error::Misuse(_)));
                result
            }
            Call::AnswerRejected => {
                let result = server.answer(Answer::rejected());
                refused |= !matches!(result, Err(Error::Misuse(_)));
                result
            }
            Call::AnswerNoSuchUser => {
                let result = server.answer(Answer::no_such_user());
                refused |= !matches!(result, Err(Error::Misuse(_)));
                result
            }
            Call::AnswerKnownAs(name) => {
                server.answer(Answer::password(Secret::new(PASSWORD)).known_as(*name))
            }
        };
        match result {
            Ok(Step::Done(authenticated)) => {
                let heard: &[u8] = heard.as_deref().expect("let in without a message");
                assert!(!refused, "let in though refused");
                assert!(right(case.apop, tolerance, &timestamp, heard), "let in without the secret");
                assert!(authenticated.authorization().is_none() || authorized, "acts as another");
            }
            Err(Error::Misuse(_)) => assert_eq!(format!("{server:?}"), shown, "misuse changed something"),
            Err(error) => assert!(!format!("{error} {error:?}").contains("tanstaaf")),
            Ok(_) => {}
        }
    }
    let _ = client.finish(None);
}

fn message<'m>(honest: bool, said: Option<&'m Secret>, octets: &'m [u8]) -> &'m [u8] {
    if honest { said.map_or(b"", Secret::expose) } else { octets }
}

fn keep(result: Result<Step, Error>, heard: &mut Option<Vec<u8>>, octets: &[u8]) -> Result<Step, Error> {
    if matches!(result, Ok(Step::NeedCredentials(_))) {
        *heard = Some(octets.to_vec());
    }
    result
}

/// Whether a message knows the password.
fn right(apop: bool, tolerance: Tolerance, timestamp: &apop::Timestamp, message: &[u8]) -> bool {
    if apop {
        let digest = apop::Digest::compute(timestamp, &Secret::new(PASSWORD)).to_hex();
        let presented = &message[message.len().saturating_sub(32)..];
        presented == digest || tolerance == Tolerance::Lenient && presented.eq_ignore_ascii_case(&digest)
    } else {
        message.rsplit(|&octet| octet == 0).next() == Some(PASSWORD)
    }
}
