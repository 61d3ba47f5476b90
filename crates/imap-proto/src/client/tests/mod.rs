//! What the client does, case by case. Numbers are those of the project's lists of wire cases and of IMAP quirks.

mod auth;
mod flows;
mod literals;
mod profiles;
mod properties;
mod responses;
mod sending;
mod streams;
mod tls;

use super::{Client, Config, Event};
use crate::{
    Append, AppendMessage, Catenate, CatenatePart, Command, Enable, Fetch, FetchAttribute, Limits, Literals,
    Login, Mailbox, MessageData, Replace, Response, State, Tag, TaggedCommand,
};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;
use literals::append;
use wire::testing::{End, drain, transcript};
use wire::{BodyError, CommandId, Fatal, LimitKind, Machine, Misuse, Pause, Secret, Step, Tolerance};

const EVERYTHING: &str = "IMAP4rev1 STARTTLS SASL-IR AUTH=PLAIN AUTH=CRAM-MD5 ID ENABLE IDLE NAMESPACE UIDPLUS MOVE LITERAL- BINARY \
     MULTIAPPEND CATENATE REPLACE ESEARCH SEARCHRES CONDSTORE QRESYNC COMPRESS=DEFLATE UNSELECT UNAUTHENTICATE UTF8=ACCEPT NOTIFY \
     SORT THREAD=REFERENCES";

fn command(line: &str) -> Command {
    TaggedCommand::parse(&format!("a {line}\r\n").into()).unwrap().command
}

fn config() -> Config {
    Config { tls: true, ..Config::default() }
}

fn next(client: &mut Client) -> Event {
    match client.next_event() {
        Ok(Step::Event(event)) => event,
        other => panic!("no event: {other:?}"),
    }
}

fn sent(client: &mut Client) -> String {
    String::from_utf8_lossy(&client.output().take_all()).into_owned()
}

/// A client to which this was said first.
fn greeted_with(config: Config, greeting: &str) -> Client {
    let mut client = Client::new(config);
    client.receive(format!("{greeting}\r\n").as_bytes());
    assert!(matches!(next(&mut client), Event::Greeting(_)));
    client
}

/// A client that is not logged in, and does not know what the server offers.
fn greeted(config: Config) -> Client {
    greeted_with(config, "* OK hello")
}

/// The same, and it knows.
fn offered(config: Config, capabilities: &str) -> Client {
    greeted_with(config, &format!("* OK [CAPABILITY {capabilities}] hello"))
}

/// A client that is logged in.
fn ready(config: Config) -> Client {
    greeted_with(config, &format!("* PREAUTH [CAPABILITY {EVERYTHING}] hello"))
}

/// A client with a selected mailbox, whose next tag is `A2`.
fn selected(config: Config) -> Client {
    let mut client = ready(config);
    say(&mut client, "SELECT x", "A1 OK done");
    assert_eq!(client.state(), State::Selected);
    let _ = client.output().take_all();
    client
}

/// Sends a command, and gives the first event of the answer.
fn say(client: &mut Client, line: &str, answer: &str) -> Event {
    client.send(&command(line)).unwrap();
    client.receive(format!("{answer}\r\n").as_bytes());
    next(client)
}

/// What comes of what the server says, which is the same at every chunking of it. Chunks of a body are joined.
fn at_every_split(make: impl Fn() -> Client, stream: &[u8], check: impl Fn(&[Event], &End<Fatal>)) {
    let (events, end) = transcript(make, stream, |_, events, event| note(events, event));
    check(&events, &end);
}

fn note(events: &mut Vec<Event>, event: Event) {
    match (events.last_mut(), event) {
        (Some(Event::BodyChunk(before)), Event::BodyChunk(chunk)) => {
            *before = [&before[..], &chunk[..]].concat().into();
        }
        (_, event) => events.push(event),
    }
}

/// The events in short.
fn short(events: &[Event]) -> Vec<String> {
    let condition = |condition: &crate::Condition| format!("{}", condition.kind());
    events
        .iter()
        .map(|event| match event {
            Event::Greeting(greeting) => format!("greeting {}", condition(greeting.condition())),
            Event::Data { response, answers } => {
                let octets = response.to_bytes(&crate::Options::server());
                let text = String::from_utf8_lossy(octets.trim_ascii_end()).into_owned();
                format!("{text} {}", answers.map_or(-1, |id| i64::try_from(id.index()).unwrap()))
            }
            Event::Completed { id, tagged } => {
                format!("done {} {}", id.index(), condition(&tagged.condition))
            }
            Event::SendBody { id, size, index } => format!("send {} {size} {index}", id.index()),
            Event::BodyStart(start) => format!("body {} {:?} {}", start.number, start.uid, start.size),
            Event::BodyChunk(chunk) => format!("chunk {}", chunk.len()),
            Event::BodyEnd => "end".into(),
            Event::Challenge { id, data } => format!("challenge {} {}", id.index(), data.len()),
            Event::BadChallenge { id, .. } => format!("bad challenge {}", id.index()),
            Event::Idling { id, .. } => format!("idling {}", id.index()),
            Event::Continue(_) => "continue".into(),
            Event::StartTls { id, .. } => format!("tls {}", id.index()),
            Event::Upgrade { id, .. } => format!("upgrade {}", id.index()),
            Event::Bye(_) => "bye".into(),
            Event::UnknownTag(tagged) => {
                format!("unknown {}", String::from_utf8_lossy(tagged.tag.as_bytes()))
            }
            Event::Malformed { id, .. } => format!("malformed {:?}", id.map(CommandId::index)),
            Event::NotSent { id, .. } => format!("not sent {}", id.index()),
            Event::Lost(id) => format!("lost {}", id.index()),
            Event::Diagnostic(diagnostic) => format!("{}", diagnostic.rule),
        })
        .collect()
}

/// What comes of what is said now.
fn hears(client: &mut Client, octets: &[u8]) -> Vec<String> {
    client.receive(octets);
    let mut events = Vec::new();
    drain(client, |_, event| note(&mut events, event));
    short(&events)
}

fn login() -> Command {
    Command::Login(Box::new(Login {
        userid: crate::IString::new("joe").unwrap(),
        password: Secret::new(*b"pass word"),
    }))
}

#[test]
fn events_and_machines_stay_small() {
    fn is_owned<T: Send + 'static>() {}
    is_owned::<Event>();
    is_owned::<Client>();
    assert!(size_of::<Event>() <= 64, "{}", size_of::<Event>());
    assert!(size_of::<super::Pending>() <= 40, "{}", size_of::<super::Pending>());
    // with empty buffers, between commands: the lists keep room for a few entries
    let mut client = selected(config());
    client.send(&command("NOOP")).unwrap();
    hears(&mut client, b"* 1 EXISTS\r\n*  2 EXISTS\r\nA2 OK x\r\n");
    let heap = client.pending.capacity() * size_of::<super::Pending>()
        + client.held.capacity() * size_of::<(CommandId, Command)>()
        + client.capabilities().unwrap().as_bytes().len();
    let events = 4 * size_of::<Event>();
    assert!(size_of::<Client>() <= 720, "{}", size_of::<Client>());
    assert!(heap + events < 640, "{heap} {events}");
}
