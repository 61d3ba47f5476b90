//! The server's first message: the whole nonce, the salt and the number of iterations.

use super::syntax::{
    attribute, base64, comma, extensions, no_mandatory_extension, nonce, posit_number, put_base64, whole,
};
use crate::{Error, expected};
use alloc::{format, string::String, vec::Vec};
use wire::parse::Parsed;

/// `server-first-message` (RFC 5802 section 7).
///
/// ```
/// use auth::scram::ServerFirst;
///
/// let message = ServerFirst::parse(b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096")?;
/// assert_eq!(message.iterations(), 4096);
/// assert_eq!(message.salt().len(), 12);
/// # Ok::<(), auth::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFirst {
    pub(super) nonce: String,
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u32,
    pub(super) extensions: String,
}

impl ServerFirst {
    /// Parses a whole message.
    ///
    /// # Errors
    /// [`Error::Malformed`], or [`Error::Scram`] because of a mandatory extension.
    pub fn parse(i: &[u8]) -> Result<Self, Error> {
        whole(i, Self::rule)
    }

    /// ```text
    /// server-first-message =
    ///                   [reserved-mext ","] nonce "," salt ","
    ///                   iteration-count ["," extensions]
    /// salt            = "s=" base64
    /// iteration-count = "i=" posit-number
    /// ```
    fn rule(i: &[u8]) -> Parsed<'_, Self> {
        let (i, ()) = no_mandatory_extension(i)?;
        let (i, nonce) = nonce(i)?;
        let (i, ()) = comma(i)?;
        let (i, salt) = base64(i, b's', expected::SALT)?;
        let (i, ()) = comma(i)?;
        let (i, ()) = attribute(i, b'i', expected::ITERATIONS)?;
        let (i, iterations) = posit_number(i)?;
        let (i, extensions) = extensions(i, None)?;
        Ok((i, Self { nonce, salt: salt.expose().to_vec(), iterations, extensions }))
    }

    /// The nonce, of which the first part is the client's.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// The salt: never empty.
    #[must_use]
    pub fn salt(&self) -> &[u8] {
        &self.salt
    }

    /// How often the password is hashed: never 0.
    #[must_use]
    pub const fn iterations(&self) -> u32 {
        self.iterations
    }

    /// The message.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut octets = format!("r={},s=", self.nonce).into_bytes();
        put_base64(&self.salt, &mut octets);
        octets.extend_from_slice(format!(",i={}{}", self.iterations, self.extensions).as_bytes());
        octets
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Fault, syntax};
    use super::*;
    use proptest::prelude::*;

    /// Cases 173 to 175.
    #[test]
    fn malformed() {
        let i = "number of iterations: i=";
        for (message, offset, expected) in [
            ("", 0, "nonce: r="),
            ("r=a,i=1,s=AAAA", 4, "salt: s="),
            ("s=AAAA,r=a,i=1", 0, "nonce: r="),
            ("r=a", 3, "comma"),
            ("r=a,s=,i=1", 6, "salt: s="),
            ("r=a,s=!!!!,i=1", 6, "base64"),
            ("r=a,s=AAA,i=1", 9, "base64"),
            ("r=a,s=AB==,i=1", 7, "base64"),
            ("r=a,s=AAAA,s=AAAA,i=1", 11, i),
            ("r=a,s=AAAA,i=0", 13, i),
            ("r=a,s=AAAA,i=", 13, i),
            ("r=a,s=AAAA,i=-1", 13, i),
            ("r=a,s=AAAA,i=+4096", 13, i),
            ("r=a,s=AAAA,i=04096", 13, i),
            ("r=a,s=AAAA,i=4096x", 17, "end of line"),
            ("r=a,s=AAAA,i=99999999999", 13, i),
            ("r=a,s=AAAA,i=1,i=1", 15, "extension"),
            ("r=a,s=AAAA,i=1,r=a", 15, "extension"),
            ("r=a,s=AAAA,i=1,", 15, "extension"),
            ("r=a,r=a,s=AAAA,i=1", 4, "salt: s="),
            ("r=a,s=AAAA,i=1\r\n", 14, "end of line"),
        ] {
            let Err(Error::Malformed(error)) = ServerFirst::parse(message.as_bytes()) else {
                panic!("{message}")
            };
            assert_eq!((error.offset, error.expected), (offset, expected), "{message}");
        }
        for message in [&b"m=x,r=a,s=AAAA,i=1"[..], b"r=a,s=AAAA,i=1,m=x", b"m=,r=a,s=AAAA,i=1"] {
            assert_eq!(ServerFirst::parse(message), Err(Error::Scram(Fault::MandatoryExtension)));
        }
        assert!(ServerFirst::parse(b"r=a,s=AAAA,i=1,x=unknown,y=too").is_ok());
    }

    proptest! {
        #[test]
        fn round_trip(
            nonce in "[!-+\\--~]{1,60}",
            salt in proptest::collection::vec(any::<u8>(), 1..40),
            iterations in 1..=u32::MAX,
            extensions in syntax::extensions_strategy(),
        ) {
            let message = ServerFirst { nonce, salt, iterations, extensions };
            let octets = message.encode();
            prop_assert_eq!(ServerFirst::parse(&octets), Ok(message));
        }

        #[test]
        fn what_is_parsed_is_written(text in "r=[ab]{0,3},s=([AQ]{4}){0,2}(A[AQgw]==|AA[AE]=)?,i=[0-2]{0,12}(,[a-z]=x){0,2}") {
            if let Ok(message) = ServerFirst::parse(text.as_bytes()) {
                prop_assert_eq!(message.encode(), text.as_bytes());
            }
        }

        #[test]
        fn never_panics(octets: Vec<u8>) {
            if let Ok(message) = ServerFirst::parse(&octets) {
                prop_assert_eq!(message.encode(), octets);
            }
        }
    }
}
