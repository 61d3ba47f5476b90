//! The FETCH response.

use super::annotation::Annotation;
use super::body::BodyStructure;
use super::data::MessageData;
use super::envelope::Envelope;
use super::label::Label;
use super::section::{self, PartNumber, Section};
use crate::core::syntax::{self, blanks, expected};
use crate::core::{
    Atom, Context, Date, DateTime, Encoder, Flags, IString, NonEmpty, Number64, ObjectId, Raw, class,
};
use crate::rule;
use ::core::num::NonZeroU32;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::keyword::{Prefix, first, key_of};
use wire::parse::{Failure, Parsed, fail};
use wire::{ParseError, ParseErrorKind, Tolerance};

/// `n FETCH (...)` (RFC 9051 section 7.5.2) or `n UIDFETCH (...)` (RFC 9586): what is known of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// The number of the message in FETCH, its UID in UIDFETCH.
    pub number: NonZeroU32,
    attributes: Vec<FetchAttribute>,
}

/// One thing that is known of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchAttribute {
    /// `UID`
    Uid(NonZeroU32),
    /// `FLAGS`
    Flags(Flags),
    /// `INTERNALDATE`
    InternalDate(DateTime),
    /// `RFC822.SIZE`
    Size(Number64),
    /// `MODSEQ` (RFC 7162)
    ModSeq(Number64),
    /// `ENVELOPE`
    Envelope(Box<Envelope>),
    /// `BODY`: the structure without extension data.
    Body(Box<BodyStructure>),
    /// `BODYSTRUCTURE`
    BodyStructure(Box<BodyStructure>),
    /// `BODY[...]`
    Section(Box<BodySection>),
    /// `RFC822` (RFC 3501)
    Rfc822(Option<Box<MessageData>>),
    /// `RFC822.HEADER` (RFC 3501)
    Rfc822Header(Option<Box<MessageData>>),
    /// `RFC822.TEXT` (RFC 3501)
    Rfc822Text(Option<Box<MessageData>>),
    /// `BINARY[...]`
    Binary(Box<BinarySection>),
    /// `BINARY.SIZE[...]`
    BinarySize(Box<BinarySize>),
    /// `EMAILID` (RFC 8474)
    EmailId(Box<ObjectId>),
    /// `THREADID` (RFC 8474)
    ThreadId(Option<Box<ObjectId>>),
    /// `SAVEDATE` (RFC 8514)
    SaveDate(Option<DateTime>),
    /// `PREVIEW` (RFC 8970)
    Preview(Option<Box<IString>>),
    /// `ANNOTATION` (RFC 5257)
    Annotation(NonEmpty<Annotation>),
    /// `X-GM-MSGID`
    GmailMessageId(u64),
    /// `X-GM-THRID`
    GmailThreadId(u64),
    /// `X-GM-LABELS`
    GmailLabels(Vec<Label>),
    /// Something else.
    Other(Box<OtherAttribute>),
    /// Something of which the value has not the form of its RFC.
    Invalid(Box<InvalidAttribute>),
}

/// `BODY[...]` of a FETCH response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodySection {
    /// Which part.
    pub section: Section,
    /// Of a partial answer, the place of its first octet.
    pub origin: Option<Number64>,
    /// Its octets; `None` if there is no such part.
    pub data: Option<MessageData>,
}

/// `BINARY[...]` of a FETCH response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinarySection {
    /// Which part.
    pub part: PartNumber,
    /// Of a partial answer, the place of its first octet. RFC 9051 section 7.5.2 has it in its text, not in its grammar.
    pub origin: Option<Number64>,
    /// Its octets; `None` if there is no such part.
    pub data: Option<MessageData>,
}

/// `BINARY.SIZE[...]` of a FETCH response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinarySize {
    /// Which part.
    pub part: PartNumber,
    /// How many octets it has, decoded.
    pub size: Number64,
}

/// An attribute that nobody here knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherAttribute {
    /// Its name, with what stands in brackets behind it.
    pub name: Raw,
    /// Its value; empty if there is none.
    pub raw: Raw,
}

/// An attribute whose value was not understood. Two are equal if they were the same on the wire, wherever they stood in it.
#[derive(Debug, Clone)]
pub struct InvalidAttribute {
    /// Its name, with what stands in brackets behind it.
    pub name: Raw,
    /// Its value as it came; empty if there is none.
    pub raw: Raw,
    /// What is wrong.
    pub error: ParseError,
}

impl PartialEq for InvalidAttribute {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.raw == other.raw
    }
}

impl Eq for InvalidAttribute {}

const UID: u128 = key_of("UID");
const FLAGS: u128 = key_of("FLAGS");
const INTERNALDATE: u128 = key_of("INTERNALDATE");
const SIZE: u128 = key_of("RFC822.SIZE");
const MODSEQ: u128 = key_of("MODSEQ");
const ENVELOPE: u128 = key_of("ENVELOPE");
const BODY: u128 = key_of("BODY");
const STRUCTURE: u128 = key_of("BODYSTRUCTURE");
const RFC822: u128 = key_of("RFC822");
const HEADER: u128 = key_of("RFC822.HEADER");
const TEXT: u128 = key_of("RFC822.TEXT");
const BINARY: u128 = key_of("BINARY");
const BINARY_SIZE: u128 = key_of("BINARY.SIZE");
const EMAILID: u128 = key_of("EMAILID");
const THREADID: u128 = key_of("THREADID");
const SAVEDATE: u128 = key_of("SAVEDATE");
const PREVIEW: u128 = key_of("PREVIEW");
const ANNOTATION: u128 = key_of("ANNOTATION");
const MSGID: u128 = key_of("X-GM-MSGID");
const THRID: u128 = key_of("X-GM-THRID");
const LABELS: u128 = key_of("X-GM-LABELS");

/// Their names; the test of the tables wants them.
pub(crate) const NAMES: [u128; 21] = [
    UID,
    FLAGS,
    INTERNALDATE,
    SIZE,
    MODSEQ,
    ENVELOPE,
    BODY,
    STRUCTURE,
    RFC822,
    HEADER,
    TEXT,
    BINARY,
    BINARY_SIZE,
    EMAILID,
    THREADID,
    SAVEDATE,
    PREVIEW,
    ANNOTATION,
    MSGID,
    THRID,
    LABELS,
];

macro_rules! find {
    ($(#[$doc:meta])* $name:ident, $variant:ident($found:ident) => $value:expr, $type:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(&self) -> Option<$type> {
            self.attributes.iter().find_map(|attribute| match attribute {
                FetchAttribute::$variant($found) => Some($value),
                _ => None,
            })
        }
    };
}

impl Fetch {
    /// What is known of the message with this number, or this UID.
    #[must_use]
    pub fn new(number: NonZeroU32, attributes: NonEmpty<FetchAttribute>) -> Self {
        Self { number, attributes: attributes.into_vec() }
    }

    /// What is known, in the order of the server. Of a server that says nothing, nothing.
    #[must_use]
    pub fn attributes(&self) -> &[FetchAttribute] {
        &self.attributes
    }

    /// The attributes, to be changed in their places.
    #[must_use]
    pub fn attributes_mut(&mut self) -> &mut [FetchAttribute] {
        &mut self.attributes
    }

    /// The same, to be taken apart.
    #[must_use]
    pub fn into_attributes(self) -> Vec<FetchAttribute> {
        self.attributes
    }

    find!(
        /// `UID`; of a UIDFETCH it is the number.
        uid, Uid(uid) => *uid, NonZeroU32);
    find!(
        /// `FLAGS`
        flags, Flags(flags) => flags, &Flags);
    find!(
        /// `INTERNALDATE`
        internal_date, InternalDate(date) => *date, DateTime);
    find!(
        /// `RFC822.SIZE`
        size, Size(size) => *size, Number64);
    find!(
        /// `MODSEQ`
        mod_seq, ModSeq(number) => *number, Number64);
    find!(
        /// `ENVELOPE`
        envelope, Envelope(envelope) => &**envelope, &Envelope);
    find!(
        /// `BODYSTRUCTURE`
        body_structure, BodyStructure(body) => &**body, &BodyStructure);
    find!(
        /// `BODY`, the structure without extension data.
        body, Body(body) => &**body, &BodyStructure);

