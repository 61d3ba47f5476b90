//! Mailboxes (RFC 5321 section 4.1.2, RFC 6531 section 3.3).

use crate::syntax::{expected, misuse};
use crate::{Host, host, rule};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use core::str::FromStr;
use wire::class::{ATEXT, Class, HIGH};
use wire::parse::{Failure, Parsed, fail};
use wire::{Context, Misuse, ParseErrorKind, Tolerance};

/// A local part and a host, with `@` between them (RFC 5321 section 4.1.2).
///
/// It is kept as it was written, and compared so by `==`; [`is_same`](Self::is_same) compares what it means. It is
/// always UTF-8; what is not ASCII needs SMTPUTF8 (RFC 6531). The RFC wants every implementation to take 64 octets of
/// local part and 255 of domain (section 4.5.3.1), and longer ones if it can: this one takes
/// [`MAX`](Self::MAX) in all.
///
/// ```
/// use smtp_proto::{Host, Mailbox};
///
/// let mailbox = Mailbox::new("Joe, Smith", "example.org")?;
/// assert_eq!(mailbox.as_str(), r#""Joe, Smith"@example.org"#);
/// assert_eq!(mailbox.local_part_decoded(), &b"Joe, Smith"[..]);
/// assert_eq!(mailbox.host(), Host::Domain("example.org"));
/// assert!(Mailbox::parse(r#""a"@example.org"#)?.is_same(&Mailbox::parse("a@EXAMPLE.org")?));
/// assert!(Mailbox::parse("a@b> NOTIFY=NEVER").is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone)]
pub struct Mailbox {
    wire: Bytes,
    at: u16,
}

impl Mailbox {
    /// The longest that is taken, in octets, so that a path with angle brackets has offsets of 16 bits.
    pub const MAX: usize = u16::MAX as usize - 2;

    /// Makes a mailbox of a local part, as it is meant, and a host: a domain, or an address literal with its brackets.
    /// The local part is quoted if it has to be.
    ///
    /// # Errors
    /// An empty local part, which the grammar has but nobody should use (erratum 5414); a control character or what is
    /// not UTF-8 in it; a host that is neither domain nor address literal; longer than [`MAX`](Self::MAX).
    pub fn new(local_part: impl AsRef<[u8]>, host: &str) -> Result<Self, Misuse> {
        let local = local_part.as_ref();
        if local.is_empty() {
            return Err(Misuse::Empty);
        }
        if let Err(error) = core::str::from_utf8(local) {
            return Err(Misuse::IllegalOctet { offset: error.valid_up_to() });
        }
        Host::parse(host.as_bytes())?;
        let mut wire = Vec::with_capacity(local.len() + 1 + host.len());
        if matches!(dot_string(local, false), Ok((b"", _))) {
            wire.extend_from_slice(local);
        } else {
            wire.push(b'"');
            for (offset, &octet) in local.iter().enumerate() {
                match octet {
                    0..=0x1f | 0x7f => return Err(Misuse::IllegalOctet { offset }),
                    b'"' | b'\\' => wire.extend_from_slice(&[b'\\', octet]),
                    _ => wire.push(octet),
                }
            }
            wire.push(b'"');
        }
        let at = wire.len();
        wire.push(b'@');
        wire.extend_from_slice(host.as_bytes());
        match u16::try_from(at) {
            Ok(at) if wire.len() <= Self::MAX => Ok(Self { wire: wire.into(), at }),
            _ => Err(Misuse::TooLong { limit: Self::MAX }),
        }
    }

    /// Takes a mailbox as it stands on the wire, without angle brackets, by the RFC.
    ///
    /// # Errors
    /// Not a mailbox, or something behind it.
    pub fn parse(wire: impl Into<Bytes>) -> Result<Self, Misuse> {
        Self::parse_in(&Context::new(&wire.into(), Tolerance::Strict))
    }

