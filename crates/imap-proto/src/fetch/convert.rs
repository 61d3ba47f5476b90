//! CONVERT: parts of messages in another form (RFC 5259).

use super::body::BodyStructure;
use super::data::MessageData;
use super::response::{BinarySection, BinarySize, BodySection, InvalidAttribute, OtherAttribute};
use super::section::{self, PartNumber, Partial, Section};
use crate::core::syntax::{self, expected};
use crate::core::{Atom, Context, Encoder, IString, NonEmpty, Number64, Raw, SequenceSet, Tag};
use crate::rule;
use ::core::num::NonZeroU32;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use wire::keyword::key_of;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseErrorKind, Tolerance};

const UID: u128 = key_of("UID");
const BINARY: u128 = key_of("BINARY");
const BINARY_SIZE: u128 = key_of("BINARY.SIZE");
const BODY: u128 = key_of("BODY");

/// Names longer than a key.
fn is(word: &[u8], name: &str) -> bool {
    word.eq_ignore_ascii_case(name.as_bytes())
}

/// Arguments of CONVERT and UID CONVERT (RFC 5259 section 10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvertCommand {
    set: SequenceSet,
    /// Into which MIME type; `None` for what the server likes best.
    pub target: Option<IString>,
    /// How: names and values.
    pub params: Vec<(IString, IString)>,
    items: Vec<ConvertItem>,
}

/// What CONVERT asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConvertItem {
    /// `UID`
    Uid,
    /// `BODYPARTSTRUCTURE[...]`
    BodyPartStructure(PartNumber),
    /// `BINARY[...]`
    Binary {
        /// Which part.
        part: PartNumber,
        /// Which octets of it.
        partial: Option<Partial>,
    },
    /// `BINARY.SIZE[...]`
    BinarySize(PartNumber),
    /// `BODY[...]`: a header.
    Section(Box<Section>),
    /// `AVAILABLECONVERSIONS[...]`
    AvailableConversions(PartNumber),
}

/// `n CONVERTED (TAG x) (...)`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// The number of the message.
    pub number: NonZeroU32,
    /// The tag of the command.
    pub tag: Tag,
    /// What was made.
    pub attributes: NonEmpty<ConvertedAttribute>,
}

/// One thing that CONVERT has made, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConvertedAttribute {
    /// `UID`
    Uid(NonZeroU32),
    /// `BINARY[...]`
    Binary(Box<BinarySection>),
    /// `BINARY.SIZE[...]`
    BinarySize(Box<BinarySize>),
    /// `BODY[...]`
    Section(Box<BodySection>),
    /// `BODYPARTSTRUCTURE[...]`
    BodyPartStructure(Box<(PartNumber, BodyStructure)>),
    /// `AVAILABLECONVERSIONS[...]`: MIME types.
    AvailableConversions(Box<(PartNumber, Vec<IString>)>),
    /// Why something was not made.
    Error(Box<ConvertError>),
    /// Something else.
    Other(Box<OtherAttribute>),
    /// Something of which the value has not the form of its RFC.
    Invalid(Box<InvalidAttribute>),
}

/// `converterror-phrase`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvertError {
    name: Raw,
    /// For humans.
    pub description: IString,
    /// What is wrong.
    pub code: ConvertErrorCode,
    /// What belongs to the code.
    pub arguments: Raw,
}

/// `convert-error-code` (RFC 5259 section 10), without what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConvertErrorCode {
    /// `TEMPFAIL`: it may work later, maybe in so many seconds.
    TempFail,
    /// `BADPARAMETERS`: parameters that cannot be fulfilled.
    BadParameters,
    /// `MISSINGPARAMETERS`: parameters that must be there.
    MissingParameters,
    /// Another.
    Other(Atom),
}

impl ConvertErrorCode {
    /// The names that are known.
    pub const KEYWORDS: &'static [&'static str] = &["TEMPFAIL", "BADPARAMETERS", "MISSINGPARAMETERS"];

    fn of(word: &[u8], keep: impl FnOnce() -> bytes::Bytes) -> Self {
        match word {
            _ if is(word, "TEMPFAIL") => Self::TempFail,
            _ if is(word, "BADPARAMETERS") => Self::BadParameters,
            _ if is(word, "MISSINGPARAMETERS") => Self::MissingParameters,
            _ => Self::Other(Atom::known(keep())),
        }
    }

    fn name(&self) -> &[u8] {
        match self {
            Self::TempFail => b"TEMPFAIL",
            Self::BadParameters => b"BADPARAMETERS",
            Self::MissingParameters => b"MISSINGPARAMETERS",
            Self::Other(name) => name.as_bytes(),
        }
    }
}

