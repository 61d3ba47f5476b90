//! Body structures with defects, in their right form.

use super::block;
use super::envelope;
use crate::core::syntax::{self, blanks, expected};
use crate::core::{Context, IString};
use crate::rule;
use alloc::vec::Vec;
use wire::parse::{Failure, Parsed, fail};
use wire::{ParseErrorKind, Tolerance};

/// What stands for a part that is missing: as other servers write it.
const EMPTY: &[u8] = b"(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 0 0)";

/// What is around the current place.
enum Around {
    Multipart,
    Message,
}

/// Takes over a body with defects.
pub(super) fn repair<'i>(cx: &Context<'_>, mut i: &'i [u8], out: &mut Vec<u8>) -> Parsed<'i, ()> {
    let mut around = Vec::new();
    loop {
        // a part starts
        if around.len() >= cx.depth_limit() as usize {
            return Err(Failure::at(i, expected::DEPTH, ParseErrorKind::TooDeep));
        }
        if let Some(rest) = no_part(cx, i, &around) {
            out.extend_from_slice(EMPTY);
            i = rest;
        } else {
            let (rest, ()) = syntax::octet(i, b'(', expected::BODY)?;
            i = syntax::no_sp(cx, rest);
            out.push(b'(');
            if i.starts_with(b"(") {
                around.push(Around::Multipart);
                continue;
            }
            if let Some(rest) = no_children(cx, i) {
                // row 104: a multipart needs a part
                out.extend_from_slice(EMPTY);
                i = end_of_multipart(cx, rest, out)?.0;
            } else {
                let (rest, kind) = single(cx, i, out)?;
                i = rest;
                if let Kind::Message = kind {
                    around.push(Around::Message);
                    continue;
                }
                i = extensions(cx, i, out)?.0;
            }
        }
        // and those that end with it
        loop {
            match around.last() {
                None => return Ok((i, ())),
                Some(Around::Multipart) => {
                    if i.get(blanks(i)) == Some(&b'(') {
                        i = syntax::no_sp(cx, i);
                        break;
                    }
                    i = end_of_multipart(cx, i, out)?.0;
                }
                Some(Around::Message) => {
                    i = lines(cx, i, out)?.0;
                    i = extensions(cx, i, out)?.0;
                }
            }
            around.pop();
        }
    }
}

/// `()` or NIL where a part must stand; of a message, nothing.
fn no_part<'i>(cx: &Context<'_>, i: &'i [u8], around: &[Around]) -> Option<&'i [u8]> {
    if let Some(rest) = block::empty(cx, i) {
        return Some(rest);
    }
    match around.last() {
        Some(Around::Message) | None => {
            let rest = syntax::nil(i)?;
            cx.tolerates(Tolerance::Default, rule::STRAY_NIL, &i[..3]).then_some(rest)
        }
        Some(Around::Multipart) => None,
    }
}

/// NIL in place of the parts of a multipart, and then a subtype.
fn no_children<'i>(cx: &Context<'_>, i: &'i [u8]) -> Option<&'i [u8]> {
    let rest = syntax::nil(i)?;
    let subtype = &rest[blanks(rest)..];
    let is = matches!(subtype.first(), Some(b'"' | b'{'));
    (is && cx.tolerates(Tolerance::Default, rule::STRAY_NIL, &i[..3])).then_some(rest)
}

enum Kind {
    Basic,
    Message,
}

