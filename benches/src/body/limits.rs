//! Yardsticks for bodies: what the machine can do at best, and what a plain loop does.

use std::hint::black_box;

use memchr::memmem;

use crate::Contestant;
use crate::body::workloads::Body;
use crate::generator::WHOLE;
use crate::limits::{copy, dots, lines, read};

/// For a decoder.
pub fn decode(body: &Body, chunk: usize) -> Vec<Contestant> {
    vec![lines(&body.wire, chunk), dots(&body.wire, chunk), read(&body.wire, chunk), copy(&body.wire, chunk)]
}

/// For an encoder; no peer can do it.
pub fn encode(body: &Body, chunk: usize) -> Vec<Contestant> {
    let raw = body.raw.clone();
    let room = match chunk {
        WHOLE => body.wire.len(),
        n => 2 * n + 8,
    };
    let mut out: Vec<u8> = Vec::with_capacity(room);
    let octets =
        Contestant::baseline("loop over octets", "as mail clients commonly do it; copies", move || {
            let (mut total, mut start) = (0, true);
            for piece in black_box(&raw).chunks(chunk) {
                out.clear();
                for &octet in piece {
                    if start && octet == b'.' {
                        out.push(b'.');
                    }
                    start = octet == b'\n';
                    out.push(octet);
                }
                total += black_box(&out).len() as u64;
            }
            total + black_box(b".\r\n").len() as u64
        });
    let raw = body.raw.clone();
    let mut out: Vec<u8> = Vec::with_capacity(room);
    let finder = memmem::Finder::new(b"\n.");
    let pieces = Contestant::baseline("memmem and copy", "a prepared memmem for LF dot; copies", move || {
        let (mut total, mut start) = (0, true);
        for piece in black_box(&raw).chunks(chunk) {
            out.clear();
            if start && piece[0] == b'.' {
                out.push(b'.');
            }
            let mut from = 0;
            for at in finder.find_iter(piece) {
                out.extend_from_slice(&piece[from..=at]);
                out.push(b'.');
                from = at + 1;
            }
            out.extend_from_slice(&piece[from..]);
            start = piece.ends_with(b"\n");
            total += black_box(&out).len() as u64;
        }
        total + black_box(b".\r\n").len() as u64
    });
    vec![octets, pieces, copy(&body.wire, chunk)]
}
