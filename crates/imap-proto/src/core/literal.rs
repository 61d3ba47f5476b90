//! Content that may hold any octet.

use super::syntax::{self, expected, literal_head};
use super::{Context, Encoder};
use ::core::fmt;
use bytes::Bytes;
use wire::parse::{Parsed, fail};

/// What a `literal8` can hold (RFC 3516, RFC 9051 section 4.3): any octets, NUL too. Written as a `literal8` only if it holds NUL.
#[derive(Clone, Default)]
pub struct Literal8 {
    octets: Bytes,
    nul: Nul,
}

/// Whether NUL is among the octets. To look for it takes longer than all else that is done with a large literal, so it is done once.
#[derive(Clone, Copy, Default)]
enum Nul {
    /// Nobody has looked.
    #[default]
    Unknown,
    No,
    Yes,
}

impl Literal8 {
    /// Takes over `octets`, whatever they are.
    #[must_use]
    pub fn new(octets: impl Into<Bytes>) -> Self {
        Self { octets: octets.into(), nul: Nul::Unknown }
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets
    }

    /// Whether NUL is among them: then only a `literal8` can hold them. Looked for if no parser has done so.
    #[must_use]
    pub fn has_nul(&self) -> bool {
        match self.nul {
            Nul::Unknown => memchr::memchr(0, &self.octets).is_some(),
            Nul::No => false,
            Nul::Yes => true,
        }
    }

    /// The octets, shared.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        self.octets.clone()
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { octets: Bytes::copy_from_slice(&self.octets), nul: self.nul }
    }

    /// `literal / literal8`
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        match i.first() {
            Some(b'{' | b'~') => {
                let (rest, found) = syntax::message_literal(cx, i)?;
                let nul = match found.nul {
                    None => Nul::Unknown,
                    Some(false) => Nul::No,
                    Some(true) => Nul::Yes,
                };
                Ok((rest, Self { octets: cx.keep(found.octets), nul }))
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
        encoder.literal(&self.octets, self.has_nul());
    }

    /// Any content, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(Self::new)
    }
}

impl PartialEq for Literal8 {
    fn eq(&self, other: &Self) -> bool {
        self.octets == other.octets
    }
}

impl Eq for Literal8 {}

impl ::core::hash::Hash for Literal8 {
    fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
        self.octets.hash(state);
    }
}

impl fmt::Debug for Literal8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.octets[..self.octets.len().min(64)];
        write!(f, "\"{}\"{}", shown.escape_ascii(), if shown.len() < self.octets.len() { "..." } else { "" })
    }
}
