//! Sequences of calls on a client and a server with a narrow pipe between them, in any order: no panic, misuse changes nothing, what one
//! writes the other understands, each command ends once, what is streamed arrives as it was given, output stays bounded.
#![no_main]

use arbitrary::Arbitrary;
use bytes::Bytes;
use imap_proto::client::{self, Client};
use imap_proto::server::{self, Server};
use imap_proto::{
    Append, AppendData, AppendMessage, Authenticate, Capabilities, Catenate, CatenatePart, Command,
    Condition, ConditionKind, Fetch, FetchAttribute, Flag, Greeting, Mailbox, MessageData, Replace, Response,
    Section, Sequence, TaggedCommand,
};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::LazyLock;
use wire::sasl::Mechanism;
use wire::testing::pipe;
use wire::{BodyError, CommandId, Fatal, Machine, Misuse, Pause, Secret, Step};

#[derive(Debug, Arbitrary)]
struct Case<'d> {
    settings: Settings,
    calls: Vec<Call<'d>>,
}

#[derive(Debug, Arbitrary)]
struct Settings {
    client_tls: bool,
    server_tls: bool,
    preauth: bool,
    cleartext: bool,
    auto_hold: bool,
    unchecked: bool,
    tells: bool,
    small: bool,
    beside: bool,
    offers: u8,
    tolerances: u8,
}

