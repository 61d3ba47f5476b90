//! The client's first message: who it is, and its half of the nonce.

use super::Gs2Header;
use super::syntax::{
    attribute, comma, extensions, no_mandatory_extension, nonce, put_saslname, saslname, whole,
};
use crate::{Error, expected};
use alloc::{string::String, vec::Vec};
use wire::parse::Parsed;

/// `client-first-message` (RFC 5802 section 7).
///
/// ```
/// use auth::scram::ClientFirst;
///
/// let message = ClientFirst::parse(b"n,a=admin,n=us=2Cer,r=rOprNGfwEbeRWgbNEkqO")?;
/// assert_eq!(message.header().authorization(), Some("admin"));
/// assert_eq!(message.username(), "us,er");
/// assert_eq!(message.nonce(), "rOprNGfwEbeRWgbNEkqO");
/// assert_eq!(message.encode(), b"n,a=admin,n=us=2Cer,r=rOprNGfwEbeRWgbNEkqO");
/// # Ok::<(), auth::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFirst {
    pub(super) header: Gs2Header,
    pub(super) username: String,
    pub(super) nonce: String,
    pub(super) extensions: String,
}

impl ClientFirst {
    /// Parses a whole message.
    ///
    /// # Errors
    /// [`Error::Malformed`], or [`Error::Scram`] because of a mandatory extension.
    pub fn parse(i: &[u8]) -> Result<Self, Error> {
        whole(i, Self::rule)
    }

    /// ```text
    /// client-first-message-bare =
    ///                   [reserved-mext ","]
    ///                   username "," nonce ["," extensions]
    /// client-first-message =
    ///                   gs2-header client-first-message-bare
    /// username        = "n=" saslname
    /// ```
    fn rule(i: &[u8]) -> Parsed<'_, Self> {
        let (i, header) = Gs2Header::rule(i)?;
        let (i, ()) = no_mandatory_extension(i)?;
        let (i, ()) = attribute(i, b'n', expected::USERNAME)?;
        let (i, username) = saslname(i, expected::USERNAME)?;
        let (i, ()) = comma(i)?;
        let (i, nonce) = nonce(i)?;
        let (i, extensions) = extensions(i, None)?;
        Ok((i, Self { header, username, nonce, extensions }))
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &Gs2Header {
        &self.header
    }

    /// Whose password it is, as it came.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The client's half of the nonce.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// `client-first-message-bare`: without the header.
    #[must_use]
    pub fn bare(&self) -> Vec<u8> {
        let mut octets = b"n=".to_vec();
        put_saslname(&self.username, &mut octets);
        octets.extend_from_slice(b",r=");
        octets.extend_from_slice(self.nonce.as_bytes());
        octets.extend_from_slice(self.extensions.as_bytes());
        octets
    }

