//! Sequences of calls on a client and a server with a narrow pipe between them: no panic, misuse changes nothing,
//! neither machine ever breaks the other, content arrives as it was sent, in LMTP each accepted recipient has its
//! reply, a `Transaction` comes to what the server has said, output stays bounded.
#![no_main]

use arbitrary::Arbitrary;
use bytes::Bytes;
use fuzz::dot::normalised;
use libfuzzer_sys::fuzz_target;
use smtp_proto::client::{self, Client, Envelope, Pipelining, Progress, Transaction};
use smtp_proto::server::{self, BodyFault, Refusal, Server};
use smtp_proto::{
    Argument, Attributes, Auth, Bdat, Body, Burl, Capability, ClientName, Command, Ehlo, ForwardPath, Mail,
    MailParameter, Mechanisms, Node, Notify, OtherCommand, Rcpt, RcptParameter, Reply, ReversePath, State,
    Verb,
};
use std::collections::VecDeque;
use std::fmt::Debug;
use wire::dot::LineEndings;
use wire::sasl::Mechanism;
use wire::testing::pipe;
use wire::{BodyError, CommandId, Fatal, Machine, Misuse, Pause, Secret, Step};

/// Longest text of a call, in octets.
const MAX_TEXT: usize = 100;

#[derive(Debug, Arbitrary)]
struct Case<'d> {
    settings: Settings,
    calls: Vec<Call<'d>>,
}

#[derive(Debug, Arbitrary)]
struct Settings {
    lmtp: bool,
    tls: bool,
    client_cleartext: bool,
    server_cleartext: bool,
    auto_hold: bool,
    allow_8bit: bool,
    pipelining: u8,
    client_tolerance: u8,
    server_tolerance: u8,
    client_endings: u8,
    server_endings: u8,
    offers: u16,
    refuses: bool,
    small: bool,
    /// EHLO is over.
    ready: bool,
    /// There are recipients.
    enveloped: bool,
}

