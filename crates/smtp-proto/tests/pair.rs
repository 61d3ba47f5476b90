//! Our client and our server over a pipe that moves few octets at a time, in SMTP and LMTP: messages of all kinds to recipients
//! of whom some are refused, one by one and pipelined, with DATA and BDAT; AUTH and STARTTLS. What arrives is what was
//! sent, at every pace, without deadlock and in bounded memory.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop, too")]

use bytes::Bytes;
use proptest::prelude::*;
use smtp_proto::client::{self, Client, Envelope, Outcome, Pipelining, Progress, Transaction};
use smtp_proto::server::{self, Server};
use smtp_proto::{
    Argument, Auth, Bdat, Capability, ClientName, Command, Ehlo, EnhancedCode, ForwardPath, Keyword, Mail,
    MailParameter, Notify, Protocol, Rcpt, RcptParameter, Reply, ReplyCode, ReversePath, State,
};
use std::collections::VecDeque;
use wire::sasl::Mechanism;
use wire::testing::{Seeded, pipe};
use wire::{BodyError, CommandId, Machine, Misuse, Pause, Secret, Step};

const HIGH_WATER: usize = 300;
/// A chunk of so many octets is refused before it is read.
const REFUSED_CHUNK: u64 = 13;

/// What the client's user does, in this order.
#[derive(Debug, Clone)]
enum Act {
    /// A command that changes nothing, and the code of its reply.
    Ask(Command, u16),
    /// A message, driven by [`Transaction`].
    Message(Message),
    /// Messages in chunks or with DATA, each command as early as it may go.
    Group(Vec<Group>),
}

#[derive(Debug, Clone)]
struct Message {
    sender: &'static str,
    recipients: Vec<&'static str>,
    notify: bool,
    content: Bytes,
    chunking: bool,
}

#[derive(Debug, Clone)]
struct Group {
    recipients: Vec<&'static str>,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Data(Bytes),
    Chunks(Vec<Bytes>),
}

/// How the client gets to be allowed to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Start {
    tls: bool,
    login: Option<Login>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Login {
    PlainAtOnce,
    PlainAfterChallenge,
    /// Three rounds.
    Rounds,
    /// Cancelled in the second round, then done.
    CancelFirst,
}

#[derive(Debug, Clone)]
struct Session {
    protocol: Protocol,
    offers: Vec<Keyword>,
    start: Start,
    acts: Vec<Act>,
}

/// What the server has taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Delivered {
    sender: String,
    recipients: Vec<String>,
    content: Vec<u8>,
}

/// What the user got to know.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    /// Codes for each recipient; `None`: it was not sent.
    Outcomes(Vec<Option<u16>>),
    /// There is no way to send it.
    CannotBeSent,
    /// What each recipient of each message of a group was told in the end.
    Group(Vec<Vec<u16>>),
    Asked(u16),
}

// ---------------------------------------------------------------------------------------------------------------------
// sessions

fn content() -> impl Strategy<Value = Bytes> {
    let piece = prop_oneof![
        4 => "[ -~]{0,40}\r\n".prop_map(String::into_bytes),
        2 => proptest::sample::select(&["\r\n", ".", "..", ".\r\n", "\r\n.\r\n", "Subject: hi\r\n\r\n", "x"][..])
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => "\\PC{0,20}\r\n".prop_map(String::into_bytes),
        1 => Just(b"REFUSE THIS\r\n".to_vec()),
    ];
    let odd = prop_oneof![
        proptest::sample::select(&["\r", "\n", "\n.\n", "\r.\r", "\r\n.\r", "\0"][..])
            .prop_map(|text| text.as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..60),
    ];
    let lines = proptest::collection::vec(piece, 0..8);
    prop_oneof![
        6 => lines.clone().prop_map(|lines| lines.concat()),
        2 => (lines.clone(), odd, lines).prop_map(|(a, odd, b)| [a.concat(), odd, b.concat()].concat()),
        1 => (900usize..3000).prop_map(|len| b"0123456789ABCDEF\r\n.\r\n".iter().copied().cycle().take(len * 7 / 5).collect()),
    ]
    .prop_map(Bytes::from)
}

fn recipients() -> impl Strategy<Value = Vec<&'static str>> {
    let name = prop_oneof![
        5 => proptest::sample::select(&["<ok@a.example>", "<\"quo ted\"@a.example>", "<Postmaster>", "<me@[IPv6:2001:db8::1]>"][..]),
        2 => Just("<full@a.example>"),
        2 => proptest::sample::select(&["<no@a.example>", "<later@a.example>"][..]),
        1 => Just("<größe@a.example>"),
    ];
    proptest::collection::vec(name, 1..6)
}

