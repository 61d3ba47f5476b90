//! How much is accepted (RFC 5321 section 4.5.3.1, and what no RFC limits).

/// The limits of a machine. `None` is unlimited, 0 is nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {}
