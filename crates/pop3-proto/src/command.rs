//! Commands (RFC 1939, 2449 section 3, 2595, 5034, 6856).

use crate::syntax::{self, end, expected, gap};
use crate::{LanguageRange, MessageNumber, Verb, rule};
use bytes::Bytes;
use core::fmt;
use wire::class::{Class, DIGIT, HIGH, TEXT, VCHAR};
use wire::number::number64;
use wire::parse::{Failure, Parsed, fail, sp};
use wire::sasl::Auth;
use wire::{Context, KeywordLine, Misuse, Output, ParseError, ParseErrorKind, Secret, Tolerance};

/// What a client asks for (RFC 1939 section 3, RFC 2449 section 3).
///
/// ```
/// use pop3_proto::{Command, MessageNumber};
///
/// let command = Command::parse(&"RETR 17\r\n".into())?;
/// assert_eq!(command, Command::Retr(MessageNumber::new(17).unwrap()));
/// assert_eq!(command.to_bytes(), "RETR 17\r\n");
/// # Ok::<(), wire::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// `USER name` (RFC 1939 section 7).
    User(UserName),
    /// `PASS string` (RFC 1939 section 7).
    Pass(Password),
    /// `APOP name digest` (RFC 1939 section 7).
    Apop(Apop),
    /// `AUTH` without a mechanism: servers of the time of RFC 1734 list their mechanisms.
    AuthList,
    /// `AUTH mechanism [initial-response]` (RFC 5034 section 4).
    Auth(Auth),
    /// `CAPA` (RFC 2449 section 5).
    Capa,
    /// `STLS` (RFC 2595 section 4).
    Stls,
    /// `STAT` (RFC 1939 section 5).
    Stat,
    /// `LIST [msg]` (RFC 1939 section 5).
    List(Option<MessageNumber>),
    /// `UIDL [msg]` (RFC 1939 section 7).
    Uidl(Option<MessageNumber>),
    /// `RETR msg` (RFC 1939 section 5).
    Retr(MessageNumber),
    /// `TOP msg n` (RFC 1939 section 7): the header and so many lines of the body.
    Top {
        /// Which message.
        message: MessageNumber,
        /// Lines of the body.
        lines: u64,
    },
    /// `DELE msg` (RFC 1939 section 5).
    Dele(MessageNumber),
    /// `RSET` (RFC 1939 section 5).
    Rset,
    /// `NOOP` (RFC 1939 section 5).
    Noop,
    /// `QUIT` (RFC 1939 sections 4 and 6).
    Quit,
    /// `UTF8` (RFC 6856 section 2).
    Utf8,
    /// `LANG [range]` (RFC 6856 section 3).
    Lang(Option<LanguageRange>),
    /// Any other, such as XTND (RFC 1082), LAST (RFC 1460) or RPOP (RFC 1081), kept as it came.
    Other(OtherCommand),
}

/// The name of a mailbox, for USER and APOP (RFC 1939 section 7): octets without controls. Not always UTF-8 (RFC 6856
/// section 2.2).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UserName(Bytes);

impl UserName {
    /// Checks and takes over the octets.
    ///
    /// # Errors
    /// Empty, or a control character.
    pub fn new(octets: impl Into<Bytes>) -> Result<Self, Misuse> {
        let octets = octets.into();
        if octets.is_empty() {
            return Err(Misuse::Empty);
        }
        match octets.iter().position(|&o| !is_name_char(o)) {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None => Ok(Self(octets)),
        }
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// The whole rest of the line: names with spaces are met.
    fn rule(cx: &Context<'_>, i: &[u8]) -> Result<Self, nom::Err<Failure>> {
        if i.is_empty() {
            return fail(i, expected::NAME).map(|(_, never)| never);
        }
        match i.iter().position(|&o| !is_name_char(o)) {
            Some(at) => Err(Failure::at(&i[at..], expected::NAME, ParseErrorKind::IllegalOctet)),
            None => Ok(Self(cx.keep(i))),
        }
    }
}

/// Printable, and what UTF-8 and other charsets have beyond ASCII; spaces too.
fn is_name_char(octet: u8) -> bool {
    const PRINTABLE: Class = VCHAR.or(HIGH);
    PRINTABLE.has(octet) || octet == b' '
}

impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// A password for PASS (RFC 1939 section 7): any octets but CR, LF and NUL. Never printed; zeroed when dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Password(Secret);

impl Password {
    /// Checks and takes over the secret.
    ///
    /// # Errors
    /// CR, LF or NUL, or nothing at all.
    pub fn new(secret: Secret) -> Result<Self, Misuse> {
        match TEXT.first_outside(secret.expose()) {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None if secret.is_empty() => Err(Misuse::Empty),
            None => Ok(Self(secret)),
        }
    }

