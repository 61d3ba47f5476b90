//! ACL (RFC 4314, obsoletes RFC 2086): who may do what with a mailbox.

use crate::core::syntax::{self, blanks, expected};
use crate::core::{Context, Encoder, IString, Mailbox};
use crate::rule;
use ::core::fmt;
use ::core::ops::BitOr;
use alloc::string::String;
use alloc::vec::Vec;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseErrorKind, Tolerance};

/// Rights (RFC 4314 section 2): a set of letters and digits.
///
/// ```
/// use imap_proto::Rights;
///
/// let rights = Rights::new("lrs")?;
/// assert!(rights.has(Rights::LOOKUP | Rights::READ) && !rights.has(Rights::ADMINISTER));
/// assert!(Rights::new("lrQ").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rights(u128);

macro_rules! rights {
    ($($(#[$doc:meta])* $id:ident = $letter:literal,)*) => {
        impl Rights {
            $($(#[$doc])* pub const $id: Self = Self(1 << $letter);)*
            /// The letters that RFC 4314 defines.
            pub const KEYWORDS: &'static [u8] = &[$($letter),*];
        }
    };
}
rights! {
    /// `l`: the mailbox is visible.
    LOOKUP = b'l',
    /// `r`: SELECT, STATUS.
    READ = b'r',
    /// `s`: `\Seen` is kept over sessions.
    SEEN = b's',
    /// `w`: flags but `\Seen` and `\Deleted`.
    WRITE = b'w',
    /// `i`: APPEND, COPY into it.
    INSERT = b'i',
    /// `p`: mail can be sent to its address.
    POST = b'p',
    /// `k`: CREATE below it.
    CREATE_MAILBOXES = b'k',
    /// `x`: DELETE, RENAME.
    DELETE_MAILBOX = b'x',
    /// `t`: `\Deleted`.
    DELETE_MESSAGES = b't',
    /// `e`: EXPUNGE.
    EXPUNGE = b'e',
    /// `c`, obsolete: `k`, and maybe `x`.
    OLD_CREATE = b'c',
    /// `d`, obsolete: `e` and `t`, and maybe `x`.
    OLD_DELETE = b'd',
    /// `a`: SETACL, DELETEACL, GETACL, LISTRIGHTS.
    ADMINISTER = b'a',
}

impl Rights {
    /// None.
    pub const NONE: Self = Self(0);

    /// From letters and digits.
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: anything but lower case letters and digits (RFC 4314 section 2).
    pub fn new(rights: &str) -> Result<Self, Misuse> {
        let mut set = Self::NONE;
        for (offset, o) in rights.bytes().enumerate() {
            match o {
                b'a'..=b'z' | b'0'..=b'9' => set.0 |= 1 << o,
                _ => return Err(Misuse::IllegalOctet { offset }),
            }
        }
        Ok(set)
    }

    /// Whether all of these are among them.
    #[must_use]
    pub const fn has(self, rights: Self) -> bool {
        self.0 & rights.0 == rights.0
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that are not among the others.
    #[must_use]
    pub const fn without(self, rights: Self) -> Self {
        Self(self.0 & !rights.0)
    }

    /// The same without the obsolete `c` and `d`: what these stand for takes their place (RFC 4314 section 2.1.1), `x` as part of `c` or
    /// of `d` as the server has it.
    #[must_use]
    pub fn modern(self, create_has_x: bool) -> Self {
        let mut rights = self.without(Self::OLD_CREATE | Self::OLD_DELETE);
        let x = |yes| if yes { Self::DELETE_MAILBOX } else { Self::NONE };
        if self.has(Self::OLD_CREATE) {
            rights = rights | Self::CREATE_MAILBOXES | x(create_has_x);
        }
        if self.has(Self::OLD_DELETE) {
            rights = rights | Self::EXPUNGE | Self::DELETE_MESSAGES | x(!create_has_x);
        }
        rights
    }

    /// The letters and digits: those of RFC 4314 first, in its order.
    pub fn iter(self) -> impl Iterator<Item = char> {
        let known = Self::KEYWORDS.iter().fold(0u128, |set, &o| set | 1 << o);
        let first = Self::KEYWORDS.iter().copied().filter(move |&o| self.0 >> o & 1 != 0);
        let others = (0..128u8).filter(move |&o| (self.0 & !known) >> o & 1 != 0);
        first.chain(others).map(char::from)
    }

    /// ```text
    /// rights          = astring       ;; only lowercase ASCII letters and digits are allowed.
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, octets) = syntax::astring_octets(cx, i)?;
        let rights = Self::of(cx, i, rest, &octets)?;
        Ok((rest, rights))
    }

    fn of(cx: &Context<'_>, i: &[u8], rest: &[u8], octets: &[u8]) -> Result<Self, nom::Err<Failure>> {
        let mut set = 0;
        let mut odd = false;
        for &o in octets {
            match o {
                b'a'..=b'z' | b'0'..=b'9' => {}
                // in front of others they would say what SETACL does with these
                b'+' | b'-' => return Err(Failure::at(i, expected::RIGHTS, ParseErrorKind::IllegalOctet)),
                b'!'..=b'~' => odd = true,
                _ => return Err(Failure::at(i, expected::RIGHTS, ParseErrorKind::IllegalOctet)),
            }
            set |= 1u128 << o;
        }
        if odd && !cx.tolerates(Tolerance::Default, rule::ATOM_OCTET, &i[..i.len() - rest.len()]) {
            return Err(Failure::at(i, expected::RIGHTS, ParseErrorKind::IllegalOctet));
        }
        Ok(Self(set))
    }

    fn encode(self, encoder: &mut Encoder<'_>) {
        let text: String = self.iter().collect();
        encoder.astring_octets(text.as_bytes());
    }

    /// Any rights, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        "[a-z0-9]{0,12}".prop_map(|rights| Self::new(&rights).unwrap_or_default())
    }
}

impl BitOr for Rights {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|c| fmt::Write::write_char(f, c))
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// What SETACL does with the rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AclChange {
    /// They take the place of those that the identifier had.
    #[default]
    Replace,
    /// `+`: they are added.
    Add,
    /// `-`: they are taken away.
    Remove,
}

/// The arguments of SETACL (RFC 4314 section 3.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SetAcl {
    /// Of which mailbox.
    pub mailbox: Mailbox,
    /// Whose: with a `-` in front, what it names are rights that are denied.
    pub identifier: IString,
    /// What to do.
    pub change: AclChange,
    /// With which rights.
    pub rights: Rights,
}

