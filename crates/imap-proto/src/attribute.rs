//! Attributes of mailbox names.

use crate::core::syntax::{self, expected};
use crate::core::{Atom, Bits, Context, Encoder, class};
use crate::rule;
use ::core::fmt;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::parse::{Failure, Parsed, fail};
use wire::{ParseErrorKind, Tolerance};

macro_rules! attributes {
    ($($(#[$doc:meta])* $id:ident = $text:literal,)*) => {
        /// An attribute of a mailbox name (RFC 9051 section 7.3.1, IANA "IMAP Mailbox Name Attributes"): what LIST says of it, and what a
        /// mailbox is for.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum MailboxAttribute {
            $($(#[$doc])* $id,)*
            /// Another attribute, without its backslash.
            Other(Atom),
        }

        #[derive(Clone, Copy)]
        enum Known { $($id),* }

        impl MailboxAttribute {
            /// The names that are known, with their backslash.
            pub const KEYWORDS: &'static [&'static str] = &[$(concat!("\\", $text)),*];

            /// The one with this number, which is that of its bit.
            #[inline]
            fn of_bit(bit: usize) -> Option<Self> {
                const KNOWN: &[Known] = &[$(Known::$id),*];
                Some(match KNOWN.get(bit)? {
                    $(Known::$id => Self::$id,)*
                })
            }

            #[inline]
            fn bit(&self) -> Option<u32> {
                match self {
                    $(Self::$id => Some(1 << Known::$id as u32),)*
                    Self::Other(_) => None,
                }
            }

            /// The bit of a word without its backslash.
            fn bit_of(word: &[u8]) -> u32 {
                Self::bit_of_key(wire::keyword::key(word))
            }

            /// The bit of a word by its key.
            #[allow(non_upper_case_globals, reason = "each constant is named after its variant")]
            fn bit_of_key(key: u128) -> u32 {
                $(const $id: u128 = wire::keyword::key_of($text);)*
                match key {
                    $($id => 1 << Known::$id as u32,)*
                    _ => 0,
                }
            }
        }
    };
}
attributes! {
    /// `\Noinferiors`: no mailbox can be below it.
    NoInferiors = "Noinferiors",
    /// `\Noselect`: it cannot be selected.
    NoSelect = "Noselect",
    /// `\HasChildren` (RFC 3348, RFC 5258)
    HasChildren = "HasChildren",
    /// `\HasNoChildren` (RFC 3348, RFC 5258)
    HasNoChildren = "HasNoChildren",
    /// `\Marked`: there are new messages.
    Marked = "Marked",
    /// `\Unmarked`: there are none.
    Unmarked = "Unmarked",
    /// `\NonExistent` (RFC 5258): there is no such mailbox.
    NonExistent = "NonExistent",
    /// `\Subscribed` (RFC 5258)
    Subscribed = "Subscribed",
    /// `\Remote` (RFC 5258): it is on another server.
    Remote = "Remote",
    /// `\NoAccess` (RFC 5465): NOTIFY cannot watch it any more.
    NoAccess = "NoAccess",
    /// `\All` (RFC 6154): all messages.
    All = "All",
    /// `\Archive` (RFC 6154)
    Archive = "Archive",
    /// `\Drafts` (RFC 6154)
    Drafts = "Drafts",
    /// `\Flagged` (RFC 6154)
    Flagged = "Flagged",
    /// `\Junk` (RFC 6154)
    Junk = "Junk",
    /// `\Sent` (RFC 6154)
    Sent = "Sent",
    /// `\Trash` (RFC 6154)
    Trash = "Trash",
    /// `\Important` (RFC 8457)
    Important = "Important",
    /// `\Memos` (RFC 9979)
    Memos = "Memos",
    /// `\Scheduled` (RFC 9979)
    Scheduled = "Scheduled",
    /// `\Snoozed` (RFC 9979)
    Snoozed = "Snoozed",
    /// `\Inbox`, of XLIST.
    Inbox = "Inbox",
    /// `\AllMail`, of XLIST.
    AllMail = "AllMail",
    /// `\Spam`, of XLIST.
    Spam = "Spam",
    /// `\Starred`, of XLIST.
    Starred = "Starred",
    /// `\NoUTF8` (RFC 5738, obsolete)
    NoUtf8 = "NoUTF8",
    /// `\UTF8Only` (RFC 5738, obsolete)
    Utf8Only = "UTF8Only",
}

impl MailboxAttribute {
    /// The special use that it stands for (RFC 6154), also for the names of XLIST.
    #[must_use]
    pub fn special_use(&self) -> Option<Self> {
        match self {
            Self::All
            | Self::Archive
            | Self::Drafts
            | Self::Flagged
            | Self::Junk
            | Self::Sent
            | Self::Trash
            | Self::Important
            | Self::Memos
            | Self::Scheduled
            | Self::Snoozed => Some(self.clone()),
            Self::AllMail => Some(Self::All),
            Self::Spam => Some(Self::Junk),
            Self::Starred => Some(Self::Flagged),
            _ => None,
        }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Other(name) => Self::Other(name.detach()),
            known => known.clone(),
        }
    }

    /// Any attribute, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            4 => (0..Self::KEYWORDS.len()).prop_filter_map("known", Self::of_bit),
            1 => "[A-Z]{14,18}".prop_map(|s| Self::Other(Atom::known(s.into()))),
        ]
    }
}

