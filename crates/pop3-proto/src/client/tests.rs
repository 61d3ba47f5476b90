//! What the client does, case by case. Numbers are those of the project's list of wire cases.

use super::{Client, Collected, Config, Event, ListingCollector, MessageCollector, Overflow, Pipelining};
use crate::{
    Apop, Auth, Capability, Command, Item, LanguageRange, MessageNumber, OtherCommand, Password, Reply,
    ReplyKind, ResponseCode, ScanListing, State, UserName, rule,
};
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use bytes::Bytes;
use proptest::prelude::*;
use wire::dot::LineEndings;
use wire::sasl::Mechanism;
use wire::testing::{End, chunkings, drain, transcript};
use wire::{CommandId, Fatal, LimitKind, Machine, Misuse, Pause, Rule, Secret, Step, Tolerance};

fn number(number: u32) -> MessageNumber {
    MessageNumber::new(number).unwrap()
}

fn user(name: &'static str) -> Command {
    Command::User(UserName::new(name).unwrap())
}

fn pass(secret: &str) -> Command {
    Command::Pass(Password::new(Secret::new(secret)).unwrap())
}

fn auth(mechanism: &str, initial_response: Option<&[u8]>) -> Command {
    let mechanism = Mechanism::new(mechanism).unwrap();
    Command::Auth(Auth { mechanism, initial_response: initial_response.map(Secret::new) })
}

fn apop() -> Command {
    Command::Apop(Apop { name: UserName::new("mrose").unwrap(), digest: [0xc4; 16] })
}

fn lenient() -> Config {
    Config { tolerance: Tolerance::Lenient, allow_cleartext: true, ..Config::default() }
}

/// A client after this greeting.
fn greeted(config: Config, greeting: &str) -> Client {
    let mut client = Client::new(config);
    client.receive(greeting.as_bytes());
    assert!(matches!(client.next_event(), Ok(Step::Event(Event::Greeting(_)))), "{greeting:?}");
    client
}

fn ready(config: Config) -> Client {
    greeted(config, "+OK ready <1.2@h>\r\n")
}

/// A client in the TRANSACTION state.
fn logged_in(mut config: Config) -> Client {
    config.allow_cleartext = true;
    let mut client = ready(config);
    for command in [user("a"), pass("b")] {
        client.send(&command).unwrap();
        client.receive(b"+OK\r\n");
        assert!(matches!(client.next_event(), Ok(Step::Event(Event::Reply { .. }))));
    }
    let _ = client.output().take_all();
    assert_eq!(client.state(), State::Transaction);
    client
}

fn next(client: &mut Client) -> Event {
    match client.next_event() {
        Ok(Step::Event(event)) => event,
        other => panic!("no event: {other:?}"),
    }
}

fn reply(client: &mut Client, octets: &[u8]) -> Event {
    client.receive(octets);
    next(client)
}

/// Notes an event; neighbouring chunks of one body are joined.
fn note(events: &mut Vec<Event>, event: Event) {
    match (events.last_mut(), event) {
        (Some(Event::BodyChunk { data: before, .. }), Event::BodyChunk { data, .. }) => {
            *before = [&before[..], &data[..]].concat().into();
        }
        (_, event) => events.push(event),
    }
}

fn events(client: &mut Client, chunks: &[&[u8]]) -> (Vec<Event>, End<Fatal>) {
    let mut events: Vec<Event> = Vec::new();
    let mut end = End::NeedInput;
    for chunk in chunks {
        client.receive(chunk);
        end = drain(client, |_, event| note(&mut events, event));
    }
    (events, end)
}

/// What comes of what the server says, which is the same at every chunking of it.
fn at_every_split(make: impl Fn() -> Client, stream: &[u8], check: impl Fn(&[Event], &End<Fatal>)) {
    let (events, end) = transcript(make, stream, |_, events, event| note(events, event));
    check(&events, &end);
}

fn rules(events: &[Event]) -> Vec<Rule> {
    events.iter().filter_map(|e| if let Event::Diagnostic(d) = e { Some(d.rule) } else { None }).collect()
}

fn body_of(events: &[Event]) -> Bytes {
    let chunks = events.iter().filter_map(|e| match e {
        Event::BodyChunk { data, .. } => Some(data.clone()),
        _ => None,
    });
    chunks.collect::<Vec<_>>().concat().into()
}

// ---- the greeting

#[test]
fn case_129_greetings() {
    let mut client = Client::new(Config::default());
    client.receive(b"-ERR go away\r\n");
    let Event::Greeting(greeting) = next(&mut client) else { panic!() };
    assert!(!greeting.is_ok());
    assert_eq!(client.state(), State::Closed);
    assert!(matches!(client.send(&Command::Capa), Err(Misuse::State { .. })));

    let mut client = greeted(Config::default(), "+OK no timestamp\r\n");
    assert_eq!(client.send(&apop()), Err(Misuse::NotAdvertised("APOP")));
    assert!(client.output().is_empty());
    let mut client = ready(Config::default());
    assert!(client.send(&apop()).is_ok());
    assert_eq!(client.output().take_all(), "APOP mrose c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4\r\n");
}

#[test]
fn what_is_no_greeting_is_fatal() {
    for line in ["* OK IMAP4rev1\r\n", "220 smtp\r\n", "+O\r\n", "\r\n"] {
        let mut client = Client::new(Config::default());
        client.receive(line.as_bytes());
        let error = client.next_event().unwrap_err();
        assert!(matches!(error, Fatal::Desync(_)), "{line:?}");
        assert_eq!(client.next_event(), Err(error), "it repeats");
        assert!(!client.wants_read());
    }
}

#[test]
fn nothing_is_sent_before_the_greeting() {
    let mut client = Client::new(Config::default());
    assert_eq!(client.send(&Command::Capa), Err(Misuse::State { wanted: "AUTHORIZATION" }));
    let mut client = Client::new(Config { auto_hold: true, ..Config::default() });
    client.send(&Command::Capa).unwrap();
    assert!(client.output().is_empty());
    client.receive(b"+OK\r\n");
    let _ = next(&mut client);
    assert_eq!(client.output().take_all(), "CAPA\r\n");
}

// ---- replies

#[test]
fn case_126_status_lines_become_typed() {
    let mut client = logged_in(Config::default());
    let id = client.send(&Command::Noop).unwrap();
    let Event::Reply { id: to, reply: Reply::Status(status) } = reply(&mut client, b"-ERR [SYS/TEMP] x\r\n")
    else {
        panic!()
    };
    assert_eq!((to, status.code(), status.is_ok()), (id, Some(&ResponseCode::SysTemp), false));
}

