//! Values with many strings are held as one block of octets in the grammar's own form: this walks over such blocks, reads their strings,
//! and writes new ones.

use crate::core::syntax::{self, checked_run, expected, plain_run};
use crate::core::{Context, Encoder, class};
use crate::rule;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use wire::Tolerance;
use wire::parse::Parsed;

/// What a string may hold.
#[derive(Clone, Copy)]
pub(super) struct Grammar {
    /// UTF-8 between quotes.
    pub(super) utf8: bool,
    /// NUL in literals, and anything above 127 between quotes: of what was checked before.
    pub(super) checked: bool,
}

impl Grammar {
    /// Of a message; what it has not is repaired by others.
    #[inline]
    pub(super) fn of(cx: &Context<'_>) -> Self {
        Self { utf8: cx.is_utf8(), checked: false }
    }

    /// Of a block.
    pub(super) const CHECKED: Self = Self { utf8: true, checked: true };
}

/// One octet.
#[inline(always)]
pub(super) fn octet(i: &[u8], octet: u8) -> Option<&[u8]> {
    match i.split_first() {
        Some((&first, rest)) if first == octet => Some(rest),
        _ => None,
    }
}

/// `SP`
#[inline(always)]
pub(super) fn sp(i: &[u8]) -> Option<&[u8]> {
    octet(i, b' ')
}

/// `NIL`; what follows is looked at by the caller.
#[inline(always)]
pub(super) fn nil(i: &[u8]) -> Option<&[u8]> {
    let (word, rest) = i.split_first_chunk::<3>()?;
    ([word[0] | 0x20, word[1] | 0x20, word[2] | 0x20] == *b"nil").then_some(rest)
}

/// `string`
#[inline(always)]
pub(super) fn string(i: &[u8], grammar: Grammar) -> Option<&[u8]> {
    match i.split_first()? {
        (b'"', inside) => quoted(inside, grammar),
        (b'{', _) => literal(i, grammar).map(|(_, rest)| rest),
        _ => None,
    }
}

/// `nstring`
#[inline(always)]
pub(super) fn nstring(i: &[u8], grammar: Grammar) -> Option<&[u8]> {
    match i.split_first()? {
        (b'"', inside) => quoted(inside, grammar),
        (b'{', _) => literal(i, grammar).map(|(_, rest)| rest),
        _ => nil(i),
    }
}

// What is read most is put where it is called; but in a build for debugging, which keeps each of its variables apart, that would make frames
// too large for small stacks.

/// `string`, and the octet behind it.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn string_and(i: &[u8], behind: u8, grammar: Grammar) -> Option<&[u8]> {
    match i.split_first()? {
        (b'"', inside) => quoted_and(inside, behind, grammar),
        (b'{', _) => octet(literal(i, grammar)?.1, behind),
        _ => None,
    }
}

/// `nstring`, and the octet behind it.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn nstring_and(i: &[u8], behind: u8, grammar: Grammar) -> Option<&[u8]> {
    match i {
        [b'"', inside @ ..] => quoted_and(inside, behind, grammar),
        // all four as one integer
        [n, i, l, next, rest @ ..] if [n | 0x20, i | 0x20, l | 0x20, *next] == [b'n', b'i', b'l', behind] => {
            Some(rest)
        }
        [b'{', ..] => octet(literal(i, grammar)?.1, behind),
        _ => None,
    }
}

/// A quoted string behind its first quote, and the octet behind it.
#[cfg_attr(not(debug_assertions), inline(always))]
fn quoted_and(inside: &[u8], behind: u8, grammar: Grammar) -> Option<&[u8]> {
    match inside.get(plain_run(inside)..)? {
        [b'"', next, rest @ ..] if *next == behind => Some(rest),
        _ => octet(quoted(inside, grammar)?, behind),
    }
}

