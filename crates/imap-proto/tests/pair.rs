//! Our client and our server over a pipe that moves few octets at a time: commands of all kinds, as early as they may go, with literals
//! that are taken, streamed and refused; FETCH with message data as a stream; IDLE, AUTHENTICATE, STARTTLS, COMPRESS, ENABLE, and data that
//! nobody has asked for between them. What arrives is what was sent, at every pace, without deadlock and in bounded memory.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop, too")]

use bytes::Bytes;
use imap_proto::client::{self, BodyStart, Client};
use imap_proto::server::{self, Server};
use imap_proto::{
    Append, AppendData, AppendMessage, Authenticate, Capabilities, Catenate, CatenatePart, Code, Command,
    Condition, ConditionKind, Fetch, FetchAttribute, FetchCommand, FetchItem, Flag, Greeting, Mailbox,
    MessageData, Number64, Replace, Response, Section, Sequence, State, Tag, TaggedCommand,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;
use wire::sasl::Mechanism;
use wire::testing::{Seeded, pipe};
use wire::{BodyError, CommandId, Machine, Misuse, Pause, Secret, Step};

const NAMES: [&str; 3] = ["box", "missing", "full"];
const HIGH_WATER: usize = 300;
/// A message that is larger is refused by the machine.
const MAX_MESSAGE: u64 = 2000;
/// The same for a name or a string.
const MAX_STRING: u64 = 100;
const MAX_FRAME: usize = 4000;
/// What may be written beyond the high-water mark: one response.
const RESPONSE: usize = 600;

/// What the client's user does, in this order.
#[derive(Debug, Clone)]
enum Act {
    /// A command that is whole at once.
    Ask(String),
    /// APPEND, or REPLACE.
    Append(Message),
    /// IDLE, which is ended when so many data have come.
    Idle(usize),
}

#[derive(Debug, Clone)]
struct Message {
    mailbox: &'static str,
    replace: bool,
    /// The messages, and the parts of each; one part: no CATENATE.
    messages: Vec<Vec<Bytes>>,
}

/// How the client gets to be allowed to do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LoginBy {
    /// The server greets with PREAUTH.
    No,
    /// LOGIN, with literals.
    Command,
    PlainAtOnce,
    PlainAfterChallenge,
    /// Three rounds.
    Rounds,
    /// Cancelled in the second round, then done.
    CancelFirst,
}

#[derive(Debug, Clone)]
struct Session {
    /// Which literals the server offers, if any.
    literals: &'static str,
    rev2: bool,
    /// Whether the server says what it offers without being asked.
    tells: bool,
    tls: bool,
    login: LoginBy,
    /// All commands are given to the client before the server has greeted.
    eager: bool,
    /// Commands run side by side.
    beside: bool,
    /// The largest message data that stand in a value, on either side.
    inline: u64,
    acts: Vec<Act>,
}

/// What the user got to know, in this order.
#[derive(Debug, Clone, PartialEq)]
enum Seen {
    Greeting,
    Data(Response),
    Body(Box<BodyStart>, Vec<u8>),
    Challenge(Vec<u8>),
    Idling(CommandId),
    StartTls,
    Compress,
    Bye,
    /// How a command has ended; `None`: it was not sent, or the server has gone.
    Done(CommandId, Option<ConditionKind>),
}

// ---------------------------------------------------------------------------------------------------------------------
// sessions

fn content() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        3 => "([ -~]{0,40}\r\n){0,6}".prop_map(Bytes::from),
        2 => proptest::sample::select(&["", ")\r\n", "\r\nA1 OK x\r\n", "{5}\r\n", "x {3+}\r\nab", "\n", "\0\0"][..])
            .prop_map(Bytes::from),
        1 => proptest::collection::vec(any::<u8>(), 0..60).prop_map(Bytes::from),
        // some of them too large
        1 => (900usize..2500).prop_map(|len| b"0123456789ABCDEF\r\n)\r\n".iter().copied().cycle().take(len).collect()),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    const LINES: &[&str] = &[
        "NOOP",
        "CAPABILITY",
        "ID (\"name\" \"pair\")",
        "NAMESPACE",
        "LIST \"\" *",
        "STATUS box (MESSAGES UIDNEXT)",
        "CREATE {6}\r\nn\"\\ewx",
        "ENABLE CONDSTORE",
        "ENABLE IMAP4rev2",
        "ENABLE UTF8=ACCEPT QRESYNC",
        "SELECT missing",
        "EXAMINE box",
        "CLOSE",
        "UNSELECT",
        "CHECK",
        "STORE 1 +FLAGS (\\Seen)",
        "UID STORE 1:* FLAGS (\\Deleted $Work)",
        "SEARCH ALL",
        "UID SEARCH CHARSET UTF-8 SUBJECT {9}\r\ngrößte\r OR TEXT {3}\r\n\r\n\r BODY x",
        "SEARCH HEADER {4}\r\nX\r\nY {2}\r\n\r\n",
        "COPY 1 box",
        "UID MOVE 1:2 missing",
        "EXPUNGE",
        "XUNKNOWN 1 2 3",
        "COMPRESS DEFLATE",
        "UNAUTHENTICATE",
        "LOGIN user pass",
        "GETQUOTAROOT INBOX",
    ];
    let parts = proptest::collection::vec(content(), 1..3);
    let messages = (
        prop_oneof![Just("box"), proptest::sample::select(&NAMES[..])],
        any::<bool>(),
        proptest::collection::vec(parts, 1..4),
    );
    let append = messages.prop_map(|(mailbox, replace, mut messages)| {
        if replace {
            messages.truncate(1);
        }
        Act::Append(Message { mailbox, replace, messages })
    });
    prop_oneof![
        8 => proptest::sample::select(LINES).prop_map(|line| Act::Ask(line.to_owned())),
        3 => Just(Act::Ask("SELECT box".to_owned())),
        2 => proptest::sample::select(&["FETCH 1:3", "UID FETCH 1:*", "FETCH 2"][..])
            .prop_map(|words| Act::Ask(format!("{words} (UID BODY.PEEK[])"))),
        1 => Just(Act::Ask("FETCH 1:* FLAGS".to_owned())),
        // some are too long for the server
        1 => (80usize..120).prop_map(|len| Act::Ask(format!("UID SEARCH BODY {{{len}}}\r\n{:\r<len$}", "x"))),
        4 => append,
        1 => (0..4usize).prop_map(Act::Idle),
    ]
}

