//! Mailboxes in xtext: what AUTH, SUBMITTER and ALT-ADDRESS have in common.

use super::decoded;
use crate::syntax::expected;
use crate::{Xtext, rule};
use alloc::vec::Vec;
use wire::parse::{Failure, Parsed, fail};
use wire::{Context, Misuse, ParseErrorKind, Tolerance};

/// xtext, not empty, that stands for a mailbox; for other text where that is tolerated.
#[inline(never)]
pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Xtext<'i>> {
    let (rest, text) = Xtext::rule_in(cx, i)?;
    let raw = &i[..i.len() - rest.len()];
    if raw.is_empty() {
        return fail(i, expected::XTEXT);
    }
    if !is_mailbox(raw) && !cx.tolerates(Tolerance::Default, rule::NO_MAILBOX, raw) {
        return Err(Failure::at(i, expected::MAILBOX, ParseErrorKind::Syntax));
    }
    Ok((rest, text))
}

/// Without an allocation.
fn is_mailbox(xtext: &[u8]) -> bool {
    /// RFC 5321 section 4.5.3.1: 64 octets of local part and 255 of domain are what everybody takes.
    const ROOM: usize = 512;
    let whole = |mailbox: &[u8]| matches!(crate::mailbox::mailbox(mailbox, false), Ok((b"", _)));
    if memchr::memchr(b'+', xtext).is_none() {
        return whole(xtext);
    }
    let mut mailbox = [0; ROOM];
    let mut len = 0;
    for octet in decoded(xtext) {
        match mailbox.get_mut(len) {
            Some(slot) => *slot = octet,
            None => return false,
        }
        len += 1;
    }
    whole(&mailbox[..len])
}

pub(crate) fn encode(address: &Xtext<'_>, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    wire.extend_from_slice(address.as_bytes());
    Ok(())
}

#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = Xtext<'static>> {
    use proptest::strategy::Strategy;
    crate::Mailbox::strategy().prop_filter_map("mailbox", |mailbox| Xtext::encode(mailbox.as_bytes()).ok())
}
