//! Law 12: nothing of a password stays in memory. The test reads its own memory through `/proc`, which
//! needs no unsafe code, and looks for the password in every page that can be written to.
#![cfg(all(feature = "client", feature = "server", target_os = "linux"))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop, too")]

mod common;

use auth::apop::{Digest, Timestamp};
use auth::prepare::Preparation;
use auth::scram::{self, Form, Hash, Nonce, Record, Salt};
use auth::{
    Answer, ClientExchange, ClientMechanism, Need, ServerExchange, ServerMechanism, Step, apop, cram_md5,
    digest_md5, login, oauth, oauthbearer, otp, plain, xoauth2,
};
use common::{ID, policy};
use std::fs::{File, read_to_string};
use std::hint::black_box;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use wire::{Secret, Tolerance};

/// Octet `i` of the password: made anew each time, so that the test itself does not keep a copy.
fn octet(seed: u32, i: usize) -> u8 {
    // odd factors: each seed gives another password
    let x = (u32::try_from(i).unwrap() + 1 + seed * 1000).wrapping_mul(2_654_435_761);
    let x = (x ^ x >> 15).wrapping_mul(0x2c1b_3c6d);
    // what a token may hold
    let symbols = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
    symbols[usize::try_from((x >> 24) % 68).unwrap()]
}

const LEN: usize = 48;

#[inline(never)]
fn password(seed: u32) -> Secret {
    let mut octets = Vec::with_capacity(LEN);
    octets.extend((0..LEN).map(|i| octet(seed, i)));
    Secret::new(octets)
}

/// How often 16 octets of the password in a row stand in memory, wherever they begin. What the allocator
/// writes into a free block can spoil a few octets of it, not all.
fn copies(seed: u32) -> usize {
    copies_where(seed, |_| true)
}

/// The same, in the ranges of addresses that `wanted` picks.
#[inline(never)]
fn copies_where(seed: u32, wanted: impl Fn(Range<usize>) -> bool) -> usize {
    const WINDOW: usize = 16;
    let memory = File::open("/proc/self/mem").unwrap();
    let mut page = vec![0; 1 << 16];
    let page_at = page.as_ptr() as usize;
    let mut found = 0;
    for map in read_to_string("/proc/self/maps").unwrap().lines() {
        let mut fields = map.split_whitespace();
        let range = fields.next().unwrap();
        if !fields.next().unwrap().starts_with("rw") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let mut at = usize::from_str_radix(start, 16).unwrap();
        let end = usize::from_str_radix(end, 16).unwrap();
        if !wanted(at..end) {
            continue;
        }
        while at < end {
            let len = page.len().min(end - at);
            // a page may be gone; what this function reads into is not looked at
            if memory.read_exact_at(&mut page[..len], at as u64).is_ok() {
                for start in (0..=LEN - WINDOW).step_by(WINDOW / 2) {
                    let first = octet(seed, start);
                    for (i, _) in page[..len].iter().enumerate().filter(|&(_, &o)| o == first) {
                        let here = at + i;
                        let own = (page_at..page_at + page.len()).contains(&here);
                        let window = page[..len].get(i..i + WINDOW);
                        if !own
                            && window.is_some_and(|w| (0..).zip(w).all(|(k, &o)| o == octet(seed, start + k)))
                        {
                            found += 1;
                        }
                    }
                }
            }
            page.fill(0);
            black_box(&mut page);
            at += len;
        }
    }
    found
}

#[inline(never)]
fn plain_client(seed: u32) {
    let mechanism = plain::Client::new("tim", password(seed)).unwrap();
    let mut client = ClientExchange::new(mechanism, policy()).unwrap();
    let response = client.respond(b"").unwrap();
    assert!(response.len() > LEN);
    let _ = client.finish(None).unwrap();
}

