//! What must be fresh and unpredictable, and comes from the caller.

use alloc::{borrow::ToOwned, string::String};
use wire::Misuse;

/// A nonce: fresh for each exchange, and unpredictable. The caller draws it; its shape is checked, its
/// randomness cannot be.
///
/// ```
/// use auth::Nonce;
///
/// # fn random<const N: usize>() -> [u8; N] { core::array::from_fn(|i| i as u8) }
/// // 18 octets of the system's randomness
/// let nonce = Nonce::from_random(&random::<18>())?;
/// assert_eq!(nonce.as_str().len(), 36);
/// // somebody forgot to draw
/// assert!(Nonce::from_random(&[0; 18]).is_err());
/// assert!(Nonce::new("123").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce(String);

impl Nonce {
    /// The least randomness, in octets.
    pub const MIN_OCTETS: usize = 18;
    /// The shortest, in characters: that much randomness in base64.
    pub const MIN: usize = 24;
    /// The longest, in characters.
    pub const MAX: usize = 255;

    /// Random octets, which become hexadecimal digits.
    ///
    /// # Errors
    /// Fewer than [`MIN_OCTETS`](Self::MIN_OCTETS), too many for [`MAX`](Self::MAX), or all the same, as
    /// where nothing was drawn.
    pub fn from_random(octets: &[u8]) -> Result<Self, Misuse> {
        if octets.len() < Self::MIN_OCTETS {
            return Err(Misuse::Invalid("nonce: fewer than 18 random octets"));
        }
        let text: String = octets.iter().flat_map(|octet| [octet >> 4, octet & 15]).map(digit).collect();
        Self::new(&text)
    }

    /// A text that was made of 18 random octets or more: printable US-ASCII without space, comma, quotation
    /// mark and backslash, which stands for itself in each mechanism (RFC 5802 section 7: `printable`; RFC
    /// 2831 section 7.2: `qdtext`).
    ///
    /// # Errors
    /// Shorter than [`MIN`](Self::MIN), longer than [`MAX`](Self::MAX), with another character, or two
    /// characters over and over.
    pub fn new(text: &str) -> Result<Self, Misuse> {
        if text.len() > Self::MAX {
            return Err(Misuse::TooLong { limit: Self::MAX });
        }
        if text.len() < Self::MIN {
            return Err(Misuse::Invalid("nonce: shorter than 24 characters"));
        }
        let illegal = |o: u8| !o.is_ascii_graphic() || matches!(o, b',' | b'"' | b'\\');
        if let Some(offset) = text.bytes().position(illegal) {
            return Err(Misuse::IllegalOctet { offset });
        }
        let octets = text.as_bytes();
        if octets.iter().zip(&octets[2..]).all(|(one, next)| one == next) {
            return Err(Misuse::Invalid("nonce: not random"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// That of an RFC's example, which is shorter.
    #[cfg(test)]
    pub(crate) fn of_example(text: &str) -> Self {
        Self(text.to_owned())
    }
}

fn digit(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shape() {
        let long = "0123456789abcdef".repeat(16);
        for (text, expected) in [
            ("fyko+d2lbbFgONRv9qkxdawL", Ok(())),
            ("fyko+d2lbbFgONRv9qkxdaw", Err(Misuse::Invalid("nonce: shorter than 24 characters"))),
            ("fyko+d2lbbFgONRv9qkxdaw,", Err(Misuse::IllegalOctet { offset: 23 })),
            ("fyko+d2lbbFgONRv9qkxdaw\"", Err(Misuse::IllegalOctet { offset: 23 })),
            ("fyko+d2lbbFgONRv9qkxdaw\\", Err(Misuse::IllegalOctet { offset: 23 })),
            ("fyko d2lbbFgONRv9qkxdawL", Err(Misuse::IllegalOctet { offset: 4 })),
            ("fyk\u{f6}+d2lbbFgONRv9qkxdawL", Err(Misuse::IllegalOctet { offset: 3 })),
            ("000000000000000000000000", Err(Misuse::Invalid("nonce: not random"))),
            ("0101010101010101010101010", Err(Misuse::Invalid("nonce: not random"))),
            (&long[..255], Ok(())),
            (&long, Err(Misuse::TooLong { limit: 255 })),
        ] {
            assert_eq!(Nonce::new(text).map(drop), expected, "{text}");
        }
        assert!(Nonce::from_random(&[7; 18]).is_err());
        let octets: [u8; 127] = core::array::from_fn(|i| u8::try_from(i).unwrap());
        assert!(Nonce::from_random(&octets[..17]).is_err());
        assert_eq!(Nonce::from_random(&octets).map(|nonce| nonce.as_str().len()), Ok(254));
    }
}
