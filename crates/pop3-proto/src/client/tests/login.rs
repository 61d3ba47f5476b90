//! Sasl, tls and secrets.

use super::*;

#[test]
fn a_sasl_exchange() {
    let mut client = ready(lenient());
    let id = client.send(&auth("SCRAM-SHA-1", Some(b"n,,n=user,r=x"))).unwrap();
    assert_eq!(client.output().take_all(), "AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9eA==\r\n");
    assert_eq!(client.auth_respond(id, b"early"), Err(Misuse::State { wanted: "a challenge" }));
    assert_eq!(client.auth_respond(id.next(), b""), Err(Misuse::UnknownId));
    let Event::Challenge { id: of, data } = reply(&mut client, b"+ cj14\r\n") else { panic!() };
    assert_eq!((of, data.expose()), (id, &b"r=x"[..]));
    assert_eq!(client.next_event(), Ok(Step::Paused(Pause::Respond)), "the application's turn");
    assert!(!client.wants_read());
    client.auth_respond(id, b"c=biws").unwrap();
    assert_eq!(client.output().take_all(), "Yz1iaXdz\r\n");
    assert!(client.auth_respond(id, b"twice").is_err());
    let Event::Challenge { .. } = reply(&mut client, b"+ \r\n") else { panic!() };
    client.auth_respond(id, b"").unwrap();
    assert_eq!(client.output().take_all(), "\r\n");
    assert!(matches!(reply(&mut client, b"+OK\r\n"), Event::Reply { .. }));
    assert_eq!(client.state(), State::Transaction);
    assert_eq!(client.auth_respond(id, b""), Err(Misuse::UnknownId));
}

#[test]
fn an_empty_initial_response_is_an_equals_sign_and_cancelling_is_a_star() {
    let mut client = ready(lenient());
    let id = client.send(&auth("EXTERNAL", Some(b""))).unwrap();
    assert_eq!(client.output().take_all(), "AUTH EXTERNAL =\r\n");
    assert_eq!(client.auth_cancel(id), Err(Misuse::State { wanted: "a challenge" }));
    let _ = reply(&mut client, b"+ \r\n");
    client.auth_cancel(id).unwrap();
    assert_eq!(client.output().take_all(), "*\r\n");
    let Event::Reply { reply, .. } = reply(&mut client, b"-ERR cancelled\r\n") else { panic!() };
    assert!(!reply.is_ok());
    assert_eq!(client.state(), State::Authorization);
}

#[test]
fn a_long_initial_response_waits_for_the_empty_challenge() {
    // "AUTH PLAIN " + base64 + CRLF: 180 octets make 240, which is 253; 183 make 244, which is 257
    for (len, fits) in [(180, true), (183, false)] {
        let response = vec![b'x'; len];
        let mut client = ready(lenient());
        let id = client.send(&auth("PLAIN", Some(&response))).unwrap();
        let sent = client.output().take_all();
        assert_eq!(sent.len() > 20, fits, "{len}");
        if !fits {
            assert_eq!(sent, "AUTH PLAIN\r\n");
            client.receive(b"+ \r\n");
            assert_eq!(client.next_event(), Ok(Step::NeedInput), "the machine answers by itself");
            let mut expected = wire::Output::new();
            wire::sasl::encode(&response, &mut expected);
            assert_eq!(client.output().take_all(), [&expected.take_all()[..], b"\r\n"].concat());
            assert_eq!(client.auth_respond(id, b""), Err(Misuse::State { wanted: "a challenge" }));
        }
    }
    let mut config = lenient();
    config.limits.max_auth_line = 402;
    for (len, fits) in [(300, true), (301, false)] {
        let sent = ready(config.clone()).send(&auth("PLAIN", Some(&vec![b'x'; len])));
        assert_eq!(sent.is_ok(), fits, "{len}");
    }
}

