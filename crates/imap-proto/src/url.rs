//! IMAP URLs.

use crate::core::syntax::expected;
use crate::core::{Context, IString, Mailbox, syntax};
use ::core::fmt;
use ::core::num::{NonZeroU32, NonZeroU64};
use ::core::ops::Range;
use ::core::str::FromStr;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::parse::{Failure, Parsed, fail};
use wire::{Misuse, ParseError, ParseErrorKind, Tolerance};

/// An IMAP URL (RFC 5092, with URLAUTH; the forms of RFC 2192 are read too): a server, a list of messages, a message or a part of one;
/// absolute or relative. It is kept as it was written: a URL with a token is only good as it is.
///
/// ```
/// use imap_proto::{ImapUrl, UrlAccess};
///
/// let url: ImapUrl = "imap://joe@example.com/INBOX/;uid=20/;section=1.2;urlauth=submit+fred".parse()?;
/// assert_eq!((url.host(), url.uid().map(|uid| uid.get())), (Some("example.com"), Some(20)));
/// assert_eq!(url.section().as_deref(), Some(&b"1.2"[..]));
/// assert_eq!(url.access(), Some(UrlAccess::Submit(b"fred"[..].into())));
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Clone)]
pub struct ImapUrl {
    text: Bytes,
    parts: Box<Parts>,
}

/// Which form a URL has (RFC 5092 section 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UrlForm {
    /// `imap://server/...`
    Absolute,
    /// `//server/...`
    NetworkPath,
    /// `/mailbox...`
    AbsolutePath,
    /// `;UID=1`, `mailbox/;UID=1` and the like. RFC 5092 section 7.2 forbids them where no base is defined.
    RelativePath,
    /// Nothing: the same as the base.
    Empty,
}

/// How to authenticate at the server of a URL (RFC 5092 section 3.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum UrlAuth {
    /// `;AUTH=*`: with any mechanism.
    Any,
    /// `;AUTH=...`: with this SASL mechanism.
    Mechanism(Vec<u8>),
}

/// Who may use a URL (RFC 5092 section 6.1.1, RFC 5593).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UrlAccess {
    /// `submit+user`: the user's submission server.
    Submit(Vec<u8>),
    /// `user+user`: the user.
    User(Vec<u8>),
    /// `authuser`: whoever has logged in, not anonymously.
    AuthUser,
    /// `anonymous`: everyone.
    Anonymous,
    /// `stream`: a media server (RFC 5616).
    Stream,
    /// Another application, maybe for a user.
    Other(Vec<u8>, Option<Vec<u8>>),
}

/// A part of the content: from this octet on, so many octets or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UrlPartial {
    /// The first octet.
    pub offset: u64,
    /// How many; `None`: all that follow.
    pub length: Option<NonZeroU64>,
}

/// A place in the text.
type Span = Option<(u32, u32)>;

#[derive(Debug, Clone, Default)]
struct Parts {
    form: Option<UrlForm>,
    user: Span,
    auth: Span,
    host: Span,
    port: Option<u16>,
    path: u32,
    mailbox: Span,
    uid_validity: Option<NonZeroU32>,
    search: Span,
    list_type: Span,
    uid: Option<NonZeroU32>,
    section: Span,
    partial: Option<UrlPartial>,
    expire: Span,
    access: Span,
    mechanism: Span,
    token: Span,
}

/// `uchar = unreserved / sub-delims-sh / pct-encoded`, `%` for the latter.
fn is_uchar(o: u8) -> bool {
    o.is_ascii_alphanumeric() || b"-._~!$'()*+,%".contains(&o)
}

/// `achar = uchar / "&" / "="`
fn is_achar(o: u8) -> bool {
    is_uchar(o) || matches!(o, b'&' | b'=')
}

/// `bchar = achar / ":" / "@" / "/"`
fn is_bchar(o: u8) -> bool {
    is_achar(o) || matches!(o, b':' | b'@' | b'/')
}

/// Octets of a class, percent-encoded ones whole.
fn run(i: &[u8], class: fn(u8) -> bool) -> Parsed<'_, &[u8]> {
    let mut len = 0;
    loop {
        match &i[len..] {
            [b'%', first, second, ..] if first.is_ascii_hexdigit() && second.is_ascii_hexdigit() => len += 3,
            [b'%', ..] => return fail(&i[len..], expected::URL),
            [o, ..] if class(*o) => len += 1,
            _ => return Ok((&i[len..], &i[..len])),
        }
    }
}

fn run1(i: &[u8], class: fn(u8) -> bool) -> Parsed<'_, &[u8]> {
    match run(i, class) {
        Ok((_, [])) => fail(i, expected::URL),
        found => found,
    }
}

fn decode(octets: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'%', octets).is_none() {
        return Cow::Borrowed(octets);
    }
    let digit = |o: u8| char::from(o).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut decoded = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let [first, behind @ ..] = rest {
        rest = behind;
        if let (b'%', [high, low, behind @ ..]) = (first, behind) {
            if let (Some(high), Some(low)) = (digit(*high), digit(*low)) {
                decoded.push(high << 4 | low);
                rest = behind;
                continue;
            }
        }
        decoded.push(*first);
    }
    Cow::Owned(decoded)
}

/// Percent-encodes what is not of the class.
fn encode(octets: &[u8], class: fn(u8) -> bool, text: &mut String) {
    for &o in octets {
        if o != b'%' && class(o) {
            text.push(char::from(o));
        } else {
            // writing to a String cannot fail
            let _ = fmt::Write::write_fmt(text, format_args!("%{o:02X}"));
        }
    }
}

