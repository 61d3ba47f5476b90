//! POP URLs (RFC 2384).

use crate::UserName;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use wire::class::{ALPHA, DIGIT};
use wire::number::number32;
use wire::parse::expected as shared;
use wire::{Misuse, ParseError, ParseErrorKind};

/// Where a maildrop is (RFC 2384), as in `pop://rg;AUTH=+APOP@mail.eudora.com:8110`.
///
/// ```
/// use pop3_proto::{PopUrl, UrlAuth};
///
/// let url = PopUrl::parse("pop://rg;AUTH=+APOP@mail.eudora.com:8110")?;
/// assert_eq!(url.host(), "mail.eudora.com");
/// assert_eq!(url.port(), 8110);
/// assert_eq!(url.user().unwrap().as_bytes(), b"rg");
/// assert_eq!(url.auth(), &UrlAuth::Apop);
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PopUrl {
    user: Option<UserName>,
    auth: UrlAuth,
    host: String,
    port: Option<u16>,
}

/// How a [`PopUrl`] says to log in (RFC 2384 section 4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum UrlAuth {
    /// Nothing is said: as `AUTH=*` if there is a user, else anonymous or as the client likes.
    #[default]
    Unspecified,
    /// `;AUTH=*`: any way.
    Any,
    /// `;AUTH=+APOP`.
    Apop,
    /// `;AUTH=+...`: another way that is not SASL.
    Extension(#[cfg_attr(feature = "serde", serde(with = "wire::octets"))] Vec<u8>),
    /// `;AUTH=...`: a SASL mechanism.
    Sasl(#[cfg_attr(feature = "serde", serde(with = "wire::octets"))] Vec<u8>),
}

impl PopUrl {
    /// The port of POP3.
    pub const PORT: u16 = 110;

    /// From its parts; `port` 110 is left out.
    ///
    /// # Errors
    /// The host is neither a name nor an address (IPv6 in brackets).
    ///
    /// ```
    /// use pop3_proto::{PopUrl, UrlAuth, UserName};
    ///
    /// let url = PopUrl::new(Some((UserName::new("rg")?, UrlAuth::Apop)), "mail.eudora.com", 8110)?;
    /// assert_eq!(url.to_string(), "pop://rg;AUTH=+APOP@mail.eudora.com:8110");
    /// # Ok::<(), wire::Misuse>(())
    /// ```
    pub fn new(user: Option<(UserName, UrlAuth)>, host: &str, port: u16) -> Result<Self, Misuse> {
        if !is_host(host.as_bytes()) {
            return Err(Misuse::Invalid("host"));
        }
        let (user, auth) = user.map_or((None, UrlAuth::Unspecified), |(user, auth)| (Some(user), auth));
        Ok(Self { user, auth, host: host.into(), port: (port != Self::PORT).then_some(port) })
    }

    /// Who the user is, decoded.
    #[must_use]
    pub const fn user(&self) -> Option<&UserName> {
        self.user.as_ref()
    }

    /// How to log in.
    #[must_use]
    pub const fn auth(&self) -> &UrlAuth {
        &self.auth
    }

    /// The host: a name, an IPv4 address, or an IPv6 address in brackets (RFC 3986).
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, 110 unless the URL has another.
    #[must_use]
    pub const fn port(&self) -> u16 {
        match self.port {
            Some(port) => port,
            None => Self::PORT,
        }
    }

    /// Parses a URL.
    ///
    /// ```text
    /// achar            = uchar / "&" / "=" / "~"
    /// auth             = ";AUTH=" ( "*" / enc-auth-type )
    /// enc-auth-type    = enc-sasl / enc-ext
    /// enc-ext          = "+" ("APOP" / 1*achar)
    /// enc-sasl         = 1*achar
    /// enc-user         = 1*achar
    /// pop-url          = "pop://" server
    /// server           = [user-auth "@"] hostport
    /// user-auth        = enc-user [auth]
    /// ```
    ///
    /// `uchar` and `hostport` are those of RFC 1738; hosts may also be IPv6 literals in brackets. One slash
    /// at the end is passed over.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(url: &str) -> Result<Self, ParseError> {
        let i = url.as_bytes();
        let at = |offset: usize, expected, kind| ParseError {
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
            expected,
            kind,
            got: i.get(offset).copied(),
        };
        let syntax = |offset, expected| at(offset, expected, ParseErrorKind::Syntax);
        let server = match i.split_first_chunk::<6>() {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case(b"pop://") => rest,
            _ => return Err(syntax(0, "pop://")),
        };
        let server = server.strip_suffix(b"/").unwrap_or(server);
        let (user, auth, host_port) = match memchr::memrchr(b'@', server) {
            None => (None, UrlAuth::Unspecified, server),
            Some(sign) => {
                let (user_auth, host_port) = (&server[..sign], &server[sign + 1..]);
                let end = memchr::memchr(b';', user_auth).unwrap_or(user_auth.len());
                let user = decode(&user_auth[..end]).map_err(|o| syntax(6 + o, "user name"))?;
                let user = UserName::new(user).map_err(|_| syntax(6, "user name"))?;
                let auth = parse_auth(&user_auth[end..]).map_err(|o| syntax(6 + end + o, ";AUTH="))?;
                (Some(user), auth, host_port)
            }
        };
        let start = 6 + server.len() - host_port.len();
        let host_end = match host_port.strip_prefix(b"[") {
            Some(literal) => memchr::memchr(b']', literal).map_or(0, |end| end + 2),
            None => memchr::memchr(b':', host_port).unwrap_or(host_port.len()),
        };
        let (host, port) = host_port.split_at(host_end);
        if !is_host(host) {
            return Err(syntax(start, "host"));
        }
        let port = match port.strip_prefix(b":") {
            None if port.is_empty() => None,
            None => return Err(syntax(start + host_end, "port")),
            Some(digits) => match number32(digits).map(|(rest, n)| (rest, u16::try_from(n))) {
                Ok((b"", Ok(port))) => Some(port),
                _ => {
                    let name = shared::name(shared::NUMBER);
                    return Err(at(start + host_end + 1, name, ParseErrorKind::Range));
                }
            },
        };
        let host = String::from_utf8_lossy(host).into_owned();
        Ok(Self { user, auth, host, port })
    }

    /// Any URL, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let auth = prop_oneof![
            Just(UrlAuth::Unspecified),
            Just(UrlAuth::Any),
            Just(UrlAuth::Apop),
            "[A-Z0-9@; -]{1,9}".prop_map(|name| UrlAuth::Sasl(name.into())),
            "[A-Z0-9@; -]{1,9}"
                .prop_filter("has a variant of its own", |name| name != "APOP")
                .prop_map(|name| UrlAuth::Extension(name.into())),
        ];
        let user = "[ -~\u{a1}-\u{17f}]{1,20}".prop_filter_map("name", |name| UserName::new(name).ok());
        let host = "[a-z0-9.-]{1,20}|\\[[0-9a-f:.]{2,20}\\]";
        (proptest::option::of((user, auth)), host, proptest::option::of(any::<u16>())).prop_map(
            |(login, host, port)| {
                let (user, auth) = login.map_or((None, UrlAuth::Unspecified), |(u, a)| (Some(u), a));
                Self { user, auth, host, port }
            },
        )
    }
}

