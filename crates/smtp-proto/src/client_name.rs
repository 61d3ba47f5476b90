//! How a client names itself in HELO, EHLO and LHLO (RFC 5321 section 4.1.1.1).

use crate::host::labels;
use crate::syntax::expected;
use crate::{Host, rule};
use alloc::string::ToString;
use bytes::Bytes;
use core::fmt;
use core::net::IpAddr;
use wire::class::{Class, HIGH, VCHAR};
use wire::parse::{Failure, Parsed, fail};
use wire::{Context, Misuse, ParseErrorKind, Tolerance};

/// The argument of HELO, EHLO and LHLO (RFC 5321 section 4.1.1.1): one word.
///
/// The RFC wants a domain or an address literal. Clients send much else, such as `my_pc` or `::1`, and no server
/// should refuse mail over the name (section 4.1.4), so any word is taken, with a remark.
///
/// ```
/// use smtp_proto::{ClientName, Host};
///
/// let name = ClientName::new("[127.0.0.1]")?;
/// assert_eq!(name.host(), Some(Host::Ipv4([127, 0, 0, 1].into())));
/// assert_eq!(ClientName::new("<script>")?.host(), None);
/// assert!(ClientName::new("two words").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ClientName(Bytes);

const WORD: Class = VCHAR.or(HIGH);

impl ClientName {
    /// Checks and takes over one word: a domain, or an address literal with its brackets.
    ///
    /// # Errors
    /// Empty; a space or a control character.
    pub fn new(name: impl Into<Bytes>) -> Result<Self, Misuse> {
        let name = name.into();
        match WORD.first_outside(&name) {
            _ if name.is_empty() => Err(Misuse::Empty),
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None => Ok(Self(name)),
        }
    }

    /// The octets; not always UTF-8. None only if a lenient server took a command without a name.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The domain or the address, if it is one. A domain may hold underscores, as names of machines do.
    #[must_use]
    pub fn host(&self) -> Option<Host<'_>> {
        match Host::parse(&self.0) {
            Ok(host) => Some(host),
            Err(_) => match labels(&self.0, true) {
                Ok((b"", _)) => Some(Host::of(&self.0)),
                _ => None,
            },
        }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// ```text
    /// ehlo           = "EHLO" SP ( Domain / address-literal ) CRLF
    /// ```
    /// Up to the next space.
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, (word, remark)) = Self::word(i)?;
        if word.is_empty() {
            if !i.is_empty() || !cx.tolerates(Tolerance::Lenient, rule::NO_CLIENT_NAME, i) {
                return fail(i, expected::CLIENT_NAME);
            }
        } else if remark {
            cx.repair(rule::CLIENT_NAME_FORM, word);
        }
        Ok((rest, Self(cx.keep(word))))
    }

    /// What stands from `at` to the CR LF at the end of the frame, if it is a domain of ASCII.
    #[inline(always)]
    pub(crate) fn usual(frame: &Bytes, at: usize) -> Option<Self> {
        let end = frame.len().checked_sub(2)?;
        (wire::dotted::labels(frame, at)? == end).then(|| Self(frame.slice(at..end)))
    }

    /// A word, and whether it is not what it should be.
    fn word(i: &[u8]) -> Parsed<'_, (&[u8], bool)> {
        if let Ok((rest, (_, None))) = crate::host::host(i, false) {
            if matches!(rest, [] | [b' ' | b'\t', ..]) {
                return Ok((rest, (&i[..i.len() - rest.len()], false)));
            }
        }
        let (word, rest) = i.split_at(WORD.run(i));
        match rest {
            [] | [b' ' | b'\t', ..] => Ok((rest, (word, true))),
            _ => Err(Failure::at(rest, expected::CLIENT_NAME, ParseErrorKind::IllegalOctet)),
        }
    }

    /// Any name, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            3 => crate::host::strategy().prop_map(|host| Self(host.into())),
            1 => "[!-~\u{a1}-\u{17f}]{1,20}".prop_map(|word| Self(word.into())),
        ]
    }
}

/// The address literal for a client that has no name (RFC 5321 section 4.1.4).
impl From<IpAddr> for ClientName {
    fn from(address: IpAddr) -> Self {
        let host = match address {
            IpAddr::V4(address) => Host::Ipv4(address),
            IpAddr::V6(address) => Host::Ipv6(address),
        };
        Self(host.to_string().into())
    }
}