    /// The same for what a tolerant parser has taken before, and an application has stored.
    ///
    /// # Errors
    /// Not even that.
    pub fn tolerated(wire: impl Into<Bytes>) -> Result<Self, Misuse> {
        Self::parse_in(&Context::new(&wire.into(), Tolerance::Lenient))
    }

    fn parse_in(cx: &Context<'_>) -> Result<Self, Misuse> {
        let wire = cx.frame();
        match Self::rule(cx, wire) {
            Ok((b"", mailbox)) => Ok(mailbox),
            Ok((rest, _)) => Err(Misuse::IllegalOctet { offset: wire.len() - rest.len() }),
            Err(error) => Err(misuse(wire, error, "mailbox")),
        }
    }

    /// What a rule has taken before: where the `@` stands is known.
    pub(crate) const fn of(wire: Bytes, at: u16) -> Self {
        Self { wire, at }
    }

    /// The local part as it was written, with its quotes if it has them.
    #[must_use]
    pub fn local_part(&self) -> &[u8] {
        &self.wire[..usize::from(self.at)]
    }

    /// The local part as it is meant, without quotes and backslashes: what names a user.
    #[must_use]
    pub fn local_part_decoded(&self) -> Cow<'_, [u8]> {
        decode(self.local_part())
    }

    /// The domain or address literal as it was written.
    #[must_use]
    pub fn domain(&self) -> &[u8] {
        &self.wire[usize::from(self.at) + 1..]
    }

    /// The domain or the address.
    #[must_use]
    pub fn host(&self) -> Host<'_> {
        Host::of(self.domain())
    }

    /// The mailbox as it was written.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.wire
    }

    /// The mailbox as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.wire).unwrap_or_default()
    }

    /// Whether it can be sent without SMTPUTF8.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.wire.is_ascii()
    }

    /// Whether both name the same mailbox, as far as it can be told without asking the host: "all quoted forms MUST be
    /// treated as equivalent", local parts are case-sensitive, hosts are compared by [`Host::is_same`].
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.local_part_decoded() == other.local_part_decoded() && self.host().is_same(&other.host())
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { wire: Bytes::copy_from_slice(&self.wire), at: self.at }
    }

    /// See [`mailbox`].
    pub(crate) fn rule<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Self> {
        let (rest, (at, odd)) = mailbox(i, cx.tolerance() >= Tolerance::Default)?;
        let wire = &i[..i.len() - rest.len()];
        match u16::try_from(at) {
            Ok(at) if wire.len() <= Self::MAX => {
                odd.note(cx);
                Ok((rest, Self { wire: cx.keep(wire), at }))
            }
            _ => Err(Failure::at(i, expected::MAILBOX, ParseErrorKind::TooLong)),
        }
    }

    /// Any mailbox of the RFCs, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let written = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{1,9}(\\.[a-z0-9]{1,5}){0,2}\
            |\"([ !#-\\[\\]-~]|\\\\[ -~]){0,12}\"|[a-z\u{e9}\u{7528}]{1,5}|\"[ -!a-z\u{e9}]{1,5}\"";
        let decoded = ("[ -~]{1,12}", host::strategy());
        prop_oneof![
            (written, host::strategy()).prop_filter_map("mailbox", |(local, host)| {
                Self::parse(alloc::format!("{local}@{host}")).ok()
            }),
            decoded.prop_filter_map("mailbox", |(local, host)| Self::new(local, &host).ok()),
        ]
    }
}

impl PartialEq for Mailbox {
    fn eq(&self, other: &Self) -> bool {
        self.wire == other.wire
    }
}

impl Eq for Mailbox {}

impl core::hash::Hash for Mailbox {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.wire.hash(state);
    }
}

impl FromStr for Mailbox {
    type Err = Misuse;

    /// [`parse`](Self::parse), with a copy.
    fn from_str(wire: &str) -> Result<Self, Misuse> {
        Self::parse(Bytes::copy_from_slice(wire.as_bytes()))
    }
}

/// The wire form.
impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.wire.escape_ascii())
    }
}

