//! Commands.

use super::*;

#[test]
fn case_143_the_password_is_the_rest_of_the_line() {
    for (line, password) in
        [("PASS my pass word\r\n", "my pass word"), ("PASS  lead\r\n", " lead"), ("pass x \r\n", "x ")]
    {
        let mut server = server(config());
        let (id, _) = command(&mut server, "USER a\r\n");
        server.reply(id, &ok()).unwrap();
        let (_, Command::Pass(got)) = command(&mut server, line) else { panic!() };
        assert_eq!(got.expose(), password.as_bytes());
    }
}

#[test]
fn case_144_names() {
    for (line, offset) in
        [(&b"USER a\0b\r\n"[..], 6), (b"USER a\x01\r\n", 6), (b"USER a\x7f\r\n", 6), (b"USER \r\n", 5)]
    {
        let mut server = server(config());
        server.receive(line);
        let Event::Malformed { malformed, id } = next(&mut server) else { panic!("{line:?}") };
        assert_eq!((malformed.error.offset, malformed.verb), (offset, Some("USER")), "{line:?}");
        assert_eq!(malformed.frame.expose(), line);
        server.reply(id, &Reply::Status(malformed_reply(&malformed))).unwrap();
        assert_eq!(server.output().take_all(), "-ERR Syntax error\r\n");
    }
    // octets beyond ASCII go to the application, and must be UTF-8 once UTF8 USER is offered
    let mut plain = Config { capabilities: Capabilities::default(), ..config() };
    plain.allow_cleartext = true;
    let mut latin1 = server(plain);
    latin1.receive(b"USER caf\xe9\r\n");
    assert!(matches!(next(&mut latin1), Event::Command { .. }));
    let mut utf8 = server(config());
    utf8.receive(b"USER caf\xe9\r\n");
    let Event::Refused { id, refusal: Refusal::NotUtf8, .. } = next(&mut utf8) else { panic!() };
    utf8.reply(id, &err()).unwrap();
    let (_, Command::User(name)) = command(&mut utf8, "USER caf\u{e9}\r\n") else { panic!() };
    assert_eq!(name.as_bytes(), "caf\u{e9}".as_bytes());
}

#[test]
fn case_145_utf8_and_stls_in_their_place() {
    let mut server = server(config());
    let (id, _) = command(&mut server, "UTF8\r\n");
    server.reply(id, &ok()).unwrap();
    assert!(server.is_utf8());
    server.receive(b"STLS\r\n");
    assert!(matches!(next(&mut server), Event::Refused { refusal: Refusal::AfterUtf8, .. }));

    let mut server = logged_in(config());
    for line in [
        "UTF8\r\n",
        "STLS\r\n",
        "USER a\r\n",
        "PASS a\r\n",
        "APOP a 0123456789abcdef0123456789abcdef\r\n",
        "AUTH PLAIN\r\n",
    ] {
        server.receive(line.as_bytes());
        let Event::Refused { id, refusal, .. } = next(&mut server) else { panic!("{line}") };
        let wanted = State::Authorization.name();
        assert_eq!(refusal, Refusal::State { wanted, state: State::Transaction });
        server.reply(id, &Reply::Status(refusal.reply())).unwrap();
        assert!(server.output().take_all().starts_with(b"-ERR "));
    }
}

#[test]
fn transaction_commands_wait_for_the_login() {
    for line in ["STAT", "LIST", "UIDL 1", "RETR 1", "TOP 1 0", "DELE 1", "RSET", "NOOP"] {
        let mut server = server(config());
        server.receive(format!("{line}\r\n").as_bytes());
        let Event::Refused { refusal: Refusal::State { wanted, .. }, .. } = next(&mut server) else {
            panic!("{line}")
        };
        assert_eq!(wanted, "TRANSACTION");
    }
    let mut server = server(config());
    server.receive(b"PASS x\r\n");
    assert!(matches!(next(&mut server), Event::Refused { refusal: Refusal::UserFirst, .. }));
}

#[test]
fn case_146_top_needs_both_arguments() {
    let mut server = logged_in(config());
    let (id, top) = command(&mut server, "TOP 1 0\r\n");
    assert_eq!(top, Command::Top { message: number(1), lines: 0 });
    server.reply(id, &err()).unwrap();
    for line in ["TOP 1\r\n", "TOP\r\n", "TOP 1 x\r\n", "TOP 0 1\r\n", "TOP 1 -1\r\n", "TOP 1 2 3\r\n"] {
        server.receive(line.as_bytes());
        let Event::Malformed { id, malformed } = next(&mut server) else { panic!("{line}") };
        assert_eq!(malformed.verb, Some("TOP"));
        server.reply(id, &err()).unwrap();
    }
}

