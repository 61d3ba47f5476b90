//! Numbers of IMAP: what is out of their range is a kind of defect of real servers, so the repairs are here.

use super::Context;
use super::syntax::expected;
use crate::rule;
use ::core::fmt;
use ::core::num::{NonZeroU32, NonZeroU64};
use wire::parse::{Failure, Parsed};
use wire::{Misuse, ParseErrorKind, Tolerance};

/// The largest `number64` (RFC 9051 section 9): 63 bits.
pub(crate) const MAX63: u64 = i64::MAX as u64;

/// `number64 = 1*DIGIT` (RFC 9051 section 9): a size or a modification sequence, below 2^63.
///
/// ```
/// use imap_proto::Number64;
///
/// assert_eq!(Number64::new(1 << 40)?.get(), 1 << 40);
/// assert!(Number64::new(1 << 63).is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Number64(u64);

impl Number64 {
    /// The largest: 2^63 - 1.
    pub const MAX: Self = Self(MAX63);
    /// 0.
    pub const ZERO: Self = Self(0);

    /// Checks a number.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: 2^63 or more.
    pub const fn new(number: u64) -> Result<Self, Misuse> {
        if number > MAX63 { Err(Misuse::Invalid("number64")) } else { Ok(Self(number)) }
    }

    /// What a parser has seen.
    #[inline(always)]
    pub(crate) const fn known(number: u64) -> Self {
        debug_assert!(number <= MAX63);
        Self(number)
    }

    /// The number.
    #[must_use]
    #[inline]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Any, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![any::<u32>().prop_map(Self::from), (0..=MAX63).prop_map(Self)]
    }
}

/// `nz-number64 = digit-nz *DIGIT` (RFC 9051 section 9): a modification sequence, below 2^63 and not 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NzNumber64(NonZeroU64);

impl NzNumber64 {
    /// Checks a number.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: 0, or 2^63 or more.
    pub const fn new(number: u64) -> Result<Self, Misuse> {
        match NonZeroU64::new(number) {
            Some(number) if number.get() <= MAX63 => Ok(Self(number)),
            _ => Err(Misuse::Invalid("nz-number64")),
        }
    }

    /// The number.
    #[must_use]
    #[inline]
    pub const fn get(self) -> u64 {
        self.0.get()
    }

    /// Any, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (1..=MAX63).prop_filter_map("zero", |number| Self::new(number).ok())
    }
}

impl From<u32> for Number64 {
    fn from(number: u32) -> Self {
        Self(number.into())
    }
}

impl From<NonZeroU32> for NzNumber64 {
    fn from(number: NonZeroU32) -> Self {
        Self(number.into())
    }
}

impl From<NzNumber64> for Number64 {
    fn from(number: NzNumber64) -> Self {
        Self(number.get())
    }
}

macro_rules! conversions {
    ($($id:ident)*) => {
        $(impl TryFrom<u64> for $id {
            type Error = Misuse;
            fn try_from(number: u64) -> Result<Self, Misuse> {
                Self::new(number)
            }
        }

        impl From<$id> for u64 {
            fn from(number: $id) -> Self {
                number.get()
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        })*
    };
}
conversions!(Number64 NzNumber64);

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

/// [`number63`] as a value.
#[inline(always)]
pub(crate) fn number64(i: &[u8]) -> Parsed<'_, Number64> {
    let (rest, number) = number63(i)?;
    Ok((rest, Number64::known(number)))
}

/// [`minus_or_number`] as a value.
#[inline(always)]
pub(crate) fn minus_or_number64<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Number64> {
    let (rest, number) = minus_or_number(cx, i)?;
    Ok((rest, Number64::known(number)))
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
    fn values_are_bounded() {
        assert_eq!(Number64::new(MAX63), Ok(Number64::MAX));
        assert_eq!(Number64::new(MAX63 + 1), Err(Misuse::Invalid("number64")));
        assert_eq!(NzNumber64::new(MAX63).map(NzNumber64::get), Ok(MAX63));
        for bad in [0, MAX63 + 1, u64::MAX] {
            assert_eq!(NzNumber64::new(bad), Err(Misuse::Invalid("nz-number64")));
        }
        assert_eq!(alloc::format!("{:?} {}", Number64::from(7), Number64::ZERO), "7 0");
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