/// What was tolerated of a mailbox.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Odd<'i> {
    /// A local part with misplaced dots.
    pub(crate) dots: Option<&'i [u8]>,
    /// The first label of that kind.
    pub(crate) label: Option<&'i [u8]>,
}

impl Odd<'_> {
    /// Reports it; the caller has asked for the tolerance.
    pub(crate) fn note(&self, cx: &Context<'_>) {
        if let Some(local) = self.dots {
            cx.repair(rule::LOCAL_PART_DOTS, local);
        }
        if let Some(label) = self.label {
            cx.repair(rule::DOMAIN_LABEL, label);
        }
    }
}

/// ```text
/// Mailbox        = Local-part "@" ( Domain / address-literal )
/// ```
/// The value is where the `@` stands. If `loose`, with what is tolerated from Default on.
pub(crate) fn mailbox(i: &[u8], loose: bool) -> Parsed<'_, (usize, Odd<'_>)> {
    let (rest, dots) = local_part(i, loose)?;
    let Some(name) = rest.strip_prefix(b"@") else { return fail(rest, expected::AT) };
    let (after, (_, label)) = host::host(name, loose)?;
    Ok((after, (i.len() - rest.len(), Odd { dots, label })))
}

/// ```text
/// Local-part     = Dot-string / Quoted-string
/// ```
/// The value is the local part if its dots are misplaced.
pub(crate) fn local_part(i: &[u8], loose: bool) -> Parsed<'_, Option<&[u8]>> {
    if i.first() == Some(&b'"') {
        quoted_string(i).map(|(rest, ())| (rest, None))
    } else {
        dot_string(i, loose)
    }
}

/// RFC 5321 section 4.1.2 and RFC 6531 section 3.3:
/// ```text
/// Dot-string     = Atom *("."  Atom)
/// Atom           = 1*atext
/// atext   =/  UTF8-non-ascii
/// ```
fn dot_string(i: &[u8], loose: bool) -> Parsed<'_, Option<&[u8]>> {
    const WORD: Class = ATEXT.or(HIGH);
    let mut misplaced = false;
    let mut rest = i;
    loop {
        let len = WORD.run(rest);
        if len == 0 {
            // `rest` is where an atom should start
            if !loose || rest.len() == i.len() && rest.first() != Some(&b'.') {
                return fail(rest, expected::LOCAL_PART);
            }
            misplaced = true;
        }
        rest = &rest[len..];
        match rest.strip_prefix(b".") {
            Some(after) => rest = after,
            None => break,
        }
    }
    let local = &i[..i.len() - rest.len()];
    host::utf8(local, i)?;
    Ok((rest, misplaced.then_some(local)))
}

/// RFC 5321 section 4.1.2 and RFC 6531 section 3.3:
/// ```text
/// Quoted-string  = DQUOTE *QcontentSMTP DQUOTE
/// QcontentSMTP   = qtextSMTP / quoted-pairSMTP
/// quoted-pairSMTP  = %d92 %d32-126
/// qtextSMTP      = %d32-33 / %d35-91 / %d93-126
/// qtextSMTP  =/ UTF8-non-ascii
/// ```
pub(crate) fn quoted_string(i: &[u8]) -> Parsed<'_, ()> {
    let Some(mut rest) = i.strip_prefix(b"\"") else { return fail(i, expected::QUOTED_STRING) };
    loop {
        rest = match rest {
            [b'"', after @ ..] => {
                host::utf8(&i[..i.len() - after.len()], i)?;
                return Ok((after, ()));
            }
            [b'\\', 0x20..=0x7e, after @ ..] => after,
            [b'\\', after @ ..] => return fail(after, expected::QUOTED_STRING),
            [0x20..=0x7e | 0x80.., after @ ..] => after,
            _ => return fail(rest, expected::QUOTED_STRING),
        }
    }
}