fn act() -> impl Strategy<Value = Act> {
    let query = |text: &'static str| Argument::new(text).unwrap();
    let sender = proptest::sample::select(&["<>", "<s@b.example>", "<s@b.example>", "<größe@b.example>"][..]);
    let message = (sender, recipients(), any::<bool>(), content(), any::<bool>()).prop_map(
        |(sender, recipients, notify, content, chunking)| {
            Act::Message(Message { sender, recipients, notify, content, chunking })
        },
    );
    let chunk = prop_oneof![
        5 => content(),
        1 => Just(Bytes::from_static(b"thirteen octs")),
        1 => Just(Bytes::new()),
    ];
    let contents = prop_oneof![
        3 => proptest::collection::vec(chunk, 1..5).prop_map(Content::Chunks),
        2 => "([ -~]{0,30}\r\n){0,5}".prop_map(|text| Content::Data(text.into())),
    ];
    let ascii = recipients().prop_map(|mut all| {
        all.retain(|recipient| recipient.is_ascii());
        all.push("<ok@a.example>");
        let middle = all.len() / 2;
        all.rotate_right(middle);
        all
    });
    // all of them refused, too
    let ascii = prop_oneof![4 => ascii, 1 => Just(vec!["<no@a.example>", "<later@a.example>"])];
    let group = (ascii, contents).prop_map(|(recipients, content)| Group { recipients, content });
    prop_oneof![
        5 => message,
        3 => proptest::collection::vec(group, 1..4).prop_map(Act::Group),
        1 => Just(Act::Ask(Command::Noop(None), 250)),
        1 => Just(Act::Ask(Command::Rset, 250)),
        1 => Just(Act::Ask(Command::Help(None), 214)),
        1 => Just(Act::Ask(Command::Vrfy(query("someone")), 252)),
        1 => Just(Act::Ask(Command::Expn(query("list")), 550)),
    ]
}

fn session() -> impl Strategy<Value = Session> {
    const OFFERED: &[Keyword] = &[
        Keyword::Pipelining,
        Keyword::EightBitMime,
        Keyword::Chunking,
        Keyword::BinaryMime,
        Keyword::SmtpUtf8,
        Keyword::Size,
        Keyword::Dsn,
        Keyword::EnhancedStatusCodes,
    ];
    let offers = prop_oneof![
        2 => Just(OFFERED.to_vec()),
        2 => proptest::sample::subsequence(OFFERED, 0..OFFERED.len()),
    ];
    let login = proptest::option::of(proptest::sample::select(
        &[Login::PlainAtOnce, Login::PlainAfterChallenge, Login::Rounds, Login::CancelFirst][..],
    ));
    let start = (any::<bool>(), login).prop_map(|(tls, login)| Start { tls, login });
    let protocol = proptest::sample::select(&[Protocol::Smtp, Protocol::Lmtp][..]);
    let acts = proptest::collection::vec(act(), 0..6);
    (protocol, offers, start, acts)
        .prop_map(|(protocol, offers, start, acts)| Session { protocol, offers, start, acts }.fitted())
}

// ---------------------------------------------------------------------------------------------------------------------
// what must come of them

/// What the server says to RCPT.
fn rcpt_code(recipient: &str) -> u16 {
    match recipient {
        "<no@a.example>" => 550,
        "<later@a.example>" => 451,
        _ => 250,
    }
}

/// What it says to the content, for one recipient.
fn content_code(protocol: Protocol, recipient: &str, content: &[u8]) -> u16 {
    if content.windows(6).any(|window| window == b"REFUSE") {
        554
    } else if protocol == Protocol::Lmtp && recipient == "<full@a.example>" {
        452
    } else {
        250
    }
}

fn has_bare_ends(content: &[u8]) -> bool {
    let text = content.iter().map(|&o| char::from(o)).collect::<String>();
    text.replace("\r\n", "").contains(['\r', '\n'])
}

/// With the line end that DATA needs.
fn ended(content: &[u8]) -> Vec<u8> {
    let missing = !content.is_empty() && !content.ends_with(b"\r\n");
    [content, if missing { b"\r\n" } else { b"" }].concat()
}

impl Session {
    /// With groups that the server's offer allows.
    fn fitted(mut self) -> Self {
        let (chunking, binary) = (self.offers(Keyword::Chunking), self.offers(Keyword::BinaryMime));
        let groups = self.acts.iter_mut().filter_map(|act| match act {
            Act::Group(groups) => Some(groups),
            _ => None,
        });
        for group in groups.flatten() {
            match &mut group.content {
                Content::Chunks(_) if !chunking => group.content = Content::Data("no chunks\r\n".into()),
                Content::Chunks(chunks) if !binary => {
                    // text: 7 bits, and no bare line ends
                    chunks.retain(|chunk| chunk.iter().all(|o| o.is_ascii() && !b"\r\n".contains(o)));
                    chunks.push("the last".into());
                }
                _ => {}
            }
        }
        self
    }