    /// The password itself.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    /// The secret, taken out.
    #[must_use]
    pub fn into_secret(self) -> Secret {
        self.0
    }
}

/// The arguments of APOP (RFC 1939 section 7): the name, and the MD5 digest of timestamp and shared secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apop {
    /// Whose mailbox.
    pub name: UserName,
    /// The digest; 16 octets.
    pub digest: [u8; 16],
}

/// A command that this crate does not know, as a keyword and whatever follows (RFC 2449 section 3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OtherCommand(KeywordLine);

impl OtherCommand {
    /// A keyword and the arguments behind it, without the space between.
    ///
    /// # Errors
    /// A keyword that is not of printable ASCII or that this crate knows (use its variant of [`Command`]);
    /// CR, LF or NUL in the arguments.
    pub fn new(keyword: &str, arguments: &[u8]) -> Result<Self, Misuse> {
        let line = KeywordLine::new(keyword, arguments)?;
        if Verb::of(line.keyword()) != Verb::Other {
            return Err(Misuse::Invalid("unknown keyword"));
        }
        Ok(Self(line))
    }

    /// The keyword, as it came.
    #[must_use]
    pub fn keyword(&self) -> &[u8] {
        self.0.keyword()
    }

    /// What follows, as it came, without the space before it.
    #[must_use]
    pub fn arguments(&self) -> &[u8] {
        self.0.arguments()
    }
}

impl Command {
    /// Parses a complete command, with its CRLF, by the rules of the RFC.
    ///
    /// # Errors
    /// What is wrong, and where.
    #[inline]
    pub fn parse(frame: &Bytes) -> Result<Self, ParseError> {
        match Self::plain(frame) {
            Some(command) => Ok(command),
            None => Self::any(&Context::new(frame, Tolerance::Strict)),
        }
    }

    /// Parses the command that a context stands for, with its line end, as far as the context's
    /// tolerance goes; the context collects what was repaired.
    ///
    /// # Errors
    /// What is wrong, and where.
    ///
    /// ```
    /// use pop3_proto::{Command, rule};
    /// use wire::{Context, Tolerance};
    ///
    /// let frame = "STAT \n".into();
    /// let cx = Context::new(&frame, Tolerance::Lenient);
    /// assert_eq!(Command::parse_in(&cx)?, Command::Stat);
    /// let repairs: Vec<_> = cx.into_repairs().iter().map(|repair| repair.rule).collect();
    /// assert_eq!(repairs, [rule::BARE_LF, rule::TRAILING_SPACE]);
    /// # Ok::<(), wire::ParseError>(())
    /// ```
    #[inline]
    pub fn parse_in(cx: &Context<'_>) -> Result<Self, ParseError> {
        match Self::plain(cx.frame()) {
            Some(command) => Ok(command),
            None => Self::any(cx),
        }
    }

    fn any(cx: &Context<'_>) -> Result<Self, ParseError> {
        syntax::line(cx, cx.frame(), 0)
            .and_then(|line| Self::rule(cx, line))
            .map_err(|error| cx.error(error, expected::name))
    }

    /// The common form of most commands, with the CRLF: four letters, and perhaps a message-number. Anything else is left
    /// to [`rule`](Self::rule).
    fn plain(frame: &[u8]) -> Option<Self> {
        let (keyword, rest) = frame.strip_suffix(b"\r\n")?.split_first_chunk::<4>()?;
        let verb = Verb::of(keyword);
        if rest.is_empty() {
            return Some(match verb {
                Verb::Capa => Self::Capa,
                Verb::Stls => Self::Stls,
                Verb::Stat => Self::Stat,
                Verb::List => Self::List(None),
                Verb::Uidl => Self::Uidl(None),
                Verb::Rset => Self::Rset,
                Verb::Noop => Self::Noop,
                Verb::Quit => Self::Quit,
                // of the others an octet may only look like one of the keyword, or they need more
                _ => return None,
            });
        }
        let (i, message) = MessageNumber::parse(rest.strip_prefix(b" ")?).ok()?;
        match verb {
            _ if !i.is_empty() => None,
            Verb::List => Some(Self::List(Some(message))),
            Verb::Uidl => Some(Self::Uidl(Some(message))),
            Verb::Retr => Some(Self::Retr(message)),
            Verb::Dele => Some(Self::Dele(message)),
            _ => None,
        }
    }