/// `date-time` of RFC 3339.
fn date_time(i: &[u8]) -> Parsed<'_, &[u8]> {
    const FORM: &[u8] = b"0000-00-00T00:00:00";
    let matches = |o: u8, form: u8| match form {
        b'0' => o.is_ascii_digit(),
        form => o.eq_ignore_ascii_case(&form),
    };
    let Some(front) = i.get(..FORM.len()) else { return fail(i, expected::DATE_TIME) };
    if !front.iter().zip(FORM).all(|(&o, &form)| matches(o, form)) {
        return fail(i, expected::DATE_TIME);
    }
    let mut rest = &i[FORM.len()..];
    if let [b'.', o, ..] = rest {
        if o.is_ascii_digit() {
            let len = rest[1..].iter().take_while(|o| o.is_ascii_digit()).count();
            rest = &rest[1 + len..];
        }
    }
    rest = match rest {
        [b'Z' | b'z', rest @ ..] => rest,
        [b'+' | b'-', a, b, b':', c, d, rest @ ..] if [a, b, c, d].iter().all(|o| o.is_ascii_digit()) => rest,
        _ => return fail(rest, expected::DATE_TIME),
    };
    Ok((rest, &i[..i.len() - rest.len()]))
}

impl ImapUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// Where and why it is none.
    pub fn parse(text: impl Into<Bytes>) -> Result<Self, ParseError> {
        let text = text.into();
        let parsed = Self::rule(&text);
        match parsed {
            Ok(parts) => Ok(Self { text, parts: Box::new(parts) }),
            Err(error) => Err(Context::new(&text, Tolerance::Strict).error(error, expected::name)),
        }
    }

    /// ```text
    /// imapurl          = "imap://" iserver ipath-query
    /// imapurl-rel      = inetwork-path / iabsolute-path / irelative-path / ipath-empty
    /// inetwork-path    = "//" iserver ipath-query
    /// iabsolute-path   = "/" [ icommand ]               ; icommand, if present, MUST NOT start with '/'.
    /// ipath-query      = ["/" [ icommand ]]
    /// iserver          = [iuserinfo "@"] host [ ":" port ]
    /// iuserinfo        = enc-user [iauth] / [enc-user] iauth
    /// iauth            = ";AUTH=" ( "*" / enc-auth-type )
    /// ```
    fn rule(text: &[u8]) -> Result<Parts, nom::Err<Failure>> {
        let mut parts = Parts::default();
        if u32::try_from(text.len()).is_err() {
            return Err(Failure::at(text, expected::URL, ParseErrorKind::TooLong));
        }
        let at = |i: &[u8]| u32::try_from(text.len() - i.len()).unwrap_or(u32::MAX);
        let span = |part: &[u8], behind: &[u8]| {
            let end = text.len() - behind.len();
            Some((u32::try_from(end - part.len()).ok()?, u32::try_from(end).ok()?))
        };
        let (form, server) = if let Some(server) = syntax::after(text, b"IMAP://") {
            (UrlForm::Absolute, Some(server))
        } else if let Some(server) = text.strip_prefix(b"//") {
            (UrlForm::NetworkPath, Some(server))
        } else if text.starts_with(b"/") {
            (UrlForm::AbsolutePath, None)
        } else if text.is_empty() {
            (UrlForm::Empty, None)
        } else {
            (UrlForm::RelativePath, None)
        };
        parts.form = Some(form);
        let mut i = text;
        if let Some(server) = server {
            i = server;
            let len = i.iter().position(|o| matches!(o, b'/' | b'?')).unwrap_or(i.len());
            if memchr::memchr(b'@', &i[..len]).is_some() {
                let (rest, user) = run(i, is_achar)?;
                if !user.is_empty() {
                    parts.user = span(user, rest);
                }
                i = rest;
                if let Some(mechanism) = syntax::after(i, b";AUTH=") {
                    let (rest, mechanism) = run1(mechanism, is_achar)?;
                    parts.auth = span(mechanism, rest);
                    i = rest;
                } else if user.is_empty() {
                    return Err(Failure::at(i, expected::URL, ParseErrorKind::Syntax));
                }
                i = syntax::octet(i, b'@', expected::URL)?.0;
            }
            let (mut rest, host) = if i.starts_with(b"[") {
                let address = |o: u8| o.is_ascii_hexdigit() || matches!(o, b':' | b'.' | b'v' | b'V');
                let len = 1 + i[1..].iter().take_while(|&&o| address(o)).count();
                let (rest, ()) = syntax::octet(&i[len..], b']', expected::URL)?;
                (rest, &i[..=len])
            } else {
                // a registered name may have sub-delims too
                run1(i, is_achar)?
            };
            parts.host = span(host, rest);
            if let Some(port) = rest.strip_prefix(b":") {
                rest = port;
                if port.first().is_some_and(u8::is_ascii_digit) {
                    let (behind, number) = wire::number::number32(port)?;
                    let number = u16::try_from(number);
                    parts.port = Some(number.map_err(|_| {
                        Failure::at(port, wire::parse::expected::NUMBER, ParseErrorKind::Range)
                    })?);
                    rest = behind;
                }
            }
            i = rest;
        }
        parts.path = at(i);
        match i {
            [] => return Ok(parts),
            [b'/', command @ ..] => i = command,
            _ if form == UrlForm::RelativePath => {
                // what has a scheme is a URL of another kind
                let first = i.iter().find(|o| matches!(o, b':' | b'/' | b';' | b'?'));
                if first == Some(&b':') {
                    return Err(Failure::at(i, expected::URL, ParseErrorKind::Syntax));
                }
            }
            _ => return Err(Failure::at(i, expected::URL, ParseErrorKind::Syntax)),
        }
        if i.is_empty() {
            return Ok(parts);
        }
        if form != UrlForm::RelativePath && i.starts_with(b"/") {
            return Err(Failure::at(i, expected::URL, ParseErrorKind::Syntax));
        }
        Self::command(i, &mut parts, &span)?;
        Ok(parts)
    }

    /// ```text
    /// icommand         = imessagelist / imessagepart [iurlauth]
    /// imessagelist     = imailbox-ref [ "?" enc-search ]
    /// imessagepart     = imailbox-ref iuid [isection] [ipartial]
    /// imailbox-ref     = enc-mailbox [uidvalidity]
    /// uidvalidity      = ";UIDVALIDITY=" nz-number
    /// iuid             = "/" ";UID=" nz-number
    /// isection         = "/" ";SECTION=" enc-section
    /// ipartial         = "/" ";PARTIAL=" partial-range
    /// partial-range    = number ["." nz-number]
    /// iurlauth         = iurlauth-rump iua-verifier
    /// iua-verifier     = ":" uauth-mechanism ":" enc-urlauth
    /// iurlauth-rump    = [expire] ";URLAUTH=" access
    /// expire           = ";EXPIRE=" date-time
    /// ```
    fn command(
        mut i: &[u8],
        parts: &mut Parts,
        span: &dyn Fn(&[u8], &[u8]) -> Span,
    ) -> Result<(), nom::Err<Failure>> {
        let relative = parts.form == Some(UrlForm::RelativePath);
        let uid_validity = |i: &[u8], parts: &mut Parts| -> Result<usize, nom::Err<Failure>> {
            match syntax::after(i, b";UIDVALIDITY=") {
                Some(number) => {
                    let (rest, number) = syntax::nz_number(number)?;
                    parts.uid_validity = Some(number);
                    Ok(i.len() - rest.len())
                }
                None => Ok(0),
            }
        };
        // the mailbox: a slash before a semicolon is not of it
        let (mut rest, mut mailbox) = run(i, is_bchar)?;
        if rest.starts_with(b";") && mailbox.ends_with(b"/") {
            mailbox = &mailbox[..mailbox.len() - 1];
            rest = &i[mailbox.len()..];
        }
        if decode(mailbox).iter().any(|o| matches!(o, b'\r' | b'\n' | 0)) {
            return Err(Failure::at(i, expected::MAILBOX, ParseErrorKind::IllegalOctet));
        }
        if !mailbox.is_empty() {
            parts.mailbox = span(mailbox, rest);
        } else if !relative && syntax::after(rest, b";TYPE=").is_none() {
            return Err(Failure::at(i, expected::MAILBOX, ParseErrorKind::Syntax));
        }
        i = rest;
        i = &i[uid_validity(i, parts)?..];
        if let Some(search) = i.strip_prefix(b"?") {
            // RFC 2192 has nothing behind it mean all messages
            let (rest, search) = run(search, is_bchar)?;
            parts.search = span(search, rest);
            i = rest;
            if parts.uid_validity.is_none() {
                // where RFC 2192 has it
                i = &i[uid_validity(i, parts)?..];
            }
            return syntax_end(i);
        }
        if let Some(kind) = syntax::after(i, b";TYPE=") {
            // RFC 2192: a list of mailboxes
            let (rest, kind) = run1(kind, is_uchar)?;
            if !kind.eq_ignore_ascii_case(b"LIST") && !kind.eq_ignore_ascii_case(b"LSUB") {
                return Err(Failure::at(i, expected::URL, ParseErrorKind::Syntax));
            }
            parts.list_type = span(kind, rest);
            return syntax_end(rest);
        }
        // each behind a slash, but for the first of a relative path
        let mut first = relative && parts.mailbox.is_none();
        let mut field = |i: &[u8], name: &[u8]| -> Option<usize> {
            let slash = usize::from(i.starts_with(b"/"));
            if slash == 0 && !first {
                return None;
            }
            let rest = syntax::after(&i[slash..], name)?;
            first = false;
            Some(i.len() - rest.len())
        };
        let start = i;
        if let Some(len) = field(i, b";UID=") {
            let (rest, uid) = syntax::nz_number(&i[len..])?;
            parts.uid = Some(uid);
            i = rest;
        }
        if parts.uid.is_some() || relative {
            if let Some(len) = field(i, b";SECTION=") {
                let value = &i[len..];
                let (mut rest, mut section) = run1(value, is_bchar)?;
                if rest.starts_with(b";") && section.ends_with(b"/") && section.len() > 1 {
                    section = &section[..section.len() - 1];
                    rest = &value[section.len()..];
                }
                parts.section = span(section, rest);
                i = rest;
            }
            if let Some(len) = field(i, b";PARTIAL=") {
                let (rest, offset) = syntax::number63(&i[len..])?;
                i = rest;
                let mut length = None;
                if let Some(number) = rest.strip_prefix(b".") {
                    let (rest, value) = syntax::number63(number)?;
                    length = NonZeroU64::new(value);
                    if length.is_none() {
                        return Err(Failure::at(number, expected::NZ_NUMBER, ParseErrorKind::Range));
                    }
                    i = rest;
                }
                parts.partial = Some(UrlPartial { offset, length });
            }
        }
        // RFC 4467 prints a slash at the end of one
        if i == b"/" && parts.uid.is_some() && i.len() < start.len() {
            return Ok(());
        }
        if parts.uid.is_none() {
            return syntax_end(i);
        }
        if let Some(expire) = syntax::after(i, b";EXPIRE=") {
            let (rest, expire) = date_time(expire)?;
            parts.expire = span(expire, rest);
            i = rest;
            if syntax::after(i, b";URLAUTH=").is_none() {
                return fail(i, expected::URL).map(|(_, ())| ());
            }
        }
        if let Some(access) = syntax::after(i, b";URLAUTH=") {
            let (rest, access) = run1(access, is_achar)?;
            parts.access = span(access, rest);
            i = rest;
            if let Some(mechanism) = i.strip_prefix(b":") {
                let letter = |o: u8| o.is_ascii_alphanumeric() || matches!(o, b'-' | b'.');
                let (rest, mechanism) = run1(mechanism, letter)?;
                parts.mechanism = span(mechanism, rest);
                let (token, ()) = syntax::octet(rest, b':', expected::URL)?;
                let len = token.iter().take_while(|o| o.is_ascii_hexdigit()).count();
                if len < 32 {
                    return fail(&token[len..], expected::URL).map(|(_, ())| ());
                }
                parts.token = span(&token[..len], &token[len..]);
                i = &token[len..];
            }
        }
        syntax_end(i)
    }

    fn part(&self, span: Span) -> Option<&[u8]> {
        let (start, end) = span?;
        self.text.get(Range { start: start as usize, end: end as usize })
    }

    fn decoded(&self, span: Span) -> Option<Cow<'_, [u8]>> {
        self.part(span).map(decode)
    }

    /// The text, as it was written: ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        ::core::str::from_utf8(&self.text).unwrap_or_default()
    }

    /// The text as the argument of a command.
    #[must_use]
    pub fn to_istring(&self) -> IString {
        IString::known(self.text.clone())
    }

    /// Which form it has.
    #[must_use]
    pub fn form(&self) -> UrlForm {
        self.parts.form.unwrap_or(UrlForm::Empty)
    }

    /// The user name, decoded.
    #[must_use]
    pub fn user(&self) -> Option<Cow<'_, [u8]>> {
        self.decoded(self.parts.user)
    }

    /// How to authenticate.
    #[must_use]
    pub fn auth(&self) -> Option<UrlAuth> {
        match self.part(self.parts.auth)? {
            b"*" => Some(UrlAuth::Any),
            mechanism => Some(UrlAuth::Mechanism(decode(mechanism).into_owned())),
        }
    }

    /// The server's name or address, as it stands there.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        ::core::str::from_utf8(self.part(self.parts.host)?).ok()
    }

    /// The server's port; 143 if there is none.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.parts.port
    }

    /// The name of the mailbox, decoded: in UTF-8 (RFC 5092 section 8).
    #[must_use]
    pub fn mailbox_octets(&self) -> Option<Cow<'_, [u8]>> {
        self.decoded(self.parts.mailbox)
    }

    /// The mailbox as the argument of a command: in UTF-8 if that is in force, else in modified UTF-7.
    #[must_use]
    pub fn mailbox(&self, utf8: bool) -> Option<Mailbox> {
        let octets = self.mailbox_octets()?;
        match ::core::str::from_utf8(&octets) {
            Ok(text) if !utf8 => Mailbox::from_utf7_text(text).ok(),
            _ => Mailbox::new(octets.into_owned()).ok(),
        }
    }

    /// The UIDVALIDITY that the mailbox must have.
    #[must_use]
    pub fn uid_validity(&self) -> Option<NonZeroU32> {
        self.parts.uid_validity
    }

    /// The search program that selects messages of the mailbox, decoded; it may hold literals.
    #[must_use]
    pub fn search(&self) -> Option<Cow<'_, [u8]>> {
        self.decoded(self.parts.search)
    }

    /// `LIST` or `LSUB`, if the URL stands for a list of mailboxes (RFC 2192 only); the mailbox is then a pattern.
    #[must_use]
    pub fn list_type(&self) -> Option<&str> {
        ::core::str::from_utf8(self.part(self.parts.list_type)?).ok()
    }

    /// The UID of the message.
    #[must_use]
    pub fn uid(&self) -> Option<NonZeroU32> {
        self.parts.uid
    }

    /// The section of the message, decoded: what stands between the brackets of `BODY[...]`.
    #[must_use]
    pub fn section(&self) -> Option<Cow<'_, [u8]>> {
        self.decoded(self.parts.section)
    }

    /// The part of the section.
    #[must_use]
    pub fn partial(&self) -> Option<UrlPartial> {
        self.parts.partial
    }

    /// Until when it is good: a `date-time` of RFC 3339.
    #[must_use]
    pub fn expire(&self) -> Option<&str> {
        ::core::str::from_utf8(self.part(self.parts.expire)?).ok()
    }

    /// Who may use it.
    #[must_use]
    pub fn access(&self) -> Option<UrlAccess> {
        let access = self.part(self.parts.access)?;
        let decoded = |octets| decode(octets).into_owned();
        Some(match memchr::memchr(b'+', access) {
            None if access.eq_ignore_ascii_case(b"authuser") => UrlAccess::AuthUser,
            None if access.eq_ignore_ascii_case(b"anonymous") => UrlAccess::Anonymous,
            None if access.eq_ignore_ascii_case(b"stream") => UrlAccess::Stream,
            None => UrlAccess::Other(decoded(access), None),
            Some(plus) => {
                let (name, user) = (&access[..plus], decoded(&access[plus + 1..]));
                if name.eq_ignore_ascii_case(b"submit") {
                    UrlAccess::Submit(user)
                } else if name.eq_ignore_ascii_case(b"user") {
                    UrlAccess::User(user)
                } else {
                    UrlAccess::Other(decoded(name), Some(user))
                }
            }
        })
    }

    /// The mechanism that made the token, `INTERNAL`.
    #[must_use]
    pub fn mechanism(&self) -> Option<&str> {
        ::core::str::from_utf8(self.part(self.parts.mechanism)?).ok()
    }

    /// The token that makes it good, in hexadecimal digits. Whoever has it can read what the URL names.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        ::core::str::from_utf8(self.part(self.parts.token)?).ok()
    }

    /// The URL up to its access: what the token is made for.
    #[must_use]
    pub fn rump(&self) -> Option<&str> {
        let (_, end) = self.parts.access?;
        self.as_str().get(..end as usize)
    }

    /// The rump with a token.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: it has no access; the mechanism is no name; the token has less than 32 hexadecimal digits.
    pub fn with_token(&self, mechanism: &str, token: &str) -> Result<Self, Misuse> {
        let rump = self.rump().ok_or(Misuse::Invalid("URL without access"))?;
        let text = alloc::format!("{rump}:{mechanism}:{token}");
        let url = Self::parse(text).map_err(|_| Misuse::Invalid("token"))?;
        if url.token() == Some(token) { Ok(url) } else { Err(Misuse::Invalid("token")) }
    }

    /// A relative URL as an absolute one (RFC 3986 section 5.2, RFC 5092 section 7).
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: the base is not absolute, or they do not go together.
    pub fn resolve(&self, base: &Self) -> Result<Self, Misuse> {
        let wrong = Misuse::Invalid("base of a URL");
        let (path, own) = (base.parts.path as usize, self.as_str());
        let Some((server, path)) = base.as_str().split_at_checked(path) else { return Err(wrong) };
        let text = match self.form() {
            UrlForm::Absolute => return Ok(self.clone()),
            _ if base.form() != UrlForm::Absolute => return Err(wrong),
            UrlForm::Empty => return Ok(base.clone()),
            UrlForm::NetworkPath => alloc::format!("imap:{own}"),
            UrlForm::AbsolutePath => alloc::format!("{server}{own}"),
            UrlForm::RelativePath => {
                let path = path.split_once('?').map_or(path, |(path, _)| path);
                let front = path.rfind('/').map_or("/", |slash| &path[..=slash]);
                let (own, query) = own.find('?').map_or((own, ""), |at| own.split_at(at));
                let mut segments: Vec<&str> = front.split('/').collect();
                segments.pop();
                let mut own = own.split('/').peekable();
                while let Some(segment) = own.next() {
                    match segment {
                        "." | ".." => {
                            if segment == ".." && segments.len() > 1 {
                                segments.pop();
                            }
                            if own.peek().is_none() {
                                segments.push("");
                            }
                        }
                        segment => segments.push(segment),
                    }
                }
                alloc::format!("{server}{}{query}", segments.join("/"))
            }
        };
        Self::parse(text).map_err(|_| wrong)
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { text: Bytes::copy_from_slice(&self.text), parts: self.parts.clone() }
    }

    /// Any URL, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        UrlBuilder::strategy().prop_filter_map("no URL", |builder| builder.build().ok())
    }
}