#[inline(never)]
fn plain_server(seed: u32, right: bool) {
    let message = plain::Message::new("tim", password(seed)).unwrap().encode();
    let mut server = ServerExchange::new(plain::Server::new(), policy()).unwrap();
    let Ok(Step::NeedCredentials(request)) = server.start(Some(message.expose())) else { panic!() };
    assert!(matches!(&request.need, Need::PasswordCheck { presented } if presented.len() == LEN));
    let stored = if right { password(seed) } else { Secret::new(*b"another") };
    assert_eq!(server.answer(Answer::password(stored)).is_ok(), right);
    drop((message, request));
    // the exchange is still there, and over
    black_box(&server);
    assert_eq!(copies(seed), 0, "while the exchange lives");
}

#[inline(never)]
fn plain_broken(seed: u32) {
    let mut message = Vec::with_capacity(LEN + 6);
    message.extend_from_slice(b"\0tim\0");
    message.extend_from_slice(password(seed).expose());
    message.push(0xff);
    let message = Secret::new(message);
    let mut server = ServerExchange::new(plain::Server::new(), policy()).unwrap();
    assert!(server.start(Some(message.expose())).is_err());
}

#[inline(never)]
fn apop_both(seed: u32) {
    let timestamp = Timestamp::parse(ID.as_bytes()).unwrap();
    let mechanism = apop::Client::new(&timestamp, "tim", &password(seed)).unwrap();
    let mut client = ClientExchange::new(mechanism, policy()).unwrap();
    let argument = client.initial_response().unwrap().unwrap();
    let mut server = ServerExchange::new(apop::Server::new(timestamp, Tolerance::Strict), policy()).unwrap();
    assert!(matches!(server.start(Some(argument.expose())), Ok(Step::NeedCredentials(_))));
    assert!(matches!(server.answer(Answer::password(password(seed))), Ok(Step::Done(_))));
    let _ = client.finish(None).unwrap();
}

/// A whole exchange, in which the server answers with what `answer` makes of its need.
#[inline(never)]
fn both(client: impl ClientMechanism, server: impl ServerMechanism, answer: impl Fn(Need) -> Answer) {
    let mut client = ClientExchange::new(client, policy()).unwrap();
    let mut server = ServerExchange::new(server, policy()).unwrap();
    let initial = client.initial_response().unwrap();
    let mut step = server.start(initial.as_ref().map(Secret::expose)).unwrap();
    loop {
        step = match step {
            Step::Challenge(challenge) => {
                server.respond(client.respond(&challenge).unwrap().expose()).unwrap()
            }
            Step::NeedCredentials(request) => server.answer(answer(request.need)).unwrap(),
            Step::Done(_) => break,
        };
    }
    let _ = client.finish(None).unwrap();
}

#[inline(never)]
fn others(which: usize, seed: u32) {
    let stored = move |_| Answer::password(password(seed));
    match which {
        0 => both(login::Client::new("tim", password(seed)).unwrap(), login::Server::new(), stored),
        1 => both(
            cram_md5::Client::new("tim", password(seed), Tolerance::Strict).unwrap(),
            cram_md5::Server::new(Timestamp::parse(ID.as_bytes()).unwrap(), Tolerance::Strict),
            stored,
        ),
        2 => {
            let (cnonce, nonce) = ("OA6MHXh6VqTrRkOA6MHXh6VqTrRk", "OA6MG9tEQGm2hhOA6MG9tEQGm2hh");
            let uri = common::others::uri;
            both(
                digest_md5::Client::new("tim", password(seed), uri(), common::others::nonce(cnonce)).unwrap(),
                digest_md5::Server::new(common::others::nonce(nonce), uri()).unwrap(),
                stored,
            );
        }
        3 => {
            let token = || oauth::Token::new(password(seed)).unwrap();
            let refusal = oauth::ErrorResult::new("invalid_token");
            let accepted = |_| Answer::accepted().known_as("tim");
            both(oauthbearer::Client::new(token()), oauthbearer::Server::new(refusal.clone()), accepted);
            both(xoauth2::Client::new("tim", token()).unwrap(), xoauth2::Server::new(refusal), accepted);
        }
        _ => {
            let client = otp::Client::new("tim", password(seed), otp::Form::Words).unwrap();
            let server = otp::Server::new(Secret::new(*b"the key of this server")).unwrap();
            let parameters =
                otp::Parameters::new(otp::Algorithm::Sha1, 9, otp::Seed::new("ke1234").unwrap()).unwrap();
            let state = otp::State::initial(parameters, &password(seed));
            both(client, server, move |need| match need {
                Need::OneTimePassword => Answer::one_time_password(state.clone()),
                _ => Answer::accepted(),
            });
        }
    }
}

