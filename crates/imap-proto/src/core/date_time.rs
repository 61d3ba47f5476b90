//! Dates with times: INTERNALDATE, SAVEDATE, APPEND.

use super::date::{MONTHS, days, month, two};
use super::syntax::expected;
use super::{Context, Encoder};
use crate::core::Date;
use wire::parse::{Failure, Parsed};
use wire::{Misuse, ParseErrorKind};

/// `date-time` (RFC 9051 section 9): a day, a time of day, and how far it is from Universal Time.
///
/// ```
/// use imap_proto::{Date, DateTime};
///
/// let time = DateTime::new(Date::new(1996, 7, 17)?, 2, 44, 25, -7 * 60)?;
/// assert_eq!(time.unix_seconds(), 837_596_665);
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime {
    date: Date,
    hour: u8,
    minute: u8,
    second: u8,
    zone: i16,
}

/// `"17-Jul-1996 02:44:25 -0700"`
const LEN: usize = 28;

impl DateTime {
    /// `zone` is in minutes east of Greenwich.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: no such time of day (a leap second is one), or a zone of 100 hours and more.
    pub const fn new(date: Date, hour: u8, minute: u8, second: u8, zone: i16) -> Result<Self, Misuse> {
        if hour > 23 || minute > 59 || second > 60 || zone >= 6000 || zone <= -6000 {
            return Err(Misuse::Invalid("time"));
        }
        Ok(Self { date, hour, minute, second, zone })
    }

    /// The day, in its zone.
    #[must_use]
    pub const fn date(self) -> Date {
        self.date
    }

    /// The hour, 0 to 23.
    #[must_use]
    pub const fn hour(self) -> u8 {
        self.hour
    }

    /// The minute, 0 to 59.
    #[must_use]
    pub const fn minute(self) -> u8 {
        self.minute
    }

    /// The second, 0 to 60.
    #[must_use]
    pub const fn second(self) -> u8 {
        self.second
    }

    /// Minutes east of Greenwich.
    #[must_use]
    pub const fn zone(self) -> i16 {
        self.zone
    }

