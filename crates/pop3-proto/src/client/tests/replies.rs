//! The greeting, replies, replies that nobody waits for.

use super::*;

#[test]
fn case_129_greetings() {
    let mut client = Client::new(Config::default());
    client.receive(b"-ERR go away\r\n");
    let Event::Greeting(greeting) = next(&mut client) else { panic!() };
    assert!(!greeting.is_ok());
    assert_eq!(client.state(), State::Closed);
    assert!(matches!(client.send(&Command::Capa), Err(Misuse::State { .. })));

    let mut client = greeted(Config::default(), "+OK no timestamp\r\n");
    assert_eq!(client.send(&apop()), Err(Misuse::NotAdvertised("APOP")));
    assert!(client.output().is_empty());
    let mut client = ready(Config::default());
    assert!(client.send(&apop()).is_ok());
    assert_eq!(client.output().take_all(), "APOP mrose c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4\r\n");
}

#[test]
fn what_is_no_greeting_is_fatal() {
    for line in ["* OK IMAP4rev1\r\n", "220 smtp\r\n", "+O\r\n", "\r\n"] {
        let mut client = Client::new(Config::default());
        client.receive(line.as_bytes());
        let error = client.next_event().unwrap_err();
        assert!(matches!(error, Fatal::Desync(_)), "{line:?}");
        assert_eq!(client.next_event(), Err(error), "it repeats");
        assert!(!client.wants_read());
    }
}

#[test]
fn nothing_is_sent_before_the_greeting() {
    let mut client = Client::new(Config::default());
    assert_eq!(client.send(&Command::Capa), Err(Misuse::State { wanted: "AUTHORIZATION" }));
    let mut client = Client::new(Config { auto_hold: true, ..Config::default() });
    client.send(&Command::Capa).unwrap();
    assert!(client.output().is_empty());
    client.receive(b"+OK\r\n");
    let _ = next(&mut client);
    assert_eq!(client.output().take_all(), "CAPA\r\n");
}

#[test]
fn case_126_status_lines_become_typed() {
    let mut client = logged_in(Config::default());
    let id = client.send(&Command::Noop).unwrap();
    let Event::Reply { id: to, reply: Reply::Status(status) } = reply(&mut client, b"-ERR [SYS/TEMP] x\r\n")
    else {
        panic!()
    };
    assert_eq!((to, status.code(), status.is_ok()), (id, Some(&ResponseCode::SysTemp), false));
}

#[test]
fn listings_of_one_message() {
    let mut client = logged_in(Config::default());
    client.send(&Command::Stat).unwrap();
    let Event::Reply { reply: Reply::DropListing(listing), .. } = reply(&mut client, b"+OK 2 320\r\n") else {
        panic!()
    };
    assert_eq!((listing.messages, listing.octets), (2, 320));
    client.send(&Command::List(Some(number(2)))).unwrap();
    let Event::Reply { reply: Reply::ScanListing(listing), .. } = reply(&mut client, b"+OK 2 200 more\r\n")
    else {
        panic!()
    };
    assert_eq!(
        (listing.message, listing.octets, listing.more.text().as_bytes()),
        (number(2), 200, &b"more"[..])
    );
    client.send(&Command::Uidl(Some(number(2)))).unwrap();
    let Event::Reply { reply: Reply::UniqueIdListing(listing), .. } =
        reply(&mut client, b"+OK 2 QhdPYR:00WBw1Ph7x7\r\n")
    else {
        panic!()
    };
    assert_eq!(listing.unique_id.as_bytes(), b"QhdPYR:00WBw1Ph7x7");
}

#[test]
fn a_listing_of_the_wrong_form_is_text_and_told() {
    let mut client = logged_in(Config::default());
    client.send(&Command::Stat).unwrap();
    client.receive(b"+OK you have mail\r\n");
    assert_eq!(rules(&[next(&mut client)]), [rule::UNTYPED_REPLY]);
    assert!(matches!(next(&mut client), Event::Reply { reply: Reply::Status(_), .. }));

    let mut client = logged_in(Config { tolerance: Tolerance::Strict, ..Config::default() });
    let id = client.send(&Command::Stat).unwrap();
    let Event::Malformed { id: Some(to), ends_command: true, malformed } = reply(&mut client, b"+OK 2 x\r\n")
    else {
        panic!()
    };
    assert_eq!((to, malformed.error.offset), (id, 6));
    assert_eq!(client.outstanding(), 0);
    assert!(client.send(&Command::Noop).is_ok(), "the connection goes on");
}

