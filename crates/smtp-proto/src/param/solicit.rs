//! SOLICIT (RFC 3865 section 2.3): which classes of solicitation the message is of.

use super::whole;
use crate::syntax::expected;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
use wire::parse::{Failure, Parsed, fail};
use wire::{Context, Misuse, ParseErrorKind};

/// RFC 3865 section 2.2: "length of this string is limited to <= 1000 characters".
const MAX: usize = 1000;

/// Which classes of solicitation a message is of (RFC 3865 section 2.2): the same as in its `Solicitation` header field.
///
/// ```
/// use smtp_proto::Solicit;
///
/// let solicit = Solicit::parse("net.example:ADV,org.example:ADV:ADLT")?;
/// assert_eq!(solicit.keywords().collect::<Vec<_>>(), ["net.example:ADV", "org.example:ADV:ADLT"]);
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Solicit<'a>(Cow<'a, str>);

impl<'a> Solicit<'a> {
    /// Class keywords with commas between them.
    ///
    /// # Errors
    /// None, one that is empty or holds something else than letters, digits and `. - _ :`, or more than 1000 octets.
    pub fn parse(keywords: &'a (impl AsRef<[u8]> + ?Sized)) -> Result<Self, Misuse> {
        whole(keywords.as_ref(), rule, "list of solicitation keywords")
    }

    /// The class keywords.
    pub fn keywords(&self) -> impl Iterator<Item = &str> {
        self.0.split(',')
    }

    /// The keywords as they were written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same, with octets of its own.
    #[must_use]
    pub fn into_owned(self) -> Solicit<'static> {
        Solicit(Cow::Owned(self.0.into_owned()))
    }
}

impl fmt::Debug for Solicit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// ```text
/// Solicitation-keywords = word
///      0*("," word)
///      ; length of this string is limited
///      ; to <= 1000 characters
/// word = ALPHA 0*(wordchar)
/// wordchar = ("." / "-" / "_" / ":" / ALPHA / DIGIT)
/// ```
pub(crate) fn rule<'i>(_: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Solicit<'i>> {
    let mut rest = i;
    loop {
        if !rest.first().is_some_and(u8::is_ascii_alphabetic) {
            return fail(rest, expected::SOLICIT);
        }
        let word_char = |octet: &u8| octet.is_ascii_alphanumeric() || b".-_:".contains(octet);
        let len = rest.iter().position(|octet| !word_char(octet)).unwrap_or(rest.len());
        rest = &rest[len..];
        match rest.strip_prefix(b",") {
            Some(next) => rest = next,
            None => break,
        }
    }
    match core::str::from_utf8(&i[..i.len() - rest.len()]) {
        Ok(keywords) if keywords.len() <= MAX => Ok((rest, Solicit(Cow::Borrowed(keywords)))),
        _ => Err(Failure::at(i, expected::SOLICIT, ParseErrorKind::TooLong)),
    }
}

pub(crate) fn encode(solicit: &Solicit<'_>, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    wire.extend_from_slice(solicit.0.as_bytes());
    Ok(())
}

#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = Solicit<'static>> {
    use proptest::strategy::Strategy;
    "[A-Za-z][a-z0-9._:-]{0,20}(,[A-Za-z][A-Z0-9._:-]{0,9}){0,4}".prop_map(|words| Solicit(Cow::Owned(words)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::testing::{refused, taken};

    #[test]
    fn keywords() {
        for value in ["org.example:ADV:ADLT", "net.example:ADV,org.example:ADV:ADLT", "a", "A,b,c_d-e.f:9"] {
            taken(rule, encode, &[(value.as_bytes(), Solicit::parse(value).unwrap())]);
        }
        refused(
            rule,
            &[
                (b"", 0),
                (b",a", 0),
                (b"a,", 2),
                (b"a,,b", 2),
                (b"1a", 0),
                (b"a, b", 2),
                (b"a;b", 1),
                (b"a\xc3\xa9", 1),
            ],
        );
        assert!(Solicit::parse("a\r\nb").is_err());
    }

    #[test]
    fn at_most_1000_octets() {
        let longest = [b'a'; MAX];
        taken(rule, encode, &[(&longest, Solicit::parse(&longest).unwrap())]);
        refused(rule, &[(&[b'a'; MAX + 1], 0)]);
    }
}
