//! The message that is being parsed.

use crate::parse::{Expected, Failure};
use crate::{Diagnostic, Malformed, ParseError, ParseErrorKind, Redacted, Rule, Tolerance};
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use core::cell::{Cell, RefCell};

/// One complete message under a parser: it gives out slices of the message without a copy, knows where
/// in the stream the message stands, counts depth, and collects what was repaired.
///
/// ```
/// use bytes::Bytes;
/// use wire::{Context, Rule, Tolerance};
///
/// let frame = Bytes::from_static(b"STAT  \r\n");
/// let cx = Context::new(&frame, Tolerance::Default).at(100);
/// let rest = &frame[4..];
/// assert_eq!(cx.keep(&rest[..2]), "  ");
/// cx.repair(Rule("trailing-space"), &rest[..2]);
/// assert_eq!(cx.into_repairs()[0].stream_offset, 104);
/// ```
#[derive(Debug)]
pub struct Context<'f> {
    frame: &'f Bytes,
    stream_offset: u64,
    tolerance: Tolerance,
    behind: Cell<usize>,
    /// Where a copy of a part of the message starts, its length, and where that part starts in the message.
    copy: Cell<(usize, usize, usize)>,
    secret: Cell<bool>,
    depth: Cell<u32>,
    /// Boxed, because there are hardly ever any.
    #[allow(clippy::box_collection, reason = "so that a context without any is dropped for nothing")]
    repairs: RefCell<Option<Box<Vec<Diagnostic>>>>,
}

impl<'f> Context<'f> {
    /// For a message that stands at the start of its stream.
    #[must_use]
    #[inline]
    pub fn new(frame: &'f Bytes, tolerance: Tolerance) -> Self {
        Self {
            frame,
            stream_offset: 0,
            tolerance,
            behind: Cell::new(0),
            copy: Cell::new((0, 0, 0)),
            secret: Cell::new(false),
            depth: Cell::new(0),
            repairs: RefCell::default(),
        }
    }

    /// The message starts at this octet of the stream.
    #[must_use]
    pub fn at(mut self, stream_offset: u64) -> Self {
        self.stream_offset = stream_offset;
        self
    }

