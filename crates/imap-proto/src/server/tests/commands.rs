//! Commands: which are read, which are refused, and how that is said.

use super::*;

#[test]
fn commands_are_answered_by_their_tags() {
    let mut server = server();
    server.receive(b"a1 NOOP\r\na2 CAPABILITY\r\n");
    let Event::Command { id, tag, command } = next(&mut server) else { panic!() };
    assert_eq!((tag.as_bytes(), command), (&b"a1"[..], Command::Noop));
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)), "one at a time");
    assert!(!server.wants_read());
    server.reply(id, &ok()).unwrap();
    assert_eq!(written(&mut server), "a1 OK done\r\n");
    let Event::Command { id, command: Command::Capability, .. } = next(&mut server) else { panic!() };
    let offered = server.capabilities();
    server.send(&Response::Capability(offered)).unwrap();
    server.reply(id, &no()).unwrap();
    assert!(written(&mut server).ends_with("AUTH=SCRAM-SHA-256\r\na2 NO no\r\n"));
    assert_eq!(server.reply(id, &ok()), Err(Misuse::UnknownId));
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    assert!(server.wants_read());
}

#[test]
fn what_cannot_be_read_is_answered_with_its_tag() {
    for (line, answer) in [
        ("a\r\n", "a BAD at byte 1: expected space, got 0x0d\r\n"),
        ("a \r\n", "a BAD at byte 2: expected command, got 0x0d\r\n"),
        ("a SELECT\r\n", "a BAD SELECT: at byte 8: expected space, got 0x0d\r\n"),
        ("a NOOP x\r\n", "a BAD NOOP: at byte 6: expected end of line, got ' '\r\n"),
        ("a UID NOOP\r\n", "a BAD at byte 2: expected command, got 'U'\r\n"),
        ("a UID FETCH x FLAGS\r\n", "a BAD UID FETCH: at byte 12: expected sequence-set, got 'x'\r\n"),
        // no tag
        ("\r\n", "* BAD at byte 0: expected tag, got 0x0d\r\n"),
        ("+ NOOP\r\n", "* BAD at byte 0: expected tag, got '+'\r\n"),
        ("* NOOP\r\n", "* BAD at byte 0: expected tag, got '*'\r\n"),
        (" a NOOP\r\n", "* BAD at byte 0: expected tag, got ' '\r\n"),
        ("(a) NOOP\r\n", "* BAD at byte 0: expected tag, got '('\r\n"),
        ("DONE\r\n", "* BAD at byte 4: expected space, got 0x0d\r\n"),
        // line ends
        ("a NOOP\n", "a BAD NOOP: at byte 6: expected CR LF, got 0x0a\r\n"),
        ("a NOOP\r\r\n", "a BAD NOOP: at byte 6: expected end of line, got 0x0d\r\n"),
        ("a NO\rOP\r\n", "a BAD at byte 4: expected end of line, got 0x0d\r\n"),
        // literals are consumed first, of both kinds
        ("a NOOP {3+}\r\nb X\r\n", "a BAD NOOP: at byte 6: expected end of line, got ' '\r\n"),
        ("a NOOP {8+}\r\nb NOOP\r\n x\r\n", "a BAD NOOP: at byte 6: expected end of line, got ' '\r\n"),
    ] {
        let mut server = ready();
        assert_eq!(refused(&mut server, line), answer, "{line:?}");
        assert_eq!(server.next_event(), Ok(Step::NeedInput), "{line:?}");
        say(&mut server, "z NOOP\r\n");
    }
}

#[test]
fn line_ends_are_a_matter_of_tolerance() {
    let config = || Config { tolerance: Tolerance::Default, ..config() };
    for (stream, remark) in
        [("a NOOP\n", "bare-lf"), ("a NOOP\r\r\n", "extra-cr"), ("a NOOP \r\n", "trailing-space")]
    {
        at_every_split(
            || ready_with(config()),
            stream.as_bytes(),
            |events, _| assert_eq!(names(events), [format!("remark {remark}"), "a NOOP".into()]),
        );
    }
}

