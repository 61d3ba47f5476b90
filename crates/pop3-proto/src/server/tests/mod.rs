//! What the server does, case by case. Numbers are those of the project's list of wire cases.

mod commands;
mod ending;
mod messages;
mod properties;
mod replies;
mod tls;

use super::{Config, Event, Refusal, Server, last_words, malformed_reply};
use crate::{
    Capabilities, Capability, Command, DropListing, Greeting, Item, LanguageListing, MessageNumber, Reply,
    ResponseCode, ScanListing, State, Status, UniqueId, UniqueIdListing, rule,
};
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use bytes::{Buf, Bytes};
use proptest::prelude::*;
use wire::dot::LineEndings;
use wire::testing::{End, chunkings, drain, transcript};
use wire::{
    BodyError, CommandId, Fatal, Machine, Misuse, ParseErrorKind, Pause, Rule, Step, Text, Tolerance,
};

fn capabilities() -> Capabilities {
    [
        "TOP",
        "UIDL",
        "USER",
        "SASL PLAIN SCRAM-SHA-256",
        "RESP-CODES",
        "PIPELINING",
        "STLS",
        "UTF8 USER",
        "LANG",
    ]
    .into_iter()
    .map(|line| Capability::new(line).unwrap())
    .collect()
}

fn config() -> Config {
    Config { capabilities: capabilities(), allow_cleartext: true, ..Config::default() }
}

fn server(config: Config) -> Server {
    let mut server = Server::new(config, &Greeting::with_timestamp("ready", b"<1.2@h>").unwrap());
    assert_eq!(server.output().take_all(), "+OK ready <1.2@h>\r\n");
    server
}

fn ok() -> Reply {
    Reply::Status(Status::ok("").unwrap())
}

fn err() -> Reply {
    Reply::Status(Status::err("no").unwrap())
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

/// A server in the TRANSACTION state.
fn logged_in(config: Config) -> Server {
    let mut server = server(config);
    for line in ["USER a\r\n", "PASS b\r\n"] {
        let (id, _) = command(&mut server, line);
        server.reply(id, &ok()).unwrap();
    }
    let _ = server.output().take_all();
    assert_eq!(server.state(), State::Transaction);
    server
}

/// Answers each command with `-ERR`, and notes the event.
fn refuse(server: &mut Server, events: &mut Vec<Event>, event: Event) {
    if let Event::Command { id, .. }
    | Event::Refused { id, .. }
    | Event::Malformed { id, .. }
    | Event::AuthCancelled { id }
    | Event::AuthResponse { id, .. } = &event
    {
        server.reply(*id, &err()).unwrap();
        let _ = server.output().take_all();
    }
    events.push(event);
}

fn refusing(server: &mut Server, chunks: &[&[u8]]) -> (Vec<Event>, End<Fatal>) {
    let mut events = Vec::new();
    let mut end = End::NeedInput;
    for chunk in chunks {
        server.receive(chunk);
        end = drain(server, |server, event| refuse(server, &mut events, event));
    }
    (events, end)
}

/// What comes of what the client says, which is the same at every chunking of it.
fn at_every_split(make: impl Fn() -> Server, stream: &[u8], check: impl Fn(&[Event], &End<Fatal>)) {
    let (events, end) = transcript(make, stream, refuse);
    check(&events, &end);
}

fn rules(events: &[Event]) -> Vec<Rule> {
    events.iter().filter_map(|e| if let Event::Diagnostic(d) = e { Some(d.rule) } else { None }).collect()
}

fn number(number: u32) -> MessageNumber {
    MessageNumber::new(number).unwrap()
}

/// The first event that is not a diagnostic.
fn drain_one(server: &mut Server) -> Event {
    loop {
        match next(server) {
            Event::Diagnostic(_) => {}
            event => return event,
        }
    }
}

fn sending(config: Config) -> (Server, CommandId) {
    let mut server = logged_in(config);
    let (id, _) = command(&mut server, "RETR 1\r\n");
    server.reply(id, &Reply::MultiLine(Status::ok("").unwrap())).unwrap();
    let _ = server.output().take_all();
    (server, id)
}
