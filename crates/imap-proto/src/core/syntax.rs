//! Leaf rules: spaces, words, strings, lists.

use super::{Context, IString, class};
use crate::{Side, rule};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::parse::{Expected, Failure, Parsed, fail};
use wire::{ParseErrorKind, Tolerance};

pub(crate) use super::number::{minus_or_number, minus_or_number64, number32, number63, number64, nz_number};
pub(crate) use wire::line::line;

wire::expected_table! {
    /// An atom.
    ATOM = "atom",
    /// A tag.
    TAG = "tag",
    /// An atom or a string.
    ASTRING = "astring",
    /// A string.
    STRING = "string",
    /// The end of a quoted string.
    QUOTE = "closing quote",
    /// A string or NIL.
    NSTRING = "nstring",
    /// NIL.
    NIL = "NIL",
    /// A literal.
    LITERAL = "literal",
    /// The octets of a literal.
    LITERAL_OCTETS = "the octets of the literal",
    /// A literal that may hold NUL.
    LITERAL8 = "literal8",
    /// `(`
    OPEN = "(",
    /// `)`
    CLOSE = ")",
    /// Less depth.
    DEPTH = "fewer levels of parentheses",
    /// Fewer items.
    ITEMS = "fewer items",
    /// A number above 0.
    NZ_NUMBER = "nz-number",
    /// A number below 2^63.
    NUMBER64 = "number64",
    /// A sequence set.
    SEQUENCE_SET = "sequence-set",
    /// A flag.
    FLAG = "flag",
    /// A mailbox name.
    MAILBOX = "mailbox",
    /// A date.
    DATE = "date",
    /// A date and time.
    DATE_TIME = "date-time",
    /// A value.
    VALUE = "value",
    /// A command.
    COMMAND = "command",
    /// An argument of a command.
    ARGUMENT = "argument",
    /// A response.
    RESPONSE = "response",
    /// A status.
    STATUS = "OK, NO, BAD, PREAUTH or BYE",
    /// A greeting.
    GREETING = "greeting",
    /// A continuation request.
    CONTINUE = "continuation request",
    /// Text.
    TEXT = "text",
    /// A response code.
    CODE = "response code",
    /// A capability.
    CAPABILITY = "capability",
    /// base64.
    BASE64 = "base64",
    /// A FETCH attribute.
    FETCH_ATTRIBUTE = "fetch attribute",
    /// A section.
    SECTION = "section",
    /// A partial.
    PARTIAL = "partial",
    /// A body.
    BODY = "body structure",
    /// An envelope.
    ENVELOPE = "envelope",
    /// An address.
    ADDRESS = "address",
    /// A search key.
    SEARCH_KEY = "search key",
    /// A return option.
    RETURN_OPTION = "return option",
    /// A sort criterion.
    SORT_KEY = "sort criterion",
    /// A threading algorithm.
    THREAD = "thread",
    /// A status item.
    STATUS_ITEM = "status item",
    /// A selection option.
    LIST_OPTION = "list option",
    /// A hierarchy delimiter.
    DELIMITER = "hierarchy delimiter",
    /// A parameter.
    PARAMETER = "parameter",
    /// A modifier.
    MODIFIER = "modifier",
    /// Rights.
    RIGHTS = "rights",
    /// A quota resource.
    RESOURCE = "quota resource",
    /// An entry name.
    ENTRY = "entry name",
    /// A URL.
    URL = "URL",
    /// An event.
    EVENT = "event",
    /// An identifier.
    OBJECT_ID = "object id",
    /// A language.
    LANGUAGE = "language tag",
}

/// The message without its line end. A CR before that is too many, unless it is of a literal.
#[inline]
pub(crate) fn message<'f>(cx: &Context<'f>, side: Side) -> Result<&'f [u8], Error> {
    let frame: &'f [u8] = cx.frame();
    // nearly always
    if let [.., before, b'\r', b'\n'] = frame {
        if *before != b'\r' {
            cx.set_behind(2);
            return Ok(&frame[..frame.len() - 2]);
        }
    }
    if frame.ends_with(b"\r\r\n") && !cx.has_cuts() {
        message_with_crs(cx, frame, side)
    } else {
        line(cx, frame, 0)
    }
}

