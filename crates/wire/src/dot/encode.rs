//! Bodies to the wire.

use super::LineEndings;
use super::scan::Scanner;
use crate::output::BY_REFERENCE;
use crate::{BodyError, Output};
use bytes::Bytes;
use core::ops::Range;

/// Puts one body on the wire: adds the dots for transparency, the missing last CR LF and the end mark.
///
/// RFC 1939, section 3; RFC 5321, section 4.5.2. An encoder is for one body, in pieces of any size.
///
/// ```
/// use wire::dot::{DotEncoder, LineEndings};
/// use wire::{BodyError, Output};
///
/// let mut output = Output::new();
/// let mut encoder = DotEncoder::new(LineEndings::Normalise);
/// encoder.encode(b"a\n.", &mut output)?;
/// encoder.encode(b"\nb", &mut output)?;
/// encoder.finish(&mut output)?;
/// assert_eq!(output.take_all(), "a\r\n..\r\nb\r\n.\r\n");
///
/// let mut encoder = DotEncoder::new(LineEndings::Strict);
/// let error = encoder.encode(b"a\n.\nb", &mut output);
/// assert_eq!(error, Err(BodyError::LineEnding { what: "LF", offset: 1 }));
/// assert!(output.is_empty());
/// # Ok::<(), BodyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct DotEncoder {
    policy: LineEndings,
    at: At,
}

/// What went before the next octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// The end of a line, or nothing.
    LineStart,
    Middle,
    /// A CR, which is a part of CR LF if an LF comes.
    Cr,
}

impl DotEncoder {
    /// For a new body.
    #[must_use]
    pub const fn new(policy: LineEndings) -> Self {
        Self { policy, at: At::LineStart }
    }

    /// Appends a copy of the next piece.
    ///
    /// # Errors
    /// [`BodyError::LineEnding`] under [`LineEndings::Strict`]; then `output` and the encoder are as they
    /// were. A CR at the end of a piece is judged by the next one: if that does not start with LF, the
    /// error says CR at its octet 0.
    pub fn encode(&mut self, piece: &[u8], output: &mut Output) -> Result<(), BodyError> {
        // room for some dots, too
        output.reserve(piece.len() + piece.len() / 64);
        self.run(piece, output, |output, part| output.put(&piece[part]))
    }

    /// Appends the next piece; large parts of it without dots to add go by reference.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encode_bytes(&mut self, piece: &Bytes, output: &mut Output) -> Result<(), BodyError> {
        self.run(piece, output, |output, part| {
            if part.len() < BY_REFERENCE {
                output.put(&piece[part]);
            } else {
                output.put_bytes(piece.slice(part));
            }
        })
    }

    /// Appends the end: CR LF if the last line lacks it, then `.` CR LF.
    ///
    /// # Errors
    /// [`BodyError::LineEnding`] at octet 0 under [`LineEndings::Strict`] if the last piece ended in CR;
    /// nothing is written.
    pub fn finish(&mut self, output: &mut Output) -> Result<(), BodyError> {
        output.put(match (self.at, self.policy) {
            (At::LineStart, _) => b".\r\n",
            (At::Cr, LineEndings::Strict) => return Err(BodyError::LineEnding { what: "CR", offset: 0 }),
            (At::Cr, LineEndings::Normalise) => b"\n.\r\n",
            (At::Cr, LineEndings::Lenient) | (At::Middle, _) => b"\r\n.\r\n",
        });
        self.at = At::LineStart;
        Ok(())
    }

    /// All or nothing of `piece`.
    #[inline]
    fn run(
        &mut self,
        piece: &[u8],
        output: &mut Output,
        put: impl Fn(&mut Output, Range<usize>),
    ) -> Result<(), BodyError> {
        let before = output.checkpoint();
        match self.walk(piece, output, put) {
            Ok(at) => {
                self.at = at;
                Ok(())
            }
            Err((what, offset)) => {
                output.roll_back(before);
                Err(BodyError::LineEnding { what, offset })
            }
        }
    }

    /// Puts what is to be added, and with `put` the parts of `piece` between. The error is what is
    /// refused, and where.
    #[inline]
    fn walk(
        &self,
        piece: &[u8],
        output: &mut Output,
        put: impl Fn(&mut Output, Range<usize>),
    ) -> Result<At, (&'static str, usize)> {
        use LineEndings::{Lenient, Normalise, Strict};
        let mut scanner = Scanner::default();
        let mut at = self.at;
        // how much was judged, and how much of that was put
        let (mut end, mut done) = (0, 0);
        while let Some(&octet) = piece.get(end) {
            // what is missing before this octet, how many octets that judges, and what follows them
            let (missing, len, next): (&[u8], _, _) = match (at, octet, self.policy) {
                (At::Cr, b'\n', _) => (b"", 1, At::LineStart),
                (At::Cr, _, Strict) => return Err(("CR", end.saturating_sub(1))),
                (At::Cr, _, Normalise) => (b"\n", 0, At::LineStart),
                (At::Cr, _, Lenient) => (b"", 0, At::Middle),
                (At::LineStart, b'.', _) => (b".", 1, At::Middle),
                _ => match (&piece[end..scanner.settled(piece, end, 0)], octet, self.policy) {
                    ([], b'\r', _) => (b"", 1, At::Cr),
                    ([], _, Strict) => return Err(("LF", end)),
                    ([], _, Normalise) => (b"\r", 1, At::LineStart),
                    ([], _, Lenient) => (b"", 1, At::Middle),
                    (text, ..) if text.ends_with(b"\r\n") => (b"", text.len(), At::LineStart),
                    (text, ..) => (b"", text.len(), At::Middle),
                },
            };
            if !missing.is_empty() {
                put(output, done..end);
                output.put(missing);
                done = end;
            }
            end += len;
            at = next;
        }
        put(output, done..end);
        Ok(at)
    }
}
