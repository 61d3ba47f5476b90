//! Sequences of calls on a client and a server with a narrow pipe between them: no panic, misuse changes
//! nothing, what our server writes never breaks our client, bodies arrive as they were sent, output stays
//! bounded.
#![no_main]

use arbitrary::Arbitrary;
use bytes::Bytes;
use fuzz::dot::normalised;
use libfuzzer_sys::fuzz_target;
use pop3_proto::client::{self, Client, Pipelining};
use pop3_proto::server::{self, Server};
use pop3_proto::{
    Apop, Auth, Capability, Command, DropListing, Greeting, Item, LanguageListing, LanguageRange,
    MessageNumber, OtherCommand, Password, Reply, ReplyKind, ResponseCode, ScanListing, State, Status,
    UniqueId, UniqueIdListing, UserName,
};
use std::collections::VecDeque;
use wire::dot::LineEndings;
use wire::sasl::Mechanism;
use wire::testing::pipe;
use wire::{BodyError, CommandId, Fatal, Machine, Misuse, Pause, Secret, Step, Text};

/// Longest text of a call, so that no line is over the client's limit.
const MAX_TEXT: usize = 100;

#[derive(Debug, Arbitrary)]
struct Case<'d> {
    settings: Settings,
    calls: Vec<Call<'d>>,
}

#[derive(Debug, Arbitrary)]
struct Settings {
    tls: bool,
    cleartext: bool,
    auto_hold: bool,
    batch_login: bool,
    pipelining: u8,
    client_tolerance: u8,
    server_tolerance: u8,
    server_endings: u8,
    normalise: bool,
    offers: u8,
    timestamp: bool,
    refuses: bool,
    small: bool,
}

