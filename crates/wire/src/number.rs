//! Numbers, checked on the way in, made by hand on the way out.

use crate::ParseErrorKind;
use crate::parse::{Failure, Parsed, expected, fail};
use crate::word::{before_mark, load, splat};

/// `1*DIGIT` below 2^64.
///
/// # Errors
/// No digit, or a number out of range; leading zeroes are allowed.
#[inline(always)]
pub fn number64(i: &[u8]) -> Parsed<'_, u64> {
    let (len, number) = up_to_8_digits(i);
    match len {
        0 => fail(i, expected::NUMBER),
        8 => more_digits(i, number),
        _ => Ok((&i[len..], number)),
    }
}

/// The number that the digits at the front are, the first eight of them at most, and how many these are.
#[inline(always)]
fn up_to_8_digits(i: &[u8]) -> (usize, u64) {
    let word = load(i) ^ splat(b'0');
    // over 9; a carry only falls on octets behind the first such
    let len = before_mark(word | word.wrapping_add(splat(0x80 - 10)));
    // zeroes in front of the digits, if there are any; then pairs, then fours, then all eight
    let word = word << ((64 - 8 * len) % 64);
    // without digits it is anything, and nobody looks; so all of it wraps
    let pairs = word.wrapping_mul(10).wrapping_add(word >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    (len, fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff)
}

/// `number` was made of the first eight octets.
#[inline(never)]
fn more_digits(i: &[u8], mut number: u64) -> Parsed<'_, u64> {
    let mut rest = &i[8..];
    while let Some((digit @ b'0'..=b'9', after)) = rest.split_first() {
        number = match number.checked_mul(10).and_then(|n| n.checked_add(u64::from(digit - b'0'))) {
            Some(number) => number,
            None => return Err(Failure::at(i, expected::NUMBER, ParseErrorKind::Range)),
        };
        rest = after;
    }
    Ok((rest, number))
}

/// `1*DIGIT` below 2^32.
///
/// # Errors
/// No digit, or a number out of range; leading zeroes are allowed.
#[inline(always)]
pub fn number32(i: &[u8]) -> Parsed<'_, u32> {
    let (rest, number) = number64(i)?;
    match u32::try_from(number) {
        Ok(number) => Ok((rest, number)),
        Err(_) => Err(Failure::at(i, expected::NUMBER, ParseErrorKind::Range)),
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

    #[test]
    fn what_is_no_digit_is_no_number() {
        // eight octets are looked at together: none of their combinations may overflow
        for octet in (0..=255u8).filter(|o| !o.is_ascii_digit()) {
            for other in 0..=255u8 {
                let word = [octet, other, 0xff, other, octet, 0xff, 0, other];
                assert!(number64(&word).is_err() && number32(&word).is_err(), "{word:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn numbers_are_what_std_parses(octets in proptest::collection::vec(any::<u8>(), 0..24), digits in "[0-9]{0,22}", tail: u8) {
            let mut text = digits.into_bytes();
            text.push(tail);
            for text in [octets, text] {
                let len = text.iter().take_while(|o| o.is_ascii_digit()).count();
                let expected = core::str::from_utf8(&text[..len]).unwrap().parse::<u64>().ok();
                let got = number64(&text).ok();
                prop_assert_eq!(got, expected.map(|n| (&text[len..], n)));
                let small = expected.and_then(|n| u32::try_from(n).ok());
                prop_assert_eq!(number32(&text).ok(), small.map(|n| (&text[len..], n)));
            }
        }

        #[test]
        fn decimal_is_what_format_gives(n: u64) {
            let mut digits = [0; 20];
            let text = decimal(n, &mut digits);
            let expected = alloc::format!("{n}");
            prop_assert_eq!(text, expected.as_bytes());
            prop_assert_eq!(number64(text), Ok((&b""[..], n)));
            let longer = [text, b"\xff9999999"].concat();
            prop_assert_eq!(number64(&longer), Ok((&b"\xff9999999"[..], n)));
        }
    }
}
