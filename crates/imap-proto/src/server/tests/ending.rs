//! How a session ends, and how small it is.

use super::*;

#[test]
fn logout_says_bye_before_ok() {
    let mut server = selected();
    let (id, _) = command(&mut server, "a LOGOUT\r\n");
    server.reply(id, &ok()).unwrap();
    assert_eq!(server.state(), State::Logout);
    assert!(server.send(&response("OK x")).is_err());
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Drain)));
    assert_eq!(written(&mut server), "* BYE Logging out\r\na OK done\r\n");
    server.receive(b"b NOOP\r\n");
    assert_eq!(server.next_event(), Ok(Step::Closed));
    // in the application's words
    let mut server = self::server();
    let (id, _) = command(&mut server, "a LOGOUT\r\n");
    server.send(&response("BYE see you")).unwrap();
    server.reply(id, &ok()).unwrap();
    assert_eq!(written(&mut server), "* BYE see you\r\na OK done\r\n");
    // refused
    let mut server = self::server();
    let (id, _) = command(&mut server, "a LOGOUT\r\n");
    server.reply(id, &condition("BAD no")).unwrap();
    assert_eq!((server.state(), written(&mut server)), (State::NotAuthenticated, "a BAD no\r\n".into()));
}

#[test]
fn a_server_may_say_bye_whatever_the_client_is_doing() {
    for stream in [
        "",
        "a NOOP\r\n",
        "a APPEND x {5}\r\n",
        "a APPEND x {5+}\r\nab",
        "a IDLE\r\n",
        "a DELETE {1}\r\n",
        "a",
    ] {
        let mut server = ready();
        server.receive(stream.as_bytes());
        drain(&mut server, |server, event| match event {
            Event::BodyOffered { id, .. } => server.accept_body(id).unwrap(),
            Event::Command { id, command: Command::Idle, .. } => server.accept_idle(id).unwrap(),
            _ => {}
        });
        let _ = written(&mut server);
        assert_eq!(server.bye(&ok()), Err(Misuse::WrongReply));
        server.bye(&condition("BYE shutting down")).unwrap();
        assert_eq!(written(&mut server), "* BYE shutting down\r\n", "{stream:?}");
        assert_eq!(server.next_event(), Ok(Step::Closed));
        assert!(!server.wants_read());
        assert!(server.bye(&condition("BYE again")).is_err());
    }
}

#[test]
fn service_may_be_refused_at_once() {
    let greeting = Greeting::parse(&"* BYE too busy\r\n".into()).unwrap();
    let mut server = Server::new(config(), &greeting);
    server.receive(b"a NOOP\r\n");
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Drain)));
    assert_eq!(written(&mut server), "* BYE too busy\r\n");
    assert_eq!(server.next_event(), Ok(Step::Closed));
}

#[test]
fn the_end_of_the_stream() {
    for (stream, inside) in [
        (&b""[..], None),
        (b"a NOOP\r\n", None),
        (b"a NOOP", Some("a command")),
        (b"a DELETE {5}\r\n", Some("a command")),
        (b"a DELETE {5+}\r\nabc", Some("a command")),
        (b"a APPEND x {5+}\r\nabc", Some("a literal")),
        (b"a APPEND x {3+}\r\nabc", Some("a command")),
        (b"a IDLE\r\n", Some("IDLE")),
        (b"a IDLE\r\nDON", Some("IDLE")),
        (b"a UNAUTHENTICATE\r\na AUTHENTICATE PLAIN\r\nx", Some("a SASL exchange")),
        (b"a DELETE {99999999+}\r\nabc", Some("a command that is thrown away")),
    ] {
        let mut server = ready();
        server.receive(stream);
        server.receive_eof();
        let end = drain(&mut server, |server, event| accept(server, &mut Vec::new(), event));
        match inside {
            None => assert_eq!(end, End::Closed, "{}", stream.escape_ascii()),
            Some(inside) => {
                assert_eq!(end, End::Failed(Fatal::UnexpectedEof(inside)), "{}", stream.escape_ascii())
            }
        }
    }
    let mut server = server();
    say(&mut server, "a STARTTLS\r\n");
    server.receive_eof();
    assert!(matches!(next(&mut server), Event::StartTls { .. }));
    assert_eq!(server.next_event(), Err(Fatal::UnexpectedEof("the start of TLS")));
}

#[test]
fn sending_works_after_the_receive_side_has_failed() {
    let mut server = selected();
    server.receive(b"a NOOP\r\nb NO");
    let Event::Command { id, .. } = next(&mut server) else { panic!() };
    server.receive_eof();
    server.reply(id, &ok()).unwrap();
    assert_eq!(server.next_event(), Err(Fatal::UnexpectedEof("a command")));
    server.send(&response("OK still here")).unwrap();
    server.say_last().unwrap();
    assert_eq!(written(&mut server), "a OK done\r\n* OK still here\r\n* BYE Protocol error, closing\r\n");
}

#[test]
fn a_client_that_does_not_read_is_not_served_on() {
    let mut config = config();
    config.limits.high_water = 20;
    let mut server = ready_with(config);
    server.receive(&b"a NOOP\r\n".repeat(100));
    let mut answered = 0;
    let end = drain(&mut server, |server, event| {
        let Event::Command { id, .. } = event else { panic!("{event:?}") };
        server.reply(id, &ok()).unwrap();
        answered += 1;
    });
    assert_eq!((answered, end), (2, End::Paused(Pause::Drain)), "11 octets each");
    assert!(!server.wants_read());
    server.output().advance(11);
    assert!(matches!(next(&mut server), Event::Command { .. }));
}

#[test]
fn how_long_to_wait() {
    use core::time::Duration;
    let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
    assert_eq!(server().timeout(), minutes(3));
    let mut server = ready();
    assert_eq!(server.timeout(), minutes(30));
    let (id, _) = command(&mut server, "a IDLE\r\n");
    assert_eq!(server.timeout(), None, "it is the server's turn");
    server.accept_idle(id).unwrap();
    let _ = written(&mut server);
    assert_eq!(server.timeout(), minutes(30));
}

#[test]
fn a_socket_may_read_straight_in() {
    use bytes::BufMut;
    let mut server = ready();
    server.read_buf().put_slice(b"a NOOP\r\n");
    assert!(matches!(next(&mut server), Event::Command { .. }));
    assert_eq!(server.read_buf().remaining_mut(), 0, "one at a time");
}

#[test]
fn events_and_machines_stay_small() {
    fn sendable<T: Send + 'static>() {}
    sendable::<Event>();
    sendable::<Server>();
    assert!(size_of::<Event>() <= 96, "{}", size_of::<Event>());
    // what it holds beside itself when it is idle: the list of commands in progress, of four at first
    let list = 4 * size_of::<super::super::Pending>();
    assert!(size_of::<Server>() + list < 1024, "{} {list}", size_of::<Server>());
    let mut server = selected();
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    assert!(server.pending.capacity() <= 4);
}
