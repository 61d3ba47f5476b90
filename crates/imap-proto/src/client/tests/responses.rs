use super::*;

#[test]
fn greetings() {
    for (greeting, state, events) in [
        ("* OK hello\r\n", State::NotAuthenticated, &["greeting OK"][..]),
        ("* PREAUTH hello\r\n", State::Authenticated, &["greeting PREAUTH"]),
        ("* BYE busy\r\n", State::Logout, &["greeting BYE"]),
    ] {
        at_every_split(
            || Client::new(config()),
            greeting.as_bytes(),
            |found, end| {
                assert_eq!(short(found), events);
                assert_eq!(*end, if state == State::Logout { End::Closed } else { End::NeedInput });
            },
        );
        let mut client = Client::new(config());
        hears(&mut client, greeting.as_bytes());
        assert_eq!(client.state(), state);
    }
}

#[test]
fn servers_of_other_protocols() {
    // quirk 8
    for (octets, protocol) in [
        (&b"+OK POP3\r\n"[..], "POP3"),
        (b"220 mx ESMTP\r\n", "SMTP"),
        (b"\x15\x03\x01", "TLS"),
        (b"HTTP/1.1 400", "HTTP"),
    ] {
        at_every_split(
            || Client::new(config()),
            octets,
            |events, end| {
                assert!(events.is_empty());
                assert_eq!(*end, End::Failed(Fatal::ForeignProtocol(protocol)));
            },
        );
    }
    at_every_split(
        || Client::new(config()),
        b"* CAPABILITY IMAP4rev1\r\n",
        |events, end| {
            assert!(events.is_empty() && matches!(end, End::Failed(Fatal::Desync(_))));
        },
    );
}

#[test]
fn sending_works_after_the_receive_side_has_failed() {
    let mut client = selected(config());
    client.send(&command("NOOP")).unwrap();
    client.config.limits.max_line = 10;
    client.renew_limits();
    client.receive(b"* 1234567890 EXISTS\r\n");
    let error = Fatal::Limit { kind: LimitKind::Line, limit: 10 };
    assert_eq!(client.next_event(), Err(error.clone()));
    assert_eq!(client.next_event(), Err(error));
    assert!(!client.wants_read());
    client.send(&command("LOGOUT")).unwrap();
    assert_eq!(sent(&mut client), "A2 NOOP\r\nA3 LOGOUT\r\n");
}

#[test]
fn completion_is_by_tag() {
    let make = || {
        let mut client = selected(config());
        for line in ["UID FETCH 1 FLAGS", "UID FETCH 2 FLAGS", "NOOP"] {
            client.send(&command(line)).unwrap();
        }
        client
    };
    // quirk 20: a stale tag; and one that nobody has sent
    let stream = b"A1 NO stale\r\n* 5 FETCH (FLAGS ())\r\nA3 NO second\r\nA9 OK ?\r\nB2 OK ?\r\nA02 OK ?\r\nA2 OK first\r\na4 OK ?\r\nA4 BAD x\r\nA4 OK x\r\n";
    at_every_split(make, stream, |events, end| {
        assert_eq!(
            short(events),
            [
                "unknown A1",
                "* 5 FETCH (FLAGS ()) 1",
                "done 2 NO",
                "unknown A9",
                "unknown B2",
                "unknown A02",
                "done 1 OK",
                "unknown a4",
                "done 3 BAD",
                "unknown A4",
            ]
        );
        assert_eq!(*end, End::NeedInput);
    });
}

#[test]
fn what_came_before_its_command_is_not_believed() {
    let mut client = offered(config(), "IMAP4rev1 AUTH=PLAIN SASL-IR");
    // received, and not yet looked at
    client.receive(b"A1 OK [CAPABILITY IMAP4rev1 X-EVIL] done\r\n");
    client.send(&login()).unwrap();
    assert_eq!(hears(&mut client, b""), ["unknown A1"]);
    assert_eq!(client.state(), State::NotAuthenticated);
    assert_eq!(hears(&mut client, b"A1 OK done\r\n"), ["done 0 OK"]);
    assert_eq!(client.state(), State::Authenticated);
}

