//! Capabilities: the lines of CAPA (RFC 2449 sections 5 and 6, RFC 2595, RFC 3206, RFC 6856).

use crate::rule;
use crate::syntax::expected;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use wire::class::{TEXT, VCHAR};
use wire::keyword::{key, key_of};
use wire::number::number32;
use wire::parse::{Failure, fail};
use wire::sasl::Mechanism;
use wire::{Context, Misuse, Output, ParseError, ParseErrorKind, Text, Tolerance};

/// The table: a row is a variant, a parse arm, an encode arm and a keyword.
macro_rules! capabilities {
    (
        plain { $($(#[$doc:meta])* $id:ident = $name:literal,)* }
        with arguments { $($(#[$adoc:meta])* $aid:ident($($arg:ty),*) = $aname:literal, $rule:ident, $encode:ident,)* }
    ) => {
        /// One thing that a server can do (RFC 2449 section 5). Names are compared without case.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Capability {
            $($(#[$doc])* $id,)*
            $($(#[$adoc])* $aid($($arg),*),)*
            /// Any other, kept as it came.
            Other(OtherCapability),
        }

        impl Capability {
            /// The registered names.
            pub const KEYWORDS: &[&str] = &[$($name,)* $($aname,)*];

            /// The name, in the registry's case.
            #[must_use]
            pub fn name(&self) -> &[u8] {
                match self {
                    $(Self::$id => $name.as_bytes(),)*
                    $(Self::$aid(..) => $aname.as_bytes(),)*
                    Self::Other(other) => other.name(),
                }
            }

            /// By its name and what stands behind it (a space first, if anything). `None`: not
            /// registered; `Some(None)`: registered, but with other arguments.
            #[allow(non_upper_case_globals, reason = "named after the variants")]
            fn registered(cx: &Context<'_>, name: &[u8], arguments: &[u8]) -> Option<Option<Self>> {
                $(const $id: u128 = key_of($name);)*
                $(const $aid: u128 = key_of($aname);)*
                Some(match key(name) {
                    $($id => arguments.is_empty().then_some(Self::$id),)*
                    $($aid => $rule(cx, arguments),)*
                    _ => return None,
                })
            }

            fn encode_arguments(&self, output: &mut Output) {
                match self {
                    $(Self::$id => {})*
                    $(Self::$aid(argument) => $encode(argument, output),)*
                    Self::Other(other) => output.put(&other.line[other.name_len..]),
                }
            }
        }
    };
}

capabilities! {
    plain {
        /// The TOP command (RFC 2449 section 6.1).
        Top = "TOP",
        /// The USER and PASS commands (RFC 2449 section 6.2).
        User = "USER",
        /// Text that starts with `[` is a response code (RFC 2449 section 6.4).
        RespCodes = "RESP-CODES",
        /// Commands may be sent before the replies to earlier ones (RFC 2449 section 6.6).
        Pipelining = "PIPELINING",
        /// The UIDL command (RFC 2449 section 6.8).
        Uidl = "UIDL",
        /// The STLS command (RFC 2595 section 4).
        Stls = "STLS",
        /// `[AUTH]` and `[SYS/...]` tell which failures are for the user (RFC 3206 section 6).
        AuthRespCode = "AUTH-RESP-CODE",
        /// The LANG command (RFC 6856 section 3).
        Lang = "LANG",
    }
    with arguments {
        /// The AUTH command and its mechanisms (RFC 2449 section 6.3, RFC 5034).
        Sasl(Mechanisms) = "SASL", sasl, encode_sasl,
        /// The least seconds between logins (RFC 2449 section 6.5).
        LoginDelay(PerUser<u32>) = "LOGIN-DELAY", login_delay, encode_login_delay,
        /// How long messages are kept at least (RFC 2449 section 6.7).
        Expire(PerUser<Expire>) = "EXPIRE", expire, encode_expire,
        /// Which software this is (RFC 2449 section 6.9).
        Implementation(Text) = "IMPLEMENTATION", implementation, encode_implementation,
        /// The UTF8 command; `true`: also UTF-8 user names and passwords (RFC 6856 section 2).
        Utf8(bool) = "UTF8", utf8, encode_utf8,
    }
}

/// A value that a server announces before the login; it may be another for the user after it (RFC 2449 sections 6.5
/// and 6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PerUser<T> {
    /// The value.
    pub value: T,
    /// `USER`: after the login another CAPA tells the user's own value.
    pub user: bool,
}

/// How long messages are kept at least (RFC 2449 section 6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Expire {
    /// `NEVER`: the server does not delete.
    Never,
    /// So many days. 0: messages may not be left on the server.
    Days(u32),
}

/// The mechanisms of the SASL capability (RFC 2449 section 6.3, RFC 5034 section 3), as they came.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Mechanisms(Text);

impl Mechanisms {
    /// From names.
    pub fn new(names: impl IntoIterator<Item = Mechanism>) -> Self {
        let mut list = Vec::new();
        for name in names {
            if !list.is_empty() {
                list.push(b' ');
            }
            list.extend_from_slice(name.as_bytes());
        }
        // names hold no illegal octet
        Self(Text::repaired(list.into()).0)
    }

    /// The names. What is not a mechanism name is passed over.
    pub fn iter(&self) -> impl Iterator<Item = Mechanism> {
        self.words().filter_map(|word| Mechanism::new(word).ok())
    }

    /// Whether a mechanism is among them. `PLAIN` is not found in `PLAIN-CLIENTTOKEN`.
    #[must_use]
    pub fn contains(&self, mechanism: Mechanism) -> bool {
        self.iter().any(|offered| offered == mechanism)
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(self.0.detach())
    }

    #[cfg(feature = "serde")]
    pub(crate) const fn of(names: Text) -> Self {
        Self(names)
    }

    #[cfg(feature = "serde")]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The names as they came.
    pub fn words(&self) -> impl Iterator<Item = &[u8]> {
        self.0.as_bytes().split(|&o| o == b' ').filter(|word| !word.is_empty())
    }
}

impl fmt::Debug for Mechanisms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A capability that is not registered (RFC 2449 section 5), or one with other arguments than its RFC
/// gives it.
#[derive(Clone, PartialEq, Eq)]
pub struct OtherCapability {
    line: Bytes,
    name_len: usize,
}

impl OtherCapability {
    /// The name, as it came.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.line[..self.name_len]
    }

    /// The arguments, as they came, without the space before them.
    #[must_use]
    pub fn arguments(&self) -> &[u8] {
        self.line[self.name_len..].strip_prefix(b" ").unwrap_or_default()
    }
}

impl fmt::Debug for OtherCapability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.line.escape_ascii())
    }
}

/// `1*cchar`, taken wider: other octets are kept, but never a dot in front.
fn name_len(line: &[u8]) -> usize {
    if line.first() == Some(&b'.') { 0 } else { line.iter().position(|&o| o == b' ').unwrap_or(line.len()) }
}

impl Capability {
    /// From a line without its end, registered or not.
    ///
    /// # Errors
    /// CR, LF or NUL, no name, or a dot or a space at the start.
    ///
    /// ```
    /// use pop3_proto::Capability;
    ///
    /// assert_eq!(Capability::new("PIPELINING")?, Capability::Pipelining);
    /// assert_eq!(Capability::new("X-FOO bar")?.name(), b"X-FOO");
    /// # Ok::<(), wire::Misuse>(())
    /// ```
    pub fn new(line: impl Into<Bytes>) -> Result<Self, Misuse> {
        let line = Text::new(line)?.to_bytes();
        let cx = Context::new(&line, Tolerance::Strict);
        Self::rule(&cx, &line).map_err(|_| Misuse::Invalid("capability"))
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Sasl(mechanisms) => Self::Sasl(mechanisms.detach()),
            Self::Implementation(text) => Self::Implementation(text.detach()),
            Self::Other(other) => {
                let line = Bytes::copy_from_slice(&other.line);
                Self::Other(OtherCapability { line, name_len: other.name_len })
            }
            short => short.clone(),
        }
    }

    /// Parses a complete line of a CAPA reply, with its line end, by the rules of the RFC.
    ///
    /// # Errors
    /// What is wrong, and where.
    ///
    /// ```
    /// use pop3_proto::Capability;
    ///
    /// let capability = Capability::parse(&"sasl PLAIN SCRAM-SHA-256\r\n".into())?;
    /// let Capability::Sasl(mechanisms) = capability else { panic!() };
    /// assert_eq!(mechanisms.iter().count(), 2);
    /// # Ok::<(), wire::ParseError>(())
    /// ```
    pub fn parse(frame: &Bytes) -> Result<Self, ParseError> {
        let cx = Context::new(frame, Tolerance::Strict);
        crate::syntax::line(&cx, frame, 0)
            .and_then(|line| Self::rule(&cx, line))
            .map_err(|error| cx.error(error, expected::name))
    }

    /// ```text
    /// capability   =  capa-tag *(SP param) CRLF   ;512 octets maximum
    /// capa-tag     =  1*cchar
    /// cchar        =  %x21-2D / %x2F-7F
    ///                     ;printable ASCII, excluding "."
    /// ```
    ///
    /// Without the CRLF.
    pub(crate) fn rule(cx: &Context<'_>, line: &[u8]) -> Result<Self, nom::Err<Failure>> {
        // the common form: a name and no arguments
        if VCHAR.run(line) == line.len() {
            if let Some(Some(capability)) = Self::registered(cx, line, b"") {
                return Ok(capability);
            }
        }
        if let Some(at) = TEXT.first_outside(line) {
            // mended first, so that what is kept is what it will be parsed as
            if !cx.tolerates(Tolerance::Default, rule::ILLEGAL_TEXT, line) {
                return Err(Failure::at(&line[at..], expected::CAPABILITY, ParseErrorKind::IllegalOctet));
            }
            let mended = Text::repaired(cx.keep(line)).0.to_bytes();
            let mended_cx = Context::new(&mended, cx.tolerance());
            return Self::rule(&mended_cx, &mended)
                .or_else(|_| fail(line, expected::CAPABILITY).map(|(_, x)| x));
        }
        let line = crate::scan_listing::leading_space(cx, line);
        let name = &line[..name_len(line)];
        if name.is_empty() {
            return fail(line, expected::CAPABILITY).map(|(_, never)| never);
        }
        let mut arguments = &line[name.len()..];
        if arguments.last() == Some(&b' ') {
            let end = arguments.iter().rposition(|&o| o != b' ').map_or(0, |last| last + 1);
            if cx.tolerates(Tolerance::Default, rule::TRAILING_SPACE, &arguments[end..]) {
                arguments = &arguments[..end];
            }
        }
        if VCHAR.run(name) == name.len() {
            match Self::registered(cx, name, arguments) {
                Some(Some(capability)) => return Ok(capability),
                Some(None) => cx.repair(rule::CAPABILITY_ARGUMENTS, arguments),
                None => {}
            }
        }
        let kept = cx.keep(&line[..name.len() + arguments.len()]);
        Ok(Self::Other(OtherCapability { line: kept, name_len: name.len() }))
    }

    /// The line, with its CRLF.
    pub(crate) fn encode(&self, output: &mut Output) {
        output.put(self.name());
        self.encode_arguments(output);
        output.put(b"\r\n");
    }

    /// Any capability, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let words = "[!-~]{1,9}( [!-~]{1,9}){0,3}";
        prop_oneof![
            proptest::sample::select(
                &[
                    Self::Top,
                    Self::User,
                    Self::RespCodes,
                    Self::Pipelining,
                    Self::Uidl,
                    Self::Stls,
                    Self::AuthRespCode,
                    Self::Lang,
                    Self::Utf8(true),
                    Self::Utf8(false),
                ][..]
            ),
            proptest::collection::vec(Mechanism::strategy(), 0..5)
                .prop_map(|names| Self::Sasl(Mechanisms::new(names))),
            any::<(u32, bool)>().prop_map(|(value, user)| Self::LoginDelay(PerUser { value, user })),
            any::<(Option<u32>, bool)>().prop_map(|(days, user)| Self::Expire(PerUser {
                value: days.map_or(Expire::Never, Expire::Days),
                user
            })),
            words.prop_map(|text| Self::Implementation(Text::repaired(text.into()).0)),
            "X[!-~]{0,20}( [!-~]{1,9}){0,3}".prop_filter_map("name", |line| Self::new(line).ok()),
        ]
    }
}

fn sasl(cx: &Context<'_>, arguments: &[u8]) -> Option<Capability> {
    let names = cx.keep(arguments.strip_prefix(b" ").unwrap_or_default());
    Text::new(names).ok().map(|names| Capability::Sasl(Mechanisms(names)))
}

fn encode_sasl(mechanisms: &Mechanisms, output: &mut Output) {
    if !mechanisms.0.is_empty() {
        output.put(b" ");
        output.put(mechanisms.0.as_bytes());
    }
}

/// `[SP "USER"]` to the end.
fn per_user(i: &[u8]) -> Option<bool> {
    match i {
        b"" => Some(false),
        _ => i.eq_ignore_ascii_case(b" USER").then_some(true),
    }
}

fn login_delay(_: &Context<'_>, arguments: &[u8]) -> Option<Capability> {
    let (rest, value) = number32(arguments.strip_prefix(b" ")?).ok()?;
    Some(Capability::LoginDelay(PerUser { value, user: per_user(rest)? }))
}

fn encode_user(user: bool, output: &mut Output) {
    if user {
        output.put(b" USER");
    }
}

fn encode_login_delay(delay: &PerUser<u32>, output: &mut Output) {
    output.put(b" ");
    output.put_number(delay.value.into());
    encode_user(delay.user, output);
}

fn expire(_: &Context<'_>, arguments: &[u8]) -> Option<Capability> {
    let argument = arguments.strip_prefix(b" ")?;
    let (rest, value) = match argument.split_first_chunk::<5>() {
        Some((never, rest)) if never.eq_ignore_ascii_case(b"NEVER") => (rest, Expire::Never),
        _ => number32(argument).ok().map(|(rest, days)| (rest, Expire::Days(days)))?,
    };
    Some(Capability::Expire(PerUser { value, user: per_user(rest)? }))
}

fn encode_expire(expire: &PerUser<Expire>, output: &mut Output) {
    output.put(b" ");
    match expire.value {
        Expire::Never => output.put(b"NEVER"),
        Expire::Days(days) => output.put_number(days.into()),
    }
    encode_user(expire.user, output);
}

fn implementation(cx: &Context<'_>, arguments: &[u8]) -> Option<Capability> {
    Text::new(cx.keep(arguments.strip_prefix(b" ")?)).ok().map(Capability::Implementation)
}

fn encode_implementation(text: &Text, output: &mut Output) {
    output.put(b" ");
    output.put(text.as_bytes());
}

fn utf8(_: &Context<'_>, arguments: &[u8]) -> Option<Capability> {
    per_user(arguments).map(Capability::Utf8)
}

fn encode_utf8(user: &bool, output: &mut Output) {
    encode_user(*user, output);
}

/// What a server can do (RFC 2449 section 5), in the order in which it said so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Capabilities(Vec<Capability>);

impl Capabilities {
    /// Whether a capability of this name is among them, compared without case.
    ///
    /// ```
    /// use pop3_proto::{Capabilities, Capability};
    ///
    /// let offered: Capabilities = [Capability::Top, Capability::Pipelining].into_iter().collect();
    /// assert!(offered.has("pipelining"));
    /// assert!(!offered.has("UIDL"));
    /// ```
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|capability| capability.name().eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Whether the SASL capability lists this mechanism.
    #[must_use]
    pub fn has_mechanism(&self, mechanism: Mechanism) -> bool {
        self.mechanisms().any(|offered| offered == mechanism)
    }

    /// The mechanisms of the SASL capability.
    pub fn mechanisms(&self) -> impl Iterator<Item = Mechanism> {
        let lists =
            self.0.iter().filter_map(|c| if let Capability::Sasl(list) = c { Some(list) } else { None });
        lists.flat_map(Mechanisms::iter)
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        self.iter().map(Capability::detach).collect()
    }

    /// The least seconds between logins (LOGIN-DELAY).
    #[must_use]
    pub fn login_delay(&self) -> Option<PerUser<u32>> {
        self.0.iter().find_map(|c| if let Capability::LoginDelay(delay) = c { Some(*delay) } else { None })
    }

    /// How long messages are kept at least (EXPIRE).
    #[must_use]
    pub fn expire(&self) -> Option<PerUser<Expire>> {
        self.0.iter().find_map(|c| if let Capability::Expire(expire) = c { Some(*expire) } else { None })
    }

    /// Which software the server is (IMPLEMENTATION).
    #[must_use]
    pub fn implementation(&self) -> Option<&Text> {
        self.0.iter().find_map(|c| if let Capability::Implementation(text) = c { Some(text) } else { None })
    }

    /// Whether names and passwords may be UTF-8 (`UTF8 USER`).
    #[must_use]
    pub fn has_utf8_user(&self) -> bool {
        self.0.contains(&Capability::Utf8(true))
    }

    /// All of them.
    pub fn iter(&self) -> core::slice::Iter<'_, Capability> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn push(&mut self, capability: Capability) {
        if self.0.is_empty() {
            // most servers have about a dozen
            self.0.reserve(16);
        }
        self.0.push(capability);
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(capabilities: I) -> Self {
        Self(capabilities.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a Capabilities {
    type Item = &'a Capability;
    type IntoIter = core::slice::Iter<'a, Capability>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    fn bytes(capability: &Capability) -> Bytes {
        let mut output = Output::new();
        capability.encode(&mut output);
        output.take_all()
    }

    fn tolerant(line: &'static str) -> (Capability, Vec<&'static str>) {
        let frame = Bytes::from_static(line.as_bytes());
        let cx = Context::new(&frame, Tolerance::Default);
        let capability = Capability::rule(&cx, &frame).unwrap();
        (capability, cx.into_repairs().iter().map(|d| d.rule.0).collect())
    }

    fn days(days: u32, user: bool) -> Capability {
        Capability::Expire(PerUser { value: Expire::Days(days), user })
    }

    #[test]
    fn every_registered_name_is_typed() {
        for name in Capability::KEYWORDS {
            let line = match *name {
                "LOGIN-DELAY" | "EXPIRE" => alloc::format!("{name} 900"),
                "IMPLEMENTATION" => alloc::format!("{name} x"),
                _ => name.to_string(),
            };
            let capability = Capability::new(line.clone()).unwrap();
            assert!(!matches!(capability, Capability::Other(_)), "{line}");
            assert_eq!(Capability::new(line.to_lowercase()).unwrap(), capability);
            assert_eq!(bytes(&capability), alloc::format!("{line}\r\n"));
        }
    }

    #[test]
    fn case_138() {
        for (line, capability, rules) in [
            ("EXPIRE NEVER", Capability::Expire(PerUser { value: Expire::Never, user: false }), &[][..]),
            ("EXPIRE 30 USER", days(30, true), &[]),
            ("expire 0", days(0, false), &[]),
            ("LOGIN-DELAY 900 USER", Capability::LoginDelay(PerUser { value: 900, user: true }), &[]),
            ("SASL", Capability::Sasl(Mechanisms::default()), &[]),
            ("UTF8 USER", Capability::Utf8(true), &[]),
            ("UTF8", Capability::Utf8(false), &[]),
            ("TOP ", Capability::Top, &["trailing-space"]),
            ("stls", Capability::Stls, &[]),
        ] {
            let (parsed, repairs) = tolerant(line);
            assert_eq!((&parsed, &repairs[..]), (&capability, rules), "{line}");
        }
    }

    #[test]
    fn what_is_not_typed_is_kept() {
        for (line, rules) in [
            ("LOGIN-DELAY x", &["capability-arguments"][..]),
            ("LOGIN-DELAY", &["capability-arguments"]),
            ("LOGIN-DELAY 99999999999", &["capability-arguments"]),
            ("EXPIRE NEVERMORE", &["capability-arguments"]),
            ("TOP of the world", &["capability-arguments"]),
            ("EXPIRE30", &[]),
            ("CAPA", &[]),
            ("X-\u{fc}ber option", &[]),
        ] {
            let (parsed, repairs) = tolerant(line);
            assert!(matches!(parsed, Capability::Other(_)), "{line}");
            assert_eq!(bytes(&parsed), alloc::format!("{line}\r\n"));
            assert_eq!(repairs, rules, "{line}");
        }
    }

    #[test]
    fn what_was_mended_is_read_as_it_then_stands() {
        let (capability, repairs) = tolerant("SASL\0PLAIN");
        assert!(matches!(capability, Capability::Sasl(_)));
        assert_eq!(repairs, ["illegal-text"]);
        assert_eq!(tolerant("\0TOP").0, Capability::Top);
        for line in ["\0", "\r."] {
            let frame = Bytes::from_static(line.as_bytes());
            let cx = Context::new(&frame, Tolerance::Lenient);
            assert!(Capability::rule(&cx, &frame).is_err(), "{line:?}");
        }
    }

    #[test]
    fn mechanisms_are_compared_whole() {
        let Capability::Sasl(offered) = Capability::new("SASL plain-clienttoken scram-sha-1 b@d").unwrap()
        else {
            panic!("not typed");
        };
        assert!(!offered.contains(Mechanism::new("PLAIN").unwrap()));
        assert!(offered.contains(Mechanism::new("SCRAM-SHA-1").unwrap()));
        assert_eq!((offered.iter().count(), offered.words().count()), (2, 3));
    }

    #[test]
    fn nothing_that_would_end_the_reply_gets_in() {
        for bad in ["", ".", ".x", " ", "X\r\nY", "X\0"] {
            assert!(Capability::new(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(capability in Capability::strategy()) {
            prop_assert_eq!(Capability::parse(&bytes(&capability)).unwrap(), capability);
        }

        #[test]
        fn anything_accepted_encodes_to_an_equal_value(line in "[A-Za-z0-9 .=\\x00-]{0,30}|(EXPIRE|SASL|LOGIN-DELAY|UTF8) ?[A-Z0-9 \\x00]{0,9}") {
            let frame = Bytes::from(line);
            let cx = Context::new(&frame, Tolerance::Lenient);
            if let Ok(capability) = Capability::rule(&cx, &frame) {
                prop_assert_eq!(Capability::parse(&bytes(&capability)).unwrap(), capability);
            }
        }
    }
}