impl SetAcl {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { mailbox: self.mailbox.detach(), identifier: self.identifier.detach(), ..*self }
    }

    /// ```text
    /// setacl          = "SETACL" SP mailbox SP identifier SP mod-rights
    /// identifier      = astring
    /// mod-rights      = astring       ;; +rights to add, -rights to remove, rights to replace
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, mailbox) = Mailbox::argument(cx, i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, identifier) = syntax::astring(cx, i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (rest, octets) = syntax::astring_octets(cx, i)?;
        let (change, letters) = match octets.split_first() {
            Some((b'+', letters)) => (AclChange::Add, letters),
            Some((b'-', letters)) => (AclChange::Remove, letters),
            _ => (AclChange::Replace, &octets[..]),
        };
        let rights = Rights::of(cx, i, rest, letters)?;
        Ok((rest, Self { mailbox, identifier, change, rights }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.mailbox.encode_argument(encoder);
        encoder.sp();
        encoder.astring(&self.identifier);
        encoder.sp();
        let mut text = String::new();
        match self.change {
            AclChange::Replace => {}
            AclChange::Add => text.push('+'),
            AclChange::Remove => text.push('-'),
        }
        text.extend(self.rights.iter());
        encoder.astring_octets(text.as_bytes());
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let change = prop_oneof![Just(AclChange::Replace), Just(AclChange::Add), Just(AclChange::Remove)];
        (Mailbox::strategy(), IString::strategy(), change, Rights::strategy())
            .prop_map(|(mailbox, identifier, change, rights)| Self { mailbox, identifier, change, rights })
    }
}

macro_rules! identified {
    ($(#[$doc:meta])* $name:ident, $abnf:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name {
            /// Of which mailbox.
            pub mailbox: Mailbox,
            /// Whose.
            pub identifier: IString,
        }

        impl $name {
            /// A copy of exact size, which does not keep the receive buffer alive.
            #[must_use]
            pub fn detach(&self) -> Self {
                Self { mailbox: self.mailbox.detach(), identifier: self.identifier.detach() }
            }

            #[doc = $abnf]
            pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
                let (i, mailbox) = Mailbox::argument(cx, i)?;
                let (i, ()) = syntax::sp(cx, i)?;
                let (i, identifier) = syntax::astring(cx, i)?;
                Ok((i, Self { mailbox, identifier }))
            }

            /// Writes it.
            pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
                self.mailbox.encode_argument(encoder);
                encoder.sp();
                encoder.astring(&self.identifier);
            }

            /// Any arguments, for property tests.
            #[cfg(any(test, feature = "proptest"))]
            pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
                use proptest::prelude::*;
                (Mailbox::strategy(), IString::strategy())
                    .prop_map(|(mailbox, identifier)| Self { mailbox, identifier })
            }
        }
    };
}
identified! {
    /// The arguments of DELETEACL (RFC 4314 section 3.2).
    DeleteAcl, "`deleteacl = \"DELETEACL\" SP mailbox SP identifier`"
}
identified! {
    /// The arguments of LISTRIGHTS (RFC 4314 section 3.4).
    ListRightsCommand, "`listrights = \"LISTRIGHTS\" SP mailbox SP identifier`"
}

