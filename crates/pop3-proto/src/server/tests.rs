//! What the server does, case by case. Numbers are those of the project's list of wire cases.

use super::{Config, Event, Refusal, Server, last_words, malformed_reply};
use crate::{
    Capabilities, Capability, Command, DropListing, Greeting, Item, LanguageListing, MessageNumber, Reply,
    ResponseCode, ScanListing, State, Status, UniqueId, UniqueIdListing, rule,
};
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use bytes::{Buf, Bytes};
use proptest::prelude::*;
use wire::dot::LineEndings;
use wire::testing::{End, chunkings, drain, transcript};
use wire::{
    BodyError, CommandId, Fatal, Machine, Misuse, ParseErrorKind, Pause, Rule, Step, Text, Tolerance,
};

fn capabilities() -> Capabilities {
    [
        "TOP",
        "UIDL",
        "USER",
        "SASL PLAIN SCRAM-SHA-256",
        "RESP-CODES",
        "PIPELINING",
        "STLS",
        "UTF8 USER",
        "LANG",
    ]
    .into_iter()
    .map(|line| Capability::new(line).unwrap())
    .collect()
}

fn config() -> Config {
    Config { capabilities: capabilities(), allow_cleartext: true, ..Config::default() }
}

fn server(config: Config) -> Server {
    let mut server = Server::new(config, &Greeting::with_timestamp("ready", b"<1.2@h>").unwrap());
    assert_eq!(server.output().take_all(), "+OK ready <1.2@h>\r\n");
    server
}

fn ok() -> Reply {
    Reply::Status(Status::ok("").unwrap())
}

fn err() -> Reply {
    Reply::Status(Status::err("no").unwrap())
}

fn next(server: &mut Server) -> Event {
    match server.next_event() {
        Ok(Step::Event(event)) => event,
        other => panic!("no event: {other:?}"),
    }
}

fn command(server: &mut Server, line: &str) -> (CommandId, Command) {
    server.receive(line.as_bytes());
    match next(server) {
        Event::Command { id, command } => (id, command),
        other => panic!("{line:?}: {other:?}"),
    }
}

/// A server in the TRANSACTION state.
fn logged_in(config: Config) -> Server {
    let mut server = server(config);
    for line in ["USER a\r\n", "PASS b\r\n"] {
        let (id, _) = command(&mut server, line);
        server.reply(id, &ok()).unwrap();
    }
    let _ = server.output().take_all();
    assert_eq!(server.state(), State::Transaction);
    server
}

/// Answers each command with `-ERR`, and notes the event.
fn refuse(server: &mut Server, events: &mut Vec<Event>, event: Event) {
    if let Event::Command { id, .. }
    | Event::Refused { id, .. }
    | Event::Malformed { id, .. }
    | Event::AuthCancelled { id }
    | Event::AuthResponse { id, .. } = &event
    {
        server.reply(*id, &err()).unwrap();
        let _ = server.output().take_all();
    }
    events.push(event);
}

fn refusing(server: &mut Server, chunks: &[&[u8]]) -> (Vec<Event>, End<Fatal>) {
    let mut events = Vec::new();
    let mut end = End::NeedInput;
    for chunk in chunks {
        server.receive(chunk);
        end = drain(server, |server, event| refuse(server, &mut events, event));
    }
    (events, end)
}

/// What comes of what the client says, which is the same at every chunking of it.
fn at_every_split(make: impl Fn() -> Server, stream: &[u8], check: impl Fn(&[Event], &End<Fatal>)) {
    let (events, end) = transcript(make, stream, refuse);
    check(&events, &end);
}

fn rules(events: &[Event]) -> Vec<Rule> {
    events.iter().filter_map(|e| if let Event::Diagnostic(d) = e { Some(d.rule) } else { None }).collect()
}

fn number(number: u32) -> MessageNumber {
    MessageNumber::new(number).unwrap()
}

// ---- commands

#[test]
fn case_143_the_password_is_the_rest_of_the_line() {
    for (line, password) in
        [("PASS my pass word\r\n", "my pass word"), ("PASS  lead\r\n", " lead"), ("pass x \r\n", "x ")]
    {
        let mut server = server(config());
        let (id, _) = command(&mut server, "USER a\r\n");
        server.reply(id, &ok()).unwrap();
        let (_, Command::Pass(got)) = command(&mut server, line) else { panic!() };
        assert_eq!(got.expose(), password.as_bytes());
    }
}

#[test]
fn case_144_names() {
    for (line, offset) in
        [(&b"USER a\0b\r\n"[..], 6), (b"USER a\x01\r\n", 6), (b"USER a\x7f\r\n", 6), (b"USER \r\n", 5)]
    {
        let mut server = server(config());
        server.receive(line);
        let Event::Malformed { malformed, id } = next(&mut server) else { panic!("{line:?}") };
        assert_eq!((malformed.error.offset, malformed.verb), (offset, Some("USER")), "{line:?}");
        assert_eq!(malformed.frame.expose(), line);
        server.reply(id, &Reply::Status(malformed_reply(&malformed))).unwrap();
        assert_eq!(server.output().take_all(), "-ERR Syntax error\r\n");
    }
    // octets beyond ASCII go to the application, and must be UTF-8 once UTF8 USER is offered
    let mut plain = Config { capabilities: Capabilities::default(), ..config() };
    plain.allow_cleartext = true;
    let mut latin1 = server(plain);
    latin1.receive(b"USER caf\xe9\r\n");
    assert!(matches!(next(&mut latin1), Event::Command { .. }));
    let mut utf8 = server(config());
    utf8.receive(b"USER caf\xe9\r\n");
    let Event::Refused { id, refusal: Refusal::NotUtf8, .. } = next(&mut utf8) else { panic!() };
    utf8.reply(id, &err()).unwrap();
    let (_, Command::User(name)) = command(&mut utf8, "USER caf\u{e9}\r\n") else { panic!() };
    assert_eq!(name.as_bytes(), "caf\u{e9}".as_bytes());
}