#[cold]
fn message_with_crs<'f>(cx: &Context<'f>, frame: &'f [u8], side: Side) -> Result<&'f [u8], Error> {
    let text = &frame[..frame.len() - 2];
    let bare = text.iter().rposition(|&o| o != b'\r').map_or(0, |last| last + 1);
    let end = bare.max(crate::frame::last_line(side, frame)).min(text.len());
    let extra = end < text.len() && cx.tolerates(Tolerance::Default, rule::EXTRA_CR, &text[end..]);
    let text = if extra { &text[..end] } else { text };
    cx.set_behind(frame.len() - text.len());
    Ok(text)
}

/// The error of a rule that failed without being able to say more.
pub(crate) type Error = nom::Err<Failure>;

/// `SP`; more of them, or tabs, where that is tolerated.
#[inline(always)]
pub(crate) fn sp<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ()> {
    match i {
        [b' ', next, ..] if *next > b' ' => Ok((&i[1..], ())),
        _ => spaces(cx, i),
    }
}

#[cold]
fn spaces<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ()> {
    let len = blanks(i);
    match len {
        0 => fail(i, wire::parse::expected::SP),
        1 if i[0] == b' ' => Ok((&i[1..], ())),
        _ if cx.tolerates(Tolerance::Default, rule::EXTRA_SPACE, &i[..len]) => Ok((&i[len..], ())),
        _ if i[0] == b' ' => Ok((&i[1..], ())),
        _ => fail(i, wire::parse::expected::SP),
    }
}

/// `SP` behind a string or a list, which ends where it ends: none where that is tolerated.
#[inline(always)]
pub(crate) fn sp_or_none<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ()> {
    match i.first() {
        Some(o)
            if !matches!(o, b' ' | b'\t')
                && cx.tolerates(Tolerance::Default, rule::MISSING_SPACE, &i[..0]) =>
        {
            Ok((i, ()))
        }
        _ => sp(cx, i),
    }
}

/// How many spaces and tabs are at the front.
pub(crate) fn blanks(i: &[u8]) -> usize {
    i.iter().position(|&o| o != b' ' && o != b'\t').unwrap_or(i.len())
}

/// Nothing, where the grammar has no space; blanks where that is tolerated.
#[inline(always)]
pub(crate) fn no_sp<'i>(cx: &Context<'_>, i: &'i [u8]) -> &'i [u8] {
    match i.first() {
        Some(b' ' | b'\t') => {
            let len = blanks(i);
            if cx.tolerates(Tolerance::Default, rule::EXTRA_SPACE, &i[..len]) { &i[len..] } else { i }
        }
        _ => i,
    }
}

/// The end of a message; blanks before it are tolerated.
#[inline]
pub(crate) fn end<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ()> {
    if i.is_empty() {
        return Ok((i, ()));
    }
    let len = blanks(i);
    if len == i.len() && cx.tolerates(Tolerance::Default, rule::TRAILING_SPACE, i) {
        return Ok((&i[len..], ()));
    }
    wire::parse::end(i)
}

/// One octet.
#[inline(always)]
pub(crate) fn octet(i: &[u8], octet: u8, expected: Expected) -> Parsed<'_, ()> {
    match i.split_first() {
        Some((&first, rest)) if first == octet => Ok((rest, ())),
        _ => fail(i, expected),
    }
}

/// Octets in any case, if they are at the front: `word` is in upper case.
#[inline(always)]
pub(crate) fn after<'i>(i: &'i [u8], word: &[u8]) -> Option<&'i [u8]> {
    let (front, rest) = i.split_at_checked(word.len())?;
    front.eq_ignore_ascii_case(word).then_some(rest)
}

/// `1*ATOM-CHAR`.
#[inline(always)]
pub(crate) fn atom(i: &[u8]) -> Parsed<'_, &[u8]> {
    run1(i, class::ATOM, expected::ATOM)
}

/// `atom`; with octets of real servers where that is tolerated.
#[inline]
pub(crate) fn loose_atom<'i>(cx: &Context<'_>, i: &'i [u8], expected: Expected) -> Parsed<'i, &'i [u8]> {
    let len = class::ATOM.run(i);
    if len > 0 && matches!(i.get(len), None | Some(b' ' | b')')) {
        return Ok((&i[len..], &i[..len]));
    }
    looser(cx, i, len, expected)
}

#[cold]
fn looser<'i>(cx: &Context<'_>, i: &'i [u8], len: usize, expected: Expected) -> Parsed<'i, &'i [u8]> {
    let loose = class::LOOSE.run(i);
    let word = &i[..loose];
    let least = if word.iter().all(|&o| class::ASTRING.has(o) || o > 0x7f) {
        Tolerance::Default
    } else {
        Tolerance::Lenient
    };
    if loose > len && cx.tolerates(least, rule::ATOM_OCTET, word) {
        return Ok((&i[loose..], word));
    }
    if len == 0 { fail(i, expected) } else { Ok((&i[len..], &i[..len])) }
}

