//! What holds for all that a client may say.

use super::*;

/// Words that make sessions of some depth likely.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let words: &[&[u8]] = &[
        b"a NOOP\r\n",
        b"b LOGIN u p\r\n",
        b"c SELECT INBOX\r\n",
        b"d FETCH 1:* (FLAGS BODY[])\r\n",
        b"e APPEND x {3+}\r\nabc\r\n",
        b"e APPEND x (\\Seen) {3}\r\n",
        b"e APPEND x CATENATE (TEXT {2+}\r\nab URL {1+}\r\nu",
        b" TEXT {1}\r\nz)",
        b" {4+}\r\nabcd",
        b"f IDLE\r\n",
        b"DONE\r\n",
        b"g AUTHENTICATE PLAIN\r\n",
        b"*\r\n",
        b"AGEAYg==\r\n",
        b"h LOGOUT\r\n",
        b"i XFOO {9}\r\n",
        b"i XFOO {12+}\r\n",
        b"j STARTTLS\r\n",
        b"k UNAUTHENTICATE\r\n",
        b"l UID REPLACE 1 x {2+}\r\nab\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"x",
        b" ",
        b"\0",
        b"\xff",
        b"\"",
        b"{1+}\r\n",
        b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        b"GET / HTTP/1.1\r\n",
    ];
    proptest::collection::vec(proptest::sample::select(words), 0..40).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn any_octets_at_any_chunking(
        stream in stream(),
        tolerance in 0..3usize,
        beside in 1..3usize,
        small: bool,
        in_session: bool,
        inline in 0..4u64,
    ) {
        let mut config = config();
        // whether plaintext stands behind STARTTLS when it is agreed to depends on when it arrives
        config.before_login = capabilities("IMAP4rev1 LITERAL+ AUTH=PLAIN");
        config.tolerance = [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient][tolerance];
        config.max_in_progress = beside;
        config.limits.max_inline_literal = inline;
        if small {
            config.limits.max_line = 60;
            config.limits.max_frame = 80;
            config.limits.max_string_literal = 10;
            config.limits.max_message = Some(3);
        }
        let greeting = if in_session { "PREAUTH x" } else { "OK x" };
        transcript(|| greeted(config.clone(), greeting), &stream, accept);
    }
}
