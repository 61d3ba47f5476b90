//! The arguments of FETCH.

use super::annotation::AnnotationQuery;
use super::section::{self, PartNumber, Partial, PartialRange, Section, ends};
use crate::core::syntax::{self, expected};
use crate::core::{Atom, Context, Encoder, Number64, Parameter, Raw, SequenceSet};
use crate::rule;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use wire::keyword::key_of;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseErrorKind, Tolerance};

/// Arguments of FETCH and UID FETCH (RFC 9051 section 6.4.5, RFC 4466).
///
/// ```
/// use imap_proto::{FetchCommand, FetchItem, FetchModifier, SequenceSet};
///
/// let changes = FetchCommand::new(SequenceSet::all(), vec![FetchItem::Uid, FetchItem::Flags])?
///     .with(FetchModifier::ChangedSince(12_345.into()));
/// # assert_eq!(changes.modifiers().len(), 1);
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FetchCommand {
    set: SequenceSet,
    items: FetchItems,
    modifiers: Vec<FetchModifier>,
}

/// What FETCH asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FetchItems {
    /// `ALL`: FLAGS INTERNALDATE RFC822.SIZE ENVELOPE
    All,
    /// `FAST`: FLAGS INTERNALDATE RFC822.SIZE
    Fast,
    /// `FULL`: FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY
    Full,
    /// These.
    Items(Vec<FetchItem>),
}

impl FetchItems {
    /// The items, also those that a macro stands for: for servers that know `ALL` and the like only too well
    /// (rule 119 of the project's list of quirks), and for those that answer them.
    #[must_use]
    pub fn expanded(&self) -> &[FetchItem] {
        const FULL: &[FetchItem] = &[
            FetchItem::Flags,
            FetchItem::InternalDate,
            FetchItem::Size,
            FetchItem::Envelope,
            FetchItem::Body,
        ];
        match self {
            Self::All => &FULL[..4],
            Self::Fast => &FULL[..3],
            Self::Full => FULL,
            Self::Items(items) => items,
        }
    }
}

impl From<Vec<FetchItem>> for FetchItems {
    fn from(items: Vec<FetchItem>) -> Self {
        Self::Items(items)
    }
}

/// One thing that FETCH asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FetchItem {
    /// `UID`
    Uid,
    /// `FLAGS`
    Flags,
    /// `INTERNALDATE`
    InternalDate,
    /// `RFC822.SIZE`
    Size,
    /// `ENVELOPE`
    Envelope,
    /// `BODY`: the structure without extension data.
    Body,
    /// `BODYSTRUCTURE`
    BodyStructure,
    /// `BODY[...]`, `BODY.PEEK[...]`
    Section(Box<SectionQuery>),
    /// `RFC822` (RFC 3501)
    Rfc822,
    /// `RFC822.HEADER` (RFC 3501)
    Rfc822Header,
    /// `RFC822.TEXT` (RFC 3501)
    Rfc822Text,
    /// `BINARY[...]`, `BINARY.PEEK[...]`
    Binary(Box<BinaryQuery>),
    /// `BINARY.SIZE[...]`
    BinarySize(PartNumber),
    /// `MODSEQ` (RFC 7162)
    ModSeq,
    /// `EMAILID` (RFC 8474)
    EmailId,
    /// `THREADID` (RFC 8474)
    ThreadId,
    /// `SAVEDATE` (RFC 8514)
    SaveDate,
    /// `PREVIEW` (RFC 8970)
    Preview {
        /// `LAZY`: only if it costs the server nothing.
        lazy: bool,
    },
    /// `ANNOTATION` (RFC 5257)
    Annotation(Box<AnnotationQuery>),
    /// `X-GM-MSGID`
    GmailMessageId,
    /// `X-GM-THRID`
    GmailThreadId,
    /// `X-GM-LABELS`
    GmailLabels,
    /// Another item, and its arguments in parentheses.
    Other(Box<Parameter>),
}

