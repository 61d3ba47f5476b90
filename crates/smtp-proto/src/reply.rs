//! Replies (RFC 5321 section 4.2).

use crate::scan::{is_text, text_end};
use crate::syntax::{self, expected};
use crate::{EnhancedCode, ReplyCode, rule};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use core::hash::{Hash, Hasher};
use memchr::memchr;
use wire::class::TEXT;
use wire::parse::{Failure, fail};
use wire::{Context, Misuse, Output, ParseError, ParseErrorKind, Tolerance};

/// What a server says to a command (RFC 5321 section 4.2): a code, and lines of text for people, which may start with
/// enhanced status codes (RFC 2034).
///
/// It is one block of octets, as on the wire. Two replies are equal if these are.
///
/// ```
/// use smtp_proto::{Condition, Reply, ReplyCode};
///
/// let code = Condition::BAD_MAILBOX.permanent();
/// let reply = Reply::new(ReplyCode::MAILBOX_UNAVAILABLE, Some(code), "no such user\nsorry")?;
/// assert_eq!(reply.as_bytes(), b"550-5.1.1 no such user\r\n550 5.1.1 sorry\r\n");
/// assert!(reply.is_permanent());
///
/// // a server that says the same all day does not allocate for it
/// let ok = Reply::parse(&bytes::Bytes::from_static(b"250 2.0.0 Ok\r\n"))?;
/// assert_eq!((ok.code(), ok.text()), (ReplyCode::OK, &b"Ok"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Reply {
    /// Lines with CR LF; no other CR, LF or NUL; the same code on each.
    wire: Bytes,
    code: ReplyCode,
    /// Of the first line.
    enhanced: Option<EnhancedCode>,
}

/// One line of a [`Reply`] (RFC 5321 section 4.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ReplyLine<'a> {
    /// The code of the reply.
    pub code: ReplyCode,
    /// The enhanced status code, if the text starts with one whose class is that of the code (RFC 2034 section 4).
    pub enhanced: Option<EnhancedCode>,
    /// The text, without the enhanced code and the space behind it.
    pub text: &'a [u8],
}

/// The lines of a [`Reply`] (RFC 5321 section 4.2.1).
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    code: ReplyCode,
    rest: &'a [u8],
}

impl Reply {
    /// A reply with text. LF and CR LF in the text start a new line, and lines that would be longer than 512 octets (RFC 5321
    /// section 4.5.3.1.5) are wrapped, at a space if there is one. The enhanced code stands on each line (RFC 2034 section 4).
    ///
    /// # Errors
    /// NUL or a CR without LF in the text; an enhanced code whose class is not that of the code.
    pub fn new(
        code: ReplyCode,
        enhanced: Option<EnhancedCode>,
        text: impl AsRef<[u8]>,
    ) -> Result<Self, Misuse> {
        crate::compose::lines(code, [(enhanced, text)])
    }

    /// The same with several texts, each with its own enhanced code.
    ///
    /// # Errors
    /// Those of [`new`](Self::new), or no text at all.
    ///
    /// ```
    /// use smtp_proto::{Condition, Reply, ReplyCode};
    ///
    /// let lines = [
    ///     (Some(Condition::BAD_MAILBOX.permanent()), "no such user"),
    ///     (Some(Condition::NOT_AUTHORIZED.permanent()), "nor would you be allowed"),
    /// ];
    /// let reply = Reply::from_lines(ReplyCode::MAILBOX_UNAVAILABLE, lines)?;
    /// assert_eq!(reply.lines().count(), 2);
    /// # Ok::<(), wire::Misuse>(())
    /// ```
    pub fn from_lines<T: AsRef<[u8]>>(
        code: ReplyCode,
        lines: impl IntoIterator<Item = (Option<EnhancedCode>, T)>,
    ) -> Result<Self, Misuse> {
        crate::compose::lines(code, lines)
    }

    /// The code alone.
    #[cfg(feature = "server")]
    pub(crate) fn bare(code: ReplyCode) -> Self {
        Self { wire: [&code.to_digits()[..], b" \r\n"].concat().into(), code, enhanced: None }
    }