#[test]
fn listings_of_one_message() {
    let mut client = logged_in(Config::default());
    client.send(&Command::Stat).unwrap();
    let Event::Reply { reply: Reply::DropListing(listing), .. } = reply(&mut client, b"+OK 2 320\r\n") else {
        panic!()
    };
    assert_eq!((listing.messages, listing.octets), (2, 320));
    client.send(&Command::List(Some(number(2)))).unwrap();
    let Event::Reply { reply: Reply::ScanListing(listing), .. } = reply(&mut client, b"+OK 2 200 more\r\n")
    else {
        panic!()
    };
    assert_eq!(
        (listing.message, listing.octets, listing.more.text().as_bytes()),
        (number(2), 200, &b"more"[..])
    );
    client.send(&Command::Uidl(Some(number(2)))).unwrap();
    let Event::Reply { reply: Reply::UniqueIdListing(listing), .. } =
        reply(&mut client, b"+OK 2 QhdPYR:00WBw1Ph7x7\r\n")
    else {
        panic!()
    };
    assert_eq!(listing.unique_id.as_bytes(), b"QhdPYR:00WBw1Ph7x7");
}

#[test]
fn a_listing_of_the_wrong_form_is_text_and_told() {
    let mut client = logged_in(Config::default());
    client.send(&Command::Stat).unwrap();
    client.receive(b"+OK you have mail\r\n");
    assert_eq!(rules(&[next(&mut client)]), [rule::UNTYPED_REPLY]);
    assert!(matches!(next(&mut client), Event::Reply { reply: Reply::Status(_), .. }));

    let mut client = logged_in(Config { tolerance: Tolerance::Strict, ..Config::default() });
    let id = client.send(&Command::Stat).unwrap();
    let Event::Malformed { id: Some(to), ends_command: true, malformed } = reply(&mut client, b"+OK 2 x\r\n")
    else {
        panic!()
    };
    assert_eq!((to, malformed.error.offset), (id, 6));
    assert_eq!(client.outstanding(), 0);
    assert!(client.send(&Command::Noop).is_ok(), "the connection goes on");
}

#[test]
fn case_133_scan_listings() {
    let stream = b"+OK\r\n1 120 foo\r\n2   130\r\n 3 140\r\n9 150\r\n8 160\r\n0 1\r\nx\r\n9 170\r\n.\r\n";
    let make = || {
        let mut client = logged_in(Config::default());
        client.send(&Command::List(None)).unwrap();
        client
    };
    at_every_split(make, stream, |events, end| {
        assert_eq!(*end, End::NeedInput);
        let items: Vec<_> = events
            .iter()
            .filter_map(|e| match e {
                Event::Item { item: Item::ScanListing(l), .. } => Some((l.message.get(), l.octets)),
                _ => None,
            })
            .collect();
        assert_eq!(items, [(1, 120), (2, 130), (3, 140), (9, 150), (8, 160), (9, 170)]);
        let (space, order, untyped) = (rule::EXTRA_SPACE, rule::LISTING_ORDER, rule::UNTYPED_ITEM);
        assert_eq!(rules(events), [space, space, order, untyped, untyped]);
        let lines = events.iter().filter(|e| matches!(e, Event::Item { item: Item::Line(_), .. })).count();
        assert_eq!(lines, 2, "0 and x");
        assert!(matches!(events.last(), Some(Event::End { .. })));
    });
    let strict = || {
        let mut client = logged_in(Config { tolerance: Tolerance::Strict, ..Config::default() });
        client.send(&Command::List(None)).unwrap();
        client
    };
    at_every_split(strict, b"+OK\r\n1 120\r\n0 1\r\nx\r\n9 170\r\n.\r\n", |events, end| {
        assert_eq!(*end, End::NeedInput);
        let malformed = |e: &&Event| matches!(e, Event::Malformed { ends_command: false, .. });
        assert_eq!(
            events.iter().filter(malformed).count(),
            2,
            "each an error of its own, the listing goes on"
        );
    });
}

#[test]
fn a_listing_beyond_the_count_of_stat_is_told() {
    let mut client = logged_in(Config::default());
    client.send(&Command::Stat).unwrap();
    let _ = reply(&mut client, b"+OK 1 100\r\n");
    client.send(&Command::List(None)).unwrap();
    let (events, _) = events(&mut client, &[b"+OK\r\n1 100\r\n2 100\r\n.\r\n"]);
    assert_eq!(rules(&events), [rule::LISTING_ORDER]);
}

#[test]
fn case_134_unique_ids() {
    let long = "u".repeat(71);
    let stream = format!("+OK\r\n1   x\r\n2 a b\r\n3 \r\n4\r\n5 {long}\r\n6 \u{fc}\r\n7 x\r\n.\r\n");
    let make = || {
        let mut client = logged_in(Config::default());
        client.send(&Command::Uidl(None)).unwrap();
        client
    };
    at_every_split(make, stream.as_bytes(), |events, _| {
        let ids: Vec<_> = events
            .iter()
            .filter_map(|e| match e {
                Event::Item { item: Item::UniqueIdListing(l), .. } => Some(l.unique_id.as_bytes().to_vec()),
                _ => None,
            })
            .collect();
        let expected: [&[u8]; 7] = [b"x", b"a", b"", b"", long.as_bytes(), "\u{fc}".as_bytes(), b"x"];
        assert_eq!(ids, expected);
        assert_eq!(
            rules(events),
            [
                rule::EXTRA_SPACE,
                rule::AFTER_UNIQUE_ID,
                rule::EMPTY_UNIQUE_ID,
                rule::EMPTY_UNIQUE_ID,
                rule::LONG_UNIQUE_ID,
                rule::UNIQUE_ID_OCTETS
            ]
        );
    });
    let mut strict = logged_in(Config { tolerance: Tolerance::Strict, ..Config::default() });
    strict.send(&Command::Uidl(None)).unwrap();
    let (events, end) = events(&mut strict, &[stream.as_bytes()]);
    let malformed = events.iter().filter(|e| matches!(e, Event::Malformed { .. })).count();
    assert_eq!((malformed, end), (6, End::NeedInput), "each is an error of its own, the listing goes on");
}

// ---- messages

fn retrieving(config: Config) -> Client {
    let mut client = logged_in(config);
    client.send(&Command::Retr(number(1))).unwrap();
    client
}