#[derive(Debug, Arbitrary)]
enum Call<'d> {
    Send(u8),
    Append(u8, Vec<(u8, bool)>),
    Authenticate(bool, Option<&'d [u8]>),
    Feed(Which, u8),
    EndBody(Which),
    AuthRespond(Which, &'d [u8]),
    AuthCancel(Which),
    IdleDone(Which),
    Tls,
    Compressed,
    SetProfile(u8),
    ClientEvent,
    ClientEof,
    Reply(Which, u8),
    Say(u8),
    SayStreamed(u8, u8),
    Fetch(u8),
    Item(u8),
    SectionItem(u8),
    Body(u8),
    Finish,
    Accept(Which),
    Refuse(Which, u8),
    Challenge(Which, &'d [u8]),
    AcceptIdle(Which),
    Bye,
    SayLast,
    ServerEvent,
    ServerEof,
    ToServer(u8),
    ToClient(u8),
    /// The reply that the server's oldest command calls for.
    Serve,
    /// Whole rounds of the pipe and of events.
    Run,
}

#[derive(Debug, Arbitrary)]
enum Which {
    Last,
    First,
    Any(u8),
}

fuzz_target!(|case: Case<'_>| {
    let mut pair = Pair::new(&case.settings);
    for call in &case.calls {
        pair.call(call);
    }
    pair.run();
});

const LINES: &[&str] = &[
    "NOOP",
    "CAPABILITY",
    "LOGIN user {4}\r\np\r\ns",
    "STARTTLS",
    "SELECT box",
    "EXAMINE box",
    "CLOSE",
    "UNSELECT",
    "FETCH 1:3 (UID BODY[])",
    "UID FETCH 1 (FLAGS)",
    "STORE 1 +FLAGS (\\Seen)",
    "SEARCH SUBJECT {3}\r\n\r\n\r",
    "UID SEARCH HEADER {1}\r\n\r {20}\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n",
    "LIST \"\" *",
    "STATUS box (MESSAGES)",
    "ENABLE CONDSTORE UTF8=ACCEPT",
    "ENABLE QRESYNC IMAP4rev2",
    "ENABLE UIDONLY",
    "IDLE",
    "NOTIFY SET (SELECTED (MessageNew MessageExpunge))",
    "COMPRESS DEFLATE",
    "UNAUTHENTICATE",
    "EXPUNGE",
    "UID MOVE 1 box",
    "COPY 1 box",
    "XSOME thing",
    "LOGOUT",
    "APPEND box {3}\r\na\r\n",
    "APPEND box {0}\r\n",
    "ID NIL",
];
const SAID: &[&str] = &[
    "3 EXISTS",
    "2 EXPUNGE",
    "VANISHED 4:5",
    "VANISHED (EARLIER) 4:5",
    "1 FETCH (UID 1 FLAGS (\\Seen))",
    "1 FETCH (UID 1 MODSEQ (5) BODY[TEXT] {6}\r\na\r\nb\r\n RFC822 \"x\")",
    "7 UIDFETCH (FLAGS ())",
    "LIST () \"/\" {4}\r\nx\"\\y",
    "ENABLED CONDSTORE UTF8=ACCEPT QRESYNC IMAP4rev2 UIDONLY",
    "ESEARCH ALL 1:3",
    "ESEARCH (TAG \"A3\") UID ALL 1:3",
    "SEARCH 1 2",
    "OK [CLOSED] closed",
    "NO [ALERT] look",
    "CAPABILITY IMAP4rev1 LITERAL- IDLE",
    "OK [CAPABILITY IMAP4rev1 LITERAL+ IDLE MULTIAPPEND] more",
    "STATUS {5}\r\nb\"\\ox (MESSAGES 3)",
    "ID (\"name\" \"Gimap\")",
    "BYE said so",
    "XSOME {3}\r\na\r\n data",
];
const BEFORE: &[&str] = &[
    "IMAP4rev1 IMAP4rev2 STARTTLS SASL-IR AUTH=PLAIN AUTH=X-ROUNDS LITERAL+ ID ENABLE",
    "IMAP4rev1 STARTTLS AUTH=PLAIN",
    "IMAP4rev2 AUTH=PLAIN AUTH=X-ROUNDS COMPRESS=DEFLATE",
    "IMAP4rev1 LOGINDISABLED AUTH=PLAIN LITERAL- COMPRESS=DEFLATE",
];
const AFTER: &[&str] = &[
    "IMAP4rev1 IMAP4rev2 LITERAL+ ID ENABLE IDLE MOVE UIDPLUS CONDSTORE QRESYNC UIDONLY MULTIAPPEND CATENATE REPLACE BINARY UTF8=ACCEPT \
     COMPRESS=DEFLATE NOTIFY UNAUTHENTICATE UNSELECT NAMESPACE ESEARCH",
    "IMAP4rev1 IDLE MULTIAPPEND",
    "IMAP4rev2 CONDSTORE QRESYNC CATENATE REPLACE BINARY UNAUTHENTICATE",
    "IMAP4rev1 IMAP4rev2 LITERAL- UIDONLY ENABLE IDLE MULTIAPPEND CATENATE NOTIFY",
];

struct Tables {
    commands: Vec<Command>,
    responses: Vec<Response>,
    before: Vec<Capabilities>,
    after: Vec<Capabilities>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let command =
        |line: &&str| TaggedCommand::parse(&format!("a {line}\r\n").into()).expect("it is one").command;
    let response = |text: &str| Response::parse(&format!("* {text}\r\n").into()).expect("it is one");
    let capabilities = |words: &&str| match response(&format!("CAPABILITY {words}")) {
        Response::Capability(capabilities) => capabilities,
        other => panic!("{other:?}"),
    };
    Tables {
        commands: LINES.iter().map(command).collect(),
        responses: SAID.iter().map(|text| response(text)).collect(),
        before: BEFORE.iter().map(capabilities).collect(),
        after: AFTER.iter().map(capabilities).collect(),
    }
});

/// What is streamed: of each stream the octets from here on.
fn octets(from: u64, len: u64) -> Bytes {
    (from..from + len).map(|at| b")\r\nA1 OK {3}\r\n+ \xff"[(at % 17) as usize]).collect()
}

fn condition(choice: u8) -> Condition {
    let kind = [ConditionKind::Ok, ConditionKind::No, ConditionKind::Bad, ConditionKind::Ok];
    let kind = if choice == 77 { ConditionKind::Bye } else { kind[usize::from(choice) % 4] };
    Condition::new(kind, None, "x".try_into().expect("a text")).expect("no code")
}

