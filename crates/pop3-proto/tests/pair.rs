//! Our client and our server over a pipe that moves few octets at a time: long random legal sessions, the
//! same at every pace, without deadlock and in bounded memory.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop, too")]

use bytes::Bytes;
use pop3_proto::client::{self, Client, Pipelining};
use pop3_proto::server::{self, Server};
use pop3_proto::{
    Auth, Capabilities, Capability, Command, DropListing, Greeting, Item, LanguageListing, MessageNumber,
    Password, Reply, ReplyKind, ScanListing, State, Status, UniqueId, UniqueIdListing, UserName,
};
use proptest::prelude::*;
use std::collections::VecDeque;
use wire::sasl::Mechanism;
use wire::testing::{Seeded, pipe};
use wire::{BodyError, CommandId, Machine, Misuse, Pause, Secret, Step, Text};

const HIGH_WATER: usize = 300;

/// What the client's user does, in this order.
#[derive(Debug, Clone)]
enum Act {
    Send(Command),
    /// PLAIN with or without an initial response, right or cancelled.
    Login {
        initial: bool,
        cancel: bool,
    },
}

fn number(number: u32) -> MessageNumber {
    MessageNumber::new(number).unwrap()
}

fn before_login() -> impl Strategy<Value = Act> {
    prop_oneof![
        Just(Act::Send(Command::Capa)),
        Just(Act::Send(Command::Lang(None))),
        Just(Act::Send(Command::Utf8)),
        Just(Act::Login { initial: true, cancel: true }),
        Just(Act::Login { initial: false, cancel: true }),
        Just(Act::Send(Command::User(UserName::new("nobody").unwrap()))),
    ]
}

fn after_login() -> impl Strategy<Value = Act> {
    let message = || (1u32..6).prop_map(number);
    prop_oneof![
        Just(Command::Capa),
        Just(Command::Stat),
        Just(Command::List(None)),
        Just(Command::Uidl(None)),
        message().prop_map(|m| Command::List(Some(m))),
        message().prop_map(|m| Command::Uidl(Some(m))),
        message().prop_map(Command::Retr),
        (message(), 0u64..9).prop_map(|(message, lines)| Command::Top { message, lines }),
        message().prop_map(Command::Dele),
        Just(Command::Rset),
        Just(Command::Noop),
    ]
    .prop_map(Act::Send)
}

fn session() -> impl Strategy<Value = Vec<Act>> {
    let login = prop_oneof![
        (any::<bool>()).prop_map(|initial| vec![Act::Login { initial, cancel: false }]),
        Just(vec![
            Act::Send(Command::User(UserName::new("user").unwrap())),
            Act::Send(Command::Pass(Password::new(Secret::new("pass")).unwrap())),
        ]),
    ];
    let before = proptest::collection::vec(before_login(), 0..4);
    let after = proptest::collection::vec(after_login(), 0..25);
    (before, login, after).prop_map(|(before, login, after)| {
        before.into_iter().chain(login).chain(after).chain([Act::Send(Command::Quit)]).collect()
    })
}

/// A message for each number, with dots where they hurt.
fn message(number: MessageNumber) -> Bytes {
    let n = number.get() as usize;
    let body = ["", ".\r\n", "..\r\n.\r\n", "Subject: hi\r\n\r\n.dot\r\nno dot\r\n", "x"][n % 5];
    let long = "0123456789\r\n.\r\n".repeat(n * 11);
    Bytes::from(format!("{body}{}{long}", if body == "x" { "\r\n" } else { "" }))
}

/// An application on top of the server machine that answers at once, as far as the output has room.
struct Application {
    server: Server,
    /// The rest of a message or listing that is being written.
    rest: Option<(CommandId, VecDeque<Part>)>,
}

enum Part {
    Item(Item),
    Piece(Bytes),
}

fn offered() -> Capabilities {
    ["TOP", "UIDL", "USER", "PIPELINING", "SASL PLAIN", "UTF8", "LANG"]
        .iter()
        .map(|line| Capability::new(*line).unwrap())
        .collect()
}

impl Application {
    fn new() -> Self {
        let mut config = server::Config::default();
        config.capabilities = offered();
        config.allow_cleartext = true;
        config.limits.high_water = HIGH_WATER;
        let greeting = Greeting::new(Status::ok("ready").unwrap()).unwrap();
        Self { server: Server::new(config, &greeting), rest: None }
    }