#[test]
fn case_149_auth() {
    let mut server = server(config());
    let (id, Command::Auth(auth)) = command(&mut server, "AUTH PLAIN =\r\n") else { panic!() };
    assert!(auth.initial_response.unwrap().is_empty());
    server.reply(id, &err()).unwrap();
    let (id, Command::AuthList) = command(&mut server, "AUTH\r\n") else { panic!() };
    let mechanisms = crate::Mechanisms::new([wire::sasl::Mechanism::new("PLAIN").unwrap()]);
    server.reply(id, &Reply::mechanisms(Status::ok("").unwrap(), &mechanisms)).unwrap();
    assert_eq!(server.output().take_all(), "-ERR no\r\n+OK\r\nPLAIN\r\n.\r\n");
    let (id, _) = command(&mut server, "AUTH PLAIN\r\n");
    server.challenge(id, b"").unwrap();
    assert_eq!(server.output().take_all(), "+ \r\n");
    server.receive(b"*\r\n");
    assert_eq!(next(&mut server), Event::AuthCancelled { id });
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)));
    server.reply(id, &err()).unwrap();
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
}

/// RFC 5034 section 4: what the client says behind an exchange that it has cancelled, or that went wrong, is a command.
#[test]
fn behind_a_broken_exchange_only_a_refusal_may_come() {
    let over_long = format!("{}\r\n", "A".repeat(20_000));
    for response in ["*\r\n", "?\r\n", &over_long] {
        let mut server = server(config());
        let (id, _) = command(&mut server, "AUTH PLAIN\r\n");
        server.challenge(id, b"").unwrap();
        server.receive(response.as_bytes());
        assert!(matches!(next(&mut server), Event::AuthCancelled { .. } | Event::Malformed { .. }));
        assert!(matches!(server.challenge(id, b""), Err(Misuse::State { .. })), "{response}");
        assert_eq!(server.reply(id, &ok()), Err(Misuse::WrongReply), "{response}");
        server.reply(id, &err()).unwrap();
        assert_eq!(server.output().take_all(), "+ \r\n-ERR no\r\n");
        let (id, _) = command(&mut server, "AUTH PLAIN\r\n");
        server.challenge(id, b"").unwrap();
    }
}

#[test]
fn a_sasl_exchange() {
    let mut server = server(config());
    let (id, _) = command(&mut server, "AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9eA==\r\n");
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)));
    server.challenge(id, b"r=x").unwrap();
    assert_eq!(
        server.challenge(id, b"again"),
        Err(Misuse::State { wanted: "a response to the challenge before" })
    );
    assert!(server.reply(id, &ok()).is_err(), "not before the response");
    assert_eq!(server.output().take_all(), "+ cj14\r\n");
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    server.receive(b"Yz1iaXdz\r\n");
    let Event::AuthResponse { id: of, data } = next(&mut server) else { panic!() };
    assert_eq!((of, data.expose()), (id, &b"c=biws"[..]));
    server.reply(id, &ok()).unwrap();
    assert_eq!(server.state(), State::Transaction);
    assert_eq!(server.challenge(id, b""), Err(Misuse::UnknownId));
    let (id, _) = command(&mut server, "NOOP\r\n");
    assert_eq!(server.challenge(id, b""), Err(Misuse::WrongReply));
}