    fn offers(&self, keyword: Keyword) -> bool {
        self.offers.contains(&keyword)
    }

    /// What the user sees and what is delivered.
    fn expected(&self) -> (Vec<Seen>, Vec<Delivered>) {
        let mut delivered = Vec::new();
        let seen = self.acts.iter().map(|act| match act {
            Act::Ask(_, code) => Seen::Asked(*code),
            Act::Message(message) => self.message(message, &mut delivered),
            Act::Group(groups) => {
                Seen::Group(groups.iter().map(|group| self.group(group, &mut delivered)).collect())
            }
        });
        (seen.collect(), delivered)
    }

    fn message(&self, message: &Message, delivered: &mut Vec<Delivered>) -> Seen {
        let content = &message.content;
        let binary = has_bare_ends(content);
        let utf8 = self.offers(Keyword::SmtpUtf8);
        if (binary && !(self.offers(Keyword::BinaryMime) && self.offers(Keyword::Chunking)))
            || (!binary && !content.is_ascii() && !self.offers(Keyword::EightBitMime))
            || (!message.sender.is_ascii() && !utf8)
        {
            return Seen::CannotBeSent;
        }
        let exact = binary || (message.chunking && self.offers(Keyword::Chunking));
        let content = if exact { content.to_vec() } else { ended(content) };
        let codes = |recipient: &&'static str| match rcpt_code(recipient) {
            _ if !recipient.is_ascii() && !utf8 => None,
            250 if exact && content.len() as u64 == REFUSED_CHUNK => Some(452),
            250 => Some(content_code(self.protocol, recipient, &content)),
            code => Some(code),
        };
        deliver(delivered, message.sender, &message.recipients, content.clone(), codes);
        Seen::Outcomes(message.recipients.iter().map(codes).collect())
    }

    fn group(&self, group: &Group, delivered: &mut Vec<Delivered>) -> Vec<u16> {
        let content = match &group.content {
            Content::Data(data) => data.to_vec(),
            Content::Chunks(chunks) => chunks.concat(),
        };
        let refused = match &group.content {
            Content::Data(_) => false,
            Content::Chunks(chunks) => chunks.iter().any(|chunk| chunk.len() as u64 == REFUSED_CHUNK),
        };
        let codes = |recipient: &&'static str| match rcpt_code(recipient) {
            250 if refused => 452,
            250 => content_code(self.protocol, recipient, &content),
            code => code,
        };
        deliver(delivered, "<g@b.example>", &group.recipients, content.clone(), |r| Some(codes(r)));
        group.recipients.iter().map(codes).collect()
    }
}

