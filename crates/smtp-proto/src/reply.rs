//! Replies (RFC 5321 section 4.2).
use crate::{EnhancedCode, ReplyCode};
use bytes::Bytes;

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    wire: Bytes,
    code: ReplyCode,
    enhanced: Option<EnhancedCode>,
}
