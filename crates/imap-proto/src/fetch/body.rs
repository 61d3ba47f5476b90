//! The structure of a message: its parts.

use super::block::{self, Grammar};
use super::envelope::{self, Envelope};
use super::section::PartNumber;
use crate::core::syntax::expected;
use crate::core::{Context, Encoder};
use ::core::fmt;
use ::core::num::NonZeroU32;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::parse::{Parsed, fail};

/// `body` (RFC 9051 section 7.5.2): the parts of a message, as its server has parsed it. The answer to BODYSTRUCTURE, or, without extension
/// data, to BODY.
///
/// It is held as it was on the wire; what is asked for is decoded then. A repaired one is held in its right form.
///
/// ```
/// use imap_proto::{BodyBuilder, BodyStructure};
///
/// let text = BodyBuilder::new("text", "plain").param("charset", "utf-8").octets(1152).lines(23).build()?;
/// let image = BodyBuilder::new("image", "png").encoding("base64").octets(98_304).build()?;
/// let mixed = BodyBuilder::multipart("mixed", [&text, &image]).build()?;
/// let types: Vec<_> = mixed.root().children().map(|part| part.subtype().into_owned()).collect();
/// assert_eq!(types, [b"plain".to_vec(), b"png".to_vec()]);
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone)]
pub struct BodyStructure {
    block: Bytes,
    nodes: Vec<Node>,
}

/// A part: where it is in the block, and the next behind it and all that it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Node {
    /// Its `(`.
    start: u32,
    /// The subtype.
    subtype: u32,
    /// The parameters. Of a multipart they are extension data.
    params: u32,
    /// Behind the parameters: the identifier, the description, the encoding, the size. A multipart has none.
    id: u32,
    description: u32,
    encoding: u32,
    octets: u32,
    /// What follows all that must be there: the extension data, or `)`.
    tail: u32,
    /// Of the extension data, what is there: the disposition, the language, the location.
    disposition: u32,
    language: u32,
    location: u32,
    /// The index of the next part that is not in this one. While it is being parsed, of the part around it.
    next: u32,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Basic,
    Text,
    Message,
    Multipart,
}

/// Nowhere: no message is as long.
const NONE: u32 = u32::MAX;

impl Node {
    /// Of which nothing is known yet.
    const fn new(start: u32, around: u32) -> Self {
        Self {
            start,
            subtype: NONE,
            params: NONE,
            id: NONE,
            description: NONE,
            encoding: NONE,
            octets: NONE,
            tail: NONE,
            disposition: NONE,
            language: NONE,
            location: NONE,
            next: around,
            kind: Kind::Multipart,
        }
    }
}

impl BodyStructure {
    /// The outermost part: the message itself.
    #[must_use]
    pub fn root(&self) -> BodyPart<'_> {
        BodyPart { body: self, index: 0 }
    }

    /// All parts, each before those in it.
    pub fn parts(&self) -> impl Iterator<Item = BodyPart<'_>> {
        (0..self.nodes.len()).map(|index| BodyPart { body: self, index })
    }

    /// The part that `BODY[n.n]` names (RFC 9051 section 6.4.5.1).
    #[must_use]
    pub fn part(&self, number: &[NonZeroU32]) -> Option<BodyPart<'_>> {
        let mut part = self.root();
        for (depth, number) in number.iter().enumerate() {
            // the only part of a message that is no multipart has the number 1
            let of = if depth > 0 && part.is_message() { part.message()?.1 } else { part };
            let n = number.get() as usize - 1;
            part = if of.is_multipart() {
                of.children().nth(n)?
            } else if n == 0 && (depth == 0 || part.is_message()) {
                of
            } else {
                return None;
            };
        }
        Some(part)
    }

    /// In the form of the wire.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.block
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { block: Bytes::copy_from_slice(&self.block), nodes: self.nodes.clone() }
    }

    /// ```text
    /// body            = "(" (body-type-1part / body-type-mpart) ")"
    /// body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]
    /// body-type-basic = media-basic SP body-fields
    /// body-type-text  = media-text SP body-fields SP body-fld-lines
    /// body-type-msg   = media-message SP body-fields SP envelope SP body SP body-fld-lines
    /// body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
    /// ```
    #[inline]
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        match Self::well_formed(cx, i) {
            Some(found) => Ok(found),
            None => Self::repaired(cx, i),
        }
    }

    /// Only if nothing has to be repaired.
    #[inline]
    pub(super) fn well_formed<'i>(cx: &Context<'_>, i: &'i [u8]) -> Option<(&'i [u8], Self)> {
        let (rest, nodes) = walk(i, Grammar::of(cx), cx.depth_limit())?;
        Some((rest, Self { block: cx.keep(&i[..i.len() - rest.len()]), nodes }))
    }

    #[cold]
    #[inline(never)]
    fn repaired<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let mut block = Vec::new();
        let (rest, ()) = block::bounded(cx, i, |i| super::body_repair::repair(cx, i, &mut block))?;
        match Self::of_block(block.into(), cx.depth_limit()) {
            Some(body) => Ok((rest, body)),
            None => fail(i, expected::BODY),
        }
    }

    /// From a whole block.
    pub(super) fn of_block(block: Bytes, max_depth: u32) -> Option<Self> {
        match walk(&block, Grammar::CHECKED, max_depth)? {
            ([], nodes) => Some(Self { block, nodes }),
            _ => None,
        }
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        block::encode(&self.block, encoder);
    }
}

