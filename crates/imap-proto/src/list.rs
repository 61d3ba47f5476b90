//! LIST and its kin.

use crate::attribute::MailboxAttributes;
use crate::core::syntax::{self, expected};
use crate::core::{Atom, Context, Encoder, IString, Mailbox, NonEmpty, Parameter, Raw, class};
use crate::delimiter::Delimiter;
use crate::ext::MetadataEntry;
use crate::rule;
use crate::status::StatusItem;
use ::core::fmt;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::keyword::{key, key_of};
use wire::parse::{Parsed, fail};
use wire::{Misuse, Tolerance};

const SUBSCRIBED: u128 = key_of("SUBSCRIBED");
const REMOTE: u128 = key_of("REMOTE");
const RECURSIVEMATCH: u128 = key_of("RECURSIVEMATCH");
const SPECIAL_USE: u128 = key_of("SPECIAL-USE");
const CHILDREN: u128 = key_of("CHILDREN");
const STATUS: u128 = key_of("STATUS");
const MYRIGHTS: u128 = key_of("MYRIGHTS");
const METADATA: u128 = key_of("METADATA");
const CHILDINFO: u128 = key_of("CHILDINFO");
const OLDNAME: u128 = key_of("OLDNAME");

/// `list-mailbox` (RFC 9051 section 6.3.9): a mailbox name in which `*` stands for anything, `%` for anything but the hierarchy delimiter.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ListPattern(Bytes);

impl ListPattern {
    /// `*`
    pub const ALL: Self = Self(Bytes::from_static(b"*"));
    /// `%`: one level.
    pub const LEVEL: Self = Self(Bytes::from_static(b"%"));

    /// Takes over the octets of a pattern.
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: CR, LF or NUL.
    pub fn new(octets: impl Into<Bytes>) -> Result<Self, Misuse> {
        let octets = octets.into();
        match octets.iter().position(|o| matches!(o, b'\r' | b'\n' | 0)) {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None => Ok(Self(octets)),
        }
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// ```text
    /// list-mailbox    = 1*list-char / string
    /// list-char       = ATOM-CHAR / list-wildcards / resp-specials
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        if matches!(i, [b'"' | b'{', ..] | [b'~', b'{', ..]) {
            let (rest, octets) = syntax::string_octets(cx, i)?;
            if octets.iter().any(|o| matches!(o, b'\r' | b'\n' | 0)) {
                return fail(i, expected::MAILBOX);
            }
            return Ok((rest, Self(syntax::keep(cx, octets))));
        }
        let mut len = class::LIST.run(i);
        if !matches!(i.get(len), None | Some(b' ' | b')')) || len == 0 {
            let loose = class::LOOSE.run(i);
            let high = i[..loose].iter().all(|&o| class::LIST.has(o) || o > 0x7f);
            let least = if high { Tolerance::Default } else { Tolerance::Lenient };
            if loose > len && cx.tolerates(least, rule::ATOM_OCTET, &i[..loose]) {
                len = loose;
            }
        }
        if len == 0 {
            return fail(i, expected::MAILBOX);
        }
        Ok((&i[len..], Self(cx.keep(&i[..len]))))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        let atom = !self.0.is_empty() && class::LIST.all(&self.0) && !self.0.eq_ignore_ascii_case(b"NIL");
        if atom && encoder.options().prefer_atoms {
            encoder.put(&self.0);
        } else {
            encoder.string_octets(&self.0);
        }
    }

    /// Any pattern, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            Just(Self::ALL),
            Just(Self::LEVEL),
            "[A-Za-z0-9/.*%]{1,10}".prop_map(|s| Self(s.into())),
            "[ -~]{0,10}".prop_map(|s| Self(s.into())),
        ]
    }
}

impl fmt::Debug for ListPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// The arguments of LSUB (RFC 3501 section 6.3.9), RLIST and RLSUB (RFC 2193), and XLIST: a reference and a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PlainList {
    /// What the pattern is relative to; mostly empty.
    pub reference: Mailbox,
    /// Which names.
    pub pattern: ListPattern,
}

impl PlainList {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { reference: self.reference.detach(), pattern: self.pattern.detach() }
    }

    /// ```text
    /// lsub            = "LSUB" SP mailbox SP list-mailbox
    /// rlist           = "RLIST" SPACE mailbox SPACE list_mailbox
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, reference) = Mailbox::argument(cx, i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, pattern) = ListPattern::rule(cx, i)?;
        Ok((i, Self { reference, pattern }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.reference.encode_argument(encoder);
        encoder.sp();
        self.pattern.encode(encoder);
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (Mailbox::strategy(), ListPattern::strategy())
            .prop_map(|(reference, pattern)| Self { reference, pattern })
    }
}

