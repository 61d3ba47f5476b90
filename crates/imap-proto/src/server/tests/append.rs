//! Message data inward: APPEND, MULTIAPPEND, CATENATE and REPLACE.

use super::*;
use crate::{AppendData, CatenatePart, Flag, Sequence};

fn offered(server: &mut Server, line: &str) -> (CommandId, crate::server::Offer) {
    server.receive(line.as_bytes());
    match next(server) {
        Event::BodyOffered { id, offer } => (id, *offer),
        other => panic!("{line:?}: {other:?}"),
    }
}

#[test]
fn a_message_is_offered_and_streamed() {
    let mut server = ready();
    let (id, offer) = offered(&mut server, "a APPEND Saved (\\Seen) \" 7-Feb-1994 22:43:04 -0800\" {10}\r\n");
    assert_eq!(offer.tag.as_bytes(), b"a");
    assert_eq!(offer.prefix.mailbox.as_bytes(), b"Saved");
    assert!(offer.prefix.flags.is_some_and(|flags| flags.has(&Flag::Seen)));
    assert!(offer.prefix.date.is_some());
    assert_eq!((offer.size, offer.binary, offer.synchronising, offer.prefix.index), (10, false, true, 0));
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)));
    assert!(!server.wants_read());
    assert_eq!(written(&mut server), "", "nothing is said yet");
    assert_eq!(server.reply(id, &ok()), Err(Misuse::UnknownId), "it is no command yet");
    server.accept_body(id).unwrap();
    assert_eq!(server.accept_body(id), Err(Misuse::UnknownId));
    assert_eq!(written(&mut server), "+ Ready for literal data\r\n");
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    server.receive(b"01234");
    assert_eq!(next(&mut server), Event::BodyChunk { id, data: "01234".into() });
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    server.receive(b"56789\r\n");
    assert_eq!(next(&mut server), Event::BodyChunk { id, data: "56789".into() });
    assert_eq!(next(&mut server), Event::BodyEnd { id });
    let Event::Command { id: same, command: Command::Append(append), .. } = next(&mut server) else {
        panic!()
    };
    assert_eq!(same, id);
    assert_eq!(
        append.messages()[0].data,
        AppendData::Message(MessageData::Streamed { size: crate::Number64::from(10), binary: false })
    );
    server.reply(id, &condition("OK [APPENDUID 1 2] done")).unwrap();
    assert_eq!(written(&mut server), "a OK [APPENDUID 1 2] done\r\n");
}

#[test]
fn sessions_with_messages_are_the_same_at_every_split() {
    for (stream, expected) in [
        (
            &b"a APPEND x {3+}\r\nabc (\\Seen) {9+}\r\nz LOGOUT\n ~{1+}\r\n\0\r\nb NOOP\r\n"[..],
            &[
                "offered 0 None 3", "data abc", "end", "offered 1 None 9", "data z LOGOUT\\n", "end", "offered 2 None 1",
                "data \\x00", "end", "a APPEND", "b NOOP",
            ][..],
        ),
        (
            b"a APPEND {1+}\r\nx CATENATE (URL {2+}\r\n/u TEXT {3+}\r\nabc URL \"/v {3}\" TEXT {2+}\r\nde) {1+}\r\nf\r\n",
            &[
                "offered 0 Some(1) 3", "data abc", "end", "offered 0 Some(3) 2", "data de", "end", "offered 1 None 1",
                "data f", "end", "a APPEND",
            ],
        ),
        (
            b"a APPEND x UTF8 (~{2+}\r\n\xc3\xa9)\r\n",
            &["offered 0 None 2", "data \\xc3\\xa9", "end", "a APPEND"],
        ),
        (
            b"a APPEND x CATENATE (UTF8 (~{2+}\r\n\xc3\xa9) TEXT {0+}\r\n)\r\n",
            &["offered 0 Some(0) 2", "data \\xc3\\xa9", "end", "offered 0 Some(1) 0", "end", "a APPEND"],
        ),
        // strings in what extensions say are kept
        (
            b"a APPEND x X-NEW ({2+}\r\nab ({1+}\r\nc)) {1+}\r\nd\r\n",
            &["offered 0 None 1", "data d", "end", "a APPEND"],
        ),
        (b"a UID REPLACE 4 x {1+}\r\nd\r\n", &["offered 0 None 1", "data d", "end", "a UID REPLACE"]),
        // the command goes on wrongly behind its message
        (b"a APPEND x {1+}\r\nd y\r\nb NOOP\r\n", &["offered 0 None 1", "data d", "end", "malformed: APPEND", "b NOOP"]),
        (
            b"a APPEND x {1+}\r\nd y {6+}\r\nc NOOP\r\nb NOOP\r\n",
            &["offered 0 None 1", "data d", "end", "malformed: APPEND", "b NOOP"],
        ),
        // wrong before it: the literal is of it nevertheless
        (b"a APPEND x FLAGS {8+}\r\nc NOOP\r\n\r\nb NOOP\r\n", &["malformed: APPEND", "b NOOP"]),
        (b"a APPEND x (\\Seen {8+}\r\nc NOOP\r\n)\r\nb NOOP\r\n", &["malformed: APPEND", "b NOOP"]),
    ] {
        at_every_split(selected, stream, |events, end| {
            assert_eq!(names(events), expected, "{}", stream.escape_ascii());
            assert_eq!(*end, End::NeedInput);
        });
    }
}