/// Passes over a body of the strict grammar: what follows, and its parts.
fn walk(whole: &[u8], grammar: Grammar, max_depth: u32) -> Option<(&[u8], Vec<Node>)> {
    // offsets are known to fit, once; and so are indices
    u32::try_from(whole.len()).ok()?;
    #[allow(clippy::cast_possible_truncation, reason = "checked above")]
    let here = |i: &[u8]| (whole.len() - i.len()) as u32;
    let mut nodes: Vec<Node> = Vec::with_capacity(8);
    // the part around the current place
    let mut open = NONE;
    let mut depth = 0;
    let mut i = whole;
    loop {
        // a part starts
        let start = here(i);
        i = block::octet(i, b'(')?;
        depth += 1;
        if depth > max_depth {
            return None;
        }
        #[allow(clippy::cast_possible_truncation, reason = "fewer than octets")]
        let index = nodes.len() as u32;
        let mut node = Node::new(start, open);
        if i.starts_with(b"(") {
            nodes.push(node);
            open = index;
            continue;
        }
        let (rest, sub, kind) = media_type(i, grammar)?;
        node.kind = kind;
        node.subtype = here(sub);
        node.params = here(rest);
        // body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP body-fld-octets
        i = block::sp(params(rest, grammar)?)?;
        node.id = here(i);
        i = block::nstring_and(i, b' ', grammar)?;
        node.description = here(i);
        i = block::nstring_and(i, b' ', grammar)?;
        node.encoding = here(i);
        i = block::string_and(i, b' ', grammar)?;
        node.octets = here(i);
        i = block::number(i)?.0;
        if kind == Kind::Message && i.starts_with(b" (") {
            i = envelope::walk(&i[1..], grammar)?.0;
            i = block::sp(i)?;
            nodes.push(node);
            open = index;
            continue;
        }
        match kind {
            Kind::Text => i = block::number(block::sp(i)?)?.0,
            // not all servers parse message/global (RFC 9755 section 6); message/rfc822 they must
            Kind::Message => {
                let media = whole.get(node.start as usize..node.params as usize)?;
                let global = media.len().checked_sub(9).and_then(|at| media.get(at..));
                if !global?.eq_ignore_ascii_case(b"\"GLOBAL\" ") {
                    return None;
                }
                node.kind = Kind::Basic;
            }
            _ => {}
        }
        node.tail = here(i);
        i = extensions(i, grammar, max_depth, here, &mut node)?;
        node.next = index + 1;
        nodes.push(node);
        depth -= 1;
        // and those that end with it
        loop {
            #[allow(clippy::cast_possible_truncation, reason = "fewer than octets")]
            let end = nodes.len() as u32;
            let Some(around) = nodes.get_mut(open as usize) else { return Some((i, nodes)) };
            if around.kind == Kind::Multipart {
                if i.starts_with(b"(") {
                    break;
                }
                i = block::sp(i)?;
                around.subtype = here(i);
                i = block::string(i, grammar)?;
                around.tail = here(i);
                i = extensions_of_multipart(i, grammar, max_depth, here, around)?;
            } else {
                i = block::number(block::sp(i)?)?.0;
                around.tail = here(i);
                i = extensions(i, grammar, max_depth, here, around)?;
            }
            open = ::core::mem::replace(&mut around.next, end);
            depth -= 1;
        }
    }
}

/// `media-basic / media-message / media-text`, and the space behind it: what follows, the subtype, and what it is.
#[inline(always)]
fn media_type(i: &[u8], grammar: Grammar) -> Option<(&[u8], &[u8], Kind)> {
    let sub = block::string_and(i, b' ', grammar)?;
    let main = &i[..i.len() - sub.len() - 1];
    let rest = block::string(sub, grammar)?;
    let kind = match main.len() {
        6 if main.eq_ignore_ascii_case(b"\"TEXT\"") => Kind::Text,
        9 if main.eq_ignore_ascii_case(b"\"MESSAGE\"") => {
            let sub = &sub[..sub.len() - rest.len()];
            if sub.eq_ignore_ascii_case(b"\"RFC822\"") || sub.eq_ignore_ascii_case(b"\"GLOBAL\"") {
                Kind::Message
            } else {
                Kind::Basic
            }
        }
        _ if main.starts_with(b"{") => {
            return literal_type(main, &sub[..sub.len() - rest.len()])
                .zip(block::sp(rest))
                .map(|(kind, rest)| (rest, sub, kind));
        }
        _ => Kind::Basic,
    };
    Some((block::sp(rest)?, sub, kind))
}