    /// ```text
    /// command      =  keyword *(SP param) CRLF    ;255 octets maximum
    /// keyword      =  3*4VCHAR
    /// param        =  1*VCHAR
    /// ```
    ///
    /// Without the CRLF. Unknown keywords may have any length.
    #[inline]
    fn rule(cx: &Context<'_>, line: &[u8]) -> Result<Self, nom::Err<Failure>> {
        let spaces = line.iter().position(|&o| o != b' ').unwrap_or(0);
        let leading = spaces > 0 && cx.tolerates(Tolerance::Lenient, rule::LEADING_SPACE, &line[..spaces]);
        let line = if leading { &line[spaces..] } else { line };
        let (keyword, rest) = line.split_at(VCHAR.run(line));
        let verb = Verb::of(keyword);
        if verb == Verb::Pass || verb == Verb::Auth {
            cx.set_secret();
        }
        match verb {
            Verb::User => UserName::rule(cx, argument(rest, expected::NAME)?).map(Self::User),
            Verb::Pass => password(rest).map(Self::Pass),
            Verb::Apop => last(cx, apop(cx, rest)?),
            Verb::Auth => last(cx, auth(cx, rest)?),
            Verb::Capa => last(cx, (rest, Self::Capa)),
            Verb::Stls => last(cx, (rest, Self::Stls)),
            Verb::Stat => last(cx, (rest, Self::Stat)),
            Verb::List => last(cx, optional_message(cx, rest)?).map(Self::List),
            Verb::Uidl => last(cx, optional_message(cx, rest)?).map(Self::Uidl),
            Verb::Retr => last(cx, message(cx, rest)?).map(Self::Retr),
            Verb::Top => last(cx, top(cx, rest)?),
            Verb::Dele => last(cx, message(cx, rest)?).map(Self::Dele),
            Verb::Rset => last(cx, (rest, Self::Rset)),
            Verb::Noop => last(cx, (rest, Self::Noop)),
            Verb::Quit => last(cx, (rest, Self::Quit)),
            Verb::Utf8 => last(cx, (rest, Self::Utf8)),
            Verb::Lang => last(cx, lang(cx, rest)?),
            Verb::Other => other(cx, line, keyword.len()),
        }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::User(name) => Self::User(name.detach()),
            Self::Apop(apop) => Self::Apop(Apop { name: apop.name.detach(), digest: apop.digest }),
            Self::Lang(Some(range)) => Self::Lang(Some(range.detach())),
            Self::Other(other) => Self::Other(OtherCommand(other.0.detach())),
            // secrets have memory of their own, the others need none
            short => short.clone(),
        }
    }

    /// Which command it is, without its arguments.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        match self {
            Self::User(_) => Verb::User,
            Self::Pass(_) => Verb::Pass,
            Self::Apop(_) => Verb::Apop,
            Self::AuthList | Self::Auth(_) => Verb::Auth,
            Self::Capa => Verb::Capa,
            Self::Stls => Verb::Stls,
            Self::Stat => Verb::Stat,
            Self::List(_) => Verb::List,
            Self::Uidl(_) => Verb::Uidl,
            Self::Retr(_) => Verb::Retr,
            Self::Top { .. } => Verb::Top,
            Self::Dele(_) => Verb::Dele,
            Self::Rset => Verb::Rset,
            Self::Noop => Verb::Noop,
            Self::Quit => Verb::Quit,
            Self::Utf8 => Verb::Utf8,
            Self::Lang(_) => Verb::Lang,
            Self::Other(_) => Verb::Other,
        }
    }

    /// Writes the command with its CRLF. If it holds a secret, the output will be zeroed when it was sent.
    pub fn encode(&self, output: &mut Output) {
        match self {
            Self::Pass(_) | Self::Auth(_) | Self::Apop(_) => output.set_wipe(),
            Self::Other(other) => {
                other.0.encode(output);
                return output.put(b"\r\n");
            }
            _ => {}
        }
        output.put(self.verb().keyword().as_bytes());
        match self {
            Self::User(name) => put_argument(name.as_bytes(), output),
            Self::Pass(password) => put_argument(password.expose(), output),
            Self::Apop(apop) => {
                put_argument(apop.name.as_bytes(), output);
                let mut digits = [0; 32];
                for (pair, octet) in digits.chunks_exact_mut(2).zip(apop.digest) {
                    pair.copy_from_slice(&[hex(octet >> 4), hex(octet & 15)]);
                }
                put_argument(&digits, output);
            }
            Self::Auth(auth) => {
                output.put(b" ");
                auth.encode(output);
            }
            Self::List(Some(message))
            | Self::Uidl(Some(message))
            | Self::Retr(message)
            | Self::Dele(message) => put_number(message.get().into(), output),
            Self::Top { message, lines } => {
                put_number(message.get().into(), output);
                put_number(*lines, output);
            }
            Self::Lang(Some(range)) => {
                output.put(b" ");
                range.encode(output);
            }
            _ => {}
        }
        output.put(b"\r\n");
    }

    /// The line as it goes over the wire. Its memory is not zeroed.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let mut output = Output::new();
        self.encode(&mut output);
        output.take_all()
    }

    /// Any command, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let name = || {
            prop_oneof!["[!-~]{1,20}", "[!-~\u{a1}-\u{17f}][ -~\u{a1}-\u{17f}]{0,20}"]
                .prop_filter_map("name", |name| UserName::new(name).ok())
        };
        let message = MessageNumber::strategy;
        prop_oneof![
            proptest::sample::select(
                &[
                    Self::AuthList,
                    Self::Capa,
                    Self::Stls,
                    Self::Stat,
                    Self::Rset,
                    Self::Noop,
                    Self::Quit,
                    Self::Utf8
                ][..]
            ),
            name().prop_map(Self::User),
            "[ -~\u{a1}-\u{17f}\t]{1,30}".prop_filter_map("password", |password| {
                Password::new(Secret::new(password)).ok().map(Self::Pass)
            }),
            (name(), any::<[u8; 16]>()).prop_map(|(name, digest)| Self::Apop(Apop { name, digest })),
            Auth::strategy().prop_map(Self::Auth),
            proptest::option::of(message()).prop_map(Self::List),
            proptest::option::of(message()).prop_map(Self::Uidl),
            message().prop_map(Self::Retr),
            message().prop_map(Self::Dele),
            (message(), any::<u64>()).prop_map(|(message, lines)| Self::Top { message, lines }),
            proptest::option::of(LanguageRange::strategy()).prop_map(Self::Lang),
            ("[!-~]{1,9}", "[ -~]{0,20}").prop_filter_map("keyword", |(keyword, arguments)| {
                OtherCommand::new(&keyword, arguments.as_bytes()).ok().map(Self::Other)
            }),
        ]
    }
}

