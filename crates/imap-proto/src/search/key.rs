//! What messages are searched for.

use crate::core::syntax::{self, blanks, expected, no_sp, sp};
use crate::core::{
    Atom, Context, Date, Encoder, Flag, IString, Literal8, NonEmpty, Number64, ObjectId, Raw, SequenceSet,
    class, raw,
};
use crate::fetch::Label;
use crate::rule;
use ::core::fmt;
use ::core::num::NonZeroU32;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::keyword::key_of;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseErrorKind, Tolerance};

/// The argument of a key.
trait Argument: Sized {
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self>;
    fn encode(&self, encoder: &mut Encoder<'_>);
    fn detach(&self) -> Self;
}

macro_rules! keys {
    (
        alone { $($(#[$alone_doc:meta])* $alone:ident = $alone_word:literal,)* }
        with { $($(#[$with_doc:meta])* $with:ident($argument:ty) = $with_word:literal,)* }
    ) => {
        /// One criterion of a search (RFC 9051 section 6.4.4 and the extensions that are named with each).
        ///
        /// ```
        /// use imap_proto::{Date, SearchKey};
        ///
        /// let key = SearchKey::from("Smith")?.not().and(SearchKey::Since(Date::new(1994, 2, 1)?)).and(SearchKey::Flagged);
        /// assert_eq!(format!("{key:?}"), "`(NOT FROM Smith SINCE 1-Feb-1994 FLAGGED)`");
        /// # Ok::<(), wire::Misuse>(())
        /// ```
        #[non_exhaustive]
        pub enum SearchKey {
            $($(#[$alone_doc])* $alone,)*
            $($(#[$with_doc])* $with($argument),)*
            /// `SAVEDATESUPPORTED` (RFC 8514): all messages, if the mailbox keeps the dates of saving; else none.
            SaveDateSupported,
            /// A sequence set: messages with these numbers. `$` (RFC 5182): what the last search has saved.
            Sequence(Box<SequenceSet>),
            /// `( ... )`: messages that match all of them.
            And(NonEmpty<SearchKey>),
            /// `OR`, or several of them: messages that match one at least. On the wire each `OR` has two keys; more are written as a tree
            /// that is as flat as can be, and read as one.
            Or(NonEmpty<SearchKey>),
            /// `NOT`: messages that do not match.
            Not(Box<SearchKey>),
            /// `FUZZY` (RFC 6203): messages that match about so.
            Fuzzy(Box<SearchKey>),
            /// Another key. Where it ends, nobody knows: it has everything up to the next `)` that it did not open, or the end.
            Other(Box<OtherKey>),
        }

        impl SearchKey {
            /// The words that keys start with.
            pub const KEYWORDS: &'static [&'static str] =
                &[$($alone_word,)* $($with_word,)* "SAVEDATESUPPORTED", "OR", "NOT", "FUZZY"];

            /// How deep keys may stand in keys, if the context does not allow less. Alternatives in alternatives do not count. So many that
            /// copying and comparing them, which recurse, survive on a stack of 64 KiB.
            pub const MAX_DEPTH: u32 = 50;

            /// Behind the word.
            #[inline]
            fn known<'i>(cx: &Context<'_>, i: &'i [u8], key: u128) -> Option<Parsed<'i, Self>> {
                #[allow(non_upper_case_globals, reason = "named as the variants are")]
                mod word {
                    $(pub(super) const $alone: u128 = super::key_of($alone_word);)*
                    $(pub(super) const $with: u128 = super::key_of($with_word);)*
                }
                Some(match key {
                    $(word::$alone => Ok((i, Self::$alone)),)*
                    $(word::$with => argument(cx, i, Self::$with),)*
                    _ => return None,
                })
            }

            /// Writes a key that has no others in it; whether it is such.
            #[inline]
            fn encode_leaf(&self, encoder: &mut Encoder<'_>) -> bool {
                match self {
                    $(Self::$alone => encoder.put($alone_word.as_bytes()),)*
                    $(Self::$with(value) => {
                        encoder.put(concat!($with_word, " ").as_bytes());
                        value.encode(encoder);
                    })*
                    Self::SaveDateSupported => encoder.put(b"SAVEDATESUPPORTED"),
                    Self::Sequence(set) => set.encode(encoder),
                    Self::Other(other) => other.encode(encoder),
                    Self::And(_) | Self::Or(_) | Self::Not(_) | Self::Fuzzy(_) => return false,
                }
                true
            }

            #[inline(never)]
            fn clone_leaf(&self) -> Self {
                match self {
                    $(Self::$alone => Self::$alone,)*
                    $(Self::$with(value) => Self::$with(value.clone()),)*
                    Self::SaveDateSupported => Self::SaveDateSupported,
                    Self::Sequence(set) => Self::Sequence(set.clone()),
                    Self::Other(other) => Self::Other(other.clone()),
                    Self::And(_) | Self::Or(_) | Self::Not(_) | Self::Fuzzy(_) => Self::All,
                }
            }

            #[inline(never)]
            fn eq_leaf(&self, other: &Self) -> bool {
                match (self, other) {
                    $((Self::$with(one), Self::$with(other)) => one == other,)*
                    (Self::Sequence(one), Self::Sequence(other)) => one == other,
                    (Self::Other(one), Self::Other(other)) => one == other,
                    _ => ::core::mem::discriminant(self) == ::core::mem::discriminant(other),
                }
            }

            fn detach_leaf(&mut self) {
                match self {
                    $(Self::$with(value) => *value = Argument::detach(value),)*
                    Self::Other(other) => **other = other.detach(),
                    _ => {}
                }
            }
        }
    };
}

keys! {
    alone {
        /// `ALL`
        All = "ALL",
        /// `ANSWERED`
        Answered = "ANSWERED",
        /// `DELETED`
        Deleted = "DELETED",
        /// `DRAFT`
        Draft = "DRAFT",
        /// `FLAGGED`
        Flagged = "FLAGGED",
        /// `NEW`, of RFC 3501 only: recent and not seen.
        New = "NEW",
        /// `OLD`, of RFC 3501 only: not recent.
        Old = "OLD",
        /// `RECENT`, of RFC 3501 only.
        Recent = "RECENT",
        /// `SEEN`
        Seen = "SEEN",
        /// `UNANSWERED`
        Unanswered = "UNANSWERED",
        /// `UNDELETED`
        Undeleted = "UNDELETED",
        /// `UNDRAFT`
        Undraft = "UNDRAFT",
        /// `UNFLAGGED`
        Unflagged = "UNFLAGGED",
        /// `UNSEEN`
        Unseen = "UNSEEN",
    }
    with {
        /// `BCC`: in this field.
        Bcc(IString) = "BCC",
        /// `BEFORE`: came before this day.
        Before(Date) = "BEFORE",
        /// `BODY`: in the body.
        Body(IString) = "BODY",
        /// `CC`: in this field.
        Cc(IString) = "CC",
        /// `FROM`: in this field.
        From(IString) = "FROM",
        /// `HEADER`: in the field of this name.
        Header(Box<HeaderKey>) = "HEADER",
        /// `KEYWORD`: with this keyword.
        Keyword(Atom) = "KEYWORD",
        /// `LARGER`: of more octets.
        Larger(Number64) = "LARGER",
        /// `ON`: came on this day.
        On(Date) = "ON",
        /// `SENTBEFORE`: its `Date` field is before this day.
        SentBefore(Date) = "SENTBEFORE",
        /// `SENTON`: its `Date` field is on this day.
        SentOn(Date) = "SENTON",
        /// `SENTSINCE`: its `Date` field is on this day, or later.
        SentSince(Date) = "SENTSINCE",
        /// `SINCE`: came on this day, or later.
        Since(Date) = "SINCE",
        /// `SMALLER`: of fewer octets.
        Smaller(Number64) = "SMALLER",
        /// `SUBJECT`: in this field.
        Subject(IString) = "SUBJECT",
        /// `TEXT`: in the header or the body.
        Text(IString) = "TEXT",
        /// `TO`: in this field.
        To(IString) = "TO",
        /// `UID`: with these UIDs.
        Uid(Box<SequenceSet>) = "UID",
        /// `UNKEYWORD`: without this keyword.
        Unkeyword(Atom) = "UNKEYWORD",
        /// `UIDAFTER` (RFC 9738): with a larger UID.
        UidAfter(NonZeroU32) = "UIDAFTER",
        /// `UIDBEFORE` (RFC 9738): with a smaller UID.
        UidBefore(NonZeroU32) = "UIDBEFORE",
        /// `MODSEQ` (RFC 7162): changed since.
        ModSeq(ModSeqKey) = "MODSEQ",
        /// `OLDER` (RFC 5032): came at least so many seconds ago.
        Older(NonZeroU32) = "OLDER",
        /// `YOUNGER` (RFC 5032): came within so many seconds.
        Younger(NonZeroU32) = "YOUNGER",
        /// `SAVEDBEFORE` (RFC 8514): saved in the mailbox before this day.
        SavedBefore(Date) = "SAVEDBEFORE",
        /// `SAVEDON` (RFC 8514): saved in the mailbox on this day.
        SavedOn(Date) = "SAVEDON",
        /// `SAVEDSINCE` (RFC 8514): saved in the mailbox on this day, or later.
        SavedSince(Date) = "SAVEDSINCE",
        /// `EMAILID` (RFC 8474): with this content.
        EmailId(ObjectId) = "EMAILID",
        /// `THREADID` (RFC 8474): in this thread.
        ThreadId(ObjectId) = "THREADID",
        /// `FILTER` (RFC 5466): what a filter that is stored on the server finds.
        Filter(Atom) = "FILTER",
        /// `ANNOTATION` (RFC 5257): in an annotation.
        Annotation(Box<AnnotationKey>) = "ANNOTATION",
        /// `X-GM-RAW` of Gmail: as in its search field.
        GmailRaw(IString) = "X-GM-RAW",
        /// `X-GM-MSGID` of Gmail.
        GmailMessageId(u64) = "X-GM-MSGID",
        /// `X-GM-THRID` of Gmail.
        GmailThreadId(u64) = "X-GM-THRID",
        /// `X-GM-LABELS` of Gmail: with this label.
        GmailLabel(Label) = "X-GM-LABELS",
    }
}

/// `HEADER SP header-fld-name SP astring`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HeaderKey {
    /// The name of the field.
    pub name: IString,
    /// What it has in it; empty: anything.
    pub value: IString,
}

/// `MODSEQ [SP entry-name SP entry-type-req] SP mod-sequence-valzer` (RFC 7162 section 3.1.5)
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModSeqKey {
    /// What was changed; without it, anything.
    pub entry: Option<Box<ModSeqEntry>>,
    /// The modification sequence of the message is this one or larger.
    pub mod_seq: Number64,
}

/// An entry whose change is searched for (RFC 7162 section 3.1.5).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModSeqEntry {
    /// Its name, such as `/flags/\draft`.
    pub name: IString,
    /// Whose.
    pub kind: ModSeqEntryType,
}

/// `entry-type-req` (RFC 7162 section 7)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModSeqEntryType {
    /// `priv`: that of this user.
    Private,
    /// `shared`: that of all users.
    Shared,
    /// `all`: the larger one.
    All,
}

/// `ANNOTATION SP entry-match SP att-search SP value` (RFC 5257 section 4.8)
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AnnotationKey {
    /// Which entries: a path, `*` and `%` in it stand for anything and for a level.
    pub entry: IString,
    /// Which attribute.
    pub attribute: AnnotationScope,
    /// What it has in it; `None` is NIL.
    pub value: Option<Literal8>,
}

/// `att-search = "value" / "value.priv" / "value.shared"` (RFC 5257 section 5). SORT takes the last two only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnnotationScope {
    /// `value`: either.
    Value,
    /// `value.priv`: that of this user.
    Private,
    /// `value.shared`: that of all users.
    Shared,
}

/// A key that is not known here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OtherKey {
    /// Its name.
    pub name: Atom,
    /// Everything that follows, its arguments and keys that may stand behind them; often nothing.
    pub raw: Raw,
}

/// `SP argument`
#[inline]
fn argument<'i, A: Argument>(
    cx: &Context<'_>,
    i: &'i [u8],
    key: fn(A) -> SearchKey,
) -> Parsed<'i, SearchKey> {
    let (i, ()) = sp(cx, i)?;
    let (i, value) = A::rule(cx, i)?;
    Ok((i, key(value)))
}

macro_rules! arguments {
    ($($type:ty, $rule:expr, $encode:expr, $detach:expr;)*) => {
        $(impl Argument for $type {
            #[inline]
            fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
                $rule(cx, i)
            }
            #[inline]
            fn encode(&self, encoder: &mut Encoder<'_>) {
                $encode(self, encoder);
            }
            fn detach(&self) -> Self {
                $detach(self)
            }
        })*
    };
}

arguments! {
    Date, Date::rule, |date: &Date, encoder| Date::encode(*date, encoder), |date: &Date| *date;
    Number64, |_, i| syntax::number64(i), |number: &Number64, encoder: &mut Encoder<'_>| encoder.number(number.get()), |number: &Number64| *number;
    // of Gmail: all 64 bits
    u64, |_, i| wire::number::number64(i), |number: &u64, encoder: &mut Encoder<'_>| encoder.number(*number), |number: &u64| *number;
    NonZeroU32, |_, i| syntax::nz_number(i), |number: &NonZeroU32, encoder: &mut Encoder<'_>| encoder.number(number.get().into()), |number: &NonZeroU32| *number;
    ObjectId, ObjectId::rule, ObjectId::encode, ObjectId::detach;
    Box<SequenceSet>, set, |set: &SequenceSet, encoder| set.encode(encoder), Clone::clone;
    Box<HeaderKey>, HeaderKey::rule, |key: &HeaderKey, encoder| key.encode(encoder), |key: &HeaderKey| Box::new(key.detach());
    Box<AnnotationKey>, AnnotationKey::rule, |key: &AnnotationKey, encoder| key.encode(encoder), |key: &AnnotationKey| Box::new(key.detach());
    ModSeqKey, ModSeqKey::rule, ModSeqKey::encode, ModSeqKey::detach;
    Atom, atom, Atom::encode, Atom::detach;
    Label, label, encode_label, Label::detach;
    IString, syntax::astring, |string: &IString, encoder: &mut Encoder<'_>| encoder.astring(string), IString::detach;
}

fn set<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Box<SequenceSet>> {
    let (i, set) = SequenceSet::rule(cx, i)?;
    Ok((i, Box::new(set)))
}

fn label<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Label> {
    match Label::rule(cx, i)? {
        (i, Some(label)) => Ok((i, label)),
        (_, None) => fail(i, expected::ASTRING),
    }
}

/// As an `astring`, which all arguments of keys are, with quotes around the backslash of a system label.
fn encode_label(label: &Label, encoder: &mut Encoder<'_>) {
    match label {
        Label::System(name) => encoder.string_octets(&[b"\\", name.as_bytes()].concat()),
        Label::Name(name) => name.encode(encoder),
    }
}

fn atom<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Atom> {
    let (i, word) = syntax::loose_atom(cx, i, expected::ATOM)?;
    Ok((i, Atom::known(cx.keep(word))))
}

impl HeaderKey {
    fn detach(&self) -> Self {
        Self { name: self.name.detach(), value: self.value.detach() }
    }

    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Box<Self>> {
        let (i, name) = syntax::astring(cx, i)?;
        let (i, ()) = sp(cx, i)?;
        let (i, value) = syntax::astring(cx, i)?;
        Ok((i, Box::new(Self { name, value })))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.astring(&self.name);
        encoder.sp();
        encoder.astring(&self.value);
    }
}

impl ModSeqKey {
    fn detach(&self) -> Self {
        let entry = self
            .entry
            .as_ref()
            .map(|entry| Box::new(ModSeqEntry { name: entry.name.detach(), kind: entry.kind }));
        Self { entry, mod_seq: self.mod_seq }
    }

    /// ```text
    /// search-modsequence  = "MODSEQ" [search-modseq-ext] SP mod-sequence-valzer
    /// search-modseq-ext   = SP entry-name SP entry-type-req
    /// entry-name          = entry-flag-name
    /// entry-flag-name     = DQUOTE "/flags/" attr-flag DQUOTE
    /// entry-type-req      = "priv" / "shared" / "all"
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        if matches!(i.first(), Some(b'0'..=b'9')) {
            let (i, mod_seq) = syntax::number64(i)?;
            return Ok((i, Self { entry: None, mod_seq }));
        }
        let (i, name) = syntax::string(cx, i)?;
        let (i, ()) = sp(cx, i)?;
        let (rest, (key, _)) = syntax::keyword(i, expected::ENTRY)?;
        const PRIV: u128 = key_of("priv");
        const SHARED: u128 = key_of("shared");
        const ALL: u128 = key_of("all");
        let kind = match key {
            PRIV => ModSeqEntryType::Private,
            SHARED => ModSeqEntryType::Shared,
            ALL => ModSeqEntryType::All,
            _ => return fail(i, expected::ENTRY),
        };
        let (i, ()) = sp(cx, rest)?;
        let (i, mod_seq) = syntax::number64(i)?;
        Ok((i, Self { entry: Some(Box::new(ModSeqEntry { name, kind })), mod_seq }))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        if let Some(entry) = &self.entry {
            encoder.string(&entry.name);
            encoder.put(match entry.kind {
                ModSeqEntryType::Private => b" priv ",
                ModSeqEntryType::Shared => b" shared ",
                ModSeqEntryType::All => b" all ",
            });
        }
        encoder.number(self.mod_seq.get());
    }
}

impl AnnotationKey {
    fn detach(&self) -> Self {
        Self {
            entry: self.entry.detach(),
            attribute: self.attribute,
            value: self.value.as_ref().map(Literal8::detach),
        }
    }

