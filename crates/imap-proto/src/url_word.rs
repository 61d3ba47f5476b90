//! URLs, as far as they are one word of a line.

use ::core::fmt;
use bytes::Bytes;
use wire::Misuse;

/// A URL in a response code or a capability: printable ASCII without `]`, `"` and `\`, so that it is one word and ends no code. What it says
/// (RFC 5092, RFC 2192, RFC 5804) is not looked at.
///
/// ```
/// use imap_proto::UrlWord;
///
/// assert_eq!(UrlWord::new("imap://user;AUTH=*@server2/")?.as_bytes().len(), 27);
/// assert!(UrlWord::new("imap://server2/] BYE").is_err());
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
        octet.is_ascii_graphic() && !matches!(octet, b']' | b'"' | b'\\')
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
            "[!-~&&[^\\]\"\\\\]]{1,12}",
        ]
        .prop_map(|s| Self(s.into()))
    }
}

impl fmt::Debug for UrlWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