/// From the type up to the body of a message, or up to the extension data of another part.
fn single<'i>(cx: &Context<'_>, i: &'i [u8], out: &mut Vec<u8>) -> Parsed<'i, Kind> {
    let (i, main) = type_word(cx, i)?;
    let (i, ()) = syntax::sp_or_none(cx, i)?;
    let (i, sub) = type_word(cx, i)?;
    // row 105
    let main = main.as_ref().map_or(&b"APPLICATION"[..], IString::as_bytes);
    let sub = sub.as_ref().map_or(&b"OCTET-STREAM"[..], IString::as_bytes);
    block::put_string(out, main);
    out.push(b' ');
    block::put_string(out, sub);
    out.push(b' ');
    let (i, ()) = syntax::sp_or_none(cx, i)?;
    let (mut i, ()) = params(cx, i, out)?;
    for _ in 0..2 {
        out.push(b' ');
        i = syntax::sp_or_none(cx, i)?.0;
        i = block::repair_nstring(cx, i, out)?.0;
    }
    out.push(b' ');
    i = syntax::sp_or_none(cx, i)?.0;
    i = encoding(cx, i, out)?.0;
    out.push(b' ');
    i = syntax::sp_or_none(cx, i)?.0;
    i = number(cx, i, out)?.0;
    if main.eq_ignore_ascii_case(b"TEXT") {
        return lines(cx, i, out).map(|(i, ())| (i, Kind::Basic));
    }
    let rfc822 = sub.eq_ignore_ascii_case(b"RFC822");
    let message = main.eq_ignore_ascii_case(b"MESSAGE") && (rfc822 || sub.eq_ignore_ascii_case(b"GLOBAL"));
    if message && has_envelope(i) {
        out.push(b' ');
        i = syntax::sp_or_none(cx, i)?.0;
        i = envelope::repair(cx, i, out)?.0;
        out.push(b' ');
        i = syntax::sp_or_none(cx, i)?.0;
        return Ok((i, Kind::Message));
    }
    if message && rfc822 {
        // not parsed; perhaps its lines are there
        if !cx.tolerates(Tolerance::Default, rule::MISSING_ITEM, &i[..0]) {
            return fail(i, expected::ENVELOPE);
        }
        out.push(b' ');
        out.extend_from_slice(envelope::NOTHING);
        out.push(b' ');
        out.extend_from_slice(EMPTY);
        if i.get(blanks(i)).is_some_and(u8::is_ascii_digit) {
            return lines(cx, i, out).map(|(i, ())| (i, Kind::Basic));
        }
        out.extend_from_slice(b" 0");
        return Ok((i, Kind::Basic));
    }
    // row 100: lines of what has none
    let behind = &i[blanks(i)..];
    if let Ok((rest, _)) = wire::number::number64(behind) {
        if !cx.tolerates(Tolerance::Lenient, rule::EXTRA_ITEM, &behind[..behind.len() - rest.len()]) {
            return fail(behind, expected::NSTRING);
        }
        i = rest;
    }
    Ok((i, Kind::Basic))
}

/// Whether an envelope follows; or NIL for one, and then a body.
fn has_envelope(i: &[u8]) -> bool {
    let i = &i[blanks(i)..];
    if i.starts_with(b"(") {
        return true;
    }
    let Some(rest) = syntax::nil(i) else { return false };
    let rest = &rest[blanks(rest)..];
    // a disposition has a string in front, as a body has; but it is not followed by a number
    let behind = |i: &'_ [u8]| -> bool {
        let frame = bytes::Bytes::new();
        let cx = Context::new(&frame, Tolerance::Lenient);
        match crate::core::raw::value(&cx, i) {
            Ok((rest, ())) => matches!(rest.get(blanks(rest)), Some(b'0'..=b'9' | b'-')),
            Err(_) => false,
        }
    };
    behind(rest)
}

/// A string for the type or the subtype; NIL for none.
fn type_word<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<IString>> {
    match syntax::nil(i) {
        Some(rest) if cx.tolerates(Tolerance::Default, rule::STRAY_NIL, &i[..3]) => Ok((rest, None)),
        _ => syntax::string(cx, i).map(|(rest, word)| (rest, Some(word))),
    }
}

/// `body-fld-enc`; NIL for `7BIT`.
fn encoding<'i>(cx: &Context<'_>, i: &'i [u8], out: &mut Vec<u8>) -> Parsed<'i, ()> {
    let nothing = match syntax::nil(i) {
        Some(rest) if cx.tolerates(Tolerance::Default, rule::STRAY_NIL, &i[..3]) => Some(rest),
        Some(_) => return fail(i, expected::STRING),
        None => block::empty(cx, i),
    };
    if let Some(rest) = nothing {
        out.extend_from_slice(b"\"7BIT\"");
        return Ok((rest, ()));
    }
    let (rest, word) = syntax::string(cx, i)?;
    block::put_string(out, word.as_bytes());
    Ok((rest, ()))
}