#[derive(Debug, Arbitrary)]
enum Call<'d> {
    Send(Say<'d>),
    AuthRespond(Which, &'d [u8]),
    AuthCancel(Which),
    ClientTls,
    ClientEvent,
    ClientEof,
    Reply(Which, Answer<'d>),
    /// The reply that the command calls for, and all of it.
    Serve(&'d [u8]),
    Body(Which, &'d [u8]),
    Large(Which, u8),
    Item(Which, Line<'d>),
    EndBody(Which),
    Challenge(Which, &'d [u8]),
    ServerTls,
    ServerEvent,
    ServerEof,
    ToServer(u8),
    ToClient(u8),
    /// Whole rounds of the pipe and of events.
    Run,
}

#[derive(Debug, Arbitrary)]
enum Which {
    Next,
    Challenged,
    Last,
    Any(u8),
}

#[derive(Debug, Arbitrary)]
enum Say<'d> {
    User(&'d [u8]),
    Pass(&'d [u8]),
    Apop,
    AuthList,
    Auth(bool, Option<&'d [u8]>),
    Capa,
    Stls,
    Stat,
    List(Option<u32>),
    Uidl(Option<u32>),
    Retr(u32),
    Top(u32, u64),
    Dele(u32),
    Rset,
    Noop,
    Quit,
    Utf8,
    Lang(Option<bool>),
    Other(&'d str, &'d [u8]),
    Xtnd,
}

#[derive(Debug, Arbitrary)]
enum Answer<'d> {
    Ok(&'d [u8]),
    Err(&'d [u8], bool),
    MultiLine,
    Stat(u32, u64, &'d [u8]),
    Scan(u32, u64, &'d [u8]),
    Unique(u32, &'d [u8]),
    Capabilities(&'d [u8]),
    Mechanisms,
    Languages(&'d [u8]),
}

#[derive(Debug, Arbitrary)]
enum Line<'d> {
    Scan(u32, u64),
    Unique(u32, &'d [u8]),
    Text(&'d [u8]),
}

fuzz_target!(|case: Case<'_>| {
    let mut pair = Pair::new(&case.settings);
    for call in &case.calls {
        pair.call(call);
    }
    pair.run();
});

struct Pair {
    client: Client,
    server: Server,
    server_endings: LineEndings,
    normalise: bool,
    high_water: usize,
    /// Commands that the server was told of and that are not answered, as `Serve` needs them.
    waiting: VecDeque<(CommandId, Option<ReplyKind>)>,
    /// Pieces of the body that is being written.
    body: Vec<u8>,
    /// Bodies that were written whole and have not arrived.
    bodies: VecDeque<(CommandId, Vec<u8>)>,
    /// What has come of the next one.
    arrived: Vec<u8>,
    last_sent: CommandId,
    challenged: Option<CommandId>,
    server_eof: bool,
    client_eof: bool,
}

impl Pair {
    fn new(settings: &Settings) -> Self {
        let mut client = client::Config::default();
        client.tls = settings.tls;
        client.allow_cleartext = settings.cleartext;
        client.auto_hold = settings.auto_hold;
        client.batch_login = settings.batch_login;
        client.pipelining = [Pipelining::Never, Pipelining::Advertised, Pipelining::Always]
            [usize::from(settings.pipelining) % 3];
        client.tolerance = fuzz::tolerance(settings.client_tolerance);
        client.line_endings = if settings.normalise { LineEndings::Normalise } else { LineEndings::Lenient };
        let mut server = server::Config::default();
        server.tls = settings.tls;
        server.allow_cleartext = settings.cleartext;
        server.tolerance = fuzz::tolerance(settings.server_tolerance);
        server.line_endings = fuzz::policy(settings.server_endings);
        server.limits.max_bad_commands = None;
        server.limits.high_water = if settings.small { 64 } else { 4096 };
        if settings.small {
            client.limits.max_pipelined = 2;
            server.limits.max_pipelined = 2;
        }
        let all = [
            Capability::Pipelining,
            Capability::Stls,
            Capability::Utf8(true),
            Capability::Lang,
            Capability::RespCodes,
            Capability::User,
        ];
        let offered = all.into_iter().enumerate().filter(|(n, _)| settings.offers >> n & 1 == 1);
        server.capabilities = offered.map(|(_, capability)| capability).collect();
        let greeting = match (settings.refuses, settings.timestamp) {
            (true, _) => Greeting::new(Status::err("busy").expect("text")),
            (_, true) => Greeting::with_timestamp("ready", b"<1.2@h>"),
            _ => Greeting::new(Status::ok("ready").expect("text")),
        };
        Self {
            server_endings: server.line_endings,
            normalise: settings.normalise,
            high_water: server.limits.high_water,
            client: Client::new(client),
            server: Server::new(server, &greeting.expect("a greeting")),
            waiting: VecDeque::new(),
            body: Vec::new(),
            bodies: VecDeque::new(),
            arrived: Vec::new(),
            last_sent: CommandId::FIRST,
            challenged: None,
            server_eof: false,
            client_eof: false,
        }
    }

    fn call(&mut self, call: &Call<'_>) {
        match call {
            Call::Send(say) => {
                let Some(command) = command(say) else { return };
                let before = self.client.output().len();
                let sent = self.on_client(|client| client.send(&command));
                if let Ok(id) = sent {
                    self.last_sent = id;
                }
                // a command, or several that were held
                assert!(self.client.output().len() <= before + 255 * (self.client.outstanding() + 1));
            }
            Call::AuthRespond(which, data) => {
                let id = self.id(which);
                let _ = self.on_client(|client| client.auth_respond(id, data));
            }
            Call::AuthCancel(which) => {
                let id = self.id(which);
                let _ = self.on_client(|client| client.auth_cancel(id));
            }
            Call::ClientTls => {
                if self.on_client(Client::tls_established).is_ok() {
                    assert_eq!(self.client.capabilities(), None);
                    assert!(self.client.is_tls());
                }
            }
            Call::ClientEvent => {
                self.client_event();
            }
            Call::ClientEof => {
                self.client_eof = true;
                self.client.receive_eof();
            }
            Call::Reply(which, answer) => {
                let Some(reply) = reply(answer, &self.server) else { return };
                let id = self.id(which);
                self.reply(id, &reply);
            }
            Call::Serve(data) => self.serve(data),
            Call::Body(which, data) => {
                let id = self.id(which);
                self.put_body(id, &Bytes::copy_from_slice(data));
            }
            Call::Large(which, len) => {
                let id = self.id(which);
                let line =
                    [&b".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"[..], b"\r\n"].concat();
                self.put_body(id, &line.repeat(usize::from(*len)).into());
            }
            Call::Item(which, line) => {
                let Some(item) = item(line) else { return };
                let id = self.id(which);
                let before = self.server.output().len();
                match self.on_server(|server| server.item(id, &item)) {
                    Ok(()) => assert!(before < self.high_water),
                    Err(error) => assert!(!matches!(error, BodyError::LineEnding { .. })),
                }
            }
            Call::EndBody(which) => {
                let id = self.id(which);
                self.end_body(id);
            }
            Call::Challenge(which, data) => {
                let id = self.id(which);
                let _ = self.on_server(|server| server.challenge(id, data));
            }
            Call::ServerTls => {
                if self.on_server(Server::tls_established).is_ok() {
                    assert!(self.server.is_tls() && !self.server.is_utf8());
                }
            }
            Call::ServerEvent => {
                self.server_event();
            }
            Call::ServerEof => {
                self.server_eof = true;
                self.server.receive_eof();
            }
            Call::ToServer(n) => {
                self.feed_server(usize::from(*n));
            }
            Call::ToClient(n) => {
                self.feed_client(usize::from(*n));
            }
            Call::Run => self.run(),
        }
    }

    /// Until nothing moves.
    fn run(&mut self) {
        loop {
            let moved = self.feed_server(7) + self.feed_client(7);
            if !self.client_event() && !self.server_event() && moved == 0 {
                return;
            }
        }
    }

    fn feed_server(&mut self, max: usize) -> usize {
        if self.server_eof { 0 } else { pipe(&mut self.client, &mut self.server, max) }
    }

    fn feed_client(&mut self, max: usize) -> usize {
        if self.client_eof { 0 } else { pipe(&mut self.server, &mut self.client, max) }
    }

    fn id(&self, which: &Which) -> CommandId {
        match which {
            Which::Next => self.waiting.front().map_or(self.last_sent, |(id, _)| *id),
            Which::Challenged => self.challenged.unwrap_or(self.last_sent),
            Which::Last => self.last_sent,
            Which::Any(n) => (0..*n).fold(CommandId::FIRST, |id, _| id.next()),
        }
    }

    /// A call, which changes nothing if it fails.
    fn on_client<T>(&mut self, call: impl FnOnce(&mut Client) -> Result<T, Misuse>) -> Result<T, Misuse> {
        fn look(client: &mut Client) -> (usize, usize, State, bool, bool, bool) {
            let (len, waiting) = (client.output().len(), client.outstanding());
            let known = client.capabilities().is_some();
            (len, waiting, client.state(), client.is_tls(), client.wants_read(), known)
        }
        let before = look(&mut self.client);
        let result = call(&mut self.client);
        if let Err(misuse) = &result {
            assert_eq!(look(&mut self.client), before, "{misuse}");
        }
        result
    }

    /// A call, which changes nothing if it fails.
    fn on_server<T, E: std::fmt::Debug>(
        &mut self,
        call: impl FnOnce(&mut Server) -> Result<T, E>,
    ) -> Result<T, E> {
        fn look(server: &mut Server) -> (usize, usize, State, bool, bool, bool) {
            let (len, waiting) = (server.output().len(), server.outstanding());
            (len, waiting, server.state(), server.is_tls(), server.wants_read(), server.is_utf8())
        }
        let before = look(&mut self.server);
        let result = call(&mut self.server);
        if let Err(error) = &result {
            assert_eq!(look(&mut self.server), before, "{error:?}");
        }
        result
    }

    fn reply(&mut self, id: CommandId, reply: &Reply) -> bool {
        // a reply of several lines to a command of one would put any client out of step
        let kind = self.waiting.front().and_then(|(_, kind)| *kind);
        if matches!(reply, Reply::MultiLine(_)) && !kind.is_some_and(ReplyKind::is_multi_line) {
            return false;
        }
        // text where a listing is due is for tolerant clients only
        let listing = matches!(kind, Some(ReplyKind::Stat | ReplyKind::ListOne | ReplyKind::UidlOne));
        if listing && matches!(reply, Reply::Status(status) if status.is_ok()) {
            return false;
        }
        if self.on_server(|server| server.reply(id, reply)).is_err() {
            return false;
        }
        self.body.clear();
        if !matches!(reply, Reply::MultiLine(_)) {
            self.answered(id);
        }
        true
    }

    fn answered(&mut self, id: CommandId) {
        assert_eq!(self.waiting.pop_front().map(|(id, _)| id), Some(id));
    }

    fn put_body(&mut self, id: CommandId, data: &Bytes) -> bool {
        let before = self.server.output().len();
        match self.on_server(|server| server.body(id, data)) {
            Ok(()) => {
                assert!(before < self.high_water, "taken over the high-water mark");
                assert!(self.server.output().len() <= before + 2 * data.len() + 1);
                self.body.extend_from_slice(data);
                true
            }
            Err(BodyError::LineEnding { .. }) => {
                assert_eq!(self.server_endings, LineEndings::Strict);
                false
            }
            Err(_) => false,
        }
    }

    fn end_body(&mut self, id: CommandId) -> bool {
        let kind = self.waiting.front().and_then(|(_, kind)| *kind);
        if self.on_server(|server| server.end_body(id)).is_err() {
            return false;
        }
        self.answered(id);
        if kind == Some(ReplyKind::Body) {
            let mut body = core::mem::take(&mut self.body);
            if self.server_endings == LineEndings::Normalise {
                body = normalised(&body);
            }
            if !body.is_empty() && !body.ends_with(b"\r\n") {
                body.extend_from_slice(b"\r\n");
            }
            self.bodies.push_back((id, body));
        }
        true
    }

    /// The whole positive reply to the command that is next.
    fn serve(&mut self, data: &[u8]) {
        let Some(&(id, Some(kind))) = self.waiting.front() else { return };
        let one = MessageNumber::new(1).expect("not 0");
        let ok = Status::ok("yes").expect("text");
        let answer = match kind {
            ReplyKind::Stat => Reply::DropListing(DropListing::new(1, 2)),
            ReplyKind::ListOne => Reply::ScanListing(ScanListing::new(one, 2)),
            ReplyKind::UidlOne => {
                Reply::UniqueIdListing(UniqueIdListing::new(one, UniqueId::new("x").expect("an id")))
            }
            ReplyKind::Capa => Reply::capabilities(ok, self.server.capabilities()),
            ReplyKind::AuthList => Reply::mechanisms(ok, &Default::default()),
            ReplyKind::LangList => Reply::languages(ok, Vec::new()),
            kind if kind.is_multi_line() => Reply::MultiLine(ok),
            _ => Reply::Status(ok),
        };
        if self.reply(id, &answer) && matches!(answer, Reply::MultiLine(_)) {
            let line = match kind {
                ReplyKind::Body => {
                    self.put_body(id, &Bytes::copy_from_slice(data));
                    None
                }
                ReplyKind::ListAll => Some(Line::Scan(1, 2)),
                ReplyKind::UidlAll => Some(Line::Unique(1, data)),
                _ => Some(Line::Text(data)),
            };
            if let Some(item) = line.as_ref().and_then(item) {
                let _ = self.on_server(|server| server.item(id, &item));
            }
            self.end_body(id);
        }
    }

    /// Whether there was one.
    fn client_event(&mut self) -> bool {
        let event = match fuzz::step(&mut self.client) {
            Ok(Step::Event(event)) => event,
            Ok(Step::Paused(pause)) => {
                assert!(matches!(pause, Pause::StartTls | Pause::Respond), "{pause:?}");
                return false;
            }
            Ok(_) => return false,
            Err(Fatal::UnexpectedEof(_)) if self.client_eof => return false,
            Err(failure) => panic!("our server broke our client: {failure}"),
        };
        match event {
            client::Event::BodyChunk { id, data } => {
                assert!(!data.is_empty());
                assert!(self.bodies.front().is_none_or(|(of, _)| *of == id));
                self.arrived.extend_from_slice(&data);
            }
            client::Event::End { id } if self.bodies.front().is_some_and(|(of, _)| *of == id) => {
                let body = self.bodies.pop_front().map(|(_, body)| body).unwrap_or_default();
                let arrived = core::mem::take(&mut self.arrived);
                if !self.normalise || self.server_endings != LineEndings::Lenient {
                    assert_eq!(arrived, body, "the body has changed on its way");
                }
            }
            client::Event::Challenge { id, .. } => self.challenged = Some(id),
            client::Event::Malformed { malformed, .. } => {
                let line = malformed.frame.expose().escape_ascii();
                panic!("our server wrote what our client cannot read: {malformed}: {line}")
            }
            client::Event::Unsolicited(status) => panic!("our server said too much: {status:?}"),
            _ => {}
        }
        true
    }

    /// Whether there was one.
    fn server_event(&mut self) -> bool {
        let event = match fuzz::step(&mut self.server) {
            Ok(Step::Event(event)) => event,
            Ok(_) => return false,
            Err(Fatal::UnexpectedEof(_)) if self.server_eof => return false,
            Err(failure) => panic!("our client broke our server: {failure}"),
        };
        match event {
            server::Event::Command { id, command } => {
                self.waiting.push_back((id, Some(command.reply_kind())));
            }
            server::Event::Refused { id, .. } => self.waiting.push_back((id, None)),
            server::Event::Malformed { malformed, .. } => {
                let line = malformed.frame.expose().escape_ascii();
                panic!("our client wrote what our server cannot read: {malformed}: {line}")
            }
            _ => {}
        }
        true
    }
}

fn short(octets: &[u8]) -> &[u8] {
    &octets[..octets.len().min(MAX_TEXT)]
}

fn number(n: u32) -> Option<MessageNumber> {
    MessageNumber::new(n)
}

fn command(say: &Say<'_>) -> Option<Command> {
    Some(match say {
        Say::User(name) => Command::User(UserName::new(name.to_vec()).ok()?),
        Say::Pass(password) => Command::Pass(Password::new(Secret::new(*password)).ok()?),
        Say::Apop => Command::Apop(Apop { name: UserName::new("mrose").ok()?, digest: [7; 16] }),
        Say::AuthList => Command::AuthList,
        Say::Auth(plain, initial) => Command::Auth(Auth {
            mechanism: Mechanism::new(if *plain { "PLAIN" } else { "SCRAM-SHA-256" }).ok()?,
            initial_response: initial.map(Secret::new),
        }),
        Say::Capa => Command::Capa,
        Say::Stls => Command::Stls,
        Say::Stat => Command::Stat,
        Say::List(n) => Command::List(n.and_then(number)),
        Say::Uidl(n) => Command::Uidl(n.and_then(number)),
        Say::Retr(n) => Command::Retr(number(*n)?),
        Say::Top(n, lines) => Command::Top { message: number(*n)?, lines: *lines },
        Say::Dele(n) => Command::Dele(number(*n)?),
        Say::Rset => Command::Rset,
        Say::Noop => Command::Noop,
        Say::Quit => Command::Quit,
        Say::Utf8 => Command::Utf8,
        Say::Lang(None) => Command::Lang(None),
        Say::Lang(Some(true)) => Command::Lang(Some(LanguageRange::preferred())),
        Say::Lang(Some(false)) => Command::Lang(Some(LanguageRange::new("de").ok()?)),
        Say::Other(keyword, arguments) => Command::Other(OtherCommand::new(keyword, arguments).ok()?),
        Say::Xtnd => Command::Other(OtherCommand::new("XTND", b"XLST").ok()?),
    })
}

fn reply(answer: &Answer<'_>, server: &Server) -> Option<Reply> {
    let ok = Status::ok("yes").ok()?;
    Some(match answer {
        Answer::Ok(text) => Reply::Status(Status::ok(short(text)).ok()?),
        Answer::Err(text, coded) => {
            let status = Status::err(short(text)).ok()?;
            Reply::Status(if *coded { status.with_code(ResponseCode::Auth) } else { status })
        }
        Answer::MultiLine => Reply::MultiLine(ok),
        Answer::Stat(messages, octets, more) => {
            let more = Text::new(short(more).to_vec()).ok()?.into();
            Reply::DropListing(DropListing { messages: *messages, octets: *octets, more })
        }
        Answer::Scan(n, octets, more) => {
            let more = Text::new(short(more).to_vec()).ok()?.into();
            Reply::ScanListing(ScanListing { message: number(*n)?, octets: *octets, more })
        }
        Answer::Unique(n, id) => {
            let id = UniqueId::new(short(id).to_vec()).ok()?;
            Reply::UniqueIdListing(UniqueIdListing::new(number(*n)?, id))
        }
        Answer::Capabilities(line) => {
            let more = Capability::new(short(line).to_vec()).ok();
            Reply::capabilities(ok, server.capabilities().iter().cloned().chain(more).collect())
        }
        Answer::Mechanisms => {
            let names = pop3_proto::Mechanisms::new([Mechanism::new("PLAIN").ok()?]);
            Reply::mechanisms(ok, &names)
        }
        Answer::Languages(name) => {
            let name = Text::new(short(name).to_vec()).ok()?;
            Reply::languages(ok, vec![LanguageListing::new("de", name).ok()?])
        }
    })
}

fn item(line: &Line<'_>) -> Option<Item> {
    Some(match line {
        Line::Scan(n, octets) => Item::ScanListing(ScanListing::new(number(*n)?, *octets)),
        Line::Unique(n, id) => {
            Item::UniqueIdListing(UniqueIdListing::new(number(*n)?, UniqueId::new(short(id).to_vec()).ok()?))
        }
        Line::Text(text) => Item::Line(Text::new(short(text).to_vec()).ok()?),
    })
}
