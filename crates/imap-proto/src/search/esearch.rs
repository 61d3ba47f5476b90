//! The ESEARCH response.

use crate::core::syntax::{self, blanks, expected, no_sp, sp};
use crate::core::{Context, Encoder, Mailbox, NonEmpty, NzNumber64, Parameter, Raw, SequenceSet, Tag, class};
use crate::fetch::PartialRange;
use crate::rule;
use ::core::num::NonZeroU32;
use alloc::boxed::Box;
use alloc::vec::Vec;
use wire::keyword::key_of;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseError, ParseErrorKind, Tolerance};

/// `search-correlator` (RFC 9051 section 9, RFC 7377 section 2.1): which search of which mailbox a response belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct SearchCorrelator {
    /// `TAG`: that of the command.
    pub tag: Option<Tag>,
    /// `MAILBOX`, of the ESEARCH command only.
    pub mailbox: Option<Mailbox>,
    /// `UIDVALIDITY` of the mailbox, of the ESEARCH command only.
    pub uid_validity: Option<NonZeroU32>,
    /// Other correlators.
    pub other: Vec<Parameter>,
}

impl SearchCorrelator {
    /// With the tag alone.
    #[must_use]
    pub fn of(tag: Tag) -> Self {
        Self { tag: Some(tag), ..Self::default() }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self {
            tag: self.tag.as_ref().map(Tag::detach),
            mailbox: self.mailbox.as_ref().map(Mailbox::detach),
            uid_validity: self.uid_validity,
            other: self.other.iter().map(Parameter::detach).collect(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tag.is_none() && self.mailbox.is_none() && self.uid_validity.is_none() && self.other.is_empty()
    }

    /// `[SP search-correlator]`: empty if none follows.
    ///
    /// ```text
    /// search-correlator =  SP "(" one-correlator *(SP one-correlator) ")"
    /// one-correlator    =  ("TAG" SP tag-string) / ("MAILBOX" SP astring) / ("UIDVALIDITY" SP nz-number)
    /// ```
    pub(crate) fn optional<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const TAG: u128 = key_of("TAG");
        const MAILBOX: u128 = key_of("MAILBOX");
        const UIDVALIDITY: u128 = key_of("UIDVALIDITY");
        let mut found = Self::default();
        // what nearly all send
        if let Some(tag) = syntax::after(i, b" (TAG \"") {
            let len = class::TAG.run(tag);
            if let (1.., Some(rest)) = (len, tag[len..].strip_prefix(b"\")")) {
                found.tag = Some(Tag::known(cx.keep(&tag[..len])));
                return Ok((rest, found));
            }
        }
        if i.get(blanks(i)) != Some(&b'(') {
            return Ok((i, found));
        }
        let (i, ()) = sp(cx, i)?;
        let mut i = no_sp(cx, &i[1..]);
        loop {
            let (rest, (key, word)) = syntax::keyword(i, expected::PARAMETER)?;
            i = match key {
                TAG => {
                    let (value, ()) = sp(cx, rest)?;
                    let (rest, tag) = tag_string(cx, value)?;
                    found.tag = Some(tag);
                    rest
                }
                MAILBOX => {
                    let (value, ()) = sp(cx, rest)?;
                    let (rest, mailbox) = Mailbox::rule(cx, value)?;
                    found.mailbox = Some(mailbox);
                    rest
                }
                UIDVALIDITY => {
                    let (value, ()) = sp(cx, rest)?;
                    let (rest, number) = syntax::number32(cx, value)?;
                    found.uid_validity = NonZeroU32::new(number);
                    if number == 0
                        && value[0] == b'0'
                        && !cx.tolerates(Tolerance::Default, rule::NUMBER_RANGE, &value[..1])
                    {
                        return Err(Failure::at(value, expected::NZ_NUMBER, ParseErrorKind::Range));
                    }
                    rest
                }
                _ => {
                    // its value may be anything, for it is not known which is the next name
                    let (value, ()) = sp(cx, rest)?;
                    let (rest, raw) = Raw::value(cx, value)?;
                    let name = crate::Atom::known(cx.keep(word));
                    if found.other.len() >= cx.item_limit() {
                        return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
                    }
                    found.other.push(Parameter { name, value: Some(raw) });
                    rest
                }
            };
            if i.get(blanks(i)) == Some(&b')') {
                let (rest, ()) = syntax::octet(no_sp(cx, i), b')', expected::CLOSE)?;
                return Ok((rest, found));
            }
            if blanks(i) == i.len() {
                return fail(i, expected::CLOSE);
            }
            i = sp(cx, i)?.0;
        }
    }

    /// Writes it with a space before it, if it is not empty.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        let mut before: &[u8] = b" (";
        if let Some(tag) = &self.tag {
            encoder.put(b" (TAG ");
            encoder.string_octets(tag.as_bytes());
            before = b" ";
        }
        if let Some(mailbox) = &self.mailbox {
            encoder.put(before);
            encoder.put(b"MAILBOX ");
            mailbox.encode(encoder);
            before = b" ";
        }
        if let Some(number) = self.uid_validity {
            encoder.put(before);
            encoder.put(b"UIDVALIDITY ");
            encoder.number(number.get().into());
            before = b" ";
        }
        for parameter in &self.other {
            encoder.put(before);
            parameter.encode(encoder);
            before = b" ";
        }
        if before.len() == 1 {
            encoder.put(b")");
        }
    }

