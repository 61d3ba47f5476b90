//! The cases of the dot engine, each at every way of cutting it.

use super::*;
use crate::{BodyError, Input, Output};
use alloc::{format, string::String, vec, vec::Vec};
use core::fmt::Write;
use proptest::prelude::*;

const POLICIES: [LineEndings; 3] = [LineEndings::Strict, LineEndings::Normalise, LineEndings::Lenient];

/// What a decoder said: content as it would be written in Rust, `<rule offset>` for findings, `|` at the
/// end, `!rule offset` if the body was refused.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    text: String,
    consumed: usize,
    findings: Findings,
    octets_out: u64,
}

impl Told {
    fn content(&mut self, octets: &[u8]) {
        assert!(!octets.is_empty(), "empty content");
        self.octets_out += octets.len() as u64;
        write!(self.text, "{}", octets.escape_ascii()).unwrap();
    }

    fn found(&mut self, finding: Finding) {
        write!(self.text, "<{} {}>", finding.kind.rule(), finding.offset).unwrap();
    }

    fn finish(mut self, decoder: &DotDecoder) -> Self {
        if decoder.is_done() {
            self.text.push('|');
        }
        if let Some(finding) = decoder.refused() {
            write!(self.text, "!{} {}", finding.kind.rule(), finding.offset).unwrap();
        }
        assert_eq!(decoder.octets_out(), self.octets_out);
        assert_eq!(decoder.octets_in(), self.consumed as u64);
        self.findings = *decoder.findings();
        self
    }
}

fn decode<'a>(policy: LineEndings, chunks: impl IntoIterator<Item = &'a [u8]>) -> Told {
    let (mut input, mut decoder, mut told) = (Input::new(), DotDecoder::new(policy), Told::default());
    for chunk in chunks {
        input.receive(chunk);
        loop {
            match decoder.next(&mut input) {
                Body::Chunk(octets) => told.content(&octets),
                Body::Found(finding) => told.found(finding),
                Body::End | Body::NeedInput => break,
            }
        }
        assert!(decoder.is_done() || input.len() <= 2, "{} octets wait", input.len());
    }
    told.consumed = usize::try_from(input.stream_offset()).unwrap();
    told.finish(&decoder)
}

fn push<'a>(policy: LineEndings, chunks: impl IntoIterator<Item = &'a [u8]>) -> Told {
    let (mut decoder, mut told) = (PushDecoder::new(policy), Told::default());
    let mut ended = false;
    for chunk in chunks {
        let fed = decoder.feed(chunk, |part| match part {
            Part::Content(octets) => told.content(octets),
            Part::Found(finding) => told.found(finding),
        });
        assert!(fed.ended || fed.consumed == chunk.len());
        assert!(!ended || fed == Fed { consumed: 0, ended });
        ended = fed.ended;
    }
    told.consumed = usize::try_from(decoder.decoder().octets_in()).unwrap();
    told.finish(decoder.decoder())
}

