//! METADATA and METADATA-SERVER (RFC 5464): annotations of mailboxes and of the server.

use crate::core::syntax::{self, expected};
use crate::core::{Context, Encoder, Literal8, Mailbox, NonEmpty, Parameter};
use crate::rule;
use ::core::fmt;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::keyword::key_of;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseErrorKind, Tolerance};

/// The name of an annotation (RFC 5464 section 3.2), such as `/shared/comment`. Two names are equal if their letters are, in any case.
///
/// ```
/// use imap_proto::MetadataEntry;
///
/// assert_eq!(MetadataEntry::new("/Shared/Comment")?, MetadataEntry::SHARED_COMMENT);
/// assert!(MetadataEntry::new("/shared/*").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone)]
pub struct MetadataEntry(Bytes);

macro_rules! entries {
    ($($(#[$doc:meta])* $id:ident = $text:literal,)*) => {
        impl MetadataEntry {
            $($(#[$doc])* pub const $id: Self = Self(Bytes::from_static($text.as_bytes()));)*
            /// The registered names, and the prefixes that end in `/` (IANA "IMAP METADATA Server Entry" and "Mailbox Entry").
            pub const KEYWORDS: &'static [&'static str] = &[
                $($text,)*
                "/private/filters/values/",
                "/shared/filters/values/",
                "/private/filters/descriptions/",
                "/shared/filters/descriptions/",
                "/private/vendor/",
                "/shared/vendor/",
            ];
        }
    };
}
entries! {
    /// `/shared/comment`, of a mailbox or the server (RFC 5464)
    SHARED_COMMENT = "/shared/comment",
    /// `/private/comment`, of a mailbox (RFC 5464)
    PRIVATE_COMMENT = "/private/comment",
    /// `/shared/admin`, of the server: where to reach its administrator (RFC 5464)
    SHARED_ADMIN = "/shared/admin",
    /// `/private/specialuse`, of a mailbox (RFC 6154)
    PRIVATE_SPECIAL_USE = "/private/specialuse",
    /// `/shared/mediaServers`, of the server (RFC 5616)
    SHARED_MEDIA_SERVERS = "/shared/mediaServers",
    /// `/shared/imapsieve/script`, of a mailbox or the server (RFC 6785)
    SHARED_IMAPSIEVE_SCRIPT = "/shared/imapsieve/script",
}

impl MetadataEntry {
    /// Checks and takes over a name.
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: `*`, `%`, a control character, or one beyond ASCII. [`Misuse::Invalid`]: it does not start with `/`, it
    /// ends with it, or has two of them in a row.
    pub fn new(octets: impl Into<Bytes>) -> Result<Self, Misuse> {
        let octets = octets.into();
        let illegal = |o: &u8| matches!(o, b'*' | b'%' | 0x7f..) || *o < b' ';
        if let Some(offset) = octets.iter().position(illegal) {
            return Err(Misuse::IllegalOctet { offset });
        }
        let doubled = octets.windows(2).any(|pair| pair == b"//");
        if octets.first() != Some(&b'/') || octets.last() == Some(&b'/') || doubled {
            return Err(Misuse::Invalid("entry"));
        }
        Ok(Self(octets))
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether it is private to the user: it starts with `/private/`.
    #[must_use]
    pub fn is_private(&self) -> bool {
        syntax::after(&self.0, b"/PRIVATE/").is_some()
    }

    /// Whether it is this one or below it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.split_at_checked(other.0.len()).is_some_and(|(front, rest)| {
            front.eq_ignore_ascii_case(&other.0) && matches!(rest.first(), None | Some(b'/'))
        })
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// `entry = astring`: slash-separated path to entry, MUST NOT contain `*` or `%`
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, octets) = syntax::astring_octets(cx, i)?;
        match Self::new(syntax::keep(cx, octets.clone())) {
            Ok(entry) => Ok((rest, entry)),
            Err(_) if octets.iter().any(|o| matches!(o, b'\r' | b'\n' | 0)) => fail(i, expected::ENTRY),
            Err(_) if cx.tolerates(Tolerance::Default, rule::ATOM_OCTET, &i[..i.len() - rest.len()]) => {
                Ok((rest, Self(syntax::keep(cx, octets))))
            }
            Err(_) => fail(i, expected::ENTRY),
        }
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.astring_octets(&self.0);
    }

    /// Any name, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            Just(Self::SHARED_COMMENT),
            Just(Self::PRIVATE_SPECIAL_USE),
            "/(shared|private)/vendor(/[a-z A-Z0-9.-]{1,6}){1,3}".prop_map(|s| Self(s.into())),
        ]
    }
}

