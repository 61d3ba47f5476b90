//! IDLE (RFC 2177) and NOTIFY (RFC 5465).

use super::*;

#[test]
fn idle_goes_on_until_done() {
    let mut server = selected();
    let (id, _) = command(&mut server, "a IDLE\r\n");
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)));
    assert_eq!(server.reply(id, &ok()), Err(Misuse::WrongReply), "the client waits for `+`");
    server.accept_idle(id).unwrap();
    assert!(server.accept_idle(id).is_err());
    assert_eq!(written(&mut server), "+ idling\r\n");
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    assert!(server.wants_read());
    server.send(&response("3 EXISTS")).unwrap();
    server.send(&response("2 EXPUNGE")).unwrap();
    assert_eq!(written(&mut server), "* 3 EXISTS\r\n* 2 EXPUNGE\r\n");
    assert!(matches!(server.reply(id, &ok()), Err(Misuse::State { .. })));
    server.receive(b"done\r\nb NOOP\r\n");
    assert_eq!(next(&mut server), Event::IdleDone { id });
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)));
    server.reply(id, &ok()).unwrap();
    assert!(matches!(next(&mut server), Event::Command { command: Command::Noop, .. }));
    // row 123: with no mailbox selected
    let mut server = ready();
    let (id, _) = command(&mut server, "a IDLE\r\n");
    server.accept_idle(id).unwrap();
}

#[test]
fn idle_may_be_refused() {
    let mut server = ready();
    let (id, _) = command(&mut server, "a IDLE\r\n");
    server.reply(id, &no()).unwrap();
    assert_eq!(written(&mut server), "a NO no\r\n");
    assert_eq!(refused(&mut server, "DONE\r\n"), "* BAD at byte 4: expected space, got 0x0d\r\n");
}

#[test]
fn anything_but_done_ends_idle_badly() {
    for (line, answer) in [
        ("b NOOP\r\n", "a BAD IDLE: at byte 0: expected command, got 'b'\r\n"),
        ("DONE x\r\n", "a BAD IDLE: at byte 4: expected end of line, got ' '\r\n"),
        ("\r\n", "a BAD IDLE: at byte 0: expected command, got 0x0d\r\n"),
        ("DONE\n", "a BAD IDLE: at byte 4: expected CR LF, got 0x0a\r\n"),
        ("b LOGIN x y\r\n", "a BAD IDLE: at byte 0: expected command, got 'b'\r\n"),
        // with all of its literals
        ("b APPEND x {10+}\r\nc LOGOUT\r\n\r\n", "a BAD IDLE: at byte 0: expected DONE, got 'b'\r\n"),
        ("b APPEND x {10}\r\n", "a BAD IDLE: at byte 0: expected DONE, got 'b'\r\n"),
    ] {
        let mut server = ready();
        let (id, _) = command(&mut server, "a IDLE\r\n");
        server.accept_idle(id).unwrap();
        let _ = written(&mut server);
        assert_eq!(refused(&mut server, line), answer, "{line:?}");
        say(&mut server, "z NOOP\r\n");
    }
}

#[test]
fn idle_is_the_same_at_every_split() {
    let stream =
        b"a IDLE\r\nDONE\r\nb IDLE\r\nc NOOP\r\nd IDLE\r\ne X {9+}\r\nf LOGOUT\n\r\ng NOOP\r\nDONE\r\n";
    at_every_split(ready, stream, |events, end| {
        let expected = [
            "a IDLE",
            "done",
            "b IDLE",
            "malformed: IDLE",
            "d IDLE",
            "malformed: IDLE",
            "g NOOP",
            "malformed: -",
        ];
        assert_eq!(names(events), expected);
        assert_eq!(*end, End::NeedInput);
    });
    // one behind the limit
    let mut config = config();
    config.limits.max_line = 20;
    at_every_split(
        || ready_with(config.clone()),
        b"a IDLE\r\nDONE                              \r\nb NOOP\r\n",
        |events, _| assert_eq!(names(events), ["a IDLE", "malformed: -", "b NOOP"]),
    );
}

#[test]
fn notify_lets_expunge_come_at_any_time() {
    let gone = response("2 EXPUNGE");
    let mut server = selected();
    assert!(server.send(&gone).is_err());
    say(&mut server, "a NOTIFY SET (selected-delayed (MessageNew MessageExpunge))\r\n");
    assert!(server.send(&gone).is_err());
    say(&mut server, "a NOTIFY SET (selected (MessageNew MessageExpunge))\r\n");
    server.send(&gone).unwrap();
    server.send(&response("STATUS other (MESSAGES 2)")).unwrap();
    let (_, _) = command(&mut server, "b FETCH 1 FLAGS\r\n");
    assert!(server.send(&gone).is_err(), "not while messages are counted");
    let mut server = selected();
    say(&mut server, "a NOTIFY SET (selected (MessageNew MessageExpunge))\r\n");
    say(&mut server, "a NOTIFY NONE\r\n");
    assert!(server.send(&gone).is_err());
}