impl fmt::Debug for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[cfg(feature = "serde")]
wire::serde_octets! {
    ClientName = ClientName::as_bytes, ClientName::new;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::expected::name;
    use proptest::prelude::*;
    use wire::Rule;

    fn parse(text: &[u8], tolerance: Tolerance) -> Result<(ClientName, usize, alloc::vec::Vec<Rule>), u32> {
        let frame = Bytes::copy_from_slice(text);
        let cx = Context::new(&frame, tolerance);
        match ClientName::rule(&cx, &frame) {
            Ok((rest, value)) => {
                let left = rest.len();
                Ok((value, left, cx.into_repairs().iter().map(|repair| repair.rule).collect()))
            }
            Err(error) => Err(cx.error(error, name).offset),
        }
    }

    #[test]
    fn what_clients_send_is_taken() {
        let long = "x".repeat(400);
        for (text, is_host, remark) in [
            ("client.example.org", true, false),
            ("localhost", true, false),
            ("127.0.0.1", true, false),
            ("[127.0.0.1]", true, false),
            ("[IPv6:::1]", true, false),
            ("[IPv6:2001:db8::1]", true, false),
            ("m\u{fc}nchen.example", true, false),
            ("xn--mnchen-3ya.example", true, false),
            (&long, true, false),
            ("foo_bar", true, true),
            ("under_score.test", true, true),
            ("-bad-.test", true, true),
            ("bad..dots", false, true),
            ("example.org.", false, true),
            ("a@b", false, true),
            ("<script>", false, true),
            ("[127.0.0.1", false, true),
            ("[::1]", false, true),
            ("::1", false, true),
        ] {
            for tolerance in [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient] {
                let (value, left, rules) = parse(text.as_bytes(), tolerance).unwrap();
                assert_eq!((value.as_bytes(), left), (text.as_bytes(), 0));
                assert_eq!(value.host().is_some(), is_host, "{text}");
                assert_eq!(rules.contains(&rule::CLIENT_NAME_FORM), remark, "{text}");
                assert_eq!(ClientName::new(value.0.clone()), Ok(value.clone()));
                assert_eq!(value.detach(), value);
                let longer = [text.as_bytes(), b" more"].concat();
                assert_eq!(parse(&longer, tolerance).unwrap(), (value, 5, rules));
            }
        }
        let latin1 = parse(b"caf\xe9", Tolerance::Strict).unwrap().0;
        assert_eq!((latin1.as_bytes(), latin1.host()), (&b"caf\xe9"[..], None));
    }

    #[test]
    fn what_no_word_is_is_refused() {
        for (text, offset) in [
            (&b""[..], 0),
            (b" ", 0),
            (b" a", 0),
            (b"a\0b", 1),
            (b"a\rb", 1),
            (b"a.b\n", 3),
            (b"a\x7f", 1),
            (b"\x01", 0),
        ] {
            assert_eq!(parse(text, Tolerance::Default), Err(offset));
            assert!(ClientName::new(Bytes::copy_from_slice(text)).is_err());
            let lenient = parse(text, Tolerance::Lenient);
            if text.is_empty() {
                let (value, _, rules) = lenient.unwrap();
                assert_eq!((value.as_bytes(), &rules[..]), (&b""[..], &[rule::NO_CLIENT_NAME][..]));
            } else {
                assert_eq!(lenient, Err(offset));
            }
        }
        for (text, offset) in [("a b", 1), ("a\r\nRCPT", 1), ("a\n", 1), ("\0", 0), ("a\tb", 1)] {
            assert_eq!(ClientName::new(text), Err(Misuse::IllegalOctet { offset }));
        }
        assert_eq!(ClientName::new(""), Err(Misuse::Empty));
    }

    #[test]
    fn clients_without_a_name_give_their_address() {
        let name = ClientName::from(IpAddr::from([192, 0, 2, 1]));
        assert_eq!(name.as_bytes(), b"[192.0.2.1]");
        let name = ClientName::from("2001:db8::1".parse::<IpAddr>().unwrap());
        assert_eq!(name.as_bytes(), b"[IPv6:2001:db8::1]");
    }

    proptest! {
        #[test]
        fn round_trip(value in ClientName::strategy()) {
            let (parsed, left, _) = parse(value.as_bytes(), Tolerance::Strict).unwrap();
            prop_assert_eq!((&parsed, left), (&value, 0));
            prop_assert_eq!(ClientName::new(value.0.clone()), Ok(value));
        }

        #[test]
        fn never_takes_what_ends_a_line(text: alloc::vec::Vec<u8>) {
            if let Ok((value, ..)) = parse(&text, Tolerance::Lenient) {
                prop_assert!(value.as_bytes().iter().all(|&o| o > b' ' && o != 0x7f));
            }
        }
    }
}