    /// `BODY[...]` with this section.
    #[must_use]
    pub fn section(&self, section: &Section) -> Option<&BodySection> {
        self.attributes.iter().find_map(|attribute| match attribute {
            FetchAttribute::Section(found) if found.section == *section => Some(&**found),
            _ => None,
        })
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { number: self.number, attributes: self.attributes.iter().map(FetchAttribute::detach).collect() }
    }

    /// ```text
    /// message-data    = nz-number SP ("EXPUNGE" / ("FETCH" SP msg-att))
    /// uidfetch-resp   = uniqueid SP "UIDFETCH" SP msg-att
    /// msg-att         = "(" (msg-att-dynamic / msg-att-static) *(SP (msg-att-dynamic / msg-att-static)) ")"
    /// ```
    /// Starts behind the keyword, which `number` stands before.
    #[inline]
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8], number: NonZeroU32) -> Parsed<'i, Self> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, attributes) = attributes(cx, i)?;
        Ok((i, Self { number, attributes }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(b" (");
        for (n, attribute) in self.attributes.iter().enumerate() {
            if n > 0 {
                encoder.sp();
            }
            attribute.encode(encoder);
        }
        encoder.put(b")");
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let number = (1..=u32::MAX).prop_filter_map("zero", NonZeroU32::new);
        (number, proptest::collection::vec(FetchAttribute::strategy(), 1..5))
            .prop_map(|(number, attributes)| Self { number, attributes })
    }
}

/// The list of attributes, with its parentheses.
#[inline]
fn attributes<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Vec<FetchAttribute>> {
    let Some(mut i) = i.strip_prefix(b"(") else { return without_parentheses(cx, i) };
    let mut attributes = Vec::with_capacity(4);
    loop {
        let (rest, attribute) = match FetchAttribute::common(cx, i) {
            Some(found) => found,
            None => match FetchAttribute::any(cx, i, &attributes)? {
                (rest, Some(attribute)) => (rest, attribute),
                // nothing more
                (rest, None) => return Ok((rest, attributes)),
            },
        };
        if attributes.len() >= cx.item_limit() {
            return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
        }
        attributes.push(attribute);
        match rest {
            [b' ', next, ..] if *next > b' ' && *next != b')' => i = &rest[1..],
            [b')', rest @ ..] => return Ok((rest, attributes)),
            _ => i = behind(cx, rest)?.0,
        }
    }
}

/// What stands behind an attribute, if it is not one space or the end.
#[cold]
fn behind<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ()> {
    if i.get(blanks(i)) == Some(&b')') {
        return Ok((syntax::no_sp(cx, i), ()));
    }
    // the end of the message, without its parenthesis
    if blanks(i) == i.len() {
        return Ok((i, ()));
    }
    if blanks(i) > 0 || starts_attribute(i) { syntax::sp_or_none(cx, i) } else { fail(i, expected::CLOSE) }
}

/// Attributes as RFC 1730 has printed them.
#[cold]
fn without_parentheses<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Vec<FetchAttribute>> {
    let Ok((_, (key, _))) = syntax::keyword(i, expected::OPEN) else { return fail(i, expected::OPEN) };
    if !NAMES.contains(&key) || !cx.tolerates(Tolerance::Default, rule::MISSING_PARENTHESES, &i[..0]) {
        return fail(i, expected::OPEN);
    }
    syntax::words(cx, i, |cx, i| match FetchAttribute::any(cx, i, &[])? {
        (rest, Some(attribute)) => Ok((rest, attribute)),
        (_, None) => fail(i, expected::FETCH_ATTRIBUTE),
    })
}

