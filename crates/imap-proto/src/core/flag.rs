//! Flags and keywords of messages.

use super::syntax::{self, expected};
use super::{Atom, Bits, Context, Encoder, class};
use crate::rule;
use ::core::fmt;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::parse::{Parsed, fail};
use wire::{Misuse, Tolerance};

/// One flag (RFC 9051 section 2.3.2): a system flag, a keyword, or a flag that an extension defines.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flag {
    /// `\Seen`
    Seen,
    /// `\Answered`
    Answered,
    /// `\Flagged`
    Flagged,
    /// `\Deleted`
    Deleted,
    /// `\Draft`
    Draft,
    /// `\Recent`, of RFC 3501 only: the server sets it.
    Recent,
    /// `\*`, in PERMANENTFLAGS only: keywords may be made.
    Wildcard,
    /// Another flag with a backslash; without it here.
    Extension(Atom),
    /// A keyword, such as `$Forwarded`.
    Keyword(Atom),
}

macro_rules! keywords {
    ($($(#[$doc:meta])* $id:ident = $text:literal,)*) => {
        impl Flag {
            $($(#[$doc])* pub const $id: Self = Self::Keyword(Atom::known(Bytes::from_static($text.as_bytes())));)*
            /// The registered keywords (IANA "IMAP and JMAP Keywords").
            pub const KEYWORDS: &'static [&'static str] = &[$($text),*];
        }
    };
}
keywords! {
    /// `$Forwarded` (RFC 5550)
    FORWARDED = "$Forwarded",
    /// `$MDNSent` (RFC 3503)
    MDN_SENT = "$MDNSent",
    /// `$SubmitPending` (RFC 5550)
    SUBMIT_PENDING = "$SubmitPending",
    /// `$Submitted` (RFC 5550)
    SUBMITTED = "$Submitted",
    /// `$Junk`
    JUNK = "$Junk",
    /// `$NotJunk`
    NOT_JUNK = "$NotJunk",
    /// `$Phishing`
    PHISHING = "$Phishing",
    /// `$Important` (RFC 8457)
    IMPORTANT = "$Important",
    /// `$has_attachment`
    HAS_ATTACHMENT = "$hasAttachment",
    /// `$hasNoAttachment`
    HAS_NO_ATTACHMENT = "$hasNoAttachment",
    /// `$hasMemo`
    HAS_MEMO = "$hasMemo",
    /// `$memo`
    MEMO = "$memo",
    /// `$autosent`
    AUTOSENT = "$autosent",
    /// `$unsubscribed`
    UNSUBSCRIBED = "$unsubscribed",
    /// `$canunsubscribe`
    CAN_UNSUBSCRIBE = "$canunsubscribe",
    /// `$imported`
    IMPORTED = "$imported",
    /// `$istrusted`
    IS_TRUSTED = "$istrusted",
    /// `$maskedemail`
    MASKED_EMAIL = "$maskedemail",
    /// `$new`
    NEW = "$new",
    /// `$notify`
    NOTIFY = "$notify",
    /// `$followed`
    FOLLOWED = "$followed",
    /// `$muted`
    MUTED = "$muted",
    /// `$MailFlagBit0`
    MAIL_FLAG_BIT0 = "$MailFlagBit0",
    /// `$MailFlagBit1`
    MAIL_FLAG_BIT1 = "$MailFlagBit1",
    /// `$MailFlagBit2`
    MAIL_FLAG_BIT2 = "$MailFlagBit2",
}

/// In the order of their bits.
static SYSTEM: [(&[u8], Flag); 7] = [
    (b"Seen", Flag::Seen),
    (b"Answered", Flag::Answered),
    (b"Flagged", Flag::Flagged),
    (b"Deleted", Flag::Deleted),
    (b"Draft", Flag::Draft),
    (b"Recent", Flag::Recent),
    (b"*", Flag::Wildcard),
];

/// The bit of [`Flag::Wildcard`].
const WILDCARD: u8 = 64;

/// The system flags of messages as they are written.
const TEXTS: [(u8, &[u8]); 6] = [
    (1, b"\\Seen"),
    (2, b"\\Answered"),
    (4, b"\\Flagged"),
    (8, b"\\Deleted"),
    (16, b"\\Draft"),
    (32, b"\\Recent"),
];

impl Flag {
    /// A keyword.
    ///
    /// # Errors
    /// [`Misuse`]: not an atom.
    pub fn keyword(octets: impl Into<Bytes>) -> Result<Self, Misuse> {
        Atom::new(octets).map(Self::Keyword)
    }

    /// The bit of a system flag.
    #[inline]
    fn bit(&self) -> Option<u8> {
        Some(match self {
            Self::Seen => 1,
            Self::Answered => 2,
            Self::Flagged => 4,
            Self::Deleted => 8,
            Self::Draft => 16,
            Self::Recent => 32,
            Self::Wildcard => WILDCARD,
            Self::Extension(_) | Self::Keyword(_) => return None,
        })
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Extension(atom) => Self::Extension(atom.detach()),
            Self::Keyword(atom) => Self::Keyword(atom.detach()),
            system => system.clone(),
        }
    }

    /// ```text
    /// flag            = "\Answered" / "\Flagged" / "\Deleted" / "\Seen" / "\Draft" / flag-keyword / flag-extension
    /// flag-extension  = "\" atom
    /// flag-perm       = flag / "\*"
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        match i {
            [b'\\', b'*', rest @ ..] => Ok((rest, Self::Wildcard)),
            [b'\\', name @ ..] => {
                let (rest, word) = syntax::loose_atom(cx, name, expected::FLAG)?;
                Ok((rest, Self::with_backslash(cx, word)))
            }
            [b'"', ..] => Self::quoted(cx, i),
            _ => {
                let (rest, word) = syntax::loose_atom(cx, i, expected::FLAG)?;
                Ok((rest, Self::Keyword(Atom::known(cx.keep(word)))))
            }
        }
    }

    /// The same; `NIL` for nothing where that is tolerated.
    #[inline]
    pub(crate) fn or_nil<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<Self>> {
        match syntax::nil(i) {
            Some(rest)
                if matches!(rest.first(), None | Some(b' ' | b'\t' | b')'))
                    && cx.tolerates(Tolerance::Default, rule::STRAY_NIL, &i[..3]) =>
            {
                Ok((rest, None))
            }
            _ => {
                let (rest, flag) = Self::rule(cx, i)?;
                let nil = i.first() == Some(&b'"')
                    && matches!(&flag, Self::Keyword(word) if word.as_bytes().eq_ignore_ascii_case(b"NIL"));
                Ok((rest, (!nil).then_some(flag)))
            }
        }
    }

    #[inline]
    fn with_backslash(cx: &Context<'_>, word: &[u8]) -> Self {
        let found = SYSTEM.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        found.map_or_else(|| Self::Extension(Atom::known(cx.keep(word))), |(_, flag)| flag.clone())
    }

    /// A flag in quotes, as some server writes it.
    #[cold]
    fn quoted<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, octets) = syntax::string_octets(cx, i)?;
        let (word, back) = match octets.strip_prefix(b"\\") {
            Some(word) => (word, true),
            None => (&octets[..], false),
        };
        if word.is_empty() || !class::ATOM.all(word) {
            return fail(i, expected::FLAG);
        }
        if !cx.tolerates(Tolerance::Default, rule::STRING_FORM, &i[..i.len() - rest.len()]) {
            return fail(i, expected::FLAG);
        }
        let atom = Bytes::copy_from_slice(word);
        let system = SYSTEM.iter().find(|(name, _)| back && name.eq_ignore_ascii_case(word));
        Ok((
            rest,
            match system {
                Some((_, flag)) => flag.clone(),
                None if back => Self::Extension(Atom::known(atom)),
                None => Self::Keyword(Atom::known(atom)),
            },
        ))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(match self {
            Self::Seen => b"\\Seen",
            Self::Answered => b"\\Answered",
            Self::Flagged => b"\\Flagged",
            Self::Deleted => b"\\Deleted",
            Self::Draft => b"\\Draft",
            Self::Recent => b"\\Recent",
            Self::Wildcard => b"\\*",
            Self::Extension(atom) => {
                encoder.put(b"\\");
                return atom.encode(encoder);
            }
            Self::Keyword(atom) => return atom.encode(encoder),
        });
    }

    /// Any flag, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            Just(Self::Seen),
            Just(Self::Answered),
            Just(Self::Flagged),
            Just(Self::Deleted),
            Just(Self::Draft),
            Just(Self::Recent),
            Just(Self::FORWARDED),
            Atom::strategy().prop_map(Self::Keyword),
            "[a-z]{9,12}".prop_map(|s| Self::Extension(Atom::known(s.into()))),
        ]
    }
}