/// What the decoder has to say, an octet at a time and with all of `wire` in view.
fn model(policy: LineEndings, wire: &[u8]) -> Told {
    let mut told = Told::default();
    let mut refused = None;
    let (mut at, mut line, mut line_start, mut long) = (0, 0, true, false);
    let note = |told: &mut Told, refused: &Option<Finding>, kind, at: usize| {
        let finding = Finding { kind, offset: at as u64 };
        told.findings.note(finding);
        if refused.is_none_or(|r: Finding| r.offset >= finding.offset) {
            told.found(finding);
        }
        finding
    };
    let end = loop {
        let rest = &wire[at..];
        if rest.is_empty() || (line_start && rest != b".\r\n" && b".\r\n".starts_with(rest)) {
            break false;
        }
        if line_start && rest.starts_with(b".\r\n") {
            at += 3;
            break true;
        }
        let mut octet = rest[0];
        if line_start && octet == b'.' {
            if rest[1] == b'\n' {
                if policy == LineEndings::Normalise {
                    refused = refused.or(Some(Finding { kind: FindingKind::BareLf, offset: at as u64 + 1 }));
                }
            } else {
                if rest[1] != b'.' {
                    note(&mut told, &refused, FindingKind::LoneDot, at);
                }
                at += 1;
                octet = wire[at];
            }
        }
        let rest = &wire[at..];
        let pair = rest.starts_with(b"\r\n");
        if octet == b'\r' && !pair {
            if rest.len() == 1 {
                break false;
            }
            let finding = note(&mut told, &refused, FindingKind::BareCr, at);
            if policy == LineEndings::Strict {
                refused = refused.or(Some(finding));
            }
        }
        if octet == b'\n' {
            let finding = note(&mut told, &refused, FindingKind::BareLf, at);
            if policy == LineEndings::Strict {
                refused = refused.or(Some(finding));
            }
            if policy == LineEndings::Normalise && refused.is_none() {
                told.content(b"\r");
            }
        }
        let content: &[u8] = if pair { b"\r\n" } else { &[octet] };
        if !pair && octet != b'\n' {
            line += 1;
            if line > MAX_LINE && !long {
                note(&mut told, &refused, FindingKind::LongLine, at);
                long = true;
            }
        } else {
            (line, long) = (0, false);
        }
        if refused.is_none() {
            told.content(content);
        }
        at += content.len();
        line_start = pair;
    };
    if end {
        told.text.push('|');
    }
    if let Some(finding) = refused {
        write!(told.text, "!{} {}", finding.kind.rule(), finding.offset).unwrap();
    }
    told.consumed = at;
    told
}

/// The two decoders and the model agree on `wire`, whole, octet by octet and at each single cut.
fn agree(policy: LineEndings, wire: &[u8]) -> Told {
    let expected = model(policy, wire);
    let context = || format!("{policy:?} {}", wire.escape_ascii());
    let mut cuts = vec![wire.chunks(1).collect::<Vec<_>>()];
    cuts.extend((0..=wire.len()).map(|cut| vec![&wire[..cut], &wire[cut..]]));
    for chunks in cuts {
        assert_eq!(decode(policy, chunks.iter().copied()), expected, "{} {chunks:?}", context());
        assert_eq!(push(policy, chunks.iter().copied()), expected, "push: {} {chunks:?}", context());
    }
    expected
}

