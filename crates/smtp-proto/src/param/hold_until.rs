//! HOLDUNTIL (RFC 4865 section 3): when the message may go out.

use super::date_time::{self, DateTime};
use crate::rule;
use crate::syntax::expected;
use alloc::vec::Vec;
use wire::parse::{Failure, Parsed};
use wire::{Context, Misuse, ParseErrorKind, Tolerance};

/// ```text
/// future-release-date-time = Internet-style-date-time-UTC
/// ```
/// That is a date-time of RFC 3339 (erratum 2040), "normalized to UTC".
pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, DateTime> {
    let (rest, (time, form)) = date_time::rule(i)?;
    let raw = &i[..i.len() - rest.len()];
    if !form.utc && !cx.tolerates(Tolerance::Lenient, rule::NOT_UTC, raw) {
        return Err(Failure::at(i, expected::UTC, ParseErrorKind::Syntax));
    }
    Ok((rest, time))
}

pub(crate) fn encode(time: &DateTime, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    date_time::encode(time, wire);
    Ok(())
}

#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = DateTime> {
    DateTime::strategy()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::testing::{refused, repaired, taken};

    #[test]
    fn times_in_utc() {
        let time = DateTime::from_unix(1_893_456_000, 0).unwrap();
        taken(rule, encode, &[(b"2030-01-01T00:00:00Z", time), (b"2030-01-01T00:00:00+00:00", time)]);
        refused(
            rule,
            &[
                (b"", 0),
                (b"2030-01-01", 10),
                (b"2030-01-01T01:00:00+01:00", 0),
                (b"2030-01-01T00:00:00ZZ", 20),
            ],
        );
        repaired(rule, Tolerance::Lenient, b"2030-01-01T01:00:00+01:00", time, crate::rule::NOT_UTC);
    }
}
