//! How a client names itself (RFC 5321 section 4.1.1.1).
use bytes::Bytes;
use wire::{Context, parse::Parsed};

/// The argument of HELO, EHLO or LHLO.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientName(Bytes);

impl ClientName {
    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        Ok((&i[i.len()..], Self(cx.keep(i))))
    }
}