    /// Any correlator, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let other = Parameter::strategy().prop_filter("without a value", |p| p.value.is_some());
        (
            proptest::option::of(Tag::strategy()),
            proptest::option::of(Mailbox::strategy()),
            proptest::option::of(any::<NonZeroU32>()),
            proptest::collection::vec(other, 0..2),
        )
            .prop_map(|(tag, mailbox, uid_validity, other)| Self {
                tag,
                mailbox,
                uid_validity,
                other,
            })
    }
}

/// `tag-string = astring`, which is a tag.
pub(crate) fn tag_string<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Tag> {
    let (rest, octets) = syntax::astring_octets(cx, i)?;
    if octets.is_empty() || !class::TAG.all(&octets) {
        return fail(i, expected::TAG);
    }
    Ok((rest, Tag::known(syntax::keep(cx, octets))))
}

/// `search-return-data` (RFC 9051 section 7.3.4): what a search has found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EsearchItem {
    /// `MIN`: the smallest number; of SORT, the first result.
    Min(NonZeroU32),
    /// `MAX`: the largest number; of SORT, the last result.
    Max(NonZeroU32),
    /// `ALL`: all numbers; of SORT, in the order of the results.
    All(Box<SequenceSet>),
    /// `COUNT`: how many there are.
    Count(u32),
    /// `MODSEQ` (RFC 7162): the highest modification sequence of these messages.
    ModSeq(NzNumber64),
    /// `PARTIAL` (RFC 5267, RFC 9394): the part of the result that was asked for.
    Partial(Box<PartialResult>),
    /// `ADDTO` (RFC 5267): messages that came into the result.
    AddTo(NonEmpty<ResultUpdate>),
    /// `REMOVEFROM` (RFC 5267): messages that went out of the result.
    RemoveFrom(NonEmpty<ResultUpdate>),
    /// `RELEVANCY` (RFC 6203): how well each message matches, 1 to 100, in the order of `ALL` or `PARTIAL`.
    Relevancy(RelevancyScores),
    /// Another item.
    Other(Box<Parameter>),
    /// An item that has not the form of its RFC.
    Invalid(Box<InvalidEsearchItem>),
}

/// What stands in `PARTIAL ( ... )`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PartialResult {
    /// Which part.
    pub range: PartialRange,
    /// Its messages; `None`: there are no results in that range.
    pub set: Option<SequenceSet>,
}

/// `score-list` (RFC 6203 section 7): how well messages match, 1 to 100.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct RelevancyScores(Vec<u8>);

impl RelevancyScores {
    /// Checks scores.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: 0, or more than 100.
    pub fn new(scores: impl Into<Vec<u8>>) -> Result<Self, Misuse> {
        let scores = scores.into();
        if scores.iter().all(|score| (1..=100).contains(score)) {
            Ok(Self(scores))
        } else {
            Err(Misuse::Invalid("score"))
        }
    }

    /// The scores.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

/// One change of a result (RFC 5267 section 4.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResultUpdate {
    /// Where in the result, from 1; 0 where the place does not matter.
    pub position: u32,
    /// The messages, which go to this place, one behind the other, or were there.
    pub set: SequenceSet,
}

