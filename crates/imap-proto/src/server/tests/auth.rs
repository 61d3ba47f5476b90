//! AUTHENTICATE, LOGIN, UNAUTHENTICATE.

use super::*;

#[test]
fn an_exchange() {
    let mut server = server();
    let (id, _) = command(&mut server, "a AUTHENTICATE SCRAM-SHA-256\r\n");
    assert_eq!(server.reply(id, &ok()), Err(Misuse::WrongReply), "the client has said nothing");
    server.challenge(id, b"").unwrap();
    assert_eq!(written(&mut server), "+ \r\n");
    assert!(server.challenge(id, b"").is_err());
    assert!(matches!(server.reply(id, &no()), Err(Misuse::State { .. })), "the client is to speak");
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    server.receive(b"biws\r\n");
    let Event::AuthResponse { id: same, data } = next(&mut server) else { panic!() };
    assert_eq!((same, data.expose()), (id, &b"n,,"[..]));
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)));
    server.challenge(id, b"test").unwrap();
    assert_eq!(written(&mut server), "+ dGVzdA==\r\n");
    server.receive(b"\r\n");
    let Event::AuthResponse { data, .. } = next(&mut server) else { panic!() };
    assert_eq!(data.expose(), b"", "an empty response");
    server.reply(id, &condition("OK [CAPABILITY IMAP4rev2] in")).unwrap();
    assert_eq!(server.state(), State::Authenticated);
    assert_eq!(written(&mut server), "a OK [CAPABILITY IMAP4rev2] in\r\n");
    assert!(refused(&mut server, "b AUTHENTICATE PLAIN\r\n").starts_with("b BAD Only in the state"));
}

#[test]
fn initial_responses() {
    let mut server = server();
    // case 155: `=` is an empty response, not none
    for (line, initial) in [
        ("a AUTHENTICATE PLAIN\r\n", None),
        ("a AUTHENTICATE PLAIN =\r\n", Some(&b""[..])),
        ("a AUTHENTICATE plain AGEAYg==\r\n", Some(b"\0a\0b")),
    ] {
        let (id, command) = command(&mut server, line);
        let Command::Authenticate(arguments) = command else { panic!() };
        assert_eq!(arguments.initial_response.as_ref().map(|data| data.expose()), initial);
        server.reply(id, &condition("NO [AUTHENTICATIONFAILED] no")).unwrap();
        let _ = written(&mut server);
    }
    let without = Config { before_login: capabilities("IMAP4rev1 AUTH=PLAIN"), ..config() };
    let mut server = greeted(without, "OK ready");
    assert_eq!(refused(&mut server, "a AUTHENTICATE PLAIN =\r\n"), "a BAD SASL-IR is not offered\r\n");
    assert_eq!(
        refused(&mut server, "a AUTHENTICATE CRAM-MD5\r\n"),
        "a NO Authentication mechanism not offered\r\n"
    );
}

#[test]
fn case_158_a_client_may_cancel() {
    let mut server = server();
    let (id, _) = command(&mut server, "a AUTHENTICATE PLAIN\r\n");
    server.challenge(id, b"").unwrap();
    server.receive(b"*\r\nb NOOP\r\n");
    assert_eq!(next(&mut server), Event::AuthCancelled { id });
    assert_eq!(server.reply(id, &ok()), Err(Misuse::WrongReply));
    assert!(server.challenge(id, b"").is_err());
    let _ = written(&mut server);
    server.reply(id, &condition("BAD cancelled")).unwrap();
    assert_eq!(written(&mut server), "a BAD cancelled\r\n");
    assert!(matches!(next(&mut server), Event::Command { command: Command::Noop, .. }));
    assert_eq!(server.state(), State::NotAuthenticated);
}

#[test]
fn responses_are_strict_base64() {
    for line in [
        "AAA\r\n",
        "AB==\r\n",
        "A B=\r\n",
        "**\r\n",
        "* \r\n",
        "b NOOP\r\n",
        "AAAA\n",
        "=\r\n",
        "b X {3+}\r\n",
    ] {
        let mut server = server();
        let (id, _) = command(&mut server, "a AUTHENTICATE PLAIN\r\n");
        server.challenge(id, b"").unwrap();
        let _ = written(&mut server);
        let answer = refused(&mut server, line);
        assert!(answer.starts_with("a BAD AUTHENTICATE: at byte "), "{line:?} {answer}");
        assert!(!answer.contains("got '"), "no octet of it is shown");
        say(&mut server, "b NOOP\r\n");
    }
}

#[test]
fn case_164_long_responses() {
    let line = |len: usize| "A".repeat(len / 4 * 4) + "\r\n";
    for (len, fits) in [(12_288, true), (12_292, false), (100_000, false)] {
        let mut server = server();
        let (id, _) = command(&mut server, "a AUTHENTICATE PLAIN\r\n");
        server.challenge(id, b"").unwrap();
        let _ = written(&mut server);
        let line = line(len);
        for chunk in line.as_bytes().chunks(1000) {
            if server.wants_read() {
                server.receive(chunk);
            }
            if len > 12_288 {
                let _ = server.next_event().is_ok_and(|step| {
                    if let Step::Event(Event::Malformed { id, malformed }) = step {
                        server.reply(id, &malformed_reply(&malformed)).unwrap();
                    }
                    true
                });
            }
        }
        if fits {
            assert!(matches!(next(&mut server), Event::AuthResponse { .. }));
        } else {
            assert_eq!(written(&mut server), "a BAD [LIMIT] Line too long\r\n");
            say(&mut server, "b NOOP\r\n");
        }
    }
}