fn session() -> impl Strategy<Value = Session> {
    let login = prop_oneof![
        2 => Just(LoginBy::No),
        1 => Just(LoginBy::Command),
        3 => proptest::sample::select(
            &[LoginBy::PlainAtOnce, LoginBy::PlainAfterChallenge, LoginBy::Rounds, LoginBy::CancelFirst][..]
        ),
    ];
    let literals = proptest::sample::select(&["", "LITERAL-", "LITERAL+"][..]);
    let inline = proptest::sample::select(&[0, 5, 40, 1000][..]);
    let acts = proptest::collection::vec(act(), 0..25);
    let switches = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (literals, login, inline, acts, switches).prop_map(
        |(literals, login, inline, mut acts, (rev2, tells, tls, eager, beside, bye))| {
            acts.push(Act::Ask(if bye { "XBYE" } else { "LOGOUT" }.to_owned()));
            let tls = tls && login != LoginBy::No;
            let eager = eager && login != LoginBy::CancelFirst;
            Session { literals, rev2, tells, tls, login, eager, beside, inline, acts }
        },
    )
}

fn command(line: &str) -> Command {
    TaggedCommand::parse(&format!("a {line}\r\n").into()).unwrap().command
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

impl Message {
    fn command(&self) -> Command {
        let data = |octets: &Bytes| MessageData::Streamed {
            size: Number64::new(octets.len() as u64).unwrap(),
            binary: octets.contains(&0),
        };
        let mut messages = self.messages.iter().map(|parts| match &parts[..] {
            [octets] => AppendMessage::new(data(octets)).with_flags([Flag::Seen]),
            parts => {
                let parts = parts.iter().map(|octets| CatenatePart::Text(data(octets)));
                AppendMessage::new(AppendData::Catenate(Catenate::new(parts.collect()).unwrap()))
            }
        });
        let mailbox = Mailbox::new(self.mailbox).unwrap();
        let first = messages.next().unwrap();
        if self.replace {
            let message = Sequence::from(NonZeroU32::MIN);
            return Command::UidReplace(Box::new(Replace { message, mailbox, with: first }));
        }
        Command::Append(Box::new(messages.fold(Append::new(mailbox, first), Append::with)))
    }

    /// What is streamed, in its order.
    fn pieces(&self) -> impl Iterator<Item = &Bytes> {
        self.messages.iter().flatten()
    }
}

/// A message in the server's mailbox.
fn stored(number: NonZeroU32) -> Bytes {
    let size = [0, 3, 41, 1500][number.get() as usize % 4];
    b"Subject: x\r\n\r\n)\r\nA1 OK no\r\n\xff".iter().copied().cycle().take(size).collect()
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).unwrap()
}

fn name(mailbox: &Mailbox) -> &str {
    text(mailbox.as_bytes())
}

fn number(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap()
}

// ---------------------------------------------------------------------------------------------------------------------
// the server's side

