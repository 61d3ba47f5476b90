//! Literals of names and strings: which are taken, and what becomes of the others.

use super::*;

#[test]
fn small_ones_are_taken_by_the_machine() {
    let mut server = ready();
    server.receive(b"a DELETE {3}\r\n");
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    assert_eq!(written(&mut server), "+ Ready for literal data\r\n");
    server.receive(b"old");
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    let (_, command) = command(&mut server, "\r\n");
    assert_eq!(command, Command::Delete(crate::Mailbox::new("old").unwrap()));
    assert_eq!(written(&mut server), "", "`+` once");
}

#[test]
fn one_of_no_octets_needs_leave_too() {
    let mut server = ready();
    server.receive(b"a STATUS {0}\r\n");
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    assert_eq!(written(&mut server), "+ Ready for literal data\r\n");
    let (_, _) = command(&mut server, " (MESSAGES)\r\n");
}

#[test]
fn octets_of_literals_are_no_commands() {
    for (stream, count) in [
        (&b"a DELETE {9+}\r\nb LOGOUT\r\r\n"[..], 1),
        (b"a DELETE {10+}\r\nb LOGOUT\r\n\r\n", 1),
        (b"a XFOO {10+}\r\nb LOGOUT\r\n {10+}\r\nc LOGOUT\r\n\r\n", 1),
        // not where a literal can be: the next line is a command
        (b"a DELETE \"x {9+}\"\r\nb NOOP\r\n", 2),
        (b"a DELETE x{9+}\r\nb NOOP\r\n", 2),
    ] {
        at_every_split(ready, stream, |events, end| {
            assert_eq!((events.len(), end), (count, &End::NeedInput), "{events:?}");
            assert!(!names(events).iter().any(|name| name.contains("LOGOUT")), "{events:?}");
        });
    }
}

#[test]
fn limits_at_n_and_beyond() {
    let mut config = config();
    config.limits.max_string_literal = 5;
    config.limits.max_literal_before_login = 3;
    let big = |limit| format!("a NO [TOOBIG] Literals of more than {limit} octets are not taken here\r\n");
    let mut ready = ready_with(config.clone());
    say(&mut ready, "a DELETE {5+}\r\n12345\r\n");
    assert_eq!(refused(&mut ready, "a DELETE {6}\r\n"), big(5));
    say(&mut ready, "b NOOP\r\n");
    // what does not wait is thrown away, whatever it looks like
    assert_eq!(refused(&mut ready, "a DELETE {10+}\r\nb LOGOUT\r\n\r\n"), big(5));
    say(&mut ready, "b NOOP\r\n");
    let mut before = greeted(config, "OK ready");
    assert_eq!(refused(&mut before, "a LOGIN {4}\r\n"), big(3));
    say(&mut before, "a LOGIN {3+}\r\nabc {3+}\r\ndef\r\n");
}

#[test]
fn refused_ones_are_thrown_away_with_the_rest_of_the_command() {
    let mut config = config();
    config.limits.max_string_literal = 5;
    for (stream, events) in [
        (
            &b"a XFOO {8+}\r\nb NOOP\r\n {8+}\r\nc NOOP\r\n d {3+}\r\nx\r\n\r\ne NOOP\r\n"[..],
            &["refused: larger than 5 octets", "e NOOP"][..],
        ),
        // the client waits at the second one: that ends the command
        (b"a XFOO {8+}\r\nb NOOP\r\n x {3}\r\ne NOOP\r\n", &["refused: larger than 5 octets", "e NOOP"]),
        (b"a XFOO {8}\r\nb NOOP\r\n", &["refused: larger than 5 octets", "b NOOP"]),
        // heads that count and do not
        (b"a XFOO {8+}\r\nb NOOP\r\n x {3\r\ne NOOP\r\n", &["refused: larger than 5 octets", "e NOOP"]),
        (
            b"a XFOO {8+}\r\nb NOOP\r\n ~{9+}\r\nc LOGOUT\n\r\ne NOOP\r\n",
            &["refused: larger than 5 octets", "e NOOP"],
        ),
    ] {
        at_every_split(
            || ready_with(config.clone()),
            stream,
            |found, end| {
                assert_eq!(names(found), events, "{}", stream.escape_ascii());
                assert_eq!(*end, End::NeedInput);
            },
        );
    }
    // more zeros than a tail holds
    let stream = format!("a XFOO {{8+}}\r\nb NOOP\r\n {{{}8+}}\r\nc NOOP\r\n", "0".repeat(60));
    let (_, end) = transcript(|| ready_with(config.clone()), stream.as_bytes(), accept);
    assert!(matches!(end, End::Failed(Fatal::Limit { .. })), "{end:?}");
}

