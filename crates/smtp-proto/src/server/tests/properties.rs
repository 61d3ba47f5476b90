//! What holds for all that a client may say.

use super::*;

/// Words that make sessions of some depth likely.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let words: &[&[u8]] = &[
        b"EHLO a\r\n",
        b"MAIL FROM:<a@b>\r\n",
        b"RCPT TO:<c@d>\r\n",
        b"DATA\r\n",
        b"BDAT 3\r\nabc",
        b"BDAT 0 LAST\r\n",
        b"BDAT 9\r\n",
        b".\r\n",
        b"\r\n.\r\n",
        b"\n.\n",
        b"x",
        b"\r",
        b"\n",
        b".",
        b"\0",
        b"RSET\r\n",
        b"AUTH PLAIN\r\n",
        b"*\r\n",
        b"AGEAYg==\r\n",
        b"NOOP\r\n",
        b"QUIT\r\n",
        b" ",
        b"\xff",
        b"STARTTLS\r\n",
        b"GET / HTTP/1.1\r\n",
    ];
    proptest::collection::vec(proptest::sample::select(words), 0..40).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn any_octets_at_any_chunking(stream in stream(), policy in 0..3usize, lmtp: bool, tolerance in 0..3usize) {
        let mut config = offering("250-mx.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-CHUNKING\r\n250 AUTH PLAIN\r\n");
        config.line_endings = [LineEndings::Strict, LineEndings::Normalise, LineEndings::Lenient][policy];
        config.tolerance = [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient][tolerance];
        config.protocol = if lmtp { Protocol::Lmtp } else { Protocol::Smtp };
        transcript(|| server(config.clone()), &stream, accept);
    }
}