/// What the application does next.
#[derive(Debug)]
enum Op {
    Say(Response),
    /// A FETCH item by item, or as a value with a stream in it.
    Fetch(NonZeroU32),
    FetchValue(NonZeroU32),
    /// What is left of message data; then the FETCH ends, if it is one item by item.
    Body(Bytes),
    Reply(CommandId, Condition),
    Accept(CommandId),
    Refuse(CommandId, Condition),
    Challenge(CommandId, &'static str),
    AcceptIdle(CommandId),
    Bye,
}

struct Application {
    server: Server,
    ops: VecDeque<Op>,
    /// Replies to commands that run side by side: the last comes first.
    later: Vec<Op>,
    beside: bool,
    tells: bool,
    after: Capabilities,
    /// The commands that came, and how they were answered.
    commands: Vec<(Tag, Command)>,
    answers: BTreeMap<String, ConditionKind>,
    tags: BTreeMap<CommandId, Tag>,
    /// What was streamed of the command that is coming in.
    open: Vec<Vec<u8>>,
    stored: Vec<(&'static str, Vec<Vec<Vec<u8>>>)>,
    rounds: usize,
    /// What chooses what is said between.
    chance: Seeded,
}

const BETWEEN: &[&str] = &[
    "OK [ALERT] between",
    "4 EXISTS",
    "1 FETCH (FLAGS (\\Seen))",
    "1 FETCH (UID 1 BODY[TEXT] {6}\r\na\r\nb\r\n RFC822.SIZE 6)",
    "LIST () \"/\" {4}\r\nx\"\\y",
    "STATUS box (MESSAGES 3)",
    "NO disk is nearly full",
    "1 EXPUNGE",
    "VANISHED 7:9",
];

fn capabilities(session: &Session, more: &str) -> Capabilities {
    let versions = if session.rev2 { "IMAP4rev2" } else { "IMAP4rev1 IMAP4rev2" };
    match response(&format!("CAPABILITY {versions} {} {more}", session.literals).replace("  ", " ")) {
        Response::Capability(capabilities) => capabilities,
        other => panic!("{other:?}"),
    }
}

impl Application {
    fn new(session: &Session) -> Self {
        let before = capabilities(session, "STARTTLS SASL-IR ID ENABLE AUTH=PLAIN AUTH=X-ROUNDS");
        let after = capabilities(
            session,
            "ID ENABLE IDLE NAMESPACE MOVE UIDPLUS UNSELECT CONDSTORE QRESYNC MULTIAPPEND CATENATE REPLACE BINARY UTF8=ACCEPT \
             COMPRESS=DEFLATE UNAUTHENTICATE QUOTA ESEARCH",
        );
        let mut config = server::Config::new(before, after.clone());
        config.allow_cleartext = true;
        config.max_in_progress = if session.beside { 3 } else { 1 };
        config.limits.high_water = HIGH_WATER;
        config.limits.max_message = Some(MAX_MESSAGE);
        config.limits.max_string_literal = MAX_STRING;
        config.limits.max_frame = MAX_FRAME;
        config.limits.max_inline_literal = session.inline;
        config.limits.max_bad_commands = None;
        let kind = if session.login == LoginBy::No { "PREAUTH" } else { "OK" };
        let greeting = format!("* {kind} ready\r\n");
        Self {
            server: Server::new(config, &Greeting::parse(&greeting.into()).unwrap()),
            ops: VecDeque::new(),
            later: Vec::new(),
            beside: session.beside,
            tells: session.tells,
            after,
            commands: Vec::new(),
            answers: BTreeMap::new(),
            tags: BTreeMap::new(),
            open: Vec::new(),
            stored: Vec::new(),
            rounds: 0,
            chance: Seeded::new(session.acts.len() as u64),
        }
    }

    /// Goes on until it has to wait; says whether the connection is over.
    fn go_on(&mut self) -> bool {
        loop {
            while let Some(op) = self.ops.pop_front() {
                if let Some(again) = self.act(op) {
                    self.ops.push_front(again);
                    break;
                }
            }
            match self.server.next_event().unwrap() {
                Step::Event(event) => self.handle(event),
                Step::Closed => return true,
                Step::NeedInput | Step::Paused(Pause::Respond)
                    if self.ops.is_empty() && !self.later.is_empty() =>
                {
                    self.ops.extend(self.later.drain(..).rev());
                }
                Step::Paused(Pause::Respond) => {
                    assert!(!self.ops.is_empty(), "waits for nothing: {:?}", self.server);
                    return false;
                }
                Step::NeedInput | Step::Paused(Pause::Drain | Pause::StartTls | Pause::Upgrade) => {
                    return false;
                }
                Step::Paused(pause) => panic!("{pause:?}"),
            }
        }
    }

