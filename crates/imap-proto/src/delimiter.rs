//! Hierarchy delimiters.

use crate::core::syntax::{self, expected};
use crate::core::{Context, Encoder};
use crate::rule;
use ::core::fmt;
use wire::parse::{Parsed, fail};
use wire::{Misuse, Tolerance};

/// What parts the levels of mailbox names, `/` and `.` mostly: one character.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Delimiter(char);

impl Delimiter {
    /// `/`
    pub const SLASH: Self = Self('/');
    /// `.`
    pub const DOT: Self = Self('.');

    /// Checks a character.
    ///
    /// # Errors
    /// [`Misuse::IllegalOctet`]: CR, LF or NUL.
    pub fn new(delimiter: char) -> Result<Self, Misuse> {
        match delimiter {
            '\r' | '\n' | '\0' => Err(Misuse::IllegalOctet { offset: 0 }),
            _ => Ok(Self(delimiter)),
        }
    }

    /// The character.
    #[must_use]
    pub const fn as_char(self) -> char {
        self.0
    }

    /// `DQUOTE QUOTED-CHAR DQUOTE / nil`: of a flat namespace, which is NIL, `None`. An empty string is taken for NIL where that is
    /// tolerated.
    #[inline]
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<Self>> {
        match i {
            [b'"', o @ (b'/' | b'.'), b'"', rest @ ..] => Ok((rest, Some(Self(char::from(*o))))),
            _ => Self::other(cx, i),
        }
    }

    #[inline(never)]
    fn other<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<Self>> {
        if let Some(rest) = syntax::nil(i) {
            return Ok((rest, None));
        }
        let (rest, delimiter) = match i {
            [b'"', ..] => {
                let (rest, octets) = match i {
                    // as some write it
                    [b'"', b'\\', b'"', rest @ ..]
                        if cx.tolerance() > Tolerance::Strict && rest.first() != Some(&b'"') =>
                    {
                        cx.repair(rule::STRAY_BACKSLASH, &i[..3]);
                        return Ok((rest, Some(Self('\\'))));
                    }
                    _ => syntax::string_octets(cx, i)?,
                };
                if octets.is_empty() {
                    return if cx.tolerates(Tolerance::Default, rule::MISSING_ITEM, &i[..2]) {
                        Ok((rest, None))
                    } else {
                        fail(&i[1..], expected::DELIMITER)
                    };
                }
                let mut chars = ::core::str::from_utf8(&octets).unwrap_or_default().chars();
                match (chars.next(), chars.next()) {
                    (Some(c), None) => (rest, c),
                    _ => return fail(&i[1..], expected::DELIMITER),
                }
            }
            // without quotes
            [o @ (b'/' | b'.' | b'\\' | b'^' | b'|' | b':'), rest @ ..]
                if matches!(rest.first(), None | Some(b' ' | b')'))
                    && cx.tolerates(Tolerance::Default, rule::STRING_FORM, &i[..1]) =>
            {
                (rest, char::from(*o))
            }
            _ => return fail(i, expected::DELIMITER),
        };
        Ok((rest, Some(Self(delimiter))))
    }

    /// Writes one, or NIL.
    pub(crate) fn encode(delimiter: Option<Self>, encoder: &mut Encoder<'_>) {
        match delimiter {
            Some(Self('/')) => encoder.put(b"\"/\""),
            Some(Self('.')) => encoder.put(b"\".\""),
            Some(Self(c)) => {
                encoder.put(if matches!(c, '"' | '\\') { b"\"\\" } else { b"\"" });
                encoder.put(c.encode_utf8(&mut [0; 4]).as_bytes());
                encoder.put(b"\"");
            }
            None => encoder.put(b"NIL"),
        }
    }

    /// Any delimiter, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![Just(Self::SLASH), Just(Self::DOT), (b' '..=b'~').prop_map(|o| Self(char::from(o)))]
    }
}

impl fmt::Debug for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{Row, check};

    #[test]
    fn delimiters() {
        check(
            Delimiter::rule,
            |delimiter, encoder| Delimiter::encode(*delimiter, encoder),
            &[
                Row::Good(b"\"/\"", Some(Delimiter::SLASH)),
                Row::Good(b"\"^\"", Some(Delimiter('^'))),
                Row::Good(b"\"\\\\\"", Some(Delimiter('\\'))),
                Row::Good(b"\"\\\"\"", Some(Delimiter('"'))),
                Row::Good(b"NIL", None),
                // 36
                Row::Tolerated(b"\"\"", 2, None),
                Row::Tolerated(b"\"\\\" INBOX", 3, Some(Delimiter('\\'))),
                Row::Tolerated(b"/ INBOX", 1, Some(Delimiter::SLASH)),
                Row::Bad(b"\"//\"", 1),
                Row::Bad(b"(", 0),
                Row::Bad(b"\"\r\"", 1),
            ],
        );
        assert!(Delimiter::new('\n').is_err());
    }
}
