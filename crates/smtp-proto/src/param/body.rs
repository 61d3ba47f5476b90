//! BODY (RFC 6152 section 2, RFC 3030 section 3): what the octets of the message may be.

use crate::Keyword;
use crate::syntax::expected;
use alloc::vec::Vec;
use wire::keyword::{Prefix, first, key_of, name};
use wire::parse::{Parsed, fail};
use wire::{Context, Misuse};

/// What the octets of a message may be (RFC 6152, RFC 3030). Without the parameter it is `7BIT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Body {
    /// `7BIT`: lines of US-ASCII.
    #[default]
    SevenBit,
    /// `8BITMIME`: lines of any octets.
    EightBitMime,
    /// `BINARYMIME`: any octets, without line structure; it cannot be sent with DATA (RFC 3030 section 3).
    BinaryMime,
}

impl Body {
    #[cfg(any(test, feature = "proptest"))]
    const ALL: [Self; 3] = [Self::SevenBit, Self::EightBitMime, Self::BinaryMime];

    /// The value as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SevenBit => "7BIT",
            Self::EightBitMime => "8BITMIME",
            Self::BinaryMime => "BINARYMIME",
        }
    }

    /// What a server must have offered for it.
    #[must_use]
    pub const fn extension(self) -> Keyword {
        match self {
            Self::SevenBit | Self::EightBitMime => Keyword::EightBitMime,
            Self::BinaryMime => Keyword::BinaryMime,
        }
    }
}

/// ```text
/// body-value ::= "7BIT" / "8BITMIME" / "BINARYMIME"
/// ```
/// In any case.
#[inline(always)]
pub(crate) fn rule<'i>(_: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Body> {
    const SEVEN_BIT: u128 = key_of("7BIT");
    const EIGHT_BIT_MIME: u128 = key_of("8BITMIME");
    const BINARY_MIME: u128 = key_of("BINARYMIME");
    const USUAL: Prefix = Prefix::of("8BITMIME");
    if USUAL.is_in(first(i)) && matches!(i.get(8), None | Some(b' ')) {
        return Ok((&i[8..], Body::EightBitMime));
    }
    let (len, key) = name(i);
    let rest = &i[len..];
    match key {
        EIGHT_BIT_MIME => Ok((rest, Body::EightBitMime)),
        SEVEN_BIT => Ok((rest, Body::SevenBit)),
        BINARY_MIME => Ok((rest, Body::BinaryMime)),
        _ => fail(i, expected::BODY),
    }
}

pub(crate) fn encode(body: &Body, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    wire.extend_from_slice(body.as_str().as_bytes());
    Ok(())
}

#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = Body> {
    proptest::sample::select(&Body::ALL[..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::testing::{refused, taken};

    #[test]
    fn bodies() {
        for body in Body::ALL {
            taken(rule, encode, &[(body.as_str().as_bytes(), body)]);
            taken(rule, encode, &[(body.as_str().to_lowercase().as_bytes(), body)]);
        }
        refused(
            rule,
            &[(b"", 0), (b"8BITMIM", 0), (b"8BITMIMEX", 0), (b"BINARY", 0), (b"7BIT,", 4), (b"7B\x09T", 0)],
        );
    }
}
