//! xtext: how octets that an esmtp-value cannot hold are written (RFC 3461 section 4).

use crate::rule;
use crate::syntax::{expected, misuse};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
use wire::class::XCHAR;
use wire::parse::{Failure, Parsed, fail};
use wire::{Context, Misuse, ParseErrorKind, Tolerance};

/// xtext in its wire form (RFC 3461 section 4): `+` and two hexadecimal digits stand for an octet.
///
/// What it stands for never holds a control character, so it can be written into a line or a header field.
///
/// ```
/// use smtp_proto::Xtext;
///
/// let text = Xtext::encode(b"e=mc2@example.com")?;
/// assert_eq!(text.as_bytes(), b"e+3Dmc2@example.com");
/// assert_eq!(Xtext::parse(b"QQ+314159")?.decode(), &b"QQ14159"[..]);
/// assert!(Xtext::parse(b"a+0D+0ARCPT").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Xtext<'a>(Cow<'a, [u8]>);

impl<'a> Xtext<'a> {
    /// The shortest xtext for these octets.
    ///
    /// # Errors
    /// A control character.
    pub fn encode(octets: &[u8]) -> Result<Xtext<'static>, Misuse> {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let mut wire = Vec::with_capacity(octets.len());
        for (offset, &octet) in octets.iter().enumerate() {
            match octet {
                0..=0x1f | 0x7f => return Err(Misuse::IllegalOctet { offset }),
                plain if XCHAR.has(plain) => wire.push(plain),
                octet => {
                    wire.push(b'+');
                    wire.push(DIGITS[usize::from(octet >> 4)]);
                    wire.push(DIGITS[usize::from(octet & 15)]);
                }
            }
        }
        Ok(Xtext(Cow::Owned(wire)))
    }

    /// Takes xtext as it stands on the wire, by the RFC: hexadecimal digits are upper-case.
    ///
    /// # Errors
    /// Not xtext, or a control character in what it stands for.
    pub fn parse(wire: &'a [u8]) -> Result<Self, Misuse> {
        match Self::rule(wire) {
            Ok((b"", text)) => Ok(text),
            Ok((rest, _)) => Err(Misuse::IllegalOctet { offset: wire.len() - rest.len() }),
            // no xtext is xtext
            Err(error) => Err(misuse(wire, error, "xtext")),
        }
    }

    /// The wire form.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What it stands for. Not always UTF-8.
    #[must_use]
    pub fn decode(&self) -> Cow<'_, [u8]> {
        decode(&self.0)
    }

    /// The same, with octets of its own.
    #[must_use]
    pub fn into_owned(self) -> Xtext<'static> {
        Xtext(Cow::Owned(self.0.into_owned()))
    }

    /// What was parsed before.
    #[inline(always)]
    pub(crate) const fn kept(wire: &'a [u8]) -> Self {
        Self(Cow::Borrowed(wire))
    }

    /// ```text
    /// xtext = *( xchar / hexchar )
    /// xchar = any ASCII CHAR between "!" (33) and "~" (126) inclusive, except for "+" and "=".
    /// hexchar = ASCII "+" immediately followed by two upper case hexadecimal digits
    /// ```
    /// As far as it goes. Fails at a `+` that is not followed by such digits, or that stands for a control character.
    pub(crate) fn rule(i: &'a [u8]) -> Parsed<'a, Self> {
        let (rest, (text, odd)) = scan(i)?;
        match odd.lower {
            None => Ok((rest, text)),
            Some(digit) => fail(&i[digit..], expected::XTEXT),
        }
    }

    /// The same, with what is tolerated.
    pub(crate) fn rule_in(cx: &Context<'_>, i: &'a [u8]) -> Parsed<'a, Self> {
        let (rest, (text, odd)) = scan(i)?;
        check_case(cx, i, odd.lower)?;
        Ok((rest, text))
    }

    /// The same, where it must stand for US-ASCII, up to this tolerance.
    #[inline(always)]
    pub(crate) fn ascii_rule_in(cx: &Context<'_>, i: &'a [u8], least: Tolerance) -> Parsed<'a, Self> {
        let (rest, (text, odd)) = scan(i)?;
        check_case(cx, i, odd.lower)?;
        match odd.high {
            Some(at) if !cx.tolerates(least, rule::NOT_ASCII, &i[..i.len() - rest.len()]) => {
                fail(&i[at..], expected::XTEXT)
            }
            _ => Ok((rest, text)),
        }
    }
}