struct Pair {
    client: Client,
    server: Server,
    tells: bool,
    /// Commands of the client without an end.
    open: Vec<CommandId>,
    /// Of the literal that is due: how much was given, and how much is missing.
    feeding: Option<(CommandId, u64, u64)>,
    /// What the server was told of and has not answered, and what it was.
    commands: Vec<(CommandId, Option<Command>)>,
    offered: Option<CommandId>,
    /// Of what the server reads: how much has come.
    read: BTreeMap<CommandId, u64>,
    reading: Option<(u64, u64)>,
    /// Of what it streams: how much was given.
    given: u64,
    /// Of what the client reads.
    body: Option<(u64, u64)>,
    eof: bool,
    gone: bool,
}

impl Pair {
    fn new(settings: &Settings) -> Self {
        let high_water = if settings.small { 64 } else { 1000 };
        let mut config = client::Config::default();
        config.tls = settings.client_tls;
        config.allow_cleartext = settings.cleartext;
        config.auto_hold = settings.auto_hold;
        config.check_advertised = !settings.unchecked;
        config.tolerance = fuzz::tolerance(settings.tolerances);
        config.limits.high_water = high_water;
        config.limits.max_pipelined = 8;
        config.limits.max_inline_literal = if settings.small { 4 } else { 30 };
        let client = Client::new(config);
        let offers = usize::from(settings.offers % 4);
        let mut config = server::Config::new(TABLES.before[offers].clone(), TABLES.after[offers].clone());
        config.tls = settings.server_tls;
        config.allow_cleartext = settings.cleartext;
        config.tolerance = fuzz::tolerance(settings.tolerances >> 2);
        config.max_in_progress = if settings.beside { 3 } else { 1 };
        config.limits.high_water = high_water;
        config.limits.max_bad_commands = None;
        config.limits.max_inline_literal = if settings.small { 0 } else { 10 };
        config.limits.max_message = Some(150);
        config.limits.max_string_literal = if settings.small { 10 } else { 100 };
        let kind = if settings.preauth { ConditionKind::PreAuth } else { ConditionKind::Ok };
        let greeting = Condition::new(kind, None, "x".try_into().expect("a text")).expect("no code");
        Self {
            client,
            server: Server::new(config, &Greeting::new(greeting).expect("a greeting")),
            tells: settings.tells,
            open: Vec::new(),
            feeding: None,
            commands: Vec::new(),
            offered: None,
            read: BTreeMap::new(),
            reading: None,
            given: 0,
            body: None,
            eof: false,
            gone: false,
        }
    }

    fn sent(&self, which: &Which) -> CommandId {
        pick(which, &self.open)
    }

    fn received(&self, which: &Which) -> CommandId {
        let ids: Vec<_> = self.commands.iter().map(|(id, _)| *id).chain(self.offered).collect();
        pick(which, &ids)
    }

    /// A call on the client, held to its word.
    fn client<T, E>(&mut self, call: impl FnOnce(&mut Client) -> Result<T, E>) -> Result<T, E> {
        let before = format!("{:?}", self.client);
        let result = call(&mut self.client);
        if result.is_err() {
            assert_eq!(format!("{:?}", self.client), before, "misuse changed something");
        }
        result
    }

    fn server<T, E>(&mut self, call: impl FnOnce(&mut Server) -> Result<T, E>) -> Result<T, E> {
        let before = format!("{:?}", self.server);
        let result = call(&mut self.server);
        if result.is_err() {
            assert_eq!(format!("{:?}", self.server), before, "misuse changed something");
        }
        result
    }

