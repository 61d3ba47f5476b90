//! The arguments of APPEND and REPLACE.

use crate::core::syntax::{self, expected};
use crate::core::{Context, DateTime, Encoder, Flags, IString, Mailbox, Raw, Sequence};
#[cfg(any(test, feature = "proptest"))]
use crate::core::{Literal8, Parameter};
use crate::fetch::MessageData;
use crate::store::AnnotationChanges;
use crate::url_word::Shown;
use ::core::fmt;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use wire::keyword::key_of;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseErrorKind};

/// Arguments of APPEND (RFC 9051 section 6.3.12), with one message, or with several (RFC 3502).
///
/// ```
/// use imap_proto::{Append, AppendMessage, Flag, Mailbox, MessageData};
///
/// let message = AppendMessage::new(MessageData::new("Subject: x\r\n\r\n")).with_flags([Flag::Seen]);
/// let append = Append::new(Mailbox::inbox(), message);
/// # assert_eq!(append.messages().len(), 1);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    mailbox: Mailbox,
    messages: Vec<AppendMessage>,
}

/// `append-message` (RFC 4466): a message, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendMessage {
    /// Its flags.
    pub flags: Option<Flags>,
    /// Its INTERNALDATE.
    pub date: Option<DateTime>,
    /// What extensions say of it.
    pub extensions: Vec<AppendExtension>,
    /// Its octets.
    pub data: AppendData,
}

/// `append-ext` (RFC 4466).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AppendExtension {
    /// `ANNOTATION` (RFC 5257)
    Annotation(AnnotationChanges),
    /// Another; it always has a value.
    Other(OtherAppend),
}

/// Where the octets of a message come from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AppendData {
    /// Here they are.
    Message(MessageData),
    /// `UTF8` (RFC 6855, no longer in RFC 9755): the same, with UTF-8 in the header.
    Utf8(MessageData),
    /// `CATENATE` (RFC 4469): they are put together.
    Catenate(Catenate),
    /// From what an extension names.
    Other(Box<OtherAppend>),
}

/// What stands behind CATENATE: one part at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catenate(Vec<CatenatePart>);

/// `cat-part` (RFC 4469).
#[derive(Clone, PartialEq, Eq)]
pub enum CatenatePart {
    /// `URL`: what this IMAP URL names.
    Url(IString),
    /// `TEXT`
    Text(MessageData),
    /// `UTF8` (RFC 6855)
    Utf8(MessageData),
}

/// A label and its value, which nobody here knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherAppend {
    /// The label.
    pub name: crate::core::Atom,
    /// The value.
    pub value: Raw,
}

/// Arguments of REPLACE and UID REPLACE (RFC 8508): a message takes the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replace {
    /// Which message goes.
    pub message: Sequence,
    /// Where the new one is put.
    pub mailbox: Mailbox,
    /// The new one.
    pub with: AppendMessage,
}

impl Append {
    /// Of one message.
    #[must_use]
    pub fn new(mailbox: Mailbox, message: AppendMessage) -> Self {
        Self { mailbox, messages: vec![message] }
    }

    /// One message more: MULTIAPPEND.
    #[must_use]
    pub fn with(mut self, message: AppendMessage) -> Self {
        self.messages.push(message);
        self
    }

    /// Where they go.
    #[must_use]
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// The messages, one at least.
    #[must_use]
    pub fn messages(&self) -> &[AppendMessage] {
        &self.messages
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self {
            mailbox: self.mailbox.detach(),
            messages: self.messages.iter().map(AppendMessage::detach).collect(),
        }
    }