    /// Of a block that is as the field says.
    pub(crate) fn of(code: ReplyCode, wire: Bytes) -> Self {
        let mut reply = Self { wire, code, enhanced: None };
        reply.enhanced = reply.first().enhanced;
        reply
    }

    /// Parses a complete reply, with its line ends, by the rules of the RFC.
    ///
    /// # Errors
    /// What is wrong, and where; also if the reply is not complete, or if something follows it.
    ///
    /// ```
    /// use smtp_proto::Reply;
    ///
    /// let reply = Reply::parse(&"250-mail.example\r\n250 SIZE 1000\r\n".into())?;
    /// assert_eq!(reply.lines().last().unwrap().text, b"SIZE 1000");
    /// # Ok::<(), wire::ParseError>(())
    /// ```
    #[inline]
    pub fn parse(frame: &Bytes) -> Result<Self, ParseError> {
        match Self::plain(frame) {
            Some(reply) => Ok(reply),
            None => Self::parse_in(&Context::new(frame, Tolerance::Strict)),
        }
    }

    /// The same as far as the tolerance of the context goes.
    ///
    /// # Errors
    /// What is wrong, and where.
    #[inline]
    pub fn parse_in(cx: &Context<'_>) -> Result<Self, ParseError> {
        match Self::plain(cx.frame()) {
            Some(reply) => Ok(reply),
            None => Self::rule(cx).map_err(|error| cx.error(error, expected::name)),
        }
    }

    /// The common form of a whole reply. Anything else is left to [`rule`](Self::rule).
    fn plain(frame: &Bytes) -> Option<Self> {
        let code = if frame.get(3) == Some(&b' ') { one_line(frame) } else { many_lines(frame) };
        Some(Self::of_plain(code?, frame.clone()))
    }

    /// Of a block in the common form.
    #[inline(always)]
    pub(crate) fn of_plain(code: ReplyCode, wire: Bytes) -> Self {
        let enhanced = enhanced_code(code, wire.get(4..).unwrap_or_default());
        let enhanced = enhanced.map(|(_, enhanced)| enhanced);
        Self { wire, code, enhanced }
    }

    /// ```text
    /// Reply-line     = *( Reply-code "-" [ textstring ] CRLF )
    ///                Reply-code [ SP textstring ] CRLF
    /// textstring     = 1*(%d09 / %d32-126) ; HT, SP, Printable US-ASCII
    /// ```
    ///
    /// Text is not held to ASCII: RFC 6531 brings UTF-8, and old servers send other charsets.
    #[cold]
    pub(crate) fn rule(cx: &Context<'_>) -> Result<Self, nom::Err<Failure>> {
        let frame = cx.frame();
        let mut block = Vec::new();
        let mut first = None;
        let mut i = &frame[..];
        loop {
            let end = memchr(b'\n', i).map_or(i.len(), |at| at + 1);
            let (line, rest) = i.split_at(end);
            let line = syntax::line(cx, line, rest.len())?;
            let (behind, code) = ReplyCode::rule(line)?;
            let code = same_code(cx, *first.get_or_insert(code), code, line)?;
            let (goes_on, text) = match behind {
                [] => (false, behind),
                [b' ', text @ ..] => (false, text),
                [b'-', text @ ..] => (true, text),
                _ => return fail(behind, expected::SEPARATOR).map(|(_, never)| never),
            };
            let text = legal(cx, text)?;
            if EnhancedCode::rule(&text).is_some() && enhanced_code(code, &text).is_none() {
                cx.repair(rule::ENHANCED_CODE_CLASS, &behind[1..]);
            }
            block.extend_from_slice(&code.to_digits());
            block.extend_from_slice(&behind[..behind.len().min(1)]);
            block.extend_from_slice(&text);
            block.extend_from_slice(b"\r\n");
            i = rest;
            if goes_on && rest.is_empty() {
                cx.set_behind(0);
                return fail(rest, expected::REPLY_LINE).map(|(_, never)| never);
            }
            if !goes_on {
                cx.set_behind(0);
                wire::parse::end(rest)?;
                // what needed no repair stays as it is
                let wire = if block == *frame { frame.clone() } else { block.into() };
                return Ok(Self::of(code, wire));
            }
        }
    }

