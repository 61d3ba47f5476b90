//! Message data that are streamed, and the same data as a part of the value: the machines tell the same of both.
#![no_main]

use imap_proto::client::{self, Client};
use imap_proto::server::{self, Server};
use imap_proto::{
    AppendData, AppendMessage, Catenate, CatenatePart, Command, Condition, ConditionKind, FetchAttribute,
    Greeting, MessageData, Response,
};
use libfuzzer_sys::fuzz_target;
use std::collections::VecDeque;
use wire::{Machine, Pause, Step, Tolerance};

fuzz_target!(|data: &[u8]| {
    let Some((&[settings, inline], stream)) = data.split_first_chunk::<2>() else { return };
    let tolerance = if fuzz::bit(settings, 1) { Tolerance::Lenient } else { Tolerance::Default };
    let streamed = u64::from(inline % 8);
    if fuzz::bit(settings, 0) {
        let told = |inline| told_by_client(tolerance, inline, stream);
        compare(told(streamed), told(1 << 20));
    } else {
        let told = |inline| told_by_server(tolerance, inline, stream);
        compare(told(streamed), told(1 << 20));
    }
});

/// They are the same, up to where a literal ends in CR: if LF alone ends the message behind it, the codec takes both for CR LF.
fn compare(mut streamed: Vec<Told>, mut whole: Vec<Told>) {
    if let Some(doubtful) = streamed.iter().position(|told| *told == Told::EndsInCr) {
        streamed.truncate(doubtful);
        whole.truncate(doubtful);
    }
    fuzz::assert_same(&streamed, &whole);
}

/// What was told, the octets of message data in their places.
#[derive(Debug, PartialEq)]
enum Told {
    Command(Command),
    Response(Response),
    /// It is told in words of its own, where it depends on what stands in the value.
    Malformed,
    /// Comes before what has such a literal, which was streamed.
    EndsInCr,
    Other,
    /// The end; what the failure was may depend on it, too.
    Over,
}

/// The octets of streams that were not put in their places yet.
#[derive(Default)]
struct Streams(VecDeque<Vec<u8>>);

impl Streams {
    fn put(&mut self, data: &mut MessageData) {
        if let MessageData::Streamed { size, .. } = data {
            let octets = self.0.pop_front().expect("it was streamed");
            assert_eq!(octets.len() as u64, size.get());
            *data = MessageData::new(octets);
        }
    }

    fn ends_in_cr(&self) -> bool {
        self.0.iter().any(|octets| octets.ends_with(b"\r"))
    }

    fn put_all(&mut self, response: &mut Response) {
        let (Response::Fetch(fetch) | Response::UidFetch(fetch)) = response else { return };
        for attribute in fetch.attributes_mut() {
            match attribute {
                FetchAttribute::Section(section) => section.data.iter_mut().for_each(|data| self.put(data)),
                FetchAttribute::Binary(section) => section.data.iter_mut().for_each(|data| self.put(data)),
                FetchAttribute::Rfc822(data)
                | FetchAttribute::Rfc822Header(data)
                | FetchAttribute::Rfc822Text(data) => data.iter_mut().for_each(|data| self.put(data)),
                _ => {}
            }
        }
    }

    fn put_in(&mut self, message: &mut AppendMessage) {
        match &mut message.data {
            AppendData::Message(data) | AppendData::Utf8(data) => self.put(data),
            AppendData::Catenate(parts) => {
                let mut all = parts.parts().to_vec();
                for part in &mut all {
                    if let CatenatePart::Text(data) | CatenatePart::Utf8(data) = part {
                        self.put(data);
                    }
                }
                *parts = Catenate::new(all).expect("as many as before");
            }
            _ => {}
        }
    }

    fn put_into(&mut self, command: &mut Command) {
        match command {
            Command::Append(append) => {
                let mut messages = append.messages().to_vec().into_iter();
                let mut next = || {
                    let mut message = messages.next()?;
                    self.put_in(&mut message);
                    Some(message)
                };
                let first = next().expect("one at least");
                let mut whole = imap_proto::Append::new(append.mailbox().clone(), first);
                while let Some(message) = next() {
                    whole = whole.with(message);
                }
                **append = whole;
            }
            Command::Replace(replace) | Command::UidReplace(replace) => self.put_in(&mut replace.with),
            _ => {}
        }
    }
}