    /// ```text
    /// search-key   =/ "ANNOTATION" SP entry-match SP att-search SP value
    /// entry-match  = list-mailbox
    /// value        = nstring / literal8
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Box<Self>> {
        let len = class::LIST.run(i);
        let (i, entry) =
            if len > 0 { (&i[len..], IString::known(cx.keep(&i[..len]))) } else { syntax::string(cx, i)? };
        let (i, ()) = sp(cx, i)?;
        let (i, attribute) = AnnotationScope::rule(cx, i)?;
        let (i, ()) = sp(cx, i)?;
        let (i, value) = if let Some(rest) = syntax::nil(i) {
            (rest, None)
        } else if matches!(i.first(), Some(b'{' | b'~')) {
            let (i, value) = Literal8::rule(cx, i)?;
            (i, Some(value))
        } else {
            let (i, value) = syntax::string(cx, i)?;
            (i, Some(Literal8::new(value.to_bytes())))
        };
        Ok((i, Box::new(Self { entry, attribute, value })))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        let entry = self.entry.as_bytes();
        if !entry.is_empty() && class::LIST.all(entry) {
            encoder.put(entry);
        } else {
            encoder.string(&self.entry);
        }
        encoder.sp();
        self.attribute.encode(encoder);
        encoder.sp();
        match &self.value {
            Some(value) => encoder.string_octets(value.as_bytes()),
            None => encoder.put(b"NIL"),
        }
    }
}

impl AnnotationScope {
    /// `att-search = "value" / "value.priv" / "value.shared"`
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const VALUE: u128 = key_of("value");
        const PRIV: u128 = key_of("value.priv");
        const SHARED: u128 = key_of("value.shared");
        let (rest, word) = syntax::astring_octets(cx, i)?;
        // a key takes some control characters for others
        let key = if class::ATOM.all(&word) { wire::keyword::key(&word) } else { 0 };
        Ok((
            rest,
            match key {
                VALUE => Self::Value,
                PRIV => Self::Private,
                SHARED => Self::Shared,
                _ => return fail(i, expected::PARAMETER),
            },
        ))
    }

