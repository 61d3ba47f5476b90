//! The dot engine to the wire and back: whatever the pieces, the same octets go out, they end where the body
//! ends, and decoding gives the body.
#![no_main]

use bytes::Bytes;
use fuzz::dot::{normalised, reference};
use libfuzzer_sys::fuzz_target;
use wire::dot::{DotEncoder, LineEndings};
use wire::{BodyError, Output};

fuzz_target!(|data: &[u8]| {
    let Some((&[policy, pattern @ ..], body)) = data.split_first_chunk::<5>() else { return };
    let policy = fuzz::policy(policy);
    let body = Bytes::copy_from_slice(body);
    let mut all = Vec::new();
    for chunks in fuzz::chunkings(pattern, &body) {
        for by_reference in [false, true] {
            all.push(encode(policy, &body, &chunks, by_reference));
        }
    }
    let wire = all.swap_remove(0);
    assert!(all.iter().all(|other| *other == wire), "pieces matter: {wire:?} {all:?}");

    let clean = normalised(&body) == *body;
    let Some(wire) = wire else { return assert!(policy == LineEndings::Strict && !clean, "refused") };
    let mut expected = match policy {
        LineEndings::Strict => {
            assert!(clean, "not refused");
            body.to_vec()
        }
        LineEndings::Normalise => normalised(&body),
        LineEndings::Lenient => body.to_vec(),
    };
    if !expected.is_empty() && !expected.ends_with(b"\r\n") {
        expected.extend_from_slice(b"\r\n");
    }
    let decode_as = if policy == LineEndings::Lenient { LineEndings::Lenient } else { LineEndings::Strict };
    let told = reference(decode_as, &wire);
    assert!(told.ended && told.consumed == wire.len() as u64, "it ends elsewhere");
    assert_eq!(told.joined(), expected);
    assert_eq!(told.counts[2], 0, "a lone dot");
});

/// `None`: refused, as a whole or with the first piece that is refused.
fn encode(policy: LineEndings, body: &Bytes, chunks: &[&[u8]], by_reference: bool) -> Option<Bytes> {
    let (mut output, mut encoder) = (Output::new(), DotEncoder::new(policy));
    output.put(b"+OK\r\n");
    for chunk in chunks {
        let before = output.len();
        let result = if by_reference {
            encoder.encode_bytes(&body.slice_ref(chunk), &mut output)
        } else {
            encoder.encode(chunk, &mut output)
        };
        if let Err(BodyError::LineEnding { offset, .. }) = result {
            assert!(offset < chunk.len());
            assert_eq!(output.len(), before, "refused, and something was written");
        }
        result.ok()?;
    }
    let before = output.len();
    if encoder.finish(&mut output).is_err() {
        assert_eq!(output.len(), before, "refused, and something was written");
        return None;
    }
    Some(output.take_all().slice(5..))
}
