//! Collectors.

use super::*;

#[test]
fn a_message_is_collected_to_the_limit() {
    for (limit, fits) in [(15, true), (14, false)] {
        let stream = b"+OK\r\nab\r\n..c\r\nefghi\r\n.\r\n";
        for chunks in chunkings(stream) {
            let mut client = logged_in(Config::default());
            let id = client.send(&Command::Retr(number(1))).unwrap();
            let mut collector = MessageCollector::new(id, limit);
            let mut done = None;
            for chunk in chunks {
                client.receive(chunk);
                let _ = drain(&mut client, |_, event| match collector.push(event) {
                    Ok(Collected::Done(message)) => done = Some(Ok(message)),
                    Err(overflow) => done = Some(Err(overflow)),
                    Ok(Collected::Pending) => {}
                    other => panic!("{other:?}"),
                });
            }
            let expected = if fits { Ok("ab\r\n.c\r\nefghi\r\n".into()) } else { Err(Overflow { limit }) };
            assert_eq!(done, Some(expected), "limit {limit}");
        }
    }
}

#[test]
fn a_listing_is_collected_and_duplicates_are_told() {
    let mut client = logged_in(Config::default());
    let id = client.send(&Command::List(None)).unwrap();
    client.receive(b"+OK\r\n3 30\r\n1 10\r\n3 31\r\n2 20\r\n1 11\r\n.\r\n");
    let mut collector = ListingCollector::<ScanListing>::new(id, 10);
    let mut listing = None;
    let _ = drain(&mut client, |_, event| {
        if let Ok(Collected::Done(whole)) = collector.push(event) {
            listing = Some(whole);
        }
    });
    let listing = listing.unwrap();
    let sizes: Vec<_> = listing.items.iter().map(|l| (l.message.get(), l.octets)).collect();
    assert_eq!(sizes, [(3, 30), (1, 10), (2, 20)]);
    assert_eq!(listing.duplicates, [number(3), number(1)]);

    for (limit, fits) in [(2, true), (1, false)] {
        let mut client = logged_in(Config::default());
        let id = client.send(&Command::List(None)).unwrap();
        client.receive(b"+OK\r\n1 10\r\n2 20\r\n.\r\n");
        let mut collector = ListingCollector::<ScanListing>::new(id, limit);
        let mut ended = None;
        let _ = drain(&mut client, |_, event| match collector.push(event) {
            Ok(Collected::Done(_)) => ended = Some(true),
            Err(Overflow { .. }) => ended = Some(false),
            Ok(_) => {}
        });
        assert_eq!(ended, Some(fits));
    }
}

#[test]
fn collectors_tell_refusals_and_pass_on_what_is_not_theirs() {
    let mut client = logged_in(Config { pipelining: Pipelining::Always, ..Config::default() });
    client.send(&Command::Noop).unwrap();
    let id = client.send(&Command::Retr(number(1))).unwrap();
    client.receive(b"+OK\r\n-ERR no such message\r\n");
    let mut collector = MessageCollector::new(id, 10);
    assert!(matches!(collector.push(next(&mut client)), Ok(Collected::Foreign(_))));
    assert!(matches!(collector.push(next(&mut client)), Ok(Collected::Refused(_))));
}