/// Number in wire-cases.md, octets, and what is said under Strict, Normalise and Lenient.
type Row = (&'static str, &'static [u8], [&'static str; 3]);

const fn same(case: &'static str, wire: &'static [u8], told: &'static str) -> Row {
    (case, wire, [told; 3])
}

const fn differ(case: &'static str, wire: &'static [u8], strict: &'static str, others: &'static str) -> Row {
    (case, wire, [strict, others, others])
}

#[rustfmt::skip]
const CASES: &[Row] = &[
    same("1", b"a\r\n.\r\n", r"a\r\n|"),
    same("empty", b".\r\n", "|"),
    same("empty line", b"\r\n.\r\n", r"\r\n|"),
    same("3", b"..x\r\n.\r\n", r".x\r\n|"),
    ("4", b"a\n.\n\r\n.\r\n", [
        r"a<bare-lf 1>|!bare-lf 1",
        r"a<bare-lf 1>\r\n.<bare-lf 3>\r\n\r\n|",
        r"a<bare-lf 1>\n.<bare-lf 3>\n\r\n|",
    ]),
    ("5", b"a\n.\r\n.\r\n", [
        r"a<bare-lf 1>|!bare-lf 1",
        r"a<bare-lf 1>\r\n.\r\n|",
        r"a<bare-lf 1>\n.\r\n|",
    ]),
    differ("6", b"a\r.\r\r\n.\r\n", r"a<bare-cr 1>|!bare-cr 1", r"a<bare-cr 1>\r.<bare-cr 3>\r\r\n|"),
    ("7", b"a\r.\n\r\n.\r\n", [
        r"a<bare-cr 1>|!bare-cr 1",
        r"a<bare-cr 1>\r.<bare-lf 3>\r\n\r\n|",
        r"a<bare-cr 1>\r.<bare-lf 3>\n\r\n|",
    ]),
    ("8", b"a\n.\r\r\n.\r\n", [
        r"a<bare-lf 1>|!bare-lf 1",
        r"a<bare-lf 1>\r\n.<bare-cr 3>\r\r\n|",
        r"a<bare-lf 1>\n.<bare-cr 3>\r\r\n|",
    ]),
    ("9", b"a\r\n.\n\r\n.\r\n", [
        r"a\r\n.<bare-lf 4>|!bare-lf 4",
        r"a\r\n<bare-lf 4>|!bare-lf 4",
        r"a\r\n.<bare-lf 4>\n\r\n|",
    ]),
    ("9 at the start", b".\nb\r\n.\r\n", [
        r".<bare-lf 1>|!bare-lf 1",
        r"<bare-lf 1>|!bare-lf 1",
        r".<bare-lf 1>\nb\r\n|",
    ]),
    ("9 with two dots", b"a\r\n..\n.\r\n.\r\n", [
        r"a\r\n.<bare-lf 5>|!bare-lf 5",
        r"a\r\n.<bare-lf 5>\r\n.\r\n|",
        r"a\r\n.<bare-lf 5>\n.\r\n|",
    ]),
    differ("10", b"a\r.\r\n.\r\n", r"a<bare-cr 1>|!bare-cr 1", r"a<bare-cr 1>\r.\r\n|"),
    differ("11", b"a\r\n.\rb\r\n.\r\n",
        r"a\r\n<lone-dot 3><bare-cr 4>|!bare-cr 4", r"a\r\n<lone-dot 3><bare-cr 4>\rb\r\n|"),
    same("13", b"a\r\n.\0\r\n.\r\n", r"a\r\n<lone-dot 3>\x00\r\n|"),
    same("13 before the dot", b"a\r\n\0.\r\n.\r\n", r"a\r\n\x00.\r\n|"),
    same("13 with a space", b"a\r\n. \r\n.\r\n", r"a\r\n<lone-dot 3> \r\n|"),
    differ("14", b"a\r\n.\r\r\n.\r\n",
        r"a\r\n<lone-dot 3><bare-cr 4>|!bare-cr 4", r"a\r\n<lone-dot 3><bare-cr 4>\r\r\n|"),
    differ("14 with 3", b"a\r\n.\r\r\r\n.\r\n",
        r"a\r\n<lone-dot 3><bare-cr 4>|!bare-cr 4", r"a\r\n<lone-dot 3><bare-cr 4>\r<bare-cr 5>\r\r\n|"),
    differ("15", b"a\r\r\n.\r\r\n.\r\n",
        r"a<bare-cr 1>|!bare-cr 1", r"a<bare-cr 1>\r\r\n<lone-dot 4><bare-cr 5>\r\r\n|"),
    differ("16", b"a\r\r\n.\r\n", r"a<bare-cr 1>|!bare-cr 1", r"a<bare-cr 1>\r\r\n|"),
    same("19", b"a\r\n..\r\n.\r\n", r"a\r\n.\r\n|"),
    same("20", b"a\r\n.b\r\n.\r\n", r"a\r\n<lone-dot 3>b\r\n|"),
    same("21", b"a\r\n.\r\nMAIL FROM:<x@y>\r\n", r"a\r\n|"),
    ("lflf.lf", b"a\n\n.\n\r\n.\r\n", [
        r"a<bare-lf 1>|!bare-lf 1",
        r"a<bare-lf 1>\r\n<bare-lf 2>\r\n.<bare-lf 4>\r\n\r\n|",
        r"a<bare-lf 1>\n<bare-lf 2>\n.<bare-lf 4>\n\r\n|",
    ]),
    ("lf..", b"a\n..b\r\n.\r\n", [
        r"a<bare-lf 1>|!bare-lf 1",
        r"a<bare-lf 1>\r\n..b\r\n|",
        r"a<bare-lf 1>\n..b\r\n|",
    ]),
    differ("135", b"..b\r\n.b\r\n\xff\0\r\r\n.\r\n",
        r".b\r\n<lone-dot 5>b\r\n\xff\x00<bare-cr 11>|!bare-cr 11",
        r".b\r\n<lone-dot 5>b\r\n\xff\x00<bare-cr 11>\r\r\n|"),
    same("not over", b"a\r\n.\r", r"a\r\n"),
    same("not over, dot", b"a\r\n.", r"a\r\n"),
    same("not over, CR", b"a\r", "a"),
];

#[test]
fn cases_of_section_a_at_every_split() {
    for (case, wire, expected) in CASES {
        for (policy, expected) in POLICIES.into_iter().zip(expected) {
            let told = agree(policy, wire);
            assert_eq!(told.text, *expected, "case {case}, {policy:?}");
        }
    }
}

#[test]
fn every_short_body_at_every_split() {
    // every sequence of up to 6 of these, and what ends each body for sure
    const OCTETS: [u8; 4] = *b"\r\n.a";
    for length in 0..=6 {
        for n in 0..4_usize.pow(length) {
            let mut wire: Vec<u8> = (0..length).map(|i| OCTETS[n >> (2 * i) & 3]).collect();
            wire.extend_from_slice(b"\r\n.\r\nNOOP\r\n");
            let framed = [b"\r\n", &wire[..]].concat();
            let end = memchr::memmem::find(&framed, b"\r\n.\r\n").unwrap() + 3;
            for policy in POLICIES {
                let told = agree(policy, &wire);
                assert_eq!(told.consumed, end, "{policy:?} {}", wire.escape_ascii());
            }
        }
    }
}

/// Text with all that matters in it, at lengths around those of windows and blocks.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => (0..90_usize).prop_map(|n| vec![b'x'; n]),
        1 => (850..1100_usize).prop_map(|n| vec![b'y'; n]),
        1 => proptest::collection::vec(any::<u8>(), 0..9),
        20 => Just(b"\r\n".to_vec()),
        4 => Just(b".".to_vec()),
        1 => Just(b"\r".to_vec()),
        1 => Just(b"\n".to_vec()),
        4 => Just(b"short line, with more\r\nand one more line of ordinary text\r\n".repeat(40)),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn cut<'a>(data: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let (mut rest, mut chunks) = (data, Vec::new());
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, after) = rest.split_at((*size).clamp(1, rest.len()));
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    let size = prop_oneof![1..4_usize, 1..100_usize, 1..3000_usize];
    proptest::collection::vec(size, 1..20)
}

