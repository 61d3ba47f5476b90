//! Reverse and forward paths (RFC 5321 section 4.1.2, RFC 6531 section 3.3).

use crate::mailbox::{Odd, local_part, mailbox, quoted_string};
use crate::syntax::{expected, misuse};
use crate::{Host, Mailbox, host, rule};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;
use wire::class::{ATEXT, HIGH, TEXT};
use wire::dotted::{atoms, labels};
use wire::parse::{Failure, Parsed, fail};
use wire::{Context, Misuse, ParseErrorKind, Tolerance};

/// Where the parts of a path stand, in octets from its start, which is the `<` if it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// Where the mailbox starts: behind `<` and the source route.
    pub(crate) mailbox: u16,
    /// Where its `@` stands; `end` if there is no mailbox (`<>`, `<Postmaster>`, what is tolerated).
    pub(crate) at: u16,
    /// Where the `>` stands. If that was missing, which is tolerated, where the path ends.
    pub(crate) end: u16,
}

impl Span {
    const NULL: Self = Self { mailbox: 1, at: 1, end: 1 };

    /// The local part and the host of the mailbox in `wire`, as they were written. None if there is no mailbox.
    #[inline]
    pub(crate) fn parts(self, wire: &[u8]) -> Option<(&[u8], &[u8])> {
        if self.at == self.end {
            return None;
        }
        let local = wire.get(usize::from(self.mailbox)..usize::from(self.at))?;
        let host = wire.get(usize::from(self.at) + 1..usize::from(self.end))?;
        match host.last() {
            // what a lenient server takes
            Some(b' ' | b'\t') => Some((local, host.trim_ascii_end())),
            _ => Some((local, host)),
        }
    }

    /// How long the path at the front of `wire` is, with its `>`.
    pub(crate) fn len(self, wire: &[u8]) -> usize {
        let end = usize::from(self.end);
        end + usize::from(wire.get(end) == Some(&b'>'))
    }
}

/// What both kinds of path are made of.
#[derive(Debug, Clone)]
struct Path {
    wire: Bytes,
    span: Span,
}

/// Where a mail came from, and where reports about it go: the argument of MAIL (RFC 5321 section 4.1.2). `<>` is the
/// null reverse path, which asks for no reports.
///
/// It is kept as it was written, source route included.
///
/// ```
/// use smtp_proto::{Mailbox, ReversePath};
///
/// let path = ReversePath::parse("<@a.example,@b.example:u@example.org>")?;
/// assert_eq!(path.mailbox(), Some(Mailbox::new("u", "example.org")?));
/// assert_eq!(path.route().count(), 2);
/// assert!(ReversePath::parse("<>")?.is_null());
/// assert!(ReversePath::parse("<a@b>\r\nRCPT TO:<x@y>").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ReversePath(Path);

/// Where a mail goes: the argument of RCPT (RFC 5321 section 4.1.2).
///
/// It is kept as it was written, source route included.
///
/// ```
/// use smtp_proto::{ForwardPath, Mailbox};
///
/// let path = ForwardPath::from(Mailbox::new("u", "example.org")?);
/// assert_eq!(path.as_bytes(), b"<u@example.org>");
/// assert!(ForwardPath::parse("<postmaster>")?.is_postmaster());
/// assert!(ForwardPath::parse("<>").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ForwardPath(Path);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reverse,
    Forward,
}

impl ReversePath {
    /// `<>`: no reports are wanted, as for reports themselves.
    pub const NULL: Self = Self(Path { wire: Bytes::from_static(b"<>"), span: Span::NULL });

    /// Whether it is `<>`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.0.is_blank()
    }
}

impl ForwardPath {
    /// `<Postmaster>`: whoever looks after the mail of the server that is asked.
    pub const POSTMASTER: Self =
        Self(Path { wire: Bytes::from_static(b"<Postmaster>"), span: Span { mailbox: 1, at: 11, end: 11 } });

    /// Whether it is `<Postmaster>`, in any case, without a domain.
    #[must_use]
    pub fn is_postmaster(&self) -> bool {
        is_postmaster(self.0.address())
    }
}

