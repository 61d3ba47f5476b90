//! Dates of SEARCH.

use super::syntax::expected;
use super::{Context, Encoder};
use wire::Misuse;
use wire::ParseErrorKind;
use wire::parse::{Failure, Parsed};

/// The months in the order of their numbers.
pub(crate) const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// The number of a month, from its three letters in any case.
#[inline]
pub(crate) fn month(name: &[u8]) -> Option<u8> {
    const fn key(name: &[u8; 3]) -> u32 {
        u32::from_le_bytes([name[0] | 0x20, name[1] | 0x20, name[2] | 0x20, 0])
    }
    macro_rules! by_key {
        ($($id:ident = $n:literal)*) => {{
            $(const $id: u32 = key(MONTHS[$n - 1]);)*
            match key(name.first_chunk()?) {
                $($id => Some($n),)*
                _ => None,
            }
        }};
    }
    by_key!(JAN = 1 FEB = 2 MAR = 3 APR = 4 MAY = 5 JUN = 6 JUL = 7 AUG = 8 SEP = 9 OCT = 10 NOV = 11 DEC = 12)
}

/// How many days a month has.
pub(crate) const fn days(year: u16, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Two digits as a number.
#[inline]
pub(crate) fn two(digits: [u8; 2]) -> Option<u8> {
    let (tens, ones) = (digits[0].wrapping_sub(b'0'), digits[1].wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| tens * 10 + ones)
}

/// `date` (RFC 9051 section 9): a day, as in SEARCH SINCE.
///
/// ```
/// use imap_proto::Date;
///
/// let date = Date::new(1994, 2, 1)?;
/// assert_eq!((date.year(), date.month(), date.day()), (1994, 2, 1));
/// assert!(Date::new(2023, 2, 29).is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A day of the Gregorian calendar, year 0 to 9999.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: there is no such day.
    pub const fn new(year: u16, month: u8, day: u8) -> Result<Self, Misuse> {
        if year > 9999 || month == 0 || month > 12 || day == 0 || day > days(year, month) {
            return Err(Misuse::Invalid("date"));
        }
        Ok(Self { year, month, day })
    }

    /// The year.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, from 1.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }

    /// ```text
    /// date            = date-text / DQUOTE date-text DQUOTE
    /// date-text       = date-day "-" date-month "-" date-year
    /// date-day        = 1*2DIGIT
    /// ```
    pub(crate) fn rule<'i>(_cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let fail = |kind| Err(Failure::at(i, expected::DATE, kind));
        let (quoted, text) = match i.strip_prefix(b"\"") {
            Some(text) => (true, text),
            None => (false, i),
        };
        let Some(day_len) = memchr::memchr(b'-', &text[..text.len().min(3)]) else {
            return fail(ParseErrorKind::Syntax);
        };
        let day = match text[..day_len] {
            [one] => two([b'0', one]),
            [tens, ones] => two([tens, ones]),
            _ => None,
        };
        let Some((&[b'-', m0, m1, m2, b'-', y0, y1, y2, y3], rest)) =
            text[day_len..].split_first_chunk::<9>()
        else {
            return fail(ParseErrorKind::Syntax);
        };
        let (Some(day), Some(month), Some(century), Some(year)) =
            (day, month(&[m0, m1, m2]), two([y0, y1]), two([y2, y3]))
        else {
            return fail(ParseErrorKind::Syntax);
        };
        let rest = match (quoted, rest) {
            (false, rest) => rest,
            (true, [b'"', rest @ ..]) => rest,
            _ => return fail(ParseErrorKind::Syntax),
        };
        match Self::new(u16::from(century) * 100 + u16::from(year), month, day) {
            Ok(date) => Ok((rest, date)),
            Err(_) => fail(ParseErrorKind::Range),
        }
    }

    /// Writes it.
    pub(crate) fn encode(self, encoder: &mut Encoder<'_>) {
        encoder.number(u64::from(self.day));
        encoder.put(b"-");
        encoder.put(MONTHS[usize::from(self.month - 1)]);
        encoder.put(b"-");
        let year = self.year;
        #[allow(clippy::cast_possible_truncation, reason = "below 10")]
        let digit = |n: u16| b'0' + (n % 10) as u8;
        encoder.put(&[digit(year / 1000), digit(year / 100), digit(year / 10), digit(year)]);
    }

    /// Any date, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (0..=9999u16, 1..=12u8, 1..=28u8).prop_map(|(year, month, day)| Self { year, month, day })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check};

    #[test]
    fn dates() {
        let date = |y, m, d| Date::new(y, m, d).unwrap();
        check(
            Date::rule,
            |date, encoder| date.encode(encoder),
            &[
                Row::Good(b"1-Feb-1994", date(1994, 2, 1)),
                Row::Good(b"29-Feb-2024", date(2024, 2, 29)),
                Row::Other(b"01-feb-1994", date(1994, 2, 1)),
                Row::Other(b"\"1-Feb-1994\"", date(1994, 2, 1)),
                Row::Bad(b"31-Feb-1994", 0),
                Row::Bad(b"0-Feb-1994", 0),
                Row::Bad(b"1-Foo-1994", 0),
                Row::Bad(b"1-Feb-94", 0),
                Row::Bad(b"1-Feb-(994", 0),
                Row::Bad(b"1-Feb-\xff\xff94", 0),
                Row::Bad(b"", 0),
            ],
        );
    }
}
