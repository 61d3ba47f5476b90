//! Which part of a message: sections and partials.

use crate::core::syntax::{self, blanks, expected};
use crate::core::{Context, Encoder, IString, Number64, Raw};
use crate::rule;
use ::core::num::{NonZeroU32, NonZeroU64};
use alloc::boxed::Box;
use alloc::vec::Vec;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseErrorKind, Tolerance};

/// `section-part = nz-number *("." nz-number)` (RFC 9051 section 6.4.5.1): a part of a message by the numbers that lead to it; of none,
/// the whole message.
pub type PartNumber = Vec<NonZeroU32>;

/// `section` (RFC 9051 section 9): what stands in the brackets of `BODY[...]`.
///
/// ```
/// use imap_proto::{Section, SectionText};
///
/// let section = Section::new(Vec::new(), SectionText::HeaderFields(vec!["Subject".try_into()?]))?;
/// assert_eq!(section.to_string(), "HEADER.FIELDS (Subject)");
/// assert!(Section::new(Vec::new(), SectionText::Mime).is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Section {
    part: PartNumber,
    text: SectionText,
}

/// Which octets of a part.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum SectionText {
    /// All of them: of the message, header and text; of a part, its content.
    #[default]
    All,
    /// `HEADER`, of the message or of a message in it.
    Header,
    /// `HEADER.FIELDS`: the named fields only.
    HeaderFields(Vec<IString>),
    /// `HEADER.FIELDS.NOT`: all fields but the named.
    HeaderFieldsNot(Vec<IString>),
    /// `TEXT`: what follows the header.
    Text,
    /// `MIME`: the header of a part.
    Mime,
    /// What nobody here knows, as it stands behind the part number.
    Other(Box<Raw>),
}

impl Section {
    /// `[]`: the whole message.
    pub const ALL: Self = Self { part: Vec::new(), text: SectionText::All };
    /// `[HEADER]`
    pub const HEADER: Self = Self { part: Vec::new(), text: SectionText::Header };
    /// `[TEXT]`
    pub const TEXT: Self = Self { part: Vec::new(), text: SectionText::Text };

    /// Octets of a part; without numbers, of the message.
    ///
    /// # Errors
    /// [`Misuse::Empty`]: `MIME` of the message itself, or a list of no header fields. [`Misuse::Invalid`]: what nobody here knows is
    /// known, or holds what ends it, or begins another value.
    pub fn new(part: PartNumber, text: SectionText) -> Result<Self, Misuse> {
        let empty = match &text {
            SectionText::Mime => part.is_empty(),
            SectionText::HeaderFields(names) | SectionText::HeaderFieldsNot(names) => names.is_empty(),
            SectionText::Other(raw) => {
                let octets = raw.as_bytes();
                let frame = bytes::Bytes::copy_from_slice(octets);
                let parsed =
                    SectionText::rule(&Context::new(&frame, Tolerance::Strict), &frame, part.is_empty());
                // a digit would be of the part number
                match parsed {
                    Ok(([], SectionText::Other(_))) if !octets[0].is_ascii_digit() => false,
                    _ => return Err(Misuse::Invalid("section")),
                }
            }
            _ => false,
        };
        if empty { Err(Misuse::Empty) } else { Ok(Self { part, text }) }
    }

    /// The content of a part.
    #[must_use]
    pub const fn of_part(part: PartNumber) -> Self {
        Self { part, text: SectionText::All }
    }

    /// The numbers that lead to the part.
    #[must_use]
    pub fn part(&self) -> &[NonZeroU32] {
        &self.part
    }

    /// Which octets of it.
    #[must_use]
    pub const fn text(&self) -> &SectionText {
        &self.text
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let names = |names: &[IString]| names.iter().map(IString::detach).collect();
        let text = match &self.text {
            SectionText::HeaderFields(fields) => SectionText::HeaderFields(names(fields)),
            SectionText::HeaderFieldsNot(fields) => SectionText::HeaderFieldsNot(names(fields)),
            SectionText::Other(raw) => SectionText::Other(Box::new(raw.detach())),
            text => text.clone(),
        };
        Self { part: self.part.clone(), text }
    }