impl PartialEq for MetadataEntry {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for MetadataEntry {}

impl ::core::hash::Hash for MetadataEntry {
    fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
        for octet in &self.0 {
            state.write_u8(octet.to_ascii_lowercase());
        }
    }
}

impl fmt::Debug for MetadataEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

/// How far below an entry GETMETADATA looks (RFC 5464 section 4.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Depth {
    /// `0`: only the entry.
    Zero,
    /// `1`: and those right below it.
    One,
    /// `infinity`: and all below it.
    Infinity,
}

/// An option of GETMETADATA (RFC 5464 section 4.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GetMetadataOption {
    /// `MAXSIZE`: only values of up to so many octets.
    MaxSize(u32),
    /// `DEPTH`: also entries below.
    Depth(Depth),
    /// Another option.
    Other(Box<Parameter>),
}

impl GetMetadataOption {
    /// The names that are known.
    pub const KEYWORDS: &'static [&'static str] = &["MAXSIZE", "DEPTH"];

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Other(other) => Self::Other(Box::new(other.detach())),
            known => known.clone(),
        }
    }

    /// ```text
    /// getmetadata-option = tagged-ext-label [SP tagged-ext-val]
    /// maxsize-opt        = "MAXSIZE" SP number
    /// scope-opt          = "DEPTH" SP ("0" / "1" / "infinity")
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const MAXSIZE: u128 = key_of("MAXSIZE");
        const DEPTH: u128 = key_of("DEPTH");
        let (rest, (key, word)) = syntax::keyword(i, expected::PARAMETER)?;
        match key {
            MAXSIZE => {
                let (rest, ()) = syntax::sp(cx, rest)?;
                let (rest, size) = syntax::number32(cx, rest)?;
                Ok((rest, Self::MaxSize(size)))
            }
            DEPTH => {
                let (value, ()) = syntax::sp(cx, rest)?;
                let (rest, word) = syntax::atom(value)?;
                let depth = match word {
                    b"0" => Depth::Zero,
                    b"1" => Depth::One,
                    _ if word.eq_ignore_ascii_case(b"infinity") => Depth::Infinity,
                    _ => return fail(value, expected::VALUE),
                };
                Ok((rest, Self::Depth(depth)))
            }
            _ => {
                let (rest, other) = Parameter::after_name(cx, rest, word)?;
                Ok((rest, Self::Other(Box::new(other))))
            }
        }
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        match self {
            Self::MaxSize(size) => {
                encoder.put(b"MAXSIZE ");
                encoder.number(u64::from(*size));
            }
            Self::Depth(depth) => {
                encoder.put(match depth {
                    Depth::Zero => b"DEPTH 0",
                    Depth::One => b"DEPTH 1",
                    Depth::Infinity => b"DEPTH infinity",
                });
            }
            Self::Other(other) => other.encode(encoder),
        }
    }

    /// Any option, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            any::<u32>().prop_map(Self::MaxSize),
            Just(Self::Depth(Depth::Zero)),
            Just(Self::Depth(Depth::One)),
            Just(Self::Depth(Depth::Infinity)),
            Parameter::strategy().prop_map(|other| Self::Other(Box::new(other))),
        ]
    }
}

/// The arguments of GETMETADATA (RFC 5464 section 4.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GetMetadata {
    /// How to look.
    pub options: Vec<GetMetadataOption>,
    /// Of which mailbox; the empty name is the server.
    pub mailbox: Mailbox,
    /// Which entries.
    pub entries: NonEmpty<MetadataEntry>,
}