macro_rules! path {
    ($type:ident, $kind:expr, $name:literal, $bare:expr) => {
        impl $type {
            /// Takes a path as it stands on the wire, with its angle brackets, by the RFC.
            ///
            /// # Errors
            /// Not a path, or something behind it.
            pub fn parse(wire: impl Into<Bytes>) -> Result<Self, Misuse> {
                Path::parse_in(&Context::new(&wire.into(), Tolerance::Strict), $kind, $name).map(Self)
            }

            /// The same for what a tolerant parser has taken before, and an application has stored.
            ///
            /// # Errors
            /// Not even that.
            pub fn tolerated(wire: impl Into<Bytes>) -> Result<Self, Misuse> {
                Path::parse_in(&Context::new(&wire.into(), Tolerance::Lenient), $kind, $name).map(Self)
            }

            /// The mailbox, if there is one that can be told.
            #[must_use]
            pub fn mailbox(&self) -> Option<Mailbox> {
                self.0.mailbox()
            }

            /// What stands between the angle brackets, behind the source route: the mailbox, or what takes its place.
            #[must_use]
            pub fn address(&self) -> &[u8] {
                self.0.address()
            }

            /// The hosts of the source route, which "SHOULD be ignored" (RFC 5321 appendix C).
            pub fn route(&self) -> impl Iterator<Item = Host<'_>> {
                self.0.route()
            }

            /// The path as it was written, with its angle brackets. A lenient server takes paths that are not always
            /// UTF-8, but never hold CR, LF or NUL.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                &self.0.wire
            }

            /// The path as it was written; what is not UTF-8 becomes U+FFFD. For showing, not for comparing.
            #[must_use]
            pub fn to_str_lossy(&self) -> Cow<'_, str> {
                alloc::string::String::from_utf8_lossy(&self.0.wire)
            }

            /// Whether it can be sent without SMTPUTF8.
            #[must_use]
            pub fn is_ascii(&self) -> bool {
                self.0.wire.is_ascii()
            }

            /// A copy of exact size, which does not keep the receive buffer alive.
            #[must_use]
            pub fn detach(&self) -> Self {
                Self(Path { wire: Bytes::copy_from_slice(&self.0.wire), span: self.0.span })
            }

            /// ```text
            /// Reverse-path   = Path / "<>"
            /// Forward-path   = Path
            /// ```
            /// RCPT has `"TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path )` (section 4.1.1.3).
            #[inline]
            pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Span> {
                path(cx, i, $kind)
            }

            /// The same for nearly all paths, of which nothing is to be remarked at any tolerance.
            #[inline(always)]
            pub(crate) fn usual(i: &[u8]) -> Option<Span> {
                usual(i, $kind)
            }

            /// The path at the front of `wire`, for which [`rule`](Self::rule) gave `span`; more may stand behind it.
            /// Missing angle brackets are put there.
            #[inline]
            pub(crate) fn of(wire: Bytes, span: Span) -> Self {
                Self(Path::of(wire, span))
            }

            /// Any path of the RFCs, for property tests.
            #[cfg(any(test, feature = "proptest"))]
            pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
                use proptest::prelude::*;
                let route = "(@[a-z]([a-z0-9-]{0,3}[a-z])?(\\.[a-z]{1,3}){0,2},){1,3}";
                let routed = (route, Mailbox::strategy()).prop_filter_map("path", |(route, mailbox)| {
                    Self::parse(alloc::format!("<{}:{mailbox}>", &route[..route.len() - 1])).ok()
                });
                prop_oneof![
                    6 => Mailbox::strategy().prop_map(Self::from),
                    1 => routed,
                    1 => Just($bare),
                ]
            }

            /// Where its parts stand.
            pub(crate) const fn span(&self) -> Span {
                self.0.span
            }
        }

        impl From<Mailbox> for $type {
            fn from(mailbox: Mailbox) -> Self {
                Self(Path::of_mailbox(&mailbox))
            }
        }

        impl FromStr for $type {
            type Err = Misuse;

            /// `parse`, with a copy.
            fn from_str(wire: &str) -> Result<Self, Misuse> {
                Self::parse(Bytes::copy_from_slice(wire.as_bytes()))
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0.wire.escape_ascii())
            }
        }
    };
}

path!(ReversePath, Kind::Reverse, "reverse path", ReversePath::NULL);
path!(ForwardPath, Kind::Forward, "forward path", ForwardPath::POSTMASTER);

impl Path {
    #[inline]
    fn of(mut wire: Bytes, span: Span) -> Self {
        let end = usize::from(span.end);
        if wire.first() == Some(&b'<') && wire.get(end) == Some(&b'>') {
            wire.truncate(end + 1);
            return Self { wire, span };
        }
        Self::put_in_brackets(&wire, span)
    }

    /// A source route without brackets is not kept.
    #[cold]
    fn put_in_brackets(octets: &[u8], span: Span) -> Self {
        let address = octets.get(usize::from(span.mailbox)..usize::from(span.end)).unwrap_or_default();
        let mut wire = Vec::with_capacity(address.len() + 2);
        wire.push(b'<');
        wire.extend_from_slice(address);
        wire.push(b'>');
        let from_mailbox = |offset: u16| (offset - span.mailbox).saturating_add(1);
        let span = Span { mailbox: 1, at: from_mailbox(span.at), end: from_mailbox(span.end) };
        Self { wire: wire.into(), span }
    }

    fn of_mailbox(mailbox: &Mailbox) -> Self {
        let octets = mailbox.as_bytes();
        // a mailbox is never so long that this overflows
        let offset = |len: usize| u16::try_from(len).unwrap_or(u16::MAX);
        let span = Span { mailbox: 0, at: offset(mailbox.local_part().len()), end: offset(octets.len()) };
        Self::put_in_brackets(octets, span)
    }

    fn parse_in(cx: &Context<'_>, kind: Kind, name: &'static str) -> Result<Self, Misuse> {
        let wire = cx.frame();
        match path(cx, wire, kind) {
            Ok((b"", span)) => Ok(Self::of(wire.clone(), span)),
            Ok((rest, _)) => Err(Misuse::IllegalOctet { offset: wire.len() - rest.len() }),
            Err(error) => Err(misuse(wire, error, name)),
        }
    }

    fn address(&self) -> &[u8] {
        &self.wire[usize::from(self.span.mailbox)..usize::from(self.span.end)]
    }

    fn is_blank(&self) -> bool {
        self.address().iter().all(u8::is_ascii_whitespace)
    }

    fn mailbox(&self) -> Option<Mailbox> {
        if self.span.at == self.span.end {
            return None;
        }
        let start = usize::from(self.span.mailbox);
        let address = self.address().trim_ascii_end();
        Some(Mailbox::of(self.wire.slice(start..start + address.len()), self.span.at - self.span.mailbox))
    }

    fn route(&self) -> impl Iterator<Item = Host<'_>> {
        let route = self.wire.get(1..usize::from(self.span.mailbox) - 1).unwrap_or_default();
        route.split(|&o| o == b',').filter_map(|domain| domain.strip_prefix(b"@").map(Host::of))
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        self.wire == other.wire
    }
}

impl Eq for Path {}

impl Hash for Path {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.wire.hash(state);
    }
}

fn path<'i>(cx: &Context<'_>, i: &'i [u8], kind: Kind) -> Parsed<'i, Span> {
    match usual(i, kind) {
        Some(span) => Ok((&i[usize::from(span.end) + 1..], span)),
        None => any_path(cx, i, kind),
    }
}