    /// ```text
    /// section         = "[" [section-spec] "]"
    /// section-spec    = section-msgtext / (section-part ["." section-text])
    /// section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"
    /// section-text    = section-msgtext / "MIME"
    /// ```
    #[inline]
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        if let [b'[', b']', rest @ ..] = i {
            return Ok((rest, Self::ALL));
        }
        let (inside, ()) = syntax::octet(i, b'[', expected::SECTION)?;
        let (rest, part) = part_number(cx, inside)?;
        let rest = match rest {
            [b'.', after @ ..] if !part.is_empty() => after,
            [b']', after @ ..] => return Ok((after, Self { part, text: SectionText::All })),
            _ if part.is_empty() => rest,
            _ => return fail(rest, expected::SECTION),
        };
        let (rest, text) = SectionText::rule(cx, rest, part.is_empty())?;
        let (rest, ()) = syntax::octet(rest, b']', expected::SECTION)?;
        Ok((rest, Self { part, text }))
    }

    /// Writes it, with its brackets.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(b"[");
        encode_part(&self.part, encoder);
        if !self.part.is_empty() && self.text != SectionText::All {
            encoder.put(b".");
        }
        let names = match &self.text {
            SectionText::All => None,
            SectionText::Header => {
                encoder.put(b"HEADER");
                None
            }
            SectionText::Text => {
                encoder.put(b"TEXT");
                None
            }
            SectionText::Mime => {
                encoder.put(b"MIME");
                None
            }
            SectionText::Other(raw) => {
                raw.encode(encoder);
                None
            }
            SectionText::HeaderFields(names) => {
                encoder.put(b"HEADER.FIELDS ");
                Some(names)
            }
            SectionText::HeaderFieldsNot(names) => {
                encoder.put(b"HEADER.FIELDS.NOT ");
                Some(names)
            }
        };
        // without names only if that was tolerated
        if let Some(names) = names {
            encoder.list(names, |encoder, name| encoder.astring(name));
        }
        encoder.put(b"]");
    }

    /// Any section, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let names = || proptest::collection::vec(IString::strategy(), 1..4);
        let text = prop_oneof![
            4 => Just(SectionText::All),
            2 => Just(SectionText::Header),
            2 => Just(SectionText::Text),
            2 => names().prop_map(SectionText::HeaderFields),
            2 => names().prop_map(SectionText::HeaderFieldsNot),
            1 => Just(SectionText::Mime),
            1 => Just(SectionText::Other(Box::new(Raw::known(bytes::Bytes::from_static(b"X-ALL (a b)"))))),
        ];
        (part_strategy(), text).prop_map(|(part, text)| match Self::new(part, text) {
            Ok(section) => section,
            Err(_) => Self::ALL,
        })
    }
}

impl ::core::fmt::Display for Section {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        let mut output = wire::Output::new();
        self.encode(&mut Encoder::new(&mut output, crate::core::Options::server()));
        let octets = output.take_all();
        let inside = octets.get(1..octets.len().saturating_sub(1)).unwrap_or_default();
        f.write_str(&alloc::string::String::from_utf8_lossy(inside))
    }
}

impl SectionText {
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8], whole: bool) -> Parsed<'i, Self> {
        use wire::keyword::key_of;
        const HEADER: u128 = key_of("HEADER");
        const TEXT: u128 = key_of("TEXT");
        const MIME: u128 = key_of("MIME");
        const FIELDS: u128 = key_of("HEADER.FIELDS");
        let (rest, (key, word)) = syntax::keyword(i, expected::SECTION)?;
        let text = match key {
            HEADER => Self::Header,
            TEXT => Self::Text,
            MIME if !whole => Self::Mime,
            FIELDS => {
                let (rest, names) = header_list(cx, rest)?;
                return Ok((rest, Self::HeaderFields(names)));
            }
            _ if word.eq_ignore_ascii_case(b"HEADER.FIELDS.NOT") => {
                let (rest, names) = header_list(cx, rest)?;
                return Ok((rest, Self::HeaderFieldsNot(names)));
            }
            _ => return other(cx, i),
        };
        Ok((rest, text))
    }
}

/// What nobody knows, up to the bracket.
#[cold]
fn other<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, SectionText> {
    // without a line end, a quote or a literal; and no further than the next brackets, so that a line of broken ones is read in linear time
    let ends = |o: &u8| matches!(o, b']' | b'"' | b'{' | b'~' | b'[' | b'\r' | b'\n' | 0);
    let len = i.iter().position(ends).unwrap_or(i.len());
    let (raw, rest) = i.split_at(len);
    // balanced
    match crate::core::raw::values(cx, raw) {
        Ok(([], ())) if matches!(rest.first(), None | Some(b']')) => {
            Ok((rest, SectionText::Other(Box::new(Raw::known(cx.keep(raw))))))
        }
        _ => fail(i, expected::SECTION),
    }
}

/// `SP "(" header-fld-name *(SP header-fld-name) ")"`
fn header_list<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Vec<IString>> {
    let (i, ()) = syntax::sp_or_none(cx, i)?;
    syntax::list1(cx, i, syntax::astring)
}

