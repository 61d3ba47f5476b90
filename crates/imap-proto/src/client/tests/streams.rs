//! Literals that are received.

use super::*;

fn small() -> Config {
    let mut limits = Limits::client();
    limits.max_inline_literal = 4;
    limits.max_string_literal = 8;
    Config { limits, ..config() }
}

fn fetching() -> Client {
    let mut client = selected(small());
    client.send(&command("UID FETCH 1 BODY[]")).unwrap();
    client
}

#[test]
fn large_literals_of_messages_are_streamed() {
    let stream = b"* 7 FETCH (FLAGS (\\Seen) UID 5 BODY[1.2.HEADER.FIELDS (\"a]\" B)]<0> {5}\r\n12)\r\n RFC822.HEADER {4}\r\nabcd BODY[] {6}\r\n{9}\r\nx \
        BINARY[2] ~{5}\r\n\0\0\0\0\0 RFC822.TEXT \"x\" rfc822 {5}\r\nABCDE)\r\n* 8 FETCH (BODY[] {4}\r\nabcd)\r\nA2 OK x\r\n";
    at_every_split(fetching, stream, |events, end| {
        let events = short(events);
        assert_eq!(
            events[..12],
            [
                "body 7 Some(5) 5",
                "chunk 5",
                "end",
                "body 7 Some(5) 6",
                "chunk 6",
                "end",
                "body 7 Some(5) 5",
                "chunk 5",
                "end",
                "body 7 Some(5) 5",
                "chunk 5",
                "end",
            ]
        );
        assert!(
            events[12].starts_with("* 7 FETCH (FLAGS (\\Seen) UID 5 BODY[1.2.HEADER.FIELDS"),
            "{events:?}"
        );
        assert!(events[12].ends_with(" 1"));
        assert_eq!(events[13..], ["* 8 FETCH (BODY[] \"abcd\") 1", "done 1 OK"]);
        assert_eq!(*end, End::NeedInput);
    });
    let mut client = fetching();
    client.receive(stream);
    let mut events = Vec::new();
    drain(&mut client, |_, event| note(&mut events, event));
    let Event::BodyStart(start) = &events[0] else { panic!() };
    let FetchAttribute::Section(section) = &start.attribute else { panic!() };
    assert_eq!((section.origin, section.section.to_string().as_str()), (Some(0), "1.2.HEADER.FIELDS (a] B)"));
    assert_eq!(section.data, Some(MessageData::Streamed { size: 5, binary: false }));
    let Event::Data { response: Response::Fetch(fetch), .. } = &events[12] else { panic!() };
    let Fetch { attributes, .. } = &**fetch;
    assert_eq!(attributes.len(), 8);
    assert!(matches!(&attributes[7], FetchAttribute::Rfc822(Some(data)) if data.size() == 5));
    assert!(
        matches!(&attributes[5], FetchAttribute::Binary(b) if b.data == Some(MessageData::Streamed { size: 5, binary: true }))
    );
}

use alloc::string::ToString;

#[test]
fn messages_named_by_their_uid() {
    // RFC 9586
    let stream = b"* 25 UIDFETCH (BODY[1] {5}\r\n12345 BODY[2] {5}\r\n12345)\r\n";
    let mut client = fetching();
    client.receive(stream);
    let mut events = Vec::new();
    drain(&mut client, |_, event| note(&mut events, event));
    for n in [0, 3] {
        let Event::BodyStart(start) = &events[n] else { panic!() };
        assert_eq!((start.number.get(), start.by_uid, start.uid), (25, true, Some(start.number)));
        assert_eq!(start.answers, Some(CommandId::FIRST.next()));
    }
    assert!(matches!(&events[6], Event::Data { response: Response::UidFetch(_), .. }));
}

