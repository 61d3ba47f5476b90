//! Mailbox names.

use super::syntax::{self, expected};
use super::{Context, Encoder, utf7};
use crate::rule;
use ::core::fmt;
use alloc::borrow::Cow;
use alloc::string::String;
use bytes::Bytes;
use wire::Misuse;
use wire::parse::{Failure, Parsed};

/// `mailbox = "INBOX" / astring` (RFC 9051 sections 5.1 and 9): the octets of the name, as they are on the wire. In IMAP4rev1 they are
/// modified UTF-7; in IMAP4rev2, or with UTF8=ACCEPT, UTF-8. `INBOX` is that in any case.
///
/// ```
/// use imap_proto::Mailbox;
///
/// let drafts = Mailbox::from_utf7_text("Entw\u{fc}rfe")?;
/// assert_eq!(drafts.as_bytes(), b"Entw&APw-rfe");
/// assert_eq!(drafts.to_utf7_text().as_deref(), Some("Entw\u{fc}rfe"));
/// assert_eq!(Mailbox::new("inbox")?, Mailbox::inbox());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone)]
pub struct Mailbox(Bytes);

impl Mailbox {
    /// Takes over the octets of a name.
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: CR, LF or NUL (RFC 9051 section 5.1 forbids them in names).
    pub fn new(octets: impl Into<Bytes>) -> Result<Self, Misuse> {
        let octets = octets.into();
        match octets.iter().position(|o| matches!(o, b'\r' | b'\n' | 0)) {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None => Ok(Self(octets)),
        }
    }

    /// INBOX.
    #[must_use]
    pub const fn inbox() -> Self {
        Self(Bytes::from_static(b"INBOX"))
    }

    /// A name from text, in modified UTF-7: for IMAP4rev1.
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: CR, LF or NUL in the text.
    pub fn from_utf7_text(text: &str) -> Result<Self, Misuse> {
        Self::new(String::from(text))?;
        Self::new(utf7::encode(text))
    }

    /// A name from text, in UTF-8: for IMAP4rev2 and UTF8=ACCEPT.
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: CR, LF or NUL in the text.
    pub fn from_utf8_text(text: impl Into<String>) -> Result<Self, Misuse> {
        Self::new(text.into())
    }

    pub(crate) const fn known(octets: Bytes) -> Self {
        Self(octets)
    }

    /// The octets on the wire.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether it is INBOX, in any case.
    #[must_use]
    pub fn is_inbox(&self) -> bool {
        self.0.eq_ignore_ascii_case(b"INBOX")
    }

    /// The name as text, if it is in modified UTF-7 (RFC 3501 section 5.1.3).
    #[must_use]
    pub fn to_utf7_text(&self) -> Option<String> {
        utf7::decode(&self.0)
    }

    /// The name as text, if it is in UTF-8.
    #[must_use]
    pub fn to_utf8_text(&self) -> Option<&str> {
        ::core::str::from_utf8(&self.0).ok()
    }

    /// The name for showing it: from modified UTF-7 if `utf8` is not in force and it is that, else from UTF-8; what is neither becomes
    /// U+FFFD.
    #[must_use]
    pub fn to_text_lossy(&self, utf8: bool) -> Cow<'_, str> {
        match (utf8, self.to_utf7_text()) {
            (false, Some(text)) => Cow::Owned(text),
            _ => String::from_utf8_lossy(&self.0),
        }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// `mailbox = "INBOX" / astring`
    #[inline]
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        match syntax::plain_name(cx, i) {
            Some((rest, octets)) => Ok((rest, Self(cx.keep(octets)))),
            None => Self::any(cx, i),
        }
    }

    /// A name in any form.
    #[inline(never)]
    fn any<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, octets) = match syntax::astring_octets(cx, i) {
            Ok(found) => found,
            Err(nom::Err::Error(failure)) if failure.left() == i.len() => {
                return wire::parse::fail(i, expected::MAILBOX);
            }
            Err(error) => return Err(error),
        };
        if octets.iter().any(|o| matches!(o, b'\r' | b'\n' | 0)) {
            return Err(Failure::at(i, expected::MAILBOX, wire::ParseErrorKind::IllegalOctet));
        }
        if !cx.is_utf8() && memchr::memchr(b'&', &octets).is_some() && utf7::decode(&octets).is_none() {
            cx.repair(rule::MAILBOX_FORM, &i[..i.len() - rest.len()]);
        }
        Ok((rest, Self(syntax::keep(cx, octets))))
    }

    /// `SP mailbox`: the argument of the commands that have no other.
    pub(crate) fn argument<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::sp(cx, i)?;
        Self::rule(cx, i)
    }

    /// Writes it as the argument of a command.
    pub(crate) fn encode_argument(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        self.encode(encoder);
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        if self.is_inbox() { encoder.put(b"INBOX") } else { encoder.astring_octets(&self.0) }
    }

    /// Any name, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            Just(Self::inbox()),
            "[A-Za-z0-9/._ -]{1,16}".prop_map(|s| Self(s.into())),
            // no `&`, which is remarked where it is not modified UTF-7
            "[ -%'-~]{0,12}".prop_map(|s| Self(s.into())),
            "[a-z\u{e9}\u{4e00}/&]{1,8}".prop_map(|s| Self(utf7::encode(&s).into())),
        ]
    }
}

impl PartialEq for Mailbox {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.is_inbox() && other.is_inbox()
    }
}

impl Eq for Mailbox {}

impl ::core::hash::Hash for Mailbox {
    fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
        if self.is_inbox() { b"INBOX"[..].hash(state) } else { self.0[..].hash(state) }
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check};

    #[test]
    fn names() {
        let name = |octets: &'static [u8]| Mailbox::new(octets).unwrap();
        check(
            Mailbox::rule,
            |mailbox, encoder| mailbox.encode(encoder),
            &[
                Row::Good(b"INBOX", name(b"inbox")),
                Row::Good(b"\"my mail\"", name(b"my mail")),
                Row::Good(b"\"\"", name(b"")),
                Row::Good(b"a]b", name(b"a]b")),
                Row::Good(b"~/Mail/foo", name(b"~/Mail/foo")),
                Row::Other(b"{3}\r\nabc", name(b"abc")),
                Row::Tolerated(b"[Gmail]/\xc3\xa9 x", 10, name(b"[Gmail]/\xc3\xa9")),
                Row::Bad(b"(", 0),
                Row::Bad(b"{3}\r\na\r\n", 0),
            ],
        );
    }
}