impl ConvertCommand {
    /// These items of these messages.
    ///
    /// # Errors
    /// [`Misuse::Empty`]: no items.
    pub fn new(set: SequenceSet, target: Option<IString>, items: Vec<ConvertItem>) -> Result<Self, Misuse> {
        if items.is_empty() {
            Err(Misuse::Empty)
        } else {
            Ok(Self { set, target, params: Vec::new(), items })
        }
    }

    /// Which messages.
    #[must_use]
    pub fn set(&self) -> &SequenceSet {
        &self.set
    }

    /// What of them.
    #[must_use]
    pub fn items(&self) -> &[ConvertItem] {
        &self.items
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let item = |item: &ConvertItem| match item {
            ConvertItem::Section(section) => ConvertItem::Section(Box::new(section.detach())),
            item => item.clone(),
        };
        Self {
            set: self.set.clone(),
            target: self.target.as_ref().map(IString::detach),
            params: self.params.iter().map(|(name, value)| (name.detach(), value.detach())).collect(),
            items: self.items.iter().map(item).collect(),
        }
    }

    /// ```text
    /// convert         = "CONVERT" SP sequence-set SP convert-params SP ( convert-att / "(" convert-att *(SP convert-att) ")" )
    /// convert-params = "(" (quoted-to-mime-type / default-conversion) [SP "(" transcoding-params ")"] ")"
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, set) = SequenceSet::rule(cx, i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, ()) = syntax::octet(i, b'(', expected::OPEN)?;
        let (i, target) = syntax::nstring(cx, syntax::no_sp(cx, i))?;
        let (i, params) = if i.get(syntax::blanks(i)) == Some(&b'(') {
            let (i, ()) = syntax::sp_or_none(cx, i)?;
            let start = i;
            let (i, words) = syntax::list1(cx, i, syntax::astring)?;
            if words.len() % 2 != 0 {
                return fail(&start[start.len() - i.len() - 1..], expected::VALUE);
            }
            (i, words.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect())
        } else {
            (i, Vec::new())
        };
        let (i, ()) = syntax::octet(syntax::no_sp(cx, i), b')', expected::CLOSE)?;
        let (i, ()) = syntax::sp_or_none(cx, i)?;
        let (i, items) = if i.starts_with(b"(") {
            let (rest, items) = syntax::list(cx, i, ConvertItem::rule)?;
            if items.is_empty() {
                return fail(&i[1..], expected::FETCH_ATTRIBUTE);
            }
            (rest, items)
        } else {
            let (i, item) = ConvertItem::rule(cx, i)?;
            (i, vec![item])
        };
        Ok((i, Self { set, target, params, items }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        self.set.encode(encoder);
        encoder.put(b" (");
        encoder.nstring(self.target.as_ref());
        if !self.params.is_empty() {
            encoder.sp();
            encoder.list(&self.params, |encoder, (name, value)| {
                encoder.string(name);
                encoder.sp();
                encoder.string(value);
            });
        }
        encoder.put(b") ");
        match &self.items[..] {
            [one] => one.encode(encoder),
            all => encoder.list(all, |encoder, item| item.encode(encoder)),
        }
    }

    /// Any command, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let part = section::part_strategy;
        let item = prop_oneof![
            Just(ConvertItem::Uid),
            part().prop_map(ConvertItem::BodyPartStructure),
            (part(), proptest::option::of(Partial::strategy()))
                .prop_map(|(part, partial)| ConvertItem::Binary { part, partial }),
            part().prop_map(ConvertItem::BinarySize),
            part().prop_map(ConvertItem::AvailableConversions),
            Just(ConvertItem::Section(Box::new(Section::HEADER))),
        ];
        let params = proptest::collection::vec((IString::strategy(), IString::strategy()), 0..3);
        let items = proptest::collection::vec(item, 1..3);
        (SequenceSet::strategy(), proptest::option::of(IString::strategy()), params, items)
            .prop_map(|(set, target, params, items)| Self { set, target, params, items })
    }
}

