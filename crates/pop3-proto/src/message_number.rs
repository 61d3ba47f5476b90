//! Message-numbers (RFC 1939 section 5).

use crate::syntax::expected;
use core::fmt;
use core::num::NonZeroU32;
use wire::ParseErrorKind;
use wire::number::number32;
use wire::parse::{Failure, Parsed, fail};

/// The number of a message in the maildrop (RFC 1939 section 4): 1 for the first. It is valid in one session only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MessageNumber(NonZeroU32);

impl MessageNumber {
    /// `None` for 0.
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// RFC 1939 has no ABNF; in words: "All message-numbers and message sizes are expressed in base-10".
    ///
    /// # Errors
    /// No digit, 0, or a number over 2^32 - 1.
    #[inline(always)]
    pub(crate) fn parse(i: &[u8]) -> Parsed<'_, Self> {
        if !i.first().is_some_and(u8::is_ascii_digit) {
            return fail(i, expected::MESSAGE_NUMBER);
        }
        let (rest, number) = number32(i)?;
        match Self::new(number) {
            Some(number) => Ok((rest, number)),
            None => Err(Failure::at(i, expected::MESSAGE_NUMBER, ParseErrorKind::Range)),
        }
    }

    /// Any number, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![1u32..20, 1u32..=u32::MAX].prop_filter_map("0", Self::new)
    }
}

impl fmt::Debug for MessageNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for MessageNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_to_the_maximum() {
        for (text, expected) in [
            (&b"1"[..], Some(1)),
            (b"4294967295", Some(u32::MAX)),
            (b"01", Some(1)),
            (b"0", None),
            (b"4294967296", None),
            (b"99999999999999999999", None),
            (b"-1", None),
            (b"x", None),
            (b"", None),
        ] {
            let number = MessageNumber::parse(text).ok().map(|(_, n)| n.get());
            assert_eq!(number, expected, "{text:?}");
        }
    }
}