/// A type as a literal. In the RFC's grammar `TEXT` and `MESSAGE` are quoted, so that a literal would be `media-basic`; but nobody means that.
#[cold]
fn literal_type(main: &[u8], sub: &[u8]) -> Option<Kind> {
    let (main, sub) = (block::text(main)?, block::text(sub)?);
    Some(kind_of(&main, &sub))
}

fn kind_of(main: &[u8], sub: &[u8]) -> Kind {
    if main.eq_ignore_ascii_case(b"TEXT") {
        Kind::Text
    } else if main.eq_ignore_ascii_case(b"MESSAGE")
        && (sub.eq_ignore_ascii_case(b"RFC822") || sub.eq_ignore_ascii_case(b"GLOBAL"))
    {
        Kind::Message
    } else {
        Kind::Basic
    }
}

/// `body-fld-param = "(" string SP string *(SP string SP string) ")" / nil`
#[inline]
fn params(i: &[u8], grammar: Grammar) -> Option<&[u8]> {
    let Some(mut i) = block::octet(i, b'(') else { return block::nil(i) };
    loop {
        i = block::string_and(i, b' ', grammar)?;
        i = block::string(i, grammar)?;
        if let Some(rest) = block::octet(i, b')') {
            return Some(rest);
        }
        i = block::sp(i)?;
    }
}

/// `[SP body-ext-1part] ")"`
///
/// ```text
/// body-ext-1part  = body-fld-md5 [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc *(SP body-extension)]]]
/// ```
#[inline]
fn extensions<'i>(
    i: &'i [u8],
    grammar: Grammar,
    max_depth: u32,
    here: impl Fn(&[u8]) -> u32,
    node: &mut Node,
) -> Option<&'i [u8]> {
    match i.split_first()? {
        (b')', rest) => Some(rest),
        (b' ', i) => more_extensions(block::nstring(i, grammar)?, grammar, max_depth, here, node),
        _ => None,
    }
}

/// `[SP body-ext-mpart] ")"`
///
/// ```text
/// body-ext-mpart  = body-fld-param [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc *(SP body-extension)]]]
/// ```
#[inline]
fn extensions_of_multipart<'i>(
    i: &'i [u8],
    grammar: Grammar,
    max_depth: u32,
    here: impl Fn(&[u8]) -> u32,
    node: &mut Node,
) -> Option<&'i [u8]> {
    match i.split_first()? {
        (b')', rest) => Some(rest),
        (b' ', i) => more_extensions(params(i, grammar)?, grammar, max_depth, here, node),
        _ => None,
    }
}

/// From the disposition on, with the space before it.
fn more_extensions<'i>(
    i: &'i [u8],
    grammar: Grammar,
    max_depth: u32,
    here: impl Fn(&[u8]) -> u32,
    node: &mut Node,
) -> Option<&'i [u8]> {
    let Some(i) = block::sp(i) else { return block::octet(i, b')') };
    node.disposition = here(i);
    let i = disposition(i, grammar)?;
    let Some(i) = block::sp(i) else { return block::octet(i, b')') };
    node.language = here(i);
    let i = language(i, grammar)?;
    let Some(i) = block::sp(i) else { return block::octet(i, b')') };
    node.location = here(i);
    let mut i = block::nstring(i, grammar)?;
    while let Some(rest) = block::sp(i) {
        i = block::value(rest, grammar, max_depth)?;
    }
    block::octet(i, b')')
}

/// `body-fld-dsp = "(" string SP body-fld-param ")" / nil`
fn disposition(i: &[u8], grammar: Grammar) -> Option<&[u8]> {
    let Some(i) = block::octet(i, b'(') else { return block::nil(i) };
    let i = block::string_and(i, b' ', grammar)?;
    block::octet(params(i, grammar)?, b')')
}

/// `body-fld-lang = nstring / "(" string *(SP string) ")"`
fn language(i: &[u8], grammar: Grammar) -> Option<&[u8]> {
    let Some(mut i) = block::octet(i, b'(') else { return block::nstring(i, grammar) };
    loop {
        i = block::string(i, grammar)?;
        if let Some(rest) = block::octet(i, b')') {
            return Some(rest);
        }
        i = block::sp(i)?;
    }
}

/// A part of a message.
#[derive(Clone, Copy)]
pub struct BodyPart<'a> {
    body: &'a BodyStructure,
    index: usize,
}

