//! Our side. Bodies are decoded with [`LineEndings::Strict`]: bare CR and LF are looked for, as are too long lines.

use std::hint::black_box;

use wire::Input;
use wire::Output;
use wire::dot::{Body as Dotted, DotDecoder, DotEncoder, LineEndings, Part, PushDecoder};

use crate::Contestant;
use crate::body::workloads::Body;
use crate::socket::drained;

/// A body that arrives in chunks.
pub fn decode(body: &Body, chunk: usize) -> Vec<Contestant> {
    let wire = body.wire.clone();
    let lent = Contestant::ours("PushDecoder, slices lent", move || {
        let (mut octets, mut decoder) = (0, PushDecoder::new(LineEndings::Strict));
        for piece in wire.chunks(chunk) {
            let fed = decoder.feed(black_box(piece), |part| {
                if let Part::Content(content) = part {
                    octets += black_box(content).len() as u64;
                }
            });
            if fed.ended {
                return octets;
            }
        }
        0
    })
    .noting("lends; finds bare CR and LF and long lines");

    let wire = body.wire.clone();
    let mut kept: Vec<u8> = Vec::with_capacity(wire.len());
    let copied = Contestant::ours("PushDecoder, copied and kept", move || {
        kept.clear();
        let mut decoder = PushDecoder::new(LineEndings::Strict);
        for piece in wire.chunks(chunk) {
            let fed = decoder.feed(black_box(piece), |part| {
                if let Part::Content(content) = part {
                    kept.extend_from_slice(content);
                }
            });
            if fed.ended {
                return black_box(&kept).len() as u64;
            }
        }
        0
    })
    .noting("collects the message as smtp-proto (kept) does");

    let wire = body.wire.clone();
    let owned = Contestant::ours("Input and DotDecoder, Bytes", move || {
        let (mut octets, mut decoder) = (0, DotDecoder::new(LineEndings::Strict));
        let mut input = Input::new();
        for piece in wire.chunks(chunk) {
            input.receive(black_box(piece));
            loop {
                match decoder.next(&mut input) {
                    Dotted::Chunk(content) => octets += black_box(&content).len() as u64,
                    Dotted::Found(_) => return 0,
                    Dotted::NeedInput => break,
                    Dotted::End => return octets,
                }
            }
        }
        0
    })
    .noting(
        "copies what arrives into a buffer once, as a read from a socket does; hands out owned slices of it; keeps the buffer to the end",
    );

    vec![lent, copied, owned]
}

/// A body to the wire.
pub fn encode(body: &Body, chunk: usize) -> Vec<Contestant> {
    let raw = body.raw.clone();
    let copied = Contestant::ours("DotEncoder, copied", move || {
        let (mut octets, mut output) = (0, Output::new());
        let mut encoder = DotEncoder::new(LineEndings::Strict);
        for piece in raw.chunks(chunk) {
            if encoder.encode(black_box(piece), &mut output).is_err() {
                return 0;
            }
            octets += drained(&mut output);
        }
        if encoder.finish(&mut output).is_err() {
            return 0;
        }
        octets + drained(&mut output)
    })
    .noting("refuses bare CR and LF");

    let raw = body.raw.clone();
    let lent = Contestant::ours("DotEncoder, by reference", move || {
        let (mut octets, mut output) = (0, Output::new());
        let mut encoder = DotEncoder::new(LineEndings::Strict);
        let mut rest = raw.clone();
        while !rest.is_empty() {
            let piece = rest.split_to(chunk.min(rest.len()));
            if encoder.encode_bytes(black_box(&piece), &mut output).is_err() {
                return 0;
            }
            octets += drained(&mut output);
        }
        if encoder.finish(&mut output).is_err() {
            return 0;
        }
        octets + drained(&mut output)
    })
    .noting("refuses bare CR and LF; parts of 1 KiB and more are not copied");
    vec![copied, lent]
}