fn encode(policy: LineEndings, pieces: &[&[u8]], by_reference: bool) -> Result<Vec<u8>, BodyError> {
    let (mut output, mut encoder) = (Output::new(), DotEncoder::new(policy));
    for piece in pieces {
        if by_reference {
            encoder.encode_bytes(&Bytes::copy_from_slice(piece), &mut output)?;
        } else {
            encoder.encode(piece, &mut output)?;
        }
    }
    encoder.finish(&mut output)?;
    Ok(output.take_all().to_vec())
}

/// Bare CR and LF are CR LF, and the last line is complete.
fn normalised(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (i, &octet) in body.iter().enumerate() {
        match octet {
            b'\n' if i > 0 && body[i - 1] == b'\r' => {}
            b'\n' | b'\r' => out.extend_from_slice(b"\r\n"),
            _ => out.push(octet),
        }
    }
    complete(out)
}

fn complete(mut body: Vec<u8>) -> Vec<u8> {
    if !body.is_empty() && !body.ends_with(b"\r\n") {
        body.extend_from_slice(b"\r\n");
    }
    body
}

proptest! {
    #[test]
    fn long_bodies_at_random_splits(mut wire in text(), sizes in sizes()) {
        wire.extend_from_slice(b"\r\n.\r\nQUIT\r\n");
        for policy in POLICIES {
            let expected = model(policy, &wire);
            prop_assert_eq!(&decode(policy, [&wire[..]]), &expected);
            prop_assert_eq!(&decode(policy, cut(&wire, &sizes)), &expected);
            prop_assert_eq!(&push(policy, cut(&wire, &sizes)), &expected);
        }
    }

    #[test]
    fn what_is_encoded_is_decoded(body in text(), sizes in sizes(), by_reference: bool) {
        let pieces = cut(&body, &sizes);
        let proper = normalised(&body);

        let wire = encode(LineEndings::Normalise, &pieces, by_reference).unwrap();
        prop_assert_eq!(decoded(&wire), &proper[..]);

        let wire = encode(LineEndings::Strict, &cut(&proper, &sizes), by_reference).unwrap();
        prop_assert_eq!(decoded(&wire), &proper[..]);
        prop_assert!(!wire.windows(5).rev().skip(1).any(|w| w == b"\r\n.\r\n"));

        let wire = encode(LineEndings::Lenient, &pieces, by_reference).unwrap();
        let mut out = Vec::new();
        let mut decoder = PushDecoder::new(LineEndings::Lenient);
        let fed = decoder.feed(&wire, |part| if let Part::Content(octets) = part {
            out.extend_from_slice(octets);
        });
        prop_assert_eq!(fed, Fed { consumed: wire.len(), ended: true });
        prop_assert_eq!(out, complete(body.clone()));

        prop_assert_eq!(encode(LineEndings::Strict, &pieces, by_reference).is_ok(), bare(&[&body]).is_empty());
    }

    #[test]
    fn bare_endings_are_those_of_a_decoder(body in text(), sizes in sizes()) {
        let mut expected = Vec::new();
        for (i, &octet) in body.iter().enumerate() {
            let kind = match octet {
                b'\r' if body.get(i + 1) != Some(&b'\n') => FindingKind::BareCr,
                b'\n' if i == 0 || body[i - 1] != b'\r' => FindingKind::BareLf,
                _ => continue,
            };
            expected.push(Finding { kind, offset: i as u64 });
        }
        prop_assert_eq!(bare(&cut(&body, &sizes)), expected);
    }
}

