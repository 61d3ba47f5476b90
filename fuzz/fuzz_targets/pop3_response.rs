//! Whole responses of every kind: whatever is accepted at a tolerance is written so that it gives the same
//! response at that tolerance, and the same octets again.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use pop3_proto::Response;
use wire::{Context, Tolerance};

fuzz_target!(|data: &[u8]| {
    let Some((&[kind, tolerance], frame)) = data.split_first_chunk::<2>() else { return };
    let (kind, tolerance) = (fuzz::kind(kind), fuzz::tolerance(tolerance));
    let frame = Bytes::copy_from_slice(frame);
    let parse = |frame: &Bytes, tolerance| Response::parse_in(&Context::new(frame, tolerance), kind);
    let response = match parse(&frame, tolerance) {
        Ok(response) => response,
        Err(error) => {
            assert!(error.offset as usize <= frame.len(), "{error}");
            return;
        }
    };
    assert!(parse(&frame.slice(..frame.len() - 1), Tolerance::Lenient).is_err(), "it was complete before");
    let octets = response.to_bytes();
    assert_eq!(parse(&octets, tolerance).as_ref(), Ok(&response), "{}", octets.escape_ascii());
    assert_eq!(parse(&octets, tolerance).expect("as before").to_bytes(), octets);
});
