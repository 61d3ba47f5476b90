//! What holds for all that a server may say.

use super::*;
use proptest::prelude::*;

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let words: &[&[u8]] = &[
        b"* OK [CAPABILITY IMAP4rev1 LITERAL+] x\r\n",
        b"* PREAUTH x\r\n",
        b"* OK [CLOSED] x\r\n",
        b"* CAPABILITY IMAP4rev1 IDLE\r\n",
        b"* 3 EXISTS\r\n",
        b"* 3 FETCH (UID 1 BODY[] {4}\r\nabcd RFC822.TEXT {9}\r\n12345\r\n89)\r\n",
        b"* 3 FETCH (UID 1 BODY[TEXT]<0> {9}\r\n",
        b" BODY[1] {3}\r\n",
        b"* LIST () \"/\" {20}\r\n",
        b"* ENABLED UTF8=ACCEPT\r\n",
        b"* BYE x\r\n",
        b"+ go\r\n",
        b"+ YWJj\r\n",
        b"a1 OK x\r\n",
        b"a2 OK [CAPABILITY IMAP4rev2] x\r\n",
        b"a3 NO x\r\n",
        b"a4 OK x\r\n",
        b"a5 BAD x\r\n",
        b"a6 OK x\r\n",
        b"a7 WHAT\r\n",
        b"a8 OK x\r\n",
        b"A1 OK x\r\n",
        b"12345\r\n89",
        b")\r\n",
        b"{",
        b"\r",
        b"\n",
        b"\0",
        b"\xff",
    ];
    proptest::collection::vec(proptest::sample::select(words), 0..25).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn any_octets_at_any_chunking(mut stream in stream(), tolerance in 0..3usize, greeted: bool) {
        let mut limits = Limits::client();
        limits.max_inline_literal = 4;
        limits.max_string_literal = 8;
        let tolerance = [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient][tolerance];
        let config = Config { limits, tolerance, tls: true, auto_hold: true, ..Config::default() };
        if greeted {
            stream.splice(..0, b"* OK x\r\n".iter().copied());
        }
        let make = || {
            let mut client = Client::new(config.clone());
            let lines = [
                "LOGIN a b", "SELECT x", "UID FETCH 1 BODY[]", "ENABLE UTF8=ACCEPT", "IDLE", "AUTHENTICATE CRAM-MD5", "LOGOUT", "UNAUTHENTICATE",
            ];
            for (n, line) in lines.iter().enumerate() {
                let tag = Tag::new(format!("a{}", n + 1)).unwrap();
                client.expect(tag, &command(line)).unwrap();
            }
            client
        };
        let (events, _) = transcript(make, &stream, |client, events, event| {
            match &event {
                Event::Challenge { id, .. } | Event::BadChallenge { id, .. } => client.auth_cancel(*id).unwrap(),
                _ => {}
            }
            note(events, event);
        });
        // each command ends once at most
        let mut ended = Vec::new();
        for event in &events {
            match event {
                Event::Completed { id, .. } | Event::Malformed { id: Some(id), .. } | Event::Lost(id) => {
                    prop_assert!(!ended.contains(id));
                    ended.push(*id);
                }
                _ => {}
            }
        }
    }

    /// Any order of calls is legal, and what was misuse changes nothing.
    #[test]
    fn any_calls(calls in proptest::collection::vec((0..12u8, 0..20usize), 0..40), auto_hold: bool) {
        let mut client = ready(Config { auto_hold, ..config() });
        let lines = [
            "NOOP", "SELECT x", "UID FETCH 1 FLAGS", "FETCH 1 FLAGS", "IDLE", "COMPRESS DEFLATE", "LOGOUT", "CLOSE", "UNAUTHENTICATE",
            "ENABLE UTF8=ACCEPT", "SEARCH SUBJECT {3}\r\na\r\n", "AUTHENTICATE CRAM-MD5", "LOGIN a b", "STARTTLS", "APPEND x {2}\r\nab",
        ];
        let mut open: Vec<CommandId> = Vec::new();
        for (call, n) in calls {
            let before = format!("{client:?}");
            let id = open.get(n % open.len().max(1)).copied().unwrap_or(CommandId::FIRST);
            let mut misused = false;
            match call {
                0..=2 => match client.send(&command(lines[n % lines.len()])) {
                    Ok(id) => open.push(id),
                    Err(_) => misused = true,
                },
                3 => match client.send(&append(&[3])) {
                    Ok(id) => open.push(id),
                    Err(_) => misused = true,
                },
                4 => misused = client.body(id, &Bytes::from_static(b"ab").slice(..n % 3)).is_err(),
                5 => misused = client.idle_done(id).is_err(),
                6 => misused = client.auth_respond(id, b"x").is_err(),
                7 => misused = client.compressed().is_err(),
                8 => client.receive(b"+ YWJj\r\n"),
                9 => client.receive(format!("A{} {} x\r\n", n, if n % 3 == 0 { "NO" } else { "OK" }).as_bytes()),
                10 => client.receive(b"* 1 EXISTS\r\n"),
                _ => {
                    let _ = client.output().take_all();
                }
            }
            if misused {
                prop_assert_eq!(&format!("{client:?}"), &before);
            }
            let end = drain(&mut client, |_, event| match event {
                Event::Completed { id, .. } | Event::NotSent { id, .. } | Event::Lost(id) | Event::Upgrade { id, .. } => {
                    let at = open.iter().position(|open| *open == id).expect("it was open");
                    open.remove(at);
                }
                _ => {}
            });
            prop_assert!(!matches!(end, End::Failed(Fatal::Desync(_))) || call == 8 || call == 9);
            if matches!(end, End::Failed(_)) {
                break;
            }
            prop_assert_eq!(client.outstanding(), open.len());
        }
    }
}
