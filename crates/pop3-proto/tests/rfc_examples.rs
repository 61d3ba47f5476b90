//! Every line that the POP3 RFCs show parses, in its role, and round-trips.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop, too")]

use bytes::Bytes;
use pop3_proto::{Command, Greeting, Item, ReplyKind, Response};
use std::path::Path;
use wire::{Context, Tolerance};

/// Lines that the RFC itself no longer allows, and what is wrong with them.
const OBSOLETE: &[(&str, &str)] = &[
    ("rfc1081", "TOP 10"),
    ("rfc1081", "TOP 100"),
    ("rfc1225", "TOP 10"),
    ("rfc1225", "TOP 100"),
    ("rfc1460", "TOP 10"),
    ("rfc1460", "TOP 100"),
];

/// Keywords of obsolete RFCs, which are kept as `Other`.
const OTHER: &[&str] = &["LAST", "RPOP", "XTND"];

#[derive(Default)]
struct Count {
    commands: usize,
    responses: usize,
    skipped: usize,
}

#[test]
fn every_line_parses_and_round_trips() {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    let mut count = Count::default();
    for rfc in [1081, 1082, 1225, 1460, 1725, 1734, 1939, 2384, 2449, 2595, 5034, 6856] {
        let name = format!("rfc{rfc}");
        let text = std::fs::read_to_string(testdata.join(format!("rfc-examples/{name}.txt"))).unwrap();
        for example in text.split("\n\n") {
            // RFC 2595 is of IMAP and ACAP too
            if rfc == 2595 && !example.contains(" sec 4\n") {
                continue;
            }
            play(&name, example, &mut count);
        }
    }
    println!(
        "{} commands, {} responses, {} lines not literal",
        count.commands, count.responses, count.skipped
    );
    assert!(count.commands >= 200 && count.responses >= 200, "the examples are there");
}

/// A command whose reply is awaited.
struct Asked {
    kind: ReplyKind,
    reply: Vec<u8>,
}

fn play(rfc: &str, example: &str, count: &mut Count) {
    let mut not_literal = false;
    let mut asked: Option<Asked> = None;
    let mut auth = false;
    for line in example.lines() {
        if line.starts_with("# not literal") {
            not_literal = true;
        }
        let (client, text) = match (line.strip_prefix("C:"), line.strip_prefix("S:")) {
            (Some(text), _) => (true, text),
            (_, Some(text)) => (false, text),
            _ => continue,
        };
        // RFC 1082 is printed with more indentation
        let text = if rfc == "rfc1082" { text.trim_start() } else { text.strip_prefix(' ').unwrap_or(text) };
        // what stands inside of a message is literal enough
        if std::mem::take(&mut not_literal) && (client || asked.is_none()) {
            count.skipped += 1;
            continue;
        }
        if client && auth {
            let response = wire::sasl::decode(text.as_bytes());
            assert!(response.is_ok() || text == "*", "{rfc}: {text}");
            count.commands += 1;
        } else if client {
            let Some(kind) = command(rfc, text, count) else { continue };
            auth = kind.is_auth();
            asked = Some(Asked { kind, reply: Vec::new() });
        } else {
            server_line(rfc, text, &mut asked, &mut auth, count);
        }
    }
    assert!(asked.is_none(), "{rfc}: a reply that does not end in {example}");
}

fn command(rfc: &str, text: &str, count: &mut Count) -> Option<ReplyKind> {
    let frame = Bytes::from(format!("{text}\r\n"));
    if OBSOLETE.contains(&(rfc, text)) {
        assert!(Command::parse(&frame).is_err(), "{rfc}: {text}");
        return Some(ReplyKind::of_line(text.as_bytes()));
    }
    let command = Command::parse(&frame).unwrap_or_else(|error| panic!("{rfc}: {text}: {error}"));
    if let Command::Other(other) = &command {
        let keyword = std::str::from_utf8(other.keyword()).unwrap();
        assert!(OTHER.contains(&keyword), "{rfc}: {text}");
    }
    assert_eq!(command.to_bytes(), frame, "{rfc}");
    assert_eq!(command.reply_kind(), ReplyKind::of_line(&frame), "{rfc}: {text}");
    count.commands += 1;
    Some(command.reply_kind())
}

fn server_line(rfc: &str, text: &str, asked: &mut Option<Asked>, auth: &mut bool, count: &mut Count) {
    // trailing spaces are lost in print
    let line = match text {
        "+" => "+ ",
        // wrong in RFC 1082, and nowhere else
        "+ OK XTND" => "+OK XTND",
        _ => text,
    };
    let Some(waiting) = asked else {
        let greeting = Greeting::parse(&Bytes::from(format!("{line}\r\n")));
        assert!(greeting.is_ok(), "{rfc}: {text}");
        count.responses += 1;
        return;
    };
    waiting.reply.extend_from_slice(format!("{line}\r\n").as_bytes());
    let frame = Bytes::copy_from_slice(&waiting.reply);
    let Ok(response) = Response::parse(&frame, waiting.kind) else {
        assert!(waiting.kind.is_multi_line(), "{rfc}: {text}");
        return;
    };
    check(rfc, &response, &frame, waiting.kind);
    count.responses += 1;
    if matches!(response, Response::Challenge(_)) {
        waiting.reply.clear();
    } else {
        *asked = None;
        *auth = false;
    }
}

fn check(rfc: &str, response: &Response, frame: &Bytes, kind: ReplyKind) {
    assert_eq!(response.to_bytes(), frame, "{rfc}");
    let lenient = Context::new(frame, Tolerance::Lenient);
    assert_eq!(Response::parse_in(&lenient, kind).as_ref(), Ok(response), "{rfc}");
    assert!(lenient.into_repairs().is_empty(), "{rfc}: nothing to repair in {frame:?}");
    if let Response::Listing(_, items) = response {
        let lines = items.iter().filter(|item| matches!(item, Item::Line(_))).count();
        assert!(lines == 0 || kind == ReplyKind::Lines, "{rfc}: everything is typed");
    }
}
