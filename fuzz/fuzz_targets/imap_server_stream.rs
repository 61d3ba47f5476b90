//! What any client may say, through the server machine: no panic, the same events and the same octets under every chunking once chunks
//! of a body are joined, each command told once, bodies of the size that was offered, and memory within the limits. The application takes
//! and refuses, answers and speaks as the input chooses, but always at once.
#![no_main]

use bytes::Bytes;
use imap_proto::server::{self, Config, Event, Server};
use imap_proto::{
    AppendData, Capabilities, Command, Condition, ConditionKind, Greeting, MessageData, Response, State,
};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use wire::{CommandId, Fatal, Machine, Misuse, Pause, Step};

fuzz_target!(|data: &[u8]| {
    let Some((&[a, b, c, d, settings, choices @ ..], stream)) = data.split_first_chunk::<10>() else {
        return;
    };
    let logs = fuzz::chunkings([a, b, c, d], stream)
        .map(|chunks| Session::new(settings, choices, stream.len()).play(&chunks));
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
    /// All that was written.
    Wrote(Bytes),
}

struct Session {
    server: Server,
    choices: [u8; 5],
    made: usize,
    /// Commands that were told of, the next of which has a higher id.
    last: Option<CommandId>,
    /// What is being read: its id, and how many octets are missing.
    body: Option<(CommandId, u64)>,
    /// The sizes of what was read of the command.
    sizes: Vec<u64>,
    octets: usize,
    log: Vec<Said>,
    wrote: Vec<u8>,
}

const BEFORE: &[&str] = &[
    "IMAP4rev1 STARTTLS AUTH=PLAIN AUTH=SCRAM-SHA-256 SASL-IR LITERAL+ ID",
    "IMAP4rev2 AUTH=PLAIN",
    "IMAP4rev1",
    "IMAP4rev1 IMAP4rev2 LITERAL- AUTH=PLAIN SASL-IR COMPRESS=DEFLATE",
];
const AFTER: &[&str] = &[
    "IMAP4rev1 IMAP4rev2 LITERAL+ ID ENABLE IDLE MOVE UIDPLUS CONDSTORE QRESYNC UIDONLY MULTIAPPEND CATENATE REPLACE BINARY UTF8=ACCEPT \
     COMPRESS=DEFLATE NOTIFY UNAUTHENTICATE SORT UNSELECT NAMESPACE ESEARCH SEARCHRES METADATA ACL QUOTA OBJECTID",
    "IMAP4rev2 MULTIAPPEND APPENDLIMIT=20",
    "IMAP4rev1",
    "IMAP4rev1 IMAP4rev2 LITERAL- IDLE CATENATE REPLACE BINARY ENABLE",
];
const SAID: &[&str] = &[
    "3 EXISTS",
    "2 EXPUNGE",
    "VANISHED 4:5",
    "1 FETCH (UID 1 FLAGS (\\Seen))",
    "LIST () \"/\" {3}\r\nx\"y",
    "ENABLED CONDSTORE UTF8=ACCEPT",
    "ESEARCH ALL 1:3",
    "SEARCH 1 2",
    "OK [CLOSED] closed",
    "OK [ALERT] look",
];

static OFFERED: LazyLock<[Vec<Capabilities>; 2]> = LazyLock::new(|| {
    [BEFORE, AFTER].map(|all| {
        all.iter()
            .map(|words| match response(&format!("CAPABILITY {words}")) {
                Response::Capability(capabilities) => capabilities.detach(),
                other => panic!("{other:?}"),
            })
            .collect()
    })
});
static RESPONSES: LazyLock<Vec<Response>> =
    LazyLock::new(|| SAID.iter().map(|text| response(text)).collect());

fn response(text: &str) -> Response {
    Response::parse(&format!("* {text}\r\n").into()).expect("it is one")
}

fn condition(kind: ConditionKind) -> Condition {
    Condition::new(kind, None, "x".try_into().expect("a text")).expect("no code")
}

impl Session {
    fn new(settings: u8, choices: [u8; 5], octets: usize) -> Self {
        let offers = usize::from(settings >> 2 & 3);
        let mut config = Config::new(OFFERED[0][offers].clone(), OFFERED[1][offers].clone());
        config.tolerance = fuzz::tolerance(settings & 3);
        config.allow_cleartext = fuzz::bit(settings, 4);
        config.max_in_progress = usize::from(settings >> 7) + 1;
        // these depend on when octets arrive, and how many answers were given by then
        config.refuse_out_of_turn = false;
        config.limits.max_bad_commands = Some(8);
        if fuzz::bit(settings, 5) {
            config.limits.max_line = 100;
            config.limits.max_line_before_login = 80;
            config.limits.max_frame = 200;
            config.limits.max_string_literal = 20;
            config.limits.max_literal_before_login = 10;
            config.limits.max_inline_literal = 5;
            config.limits.max_message = Some(30);
        }
        let kind = if fuzz::bit(settings, 6) { ConditionKind::PreAuth } else { ConditionKind::Ok };
        let greeting = Greeting::new(condition(kind)).expect("a greeting");
        Self {
            server: Server::new(config, &greeting),
            choices,
            made: 0,
            last: None,
            body: None,
            sizes: Vec::new(),
            octets,
            log: Vec::new(),
            wrote: Vec::new(),
        }
    }

    fn choose(&mut self) -> u8 {
        let choice = self.choices[self.made % self.choices.len()].rotate_right(self.made as u32 / 5);
        self.made += 1;
        choice
    }

    fn play(mut self, chunks: &[&[u8]]) -> Vec<Said> {
        self.take();
        let mut goes_on = true;
        for chunk in chunks {
            self.server.receive(chunk);
            goes_on = self.drain();
            if !goes_on {
                break;
            }
        }
        if goes_on {
            self.server.receive_eof();
            if self.drain() {
                self.log.push(Said::NeedInput);
            }
        }
        let _ = (self.server.timeout(), self.server.capabilities(), self.server.enabled());
        if let Some(Said::Failed(_)) = self.log.last() {
            match self.server.say_last() {
                Ok(()) => assert_eq!(self.server.state(), State::Logout),
                Err(misuse) => assert!(matches!(misuse, Misuse::State { .. }), "{misuse}"),
            }
        }
        self.take();
        self.log.push(Said::Wrote(self.wrote.into()));
        self.log
    }

    fn take(&mut self) {
        self.wrote.extend_from_slice(&self.server.output().take_all());
    }

    /// Whether more may be fed.
    fn drain(&mut self) -> bool {
        loop {
            match fuzz::step(&mut self.server) {
                Ok(Step::Event(event)) => {
                    if !self.handle(event) {
                        return false;
                    }
                }
                Ok(Step::NeedInput) => return true,
                Ok(Step::Closed) => {
                    self.log.push(Said::Closed);
                    return false;
                }
                Ok(Step::Paused(Pause::Drain)) => self.take(),
                Ok(Step::Paused(pause)) => panic!("everything was answered: {pause:?}"),
                Err(failure) => {
                    self.log.push(Said::Failed(failure));
                    return false;
                }
            }
        }
    }

    /// A command is told of, or offered, for the first time.
    fn begins(&mut self, id: CommandId) {
        assert!(self.last < Some(id), "each once, in order");
        self.last = Some(id);
    }

    /// Whether more may be fed.
    fn handle(&mut self, event: Event) -> bool {
        assert!(self.log.len() <= 4 * self.octets + 32, "events without end");
        let mut goes_on = true;
        match &event {
            Event::Command { id, command, .. } => {
                if self.sizes.is_empty() {
                    self.begins(*id);
                }
                self.check(command);
                // whether octets wait behind them depends on the chunks
                if matches!(command, Command::StartTls | Command::Compress(_)) {
                    goes_on = false;
                } else {
                    self.speak();
                    self.answer(*id, command);
                }
            }
            Event::Refused { id, refusal, .. } => {
                self.refuse(*id, &refusal.reply());
            }
            Event::Malformed { id, malformed } => {
                self.refuse(*id, &server::malformed_reply(malformed));
            }
            Event::BodyOffered { id, offer } => {
                if self.sizes.is_empty() {
                    self.begins(*id);
                }
                assert_eq!(self.last, Some(*id));
                self.speak();
                if self.choose() % 4 == 0 {
                    self.sizes.clear();
                    let ok = condition(ConditionKind::Ok);
                    assert_eq!(self.server.refuse_body(*id, &ok), Err(Misuse::WrongReply));
                    self.server.refuse_body(*id, &condition(ConditionKind::No)).expect("it was offered");
                    assert_eq!(self.server.accept_body(*id), Err(Misuse::UnknownId));
                } else {
                    self.server.accept_body(*id).expect("it was offered");
                    self.body = Some((*id, offer.size));
                    self.sizes.push(offer.size);
                }
            }
            Event::BodyChunk { id, data } => {
                let (of, left) = self.body.as_mut().expect("a chunk of nothing");
                assert_eq!(of, id);
                *left = left.checked_sub(data.len() as u64).expect("more than was offered");
            }
            Event::BodyEnd { id } => assert_eq!(self.body.take(), Some((*id, 0)), "less than was offered"),
            Event::AuthResponse { id, .. } => self.authenticate(*id),
            Event::AuthCancelled { id } => {
                assert!(self.server.challenge(*id, b"").is_err());
                assert!(self.server.reply(*id, &condition(ConditionKind::Ok)).is_err());
                self.reply(*id, ConditionKind::Bad);
            }
            Event::IdleDone { id } => self.reply(*id, ConditionKind::Ok),
            Event::StartTls { .. } | Event::Compress { .. } => panic!("nobody has agreed to it"),
            Event::Diagnostic(diagnostic) => assert!(diagnostic.stream_offset <= self.octets as u64),
            other => panic!("an event that nobody knows: {other:?}"),
        }
        self.take();
        match (self.log.last_mut(), event) {
            (Some(Said::Event(Event::BodyChunk { data: before, .. })), Event::BodyChunk { data, .. }) => {
                *before = [&before[..], &data[..]].concat().into();
            }
            (_, event) => self.log.push(Said::Event(event)),
        }
        goes_on
    }

    /// What was streamed stands in its place.
    fn check(&mut self, command: &Command) {
        let mut sizes = std::mem::take(&mut self.sizes).into_iter();
        let mut check = |data: &AppendData| {
            let mut one = |data: &MessageData| {
                if let MessageData::Streamed { size, .. } = data {
                    assert_eq!(sizes.next(), Some(size.get()));
                }
            };
            match data {
                AppendData::Message(data) | AppendData::Utf8(data) => one(data),
                AppendData::Catenate(parts) => parts.parts().iter().for_each(|part| match part {
                    imap_proto::CatenatePart::Text(data) | imap_proto::CatenatePart::Utf8(data) => one(data),
                    imap_proto::CatenatePart::Url(_) => {}
                }),
                _ => {}
            }
        };
        match command {
            Command::Append(append) => append.messages().iter().for_each(|message| check(&message.data)),
            Command::Replace(replace) | Command::UidReplace(replace) => check(&replace.with.data),
            _ => {}
        }
        assert_eq!(sizes.next(), None, "streamed, and nowhere in {command:?}");
    }

    /// Says something, or changes nothing.
    fn speak(&mut self) {
        let choice = self.choose();
        for said in RESPONSES.iter().skip(usize::from(choice >> 4)).take(usize::from(choice & 3)) {
            let before = self.server.output().len();
            if let Err(misuse) = self.server.send(said) {
                assert!(matches!(misuse, Misuse::State { .. }), "{said:?}: {misuse}");
                assert_eq!(self.server.output().len(), before, "misuse wrote something");
            }
        }
        if choice & 12 == 0 {
            if let Ok(mut fetch) = self.server.fetch(std::num::NonZeroU32::MIN) {
                fetch.section(imap_proto::Section::ALL, None, 5).expect("it is open");
                fetch.body(&Bytes::from_static(b"ab\r")).expect("they are due");
                assert!(self.server.send(&RESPONSES[9]).is_err());
                let mut fetch = self.server.open_fetch().expect("it is open");
                fetch.body(&Bytes::from_static(b"\n)")).expect("they are due");
                fetch.finish().expect("it is whole");
            }
        }
    }

    fn refuse(&mut self, id: CommandId, words: &Condition) {
        if self.last < Some(id) {
            self.last = Some(id);
        }
        self.sizes.clear();
        self.body = None;
        assert_eq!(self.server.reply(id, &condition(ConditionKind::Ok)), Err(Misuse::WrongReply));
        self.server.reply(id, words).expect("it is refused");
        assert_eq!(self.server.reply(id, words), Err(Misuse::UnknownId));
    }

    fn reply(&mut self, id: CommandId, kind: ConditionKind) {
        self.server.reply(id, &condition(kind)).expect("an answer is due");
    }

    fn answer(&mut self, id: CommandId, command: &Command) {
        let choice = self.choose();
        let kind = match choice % 8 {
            0 => ConditionKind::No,
            1 => ConditionKind::Bad,
            _ => ConditionKind::Ok,
        };
        match command {
            Command::Authenticate(_) => self.authenticate(id),
            Command::Idle if kind == ConditionKind::Ok => {
                self.server.accept_idle(id).expect("it asks for it");
                assert!(self.server.reply(id, &condition(ConditionKind::No)).is_err(), "before DONE");
                assert!(self.server.accept_idle(id).is_err());
            }
            _ => self.reply(id, kind),
        }
    }

    /// The next turn in an exchange.
    fn authenticate(&mut self, id: CommandId) {
        match self.choose() % 4 {
            0 => self.reply(id, ConditionKind::No),
            // not without a response
            1 if self.server.reply(id, &condition(ConditionKind::Ok)).is_ok() => {}
            _ => self.server.challenge(id, b"challenge").expect("it is our turn"),
        }
    }
}
