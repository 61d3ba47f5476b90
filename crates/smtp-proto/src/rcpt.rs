//! RCPT (RFC 5321 section 4.1.1.3).
use bytes::Bytes;
use wire::{Context, Output, parse::Parsed};

/// The arguments of RCPT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rcpt {
    wire: Bytes,
}
impl Rcpt {
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        Ok((&i[i.len()..], Self { wire: cx.keep(i) }))
    }
    pub(crate) fn encode(&self, output: &mut Output) {
        output.put(&self.wire);
    }
}
