//! What a mechanism is like, and what a caller allows.

use crate::Forbidden;

/// Who sends the first message of a mechanism (RFC 4422 section 5, item 2a).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum First {
    /// The client. It may go with the command as an initial response; else the server sends an empty
    /// challenge.
    Client,
    /// The server. An initial response is an error.
    Server,
    /// The server, but it takes an initial response as the answer to its first challenge (`LOGIN`).
    Either,
}

/// What somebody learns who reads along (RFC 4422 section 6), weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exposure {
    /// The password or token itself.
    Cleartext,
    /// A value with which passwords can be tried.
    Digest,
    /// Nothing about a secret.
    Nothing,
}

/// What a chooser must know about a mechanism (RFC 4422 section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Profile {
    /// The registered name (RFC 4422 section 3.1), in upper case.
    pub name: &'static str,
    /// Who sends the first message.
    pub first: First,
    /// What an eavesdropper without TLS in his way learns.
    pub exposure: Exposure,
    /// It rests on MD5: allowed only where the caller says so.
    pub weak: bool,
    /// The server proves that it knows the secret, too.
    pub proves_server: bool,
}

/// What lies under an exchange, and what the caller allows on it.
///
/// Without TLS nothing that sends the secret itself; weak mechanisms (`APOP`, `CRAM-MD5`, `DIGEST-MD5`)
/// never by themselves. A mechanism list that was seen without TLS may have been cut by somebody in the
/// middle down to the weakest (RFC 4422 section 6.1.2).
///
/// ```
/// use auth::{Exposure, First, Forbidden, Policy, Profile};
///
/// let plain = Profile {
///     name: "PLAIN",
///     first: First::Client,
///     exposure: Exposure::Cleartext,
///     weak: false,
///     proves_server: false,
/// };
/// assert_eq!(Policy::with_tls().permits(&plain), Ok(()));
/// assert_eq!(Policy::without_tls().permits(&plain), Err(Forbidden::Cleartext));
/// assert_eq!(Policy::without_tls().allow_cleartext().permits(&plain), Ok(()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Policy {
    cleartext: bool,
    weak: bool,
}

impl Policy {
    /// The connection is protected by TLS.
    #[must_use]
    pub const fn with_tls() -> Self {
        Self { cleartext: true, weak: false }
    }

    /// The connection is not protected.
    #[must_use]
    pub const fn without_tls() -> Self {
        Self { cleartext: false, weak: false }
    }

    /// The secret may be shown even without TLS, as on a socket that does not leave the machine.
    #[must_use]
    pub const fn allow_cleartext(self) -> Self {
        Self { cleartext: true, ..self }
    }

    /// Mechanisms that rest on MD5 may be used.
    #[must_use]
    pub const fn allow_weak(self) -> Self {
        Self { weak: true, ..self }
    }

    /// Whether a mechanism may be used.
    ///
    /// # Errors
    /// Why not.
    pub fn permits(self, profile: &Profile) -> Result<(), Forbidden> {
        if profile.exposure == Exposure::Cleartext && !self.cleartext {
            return Err(Forbidden::Cleartext);
        }
        if profile.weak && !self.weak {
            return Err(Forbidden::Weak);
        }
        Ok(())
    }
}