/// A quoted string behind its first quote.
#[inline(always)]
fn quoted(inside: &[u8], grammar: Grammar) -> Option<&[u8]> {
    let len = plain_run(inside);
    match inside.get(len)? {
        b'"' => Some(&inside[len + 1..]),
        _ => quoted_with_more(inside, len, grammar),
    }
}

/// The same if it has other octets than the plain ones, of which `at` are at its front.
#[inline(never)]
fn quoted_with_more(inside: &[u8], mut at: usize, grammar: Grammar) -> Option<&[u8]> {
    loop {
        match inside.get(at)? {
            b'"' => break,
            b'\\' if matches!(inside.get(at + 1), Some(b'"' | b'\\')) => {
                at += 2;
                at += plain_run(&inside[at..]);
            }
            // beyond ASCII, mostly, and then not alone
            &o if class::QUOTED.has(o) => at += class::QUOTED.run(&inside[at..]),
            _ => return None,
        }
    }
    let content = &inside[..at];
    let legal =
        grammar.checked || content.is_ascii() || grammar.utf8 && ::core::str::from_utf8(content).is_ok();
    legal.then(|| &inside[at + 1..])
}

/// `literal`: its octets, and what follows.
#[inline(never)]
fn literal(i: &[u8], grammar: Grammar) -> Option<(&[u8], &[u8])> {
    let (rest, size) = syntax::number63(octet(i, b'{')?).ok()?;
    let rest = rest.strip_prefix(b"}\r\n")?;
    let (octets, rest) = rest.split_at_checked(usize::try_from(size).ok()?)?;
    let legal = grammar.checked || memchr::memchr(0, octets).is_none();
    legal.then_some((octets, rest))
}

/// `number64`
#[inline(always)]
pub(super) fn number(i: &[u8]) -> Option<(&[u8], u64)> {
    syntax::number63(i).ok()
}

/// Any value: a string, NIL, a number, a list of values.
pub(super) fn value(mut i: &[u8], grammar: Grammar, max_depth: u32) -> Option<&[u8]> {
    let mut depth = 0u32;
    loop {
        match i.first()? {
            b'(' => {
                depth += 1;
                i = &i[1..];
                if depth > max_depth || i.starts_with(b")") {
                    return None;
                }
                continue;
            }
            b'0'..=b'9' => i = number(i)?.0,
            _ => i = nstring(i, grammar)?,
        }
        while depth > 0 && i.starts_with(b")") {
            depth -= 1;
            i = &i[1..];
        }
        if depth == 0 {
            return Some(i);
        }
        i = sp(i)?;
    }
}

/// The octets of an `nstring`, `None` for NIL, and what follows.
type Taken<'a> = (Option<Cow<'a, [u8]>>, &'a [u8]);

/// An `nstring` of a block: its octets, `None` for NIL, and what follows it.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn take(i: &[u8]) -> Option<Taken<'_>> {
    match i.split_first()? {
        (b'"', inside) => {
            let len = checked_run(inside);
            match inside.get(len)? {
                b'"' => Some((Some(Cow::Borrowed(&inside[..len])), &inside[len + 1..])),
                _ => take_with_more(inside, len),
            }
        }
        (b'{', _) => literal(i, Grammar::CHECKED).map(|(octets, rest)| (Some(Cow::Borrowed(octets)), rest)),
        _ => nil(i).map(|rest| (None, rest)),
    }
}

/// A quoted string with other octets than the plain ones, of which `at` are at its front.
#[inline(never)]
fn take_with_more(inside: &[u8], at: usize) -> Option<Taken<'_>> {
    let rest = quoted_with_more(inside, at, Grammar::CHECKED)?;
    let content = &inside[..inside.len() - rest.len() - 1];
    let octets = match memchr::memchr(b'\\', content) {
        Some(_) => Cow::Owned(syntax::unescape(content)),
        None => Cow::Borrowed(content),
    };
    Some((Some(octets), rest))
}