    /// Goes on until it has to wait; says whether the connection is over.
    fn go_on(&mut self) -> bool {
        loop {
            if self.write_rest() {
                return false;
            }
            match self.server.next_event().unwrap() {
                Step::Event(event) => self.handle(event),
                Step::NeedInput | Step::Paused(_) => return false,
                Step::Closed => return true,
            }
        }
    }

    /// Whether the output is full.
    fn write_rest(&mut self) -> bool {
        let Some((id, parts)) = &mut self.rest else { return false };
        while let Some(part) = parts.front() {
            let written = match part {
                Part::Item(item) => self.server.item(*id, item),
                Part::Piece(piece) => self.server.body(*id, piece),
            };
            match written {
                Ok(()) => parts.pop_front(),
                Err(BodyError::Full) => return true,
                Err(other) => panic!("{other}"),
            };
        }
        self.server.end_body(*id).unwrap();
        self.rest = None;
        false
    }

    fn handle(&mut self, event: server::Event) {
        use server::Event;
        let ok = || Status::ok("fine").unwrap();
        match event {
            Event::Command { id, command } => {
                let kind = command.reply_kind();
                let exists = |m: &MessageNumber| m.get() < 5;
                let reply = match &command {
                    Command::User(name) if name.as_bytes() != b"user" => {
                        Reply::Status(Status::err("who").unwrap())
                    }
                    Command::Retr(m) | Command::Dele(m) | Command::List(Some(m)) | Command::Uidl(Some(m))
                        if !exists(m) =>
                    {
                        Reply::Status(Status::err("no such message").unwrap())
                    }
                    Command::Auth(auth) if auth.initial_response.is_none() => {
                        return self.server.challenge(id, b"").unwrap();
                    }
                    Command::Stat => Reply::DropListing(DropListing::new(4, 320)),
                    Command::List(Some(m)) => Reply::ScanListing(ScanListing::new(*m, 100)),
                    Command::Uidl(Some(m)) => Reply::UniqueIdListing(unique_id(*m)),
                    Command::Capa => Reply::capabilities(ok(), self.server.capabilities()),
                    Command::Lang(None) => {
                        Reply::languages(ok(), vec![LanguageListing::new("de", Text::EMPTY).unwrap()])
                    }
                    _ if kind.is_multi_line() => Reply::MultiLine(ok()),
                    _ => Reply::Status(ok()),
                };
                self.server.reply(id, &reply).unwrap();
                if let Reply::MultiLine(_) = reply {
                    self.rest = Some((id, parts(&command)));
                }
            }
            Event::AuthResponse { id, data } => {
                assert_eq!(data.expose(), b"\0user\0pass");
                self.server.reply(id, &Reply::Status(ok())).unwrap();
            }
            Event::AuthCancelled { id } => {
                self.server.reply(id, &Reply::Status(Status::err("cancelled").unwrap())).unwrap();
            }
            Event::Refused { id, refusal, .. } => {
                self.server.reply(id, &Reply::Status(refusal.reply())).unwrap()
            }
            other => panic!("a legal session: {other:?}"),
        }
    }
}

fn unique_id(message: MessageNumber) -> UniqueIdListing {
    UniqueIdListing::new(message, UniqueId::new(format!("uid-{message}")).unwrap())
}

fn parts(command: &Command) -> VecDeque<Part> {
    let all = (1..5).map(number);
    match command {
        Command::List(None) => all.map(|m| Part::Item(Item::ScanListing(ScanListing::new(m, 1)))).collect(),
        Command::Uidl(None) => all.map(|m| Part::Item(Item::UniqueIdListing(unique_id(m)))).collect(),
        Command::Retr(m) | Command::Top { message: m, .. } => {
            let message = message(*m);
            (0..message.len())
                .step_by(100)
                .map(|at| Part::Piece(message.slice(at..(at + 100).min(message.len()))))
                .collect()
        }
        _ => VecDeque::new(),
    }
}

