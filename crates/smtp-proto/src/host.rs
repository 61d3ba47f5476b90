//! Domains and address literals (RFC 5321 sections 4.1.2 and 4.1.3, RFC 6531 section 3.3).

use crate::syntax::{expected, misuse};
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};
use wire::Misuse;
use wire::class::{ALPHA, Class, DIGIT, HIGH, LDH, VCHAR};
use wire::parse::{Parsed, fail};

/// A host, as it stands in a mailbox, a source route, EHLO and its reply (RFC 5321 sections 4.1.2 and 4.1.3).
/// It is a view of octets that something else holds.
///
/// ```
/// use smtp_proto::Host;
///
/// assert_eq!(Host::parse(b"example.org")?, Host::Domain("example.org"));
/// let host = Host::parse(b"[IPv6:2001:db8::1]")?;
/// assert_eq!(host, Host::Ipv6("2001:db8::1".parse()?));
/// assert_eq!(host.to_string(), "[IPv6:2001:db8::1]");
/// assert!(Host::parse(b"[2001:db8::1]").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Host<'a> {
    /// A domain: `example.org`. With SMTPUTF8 its labels may be U-labels; they are not checked against IDNA.
    Domain(&'a str),
    /// `[192.0.2.1]`
    Ipv4(Ipv4Addr),
    /// `[IPv6:2001:db8::1]`
    Ipv6(Ipv6Addr),
    /// `[tag:content]`: an address of a kind that RFC 5321 does not know.
    General {
        /// The tag, which names the kind.
        tag: &'a str,
        /// The address itself.
        content: &'a str,
    },
}

impl<'a> Host<'a> {
    /// Parses a whole domain or address literal, which has its brackets.
    ///
    /// # Errors
    /// Neither of them.
    pub fn parse(text: &'a [u8]) -> Result<Self, Misuse> {
        match host(text, false) {
            Ok((b"", (host, _))) => Ok(host),
            Ok((rest, _)) => Err(Misuse::IllegalOctet { offset: text.len() - rest.len() }),
            Err(error) => Err(misuse(text, error, "domain or address-literal")),
        }
    }

    /// What a rule has taken before.
    pub(crate) fn of(text: &'a [u8]) -> Self {
        match text.first() {
            Some(b'[') => match address_literal(text) {
                Ok((_, host)) => host,
                Err(_) => Self::Domain(str_of(text)),
            },
            _ => Self::Domain(str_of(text)),
        }
    }

    /// Whether both name the same host: domains and tags without regard to case (of ASCII letters: a U-label is not
    /// compared with its A-label), addresses by value, whichever way they were written.
    #[must_use]
    pub fn is_same(&self, other: &Host<'_>) -> bool {
        match (*self, *other) {
            (Host::Domain(a), Host::Domain(b)) => a.eq_ignore_ascii_case(b),
            (Host::General { tag: a, content }, Host::General { tag: b, content: other }) => {
                a.eq_ignore_ascii_case(b) && content == other
            }
            (a, b) => a == b,
        }
    }
}

/// The wire form.
impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(domain) => f.write_str(domain),
            Self::Ipv4(address) => write!(f, "[{address}]"),
            Self::Ipv6(address) => write!(f, "[IPv6:{address}]"),
            Self::General { tag, content } => write!(f, "[{tag}:{content}]"),
        }
    }
}

/// The rules check for UTF-8 first.
fn str_of(text: &[u8]) -> &str {
    core::str::from_utf8(text).unwrap_or_default()
}

/// `( Domain / address-literal )`, with the first label that is only tolerated.
pub(crate) fn host(i: &[u8], loose: bool) -> Parsed<'_, (Host<'_>, Option<&[u8]>)> {
    if i.first() == Some(&b'[') {
        let (rest, host) = address_literal(i)?;
        return Ok((rest, (host, None)));
    }
    let (rest, (name, odd)) = labels(i, loose)?;
    Ok((rest, (Host::Domain(str_of(name)), odd)))
}

/// RFC 5321 section 4.1.2 and RFC 6531 section 3.3:
/// ```text
/// Domain         = sub-domain *("." sub-domain)
/// sub-domain     = Let-dig [Ldh-str]
/// sub-domain     =/  U-label
/// Let-dig        = ALPHA / DIGIT
/// Ldh-str        = *( ALPHA / DIGIT / "-" ) Let-dig
/// ```
/// A U-label is any UTF-8 here, with letters, digits and hyphens inside. If `loose`, with what
/// [`DOMAIN_LABEL`](crate::rule::DOMAIN_LABEL) allows, and the first such label.
pub(crate) fn labels(i: &[u8], loose: bool) -> Parsed<'_, (&[u8], Option<&[u8]>)> {
    match wire::dotted::labels(i, 0) {
        // ASCII, as nearly all of them
        Some(len) if !i.get(len).is_some_and(|&o| HIGH.has(o) || o == b'_') => {
            Ok((&i[len..], (&i[..len], None)))
        }
        _ => any_labels(i, loose),
    }
}