fn is_host(host: &[u8]) -> bool {
    match host.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) {
        Some(address) => {
            !address.is_empty() && address.iter().all(|&o| o.is_ascii_hexdigit() || matches!(o, b':' | b'.'))
        }
        None => {
            !host.is_empty()
                && host.iter().all(|&o| ALPHA.or(DIGIT).has(o) || matches!(o, b'-' | b'.' | b'_'))
        }
    }
}

/// `Err` holds the offset in `i`.
fn parse_auth(i: &[u8]) -> Result<UrlAuth, usize> {
    if i.is_empty() {
        return Ok(UrlAuth::Unspecified);
    }
    let kind = match i.split_first_chunk::<6>() {
        Some((name, kind)) if name.eq_ignore_ascii_case(b";AUTH=") => kind,
        _ => return Err(0),
    };
    match kind.split_first() {
        None => Err(6),
        Some((b'*', [])) => Ok(UrlAuth::Any),
        Some((b'+', name)) => match decode(name).map_err(|at| 7 + at)? {
            name if name.eq_ignore_ascii_case(b"APOP") => Ok(UrlAuth::Apop),
            name => Ok(UrlAuth::Extension(name)),
        },
        Some(_) => decode(kind).map(UrlAuth::Sasl).map_err(|at| 6 + at),
    }
}

/// `achar` without escapes: `unreserved / "&" / "=" / "~"` of RFC 2384 and RFC 1738, without the `+` that
/// starts an extension.
fn is_plain(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"$-_.!*'(),&=~".contains(&octet)
}

