//! Where messages end, and where literals begin.
//!
//! A line ends with CR LF, unless it ends with the head of a literal: then so many octets follow, and the line goes on behind them. A head
//! counts only where the grammar allows a literal: not in the text of a status response, not between quotes, not glued to a word. So what
//! a mail, a mailbox name or a human text holds cannot make a peer wait for octets or take octets of data for a message.

use crate::core::class;
use ::core::fmt;
use wire::LimitKind;

/// Who writes what is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// A client: commands.
    Client,
    /// A server: responses.
    Server,
}

/// How long things may be, in octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameLimits {
    /// A line, or what stands between two literals. RFC 9051 section 4 has no limit; RFC 2683 section 3.2.1.5 wants at least 8,000 from
    /// servers. Memory: as much.
    pub max_line: usize,
    /// A message with all literals that are kept in it. Memory: as much.
    pub max_frame: usize,
    /// Literals up to this size are part of the message, without a question ([`Framed::Literal`]). 0 in what clients send: each is a
    /// question, also one of no octets, because its sender may wait for leave.
    pub max_inline_literal: u64,
}

impl FrameLimits {
    /// For what clients send: each literal is a question.
    pub const COMMANDS: Self = Self { max_line: 65_536, max_frame: 1 << 20, max_inline_literal: 0 };
    /// For what servers send: lines may be long, as those of SEARCH are.
    pub const RESPONSES: Self = Self { max_line: 16 << 20, max_frame: 64 << 20, max_inline_literal: 65_536 };
}

/// What the octets so far are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framed {
    /// The beginning of a message.
    NeedMore,
    /// A message, of so many octets.
    Message(usize),
    /// The beginning of a message, up to the head of a literal that is not kept without a question. Say
    /// [`keep`](Framer::keep) or [`cut`](Framer::cut); to refuse it, [`cut`](Framer::cut) and drop its octets and the message.
    Literal(Head),
}

/// The head of a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The octets of the message up to it, its line end included.
    pub end: usize,
    /// How many octets it announces.
    pub size: u64,
    /// Whether it is a `literal8`.
    pub binary: bool,
    /// Whether the sender waits for leave.
    pub synchronising: bool,
}

/// The message is over a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong {
    /// Which limit.
    pub kind: LimitKind,
    /// Its value, in octets.
    pub limit: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} over the limit of {}", self.kind, self.limit)
    }
}

impl ::core::error::Error for TooLong {}

/// Finds the ends of messages, looking at each octet once, however they arrive.
///
/// ```
/// use imap_proto::{FrameLimits, Framed, Framer, Side};
///
/// let mut framer = Framer::new(Side::Server, FrameLimits::RESPONSES);
/// let octets = b"* 1 FETCH (BODY[] {3}\r\na\r\n)\r\n* OK {3}\r\n";
/// assert_eq!(framer.next(&octets[..25]), Ok(Framed::NeedMore));
/// assert_eq!(framer.next(octets), Ok(Framed::Message(29)));
/// assert_eq!(framer.next(&octets[29..]), Ok(Framed::Message(10)));
/// ```
#[derive(Debug, Clone)]
pub struct Framer {
    side: Side,
    limits: FrameLimits,
    /// Where the search for the next line end goes on.
    scan: usize,
    /// Where the line that it ends began.
    line: usize,
    /// Whether this message may have literals; unknown before its first line is whole.
    literals: Option<bool>,
    /// Octets of this message that were cut off.
    gone: usize,
    /// The literal that was asked about.
    asked: Option<Head>,
}

impl Framer {
    /// At the start of a message.
    #[must_use]
    pub const fn new(side: Side, limits: FrameLimits) -> Self {
        Self { side, limits, scan: 0, line: 0, literals: None, gone: 0, asked: None }
    }

    /// Changes the limits, from now on: as when a client has logged in.
    pub fn set_limits(&mut self, limits: FrameLimits) {
        self.limits = limits;
    }