fn any_labels(i: &[u8], loose: bool) -> Parsed<'_, (&[u8], Option<&[u8]>)> {
    const LABEL: Class = LDH.or(HIGH);
    let mut odd = None;
    let mut rest = i;
    loop {
        let len = rest.iter().position(|&o| !(LABEL.has(o) || loose && o == b'_')).unwrap_or(rest.len());
        let (label, after) = rest.split_at(len);
        match label {
            [] => return fail(after, expected::DOMAIN),
            [b'-', ..] if !loose => return fail(rest, expected::DOMAIN),
            [.., b'-'] if !loose => return fail(&rest[len - 1..], expected::DOMAIN),
            _ if loose && odd.is_none() && is_odd(label) => odd = Some(label),
            _ => {}
        }
        match after.strip_prefix(b".") {
            Some(next) => rest = next,
            None => {
                let name = &i[..i.len() - after.len()];
                utf8(name, i)?;
                return Ok((after, (name, odd)));
            }
        }
    }
}

fn is_odd(label: &[u8]) -> bool {
    label.first() == Some(&b'-') || label.last() == Some(&b'-') || label.contains(&b'_')
}

/// Whether `text`, the front of `i`, is UTF-8.
pub(crate) fn utf8<'i>(text: &[u8], i: &'i [u8]) -> Parsed<'i, ()> {
    match core::str::from_utf8(text) {
        Ok(_) => Ok((i, ())),
        Err(error) => fail(&i[error.valid_up_to()..], expected::UTF_8),
    }
}

/// RFC 5321 sections 4.1.2 and 4.1.3:
/// ```text
/// address-literal  = "[" ( IPv4-address-literal / IPv6-address-literal / General-address-literal ) "]"
/// IPv4-address-literal  = Snum 3("."  Snum)
/// IPv6-address-literal  = "IPv6:" IPv6-addr
/// General-address-literal  = Standardized-tag ":" 1*dcontent
/// Standardized-tag  = Ldh-str
/// dcontent       = %d33-90 / %d94-126
/// ```
/// `IPv6` is the tag of nothing else, and an address of IPv6 without it is not taken for a general literal.
pub(crate) fn address_literal(i: &[u8]) -> Parsed<'_, Host<'_>> {
    let Some(content) = i.strip_prefix(b"[") else { return fail(i, expected::ADDRESS_LITERAL) };
    let is_dcontent = |&o: &u8| VCHAR.has(o) && !matches!(o, b'['..=b']');
    let len = content.iter().position(|o| !is_dcontent(o)).unwrap_or(content.len());
    let (text, rest) = content.split_at(len);
    let Some(rest) = rest.strip_prefix(b"]") else { return fail(rest, expected::ADDRESS_LITERAL) };
    if let Some(address) = ipv4(text) {
        return Ok((rest, Host::Ipv4(address)));
    }
    let colon = memchr::memchr(b':', text).unwrap_or_default();
    let (tag, address) = (&text[..colon], text.get(colon + 1..).unwrap_or_default());
    if tag.eq_ignore_ascii_case(b"IPv6") {
        return match ipv6(address) {
            Some(address) => Ok((rest, Host::Ipv6(address))),
            None => fail(&content[colon + 1..], expected::ADDRESS_LITERAL),
        };
    }
    let is_tag = LDH.run(tag) == tag.len() && tag.last().is_some_and(|&o| ALPHA.or(DIGIT).has(o));
    if !is_tag || address.is_empty() || ipv6(text).is_some() {
        return fail(content, expected::ADDRESS_LITERAL);
    }
    Ok((rest, Host::General { tag: str_of(tag), content: str_of(address) }))
}

/// ```text
/// Snum           = 1*3DIGIT
///                ; representing a decimal integer value in the range 0 through 255
/// ```
fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut parts = text.split(|&o| o == b'.');
    for octet in &mut octets {
        let part = parts.next()?;
        if !(1..=3).contains(&part.len()) || DIGIT.run(part) != part.len() {
            return None;
        }
        let value = part.iter().fold(0, |value, digit| 10 * value + u16::from(digit - b'0'));
        *octet = u8::try_from(value).ok()?;
    }
    parts.next().is_none().then_some(octets.into())
}