#[test]
fn commands_behind_authenticate_are_no_commands() {
    at_every_split(server, b"a AUTHENTICATE PLAIN\r\nb LOGIN x y\r\nc NOOP\r\n", |events, _| {
        assert_eq!(names(events), ["a AUTHENTICATE", "malformed: AUTHENTICATE", "c NOOP"]);
    });
    at_every_split(server, b"a AUTHENTICATE PLAIN\r\nAGEAYg==\r\nc SELECT x\r\n", |events, _| {
        assert_eq!(names(events), ["a AUTHENTICATE", "response", "c SELECT"]);
    });
}

#[test]
fn passwords_need_tls() {
    let config = || Config { allow_cleartext: false, ..config() };
    let mut server = greeted(config(), "OK ready");
    assert_eq!(
        server.capabilities().to_string(),
        format!("{} LOGINDISABLED", BEFORE.replace(" AUTH=PLAIN", ""))
    );
    let answer = "a NO [PRIVACYREQUIRED] Start TLS first\r\n";
    for line in ["a LOGIN x y\r\n", "a AUTHENTICATE PLAIN\r\n", "a AUTHENTICATE PLAIN AGEAYg==\r\n"] {
        assert_eq!(refused(&mut server, line), answer, "{line}");
    }
    let (id, _) = command(&mut server, "a AUTHENTICATE SCRAM-SHA-256\r\n");
    server.reply(id, &no()).unwrap();
    let mut server = greeted(Config { tls: true, ..config() }, "OK ready");
    assert_eq!(server.capabilities().to_string(), BEFORE.replace(" STARTTLS", ""));
    say(&mut server, "a LOGIN x y\r\n");
    assert_eq!(server.state(), State::Authenticated);
    assert_eq!(server.capabilities().to_string(), AFTER.split_whitespace().collect::<Vec<_>>().join(" "));
}

#[test]
fn login_takes_strings_of_all_kinds() {
    let mut server = server();
    for line in ["a LOGIN \"u s\" p\r\n", "a LOGIN {3+}\r\nu s {1+}\r\np\r\n"] {
        let (id, command) = command(&mut server, line);
        let Command::Login(login) = command else { panic!() };
        assert_eq!((login.userid().as_bytes(), login.password().expose()), (&b"u s"[..], &b"p"[..]));
        server.reply(id, &no()).unwrap();
        assert_eq!(server.state(), State::NotAuthenticated);
    }
}

#[test]
fn nothing_shows_a_secret() {
    let mut server = server();
    for line in ["a LOGIN user hunter2\r\n", "a LOGIN user hunter2 x\r\n", "a AUTHENTICATE PLAIN hunter2\r\n"]
    {
        server.receive(line.as_bytes());
        let event = next(&mut server);
        let shown = format!("{event:?} {server:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        match event {
            Event::Command { id, .. } => server.reply(id, &no()).unwrap(),
            Event::Malformed { id, malformed } => {
                let answer = malformed_reply(&malformed);
                assert!(!format!("{answer:?} {malformed}").contains("hunter2"));
                server.reply(id, &answer).unwrap();
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_too_long_keeps_no_secret() {
    let mut config = config();
    config.limits.max_line_before_login = 30;
    let mut server = greeted(config, "OK ready");
    server.receive(format!("a LOGIN user {}\r\n", "hunter2".repeat(9)).as_bytes());
    let Event::Malformed { id, malformed } = next(&mut server) else { panic!() };
    assert_eq!((malformed.verb, malformed.frame.expose().len()), (Some("LOGIN"), 0));
    server.reply(id, &malformed_reply(&malformed)).unwrap();
    assert_eq!(written(&mut server), "a BAD [LIMIT] Line too long\r\n");
}

#[test]
fn unauthenticate_forgets() {
    let mut server = enabled("QRESYNC UTF8=ACCEPT");
    assert!(server.enabled().qresync && server.enabled().condstore && server.enabled().utf8);
    say(&mut server, "a UNAUTHENTICATE\r\n");
    assert_eq!(server.state(), State::NotAuthenticated);
    assert_eq!(server.enabled(), crate::server::InForce::default());
    assert!(refused(&mut server, "a SELECT x\r\n").starts_with("a BAD Only"));
    say(&mut server, "a LOGIN x y\r\n");
}

#[test]
fn preauth_is_logged_in() {
    let mut server = ready();
    assert_eq!(server.state(), State::Authenticated);
    // with PREAUTH, nobody can start TLS any more (RFC 9051 section 6.2.1)
    assert!(refused(&mut server, "a STARTTLS\r\n").starts_with("a BAD Only in the state not authenticated"));
    say(&mut server, "a SELECT INBOX\r\n");
}
