//! Preparation of identities and passwords before they are compared or hashed (RFC 4422 section 5, item 4):
//! SASLprep (RFC 4013) and PRECIS (RFC 8265).
//!
//! It is a setting of a mechanism, one value of [`Preparation`]. Printable ASCII needs no tables and is always prepared;
//! for anything else the features `saslprep` and `precis` bring them, and with them `std`. Without the
//! feature such a string is refused ([`Unprepared::Unsupported`]), never passed on as if it had been
//! prepared.
//!
//! ```
//! use auth::prepare::{Preparation, Purpose, Unprepared};
//!
//! let precis = Preparation::PrecisCaseMapped;
//! assert_eq!(precis.identity("Juliet@example.com", Purpose::Query)?, "juliet@example.com");
//! assert_eq!(precis.identity("foo bar", Purpose::Query), Err(Unprepared::Prohibited));
//! assert_eq!(Preparation::SaslPrep.identity("USER", Purpose::Stored)?, "USER");
//! # Ok::<(), Unprepared>(())
//! ```

use alloc::{borrow::ToOwned, string::String};
use wire::{Misuse, Secret};

#[cfg(feature = "precis")]
mod precis;
#[cfg(feature = "saslprep")]
mod saslprep;

/// How identities and passwords are prepared.
///
/// Both sides and the store must agree; the mechanisms say what their RFC demands, which is
/// [`SaslPrep`](Self::SaslPrep) for PLAIN and SCRAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Preparation {
    /// Not at all: octets are compared as they come. For stores that were filled that way, and for
    /// callers who prepare by themselves.
    AsIs,
    /// SASLprep (RFC 4013) for identities and passwords.
    #[default]
    SaslPrep,
    /// PRECIS: `UsernameCasePreserved` for identities (RFC 8265 section 3.4), `OpaqueString` for passwords
    /// (section 4.2).
    PrecisCasePreserved,
    /// PRECIS: `UsernameCaseMapped` for identities (RFC 8265 section 3.3), so that `Tim` and `tim` are the
    /// same; `OpaqueString` for passwords.
    PrecisCaseMapped,
}

/// What becomes of the prepared string (RFC 3454 section 7). PRECIS makes no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// It is stored, or hashed for a store: code points that were not assigned in Unicode 3.2 are
    /// refused.
    Stored,
    /// It is looked up or compared: such code points pass unchanged.
    Query,
}

/// Why a string cannot be prepared (RFC 4013 section 2, RFC 8265). Shows nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Unprepared {
    /// It is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// It is empty, or nothing is left of it.
    #[error("empty after preparation")]
    Empty,
    /// It holds a code point that the profile forbids.
    #[error("a code point that the profile forbids")]
    Prohibited,
    /// It holds a code point that is not assigned in the profile's version of Unicode.
    #[error("an unassigned code point")]
    Unassigned,
    /// It mixes directions of writing in a way that the profile forbids.
    #[error("mixed directions of writing")]
    Bidirectional,
    /// It is not ASCII, and the crate was built without the feature of the profile.
    #[error("not ASCII, and built without the tables of the profile")]
    Unsupported,
}

impl From<Unprepared> for Misuse {
    fn from(unprepared: Unprepared) -> Self {
        match unprepared {
            Unprepared::Empty => Self::Empty,
            _ => Self::Invalid("string under the preparation that was chosen"),
        }
    }
}

impl Preparation {
    /// Prepares a user name or another simple user name.
    ///
    /// # Errors
    /// Why it cannot be prepared. [`AsIs`](Self::AsIs) refuses the empty string only.
    pub fn identity(self, text: &str, purpose: Purpose) -> Result<String, Unprepared> {
        if text.is_empty() {
            return Err(Unprepared::Empty);
        }
        match self {
            Self::AsIs => Ok(text.to_owned()),
            Self::SaslPrep => self.identity_saslprep(text, purpose),
            Self::PrecisCasePreserved | Self::PrecisCaseMapped if text.is_ascii() => {
                if !text.bytes().all(|o| o.is_ascii_graphic()) {
                    return Err(Unprepared::Prohibited);
                }
                let map = self == Self::PrecisCaseMapped;
                Ok(if map { text.to_ascii_lowercase() } else { text.to_owned() })
            }
            #[cfg(feature = "precis")]
            Self::PrecisCasePreserved | Self::PrecisCaseMapped => {
                precis::username(text, self == Self::PrecisCaseMapped)
            }
            #[cfg(not(feature = "precis"))]
            Self::PrecisCasePreserved | Self::PrecisCaseMapped => Err(Unprepared::Unsupported),
        }
    }