impl GetMetadata {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self {
            options: self.options.iter().map(GetMetadataOption::detach).collect(),
            mailbox: self.mailbox.detach(),
            entries: NonEmpty::known(self.entries.iter().map(MetadataEntry::detach).collect()),
        }
    }

    /// ```text
    /// getmetadata       = "GETMETADATA" [SP getmetadata-options] SP mailbox SP entries
    /// entries           = entry / "(" entry *(SP entry) ")"
    /// ```
    /// The RFC's examples have the options behind the mailbox, and several entries without parentheses: tolerated.
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (mut i, ()) = syntax::sp(cx, i)?;
        let mut options = Vec::new();
        if i.starts_with(b"(") {
            (i, options) = syntax::list1(cx, i, GetMetadataOption::rule)?;
            i = syntax::sp(cx, i)?.0;
        }
        let (i, mailbox) = Mailbox::rule(cx, i)?;
        let (mut i, ()) = syntax::sp(cx, i)?;
        // no entry starts with a letter; what does and has nothing behind it is none of the options
        if matches!(i, [b'(', b'A'..=b'Z' | b'a'..=b'z', ..]) && options.is_empty() {
            let behind = |rest: &[u8]| (1..rest.len()).contains(&syntax::blanks(rest));
            if let Some((rest, misplaced)) =
                syntax::list1(cx, i, GetMetadataOption::rule).ok().filter(|(rest, _)| behind(rest))
            {
                if !cx.tolerates(Tolerance::Default, rule::ITEM_ORDER, &i[..i.len() - rest.len()]) {
                    return fail(&i[1..], expected::ENTRY);
                }
                options = misplaced;
                i = syntax::sp(cx, rest)?.0;
            }
        }
        if i.starts_with(b"(") {
            let (i, entries) = NonEmpty::list(cx, i, MetadataEntry::rule)?;
            return Ok((i, Self { options, mailbox, entries }));
        }
        let (rest, entries) = syntax::words(cx, i, MetadataEntry::rule)?;
        let raw = &i[..i.len() - rest.len()];
        if entries.len() > 1 && !cx.tolerates(Tolerance::Default, rule::MISSING_PARENTHESES, raw) {
            let (rest, _) = MetadataEntry::rule(cx, i)?;
            return Err(Failure::at(rest, wire::parse::expected::END, ParseErrorKind::Trailing));
        }
        Ok((rest, Self { options, mailbox, entries: NonEmpty::known(entries) }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        if !self.options.is_empty() {
            encoder.sp();
            encoder.list(&self.options, |encoder, option| option.encode(encoder));
        }
        self.mailbox.encode_argument(encoder);
        encoder.sp();
        match &self.entries[..] {
            [entry] => entry.encode(encoder),
            entries => encoder.list(entries, |encoder, entry| entry.encode(encoder)),
        }
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::collection::vec;
        use proptest::prelude::*;
        (
            vec(GetMetadataOption::strategy(), 0..3),
            Mailbox::strategy(),
            NonEmpty::strategy(MetadataEntry::strategy(), 3),
        )
            .prop_map(|(options, mailbox, entries)| Self { options, mailbox, entries })
    }
}

/// An annotation and its value; `None`, which is written `NIL`, if it has none or is to be taken away.
pub type MetadataValue = (MetadataEntry, Option<Literal8>);

/// ```text
/// entry-value       = entry SP value
/// value             = nstring / literal8
/// ```
fn value_rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, MetadataValue> {
    let (i, entry) = MetadataEntry::rule(cx, i)?;
    let (i, ()) = syntax::sp(cx, i)?;
    if matches!(i.first(), Some(b'{' | b'~')) {
        let (i, value) = Literal8::rule(cx, i)?;
        return Ok((i, (entry, Some(value))));
    }
    let (i, value) = syntax::nstring(cx, i)?;
    Ok((i, (entry, value.map(|value| Literal8::new(value.to_bytes())))))
}