fn deliver(
    delivered: &mut Vec<Delivered>,
    sender: &str,
    recipients: &[&'static str],
    content: Vec<u8>,
    code: impl Fn(&&'static str) -> Option<u16>,
) {
    let recipients: Vec<_> =
        recipients.iter().filter(|r| code(r) == Some(250)).map(|&r| r.to_owned()).collect();
    if !recipients.is_empty() {
        delivered.push(Delivered { sender: sender.to_owned(), recipients, content });
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// the server's side

/// An application on top of the server machine that answers at once.
struct Application {
    server: Server,
    protocol: Protocol,
    open: Delivered,
    delivered: Vec<Delivered>,
    rounds: u32,
}

fn reply(code: u16, text: &str) -> Reply {
    let class = u8::try_from(code / 100).unwrap();
    Reply::new(ReplyCode::new(code).unwrap(), EnhancedCode::new(class, 5, 0), text).unwrap()
}

fn offered(session: &Session) -> Ehlo {
    let mut offers: Vec<_> = session
        .offers
        .iter()
        .map(|keyword| match keyword {
            Keyword::Pipelining => Capability::Pipelining,
            Keyword::EightBitMime => Capability::EightBitMime,
            Keyword::Chunking => Capability::Chunking,
            Keyword::BinaryMime => Capability::BinaryMime,
            Keyword::SmtpUtf8 => Capability::SmtpUtf8,
            Keyword::Size => Capability::Size(Some(1_000_000)),
            Keyword::Dsn => Capability::Dsn,
            Keyword::EnhancedStatusCodes => Capability::EnhancedStatusCodes,
            other => panic!("{other}"),
        })
        .collect();
    offers.push(Capability::StartTls);
    offers.push(Capability::auth(["PLAIN", "X-ROUNDS"].map(|name| Mechanism::new(name).unwrap())));
    Ehlo::new("mx.example", "hello", offers).unwrap()
}

impl Application {
    fn new(session: &Session) -> Self {
        let mut config = server::Config::new(offered(session));
        config.protocol = session.protocol;
        config.allow_cleartext = true;
        config.limits.high_water = HIGH_WATER;
        config.refuse_out_of_turn = true;
        let greeting = Reply::new(ReplyCode::READY, None, "ready\nwhen you are").unwrap();
        Self {
            server: Server::new(config, &greeting),
            protocol: session.protocol,
            open: Delivered::default(),
            delivered: Vec::new(),
            rounds: 0,
        }
    }

    /// Goes on until it has to wait; says whether the connection is over.
    fn go_on(&mut self) -> bool {
        loop {
            match self.server.next_event().unwrap() {
                Step::Event(event) => self.handle(event),
                Step::Closed => return true,
                Step::NeedInput | Step::Paused(Pause::Drain | Pause::StartTls) => return false,
                Step::Paused(pause) => panic!("{pause:?}"),
            }
        }
    }

    fn answer(&mut self, id: CommandId, code: u16, text: &str) {
        self.server.reply(id, &reply(code, text)).unwrap();
    }

    fn handle(&mut self, event: server::Event) {
        use server::Event;
        match event {
            Event::Command { id, command } => self.command(id, &command),
            // what was sent ahead of a reply that turned out to be a refusal
            Event::Refused { id, command, refusal } => {
                assert!(matches!(command, Command::Data | Command::Bdat(_)), "{command:?}: {refusal}");
                self.server.reply(id, &refusal.reply()).unwrap();
            }
            Event::BodyChunk { data, .. } => self.open.content.extend_from_slice(&data),
            Event::BodyEnd { id, last, octets, fault } => {
                assert_eq!((fault, octets), (None, self.open.content.len() as u64));
                if last {
                    self.received(id);
                } else {
                    self.answer(id, 250, "chunk");
                }
            }
            Event::AuthResponse { id, data } => self.response(id, data.expose()),
            Event::AuthCancelled { id } => self.answer(id, 501, "cancelled"),
            Event::StartTls { .. } => {}
            Event::Diagnostic(diagnostic) => {
                assert!([smtp_proto::rule::LONG_LINE].contains(&diagnostic.rule), "{diagnostic:?}");
            }
            other => panic!("a legal session: {other:?}"),
        }
    }

    fn command(&mut self, id: CommandId, command: &Command) {
        match command {
            Command::Ehlo(_) | Command::Lhlo(_) => {
                self.server.reply(id, &self.server.ehlo().reply().clone()).unwrap();
            }
            Command::Mail(mail) => {
                let sender = String::from_utf8(mail.reverse_path().as_bytes().to_vec()).unwrap();
                self.open = Delivered { sender, ..Delivered::default() };
                self.answer(id, 250, "sender");
            }
            Command::Rcpt(rcpt) => {
                let recipient = String::from_utf8(rcpt.forward_path().as_bytes().to_vec()).unwrap();
                let code = rcpt_code(&recipient);
                self.answer(id, code, &format!("{recipient}\nsecond line"));
                if code == 250 {
                    self.open.recipients.push(recipient);
                }
            }
            Command::Bdat(bdat) if bdat.size == REFUSED_CHUNK => self.answer(id, 452, "not this"),
            Command::Data | Command::Bdat(_) => self.server.accept_body(id).unwrap(),
            Command::Auth(auth) if auth.mechanism.as_str() == "PLAIN" => match &auth.initial_response {
                Some(response) => self.response(id, response.expose()),
                None => self.server.challenge(id, b"").unwrap(),
            },
            Command::Auth(_) => {
                self.rounds = 1;
                self.server.challenge(id, b"round 1").unwrap();
            }
            Command::Help(_) => self.answer(id, 214, "read RFC 5321\n\nthe whole of it"),
            Command::Vrfy(_) => self.answer(id, 252, "perhaps"),
            Command::Expn(_) => self.answer(id, 550, "no"),
            Command::StartTls => self.answer(id, 220, "go ahead"),
            Command::Noop(_) | Command::Rset => self.answer(id, 250, "fine"),
            Command::Quit => self.answer(id, 221, "bye"),
            other => panic!("{other:?}"),
        }
    }

    fn response(&mut self, id: CommandId, data: &[u8]) {
        match (data, self.rounds) {
            (b"\0user\0pass", _) => self.answer(id, 235, "welcome"),
            (response, round @ 1..) => {
                assert_eq!(response, format!("answer to round {round}").as_bytes());
                self.rounds += 1;
                if self.rounds == 4 {
                    return self.answer(id, 235, "welcome");
                }
                let challenge = format!("round {}", self.rounds);
                self.server.challenge(id, challenge.as_bytes()).unwrap();
            }
            other => panic!("{other:?}"),
        }
    }

    /// The message is complete.
    fn received(&mut self, id: CommandId) {
        let mut open = std::mem::take(&mut self.open);
        let codes: Vec<_> =
            open.recipients.iter().map(|r| content_code(self.protocol, r, &open.content)).collect();
        let due = self.server.replies_due();
        match self.protocol {
            Protocol::Smtp => {
                assert_eq!(due, 1);
                self.answer(id, codes[0], "for all");
            }
            Protocol::Lmtp => {
                assert_eq!(due as usize, codes.len());
                for (&code, recipient) in codes.iter().zip(&open.recipients) {
                    self.answer(id, code, recipient);
                }
            }
        }
        let mut codes = codes.iter();
        open.recipients.retain(|_| codes.next() == Some(&250));
        if !open.recipients.is_empty() {
            self.delivered.push(open);
        }
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// the client's side

/// What is sent for a group.
#[derive(Debug)]
enum Op {
    Send(Command, To),
    Piece(Bytes),
}

/// To which message of the group a command belongs, and what it is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    Mail(usize),
    Rcpt(usize, usize),
    Content(usize),
    Reset(usize),
}

struct GroupRun {
    ops: VecDeque<Op>,
    sent: Vec<(CommandId, To)>,
    /// The content of DATA that the server has to ask for.
    data: Vec<Bytes>,
    /// The final codes of each recipient.
    codes: Vec<Vec<u16>>,
    /// The last BDAT or DATA, for its pieces.
    content: Option<CommandId>,
    /// Messages that can have no more content.
    failed: Vec<bool>,
    /// DATA was sent, and its content not.
    data_due: Option<CommandId>,
}

/// What the user is about.
enum Doing {
    Hello(CommandId),
    StartTls,
    Login { id: CommandId, login: Login, round: u32 },
    Nothing,
    Ask(CommandId),
    Message(Box<Transaction>),
    Group(GroupRun),
    Quit,
}

struct User<'s> {
    session: &'s Session,
    client: Client,
    acts: VecDeque<&'s Act>,
    /// Steps of the start that are left.
    start: Start,
    doing: Option<Doing>,
    seen: Vec<Seen>,
}

fn rcpt(recipient: &'static str, notify: bool) -> Rcpt {
    let path = ForwardPath::parse(recipient).unwrap();
    Rcpt::new(&path, notify.then_some(RcptParameter::Notify(Notify::FAILURE))).unwrap()
}

impl GroupRun {
    fn new(session: &Session, groups: &[Group]) -> Self {
        let mut run = Self {
            ops: VecDeque::new(),
            sent: Vec::new(),
            data: Vec::new(),
            codes: Vec::new(),
            content: None,
            failed: vec![false; groups.len()],
            data_due: None,
        };
        for (n, group) in groups.iter().enumerate() {
            run.codes.push(group.recipients.iter().map(|_| 0).collect());
            run.data.push(Bytes::new());
            let binary = session.offers(Keyword::BinaryMime) && matches!(group.content, Content::Chunks(_));
            let body = binary.then_some(MailParameter::Body(smtp_proto::Body::BinaryMime));
            let mail = Mail::new(&ReversePath::parse("<g@b.example>").unwrap(), body).unwrap();
            run.ops.push_back(Op::Send(Command::Mail(mail), To::Mail(n)));
            for (at, recipient) in group.recipients.iter().enumerate() {
                run.ops.push_back(Op::Send(Command::Rcpt(rcpt(recipient, false)), To::Rcpt(n, at)));
            }
            match &group.content {
                Content::Data(data) => {
                    run.data[n] = data.clone();
                    run.ops.push_back(Op::Send(Command::Data, To::Content(n)));
                }
                Content::Chunks(chunks) => {
                    for (at, chunk) in chunks.iter().enumerate() {
                        let bdat = Bdat { size: chunk.len() as u64, last: at + 1 == chunks.len() };
                        run.ops.push_back(Op::Send(Command::Bdat(bdat), To::Content(n)));
                        if !chunk.is_empty() {
                            run.ops.push_back(Op::Piece(chunk.clone()));
                        }
                    }
                }
            }
            run.ops.push_back(Op::Send(Command::Rset, To::Reset(n)));
        }
        run
    }

    /// Sends what may be sent.
    fn advance(&mut self, client: &mut Client) {
        while let Some(op) = self.ops.front().filter(|_| self.data_due.is_none()) {
            match op {
                Op::Send(command, to) => match client.send(command) {
                    Ok(id) => {
                        self.sent.push((id, *to));
                        self.content = Some(id);
                        self.data_due = (*command == Command::Data).then_some(id);
                    }
                    Err(Misuse::Pipeline) => return,
                    // nobody wants it: what was refused is known
                    Err(Misuse::State { .. }) if matches!(to, To::Content(n) if self.failed[*n] || self.codes[*n].iter().all(|&code| code >= 400)) => {
                        if let Some(Op::Piece(_)) = self.ops.get(1) {
                            self.ops.pop_front();
                        }
                    }
                    Err(other) => panic!("{command:?}: {other} in {:?}", client.state()),
                },
                Op::Piece(piece) => match client.body(self.content.unwrap(), piece) {
                    Ok(()) => {}
                    Err(BodyError::Full) => return,
                    Err(other) => panic!("{other}"),
                },
            }
            self.ops.pop_front();
        }
    }

    /// Whether it is over.
    fn push(&mut self, event: client::Event, client: &mut Client) -> bool {
        use client::Event;
        match event {
            Event::Reply { id, reply } => {
                let code = reply.code().get();
                match self.to(id) {
                    To::Mail(_) => assert_eq!(code, 250),
                    To::Rcpt(n, at) => self.codes[n][at] = code,
                    // of those that were accepted; the first refusal counts
                    To::Content(n) => {
                        self.data_due = self.data_due.filter(|due| *due != id);
                        let failed = std::mem::replace(&mut self.failed[n], !reply.is_positive());
                        for told in self.codes[n].iter_mut().filter(|told| **told == 250 && !failed) {
                            *told = code;
                        }
                        self.failed[n] |= failed;
                    }
                    To::Reset(n) => {
                        assert_eq!(code, 250);
                        return n + 1 == self.codes.len();
                    }
                }
            }
            Event::RecipientReply { recipient, reply, .. } => {
                let To::Rcpt(n, at) = self.to(recipient) else { panic!("{recipient:?}") };
                self.codes[n][at] = reply.code().get();
            }
            Event::SendBody { id, .. } => {
                let To::Content(n) = self.to(id) else { panic!("{id:?}") };
                client.body(id, &self.data[n]).unwrap();
                client.end_body(id).unwrap();
                self.data_due = None;
            }
            other => panic!("{other:?}"),
        }
        false
    }

    fn to(&self, id: CommandId) -> To {
        self.sent.iter().find(|(of, _)| *of == id).unwrap().1
    }
}

impl<'s> User<'s> {
    fn new(session: &'s Session, pipelining: Pipelining) -> Self {
        let mut config = client::Config::default();
        config.protocol = session.protocol;
        config.allow_cleartext = true;
        config.pipelining = pipelining;
        config.limits.high_water = HIGH_WATER;
        Self {
            session,
            client: Client::new(config),
            acts: session.acts.iter().collect(),
            start: session.start,
            doing: None,
            seen: Vec::new(),
        }
    }

    fn hello(&mut self) {
        let name = ClientName::new("client.example").unwrap();
        let command = match self.session.protocol {
            Protocol::Smtp => Command::Ehlo(name),
            Protocol::Lmtp => Command::Lhlo(name),
        };
        self.doing = Some(Doing::Hello(self.client.send(&command).unwrap()));
    }

    /// What comes next, once nothing is under way.
    fn next(&mut self) {
        if std::mem::take(&mut self.start.tls) {
            self.client.send(&Command::StartTls).unwrap();
            self.doing = Some(Doing::StartTls);
            return;
        }
        if let Some(login) = self.start.login.take() {
            return self.login(login);
        }
        self.doing = Some(match self.acts.pop_front() {
            None => {
                self.client.send(&Command::Quit).unwrap();
                Doing::Quit
            }
            Some(Act::Ask(command, _)) => Doing::Ask(self.client.send(command).unwrap()),
            Some(Act::Message(message)) => match self.transaction(message) {
                Ok(transaction) => Doing::Message(Box::new(transaction)),
                Err(BodyError::Misuse(Misuse::NotAdvertised(_)) | BodyError::LineEnding { .. }) => {
                    self.seen.push(Seen::CannotBeSent);
                    Doing::Nothing
                }
                Err(other) => panic!("{message:?}: {other}"),
            },
            Some(Act::Group(groups)) => Doing::Group(GroupRun::new(self.session, groups)),
        });
    }

    fn login(&mut self, login: Login) {
        let auth = match login {
            Login::PlainAtOnce => ("PLAIN", Some(Secret::new(*b"\0user\0pass"))),
            Login::PlainAfterChallenge => ("PLAIN", None),
            Login::Rounds | Login::CancelFirst => ("X-ROUNDS", None),
        };
        let auth = Auth { mechanism: Mechanism::new(auth.0).unwrap(), initial_response: auth.1 };
        let id = self.client.send(&Command::Auth(auth)).unwrap();
        self.doing = Some(Doing::Login { id, login, round: 0 });
    }

    fn transaction(&self, message: &Message) -> Result<Transaction, BodyError> {
        let sender = ReversePath::parse(message.sender).unwrap();
        let mut envelope = Envelope::new(&sender, [ForwardPath::parse("<x@y.example>").unwrap()]).unwrap();
        envelope.recipients = message.recipients.iter().map(|r| rcpt(r, message.notify)).collect();
        envelope.chunking = message.chunking;
        Transaction::new(&self.client, envelope, message.content.clone())
    }

    fn advance(&mut self) {
        while matches!(self.doing, Some(Doing::Nothing)) {
            self.next();
        }
        match &mut self.doing {
            Some(Doing::Message(transaction)) => transaction.advance(&mut self.client).unwrap(),
            Some(Doing::Group(run)) => run.advance(&mut self.client),
            _ => {}
        }
    }

    fn handle(&mut self, event: client::Event) {
        use client::Event;
        let done = match (&mut self.doing, event) {
            (None, Event::Greeting(greeting)) => {
                assert_eq!(greeting.lines().count(), 2);
                return self.hello();
            }
            (Some(Doing::Hello(hello)), Event::Reply { id, reply }) => {
                assert!(id == *hello && reply.is_positive());
                assert!(self.client.ehlo().unwrap().has(Keyword::Auth));
                assert_eq!(self.client.ehlo().unwrap().has(Keyword::StartTls), !self.client.is_tls());
                true
            }
            (Some(Doing::StartTls), Event::StartTls { .. }) => false,
            (Some(Doing::Login { id, login, round }), Event::Challenge { id: of, data }) => {
                assert_eq!(*id, of);
                *round += 1;
                if *login == Login::PlainAfterChallenge {
                    assert!(data.is_empty());
                    self.client.auth_respond(of, b"\0user\0pass").unwrap();
                } else if *login == Login::CancelFirst && *round == 2 {
                    self.client.auth_cancel(of).unwrap();
                } else {
                    assert_eq!(data.expose(), format!("round {round}").as_bytes());
                    let answer = [b"answer to ", data.expose()].concat();
                    self.client.auth_respond(of, &answer).unwrap();
                }
                false
            }
            (Some(Doing::Login { id, login: Login::CancelFirst, .. }), Event::Reply { id: of, reply }) => {
                assert_eq!((*id, reply.code().get()), (of, 501));
                return self.login(Login::Rounds);
            }
            (Some(Doing::Login { id, .. }), Event::Reply { id: of, reply }) => {
                assert_eq!((*id, reply.code()), (of, ReplyCode::AUTHENTICATED));
                true
            }
            (Some(Doing::Ask(id)), Event::Reply { id: of, reply }) => {
                assert_eq!(*id, of);
                self.seen.push(Seen::Asked(reply.code().get()));
                true
            }
            (Some(Doing::Message(transaction)), event) => match transaction.push(event) {
                Progress::Pending => false,
                Progress::Done(outcomes) => {
                    let codes = outcomes.iter().map(|outcome| match outcome {
                        Outcome::NotSent(misuse) => {
                            assert!(
                                matches!(misuse, Misuse::Invalid(_) | Misuse::NotAdvertised(_)),
                                "{misuse}"
                            );
                            None
                        }
                        told => told.reply().map(|reply| reply.code().get()),
                    });
                    self.seen.push(Seen::Outcomes(codes.collect()));
                    true
                }
                Progress::Foreign(event) => panic!("{event:?}"),
            },
            (Some(Doing::Group(run)), event) => {
                let done = run.push(event, &mut self.client);
                if done {
                    self.seen.push(Seen::Group(std::mem::take(&mut run.codes)));
                }
                done
            }
            (Some(Doing::Quit), Event::Reply { reply, .. }) => {
                assert_eq!(reply.code(), ReplyCode::CLOSING);
                false
            }
            (_, event) => panic!("{event:?}"),
        };
        if done {
            self.doing = Some(Doing::Nothing);
        }
    }
}

/// Plays a session; `pace` octets at most go over at a time.
fn play(session: &Session, pipelining: Pipelining, pace: usize, seed: u64) -> (Vec<Seen>, Vec<Delivered>) {
    let mut seeded = Seeded::new(seed);
    let mut user = User::new(session, pipelining);
    let mut application = Application::new(session);
    let mut over = false;
    for _ in 0..400_000 {
        user.advance();
        let moved = pipe(&mut user.client, &mut application.server, seeded.below(pace) + 1);
        over |= application.go_on();
        assert!(application.server.output().len() <= HIGH_WATER + 400, "the output is bounded");
        let moved = moved + pipe(&mut application.server, &mut user.client, seeded.below(pace) + 1);
        if over && application.server.output().is_empty() {
            user.client.receive_eof();
        }
        let mut events = 0;
        loop {
            match user.client.next_event().unwrap() {
                Step::Event(event) => user.handle(event),
                Step::NeedInput | Step::Paused(Pause::Drain | Pause::Respond) => break,
                Step::Closed => {
                    assert_eq!((user.client.outstanding(), user.acts.len()), (0, 0));
                    assert_eq!(
                        (user.client.state(), application.server.state()),
                        (State::Closed, State::Closed)
                    );
                    return (user.seen, application.delivered);
                }
                Step::Paused(Pause::StartTls) => {
                    // here the handshake would be
                    application.server.tls_established().unwrap();
                    user.client.tls_established().unwrap();
                    user.hello();
                }
                Step::Paused(pause) => panic!("{pause:?}"),
            }
            events += 1;
        }
        let idle = moved == 0
            && events == 0
            && !over
            && application.server.output().is_empty()
            && user.client.output().is_empty();
        assert!(!idle || matches!(user.doing, Some(Doing::Nothing)), "deadlock in {:?}", user.client);
    }
    panic!("no end in sight");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn messages_arrive_as_they_were_sent(session in session(), seed: u64) {
        let expected = session.expected();
        for (pipelining, pace) in [
            (Pipelining::Advertised, 1 << 20),
            (Pipelining::Advertised, 1),
            (Pipelining::Advertised, 3),
            (Pipelining::Advertised, 50),
            (Pipelining::Never, 20),
        ] {
            let played = play(&session, pipelining, pace, seed);
            prop_assert_eq!(&played, &expected, "{:?} at a pace of {}", pipelining, pace);
        }
    }
}

#[test]
fn each_kind_is_played() {
    let recipients = vec!["<ok@a.example>", "<no@a.example>", "<full@a.example>", "<größe@a.example>"];
    let message = |content: &'static [u8], chunking| {
        let (recipients, content) = (recipients.clone(), Bytes::from_static(content));
        Act::Message(Message { sender: "<s@b.example>", recipients, notify: true, content, chunking })
    };
    let group = |content| Group { recipients: vec!["<ok@a.example>", "<later@a.example>"], content };
    let acts = vec![
        message(b".dots\r\n..\r\n.", false),
        message(b"bare\nline ends\r", false),
        message("größer\r\n".as_bytes(), true),
        message(b"REFUSE", false),
        Act::Group(vec![
            group(Content::Chunks(vec!["a\n".into(), Bytes::new(), ".\r\n".into()])),
            group(Content::Chunks(vec!["a".into(), "thirteen octs".into(), "b".into()])),
            group(Content::Data("data\r\n".into())),
        ]),
        Act::Ask(Command::Help(None), 214),
    ];
    let offers = [
        Keyword::Pipelining,
        Keyword::Chunking,
        Keyword::BinaryMime,
        Keyword::EightBitMime,
        Keyword::SmtpUtf8,
        Keyword::Dsn,
    ];
    for (protocol, full, delivered_to) in [(Protocol::Smtp, 250, 3), (Protocol::Lmtp, 452, 2)] {
        for login in [Login::PlainAtOnce, Login::PlainAfterChallenge, Login::Rounds, Login::CancelFirst] {
            let start = Start { tls: true, login: Some(login) };
            let session = Session { protocol, offers: offers.to_vec(), start, acts: acts.clone() };
            let (seen, delivered) = play(&session, Pipelining::Advertised, 7, 0);
            let each = [Some(250), Some(550), Some(full), Some(250)];
            assert_eq!(seen[0], Seen::Outcomes(each.to_vec()));
            assert_eq!(seen[3], Seen::Outcomes(vec![Some(554), Some(550), Some(554), Some(554)]));
            assert_eq!(seen[4], Seen::Group(vec![vec![250, 451], vec![452, 451], vec![250, 451]]));
            let contents: Vec<_> = delivered.iter().map(|message| message.content.as_slice()).collect();
            let sent: [&[u8]; 5] = [
                b".dots\r\n..\r\n.\r\n",
                b"bare\nline ends\r",
                "größer\r\n".as_bytes(),
                b"a\n.\r\n",
                b"data\r\n",
            ];
            assert_eq!(contents, sent);
            assert_eq!(delivered[0].recipients.len(), delivered_to);
            assert_eq!((seen, delivered), session.expected());
        }
    }
}
