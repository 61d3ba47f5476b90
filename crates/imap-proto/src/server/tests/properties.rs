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

/// What an application or its socket may do, in any order.
#[derive(Debug, Clone)]
enum Call {
    Receive(usize),
    Ask,
    Drain,
    Eof,
    Reply(u64, usize),
    Challenge(u64),
    AcceptIdle(u64),
    AcceptBody(u64),
    RefuseBody(u64, usize),
    Send(usize),
    Bye,
    SayLast,
    Tls,
    Compression,
    Body(usize),
    Fetch,
    Attribute(usize),
    Finish,
}

const SAID: &[&str] = &[
    "a NOOP\r\n",
    "b LOGIN u p\r\n",
    "c SELECT INBOX\r\n",
    "d FETCH 1:* (FLAGS BODY[])\r\n",
    "e APPEND x {3+}\r\n",
    "abc",
    "\r\n",
    " (\\Seen) {2}\r\n",
    "e APPEND x CATENATE (TEXT {2}\r\n",
    "f IDLE\r\n",
    "DONE\r\n",
    "g AUTHENTICATE PLAIN\r\n",
    "AGEAYg==\r\n",
    "*\r\n",
    "h LOGOUT\r\n",
    "i STARTTLS\r\n",
    "j COMPRESS DEFLATE\r\n",
    "k ENABLE QRESYNC UIDONLY\r\n",
    "l UNAUTHENTICATE\r\n",
    "m XFOO {99999999+}\r\n",
    "n CLOSE\r\n",
    "o DELETE {1}\r\n",
    "x",
];

const ANSWERS: &[&str] = &["OK x", "NO x", "BAD x", "BYE x", "PREAUTH x"];

const RESPONSES: &[&str] = &[
    "3 EXISTS",
    "1 EXPUNGE",
    "VANISHED 1",
    "1 FETCH (FLAGS ())",
    "1 UIDFETCH (FLAGS ())",
    "1 FETCH (MODSEQ (3))",
    "SEARCH 1",
    "ESEARCH (TAG \"a\") COUNT 1",
    "ENABLED QRESYNC",
    "ENABLED UIDONLY",
    "OK [CLOSED] x",
    "BYE x",
    "LIST () \"/\" x",
    "CAPABILITY IMAP4rev1",
];

fn call() -> impl Strategy<Value = Call> {
    let id = || 0..6u64;
    prop_oneof![
        12 => (0..SAID.len()).prop_map(Call::Receive),
        12 => Just(Call::Ask),
        2 => Just(Call::Drain),
        1 => Just(Call::Eof),
        12 => (id(), 0..ANSWERS.len()).prop_map(|(id, at)| Call::Reply(id, at)),
        6 => id().prop_map(|id| Call::Reply(id, 0)),
        3 => id().prop_map(Call::Challenge),
        3 => id().prop_map(Call::AcceptIdle),
        6 => id().prop_map(Call::AcceptBody),
        2 => (id(), 0..ANSWERS.len()).prop_map(|(id, at)| Call::RefuseBody(id, at)),
        6 => (0..RESPONSES.len()).prop_map(Call::Send),
        1 => Just(Call::Bye),
        1 => Just(Call::SayLast),
        1 => Just(Call::Tls),
        1 => Just(Call::Compression),
        3 => (0..4usize).prop_map(Call::Body),
        1 => Just(Call::Fetch),
        2 => (0..3usize).prop_map(Call::Attribute),
        1 => Just(Call::Finish),
    ]
}

fn perform(server: &mut Server, call: &Call) -> Result<(), String> {
    use crate::{FetchAttribute, Section};
    let one = core::num::NonZeroU32::MIN;
    let id = |n: &u64| (0..*n).fold(CommandId::FIRST, |id, _| id.next());
    let text = |error: Misuse| error.to_string();
    match call {
        Call::Receive(at) => {
            if server.wants_read() {
                server.receive(SAID[*at].as_bytes());
            }
        }
        Call::Ask => match server.next_event() {
            Ok(Step::NeedInput) => assert!(server.wants_read(), "else it waits for ever"),
            Ok(Step::Paused(Pause::Drain)) => assert!(!server.output().is_empty() && !server.wants_read()),
            Ok(Step::Paused(Pause::StartTls | Pause::Upgrade) | Step::Closed) | Err(_) => {
                assert!(!server.wants_read());
            }
            _ => {}
        },
        Call::Drain => {
            let _ = server.output().take_all();
        }
        Call::Eof => server.receive_eof(),
        Call::Reply(n, at) => server.reply(id(n), &condition(ANSWERS[*at])).map_err(text)?,
        Call::Challenge(n) => server.challenge(id(n), b"x").map_err(text)?,
        Call::AcceptIdle(n) => server.accept_idle(id(n)).map_err(text)?,
        Call::AcceptBody(n) => server.accept_body(id(n)).map_err(text)?,
        Call::RefuseBody(n, at) => server.refuse_body(id(n), &condition(ANSWERS[*at])).map_err(text)?,
        Call::Send(at) => server.send(&response(RESPONSES[*at])).map_err(text)?,
        Call::Bye => server.bye(&condition("BYE x")).map_err(text)?,
        Call::SayLast => server.say_last().map_err(text)?,
        Call::Tls => server.tls_established().map_err(text)?,
        Call::Compression => drop(server.compressed().map_err(text)?),
        Call::Body(len) => server.body(&Bytes::from(vec![b'x'; *len])).map_err(|error| error.to_string())?,
        Call::Fetch => {
            let _ = server.fetch(one).map_err(text)?;
        }
        Call::Attribute(size) => {
            let Some(mut fetch) = server.open_fetch() else { return Ok(()) };
            match size {
                0 => fetch.attribute(&FetchAttribute::Uid(one)).map_err(text)?,
                _ => fetch.section(Section::ALL, None, *size as u64).map_err(text)?,
            }
        }
        Call::Finish => {
            let Some(fetch) = server.open_fetch() else { return Ok(()) };
            fetch.finish().map_err(text)?;
        }
    }
    Ok(())
}

proptest! {
    /// Laws 3, 5 and 6.
    #[test]
    fn any_order_of_calls_is_legal_and_misuse_changes_nothing(
        calls in proptest::collection::vec(call(), 0..60),
        beside in 1..3usize,
        high_water in 1..60usize,
        in_session: bool,
    ) {
        let mut config = config();
        config.max_in_progress = beside;
        config.limits.high_water = high_water;
        config.refuse_out_of_turn = in_session;
        let mut server = greeted(config, if in_session { "PREAUTH x" } else { "OK x" });
        for call in calls {
            let before = format!("{server:?}");
            if perform(&mut server, &call).is_err() {
                prop_assert_eq!(format!("{server:?}"), before, "{:?}", call);
            }
        }
    }
}