/// Without the quotes and backslashes of a quoted string.
fn decode(local: &[u8]) -> Cow<'_, [u8]> {
    let quoted = local.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    let Some(quoted) = quoted else { return Cow::Borrowed(local) };
    if memchr::memchr(b'\\', quoted).is_none() {
        return Cow::Borrowed(quoted);
    }
    let mut decoded = Vec::with_capacity(quoted.len());
    let mut octets = quoted.iter();
    while let Some(&octet) = octets.next() {
        let literal = if octet == b'\\' { octets.next().copied() } else { Some(octet) };
        decoded.extend(literal);
    }
    Cow::Owned(decoded)
}

#[cfg(feature = "serde")]
wire::serde_octets! {
    Mailbox = Mailbox::as_bytes, Mailbox::tolerated;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::expected::name;
    use alloc::string::String;
    use alloc::vec;
    use proptest::prelude::*;

    #[test]
    fn rows() {
        for (wire, local, host) in [
            ("user@example.org", "user", "example.org"),
            ("a.b+c@x", "a.b+c", "x"),
            ("!#$%&'*+-/=?^_`{|}~@x", "!#$%&'*+-/=?^_`{|}~", "x"),
            (r#""alice"@example.test"#, "alice", "example.test"),
            (r#""joe quoted"@example.test"#, "joe quoted", "example.test"),
            (r#""a\"b"@x"#, "a\"b", "x"),
            (r#""Joe\,Smith"@x"#, "Joe,Smith", "x"),
            (r#""a\\"@x"#, "a\\", "x"),
            (r#""a@b"@x"#, "a@b", "x"),
            (r#""a>b"@x"#, "a>b", "x"),
            (r#""foo@evil.net> ORCPT=rfc822;a@b"@test.com"#, "foo@evil.net> ORCPT=rfc822;a@b", "test.com"),
            (r#"""@x"#, "", "x"),
            ("s\u{fc}\u{df}@example.test", "s\u{fc}\u{df}", "example.test"),
            ("\"s\u{fc} \u{df}\"@b\u{fc}cher.test", "s\u{fc} \u{df}", "b\u{fc}cher.test"),
            ("u@[1.2.3.4]", "u", "[1.2.3.4]"),
            ("u@[IPv6:2001:db8::1]", "u", "[IPv6:2001:db8::1]"),
            ("u@[tag:a@b>c]", "u", "[tag:a@b>c]"),
        ] {
            let mailbox = Mailbox::parse(wire).unwrap();
            assert_eq!(mailbox.as_bytes(), wire.as_bytes());
            assert_eq!((mailbox.as_str(), mailbox.is_ascii()), (wire, wire.is_ascii()));
            assert_eq!(&mailbox.local_part_decoded()[..], local.as_bytes());
            assert_eq!((mailbox.domain(), mailbox.host()), (host.as_bytes(), Host::of(host.as_bytes())));
            assert_eq!([mailbox.local_part(), b"@", mailbox.domain()].concat(), wire.as_bytes());
            assert_eq!(wire.parse(), Ok(mailbox.clone()));
            assert_eq!((Mailbox::tolerated(wire), mailbox.detach()), (Ok(mailbox.clone()), mailbox.clone()));
            if local.is_empty() {
                assert_eq!(Mailbox::new(local, host), Err(Misuse::Empty));
            } else {
                assert!(Mailbox::new(local, host).unwrap().is_same(&mailbox), "{wire}");
            }
            let at = mailbox.local_part().len();
            for len in 0..=at {
                assert!(Mailbox::parse(&wire.as_bytes()[..len]).is_err(), "{wire}");
            }
            for behind in [">", " ", "> NOTIFY=NEVER", "\r\n", "\0", "@", "\"", ","] {
                let longer = alloc::format!("{wire}{behind}");
                assert_eq!(Mailbox::parse(longer), Err(Misuse::IllegalOctet { offset: wire.len() }));
            }
        }
    }

    #[test]
    fn quoted_only_where_needed() {
        for (local, wire) in [
            ("a.b", "a.b@x"),
            ("a b", "\"a b\"@x"),
            (".a", "\".a\"@x"),
            ("a.", "\"a.\"@x"),
            ("a..b", "\"a..b\"@x"),
            ("a\"\\b", "\"a\\\"\\\\b\"@x"),
            ("\"a\"", "\"\\\"a\\\"\"@x"),
            ("a@b", "\"a@b\"@x"),
            ("\u{e9}", "\u{e9}@x"),
            ("\u{e9} ", "\"\u{e9} \"@x"),
        ] {
            let mailbox = Mailbox::new(local, "x").unwrap();
            assert_eq!(mailbox.as_str(), wire);
            assert_eq!(Mailbox::parse(wire), Ok(mailbox));
        }
    }

    #[test]
    fn nothing_can_be_injected() {
        for (local, offset) in
            [("a\r", 1), ("a\nb", 1), ("\0", 0), ("ab\x7f", 2), ("\x1b", 0), ("\u{e9}\r", 2)]
        {
            assert_eq!(Mailbox::new(local, "x"), Err(Misuse::IllegalOctet { offset }));
        }
        assert_eq!(Mailbox::new(b"a\xff", "x"), Err(Misuse::IllegalOctet { offset: 1 }));
        for host in
            ["", "a b", "a>", "a\r\n", "a\0", "a@b", "a_b", "[1.2.3]", "a..b", "a> NOTIFY=NEVER", "[a:b]>"]
        {
            assert!(Mailbox::new("a", host).is_err(), "{host}");
        }
    }

    #[test]
    fn errors_say_where() {
        for (wire, offset, wanted) in [
            (&b""[..], 0, "local-part"),
            (b"@x", 0, "local-part"),
            (b".a@x", 0, "local-part"),
            (b"a.@x", 2, "local-part"),
            (b"a..b@x", 2, "local-part"),
            (b"a b@x", 1, "@"),
            (b"a,b@x", 1, "@"),
            (b"a\\@x", 1, "@"),
            (b"a\"b\"@x", 1, "@"),
            (b"a", 1, "@"),
            (b"a@", 2, "domain"),
            (b"a@@x", 2, "domain"),
            (b"a@[1.2.3]", 3, "address-literal"),
            (b"\"", 1, "quoted-string"),
            (b"\"unterminated@x", 15, "quoted-string"),
            (b"\"a\r\"@x", 2, "quoted-string"),
            (b"\"a\\\r\"@x", 3, "quoted-string"),
            (b"\"a\\\xc3\xbc\"@x", 3, "quoted-string"),
            (b"\"a\x01\"@x", 2, "quoted-string"),
            (b"\"a\"b@x", 3, "@"),
            (b"a\0@x", 1, "@"),
            (b"caf\xe9@x", 3, "UTF-8"),
            (b"\xff\xfe@x", 0, "UTF-8"),
            (b"\"\xc3\xbc\xff\"@x", 3, "UTF-8"),
            (b"a@\xff", 2, "UTF-8"),
        ] {
            let frame = Bytes::copy_from_slice(wire);
            let cx = Context::new(&frame, Tolerance::Strict);
            let error = cx.error(Mailbox::rule(&cx, &frame).unwrap_err(), name);
            assert_eq!((error.offset, error.expected), (offset, wanted), "{}", wire.escape_ascii());
            assert!(Mailbox::parse(frame).is_err());
        }
    }

    #[test]
    fn what_is_tolerated_is_told() {
        for (wire, rules) in [
            ("foo.@docomo.example", &[rule::LOCAL_PART_DOTS][..]),
            (".foo..bar@x", &[rule::LOCAL_PART_DOTS]),
            ("alice@exa_mple.test", &[rule::DOMAIN_LABEL]),
            ("a..b@-x.test", &[rule::LOCAL_PART_DOTS, rule::DOMAIN_LABEL]),
        ] {
            let frame = Bytes::from(wire);
            let cx = Context::new(&frame, Tolerance::Default);
            let (rest, mailbox) = Mailbox::rule(&cx, &frame).unwrap();
            let told: Vec<_> = cx.into_repairs().iter().map(|repair| repair.rule).collect();
            assert_eq!((rest, &told[..]), (&b""[..], rules));
            assert!(Mailbox::parse(wire).is_err());
            assert_eq!(Mailbox::tolerated(wire), Ok(mailbox.clone()));
            assert_eq!(mailbox.host(), Host::Domain(wire.split_once('@').unwrap().1));
        }
    }

    #[test]
    fn sameness() {
        let same = |a: &str, b: &str| a.parse::<Mailbox>().unwrap().is_same(&b.parse().unwrap());
        assert!(same("a@x.org", r#""a"@X.ORG"#));
        assert!(same(r#""\a\ b"@x"#, r#""a b"@x"#));
        assert!(same("a@[IPv6:0:0::1]", "a@[ipv6:::1]"));
        assert!(!same("a@x", "A@x"));
        assert!(!same("a@x", "a@y"));
        assert_ne!("a@x".parse::<Mailbox>(), r#""a"@x"#.parse());
    }

    #[test]
    fn long_ones_are_taken_up_to_the_limit() {
        let long = |len: usize| alloc::format!("{}@{}", "l".repeat(65), "d".repeat(len - 66));
        assert!(Mailbox::parse(long(400)).is_ok());
        let longest = long(Mailbox::MAX);
        assert_eq!(Mailbox::parse(longest.clone()).unwrap().as_str(), longest);
        assert!(matches!(Mailbox::parse(long(Mailbox::MAX + 1)), Err(Misuse::TooLong { .. })));
        let local = |len: usize| Mailbox::new(vec![b'l'; len - 2], "d");
        assert_eq!(local(Mailbox::MAX).unwrap().domain(), b"d");
        assert!(matches!(local(Mailbox::MAX + 1), Err(Misuse::TooLong { .. })));
        assert!(matches!(local(100_000), Err(Misuse::TooLong { .. })));
        let quoted = "\"".repeat(Mailbox::MAX / 2);
        assert!(matches!(Mailbox::new(quoted, "d"), Err(Misuse::TooLong { .. })));
        assert!(Mailbox::parse(alloc::format!("{}@d", ".".repeat(200_000))).is_err());
    }

    proptest! {
        #[test]
        fn round_trip(mailbox in Mailbox::strategy()) {
            prop_assert_eq!(Mailbox::parse(mailbox.wire.clone()), Ok(mailbox.clone()));
            let decoded = mailbox.local_part_decoded();
            if !decoded.is_empty() {
                let domain = core::str::from_utf8(mailbox.domain()).unwrap();
                prop_assert!(Mailbox::new(&decoded, domain).unwrap().is_same(&mailbox));
            }
        }

        #[test]
        fn what_can_be_made_can_be_read(local: String, host in host::strategy()) {
            if let Ok(mailbox) = Mailbox::new(&local, &host) {
                prop_assert_eq!(&mailbox.local_part_decoded()[..], local.as_bytes());
                prop_assert_eq!(Mailbox::parse(mailbox.wire.clone()), Ok(mailbox));
            } else {
                prop_assert!(local.is_empty() || local.bytes().any(|o| o.is_ascii_control()));
            }
        }

        #[test]
        fn never_holds_what_ends_a_line(wire in "([ab.@\"\\\\<> _:,-]|\r|\n|\0|\u{e9}|\\[1.2.3.4\\]){0,12}") {
            if let Ok(mailbox) = Mailbox::tolerated(wire) {
                prop_assert!(!mailbox.as_str().contains(['\r', '\n', '\0']));
                prop_assert_eq!(Mailbox::tolerated(mailbox.wire.clone()), Ok(mailbox.clone()));
                prop_assert!(Mailbox::new(mailbox.local_part_decoded(), "x").is_ok() || mailbox.local_part() == b"\"\"");
            }
        }
    }
}
