//! Whole sessions through the machines, beside those of imap-next 0.3.4: LOGIN, SELECT, FETCH of 100 messages with their envelopes and with
//! their octets, SEARCH, STORE, APPEND, LOGOUT. Only with the feature `next`: imap-next switches on imap-codec's
//! `quirk_always_normalize_sequence_sets`, which makes the sets of the other workloads slower.
//!
//! # imap-next 0.3.4
//!
//! Client and server over imap-codec's `Fragmentizer`: each octet is copied into a `VecDeque`, from there into a `Vec`, and again by
//! `into_static`.
//!
//! - Does less: no states, no tags that are matched with commands, no capabilities, no rules of pipelining, no limits but sizes. A literal
//!   is always a part of the value; a NO to one hangs the client.
//! - Commands and responses are handed over as values that own everything. On both sides each is cloned for its sending, as a program would
//!   make it; ours shares the octets.

use std::fmt::Write as _;
use std::hint::black_box;

use bytes::Bytes;
use imap_codec::decode::Decoder as _;
use imap_codec::imap_types::response as codec;
use imap_codec::imap_types::{IntoStatic as _, command};
use imap_codec::{CommandCodec, GreetingCodec, ResponseCodec};
use imap_next::{Interrupt, Io, State as _};
use imap_proto::client::{self, Client};
use imap_proto::server::{self, Server};
use imap_proto::{
    Capabilities, Capability, Command, Condition, ConditionKind, FrameLimits, Framed, Framer, Greeting,
    Response, Side, TaggedCommand,
};
use wire::{Machine as _, Pause, Step};

use crate::Contestant;
use crate::generator::{Rng, words};
use crate::imap::workloads::{self, Kind};
use crate::imap::{ours, peers};
use crate::socket::{drain, drained};

const NEXT: &str = "imap-next 0.3.4";
const GREETING: &str = "* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n";
/// Messages that are fetched in a session.
const MESSAGES: usize = 100;

/// One command of a session, and what follows.
#[derive(Clone)]
struct Turn {
    /// The line, and what follows behind the leave to send a literal.
    command: Bytes,
    literal: Option<Bytes>,
    /// What the server says, but for that leave.
    responses: Bytes,
}

/// A session.
pub struct Session {
    turns: Vec<Turn>,
    /// Octets that the client receives, and the server.
    pub to_client: Bytes,
    /// See `to_client`.
    pub to_server: Bytes,
    /// What a client has told, and a server.
    pub client_told: u64,
    /// See `client_told`.
    pub server_told: u64,
    /// Responses and commands.
    pub responses: u64,
    /// See `responses`.
    pub commands: u64,
}

fn body(rng: &mut Rng, octets: usize) -> String {
    let mut text = String::from("From: a@b.example\r\nSubject: the message\r\n\r\n");
    while text.len() < octets {
        words(rng, &mut text, 60);
        text.push_str("\r\n");
    }
    text
}