/// `<`, an ASCII dot-string, `@`, an ASCII domain, `>`, or `<>`.
#[inline(always)]
fn usual(i: &[u8], kind: Kind) -> Option<Span> {
    match i {
        [b'<', b'>', ..] if kind == Kind::Reverse => return Some(Span::NULL),
        [b'<', ..] => {}
        _ => return None,
    }
    let at = atoms(i, 1).filter(|&at| i.get(at) == Some(&b'@'))?;
    let end = labels(i, at + 1).filter(|&end| i.get(end) == Some(&b'>'))?;
    span(1, at, end)
}

/// None if the path is too long for it.
fn span(mailbox: usize, at: usize, end: usize) -> Option<Span> {
    let end = u16::try_from(end).ok().filter(|&end| end < u16::MAX)?;
    Some(Span { mailbox: u16::try_from(mailbox).ok()?, at: u16::try_from(at).ok()?, end })
}

fn too_long<T>(i: &[u8]) -> Parsed<'_, T> {
    Err(Failure::at(i, expected::PATH, ParseErrorKind::TooLong))
}

#[cold]
fn any_path<'i>(cx: &Context<'_>, i: &'i [u8], kind: Kind) -> Parsed<'i, Span> {
    let error = match bracketed(i, cx.tolerance() >= Tolerance::Default, kind) {
        Ok((rest, found)) => {
            let Some(span) = span(found.mailbox, found.at, found.end) else { return too_long(i) };
            found.note(cx);
            return Ok((rest, span));
        }
        Err(error) => error,
    };
    let odd = if cx.tolerance() >= Tolerance::Lenient { odd_path(i, kind) } else { None };
    let Some((found, rule, raw)) = odd else { return Err(error) };
    let Some(span) = span(found.mailbox, found.at, found.end) else { return too_long(i) };
    cx.repair(rule, raw);
    found.note(cx);
    Ok((&i[span.len(i)..], span))
}

/// What was found, with offsets that may be too large.
#[derive(Default)]
struct Found<'i> {
    mailbox: usize,
    at: usize,
    end: usize,
    odd: Odd<'i>,
    no_domain: Option<&'i [u8]>,
}

impl Found<'_> {
    fn note(&self, cx: &Context<'_>) {
        if let Some(local) = self.no_domain {
            cx.repair(rule::NO_DOMAIN, local);
        }
        self.odd.note(cx);
    }
}

/// ```text
/// Path           = "<" [ A-d-l ":" ] Mailbox ">"
/// ```
/// If `loose`, with what is tolerated from Default on.
fn bracketed(i: &[u8], loose: bool, kind: Kind) -> Parsed<'_, Found<'_>> {
    let Some(text) = i.strip_prefix(b"<") else { return fail(i, expected::PATH) };
    let offset = |rest: &[u8]| i.len() - rest.len();
    if let (Some(rest), Kind::Reverse) = (text.strip_prefix(b">"), kind) {
        return Ok((rest, Found { mailbox: 1, at: 1, end: 1, ..Found::default() }));
    }
    let (address, route) = if text.first() == Some(&b'@') { route(text, loose)? } else { (text, None) };
    let (rest, dots) = local_part(address, loose)?;
    let local = &address[..address.len() - rest.len()];
    if let (Some(after), 1) = (rest.strip_prefix(b">"), offset(address)) {
        let postmaster = kind == Kind::Forward && is_postmaster(local);
        if postmaster || loose {
            let found = Found {
                mailbox: 1,
                at: offset(rest),
                end: offset(rest),
                odd: Odd { dots, label: None },
                no_domain: (!postmaster).then_some(local),
            };
            return Ok((after, found));
        }
    }
    let Some(name) = rest.strip_prefix(b"@") else { return fail(rest, expected::AT) };
    let (after, (_, label)) = host::host(name, loose)?;
    let Some(behind) = after.strip_prefix(b">") else { return fail(after, expected::PATH_END) };
    let odd = Odd { dots, label: route.or(label) };
    let found =
        Found { mailbox: offset(address), at: offset(rest), end: offset(after), odd, no_domain: None };
    Ok((behind, found))
}

fn is_postmaster(local: &[u8]) -> bool {
    local.eq_ignore_ascii_case(b"Postmaster")
}

/// With its colon:
/// ```text
/// A-d-l          = At-domain *( "," At-domain )
/// At-domain      = "@" Domain
/// ```
fn route(i: &[u8], loose: bool) -> Parsed<'_, Option<&[u8]>> {
    let mut rest = i;
    let mut odd = None;
    loop {
        let Some(name) = rest.strip_prefix(b"@") else { return fail(rest, expected::ROUTE) };
        let (after, (_, label)) = host::labels(name, loose)?;
        odd = odd.or(label);
        match after {
            [b':', address @ ..] => return Ok((address, odd)),
            [b',', next @ ..] => rest = next,
            _ => return fail(after, expected::ROUTE),
        }
    }
}

/// What only a lenient parser takes, the rule that says so, and its raw octets.
fn odd_path(i: &[u8], kind: Kind) -> Option<(Found<'_>, wire::Rule, &[u8])> {
    if i.first() != Some(&b'<') {
        return unbracketed(i, 0, kind).or_else(|| named(i, kind));
    }
    let Some(end) = closing(i) else {
        let none_follows = memchr::memchr(b'>', i).is_none();
        return none_follows.then(|| unbracketed(i, 1, kind)).flatten();
    };
    let text = &i[1..end];
    let address = text.trim_ascii();
    if address.is_empty() && kind == Kind::Forward {
        return None;
    }
    let mut found = Found { mailbox: 1, at: end, end, ..Found::default() };
    if let Ok((b"", (at, odd))) = mailbox(address, true) {
        let blanks = text.len() - text.trim_ascii_start().len();
        found = Found { mailbox: 1 + blanks, at: 1 + blanks + at, odd, ..found };
    }
    Some((found, rule::PATH_FORM, &i[..=end]))
}

