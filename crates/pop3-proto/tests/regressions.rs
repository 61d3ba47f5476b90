//! What a review with fresh eyes found: each test failed once.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop, too")]

use bytes::{Buf, BufMut};
use pop3_proto::client::{self, Client, Collected, ListingCollector, Pipelining};
use pop3_proto::server::{self, Server};
use pop3_proto::{
    Auth, Capability, Command, Greeting, Reply, ReplyKind, ResponseCode, State, Status, UniqueIdListing,
};
use wire::sasl::Mechanism;
use wire::testing::{End, drain};
use wire::{Fatal, Machine, Misuse, Pause, Step, Tolerance};

fn ok() -> Reply {
    Reply::Status(Status::ok("").unwrap())
}

fn err() -> Reply {
    Reply::Status(Status::err("").unwrap())
}

fn server_with(capabilities: &[Capability]) -> Server {
    let mut config = server::Config::default();
    config.allow_cleartext = true;
    config.capabilities = capabilities.iter().cloned().collect();
    let mut server = Server::new(config, &Greeting::new(Status::ok("hi").unwrap()).unwrap());
    let _ = server.output().take_all();
    server
}

fn command(server: &mut Server, line: &str) -> wire::CommandId {
    server.receive(line.as_bytes());
    loop {
        match server.next_event() {
            Ok(Step::Event(server::Event::Command { id, .. } | server::Event::Malformed { id, .. })) => {
                return id;
            }
            Ok(Step::Event(server::Event::Diagnostic(_))) => {}
            other => panic!("{other:?}"),
        }
    }
}

fn server_logged_in(capabilities: &[Capability]) -> Server {
    let mut server = server_with(capabilities);
    for line in ["USER a\r\n", "PASS b\r\n"] {
        let id = command(&mut server, line);
        server.reply(id, &ok()).unwrap();
    }
    let _ = server.output().take_all();
    server
}

fn client(config: client::Config) -> Client {
    let mut client = Client::new(config);
    client.receive(b"+OK hi\r\n");
    let Ok(Step::Event(client::Event::Greeting(_))) = client.next_event() else { panic!() };
    client
}

fn client_logged_in() -> Client {
    let mut client = client(client::Config::default());
    client.expect(ReplyKind::Login).unwrap();
    client.receive(b"+OK\r\n");
    let Ok(Step::Event(_)) = client.next_event() else { panic!() };
    client
}

fn data_segment() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmData")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Law 7. A server that writes each line by itself makes each kept item pin a read buffer of 16 KiB.
#[test]
fn a_collected_listing_costs_what_it_holds() {
    let mut client = client_logged_in();
    let id = client.expect(ReplyKind::UidlAll).unwrap();
    client.receive(b"+OK\r\n");
    let mut collector = ListingCollector::<UniqueIdListing>::new(id, 100_000);
    let before = data_segment();
    for n in 1..=10_000 {
        client.read_buf().put_slice(format!("{n} uid-{n}\r\n").as_bytes());
        while let Ok(Step::Event(event)) = client.next_event() {
            assert!(matches!(collector.push(event), Ok(Collected::Pending)));
        }
    }
    let used = data_segment() - before;
    assert!(used < 10_000, "{used} KiB for 10,000 unique-ids of 10 octets");
}

/// The same inside the machine: CAPA is held whole.
#[test]
fn capabilities_cost_what_they_hold() {
    let mut client = client_logged_in();
    client.expect(ReplyKind::Capa).unwrap();
    client.receive(b"+OK\r\n");
    let before = data_segment();
    for _ in 1..=9_000 {
        client.read_buf().put_slice(b"X\r\n");
        assert_eq!(client.next_event(), Ok(Step::NeedInput));
    }
    let used = data_segment() - before;
    assert!(used < 10_000, "{used} KiB for 9,000 capabilities of 1 octet");
}

/// Law 7. A client that never reads makes the server's output grow without end.
#[test]
fn output_is_bounded_by_the_high_water_mark() {
    let mut server = server_logged_in(&[Capability::Pipelining]);
    let high_water = pop3_proto::Limits::server().high_water;
    for _ in 0..100_000 {
        if !server.wants_read() {
            break;
        }
        server.receive(b"NOOP\r\n");
        match server.next_event() {
            Ok(Step::Event(server::Event::Command { id, .. })) => server.reply(id, &ok()).unwrap(),
            other => {
                assert_eq!(other, Ok(Step::Paused(Pause::Drain)));
                break;
            }
        }
    }
    assert!(server.output().len() < high_water + 1024, "{} octets wait", server.output().len());
}

/// Law 9.
#[test]
fn the_error_for_plaintext_behind_stls_does_not_depend_on_the_chunking() {
    let play = |chunks: &[&[u8]]| {
        let mut server = server_with(&[Capability::Stls]);
        let mut end = End::NeedInput;
        for chunk in chunks {
            server.receive(chunk);
            end = drain(&mut server, |_, _| {});
        }
        end
    };
    assert_eq!(play(&[b"STLS\r\nNOOP\r\n"]), play(&[b"STLS\r\n", b"N", b"OOP\r\n"]));
}