/// `flag-list` (RFC 9051 section 9): the flags of a message or a mailbox, a set. System flags are bits.
///
/// ```
/// use imap_proto::{Flag, Flags};
///
/// let flags: Flags = [Flag::Seen, Flag::FORWARDED, Flag::Seen].into_iter().collect();
/// assert!(flags.has(&Flag::Seen) && !flags.has(&Flag::Deleted));
/// assert_eq!(flags.iter().count(), 2);
/// ```
#[derive(Clone, Default)]
pub struct Flags {
    system: u8,
    others: Vec<Flag>,
}

impl Flags {
    /// No flags.
    #[must_use]
    pub const fn new() -> Self {
        Self { system: 0, others: Vec::new() }
    }

    /// Adds one.
    pub fn insert(&mut self, flag: Flag) {
        match flag.bit() {
            Some(bit) => self.system |= bit,
            None if self.others.contains(&flag) => {}
            None => self.others.push(flag),
        }
    }

    /// Takes one out.
    pub fn remove(&mut self, flag: &Flag) {
        match flag.bit() {
            Some(bit) => self.system &= !bit,
            None => self.others.retain(|other| other != flag),
        }
    }

    /// Whether a flag is among them.
    #[must_use]
    pub fn has(&self, flag: &Flag) -> bool {
        flag.bit().map_or_else(|| self.others.contains(flag), |bit| self.system & bit != 0)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.system == 0 && self.others.is_empty()
    }

