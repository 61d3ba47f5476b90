//! Messages.

use super::*;

#[test]
fn case_148_messages_are_stuffed_and_their_line_ends_mended() {
    for (body, written) in [
        (&b".a\r\n"[..], &b"..a\r\n.\r\n"[..]),
        (b"", b".\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b"a\nb\n", b"a\r\nb\r\n.\r\n"),
        (b"a\n.\nb", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\rb", b"a\r\nb\r\n.\r\n"),
        (b"..\r\n", b"...\r\n.\r\n"),
    ] {
        for chunks in chunkings(body) {
            let (mut server, id) = sending(config());
            for chunk in chunks {
                server.body(id, &Bytes::copy_from_slice(chunk)).unwrap();
            }
            server.end_body(id).unwrap();
            assert_eq!(server.output().take_all(), written, "{body:?}");
        }
    }
    let (mut strict, id) = sending(Config { line_endings: LineEndings::Strict, ..config() });
    let refused = strict.body(id, &"a\r\nb\n".into());
    assert_eq!(refused, Err(BodyError::LineEnding { what: "LF", offset: 4 }));
    assert!(strict.output().is_empty(), "nothing of the piece was taken");
    strict.body(id, &"a\r\n".into()).unwrap();
    strict.end_body(id).unwrap();
    assert_eq!(strict.output().take_all(), "a\r\n.\r\n");
}

#[test]
fn bodies_are_held_back_at_the_high_water_mark() {
    let mut config = config();
    config.limits.high_water = 1000;
    let (mut server, id) = sending(config);
    let piece = Bytes::from(vec![b'x'; 600]);
    server.body(id, &piece).unwrap();
    server.body(id, &piece).unwrap();
    assert_eq!(server.body(id, &piece), Err(BodyError::Full));
    assert_eq!(server.output().remaining(), 1200, "the refused piece has left no trace");
    server.output().advance(201);
    server.body(id, &piece).unwrap();
}

#[test]
fn a_client_that_does_not_read_is_not_served_on() {
    let mut config = config();
    config.limits.high_water = 10;
    let mut server = logged_in(config);
    server.receive(&b"NOOP\r\n".repeat(100));
    let mut answered = 0;
    let end = drain(&mut server, |server, event| {
        let Event::Command { id, .. } = event else { panic!("{event:?}") };
        server.reply(id, &ok()).unwrap();
        answered += 1;
    });
    assert_eq!((answered, end), (2, End::Paused(Pause::Drain)), "5 octets each");
    assert!(!server.wants_read());
    server.output().advance(5);
    assert!(matches!(server.next_event(), Ok(Step::Event(Event::Command { .. }))));
}

#[test]
fn large_pieces_go_by_reference() {
    let (mut server, id) = sending(config());
    let piece = Bytes::from(vec![b'x'; 100_000]);
    server.body(id, &piece).unwrap();
    assert_eq!(server.output().chunk().as_ptr(), piece.as_ptr());
}

#[test]
fn a_challenge_that_fills_the_output_is_written_before_its_response_is_read() {
    let mut config = config();
    config.limits.high_water = 10;
    let mut server = server(config);
    let (id, _) = command(&mut server, "AUTH SCRAM-SHA-256\r\n");
    server.challenge(id, b"over the mark").unwrap();
    // NeedInput would be a promise that reading helps
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Drain)));
    assert!(!server.wants_read());
    let _ = server.output().take_all();
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    assert!(server.wants_read());
    server.receive(b"YQ==\r\n");
    assert!(matches!(next(&mut server), Event::AuthResponse { .. }));
}
