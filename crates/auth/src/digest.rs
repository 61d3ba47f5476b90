//! The MD5 digest of APOP (RFC 1939 section 7), CRAM-MD5 (RFC 2195 section 2) and DIGEST-MD5 (RFC 2831 section 2.1.2).

use crate::expected;
use core::fmt;
use hmac::{HmacReset, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};
#[cfg(feature = "server")]
use subtle::Choice;
use subtle::ConstantTimeEq;
use wire::parse::{Parsed, fail};
use wire::{Secret, Tolerance};

/// The MD5 digest of a secret and something else: with it passwords can be tried, so it is printed as `***`. It
/// is compared in constant time.
///
/// ```
/// use auth::apop::{Digest, Timestamp};
/// use wire::Secret;
///
/// let timestamp = Timestamp::parse(b"<1896.697170952@dbc.mtview.ca.us>")?;
/// let digest = Digest::compute(&timestamp, &Secret::new(*b"tanstaaf"));
/// assert_eq!(&digest.to_hex(), b"c4c9334bac560ecc979e58001b3e22fb");
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Digest(pub(crate) [u8; 16]);

impl Digest {
    /// The MD5 digest of all parts behind one another.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Md5::new();
        for part in parts {
            hash.update(part);
        }
        // by reference: `finalize` would move the block with the end of the secret, and leave a copy
        Self(hash.finalize_reset().into())
    }

    /// The keyed MD5 digest (RFC 2104) of a text.
    pub(crate) fn keyed(key: &Secret, text: &[u8]) -> Self {
        // cannot fail: keys of any length will do
        let Ok(mut mac) = HmacReset::<Md5>::new_from_slice(key.expose()) else { return Self([0; 16]) };
        mac.update(text);
        Self(mac.finalize_reset().into_bytes().into())
    }

    #[cfg(feature = "server")]
    pub(crate) fn same(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }

    /// The 16 octets, for a protocol crate that writes them by itself.
    #[must_use]
    pub fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    /// In hexadecimal, with lower-case letters.
    #[must_use]
    pub fn to_hex(&self) -> [u8; 32] {
        let mut text = [0; 32];
        // cannot fail: 32 is twice 16
        let _ = hex::encode_to_slice(self.0, &mut text);
        text
    }
}

/// From a protocol crate that has read the hexadecimal digits by itself.
impl From<[u8; 16]> for Digest {
    fn from(octets: [u8; 16]) -> Self {
        Self(octets)
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// RFC 1939 section 7, and so RFC 2195 section 2 and RFC 2831 section 2.1.2 (`32LHEX`):
///
/// ```text
/// The `digest' parameter itself is a 16-octet value which is sent in
/// hexadecimal format, using lower-case ASCII characters.
/// ```
///
/// The second value is whether there were upper-case letters, which are accepted at [`Tolerance::Lenient`].
pub(crate) fn digest(i: &[u8], tolerance: Tolerance) -> Parsed<'_, (Digest, bool)> {
    let upper = tolerance >= Tolerance::Lenient;
    let digit = |o: &u8| matches!(o, b'0'..=b'9' | b'a'..=b'f') || upper && matches!(o, b'A'..=b'F');
    let len = i.iter().take(32).position(|o| !digit(o)).unwrap_or(i.len().min(32));
    let (text, rest) = i.split_at(len);
    let mut value = [0; 16];
    if hex::decode_to_slice(text, &mut value).is_err() {
        return fail(rest, expected::DIGEST);
    }
    Ok((rest, (Digest(value), text.iter().any(u8::is_ascii_uppercase))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// auth-vectors.md, section 5: RFC 2202 section 2.
    #[test]
    fn keyed_vectors() {
        for (key, text, hex) in [
            (&[0x0b; 16][..], &b"Hi There"[..], b"9294727a3638bb1c13f48ef8158bfc9d"),
            (b"Jefe", b"what do ya want for nothing?", b"750c783e6ab0b503eaa86e310a5db738"),
            (&[0xaa; 16], &[0xdd; 50], b"56be34521d144c88dbb8c733f0e8b3f6"),
            (
                &[0xaa; 80],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                b"6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
            ),
        ] {
            assert_eq!(&Digest::keyed(&Secret::new(key), text).to_hex(), hex);
        }
    }
}