    /// All of them: the system flags first, then the others in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Flag> {
        let of = |bits: u8| Bits(u32::from(bits)).filter_map(|n| SYSTEM.get(n)).map(|(_, flag)| flag);
        // the wildcard stands last, as servers write it
        of(self.system & !WILDCARD).chain(&self.others).chain(of(self.system & WILDCARD))
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { system: self.system, others: self.others.iter().map(Flag::detach).collect() }
    }

    /// `flag-list = "(" [flag *(SP flag)] ")"`; `NIL` for it, or in it, where that is tolerated.
    #[inline]
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let Some(mut i) = i.strip_prefix(b"(") else { return Self::without_parentheses(cx, i) };
        let mut flags = Self::new();
        if let [b')', rest @ ..] = i {
            return Ok((rest, flags));
        }
        if let Some(b' ' | b'\t') = i.first() {
            i = syntax::no_sp(cx, i);
            if let [b')', rest @ ..] = i {
                return Ok((rest, flags));
            }
        }
        loop {
            if let Some((rest, bit)) = system(i) {
                flags.system |= bit;
                match rest[0] {
                    b')' => {
                        flags.unite();
                        return Ok((&rest[1..], flags));
                    }
                    _ => i = &rest[1..],
                }
                continue;
            }
            let (rest, flag) = Flag::or_nil(cx, i)?;
            if let Some(flag) = flag {
                match flag.bit() {
                    Some(bit) => flags.system |= bit,
                    // a long list is not searched: a set is made of it at the end
                    None => flags.others.push(flag),
                }
            }
            if flags.others.len() > cx.item_limit() {
                return Err(wire::parse::Failure::at(i, expected::ITEMS, wire::ParseErrorKind::TooMany));
            }
            match rest.first() {
                Some(b')') => {
                    flags.unite();
                    return Ok((&rest[1..], flags));
                }
                _ => i = syntax::sp(cx, rest)?.0,
            }
            if let [b')', rest @ ..] = i {
                if !cx.tolerates(Tolerance::Default, rule::EXTRA_SPACE, &i[..1]) {
                    return fail(i, expected::FLAG);
                }
                flags.unite();
                return Ok((rest, flags));
            }
        }
    }

    /// Takes out what is there twice.
    fn unite(&mut self) {
        if self.others.len() < 2 {
            return;
        }
        if self.others.len() <= 16 {
            let others = ::core::mem::take(&mut self.others);
            for flag in others {
                self.insert(flag);
            }
            return;
        }
        let mut seen = alloc::collections::BTreeSet::new();
        self.others.retain(|flag| {
            let (extension, atom) = match flag {
                Flag::Extension(atom) => (true, atom),
                Flag::Keyword(atom) => (false, atom),
                _ => return true,
            };
            seen.insert((extension, atom.as_bytes().to_ascii_lowercase()))
        });
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

    /// Writes it, with its parentheses.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        // all system flags are 48 octets with their spaces
        let mut text = [b' '; 56];
        let mut len = 0;
        for (bit, name) in TEXTS {
            if self.system & bit != 0 {
                text[len..len + name.len()].copy_from_slice(name);
                len += name.len() + 1;
            }
        }
        encoder.put(b"(");
        encoder.put(&text[..len.saturating_sub(1)]);
        let mut empty = len == 0;
        for flag in &self.others {
            if !empty {
                encoder.sp();
            }
            empty = false;
            flag.encode(encoder);
        }
        if self.system & WILDCARD != 0 {
            encoder.put(if empty { b"\\*" } else { b" \\*" });
        }
        encoder.put(b")");
    }

    /// Any set, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        proptest::collection::vec(Flag::strategy(), 0..5).prop_map(|flags| flags.into_iter().collect())
    }
}