#[test]
fn case_135_messages_are_unstuffed_and_end_at_crlf_dot_crlf_only() {
    for (wire, body, found) in [
        (&b"..b\r\n.\r\n"[..], &b".b\r\n"[..], &[][..]),
        (b".b\r\n.\r\n", b"b\r\n", &[rule::LONE_DOT]),
        (b".\r\n", b"", &[]),
        (b"\r\n.\r\n", b"\r\n", &[]),
        (b"\xff\0\r\n.\r\n", b"\xff\0\r\n", &[]),
        (b"a\rb\r\n.\r\n", b"a\rb\r\n", &[rule::BARE_CR]),
        (b"a\n.\n\r\n.\r\n", b"a\n.\n\r\n", &[rule::BARE_LF, rule::BARE_LF]),
        (b"a\n.\r\n\r\n.\r\n", b"a\n.\r\n\r\n", &[rule::BARE_LF]),
        (b"a\r.\r\r\n.\r\n", b"a\r.\r\r\n", &[rule::BARE_CR, rule::BARE_CR]),
    ] {
        let stream = [b"+OK 5 octets\r\n", wire].concat();
        at_every_split(
            || retrieving(Config::default()),
            &stream,
            |events, end| {
                assert_eq!(*end, End::NeedInput, "{wire:?}");
                assert!(matches!(events.last(), Some(Event::End { .. })), "{wire:?} {events:?}");
                assert_eq!(body_of(events), body);
                assert_eq!(rules(events), found, "{wire:?}");
            },
        );
    }
}

#[test]
fn other_ends_are_no_ends() {
    for wire in [&b"a\n.\n"[..], b"a\n.\r\n", b"a\r\n.\n", b"a\r.\r", b"a\r\n.\r\r\n", b"a\r\n.\0\r\n"] {
        let stream = [b"+OK\r\n", wire].concat();
        at_every_split(
            || retrieving(Config::default()),
            &stream,
            |events, end| {
                assert_eq!(*end, End::NeedInput);
                assert!(!events.iter().any(|e| matches!(e, Event::End { .. })), "{wire:?}");
            },
        );
    }
}

#[test]
fn the_strict_policy_reads_to_the_true_end_and_refuses() {
    let config = || Config { line_endings: LineEndings::Strict, ..Config::default() };
    at_every_split(
        || retrieving(config()),
        b"+OK\r\nok\r\na\nb\r\n.\r\n",
        |_, end| {
            assert_eq!(*end, End::Failed(Fatal::LineEnding { what: "LF", offset: 5 }));
        },
    );
    let config = || Config { line_endings: LineEndings::Normalise, ..Config::default() };
    at_every_split(
        || retrieving(config()),
        b"+OK\r\na\nb\r\n.\r\n",
        |events, _| {
            assert_eq!(body_of(events), "a\r\nb\r\n");
        },
    );
}

#[test]
fn case_136_the_announced_size_means_nothing() {
    for size in [0u64, 3, u64::MAX] {
        let stream = format!("+OK {size} octets\r\nhello\r\n.\r\n");
        let (events, _) = events(&mut retrieving(Config::default()), &[stream.as_bytes()]);
        assert_eq!(body_of(&events), "hello\r\n");
    }
}

#[test]
fn a_message_streams_in_constant_memory() {
    let mut client = retrieving(Config::default());
    client.receive(b"+OK\r\n");
    let _ = next(&mut client);
    let chunk = vec![b'x'; 60_000];
    for _ in 0..200 {
        client.receive(&chunk);
        let mut octets = 0;
        let end = drain(&mut client, |_, event| match event {
            Event::BodyChunk { data, .. } => octets += data.len(),
            Event::Diagnostic(diagnostic) => assert_eq!(diagnostic.rule, rule::LONG_LINE),
            other => panic!("{other:?}"),
        });
        assert_eq!((octets, end), (chunk.len(), End::NeedInput), "lent at once, no line end needed");
        assert!(client.input.is_empty());
    }
}

#[test]
fn an_error_in_place_of_a_message_is_a_reply() {
    let mut client = retrieving(Config::default());
    let Event::Reply { reply, .. } = reply(&mut client, b"-ERR [UTF8] say UTF8\r\n") else { panic!() };
    assert!(!reply.is_ok());
    assert_eq!(client.outstanding(), 0);
}

#[test]
fn garbage_in_place_of_a_multi_line_reply_is_fatal() {
    let mut client = retrieving(Config::default());
    client.receive(b"Subject: hello\r\n");
    assert!(matches!(client.next_event(), Err(Fatal::Desync(_))), "where it ends cannot be known");
    // but for a single line it costs only that reply
    let mut client = logged_in(Config { tolerance: Tolerance::Strict, ..Config::default() });
    let id = client.send(&Command::Noop).unwrap();
    let Event::Malformed { id: to, ends_command: true, .. } = reply(&mut client, b"hm\r\n") else { panic!() };
    assert_eq!(to, Some(id));
    client.send(&Command::Noop).unwrap();
    assert!(matches!(reply(&mut client, b"+OK\r\n"), Event::Reply { .. }));
}

#[test]
fn what_is_no_status_is_an_error_and_told() {
    // GNU Mailutils 3.15 answers an over-long NOOP with the line itself, broken in two
    let mut client = logged_in(Config::default());
    let id = client.send(&Command::Noop).unwrap();
    let (seen, end) = events(&mut client, &[b"NOOP xxxx\r\nxxxx\r\r\n"]);
    assert_eq!(rules(&seen), [rule::NO_STATUS, rule::EXTRA_CR, rule::NO_STATUS, rule::UNSOLICITED_REPLY]);
    let Event::Reply { id: to, reply: Reply::Status(status) } = &seen[1] else { panic!("{seen:?}") };
    assert_eq!((*to, status.is_ok(), status.to_str_lossy().as_ref()), (id, false, "NOOP xxxx"));
    assert!(matches!(&seen[5], Event::Unsolicited(status) if !status.is_ok()));
    assert_eq!(end, End::NeedInput);
    client.send(&Command::Noop).unwrap();
    assert!(matches!(reply(&mut client, b"+OK\r\n"), Event::Reply { .. }));
}

// ---- capabilities

fn offer(client: &mut Client, lines: &str) {
    client.send(&Command::Capa).unwrap();
    let event = reply(client, format!("+OK\r\n{lines}.\r\n").as_bytes());
    assert!(matches!(event, Event::Reply { reply: Reply::Capabilities(_), .. }));
    let _ = client.output().take_all();
}