fn bare(chunks: &[&[u8]]) -> Vec<Finding> {
    let (mut found, mut endings) = (Vec::new(), BareEndings::new());
    for chunk in chunks {
        endings.scan(chunk, |finding| found.push(finding));
    }
    found.extend(endings.finish());
    found
}

fn decoded(wire: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut decoder = PushDecoder::new(LineEndings::Strict);
    let fed = decoder.feed(wire, |part| {
        if let Part::Content(octets) = part {
            body.extend_from_slice(octets);
        }
    });
    assert_eq!(fed, Fed { consumed: wire.len(), ended: true });
    assert_eq!(decoder.decoder().findings().count(FindingKind::LoneDot), 0);
    body
}

#[test]
fn a_line_is_long_from_999_octets() {
    // case 24; a dot that was added does not count
    for (dot, length, end, found) in [
        ("", 998, "\r\n", ""),
        ("..", 997, "\r\n", ""),
        ("", 999, "\r\n", "<long-line 998>"),
        ("..", 998, "\r\n", "<long-line 999>"),
        ("", 998, "\n", "<bare-lf 998>"),
        ("", 999, "\n", "<long-line 998><bare-lf 999>"),
        ("", 998, "\rx\r\n", "<bare-cr 998><long-line 998>"),
        ("", 10_000, "\r\n", "<long-line 998>"),
    ] {
        let wire = [b"a\r\n", dot.as_bytes(), &vec![b'x'; length], end.as_bytes(), b"\r\n.\r\n"].concat();
        let told = agree(LineEndings::Lenient, &wire);
        let findings: String =
            told.text.split('<').skip(1).map(|t| format!("<{}>", t.split_once('>').unwrap().0)).collect();
        let shift = |text: &str| text.replace("998>", "1001>").replace("999>", "1002>");
        assert_eq!(findings, shift(found), "{dot} {length} {end:?}");
    }
}