/// Digits in lower case, where they are tolerated.
#[inline(always)]
fn check_case<'i>(cx: &Context<'_>, i: &'i [u8], lower: Option<usize>) -> Parsed<'i, ()> {
    match lower {
        Some(digit) if !cx.tolerates(Tolerance::Lenient, rule::LOWER_CASE_HEX, &i[digit..=digit]) => {
            fail(&i[digit..], expected::XTEXT)
        }
        _ => Ok((i, ())),
    }
}

impl Xtext<'static> {
    /// Any xtext, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::strategy::Strategy;
        "([!-*,-<>-~]|\\+[2-7][0-9A-E]|\\+[89A-F][0-9A-F]){0,20}"
            .prop_map(|wire| Self(Cow::Owned(wire.into_bytes())))
    }
}

/// What xtext stands for, also with lower-case digits. A `+` that is not followed by digits stands for itself.
pub(crate) fn decode(xtext: &[u8]) -> Cow<'_, [u8]> {
    let Some(mut plus) = memchr::memchr(b'+', xtext) else { return Cow::Borrowed(xtext) };
    let mut decoded = Vec::with_capacity(xtext.len());
    let mut rest = xtext;
    loop {
        let (plain, from_plus) = rest.split_at(plus);
        decoded.extend_from_slice(plain);
        rest = match hexchar(from_plus) {
            Some((octet, _)) => {
                decoded.push(octet);
                &from_plus[3..]
            }
            None if from_plus.is_empty() => return Cow::Owned(decoded),
            None => {
                decoded.push(b'+');
                &from_plus[1..]
            }
        };
        plus = rest.iter().position(|&octet| octet == b'+').unwrap_or(rest.len());
    }
}

/// The octet, and the place of its first lower-case digit.
fn hexchar(i: &[u8]) -> Option<(u8, Option<usize>)> {
    let [b'+', high, low, ..] = *i else { return None };
    let digit = |octet: u8| match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'A'..=b'F' => Some(octet - b'A' + 10),
        b'a'..=b'f' => Some(octet - b'a' + 10),
        _ => None,
    };
    let octet = digit(high)? << 4 | digit(low)?;
    let lower = [high, low].iter().position(u8::is_ascii_lowercase);
    Some((octet, lower.map(|at| at + 1)))
}

/// What is odd in some xtext.
#[derive(Default)]
struct Odd {
    /// Where its first lower-case digit stands.
    lower: Option<usize>,
    /// Where the first `+` stands that starts an octet beyond ASCII.
    high: Option<usize>,
}

/// xtext, and what is odd in it.
#[inline(always)]
fn scan(i: &[u8]) -> Parsed<'_, (Xtext<'_>, Odd)> {
    let len = XCHAR.run(i);
    if i.get(len) == Some(&b'+') {
        return scan_on(i, len);
    }
    Ok((&i[len..], (Xtext(Cow::Borrowed(&i[..len])), Odd::default())))
}

/// The same; `at` is where its first `+` stands.
#[inline(never)]
fn scan_on(i: &[u8], mut at: usize) -> Parsed<'_, (Xtext<'_>, Odd)> {
    let mut odd = Odd::default();
    while i.get(at) == Some(&b'+') {
        match hexchar(&i[at..]) {
            None => return fail(&i[at..], expected::XTEXT),
            Some((0..=0x1f | 0x7f, _)) => {
                return Err(Failure::at(&i[at..], expected::XTEXT, ParseErrorKind::IllegalOctet));
            }
            Some((octet, digit)) => {
                odd.lower = odd.lower.or(digit.map(|digit| at + digit));
                odd.high = odd.high.or((!octet.is_ascii()).then_some(at));
            }
        }
        at += 3;
        at += XCHAR.run(&i[at..]);
    }
    Ok((&i[at..], (Xtext(Cow::Borrowed(&i[..at])), odd)))
}