/// An option of an extension: `option-extension = (option-standard-tag / option-vendor-tag) [SP option-value]`, whose value is in
/// parentheses.
fn other_option<'i>(cx: &Context<'_>, i: &'i [u8], name: &[u8]) -> Parsed<'i, Box<Parameter>> {
    let name = Atom::known(cx.keep(name));
    if i.get(syntax::blanks(i)) == Some(&b'(') {
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, value) = Raw::value(cx, i)?;
        return Ok((i, Box::new(Parameter { name, value: Some(value) })));
    }
    Ok((i, Box::new(Parameter { name, value: None })))
}

#[cfg(any(test, feature = "proptest"))]
fn other_option_strategy() -> impl proptest::strategy::Strategy<Value = Box<Parameter>> {
    use proptest::prelude::*;
    let value = prop_oneof![Just("(x)"), Just("(\"a b\" (c d))")];
    ("V[0-9]{1,3}-[A-Z]{1,6}", proptest::option::of(value)).prop_map(|(name, value)| {
        Box::new(Parameter {
            name: Atom::known(name.into()),
            value: value.map(|value| Raw::known(value.into())),
        })
    })
}

/// Which names LIST selects (RFC 9051 section 6.3.9.1, RFC 5258).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListSelection {
    /// `SUBSCRIBED`: the subscribed ones.
    Subscribed,
    /// `REMOTE`: those on other servers too.
    Remote,
    /// `RECURSIVEMATCH`: parents of what matches too.
    RecursiveMatch,
    /// `SPECIAL-USE`: those with a special use (RFC 6154).
    SpecialUse,
    /// Another option.
    Other(Box<Parameter>),
}

impl ListSelection {
    /// The names that are known.
    pub const KEYWORDS: &'static [&'static str] = &["SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"];

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Other(other) => Self::Other(Box::new(other.detach())),
            known => known.clone(),
        }
    }

    /// ```text
    /// list-select-opt =  list-select-base-opt / list-select-independent-opt / list-select-mod-opt
    /// list-select-base-opt        = "SUBSCRIBED" / option-extension
    /// list-select-base-opt        =/ "SPECIAL-USE"
    /// list-select-independent-opt = "REMOTE" / option-extension
    /// list-select-mod-opt         = "RECURSIVEMATCH" / option-extension
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, word) = syntax::run1(i, class::ATOM, expected::LIST_OPTION)?;
        let option = match key(word) {
            SUBSCRIBED => Self::Subscribed,
            REMOTE => Self::Remote,
            RECURSIVEMATCH => Self::RecursiveMatch,
            SPECIAL_USE => Self::SpecialUse,
            _ => return other_option(cx, rest, word).map(|(rest, other)| (rest, Self::Other(other))),
        };
        Ok((rest, option))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(match self {
            Self::Subscribed => b"SUBSCRIBED",
            Self::Remote => b"REMOTE",
            Self::RecursiveMatch => b"RECURSIVEMATCH",
            Self::SpecialUse => b"SPECIAL-USE",
            Self::Other(other) => return other.encode(encoder),
        });
    }

    /// Any option, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            Just(Self::Subscribed),
            Just(Self::Remote),
            Just(Self::RecursiveMatch),
            Just(Self::SpecialUse),
            other_option_strategy().prop_map(Self::Other),
        ]
    }
}

/// What LIST says of each name (RFC 9051 section 6.3.9.2, RFC 5258).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListReturn {
    /// `SUBSCRIBED`: whether it is subscribed.
    Subscribed,
    /// `CHILDREN`: whether it has children.
    Children,
    /// `SPECIAL-USE`: what it is for (RFC 6154).
    SpecialUse,
    /// `STATUS`: its status, as STATUS would give it (RFC 5819).
    Status(NonEmpty<StatusItem>),
    /// `MYRIGHTS`: the user's rights (RFC 8440).
    MyRights,
    /// `METADATA`: values of annotations (RFC 9590).
    Metadata(NonEmpty<MetadataEntry>),
    /// Another option.
    Other(Box<Parameter>),
}

