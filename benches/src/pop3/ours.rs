//! Our side. Each function enters our contestants for one workload, the headline first.
//!
//! - The **headline** does what the peer does: one message, one stream to messages, one body to its content.
//! - The **machines** do more: they match replies to commands, check the session's state, pipelining, limits and
//!   line endings, and (the server) write replies. They are entered beside the headline where the job is a stream.
//! - Bodies are decoded with [`LineEndings::Strict`]: bare CR and LF are looked for, as are too long lines.
//!
//! Everything is inside the closures, drops included.

use std::any::Any;
use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use pop3_proto::client::{self, Client};
use pop3_proto::server::{self, Server};
use pop3_proto::{
    Capability, Command, DropListing, Greeting, Item, MessageNumber, Reply, ReplyKind, Response, ScanListing,
    Status, UniqueId, UniqueIdListing,
};
use wire::dot::LineEndings;
use wire::{Found, Input, Machine, Output, Pause, Step};

use crate::Contestant;
use crate::body::workloads::Body;
use crate::generator::Messages;
use crate::pop3::workloads::{Capas, Listing, Replies, ReplyKind as Kind};
use crate::socket::{drain, drained};

/// `next_event` of the client with the events that a workload has; anything else ends it.
macro_rules! events {
    ($client:ident, $($event:pat => $then:expr),* $(,)?) => {
        loop {
            match $client.next_event() {
                Ok(Step::NeedInput) => break,
                $(Ok(Step::Event($event)) => $then,)*
                other => {
                    black_box(&other);
                    return 0;
                }
            }
        }
    };
}

/// Every command by itself.
pub fn command_parse(commands: &Messages) -> Vec<Contestant> {
    let each = commands.each.clone();
    vec![
        Contestant::ours("Command::parse", move || {
            let mut parsed = 0;
            for message in each.iter() {
                let Ok(command) = Command::parse(black_box(message)) else { break };
                black_box(&command);
                parsed += 1;
            }
            parsed
        })
        .noting("checks the base64 of AUTH and decodes it; zeroes passwords and initial responses"),
    ]
}

/// The commands as one stream that arrives in chunks.
pub fn command_stream(commands: &Messages, chunk: usize) -> Vec<Contestant> {
    let stream = commands.stream.clone();
    let framed = Contestant::ours("Input and Command::parse", move || {
        let mut parsed = 0;
        let mut input = Input::new();
        for piece in stream.chunks(chunk) {
            input.receive(black_box(piece));
            while let Found::Line(len) = input.line(512) {
                let Ok(command) = Command::parse(&input.take(len)) else { return 0 };
                black_box(&command);
                parsed += 1;
            }
        }
        parsed
    });

    let sessions = sessions(commands);
    let mut config = server::Config::default();
    config.allow_cleartext = true;
    config.capabilities = [
        Capability::Uidl,
        Capability::Top,
        Capability::Pipelining,
        Capability::Stls,
        Capability::Lang,
        Capability::Utf8(false),
    ]
    .into_iter()
    .collect();
    let machine = Contestant::ours("Server machine", move || {
        sessions.iter().map(|session| serve(session, chunk, &config).unwrap_or(0)).sum()
    })
    .noting("a machine a session: also checks state and order, answers each command, zeroes what was secret");
    vec![framed, machine]
}

/// The stream cut where a client must wait: behind QUIT comes another connection, behind STLS the handshake, behind AUTH the
/// exchange.
fn sessions(commands: &Messages) -> Vec<Vec<Bytes>> {
    let (mut sessions, mut session, mut part) = (Vec::new(), Vec::new(), Vec::new());
    for command in commands.each.iter() {
        part.extend_from_slice(command);
        let quit = command.eq_ignore_ascii_case(b"QUIT\r\n");
        let auth = command.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"AUTH "));
        if quit || auth || command.eq_ignore_ascii_case(b"STLS\r\n") {
            session.push(Bytes::from(std::mem::take(&mut part)));
        }
        if quit {
            sessions.push(std::mem::take(&mut session));
        }
    }
    session.push(part.into());
    sessions.push(session);
    sessions
}

