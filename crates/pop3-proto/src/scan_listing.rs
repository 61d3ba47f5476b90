//! Scan listings: the lines of LIST (RFC 1939 section 5).

use crate::MessageNumber;
use crate::More;
use crate::syntax::gap;
use wire::number::number64;
use wire::parse::Failure;
use wire::{Context, Output};

/// The number and the size of one message: a line of LIST (RFC 1939 section 5).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ScanListing {
    /// Which message.
    pub message: MessageNumber,
    /// Its size in octets. Servers are known to be wrong about it.
    pub octets: u64,
    /// What some servers add.
    pub more: More,
}

impl ScanListing {
    /// Without more.
    #[must_use]
    pub const fn new(message: MessageNumber, octets: u64) -> Self {
        Self { message, octets, more: More::NONE }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { more: self.more.detach(), ..*self }
    }

    /// In words: "A scan listing consists of the message-number of the message, followed by a single space
    /// and the exact size of the message in octets."
    pub(crate) fn rule(cx: &Context<'_>, i: &[u8]) -> Result<Self, nom::Err<Failure>> {
        let i = leading_space(cx, i);
        let (i, message) = MessageNumber::parse(i)?;
        let (i, ()) = gap(cx, i)?;
        let (i, octets) = number64(i)?;
        Ok(Self { message, octets, more: More::rule(cx, i)? })
    }

    /// The common form of a line, with its CRLF, at the front of `i`; and what follows it.
    #[inline(always)]
    pub(crate) fn plain(i: &[u8]) -> Option<(&[u8], Self)> {
        let (i, message) = MessageNumber::parse(i).ok()?;
        let (i, octets) = number64(i.strip_prefix(b" ")?).ok()?;
        Some((i.strip_prefix(b"\r\n")?, Self::new(message, octets)))
    }

    /// The line, with its CRLF.
    pub(crate) fn encode(&self, output: &mut Output) {
        output.put_number(self.message.get().into());
        output.put(b" ");
        output.put_number(self.octets);
        self.more.encode(output);
    }

    /// Any listing, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (MessageNumber::strategy(), any::<u64>(), wire::Text::strategy())
            .prop_map(|(message, octets, more)| Self { message, octets, more: more.into() })
    }
}

/// Spaces before the first argument of a listing, where that is tolerated.
#[inline]
pub(crate) fn leading_space<'i>(cx: &Context<'_>, i: &'i [u8]) -> &'i [u8] {
    if i.first() != Some(&b' ') {
        return i;
    }
    let spaces = i.iter().position(|&o| o != b' ').unwrap_or(i.len());
    let tolerated = cx.tolerates(wire::Tolerance::Default, crate::rule::EXTRA_SPACE, &i[..spaces]);
    if tolerated { &i[spaces..] } else { i }
}
