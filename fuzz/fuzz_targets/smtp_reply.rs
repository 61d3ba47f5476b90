//! Whole replies, and those to EHLO: by the rules of the RFC exactly what a slow reading of them takes; whatever is
//! accepted at a tolerance is a reply by the RFC afterwards. Looking things up in a reply to EHLO is the same as
//! going over its lines, and what one offers can be offered again.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use smtp_proto::{Capability, Ehlo, Keyword, Reply, ReplyCode};
use wire::{Context, Tolerance};

fuzz_target!(|data: &[u8]| {
    let Some((&choices, frame)) = data.split_first() else { return };
    let tolerance = fuzz::tolerance(choices & 3);
    let frame = Bytes::copy_from_slice(frame);
    reply(&frame, tolerance);
    ehlo(&frame, tolerance);
});

fn reply(frame: &Bytes, tolerance: Tolerance) {
    assert_eq!(Reply::parse(frame).is_ok(), is_reply(frame), "{}", frame.escape_ascii());
    let cx = Context::new(frame, tolerance);
    let reply = match Reply::parse_in(&cx) {
        Ok(reply) => reply,
        Err(error) => {
            assert!(error.offset as usize <= frame.len(), "{error}");
            return;
        }
    };
    for repair in cx.into_repairs() {
        assert!(repair.stream_offset <= frame.len() as u64, "{repair}");
    }
    let shorter = frame.slice(..frame.len() - 1);
    assert!(Reply::parse_in(&Context::new(&shorter, Tolerance::Lenient)).is_err(), "it was complete before");

    fuzz::smtp::check_reply(&reply);
    if is_reply(frame) {
        assert_eq!(reply.as_bytes(), &frame[..], "it is kept as it came");
    }
    // the same lines, made anew; long ones are wrapped
    if reply.lines().all(|line| line.text.len() < 490) {
        let lines = reply.lines().map(|line| (line.enhanced, line.text));
        let made = Reply::from_lines(reply.code(), lines).expect("these lines were in a reply");
        assert!(made.lines().eq(reply.lines()), "{made:?} {reply:?}");
    }
}

/// By the grammar of RFC 5321 section 4.2, the text as wide as it is documented.
fn is_reply(frame: &[u8]) -> bool {
    let Some(block) = frame.strip_suffix(b"\r\n") else { return false };
    let mut lines = Vec::new();
    let mut rest = block;
    loop {
        match rest.windows(2).position(|pair| pair == b"\r\n") {
            Some(at) => {
                lines.push(&rest[..at]);
                rest = &rest[at + 2..];
            }
            None => {
                lines.push(rest);
                break;
            }
        }
    }
    let last = lines.len() - 1;
    lines.iter().enumerate().all(|(number, line)| {
        let Some((code, text)) = line.split_first_chunk::<3>() else { return false };
        let legal = matches!(code, [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9']);
        let separator = match text.first() {
            None | Some(b' ') => number == last,
            Some(b'-') => number < last,
            _ => false,
        };
        legal && lines[0].starts_with(code) && separator && !text.iter().any(|o| b"\r\n\0".contains(o))
    })
}

fn ehlo(frame: &Bytes, tolerance: Tolerance) {
    let cx = Context::new(frame, tolerance);
    let parsed = Ehlo::parse_in(&cx);
    let reply = Reply::parse_in(&Context::new(frame, tolerance));
    assert_eq!(parsed.is_ok(), reply.as_ref().is_ok_and(|reply| reply.code() == ReplyCode::OK));
    assert_eq!(
        Ehlo::parse(frame).is_ok(),
        Reply::parse(frame).is_ok_and(|reply| reply.code() == ReplyCode::OK)
    );
    let Ok(ehlo) = parsed else { return };
    for repair in cx.into_repairs() {
        assert!(repair.stream_offset <= frame.len() as u64, "{repair}");
    }
    let slowly = Ehlo::of(ehlo.reply());
    assert_eq!(Ok(ehlo.reply()), reply.as_ref());
    for &keyword in Keyword::ALL {
        let first = ehlo.iter().find(|capability| capability.keyword() == Some(keyword));
        assert_eq!(ehlo.get(keyword), first, "{keyword}");
        assert_eq!(slowly.get(keyword), first, "{keyword}");
        assert_eq!(ehlo.has(keyword), first.is_some());
    }
    assert_eq!(ehlo.detach(), ehlo);
    let mechanisms = ehlo.iter().flat_map(|capability| match capability {
        Capability::Auth(mechanisms) | Capability::OldAuth(mechanisms) => {
            mechanisms.iter().collect::<Vec<_>>()
        }
        _ => Vec::new(),
    });
    let mut mechanisms: Vec<_> = mechanisms.map(|mechanism| mechanism.as_str().to_owned()).collect();
    let mut told: Vec<_> = ehlo.mechanisms().map(|mechanism| mechanism.as_str().to_owned()).collect();
    mechanisms.sort();
    told.sort();
    assert_eq!(told, mechanisms);
    assert!(ehlo.mechanisms().all(|mechanism| ehlo.offers(mechanism)));
    assert_eq!(
        ehlo.size(),
        match ehlo.get(Keyword::Size) {
            Some(Capability::Size(Some(size @ 1..))) => Some(size),
            _ => None,
        }
    );
    let (Ok(domain), Ok(greet)) = (str::from_utf8(ehlo.domain()), str::from_utf8(ehlo.greet())) else {
        return;
    };
    // not all that real servers offer may be offered
    if let Ok(made) = Ehlo::new(domain, greet, ehlo.iter()) {
        fuzz::smtp::check_reply(made.reply());
        assert!(made.iter().eq(ehlo.iter()), "{made:?} {ehlo:?}");
        assert_eq!((made.domain(), made.greet()), (ehlo.domain(), ehlo.greet()));
    }
}
