//! SORT and UID SORT.

use super::command::{detach, needed_charset};
use super::{AnnotationScope, Charset, ReturnOption, ReturnOptions, SearchKey};
use crate::core::syntax::{self, expected, sp, sp_or_none};
use crate::core::{Atom, Context, Encoder, IString, NonEmpty};
use alloc::boxed::Box;
use wire::keyword::key_of;
use wire::parse::Parsed;

/// The arguments of SORT and UID SORT (RFC 5256 section 3, RFC 5267 section 3).
///
/// ```
/// use imap_proto::{NonEmpty, SearchKey, SortCommand, SortKey};
///
/// let sort = SortCommand::new(SortKey::Date.reverse(), SearchKey::Undeleted).then(SortKey::Subject);
/// assert_eq!(sort.criteria.len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortCommand {
    /// `RETURN ( ... )` (RFC 5267). With it, the answer is ESEARCH; without it, SORT.
    pub return_options: Option<ReturnOptions>,
    /// What the messages are sorted by, the most important first.
    pub criteria: NonEmpty<SortCriterion>,
    /// In which character set the strings are.
    pub charset: Charset,
    /// What messages must match, all of it.
    pub keys: NonEmpty<SearchKey>,
}

/// `sort-criterion = ["REVERSE" SP] sort-key`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SortCriterion {
    /// From the largest on.
    pub reverse: bool,
    /// Of what.
    pub key: SortKey,
}

/// `sort-key` (RFC 5256 section 3)
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SortKey {
    /// `ARRIVAL`: when it came.
    Arrival,
    /// `CC`: the mailbox of the first address.
    Cc,
    /// `DATE`: when it was sent.
    Date,
    /// `FROM`: the mailbox of the first address.
    From,
    /// `SIZE`
    Size,
    /// `SUBJECT`: without `Re:` and the like.
    Subject,
    /// `TO`: the mailbox of the first address.
    To,
    /// `DISPLAYFROM` (RFC 5957): the name that is shown.
    DisplayFrom,
    /// `DISPLAYTO` (RFC 5957): the name that is shown.
    DisplayTo,
    /// `RELEVANCY` (RFC 6203): how well it matches.
    Relevancy,
    /// `ANNOTATION` (RFC 5257): the value of this entry.
    Annotation(Box<SortAnnotation>),
    /// Another key.
    Other(Atom),
}

/// `ANNOTATION SP entry SP att-sort` (RFC 5257 section 4.9)
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SortAnnotation {
    /// The entry.
    pub entry: IString,
    /// Whose value. The grammar allows `value.priv` and `value.shared`.
    pub scope: AnnotationScope,
}

impl SortCommand {
    /// For messages that match the key, by this criterion, in UTF-8 if a string is not in ASCII.
    #[must_use]
    pub fn new(criterion: impl Into<SortCriterion>, key: SearchKey) -> Self {
        let keys = match key {
            SearchKey::And(keys) => keys,
            key => NonEmpty::one(key),
        };
        let charset = needed_charset(&keys).unwrap_or(Charset::US_ASCII);
        Self { return_options: None, criteria: NonEmpty::one(criterion.into()), charset, keys }
    }

    /// Where messages do not differ, by this criterion.
    #[must_use]
    pub fn then(mut self, criterion: impl Into<SortCriterion>) -> Self {
        self.criteria.push(criterion.into());
        self
    }

    /// Asks for the answer in this form.
    #[must_use]
    pub fn returning(mut self, options: impl Into<alloc::vec::Vec<ReturnOption>>) -> Self {
        self.return_options = Some(options.into().into());
        self
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let criterion = |criterion: &SortCriterion| SortCriterion {
            reverse: criterion.reverse,
            key: match &criterion.key {
                SortKey::Annotation(annotation) => SortKey::Annotation(Box::new(SortAnnotation {
                    entry: annotation.entry.detach(),
                    scope: annotation.scope,
                })),
                SortKey::Other(name) => SortKey::Other(name.detach()),
                key => key.clone(),
            },
        };
        Self {
            return_options: self.return_options.as_ref().map(ReturnOptions::detach),
            criteria: NonEmpty::known(self.criteria.iter().map(criterion).collect()),
            charset: self.charset.detach(),
            keys: detach(&self.keys),
        }
    }