    /// Writes it.
    pub(crate) fn encode(self, encoder: &mut Encoder<'_>) {
        encoder.put(match self {
            Self::Value => b"value",
            Self::Private => b"value.priv",
            Self::Shared => b"value.shared",
        });
    }
}

impl OtherKey {
    fn detach(&self) -> Self {
        Self { name: self.name.detach(), raw: self.raw.detach() }
    }

    /// Behind the name.
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8], name: &[u8]) -> Parsed<'i, SearchKey> {
        let mut end = i;
        loop {
            let next = &end[blanks(end)..];
            if next.is_empty() || next[0] == b')' {
                break;
            }
            end = raw::value(cx, next)?.0;
        }
        let arguments = if end.len() < i.len() { sp(cx, i)?.0 } else { i };
        let raw = Raw::of(cx, &arguments[..arguments.len() - end.len()]);
        Ok((end, SearchKey::Other(Box::new(Self { name: Atom::known(cx.keep(name)), raw }))))
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        self.name.encode(encoder);
        if !self.raw.is_empty() {
            encoder.sp();
            self.raw.encode(encoder);
        }
    }
}

/// The keys that have keys in them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    And,
    Or,
    Not,
    Fuzzy,
}

/// What one word, or a parenthesis, starts.
enum Start<'i> {
    Key(SearchKey),
    Open(Open),
    Unknown(&'i [u8]),
}