#[inline(never)]
fn apop_digest(timestamp: &Timestamp, password: &Secret) {
    black_box(Digest::compute(timestamp, password));
}

fn nonce() -> Nonce {
    Nonce::new("fyko+d2lbbFgONRv9qkxdawL").unwrap()
}

#[inline(never)]
fn scram_both(seed: u32, hash: Hash, answer: impl Fn() -> Answer) {
    let mechanism = scram::Client::new(hash, "tim", &password(seed), nonce()).unwrap();
    let mut client = ClientExchange::new(mechanism.accepting(1..=4096).unwrap(), policy()).unwrap();
    let server = scram::Server::new(hash, Secret::new([9; 32]), nonce()).unwrap().iterations(1).unwrap();
    let mut server = ServerExchange::new(server, policy()).unwrap();
    let first = client.initial_response().unwrap().unwrap();
    assert!(matches!(server.start(Some(first.expose())), Ok(Step::NeedCredentials(_))));
    let Ok(Step::Challenge(challenge)) = server.answer(answer()) else { panic!() };
    let last = client.respond(&challenge).unwrap();
    let Ok(Step::Challenge(verifier)) = server.respond(last.expose()) else { panic!() };
    let response = client.respond(&verifier).unwrap();
    assert!(matches!(server.respond(response.expose()), Ok(Step::Done(_))));
    // the client is still there, and has forgotten it
    let _ = client.finish(None).unwrap();
}

#[inline(never)]
fn record(seed: u32) -> Record {
    let salt = Salt::new(&[7; 16]).unwrap();
    Record::new(Hash::Sha256, &password(seed), Preparation::SaslPrep, &salt, 4096).unwrap()
}

const MASK: u8 = 0xa5;

/// How often 16 octets at the front of a key stand in memory, apart from the stack. The test knows the key
/// with each octet changed, so that it does not find its own copy.
#[inline(never)]
fn copies_of_key(masked: &[u8], wanted: impl Fn(&Range<usize>) -> bool) -> usize {
    let memory = File::open("/proc/self/mem").unwrap();
    let mut page = vec![0; 1 << 16];
    let own = page.as_ptr() as usize..page.as_ptr() as usize + page.len();
    let mut found = 0;
    for map in read_to_string("/proc/self/maps").unwrap().lines() {
        let mut fields = map.split_whitespace();
        let (start, end) = fields.next().unwrap().split_once('-').unwrap();
        let [mut at, end] = [start, end].map(|text| usize::from_str_radix(text, 16).unwrap());
        if !fields.next().unwrap().starts_with("rw") || !wanted(&(at..end)) {
            continue;
        }
        while at < end {
            let len = page.len().min(end - at);
            if memory.read_exact_at(&mut page[..len], at as u64).is_ok() {
                let here = |i: usize| !own.contains(&(at + i));
                let same = |window: &[u8]| window.iter().zip(masked).all(|(a, b)| a ^ MASK == *b);
                found += page[..len].windows(16).enumerate().filter(|(i, w)| here(*i) && same(w)).count();
            }
            page.fill(0);
            black_box(&mut page);
            at += len;
        }
    }
    found
}

fn masked(key: &[u8]) -> Vec<u8> {
    key.iter().map(|octet| octet ^ MASK).collect()
}

#[inline(never)]
fn masked_salted_password(seed: u32) -> Vec<u8> {
    let mut key = vec![0; 32];
    pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password(seed).expose(), &[7; 16], 4096, &mut key);
    let masked = masked(&key);
    drop(Secret::new(key));
    masked
}

#[inline(never)]
fn masked_stored_key(seed: u32) -> Vec<u8> {
    let text = record(seed).encode(Form::Dovecot);
    let field = text.expose().rsplit(|&o| o == b',').nth(1).unwrap();
    masked(wire::sasl::decode(field).unwrap().expose())
}