#[test]
fn case_145_utf8_and_stls_in_their_place() {
    let mut server = server(config());
    let (id, _) = command(&mut server, "UTF8\r\n");
    server.reply(id, &ok()).unwrap();
    assert!(server.is_utf8());
    server.receive(b"STLS\r\n");
    assert!(matches!(next(&mut server), Event::Refused { refusal: Refusal::AfterUtf8, .. }));

    let mut server = logged_in(config());
    for line in [
        "UTF8\r\n",
        "STLS\r\n",
        "USER a\r\n",
        "PASS a\r\n",
        "APOP a 0123456789abcdef0123456789abcdef\r\n",
        "AUTH PLAIN\r\n",
    ] {
        server.receive(line.as_bytes());
        let Event::Refused { id, refusal, .. } = next(&mut server) else { panic!("{line}") };
        let wanted = State::Authorization.name();
        assert_eq!(refusal, Refusal::State { wanted, state: State::Transaction });
        server.reply(id, &Reply::Status(refusal.reply())).unwrap();
        assert!(server.output().take_all().starts_with(b"-ERR "));
    }
}

#[test]
fn transaction_commands_wait_for_the_login() {
    for line in ["STAT", "LIST", "UIDL 1", "RETR 1", "TOP 1 0", "DELE 1", "RSET", "NOOP"] {
        let mut server = server(config());
        server.receive(format!("{line}\r\n").as_bytes());
        let Event::Refused { refusal: Refusal::State { wanted, .. }, .. } = next(&mut server) else {
            panic!("{line}")
        };
        assert_eq!(wanted, "TRANSACTION");
    }
    let mut server = server(config());
    server.receive(b"PASS x\r\n");
    assert!(matches!(next(&mut server), Event::Refused { refusal: Refusal::UserFirst, .. }));
}

#[test]
fn case_146_top_needs_both_arguments() {
    let mut server = logged_in(config());
    let (id, top) = command(&mut server, "TOP 1 0\r\n");
    assert_eq!(top, Command::Top { message: number(1), lines: 0 });
    server.reply(id, &err()).unwrap();
    for line in ["TOP 1\r\n", "TOP\r\n", "TOP 1 x\r\n", "TOP 0 1\r\n", "TOP 1 -1\r\n", "TOP 1 2 3\r\n"] {
        server.receive(line.as_bytes());
        let Event::Malformed { id, malformed } = next(&mut server) else { panic!("{line}") };
        assert_eq!(malformed.verb, Some("TOP"));
        server.reply(id, &err()).unwrap();
    }
}

#[test]
fn case_149_auth() {
    let mut server = server(config());
    let (id, Command::Auth(auth)) = command(&mut server, "AUTH PLAIN =\r\n") else { panic!() };
    assert!(auth.initial_response.unwrap().is_empty());
    server.reply(id, &err()).unwrap();
    let (id, Command::AuthList) = command(&mut server, "AUTH\r\n") else { panic!() };
    let mechanisms = crate::Mechanisms::new([wire::sasl::Mechanism::new("PLAIN").unwrap()]);
    server.reply(id, &Reply::mechanisms(Status::ok("").unwrap(), &mechanisms)).unwrap();
    assert_eq!(server.output().take_all(), "-ERR no\r\n+OK\r\nPLAIN\r\n.\r\n");
    let (id, _) = command(&mut server, "AUTH PLAIN\r\n");
    server.challenge(id, b"").unwrap();
    assert_eq!(server.output().take_all(), "+ \r\n");
    server.receive(b"*\r\n");
    assert_eq!(next(&mut server), Event::AuthCancelled { id });
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)));
    server.reply(id, &err()).unwrap();
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
}

#[test]
fn a_sasl_exchange() {
    let mut server = server(config());
    let (id, _) = command(&mut server, "AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9eA==\r\n");
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)));
    server.challenge(id, b"r=x").unwrap();
    assert_eq!(
        server.challenge(id, b"again"),
        Err(Misuse::State { wanted: "a response to the challenge before" })
    );
    assert!(server.reply(id, &ok()).is_err(), "not before the response");
    assert_eq!(server.output().take_all(), "+ cj14\r\n");
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    server.receive(b"Yz1iaXdz\r\n");
    let Event::AuthResponse { id: of, data } = next(&mut server) else { panic!() };
    assert_eq!((of, data.expose()), (id, &b"c=biws"[..]));
    server.reply(id, &ok()).unwrap();
    assert_eq!(server.state(), State::Transaction);
    assert_eq!(server.challenge(id, b""), Err(Misuse::UnknownId));
    let (id, _) = command(&mut server, "NOOP\r\n");
    assert_eq!(server.challenge(id, b""), Err(Misuse::WrongReply));
}