    /// Seconds since 1970, without leap seconds.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        let (year, month, day) =
            (i64::from(self.date.year()), i64::from(self.date.month()), i64::from(self.date.day()));
        // days since 1 March of year 0, of years that begin in March
        let year = if month > 2 { year } else { year - 1 };
        let month = (month + 9) % 12;
        let days = 365 * year + year.div_euclid(4) - year.div_euclid(100)
            + year.div_euclid(400)
            + (153 * month + 2) / 5
            + day
            - 1;
        (days - 719_468) * 86_400
            + i64::from(self.hour) * 3600
            + i64::from(self.minute) * 60
            + i64::from(self.second)
            - i64::from(self.zone) * 60
    }

    /// ```text
    /// date-time       = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
    /// date-day-fixed  = (SP DIGIT) / 2DIGIT
    /// time            = 2DIGIT ":" 2DIGIT ":" 2DIGIT
    /// zone            = ("+" / "-") 4DIGIT
    /// ```
    #[inline]
    pub(crate) fn rule<'i>(_cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let fail = |kind| Err(Failure::at(i, expected::DATE_TIME, kind));
        let Some((b, rest)) = i.split_first_chunk::<LEN>() else { return fail(ParseErrorKind::Syntax) };
        let points = [b[0], b[3], b[7], b[12], b[15], b[18], b[21], b[27]];
        if points != *b"\"-- :: \"" {
            return fail(ParseErrorKind::Syntax);
        }
        let day = two([if b[1] == b' ' { b'0' } else { b[1] }, b[2]]);
        let (hour, minute, second) = (two([b[13], b[14]]), two([b[16], b[17]]), two([b[19], b[20]]));
        let (
            Some(day),
            Some(month),
            Some(century),
            Some(year),
            Some(hour),
            Some(minute),
            Some(second),
            Some(zh),
            Some(zm),
        ) = (
            day,
            month(&b[4..7]),
            two([b[8], b[9]]),
            two([b[10], b[11]]),
            hour,
            minute,
            second,
            two([b[23], b[24]]),
            two([b[25], b[26]]),
        )
        else {
            return fail(ParseErrorKind::Syntax);
        };
        let zone = i16::from(zh) * 60 + i16::from(zm);
        let zone = match b[22] {
            b'+' => zone,
            b'-' => -zone,
            _ => return fail(ParseErrorKind::Syntax),
        };
        let year = u16::from(century) * 100 + u16::from(year);
        if zm > 59 || day > days(year, month) {
            return fail(ParseErrorKind::Range);
        }
        let value = Date::new(year, month, day).and_then(|date| Self::new(date, hour, minute, second, zone));
        match value {
            Ok(value) => Ok((rest, value)),
            Err(_) => fail(ParseErrorKind::Range),
        }
    }

    /// Writes it into a template.
    pub(crate) fn encode(self, encoder: &mut Encoder<'_>) {
        #[allow(clippy::cast_possible_truncation, reason = "below 100")]
        const fn two(n: u16) -> [u8; 2] {
            [b'0' + (n / 10) as u8 % 10, b'0' + (n % 10) as u8]
        }
        let mut b = *b"\"01-Jan-0000 00:00:00 +0000\"";
        let year = self.date.year();
        let zone = self.zone.unsigned_abs();
        b[1..3].copy_from_slice(&two(u16::from(self.date.day())));
        if b[1] == b'0' {
            b[1] = b' ';
        }
        b[4..7].copy_from_slice(MONTHS[usize::from(self.date.month() - 1)]);
        b[8..10].copy_from_slice(&two(year / 100));
        b[10..12].copy_from_slice(&two(year % 100));
        b[13..15].copy_from_slice(&two(u16::from(self.hour)));
        b[16..18].copy_from_slice(&two(u16::from(self.minute)));
        b[19..21].copy_from_slice(&two(u16::from(self.second)));
        if self.zone < 0 {
            b[22] = b'-';
        }
        b[23..25].copy_from_slice(&two(zone / 60));
        b[25..27].copy_from_slice(&two(zone % 60));
        encoder.put(&b);
    }

    /// Any time, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (Date::strategy(), 0..24u8, 0..60u8, 0..61u8, -5999..6000i16)
            .prop_map(|(date, hour, minute, second, zone)| Self { date, hour, minute, second, zone })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check};
    use proptest::prelude::*;

    #[test]
    fn times() {
        let time =
            |y, m, d, h, min, s, zone| DateTime::new(Date::new(y, m, d).unwrap(), h, min, s, zone).unwrap();
        check(
            DateTime::rule,
            |time, encoder| time.encode(encoder),
            &[
                Row::Good(b"\"17-Jul-1996 02:44:25 -0700\"", time(1996, 7, 17, 2, 44, 25, -420)),
                Row::Good(b"\" 1-Jan-2024 00:00:60 +0530\"", time(2024, 1, 1, 0, 0, 60, 330)),
                Row::Other(b"\"01-JAN-2024 00:00:00 +0000\"", time(2024, 1, 1, 0, 0, 0, 0)),
                Row::Bad(b"\"00-Jan-0000 00:00:00 +0000\"", 0),
                Row::Bad(b"\"30-Feb-2024 00:00:00 +0000\"", 0),
                Row::Bad(b"\"17-Jul-1996 24:44:25 -0700\"", 0),
                Row::Bad(b"\"17-Jul-1996 02:44:25 -0760\"", 0),
                Row::Bad(b"\"1-Jul-1996 02:44:25 -0700\"", 0),
                Row::Bad(b"NIL", 0),
            ],
        );
        assert_eq!(time(1970, 1, 1, 0, 0, 0, 0).unix_seconds(), 0);
        assert_eq!(time(2000, 3, 1, 1, 0, 0, 60).unix_seconds(), 951_868_800);
        assert_eq!(time(1969, 12, 31, 23, 59, 59, 0).unix_seconds(), -1);
    }

    proptest! {
        #[test]
        fn round_trip(time in DateTime::strategy()) {
            crate::core::testing::round_trip(&time, DateTime::rule, |time, encoder| time.encode(encoder));
        }
    }
}
