//! What the server does, case by case. Numbers are those of the project's list of wire cases.

mod auth;
mod bdat;
mod commands;
mod data;
mod ending;
mod lmtp;
mod properties;
mod tls;

use super::{BodyFault, Config, Event, Refusal, Server, last_words, malformed_reply};
use crate::{Bdat, Command, Ehlo, Keyword, Protocol, Reply, ReplyCode, State, rule};
use alloc::vec::Vec;
use alloc::{format, vec};
use bytes::{Buf, BufMut};
use proptest::prelude::*;
use wire::dot::{FindingKind, LineEndings};
use wire::testing::{End, chunkings, drain, transcript};
use wire::{CommandId, Fatal, Machine, Misuse, ParseErrorKind, Pause, Rule, Step, Tolerance};

const OFFERED: &str = "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n\
    250-BINARYMIME\r\n250-DSN\r\n250-ENHANCEDSTATUSCODES\r\n250-STARTTLS\r\n250-AUTH PLAIN SCRAM-SHA-256\r\n250 XCLIENT NAME ADDR\r\n";

fn offering(lines: &'static str) -> Config {
    Config { allow_cleartext: true, ..Config::new(Ehlo::parse(&lines.into()).unwrap()) }
}

fn config() -> Config {
    offering(OFFERED)
}

fn server(config: Config) -> Server {
    let mut server = Server::new(config, &Reply::parse(&"220 ready\r\n".into()).unwrap());
    assert_eq!(server.output().take_all(), "220 ready\r\n");
    server
}

fn reply(text: &str) -> Reply {
    Reply::parse(&format!("{text}\r\n").into()).unwrap()
}

fn ok() -> Reply {
    reply("250 ok")
}

fn no() -> Reply {
    reply("550 no")
}

fn next(server: &mut Server) -> Event {
    match server.next_event() {
        Ok(Step::Event(event)) => event,
        other => panic!("no event: {other:?}"),
    }
}

fn command(server: &mut Server, line: &str) -> (CommandId, Command) {
    server.receive(line.as_bytes());
    match next(server) {
        Event::Command { id, command } => (id, command),
        other => panic!("{line:?}: {other:?}"),
    }
}

/// Says something and has it accepted.
fn say(server: &mut Server, line: &str) {
    let (id, _) = command(server, line);
    server.reply(id, &ok()).unwrap();
}

fn refused(server: &mut Server, line: &str) -> (CommandId, Refusal) {
    server.receive(line.as_bytes());
    match next(server) {
        Event::Refused { id, refusal, .. } => (id, refusal),
        other => panic!("{line:?}: {other:?}"),
    }
}

/// The code that is suggested for what the machine refuses, which is then said.
fn refusal_code(server: &mut Server, line: &str) -> u16 {
    server.receive(line.as_bytes());
    let (id, suggested) = match next(server) {
        Event::Refused { id, refusal, .. } => (id, refusal.reply()),
        Event::Malformed { id, malformed } => (id, malformed_reply(&malformed)),
        other => panic!("{line:?}: {other:?}"),
    };
    server.reply(id, &suggested).unwrap();
    suggested.code().get()
}

/// A server that was greeted.
fn ready(config: Config) -> Server {
    let lmtp = config.protocol == Protocol::Lmtp;
    let mut server = server(config);
    say(&mut server, if lmtp { "LHLO a\r\n" } else { "EHLO a\r\n" });
    let _ = server.output().take_all();
    server
}

/// A server that has a sender and two recipients.
fn enveloped(config: Config) -> Server {
    let mut server = ready(config);
    for line in ["MAIL FROM:<a@b>\r\n", "RCPT TO:<c@d>\r\n", "RCPT TO:<e@f>\r\n"] {
        say(&mut server, line);
    }
    let _ = server.output().take_all();
    assert_eq!(server.state(), State::Rcpt);
    server
}

/// A server that waits for mail data.
fn receiving(config: Config) -> Server {
    let mut server = enveloped(config);
    let (id, _) = command(&mut server, "DATA\r\n");
    server.accept_body(id).unwrap();
    assert!(server.output().take_all().starts_with(b"354 "));
    server
}

/// Takes everything that can be taken, and notes the event. Neighbouring pieces of content are joined.
fn accept(server: &mut Server, events: &mut Vec<Event>, event: Event) {
    match &event {
        Event::Command { id, command: Command::Data | Command::Bdat(_) } => server.accept_body(*id).unwrap(),
        Event::Command { id, command: Command::StartTls } => {
            server.reply(*id, &reply("220 go")).or_else(|_| server.reply(*id, &no())).unwrap();
        }
        Event::Command { id, command: Command::Auth(_) } => server.challenge(*id, b"").unwrap(),
        Event::Command { id, .. } => server.reply(*id, &ok()).unwrap(),
        Event::AuthResponse { id, .. } => server.reply(*id, &reply("235 ok")).unwrap(),
        Event::AuthCancelled { id } => server.reply(*id, &reply("501 cancelled")).unwrap(),
        Event::Refused { id, refusal, .. } => server.reply(*id, &refusal.reply()).unwrap(),
        Event::Malformed { id, malformed } => server.reply(*id, &malformed_reply(malformed)).unwrap(),
        Event::BodyEnd { id, fault, .. } => {
            let reply = fault.map_or_else(ok, |fault| fault.reply());
            while server.replies_due() > 0 {
                server.reply(*id, &reply).unwrap();
            }
        }
        _ => {}
    }
    let _ = server.output().take_all();
    match (events.last_mut(), event) {
        // depends on when octets arrive, and so on the chunking
        (_, Event::Diagnostic(d)) if d.rule == rule::UNADVERTISED_PIPELINING => {}
        (Some(Event::BodyChunk { data: before, .. }), Event::BodyChunk { data, .. }) => {
            *before = [&before[..], &data[..]].concat().into();
        }
        (_, event) => events.push(event),
    }
}

/// What comes of what the client says, which is the same at every chunking of it.
fn at_every_split(make: impl Fn() -> Server, stream: &[u8], check: impl Fn(&[Event], &End<Fatal>)) {
    let (events, end) = transcript(make, stream, accept);
    check(&events, &end);
}

fn rules(events: &[Event]) -> Vec<Rule> {
    events.iter().filter_map(|e| if let Event::Diagnostic(d) = e { Some(d.rule) } else { None }).collect()
}

fn content(events: &[Event]) -> Vec<u8> {
    let pieces = events
        .iter()
        .filter_map(|e| if let Event::BodyChunk { data, .. } = e { Some(&data[..]) } else { None });
    pieces.collect::<Vec<_>>().concat()
}

fn ends(events: &[Event]) -> Vec<Option<BodyFault>> {
    let ends =
        events.iter().filter_map(|e| if let Event::BodyEnd { fault, .. } = e { Some(*fault) } else { None });
    ends.collect()
}

fn commands(events: &[Event]) -> usize {
    events.iter().filter(|e| matches!(e, Event::Command { .. })).count()
}
