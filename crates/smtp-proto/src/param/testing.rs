//! Rows of values, for the tests of each parameter.

use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt::Debug;
use wire::parse::{Failure, Parsed};
use wire::{Context, Misuse, Rule, Tolerance};

/// Where it fails: in the rule, or behind it.
fn offset<'i, T>(
    tolerance: Tolerance,
    rule: impl Fn(&Context<'_>, &'i [u8]) -> Parsed<'i, T>,
    i: &'i [u8],
) -> Result<(T, Vec<Rule>), usize> {
    let frame = Bytes::copy_from_slice(i);
    let cx = Context::new(&frame, tolerance);
    match rule(&cx, i) {
        Ok((b"", value)) => Ok((value, cx.into_repairs().iter().map(|repair| repair.rule).collect())),
        Ok((rest, _)) => Err(i.len() - rest.len()),
        Err(error) => Err(i.len() - Failure::of(error).left()),
    }
}

/// Each value is parsed, is written, and is parsed again.
pub(crate) fn taken<'i, T: PartialEq + Debug>(
    rule: impl Fn(&Context<'_>, &'i [u8]) -> Parsed<'i, T>,
    encode: impl Fn(&T, &mut Vec<u8>) -> Result<(), Misuse>,
    rows: &[(&'i [u8], T)],
) {
    for (wire, value) in rows {
        let shown = wire.escape_ascii();
        let (parsed, repairs) =
            offset(Tolerance::Strict, &rule, wire).unwrap_or_else(|at| panic!("{shown}: {at}"));
        assert_eq!(&parsed, value, "{shown}");
        assert_eq!(repairs, []);
        let mut written = Vec::new();
        encode(value, &mut written).unwrap();
        let again = offset(Tolerance::Strict, &rule, Vec::leak(written.clone())).map(|(value, _)| value);
        assert_eq!(again.as_ref(), Ok(value), "{}", written.escape_ascii());
        // what follows is left
        let longer = Vec::leak([*wire, b" X"].concat());
        let (rest, parsed) = rule(&Context::new(&Bytes::new(), Tolerance::Strict), longer).unwrap();
        assert_eq!((rest, &parsed), (&b" X"[..], value), "{shown}");
    }
}

/// None is a value; from which octet on is told.
pub(crate) fn refused<'i, T: Debug>(
    rule: impl Fn(&Context<'_>, &'i [u8]) -> Parsed<'i, T>,
    rows: &[(&'i [u8], usize)],
) {
    for (wire, at) in rows {
        let result = offset(Tolerance::Strict, &rule, wire).map(|(value, _)| value);
        match result {
            Err(failed) => assert_eq!(failed, *at, "{}", wire.escape_ascii()),
            Ok(value) => panic!("{}: {value:?}", wire.escape_ascii()),
        }
    }
}

/// A value that is taken from a tolerance on, with a diagnostic, and not below.
pub(crate) fn repaired<'i, T: PartialEq + Debug>(
    rule: impl Fn(&Context<'_>, &'i [u8]) -> Parsed<'i, T>,
    least: Tolerance,
    wire: &'i [u8],
    value: T,
    repair: Rule,
) {
    for tolerance in [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient] {
        let result = offset(tolerance, &rule, wire);
        if tolerance < least {
            assert!(result.is_err(), "{}", wire.escape_ascii());
        } else {
            let (parsed, repairs) = result.unwrap();
            assert_eq!(parsed, value);
            assert_eq!(repairs, [repair]);
        }
    }
}

/// What a rule for a whole line gives.
pub(crate) struct Outcome<T> {
    /// The value, or where the error is and what was expected there.
    pub(crate) result: Result<T, (u32, &'static str)>,
    pub(crate) repairs: Vec<Rule>,
}

/// Lets a rule parse a whole line.
pub(crate) fn outcome<T>(
    rule: impl for<'i> Fn(&Context<'_>, &'i [u8]) -> Parsed<'i, T>,
    tolerance: Tolerance,
    line: &[u8],
) -> Outcome<T> {
    let frame = Bytes::copy_from_slice(line);
    let cx = Context::new(&frame, tolerance);
    let result = rule(&cx, &frame).and_then(|(rest, value)| wire::parse::end(rest).map(|_| value));
    let result = result.map_err(|error| {
        let error = cx.error(error, crate::syntax::expected::name);
        (error.offset, error.expected)
    });
    Outcome { result, repairs: cx.into_repairs().iter().map(|repair| repair.rule).collect() }
}