    /// ```text
    /// extended-sort   = ["UID" SP] "SORT" search-return-opts SP sort-criteria SP search-criteria
    /// sort-criteria   = "(" sort-criterion *(SP sort-criterion) ")"
    /// search-criteria = charset 1*(SP search-key)
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, return_options) = ReturnOptions::optional(cx, i)?;
        let (i, ()) = if i.first() == Some(&b'(') { sp_or_none(cx, i)? } else { sp(cx, i)? };
        let (i, criteria) = NonEmpty::list(cx, i, SortCriterion::rule)?;
        let (i, ()) = sp_or_none(cx, i)?;
        let (i, charset) = Charset::rule(cx, i)?;
        let (i, ()) = sp(cx, i)?;
        let (i, keys) = SearchKey::keys(cx, i)?;
        Ok((i, Self { return_options, criteria, charset, keys }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        if let Some(options) = &self.return_options {
            options.encode(encoder);
        }
        encoder.sp();
        self.criteria.encode_list(encoder, |encoder, criterion| criterion.encode(encoder));
        encode_criteria(&self.charset, &self.keys, encoder);
    }

    /// Any SORT without unknown search keys, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (
            proptest::option::of(ReturnOptions::strategy()),
            NonEmpty::strategy(SortCriterion::strategy(), 4),
            Charset::strategy(),
            NonEmpty::strategy(SearchKey::strategy(), 3),
        )
            .prop_map(|(return_options, criteria, charset, keys)| Self {
                return_options,
                criteria,
                charset,
                keys,
            })
    }
}

/// `SP search-criteria`
pub(super) fn encode_criteria(charset: &Charset, keys: &[SearchKey], encoder: &mut Encoder<'_>) {
    encoder.sp();
    charset.encode(encoder);
    for key in keys {
        encoder.sp();
        key.encode(encoder);
    }
}

impl SortKey {
    /// The names of the keys.
    pub const KEYWORDS: &'static [&'static str] = &[
        "ARRIVAL",
        "CC",
        "DATE",
        "FROM",
        "SIZE",
        "SUBJECT",
        "TO",
        "DISPLAYFROM",
        "DISPLAYTO",
        "RELEVANCY",
        "ANNOTATION",
        "REVERSE",
    ];

    /// From the largest on.
    #[must_use]
    pub fn reverse(self) -> SortCriterion {
        SortCriterion { reverse: true, key: self }
    }
}

impl From<SortKey> for SortCriterion {
    fn from(key: SortKey) -> Self {
        Self { reverse: false, key }
    }
}

impl SortCriterion {
    /// ```text
    /// sort-criterion  = ["REVERSE" SP] sort-key
    /// sort-key        = "ARRIVAL" / "CC" / "DATE" / "FROM" / "SIZE" / "SUBJECT" / "TO"
    /// sort-key        =/ "DISPLAYFROM" / "DISPLAYTO" / "RELEVANCY" / "ANNOTATION" SP entry SP att-sort
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const REVERSE: u128 = key_of("REVERSE");
        const ARRIVAL: u128 = key_of("ARRIVAL");
        const CC: u128 = key_of("CC");
        const DATE: u128 = key_of("DATE");
        const FROM: u128 = key_of("FROM");
        const SIZE: u128 = key_of("SIZE");
        const SUBJECT: u128 = key_of("SUBJECT");
        const TO: u128 = key_of("TO");
        const DISPLAYFROM: u128 = key_of("DISPLAYFROM");
        const DISPLAYTO: u128 = key_of("DISPLAYTO");
        const RELEVANCY: u128 = key_of("RELEVANCY");
        const ANNOTATION: u128 = key_of("ANNOTATION");
        let (mut rest, (mut key, mut word)) = syntax::keyword(i, expected::SORT_KEY)?;
        let reverse = key == REVERSE;
        if reverse {
            (rest, (key, word)) = syntax::keyword(sp(cx, rest)?.0, expected::SORT_KEY)?;
        }
        let key = match key {
            ARRIVAL => SortKey::Arrival,
            CC => SortKey::Cc,
            DATE => SortKey::Date,
            FROM => SortKey::From,
            SIZE => SortKey::Size,
            SUBJECT => SortKey::Subject,
            TO => SortKey::To,
            DISPLAYFROM => SortKey::DisplayFrom,
            DISPLAYTO => SortKey::DisplayTo,
            RELEVANCY => SortKey::Relevancy,
            ANNOTATION => {
                let (i, ()) = sp(cx, rest)?;
                let (i, entry) = syntax::astring(cx, i)?;
                let (i, ()) = sp(cx, i)?;
                let (i, scope) = AnnotationScope::rule(cx, i)?;
                return Ok((
                    i,
                    SortKey::Annotation(Box::new(SortAnnotation { entry, scope })).into_reverse(reverse),
                ));
            }
            _ => SortKey::Other(Atom::known(cx.keep(word))),
        };
        Ok((rest, key.into_reverse(reverse)))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        if self.reverse {
            encoder.put(b"REVERSE ");
        }
        encoder.put(match &self.key {
            SortKey::Arrival => b"ARRIVAL",
            SortKey::Cc => b"CC",
            SortKey::Date => b"DATE",
            SortKey::From => b"FROM",
            SortKey::Size => b"SIZE",
            SortKey::Subject => b"SUBJECT",
            SortKey::To => b"TO",
            SortKey::DisplayFrom => b"DISPLAYFROM",
            SortKey::DisplayTo => b"DISPLAYTO",
            SortKey::Relevancy => b"RELEVANCY",
            SortKey::Annotation(annotation) => {
                encoder.put(b"ANNOTATION ");
                encoder.astring(&annotation.entry);
                encoder.sp();
                return annotation.scope.encode(encoder);
            }
            SortKey::Other(name) => return name.encode(encoder),
        });
    }

    /// Any criterion, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let key = prop_oneof![
            proptest::sample::select(alloc::vec![
                SortKey::Arrival,
                SortKey::Cc,
                SortKey::Date,
                SortKey::From,
                SortKey::Size,
                SortKey::Subject,
                SortKey::To,
                SortKey::DisplayFrom,
                SortKey::DisplayTo,
                SortKey::Relevancy,
            ]),
            "X-[A-Z]{1,5}".prop_map(|name| SortKey::Other(Atom::known(name.into()))),
            IString::strategy().prop_map(|entry| {
                SortKey::Annotation(Box::new(SortAnnotation { entry, scope: AnnotationScope::Shared }))
            }),
        ];
        (any::<bool>(), key).prop_map(|(reverse, key)| Self { reverse, key })
    }
}