    fn call(&mut self, call: &Call<'_>) {
        match call {
            Call::Send(which) => {
                self.send(&TABLES.commands[usize::from(*which) % LINES.len()]);
            }
            Call::Append(kind, parts) => self.send(&append(*kind, parts)),
            Call::Authenticate(plain, response) => {
                let name = if *plain { "PLAIN" } else { "X-ROUNDS" };
                let mut authenticate = Authenticate::new(Mechanism::new(name).expect("a name"));
                authenticate.initial_response = response.map(|octets| Secret::new(short(octets).to_vec()));
                self.send(&Command::Authenticate(Box::new(authenticate)));
            }
            Call::Feed(which, len) => self.feed(self.sent(which), u64::from(*len)),
            Call::EndBody(which) => {
                let id = self.sent(which);
                let _ = self.client(|client| client.end_body(id));
            }
            Call::AuthRespond(which, data) => {
                let id = self.sent(which);
                let _ = self.client(|client| client.auth_respond(id, short(data)));
            }
            Call::AuthCancel(which) => {
                let id = self.sent(which);
                let _ = self.client(|client| client.auth_cancel(id));
            }
            Call::IdleDone(which) => {
                let id = self.sent(which);
                let _ = self.client(|client| client.idle_done(id));
            }
            Call::Tls => self.tls(),
            Call::Compressed => self.compressed(),
            Call::SetProfile(which) => {
                self.client.set_profile(client::PROFILES.get(usize::from(*which)));
            }
            Call::ClientEvent => {
                self.client_event();
            }
            Call::ClientEof => {
                self.eof = true;
                self.client.receive_eof();
            }
            Call::Reply(which, choice) => self.reply(self.received(which), &condition(*choice)),
            Call::Say(which) => {
                let said = &TABLES.responses[usize::from(*which) % SAID.len()];
                if self.server(|server| server.send(said)).is_ok() {
                    self.given = 0;
                    self.noted();
                }
            }
            Call::SayStreamed(one, two) => {
                let data = |size: u8| MessageData::Streamed { size: u32::from(size).into(), binary: false };
                let section = imap_proto::BodySection {
                    section: Section::TEXT,
                    origin: Some(3.into()),
                    data: Some(data(*one)),
                };
                let attributes = vec![
                    FetchAttribute::Section(Box::new(section)),
                    FetchAttribute::Rfc822(Some(Box::new(data(*two)))),
                    FetchAttribute::Uid(NonZeroU32::MIN),
                ];
                let fetch =
                    Box::new(Fetch::new(NonZeroU32::MIN, attributes.try_into().expect("one at least")));
                let said = if self.server.enabled().uid_only {
                    Response::UidFetch(fetch)
                } else {
                    Response::Fetch(fetch)
                };
                if self.server(|server| server.send(&said)).is_ok() {
                    self.given = 0;
                }
            }
            Call::Fetch(number) => {
                let number = NonZeroU32::MIN.saturating_add((*number).into());
                let _ = self.server(|server| server.fetch(number).map(|_| ()));
            }
            Call::Item(which) => {
                let items = [
                    FetchAttribute::Uid(NonZeroU32::MIN),
                    FetchAttribute::Size(3.into()),
                    FetchAttribute::Flags([Flag::Seen].into_iter().collect()),
                ];
                let item = &items[usize::from(*which) % items.len()];
                let _ = self.server(|server| match server.open_fetch() {
                    Some(mut fetch) => fetch.attribute(item),
                    None => Err(Misuse::UnknownId),
                });
            }
            Call::SectionItem(size) => {
                let begun = self.server(|server| match server.open_fetch() {
                    Some(mut fetch) => fetch.section(Section::ALL, None, u64::from(*size)),
                    None => Err(Misuse::UnknownId),
                });
                if begun.is_ok() {
                    self.given = 0;
                }
            }
            Call::Body(len) => self.give(u64::from(*len)),
            Call::Finish => {
                let _ = self.server(|server| match server.open_fetch() {
                    Some(fetch) => fetch.finish(),
                    None => Err(Misuse::UnknownId),
                });
            }
            Call::Accept(which) => self.accept(self.received(which)),
            Call::Refuse(which, choice) => self.refuse(self.received(which), *choice),
            Call::Challenge(which, data) => {
                let id = self.received(which);
                let _ = self.server(|server| server.challenge(id, short(data)));
            }
            Call::AcceptIdle(which) => {
                let id = self.received(which);
                let _ = self.server(|server| server.accept_idle(id));
            }
            Call::Bye => {
                if self.server(|server| server.bye(&condition(77))).is_ok() {
                    self.noted();
                }
            }
            Call::SayLast => {
                if self.server(Server::say_last).is_ok() {
                    self.noted();
                }
            }
            Call::ServerEvent => {
                self.server_event();
            }
            Call::ServerEof => {
                self.eof = true;
                self.server.receive_eof();
            }
            Call::ToServer(octets) => {
                pipe(&mut self.client, &mut self.server, usize::from(*octets));
            }
            Call::ToClient(octets) => {
                pipe(&mut self.server, &mut self.client, usize::from(*octets));
            }
            Call::Serve => self.serve(),
            Call::Run => self.run(),
        }
    }

