//! STATUS: what is known of a mailbox without selecting it.

use crate::core::syntax::{self, expected};
use crate::core::{Atom, Context, Encoder, Mailbox, NonEmpty, Number64, ObjectId, Raw, class};
use crate::rule;
use ::core::num::NonZeroU32;
use alloc::boxed::Box;
use alloc::vec::Vec;
use wire::Tolerance;
use wire::keyword::{key, key_of};
use wire::parse::{Parsed, fail};

const MESSAGES: u128 = key_of("MESSAGES");
const RECENT: u128 = key_of("RECENT");
const UIDNEXT: u128 = key_of("UIDNEXT");
const UIDVALIDITY: u128 = key_of("UIDVALIDITY");
const UNSEEN: u128 = key_of("UNSEEN");
const DELETED: u128 = key_of("DELETED");
const SIZE: u128 = key_of("SIZE");
const HIGHESTMODSEQ: u128 = key_of("HIGHESTMODSEQ");
const APPENDLIMIT: u128 = key_of("APPENDLIMIT");
const MAILBOXID: u128 = key_of("MAILBOXID");
const DELETED_STORAGE: u128 = key_of("DELETED-STORAGE");

/// What STATUS asks for (RFC 9051 section 6.3.11).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatusItem {
    /// How many messages.
    Messages,
    /// How many have `\Recent` (RFC 3501 only).
    Recent,
    /// The next UID.
    UidNext,
    /// The UIDVALIDITY.
    UidValidity,
    /// How many are without `\Seen`.
    Unseen,
    /// How many have `\Deleted` (RFC 9051, RFC 9208).
    Deleted,
    /// The size of all messages (RFC 8438, RFC 9051).
    Size,
    /// The highest modification sequence (RFC 7162).
    HighestModSeq,
    /// The largest message that can be appended (RFC 7889).
    AppendLimit,
    /// The identifier of the mailbox (RFC 8474).
    MailboxId,
    /// What expunging would free (RFC 9208).
    DeletedStorage,
    /// Another item.
    Other(Atom),
}

impl StatusItem {
    /// The names that are known.
    pub const KEYWORDS: &'static [&'static str] = &[
        "MESSAGES",
        "RECENT",
        "UIDNEXT",
        "UIDVALIDITY",
        "UNSEEN",
        "DELETED",
        "SIZE",
        "HIGHESTMODSEQ",
        "APPENDLIMIT",
        "MAILBOXID",
        "DELETED-STORAGE",
    ];

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Other(name) => Self::Other(name.detach()),
            known => known.clone(),
        }
    }

    /// ```text
    /// status-att      = "MESSAGES" / "UIDNEXT" / "UIDVALIDITY" / "UNSEEN" / "DELETED" / "SIZE"
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, word) = syntax::run1(i, class::ATOM, expected::STATUS_ITEM)?;
        let item = match key(word) {
            MESSAGES => Self::Messages,
            RECENT => Self::Recent,
            UIDNEXT => Self::UidNext,
            UIDVALIDITY => Self::UidValidity,
            UNSEEN => Self::Unseen,
            DELETED => Self::Deleted,
            SIZE => Self::Size,
            HIGHESTMODSEQ => Self::HighestModSeq,
            APPENDLIMIT => Self::AppendLimit,
            MAILBOXID => Self::MailboxId,
            DELETED_STORAGE => Self::DeletedStorage,
            _ => Self::Other(Atom::known(cx.keep(word))),
        };
        Ok((rest, item))
    }

    fn name(&self) -> &[u8] {
        match self {
            Self::Messages => b"MESSAGES",
            Self::Recent => b"RECENT",
            Self::UidNext => b"UIDNEXT",
            Self::UidValidity => b"UIDVALIDITY",
            Self::Unseen => b"UNSEEN",
            Self::Deleted => b"DELETED",
            Self::Size => b"SIZE",
            Self::HighestModSeq => b"HIGHESTMODSEQ",
            Self::AppendLimit => b"APPENDLIMIT",
            Self::MailboxId => b"MAILBOXID",
            Self::DeletedStorage => b"DELETED-STORAGE",
            Self::Other(name) => name.as_bytes(),
        }
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(self.name());
    }

    /// Any item, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            Just(Self::Messages),
            Just(Self::Recent),
            Just(Self::UidNext),
            Just(Self::UidValidity),
            Just(Self::Unseen),
            Just(Self::Deleted),
            Just(Self::Size),
            Just(Self::HighestModSeq),
            Just(Self::AppendLimit),
            Just(Self::MailboxId),
            Just(Self::DeletedStorage),
            "X-[A-Z]{1,8}".prop_map(|s| Self::Other(Atom::known(s.into()))),
        ]
    }
}