/// An item that has not the form of its RFC, as it is on the wire. Two are equal if they were the same on the wire.
#[derive(Debug, Clone)]
pub struct InvalidEsearchItem {
    /// Its name and value.
    pub item: Parameter,
    /// What is wrong.
    pub error: ParseError,
}

impl PartialEq for InvalidEsearchItem {
    fn eq(&self, other: &Self) -> bool {
        self.item == other.item
    }
}

impl Eq for InvalidEsearchItem {}

impl EsearchItem {
    /// The names of the items.
    pub const KEYWORDS: &'static [&'static str] =
        &["MIN", "MAX", "ALL", "COUNT", "MODSEQ", "PARTIAL", "ADDTO", "REMOVEFROM", "RELEVANCY"];

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Other(parameter) => Self::Other(Box::new(parameter.detach())),
            Self::Invalid(invalid) => Self::Invalid(Box::new(InvalidEsearchItem {
                item: invalid.item.detach(),
                error: invalid.error,
            })),
            other => other.clone(),
        }
    }

    /// ```text
    /// search-return-data = "MIN" SP nz-number / "MAX" SP nz-number / "ALL" SP sequence-set / "COUNT" SP number / search-ret-data-ext
    /// search-ret-data-ext = search-modifier-name SP search-return-value
    /// ret-data-addto      = "ADDTO" SP "(" context-position SP sequence-set *(SP context-position SP sequence-set) ")"
    /// ret-data-partial    = "PARTIAL" SP "(" partial-range SP partial-results ")"
    /// search-return-data  =/ "RELEVANCY" SP score-list
    /// ```
    ///
    /// `None`: an item that says nothing, such as `MIN 0`.
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<Self>> {
        const MIN: u128 = key_of("MIN");
        const MAX: u128 = key_of("MAX");
        const ALL: u128 = key_of("ALL");
        const COUNT: u128 = key_of("COUNT");
        const MODSEQ: u128 = key_of("MODSEQ");
        const PARTIAL: u128 = key_of("PARTIAL");
        const ADDTO: u128 = key_of("ADDTO");
        const REMOVEFROM: u128 = key_of("REMOVEFROM");
        const RELEVANCY: u128 = key_of("RELEVANCY");
        let (rest, (key, word)) = syntax::keyword(i, expected::RETURN_OPTION)?;
        // no name starts with a digit: a number here belongs to what is before it
        if i[0].is_ascii_digit() {
            return fail(i, expected::RETURN_OPTION);
        }
        if blanks(rest) == rest.len()
            && key == ALL
            && cx.tolerates(Tolerance::Default, rule::MISSING_ITEM, rest)
        {
            return Ok((rest, None));
        }
        let (value, ()) = sp(cx, rest)?;
        let parsed = match key {
            MIN => number(cx, value, Self::Min),
            MAX => number(cx, value, Self::Max),
            ALL => all(cx, value),
            COUNT => syntax::minus_or_number(cx, value)
                .map(|(rest, count)| (rest, Some(Self::Count(u32::try_from(count).unwrap_or(u32::MAX))))),
            MODSEQ => mod_seq(cx, value),
            PARTIAL => partial(cx, value),
            ADDTO => updates(cx, value).map(|(rest, updates)| (rest, Some(Self::AddTo(updates)))),
            REMOVEFROM => updates(cx, value).map(|(rest, updates)| (rest, Some(Self::RemoveFrom(updates)))),
            RELEVANCY => relevancy(cx, value),
            _ => {
                let (rest, value) = Raw::value(cx, value)?;
                let name = crate::Atom::known(cx.keep(word));
                return Ok((rest, Some(Self::Other(Box::new(Parameter { name, value: Some(value) })))));
            }
        };
        match parsed {
            // a value ends where the next item may start
            Ok((rest, item)) if matches!(rest.first(), None | Some(b' ' | b'\t' | b')')) => Ok((rest, item)),
            Ok((rest, _)) => invalid(
                cx,
                i,
                word,
                value,
                Failure::at(rest, wire::parse::expected::SP, ParseErrorKind::Syntax),
            ),
            Err(error) => invalid(cx, i, word, value, error),
        }
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        match self {
            Self::Min(number) => {
                encoder.put(b"MIN ");
                encoder.number(number.get().into());
            }
            Self::Max(number) => {
                encoder.put(b"MAX ");
                encoder.number(number.get().into());
            }
            Self::All(set) => {
                encoder.put(b"ALL ");
                set.encode(encoder);
            }
            Self::Count(count) => {
                encoder.put(b"COUNT ");
                encoder.number((*count).into());
            }
            Self::ModSeq(mod_seq) => {
                encoder.put(b"MODSEQ ");
                encoder.number(mod_seq.get());
            }
            Self::Partial(partial) => {
                encoder.put(b"PARTIAL (");
                partial.range.encode(encoder);
                encoder.sp();
                match &partial.set {
                    Some(set) => set.encode(encoder),
                    None => encoder.put(b"NIL"),
                }
                encoder.put(b")");
            }
            Self::AddTo(updates) => encode_updates(b"ADDTO ", updates, encoder),
            Self::RemoveFrom(updates) => encode_updates(b"REMOVEFROM ", updates, encoder),
            Self::Relevancy(scores) => {
                encoder.put(b"RELEVANCY ");
                encoder.list(&scores.0, |encoder, &score| encoder.number(score.into()));
            }
            Self::Other(parameter) => parameter.encode(encoder),
            Self::Invalid(invalid) => invalid.item.encode(encoder),
        }
    }

    /// Any item but an invalid one, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let updates = || {
            NonEmpty::strategy(
                (any::<u32>(), SequenceSet::uid_strategy())
                    .prop_map(|(position, set)| ResultUpdate { position, set }),
                3,
            )
        };
        prop_oneof![
            any::<NonZeroU32>().prop_map(Self::Min),
            any::<NonZeroU32>().prop_map(Self::Max),
            SequenceSet::uid_strategy().prop_map(|set| Self::All(Box::new(set))),
            any::<u32>().prop_map(Self::Count),
            NzNumber64::strategy().prop_map(Self::ModSeq),
            (PartialRange::strategy(), proptest::option::of(SequenceSet::uid_strategy()))
                .prop_map(|(range, set)| Self::Partial(Box::new(PartialResult { range, set }))),
            updates().prop_map(Self::AddTo),
            updates().prop_map(Self::RemoveFrom),
            proptest::collection::vec(1..=100u8, 0..5)
                .prop_map(|scores| Self::Relevancy(RelevancyScores(scores))),
            Parameter::strategy()
                .prop_filter("without a value", |parameter| parameter.value.is_some())
                .prop_map(|parameter| Self::Other(Box::new(parameter))),
        ]
    }
}