#[test]
fn commands_belong_to_states() {
    let mut before = server();
    for (line, wanted) in [
        ("a SELECT INBOX\r\n", "authenticated"),
        ("a APPEND x {1}\r\n", "authenticated"),
        ("a FETCH 1 FLAGS\r\n", "selected"),
        ("a IDLE\r\n", "authenticated"),
        ("a ENABLE CONDSTORE\r\n", "authenticated, without a selected mailbox"),
    ] {
        let answer = format!("a BAD Only in the state {wanted}; this is the state not authenticated\r\n");
        assert_eq!(refused(&mut before, line), answer, "{line}");
    }
    let mut ready = ready();
    for line in [
        "a LOGIN a b\r\n",
        "a AUTHENTICATE PLAIN\r\n",
        "a STARTTLS\r\n",
        "a FETCH 1 FLAGS\r\n",
        "a CLOSE\r\n",
    ] {
        assert!(refused(&mut ready, line).starts_with("a BAD Only in the state "), "{line}");
    }
    let mut selected = selected();
    assert!(refused(&mut selected, "a ENABLE CONDSTORE\r\n").starts_with("a BAD Only"));
    say(&mut selected, "a FETCH 1 FLAGS\r\n");
}

#[test]
fn what_is_not_offered_is_refused() {
    let config = || Config::new(capabilities("IMAP4rev1"), capabilities("IMAP4rev1"));
    let mut server = selected_with(config());
    for (line, name) in [
        ("a IDLE\r\n", "IDLE"),
        ("a NAMESPACE\r\n", "NAMESPACE"),
        ("a UID MOVE 1 x\r\n", "MOVE"),
        ("a UNSELECT\r\n", "UNSELECT"),
        ("a COMPRESS DEFLATE\r\n", "COMPRESS=DEFLATE"),
        ("a SORT (DATE) UTF-8 ALL\r\n", "SORT"),
        ("a SEARCH RETURN (MIN) ALL\r\n", "ESEARCH"),
        ("a FETCH 1 (FLAGS MODSEQ)\r\n", "CONDSTORE"),
        ("a FETCH 1 BINARY[1]\r\n", "BINARY"),
        ("a UID FETCH 1 FLAGS (CHANGEDSINCE 1)\r\n", "CONDSTORE"),
        ("a STORE 1 (UNCHANGEDSINCE 1) FLAGS (\\Seen)\r\n", "CONDSTORE"),
        ("a SELECT x (CONDSTORE)\r\n", "CONDSTORE"),
        ("a GETACL x\r\n", "ACL"),
        ("a LIST (SUBSCRIBED) \"\" *\r\n", "LIST-EXTENDED"),
        ("a LIST \"\" * RETURN (STATUS (MESSAGES))\r\n", "LIST-EXTENDED"),
        ("a LIST \"\" (a b)\r\n", "LIST-EXTENDED"),
        ("a STATUS x (SIZE)\r\n", "STATUS=SIZE"),
        ("a STATUS x (MESSAGES HIGHESTMODSEQ)\r\n", "CONDSTORE"),
        ("a CREATE x (USE (\\Sent))\r\n", "CREATE-SPECIAL-USE"),
        ("a GETQUOTA x\r\n", "QUOTA"),
        ("a NOTIFY NONE\r\n", "NOTIFY"),
        ("a UNAUTHENTICATE\r\n", "UNAUTHENTICATE"),
        ("a REPLACE 1 x {1}\r\n", "REPLACE"),
        ("a APPEND x CATENATE (TEXT {1}\r\n", "CATENATE"),
        ("a APPEND x ~{1}\r\n", "BINARY"),
    ] {
        assert_eq!(refused(&mut server, line), format!("a BAD {name} is not offered\r\n"), "{line}");
        server.bad_commands = 0;
    }
    for line in [
        "a NOOP\r\n",
        "a LIST \"\" *\r\n",
        "a STATUS x (MESSAGES)\r\n",
        "a LSUB \"\" *\r\n",
        "a CHECK\r\n",
        "a SEARCH ALL\r\n",
        "a EXPUNGE\r\n",
    ] {
        say(&mut server, line);
    }
    let mut server = greeted(config(), "OK ready");
    assert_eq!(refused(&mut server, "a STARTTLS\r\n"), "a BAD STARTTLS is not offered\r\n");
}