/// The attributes of a mailbox name: a set, whose known members are bits.
///
/// ```
/// use imap_proto::{MailboxAttribute, MailboxAttributes};
///
/// let attributes: MailboxAttributes = [MailboxAttribute::Marked, MailboxAttribute::Sent].into_iter().collect();
/// assert!(attributes.has(&MailboxAttribute::Sent) && !attributes.has(&MailboxAttribute::NoSelect));
/// ```
#[derive(Clone, Default)]
pub struct MailboxAttributes {
    known: u32,
    /// Boxed, because there are hardly ever any.
    #[allow(clippy::box_collection, reason = "so that a set without any is small and dropped for nothing")]
    others: Option<Box<Vec<Atom>>>,
}

impl MailboxAttributes {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self { known: 0, others: None }
    }

    /// Those that are not known.
    fn others(&self) -> &[Atom] {
        self.others.as_deref().map_or(&[], Vec::as_slice)
    }

    /// One more that is not known; it may be there already.
    #[cold]
    fn push(&mut self, name: Atom) {
        self.others.get_or_insert_default().push(name);
    }

    /// Adds one.
    pub fn insert(&mut self, attribute: MailboxAttribute) {
        match attribute {
            MailboxAttribute::Other(name) if self.others().contains(&name) => {}
            MailboxAttribute::Other(name) => self.push(name),
            known => self.known |= known.bit().unwrap_or_default(),
        }
    }

    /// Whether one is among them.
    #[must_use]
    pub fn has(&self, attribute: &MailboxAttribute) -> bool {
        match attribute {
            MailboxAttribute::Other(name) => self.others().contains(name),
            known => known.bit().is_some_and(|bit| self.known & bit != 0),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known == 0 && self.others().is_empty()
    }

    /// Whether the mailbox can be selected: neither `\Noselect` nor `\NonExistent`.
    #[must_use]
    pub fn is_selectable(&self) -> bool {
        !self.has(&MailboxAttribute::NoSelect) && !self.has(&MailboxAttribute::NonExistent)
    }

    /// All of them, the known ones first.
    pub fn iter(&self) -> impl Iterator<Item = MailboxAttribute> {
        let known = Bits(self.known).filter_map(MailboxAttribute::of_bit);
        known.chain(self.others().iter().cloned().map(MailboxAttribute::Other))
    }

    /// What the mailbox is for (RFC 6154), also by the names of XLIST.
    pub fn special_uses(&self) -> impl Iterator<Item = MailboxAttribute> {
        self.iter().filter_map(|attribute| attribute.special_use())
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let detached = |others: &Vec<Atom>| Box::new(others.iter().map(Atom::detach).collect());
        Self { known: self.known, others: self.others.as_deref().map(detached) }
    }

    /// ```text
    /// mbx-list-flags  = *(mbx-list-oflag SP) mbx-list-sflag *(SP mbx-list-oflag) / mbx-list-oflag *(SP mbx-list-oflag)
    /// mbx-list-oflag  = "\Noinferiors" / child-mbox-flag / "\Subscribed" / "\Remote" / flag-extension
    /// mbx-list-sflag  = "\NonExistent" / "\Noselect" / "\Marked" / "\Unmarked"
    /// use-attr        = "\All" / "\Archive" / "\Drafts" / "\Flagged" / "\Junk" / "\Sent" / "\Trash" / use-attr-ext
    /// ```
    /// in parentheses. More than one `mbx-list-sflag` is met and not remarked.
    #[inline]
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let Some(mut i) = i.strip_prefix(b"(") else { return Self::without_parentheses(cx, i) };
        let mut attributes = Self::new();
        loop {
            // the common case: a known attribute before one space or the end
            if let Some(word) = i.strip_prefix(b"\\") {
                // of letters; so what stands behind them decides whether they are the whole word
                let (len, key) = wire::keyword::name(word);
                let bit = MailboxAttribute::bit_of_key(key);
                match &word[len..] {
                    [b')', rest @ ..] if bit != 0 => {
                        attributes.known |= bit;
                        attributes.unite();
                        return Ok((rest, attributes));
                    }
                    [b' ', rest @ ..] if bit != 0 && rest.first() == Some(&b'\\') => {
                        attributes.known |= bit;
                        i = rest;
                        continue;
                    }
                    _ => {}
                }
            }
            i = syntax::no_sp(cx, i);
            if let Some(rest) = i.strip_prefix(b")") {
                attributes.unite();
                return Ok((rest, attributes));
            }
            i = attributes.another(cx, i)?.0;
            match i.first() {
                Some(b')') => {}
                Some(b' ') if i.get(1) == Some(&b'\\') => i = &i[1..],
                Some(b' ' | b'\t') if i.get(syntax::blanks(i)) == Some(&b')') => {}
                _ => i = syntax::sp(cx, i)?.0,
            }
        }
    }

    /// One attribute, in whichever form.
    fn another<'i>(&mut self, cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ()> {
        let (rest, octets) = match i.first() {
            Some(b'\\') => {
                let (rest, word) = syntax::loose_atom(cx, &i[1..], expected::FLAG)?;
                match MailboxAttribute::bit_of(word) {
                    0 => self.push(Atom::known(cx.keep(word))),
                    bit => self.known |= bit,
                }
                if self.others().len() > cx.item_limit() {
                    return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
                }
                return Ok((rest, ()));
            }
            Some(b'"') => syntax::string_octets(cx, i)?,
            _ => syntax::loose_atom(cx, i, expected::FLAG).map(|(rest, word)| (rest, word.into()))?,
        };
        // quoted, without a backslash, or nothing
        let raw = &i[..i.len() - rest.len()];
        if raw.eq_ignore_ascii_case(b"NIL") && cx.tolerates(Tolerance::Default, rule::STRAY_NIL, raw) {
            return Ok((rest, ()));
        }
        let word = octets.strip_prefix(b"\\").unwrap_or(&octets);
        let rule = if raw.starts_with(b"\"") { rule::STRING_FORM } else { rule::OTHER_KEYWORD };
        if word.is_empty() || !class::ATOM.all(word) || !cx.tolerates(Tolerance::Default, rule, raw) {
            return fail(i, expected::FLAG);
        }
        match MailboxAttribute::bit_of(word) {
            0 => self.push(Atom::known(Bytes::copy_from_slice(word))),
            bit => self.known |= bit,
        }
        Ok((rest, ()))
    }

    #[cold]
    fn without_parentheses<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        match syntax::nil(i) {
            Some(rest) if cx.tolerates(Tolerance::Default, rule::STRAY_NIL, &i[..3]) => {
                Ok((rest, Self::new()))
            }
            _ => fail(i, expected::OPEN),
        }
    }

    /// Takes out what is there twice.
    #[inline]
    fn unite(&mut self) {
        if let Some(others) = self.others.as_deref_mut().filter(|others| others.len() > 1) {
            let mut seen = alloc::collections::BTreeSet::new();
            others.retain(|name| seen.insert(name.as_bytes().to_ascii_lowercase()));
        }
    }

    /// Writes it, with its parentheses.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(b"(");
        let mut known = self.known;
        let mut first = true;
        while known != 0 {
            let bit = known.trailing_zeros();
            known &= known - 1;
            if !::core::mem::take(&mut first) {
                encoder.sp();
            }
            encoder.put(MailboxAttribute::KEYWORDS[bit as usize].as_bytes());
        }
        for name in self.others() {
            encoder.put(if ::core::mem::take(&mut first) { b"\\" } else { b" \\" });
            name.encode(encoder);
        }
        encoder.put(b")");
    }

    /// Any set, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        proptest::collection::vec(MailboxAttribute::strategy(), 0..5)
            .prop_map(|attributes| attributes.into_iter().collect())
    }
}

