//! STARTTLS (RFC 9051 section 6.2.1) and COMPRESS (RFC 4978).

use super::*;

#[test]
fn starttls_waits_for_the_output_then_for_the_handshake() {
    let mut server = server();
    let (id, _) = command(&mut server, "a STARTTLS\r\n");
    server.reply(id, &ok()).unwrap();
    assert_eq!(server.send(&response("OK x")), Err(Misuse::TlsPending));
    assert_eq!(server.bye(&condition("BYE x")), Err(Misuse::TlsPending));
    assert_eq!(next(&mut server), Event::StartTls { id });
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Drain)));
    assert!(server.tls_established().is_err(), "not before the answer is out");
    assert_eq!(written(&mut server), "a OK done\r\n");
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::StartTls)));
    assert!(!server.wants_read());
    server.tls_established().unwrap();
    assert!(server.is_tls());
    // case 115
    assert_eq!(server.state(), State::NotAuthenticated);
    assert!(!server.capabilities().has(&crate::Capability::StartTls));
    // case 116
    assert_eq!(refused(&mut server, "a STARTTLS\r\n"), "a BAD TLS is already active\r\n");
    say(&mut server, "a LOGIN x y\r\n");
}

#[test]
fn case_114_nothing_may_stand_behind_starttls() {
    for chunks in chunkings(b"a STARTTLS\r\nb LOGIN x y\r\n") {
        let mut server = server();
        let mut end = End::NeedInput;
        for chunk in chunks {
            server.receive(chunk);
            end = drain(&mut server, |server, event| match event {
                Event::Command { id, command: Command::StartTls, .. } => {
                    // what waits already forbids it; what comes later is found out by next_event
                    let plaintext = server.unread() > 0;
                    let agreed = server.reply(id, &ok());
                    assert_eq!(agreed, if plaintext { Err(Misuse::PlaintextPending) } else { Ok(()) });
                }
                Event::StartTls { .. } => {}
                other => panic!("{other:?}"),
            });
        }
        assert!(matches!(end, End::Failed(Fatal::PlaintextAfterStartTls(12))), "{end:?}");
        assert!(!server.is_tls());
    }
    let mut server = server();
    let (id, _) = command(&mut server, "a STARTTLS\r\n");
    server.receive(b"x");
    assert_eq!(server.reply(id, &ok()), Err(Misuse::PlaintextPending));
    server.reply(id, &no()).unwrap();
    assert_eq!(server.next_event(), Ok(Step::NeedInput), "it was refused, so it is a command");
}

#[test]
fn case_119_plaintext_that_comes_late() {
    let mut server = server();
    say(&mut server, "a STARTTLS\r\n");
    assert!(matches!(next(&mut server), Event::StartTls { .. }));
    server.receive(b"b NOOP\r\n");
    assert_eq!(server.tls_established(), Err(Misuse::PlaintextPending));
    assert!(matches!(server.next_event(), Err(Fatal::PlaintextAfterStartTls(_))));
    assert!(server.say_last().is_err(), "the client waits for TLS");
}

#[test]
fn compression_begins_behind_its_ok() {
    let mut server = ready();
    let (id, _) = command(&mut server, "a COMPRESS DEFLATE\r\n");
    server.receive(b"b NOOP\r\n");
    assert_eq!(server.reply(id, &ok()), Err(Misuse::PlaintextPending));
    server.reply(id, &no()).unwrap();
    say(&mut server, "");
    let (id, _) = command(&mut server, "a COMPRESS DEFLATE\r\n");
    server.reply(id, &ok()).unwrap();
    assert_eq!(next(&mut server), Event::Compress { id });
    assert!(server.send(&response("OK x")).is_err());
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Drain)));
    assert!(server.compressed().is_err());
    assert_eq!(written(&mut server), "a OK done\r\n");
    server.receive(b"\x01\x02");
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Upgrade)));
    assert!(!server.wants_read());
    assert_eq!(server.compressed().unwrap(), "\x01\x02");
    say(&mut server, "b NOOP\r\n");
    let twice = "c NO [COMPRESSIONACTIVE] Already compressed\r\n";
    assert_eq!(refused(&mut server, "c COMPRESS DEFLATE\r\n"), twice);
    assert_eq!(refused(&mut ready(), "c COMPRESS ZSTD\r\n"), "c BAD the algorithm is not offered\r\n");

    let mut server = ready();
    say(&mut server, "a COMPRESS DEFLATE\r\n");
    server.receive(b"\x01\x02");
    assert_eq!(server.into_parts().unread, "\x01\x02");
}