impl ConvertItem {
    /// ```text
    /// convert-att     = "UID" / "BODYPARTSTRUCTURE" section-convert / "BINARY" section-convert [partial] /
    ///                   "BINARY.SIZE" section-convert / "BODY[HEADER]" / "BODY[" section-part ".HEADER]" /
    ///                   "BODY[" section-part ".MIME]" / "AVAILABLECONVERSIONS" section-convert
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, (key, word)) = syntax::keyword(i, expected::FETCH_ATTRIBUTE)?;
        match key {
            UID => Ok((rest, Self::Uid)),
            BINARY => {
                let (rest, part) = section::binary_section(cx, rest)?;
                let (rest, partial) = Partial::optional(cx, rest)?;
                Ok((rest, Self::Binary { part, partial }))
            }
            BINARY_SIZE => {
                section::binary_section(cx, rest).map(|(rest, part)| (rest, Self::BinarySize(part)))
            }
            BODY => Section::rule(cx, rest).map(|(rest, section)| (rest, Self::Section(Box::new(section)))),
            _ if is(word, "BODYPARTSTRUCTURE") => {
                section::binary_section(cx, rest).map(|(rest, part)| (rest, Self::BodyPartStructure(part)))
            }
            _ if is(word, "AVAILABLECONVERSIONS") => {
                section::binary_section(cx, rest).map(|(rest, part)| (rest, Self::AvailableConversions(part)))
            }
            _ => fail(i, expected::FETCH_ATTRIBUTE),
        }
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        let (name, part): (&[u8], _) = match self {
            Self::Uid => return encoder.put(b"UID"),
            Self::Section(section) => {
                encoder.put(b"BODY");
                return section.encode(encoder);
            }
            Self::BodyPartStructure(part) => (b"BODYPARTSTRUCTURE", part),
            Self::Binary { part, .. } => (b"BINARY", part),
            Self::BinarySize(part) => (b"BINARY.SIZE", part),
            Self::AvailableConversions(part) => (b"AVAILABLECONVERSIONS", part),
        };
        encoder.put(name);
        section::encode_binary(part, encoder);
        if let Self::Binary { partial: Some(partial), .. } = self {
            partial.encode(encoder);
        }
    }
}