/// `[nz-number *("." nz-number)]`; a dot that is not followed by a number is left.
pub(super) fn part_number<'i>(cx: &Context<'_>, mut i: &'i [u8]) -> Parsed<'i, PartNumber> {
    let mut part = Vec::new();
    let mut rest = i;
    while let Some(b'0'..=b'9') = rest.first() {
        let (after, number) = syntax::nz_number(rest)?;
        if part.len() >= cx.item_limit() {
            return Err(Failure::at(rest, expected::ITEMS, ParseErrorKind::TooMany));
        }
        part.push(number);
        i = after;
        rest = after.strip_prefix(b".").unwrap_or_default();
    }
    Ok((i, part))
}

pub(super) fn encode_part(part: &[NonZeroU32], encoder: &mut Encoder<'_>) {
    for (n, number) in part.iter().enumerate() {
        if n > 0 {
            encoder.put(b".");
        }
        encoder.number(u64::from(number.get()));
    }
}

/// `section-binary = "[" [section-part] "]"`
pub(super) fn binary_section<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, PartNumber> {
    let (i, ()) = syntax::octet(i, b'[', expected::SECTION)?;
    let (i, part) = part_number(cx, i)?;
    let (i, ()) = syntax::octet(i, b']', expected::SECTION)?;
    Ok((i, part))
}

pub(super) fn encode_binary(part: &[NonZeroU32], encoder: &mut Encoder<'_>) {
    encoder.put(b"[");
    encode_part(part, encoder);
    encoder.put(b"]");
}

#[cfg(any(test, feature = "proptest"))]
pub(super) fn part_strategy() -> impl proptest::strategy::Strategy<Value = PartNumber> {
    use proptest::prelude::*;
    proptest::collection::vec((1..12u32).prop_filter_map("zero", NonZeroU32::new), 0..4)
}

/// `partial` (RFC 9051 section 6.4.5): some octets of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Partial {
    offset: u64,
    length: NonZeroU64,
}

impl Partial {
    /// So many octets from an offset on.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: 2^63 or more.
    pub const fn new(offset: u64, length: NonZeroU64) -> Result<Self, Misuse> {
        if offset > MAX63 || length.get() > MAX63 {
            return Err(Misuse::Invalid("partial"));
        }
        Ok(Self { offset, length })
    }

    /// The first octet, counted from 0.
    #[must_use]
    pub const fn offset(self) -> u64 {
        self.offset
    }

    /// How many octets.
    #[must_use]
    pub const fn length(self) -> NonZeroU64 {
        self.length
    }

    /// `["<" number64 "." nz-number64 ">"]`
    #[inline]
    pub(crate) fn optional<'i>(_cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<Self>> {
        let Some(inside) = i.strip_prefix(b"<") else { return Ok((i, None)) };
        let (rest, offset) = syntax::number63(inside)?;
        let (number, ()) = syntax::octet(rest, b'.', expected::PARTIAL)?;
        let (rest, length) = syntax::number63(number)?;
        let Some(length) = NonZeroU64::new(length) else {
            return Err(Failure::at(number, expected::PARTIAL, ParseErrorKind::Range));
        };
        let (rest, ()) = syntax::octet(rest, b'>', expected::PARTIAL)?;
        Ok((rest, Some(Self { offset, length })))
    }

    /// Writes it.
    pub(crate) fn encode(self, encoder: &mut Encoder<'_>) {
        encoder.put(b"<");
        encoder.number(self.offset);
        encoder.put(b".");
        encoder.number(self.length.get());
        encoder.put(b">");
    }

    /// Any partial, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (0..=MAX63, 1..=MAX63).prop_filter_map("zero", |(offset, length)| {
            Some(Self { offset, length: NonZeroU64::new(length)? })
        })
    }
}

const MAX63: u64 = i64::MAX as u64;

/// `["<" number64 ">"]`, as responses have it: with a length too, where that is tolerated.
#[inline]
pub(super) fn origin<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<Number64>> {
    let Some(inside) = i.strip_prefix(b"<") else { return Ok((i, None)) };
    let (rest, offset) = syntax::number64(inside)?;
    if let Some(rest) = rest.strip_prefix(b">") {
        return Ok((rest, Some(offset)));
    }
    let Some(length) = rest.strip_prefix(b".") else { return fail(rest, expected::PARTIAL) };
    let (end, _) = syntax::number63(length)?;
    let (end, ()) = syntax::octet(end, b'>', expected::PARTIAL)?;
    if !cx.tolerates(Tolerance::Default, rule::PARTIAL_FORM, &i[..i.len() - end.len()]) {
        return fail(rest, expected::PARTIAL);
    }
    Ok((end, Some(offset)))
}

