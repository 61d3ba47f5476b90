//! Commands: what is accepted at a tolerance is written as one message, which is the same when it is read again.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&choices, frame)) = data.split_first() else { return };
    fuzz::imap::check_command(
        &Bytes::copy_from_slice(frame),
        fuzz::tolerance(choices & 3),
        fuzz::bit(choices, 2),
    );
});