/// `nz-number`; 0, and what else is no number of a message, says that nothing was found.
fn number<'i>(
    cx: &Context<'_>,
    i: &'i [u8],
    item: fn(NonZeroU32) -> EsearchItem,
) -> Parsed<'i, Option<EsearchItem>> {
    if let Ok((rest, number)) = syntax::nz_number(i) {
        return Ok((rest, Some(item(number))));
    }
    match wire::number::number32(i) {
        // 0
        Ok((rest, _)) if cx.tolerates(Tolerance::Default, rule::NUMBER_RANGE, &i[..i.len() - rest.len()]) => {
            Ok((rest, None))
        }
        Ok(_) => Err(Failure::at(i, expected::NZ_NUMBER, ParseErrorKind::Range)),
        // negative, or beyond the range
        Err(_) => syntax::number32(cx, i).map(|(rest, _)| (rest, None)),
    }
}

/// `sequence-set` without `$`; NIL and `""` say that nothing was found.
fn all<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<EsearchItem>> {
    match i.first() {
        Some(b'$') => fail(i, expected::SEQUENCE_SET),
        Some(b'n' | b'N' | b'"') => {
            let rest = syntax::nil(i).or_else(|| i.strip_prefix(b"\"\""));
            match rest {
                Some(rest)
                    if cx.tolerates(Tolerance::Default, rule::STRAY_NIL, &i[..i.len() - rest.len()]) =>
                {
                    Ok((rest, None))
                }
                _ => fail(i, expected::SEQUENCE_SET),
            }
        }
        _ => {
            let (rest, set) = SequenceSet::rule(cx, i)?;
            Ok((rest, Some(EsearchItem::All(Box::new(set)))))
        }
    }
}

