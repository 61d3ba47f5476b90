//! What is written is one message, and the same when it is read again.

use bytes::Bytes;
use imap_proto::{Context, FrameLimits, Framed, Framer, Options, Response, Side, TaggedCommand};
use std::fmt::Debug;
use wire::{ParseError, Tolerance};

/// Without limits that matter for what a fuzzer makes.
pub fn framer(side: Side) -> Framer {
    let mut limits = FrameLimits::RESPONSES;
    limits.max_inline_literal = if side == Side::Client { 0 } else { u64::MAX };
    Framer::new(side, limits)
}

/// The lengths of the messages at the front of `data`, all literals kept; the rest is not one.
pub fn frames(side: Side, data: &[u8]) -> Vec<usize> {
    let mut framer = framer(side);
    let (mut start, mut found) = (0, Vec::new());
    loop {
        match framer.next(&data[start..]) {
            Ok(Framed::Message(len)) => {
                assert!(len > 0 && start + len <= data.len());
                found.push(len);
                start += len;
            }
            Ok(Framed::Literal(head)) => {
                assert!(head.end <= data.len() - start);
                if framer.keep().is_err() {
                    return found;
                }
            }
            Ok(Framed::NeedMore) | Err(_) => return found,
        }
    }
}

/// A value, or an error that is inside the message; the repairs, too.
fn parsed<T>(
    frame: &Bytes,
    tolerance: Tolerance,
    utf8: bool,
    parse: impl Fn(&Context<'_>) -> Result<T, ParseError>,
) -> Option<T> {
    let cx = Context::new(frame, tolerance).utf8(utf8);
    let parsed = parse(&cx);
    let repairs = cx.into_repairs();
    for repair in &repairs {
        assert!(repair.stream_offset <= frame.len() as u64, "{repair}");
    }
    match parsed {
        Ok(value) => Some(value),
        Err(error) => {
            assert!(error.offset as usize <= frame.len(), "{error}");
            None
        }
    }
}

fn inverse<T: PartialEq + Debug>(
    side: Side,
    frame: &Bytes,
    tolerance: Tolerance,
    utf8: bool,
    parse: impl Fn(&Context<'_>) -> Result<T, ParseError>,
    encode: impl Fn(&T, &Options) -> Bytes,
) {
    let Some(value) = parsed(frame, tolerance, utf8, &parse) else { return };
    let mut options = if side == Side::Server { Options::server() } else { Options::default() };
    options.utf8 = utf8;
    let octets = encode(&value, &options);
    let shown = octets.escape_ascii();
    assert_eq!(
        frames(side, &octets),
        [octets.len()],
        "not one message: {shown}, of {}",
        frame.escape_ascii()
    );
    match parsed(&octets, tolerance, utf8, &parse) {
        Some(again) => {
            assert_eq!(again, value, "{shown}");
            assert_eq!(encode(&again, &options), octets, "written in another way");
        }
        None => panic!("{shown} cannot be read, of {}: {value:?}", frame.escape_ascii()),
    }
}

/// A whole command.
pub fn check_command(frame: &Bytes, tolerance: Tolerance, utf8: bool) {
    inverse(Side::Client, frame, tolerance, utf8, TaggedCommand::parse_in, TaggedCommand::to_bytes);
}

/// A whole response.
pub fn check_response(frame: &Bytes, tolerance: Tolerance, utf8: bool) {
    inverse(Side::Server, frame, tolerance, utf8, Response::parse_in, Response::to_bytes);
}
