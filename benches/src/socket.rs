//! What a socket does to a machine's output.

use std::hint::black_box;

use bytes::Buf;
use wire::Output;

/// What a socket does.
pub(crate) fn drain(output: &mut Output) {
    while output.has_remaining() {
        let len = black_box(output.chunk()).len();
        output.advance(len);
    }
}

/// As [`drain`]; counts the octets.
pub(crate) fn drained(output: &mut Output) -> u64 {
    let octets = output.remaining() as u64;
    drain(output);
    octets
}