    /// Writes the reply.
    pub fn encode(&self, output: &mut Output) {
        output.put(&self.wire);
    }

    /// The octets as they go over the wire.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.wire
    }

    /// The octets as they go over the wire, shared.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        self.wire.clone()
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { wire: Bytes::copy_from_slice(&self.wire), ..*self }
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> ReplyCode {
        self.code
    }

    /// The enhanced status code of the first line (RFC 2034 section 4).
    #[must_use]
    pub const fn enhanced(&self) -> Option<EnhancedCode> {
        self.enhanced
    }

    /// `2yz`: the action was done (RFC 5321 section 4.2.1).
    #[must_use]
    pub const fn is_positive(&self) -> bool {
        self.code.is_positive()
    }

    /// `3yz`: accepted so far, the server waits for more (RFC 5321 section 4.2.1).
    #[must_use]
    pub const fn is_intermediate(&self) -> bool {
        self.code.is_intermediate()
    }

    /// `4yz`: refused for now, worth another try later (RFC 5321 section 4.2.1).
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        self.code.is_transient()
    }

    /// `5yz`: refused for good (RFC 5321 section 4.2.1).
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        self.code.is_permanent()
    }

    /// The lines: at least one.
    #[must_use]
    pub fn lines(&self) -> Lines<'_> {
        Lines { code: self.code, rest: &self.wire }
    }

    fn first(&self) -> ReplyLine<'_> {
        ReplyLine::of(self.code, Lines { code: self.code, rest: &self.wire }.next_text().unwrap_or_default())
    }

    /// The length of its longest line, in octets with its CR LF.
    #[cfg(any(test, feature = "server"))]
    pub(crate) fn longest_line(&self) -> usize {
        self.wire.split_inclusive(|&o| o == b'\n').map(<[u8]>::len).max().unwrap_or_default()
    }

    /// The text of the first line, without the enhanced code.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        self.first().text
    }

    /// The texts of all lines, joined by LF, for people.
    #[must_use]
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        let mut lines = self.lines().map(|line| alloc::string::String::from_utf8_lossy(line.text));
        let mut text = lines.next().unwrap_or_default();
        for line in lines {
            let text = text.to_mut();
            text.push('\n');
            text.push_str(&line);
        }
        text
    }

    /// The same without enhanced codes, for a peer to which ENHANCEDSTATUSCODES was not offered. Text behind one that looks like
    /// another gets a space in front.
    #[must_use]
    pub fn without_enhanced(&self) -> Self {
        if self.lines().all(|line| line.enhanced.is_none()) {
            return self.clone();
        }
        let mut block = Vec::with_capacity(self.wire.len());
        let mut lines = self.lines();
        while let Some(line) = lines.next() {
            block.extend_from_slice(&self.code.to_digits());
            block.push(if lines.rest.is_empty() { b' ' } else { b'-' });
            if EnhancedCode::rule(line.text).is_some() {
                block.push(b' ');
            }
            block.extend_from_slice(line.text);
            block.extend_from_slice(b"\r\n");
        }
        Self::of(self.code, block.into())
    }

    /// Any reply, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let text =
            prop_oneof![4 => "[ -~]{0,60}", 1 => "\\PC{0,30}", 1 => "[245]\\.[0-9]\\.[0-9] [ -~]{0,9}"];
        let condition = proptest::option::of(crate::Condition::strategy());
        (ReplyCode::strategy(), proptest::collection::vec((condition, text), 1..5)).prop_filter_map(
            "text",
            |(code, lines)| {
                let enhanced = |condition: crate::Condition| code.class().map(|class| condition.of(class));
                let lines = lines.iter().map(|(condition, text)| (condition.and_then(enhanced), text));
                Self::from_lines(code, lines).ok()
            },
        )
    }
}

