//! Every message and record of `auth`: what is accepted is written so that it is read again as the same.
#![no_main]

use auth::{anonymous, apop, cram_md5, digest_md5, external, oauth, oauthbearer, otp, plain, scram, xoauth2};
use libfuzzer_sys::fuzz_target;
use std::fmt::Debug;
use wire::{Secret, Tolerance};

fuzz_target!(|octets: &[u8]| {
    messages(octets);
    records(octets);
});

/// `parse` and `encode` are inverse; if `exact`, octet for octet.
fn inverse<T: Debug + PartialEq, E: Debug + ToString>(
    octets: &[u8],
    exact: bool,
    parse: impl Fn(&[u8]) -> Result<T, E>,
    encode: impl Fn(&T) -> Vec<u8>,
) {
    match parse(octets) {
        Ok(value) => {
            let written = encode(&value);
            let again = parse(&written).expect("reads what it has written");
            assert_eq!(again, value);
            assert_eq!(encode(&again), written);
            assert!(!exact || written == octets, "changed: {}", octets.escape_ascii());
            let _ = format!("{value:?}");
        }
        Err(error) => drop((format!("{error:?}"), error.to_string())),
    }
}

fn exposed(secret: Secret) -> Vec<u8> {
    secret.expose().to_vec()
}

fn messages(i: &[u8]) {
    inverse(i, true, plain::Message::parse, |m| exposed(m.encode()));
    inverse(i, true, external::Message::parse, |m| exposed(m.encode()));
    inverse(i, true, anonymous::Trace::parse, |m| exposed(m.encode()));
    for tolerance in [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient] {
        let strict = tolerance == Tolerance::Strict;
        inverse(i, strict, |i| apop::Message::parse(i, tolerance).map(|m| m.0), |m| exposed(m.encode()));
        inverse(i, strict, |i| cram_md5::Message::parse(i, tolerance).map(|m| m.0), |m| exposed(m.encode()));
    }
    inverse(i, false, digest_md5::Challenge::parse, digest_md5::Challenge::encode);
    inverse(i, false, digest_md5::Response::parse, |m| exposed(m.encode()));
    inverse(i, false, digest_md5::ResponseAuth::parse, digest_md5::ResponseAuth::encode);
    inverse(i, false, oauthbearer::Message::parse, |m| exposed(m.encode()));
    inverse(i, false, xoauth2::Message::parse, |m| exposed(m.encode()));
    inverse(i, false, oauth::ErrorResult::parse, |m| m.encode().into_bytes());
    inverse(i, false, otp::Challenge::parse, otp::Challenge::encode);
    inverse(i, false, otp::Response::parse, |m| exposed(m.encode()));
    inverse(i, false, otp::Key::parse_hex, |key| key.to_hex().to_vec());
    inverse(i, false, otp::Key::parse_words, |key| exposed(key.to_words()));
    inverse(i, true, scram::ClientFirst::parse, scram::ClientFirst::encode);
    inverse(i, true, scram::ServerFirst::parse, scram::ServerFirst::encode);
    inverse(i, true, scram::ClientFinal::parse, |m| exposed(m.encode()));
    // errors that no RFC names are `other-error`, and extensions are not kept
    inverse(i, false, scram::ServerFinal::parse, scram::ServerFinal::encode);
}

fn records(i: &[u8]) {
    for form in [scram::Form::AuthPassword, scram::Form::Dovecot] {
        inverse(i, false, scram::Record::parse, |record| exposed(record.encode(form)));
    }
}