/// A number; NIL for 0, and one in quotes.
fn number<'i>(cx: &Context<'_>, i: &'i [u8], out: &mut Vec<u8>) -> Parsed<'i, ()> {
    if let Some(rest) = syntax::nil(i) {
        if cx.tolerates(Tolerance::Default, rule::STRAY_NIL, &i[..3]) {
            out.push(b'0');
            return Ok((rest, ()));
        }
    }
    if i.starts_with(b"\"") {
        let digits = i.get(1..).unwrap_or_default();
        if let Ok((rest, number)) = syntax::number63(digits) {
            if rest.starts_with(b"\"")
                && cx.tolerates(Tolerance::Default, rule::NUMBER_FORM, &i[..i.len() - rest.len() + 1])
            {
                block::put_number(out, number);
                return Ok((&rest[1..], ()));
            }
        }
    }
    let (rest, number) = syntax::minus_or_number(cx, i)?;
    block::put_number(out, number);
    Ok((rest, ()))
}

/// `SP body-fld-lines`; left out where that is tolerated.
fn lines<'i>(cx: &Context<'_>, i: &'i [u8], out: &mut Vec<u8>) -> Parsed<'i, ()> {
    out.push(b' ');
    let behind = &i[blanks(i)..];
    match behind.first() {
        Some(b'0'..=b'9' | b'-') => {}
        // one in quotes; or the MD5, which no number is
        Some(b'"')
            if behind.get(1).is_some_and(u8::is_ascii_digit)
                && number(cx, behind, &mut Vec::new()).is_ok() => {}
        // NIL, where more NILs than the extension data has follow, stands for the lines
        _ => {
            if !cx.tolerates(Tolerance::Default, rule::MISSING_ITEM, &i[..0]) {
                return fail(behind, wire::parse::expected::NUMBER);
            }
            out.push(b'0');
            return Ok((i, ()));
        }
    }
    let (i, ()) = syntax::sp_or_none(cx, i)?;
    number(cx, i, out)
}