/// The ACL response (RFC 4314 section 3.6).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Acl {
    /// Of which mailbox.
    pub mailbox: Mailbox,
    /// Identifiers and their rights.
    pub entries: Vec<(IString, Rights)>,
}

impl Acl {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let entries = self.entries.iter().map(|(identifier, rights)| (identifier.detach(), *rights));
        Self { mailbox: self.mailbox.detach(), entries: entries.collect() }
    }

    /// ```text
    /// acl-data        = "ACL" SP mailbox *(SP identifier SP rights)
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, mailbox) = Mailbox::argument(cx, i)?;
        if blanks(i) == i.len() {
            return Ok((i, Self { mailbox, entries: Vec::new() }));
        }
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, entries) = syntax::words(cx, i, |cx, i| {
            let (i, identifier) = syntax::astring(cx, i)?;
            let (i, ()) = syntax::sp(cx, i)?;
            let (i, rights) = Rights::rule(cx, i)?;
            Ok((i, (identifier, rights)))
        })?;
        Ok((i, Self { mailbox, entries }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.mailbox.encode_argument(encoder);
        for (identifier, rights) in &self.entries {
            encoder.sp();
            encoder.astring(identifier);
            encoder.sp();
            rights.encode(encoder);
        }
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (Mailbox::strategy(), proptest::collection::vec((IString::strategy(), Rights::strategy()), 0..4))
            .prop_map(|(mailbox, entries)| Self { mailbox, entries })
    }
}

/// The LISTRIGHTS response (RFC 4314 section 3.7).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListRights {
    /// Of which mailbox.
    pub mailbox: Mailbox,
    /// Whose.
    pub identifier: IString,
    /// What the identifier always has.
    pub required: Rights,
    /// What it can be given; the members of one set only together.
    pub optional: Vec<Rights>,
}