#[test]
fn what_replaces_is_told() {
    let mut server = selected();
    let (id, offer) = offered(&mut server, "a REPLACE * Drafts (\\Draft) ~{5+}\r\n");
    let replaced = offer.replaces.unwrap();
    assert_eq!((replaced.message, replaced.uid, offer.binary), (Sequence::LAST, false, true));
    server.accept_body(id).unwrap();
    let (_, command) = {
        server.receive(b"a\0b\0c\r\n");
        let mut events = Vec::new();
        drain(&mut server, |_, event| events.push(event));
        match events.pop() {
            Some(Event::Command { id, command, .. }) => (id, command),
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(command, Command::Replace(_)));
}

#[test]
fn parts_are_streamed_into_their_places() {
    let mut server = ready();
    let mut events = Vec::new();
    server.receive(b"a APPEND x CATENATE (TEXT {2+}\r\nab URL /u TEXT {1+}\r\nc)\r\n");
    drain(&mut server, |server, event| accept(server, &mut events, event));
    let Some(Event::Command { command: Command::Append(append), .. }) = events.last() else {
        panic!("{events:?}")
    };
    let AppendData::Catenate(parts) = &append.messages()[0].data else { panic!() };
    let sizes: Vec<_> = parts
        .parts()
        .iter()
        .map(|part| match part {
            CatenatePart::Text(data) => Some(data.size()),
            _ => None,
        })
        .collect();
    assert_eq!(sizes, [Some(2), None, Some(1)]);
}

#[test]
fn the_application_may_refuse() {
    // a client that waits sends nothing
    let mut server = ready();
    let (id, _) = offered(&mut server, "a APPEND x {10}\r\n");
    for wrong in [ok(), condition("BYE x")] {
        assert_eq!(server.refuse_body(id, &wrong), Err(Misuse::WrongReply));
    }
    server.refuse_body(id, &condition("NO [TRYCREATE] no such mailbox")).unwrap();
    assert_eq!(written(&mut server), "a NO [TRYCREATE] no such mailbox\r\n");
    assert_eq!(server.refuse_body(id, &no()), Err(Misuse::UnknownId));
    say(&mut server, "b NOOP\r\n");
    // one that does not wait sends it all, and it is nothing but octets
    for rest in ["\r\n", " (\\Seen) {8+}\r\nd NOOP\r\n\r\n", " {5}\r\n"] {
        let stream = format!("a APPEND x {{10+}}\r\nc LOGOUT\r\n{rest}");
        for chunks in chunkings(stream.as_bytes()) {
            let mut server = ready();
            let mut events = 0;
            let mut end = End::NeedInput;
            for chunk in chunks {
                server.receive(chunk);
                end = drain(&mut server, |server, event| {
                    events += 1;
                    let Event::BodyOffered { id, .. } = event else { panic!("{event:?}") };
                    server.refuse_body(id, &condition("NO [OVERQUOTA] full")).unwrap();
                });
            }
            assert_eq!((events, end), (1, End::NeedInput));
            assert_eq!(written(&mut server), "a NO [OVERQUOTA] full\r\n", "{rest:?}");
            say(&mut server, "b NOOP\r\n");
        }
    }
    // the second message of several
    let mut server = ready();
    let (id, _) = offered(&mut server, "a APPEND x {1+}\r\n");
    server.accept_body(id).unwrap();
    server.receive(b"y {5}\r\n");
    assert!(matches!(next(&mut server), Event::BodyChunk { .. }));
    assert!(matches!(next(&mut server), Event::BodyEnd { .. }));
    assert!(matches!(next(&mut server), Event::BodyOffered { id: same, .. } if same == id));
    server.refuse_body(id, &no()).unwrap();
    assert_eq!(written(&mut server), "a NO no\r\n");
    say(&mut server, "b NOOP\r\n");
}

#[test]
fn sizes_are_checked_before_anything_is_offered() {
    let mut server = ready();
    let big = "a NO [TOOBIG] Literals of more than 1000000 octets are not taken here\r\n";
    assert_eq!(refused(&mut server, "a APPEND x {1000001}\r\n"), big, "APPENDLIMIT");
    let (id, _) = offered(&mut server, "a APPEND x {1000000}\r\n");
    server.refuse_body(id, &no()).unwrap();
    let mut config = config();
    config.limits.max_message = Some(5);
    let mut server = ready_with(config);
    let line = "a APPEND x {10+}\r\nc LOGOUT\r\n\r\n";
    assert_eq!(refused(&mut server, line), big.replace("1000000", "5"));
    say(&mut server, "b NOOP\r\n");
}

#[test]
fn small_ones_may_be_part_of_the_value() {
    let mut config = config();
    config.limits.max_inline_literal = 3;
    let mut server = ready_with(config);
    server.receive(b"a APPEND x {3}\r\n");
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    assert_eq!(written(&mut server), "+ Ready for literal data\r\n");
    let (id, command) = command(&mut server, "abc\r\n");
    let Command::Append(append) = command else { panic!() };
    assert_eq!(append.messages()[0].data, AppendData::Message(MessageData::new("abc")));
    server.reply(id, &ok()).unwrap();
    let (id, offer) = offered(&mut server, "b APPEND x (\\Draft) {2+}\r\nab (\\Seen) {4+}\r\n");
    assert_eq!((offer.prefix.index, offer.size), (1, 4));
    assert!(offer.prefix.flags.is_some_and(|flags| flags.has(&Flag::Seen) && !flags.has(&Flag::Draft)));
    server.accept_body(id).unwrap();
    let mut events = Vec::new();
    server.receive(b"abcd\r\n");
    drain(&mut server, |server, event| accept(server, &mut events, event));
    let Some(Event::Command { command: Command::Append(append), .. }) = events.last() else {
        panic!("{events:?}")
    };
    assert_eq!(append.messages().len(), 2);
    assert_eq!(append.messages()[0].data, AppendData::Message(MessageData::new("ab")));
}

#[test]
fn a_message_streams_in_constant_memory() {
    let mut config = config();
    config.limits.max_message = Some(u64::MAX);
    let mut server = ready_with(config);
    let size: u64 = 64 << 20;
    let (id, _) = offered(&mut server, &format!("a APPEND x {{{size}+}}\r\n"));
    server.accept_body(id).unwrap();
    let piece = [b'x'; 16_384];
    let mut octets = 0;
    for _ in 0..size / 16_384 {
        server.receive(&piece);
        assert!(server.unread() <= piece.len());
        let end = drain(&mut server, |_, event| {
            if let Event::BodyChunk { data, .. } = event {
                octets += data.len() as u64;
            }
        });
        assert_eq!(end, End::NeedInput);
    }
    assert_eq!(octets, size);
}

#[test]
fn nothing_is_offered_to_whom_may_not() {
    let mut server = server();
    let line = "a APPEND x {10+}\r\nc LOGOUT\r\n\r\n";
    assert!(refused(&mut server, line).starts_with("a BAD Only in the state authenticated"));
    let one_by_one = Config { after_login: capabilities("IMAP4rev1 LITERAL+"), ..config() };
    let mut server = ready_with(one_by_one);
    let (id, _) = offered(&mut server, "a APPEND x {1+}\r\n");
    server.accept_body(id).unwrap();
    server.receive(b"x {1+}\r\nx\r\n");
    let _ = (next(&mut server), next(&mut server));
    assert_eq!(answer_refused(&mut server), "a BAD MULTIAPPEND is not offered\r\n");
    say(&mut server, "b NOOP\r\n");
}

#[test]
fn a_nul_belongs_into_a_literal8() {
    let stream = b"a APPEND x {3+}\r\n\0b\0\r\nb APPEND x ~{1+}\r\n\0\r\n";
    at_every_split(ready, stream, |events, _| {
        let expected = [
            "offered 0 None 3",
            "data \\x00b\\x00",
            "end",
            "malformed: APPEND",
            "offered 0 None 1",
            "data \\x00",
            "end",
            "b APPEND",
        ];
        assert_eq!(names(events), expected);
    });
    let tolerant = || ready_with(Config { tolerance: Tolerance::Default, ..config() });
    at_every_split(tolerant, stream, |events, _| {
        let expected = ["offered 0 None 3", "data \\x00b\\x00", "remark nul-in-literal", "end", "a APPEND"];
        assert_eq!(names(events)[..5], expected);
    });
}

#[test]
fn a_quadratic_prefix_is_read_once() {
    // each literal of a URL is a question, and none may make the machine look at all of the command again
    let cost = |count: usize| {
        let mut config = config();
        config.limits.max_frame = 1 << 22;
        let mut server = ready_with(config);
        let stream = ["a APPEND x CATENATE (URL a", &" URL {1+}\r\nb".repeat(count), ")\r\n"].concat();
        server.receive(stream.as_bytes());
        let start = std::time::Instant::now();
        assert!(matches!(next(&mut server), Event::Command { .. }));
        start.elapsed()
    };
    // generous: a quadratic scan of 40,000 would take minutes
    assert!(cost(40_000) < std::time::Duration::from_secs(20));
}

/// What was known of the refused one is not taken for the next one.
#[test]
fn a_refused_message_leaves_nothing_behind() {
    for head in ["{2}\r\n", "{2+}\r\nab\r\n"] {
        let mut server = ready();
        server.receive(format!("a APPEND a-mailbox-with-a-long-name (\\Seen) {head}").as_bytes());
        let Event::BodyOffered { id, .. } = next(&mut server) else { panic!("{head}") };
        server.refuse_body(id, &no()).unwrap();
        server.receive(b"b APPEND x {2}\r\n");
        let Event::BodyOffered { id, offer } = next(&mut server) else { panic!("{head}") };
        assert_eq!((offer.size, written(&mut server)), (2, "a NO no\r\n".to_owned()));
        server.accept_body(id).unwrap();
    }
}