/// ```text
/// IPv6-addr      = IPv6-full / IPv6-comp / IPv6v4-full / IPv6v4-comp
/// IPv6-hex       = 1*4HEXDIG
/// IPv6-full      = IPv6-hex 7(":" IPv6-hex)
/// IPv6-comp      = [IPv6-hex *5(":" IPv6-hex)] "::" [IPv6-hex *5(":" IPv6-hex)]
/// IPv6v4-full    = IPv6-hex 5(":" IPv6-hex) ":" IPv4-address-literal
/// IPv6v4-comp    = [IPv6-hex *3(":" IPv6-hex)] "::" [IPv6-hex *3(":" IPv6-hex) ":"] IPv4-address-literal
/// ```
/// "The `::` represents at least 2 16-bit groups of zeros"; here it may be one, as in RFC 4291 section 2.2, to which
/// RFC 5321 refers, and as software writes it.
fn ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    const GROUPS: usize = 8;
    let Some(gap) = memchr::memmem::find(text, b"::") else {
        let (address, len) = groups(text, true)?;
        return (len == GROUPS).then_some(address.into());
    };
    let (mut address, before) = groups(&text[..gap], false)?;
    let (last, after) = groups(&text[gap + 2..], true)?;
    if before + after >= GROUPS {
        return None;
    }
    address[GROUPS - after..].copy_from_slice(&last[..after]);
    Some(address.into())
}

/// Groups of 16 bits with colons between them, and how many; in the place of the last two an address of IPv4.
fn groups(text: &[u8], ends: bool) -> Option<([u16; 8], usize)> {
    let mut groups = [0; 8];
    let mut len = 0;
    if text.is_empty() {
        return Some((groups, len));
    }
    let mut parts = text.split(|&o| o == b':').peekable();
    while let Some(part) = parts.next() {
        if ends && parts.peek().is_none() && part.contains(&b'.') {
            let [a, b, c, d] = ipv4(part)?.octets();
            groups
                .get_mut(len..len + 2)?
                .copy_from_slice(&[u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]);
            return Some((groups, len + 2));
        }
        if !(1..=4).contains(&part.len()) {
            return None;
        }
        let mut value = 0;
        for &digit in part {
            value = value << 4 | u16::try_from(char::from(digit).to_digit(16)?).ok()?;
        }
        *groups.get_mut(len)? = value;
        len += 1;
    }
    Some((groups, len))
}

