//! What may be sent, and when.

use super::*;

#[test]
fn commands_have_their_order() {
    let mut client = Client::new(Config::default());
    assert!(matches!(client.send(&command("EHLO a")), Err(Misuse::State { .. })), "not before the greeting");
    let mut client = greeted(Config::default());
    for line in ["MAIL FROM:<a@b>", "RCPT TO:<a@b>", "DATA"] {
        assert!(matches!(client.send(&command(line)), Err(Misuse::State { .. })), "{line}");
    }
    assert_eq!(client.send(&command("LHLO a")), Err(Misuse::State { wanted: "LMTP" }));
    let mut client = ready(Config::default());
    for line in ["RCPT TO:<a@b>", "DATA", "BDAT 0"] {
        assert!(matches!(client.send(&command(line)), Err(Misuse::State { .. })), "{line}");
    }
    say(&mut client, "MAIL FROM:<a@b>", "250 ok");
    for line in ["MAIL FROM:<a@b>", "DATA", "STARTTLS"] {
        assert!(matches!(client.send(&command(line)), Err(Misuse::State { .. })), "{line}");
    }
    assert_eq!(client.output().take_all(), "MAIL FROM:<a@b>\r\n", "nothing else went out");
}

#[test]
fn groups_are_those_of_rfc_2920() {
    let mut client = ready(Config::default());
    for line in ["MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>", "DATA"] {
        client.send(&command(line)).unwrap();
    }
    assert_eq!(client.send(&command("RSET")), Err(Misuse::State { wanted: "between commands" }));
    let mut client = offered(Config::default(), "SIZE");
    client.send(&command("MAIL FROM:<a@b>")).unwrap();
    assert_eq!(client.send(&command("RCPT TO:<c@d>")), Err(Misuse::Pipeline));
    let mut never = ready(Config { pipelining: Pipelining::Never, ..Config::default() });
    never.send(&command("MAIL FROM:<a@b>")).unwrap();
    assert_eq!(never.send(&command("RCPT TO:<c@d>")), Err(Misuse::Pipeline));
    let mut client = ready(Config::default());
    client.send(&command("NOOP")).unwrap();
    assert_eq!(client.send(&command("MAIL FROM:<a@b>")), Err(Misuse::Pipeline));
}

#[test]
fn the_content_may_be_the_first_of_a_group() {
    let (mut client, id) = asked(Config::default());
    client.body(id, &"x\r\n".into()).unwrap();
    client.end_body(id).unwrap();
    client.send(&command("MAIL FROM:<a@b>")).unwrap();
    client.send(&command("RCPT TO:<a@b>")).unwrap();
    assert_eq!(client.output().take_all(), "x\r\n.\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\n");
    client.receive(b"250 queued\r\n250 ok\r\n250 ok\r\n");
    for _ in 0..3 {
        assert!(matches!(next(&mut client), Event::Reply { .. }));
    }
    assert_eq!(client.state(), State::Rcpt);
}

#[test]
fn held_commands_go_out_when_they_may() {
    let mut client = Client::new(Config { auto_hold: true, ..Config::default() });
    client.send(&command("EHLO a")).unwrap();
    assert!(client.output().is_empty());
    client.receive(b"220 ready\r\n");
    assert!(matches!(next(&mut client), Event::Greeting(_)));
    assert_eq!(client.output().take_all(), "EHLO a\r\n");
    client.send(&command("MAIL FROM:<a@b>")).unwrap();
    client.send(&command("RCPT TO:<c@d>")).unwrap();
    client.send(&command("DATA")).unwrap();
    assert!(client.output().is_empty());
    client.receive(b"250-mx\r\n250 PIPELINING\r\n");
    assert!(matches!(next(&mut client), Event::Reply { .. }));
    assert_eq!(client.output().take_all(), "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n");
}