/// What stands in `BODY[...]` of a FETCH command.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct SectionQuery {
    /// `BODY.PEEK`: the message does not become `\Seen`.
    pub peek: bool,
    /// Which part.
    pub section: Section,
    /// Which octets of it.
    pub partial: Option<Partial>,
}

/// What stands in `BINARY[...]` of a FETCH command.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct BinaryQuery {
    /// `BINARY.PEEK`: the message does not become `\Seen`.
    pub peek: bool,
    /// Which part.
    pub part: PartNumber,
    /// Which octets of it.
    pub partial: Option<Partial>,
}

/// `fetch-modifier` (RFC 4466).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FetchModifier {
    /// `CHANGEDSINCE` (RFC 7162): only messages with a larger mod-sequence.
    ChangedSince(Number64),
    /// `VANISHED` (RFC 7162): also tell which are gone.
    Vanished,
    /// `PARTIAL` (RFC 9394): only some of the messages.
    Partial(PartialRange),
    /// Another modifier.
    Other(Parameter),
}

impl FetchCommand {
    /// These items of these messages.
    ///
    /// # Errors
    /// [`Misuse::Empty`]: no items.
    pub fn new(set: SequenceSet, items: impl Into<FetchItems>) -> Result<Self, Misuse> {
        let items = items.into();
        if items.expanded().is_empty() {
            return Err(Misuse::Empty);
        }
        Ok(Self { set, items, modifiers: Vec::new() })
    }

    /// Adds a modifier.
    #[must_use]
    pub fn with(mut self, modifier: FetchModifier) -> Self {
        self.modifiers.push(modifier);
        self
    }

    /// Which messages.
    #[must_use]
    pub fn set(&self) -> &SequenceSet {
        &self.set
    }

    /// What of them.
    #[must_use]
    pub fn items(&self) -> &FetchItems {
        &self.items
    }

    /// The modifiers.
    #[must_use]
    pub fn modifiers(&self) -> &[FetchModifier] {
        &self.modifiers
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let items = match &self.items {
            FetchItems::Items(items) => FetchItems::Items(items.iter().map(FetchItem::detach).collect()),
            a_macro => a_macro.clone(),
        };
        let modifier = |modifier: &FetchModifier| match modifier {
            FetchModifier::Other(parameter) => FetchModifier::Other(parameter.detach()),
            modifier => modifier.clone(),
        };
        Self { set: self.set.clone(), items, modifiers: self.modifiers.iter().map(modifier).collect() }
    }

    /// ```text
    /// fetch           = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" / fetch-att /
    ///                   "(" fetch-att *(SP fetch-att) ")") [fetch-modifiers]
    /// fetch-modifiers = SP "(" fetch-modifier *(SP fetch-modifier) ")"
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, set) = SequenceSet::rule(cx, i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, items) = FetchItems::rule(cx, i)?;
        let (i, modifiers) = match i.get(syntax::blanks(i)) {
            Some(b'(') => {
                let (i, ()) = syntax::sp_or_none(cx, i)?;
                syntax::list1(cx, i, FetchModifier::rule)?
            }
            _ => (i, Vec::new()),
        };
        Ok((i, Self { set, items, modifiers }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        self.set.encode(encoder);
        encoder.sp();
        match &self.items {
            a_macro @ (FetchItems::All | FetchItems::Fast | FetchItems::Full)
                if encoder.options().expand_macros =>
            {
                encoder.list(a_macro.expanded(), |encoder, item| item.encode(encoder));
            }
            FetchItems::All => encoder.put(b"ALL"),
            FetchItems::Fast => encoder.put(b"FAST"),
            FetchItems::Full => encoder.put(b"FULL"),
            FetchItems::Items(items) => match &items[..] {
                [one] if one.is_one_word() => one.encode(encoder),
                all => encoder.list(all, |encoder, item| item.encode(encoder)),
            },
        }
        if !self.modifiers.is_empty() {
            encoder.sp();
            encoder.list(&self.modifiers, |encoder, modifier| modifier.encode(encoder));
        }
    }

    /// Any command, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let items = prop_oneof![
            Just(FetchItems::All),
            Just(FetchItems::Fast),
            Just(FetchItems::Full),
            proptest::collection::vec(FetchItem::strategy(), 1..5).prop_map(FetchItems::Items),
        ];
        let modifier = prop_oneof![
            Number64::strategy().prop_filter("0", |n| n.get() > 0).prop_map(FetchModifier::ChangedSince),
            Just(FetchModifier::Vanished),
            PartialRange::strategy().prop_map(FetchModifier::Partial),
            Parameter::strategy().prop_map(FetchModifier::Other),
        ];
        (SequenceSet::strategy(), items, proptest::collection::vec(modifier, 0..3))
            .prop_map(|(set, items, modifiers)| Self { set, items, modifiers })
    }
}

