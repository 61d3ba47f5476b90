//! Status lines (RFC 1939 section 3, RFC 2449 section 3): what each reply starts with.

use crate::syntax::{self, expected};
use crate::{ResponseCode, rule};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use wire::parse::{Failure, Parsed, fail};
use wire::{Context, Misuse, Output, ParseError, Text, Tolerance};

/// `+OK` or `-ERR` (RFC 1939 section 3), perhaps a response code (RFC 2449 section 8), and text for people.
///
/// ```
/// use pop3_proto::{ResponseCode, Status};
///
/// let status = Status::err("Do you have another POP session running?")?.with_code(ResponseCode::InUse);
/// assert_eq!(status.to_bytes(), "-ERR [IN-USE] Do you have another POP session running?\r\n");
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "crate::serial::AnyStatus")
)]
pub struct Status {
    positive: bool,
    code: Option<ResponseCode>,
    text: Text,
}

impl Status {
    /// `+OK` with text. Text that begins with `[` gets a space in front, so that it is not
    /// taken for a response code.
    ///
    /// # Errors
    /// CR, LF or NUL in the text.
    pub fn ok(text: impl AsRef<[u8]>) -> Result<Self, Misuse> {
        Self::new(true, text.as_ref())
    }

    /// `-ERR` with text. Text that begins with `[` gets a space in front, so that it is not
    /// taken for a response code.
    ///
    /// # Errors
    /// CR, LF or NUL in the text.
    pub fn err(text: impl AsRef<[u8]>) -> Result<Self, Misuse> {
        Self::new(false, text.as_ref())
    }

    fn new(positive: bool, text: &[u8]) -> Result<Self, Misuse> {
        let mut octets = Vec::with_capacity(text.len() + 1);
        // RFC 2449 section 6.4: text that begins with a bracket is a response code
        if text.starts_with(b"[") {
            octets.push(b' ');
        }
        octets.extend_from_slice(text);
        Ok(Self { positive, code: None, text: Text::new(octets)? })
    }

    pub(crate) const fn of(positive: bool, text: Text) -> Self {
        Self { positive, code: None, text }
    }

    /// `-ERR` with words of this crate.
    #[cfg(feature = "server")]
    pub(crate) fn refusal(words: &'static str) -> Self {
        Self::of(false, Text::try_from(words).unwrap_or_default())
    }

    /// The same with a response code.
    #[must_use]
    pub fn with_code(mut self, code: ResponseCode) -> Self {
        self.code = Some(code);
        self
    }

    /// The same without a response code, for a peer to which RESP-CODES was not advertised.
    #[must_use]
    pub fn without_code(self) -> Self {
        match self.code {
            None => self,
            // what stood behind a code may itself look like one
            Some(_) => Self::new(self.positive, self.text.as_bytes())
                .unwrap_or_else(|_| Self::of(self.positive, Text::EMPTY)),
        }
    }