/// Goes over a frame that is one reply in the common form: CR LF at the end of each line, the same code on each, text without
/// CR, LF and NUL, no enhanced code of another class. `end` is told where the text of a line starts, and tells where the first
/// CR, LF or NUL behind it is.
#[inline(always)]
pub(crate) fn scan(frame: &[u8], mut end: impl FnMut(usize) -> Option<usize>) -> Option<ReplyCode> {
    let &[hundreds, tens, ones, _] = frame.first_chunk::<4>()?;
    let code = ReplyCode::of_digits([hundreds, tens, ones])?;
    let last = u32::from_le_bytes([hundreds, tens, ones, b' ']);
    let more = u32::from_le_bytes([hundreds, tens, ones, b'-']);
    let mut at = 0;
    loop {
        let (head, text) = frame.get(at..)?.split_first_chunk::<4>()?;
        let head = u32::from_le_bytes(*head);
        if is_other_class(text, hundreds) {
            return None;
        }
        let end = end(at + 4)?;
        if !frame.get(end..)?.starts_with(b"\r\n") {
            return None;
        }
        at = end + 2;
        if head == last {
            return (at == frame.len()).then_some(code);
        }
        if head != more {
            return None;
        }
    }
}

/// The code of a frame that is one line in the common form.
#[inline(always)]
fn one_line(frame: &[u8]) -> Option<ReplyCode> {
    let line = frame.strip_suffix(b"\r\n")?;
    let (&[hundreds, tens, ones, b' '], text) = line.split_first_chunk::<4>()? else { return None };
    let code = ReplyCode::of_digits([hundreds, tens, ones])?;
    let other_class = is_other_class(text, hundreds);
    // with the code, which is text as well: so it is long enough for whole words
    (!other_class && is_text(line)).then_some(code)
}

#[inline(always)]
fn many_lines(frame: &[u8]) -> Option<ReplyCode> {
    scan(frame, |at| Some(text_end(frame, at)))
}

/// Whether a text starts as an enhanced code does that does not go with a code of so many `hundreds`.
#[inline(always)]
fn is_other_class(text: &[u8], hundreds: u8) -> bool {
    matches!(text, [class @ (b'2' | b'4' | b'5'), b'.', ..] if *class != hundreds)
}

/// The code of a line that is not the first. From Lenient it may be another, as long as it says the same.
fn same_code(
    cx: &Context<'_>,
    first: ReplyCode,
    code: ReplyCode,
    line: &[u8],
) -> Result<ReplyCode, nom::Err<Failure>> {
    let digits = &line[..3];
    if code == first
        || code.is_of_the_kind(first) && cx.tolerates(Tolerance::Lenient, rule::OTHER_CODE, digits)
    {
        return Ok(first);
    }
    fail(line, expected::SAME_CODE).map(|(_, never)| never)
}

/// Text without CR and NUL; each becomes a space, where that is tolerated.
fn legal<'i>(cx: &Context<'_>, text: &'i [u8]) -> Result<Cow<'i, [u8]>, nom::Err<Failure>> {
    match TEXT.first_outside(text) {
        None => Ok(Cow::Borrowed(text)),
        Some(_) if cx.tolerates(Tolerance::Default, rule::ILLEGAL_TEXT, text) => {
            Ok(text.iter().map(|&o| if TEXT.has(o) { o } else { b' ' }).collect())
        }
        Some(at) => Err(Failure::at(&text[at..], expected::REPLY_TEXT, ParseErrorKind::IllegalOctet)),
    }
}

/// The enhanced code at the start of a text, if its class is that of the code.
#[inline]
fn enhanced_code(code: ReplyCode, text: &[u8]) -> Option<(&[u8], EnhancedCode)> {
    EnhancedCode::rule(text).filter(|(_, enhanced)| Some(enhanced.class()) == code.class())
}

/// Whether a line, with its end, is the last of its reply. `None`: it is no line of a reply.
#[cfg(any(test, feature = "client"))]
pub(crate) fn is_last(line: &[u8]) -> Option<bool> {
    let (behind, _) = ReplyCode::rule(line).ok()?;
    match behind.first() {
        Some(b'-') => Some(false),
        None | Some(b' ' | b'\r' | b'\n') => Some(true),
        Some(_) => None,
    }
}

impl<'a> ReplyLine<'a> {
    fn of(code: ReplyCode, text: &'a [u8]) -> Self {
        match enhanced_code(code, text) {
            None => Self { code, enhanced: None, text },
            Some((rest, enhanced)) => {
                Self { code, enhanced: Some(enhanced), text: rest.strip_prefix(b" ").unwrap_or(rest) }
            }
        }
    }
}