/// RFC 4422 section 3: "one or more pairs of challenges from the server and responses from the client". Clients that
/// have sent no response take `+OK` for a challenge, and the next command would be their password.
#[test]
fn auth_succeeds_only_behind_a_response() {
    let responses: [(&str, &[&str], bool); 7] = [
        ("AUTH PLAIN\r\n", &[], false),
        ("AUTH PLAIN =\r\n", &[], true),
        ("AUTH PLAIN\r\n", &["AAAA\r\n"], true),
        ("AUTH PLAIN\r\n", &["\r\n"], true),
        // RFC 5034 section 4: what was cancelled or is not base64 "MUST" be rejected
        ("AUTH PLAIN\r\n", &["*\r\n"], false),
        ("AUTH PLAIN AAAA\r\n", &["*\r\n"], false),
        ("AUTH PLAIN AAAA\r\n", &["!\r\n"], false),
    ];
    for (line, responses, succeeds) in responses {
        let mut server = server(config());
        let (id, _) = command(&mut server, &format!("CAPA\r\n{line}"));
        server.reply(id, &Reply::capabilities(Status::ok("").unwrap(), capabilities())).unwrap();
        let Event::Command { id, .. } = next(&mut server) else { panic!("{line}") };
        for response in responses {
            server.challenge(id, b"").unwrap();
            server.receive(response.as_bytes());
            let _ = next(&mut server);
        }
        let _ = server.output().take_all();
        let (expected, sent) = if succeeds { (Ok(()), "+OK\r\n") } else { (Err(Misuse::WrongReply), "") };
        assert_eq!(server.reply(id, &ok()), expected, "{line} {responses:?}");
        assert_eq!(server.output().take_all(), sent);
        assert_eq!(server.state() == State::Transaction, succeeds);
        assert_eq!(server.reply(id, &err()).is_ok(), !succeeds, "the command still waits");
    }
}

#[test]
fn what_is_not_base64_ends_the_exchange_and_not_the_connection() {
    for line in
        ["!!!\r\n", "AAA\r\n", "AA==A\r\n", "=AAA\r\n", "AAA=BBB=\r\n", " AAAA\r\n", "* \r\n", "**\r\n"]
    {
        let mut server = server(config());
        let (id, _) = command(&mut server, "AUTH PLAIN\r\n");
        server.challenge(id, b"").unwrap();
        server.receive(line.as_bytes());
        let Event::Malformed { id: of, malformed } = next(&mut server) else { panic!("{line:?}") };
        assert_eq!((of, malformed.verb, malformed.error.got), (id, Some("AUTH"), None));
        server.reply(id, &err()).unwrap();
        assert!(matches!(command(&mut server, "QUIT\r\n"), (_, Command::Quit)));
    }
}

#[test]
fn sasl_lines_are_limited_at_n_and_n_plus_1() {
    let mut config = config();
    config.limits.max_auth_line = 1026;
    for (len, fits) in [(1024, true), (1028, false)] {
        let line = [vec![b'A'; len], b"\r\n".to_vec()].concat();
        for chunks in chunkings(&line) {
            let mut server = server(config.clone());
            let (id, _) = command(&mut server, "AUTH PLAIN\r\n");
            server.challenge(id, b"").unwrap();
            let (events, end) = refusing(&mut server, &chunks);
            assert_eq!(end, End::NeedInput);
            assert_eq!(matches!(events[..], [Event::AuthResponse { .. }]), fits);
            assert_eq!(matches!(events[..], [Event::Malformed { .. }]), !fits);
            assert!(
                matches!(command(&mut server, "QUIT\r\n"), (_, Command::Quit)),
                "nothing of it is a command"
            );
        }
        // the same for an initial response
        let line = format!("AUTH PLAIN {}\r\n", "A".repeat(len - 12));
        let mut server = server(config.clone());
        server.receive(line.as_bytes());
        let malformed = |event| matches!(event, Event::Malformed { .. });
        assert_eq!(malformed(drain_one(&mut server)), !fits, "{len}");
        assert!(server.challenge(CommandId::FIRST, &[0; 1024]).is_err());
    }
}

#[test]
fn no_challenge_in_the_middle_of_an_over_long_response() {
    let mut config = config();
    config.limits.max_auth_line = 32;
    let mut server = server(config);
    let (id, _) = command(&mut server, "AUTH PLAIN\r\n");
    server.challenge(id, b"").unwrap();
    server.receive(&[b'A'; 32]);
    assert!(matches!(next(&mut server), Event::Malformed { .. }));
    // it would be answered by the rest of the same line, for ever
    assert!(matches!(server.challenge(id, b""), Err(Misuse::State { .. })));
    server.reply(id, &err()).unwrap();
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
}

#[test]
fn lenience_hides_no_second_line() {
    for line in ["STAT x\r\nDELE 1\r\n", "STAT x\nDELE 1\r\n", "STAT x\rDELE 1\r\n"] {
        let frame = line.into();
        let cx = wire::Context::new(&frame, Tolerance::Lenient);
        assert!(Command::parse_in(&cx).is_err(), "{line:?}");
    }
}