#[test]
fn what_is_not_base64_ends_the_exchange_and_not_the_connection() {
    for line in
        ["!!!\r\n", "AAA\r\n", "AA==A\r\n", "=AAA\r\n", "AAA=BBB=\r\n", " AAAA\r\n", "* \r\n", "**\r\n"]
    {
        let mut server = server(config());
        let (id, _) = command(&mut server, "AUTH PLAIN\r\n");
        server.challenge(id, b"").unwrap();
        server.receive(line.as_bytes());
        let Event::Malformed { id: of, malformed } = next(&mut server) else { panic!("{line:?}") };
        assert_eq!((of, malformed.verb, malformed.error.got), (id, Some("AUTH"), None));
        server.reply(id, &err()).unwrap();
        assert!(matches!(command(&mut server, "QUIT\r\n"), (_, Command::Quit)));
    }
}

#[test]
fn sasl_lines_are_limited_at_n_and_n_plus_1() {
    let mut config = config();
    config.limits.max_auth_line = 1026;
    for (len, fits) in [(1024, true), (1028, false)] {
        let line = [vec![b'A'; len], b"\r\n".to_vec()].concat();
        for chunks in chunkings(&line) {
            let mut server = server(config.clone());
            let (id, _) = command(&mut server, "AUTH PLAIN\r\n");
            server.challenge(id, b"").unwrap();
            let (events, end) = refusing(&mut server, &chunks);
            assert_eq!(end, End::NeedInput);
            assert_eq!(matches!(events[..], [Event::AuthResponse { .. }]), fits);
            assert_eq!(matches!(events[..], [Event::Malformed { .. }]), !fits);
            assert!(
                matches!(command(&mut server, "QUIT\r\n"), (_, Command::Quit)),
                "nothing of it is a command"
            );
        }
        // the same for an initial response
        let line = format!("AUTH PLAIN {}\r\n", "A".repeat(len - 12));
        let mut server = server(config.clone());
        server.receive(line.as_bytes());
        let malformed = |event| matches!(event, Event::Malformed { .. });
        assert_eq!(malformed(drain_one(&mut server)), !fits, "{len}");
        assert!(server.challenge(CommandId::FIRST, &[0; 1024]).is_err());
    }
}

/// The first event that is not a diagnostic.
fn drain_one(server: &mut Server) -> Event {
    loop {
        match next(server) {
            Event::Diagnostic(_) => {}
            event => return event,
        }
    }
}

#[test]
fn no_challenge_in_the_middle_of_an_over_long_response() {
    let mut config = config();
    config.limits.max_auth_line = 32;
    let mut server = server(config);
    let (id, _) = command(&mut server, "AUTH PLAIN\r\n");
    server.challenge(id, b"").unwrap();
    server.receive(&[b'A'; 32]);
    assert!(matches!(next(&mut server), Event::Malformed { .. }));
    // it would be answered by the rest of the same line, for ever
    assert!(matches!(server.challenge(id, b""), Err(Misuse::State { .. })));
    server.reply(id, &err()).unwrap();
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
}

#[test]
fn lenience_hides_no_second_line() {
    for line in ["STAT x\r\nDELE 1\r\n", "STAT x\nDELE 1\r\n", "STAT x\rDELE 1\r\n"] {
        let frame = line.into();
        let cx = wire::Context::new(&frame, Tolerance::Lenient);
        assert!(Command::parse_in(&cx).is_err(), "{line:?}");
    }
}

#[test]
fn lines_are_written_to_512_octets() {
    for (len, fits) in [(506, true), (507, false)] {
        let mut server = logged_in(config());
        let (id, _) = command(&mut server, "NOOP\r\n");
        let reply = Reply::Status(Status::ok(vec![b'x'; len]).unwrap());
        let expected = if fits { Ok(()) } else { Err(Misuse::TooLong { limit: 512 }) };
        assert_eq!(server.reply(id, &reply), expected);
        assert_eq!((server.output().len(), server.outstanding()), if fits { (512, 0) } else { (0, 1) });
    }
    for (len, fits) in [(510, true), (511, false)] {
        let mut server = logged_in(config());
        let (id, _) = command(&mut server, "CAPA\r\n");
        let lines = [Capability::Top, Capability::new(vec![b'X'; len]).unwrap()].into_iter().collect();
        let reply = Reply::capabilities(Status::ok("").unwrap(), lines);
        assert_eq!(server.reply(id, &reply).is_ok(), fits);
        assert_eq!(server.output().is_empty(), !fits, "nothing of it was written");
    }
    let mut server = logged_in(config());
    let (id, _) = command(&mut server, "LIST\r\n");
    server.reply(id, &Reply::MultiLine(Status::ok("").unwrap())).unwrap();
    let _ = server.output().take_all();
    for (len, fits) in [(506, true), (507, false)] {
        let more = Text::new(vec![b'x'; len]).unwrap().into();
        let item = Item::ScanListing(ScanListing { message: number(1), octets: 2, more });
        assert_eq!(server.item(id, &item).is_ok(), fits);
    }
    assert_eq!(server.output().len(), 512);
}