impl fmt::Debug for ReplyLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(f, " {enhanced}")?;
        }
        match self.code {
            // a challenge may hold what is secret
            ReplyCode::CHALLENGE => f.write_str(" ***"),
            _ => write!(f, " \"{}\"", self.text.escape_ascii()),
        }
    }
}

impl<'a> Lines<'a> {
    /// The text of the next line, with its enhanced code.
    #[inline(always)]
    pub(crate) fn next_text(&mut self) -> Option<&'a [u8]> {
        let end = match self.rest.get(3)? {
            // the last line: no need to look for its end
            b' ' => self.rest.len() - b"\r\n".len(),
            _ => text_end(self.rest, 3),
        };
        let text = self.rest.get(4..end).unwrap_or_default();
        self.rest = self.rest.get(end + b"\r\n".len()..).unwrap_or_default();
        Some(text)
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = ReplyLine<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let code = self.code;
        self.next_text().map(|text| ReplyLine::of(code, text))
    }
}

/// By the rules of the RFC, as [`Reply::parse`]; what is as most replies are is taken over without another reference.
impl TryFrom<Bytes> for Reply {
    type Error = ParseError;

    fn try_from(frame: Bytes) -> Result<Self, ParseError> {
        let code = if frame.get(3) == Some(&b' ') { one_line(&frame) } else { many_lines(&frame) };
        match code {
            Some(code) => Ok(Self::of_plain(code, frame)),
            None => Self::parse(&frame),
        }
    }
}

impl PartialEq for Reply {
    fn eq(&self, other: &Self) -> bool {
        self.wire == other.wire
    }
}

impl Eq for Reply {}

impl Hash for Reply {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.wire.hash(state);
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lines()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Condition;
    use proptest::prelude::*;

    fn code(code: u16) -> ReplyCode {
        ReplyCode::new(code).unwrap()
    }

    fn repaired(
        octets: &'static [u8],
        tolerance: Tolerance,
    ) -> Result<(Reply, Vec<&'static str>), ParseError> {
        let frame = Bytes::from_static(octets);
        let cx = Context::new(&frame, tolerance);
        let reply = Reply::parse_in(&cx)?;
        Ok((reply, cx.into_repairs().iter().map(|d| d.rule.0).collect()))
    }

