//! Our crates beside their peers: the workloads, the contestants and the catalogue that pairs them.
//!
//! Each of [`pop3`], [`smtp`], [`imap`] and [`body`] (message bodies, which POP3 and SMTP carry in the same way) has
//!
//! - `workloads`: deterministic inputs, each varied, none of them one line repeated, out of what [`generator`] gives;
//! - `ours`: our side, one function for each workload;
//! - `peers`: published crates, in the fastest way that is still correct;
//! - `limits`: plain hand-written loops, beside those for everybody in [`limits`]: memcpy, memchr;
//! - `catalogue`: which workload has which contestants.
//!
//! [`catalogue`] joins them. [`measure`]: interleaved rounds; `src/bin/compare.rs` (time), `instructions.rs` (callgrind),
//! `allocations.rs`; `benches/everything.rs` (criterion).

pub mod auth;
pub mod body;
pub mod catalogue;
pub mod generator;
pub mod imap;
pub mod limits;
pub mod measure;
pub mod pop3;
pub mod smtp;
mod socket;

/// Who a contestant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// One of our crates.
    Ours,
    /// A published crate that does the same job. The ratios are against the fastest of these.
    Peer,
    /// A hand-written loop or a part of a peer that does a different amount of work.
    Baseline,
    /// What no implementation that reads each byte can beat by much: memcpy, memchr.
    Limit,
}

impl Side {
    /// As it is written in tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Side::Ours => "ours",
            Side::Peer => "peer",
            Side::Baseline => "baseline",
            Side::Limit => "limit",
        }
    }
}

/// One way of doing one workload.
pub struct Contestant {
    /// Unique within its workload.
    pub name: &'static str,
    /// Ours, a peer, or a yardstick.
    pub side: Side,
    /// Where it does more or less than the others; empty if it does the same.
    pub note: &'static str,
    /// Its own witness where it cannot tell everything that the others tell; what is missing stands in `note`.
    pub witness: Option<u64>,
    /// Does the whole workload once, drops included, and returns the witness (see [`Workload::witness`]).
    pub run: Box<dyn FnMut() -> u64>,
}

impl Contestant {
    fn new(side: Side, name: &'static str, note: &'static str, run: impl FnMut() -> u64 + 'static) -> Self {
        Contestant { name, side, note, witness: None, run: Box::new(run) }
    }

    /// One of ours. List the headline first: the report shows the first one.
    pub fn ours(name: &'static str, run: impl FnMut() -> u64 + 'static) -> Self {
        Self::new(Side::Ours, name, "", run)
    }

    /// Says where it does more or less than the others.
    fn noting(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }

    /// Tells less than the others: its witness is a sum of fewer things.
    pub fn witnessing(mut self, witness: u64) -> Self {
        self.witness = Some(witness);
        self
    }

    /// A published crate.
    pub fn peer(name: &'static str, note: &'static str, run: impl FnMut() -> u64 + 'static) -> Self {
        Self::new(Side::Peer, name, note, run)
    }

    /// A yardstick that does the job in a plain way.
    pub fn baseline(name: &'static str, note: &'static str, run: impl FnMut() -> u64 + 'static) -> Self {
        Self::new(Side::Baseline, name, note, run)
    }

    /// A yardstick that only touches the bytes. Its witness is not checked.
    pub fn limit(name: &'static str, run: impl FnMut() -> u64 + 'static) -> Self {
        Self::new(Side::Limit, name, "touches the bytes, does not do the job", run)
    }
}

/// One input and everybody who works on it.
pub struct Workload {
    /// Stable name, `job/variant/chunk`.
    pub id: String,
    /// Octets of input for a parser, of output for an encoder.
    pub bytes: u64,
    /// Messages, list entries, or lines of a body.
    pub messages: u64,
    /// What one message is.
    pub unit: &'static str,
    /// What every contestant except a limit must return: proof that it did the job. Typed values are summed, so that nobody
    /// can leave them unread; see [`Contestant::witness`] for who cannot tell them all.
    pub witness: u64,
    /// Ours first, then peers, baselines, limits.
    pub contestants: Vec<Contestant>,
}

impl Workload {
    /// Runs everybody once and says who returned something else than the witness.
    pub fn check(&mut self) -> Result<(), String> {
        for contestant in &mut self.contestants {
            let got = (contestant.run)();
            let wanted = contestant.witness.unwrap_or(self.witness);
            if contestant.side != Side::Limit && got != wanted {
                return Err(format!("{}: {} returned {got}, not {wanted}", self.id, contestant.name));
            }
        }
        Ok(())
    }
}