#[test]
fn case_151_long_lines_are_one_error_and_their_tail_no_command() {
    for (len, fits) in [(255, true), (256, false)] {
        let mut line = vec![b'x'; len];
        line[len - 7..].copy_from_slice(b" QUIT\r\n");
        let stream = [&line[..], b"NOOP\r\n"].concat();
        at_every_split(
            || logged_in(config()),
            &stream,
            |events, end| {
                assert_eq!(*end, End::NeedInput);
                assert_eq!(events.len(), 2, "{len}");
                assert_eq!(matches!(events[0], Event::Command { .. }), fits);
                if let Event::Malformed { malformed, .. } = &events[0] {
                    assert_eq!(
                        (malformed.error.kind, malformed.error.offset),
                        (ParseErrorKind::TooLong, 255)
                    );
                    assert_eq!(malformed.frame.expose().len(), 255);
                    assert_eq!(malformed_reply(malformed), Status::err("Line too long").unwrap());
                }
                assert!(matches!(events[1], Event::Command { command: Command::Noop, .. }));
            },
        );
    }
    // megabytes without a line end take no memory
    let mut server = logged_in(config());
    for _ in 0..100 {
        let _ = refusing(&mut server, &[&[b'x'; 65_536]]);
        assert!(server.input.is_empty());
    }
    let (events, _) = refusing(&mut server, &[b"\r\nNOOP\r\n"]);
    assert!(matches!(events[..], [Event::Command { command: Command::Noop, .. }]));
}

#[test]
fn what_is_forbidden_is_refused_strictly_and_repaired_by_tolerance() {
    for (line, least, found) in [
        ("NOOP\n", Tolerance::Default, &[rule::BARE_LF][..]),
        ("NOOP  \r\n", Tolerance::Default, &[rule::TRAILING_SPACE]),
        ("RETR  1\r\n", Tolerance::Default, &[rule::EXTRA_SPACE]),
        ("LIST \r\n", Tolerance::Default, &[rule::TRAILING_SPACE]),
        ("NOOP x\r\n", Tolerance::Lenient, &[rule::EXTRA_ARGUMENT]),
        ("RETR 1 2\r\n", Tolerance::Lenient, &[rule::EXTRA_ARGUMENT]),
        ("LIST 1\0\r\n", Tolerance::Lenient, &[rule::EXTRA_ARGUMENT]),
        ("TOP 1 -1\r\n", Tolerance::Lenient, &[rule::NEGATIVE_LINES]),
        ("NOOP\r\r\n", Tolerance::Default, &[rule::EXTRA_CR]),
        ("RETR\t1\r\n", Tolerance::Default, &[rule::EXTRA_SPACE]),
        ("  STAT\r\n", Tolerance::Lenient, &[rule::LEADING_SPACE]),
    ] {
        for tolerance in [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient] {
            let make = || logged_in(Config { tolerance, ..config() });
            at_every_split(make, line.as_bytes(), |events, end| {
                assert_eq!(*end, End::NeedInput);
                let accepted = matches!(events.last(), Some(Event::Command { .. }));
                assert_eq!(accepted, tolerance >= least, "{line:?} {tolerance:?}");
                if accepted {
                    assert_eq!(rules(events), found, "{line:?}");
                }
            });
        }
    }
    let upper = "APOP a C4C9334BAC560ECC979E58001B3E22FB\r\n";
    let mut lenient = server(Config { tolerance: Tolerance::Lenient, ..config() });
    lenient.receive(upper.as_bytes());
    assert_eq!(rules(&[next(&mut lenient)]), [rule::UPPER_CASE_DIGEST]);
    let mut strict = server(config());
    strict.receive(upper.as_bytes());
    assert!(matches!(next(&mut strict), Event::Malformed { .. }));
}

#[test]
fn lines_that_are_no_commands_are_kept() {
    for (line, offset) in [
        (&b"\r\n"[..], 0),
        (b" NOOP\r\n", 0),
        (b"\xff\xfe\r\n", 0),
        (b"NO\rOP\r\n", 2),
        (b"\0\r\n", 0),
        (b"FOO\tbar\r\n", 3),
        (b"FOO a\0\r\n", 5),
        (b"NOOP\r\r\n", 4),
    ] {
        at_every_split(
            || logged_in(config()),
            &[line, b"NOOP\r\n"].concat(),
            |events, _| {
                let [Event::Malformed { malformed, .. }, Event::Command { command: Command::Noop, .. }] =
                    events
                else {
                    panic!("{line:?}: {events:?}")
                };
                assert_eq!(
                    (malformed.error.offset, &malformed.frame.expose()[..]),
                    (offset, line),
                    "{line:?}"
                );
            },
        );
    }
    let (_, Command::Other(other)) = command(&mut logged_in(config()), "xtnd XLST  Subject \r\n") else {
        panic!()
    };
    assert_eq!((other.keyword(), other.arguments()), (&b"xtnd"[..], &b"XLST  Subject "[..]));
    assert_eq!(Command::Other(other).to_bytes(), "xtnd XLST  Subject \r\n");
}

#[test]
fn bad_commands_are_counted_at_n_and_n_plus_1() {
    let mut config = config();
    config.limits.max_bad_commands = Some(3);
    let mut server = server(config);
    // an unknown, a misplaced and a malformed one
    let (_, end) = refusing(&mut server, &[b"FOO\r\nSTAT\r\nUSER\r\n"]);
    assert_eq!(end, End::NeedInput);
    // a good one starts anew
    let (_, end) = refusing(&mut server, &[b"CAPA\r\nFOO\r\nFOO\r\nFOO\r\n"]);
    assert_eq!(end, End::NeedInput);
    let (_, end) = refusing(&mut server, &[b"FOO\r\n"]);
    assert_eq!(end, End::Failed(Fatal::TooManyErrors));
    assert_eq!(last_words(&Fatal::TooManyErrors).to_bytes(), "-ERR Too many errors, closing\r\n");
}