/// Makes it. The messages have 1 to 16 KiB.
pub fn session() -> Session {
    let mut rng = Rng::new(90);
    let mut turns = Vec::new();
    let mut add = |command: &str, literal: Option<String>, responses: String| {
        let number = turns.len() + 1;
        let responses = format!("{responses}A{number} OK done\r\n");
        let command = Bytes::from(format!("A{number} {command}\r\n"));
        turns.push(Turn { command, literal: literal.map(Bytes::from), responses: responses.into() });
    };
    add("LOGIN someone secret", None, "* CAPABILITY IMAP4rev1 IDLE UIDPLUS\r\n".into());
    let selected = "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* 100 EXISTS\r\n* OK [UIDVALIDITY 1377] valid\r\n\
                    * OK [UIDNEXT 4392] next\r\n* OK [PERMANENTFLAGS (\\Deleted \\Seen \\*)] limited\r\n";
    add("SELECT INBOX", None, selected.into());
    let envelopes = workloads::responses(Kind::Envelope, MESSAGES, 0, 0);
    let text = String::from_utf8_lossy(&envelopes.messages.stream).into_owned();
    add("FETCH 1:100 (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)", None, text);
    let mut text = String::new();
    for number in 1..=MESSAGES {
        let len = rng.range(1 << 10..16 << 10);
        let message = body(&mut rng, len);
        let _ = write!(
            text,
            "* {number} FETCH (UID {} FLAGS (\\Seen) BODY[] {{{}}}\r\n{message})\r\n",
            number * 7,
            message.len()
        );
    }
    add("UID FETCH 1:4391 (UID FLAGS BODY.PEEK[])", None, text);
    let found: String = (1..=40).map(|n| format!(" {}", n * 3)).collect();
    add("UID SEARCH UNSEEN SUBJECT invoice", None, format!("* SEARCH{found}\r\n"));
    let stored: String = (1..=20).map(|n| format!("* {n} FETCH (FLAGS (\\Deleted \\Seen))\r\n")).collect();
    add("STORE 1:20 +FLAGS (\\Deleted)", None, stored);
    let message = body(&mut rng, 8 << 10);
    add(
        &format!("APPEND Sent (\\Seen) {{{}}}", message.len()),
        Some(format!("{message}\r\n")),
        String::new(),
    );
    add("LOGOUT", None, "* BYE see you\r\n".into());

    let to_client: Vec<u8> = turns.iter().flat_map(|turn| turn.responses.to_vec()).collect();
    let to_server: Vec<u8> = turns.iter().flat_map(|turn| turn.whole().to_vec()).collect();
    let mut session = Session {
        turns,
        to_client: to_client.into(),
        to_server: to_server.into(),
        client_told: 0,
        server_told: 0,
        responses: 0,
        commands: 0,
    };
    for response in session.turns.iter().flat_map(Turn::our_responses) {
        session.client_told = session.client_told.wrapping_add(ours::response_told(&response));
        session.responses += 1;
    }
    for command in session.turns.iter().filter_map(Turn::our_command) {
        session.server_told = session.server_told.wrapping_add(ours::command_told(&command));
        session.commands += 1;
    }
    session
}

impl Turn {
    /// The command in one piece.
    fn whole(&self) -> Bytes {
        [&self.command[..], self.literal.as_deref().unwrap_or_default()].concat().into()
    }

    /// Its responses, each by itself.
    fn each(&self) -> Vec<Bytes> {
        let mut limits = FrameLimits::RESPONSES;
        limits.max_inline_literal = u64::MAX;
        let mut framer = Framer::new(Side::Server, limits);
        let (mut rest, mut all) = (self.responses.clone(), Vec::new());
        while let Ok(Framed::Message(len)) = framer.next(&rest) {
            all.push(rest.split_to(len));
        }
        all
    }

    fn our_responses(&self) -> Vec<Response> {
        self.each().iter().filter_map(|response| Response::parse(response).ok()).collect()
    }

    fn our_command(&self) -> Option<TaggedCommand> {
        TaggedCommand::parse(&self.whole()).ok()
    }

    fn their_command(&self) -> Option<command::Command<'static>> {
        let whole = self.whole();
        let (_, command) = CommandCodec::default().decode(&whole).ok()?;
        Some(command.into_static())
    }

    fn their_responses(&self) -> Vec<codec::Response<'static>> {
        let decode = |response: &Bytes| {
            let (_, response) = ResponseCodec::default().decode(response).ok()?;
            Some(response.into_static())
        };
        self.each().iter().filter_map(decode).collect()
    }
}

/// Both clients. The leave to send a literal comes when it is waited for.
pub fn client(session: &Session, times: u64, chunk: usize) -> Vec<Contestant> {
    let (one, two) = (session.turns.clone(), session.turns.clone());
    let commands: Vec<Command> =
        one.iter().filter_map(Turn::our_command).map(|tagged| tagged.command).collect();
    let theirs: Vec<_> = two.iter().filter_map(Turn::their_command).collect();
    vec![
        Contestant::ours("Client machine", move || {
            (0..times).fold(0_u64, |sum, _| sum.wrapping_add(our_client(&one, &commands, chunk).unwrap_or(0)))
        })
        .noting(
            "states, tags, capabilities, pipelining; each response with the command that it may belong to",
        ),
        Contestant::peer(NEXT, "neither states nor tags", move || {
            (0..times).fold(0_u64, |sum, _| sum.wrapping_add(their_client(&two, &theirs, chunk).unwrap_or(0)))
        }),
    ]
}

