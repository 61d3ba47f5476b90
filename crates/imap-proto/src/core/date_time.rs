//! Dates with times: INTERNALDATE, SAVEDATE, APPEND.

use super::date::{MONTHS, month};
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
        const DAY_AND_MONTH: Form = Form::of(b"\"00-???-");
        const YEAR_AND_HOUR: Form = Form::of(b"0000 00:");
        const MINUTE_AND_SECOND: Form = Form::of(b"00:00 ??");
        const ZONE: Form = Form::of(b"? ?0000\"");
        let fail = |kind| Err(Failure::at(i, expected::DATE_TIME, kind));
        let Some((b, rest)) = i.split_first_chunk::<LEN>() else { return fail(ParseErrorKind::Syntax) };
        // Words of eight octets; the last overlaps the one before it.
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&b[at..at + 8]);
            word
        };
        let mut day_and_month = word(0);
        if day_and_month[1] == b' ' {
            day_and_month[1] = b'0';
        }
        let (Some(day), Some(month), Some(year), Some(time), Some(offset)) = (
            DAY_AND_MONTH.pairs(day_and_month),
            month(&b[4..7]),
            YEAR_AND_HOUR.pairs(word(8)),
            MINUTE_AND_SECOND.pairs(word(16)),
            ZONE.pairs(word(20)),
        ) else {
            return fail(ParseErrorKind::Syntax);
        };
        let (day, hour, minute, second) = (day[1], year[5], time[0], time[3]);
        let year = u16::from(year[0]) * 100 + u16::from(year[2]);
        let zone = i16::from(offset[3]) * 60 + i16::from(offset[5]);
        let zone = match b[22] {
            b'+' => zone,
            b'-' => -zone,
            _ => return fail(ParseErrorKind::Syntax),
        };
        if offset[5] > 59 {
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

/// Eight octets of which some are digits: all of them looked at together.
struct Form {
    octets: u64,
    /// How far each may be from the highest that fits, taken from 127.
    slack: u64,
    looked_at: u64,
}

impl Form {
    /// Digits stand where `text` has `0`, anything where it has `?`, and else what it has.
    const fn of(text: &[u8; 8]) -> Self {
        let (mut slack, mut looked_at, mut i) = ([0; 8], [0; 8], 0);
        while i < 8 {
            (slack[i], looked_at[i]) = match text[i] {
                b'0' => (0x7f - 9, 0xff),
                b'?' => (0, 0),
                _ => (0x7f, 0xff),
            };
            i += 1;
        }
        Self {
            octets: u64::from_le_bytes(*text),
            slack: u64::from_le_bytes(slack),
            looked_at: u64::from_le_bytes(looked_at),
        }
    }

    /// If the octets fit: where two digits stand, their value in the place of the first.
    #[inline(always)]
    const fn pairs(&self, octets: [u8; 8]) -> Option<[u8; 8]> {
        const HIGHEST: u64 = u64::from_ne_bytes([0x80; 8]);
        // a digit becomes its value, other octets that fit 0
        let values = (u64::from_le_bytes(octets) ^ self.octets) & self.looked_at;
        if (values | values.wrapping_add(self.slack)) & HIGHEST != 0 {
            return None;
        }
        Some(values.wrapping_mul(10).wrapping_add(values >> 8).to_le_bytes())
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
        // no other octet in any place, but for the sign, the digits and the letters
        let good = b"\"17-Jul-1996 02:44:25 -0700\"";
        let form = b"\" 0-Aaa-0000 00:00:00 +0000\"";
        for at in 0..good.len() {
            for octet in 0..=255 {
                let mut text = *good;
                text[at] = octet;
                let fits = match form[at] {
                    b' ' if at == 1 => octet == b' ' || octet.is_ascii_digit(),
                    b'0' => octet.is_ascii_digit(),
                    b'+' => matches!(octet, b'+' | b'-'),
                    b'A' | b'a' => octet.is_ascii_alphabetic(),
                    point => octet == point,
                };
                let frame = bytes::Bytes::copy_from_slice(&text);
                let cx = Context::new(&frame, wire::Tolerance::Strict);
                let syntax = match DateTime::rule(&cx, &frame) {
                    Ok(_) => true,
                    Err(error) => Failure::of(error).kind() == ParseErrorKind::Range,
                };
                // letters that are no month are no date either
                assert!(fits || !syntax, "{}", text.escape_ascii());
                assert!(syntax || !fits || octet.is_ascii_alphabetic(), "{}", text.escape_ascii());
            }
        }
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
