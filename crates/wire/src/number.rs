//! Numbers, checked on the way in, made by hand on the way out.

use crate::ParseErrorKind;
use crate::parse::{Failure, Parsed, expected, fail};

/// `1*DIGIT` below 2^64.
///
/// # Errors
/// No digit, or a number out of range; leading zeroes are allowed.
#[inline]
pub fn number64(i: &[u8]) -> Parsed<'_, u64> {
    let mut n = 0u64;
    let mut len = 0;
    for &octet in i {
        let digit = octet.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        n = match n.checked_mul(10).and_then(|n| n.checked_add(u64::from(digit))) {
            Some(n) => n,
            None => return Err(Failure::at(i, expected::NUMBER, ParseErrorKind::Range)),
        };
        len += 1;
    }
    if len == 0 { fail(i, expected::NUMBER) } else { Ok((&i[len..], n)) }
}

/// `1*DIGIT` below 2^32.
///
/// # Errors
/// No digit, or a number out of range; leading zeroes are allowed.
#[inline]
pub fn number32(i: &[u8]) -> Parsed<'_, u32> {
    let mut n = 0u64;
    let mut len = 0;
    for &octet in i {
        let digit = octet.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        n = n * 10 + u64::from(digit);
        if n > u64::from(u32::MAX) {
            return Err(Failure::at(i, expected::NUMBER, ParseErrorKind::Range));
        }
        len += 1;
    }
    match u32::try_from(n) {
        Ok(n) if len > 0 => Ok((&i[len..], n)),
        _ => fail(i, expected::NUMBER),
    }
}

/// Writes `number` in decimal into the end of `digits` and returns the part that was used.
#[must_use]
#[inline]
pub fn decimal(mut number: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut at = digits.len();
    loop {
        at -= 1;
        #[allow(clippy::cast_possible_truncation, reason = "below 10")]
        let digit = (number % 10) as u8;
        digits[at] = b'0' + digit;
        number /= 10;
        if number == 0 {
            return &digits[at..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_end_at_their_range() {
        assert_eq!(number32(b"4294967295 "), Ok((&b" "[..], u32::MAX)));
        assert!(number32(b"4294967296").is_err());
        assert!(number32(b"99999999999999999999999999999999999999999").is_err());
        assert_eq!(number64(b"18446744073709551615"), Ok((&b""[..], u64::MAX)));
        assert!(number64(b"18446744073709551616").is_err());
        assert_eq!(number32(b"007x"), Ok((&b"x"[..], 7)));
        for bad in [&b""[..], b"x", b"-1", b"+1", b" 1"] {
            assert!(number32(bad).is_err() && number64(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn decimal_is_what_format_gives(n: u64) {
            let mut digits = [0; 20];
            let text = decimal(n, &mut digits);
            let expected = alloc::format!("{n}");
            prop_assert_eq!(text, expected.as_bytes());
            prop_assert_eq!(number64(text), Ok((&b""[..], n)));
        }
    }
}