fn our_client(turns: &[Turn], commands: &[Command], chunk: usize) -> Option<u64> {
    let mut config = client::Config::default();
    config.tls = true;
    let mut client = Client::new(config);
    let mut sum: u64 = 0;
    let mut feed = |client: &mut Client, data: &[u8]| {
        for piece in data.chunks(chunk) {
            client.receive(black_box(piece));
            loop {
                match client.next_event().ok()? {
                    Step::Event(client::Event::Data { response, .. }) => {
                        sum = sum.wrapping_add(ours::response_told(black_box(&response)));
                    }
                    Step::Event(client::Event::Completed { tagged, .. }) => {
                        let response = Response::Tagged(tagged);
                        sum = sum.wrapping_add(ours::response_told(black_box(&response)));
                    }
                    Step::Event(client::Event::Bye(condition)) => {
                        let response = Response::Condition(condition);
                        sum = sum.wrapping_add(ours::response_told(black_box(&response)));
                    }
                    Step::Event(client::Event::Greeting(greeting)) => drop(black_box(greeting)),
                    Step::NeedInput | Step::Closed => break,
                    other => {
                        let _ = black_box(other);
                        return None;
                    }
                }
            }
            drain(client.output());
        }
        Some(())
    };
    feed(&mut client, GREETING.as_bytes())?;
    for (turn, command) in turns.iter().zip(commands) {
        client.send(&black_box(command).clone()).ok()?;
        let mut octets = drained(client.output());
        if turn.literal.is_some() {
            client.receive(b"+ go\r\n");
            if client.next_event() != Ok(Step::NeedInput) {
                return None;
            }
            octets += drained(client.output());
        }
        black_box(octets);
        feed(&mut client, &turn.responses)?;
    }
    Some(sum)
}

