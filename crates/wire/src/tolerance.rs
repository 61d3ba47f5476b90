//! How much is accepted that the RFC forbids, and what is told about it.

use crate::Redacted;
use bytes::Bytes;
use core::fmt;

/// How a parser treats what the RFC forbids. A setting of a connection, at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Tolerance {
    /// What the RFC forbids is refused. The default of servers.
    Strict,
    /// What real software is known to send is accepted, with a [`Diagnostic`]. The default of clients.
    #[default]
    Default,
    /// Whatever has one sensible meaning is accepted, with a [`Diagnostic`].
    Lenient,
}

/// The name of a repair, such as `bare-lf`. Each protocol crate lists its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Rule(pub &'static str);

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Says that something was accepted that the RFC forbids, or that is worth a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which repair it was.
    pub rule: Rule,
    /// Where in the stream of received octets.
    pub stream_offset: u64,
    /// The octets in question, as they were.
    pub raw: Redacted<Bytes>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at stream offset {}", self.rule, self.stream_offset)
    }
}
