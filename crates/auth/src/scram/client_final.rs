//! The client's last message: what the exchange is bound to, and the proof.

use super::syntax::{base64, comma, extensions, nonce, put_base64, whole};
use crate::{Error, expected};
use alloc::{string::String, vec::Vec};
use wire::Secret;
use wire::parse::Parsed;

/// `client-final-message` (RFC 5802 section 7). The proof is not shown.
///
/// ```
/// use auth::scram::ClientFinal;
///
/// let message = ClientFinal::parse(b"c=biws,r=fyko+d2l3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=")?;
/// assert_eq!(message.binding(), b"n,,");
/// assert_eq!(message.without_proof(), b"c=biws,r=fyko+d2l3rfcNHYJY1ZVvWVs7j");
/// # Ok::<(), auth::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFinal {
    pub(super) binding: Secret,
    pub(super) nonce: String,
    pub(super) extensions: String,
    pub(super) proof: Secret,
}

impl ClientFinal {
    /// Parses a whole message.
    ///
    /// # Errors
    /// [`Error::Malformed`], or [`Error::Scram`] because of a mandatory extension.
    pub fn parse(i: &[u8]) -> Result<Self, Error> {
        whole(i, Self::rule)
    }

    /// ```text
    /// client-final-message-without-proof =
    ///                   channel-binding "," nonce [","
    ///                   extensions]
    /// client-final-message =
    ///                   client-final-message-without-proof "," proof
    /// channel-binding = "c=" base64
    ///                   ;; base64 encoding of cbind-input.
    /// proof           = "p=" base64
    /// ```
    fn rule(i: &[u8]) -> Parsed<'_, Self> {
        let (i, binding) = base64(i, b'c', expected::BINDING)?;
        let (i, ()) = comma(i)?;
        let (i, nonce) = nonce(i)?;
        let (i, extensions) = extensions(i, Some(b'p'))?;
        let (i, ()) = comma(i)?;
        let (i, proof) = base64(i, b'p', expected::PROOF)?;
        Ok((i, Self { binding, nonce, extensions, proof }))
    }

    /// `cbind-input`: the header, and the data of the channel if the header says so.
    #[must_use]
    pub fn binding(&self) -> &[u8] {
        self.binding.expose()
    }

    /// The nonce.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// `client-final-message-without-proof`.
    #[must_use]
    pub fn without_proof(&self) -> Vec<u8> {
        let mut octets = b"c=".to_vec();
        put_base64(self.binding.expose(), &mut octets);
        octets.extend_from_slice(b",r=");
        octets.extend_from_slice(self.nonce.as_bytes());
        octets.extend_from_slice(self.extensions.as_bytes());
        octets
    }

    /// The message.
    #[must_use]
    pub fn encode(&self) -> Secret {
        let mut octets = self.without_proof();
        let proof = wire::sasl::encoded(self.proof.expose());
        // exactly, so that growing leaves no copy of the proof behind
        octets.reserve_exact(3 + proof.len());
        octets.extend_from_slice(b",p=");
        octets.extend_from_slice(proof.expose());
        Secret::new(octets)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Fault, syntax};
    use super::*;
    use proptest::prelude::*;

    /// Case 170.
    #[test]
    fn malformed() {
        for (message, offset, expected) in [
            ("", 0, "channel binding: c="),
            ("c=", 2, "channel binding: c="),
            ("c=,r=a,p=AAAA", 2, "channel binding: c="),
            ("c=biws", 6, "comma"),
            ("c=biws,r=a", 10, "comma"),
            ("c=biws,r=a,", 11, "extension"),
            ("c=biws,r=a,p", 11, "extension"),
            ("c=biws,r=a,p=", 13, "proof: p="),
            ("c=biws,r=a,p=AAA", 16, "base64"),
            ("c=biws,p=AAAA,r=a", 7, "nonce: r="),
            ("r=a,c=biws,p=AAAA", 0, "channel binding: c="),
            ("c=biws,c=biws,r=a,p=AAAA", 7, "nonce: r="),
            ("c=biws,r=a,r=a,p=AAAA", 11, "extension"),
            ("c=biws,r=a,p=AAAA,p=AAAA", 17, "end of line"),
            ("c=biws,r=a,p=AAAA,x=1", 17, "end of line"),
            ("c=biws,r=a,x=1", 14, "comma"),
            ("c=b iws,r=a,p=AAAA", 3, "base64"),
            ("c=biws=,r=a,p=AAAA", 6, "base64"),
        ] {
            let Err(Error::Malformed(error)) = ClientFinal::parse(message.as_bytes()) else {
                panic!("{message}")
            };
            assert_eq!((error.offset, error.expected), (offset, expected), "{message}");
        }
        let extension = ClientFinal::parse(b"c=biws,r=a,m=x,p=AAAA");
        assert_eq!(extension, Err(Error::Scram(Fault::MandatoryExtension)));
        let message = ClientFinal::parse(b"c=biws,r=a,x=1,y=2,p=AAAA").unwrap();
        assert_eq!(message.without_proof(), b"c=biws,r=a,x=1,y=2");
    }

    proptest! {
        #[test]
        fn round_trip(
            binding in proptest::collection::vec(any::<u8>(), 1..40),
            nonce in "[!-+\\--~]{1,60}",
            extensions in syntax::extensions_strategy(),
            proof in proptest::collection::vec(any::<u8>(), 1..65),
        ) {
            let (binding, proof) = (Secret::new(binding), Secret::new(proof));
            let message = ClientFinal { binding, nonce, extensions, proof };
            let octets = message.encode();
            prop_assert!(octets.expose().starts_with(&message.without_proof()));
            prop_assert_eq!(ClientFinal::parse(octets.expose()), Ok(message));
        }

        #[test]
        fn what_is_parsed_is_written(text in "c=([AQ]{4}){0,2}(A[AQgw]==)?,r=[ab]{0,3}(,[a-z]=x){0,2},p=([AQ]{4}){0,2}(AA[AE]=)?") {
            if let Ok(message) = ClientFinal::parse(text.as_bytes()) {
                let octets = message.encode();
                prop_assert_eq!(octets.expose(), text.as_bytes());
            }
        }

        #[test]
        fn never_panics(octets: Vec<u8>) {
            let _ = ClientFinal::parse(&octets);
        }
    }
}