/// One or more octets of a class.
#[inline(always)]
pub(crate) fn run1(i: &[u8], class: class::Class, expected: Expected) -> Parsed<'_, &[u8]> {
    let len = class.run(i);
    if len == 0 { fail(i, expected) } else { Ok((&i[len..], &i[..len])) }
}

/// `nil = "NIL"`, and not a longer word.
#[inline]
pub(crate) fn nil(i: &[u8]) -> Option<&[u8]> {
    let rest = after(i, b"NIL")?;
    rest.first().is_none_or(|&o| !class::ASTRING.has(o)).then_some(rest)
}

/// What a literal's head announces.
pub(crate) struct Head<'i> {
    /// Behind its line end.
    pub(crate) rest: &'i [u8],
    pub(crate) size: u64,
    pub(crate) binary: bool,
}

/// `["~"] "{" number64 ["+"] "}" CRLF`
pub(crate) fn literal_head<'i>(cx: &Context<'_>, i: &'i [u8]) -> Result<Head<'i>, Error> {
    let (binary, rest) = match i.strip_prefix(b"~") {
        Some(rest) => (true, rest),
        None => (false, i),
    };
    let Some(digits) = rest.strip_prefix(b"{") else {
        return fail(i, expected::LITERAL).map(|(_, head)| head);
    };
    let (rest, size) = number63(digits)?;
    // RFC 7888: "+", and what an old draft had, "-"
    let rest = rest.strip_prefix(b"+").unwrap_or(rest);
    let Some(rest) = rest.strip_prefix(b"}") else {
        return fail(rest, expected::LITERAL).map(|(_, head)| head);
    };
    let rest = if let Some(rest) = rest.strip_prefix(b"\r\n") {
        rest
    } else {
        match rest.strip_prefix(b"\n") {
            Some(after) if cx.tolerates(Tolerance::Default, rule::BARE_LF, &rest[..1]) => after,
            _ => return fail(rest, wire::parse::expected::CRLF).map(|(_, head)| head),
        }
    };
    Ok(Head { rest, size, binary })
}

/// A literal that was read.
pub(crate) struct Literal<'i> {
    pub(crate) octets: &'i [u8],
    /// Whether NUL is in it, if somebody has looked.
    pub(crate) nul: Option<bool>,
}

/// `literal`, or `literal8` where `binary` allows it: its octets.
pub(crate) fn literal<'i>(cx: &Context<'_>, i: &'i [u8], binary: bool) -> Parsed<'i, &'i [u8]> {
    let head = literal_head(cx, i)?;
    if head.binary && !binary && !cx.tolerates(Tolerance::Default, rule::STRING_FORM, &i[..1]) {
        return fail(i, expected::LITERAL);
    }
    let (rest, found) = literal_octets(cx, &head, true)?;
    Ok((rest, found.octets))
}

/// `literal / literal8` that holds a message or a part of one.
pub(crate) fn message_literal<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Literal<'i>> {
    let head = literal_head(cx, i)?;
    literal_octets(cx, &head, !cx.leaves_messages_unread())
}

/// What is behind the head. NUL, which only `literal8` may have, is looked for if `look` says so.
#[inline]
fn literal_octets<'i>(cx: &Context<'_>, head: &Head<'i>, look: bool) -> Parsed<'i, Literal<'i>> {
    let size = usize::try_from(head.size).unwrap_or(usize::MAX);
    let Some((octets, rest)) = head.rest.split_at_checked(size) else {
        return Err(Failure::at(
            &head.rest[head.rest.len()..],
            expected::LITERAL_OCTETS,
            ParseErrorKind::End,
        ));
    };
    if head.binary || !look {
        return Ok((rest, Literal { octets, nul: None }));
    }
    let nul = memchr::memchr(0, octets);
    if let Some(at) = nul {
        if !cx.tolerates(Tolerance::Default, rule::NUL_IN_LITERAL, &octets[at..at]) {
            return Err(Failure::at(
                &head.rest[at..],
                expected::LITERAL_OCTETS,
                ParseErrorKind::IllegalOctet,
            ));
        }
    }
    Ok((rest, Literal { octets, nul: Some(nul.is_some()) }))
}

