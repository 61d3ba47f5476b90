//! Gmail's labels (X-GM-EXT-1).

use crate::core::syntax::{self, expected};
use crate::core::{Atom, Context, Encoder, Mailbox, class};
use crate::rule;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use wire::Tolerance;
use wire::parse::Parsed;

/// A label of X-GM-LABELS.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Label {
    /// One of Gmail's own, such as `\Inbox` or `\Starred`; without the backslash here.
    System(Atom),
    /// One of the user's: a name like that of a mailbox.
    Name(Mailbox),
}

impl Label {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::System(name) => Self::System(name.detach()),
            Self::Name(name) => Self::Name(name.detach()),
        }
    }

    /// `("\" atom) / astring`; Gmail also writes its own labels as quoted strings. `NIL` is left out.
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<Self>> {
        if let Some(name) = i.strip_prefix(b"\\") {
            let (rest, name) = syntax::loose_atom(cx, name, expected::FLAG)?;
            return Ok((rest, Some(Self::System(Atom::known(cx.keep(name))))));
        }
        if let Some(rest) = syntax::nil(i) {
            if cx.tolerates(Tolerance::Default, rule::STRAY_NIL, &i[..3]) {
                return Ok((rest, None));
            }
        }
        let (rest, octets) = syntax::astring_octets(cx, i)?;
        match octets.strip_prefix(b"\\") {
            Some(name) if !name.is_empty() && class::ATOM.all(name) => {
                let name = match &octets {
                    Cow::Borrowed(octets) => cx.keep(&octets[1..]),
                    Cow::Owned(octets) => bytes::Bytes::copy_from_slice(&octets[1..]),
                };
                Ok((rest, Some(Self::System(Atom::known(name)))))
            }
            _ => Mailbox::rule(cx, i).map(|(rest, name)| (rest, Some(Self::Name(name)))),
        }
    }

    /// `"(" [label *(SP label)] ")"`, or NIL for none
    pub(crate) fn list<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Vec<Self>> {
        if let Some(rest) = syntax::nil(i) {
            if cx.tolerates(Tolerance::Default, rule::STRAY_NIL, &i[..3]) {
                return Ok((rest, Vec::new()));
            }
        }
        let (rest, labels) = syntax::list(cx, i, Self::rule)?;
        Ok((rest, labels.into_iter().flatten().collect()))
    }

    /// In STORE: a list, or labels without parentheses.
    pub(crate) fn list_or_words<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Vec<Self>> {
        if i.starts_with(b"(") {
            return Self::list(cx, i);
        }
        let (rest, labels) = syntax::words(cx, i, Self::rule)?;
        Ok((rest, labels.into_iter().flatten().collect()))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        match self {
            Self::System(name) => {
                encoder.put(b"\\");
                name.encode(encoder);
            }
            Self::Name(name) => name.encode(encoder),
        }
    }

    /// Writes several, with their parentheses.
    pub(crate) fn encode_list(labels: &[Self], encoder: &mut Encoder<'_>) {
        encoder.list(labels, |encoder, label| label.encode(encoder));
    }

    /// Any label, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            "[A-Za-z]{1,8}".prop_map(|name| Self::System(Atom::known(name.into()))),
            Mailbox::strategy()
                .prop_filter("a system label, or no name", |name| {
                    !name.as_bytes().starts_with(b"\\") && !name.as_bytes().contains(&b'&')
                })
                .prop_map(Self::Name),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use alloc::vec;
    use proptest::prelude::*;

    #[test]
    fn lists() {
        let system = |name: &'static str| Label::System(Atom::new(name).unwrap());
        let name = |name: &'static str| Label::Name(Mailbox::new(name).unwrap());
        check(
            Label::list,
            |labels, encoder| Label::encode_list(labels, encoder),
            &[
                Row::Good(
                    b"(\\Inbox \\Sent Important \"Muy Importante\")",
                    vec![system("Inbox"), system("Sent"), name("Important"), name("Muy Importante")],
                ),
                Row::Good(b"()", vec![]),
                Row::Good(b"(+a)", vec![name("+a")]),
                Row::Other(b"(\"\\\\Starred\")", vec![system("Starred")]),
                Row::Tolerated(b"NIL", 3, vec![]),
                Row::Bad(b"(\\)", 2),
            ],
        );
        // quirk 56; the strict take NIL for a name
        let frame = bytes::Bytes::from_static(b"(\"\\\\Starred\" NIL)");
        let of = |tolerance| Label::list(&Context::new(&frame, tolerance), &frame).unwrap().1;
        assert_eq!(of(Tolerance::Strict), [system("Starred"), name("NIL")]);
        assert_eq!(of(Tolerance::Default), [system("Starred")]);
    }

    proptest! {
        #[test]
        fn any_round_trips(labels in proptest::collection::vec(Label::strategy(), 0..4)) {
            round_trip(&labels, Label::list, |labels, encoder| Label::encode_list(labels, encoder));
        }
    }
}
