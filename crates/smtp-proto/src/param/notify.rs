//! NOTIFY (RFC 3461 section 4.1): which reports the sender wants for a recipient.

use crate::syntax::expected;
use alloc::vec::Vec;
use core::fmt;
use core::ops::BitOr;
use wire::class::LDH;
use wire::keyword::{Prefix, first};
use wire::parse::{Parsed, fail};
use wire::{Context, Misuse};

/// Which reports the sender wants for a recipient (RFC 3461 section 4.1): none, or those of a set. Without the parameter
/// they are of failures, and perhaps of delays.
///
/// ```
/// use smtp_proto::Notify;
///
/// let notify = Notify::FAILURE | Notify::DELAY;
/// assert!(notify.delay() && !notify.success());
/// assert_eq!(notify.to_string(), "FAILURE,DELAY");
/// assert!(Notify::NEVER.is_never());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Notify(u8);

impl Notify {
    /// `NEVER`: no reports at all.
    pub const NEVER: Self = Self(0);
    /// `SUCCESS`: when it was delivered.
    pub const SUCCESS: Self = Self(1);
    /// `FAILURE`: when it could not be delivered.
    pub const FAILURE: Self = Self(2);
    /// `DELAY`: when it takes long.
    pub const DELAY: Self = Self(4);

    const NAMES: [(Self, &str); 3] =
        [(Self::SUCCESS, "SUCCESS"), (Self::FAILURE, "FAILURE"), (Self::DELAY, "DELAY")];

    const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether no reports are wanted.
    #[must_use]
    pub const fn is_never(self) -> bool {
        self.0 == 0
    }

    /// Whether a delivery is reported.
    #[must_use]
    pub const fn success(self) -> bool {
        self.has(Self::SUCCESS)
    }

    /// Whether a failure is reported.
    #[must_use]
    pub const fn failure(self) -> bool {
        self.has(Self::FAILURE)
    }

    /// Whether a delay is reported.
    #[must_use]
    pub const fn delay(self) -> bool {
        self.has(Self::DELAY)
    }
}

/// The reports of both. `NEVER` adds none.
impl BitOr for Notify {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_never() {
            return f.write_str("NEVER");
        }
        let mut comma = "";
        for (_, name) in Self::NAMES.iter().filter(|(kind, _)| self.has(*kind)) {
            f.write_str(comma)?;
            f.write_str(name)?;
            comma = ",";
        }
        Ok(())
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// ```text
/// notify-esmtp-value = "NEVER" / 1#notify-list-element
/// notify-list-element = "SUCCESS" / "FAILURE" / "DELAY"
/// ```
/// In any case, "separated by commas"; no element is empty, and `NEVER` stands alone.
#[inline(always)]
pub(crate) fn rule<'i>(_: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Notify> {
    const NEVER: Prefix = Prefix::of("NEVER");
    const ELEMENTS: [(Notify, Prefix, usize); 3] = [
        (Notify::SUCCESS, Prefix::of("SUCCESS"), 7),
        (Notify::FAILURE, Prefix::of("FAILURE"), 7),
        (Notify::DELAY, Prefix::of("DELAY"), 5),
    ];
    // where a longer word stands, which is none of these
    let ends = |rest: &[u8]| !rest.first().is_some_and(|&octet| LDH.has(octet));
    let mut notify = Notify::NEVER;
    let mut rest = i;
    loop {
        let word = first(rest);
        let element = ELEMENTS.into_iter().find(|(_, prefix, _)| prefix.is_in(word));
        let after = match element.and_then(|(kind, _, len)| Some((kind, rest.get(len..)?))) {
            Some((kind, after)) if ends(after) => {
                notify = notify | kind;
                after
            }
            None if NEVER.is_in(word) && notify.is_never() && rest.get(5..).is_some_and(ends) => {
                return Ok((&rest[5..], Notify::NEVER));
            }
            _ => return fail(rest, expected::NOTIFY),
        };
        match after.strip_prefix(b",") {
            Some(next) => rest = next,
            None => return Ok((after, notify)),
        }
    }
}

pub(crate) fn encode(notify: &Notify, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    wire.extend_from_slice(alloc::format!("{notify}").as_bytes());
    Ok(())
}

#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = Notify> {
    use proptest::strategy::Strategy;
    (0u8..8).prop_map(Notify)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::testing::{refused, taken};

    #[test]
    fn case_79() {
        taken(
            rule,
            encode,
            &[
                (b"NEVER", Notify::NEVER),
                (b"SUCCESS", Notify::SUCCESS),
                (b"Success,failure", Notify::SUCCESS | Notify::FAILURE),
                (b"DELAY,FAILURE,SUCCESS", Notify::SUCCESS | Notify::FAILURE | Notify::DELAY),
                (b"SUCCESS,SUCCESS", Notify::SUCCESS),
            ],
        );
        refused(
            rule,
            &[
                (b"", 0),
                (b"MAYBE", 0),
                (b",SUCCESS", 0),
                (b"SUCCESS,", 8),
                (b"SUCCESS,,DELAY", 8),
                (b"NEVER,SUCCESS", 5),
                (b"SUCCESS,NEVER", 8),
                (b"SUCCESS;DELAY", 7),
                (b"SUCCESS DELAY", 7),
            ],
        );
    }
}