/// A system flag in its usual spelling, before `)` or one space and something else; the front is then that octet.
#[inline(always)]
fn system(i: &[u8]) -> Option<(&[u8], u8)> {
    let rest = i.strip_prefix(b"\\")?;
    let (name, bit): (&[u8], u8) = match rest.first()? {
        b'S' => (b"Seen", 1),
        b'A' => (b"Answered", 2),
        b'F' => (b"Flagged", 4),
        b'D' if rest.get(1) == Some(&b'e') => (b"Deleted", 8),
        b'D' => (b"Draft", 16),
        b'R' => (b"Recent", 32),
        _ => return None,
    };
    let rest = rest.strip_prefix(name)?;
    match rest {
        [b')', ..] => Some((rest, bit)),
        [b' ', next, ..] if *next > b' ' && *next != b')' => Some((rest, bit)),
        _ => None,
    }
}

impl FromIterator<Flag> for Flags {
    fn from_iter<I: IntoIterator<Item = Flag>>(flags: I) -> Self {
        let mut set = Self::new();
        for flag in flags {
            match flag.bit() {
                Some(bit) => set.system |= bit,
                None => set.others.push(flag),
            }
        }
        set.unite();
        set
    }
}

impl PartialEq for Flags {
    /// As sets.
    fn eq(&self, other: &Self) -> bool {
        self.system == other.system
            && (self.others == other.others
                || self.others.len() == other.others.len()
                    && self.others.iter().all(|flag| other.others.contains(flag)))
    }
}

impl Eq for Flags {}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    fn flags(flags: impl IntoIterator<Item = Flag>) -> Flags {
        flags.into_iter().collect()
    }

    #[test]
    fn lists() {
        let keyword = |word: &'static [u8]| Flag::Keyword(Atom::known(Bytes::from_static(word)));
        check(
            Flags::rule,
            |flags, encoder| flags.encode(encoder),
            &[
                Row::Good(b"()", flags([])),
                Row::Good(b"(\\Seen \\Deleted)", flags([Flag::Deleted, Flag::Seen])),
                Row::Good(b"(\\Draft $Junk \\*)", flags([Flag::Draft, Flag::JUNK, Flag::Wildcard])),
                Row::Good(b"(\\Unknown)", flags([Flag::Extension(Atom::new("Unknown").unwrap())])),
                Row::Other(b"(\\seen \\SEEN $junk $Junk)", flags([Flag::Seen, Flag::JUNK])),
                Row::Other(b"($junk $Junk \\Seen)", flags([Flag::Seen, Flag::JUNK])),
                // quirks 48 to 54
                Row::Tolerated(b"(OIB-Seen-[Gmail]/All)", 22, flags([keyword(b"OIB-Seen-[Gmail]/All")])),
                Row::Tolerated(b"(\"\\\\Seen\")", 10, flags([Flag::Seen])),
                Row::Tolerated(b"(\"nil\" a)", 9, flags([keyword(b"a")])),
                Row::Tolerated(b"NIL", 3, flags([])),
                Row::Tolerated(b"(\\Seen )", 8, flags([Flag::Seen])),
                Row::Tolerated(b"( \\Seen)", 8, flags([Flag::Seen])),
                Row::Tolerated(b"( )", 3, flags([])),
                Row::Lenient(b"(a%b)", 5, flags([keyword(b"a%b")])),
                Row::Tolerated(b"(NIL\xe9)", 6, flags([keyword(b"NIL\xe9")])),
                Row::Bad(b"(\\)", 2),
                Row::Bad(b"((a))", 1),
                Row::Bad(b"(a", 2),
                Row::Bad(b"Seen", 0),
            ],
        );
    }

    #[test]
    fn nil_in_a_list_is_a_keyword_only_for_the_strict() {
        let frame = Bytes::from_static(b"(\\Seen NIL)");
        let cx = Context::new(&frame, Tolerance::Strict);
        assert_eq!(Flags::rule(&cx, &frame).unwrap().1, flags([Flag::Seen, keyword_nil()]));
        let cx = Context::new(&frame, Tolerance::Default);
        assert_eq!(Flags::rule(&cx, &frame).unwrap().1, flags([Flag::Seen]));
        assert_eq!(cx.into_repairs()[0].rule, rule::STRAY_NIL);
    }

    fn keyword_nil() -> Flag {
        Flag::keyword("NIL").unwrap()
    }

    proptest! {
        #[test]
        fn sets_round_trip(flags in Flags::strategy()) {
            round_trip(&flags, Flags::rule, |flags, encoder| flags.encode(encoder));
        }
    }
}