impl ListReturn {
    /// The names that are known.
    pub const KEYWORDS: &'static [&'static str] =
        &["SUBSCRIBED", "CHILDREN", "SPECIAL-USE", "STATUS", "MYRIGHTS", "METADATA"];

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Status(items) => {
                Self::Status(NonEmpty::known(items.iter().map(StatusItem::detach).collect()))
            }
            Self::Metadata(entries) => {
                Self::Metadata(NonEmpty::known(entries.iter().map(MetadataEntry::detach).collect()))
            }
            Self::Other(other) => Self::Other(Box::new(other.detach())),
            known => known.clone(),
        }
    }

    /// ```text
    /// return-option   =  "SUBSCRIBED" / "CHILDREN" / status-option / option-extension
    /// status-option   = "STATUS" SP "(" status-att *(SP status-att) ")"
    /// return-option   =/ "SPECIAL-USE"
    /// return-option   =/ "MYRIGHTS"
    /// return-option   =/ "METADATA" SP "(" entry *(SP entry) ")"
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, word) = syntax::run1(i, class::ATOM, expected::RETURN_OPTION)?;
        let option = match key(word) {
            SUBSCRIBED => Self::Subscribed,
            CHILDREN => Self::Children,
            SPECIAL_USE => Self::SpecialUse,
            MYRIGHTS => Self::MyRights,
            STATUS => {
                let (rest, ()) = syntax::sp(cx, rest)?;
                let (rest, items) = NonEmpty::list(cx, rest, StatusItem::rule)?;
                return Ok((rest, Self::Status(items)));
            }
            METADATA => {
                let (rest, ()) = syntax::sp(cx, rest)?;
                let (rest, entries) = NonEmpty::list(cx, rest, MetadataEntry::rule)?;
                return Ok((rest, Self::Metadata(entries)));
            }
            _ => return other_option(cx, rest, word).map(|(rest, other)| (rest, Self::Other(other))),
        };
        Ok((rest, option))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(match self {
            Self::Subscribed => b"SUBSCRIBED",
            Self::Children => b"CHILDREN",
            Self::SpecialUse => b"SPECIAL-USE",
            Self::MyRights => b"MYRIGHTS",
            Self::Status(items) => {
                encoder.put(b"STATUS ");
                return encoder.list(items, |encoder, item| item.encode(encoder));
            }
            Self::Metadata(entries) => {
                encoder.put(b"METADATA ");
                return encoder.list(entries, |encoder, entry| entry.encode(encoder));
            }
            Self::Other(other) => return other.encode(encoder),
        });
    }

    /// Any option, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            Just(Self::Subscribed),
            Just(Self::Children),
            Just(Self::SpecialUse),
            Just(Self::MyRights),
            NonEmpty::strategy(StatusItem::strategy(), 3).prop_map(Self::Status),
            NonEmpty::strategy(MetadataEntry::strategy(), 2).prop_map(Self::Metadata),
            other_option_strategy().prop_map(Self::Other),
        ]
    }
}

/// Which names LIST looks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ListPatterns {
    /// One pattern.
    One(ListPattern),
    /// Several in parentheses, or one, which makes the command an extended one.
    Several(NonEmpty<ListPattern>),
}

impl ListPatterns {
    /// All patterns.
    #[must_use]
    pub fn as_slice(&self) -> &[ListPattern] {
        match self {
            Self::One(pattern) => ::core::slice::from_ref(pattern),
            Self::Several(patterns) => patterns,
        }
    }
}

/// The arguments of LIST (RFC 9051 section 6.3.9; RFC 3501, 5258, 5819, 6154, 8440, 9590).
///
/// ```
/// use imap_proto::{ListCommand, ListPattern, ListReturn};
///
/// let mut list = ListCommand::new(ListPattern::LEVEL);
/// assert!(!list.is_extended());
/// list.returns = Some([ListReturn::SpecialUse].into());
/// assert!(list.is_extended());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListCommand {
    /// Which names are selected; `()` is `Some` of nothing.
    pub selection: Option<Vec<ListSelection>>,
    /// What the patterns are relative to; mostly empty.
    pub reference: Mailbox,
    /// Which names are looked for.
    pub patterns: ListPatterns,
    /// What is said of each; `RETURN ()` is `Some` of nothing.
    pub returns: Option<Vec<ListReturn>>,
}

impl ListCommand {
    /// A plain LIST of what matches the pattern.
    #[must_use]
    pub fn new(pattern: ListPattern) -> Self {
        Self {
            selection: None,
            reference: Mailbox::known(Bytes::new()),
            patterns: ListPatterns::One(pattern),
            returns: None,
        }
    }