fn serve(session: &[Bytes], chunk: usize, config: &server::Config) -> Option<u64> {
    let greeting = Greeting::with_timestamp("ready", b"<1896.697170952@dbc.mtview.ca.us>").ok()?;
    let mut server = Server::new(config.clone(), &greeting);
    let mut commands = 0;
    for part in session {
        for piece in part.chunks(chunk) {
            server.receive(black_box(piece));
            loop {
                match server.next_event().ok()? {
                    Step::Event(server::Event::Command { id, command: Command::Auth(auth) })
                        if auth.initial_response.is_none() =>
                    {
                        commands += 1;
                        server.challenge(id, b"").ok()?;
                        server.receive(b"YQ==\r\n");
                    }
                    Step::Event(server::Event::AuthResponse { id, .. }) => {
                        server.reply(id, &Reply::Status(Status::ok("").ok()?)).ok()?;
                    }
                    Step::Event(server::Event::Command { id, command }) => {
                        commands += 1;
                        let reply = reply_to(black_box(&command), &server)?;
                        server.reply(id, &reply).ok()?;
                        if matches!(reply, Reply::MultiLine(_)) {
                            server.end_body(id).ok()?;
                        }
                    }
                    Step::Event(server::Event::Refused { id, command, refusal }) => {
                        commands += 1;
                        black_box(&command);
                        server.reply(id, &Reply::Status(refusal.reply())).ok()?;
                    }
                    Step::Event(server::Event::StartTls { .. }) => {}
                    Step::NeedInput | Step::Closed => break,
                    Step::Paused(Pause::StartTls) => server.tls_established().ok()?,
                    Step::Paused(Pause::Drain) => drain(server.output()),
                    _ => return None,
                }
            }
            drain(server.output());
        }
    }
    Some(commands)
}

/// The shortest positive reply of the right form.
fn reply_to(command: &Command, server: &Server) -> Option<Reply> {
    let ok = Status::ok("").ok()?;
    let one = MessageNumber::new(1)?;
    Some(match command.reply_kind() {
        ReplyKind::Stat => Reply::DropListing(DropListing::new(2, 320)),
        ReplyKind::ListOne => Reply::ScanListing(ScanListing::new(one, 120)),
        ReplyKind::UidlOne => {
            let uid = UniqueId::new(Bytes::from_static(b"whqtswO00WBw418f9t5JxYwZ")).ok()?;
            Reply::UniqueIdListing(UniqueIdListing::new(one, uid))
        }
        ReplyKind::Capa => Reply::capabilities(ok, server.capabilities()),
        ReplyKind::AuthList => Reply::mechanisms(ok, &pop3_proto::Mechanisms::default()),
        ReplyKind::LangList => Reply::languages(ok, Vec::new()),
        kind if kind.is_multi_line() => Reply::MultiLine(ok),
        _ => Reply::Status(ok),
    })
}

/// Values to octets.
pub fn command_encode(commands: &Messages) -> Vec<Contestant> {
    let values: Arc<[Command]> =
        commands.each.iter().filter_map(|message| Command::parse(message).ok()).collect();
    let each = values.clone();
    vec![
        Contestant::ours("Command::encode, sent one by one", move || {
            let mut octets = 0;
            let mut output = Output::new();
            for value in each.iter() {
                black_box(value).encode(&mut output);
                octets += drained(&mut output);
            }
            octets
        })
        .noting("gives the buffer back whenever it is empty; zeroes passwords and initial responses"),
        Contestant::ours("Command::encode, pipelined", move || {
            let mut output = Output::new();
            for value in values.iter() {
                black_box(value).encode(&mut output);
            }
            drained(&mut output)
        })
        .noting("all of them into one output; zeroes it"),
    ]
}

/// Greetings, with the timestamp found.
pub fn greeting_parse(greetings: &Messages) -> Vec<Contestant> {
    let each = greetings.each.clone();
    vec![
        Contestant::ours("Greeting::parse", move || {
            let mut parsed = 0;
            for message in each.iter() {
                let Ok(greeting) = Greeting::parse(black_box(message)) else { break };
                black_box(greeting.timestamp());
                parsed += 1;
            }
            parsed
        })
        .noting("checks that the timestamp is a msg-id"),
    ]
}

const fn kind_of(kind: Kind) -> ReplyKind {
    match kind {
        Kind::Status => ReplyKind::Single,
        Kind::Stat => ReplyKind::Stat,
        Kind::ListOne => ReplyKind::ListOne,
        Kind::UidlOne => ReplyKind::UidlOne,
    }
}

/// Single-line replies, each with what it answers; also through the client machine, pipelined.
pub fn reply_parse(replies: &Replies) -> Vec<Contestant> {
    let each = replies.messages.each.clone();
    let kinds: Arc<[ReplyKind]> = replies.kinds.iter().map(|kind| kind_of(*kind)).collect();
    let machine = {
        let (each, kinds) = (each.clone(), kinds.clone());
        Contestant::ours("Client machine", move || {
            let mut parsed = 0;
            let Some(mut client) = client() else { return 0 };
            for (message, kind) in each.iter().zip(kinds.iter()) {
                if client.expect(*kind).is_err() {
                    return 0;
                }
                client.receive(black_box(message));
                events!(client, client::Event::Reply { reply, .. } => {
                    black_box(&reply);
                    parsed += 1;
                });
            }
            parsed
        })
        .noting("one reply a read: finds its end, matches it with its command")
    };
    let codec = Contestant::ours("Response::parse", move || {
        let mut parsed = 0;
        for (message, kind) in each.iter().zip(kinds.iter()) {
            let Ok(response) = Response::parse(black_box(message), *kind) else { break };
            black_box(&response);
            parsed += 1;
        }
        parsed
    });
    vec![codec, machine]
}