#[test]
fn cleartext_logins_need_tls_or_leave() {
    let mut server = server(Config { allow_cleartext: false, ..config() });
    assert_eq!(
        server.capabilities().mechanisms().map(|m| format!("{m}")).collect::<Vec<_>>(),
        ["SCRAM-SHA-256"]
    );
    assert!(!server.capabilities().has("USER") && server.capabilities().has("STLS"));
    for line in ["USER a\r\n", "PASS b\r\n", "AUTH PLAIN\r\n", "AUTH LOGIN\r\n"] {
        server.receive(line.as_bytes());
        let Event::Refused { id, refusal: Refusal::Cleartext, .. } = next(&mut server) else {
            panic!("{line}")
        };
        server.reply(id, &err()).unwrap();
    }
    let (id, _) = command(&mut server, "AUTH SCRAM-SHA-256\r\n");
    server.reply(id, &err()).unwrap();
    let (id, _) = command(&mut server, "STLS\r\n");
    server.reply(id, &ok()).unwrap();
    let _ = server.output().take_all();
    assert_eq!(next(&mut server), Event::StartTls { id });
    server.tls_established().unwrap();
    let (id, _) = command(&mut server, "USER a\r\n");
    server.reply(id, &ok()).unwrap();
    assert!(server.capabilities().has("USER") && !server.capabilities().has("STLS"));
}

// ---- TLS

#[test]
fn stls_waits_for_the_output_then_for_the_handshake() {
    let mut server = server(config());
    let (user, _) = command(&mut server, "USER a\r\n");
    server.reply(user, &ok()).unwrap();
    let (id, _) = command(&mut server, "STLS\r\n");
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)));
    assert!(!server.wants_read());
    server.reply(id, &ok()).unwrap();
    assert_eq!(next(&mut server), Event::StartTls { id });
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Drain)));
    assert!(server.tls_established().is_err(), "not before the reply is out");
    let left = server.output().remaining();
    server.output().advance(left);
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::StartTls)));
    assert!(!server.wants_read());
    server.tls_established().unwrap();
    assert!(server.is_tls());
    // case 115: USER is forgotten
    server.receive(b"PASS b\r\n");
    let Event::Refused { id, refusal: Refusal::UserFirst, .. } = next(&mut server) else { panic!() };
    server.reply(id, &err()).unwrap();
    server.receive(b"STLS\r\n");
    assert!(matches!(next(&mut server), Event::Refused { refusal: Refusal::TlsActive, .. }));
}

#[test]
fn case_114_and_153_nothing_may_stand_behind_stls() {
    for chunks in chunkings(b"STLS\r\nUSER a\r\n") {
        let mut server = server(config());
        let mut end = End::NeedInput;
        let mut commands = 0;
        for chunk in chunks {
            server.receive(chunk);
            end = drain(&mut server, |server, event| match event {
                Event::Command { id, command: Command::Stls } => {
                    commands += 1;
                    // what waits already forbids it; what comes later is found out by next_event
                    let plaintext = !server.input.is_empty();
                    let agreed = server.reply(id, &ok());
                    assert_eq!(agreed, if plaintext { Err(Misuse::PlaintextPending) } else { Ok(()) });
                }
                Event::StartTls { .. } => {}
                other => panic!("{other:?}"),
            });
        }
        assert!(matches!(end, End::Failed(Fatal::PlaintextAfterStartTls(_))), "{end:?}");
        assert_eq!((server.is_tls(), commands), (false, 1));
    }
    // what comes in between the command and the answer
    let mut server = server(config());
    let (id, _) = command(&mut server, "STLS\r\n");
    server.receive(b"x");
    assert_eq!(server.reply(id, &ok()), Err(Misuse::PlaintextPending));
    assert!(server.output().is_empty());
    server.reply(id, &err()).unwrap();
    assert_eq!(server.next_event(), Ok(Step::NeedInput), "it was refused, so it is a command");
}

#[test]
fn stls_that_is_not_offered_is_refused() {
    let mut server = server(Config { capabilities: Capabilities::default(), ..config() });
    for line in ["STLS\r\n", "UTF8\r\n", "LANG\r\n"] {
        server.receive(line.as_bytes());
        let Event::Refused { id, refusal: Refusal::NotOffered, .. } = next(&mut server) else {
            panic!("{line}")
        };
        server.reply(id, &err()).unwrap();
    }
    let no_apop = Greeting::new(Status::ok("ready").unwrap()).unwrap();
    let mut server = Server::new(config(), &no_apop);
    server.receive(b"APOP a 0123456789abcdef0123456789abcdef\r\n");
    assert!(matches!(next(&mut server), Event::Refused { refusal: Refusal::NotOffered, .. }));
}

// ---- replies