#[test]
fn those_that_do_not_wait_have_to_be_offered() {
    let offering = |words| Config { after_login: capabilities(words), ..config() };
    for (words, size, answer) in [
        ("IMAP4rev1", 1, Some("a BAD Non-synchronising literals are not offered\r\n")),
        ("IMAP4rev1 LITERAL-", 4096, None),
        (
            "IMAP4rev1 LITERAL-",
            4097,
            Some("a BAD [TOOBIG] Non-synchronising literals end at 4096 octets\r\n"),
        ),
        ("IMAP4rev2", 4097, Some("a BAD [TOOBIG] Non-synchronising literals end at 4096 octets\r\n")),
        ("IMAP4rev1 LITERAL+", 4097, None),
    ] {
        for verb in ["a APPEND x", "a XFOO"] {
            let mut server = ready_with(offering(words));
            let octets = "b NOOP\r\n".repeat(size / 8 + 1);
            server.receive(format!("{verb} {{{size}+}}\r\n{}\r\n", &octets[..size]).as_bytes());
            match answer {
                Some(answer) => assert_eq!(answer_refused(&mut server), answer, "{words} {size}"),
                None => {
                    let mut events = Vec::new();
                    drain(&mut server, |server, event| accept(server, &mut events, event));
                    assert!(
                        matches!(events.last(), Some(Event::Command { .. })),
                        "{words} {size} {events:?}"
                    );
                }
            }
            assert_eq!(server.next_event(), Ok(Step::NeedInput), "{words} {size}");
        }
    }
}

#[test]
fn a_client_that_does_not_wait_for_leave_is_cut_off_when_it_is_refused() {
    let mut config = Config { refuse_out_of_turn: true, ..config() };
    config.limits.max_string_literal = 5;
    let mut server = ready_with(config.clone());
    server.receive(b"a DELETE {9}\r\nb LOGOUT\r\n");
    assert!(matches!(next(&mut server), Event::Refused { .. }));
    assert_eq!(server.next_event(), Err(Fatal::OutOfTurn(14)));
    // also by the application
    let mut server = ready_with(config.clone());
    server.receive(b"a APPEND x {9}\r\nb LOGOUT\r\n");
    let Event::BodyOffered { id, .. } = next(&mut server) else { panic!() };
    server.refuse_body(id, &condition("NO [TRYCREATE] no such mailbox")).unwrap();
    assert_eq!(server.next_event(), Err(Fatal::OutOfTurn(16)));
    // one that waits is not met by it
    let mut server = ready_with(config);
    server.receive(b"a DELETE {9}\r\n");
    let _ = answer_refused(&mut server);
    say(&mut server, "b NOOP\r\n");
}

#[test]
fn lines_are_bounded() {
    let mut config = config();
    config.limits.max_line = 20;
    let long = "a BAD [LIMIT] Line too long\r\n";
    let mut server = ready_with(config.clone());
    say(&mut server, "a NAMESPACE\r\n");
    say(&mut server, "a DELETE 123456789\r\n");
    assert_eq!(refused(&mut server, "a DELETE 1234567890\r\n"), long, "21 octets");
    say(&mut server, "a NOOP\r\n");
    let stream = [&b"a DELETE "[..], &[b'x'; 5000], b"\r\nb NOOP\r\n"].concat();
    at_every_split(
        || ready_with(config.clone()),
        &stream,
        |events, end| {
            assert_eq!(names(events), ["malformed: DELETE", "b NOOP"]);
            assert_eq!(*end, End::NeedInput);
        },
    );
    // its literals are of it
    for tail in [&b"{8+}\r\nc NOOP\r\n"[..], b"{8+}\r\nc NOOP\r\n {2+}\r\nab", b"{3}"] {
        let stream = [&b"a XFOO aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "[..], tail, b"\r\nb NOOP\r\n"].concat();
        at_every_split(
            || ready_with(config.clone()),
            &stream,
            |events, _| assert_eq!(names(events), ["malformed: -", "b NOOP"], "{}", tail.escape_ascii()),
        );
    }
    // a line between two literals
    let stream = b"a XFOO {3+}\r\nabc aaaaaaaaaaaaaaaaaaaaaaaa\r\nb NOOP\r\n";
    at_every_split(
        || ready_with(config.clone()),
        stream,
        |events, _| assert_eq!(names(events), ["malformed: -", "b NOOP"]),
    );
    // before login, less
    let mut config = self::config();
    config.limits.max_line_before_login = 10;
    let mut server = greeted(config, "OK ready");
    say(&mut server, "a NOOP  \r\n".replace("  ", "").as_str());
    assert_eq!(refused(&mut server, "a LOGIN abc def\r\n"), long);
}

#[test]
fn messages_are_bounded() {
    let mut config = config();
    config.limits.max_frame = 36;
    let mut server = ready_with(config);
    say(&mut server, "a XFOO {20+}\r\n12345678901234567890\r\n");
    // the second one does not fit any more
    let line = "a XFOO {9+}\r\n123456789 {9+}\r\nb NOOP\r\n1\r\n";
    assert!(refused(&mut server, line).starts_with("a NO [TOOBIG] "));
    say(&mut server, "b NOOP\r\n");
}

#[test]
fn nothing_is_allocated_on_a_clients_word() {
    let mut server = ready();
    for line in ["a APPEND x {9223372036854775807}\r\n", "a DELETE {9223372036854775807}\r\n"] {
        assert!(refused(&mut server, line).starts_with("a NO [TOOBIG] "), "{line}");
    }
    server.receive(b"a DELETE {9223372036854775807+}\r\n");
    for _ in 0..1000 {
        assert_eq!(server.next_event(), Ok(Step::NeedInput));
        server.receive(&[b'x'; 10_000]);
    }
    assert!(server.wants_read());
}
