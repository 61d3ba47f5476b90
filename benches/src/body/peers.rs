//! The peer for bodies, in the fastest way that is still correct.
//!
//! # smtp-proto 0.2.5
//!
//! `DataReceiver` takes dots off SMTP DATA, which has the same format as a POP3 multi-line body. It copies the body into a
//! `Vec` of the caller's.
//!
//! - Does less: it does not check or report line endings (bare CR and LF pass), has no limit, and copies instead of lending.
//! - It does not see a dot at the very start of the data, neither a stuffed one nor the end of an empty message (`.` CR LF
//!   first). The bodies here begin with an ordinary line.
//! - Two ways of using it: `kept` collects the message in one `Vec` whose capacity is kept from one run to the next (the
//!   fastest for a caller who wants the whole message); `drained` hands on what a chunk gave and reuses a small buffer (the
//!   fastest for a caller who streams, since the buffer stays in the cache). Draining must leave a last CR in the buffer,
//!   because the receiver takes it back when the next chunk turns out to complete CR LF `.` CR LF.

use std::hint::black_box;

use stalwart::request::receiver::{DataReceiver, DummyDataReceiver};

use crate::Contestant;
use crate::body::workloads::Body;
use crate::generator::WHOLE;

/// A body that arrives in chunks.
pub fn data_receiver(body: &Body, chunk: usize) -> Vec<Contestant> {
    let wire = body.wire.clone();
    let mut kept = Vec::with_capacity(wire.len());
    let mut all =
        vec![Contestant::peer("smtp-proto 0.2.5 (kept)", "copies; no check of line endings", move || {
            kept.clear();
            let mut receiver = DataReceiver::new();
            for piece in wire.chunks(chunk) {
                if receiver.ingest(&mut black_box(piece).iter(), &mut kept) {
                    return black_box(&kept).len() as u64;
                }
            }
            0
        })];
    if chunk != WHOLE {
        let wire = body.wire.clone();
        let mut small: Vec<u8> = Vec::with_capacity(chunk + 16);
        all.push(Contestant::peer(
            "smtp-proto 0.2.5 (drained)",
            "copies; no check of line endings",
            move || {
                small.clear();
                let mut receiver = DataReceiver::new();
                let mut octets = 0;
                for piece in wire.chunks(chunk) {
                    let end = receiver.ingest(&mut black_box(piece).iter(), &mut small);
                    if end {
                        return octets + black_box(&small).len() as u64;
                    }
                    let keep = usize::from(small.last() == Some(&b'\r'));
                    let ready = small.len() - keep;
                    octets += black_box(&small[..ready]).len() as u64;
                    small.clear();
                    if keep == 1 {
                        small.push(b'\r');
                    }
                }
                0
            },
        ));
    }
    let wire = body.wire.clone();
    let raw_len = body.raw.len() as u64;
    all.push(Contestant::baseline(
        "smtp-proto 0.2.5 (discarded)",
        "only finds the end, gives no data",
        move || {
            let mut receiver = DummyDataReceiver::new_data(&DataReceiver::new());
            for piece in wire.chunks(chunk) {
                if receiver.ingest(&mut black_box(piece).iter()) {
                    return black_box(raw_len);
                }
            }
            0
        },
    ));
    all
}
