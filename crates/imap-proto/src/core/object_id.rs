//! Identifiers of mailboxes, messages and threads.

use super::syntax::{self, blanks, expected};
use super::{Context, Encoder};
use crate::rule;
use ::core::fmt;
use bytes::Bytes;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseErrorKind, Tolerance};

/// `objectid = 1*255(ALPHA / DIGIT / "_" / "-")` (RFC 8474 section 7): what MAILBOXID, EMAILID and THREADID name. Case matters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(Bytes);

const MAX: usize = 255;

fn has(o: u8) -> bool {
    o.is_ascii_alphanumeric() || o == b'_' || o == b'-'
}

impl ObjectId {
    /// Checks and takes over `octets`.
    ///
    /// # Errors
    /// [`Misuse::Empty`]; [`Misuse::IllegalOctet`]; [`Misuse::TooLong`]: more than 255 octets.
    pub fn new(octets: impl Into<Bytes>) -> Result<Self, Misuse> {
        let octets = octets.into();
        match octets.iter().position(|&o| !has(o)) {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None if octets.is_empty() => Err(Misuse::Empty),
            None if octets.len() > MAX => Err(Misuse::TooLong { limit: MAX }),
            None => Ok(Self(octets)),
        }
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // only ASCII gets in, or what was tolerated
        ::core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// `objectid = 1*255(ALPHA / DIGIT / "_" / "-")`
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let len = i.iter().position(|&o| !has(o)).unwrap_or(i.len());
        if len > MAX {
            return Err(Failure::at(i, expected::OBJECT_ID, ParseErrorKind::TooLong));
        }
        if len > 0 && matches!(i.get(len), None | Some(b' ' | b')' | b']' | b'\t')) {
            return Ok((&i[len..], Self(cx.keep(&i[..len]))));
        }
        let len = super::class::ATOM.run(i);
        match len {
            1..=MAX if cx.tolerates(Tolerance::Default, rule::ATOM_OCTET, &i[..len]) => {
                Ok((&i[len..], Self(cx.keep(&i[..len]))))
            }
            _ => fail(i, expected::OBJECT_ID),
        }
    }

    /// `"(" objectid ")"`
    pub(crate) fn in_parentheses<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let Some(inside) = i.strip_prefix(b"(") else {
            if matches!(i.first(), Some(&o) if has(o)) {
                let (rest, id) = Self::rule(cx, i)?;
                if cx.tolerates(Tolerance::Default, rule::MISSING_PARENTHESES, &i[..i.len() - rest.len()]) {
                    return Ok((rest, id));
                }
            }
            return fail(i, expected::OPEN);
        };
        let (rest, id) = Self::rule(cx, syntax::no_sp(cx, inside))?;
        let rest = if rest.get(blanks(rest)) == Some(&b')') { syntax::no_sp(cx, rest) } else { rest };
        let (rest, ()) = syntax::octet(rest, b')', expected::CLOSE)?;
        Ok((rest, id))
    }

    /// Writes it.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(&self.0);
    }

    /// Writes it in parentheses.
    pub(crate) fn encode_in_parentheses(&self, encoder: &mut Encoder<'_>) {
        encoder.put(b"(");
        self.encode(encoder);
        encoder.put(b")");
    }

    /// Any identifier, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        "[A-Za-z0-9_-]{1,30}".prop_map(|s| Self(s.into()))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check};

    #[test]
    fn identifiers() {
        let id = |octets: &'static str| ObjectId::new(octets).unwrap();
        check(
            ObjectId::in_parentheses,
            |id, encoder| id.encode_in_parentheses(encoder),
            &[
                Row::Good(b"(F2212ea87-6097-4256-9d51-71338625)", id("F2212ea87-6097-4256-9d51-71338625")),
                Row::Tolerated(b"( a )", 5, id("a")),
                Row::Tolerated(b"abc", 3, id("abc")),
                Row::Bad(b"()", 1),
                Row::Bad(b"(a b)", 2),
            ],
        );
        assert_eq!(ObjectId::new(""), Err(Misuse::Empty));
        assert_eq!(ObjectId::new("a.b"), Err(Misuse::IllegalOctet { offset: 1 }));
        assert!(ObjectId::new([b'a'; 255].to_vec()).is_ok());
        assert_eq!(ObjectId::new([b'a'; 256].to_vec()), Err(Misuse::TooLong { limit: 255 }));
    }
}
