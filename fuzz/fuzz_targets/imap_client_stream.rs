//! What any server may say, through the client machine: no panic, the same events under every chunking once chunks of a body
//! are joined, each command complete once at most, and memory within the limits. The session is that of a proxy: commands of
//! fuzzed kinds are expected, whatever comes.
#![no_main]

use imap_proto::client::{Client, Config, Event};
use imap_proto::{Command, Tag, TaggedCommand};
use libfuzzer_sys::fuzz_target;
use wire::{CommandId, Fatal, Machine, Pause, Step};

fuzz_target!(|data: &[u8]| {
    let Some((&[a, b, c, d, settings, kinds @ ..], stream)) = data.split_first_chunk::<10>() else {
        return;
    };
    let logs = fuzz::chunkings([a, b, c, d], stream)
        .map(|chunks| Session::new(settings, kinds, stream.len()).play(&chunks));
    let [whole, others @ ..] = logs;
    for log in others {
        fuzz::assert_same(&log, &whole);
    }
});

#[derive(Debug, PartialEq)]
enum Said {
    Event(Event),
    Failed(Fatal),
    Closed,
    NeedInput,
    Paused(Pause),
}

struct Session {
    client: Client,
    waiting: Vec<CommandId>,
    cancels: bool,
    /// Octets of the literal that is handed out.
    left: Option<u64>,
    octets: usize,
    log: Vec<Said>,
}

const LINES: [&str; 16] = [
    "CAPABILITY",
    "NOOP",
    "LOGIN a b",
    "AUTHENTICATE PLAIN",
    "AUTHENTICATE CRAM-MD5",
    "ENABLE UTF8=ACCEPT",
    "SELECT x",
    "CLOSE",
    "IDLE",
    "UID FETCH 1 BODY[]",
    "UID SEARCH RETURN (ALL) ALL",
    "UNAUTHENTICATE",
    "LOGOUT",
    "STARTTLS",
    "COMPRESS DEFLATE",
    "LIST \"\" *",
];

fn command(choice: u8) -> Command {
    let line = LINES[usize::from(choice) % LINES.len()];
    TaggedCommand::parse(&format!("a {line}\r\n").into()).expect("it is one").command
}

impl Session {
    fn new(settings: u8, kinds: [u8; 5], octets: usize) -> Self {
        let mut config = Config::default();
        config.tolerance = fuzz::tolerance(settings & 3);
        config.detect_profile = fuzz::bit(settings, 2);
        if fuzz::bit(settings, 3) {
            config.limits.max_inline_literal = 4;
            config.limits.max_string_literal = 8;
            config.limits.max_literal_before_login = 8;
        }
        if fuzz::bit(settings, 4) {
            config.limits.max_line = 200;
            config.limits.max_line_before_login = 100;
            config.limits.max_frame = 300;
        }
        let mut client = Client::new(config);
        let mut waiting = Vec::new();
        for (n, kind) in kinds.into_iter().enumerate() {
            let tag = Tag::new(format!("a{n}")).expect("a tag");
            if let Ok(id) = client.expect(tag, &command(kind)) {
                waiting.push(id);
            }
        }
        Self { client, waiting, cancels: fuzz::bit(settings, 5), left: None, octets, log: Vec::new() }
    }

    fn play(mut self, chunks: &[&[u8]]) -> Vec<Said> {
        for chunk in chunks {
            self.client.receive(chunk);
            if !self.drain() {
                return self.log;
            }
        }
        self.client.receive_eof();
        if self.drain() {
            self.log.push(Said::NeedInput);
        }
        self.log
    }

    /// Whether more may be fed.
    fn drain(&mut self) -> bool {
        loop {
            match fuzz::step(&mut self.client) {
                Ok(Step::Event(event)) => {
                    if !self.handle(event) {
                        return false;
                    }
                }
                Ok(Step::NeedInput) => return true,
                Ok(Step::Closed) => {
                    self.log.push(Said::Closed);
                    assert!(self.waiting.is_empty(), "lost without a word");
                    return false;
                }
                Ok(Step::Paused(pause)) => {
                    self.log.push(Said::Paused(pause));
                    return false;
                }
                Err(failure) => {
                    self.log.push(Said::Failed(failure));
                    return false;
                }
            }
        }
    }

    /// Whether more may be fed.
    fn handle(&mut self, event: Event) -> bool {
        assert!(self.log.len() <= 4 * self.octets + 32, "events without end");
        let mut goes_on = true;
        match &event {
            Event::Challenge { id, .. } | Event::BadChallenge { id, .. } => {
                assert!(self.waiting.contains(id));
                let answered = if self.cancels {
                    self.client.auth_cancel(*id)
                } else {
                    self.client.auth_respond(*id, b"x")
                };
                answered.expect("a challenge waits");
            }
            Event::Completed { id, .. } | Event::Malformed { id: Some(id), .. } | Event::Lost(id) => {
                self.complete(*id);
            }
            // behind these the chunks do matter
            Event::StartTls { id, .. } | Event::Upgrade { id, .. } => {
                self.complete(*id);
                goes_on = false;
            }
            Event::BodyStart(start) => assert_eq!(self.left.replace(start.size), None, "a body in a body"),
            Event::BodyChunk(chunk) => {
                let left = self.left.as_mut().expect("a chunk of nothing");
                *left = left.checked_sub(chunk.len() as u64).expect("more than was announced");
            }
            Event::BodyEnd => assert_eq!(self.left.take(), Some(0), "less than was announced"),
            Event::Diagnostic(diagnostic) => assert!(diagnostic.stream_offset <= self.octets as u64),
            Event::NotSent { .. } | Event::SendBody { .. } => panic!("nothing was sent: {event:?}"),
            _ => {}
        }
        let _ = self.client.output().take_all();
        match (self.log.last_mut(), event) {
            (Some(Said::Event(Event::BodyChunk(before))), Event::BodyChunk(chunk)) => {
                *before = [&before[..], &chunk[..]].concat().into();
            }
            (_, event) => self.log.push(Said::Event(event)),
        }
        goes_on
    }

    fn complete(&mut self, id: CommandId) {
        let at =
            self.waiting.iter().position(|waiting| *waiting == id).expect("complete twice, or never sent");
        self.waiting.remove(at);
    }
}
