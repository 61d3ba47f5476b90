//! NAMESPACE (RFC 2342, RFC 9051 section 6.3.10).

use crate::core::syntax::{self, blanks, expected};
use crate::core::{Context, Encoder, IString, Mailbox, NonEmpty};
use crate::delimiter::Delimiter;
use crate::rule;
use alloc::vec::Vec;
use wire::parse::{Failure, Parsed, fail};
use wire::{ParseErrorKind, Tolerance};

/// An extension of a namespace: a name and its values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NamespaceExtension {
    name: IString,
    values: Vec<IString>,
}

impl NamespaceExtension {
    /// Of a name and its values.
    #[must_use]
    pub fn new(name: IString, values: NonEmpty<IString>) -> Self {
        Self { name, values: values.into_vec() }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &IString {
        &self.name
    }

    /// Its values. Of a server that is broken, maybe none.
    #[must_use]
    pub fn values(&self) -> &[IString] {
        &self.values
    }
}

/// A namespace: a prefix of mailbox names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NamespaceEntry {
    /// What the names in it start with, the delimiter included.
    pub prefix: Mailbox,
    /// What parts the levels of names in it; `None` if it is flat.
    pub delimiter: Option<Delimiter>,
    /// What else is said of it.
    pub extensions: Vec<NamespaceExtension>,
}

impl NamespaceEntry {
    /// The prefix in the language of the session (RFC 5255 section 3.4), in modified UTF-7.
    #[must_use]
    pub fn translation(&self) -> Option<&IString> {
        let extension = self.extensions.iter().find(|extension| extension.name.eq_ignore_case("TRANSLATION"));
        extension.and_then(|extension| extension.values.first())
    }

    /// ```text
    /// Namespace-Descr = "(" string SP (DQUOTE QUOTED-CHAR DQUOTE / nil) [Namespace-Response-Extensions] ")"
    /// Namespace-Response-Extensions = *Namespace-Response-Extension
    /// Namespace-Response-Extension  = SP string SP "(" string *(SP string) ")"
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let Some(inside) = i.strip_prefix(b"(") else { return fail(i, expected::OPEN) };
        let start = syntax::no_sp(cx, inside);
        let (i, prefix) = match syntax::nil(start) {
            Some(rest) if cx.tolerates(Tolerance::Default, rule::STRAY_NIL, &start[..3]) => {
                (rest, IString::default())
            }
            _ => syntax::string(cx, start)?,
        };
        let Ok(prefix) = Mailbox::new(prefix.to_bytes()) else {
            return Err(Failure::at(start, expected::MAILBOX, ParseErrorKind::IllegalOctet));
        };
        let (i, ()) = syntax::sp_or_none(cx, i)?;
        let (mut i, delimiter) = Delimiter::rule(cx, i)?;
        let mut extensions = Vec::new();
        while i.get(blanks(i)).is_some_and(|&o| o != b')') {
            let (rest, ()) = syntax::sp(cx, i)?;
            let (rest, name) = syntax::string(cx, rest)?;
            let (rest, ()) = syntax::sp_or_none(cx, rest)?;
            let (rest, values) = syntax::list1(cx, rest, syntax::string)?;
            if extensions.len() >= cx.item_limit() {
                return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
            }
            extensions.push(NamespaceExtension { name, values });
            i = rest;
        }
        let (i, ()) = syntax::octet(syntax::no_sp(cx, i), b')', expected::CLOSE)?;
        Ok((i, Self { prefix, delimiter, extensions }))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(b"(");
        encoder.string_octets(self.prefix.as_bytes());
        encoder.sp();
        Delimiter::encode(self.delimiter, encoder);
        for extension in &self.extensions {
            encoder.sp();
            encoder.string(&extension.name);
            encoder.sp();
            encoder.list(&extension.values, Encoder::string);
        }
        encoder.put(b")");
    }

    fn detach(&self) -> Self {
        let extensions = self.extensions.iter().map(|extension| NamespaceExtension {
            name: extension.name.detach(),
            values: extension.values.iter().map(IString::detach).collect(),
        });
        Self { prefix: self.prefix.detach(), delimiter: self.delimiter, extensions: extensions.collect() }
    }

    /// Any namespace, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::collection::vec;
        use proptest::prelude::*;
        let extension = (IString::strategy(), vec(IString::strategy(), 1..3));
        (
            Mailbox::strategy(),
            proptest::option::of(Delimiter::strategy()),
            vec(extension.prop_map(|(name, values)| NamespaceExtension { name, values }), 0..3),
        )
            .prop_map(|(prefix, delimiter, extensions)| Self { prefix, delimiter, extensions })
    }
}

