//! Messages.

use super::*;

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
