//! SELECT, IDLE, ENABLE, COMPRESS, NOTIFY.

use super::*;

#[test]
fn selecting() {
    let mut client = ready(config());
    client.send(&command("SELECT x")).unwrap();
    assert_eq!(client.state(), State::Authenticated);
    assert_eq!(
        hears(&mut client, b"* 3 EXISTS\r\n* FLAGS ()\r\n* OK [UIDVALIDITY 1] x\r\nA1 OK [READ-ONLY] x\r\n"),
        ["* 3 EXISTS 0", "* FLAGS () 0", "* OK [UIDVALIDITY 1] x 0", "done 0 OK"]
    );
    assert_eq!(client.state(), State::Selected);
    // RFC 7162 section 3.2.11
    client.send(&command("EXAMINE y")).unwrap();
    hears(&mut client, b"* OK [CLOSED] x\r\n");
    assert_eq!(client.state(), State::Authenticated);
    hears(&mut client, b"A2 OK x\r\n");
    assert_eq!(client.state(), State::Selected);
    // RFC 9051 section 6.3.2
    for (answer, state) in
        [("A3 BAD x", State::Selected), ("A4 NO x", State::Authenticated), ("A5 NO x", State::Authenticated)]
    {
        say(&mut client, "SELECT z", answer);
        assert_eq!(client.state(), state);
    }
    for (n, line) in [(6, "CLOSE"), (8, "UNSELECT")] {
        say(&mut client, "SELECT x", &format!("A{n} OK x"));
        client.send(&command(line)).unwrap();
        assert_eq!(client.send(&command("UID FETCH 1 FLAGS")), Err(Misuse::State { wanted: "selected" }));
        hears(&mut client, format!("A{} OK x\r\n", n + 1).as_bytes());
        assert_eq!(client.state(), State::Authenticated);
    }
    // SELECT that cannot be understood has not succeeded
    say(&mut client, "SELECT x", "A10 OK x");
    say(&mut client, "SELECT x", "A11 WHAT");
    assert_eq!(client.state(), State::Authenticated);
}

/// The end of one IDLE is not that of the next, which was sent behind DONE.
#[test]
fn idling_again() {
    let mut client = selected(config());
    let first = client.send(&command("IDLE")).unwrap();
    assert_eq!(hears(&mut client, b"+ idling\r\n"), ["idling 1"]);
    client.idle_done(first).unwrap();
    let second = client.send(&command("IDLE")).unwrap();
    assert_eq!(hears(&mut client, b"A2 OK x\r\n+ idling\r\n"), ["done 1 OK", "idling 2"]);
    client.idle_done(second).unwrap();
}

#[test]
fn idling() {
    let mut client = selected(config());
    let id = client.send(&command("IDLE")).unwrap();
    assert_eq!(client.idle_done(id), Err(Misuse::State { wanted: "idling" }));
    assert_eq!(client.timeout(), None);
    assert_eq!(
        hears(&mut client, b"* 1 EXISTS\r\n+ idling\r\n* 2 EXISTS\r\n"),
        ["* 1 EXISTS -1", "idling 1", "* 2 EXISTS -1"]
    );
    // row 122
    assert_eq!(client.timeout(), Some(core::time::Duration::from_secs(29 * 60)));
    assert_eq!(client.send(&command("NOOP")), Err(Misuse::Pipeline));
    assert_eq!(client.idle_done(id.next()), Err(Misuse::UnknownId));
    client.idle_done(id).unwrap();
    assert_eq!(client.idle_done(id), Err(Misuse::UnknownId));
    assert_eq!(client.timeout(), None);
    client.send(&command("UID FETCH 1 FLAGS")).unwrap();
    assert_eq!(client.send(&command("FETCH 1 FLAGS")), Err(Misuse::Pipeline));
    assert_eq!(sent(&mut client), "A2 IDLE\r\nDONE\r\nA3 UID FETCH 1 FLAGS\r\n");
    assert_eq!(
        hears(&mut client, b"+ idling\r\nA2 OK x\r\nA3 OK x\r\n"),
        ["continue", "done 1 OK", "done 2 OK"]
    );
    assert!(client.send(&command("FETCH 1 FLAGS")).is_ok());
}