#[test]
fn every_reply_is_written_as_the_rfcs_show_it() {
    let text = |s: &'static str| Status::ok(s).unwrap();
    let mut server = logged_in(config());
    for (line, reply, written) in [
        ("STAT", Reply::DropListing(DropListing::new(2, 320)), "+OK 2 320\r\n"),
        ("LIST 2", Reply::ScanListing(ScanListing::new(number(2), 200)), "+OK 2 200\r\n"),
        (
            "UIDL 2",
            Reply::UniqueIdListing(UniqueIdListing::new(
                number(2),
                UniqueId::new("QhdPYR:00WBw1Ph7x7").unwrap(),
            )),
            "+OK 2 QhdPYR:00WBw1Ph7x7\r\n",
        ),
        ("DELE 1", Reply::Status(text("message 1 deleted")), "+OK message 1 deleted\r\n"),
        (
            "CAPA",
            Reply::capabilities(text("list"), capabilities()),
            "+OK list\r\nTOP\r\nUIDL\r\nUSER\r\nSASL PLAIN SCRAM-SHA-256\r\nRESP-CODES\r\nPIPELINING\r\nSTLS\r\n\
             UTF8 USER\r\nLANG\r\n.\r\n",
        ),
        (
            "LANG",
            Reply::languages(
                text("Language listing follows:"),
                vec![
                    LanguageListing::new("en-boont", Text::new("English Boontling dialect").unwrap())
                        .unwrap(),
                    LanguageListing::new("de", Text::EMPTY).unwrap(),
                ],
            ),
            "+OK Language listing follows:\r\nen-boont English Boontling dialect\r\nde\r\n.\r\n",
        ),
        ("LANG es", Reply::Status(text("es Idioma cambiado")), "+OK es Idioma cambiado\r\n"),
        (
            "RETR 9",
            Reply::Status(Status::err("say UTF8").unwrap().with_code(ResponseCode::Utf8)),
            "-ERR [UTF8] say UTF8\r\n",
        ),
    ] {
        let (id, _) = command(&mut server, &format!("{line}\r\n"));
        server.reply(id, &reply).unwrap();
        assert_eq!(server.output().take_all(), written, "{line}");
    }
}

#[test]
fn replies_that_would_put_the_client_out_of_step_are_refused() {
    let listing = || Reply::ScanListing(ScanListing::new(number(1), 1));
    let multi = || Reply::MultiLine(Status::ok("").unwrap());
    for (line, wrong) in [
        ("RETR 1", ok()),
        ("LIST", ok()),
        ("LIST", listing()),
        ("LIST 1", multi()),
        ("UIDL 1", listing()),
        ("STAT", multi()),
        ("NOOP", multi()),
        ("NOOP", Reply::capabilities(Status::ok("").unwrap(), capabilities())),
        ("CAPA", multi()),
        ("CAPA", ok()),
    ] {
        let mut server = logged_in(config());
        let (id, _) = command(&mut server, &format!("{line}\r\n"));
        assert_eq!(server.reply(id, &wrong), Err(Misuse::WrongReply), "{line} {wrong:?}");
        assert!(server.output().is_empty() && server.outstanding() == 1);
        server.reply(id, &err()).unwrap();
    }
    let mut server = logged_in(config());
    let (id, _) = command(&mut server, "LIST\r\n");
    server.reply(id, &multi()).unwrap();
    let wrong = Item::UniqueIdListing(UniqueIdListing::new(number(1), UniqueId::new("x").unwrap()));
    assert_eq!(server.item(id, &wrong), Err(BodyError::Misuse(Misuse::WrongReply)));
    assert!(matches!(server.body(id, &"x".into()), Err(BodyError::Misuse(Misuse::State { .. }))));
    assert!(server.reply(id, &ok()).is_err(), "one reply a command");
    server.item(id, &Item::ScanListing(ScanListing::new(number(1), 120))).unwrap();
    server.end_body(id).unwrap();
    assert_eq!(server.output().take_all(), "+OK\r\n1 120\r\n.\r\n");
    assert!(server.end_body(id).is_err());
}

#[test]
fn replies_go_out_in_order() {
    let mut server = logged_in(config());
    server.receive(b"NOOP\r\nSTAT\r\nRSET\r\n");
    let mut ids = Vec::new();
    let end = drain(&mut server, |_, event| {
        let Event::Command { id, .. } = event else { panic!("{event:?}") };
        ids.push(id);
    });
    assert_eq!((ids.len(), end), (3, End::Paused(Pause::Respond)));
    assert_eq!(server.reply(ids[1], &err()), Err(Misuse::NotNext(ids[0])));
    assert_eq!(server.reply(ids[2].next(), &err()), Err(Misuse::UnknownId));
    for id in &ids {
        server.reply(*id, &err()).unwrap();
        assert_eq!(server.reply(*id, &err()), Err(Misuse::UnknownId));
    }
}

