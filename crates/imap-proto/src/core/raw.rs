//! What nobody understands, kept as it is.

use super::syntax::{self, blanks, expected, literal_head};
use super::{Context, Encoder, class};
use ::core::fmt;
use bytes::Bytes;
use wire::ParseErrorKind;
use wire::parse::{Failure, Parsed, fail};

/// Octets of a message that were not understood, literals included: one value, or several. Written again as they were.
///
/// They are balanced: parentheses, quotes and literals end inside, and a CR or LF stands only where a literal allows it. So they cannot be
/// mistaken for something else when they are sent.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Raw(Bytes);

impl Raw {
    /// Checks and takes over values, separated by single spaces; or nothing.
    ///
    /// # Errors
    /// [`wire::Misuse::Invalid`]: not balanced, or an octet that cannot stand there.
    pub fn new(octets: impl Into<Bytes>) -> Result<Self, wire::Misuse> {
        let octets = octets.into();
        let cx = Context::new(&octets, wire::Tolerance::Strict);
        match values(&cx, &octets) {
            Ok(([], _)) => Ok(Self(octets)),
            _ => Err(wire::Misuse::Invalid("value")),
        }
    }

    pub(crate) const fn known(octets: Bytes) -> Self {
        Self(octets)
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// Octets of the message, the heads of their literals in their plain form.
    fn of(cx: &Context<'_>, octets: &[u8]) -> Self {
        let raw = Self(cx.keep(octets));
        let plain = memchr::memchr_iter(b'\n', octets).all(|at| octets[..at].ends_with(b"}\r"))
            && memchr::memmem::find(octets, b"+}").is_none();
        if plain {
            return raw;
        }
        let mut output = wire::Output::new();
        raw.encode(&mut Encoder::new(&mut output, super::Options::server()));
        Self(output.take_all())
    }

    /// One value.
    pub(crate) fn value<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, ()) = value(cx, i)?;
        Ok((rest, Self::of(cx, &i[..i.len() - rest.len()])))
    }

    /// All values that follow, each behind blanks or right behind another, up to `)` or the end.
    pub(crate) fn rest<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, ()) = values(cx, i)?;
        Ok((rest, Self::of(cx, &i[..i.len() - rest.len()])))
    }

    /// What stands behind a space; or nothing at all.
    pub(crate) fn behind_space<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        match i.strip_prefix(b" ") {
            Some(rest) => Self::rest(cx, rest),
            None => Ok((i, Self::default())),
        }
    }

    /// Writes it behind a space, if it is anything.
    pub(crate) fn encode_behind_space(&self, encoder: &mut Encoder<'_>) {
        if !self.0.is_empty() {
            encoder.sp();
            self.encode(encoder);
        }
    }

    /// Writes it as it is, waiting for the peer where it has literals.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.raw(&self.0);
    }

    /// Any values, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            "[A-Z]{1,5}( [0-9]{1,3})?".prop_map(|s| Self(s.into())),
            "\\(\"[a-z ]{0,5}\" \\(x\\) NIL\\)".prop_map(|s| Self(s.into())),
            Just(Self(Bytes::from_static(b"{3}\r\n)\r\n x"))),
            Just(Self(Bytes::from_static(b"~{2}\r\n\0\n"))),
        ]
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0.escape_ascii())
    }
}

/// Passes over one value: an atom with what may stand in it, a string, a list with all that it holds. Without recursion.
pub(crate) fn value<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ()> {
    if i.first().is_none_or(|&o| matches!(o, b')' | b' ' | b'\t' | b'\r' | b'\n' | 0)) {
        return fail(i, expected::VALUE);
    }
    walk(cx, i, true)
}

/// Passes over all values up to a `)` that closes nothing, or the end.
pub(crate) fn values<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ()> {
    walk(cx, i, false)
}