/// Law 9.
#[test]
fn what_comes_before_the_limit_of_a_message_does_not_depend_on_the_chunking() {
    let stream = b"+OK\r\nabcdef\r\n.\r\n";
    let play = |size: usize| {
        let mut config = client::Config::default();
        config.limits.max_message = Some(3);
        let mut client = client(config);
        client.expect(ReplyKind::Body).unwrap();
        let mut body = Vec::new();
        for chunk in stream.chunks(size) {
            client.receive(chunk);
            let _ = drain(&mut client, |_, event| {
                if let client::Event::BodyChunk { data, .. } = event {
                    body.extend_from_slice(&data);
                }
            });
        }
        body
    };
    assert_eq!(play(stream.len()), play(1));
}

/// An application that supports XSENDER is cut off when a client asks 21 times in a row.
#[test]
fn a_command_that_the_application_accepts_is_not_a_bad_command() {
    let mut server = server_logged_in(&[]);
    for n in 1..=30 {
        server.receive(format!("XSENDER {n}\r\n").as_bytes());
        let Ok(Step::Event(server::Event::Command { id, .. })) = server.next_event() else {
            panic!("after {n}: {:?}", server.next_event())
        };
        server.reply(id, &ok()).unwrap();
    }
}

/// Law 11: nothing is sent between the agreement and the handshake.
#[test]
fn no_last_words_in_plaintext_behind_the_agreement_to_start_tls() {
    let mut server = server_with(&[Capability::Stls]);
    let id = command(&mut server, "STLS\r\n");
    server.reply(id, &ok()).unwrap();
    let _ = server.output().take_all();
    server.receive(b"NOOP\r\n");
    assert!(matches!(drain(&mut server, |_, _| {}), End::Failed(Fatal::PlaintextAfterStartTls(_))));
    assert!(server.say_last().is_err());
    assert!(server.output().is_empty());
}

#[test]
fn last_words_are_said_once() {
    let mut server = server_with(&[]);
    server.receive(b"NO");
    server.receive_eof();
    assert!(matches!(drain(&mut server, |_, _| {}), End::Failed(_)));
    server.say_last().unwrap();
    let _ = server.say_last();
    assert_eq!(server.output().take_all().iter().filter(|o| **o == b'\n').count(), 1);
}

/// "The tail of an over-long line never runs", neither as a command nor as a response.
#[test]
fn the_tail_of_an_over_long_response_is_no_response() {
    let mut server = server_with(&[]);
    let id = command(&mut server, "AUTH X\r\n");
    server.challenge(id, b"").unwrap();
    server.receive(&vec![b'A'; 12_288]);
    let Ok(Step::Event(server::Event::Malformed { .. })) = server.next_event() else { panic!() };
    assert!(server.challenge(id, b"once more").is_err(), "the tail would answer it");
    server.receive(b"AAAA\r\n");
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)));
    server.reply(id, &err()).unwrap();
    assert_eq!(server.next_event(), Ok(Step::NeedInput), "nothing of the tail was run");
}

/// RFC 6856 section 2.1: "The client MUST NOT issue STLS after UTF8".
#[test]
fn stls_may_not_follow_utf8_in_a_batch() {
    let mut config = client::Config::default();
    config.pipelining = Pipelining::Always;
    let mut client = client(config);
    client.send(&Command::Utf8).unwrap();
    assert!(client.send(&Command::Stls).is_err());
}

/// RFC 2449 section 6.4: with RESP-CODES, text that begins with `[` is a response code. Case 150.
#[test]
fn text_never_begins_with_a_bracket() {
    for text in ["[not a code] x", "[unclosed", "[]"] {
        let line = Status::err(text).unwrap().to_bytes();
        assert!(!line.starts_with(b"-ERR ["), "{line:?}");
    }
}

/// Case 150: response codes are only written if they are advertised.
#[test]
fn nor_is_there_a_code_in_the_greeting_without_resp_codes() {
    let status = Status::err("busy").unwrap().with_code(ResponseCode::SysTemp);
    let mut server = Server::new(server::Config::default(), &Greeting::new(status).unwrap());
    assert_eq!(server.output().take_all(), "-ERR busy\r\n");
}

/// `expect` cannot say that an initial response was sent, so that `+OK` to it is taken for a challenge.
#[test]
fn a_bare_ok_behind_an_initial_response_is_the_end_of_auth() {
    let mut config = client::Config::default();
    config.tolerance = Tolerance::Lenient;
    let mut client = client(config);
    // on the wire: AUTH PLAIN AGEAYg==
    client.expect(ReplyKind::of_line(b"AUTH PLAIN AGEAYg==\r\n")).unwrap();
    client.receive(b"+OK\r\n");
    let Ok(Step::Event(client::Event::Diagnostic(_) | client::Event::Reply { .. })) = client.next_event()
    else {
        panic!()
    };
    assert_eq!(client.state(), State::Transaction);
}