/// `mod-sequence-value`; some servers put it in parentheses, as in SEARCH.
fn mod_seq<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<EsearchItem>> {
    let inside = match i.strip_prefix(b"(") {
        Some(inside) if cx.tolerates(Tolerance::Lenient, rule::EXTRA_PARENTHESES, &i[..1]) => inside,
        _ => i,
    };
    let (rest, value) = syntax::minus_or_number(cx, inside)?;
    if value == 0 && inside[0] == b'0' && !cx.tolerates(Tolerance::Default, rule::NUMBER_RANGE, &inside[..1])
    {
        return Err(Failure::at(inside, expected::NZ_NUMBER, ParseErrorKind::Range));
    }
    let rest = if inside.len() < i.len() { syntax::octet(rest, b')', expected::CLOSE)?.0 } else { rest };
    Ok((rest, NzNumber64::new(value).ok().map(EsearchItem::ModSeq)))
}

/// `"(" partial-range SP partial-results ")"`
fn partial<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<EsearchItem>> {
    let (i, ()) = syntax::octet(i, b'(', expected::OPEN)?;
    let (i, range) = PartialRange::rule(cx, no_sp(cx, i))?;
    let (i, set) =
        if i.get(blanks(i)) == Some(&b')') && cx.tolerates(Tolerance::Default, rule::MISSING_ITEM, &i[..0]) {
            (i, None)
        } else {
            let (i, ()) = sp(cx, i)?;
            match syntax::nil(i) {
                Some(rest) => (rest, None),
                None => {
                    let (rest, set) = SequenceSet::rule(cx, i)?;
                    (rest, Some(set))
                }
            }
        };
    let (i, ()) = close(cx, i)?;
    Ok((i, Some(EsearchItem::Partial(Box::new(PartialResult { range, set })))))
}

/// `"(" context-position SP sequence-set *(SP context-position SP sequence-set) ")"`
fn updates<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, NonEmpty<ResultUpdate>> {
    let (i, ()) = syntax::octet(i, b'(', expected::OPEN)?;
    let mut i = no_sp(cx, i);
    let mut updates = Vec::new();
    loop {
        if updates.len() >= cx.item_limit() {
            return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
        }
        let (rest, position) = syntax::number32(cx, i)?;
        let (rest, ()) = sp(cx, rest)?;
        let (rest, set) = SequenceSet::rule(cx, rest)?;
        updates.push(ResultUpdate { position, set });
        if rest.get(blanks(rest)) == Some(&b')') {
            return close(cx, rest).map(|(rest, ())| (rest, NonEmpty::known(updates)));
        }
        i = sp(cx, rest)?.0;
    }
}

/// `score-list = "(" [score *(SP score)] ")"`
fn relevancy<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<EsearchItem>> {
    let (rest, scores) = syntax::list(cx, i, |cx, i| {
        let (rest, score) = syntax::number32(cx, i)?;
        match u8::try_from(score) {
            Ok(score @ 1..=100) => Ok((rest, score)),
            _ if cx.tolerates(Tolerance::Default, rule::NUMBER_RANGE, &i[..i.len() - rest.len()]) => {
                Ok((rest, if score == 0 { 1 } else { 100 }))
            }
            _ => Err(Failure::at(i, wire::parse::expected::NUMBER, ParseErrorKind::Range)),
        }
    })?;
    Ok((rest, Some(EsearchItem::Relevancy(RelevancyScores(scores)))))
}

fn close<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ()> {
    let i = if i.get(blanks(i)) == Some(&b')') { no_sp(cx, i) } else { i };
    syntax::octet(i, b')', expected::CLOSE)
}

/// Keeps an item that has not its form, where that is tolerated.
#[cold]
fn invalid<'i>(
    cx: &Context<'_>,
    i: &'i [u8],
    name: &'i [u8],
    value: &'i [u8],
    error: nom::Err<Failure>,
) -> Parsed<'i, Option<EsearchItem>> {
    cx.forget_repairs(value);
    match Raw::value(cx, value) {
        Ok((rest, value))
            if cx.tolerates(Tolerance::Default, rule::INVALID_ITEM, &i[..i.len() - rest.len()]) =>
        {
            let item = Parameter { name: crate::Atom::known(cx.keep(name)), value: Some(value) };
            let error = cx.error(error, expected::name);
            Ok((rest, Some(EsearchItem::Invalid(Box::new(InvalidEsearchItem { item, error })))))
        }
        _ => Err(error),
    }
}

fn encode_updates(name: &[u8], updates: &[ResultUpdate], encoder: &mut Encoder<'_>) {
    encoder.put(name);
    encoder.list(updates, |encoder, update| {
        encoder.number(update.position.into());
        encoder.sp();
        update.set.encode(encoder);
    });
}

