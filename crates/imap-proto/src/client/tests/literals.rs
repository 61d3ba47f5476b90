//! Literals that are sent.

use super::*;

fn with(literals: Literals) -> Config {
    Config { literals: Some(literals), ..config() }
}

/// STATUS of two mailboxes would need one literal each; CREATE of one with a line end in its name needs one.
fn rename() -> Command {
    command("SEARCH SUBJECT {3}\r\na\r\n BODY {2}\r\n\r\n")
}

#[test]
fn synchronising_literals_wait() {
    let mut client = selected(with(Literals::Synchronising));
    client.send(&rename()).unwrap();
    assert_eq!(sent(&mut client), "A2 SEARCH SUBJECT {3}\r\n");
    assert_eq!(client.send(&command("NOOP")), Err(Misuse::Pipeline));
    // untagged responses in between are fine
    assert_eq!(hears(&mut client, b"* 1 EXISTS\r\n"), ["* 1 EXISTS -1"]);
    assert_eq!(sent(&mut client), "");
    assert!(hears(&mut client, b"+ go\r\n").is_empty());
    assert_eq!(sent(&mut client), "a\r\n BODY {2}\r\n");
    assert!(hears(&mut client, b"+ go\r\n").is_empty());
    assert_eq!(sent(&mut client), "\r\n\r\n");
    // twice
    assert_eq!(
        hears(&mut client, b"+ go\r\n* SEARCH 1\r\nA2 OK x\r\n"),
        ["continue", "* SEARCH 1 1", "done 1 OK"]
    );
}

#[test]
fn no_for_a_literal_drops_it() {
    // quirk 21
    for (answer, event) in [
        ("A2 NO [TRYCREATE] x", "done 1 NO"),
        ("A2 BAD x", "done 1 BAD"),
        ("A2 OK ?", "done 1 OK"),
        ("A2 WHAT", "malformed Some(1)"),
    ] {
        let mut client = selected(with(Literals::Synchronising));
        client.send(&rename()).unwrap();
        assert_eq!(sent(&mut client), "A2 SEARCH SUBJECT {3}\r\n");
        assert_eq!(hears(&mut client, format!("{answer}\r\n").as_bytes()), [event]);
        client.send(&command("NOOP")).unwrap();
        assert_eq!(sent(&mut client), "A3 NOOP\r\n");
        // a late one is for nobody
        assert_eq!(hears(&mut client, b"+ go\r\nA3 OK x\r\n"), ["continue", "done 2 OK"]);
    }
}

#[test]
fn what_waits_behind_a_literal_goes_on() {
    let mut client = selected(Config { auto_hold: true, ..with(Literals::Synchronising) });
    client.send(&rename()).unwrap();
    client.send(&command("UID FETCH 1 FLAGS")).unwrap();
    assert_eq!(sent(&mut client), "A2 SEARCH SUBJECT {3}\r\n");
    hears(&mut client, b"+ \r\n");
    assert_eq!(sent(&mut client), "a\r\n BODY {2}\r\n");
    hears(&mut client, b"+ \r\n");
    assert_eq!(sent(&mut client), "\r\n\r\nA3 UID FETCH 1 FLAGS\r\n");
    let mut client = selected(Config { auto_hold: true, ..with(Literals::Synchronising) });
    client.send(&rename()).unwrap();
    client.send(&command("UID FETCH 1 FLAGS")).unwrap();
    hears(&mut client, b"A2 NO x\r\n");
    assert_eq!(sent(&mut client), "A2 SEARCH SUBJECT {3}\r\nA3 UID FETCH 1 FLAGS\r\n");
}

#[test]
fn a_go_ahead_that_came_too_early_is_none() {
    let mut client = selected(with(Literals::Synchronising));
    client.receive(b"+ go\r\n");
    client.send(&rename()).unwrap();
    assert_eq!(hears(&mut client, b""), ["continue"]);
    assert_eq!(sent(&mut client), "A2 SEARCH SUBJECT {3}\r\n");
}

#[test]
fn unneeded_go_aheads_are_events() {
    // quirk 10
    let make = || {
        let mut client = selected(config());
        client.send(&command("NOOP")).unwrap();
        client
    };
    at_every_split(make, b"+ what?\r\n+\r\nA2 OK x\r\n", |events, _| {
        assert_eq!(short(events), ["continue", "missing-text", "continue", "done 1 OK"]);
    });
}