impl FetchItems {
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        if i.starts_with(b"(") {
            let (rest, items) = syntax::list(cx, i, FetchItem::rule)?;
            if items.is_empty() {
                return fail(&i[1..], expected::FETCH_ATTRIBUTE);
            }
            return Ok((rest, Self::Items(items)));
        }
        for (word, a_macro) in [(&b"ALL"[..], Self::All), (b"FAST", Self::Fast), (b"FULL", Self::Full)] {
            if let Some(rest) = syntax::after(i, word).filter(|rest| ends(rest)) {
                return Ok((rest, a_macro));
            }
        }
        let (rest, item) = FetchItem::rule(cx, i)?;
        Ok((rest, Self::Items(vec![item])))
    }
}

impl FetchItem {
    /// Whether nothing in parentheses can stand behind it, so that it needs none around it.
    fn is_one_word(&self) -> bool {
        !matches!(self, Self::Preview { .. } | Self::Annotation(_) | Self::Other(_))
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Section(query) => {
                let SectionQuery { peek, section, partial } = &**query;
                Self::Section(Box::new(SectionQuery {
                    peek: *peek,
                    section: section.detach(),
                    partial: *partial,
                }))
            }
            Self::Annotation(query) => Self::Annotation(Box::new(query.detach())),
            Self::Other(parameter) => Self::Other(Box::new(parameter.detach())),
            item => item.clone(),
        }
    }

    /// ```text
    /// fetch-att       = "ENVELOPE" / "FLAGS" / "INTERNALDATE" / "RFC822.SIZE" / "BODY" ["STRUCTURE"] / "UID" /
    ///                   "BODY" section [partial] / "BODY.PEEK" section [partial] /
    ///                   "BINARY" [".PEEK"] section-binary [partial] / "BINARY.SIZE" section-binary
    /// fetch-att       =/ "RFC822" [".HEADER" / ".TEXT"]
    /// fetch-att       =/ "PREVIEW" [SP "(" preview-mod *(SP preview-mod) ")"]
    /// fetch-att       =/ "ANNOTATION" SP "(" entries SP attribs ")"
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const UID: u128 = key_of("UID");
        const FLAGS: u128 = key_of("FLAGS");
        const INTERNALDATE: u128 = key_of("INTERNALDATE");
        const SIZE: u128 = key_of("RFC822.SIZE");
        const ENVELOPE: u128 = key_of("ENVELOPE");
        const BODY: u128 = key_of("BODY");
        const PEEK: u128 = key_of("BODY.PEEK");
        const STRUCTURE: u128 = key_of("BODYSTRUCTURE");
        const RFC822: u128 = key_of("RFC822");
        const HEADER: u128 = key_of("RFC822.HEADER");
        const TEXT: u128 = key_of("RFC822.TEXT");
        const BINARY: u128 = key_of("BINARY");
        const BINARY_PEEK: u128 = key_of("BINARY.PEEK");
        const BINARY_SIZE: u128 = key_of("BINARY.SIZE");
        const MODSEQ: u128 = key_of("MODSEQ");
        const EMAILID: u128 = key_of("EMAILID");
        const THREADID: u128 = key_of("THREADID");
        const SAVEDATE: u128 = key_of("SAVEDATE");
        const PREVIEW: u128 = key_of("PREVIEW");
        const ANNOTATION: u128 = key_of("ANNOTATION");
        const MSGID: u128 = key_of("X-GM-MSGID");
        const THRID: u128 = key_of("X-GM-THRID");
        const LABELS: u128 = key_of("X-GM-LABELS");
        let (rest, (key, word)) = syntax::keyword(i, expected::FETCH_ATTRIBUTE)?;
        let bracket = rest.starts_with(b"[");
        let item = match key {
            BODY | PEEK if bracket => {
                let (rest, section) = Section::rule(cx, rest)?;
                let (rest, partial) = Partial::optional(cx, rest)?;
                let query = SectionQuery { peek: key == PEEK, section, partial };
                return Ok((rest, Self::Section(Box::new(query))));
            }
            BINARY | BINARY_PEEK if bracket => {
                let (rest, part) = section::binary_section(cx, rest)?;
                let (rest, partial) = Partial::optional(cx, rest)?;
                let query = BinaryQuery { peek: key == BINARY_PEEK, part, partial };
                return Ok((rest, Self::Binary(Box::new(query))));
            }
            BINARY_SIZE if bracket => {
                return section::binary_section(cx, rest).map(|(rest, part)| (rest, Self::BinarySize(part)));
            }
            _ if bracket => return fail(rest, expected::FETCH_ATTRIBUTE),
            UID => Self::Uid,
            FLAGS => Self::Flags,
            INTERNALDATE => Self::InternalDate,
            SIZE => Self::Size,
            ENVELOPE => Self::Envelope,
            BODY => Self::Body,
            STRUCTURE => Self::BodyStructure,
            RFC822 => Self::Rfc822,
            HEADER => Self::Rfc822Header,
            TEXT => Self::Rfc822Text,
            MODSEQ => Self::ModSeq,
            EMAILID => Self::EmailId,
            THREADID => Self::ThreadId,
            SAVEDATE => Self::SaveDate,
            MSGID => Self::GmailMessageId,
            THRID => Self::GmailThreadId,
            LABELS => Self::GmailLabels,
            PREVIEW => {
                // modifiers of the command may follow too
                return match syntax::after(rest, b" (LAZY)") {
                    Some(rest) => Ok((rest, Self::Preview { lazy: true })),
                    None => Ok((rest, Self::Preview { lazy: false })),
                };
            }
            ANNOTATION => {
                let (rest, ()) = syntax::sp(cx, rest)?;
                let (rest, query) = AnnotationQuery::rule(cx, rest)?;
                return Ok((rest, Self::Annotation(Box::new(query))));
            }
            _ => return Self::other(cx, rest, word),
        };
        Ok((rest, item))
    }

    /// An unknown item, and what is in parentheses behind it.
    fn other<'i>(cx: &Context<'_>, i: &'i [u8], word: &[u8]) -> Parsed<'i, Self> {
        let name = Atom::known(cx.keep(word));
        let (i, value) = match i {
            [b' ', value @ ..] if value.starts_with(b"(") => {
                let (rest, value) = Raw::value(cx, value)?;
                (rest, Some(value))
            }
            _ => (i, None),
        };
        Ok((i, Self::Other(Box::new(Parameter { name, value }))))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(match self {
            Self::Uid => b"UID",
            Self::Flags => b"FLAGS",
            Self::InternalDate => b"INTERNALDATE",
            Self::Size => b"RFC822.SIZE",
            Self::Envelope => b"ENVELOPE",
            Self::Body => b"BODY",
            Self::BodyStructure => b"BODYSTRUCTURE",
            Self::Rfc822 => b"RFC822",
            Self::Rfc822Header => b"RFC822.HEADER",
            Self::Rfc822Text => b"RFC822.TEXT",
            Self::ModSeq => b"MODSEQ",
            Self::EmailId => b"EMAILID",
            Self::ThreadId => b"THREADID",
            Self::SaveDate => b"SAVEDATE",
            Self::Preview { lazy: false } => b"PREVIEW",
            Self::Preview { lazy: true } => b"PREVIEW (LAZY)",
            Self::GmailMessageId => b"X-GM-MSGID",
            Self::GmailThreadId => b"X-GM-THRID",
            Self::GmailLabels => b"X-GM-LABELS",
            Self::Section(query) => {
                encoder.put(if query.peek { b"BODY.PEEK" } else { b"BODY" });
                query.section.encode(encoder);
                return encode_partial(query.partial, encoder);
            }
            Self::Binary(query) => {
                encoder.put(if query.peek { b"BINARY.PEEK" } else { b"BINARY" });
                section::encode_binary(&query.part, encoder);
                return encode_partial(query.partial, encoder);
            }
            Self::BinarySize(part) => {
                encoder.put(b"BINARY.SIZE");
                return section::encode_binary(part, encoder);
            }
            Self::Annotation(query) => {
                encoder.put(b"ANNOTATION ");
                return query.encode(encoder);
            }
            Self::Other(parameter) => return parameter.encode(encoder),
        });
    }

    /// Any item, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let other =
            ("X-[A-Z.]{1,8}", proptest::option::of(Just("(a (b) \"c)\")"))).prop_map(|(name, value)| {
                Self::Other(Box::new(Parameter {
                    name: Atom::known(name.into()),
                    value: value.map(|value| Raw::known(value.into())),
                }))
            });
        let partial = || proptest::option::of(Partial::strategy());
        prop_oneof![
            6 => prop::sample::select(vec![
                Self::Uid,
                Self::Flags,
                Self::InternalDate,
                Self::Size,
                Self::Envelope,
                Self::Body,
                Self::BodyStructure,
                Self::Rfc822,
                Self::Rfc822Header,
                Self::Rfc822Text,
                Self::ModSeq,
                Self::EmailId,
                Self::ThreadId,
                Self::SaveDate,
                Self::Preview { lazy: false },
                Self::Preview { lazy: true },
                Self::GmailMessageId,
                Self::GmailThreadId,
                Self::GmailLabels,
            ]),
            3 => (any::<bool>(), Section::strategy(), partial())
                .prop_map(|(peek, section, partial)| Self::Section(Box::new(SectionQuery { peek, section, partial }))),
            1 => (any::<bool>(), section::part_strategy(), partial())
                .prop_map(|(peek, part, partial)| Self::Binary(Box::new(BinaryQuery { peek, part, partial }))),
            1 => section::part_strategy().prop_map(Self::BinarySize),
            1 => AnnotationQuery::strategy().prop_map(|query| Self::Annotation(Box::new(query))),
            1 => other,
        ]
    }
}