fn put_argument(argument: &[u8], output: &mut Output) {
    output.put(b" ");
    output.put(argument);
}

fn put_number(number: u64, output: &mut Output) {
    output.put(b" ");
    output.put_number(number);
}

fn hex(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + (nibble - 10) }
}

/// What stands behind the one `SP` after the keyword.
fn argument(i: &[u8], wanted: wire::parse::Expected) -> Result<&[u8], nom::Err<Failure>> {
    let (rest, ()) = sp(i)?;
    if rest.is_empty() { fail(rest, wanted).map(|(rest, ())| rest) } else { Ok(rest) }
}

/// What was parsed, if the line ends behind it.
#[inline]
fn last<T>(cx: &Context<'_>, (i, value): (&[u8], T)) -> Result<T, nom::Err<Failure>> {
    end(cx, i)?;
    Ok(value)
}

#[inline]
fn message<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, MessageNumber> {
    if i.is_empty() {
        return fail(i, expected::MESSAGE_NUMBER);
    }
    let (i, ()) = gap(cx, i)?;
    MessageNumber::parse(i)
}

/// `[SP msg]`
#[inline]
fn optional_message<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Option<MessageNumber>> {
    if i.iter().all(|&o| o == b' ') {
        return Ok((i, None));
    }
    message(cx, i).map(|(i, message)| (i, Some(message)))
}

/// In words: "PASS string [...] a server may treat spaces in the argument as part of the password".
/// They are: the password is the whole rest of the line behind one space.
fn password(i: &[u8]) -> Result<Password, nom::Err<Failure>> {
    let secret = argument(i, expected::PASSWORD)?;
    match TEXT.first_outside(secret) {
        Some(at) => Err(Failure::at(&secret[at..], expected::PASSWORD, ParseErrorKind::IllegalOctet)),
        None => Ok(Password(Secret::new(secret))),
    }
}

