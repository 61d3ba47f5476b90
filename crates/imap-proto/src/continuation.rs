//! Continuation requests (RFC 9051 section 7.5): lines that start with `+`.

use crate::Code;
use crate::condition::{check_text, encode_resp_text, resp_text};
use crate::core::syntax::{blanks, expected, line};
use crate::core::{Context, Encoder};
use crate::rule;
use ::core::fmt;
use bytes::Bytes;
use wire::class::VCHAR;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseError, Redacted, Secret, Text, Tolerance};

/// `continue-req` with text (RFC 9051 section 7.5): the server waits for a literal, or for what IDLE waits for.
///
/// In an AUTHENTICATE exchange the same line is a [`Challenge`]. Only the client's state tells which.
///
/// ```
/// use imap_proto::Continue;
///
/// let request = Continue::parse(&"+ Ready for literal data\r\n".into())?;
/// assert_eq!(request.text().as_bytes(), b"Ready for literal data");
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Continue {
    code: Option<Code>,
    text: Text,
}

impl Continue {
    /// From its parts.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: the text would pass for a code.
    pub fn new(code: Option<Code>, text: Text) -> Result<Self, Misuse> {
        check_text(code.as_ref(), &text)?;
        Ok(Self { code, text })
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> Option<&Code> {
        self.code.as_ref()
    }

    /// The text, for people.
    #[must_use]
    pub const fn text(&self) -> &Text {
        &self.text
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { code: self.code.as_ref().map(Code::detach), text: self.text.detach() }
    }

    /// Parses a complete line by the rules of the RFC.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(frame: &Bytes) -> Result<Self, ParseError> {
        Self::parse_in(&Context::new(frame, Tolerance::Strict))
    }

    /// Parses the message of a context, which is a complete line.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse_in(cx: &Context<'_>) -> Result<Self, ParseError> {
        parse_in(cx, Self::rule)
    }

    /// Behind the `+`.
    ///
    /// ```text
    /// continue-req    = "+" SP (resp-text / base64) CRLF
    /// ```
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, (code, text)) = match i {
            [first, ..]
                if !matches!(first, b' ' | b'\t' | b'[' | b'\r' | b'\n' | 0)
                    && cx.tolerates(Tolerance::Default, rule::MISSING_SPACE, &i[..0]) =>
            {
                crate::condition::text(cx, i).map(|(rest, text)| (rest, (None, text)))?
            }
            _ => resp_text(cx, i)?,
        };
        Ok((rest, Self { code, text }))
    }

    /// Writes what stands behind the `+`: always with the space, which not every client can do without.
    pub(crate) fn encode(&self, encoder: &mut Encoder<'_>) {
        encode_resp_text(self.code.as_ref(), &self.text, encoder);
    }

    /// Any request, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::strategy::Strategy;
        crate::condition::resp_text_strategy().prop_map(|(code, text)| Self { code, text })
    }
}

impl fmt::Debug for Continue {
    /// Without what could be a challenge: a text that is base64.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Continue");
        shown.field("code", &self.code);
        let text = self.text.as_bytes();
        let challenge = !text.is_empty() && wire::sasl::decode(text).is_ok();
        if challenge { shown.field("text", &Redacted::new(())) } else { shown.field("text", &self.text) }
            .finish()
    }
}

/// `continue-req` with base64 (RFC 9051 section 6.2.2): a challenge of a SASL exchange, decoded.
///
/// ```
/// use imap_proto::Challenge;
///
/// let challenge = Challenge::parse(&"+ PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2U+\r\n".into())?;
/// assert_eq!(challenge.data().expose(), b"<1896.697170952@postoffice>");
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge(Secret);

impl Challenge {
    /// Of this data, which may be empty.
    #[must_use]
    pub const fn new(data: Secret) -> Self {
        Self(data)
    }

    /// The data.
    #[must_use]
    pub const fn data(&self) -> &Secret {
        &self.0
    }

    /// The data.
    #[must_use]
    pub fn into_data(self) -> Secret {
        self.0
    }