    /// Gives back what could not be done yet.
    fn act(&mut self, op: Op) -> Option<Op> {
        let before = self.server.output().len();
        match op {
            Op::Say(said) => match self.server.send(&said) {
                Ok(()) => {}
                // there may be no mailbox to speak of
                Err(Misuse::State { .. }) => assert_eq!(self.server.output().len(), before),
                Err(other) => panic!("{said:?}: {other}"),
            },
            Op::Fetch(of) => match self.server.fetch(of) {
                Ok(mut fetch) => {
                    let octets = stored(of);
                    fetch.attribute(&FetchAttribute::Uid(of)).unwrap();
                    fetch.section(Section::ALL, None, octets.len() as u64).unwrap();
                    self.ops.push_front(Op::Body(octets));
                }
                Err(other) => panic!("{other}"),
            },
            Op::FetchValue(of) => {
                let octets = stored(of);
                let data = MessageData::Streamed {
                    size: Number64::new(octets.len() as u64).unwrap(),
                    binary: false,
                };
                let text = FetchAttribute::Rfc822Text(Some(Box::new(data)));
                let attributes = vec![FetchAttribute::Uid(of), text, FetchAttribute::Size(Number64::from(7))];
                match self
                    .server
                    .send(&Response::Fetch(Box::new(Fetch::new(of, attributes.try_into().unwrap()))))
                {
                    Ok(()) if octets.is_empty() => {}
                    Ok(()) => self.ops.push_front(Op::Body(octets)),
                    Err(other) => panic!("{other}"),
                }
            }
            Op::Body(mut octets) => {
                while !octets.is_empty() {
                    let piece = octets.slice(..octets.len().min(37));
                    match self.server.body(&piece) {
                        Ok(()) => octets = octets.slice(piece.len()..),
                        Err(BodyError::Full) => return Some(Op::Body(octets)),
                        Err(other) => panic!("{other}"),
                    }
                }
                if let Some(mut fetch) = self.server.open_fetch() {
                    fetch.attribute(&FetchAttribute::Size(Number64::from(7))).unwrap();
                    fetch.finish().unwrap();
                }
            }
            Op::Reply(id, condition) => {
                let tag = text(self.tags[&id].as_bytes()).to_owned();
                self.server.reply(id, &condition).unwrap();
                assert_eq!(self.answers.insert(tag, condition.kind()), None);
            }
            Op::Accept(id) => self.server.accept_body(id).unwrap(),
            Op::Refuse(id, condition) => self.server.refuse_body(id, &condition).unwrap(),
            Op::Challenge(id, words) => self.server.challenge(id, words.as_bytes()).unwrap(),
            Op::AcceptIdle(id) => self.server.accept_idle(id).unwrap(),
            Op::Bye => self.server.bye(&condition("BYE enough")).unwrap(),
        }
        assert!(self.server.output().len() <= HIGH_WATER + RESPONSE, "the output is bounded");
        None
    }

    fn reply(&mut self, id: CommandId, words: &str) {
        self.ops.push_back(Op::Reply(id, condition(words)));
    }

    /// What nobody has asked for.
    fn between(&mut self) {
        for _ in 0..self.chance.below(3) {
            let said = BETWEEN[self.chance.below(BETWEEN.len())];
            self.ops.push_back(Op::Say(response(said)));
        }
    }

    fn handle(&mut self, event: server::Event) {
        use server::Event;
        match event {
            Event::Command { id, tag, command } => {
                self.tags.insert(id, tag.clone());
                self.commands.push((tag, command.clone()));
                self.between();
                self.command(id, &command);
            }
            Event::Refused { id, refusal, .. } => {
                // too large, out of place: it has its tag from the machine
                self.server.reply(id, &refusal.reply()).unwrap();
                self.open.clear();
            }
            Event::BodyOffered { id, offer } => {
                assert!(offer.size <= MAX_MESSAGE);
                self.between();
                let full = name(&offer.prefix.mailbox) == "full" || offer.prefix.index == 2;
                if full {
                    self.open.clear();
                    self.ops.push_back(Op::Refuse(id, condition("NO [OVERQUOTA] full")));
                } else {
                    self.open.push(Vec::new());
                    self.ops.push_back(Op::Accept(id));
                }
            }
            Event::BodyChunk { data, .. } => self.open.last_mut().unwrap().extend_from_slice(&data),
            Event::BodyEnd { .. } | Event::StartTls { .. } | Event::Compress { .. } => {}
            Event::AuthResponse { id, data } => self.response(id, data.expose()),
            Event::AuthCancelled { id } => self.reply(id, "BAD cancelled"),
            Event::IdleDone { id } => self.reply(id, "OK idled"),
            other => panic!("a legal session: {other:?}"),
        }
    }

