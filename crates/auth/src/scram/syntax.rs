//! What the four messages are made of (RFC 5802 section 7).

use crate::error::malformed;
use crate::{Error, expected, text};
use alloc::{string::String, vec::Vec};
use wire::class::{ALPHA, DIGIT};
use wire::parse::{Expected, Failure, Parsed, fail};
use wire::{ParseErrorKind, Secret};

use super::Fault;

/// Parses a whole message.
pub(super) fn whole<T>(i: &[u8], rule: fn(&[u8]) -> Parsed<'_, T>) -> Result<T, Error> {
    let parsed = rule(i).and_then(|(rest, value)| wire::parse::end(rest).map(|_| value));
    parsed.map_err(|error| {
        let failure = Failure::of(error);
        if failure.expected() == expected::NO_MANDATORY_EXTENSION {
            return Error::Scram(Fault::MandatoryExtension);
        }
        Error::Malformed(malformed(i, failure, expected::name))
    })
}

/// The name of an attribute and its `=`:
///
/// ```text
/// attr-val        = ALPHA "=" value
/// ```
pub(super) fn attribute(i: &[u8], name: u8, expected: Expected) -> Parsed<'_, ()> {
    match i {
        [first, b'=', rest @ ..] if *first == name => Ok((rest, ())),
        _ => fail(i, expected),
    }
}

/// ```text
/// reserved-mext  = "m=" 1*(value-char)
/// ```
///
/// Whatever it is, nobody knows it.
pub(super) fn no_mandatory_extension(i: &[u8]) -> Parsed<'_, ()> {
    match i {
        [b'm', b'=', ..] => fail(i, expected::NO_MANDATORY_EXTENSION),
        _ => Ok((i, ())),
    }
}

pub(super) fn comma(i: &[u8]) -> Parsed<'_, ()> {
    match i.split_first() {
        Some((b',', rest)) => Ok((rest, ())),
        _ => fail(i, expected::COMMA),
    }
}

/// Up to the next comma or the end.
fn value(i: &[u8]) -> (&[u8], &[u8]) {
    i.split_at(i.iter().position(|&o| o == b',').unwrap_or(i.len()))
}

/// ```text
/// printable       = %x21-2B / %x2D-7E
///                   ;; Printable ASCII except ",".
/// ```
pub(super) const fn is_printable(octet: u8) -> bool {
    matches!(octet, 0x21..=0x2b | 0x2d..=0x7e)
}

/// ```text
/// nonce           = "r=" c-nonce [s-nonce]
/// c-nonce         = printable
/// s-nonce         = printable
/// ```
///
/// The RFC means one or more of them.
pub(super) fn nonce(i: &[u8]) -> Parsed<'_, String> {
    let (i, ()) = attribute(i, b'r', expected::NONCE)?;
    let (nonce, rest) = value(i);
    if let Some(offset) = nonce.iter().position(|&o| !is_printable(o)) {
        return Err(Failure::at(&i[offset..], expected::NONCE, ParseErrorKind::IllegalOctet));
    }
    if nonce.is_empty() {
        return fail(i, expected::NONCE);
    }
    Ok((rest, nonce.iter().map(|&o| char::from(o)).collect()))
}

/// ```text
/// base64-char     = ALPHA / DIGIT / "/" / "+"
/// base64-4        = 4base64-char
/// base64-3        = 3base64-char "="
/// base64-2        = 2base64-char "=="
/// base64          = *base64-4 [base64-3 / base64-2]
/// ```
///
/// Not empty: no attribute of SCRAM has that.
pub(super) fn base64(i: &[u8], name: u8, expected: Expected) -> Parsed<'_, Secret> {
    let (i, ()) = attribute(i, name, expected)?;
    let (field, rest) = value(i);
    if field.is_empty() {
        return fail(i, expected);
    }
    match wire::sasl::decode(field) {
        Ok(octets) => Ok((rest, octets)),
        Err(error) => Err(nom::Err::Error(Failure::of(error).before(rest.len()))),
    }
}

/// The other way round.
pub(super) fn put_base64(octets: &[u8], to: &mut Vec<u8>) {
    to.extend_from_slice(wire::sasl::encoded(octets).expose());
}