    /// `append = "APPEND" SP mailbox 1*append-message`
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, mailbox) = Mailbox::rule(cx, i)?;
        let mut messages = Vec::new();
        let mut i = i;
        loop {
            if messages.len() >= cx.item_limit() {
                return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
            }
            let (rest, message) = AppendMessage::rule(cx, i)?;
            messages.push(message);
            i = rest;
            // blanks at the end belong to the line
            if syntax::blanks(i) == i.len() {
                return Ok((i, Self { mailbox, messages }));
            }
        }
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        self.mailbox.encode(encoder);
        for message in &self.messages {
            message.encode(encoder);
        }
    }

    /// Any command, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (Mailbox::strategy(), proptest::collection::vec(AppendMessage::strategy(), 1..3)).prop_filter_map(
            "an unknown source is told from a label only at the end",
            |(mailbox, messages)| {
                let told = messages.len() == 1
                    || !messages.iter().any(|message| matches!(message.data, AppendData::Other(_)));
                told.then_some(Self { mailbox, messages })
            },
        )
    }
}

impl AppendMessage {
    /// A message of which nothing is known.
    #[must_use]
    pub fn new(data: impl Into<AppendData>) -> Self {
        Self { flags: None, date: None, extensions: Vec::new(), data: data.into() }
    }

    /// With these flags.
    #[must_use]
    pub fn with_flags(mut self, flags: impl IntoIterator<Item = crate::core::Flag>) -> Self {
        self.flags = Some(flags.into_iter().collect());
        self
    }

    /// With this INTERNALDATE.
    #[must_use]
    pub fn with_date(mut self, date: DateTime) -> Self {
        self.date = Some(date);
        self
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let extension = |extension: &AppendExtension| match extension {
            AppendExtension::Annotation(changes) => AppendExtension::Annotation(changes.detach()),
            AppendExtension::Other(other) => AppendExtension::Other(other.detach()),
        };
        let part = |part: &CatenatePart| match part {
            CatenatePart::Url(url) => CatenatePart::Url(url.detach()),
            CatenatePart::Text(data) => CatenatePart::Text(data.detach()),
            CatenatePart::Utf8(data) => CatenatePart::Utf8(data.detach()),
        };
        let data = match &self.data {
            AppendData::Message(data) => AppendData::Message(data.detach()),
            AppendData::Utf8(data) => AppendData::Utf8(data.detach()),
            AppendData::Catenate(parts) => AppendData::Catenate(Catenate(parts.0.iter().map(part).collect())),
            AppendData::Other(other) => AppendData::Other(Box::new(other.detach())),
        };
        Self {
            flags: self.flags.as_ref().map(Flags::detach),
            date: self.date,
            extensions: self.extensions.iter().map(extension).collect(),
            data,
        }
    }