    fn identity_saslprep(self, text: &str, purpose: Purpose) -> Result<String, Unprepared> {
        let prepared = self.opaque(text, purpose)?;
        core::str::from_utf8(prepared.expose()).map(ToOwned::to_owned).map_err(|_| Unprepared::NotUtf8)
    }

    /// Prepares a password. What is written on the way is zeroed.
    ///
    /// # Errors
    /// As [`identity`](Self::identity); and the password is not UTF-8, except with
    /// [`AsIs`](Self::AsIs).
    pub fn password(self, password: &Secret, purpose: Purpose) -> Result<Secret, Unprepared> {
        if password.is_empty() {
            return Err(Unprepared::Empty);
        }
        if self == Self::AsIs {
            return Ok(password.clone());
        }
        let text = core::str::from_utf8(password.expose()).map_err(|_| Unprepared::NotUtf8)?;
        self.opaque(text, purpose)
    }

    /// Everything but user names of PRECIS. Printable ASCII is the same in all profiles.
    #[cfg_attr(not(feature = "saslprep"), expect(unused_variables, reason = "only SASLprep asks"))]
    fn opaque(self, text: &str, purpose: Purpose) -> Result<Secret, Unprepared> {
        if text.is_ascii() {
            if text.bytes().any(|o| o.is_ascii_control()) {
                return Err(Unprepared::Prohibited);
            }
            return Ok(Secret::new(text.as_bytes()));
        }
        match self {
            #[cfg(feature = "saslprep")]
            Self::SaslPrep => saslprep::prepare(text, purpose),
            #[cfg(feature = "precis")]
            Self::PrecisCasePreserved | Self::PrecisCaseMapped => precis::opaque(text),
            _ => Err(Unprepared::Unsupported),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Preparation::{AsIs, PrecisCaseMapped, PrecisCasePreserved, SaslPrep};
    use super::*;
    use alloc::format;

    const ALL: [Preparation; 4] = [AsIs, SaslPrep, PrecisCasePreserved, PrecisCaseMapped];

    #[test]
    fn ascii_needs_no_tables() {
        for purpose in [Purpose::Stored, Purpose::Query] {
            for preparation in ALL {
                let mapped = preparation == PrecisCaseMapped;
                let expected = if mapped { "user@example.org" } else { "User@example.org" };
                assert_eq!(preparation.identity("User@example.org", purpose).as_deref(), Ok(expected));
                let password = Secret::new(*b"correct Horse battery staple");
                assert_eq!(preparation.password(&password, purpose).as_ref(), Ok(&password));
                assert_eq!(preparation.identity("", purpose), Err(Unprepared::Empty));
                assert_eq!(preparation.password(&Secret::default(), purpose), Err(Unprepared::Empty));
                let tab = preparation.password(&Secret::new(*b"my cat is a \tby"), purpose);
                assert_eq!(tab.is_ok(), preparation == AsIs);
                let blank = preparation.identity("foo bar", purpose);
                assert_eq!(blank.is_ok(), matches!(preparation, AsIs | SaslPrep));
                let octets = preparation.password(&Secret::new(*b"\xff"), purpose);
                assert_eq!(octets.is_ok(), preparation == AsIs);
            }
        }
    }

    #[test]
    fn nothing_passes_unprepared() {
        for (preparation, built) in [
            (SaslPrep, cfg!(feature = "saslprep")),
            (PrecisCasePreserved, cfg!(feature = "precis")),
            (PrecisCaseMapped, cfg!(feature = "precis")),
        ] {
            let name = preparation.identity("jürgen", Purpose::Query);
            let password = preparation.password(&Secret::new("straße".as_bytes()), Purpose::Stored);
            if built {
                assert_eq!(name.as_deref(), Ok("jürgen"));
                assert_eq!(password, Ok(Secret::new("straße".as_bytes())));
            } else {
                assert_eq!((name, password), (Err(Unprepared::Unsupported), Err(Unprepared::Unsupported)));
            }
        }
    }

    #[test]
    fn errors_show_nothing() {
        let password = Secret::new(*b"hunter2\x07");
        let error = SaslPrep.password(&password, Purpose::Stored).unwrap_err();
        assert!(!format!("{error} {error:?} {}", Misuse::from(error)).contains("hunter2"));
        assert_eq!(Misuse::from(Unprepared::Empty), Misuse::Empty);
    }
}