#[derive(Debug, Arbitrary)]
enum Call<'d> {
    Send(Say<'d>),
    /// Sends EHLO or LHLO, and has it accepted.
    Greet,
    /// Sends MAIL and two RCPTs, and has them accepted.
    Envelope(u8, u8),
    /// Sends a message by hand, in one piece or with BDAT in two.
    Deliver(bool, &'d [u8], &'d [u8], u8),
    /// Sends MAIL and all that belongs to it, and has it accepted.
    Transaction(Message<'d>),
    Body(Which, &'d [u8]),
    Large(Which, u8),
    EndBody(Which),
    AuthRespond(Which, &'d [u8]),
    AuthCancel(Which),
    ClientTls,
    ClientEvent,
    ClientEof,
    Reply(Which, Answer<'d>),
    Accept(Which),
    Challenge(Which, &'d [u8]),
    /// The answer that the command calls for, or its refusal.
    Serve(u8),
    ServerTls,
    ServerEvent,
    ServerEof,
    ToServer(u8),
    ToClient(u8),
    /// Whole rounds of the pipe and of events.
    Run,
    /// The same, with answers and the rest of a content wherever one is due.
    Play(u8),
}

#[derive(Debug, Arbitrary)]
struct Message<'d> {
    sender: u8,
    recipients: Vec<u8>,
    content: &'d [u8],
    large: u8,
    utf8_header: bool,
    chunking: bool,
    binary: bool,
    dsn: bool,
}

#[derive(Debug, Arbitrary)]
enum Which {
    Next,
    Last,
    Any(u8),
}

#[derive(Debug, Arbitrary)]
enum Say<'d> {
    Hello,
    Hail(u8),
    Mail(u8, u8),
    Rcpt(u8, u8),
    Data,
    Bdat(u8, bool),
    Burl(bool),
    Rset,
    Vrfy(&'d [u8]),
    Expn(&'d [u8]),
    Help(&'d [u8]),
    Noop,
    Quit,
    StartTls,
    Auth(bool, Option<&'d [u8]>),
    Etrn,
    Atrn,
    Turn,
    Xclient(bool),
    Other(&'d str, &'d [u8]),
}

#[derive(Debug, Arbitrary)]
enum Answer<'d> {
    Ok,
    No,
    Closing,
    Text(u16, &'d [u8]),
}

fuzz_target!(|case: Case<'_>| {
    let mut pair = Pair::new(&case.settings);
    if case.settings.ready || case.settings.enveloped {
        pair.call(&Call::Greet);
    }
    if case.settings.enveloped {
        pair.call(&Call::Envelope(0, 0));
    }
    for call in &case.calls {
        pair.call(call);
    }
    pair.play(1);
    if let Some((transaction, count)) = pair.transaction {
        assert_eq!(transaction.abandon().len(), count);
    }
});

/// What the server's application has to answer.
enum Asked {
    Command(Command),
    Refused(Command, Refusal),
    Response,
    Cancelled,
    Content(Option<BodyFault>),
}

/// A content on its way.
#[derive(Debug)]
struct Content {
    /// With BDAT, and which octets are due; else with DATA.
    chunk: Option<u64>,
    octets: Vec<u8>,
    /// It is known from the start, because a `Transaction` sends it: then with DATA or BDAT.
    whole: bool,
}

struct Pair {
    client: Client,
    server: Server,
    lmtp: bool,
    client_endings: LineEndings,
    server_endings: LineEndings,
    allow_8bit: bool,
    high_water: usize,
    asked: Option<(CommandId, Asked)>,
    /// Contents that were begun and have not arrived.
    contents: VecDeque<Content>,
    /// What has come of the next one.
    arrived: Vec<u8>,
    /// What the commands were, by the order of sending. Not for those of a transaction.
    sent: Vec<(CommandId, Verb)>,
    last_sent: CommandId,
    /// The content that the client is to send.
    due: Option<CommandId>,
    challenged: Option<CommandId>,
    completed: Option<CommandId>,
    transaction: Option<(Transaction, usize)>,
    /// On the server: for each accepted RCPT of this message, and each reply to its content, what was said.
    accepted: usize,
    verdicts: Vec<bool>,
    /// On the client: recipients that were accepted.
    recipients: Vec<CommandId>,
    server_eof: bool,
    client_eof: bool,
}

impl Pair {
    fn new(settings: &Settings) -> Self {
        let mut client = client::Config::default();
        client.protocol = fuzz::smtp::protocol(settings.lmtp);
        client.tls = settings.tls;
        client.allow_cleartext = settings.client_cleartext;
        client.auto_hold = settings.auto_hold;
        client.allow_8bit = settings.allow_8bit;
        client.pipelining = [Pipelining::Never, Pipelining::Advertised, Pipelining::Always]
            [usize::from(settings.pipelining) % 3];
        client.tolerance = fuzz::tolerance(settings.client_tolerance);
        client.line_endings = fuzz::policy(settings.client_endings);
        let mut server =
            server::Config::new(Ehlo::new("mx.example", "", offers(settings.offers)).expect("an offer"));
        server.protocol = client.protocol;
        server.tls = settings.tls;
        server.allow_cleartext = settings.server_cleartext;
        server.tolerance = fuzz::tolerance(settings.server_tolerance);
        server.line_endings = fuzz::policy(settings.server_endings);
        server.limits.max_bad_commands = None;
        if settings.small {
            client.limits.max_pipelined = 2;
            client.limits.high_water = 64;
            server.limits.high_water = 64;
            server.limits.max_recipients = Some(2);
        }
        let greeting = if settings.refuses { reply("554 no") } else { reply("220 ready") };
        Self {
            lmtp: settings.lmtp,
            client_endings: client.line_endings,
            server_endings: server.line_endings,
            allow_8bit: client.allow_8bit,
            high_water: client.limits.high_water,
            client: Client::new(client),
            server: Server::new(server, &greeting),
            asked: None,
            contents: VecDeque::new(),
            arrived: Vec::new(),
            sent: Vec::new(),
            last_sent: CommandId::FIRST,
            due: None,
            challenged: None,
            completed: None,
            transaction: None,
            accepted: 0,
            verdicts: Vec::new(),
            recipients: Vec::new(),
            server_eof: false,
            client_eof: false,
        }
    }

    fn call(&mut self, call: &Call<'_>) {
        match call {
            Call::Send(say) => {
                // what a transaction sends is its own
                if self.transaction.is_some() {
                    return;
                }
                let Some(command) = command(say, self.lmtp) else { return };
                self.send(&command);
            }
            Call::Greet => {
                self.play(1);
                self.call(&Call::Send(Say::Hello));
                self.play(1);
            }
            Call::Envelope(sender, parameters) => {
                self.call(&Call::Send(Say::Mail(*sender, *parameters)));
                self.play(1);
                for n in [1, 2] {
                    self.call(&Call::Send(Say::Rcpt(n, 0)));
                    self.play(1);
                }
            }
            Call::Deliver(chunks, one, other, choice) => {
                for (last, piece) in [(false, one), (true, other)] {
                    let piece = short(piece);
                    if *chunks {
                        self.call(&Call::Send(Say::Bdat(piece.len() as u8, last)));
                        self.call(&Call::Body(Which::Last, piece));
                    } else {
                        if !last {
                            self.call(&Call::Send(Say::Data));
                        }
                        // up to 354
                        self.run();
                        self.serve(1);
                        self.run();
                        self.call(&Call::Body(Which::Last, piece));
                    }
                }
                self.play(*choice);
            }
            Call::Transaction(message) => self.begin(message),
            Call::Body(which, data) => {
                let id = self.id(which);
                self.put_body(id, &Bytes::copy_from_slice(data));
            }
            Call::Large(which, len) => {
                let id = self.id(which);
                self.put_body(
                    id,
                    &b".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(usize::from(*len)).into(),
                );
            }
            Call::EndBody(which) => {
                let id = self.id(which);
                self.end_body(id);
            }
            Call::AuthRespond(which, data) => {
                let id = self.id(which);
                let _ = self.on_client(|client| client.auth_respond(id, data));
            }
            Call::AuthCancel(which) => {
                let id = self.id(which);
                let _ = self.on_client(|client| client.auth_cancel(id));
            }
            Call::ClientTls => self.client_tls(),
            Call::ClientEvent => {
                self.client_event();
            }
            Call::ClientEof => {
                self.client_eof = true;
                self.client.receive_eof();
            }
            Call::Reply(which, answer) => {
                let Some(reply) = answer_of(answer) else { return };
                let id = self.id(which);
                self.reply(id, &reply);
            }
            Call::Accept(which) => {
                let id = self.id(which);
                self.accept(id);
            }
            Call::Challenge(which, data) => {
                let id = self.id(which);
                self.challenge(id, data);
            }
            Call::Serve(choice) => self.serve(*choice),
            Call::ServerTls => self.server_tls(),
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
            Call::Play(choice) => self.play(*choice),
        }
    }

    /// Until nothing moves.
    fn run(&mut self) {
        loop {
            let moved = self.feed_server(7) + self.feed_client(7);
            self.advance();
            if !self.client_event() && !self.server_event() && moved == 0 {
                return;
            }
        }
    }

    /// Until nothing moves, though each side does what it is asked for.
    fn play(&mut self, choice: u8) {
        for _ in 0..200 {
            self.run();
            if let Some(id) = self.due {
                let left = match self.contents.back() {
                    Some(Content { chunk: Some(size), octets, .. }) => size - octets.len() as u64,
                    _ => 0,
                };
                if !(if left > 0 {
                    self.put_body(id, &vec![b'x'; left as usize].into())
                } else {
                    self.end_body(id)
                }) {
                    return;
                }
            } else if let (Some(id), true) = (self.challenged, choice != 0) {
                let _ = self.on_client(|client| client.auth_respond(id, b"x"));
                self.challenged = None;
            } else if self.asked.is_some() {
                self.serve(choice);
            } else if self.client.next_event() == Ok(Step::Paused(Pause::StartTls)) {
                self.server_tls();
                self.client_tls();
                if !(self.server.is_tls() && self.client.is_tls()) {
                    return;
                }
            } else {
                return;
            }
        }
    }

    fn feed_server(&mut self, max: usize) -> usize {
        // what is sent within TLS does not come as plaintext
        if self.server_eof || self.client.is_tls() != self.server.is_tls() {
            return 0;
        }
        pipe(&mut self.client, &mut self.server, max)
    }

    fn feed_client(&mut self, max: usize) -> usize {
        if self.client_eof || (self.server.is_tls() && !self.client.is_tls()) {
            return 0;
        }
        pipe(&mut self.server, &mut self.client, max)
    }

    fn id(&self, which: &Which) -> CommandId {
        match which {
            Which::Next => {
                let asked = self.asked.as_ref().map(|(id, _)| *id);
                asked.or(self.due).or(self.challenged).unwrap_or(self.last_sent)
            }
            Which::Last => self.due.or(self.challenged).unwrap_or(self.last_sent),
            Which::Any(n) => (0..*n).fold(CommandId::FIRST, |id, _| id.next()),
        }
    }

    /// A call, which changes nothing if it fails.
    fn on_client<T, E: Debug>(&mut self, call: impl FnOnce(&mut Client) -> Result<T, E>) -> Result<T, E> {
        let before = format!("{:?}", self.client);
        let result = call(&mut self.client);
        if let Err(misuse) = &result {
            assert_eq!(format!("{:?}", self.client), before, "{misuse:?}");
        }
        result
    }

    /// A call, which changes nothing if it fails.
    fn on_server<T, E: Debug>(&mut self, call: impl FnOnce(&mut Server) -> Result<T, E>) -> Result<T, E> {
        let before = format!("{:?}", self.server);
        let result = call(&mut self.server);
        if let Err(error) = &result {
            assert_eq!(format!("{:?}", self.server), before, "{error:?}");
        }
        result
    }

    fn send(&mut self, command: &Command) {
        let before = self.client.output().len();
        let Ok(id) = self.on_client(|client| client.send(command)) else { return };
        assert!(id > self.last_sent || self.sent.is_empty());
        self.last_sent = id;
        self.sent.push((id, command.verb()));
        // a command, or several that were held
        assert!(self.client.output().len() <= before + 12288 * (self.client.outstanding() + 1));
        if let Command::Bdat(Bdat { size, .. }) = command {
            self.contents.push_back(Content { chunk: Some(*size), octets: Vec::new(), whole: false });
            self.due = (*size > 0).then_some(id);
        }
    }

    fn begin(&mut self, message: &Message<'_>) {
        if self.transaction.is_some() || self.client.ehlo().is_none() {
            return;
        }
        let Some(envelope) = envelope(message) else { return };
        let count = envelope.recipients.len();
        let content: Bytes =
            [message.content, &b".a\r\n".repeat(usize::from(message.large) * 64)].concat().into();
        let announced = if message.binary { Some(Body::BinaryMime) } else { None };
        match Transaction::new(&self.client, envelope, content.clone()) {
            Err(error) => {
                let known = matches!(
                    error,
                    BodyError::LineEnding { .. }
                        | BodyError::Misuse(
                            Misuse::NotAdvertised(_)
                                | Misuse::TooLong { .. }
                                | Misuse::TooMany { .. }
                                | Misuse::Empty
                        )
                );
                assert!(known, "{error}");
                if let BodyError::LineEnding { .. } = error {
                    assert_eq!(self.client_endings, LineEndings::Strict);
                    assert_eq!(announced, None);
                }
            }
            Ok(transaction) => {
                if transaction_may_start(&self.client) {
                    self.accepted = 0;
                    self.verdicts.clear();
                    // the size of a chunk is announced before it is sent
                    let normal =
                        message.chunking && !message.binary && self.client_endings == LineEndings::Normalise;
                    let octets = if normal { normalised(&content) } else { content.to_vec() };
                    self.contents.push_back(Content { chunk: None, octets, whole: true });
                    self.transaction = Some((transaction, count));
                    self.advance();
                }
            }
        }
    }

    /// Lets the transaction go on.
    fn advance(&mut self) {
        let Some((transaction, _)) = &mut self.transaction else { return };
        if let Err(error) = transaction.advance(&mut self.client) {
            // the session was ended, or is on its way into TLS; and never in the midst of the content
            assert!(!transaction.is_sending(), "{error}");
            let ended = self.client.state() == State::Closed
                || matches!(error, BodyError::Misuse(Misuse::State { .. }));
            assert!(ended, "{error}");
            self.transaction = None;
            self.drop_whole();
        }
    }

    /// The content of a transaction that came to its end, if it was not sent.
    fn drop_whole(&mut self) {
        if self.contents.back().is_some_and(|content| content.whole) {
            self.contents.pop_back();
        }
    }

    fn client_tls(&mut self) {
        if self.on_client(Client::tls_established).is_ok() {
            assert_eq!((self.client.ehlo(), self.client.is_tls()), (None, true));
            assert_eq!(self.client.state(), State::Hello);
        }
    }

    fn server_tls(&mut self) {
        if self.on_server(Server::tls_established).is_ok() {
            assert_eq!((self.server.state(), self.server.is_tls()), (State::Hello, true));
            assert!(!self.server.is_authenticated());
        }
    }

    /// Whether it was taken.
    fn put_body(&mut self, id: CommandId, data: &Bytes) -> bool {
        if self.transaction.is_some() {
            return false;
        }
        let before = self.client.output().len();
        match self.on_client(|client| client.body(id, data)) {
            Ok(()) => {
                assert!(before < self.high_water, "taken over the high-water mark");
                let content = self.contents.back_mut().expect("a content that is due");
                content.octets.extend_from_slice(data);
                if content.chunk.is_some_and(|size| size == content.octets.len() as u64) {
                    self.due = None;
                }
                return true;
            }
            Err(BodyError::LineEnding { .. }) => {
                let chunk = self.contents.back().is_some_and(|content| content.chunk.is_some());
                // the size of a chunk is announced: there nothing can be normalised
                let refuses = self.client_endings == LineEndings::Strict || chunk;
                assert!(refuses && self.client_endings != LineEndings::Lenient);
            }
            Err(BodyError::EightBit { .. }) => assert!(!self.allow_8bit && !data.is_ascii()),
            Err(BodyError::TooLong { limit }) => {
                assert!(data.len() as u64 > limit);
                assert!(self.contents.back().is_some_and(|content| content.chunk.is_some()));
            }
            Err(_) => {}
        }
        false
    }

    /// Whether it has ended.
    fn end_body(&mut self, id: CommandId) -> bool {
        if self.transaction.is_some() || self.on_client(|client| client.end_body(id)).is_err() {
            return false;
        }
        self.due = None;
        true
    }

    fn reply(&mut self, id: CommandId, reply: &Reply) -> bool {
        let due = self.server.replies_due();
        let before = self.server.output().len();
        if self.on_server(|server| server.reply(id, reply)).is_err() {
            return false;
        }
        assert!(self.server.output().len() <= before + reply.as_bytes().len());
        if let Some((_, Asked::Content(_))) = &self.asked {
            self.verdicts.push(reply.is_positive());
        }
        if reply.code().get() == 421 {
            // whatever the client is sending
            assert_eq!(self.server.state(), State::Closed);
            self.asked = None;
            return true;
        }
        if due > 1 {
            return true;
        }
        let (asked_id, asked) = self.asked.take().expect("a command that waits");
        assert_eq!(asked_id, id);
        self.answered(&asked, reply);
        true
    }

    /// What the server's application knows of the message.
    fn answered(&mut self, asked: &Asked, reply: &Reply) {
        let (command, allowed) = match asked {
            Asked::Command(command) => (command, true),
            Asked::Refused(command, _) => (command, false),
            _ => return,
        };
        match command {
            Command::Mail(_) if allowed && (reply.is_positive() || reply.code().get() == 355) => {
                self.accepted = 0;
                self.verdicts.clear();
            }
            Command::Rcpt(_) if allowed && reply.is_positive() => self.accepted += 1,
            // what is refused is not sent, or discarded
            Command::Bdat(_) => self.next_content(),
            _ => {}
        }
    }

    fn next_content(&mut self) {
        self.arrived.clear();
        // one with DATA, which was refused, was never begun
        self.contents.pop_front().expect("a content");
    }

    fn accept(&mut self, id: CommandId) -> bool {
        if self.on_server(|server| server.accept_body(id)).is_err() {
            return false;
        }
        let (_, asked) = self.asked.take().expect("a command that waits");
        assert!(matches!(asked, Asked::Command(Command::Data | Command::Bdat(_))));
        true
    }

    fn challenge(&mut self, id: CommandId, data: &[u8]) -> bool {
        let done = self.on_server(|server| server.challenge(id, data)).is_ok();
        if done {
            self.asked = None;
        }
        done
    }

    /// Answers what is asked.
    fn serve(&mut self, choice: u8) {
        let Some((id, asked)) = &self.asked else { return };
        let id = *id;
        let accepts = !choice.is_multiple_of(4);
        let no = reply("550 5.7.1 no");
        let fitting = match asked {
            Asked::Command(Command::Data | Command::Bdat(_)) if accepts => {
                assert!(self.accept(id));
                return;
            }
            Asked::Command(Command::Auth(auth)) if accepts => {
                if auth.initial_response.is_some() && choice & 16 == 0 {
                    reply("235 2.7.0 yes")
                } else {
                    assert!(self.challenge(id, b"x"));
                    return;
                }
            }
            Asked::Response if accepts => reply("235 2.7.0 yes"),
            Asked::Command(Command::StartTls) if accepts => {
                // our client sends nothing behind it
                reply("220 2.0.0 go")
            }
            Asked::Command(Command::Ehlo(_) | Command::Lhlo(_)) => self.server.ehlo().reply().clone(),
            Asked::Command(Command::Data | Command::Bdat(_)) => no,
            Asked::Command(_) => {
                if accepts {
                    reply("250 2.0.0 yes")
                } else {
                    no
                }
            }
            Asked::Refused(_, refusal) => refusal.reply(),
            Asked::Content(None) if accepts => reply("250 2.0.0 taken"),
            Asked::Content(Some(fault)) => fault.reply(),
            Asked::Cancelled | Asked::Response | Asked::Content(None) => no,
        };
        let times = self.server.replies_due().max(1);
        for _ in 0..times {
            assert!(self.reply(id, &fitting), "{fitting:?} fits");
        }
    }

    /// Whether there was one.
    fn client_event(&mut self) -> bool {
        let event = match fuzz::step(&mut self.client) {
            Ok(Step::Event(event)) => event,
            Ok(_) => return false,
            Err(Fatal::UnexpectedEof(_)) if self.client_eof => return false,
            Err(failure) => panic!("our server broke our client: {failure}"),
        };
        self.note_event(&event);
        if let Some((transaction, count)) = &mut self.transaction {
            let count = *count;
            match transaction.push(event) {
                Progress::Done(outcomes) => {
                    assert_eq!(outcomes.len(), count);
                    let took = outcomes.iter().filter(|outcome| outcome.is_accepted()).count();
                    self.transaction = None;
                    self.drop_whole();
                    let expected = match &self.verdicts[..] {
                        [yes] if !self.lmtp => self.accepted * usize::from(*yes),
                        each => each.iter().filter(|yes| **yes).count(),
                    };
                    assert_eq!(took, expected, "what became of the message: {outcomes:?}");
                }
                Progress::Pending | Progress::Foreign(_) => {}
            }
        }
        self.advance();
        true
    }

    fn note_event(&mut self, event: &client::Event) {
        match event {
            client::Event::NotSent { id, .. } => {
                self.complete(*id);
            }
            client::Event::Reply { id, reply } => {
                let verb = self.complete(*id);
                if self.due == Some(*id) {
                    // in the midst of the content: the session is over
                    assert_eq!((reply.code().get(), self.client.state()), (421, State::Closed));
                    self.due = None;
                }
                match verb {
                    Some(Verb::Rcpt) if reply.is_positive() => self.recipients.push(*id),
                    Some(Verb::Mail) if reply.is_positive() => self.recipients.clear(),
                    _ => {}
                }
            }
            client::Event::RecipientReply { id, recipient, last, .. } => {
                assert!(self.lmtp && recipient < id);
                if self.transaction.is_none() && self.sent.iter().any(|(sent, _)| sent == recipient) {
                    assert_eq!(self.recipients.first(), Some(recipient), "in the order of the RCPTs");
                    self.recipients.remove(0);
                    assert_eq!(*last, self.recipients.is_empty());
                }
                if *last {
                    self.complete(*id);
                }
            }
            client::Event::SendBody { id, .. } if self.transaction.is_none() => {
                assert_eq!(self.due, None);
                self.due = Some(*id);
                self.contents.push_back(Content { chunk: None, octets: Vec::new(), whole: false });
            }
            client::Event::Challenge { id, .. } => self.challenged = Some(*id),
            client::Event::StartTls { id, .. } | client::Event::Turn { id, .. } => {
                self.complete(*id);
            }
            client::Event::BadChallenge { .. } => panic!("our server's challenge is bad"),
            client::Event::Unsolicited(reply) => {
                assert_eq!(reply.code().get(), 421, "our server said too much: {reply:?}");
            }
            _ => {}
        }
    }

    /// Each command is complete once, in the order of sending.
    fn complete(&mut self, id: CommandId) -> Option<Verb> {
        assert!(self.completed.is_none_or(|before| before < id), "complete twice, or out of order");
        self.completed = Some(id);
        if self.challenged == Some(id) {
            self.challenged = None;
        }
        self.sent.iter().find(|(sent, _)| *sent == id).map(|(_, verb)| *verb)
    }

    /// Whether there was one.
    fn server_event(&mut self) -> bool {
        let event = match fuzz::step(&mut self.server) {
            Ok(Step::Event(event)) => event,
            Ok(Step::Paused(Pause::Respond)) => {
                assert!(self.asked.is_some(), "waits for an answer to nothing");
                return false;
            }
            Ok(_) => return false,
            Err(Fatal::UnexpectedEof(_)) if self.server_eof => return false,
            Err(failure) => panic!("our client broke our server: {failure}"),
        };
        let asked = match event {
            server::Event::Command { id, command } => Some((id, Asked::Command(command))),
            server::Event::Refused { id, command, refusal } => {
                if refusal == Refusal::Protocol {
                    panic!("our client speaks the other protocol: {command:?}");
                }
                Some((id, Asked::Refused(command, refusal)))
            }
            server::Event::AuthResponse { id, .. } => Some((id, Asked::Response)),
            server::Event::AuthCancelled { id } => Some((id, Asked::Cancelled)),
            server::Event::BodyChunk { data, .. } => {
                assert!(!data.is_empty());
                self.arrived.extend_from_slice(&data);
                None
            }
            server::Event::BodyEnd { id, last, fault, .. } => {
                self.arrived_whole(last, fault);
                Some((id, Asked::Content(fault)))
            }
            server::Event::Malformed { malformed, .. } => {
                let line = malformed.frame.expose().escape_ascii();
                panic!("our client wrote what our server cannot read: {malformed}: {line}")
            }
            _ => None,
        };
        if asked.is_some() {
            assert!(self.asked.is_none(), "two questions at once");
            self.asked = asked;
        }
        true
    }

    /// A content is complete: it is what was sent.
    fn arrived_whole(&mut self, last: bool, fault: Option<BodyFault>) {
        let arrived = core::mem::take(&mut self.arrived);
        let due = self.server.replies_due() as usize;
        assert_eq!(due, if self.lmtp && last { self.accepted.max(1) } else { 1 });
        self.verdicts.clear();
        let Some(content) = self.contents.pop_front() else {
            // RFC 2920: 354 though no recipient was accepted
            assert!(arrived.is_empty(), "content from nowhere");
            return;
        };
        let with_data = self.server_state_data(&content);
        let mut sent = content.octets;
        if with_data {
            if self.client_endings == LineEndings::Normalise {
                sent = normalised(&sent);
            }
            if !sent.is_empty() && !sent.ends_with(b"\r\n") {
                sent.extend_from_slice(b"\r\n");
            }
        }
        let bare = with_data && normalised(&sent) != sent;
        match fault {
            None if bare && self.server_endings == LineEndings::Normalise => {}
            None => {
                assert!(!bare || self.server_endings == LineEndings::Lenient);
                assert!(arrived == sent, "{} {}", arrived.escape_ascii(), sent.escape_ascii());
            }
            Some(BodyFault::TooLarge { .. }) if bare && self.server_endings == LineEndings::Normalise => {}
            Some(BodyFault::TooLarge { .. }) => assert!(sent.starts_with(&arrived)),
            Some(BodyFault::LineEnding(_)) => {
                assert!(bare && self.server_endings == LineEndings::Strict);
                assert!(sent.starts_with(&arrived));
            }
            Some(fault) => panic!("a fault that nobody knows: {fault}"),
        }
    }

    fn server_state_data(&self, content: &Content) -> bool {
        content.chunk.is_none() && self.server.state() == State::Data
    }
}

fn transaction_may_start(client: &Client) -> bool {
    client.state() == State::Ready && client.outstanding() == 0
}

fn reply(text: &str) -> Reply {
    Reply::parse(&format!("{text}\r\n").into()).expect("a reply")
}

fn answer_of(answer: &Answer<'_>) -> Option<Reply> {
    Some(match answer {
        Answer::Ok => reply("250 2.0.0 ok"),
        Answer::No => reply("450 4.0.0 no"),
        Answer::Closing => reply("421 4.3.2 bye"),
        Answer::Text(code, text) => {
            let code = smtp_proto::ReplyCode::new(200 + code % 400)?;
            Reply::new(code, None, short(text)).ok()?
        }
    })
}

fn short(octets: &[u8]) -> &[u8] {
    &octets[..octets.len().min(MAX_TEXT)]
}

fn offers(chosen: u16) -> Vec<Capability<'static>> {
    let all = [
        Capability::Pipelining,
        Capability::Chunking,
        Capability::BinaryMime,
        Capability::EightBitMime,
        Capability::SmtpUtf8,
        Capability::Dsn,
        Capability::Auth(Mechanisms::parse("PLAIN SCRAM-SHA-256").expect("names")),
        Capability::StartTls,
        Capability::EnhancedStatusCodes,
        Capability::Size(Some(1000)),
        Capability::Etrn,
        Capability::Turn,
        Capability::Atrn,
        Capability::parse("XCLIENT NAME").expect("a line"),
        Capability::parse("LIMITS MAILMAX=9 RCPTMAX=3").expect("a line"),
        Capability::parse("BURL imap").expect("a line"),
    ];
    let offered = all.into_iter().enumerate().filter(|(n, _)| chosen >> n & 1 == 1);
    offered.map(|(_, capability)| capability).collect()
}

const ADDRESSES: [&str; 5] =
    ["<a@b.example>", "<\"c d\"@e.example>", "<f@[127.0.0.1]>", "<\u{fc}@\u{fc}.example>", "<g+h@i.example>"];

fn sender(n: u8) -> ReversePath {
    let addresses = usize::from(n) % (ADDRESSES.len() + 1);
    ADDRESSES.get(addresses).map_or(ReversePath::NULL, |path| path.parse().expect("a path"))
}

fn recipient(n: u8) -> ForwardPath {
    let addresses = usize::from(n) % (ADDRESSES.len() + 1);
    ADDRESSES.get(addresses).map_or(ForwardPath::POSTMASTER, |path| path.parse().expect("a path"))
}

fn mail(n: u8, parameters: u8) -> Option<Mail> {
    let all = [
        MailParameter::Body(Body::EightBitMime),
        MailParameter::SmtpUtf8,
        MailParameter::Size(99),
        MailParameter::Auth(None),
        MailParameter::Envid(smtp_proto::Xtext::encode(b"x=y").ok()?),
        MailParameter::Body(Body::BinaryMime),
        MailParameter::Size(9999),
        MailParameter::RequireTls,
    ];
    let chosen = all.into_iter().enumerate().filter(|(at, _)| parameters >> at & 1 == 1);
    Mail::new(&sender(n), chosen.map(|(_, parameter)| parameter)).ok()
}

fn rcpt(n: u8, parameters: u8) -> Option<Rcpt> {
    let all = [RcptParameter::Notify(Notify::NEVER), RcptParameter::Conneg];
    let chosen = all.into_iter().enumerate().filter(|(at, _)| parameters >> at & 1 == 1);
    Rcpt::new(&recipient(n), chosen.map(|(_, parameter)| parameter)).ok()
}

fn envelope(message: &Message<'_>) -> Option<Envelope> {
    let recipients = message.recipients.iter().take(5).map(|&n| recipient(n));
    let mut envelope = Envelope::new(&sender(message.sender), recipients).ok()?;
    envelope.utf8_header = message.utf8_header;
    envelope.chunking = message.chunking;
    if message.binary {
        envelope.mail = Mail::new(&sender(message.sender), [MailParameter::Body(Body::BinaryMime)]).ok()?;
    }
    if message.dsn {
        let first = envelope.recipients.first_mut()?;
        *first = Rcpt::new(&first.forward_path(), [RcptParameter::Notify(Notify::SUCCESS)]).ok()?;
    }
    Some(envelope)
}

fn command(say: &Say<'_>, lmtp: bool) -> Option<Command> {
    let name = || ClientName::new("client.example").ok();
    Some(match say {
        Say::Hello if lmtp => Command::Lhlo(name()?),
        Say::Hello => Command::Ehlo(name()?),
        Say::Hail(0) => Command::Helo(name()?),
        Say::Hail(n) if n % 2 == 1 => Command::Ehlo(name()?),
        Say::Hail(_) => Command::Lhlo(name()?),
        Say::Mail(n, parameters) => Command::Mail(mail(*n, *parameters)?),
        Say::Rcpt(n, parameters) => Command::Rcpt(rcpt(*n, *parameters)?),
        Say::Data => Command::Data,
        Say::Bdat(size, last) => Command::Bdat(Bdat { size: u64::from(*size), last: *last }),
        Say::Burl(last) => Command::Burl(Burl::new("imap://a@b/c;urlauth=submit", *last).ok()?),
        Say::Rset => Command::Rset,
        Say::Vrfy(string) => Command::Vrfy(Argument::new(short(string).to_vec()).ok()?),
        Say::Expn(string) => Command::Expn(Argument::new(short(string).to_vec()).ok()?),
        Say::Help(text) => Command::Help(Argument::new(short(text).to_vec()).ok()),
        Say::Noop => Command::Noop(None),
        Say::Quit => Command::Quit,
        Say::StartTls => Command::StartTls,
        Say::Auth(plain, initial) => Command::Auth(Auth {
            mechanism: Mechanism::new(if *plain { "PLAIN" } else { "SCRAM-SHA-256" }).ok()?,
            initial_response: initial.map(Secret::new),
        }),
        Say::Etrn => Command::Etrn(Node::new("b.example").ok()?),
        Say::Atrn => Command::Atrn(None),
        Say::Turn => Command::Turn,
        Say::Xclient(forwards) => {
            let attributes = Attributes::new([("NAME", "a.example")]).ok()?;
            if *forwards { Command::Xforward(attributes) } else { Command::Xclient(attributes) }
        }
        Say::Other(keyword, arguments) => {
            // this is refused as another protocol
            const HTTP: [&str; 10] =
                ["GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "DELETE", "TRACE", "PATCH", "PRI"];
            let http = HTTP.iter().any(|method| method.eq_ignore_ascii_case(keyword));
            let keyword = keyword.get(..keyword.len().min(MAX_TEXT)).filter(|_| !http)?;
            Command::Other(OtherCommand::new(keyword, short(arguments)).ok()?)
        }
    })
}
