//! JMAPACCESS (RFC 9698), COMPRESS (RFC 4978).

use crate::core::syntax::{self, expected};
use crate::core::{Atom, Context, Encoder, IString};
use crate::rule;
use wire::parse::{Parsed, fail};
use wire::{Misuse, Tolerance};

/// The JMAPACCESS response (RFC 9698 section 3): where the same mail is to be had over JMAP.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JmapAccess {
    url: IString,
}

impl JmapAccess {
    /// Of the URL of the session resource.
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: not printable ASCII. [`Misuse::Empty`].
    pub fn new(url: IString) -> Result<Self, Misuse> {
        match url.as_bytes().iter().position(|o| !matches!(o, b' '..=b'~')) {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None if url.is_empty() => Err(Misuse::Empty),
            None => Ok(Self { url }),
        }
    }

    /// The URL of the session resource.
    #[must_use]
    pub fn url(&self) -> &IString {
        &self.url
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { url: self.url.detach() }
    }

    /// ```text
    /// resp-jmapaccess = "JMAPACCESS" SP quoted
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::sp(cx, i)?;
        if syntax::nil(i).is_some() {
            return fail(i, expected::STRING);
        }
        let (rest, url) = syntax::string(cx, i)?;
        if i.starts_with(b"{") && !cx.tolerates(Tolerance::Default, rule::STRING_FORM, &i[..1]) {
            return fail(i, expected::STRING);
        }
        // it is written in quotes
        match Self::new(url) {
            Ok(access) => Ok((rest, access)),
            Err(_) => fail(i, expected::URL),
        }
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        // however long it is
        encoder.quoted(self.url.as_bytes());
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        "https://[a-z]{1,9}[ -~]{0,20}".prop_map(|url| Self { url: IString::known(url.into()) })
    }
}

/// The argument of COMPRESS (RFC 4978 section 3): the algorithm.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compress {
    /// `DEFLATE`, the only one that is defined.
    Deflate,
    /// Another algorithm.
    Other(Atom),
}

impl Compress {
    /// The names that are known.
    pub const KEYWORDS: &'static [&'static str] = &["DEFLATE"];

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Deflate => Self::Deflate,
            Self::Other(name) => Self::Other(name.detach()),
        }
    }

    /// ```text
    /// compress    = "COMPRESS" SP algorithm
    /// algorithm   = "DEFLATE"
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (i, word) = syntax::atom(i)?;
        let deflate = word.eq_ignore_ascii_case(b"DEFLATE");
        Ok((i, if deflate { Self::Deflate } else { Self::Other(Atom::known(cx.keep(word))) }))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        match self {
            Self::Deflate => encoder.put(b"DEFLATE"),
            Self::Other(name) => name.encode(encoder),
        }
    }

    /// Any argument, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            Just(Self::Deflate),
            "X-[A-Z]{1,5}".prop_map(|name| Self::Other(Atom::known(name.into())))
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    #[test]
    fn examples() {
        let url = || JmapAccess::new(IString::new("https://example.com/.well-known/jmap").unwrap()).unwrap();
        check(
            JmapAccess::rule,
            |jmap, encoder| jmap.encode(encoder),
            &[
                Row::Good(b" \"https://example.com/.well-known/jmap\"", url()),
                Row::Tolerated(b" https://example.com/.well-known/jmap", 37, url()),
                Row::Tolerated(b" {36}\r\nhttps://example.com/.well-known/jmap", 43, url()),
                Row::Bad(b"", 0),
                Row::Bad(b" NIL", 1),
                Row::Bad(b" {3}\r\na\r\n", 1),
                Row::Bad(b" \"\"", 1),
            ],
        );
        assert_eq!(JmapAccess::new(IString::new("a\r\n").unwrap()), Err(Misuse::IllegalOctet { offset: 1 }));
        check(
            Compress::rule,
            |compress, encoder| compress.encode(encoder),
            &[
                Row::Good(b" DEFLATE", Compress::Deflate),
                Row::Other(b" deflate", Compress::Deflate),
                Row::Good(b" LZ4", Compress::Other(Atom::new("LZ4").unwrap())),
                Row::Bad(b"", 0),
                Row::Bad(b" (", 1),
            ],
        );
    }

    proptest! {
        #[test]
        fn round_trips(jmap in JmapAccess::strategy(), compress in Compress::strategy()) {
            round_trip(&jmap, JmapAccess::rule, |value, encoder| value.encode(encoder));
            round_trip(&compress, Compress::rule, |value, encoder| value.encode(encoder));
        }
    }
}