#[test]
fn literals_are_those_that_the_server_offers() {
    for (offered, head) in [
        ("IMAP4rev1", "{3}"),
        ("IMAP4rev1 LITERAL+", "{3+}"),
        ("IMAP4rev1 LITERAL-", "{3+}"),
        ("IMAP4rev2", "{3+}"),
        ("IMAP4rev1 IMAP4rev2", "{3}"),
    ] {
        let mut client = greeted_with(config(), &format!("* PREAUTH [CAPABILITY {offered}] x"));
        let append = Append::new(Mailbox::inbox(), AppendMessage::new(MessageData::new("abc")));
        client.send(&Command::Append(Box::new(append))).unwrap();
        assert!(sent(&mut client).starts_with(&format!("A1 APPEND INBOX {head}\r\n")), "{offered}");
    }
    // row 125: LITERAL- ends at 4096
    for (offered, size, head) in
        [("LITERAL-", 4096, "{4096+}"), ("LITERAL-", 4097, "{4097}"), ("LITERAL+", 4097, "{4097+}")]
    {
        let mut client = greeted_with(config(), &format!("* PREAUTH [CAPABILITY IMAP4rev1 {offered}] x"));
        client.send(&append(&[size])).unwrap();
        assert_eq!(sent(&mut client), format!("A1 APPEND INBOX {head}\r\n"));
    }
}

/// APPEND of messages of these sizes, which are streamed.
pub(super) fn append(sizes: &[u64]) -> Command {
    let message = |&size: &u64| AppendMessage::new(MessageData::Streamed { size, binary: false });
    let mut all = sizes.iter().map(message);
    let append = Append::new(Mailbox::inbox(), all.next().unwrap());
    Command::Append(Box::new(all.fold(append, Append::with)))
}

#[test]
fn bodies_are_streamed_exactly() {
    let mut client = ready(config());
    let id = client.send(&append(&[3, 0, 5000])).unwrap();
    assert_eq!(sent(&mut client), "A1 APPEND INBOX {3+}\r\n");
    assert_eq!(hears(&mut client, b"* 1 EXISTS\r\n"), ["send 0 3 0", "* 1 EXISTS -1"]);
    assert_eq!(client.next_event(), Ok(Step::Paused(Pause::Respond)));
    assert_eq!(client.send(&command("NOOP")), Err(Misuse::Pipeline));
    client.body(id, &"ab".into()).unwrap();
    assert_eq!(client.body(id, &"cd".into()), Err(BodyError::TooLong { limit: 1 }));
    assert_eq!(client.end_body(id), Err(Misuse::State { wanted: "the rest of the literal" }));
    assert_eq!(client.body(id.next(), &"c".into()), Err(Misuse::UnknownId.into()));
    client.body(id, &"c".into()).unwrap();
    client.end_body(id).unwrap();
    assert_eq!(sent(&mut client), "abc {0+}\r\n {5000}\r\n");
    assert_eq!(client.next_event(), Ok(Step::NeedInput));
    assert_eq!(client.body(id, &"x".into()), Err(Misuse::State { wanted: "a literal that is due" }.into()));
    assert_eq!(hears(&mut client, b"+ \r\n"), ["send 0 5000 2"]);
    client.body(id, &Bytes::from(alloc::vec![b'x'; 5000])).unwrap();
    assert_eq!(sent(&mut client), format!("{}\r\n", "x".repeat(5000)));
    assert_eq!(hears(&mut client, b"A1 OK [APPENDUID 1 2] x\r\n"), ["done 0 OK"]);
    assert_eq!(client.end_body(id), Err(Misuse::UnknownId));
}

#[test]
fn a_full_output_takes_no_more() {
    let mut limits = Limits::client();
    limits.high_water = 10_000;
    let mut client = ready(Config { limits, literals: Some(Literals::Plus), ..config() });
    let id = client.send(&append(&[1 << 40])).unwrap();
    hears(&mut client, b"");
    let piece = Bytes::from(alloc::vec![b'x'; 6000]);
    client.body(id, &piece).unwrap();
    client.body(id, &piece).unwrap();
    assert_eq!(client.body(id, &piece), Err(BodyError::Full));
    assert_eq!(client.next_event(), Ok(Step::Paused(Pause::Drain)));
    sent(&mut client);
    assert_eq!(client.next_event(), Ok(Step::Paused(Pause::Respond)));
    client.body(id, &piece).unwrap();
}

#[test]
fn a_refusal_amid_the_octets_keeps_the_server_in_step() {
    let mut client = ready(Config { auto_hold: true, ..config() });
    let id = client.send(&append(&[3, 4, 5000])).unwrap();
    client.body(id, &"a".into()).unwrap();
    client.send(&command("NOOP")).unwrap();
    assert_eq!(hears(&mut client, b"A1 NO [OVERQUOTA] x\r\n"), ["send 0 3 0", "done 0 NO"]);
    assert_eq!(client.next_event(), Ok(Step::Paused(Pause::Respond)));
    // what was announced without a question, the server reads all the same
    client.body(id, &"bc".into()).unwrap();
    assert_eq!(hears(&mut client, b""), ["send 0 4 1"]);
    client.body(id, &"defg".into()).unwrap();
    // and takes the head of the next for the end
    assert_eq!(sent(&mut client), "A1 APPEND INBOX {3+}\r\nabc {4+}\r\ndefg {5000}\r\nA2 NOOP\r\n");
}