    /// ```text
    /// append-message  = append-opts SP append-data
    /// append-opts     = [SP flag-list] [SP date-time] *(SP append-ext)
    /// append-ext      = append-ext-name SP append-ext-value
    /// append-data     = literal / literal8 / append-data-ext
    /// append-data     =/ "CATENATE" SP "(" cat-part *(SP cat-part) ")"
    /// append-data     =/ "UTF8" SP "(" literal8 ")"
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const CATENATE: u128 = key_of("CATENATE");
        const UTF8: u128 = key_of("UTF8");
        const ANNOTATION: u128 = key_of("ANNOTATION");
        let (mut i, ()) = syntax::sp(cx, i)?;
        let mut flags = None;
        if i.starts_with(b"(") {
            let (rest, found) = Flags::rule(cx, i)?;
            flags = Some(found);
            i = syntax::sp_or_none(cx, rest)?.0;
        }
        let mut date = None;
        if i.starts_with(b"\"") {
            let (rest, found) = DateTime::rule(cx, i)?;
            date = Some(found);
            i = syntax::sp_or_none(cx, rest)?.0;
        }
        let mut extensions = Vec::new();
        loop {
            if matches!(i, [b'{', ..] | [b'~', b'{', ..]) {
                let (rest, data) = MessageData::literal(cx, i)?;
                return Ok((rest, Self { flags, date, extensions, data: AppendData::Message(data) }));
            }
            let (rest, (key, word)) = syntax::keyword(i, expected::LITERAL)?;
            match key {
                CATENATE => {
                    let (rest, ()) = syntax::sp_or_none(cx, rest)?;
                    let (rest, parts) = syntax::list(cx, rest, CatenatePart::rule)?;
                    let Ok(parts) = Catenate::new(parts) else { return fail(i, expected::ARGUMENT) };
                    return Ok((rest, Self { flags, date, extensions, data: AppendData::Catenate(parts) }));
                }
                UTF8 => {
                    let (rest, data) = utf8_literal(cx, rest)?;
                    return Ok((rest, Self { flags, date, extensions, data: AppendData::Utf8(data) }));
                }
                _ if extensions.len() >= cx.item_limit() => {
                    return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
                }
                ANNOTATION => {
                    let (rest, changes) = AnnotationChanges::rule(cx, rest)?;
                    extensions.push(AppendExtension::Annotation(changes));
                    i = syntax::sp_or_none(cx, rest)?.0;
                }
                _ => {
                    let name = crate::core::Atom::known(cx.keep(word));
                    let (rest, ()) = syntax::sp(cx, rest)?;
                    let (rest, value) = Raw::value(cx, rest)?;
                    let other = OtherAppend { name, value };
                    // the last label names the data
                    if syntax::blanks(rest) == rest.len() {
                        let data = AppendData::Other(Box::new(other));
                        return Ok((rest, Self { flags, date, extensions, data }));
                    }
                    extensions.push(AppendExtension::Other(other));
                    i = syntax::sp(cx, rest)?.0;
                }
            }
        }
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        if let Some(flags) = &self.flags {
            encoder.sp();
            flags.encode(encoder);
        }
        if let Some(date) = self.date {
            encoder.sp();
            date.encode(encoder);
        }
        for extension in &self.extensions {
            encoder.sp();
            match extension {
                AppendExtension::Annotation(changes) => changes.encode(encoder),
                AppendExtension::Other(other) => other.encode(encoder),
            }
        }
        encoder.sp();
        match &self.data {
            AppendData::Message(data) => data.encode_literal(encoder),
            AppendData::Utf8(data) => encode_utf8(data, encoder),
            AppendData::Catenate(parts) => {
                encoder.put(b"CATENATE ");
                encoder.list(&parts.0, |encoder, part| part.encode(encoder));
            }
            AppendData::Other(other) => other.encode(encoder),
        }
    }

    /// Any message, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let extension = prop_oneof![
            AnnotationChanges::strategy().prop_map(AppendExtension::Annotation),
            OtherAppend::strategy().prop_map(AppendExtension::Other),
        ];
        let data = || Literal8::strategy().prop_map(MessageData::Inline);
        let part = prop_oneof![
            IString::strategy().prop_map(CatenatePart::Url),
            MessageData::strategy().prop_map(CatenatePart::Text),
            data().prop_map(CatenatePart::Utf8),
        ];
        let data = prop_oneof![
            4 => data().prop_map(AppendData::Message),
            1 => data().prop_map(AppendData::Utf8),
            2 => proptest::collection::vec(part, 1..4).prop_map(|parts| AppendData::Catenate(Catenate(parts))),
            1 => OtherAppend::strategy().prop_map(|other| AppendData::Other(Box::new(other))),
        ];
        (
            proptest::option::of(Flags::strategy()),
            proptest::option::of(DateTime::strategy()),
            proptest::collection::vec(extension, 0..2),
            data,
        )
            .prop_map(|(flags, date, extensions, data)| Self { flags, date, extensions, data })
    }
}

impl From<MessageData> for AppendData {
    fn from(data: MessageData) -> Self {
        Self::Message(data)
    }
}

impl From<Catenate> for AppendData {
    fn from(parts: Catenate) -> Self {
        Self::Catenate(parts)
    }
}

