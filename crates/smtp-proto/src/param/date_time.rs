//! Dates and times (RFC 3339 section 5.6), for HOLDUNTIL and RRVS.

use crate::syntax::{expected, misuse};
use alloc::vec::Vec;
use core::fmt;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseErrorKind};

/// A date and time (RFC 3339 section 5.6) of the years 0 to 9999, as an instant: which offset it was written with is
/// seen in the command only.
///
/// ```
/// use smtp_proto::DateTime;
///
/// let time = DateTime::parse("2014-04-03T23:01:00Z")?;
/// assert_eq!(time.unix_seconds(), 1_396_566_060);
/// assert_eq!(DateTime::parse("2014-04-04T01:01:00+02:00")?, time);
/// assert_eq!(time.to_string(), "2014-04-03T23:01:00Z");
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    seconds: i64,
    nanoseconds: u32,
}

const DAY: i64 = 86_400;

impl DateTime {
    /// `0000-01-01T00:00:00Z` in seconds since 1970.
    const FIRST: i64 = -62_167_219_200;
    /// `9999-12-31T23:59:59Z` in seconds since 1970.
    const LAST: i64 = 253_402_300_799;

    /// Seconds since the start of 1970 in UTC, without leap seconds, and nanoseconds on top of them.
    ///
    /// # Errors
    /// A year that has not four digits; 10^9 nanoseconds and more.
    pub const fn from_unix(seconds: i64, nanoseconds: u32) -> Result<Self, Misuse> {
        if seconds < Self::FIRST || seconds > Self::LAST || nanoseconds > 999_999_999 {
            return Err(Misuse::Invalid("date-time"));
        }
        Ok(Self { seconds, nanoseconds })
    }

    /// As it is written, by the RFC.
    ///
    /// # Errors
    /// Not a date-time, or something behind it.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, Misuse> {
        let text = text.as_ref();
        match rule(text) {
            Ok((b"", (time, _))) => Ok(time),
            Ok((rest, _)) => Err(Misuse::IllegalOctet { offset: text.len() - rest.len() }),
            Err(error) => Err(misuse(text, error, "date-time")),
        }
    }

    /// Seconds since the start of 1970 in UTC, without leap seconds. One that is written as a leap second is the first of
    /// the next day.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds on top of the seconds. More digits of a fraction are cut off.
    #[must_use]
    pub const fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }

    /// Any date and time, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let seconds = prop_oneof![Self::FIRST..=Self::LAST, 0i64..=4_000_000_000];
        (seconds, prop_oneof![Just(0), 0u32..=999_999_999])
            .prop_map(|(seconds, nanoseconds)| Self { seconds, nanoseconds })
    }
}

/// In UTC, with as many digits of a fraction as it needs.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.seconds.div_euclid(DAY));
        let second = self.seconds.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if self.nanoseconds > 0 {
            let (mut fraction, mut width) = (self.nanoseconds, 9);
            while fraction % 10 == 0 {
                fraction /= 10;
                width -= 1;
            }
            write!(f, ".{fraction:0width$}")?;
        }
        f.write_str("Z")
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How a time was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    /// With `Z`, or an offset of nothing.
    pub(crate) utc: bool,
    /// With a fraction of a second.
    pub(crate) fraction: bool,
}

