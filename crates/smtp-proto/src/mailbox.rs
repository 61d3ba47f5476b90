//! Mailboxes (RFC 5321 section 4.1.2).
use bytes::Bytes;

/// A mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mailbox {
    wire: Bytes,
    at: u16,
}