    /// What `data` is: it starts where the message does, or behind what was cut off, and has all octets of the call before.
    ///
    /// Until a question is answered, it is asked again.
    ///
    /// # Errors
    /// [`TooLong`]: the message cannot be held; it is not known where it ends.
    #[inline]
    pub fn next(&mut self, data: &[u8]) -> Result<Framed, TooLong> {
        if let Some(head) = self.asked {
            return Ok(Framed::Literal(head));
        }
        loop {
            let unseen = data.get(self.scan..).unwrap_or_default();
            let Some(at) = memchr::memchr(b'\n', unseen) else {
                self.scan = self.scan.max(data.len());
                self.check(data.len().max(self.line))?;
                return Ok(Framed::NeedMore);
            };
            let end = self.scan + at + 1;
            self.check(end)?;
            let line = &data[self.line..end];
            let side = self.side;
            let head = match line {
                [.., b'}', b'\n'] | [.., b'}', b'\r', b'\n']
                    if *self.literals.get_or_insert_with(|| may_have_literals(side, line)) =>
                {
                    head(line)
                }
                _ => None,
            };
            let Some(head) = head else {
                let mut next = Self::new(self.side, self.limits);
                ::core::mem::swap(self, &mut next);
                return Ok(Framed::Message(end));
            };
            self.literals = Some(true);
            let head = Head { end, ..head };
            let each = self.side == Side::Client && self.limits.max_inline_literal == 0;
            if each || head.size > self.limits.max_inline_literal {
                self.asked = Some(head);
                return Ok(Framed::Literal(head));
            }
            self.inline(head)?;
        }
    }

    /// The limit that is met first is told, whether octets beyond it are here already or not.
    #[inline]
    fn check(&self, len: usize) -> Result<(), TooLong> {
        let line = self.line.saturating_add(self.limits.max_line);
        let frame = self.limits.max_frame.saturating_sub(self.gone);
        if len <= line.min(frame) {
            return Ok(());
        }
        Err(if line <= frame {
            TooLong { kind: LimitKind::Line, limit: self.limits.max_line }
        } else {
            TooLong { kind: LimitKind::Frame, limit: self.limits.max_frame }
        })
    }

    /// The literal becomes part of the message.
    fn inline(&mut self, head: Head) -> Result<(), TooLong> {
        let size = usize::try_from(head.size).unwrap_or(usize::MAX);
        let behind = head.end.saturating_add(size);
        if self.gone.saturating_add(behind) > self.limits.max_frame {
            return Err(TooLong { kind: LimitKind::Frame, limit: self.limits.max_frame });
        }
        self.scan = behind;
        self.line = behind;
        Ok(())
    }

    /// The literal that was asked about stays in the message.
    ///
    /// # Errors
    /// [`TooLong`]: the message would be over its limit. The question is still open.
    pub fn keep(&mut self) -> Result<(), TooLong> {
        if let Some(head) = self.asked {
            self.inline(head)?;
            self.asked = None;
        }
        Ok(())
    }

    /// The literal that was asked about, and all of the message up to it, are taken off the data: the next call starts behind the
    /// octets of the literal, where the message goes on.
    pub fn cut(&mut self) {
        if let Some(head) = self.asked.take() {
            self.gone = self.gone.saturating_add(head.end);
            self.scan = 0;
            self.line = 0;
        }
    }

    /// Where in the data the last line begins of which an octet was seen.
    #[cfg(feature = "server")]
    pub(crate) const fn line_start(&self) -> usize {
        self.line
    }

    /// Forgets the message: the next call starts with a new one.
    pub fn reset(&mut self) {
        *self = Self::new(self.side, self.limits);
    }
}

/// Where the last line of a message begins: behind its last literal.
#[cold]
pub(crate) fn last_line(side: Side, message: &[u8]) -> usize {
    let limits = FrameLimits { max_line: usize::MAX, max_frame: usize::MAX, max_inline_literal: u64::MAX };
    let mut framer = Framer::new(side, limits);
    // without its end there is always more to come
    let _ = framer.next(message.strip_suffix(b"\n").unwrap_or(message));
    framer.line
}

