//! SASL exchanges (RFC 4954).

use super::*;

#[test]
fn an_exchange() {
    let mut server = ready(config());
    let (id, command) = command(&mut server, "AUTH PLAIN\r\n");
    assert!(matches!(command, Command::Auth(auth) if auth.initial_response.is_none()));
    server.challenge(id, b"").unwrap();
    assert_eq!(server.output().take_all(), "334 \r\n");
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    assert!(matches!(server.reply(id, &ok()), Err(Misuse::State { .. })));
    server.receive(b"AGEAYg==\r\n");
    let Event::AuthResponse { data, .. } = next(&mut server) else { panic!() };
    assert_eq!(data.expose(), b"\0a\0b");
    server.reply(id, &reply("235 2.7.0 welcome")).unwrap();
    assert!(server.is_authenticated());
    assert_eq!(refused(&mut server, "AUTH PLAIN\r\n").1, Refusal::Authenticated);
}

/// RFC 4954 section 4: what the client says behind an exchange that it has cancelled, or that went wrong, is a command.
#[test]
fn behind_a_broken_exchange_only_a_refusal_may_come() {
    let over_long = format!("{}\r\n", "A".repeat(20_000));
    for response in ["*\r\n", "?\r\n", &over_long] {
        let mut server = ready(config());
        let (id, _) = command(&mut server, "AUTH PLAIN\r\n");
        server.challenge(id, b"").unwrap();
        server.receive(response.as_bytes());
        assert!(matches!(next(&mut server), Event::AuthCancelled { .. } | Event::Malformed { .. }));
        assert!(matches!(server.challenge(id, b""), Err(Misuse::State { .. })), "{response}");
        assert_eq!(server.reply(id, &reply("235 2.7.0 welcome")), Err(Misuse::WrongReply), "{response}");
        server.reply(id, &reply("501 5.5.2 no")).unwrap();
        assert_eq!(server.output().take_all(), "334 \r\n501 5.5.2 no\r\n");
        let (id, _) = self::command(&mut server, "AUTH PLAIN\r\n");
        server.challenge(id, b"").unwrap();
    }
}

#[test]
fn case_155_an_empty_initial_response_is_one() {
    let mut server = ready(config());
    let (_, Command::Auth(auth)) = command(&mut server, "AUTH PLAIN =\r\n") else { panic!() };
    assert_eq!(auth.initial_response.unwrap().expose(), b"");
}

#[test]
fn case_158_a_star_cancels() {
    at_every_split(
        || ready(config()),
        b"AUTH PLAIN\r\n*\r\nNOOP\r\n",
        |events, _| {
            assert!(matches!(events[1], Event::AuthCancelled { .. }));
            assert_eq!(commands(events), 2);
        },
    );
}

#[test]
fn cases_69_and_164_a_response_has_a_limit_of_its_own() {
    for (len, good) in [(12_286, false), (12_284, true), (12_288, false)] {
        // base64 comes in fours; the limit counts the CRLF
        let response = [&vec![b'A'; len][..], b"\r\nNOOP\r\n"].concat();
        let stream = [b"AUTH PLAIN\r\n", &response[..]].concat();
        at_every_split(
            || ready(config()),
            &stream,
            |events, _| match &events[1] {
                Event::AuthResponse { data, .. } => assert!(good && data.len() == len / 4 * 3),
                Event::Malformed { malformed, .. } => {
                    assert!(!good);
                    let said = malformed_reply(malformed);
                    let long = len + 2 > 12_288;
                    assert_eq!(said.code().get(), if long { 500 } else { 501 });
                    assert_eq!(said.as_bytes().starts_with(b"500 5.5.6 "), long);
                    assert_eq!(commands(events), 2, "its tail does not run");
                }
                other => panic!("{other:?}"),
            },
        );
    }
    let line = [b"AUTH PLAIN ", &[b'A'; 8000][..], b"\r\n"].concat();
    at_every_split(|| ready(config()), &line, |events, _| assert_eq!(commands(events), 1));
}

#[test]
fn case_118_cleartext_needs_tls() {
    let config = Config { allow_cleartext: false, ..config() };
    let mut server = ready(config);
    assert_eq!(refusal_code(&mut server, "AUTH PLAIN\r\n"), 538);
    let offered: Vec<_> = server.ehlo().mechanisms().collect();
    assert_eq!(format!("{offered:?}"), "[SCRAM-SHA-256]");
    command(&mut server, "AUTH SCRAM-SHA-256\r\n");
}

#[test]
fn auth_succeeds_only_behind_a_response() {
    let success = reply("235 ok");
    let mut server = ready(config());
    let (id, _) = command(&mut server, "AUTH PLAIN\r\n");
    assert_eq!(server.reply(id, &success), Err(Misuse::WrongReply), "nothing was said yet");
    server.challenge(id, b"").unwrap();
    server.receive(b"YQ==\r\n");
    let _event = next(&mut server);
    server.reply(id, &success).unwrap();
    let mut server = ready(config());
    let (id, _) = command(&mut server, "AUTH PLAIN =\r\n");
    server.reply(id, &success).unwrap();
}

#[test]
fn mechanisms_have_to_be_offered() {
    let mut server = ready(config());
    assert_eq!(refusal_code(&mut server, "AUTH PLAIN-CLIENTTOKEN\r\n"), 504);
    assert_eq!(refusal_code(&mut ready(offering("250-mx\r\n250 SIZE\r\n")), "AUTH PLAIN\r\n"), 502);
}

#[test]
fn nothing_shows_a_secret() {
    let mut server = ready(config());
    server.receive(b"AUTH PLAIN AGEAaHVudGVyMg==\r\n");
    let shown = format!("{:?} {server:?}", next(&mut server));
    assert!(!shown.contains("hunter2") && !shown.contains("AGEAaHVudGVyMg"), "{shown}");
    let mut server = ready(config());
    server.receive(b"AUTH PLAIN hunter2!\r\n");
    assert!(!format!("{:?}", next(&mut server)).contains("hunter"));
}