impl FetchAttribute {
    /// The attributes that are met most, in their usual form.
    #[inline(always)]
    fn common<'i>(cx: &Context<'_>, i: &'i [u8]) -> Option<(&'i [u8], Self)> {
        const UID: Prefix = Prefix::of("UID ");
        const FLAGS: Prefix = Prefix::of("FLAGS (");
        const INTERNAL: Prefix = Prefix::of("INTERNAL");
        const RFC822_S: Prefix = Prefix::of("RFC822.S");
        const MODSEQ: Prefix = Prefix::of("MODSEQ (");
        const ENVELOPE: Prefix = Prefix::of("ENVELOPE");
        const BODY: Prefix = Prefix::of("BODY[] ");
        const BODY_STR: Prefix = Prefix::of("BODYSTR");
        let word = first(i);
        if UID.is_in(word) {
            let (rest, uid) = syntax::nz_number(&i[4..]).ok()?;
            return matches!(rest.first(), Some(b' ' | b')')).then_some((rest, Self::Uid(uid)));
        }
        if FLAGS.is_in(word) {
            let (rest, flags) = Flags::rule(cx, &i[6..]).ok()?;
            return Some((rest, Self::Flags(flags)));
        }
        if RFC822_S.is_in(word) {
            let number = syntax::after(&i[8..], b"IZE ")?;
            let (rest, size) = syntax::number64(number).ok()?;
            // also in a form that is none
            return matches!(rest.first(), Some(b' ' | b')')).then_some((rest, Self::Size(size)));
        }
        if INTERNAL.is_in(word) {
            let date = syntax::after(&i[8..], b"DATE ")?;
            let (rest, date) = DateTime::rule(cx, date).ok()?;
            return Some((rest, Self::InternalDate(date)));
        }
        if MODSEQ.is_in(word) {
            let (rest, number) = syntax::number64(&i[8..]).ok()?;
            let rest = rest.strip_prefix(b")")?;
            return (number > Number64::ZERO).then_some((rest, Self::ModSeq(number)));
        }
        if ENVELOPE.is_in(word) && i.get(8..10) == Some(b" (") {
            let (rest, envelope) = Envelope::well_formed(cx, &i[9..])?;
            return Some((rest, Self::Envelope(Box::new(envelope))));
        }
        if BODY_STR.is_in(word) {
            let body = syntax::after(&i[7..], b"UCTURE ")?;
            let (rest, body) = BodyStructure::well_formed(cx, body)?;
            return Some((rest, Self::BodyStructure(Box::new(body))));
        }
        if BODY.is_in(word) && i.get(7) == Some(&b'{') {
            let (rest, data) = MessageData::literal(cx, &i[7..]).ok()?;
            let section = BodySection { section: Section::ALL, origin: None, data: Some(data) };
            return Some((rest, Self::Section(Box::new(section))));
        }
        None
    }

    /// ```text
    /// msg-att-dynamic = "FLAGS" SP "(" [flag-fetch *(SP flag-fetch)] ")"
    /// msg-att-static  = "ENVELOPE" SP envelope / "INTERNALDATE" SP date-time / "RFC822.SIZE" SP number64 /
    ///                   "BODY" ["STRUCTURE"] SP body / "BODY" section ["<" number ">"] SP nstring /
    ///                   "BINARY" section-binary SP (nstring / literal8) / "BINARY.SIZE" section-binary SP number / "UID" SP uniqueid
    /// msg-att-static  =/ "RFC822" [".HEADER" / ".TEXT"] SP nstring
    /// msg-att-dynamic =/ "MODSEQ" SP "(" permsg-modsequence ")" / "PREVIEW" SP nstring / "ANNOTATION" SP ...
    /// msg-att-static  =/ "EMAILID" SP "(" objectid ")" / "THREADID" SP ("(" objectid ")" / nil) / "SAVEDATE" SP (date-time / nil)
    /// ```
    /// Nothing if the list ends here.
    #[inline(never)]
    fn any<'i>(cx: &Context<'_>, i: &'i [u8], before: &[Self]) -> Parsed<'i, Option<Self>> {
        let i = syntax::no_sp(cx, i);
        match i.first() {
            // `()`; behind an attribute, there was a space before it
            Some(b')')
                if !before.is_empty() || cx.tolerates(Tolerance::Default, rule::EMPTY_LIST, &i[..1]) =>
            {
                return Ok((&i[1..], None));
            }
            None if !before.is_empty() && cx.tolerates(Tolerance::Default, rule::MISSING_PARENTHESES, i) => {
                return Ok((i, None));
            }
            // row 76
            Some(b'(') => return Self::in_parentheses(cx, i),
            _ => {}
        }
        let (name_end, (key, _)) = syntax::keyword(i, expected::FETCH_ATTRIBUTE)?;
        let (value, name) = match head(cx, name_end, key) {
            Ok(found) => found,
            Err(error) => {
                // with all that could belong to the brackets
                let value = unknown_head(name_end);
                let head = &i[..i.len() - value.len()];
                let start = &value[blanks(value)..];
                let (rest, attribute) = invalid(cx, head, key, value, start, error)?;
                return Ok((rest, Some(attribute)));
            }
        };
        let head = &i[..i.len() - value.len()];
        // the value, behind a space
        let start = match value.first() {
            Some(b' ' | b'\t') => match syntax::sp(cx, value) {
                Ok((start, ())) => start,
                Err(_) => &value[blanks(value)..],
            },
            _ => value,
        };
        let missing = matches!(start.first(), None | Some(b')' | b' ' | b'\t'));
        if let Name::Other = name {
            let name = Raw::known(cx.keep(head));
            let missing = missing || starts_attribute(start);
            let (rest, raw) = if missing { (value, Raw::default()) } else { Raw::value(cx, start)? };
            return Ok((rest, Some(Self::Other(Box::new(OtherAttribute { name, raw })))));
        }
        let parsed = if missing {
            Err(Failure::at(start, expected::VALUE, ParseErrorKind::Syntax))
        } else {
            name.value(cx, start, key).and_then(|(rest, attribute)| match rest.first() {
                // more than was understood
                Some(b' ' | b')' | b'\t') | None => Ok((rest, attribute)),
                _ if ends_itself(&start[..start.len() - rest.len()]) => Ok((rest, attribute)),
                _ => fail(rest, expected::CLOSE),
            })
        };
        match parsed {
            Ok((rest, attribute)) => Ok((rest, Some(attribute))),
            Err(error) => {
                let (rest, attribute) = invalid(cx, head, key, value, start, error)?;
                Ok((rest, Some(attribute)))
            }
        }
    }

    /// An attribute in parentheses of its own.
    #[cold]
    fn in_parentheses<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<Self>> {
        if cx.tolerance() < Tolerance::Lenient || i.get(1) == Some(&b'(') {
            return fail(i, expected::FETCH_ATTRIBUTE);
        }
        cx.repair(rule::EXTRA_PARENTHESES, &i[..1]);
        let (rest, attribute) = Self::any(cx, &i[1..], &[])?;
        if attribute.is_none() {
            return fail(&i[1..], expected::FETCH_ATTRIBUTE);
        }
        let empty = match &attribute {
            Some(Self::Other(other)) => other.raw.is_empty(),
            Some(Self::Invalid(invalid)) => invalid.raw.is_empty(),
            _ => false,
        };
        // without its parentheses, what follows would be its value
        if empty {
            return fail(&i[1..], expected::VALUE);
        }
        let rest = if rest.get(blanks(rest)) == Some(&b')') { syntax::no_sp(cx, rest) } else { rest };
        let (rest, ()) = syntax::octet(rest, b')', expected::CLOSE)?;
        Ok((rest, attribute))
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let data = |data: &Option<Box<MessageData>>| data.as_ref().map(|data| Box::new(data.detach()));
        match self {
            Self::Flags(flags) => Self::Flags(flags.detach()),
            Self::Envelope(envelope) => Self::Envelope(Box::new(envelope.detach())),
            Self::Body(body) => Self::Body(Box::new(body.detach())),
            Self::BodyStructure(body) => Self::BodyStructure(Box::new(body.detach())),
            Self::Section(found) => Self::Section(Box::new(BodySection {
                section: found.section.detach(),
                origin: found.origin,
                data: found.data.as_ref().map(MessageData::detach),
            })),
            Self::Rfc822(found) => Self::Rfc822(data(found)),
            Self::Rfc822Header(found) => Self::Rfc822Header(data(found)),
            Self::Rfc822Text(found) => Self::Rfc822Text(data(found)),
            Self::Binary(found) => Self::Binary(Box::new(BinarySection {
                part: found.part.clone(),
                origin: found.origin,
                data: found.data.as_ref().map(MessageData::detach),
            })),
            Self::EmailId(id) => Self::EmailId(Box::new(id.detach())),
            Self::ThreadId(Some(id)) => Self::ThreadId(Some(Box::new(id.detach()))),
            Self::Preview(Some(text)) => Self::Preview(Some(Box::new(text.detach()))),
            Self::Annotation(list) => {
                Self::Annotation(NonEmpty::known(list.iter().map(Annotation::detach).collect()))
            }
            Self::GmailLabels(labels) => Self::GmailLabels(labels.iter().map(Label::detach).collect()),
            Self::Other(other) => {
                Self::Other(Box::new(OtherAttribute { name: other.name.detach(), raw: other.raw.detach() }))
            }
            Self::Invalid(invalid) => Self::Invalid(Box::new(InvalidAttribute {
                name: invalid.name.detach(),
                raw: invalid.raw.detach(),
                error: invalid.error,
            })),
            plain => plain.clone(),
        }
    }

    /// Writes it.
    #[inline]
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        match self {
            Self::Uid(uid) => {
                encoder.put(b"UID ");
                encoder.number(u64::from(uid.get()));
            }
            Self::Flags(flags) => {
                encoder.put(b"FLAGS ");
                flags.encode(encoder);
            }
            Self::InternalDate(date) => {
                encoder.put(b"INTERNALDATE ");
                date.encode(encoder);
            }
            Self::Size(size) => {
                encoder.put(b"RFC822.SIZE ");
                encoder.number(size.get());
            }
            Self::ModSeq(number) => {
                encoder.put(b"MODSEQ (");
                encoder.number(number.get());
                encoder.put(b")");
            }
            Self::Envelope(envelope) => {
                encoder.put(b"ENVELOPE ");
                envelope.encode(encoder);
            }
            other => other.encode_rare(encoder),
        }
    }

    #[inline(never)]
    fn encode_rare(&self, encoder: &mut Encoder<'_>) {
        let rfc822 = |encoder: &mut Encoder<'_>, name: &[u8], data: &Option<Box<MessageData>>| {
            encoder.put(name);
            MessageData::encode_nstring(data.as_deref(), encoder);
        };
        match self {
            Self::Body(body) => {
                encoder.put(b"BODY ");
                body.encode(encoder);
            }
            Self::BodyStructure(body) => {
                encoder.put(b"BODYSTRUCTURE ");
                body.encode(encoder);
            }
            Self::Section(found) => {
                encoder.put(b"BODY");
                found.section.encode(encoder);
                section::encode_origin(found.origin, encoder);
                encoder.sp();
                MessageData::encode_nstring(found.data.as_ref(), encoder);
            }
            Self::Rfc822(data) => rfc822(encoder, b"RFC822 ", data),
            Self::Rfc822Header(data) => rfc822(encoder, b"RFC822.HEADER ", data),
            Self::Rfc822Text(data) => rfc822(encoder, b"RFC822.TEXT ", data),
            Self::Binary(found) => {
                encoder.put(b"BINARY");
                section::encode_binary(&found.part, encoder);
                section::encode_origin(found.origin, encoder);
                encoder.sp();
                MessageData::encode_nstring(found.data.as_ref(), encoder);
            }
            Self::BinarySize(found) => {
                encoder.put(b"BINARY.SIZE");
                section::encode_binary(&found.part, encoder);
                encoder.sp();
                encoder.number(found.size.get());
            }
            Self::EmailId(id) => {
                encoder.put(b"EMAILID ");
                id.encode_in_parentheses(encoder);
            }
            Self::ThreadId(id) => {
                encoder.put(b"THREADID ");
                match id {
                    Some(id) => id.encode_in_parentheses(encoder),
                    None => encoder.put(b"NIL"),
                }
            }
            Self::SaveDate(date) => {
                encoder.put(b"SAVEDATE ");
                match date {
                    Some(date) => date.encode(encoder),
                    None => encoder.put(b"NIL"),
                }
            }
            Self::Preview(text) => {
                encoder.put(b"PREVIEW ");
                encoder.nstring(text.as_deref());
            }
            Self::Annotation(list) => {
                encoder.put(b"ANNOTATION ");
                Annotation::encode_list(list, encoder);
            }
            Self::GmailMessageId(id) => {
                encoder.put(b"X-GM-MSGID ");
                encoder.number(*id);
            }
            Self::GmailThreadId(id) => {
                encoder.put(b"X-GM-THRID ");
                encoder.number(*id);
            }
            Self::GmailLabels(labels) => {
                encoder.put(b"X-GM-LABELS ");
                Label::encode_list(labels, encoder);
            }
            Self::Other(other) => encode_raw(&other.name, &other.raw, encoder),
            Self::Invalid(invalid) => encode_raw(&invalid.name, &invalid.raw, encoder),
            common => common.encode(encoder),
        }
    }

    /// Any attribute, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let data = || proptest::option::of(MessageData::strategy());
        let boxed = || data().prop_map(|data| data.map(Box::new));
        let common = prop_oneof![
            (1..=u32::MAX).prop_filter_map("zero", |uid| NonZeroU32::new(uid).map(Self::Uid)),
            Flags::strategy().prop_map(Self::Flags),
            DateTime::strategy().prop_map(Self::InternalDate),
            Number64::strategy().prop_map(Self::Size),
            Number64::strategy().prop_filter("0", |n| n.get() > 0).prop_map(Self::ModSeq),
        ];
        let parsed = prop_oneof![
            Envelope::strategy().prop_map(|envelope| Self::Envelope(Box::new(envelope))).boxed(),
            BodyStructure::strategy().prop_map(|body| Self::Body(Box::new(body))).boxed(),
            BodyStructure::strategy().prop_map(|body| Self::BodyStructure(Box::new(body))).boxed(),
        ];
        let bodies = prop_oneof![
            (Section::strategy(), proptest::option::of(Number64::strategy()), data()).prop_map(
                |(section, origin, data)| Self::Section(Box::new(BodySection { section, origin, data }))
            ),
            boxed().prop_map(Self::Rfc822),
            boxed().prop_map(Self::Rfc822Header),
            boxed().prop_map(Self::Rfc822Text),
            (section::part_strategy(), proptest::option::of(Number64::strategy()), data()).prop_map(
                |(part, origin, data)| Self::Binary(Box::new(BinarySection { part, origin, data }))
            ),
            (section::part_strategy(), Number64::strategy())
                .prop_map(|(part, size)| Self::BinarySize(Box::new(BinarySize { part, size }))),
        ];
        let others = prop_oneof![
            ObjectId::strategy().prop_map(|id| Self::EmailId(Box::new(id))),
            proptest::option::of(ObjectId::strategy()).prop_map(|id| Self::ThreadId(id.map(Box::new))),
            proptest::option::of(DateTime::strategy()).prop_map(Self::SaveDate),
            proptest::option::of(IString::strategy()).prop_map(|text| Self::Preview(text.map(Box::new))),
            NonEmpty::strategy(Annotation::strategy(), 2).prop_map(Self::Annotation),
            any::<u64>().prop_map(Self::GmailMessageId),
            any::<u64>().prop_map(Self::GmailThreadId),
            proptest::collection::vec(Label::strategy(), 0..4).prop_map(Self::GmailLabels),
            (
                "X-[A-Z.]{1,8}(\\[1(\\.[A-Z]{1,3})?\\](<1>)?)?",
                prop::sample::select(&["1", "NIL", "(a (b))", "{1}\r\n)"][..])
            )
                .prop_map(|(name, raw)| {
                    Self::Other(Box::new(OtherAttribute {
                        name: Raw::known(name.into()),
                        raw: Raw::known(raw.into()),
                    }))
                }),
        ];
        prop_oneof![4 => common.boxed(), 2 => parsed.boxed(), 2 => bodies.boxed(), 2 => others.boxed()]
    }
}