#[test]
fn qresync_and_uidonly_are_held_against_what_is_enabled() {
    let mut server = selected();
    for (line, answer) in [
        ("a SELECT x (QRESYNC (1 2))\r\n", "a BAD ENABLE QRESYNC first\r\n"),
        ("a UID FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)\r\n", "a BAD ENABLE QRESYNC first\r\n"),
    ] {
        assert_eq!(refused(&mut server, line), answer, "{line}");
    }
    let mut server = enabled("QRESYNC");
    say(&mut server, "a UID FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)\r\n");
    let answer = "a BAD VANISHED only in UID FETCH with CHANGEDSINCE\r\n";
    assert_eq!(refused(&mut server, "a FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)\r\n"), answer);
    assert_eq!(refused(&mut server, "a UID FETCH 1 FLAGS (VANISHED)\r\n"), answer);
    say(&mut server, "a SELECT x (QRESYNC (1 2))\r\n");

    let mut server = enabled("UIDONLY");
    for line in [
        "a FETCH 1 FLAGS\r\n",
        "a STORE 1 FLAGS ()\r\n",
        "a SEARCH ALL\r\n",
        "a COPY 1 x\r\n",
        "a UID SEARCH 1:5\r\n",
        "a UID SEARCH NOT (OR 1 ALL)\r\n",
        "a REPLACE 1 x {1}\r\n",
    ] {
        let answer = "a BAD [UIDREQUIRED] Message numbers are not allowed with UIDONLY\r\n";
        assert_eq!(refused(&mut server, line), answer, "{line}");
    }
    for line in ["a UID FETCH 1 FLAGS\r\n", "a UID SEARCH UID 1:5\r\n", "a EXPUNGE\r\n"] {
        say(&mut server, line);
    }
}

#[test]
fn unknown_commands_are_the_applications() {
    let mut server = ready();
    let (id, command) = command(&mut server, "a XYZZY (b {1+}\r\nc)\r\n");
    assert!(matches!(command, Command::Other(_)));
    server.reply(id, &unknown_reply()).unwrap();
    assert_eq!(written(&mut server), "a BAD Unknown command\r\n");
    assert_eq!(server.bad_commands, 1);
    say(&mut server, "a XYZZY\r\n");
    assert_eq!(server.bad_commands, 0, "the application knows it");
}

#[test]
fn a_client_that_errs_too_often_is_left() {
    let mut config = config();
    config.limits.max_bad_commands = Some(2);
    let stream = "a X\r\nb SELECT\r\n";
    let mut server = ready_with(config.clone());
    for line in ["a SELECT\r\n", "b LOGIN x y\r\n"] {
        assert!(refused(&mut server, line).contains(" BAD "));
    }
    server.receive(b"c X\r\n");
    let Event::Command { id, .. } = next(&mut server) else { panic!() };
    server.reply(id, &unknown_reply()).unwrap();
    let _ = written(&mut server);
    assert_eq!(server.next_event(), Err(Fatal::TooManyErrors));
    assert_eq!(server.next_event(), Err(Fatal::TooManyErrors), "it repeats");
    assert!(!server.wants_read());
    server.say_last().unwrap();
    assert_eq!(written(&mut server), "* BYE Too many errors, closing\r\n");
    assert!(server.say_last().is_err());
    // good ones in between start the count anew
    let mut server = ready_with(config);
    for _ in 0..5 {
        let _ = refused(&mut server, "a SELECT\r\n");
        say(&mut server, "a NOOP\r\n");
    }
    let _ = stream;
}

