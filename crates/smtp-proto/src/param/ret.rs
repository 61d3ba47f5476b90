//! RET (RFC 3461 section 4.3): how much of the message comes back in a report of a failure.

use crate::syntax::expected;
use alloc::vec::Vec;
use wire::keyword::{key_of, name};
use wire::parse::{Parsed, fail};
use wire::{Context, Misuse};

/// How much of the message comes back in a report of a failure (RFC 3461 section 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Ret {
    /// `FULL`: all of it.
    Full,
    /// `HDRS`: its header.
    Hdrs,
}

impl Ret {
    /// The value as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Hdrs => "HDRS",
        }
    }
}

/// In words: `FULL` or `HDRS`, which "may be spelled in any combination of upper and lower case letters".
#[inline(always)]
pub(crate) fn rule<'i>(_: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Ret> {
    const FULL: u128 = key_of("FULL");
    const HDRS: u128 = key_of("HDRS");
    let (len, key) = name(i);
    let rest = &i[len..];
    match key {
        HDRS => Ok((rest, Ret::Hdrs)),
        FULL => Ok((rest, Ret::Full)),
        _ => fail(i, expected::RET),
    }
}

pub(crate) fn encode(ret: &Ret, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    wire.extend_from_slice(ret.as_str().as_bytes());
    Ok(())
}

#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = Ret> {
    proptest::sample::select(&[Ret::Full, Ret::Hdrs][..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::testing::{refused, taken};

    #[test]
    fn both() {
        taken(rule, encode, &[(b"FULL", Ret::Full), (b"HDRS", Ret::Hdrs), (b"hDrs", Ret::Hdrs)]);
        refused(rule, &[(b"", 0), (b"BOTH", 0), (b"HDR", 0), (b"HDRSX", 0), (b"FULL,HDRS", 4)]);
    }
}
