//! The same commands and responses to ours, by the rules of the RFCs, and to imap-codec 2.0.0-alpha.10. Where both accept, they mean the
//! same: what the peer writes of what it has read is the same value to ours; so it is when the peer reads what ours has written, which it
//! must be able to. What the peer takes and ours refuses is in a list below, with the reason; what ours takes and the peer refuses, such as
//! most extensions, is not looked at.
#![no_main]

use bytes::Bytes;
use imap_codec::decode::Decoder;
use imap_codec::encode::Encoder;
use imap_codec::{CommandCodec, ResponseCodec};
use imap_proto::{Options, Response, Side, TaggedCommand};
use libfuzzer_sys::fuzz_target;
use std::fmt::Debug;
use wire::ParseError;

/// Where ours and the peer may differ.
struct Difference {
    /// What it is about, and why.
    reason: &'static str,
    /// Whether it explains the difference for this message.
    explains: fn(&[u8]) -> bool,
}

/// What the peer takes, and ours refuses.
const REFUSED: &[Difference] = &[
    Difference {
        reason: "RFC 9051 section 9: a response code that is not known is `atom [SP 1*<any TEXT-CHAR except \"]\">]`, and TEXT-CHAR has \
                 no NUL. The peer takes any octets up to the bracket",
        explains: |frame| frame.contains(&0) && is_verb(frame, &[b"OK", b"NO", b"BAD", b"BYE"]),
    },
    Difference {
        reason: "RFC 9051 section 9, RFC 3501 section 9: capability-data has IMAP4rev2 or IMAP4rev1 among it. The peer takes any words",
        explains: |frame| {
            is_verb(frame, &[b"CAPABILITY"])
                && !words(frame).any(|word| {
                    [&b"IMAP4"[..], b"IMAP4REV1", b"IMAP4REV2"]
                        .iter()
                        .any(|base| word.eq_ignore_ascii_case(base))
                })
        },
    },
    Difference {
        reason: "RFC 5464 section 3.2: the name of an entry starts with a slash, ends in none, has no two of them in a row, no `*`, `%` and \
                 control characters. The peer takes any astring",
        explains: |frame| is_verb(frame, &[b"METADATA", b"GETMETADATA", b"SETMETADATA"]),
    },
    Difference {
        reason: "RFC 4422 section 3.1: the name of a mechanism has 1 to 20 letters, digits, `-` and `_`. The peer takes any atom",
        explains: |frame| {
            let has = |o: &u8| o.is_ascii_alphanumeric() || matches!(o, b'-' | b'_');
            is_verb(frame, &[b"AUTHENTICATE"])
                && !words(frame).nth(2).is_some_and(|name| name.len() <= 20 && name.iter().all(has))
        },
    },
];

/// What both take, and the peer reads or writes otherwise.
const OTHERWISE: &[Difference] = &[];

/// The words of the first line.
fn words(frame: &[u8]) -> impl Iterator<Item = &[u8]> {
    let line = frame.split(|&o| o == b'\n').next().unwrap_or_default();
    line.split(|&o| matches!(o, b' ' | b'\r')).filter(|word| !word.is_empty())
}

/// Whether the word behind the tag is one of these.
fn is_verb(frame: &[u8], verbs: &[&[u8]]) -> bool {
    words(frame).nth(1).is_some_and(|word| verbs.iter().any(|verb| word.eq_ignore_ascii_case(verb)))
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, octets)) = data.split_first() else { return };
    let side = if choice & 1 == 0 { Side::Client } else { Side::Server };
    // whole messages only
    if fuzz::imap::frames(side, octets) != [octets.len()] {
        return;
    }
    let frame = Bytes::copy_from_slice(octets);
    match side {
        Side::Client => {
            compare(&frame, TaggedCommand::parse, TaggedCommand::to_bytes, &Options::default(), |octets| {
                let codec = CommandCodec::default();
                match codec.decode(octets) {
                    Ok(([], command)) => Some((codec.encode(&command).dump(), format!("{command:?}"))),
                    _ => None,
                }
            })
        }
        Side::Server => compare(&frame, Response::parse, Response::to_bytes, &Options::server(), |octets| {
            let codec = ResponseCodec::default();
            match codec.decode(octets) {
                Ok(([], response)) => Some((codec.encode(&response).dump(), format!("{response:?}"))),
                _ => None,
            }
        }),
    }
});

/// `peer` reads octets, and gives what it writes of them, and what it shows.
fn compare<T: PartialEq + Debug>(
    frame: &Bytes,
    parse: impl Fn(&Bytes) -> Result<T, ParseError>,
    write: impl Fn(&T, &Options) -> Bytes,
    options: &Options,
    peer: impl Fn(&[u8]) -> Option<(Vec<u8>, String)>,
) {
    let Some((theirs, shown)) = peer(frame) else { return };
    let value = match parse(frame) {
        Ok(value) => value,
        Err(error) => {
            return explained(REFUSED, frame, || format!("refused: {error}; the peer has {shown}"));
        }
    };
    let same = |octets: Vec<u8>, shown: &str, what: &str| {
        let octets = Bytes::from(octets);
        match parse(&octets) {
            Ok(again) if again == value => {}
            again => explained(OTHERWISE, frame, || {
                format!("{what}: the peer writes {octets:?}, {again:?}, not {value:?}; it has {shown}")
            }),
        }
    };
    same(theirs, &shown, "as it came");
    let ours = write(&value, options);
    match peer(&ours) {
        Some((theirs, shown)) => same(theirs, &shown, "as we write it"),
        None => explained(OTHERWISE, frame, || format!("the peer cannot read {ours:?}; it had {shown}")),
    }
}

#[track_caller]
fn explained(differences: &[Difference], frame: &[u8], message: impl FnOnce() -> String) {
    let reason = differences.iter().find(|difference| (difference.explains)(frame)).map(|known| known.reason);
    assert!(reason.is_some(), "{}, of {}", message(), frame.escape_ascii());
}
