//! ORCPT (RFC 3461 section 4.2, RFC 6533 section 3): to whom the sender addressed the message.

use super::whole;
use crate::syntax::expected;
use crate::{Xtext, host, rule, xtext};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
use wire::class::ATEXT;
use wire::keyword::{Prefix, first};
use wire::parse::{Failure, Parsed, fail};
use wire::{Context, Misuse, ParseErrorKind, Tolerance};

/// RFC 3461 section 4.2: "MAY be up to 500 characters in length"; taken of the value.
pub(crate) const MAX: usize = 500;

/// To whom the sender addressed the message: a type of addresses, and an address in xtext (RFC 3461 section 4.2), or in
/// the form of RFC 6533 if its type is `utf-8`.
///
/// ```
/// use smtp_proto::Orcpt;
///
/// let recipient = Orcpt::parse("rfc822;a+2Bb@example.com")?;
/// assert_eq!((recipient.addr_type(), &recipient.decode()[..]), ("rfc822", &b"a+b@example.com"[..]));
/// assert_eq!(Orcpt::new("rfc822", "a+b@example.com")?, recipient);
/// assert_eq!(Orcpt::parse(r"utf-8;\x{2603}@b.org")?.decode(), "\u{2603}@b.org".as_bytes());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Orcpt<'a>(Cow<'a, [u8]>);

impl<'a> Orcpt<'a> {
    /// A type, such as `rfc822` or `x400`, and an address, as it is meant. For `utf-8` this is the form of RFC 6533 that
    /// needs no SMTPUTF8.
    ///
    /// # Errors
    /// A type that is no atom, a control character, octets above 127 with another type than `utf-8`, and more than 500 octets.
    pub fn new(addr_type: &str, address: &str) -> Result<Orcpt<'static>, Misuse> {
        if let Some(offset) = addr_type.bytes().position(|octet| !is_type_char(octet)) {
            return Err(Misuse::IllegalOctet { offset });
        }
        let mut wire = addr_type.as_bytes().to_vec();
        wire.push(b';');
        if is_utf_8(addr_type.as_bytes()) {
            embed(address, false, &mut wire)?;
        } else {
            wire.extend_from_slice(Xtext::encode(address.as_bytes())?.as_bytes());
        }
        Orcpt::made(wire)
    }

    /// Type `utf-8` in the form that needs SMTPUTF8 (RFC 6533 section 3).
    ///
    /// # Errors
    /// A control character, or more than 500 octets.
    pub fn utf_8(address: &str) -> Result<Orcpt<'static>, Misuse> {
        let mut wire = b"utf-8;".to_vec();
        embed(address, true, &mut wire)?;
        Orcpt::made(wire)
    }

    fn made(wire: Vec<u8>) -> Result<Orcpt<'static>, Misuse> {
        if wire.len() > MAX {
            return Err(Misuse::TooLong { limit: MAX });
        }
        Orcpt::parse(&wire)?;
        Ok(Orcpt(Cow::Owned(wire)))
    }

    /// As it stands on the wire, by the RFC.
    ///
    /// # Errors
    /// Not an address with its type.
    pub fn parse(wire: &'a (impl AsRef<[u8]> + ?Sized)) -> Result<Self, Misuse> {
        whole(wire.as_ref(), rule, "original-recipient-address")
    }

    /// What was parsed before.
    #[inline(always)]
    pub(super) const fn kept(wire: &'a [u8]) -> Self {
        Self(Cow::Borrowed(wire))
    }

    fn split(&self) -> (&[u8], &[u8]) {
        let end = type_len(&self.0).unwrap_or(self.0.len());
        (&self.0[..end], self.0.get(end + 1..).unwrap_or_default())
    }

    /// The type as it was written; it is compared without case.
    #[must_use]
    pub fn addr_type(&self) -> &str {
        // an atom
        core::str::from_utf8(self.split().0).unwrap_or_default()
    }

    /// Whether it is of type `utf-8` (RFC 6533).
    #[must_use]
    pub fn is_utf_8(&self) -> bool {
        is_utf_8(self.split().0)
    }

    /// The address as it stands on the wire.
    #[must_use]
    pub fn address(&self) -> &[u8] {
        self.split().1
    }

    /// The address as it is meant. What is labelled `utf-8` but has not its form is given "without alteration" (RFC 6533
    /// section 3). CR, LF and NUL are never in it.
    #[must_use]
    pub fn decode(&self) -> Cow<'_, [u8]> {
        let address = self.address();
        if !self.is_utf_8() {
            return xtext::decode(address);
        }
        match unitext(address) {
            Ok((b"", true)) => {
                let mut text = Vec::with_capacity(address.len());
                let mut rest = address;
                while let Some((&octet, after)) = rest.split_first() {
                    rest = match embedded(rest) {
                        Some((after, character)) => {
                            text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                            after
                        }
                        None => {
                            text.push(octet);
                            after
                        }
                    };
                }
                Cow::Owned(text)
            }
            _ => Cow::Borrowed(address),
        }
    }

    /// Whether it can be sent without SMTPUTF8.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    /// The same in the form that needs no SMTPUTF8.
    #[must_use]
    pub fn to_ascii(&self) -> Orcpt<'static> {
        let mut wire = Vec::with_capacity(self.0.len());
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                put(character, character.is_ascii(), &mut wire);
            }
        }
        Orcpt(Cow::Owned(wire))
    }

    /// The wire form.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same, with octets of its own.
    #[must_use]
    pub fn into_owned(self) -> Orcpt<'static> {
        Orcpt(Cow::Owned(self.0.into_owned()))
    }
}

