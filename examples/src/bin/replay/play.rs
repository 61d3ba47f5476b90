//! What is the same for each protocol: the chunkings, and the comparison of what they gave.

use crate::summary::Counts;
use std::io::Write;
use wire::testing::{Recording, Seeded, Side, random_chunks};

/// Random splits, beside the recorded chunks and the single octets.
const RANDOM_SPLITS: u64 = 4;
/// The longest random piece, in octets.
const LONGEST: usize = 48;

/// A pair of machines that play one recorded connection.
pub(crate) trait Session: Default {
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
    pub(crate) log: Vec<Entry>,
    pub(crate) counts: Counts,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Who sent what it is about.
    pub(crate) side: Side,
    /// What kind of event.
    pub(crate) kind: &'static str,
    /// What it says.
    pub(crate) text: String,
    /// What `text` does not show, for comparing: a digest of it.
    pub(crate) digest: u64,
}

/// Prints a line. Whoever reads may stop early, as `head` does: then there is nothing more to do.
pub(crate) fn say(line: &str) {
    if writeln!(std::io::stdout().lock(), "{line}").is_err() {
        std::process::exit(0);
    }
}

/// Plays a recording in all chunkings.
pub(crate) fn all<S: Session>(recording: &Recording, show: bool) -> Counts {
    let recorded = play::<S>(recording, |data| vec![data]);
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
    compare(play::<S>(recording, |data| data.chunks(1).collect()));
    for seed in 0..RANDOM_SPLITS {
        let mut seeded = Seeded::new(seed);
        compare(play::<S>(recording, |data| random_chunks(data, &mut seeded, LONGEST)));
    }
    counts
}

fn play<S: Session>(recording: &Recording, mut split: impl FnMut(&[u8]) -> Vec<&[u8]>) -> Played {
    let mut session = S::default();
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
pub(crate) struct Digest(pub(crate) u64);

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
