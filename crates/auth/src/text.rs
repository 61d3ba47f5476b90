//! The strings that PLAIN and its relatives are made of.

#[cfg(feature = "server")]
use subtle::{Choice, ConstantTimeEq};
use wire::Misuse;
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