#[test]
fn case_140_challenges_of_old_servers() {
    for (line, tolerance, event) in [
        (&b"+ \r\n"[..], Tolerance::Strict, "empty"),
        (b"+\r\n", Tolerance::Strict, "malformed"),
        (b"+\r\n", Tolerance::Default, "empty"),
        (b"+ text, not base64\r\n", Tolerance::Strict, "malformed"),
        (b"+ text, not base64\r\n", Tolerance::Default, "empty"),
        (b"+OK\r\n", Tolerance::Strict, "reply"),
        (b"+OK\r\n", Tolerance::Default, "empty"),
        (b"+OK done\r\n", Tolerance::Lenient, "reply"),
        (b"-ERR\r\n", Tolerance::Lenient, "reply"),
    ] {
        let mut client = ready(Config { tolerance, ..lenient() });
        client.send(&auth("PLAIN", None)).unwrap();
        let (events, _) = events(&mut client, &[line]);
        let got = match events.last() {
            Some(Event::Challenge { data, .. }) if data.is_empty() => "empty",
            Some(Event::Malformed { ends_command: false, .. }) => "malformed",
            Some(Event::Reply { .. }) => "reply",
            other => panic!("{line:?}: {other:?}"),
        };
        assert_eq!(got, event, "{line:?} {tolerance:?}");
    }
    // RFC 5034: what cannot be decoded must be answered with *
    let mut client = ready(Config { tolerance: Tolerance::Strict, ..Config::default() });
    let id = client.send(&auth("CRAM-MD5", None)).unwrap();
    assert!(matches!(reply(&mut client, b"+ ***\r\n"), Event::Malformed { .. }));
    client.auth_cancel(id).unwrap();
    // once a response was sent, +OK is the end and nothing else
    let mut client = ready(lenient());
    let id = client.send(&auth("LOGIN", None)).unwrap();
    let _ = reply(&mut client, b"+ VXNlcm5hbWU6\r\n");
    client.auth_respond(id, b"user").unwrap();
    assert!(matches!(reply(&mut client, b"+OK\r\n"), Event::Reply { .. }));
}

#[test]
fn a_plus_outside_of_auth_is_malformed() {
    let mut client = logged_in(Config { tolerance: Tolerance::Strict, ..lenient() });
    client.send(&Command::Noop).unwrap();
    assert!(matches!(reply(&mut client, b"+ \r\n"), Event::Malformed { ends_command: true, .. }));
}

#[test]
fn case_113_and_118_no_password_without_tls() {
    let mut client = ready(Config::default());
    for command in [user("a"), pass("b"), auth("PLAIN", Some(b"\0a\0b")), auth("login", None)] {
        assert_eq!(client.send(&command), Err(Misuse::Cleartext), "{command:?}");
    }
    assert!(client.output().is_empty());
    assert!(client.send(&auth("SCRAM-SHA-256", None)).is_ok());
    assert!(ready(Config { tls: true, ..Config::default() }).send(&user("a")).is_ok());
}

#[test]
fn stls() {
    let mut client = starting_tls();
    assert_eq!(client.send(&Command::Noop), Err(Misuse::TlsPending));
    assert_eq!(client.expect(ReplyKind::Single), Err(Misuse::TlsPending));
    assert!(client.tls_established().is_err());
    assert!(matches!(reply(&mut client, b"+OK begin\r\n"), Event::StartTls { .. }));
    assert_eq!(client.next_event(), Ok(Step::Paused(Pause::StartTls)));
    assert_eq!(client.next_event(), Ok(Step::Paused(Pause::StartTls)));
    assert!(!client.wants_read());
    assert_eq!(bytes::BufMut::remaining_mut(&client.read_buf()), 0);
    assert_eq!(client.send(&Command::Capa), Err(Misuse::TlsPending));
    client.tls_established().unwrap();
    assert!(client.is_tls() && client.capabilities().is_none(), "forgotten");
    assert!(client.send(&user("a")).is_ok());
    assert!(matches!(client.send(&Command::Stls), Err(Misuse::State { .. })));
}

#[test]
fn case_111_plaintext_behind_the_agreement_is_fatal_at_every_split() {
    for behind in [&b"+OK\r\n"[..], b"x", b"-ERR injected\r\n+OK\r\n"] {
        let stream = [b"+OK begin TLS\r\n", behind].concat();
        at_every_split(starting_tls, &stream, |events, end| {
            assert!(events.iter().all(|e| matches!(e, Event::StartTls { .. })), "{events:?}");
            assert!(matches!(end, End::Failed(Fatal::PlaintextAfterStartTls(_))), "{end:?}");
        });
    }
}