#[test]
fn a_line_without_end_needs_no_memory() {
    // case 25
    let chunk = vec![b'x'; 10_000];
    let (mut input, mut decoder) = (Input::new(), DotDecoder::new(LineEndings::Strict));
    let mut told = 0;
    for _ in 0..1000 {
        input.receive(&chunk);
        loop {
            match decoder.next(&mut input) {
                Body::Found(finding) => told += usize::from(finding.kind == FindingKind::LongLine),
                Body::Chunk(_) => {}
                Body::NeedInput => break,
                Body::End => panic!("no end was sent"),
            }
        }
        assert!(input.is_empty());
    }
    assert_eq!((told, decoder.octets_out()), (1, 10_000_000));
}

#[test]
fn content_is_lent() {
    let body = b"an ordinary line of text\r\n".repeat(500);
    let mut input = Input::new();
    input.receive(&body);
    let whole = input.as_slice().as_ptr();
    let Body::Chunk(chunk) = DotDecoder::new(LineEndings::Strict).next(&mut input) else { panic!() };
    assert_eq!((chunk.as_ptr(), chunk.len()), (whole, body.len()), "one piece, and no copy");
}

#[test]
fn findings_are_counted_and_become_diagnostics() {
    let mut input = Input::new();
    input.receive(b"a\nb\nc\r\n.d\r\n.\r\n");
    let mut decoder = DotDecoder::new(LineEndings::Lenient);
    assert!(decoder.findings().is_empty());
    while decoder.next(&mut input) != Body::End {}
    let findings = decoder.findings();
    assert_eq!((findings.count(FindingKind::BareLf), findings.count(FindingKind::BareCr)), (2, 0));
    assert_eq!(findings.first(FindingKind::BareCr), None);
    let first = findings.first(FindingKind::LoneDot).unwrap();
    assert_eq!(format!("{}", first.diagnostic(100)), "lone-dot at stream offset 107");
}

#[test]
fn a_caller_who_gives_less_than_before_does_no_harm() {
    let text = b".x\r\n".repeat(400);
    let mut decoder = DotDecoder::new(LineEndings::Lenient);
    for length in (0..text.len()).rev() {
        let _ = decoder.decode(&text[..length]);
    }
}

