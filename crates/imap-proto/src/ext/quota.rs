//! QUOTA (RFC 9208, obsoletes RFC 2087): how much may be stored.

use crate::core::syntax::{self, blanks, expected};
use crate::core::{Atom, Context, Encoder, IString, Mailbox, NonEmpty, Number64, class};
use crate::rule;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::Tolerance;
use wire::keyword::{key, key_of};
use wire::parse::Parsed;

/// What a quota limits (IANA "IMAP Quota Resource Types").
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QuotaResource {
    /// `STORAGE`: the space of messages, in units of 1024 octets.
    Storage,
    /// `MESSAGE`: the number of messages.
    Message,
    /// `MAILBOX`: the number of mailboxes.
    Mailbox,
    /// `ANNOTATION-STORAGE`: the space of annotations, in units of 1024 octets.
    AnnotationStorage,
    /// Another resource.
    Other(Atom),
}

impl QuotaResource {
    /// The names that are known.
    pub const KEYWORDS: &'static [&'static str] = &["STORAGE", "MESSAGE", "MAILBOX", "ANNOTATION-STORAGE"];

    /// The name.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        match self {
            Self::Storage => b"STORAGE",
            Self::Message => b"MESSAGE",
            Self::Mailbox => b"MAILBOX",
            Self::AnnotationStorage => b"ANNOTATION-STORAGE",
            Self::Other(name) => name.as_bytes(),
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

    /// ```text
    /// resource-name     = "STORAGE" / "MESSAGE" / "MAILBOX" / "ANNOTATION-STORAGE" / resource-name-ext
    /// resource-name-ext = atom
    /// ```
    fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, word) = syntax::run1(i, class::ATOM, expected::RESOURCE)?;
        Ok((rest, Self::of(word, || cx.keep(word))))
    }

    /// By its name, an atom, which is kept if it is not known.
    pub(crate) fn of(word: &[u8], keep: impl FnOnce() -> Bytes) -> Self {
        const STORAGE: u128 = key_of("STORAGE");
        const MESSAGE: u128 = key_of("MESSAGE");
        const MAILBOX: u128 = key_of("MAILBOX");
        match key(word) {
            STORAGE => Self::Storage,
            MESSAGE => Self::Message,
            MAILBOX => Self::Mailbox,
            // too long for a key
            _ if word.eq_ignore_ascii_case(b"ANNOTATION-STORAGE") => Self::AnnotationStorage,
            _ => Self::Other(Atom::known(keep())),
        }
    }

    /// Any resource, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            Just(Self::Storage),
            Just(Self::Message),
            Just(Self::Mailbox),
            Just(Self::AnnotationStorage),
            "X-[A-Z]{1,8}".prop_map(|name| Self::Other(Atom::known(name.into()))),
        ]
    }
}

/// `SP quota-root-name`
fn root_rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, IString> {
    let (i, ()) = syntax::sp(cx, i)?;
    syntax::astring(cx, i)
}

fn encode_root(root: &IString, encoder: &mut Encoder<'_>) {
    encoder.sp();
    encoder.astring(root);
}

/// The arguments of SETQUOTA (RFC 9208 section 4.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SetQuota {
    /// Of which quota root.
    pub root: IString,
    /// The resources and their limits; those that are not named are not limited any more.
    pub limits: Vec<(QuotaResource, Number64)>,
}

impl SetQuota {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let limits = self.limits.iter().map(|(resource, limit)| (resource.detach(), *limit));
        Self { root: self.root.detach(), limits: limits.collect() }
    }

    /// ```text
    /// setquota          = "SETQUOTA" SP quota-root-name SP setquota-list
    /// setquota-list     = "(" [setquota-resource *(SP setquota-resource)] ")"
    /// setquota-resource = resource-name SP resource-limit
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, root) = root_rule(cx, i)?;
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, limits) = syntax::list(cx, i, |cx, i| {
            let (i, resource) = QuotaResource::rule(cx, i)?;
            let (i, ()) = syntax::sp(cx, i)?;
            let (i, limit) = syntax::minus_or_number64(cx, i)?;
            Ok((i, (resource, limit)))
        })?;
        Ok((i, Self { root, limits }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encode_root(&self.root, encoder);
        encoder.sp();
        encoder.list(&self.limits, |encoder, (resource, limit)| {
            encoder.put(resource.name());
            encoder.sp();
            encoder.number(limit.get());
        });
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let limit = (QuotaResource::strategy(), Number64::strategy());
        (IString::strategy(), proptest::collection::vec(limit, 0..4))
            .prop_map(|(root, limits)| Self { root, limits })
    }
}

