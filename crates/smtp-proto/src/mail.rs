//! MAIL (RFC 5321 section 4.1.1.2).
use bytes::Bytes;
use wire::{Context, Output, parse::Parsed};

/// The arguments of MAIL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    wire: Bytes,
}
impl Mail {
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        Ok((&i[i.len()..], Self { wire: cx.keep(i) }))
    }
    pub(crate) fn encode(&self, output: &mut Output) {
        output.put(&self.wire);
    }
}