fn encode_partial(partial: Option<Partial>, encoder: &mut Encoder<'_>) {
    if let Some(partial) = partial {
        partial.encode(encoder);
    }
}

impl FetchModifier {
    /// ```text
    /// fetch-modifier      = fetch-modifier-name [ SP fetch-modif-params ]
    /// fetch-modifier      =/ chgsince-fetch-mod / rexpunges-fetch-mod / modifier-partial
    /// chgsince-fetch-mod  = "CHANGEDSINCE" SP mod-sequence-value
    /// rexpunges-fetch-mod = "VANISHED"
    /// modifier-partial    = "PARTIAL" SP partial-range
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const CHANGEDSINCE: u128 = key_of("CHANGEDSINCE");
        const VANISHED: u128 = key_of("VANISHED");
        const PARTIAL: u128 = key_of("PARTIAL");
        let (rest, (key, word)) = syntax::keyword(i, expected::MODIFIER)?;
        match key {
            CHANGEDSINCE => {
                let (rest, ()) = syntax::sp(cx, rest)?;
                let (end, number) = syntax::minus_or_number64(cx, rest)?;
                // 0 is no `mod-sequence-value`; a negative one was remarked already
                if number == Number64::ZERO
                    && rest[0] == b'0'
                    && !cx.tolerates(Tolerance::Default, rule::NUMBER_RANGE, &rest[..rest.len() - end.len()])
                {
                    return Err(Failure::at(rest, expected::NZ_NUMBER, ParseErrorKind::Range));
                }
                Ok((end, Self::ChangedSince(number)))
            }
            VANISHED => Ok((rest, Self::Vanished)),
            PARTIAL => {
                let (rest, ()) = syntax::sp(cx, rest)?;
                let (rest, range) = PartialRange::rule(cx, rest)?;
                Ok((rest, Self::Partial(range)))
            }
            _ => Parameter::after_name(cx, rest, word).map(|(rest, other)| (rest, Self::Other(other))),
        }
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        match self {
            Self::ChangedSince(number) => {
                encoder.put(b"CHANGEDSINCE ");
                encoder.number(number.get());
            }
            Self::Vanished => encoder.put(b"VANISHED"),
            Self::Partial(range) => {
                encoder.put(b"PARTIAL ");
                range.encode(encoder);
            }
            Self::Other(parameter) => parameter.encode(encoder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::IString;
    use crate::core::testing::{Row, check, round_trip};
    use crate::fetch::SectionText;
    use ::core::num::{NonZeroU32, NonZeroU64};
    use proptest::prelude::*;

    fn fetch(set: &str, items: impl Into<FetchItems>) -> FetchCommand {
        FetchCommand::new(SequenceSet::parse(set.as_bytes()).unwrap(), items).unwrap()
    }

    fn section(peek: bool, section: Section, partial: Option<(u64, u64)>) -> FetchItem {
        let partial =
            partial.map(|(offset, length)| Partial::new(offset, NonZeroU64::new(length).unwrap()).unwrap());
        FetchItem::Section(Box::new(SectionQuery { peek, section, partial }))
    }

    #[test]
    fn commands() {
        let header =
            SectionText::HeaderFields(vec![IString::new("DATE").unwrap(), IString::new("FROM").unwrap()]);
        let header = Section::new(Vec::new(), header).unwrap();
        let one = || vec![NonZeroU32::MIN];
        let binary = |peek, partial| FetchItem::Binary(Box::new(BinaryQuery { peek, part: one(), partial }));
        let parameter = |name: &'static str, value: &'static str| Parameter {
            name: Atom::new(name).unwrap(),
            value: Some(Raw::new(value).unwrap()),
        };
        let lazy = || vec![FetchItem::Preview { lazy: true }];
        check(
            FetchCommand::rule,
            |command, encoder| command.encode(encoder),
            &[
                Row::Good(b" 4 ALL", fetch("4", FetchItems::All)),
                Row::Good(b" 8,10,13:16 FAST", fetch("8,10,13:16", FetchItems::Fast)),
                Row::Good(b" 1 FULL", fetch("1", FetchItems::Full)),
                Row::Good(b" 4827313:4828442 FLAGS", fetch("4827313:4828442", vec![FetchItem::Flags])),
                Row::Other(b" 77:79 (FLAGS)", fetch("77:79", vec![FetchItem::Flags])),
                Row::Good(
                    b" 2:4 (FLAGS BODY[HEADER.FIELDS (DATE FROM)])",
                    fetch("2:4", vec![FetchItem::Flags, section(false, header, None)]),
                ),
                Row::Good(
                    b" 1 (UID INTERNALDATE RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE RFC822 RFC822.HEADER RFC822.TEXT)",
                    fetch(
                        "1",
                        vec![
                            FetchItem::Uid,
                            FetchItem::InternalDate,
                            FetchItem::Size,
                            FetchItem::Envelope,
                            FetchItem::Body,
                            FetchItem::BodyStructure,
                            FetchItem::Rfc822,
                            FetchItem::Rfc822Header,
                            FetchItem::Rfc822Text,
                        ],
                    ),
                ),
                Row::Good(
                    b" 1 BODY.PEEK[]<0.2048>",
                    fetch("1", vec![section(true, Section::ALL, Some((0, 2048)))]),
                ),
                Row::Good(
                    b" 1 (BINARY[1] BINARY.PEEK[1]<1.2> BINARY.SIZE[])",
                    fetch(
                        "1",
                        vec![
                            binary(false, None),
                            binary(true, Some(Partial::new(1, NonZeroU64::new(2).unwrap()).unwrap())),
                            FetchItem::BinarySize(Vec::new()),
                        ],
                    ),
                ),
                Row::Good(
                    b" 1 (MODSEQ EMAILID THREADID SAVEDATE PREVIEW X-GM-MSGID X-GM-THRID X-GM-LABELS)",
                    fetch(
                        "1",
                        vec![
                            FetchItem::ModSeq,
                            FetchItem::EmailId,
                            FetchItem::ThreadId,
                            FetchItem::SaveDate,
                            FetchItem::Preview { lazy: false },
                            FetchItem::GmailMessageId,
                            FetchItem::GmailThreadId,
                            FetchItem::GmailLabels,
                        ],
                    ),
                ),
                Row::Good(b" $ (PREVIEW (LAZY))", fetch("$", lazy())),
                Row::Other(b" $ preview (lazy)", fetch("$", lazy())),
                Row::Good(
                    b" 1 (PREVIEW (LAZY)) (VANISHED)",
                    fetch("1", lazy()).with(FetchModifier::Vanished),
                ),
                Row::Other(
                    b" 1 PREVIEW (CHANGEDSINCE 5)",
                    fetch("1", vec![FetchItem::Preview { lazy: false }]).with(FetchModifier::ChangedSince(5.into())),
                ),
                Row::Good(
                    b" 1 (ANNOTATION (/comment value))",
                    fetch(
                        "1",
                        vec![FetchItem::Annotation(Box::new(
                            AnnotationQuery::new(
                                vec![IString::new("/comment").unwrap()],
                                vec![IString::new("value").unwrap()],
                            )
                            .unwrap(),
                        ))],
                    ),
                ),
                Row::Good(
                    b" 300:500 FLAGS (CHANGEDSINCE 12345 VANISHED)",
                    fetch("300:500", vec![FetchItem::Flags])
                        .with(FetchModifier::ChangedSince(12_345.into()))
                        .with(FetchModifier::Vanished),
                ),
                Row::Good(
                    b" 1:* UID (PARTIAL -1:-100 X-NEW (a))",
                    fetch("1:*", vec![FetchItem::Uid])
                        .with(FetchModifier::Partial(PartialRange::from_last(
                            NonZeroU32::MIN,
                            NonZeroU32::new(100).unwrap(),
                        )))
                        .with(FetchModifier::Other(parameter("X-NEW", "(a)"))),
                ),
                Row::Good(
                    b" 1 (UID X-NEW (a b) FLAGS)",
                    fetch(
                        "1",
                        vec![
                            FetchItem::Uid,
                            FetchItem::Other(Box::new(parameter("X-NEW", "(a b)"))),
                            FetchItem::Flags,
                        ],
                    ),
                ),
                Row::Tolerated(b" 1  (UID  FLAGS )", 17, fetch("1", vec![FetchItem::Uid, FetchItem::Flags])),
                Row::Tolerated(
                    b" 1 FLAGS (CHANGEDSINCE 0)",
                    25,
                    fetch("1", vec![FetchItem::Flags]).with(FetchModifier::ChangedSince(0.into())),
                ),
                Row::Tolerated(
                    b" 1 FLAGS (CHANGEDSINCE -1)",
                    26,
                    fetch("1", vec![FetchItem::Flags]).with(FetchModifier::ChangedSince(0.into())),
                ),
                Row::Bad(b" 1 ()", 4),
                Row::Bad(b" 1", 2),
                Row::Bad(b" 1 BODY[1.]", 10),
                Row::Bad(b" 1 BODY[]<1>", 11),
                Row::Bad(b" 1 (UID", 7),
                Row::Bad(b" 1 X[1]", 4),
                Row::Bad(b" 1 UID (PARTIAL 1:*)", 18),
                Row::Bad(b" 0 UID", 1),
            ],
        );
        assert_eq!(FetchCommand::new(SequenceSet::all(), vec![]), Err(Misuse::Empty));
        assert!(size_of::<FetchItem>() <= 24);
    }

    proptest! {
        #[test]
        fn any_command_round_trips(command in FetchCommand::strategy()) {
            round_trip(&command, FetchCommand::rule, |command, encoder| command.encode(encoder));
            prop_assert_eq!(command.detach(), command);
        }
    }
}