/// The octets of an `nstring` of a block; `None` for NIL.
#[inline]
pub(super) fn text(i: &[u8]) -> Option<Cow<'_, [u8]>> {
    take(i)?.0
}

/// Writes a string into a block: quoted, if each peer can read it so, else as a literal.
pub(super) fn put_string(block: &mut Vec<u8>, octets: &[u8]) {
    if octets.iter().any(|o| matches!(o, b'\r' | b'\n' | 0 | 0x80..)) {
        let mut digits = [0; 20];
        block.push(b'{');
        block.extend_from_slice(wire::number::decimal(octets.len() as u64, &mut digits));
        block.extend_from_slice(b"}\r\n");
        block.extend_from_slice(octets);
        return;
    }
    block.push(b'"');
    for &o in octets {
        if matches!(o, b'"' | b'\\') {
            block.push(b'\\');
        }
        block.push(o);
    }
    block.push(b'"');
}

/// The same, or NIL.
pub(super) fn put_nstring(block: &mut Vec<u8>, octets: Option<&[u8]>) {
    match octets {
        Some(octets) => put_string(block, octets),
        None => block.extend_from_slice(b"NIL"),
    }
}

pub(super) fn put_number(block: &mut Vec<u8>, number: u64) {
    block.extend_from_slice(wire::number::decimal(number, &mut [0; 20]));
}

/// Takes an `nstring` of a message over into a block; an atom, or `()` for NIL, where that is tolerated. Returns whether it is NIL.
pub(super) fn repair_nstring<'i>(cx: &Context<'_>, i: &'i [u8], block: &mut Vec<u8>) -> Parsed<'i, bool> {
    if let Some(rest) = empty(cx, i) {
        block.extend_from_slice(b"NIL");
        return Ok((rest, true));
    }
    let (rest, string) = syntax::nstring(cx, i)?;
    put_nstring(block, string.as_ref().map(crate::core::IString::as_bytes));
    Ok((rest, string.is_none()))
}

/// `()`, where the grammar has NIL.
pub(super) fn empty<'i>(cx: &Context<'_>, i: &'i [u8]) -> Option<&'i [u8]> {
    let inside = i.strip_prefix(b"(")?;
    let inside = &inside[syntax::blanks(inside)..];
    let rest = inside.strip_prefix(b")")?;
    cx.tolerates(Tolerance::Default, rule::EMPTY_LIST, &i[..i.len() - rest.len()]).then_some(rest)
}

/// What follows the last item of a list, up to its `)`: left out where that is tolerated.
pub(super) fn close<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ()> {
    let rest = if i.get(syntax::blanks(i)) == Some(&b')') { syntax::no_sp(cx, i) } else { i };
    if let Some(rest) = rest.strip_prefix(b")") {
        return Ok((rest, ()));
    }
    if cx.tolerance() >= Tolerance::Lenient {
        if let Ok((end, ())) = crate::core::raw::values(cx, rest) {
            if let Some(behind) = end.strip_prefix(b")") {
                cx.repair(rule::EXTRA_ITEM, &rest[..rest.len() - end.len()]);
                return Ok((behind, ()));
            }
        }
    }
    wire::parse::fail(rest, expected::CLOSE)
}

/// Repairs a value within the bounds that it has to framing, if it has any: what follows it is nothing that could be meant. So it is read
/// as the same again, or kept as the same again, whatever follows it then.
pub(super) fn bounded<'i>(
    cx: &Context<'_>,
    i: &'i [u8],
    repair: impl FnOnce(&'i [u8]) -> Parsed<'i, ()>,
) -> Parsed<'i, ()> {
    let bounds = crate::core::raw::value(cx, i);
    cx.forget_repairs(i);
    let Ok((behind, ())) = bounds else { return repair(i) };
    match repair(&i[..i.len() - behind.len()]) {
        Ok(([], ())) => Ok((behind, ())),
        Ok((rest, ())) => wire::parse::fail(&i[i.len() - behind.len() - rest.len()..], expected::CLOSE),
        Err(nom::Err::Error(failure)) => Err(nom::Err::Error(failure.before(behind.len()))),
        Err(nom::Err::Failure(failure)) => Err(nom::Err::Failure(failure.before(behind.len()))),
        Err(error) => Err(error),
    }
}