    /// Whether it is more than RFC 3501 has (RFC 5258 section 3): such a command asks for names only, an empty pattern does not ask for
    /// the delimiter.
    #[must_use]
    pub fn is_extended(&self) -> bool {
        self.selection.is_some()
            || self.returns.is_some()
            || matches!(self.patterns, ListPatterns::Several(_))
    }

    /// Whether RECURSIVEMATCH stands without an option that it could modify, which a server answers with BAD (RFC 5258 section 3.1).
    #[must_use]
    pub fn lacks_base_option(&self) -> bool {
        let selection = self.selection.as_deref().unwrap_or_default();
        let base = |option: &ListSelection| {
            matches!(option, ListSelection::Subscribed | ListSelection::SpecialUse | ListSelection::Other(_))
        };
        selection.contains(&ListSelection::RecursiveMatch) && !selection.iter().any(base)
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let selection = self.selection.as_ref();
        let returns = self.returns.as_ref();
        Self {
            selection: selection.map(|options| options.iter().map(ListSelection::detach).collect()),
            reference: self.reference.detach(),
            patterns: match &self.patterns {
                ListPatterns::One(pattern) => ListPatterns::One(pattern.detach()),
                ListPatterns::Several(patterns) => {
                    ListPatterns::Several(NonEmpty::known(patterns.iter().map(ListPattern::detach).collect()))
                }
            },
            returns: returns.map(|options| options.iter().map(ListReturn::detach).collect()),
        }
    }

    /// ```text
    /// list             = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]
    /// mbox-or-pat      = list-mailbox / patterns
    /// patterns         = "(" list-mailbox *(SP list-mailbox) ")"
    /// list-select-opts = "(" [...] ")"
    /// list-return-opts = "RETURN" SP "(" [return-option *(SP return-option)] ")"
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (mut i, ()) = syntax::sp(cx, i)?;
        let mut selection = None;
        if i.starts_with(b"(") {
            let (rest, options) = syntax::list(cx, i, ListSelection::rule)?;
            selection = Some(options);
            i = syntax::sp_or_none(cx, rest)?.0;
        }
        let (i, reference) = Mailbox::rule(cx, i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, patterns) = if i.starts_with(b"(") {
            NonEmpty::list(cx, i, ListPattern::rule)
                .map(|(i, patterns)| (i, ListPatterns::Several(patterns)))?
        } else {
            ListPattern::rule(cx, i).map(|(i, pattern)| (i, ListPatterns::One(pattern)))?
        };
        let behind = &i[syntax::blanks(i)..];
        let mut returns = None;
        let mut end = i;
        if let Some(rest) = syntax::after(behind, b"RETURN") {
            syntax::sp(cx, i)?;
            let (rest, ()) = syntax::sp(cx, rest)?;
            let (rest, options) = syntax::list(cx, rest, ListReturn::rule)?;
            returns = Some(options);
            end = rest;
        }
        Ok((end, Self { selection, reference, patterns, returns }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        if let Some(selection) = &self.selection {
            encoder.sp();
            encoder.list(selection, |encoder, option| option.encode(encoder));
        }
        self.reference.encode_argument(encoder);
        encoder.sp();
        match &self.patterns {
            ListPatterns::One(pattern) => pattern.encode(encoder),
            ListPatterns::Several(patterns) => {
                encoder.list(patterns, |encoder, pattern| pattern.encode(encoder));
            }
        }
        if let Some(returns) = &self.returns {
            encoder.put(b" RETURN ");
            encoder.list(returns, |encoder, option| option.encode(encoder));
        }
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::collection::vec;
        use proptest::option::of;
        use proptest::prelude::*;
        let patterns = prop_oneof![
            ListPattern::strategy().prop_map(ListPatterns::One),
            NonEmpty::strategy(ListPattern::strategy(), 3).prop_map(ListPatterns::Several),
        ];
        (
            of(vec(ListSelection::strategy(), 0..4)),
            Mailbox::strategy(),
            patterns,
            of(vec(ListReturn::strategy(), 0..4)),
        )
            .prop_map(|(selection, reference, patterns, returns)| Self {
                selection,
                reference,
                patterns,
                returns,
            })
    }
}

/// What a LIST response says beyond a name and its attributes (RFC 5258 section 3.5).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListExtended {
    /// `CHILDINFO`: names below it match these selection options, such as `SUBSCRIBED` (RFC 5258).
    ChildInfo(NonEmpty<IString>),
    /// `OLDNAME`: what it was called before it was renamed, or in the command (RFC 5465, RFC 9051).
    OldName(Mailbox),
    /// Another item; or one of these, whose value has not the form of its RFC.
    Other(Box<(IString, Raw)>),
}

