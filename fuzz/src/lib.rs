//! What the fuzz targets share: how octets choose, how a stream is cut, what every machine promises, and a
//! dot engine too simple to be wrong.

pub mod dot;
pub mod imap;
/// Client and server of each mechanism, as the tests of `auth` have them.
#[path = "../../crates/auth/tests/common/mod.rs"]
pub mod pairs;
pub mod smtp;

use pop3_proto::ReplyKind;
use std::fmt::Debug;
use wire::dot::LineEndings;
use wire::{Machine, Output, Step, Tolerance};

/// The kind that an octet chooses.
pub fn kind(choice: u8) -> ReplyKind {
    ReplyKind::ALL[usize::from(choice) % ReplyKind::ALL.len()]
}

/// The tolerance that an octet chooses.
pub fn tolerance(choice: u8) -> Tolerance {
    [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient][usize::from(choice) % 3]
}

/// The policy that an octet chooses.
pub fn policy(choice: u8) -> LineEndings {
    [LineEndings::Strict, LineEndings::Normalise, LineEndings::Lenient][usize::from(choice) % 3]
}

/// Whether a bit is set.
pub fn bit(choices: u8, bit: u8) -> bool {
    choices >> bit & 1 == 1
}

/// `data` in pieces whose sizes go round the pattern; a size of 0 is 1024.
pub fn chunks(pattern: [u8; 4], data: &[u8]) -> Vec<&[u8]> {
    let mut sizes = pattern.iter().map(|&size| if size == 0 { 1024 } else { usize::from(size) }).cycle();
    let mut rest = data;
    let mut all = Vec::new();
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(sizes.next().unwrap_or(1).min(rest.len()));
        all.push(chunk);
        rest = after;
    }
    all
}

/// `data` whole, octet by octet, and by the pattern: ways of cutting that must not matter.
pub fn chunkings(pattern: [u8; 4], data: &[u8]) -> [Vec<&[u8]>; 3] {
    [vec![data], data.chunks(1).collect(), chunks(pattern, data)]
}

/// The next step of a machine, held to its word: whatever is not an event stays as it is until something is
/// done, and a machine that needs input wants to read.
pub fn step<M>(machine: &mut M) -> Result<Step<M::Event>, M::Error>
where
    M: Machine<Event: Debug + PartialEq, Error: PartialEq>,
{
    let step = machine.next_event();
    if !matches!(step, Ok(Step::Event(_))) {
        assert_eq!(machine.next_event(), step, "said something else when asked again");
    }
    if matches!(step, Ok(Step::NeedInput)) {
        // and so its input is below the limit of a line
        assert!(machine.wants_read(), "needs input and does not want to read");
    }
    if step.is_err() {
        assert!(!machine.wants_read(), "wants to read after it has failed");
    }
    step
}

/// All that a value writes.
pub fn written(encode: impl FnOnce(&mut Output)) -> bytes::Bytes {
    let mut output = Output::new();
    encode(&mut output);
    output.take_all()
}

/// A line of output is one line: nothing in it can pass for another.
pub fn assert_one_line(line: &[u8]) {
    let Some(text) = line.strip_suffix(b"\r\n") else { panic!("no CRLF: {}", line.escape_ascii()) };
    let bad = text.iter().any(|octet| b"\r\n\0".contains(octet));
    assert!(!bad, "more than a line: {}", line.escape_ascii());
}

/// What came of two chunkings of a stream.
pub fn assert_same<T: Debug + PartialEq>(one: &[T], other: &[T]) {
    let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let (one, other) = (one.get(same), other.get(same));
    assert!(one == other, "the chunks matter, from the event {same} on: {one:#?} {other:#?}");
}