/// In words: "APOP name digest", where "the digest parameter itself is a 16-octet value which is sent in
/// hexadecimal format, using lower-case ASCII characters". The name is all before the last space.
fn apop<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Command> {
    let arguments = argument(i, expected::NAME)?;
    let Some(split) = memchr::memrchr(b' ', arguments) else {
        return fail(&i[i.len()..], expected::DIGEST);
    };
    let (name, digits) = (&arguments[..split], &arguments[split + 1..]);
    let name = UserName::rule(cx, name)?;
    let mut digest = [0; 16];
    if digits.len() != 32 {
        return Err(Failure::at(digits, expected::DIGEST, ParseErrorKind::Syntax));
    }
    let mut upper = false;
    for (octet, (at, pair)) in digest.iter_mut().zip(digits.chunks_exact(2).enumerate()) {
        for (nibble, digit) in pair.iter().enumerate() {
            upper |= digit.is_ascii_uppercase();
            match (*digit as char).to_digit(16).and_then(|value| u8::try_from(value).ok()) {
                Some(value) => *octet = *octet << 4 | value,
                None => return fail(&digits[2 * at + nibble..], expected::DIGEST),
            }
        }
    }
    if upper && !cx.tolerates(Tolerance::Lenient, rule::UPPER_CASE_DIGEST, digits) {
        return Err(Failure::at(digits, expected::DIGEST, ParseErrorKind::Syntax));
    }
    Ok((&i[i.len()..], Command::Apop(Apop { name, digest })))
}

/// In words: AUTH without a mechanism (RFC 1734), or `AUTH SP sasl-mech [SP initial-response]`.
fn auth<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Command> {
    if i.iter().all(|&o| o == b' ') {
        return Ok((i, Command::AuthList));
    }
    let (i, ()) = gap(cx, i)?;
    let (i, auth) = Auth::rule(cx, i)?;
    Ok((i, Command::Auth(auth)))
}

/// In words: "TOP msg n", where n is "a non-negative number of lines".
fn top<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Command> {
    let (i, message) = message(cx, i)?;
    let (i, ()) = gap(cx, i)?;
    if let Some(digits) = i.strip_prefix(b"-") {
        let len = DIGIT.run(digits);
        if len > 0 && cx.tolerates(Tolerance::Lenient, rule::NEGATIVE_LINES, &i[..=len]) {
            return Ok((&digits[len..], Command::Top { message, lines: u64::MAX }));
        }
    }
    let (i, lines) = number64(i)?;
    Ok((i, Command::Top { message, lines }))
}

/// In words: "LANG", "LANG" and a language range argument, or the special range `*`.
fn lang<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Command> {
    if i.iter().all(|&o| o == b' ') {
        return Ok((i, Command::Lang(None)));
    }
    let (i, ()) = gap(cx, i)?;
    let (i, range) = LanguageRange::parse(cx, i)?;
    Ok((i, Command::Lang(Some(range))))
}