fn walk<'i>(cx: &Context<'_>, mut i: &'i [u8], one: bool) -> Parsed<'i, ()> {
    let start = i;
    let mut depth = 0u32;
    loop {
        let Some(&first) = i.first() else {
            return if depth == 0 { Ok((i, ())) } else { fail(i, expected::CLOSE) };
        };
        i = match first {
            b'(' => {
                depth += 1;
                if depth > cx.depth_limit() {
                    return Err(Failure::at(i, expected::DEPTH, ParseErrorKind::TooDeep));
                }
                &i[1..]
            }
            b')' if depth == 0 => return Ok((i, ())),
            b')' => {
                depth -= 1;
                &i[1..]
            }
            b'"' => syntax::quoted(cx, i)?.0,
            // a brace that announces nothing is an octet of an atom
            // as framing has it: a literal is a word, and glued to no other
            b'{' | b'~' if may_begin(start, i) && literal_head(cx, i).is_ok() => {
                let head = literal_head(cx, i)?;
                let size = usize::try_from(head.size).unwrap_or(usize::MAX);
                match head.rest.get(size..) {
                    Some(rest) => rest,
                    None => return fail(&head.rest[head.rest.len()..], expected::LITERAL_OCTETS),
                }
            }
            // at the end of a line it would announce one
            b'{' if announces(i) => return fail(i, expected::LITERAL),
            b' ' | b'\t' if depth == 0 && one => return Ok((i, ())),
            b' ' | b'\t' => &i[blanks(i)..],
            b'\r' | b'\n' | 0 if i.len() < start.len() && depth == 0 && one => return Ok((i, ())),
            b'\r' | b'\n' | 0 => return fail(i, expected::VALUE),
            _ => {
                let len = class::LOOSE.run(i).max(1);
                &i[len..]
            }
        };
    }
}

/// Whether a literal may begin at `i`, a part of `start`.
fn may_begin(start: &[u8], i: &[u8]) -> bool {
    let before = start[..start.len() - i.len()].last();
    before.is_none_or(|&o| matches!(o, b' ' | b'\t' | b'(' | b')' | b']' | b'>'))
}

/// `"{" 1*DIGIT ["+"] "}"`
fn announces(i: &[u8]) -> bool {
    let digits = i[1..].iter().take_while(|o| o.is_ascii_digit()).count();
    digits > 0 && matches!(i[1 + digits..], [b'}', ..] | [b'+', b'}', ..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::Tolerance;

    fn one(octets: &'static [u8]) -> Option<(&'static [u8], usize)> {
        let frame = Bytes::from_static(octets);
        let cx = Context::new(&frame, Tolerance::Default);
        let left = Raw::value(&cx, &frame).ok()?.0.len();
        Some((octets, octets.len() - left))
    }

    #[test]
    fn values_are_balanced() {
        for (octets, len) in [
            (&b"abc def"[..], 3),
            (b"BODY[HEADER (a b)] x", 18),
            (b"(a (b) \"c)\") d", 12),
            (b"{3}\r\na) b", 9),
            (b"({3}\r\na) b) c", 11),
            (b"\"a\\\"b\" c", 6),
            (b"a)", 1),
            (b"a{b c", 3),
            (b"\\Flag)", 5),
        ] {
            let expected = if octets.starts_with(b"BODY") { 11 } else { len };
            assert_eq!(one(octets), Some((octets, expected)), "{}", octets.escape_ascii());
        }
        for bad in [
            &b""[..],
            b"{{3}\r\nabc",
            b"x{3}\r\nabc",
            b"x{3}",
            b"x{3+} y",
            b"~{3}",
            b")",
            b" a",
            b"(a",
            b"\"a",
            b"(a\r\n)",
            b"{9}\r\na",
            b"\r\n",
        ] {
            assert_eq!(one(bad), None, "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn what_can_be_sent_cannot_inject() {
        for good in ["", "a", "a b", "(a) {2}\r\n\r\n"] {
            assert!(Raw::new(good).is_ok(), "{good:?}");
        }
        for bad in ["a\r\nb", "(a", "a)", "\"a", "{3}\r\nab", "\0"] {
            assert!(Raw::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn depth_is_limited_without_recursion() {
        let deep = Bytes::from(alloc::vec![b'('; 1_000_000]);
        let cx = Context::new(&deep, Tolerance::Lenient);
        let error = Failure::of(Raw::value(&cx, &deep).unwrap_err());
        assert_eq!(error.kind(), ParseErrorKind::TooDeep);
    }
}