impl FromIterator<MailboxAttribute> for MailboxAttributes {
    fn from_iter<I: IntoIterator<Item = MailboxAttribute>>(attributes: I) -> Self {
        let mut set = Self::new();
        for attribute in attributes {
            match attribute {
                MailboxAttribute::Other(name) => set.push(name),
                known => set.known |= known.bit().unwrap_or_default(),
            }
        }
        set.unite();
        set
    }
}

impl PartialEq for MailboxAttributes {
    /// As sets.
    fn eq(&self, other: &Self) -> bool {
        self.known == other.known
            && self.others().len() == other.others().len()
            && self.others().iter().all(|name| other.others().contains(name))
    }
}

impl Eq for MailboxAttributes {}

impl fmt::Debug for MailboxAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::MailboxAttribute as A;
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    fn set<const N: usize>(attributes: [A; N]) -> MailboxAttributes {
        attributes.into_iter().collect()
    }

    #[test]
    fn lists() {
        let other = |name: &'static str| A::Other(Atom::new(name).unwrap());
        check(
            MailboxAttributes::rule,
            |attributes, encoder| attributes.encode(encoder),
            &[
                Row::Good(b"()", set([])),
                Row::Good(b"(\\Noinferiors \\Marked)", set([A::NoInferiors, A::Marked])),
                Row::Good(b"(\\HasChildren \\Sent)", set([A::HasChildren, A::Sent])),
                Row::Other(
                    b"(\\Marked \\NoInferiors \\Subscribed)",
                    set([A::NoInferiors, A::Marked, A::Subscribed]),
                ),
                Row::Other(b"(\\X \\sent \\x)", set([A::Sent, other("x")])),
                Row::Good(b"(\\Inbox \\AllMail \\X-Y)", set([A::Inbox, A::AllMail, other("X-Y")])),
                // 38, and its kind
                Row::Tolerated(b"(\\Sent )", 8, set([A::Sent])),
                Row::Tolerated(b"( \\Sent)", 8, set([A::Sent])),
                Row::Tolerated(b"(\\Sent  \\X )", 12, set([A::Sent, other("X")])),
                // kinds of 49, 52, 53
                Row::Tolerated(b"(\\a]b)", 6, set([A::Other(Atom::known(Bytes::from_static(b"a]b")))])),
                Row::Tolerated(b"(\"\\\\Sent\" Archive)", 18, set([A::Sent, A::Archive])),
                Row::Tolerated(b"NIL", 3, set([])),
                Row::Tolerated(b"(NIL \\All)", 10, set([A::All])),
                Row::Bad(b"(\\)", 2),
                Row::Bad(b"(\\Sent", 6),
                Row::Bad(b"(\\Sent(", 6),
                Row::Bad(b"\\Sent", 0),
            ],
        );
    }

    #[test]
    fn each_name_is_known() {
        assert_eq!(A::KEYWORDS.len(), 27);
        for (n, name) in A::KEYWORDS.iter().enumerate() {
            let bit = A::bit_of(&name.as_bytes()[1..]);
            assert_eq!((bit, Some(bit)), (1 << n, A::of_bit(n).unwrap().bit()), "{name}");
        }
        assert_eq!(A::of_bit(27), None);
        assert!(set([A::Spam]).special_uses().eq([A::Junk]));
        assert!(size_of::<MailboxAttributes>() <= 16);
    }

    proptest! {
        #[test]
        fn round_trips(attributes in MailboxAttributes::strategy()) {
            round_trip(&attributes, MailboxAttributes::rule, |attributes, encoder| attributes.encode(encoder));
        }
    }
}