/// A quoted string, as it stands between its quotes; whether it holds backslashes.
///
/// ```text
/// quoted          = DQUOTE *QUOTED-CHAR DQUOTE
/// QUOTED-CHAR     = <any TEXT-CHAR except quoted-specials> / "\" quoted-specials / UTF8-2 / UTF8-3 / UTF8-4
/// ```
#[inline]
pub(crate) fn quoted<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, (&'i [u8], bool)> {
    let Some(inside) = i.strip_prefix(b"\"") else { return fail(i, expected::STRING) };
    let len = plain_run(inside);
    match inside.get(len) {
        Some(b'"') if cx.tolerance() < Tolerance::Lenient || closes(&inside[len + 1..]) => {
            Ok((&inside[len + 1..], (&inside[..len], false)))
        }
        _ => quoted_with_more(cx, i, inside),
    }
}

/// How many octets at the front are ASCII that stands for itself in a quoted string. The rarest controls are not counted either: whoever
/// finds no quote behind them looks again, octet by octet.
#[inline(always)]
pub(crate) fn plain_run(octets: &[u8]) -> usize {
    // What is above 127 is marked as it is. Of others, subtracting takes the highest bit from no octet but those that are too small, and
    // from what stands behind them.
    before_marks(octets, |word| word | word.wrapping_sub(splat(0x0e)) | quotes(word))
}

/// The same where no controls can be, as in what was checked.
#[inline(always)]
pub(crate) fn checked_run(octets: &[u8]) -> usize {
    before_marks(octets, quotes)
}

const fn splat(o: u8) -> u64 {
    u64::from_ne_bytes([o; 8])
}

/// What [`plain_run`] counts, without `&`, which stands for more than itself in names of mailboxes.
#[inline(always)]
pub(crate) fn plain_name_run(octets: &[u8]) -> usize {
    before_marks(octets, |word| {
        word | word.wrapping_sub(splat(0x0e)) | quotes(word) | (word ^ splat(b'&')).wrapping_sub(splat(1))
    })
}

/// How many octets at the front are `ASTRING-CHAR`, of those that names are mostly made of: from `+` to `z`, without the backslash.
#[inline(always)]
pub(crate) fn easy_run(octets: &[u8]) -> usize {
    before_marks(octets, |word| {
        let backslash = (word ^ splat(b'\\')).wrapping_sub(splat(1));
        word | word.wrapping_sub(splat(b'+')) | word.wrapping_add(splat(0x7f - b'z')) | backslash
    })
}

/// Marks quotes and backslashes, most of what is above 127, and perhaps what is behind these.
#[inline(always)]
const fn quotes(word: u64) -> u64 {
    (word ^ splat(b'"')).wrapping_sub(splat(1)) | (word ^ splat(b'\\')).wrapping_sub(splat(1))
}

/// How many octets stand before the first whose highest bit is set in `marks`. Eight at a time, by hand: vectors would only pay for long
/// strings.
#[inline(always)]
fn before_marks(octets: &[u8], marks: impl Fn(u64) -> u64) -> usize {
    let mut at = 0;
    for chunk in octets.chunks_exact(8) {
        let marks = marks(chunk.first_chunk().map_or(0, |word| u64::from_le_bytes(*word))) & splat(0x80);
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    // the last ones, and zeroes behind them, which may be marked or not
    let marks = marks(wire::keyword::first(octets.get(at..).unwrap_or_default())) & splat(0x80);
    octets.len().min(at + marks.trailing_zeros() as usize / 8)
}

#[inline(never)]
fn quoted_with_more<'i>(cx: &Context<'_>, i: &'i [u8], inside: &'i [u8]) -> Parsed<'i, (&'i [u8], bool)> {
    let (mut at, mut escaped, mut stray) = (0, false, false);
    loop {
        at += class::QUOTED.run(&inside[at..]);
        match inside.get(at) {
            Some(b'"') => break,
            Some(b'\\') => {
                escaped = true;
                match inside.get(at + 1) {
                    Some(b'"' | b'\\') => at += 2,
                    Some(&o) if class::QUOTED.has(o) => {
                        if cx.tolerance() < Tolerance::Lenient {
                            return fail(&inside[at + 1..], expected::QUOTE);
                        }
                        stray = true;
                        at += 1;
                    }
                    _ => return fail(&inside[at + 1..], expected::QUOTE),
                }
            }
            _ => return fail(&inside[at..], expected::QUOTE),
        }
    }
    let mut content = &inside[..at];
    if cx.tolerance() >= Tolerance::Lenient && !closes(&inside[at + 1..]) {
        // quotes inside that nothing escapes: the string ends with the first that is followed by what may follow a string
        // if there is none, it is the space behind the string that is missing
        if let Some(end) = resync(&inside[at..]) {
            content = &inside[..at + end];
            escaped = true;
            cx.repair(rule::STRAY_QUOTE, content);
        }
    } else if stray {
        cx.repair(rule::STRAY_BACKSLASH, content);
    }
    let utf8 = cx.is_utf8() && ::core::str::from_utf8(content).is_ok();
    if !content.is_ascii() && !utf8 && !cx.tolerates(Tolerance::Default, rule::EIGHT_BIT, content) {
        let at = content.iter().position(|&o| o > 0x7f).unwrap_or(0);
        return Err(Failure::at(&inside[at..], expected::STRING, ParseErrorKind::IllegalOctet));
    }
    Ok((&i[content.len() + 2..], (content, escaped)))
}