    /// Parses a complete line by the rules of the RFC. The error does not show its octets.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(frame: &Bytes) -> Result<Self, ParseError> {
        Self::parse_in(&Context::new(frame, Tolerance::Strict))
    }

    /// Parses the message of a context, which is a complete line.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse_in(cx: &Context<'_>) -> Result<Self, ParseError> {
        cx.set_secret();
        parse_in(cx, Self::rule)
    }

    /// Behind the `+`. The context is told that the message holds a secret.
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        cx.set_secret();
        let (len, rest) = match i {
            [] if cx.tolerates(Tolerance::Default, rule::MISSING_TEXT, i) => {
                return Ok((i, Self(Secret::default())));
            }
            [b' ', next, ..] if *next > b' ' => (1, &i[1..]),
            _ => (blanks(i), &i[blanks(i)..]),
        };
        // `+ ` alone is a challenge of nothing
        let (len, rest) = if rest.is_empty() && i.starts_with(b" ") { (1, &i[1..]) } else { (len, rest) };
        match len {
            1 if i[0] == b' ' => {}
            0 if !rest.is_empty() && cx.tolerates(Tolerance::Default, rule::MISSING_SPACE, &i[..0]) => {}
            1.. if cx.tolerates(Tolerance::Default, rule::EXTRA_SPACE, &i[..len]) => {}
            _ => return fail(i, wire::parse::expected::SP),
        }
        let (octets, behind) = rest.split_at(VCHAR.run(rest));
        match wire::sasl::decode(octets) {
            Ok(data) => Ok((behind, Self(data))),
            Err(error) => Err(nom::Err::Error(Failure::of(error).before(behind.len()))),
        }
    }

    /// Writes the line, which is zeroed when it was sent.
    pub fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put(b"+");
        self.encode_data(encoder);
        encoder.put(b"\r\n");
    }

    /// Writes what stands behind the `+`.
    fn encode_data(&self, encoder: &mut Encoder<'_>) {
        encoder.sp();
        encoder.base64(self.0.expose());
    }

    /// Any challenge, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::strategy::Strategy;
        Secret::strategy().prop_map(Self)
    }
}

/// A line that starts with `+`.
fn parse_in<T>(
    cx: &Context<'_>,
    rule: impl for<'i> Fn(&Context<'_>, &'i [u8]) -> Parsed<'i, T>,
) -> Result<T, ParseError> {
    let parsed = line(cx, cx.frame(), 0).and_then(|line| {
        let Some(i) = line.strip_prefix(b"+") else {
            return fail(line, expected::CONTINUE).map(|(_, value)| value);
        };
        let (rest, value) = rule(cx, i)?;
        crate::core::syntax::end(cx, rest)?;
        Ok(value)
    });
    parsed.map_err(|error| cx.error(error, expected::name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check, encoded, round_trip};
    use proptest::prelude::*;

    fn request(code: Option<Code>, text: &'static str) -> Continue {
        Continue { code, text: Text::new(text).unwrap() }
    }

    #[test]
    fn requests() {
        check(
            Continue::rule,
            Continue::encode,
            &[
                Row::Other(b" idling", request(None, "idling")),
                Row::Other(b" [ALERT] x", request(Some(Code::Alert), "x")),
                Row::Other(b" ", request(None, "")),
                // quirk 1 and its kinds
                Row::Tolerated(b"", 0, request(None, "")),
                Row::Tolerated(b"idling", 6, request(None, "idling")),
                Row::Tolerated(b"\tidling", 7, request(None, "idling")),
                Row::Tolerated(b"[ALERT]x", 8, request(Some(Code::Alert), "x")),
                Row::Tolerated(b"\0[ALERT] x", 10, request(Some(Code::Alert), "x")),
            ],
        );
        let line = |octets: &'static str| Continue::parse(&octets.into());
        assert_eq!(line("+ go ahead\r\n"), Ok(request(None, "go ahead")));
        assert_eq!(line("* OK\r\n").unwrap_err().offset, 0);
        assert_eq!(line("+ go").unwrap_err().offset, 4);
    }

    #[test]
    fn challenges() {
        let challenge = |data: &[u8]| Challenge::new(Secret::new(data));
        check(
            Challenge::rule,
            Challenge::encode_data,
            &[
                Row::Good(b" YWJj", challenge(b"abc")),
                Row::Other(b" ", challenge(b"")),
                Row::Tolerated(b"", 0, challenge(b"")),
                Row::Tolerated(b"YWJj", 4, challenge(b"abc")),
                Row::Tolerated(b"  YWJj", 6, challenge(b"abc")),
                Row::Tolerated(b"\tYWJj", 5, challenge(b"abc")),
                Row::Bad(b" YWJ", 4),
                Row::Bad(b" go ahead", 3),
                Row::Bad(b" YW!j", 3),
            ],
        );
        let error = Challenge::parse(&"+ YW!j\r\n".into()).unwrap_err();
        assert_eq!((error.offset, error.got), (4, None));
        assert_eq!(alloc::format!("{:?}", challenge(b"abc")), "Challenge(***)");
        assert_eq!(encoded(&challenge(b""), Challenge::encode_data), &b" "[..]);
        // what only the client's state tells from text
        let shown = |line: &'static str| alloc::format!("{:?}", Continue::parse(&line.into()).unwrap());
        assert!(!shown("+ c2VjcmV0\r\n").contains("c2VjcmV0"));
        assert!(shown("+ go ahead\r\n").contains("go ahead") && shown("+ idling\r\n").contains("idling"));
    }

    proptest! {
        #[test]
        fn requests_round_trip(request in Continue::strategy(), challenge in Challenge::strategy()) {
            round_trip(&request, Continue::rule, Continue::encode);
            prop_assert_eq!(request.detach(), request);
            round_trip(&challenge, Challenge::rule, Challenge::encode_data);
        }
    }
}
