//! SIZE (RFC 1870 section 4): how large the message will be.

use alloc::vec::Vec;
use wire::number::{decimal, number64};
use wire::parse::{Failure, Parsed, expected};
use wire::{Context, Misuse, ParseErrorKind};

const MAX_DIGITS: usize = 20;

/// ```text
/// size-value ::= 1*20DIGIT
/// ```
/// A size of 2^64 octets and more is out of range, never something smaller.
#[inline(always)]
pub(crate) fn rule<'i>(_: &Context<'_>, i: &'i [u8]) -> Parsed<'i, u64> {
    let (rest, size) = number64(i)?;
    if i.len() - rest.len() > MAX_DIGITS {
        return Err(Failure::at(i, expected::NUMBER, ParseErrorKind::TooLong));
    }
    Ok((rest, size))
}

pub(crate) fn encode(size: &u64, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    wire.extend_from_slice(decimal(*size, &mut [0; 20]));
    Ok(())
}

#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = u64> {
    proptest::prelude::any::<u64>()
}

#[cfg(test)]
mod tests {
    use crate::param::testing::{refused, taken};

    #[test]
    fn sizes() {
        taken(
            super::rule,
            super::encode,
            &[(b"0", 0), (b"500000", 500_000), (b"18446744073709551615", u64::MAX)],
        );
        refused(
            super::rule,
            &[
                (b"", 0),
                (b"x", 0),
                (b"-1", 0),
                (b"+1", 0),
                (b"18446744073709551616", 0),
                (b"99999999999999999999", 0),
                (b"99999999999999999999999999", 0),
                (b"000000000000000000001", 0),
                (b"1,", 1),
                (b"1k", 1),
                (b"1 ", 1),
            ],
        );
        taken(super::rule, super::encode, &[(b"00000000000000000010", 10)]);
    }
}