/// Whether a string may end before `i`.
fn closes(i: &[u8]) -> bool {
    matches!(i.first(), None | Some(b' ' | b')' | b']' | b'(' | b'\r' | b'\n' | b'\t' | b'<'))
        || nil(i).is_some_and(|rest| matches!(rest.first(), None | Some(b' ' | b')')))
}

/// The place of the next quote that may end a string: before `)`, `]`, the end, or a space and what starts a value; else before any
/// space.
fn resync(i: &[u8]) -> Option<usize> {
    let line = memchr::memchr2(b'\r', b'\n', i).unwrap_or(i.len());
    let mut before_space = None;
    // so many that any real string ends, so few that a line of broken strings is read in linear time
    for at in memchr::memchr_iter(b'"', &i[..line]).take(64) {
        let behind = &i[at + 1..];
        match behind {
            [b' ', b'"' | b'(' | b')' | b'{' | b'~' | b'0'..=b'9', ..] => {
                return Some(at);
            }
            [b' ', ..] if nil(&behind[1..]).is_some() => return Some(at),
            [b' ', ..] => before_space = before_space.or(Some(at)),
            _ if closes(behind) => return Some(at),
            _ => {}
        }
    }
    before_space
}

/// The octets that a quoted string stands for. A backslash before another octet than `"` and `\` stands for itself.
pub(crate) fn unescape(content: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        octets.extend_from_slice(&rest[..at]);
        match rest.get(at + 1) {
            Some(&o @ (b'"' | b'\\')) => {
                octets.push(o);
                rest = &rest[at + 2..];
            }
            _ => {
                octets.push(b'\\');
                rest = &rest[at + 1..];
            }
        }
    }
    octets.extend_from_slice(rest);
    octets
}

/// `string = quoted / literal`, its octets.
pub(crate) fn string_octets<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Cow<'i, [u8]>> {
    match i.first() {
        Some(b'"') => {
            let (rest, (content, escaped)) = quoted(cx, i)?;
            Ok((rest, if escaped { Cow::Owned(unescape(content)) } else { Cow::Borrowed(content) }))
        }
        Some(b'{' | b'~') => literal(cx, i, false).map(|(rest, octets)| (rest, Cow::Borrowed(octets))),
        _ => fail(i, expected::STRING),
    }
}

/// Octets as shared bytes; of the message, if they stand there.
pub(crate) fn keep(cx: &Context<'_>, octets: Cow<'_, [u8]>) -> Bytes {
    match octets {
        Cow::Borrowed(octets) => cx.keep(octets),
        Cow::Owned(octets) => octets.into(),
    }
}

/// `string = quoted / literal`; an atom, or NIL for nothing, where that is tolerated.
pub(crate) fn string<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, IString> {
    match string_octets(cx, i) {
        Ok((rest, octets)) => Ok((rest, IString::known(keep(cx, octets)))),
        Err(error) => {
            if let Some(rest) = nil(i) {
                let tolerated = cx.tolerates(Tolerance::Default, rule::STRAY_NIL, &i[..3]);
                return if tolerated { Ok((rest, IString::default())) } else { Err(error) };
            }
            let len = class::ASTRING.run(i);
            if len > 0 && cx.tolerates(Tolerance::Default, rule::STRING_FORM, &i[..len]) {
                return Ok((&i[len..], IString::known(cx.keep(&i[..len]))));
            }
            Err(error)
        }
    }
}