/// `esearch-response` (RFC 9051 section 7.3.4, RFC 4731, RFC 5267, RFC 7377): what SEARCH, SORT or ESEARCH have found.
///
/// ```
/// use imap_proto::{Esearch, EsearchItem};
///
/// let found = Esearch { uid: true, items: vec![EsearchItem::Count(2)], ..Esearch::default() };
/// assert_eq!((found.count(), found.all()), (Some(2), None));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Esearch {
    /// Which search it belongs to.
    pub correlator: SearchCorrelator,
    /// Numbers are UIDs. Some servers forget to say so.
    pub uid: bool,
    /// What was found.
    pub items: Vec<EsearchItem>,
}

impl Esearch {
    /// The tag of the command.
    #[must_use]
    pub fn tag(&self) -> Option<&Tag> {
        self.correlator.tag.as_ref()
    }

    /// `MIN`
    #[must_use]
    pub fn min(&self) -> Option<NonZeroU32> {
        self.items
            .iter()
            .find_map(|item| if let EsearchItem::Min(number) = item { Some(*number) } else { None })
    }

    /// `MAX`
    #[must_use]
    pub fn max(&self) -> Option<NonZeroU32> {
        self.items
            .iter()
            .find_map(|item| if let EsearchItem::Max(number) = item { Some(*number) } else { None })
    }

    /// `ALL`; `None` if nothing was found, too.
    #[must_use]
    pub fn all(&self) -> Option<&SequenceSet> {
        self.items.iter().find_map(|item| if let EsearchItem::All(set) = item { Some(&**set) } else { None })
    }

    /// `COUNT`
    #[must_use]
    pub fn count(&self) -> Option<u32> {
        self.items
            .iter()
            .find_map(|item| if let EsearchItem::Count(count) = item { Some(*count) } else { None })
    }

    /// `MODSEQ`
    #[must_use]
    pub fn mod_seq(&self) -> Option<NzNumber64> {
        self.items
            .iter()
            .find_map(|item| if let EsearchItem::ModSeq(mod_seq) = item { Some(*mod_seq) } else { None })
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self {
            correlator: self.correlator.detach(),
            uid: self.uid,
            items: self.items.iter().map(EsearchItem::detach).collect(),
        }
    }

