//! What must be fresh: nonces and salts. They come from the caller, or from the operating system with the
//! feature `getrandom`.

use super::syntax::is_printable;
use alloc::{string::String, vec::Vec};
use core::fmt;
use wire::{Misuse, sasl};

/// One side's half of the nonce: for one exchange, so it cannot be cloned.
///
/// ```
/// use auth::scram::Nonce;
///
/// # let random_octets = [7; 18];
/// // of a generator of random octets
/// let nonce = Nonce::from_octets(&random_octets)?;
/// assert_eq!(nonce.as_str().len(), 24);
/// assert!(Nonce::from_octets(&[7; 17]).is_err());
/// assert!(Nonce::new("no,comma,is,allowed,in,a,nonce").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
pub struct Nonce(String);

impl Nonce {
    /// The least number of random octets: 144 bits.
    pub const MIN_OCTETS: usize = 18;
    /// The least number of characters, of which each holds 6 bits if the nonce was made well.
    pub const MIN_LEN: usize = 24;
    /// The longest, in characters.
    pub const MAX_LEN: usize = 255;

    /// Takes a text that is random.
    ///
    /// # Errors
    /// Shorter than 24 characters or longer than 255, or not printable ASCII without comma (RFC 5802
    /// section 5.1).
    pub fn new(text: &str) -> Result<Self, Misuse> {
        if let Some(offset) = text.bytes().position(|o| !is_printable(o)) {
            return Err(Misuse::IllegalOctet { offset });
        }
        match text.len() {
            0..Self::MIN_LEN => Err(Misuse::Invalid("nonce: it is too short")),
            Self::MIN_LEN..=Self::MAX_LEN => Ok(Self(text.into())),
            _ => Err(Misuse::TooLong { limit: Self::MAX_LEN }),
        }
    }

    /// Makes a nonce of random octets.
    ///
    /// # Errors
    /// Fewer than 18, or more than 189.
    pub fn from_octets(random: &[u8]) -> Result<Self, Misuse> {
        if random.len() < Self::MIN_OCTETS {
            return Err(Misuse::Invalid("nonce: it is too short"));
        }
        let text = sasl::encoded(random);
        Self::new(core::str::from_utf8(text.expose()).unwrap_or_default())
    }

    /// The nonce of the vectors of RFC 7677 has 20 characters.
    #[cfg(test)]
    pub(crate) fn of_a_vector(text: &str) -> Self {
        Self(text.into())
    }

    /// Draws one from the operating system.
    ///
    /// # Errors
    /// It has none.
    #[cfg(feature = "getrandom")]
    pub fn draw() -> Result<Self, crate::random::NoEntropy> {
        let octets = crate::random::octets::<{ Self::MIN_OCTETS }>()?;
        Ok(Self(sasl::encoded(&octets).expose().iter().map(|&o| char::from(o)).collect()))
    }

    /// The nonce.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Nobody should see it before it was sent.
impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A salt for new records (RFC 5802 section 2.1): another one for each user, and for each change of the password.
///
/// ```
/// use auth::scram::Salt;
///
/// # let random_octets = [7; 16];
/// assert!(Salt::new(&random_octets).is_ok());
/// assert!(Salt::new(b"salt").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salt(Vec<u8>);

impl Salt {
    /// The least number of octets.
    pub const MIN: usize = 16;
    /// The most.
    pub const MAX: usize = 64;

    /// Takes random octets.
    ///
    /// # Errors
    /// Fewer than 16, or more than 64.
    pub fn new(random: &[u8]) -> Result<Self, Misuse> {
        match random.len() {
            0..Self::MIN => Err(Misuse::Invalid("salt: it is too short")),
            Self::MIN..=Self::MAX => Ok(Self(random.to_vec())),
            _ => Err(Misuse::TooLong { limit: Self::MAX }),
        }
    }

    /// Draws one from the operating system.
    ///
    /// # Errors
    /// It has none.
    #[cfg(feature = "getrandom")]
    pub fn draw() -> Result<Self, crate::random::NoEntropy> {
        crate::random::octets::<{ Self::MIN }>().map(|octets| Self(octets.to_vec()))
    }

    /// The octets.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec};

    /// Case 178.
    #[test]
    fn shapes() {
        let new = |text: &str| Nonce::new(text).map(|nonce| nonce.0);
        let a = |n| "a".repeat(n);
        for (text, expected) in [
            (a(23), Err(Misuse::Invalid("nonce: it is too short"))),
            (a(24), Ok(a(24))),
            (a(255), Ok(a(255))),
            (a(256), Err(Misuse::TooLong { limit: 255 })),
            (a(30) + ",", Err(Misuse::IllegalOctet { offset: 30 })),
            (a(30) + " ", Err(Misuse::IllegalOctet { offset: 30 })),
            (a(30) + "\n", Err(Misuse::IllegalOctet { offset: 30 })),
            (a(30) + "ä", Err(Misuse::IllegalOctet { offset: 30 })),
            (String::new(), Err(Misuse::Invalid("nonce: it is too short"))),
        ] {
            assert_eq!(new(&text), expected);
        }
        for (len, ok) in [(0, false), (17, false), (18, true), (189, true), (192, false)] {
            assert_eq!(Nonce::from_octets(&vec![7; len]).is_ok(), ok, "{len}");
        }
        for (len, ok) in [(0, false), (15, false), (16, true), (64, true), (65, false)] {
            assert_eq!(Salt::new(&vec![7; len]).is_ok(), ok, "{len}");
        }
        assert_eq!(format!("{:?}", Nonce(a(24))), "***");
    }

    #[cfg(feature = "getrandom")]
    #[test]
    fn drawn_ones_differ() {
        let (a, b) = (Nonce::draw().unwrap(), Nonce::draw().unwrap());
        assert_ne!(a.as_str(), b.as_str());
        assert!(Nonce::new(a.as_str()).is_ok());
        let (a, b) = (Salt::draw().unwrap(), Salt::draw().unwrap());
        assert_ne!(a, b);
        assert!(Salt::new(a.as_slice()).is_ok());
    }
}