#[test]
fn case_138_capabilities_are_kept_and_forgotten() {
    let mut client = ready(lenient());
    assert_eq!(client.capabilities(), None);
    offer(&mut client, "SASL PLAIN\r\nX-ODD  thing\r\nEXPIRE 30 USER\r\n");
    let offered = client.capabilities().unwrap();
    assert!(offered.has("x-odd") && offered.has_mechanism(Mechanism::new("plain").unwrap()));
    // before the login -ERR means that there are none
    client.send(&Command::Capa).unwrap();
    let _ = reply(&mut client, b"-ERR\r\n");
    assert_eq!(client.capabilities(), None);
    // after it, the old ones stay
    offer(&mut client, "UIDL\r\n");
    for command in [user("a"), pass("b"), Command::Capa] {
        client.send(&command).unwrap();
        let ok: &[u8] = if command == Command::Capa { b"-ERR\r\n" } else { b"+OK\r\n" };
        let _ = reply(&mut client, ok);
    }
    assert!(client.capabilities().unwrap().has("UIDL"));
    // an empty list is a list
    offer(&mut client, "");
    assert!(client.capabilities().unwrap().is_empty());
}

#[test]
fn case_139_what_is_not_offered_may_be_tried() {
    let mut client = logged_in(lenient());
    offer(&mut client, "USER\r\n");
    client.send(&Command::Uidl(None)).unwrap();
    let _ = reply(&mut client, b"-ERR no\r\n");
    assert!(client.send(&Command::Top { message: number(1), lines: 0 }).is_ok());
}

#[test]
fn capabilities_without_pipelining_send_one_command_at_a_time() {
    let mut client = logged_in(Config::default());
    client.send(&Command::Stat).unwrap();
    assert_eq!(client.send(&Command::List(None)), Err(Misuse::Pipeline));
    assert_eq!(client.output().take_all(), "STAT\r\n", "the refused command has left no trace");
    let _ = reply(&mut client, b"+OK 0 0\r\n");
    assert!(client.send(&Command::List(None)).is_ok());
}

// ---- pipelining

#[test]
fn case_141_groups() {
    let mut client = logged_in(Config::default());
    offer(&mut client, "PIPELINING\r\n");
    let ids: Vec<_> = (1..=3).map(|n| client.send(&Command::Retr(number(n))).unwrap()).collect();
    client.send(&Command::Quit).unwrap();
    assert!(matches!(client.send(&Command::Noop), Err(Misuse::State { .. })), "nothing behind QUIT");
    assert_eq!(client.output().take_all(), "RETR 1\r\nRETR 2\r\nRETR 3\r\nQUIT\r\n");
    let stream = b"+OK\r\na\r\n.\r\n-ERR gone\r\n+OK\r\nc\r\n.\r\n+OK bye\r\n";
    let (events, end) = events(&mut client, &[stream]);
    let ended: Vec<_> = events
        .iter()
        .filter_map(|e| match e {
            Event::End { id } => Some(*id),
            Event::Reply { id, reply } if !reply.is_ok() => Some(*id),
            _ => None,
        })
        .collect();
    assert_eq!((ended, end), (ids, End::NeedInput));
    assert_eq!(client.state(), State::Update);
    client.receive_eof();
    assert_eq!(client.next_event(), Ok(Step::Closed));
}

#[test]
fn logins_go_in_a_batch_only_if_allowed() {
    let mut client = ready(Config { pipelining: Pipelining::Always, ..lenient() });
    client.send(&user("a")).unwrap();
    assert_eq!(client.send(&pass("b")), Err(Misuse::Pipeline));
    let mut client = ready(Config { pipelining: Pipelining::Always, batch_login: true, ..lenient() });
    for command in [user("a"), pass("b"), Command::Stat, Command::Uidl(None)] {
        client.send(&command).unwrap();
    }
    assert_eq!(client.output().take_all(), "USER a\r\nPASS b\r\nSTAT\r\nUIDL\r\n");
    let mut client = ready(Config { pipelining: Pipelining::Always, ..lenient() });
    client.send(&auth("CRAM-MD5", None)).unwrap();
    assert!(client.send(&Command::Stat).is_err(), "AUTH ends a group");
}

#[test]
fn held_commands_go_out_when_they_may() {
    let config = Config { auto_hold: true, ..lenient() };
    let mut client = ready(config);
    let ids: Vec<_> =
        [user("a"), pass("b"), Command::Capa, Command::Stat, Command::List(None), Command::Quit]
            .iter()
            .map(|command| client.send(command).unwrap())
            .collect();
    assert_eq!(
        ids,
        (0..6).scan(CommandId::FIRST, |id, _| Some(core::mem::replace(id, id.next()))).collect::<Vec<_>>()
    );
    assert_eq!(client.output().take_all(), "USER a\r\n");
    let _ = reply(&mut client, b"+OK\r\n");
    assert_eq!(client.output().take_all(), "PASS b\r\n");
    let _ = reply(&mut client, b"+OK\r\n");
    assert_eq!(client.output().take_all(), "CAPA\r\n");
    let _ = reply(&mut client, b"+OK\r\nPIPELINING\r\n.\r\n");
    assert_eq!(client.output().take_all(), "STAT\r\nLIST\r\nQUIT\r\n", "from here on in one batch");
    assert_eq!(client.outstanding(), 3);
}

#[test]
fn pending_commands_are_limited_at_n_and_n_plus_1() {
    let mut config = Config { pipelining: Pipelining::Always, ..Config::default() };
    config.limits.max_pipelined = 3;
    let mut client = logged_in(config);
    for _ in 0..3 {
        client.send(&Command::Noop).unwrap();
    }
    assert_eq!(client.send(&Command::Noop), Err(Misuse::PipelineFull));
    assert_eq!(client.expect(ReplyKind::Single), Err(Misuse::PipelineFull));
    let _ = reply(&mut client, b"+OK\r\n");
    assert!(client.send(&Command::Noop).is_ok());
}

// ---- replies that nobody waits for

#[test]
fn a_reply_that_came_before_the_command_is_not_its_reply() {
    let mut client = logged_in(Config::default());
    client.receive(b"+OK 1 100\r\n");
    client.send(&Command::Stat).unwrap();
    assert_eq!(rules(&[next(&mut client)]), [rule::UNSOLICITED_REPLY]);
    assert!(matches!(next(&mut client), Event::Unsolicited(_)));
    assert_eq!(client.next_event(), Ok(Step::NeedInput), "STAT still waits");
    let Event::Reply { reply: Reply::DropListing(listing), .. } = reply(&mut client, b"+OK 2 200\r\n") else {
        panic!()
    };
    assert_eq!(listing.messages, 2);
}

