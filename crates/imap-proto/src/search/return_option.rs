//! What a search gives back.

use crate::core::syntax::{self, expected, sp};
use crate::core::{Context, Encoder, NonEmpty, Parameter};
use crate::fetch::{FetchItem, PartialRange};
use ::core::fmt;
use ::core::ops::Deref;
use alloc::boxed::Box;
use alloc::vec::Vec;
use wire::keyword::key_of;
use wire::parse::Parsed;

/// `search-return-opt` (RFC 9051 section 6.4.4): what SEARCH, SORT and ESEARCH give back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReturnOption {
    /// `MIN`: the smallest number; of SORT, the first result.
    Min,
    /// `MAX`: the largest number; of SORT, the last result.
    Max,
    /// `ALL`: all numbers.
    All,
    /// `COUNT`: how many there are.
    Count,
    /// `SAVE` (RFC 5182): the result is saved for `$`.
    Save,
    /// `CONTEXT` (RFC 5267): more searches of this kind will follow.
    Context,
    /// `UPDATE` (RFC 5267): tell when the result changes. With attributes in parentheses (RFC 5465), that are fetched of what is new.
    Update(Option<NonEmpty<FetchItem>>),
    /// `PARTIAL` (RFC 5267, RFC 9394): a part of the result.
    Partial(PartialRange),
    /// `RELEVANCY` (RFC 6203): how well each message matches.
    Relevancy,
    /// Another option.
    Other(Box<Parameter>),
}

impl ReturnOption {
    /// The names of the options.
    pub const KEYWORDS: &'static [&'static str] =
        &["MIN", "MAX", "ALL", "COUNT", "SAVE", "CONTEXT", "UPDATE", "PARTIAL", "RELEVANCY"];

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Update(attributes) => Self::Update(attributes.as_ref().map(detach_items)),
            Self::Other(parameter) => Self::Other(Box::new(parameter.detach())),
            other => other.clone(),
        }
    }

    /// ```text
    /// search-return-opt  = "MIN" / "MAX" / "ALL" / "COUNT" / "SAVE" / search-ret-opt-ext
    /// search-ret-opt-ext = search-modifier-name [SP search-mod-params]
    /// search-return-opt  =/ "CONTEXT" / "PARTIAL" SP partial-range / "UPDATE" [SP "(" fetch-att *(SP fetch-att) ")"] / "RELEVANCY"
    /// ```
    ///
    /// The grammar of RFC 5465 has no `SP` behind `UPDATE`, its example has one.
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const MIN: u128 = key_of("MIN");
        const MAX: u128 = key_of("MAX");
        const ALL: u128 = key_of("ALL");
        const COUNT: u128 = key_of("COUNT");
        const SAVE: u128 = key_of("SAVE");
        const CONTEXT: u128 = key_of("CONTEXT");
        const UPDATE: u128 = key_of("UPDATE");
        const PARTIAL: u128 = key_of("PARTIAL");
        const RELEVANCY: u128 = key_of("RELEVANCY");
        let (rest, (key, word)) = syntax::keyword(i, expected::RETURN_OPTION)?;
        let option = match key {
            MIN => Self::Min,
            MAX => Self::Max,
            ALL => Self::All,
            COUNT => Self::Count,
            SAVE => Self::Save,
            CONTEXT => Self::Context,
            RELEVANCY => Self::Relevancy,
            PARTIAL => {
                let (i, ()) = sp(cx, rest)?;
                let (i, range) = PartialRange::rule(cx, i)?;
                return Ok((i, Self::Partial(range)));
            }
            UPDATE if rest[syntax::blanks(rest)..].first() == Some(&b'(') => {
                let i = if rest[0] == b'(' { rest } else { sp(cx, rest)?.0 };
                let (i, attributes) = NonEmpty::list(cx, i, FetchItem::rule)?;
                return Ok((i, Self::Update(Some(attributes))));
            }
            UPDATE => Self::Update(None),
            _ => {
                let (i, parameter) = Parameter::after_name(cx, rest, word)?;
                return Ok((i, Self::Other(Box::new(parameter))));
            }
        };
        Ok((rest, option))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(match self {
            Self::Min => b"MIN",
            Self::Max => b"MAX",
            Self::All => b"ALL",
            Self::Count => b"COUNT",
            Self::Save => b"SAVE",
            Self::Context => b"CONTEXT",
            Self::Relevancy => b"RELEVANCY",
            Self::Update(attributes) => {
                encoder.put(b"UPDATE");
                if let Some(attributes) = attributes {
                    encoder.sp();
                    attributes.encode_list(encoder, |encoder, item| item.encode(encoder));
                }
                return;
            }
            Self::Partial(range) => {
                encoder.put(b"PARTIAL ");
                return range.encode(encoder);
            }
            Self::Other(parameter) => return parameter.encode(encoder),
        });
    }

    /// Any option, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            Just(Self::Min),
            Just(Self::Max),
            Just(Self::All),
            Just(Self::Count),
            Just(Self::Save),
            Just(Self::Context),
            Just(Self::Relevancy),
            Just(Self::Update(None)),
            NonEmpty::strategy(FetchItem::strategy(), 3).prop_map(|items| Self::Update(Some(items))),
            PartialRange::strategy().prop_map(Self::Partial),
            Parameter::strategy().prop_map(|parameter| Self::Other(Box::new(parameter))),
        ]
    }
}

