//! URLAUTH (RFC 4467) and URLAUTH=BINARY (RFC 5524): URLs that give access to parts of messages.

use crate::core::syntax::{self, blanks, expected};
use crate::core::{Atom, Context, Encoder, IString, Literal8, Mailbox, NonEmpty, Raw, class};
use crate::fetch::BodyStructure;
use crate::rule;
use crate::url_word::ShownAccess;
use ::core::fmt;
use alloc::boxed::Box;
use alloc::vec::Vec;
use wire::Tolerance;
use wire::keyword::{key, key_of};
use wire::parse::{Parsed, fail};

const BODY: u128 = key_of("BODY");
const BINARY: u128 = key_of("BINARY");
const BODYPARTSTRUCTURE: &[u8] = b"BODYPARTSTRUCTURE";

/// What makes tokens (RFC 4467 section 7).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UrlAuthMechanism {
    /// `INTERNAL`: a way of the server's own, the only one that is defined.
    Internal,
    /// Another.
    Other(Atom),
}

impl UrlAuthMechanism {
    /// The names that are known.
    pub const KEYWORDS: &'static [&'static str] = &["INTERNAL"];

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Internal => Self::Internal,
            Self::Other(name) => Self::Other(name.detach()),
        }
    }

    /// `mechanism = "INTERNAL" / 1*(ALPHA / DIGIT / "-" / ".")`
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, word) = syntax::loose_atom(cx, i, wire::parse::expected::MECHANISM)?;
        let internal = word.eq_ignore_ascii_case(b"INTERNAL");
        Ok((i, if internal { Self::Internal } else { Self::Other(Atom::known(cx.keep(word))) }))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        match self {
            Self::Internal => encoder.put(b"INTERNAL"),
            Self::Other(name) => name.encode(encoder),
        }
    }

    /// Any mechanism, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            Just(Self::Internal),
            "X-[A-Z0-9.]{1,8}".prop_map(|name| Self::Other(Atom::known(name.into())))
        ]
    }
}

/// Shows URLs and what stands with each, without tokens.
fn show<'a, T: fmt::Debug + 'a>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    urls: impl Iterator<Item = (&'a IString, T)>,
) -> fmt::Result {
    write!(f, "{name} ")?;
    f.debug_map().entries(urls.map(|(url, with)| (ShownAccess(url.as_bytes()), with))).finish()
}

/// The arguments of GENURLAUTH (RFC 4467 section 7).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct GenUrlAuthCommand {
    /// URLs up to and with `;URLAUTH=` and its access, and the mechanism for each, `INTERNAL`.
    pub urls: NonEmpty<(IString, UrlAuthMechanism)>,
}

impl GenUrlAuthCommand {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let urls = self.urls.iter().map(|(url, mechanism)| (url.detach(), mechanism.detach()));
        Self { urls: NonEmpty::known(urls.collect()) }
    }

    /// ```text
    /// genurlauth      = "GENURLAUTH" 1*(SP url-rump SP mechanism)
    /// url-rump        = astring               ; contains authimapurlrump as defined below
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        cx.set_secret();
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, urls) = syntax::words(cx, i, |cx, i| {
            let (i, url) = syntax::astring(cx, i)?;
            let (i, ()) = syntax::sp(cx, i)?;
            let (i, mechanism) = UrlAuthMechanism::rule(cx, i)?;
            Ok((i, (url, mechanism)))
        })?;
        Ok((i, Self { urls: NonEmpty::known(urls) }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.wipe();
        for (url, mechanism) in &self.urls {
            encoder.sp();
            encoder.astring(url);
            encoder.sp();
            mechanism.encode(encoder);
        }
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        NonEmpty::strategy((IString::strategy(), UrlAuthMechanism::strategy()), 3)
            .prop_map(|urls| Self { urls })
    }
}

impl fmt::Debug for GenUrlAuthCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "GenUrlAuthCommand", self.urls.iter().map(|(url, mechanism)| (url, mechanism)))
    }
}

/// The GENURLAUTH response (RFC 4467 section 7): the URLs with their tokens, in the order of the command. Whoever has one can read what
/// it names.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct GenUrlAuth {
    urls: Vec<IString>,
}