    /// ```text
    /// esearch-response  = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (mut i, correlator) = SearchCorrelator::optional(cx, i)?;
        let mut found = Self { correlator, uid: false, items: Vec::new() };
        // RFC 5465 has an example with parentheses around the items
        let mut inside = false;
        loop {
            let len = blanks(i);
            if len == i.len() {
                return if inside { fail(i, expected::CLOSE) } else { Ok((i, found)) };
            }
            if inside && i[len] == b')' {
                i = &no_sp(cx, i)[1..];
                return Ok((i, found));
            }
            let (next, ()) = sp(cx, i)?;
            i = next;
            if let Some(rest) = syntax::after(i, b"UID") {
                if !found.uid && matches!(rest.first(), None | Some(b' ' | b'\t')) {
                    if !found.items.is_empty() && !cx.tolerates(Tolerance::Default, rule::ITEM_ORDER, &i[..3])
                    {
                        return fail(i, expected::RETURN_OPTION);
                    }
                    found.uid = true;
                    i = rest;
                    continue;
                }
            }
            if i[0] == b'(' && !inside && cx.tolerates(Tolerance::Lenient, rule::EXTRA_PARENTHESES, &i[..1]) {
                inside = true;
                i = &i[1..];
            }
            if found.items.len() >= cx.item_limit() {
                return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
            }
            let (rest, item) = EsearchItem::rule(cx, i)?;
            found.items.extend(item);
            i = rest;
        }
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.correlator.encode(encoder);
        if self.uid {
            encoder.put(b" UID");
        }
        for item in &self.items {
            encoder.sp();
            item.encode(encoder);
        }
    }

    /// Any response without invalid items, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (
            SearchCorrelator::strategy(),
            any::<bool>(),
            proptest::collection::vec(EsearchItem::strategy(), 0..5),
        )
            .prop_map(|(correlator, uid, items)| Self { correlator, uid, items })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, encoded, round_trip};
    use alloc::vec;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn set(text: &str) -> SequenceSet {
        SequenceSet::parse(text.as_bytes()).unwrap()
    }

    fn all(text: &str) -> EsearchItem {
        EsearchItem::All(Box::new(set(text)))
    }

    fn number(number: u32) -> NonZeroU32 {
        NonZeroU32::new(number).unwrap()
    }

    fn found(tag: &'static str, uid: bool, items: Vec<EsearchItem>) -> Esearch {
        let correlator = if tag.is_empty() {
            SearchCorrelator::default()
        } else {
            SearchCorrelator::of(Tag::new(tag).unwrap())
        };
        Esearch { correlator, uid, items }
    }

    #[test]
    fn scores_are_bounded() {
        assert!(RelevancyScores::new([1, 100]).is_ok() && RelevancyScores::new([]).is_ok());
        for bad in [0, 101, 255] {
            assert_eq!(RelevancyScores::new([bad]), Err(Misuse::Invalid("score")));
        }
    }

    fn update(position: u32, text: &str) -> ResultUpdate {
        ResultUpdate { position, set: set(text) }
    }

    #[test]
    fn responses() {
        use EsearchItem as I;
        let several = Esearch {
            correlator: SearchCorrelator {
                mailbox: Some(Mailbox::new("folder2/banana").unwrap()),
                uid_validity: Some(number(503)),
                ..SearchCorrelator::of(Tag::new("tag1").unwrap())
            },
            uid: true,
            items: vec![all("3002,4004")],
        };
        let partial = |range, set| I::Partial(Box::new(PartialResult { range, set }));
        let raw = |raw: &'static str| Some(Raw::new(raw).unwrap());
        let other = |name: &'static str, value: &'static str| {
            I::Other(Box::new(Parameter { name: crate::Atom::new(name).unwrap(), value: raw(value) }))
        };
        check(
            Esearch::rule,
            |esearch, encoder| esearch.encode(encoder),
            &[
                Row::Good(b"", found("", false, vec![])),
                Row::Good(b" (TAG \"A284\")", found("A284", false, vec![])),
                Row::Other(b" (TAG A284)", found("A284", false, vec![])),
                Row::Good(
                    b" (TAG \"A282\") MIN 2 COUNT 3",
                    found("A282", false, vec![I::Min(number(2)), I::Count(3)]),
                ),
                Row::Good(b" (TAG \"A283\") ALL 2,10:11", found("A283", false, vec![all("2,10:11")])),
                Row::Good(
                    b" (TAG \"A285\") UID MIN 7 MAX 3800",
                    found("A285", true, vec![I::Min(number(7)), I::Max(number(3800))]),
                ),
                Row::Good(
                    b" UID COUNT 17 ALL 4:18,21,28",
                    found("", true, vec![I::Count(17), all("4:18,21,28")]),
                ),
                Row::Good(
                    b" (TAG \"a\") ALL 5,3,2,1 MODSEQ 1236",
                    found("a", false, vec![all("5,3,2,1"), I::ModSeq(NzNumber64::new(1236).unwrap())]),
                ),
                Row::Good(
                    b" (TAG \"tag1\" MAILBOX folder2/banana UIDVALIDITY 503) UID ALL 3002,4004",
                    several.clone(),
                ),
                Row::Other(
                    b" (MAILBOX \"folder2/banana\" tag tag1 UIDVALIDITY 503) uid all 3002,4004",
                    several,
                ),
                Row::Good(
                    b" (TAG \"B01\") UID ADDTO (0 32768:32769)",
                    found("B01", true, vec![I::AddTo(NonEmpty::one(update(0, "32768:32769")))]),
                ),
                Row::Good(
                    b" (TAG \"C01\") UID ADDTO (1 2733) REMOVEFROM (1 2731:2732 4 9)",
                    found(
                        "C01",
                        true,
                        vec![
                            I::AddTo(NonEmpty::one(update(1, "2733"))),
                            I::RemoveFrom(NonEmpty::new([update(1, "2731:2732"), update(4, "9")]).unwrap()),
                        ],
                    ),
                ),
                Row::Good(
                    b" (TAG \"A04\") UID PARTIAL (24000:24500 NIL)",
                    found(
                        "A04",
                        true,
                        vec![partial(PartialRange::from_first(number(24000), number(24500)), None)],
                    ),
                ),
                Row::Good(
                    b" (TAG \"A01\") UID PARTIAL (-1:-100 7,9)",
                    found(
                        "A01",
                        true,
                        vec![partial(PartialRange::from_last(number(1), number(100)), Some(set("7,9")))],
                    ),
                ),
                Row::Good(
                    b" (TAG \"B1\") ALL 1,5,10 RELEVANCY (4 99 42)",
                    found(
                        "B1",
                        false,
                        vec![all("1,5,10"), I::Relevancy(RelevancyScores::new([4, 99, 42]).unwrap())],
                    ),
                ),
                Row::Good(
                    b" (TAG \"a\") X-A (b \"c)\") X-D 1:4 COUNT 1",
                    found("a", false, vec![other("X-A", "(b \"c)\")"), other("X-D", "1:4"), I::Count(1)]),
                ),
                // real servers
                Row::Tolerated(b"  ( TAG  \"a\" )  UID  COUNT  1", 29, found("a", true, vec![I::Count(1)])),
                Row::Tolerated(b" MIN 0 MAX -1 COUNT 0", 21, found("", false, vec![I::Count(0)])),
                Row::Tolerated(b" COUNT 0 ALL", 12, found("", false, vec![I::Count(0)])),
                Row::Tolerated(b" ALL NIL COUNT -1", 17, found("", false, vec![I::Count(0)])),
                Row::Tolerated(b" ALL \"\" COUNT 0", 15, found("", false, vec![I::Count(0)])),
                Row::Tolerated(b" COUNT 1 MODSEQ 0", 17, found("", false, vec![I::Count(1)])),
                Row::Tolerated(b" COUNT 1 UID", 12, found("", true, vec![I::Count(1)])),
                Row::Tolerated(
                    b" RELEVANCY (0 101)",
                    18,
                    found("", false, vec![I::Relevancy(RelevancyScores::new([1, 100]).unwrap())]),
                ),
                Row::Lenient(b" (TAG \"a00\") (COUNT 17)", 23, found("a00", false, vec![I::Count(17)])),
                Row::Bad(b" (TAG)", 5),
                Row::Bad(b" (TAG \"\")", 6),
                Row::Bad(b" (TAG \"a\"", 9),
                Row::Bad(b" COUNT", 6),
                Row::Bad(b" ALL 1 2 3", 7),
                Row::Bad(b" (TAG \"a\") (COUNT 17", 20),
                Row::Bad(b"x", 0),
            ],
        );
    }

    #[test]
    fn a_broken_item_costs_nothing_else() {
        for broken in [
            "ALL x",
            "MIN (1)",
            "PARTIAL 1:2",
            "PARTIAL (1:2 x)",
            "ADDTO (1)",
            "RELEVANCY x",
            "ALL $",
            "ALL 1:x",
            "MIN 1x",
        ] {
            let line = Bytes::from(alloc::format!(" {broken} COUNT 3"));
            let cx = Context::new(&line, Tolerance::Strict);
            assert!(!Esearch::rule(&cx, &line).is_ok_and(|(rest, _)| rest.is_empty()), "{broken}");
            let cx = Context::new(&line, Tolerance::Default);
            let (rest, found) = Esearch::rule(&cx, &line).unwrap();
            assert!(rest.is_empty());
            assert_eq!(found.count(), Some(3), "{broken}");
            let EsearchItem::Invalid(invalid) = &found.items[0] else { panic!("{found:?}") };
            assert!(invalid.error.offset > 1, "{invalid:?}");
            assert_eq!(encoded(&found, Esearch::encode), line);
        }
    }

    #[test]
    fn parentheses_around_a_modification_sequence() {
        let line = Bytes::from_static(b" MODSEQ (5) COUNT 1");
        let found = |tolerance| Esearch::rule(&Context::new(&line, tolerance), &line).map(|(_, found)| found);
        assert_eq!(found(Tolerance::Lenient).unwrap().mod_seq(), NzNumber64::new(5).ok());
        assert_eq!(found(Tolerance::Default).unwrap().count(), Some(1));
        assert!(found(Tolerance::Strict).is_err());
    }

    #[test]
    fn items_stay_small() {
        assert!(size_of::<EsearchItem>() <= 32);
    }

    proptest! {
        #[test]
        fn round_trips(esearch in Esearch::strategy()) {
            round_trip(&esearch, Esearch::rule, Esearch::encode);
        }
    }
}