/// Whether the grammar has a literal anywhere in a message that begins so.
///
/// What a client sends may: what a server does not understand could have one, and taking its octets for commands would be worse than
/// waiting for them.
fn may_have_literals(side: Side, line: &[u8]) -> bool {
    if side == Side::Client {
        return true;
    }
    let words = line.split(|&o| matches!(o, b' ' | b'\t')).filter(|word| !word.is_empty());
    let mut words = words.map(<[u8]>::trim_ascii_end);
    let Some(first) = words.next() else { return false };
    if first.starts_with(b"+") {
        return false;
    }
    let Some(second) = words.next() else { return false };
    let is = |names: &[&[u8]], word: &[u8]| names.iter().any(|name| name.eq_ignore_ascii_case(word));
    // a status response: its text is for people (RFC 9051 section 7.1)
    if is(&[b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"], second) || second.starts_with(b"[") {
        return false;
    }
    if first != b"*" {
        // data of a server's own, behind the tag of the command, as Cyrus's DUMP has it; else it is a status that is none
        return words.next().is_some_and(|third| third.starts_with(b"("));
    }
    // no strings in them
    const PLAIN: &[&[u8]] =
        &[b"CAPABILITY", b"ENABLED", b"SEARCH", b"SORT", b"THREAD", b"VANISHED", b"FLAGS"];
    const COUNTS: &[&[u8]] = &[b"EXISTS", b"RECENT", b"EXPUNGE"];
    if second.iter().all(u8::is_ascii_digit) {
        return !words.next().is_some_and(|third| is(COUNTS, third));
    }
    !is(PLAIN, second)
}

/// How many octets at the end of a line are kept of one that is passed over: enough for the head of a literal.
#[cfg(feature = "server")]
pub(crate) const TAIL: usize = 48;

/// What the end of a line that is passed over says of a literal. In doubt there is one: its octets must not run as commands.
#[cfg(feature = "server")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TailHead {
    /// The line is the end of the message.
    None,
    /// So many octets follow, and then another line.
    Literal(u64),
    /// A literal that waits for leave.
    Waits,
    /// Cannot be told: more digits than any size has.
    Unclear,
}

/// Reads the last octets of a line, [`TAIL`] of them if it has as many, its LF included (RFC 7888 section 3: at the end of every line).
#[cfg(feature = "server")]
pub(crate) fn tail_head(tail: &[u8]) -> TailHead {
    let text = tail.strip_suffix(b"\n").unwrap_or(tail);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let Some(text) = text.strip_suffix(b"}") else { return TailHead::None };
    let (text, waits) = match text.strip_suffix(b"+") {
        Some(text) => (text, false),
        None => (text, true),
    };
    let digits = text.iter().rev().take_while(|o| o.is_ascii_digit()).count();
    let (front, number) = text.split_at(text.len() - digits);
    match (front.last(), wire::number::number64(number)) {
        (Some(b'{'), Ok(([], _))) if waits => TailHead::Waits,
        (Some(b'{'), Ok(([], size))) if size <= i64::MAX as u64 => TailHead::Literal(size),
        (None, _) if tail.len() >= TAIL => TailHead::Unclear,
        _ => TailHead::None,
    }
}

/// The head of a literal at the end of a line, if it is one.
#[cold]
fn head(line: &[u8]) -> Option<Head> {
    let text = line.strip_suffix(b"\n")?;
    let text = text.strip_suffix(b"\r").unwrap_or(text).strip_suffix(b"}")?;
    let (text, synchronising) = match text.strip_suffix(b"+") {
        Some(text) => (text, false),
        None => (text, true),
    };
    let digits = text.iter().rev().take_while(|o| o.is_ascii_digit()).count();
    let (text, number) = text.split_at(text.len() - digits);
    let (_, size) = wire::number::number64(number).ok()?;
    let text = text.strip_suffix(b"{")?;
    let (text, binary) = match text.strip_suffix(b"~") {
        Some(text) => (text, true),
        None => (text, false),
    };
    // nothing in front of it: right behind the literal before
    let free = text.last().is_none_or(|&o| matches!(o, b' ' | b'\t' | b'(' | b')' | b']' | b'>'));
    let size = if size > i64::MAX as u64 { return None } else { size };
    (free && !ends_inside_quotes(text)).then_some(Head { end: 0, size, binary, synchronising })
}

/// Whether a quoted string is open at the end of `text`. A quote opens one only where a word may begin, and ends one only where a word
/// may end: so that a quote inside, which a server forgot to escape, changes nothing.
fn ends_inside_quotes(text: &[u8]) -> bool {
    let mut at = 0;
    let mut open = false;
    // `opens` and `closes` are what decides, here and in `quoted_len`
    while let Some(next) = text.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += next;
        if text[at] == b'\\' {
            at += if open { 2 } else { 1 };
            continue;
        }
        open = if open {
            !closes(text.get(at + 1).copied())
        } else {
            opens(at.checked_sub(1).map(|before| text[before]))
        };
        at += 1;
    }
    open
}

/// Whether a quote behind this octet, or at the start of a line, opens a string.
pub(crate) fn opens(before: Option<u8>) -> bool {
    before.is_none_or(|o| matches!(o, b' ' | b'\t' | b'(' | b')' | b'[' | b'"'))
}

