//! Commands: their order, what is refused, and in which words.

use super::*;

fn malformed(server: &mut Server, line: &[u8]) -> (CommandId, Reply) {
    server.receive(line);
    match next(server) {
        Event::Malformed { id, malformed } => (id, malformed_reply(&malformed)),
        other => panic!("{}: {other:?}", line.escape_ascii()),
    }
}

#[test]
fn a_whole_session() {
    let mut server = server(config());
    for (line, state) in [
        ("ehlo a\r\n", State::Ready),
        ("mail from:<a@b>\r\n", State::Mail),
        ("Rcpt To:<c@d>\r\n", State::Rcpt),
        ("RSET\r\n", State::Ready),
        ("NOOP\r\n", State::Ready),
        ("MAIL FROM:<>\r\n", State::Mail),
        ("EHLO a\r\n", State::Ready),
        ("QUIT\r\n", State::Closed),
    ] {
        say(&mut server, line);
        assert_eq!(server.state(), state, "{line}");
    }
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Drain)));
    let _ = server.output().take_all();
    assert_eq!(server.next_event(), Ok(Step::Closed));
}

#[test]
fn case_74_commands_out_of_order() {
    for line in ["MAIL FROM:<a@b>\r\n", "RCPT TO:<a@b>\r\n", "DATA\r\n", "AUTH PLAIN\r\n", "BDAT 0\r\n"] {
        assert_eq!(refusal_code(&mut server(config()), line), 503, "{line:?} before EHLO");
    }
    let mut server = ready(config());
    for line in ["RCPT TO:<a@b>\r\n", "DATA\r\n"] {
        assert_eq!(refusal_code(&mut server, line), 503, "{line:?} before MAIL");
    }
    say(&mut server, "MAIL FROM:<a@b>\r\n");
    assert_eq!(refusal_code(&mut server, "MAIL FROM:<a@b>\r\n"), 503);
    assert_eq!(refusal_code(&mut server, "AUTH PLAIN\r\n"), 503);
    assert_eq!(refusal_code(&mut server, "STARTTLS\r\n"), 503);
    let (id, _) = command(&mut server, "RCPT TO:<a@b>\r\n");
    server.reply(id, &no()).unwrap();
    assert_eq!(refusal_code(&mut server, "DATA\r\n"), 554, "no accepted recipient");
    for line in ["NOOP\r\n", "VRFY a\r\n", "EXPN a\r\n", "HELP\r\n"] {
        say(&mut server, line);
        assert_eq!(server.state(), State::Mail, "{line:?} changes nothing");
    }
}

#[test]
fn what_was_refused_cannot_be_accepted_where_that_would_change_the_state() {
    let mut server = server(config());
    let (id, _) = refused(&mut server, "MAIL FROM:<a@b>\r\n");
    assert_eq!(server.reply(id, &ok()), Err(Misuse::WrongReply));
    server.reply(id, &no()).unwrap();
    assert_eq!(server.state(), State::Hello);
}

#[test]
fn cases_45_to_66_what_is_no_command() {
    for (line, code) in [
        (&b"RCPT TO:<>\r\n"[..], 501),
        (b"MAIL FROM: <a@b>\r\n", 501),
        (b"MAIL FROM:a@b\r\n", 501),
        (b"MAIL FROM:<a@b>SIZE=10\r\n", 501),
        (b"MAIL FROM:<\"unterminated@x>\r\n", 501),
        (b"MAIL FROM:<u@[999.1.1.1]>\r\n", 501),
        (b"EHLO\r\n", 501),
        (b"HELO a b\r\n", 501),
        (b"MAIL FROM:<\xff@x>\r\n", 501),
        (b"MAIL FROM:<a\0@x>\r\n", 501),
        (b"NOOP a\0b\r\n", 501),
        (b"MA\rIL FROM:<a@b>\r\n", 500),
        (b"DATA foo\r\n", 501),
        (b"RSET foo\r\n", 501),
        (b"QUIT foo\r\n", 501),
        (b"STARTTLS foo\r\n", 501),
        (b"\r\n", 500),
        (b" NOOP\r\n", 501),
        (b"NOOP\n", 501),
        (b"NOOP\r\r\n", 501),
        (b"VRFY\r\n", 501),
        (b"AUTH\r\n", 501),
        (b"AUTH PLAIN !!!\r\n", 501),
    ] {
        let mut server = ready(config());
        let (id, said) = malformed(&mut server, line);
        assert_eq!(said.code().get(), code, "{}", line.escape_ascii());
        server.reply(id, &said).unwrap();
        say(&mut server, "NOOP\r\n");
    }
    let mut server = ready(config());
    let (id, other) = command(&mut server, "STARTTLSX\r\n");
    assert!(matches!(other, Command::Other(_)), "an unknown command is the application's to answer");
    server.reply(id, &reply("500 what?")).unwrap();
    server.receive(b"RSET \r\n");
    assert!(matches!(next(&mut server), Event::Diagnostic(d) if d.rule == rule::TRAILING_SPACE));
    assert!(matches!(next(&mut server), Event::Command { command: Command::Rset, .. }));
}