impl<'a> BodyPart<'a> {
    #[inline]
    fn node(self) -> &'a Node {
        const NOTHING: &Node = &Node { kind: Kind::Basic, ..Node::new(NONE, NONE) };
        self.body.nodes.get(self.index).unwrap_or(NOTHING)
    }

    /// The block from there on.
    #[inline]
    fn at(self, offset: u32) -> &'a [u8] {
        self.body.block.get(offset as usize..).unwrap_or_default()
    }

    /// Whether it has parts: `multipart/...`.
    #[must_use]
    pub fn is_multipart(self) -> bool {
        self.node().kind == Kind::Multipart
    }

    /// Whether it is a message that the server has parsed: `message/rfc822` or `message/global`.
    #[must_use]
    pub fn is_message(self) -> bool {
        self.node().kind == Kind::Message
    }

    /// The type, such as `text`. Case does not matter.
    #[must_use]
    pub fn main_type(self) -> Cow<'a, [u8]> {
        let node = self.node();
        if node.kind == Kind::Multipart {
            return Cow::Borrowed(b"multipart");
        }
        block::text(self.at(node.start.saturating_add(1))).unwrap_or_default()
    }

    /// The subtype, such as `plain`. Case does not matter.
    #[must_use]
    pub fn subtype(self) -> Cow<'a, [u8]> {
        block::text(self.at(self.node().subtype)).unwrap_or_default()
    }

    /// Whether it has this type, in any case.
    #[must_use]
    pub fn is(self, main_type: &str, subtype: &str) -> bool {
        self.main_type().eq_ignore_ascii_case(main_type.as_bytes())
            && self.subtype().eq_ignore_ascii_case(subtype.as_bytes())
    }

    /// The parameters of the type, such as `charset`: names, whose case does not matter, and values.
    #[must_use]
    pub fn params(self) -> Params<'a> {
        let node = self.node();
        if node.kind == Kind::Multipart {
            return Params::of(self.at(node.tail).strip_prefix(b" ").unwrap_or_default());
        }
        Params::of(self.at(node.params))
    }

    /// The value of a parameter.
    #[must_use]
    pub fn param(self, name: &str) -> Option<Cow<'a, [u8]>> {
        self.params().get(name)
    }

    /// `Content-ID`
    #[must_use]
    pub fn id(self) -> Option<Cow<'a, [u8]>> {
        block::text(self.at(self.node().id))
    }

    /// `Content-Description`
    #[must_use]
    pub fn description(self) -> Option<Cow<'a, [u8]>> {
        block::text(self.at(self.node().description))
    }

    /// `Content-Transfer-Encoding`, such as `base64`. Case does not matter. A multipart has none here.
    #[must_use]
    pub fn encoding(self) -> Option<Cow<'a, [u8]>> {
        block::text(self.at(self.node().encoding))
    }

    /// How many octets it has, encoded as it is. A multipart has none here.
    #[must_use]
    pub fn octets(self) -> Option<u64> {
        Some(block::number(self.at(self.node().octets))?.1)
    }

    /// How many lines it has: of a text or a message.
    #[must_use]
    pub fn lines(self) -> Option<u64> {
        let node = self.node();
        match node.kind {
            Kind::Basic | Kind::Multipart => None,
            Kind::Text => {
                let (rest, _) = block::number(self.at(node.octets))?;
                Some(block::number(block::sp(rest)?)?.1)
            }
            // behind the body in it, which ends where the number begins
            Kind::Message => {
                let before = self.body.block.get(..node.tail as usize)?;
                let digits = before.iter().rev().take_while(|o| o.is_ascii_digit()).count();
                Some(block::number(&before[before.len() - digits..])?.1)
            }
        }
    }

    /// The message in it: its envelope and its body.
    #[must_use]
    pub fn message(self) -> Option<(Envelope, Self)> {
        if !self.is_message() {
            return None;
        }
        let (rest, _) = block::number(self.at(self.node().octets))?;
        let start = block::sp(rest)?;
        let envelope = Envelope::within(&self.body.block, self.body.block.len() - start.len())?;
        Some((envelope, Self { body: self.body, index: self.index + 1 }))
    }

    /// Its parts: of a multipart, those in it; of a message, its body.
    #[must_use]
    pub fn children(self) -> Children<'a> {
        let node = self.node();
        let end = match node.kind {
            Kind::Multipart | Kind::Message => node.next as usize,
            Kind::Basic | Kind::Text => self.index + 1,
        };
        Children { body: self.body, index: self.index + 1, end }
    }

    /// The part that holds it.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        let index = (0..self.index).rev().find(|&n| {
            self.body.nodes.get(n).is_some_and(|node| {
                node.next as usize > self.index && node.kind != Kind::Basic && node.kind != Kind::Text
            })
        })?;
        Some(Self { body: self.body, index })
    }

    /// The number that `BODY[...]` wants for it (RFC 9051 section 6.4.5.1); empty for a message as a whole, which has none: the outermost
    /// multipart, or one that is the body of a message, is reached with `TEXT` of what holds it.
    #[must_use]
    pub fn number(self) -> PartNumber {
        let mut number = Vec::new();
        let mut part = self;
        if part.index == 0 && !part.is_multipart() {
            return [NonZeroU32::MIN].into();
        }
        while let Some(parent) = part.parent() {
            if parent.is_multipart() {
                let n = parent.children().take_while(|child| child.index < part.index).count();
                let n = u32::try_from(n).unwrap_or(NONE - 1);
                number.push(NonZeroU32::MIN.saturating_add(n));
            } else if !part.is_multipart() {
                number.push(NonZeroU32::MIN);
            }
            part = parent;
        }
        // the outermost part, if it is a message
        if part.index == 0 && !part.is_multipart() {
            number.push(NonZeroU32::MIN);
        }
        number.reverse();
        number
    }

    /// Whether there is extension data: in the answer to BODYSTRUCTURE, not in that to BODY.
    #[must_use]
    pub fn is_extended(self) -> bool {
        self.at(self.node().tail).starts_with(b" ")
    }

    /// `Content-MD5`. A multipart has none here.
    #[must_use]
    pub fn md5(self) -> Option<Cow<'a, [u8]>> {
        let node = self.node();
        if node.kind == Kind::Multipart {
            return None;
        }
        block::text(block::sp(self.at(node.tail))?)
    }

    /// `Content-Disposition`
    #[must_use]
    pub fn disposition(self) -> Option<Disposition<'a>> {
        let (kind, rest) = block::take(block::octet(self.at(self.node().disposition), b'(')?)?;
        Some(Disposition { kind: kind?, params: Params::of(block::sp(rest)?) })
    }

    /// `Content-Language`
    #[must_use]
    pub fn languages(self) -> Vec<Cow<'a, [u8]>> {
        languages(self.at(self.node().language))
    }

    /// `Content-Location`
    #[must_use]
    pub fn location(self) -> Option<Cow<'a, [u8]>> {
        block::text(self.at(self.node().location))
    }

    /// What nobody knows, behind all that: values as on the wire, each of them a string, NIL, a number or a list.
    #[must_use]
    pub fn extensions(self) -> &'a [u8] {
        let of = || {
            let start = block::sp(block::nstring(self.at(self.node().location), Grammar::CHECKED)?)?;
            let mut rest = block::value(start, Grammar::CHECKED, u32::MAX)?;
            while let Some(more) = block::sp(rest) {
                rest = block::value(more, Grammar::CHECKED, u32::MAX)?;
            }
            Some(&start[..start.len() - rest.len()])
        };
        of().unwrap_or_default()
    }

    /// The name of the file, if it has one: of the disposition, or else of the type. Not decoded (RFC 2231, RFC 2047).
    #[must_use]
    pub fn file_name(self) -> Option<Cow<'a, [u8]>> {
        self.disposition()
            .and_then(|disposition| disposition.params.get("filename"))
            .or_else(|| self.param("name"))
    }
}

