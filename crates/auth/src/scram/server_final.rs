//! The server's last message: its own proof, or why not.

use super::syntax::{attribute, base64, extensions, put_base64, whole};
use crate::{Error, expected};
use alloc::{string::String, vec::Vec};
use wire::Secret;
use wire::parse::{Parsed, fail};

macro_rules! server_errors {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// `server-error-value` (RFC 5802 section 7): why a server ends an exchange, as it says to the client.
        ///
        /// ```
        /// use auth::scram::ServerError;
        ///
        /// assert_eq!(ServerError::InvalidProof.to_string(), "invalid-proof");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ServerError {
            $($(#[$doc])* $variant,)*
        }

        impl ServerError {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word of the RFC.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

server_errors! {
    /// A message is not well formed.
    InvalidEncoding = "invalid-encoding",
    /// There was an `m=`.
    ExtensionsNotSupported = "extensions-not-supported",
    /// The password is wrong, or there is no such user.
    InvalidProof = "invalid-proof",
    /// The exchange was made on another channel, or the header was changed.
    ChannelBindingsDontMatch = "channel-bindings-dont-match",
    /// The client said `y`, but the server does support channel binding: somebody took it out of the list
    /// (errata 5580).
    ServerDoesSupportChannelBinding = "server-does-support-channel-binding",
    /// The client said `p=`, and the server supports no channel binding.
    ChannelBindingNotSupported = "channel-binding-not-supported",
    /// The client said `p=` with a type that the server does not support.
    UnsupportedChannelBindingType = "unsupported-channel-binding-type",
    /// There is no such user. Our server never says it.
    UnknownUser = "unknown-user",
    /// The user name is not UTF-8, has a wrong escape, or cannot be prepared.
    InvalidUsernameEncoding = "invalid-username-encoding",
    /// The server cannot do it now.
    NoResources = "no-resources",
    /// Anything else, and whatever the client does not know.
    OtherError = "other-error",
}

impl core::fmt::Display for ServerError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `server-final-message` (RFC 5802 section 7). The verifier is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerFinal {
    /// The server has proved that it knows the secret.
    Verifier(Secret),
    /// It has ended the exchange.
    Error(ServerError),
}

impl ServerFinal {
    /// Parses a whole message. Extensions are left out.
    ///
    /// # Errors
    /// [`Error::Malformed`], or [`Error::Scram`] because of a mandatory extension.
    pub fn parse(i: &[u8]) -> Result<Self, Error> {
        whole(i, Self::rule)
    }

    /// ```text
    /// server-final-message = (server-error / verifier)
    ///                   ["," extensions]
    /// server-error = "e=" server-error-value
    /// verifier        = "v=" base64
    ///                   ;; base-64 encoded ServerSignature.
    /// ```
    fn rule(i: &[u8]) -> Parsed<'_, Self> {
        let (i, message) = if i.starts_with(b"e=") {
            let (i, ()) = attribute(i, b'e', expected::SERVER_ERROR)?;
            let (i, error) = server_error(i)?;
            (i, Self::Error(error))
        } else {
            let (i, verifier) = base64(i, b'v', expected::VERIFIER)?;
            (i, Self::Verifier(verifier))
        };
        let (i, _): (_, String) = extensions(i, None)?;
        Ok((i, message))
    }

    /// The message.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Verifier(verifier) => {
                let mut octets = b"v=".to_vec();
                put_base64(verifier.expose(), &mut octets);
                octets
            }
            Self::Error(error) => [b"e=", error.as_str().as_bytes()].concat(),
        }
    }
}

/// ```text
/// server-error-value = "invalid-encoding" /
///                "extensions-not-supported" /  ; unrecognized 'm' value
///                "invalid-proof" /
///                "channel-bindings-dont-match" /
///                "server-does-support-channel-binding" /
///                  ; server does not support channel binding
///                "channel-binding-not-supported" /
///                "unsupported-channel-binding-type" /
///                "unknown-user" /
///                "invalid-username-encoding" /
///                  ; invalid username encoding (invalid UTF-8 or
///                  ; SASLprep failed)
///                "no-resources" /
///                "other-error" /
///                server-error-value-ext
///         ; Unrecognized errors should be treated as "other-error".
/// server-error-value-ext = value
/// ```
fn server_error(i: &[u8]) -> Parsed<'_, ServerError> {
    let (value, rest) = i.split_at(i.iter().position(|&o| o == b',').unwrap_or(i.len()));
    if value.is_empty() || value.contains(&0) || core::str::from_utf8(value).is_err() {
        return fail(i, expected::SERVER_ERROR);
    }
    let known = ServerError::ALL.iter().find(|error| error.as_str().as_bytes() == value);
    Ok((rest, known.copied().unwrap_or(ServerError::OtherError)))
}

#[cfg(test)]
mod tests {
    use super::super::Fault;
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    #[test]
    fn errors() {
        for error in ServerError::ALL {
            let message = ServerFinal::Error(*error);
            assert_eq!(message.encode(), format!("e={error}").as_bytes());
            assert_eq!(ServerFinal::parse(&message.encode()), Ok(message));
        }
        for text in ["e=something-new", "e=Invalid-Proof", "e=x=y,z=1", "e=ä"] {
            assert_eq!(ServerFinal::parse(text.as_bytes()), Ok(ServerFinal::Error(ServerError::OtherError)));
        }
        assert_eq!(ServerError::ALL.len(), 11);
    }

    #[test]
    fn malformed() {
        for (message, offset, expected) in [
            (&b""[..], 0, "verifier: v="),
            (b"v=", 2, "verifier: v="),
            (b"v=AAA", 5, "base64"),
            (b"v", 0, "verifier: v="),
            (b"e=", 2, "value of a server error"),
            (b"e=,x=1", 2, "value of a server error"),
            (b"e=\xff", 2, "value of a server error"),
            (b"e=a\0", 2, "value of a server error"),
            (b"v=AAAA,v=AAAA", 7, "extension"),
            (b"v=AAAA,e=other-error", 7, "extension"),
            (b"e=other-error,v=AAAA", 14, "extension"),
            (b"v=AAAA,", 7, "extension"),
            (b"V=AAAA", 0, "verifier: v="),
            (b"x=1,v=AAAA", 0, "verifier: v="),
        ] {
            let Err(Error::Malformed(error)) = ServerFinal::parse(message) else { panic!("{message:?}") };
            assert_eq!((error.offset, error.expected), (offset, expected), "{message:?}");
        }
        assert_eq!(ServerFinal::parse(b"v=AAAA,m=x"), Err(Error::Scram(Fault::MandatoryExtension)));
        assert!(ServerFinal::parse(b"v=AAAA,x=1").is_ok());
    }

    proptest! {
        #[test]
        fn round_trip(verifier in proptest::collection::vec(any::<u8>(), 1..65)) {
            let message = ServerFinal::Verifier(Secret::new(verifier));
            prop_assert_eq!(ServerFinal::parse(&message.encode()), Ok(message));
        }

        #[test]
        fn never_panics(octets: Vec<u8>) {
            let _ = ServerFinal::parse(&octets);
        }
    }
}
