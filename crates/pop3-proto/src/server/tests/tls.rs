//! Tls.

use super::*;

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