/// The arguments of STATUS (RFC 9051 section 6.3.11).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StatusCommand {
    /// Of which mailbox.
    pub mailbox: Mailbox,
    /// What.
    pub items: NonEmpty<StatusItem>,
}

impl StatusCommand {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self {
            mailbox: self.mailbox.detach(),
            items: NonEmpty::known(self.items.iter().map(StatusItem::detach).collect()),
        }
    }

    /// ```text
    /// status          = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, mailbox) = Mailbox::argument(cx, i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        if i.first() != Some(&b'(') && cx.tolerance() > Tolerance::Strict {
            let (rest, items) = syntax::words(cx, i, StatusItem::rule)?;
            cx.repair(rule::MISSING_PARENTHESES, &i[..i.len() - rest.len()]);
            return Ok((rest, Self { mailbox, items: NonEmpty::known(items) }));
        }
        let (i, items) = NonEmpty::list(cx, i, StatusItem::rule)?;
        Ok((i, Self { mailbox, items }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.mailbox.encode_argument(encoder);
        encoder.sp();
        encoder.list(&self.items, |encoder, item| item.encode(encoder));
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (Mailbox::strategy(), NonEmpty::strategy(StatusItem::strategy(), 4))
            .prop_map(|(mailbox, items)| Self { mailbox, items })
    }
}

/// What STATUS says of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatusValue {
    /// How many messages.
    Messages(u32),
    /// How many have `\Recent` (RFC 3501 only).
    Recent(u32),
    /// The next UID.
    UidNext(NonZeroU32),
    /// The UIDVALIDITY.
    UidValidity(NonZeroU32),
    /// How many are without `\Seen`.
    Unseen(u32),
    /// How many have `\Deleted` (RFC 9051, RFC 9208).
    Deleted(u32),
    /// The size of all messages in octets (RFC 8438, RFC 9051).
    Size(Number64),
    /// The highest modification sequence; 0 if the mailbox has none (RFC 7162).
    HighestModSeq(Number64),
    /// The largest message that can be appended; `None` if there is no limit (RFC 7889: 32 bits; more is met).
    AppendLimit(Option<Number64>),
    /// The identifier of the mailbox (RFC 8474).
    MailboxId(ObjectId),
    /// What expunging would free, in octets (RFC 9208).
    DeletedStorage(Number64),
    /// Another item; or one of these, whose value has not the form of its RFC (`UIDNEXT 0`).
    Other(Box<(Atom, Raw)>),
}

