//! One helper for the tests of all grammar items: rows of octets and values.

use super::{Context, Encoder, Options};
use ::core::fmt::Debug;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::parse::{Failure, Parsed};
use wire::{Output, Tolerance};

/// A row of a test.
pub(crate) enum Row<T> {
    /// Parses under every tolerance without a repair, and is written the same.
    Good(&'static [u8], T),
    /// Parses under every tolerance without a repair, and is written in another form.
    Other(&'static [u8], T),
    /// Parses from `Tolerance::Default` on, up to this octet, with a repair.
    Tolerated(&'static [u8], usize, T),
    /// Parses only with `Tolerance::Lenient`, up to this octet, with a repair.
    Lenient(&'static [u8], usize, T),
    /// Does not parse, even leniently; fails at this octet.
    Bad(&'static [u8], usize),
}

const LEVELS: [Tolerance; 3] = [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient];

pub(crate) fn encoded<T>(value: &T, encode: impl Fn(&T, &mut Encoder<'_>)) -> Bytes {
    let mut output = Output::new();
    encode(value, &mut Encoder::new(&mut output, Options::server()));
    output.take_all()
}

/// Each row in each tolerance: parsed, encoded, parsed again; no strict prefix gives the same value at its end; what follows is left.
pub(crate) fn check<T: PartialEq + Debug>(
    rule: impl for<'i> Fn(&Context<'_>, &'i [u8]) -> Parsed<'i, T>,
    encode: impl Fn(&T, &mut Encoder<'_>),
    rows: &[Row<T>],
) {
    for row in rows {
        let (octets, least, len, value) = match row {
            Row::Good(octets, value) | Row::Other(octets, value) => {
                (octets, Tolerance::Strict, octets.len(), Some(value))
            }
            Row::Tolerated(octets, len, value) => (octets, Tolerance::Default, *len, Some(value)),
            Row::Lenient(octets, len, value) => (octets, Tolerance::Lenient, *len, Some(value)),
            Row::Bad(octets, at) => (octets, Tolerance::Lenient, *at, None),
        };
        let shown = octets.escape_ascii();
        for tolerance in LEVELS {
            let frame = Bytes::from_static(octets);
            let cx = Context::new(&frame, tolerance);
            let parsed = rule(&cx, &frame);
            match (parsed, value) {
                (Ok((rest, got)), Some(value)) if tolerance >= least => {
                    assert_eq!(octets.len() - rest.len(), len, "{shown} {tolerance:?}: parsed up to");
                    assert_eq!(&got, value, "{shown} {tolerance:?}");
                    let repairs = cx.into_repairs();
                    assert_eq!(repairs.is_empty(), least == Tolerance::Strict, "{shown}: {repairs:?}");
                    let again = encoded(&got, &encode);
                    if let Row::Good(..) = row {
                        assert_eq!(again, octets, "written again");
                    }
                    let cx = Context::new(&again, tolerance).utf8(true);
                    let (rest, second) = rule(&cx, &again)
                        .unwrap_or_else(|e| panic!("{shown}, written as {}: {e:?}", again.escape_ascii()));
                    assert!(rest.is_empty(), "{shown}, written as {}", again.escape_ascii());
                    assert_eq!(second, got, "{shown}, written as {}", again.escape_ascii());
                }
                // a prefix that is good in itself may be left over
                (Ok((rest, _)), Some(_)) => {
                    assert!(rest.len() > octets.len() - len, "{shown} must not be accepted by {tolerance:?}");
                }
                (Err(error), None) => {
                    if tolerance == Tolerance::Lenient {
                        let at = octets.len() - Failure::of(error).left();
                        assert_eq!(at, len, "{shown}: fails at");
                    }
                }
                (Ok((_, got)), None) => panic!("{shown} {tolerance:?} gave {got:?}"),
                (Err(error), Some(_)) => {
                    assert!(tolerance < least, "{shown} {tolerance:?}: {error:?}");
                }
            }
        }
        if let Row::Good(octets, value) = row {
            for len in 0..octets.len() {
                let frame = Bytes::from_static(&octets[..len]);
                let cx = Context::new(&frame, Tolerance::Strict);
                if let Ok((rest, got)) = rule(&cx, &frame) {
                    assert!(
                        !rest.is_empty() || &got != value,
                        "{shown}: its first {len} octets are the same"
                    );
                }
            }
            let more: Vec<u8> = [octets, &b"  more"[..]].concat();
            let frame = Bytes::from(more);
            let cx = Context::new(&frame, Tolerance::Strict);
            if let Ok((rest, _)) = rule(&cx, &frame) {
                assert_eq!(rest, b"  more", "{shown}");
            }
        }
    }
}

/// A value is written, read, and is the same.
pub(crate) fn round_trip<T: PartialEq + Debug>(
    value: &T,
    rule: impl for<'i> Fn(&Context<'_>, &'i [u8]) -> Parsed<'i, T>,
    encode: impl Fn(&T, &mut Encoder<'_>),
) {
    let octets = encoded(value, &encode);
    let cx = Context::new(&octets, Tolerance::Strict);
    match rule(&cx, &octets) {
        Ok((rest, got)) => {
            assert_eq!(&got, value, "{}", octets.escape_ascii());
            assert!(rest.is_empty(), "{}", octets.escape_ascii());
        }
        Err(error) => panic!("{value:?}, written as {}: {error:?}", octets.escape_ascii()),
    }
    assert!(cx.into_repairs().is_empty(), "{}", octets.escape_ascii());
}