#[test]
fn case_119_nor_in_a_later_read() {
    let mut client = starting_tls();
    let _ = reply(&mut client, b"+OK begin\r\n");
    assert_eq!(client.next_event(), Ok(Step::Paused(Pause::StartTls)));
    client.receive(b"+OK injected\r\n");
    assert_eq!(client.tls_established(), Err(Misuse::PlaintextPending));
    assert!(!client.is_tls());
    assert!(matches!(client.next_event(), Err(Fatal::PlaintextAfterStartTls(offset)) if offset > 0));
}

#[test]
fn case_113_a_refusal_leaves_the_connection_as_it_was() {
    let mut client = starting_tls();
    assert!(matches!(reply(&mut client, b"-ERR no TLS here\r\n"), Event::Reply { .. }));
    assert!(!client.is_tls());
    assert_eq!(client.send(&user("a")), Err(Misuse::Cleartext));
    assert!(client.send(&Command::Capa).is_ok());
}

#[test]
fn stls_may_not_follow_utf8() {
    let mut client = ready(Config::default());
    client.send(&Command::Utf8).unwrap();
    let _ = reply(&mut client, b"+OK\r\n");
    assert_eq!(client.send(&Command::Stls), Err(Misuse::State { wanted: "before UTF8" }));
}

#[test]
fn names_beyond_ascii_need_utf8_user() {
    let name = user("m\u{fc}ller");
    let mut client = ready(lenient());
    assert_eq!(client.send(&name), Err(Misuse::NotAdvertised("UTF8 USER")));
    offer(&mut client, "UTF8\r\n");
    assert!(client.send(&name).is_err());
    offer(&mut client, "UTF8 USER\r\n");
    assert!(client.send(&name).is_ok());
    assert!(ready(Config { allow_8bit_login: true, ..lenient() }).send(&name).is_ok());
}

#[test]
fn nothing_shows_a_secret() {
    let mut client = ready(Config { auto_hold: true, ..lenient() });
    let secret = "hunter2";
    let mut shown = String::new();
    let encoded = "AGEAaHVudGVyMg==";
    for command in [user("a"), pass(secret), auth("PLAIN", Some(b"\0a\0hunter2"))] {
        shown += &format!("{command:?} {command:#?}");
        shown += &format!("{:?}", client.send(&command));
    }
    shown += &format!("{client:?} {client:#?}");
    for line in [&b"+ aHVudGVyMg==\r\n"[..], b"+ hunter2\r\n"] {
        let mut client = ready(lenient());
        client.send(&auth("X", None)).unwrap();
        client.receive(line);
        shown += &format!("{client:?}");
        shown += &format!("{:?}", client.next_event());
        shown += &format!("{client:?}");
    }
    for hidden in [secret, "aHVudGVyMg", encoded, "[104, 117"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}

/// A server, or whoever speaks in its place, that says everything at once: nothing of it answers the client's responses.
#[test]
fn what_came_before_a_response_is_no_answer_to_it() {
    let mut client = ready(lenient());
    let id = client.send(&auth("SCRAM-SHA-256", Some(b"n,,"))).unwrap();
    client.receive(b"+ cj0x\r\n+OK welcome\r\n");
    assert!(matches!(next(&mut client), Event::Challenge { .. }));
    assert_eq!(client.next_event(), Ok(Step::Paused(Pause::Respond)), "nothing more until the response");
    client.auth_respond(id, b"c=biws").unwrap();
    assert!(matches!(next(&mut client), Event::Diagnostic(d) if d.rule == rule::UNSOLICITED_REPLY));
    assert!(matches!(next(&mut client), Event::Unsolicited(_)));
    assert_eq!(client.state(), State::Authorization);
}

#[test]
fn a_cancelled_exchange_does_not_succeed() {
    for (line, refused) in [("-ERR cancelled", true), ("+OK welcome", false), ("+ YQ==", false)] {
        let mut client = ready(lenient());
        let id = client.send(&auth("SCRAM-SHA-256", None)).unwrap();
        client.receive(b"+ cj0x\r\n");
        assert!(matches!(next(&mut client), Event::Challenge { .. }));
        client.auth_cancel(id).unwrap();
        client.receive(format!("{line}\r\n").as_bytes());
        match client.next_event() {
            Ok(Step::Event(Event::Reply { .. })) => assert!(refused, "{line}"),
            Err(Fatal::Desync(_)) => assert!(!refused, "{line}"),
            other => panic!("{other:?}"),
        }
    }
}