pub(super) fn encode_origin(origin: Option<Number64>, encoder: &mut Encoder<'_>) {
    if let Some(origin) = origin {
        encoder.put(b"<");
        encoder.number(origin.get());
        encoder.put(b">");
    }
}

/// `partial-range` (RFC 9394): some of the messages of a set or a search, counted from the first or from the last.
#[derive(Debug, Clone, Copy)]
pub struct PartialRange {
    start: NonZeroU32,
    end: NonZeroU32,
    from_last: bool,
}

impl PartialRange {
    /// From the first: the oldest has the number 1.
    #[must_use]
    pub const fn from_first(start: NonZeroU32, end: NonZeroU32) -> Self {
        Self { start, end, from_last: false }
    }

    /// From the last, written with minus: the newest has the number 1.
    #[must_use]
    pub const fn from_last(start: NonZeroU32, end: NonZeroU32) -> Self {
        Self { start, end, from_last: true }
    }

    /// Whether it counts from the last.
    #[must_use]
    pub const fn is_from_last(self) -> bool {
        self.from_last
    }

    /// The smaller and the larger number.
    #[must_use]
    pub fn bounds(self) -> (NonZeroU32, NonZeroU32) {
        (self.start.min(self.end), self.start.max(self.end))
    }

    /// ```text
    /// partial-range-first = nz-number ":" nz-number
    /// partial-range-last  = MINUS nz-number ":" MINUS nz-number
    /// ```
    pub(crate) fn rule<'i>(_cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (from_last, number) = match i.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, i),
        };
        let (rest, start) = syntax::nz_number(number)?;
        let (mut rest, ()) = syntax::octet(rest, b':', expected::PARTIAL)?;
        if from_last {
            rest = syntax::octet(rest, b'-', expected::PARTIAL)?.0;
        }
        let (rest, end) = syntax::nz_number(rest)?;
        Ok((rest, Self { start, end, from_last }))
    }

    /// Writes it.
    pub(crate) fn encode(self, encoder: &mut Encoder<'_>) {
        let sign: &[u8] = if self.from_last { b"-" } else { b"" };
        encoder.put(sign);
        encoder.number(u64::from(self.start.get()));
        encoder.put(b":");
        encoder.put(sign);
        encoder.number(u64::from(self.end.get()));
    }

    /// Any range, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (1..=u32::MAX, 1..=u32::MAX, any::<bool>()).prop_filter_map("zero", |(start, end, from_last)| {
            Some(Self { start: NonZeroU32::new(start)?, end: NonZeroU32::new(end)?, from_last })
        })
    }
}

impl PartialEq for PartialRange {
    /// `500:400` is `400:500`.
    fn eq(&self, other: &Self) -> bool {
        self.from_last == other.from_last && self.bounds() == other.bounds()
    }
}

impl Eq for PartialRange {}

impl ::core::hash::Hash for PartialRange {
    fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
        (self.from_last, self.bounds()).hash(state);
    }
}