/// A client behind the greeting.
fn client() -> Option<Client> {
    let mut config = client::Config::default();
    config.line_endings = LineEndings::Strict;
    let mut client = Client::new(config);
    client.receive(b"+OK ready\r\n");
    match client.next_event() {
        Ok(Step::Event(client::Event::Greeting(_))) => Some(client),
        _ => None,
    }
}

/// Values to octets.
pub fn reply_encode(replies: &Replies) -> Vec<Contestant> {
    let values: Arc<[Reply]> = replies
        .messages
        .each
        .iter()
        .zip(replies.kinds.iter())
        .filter_map(|(message, kind)| match Response::parse(message, kind_of(*kind)) {
            Ok(Response::Reply(reply)) => Some(reply),
            _ => None,
        })
        .collect();
    vec![Contestant::ours("Reply::encode", move || {
        let mut output = Output::new();
        for value in values.iter() {
            black_box(value).encode(&mut output);
        }
        drained(&mut output)
    })]
}

/// Whole CAPA replies to typed capabilities.
pub fn capa_parse(capas: &Capas) -> Vec<Contestant> {
    let each = capas.messages.each.clone();
    vec![Contestant::ours("Response::parse", move || {
        let mut capabilities = 0;
        for message in each.iter() {
            match Response::parse(black_box(message), ReplyKind::Capa) {
                Ok(Response::Reply(Reply::Capabilities(reply))) => {
                    capabilities += black_box(&reply.lines).len() as u64;
                }
                _ => break,
            }
        }
        capabilities
    })]
}

/// A whole LIST reply.
pub fn list_parse(list: &Listing) -> Vec<Contestant> {
    listing(&list.reply, ReplyKind::ListAll)
}

/// A whole UIDL reply.
pub fn uidl_parse(uidl: &Listing) -> Vec<Contestant> {
    listing(&uidl.reply, ReplyKind::UidlAll)
}

fn listing(reply: &Bytes, kind: ReplyKind) -> Vec<Contestant> {
    let whole = reply.clone();
    vec![
        Contestant::ours("Response::parse", move || match Response::parse(black_box(&whole), kind) {
            Ok(Response::Listing(_, items)) => black_box(&items).iter().map(weight).sum(),
            _ => 0,
        }),
        listing_machine(reply, kind, 65_536)
            .noting("in reads of 65,536 octets; an event an entry, nothing is kept"),
    ]
}

/// What the witness of a listing adds up.
fn weight(item: &Item) -> u64 {
    match item {
        Item::ScanListing(listing) => u64::from(listing.message.get()) + listing.octets,
        Item::UniqueIdListing(listing) => {
            u64::from(listing.message.get()) + listing.unique_id.as_bytes().len() as u64
        }
        _ => 0,
    }
}

fn listing_machine(reply: &Bytes, kind: ReplyKind, chunk: usize) -> Contestant {
    let reply = reply.clone();
    Contestant::ours("Client machine", move || {
        let Some(mut client) = client() else { return 0 };
        if client.expect(kind).is_err() {
            return 0;
        }
        let mut sum = 0;
        for piece in reply.chunks(chunk) {
            client.receive(black_box(piece));
            events!(client,
                client::Event::Item { item, .. } => sum += weight(black_box(&item)),
                client::Event::Reply { .. } | client::Event::End { .. } => {},
            );
        }
        sum
    })
}

/// A UIDL reply that arrives in chunks.
pub fn uidl_drip(uidl: &Listing, chunk: usize) -> Vec<Contestant> {
    vec![listing_machine(&uidl.reply, ReplyKind::UidlAll, chunk)]
}

/// A listing to octets.
pub fn uidl_encode(uidl: &Listing) -> Vec<Contestant> {
    let items: Arc<[Item]> = uidl
        .entries
        .iter()
        .filter_map(|(number, uid)| {
            let uid = UniqueId::new(uid.clone().into_bytes()).ok()?;
            Some(Item::UniqueIdListing(UniqueIdListing::new(MessageNumber::new(*number)?, uid)))
        })
        .collect();
    let Ok(status) = Status::ok("unique-id listing follows") else { return Vec::new() };
    let reply = Reply::MultiLine(status);
    vec![
        Contestant::ours("Item::encode", move || {
            let (mut output, mut octets) = (Output::new(), 0);
            reply.encode(&mut output);
            for item in items.iter() {
                black_box(item).encode(&mut output);
                if output.len() >= 65_536 {
                    octets += drained(&mut output);
                }
            }
            output.put(b".\r\n");
            octets + drained(&mut output)
        })
        .noting("sent whenever 65,536 octets wait"),
    ]
}