    /// Whether it is `+OK`.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        self.positive
    }

    /// The response code.
    #[must_use]
    pub const fn code(&self) -> Option<&ResponseCode> {
        self.code.as_ref()
    }

    /// The text, without the response code.
    #[must_use]
    pub const fn text(&self) -> &Text {
        &self.text
    }

    /// The text, for people.
    #[must_use]
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        self.text.to_str_lossy()
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        let code = self.code.as_ref().map(ResponseCode::detach);
        Self { positive: self.positive, code, text: self.text.detach() }
    }

    /// Parses a complete status line, with its line end, by the rules of the RFC.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(frame: &bytes::Bytes) -> Result<Self, ParseError> {
        let cx = Context::new(frame, Tolerance::Strict);
        syntax::line(&cx, frame, 0)
            .and_then(|line| Self::rule(&cx, line))
            .map_err(|error| cx.error(error, expected::name))
    }

    /// ```text
    /// single-line  =  status [SP text] CRLF       ;512 octets maximum
    /// status       =  "+OK" / "-ERR"
    /// text         =  *schar / resp-code *CHAR
    /// ```
    ///
    /// Without the CRLF. Text is not held to ASCII: old servers send other charsets, and RFC 6856 UTF-8.
    #[inline]
    pub(crate) fn rule(cx: &Context<'_>, line: &[u8]) -> Result<Self, nom::Err<Failure>> {
        let (rest, positive) = indicator(line)?;
        let rest = after_indicator(cx, rest)?;
        let (rest, code) = match ResponseCode::parse(cx, rest) {
            Some((rest, code)) => (rest.strip_prefix(b" ").unwrap_or(rest), Some(code)),
            None => (rest, None),
        };
        Ok(Self { positive, code, text: text(cx, rest)? })
    }

    /// The same where a line that is no status at all stands for `-ERR`, if that is tolerated.
    pub(crate) fn rule_or_error(cx: &Context<'_>, line: &[u8]) -> Result<Self, nom::Err<Failure>> {
        match indicator(line) {
            Err(_) if !line.is_empty() && cx.tolerates(Tolerance::Default, rule::NO_STATUS, line) => {
                Self::new(false, text(cx, line)?.as_bytes()).or_else(|_| Ok(Self::of(false, Text::EMPTY)))
            }
            _ => Self::rule(cx, line),
        }
    }

    /// The common form of a whole status line, with its CRLF: with text, without a response code.
    #[inline]
    pub(crate) fn plain(frame: &bytes::Bytes) -> Option<Self> {
        let line = frame.strip_suffix(b"\r\n")?;
        let (positive, text) = match line.strip_prefix(b"+OK ") {
            Some(text) => (true, text),
            None => (false, line.strip_prefix(b"-ERR ")?),
        };
        if text.first() == Some(&b'[') {
            return None;
        }
        let start = line.len() - text.len();
        Some(Self { positive, code: None, text: Text::new(frame.slice(start..line.len())).ok()? })
    }

    pub(crate) fn encode(&self, output: &mut Output) {
        output.put(if self.positive { b"+OK" } else { b"-ERR" });
        if let Some(code) = &self.code {
            output.put(b" ");
            code.encode(output);
        }
        if !self.text.is_empty() {
            output.put(b" ");
            output.put(self.text.as_bytes());
        }
        output.put(b"\r\n");
    }

    /// The line as it goes over the wire.
    #[must_use]
    pub fn to_bytes(&self) -> bytes::Bytes {
        let mut output = Output::new();
        self.encode(&mut output);
        output.take_all()
    }

    /// Any status, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let code = proptest::option::of(ResponseCode::strategy());
        (any::<bool>(), code, Text::strategy()).prop_filter_map("text", |(positive, code, text)| {
            let status = Self::new(positive, text.as_bytes()).ok()?;
            Some(Self { code, ..status })
        })
    }
}

/// `"+OK" / "-ERR"`
#[inline]
pub(crate) fn indicator(i: &[u8]) -> Parsed<'_, bool> {
    match i.split_first_chunk::<3>() {
        Some((ok, rest)) if ok.eq_ignore_ascii_case(b"+OK") => Ok((rest, true)),
        Some((err, rest)) if err.eq_ignore_ascii_case(b"-ER") => match rest.split_first() {
            Some((b'R' | b'r', rest)) => Ok((rest, false)),
            _ => fail(rest, expected::STATUS),
        },
        _ => fail(i, expected::STATUS),
    }
}

/// `[SP ...]`
#[inline]
pub(crate) fn after_indicator<'i>(cx: &Context<'_>, i: &'i [u8]) -> Result<&'i [u8], nom::Err<Failure>> {
    match i.split_first() {
        None => Ok(i),
        Some((b' ', rest)) => Ok(rest),
        Some(_) if cx.tolerates(Tolerance::Default, rule::MISSING_SPACE, &i[..0]) => Ok(i),
        Some(_) => fail(i, wire::parse::expected::SP).map(|(rest, ())| rest),
    }
}

