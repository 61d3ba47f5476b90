//! Message data outward.

use super::*;
use crate::{BodySection, Fetch, FetchAttribute, PartNumber, Section};
use core::num::NonZeroU32;

const ONE: NonZeroU32 = NonZeroU32::MIN;

fn streamed(size: u64) -> FetchAttribute {
    let data = Some(MessageData::Streamed { size, binary: false });
    FetchAttribute::Section(BodySection { section: Section::ALL, origin: None, data }.into())
}

#[test]
fn a_body_is_streamed_between_what_stands_around_it() {
    let mut server = selected();
    let (id, _) = command(&mut server, "a FETCH 1 (BODY[] UID)\r\n");
    let attributes = vec![streamed(5), FetchAttribute::Uid(ONE), streamed(0), streamed(2)];
    server.send(&Response::Fetch(Fetch { number: ONE, attributes }.into())).unwrap();
    assert_eq!(written(&mut server), "* 1 FETCH (BODY[] {5}\r\n");
    assert_eq!(server.body_left(), 5);
    // nothing else can be said
    assert!(matches!(server.reply(id, &ok()), Err(Misuse::State { .. })));
    assert!(matches!(server.send(&response("OK x")), Err(Misuse::State { .. })));
    assert!(matches!(server.bye(&condition("BYE x")), Err(Misuse::State { .. })));
    server.body(&"ab".into()).unwrap();
    assert_eq!(server.body(&"cdef".into()), Err(BodyError::TooLong { limit: 3 }));
    server.body(&"cde".into()).unwrap();
    assert_eq!(written(&mut server), "abcde UID 1 BODY[] {0}\r\n BODY[] {2}\r\n");
    server.body(&"\r\n".into()).unwrap();
    assert_eq!(written(&mut server), "\r\n)\r\n");
    assert!(matches!(server.body(&"x".into()), Err(BodyError::Misuse(_))));
    server.reply(id, &ok()).unwrap();
}

#[test]
fn a_full_output_pushes_back() {
    let mut config = config();
    config.limits.high_water = 100;
    let mut server = selected_with(config);
    let (_, _) = command(&mut server, "a FETCH 1 BODY[]\r\n");
    let size = 100_000_000_u64;
    server.send(&Response::Fetch(Fetch { number: ONE, attributes: vec![streamed(size)] }.into())).unwrap();
    let piece = Bytes::from(vec![b'x'; 10_000]);
    let mut sent = server.output().len();
    while server.body_left() > 0 {
        match server.body(&piece) {
            Ok(()) => {}
            Err(BodyError::Full) => {
                let len = server.output().len();
                assert!(len <= 100 + piece.len() + 100);
                server.output().advance(len);
                sent += len;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(sent as u64 > size - 20_000);
}

#[test]
fn fetch_is_written_item_by_item() {
    let mut server = selected();
    assert!(ready().fetch(ONE).is_err(), "no mailbox is selected");
    let mut fetch = server.fetch(ONE).unwrap();
    assert_eq!(
        fetch.attribute(&FetchAttribute::ModSeq(1)),
        Err(Misuse::State { wanted: "CONDSTORE enabled" })
    );
    fetch.attribute(&FetchAttribute::Uid(ONE)).unwrap();
    fetch.section(Section::ALL, Some(10), 3).unwrap();
    assert!(fetch.attribute(&FetchAttribute::Uid(ONE)).is_err(), "octets are missing");
    fetch.body(&"ab".into()).unwrap();
    assert_eq!(fetch.body_left(), 1);
    assert!(fetch.finish().is_err());
    // it stays open
    assert!(server.send(&response("OK x")).is_err());
    assert!(server.fetch(ONE).is_err());
    let mut fetch = server.open_fetch().unwrap();
    fetch.body(&"c".into()).unwrap();
    fetch.binary(PartNumber::default(), None, 0).unwrap();
    fetch.section(Section::ALL, None, 1).unwrap();
    fetch.body(&"x".into()).unwrap();
    fetch.finish().unwrap();
    let text = "* 1 FETCH (UID 1 BODY[]<10> {3}\r\nabc BINARY[] ~{0}\r\n BODY[] {1}\r\nx)\r\n";
    assert_eq!(written(&mut server), text);
    assert!(server.open_fetch().is_none());
    assert_eq!(server.fetch(ONE).unwrap().finish(), Err(Misuse::Empty));
    let mut server = enabled("UIDONLY");
    let mut fetch = server.fetch(ONE).unwrap();
    fetch.attribute(&FetchAttribute::Size(5)).unwrap();
    fetch.finish().unwrap();
    assert_eq!(written(&mut server), "* 1 UIDFETCH (RFC822.SIZE 5)\r\n");
}

#[test]
fn a_nul_needs_a_literal8() {
    let mut server = selected();
    for binary in [false, true] {
        let data = || Some(MessageData::Streamed { size: 2, binary });
        let section =
            FetchAttribute::Section(BodySection { section: Section::ALL, origin: None, data: data() }.into());
        let nul = Bytes::from_static(b"a\0");
        let attributes = vec![section.clone()];
        server.send(&Response::Fetch(Fetch { number: ONE, attributes }.into())).unwrap();
        let taken = server.body(&nul);
        let mut fetch = if taken.is_ok() {
            let mut fetch = server.fetch(ONE).unwrap();
            fetch.attribute(&section).unwrap();
            fetch
        } else {
            server.body(&"ab".into()).unwrap();
            let mut fetch = server.fetch(ONE).unwrap();
            fetch.attribute(&section).unwrap();
            fetch
        };
        let also = fetch.body(&nul);
        let misuse = Err(BodyError::Misuse(Misuse::IllegalOctet { offset: 1 }));
        assert_eq!((taken, also), if binary { (Ok(()), Ok(())) } else { (misuse.clone(), misuse) });
        if !binary {
            fetch.body(&"ab".into()).unwrap();
        }
        fetch.finish().unwrap();
    }
}

#[test]
fn nothing_stands_between_a_head_and_its_octets() {
    // with several commands in progress, a client may send literals while a body goes out
    let mut config = config();
    config.max_in_progress = 2;
    let mut server = selected_with(config);
    server.receive(b"a FETCH 1 BODY[]\r\nb STATUS {1}\r\n");
    let Event::Command { id, .. } = next(&mut server) else { panic!() };
    server.send(&Response::Fetch(Fetch { number: ONE, attributes: vec![streamed(3)] }.into())).unwrap();
    assert_eq!(server.next_event(), Ok(Step::Paused(Pause::Respond)), "`+` has to wait");
    server.body(&"abc".into()).unwrap();
    assert_eq!(server.next_event(), Ok(Step::NeedInput));
    assert_eq!(written(&mut server), "* 1 FETCH (BODY[] {3}\r\nabc)\r\n+ Ready for literal data\r\n");
    server.reply(id, &ok()).unwrap();
    let (_, _) = command(&mut server, "x (MESSAGES)\r\n");
}
