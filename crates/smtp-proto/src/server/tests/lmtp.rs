//! LMTP (RFC 2033).

use super::*;

fn lmtp() -> Config {
    Config { protocol: Protocol::Lmtp, ..config() }
}

#[test]
fn case_110_each_accepted_recipient_has_a_reply() {
    let mut server = ready(lmtp());
    say(&mut server, "MAIL FROM:<a@b>\r\n");
    for (to, accepted) in [("c", true), ("no", false), ("d", true), ("e", true)] {
        let (id, _) = command(&mut server, &format!("RCPT TO:<{to}@b>\r\n"));
        server.reply(id, &if accepted { ok() } else { no() }).unwrap();
    }
    let (id, _) = command(&mut server, "DATA\r\n");
    server.accept_body(id).unwrap();
    let _ = server.output().take_all();
    server.receive(b"x\r\n.\r\nQUIT\r\n");
    assert!(matches!(next(&mut server), Event::BodyChunk { .. }));
    assert!(matches!(next(&mut server), Event::BodyEnd { .. }));
    for (due, text) in [(3, "250 c"), (2, "450 d"), (1, "250 e")] {
        assert_eq!(server.replies_due(), due);
        assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)));
        server.reply(id, &reply(text)).unwrap();
    }
    assert_eq!(server.replies_due(), 0);
    assert_eq!(server.output().take_all(), "250 c\r\n450 d\r\n250 e\r\n");
    assert_eq!(server.state(), State::Ready);
    assert!(matches!(next(&mut server), Event::Command { command: Command::Quit, .. }));
}

#[test]
fn only_the_last_chunk_has_a_reply_for_each() {
    let mut server = enveloped(lmtp());
    for (line, due) in [("BDAT 1\r\nx", 1), ("BDAT 1 LAST\r\ny", 2)] {
        let (id, _) = command(&mut server, line);
        server.accept_body(id).unwrap();
        assert!(matches!(next(&mut server), Event::BodyChunk { .. }));
        assert!(matches!(next(&mut server), Event::BodyEnd { .. }));
        assert_eq!(server.replies_due(), due);
        for _ in 0..due {
            server.reply(id, &ok()).unwrap();
        }
    }
    assert_eq!(server.state(), State::Ready);
}

#[test]
fn without_an_accepted_recipient_data_has_one_reply() {
    let mut server = ready(lmtp());
    say(&mut server, "MAIL FROM:<a@b>\r\n");
    let (id, refusal) = refused(&mut server, "DATA\r\n");
    server.reply(id, &refusal.reply()).unwrap();
    assert_eq!(server.replies_due(), 0);
}

#[test]
fn a_message_that_is_refused_before_it_is_read_has_a_reply_for_each() {
    for (line, content) in [("BDAT 3 LAST\r\n", "abc"), ("BDAT 0 LAST\r\n", "")] {
        let mut server = enveloped(lmtp());
        let (id, _) = command(&mut server, line);
        let _ = server.output().take_all();
        server.reply(id, &reply("452 4.3.1 full")).unwrap();
        server.receive(content.as_bytes());
        assert_eq!(server.next_event(), Ok(Step::NeedInput));
        // the client waits for two: RFC 2033 section 4.3
        assert_eq!(server.output().take_all(), "452 4.3.1 full\r\n452 4.3.1 full\r\n", "{line}");
        assert_eq!(server.state(), State::Failed);
    }
}