/// A resource, how much of it is used and how much may be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct QuotaUsage {
    /// Which resource.
    pub resource: QuotaResource,
    /// How much is used.
    pub usage: Number64,
    /// How much may be used.
    pub limit: Number64,
}

/// The QUOTA response (RFC 9208 section 4.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Quota {
    /// Of which quota root.
    pub root: IString,
    /// RFC 2087 allows none, and servers send it; RFC 9208 wants at least one.
    resources: Vec<QuotaUsage>,
}

impl Quota {
    /// Of a quota root and its resources.
    #[must_use]
    pub fn new(root: IString, resources: NonEmpty<QuotaUsage>) -> Self {
        Self { root, resources: resources.into_vec() }
    }

    /// Its resources. Of a server, maybe none.
    #[must_use]
    pub fn resources(&self) -> &[QuotaUsage] {
        &self.resources
    }

    /// One of the resources.
    #[must_use]
    pub fn get(&self, resource: &QuotaResource) -> Option<&QuotaUsage> {
        self.resources.iter().find(|usage| usage.resource == *resource)
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let detach = |usage: &QuotaUsage| QuotaUsage { resource: usage.resource.detach(), ..*usage };
        Self { root: self.root.detach(), resources: self.resources.iter().map(detach).collect() }
    }

    /// ```text
    /// quota-response  = "QUOTA" SP quota-root-name SP quota-list
    /// quota-list      = "(" quota-resource *(SP quota-resource) ")"
    /// quota-resource  = resource-name SP resource-usage SP resource-limit
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, root) = root_rule(cx, i)?;
        // Courier, of a root without limits
        if blanks(i) == i.len() && cx.tolerates(Tolerance::Default, rule::MISSING_ITEM, i) {
            return Ok((i, Self { root, resources: Vec::new() }));
        }
        let (i, ()) = syntax::sp_or_none(cx, i)?;
        let (i, resources) = syntax::list1(cx, i, |cx, i| {
            let (i, resource) = QuotaResource::rule(cx, i)?;
            let (i, ()) = syntax::sp(cx, i)?;
            let (i, usage) = syntax::minus_or_number64(cx, i)?;
            let (i, ()) = syntax::sp(cx, i)?;
            let (i, limit) = syntax::minus_or_number64(cx, i)?;
            Ok((i, QuotaUsage { resource, usage, limit }))
        })?;
        Ok((i, Self { root, resources }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encode_root(&self.root, encoder);
        encoder.sp();
        encoder.list(&self.resources, |encoder, usage| {
            encoder.put(usage.resource.name());
            encoder.sp();
            encoder.number(usage.usage.get());
            encoder.sp();
            encoder.number(usage.limit.get());
        });
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let number = Number64::strategy;
        let usage = (QuotaResource::strategy(), number(), number())
            .prop_map(|(resource, usage, limit)| QuotaUsage { resource, usage, limit });
        (IString::strategy(), proptest::collection::vec(usage, 1..4))
            .prop_map(|(root, resources)| Self { root, resources })
    }
}

/// The QUOTAROOT response (RFC 9208 section 4.2.2): which quota roots hold for a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct QuotaRoot {
    /// Of which mailbox.
    pub mailbox: Mailbox,
    /// Their names.
    pub roots: Vec<IString>,
}

