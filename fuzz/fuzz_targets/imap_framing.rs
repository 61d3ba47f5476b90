//! Framing: the same messages however the octets arrive; a message with a literal cut out has what the whole one has.
#![no_main]

use bytes::Bytes;
use imap_proto::{Framed, Side};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&[choices, a, b, c, d], data)) = data.split_first_chunk::<5>() else { return };
    let side = if fuzz::bit(choices, 0) { Side::Client } else { Side::Server };
    let whole = fuzz::imap::frames(side, data);
    for chunks in fuzz::chunkings([a, b, c, d], data) {
        assert_eq!(dripped(side, &chunks), whole);
    }
    // law 15: no octet of one message is in the next
    let mut start = 0;
    for len in whole {
        let frame = Bytes::copy_from_slice(&data[start..start + len]);
        assert!(frame.ends_with(b"\n"));
        match side {
            Side::Client => fuzz::imap::check_command(&frame, wire::Tolerance::Default, false),
            Side::Server => fuzz::imap::check_response(&frame, wire::Tolerance::Default, false),
        }
        start += len;
    }
});

fn dripped(side: Side, chunks: &[&[u8]]) -> Vec<usize> {
    let mut framer = fuzz::imap::framer(side);
    let (mut buffer, mut found) = (Vec::new(), Vec::new());
    for chunk in chunks {
        buffer.extend_from_slice(chunk);
        loop {
            match framer.next(&buffer) {
                Ok(Framed::Message(len)) => {
                    found.push(len);
                    buffer.drain(..len);
                }
                Ok(Framed::Literal(_)) => {
                    if framer.keep().is_err() {
                        return found;
                    }
                }
                Ok(Framed::NeedMore) => break,
                Err(_) => return found,
            }
        }
    }
    found
}
