//! Response codes (RFC 2449 section 8, RFC 3206, RFC 6856 section 5).

use alloc::boxed::Box;
use bytes::Bytes;
use core::fmt;
use wire::class::VCHAR;
use wire::{Context, Misuse, Output};

macro_rules! codes {
    ($($(#[$doc:meta])* $id:ident = $name:literal,)*) => {
        /// Why a command failed, in brackets at the start of the text: `-ERR [IN-USE] Busy` (RFC 2449 section 8).
        ///
        /// Names are compared without case. A code with more levels than are known means what its known
        /// levels mean: see [`known`](Self::known).
        #[derive(Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ResponseCode {
            $($(#[$doc])* $id,)*
            /// Any other.
            Other(OtherCode),
        }

        impl ResponseCode {
            /// The registered names.
            pub const KEYWORDS: &[&str] = &[$($name),*];

            /// The name, as it is written.
            #[must_use]
            pub fn name(&self) -> &[u8] {
                match self {
                    $(Self::$id => $name.as_bytes(),)*
                    Self::Other(other) => &other.0,
                }
            }

            fn registered(name: &[u8]) -> Option<Self> {
                $(if name.eq_ignore_ascii_case($name.as_bytes()) { return Some(Self::$id); })*
                None
            }
        }
    };
}

codes! {
    /// The maildrop is in use, probably by another session (RFC 2449 section 8.1.2).
    InUse = "IN-USE",
    /// The user has logged in recently (RFC 2449 section 8.1.1).
    LoginDelay = "LOGIN-DELAY",
    /// A system failure that probably goes away by itself (RFC 3206 section 4).
    SysTemp = "SYS/TEMP",
    /// A system failure that needs someone to act (RFC 3206 section 4).
    SysPerm = "SYS/PERM",
    /// The credentials are at fault, or the account (RFC 3206 section 5).
    Auth = "AUTH",
    /// The message needs the UTF8 mode (RFC 6856 section 5).
    Utf8 = "UTF8",
}

/// The name of a response code that is not registered (RFC 2449 section 8).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OtherCode(Box<Bytes>);

impl ResponseCode {
    /// Takes a name by its levels, such as `SYS/TEMP`.
    ///
    /// # Errors
    /// An octet that the grammar forbids, or an empty level.
    pub fn new(name: impl Into<Bytes>) -> Result<Self, Misuse> {
        let name = name.into();
        if let Some(known) = Self::registered(&name) {
            return Ok(known);
        }
        match name.iter().position(|&o| !is_rchar(o) && o != b'/') {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None if name.split(|&o| o == b'/').any(<[u8]>::is_empty) => Err(Misuse::Empty),
            None => Ok(Self::Other(OtherCode(Box::new(name)))),
        }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Other(other) => Self::Other(OtherCode(Box::new(Bytes::copy_from_slice(&other.0)))),
            registered => registered.clone(),
        }
    }

    /// The registered code that this one means: itself, or the one that its first levels name, as for
    /// `SYS/TEMP/DISK`.
    #[must_use]
    pub fn known(&self) -> Option<Self> {
        let Self::Other(other) = self else { return Some(self.clone()) };
        let levels = other.0.iter().enumerate().filter(|(_, o)| **o == b'/').map(|(at, _)| at);
        levels.rev().find_map(|end| Self::registered(&other.0[..end]))
    }

    /// ```text
    /// resp-code    =  "[" resp-level *("/" resp-level) "]"
    /// resp-level   =  1*rchar
    /// rchar        =  %x21-2E / %x30-5C / %x5E-7F
    ///                     ;printable ASCII, excluding "/" and "]"
    /// ```
    ///
    /// `None` if `i` does not start with one: then it is text.
    #[inline]
    pub(crate) fn parse<'i>(cx: &Context<'_>, i: &'i [u8]) -> Option<(&'i [u8], Self)> {
        let name = i.strip_prefix(b"[")?;
        let name = &name[..memchr::memchr(b']', name)?];
        let code = match Self::registered(name) {
            Some(known) => known,
            None if Self::is_name(name) => Self::Other(OtherCode(Box::new(cx.keep(name)))),
            None => return None,
        };
        Some((&i[name.len() + 2..], code))
    }

    fn is_name(name: &[u8]) -> bool {
        name.split(|&o| o == b'/').all(|level| !level.is_empty() && level.iter().all(|&o| is_rchar(o)))
    }

    pub(crate) fn encode(&self, output: &mut Output) {
        output.put(b"[");
        output.put(self.name());
        output.put(b"]");
    }

    /// Any code, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            proptest::sample::select(Self::KEYWORDS).prop_map(|name| Self::new(name).ok()),
            "[!-.0-\\\\^-~]{1,9}(/[!-.0-\\\\^-~]{1,5}){0,3}".prop_map(|name| Self::new(name).ok()),
        ]
        .prop_filter_map("not a code", |code| code)
    }
}

/// DEL, which RFC 2449's range includes, is not printable; it is left out.
fn is_rchar(octet: u8) -> bool {
    VCHAR.has(octet) && octet != b'/' && octet != b']'
}

impl fmt::Debug for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.name().escape_ascii())
    }
}

impl fmt::Display for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name().escape_ascii())
    }
}

impl fmt::Debug for OtherCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::Tolerance;

    fn parse(text: &'static str) -> Option<ResponseCode> {
        let frame = Bytes::from_static(text.as_bytes());
        ResponseCode::parse(&Context::new(&frame, Tolerance::Strict), &frame).map(|(_, code)| code)
    }

    #[test]
    fn registered_codes_in_any_case() {
        for name in ResponseCode::KEYWORDS {
            let code = ResponseCode::new(*name).unwrap();
            assert!(!matches!(code, ResponseCode::Other(_)), "{name}");
            let lower = alloc::format!("[{}]", name.to_lowercase()).leak();
            assert_eq!(parse(lower), Some(code));
        }
    }

    #[test]
    fn more_levels_mean_what_is_known_of_them() {
        let code = parse("[SYS/TEMP/DISK/FULL]").unwrap();
        assert_eq!(code.name(), b"SYS/TEMP/DISK/FULL");
        assert_eq!(code.known(), Some(ResponseCode::SysTemp));
        assert_eq!(parse("[SYS/FOO]").unwrap().known(), None);
        assert_eq!(parse("[SYS/TEMPORARY]").unwrap().known(), None);
        assert_eq!(parse("[AUTH/X]").unwrap().known(), Some(ResponseCode::Auth));
    }

    #[test]
    fn what_is_no_code_is_text() {
        for text in ["[unclosed", "[]", "[a//b]", "[/a]", "[a b]", "x[AUTH]", "", "[a\x7f]", "[\u{e9}]"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(ResponseCode::new("A]").is_err());
        assert!(ResponseCode::new("A\r\nB").is_err());
        assert!(ResponseCode::new("").is_err());
    }
}
