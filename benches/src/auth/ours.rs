//! Our side.

use std::hint::black_box;

use auth::prepare::Preparation;
use auth::scram::{Client, Hash, Nonce, Record, Salt, Server};
use auth::{Answer, ClientExchange, Policy, ServerExchange, Step};
use wire::Secret;

use crate::Contestant;
use crate::auth::{ITERATIONS, PASSWORD, RECORD, SALT};

/// Nonces that differ; from where random octets come is the caller's matter.
fn nonce(seed: u64) -> Nonce {
    let mut octets = [0; 18];
    octets[..8].copy_from_slice(&seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    octets[8..16].copy_from_slice(&seed.to_be_bytes());
    Nonce::from_octets(&octets).expect("long enough")
}

/// Both sides, each made anew, with the lookup of a record that is parsed already.
pub fn exchange(users: &[String]) -> Vec<Contestant> {
    let users = users.to_vec();
    let record = Record::parse(RECORD.as_bytes()).expect("a record");
    let mut count = 0;
    vec![Contestant::ours("auth", move || {
        users
            .iter()
            .filter(|user| {
                count += 2;
                one(black_box(user), &record, count)
            })
            .count() as u64
    })]
}

fn one(user: &str, record: &Record, count: u64) -> bool {
    let policy = Policy::with_tls();
    let client = Client::new(Hash::Sha256, user, &Secret::new(PASSWORD), nonce(count)).expect("a client");
    let client = client.accepting(1..=1).expect("a range");
    let mut client = ClientExchange::new(client, policy).expect("allowed");
    let server = Server::new(Hash::Sha256, Secret::new([9; 32]), nonce(count + 1)).expect("a server");
    let mut server = ServerExchange::new(server, policy).expect("allowed");
    let initial = client.initial_response().ok().flatten();
    let mut step = server.start(initial.as_ref().map(Secret::expose));
    loop {
        step = match step {
            Ok(Step::NeedCredentials(request)) => {
                debug_assert_eq!(request.authentication, user);
                server.answer(Answer::record(record.clone()))
            }
            Ok(Step::Challenge(challenge)) => match client.respond(&challenge) {
                Ok(response) => server.respond(response.expose()),
                Err(_) => return false,
            },
            Ok(Step::Done(who)) => return who.user() == user && client.finish(None).is_ok(),
            Err(_) => return false,
        };
    }
}

/// A record of a password: PBKDF2, and four hashes more.
pub fn record(count: usize) -> Vec<Contestant> {
    let salt = Salt::new(&SALT).expect("a salt");
    vec![Contestant::ours("auth", move || {
        let password = Secret::new(black_box(PASSWORD));
        let make = |_: &usize| {
            Record::new(Hash::Sha256, &password, Preparation::SaslPrep, &salt, ITERATIONS).is_ok()
        };
        (0..count).filter(make).count() as u64
    })]
}
