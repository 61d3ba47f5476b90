//! Chunks (RFC 3030).

use super::*;

fn bdat(server: &mut Server, line: &str) -> (CommandId, Bdat) {
    match command(server, line) {
        (id, Command::Bdat(bdat)) => (id, bdat),
        other => panic!("{other:?}"),
    }
}

#[test]
fn cases_35_and_36_chunks_are_counted() {
    let stream = b"BDAT 10 LAST\r\n0123456789MAIL FROM:<a@b>\r\n";
    at_every_split(
        || enveloped(config()),
        stream,
        |events, _| {
            assert_eq!((content(events), ends(events)), (b"0123456789".to_vec(), vec![None]));
            assert_eq!(commands(events), 2, "BDAT and MAIL: a new transaction");
        },
    );
    at_every_split(
        || enveloped(config()),
        b"BDAT 0 LAST\r\nNOOP\r\n",
        |events, _| {
            assert_eq!((content(events), ends(events).len(), commands(events)), (vec![], 1, 2));
        },
    );
    let stream = b"BDAT 3\r\nabcBDAT 0\r\nBDAT 4\r\n\n.\r\nBDAT 1 LAST\r\nzQUIT\r\n";
    at_every_split(
        || enveloped(config()),
        stream,
        |events, end| {
            assert_eq!(content(events), b"abc\n.\r\nz");
            let octets: Vec<_> = events
                .iter()
                .filter_map(|e| {
                    if let Event::BodyEnd { last, octets, .. } = e { Some((*last, *octets)) } else { None }
                })
                .collect();
            assert_eq!(octets, [(false, 3), (false, 3), (false, 7), (true, 8)]);
            assert_eq!(*end, End::Closed);
            assert_eq!(rules(events), [], "what is in a chunk is opaque");
        },
    );
}

#[test]
fn case_38_totals_do_not_overflow() {
    let mut server = enveloped(config());
    let (id, refusal) = refused(&mut server, "BDAT 18446744073709551615\r\n");
    assert_eq!(refusal, Refusal::TooLarge { limit: 1000 });
    server.reply(id, &refusal.reply()).unwrap();
    server.receive(&[b'x'; 4000]);
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    assert_eq!(server.unread(), 0, "what is discarded is not held");
    // without a limit it is counted
    let mut unlimited = config();
    unlimited.limits.max_message = Some(u64::MAX);
    let mut server = enveloped(unlimited);
    let (id, _) = bdat(&mut server, "BDAT 1\r\n");
    server.accept_body(id).unwrap();
    server.receive(b"x");
    drain(&mut server, |server, event| accept(server, &mut Vec::new(), event));
    assert_eq!(
        refused(&mut server, "BDAT 18446744073709551615\r\n").1,
        Refusal::TooLarge { limit: u64::MAX }
    );
}

#[test]
fn an_oversized_message_is_refused_when_it_is_announced() {
    let stream =
        [&b"BDAT 600\r\n"[..], &[b'x'; 600], b"BDAT 600 LAST\r\n", &[b'y'; 600], b"RSET\r\n"].concat();
    at_every_split(
        || enveloped(config()),
        &stream,
        |events, _| {
            assert_eq!((ends(events), content(events).len()), (vec![None], 600));
            assert_eq!(commands(events), 2, "its content is discarded, and RSET is a command");
        },
    );
}

#[test]
fn case_39_a_size_that_is_none_ends_the_connection() {
    for arguments in ["-1", "+10", "0x10", "", " 1", "1 2", "10 LAST foo", "10LAST", "18446744073709551616"] {
        let mut server = enveloped(config());
        server.receive(format!("BDAT {arguments}\r\nRSET\r\n").as_bytes());
        let Event::Malformed { id, malformed } = next(&mut server) else { panic!("{arguments}") };
        let said = malformed_reply(&malformed);
        assert_eq!(said.code().get(), 501, "{arguments}");
        server.reply(id, &said).unwrap();
        let _ = server.output().take_all();
        assert_eq!(server.next_event(), Ok(Step::Closed), "content of unknown length follows: {arguments}");
    }
}

