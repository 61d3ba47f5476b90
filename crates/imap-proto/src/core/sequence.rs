//! Sets of message numbers.

use super::syntax::expected;
use super::{Context, Encoder};
use ::core::fmt;
use ::core::num::NonZeroU32;
use alloc::vec::Vec;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseErrorKind};

/// `seq-number = nz-number / "*"` (RFC 9051 section 9): a sequence number or UID, or the largest in use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sequence(NonZeroU32Or);

/// 2^32 - 1 is a legal number, so that `*` needs more than 32 bits: it sorts behind all numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum NonZeroU32Or {
    Number(NonZeroU32),
    Last,
}

impl Sequence {
    /// `*`: the largest number in use.
    pub const LAST: Self = Self(NonZeroU32Or::Last);

    /// A number.
    #[must_use]
    pub const fn new(number: NonZeroU32) -> Self {
        Self(NonZeroU32Or::Number(number))
    }

    /// The number; `None` for `*`.
    #[must_use]
    pub const fn number(self) -> Option<NonZeroU32> {
        match self.0 {
            NonZeroU32Or::Number(number) => Some(number),
            NonZeroU32Or::Last => None,
        }
    }

    /// The number, `*` being `last`.
    #[must_use]
    pub const fn or(self, last: NonZeroU32) -> NonZeroU32 {
        match self.0 {
            NonZeroU32Or::Number(number) => number,
            NonZeroU32Or::Last => last,
        }
    }

    /// `seq-number = nz-number / "*"`
    #[inline(always)]
    pub(crate) fn rule(i: &[u8]) -> Parsed<'_, Self> {
        if let Some(rest) = i.strip_prefix(b"*") {
            return Ok((rest, Self::LAST));
        }
        match super::number::nz_number(i) {
            Ok((rest, number)) => Ok((rest, Self::new(number))),
            Err(nom::Err::Error(failure)) if failure.kind() == ParseErrorKind::Range => {
                Err(nom::Err::Error(failure))
            }
            Err(_) => fail(i, expected::SEQUENCE_SET),
        }
    }

    /// Writes it.
    pub(crate) fn encode(self, encoder: &mut Encoder<'_>) {
        match self.number() {
            Some(number) => encoder.number(u64::from(number.get())),
            None => encoder.put(b"*"),
        }
    }
}

impl From<NonZeroU32> for Sequence {
    fn from(number: NonZeroU32) -> Self {
        Self::new(number)
    }
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number() {
            Some(number) => write!(f, "{number}"),
            None => f.write_str("*"),
        }
    }
}

/// A part of a [`SequenceSet`]: a number, or all between two, in whichever order they were written.
#[derive(Clone, Copy)]
pub struct SetRange {
    /// The number that was written first.
    pub start: Sequence,
    /// The other; the same for a single number.
    pub end: Sequence,
}

impl SetRange {
    /// The smaller number first; `*` counts as larger than all.
    #[must_use]
    pub fn ascending(self) -> Self {
        if self.start <= self.end { self } else { Self { start: self.end, end: self.start } }
    }

    /// Whether a number is between, `*` being `last`: RFC 9051 section 9, "`3291:*` includes the UID of the last message in the mailbox,
    /// even if that value is less than 3291".
    #[must_use]
    pub fn contains(self, number: NonZeroU32, last: NonZeroU32) -> bool {
        let (start, end) = (self.start.or(last), self.end.or(last));
        start.min(end) <= number && number <= start.max(end)
    }
}

impl PartialEq for SetRange {
    /// `2:4` and `4:2` are the same.
    fn eq(&self, other: &Self) -> bool {
        let (one, other) = (self.ascending(), other.ascending());
        (one.start, one.end) == (other.start, other.end)
    }
}

impl Eq for SetRange {}

impl ::core::hash::Hash for SetRange {
    fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
        let range = self.ascending();
        (range.start, range.end).hash(state);
    }
}

impl fmt::Debug for SetRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.start == self.end { self.start.fmt(f) } else { write!(f, "{:?}:{:?}", self.start, self.end) }
    }
}

/// `sequence-set` (RFC 9051 section 9, RFC 5182): sequence numbers or UIDs, as ranges that are never expanded; or `$`, what the last
/// SEARCH has saved.
///
/// ```
/// use imap_proto::SequenceSet;
///
/// let set = SequenceSet::parse(b"5:1,3,7,8")?;
/// assert_eq!(set.normalised().to_string(), "1:5,7:8");
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SequenceSet {
    first: SetRange,
    /// The second and further ranges; of `$`, nothing.
    more: Vec<SetRange>,
    saved: bool,
}

impl SequenceSet {
    const NOTHING: SetRange = SetRange { start: Sequence::LAST, end: Sequence::LAST };