impl ListRights {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self {
            mailbox: self.mailbox.detach(),
            identifier: self.identifier.detach(),
            required: self.required,
            optional: self.optional.clone(),
        }
    }

    /// ```text
    /// listrights-data = "LISTRIGHTS" SP mailbox SP identifier SP rights *(SP rights)
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, mailbox) = Mailbox::argument(cx, i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, identifier) = syntax::astring(cx, i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, mut sets) = syntax::words(cx, i, Rights::rule)?;
        if sets.is_empty() {
            return fail(i, expected::RIGHTS);
        }
        let required = sets.remove(0);
        Ok((i, Self { mailbox, identifier, required, optional: sets }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.mailbox.encode_argument(encoder);
        encoder.sp();
        encoder.astring(&self.identifier);
        for rights in [&self.required].into_iter().chain(&self.optional) {
            encoder.sp();
            rights.encode(encoder);
        }
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (
            Mailbox::strategy(),
            IString::strategy(),
            Rights::strategy(),
            proptest::collection::vec(Rights::strategy(), 0..4),
        )
            .prop_map(|(mailbox, identifier, required, optional)| Self {
                mailbox,
                identifier,
                required,
                optional,
            })
    }
}

/// The MYRIGHTS response (RFC 4314 section 3.8).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MyRights {
    /// Of which mailbox.
    pub mailbox: Mailbox,
    /// What the user may do.
    pub rights: Rights,
}

