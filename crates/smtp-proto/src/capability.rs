//! Keywords of EHLO.

/// Names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Keyword {
    /// `SIZE`
    Size,
}
/// A line of the reply to EHLO.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Capability<'a> {
    /// Other.
    Other(&'a [u8]),
}
