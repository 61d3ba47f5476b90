//! A path and its parameters: what MAIL and RCPT have in common.

use super::{ODD, Table, UNKNOWN, other};
use crate::path::Span;
use crate::rule;
use crate::syntax::{expected, gap};
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use core::hash::{Hash, Hasher};
use wire::parse::{Failure, Parsed, sp};
use wire::{Context, Misuse, ParseErrorKind, Tolerance};

/// A path in its angle brackets, and its parameters, with one space before each: as it came, or, where more than that was
/// tolerated, mended.
#[derive(Clone)]
pub(crate) struct Line {
    wire: Bytes,
    marks: Marks,
    span: Span,
    present: u32,
}

/// Which the first few parameters are, and how long, so that they need not be told from each other again. None behind one that
/// is unknown, odd or very long.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Marks(u64);

impl Marks {
    /// Of the 16 bits of each, these are the length; the others are one more than the place in the table.
    const LEN_BITS: u32 = 11;

    /// The mark of the first parameter: its place in the table, and its length; and those of the others.
    #[inline(always)]
    pub(crate) fn split_first(self) -> Option<((usize, usize), Self)> {
        let first = usize::try_from(self.0 & 0xffff).unwrap_or_default();
        let keyword = (first >> Self::LEN_BITS).checked_sub(1)?;
        Some(((keyword, first & ((1 << Self::LEN_BITS) - 1)), Self(self.0 >> 16)))
    }
}

/// [`Marks`] that are being made.
#[derive(Default)]
struct Marking {
    marks: u64,
    /// Bits of those that are there.
    used: u32,
}

impl Marking {
    #[inline(always)]
    fn put(&mut self, bit: u32, len: usize) {
        let keyword = u64::from(bit.trailing_zeros()) + 1;
        if self.used >= u64::BITS || bit == UNKNOWN || len >> Marks::LEN_BITS != 0 {
            return self.stop();
        }
        self.marks |= (keyword << Marks::LEN_BITS | len as u64) << self.used;
        self.used += 16;
    }

    /// The others are not marked.
    fn stop(&mut self) {
        self.used = u64::BITS;
    }
}

/// What stood behind a path.
struct Tail {
    /// The bits of the parameters.
    present: u32,
    marking: Marking,
    /// Each had one space before it.
    exact: bool,
}

impl Tail {
    #[inline(always)]
    fn marks(&self) -> Marks {
        // each parameter of an odd line is looked at again
        if self.present & ODD == 0 { Marks(self.marking.marks) } else { Marks::default() }
    }
}

impl Line {
    /// From the path to the end of the last parameter. `mend` puts brackets around a path that has none.
    pub(crate) fn rule<'i, T: Table>(
        cx: &Context<'_>,
        i: &'i [u8],
        (rest, span): (&'i [u8], Span),
        mend: impl FnOnce(Bytes) -> (Bytes, Span),
    ) -> Parsed<'i, Self> {
        let (rest, tail) = tail::<T>(cx, rest)?;
        let line = &i[..i.len() - rest.len()];
        let bracketed = line.first() == Some(&b'<') && line.get(usize::from(span.end)) == Some(&b'>');
        if bracketed && tail.exact {
            return Ok((
                rest,
                Self { wire: cx.keep(line), marks: tail.marks(), span, present: tail.present },
            ));
        }
        let tokens = blank_separated(&line[span.len(line).min(line.len())..]);
        let (path, span) = mend(cx.keep(line));
        Ok((rest, Self { wire: joined(&path, tokens), marks: tail.marks(), span, present: tail.present }))
    }

    /// All of `i`, which stands at `at` in the frame, if it is a path and parameters by the RFCs.
    #[inline(always)]
    pub(crate) fn usual<T: Table>(frame: &Bytes, at: usize, i: &[u8], span: Span) -> Option<Self> {
        let behind = &i[usize::from(span.end) + 1..];
        let (mut present, mut marks) = (0, Marks::default());
        if !behind.is_empty() {
            let cx = Context::new(frame, Tolerance::Strict);
            match tail::<T>(&cx, behind) {
                Ok((b"", tail)) if tail.exact => (present, marks) = (tail.present, tail.marks()),
                _ => return None,
            }
        }
        Some(Self { wire: frame.slice(at..at + i.len()), marks, span, present })
    }

    /// Checks a path with parameters that was put together here.
    pub(crate) fn made<T: Table>(wire: Vec<u8>, span: Span) -> Result<Self, Misuse> {
        let wire = Bytes::from(wire);
        let cx = Context::new(&wire, Tolerance::Strict);
        let behind = wire.get(usize::from(span.end) + 1..).unwrap_or_default();
        match tail::<T>(&cx, behind) {
            Ok((b"", tail)) => Ok(Self { marks: tail.marks(), present: tail.present, span, wire }),
            Err(error) if Failure::of(error.clone()).expected() == expected::NEW_PARAMETER => {
                Err(Misuse::Invalid("set of parameters: one excludes another"))
            }
            _ => Err(Misuse::Invalid("esmtp-param")),
        }
    }

    pub(crate) const fn wire(&self) -> &Bytes {
        &self.wire
    }

    pub(crate) const fn span(&self) -> Span {
        self.span
    }

    #[inline]
    pub(crate) const fn present(&self) -> u32 {
        self.present
    }

    #[inline]
    pub(crate) const fn marks(&self) -> Marks {
        self.marks
    }

    /// The parameters in their wire form, with a space before each.
    #[inline]
    pub(crate) fn tail(&self) -> &[u8] {
        self.wire.get(usize::from(self.span.end) + 1..).unwrap_or_default()
    }

    pub(crate) fn keywords<T: Table>(&self) -> impl Iterator<Item = T> {
        let present = self.present;
        T::TABLE.iter().copied().filter(move |keyword| present & keyword.bit() != 0)
    }

    /// The same without marks.
    #[cfg(test)]
    pub(crate) fn unmarked(&self) -> Self {
        Self { marks: Marks::default(), ..self.clone() }
    }

    pub(crate) fn detach(&self) -> Self {
        Self { wire: Bytes::copy_from_slice(&self.wire), ..*self }
    }
}