    /// The message.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut octets = self.header.encode();
        octets.append(&mut self.bare());
        octets
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BindingType, Fault, Flag, syntax};
    use super::*;
    use proptest::prelude::*;
    use wire::ParseErrorKind;

    /// Case 165, with the place.
    #[test]
    fn malformed() {
        use ParseErrorKind::{End, IllegalOctet, Syntax};
        let (flag, name, comma) = ("n, y or p=", "user name: n=", "comma");
        for (message, offset, expected, kind) in [
            (&b""[..], 0, flag, End),
            (b"x,,n=u,r=y", 0, flag, Syntax),
            (b"N,,n=u,r=y", 0, flag, Syntax),
            (b"p", 0, flag, Syntax),
            (b"p=", 2, "type of channel binding", End),
            (b"p=,,n=u,r=y", 2, "type of channel binding", Syntax),
            (b"p=tls_unique,,n=u,r=y", 5, comma, Syntax),
            (b"n", 1, comma, End),
            (b"n,", 2, comma, End),
            (b"n,,", 3, name, End),
            (b"n,,n", 3, name, Syntax),
            (b"n,,n=", 5, name, End),
            (b"n,,n=,r=y", 5, name, Syntax),
            (b"y,,x", 3, name, Syntax),
            (b"n,,n=u", 6, comma, End),
            (b"n,,n=u,", 7, "nonce: r=", End),
            (b"n,,n=u,r", 7, "nonce: r=", Syntax),
            (b"n,,n=u,r=", 9, "nonce: r=", End),
            (b"n,,n=u,r=a b", 10, "nonce: r=", IllegalOctet),
            (b"n,,n=u,r=\x7f", 9, "nonce: r=", IllegalOctet),
            (b"n,,r=y,n=u", 3, name, Syntax),
            (b"n,,n=u,r=y,r=y", 11, "extension", Syntax),
            (b"n,,n=u,r=y,n=u", 11, "extension", Syntax),
            (b"n,,n=u,r=y,", 11, "extension", End),
            (b"n,,n=u,r=y\0", 10, "nonce: r=", IllegalOctet),
            (b"n,a=,n=u,r=y", 4, "authorization identity", Syntax),
            (b"n,b=x,n=u,r=y", 2, comma, Syntax),
            (b"n,a,n=u,r=y", 2, "authorization identity", Syntax),
            (b"n,a=x", 5, comma, End),
            (b"n,,n=\xff,r=y", 5, name, IllegalOctet),
            (b"n,,n=a=2c,r=y", 6, name, IllegalOctet),
            (b" n,,n=u,r=y", 0, flag, Syntax),
        ] {
            let Err(Error::Malformed(error)) = ClientFirst::parse(message) else { panic!("{message:?}") };
            assert_eq!((error.offset, error.expected, error.kind), (offset, expected, kind), "{message:?}");
        }
    }

    /// Case 166.
    #[test]
    fn mandatory_extensions() {
        for message in [&b"n,,m=x,n=u,r=y"[..], b"n,,n=u,r=y,m=x", b"n,,n=u,r=y,x=1,m=", b"n,,m=,n=u,r=y"] {
            assert_eq!(ClientFirst::parse(message), Err(Error::Scram(Fault::MandatoryExtension)));
        }
    }

    #[test]
    fn flags() {
        for (message, flag) in [
            (&b"n,,n=u,r=y"[..], Flag::Unsupported),
            (b"y,,n=u,r=y,x=1,y=2", Flag::NotOffered),
            (b"p=tls-unique,,n=u,r=y", Flag::Required(BindingType::TlsUnique)),
            (b"p=foo,,n=u,r=y", Flag::Required(BindingType::Other("foo".into()))),
        ] {
            let parsed = ClientFirst::parse(message).unwrap();
            assert_eq!(*parsed.header().flag(), flag);
            assert_eq!(parsed.encode(), message);
        }
    }

    fn strategy() -> impl Strategy<Value = ClientFirst> {
        let name = syntax::name_strategy();
        (Gs2Header::strategy(), name, "[!-+\\--~]{1,60}", syntax::extensions_strategy()).prop_map(
            |(header, username, nonce, extensions)| ClientFirst { header, username, nonce, extensions },
        )
    }

    proptest! {
        #[test]
        fn round_trip(message in strategy()) {
            let octets = message.encode();
            prop_assert!(octets.ends_with(&message.bare()));
            prop_assert_eq!(ClientFirst::parse(&octets), Ok(message));
            for len in 0..octets.len() {
                if let Ok(cut) = ClientFirst::parse(&octets[..len]) {
                    prop_assert_eq!(cut.encode(), &octets[..len]);
                }
            }
        }

        #[test]
        fn what_is_parsed_is_written(octets in "[nyp]?,?(a=)?[ab=2CD]{0,5},n=[a=2C]{1,5},r=[a-c]{0,5}(,[a-z]=x){0,2}") {
            if let Ok(message) = ClientFirst::parse(octets.as_bytes()) {
                prop_assert_eq!(message.encode(), octets.as_bytes());
            }
        }

        #[test]
        fn never_panics(octets: Vec<u8>) {
            if let Ok(message) = ClientFirst::parse(&octets) {
                prop_assert_eq!(message.encode(), octets);
            }
        }
    }
}