#[test]
fn literals_at_the_limits() {
    let events = |octets: &str| {
        let mut client = fetching();
        let mut events = hears(&mut client, octets.as_bytes());
        events.extend(hears(&mut client, b"* 1 EXISTS\r\n"));
        events
    };
    assert_eq!(
        events("* 1 FETCH (BODY[] {4}\r\n1234)\r\n"),
        ["* 1 FETCH (BODY[] \"1234\") 1", "* 1 EXISTS -1"]
    );
    assert_eq!(events("* 1 FETCH (BODY[] {5}\r\n12345)\r\n")[..3], ["body 1 None 5", "chunk 5", "end"]);
    // strings
    assert_eq!(
        events("* LIST () \"/\" {8}\r\n12345678\r\n"),
        ["* LIST () \"/\" 12345678 -1", "* 1 EXISTS -1"]
    );
    let too_long = ["literal-too-long", "malformed None", "* 1 EXISTS -1"];
    assert_eq!(events("* LIST () \"/\" {9}\r\n123456\r\n9\r\n"), too_long);
    assert_eq!(events("* 1 FETCH (ENVELOPE ({9}\r\n123456\r\n9 {9}\r\n123456)))))\r\n"), too_long);
    assert_eq!(events("* 1 FETCH (X-BODY[] {9}\r\n123456\r\n9)\r\n"), too_long);
    assert_eq!(
        events("* 1 FETCH (UID 1 BODY[] {5}\r\n12345 ENVELOPE ({9}\r\n123456\r\n9))\r\n")[3..],
        too_long
    );
    assert_eq!(
        events("A2 DUMP (x {9}\r\n123456\r\n9)\r\n"),
        ["literal-too-long", "malformed Some(1)", "* 1 EXISTS -1"]
    );
    // the octets of a name that looks like a message
    assert_eq!(events("* LIST () \"BODY[]\" {9}\r\n123456\r\n9\r\n"), too_long);
    // nothing is held because it is announced
    assert_eq!(
        events("* 1 FETCH (BODY[] {9223372036854775807}\r\n"),
        ["body 1 None 9223372036854775807", "chunk 12"]
    );
}

#[test]
fn what_only_looks_like_a_message_costs_little() {
    let attribute = "X[] {6}\r\n123456 ";
    for (n, streams) in [(7, true), (8, false)] {
        let mut client = fetching();
        let octets = format!("* 1 FETCH ({}BODY[] {{9}}\r\n123456789)\r\n", attribute.repeat(n));
        let events = hears(&mut client, octets.as_bytes());
        assert_eq!(events[0] == "body 1 None 9", streams, "{events:?}");
        // the next response is looked at anew
        assert_eq!(hears(&mut client, b"* 1 FETCH (BODY[] {9}\r\n")[0], "body 1 None 9");
    }
}

#[test]
fn many_literals_in_one_response() {
    let mut client = fetching();
    let count = 5000;
    let octets = format!("* 1 FETCH ({}UID 1)\r\n", "BODY[1] {6}\r\n123456 ".repeat(count));
    let events = hears(&mut client, octets.as_bytes());
    assert_eq!(events.len(), 3 * count + 1);
}

#[test]
fn the_end_within_a_literal() {
    for (octets, what) in [
        ("* 1 FETCH (BODY[] {5}\r\n", "a literal"),
        ("* 1 FETCH (BODY[] {5}\r\n123", "a literal"),
        ("* 1 FETCH (BODY[] {5}\r\n12345", "a response"),
        ("* 1 FETCH (BODY[] {3}\r\n12", "a response"),
    ] {
        let mut client = fetching();
        client.receive(octets.as_bytes());
        client.receive_eof();
        assert_eq!(drain(&mut client, |_, _| {}), End::Failed(Fatal::UnexpectedEof(what)), "{octets}");
    }
}

#[test]
fn a_message_streams_in_constant_memory() {
    let mut client = selected(config());
    client.send(&command("UID FETCH 1 BODY[]")).unwrap();
    client.receive(b"* 1 FETCH (UID 1 BODY[] {67108864}\r\n");
    assert!(matches!(next(&mut client), Event::BodyStart(_)));
    let piece = alloc::vec![b'x'; 65_536];
    for _ in 0..1024 {
        client.receive(&piece);
        assert!(matches!(next(&mut client), Event::BodyChunk(chunk) if chunk.len() == 65_536));
        assert!(client.input.is_empty());
    }
    assert_eq!(hears(&mut client, b")\r\n")[0], "end");
}

#[test]
fn octets_of_literals_are_not_copied() {
    let mut client = selected(config());
    client.receive(b"* 1 FETCH (BODY[] {1000}\r\n");
    client.receive(&[b'x'; 1000]);
    client.receive(b")\r\n");
    let at = client.input.as_slice().as_ptr() as usize + 26;
    let Event::Data { response: Response::Fetch(fetch), .. } = next(&mut client) else { panic!() };
    let FetchAttribute::Section(section) = &fetch.attributes[0] else { panic!() };
    assert_eq!(section.data.as_ref().unwrap().octets().unwrap().as_ptr() as usize, at);
}

#[test]
fn a_program_that_sets_the_limit_high_never_sees_a_stream() {
    let mut limits = Limits::client();
    limits.max_inline_literal = u64::MAX;
    let mut client = selected(Config { limits, ..config() });
    client.receive(b"* 1 FETCH (BODY[] {3000000}\r\n");
    client.receive(&alloc::vec![b'x'; 3_000_000]);
    client.receive(b")\r\n");
    let Event::Data { response: Response::Fetch(fetch), .. } = next(&mut client) else { panic!() };
    assert!(
        matches!(&fetch.attributes[0], FetchAttribute::Section(s) if s.data.as_ref().unwrap().octets().is_some())
    );
}