    /// From ranges, in their order.
    ///
    /// # Errors
    /// [`Misuse::Empty`].
    pub fn new(ranges: impl IntoIterator<Item = SetRange>) -> Result<Self, Misuse> {
        let mut ranges = ranges.into_iter();
        let first = ranges.next().ok_or(Misuse::Empty)?;
        Ok(Self { first, more: ranges.collect(), saved: false })
    }

    /// One number.
    #[must_use]
    pub fn one(number: impl Into<Sequence>) -> Self {
        let number = number.into();
        Self { first: SetRange { start: number, end: number }, more: Vec::new(), saved: false }
    }

    /// All between two numbers.
    #[must_use]
    pub fn range(start: impl Into<Sequence>, end: impl Into<Sequence>) -> Self {
        Self { first: SetRange { start: start.into(), end: end.into() }, more: Vec::new(), saved: false }
    }

    /// `1:*`: all messages.
    #[must_use]
    pub fn all() -> Self {
        Self::range(NonZeroU32::MIN, Sequence::LAST)
    }

    /// `$` (RFC 5182): what the last SEARCH with RETURN (SAVE) has found.
    #[must_use]
    pub fn saved() -> Self {
        Self { first: Self::NOTHING, more: Vec::new(), saved: true }
    }

    /// From numbers, in their order; neighbours become ranges.
    ///
    /// # Errors
    /// [`Misuse::Empty`].
    pub fn from_numbers(numbers: impl IntoIterator<Item = NonZeroU32>) -> Result<Self, Misuse> {
        let mut ranges: Vec<SetRange> = Vec::new();
        for number in numbers {
            match ranges.last_mut() {
                Some(last) if last.end.number().and_then(|end| end.checked_add(1)) == Some(number) => {
                    last.end = number.into();
                }
                _ => ranges.push(SetRange { start: number.into(), end: number.into() }),
            }
        }
        Self::new(ranges)
    }

    /// From its form on the wire.
    ///
    /// # Errors
    /// [`Misuse::Invalid`].
    pub fn parse(octets: &[u8]) -> Result<Self, Misuse> {
        let frame = bytes::Bytes::copy_from_slice(octets);
        let cx = Context::new(&frame, wire::Tolerance::Strict);
        match Self::rule(&cx, &frame) {
            Ok(([], set)) => Ok(set),
            _ => Err(Misuse::Invalid("sequence-set")),
        }
    }

    /// Whether it is `$`.
    #[must_use]
    pub const fn is_saved(&self) -> bool {
        self.saved
    }

    /// The ranges, in their order; of `$`, none.
    pub fn ranges(&self) -> impl Iterator<Item = SetRange> {
        let first = (!self.saved).then_some(self.first);
        first.into_iter().chain(self.more.iter().copied())
    }

    /// Whether a number is in it, `*` being `last`. Nothing is known of `$`.
    #[must_use]
    pub fn contains(&self, number: NonZeroU32, last: NonZeroU32) -> bool {
        self.ranges().any(|range| range.contains(number, last))
    }

    /// The same messages in ascending ranges that neither touch nor overlap, `*` last (rule 117 of the project's list of
    /// quirks: some servers cannot read others). No message has a number above `*`.
    #[must_use]
    pub fn normalised(&self) -> Self {
        if self.saved {
            return self.clone();
        }
        let mut ranges: Vec<_> = self.ranges().map(SetRange::ascending).collect();
        ranges.sort_unstable_by_key(|range| (range.start, range.end));
        let mut united: Vec<SetRange> = Vec::with_capacity(ranges.len());
        for range in ranges {
            if let Some(last) = united.last_mut() {
                let touches = match last.end.number() {
                    // no number is larger than `*`
                    None => true,
                    Some(end) => {
                        range.start <= last.end || end.checked_add(1).map(Sequence::new) == Some(range.start)
                    }
                };
                if touches {
                    last.end = last.end.max(range.end);
                    continue;
                }
            }
            united.push(range);
        }
        Self::new(united).unwrap_or_else(|_| self.clone())
    }

