//! Reply codes (RFC 5321 section 4.2).

/// A reply code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplyCode(u16);