#[test]
fn cases_68_and_69_lines_have_a_limit() {
    // 512 octets, and what DSN adds to RCPT or SIZE, BODY, SMTPUTF8, DSN and AUTH to MAIL
    let mut config = offering("250-mx\r\n250 SIZE\r\n");
    config.limits.max_line = 512;
    for (len, good) in [(512 + 26, true), (512 + 27, false)] {
        let mut line = vec![b'x'; len - 2];
        line[..5].copy_from_slice(b"NOOP ");
        line.extend_from_slice(b"\r\nRSET\r\n");
        at_every_split(
            || ready(config.clone()),
            &line,
            |events, _| {
                let too_long = events.iter().any(|e| {
                matches!(e, Event::Malformed { malformed, .. } if malformed.error.kind == ParseErrorKind::TooLong)
            });
                assert_eq!((commands(events), too_long), (1 + usize::from(good), !good), "{len}");
            },
        );
    }
    let long = [&[b'x'; 20_000][..], b"MAIL FROM:<a@b>\r\nRSET\r\n"].concat();
    at_every_split(
        || ready(config.clone()),
        &long,
        |events, _| {
            assert_eq!((events.len(), commands(events)), (2, 1), "one 500, and the tail does not run");
        },
    );
}

#[test]
fn case_70_other_protocols_are_cut_off() {
    for (stream, protocol) in [
        (&b"GET / HTTP/1.1\r\nHost: x\r\n\r\nMAIL FROM:<a@b>\r\n"[..], "HTTP"),
        (b"POST / HTTP/1.1\r\n\r\nEHLO a\r\n", "HTTP"),
        (b"\x16\x03\x01\x02\x00\x01\x00EHLO a\r\n", "TLS"),
    ] {
        at_every_split(
            || server(config()),
            stream,
            |events, end| {
                assert_eq!(events, []);
                assert_eq!(*end, End::Failed(Fatal::ForeignProtocol(protocol)));
            },
        );
        let mut server = server(config());
        server.receive(stream);
        let fatal = server.next_event().unwrap_err();
        assert_eq!(server.next_event(), Err(fatal.clone()), "it repeats");
        assert_eq!(last_words(&fatal).code(), ReplyCode::SERVICE_NOT_AVAILABLE);
        server.say_last().unwrap();
        assert!(server.output().take_all().starts_with(b"421 "));
        assert!(server.say_last().is_err(), "once");
    }
}

#[test]
fn case_71_too_many_bad_commands() {
    let mut config = config();
    config.limits.max_bad_commands = Some(3);
    for bad in ["\r\n", "FOO\r\n", "AUTH FOO\r\n"] {
        let mut server = ready(config.clone());
        let mut answered = 0;
        let end = loop {
            server.receive(bad.as_bytes());
            match server.next_event() {
                Ok(Step::Event(
                    Event::Command { id, .. } | Event::Refused { id, .. } | Event::Malformed { id, .. },
                )) => server.reply(id, &no()).unwrap(),
                Ok(other) => panic!("{other:?}"),
                Err(fatal) => break fatal,
            }
            answered += 1;
        };
        let limit = if bad.starts_with("FOO") { 4 } else { 3 };
        assert_eq!((answered, end), (limit, Fatal::TooManyErrors), "{bad:?}");
    }
    let mut server = ready(config);
    for _ in 0..10 {
        let (id, _) = command(&mut server, "FOO\r\n");
        server.reply(id, &no()).unwrap();
        say(&mut server, "NOOP\r\n");
    }
}