/// Copies of exact size.
pub(crate) fn detach_items(items: &NonEmpty<FetchItem>) -> NonEmpty<FetchItem> {
    NonEmpty::known(items.iter().map(FetchItem::detach).collect())
}

/// `"RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"` (RFC 4466 section 2.6.1). None at all mean the same as
/// [`ReturnOption::All`], and are equal to it.
#[derive(Clone, Default)]
pub struct ReturnOptions(Vec<ReturnOption>);

impl ReturnOptions {
    /// `SP "RETURN" SP "(" ... ")"`, if that follows.
    pub(crate) fn optional<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<Self>> {
        let word = &i[syntax::blanks(i)..];
        let Some(behind) =
            syntax::after(word, b"RETURN").filter(|rest| matches!(rest.first(), Some(b' ' | b'(' | b'\t')))
        else {
            return Ok((i, None));
        };
        sp(cx, i)?;
        let (i, ()) = if behind[0] == b'(' { syntax::sp_or_none(cx, behind)? } else { sp(cx, behind)? };
        let (i, options) = syntax::list(cx, i, ReturnOption::rule)?;
        Ok((i, Some(Self(options))))
    }

    /// Writes it with ` RETURN ` before it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        if self.0.is_empty() && encoder.options().return_all {
            return encoder.put(b" RETURN (ALL)");
        }
        encoder.put(b" RETURN ");
        encoder.list(&self.0, |encoder, option| option.encode(encoder));
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(self.0.iter().map(ReturnOption::detach).collect())
    }

    /// Any options, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        proptest::collection::vec(ReturnOption::strategy(), 0..4).prop_map(Self)
    }
}

impl<T: Into<Vec<ReturnOption>>> From<T> for ReturnOptions {
    fn from(options: T) -> Self {
        Self(options.into())
    }
}

impl Deref for ReturnOptions {
    type Target = [ReturnOption];

    fn deref(&self) -> &[ReturnOption] {
        &self.0
    }
}

impl PartialEq for ReturnOptions {
    fn eq(&self, other: &Self) -> bool {
        const ALL: &[ReturnOption] = &[ReturnOption::All];
        let meant = |options: &Self| options.0.is_empty() || options.0 == ALL;
        self.0 == other.0 || meant(self) && meant(other)
    }
}

impl Eq for ReturnOptions {}

impl fmt::Debug for ReturnOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Atom;
    use crate::core::testing::{Row, check, round_trip};
    use ::core::num::NonZeroU32;
    use proptest::prelude::*;

    fn encode(options: &Option<ReturnOptions>, encoder: &mut Encoder<'_>) {
        if let Some(options) = options {
            options.encode(encoder);
        }
    }

    #[test]
    fn options() {
        use ReturnOption as R;
        let raw = |raw: &'static str| crate::Raw::new(raw).unwrap();
        let uid = || NonEmpty::one(FetchItem::Uid);
        let number = |n| NonZeroU32::new(n).unwrap();
        let other = |name: &'static str, value: Option<&'static str>| {
            R::Other(Box::new(Parameter { name: Atom::new(name).unwrap(), value: value.map(raw) }))
        };
        check(
            ReturnOptions::optional,
            encode,
            &[
                Row::Good(b" RETURN (MIN COUNT)", Some([R::Min, R::Count].into())),
                Row::Other(b" return (max save All)", Some([R::Max, R::Save, R::All].into())),
                Row::Other(b" RETURN ()", Some([].into())),
                Row::Good(b" RETURN (ALL)", Some([R::All].into())),
                Row::Good(
                    b" RETURN (PARTIAL -1:-100)",
                    Some([R::Partial(PartialRange::from_last(number(1), number(100)))].into()),
                ),
                Row::Good(b" RETURN (COUNT UPDATE (UID))", Some([R::Count, R::Update(Some(uid()))].into())),
                Row::Other(b" RETURN (UPDATE(UID))", Some([R::Update(Some(uid()))].into())),
                Row::Good(
                    b" RETURN (UPDATE CONTEXT RELEVANCY)",
                    Some([R::Update(None), R::Context, R::Relevancy].into()),
                ),
                Row::Good(
                    b" RETURN (X-A 1:4 X-B X-C (a (b)))",
                    Some(
                        [other("X-A", Some("1:4")), other("X-B", None), other("X-C", Some("(a (b))"))].into(),
                    ),
                ),
                Row::Tolerated(b"  RETURN( MIN )", 15, Some([R::Min].into())),
                Row::Bad(b" RETURN (PARTIAL)", 16),
                Row::Bad(b" RETURN (MIN", 12),
                Row::Bad(b" RETURN MIN", 8),
            ],
        );
        assert_ne!(ReturnOptions::from([R::Save]), ReturnOptions::default());
        let frame = bytes::Bytes::from_static(b" RETURNED");
        let cx = Context::new(&frame, wire::Tolerance::Strict);
        assert_eq!(ReturnOptions::optional(&cx, &frame).unwrap(), (&frame[..], None));
    }

    proptest! {
        #[test]
        fn round_trips(options in ReturnOptions::strategy()) {
            round_trip(&Some(options), ReturnOptions::optional, encode);
        }
    }
}