#[test]
fn a_server_may_say_why_it_hangs_up() {
    let mut client = logged_in(Config::default());
    let stream = b"-ERR idle for too long\r\n";
    client.receive(stream);
    client.receive_eof();
    let mut seen = Vec::new();
    let end = drain(&mut client, |_, event| seen.push(event));
    assert!(matches!(seen.last(), Some(Event::Unsolicited(_))));
    assert_eq!(end, End::Closed);
}

// ---- SASL

#[test]
fn a_sasl_exchange() {
    let mut client = ready(lenient());
    let id = client.send(&auth("SCRAM-SHA-1", Some(b"n,,n=user,r=x"))).unwrap();
    assert_eq!(client.output().take_all(), "AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9eA==\r\n");
    assert_eq!(client.auth_respond(id, b"early"), Err(Misuse::State { wanted: "a challenge" }));
    assert_eq!(client.auth_respond(id.next(), b""), Err(Misuse::UnknownId));
    let Event::Challenge { id: of, data } = reply(&mut client, b"+ cj14\r\n") else { panic!() };
    assert_eq!((of, data.expose()), (id, &b"r=x"[..]));
    assert_eq!(client.next_event(), Ok(Step::Paused(Pause::Respond)), "the application's turn");
    assert!(!client.wants_read());
    client.auth_respond(id, b"c=biws").unwrap();
    assert_eq!(client.output().take_all(), "Yz1iaXdz\r\n");
    assert!(client.auth_respond(id, b"twice").is_err());
    let Event::Challenge { .. } = reply(&mut client, b"+ \r\n") else { panic!() };
    client.auth_respond(id, b"").unwrap();
    assert_eq!(client.output().take_all(), "\r\n");
    assert!(matches!(reply(&mut client, b"+OK\r\n"), Event::Reply { .. }));
    assert_eq!(client.state(), State::Transaction);
    assert_eq!(client.auth_respond(id, b""), Err(Misuse::UnknownId));
}

#[test]
fn an_empty_initial_response_is_an_equals_sign_and_cancelling_is_a_star() {
    let mut client = ready(lenient());
    let id = client.send(&auth("EXTERNAL", Some(b""))).unwrap();
    assert_eq!(client.output().take_all(), "AUTH EXTERNAL =\r\n");
    assert_eq!(client.auth_cancel(id), Err(Misuse::State { wanted: "a challenge" }));
    let _ = reply(&mut client, b"+ \r\n");
    client.auth_cancel(id).unwrap();
    assert_eq!(client.output().take_all(), "*\r\n");
    let Event::Reply { reply, .. } = reply(&mut client, b"-ERR cancelled\r\n") else { panic!() };
    assert!(!reply.is_ok());
    assert_eq!(client.state(), State::Authorization);
}

#[test]
fn a_long_initial_response_waits_for_the_empty_challenge() {
    // "AUTH PLAIN " + base64 + CRLF: 180 octets make 240, which is 253; 183 make 244, which is 257
    for (len, fits) in [(180, true), (183, false)] {
        let response = vec![b'x'; len];
        let mut client = ready(lenient());
        let id = client.send(&auth("PLAIN", Some(&response))).unwrap();
        let sent = client.output().take_all();
        assert_eq!(sent.len() > 20, fits, "{len}");
        if !fits {
            assert_eq!(sent, "AUTH PLAIN\r\n");
            client.receive(b"+ \r\n");
            assert_eq!(client.next_event(), Ok(Step::NeedInput), "the machine answers by itself");
            let mut expected = wire::Output::new();
            wire::sasl::encode(&response, &mut expected);
            assert_eq!(client.output().take_all(), [&expected.take_all()[..], b"\r\n"].concat());
            assert_eq!(client.auth_respond(id, b""), Err(Misuse::State { wanted: "a challenge" }));
        }
    }
    let mut config = lenient();
    config.limits.max_auth_line = 402;
    for (len, fits) in [(300, true), (301, false)] {
        let sent = ready(config.clone()).send(&auth("PLAIN", Some(&vec![b'x'; len])));
        assert_eq!(sent.is_ok(), fits, "{len}");
    }
}

#[test]
fn case_140_challenges_of_old_servers() {
    for (line, tolerance, event) in [
        (&b"+ \r\n"[..], Tolerance::Strict, "empty"),
        (b"+\r\n", Tolerance::Strict, "malformed"),
        (b"+\r\n", Tolerance::Default, "empty"),
        (b"+ text, not base64\r\n", Tolerance::Strict, "malformed"),
        (b"+ text, not base64\r\n", Tolerance::Default, "empty"),
        (b"+OK\r\n", Tolerance::Strict, "reply"),
        (b"+OK\r\n", Tolerance::Default, "empty"),
        (b"+OK done\r\n", Tolerance::Lenient, "reply"),
        (b"-ERR\r\n", Tolerance::Lenient, "reply"),
    ] {
        let mut client = ready(Config { tolerance, ..lenient() });
        client.send(&auth("PLAIN", None)).unwrap();
        let (events, _) = events(&mut client, &[line]);
        let got = match events.last() {
            Some(Event::Challenge { data, .. }) if data.is_empty() => "empty",
            Some(Event::Malformed { ends_command: false, .. }) => "malformed",
            Some(Event::Reply { .. }) => "reply",
            other => panic!("{line:?}: {other:?}"),
        };
        assert_eq!(got, event, "{line:?} {tolerance:?}");
    }
    // RFC 5034: what cannot be decoded must be answered with *
    let mut client = ready(Config { tolerance: Tolerance::Strict, ..Config::default() });
    let id = client.send(&auth("CRAM-MD5", None)).unwrap();
    assert!(matches!(reply(&mut client, b"+ ***\r\n"), Event::Malformed { .. }));
    client.auth_cancel(id).unwrap();
    // once a response was sent, +OK is the end and nothing else
    let mut client = ready(lenient());
    let id = client.send(&auth("LOGIN", None)).unwrap();
    let _ = reply(&mut client, b"+ VXNlcm5hbWU6\r\n");
    client.auth_respond(id, b"user").unwrap();
    assert!(matches!(reply(&mut client, b"+OK\r\n"), Event::Reply { .. }));
}