impl GenUrlAuth {
    /// Of URLs.
    #[must_use]
    pub fn new(urls: NonEmpty<IString>) -> Self {
        Self { urls: urls.into_vec() }
    }

    /// The URLs. Dovecot answers a command without any with none.
    #[must_use]
    pub fn urls(&self) -> &[IString] {
        &self.urls
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { urls: self.urls.iter().map(IString::detach).collect() }
    }

    /// ```text
    /// genurlauth-data = "*" SP "GENURLAUTH" 1*(SP url-full)
    /// url-full        = astring               ; contains authimapurlfull as defined below
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        if i.is_empty() && cx.tolerates(Tolerance::Default, rule::MISSING_ITEM, i) {
            return Ok((i, Self { urls: Vec::new() }));
        }
        cx.set_secret();
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, urls) = syntax::words(cx, i, syntax::astring)?;
        Ok((i, Self { urls }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.wipe();
        for url in &self.urls {
            encoder.sp();
            encoder.astring(url);
        }
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        proptest::collection::vec(IString::strategy(), 1..4).prop_map(|urls| Self { urls })
    }
}

impl fmt::Debug for GenUrlAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GenUrlAuth ")?;
        f.debug_list().entries(self.urls.iter().map(|url| ShownAccess(url.as_bytes()))).finish()
    }
}

/// The arguments of RESETKEY (RFC 4467 section 7): whose URLs are no longer good.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ResetKey {
    /// Those of this mailbox, and for which mechanisms (none: all); `None`: those of all mailboxes.
    pub mailbox: Option<(Mailbox, Vec<UrlAuthMechanism>)>,
}

impl ResetKey {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let mailbox = self.mailbox.as_ref();
        Self {
            mailbox: mailbox.map(|(mailbox, mechanisms)| {
                (mailbox.detach(), mechanisms.iter().map(UrlAuthMechanism::detach).collect())
            }),
        }
    }

    /// ```text
    /// resetkey        = "RESETKEY" [SP mailbox *(SP mechanism)]
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        if blanks(i) == i.len() {
            return Ok((i, Self::default()));
        }
        let (i, mailbox) = Mailbox::argument(cx, i)?;
        if blanks(i) == i.len() {
            return Ok((i, Self { mailbox: Some((mailbox, Vec::new())) }));
        }
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, mechanisms) = syntax::words(cx, i, UrlAuthMechanism::rule)?;
        Ok((i, Self { mailbox: Some((mailbox, mechanisms)) }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        if let Some((mailbox, mechanisms)) = &self.mailbox {
            mailbox.encode_argument(encoder);
            for mechanism in mechanisms {
                encoder.sp();
                mechanism.encode(encoder);
            }
        }
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let mechanisms = proptest::collection::vec(UrlAuthMechanism::strategy(), 0..3);
        proptest::option::of((Mailbox::strategy(), mechanisms)).prop_map(|mailbox| Self { mailbox })
    }
}

/// What URLFETCH wants of a URL (RFC 5524 section 3.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UrlFetchParameter {
    /// `BODY`: the content as it is.
    Body,
    /// `BINARY`: the content without its transfer encoding.
    Binary,
    /// `BODYPARTSTRUCTURE`: its structure.
    BodyPartStructure,
    /// Another parameter.
    Other(Atom),
}

impl UrlFetchParameter {
    /// The names that are known.
    pub const KEYWORDS: &'static [&'static str] = &["BODY", "BINARY", "BODYPARTSTRUCTURE"];

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Other(name) => Self::Other(name.detach()),
            known => known.clone(),
        }
    }

    /// `url-fetch-param  =  "BODY" / "BINARY" / "BODYPARTSTRUCTURE" / atom`
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, word) = syntax::run1(i, class::ATOM, expected::PARAMETER)?;
        let parameter = match key(word) {
            BODY => Self::Body,
            BINARY => Self::Binary,
            _ if word.eq_ignore_ascii_case(BODYPARTSTRUCTURE) => Self::BodyPartStructure,
            _ => Self::Other(Atom::known(cx.keep(word))),
        };
        Ok((rest, parameter))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        match self {
            Self::Body => encoder.put(b"BODY"),
            Self::Binary => encoder.put(b"BINARY"),
            Self::BodyPartStructure => encoder.put(BODYPARTSTRUCTURE),
            Self::Other(name) => name.encode(encoder),
        }
    }

    /// Any parameter, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            Just(Self::Body),
            Just(Self::Binary),
            Just(Self::BodyPartStructure),
            "X-[A-Z]{1,8}".prop_map(|name| Self::Other(Atom::known(name.into()))),
        ]
    }
}