    // -----------------------------------------------------------------------------------------------------------------
    // the client

    fn send(&mut self, command: &Command) {
        let outstanding = self.client.outstanding();
        if let Ok(id) = self.client(|client| client.send(command)) {
            assert_eq!(self.client.outstanding(), outstanding + 1);
            assert!(self.open.last() < Some(&id), "ids ascend");
            self.open.push(id);
        }
    }

    fn feed(&mut self, id: CommandId, len: u64) {
        // it may be due already, and the event has not been taken
        let Some((due, from, left)) = self.feeding else { return };
        let full = self.client.output().is_full();
        match self.client(|client| client.body(id, &octets(from, len))) {
            Ok(()) => {
                assert!(id == due && len <= left && !full);
                self.feeding = (len < left).then_some((id, from + len, left - len));
            }
            Err(BodyError::Full) => assert!(full),
            Err(BodyError::TooLong { limit }) => assert!(limit == left && len > left),
            Err(BodyError::Misuse(_)) => assert!(id != due),
            Err(other) => panic!("{other}"),
        }
    }

    /// The handshake, which both sides do together.
    fn tls(&mut self) {
        if self.client(Client::tls_established).is_ok() {
            assert!(self.server(Server::tls_established).is_ok(), "the server does not wait for it");
        }
    }

    /// The same for DEFLATE.
    fn compressed(&mut self) {
        if let Ok(unread) = self.client(Client::compressed) {
            assert_eq!((unread, self.server(Server::compressed)), (Bytes::new(), Ok(Bytes::new())));
        }
    }

    /// Whether there was one.
    fn client_event(&mut self) -> bool {
        use client::Event;
        let event = match fuzz::step(&mut self.client) {
            Ok(Step::Event(event)) => event,
            Ok(Step::Closed) => {
                assert!(self.client.outstanding() == 0 && self.open.is_empty(), "lost without a word");
                return false;
            }
            Ok(_) => return false,
            Err(failure) => {
                assert!(
                    matches!(failure, Fatal::UnexpectedEof(_)) && self.eof,
                    "our server's octets: {failure}"
                );
                return false;
            }
        };
        match event {
            Event::SendBody { id, size, .. } => {
                assert!(self.open.contains(&id) && self.feeding.is_none() && size > 0);
                self.feeding = Some((id, 0, size));
            }
            Event::BodyStart(start) => {
                assert_eq!(self.body.replace((0, start.size)), None, "a body in a body")
            }
            Event::BodyChunk(chunk) => {
                let (from, size) = self.body.as_mut().expect("a chunk of nothing");
                // what stands in the responses of the table is not ours
                if *size != 6 {
                    assert_eq!(chunk, octets(*from, chunk.len() as u64));
                }
                *from += chunk.len() as u64;
                assert!(from <= size);
            }
            Event::BodyEnd => {
                let (got, size) = self.body.take().expect("the end of nothing");
                assert_eq!(got, size);
            }
            Event::Completed { id, .. }
            | Event::StartTls { id, .. }
            | Event::Upgrade { id, .. }
            | Event::NotSent { id, .. } => {
                self.ended(id);
            }
            Event::Lost(id) => {
                assert!(self.gone);
                self.ended(id);
            }
            Event::Bye(_) => {
                self.gone = true;
                self.feeding = None;
            }
            Event::Challenge { id, .. } | Event::Idling { id, .. } => assert!(self.open.contains(&id)),
            Event::Data { answers, .. } => assert!(answers.is_none_or(|id| self.open.contains(&id))),
            Event::Greeting(_) | Event::Diagnostic(_) => {}
            other => panic!("our server never says so: {other:?}"),
        }
        true
    }

    fn ended(&mut self, id: CommandId) {
        let at = self.open.iter().position(|open| *open == id).expect("it has ended already, or never begun");
        self.open.remove(at);
    }

