//! CONVERSIONS (RFC 5259 section 5): which conversions CONVERT has.

use crate::core::syntax::{self, blanks, expected};
use crate::core::{Context, Encoder, IString};
use crate::rule;
use ::core::fmt;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::parse::{Failure, Parsed};
use wire::{Misuse, ParseErrorKind, Tolerance};

/// `type-name`, `subtype-name` (RFC 4288 section 4.2): 1 to 127 letters, digits and some more.
fn is_name(octets: &[u8]) -> bool {
    let has = |o: &u8| o.is_ascii_alphanumeric() || b"!#$&.+-^_".contains(o);
    (1..=127).contains(&octets.len()) && octets.iter().all(has)
}

/// What stands before and behind the slash.
fn parts(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b'/', octets)?;
    Some((&octets[..at], &octets[at + 1..]))
}

macro_rules! types {
    ($($(#[$doc:meta])* $id:ident, $what:literal, $is:expr, $strategy:literal;)*) => {
        $($(#[$doc])*
        #[derive(Clone)]
        pub struct $id(Bytes);

        impl $id {
            /// Checks and takes over `octets`.
            ///
            /// # Errors
            #[doc = concat!("[`Misuse::Invalid`]: no ", $what, ".")]
            pub fn new(octets: impl Into<Bytes>) -> Result<Self, Misuse> {
                let octets = octets.into();
                let is: fn(&[u8]) -> bool = $is;
                if is(&octets) { Ok(Self(octets)) } else { Err(Misuse::Invalid($what)) }
            }

            /// The octets.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }

            /// A copy of exact size, which does not keep the receive buffer alive.
            #[must_use]
            pub fn detach(&self) -> Self {
                Self(Bytes::copy_from_slice(&self.0))
            }

            fn of<'i>(i: &'i [u8], rest: &'i [u8], octets: Bytes) -> Parsed<'i, Self> {
                match Self::new(octets) {
                    Ok(found) => Ok((rest, found)),
                    Err(_) => Err(Failure::at(i, expected::VALUE, ParseErrorKind::Syntax)),
                }
            }

            /// Writes it in quotes: not all that can stand in it can stand in an atom.
            fn encode(&self, encoder: &mut Encoder<'_>) {
                encoder.sp();
                encoder.string_octets(&self.0);
            }

            /// Any, for property tests.
            #[cfg(any(test, feature = "proptest"))]
            pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
                use proptest::prelude::*;
                $strategy.prop_map(|s| Self(s.into()))
            }
        }

        impl PartialEq for $id {
            fn eq(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }

        impl Eq for $id {}

        impl ::core::hash::Hash for $id {
            fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
                for octet in &self.0 {
                    state.write_u8(octet.to_ascii_lowercase());
                }
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0.escape_ascii())
            }
        })*
    };
}
types! {
    /// `concrete-mime-type = type-name "/" subtype-name` (RFC 5259 section 10). Two are equal if their letters are, in any case.
    MimeType, "MIME type", |octets| parts(octets).is_some_and(|(one, other)| is_name(one) && is_name(other)), "[a-z]{1,5}/[a-z.+-]{1,9}";
    /// `mime-type-req = "*" / (type-name "/" "*") / concrete-mime-type` (RFC 5259 section 10): one MIME type, those of a kind, or all. Two are
    /// equal if their letters are, in any case.
    ///
    /// ```
    /// use imap_proto::MimePattern;
    ///
    /// assert!(MimePattern::new("image/*").is_ok() && MimePattern::new("*/gif").is_err());
    /// ```
    MimePattern, "pattern of MIME types",
        |octets| octets == b"*" || parts(octets).is_some_and(|(one, other)| is_name(one) && (other == b"*" || is_name(other))),
        "(\\*|[a-z]{1,5}/(\\*|[a-z.+-]{1,9}))";
}

/// The arguments of CONVERSIONS (RFC 5259 section 5.1): from what, into what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Conversions {
    /// What is there.
    pub source: MimePattern,
    /// What is wanted.
    pub target: MimePattern,
}

impl Conversions {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { source: self.source.detach(), target: self.target.detach() }
    }

    /// ```text
    /// conversions-cmd    = "CONVERSIONS" SP from-mime-type-req SP to-mime-type-req
    /// from-mime-type-req = astring
    /// to-mime-type-req   = astring
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, source) = Self::pattern(cx, i)?;
        let (i, target) = Self::pattern(cx, i)?;
        Ok((i, Self { source, target }))
    }

    fn pattern<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, MimePattern> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (rest, octets) = syntax::astring_octets(cx, i)?;
        MimePattern::of(i, rest, syntax::keep(cx, octets))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.source.encode(encoder);
        self.target.encode(encoder);
    }

    /// Any arguments, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        (MimePattern::strategy(), MimePattern::strategy())
            .prop_map(|(source, target)| Self { source, target })
    }
}

/// The CONVERSION response (RFC 5259 section 5.2): a conversion that the server has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Conversion {
    /// From what.
    pub source: MimeType,
    /// Into what.
    pub target: MimeType,
    /// The names of the parameters that it takes.
    pub params: Vec<IString>,
}