    fn command(&mut self, id: CommandId, command: &Command) {
        let mut words = "OK done";
        let mut say = |text: &str| self.ops.push_back(Op::Say(response(text)));
        match command {
            Command::Login(_) => return self.welcome(id),
            Command::Authenticate(auth) if auth.mechanism.as_str() == "PLAIN" => {
                return match &auth.initial_response {
                    Some(response) => self.response(id, response.expose()),
                    None => self.ops.push_back(Op::Challenge(id, "")),
                };
            }
            Command::Authenticate(_) => {
                self.rounds = 1;
                return self.ops.push_back(Op::Challenge(id, ROUNDS[0]));
            }
            Command::Capability => {
                self.ops.push_back(Op::Say(Response::Capability(self.server.capabilities())));
            }
            Command::Select(select) | Command::Examine(select) => {
                if name(&select.mailbox) == "missing" {
                    words = "NO [NONEXISTENT] no such mailbox";
                } else {
                    say("FLAGS (\\Seen \\Deleted)");
                    say("3 EXISTS");
                    say("OK [UIDVALIDITY 1] valid");
                    words = "OK [READ-WRITE] selected";
                }
            }
            Command::Fetch(fetch) | Command::UidFetch(fetch) => self.fetch(fetch),
            Command::Search(_) | Command::UidSearch(_) => {
                let rev2 = self.server.enabled().rev2;
                say(if rev2 { "ESEARCH ALL 1:3" } else { "SEARCH 1 2 3" });
            }
            Command::Enable(enable) => {
                let names: Vec<_> = enable.capabilities.iter().map(|name| name.to_string()).collect();
                say(&format!("ENABLED {}", names.join(" ")));
            }
            Command::Idle => {
                self.ops.push_back(Op::AcceptIdle(id));
                (0..3).for_each(|_| self.ops.push_back(Op::Say(response("OK still here"))));
                return;
            }
            Command::Append(append) => {
                words = self.appended(name(append.mailbox()), append.messages());
            }
            Command::UidReplace(replace) => {
                words = self.appended(name(&replace.mailbox), core::slice::from_ref(&replace.with));
            }
            Command::UidMove(_) => words = "NO [TRYCREATE] no",
            Command::Other(other) if other.name().as_bytes() == b"XBYE" => {
                return self.ops.push_back(Op::Bye);
            }
            Command::Other(_) => return self.ops.push_back(Op::Reply(id, server::unknown_reply())),
            Command::List(_) => {
                say("LIST (\\HasNoChildren) \"/\" box");
                say("LIST () NIL {5}\r\na\"\\\"b");
            }
            Command::Status(_) => say("STATUS box (MESSAGES 3 UIDNEXT 9)"),
            _ => {}
        }
        let reply = Op::Reply(id, condition(words));
        if self.beside
            && matches!(command, Command::Fetch(_) | Command::Noop | Command::Search(_) | Command::List(_))
        {
            self.later.push(reply);
        } else {
            self.ops.push_back(reply);
        }
    }

    fn fetch(&mut self, fetch: &FetchCommand) {
        let items = fetch.items().expanded();
        for n in 1..=4 {
            self.ops.push_back(match (items.contains(&FetchItem::Flags), n % 2) {
                (true, _) => Op::Say(response(&format!("{n} FETCH (FLAGS ())"))),
                (_, 0) => Op::Fetch(number(n)),
                _ => Op::FetchValue(number(n)),
            });
        }
    }