    /// How many numbers it has at most, each counted once for each range; `None` if it has `*` or is `$`.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        if self.saved {
            return None;
        }
        self.ranges().try_fold(0, |sum, range| {
            let range = range.ascending();
            let (start, end) = (range.start.number()?, range.end.number()?);
            Some(sum + u64::from(end.get() - start.get()) + 1)
        })
    }

    /// ```text
    /// sequence-set    = (seq-number / seq-range) ["," sequence-set]
    /// seq-range       = seq-number ":" seq-number
    /// sequence-set    =/ seq-last-command
    /// seq-last-command   = "$"
    /// ```
    #[inline]
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        if let Some(rest) = i.strip_prefix(b"$") {
            return Ok((rest, Self::saved()));
        }
        let (mut i, first) = Self::range_rule(i)?;
        let mut more = Vec::new();
        while let Some(rest) = i.strip_prefix(b",") {
            let (rest, range) = Self::range_rule(rest)?;
            if more.len() >= cx.item_limit() {
                return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
            }
            more.push(range);
            i = rest;
        }
        Ok((i, Self { first, more, saved: false }))
    }

    #[inline]
    fn range_rule(i: &[u8]) -> Parsed<'_, SetRange> {
        let (rest, start) = Sequence::rule(i)?;
        match rest.strip_prefix(b":") {
            Some(rest) => {
                let (rest, end) = Sequence::rule(rest)?;
                Ok((rest, SetRange { start, end }))
            }
            None => Ok((rest, SetRange { start, end: start })),
        }
    }

    /// `uid-set`: the same without `*` and `$`.
    pub(crate) fn uid_set<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, set) = Self::rule(cx, i)?;
        if set.count().is_none() {
            return fail(i, expected::SEQUENCE_SET);
        }
        Ok((rest, set))
    }

    /// Writes it, in the order of its ranges, each ascending if the options say so.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        if self.saved {
            return encoder.put(b"$");
        }
        let ascending = encoder.options().ascending_sets;
        let mut first = true;
        for range in self.ranges() {
            if !::core::mem::take(&mut first) {
                encoder.put(b",");
            }
            let range = if ascending { range.ascending() } else { range };
            range.start.encode(encoder);
            if range.start != range.end {
                encoder.put(b":");
                range.end.encode(encoder);
            }
        }
    }

    /// Any set but `$`, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let number = prop_oneof![
            6 => (1..30u32).prop_filter_map("0", NonZeroU32::new).prop_map(Sequence::new),
            1 => any::<NonZeroU32>().prop_map(Sequence::new),
            1 => Just(Sequence::LAST),
        ];
        let range = (number.clone(), number, any::<bool>())
            .prop_map(|(start, end, one)| SetRange { start, end: if one { start } else { end } });
        proptest::collection::vec(range, 1..6).prop_filter_map("empty", |ranges| Self::new(ranges).ok())
    }

    /// Any set without `*` and `$`, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn uid_strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        proptest::collection::vec((1..u32::MAX, any::<u8>()), 1..6).prop_filter_map("empty", |ranges| {
            Self::new(ranges.into_iter().filter_map(|(start, more)| {
                let end = NonZeroU32::new(start.saturating_add(more.into()))?;
                Some(SetRange { start: NonZeroU32::new(start)?.into(), end: end.into() })
            }))
            .ok()
        })
    }
}

impl fmt::Display for SequenceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.saved {
            return f.write_str("$");
        }
        for (n, range) in self.ranges().enumerate() {
            if n > 0 {
                f.write_str(",")?;
            }
            write!(f, "{range:?}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for SequenceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use alloc::string::ToString;
    use proptest::prelude::*;

    fn set(text: &str) -> SequenceSet {
        SequenceSet::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn sets() {
        check(
            SequenceSet::rule,
            |set, encoder| set.encode(encoder),
            &[
                Row::Good(b"1", SequenceSet::one(NonZeroU32::MIN)),
                Row::Good(b"1:*", SequenceSet::all()),
                Row::Good(b"$", SequenceSet::saved()),
                Row::Good(b"2,4:7,9,12:*", set("2,4:7,9,12:*")),
                Row::Good(b"4294967295", SequenceSet::one(NonZeroU32::MAX)),
                Row::Bad(b"0", 0),
                Row::Bad(b"1,", 2),
                Row::Bad(b"1:", 2),
                Row::Bad(b"1:x", 2),
                Row::Bad(b"4294967296", 0),
                Row::Bad(b"", 0),
            ],
        );
        for (text, normal) in [
            ("5:1", "1:5"),
            ("3,1,2", "1:3"),
            ("*:4,5:7", "4:*"),
            ("1:3,2:9", "1:9"),
            ("*", "*"),
            ("7,*", "7,*"),
            ("4294967295,1", "1,4294967295"),
            ("$", "$"),
        ] {
            assert_eq!(set(text).normalised().to_string(), normal, "{text}");
        }
        assert_eq!(set("1:4294967295,1").count(), Some(4_294_967_296));
        assert_eq!(set("1:*").count(), None);
    }

    proptest! {
        #[test]
        fn any_set_round_trips(set in SequenceSet::strategy()) {
            round_trip(&set, SequenceSet::rule, |set, encoder| set.encode(encoder));
        }

        #[test]
        fn normalising_keeps_the_numbers(set in SequenceSet::strategy(), last in 1..40u32) {
            let last = NonZeroU32::new(last).unwrap();
            let normal = set.normalised();
            for number in (1..=last.get()).filter_map(NonZeroU32::new) {
                prop_assert_eq!(set.contains(number, last), normal.contains(number, last), "{} {} {}", set, normal, number);
            }
            prop_assert_eq!(normal.normalised(), normal);
        }
    }
}