/// ```text
/// saslname        = 1*(value-safe-char / "=2C" / "=3D")
///                   ;; Conforms to <value>.
/// value-safe-char = %x01-2B / %x2D-3C / %x3E-7F /
///                   UTF8-2 / UTF8-3 / UTF8-4
///                   ;; UTF8-char except NUL, "=", and ",".
/// ```
///
/// At most 255 octets, as everywhere in this crate. The escapes are taken in upper case only, so that
/// each name has one spelling.
pub(super) fn saslname(i: &[u8], expected: Expected) -> Parsed<'_, String> {
    let (name, rest) = value(i);
    let illegal = |offset: usize| Failure::at(&i[offset..], expected, ParseErrorKind::IllegalOctet);
    let mut octets = Vec::with_capacity(name.len());
    let mut at = 0;
    while let Some(&octet) = name.get(at) {
        let (octet, len) = match (octet, name.get(at + 1..at + 3)) {
            (b'=', Some(b"2C")) => (b',', 3),
            (b'=', Some(b"3D")) => (b'=', 3),
            (b'=' | 0, _) => return Err(illegal(at)),
            (octet, _) => (octet, 1),
        };
        octets.push(octet);
        at += len;
        if octets.len() > text::MAX {
            return Err(Failure::at(&i[at - len..], expected, ParseErrorKind::TooLong));
        }
    }
    if octets.is_empty() {
        return fail(i, expected);
    }
    match String::from_utf8(octets) {
        Ok(name) => Ok((rest, name)),
        // escapes are no part of a character
        Err(_) => {
            let valid = core::str::from_utf8(name).err().map_or(0, |error| error.valid_up_to());
            Err(illegal(valid))
        }
    }
}

/// The other way round.
pub(super) fn put_saslname(name: &str, to: &mut Vec<u8>) {
    for octet in name.bytes() {
        match octet {
            b',' => to.extend_from_slice(b"=2C"),
            b'=' => to.extend_from_slice(b"=3D"),
            octet => to.push(octet),
        }
    }
}

/// ```text
/// posit-number = %x31-39 *DIGIT
///                   ;; A positive number.
/// ```
///
/// Below 2^32.
pub(super) fn posit_number(i: &[u8]) -> Parsed<'_, u32> {
    let len = DIGIT.run(i);
    if len == 0 || i[0] == b'0' {
        return fail(i, expected::ITERATIONS);
    }
    let number = core::str::from_utf8(&i[..len]).ok().and_then(|digits| digits.parse().ok());
    match number {
        Some(number) => Ok((&i[len..], number)),
        None => Err(Failure::at(i, expected::ITERATIONS, ParseErrorKind::TooLong)),
    }
}

/// The attributes that RFC 5802 gives a meaning, and so a place.
const KNOWN: &[u8] = b"anmrcsipve";

/// ```text
/// extensions = attr-val *("," attr-val)
///                   ;; All extensions are optional,
///                   ;; i.e., unrecognized attributes
///                   ;; not defined in this document
///                   ;; MUST be ignored.
/// attr-val        = ALPHA "=" value
/// value           = 1*value-char
/// value-char      = value-safe-char / "="
/// ```
///
/// With the comma before; as it stands, or nothing. Attributes that the RFC defines are not at home here.
/// `last` is the one that ends the message, and the extensions.
pub(super) fn extensions(i: &[u8], last: Option<u8>) -> Parsed<'_, String> {
    let mut rest = i;
    loop {
        match rest {
            [b',', name, b'=', ..] if Some(*name) == last => break,
            [b',', ..] => {}
            _ => break,
        }
        let (attribute, ()) = comma(rest)?;
        let (attribute, ()) = no_mandatory_extension(attribute)?;
        let [name, b'=', after @ ..] = attribute else { return fail(attribute, expected::EXTENSION) };
        if !ALPHA.has(*name) || KNOWN.contains(name) {
            return fail(attribute, expected::EXTENSION);
        }
        let (field, behind) = value(after);
        if field.is_empty() || field.contains(&0) {
            return fail(after, expected::EXTENSION);
        }
        rest = behind;
    }
    let extensions = &i[..i.len() - rest.len()];
    match core::str::from_utf8(extensions) {
        Ok(text) => Ok((rest, text.into())),
        Err(error) => {
            Err(Failure::at(&i[error.valid_up_to()..], expected::EXTENSION, ParseErrorKind::IllegalOctet))
        }
    }
}

/// Any extensions that [`extensions`] takes, for property tests.
#[cfg(test)]
pub(super) fn extensions_strategy() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    proptest::collection::vec(("[b-df-hj-loqt-uw-zA-Z]", "[!-+\\--~ä€=]{1,8}"), 0..3).prop_map(|list| {
        list.iter()
            .filter(|(name, _)| !KNOWN.contains(&name.as_bytes()[0]))
            .map(|(name, value)| alloc::format!(",{name}={value}"))
            .collect()
    })
}