impl StatusValue {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::MailboxId(id) => Self::MailboxId(id.detach()),
            Self::Other(other) => Self::Other(Box::new((other.0.detach(), other.1.detach()))),
            number => number.clone(),
        }
    }

    /// ```text
    /// status-att-val  = ("MESSAGES" SP number) / ("UIDNEXT" SP nz-number) / ("UIDVALIDITY" SP nz-number) /
    ///                   ("UNSEEN" SP number) / ("DELETED" SP number) / ("SIZE" SP number64)
    /// status-att-val  =/ "RECENT" SP number
    /// status-att-val  =/ "HIGHESTMODSEQ" SP mod-sequence-valzer
    /// status-att-val  =/ "APPENDLIMIT" SP (number / nil)
    /// status-att-val  =/ "MAILBOXID" SP "(" objectid ")"
    /// status-att-val  =/ "DELETED-STORAGE" SP number64
    /// ```
    #[inline]
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (value, word) = syntax::run1(i, class::ATOM, expected::STATUS_ITEM)?;
        let (value, ()) = syntax::sp(cx, value)?;
        let parsed = match key(word) {
            MESSAGES => syntax::number32(cx, value).map(|(i, n)| (i, Self::Messages(n))),
            RECENT => syntax::number32(cx, value).map(|(i, n)| (i, Self::Recent(n))),
            UIDNEXT => syntax::nz_number(value).map(|(i, n)| (i, Self::UidNext(n))),
            UIDVALIDITY => syntax::nz_number(value).map(|(i, n)| (i, Self::UidValidity(n))),
            UNSEEN => syntax::number32(cx, value).map(|(i, n)| (i, Self::Unseen(n))),
            DELETED => syntax::number32(cx, value).map(|(i, n)| (i, Self::Deleted(n))),
            SIZE => syntax::minus_or_number64(cx, value).map(|(i, n)| (i, Self::Size(n))),
            HIGHESTMODSEQ => syntax::minus_or_number64(cx, value).map(|(i, n)| (i, Self::HighestModSeq(n))),
            APPENDLIMIT => append_limit(cx, value).map(|(i, n)| (i, Self::AppendLimit(n))),
            MAILBOXID => ObjectId::in_parentheses(cx, value).map(|(i, id)| (i, Self::MailboxId(id))),
            DELETED_STORAGE => {
                syntax::minus_or_number64(cx, value).map(|(i, n)| (i, Self::DeletedStorage(n)))
            }
            _ => return Self::other(cx, word, value),
        };
        match parsed {
            Ok((rest, value)) if matches!(rest.first(), Some(b' ' | b')' | b'\t')) => Ok((rest, value)),
            Ok((rest, _)) => Self::invalid(cx, word, value, || fail(rest, expected::CLOSE)),
            Err(error) => Self::invalid(cx, word, value, || Err(error)),
        }
    }

    /// A known item with another value than it should have.
    #[cold]
    fn invalid<'i>(
        cx: &Context<'_>,
        word: &[u8],
        i: &'i [u8],
        error: impl FnOnce() -> Parsed<'i, Self>,
    ) -> Parsed<'i, Self> {
        cx.forget_repairs(i);
        match Self::other(cx, word, i) {
            Ok((rest, other))
                if cx.tolerates(Tolerance::Default, rule::INVALID_ITEM, &i[..i.len() - rest.len()]) =>
            {
                Ok((rest, other))
            }
            _ => error(),
        }
    }

    fn other<'i>(cx: &Context<'_>, word: &[u8], i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, value) = Raw::value(cx, i)?;
        Ok((rest, Self::Other(Box::new((Atom::known(cx.keep(word)), value)))))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        let number = |encoder: &mut Encoder<'_>, name: &[u8], number: u64| {
            encoder.put(name);
            encoder.number(number);
        };
        match self {
            Self::Messages(n) => number(encoder, b"MESSAGES ", u64::from(*n)),
            Self::Recent(n) => number(encoder, b"RECENT ", u64::from(*n)),
            Self::UidNext(n) => number(encoder, b"UIDNEXT ", u64::from(n.get())),
            Self::UidValidity(n) => number(encoder, b"UIDVALIDITY ", u64::from(n.get())),
            Self::Unseen(n) => number(encoder, b"UNSEEN ", u64::from(*n)),
            Self::Deleted(n) => number(encoder, b"DELETED ", u64::from(*n)),
            Self::Size(n) => number(encoder, b"SIZE ", n.get()),
            Self::HighestModSeq(n) => number(encoder, b"HIGHESTMODSEQ ", n.get()),
            Self::AppendLimit(Some(n)) => number(encoder, b"APPENDLIMIT ", n.get()),
            Self::AppendLimit(None) => encoder.put(b"APPENDLIMIT NIL"),
            Self::MailboxId(id) => {
                encoder.put(b"MAILBOXID ");
                id.encode_in_parentheses(encoder);
            }
            Self::DeletedStorage(n) => number(encoder, b"DELETED-STORAGE ", n.get()),
            Self::Other(other) => {
                other.0.encode(encoder);
                encoder.sp();
                other.1.encode(encoder);
            }
        }
    }

    /// Any value, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            any::<u32>().prop_map(Self::Messages),
            any::<u32>().prop_map(Self::Recent),
            any::<NonZeroU32>().prop_map(Self::UidNext),
            any::<NonZeroU32>().prop_map(Self::UidValidity),
            any::<u32>().prop_map(Self::Unseen),
            any::<u32>().prop_map(Self::Deleted),
            Number64::strategy().prop_map(Self::Size),
            Number64::strategy().prop_map(Self::HighestModSeq),
            proptest::option::of(any::<u32>()).prop_map(|n| Self::AppendLimit(n.map(Number64::from))),
            ObjectId::strategy().prop_map(Self::MailboxId),
            Number64::strategy().prop_map(Self::DeletedStorage),
            "X-[A-Z]{1,8}".prop_map(|name| Self::Other(Box::new((
                Atom::known(name.into()),
                Raw::known("(a \"b\" 3)".into())
            )))),
        ]
    }
}

fn append_limit<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<Number64>> {
    if let Some(rest) = syntax::nil(i) {
        return Ok((rest, None));
    }
    let (rest, limit) = syntax::minus_or_number64(cx, i)?;
    let number = &i[..i.len() - rest.len()];
    if limit > Number64::from(u32::MAX) && !cx.tolerates(Tolerance::Default, rule::NUMBER_RANGE, number) {
        return Err(wire::parse::Failure::at(i, wire::parse::expected::NUMBER, wire::ParseErrorKind::Range));
    }
    Ok((rest, Some(limit)))
}