/// Number in wire-cases.md, body, what is sent under Normalise and Lenient, and where Strict refuses it
/// (and sends what Lenient does if it does not).
type EncodeRow = (&'static str, &'static [u8], &'static [u8], &'static [u8], Option<(&'static str, usize)>);

#[rustfmt::skip]
const ENCODE_CASES: &[EncodeRow] = &[
    ("26", b"a\n.\nb", b"a\r\n..\r\nb\r\n.\r\n", b"a\n.\nb\r\n.\r\n", Some(("LF", 1))),
    ("26 with CR", b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n", b"a\r.\rb\r\n.\r\n", Some(("CR", 1))),
    ("28", b"a\r\n", b"a\r\n.\r\n", b"a\r\n.\r\n", None),
    ("29", b"a", b"a\r\n.\r\n", b"a\r\n.\r\n", None),
    ("30", b"", b".\r\n", b".\r\n", None),
    ("31", b".", b"..\r\n.\r\n", b"..\r\n.\r\n", None),
    ("31, two", b"..a\r\n", b"...a\r\n.\r\n", b"...a\r\n.\r\n", None),
    ("148", b".\r\n.a\r\nb.\r\n\r\n.", b"..\r\n..a\r\nb.\r\n\r\n..\r\n.\r\n", b"..\r\n..a\r\nb.\r\n\r\n..\r\n.\r\n", None),
    ("the end inside", b"a\r\n.\r\nb", b"a\r\n..\r\nb\r\n.\r\n", b"a\r\n..\r\nb\r\n.\r\n", None),
    ("last CR", b"a\r", b"a\r\n.\r\n", b"a\r\r\n.\r\n", Some(("CR", 1))),
    ("last LF", b"a\n", b"a\r\n.\r\n", b"a\n\r\n.\r\n", Some(("LF", 1))),
    ("only CR", b"\r", b"\r\n.\r\n", b"\r\r\n.\r\n", Some(("CR", 0))),
    ("CR CR LF", b"a\r\r\n.", b"a\r\n\r\n..\r\n.\r\n", b"a\r\r\n..\r\n.\r\n", Some(("CR", 1))),
    ("LF CR", b"a\n\r.\r\n", b"a\r\n\r\n..\r\n.\r\n", b"a\n\r.\r\n.\r\n", Some(("LF", 1))),
];

#[test]
fn cases_of_section_b_at_every_split() {
    for &(case, body, normalise, lenient, refused) in ENCODE_CASES {
        let mut cuts = vec![vec![body], body.chunks(1).collect::<Vec<_>>()];
        cuts.extend((0..body.len()).map(|cut| vec![&body[..cut], &body[cut..]]));
        for pieces in cuts {
            for by_reference in [false, true] {
                let context = || format!("case {case}, {pieces:?}");
                let sent = |policy| encode(policy, &pieces, by_reference);
                assert_eq!(sent(LineEndings::Normalise).unwrap(), normalise, "{}", context());
                assert_eq!(sent(LineEndings::Lenient).unwrap(), lenient, "{}", context());
                match refused {
                    None => assert_eq!(sent(LineEndings::Strict).unwrap(), lenient, "{}", context()),
                    Some(expected) => assert_eq!(refusal(body, &pieces), expected, "{}", context()),
                }
            }
        }
    }
}

/// What Strict refuses and where in the body. Nothing of the piece may have been written.
fn refusal(body: &[u8], pieces: &[&[u8]]) -> (&'static str, usize) {
    let (mut output, mut encoder) = (Output::new(), DotEncoder::new(LineEndings::Strict));
    let mut start = 0;
    for piece in pieces {
        let before = output.len();
        match encoder.encode(piece, &mut output) {
            Ok(()) => start += piece.len(),
            Err(BodyError::LineEnding { what, offset }) => {
                assert_eq!(output.len(), before);
                // a CR at the end of the piece before is told of at octet 0
                let carried = what == "CR" && offset == 0 && body[..start].ends_with(b"\r");
                return (what, start + offset - usize::from(carried));
            }
            Err(other) => panic!("{other}"),
        }
    }
    let before = output.len();
    assert_eq!(encoder.finish(&mut output), Err(BodyError::LineEnding { what: "CR", offset: 0 }));
    assert_eq!(output.len(), before);
    ("CR", body.len() - 1)
}

#[test]
fn a_refused_piece_can_be_replaced() {
    let (mut output, mut encoder) = (Output::new(), DotEncoder::new(LineEndings::Strict));
    encoder.encode(b"a\r", &mut output).unwrap();
    assert!(encoder.encode(b"\n.b\r\nc\n", &mut output).is_err());
    assert!(encoder.finish(&mut output).is_err());
    encoder.encode(b"\n.b\r\nc", &mut output).unwrap();
    encoder.finish(&mut output).unwrap();
    assert_eq!(output.take_all(), "a\r\n..b\r\nc\r\n.\r\n");
}

#[test]
fn large_parts_go_by_reference() {
    use bytes::Buf;
    let piece = Bytes::from(b"an ordinary line of text\r\n".repeat(500));
    let (mut output, mut encoder) = (Output::new(), DotEncoder::new(LineEndings::Strict));
    encoder.encode_bytes(&piece, &mut output).unwrap();
    assert_eq!((output.chunk().as_ptr(), output.len()), (piece.as_ptr(), piece.len()));
}