impl Catenate {
    /// These parts, one behind the other.
    ///
    /// # Errors
    /// [`Misuse::Empty`].
    pub fn new(parts: Vec<CatenatePart>) -> Result<Self, Misuse> {
        if parts.is_empty() { Err(Misuse::Empty) } else { Ok(Self(parts)) }
    }

    /// The parts.
    #[must_use]
    pub fn parts(&self) -> &[CatenatePart] {
        &self.0
    }
}

impl fmt::Debug for CatenatePart {
    /// Without the token of a URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.debug_tuple("Url").field(&Shown(url.as_bytes())).finish(),
            Self::Text(data) => f.debug_tuple("Text").field(data).finish(),
            Self::Utf8(data) => f.debug_tuple("Utf8").field(data).finish(),
        }
    }
}

impl CatenatePart {
    /// ```text
    /// cat-part     = text-literal / url
    /// text-literal = "TEXT" SP literal
    /// url          = "URL" SP astring
    /// cat-part     =/ "UTF8" SP "(" literal8 ")"
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const URL: u128 = key_of("URL");
        const TEXT: u128 = key_of("TEXT");
        const UTF8: u128 = key_of("UTF8");
        let (rest, (key, _)) = syntax::keyword(i, expected::ARGUMENT)?;
        match key {
            URL => {
                let (rest, ()) = syntax::sp(cx, rest)?;
                syntax::astring(cx, rest).map(|(rest, url)| (rest, Self::Url(url)))
            }
            TEXT => {
                let (rest, ()) = syntax::sp(cx, rest)?;
                MessageData::literal(cx, rest).map(|(rest, data)| (rest, Self::Text(data)))
            }
            UTF8 => utf8_literal(cx, rest).map(|(rest, data)| (rest, Self::Utf8(data))),
            _ => fail(i, expected::ARGUMENT),
        }
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        match self {
            Self::Url(url) => {
                encoder.put(b"URL ");
                // URLs are quoted: not all servers take an atom with `;` and `/` for one
                encoder.string(url);
            }
            Self::Text(data) => {
                encoder.put(b"TEXT ");
                data.encode_literal(encoder);
            }
            Self::Utf8(data) => encode_utf8(data, encoder),
        }
    }
}

/// `utf8-literal = "UTF8" SP "(" literal8 ")"`, behind the keyword
fn utf8_literal<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, MessageData> {
    let (i, ()) = syntax::sp_or_none(cx, i)?;
    let (i, ()) = syntax::octet(i, b'(', expected::OPEN)?;
    let (i, data) = MessageData::literal(cx, syntax::no_sp(cx, i))?;
    let (i, ()) = syntax::octet(syntax::no_sp(cx, i), b')', expected::CLOSE)?;
    Ok((i, data))
}

fn encode_utf8(data: &MessageData, encoder: &mut Encoder<'_>) {
    encoder.put(b"UTF8 (");
    data.encode_literal8(encoder);
    encoder.put(b")");
}

impl OtherAppend {
    fn detach(&self) -> Self {
        Self { name: self.name.detach(), value: self.value.detach() }
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        self.name.encode(encoder);
        encoder.sp();
        self.value.encode(encoder);
    }

    #[cfg(any(test, feature = "proptest"))]
    fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        Parameter::strategy().prop_map(|parameter| Self {
            name: parameter.name,
            value: parameter.value.unwrap_or_else(|| Raw::known(bytes::Bytes::from_static(b"()"))),
        })
    }
}

impl Replace {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { message: self.message, mailbox: self.mailbox.detach(), with: self.with.detach() }
    }

    /// `replace = "REPLACE" SP seq-number SP mailbox append-message`
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, message) = Sequence::rule(i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, mailbox) = Mailbox::rule(cx, i)?;
        let (i, with) = AppendMessage::rule(cx, i)?;
        Ok((i, Self { message, mailbox, with }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        self.message.encode(encoder);
        encoder.sp();
        self.mailbox.encode(encoder);
        self.with.encode(encoder);
    }

    /// Any command, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let message = prop_oneof![
            4 => (1..=u32::MAX).prop_filter_map("zero", core_sequence),
            1 => Just(Sequence::LAST),
        ];
        (message, Mailbox::strategy(), AppendMessage::strategy()).prop_map(|(message, mailbox, with)| Self {
            message,
            mailbox,
            with,
        })
    }
}

