//! Replies.

use super::*;

#[test]
fn every_reply_is_written_as_the_rfcs_show_it() {
    let text = |s: &'static str| Status::ok(s).unwrap();
    let mut server = logged_in(config());
    for (line, reply, written) in [
        ("STAT", Reply::DropListing(DropListing::new(2, 320)), "+OK 2 320\r\n"),
        ("LIST 2", Reply::ScanListing(ScanListing::new(number(2), 200)), "+OK 2 200\r\n"),
        (
            "UIDL 2",
            Reply::UniqueIdListing(UniqueIdListing::new(
                number(2),
                UniqueId::new("QhdPYR:00WBw1Ph7x7").unwrap(),
            )),
            "+OK 2 QhdPYR:00WBw1Ph7x7\r\n",
        ),
        ("DELE 1", Reply::Status(text("message 1 deleted")), "+OK message 1 deleted\r\n"),
        (
            "CAPA",
            Reply::capabilities(text("list"), capabilities()),
            "+OK list\r\nTOP\r\nUIDL\r\nUSER\r\nSASL PLAIN SCRAM-SHA-256\r\nRESP-CODES\r\nPIPELINING\r\nSTLS\r\n\
             UTF8 USER\r\nLANG\r\n.\r\n",
        ),
        (
            "LANG",
            Reply::languages(
                text("Language listing follows:"),
                vec![
                    LanguageListing::new("en-boont", Text::new("English Boontling dialect").unwrap())
                        .unwrap(),
                    LanguageListing::new("de", Text::EMPTY).unwrap(),
                ],
            ),
            "+OK Language listing follows:\r\nen-boont English Boontling dialect\r\nde\r\n.\r\n",
        ),
        ("LANG es", Reply::Status(text("es Idioma cambiado")), "+OK es Idioma cambiado\r\n"),
        (
            "RETR 9",
            Reply::Status(Status::err("say UTF8").unwrap().with_code(ResponseCode::Utf8)),
            "-ERR [UTF8] say UTF8\r\n",
        ),
    ] {
        let (id, _) = command(&mut server, &format!("{line}\r\n"));
        server.reply(id, &reply).unwrap();
        assert_eq!(server.output().take_all(), written, "{line}");
    }
}

#[test]
fn replies_that_would_put_the_client_out_of_step_are_refused() {
    let listing = || Reply::ScanListing(ScanListing::new(number(1), 1));
    let multi = || Reply::MultiLine(Status::ok("").unwrap());
    for (line, wrong) in [
        ("RETR 1", ok()),
        ("LIST", ok()),
        ("LIST", listing()),
        ("LIST 1", multi()),
        ("UIDL 1", listing()),
        ("STAT", multi()),
        ("NOOP", multi()),
        ("NOOP", Reply::capabilities(Status::ok("").unwrap(), capabilities())),
        ("CAPA", multi()),
        ("CAPA", ok()),
    ] {
        let mut server = logged_in(config());
        let (id, _) = command(&mut server, &format!("{line}\r\n"));
        assert_eq!(server.reply(id, &wrong), Err(Misuse::WrongReply), "{line} {wrong:?}");
        assert!(server.output().is_empty() && server.outstanding() == 1);
        server.reply(id, &err()).unwrap();
    }
    let mut server = logged_in(config());
    let (id, _) = command(&mut server, "LIST\r\n");
    server.reply(id, &multi()).unwrap();
    let wrong = Item::UniqueIdListing(UniqueIdListing::new(number(1), UniqueId::new("x").unwrap()));
    assert_eq!(server.item(id, &wrong), Err(BodyError::Misuse(Misuse::WrongReply)));
    assert!(matches!(server.body(id, &"x".into()), Err(BodyError::Misuse(Misuse::State { .. }))));
    assert!(server.reply(id, &ok()).is_err(), "one reply a command");
    server.item(id, &Item::ScanListing(ScanListing::new(number(1), 120))).unwrap();
    server.end_body(id).unwrap();
    assert_eq!(server.output().take_all(), "+OK\r\n1 120\r\n.\r\n");
    assert!(server.end_body(id).is_err());
}