/// Writes a block, for a peer that may not know UTF-8 between quotes.
pub(super) fn encode(block: &[u8], encoder: &mut Encoder<'_>) {
    if encoder.options().utf8 || block.is_ascii() {
        return encoder.put(block);
    }
    let mut rest = block;
    while let Some(at) = memchr::memchr2(b'"', b'{', rest) {
        encoder.put(&rest[..at]);
        let here = &rest[at..];
        let Some(behind) = string(here, Grammar::CHECKED) else {
            rest = here;
            break;
        };
        let octets = &here[..here.len() - behind.len()];
        if octets[0] == b'"' && !octets.is_ascii() {
            encoder.string_octets(&text(octets).unwrap_or_default());
        } else {
            encoder.put(octets);
        }
        rest = behind;
    }
    encoder.put(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_strict_grammar_is_walked_over() {
        let strict = Grammar { utf8: false, checked: false };
        for (octets, left) in [
            (&b"\"\" x"[..], Some(2)),
            (b"\"abc\")", Some(1)),
            (br#""a\"b\\c" "#, Some(1)),
            (b"{3}\r\na\"b x", Some(2)),
            (b"NIL ", Some(1)),
            (b"nil", Some(0)),
            (b"\"\xc3\xa9\"", None),
            (b"{1}\r\n\0", None),
            (b"{1+}\r\na", None),
            (b"{1}\na", None),
            (b"{2}\r\na", None),
            (br#""a\b""#, None),
            (b"\"a", None),
            (b"\"a\\", None),
            (b"\"a\r\"", None),
            (b"abc", None),
            (b"", None),
        ] {
            let rest = nstring(octets, strict).map(<[u8]>::len);
            assert_eq!(rest, left, "{}", octets.escape_ascii());
        }
        let utf8 = Grammar { utf8: true, checked: false };
        assert!(nstring(b"\"\xc3\xa9\"", utf8).is_some());
        assert!(nstring(b"\"\xc3\"", utf8).is_none());
        assert!(nstring(b"\"\xc3\"", Grammar::CHECKED).is_some());
        for (octets, left) in [
            (&b"(1 (NIL \"(\") 2) x"[..], Some(2)),
            (b"12)", Some(1)),
            (b"()", None),
            (b"(1", None),
            (b"((((1))))", None),
        ] {
            assert_eq!(value(octets, strict, 3).map(<[u8]>::len), left, "{}", octets.escape_ascii());
        }
    }

    #[test]
    fn strings_come_out_as_they_went_in() {
        for octets in [&b""[..], b"abc", br#"a"b\c"#, b"\xe9", b"a\r\nb", b"\0"] {
            let mut block = Vec::new();
            put_string(&mut block, octets);
            assert_eq!(text(&block).as_deref(), Some(octets));
            assert_eq!(nstring(&block, Grammar::CHECKED), Some(&b""[..]));
        }
        assert_eq!(text(b"NIL"), None);
    }

    #[test]
    fn a_peer_without_utf8_gets_literals() {
        let block = "(\"a\" \"\u{e9}\\\\\" {2}\r\n\u{e9} NIL)".as_bytes();
        for (utf8, written) in
            [(true, block), (false, "(\"a\" {3}\r\n\u{e9}\\ {2}\r\n\u{e9} NIL)".as_bytes())]
        {
            let mut output = wire::Output::new();
            let options = crate::core::Options { utf8, ..crate::core::Options::server() };
            encode(block, &mut Encoder::new(&mut output, options));
            assert_eq!(output.take_all(), written);
        }
    }
}
