//! STARTTLS (RFC 3207).

use super::*;

#[test]
fn starttls_waits_for_the_output_then_for_the_handshake() {
    let mut server = ready(config());
    let (id, _) = command(&mut server, "STARTTLS\r\n");
    server.reply(id, &reply("220 go")).unwrap();
    assert_eq!(next(&mut server), Event::StartTls { id });
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Drain)));
    assert!(server.tls_established().is_err(), "not before the reply is out");
    let _ = server.output().take_all();
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::StartTls)));
    assert!(!server.wants_read());
    server.tls_established().unwrap();
    assert!(server.is_tls());
    // case 115: who the client is, is forgotten; STARTTLS is not offered again
    assert_eq!(server.state(), State::Hello);
    assert_eq!(refusal_code(&mut server, "MAIL FROM:<a@b>\r\n"), 503);
    assert!(!server.ehlo().has(Keyword::StartTls) && server.ehlo().has(Keyword::Auth));
    say(&mut server, "EHLO a\r\n");
    assert_eq!(refusal_code(&mut server, "STARTTLS\r\n"), 503, "case 116");
}

#[test]
fn case_114_nothing_may_stand_behind_starttls() {
    for chunks in chunkings(b"STARTTLS\r\nEHLO x\r\n") {
        let mut server = ready(config());
        let mut end = End::NeedInput;
        for chunk in chunks {
            server.receive(chunk);
            end = drain(&mut server, |server, event| match event {
                Event::Command { id, command: Command::StartTls } => {
                    // what waits already forbids it; what comes later is found out by next_event
                    let plaintext = server.unread() > 0;
                    let agreed = server.reply(id, &reply("220 go"));
                    assert_eq!(agreed, if plaintext { Err(Misuse::PlaintextPending) } else { Ok(()) });
                }
                Event::StartTls { .. } | Event::Diagnostic(_) => {}
                other => panic!("{other:?}"),
            });
        }
        assert!(matches!(end, End::Failed(Fatal::PlaintextAfterStartTls(_))), "{end:?}");
        assert!(!server.is_tls());
    }
    let mut server = ready(config());
    let (id, _) = command(&mut server, "STARTTLS\r\n");
    server.receive(b"x");
    assert_eq!(server.reply(id, &reply("220 go")), Err(Misuse::PlaintextPending));
    assert!(server.output().is_empty());
    server.reply(id, &reply("454 no")).unwrap();
    assert_eq!(server.next_event(), Ok(Step::NeedInput), "it was refused, so it is a command");
}

#[test]
fn starttls_has_to_be_offered() {
    assert_eq!(refusal_code(&mut ready(offering("250-mx\r\n250 SIZE\r\n")), "STARTTLS\r\n"), 502);
    let mut server = enveloped(config());
    assert_eq!(refusal_code(&mut server, "STARTTLS\r\n"), 503, "case 116: in a transaction");
}