#[test]
fn literals_of_each_command() {
    let data = |size, binary| MessageData::Streamed { size, binary };
    let parts = [
        CatenatePart::Url(crate::IString::new("/x;UID=1").unwrap()),
        CatenatePart::Text(data(2, false)),
        CatenatePart::Text(MessageData::new("yz")),
    ];
    let catenate = Catenate::new(parts.into()).unwrap();
    let catenate = Append::new(Mailbox::inbox(), AppendMessage::new(crate::AppendData::Catenate(catenate)));
    let replace = Replace {
        message: crate::Sequence::LAST,
        mailbox: Mailbox::inbox(),
        with: AppendMessage::new(data(2, true)),
    };
    let binary = Append::new(Mailbox::inbox(), AppendMessage::new(MessageData::new("a\0")));
    for (command, expected) in [
        (
            Command::Append(Box::new(catenate)),
            "A2 APPEND INBOX CATENATE (URL \"/x;UID=1\" TEXT {2+}\r\nab TEXT {2+}\r\nyz)\r\n",
        ),
        (Command::UidReplace(Box::new(replace)), "A2 UID REPLACE * INBOX ~{2+}\r\nab\r\n"),
        (Command::Append(Box::new(binary)), "A2 APPEND INBOX ~{2+}\r\na\0\r\n"),
    ] {
        let mut client = selected(config());
        let id = client.send(&command).unwrap();
        while let Ok(Step::Event(Event::SendBody { size, .. })) = client.next_event() {
            assert_eq!(size, 2);
            if !matches!(command, Command::UidReplace(_)) {
                assert_eq!(client.body(id, &"a\0".into()), Err(Misuse::IllegalOctet { offset: 1 }.into()));
            }
            client.body(id, &"ab".into()).unwrap();
        }
        assert_eq!(sent(&mut client), expected);
        // the same with a question for each literal
        let mut client = selected(with(Literals::Synchronising));
        let id = client.send(&command).unwrap();
        let mut all = sent(&mut client);
        for _ in 0..4 {
            if all.ends_with("}\r\n") {
                for event in hears(&mut client, b"+ \r\n") {
                    assert!(event.starts_with("send 1 2"), "{event}");
                    client.body(id, &"ab".into()).unwrap();
                }
                all.push_str(&sent(&mut client));
            }
        }
        assert_eq!(all, expected.replace("+}", "}"));
    }
    let replace = Replace {
        message: crate::Sequence::LAST,
        mailbox: Mailbox::inbox(),
        with: AppendMessage::new(data(1, true)),
    };
    let mut client = selected(config());
    let id = client.send(&Command::Replace(Box::new(replace))).unwrap();
    client.body(id, &"\0".into()).unwrap();
    let mut client = greeted_with(config(), "* PREAUTH [CAPABILITY IMAP4rev2] x");
    let binary = Append::new(Mailbox::inbox(), AppendMessage::new(data(2, true)));
    assert_eq!(client.send(&Command::Append(Box::new(binary))), Err(Misuse::NotAdvertised("BINARY")));
    assert_eq!(client.send(&append(&[1, 2])), Err(Misuse::NotAdvertised("MULTIAPPEND")));
}

#[test]
fn messages_over_the_limit_of_the_server_are_not_tried() {
    let mut client = greeted_with(config(), "* PREAUTH [CAPABILITY IMAP4rev1 APPENDLIMIT=10] x");
    assert_eq!(client.send(&append(&[11])), Err(Misuse::TooLong { limit: 10 }));
    assert!(client.send(&append(&[10])).is_ok());
}

#[test]
fn a_message_at_hand_is_not_copied() {
    let data = Bytes::from(alloc::vec![b'x'; 100_000]);
    let append = Append::new(Mailbox::inbox(), AppendMessage::new(MessageData::new(data.clone())));
    let mut client = ready(config());
    client.send(&Command::Append(Box::new(append))).unwrap();
    assert_eq!(sent(&mut client), "A1 APPEND INBOX {100000}\r\n");
    hears(&mut client, b"+ \r\n");
    assert_eq!(bytes::Buf::chunk(client.output()).as_ptr(), data.as_ptr());
}
