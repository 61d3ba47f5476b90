//! ALT-ADDRESS (RFC 5336 section 3.4, obsolete): an address for servers that take only US-ASCII.

use super::{address, decoded};
use crate::Xtext;
use crate::syntax::expected;
use wire::parse::{Failure, Parsed};
use wire::{Context, ParseErrorKind};

/// ```text
/// ALT-ADDRESS-value = xtext
///        ; The value is a mailbox name encoded as xtext.
/// ```
/// In words: it "MUST be an all-ASCII email address before xtext encoding".
pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Xtext<'i>> {
    let (rest, address) = address::rule(cx, i)?;
    if decoded(address.as_bytes()).all(|octet| octet.is_ascii()) {
        Ok((rest, address))
    } else {
        Err(Failure::at(i, expected::MAILBOX, ParseErrorKind::Syntax))
    }
}

pub(crate) use super::address::encode;

#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = Xtext<'static>> {
    use proptest::strategy::Strategy;
    address::strategy()
        .prop_filter("ASCII", |address| decoded(address.as_bytes()).all(|octet| octet.is_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::testing::{refused, taken};

    #[test]
    fn addresses() {
        let parse = |wire: &'static [u8]| Xtext::parse(wire).unwrap();
        taken(rule, encode, &[(b"a+2Bb@example.com", parse(b"a+2Bb@example.com"))]);
        refused(rule, &[(b"", 0), (b"bob", 0), (b"s+C3+BC+C3+9F@example.com", 0)]);
    }
}
