//! URLs, as far as they are one word of a line.

use ::core::fmt;
use bytes::Bytes;
use wire::Misuse;

/// A URL in a response code or a capability: printable ASCII without `]`, `{`, `"` and `\`, which no URL has, so that it is one
/// word, ends no code and announces no literal. What it says
/// (RFC 5092, RFC 2192, RFC 5804) is not looked at.
///
/// ```
/// use imap_proto::UrlWord;
///
/// assert_eq!(UrlWord::new("imap://user;AUTH=*@server2/")?.as_bytes().len(), 27);
/// assert!(UrlWord::new("imap://server2/] BYE").is_err() && UrlWord::new("sieve://{5}").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UrlWord(Bytes);

impl UrlWord {
    /// Checks and takes over `octets`.
    ///
    /// # Errors
    /// [`Misuse::Empty`]; [`Misuse::IllegalOctet`].
    pub fn new(octets: impl Into<Bytes>) -> Result<Self, Misuse> {
        let octets = octets.into();
        if octets.is_empty() {
            return Err(Misuse::Empty);
        }
        match octets.iter().position(|&o| !Self::has(o)) {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None => Ok(Self(octets)),
        }
    }

    const fn has(octet: u8) -> bool {
        octet.is_ascii_graphic() && !matches!(octet, b']' | b'{' | b'"' | b'\\')
    }

    /// How many octets at the front can be in one.
    pub(crate) fn run(octets: &[u8]) -> usize {
        octets.iter().position(|&o| !Self::has(o)).unwrap_or(octets.len())
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // only ASCII gets in
        ::core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// Any, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            "imaps?://[a-z;=*@]{0,9}[a-z0-9.]{1,9}/[A-Za-z%0-9;=/?]{0,9}",
            "[!-~&&[^\\]{\"\\\\]]{1,12}",
        ]
        .prop_map(|s| Self(s.into()))
    }
}

impl fmt::Debug for UrlWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", Shown(&self.0))
    }
}

/// A URL, for showing it: without the token that gives access to what it names (RFC 4467).
pub(crate) struct Shown<'a>(pub(crate) &'a [u8]);

/// `;URLAUTH=`, and what is before it.
fn up_to_access(url: &[u8]) -> Option<(&[u8], &[u8])> {
    const MARK: &[u8] = b";URLAUTH=";
    let at = url.windows(MARK.len()).position(|window| window.eq_ignore_ascii_case(MARK))?;
    Some(url.split_at(at + MARK.len()))
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((front, behind)) = up_to_access(self.0) else {
            return write!(f, "{}", self.0.escape_ascii());
        };
        match memchr::memchr(b':', behind) {
            Some(at) => write!(f, "{}{}:***", front.escape_ascii(), behind[..at].escape_ascii()),
            None => write!(f, "{}{}", front.escape_ascii(), behind.escape_ascii()),
        }
    }
}

/// The same, where all URLs give access: what is none is hidden altogether.
pub(crate) struct ShownAccess<'a>(pub(crate) &'a [u8]);

impl fmt::Debug for ShownAccess<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match up_to_access(self.0) {
            Some(_) => Shown(self.0).fmt(f),
            None => f.write_str("***"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn tokens_are_not_shown() {
        for (url, shown) in [
            (
                "imap://a/b/;uid=1;urlauth=anonymous:internal:0123abcd",
                "imap://a/b/;uid=1;urlauth=anonymous:***",
            ),
            ("imap://a/b/;UID=1;URLAUTH=user+joe", "imap://a/b/;UID=1;URLAUTH=user+joe"),
            ("imap://a/b", "imap://a/b"),
        ] {
            assert_eq!(format!("{:?}", UrlWord::new(url).unwrap()), shown);
        }
        assert_eq!(format!("{:?}", ShownAccess(b"0123abcd")), "***");
        assert_eq!(format!("{:?}", ShownAccess(b";URLAUTH=a:b:c")), ";URLAUTH=a:***");
    }
}
