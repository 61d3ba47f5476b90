//! What the client does, case by case. Numbers are those of the project's list of wire cases.

mod auth;
mod content;
mod limits;
mod lmtp;
mod properties;
mod replies;
mod sending;
mod tls;
mod transaction;

use super::{
    Client, Config, Envelope, Event, Outcome, Pipelining, Progress, Transaction, may_fall_back_to_helo,
};
use crate::{
    Argument, Auth, Command, ForwardPath, Keyword, Mail, Protocol, Reply, ReplyKind, ReversePath, State, rule,
};
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use bytes::Bytes;
use proptest::prelude::*;
use wire::dot::LineEndings;
use wire::sasl::Mechanism;
use wire::testing::{End, drain, transcript};
use wire::{BodyError, CommandId, Fatal, LimitKind, Machine, Misuse, Pause, Rule, Secret, Step, Tolerance};

const EVERYTHING: &str = "PIPELINING\nSIZE 1000\n8BITMIME\nSMTPUTF8\nCHUNKING\nBINARYMIME\nDSN\nENHANCEDSTATUSCODES\nSTARTTLS\n\
    AUTH PLAIN SCRAM-SHA-256\nETRN\nREQUIRETLS";

fn command(line: &str) -> Command {
    Command::parse(&format!("{line}\r\n").into()).unwrap()
}

fn auth(mechanism: &str, initial_response: Option<&[u8]>) -> Command {
    let mechanism = Mechanism::new(mechanism).unwrap();
    Command::Auth(Auth { mechanism, initial_response: initial_response.map(Secret::new) })
}

/// A client that was greeted.
fn greeted(config: Config) -> Client {
    let mut client = Client::new(config);
    client.receive(b"220 ready\r\n");
    assert!(matches!(client.next_event(), Ok(Step::Event(Event::Greeting(_)))));
    client
}

/// A client that knows what the server offers, a keyword a line.
fn offered(config: Config, keywords: &str) -> Client {
    let hello = if config.protocol == Protocol::Lmtp { "LHLO a" } else { "EHLO a" };
    let mut client = greeted(config);
    client.send(&command(hello)).unwrap();
    let mut reply = String::from("250-mx");
    for keyword in keywords.lines() {
        reply.push_str("\r\n250-");
        reply.push_str(keyword);
    }
    reply.push_str("\r\n");
    let last = reply.rfind("250-").unwrap();
    reply.replace_range(last..last + 4, "250 ");
    client.receive(reply.as_bytes());
    assert!(matches!(next(&mut client), Event::Reply { .. }));
    let _ = client.output().take_all();
    client
}

fn ready(config: Config) -> Client {
    offered(config, EVERYTHING)
}

fn next(client: &mut Client) -> Event {
    match client.next_event() {
        Ok(Step::Event(event)) => event,
        other => panic!("no event: {other:?}"),
    }
}

fn say(client: &mut Client, line: &str, answer: &str) -> Event {
    client.send(&command(line)).unwrap();
    client.receive(format!("{answer}\r\n").as_bytes());
    next(client)
}

/// A client that has a sender and a recipient.
fn enveloped(config: Config) -> Client {
    let mut client = ready(config);
    for line in ["MAIL FROM:<a@b>", "RCPT TO:<c@d>"] {
        say(&mut client, line, "250 ok");
    }
    let _ = client.output().take_all();
    assert_eq!(client.state(), State::Rcpt);
    client
}

/// A client that was asked for the content.
fn asked(config: Config) -> (Client, CommandId) {
    let mut client = enveloped(config);
    let Event::SendBody { id, .. } = say(&mut client, "DATA", "354 go") else { panic!() };
    let _ = client.output().take_all();
    (client, id)
}

/// What comes of what the server says, which is the same at every chunking of it.
fn at_every_split(make: impl Fn() -> Client, stream: &[u8], check: impl Fn(&[Event], &End<Fatal>)) {
    let (events, end) = transcript(make, stream, |_, events, event| events.push(event));
    check(&events, &end);
}

fn rules(events: &[Event]) -> Vec<Rule> {
    events.iter().filter_map(|e| if let Event::Diagnostic(d) = e { Some(d.rule) } else { None }).collect()
}