#[test]
fn replies_go_out_in_order() {
    let mut server = logged_in(config());
    server.receive(b"NOOP\r\nSTAT\r\nRSET\r\n");
    let mut ids = Vec::new();
    let end = drain(&mut server, |_, event| {
        let Event::Command { id, .. } = event else { panic!("{event:?}") };
        ids.push(id);
    });
    assert_eq!((ids.len(), end), (3, End::Paused(Pause::Respond)));
    assert_eq!(server.reply(ids[1], &err()), Err(Misuse::NotNext(ids[0])));
    assert_eq!(server.reply(ids[2].next(), &err()), Err(Misuse::UnknownId));
    for id in &ids {
        server.reply(*id, &err()).unwrap();
        assert_eq!(server.reply(*id, &err()), Err(Misuse::UnknownId));
    }
}

#[test]
fn pipelined_input_waits_where_a_reply_decides() {
    let mut server = server(config());
    server.receive(b"USER a\r\nPASS b\r\nSTAT\r\nQUIT\r\nNOOP\r\n");
    let mut order = Vec::new();
    loop {
        match server.next_event().unwrap() {
            Step::Event(Event::Command { id, command }) => {
                order.push(command.verb().keyword());
                let reply =
                    if command == Command::Stat { Reply::DropListing(DropListing::new(0, 0)) } else { ok() };
                server.reply(id, &reply).unwrap();
            }
            Step::Paused(Pause::Drain) => assert!(!server.output().take_all().is_empty()),
            Step::Closed => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(order, ["USER", "PASS", "STAT", "QUIT"], "nothing behind QUIT is run");
}

#[test]
fn commands_ahead_are_limited_and_told_if_not_offered() {
    let mut config = config();
    config.limits.max_pipelined = 2;
    let mut server = logged_in(config.clone());
    server.receive(b"NOOP\r\nNOOP\r\nNOOP\r\n");
    let mut seen = Vec::new();
    assert_eq!(drain(&mut server, |_, event| seen.push(event)), End::Paused(Pause::Respond));
    assert_eq!(seen.len(), 2);

    config.capabilities = Capabilities::default();
    let mut server = logged_in(config);
    server.receive(b"NOOP\r\nNOOP\r\n");
    let mut seen = Vec::new();
    let _ = drain(&mut server, |_, event| seen.push(event));
    assert_eq!(rules(&seen), [rule::UNADVERTISED_PIPELINING]);
}

#[test]
fn case_150_response_codes_need_resp_codes() {
    let coded = Reply::Status(Status::err("busy").unwrap().with_code(ResponseCode::InUse));
    for (capabilities, written) in
        [(capabilities(), "-ERR [IN-USE] busy\r\n"), (Capabilities::default(), "-ERR busy\r\n")]
    {
        let mut server = server(Config { capabilities, ..config() });
        let (id, _) = command(&mut server, "USER a\r\n");
        server.reply(id, &coded).unwrap();
        assert_eq!(server.output().take_all(), written);
    }
    let mut server = server(config());
    let (id, _) = command(&mut server, "USER a\r\n");
    server.reply(id, &Reply::Status(Status::err("[AUTH] as text").unwrap())).unwrap();
    assert_eq!(server.output().take_all(), "-ERR  [AUTH] as text\r\n");
}

#[test]
fn case_123_text_cannot_break_a_line() {
    for text in ["a\r\nb", "a\nb", "a\rb", "a\0b"] {
        assert!(Status::ok(text).is_err() && Status::err(text).is_err());
        assert!(Text::new(text).is_err() && UniqueId::new(text).is_err() && Capability::new(text).is_err());
        assert!(LanguageListing::new(text, Text::EMPTY).is_err() && ResponseCode::new(text).is_err());
    }
}