/// Any host in its wire form, for property tests.
#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = alloc::string::String> {
    use alloc::string::ToString;
    use proptest::prelude::*;
    let tag = "[a-zA-Z0-9-]{0,5}[a-zA-Z0-9]"
        .prop_filter("has a variant of its own", |tag| !tag.eq_ignore_ascii_case("IPv6"));
    let general = (tag, "[!-Z^-~]{1,9}").prop_map(|(tag, content)| alloc::format!("[{tag}:{content}]"));
    prop_oneof![
        4 => "[a-zA-Z0-9]([a-z0-9-]{0,5}[a-z0-9])?(\\.[a-zA-Z0-9]([a-z0-9-]{0,5}[a-z0-9])?){0,3}",
        1 => "[a-z0-9\u{e9}\u{4f8b}]([a-z0-9\u{fc}-]{0,5}[a-z\u{3048}])?(\\.[a-z\u{e9}]{1,5}){0,3}",
        1 => any::<[u8; 4]>().prop_map(|octets| Host::Ipv4(octets.into()).to_string()),
        1 => (any::<[u16; 8]>(), any::<u8>()).prop_map(|(mut groups, zero)| {
            for (n, group) in groups.iter_mut().enumerate() {
                *group *= u16::from(zero >> n & 1);
            }
            Host::Ipv6(groups.into()).to_string()
        }),
        1 => general.prop_filter("an address of IPv6 needs its tag", |host| {
            Host::parse(host.as_bytes()).is_ok()
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::expected::name;
    use alloc::string::ToString;
    use alloc::vec::Vec;
    use bytes::Bytes;
    use proptest::prelude::*;
    use wire::{Context, Tolerance};

    /// Where parsing fails, and what was wanted there.
    fn failure(text: &[u8]) -> (u32, &'static str) {
        let frame = Bytes::copy_from_slice(text);
        let cx = Context::new(&frame, Tolerance::Strict);
        let error = cx.error(host(&frame, false).unwrap_err(), name);
        (error.offset, error.expected)
    }

    #[test]
    fn rows() {
        let general = |tag, content| Host::General { tag, content };
        let v6 = |text: &str| Host::Ipv6(text.parse().unwrap());
        for (text, value) in [
            ("example.org", Host::Domain("example.org")),
            ("a", Host::Domain("a")),
            ("1", Host::Domain("1")),
            ("3com.com", Host::Domain("3com.com")),
            ("127.0.0.1", Host::Domain("127.0.0.1")),
            ("xn--mnchen-3ya.example", Host::Domain("xn--mnchen-3ya.example")),
            ("a-b--c.d", Host::Domain("a-b--c.d")),
            ("b\u{fc}cher.test", Host::Domain("b\u{fc}cher.test")),
            ("\u{4f8b}\u{3048}.test", Host::Domain("\u{4f8b}\u{3048}.test")),
            ("[1.2.3.4]", Host::Ipv4([1, 2, 3, 4].into())),
            ("[255.0.0.255]", Host::Ipv4([255, 0, 0, 255].into())),
            ("[IPv6:2001:db8::1]", v6("2001:db8::1")),
            ("[IPv6:::1]", v6("::1")),
            ("[IPv6:::]", v6("::")),
            ("[IPv6:1::]", v6("1::")),
            ("[IPv6:1:2:3:4:5:6:7:8]", v6("1:2:3:4:5:6:7:8")),
            ("[IPv6:::ffff:192.0.2.1]", v6("::ffff:192.0.2.1")),
            ("[tag:content]", general("tag", "content")),
            ("[x-tag:a:b@c>\"]", general("x-tag", "a:b@c>\"")),
            ("[-1:x]", general("-1", "x")),
        ] {
            let text = text.as_bytes();
            assert_eq!(Host::parse(text), Ok(value), "{value}");
            assert_eq!(Host::of(text), value);
            assert_eq!(value.to_string().as_bytes(), text);
            for behind in ["", ">", " x", ",@a", "]"] {
                let longer = [text, behind.as_bytes()].concat();
                assert_eq!(host(&longer, false), Ok((behind.as_bytes(), (value, None))));
            }
            if text[0] == b'[' {
                for len in 1..text.len() {
                    assert!(host(&text[..len], false).is_err(), "{value}");
                }
            }
        }
    }

    #[test]
    fn other_spellings_of_the_same() {
        for (text, canonical) in [
            ("[001.02.3.004]", "[1.2.3.4]"),
            ("[ipV6:2001:DB8::1]", "[IPv6:2001:db8::1]"),
            ("[IPv6:0:0:0:0:0:0:0:1]", "[IPv6:::1]"),
            ("[IPv6:0001:0002:3:4:5:6:7:8]", "[IPv6:1:2:3:4:5:6:7:8]"),
            ("[IPv6:1:2:3:4:5:6:7.8.9.10]", "[IPv6:1:2:3:4:5:6:708:90a]"),
            ("[IPv6:::1.2.3.4]", "[IPv6:::102:304]"),
            // one group, which RFC 4291 allows and RFC 5321 does not
            ("[IPv6:1:2:3:4:5:6:7::]", "[IPv6:1:2:3:4:5:6:7:0]"),
            ("[IPv6:1:2:3::5:6:7:8]", "[IPv6:1:2:3:0:5:6:7:8]"),
            ("[IPv6:1:2:3:4:5::7.8.9.10]", "[IPv6:1:2:3:4:5:0:708:90a]"),
        ] {
            let (a, b) = (Host::parse(text.as_bytes()).unwrap(), Host::parse(canonical.as_bytes()).unwrap());
            assert_eq!(a.to_string(), canonical);
            assert!(a.is_same(&b), "{text}");
        }
        let same = |a: &str, b: &str| {
            Host::parse(a.as_bytes()).unwrap().is_same(&Host::parse(b.as_bytes()).unwrap())
        };
        assert!(same("EXAMPLE.org", "example.ORG"));
        assert!(same("[Tag:x]", "[tag:x]"));
        for (a, b) in
            [("a.b", "a.c"), ("1.2.3.4", "[1.2.3.4]"), ("[tag:x]", "[tag:X]"), ("[1.2.3.4]", "[1.2.3.5]")]
        {
            assert!(!same(a, b), "{a} {b}");
        }
    }

    #[test]
    fn errors_say_where() {
        for (text, offset, wanted) in [
            (&b""[..], 0, "domain"),
            (b".", 0, "domain"),
            (b" a", 0, "domain"),
            (b"a.", 2, "domain"),
            (b"a..b", 2, "domain"),
            (b"a.-b", 2, "domain"),
            (b"a.b-", 3, "domain"),
            (b"a-.b", 1, "domain"),
            (b"-", 0, "domain"),
            (b"a.\xff", 2, "UTF-8"),
            (b"a\xc3\xbc.\xc3", 4, "UTF-8"),
            (b"[", 1, "address-literal"),
            (b"[]", 1, "address-literal"),
            (b"[1.2.3.4", 8, "address-literal"),
            (b"[1.2.3.4 ]", 8, "address-literal"),
            (b"[1.2.3.4\r\n]", 8, "address-literal"),
            (b"[1.2.3.\xc3\xbc]", 7, "address-literal"),
            (b"[999.1.1.1]", 1, "address-literal"),
            (b"[256.1.1.1]", 1, "address-literal"),
            (b"[1.2.3]", 1, "address-literal"),
            (b"[1.2.3.4.5]", 1, "address-literal"),
            (b"[1.2.3.]", 1, "address-literal"),
            (b"[1.2.3.0004]", 1, "address-literal"),
            (b"[+1.2.3.4]", 1, "address-literal"),
            (b"[2001:db8::1]", 1, "address-literal"),
            (b"[::1]", 1, "address-literal"),
            (b"[a:]", 1, "address-literal"),
            (b"[a-:b]", 1, "address-literal"),
            (b"[a_b:c]", 1, "address-literal"),
            (b"[a:b\\c]", 4, "address-literal"),
            (b"[a:b[c]", 4, "address-literal"),
            (b"[IPv6:]", 6, "address-literal"),
            (b"[IPv6:1.2.3.4]", 6, "address-literal"),
            (b"[IPv6::]", 6, "address-literal"),
            (b"[IPv6::1]", 6, "address-literal"),
            (b"[IPv6:1:]", 6, "address-literal"),
            (b"[IPv6::::]", 6, "address-literal"),
            (b"[IPv6:1::2::3]", 6, "address-literal"),
            (b"[IPv6:1:2:3:4:5:6:7]", 6, "address-literal"),
            (b"[IPv6:1:2:3:4:5:6:7:8:9]", 6, "address-literal"),
            (b"[IPv6:1:2:3:4::5:6:7:8]", 6, "address-literal"),
            (b"[IPv6:1:2:3:4:5:6:7:1.2.3.4]", 6, "address-literal"),
            (b"[IPv6:1.2.3.4::]", 6, "address-literal"),
            (b"[IPv6:::1.2.3.4:1]", 6, "address-literal"),
            (b"[IPv6:12345::]", 6, "address-literal"),
            (b"[IPv6:g::]", 6, "address-literal"),
            (b"[IPv6:fe80::1%eth0]", 6, "address-literal"),
        ] {
            assert_eq!(failure(text), (offset, wanted), "{}", text.escape_ascii());
            assert!(Host::parse(text).is_err());
        }
        for (text, offset) in
            [("a_b.c", 1), ("a b", 1), ("a\r\nQUIT", 1), ("a\0", 1), ("[1.2.3.4]x", 9), ("#1", 0)]
        {
            assert_eq!(Host::parse(text.as_bytes()), Err(Misuse::IllegalOctet { offset }), "{text}");
        }
    }

    #[test]
    fn odd_labels_are_told() {
        for (text, odd) in
            [("a.exa_mple.t_t", "exa_mple"), ("_dmarc.x", "_dmarc"), ("-bad-.test", "-bad-"), ("x.-", "-")]
        {
            let value = (Host::Domain(text), Some(odd.as_bytes()));
            assert_eq!(host(text.as_bytes(), true), Ok((&b""[..], value)));
            assert!(Host::parse(text.as_bytes()).is_err());
        }
        for text in ["a..b", ".", "a.", "a@b", "a b", "[1.2.3]"] {
            assert!(!matches!(host(text.as_bytes(), true), Ok((b"", _))), "{text}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(text in strategy()) {
            let host = Host::parse(text.as_bytes()).unwrap();
            prop_assert_eq!(host.to_string(), text);
        }

        #[test]
        fn never_panics(text: Vec<u8>, loose: bool) {
            let _ = host(&text, loose);
        }

        #[test]
        fn addresses_are_what_the_standard_library_takes(text in "[0-9a-f:.]{0,20}|([0-9a-f]{0,2}:){0,9}(1\\.2\\.3\\.4)?") {
            let literal = alloc::format!("[IPv6:{text}]");
            let ours = Host::parse(literal.as_bytes()).ok();
            match text.parse() {
                Ok(address) => prop_assert_eq!(ours, Some(Host::Ipv6(address))),
                // it takes no leading zeros in an address of IPv4
                Err(_) => prop_assert!(ours.is_none() || text.contains('.')),
            }
        }
    }
}