pub(super) fn encode_raw(name: &Raw, raw: &Raw, encoder: &mut Encoder<'_>) {
    name.encode(encoder);
    if !raw.is_empty() {
        encoder.sp();
        raw.encode(encoder);
    }
}

/// Whether a value ends with what nothing can go on behind.
fn ends_itself(value: &[u8]) -> bool {
    matches!(value.last(), Some(b')' | b'"')) || value.contains(&b'\n')
}

/// Whether this is no value, but the next attribute.
fn starts_attribute(i: &[u8]) -> bool {
    syntax::keyword(i, expected::FETCH_ATTRIBUTE).is_ok_and(|(rest, (key, _))| {
        let value = || !matches!(rest[syntax::blanks(rest)..].first(), None | Some(b')'));
        NAMES.contains(&key)
            && match rest.first() {
                Some(b'[') => true,
                // blanks at the end are nobody's value
                Some(b' ') => value(),
                _ => false,
            }
    })
}

/// What stands before a value.
enum Name {
    Plain,
    Section(Section, Option<Number64>),
    Binary(PartNumber, Option<Number64>),
    BinarySize(PartNumber),
    Other,
}

/// What stands between a keyword and its value.
fn head<'i>(cx: &Context<'_>, i: &'i [u8], key: u128) -> Parsed<'i, Name> {
    let bracket = i.starts_with(b"[");
    match key {
        BODY if bracket => {
            let (i, section) = Section::rule(cx, i)?;
            let (i, origin) = section::origin(cx, i)?;
            Ok((i, Name::Section(section, origin)))
        }
        BINARY if bracket => {
            let (i, part) = section::binary_section(cx, i)?;
            let (i, origin) = section::origin(cx, i)?;
            Ok((i, Name::Binary(part, origin)))
        }
        BINARY_SIZE if bracket => section::binary_section(cx, i).map(|(i, part)| (i, Name::BinarySize(part))),
        BINARY | BINARY_SIZE => fail(i, expected::SECTION),
        _ if !NAMES.contains(&key) => Ok((unknown_head(i), Name::Other)),
        _ if bracket || i.starts_with(b"<") => fail(i, expected::VALUE),
        _ => Ok((i, Name::Plain)),
    }
}

/// What follows brackets that nobody knows: they end where a word does, or, with a word and a list in them such as those of
/// `BODY[HEADER.FIELDS (a b)]`, with the bracket.
pub(super) fn unknown_head(mut i: &[u8]) -> &[u8] {
    let word = |i: &[u8]| i.iter().take_while(|&&o| class::LOOSE.has(o) && o != b']').count();
    if let Some(inside) = i.strip_prefix(b"[") {
        let behind = &inside[word(inside)..];
        let blanks = behind.iter().take_while(|&&o| o == b' ').count();
        if let Some(mut list) = behind[blanks..].strip_prefix(b"(") {
            list = &list[word(list)..];
            while let Some(rest) = list.strip_prefix(b" ") {
                list = &rest[word(rest)..];
            }
            if let Some(rest) = list.strip_prefix(b")]") {
                i = rest;
            }
        }
    }
    &i[class::LOOSE.run(i)..]
}