#[cfg(any(test, feature = "proptest"))]
use proptest::strategy::Strategy as _;

fn syntax_end(i: &[u8]) -> Result<(), nom::Err<Failure>> {
    if i.is_empty() { Ok(()) } else { Err(Failure::at(i, expected::URL, ParseErrorKind::Trailing)) }
}

impl PartialEq for ImapUrl {
    /// As they are written.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for ImapUrl {}

impl ::core::hash::Hash for ImapUrl {
    fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl FromStr for ImapUrl {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl TryFrom<&IString> for ImapUrl {
    type Error = ParseError;

    fn try_from(string: &IString) -> Result<Self, ParseError> {
        Self::parse(string.to_bytes())
    }
}

impl fmt::Display for ImapUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ImapUrl {
    /// Without its token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.token(), self.rump(), self.mechanism()) {
            (Some(_), Some(rump), Some(mechanism)) => write!(f, "<{rump}:{mechanism}:***>"),
            _ => write!(f, "<{}>", self.as_str()),
        }
    }
}

/// Makes an [`ImapUrl`], encoding what must be.
///
/// ```
/// use imap_proto::UrlBuilder;
///
/// let mut builder = UrlBuilder::new("example.org");
/// builder.mailbox = Some("Entw\u{fc}rfe".into());
/// assert_eq!(builder.build()?.as_str(), "imap://example.org/Entw%C3%BCrfe");
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UrlBuilder {
    /// The server's name or address; an IPv6 address in brackets. `None`: the URL starts with the path.
    pub host: Option<String>,
    /// Its port.
    pub port: Option<u16>,
    /// Who logs in there.
    pub user: Option<String>,
    /// How.
    pub auth: Option<UrlAuth>,
    /// The name of the mailbox, as text.
    pub mailbox: Option<String>,
    /// The UIDVALIDITY that it must have.
    pub uid_validity: Option<NonZeroU32>,
    /// Which messages; not with a UID.
    pub search: Option<Vec<u8>>,
    /// Which message.
    pub uid: Option<NonZeroU32>,
    /// Which section of it; not without a UID.
    pub section: Option<Vec<u8>>,
    /// Which part of it; not without a UID.
    pub partial: Option<UrlPartial>,
    /// Until when it is good: a `date-time` of RFC 3339; not without access.
    pub expire: Option<String>,
    /// Who may use it; not without a UID.
    pub access: Option<UrlAccess>,
}

impl UrlBuilder {
    /// Of a server.
    #[must_use]
    pub fn new(host: &str) -> Self {
        Self { host: Some(host.into()), ..Self::default() }
    }

