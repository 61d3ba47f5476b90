//! Sizes and properties.

use super::*;

#[test]
fn events_and_machines_stay_small() {
    assert!(size_of::<Event>() <= 80, "{}", size_of::<Event>());
    assert!(size_of::<Item>() <= 56, "{}", size_of::<Item>());
    assert!(size_of::<Client>() <= 640, "{}", size_of::<Client>());
    fn owned<T: Send + Sync + 'static>() {}
    owned::<Event>();
    owned::<Client>();
    owned::<Fatal>();
}

#[test]
fn every_capability_of_the_server_is_seen() {
    let mut client = ready(lenient());
    let lines: String = Capability::KEYWORDS.iter().map(|name| format!("{name}\r\n")).collect();
    client.send(&Command::Capa).unwrap();
    let (events, _) = events(&mut client, &[format!("+OK\r\n{lines}.\r\n").as_bytes()]);
    assert!(matches!(events.last(), Some(Event::Reply { reply: Reply::Capabilities(_), .. })));
    for name in Capability::KEYWORDS {
        assert!(client.capabilities().unwrap().has(name), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever a server says: no panic, the same events at every chunking, and what was said of the pause
    /// holds.
    #[test]
    fn any_octets_at_any_chunking(
        kinds in proptest::collection::vec(0usize..8, 0..6),
        stream in "(\\+OK|-ERR|\\+|\\.|1 1|\\[AUTH\\]|x| |\r\n|\r|\n|\0|\u{fc}){0,40}",
        strict: bool,
    ) {
        const KINDS: [ReplyKind; 8] = [
            ReplyKind::Single, ReplyKind::Login, ReplyKind::Auth, ReplyKind::Stat, ReplyKind::ListAll,
            ReplyKind::UidlAll, ReplyKind::Body, ReplyKind::Capa,
        ];
        let tolerance = if strict { Tolerance::Strict } else { Tolerance::Lenient };
        let make = || {
            let mut client = ready(Config { tolerance, ..lenient() });
            for kind in &kinds {
                // AUTH within AUTH is refused
                let _ = client.expect(KINDS[*kind]);
            }
            client
        };
        let whole = events(&mut make(), &[stream.as_bytes()]);
        for chunks in chunkings(stream.as_bytes()) {
            let mut client = make();
            let split = events(&mut client, &chunks);
            prop_assert_eq!(&split, &whole);
            let again = drain(&mut client, |_, event| panic!("after the end: {event:?}"));
            prop_assert_eq!(&again, &whole.1);
        }
    }
}