fn encode_value(encoder: &mut Encoder<'_>, (entry, value): &MetadataValue) {
    entry.encode(encoder);
    match value {
        Some(value) => {
            encoder.sp();
            encoder.string_octets(value.as_bytes());
        }
        None => encoder.put(b" NIL"),
    }
}

fn detach_value((entry, value): &MetadataValue) -> MetadataValue {
    (entry.detach(), value.as_ref().map(Literal8::detach))
}

#[cfg(any(test, feature = "proptest"))]
fn values_strategy() -> impl proptest::strategy::Strategy<Value = Vec<MetadataValue>> {
    let value = proptest::option::of(Literal8::strategy());
    proptest::collection::vec((MetadataEntry::strategy(), value), 1..4)
}

/// The arguments of SETMETADATA (RFC 5464 section 4.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SetMetadata {
    /// Of which mailbox; the empty name is the server.
    pub mailbox: Mailbox,
    /// Which values.
    pub values: NonEmpty<MetadataValue>,
}

impl SetMetadata {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self {
            mailbox: self.mailbox.detach(),
            values: NonEmpty::known(self.values.iter().map(detach_value).collect()),
        }
    }

    /// ```text
    /// setmetadata       = "SETMETADATA" SP mailbox SP entry-values
    /// entry-values      = "(" entry-value *(SP entry-value) ")"
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, mailbox) = Mailbox::argument(cx, i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, values) = NonEmpty::list(cx, i, value_rule)?;
        Ok((i, Self { mailbox, values }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.mailbox.encode_argument(encoder);
        encoder.sp();
        encoder.list(&self.values, encode_value);
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (Mailbox::strategy(), values_strategy())
            .prop_map(|(mailbox, values)| Self { mailbox, values: NonEmpty::known(values) })
    }
}

/// What a METADATA response says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MetadataData {
    /// The values of entries: the answer to GETMETADATA.
    Values(NonEmpty<MetadataValue>),
    /// Which entries have changed: unsolicited.
    Entries(NonEmpty<MetadataEntry>),
}

/// The METADATA response (RFC 5464 section 4.4).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Metadata {
    /// Of which mailbox; the empty name is the server.
    pub mailbox: Mailbox,
    /// What of it.
    pub data: MetadataData,
}

impl Metadata {
    /// The value of an entry; inside, `None` if it has none.
    #[must_use]
    pub fn value(&self, entry: &MetadataEntry) -> Option<Option<&Literal8>> {
        match &self.data {
            MetadataData::Values(values) => {
                values.iter().find(|(name, _)| name == entry).map(|(_, value)| value.as_ref())
            }
            MetadataData::Entries(_) => None,
        }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let data = match &self.data {
            MetadataData::Values(values) => {
                MetadataData::Values(NonEmpty::known(values.iter().map(detach_value).collect()))
            }
            MetadataData::Entries(entries) => {
                MetadataData::Entries(NonEmpty::known(entries.iter().map(MetadataEntry::detach).collect()))
            }
        };
        Self { mailbox: self.mailbox.detach(), data }
    }

