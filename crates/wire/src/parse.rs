//! What grammar items are written with: nom's result with a small error, and the leaf rules that all
//! protocols share.
//!
//! A rule is a function over the rest of a complete message: `fn(&[u8]) -> Parsed<T>`, or with a
//! [`Context`](crate::Context) in front if it keeps slices or repairs. The error is 8 octets, so that
//! results stay cheap; [`Context::error`](crate::Context::error) makes the full
//! [`ParseError`](crate::ParseError) of it, once, when a message is refused.

use crate::ParseErrorKind;
use nom::{IResult, Needed};

/// What a rule gives: the rest and a value, or where and why not.
pub type Parsed<'i, T> = IResult<&'i [u8], T, Failure>;

/// Why a rule does not match, in 8 octets: the place (as octets left) and what was expected there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    left: u32,
    expected: Expected,
    kind: ParseErrorKind,
}

/// Names what a rule expected: an index into [`expected`] (below 64) or into the table of a protocol
/// crate (64 and above).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected(pub u16);

impl Failure {
    /// At the start of `i`.
    #[must_use]
    #[cold]
    pub fn at(i: &[u8], expected: Expected, kind: ParseErrorKind) -> nom::Err<Self> {
        let left = u32::try_from(i.len()).unwrap_or(u32::MAX);
        nom::Err::Error(Self { left, expected, kind })
    }

    /// Octets of the message from the failure to its end.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.left as usize
    }

    /// The same for a rule that saw only a part of the message, which ends `behind` octets before the
    /// message does.
    #[must_use]
    pub fn before(self, behind: usize) -> Self {
        let behind = u32::try_from(behind).unwrap_or(u32::MAX);
        Self { left: self.left.saturating_add(behind), ..self }
    }

    /// What was expected.
    #[must_use]
    pub const fn expected(&self) -> Expected {
        self.expected
    }

    /// What kind of failure.
    #[must_use]
    pub const fn kind(&self) -> ParseErrorKind {
        self.kind
    }

    /// The failure in nom's error, whichever kind it was.
    #[must_use]
    pub fn of(error: nom::Err<Self>) -> Self {
        match error {
            nom::Err::Error(failure) | nom::Err::Failure(failure) => failure,
            // only complete messages are parsed, by rules that never ask for more
            nom::Err::Incomplete(Needed::Unknown | Needed::Size(_)) => {
                Self { left: 0, expected: expected::MORE, kind: ParseErrorKind::End }
            }
        }
    }
}

impl nom::error::ParseError<&[u8]> for Failure {
    fn from_error_kind(i: &[u8], _: nom::error::ErrorKind) -> Self {
        Self::of(Self::at(i, expected::SOMETHING_ELSE, ParseErrorKind::Syntax))
    }

    fn append(_: &[u8], _: nom::error::ErrorKind, other: Self) -> Self {
        other
    }
}

/// Makes a table of what the rules of a crate expect: constants of type [`Expected`] and a function
/// `name` that gives their words.
///
/// ```
/// wire::expected_table! {
///     /// A key word.
///     VERB = "command",
/// }
/// assert_eq!(expected::name(expected::VERB), "command");
/// assert_eq!(expected::name(wire::parse::expected::NUMBER), "number");
/// ```
#[macro_export]
macro_rules! expected_table {
    ($($(#[$doc:meta])* $id:ident = $text:literal,)*) => {
        /// What the rules of this crate expect.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "the enum only counts")]
        pub(crate) mod expected {
            use $crate::parse::Expected;
            #[repr(u16)]
            enum Index { $($id),* }
            $($(#[$doc])* pub(crate) const $id: Expected = Expected(64 + Index::$id as u16);)*
            /// The words for it.
            pub(crate) fn name(expected: Expected) -> &'static str {
                match expected {
                    $($id => $text,)*
                    shared => $crate::parse::expected::name(shared),
                }
            }
        }
    };
}

/// What the rules of this crate expect.
pub mod expected {
    use super::Expected;

    macro_rules! shared {
        ($($id:ident = $index:literal $text:literal,)*) => {
            $(#[doc = $text] pub const $id: Expected = Expected($index);)*
            /// The words for it.
            #[must_use]
            pub const fn name(expected: Expected) -> &'static str {
                match expected.0 {
                    $($index => $text,)*
                    _ => "something else",
                }
            }
        };
    }
    shared! {
        SOMETHING_ELSE = 0 "something else",
        MORE = 1 "more",
        NUMBER = 2 "number",
        SP = 3 "space",
        CRLF = 4 "CR LF",
        END = 5 "end of line",
        BASE64 = 6 "base64",
        MECHANISM = 7 "mechanism name",
        MSG_ID = 8 "msg-id",
        TEXT = 9 "text without CR, LF or NUL",
    }
}

/// Fails at the start of `i`: at its end if nothing is left.
///
/// # Errors
/// Always.
#[cold]
pub fn fail<T>(i: &[u8], expected: Expected) -> Parsed<'_, T> {
    let kind = if i.is_empty() { ParseErrorKind::End } else { ParseErrorKind::Syntax };
    Err(Failure::at(i, expected, kind))
}

/// One space.
///
/// # Errors
/// Anything else.
#[inline]
pub fn sp(i: &[u8]) -> Parsed<'_, ()> {
    match i.split_first() {
        Some((b' ', rest)) => Ok((rest, ())),
        _ => fail(i, expected::SP),
    }
}

/// One or more octets of a class.
///
/// # Errors
/// None of them at the front.
#[inline]
pub fn run1(class: crate::class::Class, expected: Expected) -> impl Fn(&[u8]) -> Parsed<'_, &[u8]> {
    move |i| {
        let len = class.run(i);
        if len == 0 { fail(i, expected) } else { Ok((&i[len..], &i[..len])) }
    }
}

/// The end of the message.
///
/// # Errors
/// Anything left.
#[inline]
pub fn end(i: &[u8]) -> Parsed<'_, ()> {
    if i.is_empty() { Ok((i, ())) } else { Err(Failure::at(i, expected::END, ParseErrorKind::Trailing)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_stays_small() {
        assert_eq!(size_of::<Failure>(), 8);
        assert!(size_of::<Parsed<'_, u32>>() <= 24);
    }

    #[test]
    fn leaf_rules() {
        assert_eq!(sp(b" x"), Ok((&b"x"[..], ())));
        assert!(sp(b"x").is_err());
        assert!(end(b"").is_ok());
        let failure = Failure::of(end(b"xyz").unwrap_err());
        assert_eq!((failure.left(), failure.kind()), (3, ParseErrorKind::Trailing));
        assert_eq!(Failure::of(sp(b"").unwrap_err()).kind(), ParseErrorKind::End);
    }
}