fn languages(i: &[u8]) -> Vec<Cow<'_, [u8]>> {
    let Some(mut i) = block::octet(i, b'(') else { return block::text(i).into_iter().collect() };
    let mut all = Vec::new();
    while let Some((Some(text), rest)) = block::take(i) {
        all.push(text);
        i = rest.get(1..).unwrap_or_default();
    }
    all
}

impl PartialEq for BodyPart<'_> {
    fn eq(&self, other: &Self) -> bool {
        let (one, other) = (*self, *other);
        one.node().kind == other.node().kind
            && one.main_type().eq_ignore_ascii_case(&other.main_type())
            && one.subtype().eq_ignore_ascii_case(&other.subtype())
            && one.params().eq(other.params())
            && (one.id(), one.description(), one.octets(), one.lines())
                == (other.id(), other.description(), other.octets(), other.lines())
            && one.encoding().unwrap_or_default().eq_ignore_ascii_case(&other.encoding().unwrap_or_default())
            && one.md5() == other.md5()
            && one.disposition() == other.disposition()
            && one.languages() == other.languages()
            && one.location() == other.location()
            && one.extensions() == other.extensions()
            && one.message().map(|(envelope, _)| envelope) == other.message().map(|(envelope, _)| envelope)
    }
}

impl Eq for BodyPart<'_> {}

impl fmt::Debug for BodyPart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (main, sub) = (self.main_type(), self.subtype());
        write!(f, "{}/{}", main.escape_ascii(), sub.escape_ascii())?;
        if self.is_multipart() || self.is_message() {
            f.debug_list().entries(self.children()).finish()?;
        }
        Ok(())
    }
}