/// A key that waits for those in it.
struct Level<'i> {
    open: Open,
    /// Where it starts.
    at: &'i [u8],
    keys: Vec<SearchKey>,
    /// How many keys an OR still needs.
    missing: usize,
}

/// `SP` before a key; none before a parenthesis where that is tolerated.
#[inline]
fn gap<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ()> {
    if i.first() == Some(&b'(') { syntax::sp_or_none(cx, i) } else { sp(cx, i) }
}

impl SearchKey {
    /// ```text
    /// search-key      = "ALL" / "ANSWERED" / "BCC" SP astring / "BEFORE" SP date / "BODY" SP astring / "CC" SP astring / "DELETED" /
    ///                   "FLAGGED" / "FROM" SP astring / "KEYWORD" SP flag-keyword / "ON" SP date / "SEEN" / "SINCE" SP date /
    ///                   "SUBJECT" SP astring / "TEXT" SP astring / "TO" SP astring / "UNANSWERED" / "UNDELETED" / "UNFLAGGED" /
    ///                   "UNKEYWORD" SP flag-keyword / "UNSEEN" / "DRAFT" / "HEADER" SP header-fld-name SP astring /
    ///                   "LARGER" SP number64 / "NOT" SP search-key / "OR" SP search-key SP search-key / "SENTBEFORE" SP date /
    ///                   "SENTON" SP date / "SENTSINCE" SP date / "SMALLER" SP number64 / "UID" SP sequence-set / "UNDRAFT" /
    ///                   sequence-set / "(" search-key *(SP search-key) ")"
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        match Self::start(cx, i)? {
            (rest, Start::Key(key)) => Ok((rest, key)),
            (rest, Start::Unknown(name)) => OtherKey::rule(cx, rest, name),
            (_, Start::Open(_)) => Self::nested(cx, i),
        }
    }

    /// `search-key *(SP search-key)`
    pub(crate) fn keys<'i>(cx: &Context<'_>, mut i: &'i [u8]) -> Parsed<'i, NonEmpty<Self>> {
        let mut keys = Vec::new();
        loop {
            if keys.len() >= cx.item_limit() {
                return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
            }
            let (rest, key) = Self::rule(cx, i)?;
            keys.push(key);
            let len = blanks(rest);
            if len == rest.len() || len == 0 && rest[0] != b'(' {
                return Ok((rest, NonEmpty::known(keys)));
            }
            i = gap(cx, rest)?.0;
        }
    }

    #[inline]
    fn start<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Start<'i>> {
        match i.first() {
            Some(b'0'..=b'9' | b'*' | b'$') => {
                let (i, set) = set(cx, i)?;
                return Ok((i, Start::Key(Self::Sequence(set))));
            }
            Some(b'(') => return Ok((&i[1..], Start::Open(Open::And))),
            _ => {}
        }
        let (rest, (key, word)) = syntax::keyword(i, expected::SEARCH_KEY)?;
        const NOT: u128 = key_of("NOT");
        const OR: u128 = key_of("OR");
        const FUZZY: u128 = key_of("FUZZY");
        let open = match key {
            NOT => Open::Not,
            OR => Open::Or,
            FUZZY => Open::Fuzzy,
            _ => match Self::known(cx, rest, key) {
                Some(parsed) => return parsed.map(|(i, key)| (i, Start::Key(key))),
                None if word.eq_ignore_ascii_case(b"SAVEDATESUPPORTED") => {
                    return Ok((rest, Start::Key(Self::SaveDateSupported)));
                }
                None => {
                    let (rest, name) = syntax::loose_atom(cx, i, expected::SEARCH_KEY)?;
                    return Ok((rest, Start::Unknown(name)));
                }
            },
        };
        Ok((rest, Start::Open(open)))
    }

    /// Keys in keys, without recursion.
    #[inline(never)]
    fn nested<'i>(cx: &Context<'_>, mut i: &'i [u8]) -> Parsed<'i, Self> {
        let mut levels: Vec<Level<'i>> = Vec::new();
        loop {
            let (mut rest, mut key) = match Self::start(cx, i)? {
                (rest, Start::Key(key)) => (rest, key),
                (rest, Start::Open(open)) => {
                    match (open, levels.last_mut()) {
                        // an OR in an OR is the same OR
                        (Open::Or, Some(level)) if level.open == Open::Or => level.missing += 1,
                        _ => {
                            cx.deeper(i, cx.depth_limit().min(Self::MAX_DEPTH), expected::DEPTH)?;
                            let missing = if open == Open::Or { 2 } else { 1 };
                            levels.push(Level { open, at: i, keys: Vec::new(), missing });
                        }
                    }
                    if open != Open::And {
                        i = gap(cx, rest)?.0;
                        continue;
                    }
                    let inside = no_sp(cx, rest);
                    let empty = &i[..i.len() - inside.len()];
                    match inside.strip_prefix(b")") {
                        // no condition is one that all messages fulfil
                        Some(rest) if cx.tolerates(Tolerance::Default, rule::EMPTY_LIST, empty) => {
                            levels.pop();
                            cx.shallower();
                            (rest, Self::All)
                        }
                        _ => {
                            i = inside;
                            continue;
                        }
                    }
                }
                (rest, Start::Unknown(name)) => {
                    // it takes all that follows, which leaves nothing for an OR: that one is not understood either
                    let list =
                        levels.iter().rposition(|level| level.open == Open::And).map_or(0, |at| at + 1);
                    match levels[list..].iter().position(|level| level.open == Open::Or) {
                        Some(at) => {
                            let or = levels[list + at].at;
                            for _ in levels.drain(list + at..) {
                                cx.shallower();
                            }
                            OtherKey::rule(cx, &or[2..], &or[..2])?
                        }
                        None => OtherKey::rule(cx, rest, name)?,
                    }
                }
            };
            loop {
                let Some(level) = levels.last_mut() else { return Ok((rest, key)) };
                if level.keys.len() >= cx.item_limit() {
                    return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
                }
                let done = match level.open {
                    Open::And => {
                        level.keys.push(key);
                        let close = &rest[blanks(rest)..];
                        if close.first() == Some(&b')') {
                            let before = no_sp(cx, rest);
                            rest = syntax::octet(before, b')', expected::CLOSE)?.0;
                            Self::And(NonEmpty::known(::core::mem::take(&mut level.keys)))
                        } else if close.is_empty() {
                            return fail(close, expected::CLOSE);
                        } else {
                            i = gap(cx, rest)?.0;
                            break;
                        }
                    }
                    Open::Or => {
                        level.keys.push(key);
                        level.missing -= 1;
                        if level.missing > 0 {
                            i = gap(cx, rest)?.0;
                            break;
                        }
                        Self::Or(NonEmpty::known(::core::mem::take(&mut level.keys)))
                    }
                    Open::Not => Self::Not(Box::new(key)),
                    Open::Fuzzy => Self::Fuzzy(Box::new(key)),
                };
                key = done;
                levels.pop();
                cx.shallower();
            }
        }
    }

    /// Writes it.
    #[inline]
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        if !self.encode_leaf(encoder) {
            self.encode_nested(encoder);
        }
    }

    fn encode_nested(&self, encoder: &mut Encoder<'_>) {
        enum Work<'k> {
            Key(&'k SearchKey),
            All(&'k [SearchKey]),
            One(&'k [SearchKey]),
            Text(&'static [u8]),
        }
        let mut work = alloc::vec![Work::Key(self)];
        while let Some(next) = work.pop() {
            match next {
                Work::Text(text) => encoder.put(text),
                Work::Key(Self::And(keys)) => {
                    encoder.put(b"(");
                    work.push(Work::Text(b")"));
                    work.push(Work::All(keys));
                }
                Work::Key(Self::Or(keys)) => work.push(Work::One(keys)),
                Work::Key(Self::Not(key)) => {
                    encoder.put(b"NOT ");
                    work.push(Work::Key(key));
                }
                Work::Key(Self::Fuzzy(key)) => {
                    encoder.put(b"FUZZY ");
                    work.push(Work::Key(key));
                }
                Work::Key(leaf) => {
                    leaf.encode_leaf(encoder);
                }
                Work::All([key]) | Work::One([key]) => work.push(Work::Key(key)),
                Work::All([key, rest @ ..]) => {
                    work.push(Work::All(rest));
                    work.push(Work::Text(b" "));
                    work.push(Work::Key(key));
                }
                Work::One(keys) => {
                    // of 1,000 keys, ten levels of OR: some servers bound them
                    let (left, right) = keys.split_at(keys.len() / 2);
                    if !left.is_empty() {
                        encoder.put(b"OR ");
                        work.push(Work::One(right));
                        work.push(Work::Text(b" "));
                        work.push(Work::One(left));
                    }
                }
                Work::All([]) => {}
            }
        }
    }

    /// The keys that have no others in them.
    fn leaves(&self) -> impl Iterator<Item = &Self> {
        let mut work = alloc::vec![::core::slice::from_ref(self)];
        ::core::iter::from_fn(move || {
            loop {
                let (first, rest) = work.pop()?.split_first()?;
                if !rest.is_empty() {
                    work.push(rest);
                }
                match first {
                    Self::And(keys) | Self::Or(keys) => work.push(keys),
                    Self::Not(key) | Self::Fuzzy(key) => work.push(::core::slice::from_ref(&**key)),
                    leaf => return Some(leaf),
                }
            }
        })
    }

    /// Whether all strings in it are in ASCII. Then no CHARSET is needed, which some servers refuse even if they know it (row 70 of the
    /// project's list of quirks).
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.leaves().all(|key| match key {
            Self::Bcc(string)
            | Self::Body(string)
            | Self::Cc(string)
            | Self::From(string)
            | Self::Subject(string)
            | Self::Text(string)
            | Self::To(string)
            | Self::GmailRaw(string) => string.as_bytes().is_ascii(),
            Self::GmailLabel(Label::Name(name)) => name.as_bytes().is_ascii(),
            Self::Header(header) => header.name.as_bytes().is_ascii() && header.value.as_bytes().is_ascii(),
            Self::Annotation(key) => {
                key.entry.as_bytes().is_ascii() && key.value.as_ref().is_none_or(|v| v.as_bytes().is_ascii())
            }
            Self::Other(other) => other.raw.as_bytes().is_ascii(),
            _ => true,
        })
    }

    /// Whether it names messages by their sequence numbers (RFC 9051 section 5.5). `$` stands for messages, not for numbers.
    #[must_use]
    pub fn has_numbers(&self) -> bool {
        self.leaves().any(|key| matches!(key, Self::Sequence(set) if !set.is_saved()))
    }

    /// Whether any of the keys in it, which hold no others, is so.
    #[cfg(feature = "client")]
    pub(crate) fn any(&self, is: impl FnMut(&Self) -> bool) -> bool {
        self.leaves().any(is)
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let mut copy = self.clone();
        let mut work = alloc::vec![::core::slice::from_mut(&mut copy)];
        while let Some(keys) = work.pop() {
            for key in keys {
                match key {
                    Self::And(keys) | Self::Or(keys) => work.push(keys),
                    Self::Not(key) | Self::Fuzzy(key) => work.push(::core::slice::from_mut(key)),
                    leaf => leaf.detach_leaf(),
                }
            }
        }
        copy
    }

    /// `BCC`
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: NUL.
    pub fn bcc(text: impl Into<Bytes>) -> Result<Self, Misuse> {
        IString::new(text).map(Self::Bcc)
    }

    /// `BODY`
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: NUL.
    pub fn body(text: impl Into<Bytes>) -> Result<Self, Misuse> {
        IString::new(text).map(Self::Body)
    }

    /// `CC`
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: NUL.
    pub fn cc(text: impl Into<Bytes>) -> Result<Self, Misuse> {
        IString::new(text).map(Self::Cc)
    }

    /// `FROM`
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: NUL.
    pub fn from(text: impl Into<Bytes>) -> Result<Self, Misuse> {
        IString::new(text).map(Self::From)
    }

    /// `SUBJECT`
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: NUL.
    pub fn subject(text: impl Into<Bytes>) -> Result<Self, Misuse> {
        IString::new(text).map(Self::Subject)
    }

    /// `TEXT`
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: NUL.
    pub fn text(text: impl Into<Bytes>) -> Result<Self, Misuse> {
        IString::new(text).map(Self::Text)
    }

    /// `TO`
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: NUL.
    pub fn to(text: impl Into<Bytes>) -> Result<Self, Misuse> {
        IString::new(text).map(Self::To)
    }

    /// `HEADER`: messages with this field, and `value` in it.
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: NUL.
    pub fn header(name: impl Into<Bytes>, value: impl Into<Bytes>) -> Result<Self, Misuse> {
        Ok(Self::Header(Box::new(HeaderKey { name: IString::new(name)?, value: IString::new(value)? })))
    }

    /// `X-GM-RAW`
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: NUL.
    pub fn gmail_raw(text: impl Into<Bytes>) -> Result<Self, Misuse> {
        IString::new(text).map(Self::GmailRaw)
    }

    /// Messages with a flag: `SEEN`, `KEYWORD` and so on.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: there is no key for `\*` and flags of extensions.
    pub fn flag(flag: &Flag) -> Result<Self, Misuse> {
        Ok(match flag {
            Flag::Seen => Self::Seen,
            Flag::Answered => Self::Answered,
            Flag::Flagged => Self::Flagged,
            Flag::Deleted => Self::Deleted,
            Flag::Draft => Self::Draft,
            Flag::Recent => Self::Recent,
            Flag::Keyword(keyword) => Self::Keyword(keyword.clone()),
            Flag::Wildcard | Flag::Extension(_) => return Err(Misuse::Invalid("flag to search for")),
        })
    }

    /// A sequence set: messages with these numbers.
    #[must_use]
    pub fn sequence(set: SequenceSet) -> Self {
        Self::Sequence(Box::new(set))
    }

    /// `UID`
    #[must_use]
    pub fn uid(set: SequenceSet) -> Self {
        Self::Uid(Box::new(set))
    }

    /// `$` (RFC 5182): what the last search with RETURN (SAVE) has found.
    #[must_use]
    pub fn saved() -> Self {
        Self::sequence(SequenceSet::saved())
    }

    /// `MODSEQ` (RFC 7162): changed since this modification sequence.
    #[must_use]
    pub fn mod_seq(mod_seq: Number64) -> Self {
        Self::ModSeq(ModSeqKey { entry: None, mod_seq })
    }

    /// This and the other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match self {
            Self::And(mut keys) => {
                keys.push(other);
                Self::And(keys)
            }
            key => Self::And(NonEmpty::known(alloc::vec![key, other])),
        }
    }

    /// This or the other.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let mut keys = match self {
            Self::Or(keys) => keys,
            key => NonEmpty::one(key),
        };
        match other {
            Self::Or(others) => others.into_iter().for_each(|key| keys.push(key)),
            key => keys.push(key),
        }
        Self::Or(keys)
    }

    /// Not this.
    #[must_use]
    #[allow(
        clippy::should_implement_trait,
        reason = "the name of the key; a trait would have to be imported"
    )]
    pub fn not(self) -> Self {
        match self {
            Self::Not(key) => *key,
            key => Self::Not(Box::new(key)),
        }
    }

    /// `FUZZY` (RFC 6203)
    #[must_use]
    pub fn fuzzy(self) -> Self {
        Self::Fuzzy(Box::new(self))
    }

    /// One of these at least; a single one stands for itself.
    #[must_use]
    pub fn any_of(keys: NonEmpty<Self>) -> Self {
        let mut any: Option<Self> = None;
        for key in keys {
            any = Some(match any {
                Some(any) => any.or(key),
                None => key,
            });
        }
        any.unwrap_or(Self::All)
    }

    /// Any key but one with an unknown one in it, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let leaf = prop_oneof![
            proptest::sample::select(alloc::vec![
                Self::All,
                Self::Answered,
                Self::Deleted,
                Self::Draft,
                Self::Flagged,
                Self::New,
                Self::Old,
                Self::Recent,
                Self::Seen,
                Self::Unanswered,
                Self::Undeleted,
                Self::Undraft,
                Self::Unflagged,
                Self::Unseen,
                Self::SaveDateSupported,
                Self::saved(),
            ]),
            (0..8usize, IString::strategy()).prop_map(|(n, string)| {
                let of = [
                    Self::Bcc,
                    Self::Body,
                    Self::Cc,
                    Self::From,
                    Self::Subject,
                    Self::Text,
                    Self::To,
                    Self::GmailRaw,
                ];
                of[n](string)
            }),
            (0..9usize, Date::strategy()).prop_map(|(n, date)| {
                let of = [
                    Self::Before,
                    Self::On,
                    Self::Since,
                    Self::SentBefore,
                    Self::SentOn,
                    Self::SentSince,
                    Self::SavedBefore,
                    Self::SavedOn,
                    Self::SavedSince,
                ];
                of[n](date)
            }),
            (0..3usize, Atom::strategy()).prop_map(|(n, atom)| [
                Self::Keyword,
                Self::Unkeyword,
                Self::Filter
            ][n](atom)),
            (0..4usize, any::<NonZeroU32>()).prop_map(|(n, number)| {
                [Self::Older, Self::Younger, Self::UidAfter, Self::UidBefore][n](number)
            }),
            (any::<bool>(), Number64::strategy()).prop_map(|(larger, size)| if larger {
                Self::Larger(size)
            } else {
                Self::Smaller(size)
            }),
            any::<u64>().prop_map(Self::GmailMessageId),
            any::<u64>().prop_map(Self::GmailThreadId),
            (IString::strategy(), IString::strategy())
                .prop_map(|(name, value)| Self::Header(Box::new(HeaderKey { name, value }))),
            Label::strategy().prop_map(Self::GmailLabel),
            SequenceSet::strategy().prop_map(Self::sequence),
            SequenceSet::strategy().prop_map(Self::uid),
            ObjectId::strategy().prop_map(Self::EmailId),
            ObjectId::strategy().prop_map(Self::ThreadId),
            (proptest::option::of((IString::strategy(), 0..3usize)), Number64::strategy()).prop_map(
                |(entry, mod_seq)| {
                    let kinds = [ModSeqEntryType::Private, ModSeqEntryType::Shared, ModSeqEntryType::All];
                    let entry = entry.map(|(name, kind)| Box::new(ModSeqEntry { name, kind: kinds[kind] }));
                    Self::ModSeq(ModSeqKey { entry, mod_seq })
                }
            ),
            (IString::strategy(), 0..3usize, proptest::option::of(Literal8::strategy())).prop_map(
                |(entry, attribute, value)| {
                    let attribute =
                        [AnnotationScope::Value, AnnotationScope::Private, AnnotationScope::Shared]
                            [attribute];
                    Self::Annotation(Box::new(AnnotationKey { entry, attribute, value }))
                }
            ),
        ];
        leaf.prop_recursive(4, 16, 4, |inner| {
            prop_oneof![
                NonEmpty::strategy(inner.clone(), 4).prop_map(Self::And),
                NonEmpty::strategy(inner.clone(), 5).prop_map(Self::any_of),
                inner.clone().prop_map(|key| Self::Not(Box::new(key))),
                inner.prop_map(Self::fuzzy),
            ]
        })
    }
}

