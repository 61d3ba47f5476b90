//! What holds for all that a server may say.

use super::*;

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let words: &[&[u8]] = &[
        b"220 ready\r\n",
        b"250 ok\r\n",
        b"250-mx\r\n",
        b"250 PIPELINING\r\n",
        b"354 go\r\n",
        b"550 5.1.1 no\r\n",
        b"334 \r\n",
        b"334 YQ==\r\n",
        b"421 bye\r\n",
        b"221 bye\r\n",
        b"250",
        b"-",
        b" ",
        b"\r",
        b"\n",
        b"\0",
        b"\xff",
        b"999 x\r\n",
        b"235 ok\r\n",
    ];
    proptest::collection::vec(proptest::sample::select(words), 0..30).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn any_octets_at_any_chunking(stream in stream(), lmtp: bool, tolerance in 0..3usize) {
        let mut config = Config { auto_hold: true, ..Config::default() };
        config.tolerance = [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient][tolerance];
        config.protocol = if lmtp { Protocol::Lmtp } else { Protocol::Smtp };
        let make = || {
            let mut client = Client::new(config.clone());
            let kinds = [
                ReplyKind::Hello, ReplyKind::Mail, ReplyKind::Rcpt, ReplyKind::Rcpt, ReplyKind::Data, ReplyKind::Chunk,
                ReplyKind::LastChunk, ReplyKind::Rset, ReplyKind::Auth, ReplyKind::Single, ReplyKind::Quit,
            ];
            for kind in kinds {
                client.expect(kind).unwrap();
            }
            client
        };
        transcript(make, &stream, |client, events, event| {
            match &event {
                Event::SendBody { id, .. } => client.content_sent(*id).unwrap(),
                Event::Challenge { id, .. } | Event::BadChallenge { id, .. } => client.auth_cancel(*id).unwrap(),
                _ => {}
            }
            events.push(event);
        });
    }
}
