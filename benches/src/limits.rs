//! Yardsticks: what the machine can do at best, and what a plain loop does.

use std::hint::black_box;
use std::io::Write as _;

use bytes::Bytes;
use memchr::{memchr, memmem};

use crate::Contestant;
use crate::workloads::{Body, Listing, Replies, ReplyParts, WHOLE};

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
fn dots(data: &Bytes, chunk: usize) -> Contestant {
    let data = data.clone();
    let finder = memmem::Finder::new(b"\r\n.");
    Contestant::limit("memmem CR LF dot", move || {
        black_box(&data).chunks(chunk).map(|piece| finder.find_iter(piece).count() as u64).sum()
    })
}

/// Reads every octet once and does nothing with it: how fast the memory is.
fn read(data: &Bytes, chunk: usize) -> Contestant {
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

/// For a decoder.
pub fn retr_decode(body: &Body, chunk: usize) -> Vec<Contestant> {
    vec![lines(&body.wire, chunk), dots(&body.wire, chunk), read(&body.wire, chunk), copy(&body.wire, chunk)]
}

/// For an encoder; no peer can do it.
pub fn retr_encode(body: &Body, chunk: usize) -> Vec<Contestant> {
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

/// Replies through `write!`; no peer can serialise replies.
pub fn reply_encode(replies: &Replies) -> Vec<Contestant> {
    let parts = replies.parts.clone();
    let mut out = Vec::with_capacity(replies.messages.stream.len());
    let plain = Contestant::baseline("std write!", "into one kept Vec", move || {
        out.clear();
        for reply in black_box(&parts).iter() {
            let done = match reply {
                ReplyParts::Text { ok, code, text } => {
                    let status = if *ok { "+OK" } else { "-ERR" };
                    match (code, text.as_str()) {
                        (None, "") => write!(out, "{status}\r\n"),
                        (None, text) => write!(out, "{status} {text}\r\n"),
                        (Some(code), text) => write!(out, "{status} [{code}] {text}\r\n"),
                    }
                }
                ReplyParts::Numbers(a, b) => write!(out, "+OK {a} {b}\r\n"),
                ReplyParts::Uid(n, uid) => write!(out, "+OK {n} {uid}\r\n"),
            };
            debug_assert!(done.is_ok());
        }
        black_box(&out).len() as u64
    });
    vec![plain, copy(&replies.messages.stream, WHOLE)]
}

/// A listing through `write!`; no peer can serialise it.
pub fn uidl_encode(uidl: &Listing) -> Vec<Contestant> {
    let entries = uidl.entries.clone();
    let mut out = Vec::with_capacity(uidl.reply.len());
    let plain = Contestant::baseline("std write!", "into one kept Vec", move || {
        out.clear();
        out.extend_from_slice(b"+OK unique-id listing follows\r\n");
        for (number, uid) in black_box(&entries).iter() {
            let done = write!(out, "{number} {uid}\r\n");
            debug_assert!(done.is_ok());
        }
        out.extend_from_slice(b".\r\n");
        black_box(&out).len() as u64
    });
    vec![plain, copy(&uidl.reply, WHOLE)]
}
