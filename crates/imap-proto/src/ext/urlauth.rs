//! URLAUTH (RFC 4467) and URLAUTH=BINARY (RFC 5524): URLs that give access to parts of messages.

use crate::core::syntax::{self, blanks, expected};
use crate::core::{Atom, Context, Encoder, IString, Literal8, Mailbox, NonEmpty, Raw, class};
use crate::rule;
use alloc::boxed::Box;
use alloc::vec::Vec;
use wire::Tolerance;
use wire::keyword::{key, key_of};
use wire::parse::{Parsed, fail};

const BODY: u128 = key_of("BODY");
const BINARY: u128 = key_of("BINARY");
const BODYPARTSTRUCTURE: &[u8] = b"BODYPARTSTRUCTURE";

/// `mechanism = "INTERNAL" / 1*(ALPHA / DIGIT / "-" / ".")`
fn mechanism<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Atom> {
    let (i, word) = syntax::loose_atom(cx, i, wire::parse::expected::MECHANISM)?;
    Ok((i, Atom::known(cx.keep(word))))
}

/// The arguments of GENURLAUTH (RFC 4467 section 7).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GenUrlAuthCommand {
    /// URLs up to and with `;URLAUTH=` and its access, and the mechanism for each, `INTERNAL`.
    pub urls: NonEmpty<(IString, Atom)>,
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
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, urls) = syntax::words(cx, i, |cx, i| {
            let (i, url) = syntax::astring(cx, i)?;
            let (i, ()) = syntax::sp(cx, i)?;
            let (i, mechanism) = mechanism(cx, i)?;
            Ok((i, (url, mechanism)))
        })?;
        Ok((i, Self { urls: NonEmpty::known(urls) }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
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
        NonEmpty::strategy((IString::strategy(), Atom::strategy()), 3).prop_map(|urls| Self { urls })
    }
}

/// The GENURLAUTH response (RFC 4467 section 7): the URLs with their tokens, in the order of the command. Whoever has one can read what
/// it names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GenUrlAuth {
    /// The URLs. Dovecot answers a command without any with none.
    pub urls: Vec<IString>,
}

impl GenUrlAuth {
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
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, urls) = syntax::words(cx, i, syntax::astring)?;
        Ok((i, Self { urls }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
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

/// The arguments of RESETKEY (RFC 4467 section 7): whose URLs are no longer good.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ResetKey {
    /// Those of this mailbox, and for which mechanisms (none: all); `None`: those of all mailboxes.
    pub mailbox: Option<(Mailbox, Vec<Atom>)>,
}

impl ResetKey {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let mailbox = self.mailbox.as_ref();
        Self {
            mailbox: mailbox.map(|(mailbox, mechanisms)| {
                (mailbox.detach(), mechanisms.iter().map(Atom::detach).collect())
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
        let (i, mechanisms) = syntax::words(cx, i, mechanism)?;
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
        let mechanisms = proptest::collection::vec(Atom::strategy(), 0..3);
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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

/// A part of what an extended URLFETCH gives (RFC 5524 section 3.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UrlFetchItem {
    /// `BODY`: the content as it is; `None` if there is none.
    Body(Option<Literal8>),
    /// `BINARY`: the content without its transfer encoding; `None` if that is not known.
    Binary(Option<Literal8>),
    /// `BODYPARTSTRUCTURE`: the structure, as it is on the wire: a `body` as in FETCH.
    BodyPartStructure(Raw),
    /// Another item: its name and value.
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
            Self::BodyPartStructure(raw) => Self::BodyPartStructure(raw.detach()),
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
        let (i, item) = match key(word) {
            BODY => content(cx, value).map(|(i, content)| (i, Self::Body(content)))?,
            BINARY => content(cx, value).map(|(i, content)| (i, Self::Binary(content)))?,
            _ => {
                let (i, raw) = Raw::value(cx, value)?;
                if word.eq_ignore_ascii_case(BODYPARTSTRUCTURE) {
                    (i, Self::BodyPartStructure(raw))
                } else {
                    (i, Self::Other(Box::new((Atom::known(cx.keep(word)), raw))))
                }
            }
        };
        Ok((i, item))
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
            Self::BodyPartStructure(raw) => {
                encoder.put(b"BODYPARTSTRUCTURE ");
                raw.encode(encoder);
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
            Just(Self::BodyPartStructure(raw())),
            "X-[A-Z]{1,8}".prop_map(move |name| Self::Other(Box::new((Atom::known(name.into()), raw())))),
        ]
    }
}

/// What URLFETCH gives for a URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum UrlFetchData {
    /// The content, as RFC 4467 has it; `None` if the URL is no good.
    Content(Option<Literal8>),
    /// What was asked for, as RFC 5524 has it.
    Items(NonEmpty<UrlFetchItem>),
}

/// The URLFETCH response (RFC 4467 section 7, RFC 5524 section 3.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
                            atom("INTERNAL"),
                        )]),
                    },
                ),
                Row::Good(
                    b" imap://a/b INTERNAL imap://a/c X.1",
                    GenUrlAuthCommand {
                        urls: known([
                            (text("imap://a/b"), atom("INTERNAL")),
                            (text("imap://a/c"), atom("X.1")),
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
        let reset = |mailbox, mechanisms: &[Atom]| ResetKey {
            mailbox: Some((Mailbox::new(mailbox).unwrap(), mechanisms.to_vec())),
        };
        check(
            ResetKey::rule,
            |reset, encoder| reset.encode(encoder),
            &[
                Row::Good(b"", ResetKey::default()),
                Row::Good(b" INBOX", reset("INBOX", &[])),
                Row::Good(b" INBOX XSAMPLE", reset("INBOX", &[atom("XSAMPLE")])),
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
        let structure =
            || I::BodyPartStructure(Raw::new("(\"IMAGE\" \"PNG\" () NIL NIL \"BINARY\" 123)").unwrap());
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
                    b" u (BODYPARTSTRUCTURE (\"IMAGE\" \"PNG\" () NIL NIL \"BINARY\" 123)) (BINARY ~{2}\r\n\0\n) v NIL",
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