#[test]
fn data_name_the_command_that_they_may_answer() {
    let make = || {
        let mut client = selected(config());
        for line in [
            "LIST \"\" *",
            "UID SEARCH RETURN (ALL) ALL",
            "UID SEARCH RETURN (ALL) SEEN",
            "UID FETCH 1 FLAGS",
            "STATUS x (MESSAGES)",
        ] {
            client.send(&command(line)).unwrap();
        }
        client
    };
    let stream = b"* LIST () \"/\" x\r\n* ESEARCH (TAG \"A4\") UID\r\n* ESEARCH UID\r\n* 3 EXISTS\r\n* 2 FETCH (UID 1)\r\n\
        * STATUS x (MESSAGES 1)\r\n* 1 EXPUNGE\r\n* OK [ALERT] x\r\nA2 OK x\r\n* LIST () \"/\" y\r\n* XFOO 1\r\n";
    at_every_split(make, stream, |events, _| {
        assert_eq!(
            short(events),
            [
                "* LIST () \"/\" x 1",
                "* ESEARCH (TAG \"A4\") UID 3",
                "* ESEARCH UID 2",
                "* 3 EXISTS -1",
                "* 2 FETCH (UID 1) 4",
                // LIST may have it too
                "* STATUS x (MESSAGES 1) 1",
                "* 1 EXPUNGE -1",
                "* OK [ALERT] x -1",
                "done 1 OK",
                "* LIST () \"/\" y -1",
                "* XFOO 1 -1",
            ]
        );
    });
}

#[test]
fn malformed_responses_are_kept_and_passed() {
    let make = || {
        let mut client = selected(config());
        client.send(&command("NOOP")).unwrap();
        client.send(&command("SELECT y")).unwrap();
        client
    };
    let stream = b"* 1 FETCH\r\n*\r\n\r\nA2 WHAT\r\n* 1 EXISTS\r\nA3 OKAY\r\nA9 OKAY\r\n* 2 EXISTS\r\n";
    at_every_split(make, stream, |events, end| {
        assert_eq!(
            short(events),
            [
                "malformed None",
                "malformed None",
                "malformed None",
                "malformed Some(1)",
                "* 1 EXISTS 2",
                "malformed Some(2)",
                "malformed None",
                "* 2 EXISTS -1",
            ]
        );
        let Event::Malformed { malformed, .. } = &events[3] else { panic!() };
        assert_eq!(*malformed.frame.expose(), "A2 WHAT\r\n");
        assert!(!format!("{malformed:?}").contains("WHAT"));
        assert_eq!(*end, End::NeedInput);
    });
}

#[test]
fn bye_ends_the_session_whatever_follows() {
    // quirk 9
    let make = || {
        let mut client = selected(Config { auto_hold: true, ..config() });
        client.send(&command("NOOP")).unwrap();
        client.send(&command("FETCH 1 FLAGS")).unwrap();
        client
    };
    at_every_split(
        make,
        b"* 1 EXISTS\r\n* BYE busy\r\n* BYE busy\r\nA2 OK x\r\n* 2 EXISTS",
        |events, end| {
            assert_eq!(short(events), ["* 1 EXISTS -1", "bye", "lost 1", "not sent 2"]);
            assert_eq!(*end, End::Closed);
        },
    );
    let mut client = make();
    hears(&mut client, b"* BYE x\r\n");
    assert!(!client.wants_read());
    assert_eq!(client.send(&command("NOOP")), Err(Misuse::State { wanted: "any" }));
}