#[test]
fn case_133_scan_listings() {
    let stream = b"+OK\r\n1 120 foo\r\n2   130\r\n 3 140\r\n9 150\r\n8 160\r\n0 1\r\nx\r\n9 170\r\n.\r\n";
    let make = || {
        let mut client = logged_in(Config::default());
        client.send(&Command::List(None)).unwrap();
        client
    };
    at_every_split(make, stream, |events, end| {
        assert_eq!(*end, End::NeedInput);
        let items: Vec<_> = events
            .iter()
            .filter_map(|e| match e {
                Event::Item { item: Item::ScanListing(l), .. } => Some((l.message.get(), l.octets)),
                _ => None,
            })
            .collect();
        assert_eq!(items, [(1, 120), (2, 130), (3, 140), (9, 150), (8, 160), (9, 170)]);
        let (space, order, untyped) = (rule::EXTRA_SPACE, rule::LISTING_ORDER, rule::UNTYPED_ITEM);
        assert_eq!(rules(events), [space, space, order, untyped, untyped]);
        let lines = events.iter().filter(|e| matches!(e, Event::Item { item: Item::Line(_), .. })).count();
        assert_eq!(lines, 2, "0 and x");
        assert!(matches!(events.last(), Some(Event::End { .. })));
    });
    let strict = || {
        let mut client = logged_in(Config { tolerance: Tolerance::Strict, ..Config::default() });
        client.send(&Command::List(None)).unwrap();
        client
    };
    at_every_split(strict, b"+OK\r\n1 120\r\n0 1\r\nx\r\n9 170\r\n.\r\n", |events, end| {
        assert_eq!(*end, End::NeedInput);
        let malformed = |e: &&Event| matches!(e, Event::Malformed { ends_command: false, .. });
        assert_eq!(
            events.iter().filter(malformed).count(),
            2,
            "each an error of its own, the listing goes on"
        );
    });
}

#[test]
fn a_listing_beyond_the_count_of_stat_is_told() {
    let mut client = logged_in(Config::default());
    client.send(&Command::Stat).unwrap();
    let _ = reply(&mut client, b"+OK 1 100\r\n");
    client.send(&Command::List(None)).unwrap();
    let (events, _) = events(&mut client, &[b"+OK\r\n1 100\r\n2 100\r\n.\r\n"]);
    assert_eq!(rules(&events), [rule::LISTING_ORDER]);
}

#[test]
fn case_134_unique_ids() {
    let long = "u".repeat(71);
    let stream = format!("+OK\r\n1   x\r\n2 a b\r\n3 \r\n4\r\n5 {long}\r\n6 \u{fc}\r\n7 x\r\n.\r\n");
    let make = || {
        let mut client = logged_in(Config::default());
        client.send(&Command::Uidl(None)).unwrap();
        client
    };
    at_every_split(make, stream.as_bytes(), |events, _| {
        let ids: Vec<_> = events
            .iter()
            .filter_map(|e| match e {
                Event::Item { item: Item::UniqueIdListing(l), .. } => Some(l.unique_id.as_bytes().to_vec()),
                _ => None,
            })
            .collect();
        let expected: [&[u8]; 7] = [b"x", b"a", b"", b"", long.as_bytes(), "\u{fc}".as_bytes(), b"x"];
        assert_eq!(ids, expected);
        assert_eq!(
            rules(events),
            [
                rule::EXTRA_SPACE,
                rule::AFTER_UNIQUE_ID,
                rule::EMPTY_UNIQUE_ID,
                rule::EMPTY_UNIQUE_ID,
                rule::LONG_UNIQUE_ID,
                rule::UNIQUE_ID_OCTETS
            ]
        );
    });
    let mut strict = logged_in(Config { tolerance: Tolerance::Strict, ..Config::default() });
    strict.send(&Command::Uidl(None)).unwrap();
    let (events, end) = events(&mut strict, &[stream.as_bytes()]);
    let malformed = events.iter().filter(|e| matches!(e, Event::Malformed { .. })).count();
    assert_eq!((malformed, end), (6, End::NeedInput), "each is an error of its own, the listing goes on");
}

#[test]
fn a_reply_that_came_before_the_command_is_not_its_reply() {
    let mut client = logged_in(Config::default());
    client.receive(b"+OK 1 100\r\n");
    client.send(&Command::Stat).unwrap();
    assert_eq!(rules(&[next(&mut client)]), [rule::UNSOLICITED_REPLY]);
    assert!(matches!(next(&mut client), Event::Unsolicited(_)));
    assert_eq!(client.next_event(), Ok(Step::NeedInput), "STAT still waits");
    let Event::Reply { reply: Reply::DropListing(listing), .. } = reply(&mut client, b"+OK 2 200\r\n") else {
        panic!()
    };
    assert_eq!(listing.messages, 2);
}

#[test]
fn a_server_may_say_why_it_hangs_up() {
    let mut client = logged_in(Config::default());
    let stream = b"-ERR idle for too long\r\n";
    client.receive(stream);
    client.receive_eof();
    let mut seen = Vec::new();
    let end = drain(&mut client, |_, event| seen.push(event));
    assert!(matches!(seen.last(), Some(Event::Unsolicited(_))));
    assert_eq!(end, End::Closed);
}