/// Whether a quote before this octet, or at the end of a line, ends a string.
fn closes(behind: Option<u8>) -> bool {
    behind.is_none_or(|o| !class::ASTRING.has(o) || o == b']' || o == b'<')
}

/// How long the string is that the quote at the front opens, with its quotes, to framing; it may not go over the end of the line.
pub(crate) fn quoted_len(i: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', i.get(at..)?)?;
        if i[at] == b'"' && closes(i.get(at + 1).copied()) {
            let inside = &i[1..at];
            return class::TEXT.all(inside).then_some(at + 1);
        }
        at += if i[at] == b'"' { 1 } else { 2 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn messages(side: Side, octets: &[u8], chunk: usize) -> Vec<usize> {
        let limits = FrameLimits { max_inline_literal: 1000, ..FrameLimits::RESPONSES };
        let mut framer = Framer::new(side, limits);
        let (mut start, mut end, mut found) = (0, 0, Vec::new());
        loop {
            match framer.next(&octets[start..end]).unwrap() {
                Framed::Message(len) => {
                    found.push(len);
                    start += len;
                }
                Framed::NeedMore if end == octets.len() => return found,
                Framed::NeedMore => end = octets.len().min(end + chunk),
                Framed::Literal(head) => panic!("{head:?}"),
            }
        }
    }

    #[test]
    fn literals_are_found_only_where_they_can_be() {
        use Side::{Client, Server};
        for (side, octets, len) in [
            (Server, &b"* LIST () \"/\" {5}\r\na\r\nbc\r\n"[..], 26),
            (Server, b"* LIST () \"/\" \"a {5}\"\r\n", 23),
            (Server, b"* LIST () \"/\" \"a {5}\r\n", 22),
            (Server, b"* LIST () \"/\" a{5}\r\n", 20),
            (Server, b"* OK say {5}\r\n", 14),
            (Server, b"* ok say {5}\r\n", 14),
            (Server, b"* OK [ALERT] {5}\r\n", 18),
            (Server, b"a1 NO say {5}\r\n", 15),
            (Server, b"a1 DUMP ({5}\r\na\r\nbc)\r\n", 22),
            (Server, b"a1 OKAY {5}\r\n", 13),
            (Server, b"+ {5}\r\n", 7),
            (Server, b"+\r\n", 3),
            (Server, b"* BYE {5}\r\n", 11),
            (Server, b"* [COPYUID 1] {5}\r\n", 19),
            (Server, b"* SEARCH 1 {5}\r\n", 16),
            (Server, b"* 1 EXISTS {5}\r\n", 16),
            (Server, b"* 1 FETCH (BODY[] {2}\r\nab)\r\n", 28),
            (Server, b"* 1 FETCH (BODY[] ~{2}\r\nab)\r\n", 29),
            (Server, b"* 1 FETCH (BODY[HEADER.FIELDS ({1}\r\nx)] {2}\r\nab)\r\n", 50),
            // quotes that nobody has escaped
            (Server, b"* 1 FETCH (X \"a\"b\" BODY[] {2}\r\nab)\r\n", 36),
            (Server, b"* 1 FETCH (X \"a\\\"\" BODY[] {2}\r\nab)\r\n", 36),
            (Server, b"* 1 FETCH (X \"a\\\\\" BODY[] {2}\r\nab)\r\n", 36),
            (Server, b"* 1 FETCH (X \"a\\\\\\\" {2}\r\n", 25),
            (Server, b"* X {2}\nab\n", 11),
            (Client, b"a LOGIN {1}\r\nb {1+}\r\nc\r\n", 24),
            (Client, b"a NOOP {2+}\r\n\r\n\r\n", 17),
            (Client, b"a LOGIN \"b {1}\r\n", 16),
            (Client, b"a LOGIN b{1}\r\n", 14),
            (Client, b"a LOGIN {}\r\n", 12),
            (Client, b"a LOGIN {99999999999999999999}\r\n", 32),
        ] {
            let twice = [octets, octets].concat();
            for chunk in 1..=twice.len() {
                assert_eq!(messages(side, &twice, chunk), [len, len], "{} {chunk}", octets.escape_ascii());
            }
        }
    }

    #[test]
    fn questions() {
        let limits = FrameLimits { max_line: 30, max_frame: 40, max_inline_literal: 2 };
        let octets = b"a APPEND x {10}\r\n0123456789 {2}\r\nab\r\n";
        let mut framer = Framer::new(Side::Client, limits);
        let head = Head { end: 17, size: 10, binary: false, synchronising: true };
        assert_eq!(framer.next(&octets[..17]), Ok(Framed::Literal(head)));
        assert_eq!(framer.next(octets), Ok(Framed::Literal(head)));
        let mut kept = framer.clone();
        kept.keep().unwrap();
        assert_eq!(kept.next(octets), Ok(Framed::Message(octets.len())));
        framer.cut();
        assert_eq!(framer.next(&octets[27..30]), Ok(Framed::NeedMore));
        assert_eq!(framer.next(&octets[27..]), Ok(Framed::Message(octets.len() - 27)));
    }

    #[cfg(feature = "server")]
    #[test]
    fn the_end_of_a_line_tells_of_a_literal() {
        let zeros = alloc::format!("{}1+}}\r\n", "0".repeat(TAIL));
        for (tail, head) in [
            ("x {5+}\r\n", TailHead::Literal(5)),
            ("x ~{5+}\n", TailHead::Literal(5)),
            ("x{5+}\r\n", TailHead::Literal(5)),
            ("x {5}\r\n", TailHead::Waits),
            ("x {}\r\n", TailHead::None),
            ("x {+}\r\n", TailHead::None),
            ("x 5+}\r\n", TailHead::None),
            ("5+}\r\n", TailHead::None),
            ("{99999999999999999999+}\r\n", TailHead::None),
            ("\r\n", TailHead::None),
            ("", TailHead::None),
            (&zeros[zeros.len() - TAIL..], TailHead::Unclear),
        ] {
            assert_eq!(tail_head(tail.as_bytes()), head, "{tail:?}");
        }
    }

    #[test]
    fn a_literal_of_no_octets_is_a_question_too() {
        let head = Head { end: 9, size: 0, binary: false, synchronising: true };
        assert_eq!(
            Framer::new(Side::Client, FrameLimits::COMMANDS).next(b"a X {0}\r\n"),
            Ok(Framed::Literal(head))
        );
    }

    #[test]
    fn the_limit_that_is_met_first_is_told() {
        let limits = FrameLimits { max_line: 10, max_frame: 12, max_inline_literal: 9 };
        let long = "* X {5}\r\n12345 67890 67890\r\n";
        for end in 13..long.len() {
            let told = Framer::new(Side::Server, limits).next(&long.as_bytes()[..end]);
            assert!(matches!(told, Err(TooLong { kind: LimitKind::Frame, .. })), "{end}");
        }
    }

    #[test]
    fn limits_at_n_and_beyond() {
        let limits = FrameLimits { max_line: 10, max_frame: 20, max_inline_literal: 100 };
        let frames = |octets: &[u8]| Framer::new(Side::Server, limits).next(octets);
        assert_eq!(frames(b"* X 12345\n"), Ok(Framed::Message(10)));
        assert_eq!(frames(b"* X 123456"), Ok(Framed::NeedMore));
        let long = Err(TooLong { kind: LimitKind::Line, limit: 10 });
        assert_eq!(frames(b"* X 123456\n"), long);
        assert_eq!(frames(b"* X 1234567"), long);
        assert_eq!(frames(b"* X {8}\r\n12345678abc\n"), Err(TooLong { kind: LimitKind::Frame, limit: 20 }));
        assert_eq!(frames(b"* X {8}\r\n12345678ab\n"), Ok(Framed::Message(20)));
        let frame = Err(TooLong { kind: LimitKind::Frame, limit: 20 });
        assert_eq!(frames(b"* X {12}\r\n"), frame);
        let mut framer = Framer::new(Side::Server, FrameLimits { max_inline_literal: 1, ..limits });
        assert!(matches!(framer.next(b"* X {11}\r\n"), Ok(Framed::Literal(_))));
        assert!(framer.keep().is_err());
        assert!(matches!(framer.next(b"* X {11}\r\n"), Ok(Framed::Literal(_))));
        // nothing overflows; the limit for questions is far above what is announced here
        let huge = b"* X {9223372036854775807}\r\n";
        let limits = FrameLimits { max_inline_literal: u64::MAX, ..limits };
        assert_eq!(Framer::new(Side::Server, FrameLimits { max_line: 99, ..limits }).next(huge), frame);
    }
}