/// The arguments of URLFETCH (RFC 4467 section 7, RFC 5524).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UrlFetchCommand {
    /// URLs, and what is wanted of each; nothing asks for the content as RFC 4467 has it.
    pub urls: NonEmpty<(IString, Vec<UrlFetchParameter>)>,
}

impl UrlFetchCommand {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let urls = self.urls.iter().map(|(url, parameters)| {
            (url.detach(), parameters.iter().map(UrlFetchParameter::detach).collect())
        });
        Self { urls: NonEmpty::known(urls.collect()) }
    }

    /// ```text
    /// urlfetch         =  "URLFETCH" 1*(SP url-fetch-arg)
    /// url-fetch-arg    =  url-fetch-simple / url-fetch-ext
    /// url-fetch-simple =  url-full
    /// url-fetch-ext    =  "(" url-full *(SP url-fetch-param) ")"      ; If no url-fetch-param present, as unextended.
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        cx.set_secret();
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, urls) = syntax::words(cx, i, |cx, i| {
            let Some(inside) = i.strip_prefix(b"(") else {
                return syntax::astring(cx, i).map(|(i, url)| (i, (url, Vec::new())));
            };
            let (mut i, url) = syntax::astring(cx, syntax::no_sp(cx, inside))?;
            let mut parameters = Vec::new();
            while i.get(blanks(i)).is_some_and(|&o| o != b')') {
                let (rest, ()) = syntax::sp(cx, i)?;
                let (rest, parameter) = UrlFetchParameter::rule(cx, rest)?;
                if parameters.len() >= cx.item_limit() {
                    return fail(i, expected::ITEMS);
                }
                parameters.push(parameter);
                i = rest;
            }
            let (i, ()) = syntax::octet(syntax::no_sp(cx, i), b')', expected::CLOSE)?;
            Ok((i, (url, parameters)))
        })?;
        Ok((i, Self { urls: NonEmpty::known(urls) }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.wipe();
        for (url, parameters) in &self.urls {
            encoder.sp();
            if parameters.is_empty() {
                encoder.astring(url);
                continue;
            }
            encoder.put(b"(");
            encoder.astring(url);
            for parameter in parameters {
                encoder.sp();
                parameter.encode(encoder);
            }
            encoder.put(b")");
        }
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::collection::vec;
        use proptest::prelude::*;
        NonEmpty::strategy((IString::strategy(), vec(UrlFetchParameter::strategy(), 0..3)), 3)
            .prop_map(|urls| Self { urls })
    }
}

impl fmt::Debug for UrlFetchCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "UrlFetchCommand", self.urls.iter().map(|(url, parameters)| (url, parameters)))
    }
}

/// A part of what an extended URLFETCH gives (RFC 5524 section 3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlFetchItem {
    /// `BODY`: the content as it is; `None` if there is none.
    Body(Option<Literal8>),
    /// `BINARY`: the content without its transfer encoding; `None` if that is not known.
    Binary(Option<Literal8>),
    /// `BODYPARTSTRUCTURE`: its structure, as BODYSTRUCTURE of FETCH.
    BodyPartStructure(Box<BodyStructure>),
    /// Another item: its name and value; or one of these, whose value has not the form of its RFC.
    Other(Box<(Atom, Raw)>),
}

/// `nstring / literal8`
fn content<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<Literal8>> {
    if matches!(i.first(), Some(b'{' | b'~')) {
        return Literal8::rule(cx, i).map(|(i, content)| (i, Some(content)));
    }
    let (i, string) = syntax::nstring(cx, i)?;
    Ok((i, string.map(|string| Literal8::new(string.to_bytes()))))
}

fn encode_content(content: Option<&Literal8>, encoder: &mut Encoder<'_>) {
    match content {
        // large content goes by reference
        Some(content) if content.as_bytes().len() > encoder.options().max_quoted => content.encode(encoder),
        Some(content) => encoder.string_octets(content.as_bytes()),
        None => encoder.put(b"NIL"),
    }
}