/// `nstring = string / nil`.
#[inline]
pub(crate) fn nstring<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<IString>> {
    if let Some(rest) = nil(i) {
        return Ok((rest, None));
    }
    match string(cx, i) {
        Ok((rest, string)) => Ok((rest, Some(string))),
        Err(nom::Err::Error(failure)) if failure.left() == i.len() => fail(i, expected::NSTRING),
        Err(error) => Err(error),
    }
}

/// A mailbox name as it is met most, in which nothing is escaped or encoded: an atom before a space, `)` or the end, or a quoted string. Needs
/// no remark.
#[inline(always)]
pub(crate) fn plain_name<'i>(cx: &Context<'_>, i: &'i [u8]) -> Option<(&'i [u8], &'i [u8])> {
    if let Some(inside) = i.strip_prefix(b"\"") {
        let (octets, rest) = inside.split_at_checked(plain_name_run(inside))?;
        let rest = rest.strip_prefix(b"\"")?;
        return (cx.tolerance() < Tolerance::Lenient || closes(rest)).then_some((rest, octets));
    }
    let (octets, rest) = i.split_at_checked(easy_run(i))?;
    (!octets.is_empty() && matches!(rest, [] | [b' ' | b')', ..])).then_some((rest, octets))
}

/// `astring = 1*ASTRING-CHAR / string`, its octets.
#[inline]
pub(crate) fn astring_octets<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Cow<'i, [u8]>> {
    match i {
        // an atom may start with `~` too
        [b'"' | b'{', ..] | [b'~', b'{', ..] => string_octets(cx, i),
        _ => {
            let len = class::ASTRING.run(i);
            let ends = matches!(i.get(len), None | Some(b' ' | b')'));
            if len > 0 && ends {
                return Ok((&i[len..], Cow::Borrowed(&i[..len])));
            }
            let (rest, word) = looser(cx, i, len, expected::ASTRING)?;
            Ok((rest, Cow::Borrowed(word)))
        }
    }
}

/// `astring = 1*ASTRING-CHAR / string`.
pub(crate) fn astring<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, IString> {
    let (rest, octets) = astring_octets(cx, i)?;
    Ok((rest, IString::known(keep(cx, octets))))
}

/// `"(" [item *(SP item)] ")"`: no more than the context's `max_items`, no deeper than its `max_depth`.
pub(crate) fn list<'i, T>(
    cx: &Context<'_>,
    i: &'i [u8],
    item: impl FnMut(&Context<'_>, &'i [u8]) -> Parsed<'i, T>,
) -> Parsed<'i, Vec<T>> {
    let (rest, ()) = octet(i, b'(', expected::OPEN)?;
    cx.deeper(i, cx.depth_limit(), expected::DEPTH)?;
    // also back from a list that is none: what is kept as `Invalid` must not take depth from the rest
    let items = items(cx, rest, item);
    cx.shallower();
    items
}

/// What [`list`] does behind the parenthesis.
fn items<'i, T>(
    cx: &Context<'_>,
    i: &'i [u8],
    mut item: impl FnMut(&Context<'_>, &'i [u8]) -> Parsed<'i, T>,
) -> Parsed<'i, Vec<T>> {
    let mut i = no_sp(cx, i);
    if let Some(rest) = i.strip_prefix(b")") {
        return Ok((rest, Vec::new()));
    }
    let mut items = Vec::with_capacity(4);
    loop {
        let (rest, value) = item(cx, i)?;
        if items.len() >= cx.item_limit() {
            return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
        }
        items.push(value);
        match rest.first() {
            Some(b')') => return Ok((&rest[1..], items)),
            Some(b' ' | b'\t') => {
                let len = blanks(rest);
                if rest.get(len) == Some(&b')') {
                    if cx.tolerates(Tolerance::Default, rule::EXTRA_SPACE, &rest[..len]) {
                        return Ok((&rest[len + 1..], items));
                    }
                    return fail(rest, expected::CLOSE);
                }
                i = sp(cx, rest)?.0;
            }
            _ => return fail(rest, expected::CLOSE),
        }
    }
}

/// The same with at least one item; none where that is tolerated.
pub(crate) fn list1<'i, T>(
    cx: &Context<'_>,
    i: &'i [u8],
    item: impl FnMut(&Context<'_>, &'i [u8]) -> Parsed<'i, T>,
) -> Parsed<'i, Vec<T>> {
    let (rest, items) = list(cx, i, item)?;
    if items.is_empty() && !cx.tolerates(Tolerance::Default, rule::EMPTY_LIST, &i[..i.len() - rest.len()]) {
        return fail(&i[1..], expected::VALUE);
    }
    Ok((rest, items))
}

