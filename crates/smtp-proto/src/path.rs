//! Paths (RFC 5321 section 4.1.2).
use bytes::Bytes;
use wire::{Context, parse::Parsed};

/// Where the parts of a path stand, in octets from its `<`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Span {
    /// Where the mailbox starts.
    pub(crate) mailbox: u16,
    /// Where its `@` stands; `end` if it has none (`<>`, `<Postmaster>`, what is tolerated).
    pub(crate) at: u16,
    /// Where the `>` stands.
    pub(crate) end: u16,
}

/// A reverse path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReversePath {
    wire: Bytes,
    span: Span,
}

/// A forward path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ForwardPath {
    wire: Bytes,
    span: Span,
}

impl ReversePath {
    pub(crate) fn rule<'i>(_cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Span> {
        wire::parse::fail(i, crate::syntax::expected::PATH)
    }
}
