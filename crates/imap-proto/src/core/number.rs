//! Numbers of IMAP: what is out of their range is a kind of defect of real servers, so the repairs are here.

use super::Context;
use super::syntax::expected;
use crate::rule;
use ::core::num::NonZeroU32;
use wire::parse::{Failure, Parsed};
use wire::{ParseErrorKind, Tolerance};

/// The largest `number64` (RFC 9051 section 9): 63 bits.
pub(crate) const MAX63: u64 = i64::MAX as u64;

/// `number = 1*DIGIT`, below 2^32; `-1` and the like count as 0 where that is tolerated.
#[inline(always)]
pub(crate) fn number32<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, u32> {
    match wire::number::number32(i) {
        Ok(found) => Ok(found),
        Err(error) => match odd(cx, i, error)? {
            (rest, Some(number)) => Ok((rest, u32::try_from(number).unwrap_or(u32::MAX))),
            (rest, None) => Ok((rest, 0)),
        },
    }
}

/// `nz-number = digit-nz *DIGIT`, below 2^32.
///
/// # Errors
/// 0, which no item can be: where an item can be without it, use [`number32`].
#[inline(always)]
pub(crate) fn nz_number(i: &[u8]) -> Parsed<'_, NonZeroU32> {
    let (rest, number) = wire::number::number32(i)?;
    match NonZeroU32::new(number) {
        Some(number) => Ok((rest, number)),
        None => Err(Failure::at(i, expected::NZ_NUMBER, ParseErrorKind::Range)),
    }
}

/// `number64 = 1*DIGIT`, below 2^63.
#[inline(always)]
pub(crate) fn number63(i: &[u8]) -> Parsed<'_, u64> {
    let (rest, number) = wire::number::number64(i)?;
    if number > MAX63 {
        return Err(Failure::at(i, expected::NUMBER64, ParseErrorKind::Range));
    }
    Ok((rest, number))
}

/// `number64`; a negative one counts as 0, one in another form as what it says, where that is tolerated.
#[inline(always)]
pub(crate) fn minus_or_number<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, u64> {
    match number63(i) {
        // 9.3e+06
        Ok((rest, number)) if !matches!(rest.first(), Some(b'.' | b'e' | b'E')) => Ok((rest, number)),
        Ok((_, _)) => floating(cx, i),
        Err(error) => odd(cx, i, error).map(|(rest, number)| (rest, number.unwrap_or(0).min(MAX63))),
    }
}

/// A negative number, or one beyond the range: what it says, if that can be said.
#[cold]
fn odd<'i>(cx: &Context<'_>, i: &'i [u8], error: nom::Err<Failure>) -> Parsed<'i, Option<u64>> {
    let digits = i.strip_prefix(b"-").unwrap_or(i);
    let len = digits.iter().take_while(|o| o.is_ascii_digit()).count();
    let rest = &digits[len..];
    let number = &i[..i.len() - rest.len()];
    if len == 0 || !cx.tolerates(Tolerance::Default, rule::NUMBER_RANGE, number) {
        return Err(error);
    }
    if digits.len() < i.len() {
        return Ok((rest, None));
    }
    let value = wire::number::number64(digits).map_or(u64::MAX, |(_, value)| value);
    Ok((rest, Some(value)))
}

/// `9.3736e+06`, by hand: no floating point.
#[cold]
fn floating<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, u64> {
    let fail = || Err(Failure::at(i, wire::parse::expected::NUMBER, ParseErrorKind::Syntax));
    let (mut rest, mut number) = number63(i)?;
    let mut behind_point = 0u32;
    if let Some(after) = rest.strip_prefix(b".") {
        rest = after;
        while let Some((&digit @ b'0'..=b'9', after)) = rest.split_first() {
            if let Some(more) = number.checked_mul(10).and_then(|n| n.checked_add(u64::from(digit - b'0'))) {
                number = more;
                behind_point += 1;
            }
            rest = after;
        }
    }
    let mut exponent = 0u32;
    if let [b'e' | b'E', after @ ..] = rest {
        let after = after.strip_prefix(b"+").unwrap_or(after);
        let (after, value) = wire::number::number32(after)?;
        exponent = value;
        rest = after;
    }
    if rest.len() == i.len()
        || !cx.tolerates(Tolerance::Lenient, rule::NUMBER_FORM, &i[..i.len() - rest.len()])
    {
        return fail();
    }
    let value = if exponent >= behind_point {
        10u64.checked_pow(exponent - behind_point).and_then(|power| number.checked_mul(power))
    } else {
        Some(10u64.checked_pow(behind_point - exponent).map_or(0, |power| number / power))
    };
    match value {
        Some(value) if value <= MAX63 => Ok((rest, value)),
        _ => fail(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn of(octets: &'static str, tolerance: Tolerance) -> Option<u64> {
        let frame = Bytes::from_static(octets.as_bytes());
        let cx = Context::new(&frame, tolerance);
        let (rest, number) = minus_or_number(&cx, &frame).ok()?;
        rest.is_empty().then_some(number)
    }

    #[test]
    fn ranges_and_forms() {
        use Tolerance::{Default, Lenient, Strict};
        for (octets, least, value) in [
            ("0", Strict, 0),
            ("9223372036854775807", Strict, MAX63),
            ("9223372036854775808", Default, MAX63),
            ("-1", Default, 0),
            ("99999999999999999999999", Default, MAX63),
            ("9.3736e+06", Lenient, 9_373_600),
            ("1.5e1", Lenient, 15),
            ("1.25", Lenient, 1),
        ] {
            for tolerance in [Strict, Default, Lenient] {
                let expected = (tolerance >= least).then_some(value);
                assert_eq!(of(octets, tolerance), expected, "{octets} {tolerance:?}");
            }
        }
        for bad in ["", "-", "+1", "x", "1e", "1e99", "1e4294967296"] {
            assert_eq!(of(bad, Lenient), None, "{bad}");
        }
    }
}