impl UrlFetchItem {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Body(content) => Self::Body(content.as_ref().map(Literal8::detach)),
            Self::Binary(content) => Self::Binary(content.as_ref().map(Literal8::detach)),
            Self::BodyPartStructure(body) => Self::BodyPartStructure(Box::new(body.detach())),
            Self::Other(other) => Self::Other(Box::new((other.0.detach(), other.1.detach()))),
        }
    }

    /// ```text
    /// url-metadata          =  1*(SP "(" url-metadata-el ")")
    /// url-metadata-el       =  url-meta-bodystruct / url-meta-body / url-meta-binary
    /// url-meta-bodystruct   =  "BODYPARTSTRUCTURE" SP body
    /// url-meta-binary       =  "BINARY" SP ( nstring / literal8 )
    /// url-meta-body         =  "BODY" SP nstring
    /// ```
    ///
    /// Dovecot puts all elements into the same parentheses, which is tolerated.
    fn list<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Vec<Self>> {
        let (rest, items) = syntax::list1(cx, i, Self::rule)?;
        let element =
            items.len() == 1 || cx.tolerates(Tolerance::Default, rule::MISSING_PARENTHESES, &i[..1]);
        if element && !items.is_empty() { Ok((rest, items)) } else { fail(i, expected::CLOSE) }
    }

    /// `url-metadata-el`
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (value, word) = syntax::run1(i, class::ATOM, expected::VALUE)?;
        let (value, ()) = syntax::sp(cx, value)?;
        let parsed = match key(word) {
            BODY => content(cx, value).map(|(i, content)| (i, Self::Body(content))),
            BINARY => content(cx, value).map(|(i, content)| (i, Self::Binary(content))),
            _ if word.eq_ignore_ascii_case(BODYPARTSTRUCTURE) => {
                BodyStructure::rule(cx, value).map(|(i, body)| (i, Self::BodyPartStructure(Box::new(body))))
            }
            _ => return Self::other(cx, word, value),
        };
        let error = match parsed {
            Ok((rest, item)) if matches!(rest.first(), None | Some(b')' | b' ' | b'\t')) => {
                return Ok((rest, item));
            }
            Ok((rest, _)) => fail(rest, expected::CLOSE),
            Err(error) => Err(error),
        };
        // a known item with another value than it should have
        cx.forget_repairs(value);
        match Self::other(cx, word, value) {
            Ok((rest, other))
                if cx.tolerates(
                    Tolerance::Default,
                    rule::INVALID_ITEM,
                    &value[..value.len() - rest.len()],
                ) =>
            {
                Ok((rest, other))
            }
            _ => error,
        }
    }

    fn other<'i>(cx: &Context<'_>, word: &[u8], i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, raw) = Raw::value(cx, i)?;
        Ok((i, Self::Other(Box::new((Atom::known(cx.keep(word)), raw)))))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(b"(");
        match self {
            Self::Body(content) => {
                encoder.put(b"BODY ");
                encode_content(content.as_ref(), encoder);
            }
            Self::Binary(content) => {
                encoder.put(b"BINARY ");
                encode_content(content.as_ref(), encoder);
            }
            Self::BodyPartStructure(body) => {
                encoder.put(b"BODYPARTSTRUCTURE ");
                body.encode(encoder);
            }
            Self::Other(other) => {
                other.0.encode(encoder);
                encoder.sp();
                other.1.encode(encoder);
            }
        }
        encoder.put(b")");
    }

    /// Any item, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::option::of;
        use proptest::prelude::*;
        let raw = || Raw::known("(\"IMAGE\" \"PNG\" () NIL NIL \"BINARY\" 123)".into());
        prop_oneof![
            of(IString::strategy())
                .prop_map(|content| Self::Body(content.map(|s| Literal8::new(s.to_bytes())))),
            of(Literal8::strategy()).prop_map(Self::Binary),
            BodyStructure::strategy().prop_map(|body| Self::BodyPartStructure(Box::new(body))).boxed(),
            "X-[A-Z]{1,8}".prop_map(move |name| Self::Other(Box::new((Atom::known(name.into()), raw())))),
        ]
    }
}