    /// ```text
    /// metadata-resp     = "METADATA" SP mailbox SP (entry-values / entry-list)
    /// entry-list        = entry *(SP entry)
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, mailbox) = Mailbox::argument(cx, i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        if i.starts_with(b"(") {
            let (i, values) = NonEmpty::list(cx, i, value_rule)?;
            return Ok((i, Self { mailbox, data: MetadataData::Values(values) }));
        }
        let (i, entries) = syntax::words(cx, i, MetadataEntry::rule)?;
        Ok((i, Self { mailbox, data: MetadataData::Entries(NonEmpty::known(entries)) }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.mailbox.encode_argument(encoder);
        encoder.sp();
        match &self.data {
            MetadataData::Values(values) => encoder.list(values, encode_value),
            MetadataData::Entries(entries) => encoder.words(entries, |encoder, entry| entry.encode(encoder)),
        }
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let data = prop_oneof![
            values_strategy().prop_map(|values| MetadataData::Values(NonEmpty::known(values))),
            NonEmpty::strategy(MetadataEntry::strategy(), 3).prop_map(MetadataData::Entries),
        ];
        (Mailbox::strategy(), data).prop_map(|(mailbox, data)| Self { mailbox, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    const SHARED: MetadataEntry = MetadataEntry::SHARED_COMMENT;
    const PRIVATE: MetadataEntry = MetadataEntry::PRIVATE_COMMENT;

    fn named(name: &'static str) -> Mailbox {
        Mailbox::new(name).unwrap()
    }

    fn entry(name: &'static str) -> MetadataEntry {
        MetadataEntry::new(name).unwrap()
    }

    fn some(value: &'static [u8]) -> Option<Literal8> {
        Some(Literal8::new(value))
    }

    #[test]
    fn getting() {
        let get = |mailbox, options: &[GetMetadataOption], entries: &[MetadataEntry]| GetMetadata {
            options: options.to_vec(),
            mailbox: named(mailbox),
            entries: NonEmpty::new(entries).unwrap(),
        };
        check(
            GetMetadata::rule,
            |get, encoder| get.encode(encoder),
            &[
                Row::Good(b" \"\" /shared/comment", get("", &[], &[SHARED])),
                Row::Good(
                    b" INBOX (/shared/comment /private/comment)",
                    get("INBOX", &[], &[SHARED, PRIVATE]),
                ),
                Row::Other(
                    b" MyDrafts \"/private/specialuse\"",
                    get("MyDrafts", &[], &[entry("/private/SpecialUse")]),
                ),
                Row::Good(
                    b" (MAXSIZE 1024 DEPTH infinity X-Y (z)) INBOX /shared/comment",
                    get(
                        "INBOX",
                        &[
                            GetMetadataOption::MaxSize(1024),
                            GetMetadataOption::Depth(Depth::Infinity),
                            GetMetadataOption::Other(Box::new(Parameter {
                                name: crate::Atom::new("X-Y").unwrap(),
                                value: Some(crate::Raw::new("(z)").unwrap()),
                            })),
                        ],
                        &[SHARED],
                    ),
                ),
                // as RFC 5464 prints it
                Row::Tolerated(
                    b" \"INBOX\" (MAXSIZE 1024) (/shared/comment /private/comment)",
                    58,
                    get("INBOX", &[GetMetadataOption::MaxSize(1024)], &[SHARED, PRIVATE]),
                ),
                Row::Tolerated(
                    b" \"INBOX\" (DEPTH 1) (/private/filters/values)",
                    44,
                    get(
                        "INBOX",
                        &[GetMetadataOption::Depth(Depth::One)],
                        &[entry("/private/filters/values")],
                    ),
                ),
                Row::Tolerated(
                    b" \"INBOX\" /private/comment /shared/comment",
                    41,
                    get("INBOX", &[], &[PRIVATE, SHARED]),
                ),
                // what nothing follows is none of the options
                Row::Tolerated(
                    b" a comment b",
                    12,
                    get(
                        "a",
                        &[],
                        &[
                            MetadataEntry(Bytes::from_static(b"comment")),
                            MetadataEntry(Bytes::from_static(b"b")),
                        ],
                    ),
                ),
                Row::Tolerated(
                    b" a (comment b)",
                    14,
                    get(
                        "a",
                        &[],
                        &[
                            MetadataEntry(Bytes::from_static(b"comment")),
                            MetadataEntry(Bytes::from_static(b"b")),
                        ],
                    ),
                ),
                Row::Tolerated(
                    b" a comment",
                    10,
                    get("a", &[], &[MetadataEntry(Bytes::from_static(b"comment"))]),
                ),
                Row::Bad(b" a", 2),
                Row::Bad(b" (DEPTH 2) a /b", 8),
                Row::Bad(b" a ((", 4),
            ],
        );
    }

    #[test]
    fn setting() {
        let set = |mailbox, values: &[MetadataValue]| SetMetadata {
            mailbox: named(mailbox),
            values: NonEmpty::new(values).unwrap(),
        };
        check(
            SetMetadata::rule,
            |set, encoder| set.encode(encoder),
            &[
                Row::Good(b" INBOX (/private/comment NIL)", set("INBOX", &[(PRIVATE, None)])),
                Row::Good(
                    b" INBOX (/private/comment \"My new comment\" /shared/comment \"This one is for you!\")",
                    set(
                        "INBOX",
                        &[(PRIVATE, some(b"My new comment")), (SHARED, some(b"This one is for you!"))],
                    ),
                ),
                Row::Good(
                    b" INBOX (/private/comment {3}\r\na\r\n)",
                    set("INBOX", &[(PRIVATE, some(b"a\r\n"))]),
                ),
                Row::Good(
                    b" INBOX (/private/comment ~{3}\r\na\0\n)",
                    set("INBOX", &[(PRIVATE, some(b"a\0\n"))]),
                ),
                Row::Bad(b" INBOX ()", 8),
                Row::Tolerated(b" INBOX (/shared/comment x)", 26, set("INBOX", &[(SHARED, some(b"x"))])),
                Row::Bad(b" INBOX (/shared/comment)", 23),
                Row::Bad(b" INBOX /shared/comment", 7),
            ],
        );
    }

    #[test]
    fn responses() {
        let values = |mailbox, values: &[MetadataValue]| Metadata {
            mailbox: named(mailbox),
            data: MetadataData::Values(NonEmpty::new(values).unwrap()),
        };
        let entries = |mailbox, entries: &[MetadataEntry]| Metadata {
            mailbox: named(mailbox),
            data: MetadataData::Entries(NonEmpty::new(entries).unwrap()),
        };
        check(
            Metadata::rule,
            |metadata, encoder| metadata.encode(encoder),
            &[
                Row::Good(
                    b" \"\" (/shared/comment \"Shared comment\")",
                    values("", &[(SHARED, some(b"Shared comment"))]),
                ),
                Row::Good(
                    b" INBOX (/private/filters/values/boss \"FROM \\\"boss@example.com\\\"\")",
                    values(
                        "INBOX",
                        &[(entry("/private/filters/values/boss"), some(b"FROM \"boss@example.com\""))],
                    ),
                ),
                Row::Other(
                    b" \"foo\" (\"/shared/vendor/cmu/cyrus-imapd/color\" NIL)",
                    values("foo", &[(entry("/shared/vendor/cmu/cyrus-imapd/color"), None)]),
                ),
                Row::Good(b" \"\" /shared/comment", entries("", &[SHARED])),
                Row::Good(b" INBOX /shared/comment /private/comment", entries("INBOX", &[SHARED, PRIVATE])),
                Row::Tolerated(b" \"\" (/shared/comment \"a\" )", 26, values("", &[(SHARED, some(b"a"))])),
                Row::Bad(b" \"\"", 3),
            ],
        );
        let got = values("", &[(SHARED, some(b"a")), (PRIVATE, None)]);
        assert_eq!(got.value(&SHARED).unwrap().unwrap().as_bytes(), b"a");
        assert_eq!(got.value(&PRIVATE), Some(None));
        assert_eq!(got.value(&entry("/x")), None);
    }

    #[test]
    fn names() {
        for bad in ["", "a", "/", "/a/", "/a//b", "/a*", "/a%", "/a\r", "/\u{e9}"] {
            assert!(MetadataEntry::new(bad).is_err(), "{bad:?}");
        }
        for name in MetadataEntry::KEYWORDS {
            assert_eq!(MetadataEntry::new(*name).is_ok(), !name.ends_with('/'), "{name}");
        }
        assert!(entry("/PRIVATE/x").is_private() && !SHARED.is_private());
        assert!(entry("/a/b").is_within(&entry("/A")) && !entry("/ab").is_within(&entry("/a")));
    }

    proptest! {
        #[test]
        fn round_trips(get in GetMetadata::strategy(), set in SetMetadata::strategy(), got in Metadata::strategy()) {
            round_trip(&get, GetMetadata::rule, |get, encoder| get.encode(encoder));
            round_trip(&set, SetMetadata::rule, |set, encoder| set.encode(encoder));
            round_trip(&got, Metadata::rule, |got, encoder| got.encode(encoder));
        }
    }
}