fn their_client(turns: &[Turn], commands: &[command::Command<'static>], chunk: usize) -> Option<u64> {
    use imap_next::client::{Client, Event, Options};
    let mut client = Client::new(Options::default());
    let mut sum: u64 = 0;
    // goes on until it needs input
    let mut go_on = |client: &mut Client| {
        loop {
            match client.next() {
                Ok(Event::DataReceived { data }) => {
                    sum = sum.wrapping_add(peers::codec_told(black_box(&codec::Response::Data(data))));
                }
                Ok(Event::StatusReceived { status }) => {
                    sum = sum.wrapping_add(peers::codec_told(black_box(&codec::Response::Status(status))));
                }
                Ok(event @ (Event::GreetingReceived { .. } | Event::CommandSent { .. })) => {
                    drop(black_box(event))
                }
                Err(Interrupt::Io(Io::Output(output))) => drop(black_box(output)),
                Err(Interrupt::Io(Io::NeedMoreInput)) => return Some(()),
                other => {
                    drop(black_box(other));
                    return None;
                }
            }
        }
    };
    let mut feed = |client: &mut Client, data: &[u8], first: bool| {
        if first {
            go_on(client)?;
        }
        data.chunks(chunk).try_for_each(|piece| {
            client.enqueue_input(black_box(piece));
            go_on(client)
        })
    };
    feed(&mut client, GREETING.as_bytes(), false)?;
    for (turn, command) in turns.iter().zip(commands) {
        client.enqueue_command(black_box(command).clone());
        // out it goes
        feed(&mut client, b"", true)?;
        if turn.literal.is_some() {
            feed(&mut client, b"+ go\r\n", false)?;
        }
        feed(&mut client, &turn.responses, false)?;
    }
    Some(sum)
}

/// Both servers: they answer each command with what the session has for it.
pub fn server(session: &Session, times: u64, chunk: usize) -> Vec<Contestant> {
    let (one, two) = (session.turns.clone(), session.turns.clone());
    let our_responses: Vec<_> = one.iter().map(Turn::our_responses).collect();
    let their_responses: Vec<_> = two.iter().map(Turn::their_responses).collect();
    let words = Words::new();
    vec![
        Contestant::ours("Server machine", move || {
            let Some(words) = &words else { return 0 };
            let run = || our_server(words, &one, &our_responses, chunk).unwrap_or(0);
            (0..times).fold(0_u64, |sum, _| sum.wrapping_add(run()))
        })
        .noting("states, capabilities, limits before login, which response may stand where"),
        Contestant::peer(NEXT, "neither states nor checks", move || {
            let run = || their_server(&two, &their_responses, chunk).unwrap_or(0);
            (0..times).fold(0_u64, |sum, _| sum.wrapping_add(run()))
        }),
    ]
}

/// What our server is made of.
struct Words {
    config: server::Config,
    greeting: Greeting,
    ok: Condition,
}

impl Words {
    fn new() -> Option<Self> {
        let offered: Capabilities =
            [Capability::Imap4Rev1, Capability::Idle, Capability::UidPlus].into_iter().collect();
        let mut config = server::Config::new(offered.clone(), offered);
        config.tls = true;
        // as imap-next: a part of the value
        config.limits.max_inline_literal = 1 << 20;
        let ok = Condition::new(ConditionKind::Ok, None, "done".try_into().ok()?).ok()?;
        Some(Self { config, greeting: Greeting::parse(&GREETING.into()).ok()?, ok })
    }

    fn server(&self) -> Server {
        Server::new(self.config.clone(), &self.greeting)
    }
}

fn our_server(words: &Words, turns: &[Turn], responses: &[Vec<Response>], chunk: usize) -> Option<u64> {
    let mut server = words.server();
    drain(server.output());
    let mut sum: u64 = 0;
    for (turn, responses) in turns.iter().zip(responses) {
        let parts = [&turn.command[..], turn.literal.as_deref().unwrap_or_default()];
        for piece in parts.into_iter().flat_map(|part| part.chunks(chunk)) {
            server.receive(black_box(piece));
            loop {
                match server.next_event().ok()? {
                    Step::Event(server::Event::Command { id, tag, command }) => {
                        let command = TaggedCommand { tag, command };
                        sum = sum.wrapping_add(ours::command_told(black_box(&command)));
                        for response in responses {
                            match &black_box(response).clone() {
                                Response::Tagged(_) => server.reply(id, &words.ok).ok()?,
                                // said by itself
                                Response::Condition(condition) if condition.kind() == ConditionKind::Bye => {}
                                response => server.send(response).ok()?,
                            }
                        }
                    }
                    Step::NeedInput | Step::Closed => break,
                    Step::Paused(Pause::Drain) => drain(server.output()),
                    other => {
                        let _ = black_box(other);
                        return None;
                    }
                }
            }
            drain(server.output());
        }
    }
    Some(sum)
}

fn their_server(turns: &[Turn], responses: &[Vec<codec::Response<'static>>], chunk: usize) -> Option<u64> {
    use imap_next::server::{Event, Options, Server};
    let (_, greeting) = GreetingCodec::default().decode(GREETING.as_bytes()).ok()?;
    let mut server = Server::new(Options::default(), greeting.into_static());
    let mut sum: u64 = 0;
    for (turn, responses) in turns.iter().zip(responses) {
        let parts = [&turn.command[..], turn.literal.as_deref().unwrap_or_default()];
        for piece in parts.into_iter().flat_map(|part| part.chunks(chunk)) {
            server.enqueue_input(black_box(piece));
            loop {
                match server.next() {
                    Ok(Event::CommandReceived { command }) => {
                        sum = sum.wrapping_add(peers::codec_command_told(black_box(&command)));
                        for response in responses {
                            match black_box(response).clone() {
                                codec::Response::Data(data) => drop(server.enqueue_data(data)),
                                codec::Response::Status(status) => drop(server.enqueue_status(status)),
                                codec::Response::CommandContinuationRequest(_) => return None,
                            }
                        }
                    }
                    Ok(event @ (Event::GreetingSent { .. } | Event::ResponseSent { .. })) => {
                        drop(black_box(event))
                    }
                    Err(Interrupt::Io(Io::Output(output))) => drop(black_box(output)),
                    Err(Interrupt::Io(Io::NeedMoreInput)) => break,
                    other => {
                        drop(black_box(other));
                        return None;
                    }
                }
            }
        }
    }
    Some(sum)
}