impl fmt::Debug for Orcpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

fn is_utf_8(addr_type: &[u8]) -> bool {
    addr_type.eq_ignore_ascii_case(b"utf-8")
}

/// Writes a text with the characters embedded that the parameter cannot hold: "ASCII CTLs, SP, `\`, `+`, and `=`", and, if
/// not `native`, all that is not ASCII.
fn embed(address: &str, native: bool, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    for (offset, character) in address.char_indices() {
        if character.is_ascii_control() {
            return Err(Misuse::IllegalOctet { offset });
        }
        let plain = if character.is_ascii() { !" \\+=".contains(character) } else { native };
        put(character, plain, wire);
    }
    Ok(())
}

/// A character as itself, or embedded.
fn put(character: char, plain: bool, wire: &mut Vec<u8>) {
    if plain {
        wire.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    } else {
        wire.extend_from_slice(alloc::format!("\\x{{{:X}}}", u32::from(character)).as_bytes());
    }
}

/// ```text
/// original-recipient-address = addr-type ";" xtext
/// addr-type = atom
/// ```
/// In words: what the xtext stands for "MUST consist entirely of printable characters from the US-ASCII repertoire", unless the
/// type says otherwise (Postfix writes UTF-8 as `rfc822`), and nothing obliges it to be an address of this type. So what is labelled `utf-8` may have the
/// form of RFC 6533, and otherwise is xtext like any other.
#[inline(always)]
pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Orcpt<'i>> {
    let Some(semicolon) = type_len(i) else { return fail(i, expected::ORCPT) };
    let address = &i[semicolon + 1..];
    let rest = if semicolon == 5 && is_utf_8(&i[..5]) {
        utf_8_address(cx, address)?
    } else {
        Xtext::ascii_rule_in(cx, address, Tolerance::Default)?.0
    };
    let len = i.len() - rest.len();
    if len > MAX && !cx.tolerates(Tolerance::Lenient, rule::LONG_PARAMETER, &i[..len]) {
        return Err(Failure::at(i, expected::ORCPT, ParseErrorKind::TooLong));
    }
    Ok((rest, Orcpt(Cow::Borrowed(&i[..len]))))
}

