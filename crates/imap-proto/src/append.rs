//! The arguments of APPEND and REPLACE.

use crate::core::syntax::{self, expected};
use crate::core::{Context, DateTime, Encoder, Flags, IString, Mailbox, Raw, Sequence};
#[cfg(any(test, feature = "proptest"))]
use crate::core::{Literal8, Parameter};
use crate::fetch::MessageData;
use crate::store::AnnotationChanges;
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
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// What an APPEND or REPLACE says of a message before its octets, for a server that decides whether to take them (RFC 9051 section
/// 6.3.12, RFC 3502, 4469, 8508).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppendPrefix {
    /// Where it goes.
    pub mailbox: Mailbox,
    /// Which message of the command it is, from 0.
    pub index: usize,
    /// Its flags.
    pub flags: Option<Flags>,
    /// Its INTERNALDATE.
    pub date: Option<DateTime>,
    /// What extensions say of it.
    pub extensions: Vec<AppendExtension>,
    /// Which part of a CATENATE these octets are, from 0; `None` if they are the whole message.
    pub part: Option<usize>,
    /// Whether UTF-8 may stand in the header: `UTF8` (RFC 6855).
    pub utf8: bool,
}

#[cfg(feature = "server")]
impl AppendPrefix {
    /// Reads from behind the keyword, and behind the number of REPLACE, to the head of a literal that is the last of `i`.
    pub(crate) fn first(cx: &Context<'_>, i: &[u8]) -> Result<Self, syntax::Error> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, mailbox) = Mailbox::rule(cx, i)?;
        let mut prefix = Self {
            mailbox,
            index: 0,
            flags: None,
            date: None,
            extensions: Vec::new(),
            part: None,
            utf8: false,
        };
        prefix.message(cx, i)?;
        Ok(prefix)
    }

    /// Reads on from behind the octets of the literal before to the head of the next one, which is the last of `i`.
    pub(crate) fn next(&mut self, cx: &Context<'_>, i: &[u8]) -> Result<(), syntax::Error> {
        let i = match (self.utf8, self.part) {
            (true, _) => syntax::octet(syntax::no_sp(cx, i), b')', expected::CLOSE)?.0,
            (false, _) => i,
        };
        match self.part {
            Some(part) => self.behind_part(cx, i, part),
            None => self.next_message(cx, i),
        }
    }

    fn next_message(&mut self, cx: &Context<'_>, i: &[u8]) -> Result<(), syntax::Error> {
        self.index += 1;
        (self.flags, self.date, self.part, self.utf8) = (None, None, None, false);
        self.extensions.clear();
        self.message(cx, i)
    }

    /// [`AppendMessage::rule`], up to the last head; messages before it are passed over.
    fn message(&mut self, cx: &Context<'_>, mut start: &[u8]) -> Result<(), syntax::Error> {
        const CATENATE: u128 = key_of("CATENATE");
        const UTF8: u128 = key_of("UTF8");
        const ANNOTATION: u128 = key_of("ANNOTATION");
        loop {
            let (mut i, ()) = syntax::sp(cx, start)?;
            if i.starts_with(b"(") {
                let (rest, found) = Flags::rule(cx, i)?;
                self.flags = Some(found);
                i = syntax::sp_or_none(cx, rest)?.0;
            }
            if i.starts_with(b"\"") {
                let (rest, found) = DateTime::rule(cx, i)?;
                self.date = Some(found);
                i = syntax::sp_or_none(cx, rest)?.0;
            }
            start = loop {
                if matches!(i, [b'{', ..] | [b'~', b'{', ..]) {
                    match passed(cx, i)? {
                        Some(rest) => break rest,
                        None => return Ok(()),
                    }
                }
                let (rest, (key, word)) = syntax::keyword(i, expected::LITERAL)?;
                match key {
                    CATENATE => {
                        let (rest, ()) = syntax::sp_or_none(cx, rest)?;
                        let (rest, ()) = syntax::octet(rest, b'(', expected::OPEN)?;
                        return self.parts(cx, syntax::no_sp(cx, rest), 0);
                    }
                    UTF8 => {
                        let (rest, ()) = syntax::sp_or_none(cx, rest)?;
                        let (rest, ()) = syntax::octet(rest, b'(', expected::OPEN)?;
                        self.utf8 = true;
                        match passed(cx, syntax::no_sp(cx, rest))? {
                            Some(rest) => {
                                break syntax::octet(syntax::no_sp(cx, rest), b')', expected::CLOSE)?.0;
                            }
                            None => return Ok(()),
                        }
                    }
                    _ if self.extensions.len() >= cx.item_limit() => {
                        return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
                    }
                    ANNOTATION => {
                        let (rest, changes) = AnnotationChanges::rule(cx, rest)?;
                        self.extensions.push(AppendExtension::Annotation(changes));
                        i = syntax::sp_or_none(cx, rest)?.0;
                    }
                    _ => {
                        let name = crate::core::Atom::known(cx.keep(word));
                        let (rest, ()) = syntax::sp(cx, rest)?;
                        let (rest, value) = Raw::value(cx, rest)?;
                        self.extensions.push(AppendExtension::Other(OtherAppend { name, value }));
                        i = syntax::sp(cx, rest)?.0;
                    }
                }
            };
            self.index += 1;
            (self.flags, self.date, self.utf8) = (None, None, false);
            self.extensions.clear();
        }
    }

