//! Yardsticks: what the machine can do at best.

use std::hint::black_box;

use bytes::Bytes;
use memchr::{memchr, memmem};

use crate::Contestant;

/// Copies `data` chunk by chunk into one small buffer (what a socket read costs), or as a whole into a big one.
pub fn copy(data: &Bytes, chunk: usize) -> Contestant {
    let data = data.clone();
    let mut to = vec![0_u8; chunk.min(data.len())];
    Contestant::limit("memcpy", move || {
        for piece in black_box(&data).chunks(chunk) {
            to[..piece.len()].copy_from_slice(piece);
            black_box(&to);
        }
        data.len() as u64
    })
}

/// One memchr call a line, with a look at the octet before the LF: the least that a line-based reader does.
pub fn lines(data: &Bytes, chunk: usize) -> Contestant {
    let data = data.clone();
    Contestant::limit("memchr a line", move || {
        let (mut lines, mut before) = (0, 0);
        for piece in black_box(&data).chunks(chunk) {
            let mut rest = piece;
            while let Some(at) = memchr(b'\n', rest) {
                let previous = if at == 0 { before } else { rest[at - 1] };
                lines += u64::from(previous == b'\r');
                before = b'\n';
                rest = &rest[at + 1..];
            }
            before = rest.last().copied().unwrap_or(before);
        }
        lines
    })
}

/// memmem for CR LF `.`, with a prepared finder.
pub fn dots(data: &Bytes, chunk: usize) -> Contestant {
    let data = data.clone();
    let finder = memmem::Finder::new(b"\r\n.");
    Contestant::limit("memmem CR LF dot", move || {
        black_box(&data).chunks(chunk).map(|piece| finder.find_iter(piece).count() as u64).sum()
    })
}

/// Reads every octet once and does nothing with it: how fast the memory is.
pub fn read(data: &Bytes, chunk: usize) -> Contestant {
    let data = data.clone();
    Contestant::limit("read (xor of words)", move || {
        let mut sum = [0_u64; 16];
        for piece in black_box(&data).chunks(chunk) {
            let (blocks, rest) = piece.as_chunks::<128>();
            for block in blocks {
                for (into, word) in sum.iter_mut().zip(block.as_chunks::<8>().0) {
                    *into ^= u64::from_ne_bytes(*word);
                }
            }
            sum[0] ^= rest.iter().map(|&octet| u64::from(octet)).sum::<u64>();
        }
        black_box(sum).iter().fold(0, |a, b| a ^ b)
    })
}