/// What URLFETCH gives for a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlFetchData {
    /// The content, as RFC 4467 has it; `None` if the URL is no good.
    Content(Option<Literal8>),
    /// What was asked for, as RFC 5524 has it.
    Items(NonEmpty<UrlFetchItem>),
}

/// The URLFETCH response (RFC 4467 section 7, RFC 5524 section 3.2).
#[derive(Clone, PartialEq, Eq)]
pub struct UrlFetch {
    /// URLs and what they give.
    pub urls: NonEmpty<(IString, UrlFetchData)>,
}

impl UrlFetch {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let urls = self.urls.iter().map(|(url, data)| {
            let data = match data {
                UrlFetchData::Content(content) => {
                    UrlFetchData::Content(content.as_ref().map(Literal8::detach))
                }
                UrlFetchData::Items(items) => {
                    UrlFetchData::Items(NonEmpty::known(items.iter().map(UrlFetchItem::detach).collect()))
                }
            };
            (url.detach(), data)
        });
        Self { urls: NonEmpty::known(urls.collect()) }
    }

    /// ```text
    /// urlfetch-data    =  "*" SP "URLFETCH" 1*(SP (urldata-simple / urldata-ext / urldata-error))
    /// urldata-error    =  SP url-full SP nil
    /// urldata-simple   =  SP url-full SP nstring
    /// urldata-ext      =  SP url-full url-metadata
    /// ```
    /// where the second `SP` is a slip of the RFC. A `literal8` for the content is tolerated.
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        cx.set_secret();
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, urls) = syntax::words(cx, i, |cx, i| {
            let (i, url) = syntax::astring(cx, i)?;
            let (i, ()) = syntax::sp(cx, i)?;
            if !i.starts_with(b"(") {
                if i.starts_with(b"~") && !cx.tolerates(Tolerance::Default, rule::STRING_FORM, &i[..1]) {
                    return fail(i, expected::NSTRING);
                }
                let (i, content) = content(cx, i)?;
                return Ok((i, (url, UrlFetchData::Content(content))));
            }
            let (mut i, mut items) = UrlFetchItem::list(cx, i)?;
            while i.get(blanks(i)) == Some(&b'(') {
                let (rest, ()) = syntax::sp_or_none(cx, i)?;
                let (rest, more) = UrlFetchItem::list(cx, rest)?;
                if items.len() + more.len() > cx.item_limit() {
                    return fail(i, expected::ITEMS);
                }
                items.extend(more);
                i = rest;
            }
            Ok((i, (url, UrlFetchData::Items(NonEmpty::known(items)))))
        })?;
        Ok((i, Self { urls: NonEmpty::known(urls) }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.wipe();
        for (url, data) in &self.urls {
            encoder.sp();
            encoder.astring(url);
            encoder.sp();
            match data {
                UrlFetchData::Content(content) => encode_content(content.as_ref(), encoder),
                UrlFetchData::Items(items) => encoder.words(items, |encoder, item| item.encode(encoder)),
            }
        }
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let content = proptest::option::of(IString::strategy());
        let data = prop_oneof![
            content.prop_map(|content| UrlFetchData::Content(content.map(|s| Literal8::new(s.to_bytes())))),
            NonEmpty::strategy(UrlFetchItem::strategy(), 2).prop_map(UrlFetchData::Items),
        ];
        NonEmpty::strategy((IString::strategy(), data), 2).prop_map(|urls| Self { urls })
    }
}

