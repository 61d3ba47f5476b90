//! The octets of a message: in the value, or streamed.

use crate::core::syntax::{self, expected};
use crate::core::{Context, Encoder, Literal8, Number64};
use crate::rule;
use wire::Tolerance;
use wire::parse::{Parsed, fail};

/// A message or a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MessageData {
    /// Its octets.
    Inline(Literal8),
    /// Its octets are not here: they come, or are sent, as a stream.
    Streamed {
        /// How many octets they are.
        size: Number64,
        /// Whether they are a `literal8`, which may hold NUL.
        binary: bool,
    },
}

impl MessageData {
    /// Octets that are at hand.
    #[must_use]
    pub fn new(octets: impl Into<bytes::Bytes>) -> Self {
        Self::Inline(Literal8::new(octets))
    }

    /// The octets, if they are here.
    #[must_use]
    pub fn octets(&self) -> Option<&[u8]> {
        match self {
            Self::Inline(octets) => Some(octets.as_bytes()),
            Self::Streamed { .. } => None,
        }
    }

    /// How many octets they are.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::Inline(octets) => octets.as_bytes().len() as u64,
            Self::Streamed { size, .. } => size.get(),
        }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Inline(octets) => Self::Inline(octets.detach()),
            streamed @ Self::Streamed { .. } => streamed.clone(),
        }
    }

    /// `literal / literal8`
    #[inline]
    pub(crate) fn literal<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        if let Some(found) = Self::cut(cx, i) {
            return Ok(found);
        }
        let (rest, octets) = Literal8::rule(cx, i)?;
        Ok((rest, Self::Inline(octets)))
    }

    fn cut<'i>(cx: &Context<'_>, i: &'i [u8]) -> Option<(&'i [u8], Self)> {
        let (rest, size) = Literal8::cut(cx, i)?;
        Some((rest, Self::Streamed { size: Number64::known(size), binary: i.starts_with(b"~") }))
    }

    /// `nstring`, or `nstring / literal8`
    #[inline]
    pub(crate) fn nstring<'i>(cx: &Context<'_>, i: &'i [u8], binary: bool) -> Parsed<'i, Option<Self>> {
        match i.first() {
            Some(b'{' | b'~') => {
                let (rest, data) = match Self::cut(cx, i) {
                    Some(found) => found,
                    None => {
                        let (rest, octets) = Literal8::rule(cx, i)?;
                        (rest, Self::Inline(octets))
                    }
                };
                if i[0] == b'~' && !binary && !cx.tolerates(Tolerance::Default, rule::STRING_FORM, &i[..1]) {
                    return fail(i, expected::NSTRING);
                }
                Ok((rest, Some(data)))
            }
            // a word is no message: it is the next attribute, and the data is missing
            Some(b'"') => {
                let (rest, octets) = syntax::string_octets(cx, i)?;
                Ok((rest, Some(Self::Inline(Literal8::new(syntax::keep(cx, octets))))))
            }
            _ => match syntax::nil(i) {
                Some(rest) => Ok((rest, None)),
                None => fail(i, expected::NSTRING),
            },
        }
    }

    /// Writes it as a literal.
    pub(crate) fn encode_literal(&self, encoder: &mut Encoder<'_>) {
        match self {
            Self::Inline(octets) => octets.encode(encoder),
            Self::Streamed { size, binary } => encoder.streamed(size.get(), *binary),
        }
    }

    /// Writes it as a `literal8`, whatever it holds.
    pub(crate) fn encode_literal8(&self, encoder: &mut Encoder<'_>) {
        match self {
            Self::Inline(octets) => encoder.literal(&octets.to_bytes(), true),
            Self::Streamed { size, .. } => encoder.streamed(size.get(), true),
        }
    }

    /// Writes it in the shortest form, NIL for none.
    pub(crate) fn encode_nstring(data: Option<&Self>, encoder: &mut Encoder<'_>) {
        match data {
            None => encoder.put(b"NIL"),
            Some(Self::Inline(octets)) => {
                let octets_ = octets.as_bytes();
                let line = octets_.len() <= encoder.options().max_quoted
                    && memchr::memchr3(b'\r', b'\n', 0, octets_).is_none();
                if line { encoder.string_octets(octets_) } else { octets.encode(encoder) }
            }
            Some(streamed @ Self::Streamed { .. }) => streamed.encode_literal(encoder),
        }
    }

    /// Any octets, for property tests; streamed ones only if a test knows how to cut them.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        proptest::collection::vec(1..=255u8, 0..20).prop_map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check};
    use crate::core::{Cut, Options};
    use bytes::Bytes;

    #[test]
    fn inline_data() {
        let data = |octets: &'static [u8]| Some(MessageData::new(octets));
        let encode = |data: &Option<MessageData>, encoder: &mut Encoder<'_>| {
            MessageData::encode_nstring(data.as_ref(), encoder);
        };
        check(
            |cx, i| MessageData::nstring(cx, i, false),
            encode,
            &[
                Row::Good(b"NIL", None),
                Row::Good(b"\"\"", data(b"")),
                Row::Good(b"\"abc\"", data(b"abc")),
                Row::Other(b"{3}\r\nabc", data(b"abc")),
                Row::Good(b"{3}\r\na\r\n", data(b"a\r\n")),
                Row::Other(b"{3+}\r\nabc", data(b"abc")),
                Row::Tolerated(b"{3}\nabc", 7, data(b"abc")),
                Row::Tolerated(b"~{3}\r\na\0c", 9, data(b"a\0c")),
                Row::Tolerated(b"{3}\r\na\0c", 8, data(b"a\0c")),
                Row::Bad(b"abc", 0),
                Row::Bad(b"(", 0),
                Row::Bad(b"{3}\r\nab", 7),
            ],
        );
        check(
            |cx, i| MessageData::nstring(cx, i, true),
            encode,
            &[Row::Good(b"~{3}\r\na\0c", data(b"a\0c"))],
        );
    }

    #[test]
    fn messages_may_stay_unread() {
        for (frame, nul) in [(&b"{3}\r\na\0c"[..], true), (b"{3}\r\nabc", false), (b"~{3}\r\na\0c", true)] {
            let frame = Bytes::copy_from_slice(frame);
            for tolerance in [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient] {
                let cx = Context::new(&frame, tolerance).messages_unread(true);
                let parsed = MessageData::nstring(&cx, &frame, true);
                // what the RFC forbids is still refused
                if tolerance == Tolerance::Strict && nul && frame[0] == b'{' {
                    assert!(parsed.is_err());
                    continue;
                }
                let Some(MessageData::Inline(octets)) = parsed.unwrap().1 else { panic!("no data") };
                assert!(cx.into_repairs().is_empty());
                assert_eq!(octets.has_nul(), nul);
                let mut output = wire::Output::new();
                octets.encode(&mut Encoder::new(&mut output, Options::server()));
                assert_eq!(output.take_all().starts_with(b"~"), nul);
            }
        }
    }

    #[test]
    fn streamed_data_is_a_head() {
        let frame = Bytes::from_static(b"x ~{70000}\r\n y");
        let cuts = [Cut { offset: 12, size: 70_000 }];
        let cx = Context::new(&frame, Tolerance::Strict).cuts(&cuts);
        let (rest, data) = MessageData::nstring(&cx, &frame[2..], true).unwrap();
        assert_eq!(
            (rest, &data),
            (&b" y"[..], &Some(MessageData::Streamed { size: 70_000.into(), binary: true }))
        );
        let mut output = wire::Output::new();
        let mut encoder = Encoder::new(&mut output, Options::server());
        encoder.put(b"x ");
        MessageData::encode_nstring(data.as_ref(), &mut encoder);
        assert_eq!(encoder.cuts(), cuts);
        assert_eq!(output.take_all(), frame[..12]);
    }
}