impl Name {
    /// The value of an attribute.
    fn value<'i>(self, cx: &Context<'_>, i: &'i [u8], key: u128) -> Parsed<'i, FetchAttribute> {
        use FetchAttribute as A;
        let (rest, attribute) = match self {
            Self::Section(section, origin) => {
                let (rest, data) = MessageData::nstring(cx, i, false)?;
                (rest, A::Section(Box::new(BodySection { section, origin, data })))
            }
            Self::Binary(part, origin) => {
                let (rest, data) = MessageData::nstring(cx, i, true)?;
                (rest, A::Binary(Box::new(BinarySection { part, origin, data })))
            }
            Self::BinarySize(part) => {
                let (rest, size) = syntax::minus_or_number64(cx, i)?;
                (rest, A::BinarySize(Box::new(BinarySize { part, size })))
            }
            Self::Other => return fail(i, expected::FETCH_ATTRIBUTE),
            Self::Plain => match key {
                UID => syntax::nz_number(i).map(|(rest, uid)| (rest, A::Uid(uid)))?,
                FLAGS => Flags::rule(cx, i).map(|(rest, flags)| (rest, A::Flags(flags)))?,
                SIZE => syntax::minus_or_number64(cx, i).map(|(rest, size)| (rest, A::Size(size)))?,
                INTERNALDATE => loose_date(cx, i).map(|(rest, date)| (rest, A::InternalDate(date)))?,
                MODSEQ => mod_seq(cx, i).map(|(rest, number)| (rest, A::ModSeq(number)))?,
                ENVELOPE => {
                    Envelope::rule(cx, i).map(|(rest, found)| (rest, A::Envelope(Box::new(found))))?
                }
                BODY => BodyStructure::rule(cx, i).map(|(rest, found)| (rest, A::Body(Box::new(found))))?,
                STRUCTURE => BodyStructure::rule(cx, i)
                    .map(|(rest, found)| (rest, A::BodyStructure(Box::new(found))))?,
                RFC822 => data(cx, i).map(|(rest, data)| (rest, A::Rfc822(data)))?,
                HEADER => data(cx, i).map(|(rest, data)| (rest, A::Rfc822Header(data)))?,
                TEXT => data(cx, i).map(|(rest, data)| (rest, A::Rfc822Text(data)))?,
                EMAILID => {
                    ObjectId::in_parentheses(cx, i).map(|(rest, id)| (rest, A::EmailId(Box::new(id))))?
                }
                THREADID => match syntax::nil(i) {
                    Some(rest) => (rest, A::ThreadId(None)),
                    None => ObjectId::in_parentheses(cx, i)
                        .map(|(rest, id)| (rest, A::ThreadId(Some(Box::new(id)))))?,
                },
                SAVEDATE => match syntax::nil(i) {
                    Some(rest) => (rest, A::SaveDate(None)),
                    None => loose_date(cx, i).map(|(rest, date)| (rest, A::SaveDate(Some(date))))?,
                },
                PREVIEW => preview(cx, i).map(|(rest, text)| (rest, A::Preview(text.map(Box::new))))?,
                ANNOTATION => Annotation::list(cx, i).map(|(rest, list)| (rest, A::Annotation(list)))?,
                // 64 bits, all of them
                MSGID => wire::number::number64(i).map(|(rest, id)| (rest, A::GmailMessageId(id)))?,
                THRID => wire::number::number64(i).map(|(rest, id)| (rest, A::GmailThreadId(id)))?,
                LABELS => Label::list(cx, i).map(|(rest, labels)| (rest, A::GmailLabels(labels)))?,
                _ => return fail(i, expected::FETCH_ATTRIBUTE),
            },
        };
        Ok((rest, attribute))
    }
}

fn data<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<Box<MessageData>>> {
    MessageData::nstring(cx, i, false).map(|(rest, data)| (rest, data.map(Box::new)))
}

/// `nstring`; drafts of RFC 8970 have said first how the text was made.
fn preview<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<IString>> {
    if i.starts_with(b"(") {
        if let Ok((rest, (_, text))) = drafted(cx, i) {
            if cx.tolerates(Tolerance::Default, rule::EXTRA_ITEM, &i[..i.len() - rest.len()]) {
                return Ok((rest, text));
            }
        }
    }
    syntax::nstring(cx, i)
}

/// `"(" "FUZZY" SP nstring ")"`
fn drafted<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ((), Option<IString>)> {
    let (i, ()) = syntax::octet(i, b'(', expected::OPEN)?;
    let (i, _) = syntax::atom(i)?;
    let (i, ()) = syntax::sp(cx, i)?;
    let (i, text) = syntax::nstring(cx, i)?;
    let (i, ()) = syntax::octet(i, b')', expected::CLOSE)?;
    Ok((i, ((), text)))
}

/// `"(" permsg-modsequence ")"`; 0, negative or without parentheses where that is tolerated.
fn mod_seq<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Number64> {
    let (open, inside) = match i.strip_prefix(b"(") {
        Some(inside) => (true, syntax::no_sp(cx, inside)),
        None => (false, i),
    };
    let (rest, number) = syntax::minus_or_number64(cx, inside)?;
    let digits = &inside[..inside.len() - rest.len()];
    // a negative one was remarked already
    if number == Number64::ZERO
        && digits.first() != Some(&b'-')
        && !cx.tolerates(Tolerance::Default, rule::NUMBER_RANGE, digits)
    {
        return Err(Failure::at(inside, expected::NZ_NUMBER, ParseErrorKind::Range));
    }
    if open {
        let rest = if rest.get(blanks(rest)) == Some(&b')') { syntax::no_sp(cx, rest) } else { rest };
        let (rest, ()) = syntax::octet(rest, b')', expected::CLOSE)?;
        return Ok((rest, number));
    }
    if !cx.tolerates(Tolerance::Default, rule::MISSING_PARENTHESES, digits) {
        return fail(i, expected::OPEN);
    }
    Ok((rest, number))
}

/// `date-time`; where that is tolerated, with a day of one digit, or a zone in letters.
fn loose_date<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, DateTime> {
    let error = match DateTime::rule(cx, i) {
        Ok(found) => return Ok(found),
        Err(error) => error,
    };
    let of = || {
        let inside = i.strip_prefix(b"\"")?;
        let len = memchr::memchr(b'"', inside.get(..40.min(inside.len()))?)?;
        let (text, rest) = (&inside[..len], &inside[len + 1..]);
        let mut words = text.split(|&o| o == b' ').filter(|word| !word.is_empty());
        let (day, time, zone) = (words.next()?, words.next()?, words.next());
        if words.next().is_some() {
            return None;
        }
        let mut parts = day.split(|&o| o == b'-');
        let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
        let number = |digits: &[u8]| match wire::number::number32(digits) {
            Ok(([], number)) => Some(number),
            _ => None,
        };
        let month = crate::core::month(month).filter(|_| month.len() == 3)?;
        let date =
            Date::new(u16::try_from(number(year)?).ok()?, month, u8::try_from(number(day)?).ok()?).ok()?;
        let mut parts = time.split(|&o| o == b':');
        let mut two = || u8::try_from(number(parts.next()?)?).ok();
        let (hour, minute, second) = (two()?, two()?, two()?);
        let zone = match zone {
            None => 0,
            Some(zone)
                if [&b"GMT"[..], b"UT", b"UTC", b"Z"].iter().any(|name| name.eq_ignore_ascii_case(zone)) =>
            {
                0
            }
            Some([sign @ (b'+' | b'-'), digits @ ..]) if digits.len() == 4 => {
                let number = i16::try_from(number(digits)?).ok()?;
                let minutes = number / 100 * 60 + number % 100;
                if *sign == b'-' { -minutes } else { minutes }
            }
            Some(_) => return None,
        };
        Some((rest, DateTime::new(date, hour, minute, second, zone).ok()?))
    };
    match of() {
        Some((rest, date))
            if cx.tolerates(Tolerance::Default, rule::DATE_FORM, &i[..i.len() - rest.len()]) =>
        {
            Ok((rest, date))
        }
        _ => Err(error),
    }
}