#[test]
fn case_33_and_61_nothing_is_sent_that_was_not_offered() {
    let mut client = offered(Config::default(), "PIPELINING");
    for (line, keyword) in [
        ("MAIL FROM:<a@b> SIZE=1", "SIZE"),
        ("MAIL FROM:<a@b> BODY=8BITMIME", "8BITMIME"),
        ("MAIL FROM:<\u{fc}@b> SMTPUTF8", "SMTPUTF8"),
        ("MAIL FROM:<a@b> RET=FULL", "DSN"),
        ("MAIL FROM:<a@b> REQUIRETLS", "REQUIRETLS"),
        ("STARTTLS", "STARTTLS"),
        ("ETRN a", "ETRN"),
    ] {
        assert_eq!(client.send(&command(line)), Err(Misuse::NotAdvertised(keyword)), "{line}");
    }
    assert!(matches!(client.send(&command("MAIL FROM:<\u{fc}@b>")), Err(Misuse::Invalid(_))));
    say(&mut client, "MAIL FROM:<a@b>", "250 ok");
    assert_eq!(client.send(&command("RCPT TO:<a@b> NOTIFY=NEVER")), Err(Misuse::NotAdvertised("DSN")));
    assert!(matches!(client.send(&command("RCPT TO:<\u{fc}@b>")), Err(Misuse::Invalid(_))));
    assert_eq!(client.output().take_all(), "MAIL FROM:<a@b>\r\n", "no other octet went out");
    say(&mut client, "RCPT TO:<a@b>", "250 ok");
    assert_eq!(client.send(&command("BDAT 0 LAST")), Err(Misuse::NotAdvertised("CHUNKING")));
    let mut client = offered(Config::default(), "8BITMIME\nCHUNKING");
    assert_eq!(
        client.send(&command("MAIL FROM:<a@b> BODY=BINARYMIME")),
        Err(Misuse::NotAdvertised("BINARYMIME"))
    );
    assert!(client.send(&Command::Vrfy(Argument::new("\u{fc}").unwrap())).is_err());
}

#[test]
fn size_and_limits_are_honoured() {
    let mut client = offered(Config::default(), "SIZE 100\nPIPELINING\nLIMITS MAILMAX=2 RCPTMAX=2");
    assert_eq!(client.send(&command("MAIL FROM:<a@b> SIZE=101")), Err(Misuse::TooLong { limit: 100 }));
    for _ in 0..2 {
        client.send(&command("MAIL FROM:<a@b> SIZE=100")).unwrap();
        for _ in 0..2 {
            client.send(&command("RCPT TO:<a@b>")).unwrap();
        }
        assert_eq!(client.send(&command("RCPT TO:<a@b>")), Err(Misuse::TooMany { limit: 2 }));
        client.send(&command("RSET")).unwrap();
    }
    assert_eq!(client.send(&command("MAIL FROM:<a@b>")), Err(Misuse::TooMany { limit: 2 }));
}

#[test]
fn lines_have_a_limit() {
    let mut client = ready(Config::default());
    let noop = |len: usize| command(&format!("NOOP {}", "x".repeat(len - 7)));
    assert_eq!(client.send(&noop(513)), Err(Misuse::TooLong { limit: 512 }));
    assert!(client.output().is_empty());
    client.send(&noop(512)).unwrap();
}

#[test]
fn waiting_times_are_those_of_rfc_5321() {
    let minutes = |client: &Client| client.timeout().map(|time| time.as_secs() / 60);
    assert_eq!(minutes(&Client::new(Config::default())), Some(5));
    let mut client = enveloped(Config::default());
    assert_eq!(minutes(&client), None);
    let id = client.send(&command("DATA")).unwrap();
    assert_eq!(minutes(&client), Some(2));
    client.receive(b"354 go\r\n");
    assert!(matches!(next(&mut client), Event::SendBody { .. }));
    assert_eq!(minutes(&client), Some(3));
    client.end_body(id).unwrap();
    assert_eq!(minutes(&client), Some(10));
}

#[test]
fn events_and_machines_stay_small() {
    fn sendable<T: Send + 'static>() {}
    sendable::<Event>();
    sendable::<Client>();
    sendable::<Transaction>();
    assert!(size_of::<Event>() <= 96, "{}", size_of::<Event>());
    assert!(size_of::<Client>() <= 1024, "{}", size_of::<Client>());
}