    type Row = (&'static [u8], u16, &'static [(Option<(u8, u16, u16)>, &'static str)]);

    fn rows() -> Vec<Row> {
        alloc::vec![
            (b"250\r\n", 250, &[(None, "")]),
            (b"250 \r\n", 250, &[(None, "")]),
            (b"250-a\r\n250\r\n", 250, &[(None, "a"), (None, "")]),
            (b"250-\r\n250-\r\n250 \r\n", 250, &[(None, ""), (None, ""), (None, "")]),
            (b"250 OK\r\n", 250, &[(None, "OK")]),
            (b"250  two  spaces \r\n", 250, &[(None, " two  spaces ")]),
            (b"260 x\r\n", 260, &[(None, "x")]),
            (b"521 x\r\n", 521, &[(None, "x")]),
            (b"556 5.1.10 x\r\n", 556, &[(Some((5, 1, 10)), "x")]),
            (b"550-5.7.1 a\r\n550 5.1.1 b\r\n", 550, &[(Some((5, 7, 1)), "a"), (Some((5, 1, 1)), "b")]),
            (b"550-x\r\n550 5.1.1 b\r\n", 550, &[(None, "x"), (Some((5, 1, 1)), "b")]),
            (b"550 #5.1.0 Address rejected\r\n", 550, &[(None, "#5.1.0 Address rejected")]),
            (b"550 5.7.999\r\n", 550, &[(Some((5, 7, 999)), "")]),
            (b"550 5.7.999 \r\n", 550, &[(Some((5, 7, 999)), "")]),
            (
                b"550-5.7.999\r\n550 5.7.999  x\r\n",
                550,
                &[(Some((5, 7, 999)), ""), (Some((5, 7, 999)), " x")]
            ),
            (b"250 2.mail.example\r\n", 250, &[(None, "2.mail.example")]),
            (b"250 5.mail.example\r\n", 250, &[(None, "5.mail.example")]),
            (b"354 go ahead\r\n", 354, &[(None, "go ahead")]),
            (b"334 \r\n", 334, &[(None, "")]),
            (b"550 User <s\xc3\xbc> unknown\r\n", 550, &[(None, "User <s\u{fc}> unknown")]),
            (b"500 tab\tand esc\x1b\r\n", 500, &[(None, "tab\tand esc\x1b")]),
        ]
    }

    #[test]
    fn cases_91_94_99_100_both_ways() {
        for (octets, number, lines) in rows() {
            let frame = Bytes::from_static(octets);
            let reply = Reply::parse(&frame).unwrap_or_else(|error| panic!("{octets:?}: {error}"));
            assert_eq!((reply.code(), reply.to_bytes()), (code(number), frame.clone()), "{octets:?}");
            let got: Vec<_> = reply.lines().map(|line| (line.code, line.enhanced, line.text)).collect();
            let enhanced = |e: Option<(u8, u16, u16)>| e.and_then(|(c, s, d)| EnhancedCode::new(c, s, d));
            let wanted: Vec<_> =
                lines.iter().map(|(e, text)| (code(number), enhanced(*e), text.as_bytes())).collect();
            assert_eq!(got, wanted, "{octets:?}");
            assert_eq!((reply.enhanced(), reply.text()), (got[0].1, got[0].2));
            assert_eq!(Reply::try_from(frame.clone()), Ok(reply.clone()));
            let mut output = Output::new();
            reply.encode(&mut output);
            assert_eq!(output.take_all(), frame);
            let longest = octets.split_inclusive(|&o| o == b'\n').map(<[u8]>::len).max();
            assert_eq!(Some(reply.longest_line()), longest);
            // nothing in them needs a repair
            assert_eq!(repaired(octets, Tolerance::Lenient).unwrap().1, [""; 0], "{octets:?}");
        }
    }

    #[test]
    fn no_prefix_is_a_reply_and_nothing_may_follow_one() {
        for (octets, ..) in rows() {
            for end in 0..octets.len() {
                let error = Reply::parse(&Bytes::from_static(&octets[..end])).unwrap_err();
                assert!(error.offset as usize <= end, "{octets:?} {error}");
            }
            for more in [&b"250 OK\r\n"[..], b"\r\n", b"x"] {
                let error = Reply::parse(&[octets, more].concat().into()).unwrap_err();
                assert_eq!((error.offset as usize, error.kind), (octets.len(), ParseErrorKind::Trailing));
            }
        }
    }

    #[test]
    fn cases_93_94_errors_say_where() {
        for (octets, offset, expected) in [
            (&b"250OK\r\n"[..], 3, "space or hyphen"),
            (b"25 OK\r\n", 2, "reply code"),
            (b"2500 OK\r\n", 3, "space or hyphen"),
            (b" 250 OK\r\n", 0, "reply code"),
            (b"250\tOK\r\n", 3, "space or hyphen"),
            (b"+OK\r\n", 0, "reply code"),
            (b"\r\n250 OK\r\n", 0, "reply code"),
            (b"250-a\r\n\r\n250 OK\r\n", 7, "reply code"),
            (b"000 x\r\n", 0, "reply code"),
            (b"199 x\r\n", 0, "reply code"),
            (b"666 x\r\n", 0, "reply code"),
            (b"999 x\r\n", 0, "reply code"),
            (b"250-a\r\n250-b\r\n", 14, "another line of the reply"),
            (b"250-a\r\n250", 10, "CR LF"),
            (b"", 0, "CR LF"),
            // and who repeats the code must mean the same
            (b"250-a\r\n550 b\r\n", 7, "the reply code of the first line"),
        ] {
            for tolerance in [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient] {
                let error = repaired(octets, tolerance).unwrap_err();
                assert_eq!((error.offset, error.expected), (offset, expected), "{octets:?}: {error}");
            }
        }
    }

    #[test]
    fn what_servers_do_wrong_is_repaired_and_reported() {
        use Tolerance::{Default, Lenient};
        type Row = (&'static [u8], u32, &'static [u8], Tolerance, &'static [&'static str]);
        let rows: &[Row] = &[
            // case 98
            (b"250 OK\n", 6, b"250 OK\r\n", Default, &["bare-lf"]),
            (b"250-a\n250 b\r\n", 5, b"250-a\r\n250 b\r\n", Default, &["bare-lf"]),
            (b"250\n", 3, b"250\r\n", Default, &["bare-lf"]),
            (b"250 OK\r\r\n", 6, b"250 OK\r\n", Default, &["extra-cr"]),
            // aiosmtpd and Exim echo what they were sent
            (b"500 \"NO\0OP\"\r\n", 7, b"500 \"NO OP\"\r\n", Default, &["illegal-text"]),
            (b"501-<a>\rRCPT\r\n501 x\r\n", 7, b"501-<a> RCPT\r\n501 x\r\n", Default, &["illegal-text"]),
            (b"250-a\0\n250 \r\n", 6, b"250-a \r\n250 \r\n", Default, &["bare-lf", "illegal-text"]),
            (b"450-a\r\n451 b\r\n", 7, b"450-a\r\n450 b\r\n", Lenient, &["other-code"]),
        ];
        for &(octets, offset, mended, least, rules) in rows {
            for tolerance in [Tolerance::Strict, Default, Lenient] {
                match repaired(octets, tolerance) {
                    Ok((reply, repairs)) => {
                        assert!(tolerance >= least, "{octets:?}");
                        assert_eq!((reply.as_bytes(), &repairs[..]), (mended, rules), "{octets:?}");
                        assert_eq!(Reply::parse(&reply.to_bytes()), Ok(reply));
                    }
                    Err(error) => {
                        assert!(tolerance < least, "{octets:?}: {error}");
                        assert_eq!(error.offset, offset, "{octets:?}: {error}");
                    }
                }
            }
        }
    }

    #[test]
    fn case_100_an_enhanced_code_of_another_class_is_text() {
        for (octets, text) in [
            (&b"550 2.0.0 x\r\n"[..], &b"2.0.0 x"[..]),
            (b"250 4.7.1\r\n", b"4.7.1"),
            (b"354 2.0.0 go\r\n", b"2.0.0 go"),
        ] {
            for tolerance in [Tolerance::Strict, Tolerance::Lenient] {
                let (reply, repairs) = repaired(octets, tolerance).unwrap();
                assert_eq!((reply.enhanced(), reply.text(), reply.as_bytes()), (None, text, octets));
                assert_eq!(repairs, ["enhanced-code-class"]);
            }
        }
        let (reply, repairs) = repaired(b"550-5.1.1 a\r\n550 2.1.1 b\r\n", Tolerance::Strict).unwrap();
        assert_eq!((reply.enhanced(), repairs.len()), (EnhancedCode::new(5, 1, 1), 1));
    }

    #[test]
    fn lines_that_go_on_are_told_from_the_last() {
        for (line, last) in [
            (&b"250-a\r\n"[..], Some(false)),
            (b"250-\r\n", Some(false)),
            (b"250 a\r\n", Some(true)),
            (b"250\r\n", Some(true)),
            (b"250\n", Some(true)),
            (b"250", Some(true)),
            (b"250OK\r\n", None),
            (b"199 x\r\n", None),
            (b"25", None),
            (b"\r\n", None),
            (b"", None),
        ] {
            assert_eq!(is_last(line), last, "{line:?}");
        }
    }

    #[test]
    fn without_enhanced_codes() {
        for (with, without) in [
            ("250-2.1.0 a\r\n250 2.1.0 b\r\n", "250-a\r\n250 b\r\n"),
            ("550-a\r\n550 5.1.1\r\n", "550-a\r\n550 \r\n"),
            ("550 5.1.1 5.2.2 x\r\n", "550  5.2.2 x\r\n"),
            ("550 5.1.1 2.2.2 x\r\n", "550  2.2.2 x\r\n"),
            ("250 a\r\n", "250 a\r\n"),
        ] {
            let reply = Reply::parse(&with.into()).unwrap().without_enhanced();
            assert_eq!(reply.to_bytes(), without);
            assert_eq!(reply.enhanced(), None);
            assert_eq!(reply.without_enhanced(), reply);
        }
    }

    #[test]
    fn debug_shows_no_challenge_and_no_line_end() {
        let text = |octets: &'static [u8]| alloc::format!("{:?}", Reply::parse(&octets.into()).unwrap());
        assert_eq!(text(b"334 c2VjcmV0\r\n"), "[334 ***]");
        assert_eq!(text(b"550-5.1.1 a\r\n550 \x1bb\r\n"), r#"[550 5.1.1 "a", 550 "\x1bb"]"#);
    }

    #[test]
    fn a_reply_is_small() {
        assert_eq!(size_of::<Reply>(), 40);
    }

    proptest! {
        #[test]
        fn round_trip(reply in Reply::strategy()) {
            let parsed = Reply::parse(&reply.to_bytes()).unwrap();
            prop_assert_eq!(&parsed, &reply);
            prop_assert_eq!((parsed.code(), parsed.enhanced()), (reply.code(), reply.enhanced()));
            let block = parsed.to_bytes();
            drop((parsed, reply.clone()));
            let detached = reply.detach();
            drop(reply);
            // a detached value leaves the frame to itself
            prop_assert!(block.is_unique());
            prop_assert_eq!(detached.as_bytes(), &block);
            let plain = detached.without_enhanced();
            prop_assert!(plain.lines().all(|line| line.enhanced.is_none()));
            prop_assert_eq!(plain.lines().count(), detached.lines().count());
        }

        #[test]
        fn the_common_form_is_parsed_as_any_other(
            octets in "([245]50)([- ](2\\.1\\.1|[245]\\.|5.12.999)?[ -~\u{e9}\t]{0,9}\r?\n?(250|550|450)?){0,5}\r\n",
        ) {
            let frame = Bytes::from(octets);
            if let Some(plain) = Reply::plain(&frame) {
                let cx = Context::new(&frame, Tolerance::Strict);
                let reply = Reply::rule(&cx).unwrap();
                prop_assert_eq!((&plain, plain.code, plain.enhanced), (&reply, reply.code, reply.enhanced));
                prop_assert!(cx.into_repairs().is_empty());
            }
        }

        #[test]
        fn anything_accepted_is_legal_on_the_wire(
            octets in "((250|251|550)(-| |)(2\\.0\\.0 |x|\0|\r|[0-9]){0,9}(\r\n|\n|\r\r\n)){1,4}",
            lenient: bool,
        ) {
            let tolerance = if lenient { Tolerance::Lenient } else { Tolerance::Default };
            let frame = Bytes::from(octets);
            let cx = Context::new(&frame, tolerance);
            if let Ok(reply) = Reply::parse_in(&cx) {
                let again = Reply::parse(&reply.to_bytes());
                prop_assert_eq!(again.as_ref(), Ok(&reply));
                let lines = reply.lines().count();
                for illegal in [b'\r', b'\n'] {
                    prop_assert_eq!(reply.as_bytes().iter().filter(|&&o| o == illegal).count(), lines);
                }
                prop_assert!(!reply.as_bytes().contains(&0));
                let mended = reply.as_bytes() != frame;
                prop_assert!(!mended || !cx.into_repairs().is_empty());
            }
        }

        #[test]
        fn never_panics(octets: Vec<u8>) {
            let frame = Bytes::from(octets);
            let _ = Reply::parse_in(&Context::new(&frame, Tolerance::Lenient));
            let _ = is_last(&frame);
        }
    }

    #[test]
    fn the_code_decides() {
        let reply = Reply::new(code(451), Some(Condition::NO_ANSWER.transient()), "later").unwrap();
        assert!(reply.is_transient() && !reply.is_permanent() && !reply.is_positive());
        assert_eq!(reply.to_str_lossy(), "later");
        let reply = Reply::new(code(354), None, "go\non").unwrap();
        assert!(reply.is_intermediate());
        assert_eq!(reply.to_str_lossy(), "go\non");
    }
}
