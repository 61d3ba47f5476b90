//! What no peer can do, through `write!`.

use std::hint::black_box;
use std::io::Write as _;

use crate::Contestant;
use crate::generator::WHOLE;
use crate::limits::copy;
use crate::pop3::workloads::{Listing, Replies, ReplyParts};

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
