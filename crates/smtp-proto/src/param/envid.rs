//! ENVID (RFC 3461 section 4.4): what the sender calls this transaction in reports.

use crate::syntax::expected;
use crate::{Xtext, rule};
use alloc::vec::Vec;
use wire::parse::{Failure, Parsed, fail};
use wire::{Context, Misuse, ParseErrorKind, Tolerance};

/// RFC 3461 section 4.4: "MAY be up to 100 characters in length"; taken of the value.
pub(crate) const MAX: usize = 100;

/// ```text
/// envid-parameter = "ENVID=" xtext
/// ```
/// In words: "MUST have an associated esmtp-value", so it is not empty, and "prior to encoding" it must "consist entirely of
/// printable characters from the US-ASCII repertoire".
#[inline(always)]
pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Xtext<'i>> {
    let (rest, text) = Xtext::ascii_rule_in(cx, i, Tolerance::Lenient)?;
    let len = i.len() - rest.len();
    if len == 0 {
        return fail(i, expected::XTEXT);
    }
    if len > MAX && !cx.tolerates(Tolerance::Lenient, rule::LONG_PARAMETER, &i[..len]) {
        return Err(Failure::at(i, expected::XTEXT, ParseErrorKind::TooLong));
    }
    Ok((rest, text))
}

pub(crate) fn encode(id: &Xtext<'_>, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    if id.as_bytes().len() > MAX {
        return Err(Misuse::TooLong { limit: MAX });
    }
    wire.extend_from_slice(id.as_bytes());
    Ok(())
}

#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = Xtext<'static>> {
    use proptest::strategy::Strategy;
    "[ -~]{1,33}".prop_filter_map("xtext", |id| Xtext::encode(id.as_bytes()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::testing::{refused, repaired, taken};

    #[test]
    fn case_81() {
        let id = Xtext::parse(b"QQ+314159").unwrap();
        assert_eq!((id.as_bytes(), &id.decode()[..]), (&b"QQ+314159"[..], &b"QQ14159"[..]));
        taken(rule, encode, &[(b"QQ+314159", id), (b"QQ314159", Xtext::parse(b"QQ314159").unwrap())]);
        refused(
            rule,
            &[
                (b"", 0),
                (b"QQ+ZZ", 2),
                (b"a+3", 1),
                (b"a+3d", 3),
                (b"a=b", 1),
                (b"a+0D", 1),
                (b"a+00", 1),
                (b"a+E9", 1),
                (b"\xc3\xa9", 0),
            ],
        );
        let lower = Xtext::kept(b"a+3d");
        assert_eq!(lower.decode(), &b"a="[..]);
        repaired(rule, Tolerance::Lenient, b"a+3d", lower, crate::rule::LOWER_CASE_HEX);
        repaired(rule, Tolerance::Lenient, b"a+E9", Xtext::kept(b"a+E9"), crate::rule::NOT_ASCII);
    }

    #[test]
    fn at_most_100_octets() {
        let longest = [b'x'; MAX];
        taken(rule, encode, &[(&longest, Xtext::kept(&longest))]);
        let longer = [b'x'; MAX + 1];
        refused(rule, &[(&longer, 0)]);
        repaired(rule, Tolerance::Lenient, &longer, Xtext::kept(&longer), crate::rule::LONG_PARAMETER);
        assert_eq!(encode(&Xtext::kept(&longer), &mut Vec::new()), Err(Misuse::TooLong { limit: MAX }));
    }
}