#[test]
fn lines_are_written_to_512_octets() {
    for (len, fits) in [(506, true), (507, false)] {
        let mut server = logged_in(config());
        let (id, _) = command(&mut server, "NOOP\r\n");
        let reply = Reply::Status(Status::ok(vec![b'x'; len]).unwrap());
        let expected = if fits { Ok(()) } else { Err(Misuse::TooLong { limit: 512 }) };
        assert_eq!(server.reply(id, &reply), expected);
        assert_eq!((server.output().len(), server.outstanding()), if fits { (512, 0) } else { (0, 1) });
    }
    for (len, fits) in [(510, true), (511, false)] {
        let mut server = logged_in(config());
        let (id, _) = command(&mut server, "CAPA\r\n");
        let lines = [Capability::Top, Capability::new(vec![b'X'; len]).unwrap()].into_iter().collect();
        let reply = Reply::capabilities(Status::ok("").unwrap(), lines);
        assert_eq!(server.reply(id, &reply).is_ok(), fits);
        assert_eq!(server.output().is_empty(), !fits, "nothing of it was written");
    }
    let mut server = logged_in(config());
    let (id, _) = command(&mut server, "LIST\r\n");
    server.reply(id, &Reply::MultiLine(Status::ok("").unwrap())).unwrap();
    let _ = server.output().take_all();
    for (len, fits) in [(506, true), (507, false)] {
        let more = Text::new(vec![b'x'; len]).unwrap().into();
        let item = Item::ScanListing(ScanListing { message: number(1), octets: 2, more });
        assert_eq!(server.item(id, &item).is_ok(), fits);
    }
    assert_eq!(server.output().len(), 512);
}

#[test]
fn case_151_long_lines_are_one_error_and_their_tail_no_command() {
    for (len, fits) in [(255, true), (256, false)] {
        let mut line = vec![b'x'; len];
        line[len - 7..].copy_from_slice(b" QUIT\r\n");
        let stream = [&line[..], b"NOOP\r\n"].concat();
        at_every_split(
            || logged_in(config()),
            &stream,
            |events, end| {
                assert_eq!(*end, End::NeedInput);
                assert_eq!(events.len(), 2, "{len}");
                assert_eq!(matches!(events[0], Event::Command { .. }), fits);
                if let Event::Malformed { malformed, .. } = &events[0] {
                    assert_eq!(
                        (malformed.error.kind, malformed.error.offset),
                        (ParseErrorKind::TooLong, 255)
                    );
                    assert_eq!(malformed.frame.expose().len(), 255);
                    assert_eq!(malformed_reply(malformed), Status::err("Line too long").unwrap());
                }
                assert!(matches!(events[1], Event::Command { command: Command::Noop, .. }));
            },
        );
    }
    // megabytes without a line end take no memory
    let mut server = logged_in(config());
    for _ in 0..100 {
        let _ = refusing(&mut server, &[&[b'x'; 65_536]]);
        assert!(server.input.is_empty());
    }
    let (events, _) = refusing(&mut server, &[b"\r\nNOOP\r\n"]);
    assert!(matches!(events[..], [Event::Command { command: Command::Noop, .. }]));
}

#[test]
fn what_is_forbidden_is_refused_strictly_and_repaired_by_tolerance() {
    for (line, least, found) in [
        ("NOOP\n", Tolerance::Default, &[rule::BARE_LF][..]),
        ("NOOP  \r\n", Tolerance::Default, &[rule::TRAILING_SPACE]),
        ("RETR  1\r\n", Tolerance::Default, &[rule::EXTRA_SPACE]),
        ("LIST \r\n", Tolerance::Default, &[rule::TRAILING_SPACE]),
        ("NOOP x\r\n", Tolerance::Lenient, &[rule::EXTRA_ARGUMENT]),
        ("RETR 1 2\r\n", Tolerance::Lenient, &[rule::EXTRA_ARGUMENT]),
        ("LIST 1\0\r\n", Tolerance::Lenient, &[rule::EXTRA_ARGUMENT]),
        ("TOP 1 -1\r\n", Tolerance::Lenient, &[rule::NEGATIVE_LINES]),
        ("NOOP\r\r\n", Tolerance::Default, &[rule::EXTRA_CR]),
        ("RETR\t1\r\n", Tolerance::Default, &[rule::EXTRA_SPACE]),
        ("  STAT\r\n", Tolerance::Lenient, &[rule::LEADING_SPACE]),
    ] {
        for tolerance in [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient] {
            let make = || logged_in(Config { tolerance, ..config() });
            at_every_split(make, line.as_bytes(), |events, end| {
                assert_eq!(*end, End::NeedInput);
                let accepted = matches!(events.last(), Some(Event::Command { .. }));
                assert_eq!(accepted, tolerance >= least, "{line:?} {tolerance:?}");
                if accepted {
                    assert_eq!(rules(events), found, "{line:?}");
                }
            });
        }
    }
    let upper = "APOP a C4C9334BAC560ECC979E58001B3E22FB\r\n";
    let mut lenient = server(Config { tolerance: Tolerance::Lenient, ..config() });
    lenient.receive(upper.as_bytes());
    assert_eq!(rules(&[next(&mut lenient)]), [rule::UPPER_CASE_DIGEST]);
    let mut strict = server(config());
    strict.receive(upper.as_bytes());
    assert!(matches!(next(&mut strict), Event::Malformed { .. }));
}

