//! For tests, of the protocol crates and of their users: recordings, splits, narrow pipes.

use crate::{Machine, Step};
use alloc::{string::String, vec::Vec};
use bytes::Buf;

/// Who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `C`
    Client,
    /// `S`
    Server,
}

/// One read of a recorded connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Who sent it.
    pub side: Side,
    /// What one read gave.
    pub data: Vec<u8>,
}

/// A recorded connection in the `.wire` format: frames of `C <length> LF <octets> LF`, in order of
/// arrival.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recording {
    /// The reads, in order of arrival.
    pub frames: Vec<Frame>,
}

impl Recording {
    /// Parses a `.wire` file.
    ///
    /// # Errors
    /// The offset of the frame that is not in the format.
    pub fn parse(file: &[u8]) -> Result<Self, usize> {
        let mut frames = Vec::new();
        let mut rest = file;
        while !rest.is_empty() {
            let offset = file.len() - rest.len();
            let (frame, after) = Self::frame(rest).ok_or(offset)?;
            frames.push(frame);
            rest = after;
        }
        Ok(Self { frames })
    }

    fn frame(i: &[u8]) -> Option<(Frame, &[u8])> {
        let end = memchr::memchr(b'\n', i)?;
        let (head, rest) = (&i[..end], &i[end + 1..]);
        let side = match head.split_first()?.0 {
            b'C' => Side::Client,
            b'S' => Side::Server,
            _ => return None,
        };
        let length = head.get(1..)?.strip_prefix(b" ")?;
        let (left, length) = crate::number::number64(length).ok()?;
        let length = usize::try_from(length).ok()?;
        let data = rest.get(..length)?.to_vec();
        let rest = rest[length..].strip_prefix(b"\n")?;
        left.is_empty().then_some((Frame { side, data }, rest))
    }

    /// All that one side sent, joined.
    #[must_use]
    pub fn stream(&self, side: Side) -> Vec<u8> {
        self.frames.iter().filter(|f| f.side == side).flat_map(|f| f.data.iter().copied()).collect()
    }

    /// Writes the `.wire` format.
    #[must_use]
    pub fn to_file(&self) -> Vec<u8> {
        let mut file = Vec::new();
        for frame in &self.frames {
            let side = if frame.side == Side::Client { 'C' } else { 'S' };
            file.extend_from_slice(alloc::format!("{side} {}\n", frame.data.len()).as_bytes());
            file.extend_from_slice(&frame.data);
            file.push(b'\n');
        }
        file
    }
}

/// A sequence of numbers that looks random and is the same each time (splitmix64).
#[derive(Debug, Clone)]
pub struct Seeded(u64);

impl Seeded {
    /// Starts the sequence.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below `bound`, or 0 if `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        usize::try_from(z % (bound.max(1) as u64)).unwrap_or_default()
    }
}

/// `data` in one piece, byte by byte, at each single cut if it is short, and at random cuts: ways of
/// chunking that must not matter.
#[must_use]
pub fn chunkings(data: &[u8]) -> Vec<Vec<&[u8]>> {
    const SHORT: usize = 300;
    const RANDOM: u64 = 8;
    let mut all = alloc::vec![alloc::vec![data], data.chunks(1).collect()];
    if data.len() <= SHORT {
        all.extend((1..data.len()).map(|cut| alloc::vec![&data[..cut], &data[cut..]]));
    }
    for seed in 0..RANDOM {
        all.push(random_chunks(data, &mut Seeded::new(seed), 64));
    }
    all
}

/// `data` in pieces of 1 to `max` octets.
pub fn random_chunks<'d>(data: &'d [u8], seeded: &mut Seeded, max: usize) -> Vec<&'d [u8]> {
    let mut chunks = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at((seeded.below(max) + 1).min(rest.len()));
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

/// How a machine that was driven to the end of its input stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End<E> {
    /// It wants more.
    NeedInput,
    /// It waits for the application.
    Paused(crate::Pause),
    /// It is done.
    Closed,
    /// It gave up.
    Failed(E),
}

/// Asks for events until there are no more, and hands each to `handle`.
pub fn drain<M: Machine>(machine: &mut M, mut handle: impl FnMut(&mut M, M::Event)) -> End<M::Error> {
    loop {
        match machine.next_event() {
            Ok(Step::Event(event)) => handle(machine, event),
            Ok(Step::NeedInput) => return End::NeedInput,
            Ok(Step::Paused(pause)) => return End::Paused(pause),
            Ok(Step::Closed) => return End::Closed,
            Err(error) => return End::Failed(error),
        }
    }
}

/// Plays what a peer says to a machine in all [`chunkings`], and gives what came of it, which must be the
/// same each time. `make` gives a machine that waits for it. `handle` is the application; it notes the event,
/// and may join it to the one before, as the pieces of a body have to be.
///
/// # Panics
/// If a chunking gives other events or another end.
pub fn transcript<M>(
    make: impl Fn() -> M,
    stream: &[u8],
    handle: impl Fn(&mut M, &mut Vec<M::Event>, M::Event),
) -> (Vec<M::Event>, End<M::Error>)
where
    M: Machine,
    M::Event: PartialEq + core::fmt::Debug,
    M::Error: PartialEq,
{
    let mut first = None;
    for chunks in chunkings(stream) {
        let mut machine = make();
        let mut events = Vec::new();
        let mut end = drain(&mut machine, |machine, event| handle(machine, &mut events, event));
        for chunk in &chunks {
            machine.receive(chunk);
            end = drain(&mut machine, |machine, event| handle(machine, &mut events, event));
        }
        let played = (events, end);
        match &first {
            None => first = Some(played),
            Some(first) => assert_eq!(&played, first, "in chunks of {:?}", sizes(&chunks)),
        }
    }
    first.unwrap_or((Vec::new(), End::NeedInput))
}

fn sizes(chunks: &[&[u8]]) -> Vec<usize> {
    // enough to see what kind of chunking it was
    chunks.iter().take(40).map(|chunk| chunk.len()).collect()
}

/// Moves at most `max` octets that one machine wants to send into another; says how many it moved. It
/// moves nothing while the receiver does not want to read.
pub fn pipe<A: Machine, B: Machine>(from: &mut A, to: &mut B, max: usize) -> usize {
    if !to.wants_read() {
        return 0;
    }
    let output = from.output();
    let chunk = output.chunk();
    let n = chunk.len().min(max);
    to.receive(&chunk[..n]);
    output.advance(n);
    n
}

/// Octets for reading in a failure message: CR, LF and others as escapes.
#[must_use]
pub fn readable(octets: &[u8]) -> String {
    octets.escape_ascii().collect::<Vec<u8>>().iter().map(|&o| o as char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_round_trip() {
        let file = b"S 5\n+OK\r\n\nC 6\nQUIT\r\n\nS 0\n\n";
        let recording = Recording::parse(file).unwrap();
        assert_eq!(recording.frames.len(), 3);
        assert_eq!(recording.stream(Side::Server), b"+OK\r\n");
        assert_eq!(recording.to_file(), file);
        for (bad, at) in [(&b"X 1\na\n"[..], 0), (b"C 9\na\n", 0), (b"S 0\n\nC x\n", 5), (b"C 1\nab", 0)] {
            assert_eq!(Recording::parse(bad), Err(at), "{bad:?}");
        }
    }

    #[test]
    fn every_chunking_is_the_same_data() {
        let data = b"0123456789";
        for chunks in chunkings(data) {
            assert_eq!(chunks.concat(), data);
        }
    }
}
