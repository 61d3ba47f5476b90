//! What is the same for each protocol: the chunkings, and the comparison of what they gave.

use crate::summary::Counts;
use bytes::Bytes;
use std::fmt::{Debug, Display};
use std::io::Write;
use wire::testing::{Recording, Seeded, Side, random_chunks};

/// Random splits, beside the recorded chunks and the single octets.
const RANDOM_SPLITS: u64 = 4;
/// The longest random piece, in octets.
const LONGEST: usize = 48;

/// A pair of machines that play one recorded connection.
pub(crate) trait Session {
    /// A piece of what one side sent; `frame` is the number of the recorded read that it is of. Says whether
    /// the rest of the recording is still this protocol: where TLS starts, it is not.
    fn receive(&mut self, side: Side, piece: &[u8], frame: usize) -> bool;
    /// Both sides have closed.
    fn end(&mut self);
    /// What happened, and what was counted.
    fn finish(self) -> Played;
}

/// What one play gave.
#[derive(Default)]
pub(crate) struct Played {
    /// Events of both machines, readable, without secrets.
    log: Vec<Entry>,
    pub(crate) counts: Counts,
}

impl Played {
    pub(crate) fn log(&mut self, side: Side, kind: &'static str, text: impl Into<String>) {
        self.log.push(Entry { side, kind, text: text.into(), digest: 0 });
    }

    /// The content of a message, of which only the length is shown.
    pub(crate) fn body(&mut self, side: Side, octets: u64, digest: Digest) {
        self.log.push(Entry { side, kind: "body", text: format!("{octets} octets"), digest: digest.0 });
    }

    pub(crate) fn remark(&mut self, side: Side, text: impl Into<String>) {
        self.counts.diagnostics += 1;
        self.log(side, "remark", text);
    }

    pub(crate) fn disagree(&mut self, side: Side, why: &dyn Display) {
        self.counts.disagreements += 1;
        self.log(side, "disagree", why.to_string());
    }

    /// Encodes a message, parses it again, and encodes that.
    pub(crate) fn round_trip<T: PartialEq + Debug, E>(
        &mut self,
        side: Side,
        message: &T,
        encode: impl Fn(&T) -> Bytes,
        parse: impl Fn(&Bytes) -> Result<T, E>,
    ) {
        let encoded = encode(message);
        if !parse(&encoded).is_ok_and(|again| again == *message && encode(&again) == encoded) {
            self.counts.roundtrip_failures += 1;
            self.log(side, "roundtrip", format!("{message:?}"));
        }
    }
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// Who sent what it is about.
    side: Side,
    /// What kind of event.
    kind: &'static str,
    /// What it says.
    text: String,
    /// What `text` does not show, for comparing: a digest of it.
    digest: u64,
}

/// Prints a line. Whoever reads may stop early, as `head` does: then there is nothing more to do.
pub(crate) fn say(line: &str) {
    if writeln!(std::io::stdout().lock(), "{line}").is_err() {
        std::process::exit(0);
    }
}

/// Plays a recording in all chunkings.
pub(crate) fn all<S: Session>(recording: &Recording, show: bool, start: impl Fn() -> S) -> Counts {
    let recorded = play(recording, start(), |data| vec![data]);
    if show {
        for entry in &recorded.log {
            let side = if entry.side == Side::Client { "C ->" } else { "S <-" };
            say(&format!("{side} {:<10} {}", entry.kind, entry.text));
        }
    }
    let mut counts = recorded.counts;
    counts.sessions = 1;
    let mut compare = |played: Played| {
        if played.log != recorded.log || played.counts != recorded.counts {
            counts.split_mismatches += 1;
            if show {
                let differing = recorded.log.iter().zip(&played.log).find(|(a, b)| a != b);
                say(&format!("!    {:<10} {differing:?}", "split"));
            }
        }
    };
    compare(play(recording, start(), |data| data.chunks(1).collect()));
    for seed in 0..RANDOM_SPLITS {
        let mut seeded = Seeded::new(seed);
        compare(play(recording, start(), |data| random_chunks(data, &mut seeded, LONGEST)));
    }
    counts
}

fn play(
    recording: &Recording,
    mut session: impl Session,
    mut split: impl FnMut(&[u8]) -> Vec<&[u8]>,
) -> Played {
    for (number, frame) in recording.frames.iter().enumerate() {
        if !split(&frame.data).into_iter().all(|piece| session.receive(frame.side, piece, number)) {
            return session.finish();
        }
    }
    session.end();
    session.finish()
}

/// A digest of octets that need not be hard to invert, only good for comparing (FNV-1a).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Digest(u64);

impl Digest {
    pub(crate) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn add(&mut self, octets: &[u8]) {
        for octet in octets {
            self.0 = (self.0 ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