#[test]
fn lines_that_are_no_commands_are_kept() {
    for (line, offset) in [
        (&b"\r\n"[..], 0),
        (b" NOOP\r\n", 0),
        (b"\xff\xfe\r\n", 0),
        (b"NO\rOP\r\n", 2),
        (b"\0\r\n", 0),
        (b"FOO\tbar\r\n", 3),
        (b"FOO a\0\r\n", 5),
        (b"NOOP\r\r\n", 4),
    ] {
        at_every_split(
            || logged_in(config()),
            &[line, b"NOOP\r\n"].concat(),
            |events, _| {
                let [Event::Malformed { malformed, .. }, Event::Command { command: Command::Noop, .. }] =
                    events
                else {
                    panic!("{line:?}: {events:?}")
                };
                assert_eq!(
                    (malformed.error.offset, &malformed.frame.expose()[..]),
                    (offset, line),
                    "{line:?}"
                );
            },
        );
    }
    let (_, Command::Other(other)) = command(&mut logged_in(config()), "xtnd XLST  Subject \r\n") else {
        panic!()
    };
    assert_eq!((other.keyword(), other.arguments()), (&b"xtnd"[..], &b"XLST  Subject "[..]));
    assert_eq!(Command::Other(other).to_bytes(), "xtnd XLST  Subject \r\n");
}

#[test]
fn bad_commands_are_counted_at_n_and_n_plus_1() {
    let mut config = config();
    config.limits.max_bad_commands = Some(3);
    let mut server = server(config);
    // an unknown, a misplaced and a malformed one
    let (_, end) = refusing(&mut server, &[b"FOO\r\nSTAT\r\nUSER\r\n"]);
    assert_eq!(end, End::NeedInput);
    // a good one starts anew
    let (_, end) = refusing(&mut server, &[b"CAPA\r\nFOO\r\nFOO\r\nFOO\r\n"]);
    assert_eq!(end, End::NeedInput);
    let (_, end) = refusing(&mut server, &[b"FOO\r\n"]);
    assert_eq!(end, End::Failed(Fatal::TooManyErrors));
    assert_eq!(last_words(&Fatal::TooManyErrors).to_bytes(), "-ERR Too many errors, closing\r\n");
}

#[test]
fn cleartext_logins_need_tls_or_leave() {
    let mut server = server(Config { allow_cleartext: false, ..config() });
    assert_eq!(
        server.capabilities().mechanisms().map(|m| format!("{m}")).collect::<Vec<_>>(),
        ["SCRAM-SHA-256"]
    );
    assert!(!server.capabilities().has("USER") && server.capabilities().has("STLS"));
    for line in ["USER a\r\n", "PASS b\r\n", "AUTH PLAIN\r\n", "AUTH LOGIN\r\n"] {
        server.receive(line.as_bytes());
        let Event::Refused { id, refusal: Refusal::Cleartext, .. } = next(&mut server) else {
            panic!("{line}")
        };
        server.reply(id, &err()).unwrap();
    }
    let (id, _) = command(&mut server, "AUTH SCRAM-SHA-256\r\n");
    server.reply(id, &err()).unwrap();
    let (id, _) = command(&mut server, "STLS\r\n");
    server.reply(id, &ok()).unwrap();
    let _ = server.output().take_all();
    assert_eq!(next(&mut server), Event::StartTls { id });
    server.tls_established().unwrap();
    let (id, _) = command(&mut server, "USER a\r\n");
    server.reply(id, &ok()).unwrap();
    assert!(server.capabilities().has("USER") && !server.capabilities().has("STLS"));
}