impl PartialEq for Line {
    fn eq(&self, other: &Self) -> bool {
        self.wire == other.wire
    }
}

impl Eq for Line {}

impl Hash for Line {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.wire.hash(state);
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.wire.escape_ascii())
    }
}

fn is_blank(octet: u8) -> bool {
    octet == b' ' || octet == b'\t'
}

fn blank_separated(i: &[u8]) -> impl Iterator<Item = &[u8]> {
    i.split(|&octet| is_blank(octet)).filter(|token| !token.is_empty())
}

#[cold]
fn joined<'a>(path: &[u8], tokens: impl Iterator<Item = &'a [u8]>) -> Bytes {
    let mut wire = path.to_vec();
    for token in tokens {
        wire.push(b' ');
        wire.extend_from_slice(token);
    }
    wire.into()
}

/// ```text
/// [SP Mail-parameters]
/// Mail-parameters  = esmtp-param *(SP esmtp-param)
/// Rcpt-parameters  = esmtp-param *(SP esmtp-param)
/// ```
/// Blanks at the end are left.
#[inline(always)]
fn tail<'i, T: Table>(cx: &Context<'_>, mut i: &'i [u8]) -> Parsed<'i, Tail> {
    let mut tail = Tail { present: 0, marking: Marking::default(), exact: true };
    while !i.is_empty() {
        let token = match i {
            [b' ', rest @ ..] if rest.first().is_some_and(|&octet| !is_blank(octet)) => rest,
            _ => match blanks(cx, i, &mut tail)? {
                Some(token) => token,
                None => break,
            },
        };
        i = parameter::<T>(cx, token, &mut tail)?;
    }
    Ok((i, tail))
}

/// What comes before a parameter, where it is not one space. None if no parameter follows.
#[cold]
fn blanks<'i>(cx: &Context<'_>, i: &'i [u8], tail: &mut Tail) -> Result<Option<&'i [u8]>, nom::Err<Failure>> {
    if i.iter().all(|&octet| is_blank(octet)) {
        return Ok(None);
    }
    tail.exact = false;
    if !i.first().is_some_and(|&octet| is_blank(octet)) {
        if cx.tolerates(Tolerance::Lenient, rule::MISSING_SPACE, &i[..1]) {
            return Ok(Some(i));
        }
        return sp(i).map(|(rest, ())| Some(rest));
    }
    gap(cx, i).map(|(rest, ())| Some(rest))
}

#[inline(always)]
fn parameter<'i, T: Table>(
    cx: &Context<'_>,
    token: &'i [u8],
    tail: &mut Tail,
) -> Result<&'i [u8], nom::Err<Failure>> {
    let checked = match T::find(token) {
        Some((keyword, rest)) => keyword.check(cx, rest),
        None => match other::name_len(token) {
            Some(len) => other::rule(token, len).map(|(rest, ())| (rest, UNKNOWN)),
            None => return odd::<T>(cx, token, None, tail),
        },
    };
    let (rest, bit) = match checked {
        Ok(known) => known,
        Err(error) => return odd::<T>(cx, token, Some(error), tail),
    };
    match rest.first() {
        None | Some(b' ' | b'\t') if T::conflicts(bit) & tail.present & !UNKNOWN == 0 => {
            tail.present |= bit;
            tail.marking.put(bit, token.len() - rest.len());
            Ok(rest)
        }
        None | Some(b' ' | b'\t') => {
            let error = Failure::at(token, expected::NEW_PARAMETER, ParseErrorKind::Syntax);
            odd::<T>(cx, token, Some(error), tail)
        }
        _ => {
            let error = sp(rest).map(|_| ()).err();
            odd::<T>(cx, token, error, tail)
        }
    }
}

/// What is no parameter, has not the value that it should have, or stands there twice: kept whole where that is tolerated.
#[cold]
#[inline(never)]
fn odd<'i, T: Table>(
    cx: &Context<'_>,
    token: &'i [u8],
    error: Option<nom::Err<Failure>>,
    tail: &mut Tail,
) -> Result<&'i [u8], nom::Err<Failure>> {
    let failure = match error {
        Some(error) => Failure::of(error),
        None => Failure::of(Failure::at(token, expected::PARAMETER, ParseErrorKind::Syntax)),
    };
    let error = Err(nom::Err::Error(failure));
    // a size that no number can hold is too large for everybody
    let too_large =
        failure.kind() == ParseErrorKind::Range && failure.expected() == wire::parse::expected::NUMBER;
    if cx.tolerance() < Tolerance::Lenient || too_large {
        return error;
    }
    let len = token.iter().position(|&octet| is_blank(octet)).unwrap_or(token.len());
    let (whole, rest) = token.split_at(len);
    if let Err((at, kind)) = other::is_harmless(whole) {
        return Err(Failure::at(&token[at..], expected::PARAMETER, kind));
    }
    let (_, bit) = other::why::<T>(other::name(whole));
    let rule = match failure.expected() {
        expected::NEW_PARAMETER => rule::PARAMETER_TWICE,
        _ if bit == ODD => rule::PARAMETER_VALUE,
        _ => rule::PARAMETER_FORM,
    };
    cx.repair(rule, whole);
    tail.present |= bit;
    tail.marking.stop();
    Ok(rest)
}
