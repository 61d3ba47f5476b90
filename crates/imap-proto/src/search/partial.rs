//! Ranges of results.

use crate::core::syntax::{self, expected};
use crate::core::{Context, Encoder};
use ::core::num::NonZeroU32;
use wire::parse::{Parsed, fail};

/// `partial-range` (RFC 5267 section 4.4, RFC 9394 section 3.1): the first to the hundredth result, or the last hundred. `500:400` is
/// the same as `400:500`.
///
/// ```
/// use imap_proto::PartialRange;
/// use core::num::NonZeroU32;
///
/// let hundred = NonZeroU32::new(100).unwrap();
/// let range = PartialRange::from_last(NonZeroU32::MIN, hundred);
/// assert_eq!((range.first(), range.last(), range.is_from_last()), (NonZeroU32::MIN, hundred, true));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PartialRange {
    first: NonZeroU32,
    last: NonZeroU32,
    from_last: bool,
}

impl PartialRange {
    /// Results from one place to another, counted from the first, which is 1.
    #[must_use]
    pub fn new(one: NonZeroU32, other: NonZeroU32) -> Self {
        Self { first: one.min(other), last: one.max(other), from_last: false }
    }

    /// Results from one place to another, counted from the last, which is 1 (`-1` on the wire, RFC 9394).
    #[must_use]
    pub fn from_last(one: NonZeroU32, other: NonZeroU32) -> Self {
        Self { from_last: true, ..Self::new(one, other) }
    }

    /// The smaller place.
    #[must_use]
    pub const fn first(self) -> NonZeroU32 {
        self.first
    }

    /// The larger place.
    #[must_use]
    pub const fn last(self) -> NonZeroU32 {
        self.last
    }

    /// Whether the places are counted from the last result.
    #[must_use]
    pub const fn is_from_last(self) -> bool {
        self.from_last
    }

    /// ```text
    /// partial-range-first = nz-number ":" nz-number
    /// partial-range-last  = MINUS nz-number ":" MINUS nz-number
    /// partial-range       = partial-range-first / partial-range-last
    /// ```
    pub(crate) fn rule<'i>(_cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let from_last = i.first() == Some(&b'-');
        let place = |i: &'i [u8]| {
            let digits = match (from_last, i) {
                (true, [b'-', digits @ ..]) => digits,
                (false, digits) => digits,
                _ => return fail(i, expected::PARTIAL),
            };
            syntax::nz_number(digits)
        };
        let (i, one) = place(i)?;
        let (i, ()) = syntax::octet(i, b':', expected::PARTIAL)?;
        let (i, other) = place(i)?;
        Ok((i, Self { from_last, ..Self::new(one, other) }))
    }

    /// Writes it.
    pub(crate) fn encode(self, encoder: &mut Encoder<'_>) {
        let minus: &[u8] = if self.from_last { b"-" } else { b"" };
        encoder.put(minus);
        encoder.number(self.first.get().into());
        encoder.put(b":");
        encoder.put(minus);
        encoder.number(self.last.get().into());
    }

    /// Any range, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (any::<NonZeroU32>(), any::<NonZeroU32>(), any::<bool>())
            .prop_map(|(one, other, from_last)| Self { from_last, ..Self::new(one, other) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    #[test]
    fn ranges() {
        let number = |n| NonZeroU32::new(n).unwrap();
        let from_first = PartialRange::new(number(400), number(500));
        check(
            PartialRange::rule,
            |range, encoder| range.encode(encoder),
            &[
                Row::Good(b"400:500", from_first),
                Row::Other(b"500:400", from_first),
                Row::Good(b"-1:-100", PartialRange::from_last(number(1), number(100))),
                Row::Other(b"-100:-1", PartialRange::from_last(number(1), number(100))),
                Row::Bad(b"1:*", 2),
                Row::Bad(b"1", 1),
                Row::Bad(b"0:1", 0),
                Row::Bad(b"-1:2", 3),
                Row::Bad(b"1:-2", 2),
                Row::Bad(b"4294967296:1", 0),
            ],
        );
    }

    proptest! {
        #[test]
        fn round_trips(range in PartialRange::strategy()) {
            round_trip(&range, PartialRange::rule, |range, encoder| range.encode(encoder));
        }
    }
}