impl fmt::Debug for Xtext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::expected::name;
    use bytes::Bytes;
    use proptest::prelude::*;

    #[test]
    fn rows() {
        for (wire, decoded, shortest) in [
            (&b""[..], &b""[..], true),
            (b"QQ314159", b"QQ314159", true),
            (b"QQ+314159", b"QQ14159", false),
            (b"e+3Dmc2@example.com", b"e=mc2@example.com", true),
            (b"a+2Bb", b"a+b", true),
            (b"+20", b" ", true),
            (b"+41+42", b"AB", false),
            (b"s+C3+BC+C3+9F@via-smtp.test", "s\u{fc}\u{df}@via-smtp.test".as_bytes(), true),
            (b"+FF", b"\xff", true),
            (b"!~<>", b"!~<>", true),
        ] {
            let text = Xtext::parse(wire).unwrap();
            assert_eq!((text.as_bytes(), &text.decode()[..]), (wire, decoded));
            assert_eq!(Xtext::encode(decoded).unwrap().as_bytes() == wire, shortest);
            assert_eq!(Xtext::encode(decoded).unwrap().decode(), decoded);
            assert_eq!(text.clone().into_owned(), text);
            for behind in [" x", "=", "\u{fc}", "\r\n"] {
                let longer = [wire, behind.as_bytes()].concat();
                assert_eq!(Xtext::rule(&longer), Ok((behind.as_bytes(), text.clone())));
                assert_eq!(Xtext::parse(&longer), Err(Misuse::IllegalOctet { offset: wire.len() }));
            }
        }
        assert!(matches!(Xtext::parse(b"plain").unwrap().decode(), Cow::Borrowed(_)));
    }

    #[test]
    fn errors_say_where() {
        for (wire, offset) in [
            (&b"QQ+ZZ"[..], 2),
            (b"a+3", 1),
            (b"a+", 1),
            (b"+", 0),
            (b"++2B", 0),
            (b"+4G", 0),
            (b"+ 41", 0),
            (b"+-1", 0),
            (b"a+0D+0A", 1),
            (b"a+00", 1),
            (b"ab+41+0A", 5),
            (b"+1F", 0),
            (b"+7F", 0),
            (b"+09", 0),
            // lower case
            (b"a+3d", 3),
            (b"a+aF", 2),
            (b"+41+ff", 4),
        ] {
            let frame = Bytes::copy_from_slice(wire);
            for tolerance in [Tolerance::Strict, Tolerance::Default] {
                let cx = Context::new(&frame, tolerance);
                let error = cx.error(Xtext::rule_in(&cx, &frame).unwrap_err(), name);
                assert_eq!((error.offset, error.expected), (offset, "xtext"), "{}", wire.escape_ascii());
            }
            let cx = Context::new(&frame, Tolerance::Strict);
            assert_eq!(cx.error(Xtext::rule(&frame).unwrap_err(), name).offset, offset);
            assert!(Xtext::parse(wire).is_err());
        }
    }

    #[test]
    fn lower_case_is_lenient_and_still_never_a_control() {
        let frame = Bytes::from_static(b"a+3db+c3");
        let cx = Context::new(&frame, Tolerance::Lenient);
        let (rest, text) = Xtext::rule_in(&cx, &frame).unwrap();
        assert_eq!((rest, text.as_bytes(), &text.decode()[..]), (&b""[..], &frame[..], &b"a=b\xc3"[..]));
        let repairs = cx.into_repairs();
        assert_eq!(repairs.len(), 1);
        assert_eq!((repairs[0].rule, repairs[0].stream_offset), (rule::LOWER_CASE_HEX, 3));
        for wire in [&b"+0d"[..], b"+0a", b"+1f", b"+7f", b"+4d+0a"] {
            let frame = Bytes::from_static(wire);
            assert!(Xtext::rule_in(&Context::new(&frame, Tolerance::Lenient), &frame).is_err());
        }
    }

    #[test]
    fn controls_are_not_encoded() {
        for octet in (0..=0x1f).chain([0x7f]) {
            assert_eq!(Xtext::encode(&[b'a', octet]), Err(Misuse::IllegalOctet { offset: 1 }));
        }
    }

    proptest! {
        #[test]
        fn round_trip(text in Xtext::strategy()) {
            let parsed = Xtext::parse(text.as_bytes()).unwrap();
            prop_assert_eq!(&parsed, &text);
            let again = Xtext::encode(&parsed.decode()).unwrap();
            prop_assert_eq!(again.decode(), parsed.decode());
        }

        #[test]
        fn encoded_is_read_back(octets: alloc::vec::Vec<u8>) {
            if let Ok(text) = Xtext::encode(&octets) {
                let read = Xtext::parse(text.as_bytes()).unwrap();
                prop_assert_eq!(&read.decode()[..], &octets[..]);
            } else {
                prop_assert!(octets.iter().any(u8::is_ascii_control));
            }
        }

        #[test]
        fn never_decodes_to_a_control(wire in "[+0-9a-fA-F]{0,12}") {
            let frame = Bytes::from(wire);
            if let Ok((_, text)) = Xtext::rule_in(&Context::new(&frame, Tolerance::Lenient), &frame) {
                prop_assert!(!text.decode().iter().any(u8::is_ascii_control));
            }
        }
    }
}