/// Keeps an attribute that was not understood, if the rest of the message can be told from it.
#[cold]
fn invalid<'i>(
    cx: &Context<'_>,
    head: &[u8],
    key: u128,
    value: &'i [u8],
    start: &'i [u8],
    error: nom::Err<Failure>,
) -> Parsed<'i, FetchAttribute> {
    if cx.tolerance() < Tolerance::Default {
        return Err(error);
    }
    cx.forget_repairs(start);
    // row 82: the value is missing, and this is the next attribute
    let next = matches!(start.first(), None | Some(b')' | b' ' | b'\t')) || starts_attribute(start);
    let (rest, raw) = if next {
        (value, Raw::default())
    } else {
        match Raw::value(cx, start) {
            Ok(found) => found,
            Err(_) => return Err(error),
        }
    };
    let is_date = matches!(key, INTERNALDATE | SAVEDATE);
    let rule = if is_date { rule::DATE_FORM } else { rule::INVALID_ITEM };
    cx.repair(rule, &start[..start.len().saturating_sub(rest.len())]);
    let error = cx.error(error, expected::name);
    let name = Raw::known(cx.keep(head));
    Ok((rest, FetchAttribute::Invalid(Box::new(InvalidAttribute { name, raw, error }))))
}

impl OtherAttribute {
    /// An attribute that this crate does not know.
    ///
    /// # Errors
    /// [`wire::Misuse::Invalid`]: `value` is not one value. None at all would make one of the next attribute.
    pub fn new(name: &Atom, value: Raw) -> Result<Self, wire::Misuse> {
        let octets = Bytes::copy_from_slice(value.as_bytes());
        match crate::core::raw::value(&Context::new(&octets, Tolerance::Lenient), &octets) {
            Ok(([], ())) => {}
            _ => return Err(wire::Misuse::Invalid("value")),
        }
        let name = Raw::new(Bytes::copy_from_slice(name.as_bytes()))?;
        Ok(Self { name, raw: value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use crate::core::{Cut, Flag, Options};
    use crate::fetch::{AnnotationAttribute, SectionText};
    use alloc::vec;
    use proptest::prelude::*;

    const ONE: NonZeroU32 = NonZeroU32::MIN;

    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Vec<FetchAttribute>> {
        Fetch::rule(cx, i, ONE).map(|(rest, fetch)| (rest, fetch.attributes))
    }

    fn encode(attributes: &[FetchAttribute], encoder: &mut Encoder<'_>) {
        Fetch { number: ONE, attributes: attributes.to_vec() }.encode(encoder);
    }

    fn check_rows(rows: &[Row<Vec<FetchAttribute>>]) {
        check(rule, |attributes, encoder| encode(attributes, encoder), rows);
    }

    fn uid(uid: u32) -> FetchAttribute {
        FetchAttribute::Uid(NonZeroU32::new(uid).unwrap())
    }

    fn flags(flags: impl IntoIterator<Item = Flag>) -> FetchAttribute {
        FetchAttribute::Flags(flags.into_iter().collect())
    }

    fn date() -> DateTime {
        DateTime::new(Date::new(1996, 7, 17).unwrap(), 2, 44, 25, -420).unwrap()
    }

    fn section(section: Section, origin: Option<u32>, data: Option<&'static str>) -> FetchAttribute {
        let origin = origin.map(Number64::from);
        let data = data.map(MessageData::new);
        FetchAttribute::Section(Box::new(BodySection { section, origin, data }))
    }

    fn other(name: &'static str, raw: &'static str) -> FetchAttribute {
        FetchAttribute::Other(Box::new(OtherAttribute {
            name: Raw::known(name.into()),
            raw: Raw::known(raw.into()),
        }))
    }

    #[test]
    fn responses() {
        use FetchAttribute as A;
        let headers = |names: &[&'static str]| {
            let names = names.iter().map(|&name| IString::new(name).unwrap()).collect();
            Section::new(Vec::new(), SectionText::HeaderFields(names)).unwrap()
        };
        let id = |id: &'static str| Box::new(ObjectId::new(id).unwrap());
        let data = |data: &'static str| Some(Box::new(MessageData::new(data)));
        let nothing = || Box::new(Envelope::builder().build().unwrap());
        let text =
            || Box::new(crate::fetch::BodyBuilder::new("TEXT", "PLAIN").octets(5).lines(1).build().unwrap());
        check_rows(&[
            Row::Good(
                b" (UID 4827313 FLAGS (\\Seen) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 4286)",
                vec![uid(4_827_313), flags([Flag::Seen]), A::InternalDate(date()), A::Size(4286.into())],
            ),
            Row::Good(b" (FLAGS () MODSEQ (624140003))", vec![flags([]), A::ModSeq(624_140_003.into())]),
            Row::Good(
                b" (ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) BODY (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 5 1))",
                vec![A::Envelope(nothing()), A::Body(text())],
            ),
            Row::Good(
                b" (BODYSTRUCTURE (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 5 1) UID 1)",
                vec![A::BodyStructure(text()), uid(1)],
            ),
            Row::Good(b" (BODY[] {3}\r\n\")\n UID 1)", vec![section(Section::ALL, None, Some("\")\n")), uid(1)]),
            Row::Good(b" (BODY[]<0> \"abc\")", vec![section(Section::ALL, Some(0), Some("abc"))]),
            Row::Good(b" (BODY[TEXT] NIL)", vec![section(Section::TEXT, None, None)]),
            Row::Good(
                b" (BODY[HEADER.FIELDS (DATE FROM)] {2}\r\n\r\n)",
                vec![section(headers(&["DATE", "FROM"]), None, Some("\r\n"))],
            ),
            Row::Good(
                b" (RFC822 NIL RFC822.HEADER \"\" RFC822.TEXT {1}\r\n\n)",
                vec![A::Rfc822(None), A::Rfc822Header(data("")), A::Rfc822Text(data("\n"))],
            ),
            Row::Good(
                b" (BINARY[1.2] ~{2}\r\n\0a BINARY[]<7> \"a\" BINARY.SIZE[1] 4294967296)",
                vec![
                    A::Binary(Box::new(BinarySection {
                        part: vec![ONE, NonZeroU32::new(2).unwrap()],
                        origin: None,
                        data: Some(MessageData::new("\0a")),
                    })),
                    A::Binary(Box::new(BinarySection {
                        part: vec![],
                        origin: Some(7.into()),
                        data: Some(MessageData::new("a")),
                    })),
                    A::BinarySize(Box::new(BinarySize { part: vec![ONE], size: Number64::new(1 << 32).unwrap() })),
                ],
            ),
            Row::Good(
                b" (EMAILID (M6d99ac3275bb4e) THREADID (T64b478a75b7ea9) THREADID NIL)",
                vec![A::EmailId(id("M6d99ac3275bb4e")), A::ThreadId(Some(id("T64b478a75b7ea9"))), A::ThreadId(None)],
            ),
            Row::Good(
                b" (SAVEDATE \"17-Jul-1996 02:44:25 -0700\" SAVEDATE NIL PREVIEW \"Preview text!\" PREVIEW NIL)",
                vec![
                    A::SaveDate(Some(date())),
                    A::SaveDate(None),
                    A::Preview(Some(Box::new(IString::new("Preview text!").unwrap()))),
                    A::Preview(None),
                ],
            ),
            Row::Good(
                b" (ANNOTATION (/comment (value.priv \"x\" value.shared NIL)) X-GM-MSGID 18446744073709551615 X-GM-THRID 1 X-GM-LABELS (\\Inbox))",
                vec![
                    A::Annotation(NonEmpty::one(Annotation {
                        entry: IString::new("/comment").unwrap(),
                        attributes: vec![
                            AnnotationAttribute {
                                name: IString::new("value.priv").unwrap(),
                                value: Some(crate::core::Literal8::new("x")),
                            },
                            AnnotationAttribute { name: IString::new("value.shared").unwrap(), value: None },
                        ],
                    })),
                    A::GmailMessageId(u64::MAX),
                    A::GmailThreadId(1),
                    A::GmailLabels(vec![Label::System(Atom::new("Inbox").unwrap())]),
                ],
            ),
            // row 74
            Row::Good(
                b" (XAOL.SPAM.REASON 3 X-A (a \"b)\" (c)) X-B[1.X]<2> {1}\r\n) X-C UID 1)",
                vec![
                    other("XAOL.SPAM.REASON", "3"),
                    other("X-A", "(a \"b)\" (c))"),
                    other("X-B[1.X]<2>", "{1}\r\n)"),
                    other("X-C", ""),
                    uid(1),
                ],
            ),
            Row::Good(b" (UID 1 X-C)", vec![uid(1), other("X-C", "")]),
            // row 85
            Row::Other(b" (uid 1 flags (\\SEEN) body[text] nil)", vec![
                uid(1),
                flags([Flag::Seen]),
                section(Section::TEXT, None, None),
            ]),
        ]);
    }

    #[test]
    fn repaired_responses() {
        use FetchAttribute as A;
        let tolerated = |octets: &'static [u8], value| Row::Tolerated(octets, octets.len(), value);
        let envelope = |subject: &'static str| {
            A::Envelope(Box::new(
                Envelope::builder().subject(IString::new(subject).unwrap()).build().unwrap(),
            ))
        };
        check_rows(&[
            // row 72
            tolerated(b" (UID 19436 )", vec![uid(19436)]),
            tolerated(b" ( UID 19436)", vec![uid(19436)]),
            // row 73
            tolerated(b"  (FLAGS (\\Seen)  UID 1)", vec![flags([Flag::Seen]), uid(1)]),
            tolerated(b" (FLAGS (\\Seen)UID 1)", vec![flags([Flag::Seen]), uid(1)]),
            tolerated(b" (BODY[] \"a\"UID 1)", vec![section(Section::ALL, None, Some("a")), uid(1)]),
            tolerated(b" (UID  7)", vec![uid(7)]),
            // row 77
            tolerated(b" (MODSEQ (0))", vec![A::ModSeq(0.into())]),
            tolerated(b" (UID 1 MODSEQ 5)", vec![uid(1), A::ModSeq(5.into())]),
            // row 78: what has one meaning
            tolerated(
                b" (INTERNALDATE \"17-Jul-1996 02:44:25 GMT\")",
                vec![A::InternalDate(DateTime::new(date().date(), 2, 44, 25, 0).unwrap())],
            ),
            tolerated(
                b" (INTERNALDATE \"7-Jul-1996 02:44:25 -0700\")",
                vec![A::InternalDate(
                    DateTime::new(Date::new(1996, 7, 7).unwrap(), 2, 44, 25, -420).unwrap(),
                )],
            ),
            // row 80
            tolerated(b" (BODY[] {1}\na)", vec![section(Section::ALL, None, Some("a"))]),
            // row 81
            tolerated(b" (BODY[]<0.10> \"a\")", vec![section(Section::ALL, Some(0), Some("a"))]),
            // row 84
            tolerated(b" (BODY[] {2}\r\na\0)", vec![section(Section::ALL, None, Some("a\0"))]),
            // row 85
            tolerated(b" (BODY[]  \"x\")", vec![section(Section::ALL, None, Some("x"))]),
            tolerated(b" (FLAGS NIL UID 1)", vec![flags([]), uid(1)]),
            tolerated(b" (RFC822.SIZE -1)", vec![A::Size(0.into())]),
            tolerated(
                b" (ENVELOPE () UID 1)",
                vec![A::Envelope(Box::new(Envelope::builder().build().unwrap())), uid(1)],
            ),
            tolerated(b" (FLAGS (\\Seen)", vec![flags([Flag::Seen])]),
            tolerated(b" FLAGS (\\Seen) UID 1", vec![flags([Flag::Seen]), uid(1)]),
            // what the drafts of RFC 8970 had
            tolerated(
                b" (PREVIEW (FUZZY \"x\"))",
                vec![A::Preview(Some(Box::new(IString::new("x").unwrap())))],
            ),
            // row 76
            Row::Lenient(
                b" ((ENVELOPE (NIL \"a\" NIL NIL NIL NIL NIL NIL NIL NIL)))",
                55,
                vec![envelope("a")],
            ),
            Row::Lenient(b" ((UID 1 ) FLAGS ())", 20, vec![uid(1), flags([])]),
            Row::Bad(b" x", 1),
            Row::Bad(b"(UID 1)", 0),
            Row::Bad(b" (UID 1 BODY[] {9}\r\na)", 22),
            Row::Bad(b" ((((UID 1))))", 2),
        ]);
    }

    #[test]
    fn what_lenient_repairs_is_invalid_before() {
        let octets = b" (UID 1 RFC822.SIZE 9.3736e+06)";
        assert_eq!(invalid_of(octets, Tolerance::Default).len(), 1);
        let frame = Bytes::from_static(octets);
        let cx = Context::new(&frame, Tolerance::Lenient);
        assert_eq!(Fetch::rule(&cx, &frame, ONE).unwrap().1.size(), Some(9_373_600.into()));
    }

    fn invalid_of(octets: &'static [u8], tolerance: Tolerance) -> Vec<(Bytes, Bytes, u32)> {
        let frame = Bytes::from_static(octets);
        let cx = Context::new(&frame, tolerance);
        let (rest, fetch) = Fetch::rule(&cx, &frame, ONE).unwrap();
        assert!(rest.is_empty());
        let mut output = wire::Output::new();
        fetch.encode(&mut Encoder::new(&mut output, Options::server()));
        assert_eq!(output.take_all(), octets, "written again");
        assert_eq!(fetch.detach(), fetch);
        let invalid = fetch.attributes.iter().filter_map(|attribute| match attribute {
            FetchAttribute::Invalid(invalid) => Some((
                Bytes::copy_from_slice(invalid.name.as_bytes()),
                Bytes::copy_from_slice(invalid.raw.as_bytes()),
                invalid.error.offset,
            )),
            _ => None,
        });
        let invalid: Vec<_> = invalid.collect();
        assert_eq!(fetch.attributes.len(), invalid.len() + 1, "{fetch:?}");
        assert_eq!(fetch.uid(), Some(ONE));
        invalid
    }

    #[test]
    fn one_broken_attribute_does_not_cost_the_rest() {
        for (octets, name, raw, offset) in [
            // row 78
            (
                &b" (INTERNALDATE \"00-Jan-0000 00:00:00 +0000\" UID 1)"[..],
                "INTERNALDATE",
                "\"00-Jan-0000 00:00:00 +0000\"",
                15,
            ),
            (b" (UID 1 INTERNALDATE NIL)", "INTERNALDATE", "NIL", 21),
            // row 82
            (b" (UID 1 BODY[])", "BODY[]", "", 14),
            (b" (BODY[HEADER.FIELDS (A)] UID 1)", "BODY[HEADER.FIELDS (A)]", "", 26),
            // row 89
            (b" (ENVELOPE (NIL \"a\" NIL) UID 1)", "ENVELOPE", "(NIL \"a\" NIL)", 23),
            (b" (BODYSTRUCTURE (\"TEXT\" {1}\r\n)) UID 1)", "BODYSTRUCTURE", "(\"TEXT\" {1}\r\n))", 30),
            (b" (FLAGS (a(b)) UID 1)", "FLAGS", "(a(b))", 10),
            (b" (RFC822.SIZE x UID 1)", "RFC822.SIZE", "x", 14),
            (b" (MODSEQ (1 2) UID 1)", "MODSEQ", "(1 2)", 11),
            (b" (EMAILID (a b) UID 1)", "EMAILID", "(a b)", 12),
            (b" (ANNOTATION x UID 1)", "ANNOTATION", "x", 13),
            (b" (BINARY.SIZE[1] NIL UID 1)", "BINARY.SIZE[1]", "NIL", 17),
            (b" (X-GM-MSGID 1x UID 1)", "X-GM-MSGID", "1x", 14),
        ] {
            let invalid = invalid_of(octets, Tolerance::Default);
            let expected =
                [(Bytes::from_static(name.as_bytes()), Bytes::from_static(raw.as_bytes()), offset)];
            assert_eq!(invalid, expected, "{}", octets.escape_ascii());
            let frame = Bytes::from_static(octets);
            let cx = Context::new(&frame, Tolerance::Strict);
            let error = Failure::of(Fetch::rule(&cx, &frame, ONE).unwrap_err());
            assert_eq!(octets.len() - error.left(), offset as usize, "{}", octets.escape_ascii());
        }
        // several; and depth is given back
        let frame = Bytes::from_static(
            b" (UID 0 FLAGS (a(b)) FLAGS (a(b)) FLAGS (a(b)) MODSEQ (1) ANNOTATION (a (b)))",
        );
        let cx = Context::new(&frame, Tolerance::Default).max_depth(2);
        let (_, fetch) = Fetch::rule(&cx, &frame, ONE).unwrap();
        assert_eq!((fetch.attributes.len(), fetch.mod_seq()), (6, Some(1.into())));
    }

    #[test]
    fn blanks_at_the_end_do_not_make_an_attribute() {
        for octets in [&b" (X FLAGS)"[..], b" (X FLAGS )", b" (X FLAGS ", b" (X FLAGS  )"] {
            let frame = Bytes::from_static(octets);
            let (_, attributes) = rule(&Context::new(&frame, Tolerance::Default), &frame).unwrap();
            assert_eq!(attributes, [other("X", "FLAGS")], "{}", octets.escape_ascii());
        }
    }

    #[test]
    fn a_repair_does_not_take_what_follows() {
        // with the parenthesis that is missing, it could be the end of a string in the body
        let broken = [
            "(\"a\" \"b\" NIL NIL NIL \"7BIT\" 1 NIL a\"b\"c\")]d\"",
            "(7\"\"()W N\"\"7\")7\"",
            "(\"\" \"\"()I\"T\"/ NIL)",
        ];
        for (body, end) in broken.into_iter().flat_map(|body| ["", ")", "BODY(\"\")"].map(|end| (body, end)))
        {
            let frame = Bytes::from(alloc::format!(" (BODY {body}{end}"));
            for tolerance in [Tolerance::Default, Tolerance::Lenient] {
                let (rest, attributes) = rule(&Context::new(&frame, tolerance), &frame).unwrap();
                let again = crate::core::testing::encoded(&attributes, |attributes, encoder| {
                    encode(attributes, encoder)
                });
                let (_, second) = rule(&Context::new(&again, tolerance), &again).unwrap();
                assert_eq!(second, attributes, "{} {tolerance:?}", frame.escape_ascii());
                assert!(rest.is_empty());
            }
        }
    }

    #[test]
    fn a_broken_section_is_the_same_however_many_blanks_are_in_it() {
        for blanks in ["", " ", "  "] {
            let octets = alloc::format!("BODY[HEAD.X{blanks}(a b)]");
            let frame = Bytes::from(alloc::format!(" ({octets} x)"));
            let (_, attributes) = rule(&Context::new(&frame, Tolerance::Default), &frame).unwrap();
            let [FetchAttribute::Invalid(invalid)] = &attributes[..] else { panic!("{attributes:?}") };
            assert_eq!((invalid.name.as_bytes(), invalid.raw.as_bytes()), (octets.as_bytes(), &b"x"[..]));
        }
    }

    #[test]
    fn what_stands_in_unknown_brackets_is_no_attribute() {
        for octets in ["A[ FLAGS (a) 8] 1", "A[ FLAGS (\"a\") 8] 1"] {
            let frame = Bytes::from(alloc::format!(" ({octets})"));
            let (_, attributes) = rule(&Context::new(&frame, Tolerance::Default), &frame).unwrap();
            assert_eq!(attributes, [other("A[", ""), flags([Flag::keyword("a").unwrap()]), other("8]", "1")]);
        }
    }

    #[test]
    fn an_unknown_attribute_has_one_value() {
        let new =
            |value: &'static str| OtherAttribute::new(&Atom::new("X").unwrap(), Raw::new(value).unwrap());
        assert!(new("(a b)").is_ok());
        assert!(new("").is_err());
        assert!(new("a b").is_err());
    }

    #[test]
    fn where_an_attribute_was_broken_is_no_part_of_it() {
        let read = |octets: &'static [u8]| {
            let frame = Bytes::from_static(octets);
            let (_, attributes) = rule(&Context::new(&frame, Tolerance::Default), &frame).unwrap();
            attributes
        };
        let broken = read(b" (X 1 UID a)");
        assert!(matches!(broken[..], [_, FetchAttribute::Invalid(_)]));
        assert_eq!(broken, read(b"  ( X 1  UID a)"));
        assert_ne!(broken, read(b" (X 1 UID b)"));
    }

    #[test]
    fn streamed_data_leaves_its_head() {
        let frame = Bytes::from_static(b" (UID 1 BODY[] {70000}\r\n BINARY[1] ~{80000}\r\n FLAGS ())");
        let heads: Vec<_> = memchr::memchr_iter(b'\n', &frame).map(|at| at + 1).collect();
        let cuts = [Cut { offset: heads[0], size: 70_000 }, Cut { offset: heads[1], size: 80_000 }];
        let cx = Context::new(&frame, Tolerance::Strict).cuts(&cuts);
        let (rest, fetch) = Fetch::rule(&cx, &frame, ONE).unwrap();
        assert!(rest.is_empty());
        let body = fetch.section(&Section::ALL).unwrap();
        assert_eq!(body.data, Some(MessageData::Streamed { size: 70_000.into(), binary: false }));
        let mut output = wire::Output::new();
        let mut encoder = Encoder::new(&mut output, Options::server());
        fetch.encode(&mut encoder);
        assert_eq!(encoder.cuts(), cuts);
        assert_eq!(output.take_all(), frame);
    }

    #[test]
    fn lists_are_bounded_and_attributes_small() {
        let frame = Bytes::from_static(b" (UID 1 UID 1 UID 1)");
        let cx = Context::new(&frame, Tolerance::Lenient).max_items(2);
        assert_eq!(Failure::of(Fetch::rule(&cx, &frame, ONE).unwrap_err()).kind(), ParseErrorKind::TooMany);
        assert!(size_of::<FetchAttribute>() <= 40, "{}", size_of::<FetchAttribute>());
    }

    proptest! {
        #[test]
        fn any_response_round_trips(fetch in Fetch::strategy()) {
            round_trip(
                &fetch,
                |cx, i| Fetch::rule(cx, i, fetch.number),
                |fetch, encoder| fetch.encode(encoder),
            );
            prop_assert_eq!(&fetch.detach(), &fetch);
        }

        #[test]
        fn what_is_accepted_is_written_so(octets in " \\((UID|FLAGS|BODY|BODY\\[[0-9.A-Z]{0,6}\\]|ENVELOPE|X|MODSEQ|BODYSTRUCTURE|INTERNALDATE)( {1,2}(\\(?(NIL|[0-9]{1,3}|\"[a-z\"]{0,3}\"|\\(\\)| |\\\\Seen|UID)\\)?){0,6} ?){0,4}\\)?") {
            let frame = Bytes::from(octets);
            for tolerance in [Tolerance::Default, Tolerance::Lenient] {
                let cx = Context::new(&frame, tolerance);
                let Ok((rest, fetch)) = Fetch::rule(&cx, &frame, ONE) else { continue };
                if !rest.is_empty() || fetch.attributes.is_empty() { continue }
                // without a value, they can take the next for theirs
                if fetch.attributes.iter().any(|a| matches!(a, FetchAttribute::Other(_))) { continue }
                let mut output = wire::Output::new();
                fetch.encode(&mut Encoder::new(&mut output, Options::server()));
                let again = output.take_all();
                let cx = Context::new(&again, tolerance);
                let (rest, second) = Fetch::rule(&cx, &again, ONE).unwrap();
                prop_assert!(rest.is_empty());
                // offsets of errors may differ
                let count = |fetch: &Fetch| fetch.attributes.iter().filter(|a| !matches!(a, FetchAttribute::Invalid(_))).cloned().collect::<Vec<_>>();
                prop_assert_eq!(count(&second), count(&fetch));
            }
        }
    }
}
