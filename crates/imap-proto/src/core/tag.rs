//! Tags.

use super::{Encoder, class};
use ::core::fmt;
use bytes::Bytes;
use wire::Misuse;

/// `tag = 1*<any ASTRING-CHAR except "+">` (RFC 9051 section 9): what ties a tagged response to its command. Case matters.
///
/// ```
/// use imap_proto::Tag;
///
/// assert_eq!(Tag::new("A001")?.as_bytes(), b"A001");
/// assert!(Tag::new("+").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Tag(Bytes);

impl Tag {
    /// Checks and takes over `octets`.
    ///
    /// # Errors
    /// [`Misuse::Empty`]; [`Misuse::IllegalOctet`]. A lone `*` is no tag, since `*` is no `ASTRING-CHAR`.
    pub fn new(octets: impl Into<Bytes>) -> Result<Self, Misuse> {
        let octets = octets.into();
        if octets.is_empty() {
            return Err(Misuse::Empty);
        }
        match class::TAG.first_outside(&octets) {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None => Ok(Self(octets)),
        }
    }

    /// What a parser has seen.
    pub(crate) const fn known(octets: Bytes) -> Self {
        Self(octets)
    }

    /// The octets.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(&self.0);
    }

    /// Any tag, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        "[A-Za-z0-9.\\]-]{1,8}".prop_map(|s| Self(s.into()))
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}