/// A RETR reply that arrives in chunks.
pub fn retr_decode(body: &Body, chunk: usize) -> Contestant {
    let reply = body.reply.clone();
    Contestant::ours("POP3 Client machine", move || {
        let Some(mut client) = client() else { return 0 };
        if client.expect(ReplyKind::Body).is_err() {
            return 0;
        }
        let mut octets = 0;
        for piece in reply.chunks(chunk) {
            client.receive(black_box(piece));
            events!(client,
                client::Event::BodyChunk { data, .. } => octets += black_box(&data).len() as u64,
                client::Event::Reply { .. } | client::Event::End { .. } => {},
            );
        }
        octets
    })
    .noting("copies what arrives into a buffer once; the whole reply with its status line")
}

/// A machine that waits for its peer: a name, its size, and how it is made.
pub type Idle = (&'static str, usize, fn() -> Option<Box<dyn Any>>);

/// Machines with nothing to read and nothing to write.
pub fn idle() -> [Idle; 4] {
    fn fresh_client() -> Option<Box<dyn Any>> {
        let mut client = client()?;
        matches!(client.next_event(), Ok(Step::NeedInput)).then(|| Box::new(client) as Box<dyn Any>)
    }
    fn used_client() -> Option<Box<dyn Any>> {
        let mut client = client()?;
        for (kind, reply) in [
            (ReplyKind::Login, &b"+OK\r\n"[..]),
            (ReplyKind::Capa, b"+OK\r\nUIDL\r\nTOP\r\nPIPELINING\r\nSTLS\r\n.\r\n"),
            (ReplyKind::UidlAll, b"+OK\r\n1 a\r\n.\r\n"),
            (ReplyKind::Body, b"+OK\r\nSubject: x\r\n\r\n.\r\n"),
        ] {
            client.expect(kind).ok()?;
            client.receive(reply);
            while let Step::Event(event) = client.next_event().ok()? {
                black_box(event);
            }
        }
        Some(Box::new(client))
    }
    fn server_after(session: &[u8]) -> Option<Box<dyn Any>> {
        let mut config = server::Config::default();
        config.allow_cleartext = true;
        config.capabilities =
            [Capability::Uidl, Capability::Top, Capability::Pipelining].into_iter().collect();
        let mut server = Server::new(config, &Greeting::with_timestamp("ready", b"<1.2@localhost>").ok()?);
        drain(server.output());
        server.receive(session);
        while let Step::Event(event) = server.next_event().ok()? {
            if let server::Event::Command { id, command } = event {
                let reply = reply_to(&command, &server)?;
                server.reply(id, &reply).ok()?;
                if matches!(reply, Reply::MultiLine(_)) {
                    server.end_body(id).ok()?;
                }
            }
            drain(server.output());
        }
        Some(Box::new(server))
    }
    [
        ("POP3 Client behind the greeting", size_of::<Client>(), fresh_client),
        ("POP3 Client behind CAPA, UIDL and RETR", size_of::<Client>(), used_client),
        ("POP3 Server behind the greeting", size_of::<Server>(), || server_after(b"")),
        ("POP3 Server behind login, UIDL and RETR", size_of::<Server>(), || {
            server_after(b"USER a\r\nPASS b\r\nCAPA\r\nUIDL\r\nRETR 1\r\n")
        }),
    ]
}

/// A message of so many octets through the client machine, in reads of `read` octets. Gives the octets of content.
pub fn stream(body: &Body, octets: u64, read: usize) -> Option<u64> {
    let mut client = client()?;
    client.expect(ReplyKind::Body).ok()?;
    client.receive(b"+OK\r\n");
    let mut content = 0;
    let text = body.wire.strip_suffix(b".\r\n")?;
    let mut left = octets;
    while left > 0 {
        for piece in text.chunks(read) {
            client.receive(piece);
            while let Step::Event(event) = client.next_event().ok()? {
                if let client::Event::BodyChunk { data, .. } = event {
                    content += black_box(data).len() as u64;
                }
            }
        }
        left = left.saturating_sub(text.len() as u64);
    }
    client.receive(b".\r\n");
    matches!(client.next_event(), Ok(Step::Event(client::Event::End { .. }))).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_session_is_served() {
        let commands = crate::pop3::workloads::commands(4096);
        for contestant in &mut command_stream(&commands, 64) {
            assert_eq!((contestant.run)(), 4096, "{}", contestant.name);
        }
    }
}