impl Conversion {
    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self {
            source: self.source.detach(),
            target: self.target.detach(),
            params: self.params.iter().map(IString::detach).collect(),
        }
    }

    /// ```text
    /// conversion-data        = "CONVERSION" SP quoted-from-mime-type SP quoted-to-mime-type
    ///                          [SP "(" transcoding-param-name *(SP transcoding-param-name) ")"]
    /// quoted-from-mime-type  = DQUOTE from-concrete-mime-type DQUOTE
    /// transcoding-param-name = astring
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (i, source) = Self::quoted(cx, i)?;
        let (i, target) = Self::quoted(cx, i)?;
        if i.get(blanks(i)) != Some(&b'(') {
            return Ok((i, Self { source, target, params: Vec::new() }));
        }
        let (i, ()) = syntax::sp_or_none(cx, i)?;
        let (i, params) = syntax::list1(cx, i, syntax::astring)?;
        Ok((i, Self { source, target, params }))
    }

    fn quoted<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, MimeType> {
        let (i, ()) = syntax::sp(cx, i)?;
        let (rest, string) = syntax::string(cx, i)?;
        if i.starts_with(b"{") && !cx.tolerates(Tolerance::Default, rule::STRING_FORM, &i[..1]) {
            return wire::parse::fail(i, expected::STRING);
        }
        MimeType::of(i, rest, string.to_bytes())
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        self.source.encode(encoder);
        self.target.encode(encoder);
        if !self.params.is_empty() {
            encoder.sp();
            encoder.list(&self.params, Encoder::string);
        }
    }

    /// Any response, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let params = proptest::collection::vec(IString::strategy(), 0..4);
        (MimeType::strategy(), MimeType::strategy(), params).prop_map(|(source, target, params)| Self {
            source,
            target,
            params,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, round_trip};
    use proptest::prelude::*;

    #[test]
    fn commands() {
        let ask = |source: &'static str, target: &'static str| Conversions {
            source: MimePattern::new(source).unwrap(),
            target: MimePattern::new(target).unwrap(),
        };
        check(
            Conversions::rule,
            |conversions, encoder| conversions.encode(encoder),
            &[
                Row::Good(b" \"image/gif\" \"image/jpeg\"", ask("image/gif", "image/jpeg")),
                Row::Good(b" \"image/*\" \"text/*\"", ask("image/*", "text/*")),
                Row::Good(b" \"*\" \"image/jpeg\"", ask("*", "image/jpeg")),
                Row::Other(b" image/gif {1}\r\n*", ask("IMAGE/GIF", "*")),
                Row::Lenient(b" image/gif *", 12, ask("image/gif", "*")),
                Row::Tolerated(b"  image/gif  \"*\" ", 16, ask("image/gif", "*")),
                Row::Bad(b" image/gif", 10),
                Row::Bad(b" image text/plain", 1),
                Row::Bad(b" \"*/gif\" \"*\"", 1),
                Row::Bad(b" \"a/b/c\" \"*\"", 1),
                Row::Bad(b"", 0),
            ],
        );
    }

    #[test]
    fn responses() {
        let has = |source: &'static str, target: &'static str, params: &[&'static str]| Conversion {
            source: MimeType::new(source).unwrap(),
            target: MimeType::new(target).unwrap(),
            params: params.iter().map(|&name| IString::new(name).unwrap()).collect(),
        };
        check(
            Conversion::rule,
            |conversion, encoder| conversion.encode(encoder),
            &[
                Row::Good(
                    b" \"image/gif\" \"image/jpeg\" (\"pix-y\" \"pix-x\" \"image-interleave\")",
                    has("image/gif", "image/jpeg", &["pix-y", "pix-x", "image-interleave"]),
                ),
                Row::Good(b" \"image/gif\" \"image/png\"", has("image/gif", "image/png", &[])),
                Row::Other(b" \"a/b\" \"c/d\" (x)", has("a/b", "c/d", &["x"])),
                Row::Tolerated(b" a/b \"c/d\" ()", 13, has("a/b", "c/d", &[])),
                Row::Tolerated(b" \"a/b\" \"c/d\"(x )", 16, has("a/b", "c/d", &["x"])),
                Row::Tolerated(b" {3}\r\na/b \"c/d\"", 15, has("a/b", "c/d", &[])),
                Row::Bad(b" \"a/*\" \"c/d\"", 1),
                Row::Bad(b" \"a/b\"", 6),
                Row::Bad(b" NIL \"a/b\"", 1),
            ],
        );
        assert!(size_of::<Conversion>() <= 96);
        assert!(MimeType::new(alloc::format!("a/{}", "b".repeat(127))).is_ok());
        assert!(MimeType::new(alloc::format!("a/{}", "b".repeat(128))).is_err());
        for bad in ["a/b\r\n", "a/\0", "a b/c", "/", "a/", ""] {
            assert!(MimeType::new(bad).is_err() && MimePattern::new(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn round_trips(command in Conversions::strategy(), response in Conversion::strategy()) {
            round_trip(&command, Conversions::rule, |value, encoder| value.encode(encoder));
            round_trip(&response, Conversion::rule, |value, encoder| value.encode(encoder));
            prop_assert_eq!(command.detach(), command);
            prop_assert_eq!(response.detach(), response);
        }
    }
}
