//! HOLDFOR (RFC 4865 section 3): how long the message is kept before it goes out.

use crate::syntax::expected;
use alloc::vec::Vec;
use wire::class::DIGIT;
use wire::number::{decimal, number32};
use wire::parse::{Failure, Parsed, fail};
use wire::{Context, Misuse, ParseErrorKind};

const MAX_DIGITS: usize = 9;

/// ```text
/// future-release-integer = %x31-39 *8DIGIT
///                          ; integer in the range 1-999999999
///                          ; measured in seconds
/// ```
pub(crate) fn rule<'i>(_: &Context<'_>, i: &'i [u8]) -> Parsed<'i, u32> {
    if !matches!(i.first(), Some(b'1'..=b'9')) {
        return fail(i, expected::SECONDS);
    }
    if DIGIT.run(i) > MAX_DIGITS {
        return Err(Failure::at(i, expected::SECONDS, ParseErrorKind::Range));
    }
    number32(i)
}

pub(crate) fn encode(seconds: &u32, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    if !(1..=999_999_999).contains(seconds) {
        return Err(Misuse::Invalid("future-release-integer"));
    }
    wire.extend_from_slice(decimal((*seconds).into(), &mut [0; 20]));
    Ok(())
}

#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = u32> {
    1u32..=999_999_999
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::testing::{refused, taken};

    #[test]
    fn seconds() {
        taken(rule, encode, &[(b"1", 1), (b"60", 60), (b"999999999", 999_999_999)]);
        refused(rule, &[(b"", 0), (b"0", 0), (b"01", 0), (b"-1", 0), (b"1000000000", 0), (b"60s", 2)]);
        assert!(encode(&0, &mut Vec::new()).is_err() && encode(&1_000_000_000, &mut Vec::new()).is_err());
    }
}