    /// The URL.
    ///
    /// # Errors
    /// [`Misuse::Invalid`]: something is there that cannot be without another, or with it; the name of the server or the time is none.
    pub fn build(&self) -> Result<ImapUrl, Misuse> {
        let mut text = String::new();
        if let Some(host) = &self.host {
            text.push_str("imap://");
            if let Some(user) = &self.user {
                encode(user.as_bytes(), is_achar, &mut text);
            }
            match &self.auth {
                Some(UrlAuth::Any) => text.push_str(";AUTH=*"),
                Some(UrlAuth::Mechanism(mechanism)) => {
                    text.push_str(";AUTH=");
                    encode(mechanism, |o| is_achar(o) && o != b'*', &mut text);
                }
                None => {}
            }
            if self.user.is_some() || self.auth.is_some() {
                text.push('@');
            }
            text.push_str(host);
            if let Some(port) = self.port {
                let _ = fmt::Write::write_fmt(&mut text, format_args!(":{port}"));
            }
        }
        let host_end = text.len();
        if self.host.is_none() || self.mailbox.is_some() {
            text.push('/');
        }
        if let Some(mailbox) = &self.mailbox {
            // a slash in front would be one of the path, one at the end be taken for that of the UID
            let slashes = |name: &str| name.len() - name.trim_start_matches('/').len();
            let (front, name) = mailbox.split_at(slashes(mailbox));
            encode(front.as_bytes(), is_uchar, &mut text);
            let (name, end) = name.split_at(name.trim_end_matches('/').len());
            encode(name.as_bytes(), is_bchar, &mut text);
            encode(end.as_bytes(), is_uchar, &mut text);
        }
        if let Some(number) = self.uid_validity {
            let _ = fmt::Write::write_fmt(&mut text, format_args!(";UIDVALIDITY={number}"));
        }
        if let Some(search) = &self.search {
            text.push('?');
            encode(search, is_bchar, &mut text);
        }
        if let Some(uid) = self.uid {
            let _ = fmt::Write::write_fmt(&mut text, format_args!("/;UID={uid}"));
        }
        if let Some(section) = &self.section {
            text.push_str("/;SECTION=");
            encode(section, |o| is_bchar(o) && o != b'/', &mut text);
        }
        if let Some(UrlPartial { offset, length }) = self.partial {
            let _ = fmt::Write::write_fmt(&mut text, format_args!("/;PARTIAL={offset}"));
            if let Some(length) = length {
                let _ = fmt::Write::write_fmt(&mut text, format_args!(".{length}"));
            }
        }
        if let Some(expire) = &self.expire {
            text.push_str(";EXPIRE=");
            text.push_str(expire);
        }
        if let Some(access) = &self.access {
            text.push_str(";URLAUTH=");
            let mut named = |name: &[u8], user: Option<&[u8]>| {
                encode(name, |o| is_achar(o) && o != b'+', &mut text);
                if let Some(user) = user {
                    text.push('+');
                    encode(user, is_achar, &mut text);
                }
            };
            match access {
                UrlAccess::Submit(user) => named(b"submit", Some(user)),
                UrlAccess::User(user) => named(b"user", Some(user)),
                UrlAccess::AuthUser => named(b"authuser", None),
                UrlAccess::Anonymous => named(b"anonymous", None),
                UrlAccess::Stream => named(b"stream", None),
                UrlAccess::Other(name, user) => named(name, user.as_deref()),
            }
        }
        let url = ImapUrl::parse(text).map_err(|_| Misuse::Invalid("URL"))?;
        // what was given for one part must not have become another
        let same = url.parts.path as usize == host_end
            && url.host() == self.host.as_deref()
            && url.port() == self.port.filter(|_| self.host.is_some())
            && url.mailbox_octets().as_deref() == self.mailbox.as_deref().map(str::as_bytes)
            && url.expire() == self.expire.as_deref();
        if same { Ok(url) } else { Err(Misuse::Invalid("URL")) }
    }

