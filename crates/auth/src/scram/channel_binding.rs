//! Channel binding (RFC 5056): the exchange holds only on the TLS connection on which it was made.

use alloc::string::String;
#[cfg(any(feature = "client", feature = "server"))]
use alloc::vec::Vec;
use core::fmt;
use wire::{Misuse, Secret};

/// The type of a channel binding, by its registered name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BindingType {
    /// `tls-unique` (RFC 5929 section 3): not with TLS 1.3, and below it only with the extended master
    /// secret (RFC 7677 section 4).
    TlsUnique,
    /// `tls-server-end-point` (RFC 5929 section 4): the certificate of the server. It also holds where a
    /// proxy with that certificate ends TLS.
    TlsServerEndPoint,
    /// `tls-exporter` (RFC 9266): the one for TLS 1.3.
    TlsExporter,
    /// Another one. It can be read, and not be used.
    Other(String),
}

/// ```text
/// cb-name         = 1*(ALPHA / DIGIT / "." / "-")
/// ```
pub(super) fn is_name(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-')
}

impl BindingType {
    /// The registered name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::TlsUnique => "tls-unique",
            Self::TlsServerEndPoint => "tls-server-end-point",
            Self::TlsExporter => "tls-exporter",
            Self::Other(name) => name,
        }
    }

    /// Of a name that the grammar allows.
    pub(super) fn of(name: &str) -> Self {
        [Self::TlsUnique, Self::TlsServerEndPoint, Self::TlsExporter]
            .into_iter()
            .find(|known| known.as_str() == name)
            .unwrap_or_else(|| Self::Other(name.into()))
    }
}

impl fmt::Display for BindingType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the TLS connection gives for channel binding. The caller asks its TLS library for it, on the connection
/// that carries the exchange, and never twice for different connections.
///
/// ```
/// use auth::scram::ChannelBinding;
///
/// # let exported = [7; 32];
/// // RFC 9266 section 2: label `EXPORTER-Channel-Binding`, no context, 32 octets
/// let binding = ChannelBinding::tls_exporter(exported);
/// assert_eq!(binding.kind().as_str(), "tls-exporter");
/// assert!(ChannelBinding::tls_server_end_point(b"no hash").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelBinding {
    kind: BindingType,
    data: Secret,
}

impl ChannelBinding {
    /// `tls-exporter` (RFC 9266 section 2): 32 octets from the exporter with the label
    /// `EXPORTER-Channel-Binding` and an empty context. With TLS 1.2 only if the extended master secret
    /// was agreed and there is no renegotiation.
    #[must_use]
    pub fn tls_exporter(data: [u8; 32]) -> Self {
        Self { kind: BindingType::TlsExporter, data: Secret::new(data) }
    }

    /// `tls-unique` (RFC 5929 section 3.1): the first Finished message of the handshake.
    ///
    /// # Errors
    /// Not 12 to 64 octets.
    pub fn tls_unique(finished: &[u8]) -> Result<Self, Misuse> {
        match finished.len() {
            12..=64 => Ok(Self { kind: BindingType::TlsUnique, data: Secret::new(finished) }),
            _ => Err(Misuse::Invalid("Finished message for tls-unique")),
        }
    }

    /// `tls-server-end-point` (RFC 5929 section 4.1): the hash of the server's certificate in DER, with the
    /// hash function of its signature, and SHA-256 in place of MD5 and SHA-1.
    ///
    /// # Errors
    /// Not as long as an output of SHA-224, -256, -384 or -512.
    pub fn tls_server_end_point(hash: &[u8]) -> Result<Self, Misuse> {
        match hash.len() {
            28 | 32 | 48 | 64 => Ok(Self { kind: BindingType::TlsServerEndPoint, data: Secret::new(hash) }),
            _ => Err(Misuse::Invalid("hash of a certificate for tls-server-end-point")),
        }
    }

    /// The vectors have data of any shape.
    #[cfg(test)]
    pub(super) fn any(kind: BindingType, data: &[u8]) -> Self {
        Self { kind, data: Secret::new(data) }
    }

    /// Its type.
    #[must_use]
    pub const fn kind(&self) -> &BindingType {
        &self.kind
    }

    #[cfg(any(feature = "client", feature = "server"))]
    pub(super) fn data(&self) -> &[u8] {
        self.data.expose()
    }
}

/// What is behind the header in `c=`, and all of it:
///
/// ```text
/// cbind-data    = 1*OCTET
/// cbind-input   = gs2-header [ cbind-data ]
///                 ;; cbind-data MUST be present for
///                 ;; gs2-cbind-flag of "p" and MUST be absent
///                 ;; for "y" or "n".
/// ```
#[cfg(any(feature = "client", feature = "server"))]
pub(super) fn input(header: &super::Gs2Header, binding: Option<&ChannelBinding>) -> Vec<u8> {
    let mut input = header.encode();
    input.extend_from_slice(binding.map(ChannelBinding::data).unwrap_or_default());
    input
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["tls-unique", "tls-server-end-point", "tls-exporter", "foo", "TLS-UNIQUE"] {
            assert_eq!(BindingType::of(name).as_str(), name);
        }
        assert_eq!(BindingType::of("foo"), BindingType::Other("foo".into()));
    }

    #[test]
    fn shapes() {
        for (len, unique, end_point) in [
            (0, false, false),
            (11, false, false),
            (12, true, false),
            (28, true, true),
            (32, true, true),
            (36, true, false),
            (48, true, true),
            (64, true, true),
            (65, false, false),
        ] {
            let data = alloc::vec![1; len];
            assert_eq!(ChannelBinding::tls_unique(&data).is_ok(), unique, "{len}");
            assert_eq!(ChannelBinding::tls_server_end_point(&data).is_ok(), end_point, "{len}");
        }
    }
}