fn other(cx: &Context<'_>, line: &[u8], keyword: usize) -> Result<Command, nom::Err<Failure>> {
    if keyword == 0 || !matches!(line.get(keyword), None | Some(b' ')) {
        return fail(&line[keyword..], expected::KEYWORD).map(|(_, never)| never);
    }
    match KeywordLine::kept(cx, line, keyword) {
        Some(kept) => Ok(Command::Other(OtherCommand(kept))),
        None => {
            let at = TEXT.run(line);
            Err(Failure::at(&line[at..], wire::parse::expected::TEXT, ParseErrorKind::IllegalOctet))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use wire::sasl::Mechanism;

    fn number(number: u32) -> MessageNumber {
        MessageNumber::new(number).unwrap()
    }

    fn rows() -> alloc::vec::Vec<(&'static [u8], Command)> {
        let name = |name: &'static str| UserName::new(name).unwrap();
        let plain = Mechanism::new("PLAIN").unwrap();
        let auth = |response: Option<&[u8]>| {
            Command::Auth(Auth { mechanism: plain, initial_response: response.map(Secret::new) })
        };
        let digest = *b"\xc4\xc9\x33\x4b\xac\x56\x0e\xcc\x97\x9e\x58\x00\x1b\x3e\x22\xfb";
        alloc::vec![
            (b"USER mrose\r\n", Command::User(name("mrose"))),
            (b"USER m rose \r\n", Command::User(name("m rose "))),
            (b"PASS tanstaaf\r\n", Command::Pass(Password::new(Secret::new(*b"tanstaaf")).unwrap())),
            (
                b"APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n",
                Command::Apop(Apop { name: name("mrose"), digest })
            ),
            (b"AUTH\r\n", Command::AuthList),
            (b"AUTH PLAIN\r\n", auth(None)),
            (b"AUTH PLAIN =\r\n", auth(Some(b""))),
            (b"AUTH PLAIN dGVzdAB0ZXN0AHRlc3Q=\r\n", auth(Some(b"test\0test\0test"))),
            (b"CAPA\r\n", Command::Capa),
            (b"STLS\r\n", Command::Stls),
            (b"STAT\r\n", Command::Stat),
            (b"LIST\r\n", Command::List(None)),
            (b"LIST 2\r\n", Command::List(Some(number(2)))),
            (b"UIDL\r\n", Command::Uidl(None)),
            (b"UIDL 4294967295\r\n", Command::Uidl(Some(number(u32::MAX)))),
            (b"RETR 1\r\n", Command::Retr(number(1))),
            (b"TOP 1 10\r\n", Command::Top { message: number(1), lines: 10 }),
            (b"TOP 1 18446744073709551615\r\n", Command::Top { message: number(1), lines: u64::MAX }),
            (b"DELE 1\r\n", Command::Dele(number(1))),
            (b"RSET\r\n", Command::Rset),
            (b"NOOP\r\n", Command::Noop),
            (b"QUIT\r\n", Command::Quit),
            (b"UTF8\r\n", Command::Utf8),
            (b"LANG\r\n", Command::Lang(None)),
            (b"LANG *\r\n", Command::Lang(Some(LanguageRange::preferred()))),
            (b"LANG en-boont\r\n", Command::Lang(Some(LanguageRange::new("en-boont").unwrap()))),
            (b"XTND XLST Subject\r\n", Command::Other(OtherCommand::new("XTND", b"XLST Subject").unwrap())),
            (b"LAST\r\n", Command::Other(OtherCommand::new("LAST", b"").unwrap())),
        ]
    }

    #[test]
    fn every_command_both_ways() {
        for (line, command) in rows() {
            let frame = Bytes::from_static(line);
            assert_eq!(Command::parse(&frame).as_ref(), Ok(&command), "{line:?}");
            assert_eq!(command.to_bytes(), frame);
            let keyword = line.iter().take_while(|o| o.is_ascii_alphanumeric()).count();
            let lower = [&line[..keyword].to_ascii_lowercase()[..], &line[keyword..]].concat();
            match Command::parse(&lower.into()).unwrap() {
                Command::Other(_) => assert!(matches!(command, Command::Other(_))),
                parsed => assert_eq!(parsed, command),
            }
        }
    }

    #[test]
    fn no_prefix_is_a_command_and_nothing_may_follow_one() {
        for (line, _) in rows() {
            for end in 0..line.len() {
                let error = Command::parse(&Bytes::from_static(&line[..end])).unwrap_err();
                assert!(error.offset as usize <= end, "{line:?} {error}");
            }
            for behind in [&b"\r\n"[..], b"x", b"NOOP\r\n"] {
                let frame = [line, behind].concat().into();
                assert!(Command::parse(&frame).is_err(), "{frame:?}");
            }
        }
    }

    #[test]
    fn every_keyword_has_a_row() {
        let rows = rows();
        for keyword in Verb::KEYWORDS {
            assert!(rows.iter().any(|(_, command)| command.verb().keyword() == *keyword), "{keyword}");
        }
    }

    #[test]
    fn errors_say_where_and_what() {
        for (line, offset, wanted) in [
            (&b"RETR\r\n"[..], 4, "message-number"),
            (b"RETR x\r\n", 5, "message-number"),
            (b"RETR 0\r\n", 5, "message-number"),
            (b"RETR 4294967296\r\n", 5, "number"),
            (b"RETR 1 2\r\n", 6, "end of line"),
            (b"RETR  1\r\n", 5, "message-number"),
            (b"TOP 1\r\n", 5, "space"),
            (b"TOP 1 \r\n", 6, "number"),
            (b"TOP 1 18446744073709551616\r\n", 6, "number"),
            (b"USER\r\n", 4, "space"),
            (b"USER \r\n", 5, "name"),
            (b"PASS \r\n", 5, "password"),
            (b"PASS a\0b\r\n", 6, "password"),
            (b"APOP mrose\r\n", 10, "32 lower-case hexadecimal digits"),
            (b"APOP mrose c4c9\r\n", 11, "32 lower-case hexadecimal digits"),
            (b"APOP mrose c4c9334bac560ecc979e58001b3e22fg\r\n", 42, "32 lower-case hexadecimal digits"),
            (b"APOP mrose C4c9334bac560ecc979e58001b3e22fb\r\n", 11, "32 lower-case hexadecimal digits"),
            (b"AUTH AAAAAAAAAAAAAAAAAAAAA\r\n", 5, "mechanism name"),
            (b"AUTH PLAIN AA\r\n", 13, "base64"),
            (b"AUTH PLAIN AA==x y\r\n", 13, "base64"),
            (b"AUTH PLAIN ==\r\n", 11, "base64"),
            (b"AUTH PL.AIN\r\n", 7, "space"),
            (b"LANG e_n\r\n", 6, "end of line"),
            (b"LANG 123\r\n", 5, "language tag"),
            (b"NOOP\n", 4, "CR LF"),
            (b"NOOP", 4, "CR LF"),
            (b"NOOP \r\n", 4, "end of line"),
            (b"\r\n", 0, "command keyword"),
            (b"STAT\r\nSTAT\r\n", 4, "end of line"),
        ] {
            let error = Command::parse(&Bytes::from_static(line)).unwrap_err();
            assert_eq!((error.offset, error.expected), (offset, wanted), "{line:?}: {error}");
        }
    }

    #[test]
    fn values_cannot_inject() {
        for bad in ["a\r", "a\nb", "\0", "a b\r\nDELE 1", "a b\0", " \n"] {
            assert!(UserName::new(bad).is_err() && Password::new(Secret::new(bad)).is_err());
            assert!(OtherCommand::new("X", bad.as_bytes()).is_err() && OtherCommand::new(bad, b"").is_err());
            assert!(LanguageRange::new(bad).is_err() && Mechanism::new(bad).is_err());
        }
        assert!(UserName::new("").is_err() && Password::new(Secret::default()).is_err());
        assert!(OtherCommand::new("RETR", b"x").is_err(), "has a variant of its own");
        assert!(OtherCommand::new("A B", b"").is_err());
    }

    proptest! {
        #[test]
        fn round_trip(command in Command::strategy()) {
            let frame = command.to_bytes();
            let parsed = Command::parse(&frame);
            prop_assert_eq!(parsed.as_ref(), Ok(&command));
            // a detached value leaves the frame to itself
            let detached = parsed.unwrap().detach();
            prop_assert!(frame.is_unique());
            prop_assert_eq!(detached, command);
        }

        #[test]
        fn the_common_form_is_parsed_as_any_other(
            line in "(CAPA|stls|STAT|LIST|uidl|RETR|DELE|RSET|NOOP|quit|UTF8|LANG|AUTH|[\x00-~]{4}) ?[0-9]{0,4} ?\r?\n",
        ) {
            let frame = Bytes::from(line);
            if let Some(command) = Command::plain(&frame) {
                let cx = Context::new(&frame, Tolerance::Strict);
                prop_assert_eq!(Command::any(&cx), Ok(command));
                prop_assert!(cx.into_repairs().is_empty());
            }
        }

        #[test]
        fn anything_accepted_encodes_to_an_equal_value(
            line in "(USER|pass|APOP|Auth|LIST|TOP|LANG|X|NOOP)( |  |\t|\0|[a-z0-9=*-]|AA==){0,12} {0,2}\r?\n",
            octets: alloc::vec::Vec<u8>,
        ) {
            for frame in [Bytes::from(line), Bytes::from([&octets[..], b"\r\n"].concat())] {
                for tolerance in [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient] {
                    let cx = Context::new(&frame, tolerance);
                    if let Ok(command) = Command::parse_in(&cx) {
                        let encoded = command.to_bytes();
                        let again = Command::parse(&encoded);
                        prop_assert_eq!(again.as_ref(), Ok(&command));
                        prop_assert_eq!(again.map(|again| again.to_bytes()), Ok(encoded));
                    }
                }
            }
        }
    }
}