impl SortKey {
    fn into_reverse(self, reverse: bool) -> SortCriterion {
        SortCriterion { reverse, key: self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Date;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    #[test]
    fn commands() {
        use SearchKey as K;
        let since = K::Since(Date::new(1994, 2, 1).unwrap());
        let junk = K::Unkeyword(Atom::new("$Junk").unwrap());
        let utf8 = |sort: SortCommand| SortCommand { charset: Charset::UTF_8, ..sort };
        let annotation = SortKey::Annotation(Box::new(SortAnnotation {
            entry: IString::new("/altsubject").unwrap(),
            scope: AnnotationScope::Shared,
        }));
        check(
            SortCommand::rule,
            |sort, encoder| sort.encode(encoder),
            &[
                Row::Good(
                    b" (SUBJECT) UTF-8 SINCE 1-Feb-1994",
                    utf8(SortCommand::new(SortKey::Subject, since)),
                ),
                Row::Good(
                    b" (SUBJECT REVERSE DATE) US-ASCII ALL",
                    SortCommand::new(SortKey::Subject, K::All).then(SortKey::Date.reverse()),
                ),
                Row::Other(
                    b" RETURN () (REVERSE DATE) UTF-8 UNDELETED UNKEYWORD $Junk",
                    utf8(SortCommand::new(SortKey::Date.reverse(), K::Undeleted.and(junk)).returning([])),
                ),
                Row::Good(
                    b" RETURN (RELEVANCY ALL) (RELEVANCY) UTF-8 FUZZY TEXT Helo",
                    utf8(
                        SortCommand::new(SortKey::Relevancy, K::text("Helo").unwrap().fuzzy())
                            .returning([ReturnOption::Relevancy, ReturnOption::All]),
                    ),
                ),
                Row::Good(
                    b" (ANNOTATION /altsubject value.shared) UTF-8 ALL",
                    utf8(SortCommand::new(annotation, K::All)),
                ),
                Row::Good(
                    b" (DISPLAYFROM REVERSE DISPLAYTO XPLUS) UTF-8 ALL",
                    utf8(
                        SortCommand::new(SortKey::DisplayFrom, K::All)
                            .then(SortKey::DisplayTo.reverse())
                            .then(SortKey::Other(Atom::new("XPLUS").unwrap())),
                    ),
                ),
                Row::Tolerated(
                    b" ( ARRIVAL  SIZE )US-ASCII  ALL",
                    31,
                    SortCommand::new(SortKey::Arrival, K::All).then(SortKey::Size),
                ),
                Row::Bad(b" () UTF-8 ALL", 2),
                Row::Bad(b" (DATE) UTF-8", 13),
                Row::Bad(b" (REVERSE) UTF-8 ALL", 9),
                Row::Bad(b" DATE UTF-8 ALL", 1),
                Row::Bad(b"", 0),
            ],
        );
    }

    proptest! {
        #[test]
        fn round_trips(sort in SortCommand::strategy()) {
            round_trip(&sort, SortCommand::rule, SortCommand::encode);
        }
    }
}