/// `body-fld-param`; names and values that are NIL are left out with what belongs to them.
fn params<'i>(cx: &Context<'_>, i: &'i [u8], out: &mut Vec<u8>) -> Parsed<'i, ()> {
    if let Some(rest) = syntax::nil(i).or_else(|| block::empty(cx, i)) {
        out.extend_from_slice(b"NIL");
        return Ok((rest, ()));
    }
    let (rest, words) = syntax::list(cx, i, |cx, i| match syntax::nil(i) {
        Some(rest) if cx.tolerates(Tolerance::Default, rule::STRAY_NIL, &i[..3]) => Ok((rest, None)),
        _ => syntax::string(cx, i).map(|(rest, word)| (rest, Some(word))),
    })?;
    if words.is_empty() {
        return fail(&i[1..], expected::STRING);
    }
    if words.len() % 2 != 0 {
        let end = &i[..i.len() - rest.len()];
        if !cx.tolerates(Tolerance::Default, rule::MISSING_ITEM, &end[end.len() - 1..]) {
            return fail(&i[end.len() - 1..], expected::STRING);
        }
    }
    let mut pairs = Vec::new();
    for pair in words.chunks_exact(2) {
        if let [Some(name), Some(value)] = pair {
            pairs.push((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
        }
    }
    super::body_builder::put_params(out, &pairs);
    Ok((rest, ()))
}

/// `[SP body-ext-1part] ")"`
fn extensions<'i>(cx: &Context<'_>, i: &'i [u8], out: &mut Vec<u8>) -> Parsed<'i, ()> {
    if let Some(rest) = closing(cx, i, out) {
        return Ok((rest, ()));
    }
    out.push(b' ');
    let (i, ()) = syntax::sp_or_none(cx, i)?;
    let (i, _) = block::repair_nstring(cx, i, out)?;
    more_extensions(cx, i, out)
}

/// `SP media-subtype [SP body-ext-mpart] ")"`
fn end_of_multipart<'i>(cx: &Context<'_>, i: &'i [u8], out: &mut Vec<u8>) -> Parsed<'i, ()> {
    out.push(b' ');
    let (i, ()) = syntax::sp_or_none(cx, i)?;
    let (i, sub) = type_word(cx, i)?;
    block::put_string(out, sub.as_ref().map_or(b"MIXED", IString::as_bytes));
    if let Some(rest) = closing(cx, i, out) {
        return Ok((rest, ()));
    }
    out.push(b' ');
    let (i, ()) = syntax::sp_or_none(cx, i)?;
    let (i, ()) = params(cx, i, out)?;
    more_extensions(cx, i, out)
}

fn closing<'i>(cx: &Context<'_>, i: &'i [u8], out: &mut Vec<u8>) -> Option<&'i [u8]> {
    if i.get(blanks(i)) != Some(&b')') {
        return None;
    }
    let rest = syntax::no_sp(cx, i).strip_prefix(b")")?;
    out.push(b')');
    Some(rest)
}

type Rule = for<'x> fn(&Context<'_>, &'x [u8], &mut Vec<u8>) -> Parsed<'x, ()>;

fn location<'i>(cx: &Context<'_>, i: &'i [u8], out: &mut Vec<u8>) -> Parsed<'i, ()> {
    block::repair_nstring(cx, i, out).map(|(i, _)| (i, ()))
}

/// From the disposition on.
fn more_extensions<'i>(cx: &Context<'_>, mut i: &'i [u8], out: &mut Vec<u8>) -> Parsed<'i, ()> {
    let rules: [Rule; 3] = [disposition, language, location];
    for rule in rules {
        if let Some(rest) = closing(cx, i, out) {
            return Ok((rest, ()));
        }
        out.push(b' ');
        i = syntax::sp_or_none(cx, i)?.0;
        i = rule(cx, i, out)?.0;
    }
    loop {
        if let Some(rest) = closing(cx, i, out) {
            return Ok((rest, ()));
        }
        out.push(b' ');
        i = syntax::sp_or_none(cx, i)?.0;
        i = extension(cx, i, out)?.0;
    }
}

/// `body-fld-dsp`; without its parentheses, its parameters, or with NIL or nothing in it.
fn disposition<'i>(cx: &Context<'_>, i: &'i [u8], out: &mut Vec<u8>) -> Parsed<'i, ()> {
    if let Some(rest) = syntax::nil(i).or_else(|| block::empty(cx, i)) {
        out.extend_from_slice(b"NIL");
        return Ok((rest, ()));
    }
    let Some(inside) = i.strip_prefix(b"(") else {
        let (rest, kind) = syntax::string(cx, i)?;
        if !cx.tolerates(Tolerance::Default, rule::MISSING_PARENTHESES, &i[..i.len() - rest.len()]) {
            return fail(i, expected::OPEN);
        }
        out.push(b'(');
        block::put_string(out, kind.as_bytes());
        out.extend_from_slice(b" NIL)");
        return Ok((rest, ()));
    };
    // row 110: the disposition is missing, and this is the language
    let inside = syntax::no_sp(cx, inside);
    let (mut i, kind) = type_word(cx, inside)?;
    let mut pairs = Vec::new();
    if i.get(blanks(i)) == Some(&b')') {
        if !cx.tolerates(Tolerance::Default, rule::MISSING_ITEM, &i[..0]) {
            return fail(i, wire::parse::expected::SP);
        }
        pairs.extend_from_slice(b"NIL");
    } else {
        i = syntax::sp_or_none(cx, i)?.0;
        i = params(cx, i, &mut pairs)?.0;
    }
    match kind {
        Some(kind) => {
            out.push(b'(');
            block::put_string(out, kind.as_bytes());
            out.push(b' ');
            out.extend_from_slice(&pairs);
            out.push(b')');
        }
        None => out.extend_from_slice(b"NIL"),
    }
    block::close(cx, i)
}

/// `body-fld-lang`, without the NILs in its list.
fn language<'i>(cx: &Context<'_>, i: &'i [u8], out: &mut Vec<u8>) -> Parsed<'i, ()> {
    if !i.starts_with(b"(") || i.get(1 + blanks(&i[1..])) == Some(&b')') {
        return block::repair_nstring(cx, i, out).map(|(i, _)| (i, ()));
    }
    let (rest, words) = syntax::list(cx, i, type_word)?;
    let words: Vec<_> = words.into_iter().flatten().collect();
    if words.is_empty() {
        out.extend_from_slice(b"NIL");
    }
    for (n, word) in words.iter().enumerate() {
        out.push(if n == 0 { b'(' } else { b' ' });
        block::put_string(out, word.as_bytes());
    }
    if !words.is_empty() {
        out.push(b')');
    }
    Ok((rest, ()))
}

/// `body-extension`, without recursion.
fn extension<'i>(cx: &Context<'_>, mut i: &'i [u8], out: &mut Vec<u8>) -> Parsed<'i, ()> {
    let mut depth = 0;
    loop {
        if let Some(rest) = block::empty(cx, i) {
            out.extend_from_slice(b"NIL");
            i = rest;
        } else if let Some(inside) = i.strip_prefix(b"(") {
            depth += 1;
            if depth > cx.depth_limit() {
                return Err(Failure::at(i, expected::DEPTH, ParseErrorKind::TooDeep));
            }
            out.push(b'(');
            i = syntax::no_sp(cx, inside);
            continue;
        } else if matches!(i.first(), Some(b'0'..=b'9' | b'-')) {
            i = number(cx, i, out)?.0;
        } else {
            i = block::repair_nstring(cx, i, out)?.0;
        }
        while depth > 0 && i.get(blanks(i)) == Some(&b')') {
            i = syntax::no_sp(cx, i).get(1..).unwrap_or_default();
            out.push(b')');
            depth -= 1;
        }
        if depth == 0 {
            return Ok((i, ()));
        }
        out.push(b' ');
        i = syntax::sp_or_none(cx, i)?.0;
    }
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{Row, check};
    use crate::fetch::{BodyBuilder, BodyStructure};

    fn built(builder: &BodyBuilder) -> BodyStructure {
        builder.build().unwrap()
    }

    /// `("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)`
    fn text() -> BodyBuilder {
        BodyBuilder::new("TEXT", "PLAIN").octets(1).lines(1)
    }

    fn pdf() -> BodyBuilder {
        BodyBuilder::new("APPLICATION", "PDF").octets(5)
    }

    #[test]
    fn defects() {
        let none: [(&str, &str); 0] = [];
        let tolerated = |octets: &'static [u8], builder: &BodyBuilder| {
            Row::Tolerated(octets, octets.len(), built(builder))
        };
        let lenient =
            |octets: &'static [u8], builder: &BodyBuilder| Row::Lenient(octets, octets.len(), built(builder));
        let two = || BodyBuilder::multipart("MIXED", [&built(&text()), &built(&text())]);
        let empty = built(&BodyBuilder::new("TEXT", "PLAIN").lines(0));
        let nothing = crate::fetch::Envelope::builder().build().unwrap();
        check(
            BodyStructure::rule,
            |body, encoder| body.encode(encoder),
            &[
                // row 96
                tolerated(b"(\"APPLICATION\" \"PDF\" NIL NIL NIL \"7BIT\" -1)", &pdf().octets(0)),
                tolerated(b"(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 -1)", &text().lines(0)),
                tolerated(b"(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" NIL 1)", &text().octets(0)),
                // row 97
                tolerated(b"(\"TEXT\" \"PLAIN\" NIL NIL NIL NIL 1 1)", &text()),
                // row 98
                tolerated(b"(\"TEXT\" \"PLAIN\" () NIL NIL \"7BIT\" 1 1)", &text()),
                // row 100
                lenient(b"(\"APPLICATION\" \"PDF\" NIL NIL NIL \"7BIT\" 5 12 NIL)", &pdf()),
                // row 101
                tolerated(
                    b"(\"TEXT\" \"PLAIN\" (\"BOUNDARY\" NIL \"a\" \"b\") NIL NIL \"7BIT\" 1 1)",
                    &text().param("a", "b"),
                ),
                tolerated(b"(\"TEXT\" \"PLAIN\" (\"BOUNDARY\" NIL) NIL NIL \"7BIT\" 1 1)", &text()),
                tolerated(
                    b"(\"TEXT\" \"PLAIN\" (\"a\" \"b\" \"c\") NIL NIL \"7BIT\" 1 1)",
                    &text().param("a", "b"),
                ),
                // row 102
                tolerated(
                    b"((\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1) (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1) \"MIXED\")",
                    &two(),
                ),
                tolerated(
                    b"((\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1)(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1)\"MIXED\")",
                    &two(),
                ),
                tolerated(
                    b"((\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1)(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1) NIL)",
                    &two(),
                ),
                // row 104
                tolerated(
                    b"(NIL \"alternative\" (\"boundary\" \"x\") NIL NIL NIL)",
                    &BodyBuilder::multipart("alternative", [&empty]).param("boundary", "x"),
                ),
                // row 105
                tolerated(
                    b"(NIL NIL NIL NIL NIL \"7BIT\" 563 NIL NIL NIL NIL)",
                    &BodyBuilder::new("application", "octet-stream").octets(563).extended(),
                ),
                // row 106
                tolerated(
                    b"(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 9 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) () 3)",
                    &BodyBuilder::message("RFC822", &nothing, &empty).octets(9).lines(3),
                ),
                tolerated(
                    b"(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 9 NIL NIL 3)",
                    &BodyBuilder::message("RFC822", &nothing, &empty).octets(9).lines(3),
                ),
                tolerated(
                    b"((\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 9 () (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1)) \"MIXED\")",
                    &BodyBuilder::multipart(
                        "MIXED",
                        [&built(&BodyBuilder::message("RFC822", &nothing, &built(&text())).octets(9))],
                    ),
                ),
                // row 108
                tolerated(
                    b"(\"APPLICATION\" \"PDF\" NIL NIL NIL \"7BIT\" 5 NIL \"inline\" NIL NIL)",
                    &pdf().disposition("inline", none),
                ),
                tolerated(
                    b"(\"APPLICATION\" \"PDF\" NIL NIL NIL \"7BIT\" 5 NIL (NIL NIL))",
                    &pdf().extended(),
                ),
                tolerated(
                    b"(\"APPLICATION\" \"PDF\" NIL NIL NIL \"7BIT\" 5 NIL (\"attachment\"))",
                    &pdf().disposition("attachment", none),
                ),
                // row 109
                tolerated(b"(\"APPLICATION\" \"PDF\" NIL NIL NIL \"7BIT\" 5 NIL ())", &pdf().extended()),
                tolerated(
                    b"(\"APPLICATION\" \"PDF\" NIL NIL NIL \"7BIT\" 5 NIL (\"a\" (\"b\" NIL \"c\" \"d\")))",
                    &pdf().disposition("a", [("c", "d")]),
                ),
                // row 110
                tolerated(
                    b"((\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1) \"MIXED\" (\"a\" \"b\") (\"en\") NIL)",
                    &BodyBuilder::multipart("MIXED", [&built(&text())]).param("a", "b").disposition("en", none),
                ),
                // row 112
                tolerated(
                    b"(\"APPLICATION\" \"PDF\" NIL NIL NIL \"7BIT\" 5 NIL NIL (NIL \"en\" NIL))",
                    &pdf().language("en"),
                ),
                tolerated(b"(\"APPLICATION\" \"PDF\" NIL NIL NIL \"7BIT\" 5 NIL NIL (NIL))", &pdf().extended()),
                tolerated(b"(\"APPLICATION\" \"PDF\" NIL NIL NIL \"7BIT\" 5 NIL NIL ())", &pdf().extended()),
                // row 113
                tolerated(
                    b"(\"APPLICATION\" \"PDF\" NIL NIL NIL \"7BIT\" 5 NIL NIL NIL ())",
                    &pdf().extended(),
                ),
                tolerated(
                    b"(\"APPLICATION\" \"PDF\" NIL () () \"7BIT\" 5 () NIL NIL NIL (1 ()) -1)",
                    &pdf().extensions(crate::core::Raw::new("(1 NIL) 0").unwrap()),
                ),
                // row 116
                lenient(
                    b"(\"TEXT\" \"PLAIN\" (\"NAME\" \"a \"b\" c\") NIL NIL \"7BIT\" 1 1)",
                    &text().param("NAME", "a \"b\" c"),
                ),
                // the same kinds elsewhere
                tolerated(b"(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1)", &text().lines(0)),
                tolerated(b"(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 NIL NIL)", &text().lines(0).extended()),
                tolerated(b"(\"TEXT\" \"PLAIN\" (CHARSET US-ASCII) NIL NIL \"7BIT\" \"1\" \"1\")", &text().param("CHARSET", "US-ASCII")),
                tolerated(b"( \"TEXT\"  \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1 )", &text()),
                tolerated(
                    b"(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 5)",
                    &BodyBuilder::message("RFC822", &nothing, &empty).octets(5),
                ),
                Row::Bad(b"(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" x 1)", 35),
                Row::Bad(b"(\"TEXT\"", 7),
                Row::Bad(b"((\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1)", 40),
                Row::Bad(b"x", 0),
            ],
        );
    }
}