#[test]
fn bye_in_each_state() {
    let prepared: [fn() -> Client; 9] = [
        || greeted(config()),
        || ready(config()),
        || selected(config()),
        || {
            let mut client = ready(config());
            client.send(&command("IDLE")).unwrap();
            client
        },
        || {
            let mut client = ready(config());
            say(&mut client, "IDLE", "+ idling");
            client
        },
        || {
            let mut client = offered(Config::default(), EVERYTHING);
            client.send(&command("STARTTLS")).unwrap();
            client
        },
        || {
            let mut client = offered(config(), EVERYTHING);
            client.send(&command("AUTHENTICATE PLAIN")).unwrap();
            client
        },
        || {
            let mut client = ready(config());
            client.send(&append(&[5000])).unwrap();
            client
        },
        || {
            let mut client = ready(config());
            client.send(&command("COMPRESS DEFLATE")).unwrap();
            client
        },
    ];
    for (n, make) in prepared.iter().enumerate() {
        at_every_split(make, b"* BYE x\r\nA1 OK x\r\n+ x\r\n", |events, end| {
            let events = short(events);
            assert!(events.iter().any(|event| event == "bye"), "{n} {events:?}");
            assert!(events.iter().all(|event| event == "bye" || event.starts_with("lost")), "{n} {events:?}");
            assert_eq!(*end, End::Closed, "{n}");
        });
        let mut client = make();
        client.receive_eof();
        let pending = client.outstanding() > 0;
        let end = drain(&mut client, |_, _| {});
        let lost = Fatal::UnexpectedEof("the responses that are due");
        assert_eq!(end, if pending { End::Failed(lost) } else { End::Closed }, "{n}");
        // in the midst of a response
        let mut client = make();
        client.receive(b"* 1 EX");
        client.receive_eof();
        assert_eq!(drain(&mut client, |_, _| {}), End::Failed(Fatal::UnexpectedEof("a response")), "{n}");
    }
    let mut client = Client::new(config());
    client.receive_eof();
    assert_eq!(client.next_event(), Err(Fatal::UnexpectedEof("the greeting")));
}

#[test]
fn logout() {
    let make = || {
        let mut client = selected(config());
        client.send(&command("NOOP")).unwrap();
        client.send(&command("LOGOUT")).unwrap();
        client
    };
    at_every_split(make, b"A2 OK x\r\n* BYE x\r\n* 1 EXISTS\r\nA3 OK x\r\n* 2 EXISTS\r\n", |events, end| {
        assert_eq!(short(events), ["done 1 OK", "bye", "* 1 EXISTS -1", "done 2 OK"]);
        assert_eq!(*end, End::Closed);
    });
    // quirk 9: no tagged response, and no end
    at_every_split(make, b"* BYE x\r\n* BYE x\r\n* BYE x\r\n", |events, end| {
        assert_eq!(short(events), ["bye", "bye", "lost 1", "lost 2"]);
        assert_eq!(*end, End::Closed);
    });
    // no BYE
    at_every_split(make, b"A3 OK x\r\n", |events, end| {
        assert_eq!(short(events), ["done 2 OK", "lost 1"]);
        assert_eq!(*end, End::Closed);
    });
    let mut client = make();
    assert_eq!(hears(&mut client, b"* BYE x\r\n"), ["bye"]);
    client.receive_eof();
    assert_eq!(hears(&mut client, b""), ["lost 1", "lost 2"]);
    assert_eq!(client.next_event(), Ok(Step::Closed));
}

#[test]
fn a_second_greeting_is_not_believed() {
    let mut client = offered(config(), EVERYTHING);
    assert_eq!(hears(&mut client, b"* PREAUTH x\r\n* OK x\r\n"), ["* PREAUTH x -1", "* OK x -1"]);
    assert_eq!(client.state(), State::NotAuthenticated);
}

#[test]
fn repairs_are_told_before_their_event() {
    at_every_split(
        || ready(config()),
        b"*  3 EXISTS\r\n+\r\n* OK [ALERT]\n",
        |events, _| {
            assert_eq!(
                short(events),
                [
                    "extra-space",
                    "* 3 EXISTS -1",
                    "missing-text",
                    "continue",
                    "bare-lf",
                    "missing-text",
                    "* OK [ALERT] -1"
                ]
            );
        },
    );
    let strict = Config { tolerance: Tolerance::Strict, ..config() };
    at_every_split(
        || ready(strict.clone()),
        b"*  3 EXISTS\r\n",
        |events, _| {
            assert_eq!(short(events), ["malformed None"]);
        },
    );
}