#[test]
fn a_plus_outside_of_auth_is_malformed() {
    let mut client = logged_in(Config { tolerance: Tolerance::Strict, ..lenient() });
    client.send(&Command::Noop).unwrap();
    assert!(matches!(reply(&mut client, b"+ \r\n"), Event::Malformed { ends_command: true, .. }));
}

// ---- TLS and secrets

#[test]
fn case_113_and_118_no_password_without_tls() {
    let mut client = ready(Config::default());
    for command in [user("a"), pass("b"), auth("PLAIN", Some(b"\0a\0b")), auth("login", None)] {
        assert_eq!(client.send(&command), Err(Misuse::Cleartext), "{command:?}");
    }
    assert!(client.output().is_empty());
    assert!(client.send(&auth("SCRAM-SHA-256", None)).is_ok());
    assert!(ready(Config { tls: true, ..Config::default() }).send(&user("a")).is_ok());
}

fn starting_tls() -> Client {
    let mut client = ready(Config::default());
    offer(&mut client, "STLS\r\n");
    client.send(&Command::Stls).unwrap();
    assert_eq!(client.output().take_all(), "STLS\r\n");
    client
}

#[test]
fn stls() {
    let mut client = starting_tls();
    assert_eq!(client.send(&Command::Noop), Err(Misuse::TlsPending));
    assert_eq!(client.expect(ReplyKind::Single), Err(Misuse::TlsPending));
    assert!(client.tls_established().is_err());
    assert!(matches!(reply(&mut client, b"+OK begin\r\n"), Event::StartTls { .. }));
    assert_eq!(client.next_event(), Ok(Step::Paused(Pause::StartTls)));
    assert_eq!(client.next_event(), Ok(Step::Paused(Pause::StartTls)));
    assert!(!client.wants_read());
    assert_eq!(bytes::BufMut::remaining_mut(&client.read_buf()), 0);
    assert_eq!(client.send(&Command::Capa), Err(Misuse::TlsPending));
    client.tls_established().unwrap();
    assert!(client.is_tls() && client.capabilities().is_none(), "forgotten");
    assert!(client.send(&user("a")).is_ok());
    assert!(matches!(client.send(&Command::Stls), Err(Misuse::State { .. })));
}

#[test]
fn case_111_plaintext_behind_the_agreement_is_fatal_at_every_split() {
    for behind in [&b"+OK\r\n"[..], b"x", b"-ERR injected\r\n+OK\r\n"] {
        let stream = [b"+OK begin TLS\r\n", behind].concat();
        at_every_split(starting_tls, &stream, |events, end| {
            assert!(events.iter().all(|e| matches!(e, Event::StartTls { .. })), "{events:?}");
            assert!(matches!(end, End::Failed(Fatal::PlaintextAfterStartTls(_))), "{end:?}");
        });
    }
}

#[test]
fn case_119_nor_in_a_later_read() {
    let mut client = starting_tls();
    let _ = reply(&mut client, b"+OK begin\r\n");
    assert_eq!(client.next_event(), Ok(Step::Paused(Pause::StartTls)));
    client.receive(b"+OK injected\r\n");
    assert_eq!(client.tls_established(), Err(Misuse::PlaintextPending));
    assert!(!client.is_tls());
    assert!(matches!(client.next_event(), Err(Fatal::PlaintextAfterStartTls(offset)) if offset > 0));
}

#[test]
fn case_113_a_refusal_leaves_the_connection_as_it_was() {
    let mut client = starting_tls();
    assert!(matches!(reply(&mut client, b"-ERR no TLS here\r\n"), Event::Reply { .. }));
    assert!(!client.is_tls());
    assert_eq!(client.send(&user("a")), Err(Misuse::Cleartext));
    assert!(client.send(&Command::Capa).is_ok());
}

#[test]
fn stls_may_not_follow_utf8() {
    let mut client = ready(Config::default());
    client.send(&Command::Utf8).unwrap();
    let _ = reply(&mut client, b"+OK\r\n");
    assert_eq!(client.send(&Command::Stls), Err(Misuse::State { wanted: "before UTF8" }));
}

#[test]
fn names_beyond_ascii_need_utf8_user() {
    let name = user("m\u{fc}ller");
    let mut client = ready(lenient());
    assert_eq!(client.send(&name), Err(Misuse::NotAdvertised("UTF8 USER")));
    offer(&mut client, "UTF8\r\n");
    assert!(client.send(&name).is_err());
    offer(&mut client, "UTF8 USER\r\n");
    assert!(client.send(&name).is_ok());
    assert!(ready(Config { allow_8bit_login: true, ..lenient() }).send(&name).is_ok());
}