#[cfg(test)]
pub(super) fn name_strategy() -> impl proptest::strategy::Strategy<Value = String> {
    "[ -~äß€\u{1}]{1,30}"
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    fn left<T: core::fmt::Debug>(result: Parsed<'_, T>) -> (usize, ParseErrorKind) {
        let failure = Failure::of(result.unwrap_err());
        (failure.left(), failure.kind())
    }

    #[test]
    fn names() {
        use ParseErrorKind::{End, IllegalOctet, Syntax, TooLong};
        fn name(i: &[u8]) -> Parsed<'_, String> {
            saslname(i, expected::AUTHENTICATION)
        }
        for (text, value) in [
            (&b"user,r="[..], "user"),
            (b"a=2Cb=3Dc", "a,b=c"),
            (b"=3D2C", "=2C"),
            ("jürgen".as_bytes(), "jürgen"),
        ] {
            assert_eq!(name(text).unwrap().1, value);
        }
        for (text, place) in [
            (&b""[..], (0, End)),
            (b",", (1, Syntax)),
            (b"a=", (1, IllegalOctet)),
            (b"a=2", (2, IllegalOctet)),
            (b"a=2c", (3, IllegalOctet)),
            (b"a=3d", (3, IllegalOctet)),
            (b"a=41", (3, IllegalOctet)),
            (b"a\0", (1, IllegalOctet)),
            (b"=2Ca\xff,", (2, IllegalOctet)),
            (b"\xc3=2C\xa4", (5, IllegalOctet)),
        ] {
            assert_eq!(left(name(text)), place, "{text:?}");
        }
        assert!(name(&[b'a'; 255]).is_ok());
        assert_eq!(left(name(&[b'a'; 256])), (1, TooLong));
        assert!(name(&b"=2C".repeat(255)).is_ok());
        assert_eq!(left(name(&b"=2C".repeat(256))), (3, TooLong));
    }

    /// Case 173.
    #[test]
    fn numbers() {
        for (text, number) in [(&b"1"[..], 1), (b"4096,", 4096), (b"4294967295", u32::MAX)] {
            assert_eq!(posit_number(text).unwrap().1, number);
        }
        for text in [&b"0"[..], b"04096", b"-1", b"+4096", b"", b"x", b" 1", b"4294967296", &[b'9'; 400]] {
            assert!(posit_number(text).is_err(), "{text:?}");
        }
        assert_eq!(posit_number(b"4096x").unwrap().0, b"x");
    }

    #[test]
    fn extensions_have_no_known_names() {
        fn all(i: &[u8]) -> Parsed<'_, String> {
            extensions(i, None)
        }
        assert_eq!(all(b"").unwrap().1, "");
        assert_eq!(all(b",x=1,y==,Z=\xc3\xa4").unwrap().1, ",x=1,y==,Z=ä");
        for known in KNOWN {
            assert!(all(&[b",x=1,", &[*known][..], b"=1"].concat()).is_err());
        }
        for bad in [&b","[..], b",x", b",x=", b",=1", b",xy=1", b",1=1", b",x=\0", b",x=1,", b",x=\xff"] {
            assert!(all(bad).is_err(), "{bad:?}");
        }
        assert_eq!(extensions(b",x=1,p=2", Some(b'p')).unwrap(), (&b",p=2"[..], ",x=1".into()));
        assert!(all(b",p=2").is_err());
    }

    proptest! {
        #[test]
        fn names_round_trip(name in name_strategy()) {
            let mut octets = vec![];
            put_saslname(&name, &mut octets);
            prop_assert!(!octets.contains(&b','));
            prop_assert_eq!(saslname(&octets, expected::AUTHENTICATION).unwrap(), (&b""[..], name));
        }

        #[test]
        fn a_name_has_one_spelling(octets: Vec<u8>) {
            if let Ok((rest, name)) = saslname(&octets, expected::AUTHENTICATION) {
                let mut again = vec![];
                put_saslname(&name, &mut again);
                prop_assert_eq!(&again, &octets[..octets.len() - rest.len()]);
            }
        }

        #[test]
        fn any_extensions(text in extensions_strategy()) {
            prop_assert_eq!(extensions(text.as_bytes(), None).unwrap(), (&b""[..], text.clone()));
        }
    }
}