/// Where the first `>` stands. None before CR, LF or NUL, and where it is in doubt whether that one ends the path: what
/// one parser takes for a path must not be a path and parameters for the next.
fn closing(i: &[u8]) -> Option<usize> {
    let mut rest = i.strip_prefix(b"<")?;
    let mut quoted = false;
    loop {
        rest = match rest {
            [b'>', ..] => return (!quoted).then_some(i.len() - rest.len()),
            [b'<', ..] if !quoted => return None,
            [b'\\', b'"' | b'<' | b'>', ..] if !quoted => return None,
            [b'\\', octet, after @ ..] if quoted && *octet != b'>' && TEXT.has(*octet) => after,
            [octet, after @ ..] if TEXT.has(*octet) => {
                quoted ^= *octet == b'"';
                after
            }
            _ => return None,
        }
    }
}

/// A mailbox up to a space, a `>` or the end, of which the first `start` octets are taken.
fn unbracketed(i: &[u8], start: usize, kind: Kind) -> Option<(Found<'_>, wire::Rule, &[u8])> {
    let text = i.get(start..)?;
    if text.is_empty() && start == 0 && kind == Kind::Reverse {
        return Some((Found::default(), rule::EMPTY_PATH, i));
    }
    let (address, route) = match text.first() {
        Some(b'@') => route(text, true).ok()?,
        _ => (text, None),
    };
    let mailbox_at = i.len() - address.len();
    let (rest, (at, mut odd)) = mailbox(address, true).ok()?;
    odd.label = route.or(odd.label);
    let end = i.len() - rest.len();
    // another path behind it leaves in doubt which one is meant
    let in_doubt = rest.trim_ascii_start().first() == Some(&b'<');
    if !matches!(rest, [] | [b' ' | b'\t' | b'>', ..]) || in_doubt || end - mailbox_at > Mailbox::MAX {
        return None;
    }
    let found = Found { mailbox: mailbox_at, at: mailbox_at + at, end, odd, no_domain: None };
    Some((found, rule::UNBRACKETED_PATH, &i[..end]))
}

/// A display name, and a path in angle brackets.
fn named(i: &[u8], kind: Kind) -> Option<(Found<'_>, wire::Rule, &[u8])> {
    let mut rest = i;
    while rest.first() != Some(&b'<') {
        rest = match rest {
            [b'"', ..] => {
                let after = quoted_string(rest).ok()?.0;
                let quoted = &rest[..rest.len() - after.len()];
                // some would take what is quoted for the path
                memchr::memchr2(b'<', b'>', quoted).is_none().then_some(after)?
            }
            [octet, after @ ..] if ATEXT.or(HIGH).has(*octet) || matches!(octet, b' ' | b'.') => after,
            _ => return None,
        };
    }
    let start = i.len() - rest.len();
    let (_, found) = bracketed(rest, true, kind).ok()?;
    let found =
        Found { mailbox: start + found.mailbox, at: start + found.at, end: start + found.end, ..found };
    Some((found, rule::NAME_BEFORE_PATH, &i[..start]))
}