/// `item *(SP item)` up to the end of the message: for commands and responses that end in a run of words.
pub(crate) fn words<'i, T>(
    cx: &Context<'_>,
    mut i: &'i [u8],
    mut item: impl FnMut(&Context<'_>, &'i [u8]) -> Parsed<'i, T>,
) -> Parsed<'i, Vec<T>> {
    let mut items = Vec::with_capacity(4);
    loop {
        if items.len() >= cx.item_limit() {
            return Err(Failure::at(i, expected::ITEMS, ParseErrorKind::TooMany));
        }
        let (rest, value) = item(cx, i)?;
        items.push(value);
        let len = blanks(rest);
        if len == 0 || len == rest.len() {
            return Ok((rest, items));
        }
        i = sp(cx, rest)?.0;
    }
}

/// A keyword of class [`NAME`](class::NAME): its [`key`](wire::keyword::key) and its octets.
#[inline(always)]
pub(crate) fn keyword(i: &[u8], expected: Expected) -> Parsed<'_, (u128, &[u8])> {
    word(i, class::NAME, expected)
}

/// One or more octets of a class that has all letters, digits and hyphens: their [`key`](wire::keyword::key), and they themselves.
#[inline(always)]
pub(crate) fn word(i: &[u8], class: class::Class, expected: Expected) -> Parsed<'_, (u128, &[u8])> {
    // most words have nothing else, and their key comes with their length
    let (len, key) = wire::keyword::name(i);
    if len > 0 && i.get(len).is_none_or(|&o| !class.has(o)) {
        return Ok((&i[len..], (key, &i[..len])));
    }
    long_word(i, class, expected)
}

