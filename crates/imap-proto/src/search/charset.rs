//! Names of character sets.

use crate::core::syntax::{self, expected};
use crate::core::{Context, Encoder, class};
use ::core::fmt;
use bytes::Bytes;
use wire::Misuse;
use wire::parse::{Parsed, fail};

/// `charset = atom / quoted` (RFC 9051 section 9, erratum 261 of RFC 3501): in which character set the strings of a search are. Two are
/// equal if their letters are, in any case.
///
/// ```
/// use imap_proto::Charset;
///
/// assert_eq!(Charset::new("utf-8")?, Charset::UTF_8);
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone)]
pub struct Charset(Bytes);

impl Charset {
    /// `UTF-8`, which all servers must know (RFC 9051 section 6.4.4).
    pub const UTF_8: Self = Self(Bytes::from_static(b"UTF-8"));
    /// `US-ASCII`.
    pub const US_ASCII: Self = Self(Bytes::from_static(b"US-ASCII"));

    /// Checks and takes over a name.
    ///
    /// # Errors
    /// [`Misuse::Empty`]; [`Misuse::IllegalOctet`]: not printable ASCII.
    pub fn new(name: impl Into<Bytes>) -> Result<Self, Misuse> {
        let name = name.into();
        match name.iter().position(|o| !matches!(o, b' '..=b'~')) {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None if name.is_empty() => Err(Misuse::Empty),
            None => Ok(Self(name)),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// `charset = atom / quoted`
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, name) = syntax::astring_octets(cx, i)?;
        if name.is_empty() || name.iter().any(|o| !matches!(o, b' '..=b'~')) {
            return fail(i, expected::ATOM);
        }
        Ok((rest, Self(syntax::keep(cx, name))))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        if class::ATOM.all(&self.0) { encoder.put(&self.0) } else { encoder.string_octets(&self.0) }
    }

    /// Some names, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            Just(Self::UTF_8),
            Just(Self::US_ASCII),
            "[A-Za-z0-9_-]{1,12}".prop_map(|s| Self(s.into())),
            "[ -~]{1,8}".prop_map(|s| Self(s.into())),
        ]
    }
}

impl PartialEq for Charset {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Charset {}

impl ::core::hash::Hash for Charset {
    fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
        for octet in &self.0 {
            state.write_u8(octet.to_ascii_lowercase());
        }
    }
}

impl fmt::Debug for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    #[test]
    fn names() {
        check(
            Charset::rule,
            |charset, encoder| charset.encode(encoder),
            &[
                Row::Good(b"UTF-8", Charset::UTF_8),
                Row::Other(b"\"us-ascii\"", Charset::US_ASCII),
                Row::Good(b"\"a b\"", Charset::new("a b").unwrap()),
                Row::Bad(b"\"\"", 0),
                Row::Bad(b"(", 0),
            ],
        );
        assert!(Charset::new("a\r").is_err() && Charset::new("").is_err());
    }

    proptest! {
        #[test]
        fn round_trips(charset in Charset::strategy()) {
            round_trip(&charset, Charset::rule, |charset, encoder| charset.encode(encoder));
        }
    }
}