impl Converted {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self {
            number: self.number,
            tag: self.tag.detach(),
            attributes: NonEmpty::known(self.attributes.iter().map(ConvertedAttribute::detach).collect()),
        }
    }

    /// ```text
    /// message-data   =/ nz-number SP "CONVERTED" SP convert-correlator SP convert-msg-attrs
    /// convert-correlator = "(" "TAG" SP tag-string ")"
    /// convert-msg-attrs = "(" convert-msg-att *(SP convert-msg-att) ")"
    /// ```
    /// Starts behind the keyword, which `number` stands before.
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8], number: NonZeroU32) -> Parsed<'i, Self> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, ()) = syntax::octet(i, b'(', expected::OPEN)?;
        let i = syntax::no_sp(cx, i);
        let Some(i) = syntax::after(i, b"TAG") else { return fail(i, expected::TAG) };
        let (i, ()) = syntax::sp(cx, i)?;
        let start = i;
        let (i, tag) = syntax::string(cx, i)?;
        let Ok(tag) = Tag::new(tag.to_bytes()) else { return fail(start, expected::TAG) };
        let (i, ()) = syntax::octet(syntax::no_sp(cx, i), b')', expected::CLOSE)?;
        let (i, ()) = syntax::sp_or_none(cx, i)?;
        let (i, attributes) = NonEmpty::list(cx, i, ConvertedAttribute::rule)?;
        Ok((i, Self { number, tag, attributes }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(b" (TAG ");
        encoder.string_octets(self.tag.as_bytes());
        encoder.put(b") ");
        encoder.list(&self.attributes, |encoder, attribute| attribute.encode(encoder));
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use ConvertedAttribute as A;
        use proptest::prelude::*;
        let part = section::part_strategy;
        let data = || proptest::option::of(MessageData::strategy());
        let attribute = prop_oneof![
            Just(A::Uid(NonZeroU32::MIN)),
            (part(), data()).prop_map(|(part, data)| A::Binary(Box::new(BinarySection {
                part,
                origin: None,
                data
            }))),
            (part(), Number64::strategy())
                .prop_map(|(part, size)| A::BinarySize(Box::new(BinarySize { part, size }))),
            data().prop_map(|data| A::Section(Box::new(BodySection {
                section: Section::HEADER,
                origin: None,
                data
            }))),
            (part(), proptest::collection::vec(IString::strategy(), 0..3))
                .prop_map(|found| A::AvailableConversions(Box::new(found))),
            (part(), BodyStructure::strategy())
                .prop_map(|found| A::BodyPartStructure(Box::new(found)))
                .boxed(),
            IString::strategy().prop_map(|description| A::Error(Box::new(ConvertError {
                name: Raw::known(bytes::Bytes::from_static(b"BINARY[3]")),
                description,
                code: ConvertErrorCode::TempFail,
                arguments: Raw::known(bytes::Bytes::from_static(b"5")),
            }))),
        ];
        (Tag::strategy(), NonEmpty::strategy(attribute.boxed(), 3)).prop_map(|(tag, attributes)| Self {
            number: NonZeroU32::MIN,
            tag,
            attributes,
        })
    }
}

impl ConvertedAttribute {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Binary(found) => Self::Binary(Box::new(BinarySection {
                part: found.part.clone(),
                origin: found.origin,
                data: found.data.as_ref().map(MessageData::detach),
            })),
            Self::Section(found) => Self::Section(Box::new(BodySection {
                section: found.section.detach(),
                origin: found.origin,
                data: found.data.as_ref().map(MessageData::detach),
            })),
            Self::BodyPartStructure(found) => {
                Self::BodyPartStructure(Box::new((found.0.clone(), found.1.detach())))
            }
            Self::AvailableConversions(found) => Self::AvailableConversions(Box::new((
                found.0.clone(),
                found.1.iter().map(IString::detach).collect(),
            ))),
            Self::Error(error) => Self::Error(Box::new(ConvertError {
                name: error.name.detach(),
                description: error.description.detach(),
                code: match &error.code {
                    ConvertErrorCode::Other(name) => ConvertErrorCode::Other(name.detach()),
                    known => known.clone(),
                },
                arguments: error.arguments.detach(),
            })),
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

    /// ```text
    /// convert-msg-att = msg-att-semistat / msg-att-conv-static
    /// msg-att-semistat = ( "BINARY" section-convert ["<" number ">"] SP (nstring / literal8 / converterror-phrase) ) / ...
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let error = match Self::typed(cx, i) {
            Ok((rest, found)) if matches!(rest.first(), None | Some(b' ' | b')' | b'\t')) => {
                return Ok((rest, found));
            }
            Ok((rest, _)) => Failure::at(rest, expected::CLOSE, ParseErrorKind::Syntax),
            Err(error) => error,
        };
        Self::invalid(cx, i, error)
    }

    /// Keeps what was not understood, so that it does not cost the rest.
    #[cold]
    fn invalid<'i>(cx: &Context<'_>, i: &'i [u8], error: nom::Err<Failure>) -> Parsed<'i, Self> {
        let Ok((rest, _)) = syntax::keyword(i, expected::FETCH_ATTRIBUTE) else { return Err(error) };
        cx.forget_repairs(i);
        let rest = super::response::unknown_head(rest);
        let head = &i[..i.len() - rest.len()];
        let value = &rest[syntax::blanks(rest)..];
        let (end, raw) = match value.first() {
            None | Some(b')') => (rest, Raw::default()),
            _ if value.len() == rest.len() => return Err(error),
            _ => match Raw::value(cx, value) {
                Ok(found) => found,
                Err(_) => return Err(error),
            },
        };
        if !cx.tolerates(Tolerance::Default, rule::INVALID_ITEM, &i[..i.len() - end.len()]) {
            return Err(error);
        }
        let error = cx.error(error, expected::name);
        let name = Raw::known(cx.keep(head));
        Ok((end, Self::Invalid(Box::new(InvalidAttribute { name, raw, error }))))
    }

    fn typed<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, (key, word)) = syntax::keyword(i, expected::FETCH_ATTRIBUTE)?;
        if key == UID {
            let (rest, ()) = syntax::sp(cx, rest)?;
            return syntax::nz_number(rest).map(|(rest, uid)| (rest, Self::Uid(uid)));
        }
        let structure = is(word, "BODYPARTSTRUCTURE");
        let available = is(word, "AVAILABLECONVERSIONS");
        if key == BODY {
            let (rest, section) = Section::rule(cx, rest)?;
            let (rest, origin) = section::origin(cx, rest)?;
            let head = &i[..i.len() - rest.len()];
            let (rest, ()) = syntax::sp(cx, rest)?;
            if rest.starts_with(b"(") {
                return ConvertError::rule(cx, rest, head)
                    .map(|(rest, error)| (rest, Self::Error(Box::new(error))));
            }
            let (rest, data) = MessageData::nstring(cx, rest, false)?;
            return Ok((rest, Self::Section(Box::new(BodySection { section, origin, data }))));
        }
        if !(structure || available || matches!(key, BINARY | BINARY_SIZE)) {
            let rest = super::response::unknown_head(rest);
            let name = Raw::known(cx.keep(&i[..i.len() - rest.len()]));
            let (rest, ()) = syntax::sp(cx, rest)?;
            let (rest, raw) = Raw::value(cx, rest)?;
            return Ok((rest, Self::Other(Box::new(OtherAttribute { name, raw }))));
        }
        let (rest, part) = section::binary_section(cx, rest)?;
        let (rest, origin) = if key == BINARY { section::origin(cx, rest)? } else { (rest, None) };
        let head = &i[..i.len() - rest.len()];
        let (rest, ()) = syntax::sp(cx, rest)?;
        if syntax::after(rest, b"(ERROR ").is_some() {
            return ConvertError::rule(cx, rest, head)
                .map(|(rest, error)| (rest, Self::Error(Box::new(error))));
        }
        if structure {
            let (rest, body) = BodyStructure::rule(cx, rest)?;
            return Ok((rest, Self::BodyPartStructure(Box::new((part, body)))));
        }
        if available {
            let (rest, ()) = syntax::octet(rest, b'(', expected::OPEN)?;
            let (rest, types) = syntax::list(cx, rest, syntax::string)?;
            let (rest, ()) = syntax::octet(rest, b')', expected::CLOSE)?;
            return Ok((rest, Self::AvailableConversions(Box::new((part, types)))));
        }
        if key == BINARY_SIZE {
            let (rest, size) = syntax::minus_or_number64(cx, rest)?;
            return Ok((rest, Self::BinarySize(Box::new(BinarySize { part, size }))));
        }
        let (rest, data) = MessageData::nstring(cx, rest, true)?;
        Ok((rest, Self::Binary(Box::new(BinarySection { part, origin, data }))))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        let head = |encoder: &mut Encoder<'_>, name: &[u8], part: &[NonZeroU32]| {
            encoder.put(name);
            section::encode_binary(part, encoder);
        };
        match self {
            Self::Uid(uid) => {
                encoder.put(b"UID ");
                encoder.number(u64::from(uid.get()));
            }
            Self::Binary(found) => {
                head(encoder, b"BINARY", &found.part);
                section::encode_origin(found.origin, encoder);
                encoder.sp();
                MessageData::encode_nstring(found.data.as_ref(), encoder);
            }
            Self::BinarySize(found) => {
                head(encoder, b"BINARY.SIZE", &found.part);
                encoder.sp();
                encoder.number(found.size.get());
            }
            Self::Section(found) => {
                encoder.put(b"BODY");
                found.section.encode(encoder);
                section::encode_origin(found.origin, encoder);
                encoder.sp();
                MessageData::encode_nstring(found.data.as_ref(), encoder);
            }
            Self::BodyPartStructure(found) => {
                head(encoder, b"BODYPARTSTRUCTURE", &found.0);
                encoder.sp();
                found.1.encode(encoder);
            }
            Self::AvailableConversions(found) => {
                head(encoder, b"AVAILABLECONVERSIONS", &found.0);
                encoder.put(b" (");
                encoder.list(&found.1, |encoder, name| encoder.string(name));
                encoder.put(b")");
            }
            Self::Error(error) => {
                error.name.encode(encoder);
                encoder.put(b" (ERROR ");
                encoder.string(&error.description);
                encoder.sp();
                encoder.put(error.code.name());
                if !error.arguments.is_empty() {
                    encoder.sp();
                    error.arguments.encode(encoder);
                }
                encoder.put(b")");
            }
            Self::Other(other) => super::response::encode_raw(&other.name, &other.raw, encoder),
            Self::Invalid(invalid) => super::response::encode_raw(&invalid.name, &invalid.raw, encoder),
        }
    }
}

