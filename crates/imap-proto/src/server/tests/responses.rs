//! Which responses may stand where.

use super::*;

/// Whether a response may be sent; if not, nothing was written and nothing has changed.
fn may(server: &mut Server, line: &str) -> bool {
    let before = format!("{server:?}");
    match server.send(&response(line)) {
        Ok(()) => {
            assert_eq!(written(server), format!("* {line}\r\n"));
            true
        }
        Err(_) => {
            assert_eq!(format!("{server:?}"), before, "misuse changes nothing");
            false
        }
    }
}

#[test]
fn data_of_mailboxes_needs_one() {
    for line in
        ["3 EXISTS", "0 RECENT", "FLAGS (\\Seen)", "1 FETCH (FLAGS ())", "SEARCH 1", "SORT 1", "THREAD (1)"]
    {
        assert!(!may(&mut server(), line), "{line}");
        assert!(!may(&mut ready(), line), "{line}");
        assert!(may(&mut selected(), line), "{line}");
    }
    for line in ["LIST () \"/\" x", "STATUS x (MESSAGES 1)", "QUOTAROOT x", "ESEARCH (TAG \"a\") COUNT 1"] {
        assert!(!may(&mut server(), line), "{line}");
        assert!(may(&mut ready(), line), "{line}");
    }
    for line in ["OK x", "NO x", "BAD x", "CAPABILITY IMAP4rev2", "ID NIL", "XFOO 1"] {
        assert!(may(&mut server(), line), "{line}");
    }
    assert!(!may(&mut server(), "PREAUTH x"));
}

#[test]
fn only_untagged_ones_are_sent() {
    let mut server = selected();
    for line in ["a OK x\r\n", "+ x\r\n"] {
        let response = Response::parse(&line.into()).unwrap();
        assert_eq!(server.send(&response), Err(Misuse::WrongReply));
    }
    let (id, _) = command(&mut server, "a NOOP\r\n");
    assert_eq!(server.reply(id, &condition("BYE x")), Err(Misuse::WrongReply));
    assert_eq!(written(&mut server), "");
}

#[test]
fn expunge_comes_only_while_nobody_counts() {
    // RFC 9051 section 7.5.1, RFC 5256 section 3, RFC 5259 section 6
    for (line, allowed) in [
        ("a FETCH 1 FLAGS\r\n", false),
        ("a STORE 1 FLAGS ()\r\n", false),
        ("a SEARCH ALL\r\n", false),
        ("a SORT (DATE) UTF-8 ALL\r\n", false),
        ("a UID FETCH 1 FLAGS\r\n", true),
        ("a UID STORE 1 FLAGS ()\r\n", true),
        ("a UID SEARCH ALL\r\n", true),
        ("a NOOP\r\n", true),
        ("a EXPUNGE\r\n", true),
        ("a COPY 1 x\r\n", true),
        ("a SELECT x\r\n", false),
    ] {
        let mut server = selected();
        assert!(!may(&mut server, "1 EXPUNGE"), "no command is in progress");
        let (_, _) = command(&mut server, line);
        assert_eq!(may(&mut server, "1 EXPUNGE"), allowed, "{line}");
        let mut server = enabled("QRESYNC");
        assert!(!may(&mut server, "VANISHED 1"));
        let (_, _) = command(&mut server, line);
        assert_eq!(may(&mut server, "VANISHED 1"), allowed, "{line}");
        assert!(!may(&mut server, "1 EXPUNGE"), "VANISHED takes its place");
    }
    // while message data is negotiated, no command is in progress
    let mut server = selected();
    server.receive(b"a APPEND x {5}\r\n");
    assert!(matches!(next(&mut server), Event::BodyOffered { .. }));
    assert!(!may(&mut server, "1 EXPUNGE"));
    assert!(may(&mut server, "3 EXISTS"));
    // what could not be read may have been FETCH
    let mut server = selected();
    server.receive(b"a FETCH\r\n");
    assert!(matches!(next(&mut server), Event::Malformed { .. }));
    assert!(!may(&mut server, "1 EXPUNGE"));
}

#[test]
fn some_have_to_be_switched_on() {
    for (line, names) in [
        ("VANISHED (EARLIER) 1", "QRESYNC"),
        ("1 UIDFETCH (FLAGS ())", "UIDONLY"),
        ("1 FETCH (MODSEQ (5))", "CONDSTORE"),
    ] {
        assert!(!may(&mut selected(), line), "{line}");
        assert!(may(&mut enabled(names), line), "{line}");
    }
    assert!(!may(&mut enabled("UIDONLY"), "1 FETCH (FLAGS ())"));
    assert!(!may(&mut enabled("UIDONLY"), "1 EXPUNGE"));
    assert!(!may(&mut enabled("IMAP4rev2"), "SEARCH 1"));
    assert!(may(&mut enabled("IMAP4rev2"), "ESEARCH (TAG \"a\") UID COUNT 1"));
    let old = Config { after_login: capabilities("IMAP4rev1"), ..config() };
    assert!(!may(&mut selected_with(old), "ESEARCH (TAG \"a\") UID COUNT 1"));
}

#[test]
fn values_cannot_inject() {
    use wire::Text;
    for text in ["a\r\nb OK x", "a\nb", "a\0"] {
        assert!(Text::new(text).is_err());
    }
    assert!(Condition::new(crate::ConditionKind::Ok, None, "[ALERT] x".try_into().unwrap()).is_err());
    // what a name cannot be quoted is a literal, whose octets are counted
    let mut server = ready();
    server.send(&response("LIST () \"/\" {9}\r\nx\" \\ \u{e9}()")).unwrap();
    let text = written(&mut server);
    assert!(text == "* LIST () \"/\" {9}\r\nx\" \\ \u{e9}()\r\n", "{text:?}");
}

#[test]
fn misuse_changes_nothing() {
    let mut server = selected();
    let (id, _) = command(&mut server, "a NOOP\r\n");
    let unknown = id.next();
    let before = format!("{server:?}");
    assert!(server.reply(unknown, &ok()).is_err());
    assert!(server.reply(id, &condition("PREAUTH x")).is_err());
    assert!(server.challenge(id, b"").is_err());
    assert!(server.accept_idle(id).is_err());
    assert!(server.accept_body(id).is_err());
    assert!(server.refuse_body(id, &no()).is_err());
    assert!(server.body(&"x".into()).is_err());
    assert!(server.tls_established().is_err());
    assert!(server.compressed().is_err());
    assert!(server.say_last().is_err());
    assert!(server.bye(&ok()).is_err());
    assert!(server.open_fetch().is_none());
    assert_eq!(format!("{server:?}"), before);
    server.reply(id, &ok()).unwrap();
}
