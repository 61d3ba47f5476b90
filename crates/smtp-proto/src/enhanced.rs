//! Enhanced status codes (RFC 2034, RFC 3463, RFC 5248).

/// An enhanced status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnhancedCode {
    class: u8,
    subject: u16,
    detail: u16,
}