// By hand, since what is derived for so many variants needs kilobytes of stack for each level.
impl Clone for SearchKey {
    fn clone(&self) -> Self {
        match self {
            Self::And(keys) => Self::And(keys.clone()),
            Self::Or(keys) => Self::Or(keys.clone()),
            Self::Not(key) => Self::Not(key.clone()),
            Self::Fuzzy(key) => Self::Fuzzy(key.clone()),
            leaf => leaf.clone_leaf(),
        }
    }
}

impl PartialEq for SearchKey {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::And(one), Self::And(other)) | (Self::Or(one), Self::Or(other)) => one == other,
            (Self::Not(one), Self::Not(other)) | (Self::Fuzzy(one), Self::Fuzzy(other)) => one == other,
            _ => self.eq_leaf(other),
        }
    }
}

impl Eq for SearchKey {}

impl fmt::Debug for SearchKey {
    /// As it is on the wire.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut output = wire::Output::new();
        self.encode(&mut Encoder::new(
            &mut output,
            crate::Options { utf8: true, ..crate::Options::server() },
        ));
        write!(f, "`{}`", output.take_all().escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use alloc::format;
    use proptest::prelude::*;

    fn date(year: u16, month: u8, day: u8) -> Date {
        Date::new(year, month, day).unwrap()
    }

    fn text(text: &'static str) -> IString {
        IString::new(text).unwrap()
    }

    fn set(text: &str) -> SequenceSet {
        SequenceSet::parse(text.as_bytes()).unwrap()
    }

    fn keys(keys: impl Into<Vec<SearchKey>>) -> NonEmpty<SearchKey> {
        NonEmpty::new(keys).unwrap()
    }

    fn other(name: &'static str, raw: &'static str) -> SearchKey {
        SearchKey::Other(Box::new(OtherKey { name: Atom::new(name).unwrap(), raw: Raw::new(raw).unwrap() }))
    }

    fn number(number: u32) -> NonZeroU32 {
        NonZeroU32::new(number).unwrap()
    }

    #[test]
    fn each_key() {
        use SearchKey as K;
        check(
            K::rule,
            |key, encoder| key.encode(encoder),
            &[
                Row::Good(b"ALL", K::All),
                Row::Other(b"answered", K::Answered),
                Row::Good(b"NEW", K::New),
                Row::Good(b"OLD", K::Old),
                Row::Good(b"RECENT", K::Recent),
                Row::Good(b"UNANSWERED", K::Unanswered),
                Row::Good(b"SAVEDATESUPPORTED", K::SaveDateSupported),
                Row::Good(b"SINCE 1-Feb-1994", K::Since(date(1994, 2, 1))),
                Row::Other(b"SINCE \"3-Dec-2002\"", K::Since(date(2002, 12, 3))),
                Row::Other(b"SINCE 5-MAR-2000", K::Since(date(2000, 3, 5))),
                Row::Other(b"FROM \"Smith\"", K::From(text("Smith"))),
                Row::Good(b"FROM Smith", K::From(text("Smith"))),
                Row::Other(b"TEXT {6}\r\nabc d)", K::Text(text("abc d)"))),
                Row::Good(b"TEXT \"string not in mailbox\"", K::Text(text("string not in mailbox"))),
                Row::Good(b"KEYWORD $Junk", K::Keyword(Atom::new("$Junk").unwrap())),
                Row::Good(b"UNKEYWORD $Junk", K::Unkeyword(Atom::new("$Junk").unwrap())),
                Row::Tolerated(
                    b"KEYWORD OIB-Seen-[Gmail]/All",
                    28,
                    K::Keyword(Atom::known(Bytes::from_static(b"OIB-Seen-[Gmail]/All"))),
                ),
                Row::Good(b"HEADER Message-Id a@b", K::header("Message-Id", "a@b").unwrap()),
                Row::Good(b"HEADER X-Spam \"\"", K::header("X-Spam", "").unwrap()),
                Row::Good(b"LARGER 50000", K::Larger(50000.into())),
                Row::Good(b"SMALLER 9223372036854775807", K::Smaller(Number64::MAX)),
                Row::Good(b"1:5,7", K::sequence(set("1:5,7"))),
                Row::Good(b"*", K::sequence(set("*"))),
                Row::Good(b"$", K::saved()),
                Row::Good(b"UID $", K::uid(SequenceSet::saved())),
                Row::Good(b"UID 22000:25000", K::uid(set("22000:25000"))),
                Row::Good(b"UIDAFTER 25000", K::UidAfter(number(25000))),
                Row::Good(b"UIDBEFORE 25000", K::UidBefore(number(25000))),
                Row::Good(b"MODSEQ 620162338", K::mod_seq(620_162_338.into())),
                Row::Good(b"MODSEQ 0", K::mod_seq(0.into())),
                Row::Good(
                    b"MODSEQ \"/flags/\\\\draft\" all 620162338",
                    K::ModSeq(ModSeqKey {
                        entry: Some(Box::new(ModSeqEntry {
                            name: text("/flags/\\draft"),
                            kind: ModSeqEntryType::All,
                        })),
                        mod_seq: 620_162_338.into(),
                    }),
                ),
                Row::Good(b"YOUNGER 259200", K::Younger(number(259_200))),
                Row::Good(b"OLDER 1", K::Older(number(1))),
                Row::Good(b"SAVEDON 28-Dec-2014", K::SavedOn(date(2014, 12, 28))),
                Row::Other(b"emailid M6d99ac3275bb4e", K::EmailId(ObjectId::new("M6d99ac3275bb4e").unwrap())),
                Row::Good(
                    b"THREADID T64b478a75b7ea9",
                    K::ThreadId(ObjectId::new("T64b478a75b7ea9").unwrap()),
                ),
                Row::Good(b"FILTER on-the-road", K::Filter(Atom::new("on-the-road").unwrap())),
                Row::Good(
                    b"ANNOTATION * value.priv \"IMAP4\"",
                    K::Annotation(Box::new(AnnotationKey {
                        entry: text("*"),
                        attribute: AnnotationScope::Private,
                        value: Some(Literal8::new("IMAP4")),
                    })),
                ),
                Row::Good(
                    b"ANNOTATION /comment value NIL",
                    K::Annotation(Box::new(AnnotationKey {
                        entry: text("/comment"),
                        attribute: AnnotationScope::Value,
                        value: None,
                    })),
                ),
                // a control character is no full stop
                Row::Bad(b"ANNOTATION * \"value\x0epriv\" NIL", 13),
                Row::Good(
                    b"X-GM-RAW \"has:attachment in:unread\"",
                    K::gmail_raw("has:attachment in:unread").unwrap(),
                ),
                Row::Good(b"X-GM-MSGID 1278455344230334865", K::GmailMessageId(1_278_455_344_230_334_865)),
                Row::Good(b"X-GM-MSGID 18446744073709551615", K::GmailMessageId(u64::MAX)),
                Row::Good(b"X-GM-THRID 1266894439832287888", K::GmailThreadId(1_266_894_439_832_287_888)),
                Row::Good(
                    b"X-GM-LABELS \"\\\\Inbox\"",
                    K::GmailLabel(Label::System(Atom::new("Inbox").unwrap())),
                ),
                Row::Other(b"X-GM-LABELS \\Inbox", K::GmailLabel(Label::System(Atom::new("Inbox").unwrap()))),
                Row::Other(b"X-GUID abc", other("X-GUID", "abc")),
                Row::Other(
                    b"INTHREAD REFERENCES (FROM x) SEEN",
                    other("INTHREAD", "REFERENCES (FROM x) SEEN"),
                ),
                Row::Other(b"XWHATEVER", other("XWHATEVER", "")),
                Row::Other(b"X-A {2}\r\n) ", other("X-A", "{2}\r\n) ")),
                Row::Bad(b"FROM", 4),
                Row::Bad(b"SINCE x", 6),
                Row::Bad(b"UID x", 4),
                Row::Bad(b"OLDER 0", 6),
                Row::Bad(b"LARGER -1", 7),
                Row::Bad(b"MODSEQ \"/flags/x\" some 1", 18),
                Row::Bad(b"MODSEQ 9223372036854775808", 7),
                Row::Bad(b"\"FROM\" x", 0),
                Row::Bad(b"", 0),
            ],
        );
    }

    #[test]
    fn keys_in_keys() {
        use SearchKey as K;
        let from = |name| K::From(text(name));
        check(
            K::rule,
            |key, encoder| key.encode(encoder),
            &[
                Row::Good(b"NOT FROM Smith", from("Smith").not()),
                Row::Good(b"OR SEEN DRAFT", K::Seen.or(K::Draft)),
                Row::Good(b"(SEEN DRAFT)", K::Seen.and(K::Draft)),
                Row::Good(b"(SEEN)", K::And(keys([K::Seen]))),
                Row::Good(b"((SEEN) DRAFT)", K::And(keys([K::And(keys([K::Seen])), K::Draft]))),
                Row::Good(b"OR SEEN OR DRAFT NEW", K::Seen.or(K::Draft).or(K::New)),
                Row::Other(b"OR OR SEEN DRAFT NEW", K::Seen.or(K::Draft).or(K::New)),
                Row::Other(b"OR SEEN OR DRAFT OR NEW OLD", K::Or(keys([K::Seen, K::Draft, K::New, K::Old]))),
                Row::Good(b"OR OR SEEN DRAFT OR NEW OLD", K::Or(keys([K::Seen, K::Draft, K::New, K::Old]))),
                Row::Good(
                    b"OR NOT MODSEQ 720162338 LARGER 50000",
                    K::mod_seq(720_162_338.into()).not().or(K::Larger(50000.into())),
                ),
                Row::Good(
                    b"(OR $ 1,3000:3021)",
                    K::And(keys([K::saved().or(K::sequence(set("1,3000:3021")))])),
                ),
                Row::Good(
                    b"FUZZY (SUBJECT \"IMAP break\")",
                    K::And(keys([K::Subject(text("IMAP break"))])).fuzzy(),
                ),
                Row::Good(b"NOT NOT SEEN", K::Not(Box::new(K::Seen.not()))),
                Row::Good(b"(X-A b)", K::And(keys([other("X-A", "b")]))),
                Row::Other(b"NOT X-A b SEEN", other("X-A", "b SEEN").not()),
                // what nobody knows leaves nothing for the OR
                Row::Other(b"OR X-A b SEEN", other("OR", "X-A b SEEN")),
                Row::Good(b"(NEW OR SEEN NOT X-A b)", K::New.and(other("OR", "SEEN NOT X-A b"))),
                Row::Good(b"OR (X-A b) SEEN", K::And(keys([other("X-A", "b")])).or(K::Seen)),
                Row::Tolerated(b"( SEEN  DRAFT )", 15, K::Seen.and(K::Draft)),
                Row::Tolerated(b"OR(SEEN)(DRAFT)", 15, K::And(keys([K::Seen])).or(K::And(keys([K::Draft])))),
                Row::Tolerated(b"()", 2, K::All),
                Row::Tolerated(b"NOT  SEEN", 9, K::Seen.not()),
                Row::Bad(b"OR SEEN", 7),
                Row::Bad(b"NOT", 3),
                Row::Bad(b"(SEEN", 5),
                Row::Bad(b"(SEEN ", 6),
                Row::Bad(b"(SEEN]", 5),
                Row::Bad(b"(SEEN DRAFT FROM)", 16),
                Row::Bad(b"OR SEEN )", 8),
                Row::Bad(b"OR ) SEEN", 3),
            ],
        );
    }

    #[test]
    fn many_alternatives_are_one_level() {
        let chain = format!("{}SEEN", "OR DRAFT ".repeat(100_000));
        let frame = Bytes::from(chain);
        let cx = Context::new(&frame, Tolerance::Strict).max_depth(2);
        let (rest, key) = SearchKey::rule(&cx, &frame).unwrap();
        assert!(rest.is_empty());
        let SearchKey::Or(all) = &key else { panic!("{key:?}") };
        assert_eq!(all.len(), 100_001);
        round_trip(&key, SearchKey::rule, |key, encoder| key.encode(encoder));
    }

    #[test]
    fn depth_and_length_are_limited() {
        for word in ["(", "NOT ", "FUZZY ", "OR SEEN (", "OR (SEEN) NOT "] {
            let frame = Bytes::from(word.repeat(100_000));
            let cx = Context::new(&frame, Tolerance::Lenient);
            let error = Failure::of(SearchKey::rule(&cx, &frame).unwrap_err());
            assert_eq!(error.kind(), ParseErrorKind::TooDeep, "{word}");
        }
        let frame = Bytes::from_static(b"(SEEN DRAFT NEW OLD)");
        let cx = Context::new(&frame, Tolerance::Strict).max_items(3);
        assert_eq!(Failure::of(SearchKey::rule(&cx, &frame).unwrap_err()).kind(), ParseErrorKind::TooMany);
    }

    #[test]
    fn a_small_stack_is_enough() {
        let work = || {
            for (open, close) in [("NOT ", ""), ("(", ")"), ("OR SEEN (", ")")] {
                let levels = if open.starts_with("OR") { 25 } else { 50 };
                let frame = Bytes::from(format!("{}DRAFT{}", open.repeat(levels), close.repeat(levels)));
                let cx = Context::new(&frame, Tolerance::Strict);
                let (_, key) = SearchKey::rule(&cx, &frame).unwrap();
                assert!(key.clone() == key);
                assert_eq!(format!("{key:?}").len(), frame.len() + 2);
                assert!(key.is_ascii());
                assert!(key.detach() == key);
            }
        };
        std::thread::Builder::new().stack_size(64 * 1024).spawn(work).unwrap().join().unwrap();
    }

    #[test]
    fn charsets_are_needed_only_beyond_ascii() {
        let german = SearchKey::subject("Gr\u{fc}\u{df}e").unwrap();
        assert!(!german.is_ascii());
        assert!(!SearchKey::Seen.and(SearchKey::Draft.or(german).not()).is_ascii());
        assert!(SearchKey::Seen.and(SearchKey::subject("x").unwrap().fuzzy()).is_ascii());
    }

    #[test]
    fn keys_stay_small() {
        assert!(size_of::<SearchKey>() <= 40);
    }

    #[test]
    fn flags() {
        assert_eq!(SearchKey::flag(&Flag::Seen), Ok(SearchKey::Seen));
        assert_eq!(SearchKey::flag(&Flag::JUNK), Ok(SearchKey::Keyword(Atom::new("$Junk").unwrap())));
        assert!(SearchKey::flag(&Flag::Wildcard).is_err());
    }

    proptest! {
        #[test]
        fn any_key_round_trips(key in SearchKey::strategy()) {
            round_trip(&key, SearchKey::rule, |key, encoder| key.encode(encoder));
        }
    }
}