/// `atom`, in which an esmtp-value has no `=`.
#[inline(always)]
fn is_type_char(octet: u8) -> bool {
    ATEXT.has(octet) && octet != b'='
}

/// The length of an atom that a semicolon follows.
#[inline(always)]
fn type_len(i: &[u8]) -> Option<usize> {
    const RFC822: Prefix = Prefix::of("rfc822;");
    if RFC822.is_in(first(i)) {
        return Some(6);
    }
    let len = i.iter().position(|&octet| !is_type_char(octet))?;
    (len > 0 && i[len] == b';').then_some(len)
}

#[inline(never)]
fn utf_8_address<'i>(cx: &Context<'_>, i: &'i [u8]) -> Result<&'i [u8], nom::Err<Failure>> {
    match unitext(i) {
        Ok((rest, true))
            if !i.is_empty() && rest.len() < i.len() && matches!(rest, [] | [b' ' | b'\t', ..]) =>
        {
            Ok(rest)
        }
        Err(error) => Err(error),
        _ => Xtext::ascii_rule_in(cx, i, Tolerance::Default).map(|(rest, _)| rest),
    }
}

/// RFC 6533 section 3:
/// ```text
/// utf-8-type-addr     = "utf-8;" utf-8-enc-addr
/// utf-8-enc-addr      = utf-8-addr-xtext / utf-8-addr-unitext / utf-8-address
/// utf-8-addr-xtext    = 1*(QCHAR / EmbeddedUnicodeChar)
/// utf-8-addr-unitext  = 1*(QUCHAR / EmbeddedUnicodeChar)
/// QCHAR              = %x21-2a / %x2c-3c / %x3e-5b / %x5d-7e
///                     ; ASCII printable characters except
///                     ; CTLs, SP, '\', '+', '='.
/// QUCHAR              = QCHAR / UTF8-2 / UTF8-3 / UTF8-4
/// ```
/// How far it goes, and whether each `\` starts an EmbeddedUnicodeChar. Fails where octets are not UTF-8.
fn unitext(i: &[u8]) -> Parsed<'_, bool> {
    let mut rest = i;
    let mut whole = true;
    while let Some((octet, after)) = rest.split_first() {
        rest = match octet {
            b'\\' => match embedded(rest) {
                Some((after, _)) => after,
                None => {
                    whole = false;
                    after
                }
            },
            b'+' | b'=' => break,
            0x21..=0x7e | 0x80.. => after,
            _ => break,
        };
    }
    host::utf8(&i[..i.len() - rest.len()], i)?;
    Ok((rest, whole))
}

/// ```text
/// EmbeddedUnicodeChar =   %x5C.78 "{" HEXPOINT "}"
///                     ; starts with "\x"
/// HEXPOINT = ( ( "0"/"1" ) %x31-39 ) / "10" / "20" /
///            "2B" / "3D" / "7F" /         ; all xtext-specials
///            "5C" / (HEXDIG8 HEXDIG) /    ; 2-digit forms
///            ( NZHEXDIG 2(HEXDIG) ) /     ; 3-digit forms
///            ( NZDHEXDIG 3(HEXDIG) ) /    ; 4-digit forms excluding
///            ( "D" %x30-37 2(HEXDIG) ) /  ; ... surrogate
///            ( NZHEXDIG 4(HEXDIG) ) /     ; 5-digit forms
///            ( "10" 4*HEXDIG )            ; 6-digit forms
/// ```
/// So CR, LF and NUL have no form.
fn embedded(i: &[u8]) -> Option<(&[u8], char)> {
    let text = i.strip_prefix(br"\x{")?;
    let len = text.iter().take(7).position(|&octet| octet == b'}')?;
    let (digits, rest) = (&text[..len], &text[len + 1..]);
    let mut point = 0;
    for digit in digits {
        point = point * 16 + char::from(*digit).to_digit(16)?;
    }
    let legal = match digits {
        [b'0' | b'1', b'1'..=b'9'] => true,
        [_, _] => matches!(point, 0x10 | 0x20 | 0x2b | 0x3d | 0x7f | 0x5c | 0x80..),
        [first, _, _, ..] => *first != b'0',
        _ => false,
    };
    Some((rest, char::from_u32(point).filter(|_| legal)?))
}

