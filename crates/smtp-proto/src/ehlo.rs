//! The reply to EHLO.
use crate::Reply;

/// The reply to EHLO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ehlo {
    reply: Reply,
}