    #[cfg(any(test, feature = "proptest"))]
    fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::collection::vec;
        use proptest::option::of;
        use proptest::prelude::*;
        let octets = || vec(any::<u8>(), 1..6);
        let access = prop_oneof![
            octets().prop_map(UrlAccess::Submit),
            octets().prop_map(UrlAccess::User),
            Just(UrlAccess::AuthUser),
            Just(UrlAccess::Anonymous),
            Just(UrlAccess::Stream),
            Just(UrlAccess::Other(b"x+y".to_vec(), None)),
        ];
        let auth = prop_oneof![Just(UrlAuth::Any), octets().prop_map(UrlAuth::Mechanism)];
        let partial = (0..1000u64, of(any::<NonZeroU32>()))
            .prop_map(|(offset, length)| UrlPartial { offset, length: length.map(NonZeroU64::from) });
        let expire = "20[0-9]{2}-0[1-9]-1[0-9]T1[0-9]:00:00(\\.5)?(Z|[+-]0[0-9]:00)";
        let server = ("[a-z.]{1,8}|\\[::1\\]", any::<u16>(), of("[a-z @;%\u{e9}]{1,6}"), of(auth));
        let part = (any::<NonZeroU32>(), of(octets()), of(partial), of((of(expire), access)));
        let messages = prop_oneof![
            of(octets()).prop_map(|search| (search, None)),
            part.prop_map(|part| (None, Some(part))),
        ];
        let names = "[a-zA-Z/ ;?%#\u{4e00}]{1,8}";
        (server, of((names, of(any::<NonZeroU32>()), messages))).prop_map(
            |((host, port, user, auth), mailbox)| {
                let mut builder = Self { port: Some(port), user, auth, ..Self::new(&host) };
                if let Some((mailbox, uid_validity, (search, part))) = mailbox {
                    builder.mailbox = Some(mailbox);
                    builder.uid_validity = uid_validity;
                    builder.search = search;
                    if let Some((uid, section, partial, access)) = part {
                        builder.uid = Some(uid);
                        builder.section = section;
                        builder.partial = partial;
                        if let Some((expire, access)) = access {
                            builder.expire = expire;
                            builder.access = Some(access);
                        }
                    }
                }
                builder
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;
    use proptest::prelude::*;

    fn url(text: &str) -> ImapUrl {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn nz(n: u32) -> Option<NonZeroU32> {
        NonZeroU32::new(n)
    }

    #[test]
    fn servers() {
        let any = url("imap://;AUTH=*@minbari.example.org/gray%20council?SUBJECT%20shadows");
        assert_eq!((any.user(), any.auth()), (None, Some(UrlAuth::Any)));
        assert_eq!(any.mailbox_octets().as_deref(), Some(&b"gray council"[..]));
        assert_eq!(any.search().as_deref(), Some(&b"SUBJECT shadows"[..]));
        let both = url("IMAP://john;AUTH=GSSAPI@[2001:db8::1]:1143/");
        assert_eq!(both.user().as_deref(), Some(&b"john"[..]));
        assert_eq!(both.auth(), Some(UrlAuth::Mechanism(b"GSSAPI".to_vec())));
        assert_eq!(
            (both.host(), both.port(), both.mailbox_octets()),
            (Some("[2001:db8::1]"), Some(1143), None)
        );
        let plain = url("imap://imap.example.com");
        assert_eq!(
            (plain.host(), plain.port(), plain.form()),
            (Some("imap.example.com"), None, UrlForm::Absolute)
        );
        assert_eq!(url("imap://joe%40x@h").user().as_deref(), Some(&b"joe@x"[..]));
    }

    #[test]
    fn messages() {
        let part =
            url("imap://minbari.example.org/gray-council;UIDVALIDITY=385759045/;UID=20/;PARTIAL=0.1024");
        assert_eq!((part.uid_validity(), part.uid()), (nz(385_759_045), nz(20)));
        assert_eq!(part.partial(), Some(UrlPartial { offset: 0, length: NonZeroU64::new(1024) }));
        let japanese =
            url("imap://psicorp.example.org/~peter/%E6%97%A5%E6%9C%AC%E8%AA%9E/%E5%8F%B0%E5%8C%97");
        assert_eq!(japanese.mailbox(false).unwrap().as_bytes(), b"~peter/&ZeVnLIqe-/&U,BTFw-");
        assert_eq!(
            japanese.mailbox(true).unwrap().to_utf8_text(),
            Some("~peter/\u{65e5}\u{672c}\u{8a9e}/\u{53f0}\u{5317}")
        );
        let full = "imap://joe@example.com/INBOX/;uid=20/;section=1.2;expire=2007-05-31T10:00:00+02:00;urlauth=submit+fred:internal:91354a473744909de610943775f92038";
        let part = url(full);
        assert_eq!(part.section().as_deref(), Some(&b"1.2"[..]));
        assert_eq!(part.expire(), Some("2007-05-31T10:00:00+02:00"));
        assert_eq!(part.access(), Some(UrlAccess::Submit(b"fred".to_vec())));
        assert_eq!(
            (part.mechanism(), part.token()),
            (Some("internal"), Some("91354a473744909de610943775f92038"))
        );
        assert_eq!(part.to_string(), full);
        assert!(!format!("{part:?}").contains("91354a47"), "{part:?}");
        let rump = url(part.rump().unwrap());
        assert_eq!(rump.token(), None);
        assert_eq!(rump.with_token("internal", "91354a473744909de610943775f92038"), Ok(part));
        assert!(rump.with_token("internal", "91354a473744909de610943775f9203").is_err());
        assert!(rump.with_token("i:x", "91354a473744909de610943775f92038").is_err());
        assert_eq!(url("imap://h/a/;UID=1;URLAUTH=stream").access(), Some(UrlAccess::Stream));
        assert_eq!(
            url("imap://h/a/;UID=1;URLAUTH=x+y").access(),
            Some(UrlAccess::Other(b"x".to_vec(), Some(b"y".to_vec())))
        );
        assert_eq!(
            url("imap://h/a/;UID=1/;SECTION=1.HEADER/;PARTIAL=5").section().as_deref(),
            Some(&b"1.HEADER"[..])
        );
        // as RFC 4467 prints it
        assert_eq!(url("imap://joe@example.com/INBOX/;uid=20/").uid(), nz(20));
    }

    #[test]
    fn forms_of_rfc_2192() {
        let list = url("imap://michael@minbari.org/users.*;type=list");
        assert_eq!(
            (list.list_type(), list.mailbox_octets().as_deref()),
            (Some("list"), Some(&b"users.*"[..]))
        );
        assert_eq!(url("imap://h/;TYPE=LSUB").list_type(), Some("LSUB"));
        let search = url("imap://h/a?UNSEEN;UIDVALIDITY=3");
        assert_eq!((search.search().as_deref(), search.uid_validity()), (Some(&b"UNSEEN"[..]), nz(3)));
    }

    #[test]
    fn relative_forms() {
        let base = url("imap://user@h:143/a/b;UIDVALIDITY=5/;UID=20/;SECTION=1.2");
        for (text, form, absolute) in [
            ("", UrlForm::Empty, "imap://user@h:143/a/b;UIDVALIDITY=5/;UID=20/;SECTION=1.2"),
            ("//x/c", UrlForm::NetworkPath, "imap://x/c"),
            ("/c?SEEN", UrlForm::AbsolutePath, "imap://user@h:143/c?SEEN"),
            (
                ";SECTION=1.4",
                UrlForm::RelativePath,
                "imap://user@h:143/a/b;UIDVALIDITY=5/;UID=20/;SECTION=1.4",
            ),
            ("../;UID=21", UrlForm::RelativePath, "imap://user@h:143/a/b;UIDVALIDITY=5/;UID=21"),
            ("imap://y", UrlForm::Absolute, "imap://y"),
        ] {
            let relative = url(text);
            assert_eq!(relative.form(), form, "{text}");
            assert_eq!(relative.resolve(&base).unwrap().as_str(), absolute, "{text}");
        }
        assert_eq!(url(";UID=20/;SECTION=1").uid(), nz(20));
        assert_eq!(url(";PARTIAL=1.2").partial().unwrap().offset, 1);
        assert_eq!(url("foo/;UID=20").mailbox_octets().as_deref(), Some(&b"foo"[..]));
        assert!(url("/a").resolve(&url("/b")).is_err());
    }

    #[test]
    fn what_is_no_url() {
        for (text, offset) in [
            ("http://example.com/", 0),
            ("imap://", 7),
            ("imap://h:99999", 9),
            ("imap://h?x", 8),
            ("imap://@h", 7),
            ("imap://h//a", 9),
            ("imap://h/a b", 10),
            ("imap://h/a%2", 10),
            ("imap://h/a%0d", 9),
            ("imap://h/;UID=1", 9),
            ("imap://h/a;UID=1", 10),
            ("imap://h/a/;UID=0", 16),
            ("imap://h/a/;UID=1/;PARTIAL=1.0", 29),
            ("imap://h/a/;UID=1;EXPIRE=2007", 25),
            ("imap://h/a/;UID=1;EXPIRE=2007-05-31T10:00:00Z", 45),
            ("imap://h/a;URLAUTH=anonymous", 10),
            ("imap://h/a/;UID=1;URLAUTH=anonymous:INTERNAL:abc", 48),
            ("imap://h/a/;UID=1\r\n", 17),
            ("imap://h/caf\u{e9}", 12),
        ] {
            let error = text.parse::<ImapUrl>().unwrap_err();
            assert_eq!(error.offset, offset, "{text}: {error}");
        }
    }

    #[test]
    fn the_builder_does_not_mix_parts_up() {
        let made = |change: &dyn Fn(&mut UrlBuilder)| {
            let mut builder = UrlBuilder { mailbox: Some("a".into()), uid: nz(1), ..UrlBuilder::new("h") };
            change(&mut builder);
            builder.build().map(|url| url.to_string())
        };
        assert_eq!(made(&|_| {}).as_deref(), Ok("imap://h/a/;UID=1"));
        assert_eq!(made(&|b| b.mailbox = Some("/a/".into())).as_deref(), Ok("imap://h/%2Fa%2F/;UID=1"));
        assert_eq!(made(&|b| b.host = None).as_deref(), Ok("/a/;UID=1"));
        assert!(made(&|b| b.host = Some("h/x".into())).is_err());
        assert!(made(&|b| b.host = Some("u@h".into())).is_err());
        assert!(made(&|b| b.expire = Some("2007-05-31T10:00:00Z".into())).is_err());
        assert!(made(&|b| b.search = Some(b"x".to_vec())).is_err());
        assert!(made(&|b| b.mailbox = None).is_err());
        assert!(made(&|b| b.mailbox = Some("a\n".into())).is_err());
    }

    proptest! {
        #[test]
        fn what_is_built_is_read(builder in UrlBuilder::strategy()) {
            let url = builder.build().unwrap();
            let text = |octets: Option<Cow<'_, [u8]>>| octets.map(|octets| String::from_utf8(octets.into_owned()).unwrap());
            prop_assert_eq!(text(url.user()), builder.user);
            prop_assert_eq!(url.auth(), builder.auth);
            prop_assert_eq!(text(url.mailbox_octets()), builder.mailbox);
            prop_assert_eq!(url.uid_validity(), builder.uid_validity);
            prop_assert_eq!(url.search().map(Cow::into_owned), builder.search);
            prop_assert_eq!(url.uid(), builder.uid);
            prop_assert_eq!(url.section().map(Cow::into_owned), builder.section);
            prop_assert_eq!(url.partial(), builder.partial);
            prop_assert_eq!(url.access(), builder.access);
            prop_assert_eq!(ImapUrl::try_from(&url.to_istring()), Ok(url));
        }

        #[test]
        fn never_panics(text in "(imap://|//|/)?[a-z;=/:@%?+.0-9]{0,12}(/;UID=1)?[;/A-Z=+:0-9a-f]{0,40}") {
            let _ = text.parse::<ImapUrl>();
            if let Ok(url) = text.parse::<ImapUrl>() {
                let _ = (url.access(), url.mailbox(false), url.rump(), url.resolve(&url));
            }
        }
    }
}