impl MyRights {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { mailbox: self.mailbox.detach(), rights: self.rights }
    }

    /// ```text
    /// myrights-data   = "MYRIGHTS" SP mailbox SP rights
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, mailbox) = Mailbox::argument(cx, i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, rights) = Rights::rule(cx, i)?;
        Ok((i, Self { mailbox, rights }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.mailbox.encode_argument(encoder);
        encoder.sp();
        self.rights.encode(encoder);
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (Mailbox::strategy(), Rights::strategy()).prop_map(|(mailbox, rights)| Self { mailbox, rights })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use alloc::string::ToString;
    use proptest::prelude::*;

    fn named(name: &'static str) -> Mailbox {
        Mailbox::new(name).unwrap()
    }

    fn text(text: &'static str) -> IString {
        IString::new(text).unwrap()
    }

    fn rights(letters: &str) -> Rights {
        Rights::new(letters).unwrap()
    }

    #[test]
    fn commands() {
        let set = |identifier, change, letters| SetAcl {
            mailbox: named("INBOX/Drafts"),
            identifier: text(identifier),
            change,
            rights: rights(letters),
        };
        check(
            SetAcl::rule,
            |set, encoder| set.encode(encoder),
            &[
                Row::Other(b" INBOX/Drafts David lrswida", set("David", AclChange::Replace, "lrswida")),
                Row::Good(b" INBOX/Drafts Chris +cda", set("Chris", AclChange::Add, "cda")),
                Row::Good(b" INBOX/Drafts -Fred -wte", set("-Fred", AclChange::Remove, "wte")),
                Row::Good(b" INBOX/Drafts anyone \"\"", set("anyone", AclChange::Replace, "")),
                Row::Good(b" INBOX/Drafts \"a b\" lr01", set("a b", AclChange::Replace, "lr01")),
                Row::Tolerated(
                    b" INBOX/Drafts John lrQ",
                    22,
                    SetAcl {
                        rights: Rights(rights("lr").0 | 1 << b'Q'),
                        ..set("John", AclChange::Replace, "")
                    },
                ),
                Row::Bad(b" INBOX/Drafts John", 18),
                Row::Bad(b" x John \"l r\"", 8),
                // it would be written as `-X`, which takes X away
                Row::Bad(b" x John X-", 8),
                Row::Bad(b" x John l+r", 8),
                Row::Bad(b" x John --r", 8),
            ],
        );
        check(
            DeleteAcl::rule,
            |delete, encoder| delete.encode(encoder),
            &[
                Row::Good(b" INBOX Fred", DeleteAcl { mailbox: named("INBOX"), identifier: text("Fred") }),
                Row::Bad(b" INBOX", 6),
            ],
        );
        check(
            ListRightsCommand::rule,
            |list, encoder| list.encode(encoder),
            &[Row::Good(
                b" ~/Mail/saved smith",
                ListRightsCommand { mailbox: named("~/Mail/saved"), identifier: text("smith") },
            )],
        );
    }

    #[test]
    fn responses() {
        let acl = |entries: &[(&'static str, &str)]| Acl {
            mailbox: named("INBOX"),
            entries: entries
                .iter()
                .map(|&(identifier, letters)| (text(identifier), rights(letters)))
                .collect(),
        };
        check(
            Acl::rule,
            |acl, encoder| acl.encode(encoder),
            &[
                Row::Other(
                    b" INBOX Fred rwipslxetad -Fred wetd $team w",
                    acl(&[("Fred", "rwipslxetad"), ("-Fred", "wetd"), ("$team", "w")]),
                ),
                Row::Good(b" INBOX", acl(&[])),
                Row::Tolerated(b" INBOX  Fred  lr ", 16, acl(&[("Fred", "lr")])),
                Row::Bad(b" INBOX Fred", 11),
            ],
        );
        let list = |mailbox, identifier, required, optional: &[&str]| ListRights {
            mailbox: named(mailbox),
            identifier: text(identifier),
            required: rights(required),
            optional: optional.iter().map(|letters| rights(letters)).collect(),
        };
        check(
            ListRights::rule,
            |list, encoder| list.encode(encoder),
            &[
                Row::Other(
                    b" ~/Mail/saved smith la r swicdkxte",
                    list("~/Mail/saved", "smith", "la", &["r", "swicdkxte"]),
                ),
                Row::Good(
                    b" archive.imap anyone \"\" l r s w i p k x t e c d a 0 1 2 3 4 5 6 7 8 9",
                    list(
                        "archive.imap",
                        "anyone",
                        "",
                        &[
                            "l", "r", "s", "w", "i", "p", "k", "x", "t", "e", "c", "d", "a", "0", "1", "2",
                            "3", "4", "5", "6", "7", "8", "9",
                        ],
                    ),
                ),
                Row::Bad(b" x anyone", 9),
            ],
        );
        check(
            MyRights::rule,
            |my, encoder| my.encode(encoder),
            &[
                Row::Other(
                    b" INBOX rwiptsldaex",
                    MyRights { mailbox: named("INBOX"), rights: rights("rwiptsldaex") },
                ),
                Row::Other(b" \"foo\" lrs", MyRights { mailbox: named("foo"), rights: rights("lrs") }),
                Row::Good(b" foo lrs", MyRights { mailbox: named("foo"), rights: rights("lrs") }),
                Row::Bad(b" foo", 4),
            ],
        );
    }

    #[test]
    fn sets() {
        assert_eq!(rights("adctexkpiwsrl9z").to_string(), "lrswipkxtecda9z");
        assert_eq!(rights("lc").modern(true), rights("lkx"));
        assert_eq!(rights("lcd").modern(false), rights("lketx"));
        assert_eq!(rights("lr").without(Rights::READ), Rights::LOOKUP);
    }

    proptest! {
        #[test]
        fn round_trips(
            set in SetAcl::strategy(), delete in DeleteAcl::strategy(), list in ListRightsCommand::strategy(),
            acl in Acl::strategy(), listed in ListRights::strategy(), my in MyRights::strategy(),
        ) {
            round_trip(&set, SetAcl::rule, |value, encoder| value.encode(encoder));
            round_trip(&delete, DeleteAcl::rule, |value, encoder| value.encode(encoder));
            round_trip(&list, ListRightsCommand::rule, |value, encoder| value.encode(encoder));
            round_trip(&acl, Acl::rule, |value, encoder| value.encode(encoder));
            round_trip(&listed, ListRights::rule, |value, encoder| value.encode(encoder));
            round_trip(&my, MyRights::rule, |value, encoder| value.encode(encoder));
        }
    }
}