/// RFC 3339 section 5.6, with the restrictions of section 5.7:
/// ```text
/// date-fullyear   = 4DIGIT
/// date-month      = 2DIGIT  ; 01-12
/// date-mday       = 2DIGIT  ; 01-28, 01-29, 01-30, 01-31 based on month/year
/// time-hour       = 2DIGIT  ; 00-23
/// time-minute     = 2DIGIT  ; 00-59
/// time-second     = 2DIGIT  ; 00-58, 00-59, 00-60 based on leap second rules
/// time-secfrac    = "." 1*DIGIT
/// time-numoffset  = ("+" / "-") time-hour ":" time-minute
/// time-offset     = "Z" / time-numoffset
/// partial-time    = time-hour ":" time-minute ":" time-second [time-secfrac]
/// full-date       = date-fullyear "-" date-month "-" date-mday
/// full-time       = partial-time time-offset
/// date-time       = full-date "T" full-time
/// ```
/// `T` and `Z` in any case. A leap second is one that ends a month in UTC.
pub(crate) fn rule(i: &[u8]) -> Parsed<'_, (DateTime, Form)> {
    let (rest, year) = number(i, 4, 0, 9999)?;
    let (rest, month) = number(sign(rest, b"-")?, 2, 1, 12)?;
    let day_at = sign(rest, b"-")?;
    let (rest, day) = number(day_at, 2, 1, 31)?;
    if day > days_of(year, month) {
        return Err(Failure::at(day_at, expected::DATE_TIME, ParseErrorKind::Range));
    }
    let (rest, hour) = number(sign(rest, b"Tt")?, 2, 0, 23)?;
    let (rest, minute) = number(sign(rest, b":")?, 2, 0, 59)?;
    let second_at = sign(rest, b":")?;
    let (fraction_at, second) = number(second_at, 2, 0, 60)?;
    let (rest, nanoseconds) = secfrac(fraction_at)?;
    let fraction = rest.len() < fraction_at.len();
    let (rest, offset) = match rest {
        [b'Z' | b'z', rest @ ..] => (rest, 0),
        [sign_of @ (b'+' | b'-'), after @ ..] => {
            let (after, hours) = number(after, 2, 0, 23)?;
            let (after, minutes) = number(sign(after, b":")?, 2, 0, 59)?;
            let offset = hours * 3600 + minutes * 60;
            (after, if *sign_of == b'+' { offset } else { -offset })
        }
        _ => return fail(rest, expected::DATE_TIME),
    };
    let seconds = days_before(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset;
    let leap = second == 60;
    if leap && (seconds.rem_euclid(DAY) != 0 || civil(seconds.div_euclid(DAY)).2 != 1) {
        return Err(Failure::at(second_at, expected::DATE_TIME, ParseErrorKind::Range));
    }
    match DateTime::from_unix(seconds, nanoseconds) {
        Ok(time) => Ok((rest, (time, Form { utc: offset == 0, fraction }))),
        Err(_) => Err(Failure::at(i, expected::DATE_TIME, ParseErrorKind::Range)),
    }
}

/// So many digits.
fn number(i: &[u8], digits: usize, least: i64, most: i64) -> Parsed<'_, i64> {
    let mut value = 0;
    for at in 0..digits {
        match i.get(at) {
            Some(digit @ b'0'..=b'9') => value = value * 10 + i64::from(digit - b'0'),
            _ => return fail(&i[at..], expected::DATE_TIME),
        }
    }
    if (least..=most).contains(&value) {
        Ok((&i[digits..], value))
    } else {
        Err(Failure::at(i, expected::DATE_TIME, ParseErrorKind::Range))
    }
}

/// One of these.
fn sign<'i>(i: &'i [u8], signs: &[u8]) -> Result<&'i [u8], nom::Err<Failure>> {
    match i.split_first() {
        Some((octet, rest)) if signs.contains(octet) => Ok(rest),
        _ => fail(i, expected::DATE_TIME).map(|(rest, ())| rest),
    }
}

fn secfrac(i: &[u8]) -> Parsed<'_, u32> {
    let Some(digits) = i.strip_prefix(b".") else { return Ok((i, 0)) };
    let len = wire::class::DIGIT.run(digits);
    if len == 0 {
        return fail(digits, expected::DATE_TIME);
    }
    let used = digits[..len].iter().copied().chain(core::iter::repeat(b'0')).take(9);
    Ok((&digits[len..], used.fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))))
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a day of the Gregorian calendar. A year starts in March here, so that a leap day is its last.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The day of the Gregorian calendar, as year, month and day.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