impl ListExtended {
    /// The names that are known.
    pub const KEYWORDS: &'static [&'static str] = &["CHILDINFO", "OLDNAME"];

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::ChildInfo(options) => {
                Self::ChildInfo(NonEmpty::known(options.iter().map(IString::detach).collect()))
            }
            Self::OldName(mailbox) => Self::OldName(mailbox.detach()),
            Self::Other(other) => Self::Other(Box::new((other.0.detach(), other.1.detach()))),
        }
    }

    /// ```text
    /// mbox-list-extended-item     = mbox-list-extended-item-tag SP tagged-ext-val
    /// mbox-list-extended-item-tag = astring
    /// childinfo-extended-item     = "CHILDINFO" SP "(" list-select-base-opt-quoted *(SP list-select-base-opt-quoted) ")"
    /// oldname-extended-item       = "OLDNAME" SP "(" mailbox ")"
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, tag) = syntax::astring_octets(cx, i)?;
        let (value, ()) = syntax::sp_or_none(cx, rest)?;
        // a tag may hold any octet
        let known = if class::ATOM.all(&tag) { key(&tag) } else { 0 };
        let parsed = match known {
            CHILDINFO => {
                NonEmpty::list(cx, value, syntax::string).map(|(i, options)| (i, Self::ChildInfo(options)))
            }
            OLDNAME => Self::old_name(cx, value),
            _ => {
                let (rest, value) = Raw::value(cx, value)?;
                let tag = IString::known(syntax::keep(cx, tag));
                return Ok((rest, Self::Other(Box::new((tag, value)))));
            }
        };
        parsed.or_else(|error| {
            cx.forget_repairs(value);
            let (rest, raw) = Raw::value(cx, value)?;
            if !cx.tolerates(Tolerance::Default, rule::INVALID_ITEM, raw.as_bytes()) {
                return Err(error);
            }
            Ok((rest, Self::Other(Box::new((IString::known(syntax::keep(cx, tag)), raw)))))
        })
    }

    fn old_name<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let Some(inside) = i.strip_prefix(b"(") else { return fail(i, expected::OPEN) };
        let (rest, mailbox) = Mailbox::rule(cx, syntax::no_sp(cx, inside))?;
        let (rest, ()) = syntax::octet(syntax::no_sp(cx, rest), b')', expected::CLOSE)?;
        Ok((rest, Self::OldName(mailbox)))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        match self {
            Self::ChildInfo(options) => {
                encoder.put(b"CHILDINFO ");
                encoder.list(options, Encoder::string);
            }
            Self::OldName(mailbox) => {
                encoder.put(b"OLDNAME (");
                mailbox.encode(encoder);
                encoder.put(b")");
            }
            Self::Other(other) => {
                encoder.astring(&other.0);
                encoder.sp();
                other.1.encode(encoder);
            }
        }
    }

    /// Any item, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            Just(Self::ChildInfo(NonEmpty::one(IString::known(Bytes::from_static(b"SUBSCRIBED"))))),
            Mailbox::strategy().prop_map(Self::OldName),
            ("X-[A-Z ]{1,6}", Raw::strategy()).prop_filter_map("one value", |(tag, raw)| {
                raw.as_bytes()
                    .starts_with(b"(")
                    .then(|| Self::Other(Box::new((IString::known(tag.into()), raw))))
            }),
        ]
    }
}

/// The LIST response (RFC 9051 section 7.3.1); that of LSUB and XLIST has the same form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// What is known of the name.
    pub attributes: MailboxAttributes,
    /// What parts its levels; `None` in a flat namespace.
    pub delimiter: Option<Delimiter>,
    /// The name.
    pub mailbox: Mailbox,
    /// What else is known.
    pub extended: Vec<ListExtended>,
}

impl List {
    /// The name before it was renamed, or as the command had it.
    #[must_use]
    pub fn old_name(&self) -> Option<&Mailbox> {
        self.extended.iter().find_map(|item| match item {
            ListExtended::OldName(name) => Some(name),
            _ => None,
        })
    }

    /// Whether names below it are subscribed (`CHILDINFO ("SUBSCRIBED")`).
    #[must_use]
    pub fn has_subscribed_children(&self) -> bool {
        self.extended.iter().any(|item| {
            matches!(item, ListExtended::ChildInfo(options)
                if options.iter().any(|option| option.eq_ignore_case("SUBSCRIBED")))
        })
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self {
            attributes: self.attributes.detach(),
            delimiter: self.delimiter,
            mailbox: self.mailbox.detach(),
            extended: self.extended.iter().map(ListExtended::detach).collect(),
        }
    }

