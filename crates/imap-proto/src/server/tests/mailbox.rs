//! SELECT and what ends it; ENABLE.

use super::*;

#[test]
fn select_opens_and_closes() {
    let mut server = ready();
    let (id, _) = command(&mut server, "a SELECT x\r\n");
    for line in ["FLAGS (\\Seen)", "3 EXISTS", "OK [UIDVALIDITY 1] x"] {
        server.send(&response(line)).unwrap();
    }
    assert_eq!(server.state(), State::Authenticated);
    server.reply(id, &condition("OK [READ-WRITE] done")).unwrap();
    assert_eq!(server.state(), State::Selected);
    assert!(!written(&mut server).contains("CLOSED"));
    // another one: the first is closed before anything of the second is said
    let (id, _) = command(&mut server, "b EXAMINE y\r\n");
    assert_eq!(server.state(), State::Selected);
    server.send(&response("4 EXISTS")).unwrap();
    assert_eq!(written(&mut server), "* OK [CLOSED] Previous mailbox is closed\r\n* 4 EXISTS\r\n");
    server.reply(id, &ok()).unwrap();
    assert_eq!(server.state(), State::Selected);
    assert_eq!(written(&mut server), "b OK done\r\n");
    // one that fails has closed the other
    let (id, _) = command(&mut server, "c SELECT z\r\n");
    server.reply(id, &no()).unwrap();
    assert_eq!(written(&mut server), "* OK [CLOSED] Previous mailbox is closed\r\nc NO no\r\n");
    assert_eq!(server.state(), State::Authenticated);
    assert!(server.send(&response("3 EXISTS")).is_err());
    // one that is not understood has not
    let mut server = selected();
    let (id, _) = command(&mut server, "c SELECT z\r\n");
    server.reply(id, &condition("BAD what?")).unwrap();
    assert_eq!((server.state(), written(&mut server)), (State::Selected, "c BAD what?\r\n".into()));
    // in the application's words
    let (id, _) = command(&mut server, "d SELECT z\r\n");
    server.send(&response("OK [CLOSED] gone")).unwrap();
    server.reply(id, &ok()).unwrap();
    assert_eq!(written(&mut server), "* OK [CLOSED] gone\r\nd OK done\r\n");
    for line in ["e CLOSE\r\n", "f SELECT x\r\n", "g UNSELECT\r\n"] {
        say(&mut server, line);
    }
    assert_eq!(server.state(), State::Authenticated);
}

#[test]
fn closed_is_only_said_to_whom_may_know_it() {
    let old = Config { after_login: capabilities("IMAP4rev1"), ..config() };
    let mut server = selected_with(old);
    let (id, _) = command(&mut server, "c SELECT z\r\n");
    server.send(&response("3 EXISTS")).unwrap();
    server.reply(id, &ok()).unwrap();
    assert_eq!(written(&mut server), "* 3 EXISTS\r\nc OK done\r\n");
}

#[test]
fn a_mailbox_may_be_closed_unasked() {
    let mut server = selected();
    server.send(&response("OK [CLOSED] deleted")).unwrap();
    assert_eq!(server.state(), State::Authenticated);
    assert_eq!(written(&mut server), "* OK [CLOSED] deleted\r\n");
    assert!(refused(&mut server, "a FETCH 1 FLAGS\r\n").starts_with("a BAD Only in the state selected"));
    assert!(server.send(&response("OK [CLOSED] again")).is_err());
}

#[test]
fn enable_is_tracked_by_what_is_said() {
    let mut server = ready();
    assert!(server.send(&response("ENABLED CONDSTORE")).is_err(), "nobody has asked");
    let (id, _) = command(&mut server, "a ENABLE CONDSTORE X-FOO\r\n");
    server.send(&response("ENABLED CONDSTORE")).unwrap();
    server.reply(id, &ok()).unwrap();
    assert!(server.enabled().condstore && !server.enabled().qresync && !server.enabled().rev2);
    assert_eq!(written(&mut server), "* ENABLED CONDSTORE\r\na OK done\r\n");
    let server = enabled("QRESYNC");
    assert!(server.enabled().condstore && server.enabled().qresync);
    // IMAP4rev2 alone needs no ENABLE
    let rev2 = Config { after_login: capabilities("IMAP4rev2"), ..config() };
    assert!(ready_with(rev2).enabled().rev2);
}

#[test]
fn commands_that_know_modification_sequences_switch_them_on() {
    for line in [
        "a FETCH 1 (MODSEQ)\r\n",
        "a UID FETCH 1 FLAGS (CHANGEDSINCE 1)\r\n",
        "a STORE 1 (UNCHANGEDSINCE 1) FLAGS ()\r\n",
        "a SEARCH NOT (OR MODSEQ 5 ALL)\r\n",
        "a SELECT x (CONDSTORE)\r\n",
        "a STATUS x (HIGHESTMODSEQ)\r\n",
    ] {
        let mut server = selected();
        assert!(server.send(&response("1 FETCH (MODSEQ (5))")).is_err());
        let (_, _) = command(&mut server, line);
        server.send(&response("1 FETCH (MODSEQ (5))")).unwrap();
        assert!(server.enabled().condstore, "{line}");
    }
}

#[test]
fn utf8_is_written_and_read_once_it_is_enabled() {
    let mut server = ready();
    let quoted = "a DELETE \"\u{e9}\"\r\n";
    assert!(refused(&mut server, quoted).starts_with("a BAD DELETE: "));
    let list = response("LIST () \"/\" {2}\r\n\u{e9}");
    server.send(&list).unwrap();
    assert_eq!(written(&mut server), "* LIST () \"/\" {2}\r\n\u{e9}\r\n");
    let mut server = enabled("UTF8=ACCEPT");
    say(&mut server, quoted);
    server.send(&list).unwrap();
    assert_eq!(written(&mut server), "* LIST () \"/\" \"\u{e9}\"\r\n");
}