impl PartialEq for BodyStructure {
    fn eq(&self, other: &Self) -> bool {
        self.block == other.block
            || self.nodes.len() == other.nodes.len()
                && self.nodes.iter().zip(&other.nodes).all(|(one, other)| one.next == other.next)
                && self.parts().eq(other.parts())
    }
}

impl Eq for BodyStructure {}

impl fmt::Debug for BodyStructure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.block.escape_ascii())
    }
}

/// The parts in a part.
#[derive(Debug, Clone)]
pub struct Children<'a> {
    body: &'a BodyStructure,
    index: usize,
    end: usize,
}

impl<'a> Iterator for Children<'a> {
    type Item = BodyPart<'a>;

    fn next(&mut self) -> Option<BodyPart<'a>> {
        if self.index >= self.end {
            return None;
        }
        let part = BodyPart { body: self.body, index: self.index };
        self.index = self.body.nodes.get(self.index)?.next as usize;
        Some(part)
    }
}

/// `Content-Disposition` of a part.
#[derive(Debug, Clone)]
pub struct Disposition<'a> {
    /// `attachment`, `inline` or another. Case does not matter.
    pub kind: Cow<'a, [u8]>,
    /// Its parameters, such as `filename`.
    pub params: Params<'a>,
}

impl Disposition<'_> {
    /// Whether it is this kind, in any case; also if the sender of the mail has put it in quotes, which servers pass on
    /// (row 109 of the project's list of quirks).
    #[must_use]
    pub fn is(&self, kind: &str) -> bool {
        let octets = self.kind.trim_ascii();
        let octets = octets.strip_prefix(b"\"").unwrap_or(octets);
        let octets = octets.strip_suffix(b"\"").unwrap_or(octets);
        octets.trim_ascii().eq_ignore_ascii_case(kind.as_bytes())
    }
}

impl PartialEq for Disposition<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.kind.eq_ignore_ascii_case(&other.kind) && self.params.clone().eq(other.params.clone())
    }
}

impl Eq for Disposition<'_> {}

/// Parameters: names and values.
#[derive(Debug, Clone, Default)]
pub struct Params<'a> {
    /// Behind `(`, or nothing.
    rest: &'a [u8],
}

impl<'a> Params<'a> {
    fn of(i: &'a [u8]) -> Self {
        Self { rest: i.strip_prefix(b"(").unwrap_or_default() }
    }

