//! The strings that PLAIN and its relatives are made of.

use crate::error::malformed;
use crate::expected;
#[cfg(feature = "server")]
use subtle::{Choice, ConstantTimeEq};
use wire::parse::{Expected, Failure, Parsed};
use wire::{Misuse, ParseError, ParseErrorKind};
#[cfg(feature = "server")]
use zeroize::Zeroizing;

/// The longest identity and the longest password, in octets (RFC 4616 section 2 demands that many).
pub(crate) const MAX: usize = 255;

/// ```text
/// SAFE      = UTF1 / UTF2 / UTF3 / UTF4
///             ;; any UTF-8 encoded Unicode character except NUL
/// ```
///
/// One to 255 octets of it.
pub(crate) fn check(value: &[u8]) -> Result<&str, Misuse> {
    if value.is_empty() {
        return Err(Misuse::Empty);
    }
    if value.len() > MAX {
        return Err(Misuse::TooLong { limit: MAX });
    }
    if let Some(offset) = value.iter().position(|&o| o == 0) {
        return Err(Misuse::IllegalOctet { offset });
    }
    core::str::from_utf8(value).map_err(|error| Misuse::IllegalOctet { offset: error.valid_up_to() })
}

/// 1 to 255 octets of SAFE, up to NUL or the end.
pub(crate) fn safe(i: &[u8], expected: Expected) -> Parsed<'_, &str> {
    let (field, rest) = i.split_at(i.iter().position(|&o| o == 0).unwrap_or(i.len()));
    match check(field) {
        Ok(text) => Ok((rest, text)),
        Err(Misuse::TooLong { limit }) => Err(Failure::at(&i[limit..], expected, ParseErrorKind::TooLong)),
        Err(Misuse::IllegalOctet { offset }) => {
            Err(Failure::at(&i[offset..], expected, ParseErrorKind::IllegalOctet))
        }
        Err(_) => wire::parse::fail(i, expected),
    }
}

/// ```text
/// UTF8NUL   = %x00 ; UTF-8 encoded NUL character
/// ```
pub(crate) fn nul(i: &[u8]) -> Parsed<'_, ()> {
    match i.split_first() {
        Some((0, rest)) => Ok((rest, ())),
        _ => wire::parse::fail(i, expected::NUL),
    }
}

/// A message that is one such string.
#[cfg(feature = "server")]
pub(crate) fn whole(i: &[u8], expected: Expected) -> Result<&str, ParseError> {
    all(i, |i| safe(i, expected))
}

/// A rule over a whole message, which may hold a secret.
pub(crate) fn all<'i, T>(i: &'i [u8], rule: impl FnOnce(&'i [u8]) -> Parsed<'i, T>) -> Result<T, ParseError> {
    rule(i)
        .and_then(|(rest, value)| wire::parse::end(rest).map(|_| value))
        .map_err(|error| malformed(i, Failure::of(error), expected::name))
}

/// Whether two passwords of at most 255 octets are equal. All 255 octets are compared, whatever the
/// lengths, so that the time does not tell how long the stored one is.
#[cfg(feature = "server")]
pub(crate) fn same(presented: &[u8], stored: &[u8]) -> Choice {
    // filled where they stand: a block that is moved leaves a copy behind
    let mut presented_block = Zeroizing::new([0; MAX]);
    let mut stored_block = Zeroizing::new([0; MAX]);
    fill(&mut presented_block, presented);
    fill(&mut stored_block, stored);
    presented_block.ct_eq(&*stored_block)
        & presented.len().ct_eq(&stored.len())
        & Choice::from(u8::from(stored.len() <= MAX))
}

#[cfg(feature = "server")]
fn fill(block: &mut [u8; MAX], value: &[u8]) {
    for (to, from) in block.iter_mut().zip(value) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_text() {
        assert_eq!(check(&[b'a'; MAX]).map(str::len), Ok(MAX));
        assert_eq!(check(&[b'a'; MAX + 1]), Err(Misuse::TooLong { limit: MAX }));
        assert_eq!(check(b""), Err(Misuse::Empty));
        assert_eq!(check(b"ab\0"), Err(Misuse::IllegalOctet { offset: 2 }));
        assert_eq!(check(b"ab\xff"), Err(Misuse::IllegalOctet { offset: 2 }));
        assert_eq!(check("pä\u{10ffff}".as_bytes()), Ok("pä\u{10ffff}"));
    }

    #[cfg(feature = "server")]
    #[test]
    fn equality() {
        let long = [b'a'; MAX];
        for (a, b, equal) in [
            (&b"abc"[..], &b"abc"[..], true),
            (b"abc", b"abd", false),
            (b"abc", b"ab", false),
            (b"ab", b"ab\0", false),
            (&long, &long, true),
            (&[b'a'; MAX + 1], &[b'a'; MAX + 1], false),
            (&long, &[b'a'; MAX + 1], false),
        ] {
            assert_eq!(bool::from(same(a, b)), equal, "{} {}", a.len(), b.len());
        }
    }
}
