//! How a session ends.

use super::*;

#[test]
fn the_end_of_the_stream() {
    for (stream, inside) in [
        (&b""[..], None),
        (b"NOOP\r\n", None),
        (b"NOOP", Some("a command")),
        (b"DATA\r\nx", Some("mail data")),
        (b"DATA\r\nx\r\n.\r\n", None),
        (b"BDAT 2\r\nx", Some("a chunk of mail data")),
        (b"RSET\r\nAUTH PLAIN\r\nx", Some("a SASL exchange")),
    ] {
        let mut server = enveloped(config());
        server.receive(stream);
        server.receive_eof();
        let end = drain(&mut server, |server, event| accept(server, &mut Vec::new(), event));
        match inside {
            None => assert_eq!(end, End::Closed, "{}", stream.escape_ascii()),
            Some(inside) => assert_eq!(end, End::Failed(Fatal::UnexpectedEof(inside))),
        }
    }
}

#[test]
fn what_follows_quit_is_not_read() {
    at_every_split(
        || ready(config()),
        b"QUIT\r\nNOOP\r\n",
        |events, end| {
            assert_eq!((events.len(), end), (1, &End::Closed));
        },
    );
}

#[test]
fn quit_may_be_refused() {
    // as servers do that take it for malformed, or for something else (RFC 5321 section 4.1.1.10 knows 221 only)
    let mut server = enveloped(config());
    let (id, _) = command(&mut server, "QUIT\r\n");
    server.reply(id, &reply("501 what?")).unwrap();
    assert_eq!(server.state(), State::Rcpt);
    let (id, _) = command(&mut server, "QUIT\r\n");
    server.reply(id, &reply("221 bye")).unwrap();
    assert_eq!(server.state(), State::Closed);
}

#[test]
fn a_421_ends_the_session() {
    let mut server = enveloped(config());
    let (id, _) = command(&mut server, "NOOP\r\n");
    server.reply(id, &reply("421 shutting down")).unwrap();
    assert_eq!(server.state(), State::Closed);
}

#[test]
fn a_server_may_close_whatever_the_client_is_doing() {
    for stream in ["", "NOOP\r\n", "DATA\r\n", "BDAT 5\r\nab", "RSET\r\nAUTH PLAIN\r\n"] {
        let mut server = enveloped(config());
        server.receive(stream.as_bytes());
        drain(&mut server, |server, event| accept(server, &mut Vec::new(), event));
        let _ = server.output().take_all();
        assert_eq!(server.close(&ok()), Err(Misuse::WrongReply));
        server.close(&reply("421 4.3.2 shutting down")).unwrap();
        assert_eq!(server.output().take_all(), "421 4.3.2 shutting down\r\n", "{stream:?}");
        assert_eq!(server.next_event(), Ok(Step::Closed));
        assert!(server.close(&reply("421 again")).is_err());
    }
}

#[test]
fn a_client_that_does_not_read_is_not_served_on() {
    let mut config = config();
    config.limits.high_water = 10;
    let mut server = ready(config);
    server.receive(&b"RSET\r\n".repeat(100));
    let mut answered = 0;
    let end = drain(&mut server, |server, event| {
        let Event::Command { id, .. } = event else { panic!("{event:?}") };
        server.reply(id, &ok()).unwrap();
        answered += 1;
    });
    assert_eq!((answered, end), (2, End::Paused(Pause::Drain)), "8 octets each");
    assert!(!server.wants_read());
    server.output().advance(8);
    assert!(matches!(next(&mut server), Event::Command { .. }));
}

#[test]
fn roles_change_at_atrn() {
    let mut server = ready(offering("250-mx\r\n250 ATRN\r\n"));
    let (id, _) = command(&mut server, "ATRN example.org,example.com\r\n");
    server.reply(id, &ok()).unwrap();
    assert_eq!(next(&mut server), Event::Turn { id });
    let _ = server.output().take_all();
    server.receive(b"220 and now you\r\n");
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Upgrade)));
    assert_eq!(server.into_parts().unread, "220 and now you\r\n");
}

#[test]
fn events_and_machines_stay_small() {
    fn sendable<T: Send + 'static>() {}
    sendable::<Event>();
    sendable::<Server>();
    assert!(size_of::<Event>() <= 96, "{}", size_of::<Event>());
    assert!(size_of::<Server>() <= 1024, "{}", size_of::<Server>());
}