    fn appended(&mut self, mailbox: &str, messages: &[AppendMessage]) -> &'static str {
        let mut streamed = std::mem::take(&mut self.open).into_iter();
        let mut octets = |data: &MessageData| match data {
            MessageData::Inline(octets) => octets.as_bytes().to_vec(),
            MessageData::Streamed { size, .. } => {
                let octets = streamed.next().unwrap();
                assert_eq!(octets.len() as u64, size.get());
                octets
            }
        };
        let messages: Vec<Vec<_>> = messages
            .iter()
            .map(|message| match &message.data {
                AppendData::Message(data) => vec![octets(data)],
                AppendData::Catenate(parts) => parts
                    .parts()
                    .iter()
                    .map(|part| match part {
                        CatenatePart::Text(data) => octets(data),
                        other => panic!("{other:?}"),
                    })
                    .collect(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(streamed.next(), None);
        match mailbox {
            "missing" => "NO [TRYCREATE] no such mailbox",
            // small ones are not offered
            "full" => "NO [OVERQUOTA] full",
            _ => {
                self.stored.push((NAMES.into_iter().find(|name| *name == mailbox).unwrap(), messages));
                "OK [APPENDUID 1 2] appended"
            }
        }
    }

    fn response(&mut self, id: CommandId, data: &[u8]) {
        match (data, self.rounds) {
            (b"\0user\0pass", 0) => self.welcome(id),
            (response, round @ 1..) => {
                assert_eq!(response, format!("answer to {}", ROUNDS[round - 1]).as_bytes());
                self.rounds = (round + 1) % 4;
                match ROUNDS.get(round) {
                    Some(challenge) => self.ops.push_back(Op::Challenge(id, challenge)),
                    None => self.welcome(id),
                }
            }
            other => panic!("{other:?}"),
        }
    }

    fn welcome(&mut self, id: CommandId) {
        let code = self.tells.then(|| Code::Capability(Box::new(self.after.clone())));
        let reply = Condition::new(ConditionKind::Ok, code, "welcome".try_into().unwrap());
        self.ops.push_back(Op::Reply(id, reply.unwrap()));
    }
}

const ROUNDS: [&str; 3] = ["round 1", "round 2", "round 3"];

// ---------------------------------------------------------------------------------------------------------------------
// the client's side

struct User<'s> {
    session: &'s Session,
    client: Client,
    acts: VecDeque<&'s Act>,
    /// Steps of the start that are left.
    tls: bool,
    login: bool,
    /// Commands that were accepted and are not complete, and what they were.
    open: BTreeMap<CommandId, Option<&'s Act>>,
    /// All that were accepted.
    sent: Vec<(CommandId, Command, Option<&'s Act>)>,
    cancelled: bool,
    /// How many responses to wait for before IDLE is ended.
    idling: Option<(CommandId, usize)>,
    /// What is left of a literal that is due.
    feeding: Option<(CommandId, Bytes)>,
    /// A body that comes in.
    body: Option<(Box<BodyStart>, Vec<u8>)>,
    bodies: Vec<Vec<u8>>,
    gone: bool,
    seen: Vec<Seen>,
}

impl<'s> User<'s> {
    fn new(session: &'s Session) -> Self {
        let mut config = client::Config::default();
        config.allow_cleartext = true;
        config.auto_hold = true;
        config.limits.high_water = HIGH_WATER;
        config.limits.max_inline_literal = session.inline;
        let mut user = Self {
            session,
            client: Client::new(config),
            acts: session.acts.iter().collect(),
            tls: session.tls,
            login: session.login != LoginBy::No,
            open: BTreeMap::new(),
            sent: Vec::new(),
            cancelled: false,
            idling: None,
            feeding: None,
            body: None,
            bodies: Vec::new(),
            gone: false,
            seen: Vec::new(),
        };
        if session.eager && !session.tls && session.login != LoginBy::No {
            user.go_on();
        }
        user
    }

    /// Gives the client what comes next: all, or one when nothing is under way.
    fn go_on(&mut self) {
        while self.open.is_empty()
            || self.session.eager && !self.tls && self.client.is_tls() == self.session.tls
        {
            if std::mem::take(&mut self.tls) {
                return self.send(&Command::StartTls, None);
            }
            if std::mem::take(&mut self.login) {
                self.send(&self.login_command(), None);
                continue;
            }
            let Some(act) = self.acts.pop_front() else { return };
            match act {
                Act::Ask(line) => self.send(&command(line), Some(act)),
                Act::Append(message) => self.send(&message.command(), Some(act)),
                Act::Idle(_) => self.send(&Command::Idle, Some(act)),
            }
        }
    }

    fn send(&mut self, command: &Command, act: Option<&'s Act>) {
        match self.client.send(command) {
            Ok(id) => {
                self.open.insert(id, act);
                self.sent.push((id, command.clone(), act));
            }
            // what is not possible here may be held back for a while, too, before that is told
            Err(Misuse::State { .. } | Misuse::NotAdvertised(_)) => {}
            Err(other) => panic!("{command:?}: {other}"),
        }
    }

    fn login_command(&self) -> Command {
        let (mechanism, response) = match self.session.login {
            LoginBy::No | LoginBy::Command => return command("LOGIN {4}\r\nus\"r {7}\r\np\r\n ss\\"),
            LoginBy::PlainAtOnce => ("PLAIN", Some(Secret::new(*b"\0user\0pass"))),
            LoginBy::PlainAfterChallenge => ("PLAIN", None),
            LoginBy::Rounds | LoginBy::CancelFirst => ("X-ROUNDS", None),
        };
        let mut authenticate = Authenticate::new(Mechanism::new(mechanism).unwrap());
        authenticate.initial_response = response;
        Command::Authenticate(Box::new(authenticate))
    }

    /// Gives as much of a literal as is taken.
    fn feed(&mut self) {
        while let Some((id, octets)) = &mut self.feeding {
            let piece = octets.slice(..octets.len().min(53));
            match self.client.body(*id, &piece) {
                Ok(()) => {
                    *octets = octets.slice(piece.len()..);
                    if octets.is_empty() {
                        self.feeding = None;
                    }
                }
                Err(BodyError::Full) => return,
                // the server has said BYE
                Err(BodyError::Misuse(_)) if self.gone => self.feeding = None,
                Err(other) => panic!("{other}"),
            }
        }
    }

    fn handle(&mut self, event: client::Event) {
        use client::Event;
        // what we have sent may bring events of its own
        if !matches!(event, Event::SendBody { .. } | Event::NotSent { .. }) {
            let within = matches!(event, Event::BodyChunk(_) | Event::BodyEnd);
            assert_eq!(self.body.is_some(), within, "{event:?} {:?}", self.body);
        }
        match event {
            Event::Greeting(_) => self.seen.push(Seen::Greeting),
            Event::Data { response, answers } => {
                assert!(answers.is_none_or(|id| self.open.contains_key(&id)));
                if let Response::Fetch(fetch) = &response {
                    self.check(fetch);
                }
                self.seen.push(Seen::Data(response));
                if let Some((id, left)) = &mut self.idling {
                    *left -= 1;
                    if *left == 0 {
                        self.client.idle_done(*id).unwrap();
                        self.idling = None;
                    }
                }
            }
            Event::BodyStart(mut start) => {
                // what it may answer depends on what was sent by then
                let answers = start.answers.take();
                assert!(answers.is_none_or(|id| self.open.contains_key(&id)));
                self.body = Some((start, Vec::new()));
            }
            Event::BodyChunk(octets) => self.body.as_mut().unwrap().1.extend_from_slice(&octets),
            Event::BodyEnd => {
                let (start, octets) = self.body.take().unwrap();
                assert_eq!(octets.len() as u64, start.size);
                self.bodies.push(octets.clone());
                self.seen.push(Seen::Body(start, octets));
            }
            Event::SendBody { id, size, index } => {
                let Some(Act::Append(message)) = self.open[&id] else { panic!("{id:?}") };
                let octets = message.pieces().nth(index).unwrap();
                assert_eq!(octets.len() as u64, size);
                assert!(self.feeding.replace((id, octets.clone())).is_none());
            }
            Event::Challenge { id, data } => {
                self.seen.push(Seen::Challenge(data.expose().to_vec()));
                match (self.session.login, data.expose()) {
                    (LoginBy::CancelFirst, b"round 2") if !self.cancelled => {
                        self.cancelled = true;
                        self.login = true;
                        self.client.auth_cancel(id).unwrap();
                    }
                    (_, b"") => self.client.auth_respond(id, b"\0user\0pass").unwrap(),
                    (_, round) => self.client.auth_respond(id, &[b"answer to ", round].concat()).unwrap(),
                }
            }
            Event::Idling { id, .. } => {
                let Some(Act::Idle(responses)) = self.open[&id] else { panic!("{id:?}") };
                self.seen.push(Seen::Idling(id));
                match responses {
                    0 => self.client.idle_done(id).unwrap(),
                    _ => self.idling = Some((id, *responses)),
                }
            }
            Event::Completed { id, tagged } => {
                assert_eq!(tagged.tag.as_bytes(), format!("A{}", id.index() + 1).as_bytes());
                self.done(id, Some(tagged.condition.kind()));
            }
            Event::StartTls { id, .. } => {
                self.open.remove(&id).unwrap();
                self.seen.push(Seen::StartTls);
            }
            Event::Upgrade { id, .. } => {
                self.open.remove(&id).unwrap();
                self.seen.push(Seen::Compress);
            }
            Event::NotSent { id, misuse } => {
                assert!(matches!(misuse, Misuse::State { .. } | Misuse::NotAdvertised(_)), "{misuse}");
                self.done(id, None);
            }
            Event::Lost(id) => {
                assert!(self.gone);
                self.done(id, None);
            }
            Event::Bye(_) => {
                self.gone = true;
                self.seen.push(Seen::Bye);
            }
            other => panic!("a legal session: {other:?}"),
        }
    }

    fn done(&mut self, id: CommandId, how: Option<ConditionKind>) {
        self.open.remove(&id).unwrap();
        self.seen.push(Seen::Done(id, how));
    }

    /// A message came as it is stored, in the value or as a stream.
    fn check(&mut self, fetch: &Fetch) {
        let mut streamed = std::mem::take(&mut self.bodies).into_iter();
        for attribute in fetch.attributes() {
            let data = match attribute {
                FetchAttribute::Section(section) => section.data.as_ref(),
                FetchAttribute::Rfc822Text(data) => data.as_deref(),
                _ => continue,
            };
            let octets = match data.unwrap() {
                MessageData::Inline(octets) => octets.as_bytes().to_vec(),
                MessageData::Streamed { .. } => streamed.next().unwrap(),
            };
            // said between
            assert!(octets == b"a\r\nb\r\n" || octets == stored(fetch.number));
        }
        assert_eq!(streamed.next(), None);
    }
}

/// What came of a session.
#[derive(Debug, PartialEq)]
struct Played {
    seen: Vec<Seen>,
    stored: Vec<(&'static str, Vec<Vec<Vec<u8>>>)>,
}

/// Plays a session; `pace` octets at most go over at a time.
fn play(session: &Session, pace: usize, seed: u64) -> Played {
    let mut seeded = Seeded::new(seed);
    let mut user = User::new(session);
    let mut application = Application::new(session);
    let mut over = false;
    for _ in 0..400_000 {
        if user.client.state() != State::Greeting {
            user.go_on();
        }
        user.feed();
        assert!(
            user.client.output().len() <= HIGH_WATER + RESPONSE * user.sent.len(),
            "the output is bounded"
        );
        let mut moved = pipe(&mut user.client, &mut application.server, seeded.below(pace) + 1);
        assert!(application.server.unread() <= MAX_FRAME + pace);
        over |= application.go_on();
        moved += pipe(&mut application.server, &mut user.client, seeded.below(pace) + 1);
        if over && application.server.output().is_empty() {
            user.client.receive_eof();
        }
        loop {
            match user.client.next_event().unwrap() {
                Step::Event(event) => {
                    user.handle(event);
                    moved += 1;
                }
                Step::NeedInput | Step::Paused(Pause::Drain | Pause::Respond) => break,
                Step::Closed => {
                    assert_eq!((user.client.outstanding(), user.open.len()), (0, 0));
                    assert_eq!(user.client.state(), State::Logout);
                    return finish(user, application);
                }
                Step::Paused(Pause::StartTls) => {
                    // here the handshake would be
                    application.server.tls_established().unwrap();
                    user.client.tls_established().unwrap();
                }
                Step::Paused(Pause::Upgrade) => {
                    // and here DEFLATE would begin
                    assert_eq!(application.server.compressed().unwrap(), "");
                    assert_eq!(user.client.compressed().unwrap(), "");
                }
                Step::Paused(pause) => panic!("{pause:?}"),
            }
        }
        let idle =
            moved == 0 && !over && application.server.output().is_empty() && user.client.output().is_empty();
        assert!(!idle || user.open.is_empty(), "deadlock in {:?}\n{:?}", user.client, application.server);
    }
    panic!("no end in sight");
}

/// Both sides tell of the same.
fn finish(user: User<'_>, application: Application) -> Played {
    let User { session, mut seen, sent, .. } = user;
    let Application { commands, answers, stored, .. } = application;
    for done in &seen {
        let Seen::Done(id, Some(kind)) = done else { continue };
        let told = answers.get(&format!("A{}", id.index() + 1));
        // what the machine has answered by itself, or refused by the application's leave, is no success
        assert!(told.map_or(*kind != ConditionKind::Ok, |told| told == kind), "{done:?} {told:?}");
    }
    let mut last = 0;
    for (tag, command) in &commands {
        let at = sent.iter().position(|(id, ..)| format!("A{}", id.index() + 1).as_bytes() == tag.as_bytes());
        let at = at.unwrap();
        assert!(at >= last, "in the order of sending");
        last = at;
        if session.inline == 0 || !matches!(command, Command::Append(_) | Command::UidReplace(_)) {
            assert_eq!(*command, sent[at].1);
        }
    }
    let taken = sent.iter().filter_map(|(id, _, act)| match act {
        Some(Act::Append(message)) if seen.contains(&Seen::Done(*id, Some(ConditionKind::Ok))) => {
            Some(message)
        }
        _ => None,
    });
    let taken = taken.map(|message| {
        let parts = |parts: &Vec<Bytes>| parts.iter().map(|part| part.to_vec()).collect::<Vec<_>>();
        (message.mailbox, message.messages.iter().map(parts).collect::<Vec<_>>())
    });
    assert_eq!(taken.collect::<Vec<_>>(), stored);
    if session.beside {
        // when a reply comes depends on what has come by then, and so does what may be said before it
        seen.retain(|seen| matches!(seen, Seen::Done(..)));
        seen.sort_by_key(|seen| match seen {
            Seen::Done(id, _) => id.index(),
            _ => 0,
        });
    }
    Played { seen, stored }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_arrives_is_what_was_sent(session in session(), seed: u64) {
        let at_once = play(&session, 1 << 20, seed);
        for pace in [1, 3, 50, 400] {
            prop_assert_eq!(&play(&session, pace, seed), &at_once, "at a pace of {}", pace);
        }
    }
}

#[test]
fn each_kind_is_played() {
    let ask = |line: &str| Act::Ask(line.to_owned());
    let message = |mailbox, parts: &[&[&'static str]]| {
        let messages =
            parts.iter().map(|parts| parts.iter().map(|part| Bytes::from(*part)).collect()).collect();
        Act::Append(Message { mailbox, replace: false, messages })
    };
    let acts = vec![
        ask("ENABLE CONDSTORE"),
        message("box", &[&["one\r\n"], &["t", "wo\r\n", ""]]),
        message("full", &[&["no\r\n"]]),
        message("missing", &[&["no\r\n"]]),
        ask("SELECT box"),
        ask("FETCH 1:* (UID BODY.PEEK[])"),
        ask("SEARCH ALL"),
        Act::Idle(2),
        ask("COMPRESS DEFLATE"),
        ask("CLOSE"),
        ask("UID FETCH 1 (UID BODY.PEEK[])"),
        ask("UNAUTHENTICATE"),
        ask("LOGIN user pass"),
        ask("LOGOUT"),
    ];
    for literals in ["", "LITERAL-", "LITERAL+"] {
        for login in [
            LoginBy::Command,
            LoginBy::PlainAtOnce,
            LoginBy::PlainAfterChallenge,
            LoginBy::Rounds,
            LoginBy::CancelFirst,
        ] {
            let eager = login != LoginBy::CancelFirst;
            let acts = acts.clone();
            let session = Session {
                literals,
                rev2: false,
                tells: true,
                tls: true,
                login,
                eager,
                beside: false,
                inline: 0,
                acts,
            };
            let played = play(&session, 7, 0);
            assert_eq!(played, play(&session, 1 << 20, 0));
            let octets = |text: &str| text.as_bytes().to_vec();
            let stored = vec![vec![octets("one\r\n")], vec![octets("t"), octets("wo\r\n"), octets("")]];
            assert_eq!(played.stored, [("box", stored)]);
            let bodies = played.seen.iter().filter(|seen| matches!(seen, Seen::Body(..))).count();
            // the fourth is empty, and stands in the value
            assert!(bodies >= 3, "{bodies}");
            let count = |wanted: fn(&Seen) -> bool| played.seen.iter().filter(|seen| wanted(seen)).count();
            assert_eq!(count(|seen| matches!(seen, Seen::Idling(_))), 1);
            assert_eq!(count(|seen| matches!(seen, Seen::StartTls | Seen::Compress | Seen::Bye)), 3);
            assert_eq!(count(|seen| matches!(seen, Seen::Done(_, Some(ConditionKind::No)))), 2);
        }
    }
}
