//! RRVS (RFC 7293 section 3.1): since when the mailbox must belong to the same person.

use super::date_time::{self, DateTime};
use crate::rule;
use crate::syntax::expected;
use alloc::vec::Vec;
use wire::parse::{Failure, Parsed, fail};
use wire::{Context, Misuse, ParseErrorKind, Tolerance};

/// Since when the mailbox must belong to the same person without a break (RFC 7293 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rrvs {
    /// Since when.
    pub since: DateTime,
    /// What a relay does if the next server does not offer the extension. `None` is as [`RrvsAction::Reject`].
    pub action: Option<RrvsAction>,
}

/// What a relay does if the next server does not offer RRVS (RFC 7293 section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RrvsAction {
    /// `C`: send the message without the parameter.
    Continue,
    /// `R`: reject the message.
    Reject,
}

/// ```text
/// rrvs-param = "RRVS=" date-time [ ";" ( "C" / "R" ) ]
/// ```
/// In words: "with the added restriction that a time-secfrac MUST NOT be used".
pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Rrvs> {
    let (rest, (since, form)) = date_time::rule(i)?;
    let raw = &i[..i.len() - rest.len()];
    if form.fraction && !cx.tolerates(Tolerance::Lenient, rule::FRACTION, raw) {
        return Err(Failure::at(i, expected::WHOLE_SECONDS, ParseErrorKind::Syntax));
    }
    let Some(action) = rest.strip_prefix(b";") else { return Ok((rest, Rrvs { since, action: None })) };
    match action {
        [b'C' | b'c', rest @ ..] => Ok((rest, Rrvs { since, action: Some(RrvsAction::Continue) })),
        [b'R' | b'r', rest @ ..] => Ok((rest, Rrvs { since, action: Some(RrvsAction::Reject) })),
        _ => fail(action, expected::RRVS_ACTION),
    }
}

pub(crate) fn encode(rrvs: &Rrvs, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    if rrvs.since.nanoseconds() > 0 {
        return Err(Misuse::Invalid("date-time of whole seconds"));
    }
    date_time::encode(&rrvs.since, wire);
    wire.extend_from_slice(match rrvs.action {
        None => b"",
        Some(RrvsAction::Continue) => b";C",
        Some(RrvsAction::Reject) => b";R",
    });
    Ok(())
}

#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = Rrvs> {
    use proptest::prelude::*;
    let action = proptest::sample::select(&[None, Some(RrvsAction::Continue), Some(RrvsAction::Reject)][..]);
    (DateTime::strategy(), action).prop_filter_map("seconds", |(since, action)| {
        let since = DateTime::from_unix(since.unix_seconds(), 0).ok()?;
        Some(Rrvs { since, action })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::testing::{refused, repaired, taken};

    #[test]
    fn case_88() {
        let since = DateTime::from_unix(1_396_566_060, 0).unwrap();
        taken(
            rule,
            encode,
            &[
                (b"2014-04-03T23:01:00Z", Rrvs { since, action: None }),
                (b"2014-04-03T23:01:00Z;C", Rrvs { since, action: Some(RrvsAction::Continue) }),
                (b"2014-04-03T23:01:00Z;r", Rrvs { since, action: Some(RrvsAction::Reject) }),
                (b"2014-04-04T00:01:00+01:00;R", Rrvs { since, action: Some(RrvsAction::Reject) }),
            ],
        );
        refused(
            rule,
            &[
                (b"", 0),
                (b"bad", 0),
                (b"2014-04-03T23:01:00Z;", 21),
                (b"2014-04-03T23:01:00Z;X", 21),
                (b"2014-04-03T23:01:00Z;CR", 22),
                (b"2014-04-03T23:01:00Z,C", 20),
                (b"2014-04-03T23:01:00.0Z", 0),
            ],
        );
        let fraction = Rrvs { since: DateTime::from_unix(1_396_566_060, 500_000_000).unwrap(), action: None };
        repaired(rule, Tolerance::Lenient, b"2014-04-03T23:01:00.5Z", fraction, crate::rule::FRACTION);
        assert!(encode(&fraction, &mut Vec::new()).is_err());
    }
}