/// Whether a word ends here.
pub(super) fn ends(i: &[u8]) -> bool {
    i.is_empty() || blanks(i) > 0 || i.starts_with(b")")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    fn part(numbers: &[u32]) -> PartNumber {
        numbers.iter().filter_map(|&n| NonZeroU32::new(n)).collect()
    }

    fn section(numbers: &[u32], text: SectionText) -> Section {
        Section::new(part(numbers), text).unwrap()
    }

    fn names(names: &[&'static str]) -> Vec<IString> {
        names.iter().map(|&name| IString::new(name).unwrap()).collect()
    }

    #[test]
    fn what_is_not_known_stays_in_its_brackets() {
        let other = |numbers: &[u32], raw: &'static str| {
            Section::new(part(numbers), SectionText::Other(Box::new(Raw::new(raw).unwrap())))
        };
        assert_eq!(other(&[1], "X-ALL (a b)").unwrap().to_string(), "1.X-ALL (a b)");
        for bad in ["", "X] BODY[Y", "]", "HEADER", "MIME", "\"a\"", "{1}\r\na", "(a)", "X[Y"] {
            assert_eq!(other(&[1], bad), Err(Misuse::Invalid("section")), "{bad}");
        }
        // it would be a part
        assert!(other(&[], "1.X").is_err() && other(&[1], "1").is_err() && other(&[], "X").is_ok());
    }

    #[test]
    fn sections() {
        check(
            Section::rule,
            |section, encoder| section.encode(encoder),
            &[
                Row::Good(b"[]", Section::ALL),
                Row::Good(b"[HEADER]", Section::HEADER),
                Row::Good(b"[TEXT]", Section::TEXT),
                Row::Good(b"[1]", section(&[1], SectionText::All)),
                Row::Good(b"[1.2.3.MIME]", section(&[1, 2, 3], SectionText::Mime)),
                Row::Good(b"[4.2.HEADER]", section(&[4, 2], SectionText::Header)),
                Row::Good(b"[4.TEXT]", section(&[4], SectionText::Text)),
                Row::Good(
                    b"[HEADER.FIELDS (DATE FROM)]",
                    section(&[], SectionText::HeaderFields(names(&["DATE", "FROM"]))),
                ),
                Row::Good(
                    b"[3.HEADER.FIELDS.NOT (X)]",
                    section(&[3], SectionText::HeaderFieldsNot(names(&["X"]))),
                ),
                Row::Other(
                    b"[header.fields (\"Date\" {4}\r\nFrom)]",
                    section(&[], SectionText::HeaderFields(names(&["Date", "From"]))),
                ),
                Row::Good(
                    b"[1.X-NEW (a b)]",
                    section(&[1], SectionText::Other(Box::new(Raw::new("X-NEW (a b)").unwrap()))),
                ),
                // RFC 6858's example has no space
                Row::Tolerated(
                    b"[HEADER.FIELDS( DATE )]",
                    23,
                    section(&[], SectionText::HeaderFields(names(&["DATE"]))),
                ),
                Row::Bad(b"[0]", 1),
                Row::Bad(b"[1.]", 3),
                Row::Bad(b"[1", 2),
                Row::Bad(b"[1.2.0]", 5),
                Row::Bad(b"[HEADER.FIELDS (A]", 18),
                Row::Bad(b"[X\r\n]", 1),
                Row::Bad(b"[X \"]\"]", 1),
            ],
        );
        // `MIME` needs a part
        let frame = bytes::Bytes::from_static(b"[MIME]");
        let cx = Context::new(&frame, Tolerance::Strict);
        assert!(matches!(Section::rule(&cx, &frame).unwrap().1.text(), SectionText::Other(_)));
        assert_eq!(Section::new(Vec::new(), SectionText::HeaderFields(Vec::new())), Err(Misuse::Empty));
    }

    #[test]
    fn partials() {
        let partial = |offset, length| Some(Partial::new(offset, NonZeroU64::new(length).unwrap()).unwrap());
        let encode = |partial: &Option<Partial>, encoder: &mut Encoder<'_>| {
            if let Some(partial) = partial {
                partial.encode(encoder);
            }
        };
        check(
            Partial::optional,
            encode,
            &[
                Row::Good(b"<0.2048>", partial(0, 2048)),
                Row::Good(b"<5000000000.9223372036854775807>", partial(5_000_000_000, MAX63)),
                Row::Good(b"", None),
                Row::Bad(b"<0.0>", 3),
                Row::Bad(b"<1>", 2),
                Row::Bad(b"<1.2", 4),
                Row::Bad(b"<9223372036854775808.1>", 1),
            ],
        );
        check(
            origin,
            |origin, encoder| encode_origin(*origin, encoder),
            &[
                Row::Good(b"<0>", Some(0.into())),
                Row::Tolerated(b"<0.10>", 6, Some(0.into())),
                Row::Bad(b"<x>", 1),
                Row::Bad(b"<1.>", 3),
            ],
        );
        assert!(Partial::new(1 << 63, NonZeroU64::MIN).is_err());
    }

    #[test]
    fn partial_ranges() {
        let of = |n| NonZeroU32::new(n).unwrap();
        check(
            PartialRange::rule,
            |range, encoder| range.encode(encoder),
            &[
                Row::Good(b"1:500", PartialRange::from_first(of(1), of(500))),
                Row::Good(b"-1:-30000", PartialRange::from_last(of(1), of(30000))),
                Row::Good(b"500:400", PartialRange::from_first(of(400), of(500))),
                Row::Bad(b"-1:3", 3),
                Row::Bad(b"0:3", 0),
                Row::Bad(b"1:*", 2),
            ],
        );
    }

    proptest! {
        #[test]
        fn any_round_trips(section in Section::strategy(), partial in Partial::strategy(), range in PartialRange::strategy()) {
            round_trip(&section, Section::rule, |section, encoder| section.encode(encoder));
            round_trip(&Some(partial), Partial::optional, |partial, encoder| partial.unwrap().encode(encoder));
            round_trip(&range, PartialRange::rule, |range, encoder| range.encode(encoder));
        }
    }
}