#[test]
fn idling_that_the_server_ends() {
    for (answers, events) in [
        (&b"A2 NO x\r\n"[..], &["done 1 NO"][..]),
        (b"A2 BAD x\r\n", &["done 1 BAD"]),
        (b"+ x\r\nA2 OK x\r\n", &["idling 1", "done 1 OK"]),
        (b"+ x\r\n+ x\r\nA2 OK x\r\n", &["idling 1", "continue", "done 1 OK"]),
    ] {
        let make = || {
            let mut client = selected(config());
            client.send(&command("IDLE")).unwrap();
            client
        };
        at_every_split(make, answers, |found, _| assert_eq!(short(found), events));
        let mut client = make();
        hears(&mut client, answers);
        assert_eq!(client.timeout(), None);
        assert!(client.send(&command("FETCH 1 FLAGS")).is_ok());
    }
    // held commands do not end it by themselves
    let mut client = selected(Config { auto_hold: true, ..config() });
    let id = client.send(&command("IDLE")).unwrap();
    client.send(&command("NOOP")).unwrap();
    hears(&mut client, b"+ x\r\n");
    assert_eq!(sent(&mut client), "A2 IDLE\r\n");
    client.idle_done(id).unwrap();
    assert_eq!(sent(&mut client), "DONE\r\nA3 NOOP\r\n");
    // a `+` before it was asked for
    let mut client = selected(config());
    client.receive(b"+ x\r\n");
    client.send(&command("IDLE")).unwrap();
    assert_eq!(hears(&mut client, b""), ["continue"]);
}

#[test]
fn enabling() {
    let mut client = ready(config());
    client.send(&command("ENABLE UTF8=ACCEPT CONDSTORE")).unwrap();
    assert_eq!(
        hears(&mut client, b"* ENABLED utf8=accept\r\nA1 OK x\r\n"),
        ["* ENABLED UTF8=ACCEPT 0", "done 0 OK"]
    );
    assert!(
        client.enabled().has(&crate::Capability::Utf8Accept)
            && !client.enabled().has(&crate::Capability::CondStore)
    );
    assert!(client.options().utf8);
    let list = Command::Delete(Mailbox::new("caf\u{e9}").unwrap());
    client.send(&list).unwrap();
    assert_eq!(sent(&mut client).lines().last(), Some("A2 DELETE \"caf\u{e9}\""));
    assert_eq!(hears(&mut client, "* LIST () \"/\" \"caf\u{e9}\"\r\n".as_bytes()).len(), 1);
    // RFC 9051 section 6.3.1: where IMAP4rev2 is all that the server speaks, it is in force
    assert!(greeted_with(config(), "* PREAUTH [CAPABILITY IMAP4rev2] x").options().utf8);
    assert!(!greeted_with(config(), "* PREAUTH [CAPABILITY IMAP4rev1 IMAP4rev2] x").options().utf8);
    // refused
    let mut client = ready(config());
    client.send(&command("ENABLE UTF8=ACCEPT")).unwrap();
    hears(&mut client, b"A1 NO x\r\n");
    assert!(client.enabled().capabilities.is_empty() && !client.options().utf8);
    // nobody has asked
    hears(&mut client, b"* ENABLED UTF8=ACCEPT\r\n");
    assert!(client.enabled().capabilities.is_empty());
    // quirk 30
    client.send(&command("ENABLE QRESYNC CONDSTORE")).unwrap();
    assert_eq!(hears(&mut client, b"A2 OK x\r\n"), ["missing-enabled", "done 1 OK"]);
    assert!(
        client.enabled().has(&crate::Capability::QResync)
            && client.enabled().has(&crate::Capability::CondStore)
    );
    // nothing is something else
    client.send(&command("ENABLE UTF8=ACCEPT")).unwrap();
    assert_eq!(hears(&mut client, b"* ENABLED\r\nA3 OK x\r\n"), ["* ENABLED 2", "done 2 OK"]);
    assert!(!client.enabled().has(&crate::Capability::Utf8Accept));
    let Command::Enable(enable) = command("ENABLE X") else { panic!() };
    let Enable { capabilities } = *enable;
    assert_eq!(capabilities.len(), 1);
}