#[cfg(feature = "serde")]
wire::serde_octets! {
    ReversePath = ReversePath::as_bytes, ReversePath::tolerated;
    ForwardPath = ForwardPath::as_bytes, ForwardPath::tolerated;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::expected::name;
    use Tolerance::{Default, Lenient, Strict};
    use alloc::string::{String, ToString};
    use proptest::prelude::*;
    use wire::Rule;

    const TOLERANCES: [Tolerance; 3] = [Strict, Default, Lenient];

    /// A path of either kind, what is left, and what was repaired.
    fn parse(
        i: &[u8],
        tolerance: Tolerance,
        kind: Kind,
    ) -> Result<(Path, usize, Vec<Rule>), (u32, &'static str)> {
        let frame = Bytes::copy_from_slice(i);
        let cx = Context::new(&frame, tolerance);
        let parsed = match kind {
            Kind::Reverse => ReversePath::rule(&cx, &frame)
                .map(|(rest, span)| (rest, ReversePath::of(frame.clone(), span).0)),
            Kind::Forward => ForwardPath::rule(&cx, &frame)
                .map(|(rest, span)| (rest, ForwardPath::of(frame.clone(), span).0)),
        };
        match parsed {
            Ok((rest, path)) => {
                let left = rest.len();
                Ok((path, left, cx.into_repairs().iter().map(|repair| repair.rule).collect()))
            }
            Err(error) => {
                let error = cx.error(error, name);
                Err((error.offset, error.expected))
            }
        }
    }

    /// What each row claims: taken from `least` on with these rules, refused below; kept as it is, and read again.
    fn row(i: &str, kind: Kind, least: Tolerance, rules: &[Rule], mailbox: Option<&str>) -> Path {
        for tolerance in TOLERANCES {
            let parsed = parse(i.as_bytes(), tolerance, kind);
            if tolerance < least {
                assert!(parsed.is_err(), "{i} {tolerance:?}");
                continue;
            }
            let (path, left, told) = parsed.unwrap();
            assert_eq!((left, &told[..]), (0, rules), "{i}");
            assert_eq!(path.mailbox().map(|mailbox| mailbox.to_string()).as_deref(), mailbox, "{i}");
            if i.starts_with('<') && i.ends_with('>') {
                assert_eq!(path.wire, i);
            }
            let again = parse(&path.wire, tolerance, kind).unwrap().0;
            assert_eq!((again.span, again), (path.span, path.clone()));
            // a space, and what follows it, is for others
            for behind in [" ", " SIZE=10", " <x@y>", " \"", "\tX"] {
                let longer = alloc::format!("{i}{behind}");
                match parse(longer.as_bytes(), tolerance, kind) {
                    Ok((longer, left, told)) => {
                        assert_eq!(
                            (longer, left, &told[..]),
                            (path.clone(), behind.len(), rules),
                            "{i}{behind}"
                        );
                    }
                    Err(_) => assert!(!i.ends_with('>'), "{i}{behind}"),
                }
            }
        }
        if least == Strict {
            for len in 0..i.len() {
                assert!(parse(&i.as_bytes()[..len], Default, kind).is_err(), "{i}");
            }
        }
        parse(i.as_bytes(), Lenient, kind).unwrap().0
    }

    fn both(i: &str, least: Tolerance, rules: &[Rule], mailbox: Option<&str>) -> Path {
        row(i, Kind::Reverse, least, rules, mailbox);
        row(i, Kind::Forward, least, rules, mailbox)
    }

    #[test]
    fn paths_of_the_rfcs() {
        for mailbox in [
            "user@example.org",
            "a.b.c@x.y.z",
            "u@x",
            r#""a@b"@x"#,
            r#""a>b"@example.test"#,
            r#""a\"b"@x"#,
            r#"""@example.test"#,
            // CVE-like: what a parser that looks for the first `>` takes for a parameter
            r#""foo@evil.net> ORCPT=rfc822;a@b"@test.com"#,
            "u@[1.2.3.4]",
            "u@[IPv6:2001:db8::1]",
            "u@[tag:content]",
            "u@[tag:a>b]",
            "s\u{fc}\u{df}@example.test",
            "alice@b\u{fc}cher.test",
            "alice%other.test@example.test",
            "|/bin/sh@example.test",
        ] {
            let path = both(&alloc::format!("<{mailbox}>"), Strict, &[], Some(mailbox));
            assert_eq!((path.address(), path.route().count()), (mailbox.as_bytes(), 0));
            let path = both(&alloc::format!("<@a,@b.example:{mailbox}>"), Strict, &[], Some(mailbox));
            let route: Vec<_> = path.route().collect();
            assert_eq!(route, [Host::Domain("a"), Host::Domain("b.example")]);
            assert_eq!(path.address(), mailbox.as_bytes());
        }
    }

    #[test]
    fn paths_without_a_mailbox() {
        let null = row("<>", Kind::Reverse, Strict, &[], None);
        assert_eq!((ReversePath(null.clone()), null.span), (ReversePath::NULL, ReversePath::NULL.span()));
        assert!(ReversePath(null).is_null());
        for tolerance in TOLERANCES {
            assert_eq!(parse(b"<>", tolerance, Kind::Forward), Err((1, "local-part")));
            assert!(parse(b"< >", tolerance, Kind::Forward).is_err());
            assert!(parse(b"", tolerance, Kind::Forward).is_err());
        }
        for i in ["<Postmaster>", "<postmaster>", "<POSTMASTER>"] {
            let path = ForwardPath(row(i, Kind::Forward, Strict, &[], None));
            assert!(path.is_postmaster());
            assert_eq!(path.as_bytes(), i.as_bytes());
            row(i, Kind::Reverse, Default, &[rule::NO_DOMAIN], None);
        }
        let postmaster = ForwardPath::parse("<Postmaster>").unwrap();
        assert_eq!(
            (&postmaster, postmaster.span()),
            (&ForwardPath::POSTMASTER, ForwardPath::POSTMASTER.span())
        );
        let of_domain = ForwardPath::parse("<Postmaster@x>").unwrap();
        assert!(!of_domain.is_postmaster() && of_domain.mailbox().is_some());
    }

    #[test]
    fn what_real_software_sends() {
        both("<alice>", Default, &[rule::NO_DOMAIN], None);
        both("<other.test!alice>", Default, &[rule::NO_DOMAIN], None);
        both("<alice@exa_mple.test>", Default, &[rule::DOMAIN_LABEL], Some("alice@exa_mple.test"));
        both("<@a_b:alice@c>", Default, &[rule::DOMAIN_LABEL], Some("alice@c"));
        both("<foo.@docomo.example>", Default, &[rule::LOCAL_PART_DOTS], Some("foo.@docomo.example"));
        both("<a..b@c>", Default, &[rule::LOCAL_PART_DOTS], Some("a..b@c"));
    }

    /// What some server in the recordings took with 250.
    #[test]
    fn what_only_lenient_servers_take() {
        for (i, mailbox) in [
            ("<joe quoted@example.test>", None),
            ("<a b@example.test>", None),
            ("<alice @example.test>", None),
            ("<alice@ example.test>", None),
            ("< alice@example.test>", Some("alice@example.test")),
            ("<alice@example.test >", Some("alice@example.test")),
            ("<\talice@example.test  >", Some("alice@example.test")),
            ("<alice@[300.1.1.1]>", None),
            ("<alice@#2130706433>", None),
            ("<@>", None),
            ("<alice@>", None),
            ("<@example.test>", None),
            ("<@a.test,alice@example.test>", None),
            ("<alice@@example.test>", None),
            ("<a@b@example.test>", None),
            ("<(c)alice@example.test>", None),
            ("<alice@example.test(c)>", None),
            ("<alice;bob@example.test>", None),
            ("<alice,bob@example.test>", None),
            ("<alice@example.test,bob@example.test>", None),
            ("<alice\\@example.test>", None),
            ("<al\\ice@example.test>", None),
            ("<a\x01@b.test>", None),
            ("<alice@example.test.>", None),
            ("<a\"b c\"d@e>", None),
            ("<a\"b<c\"d@e>", None),
            ("<\"\x01\\\"\"@e>", None),
            ("<@a:Postmaster>", None),
        ] {
            let path = both(i, Lenient, &[rule::PATH_FORM], mailbox);
            assert_eq!(path.route().count(), 0, "{i}");
        }
        for i in [&b"<\xff\xfe@example.test>"[..], b"<caf\xe9@example.test>"] {
            let (path, left, rules) = parse(i, Lenient, Kind::Forward).unwrap();
            assert_eq!((&path.wire[..], left, &rules[..]), (i, 0, &[rule::PATH_FORM][..]));
            assert!(path.mailbox().is_none());
            assert!(parse(i, Default, Kind::Forward).is_err());
        }
        let blank = row("<  >", Kind::Reverse, Lenient, &[rule::PATH_FORM], None);
        assert!(ReversePath(blank).is_null());
    }

    #[test]
    fn brackets_that_are_missing() {
        for i in
            ["alice@example.test", "<alice@example.test", "alice@example.test>", "@a,@b:alice@example.test"]
        {
            let path = both(i, Lenient, &[rule::UNBRACKETED_PATH], Some("alice@example.test"));
            assert_eq!(path.wire, "<alice@example.test>");
        }
        let path =
            both("<@a:alice@example.test", Lenient, &[rule::UNBRACKETED_PATH], Some("alice@example.test"));
        assert_eq!(path.wire, "<alice@example.test>");
        both("\"a b\"@x", Lenient, &[rule::UNBRACKETED_PATH], Some("\"a b\"@x"));
        let rules = [rule::UNBRACKETED_PATH, rule::DOMAIN_LABEL];
        assert_eq!(parse(b"a@b_c", Lenient, Kind::Reverse).unwrap().2, rules);
        let (path, left, rules) = parse(b"", Lenient, Kind::Reverse).unwrap();
        assert_eq!((ReversePath(path), left, &rules[..]), (ReversePath::NULL, 0, &[rule::EMPTY_PATH][..]));
        assert!(parse(b"", Default, Kind::Reverse).is_err());
        for i in [
            "Alice Smith <alice@example.test>",
            "\"Smith, A\" <alice@example.test>",
            "A.<alice@example.test>",
        ] {
            let path = both(i, Lenient, &[rule::NAME_BEFORE_PATH], Some("alice@example.test"));
            assert_eq!(path.wire, "<alice@example.test>");
        }
        let path = both("A <alice>", Lenient, &[rule::NAME_BEFORE_PATH, rule::NO_DOMAIN], None);
        assert_eq!((&path.wire[..], path.address()), (&b"<alice>"[..], &b"alice"[..]));
        assert_eq!(parse(b"MAILER <>", Lenient, Kind::Reverse).unwrap().0, ReversePath::NULL.0);
    }

    #[test]
    fn what_nobody_may_take() {
        for kind in [Kind::Reverse, Kind::Forward] {
            for i in [
                &b"<"[..],
                b">",
                b"<a\0@b>",
                b"<a\r@b>",
                b"<a@b\n>",
                b"<a@b\r\n>",
                b"<\"a\r\"@b>",
                b"<\"a\\\n\"@b>",
                b"<\"a\0\"@b>",
                b"<\"unterminated@x>",
                b"<a\"b@c>",
                // where some end the path at the first `>`, and some do not
                b"<a\"b> NOTIFY=NEVER \"@c>",
                b"< \"a> NOTIFY=NEVER \"@c>",
                b"<\"\x01>\"@e>",
                b"<x \"\\>\"@e>",
                b"\"Smith <a@b>\" <c@d>",
                b"<<a@b>>",
                b"<a<b@c>",
                b"<a\\>b@c>",
                b"<a\\\"b@c>",
                b"a@b <c@d>",
                b"a@b,c@d",
                b"alice",
                b"SIZE=10",
                b"Alice (x) <a@b>",
                b"Alice\r<a@b>",
                b"Alice <a b@c>",
                b"a@b\0",
                b"a@b\r",
            ] {
                let parsed = parse(i, Lenient, kind);
                assert!(parsed.is_err(), "{}: {parsed:?}", i.escape_ascii());
            }
        }
    }

    #[test]
    fn errors_say_where() {
        for (i, offset, wanted) in [
            (&b""[..], 0, "path in angle brackets"),
            (b"a@b", 0, "path in angle brackets"),
            (b" <a@b>", 0, "path in angle brackets"),
            (b"<", 1, "local-part"),
            (b"<a", 2, "@"),
            (b"<a>", 2, "@"),
            (b"<a@b", 4, ">"),
            (b"<a@>", 3, "domain"),
            (b"<a@b.>", 5, "domain"),
            (b"<a@b_c>", 4, ">"),
            (b"<a@b-.c>", 4, "domain"),
            (b"<a b@c>", 2, "@"),
            (b"<a.@c>", 3, "local-part"),
            (b"<a@b c>", 4, ">"),
            (b"<a@b@c>", 4, ">"),
            (b"<@>", 2, "domain"),
            (b"<@a>", 3, "source route"),
            (b"<@a,b:c@d>", 4, "source route"),
            (b"<@a:>", 4, "local-part"),
            (b"<@a:Postmaster>", 14, "@"),
            (b"<@[1.2.3.4]:a@b>", 2, "domain"),
            (b"<\"a@b>", 6, "quoted-string"),
            (b"<a@[1.2.3.4>", 12, "address-literal"),
            (b"<a@[999.1.1.1]>", 4, "address-literal"),
            (b"<a@[2001:db8::1]>", 4, "address-literal"),
            (b"<a\r@b>", 2, "@"),
            (b"<a\0@b>", 2, "@"),
            (b"<a@b\r\n>", 4, ">"),
            (b"<\xff@b>", 1, "UTF-8"),
            (b"<a@\xe9>", 3, "UTF-8"),
        ] {
            for kind in [Kind::Reverse, Kind::Forward] {
                assert_eq!(parse(i, Strict, kind), Err((offset, wanted)), "{}", i.escape_ascii());
            }
        }
    }

    #[test]
    fn what_follows_is_left_to_others() {
        let (path, left, _) = parse(b"<a@b>SIZE=10", Strict, Kind::Reverse).unwrap();
        assert_eq!((&path.wire[..], left), (&b"<a@b>"[..], 7));
        let (path, left, _) = parse(b"<a@b>>", Lenient, Kind::Forward).unwrap();
        assert_eq!((&path.wire[..], left), (&b"<a@b>"[..], 1));
        for i in
            ["<a@b> NOTIFY=NEVER", "<a@b>\r\nRCPT TO:<x@y>", "<a@b>\0", "<a@b>>", "<a@b> ", "a@b\r\n", "a b"]
        {
            assert!(ReversePath::parse(i).is_err() && ForwardPath::parse(i).is_err(), "{i:?}");
            assert!(ReversePath::tolerated(i).is_err() && ForwardPath::tolerated(i).is_err(), "{i:?}");
        }
        assert_eq!(ReversePath::parse("<a@b>\r\nX"), Err(Misuse::IllegalOctet { offset: 5 }));
        assert_eq!(ForwardPath::parse("<a@b"), Err(Misuse::Invalid("forward path")));
        assert_eq!(ForwardPath::parse(""), Err(Misuse::Empty));
    }

    #[test]
    fn lengths() {
        let of =
            |local: usize, domain: usize| alloc::format!("<{}@{}>", "l".repeat(local), "d".repeat(domain));
        // RFC 5321 section 4.5.3.1, and beyond
        for i in [of(64, 189), of(65, 255), of(400, 400)] {
            assert_eq!(ForwardPath::parse(i.clone()).unwrap().as_bytes(), i.as_bytes());
        }
        let most = usize::from(u16::MAX);
        for kind in [Kind::Reverse, Kind::Forward] {
            for tolerance in TOLERANCES {
                let (path, ..) = parse(of(most - 4, 1).as_bytes(), tolerance, kind).unwrap();
                assert_eq!((path.wire.len(), path.mailbox().unwrap().domain()), (most, &b"d"[..]));
                for i in [of(most - 3, 1), of(1, most - 3), of(1, 200_000), of(200_000, 1)] {
                    let frame = Bytes::from(i);
                    let cx = Context::new(&frame, tolerance);
                    let error = cx.error(ForwardPath::rule(&cx, &frame).unwrap_err(), name);
                    assert_eq!(error.kind, ParseErrorKind::TooLong);
                }
            }
            let bare = |len: usize| alloc::format!("{}@d", "l".repeat(len - 2));
            let (path, ..) = parse(bare(Mailbox::MAX).as_bytes(), Lenient, kind).unwrap();
            assert_eq!(parse(&path.wire, Strict, kind).unwrap().0, path);
            assert!(parse(bare(Mailbox::MAX + 1).as_bytes(), Lenient, kind).is_err());
            let odd = |len: usize| alloc::format!("<{}>", " ".repeat(len - 3) + "x");
            assert!(parse(odd(most).as_bytes(), Lenient, kind).is_ok());
            assert!(parse(odd(most + 1).as_bytes(), Lenient, kind).is_err());
        }
        let longest = Mailbox::new("l".repeat(Mailbox::MAX - 2), "d").unwrap();
        let path = ReversePath::from(longest.clone());
        assert_eq!((path.mailbox(), path.as_bytes().len()), (Some(longest), most));
        assert_eq!(ReversePath::parse(path.0.wire.clone()), Ok(path));
    }

    /// What would take minutes if it were looked at again and again.
    #[test]
    fn long_nonsense_is_refused_at_once() {
        for piece in ["<", "@a,", "\"", "\"\\", "a.", "[", "\u{e9}", " ", "<\"", "a@b ", "\"\"", "::"] {
            for start in ["", "<", "<\"", "<@a:", "<a@[IPv6:", "<a@"] {
                let i = alloc::format!("{start}{}", piece.repeat(100_000));
                for kind in [Kind::Reverse, Kind::Forward] {
                    let _ = parse(i.as_bytes(), Lenient, kind);
                }
            }
        }
    }

    #[test]
    fn mailboxes_become_paths() {
        for wire in ["u@example.org", r#""a> b"@[tag:x]"#, "\u{e9}@x"] {
            let mailbox = Mailbox::parse(wire).unwrap();
            let path = ReversePath::from(mailbox.clone());
            assert_eq!(path, ReversePath::parse(alloc::format!("<{wire}>")).unwrap());
            assert_eq!(path.span(), ReversePath::parse(alloc::format!("<{wire}>")).unwrap().span());
            assert_eq!((path.mailbox(), path.is_ascii()), (Some(mailbox.clone()), wire.is_ascii()));
            assert_eq!(ForwardPath::from(mailbox.clone()).mailbox(), Some(mailbox));
            assert_eq!(path.detach(), path);
            assert_eq!(path.to_str_lossy().parse(), Ok(path));
        }
        let path = ForwardPath::from(Mailbox::new("postmaster", "x").unwrap());
        assert!(!path.is_postmaster());
    }

    #[test]
    fn nothing_is_copied() {
        let frame = Bytes::from("<user@example.org> SIZE=1");
        let cx = Context::new(&frame, Strict);
        let (rest, span) = ReversePath::rule(&cx, &frame).unwrap();
        assert_eq!(rest, b" SIZE=1");
        let path = ReversePath::of(frame.clone(), span);
        assert_eq!(path.as_bytes(), b"<user@example.org>");
        assert_eq!(path.as_bytes().as_ptr(), frame.as_ptr());
        assert_eq!(path.mailbox().unwrap().as_bytes().as_ptr(), frame[1..].as_ptr());
        assert_eq!(span.len(&frame), 18);
        assert!(size_of::<Span>() <= 6 && size_of::<ReversePath>() <= 40);
    }

    proptest! {
        #[test]
        fn round_trip(reverse in ReversePath::strategy(), forward in ForwardPath::strategy()) {
            let again = ReversePath::parse(reverse.0.wire.clone()).unwrap();
            prop_assert_eq!((again.span(), again), (reverse.span(), reverse));
            let again = ForwardPath::parse(forward.0.wire.clone()).unwrap();
            prop_assert_eq!((again.span(), again), (forward.span(), forward));
        }

        #[test]
        fn the_usual_way_is_the_long_way(i in "<?[ab.@_-]{0,6}@[ab.-]{0,6}>?.?|<([a.]{1,3}@)?[a.-]{0,5}>") {
            for kind in [Kind::Reverse, Kind::Forward] {
                if let Some(span) = usual(i.as_bytes(), kind) {
                    for tolerance in TOLERANCES {
                        let frame = Bytes::copy_from_slice(i.as_bytes());
                        let cx = Context::new(&frame, tolerance);
                        let (rest, long) = any_path(&cx, &frame, kind).unwrap();
                        prop_assert_eq!((long, rest.len()), (span, frame.len() - span.len(&frame)));
                        prop_assert!(cx.into_repairs().is_empty());
                    }
                } else if i.starts_with('<') {
                    // the ASCII mailboxes without quotes and literals are all usual
                    let taken = parse(i.as_bytes(), Strict, kind);
                    prop_assert!(!taken.is_ok_and(|(path, ..)| path.mailbox().is_some()), "{}", i);
                }
            }
        }

        #[test]
        fn whatever_is_taken_can_be_sent(
            i in "(<|>|@|[ab.,:_ \\\\-]|\"|\r|\n|\0|\u{e9}|\\[1.2.3.4\\]|Postmaster){0,12}|<[ -~]{0,9}>",
            lenient: bool,
        ) {
            for kind in [Kind::Reverse, Kind::Forward] {
                let tolerance = if lenient { Lenient } else { Default };
                let Ok((path, left, rules)) = parse(i.as_bytes(), tolerance, kind) else { continue };
                prop_assert!(path.wire.starts_with(b"<") && path.wire.ends_with(b">"));
                prop_assert_eq!(TEXT.first_outside(&path.wire), None);
                // taken as a whole by everyone else
                let again = parse(&path.wire, tolerance, kind);
                prop_assert_eq!(again.map(|(path, left, _)| (path.span, left)), Ok((path.span, 0)));
                let tail = alloc::format!("{}> X=<y>", String::from_utf8_lossy(&path.wire));
                let again = parse(tail.as_bytes(), tolerance, kind);
                prop_assert_eq!(again.map(|(path, left, _)| (path, left)), Ok((path.clone(), 7)));
                if rules.contains(&rule::PATH_FORM) {
                    prop_assert_eq!(memchr::memchr(b'>', &path.wire), Some(path.wire.len() - 1));
                }
                // Strict takes less, and the same
                match parse(i.as_bytes(), Strict, kind) {
                    Ok(strict) => prop_assert_eq!(strict, (path, left, rules)),
                    Err(_) => prop_assert!(!rules.is_empty()),
                }
            }
        }

        #[test]
        fn never_panics(i: Vec<u8>) {
            for kind in [Kind::Reverse, Kind::Forward] {
                if let Ok((path, ..)) = parse(&i, Lenient, kind) {
                    let _ = (path.mailbox(), path.route().count());
                }
            }
        }
    }

    #[cfg(feature = "serde")]
    mod serial {
        use super::*;
        use crate::ClientName;
        use serde::{Serialize, de::DeserializeOwned};

        fn round_trip<T: Serialize + DeserializeOwned + PartialEq + fmt::Debug>(value: &T) {
            let json = serde_json::to_string(value).unwrap();
            assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value, "{json}");
            let binary = postcard::to_allocvec(value).unwrap();
            assert_eq!(&postcard::from_bytes::<T>(&binary).unwrap(), value, "{json}");
        }

        #[test]
        fn what_is_written_and_what_is_refused() {
            let path = ReversePath::parse("<@a:u@example.org>").unwrap();
            assert_eq!(serde_json::to_string(&path).unwrap(), r#""<@a:u@example.org>""#);
            assert_eq!(serde_json::to_string(&path.mailbox().unwrap()).unwrap(), r#""u@example.org""#);
            for json in [r#""<a@b> X""#, r#""<a@b>\r\nDATA""#, r#""<a\u0000@b>""#, r#""a b""#, "17"] {
                assert!(serde_json::from_str::<ReversePath>(json).is_err(), "{json}");
                assert!(serde_json::from_str::<ForwardPath>(json).is_err(), "{json}");
                assert!(serde_json::from_str::<Mailbox>(json).is_err(), "{json}");
                assert!(serde_json::from_str::<ClientName>(json).is_err(), "{json}");
            }
        }

        proptest! {
            #[test]
            fn values_round_trip(
                name in ClientName::strategy(),
                mailbox in Mailbox::strategy(),
                reverse in ReversePath::strategy(),
                forward in ForwardPath::strategy(),
            ) {
                round_trip(&name);
                round_trip(&mailbox);
                round_trip(&reverse);
                round_trip(&forward);
            }

            #[test]
            fn what_a_lenient_server_took_is_read_again(i: Vec<u8>, odd in "<[ab.@ _,;()\\x01\u{e9}-]{0,9}>") {
                for i in [[b"<", &i[..], b">"].concat(), odd.into_bytes()] {
                    if let Ok((path, 0, _)) = parse(&i, Lenient, Kind::Reverse) {
                        path.mailbox().iter().for_each(round_trip);
                        round_trip(&ReversePath(path));
                    }
                    if let Ok((path, 0, _)) = parse(&i, Lenient, Kind::Forward) {
                        round_trip(&ForwardPath(path));
                    }
                }
            }
        }
    }
}