#[test]
fn pipelined_input_waits_where_a_reply_decides() {
    let mut server = server(config());
    server.receive(b"USER a\r\nPASS b\r\nSTAT\r\nQUIT\r\nNOOP\r\n");
    let mut order = Vec::new();
    loop {
        match server.next_event().unwrap() {
            Step::Event(Event::Command { id, command }) => {
                order.push(command.verb().keyword());
                let reply =
                    if command == Command::Stat { Reply::DropListing(DropListing::new(0, 0)) } else { ok() };
                server.reply(id, &reply).unwrap();
            }
            Step::Paused(Pause::Drain) => assert!(!server.output().take_all().is_empty()),
            Step::Closed => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(order, ["USER", "PASS", "STAT", "QUIT"], "nothing behind QUIT is run");
}

#[test]
fn commands_ahead_are_limited_and_told_if_not_offered() {
    let mut config = config();
    config.limits.max_pipelined = 2;
    let mut server = logged_in(config.clone());
    server.receive(b"NOOP\r\nNOOP\r\nNOOP\r\n");
    let mut seen = Vec::new();
    assert_eq!(drain(&mut server, |_, event| seen.push(event)), End::Paused(Pause::Respond));
    assert_eq!(seen.len(), 2);

    config.capabilities = Capabilities::default();
    let mut server = logged_in(config);
    server.receive(b"NOOP\r\nNOOP\r\n");
    let mut seen = Vec::new();
    let _ = drain(&mut server, |_, event| seen.push(event));
    assert_eq!(rules(&seen), [rule::UNADVERTISED_PIPELINING]);
}

#[test]
fn case_150_response_codes_need_resp_codes() {
    let coded = Reply::Status(Status::err("busy").unwrap().with_code(ResponseCode::InUse));
    for (capabilities, written) in
        [(capabilities(), "-ERR [IN-USE] busy\r\n"), (Capabilities::default(), "-ERR busy\r\n")]
    {
        let mut server = server(Config { capabilities, ..config() });
        let (id, _) = command(&mut server, "USER a\r\n");
        server.reply(id, &coded).unwrap();
        assert_eq!(server.output().take_all(), written);
    }
    let mut server = server(config());
    let (id, _) = command(&mut server, "USER a\r\n");
    server.reply(id, &Reply::Status(Status::err("[AUTH] as text").unwrap())).unwrap();
    assert_eq!(server.output().take_all(), "-ERR  [AUTH] as text\r\n");
}

#[test]
fn case_123_text_cannot_break_a_line() {
    for text in ["a\r\nb", "a\nb", "a\rb", "a\0b"] {
        assert!(Status::ok(text).is_err() && Status::err(text).is_err());
        assert!(Text::new(text).is_err() && UniqueId::new(text).is_err() && Capability::new(text).is_err());
        assert!(LanguageListing::new(text, Text::EMPTY).is_err() && ResponseCode::new(text).is_err());
    }
}

// ---- messages

fn sending(config: Config) -> (Server, CommandId) {
    let mut server = logged_in(config);
    let (id, _) = command(&mut server, "RETR 1\r\n");
    server.reply(id, &Reply::MultiLine(Status::ok("").unwrap())).unwrap();
    let _ = server.output().take_all();
    (server, id)
}

#[test]
fn case_148_messages_are_stuffed_and_their_line_ends_mended() {
    for (body, written) in [
        (&b".a\r\n"[..], &b"..a\r\n.\r\n"[..]),
        (b"", b".\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b"a\nb\n", b"a\r\nb\r\n.\r\n"),
        (b"a\n.\nb", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\rb", b"a\r\nb\r\n.\r\n"),
        (b"..\r\n", b"...\r\n.\r\n"),
    ] {
        for chunks in chunkings(body) {
            let (mut server, id) = sending(config());
            for chunk in chunks {
                server.body(id, &Bytes::copy_from_slice(chunk)).unwrap();
            }
            server.end_body(id).unwrap();
            assert_eq!(server.output().take_all(), written, "{body:?}");
        }
    }
    let (mut strict, id) = sending(Config { line_endings: LineEndings::Strict, ..config() });
    let refused = strict.body(id, &"a\r\nb\n".into());
    assert_eq!(refused, Err(BodyError::LineEnding { what: "LF", offset: 4 }));
    assert!(strict.output().is_empty(), "nothing of the piece was taken");
    strict.body(id, &"a\r\n".into()).unwrap();
    strict.end_body(id).unwrap();
    assert_eq!(strict.output().take_all(), "a\r\n.\r\n");
}

#[test]
fn bodies_are_held_back_at_the_high_water_mark() {
    let mut config = config();
    config.limits.high_water = 1000;
    let (mut server, id) = sending(config);
    let piece = Bytes::from(vec![b'x'; 600]);
    server.body(id, &piece).unwrap();
    server.body(id, &piece).unwrap();
    assert_eq!(server.body(id, &piece), Err(BodyError::Full));
    assert_eq!(server.output().remaining(), 1200, "the refused piece has left no trace");
    server.output().advance(201);
    server.body(id, &piece).unwrap();
}

#[test]
fn a_client_that_does_not_read_is_not_served_on() {
    let mut config = config();
    config.limits.high_water = 10;
    let mut server = logged_in(config);
    server.receive(&b"NOOP\r\n".repeat(100));
    let mut answered = 0;
    let end = drain(&mut server, |server, event| {
        let Event::Command { id, .. } = event else { panic!("{event:?}") };
        server.reply(id, &ok()).unwrap();
        answered += 1;
    });
    assert_eq!((answered, end), (2, End::Paused(Pause::Drain)), "5 octets each");
    assert!(!server.wants_read());
    server.output().advance(5);
    assert!(matches!(server.next_event(), Ok(Step::Event(Event::Command { .. }))));
}

#[test]
fn large_pieces_go_by_reference() {
    let (mut server, id) = sending(config());
    let piece = Bytes::from(vec![b'x'; 100_000]);
    server.body(id, &piece).unwrap();
    assert_eq!(server.output().chunk().as_ptr(), piece.as_ptr());
}

// ---- the end

#[test]
fn case_154_deletes_are_for_quit_in_the_transaction_state_only() {
    let mut server = server(config());
    let (id, _) = command(&mut server, "QUIT\r\n");
    server.reply(id, &ok()).unwrap();
    assert_eq!(server.state(), State::Closed);
    let mut server = logged_in(config());
    let (id, _) = command(&mut server, "QUIT\r\n");
    server.reply(id, &ok()).unwrap();
    assert_eq!(server.state(), State::Update);
    let mut server = logged_in(config());
    server.receive_eof();
    assert_eq!(server.next_event(), Ok(Step::Closed));
    assert_eq!(server.state(), State::Transaction, "no UPDATE without QUIT");
}

#[test]
fn the_connection_may_end_anywhere() {
    let mut server = logged_in(config());
    server.receive(b"NOO");
    server.receive_eof();
    assert_eq!(server.next_event(), Err(Fatal::UnexpectedEof("a command")));
    let (mut server, id) = sending(config());
    server.receive_eof();
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)), "the client may still read");
    server.end_body(id).unwrap();
    assert_eq!(server.next_event(), Ok(Step::Closed));
    let mut server = self::server(config());
    let (id, _) = command(&mut server, "AUTH PLAIN\r\n");
    server.challenge(id, b"").unwrap();
    server.receive_eof();
    assert_eq!(server.next_event(), Err(Fatal::UnexpectedEof("a SASL exchange")));
}

#[test]
fn a_server_that_refuses_says_so_and_closes() {
    let greeting = Greeting::new(Status::err("too busy").unwrap()).unwrap();
    let mut server = Server::new(config(), &greeting);
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Drain)));
    assert_eq!(server.output().take_all(), "-ERR too busy\r\n");
    assert_eq!(server.next_event(), Ok(Step::Closed));
}

