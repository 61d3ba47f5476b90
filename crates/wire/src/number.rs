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

/// Writes `number` in decimal into the start of `digits` and returns the part that was used.
#[must_use]
#[inline]
pub fn decimal(number: u64, digits: &mut [u8; 20]) -> &[u8] {
    if let Some((word, len)) = short_decimal(number) {
        if let Some(front) = digits.first_chunk_mut() {
            *front = word;
        }
        return &digits[..len];
    }
    long_decimal(number, digits)
}

/// The same of a number of more than eight digits: groups of eight behind the first ones.
#[inline(never)]
fn long_decimal(number: u64, digits: &mut [u8; 20]) -> &[u8] {
    let (mut front, last) = (number / GROUP, number % GROUP);
    let mut middle = None;
    if front >= GROUP {
        middle = Some(front % GROUP);
        front /= GROUP;
    }
    let (word, mut len) = short_decimal(front).unwrap_or_default();
    digits[..8].copy_from_slice(&word);
    for group in middle.into_iter().chain([last]) {
        digits[len..len + 8].copy_from_slice(&ascii(eight_digits(group)));
        len += 8;
    }
    &digits[..len]
}

/// What eight digits can count.
const GROUP: u64 = 100_000_000;

/// A number of at most eight digits: the digits, and how many they are. So they are written as one integer, however many they are.
///
/// ```
/// assert_eq!(wire::number::short_decimal(1996), Some((*b"1996\0\0\0\0", 4)));
/// assert_eq!(wire::number::short_decimal(100_000_000), None);
/// ```
#[must_use]
#[inline(always)]
pub fn short_decimal(number: u64) -> Option<([u8; 8], usize)> {
    if number >= GROUP {
        return None;
    }
    let digits = eight_digits(number);
    // of 0, its last digit
    let zeroes = (digits | 1 << 56).trailing_zeros() / 8;
    let len = 8 - zeroes as usize;
    Some(((u64::from_le_bytes(ascii(digits)) >> (8 * zeroes)).to_le_bytes(), len))
}

#[inline(always)]
const fn ascii(digits: u64) -> [u8; 8] {
    (digits | splat(b'0')).to_le_bytes()
}

/// The digits of a number of at most eight, an octet each, the first in the lowest: halved three times, all parts side by side. Divisions are
/// multiplications that are exact in this range.
#[inline(always)]
const fn eight_digits(number: u64) -> u64 {
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let twos = hundreds | ((fours - 100 * hundreds) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((twos - 10 * tens) << 8)
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

    #[test]
    fn each_group_of_four_digits() {
        let mut digits = [0; 20];
        for n in 0..10_000 {
            for n in [n, n * 10_000, n * 10_001, n * 100_000_000 + n] {
                assert_eq!(decimal(n, &mut digits), alloc::format!("{n}").as_bytes());
            }
        }
        assert_eq!(decimal(u64::MAX, &mut digits), b"18446744073709551615");
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
        fn decimal_is_what_format_gives(n: u64, bits in 0..64u32) {
            let n = n >> bits;
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