    // -----------------------------------------------------------------------------------------------------------------
    // the server

    /// What the server's words have done to what it waits for.
    fn noted(&mut self) {
        if self.server.state() == imap_proto::State::Logout {
            self.commands.clear();
            self.offered = None;
            self.reading = None;
        }
    }

    fn reply(&mut self, id: CommandId, condition: &Condition) {
        // of others we have not been told
        if !self.commands.iter().any(|(of, _)| *of == id) {
            return;
        }
        if self.server(|server| server.reply(id, condition)).is_ok() {
            self.commands.retain(|(of, _)| *of != id);
            assert_eq!(self.server(|server| server.reply(id, condition)), Err(Misuse::UnknownId));
            self.noted();
        }
        assert!(self.server.in_progress() >= self.commands.len());
    }

    fn give(&mut self, len: u64) {
        let left = self.server.body_left();
        let full = self.server.output().is_full();
        let piece = octets(self.given, len);
        match self.server(|server| server.body(&piece)) {
            Ok(()) => {
                assert!(len <= left && !full && left > 0);
                // the next one may be due at once
                self.given = if len == left { 0 } else { self.given + len };
            }
            Err(BodyError::Full) => assert!(full),
            Err(BodyError::TooLong { limit }) => assert!(limit == left && len > left),
            Err(BodyError::Misuse(_)) => assert_eq!(left, 0),
            Err(other) => panic!("{other}"),
        }
    }

    fn accept(&mut self, id: CommandId) {
        if self.server(|server| server.accept_body(id)).is_ok() {
            assert_eq!(self.offered.take(), Some(id));
        }
    }

    fn refuse(&mut self, id: CommandId, choice: u8) {
        if self.server(|server| server.refuse_body(id, &condition(choice))).is_ok() {
            assert_eq!(self.offered.take(), Some(id));
            self.reading = None;
        }
    }

    /// Whether there was one.
    fn server_event(&mut self) -> bool {
        use server::Event;
        let event = match fuzz::step(&mut self.server) {
            Ok(Step::Event(event)) => event,
            Ok(_) => return false,
            Err(failure) => {
                assert!(
                    matches!(failure, Fatal::UnexpectedEof(_)) && self.eof,
                    "our client's octets: {failure}"
                );
                return false;
            }
        };
        match event {
            Event::Command { id, command, .. } => {
                let streamed = self.read.remove(&id).unwrap_or(0);
                assert_eq!(streamed, size(&command));
                self.commands.push((id, Some(command)));
            }
            Event::Refused { id, .. } => {
                self.read.remove(&id);
                self.reading = None;
                self.commands.push((id, None));
            }
            Event::BodyOffered { id, offer } => {
                assert!(self.offered.replace(id).is_none() && self.reading.is_none() && offer.size <= 150);
                self.reading = Some((0, offer.size));
            }
            Event::BodyChunk { id, data } => {
                let (from, size) = self.reading.as_mut().expect("a chunk of nothing");
                // what stands in the commands of the table is not ours
                if *size != 3 {
                    assert_eq!(data, octets(*from, data.len() as u64));
                }
                *from += data.len() as u64;
                *self.read.entry(id).or_default() += data.len() as u64;
                assert!(from <= size);
            }
            Event::BodyEnd { .. } => {
                let (got, size) = self.reading.take().expect("the end of nothing");
                assert_eq!(got, size);
            }
            Event::AuthResponse { id, .. } | Event::AuthCancelled { id } | Event::IdleDone { id } => {
                assert!(self.commands.iter().any(|(of, _)| *of == id));
            }
            Event::StartTls { .. } | Event::Compress { .. } | Event::Diagnostic(_) => {}
            other => panic!("our client never says so: {other:?}"),
        }
        true
    }