#[inline(never)]
fn plain_against_record(seed: u32) {
    let message = plain::Message::new("tim", password(seed)).unwrap().encode();
    let mut server = ServerExchange::new(plain::Server::new(), policy()).unwrap();
    assert!(matches!(server.start(Some(message.expose())), Ok(Step::NeedCredentials(_))));
    assert!(matches!(server.answer(Answer::record(record(seed))), Ok(Step::Done(_))));
}

/// Runs `f` far down the stack, where what it leaves is not written over by looking for it.
#[inline(never)]
fn deep(f: impl FnOnce()) {
    let mut above = [0u8; 1 << 15];
    black_box(&mut above);
    f();
    black_box(&mut above);
}

/// Leaves a password on the stack.
#[inline(never)]
fn careless(seed: u32) {
    let mut octets = [0; LEN];
    for (i, to) in octets.iter_mut().enumerate() {
        *to = octet(seed, i);
    }
    black_box(&mut octets);
}

/// One test, so that nothing else runs beside it.
#[test]
fn nothing_of_a_password_stays() {
    let seen_stack = 0u8;
    // the method sees what is there
    let seen = password(1);
    assert!(copies(1) > 0);
    drop(seen);
    assert_eq!(copies(1), 0);
    let kept: Vec<u8> = password(2).expose().to_vec();
    drop(kept);
    assert!(copies(2) > 0, "a block that was freed without zeroing is seen");

    deep(|| careless(8));
    assert!(copies(8) > 0, "the stack is seen");

    deep(|| plain_client(3));
    assert_eq!(copies(3), 0, "PLAIN client");
    deep(|| plain_server(4, true));
    assert_eq!(copies(4), 0, "PLAIN server, right password");
    deep(|| plain_server(5, false));
    assert_eq!(copies(5), 0, "PLAIN server, wrong password");
    deep(|| plain_broken(6));
    assert_eq!(copies(6), 0, "PLAIN server, malformed message");
    deep(|| apop_both(7));
    let timestamp = Timestamp::parse(ID.as_bytes()).unwrap();
    let secret = password(9);
    deep(|| apop_digest(&timestamp, &secret));
    drop(secret);
    // what is derived from a password
    let off_the_stack = |range: &Range<usize>| !range.contains(&std::ptr::from_ref(&seen_stack).addr());
    let (salted, stored) = (masked_salted_password(11), masked_stored_key(11));
    assert_eq!(copies_of_key(&salted, off_the_stack), 0, "salted password");
    assert_eq!(copies_of_key(&stored, off_the_stack), 0, "stored key");
    let kept: Vec<u8> = stored.iter().map(|octet| octet ^ MASK).collect();
    assert!(copies_of_key(&stored, off_the_stack) > 0, "a key is seen");
    drop(Secret::new(kept));
    // without optimization md-5 and hmac hand copies of their blocks down, on the stack
    let stack = std::ptr::from_ref(&seen_stack).addr();
    deep(|| scram_both(10, Hash::Sha1, || Answer::password(password(10))));
    deep(|| scram_both(11, Hash::Sha256, || Answer::record(record(11))));
    deep(|| scram_both(12, Hash::Sha512, || Answer::password(password(12))));
    deep(|| scram_both(13, Hash::Sha3_512, || Answer::password(password(13))));
    deep(|| plain_against_record(14));
    for seed in [7, 9, 10, 11, 12, 13, 14] {
        let found = copies_where(seed, |range| !(cfg!(debug_assertions) && range.contains(&stack)));
        assert_eq!(found, 0, "APOP and SCRAM: {seed}");
    }
    for (which, name) in ["LOGIN", "CRAM-MD5", "DIGEST-MD5", "tokens", "OTP"].into_iter().enumerate() {
        let seed = 20 + u32::try_from(which).unwrap();
        deep(|| others(which, seed));
        let found = copies_where(seed, |range| !(cfg!(debug_assertions) && range.contains(&stack)));
        assert_eq!(found, 0, "{name}");
    }
}