pub(crate) fn encode(time: &DateTime, wire: &mut Vec<u8>) {
    wire.extend_from_slice(alloc::format!("{time}").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn instants() {
        for (text, seconds, nanoseconds) in [
            ("1970-01-01T00:00:00Z", 0, 0),
            ("1970-01-01t00:00:00z", 0, 0),
            ("2014-04-03T23:01:00Z", 1_396_566_060, 0),
            ("2014-04-03T23:01:00+00:00", 1_396_566_060, 0),
            ("2014-04-03T23:01:00-00:00", 1_396_566_060, 0),
            ("1985-04-12T23:20:50.52Z", 482_196_050, 520_000_000),
            ("1996-12-19T16:39:57-08:00", 851_042_397, 0),
            ("1990-12-31T23:59:60Z", 662_688_000, 0),
            ("1990-12-31T15:59:60-08:00", 662_688_000, 0),
            ("1937-01-01T12:00:27.87+00:20", -1_041_337_173, 870_000_000),
            ("2000-02-29T00:00:00Z", 951_782_400, 0),
            ("0000-01-01T00:00:00Z", DateTime::FIRST, 0),
            ("9999-12-31T23:59:59.999999999999Z", DateTime::LAST, 999_999_999),
        ] {
            let time = DateTime::from_unix(seconds, nanoseconds).unwrap();
            assert_eq!(DateTime::parse(text), Ok(time), "{text}");
            assert_eq!(DateTime::parse(time.to_string()), Ok(time), "{text}");
        }
        assert_eq!(DateTime::parse("2014-04-03T23:01:00.50Z").unwrap().to_string(), "2014-04-03T23:01:00.5Z");
    }

    #[test]
    fn what_is_no_date_and_time() {
        for (text, offset) in [
            ("", 0),
            ("bad", 0),
            ("2014-04-03", 10),
            ("2014-04-03T23:01:00", 19),
            ("2014-04-03T23:01Z", 16),
            ("2014-04-03 23:01:00Z", 10),
            ("2014-13-03T23:01:00Z", 5),
            ("2014-00-03T23:01:00Z", 5),
            ("2014-04-31T23:01:00Z", 8),
            ("2014-04-00T23:01:00Z", 8),
            ("2014-02-29T23:01:00Z", 8),
            ("1900-02-29T23:01:00Z", 8),
            ("2014-04-03T24:00:00Z", 11),
            ("2014-04-03T23:60:00Z", 14),
            ("2014-04-03T23:01:61Z", 17),
            ("2014-04-03T23:01:60Z", 17),
            ("1990-12-30T23:59:60Z", 17),
            ("2014-04-03T23:01:00.Z", 20),
            ("2014-04-03T23:01:00+24:00", 20),
            ("2014-04-03T23:01:00+0100", 22),
            ("14-04-03T23:01:00Z", 2),
            ("+014-04-03T23:01:00Z", 0),
            ("0000-01-01T00:00:00+00:01", 0),
            ("9999-12-31T23:59:59-00:01", 0),
            ("9999-12-31T23:59:60Z", 0),
        ] {
            let failure = Failure::of(rule(text.as_bytes()).unwrap_err());
            assert_eq!(text.len() - failure.left(), offset, "{text}");
            assert_eq!(failure.expected(), expected::DATE_TIME);
        }
        assert!(DateTime::parse("2014-04-03T23:01:00Z\r\n").is_err());
        assert!(DateTime::from_unix(DateTime::FIRST - 1, 0).is_err());
        assert!(DateTime::from_unix(DateTime::LAST + 1, 0).is_err());
        assert!(DateTime::from_unix(0, 1_000_000_000).is_err());
    }

    proptest! {
        #[test]
        fn round_trip(time in DateTime::strategy()) {
            prop_assert_eq!(DateTime::parse(time.to_string()), Ok(time));
        }

        #[test]
        fn each_day_follows_the_one_before(days in -719_528i64..2_932_896) {
            let (year, month, day) = civil(days);
            prop_assert_eq!(days_before(year, month, day), days);
            let next = if day < days_of(year, month) {
                (year, month, day + 1)
            } else if month < 12 {
                (year, month + 1, 1)
            } else {
                (year + 1, 1, 1)
            };
            prop_assert_eq!(civil(days + 1), next);
        }
    }
}
