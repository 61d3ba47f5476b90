//! Each side of each mechanism against a peer that says anything and does not know the password: no server lets it in, no client that
//! asks for a proof believes it, nothing panics, and nothing shows a secret. Messages stand in the input with CR LF between.
#![no_main]

use auth::{Answer, ClientExchange, Error, Need, Policy, ServerExchange, Step};
use fuzz::bit;
use fuzz::pairs::{Pair, look_up, pairs, secret};
use libfuzzer_sys::fuzz_target;

/// Nobody guesses it, and no seed has it. It is a token, too.
const PASSWORD: &str = "b75fee74e2da9d3c7dd8c9b1d3bc1f55a8c4";

fuzz_target!(|data: &[u8]| {
    let [which, settings, rest @ ..] = data else { return };
    let real: Vec<Pair> = pairs().into_iter().filter(|pair| !pair.name.starts_with("like")).collect();
    let pair = &real[usize::from(*which) % real.len()];
    let messages = split(rest);
    if bit(*settings, 0) { server(pair, *settings, &messages) } else { client(pair, *settings, &messages) }
});

fn split(rest: &[u8]) -> Vec<&[u8]> {
    let mut messages = Vec::new();
    let mut rest = rest;
    while let Some(at) = rest.windows(2).position(|two| two == b"\r\n") {
        messages.push(&rest[..at]);
        rest = &rest[at + 2..];
    }
    messages.push(rest);
    messages
}

fn policy() -> Policy {
    Policy::with_tls().allow_weak()
}

fn client(pair: &Pair, settings: u8, messages: &[&[u8]]) {
    let mut client = ClientExchange::new((pair.client)("tim", PASSWORD), policy()).expect("allowed");
    let proves = client.profile().proves_server;
    if bit(settings, 1) {
        let _ = client.initial_response();
    }
    let (last, messages) = messages.split_last().expect("at least one");
    for message in messages {
        check(client.respond(message));
    }
    let _ = (client.server_error().map(<[u8]>::len), format!("{client:?}"));
    let believed = client.finish(bit(settings, 2).then_some(last));
    assert!(!(believed.is_ok() && proves), "{} believes a stranger", pair.name);
    check(believed);
}

fn server(pair: &Pair, settings: u8, messages: &[&[u8]]) {
    let mut server = ServerExchange::new((pair.server)(), policy()).expect("allowed");
    if bit(settings, 1) {
        server = server.with_success_data();
    }
    let mut said = messages.iter();
    let initial = if bit(settings, 2) { said.next() } else { None };
    let mut step = server.start(initial.copied());
    loop {
        step = match step {
            Ok(Step::Challenge(challenge)) => {
                assert!(challenge.len() < 4096);
                match said.next() {
                    Some(message) => server.respond(message),
                    None => return,
                }
            }
            Ok(Step::NeedCredentials(request)) => {
                let _ = format!("{request:?}");
                server.answer(answer(&request, settings))
            }
            Ok(Step::Done(who)) => {
                assert!(!pair.has_secret(), "{} lets {who:?} in", pair.name);
                return;
            }
            Err(error) => return check::<()>(Err(error)),
        }
    }
}

/// The lookup of the tests, with our password in the place of theirs.
fn answer(request: &auth::Request, settings: u8) -> Answer {
    let tim = request.authentication == "tim";
    let answer = match &request.need {
        Need::Password | Need::ScramRecord { .. } | Need::PasswordCheck { .. } if tim => {
            Answer::password(secret(PASSWORD))
        }
        Need::TokenCheck { token, .. } if token.expose() == PASSWORD.as_bytes() => {
            Answer::accepted().known_as("tim")
        }
        Need::External | Need::Anonymous { .. } => look_up(request),
        Need::OneTimePassword if tim => Answer::one_time_password(fuzz::pairs::others::state(PASSWORD)),
        Need::OneTimePasswordUpdate { .. } => Answer::accepted(),
        _ if bit(settings, 3) => Answer::rejected(),
        _ => Answer::no_such_user(),
    };
    if bit(settings, 4) { answer.authorized() } else { answer }
}

/// Whatever went wrong, it shows nothing.
fn check<T>(result: Result<T, Error>) {
    if let Err(error) = result {
        assert!(!format!("{error} {error:?}").contains(PASSWORD));
        // the caller has made no mistake but to go on after a failure
        let _ = matches!(error, Error::Misuse(_));
    }
}
