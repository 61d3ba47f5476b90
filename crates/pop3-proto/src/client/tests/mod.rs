//! What the client does, case by case. Numbers are those of the project's list of wire cases.

mod collecting;
mod limits;
mod login;
mod messages;
mod properties;
mod replies;
mod sending;

use super::{Client, Collected, Config, Event, ListingCollector, MessageCollector, Overflow, Pipelining};
use crate::{
    Apop, Auth, Capability, Command, Item, LanguageRange, MessageNumber, OtherCommand, Password, Reply,
    ReplyKind, ResponseCode, ScanListing, State, UserName, rule,
};
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use bytes::Bytes;
use proptest::prelude::*;
use wire::dot::LineEndings;
use wire::sasl::Mechanism;
use wire::testing::{End, chunkings, drain, transcript};
use wire::{CommandId, Fatal, LimitKind, Machine, Misuse, Pause, Rule, Secret, Step, Tolerance};

fn number(number: u32) -> MessageNumber {
    MessageNumber::new(number).unwrap()
}

fn user(name: &'static str) -> Command {
    Command::User(UserName::new(name).unwrap())
}

fn pass(secret: &str) -> Command {
    Command::Pass(Password::new(Secret::new(secret)).unwrap())
}

fn auth(mechanism: &str, initial_response: Option<&[u8]>) -> Command {
    let mechanism = Mechanism::new(mechanism).unwrap();
    Command::Auth(Auth { mechanism, initial_response: initial_response.map(Secret::new) })
}

fn apop() -> Command {
    Command::Apop(Apop { name: UserName::new("mrose").unwrap(), digest: [0xc4; 16] })
}

fn lenient() -> Config {
    Config { tolerance: Tolerance::Lenient, allow_cleartext: true, ..Config::default() }
}

/// A client after this greeting.
fn greeted(config: Config, greeting: &str) -> Client {
    let mut client = Client::new(config);
    client.receive(greeting.as_bytes());
    assert!(matches!(client.next_event(), Ok(Step::Event(Event::Greeting(_)))), "{greeting:?}");
    client
}

fn ready(config: Config) -> Client {
    greeted(config, "+OK ready <1.2@h>\r\n")
}

/// A client in the TRANSACTION state.
fn logged_in(mut config: Config) -> Client {
    config.allow_cleartext = true;
    let mut client = ready(config);
    for command in [user("a"), pass("b")] {
        client.send(&command).unwrap();
        client.receive(b"+OK\r\n");
        assert!(matches!(client.next_event(), Ok(Step::Event(Event::Reply { .. }))));
    }
    let _ = client.output().take_all();
    assert_eq!(client.state(), State::Transaction);
    client
}

fn next(client: &mut Client) -> Event {
    match client.next_event() {
        Ok(Step::Event(event)) => event,
        other => panic!("no event: {other:?}"),
    }
}

fn reply(client: &mut Client, octets: &[u8]) -> Event {
    client.receive(octets);
    next(client)
}

/// Notes an event; neighbouring chunks of one body are joined.
fn note(events: &mut Vec<Event>, event: Event) {
    match (events.last_mut(), event) {
        (Some(Event::BodyChunk { data: before, .. }), Event::BodyChunk { data, .. }) => {
            *before = [&before[..], &data[..]].concat().into();
        }
        (_, event) => events.push(event),
    }
}

fn events(client: &mut Client, chunks: &[&[u8]]) -> (Vec<Event>, End<Fatal>) {
    let mut events: Vec<Event> = Vec::new();
    let mut end = End::NeedInput;
    for chunk in chunks {
        client.receive(chunk);
        end = drain(client, |_, event| note(&mut events, event));
    }
    (events, end)
}

/// What comes of what the server says, which is the same at every chunking of it.
fn at_every_split(make: impl Fn() -> Client, stream: &[u8], check: impl Fn(&[Event], &End<Fatal>)) {
    let (events, end) = transcript(make, stream, |_, events, event| note(events, event));
    check(&events, &end);
}

fn rules(events: &[Event]) -> Vec<Rule> {
    events.iter().filter_map(|e| if let Event::Diagnostic(d) = e { Some(d.rule) } else { None }).collect()
}

fn body_of(events: &[Event]) -> Bytes {
    let chunks = events.iter().filter_map(|e| match e {
        Event::BodyChunk { data, .. } => Some(data.clone()),
        _ => None,
    });
    chunks.collect::<Vec<_>>().concat().into()
}

fn retrieving(config: Config) -> Client {
    let mut client = logged_in(config);
    client.send(&Command::Retr(number(1))).unwrap();
    client
}

fn offer(client: &mut Client, lines: &str) {
    client.send(&Command::Capa).unwrap();
    let event = reply(client, format!("+OK\r\n{lines}.\r\n").as_bytes());
    assert!(matches!(event, Event::Reply { reply: Reply::Capabilities(_), .. }));
    let _ = client.output().take_all();
}

fn starting_tls() -> Client {
    let mut client = ready(Config::default());
    offer(&mut client, "STLS\r\n");
    client.send(&Command::Stls).unwrap();
    assert_eq!(client.output().take_all(), "STLS\r\n");
    client
}