/// The rest of a line as text.
#[inline]
pub(crate) fn text(cx: &Context<'_>, i: &[u8]) -> Result<Text, nom::Err<Failure>> {
    if i.is_empty() {
        return Ok(Text::EMPTY);
    }
    let (text, repaired) = Text::repaired(cx.keep(i));
    if repaired && !cx.tolerates(Tolerance::Default, rule::ILLEGAL_TEXT, i) {
        let at = wire::class::TEXT.first_outside(i).unwrap_or_default();
        let kind = wire::ParseErrorKind::IllegalOctet;
        return Err(Failure::at(&i[at..], wire::parse::expected::TEXT, kind));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn lenient(text: &'static [u8], tolerance: Tolerance) -> Result<(Status, Vec<&'static str>), ParseError> {
        let frame = Bytes::from_static(text);
        let cx = Context::new(&frame, tolerance);
        match syntax::line(&cx, &frame, 0).and_then(|line| Status::rule(&cx, line)) {
            Ok(status) => Ok((status, cx.into_repairs().iter().map(|d| d.rule.0).collect())),
            Err(error) => Err(cx.error(error, expected::name)),
        }
    }

    #[test]
    fn case_126() {
        for (line, code, text) in [
            (&b"+OK\r\n"[..], None, ""),
            (b"+OK \r\n", None, ""),
            (b"+OK ready\r\n", None, "ready"),
            (b"-ERR\r\n", None, ""),
            (b"-ERR [IN-USE] x\r\n", Some(ResponseCode::InUse), "x"),
            (b"-ERR [SYS/TEMP] x\r\n", Some(ResponseCode::SysTemp), "x"),
            (b"-ERR [auth] x\r\n", Some(ResponseCode::Auth), "x"),
            (b"-ERR [AUTH]\r\n", Some(ResponseCode::Auth), ""),
            (b"-ERR [unclosed\r\n", None, "[unclosed"),
            (b"+ok two  spaces \r\n", None, "two  spaces "),
        ] {
            let status = Status::parse(&Bytes::from_static(line)).unwrap();
            assert_eq!(status.is_ok(), line[0] == b'+', "{line:?}");
            assert_eq!((status.code(), status.to_str_lossy().as_ref()), (code.as_ref(), text));
            assert_eq!(Status::parse(&status.to_bytes()).unwrap(), status);
        }
    }

    #[test]
    fn case_128_other_charsets_are_kept() {
        let status = Status::parse(&Bytes::from_static(b"+OK caf\xe9\r\n")).unwrap();
        assert_eq!(status.text().as_bytes(), b"caf\xe9");
    }

    #[test]
    fn errors_say_where() {
        for (line, offset, got) in [
            (&b"OK\r\n"[..], 0, Some(b'O')),
            (b"-ERX\r\n", 3, Some(b'X')),
            (b"+OK ready\n", 9, Some(b'\n')),
            (b"+OKready\r\n", 3, Some(b'r')),
            (b"+OK a\0b\r\n", 5, Some(0)),
            (b"+OK a\rb\r\n", 5, Some(b'\r')),
            (b"+OK ready", 9, None),
            (b"", 0, None),
        ] {
            let error = Status::parse(&Bytes::from_static(line)).unwrap_err();
            assert_eq!((error.offset, error.got), (offset, got), "{line:?}: {error}");
        }
    }

    #[test]
    fn what_servers_do_wrong_is_repaired_and_reported() {
        for (line, text, rules) in [
            (&b"+OK ready\n"[..], "ready", &["bare-lf"][..]),
            (b"+OKready\r\n", "ready", &["missing-space"]),
            (b"+OK a\0b\r\n", "a b", &["illegal-text"]),
            (b"+OK a\rb\r\n", "a b", &["illegal-text"]),
        ] {
            assert!(lenient(line, Tolerance::Strict).is_err());
            let (status, repairs) = lenient(line, Tolerance::Default).unwrap();
            assert_eq!((status.to_str_lossy().as_ref(), &repairs[..]), (text, rules), "{line:?}");
        }
    }

    #[test]
    fn case_150_text_cannot_pass_for_a_code() {
        let status = Status::err("[IN-USE] said the text").unwrap();
        assert_eq!(status.to_bytes(), "-ERR  [IN-USE] said the text\r\n");
        let parsed = Status::parse(&status.to_bytes()).unwrap();
        assert_eq!((parsed.code(), &parsed), (None, &status));
        assert!(Status::ok("a\r\nb").is_err());
        let nested = Status::parse(&Bytes::from_static(b"-ERR [AUTH] [IN-USE] x\r\n")).unwrap();
        assert_eq!(nested.without_code().to_bytes(), "-ERR  [IN-USE] x\r\n");
    }

    proptest! {
        #[test]
        fn round_trip(status in Status::strategy()) {
            let line = status.to_bytes();
            prop_assert_eq!(Status::parse(&line).unwrap(), status);
        }

        #[test]
        fn anything_accepted_encodes_to_an_equal_value(line in "[+-][OoE][KkR]?R?.{0,20}\r?\n") {
            let frame = Bytes::from(line);
            let cx = Context::new(&frame, Tolerance::Lenient);
            if let Ok(status) = syntax::line(&cx, &frame, 0).and_then(|line| Status::rule(&cx, line)) {
                prop_assert_eq!(Status::parse(&status.to_bytes()).unwrap(), status);
            }
        }
    }
}