    /// From a `cat-part` on.
    fn parts(&mut self, cx: &Context<'_>, mut i: &[u8], mut part: usize) -> Result<(), syntax::Error> {
        const URL: u128 = key_of("URL");
        const TEXT: u128 = key_of("TEXT");
        const UTF8: u128 = key_of("UTF8");
        loop {
            let (rest, (key, _)) = syntax::keyword(i, expected::ARGUMENT)?;
            self.utf8 = key == UTF8;
            self.part = Some(part);
            let rest = match key {
                URL => {
                    let (rest, ()) = syntax::sp(cx, rest)?;
                    syntax::astring(cx, rest)?.0
                }
                TEXT => {
                    let (rest, ()) = syntax::sp(cx, rest)?;
                    match passed(cx, rest)? {
                        Some(rest) => rest,
                        None => return Ok(()),
                    }
                }
                UTF8 => {
                    let (rest, ()) = syntax::sp_or_none(cx, rest)?;
                    let (rest, ()) = syntax::octet(rest, b'(', expected::OPEN)?;
                    match passed(cx, syntax::no_sp(cx, rest))? {
                        Some(rest) => syntax::octet(syntax::no_sp(cx, rest), b')', expected::CLOSE)?.0,
                        None => return Ok(()),
                    }
                }
                _ => return fail(i, expected::ARGUMENT).map(|(_, ())| ()),
            };
            part += 1;
            match behind_list_item(cx, rest)? {
                Some(next) => i = next,
                None => {
                    let (rest, ()) = syntax::octet(syntax::no_sp(cx, rest), b')', expected::CLOSE)?;
                    return self.next_message(cx, rest);
                }
            }
        }
    }

    fn behind_part(&mut self, cx: &Context<'_>, i: &[u8], part: usize) -> Result<(), syntax::Error> {
        match behind_list_item(cx, i)? {
            Some(next) => self.parts(cx, next, part + 1),
            None => {
                let (rest, ()) = syntax::octet(syntax::no_sp(cx, i), b')', expected::CLOSE)?;
                self.next_message(cx, rest)
            }
        }
    }
}

/// The next item of a list; `None` if it ends here.
#[cfg(feature = "server")]
fn behind_list_item<'i>(cx: &Context<'_>, i: &'i [u8]) -> Result<Option<&'i [u8]>, syntax::Error> {
    if i.get(syntax::blanks(i)) == Some(&b')') {
        return Ok(None);
    }
    Ok(Some(syntax::sp(cx, i)?.0))
}

/// Passes over a literal whose octets are here; `None`: it is the head at the end.
#[cfg(feature = "server")]
fn passed<'i>(cx: &Context<'_>, i: &'i [u8]) -> Result<Option<&'i [u8]>, syntax::Error> {
    if syntax::literal_head(cx, i)?.rest.is_empty() {
        return Ok(None);
    }
    MessageData::literal(cx, i).map(|(rest, _)| Some(rest))
}

