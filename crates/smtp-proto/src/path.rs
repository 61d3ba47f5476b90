//! Reverse and forward paths (RFC 5321 section 4.1.2, RFC 6531 section 3.3).

use crate::mailbox::{local_part, mailbox, quoted_string};
use crate::syntax::{expected, misuse};
use crate::{Host, Mailbox, host, rule};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;
use wire::class::{ATEXT, HIGH, LDH, TEXT};
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

    /// How long the path at the front of `wire` is, with its `>`.
    pub(crate) fn len(self, wire: &[u8]) -> usize {
        let end = usize::from(self.end);
        end + usize::from(wire.get(end) == Some(&b'>'))
    }
}

/// What both kinds of path are made of.
#[derive(Clone)]
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
    ($type:ident, $kind:expr, $name:literal) => {
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
                match usual(i) {
                    Some(span) => Ok((&i[usize::from(span.end) + 1..], span)),
                    None => any_path(cx, i, $kind),
                }
            }

            /// The path at the front of `wire`, for which [`rule`](Self::rule) gave `span`. Missing angle brackets
            /// are put there.
            #[inline]
            pub(crate) fn of(wire: Bytes, span: Span) -> Self {
                Self(Path::of(wire, span))
            }

            /// Where its parts stand.
            #[allow(dead_code, reason = "for MAIL and RCPT")]
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

path!(ReversePath, Kind::Reverse, "reverse path");
path!(ForwardPath, Kind::Forward, "forward path");

impl Path {
    #[inline]
    fn of(mut wire: Bytes, span: Span) -> Self {
        let end = usize::from(span.end);
        if wire.first() == Some(&b'<') && wire.get(end) == Some(&b'>') {
            wire.truncate(end + 1);
            return Self { wire, span };
        }
        Self::bracketed(&wire, span)
    }

    /// A source route without brackets is not kept.
    #[cold]
    fn bracketed(octets: &[u8], span: Span) -> Self {
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
        Self::bracketed(octets, span)
    }

    fn parse_in(cx: &Context<'_>, kind: Kind, name: &'static str) -> Result<Self, Misuse> {
        let wire = cx.frame();
        match any_path(cx, wire, kind) {
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

/// `<`, an ASCII dot-string, `@`, an ASCII domain, `>`: nearly all paths.
#[inline]
fn usual(i: &[u8]) -> Option<Span> {
    if i.first() != Some(&b'<') {
        return None;
    }
    let mut at = 1;
    loop {
        let len = ATEXT.run(&i[at..]);
        at += len;
        match i.get(at) {
            Some(b'.') if len > 0 => at += 1,
            Some(b'@') if len > 0 => break,
            _ => return None,
        }
    }
    let mut end = at + 1;
    loop {
        let label = &i[end..];
        let len = LDH.run(label);
        if len == 0 || label[0] == b'-' || label[len - 1] == b'-' {
            return None;
        }
        end += len;
        match i.get(end) {
            Some(b'.') => end += 1,
            Some(b'>') => break,
            _ => return None,
        }
    }
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
    let error = match path(i, cx.tolerance() >= Tolerance::Default, kind) {
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
    odd: crate::mailbox::Odd<'i>,
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
fn path(i: &[u8], loose: bool, kind: Kind) -> Parsed<'_, Found<'_>> {
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
                odd: crate::mailbox::Odd { dots, label: None },
                no_domain: (!postmaster).then_some(local),
            };
            return Ok((after, found));
        }
    }
    let Some(name) = rest.strip_prefix(b"@") else { return fail(rest, expected::AT) };
    let (after, (_, label)) = host::host(name, loose)?;
    let Some(behind) = after.strip_prefix(b">") else { return fail(after, expected::PATH_END) };
    let odd = crate::mailbox::Odd { dots, label: route.or(label) };
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

/// Where the first `>` outside quotes stands. None where it is in doubt, and before CR, LF or NUL.
fn closing(i: &[u8]) -> Option<usize> {
    let mut rest = i.strip_prefix(b"<")?;
    loop {
        rest = match rest {
            [b'>', ..] => return Some(i.len() - rest.len()),
            [b'"', ..] => quoted_end(rest)?,
            [b'\\', b'"' | b'<' | b'>', ..] | [b'<', ..] => return None,
            [octet, after @ ..] if TEXT.has(*octet) => after,
            _ => return None,
        }
    }
}

/// What follows a quoted string of any octets but CR, LF and NUL.
fn quoted_end(i: &[u8]) -> Option<&[u8]> {
    if let Ok((rest, ())) = quoted_string(i) {
        return Some(rest);
    }
    let mut rest = i.strip_prefix(b"\"")?;
    loop {
        rest = match rest {
            [b'"', after @ ..] => return Some(after),
            [b'\\', octet, after @ ..] if TEXT.has(*octet) => after,
            [octet, after @ ..] if TEXT.has(*octet) => after,
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
    if !matches!(rest, [] | [b' ' | b'\t' | b'>', ..]) || end - mailbox_at > Mailbox::MAX {
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
            [b'"', ..] => quoted_string(rest).ok()?.0,
            [octet, after @ ..] if ATEXT.or(HIGH).has(*octet) || matches!(octet, b' ' | b'.') => after,
            _ => return None,
        };
    }
    let start = i.len() - rest.len();
    let (_, found) = path(rest, true, kind).ok()?;
    let found =
        Found { mailbox: start + found.mailbox, at: start + found.at, end: start + found.end, ..found };
    Some((found, rule::NAME_BEFORE_PATH, &i[..start]))
}

#[cfg(feature = "serde")]
wire::serde_octets! {
    ReversePath = ReversePath::as_bytes, ReversePath::tolerated;
    ForwardPath = ForwardPath::as_bytes, ForwardPath::tolerated;
}