    /// Does what the oldest command, or what is offered, calls for.
    fn serve(&mut self) {
        if let Some(mut fetch) = self.server.open_fetch() {
            if fetch.body_left() == 0
                && (fetch.attribute(&FetchAttribute::Size(1.into())).is_err() || fetch.finish().is_err())
            {
                panic!("it is whole");
            }
        }
        while self.server.body_left() > 0 {
            let before = self.server.body_left();
            self.give(before.min(50));
            if self.server.body_left() == before && self.server.output().is_full() {
                return;
            }
        }
        if let Some(id) = self.offered {
            return self.accept(id);
        }
        let Some((id, command)) = self.commands.first().cloned() else { return };
        match command {
            Some(Command::Authenticate(_)) => {
                if self.server(|server| server.challenge(id, b"")).is_ok() {
                    return;
                }
            }
            Some(Command::Idle) => {
                if self.server(|server| server.accept_idle(id)).is_ok() {
                    return;
                }
            }
            Some(Command::Capability) if self.tells => {
                let told = Response::Capability(self.server.capabilities());
                let _ = self.server(|server| server.send(&told));
            }
            _ => {}
        }
        self.reply(id, &condition(0));
        self.reply(id, &condition(1));
    }

    fn run(&mut self) {
        for _ in 0..300 {
            let mut moved = pipe(&mut self.client, &mut self.server, 1000);
            while self.server_event() {
                moved += 1;
            }
            moved += pipe(&mut self.server, &mut self.client, 1000);
            while self.client_event() {
                moved += 1;
            }
            match self.client.next_event() {
                Ok(Step::Paused(Pause::StartTls)) => self.tls(),
                Ok(Step::Paused(Pause::Upgrade)) => self.compressed(),
                _ => {}
            }
            if moved == 0 {
                return;
            }
        }
    }
}

fn pick(which: &Which, ids: &[CommandId]) -> CommandId {
    let id = match which {
        Which::Last => ids.last(),
        Which::First => ids.first(),
        Which::Any(at) => ids.get(usize::from(*at)),
    };
    id.copied().unwrap_or(CommandId::FIRST)
}

fn short(octets: &[u8]) -> &[u8] {
    &octets[..octets.len().min(50)]
}

fn append(kind: u8, parts: &[(u8, bool)]) -> Command {
    let data = |&(size, binary): &(u8, bool)| MessageData::Streamed {
        size: u32::from(size).into(),
        binary: binary && fuzz::bit(kind, 4),
    };
    let mailbox = Mailbox::new("box").expect("a name");
    let parts = if parts.is_empty() { &[(5, false)] } else { &parts[..parts.len().min(4)] };
    let catenate = || {
        let parts = parts.iter().map(|part| CatenatePart::Text(data(part))).collect();
        AppendMessage::new(AppendData::Catenate(Catenate::new(parts).expect("one at least")))
    };
    match kind % 4 {
        0 => {
            let mut messages =
                parts.iter().map(|part| AppendMessage::new(data(part)).with_flags([Flag::Seen]));
            let first = messages.next().expect("one at least");
            Command::Append(Box::new(messages.fold(Append::new(mailbox, first), Append::with)))
        }
        1 => Command::Append(Box::new(
            Append::new(mailbox, AppendMessage::new(data(&parts[0]))).with(catenate()),
        )),
        2 => Command::Append(Box::new(Append::new(mailbox, catenate()))),
        _ => Command::UidReplace(Box::new(Replace {
            message: Sequence::from(NonZeroU32::MIN),
            mailbox,
            with: AppendMessage::new(data(&parts[0])),
        })),
    }
}

/// How much of a command was streamed.
fn size(command: &Command) -> u64 {
    let one = |data: &MessageData| match data {
        MessageData::Streamed { size, .. } => size.get(),
        MessageData::Inline(_) => 0,
    };
    let message = |message: &AppendMessage| match &message.data {
        AppendData::Message(data) | AppendData::Utf8(data) => one(data),
        AppendData::Catenate(parts) => parts
            .parts()
            .iter()
            .map(|part| match part {
                CatenatePart::Text(data) | CatenatePart::Utf8(data) => one(data),
                CatenatePart::Url(_) => 0,
            })
            .sum(),
        _ => 0,
    };
    match command {
        Command::Append(append) => append.messages().iter().map(message).sum(),
        Command::Replace(replace) | Command::UidReplace(replace) => message(&replace.with),
        _ => 0,
    }
}