/// Tells the literals of messages in an APPEND or REPLACE from those of strings, looking at each octet once.
#[cfg(feature = "server")]
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LiteralScan {
    /// Octets that were looked at.
    seen: usize,
    /// Arguments that stood outside of all parentheses.
    arguments: u8,
    depth: u32,
    outer: Word,
    inner: Word,
    last: Word,
}

#[cfg(feature = "server")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Word {
    #[default]
    Other,
    Catenate,
    Text,
    Utf8,
}

#[cfg(feature = "server")]
impl LiteralScan {
    /// Starts at the octet `seen`, behind the keyword.
    pub(crate) fn new(seen: usize) -> Self {
        Self { seen, ..Self::default() }
    }

    /// Whether the literal whose head ends at `end` is message data: the first `before` arguments are not.
    pub(crate) fn is_message(&mut self, data: &[u8], end: usize, before: u8) -> bool {
        let data = data.get(..end).unwrap_or(data);
        while let Some(&octet) = data.get(self.seen) {
            match octet {
                b'(' => {
                    self.depth = self.depth.saturating_add(1);
                    match self.depth {
                        1 => self.outer = self.last,
                        2 => self.inner = self.last,
                        _ => {}
                    }
                    self.last = Word::Other;
                    self.seen += 1;
                }
                b')' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.last = Word::Other;
                    self.seen += 1;
                }
                b'"' => {
                    self.seen += crate::frame::quoted_len(&data[self.seen..]).unwrap_or(1);
                    self.argument(Word::Other);
                }
                b' ' | b'\t' | b'\r' | b'\n' => self.seen += 1,
                b'{' => break,
                b'~' if data.get(self.seen + 1) == Some(&b'{') => break,
                _ => {
                    let word = &data[self.seen..];
                    let len = word
                        .iter()
                        .position(|o| matches!(o, b' ' | b'\t' | b'(' | b')' | b'"' | b'{' | b'\r' | b'\n'));
                    let word = &word[..len.unwrap_or(word.len()).max(1)];
                    self.seen += word.len();
                    self.argument(match word {
                        _ if word.eq_ignore_ascii_case(b"CATENATE") => Word::Catenate,
                        _ if word.eq_ignore_ascii_case(b"TEXT") => Word::Text,
                        _ if word.eq_ignore_ascii_case(b"UTF8") => Word::Utf8,
                        _ => Word::Other,
                    });
                }
            }
        }
        match self.depth {
            0 => self.arguments >= before,
            1 => match self.outer {
                Word::Catenate => self.last == Word::Text,
                outer => outer == Word::Utf8,
            },
            2 => self.outer == Word::Catenate && self.inner == Word::Utf8,
            _ => false,
        }
    }

    fn argument(&mut self, word: Word) {
        self.last = word;
        if self.depth == 0 {
            self.arguments = self.arguments.saturating_add(1);
        }
    }

    /// The literal stays in the data, up to the octet `behind`.
    pub(crate) fn kept(&mut self, behind: usize) {
        self.seen = behind;
        self.argument(Word::Other);
    }

    /// The literal and all before it are taken off the data.
    pub(crate) fn cut(&mut self) {
        self.kept(0);
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
        assert_eq!(parts.parts()[0], CatenatePart::Text(streamed(99_999)));
        assert_eq!(second.data, AppendData::Message(streamed(88_888)));
        let mut output = wire::Output::new();
        let options = crate::core::Options { literals: crate::core::Literals::Plus, ..Default::default() };
        let mut encoder = Encoder::new(&mut output, options);
        append.encode(&mut encoder);
        let sizes: Vec<_> = encoder.cuts().iter().map(|cut| cut.size).collect();
        assert_eq!(sizes, [99_999, 88_888]);
    }

    #[cfg(feature = "server")]
    #[test]
    fn prefixes_end_at_the_head_of_a_literal() {
        // a text, which goes on behind the octets of the literal before; index, part, whether there are flags, UTF8
        type Text = (&'static str, usize, Option<usize>, bool, bool);
        let rows: &[&[Text]] = &[
            &[(" x {5}\r\n", 0, None, false, false), (" {5}\r\n", 1, None, false, false)],
            &[(" x (\\Seen) {5}\r\n", 0, None, true, false), (" {5}\r\n", 1, None, false, false)],
            &[(" {1}\r\nx (\\Seen) \" 7-Feb-1994 22:43:04 -0800\" ~{5+}\r\n", 0, None, true, false)],
            &[(" x UTF8 (~{5}\r\n", 0, None, false, true), (") (\\Seen) {5}\r\n", 1, None, true, false)],
            &[
                (" x CATENATE (URL a TEXT {5}\r\n", 0, Some(1), false, false),
                (" TEXT {1}\r\na URL {1}\r\nb UTF8 (~{5}\r\n", 0, Some(4), false, true),
                (") URL c) (\\Seen) {5}\r\n", 1, None, true, false),
            ],
            &[(" x CATENATE (URL a) CATENATE (URL b) {1}\r\na ~{5}\r\n", 3, None, false, false)],
            &[(" x ANNOTATION (/a (value.priv \"x\")) X-NEW ({1}\r\na) {5}\r\n", 0, None, false, false)],
            &[(" x UTF8 (~{1}\r\na) UTF8 (~{5}\r\n", 1, None, false, true)],
        ];
        for texts in rows {
            let mut prefix: Option<AppendPrefix> = None;
            for &(text, index, part, flags, utf8) in *texts {
                let frame = Bytes::from_static(text.as_bytes());
                let cx = Context::new(&frame, Tolerance::Strict);
                let read = match &mut prefix {
                    Some(prefix) => prefix.next(&cx, &frame),
                    None => AppendPrefix::first(&cx, &frame).map(|first| prefix = Some(first)),
                };
                assert!(read.is_ok(), "{text:?}");
                let prefix = prefix.as_ref().unwrap();
                assert_eq!((prefix.index, prefix.part, prefix.utf8), (index, part, utf8), "{text:?}");
                assert_eq!(
                    (prefix.flags.is_some(), prefix.mailbox.as_bytes()),
                    (flags, &b"x"[..]),
                    "{text:?}"
                );
            }
        }
        for text in [
            " x",
            " {5}\r\n",
            " x FLAGS {5}\r\n",
            " x (\\Seen {5}\r\n",
            " x CATENATE (FILE {5}\r\n",
            " x CATENATE (TEXT a {5}\r\n",
        ] {
            let frame = Bytes::from_static(text.as_bytes());
            assert!(
                AppendPrefix::first(&Context::new(&frame, Tolerance::Strict), &frame).is_err(),
                "{text:?}"
            );
        }
    }

    #[cfg(feature = "server")]
    #[test]
    fn literals_of_messages_are_told_from_those_of_strings() {
        for (text, before, message) in [
            (" {5}\r\n", 1, false),
            (" x {5}\r\n", 1, true),
            (" 3 {5}\r\n", 2, false),
            (" 3 x {5}\r\n", 2, true),
            (" \"x {5}\" ~{5}\r\n", 1, true),
            (" x (\\Seen) \" 7-Feb-1994 22:43:04 -0800\" {5+}\r\n", 1, true),
            (" x CATENATE (TEXT {5}\r\n", 1, true),
            (" x CATENATE (text {5}\r\n", 1, true),
            (" x CATENATE (URL {5}\r\n", 1, false),
            (" x CATENATE (URL TEXT URL {5}\r\n", 1, false),
            (" x CATENATE (UTF8 (~{5}\r\n", 1, true),
            (" x CATENATE (URL a) {5}\r\n", 1, true),
            (" x UTF8 (~{5}\r\n", 1, true),
            (" x ANNOTATION (/a (value.priv {5}\r\n", 1, false),
            (" x X-NEW (TEXT {5}\r\n", 1, false),
        ] {
            let data = text.as_bytes();
            assert_eq!(LiteralScan::new(0).is_message(data, data.len(), before), message, "{text:?}");
            // at once, or line by line
            let text = alloc::format!("{text}12345 TEXT {{5}}\r\n");
            let mut scan = LiteralScan::new(0);
            let end = data.len();
            assert_eq!(scan.is_message(text.as_bytes(), end, before), message);
            scan.kept(end + 5);
            let again = scan.is_message(text.as_bytes(), text.len(), before);
            assert_eq!(
                scan.is_message(text.as_bytes(), text.len(), before),
                again,
                "asking twice changes nothing"
            );
        }
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