/// Plays a session; `pace` octets at most go over at a time. Gives what the client saw.
fn play(session: &[Act], pipelining: Pipelining, pace: usize, seed: u64) -> Vec<client::Event> {
    let mut seeded = Seeded::new(seed);
    let mut config = client::Config::default();
    config.allow_cleartext = true;
    config.pipelining = pipelining;
    config.auto_hold = true;
    let mut client = Client::new(config);
    let mut application = Application::new();
    let mut acts: VecDeque<_> = session.iter().cloned().collect();
    let mut seen: Vec<client::Event> = Vec::new();
    let mut cancelled = None;
    let mut over = false;
    for _ in 0..200_000 {
        // the user: as much as the machine takes
        while let Some(act) = acts.front() {
            let command = match act {
                Act::Send(command) => command.clone(),
                Act::Login { initial, .. } => Command::Auth(Auth {
                    mechanism: Mechanism::new("PLAIN").unwrap(),
                    initial_response: (*initial && !waits_for_cancel(act))
                        .then(|| Secret::new(*b"\0user\0pass")),
                }),
            };
            // what cancels and what the state forbids waits for the replies before it
            let waits = waits_for_cancel(act) && client.outstanding() > 0;
            match if waits { Err(Misuse::Pipeline) } else { client.send(&command) } {
                Ok(id) => {
                    if waits_for_cancel(act) {
                        cancelled = Some(id);
                    }
                    acts.pop_front();
                }
                Err(Misuse::Pipeline | Misuse::State { .. } | Misuse::PipelineFull) => break,
                Err(other) => panic!("{command:?}: {other}"),
            }
        }
        let moved = pipe(&mut client, &mut application.server, seeded.below(pace) + 1);
        over |= application.go_on();
        assert!(application.server.output().len() <= HIGH_WATER + 200, "the output is bounded");
        let moved = moved + pipe(&mut application.server, &mut client, seeded.below(pace) + 1);
        if over && application.server.output().is_empty() {
            client.receive_eof();
        }
        loop {
            match client.next_event().unwrap() {
                Step::Event(client::Event::Challenge { id, .. }) if cancelled == Some(id) => {
                    client.auth_cancel(id).unwrap();
                }
                Step::Event(client::Event::Challenge { id, .. }) => {
                    client.auth_respond(id, b"\0user\0pass").unwrap();
                }
                Step::Event(event) => match (seen.last_mut(), event) {
                    (
                        Some(client::Event::BodyChunk { data: before, .. }),
                        client::Event::BodyChunk { data, .. },
                    ) => *before = [&before[..], &data[..]].concat().into(),
                    (_, event) => seen.push(event),
                },
                Step::NeedInput => break,
                Step::Closed => {
                    assert!(acts.is_empty() && client.outstanding() == 0);
                    assert_eq!((client.state(), application.server.state()), (State::Update, State::Update));
                    return seen;
                }
                Step::Paused(pause) => panic!("{pause:?}"),
            }
        }
        let idle = moved == 0 && application.server.output().is_empty() && client.output().is_empty();
        assert!(
            !idle || over || acts.is_empty() || client.outstanding() == 0,
            "deadlock at {:?}",
            acts.front()
        );
    }
    panic!("no end in sight: {:?}", acts.front());
}

fn waits_for_cancel(act: &Act) -> bool {
    matches!(act, Act::Login { cancel: true, .. })
}

fn check_bodies(seen: &[client::Event]) {
    let mut bodies = seen.iter().filter_map(|event| match event {
        client::Event::BodyChunk { data, .. } => Some(data),
        _ => None,
    });
    let known: Vec<_> = (1..6).map(|n| message(number(n))).collect();
    assert!(bodies.all(|body| known.contains(body)), "messages arrive as they were sent");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn legal_sessions_at_any_pace(session in session(), seed: u64) {
        let whole = play(&session, Pipelining::Advertised, 1 << 20, seed);
        check_bodies(&whole);
        for pace in [1, 3, 50] {
            let slow = play(&session, Pipelining::Advertised, pace, seed ^ 1);
            prop_assert_eq!(&slow, &whole, "at a pace of {}", pace);
        }
        // pipelining changes when commands go, not what comes
        prop_assert_eq!(play(&session, Pipelining::Never, 20, seed), whole);
    }
}

#[test]
fn the_kinds_of_the_session_are_all_played() {
    let session: Vec<_> = [
        Act::Send(Command::Capa),
        Act::Login { initial: false, cancel: true },
        Act::Login { initial: true, cancel: false },
        Act::Send(Command::Retr(number(3))),
        Act::Send(Command::Uidl(None)),
        Act::Send(Command::Quit),
    ]
    .into();
    let seen = play(&session, Pipelining::Always, 2, 0);
    let kinds = [
        seen.iter().any(|e| matches!(e, client::Event::Greeting(_))),
        seen.iter().any(|e| matches!(e, client::Event::Item { .. })),
        seen.iter().any(|e| matches!(e, client::Event::BodyChunk { .. })),
        seen.iter().filter(|e| matches!(e, client::Event::End { .. })).count() == 2,
    ];
    assert_eq!(kinds, [true; 4]);
    assert_eq!(Command::Retr(number(1)).reply_kind(), ReplyKind::Body);
    assert_ne!(Pause::Drain, Pause::Respond);
}