/// The STATUS response (RFC 9051 section 7.3.4).
///
/// ```
/// use imap_proto::{Mailbox, MailboxStatus, StatusValue};
///
/// let status = MailboxStatus { mailbox: Mailbox::inbox(), items: [StatusValue::Messages(3)].into() };
/// assert_eq!((status.messages(), status.unseen()), (Some(3), None));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MailboxStatus {
    /// Of which mailbox.
    pub mailbox: Mailbox,
    /// What is known, in its order.
    pub items: Vec<StatusValue>,
}

macro_rules! accessors {
    ($($(#[$doc:meta])* $name:ident: $variant:ident -> $type:ty,)*) => {
        impl MailboxStatus {
            $($(#[$doc])* #[must_use] pub fn $name(&self) -> Option<$type> {
                self.items.iter().find_map(|item| match item {
                    StatusValue::$variant(value) => Some(value.clone()),
                    _ => None,
                })
            })*
        }
    };
}
accessors! {
    /// How many messages.
    messages: Messages -> u32,
    /// How many have `\Recent`.
    recent: Recent -> u32,
    /// The next UID.
    uid_next: UidNext -> NonZeroU32,
    /// The UIDVALIDITY.
    uid_validity: UidValidity -> NonZeroU32,
    /// How many are without `\Seen`.
    unseen: Unseen -> u32,
    /// How many have `\Deleted`.
    deleted: Deleted -> u32,
    /// The size of all messages in octets.
    size: Size -> Number64,
    /// The highest modification sequence; 0 if the mailbox has none.
    highest_mod_seq: HighestModSeq -> Number64,
    /// The largest message that can be appended; inside, `None` if there is no limit.
    append_limit: AppendLimit -> Option<Number64>,
    /// The identifier of the mailbox.
    mailbox_id: MailboxId -> ObjectId,
    /// What expunging would free, in octets.
    deleted_storage: DeletedStorage -> Number64,
}

impl MailboxStatus {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { mailbox: self.mailbox.detach(), items: self.items.iter().map(StatusValue::detach).collect() }
    }

    /// ```text
    /// mailbox-data    =/ "STATUS" SP mailbox SP "(" [status-att-list] ")"
    /// status-att-list = status-att-val *(SP status-att-val)
    /// ```
    #[inline]
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, mailbox) = Mailbox::argument(cx, i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, items) = syntax::list(cx, i, StatusValue::rule)?;
        Ok((i, Self { mailbox, items }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.mailbox.encode_argument(encoder);
        encoder.sp();
        encoder.list(&self.items, |encoder, item| item.encode(encoder));
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (Mailbox::strategy(), proptest::collection::vec(StatusValue::strategy(), 0..5))
            .prop_map(|(mailbox, items)| Self { mailbox, items })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use StatusValue as V;
    use proptest::prelude::*;

    fn nz(n: u32) -> NonZeroU32 {
        NonZeroU32::new(n).unwrap()
    }

    fn named(name: &'static str) -> Mailbox {
        Mailbox::new(name).unwrap()
    }

    fn status<const N: usize>(mailbox: &'static str, items: [V; N]) -> MailboxStatus {
        MailboxStatus { mailbox: named(mailbox), items: items.into() }
    }

    fn other(name: &'static str, value: &'static str) -> V {
        V::Other(Box::new((Atom::new(name).unwrap(), Raw::new(value).unwrap())))
    }

    #[test]
    fn responses() {
        let id = ObjectId::new("F2212ea87-6097-4256-9d51-71338625").unwrap();
        check(
            MailboxStatus::rule,
            |status, encoder| status.encode(encoder),
            &[
                Row::Good(
                    b" blurdybloop (MESSAGES 231 UIDNEXT 44292)",
                    status("blurdybloop", [V::Messages(231), V::UidNext(nz(44292))]),
                ),
                Row::Good(
                    b" blurdybloop (MESSAGES 231 UIDNEXT 44292 HIGHESTMODSEQ 7011231777)",
                    status(
                        "blurdybloop",
                        [
                            V::Messages(231),
                            V::UidNext(nz(44292)),
                            V::HighestModSeq(Number64::new(7_011_231_777).unwrap()),
                        ],
                    ),
                ),
                Row::Good(
                    b" INBOX (MESSAGES 12 DELETED 4 DELETED-STORAGE 8)",
                    status("INBOX", [V::Messages(12), V::Deleted(4), V::DeletedStorage(8.into())]),
                ),
                Row::Good(
                    b" foo (MAILBOXID (F2212ea87-6097-4256-9d51-71338625))",
                    status("foo", [V::MailboxId(id)]),
                ),
                Row::Good(b" INBOX (APPENDLIMIT NIL)", status("INBOX", [V::AppendLimit(None)])),
                Row::Other(
                    b" \"frop\" (recent 1 size 9223372036854775807 AppendLimit 257890)",
                    status(
                        "frop",
                        [V::Recent(1), V::Size(Number64::MAX), V::AppendLimit(Some(257_890.into()))],
                    ),
                ),
                Row::Good(
                    b" x (X-GUID abc UNSEEN 0 X-L (\"a)\" {1}\r\n)))",
                    status("x", [other("X-GUID", "abc"), V::Unseen(0), other("X-L", "(\"a)\" {1}\r\n))")]),
                ),
                // 60, 61
                Row::Good(b" x ()", status("x", [])),
                Row::Tolerated(b" x (MESSAGES 1 )", 16, status("x", [V::Messages(1)])),
                Row::Tolerated(b"  x  ( MESSAGES  1)", 19, status("x", [V::Messages(1)])),
                // 62, kept as it is
                Row::Tolerated(
                    b" x (UIDNEXT 0 UIDVALIDITY 1)",
                    28,
                    status("x", [other("UIDNEXT", "0"), V::UidValidity(nz(1))]),
                ),
                // kinds of 64, 69, 77
                Row::Tolerated(b" x (UNSEEN -1)", 14, status("x", [V::Unseen(0)])),
                Row::Tolerated(
                    b" x (APPENDLIMIT 4294967296)",
                    27,
                    status("x", [V::AppendLimit(Number64::new(1 << 32).ok())]),
                ),
                Row::Tolerated(
                    b" x (MESSAGES NIL UNSEEN 2)",
                    26,
                    status("x", [other("MESSAGES", "NIL"), V::Unseen(2)]),
                ),
                Row::Tolerated(
                    b" x (MAILBOXID abc)",
                    18,
                    status("x", [V::MailboxId(ObjectId::new("abc").unwrap())]),
                ),
                Row::Bad(b" x (MESSAGES)", 12),
                Row::Bad(b" x (MESSAGES 1", 14),
                Row::Bad(b" x MESSAGES 1", 3),
                Row::Bad(b" x", 2),
            ],
        );
    }

    #[test]
    fn a_number_in_another_form_is_kept() {
        let frame = bytes::Bytes::from_static(b" x (SIZE 9.3736e+06 UNSEEN 1)");
        let cx = Context::new(&frame, Tolerance::Default);
        let (_, got) = MailboxStatus::rule(&cx, &frame).unwrap();
        assert_eq!(got, status("x", [other("SIZE", "9.3736e+06"), V::Unseen(1)]));
        let (_, got) = MailboxStatus::rule(&Context::new(&frame, Tolerance::Lenient), &frame).unwrap();
        assert_eq!(got, status("x", [V::Size(9_373_600.into()), V::Unseen(1)]));
    }

    #[test]
    fn commands() {
        let command = |items: &[StatusItem]| StatusCommand {
            mailbox: named("frop"),
            items: NonEmpty::new(items).unwrap(),
        };
        check(
            StatusCommand::rule,
            |command, encoder| command.encode(encoder),
            &[
                Row::Good(
                    b" frop (MESSAGES SIZE UIDNEXT)",
                    command(&[StatusItem::Messages, StatusItem::Size, StatusItem::UidNext]),
                ),
                Row::Other(
                    b" frop (x unseen)",
                    command(&[StatusItem::Other(Atom::new("X").unwrap()), StatusItem::Unseen]),
                ),
                Row::Bad(b" frop ()", 7),
                Row::Tolerated(
                    b" frop MESSAGES RECENT",
                    21,
                    command(&[StatusItem::Messages, StatusItem::Recent]),
                ),
                Row::Bad(b" frop", 5),
                Row::Bad(b" frop ((", 7),
            ],
        );
        for name in StatusItem::KEYWORDS {
            let frame = bytes::Bytes::from_static(name.as_bytes());
            let (_, item) = StatusItem::rule(&Context::new(&frame, Tolerance::Strict), &frame).unwrap();
            assert!(!matches!(item, StatusItem::Other(_)), "{name}");
            assert_eq!(item.name(), name.as_bytes());
        }
        assert!(size_of::<StatusValue>() <= 40);
    }

    proptest! {
        #[test]
        fn round_trips(status in MailboxStatus::strategy(), command in StatusCommand::strategy()) {
            round_trip(&status, MailboxStatus::rule, |status, encoder| status.encode(encoder));
            round_trip(&command, StatusCommand::rule, |command, encoder| command.encode(encoder));
        }
    }
}