#[cfg(any(test, feature = "proptest"))]
fn core_sequence(number: u32) -> Option<Sequence> {
    ::core::num::NonZeroU32::new(number).map(Sequence::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use crate::core::{Atom, Cut, Date, Flag};
    use crate::fetch::{Annotation, AnnotationAttribute};
    use bytes::Bytes;
    use proptest::prelude::*;
    use wire::Tolerance;

    fn mailbox(name: &'static str) -> Mailbox {
        Mailbox::new(name).unwrap()
    }

    fn message(octets: &'static str) -> AppendMessage {
        AppendMessage::new(MessageData::new(octets))
    }

    #[test]
    fn appends() {
        let date = DateTime::new(Date::new(1994, 2, 7).unwrap(), 22, 43, 4, -8 * 60).unwrap();
        let annotation = AnnotationChanges::new(vec![Annotation {
            entry: IString::new("/comment").unwrap(),
            attributes: vec![AnnotationAttribute {
                name: IString::new("value.priv").unwrap(),
                value: Some(Literal8::new("x")),
            }],
        }])
        .unwrap();
        let url = |url: &'static str| CatenatePart::Url(IString::new(url).unwrap());
        check(
            Append::rule,
            |append, encoder| append.encode(encoder),
            &[
                Row::Good(
                    b" saved-messages (\\Seen) {3}\r\na\r\n",
                    Append::new(mailbox("saved-messages"), message("a\r\n").with_flags([Flag::Seen])),
                ),
                Row::Good(b" INBOX {0}\r\n", Append::new(Mailbox::inbox(), message(""))),
                Row::Good(
                    b" x () \" 7-Feb-1994 22:43:04 -0800\" {1}\r\na",
                    Append::new(mailbox("x"), message("a").with_flags([]).with_date(date)),
                ),
                // MULTIAPPEND
                Row::Good(
                    b" x {1}\r\na (\\Seen) {1}\r\nb",
                    Append::new(mailbox("x"), message("a")).with(message("b").with_flags([Flag::Seen])),
                ),
                Row::Good(b" x ~{3}\r\na\0b", Append::new(mailbox("x"), message("a\0b"))),
                Row::Other(b" x ~{1+}\r\na", Append::new(mailbox("x"), message("a"))),
                Row::Good(
                    b" x UTF8 (~{2}\r\n\xc3\xa9)",
                    Append::new(
                        mailbox("x"),
                        AppendMessage::new(AppendData::Utf8(MessageData::new("\u{e9}"))),
                    ),
                ),
                Row::Good(
                    b" Drafts (\\Seen) CATENATE (URL \"/Drafts;UID=20/;section=HEADER\" TEXT {2}\r\n\r\n UTF8 (~{1}\r\na))",
                    Append::new(
                        mailbox("Drafts"),
                        AppendMessage::new(
                            Catenate::new(vec![
                                url("/Drafts;UID=20/;section=HEADER"),
                                CatenatePart::Text(MessageData::new("\r\n")),
                                CatenatePart::Utf8(MessageData::new("a")),
                            ])
                            .unwrap(),
                        )
                        .with_flags([Flag::Seen]),
                    ),
                ),
                Row::Good(
                    b" drafts ANNOTATION (/comment (value.priv \"x\")) X-NEW (a) {1}\r\na",
                    Append::new(
                        mailbox("drafts"),
                        AppendMessage {
                            extensions: vec![
                                AppendExtension::Annotation(annotation),
                                AppendExtension::Other(OtherAppend {
                                    name: Atom::new("X-NEW").unwrap(),
                                    value: Raw::new("(a)").unwrap(),
                                }),
                            ],
                            ..message("a")
                        },
                    ),
                ),
                Row::Good(
                    b" drafts X-FROM (a {1}\r\nb)",
                    Append::new(
                        mailbox("drafts"),
                        AppendMessage::new(AppendData::Other(Box::new(OtherAppend {
                            name: Atom::new("X-FROM").unwrap(),
                            value: Raw::new("(a {1}\r\nb)").unwrap(),
                        }))),
                    ),
                ),
                Row::Tolerated(b" x  (){1}\r\na", 12, Append::new(mailbox("x"), message("a").with_flags([]))),
                Row::Bad(b" x", 2),
                Row::Bad(b" x \"a\"", 3),
                Row::Bad(b" x {3}\r\na", 9),
                Row::Bad(b" x CATENATE ()", 3),
                Row::Bad(b" x CATENATE (FILE {1}\r\na)", 13),
                Row::Bad(b" x UTF8 (\"a\")", 9),
                Row::Bad(b" x {1}\r\nab", 9),
            ],
        );
    }

    #[test]
    fn replaces() {
        let three = Sequence::new(::core::num::NonZeroU32::new(3).unwrap());
        check(
            Replace::rule,
            |replace, encoder| replace.encode(encoder),
            &[
                Row::Good(
                    b" 3 Drafts (\\Seen \\Draft) {1}\r\na",
                    Replace {
                        message: three,
                        mailbox: mailbox("Drafts"),
                        with: message("a").with_flags([Flag::Seen, Flag::Draft]),
                    },
                ),
                Row::Good(
                    b" * Drafts CATENATE (TEXT {1}\r\na)",
                    Replace {
                        message: Sequence::LAST,
                        mailbox: mailbox("Drafts"),
                        with: AppendMessage::new(
                            Catenate::new(vec![CatenatePart::Text(MessageData::new("a"))]).unwrap(),
                        ),
                    },
                ),
                Row::Bad(b" 0 Drafts {1}\r\na", 1),
                Row::Bad(b" 3 Drafts", 9),
            ],
        );
    }

    #[test]
    fn streamed_literals_leave_their_heads() {
        let frame = Bytes::from_static(b" x CATENATE (TEXT {99999+}\r\n URL a) {88888+}\r\n");
        let cuts = [Cut { offset: 28, size: 99_999 }, Cut { offset: 46, size: 88_888 }];
        let cx = Context::new(&frame, Tolerance::Strict).cuts(&cuts);
        let (rest, append) = Append::rule(&cx, &frame).unwrap();
        assert!(rest.is_empty());
        let streamed = |size| MessageData::Streamed { size, binary: false };
        let [first, second] = append.messages() else { panic!("{append:?}") };
        let AppendData::Catenate(parts) = &first.data else { panic!("{append:?}") };
        assert_eq!(parts.parts()[0], CatenatePart::Text(streamed(99_999.into())));
        assert_eq!(second.data, AppendData::Message(streamed(88_888.into())));
        let mut output = wire::Output::new();
        let options = crate::core::Options { literals: crate::core::Literals::Plus, ..Default::default() };
        let mut encoder = Encoder::new(&mut output, options);
        append.encode(&mut encoder);
        let sizes: Vec<_> = encoder.cuts().iter().map(|cut| cut.size).collect();
        assert_eq!(sizes, [99_999, 88_888]);
    }

    proptest! {
        #[test]
        fn any_command_round_trips(append in Append::strategy(), replace in Replace::strategy()) {
            round_trip(&append, Append::rule, |append, encoder| append.encode(encoder));
            round_trip(&replace, Replace::rule, |replace, encoder| replace.encode(encoder));
            prop_assert_eq!(append.detach(), append);
            prop_assert_eq!(replace.detach(), replace);
        }
    }
}