/// RFC 1939 section 6: the session ends with QUIT "whether the removal was successful or not".
#[test]
fn a_quit_that_fails_to_delete_ends_the_session_too() {
    let mut server = server_logged_in(&[]);
    let id = command(&mut server, "QUIT\r\n");
    server.reply(id, &err()).unwrap();
    let _ = server.output().take_all();
    assert_eq!(server.next_event(), Ok(Step::Closed));
}

/// RFC 2449 section 4: the first line of a reply has 512 octets at most.
#[test]
fn a_server_writes_no_line_over_512_octets() {
    let mut server = server_logged_in(&[]);
    let id = command(&mut server, "NOOP\r\n");
    let result = server.reply(id, &Reply::Status(Status::ok("x".repeat(600)).unwrap()));
    assert!(result == Err(Misuse::TooLong { limit: 512 }) || server.output().len() <= 512);
}

/// Message-numbers are not given anew after DELE, so a number above the count of a later STAT is no news.
#[test]
fn a_listing_after_dele_is_in_order() {
    let mut client = client_logged_in();
    let mut rules = Vec::new();
    for (kind, reply) in [
        (ReplyKind::Stat, &b"+OK 2 20\r\n"[..]),
        (ReplyKind::Single, b"+OK\r\n"), // DELE 1
        (ReplyKind::Stat, b"+OK 1 10\r\n"),
        (ReplyKind::ListAll, b"+OK\r\n2 10\r\n.\r\n"),
    ] {
        client.expect(kind).unwrap();
        client.receive(reply);
        let _ = drain(&mut client, |_, event| {
            if let client::Event::Diagnostic(diagnostic) = event {
                rules.push(diagnostic.rule);
            }
        });
    }
    assert!(rules.is_empty(), "{rules:?}");
}

/// Law 3: while only the application can act, it is not "need input".
#[test]
fn a_client_that_is_challenged_waits_for_the_application() {
    let mut client = client(client::Config::default());
    client
        .send(&Command::Auth(Auth {
            mechanism: Mechanism::new("SCRAM-SHA-256").unwrap(),
            initial_response: None,
        }))
        .unwrap();
    client.receive(b"+ \r\n");
    let Ok(Step::Event(client::Event::Challenge { .. })) = client.next_event() else { panic!() };
    assert_eq!(client.next_event(), Ok(Step::Paused(Pause::Respond)));
}

/// Case 163: PLAIN-CLIENTTOKEN shows the password as PLAIN does.
#[test]
fn plain_clienttoken_is_cleartext() {
    assert!(Mechanism::new("PLAIN-CLIENTTOKEN").unwrap().is_cleartext());
}

/// (Run it with --release: in debug builds the test itself leaves copies on its stack.)
/// Law 12. A token makes AUTH longer than 255 octets, and that remark keeps the line from being zeroed.
#[test]
fn a_long_initial_response_is_wiped() {
    let needle_in_memory = |seed: u8| {
        let mut found = 0;
        let memory = std::fs::File::open("/proc/self/mem").unwrap();
        for map in std::fs::read_to_string("/proc/self/maps").unwrap().lines() {
            if !map.contains("rw-p") {
                continue;
            }
            let (start, end) = map.split_whitespace().next().unwrap().split_once('-').unwrap();
            let start = usize::from_str_radix(start, 16).unwrap();
            let end = usize::from_str_radix(end, 16).unwrap();
            let mut block = vec![0; end - start];
            use std::os::unix::fs::FileExt;
            if memory.read_exact_at(&mut block, start as u64).is_err() {
                continue;
            }
            found += usize::from(block.windows(64).any(|w| w.iter().all(|o| *o == seed)));
            block.fill(0);
        }
        found
    };
    let mut server = server_with(&[]);
    // the control: a short line, without the remark, leaves nothing
    let mut short = Vec::with_capacity(300);
    short.extend_from_slice(b"AUTH OAUTHBEARER ");
    short.resize(17 + 200, b'q');
    short.extend_from_slice(b"\r\n");
    server.receive(&short);
    short.fill(0);
    let Ok(Step::Event(server::Event::Command { id, .. })) = server.next_event() else { panic!() };
    server.reply(id, &err()).unwrap();
    assert_eq!(needle_in_memory(b'q'), 0, "the control");
    let mut line = Vec::with_capacity(500);
    line.extend_from_slice(b"AUTH OAUTHBEARER ");
    line.resize(17 + 400, b'k');
    line.extend_from_slice(b"\r\n");
    server.receive(&line);
    line.fill(0);
    while let Ok(Step::Event(event)) = server.next_event() {
        drop(event);
    }
    assert_eq!(needle_in_memory(b'k'), 0);
    let _ = server.output().chunk();
}
