//! Sizes, secrets, properties.

use super::*;

#[test]
fn events_and_machines_stay_small() {
    assert!(size_of::<Event>() <= 96, "{}", size_of::<Event>());
    assert!(size_of::<Command>() <= 64, "{}", size_of::<Command>());
    assert!(size_of::<Server>() <= 640, "{}", size_of::<Server>());
    fn owned<T: Send + Sync + 'static>() {}
    owned::<Event>();
    owned::<Server>();
}

#[test]
fn nothing_shows_a_secret() {
    let mut shown = String::new();
    for (first, line) in [
        ("USER a\r\n", "PASS hunter2\r\n"),
        ("USER a\r\n", "PASS hunter2\0\r\n"),
        ("USER a\r\n", "PASS hunter2"),
        ("CAPA\r\n", "AUTH PLAIN AGEAaHVudGVyMg==\r\n"),
        ("CAPA\r\n", "AUTH PLAIN AGEAaHVudGVyMg=\r\n"),
        ("AUTH PLAIN\r\n", "AGEAaHVudGVyMg==\r\n"),
        ("AUTH PLAIN\r\n", "hunter2\r\n"),
    ] {
        let mut server = server(config());
        let (id, command) = command(&mut server, first);
        match command {
            Command::Auth(_) => server.challenge(id, b"").unwrap(),
            Command::Capa => server.reply(id, &err()).unwrap(),
            _ => server.reply(id, &ok()).unwrap(),
        }
        server.receive(line.as_bytes());
        shown += &format!("{server:?}");
        shown += &format!("{:?}{:#?}", server.next_event(), server);
    }
    for hidden in ["hunter2", "AGEAaHVudGVyMg", "[104, 117"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever a client says: no panic, the same events at every chunking, every line accounted for.
    #[test]
    fn any_octets_at_any_chunking(
        stream in "(USER a|PASS b|STLS|AUTH PLAIN|AUTH X AA==|QUIT|NOOP|RETR 1|LIST| |x|\r\n|\r\n|\r\n|\r|\n|\0|\u{fc}){0,40}",
        strict: bool,
        logged: bool,
    ) {
        let tolerance = if strict { Tolerance::Strict } else { Tolerance::Lenient };
        let make = || {
            let config = Config { tolerance, ..config() };
            if logged { logged_in(config) } else { server(config) }
        };
        let whole = refusing(&mut make(), &[stream.as_bytes()]);
        for chunks in chunkings(stream.as_bytes()) {
            let mut server = make();
            let split = refusing(&mut server, &chunks);
            prop_assert_eq!(&split, &whole);
            let again = drain(&mut server, |_, event| panic!("after the end: {event:?}"));
            prop_assert_eq!(&again, &whole.1);
        }
    }
}