    /// The message.
    #[must_use]
    pub fn frame(&self) -> &'f Bytes {
        self.frame
    }

    /// How much is accepted.
    #[must_use]
    pub fn tolerance(&self) -> Tolerance {
        self.tolerance
    }

    /// A slice of the message as shared bytes, without a copy. `slice` must be part of the message, as
    /// all that its parsers see is; anything else is copied.
    #[must_use]
    #[inline]
    pub fn keep(&self, slice: &[u8]) -> Bytes {
        let start = (slice.as_ptr() as usize).wrapping_sub(self.frame.as_ptr() as usize);
        match start.checked_add(slice.len()) {
            Some(end) if end <= self.frame.len() => self.frame.slice(start..end),
            _ => Bytes::copy_from_slice(slice),
        }
    }

    /// The rules now see a part of the message, such as a line without its end, behind which so many
    /// octets stand. [`error`](Self::error) takes it into account.
    pub fn set_behind(&self, octets: usize) {
        self.behind.set(octets);
    }

    /// The rules now see a copy of a part of the message, octet for octet, in which some were mended. What is repaired in it has the place that it has
    /// in the message.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use wire::{Context, Rule, Tolerance};
    ///
    /// let frame = Bytes::from_static(b"a\0b  c");
    /// let cx = Context::new(&frame, Tolerance::Default);
    /// let copy = frame[1..].to_ascii_uppercase();
    /// cx.stands_for(&copy, &frame[1..]);
    /// cx.repair(Rule("extra-space"), &copy[2..4]);
    /// assert_eq!(cx.into_repairs()[0].stream_offset, 3);
    /// ```
    #[cold]
    pub fn stands_for(&self, copy: &[u8], original: &[u8]) {
        let offset = (original.as_ptr() as usize).saturating_sub(self.frame.as_ptr() as usize);
        self.copy.set((copy.as_ptr() as usize, copy.len(), offset));
    }

    /// How many octets of the message stand behind what the rules see.
    #[must_use]
    pub fn behind(&self) -> usize {
        self.behind.get()
    }

    /// From here on the message holds a secret: errors do not show its octets.
    pub fn set_secret(&self) {
        self.secret.set(true);
    }

    /// Goes one level deeper, if `max` allows it. The depth of a message never goes back to 0.
    ///
    /// # Errors
    /// The limit is reached.
    pub fn deeper(&self, i: &[u8], max: u32, expected: Expected) -> Result<(), nom::Err<Failure>> {
        let depth = self.depth.get();
        if depth >= max {
            return Err(Failure::at(i, expected, ParseErrorKind::TooDeep));
        }
        self.depth.set(depth + 1);
        Ok(())
    }

    /// Comes back from one level.
    pub fn shallower(&self) {
        self.depth.set(self.depth.get().saturating_sub(1));
    }

    /// Notes that `raw`, a slice of the message, was accepted though the RFC forbids it.
    #[cold]
    pub fn repair(&self, rule: Rule, raw: &[u8]) {
        let stream_offset = self.offset_of(raw);
        // a copy, so that a diagnostic does not hold the message; of a secret not even that
        let raw = if self.secret.get() { Bytes::new() } else { Bytes::copy_from_slice(raw) };
        self.repairs.borrow_mut().get_or_insert_default().push(Diagnostic {
            rule,
            stream_offset,
            raw: Redacted::new(raw),
        });
    }

    /// Forgets what was repaired from where `from` starts, a slice of the message: the attempt that read it was given up.
    #[cold]
    pub fn forget_repairs(&self, from: &[u8]) {
        let offset = self.offset_of(from);
        if let Some(repairs) = self.repairs.borrow_mut().as_mut() {
            // what it noted is last; looking at all, each time, would take long where much is given up
            while repairs.last().is_some_and(|repair| repair.stream_offset >= offset) {
                repairs.pop();
            }
        }
    }

    /// Where in the stream a slice of the message starts.
    fn offset_of(&self, slice: &[u8]) -> u64 {
        let (start, len, at) = self.copy.get();
        let in_copy = (slice.as_ptr() as usize).wrapping_sub(start);
        let offset = if len > 0 && in_copy <= len {
            at + in_copy
        } else {
            (slice.as_ptr() as usize).saturating_sub(self.frame.as_ptr() as usize)
        };
        self.stream_offset + offset.min(self.frame.len()) as u64
    }

    /// Whether the tolerance is at least `least`; if so, notes the repair.
    #[must_use]
    pub fn tolerates(&self, least: Tolerance, rule: Rule, raw: &[u8]) -> bool {
        let tolerated = self.tolerance >= least;
        if tolerated {
            self.repair(rule, raw);
        }
        tolerated
    }

    /// Everything that was repaired.
    #[must_use]
    pub fn into_repairs(self) -> Vec<Diagnostic> {
        self.repairs.into_inner().map_or_else(Vec::new, |repairs| *repairs)
    }

    /// The full error: `name` gives the words of the crate's table.
    #[must_use]
    pub fn error(&self, error: nom::Err<Failure>, name: fn(Expected) -> &'static str) -> ParseError {
        let failure = Failure::of(error);
        let left = self.behind.get() + failure.left();
        let offset = self.frame.len().saturating_sub(left);
        ParseError {
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
            expected: name(failure.expected()),
            kind: failure.kind(),
            got: if self.secret.get() { None } else { self.frame.get(offset).copied() },
        }
    }

    /// The message as one that could not be parsed.
    #[must_use]
    pub fn malformed(&self, error: ParseError, verb: Option<&'static str>) -> Malformed {
        Malformed { error, stream_offset: self.stream_offset, frame: Redacted::new(self.frame.clone()), verb }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{expected, fail};

    #[test]
    fn offsets_count_from_the_start_of_the_message() {
        let frame = Bytes::from_static(b"abcdef");
        let cx = Context::new(&frame, Tolerance::Strict);
        let error = fail::<()>(&frame[4..], expected::NUMBER).unwrap_err();
        let error = cx.error(error, expected::name);
        assert_eq!((error.offset, error.got), (4, Some(b'e')));
        cx.set_secret();
        let error = fail::<()>(&frame[4..], expected::NUMBER).unwrap_err();
        assert_eq!(cx.error(error, expected::name).got, None);
    }

    #[test]
    fn only_what_is_tolerated_is_repaired() {
        let frame = Bytes::from_static(b"abcdef");
        let cx = Context::new(&frame, Tolerance::Default).at(10);
        assert!(!cx.tolerates(Tolerance::Lenient, Rule("a"), &frame[1..2]));
        assert!(cx.tolerates(Tolerance::Default, Rule("b"), &frame[6..]));
        assert!(cx.tolerates(Tolerance::Default, Rule("c"), &frame[2..4]));
        let repairs = cx.into_repairs();
        let places: Vec<_> = repairs.iter().map(|d| (d.rule.0, d.stream_offset)).collect();
        assert_eq!(places, [("b", 16), ("c", 12)]);
        assert_eq!(repairs[1].raw.expose(), "cd");
    }

    #[test]
    fn repairs_are_forgotten_with_their_attempt() {
        let frame = Bytes::from_static(b"abcdef");
        let cx = Context::new(&frame, Tolerance::Default).at(10);
        for (rule, raw) in [("a", &frame[..2]), ("b", &frame[2..2]), ("c", &frame[6..])] {
            cx.repair(Rule(rule), raw);
        }
        cx.forget_repairs(&frame[2..4]);
        cx.repair(Rule("d"), &frame[2..4]);
        let rules: Vec<_> = cx.into_repairs().iter().map(|d| d.rule.0).collect();
        assert_eq!(rules, ["a", "d"]);
    }

    #[test]
    fn foreign_slices_are_copied_not_refused() {
        let frame = Bytes::from_static(b"abcdef");
        let cx = Context::new(&frame, Tolerance::Strict);
        assert_eq!(cx.keep(b"other"), "other");
        assert_eq!(cx.keep(b""), "");
    }

    #[test]
    fn depth_is_limited() {
        let frame = Bytes::from_static(b"abcdef");
        let cx = Context::new(&frame, Tolerance::Strict);
        assert!(cx.deeper(&frame, 1, expected::MORE).is_ok());
        assert!(cx.deeper(&frame, 1, expected::MORE).is_err());
        cx.shallower();
        assert!(cx.deeper(&frame, 1, expected::MORE).is_ok());
    }
}
