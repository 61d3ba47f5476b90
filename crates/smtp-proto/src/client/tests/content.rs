//! Content that is sent.

use super::*;

fn sent(config: Config, pieces: &[&'static [u8]]) -> Bytes {
    let (mut client, id) = asked(Config { allow_8bit: true, ..config });
    for piece in pieces {
        client.body(id, &Bytes::from_static(piece)).unwrap();
    }
    client.end_body(id).unwrap();
    client.output().take_all()
}

#[test]
fn cases_28_to_31_the_end_of_the_data() {
    for (pieces, wire) in [
        (&[&b"a\r\n"[..]][..], &b"a\r\n.\r\n"[..]),
        (&[b"a"], b"a\r\n.\r\n"),
        (&[], b".\r\n"),
        (&[b".a\r\n", b".", b".\r\n."], b"..a\r\n...\r\n..\r\n.\r\n"),
        (&[b"a\r", b"\n.b"], b"a\r\n..b\r\n.\r\n"),
    ] {
        assert_eq!(sent(Config::default(), pieces), wire);
    }
}

#[test]
fn case_26_bare_line_ends() {
    let (mut client, id) = asked(Config::default());
    let refused = client.body(id, &"a\n.\nb".into());
    assert_eq!(refused, Err(BodyError::LineEnding { what: "LF", offset: 1 }));
    assert!(client.output().is_empty());
    let normalise = Config { line_endings: LineEndings::Normalise, ..Config::default() };
    assert_eq!(sent(normalise, &[b"a\n.\nb"]), "a\r\n..\r\nb\r\n.\r\n");
}

#[test]
fn case_33_octets_above_127_have_to_be_announced() {
    let (mut client, id) = asked(Config::default());
    assert_eq!(client.body(id, &"a\u{fc}".into()), Err(BodyError::EightBit { offset: 1 }));
    assert!(client.output().is_empty());
    let mut client = ready(Config::default());
    say(&mut client, "MAIL FROM:<a@b> BODY=8BITMIME", "250 ok");
    say(&mut client, "RCPT TO:<a@b>", "250 ok");
    let Event::SendBody { id, .. } = say(&mut client, "DATA", "354 go") else { panic!() };
    client.body(id, &"a\u{fc}".into()).unwrap();
    let mut client = ready(Config::default());
    say(&mut client, "MAIL FROM:<a@b> BODY=BINARYMIME", "250 ok");
    say(&mut client, "RCPT TO:<a@b>", "250 ok");
    assert!(
        matches!(client.send(&command("DATA")), Err(Misuse::State { .. })),
        "binary content only with BDAT"
    );
}

#[test]
fn case_34_chunks_are_counted_and_do_not_mix_with_data() {
    let mut client = ready(Config::default());
    say(&mut client, "MAIL FROM:<a@b> BODY=BINARYMIME", "250 ok");
    say(&mut client, "RCPT TO:<c@d>", "250 ok");
    let _ = client.output().take_all();
    let id = client.send(&command("BDAT 5")).unwrap();
    assert!(matches!(client.send(&command("RSET")), Err(Misuse::State { .. })), "inside of the chunk");
    assert_eq!(client.body(id, &"123456".into()), Err(BodyError::TooLong { limit: 5 }));
    client.body(id, &"12".into()).unwrap();
    assert!(client.end_body(id).is_err(), "octets are missing");
    client.body(id, &"\n.\n".into()).unwrap();
    assert!(client.body(id, &"x".into()).is_err());
    assert!(matches!(client.send(&command("DATA")), Err(Misuse::State { .. })));
    assert!(matches!(client.send(&command("RCPT TO:<x@y>")), Err(Misuse::State { .. })));
    let last = client.send(&command("BDAT 0 LAST")).unwrap();
    client.send(&command("MAIL FROM:<a@b>")).unwrap();
    assert_eq!(client.output().take_all(), "BDAT 5\r\n12\n.\nBDAT 0 LAST\r\nMAIL FROM:<a@b>\r\n");
    client.receive(b"250 5\r\n250 done\r\n250 ok\r\n");
    for _ in 0..3 {
        assert!(matches!(next(&mut client), Event::Reply { .. }));
    }
    assert_ne!(id, last);
    assert_eq!(client.state(), State::Mail);
}

#[test]
fn after_a_refused_chunk_comes_rset() {
    let mut client = enveloped(Config::default());
    let id = client.send(&command("BDAT 1")).unwrap();
    client.body(id, &"x".into()).unwrap();
    client.receive(b"452 full\r\n");
    assert!(matches!(next(&mut client), Event::Reply { .. }));
    assert_eq!(client.state(), State::Failed);
    assert!(matches!(client.send(&command("BDAT 1 LAST")), Err(Misuse::State { .. })));
    say(&mut client, "RSET", "250 ok");
    assert_eq!(client.state(), State::Ready);
}

#[test]
fn case_108_354_without_a_recipient() {
    let mut client = ready(Config::default());
    for line in ["MAIL FROM:<a@b>", "RCPT TO:<a@b>", "DATA"] {
        client.send(&command(line)).unwrap();
    }
    let _ = client.output().take_all();
    client.receive(b"250 ok\r\n550 no\r\n354 go\r\n");
    for _ in 0..2 {
        assert!(matches!(next(&mut client), Event::Reply { .. }));
    }
    assert_eq!(client.next_event(), Ok(Step::NeedInput));
    assert_eq!(client.output().take_all(), ".\r\n", "an empty message");
    client.receive(b"554 no recipients\r\n");
    assert!(matches!(next(&mut client), Event::Reply { reply, .. } if reply.is_permanent()));
    assert_eq!(client.state(), State::Ready);
    // three recipients, of which one is accepted
    let mut client = ready(Config::default());
    for line in ["MAIL FROM:<a@b>", "RCPT TO:<a@b>", "RCPT TO:<c@b>", "RCPT TO:<d@b>", "DATA"] {
        client.send(&command(line)).unwrap();
    }
    client.receive(b"250 ok\r\n550 no\r\n250 ok\r\n550 no\r\n354 go\r\n");
    let mut last = None;
    drain(&mut client, |_, event| last = Some(event));
    assert!(matches!(last, Some(Event::SendBody { .. })));
}

#[test]
fn a_refusal_in_the_midst_of_the_content_ends_the_session() {
    for line in ["421 too slow", "451 no", "552 too much"] {
        let (mut client, id) = asked(Config::default());
        assert_eq!(client.next_event(), Ok(Step::Paused(Pause::Respond)), "the server waits");
        assert!(client.wants_read());
        client.body(id, &"x".into()).unwrap();
        client.receive(format!("{line}\r\n").as_bytes());
        assert!(matches!(next(&mut client), Event::Reply { id: of, .. } if of == id));
        assert_eq!(client.state(), State::Closed);
        assert!(client.body(id, &"x".into()).is_err());
    }
    let (mut client, _) = asked(Config::default());
    client.receive(b"250 thanks\r\n");
    assert!(matches!(client.next_event(), Err(Fatal::Desync(_))), "nobody can have it before it was sent");
}

#[test]
fn chunks_of_text_have_line_ends() {
    for (pieces, octet) in [
        (&["a\r", "\nb"][..], None),
        (&["a\r", "b"], Some(("CR", 0))),
        (&["ab\n", "x"], Some(("LF", 2))),
        (&["abc\r"], Some(("CR", 3))),
    ] {
        let mut client = enveloped(Config::default());
        let size: usize = pieces.iter().map(|piece| piece.len()).sum();
        let id = client.send(&command(&format!("BDAT {size} LAST"))).unwrap();
        let sent: Result<Vec<()>, _> =
            pieces.iter().map(|piece| client.body(id, &Bytes::from(*piece))).collect();
        let refused = octet.map(|(what, offset)| BodyError::LineEnding { what, offset });
        assert_eq!(sent.err(), refused, "{pieces:?}");
    }
}

#[test]
fn pieces_are_held_back_at_the_high_water_mark_and_go_by_reference() {
    let mut config = Config::default();
    config.limits.high_water = 1000;
    let (mut client, id) = asked(config);
    let piece = Bytes::from(vec![b'x'; 2000]);
    client.body(id, &piece).unwrap();
    assert_eq!(client.body(id, &piece), Err(BodyError::Full));
    use bytes::Buf;
    assert_eq!(client.output().chunk().as_ptr(), piece.as_ptr());
    client.output().advance(1500);
    client.body(id, &piece).unwrap();
}