#[test]
fn an_over_long_bdat_ends_the_connection() {
    let line = format!("BDAT {:0>3000} LAST\r\nRSET\r\n", 6);
    at_every_split(
        || enveloped(config()),
        line.as_bytes(),
        |events, end| {
            assert!(matches!(events, [Event::Malformed { .. }]), "{events:?}");
            assert_eq!(*end, End::Closed, "what follows is content");
        },
    );
}

#[test]
fn case_40_the_content_of_a_refused_chunk_is_discarded() {
    // without a recipient
    at_every_split(
        || ready(config()),
        b"BDAT 6\r\nRSET\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n",
        |events, _| {
            assert_eq!((commands(events), content(events)), (1, vec![]), "only NOOP is a command");
            let refused = events.iter().filter(|e| matches!(e, Event::Refused { .. })).count();
            assert_eq!(refused, 2);
        },
    );
    // the reply comes behind the content
    let mut server = ready(config());
    let (id, refusal) = refused(&mut server, "BDAT 5\r\n");
    assert_eq!(server.accept_body(id), Err(Misuse::WrongReply));
    server.reply(id, &refusal.reply()).unwrap();
    server.receive(b"1234");
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    assert!(server.output().is_empty());
    server.receive(b"5");
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    assert!(server.output().take_all().starts_with(b"503 5.5.1 "));
}

#[test]
fn case_40_after_a_failed_chunk_only_rset_helps() {
    let mut server = enveloped(config());
    let (id, _) = bdat(&mut server, "BDAT 3\r\n");
    server.reply(id, &reply("452 full")).unwrap();
    server.receive(b"abc");
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    assert_eq!(server.state(), State::Failed);
    for line in ["BDAT 2 LAST\r\nxy", "MAIL FROM:<a@b>\r\n", "RCPT TO:<a@b>\r\n", "DATA\r\n"] {
        assert_eq!(refusal_code(&mut server, line), 503, "{line:?}");
        assert_eq!(server.next_event(), Ok(Step::NeedInput));
    }
    say(&mut server, "RSET\r\n");
    say(&mut server, "MAIL FROM:<a@b>\r\n");
}

#[test]
fn case_34_and_41_data_and_bdat_do_not_mix() {
    let mut server = enveloped(config());
    let (id, _) = bdat(&mut server, "BDAT 1\r\n");
    server.accept_body(id).unwrap();
    server.receive(b"x");
    assert!(matches!(next(&mut server), Event::BodyChunk { .. }));
    assert!(matches!(next(&mut server), Event::BodyEnd { last: false, .. }));
    server.reply(id, &ok()).unwrap();
    assert_eq!(server.state(), State::Chunks);
    assert_eq!(refusal_code(&mut server, "DATA\r\n"), 503);
    assert_eq!(refusal_code(&mut server, "RCPT TO:<x@y>\r\n"), 503);
    let mut server = ready(config());
    say(&mut server, "MAIL FROM:<a@b> BODY=BINARYMIME\r\n");
    say(&mut server, "RCPT TO:<a@b>\r\n");
    assert_eq!(refused(&mut server, "DATA\r\n").1, Refusal::BinaryData);
}

#[test]
fn chunks_are_not_offered_without_chunking() {
    let mut server = enveloped(offering("250-mx\r\n250 PIPELINING\r\n"));
    let (id, refusal) = refused(&mut server, "BDAT 5 LAST\r\nQUIT\r\nNOOP\r\n");
    assert_eq!(refusal, Refusal::NotOffered);
    server.reply(id, &refusal.reply()).unwrap();
    // QUIT without its LF is the chunk: what is left of it is an empty line
    assert!(matches!(next(&mut server), Event::Malformed { .. }));
}
