//! `scram-record` and `sasl-client`, as programs.
#![expect(clippy::unwrap_used, reason = "helpers of tests stop, too")]

mod common;

use auth::scram::{ChannelBinding, Hash, Nonce, Server};
use auth::{Answer, Policy, ServerExchange, Step};
use common::Folder;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};
use wire::{Secret, sasl};

fn record(args: &[&str], password: &str) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_scram-record"));
    let program = program.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = program.spawn().unwrap();
    // one that reads no password has gone
    let _ = running.stdin.take().unwrap().write_all(password.as_bytes());
    running.wait_with_output().unwrap()
}

#[test]
fn records_are_made_and_checked() {
    for (options, prefix) in [
        (&["make"][..], "{SCRAM-SHA-256}4096,"),
        (&["make", "--mechanism", "SCRAM-SHA-1", "--iterations", "5000"], "{SCRAM-SHA-1}5000,"),
        (&["make", "--form", "ldap"], "SCRAM-SHA-256$4096:"),
    ] {
        let made = record(options, "secret\n");
        let line = String::from_utf8(made.stdout).unwrap();
        assert!(made.status.success() && line.starts_with(prefix), "{line}");
        let status = |password| record(&["check", line.trim_end()], password).status.code();
        assert_eq!((status("secret"), status("secret\r\n"), status("Secret")), (Some(0), Some(0), Some(1)));
    }
    for wrong in [
        &["make", "--iterations", "1"][..],
        &["check", "{SCRAM-SHA-256}x"],
        &["make", "--mechanism", "PLAIN"],
        &[],
    ] {
        assert_eq!(record(wrong, "secret").status.code(), Some(2), "{wrong:?}");
    }
}

/// What the client says at the end, against a server of ours that has this password and this binding.
fn talk(stored: &[u8], finished: &[u8; 12]) -> Option<i32> {
    let folder = Folder::new();
    let file = folder.0.join("password");
    fs::write(&file, "secret\n").unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_sasl-client"));
    program.args([
        "--auth",
        "scram-sha-256-plus",
        "--user",
        "tim",
        "--tls-unique",
        "000102030405060708090a0b",
    ]);
    program
        .arg("--password-file")
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut running = program.spawn().unwrap();
    let (mut to, from) = (running.stdin.take().unwrap(), BufReader::new(running.stdout.take().unwrap()));
    let mut lines = from.lines().map_while(Result::ok);

    let binding = ChannelBinding::tls_unique(finished).unwrap();
    let server = Server::new(Hash::Sha256, Secret::new([9; 32]), Nonce::draw().unwrap()).unwrap();
    let server = server.storing_passwords().bound_to([binding]).unwrap();
    let mut server = ServerExchange::new(server, Policy::with_tls()).unwrap();
    let decoded = |line: String| sasl::decode(if line == "=" { b"" } else { line.as_bytes() }).unwrap();
    let mut step = server.start(Some(decoded(lines.next().unwrap()).expose()));
    loop {
        step = match step {
            Ok(Step::NeedCredentials(_)) => server.answer(Answer::password(Secret::new(stored))),
            Ok(Step::Challenge(challenge)) => {
                to.write_all(&[sasl::encoded(&challenge).expose(), b"\n"].concat()).unwrap();
                match lines.next() {
                    Some(line) => server.respond(decoded(line).expose()),
                    None => break,
                }
            }
            Ok(Step::Done(_)) => {
                to.write_all(b"OK\n").unwrap();
                break;
            }
            Err(_) => break,
        };
    }
    drop(to);
    running.wait().unwrap().code()
}

#[test]
fn one_exchange_in_lines() {
    let finished = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    assert_eq!(talk(b"secret", &finished), Some(0));
    assert_eq!(talk(b"another", &finished), Some(1));
    assert_eq!(talk(b"secret", &[0; 12]), Some(1));
}
