//! AUTH (RFC 4954 section 5): who submitted the message first.

use super::address;
use crate::Xtext;
use alloc::vec::Vec;
use wire::parse::Parsed;
use wire::{Context, Misuse};

/// In words: "A mailbox that is associated with the identity that submitted the message, or the two character sequence
/// `<>`"; "the mailbox is encoded inside an xtext".
pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<Xtext<'i>>> {
    match i.strip_prefix(b"<>") {
        Some(rest) if matches!(rest, [] | [b' ' | b'\t', ..]) => Ok((rest, None)),
        _ => address::rule(cx, i).map(|(rest, address)| (rest, Some(address))),
    }
}

/// What was parsed before.
#[inline(always)]
pub(super) fn kept(value: &[u8]) -> Option<Xtext<'_>> {
    (value != b"<>").then(|| Xtext::kept(value))
}

pub(crate) fn encode(submitter: &Option<Xtext<'_>>, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    match submitter {
        None => wire.extend_from_slice(b"<>"),
        Some(address) => address::encode(address, wire)?,
    }
    Ok(())
}

#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = Option<Xtext<'static>>> {
    proptest::option::of(address::strategy())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::testing::{refused, repaired, taken};
    use wire::Tolerance;

    #[test]
    fn case_83() {
        let address = |wire: &'static str| Some(Xtext::parse(wire.as_bytes()).unwrap());
        taken(
            rule,
            encode,
            &[
                (b"<>", None),
                (b"e+3Dmc2@example.com", address("e+3Dmc2@example.com")),
                (b"alice@example.com", address("alice@example.com")),
                (b"\"a+20b\"@[192.0.2.1]", address("\"a+20b\"@[192.0.2.1]")),
                (b"s+C3+BC+C3+9F@example.com", address("s+C3+BC+C3+9F@example.com")),
            ],
        );
        assert_eq!(address("e+3Dmc2@example.com").unwrap().decode(), &b"e=mc2@example.com"[..]);
        refused(
            rule,
            &[
                (b"", 0),
                (b"alice", 0),
                (b"<alice@example.com>", 0),
                (b"<>x", 0),
                (b"<> x", 2),
                (b"a+3d@b", 3),
                (b"a+@b", 1),
                (b"a+0D+0A@b", 1),
                (b"a=b@c", 0),
                (b"s+FF@example.com", 0),
            ],
        );
    }

    #[test]
    fn what_curl_and_dovecot_send_is_kept() {
        let parse = |wire: &'static [u8]| Some(Xtext::parse(wire).unwrap());
        for value in [&b"alice"[..], b"<alice@example.com>"] {
            repaired(rule, Tolerance::Default, value, parse(value), crate::rule::NO_MAILBOX);
        }
    }
}