pub(crate) fn encode(recipient: &Orcpt<'_>, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    if recipient.0.len() > MAX {
        return Err(Misuse::TooLong { limit: MAX });
    }
    wire.extend_from_slice(&recipient.0);
    Ok(())
}

#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = Orcpt<'static>> {
    use proptest::prelude::*;
    let unicode = "[ -~\u{80}-\u{1ffff}]{1,20}";
    prop_oneof![
        "[ -~]{0,40}".prop_map(|address| Orcpt::new("rfc822", &address)),
        ("[!#-'*+/0-9?A-Z^-~-]{1,9}", "[ -~]{0,20}").prop_map(|(kind, address)| Orcpt::new(&kind, &address)),
        unicode.prop_map(|address| Orcpt::new("utf-8", &address)),
        unicode.prop_map(|address| Orcpt::utf_8(&address)),
    ]
    .prop_filter_map("recipient", Result::ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::testing::{refused, repaired, taken};
    use proptest::prelude::*;

    #[test]
    fn case_84() {
        for (wire, kind, address) in [
            ("rfc822;a+40b.org", "rfc822", "a@b.org"),
            ("RFC822;Bob@Example.COM", "RFC822", "Bob@Example.COM"),
            ("rfc822;", "rfc822", ""),
            ("x400;/C+3DUS/", "x400", "/C=US/"),
            ("x-new+1;a", "x-new+1", "a"),
            (r"rfc822;a\x{2603}", "rfc822", r"a\x{2603}"),
            (r"utf-8;\x{2603}@b.org", "utf-8", "\u{2603}@b.org"),
            (r"UTF-8;\x{e9}\x{E9}\x{10FFFF}", "UTF-8", "\u{e9}\u{e9}\u{10ffff}"),
            (r"utf-8;a\x{2B}b\x{5C}\x{3D}\x{20}@c", "utf-8", r"a+b\= @c"),
            ("utf-8;\u{7528}\u{6237}@example.test", "utf-8", "\u{7528}\u{6237}@example.test"),
            // labelled utf-8, but not of its form: "copied without alteration"
            (r"utf-8;a\x{0D}\x{0A}b", "utf-8", r"a\x{0D}\x{0A}b"),
            (r"utf-8;\x{D800}", "utf-8", r"\x{D800}"),
            (r"utf-8;\x{110000}", "utf-8", r"\x{110000}"),
            (r"utf-8;\x{0061}", "utf-8", r"\x{0061}"),
            (r"utf-8;a+40b", "utf-8", "a+40b"),
            (r"utf-8;\x", "utf-8", r"\x"),
            ("utf-8;", "utf-8", ""),
        ] {
            let orcpt = Orcpt::parse(wire).unwrap();
            assert_eq!((orcpt.addr_type(), &orcpt.decode()[..]), (kind, address.as_bytes()), "{wire}");
            assert_eq!(orcpt.as_bytes(), wire.as_bytes());
            taken(rule, encode, &[(wire.as_bytes(), orcpt)]);
        }
        refused(
            rule,
            &[
                (b"", 0),
                (b"alice@example.test", 0),
                (b";x", 0),
                (b"a b;x", 0),
                (b"a=b;x", 0),
                (b"rfc822", 0),
                (b"rfc822;a=b@x", 8),
                (b"rfc822;a+zz", 8),
                (b"rfc822;a+3d", 10),
                (b"rfc822;a+0A", 8),
                (b"rfc822;a+E9", 8),
                (b"rfc822;\xc3\xa9", 7),
                (b"utf-8;\xff", 6),
                (b"utf-8;a\xe2\x98", 7),
                (b"utf-8;a+0D+0A", 7),
                (b"utf-8;a=b", 7),
                (b"utf-8;a\rb", 7),
            ],
        );
        repaired(
            rule,
            Tolerance::Lenient,
            b"rfc822;a+3d",
            Orcpt(Cow::Borrowed(b"rfc822;a+3d")),
            crate::rule::LOWER_CASE_HEX,
        );
    }

    /// As Postfix 3.7 writes the recipient that it was given in UTF-8.
    #[test]
    fn postfix_labels_utf_8_as_rfc822() {
        let wire = &b"rfc822;s+C3+BC+C3+9F@via-smtp.test"[..];
        let orcpt = Orcpt(Cow::Borrowed(wire));
        assert_eq!(orcpt.decode(), "s\u{fc}\u{df}@via-smtp.test".as_bytes());
        repaired(rule, Tolerance::Default, wire, orcpt, crate::rule::NOT_ASCII);
    }

    #[test]
    fn at_most_500_octets() {
        let longest = [&b"rfc822;"[..], &[b'x'; MAX - 7]].concat();
        taken(rule, encode, &[(&longest, Orcpt(Cow::Borrowed(&longest)))]);
        let longer = [&longest[..], b"x"].concat();
        refused(rule, &[(&longer, 0)]);
        let kept = Orcpt(Cow::Borrowed(&longer[..]));
        repaired(rule, Tolerance::Lenient, &longer, kept.clone(), crate::rule::LONG_PARAMETER);
        assert_eq!(encode(&kept, &mut Vec::new()), Err(Misuse::TooLong { limit: MAX }));
        assert!(Orcpt::new("rfc822", &"x".repeat(MAX - 7)).is_ok());
        assert_eq!(Orcpt::new("rfc822", &"x".repeat(MAX - 6)), Err(Misuse::TooLong { limit: MAX }));
    }

    #[test]
    fn nothing_injects() {
        for bad in ["a\r\nRCPT TO:<x@y>", "\0", "a\n", "\x7f"] {
            for kind in ["rfc822", "utf-8", "x"] {
                assert!(Orcpt::new(kind, bad).is_err());
            }
            assert!(
                Orcpt::new(bad, "a").is_err() && Orcpt::utf_8(bad).is_err() && Orcpt::parse(bad).is_err()
            );
        }
        for bad in ["", "a b", "a;b", "a=b", "a@b", "\u{e9}"] {
            assert!(Orcpt::new(bad, "a").is_err(), "{bad}");
        }
        assert!(Orcpt::new("rfc822", "\u{e9}").is_err());
        assert_eq!(Orcpt::new("rfc822", "a b=+\\").unwrap().as_bytes(), b"rfc822;a+20b+3D+2B\\");
    }

    proptest! {
        #[test]
        fn both_forms_of_utf_8(address in "[ -~\u{80}-\u{1ffff}]{1,20}") {
            let (ascii, native) = (Orcpt::new("utf-8", &address).unwrap(), Orcpt::utf_8(&address).unwrap());
            prop_assert_eq!(&ascii.decode()[..], address.as_bytes());
            prop_assert_eq!(&native.decode()[..], address.as_bytes());
            prop_assert!(ascii.is_ascii());
            prop_assert_eq!(native.to_ascii(), ascii);
        }

        #[test]
        fn no_line_end_comes_out(wire in "(utf-8|rfc822);([ -~\u{80}-\u{ff}]|\\\\x\\{[0-9A-Fa-f]{0,3}\\}|\\+[0-9A-Fa-f]{2}){0,9}") {
            if let Ok(orcpt) = Orcpt::parse(&wire) {
                prop_assert!(!orcpt.decode().iter().any(|octet| b"\r\n\0".contains(octet)));
            }
        }
    }
}