impl ConvertError {
    /// Why an item was not made; of a part of its octets, only where they would start is told.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: the UID, which needs no conversion.
    pub fn new(
        item: &ConvertItem,
        description: IString,
        code: ConvertErrorCode,
        arguments: Raw,
    ) -> Result<Self, Misuse> {
        let mut output = wire::Output::new();
        let mut encoder = Encoder::new(&mut output, crate::core::Options::server());
        match item {
            ConvertItem::Uid => return Err(Misuse::Invalid("item to convert")),
            ConvertItem::Binary { part, partial } => {
                encoder.put(b"BINARY");
                section::encode_binary(part, &mut encoder);
                let origin = partial.and_then(|partial| Number64::new(partial.offset()).ok());
                section::encode_origin(origin, &mut encoder);
            }
            item => item.encode(&mut encoder),
        }
        Ok(Self { name: Raw::known(output.take_all()), description, code, arguments })
    }

    /// What was asked for, with its part.
    #[must_use]
    pub fn name(&self) -> &Raw {
        &self.name
    }

    /// `converterror-phrase = "(" "ERROR" SP convert-err-descript SP convert-error-code ")"`
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8], name: &[u8]) -> Parsed<'i, Self> {
        let Some(i) = syntax::after(i, b"(ERROR") else { return fail(i, expected::VALUE) };
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, description) = syntax::string(cx, i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, code) = syntax::atom(i)?;
        let (i, arguments) = if i.starts_with(b" ") { Raw::rest(cx, &i[1..])? } else { (i, Raw::default()) };
        let (i, ()) = syntax::octet(i, b')', expected::CLOSE)?;
        let (name, code) = (Raw::known(cx.keep(name)), ConvertErrorCode::of(code, || cx.keep(code)));
        Ok((i, Self { name, description, code, arguments }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    fn part(n: u32) -> PartNumber {
        NonZeroU32::new(n).into_iter().collect()
    }

    fn string(text: &'static str) -> IString {
        IString::new(text).unwrap()
    }

    #[test]
    fn commands() {
        let set = || SequenceSet::one(NonZeroU32::new(2).unwrap());
        let binary = |n| ConvertItem::Binary { part: part(n), partial: None };
        let command = |target: Option<&'static str>, params: &[(&'static str, &'static str)], items| {
            let params = params.iter().map(|&(name, value)| (string(name), string(value))).collect();
            ConvertCommand { params, ..ConvertCommand::new(set(), target.map(string), items).unwrap() }
        };
        check(
            ConvertCommand::rule,
            |command, encoder| command.encode(encoder),
            &[
                Row::Good(
                    b" 2 (\"APPLICATION/PDF\") BINARY[3]",
                    command(Some("APPLICATION/PDF"), &[], vec![binary(3)]),
                ),
                Row::Good(
                    b" 2 (NIL (\"CHARSET\" \"utf-8\")) BODY[HEADER]",
                    command(
                        None,
                        &[("CHARSET", "utf-8")],
                        vec![ConvertItem::Section(Box::new(Section::HEADER))],
                    ),
                ),
                Row::Good(
                    b" 2 (NIL) (BINARY[2] BODYPARTSTRUCTURE[2] BINARY.SIZE[4] AVAILABLECONVERSIONS[2] UID)",
                    command(
                        None,
                        &[],
                        vec![
                            binary(2),
                            ConvertItem::BodyPartStructure(part(2)),
                            ConvertItem::BinarySize(part(4)),
                            ConvertItem::AvailableConversions(part(2)),
                            ConvertItem::Uid,
                        ],
                    ),
                ),
                Row::Bad(b" 2 (NIL) ()", 10),
                Row::Bad(b" 2 (NIL) FLAGS", 9),
                Row::Bad(b" 2 NIL UID", 3),
            ],
        );
    }

    #[test]
    fn responses() {
        use ConvertedAttribute as A;
        let converted = |attributes: Vec<A>| Converted {
            number: NonZeroU32::MIN,
            tag: Tag::new("b2").unwrap(),
            attributes: NonEmpty::new(attributes).unwrap(),
        };
        let error = ConvertError {
            name: Raw::new("BINARY[3]").unwrap(),
            description: string("no"),
            code: ConvertErrorCode::BadParameters,
            arguments: Raw::new("\"text/html\" (\"charset\" \"x\")").unwrap(),
        };
        let invalid = |name: &'static str, raw: &'static str| {
            A::Invalid(Box::new(InvalidAttribute {
                name: Raw::known(name.into()),
                raw: Raw::new(raw).unwrap(),
                // not compared
                error: Context::new(&"x".into(), Tolerance::Strict)
                    .error(fail::<()>(b"x", expected::VALUE).unwrap_err(), expected::name),
            }))
        };
        check(
            |cx, i| Converted::rule(cx, i, NonZeroU32::MIN),
            |converted, encoder| converted.encode(encoder),
            &[
                Row::Good(
                    b" (TAG \"b2\") (UID 100 BINARY[2] ~{2}\r\na\0 BINARY.SIZE[4] 3135)",
                    converted(vec![
                        A::Uid(NonZeroU32::new(100).unwrap()),
                        A::Binary(Box::new(BinarySection {
                            part: part(2),
                            origin: None,
                            data: Some(MessageData::new("a\0")),
                        })),
                        A::BinarySize(Box::new(BinarySize { part: part(4), size: 3135.into() })),
                    ]),
                ),
                Row::Other(
                    b" (tag \"b2\") (BINARY[3] (ERROR \"no\" BADPARAMETERS \"text/html\" (\"charset\" \"x\")))",
                    converted(vec![A::Error(Box::new(error))]),
                ),
                Row::Good(
                    b" (TAG \"b2\") (AVAILABLECONVERSIONS[2] ((\"IMAGE/JPEG\" \"application/PostScript\")))",
                    converted(vec![A::AvailableConversions(Box::new((
                        part(2),
                        vec![string("IMAGE/JPEG"), string("application/PostScript")],
                    )))]),
                ),
                Row::Good(
                    b" (TAG \"b2\") (X-NEW[2] (a))",
                    converted(vec![A::Other(Box::new(OtherAttribute {
                        name: Raw::known(bytes::Bytes::from_static(b"X-NEW[2]")),
                        raw: Raw::new("(a)").unwrap(),
                    }))]),
                ),
                // one broken item does not cost the rest
                Row::Tolerated(
                    b" (TAG \"b2\") (UID 1 BODYPARTSTRUCTURE[2] (x) BINARY.SIZE[4] 5)",
                    61,
                    converted(vec![
                        A::Uid(NonZeroU32::MIN),
                        invalid("BODYPARTSTRUCTURE[2]", "(x)"),
                        A::BinarySize(Box::new(BinarySize { part: part(4), size: 5.into() })),
                    ]),
                ),
                Row::Tolerated(b" (TAG \"b2\") (UID 0)", 19, converted(vec![invalid("UID", "0")])),
                Row::Tolerated(b" (TAG \"b2\") (BINARY[3])", 23, converted(vec![invalid("BINARY[3]", "")])),
                Row::Bad(b" (TAG \"b2\") ()", 13),
                Row::Bad(b" (TAG \"\") (UID 1)", 6),
                Row::Bad(b" (UID 1)", 2),
            ],
        );
    }

    proptest! {
        #[test]
        fn any_round_trips(command in ConvertCommand::strategy(), converted in Converted::strategy()) {
            round_trip(&command, ConvertCommand::rule, |command, encoder| command.encode(encoder));
            round_trip(
                &converted,
                |cx, i| Converted::rule(cx, i, NonZeroU32::MIN),
                |converted, encoder| converted.encode(encoder),
            );
            prop_assert_eq!(command.detach(), command);
            prop_assert_eq!(converted.detach(), converted);
        }
    }
}
