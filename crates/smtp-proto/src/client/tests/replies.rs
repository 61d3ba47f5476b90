//! Replies.

use super::*;

fn waiting() -> Client {
    let mut client = ready(Config::default());
    client.send(&command("NOOP")).unwrap();
    client
}

#[test]
fn cases_91_and_99_to_101_what_is_a_reply() {
    for (stream, code, lines) in [
        ("250\r\n", 250, 1),
        ("250 \r\n", 250, 1),
        ("250-a\r\n250\r\n", 250, 2),
        ("260 odd\r\n", 260, 1),
        ("521 odd\r\n", 521, 1),
        ("556 odd\r\n", 556, 1),
        ("550-5.7.1 a\r\n550 5.1.1 b\r\n", 550, 2),
        ("550 #5.1.0 rejected\r\n", 550, 1),
    ] {
        at_every_split(waiting, stream.as_bytes(), |events, end| {
            let [Event::Reply { reply, .. }] = events else { panic!("{stream:?}: {events:?}") };
            assert_eq!((reply.code().get(), reply.lines().count()), (code, lines));
            assert_eq!(*end, End::NeedInput);
        });
    }
    let mut client = waiting();
    client.receive(b"250 a\r\n250 b\r\n");
    assert!(matches!(next(&mut client), Event::Reply { .. }));
    assert!(matches!(next(&mut client), Event::Diagnostic(_)));
    assert!(matches!(next(&mut client), Event::Unsolicited(reply) if reply.text() == b"b"));
}

#[test]
fn cases_93_and_94_what_is_none() {
    for stream in [
        "250OK\r\n",
        "25 OK\r\n",
        "2500 OK\r\n",
        " 250 OK\r\n",
        "250\tOK\r\n",
        "+OK\r\n",
        "\r\n250 OK\r\n",
        "000 x\r\n",
        "199 x\r\n",
        "666 x\r\n",
        "999 x\r\n",
    ] {
        at_every_split(waiting, stream.as_bytes(), |events, end| {
            assert!(matches!(end, End::Failed(Fatal::Desync(_))), "{stream:?}: {events:?} {end:?}");
        });
    }
}

#[test]
fn case_98_a_bare_lf_is_borne_by_default() {
    at_every_split(waiting, b"250 OK\n", |events, _| assert_eq!(rules(events), [rule::BARE_LF]));
    let strict = || {
        let mut client = ready(Config { tolerance: Tolerance::Strict, ..Config::default() });
        client.send(&command("NOOP")).unwrap();
        client
    };
    at_every_split(strict, b"250 OK\n", |_, end| assert!(matches!(end, End::Failed(_)), "and never hangs"));
}

#[test]
fn an_echo_with_a_bare_lf_is_one_reply() {
    // Python's smtpd echoes a command that it does not know, LF and all
    let echo = b"500 Error: command \"NOOP\nNOOP\r\" not recognized\r\n250 ok\r\n";
    let two = || {
        let mut client = waiting();
        client.expect(ReplyKind::Single).unwrap();
        client
    };
    at_every_split(two, echo, |events, end| {
        assert_eq!(rules(events), [rule::BARE_LF, rule::ECHOED_TEXT]);
        assert_eq!((events.len(), end), (4, &End::NeedInput), "{events:?}");
        assert!(matches!(&events[3], Event::Reply { reply, .. } if reply.is_positive()));
    });
    at_every_split(two, b"500 Error\r\nNOOP\" not recognized\r\n", |_, end| {
        assert!(matches!(end, End::Failed(Fatal::Desync(_))), "only behind a bare LF");
    });
}

#[test]
fn case_103_421_may_come_at_any_time() {
    at_every_split(
        || greeted(Config::default()),
        b"421 idle\r\n",
        |events, _| {
            assert!(matches!(&events[1], Event::Unsolicited(reply) if reply.code().get() == 421));
        },
    );
    let mut client = enveloped(Config::default());
    for line in ["RCPT TO:<e@f>", "DATA"] {
        client.send(&command(line)).unwrap();
    }
    client.receive(b"421 closing\r\n");
    client.receive_eof();
    assert!(matches!(next(&mut client), Event::Reply { reply, .. } if reply.is_transient()));
    assert_eq!(client.state(), State::Closed);
    assert_eq!(client.next_event(), Ok(Step::Closed), "the others have no reply");
    assert!(client.send(&command("NOOP")).is_err());
    let refused = Reply::parse(&"421 busy\r\n".into()).unwrap();
    assert!(!may_fall_back_to_helo(&refused));
}

#[test]
fn case_104_helo_after_ehlo() {
    for code in [500, 501, 502, 503, 504, 550] {
        let mut client = greeted(Config::default());
        let Event::Reply { reply, .. } = say(&mut client, "EHLO a", &format!("{code} what?")) else {
            panic!()
        };
        assert!(may_fall_back_to_helo(&reply));
        assert!(client.ehlo().is_none());
        say(&mut client, "HELO a", "250 mx");
        assert_eq!(client.state(), State::Ready);
        assert!(!client.ehlo().unwrap().has(Keyword::Size));
        assert_eq!(client.send(&command("STARTTLS")), Err(Misuse::NotAdvertised("STARTTLS")), "case 113");
    }
}

#[test]
fn case_109_354_that_never_comes() {
    let mut client = enveloped(Config::default());
    client.send(&command("DATA")).unwrap();
    client.receive(b"250 ok\r\n");
    assert!(matches!(client.next_event(), Err(Fatal::Desync(_))));
}

#[test]
fn a_server_may_refuse_to_serve() {
    let mut client = Client::new(Config::default());
    client.receive(b"554 go away\r\n");
    assert!(matches!(next(&mut client), Event::Greeting(reply) if reply.is_permanent()));
    client.send(&command("QUIT")).unwrap();
    assert_eq!(client.output().take_all(), "QUIT\r\n");
    client.receive(b"221 bye\r\n");
    assert!(matches!(next(&mut client), Event::Reply { .. }));
    client.receive_eof();
    assert_eq!(client.next_event(), Ok(Step::Closed));
}

#[test]
fn a_reply_before_its_command_is_not_believed() {
    let mut client = ready(Config::default());
    client.receive(b"250 forged\r\n");
    client.send(&command("MAIL FROM:<a@b>")).unwrap();
    assert!(matches!(next(&mut client), Event::Diagnostic(_)));
    assert!(matches!(next(&mut client), Event::Unsolicited(_)));
    assert_eq!(client.state(), State::Ready);
    assert_eq!(client.outstanding(), 1);
}

#[test]
fn the_end_of_the_stream() {
    for (stream, inside) in [(&b""[..], "the replies that are due"), (b"250-a\r\n25", "a reply")] {
        let mut client = waiting();
        client.receive(stream);
        client.receive_eof();
        assert_eq!(client.next_event(), Err(Fatal::UnexpectedEof(inside)));
    }
    let mut client = Client::new(Config::default());
    client.receive_eof();
    assert_eq!(client.next_event(), Err(Fatal::UnexpectedEof("the greeting")));
}
