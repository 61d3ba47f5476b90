//! The dot engine from the wire: the same content, findings and refusal under every chunking, for both
//! decoders; and what a decoder too simple to be wrong says, so that only CR LF `.` CR LF ends a body.
#![no_main]

use fuzz::dot::{FOUND, Told, reference};
use libfuzzer_sys::fuzz_target;
use wire::Input;
use wire::dot::{Body, DotDecoder, LineEndings, Part, PushDecoder};

fuzz_target!(|data: &[u8]| {
    let Some((&[policy, pattern @ ..], wire)) = data.split_first_chunk::<5>() else { return };
    let policy = fuzz::policy(policy);
    let expected = reference(policy, wire);
    for chunks in fuzz::chunkings(pattern, wire) {
        assert_eq!(pull(policy, &chunks), expected);
        assert_eq!(push(policy, &chunks), expected);
    }
});

fn pull(policy: LineEndings, chunks: &[&[u8]]) -> Told {
    let (mut input, mut decoder, mut told) = (Input::new(), DotDecoder::new(policy), Told::default());
    for chunk in chunks {
        input.receive(chunk);
        loop {
            match decoder.next(&mut input) {
                Body::Chunk(octets) => told.content(&octets),
                Body::Found(finding) => told.found(finding),
                Body::End => break,
                Body::NeedInput => {
                    assert!(input.len() <= 2, "keeps {} octets", input.len());
                    assert_eq!(decoder.next(&mut input), Body::NeedInput);
                    break;
                }
            }
        }
    }
    assert_eq!(input.stream_offset(), decoder.octets_in());
    finish(told, &decoder)
}

fn push(policy: LineEndings, chunks: &[&[u8]]) -> Told {
    let (mut decoder, mut told) = (PushDecoder::new(policy), Told::default());
    let mut ended = false;
    for chunk in chunks {
        let fed = decoder.feed(chunk, |part| match part {
            Part::Content(octets) => told.content(octets),
            Part::Found(finding) => told.found(finding),
        });
        assert!(fed.consumed <= chunk.len());
        assert!(fed.ended || fed.consumed == chunk.len(), "left octets and has not ended");
        assert!(!ended || fed.ended && fed.consumed == 0, "consumed something behind the end");
        ended = fed.ended;
    }
    finish(told, decoder.decoder())
}

fn finish(mut told: Told, decoder: &DotDecoder) -> Told {
    told.consumed = decoder.octets_in();
    told.ended = decoder.is_done();
    told.refused = decoder.refused().map(|finding| (finding.kind, finding.offset));
    told.counts = FOUND.map(|kind| decoder.findings().count(kind));
    assert_eq!(decoder.octets_out(), told.joined().len() as u64);
    told
}
