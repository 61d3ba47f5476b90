//! Greetings: what is accepted is the same when it is read again.
#![no_main]

use bytes::Bytes;
use imap_proto::{Context, Greeting};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&choices, frame)) = data.split_first() else { return };
    let frame = Bytes::copy_from_slice(frame);
    let cx = Context::new(&frame, fuzz::tolerance(choices));
    let Ok(greeting) = Greeting::parse_in(&cx) else { return };
    let octets = greeting.to_bytes();
    let cx = Context::new(&octets, fuzz::tolerance(choices));
    assert_eq!(Greeting::parse_in(&cx).as_ref(), Ok(&greeting), "{}", octets.escape_ascii());
    assert_eq!(fuzz::imap::frames(imap_proto::Side::Server, &octets), [octets.len()]);
});
