//! Recorded sessions of clients and servers that none of us wrote, through the client machine: it follows them as the recorded client did,
//! whether the server's octets come as they came, or one by one.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop, too")]

use bytes::{Bytes, BytesMut};
use imap_proto::client::{Client, Config, Event};
use imap_proto::{
    Command, Context, FrameLimits, Framed, Framer, OtherCommand, Raw, Side as Role, Tag, TaggedCommand,
};
use wire::testing::{Recording, Side};
use wire::{CommandId, Machine, Pause, Step, Tolerance};

/// What the client's next octets are.
enum Turn {
    Commands,
    /// A line, when there is a challenge.
    Exchange(CommandId, bool),
    /// `DONE`, when the server idles.
    Idle(CommandId, bool),
}

struct Session {
    client: Client,
    commands: Framer,
    octets: BytesMut,
    turn: Turn,
    events: Vec<Event>,
    sent: usize,
    over: bool,
}

impl Session {
    fn new() -> Self {
        let mut limits = FrameLimits::COMMANDS;
        limits.max_inline_literal = u64::MAX;
        limits.max_frame = 1 << 28;
        limits.max_line = 1 << 28;
        let mut config = Config::default();
        config.limits.max_line_before_login = 1 << 20;
        Self {
            client: Client::new(config),
            commands: Framer::new(Role::Client, limits),
            octets: BytesMut::new(),
            turn: Turn::Commands,
            events: Vec::new(),
            sent: 0,
            over: false,
        }
    }

    fn line(&mut self) -> Option<Bytes> {
        let end = self.octets.iter().position(|&o| o == b'\n')?;
        Some(self.octets.split_to(end + 1).freeze())
    }

    /// Whether the recorded client had something to say, and it was the time for it.
    fn say(&mut self) -> bool {
        match self.turn {
            Turn::Exchange(_, false) | Turn::Idle(_, false) => false,
            Turn::Exchange(id, true) => {
                let Some(line) = self.line() else { return false };
                match wire::sasl::decode(line.trim_ascii_end()) {
                    Ok(data) => self.client.auth_respond(id, data.expose()).unwrap(),
                    Err(_) => self.client.auth_cancel(id).unwrap(),
                }
                self.turn = Turn::Exchange(id, false);
                true
            }
            Turn::Idle(id, true) => {
                if self.line().is_none() {
                    return false;
                }
                self.client.idle_done(id).unwrap();
                self.turn = Turn::Commands;
                true
            }
            Turn::Commands => {
                let Ok(Framed::Message(len)) = self.commands.next(&self.octets) else { return false };
                let frame = self.octets.split_to(len).freeze();
                let Some(tag) = TaggedCommand::tag_of(&frame) else { return true };
                // sent before the server idled, which did not wait for it
                if frame.trim_ascii_end().eq_ignore_ascii_case(b"DONE") {
                    return true;
                }
                let cx = Context::new(&frame, Tolerance::Lenient);
                let command = match TaggedCommand::parse_in(&cx) {
                    Ok(parsed) => parsed.command,
                    Err(_) => other(),
                };
                self.expect(tag, &command);
                true
            }
        }
    }

    fn expect(&mut self, tag: Tag, command: &Command) {
        let id = self.client.expect(tag, command).unwrap();
        self.sent += 1;
        match command {
            Command::Authenticate(_) => self.turn = Turn::Exchange(id, false),
            Command::Idle => self.turn = Turn::Idle(id, false),
            _ => {}
        }
    }

    /// Whether the client machine had something to tell.
    fn hear(&mut self) -> bool {
        let _ = self.client.output().take_all();
        let event = match self.client.next_event() {
            Ok(Step::Event(event)) => event,
            Ok(Step::Closed | Step::Paused(Pause::StartTls | Pause::Upgrade)) => {
                self.over = true;
                return false;
            }
            Ok(_) => return false,
            Err(error) => panic!("{error} behind {:?}", self.events.last()),
        };
        match &event {
            Event::Challenge { id, .. } | Event::BadChallenge { id, .. } => {
                self.turn = Turn::Exchange(*id, true);
            }
            Event::Idling { id, .. } => self.turn = Turn::Idle(*id, true),
            Event::Completed { id, .. } | Event::Malformed { id: Some(id), .. } => match self.turn {
                Turn::Exchange(of, _) | Turn::Idle(of, _) if of == *id => self.turn = Turn::Commands,
                _ => {}
            },
            // the end of a command that waits for the `+` to its literal
            Event::UnknownTag(tagged) if self.octets.starts_with(tagged.tag.as_bytes()) => {
                self.octets.clear();
                self.commands.reset();
            }
            _ => {}
        }
        match (self.events.last_mut(), event) {
            (Some(Event::BodyChunk(before)), Event::BodyChunk(chunk)) => {
                *before = [&before[..], &chunk[..]].concat().into();
            }
            (_, event) => self.events.push(event),
        }
        true
    }
}

fn other() -> Command {
    let name = imap_proto::Atom::new("X-UNREADABLE").unwrap();
    Command::Other(Box::new(OtherCommand::new(name, Raw::default()).unwrap()))
}

fn play(recording: &Recording, piece: usize) -> Session {
    let mut session = Session::new();
    for frame in &recording.frames {
        match frame.side {
            Side::Client => {
                session.octets.extend_from_slice(&frame.data);
                while !session.over && (session.say() || session.hear()) {}
            }
            Side::Server => {
                for piece in frame.data.chunks(piece) {
                    session.client.receive(piece);
                    while !session.over && (session.hear() || session.say()) {}
                }
            }
        }
        if session.over {
            break;
        }
    }
    session
}

#[test]
fn recordings() {
    let folder = std::env::var("IMAP_RECORDINGS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/wire/imap").into());
    let mut played = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "wire") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let recording = Recording::parse(&std::fs::read(&path).unwrap()).unwrap();
        let whole = play(&recording, usize::MAX);
        let bytes = play(&recording, 1);
        for (n, (one, other)) in whole.events.iter().zip(&bytes.events).enumerate() {
            assert_eq!(one, other, "{name}: octet by octet, event {n} is something else");
        }
        assert_eq!(whole.events.len(), bytes.events.len(), "{name}");
        assert!(
            matches!(whole.events.first(), Some(Event::Greeting(_) | Event::Diagnostic(_)) | None),
            "{name}"
        );
        for event in &whole.events {
            match event {
                Event::Malformed { malformed, .. } => {
                    let frame = malformed.frame.expose().escape_ascii();
                    panic!("{name}: {malformed}: {frame}");
                }
                Event::NotSent { .. } | Event::SendBody { .. } => panic!("{name}: {event:?}"),
                _ => {}
            }
        }
        let done = whole.events.iter().filter(|event| matches!(event, Event::Completed { .. })).count();
        // the last ones may have been cut off
        assert!(done + 3 >= whole.sent || whole.over, "{name}: {done} of {} commands", whole.sent);
        played += 1;
    }
    assert!(played >= 90, "{played}");
}