#[test]
fn case_73_pipelining_that_was_not_offered_is_told() {
    for (offered, told) in [("250-mx\r\n250 PIPELINING\r\n", false), ("250-mx\r\n250 SIZE\r\n", true)] {
        let mut server = ready(offering(offered));
        server.receive(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n");
        let first = next(&mut server);
        assert_eq!(
            matches!(first, Event::Diagnostic(d) if d.rule == rule::UNADVERTISED_PIPELINING),
            told,
            "{offered}"
        );
    }
    let mut strict = config();
    strict.refuse_out_of_turn = true;
    let mut server = enveloped(strict);
    server.receive(b"DATA\r\nFrom: x\r\n");
    assert_eq!(server.next_event(), Err(Fatal::OutOfTurn(61)), "nothing may follow DATA before 354");
}

#[test]
fn a_client_that_speaks_before_the_greeting_is_told_of() {
    for refuse in [false, true] {
        let config = Config { refuse_out_of_turn: refuse, ..config() };
        let mut server = Server::new(config, &reply("220 ready"));
        server.receive(b"EHLO a\r\n");
        if refuse {
            assert_eq!(server.next_event(), Err(Fatal::OutOfTurn(0)));
        } else {
            let Event::Diagnostic(diagnostic) = next(&mut server) else { panic!() };
            assert_eq!(diagnostic.rule, rule::EARLY_TALKER);
        }
    }
}

#[test]
fn binarymime_is_an_extension_of_its_own() {
    let mut server = ready(offering("250-mx\r\n250-BINARYMIME\r\n250 CHUNKING\r\n"));
    say(&mut server, "MAIL FROM:<a@b> BODY=BINARYMIME\r\n");
    say(&mut server, "RSET\r\n");
    assert_eq!(refused(&mut server, "MAIL FROM:<a@b> BODY=8BITMIME\r\n").1, Refusal::Parameter);
    let mut server = ready(offering("250-mx\r\n250-8BITMIME\r\n250 CHUNKING\r\n"));
    assert_eq!(refused(&mut server, "MAIL FROM:<a@b> BODY=BINARYMIME\r\n").1, Refusal::Parameter);
}

#[test]
fn a_read_that_brings_nothing_is_no_speech() {
    let config = Config { refuse_out_of_turn: true, ..config() };
    let mut server = Server::new(config.clone(), &reply("220 ready"));
    // before a driver waits for the socket it offers room, and what it waited for may be that the greeting can be written
    let _ = server.read_buf();
    server.receive(b"");
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    let _ = server.output().take_all();
    assert!(matches!(command(&mut server, "EHLO a\r\n"), (_, Command::Ehlo(_))));
    // what comes through it is speech
    let mut server = Server::new(config, &reply("220 ready"));
    server.read_buf().put_slice(b"EHLO a\r\n");
    assert_eq!(server.next_event(), Err(Fatal::OutOfTurn(0)));
}

#[test]
fn case_75_recipients_are_limited() {
    let mut server = ready(offering("250-mx\r\n250 LIMITS RCPTMAX=2 MAILMAX=2\r\n"));
    say(&mut server, "MAIL FROM:<a@b>\r\n");
    for _ in 0..2 {
        say(&mut server, "RCPT TO:<a@b>\r\n");
    }
    let (id, refusal) = refused(&mut server, "RCPT TO:<a@b>\r\n");
    assert_eq!(refusal, Refusal::TooManyRecipients { limit: 2 });
    assert!(refusal.reply().as_bytes().starts_with(b"452 4.5.3 "));
    server.reply(id, &refusal.reply()).unwrap();
    say(&mut server, "RSET\r\n");
    say(&mut server, "MAIL FROM:<a@b>\r\n");
    say(&mut server, "RSET\r\n");
    assert_eq!(refused(&mut server, "MAIL FROM:<a@b>\r\n").1, Refusal::TooManyTransactions { limit: 2 });
}

#[test]
fn cases_80_89_and_90_parameters_have_to_be_offered() {
    let none = || ready(offering("250-mx\r\n250 PIPELINING\r\n"));
    for line in [
        "MAIL FROM:<a@b> RET=FULL\r\n",
        "MAIL FROM:<a@b> SIZE=1\r\n",
        "MAIL FROM:<a@b> BODY=8BITMIME\r\n",
        "MAIL FROM:<a@b> FOO=BAR\r\n",
        "MAIL FROM:<a@b> FOO\r\n",
    ] {
        assert_eq!(refusal_code(&mut none(), line), 555, "{line:?}");
    }
    let mut server = ready(config());
    say(&mut server, "MAIL FROM:<a@b> SIZE=1 BODY=8BITMIME RET=FULL ENVID=x\r\n");
    for line in ["RCPT TO:<a@b> SIZE=1\r\n", "RCPT TO:<a@b> BY=1;R\r\n", "RCPT TO:<a@b> MT-PRIORITY=1\r\n"] {
        assert_eq!(refusal_code(&mut server, line), 555, "{line:?}");
    }
    say(&mut server, "RCPT TO:<a@b> NOTIFY=NEVER ORCPT=rfc822;a@b\r\n");
}

#[test]
fn case_61_addresses_beyond_ascii_need_smtputf8() {
    let mut server = ready(config());
    assert_eq!(refusal_code(&mut server, "MAIL FROM:<\u{fc}@b>\r\n"), 553);
    say(&mut server, "MAIL FROM:<\u{fc}@b> SMTPUTF8\r\n");
    say(&mut server, "RCPT TO:<\u{e4}@b>\r\n");
    say(&mut server, "RSET\r\n");
    say(&mut server, "MAIL FROM:<a@b>\r\n");
    assert_eq!(refusal_code(&mut server, "RCPT TO:<\u{e4}@b>\r\n"), 553);
}

#[test]
fn lmtp_and_smtp_greet_differently() {
    for line in ["HELO a\r\n", "EHLO a\r\n"] {
        let lmtp = Config { protocol: Protocol::Lmtp, ..config() };
        assert_eq!(refusal_code(&mut server(lmtp), line), 500, "{line:?}");
    }
    assert_eq!(refusal_code(&mut server(config()), "LHLO a\r\n"), 500);
}

#[test]
fn a_server_may_refuse_service() {
    let mut server = Server::new(config(), &reply("554 no"));
    let _ = server.output().take_all();
    assert_eq!(refusal_code(&mut server, "EHLO a\r\n"), 503);
    let (id, _) = command(&mut server, "QUIT\r\n");
    server.reply(id, &reply("221 bye")).unwrap();
    assert_eq!(server.state(), State::Closed);
    assert_eq!(Server::new(config(), &reply("421 busy")).state(), State::Closed);
}

#[test]
fn enhanced_codes_are_written_where_they_are_offered() {
    for (offered, line, written) in [
        ("250-mx\r\n250 ENHANCEDSTATUSCODES\r\n", "NOOP\r\n", "250 2.0.0 ok\r\n"),
        ("250-mx\r\n250 ENHANCEDSTATUSCODES\r\n", "HELO a\r\n", "250 ok\r\n"),
        ("250-mx\r\n250 SIZE\r\n", "NOOP\r\n", "250 ok\r\n"),
    ] {
        let mut server = server(offering(offered));
        let (id, _) = command(&mut server, line);
        server.reply(id, &reply("250 2.0.0 ok")).unwrap();
        assert_eq!(server.output().take_all(), written, "{line:?}");
    }
}

#[test]
fn xclient_starts_the_session_again() {
    let mut server = ready(config());
    let (id, command) = command(&mut server, "XCLIENT NAME=spike.example ADDR=192.0.2.1\r\n");
    let Command::Xclient(attributes) = command else { panic!() };
    assert_eq!(&*attributes.get("ADDR").unwrap().decode(), b"192.0.2.1");
    server.reply(id, &reply("220 ready")).unwrap();
    assert_eq!(server.state(), State::Hello);
    let mut closed = ready(offering("250-mx\r\n250 SIZE\r\n"));
    assert_eq!(refused(&mut closed, "XCLIENT NAME=x\r\n").1, Refusal::NotOffered);
}

#[test]
fn commands_are_handed_out_one_by_one() {
    let mut server = ready(config());
    server.receive(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n");
    let Event::Command { id, .. } = next(&mut server) else { panic!() };
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)));
    assert_eq!(server.reply(id.next(), &ok()), Err(Misuse::UnknownId));
    server.reply(id, &ok()).unwrap();
    assert!(matches!(next(&mut server), Event::Command { command: Command::Rcpt(_), .. }));
}

