//! LANGUAGE and COMPARATOR (RFC 5255).

use crate::core::syntax::{self, blanks};
use crate::core::{Context, Encoder, IString, NonEmpty};
use alloc::vec::Vec;
use wire::parse::Parsed;

/// `*(SP astring)`
fn words<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Vec<IString>> {
    if blanks(i) == i.len() {
        return Ok((i, Vec::new()));
    }
    let (i, ()) = syntax::sp(cx, i)?;
    syntax::words(cx, i, syntax::astring)
}

fn encode_words(words: &[IString], encoder: &mut Encoder<'_>) {
    for word in words {
        encoder.sp();
        encoder.astring(word);
    }
}

fn detach(words: &[IString]) -> Vec<IString> {
    words.iter().map(IString::detach).collect()
}

/// The arguments of LANGUAGE (RFC 5255 section 3.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct LanguageCommand {
    /// Language ranges (RFC 4647), the preferred one first; none asks which there are.
    pub ranges: Vec<IString>,
}

impl LanguageCommand {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { ranges: detach(&self.ranges) }
    }

    /// ```text
    /// language-cmd      = "LANGUAGE" *(SP lang-range-quoted)
    /// lang-range-quoted = astring
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ranges) = words(cx, i)?;
        Ok((i, Self { ranges }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encode_words(&self.ranges, encoder);
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        proptest::collection::vec(IString::strategy(), 0..4).prop_map(|ranges| Self { ranges })
    }
}

/// The LANGUAGE response (RFC 5255 section 3.3): the language in use, or all that there are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Language {
    tags: Vec<IString>,
}

impl Language {
    /// Of language tags.
    #[must_use]
    pub fn new(tags: NonEmpty<IString>) -> Self {
        Self { tags: tags.into_vec() }
    }

    /// The language tags. Of a server that is broken, maybe none.
    #[must_use]
    pub fn tags(&self) -> &[IString] {
        &self.tags
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { tags: detach(&self.tags) }
    }

    /// ```text
    /// language-data     = "LANGUAGE" SP "(" lang-tag-quoted *(SP lang-tag-quoted) ")"
    /// lang-tag-quoted   = astring
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, tags) = syntax::list1(cx, i, syntax::astring)?;
        Ok((i, Self { tags }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        encoder.list(&self.tags, Encoder::astring);
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        proptest::collection::vec(IString::strategy(), 1..4).prop_map(|tags| Self { tags })
    }
}

/// The arguments of COMPARATOR (RFC 5255 section 4.7).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ComparatorCommand {
    /// Comparators, with wildcards, the preferred one first; none asks which is in use.
    pub orders: Vec<IString>,
}

impl ComparatorCommand {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { orders: detach(&self.orders) }
    }

    /// ```text
    /// comparator-cmd    = "COMPARATOR" *(SP comp-order-quoted)
    /// comp-order-quoted = astring
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, orders) = words(cx, i)?;
        Ok((i, Self { orders }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encode_words(&self.orders, encoder);
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        proptest::collection::vec(IString::strategy(), 0..4).prop_map(|orders| Self { orders })
    }
}

/// The COMPARATOR response (RFC 5255 section 4.8).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Comparator {
    /// The one in use.
    pub selected: IString,
    /// Those that the command's arguments match.
    pub matching: Vec<IString>,
}

impl Comparator {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { selected: self.selected.detach(), matching: detach(&self.matching) }
    }

    /// ```text
    /// comparator-data   = "COMPARATOR" SP comp-sel-quoted [SP "(" comp-id-quoted *(SP comp-id-quoted) ")"]
    /// comp-sel-quoted   = astring
    /// comp-id-quoted    = astring
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, selected) = syntax::astring(cx, i)?;
        if i.get(blanks(i)) != Some(&b'(') {
            return Ok((i, Self { selected, matching: Vec::new() }));
        }
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, matching) = syntax::list1(cx, i, syntax::astring)?;
        Ok((i, Self { selected, matching }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        encoder.astring(&self.selected);
        if !self.matching.is_empty() {
            encoder.sp();
            encoder.list(&self.matching, Encoder::astring);
        }
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (IString::strategy(), proptest::collection::vec(IString::strategy(), 0..4))
            .prop_map(|(selected, matching)| Self { selected, matching })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    fn texts(words: &[&'static str]) -> Vec<IString> {
        words.iter().map(|word| IString::new(*word).unwrap()).collect()
    }

    #[test]
    fn examples() {
        check(
            LanguageCommand::rule,
            |language, encoder| language.encode(encoder),
            &[
                Row::Good(b"", LanguageCommand::default()),
                Row::Good(b" FR-CA EN-CA", LanguageCommand { ranges: texts(&["FR-CA", "EN-CA"]) }),
                Row::Other(b" \"default\"", LanguageCommand { ranges: texts(&["default"]) }),
                Row::Bad(b" (", 1),
            ],
        );
        check(
            Language::rule,
            |language, encoder| language.encode(encoder),
            &[
                Row::Good(
                    b" (EN DE IT i-default)",
                    Language { tags: texts(&["EN", "DE", "IT", "i-default"]) },
                ),
                Row::Tolerated(b" (EN )", 6, Language { tags: texts(&["EN"]) }),
                Row::Tolerated(b" ()", 3, Language { tags: texts(&[]) }),
                Row::Bad(b" EN", 1),
            ],
        );
        check(
            ComparatorCommand::rule,
            |comparator, encoder| comparator.encode(encoder),
            &[
                Row::Good(b"", ComparatorCommand::default()),
                Row::Good(b" \"cz;*\" i;basic", ComparatorCommand { orders: texts(&["cz;*", "i;basic"]) }),
            ],
        );
        check(
            Comparator::rule,
            |comparator, encoder| comparator.encode(encoder),
            &[
                Row::Good(
                    b" i;basic",
                    Comparator { selected: texts(&["i;basic"]).remove(0), matching: Vec::new() },
                ),
                Row::Good(
                    b" i;basic (i;basic i;octet)",
                    Comparator {
                        selected: texts(&["i;basic"]).remove(0),
                        matching: texts(&["i;basic", "i;octet"]),
                    },
                ),
                Row::Bad(b" (a)", 1),
            ],
        );
    }

    proptest! {
        #[test]
        fn round_trips(
            ranges in LanguageCommand::strategy(), tags in Language::strategy(),
            orders in ComparatorCommand::strategy(), comparator in Comparator::strategy(),
        ) {
            round_trip(&ranges, LanguageCommand::rule, |value, encoder| value.encode(encoder));
            round_trip(&tags, Language::rule, |value, encoder| value.encode(encoder));
            round_trip(&orders, ComparatorCommand::rule, |value, encoder| value.encode(encoder));
            round_trip(&comparator, Comparator::rule, |value, encoder| value.encode(encoder));
        }
    }
}
