//! What the server does, case by case. Numbers are those of the project's list of wire cases.

mod append;
mod auth;
mod commands;
mod ending;
mod fetch;
mod idle;
mod literals;
mod mailbox;
mod properties;
mod responses;
mod tls;

use super::{Config, Event, Server, malformed_reply, unknown_reply};
use crate::{Capabilities, Command, Condition, Greeting, MessageData, Response, State};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use bytes::{Buf, Bytes};
use proptest::prelude::*;
use wire::testing::{End, chunkings, drain, transcript};
use wire::{BodyError, CommandId, Fatal, Machine, Misuse, Pause, Step, Tolerance};

const BEFORE: &str = "IMAP4rev1 IMAP4rev2 STARTTLS SASL-IR LITERAL+ ID ENABLE AUTH=PLAIN AUTH=SCRAM-SHA-256";
const AFTER: &str = "IMAP4rev1 IMAP4rev2 LITERAL+ ID ENABLE IDLE MOVE UIDPLUS CONDSTORE QRESYNC UIDONLY MULTIAPPEND CATENATE REPLACE \
    BINARY UTF8=ACCEPT COMPRESS=DEFLATE NOTIFY UNAUTHENTICATE SORT UNSELECT NAMESPACE ESEARCH APPENDLIMIT=1000000";

fn capabilities(words: &str) -> Capabilities {
    match Response::parse(&format!("* CAPABILITY {words}\r\n").into()).unwrap() {
        Response::Capability(capabilities) => capabilities,
        other => panic!("{other:?}"),
    }
}

fn config() -> Config {
    Config {
        allow_cleartext: true,
        refuse_out_of_turn: false,
        ..Config::new(capabilities(BEFORE), capabilities(AFTER))
    }
}

fn condition(text: &str) -> Condition {
    match Response::parse(&format!("* {text}\r\n").into()).unwrap() {
        Response::Condition(condition) => *condition,
        other => panic!("{other:?}"),
    }
}

fn response(text: &str) -> Response {
    Response::parse(&format!("* {text}\r\n").into()).unwrap()
}

fn ok() -> Condition {
    condition("OK done")
}

fn no() -> Condition {
    condition("NO no")
}

fn greeted(config: Config, greeting: &str) -> Server {
    let greeting = format!("* {greeting}\r\n");
    let mut server = Server::new(config, &Greeting::parse(&greeting.clone().into()).unwrap());
    assert_eq!(server.output().take_all(), greeting);
    server
}

fn server() -> Server {
    greeted(config(), "OK ready")
}

/// A server whose client has logged in.
fn ready_with(config: Config) -> Server {
    greeted(config, "PREAUTH ready")
}

fn ready() -> Server {
    ready_with(config())
}

fn selected_with(config: Config) -> Server {
    let mut server = ready_with(config);
    say(&mut server, "s SELECT INBOX\r\n");
    assert_eq!(server.state(), State::Selected);
    server
}

fn selected() -> Server {
    selected_with(config())
}

/// A server whose client has switched these on.
fn enabled(names: &str) -> Server {
    let mut server = ready();
    let (id, _) = command(&mut server, &format!("e ENABLE {names}\r\n"));
    server.send(&response(&format!("ENABLED {names}"))).unwrap();
    server.reply(id, &ok()).unwrap();
    say(&mut server, "s SELECT INBOX\r\n");
    server
}

fn next(server: &mut Server) -> Event {
    match server.next_event() {
        Ok(Step::Event(event)) => event,
        other => panic!("no event: {other:?}"),
    }
}

fn written(server: &mut Server) -> String {
    String::from_utf8_lossy(&server.output().take_all()).into_owned()
}

fn command(server: &mut Server, line: &str) -> (CommandId, Command) {
    server.receive(line.as_bytes());
    match next(server) {
        Event::Command { id, command, .. } => (id, command),
        other => panic!("{line:?}: {other:?}"),
    }
}

/// Says something and has it done.
fn say(server: &mut Server, line: &str) {
    let (id, _) = command(server, line);
    server.reply(id, &ok()).unwrap();
    let _ = server.output().take_all();
}

/// What is suggested for what the machine refuses, which is then said.
fn refused(server: &mut Server, line: &str) -> String {
    server.receive(line.as_bytes());
    answer_refused(server)
}

fn answer_refused(server: &mut Server) -> String {
    let (id, suggested) = match next(server) {
        Event::Refused { id, refusal, .. } => (id, refusal.reply()),
        Event::Malformed { id, malformed } => (id, malformed_reply(&malformed)),
        other => panic!("{other:?}"),
    };
    assert_eq!(server.reply(id, &ok()), Err(Misuse::WrongReply), "what had no effect cannot succeed");
    server.reply(id, &suggested).unwrap();
    written(server)
}

/// Takes everything that can be taken, and notes the event. Neighbouring pieces of content are joined.
fn accept(server: &mut Server, events: &mut Vec<Event>, event: Event) {
    match &event {
        Event::Command { id, command: Command::Idle, .. } => server.accept_idle(*id).unwrap(),
        Event::Command { id, command: Command::Authenticate(arguments), .. } => {
            match arguments.initial_response {
                Some(_) => server.reply(*id, &ok()).unwrap(),
                None => server.challenge(*id, b"").unwrap(),
            }
        }
        Event::Command { id, command: Command::Other(_), .. } => server.reply(*id, &unknown_reply()).unwrap(),
        Event::Command { id, .. } => server.reply(*id, &ok()).or_else(|_| server.reply(*id, &no())).unwrap(),
        Event::Refused { id, refusal, .. } => server.reply(*id, &refusal.reply()).unwrap(),
        Event::Malformed { id, malformed } => server.reply(*id, &malformed_reply(malformed)).unwrap(),
        Event::BodyOffered { id, .. } => server.accept_body(*id).unwrap(),
        Event::AuthResponse { id, .. } | Event::IdleDone { id } => server.reply(*id, &ok()).unwrap(),
        Event::AuthCancelled { id } => server.reply(*id, &condition("BAD cancelled")).unwrap(),
        _ => {}
    }
    let _ = server.output().take_all();
    match (events.last_mut(), event) {
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

/// The events in a few letters each.
fn names(events: &[Event]) -> Vec<String> {
    let name = |event: &Event| match event {
        Event::Command { tag, command, .. } => format!("{tag:?} {}", command.keyword().escape_ascii()),
        Event::Refused { refusal, .. } => format!("refused: {refusal}"),
        Event::Malformed { malformed, .. } => format!("malformed: {}", malformed.verb.unwrap_or("-")),
        Event::BodyOffered { offer, .. } => {
            format!("offered {} {:?} {}", offer.prefix.index, offer.prefix.part, offer.size)
        }
        Event::BodyChunk { data, .. } => format!("data {}", data.escape_ascii()),
        Event::BodyEnd { .. } => "end".to_string(),
        Event::AuthResponse { .. } => "response".to_string(),
        Event::AuthCancelled { .. } => "cancelled".to_string(),
        Event::IdleDone { .. } => "done".to_string(),
        Event::StartTls { .. } => "starttls".to_string(),
        Event::Compress { .. } => "compress".to_string(),
        Event::Diagnostic(diagnostic) => format!("remark {}", diagnostic.rule),
    };
    events.iter().map(name).collect()
}