#[test]
fn case_123_a_reply_that_is_too_long_is_not_written() {
    let mut server = ready(config());
    let (id, _) = command(&mut server, "NOOP\r\n");
    let long = format!("250 {}\r\n", "x".repeat(600));
    let long = Reply::parse(&long.into()).unwrap();
    assert_eq!(server.reply(id, &long), Err(Misuse::TooLong { limit: 512 }));
    assert!(server.output().is_empty());
    server.reply(id, &Reply::new(ReplyCode::OK, None, "x".repeat(600)).unwrap()).unwrap();
    assert!(server.output().take_all().split(|&o| o == b'\n').all(|line| line.len() < 512));
}

#[test]
fn a_lenient_server_may_pass_over_empty_lines() {
    for (pass_empty_lines, line) in [(true, "\r\n"), (true, " \r\n"), (false, "\r\n"), (false, " \r\n")] {
        let mut server = ready(Config { tolerance: Tolerance::Lenient, pass_empty_lines, ..config() });
        server.receive(line.as_bytes());
        if pass_empty_lines {
            assert!(matches!(next(&mut server), Event::Diagnostic(d) if d.rule == rule::EMPTY_LINE));
            assert_eq!(server.next_event(), Ok(Step::NeedInput));
        } else {
            let (id, said) = malformed(&mut server, b"");
            assert_eq!(said.code().get(), 500, "{line:?}");
            server.reply(id, &said).unwrap();
        }
        say(&mut server, "NOOP\r\n");
    }
}
