//! Content that may hold any octet.

use super::syntax::{self, expected, literal_head};
use super::{Context, Encoder};
use ::core::fmt;
use bytes::Bytes;
use wire::parse::{Parsed, fail};

/// What a `literal8` can hold (RFC 3516, RFC 9051 section 4.3): any octets, NUL too. Written as a `literal8` only if it holds NUL.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Literal8(Bytes);

impl Literal8 {
    /// Takes over `octets`, whatever they are.
    #[must_use]
    pub fn new(octets: impl Into<Bytes>) -> Self {
        Self(octets.into())
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The octets, shared.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        self.0.clone()
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// `literal / literal8`
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        match i.first() {
            Some(b'{' | b'~') => {
                let (rest, octets) = syntax::literal(cx, i, true)?;
                Ok((rest, Self(cx.keep(octets))))
            }
            _ => fail(i, expected::LITERAL8),
        }
    }

    /// The size of a literal whose content was cut out of the message, and what follows it.
    pub(crate) fn cut<'i>(cx: &Context<'_>, i: &'i [u8]) -> Option<(&'i [u8], u64)> {
        if !matches!(i.first(), Some(b'{' | b'~')) {
            return None;
        }
        let head = literal_head(cx, i).ok()?;
        Some((head.rest, cx.cut_at(head.rest.len())?))
    }

    /// Writes it as a literal, even where a quoted string would do.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        let binary = memchr::memchr(0, &self.0).is_some();
        encoder.literal(&self.0, binary);
    }

    /// Any content, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(Self::new)
    }
}

impl fmt::Debug for Literal8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.0[..self.0.len().min(64)];
        write!(f, "\"{}\"{}", shown.escape_ascii(), if shown.len() < self.0.len() { "..." } else { "" })
    }
}
