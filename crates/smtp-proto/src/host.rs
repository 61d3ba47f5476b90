//! Domains and address literals (RFC 5321 sections 4.1.2 and 4.1.3, RFC 6531).
use core::net::{Ipv4Addr, Ipv6Addr};

/// A host as it stands in a mailbox, a route or a greeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Host<'a> {
    /// A domain.
    Domain(&'a str),
    /// `[192.0.2.1]`
    Ipv4(Ipv4Addr),
    /// `[IPv6:2001:db8::1]`
    Ipv6(Ipv6Addr),
    /// `[tag:content]`
    General {
        /// The tag.
        tag: &'a str,
        /// The content.
        content: &'a str,
    },
}
