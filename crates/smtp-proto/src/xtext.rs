//! xtext (RFC 3461 section 4).
use alloc::borrow::Cow;

/// xtext in its wire form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Xtext<'a>(Cow<'a, [u8]>);
