//! Atoms.

use super::{Encoder, class};
use ::core::fmt;
use bytes::Bytes;
use wire::Misuse;

/// `atom = 1*ATOM-CHAR` (RFC 9051 section 9). Two atoms are equal if their letters are, in any case.
///
/// ```
/// use imap_proto::Atom;
///
/// assert_eq!(Atom::new("X-Spam")?, Atom::new("x-spam")?);
/// assert!(Atom::new("two words").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone)]
pub struct Atom(Bytes);

impl Atom {
    /// Checks and takes over `octets`.
    ///
    /// # Errors
    /// [`Misuse::Empty`]; [`Misuse::IllegalOctet`]: not an `ATOM-CHAR`.
    pub fn new(octets: impl Into<Bytes>) -> Result<Self, Misuse> {
        let octets = octets.into();
        if octets.is_empty() {
            return Err(Misuse::Empty);
        }
        match class::ATOM.first_outside(&octets) {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None => Ok(Self(octets)),
        }
    }

    /// What a parser has seen: an atom, or what was tolerated as one.
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

    /// Any atom, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        "[A-Za-z!#$&',./0-9:;<=>?@^_`|}~+-]{1,12}".prop_map(|s| Self(s.into()))
    }
}

impl PartialEq for Atom {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Atom {}

impl ::core::hash::Hash for Atom {
    fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
        for octet in &self.0 {
            state.write_u8(octet.to_ascii_lowercase());
        }
    }
}

impl fmt::Debug for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_atom_chars() {
        assert_eq!(Atom::new(""), Err(Misuse::Empty));
        for bad in ["a b", "a(", "a)", "a{", "a%", "a*", "a\"", "a\\", "a]", "a\r", "a\n", "a\0", "a\x7f"] {
            assert_eq!(Atom::new(bad), Err(Misuse::IllegalOctet { offset: 1 }));
        }
        assert!(Atom::new(&b"\xe9"[..]).is_err());
    }
}