/// Undoes the escapes of one or more `achar`. `Err` holds the offset in `i`.
fn decode(i: &[u8]) -> Result<Vec<u8>, usize> {
    let mut decoded = Vec::with_capacity(i.len());
    let mut at = 0;
    while let Some(&octet) = i.get(at) {
        match (octet, i.get(at + 1..at + 3)) {
            (b'%', Some([high, low])) => {
                let digit = |octet: u8| (octet as char).to_digit(16).and_then(|d| u8::try_from(d).ok());
                match (digit(*high), digit(*low)) {
                    (Some(high), Some(low)) if high << 4 | low != 0 => decoded.push(high << 4 | low),
                    _ => return Err(at),
                }
                at += 3;
            }
            (plain, _) if is_plain(plain) || plain == b'+' => {
                decoded.push(plain);
                at += 1;
            }
            _ => return Err(at),
        }
    }
    if decoded.is_empty() { Err(at) } else { Ok(decoded) }
}

/// Octets as `achar`, escaped where needed.
struct Escaped<'a>(&'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &octet in self.0 {
            if is_plain(octet) && octet != b'*' {
                write!(f, "{}", octet as char)?;
            } else {
                write!(f, "%{octet:02X}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for PopUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pop://")?;
        if let Some(user) = &self.user {
            write!(f, "{}", Escaped(user.as_bytes()))?;
            match &self.auth {
                UrlAuth::Unspecified => {}
                UrlAuth::Any => f.write_str(";AUTH=*")?,
                UrlAuth::Apop => f.write_str(";AUTH=+APOP")?,
                UrlAuth::Extension(name) => write!(f, ";AUTH=+{}", Escaped(name))?,
                UrlAuth::Sasl(name) => write!(f, ";AUTH={}", Escaped(name))?,
            }
            f.write_str("@")?;
        }
        f.write_str(&self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_rfc() {
        let url = PopUrl::parse("pop://rg@mailsrv.qualcomm.com").unwrap();
        assert_eq!((url.user().unwrap().as_bytes(), url.port()), (&b"rg"[..], 110));
        assert_eq!((url.host(), url.auth()), ("mailsrv.qualcomm.com", &UrlAuth::Unspecified));
        let url = PopUrl::parse("pop://rg;AUTH=+APOP@mail.eudora.com:8110").unwrap();
        assert_eq!((url.port(), url.auth()), (8110, &UrlAuth::Apop));
        let url = PopUrl::parse("pop://baz;AUTH=SCRAM-MD5@foo.bar").unwrap();
        assert_eq!(url.auth(), &UrlAuth::Sasl(b"SCRAM-MD5".to_vec()));
        let url = PopUrl::parse("POP://us%65r%40home;auth=*@[::1]:1110/").unwrap();
        assert_eq!((url.user().unwrap().as_bytes(), url.host()), (&b"user@home"[..], "[::1]"));
        assert_eq!(url.to_string(), "pop://user%40home;AUTH=*@[::1]:1110");
        assert_eq!(PopUrl::parse("pop://u;AUTH=+%41POP@h").unwrap().auth(), &UrlAuth::Apop);
    }

    #[test]
    fn errors_say_where() {
        for (url, offset) in [
            ("", 0),
            ("imap://x", 0),
            ("pop://", 6),
            ("pop://@host", 6),
            ("pop://a%zz@host", 7),
            ("pop://a%00@host", 7),
            ("pop://a%0d%0aDELE@host", 6),
            ("pop://a%20b%0d%0aDELE%201@host", 6),
            ("pop://a;AUTX=x@host", 7),
            ("pop://a;AUTH=@host", 13),
            ("pop://a;AUTH=+@host", 14),
            ("pop://a@", 8),
            ("pop://a@host:", 13),
            ("pop://host:65536", 11),
            ("pop://host:x", 11),
            ("pop://[::1", 6),
            ("pop://ho st", 6),
            ("pop://host/path", 6),
        ] {
            let error = PopUrl::parse(url).unwrap_err();
            assert_eq!(error.offset, offset, "{url}: {error}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(url in PopUrl::strategy()) {
            let text = url.to_string();
            prop_assert_eq!(PopUrl::parse(&text), Ok(url), "{}", text);
        }

        #[test]
        fn never_panics(url in "(pop://)?[ -~]{0,40}") {
            if let Ok(parsed) = PopUrl::parse(&url) {
                prop_assert_eq!(PopUrl::parse(&parsed.to_string()), Ok(parsed));
            }
        }
    }
}
