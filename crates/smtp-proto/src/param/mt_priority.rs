//! MT-PRIORITY (RFC 6710 section 7): how urgent the message is.

use crate::syntax::expected;
use alloc::vec::Vec;
use wire::class::DIGIT;
use wire::parse::{Failure, Parsed, fail};
use wire::{Context, Misuse, ParseErrorKind};

/// ```text
/// priority-value = (["-"] NZDIGIT) / "0"
///                  ; Allowed values are from -9 to 9 inclusive
/// NZDIGIT = %x31-39
///           ; "1"-"9"
/// ```
pub(crate) fn rule<'i>(_: &Context<'_>, i: &'i [u8]) -> Parsed<'i, i8> {
    let (digits, sign) = match i {
        [b'-', digits @ ..] if digits.first() != Some(&b'0') => (digits, -1),
        _ => (i, 1),
    };
    let Some((digit @ b'0'..=b'9', rest)) = digits.split_first() else { return fail(i, expected::PRIORITY) };
    if DIGIT.run(rest) > 0 {
        return Err(Failure::at(i, expected::PRIORITY, ParseErrorKind::Range));
    }
    let magnitude = i8::try_from(digit - b'0').unwrap_or_default();
    Ok((rest, sign * magnitude))
}

pub(crate) fn encode(priority: &i8, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    if !(-9..=9).contains(priority) {
        return Err(Misuse::Invalid("priority-value"));
    }
    if *priority < 0 {
        wire.push(b'-');
    }
    wire.push(b'0' + priority.unsigned_abs());
    Ok(())
}

#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = i8> {
    -9i8..=9
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::testing::{refused, taken};

    #[test]
    fn case_85() {
        taken(rule, encode, &[(b"-9", -9), (b"-1", -1), (b"0", 0), (b"3", 3), (b"9", 9)]);
        refused(
            rule,
            &[
                (b"", 0),
                (b"-", 0),
                (b"-0", 0),
                (b"00", 0),
                (b"10", 0),
                (b"-10", 0),
                (b"99", 0),
                (b"+5", 0),
                (b"5x", 1),
            ],
        );
        for bad in [-10, 10, i8::MIN, i8::MAX] {
            assert!(encode(&bad, &mut Vec::new()).is_err());
        }
    }
}