impl fmt::Debug for UrlFetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "UrlFetch", self.urls.iter().map(|(url, data)| (url, data)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use UrlFetchItem as I;
    use UrlFetchParameter as P;
    use proptest::prelude::*;

    fn text(text: &'static str) -> IString {
        IString::new(text).unwrap()
    }

    fn known<T>(values: impl IntoIterator<Item = T>) -> NonEmpty<T> {
        NonEmpty::new(values.into_iter().collect::<Vec<_>>()).unwrap()
    }

    fn atom(name: &'static str) -> Atom {
        Atom::new(name).unwrap()
    }

    fn some(content: &'static [u8]) -> Option<Literal8> {
        Some(Literal8::new(content))
    }

    #[test]
    fn tokens_are_not_shown() {
        const TOKEN: &str = "91354a473744909de610943775f92038";
        let url = alloc::format!("imap://joe@example.com/INBOX/;uid=20;urlauth=submit+fred:internal:{TOKEN}");
        for (line, is_command) in [
            (alloc::format!("a GENURLAUTH {url} INTERNAL\r\n"), true),
            (alloc::format!("a URLFETCH {url} ({url} BINARY) \"{TOKEN}\"\r\n"), true),
            (alloc::format!("a APPEND x CATENATE (URL \"{url}\")\r\n"), true),
            (alloc::format!("* GENURLAUTH {url} {TOKEN}\r\n"), false),
            (alloc::format!("* URLFETCH {url} \"x\" {url} (BODY NIL)\r\n"), false),
            (alloc::format!("* NO [BADURL {url}] x\r\n"), false),
            (alloc::format!("* NO [REFERRAL {url}] x\r\n"), false),
        ] {
            let frame = bytes::Bytes::from(line);
            let shown = if is_command {
                alloc::format!("{:?}", crate::TaggedCommand::parse(&frame).unwrap())
            } else {
                alloc::format!("{:?}", crate::Response::parse(&frame).unwrap())
            };
            assert!(!shown.contains(TOKEN), "{shown}");
        }
        // nor do errors show their octets
        for line in ["a GENURLAUTH x(", "a URLFETCH (x(", "* URLFETCH x(", "* GENURLAUTH x("] {
            let frame = bytes::Bytes::from(alloc::format!("{line}\r\n"));
            let error = match line.starts_with('a') {
                true => crate::TaggedCommand::parse(&frame).unwrap_err(),
                false => crate::Response::parse(&frame).unwrap_err(),
            };
            assert_eq!(error.got, None, "{line}");
        }
    }

    #[test]
    fn keys_and_tokens() {
        check(
            GenUrlAuthCommand::rule,
            |generate, encoder| generate.encode(encoder),
            &[
                Row::Other(
                    b" \"imap://joe@example.com/INBOX/;uid=20/;section=1.2\" INTERNAL",
                    GenUrlAuthCommand {
                        urls: known([(
                            text("imap://joe@example.com/INBOX/;uid=20/;section=1.2"),
                            UrlAuthMechanism::Internal,
                        )]),
                    },
                ),
                Row::Good(
                    b" imap://a/b INTERNAL imap://a/c X.1",
                    GenUrlAuthCommand {
                        urls: known([
                            (text("imap://a/b"), UrlAuthMechanism::Internal),
                            (text("imap://a/c"), UrlAuthMechanism::Other(atom("X.1"))),
                        ]),
                    },
                ),
                Row::Bad(b" imap://a/b", 11),
            ],
        );
        check(
            GenUrlAuth::rule,
            |urls, encoder| urls.encode(encoder),
            &[
                Row::Good(
                    b" imap://a/b imap://a/c",
                    GenUrlAuth { urls: alloc::vec![text("imap://a/b"), text("imap://a/c")] },
                ),
                Row::Tolerated(b"", 0, GenUrlAuth { urls: alloc::vec![] }),
            ],
        );
        let reset = |mailbox, mechanisms: &[UrlAuthMechanism]| ResetKey {
            mailbox: Some((Mailbox::new(mailbox).unwrap(), mechanisms.to_vec())),
        };
        check(
            ResetKey::rule,
            |reset, encoder| reset.encode(encoder),
            &[
                Row::Good(b"", ResetKey::default()),
                Row::Good(b" INBOX", reset("INBOX", &[])),
                Row::Good(b" INBOX XSAMPLE", reset("INBOX", &[UrlAuthMechanism::Other(atom("XSAMPLE"))])),
                Row::Bad(b" INBOX (", 7),
            ],
        );
    }

    #[test]
    fn fetching() {
        let fetch = |urls: &[(&'static str, &[P])]| UrlFetchCommand {
            urls: known(urls.iter().map(|&(url, parameters)| (text(url), parameters.to_vec()))),
        };
        check(
            UrlFetchCommand::rule,
            |fetch, encoder| fetch.encode(encoder),
            &[
                Row::Good(b" imap://a/b imap://a/c", fetch(&[("imap://a/b", &[]), ("imap://a/c", &[])])),
                Row::Other(
                    b" (\"imap://a/b\" BODYPARTSTRUCTURE BINARY)",
                    fetch(&[("imap://a/b", &[P::BodyPartStructure, P::Binary])]),
                ),
                Row::Good(
                    b" (imap://a/b BODY X-Y) imap://a/c",
                    fetch(&[("imap://a/b", &[P::Body, P::Other(atom("X-Y"))]), ("imap://a/c", &[])]),
                ),
                Row::Other(b" (x)", fetch(&[("x", &[])])),
                // as RFC 5524 prints it
                Row::Tolerated(b"  (\"x\" BINARY)", 14, fetch(&[("x", &[P::Binary])])),
                Row::Tolerated(b" ( x BINARY )", 13, fetch(&[("x", &[P::Binary])])),
                Row::Bad(b" (x BINARY", 10),
                Row::Bad(b" ()", 2),
            ],
        );
        let got = |urls: &[(&'static str, UrlFetchData)]| UrlFetch {
            urls: known(urls.iter().cloned().map(|(url, data)| (text(url), data))),
        };
        let structure = || {
            let body =
                crate::BodyBuilder::new("IMAGE", "PNG").encoding("BINARY").octets(123).build().unwrap();
            I::BodyPartStructure(Box::new(body))
        };
        check(
            UrlFetch::rule,
            |got, encoder| got.encode(encoder),
            &[
                Row::Other(
                    b" \"imap://a/b\" {28}\r\nSi vis pacem, para bellum.\r\n",
                    got(&[("imap://a/b", UrlFetchData::Content(some(b"Si vis pacem, para bellum.\r\n")))]),
                ),
                Row::Good(
                    b" imap://a/b NIL imap://a/c \"x\"",
                    got(&[
                        ("imap://a/b", UrlFetchData::Content(None)),
                        ("imap://a/c", UrlFetchData::Content(some(b"x"))),
                    ]),
                ),
                Row::Good(
                    b" u (BODYPARTSTRUCTURE (\"IMAGE\" \"PNG\" NIL NIL NIL \"BINARY\" 123)) (BINARY ~{2}\r\n\0\n) v NIL",
                    got(&[
                        ("u", UrlFetchData::Items(known([structure(), I::Binary(some(b"\0\n"))]))),
                        ("v", UrlFetchData::Content(None)),
                    ]),
                ),
                Row::Good(
                    b" u (BODY \"x\") (BINARY NIL) (X-Y (a))",
                    got(&[(
                        "u",
                        UrlFetchData::Items(known(
                            [
                                I::Body(some(b"x")),
                                I::Binary(None),
                                I::Other(Box::new((atom("X-Y"), Raw::new("(a)").unwrap()))),
                            ]
                            ),
                        ),
                    )]),
                ),
                Row::Tolerated(
                    b" u (BODY \"x\")(BINARY NIL)",
                    25,
                    got(&[("u", UrlFetchData::Items(known([I::Body(some(b"x")), I::Binary(None)])))]),
                ),
                // one broken item does not cost the rest
                Row::Tolerated(
                    b" u (BODYPARTSTRUCTURE (x y)) (BODY \"x\")",
                    39,
                    got(&[(
                        "u",
                        UrlFetchData::Items(known([
                            I::Other(Box::new((atom("BODYPARTSTRUCTURE"), Raw::new("(x y)").unwrap()))),
                            I::Body(some(b"x")),
                        ])),
                    )]),
                ),
                Row::Bad(b" u", 2),
                Row::Bad(b" u (BODY)", 8),
            ],
        );
        assert!(size_of::<UrlFetchItem>() <= 48);
    }

    proptest! {
        #[test]
        fn round_trips(
            generate in GenUrlAuthCommand::strategy(), urls in GenUrlAuth::strategy(), reset in ResetKey::strategy(),
            fetch in UrlFetchCommand::strategy(), got in UrlFetch::strategy(),
        ) {
            round_trip(&generate, GenUrlAuthCommand::rule, |value, encoder| value.encode(encoder));
            round_trip(&urls, GenUrlAuth::rule, |value, encoder| value.encode(encoder));
            round_trip(&reset, ResetKey::rule, |value, encoder| value.encode(encoder));
            round_trip(&fetch, UrlFetchCommand::rule, |value, encoder| value.encode(encoder));
            round_trip(&got, UrlFetch::rule, |value, encoder| value.encode(encoder));
        }
    }
}
