//! Attributes of XCLIENT and XFORWARD (Postfix; no RFC).

use crate::Xtext;
use crate::syntax::{expected, gap};
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use wire::class::{Class, VCHAR};
use wire::parse::{Failure, Parsed, fail};
use wire::{Context, Misuse, Output, ParseErrorKind};

/// What a proxy says of the client that it speaks for: names and values, such as `ADDR=192.0.2.1`.
///
/// ```
/// use smtp_proto::Attributes;
///
/// let attributes = Attributes::new([("NAME", "spike.example"), ("ADDR", "192.0.2.1")])?;
/// assert_eq!(attributes.as_bytes(), b"NAME=spike.example ADDR=192.0.2.1");
/// assert_eq!(attributes.get("addr").unwrap().decode(), &b"192.0.2.1"[..]);
/// # Ok::<(), smtp_proto::wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Attributes(Bytes);

impl Attributes {
    /// Attributes that Postfix has for XCLIENT and XFORWARD.
    pub const NAMES: &[&str] =
        &["NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT", "IDENT", "SOURCE"];

    /// From names and values; the values are encoded as xtext. `[UNAVAILABLE]` and `[TEMPUNAVAIL]` say that there is none.
    ///
    /// # Errors
    /// None at all, a name that is not of letters, or a value that xtext cannot carry.
    pub fn new<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        attributes: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, Misuse> {
        let mut line = Vec::new();
        for (name, value) in attributes {
            // or it could hold a value, and another attribute
            if !name.as_ref().iter().all(u8::is_ascii_alphabetic) {
                return Err(Misuse::Invalid("attributes"));
            }
            if !line.is_empty() {
                line.push(b' ');
            }
            line.extend_from_slice(name.as_ref());
            line.push(b'=');
            line.extend_from_slice(Xtext::encode(value.as_ref())?.as_bytes());
        }
        Self::parse(line)
    }

    /// The same as far as a tolerant server takes them: with more blanks between them.
    ///
    /// # Errors
    /// Not even that.
    pub fn tolerated(line: impl Into<Bytes>) -> Result<Self, Misuse> {
        Self::parse_in(&Context::new(&line.into(), wire::Tolerance::Lenient))
    }

    /// From the arguments as they stand on the wire.
    ///
    /// # Errors
    /// What [`new`](Self::new) refuses.
    pub fn parse(line: impl Into<Bytes>) -> Result<Self, Misuse> {
        Self::parse_in(&Context::new(&line.into(), wire::Tolerance::Strict))
    }

    fn parse_in(cx: &Context<'_>) -> Result<Self, Misuse> {
        match Self::rule(cx, cx.frame()) {
            Ok((b"", attributes)) => Ok(attributes),
            _ => Err(Misuse::Invalid("attributes")),
        }
    }

    /// The names and values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], Xtext<'_>)> {
        self.0.split(|&o| o == b' ' || o == b'\t').filter_map(|word| {
            let at = word.iter().position(|&o| o == b'=')?;
            Some((&word[..at], Xtext::parse(&word[at + 1..]).ok()?))
        })
    }

    /// The value of an attribute, whose name is compared without case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Xtext<'_>> {
        self.iter().find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }

    /// The arguments as they came.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// In the words of Postfix' XCLIENT_README:
    ///
    /// ```text
    /// xclient-command = XCLIENT 1*( SP attribute-name"="attribute-value )
    /// attribute-value = xtext
    /// ```
    ///
    /// Behind the keyword and a space.
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        const NAME: Class = wire::class::ALPHA;
        let mut rest = i;
        loop {
            let name = NAME.run(rest);
            if name == 0 || rest.get(name) != Some(&b'=') {
                return fail(&rest[name..], expected::ATTRIBUTE);
            }
            let value = &rest[name + 1..];
            let len = VCHAR.run(value);
            if Xtext::parse(&value[..len]).is_err() {
                return Err(Failure::at(value, expected::XTEXT, ParseErrorKind::Syntax));
            }
            rest = &value[len..];
            if rest.iter().all(|&o| o == b' ') || !matches!(rest.first(), Some(b' ' | b'\t')) {
                return Ok((rest, Self(cx.keep(&i[..i.len() - rest.len()]))));
            }
            (rest, _) = gap(cx, rest)?;
        }
    }

    pub(crate) fn encode(&self, output: &mut Output) {
        output.put(&self.0);
    }

    /// Any attributes, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let pair = (proptest::sample::select(Self::NAMES), "[ -~]{0,12}|\\[UNAVAILABLE\\]");
        proptest::collection::vec(pair, 1..5).prop_filter_map("attributes", |pairs| Self::new(pairs).ok())
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_inject() {
        // found by smtp_items
        for name in ["ADDR=1 LOGIN", "ADDR=", "A B", "A\tB", "A\r\nB", "A1", ""] {
            assert_eq!(Attributes::new([(name, "x")]), Err(Misuse::Invalid("attributes")), "{name:?}");
        }
        assert_eq!(Attributes::new([("NAME", "a b=c")]).unwrap().as_bytes(), b"NAME=a+20b+3Dc");
    }
}
