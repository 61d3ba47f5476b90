//! Enhanced status codes (RFC 2034 section 4, RFC 3463 section 2).

use crate::Condition;
use alloc::vec::Vec;
use core::fmt;
use wire::Misuse;
use wire::number::decimal;

/// The first part of an enhanced status code (RFC 3463 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// `2`: success.
    Success = 2,
    /// `4`: persistent transient failure.
    Transient = 4,
    /// `5`: permanent failure.
    Permanent = 5,
}

/// An enhanced status code, such as `5.1.1` (RFC 2034 section 4, RFC 3463 section 2).
///
/// ```
/// use smtp_proto::{Condition, EnhancedCode};
///
/// let code = EnhancedCode::new(5, 1, 1).unwrap();
/// assert_eq!(code, Condition::BAD_MAILBOX.permanent());
/// assert_eq!(code.meaning(), Some("bad destination mailbox address"));
/// assert_eq!(code.to_string(), "5.1.1");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnhancedCode {
    pub(crate) class: Class,
    pub(crate) condition: Condition,
}

impl EnhancedCode {
    /// The longest, in octets: `5.999.999`.
    pub const MAX: usize = 9;

    /// From its numbers. `None`: a class other than 2, 4 and 5, or a number above 999.
    #[must_use]
    pub const fn new(class: u8, subject: u16, detail: u16) -> Option<Self> {
        match (Class::of(b'0'.wrapping_add(class)), Condition::new(subject, detail)) {
            (Some(class), Some(condition)) => Some(Self { class, condition }),
            _ => None,
        }
    }

    /// From its text, such as `5.1.1`.
    ///
    /// # Errors
    /// Anything that is not one.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, Misuse> {
        match Self::rule(text.as_ref()) {
            Some((b"", code)) => Ok(code),
            _ => Err(Misuse::Invalid("enhanced status code")),
        }
    }

    /// The class.
    #[must_use]
    pub const fn class(self) -> Class {
        self.class
    }

    /// The subject and the detail.
    #[must_use]
    pub const fn condition(self) -> Condition {
        self.condition
    }

    /// What its condition means, in words of its RFC. `None`: not registered (RFC 5248).
    #[must_use]
    pub const fn meaning(self) -> Option<&'static str> {
        self.condition.meaning()
    }

    /// ```text
    /// status-code ::= class "." subject "." detail
    /// class       ::= "2" / "4" / "5"
    /// subject     ::= 1*3digit
    /// detail      ::= 1*3digit
    /// ```
    ///
    /// A space follows, or the end of the line: nothing, or CR. `None` if `i` does not start with one: then it is text.
    #[inline(always)]
    pub(crate) fn rule(i: &[u8]) -> Option<(&[u8], Self)> {
        let (&[class, b'.'], behind) = i.split_first_chunk::<2>()? else { return None };
        let class = Class::of(class)?;
        // the most common form: one digit each
        if let (&[subject @ b'0'..=b'9', b'.', detail @ b'0'..=b'9'], rest @ [b' ', ..]) =
            behind.split_first_chunk::<3>()?
        {
            let condition =
                Condition { subject: u16::from(subject - b'0'), detail: u16::from(detail - b'0') };
            return Some((rest, Self { class, condition }));
        }
        Self::longer_rule(class, behind)
    }

    /// What stands behind the first dot.
    #[inline(never)]
    fn longer_rule(class: Class, i: &[u8]) -> Option<(&[u8], Self)> {
        let (i, subject) = number(i)?;
        let (i, detail) = number(i.strip_prefix(b".")?)?;
        let condition = Condition { subject, detail };
        matches!(i.first(), None | Some(b' ' | b'\r')).then_some((i, Self { class, condition }))
    }

    /// How many octets [`encode`](Self::encode) writes.
    pub(crate) const fn len(self) -> usize {
        const fn digits(number: u16) -> usize {
            1 + (number > 9) as usize + (number > 99) as usize
        }
        b"2.".len() + digits(self.condition.subject) + b".".len() + digits(self.condition.detail)
    }

    pub(crate) fn encode(self, block: &mut Vec<u8>) {
        block.extend_from_slice(&[b'0' + self.class as u8, b'.']);
        let mut digits = [0; 20];
        block.extend_from_slice(decimal(self.condition.subject.into(), &mut digits));
        block.push(b'.');
        block.extend_from_slice(decimal(self.condition.detail.into(), &mut digits));
    }

    /// Any code, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let class = proptest::sample::select(&[Class::Success, Class::Transient, Class::Permanent][..]);
        (class, Condition::strategy()).prop_map(|(class, condition)| Self { class, condition })
    }
}

impl Class {
    const fn of(digit: u8) -> Option<Self> {
        match digit {
            b'2' => Some(Self::Success),
            b'4' => Some(Self::Transient),
            b'5' => Some(Self::Permanent),
            _ => None,
        }
    }
}

/// `1*3digit`
fn number(i: &[u8]) -> Option<(&[u8], u16)> {
    let len = i.iter().take(4).position(|o| !o.is_ascii_digit()).unwrap_or(i.len().min(4));
    let (digits, rest) = i.split_at(len);
    let number = digits.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'));
    matches!(len, 1..=3).then_some((rest, number))
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class as u8, self.condition.subject, self.condition.detail)
    }
}

impl fmt::Debug for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn rows() {
        for (text, code, rest) in [
            ("2.0.0 Ok", (2, 0, 0), " Ok"),
            ("4.7.1", (4, 7, 1), ""),
            ("5.7.999 x", (5, 7, 999), " x"),
            ("5.999.0  x", (5, 999, 0), "  x"),
            ("5.01.001 x", (5, 1, 1), " x"),
            ("2.1.10 x", (2, 1, 10), " x"),
        ] {
            let (class, subject, detail) = code;
            let code = EnhancedCode::new(class, subject, detail).unwrap();
            assert_eq!(EnhancedCode::rule(text.as_bytes()), Some((rest.as_bytes(), code)), "{text}");
        }
    }

    #[test]
    fn what_is_no_code_is_text() {
        for text in [
            "#5.1.0 x",
            "5.7.1000 x",
            "5.1000.1 x",
            "5.7",
            "5.7.",
            "5..1",
            "5.7.1.2",
            "5.7.1,",
            "5.7.1x",
            "5.7.1\t",
            "5.7.-1",
            "3.0.0 x",
            "1.0.0",
            "0.0.0",
            " 5.1.1",
            "x",
            "5",
            "",
        ] {
            assert_eq!(EnhancedCode::rule(text.as_bytes()), None, "{text}");
            assert!(EnhancedCode::parse(text).is_err());
        }
        assert!(EnhancedCode::parse("5.1.1 ").is_err());
        for (class, subject, detail) in [(3, 0, 0), (0, 0, 0), (255, 0, 0), (2, 1000, 0), (2, 0, 1000)] {
            assert_eq!(EnhancedCode::new(class, subject, detail), None);
        }
    }

    #[test]
    fn it_is_small() {
        assert_eq!(size_of::<Option<EnhancedCode>>(), 6);
    }

    proptest! {
        #[test]
        fn round_trip(code in EnhancedCode::strategy()) {
            let mut text = Vec::new();
            code.encode(&mut text);
            prop_assert!(text.len() <= EnhancedCode::MAX);
            prop_assert_eq!(core::str::from_utf8(&text).unwrap(), code.to_string());
            prop_assert_eq!(EnhancedCode::parse(&text), Ok(code));
            for end in 0..text.len() {
                // a prefix may be another code, never this one
                prop_assert_ne!(EnhancedCode::parse(&text[..end]), Ok(code));
            }
        }
    }
}
