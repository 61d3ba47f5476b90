//! Text of a line.

use crate::Misuse;
use crate::class::{TEXT, is_plain};
use alloc::borrow::Cow;
use bytes::Bytes;
use core::fmt;

/// Octets that can stand in a line: anything but CR, LF and NUL. Not always UTF-8: old servers send
/// other charsets.
///
/// ```
/// use wire::Text;
///
/// let text = Text::new("ready")?;
/// assert_eq!(text.to_str_lossy(), "ready");
/// assert!(Text::new("+OK\r\nDELE 1").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Text(Bytes);

impl Text {
    /// No text.
    pub const EMPTY: Self = Self(Bytes::new());

    /// Checks and takes over `octets`.
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`] for CR, LF or NUL.
    #[inline]
    pub fn new(octets: impl Into<Bytes>) -> Result<Self, Misuse> {
        let octets = octets.into();
        match TEXT.first_outside(&octets) {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None => Ok(Self(octets)),
        }
    }

    /// Takes over octets of which nothing has to be said: US-ASCII as [`class::is_plain`](crate::class::is_plain) has it.
    #[must_use]
    #[inline]
    pub fn plain(octets: Bytes) -> Option<Self> {
        is_plain(&octets).then_some(Self(octets))
    }

    /// Replaces each illegal octet by a space; says whether there was one.
    #[must_use]
    #[inline]
    pub fn repaired(octets: Bytes) -> (Self, bool) {
        match TEXT.first_outside(&octets) {
            None => (Self(octets), false),
            Some(_) => {
                let legal = octets.iter().map(|&o| if TEXT.has(o) { o } else { b' ' });
                (Self(legal.collect()), true)
            }
        }
    }

    /// The octets.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The octets, shared.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        self.0.clone()
    }

    /// The text; what is not UTF-8 becomes U+FFFD. For showing, not for comparing.
    #[must_use]
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        alloc::string::String::from_utf8_lossy(&self.0)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its length, in octets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// Any text, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            4 => "[ -~]{0,30}".prop_map(|s| Self::repaired(s.into()).0),
            1 => proptest::collection::vec(any::<u8>(), 0..20).prop_map(|v| Self::repaired(v.into()).0),
            1 => "\\[[A-Z/]{0,9}\\]? ?[ -~]{0,9}".prop_map(|s| Self::repaired(s.into()).0),
        ]
    }
}

impl TryFrom<&'static str> for Text {
    type Error = Misuse;
    fn try_from(text: &'static str) -> Result<Self, Misuse> {
        Self::new(text)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_ends_a_line_gets_in() {
        for (bad, at) in [("a\r", 1), ("\n", 0), ("abc\0", 3)] {
            assert_eq!(Text::new(bad), Err(Misuse::IllegalOctet { offset: at }));
            let (text, repaired) = Text::repaired(bad.into());
            assert!(repaired && !text.as_bytes().iter().any(|o| b"\r\n\0".contains(o)));
        }
        let latin1 = Text::new(&b"caf\xe9"[..]).unwrap();
        assert_eq!(latin1.as_bytes(), b"caf\xe9");
        assert_eq!(alloc::format!("{latin1:?}"), r#""caf\xe9""#);
    }
}