#[test]
fn no_numbers_with_uidonly() {
    let mut client = greeted_with(config(), "* PREAUTH [CAPABILITY IMAP4rev1 ENABLE UIDONLY] x");
    say(&mut client, "ENABLE UIDONLY", "* ENABLED UIDONLY");
    hears(&mut client, b"A1 OK x\r\n");
    say(&mut client, "SELECT x", "A2 OK x");
    for line in ["FETCH 1 FLAGS", "SEARCH ALL", "UID SEARCH 1:3", "COPY 1 x"] {
        assert_eq!(client.send(&command(line)), Err(Misuse::State { wanted: "without UIDONLY" }), "{line}");
    }
    assert!(client.send(&command("UID SEARCH UID 1:3")).is_ok());
}

#[test]
fn capabilities_are_those_that_were_told_last() {
    let mut client = greeted(config());
    assert!(client.capabilities().is_none());
    client.send(&command("CAPABILITY")).unwrap();
    assert_eq!(
        hears(&mut client, b"* CAPABILITY IMAP4rev1  LITERAL +\r\nA1 OK x\r\n")[2..],
        ["* CAPABILITY IMAP4rev1 LITERAL+ 0", "done 0 OK"]
    );
    // quirks 24 and 25
    assert_eq!(client.options().literals, Literals::Plus);
    hears(&mut client, b"* OK [CAPABILITY IMAP4rev1] x\r\n");
    assert_eq!(client.options().literals, Literals::Synchronising);
}

#[test]
fn compressing() {
    let make = || {
        let mut client = selected(config());
        client.send(&command("COMPRESS DEFLATE")).unwrap();
        let _ = client.output().take_all();
        client
    };
    at_every_split(make, b"A2 OK x\r\n\x01\x02\n\x03", |events, end| {
        assert_eq!(short(events), ["upgrade 1"]);
        assert_eq!(*end, End::Paused(Pause::Upgrade));
    });
    let mut client = make();
    hears(&mut client, b"A2 OK x\r\n\x01\x02\n\x03");
    assert_eq!(client.send(&command("NOOP")), Err(Misuse::Pipeline));
    assert!(!client.wants_read());
    assert_eq!(client.compressed().unwrap(), &b"\x01\x02\n\x03"[..]);
    assert_eq!(client.state(), State::Selected);
    assert_eq!(
        client.send(&command("COMPRESS DEFLATE")),
        Err(Misuse::State { wanted: "without compression" })
    );
    client.send(&command("NOOP")).unwrap();
    assert_eq!(hears(&mut client, b"A3 OK x\r\n"), ["done 2 OK"]);
    let mut client = make();
    hears(&mut client, b"A2 OK x\r\n\x01\x02");
    assert_eq!(client.into_parts().unread, &b"\x01\x02"[..]);
    let mut client = make();
    assert_eq!(hears(&mut client, b"A2 NO [COMPRESSIONACTIVE] x\r\n"), ["done 1 NO"]);
    assert_eq!(client.compressed(), Err(Misuse::State { wanted: "Pause::Upgrade" }));
}

#[test]
fn notifying() {
    // row 124
    let mut client = ready(config());
    client.send(&command("NOTIFY SET STATUS (personal (MessageNew MessageExpunge))")).unwrap();
    assert_eq!(
        hears(
            &mut client,
            b"* STATUS x (MESSAGES 1)\r\nA1 OK x\r\n* STATUS y (MESSAGES 2)\r\n* LIST () \"/\" z\r\n"
        ),
        ["* STATUS x (MESSAGES 1) 0", "done 0 OK", "* STATUS y (MESSAGES 2) -1", "* LIST () \"/\" z -1"]
    );
}