fn condition(kind: ConditionKind) -> Condition {
    Condition::new(kind, None, "x".try_into().expect("a text")).expect("no code")
}

fn told_by_client(tolerance: Tolerance, inline: u64, stream: &[u8]) -> Vec<Told> {
    let mut config = client::Config::default();
    config.tolerance = tolerance;
    config.limits.max_inline_literal = inline;
    let mut client = Client::new(config);
    client.receive(b"* PREAUTH x\r\n");
    client.receive(stream);
    let mut told = Vec::new();
    let mut streams = Streams::default();
    loop {
        let event = match client.next_event() {
            Ok(Step::Event(event)) => event,
            _ => {
                told.push(Told::Over);
                return told;
            }
        };
        told.push(match event {
            client::Event::BodyStart(_) => {
                streams.0.push_back(Vec::new());
                continue;
            }
            client::Event::BodyChunk(octets) => {
                streams.0.back_mut().expect("it has begun").extend_from_slice(&octets);
                continue;
            }
            client::Event::BodyEnd if streams.ends_in_cr() => Told::EndsInCr,
            client::Event::BodyEnd | client::Event::Diagnostic(_) => continue,
            client::Event::Malformed { .. } => {
                streams.0.clear();
                Told::Malformed
            }
            client::Event::Data { mut response, .. } => {
                let invalid = |attribute: &FetchAttribute| matches!(attribute, FetchAttribute::Invalid(_));
                if let Response::Fetch(fetch) | Response::UidFetch(fetch) = &response {
                    if fetch.attributes().iter().any(invalid) {
                        // it is kept as it came, with the literal or without
                        streams.0.clear();
                        told.push(Told::Malformed);
                        continue;
                    }
                }
                streams.put_all(&mut response);
                assert!(streams.0.is_empty(), "streamed, and nowhere in {response:?}");
                Told::Response(response)
            }
            _ => Told::Other,
        });
    }
}

fn told_by_server(tolerance: Tolerance, inline: u64, stream: &[u8]) -> Vec<Told> {
    let offered = Response::parse(
        &"* CAPABILITY IMAP4rev1 LITERAL+ MULTIAPPEND CATENATE REPLACE BINARY UTF8=ACCEPT ENABLE\r\n".into(),
    );
    let Ok(Response::Capability(offered)) = offered else { panic!("{offered:?}") };
    let mut config = server::Config::new(offered.clone(), offered);
    config.tolerance = tolerance;
    config.limits.max_inline_literal = inline;
    config.limits.max_bad_commands = None;
    config.limits.high_water = usize::MAX;
    let greeting = Greeting::new(condition(ConditionKind::PreAuth)).expect("a greeting");
    let mut server = Server::new(config, &greeting);
    server.receive(stream);
    let mut told = Vec::new();
    let mut streams = Streams::default();
    loop {
        let event = match server.next_event() {
            Ok(Step::Event(event)) => event,
            Ok(Step::Paused(Pause::Drain)) if !server.output().is_empty() => {
                let _ = server.output().take_all();
                continue;
            }
            _ => {
                told.push(Told::Over);
                return told;
            }
        };
        told.push(match event {
            server::Event::BodyOffered { id, .. } => {
                server.accept_body(id).expect("it was offered");
                streams.0.push_back(Vec::new());
                continue;
            }
            server::Event::BodyChunk { data, .. } => {
                streams.0.back_mut().expect("it has begun").extend_from_slice(&data);
                continue;
            }
            server::Event::BodyEnd { .. } if streams.ends_in_cr() => Told::EndsInCr,
            server::Event::BodyEnd { .. } | server::Event::Diagnostic(_) => continue,
            server::Event::Command { id, mut command, .. } => {
                let kind = match command {
                    Command::StartTls | Command::Compress(_) | Command::Authenticate(_) | Command::Idle => {
                        ConditionKind::No
                    }
                    _ => ConditionKind::Ok,
                };
                server.reply(id, &condition(kind)).expect("it is due");
                streams.put_into(&mut command);
                assert!(streams.0.is_empty(), "streamed, and nowhere in {command:?}");
                Told::Command(command)
            }
            // where it is refused differs: at the head of a literal, or behind it; so does what comes then
            server::Event::Refused { .. } | server::Event::Malformed { .. } => {
                told.push(Told::Over);
                return told;
            }
            _ => Told::Other,
        });
    }
}