#[inline(never)]
fn long_word(i: &[u8], class: class::Class, expected: Expected) -> Parsed<'_, (u128, &[u8])> {
    let (rest, word) = run1(i, class, expected)?;
    Ok((rest, (wire::keyword::key(word), word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(octets: &'static [u8], tolerance: Tolerance, f: impl FnOnce(&Context<'_>, &[u8]) -> T) -> T {
        let frame = Bytes::from_static(octets);
        f(&Context::new(&frame, tolerance), &frame)
    }

    fn quoted_text(octets: &'static [u8], tolerance: Tolerance) -> Option<Vec<u8>> {
        with(octets, tolerance, |cx, i| {
            let (_, octets) = string_octets(cx, i).ok()?;
            Some(octets.into_owned())
        })
    }

    #[test]
    fn quoted_strings() {
        use Tolerance::{Default, Lenient, Strict};
        for (octets, least, text) in [
            (&br#""""#[..], Strict, &b""[..]),
            (br#""abc""#, Strict, b"abc"),
            (br#""abcdefghijklmnop" "#, Strict, b"abcdefghijklmnop"),
            (br#""a\"b\\c""#, Strict, br#"a"b\c"#),
            (br#""a\b""#, Lenient, br"a\b"),
            (b"\"caf\xe9\"", Default, b"caf\xe9"),
            (br#""a "b" c")"#, Lenient, br#"a "b" c"#),
            (br#""""" "#, Lenient, br#""""#),
        ] {
            for tolerance in [Strict, Default, Lenient] {
                let got = quoted_text(octets, tolerance);
                if tolerance >= least {
                    assert_eq!(
                        got.as_deref(),
                        Some(text),
                        "{:?} {tolerance:?}",
                        octets.escape_ascii().to_string()
                    );
                } else {
                    // the strict see another string, behind which something is wrong
                    assert_ne!(got.as_deref(), Some(text), "{:?}", octets.escape_ascii().to_string());
                }
            }
        }
        for bad in [&br#"""#[..], br#""abc"#, b"\"a\r\n\"", b"\"a\0\"", br#""\"#, b"abc"] {
            assert_eq!(quoted_text(bad, Lenient), None, "{bad:?}");
        }
    }

    #[test]
    fn each_octet_in_a_quoted_string_is_seen() {
        for octet in 0..=255u8 {
            for len in 0..20 {
                let mut text = alloc::vec![b'x'; len];
                if let Some(last) = text.last_mut() {
                    *last = octet;
                }
                text.extend_from_slice(b"\" tail tail");
                let plain = |&o: &u8| class::QUOTED.has(o) && o < 0x80 && o > 0x0d;
                let expected = text.iter().position(|o| !plain(o)).unwrap_or(text.len());
                assert_eq!(plain_run(&text), expected, "{text:?}");
                for end in 0..=text.len() {
                    let (text, name) = (&text[..end], |o: &u8| plain(o) && *o != b'&');
                    assert_eq!(plain_run(text), expected.min(end), "{text:?}");
                    let expected = text.iter().position(|o| !name(o)).unwrap_or(end);
                    assert_eq!(plain_name_run(text), expected, "{text:?}");
                    let quotes = text.iter().position(|o| matches!(o, b'"' | b'\\')).unwrap_or(end);
                    let high = text.iter().position(|&o| o > 0x7f).unwrap_or(end);
                    assert!((quotes.min(high)..=quotes).contains(&checked_run(text)), "{text:?}");
                    let easy = |o: &u8| (b'+'..=b'z').contains(o) && *o != b'\\';
                    let expected = text.iter().position(|o| !easy(o)).unwrap_or(end);
                    assert_eq!(easy_run(text), expected, "{text:?}");
                    assert!(text[..expected].iter().all(|&o| class::ASTRING.has(o)));
                }
            }
        }
    }

    #[test]
    fn literals() {
        let octets = b"{3}\r\nabc rest";
        with(octets, Tolerance::Strict, |cx, i| {
            let (rest, text) = string_octets(cx, i).unwrap();
            assert_eq!((rest, &text[..]), (&b" rest"[..], &b"abc"[..]));
        });
        for (bad, left) in [
            (&b"{4}\r\nabc"[..], 0),
            (b"{3} \r\nabc", 6),
            (b"{a}\r\n", 4),
            (b"{99999999999999999999}\r\n", 23),
        ] {
            let frame = Bytes::copy_from_slice(bad);
            let cx = Context::new(&frame, Tolerance::Lenient);
            let error = Failure::of(literal(&cx, &frame, true).unwrap_err());
            assert_eq!(error.left(), left, "{}", bad.escape_ascii());
        }
        with(b"{2}\r\n\0a", Tolerance::Strict, |cx, i| assert!(literal(cx, i, true).is_err()));
        with(b"~{2}\r\n\0a", Tolerance::Strict, |cx, i| assert!(literal(cx, i, true).is_ok()));
    }

    #[test]
    fn nil_is_no_string() {
        for (octets, least, text) in [
            ("NIL", Tolerance::Default, ""),
            ("nilly", Tolerance::Default, "nilly"),
            ("\"NIL\"", Tolerance::Strict, "NIL"),
        ] {
            for tolerance in [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient] {
                let frame = Bytes::from_static(octets.as_bytes());
                let cx = Context::new(&frame, tolerance);
                let found = string(&cx, &frame).ok().map(|(_, string)| string);
                let expected = (tolerance >= least).then(|| IString::new(text).unwrap());
                assert_eq!(found, expected, "{octets}");
            }
        }
    }

    #[test]
    fn a_tilde_alone_announces_nothing() {
        let (rest, octets) = with(b"~/mail x", Tolerance::Strict, |cx, i| {
            let (rest, octets) = astring_octets(cx, i).unwrap();
            (rest.len(), octets.into_owned())
        });
        assert_eq!((rest, &octets[..]), (2, &b"~/mail"[..]));
    }

    #[test]
    fn lists_are_bounded() {
        with(b"(a b c)", Tolerance::Strict, |cx, i| {
            assert_eq!(list(cx, i, |_, i| atom(i)).unwrap().1.len(), 3);
        });
        let frame = Bytes::from_static(b"(a b c)");
        let cx = Context::new(&frame, Tolerance::Strict).max_items(2);
        let error = Failure::of(list(&cx, &frame, |_, i| atom(i)).unwrap_err());
        assert_eq!((error.kind(), error.left()), (ParseErrorKind::TooMany, 2));
        for bad in [&b"( a b)"[..], b"(a b )", b"(a  b)", b"( )"] {
            let frame = Bytes::from_static(bad);
            assert!(list(&Context::new(&frame, Tolerance::Strict), &frame, |_, i| atom(i)).is_err());
            let cx = Context::new(&frame, Tolerance::Default);
            assert!(list(&cx, &frame, |_, i| atom(i)).is_ok());
            assert_eq!(cx.into_repairs().len(), 1);
        }
    }
}