impl QuotaRoot {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { mailbox: self.mailbox.detach(), roots: self.roots.iter().map(IString::detach).collect() }
    }

    /// ```text
    /// quotaroot-response = "QUOTAROOT" SP mailbox *(SP quota-root-name)
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, mailbox) = Mailbox::argument(cx, i)?;
        if blanks(i) == i.len() {
            return Ok((i, Self { mailbox, roots: Vec::new() }));
        }
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, roots) = syntax::words(cx, i, syntax::astring)?;
        Ok((i, Self { mailbox, roots }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.mailbox.encode_argument(encoder);
        for root in &self.roots {
            encode_root(root, encoder);
        }
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (Mailbox::strategy(), proptest::collection::vec(IString::strategy(), 0..4))
            .prop_map(|(mailbox, roots)| Self { mailbox, roots })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    fn text(text: &'static str) -> IString {
        IString::new(text).unwrap()
    }

    #[test]
    fn setting() {
        let set = |root, limits: &[(QuotaResource, u32)]| SetQuota {
            root: text(root),
            limits: limits.iter().map(|(resource, limit)| (resource.clone(), (*limit).into())).collect(),
        };
        check(
            SetQuota::rule,
            |set, encoder| set.encode(encoder),
            &[
                Row::Good(
                    b" #user/alice (STORAGE 510)",
                    set("#user/alice", &[(QuotaResource::Storage, 510)]),
                ),
                Row::Other(
                    b" \"!partition/sda4\" (storage 99999999)",
                    set("!partition/sda4", &[(QuotaResource::Storage, 99_999_999)]),
                ),
                Row::Good(b" \"\" ()", set("", &[])),
                Row::Bad(b" \"\"", 3),
                Row::Bad(b" \"\" (STORAGE)", 12),
            ],
        );
    }

    #[test]
    fn responses() {
        use QuotaResource as R;
        let quota = |root, resources: &[(R, u64, u64)]| Quota {
            root: text(root),
            resources: resources
                .iter()
                .cloned()
                .map(|(resource, usage, limit)| QuotaUsage {
                    resource,
                    usage: Number64::new(usage).unwrap(),
                    limit: Number64::new(limit).unwrap(),
                })
                .collect(),
        };
        check(
            Quota::rule,
            |quota, encoder| quota.encode(encoder),
            &[
                Row::Good(b" \"\" (STORAGE 10 512)", quota("", &[(R::Storage, 10, 512)])),
                Row::Good(
                    b" #user/alice (STORAGE 54 111 MESSAGE 42 1000)",
                    quota("#user/alice", &[(R::Storage, 54, 111), (R::Message, 42, 1000)]),
                ),
                Row::Good(
                    b" a (MAILBOX 1 2 ANNOTATION-STORAGE 3 9223372036854775807 X-Y 0 0)",
                    quota(
                        "a",
                        &[
                            (R::Mailbox, 1, 2),
                            (R::AnnotationStorage, 3, i64::MAX as u64),
                            (R::Other(Atom::new("x-y").unwrap()), 0, 0),
                        ],
                    ),
                ),
                // 64, 68, 69
                Row::Lenient(b" \"\" (STORAGE 9.3736e+06 1)", 26, quota("", &[(R::Storage, 9_373_600, 1)])),
                Row::Tolerated(b" \"\" (STORAGE  1 2)", 18, quota("", &[(R::Storage, 1, 2)])),
                Row::Tolerated(b" \"\" ()", 6, quota("", &[])),
                Row::Tolerated(
                    b" \"\" (STORAGE 1 18446744073709551615)",
                    36,
                    quota("", &[(R::Storage, 1, i64::MAX as u64)]),
                ),
                Row::Tolerated(b" \"\" (STORAGE -1 2 )", 19, quota("", &[(R::Storage, 0, 2)])),
                Row::Bad(b" \"\" (STORAGE 1)", 14),
                // Courier, of a root without limits
                Row::Tolerated(b" \"\"", 3, quota("", &[])),
            ],
        );
        let roots = |mailbox, roots: &[&'static str]| QuotaRoot {
            mailbox: Mailbox::new(mailbox).unwrap(),
            roots: roots.iter().copied().map(text).collect(),
        };
        check(
            QuotaRoot::rule,
            |roots, encoder| roots.encode(encoder),
            &[
                Row::Good(b" INBOX \"\"", roots("INBOX", &[""])),
                Row::Good(b" comp.mail.mime", roots("comp.mail.mime", &[])),
                Row::Other(
                    b" INBOX \"#user/alice\" \"!partition/sda4\"",
                    roots("INBOX", &["#user/alice", "!partition/sda4"]),
                ),
                Row::Bad(b" INBOX (", 7),
            ],
        );
    }

    proptest! {
        #[test]
        fn round_trips(set in SetQuota::strategy(), quota in Quota::strategy(), roots in QuotaRoot::strategy()) {
            round_trip(&set, SetQuota::rule, |value, encoder| value.encode(encoder));
            round_trip(&quota, Quota::rule, |value, encoder| value.encode(encoder));
            round_trip(&roots, QuotaRoot::rule, |value, encoder| value.encode(encoder));
        }
    }
}
