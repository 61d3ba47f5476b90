//! Limits, the end.

use super::*;

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