    /// The value of the first with this name, in any case.
    #[must_use]
    pub fn get(mut self, name: &str) -> Option<Cow<'a, [u8]>> {
        self.find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = (Cow<'a, [u8]>, Cow<'a, [u8]>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (name, rest) = block::take(self.rest)?;
        let (value, rest) = block::take(block::sp(rest)?)?;
        self.rest = block::sp(rest).unwrap_or_default();
        Some((name?, value?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::body_builder::BodyBuilder;
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use alloc::string::String;
    use proptest::prelude::*;
    use wire::{Misuse, Tolerance};

    /// The example of RFC 3501 section 6.4.5: its part numbers are in the RFC.
    fn nested() -> BodyStructure {
        let text = |sub| BodyBuilder::new("TEXT", sub).lines(1).build().unwrap();
        let image = || BodyBuilder::new("IMAGE", "GIF").build().unwrap();
        let octets = || BodyBuilder::new("APPLICATION", "OCTET-STREAM").build().unwrap();
        let envelope = Envelope::builder().build().unwrap();
        let message =
            |body: &BodyStructure| BodyBuilder::message("RFC822", &envelope, body).lines(7).build().unwrap();
        let mixed = |parts: &[BodyStructure]| BodyBuilder::multipart("MIXED", parts).build().unwrap();
        let alternative =
            BodyBuilder::multipart("ALTERNATIVE", &[text("PLAIN"), text("RICHTEXT")]).build().unwrap();
        mixed(&[
            text("PLAIN"),
            octets(),
            message(&mixed(&[text("PLAIN"), octets()])),
            mixed(&[image(), message(&mixed(&[text("PLAIN"), alternative]))]),
        ])
    }

    fn numbers(body: &BodyStructure) -> Vec<String> {
        body.parts()
            .map(|part| {
                let number: Vec<_> = part.number().iter().map(|n| alloc::format!("{n}")).collect();
                alloc::format!("{} {}", number.join("."), String::from_utf8_lossy(&part.subtype()))
            })
            .collect()
    }

    #[test]
    fn parts_have_the_numbers_of_the_rfc() {
        let body = nested();
        assert_eq!(
            numbers(&body),
            [
                " MIXED",
                "1 PLAIN",
                "2 OCTET-STREAM",
                "3 RFC822",
                "3 MIXED",
                "3.1 PLAIN",
                "3.2 OCTET-STREAM",
                "4 MIXED",
                "4.1 GIF",
                "4.2 RFC822",
                "4.2 MIXED",
                "4.2.1 PLAIN",
                "4.2.2 ALTERNATIVE",
                "4.2.2.1 PLAIN",
                "4.2.2.2 RICHTEXT",
            ]
        );
        for part in body.parts() {
            let found = body.part(&part.number()).unwrap();
            // a number names the message, not the multipart in it
            let body_of_message = part.is_multipart() && part.parent().is_some_and(BodyPart::is_message);
            assert_eq!(found.index + usize::from(body_of_message), part.index);
        }
        for bad in [&[5][..], &[1, 1], &[3, 3], &[4, 2, 2, 3], &[2, 1]] {
            let number: Vec<_> = bad.iter().filter_map(|&n| NonZeroU32::new(n)).collect();
            assert!(body.part(&number).is_none(), "{bad:?}");
        }
        let single = BodyBuilder::new("TEXT", "PLAIN").lines(0).build().unwrap();
        assert_eq!(numbers(&single), ["1 PLAIN"]);
        assert_eq!(single.part(&[NonZeroU32::MIN]), Some(single.root()));
        let envelope = Envelope::builder().build().unwrap();
        let message = BodyBuilder::message("rfc822", &envelope, &single).build().unwrap();
        assert_eq!(numbers(&message), ["1 rfc822", "1.1 PLAIN"]);
        assert_eq!(message.part(&[NonZeroU32::MIN; 2]).unwrap().index, 1);
    }

    #[test]
    fn views() {
        let octets = b"((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 1152 23 \"md5\" (\"attachment\" (\"FileName\" \"a\\\"b.txt\")) (\"en\" \"de\") \"loc\" (1 (\"x\")) NIL)(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\" \"NAME\" \"cc.diff\") \"<960723163407.20117h@cac.washington.edu>\" \"Compiler diff\" \"BASE64\" 4554 73) \"MIXED\" (\"BOUNDARY\" \"x\") NIL \"en\")";
        let frame = Bytes::from_static(octets);
        let cx = Context::new(&frame, Tolerance::Strict);
        let (rest, body) = BodyStructure::rule(&cx, &frame).unwrap();
        assert!(rest.is_empty());
        let root = body.root();
        assert!(root.is_multipart() && root.is("multipart", "mixed") && root.is_extended());
        assert_eq!(root.param("boundary").as_deref(), Some(&b"x"[..]));
        assert_eq!((root.octets(), root.lines(), root.encoding(), root.md5()), (None, None, None, None));
        assert_eq!((root.disposition(), root.languages()), (None, [Cow::Borrowed(&b"en"[..])].into()));
        let [first, second] = root.children().collect::<Vec<_>>()[..] else { panic!() };
        assert_eq!((first.octets(), first.lines()), (Some(1152), Some(23)));
        assert_eq!(first.md5().as_deref(), Some(&b"md5"[..]));
        let disposition = first.disposition().unwrap();
        assert!(disposition.is("ATTACHMENT") && !disposition.is("inline"));
        assert_eq!(first.file_name().as_deref(), Some(&b"a\"b.txt"[..]));
        assert_eq!(first.languages(), [Cow::Borrowed(&b"en"[..]), Cow::Borrowed(b"de")]);
        assert_eq!(first.location().as_deref(), Some(&b"loc"[..]));
        assert_eq!(first.extensions(), b"(1 (\"x\")) NIL");
        assert_eq!(second.file_name().as_deref(), Some(&b"cc.diff"[..]));
        assert_eq!(second.id().as_deref(), Some(&b"<960723163407.20117h@cac.washington.edu>"[..]));
        assert_eq!(second.description().as_deref(), Some(&b"Compiler diff"[..]));
        assert_eq!(second.encoding().as_deref(), Some(&b"BASE64"[..]));
        assert!(!second.is_extended() && second.extensions().is_empty() && second.disposition().is_none());
        assert_eq!(second.children().count(), 0);
        assert!(second.message().is_none());
        // row 109
        let none: [(&str, &str); 0] = [];
        let quoted = BodyBuilder::new("a", "b").disposition(" \"attachment\"", none).build().unwrap();
        assert!(quoted.root().disposition().unwrap().is("attachment"));
        let nested = nested();
        let (envelope, inner) = nested.part(&[NonZeroU32::new(3).unwrap()]).unwrap().message().unwrap();
        assert_eq!((envelope, inner.is_multipart()), (Envelope::builder().build().unwrap(), true));
        assert_eq!(inner.parent().and_then(BodyPart::lines), Some(7));
    }

    #[test]
    fn bodies() {
        let text = || BodyBuilder::new("TEXT", "PLAIN").param("CHARSET", "US-ASCII").octets(3028).lines(92);
        check(
            BodyStructure::rule,
            |body, encoder| body.encode(encoder),
            &[
                Row::Good(
                    b"(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3028 92)",
                    text().build().unwrap(),
                ),
                Row::Good(
                    b"(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3028 92 NIL NIL NIL NIL)",
                    text().extended().build().unwrap(),
                ),
                Row::Other(
                    b"(\"text\" {5}\r\nplain (\"CHARSET\" {8}\r\nUS-ASCII) nil NIL \"7bit\" 03028 92)",
                    text().build().unwrap(),
                ),
                Row::Other(
                    b"({4}\r\nTEXT \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3028 92 NIL)",
                    text().extended().build().unwrap(),
                ),
                // RFC 9755: as a message, or not
                Row::Good(
                    b"(\"MESSAGE\" \"GLOBAL\" NIL NIL NIL \"7BIT\" 5 NIL (\"inline\" NIL) NIL NIL)",
                    BodyBuilder::new("MESSAGE", "GLOBAL").octets(5).disposition::<&str, &str>("inline", []).build().unwrap(),
                ),
                // row 114
                Row::Good(
                    b"(\"multipart\" \"mixed\" (\"boundary\" \"x\") NIL NIL \"7BIT\" 1234)",
                    BodyBuilder::new("multipart", "mixed").param("boundary", "x").octets(1234).build().unwrap(),
                ),
            ],
        );
        assert_eq!(BodyBuilder::multipart("x", []).build(), Err(Misuse::Empty));
        for bad in [
            BodyBuilder::new("MESSAGE", "RFC822"),
            BodyBuilder::new("IMAGE", "PNG").lines(1),
            BodyBuilder::new("IMAGE", "P\0NG"),
            BodyBuilder::new("IMAGE", "PNG").octets(1 << 63),
            BodyBuilder::new("IMAGE", "PNG").extensions(crate::core::Raw::new("word").unwrap()),
        ] {
            assert_eq!(bad.build(), Err(Misuse::Invalid("body structure")), "{bad:?}");
        }
    }

    fn multiparts(levels: usize, space: &str) -> Bytes {
        let mut octets = "(".repeat(levels);
        octets.push_str("(\"a\" \"b\" NIL NIL NIL \"7BIT\" 1)");
        for _ in 0..levels {
            octets.push_str(space);
            octets.push_str(" \"mixed\")");
        }
        octets.into()
    }

    #[test]
    fn depth_is_limited_and_needs_no_stack() {
        let run = || {
            for (levels, space, good) in [
                (50, "", true),
                (50, " ", true),
                (99, "", true),
                (99, " ", true),
                (100, "", false),
                (200_000, " ", false),
            ] {
                let frame = multiparts(levels, space);
                let cx = Context::new(&frame, Tolerance::Lenient);
                let body = BodyStructure::rule(&cx, &frame);
                assert_eq!(body.is_ok(), good, "{levels}");
                if let Ok((_, body)) = body {
                    assert_eq!(body.parts().count(), levels + 1);
                    let last = body.parts().last().unwrap();
                    assert_eq!(last.number().len(), levels);
                    assert_eq!(body.part(&last.number()), Some(last));
                }
            }
            for (opening, limit) in [
                ("(", 1_000_000),
                ("(\"message\" \"rfc822\" NIL NIL NIL \"7BIT\" 1 () ", 100_000),
                ("(\"a\" \"b\" NIL NIL NIL \"7BIT\" 1 NIL NIL NIL NIL (", 1),
            ] {
                let frame = Bytes::from(opening.repeat(limit) + &"(".repeat(100_000));
                let cx = Context::new(&frame, Tolerance::Lenient);
                assert!(BodyStructure::rule(&cx, &frame).is_err());
            }
        };
        std::thread::Builder::new().stack_size(64 * 1024).spawn(run).unwrap().join().unwrap();
    }

    proptest! {
        #[test]
        fn any_body_round_trips(body in BodyStructure::strategy()) {
            round_trip(&body, BodyStructure::rule, |body, encoder| body.encode(encoder));
            prop_assert_eq!(&body.detach(), &body);
            for part in body.parts() {
                let _ = (part.number(), part.message(), part.languages(), part.location(), part.extensions());
            }
        }

        #[test]
        fn what_is_repaired_is_right_then(octets in "[(]{1,4}(\\(?(\"(text|a|message|rfc822)\"|NIL|[0-9]{1,2}|\\(\\)) ?\\)? ?){4,16}[)]{0,4}") {
            let frame = Bytes::from(octets);
            let cx = Context::new(&frame, Tolerance::Lenient);
            if let Ok((_, body)) = BodyStructure::rule(&cx, &frame) {
                round_trip(&body, BodyStructure::rule, |body, encoder| body.encode(encoder));
            }
        }
    }
}