#[test]
fn other_protocols_are_told() {
    let end = |stream: &[u8]| {
        let (_, end) = transcript(server, stream, accept);
        end
    };
    assert_eq!(end(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), End::Failed(Fatal::ForeignProtocol("HTTP")));
    assert_eq!(end(b"POST /a HTTP/1.0\r\n"), End::Failed(Fatal::ForeignProtocol("HTTP")));
    assert_eq!(end(b"\x16\x03\x01\x02\x00"), End::Failed(Fatal::ForeignProtocol("TLS")));
    assert_eq!(end(b"GET NOOP\r\n"), End::NeedInput, "a tag");
}

#[test]
fn commands_may_run_side_by_side() {
    let mut config = config();
    config.max_in_progress = 3;
    let mut server = selected_with(config);
    server.receive(b"a FETCH 1 FLAGS\r\nb UID STORE 1 FLAGS ()\r\nc NOOP\r\nd NOOP\r\n");
    let ids: Vec<_> = (0..3)
        .map(|_| match next(&mut server) {
            Event::Command { id, .. } => id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)), "three at most");
    assert!(!server.wants_read());
    for id in [ids[1], ids[0], ids[2]] {
        server.reply(id, &ok()).unwrap();
    }
    assert_eq!(written(&mut server), "b OK done\r\na OK done\r\nc OK done\r\n");
    let Event::Command { id, .. } = next(&mut server) else { panic!() };
    // a command that changes the session waits for those before it, and those behind it for it
    server.receive(b"e SELECT x\r\nf NOOP\r\n");
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)));
    server.reply(id, &ok()).unwrap();
    let Event::Command { id, command: Command::Select(_), .. } = next(&mut server) else { panic!() };
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)));
    server.reply(id, &ok()).unwrap();
    assert!(matches!(next(&mut server), Event::Command { command: Command::Noop, .. }));
}

#[test]
fn a_tag_completes_one_command() {
    let mut config = config();
    config.max_in_progress = 3;
    let mut server = selected_with(config);
    server.receive(b"a FETCH 1 FLAGS\r\na NOOP\r\n");
    let Event::Command { id, .. } = next(&mut server) else { panic!() };
    assert_eq!(answer_refused(&mut server), "* BAD A command with this tag is in progress\r\n");
    server.reply(id, &ok()).unwrap();
    assert_eq!(written(&mut server), "a OK done\r\n");
    // nor may what cannot be read take it
    let (id, _) = command(&mut server, "a NOOP\r\n");
    assert!(refused(&mut server, "a STATUS\r\n").starts_with("* BAD STATUS: "));
    assert!(refused(&mut server, "a STATUS {999999999}\r\n").starts_with("* NO [TOOBIG] "));
    server.reply(id, &ok()).unwrap();
    let mut server = selected();
    // one behind the other, a tag may come again
    for _ in 0..2 {
        say(&mut server, "a NOOP\r\n");
    }
}

#[test]
fn scripted_sessions_are_the_same_at_every_split() {
    let stream = b"a NOOP\r\nb LOGIN u {2+}\r\npw\r\nc SELECT {5+}\r\nINBOX\r\nd UID FETCH 1:* (FLAGS BODY[])\r\ne XFOO\r\n\
        f APPEND x {11+}\r\nz LOGOUT\r\n1\r\ng IDLE\r\nDONE\r\nh BOGUS {3+}\r\nabc\r\ni CLOSE x\r\nj LOGOUT\r\nk NOOP\r\n";
    at_every_split(server, stream, |events, end| {
        let expected = [
            "a NOOP",
            "b LOGIN",
            "c SELECT",
            "d UID FETCH",
            "e XFOO",
            "offered 0 None 11",
            "data z LOGOUT\\r\\n1",
            "end",
            "f APPEND",
            "g IDLE",
            "done",
            "h BOGUS",
            "malformed: CLOSE",
            "j LOGOUT",
        ];
        assert_eq!(names(events), expected);
        assert_eq!(*end, End::Closed, "what follows LOGOUT is not read");
    });
}
