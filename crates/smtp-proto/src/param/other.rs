//! Parameters that are not typed.

use super::{ODD, Table, UNKNOWN, decoded, elsewhere};
use crate::host;
use crate::syntax::expected;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
use wire::class::{HIGH, LDH, VCHAR};
use wire::keyword::key;
use wire::parse::{Parsed, fail};
use wire::{Misuse, ParseErrorKind};

/// A parameter that this crate does not know on this command, kept as it came (RFC 5321 section 4.1.2). A server says 555 to
/// it (section 4.1.1.11), unless it knows what the parameter is.
///
/// Of lenient parsers, also one that it knows, whose value is not what its RFC demands, or that stands there twice: see
/// [`is_invalid`](Self::is_invalid).
///
/// ```
/// use smtp_proto::OtherParameter;
///
/// let other = OtherParameter::new("XFOO", Some("bar"))?;
/// assert_eq!((other.name(), other.value()), (&b"XFOO"[..], Some(&b"bar"[..])));
/// assert!(OtherParameter::new("XFOO", Some("a b")).is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OtherParameter<'a> {
    wire: Cow<'a, [u8]>,
    why: Why,
}

/// Why a parameter is not typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Why {
    Unknown,
    Misplaced,
    Invalid,
}

impl<'a> OtherParameter<'a> {
    /// A name, and a value.
    ///
    /// # Errors
    /// A name that is not of letters, digits and hyphens, or that this crate knows (use its variant); a value that is empty
    /// or holds a space, `=` or a control character.
    pub fn new(name: &str, value: Option<&str>) -> Result<OtherParameter<'static>, Misuse> {
        let mut wire = Vec::with_capacity(name.len() + 1 + value.map_or(0, str::len));
        wire.extend_from_slice(name.as_bytes());
        if let Some(value) = value {
            wire.push(b'=');
            wire.extend_from_slice(value.as_bytes());
        }
        if super::is_known(key(name.as_bytes())) {
            return Err(Misuse::Invalid("unknown esmtp-keyword"));
        }
        let rest = name_len(&wire).and_then(|len| rule(&wire, len).ok().map(|(rest, ())| (len, rest)));
        match rest {
            Some((len, rest)) if len == name.len() && rest.is_empty() => {
                Ok(OtherParameter { wire: Cow::Owned(wire), why: Why::Unknown })
            }
            _ => Err(Misuse::Invalid("esmtp-param")),
        }
    }

    pub(super) const fn of(wire: &'a [u8], why: Why) -> Self {
        Self { wire: Cow::Borrowed(wire), why }
    }

    /// The name, as it came. Of what is no parameter at all, which only lenient parsers take, all before its first `=`.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        name(&self.wire)
    }

    /// What stands behind the `=`, as it came. Not always UTF-8 if the parser was lenient.
    #[must_use]
    pub fn value(&self) -> Option<&[u8]> {
        memchr::memchr(b'=', &self.wire).map(|at| &self.wire[at + 1..])
    }

    /// The name and the value, as they came.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.wire
    }

    /// Whether it is known, but belongs to the other one of MAIL and RCPT.
    #[must_use]
    pub fn is_misplaced(&self) -> bool {
        self.why == Why::Misplaced
    }

    /// Whether it is known on this command, but its value is not what its RFC demands, or it stands there twice. Only lenient
    /// parsers take it.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.why == Why::Invalid
    }

    /// The same, with octets of its own.
    #[must_use]
    pub fn into_owned(self) -> OtherParameter<'static> {
        OtherParameter { wire: Cow::Owned(self.wire.into_owned()), why: self.why }
    }
}

impl fmt::Debug for OtherParameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.wire.escape_ascii())
    }
}

/// All before the `=` of a parameter.
pub(super) fn name(wire: &[u8]) -> &[u8] {
    &wire[..memchr::memchr(b'=', wire).unwrap_or(wire.len())]
}

/// ```text
/// esmtp-keyword  = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
/// ```
/// Its length.
#[inline(always)]
pub(super) fn name_len(i: &[u8]) -> Option<usize> {
    let len = LDH.run(i);
    (len > 0 && i[0] != b'-').then_some(len)
}

/// RFC 5321 section 4.1.2, RFC 6531 section 3.3:
/// ```text
/// esmtp-param    = esmtp-keyword ["=" esmtp-value]
/// esmtp-value    = 1*(%d33-60 / %d62-126)
/// esmtp-value  =/ UTF8-non-ascii
/// ```
/// `i` starts with a keyword of this length.
#[inline(never)]
pub(super) fn rule(i: &[u8], name: usize) -> Parsed<'_, ()> {
    let rest = &i[name..];
    let Some(value) = rest.strip_prefix(b"=") else { return Ok((rest, ())) };
    let len =
        value.iter().position(|&octet| octet == b'=' || !VCHAR.or(HIGH).has(octet)).unwrap_or(value.len());
    if len == 0 {
        return fail(value, expected::VALUE);
    }
    host::utf8(&value[..len], value)?;
    Ok((&value[len..], ()))
}

/// Which one it is, and which bit stands for it.
pub(super) fn why<T: Table>(name: &[u8]) -> (Why, u32) {
    let key = key(name);
    if T::of(key).is_some() {
        (Why::Invalid, ODD)
    } else if elsewhere::<T>(key) {
        (Why::Misplaced, UNKNOWN)
    } else {
        (Why::Unknown, UNKNOWN)
    }
}

/// Whether a token may be kept as it is: no controls, nor xtext that stands for one.
pub(super) fn is_harmless(token: &[u8]) -> Result<(), (usize, ParseErrorKind)> {
    match token.iter().position(|&octet| !VCHAR.or(HIGH).has(octet)) {
        Some(at) => Err((at, ParseErrorKind::IllegalOctet)),
        None if decoded(token).any(|octet| octet.is_ascii_control()) => {
            Err((0, ParseErrorKind::IllegalOctet))
        }
        None => Ok(()),
    }
}

#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = OtherParameter<'static>> {
    use proptest::strategy::Strategy;
    let value = proptest::option::of("[!-<>-~]{1,20}|[!-<>-~\u{a1}-\u{17f}]{1,9}");
    ("[A-Za-z0-9][A-Za-z0-9-]{0,20}", value)
        .prop_filter_map("known", |(name, value)| OtherParameter::new(&name, value.as_deref()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_injects() {
        for bad in ["", "a b", "a=b", "a\r", "\n", "\0", "\x7f", "\t"] {
            assert!(
                OtherParameter::new("X", Some(bad)).is_err() && OtherParameter::new(bad, None).is_err(),
                "{bad:?}"
            );
        }
        for bad in ["-X", "X_Y", "X.Y", "\u{e9}", "size", "NOTIFY", "SMTPUTF8", "*"] {
            assert!(OtherParameter::new(bad, None).is_err(), "{bad:?}");
        }
        for good in ["X", "9", "X-Y-", "a-name-of-more-than-16-octets", "SIZES"] {
            let other = OtherParameter::new(good, Some("\u{e9}<>+")).unwrap();
            assert_eq!((other.name(), other.value()), (good.as_bytes(), Some("\u{e9}<>+".as_bytes())));
            assert!(!other.is_misplaced() && !other.is_invalid());
            let other = OtherParameter::new(good, None).unwrap();
            assert_eq!(
                (other.name(), other.value(), other.as_bytes()),
                (good.as_bytes(), None, good.as_bytes())
            );
        }
    }
}