    /// ```text
    /// mailbox-list       = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox [SP mbox-list-extended]
    /// mbox-list-extended = "(" [mbox-list-extended-item *(SP mbox-list-extended-item)] ")"
    /// ```
    #[inline]
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, attributes) = MailboxAttributes::rule(cx, i)?;
        let (i, ()) = syntax::sp_or_none(cx, i)?;
        let (i, delimiter) = Delimiter::rule(cx, i)?;
        let (i, ()) = syntax::sp_or_none(cx, i)?;
        let (i, mailbox) = Mailbox::rule(cx, i)?;
        let mut end = i;
        let mut extended = Vec::new();
        if !i.is_empty() && i.get(syntax::blanks(i)) == Some(&b'(') {
            (end, extended) = Self::extended_items(cx, i)?;
        }
        Ok((end, Self { attributes, delimiter, mailbox, extended }))
    }

    #[inline(never)]
    fn extended_items<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Vec<ListExtended>> {
        let (i, ()) = syntax::sp_or_none(cx, i)?;
        syntax::list(cx, i, ListExtended::rule)
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        self.attributes.encode(encoder);
        encoder.sp();
        Delimiter::encode(self.delimiter, encoder);
        self.mailbox.encode_argument(encoder);
        if !self.extended.is_empty() {
            encoder.sp();
            encoder.list(&self.extended, |encoder, item| item.encode(encoder));
        }
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (
            MailboxAttributes::strategy(),
            proptest::option::of(Delimiter::strategy()),
            Mailbox::strategy(),
            proptest::collection::vec(ListExtended::strategy(), 0..3),
        )
            .prop_map(|(attributes, delimiter, mailbox, extended)| Self {
                attributes,
                delimiter,
                mailbox,
                extended,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MailboxAttribute as A;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    fn named(name: &'static [u8]) -> Mailbox {
        Mailbox::new(name).unwrap()
    }

    fn text(text: &'static str) -> IString {
        IString::new(text).unwrap()
    }

    #[test]
    fn responses() {
        let list = |attributes: &[A],
                    delimiter: Option<char>,
                    mailbox: &'static [u8],
                    extended: &[ListExtended]| List {
            attributes: attributes.iter().cloned().collect(),
            delimiter: delimiter.map(|c| Delimiter::new(c).unwrap()),
            mailbox: named(mailbox),
            extended: extended.to_vec(),
        };
        let subscribed = || ListExtended::ChildInfo(NonEmpty::one(text("SUBSCRIBED")));
        let other =
            |tag, value: &'static str| ListExtended::Other(Box::new((text(tag), Raw::new(value).unwrap())));
        check(
            List::rule,
            |list, encoder| list.encode(encoder),
            &[
                Row::Good(b" () \"/\" INBOX", list(&[], Some('/'), b"INBOX", &[])),
                Row::Good(b" (\\Noselect) \"/\" \"\"", list(&[A::NoSelect], Some('/'), b"", &[])),
                Row::Good(b" (\\Noselect) \"/\" /", list(&[A::NoSelect], Some('/'), b"/", &[])),
                Row::Other(
                    b" (\\Marked \\NoInferiors) \"/\" \"inbox\"",
                    list(&[A::Marked, A::NoInferiors], Some('/'), b"INBOX", &[]),
                ),
                Row::Other(
                    b" (\\Subscribed \\NonExistent) \"/\" \"Fruit/Peach\"",
                    list(&[A::Subscribed, A::NonExistent], Some('/'), b"Fruit/Peach", &[]),
                ),
                Row::Good(b" () NIL \"a b\"", list(&[], None, b"a b", &[])),
                Row::Other(
                    b" () \"/\" \"Foo\" (\"CHILDINFO\" (\"SUBSCRIBED\"))",
                    list(&[], Some('/'), b"Foo", &[subscribed()]),
                ),
                Row::Good(
                    b" () \".\" foo (CHILDINFO (\"SUBSCRIBED\"))",
                    list(&[], Some('.'), b"foo", &[subscribed()]),
                ),
                Row::Other(
                    b" () \"/\" \"NewMailbox\" (\"OLDNAME\" (\"OldMailbox\"))",
                    list(&[], Some('/'), b"NewMailbox", &[ListExtended::OldName(named(b"OldMailbox"))]),
                ),
                Row::Good(
                    b" () \"/\" x (X-Y (a \"b)\") Z 7 CHILDINFO (\"SUBSCRIBED\"))",
                    list(&[], Some('/'), b"x", &[other("X-Y", "(a \"b)\")"), other("Z", "7"), subscribed()]),
                ),
                Row::Other(b" () \"/\" x ()", list(&[], Some('/'), b"x", &[])),
                Row::Good(
                    b" (\\AllMail) \"/\" \"[Gmail]/All Mail\"",
                    list(&[A::AllMail], Some('/'), b"[Gmail]/All Mail", &[]),
                ),
                // 33, 34, 36, 38, 45, 46
                Row::Lenient(b" () \"/\" a\tb", 11, list(&[], Some('/'), b"a\tb", &[])),
                Row::Other(b" () \"/\" \"[a]\"", list(&[], Some('/'), b"[a]", &[])),
                Row::Tolerated(b" () \"\" x", 8, list(&[], None, b"x", &[])),
                Row::Tolerated(b" (\\Sent ) \"/\" x", 15, list(&[A::Sent], Some('/'), b"x", &[])),
                Row::Lenient(b" () \"/\" \"a\\b\"", 13, list(&[], Some('/'), b"a\\b", &[])),
                Row::Tolerated(b" () \"/\" \"caf\xe9\"", 14, list(&[], Some('/'), b"caf\xe9", &[])),
                Row::Tolerated(b" () \"/\" caf\xc3\xa9", 13, list(&[], Some('/'), b"caf\xc3\xa9", &[])),
                // RFC 5819, 7889, 9051: two spaces
                Row::Tolerated(b" () \".\"  \"INBOX\"", 16, list(&[], Some('.'), b"INBOX", &[])),
                Row::Tolerated(b" ()\"/\" x", 8, list(&[], Some('/'), b"x", &[])),
                Row::Tolerated(b" NIL \"/\" x", 10, list(&[], Some('/'), b"x", &[])),
                // a known item in another form is kept
                Row::Tolerated(
                    b" () \"/\" x (OLDNAME y)",
                    21,
                    list(&[], Some('/'), b"x", &[other("OLDNAME", "y")]),
                ),
                Row::Tolerated(
                    b" () \"/\" x (CHILDINFO (SUBSCRIBED))",
                    34,
                    list(&[], Some('/'), b"x", &[subscribed()]),
                ),
                // one at least
                Row::Tolerated(
                    b" () \"/\" x (CHILDINFO ())",
                    24,
                    list(&[], Some('/'), b"x", &[other("CHILDINFO", "()")]),
                ),
                Row::Bad(b" () \"/\"", 7),
                Row::Bad(b" () x y", 4),
                Row::Bad(b" () \"/\" (", 8),
                Row::Bad(b" () \"/\" x (a)", 12),
            ],
        );
    }

    #[test]
    fn commands() {
        use ListSelection as S;
        let pattern = |octets: &'static str| ListPattern::new(octets).unwrap();
        let list =
            |selection: Option<&[S]>, patterns: &[ListPattern], returns: Option<&[ListReturn]>| ListCommand {
                selection: selection.map(<[S]>::to_vec),
                reference: named(b""),
                patterns: match patterns {
                    [one] => ListPatterns::One(one.clone()),
                    several => ListPatterns::Several(NonEmpty::new(several).unwrap()),
                },
                returns: returns.map(<[ListReturn]>::to_vec),
            };
        let option = |name, value: &'static str| {
            Box::new(Parameter { name: Atom::new(name).unwrap(), value: Some(Raw::new(value).unwrap()) })
        };
        let messages = || ListReturn::Status(NonEmpty::one(StatusItem::Messages));
        let color = || MetadataEntry::new("/shared/vendor/cmu/cyrus-imapd/color").unwrap();
        check(
            ListCommand::rule,
            |list, encoder| list.encode(encoder),
            &[
                Row::Good(b" \"\" *", list(None, &[ListPattern::ALL], None)),
                Row::Other(b" \"\" \"%\"", list(None, &[ListPattern::LEVEL], None)),
                Row::Good(b" \"\" \"\"", list(None, &[pattern("")], None)),
                Row::Good(
                    b" #news.comp.mail.misc \"a b%\"",
                    ListCommand { reference: named(b"#news.comp.mail.misc"), ..list(None, &[pattern("a b%")], None) },
                ),
                Row::Good(b" (SUBSCRIBED) \"\" *", list(Some(&[S::Subscribed]), &[ListPattern::ALL], None)),
                Row::Good(b" () \"\" % RETURN (CHILDREN)", list(Some(&[]), &[ListPattern::LEVEL], Some(&[ListReturn::Children]))),
                Row::Other(
                    b" \"\" (\"INBOX\" \"Drafts\" \"Sent/%\")",
                    list(None, &[pattern("INBOX"), pattern("Drafts"), pattern("Sent/%")], None),
                ),
                Row::Good(b" \"\" (% music/rock)", list(None, &[ListPattern::LEVEL, pattern("music/rock")], None)),
                Row::Good(
                    b" \"\" (%)",
                    ListCommand { patterns: ListPatterns::Several(NonEmpty::one(ListPattern::LEVEL)), ..ListCommand::new(ListPattern::ALL) },
                ),
                Row::Good(
                    b" \"\" % RETURN (STATUS (MESSAGES UNSEEN) MYRIGHTS SPECIAL-USE SUBSCRIBED)",
                    list(
                        None,
                        &[ListPattern::LEVEL],
                        Some(&[
                            ListReturn::Status(NonEmpty::new([StatusItem::Messages, StatusItem::Unseen]).unwrap()),
                            ListReturn::MyRights,
                            ListReturn::SpecialUse,
                            ListReturn::Subscribed,
                        ]),
                    ),
                ),
                Row::Other(
                    b" (SUBSCRIBED RECURSIVEMATCH) \"\" % RETURN (METADATA (\"/shared/vendor/cmu/cyrus-imapd/color\"))",
                    list(
                        Some(&[S::Subscribed, S::RecursiveMatch]),
                        &[ListPattern::LEVEL],
                        Some(&[ListReturn::Metadata(NonEmpty::one(color()))]),
                    ),
                ),
                Row::Good(
                    b" (REMOTE SPECIAL-USE V-X (1)) \"\" % RETURN (V-Y (z) CHILDREN)",
                    list(
                        Some(&[S::Remote, S::SpecialUse, S::Other(option("V-X", "(1)"))]),
                        &[ListPattern::LEVEL],
                        Some(&[ListReturn::Other(option("V-Y", "(z)")), ListReturn::Children]),
                    ),
                ),
                Row::Good(b" \"\" x RETURN ()", list(None, &[pattern("x")], Some(&[]))),
                // as RFC 5819 prints it
                Row::Tolerated(
                    b" (SUBSCRIBED RECURSIVEMATCH)\"\" % RETURN (STATUS (MESSAGES))",
                    59,
                    list(Some(&[S::Subscribed, S::RecursiveMatch]), &[ListPattern::LEVEL], Some(&[messages()])),
                ),
                Row::Tolerated(b" \"\"  x  RETURN ( CHILDREN )", 27, list(None, &[pattern("x")], Some(&[ListReturn::Children]))),
                Row::Tolerated(b" \"\" caf\xe9*", 9, list(None, &[ListPattern(Bytes::from_static(b"caf\xe9*"))], None)),
                Row::Bad(b" \"\"", 3),
                Row::Bad(b" \"\" (", 5),
                Row::Bad(b" \"\" % RETURN x", 13),
                Row::Bad(b" \"\" % RETURN (STATUS)", 20),
            ],
        );
        assert!(list(Some(&[S::RecursiveMatch, S::Remote]), &[ListPattern::ALL], None).lacks_base_option());
        assert!(
            !list(Some(&[S::RecursiveMatch, S::Subscribed]), &[ListPattern::ALL], None).lacks_base_option()
        );
    }

    #[test]
    fn the_plain_form() {
        check(
            PlainList::rule,
            |list, encoder| list.encode(encoder),
            &[
                Row::Good(
                    b" #news. comp.%",
                    PlainList { reference: named(b"#news."), pattern: ListPattern::new("comp.%").unwrap() },
                ),
                Row::Other(b" \"\" \"*\"", PlainList { reference: named(b""), pattern: ListPattern::ALL }),
                Row::Bad(b" x", 2),
            ],
        );
        assert!(ListPattern::new("a\r").is_err());
        assert!(size_of::<ListExtended>() <= 40 && size_of::<ListReturn>() <= 32 && size_of::<List>() <= 104);
    }

    proptest! {
        #[test]
        fn round_trips(list in List::strategy(), command in ListCommand::strategy(), plain in PlainList::strategy()) {
            round_trip(&list, List::rule, |list, encoder| list.encode(encoder));
            round_trip(&command, ListCommand::rule, |command, encoder| command.encode(encoder));
            round_trip(&plain, PlainList::rule, |plain, encoder| plain.encode(encoder));
        }
    }
}
