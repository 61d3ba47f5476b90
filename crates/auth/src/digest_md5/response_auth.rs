//! `response-auth` (RFC 2831 section 2.1.3).

use super::Challenge;
use super::directives::Directives;
use crate::digest::{Digest, digest};
use alloc::vec::Vec;
use wire::{ParseError, Tolerance};

/// The server's proof that it knows the password, too.
///
/// ```
/// use auth::digest_md5::ResponseAuth;
///
/// let proof = ResponseAuth::parse(b"rspauth=ea40f60335c427b5527b84dbabcdfffd")?;
/// assert_eq!(proof.encode(), b"rspauth=ea40f60335c427b5527b84dbabcdfffd");
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseAuth(Digest);

impl ResponseAuth {
    /// Parses a whole message. The value may be quoted or not; other directives are skipped.
    ///
    /// ```text
    /// response-auth = "rspauth" "=" response-value
    /// ```
    ///
    /// # Errors
    /// The offset and what was expected there.
    pub fn parse(i: &[u8]) -> Result<Self, ParseError> {
        let directives = Directives::parse(i, Challenge::MAX)?;
        let value = directives.required("rspauth")?;
        directives.rule(value, |i| digest(i, Tolerance::Strict)).map(|(digest, _)| Self(digest))
    }

    /// The message.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut octets = b"rspauth=".to_vec();
        octets.extend_from_slice(&self.0.to_hex());
        octets
    }

    /// The proof.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.0
    }
}

impl From<Digest> for ResponseAuth {
    fn from(digest: Digest) -> Self {
        Self(digest)
    }
}