#[test]
fn sending_works_after_the_receive_side_has_failed() {
    let mut config = config();
    config.limits.max_bad_commands = Some(0);
    let mut server = logged_in(config);
    server.receive(b"NOOP\r\nUSER\r\n");
    let Event::Command { id, .. } = next(&mut server) else { panic!() };
    assert_eq!(server.next_event(), Err(Fatal::TooManyErrors));
    assert_eq!(server.next_event(), Err(Fatal::TooManyErrors));
    assert!(!server.wants_read());
    server.reply(id, &ok()).unwrap();
    assert_eq!(server.output().take_all(), "+OK\r\n");
    server.say_last().unwrap();
    assert_eq!(server.output().take_all(), "-ERR Too many errors, closing\r\n");
    assert!(logged_in(self::config()).say_last().is_err(), "nothing has failed");
}

#[test]
fn timeouts_run_while_the_client_is_to_speak() {
    let ten_minutes = Some(core::time::Duration::from_secs(600));
    let mut server = logged_in(config());
    assert_eq!(server.timeout(), ten_minutes);
    let (id, _) = command(&mut server, "NOOP\r\n");
    assert_eq!(server.timeout(), None, "the application's turn");
    server.reply(id, &ok()).unwrap();
    assert_eq!(server.timeout(), ten_minutes);
}

// ---- sizes, secrets, properties

#[test]
fn events_and_machines_stay_small() {
    assert!(size_of::<Event>() <= 96, "{}", size_of::<Event>());
    assert!(size_of::<Command>() <= 64, "{}", size_of::<Command>());
    assert!(size_of::<Server>() <= 640, "{}", size_of::<Server>());
    fn owned<T: Send + Sync + 'static>() {}
    owned::<Event>();
    owned::<Server>();
}

#[test]
fn nothing_shows_a_secret() {
    let mut shown = String::new();
    for (first, line) in [
        ("USER a\r\n", "PASS hunter2\r\n"),
        ("USER a\r\n", "PASS hunter2\0\r\n"),
        ("USER a\r\n", "PASS hunter2"),
        ("CAPA\r\n", "AUTH PLAIN AGEAaHVudGVyMg==\r\n"),
        ("CAPA\r\n", "AUTH PLAIN AGEAaHVudGVyMg=\r\n"),
        ("AUTH PLAIN\r\n", "AGEAaHVudGVyMg==\r\n"),
        ("AUTH PLAIN\r\n", "hunter2\r\n"),
    ] {
        let mut server = server(config());
        let (id, command) = command(&mut server, first);
        match command {
            Command::Auth(_) => server.challenge(id, b"").unwrap(),
            Command::Capa => server.reply(id, &err()).unwrap(),
            _ => server.reply(id, &ok()).unwrap(),
        }
        server.receive(line.as_bytes());
        shown += &format!("{server:?}");
        shown += &format!("{:?}{:#?}", server.next_event(), server);
    }
    for hidden in ["hunter2", "AGEAaHVudGVyMg", "[104, 117"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever a client says: no panic, the same events at every chunking, every line accounted for.
    #[test]
    fn any_octets_at_any_chunking(
        stream in "(USER a|PASS b|STLS|AUTH PLAIN|AUTH X AA==|QUIT|NOOP|RETR 1|LIST| |x|\r\n|\r\n|\r\n|\r|\n|\0|\u{fc}){0,40}",
        strict: bool,
        logged: bool,
    ) {
        let tolerance = if strict { Tolerance::Strict } else { Tolerance::Lenient };
        let make = || {
            let config = Config { tolerance, ..config() };
            if logged { logged_in(config) } else { server(config) }
        };
        let whole = refusing(&mut make(), &[stream.as_bytes()]);
        for chunks in chunkings(stream.as_bytes()) {
            let mut server = make();
            let split = refusing(&mut server, &chunks);
            prop_assert_eq!(&split, &whole);
            let again = drain(&mut server, |_, event| panic!("after the end: {event:?}"));
            prop_assert_eq!(&again, &whole.1);
        }
    }
}