/// The NAMESPACE response (RFC 2342 section 5, RFC 9051 section 7.3.5); of what is NIL, none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Namespace {
    /// The user's own.
    pub personal: Vec<NamespaceEntry>,
    /// Those of other users.
    pub other_users: Vec<NamespaceEntry>,
    /// Those that are shared.
    pub shared: Vec<NamespaceEntry>,
}

impl Namespace {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let detach = |entries: &[NamespaceEntry]| entries.iter().map(NamespaceEntry::detach).collect();
        Self {
            personal: detach(&self.personal),
            other_users: detach(&self.other_users),
            shared: detach(&self.shared),
        }
    }

    /// ```text
    /// Namespace-Response = "NAMESPACE" SP Namespace SP Namespace SP Namespace
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, personal) = Self::one(cx, i)?;
        let (i, other_users) = Self::next(cx, i)?;
        let (i, shared) = Self::next(cx, i)?;
        Ok((i, Self { personal, other_users, shared }))
    }

    fn next<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Vec<NamespaceEntry>> {
        if i.len() == blanks(i) && cx.tolerates(Tolerance::Default, rule::MISSING_ITEM, i) {
            return Ok((i, Vec::new()));
        }
        let (i, ()) = syntax::sp_or_none(cx, i)?;
        Self::one(cx, i)
    }

    /// `Namespace = nil / "(" 1*Namespace-Descr ")"`
    fn one<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Vec<NamespaceEntry>> {
        if let Some(rest) = syntax::nil(i) {
            return Ok((rest, Vec::new()));
        }
        let (mut rest, ()) = syntax::octet(i, b'(', expected::OPEN)?;
        let mut entries = Vec::new();
        loop {
            // RFC 2342: nothing stands between them
            rest = syntax::no_sp(cx, rest);
            if let Some(behind) = rest.strip_prefix(b")") {
                let raw = &i[..i.len() - behind.len()];
                if entries.is_empty() && !cx.tolerates(Tolerance::Default, rule::EMPTY_LIST, raw) {
                    return fail(rest, expected::OPEN);
                }
                return Ok((behind, entries));
            }
            if entries.len() >= cx.item_limit() {
                return Err(Failure::at(rest, expected::ITEMS, ParseErrorKind::TooMany));
            }
            let (behind, entry) = NamespaceEntry::rule(cx, rest)?;
            entries.push(entry);
            rest = behind;
        }
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        for entries in [&self.personal, &self.other_users, &self.shared] {
            encoder.sp();
            if entries.is_empty() {
                encoder.put(b"NIL");
                continue;
            }
            encoder.put(b"(");
            for entry in entries {
                entry.encode(encoder);
            }
            encoder.put(b")");
        }
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let entries = || proptest::collection::vec(NamespaceEntry::strategy(), 0..3);
        (entries(), entries(), entries()).prop_map(|(personal, other_users, shared)| Self {
            personal,
            other_users,
            shared,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    fn text(text: &'static str) -> IString {
        IString::new(text).unwrap()
    }

    fn entry(prefix: &'static str, delimiter: Option<char>) -> NamespaceEntry {
        NamespaceEntry {
            prefix: Mailbox::new(prefix).unwrap(),
            delimiter: delimiter.map(|c| Delimiter::new(c).unwrap()),
            extensions: Vec::new(),
        }
    }

    fn extended(entry: NamespaceEntry, name: &'static str, values: &[&'static str]) -> NamespaceEntry {
        let values = values.iter().copied().map(text).collect();
        NamespaceEntry { extensions: [NamespaceExtension { name: text(name), values }].into(), ..entry }
    }

    fn namespace(
        personal: &[NamespaceEntry],
        other_users: &[NamespaceEntry],
        shared: &[NamespaceEntry],
    ) -> Namespace {
        Namespace { personal: personal.to_vec(), other_users: other_users.to_vec(), shared: shared.to_vec() }
    }

    #[test]
    fn responses() {
        let translated =
            || extended(entry("Other Users/", Some('/')), "TRANSLATION", &["Andere Ben&APw-tzer/"]);
        check(
            Namespace::rule,
            |namespace, encoder| namespace.encode(encoder),
            &[
                Row::Good(b" ((\"\" \"/\")) NIL NIL", namespace(&[entry("", Some('/'))], &[], &[])),
                Row::Good(b" NIL NIL ((\"\" \".\"))", namespace(&[], &[], &[entry("", Some('.'))])),
                Row::Good(
                    b" ((\"\" \"/\")) ((\"~\" \"/\")) ((\"#shared/\" \"/\")(\"#news.\" \".\"))",
                    namespace(
                        &[entry("", Some('/'))],
                        &[entry("~", Some('/'))],
                        &[entry("#shared/", Some('/')), entry("#news.", Some('.'))],
                    ),
                ),
                Row::Good(
                    b" ((\"\" \"/\")(\"#mh/\" NIL \"X-PARAM\" (\"FLAG1\" \"FLAG2\"))) NIL NIL",
                    namespace(
                        &[
                            entry("", Some('/')),
                            extended(entry("#mh/", None), "X-PARAM", &["FLAG1", "FLAG2"]),
                        ],
                        &[],
                        &[],
                    ),
                ),
                Row::Good(
                    b" NIL ((\"Other Users/\" \"/\" \"TRANSLATION\" (\"Andere Ben&APw-tzer/\"))) NIL",
                    namespace(&[], &[translated()], &[]),
                ),
                // RFC 2342 and 5255 as they are printed
                Row::Tolerated(
                    b" ((\"INBOX.\" \".\")) NIL  NIL",
                    26,
                    namespace(&[entry("INBOX.", Some('.'))], &[], &[]),
                ),
                Row::Tolerated(
                    b" ((\"\" \"/\"))((\"~\" \"/\")) NIL",
                    26,
                    namespace(&[entry("", Some('/'))], &[entry("~", Some('/'))], &[]),
                ),
                // kinds of 36, 38, 53, 98
                Row::Tolerated(b" () NIL NIL", 11, namespace(&[], &[], &[])),
                Row::Tolerated(
                    b" ((\"\" \"/\") (\"a\" \"\" )) NIL NIL",
                    29,
                    namespace(&[entry("", Some('/')), entry("a", None)], &[], &[]),
                ),
                Row::Tolerated(b" ((NIL NIL)) NIL NIL", 20, namespace(&[entry("", None)], &[], &[])),
                Row::Tolerated(b" ((\"\" \"/\")) NIL", 15, namespace(&[entry("", Some('/'))], &[], &[])),
                Row::Bad(b" ((\"\"))", 5),
                Row::Bad(b" ((\"\" \"/\"", 9),
                Row::Bad(b" x", 1),
                Row::Bad(b"", 0),
            ],
        );
        assert_eq!(translated().translation(), Some(&text("Andere Ben&APw-tzer/")));
    }

    proptest! {
        #[test]
        fn round_trips(namespace in Namespace::strategy()) {
            round_trip(&namespace, Namespace::rule, |namespace, encoder| namespace.encode(encoder));
        }
    }
}