#[test]
fn nothing_shows_a_secret() {
    let mut client = ready(Config { auto_hold: true, ..lenient() });
    let secret = "hunter2";
    let mut shown = String::new();
    let encoded = "AGEAaHVudGVyMg==";
    for command in [user("a"), pass(secret), auth("PLAIN", Some(b"\0a\0hunter2"))] {
        shown += &format!("{command:?} {command:#?}");
        shown += &format!("{:?}", client.send(&command));
    }
    shown += &format!("{client:?} {client:#?}");
    for line in [&b"+ aHVudGVyMg==\r\n"[..], b"+ hunter2\r\n"] {
        let mut client = ready(lenient());
        client.send(&auth("X", None)).unwrap();
        client.receive(line);
        shown += &format!("{client:?}");
        shown += &format!("{:?}", client.next_event());
        shown += &format!("{client:?}");
    }
    for hidden in [secret, "aHVudGVyMg", encoded, "[104, 117"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}

// ---- states

#[test]
fn commands_are_sent_in_their_state_only() {
    let transaction = [
        Command::Stat,
        Command::List(None),
        Command::Uidl(None),
        Command::Retr(number(1)),
        Command::Top { message: number(1), lines: 0 },
        Command::Dele(number(1)),
        Command::Rset,
        Command::Noop,
    ];
    let authorization =
        [user("a"), pass("b"), apop(), auth("PLAIN", None), Command::AuthList, Command::Stls, Command::Utf8];
    let both = [
        Command::Capa,
        Command::Lang(None),
        Command::Lang(Some(LanguageRange::preferred())),
        Command::Other(OtherCommand::new("XTND", b"XLST Subject").unwrap()),
        Command::Quit,
    ];
    for command in &transaction {
        assert_eq!(
            ready(lenient()).send(command),
            Err(Misuse::State { wanted: "TRANSACTION" }),
            "{command:?}"
        );
        assert!(logged_in(lenient()).send(command).is_ok());
    }
    for command in &authorization {
        assert!(ready(lenient()).send(command).is_ok(), "{command:?}");
        assert_eq!(logged_in(lenient()).send(command), Err(Misuse::State { wanted: "AUTHORIZATION" }));
    }
    for command in &both {
        assert!(ready(lenient()).send(command).is_ok() && logged_in(lenient()).send(command).is_ok());
    }
}

#[test]
fn commands_end_at_255_octets() {
    for (len, sent) in [(248, true), (249, false)] {
        let command = Command::User(UserName::new(vec![b'u'; len]).unwrap());
        for auto_hold in [false, true] {
            let mut client = ready(Config { auto_hold, ..lenient() });
            let result = client.send(&command);
            assert_eq!(result.is_ok(), sent);
            let expected = if sent { 255 } else { 0 };
            assert_eq!(client.output().take_all().len(), expected);
        }
    }
    let mut client = ready(Config { auto_hold: true, ..lenient() });
    client.send(&Command::Capa).unwrap();
    let long = Command::User(UserName::new(vec![b'u'; 249]).unwrap());
    assert_eq!(client.send(&long), Err(Misuse::TooLong { limit: 255 }), "also when it would be held");
}

// ---- limits

#[test]
fn lines_are_limited_at_n_and_n_plus_1_whole_and_dripped() {
    let mut config = lenient();
    config.limits.max_line = 32;
    for (len, fails) in [(32, false), (33, true)] {
        let mut line = vec![b'x'; len];
        line[..4].copy_from_slice(b"+OK ");
        line[len - 2..].copy_from_slice(b"\r\n");
        for chunks in chunkings(&line) {
            let mut client = logged_in(config.clone());
            client.send(&Command::Noop).unwrap();
            let (_, end) = events(&mut client, &chunks);
            let limit = Fatal::Limit { kind: LimitKind::Line, limit: 32 };
            assert_eq!(end, if fails { End::Failed(limit) } else { End::NeedInput });
        }
    }
}

#[test]
fn lists_and_messages_are_limited_at_n_and_n_plus_1() {
    let limited = |kind, limit| End::Failed(Fatal::Limit { kind, limit });
    let mut config = lenient();
    config.limits.max_list_items = Some(2);
    config.limits.max_reply_lines = Some(2);
    config.limits.max_message = Some(5);
    for (command, stream, kind, limit) in [
        (Command::List(None), "+OK\r\n1 1\r\n2 1\r\n3 1\r\n.\r\n", LimitKind::ListItems, 2),
        (Command::Uidl(None), "+OK\r\n1 1\r\n2 1\r\n\r\n.\r\n", LimitKind::ListItems, 2),
        (Command::Capa, "+OK\r\nTOP\r\nUSER\r\nUIDL\r\n.\r\n", LimitKind::ReplyLines, 2),
        (Command::Lang(None), "+OK\r\nen\r\nde\r\n*\r\n.\r\n", LimitKind::ReplyLines, 2),
        (Command::Retr(number(1)), "+OK\r\nabcd\r\n.\r\n", LimitKind::Message, 5),
    ] {
        let make = |config: &Config| {
            let mut client = logged_in(config.clone());
            client.send(&command).unwrap();
            client
        };
        at_every_split(
            || make(&config),
            stream.as_bytes(),
            |_, end| {
                assert_eq!(*end, limited(kind, limit), "{command:?}");
            },
        );
        let mut enough = config.clone();
        enough.limits.max_list_items = Some(3);
        enough.limits.max_reply_lines = Some(3);
        enough.limits.max_message = Some(6);
        at_every_split(|| make(&enough), stream.as_bytes(), |_, end| assert_eq!(*end, End::NeedInput));
    }
}

#[test]
fn a_message_over_the_limit_is_given_to_the_limit_at_every_split() {
    let mut config = lenient();
    config.limits.max_message = Some(10);
    let make = || {
        let mut client = logged_in(config.clone());
        client.send(&Command::Retr(number(1))).unwrap();
        client
    };
    at_every_split(make, b"+OK\r\n01234567890123456789\r\n.\r\n", |events, end| {
        assert_eq!(body_of(events), "0123456789");
        assert_eq!(*end, End::Failed(Fatal::Limit { kind: LimitKind::Message, limit: 10 }));
    });
}

#[test]
fn lines_that_are_held_do_not_hold_the_receive_buffer() {
    let mut client = logged_in(lenient());
    client.send(&Command::Capa).unwrap();
    client.receive(b"+OK\r\n");
    client.receive(b"X-LONG-NAME with arguments\r\n.\r\n");
    let Event::Reply { reply: Reply::Capabilities(reply), .. } = next(&mut client) else { panic!() };
    let Some(Capability::Other(other)) = reply.lines.iter().next() else { panic!() };
    let line = client.input.as_slice().as_ptr_range();
    assert!(!line.contains(&other.name().as_ptr()));
}

#[test]
fn what_is_expected_twice_is_refused() {
    let mut client = ready(lenient());
    client.expect(ReplyKind::Auth).unwrap();
    assert_eq!(client.expect(ReplyKind::Auth), Err(Misuse::Pipeline));
    let mut client = ready(Config { tls: true, ..lenient() });
    assert!(matches!(client.expect(ReplyKind::Stls), Err(Misuse::State { .. })));
}

// ---- the end

#[test]
fn the_connection_may_end_anywhere() {
    let closed_after = |client: &mut Client, octets: &[u8]| {
        client.receive(octets);
        client.receive_eof();
        drain(client, |_, _| {})
    };
    let eof = |inside| End::Failed(Fatal::UnexpectedEof(inside));
    assert_eq!(closed_after(&mut Client::new(lenient()), b""), eof("the greeting"));
    assert_eq!(closed_after(&mut Client::new(lenient()), b"+OK re"), eof("the greeting"));
    assert_eq!(closed_after(&mut ready(lenient()), b""), End::Closed);
    assert_eq!(closed_after(&mut ready(lenient()), b"+O"), eof("a line"));
    assert_eq!(closed_after(&mut retrieving(lenient()), b""), eof("a reply"));
    assert_eq!(closed_after(&mut retrieving(lenient()), b"+OK\r\nabc\r\n"), eof("a multi-line reply"));
    assert_eq!(closed_after(&mut retrieving(lenient()), b"+OK\r\nabc\r\n.\r\n"), End::Closed);
    assert_eq!(closed_after(&mut starting_tls(), b"+OK\r\n"), eof("the start of TLS"));
    // sending stays possible
    let mut client = ready(lenient());
    client.receive_eof();
    let _ = client.next_event();
    assert!(client.send(&Command::Quit).is_ok());
}

#[test]
fn a_connection_can_be_given_away() {
    let mut client = ready(lenient());
    client.send(&Command::Capa).unwrap();
    client.receive(b"+OK more");
    let mut parts = client.into_parts();
    assert_eq!((parts.unread, parts.output.take_all()), (Bytes::from("+OK more"), Bytes::from("CAPA\r\n")));
}

#[test]
fn timeouts_are_hints() {
    let ten_minutes = Some(core::time::Duration::from_secs(600));
    assert_eq!(Client::new(lenient()).timeout(), ten_minutes);
    assert_eq!(ready(lenient()).timeout(), None);
    assert_eq!(retrieving(lenient()).timeout(), ten_minutes);
}

// ---- collectors

#[test]
fn a_message_is_collected_to_the_limit() {
    for (limit, fits) in [(15, true), (14, false)] {
        let stream = b"+OK\r\nab\r\n..c\r\nefghi\r\n.\r\n";
        for chunks in chunkings(stream) {
            let mut client = logged_in(Config::default());
            let id = client.send(&Command::Retr(number(1))).unwrap();
            let mut collector = MessageCollector::new(id, limit);
            let mut done = None;
            for chunk in chunks {
                client.receive(chunk);
                let _ = drain(&mut client, |_, event| match collector.push(event) {
                    Ok(Collected::Done(message)) => done = Some(Ok(message)),
                    Err(overflow) => done = Some(Err(overflow)),
                    Ok(Collected::Pending) => {}
                    other => panic!("{other:?}"),
                });
            }
            let expected = if fits { Ok("ab\r\n.c\r\nefghi\r\n".into()) } else { Err(Overflow { limit }) };
            assert_eq!(done, Some(expected), "limit {limit}");
        }
    }
}

#[test]
fn a_listing_is_collected_and_duplicates_are_told() {
    let mut client = logged_in(Config::default());
    let id = client.send(&Command::List(None)).unwrap();
    client.receive(b"+OK\r\n3 30\r\n1 10\r\n3 31\r\n2 20\r\n1 11\r\n.\r\n");
    let mut collector = ListingCollector::<ScanListing>::new(id, 10);
    let mut listing = None;
    let _ = drain(&mut client, |_, event| {
        if let Ok(Collected::Done(whole)) = collector.push(event) {
            listing = Some(whole);
        }
    });
    let listing = listing.unwrap();
    let sizes: Vec<_> = listing.items.iter().map(|l| (l.message.get(), l.octets)).collect();
    assert_eq!(sizes, [(3, 30), (1, 10), (2, 20)]);
    assert_eq!(listing.duplicates, [number(3), number(1)]);

    for (limit, fits) in [(2, true), (1, false)] {
        let mut client = logged_in(Config::default());
        let id = client.send(&Command::List(None)).unwrap();
        client.receive(b"+OK\r\n1 10\r\n2 20\r\n.\r\n");
        let mut collector = ListingCollector::<ScanListing>::new(id, limit);
        let mut ended = None;
        let _ = drain(&mut client, |_, event| match collector.push(event) {
            Ok(Collected::Done(_)) => ended = Some(true),
            Err(Overflow { .. }) => ended = Some(false),
            Ok(_) => {}
        });
        assert_eq!(ended, Some(fits));
    }
}

#[test]
fn collectors_tell_refusals_and_pass_on_what_is_not_theirs() {
    let mut client = logged_in(Config { pipelining: Pipelining::Always, ..Config::default() });
    client.send(&Command::Noop).unwrap();
    let id = client.send(&Command::Retr(number(1))).unwrap();
    client.receive(b"+OK\r\n-ERR no such message\r\n");
    let mut collector = MessageCollector::new(id, 10);
    assert!(matches!(collector.push(next(&mut client)), Ok(Collected::Foreign(_))));
    assert!(matches!(collector.push(next(&mut client)), Ok(Collected::Refused(_))));
}

// ---- sizes and properties

#[test]
fn events_and_machines_stay_small() {
    assert!(size_of::<Event>() <= 80, "{}", size_of::<Event>());
    assert!(size_of::<Item>() <= 56, "{}", size_of::<Item>());
    assert!(size_of::<Client>() <= 768, "{}", size_of::<Client>());
    fn owned<T: Send + Sync + 'static>() {}
    owned::<Event>();
    owned::<Client>();
    owned::<Fatal>();
}

#[test]
fn every_capability_of_the_server_is_seen() {
    let mut client = ready(lenient());
    let lines: String = Capability::KEYWORDS.iter().map(|name| format!("{name}\r\n")).collect();
    client.send(&Command::Capa).unwrap();
    let (events, _) = events(&mut client, &[format!("+OK\r\n{lines}.\r\n").as_bytes()]);
    assert!(matches!(events.last(), Some(Event::Reply { reply: Reply::Capabilities(_), .. })));
    for name in Capability::KEYWORDS {
        assert!(client.capabilities().unwrap().has(name), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever a server says: no panic, the same events at every chunking, and what was said of the pause
    /// holds.
    #[test]
    fn any_octets_at_any_chunking(
        kinds in proptest::collection::vec(0usize..8, 0..6),
        stream in "(\\+OK|-ERR|\\+|\\.|1 1|\\[AUTH\\]|x| |\r\n|\r|\n|\0|\u{fc}){0,40}",
        strict: bool,
    ) {
        const KINDS: [ReplyKind; 8] = [
            ReplyKind::Single, ReplyKind::Login, ReplyKind::Auth, ReplyKind::Stat, ReplyKind::ListAll,
            ReplyKind::UidlAll, ReplyKind::Body, ReplyKind::Capa,
        ];
        let tolerance = if strict { Tolerance::Strict } else { Tolerance::Lenient };
        let make = || {
            let mut client = ready(Config { tolerance, ..lenient() });
            for kind in &kinds {
                // AUTH within AUTH is refused
                let _ = client.expect(KINDS[*kind]);
            }
            client
        };
        let whole = events(&mut make(), &[stream.as_bytes()]);
        for chunks in chunkings(stream.as_bytes()) {
            let mut client = make();
            let split = events(&mut client, &chunks);
            prop_assert_eq!(&split, &whole);
            let again = drain(&mut client, |_, event| panic!("after the end: {event:?}"));
            prop_assert_eq!(&again, &whole.1);
        }
    }
}
