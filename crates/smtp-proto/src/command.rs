//! Commands (RFC 5321 section 4.1, RFC 2033, 3030, 3207, 4954, 1985, 2645, 4468).

use crate::syntax::{self, end, expected, gap};
use crate::{Attributes, ClientName, Mail, Rcpt, ReplyKind, Verb, rule};
use bytes::Bytes;
use core::fmt;
use wire::class::{TEXT, VCHAR};
use wire::keyword::{Prefix, first};
use wire::number::number64;
use wire::parse::{Failure, Parsed, fail, sp};
use wire::sasl::Auth;
use wire::{Context, KeywordLine, Misuse, Output, ParseError, ParseErrorKind, Text, Tolerance};

/// What a client asks for (RFC 5321 section 4.1.1; RFC 2033 section 4 for LMTP).
///
/// ```
/// use smtp_proto::Command;
///
/// let command = Command::parse(&"BDAT 86 LAST\r\n".into())?;
/// let Command::Bdat(bdat) = &command else { panic!() };
/// assert_eq!((bdat.size, bdat.last), (86, true));
/// assert_eq!(command.to_bytes(), "BDAT 86 LAST\r\n");
/// # Ok::<(), smtp_proto::wire::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// `HELO domain` (RFC 5321 section 4.1.1.1).
    Helo(ClientName),
    /// `EHLO domain` (RFC 5321 section 4.1.1.1).
    Ehlo(ClientName),
    /// `LHLO domain` (RFC 2033 section 4.1).
    Lhlo(ClientName),
    /// `MAIL FROM:<reverse-path> [parameters]` (RFC 5321 section 4.1.1.2).
    Mail(Mail),
    /// `RCPT TO:<forward-path> [parameters]` (RFC 5321 section 4.1.1.3).
    Rcpt(Rcpt),
    /// `DATA` (RFC 5321 section 4.1.1.4).
    Data,
    /// `BDAT size [LAST]` (RFC 3030 section 2).
    Bdat(Bdat),
    /// `BURL url [LAST]` (RFC 4468 section 3.4).
    Burl(Burl),
    /// `RSET` (RFC 5321 section 4.1.1.5).
    Rset,
    /// `VRFY string` (RFC 5321 section 4.1.1.6).
    Vrfy(Argument),
    /// `EXPN string` (RFC 5321 section 4.1.1.7).
    Expn(Argument),
    /// `HELP [string]` (RFC 5321 section 4.1.1.8).
    Help(Option<Argument>),
    /// `NOOP [string]` (RFC 5321 section 4.1.1.9).
    Noop(Option<Argument>),
    /// `QUIT` (RFC 5321 section 4.1.1.10).
    Quit,
    /// `STARTTLS` (RFC 3207 section 4).
    StartTls,
    /// `AUTH mechanism [initial-response]` (RFC 4954 section 4).
    Auth(Auth),
    /// `ETRN node` (RFC 1985 section 5).
    Etrn(Node),
    /// `ATRN [domain *("," domain)]` (RFC 2645 section 5.2).
    Atrn(Option<Node>),
    /// `TURN` (RFC 821 section 3.8, obsolete).
    Turn,
    /// `XCLIENT attributes` (Postfix).
    Xclient(Attributes),
    /// `XFORWARD attributes` (Postfix).
    Xforward(Attributes),
    /// Any other, such as SEND, SOML, SAML (RFC 821) or XEXCH50, kept as it came.
    Other(OtherCommand),
}

/// The arguments of BDAT (RFC 3030 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bdat {
    /// Octets of the chunk, which follow the command.
    pub size: u64,
    /// `LAST`: the message ends with this chunk.
    pub last: bool,
}

/// The arguments of BURL (RFC 4468 section 3.4): content that the server fetches.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Burl {
    /// An IMAP URL with URLAUTH. Whoever has it may read what it names.
    url: Text,
    /// `LAST`: the message ends with this chunk.
    pub last: bool,
}

impl fmt::Debug for Burl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Burl").field("url", &"***").field("last", &self.last).finish()
    }
}

impl Burl {
    /// A URL of printable ASCII.
    ///
    /// # Errors
    /// Empty, or another octet.
    pub fn new(url: impl Into<Bytes>, last: bool) -> Result<Self, Misuse> {
        let url = word(url.into())?;
        match url.as_bytes().iter().position(|octet| !octet.is_ascii()) {
            Some(offset) => Err(Misuse::IllegalOctet { offset }),
            None => Ok(Self { url, last }),
        }
    }

    /// The URL.
    #[must_use]
    pub fn url(&self) -> &[u8] {
        self.url.as_bytes()
    }
}

/// The argument of VRFY, EXPN, HELP or NOOP (RFC 5321 sections 4.1.1.6 to 4.1.1.9): a user name, a mailbox, the name of a list, or
/// anything.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Argument(Text);

impl Argument {
    /// Checks and takes over the octets.
    ///
    /// # Errors
    /// Empty, a space at an end, or CR, LF or NUL.
    pub fn new(string: impl Into<Bytes>) -> Result<Self, Misuse> {
        let string = Text::new(string)?;
        match string.as_bytes() {
            [] => Err(Misuse::Empty),
            [b' ' | b'\t', ..] | [.., b' ' | b'\t'] => Err(Misuse::Invalid("string")),
            _ => Ok(Self(string)),
        }
    }

    /// All of it, as it came.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(self.0.detach())
    }

    /// Who is asked for, without `SMTPUTF8` behind it.
    #[must_use]
    pub fn string(&self) -> &[u8] {
        let all = self.0.as_bytes();
        if self.accepts_utf8() { &all[..all.len() - Self::SMTPUTF8.len()] } else { all }
    }

    /// Whether the client bears UTF-8 in the reply: `SMTPUTF8` behind the string (RFC 6531 section 3.7.4.2).
    #[must_use]
    pub fn accepts_utf8(&self) -> bool {
        let all = self.0.as_bytes();
        let start = all.len().checked_sub(Self::SMTPUTF8.len()).filter(|&start| start > 0);
        start.is_some_and(|start| all[start..].eq_ignore_ascii_case(Self::SMTPUTF8))
    }

    const SMTPUTF8: &[u8] = b" SMTPUTF8";
}

impl fmt::Debug for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The argument of ETRN (RFC 1985 section 5.2) or ATRN (RFC 2645 section 5.2): a node, `@` and a domain with its subdomains, `#`
/// and a queue, or domains with commas between.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Node(Text);

impl Node {
    /// A name of printable octets.
    ///
    /// # Errors
    /// Empty, or another octet.
    pub fn new(name: impl Into<Bytes>) -> Result<Self, Misuse> {
        word(name.into()).map(Self)
    }

    /// All of it, as it came.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The names between the commas.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.0.as_bytes().split(|&o| o == b',')
    }
}

/// Printable octets without a space.
fn word(octets: Bytes) -> Result<Text, Misuse> {
    if octets.is_empty() {
        return Err(Misuse::Empty);
    }
    match octets.iter().position(|&o| !is_word(o)) {
        Some(offset) => Err(Misuse::IllegalOctet { offset }),
        None => Text::new(octets),
    }
}

fn is_word(octet: u8) -> bool {
    VCHAR.or(wire::class::HIGH).has(octet)
}

/// A command that this crate does not know (RFC 5321 section 2.2.2), as a keyword and whatever follows.
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
        match Self::usual(frame) {
            Some(command) => Ok(command),
            None => Self::unusual(&Context::new(frame, Tolerance::Strict)),
        }
    }

    /// Parses the command that a context stands for, with its line end, as far as the context's
    /// tolerance goes; the context collects what was repaired.
    ///
    /// # Errors
    /// What is wrong, and where.
    ///
    /// ```
    /// use smtp_proto::{Command, rule};
    /// use wire::{Context, Tolerance};
    ///
    /// let frame = "MAIL FROM: <a@example.org>\n".into();
    /// let cx = Context::new(&frame, Tolerance::Lenient);
    /// assert!(matches!(Command::parse_in(&cx)?, Command::Mail(_)));
    /// let repairs: Vec<_> = cx.into_repairs().iter().map(|repair| repair.rule).collect();
    /// assert_eq!(repairs, [rule::BARE_LF, rule::SPACE_BEFORE_PATH]);
    /// # Ok::<(), wire::ParseError>(())
    /// ```
    #[inline]
    pub fn parse_in(cx: &Context<'_>) -> Result<Self, ParseError> {
        match Self::usual(cx.frame()) {
            Some(command) => Ok(command),
            None => Self::unusual(cx),
        }
    }

    /// The commands that are met most, in the form in which nearly all clients write them: nothing is to be remarked about
    /// them at any tolerance. Anything else is left to [`rule`](Self::rule).
    fn usual(frame: &Bytes) -> Option<Self> {
        const MAIL: [Prefix; 2] = [Prefix::of("MAIL FRO"), Prefix::of("IL FROM:")];
        const RCPT: Prefix = Prefix::of("RCPT TO:");
        const EHLO: Prefix = Prefix::of("EHLO ");
        const HELO: Prefix = Prefix::of("HELO ");
        const DATA: u64 = short("data");
        const QUIT: u64 = short("quit");
        const RSET: u64 = short("rset");
        const NOOP: u64 = short("noop");
        let line = frame.strip_suffix(b"\r\n")?;
        let word = first(line);
        if RCPT.is_in(word) {
            return Rcpt::usual(frame, 8).map(Self::Rcpt);
        }
        if MAIL[0].is_in(word) {
            let behind = line.get(2..).is_some_and(|rest| MAIL[1].is_in(first(rest)));
            return if behind { Mail::usual(frame, 10).map(Self::Mail) } else { None };
        }
        if line.len() == 4 {
            return match word | FOLD {
                DATA => Some(Self::Data),
                QUIT => Some(Self::Quit),
                RSET => Some(Self::Rset),
                NOOP => Some(Self::Noop(None)),
                _ => None,
            };
        }
        let name = || ClientName::usual(frame, 5);
        if EHLO.is_in(word) {
            name().map(Self::Ehlo)
        } else if HELO.is_in(word) {
            name().map(Self::Helo)
        } else {
            None
        }
    }

    #[cold]
    fn unusual(cx: &Context<'_>) -> Result<Self, ParseError> {
        let frame = cx.frame();
        syntax::line(cx, frame, 0)
            .and_then(|line| Self::rule(cx, line))
            .map_err(|error| cx.error(error, expected::name))
    }

    /// In words (RFC 5321 sections 2.4 and 4.1.1): a verb in any case, and arguments behind a space. Without the CRLF.
    fn rule(cx: &Context<'_>, line: &[u8]) -> Result<Self, nom::Err<Failure>> {
        let spaces = line.iter().position(|&o| o != b' ').unwrap_or(0);
        if spaces > 0 && cx.tolerates(Tolerance::Lenient, rule::LEADING_SPACE, &line[..spaces]) {
            return Self::rule(cx, &line[spaces..]);
        }
        let (keyword, rest) = line.split_at(VCHAR.run(line));
        match Verb::of(keyword) {
            Verb::Helo => last(cx, client_name(cx, rest)?).map(Self::Helo),
            Verb::Ehlo => last(cx, client_name(cx, rest)?).map(Self::Ehlo),
            Verb::Lhlo => last(cx, client_name(cx, rest)?).map(Self::Lhlo),
            Verb::Mail => {
                let i = path_prefix(cx, rest, b" FROM:", expected::FROM)?;
                last(cx, Mail::rule(cx, i)?).map(Self::Mail)
            }
            Verb::Rcpt => {
                let i = path_prefix(cx, rest, b" TO:", expected::TO)?;
                last(cx, Rcpt::rule(cx, i)?).map(Self::Rcpt)
            }
            Verb::Data => last(cx, (rest, Self::Data)),
            Verb::Bdat => last(cx, bdat(cx, rest)?).map(Self::Bdat),
            Verb::Burl => last(cx, burl(cx, rest)?).map(Self::Burl),
            Verb::Rset => last(cx, (rest, Self::Rset)),
            Verb::Vrfy => query(cx, rest).map(Self::Vrfy),
            Verb::Expn => query(cx, rest).map(Self::Expn),
            Verb::Help => string(cx, rest).map(Self::Help),
            Verb::Noop => string(cx, rest).map(Self::Noop),
            Verb::Quit => last(cx, (rest, Self::Quit)),
            Verb::StartTls => last(cx, (rest, Self::StartTls)),
            Verb::Auth => last(cx, auth(cx, rest)?).map(Self::Auth),
            Verb::Etrn => last(cx, node(cx, rest)?).map(Self::Etrn),
            Verb::Atrn if is_blank(rest) => last(cx, (rest, Self::Atrn(None))),
            Verb::Atrn => last(cx, node(cx, rest)?).map(|node| Self::Atrn(Some(node))),
            Verb::Turn => last(cx, (rest, Self::Turn)),
            Verb::Xclient => last(cx, attributes(cx, rest)?).map(Self::Xclient),
            Verb::Xforward => last(cx, attributes(cx, rest)?).map(Self::Xforward),
            Verb::Other => other(cx, line, keyword.len()),
        }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Helo(name) => Self::Helo(name.detach()),
            Self::Ehlo(name) => Self::Ehlo(name.detach()),
            Self::Lhlo(name) => Self::Lhlo(name.detach()),
            Self::Mail(mail) => Self::Mail(mail.detach()),
            Self::Rcpt(rcpt) => Self::Rcpt(rcpt.detach()),
            Self::Burl(burl) => Self::Burl(Burl { url: burl.url.detach(), last: burl.last }),
            Self::Vrfy(query) => Self::Vrfy(query.detach()),
            Self::Expn(query) => Self::Expn(query.detach()),
            Self::Help(text) => Self::Help(text.as_ref().map(Argument::detach)),
            Self::Noop(text) => Self::Noop(text.as_ref().map(Argument::detach)),
            Self::Etrn(node) => Self::Etrn(Node(node.0.detach())),
            Self::Atrn(Some(node)) => Self::Atrn(Some(Node(node.0.detach()))),
            Self::Xclient(attributes) => Self::Xclient(attributes.detach()),
            Self::Xforward(attributes) => Self::Xforward(attributes.detach()),
            Self::Other(other) => Self::Other(OtherCommand(other.0.detach())),
            // secrets have memory of their own, the others need none
            short => short.clone(),
        }
    }

    /// Which command it is, without its arguments.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        match self {
            Self::Helo(_) => Verb::Helo,
            Self::Ehlo(_) => Verb::Ehlo,
            Self::Lhlo(_) => Verb::Lhlo,
            Self::Mail(_) => Verb::Mail,
            Self::Rcpt(_) => Verb::Rcpt,
            Self::Data => Verb::Data,
            Self::Bdat(_) => Verb::Bdat,
            Self::Burl(_) => Verb::Burl,
            Self::Rset => Verb::Rset,
            Self::Vrfy(_) => Verb::Vrfy,
            Self::Expn(_) => Verb::Expn,
            Self::Help(_) => Verb::Help,
            Self::Noop(_) => Verb::Noop,
            Self::Quit => Verb::Quit,
            Self::StartTls => Verb::StartTls,
            Self::Auth(_) => Verb::Auth,
            Self::Etrn(_) => Verb::Etrn,
            Self::Atrn(_) => Verb::Atrn,
            Self::Turn => Verb::Turn,
            Self::Xclient(_) => Verb::Xclient,
            Self::Xforward(_) => Verb::Xforward,
            Self::Other(_) => Verb::Other,
        }
    }

    /// What its replies do.
    #[must_use]
    pub const fn reply_kind(&self) -> ReplyKind {
        match self {
            Self::Bdat(Bdat { last: true, .. }) | Self::Burl(Burl { last: true, .. }) => ReplyKind::LastChunk,
            Self::Auth(Auth { initial_response: Some(_), .. }) => ReplyKind::AuthInitial,
            _ => self.verb().reply_kind(),
        }
    }

    /// Writes the command with its CRLF. If it holds a secret, the output will be zeroed when it was sent.
    pub fn encode(&self, output: &mut Output) {
        match self {
            Self::Mail(mail) => {
                output.put(b"MAIL FROM:");
                mail.encode(output);
                return output.put(b"\r\n");
            }
            Self::Rcpt(rcpt) => {
                output.put(b"RCPT TO:");
                rcpt.encode(output);
                return output.put(b"\r\n");
            }
            // whole lines at once
            Self::Data => return output.put(b"DATA\r\n"),
            Self::Rset => return output.put(b"RSET\r\n"),
            Self::Quit => return output.put(b"QUIT\r\n"),
            Self::Noop(None) => return output.put(b"NOOP\r\n"),
            Self::Other(other) => {
                other.0.encode(output);
                return output.put(b"\r\n");
            }
            // whoever has the URL may read what it names
            Self::Burl(_) => output.set_wipe(),
            _ => {}
        }
        output.put(self.verb().keyword().as_bytes());
        match self {
            // a tolerant server has taken one without a name
            Self::Helo(name) | Self::Ehlo(name) | Self::Lhlo(name) if name.as_bytes().is_empty() => {}
            Self::Helo(name) | Self::Ehlo(name) | Self::Lhlo(name) => put_argument(name.as_bytes(), output),
            Self::Bdat(bdat) => {
                output.put(b" ");
                output.put_number(bdat.size);
                put_last(bdat.last, output);
            }
            Self::Burl(burl) => {
                put_argument(burl.url(), output);
                put_last(burl.last, output);
            }
            Self::Vrfy(query) | Self::Expn(query) => put_argument(query.as_bytes(), output),
            Self::Help(Some(text)) | Self::Noop(Some(text)) => put_argument(text.as_bytes(), output),
            Self::Auth(auth) => {
                output.set_wipe();
                output.put(b" ");
                auth.encode(output);
            }
            Self::Etrn(node) | Self::Atrn(Some(node)) => put_argument(node.as_bytes(), output),
            Self::Xclient(attributes) | Self::Xforward(attributes) => {
                output.put(b" ");
                attributes.encode(output);
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
        let word = || "[!-~]{1,20}".prop_filter_map("word", |name| Node::new(name).ok());
        let text = || "[!-~]([ -~\u{a1}-\u{17f}]{0,20}[!-~])?";
        let query = || text().prop_filter_map("string", |string| Argument::new(string).ok());
        let string = || proptest::option::of(query());
        prop_oneof![
            proptest::sample::select(
                &[Self::Data, Self::Rset, Self::Quit, Self::StartTls, Self::Turn, Self::Atrn(None)][..]
            ),
            ClientName::strategy().prop_map(Self::Helo),
            ClientName::strategy().prop_map(Self::Ehlo),
            ClientName::strategy().prop_map(Self::Lhlo),
            Mail::strategy().prop_map(Self::Mail),
            Rcpt::strategy().prop_map(Self::Rcpt),
            any::<(u64, bool)>().prop_map(|(size, last)| Self::Bdat(Bdat { size, last })),
            ("imap://[!-~]{0,20}", any::<bool>())
                .prop_filter_map("url", |(url, last)| Burl::new(url, last).ok().map(Self::Burl)),
            query().prop_map(Self::Vrfy),
            query().prop_map(Self::Expn),
            string().prop_map(Self::Help),
            string().prop_map(Self::Noop),
            Auth::strategy().prop_map(Self::Auth),
            word().prop_map(Self::Etrn),
            word().prop_map(|node| Self::Atrn(Some(node))),
            Attributes::strategy().prop_map(Self::Xclient),
            Attributes::strategy().prop_map(Self::Xforward),
            ("[!-~]{1,9}", "[ -~]{0,20}").prop_filter_map("keyword", |(keyword, arguments)| {
                OtherCommand::new(&keyword, arguments.as_bytes()).ok().map(Self::Other)
            }),
        ]
    }
}

/// The bit in which the cases of a letter differ, in each of four octets.
const FOLD: u64 = 0x2020_2020;

/// Four letters, in lower case, as [`first`] gives them.
const fn short(word: &str) -> u64 {
    match word.as_bytes() {
        &[a, b, c, d] => u32::from_le_bytes([a, b, c, d]) as u64,
        _ => 0,
    }
}

fn put_argument(argument: &[u8], output: &mut Output) {
    output.put(b" ");
    output.put(argument);
}

fn put_last(last: bool, output: &mut Output) {
    if last {
        output.put(b" LAST");
    }
}

/// What was parsed, if the line ends behind it. Spaces at the end are borne at each tolerance (RFC 5321 section 4.1.1).
#[inline]
fn last<T>(cx: &Context<'_>, (i, value): (&[u8], T)) -> Result<T, nom::Err<Failure>> {
    if i.is_empty() {
        return Ok(value);
    }
    if is_blank(i) {
        cx.repair(rule::TRAILING_SPACE, i);
    } else {
        end(cx, i)?;
    }
    Ok(value)
}

fn is_blank(i: &[u8]) -> bool {
    i.iter().all(|&o| o == b' ' || o == b'\t')
}

/// What stands behind ` FROM:` or ` TO:`; blanks around the colon where that is tolerated.
fn path_prefix<'i>(
    cx: &Context<'_>,
    i: &'i [u8],
    prefix: &[u8],
    wanted: wire::parse::Expected,
) -> Result<&'i [u8], nom::Err<Failure>> {
    if !i.first().is_some_and(|&o| o == b' ' || o == b'\t') {
        return fail(i, wanted).map(|(rest, ())| rest);
    }
    if let Some((start, rest)) = i.split_at_checked(prefix.len()) {
        if start.eq_ignore_ascii_case(prefix) && !matches!(rest.first(), Some(b' ' | b'\t')) {
            return Ok(rest);
        }
    }
    spaced_prefix(cx, i, &prefix[1..prefix.len() - 1], wanted)
}

/// `word` is `FROM` or `TO`.
#[cold]
fn spaced_prefix<'i>(
    cx: &Context<'_>,
    i: &'i [u8],
    word: &[u8],
    wanted: wire::parse::Expected,
) -> Result<&'i [u8], nom::Err<Failure>> {
    let failed = |i| fail::<()>(i, wanted).map(|(i, ())| i);
    let blanks = |i: &[u8]| i.iter().position(|&o| o != b' ' && o != b'\t').unwrap_or(i.len());
    let (rest, ()) = gap(cx, i)?;
    let Some((start, rest)) = rest.split_at_checked(word.len()) else { return failed(rest) };
    if !start.eq_ignore_ascii_case(word) {
        return failed(&i[1..]);
    }
    let before = blanks(rest);
    let Some(behind) = rest[before..].strip_prefix(b":") else { return failed(&rest[before..]) };
    let after = blanks(behind);
    let whole = &rest[..before + 1 + after];
    if whole.len() == 1 || cx.tolerates(Tolerance::Lenient, rule::SPACE_BEFORE_PATH, whole) {
        Ok(&behind[after..])
    } else {
        fail::<()>(if before > 0 { rest } else { behind }, expected::PATH).map(|(i, ())| i)
    }
}

/// ```text
/// ehlo           = "EHLO" SP ( Domain / address-literal ) CRLF
/// helo           = "HELO" SP Domain CRLF
/// ```
fn client_name<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ClientName> {
    if is_blank(i) {
        return ClientName::rule(cx, &i[i.len()..]);
    }
    let (i, ()) = gap(cx, i)?;
    ClientName::rule(cx, i)
}

/// ```text
/// bdat-cmd   ::= "BDAT" SP chunk-size [ SP end-marker ] CR LF
/// chunk-size ::= 1*DIGIT
/// end-marker ::= "LAST"
/// ```
fn bdat<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Bdat> {
    let (i, ()) = gap(cx, i)?;
    let digits = i.first().is_some_and(u8::is_ascii_digit);
    let (i, size) = if digits { number64(i)? } else { fail(i, expected::CHUNK_SIZE)? };
    let (i, last) = end_marker(cx, i)?;
    Ok((i, Bdat { size, last }))
}

/// ```text
/// burl-cmd      = "BURL" SP absolute-URI [SP end-marker] CRLF
/// end-marker    = "LAST"
/// ```
fn burl<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Burl> {
    cx.set_secret();
    let (i, ()) = gap(cx, i)?;
    let len = VCHAR.run(i);
    if len == 0 {
        return fail(i, expected::URL);
    }
    // printable octets are text
    let url = Text::repaired(cx.keep(&i[..len])).0;
    let (i, last) = end_marker(cx, &i[len..])?;
    Ok((i, Burl { url, last }))
}

/// `[ SP "LAST" ]`
fn end_marker<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, bool> {
    if is_blank(i) {
        return Ok((i, false));
    }
    let (i, ()) = gap(cx, i)?;
    match i.split_first_chunk::<4>() {
        Some((marker, rest)) if marker.eq_ignore_ascii_case(b"LAST") => Ok((rest, true)),
        _ => fail(i, expected::LAST),
    }
}

/// ```text
/// vrfy           = "VRFY" SP String CRLF
/// expn           = "EXPN" SP String CRLF
/// String         = Atom / Quoted-string
/// ```
///
/// Taken wider, as everybody does: the whole rest of the line.
fn query(cx: &Context<'_>, i: &[u8]) -> Result<Argument, nom::Err<Failure>> {
    match string(cx, i)? {
        Some(argument) => Ok(argument),
        None => fail(&i[i.len()..], expected::STRING).map(|(_, never)| never),
    }
}

/// `[ SP String ]`: the whole rest of the line, without blanks at its ends.
fn string(cx: &Context<'_>, i: &[u8]) -> Result<Option<Argument>, nom::Err<Failure>> {
    if let Some(at) = TEXT.first_outside(i) {
        return Err(Failure::at(&i[at..], wire::parse::expected::TEXT, ParseErrorKind::IllegalOctet));
    }
    if is_blank(i) {
        return last(cx, (i, None));
    }
    let (i, ()) = gap(cx, i)?;
    if is_blank(&i[..1]) {
        return fail(i, expected::STRING).map(|(_, never)| never);
    }
    let len = i.iter().rposition(|&o| o != b' ' && o != b'\t').map_or(0, |at| at + 1);
    let text = Text::repaired(cx.keep(&i[..len])).0;
    last(cx, (&i[len..], Some(Argument(text))))
}

fn auth<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Auth> {
    let (i, ()) = sp_or_gap(cx, i)?;
    Auth::rule(cx, i)
}

/// A gap; where nothing follows, what is missing is the argument.
fn sp_or_gap<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, ()> {
    if i.is_empty() { sp(i) } else { gap(cx, i) }
}

/// ```text
/// ETRN [<option character>]<node name><CR><LF>
/// atrn        = "ATRN" [SP domain *("," domain)] CRLF
/// ```
fn node<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Node> {
    let (i, ()) = gap(cx, i)?;
    let len = i.iter().position(|&o| !is_word(o)).unwrap_or(i.len());
    if len == 0 {
        return fail(i, expected::NODE);
    }
    Ok((&i[len..], Node(Text::repaired(cx.keep(&i[..len])).0)))
}

fn attributes<'i>(cx: &Context<'_>, i: &'i [u8]) -> Parsed<'i, Attributes> {
    let (i, ()) = gap(cx, i)?;
    Attributes::rule(cx, i)
}

fn other(cx: &Context<'_>, line: &[u8], keyword: usize) -> Result<Command, nom::Err<Failure>> {
    if keyword == 0 || !matches!(line.get(keyword), None | Some(b' ')) {
        return fail(&line[keyword..], expected::COMMAND).map(|(_, never)| never);
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
    use alloc::vec::Vec;
    use alloc::{format, vec};
    use proptest::prelude::*;
    use wire::Rule;
    use wire::sasl::Mechanism;

    fn parse(line: &str) -> Result<Command, ParseError> {
        Command::parse(&Bytes::copy_from_slice(line.as_bytes()))
    }

    fn lenient(line: &str) -> (Result<Command, ParseError>, Vec<Rule>) {
        let frame = Bytes::copy_from_slice(line.as_bytes());
        let cx = Context::new(&frame, Tolerance::Lenient);
        let command = Command::parse_in(&cx);
        (command, cx.into_repairs().iter().map(|repair| repair.rule).collect())
    }

    fn text(text: &str) -> Argument {
        Argument::new(text.to_owned()).unwrap()
    }

    #[test]
    fn rows_both_ways() {
        let name = |name: &str| ClientName::new(name.to_owned()).unwrap();
        let node = |name: &str| Node::new(name.to_owned()).unwrap();
        for (line, command) in [
            ("HELO a.example", Command::Helo(name("a.example"))),
            ("EHLO [192.0.2.1]", Command::Ehlo(name("[192.0.2.1]"))),
            ("LHLO foo_bar", Command::Lhlo(name("foo_bar"))),
            ("DATA", Command::Data),
            ("BDAT 0", Command::Bdat(Bdat { size: 0, last: false })),
            ("BDAT 1000 LAST", Command::Bdat(Bdat { size: 1000, last: true })),
            (
                "BURL imap://h/x;URLAUTH=y LAST",
                Command::Burl(Burl::new("imap://h/x;URLAUTH=y", true).unwrap()),
            ),
            ("RSET", Command::Rset),
            ("VRFY Jones", Command::Vrfy(Argument::new("Jones").unwrap())),
            ("EXPN Example People", Command::Expn(Argument::new("Example People").unwrap())),
            ("HELP", Command::Help(None)),
            ("HELP mail", Command::Help(Some(text("mail")))),
            ("NOOP", Command::Noop(None)),
            ("NOOP a  b", Command::Noop(Some(text("a  b")))),
            ("QUIT", Command::Quit),
            ("STARTTLS", Command::StartTls),
            (
                "AUTH PLAIN =",
                Command::Auth(Auth {
                    mechanism: Mechanism::new("PLAIN").unwrap(),
                    initial_response: Some(wire::Secret::default()),
                }),
            ),
            ("ETRN @example.org", Command::Etrn(node("@example.org"))),
            ("ATRN", Command::Atrn(None)),
            ("ATRN example.org,example.com", Command::Atrn(Some(node("example.org,example.com")))),
            ("TURN", Command::Turn),
            ("XEXCH50 13 2", Command::Other(OtherCommand::new("XEXCH50", b"13 2").unwrap())),
            ("SEND FROM:<a@b>", Command::Other(OtherCommand::new("SEND", b"FROM:<a@b>").unwrap())),
        ] {
            let frame = format!("{line}\r\n");
            assert_eq!(parse(&frame).as_ref(), Ok(&command), "{line}");
            assert_eq!(command.to_bytes(), frame);
            assert_eq!(command.detach(), command);
            for end in 0..frame.len() {
                assert!(parse(&frame[..end]).is_err(), "{:?} is no command", &frame[..end]);
            }
            let lower = frame.to_ascii_lowercase();
            if !line.starts_with("AUTH") {
                assert_eq!(parse(&lower).map(|c| c.verb()), Ok(command.verb()), "{lower}");
            }
        }
    }

    #[test]
    fn errors_say_where() {
        for (line, offset) in [
            ("MAIL FROM <a@b>\r\n", 10),
            ("MAIL TO:<a@b>\r\n", 5),
            ("MAIL\r\n", 4),
            ("MAILFROM:<a@b>\r\n", 0),
            ("RCPT TO: <a@b>\r\n", 8),
            ("BDAT\r\n", 4),
            ("BDAT x\r\n", 5),
            ("BDAT -1\r\n", 5),
            ("BDAT 1 2\r\n", 7),
            ("BDAT 10LAST\r\n", 7),
            ("BDAT 10 LAST foo\r\n", 12),
            ("BDAT 18446744073709551616\r\n", 5),
            ("DATA foo\r\n", 4),
            ("EHLO\r\n", 4),
            ("HELO a b\r\n", 6),
            ("VRFY\r\n", 4),
            ("ETRN\r\n", 4),
            ("XCLIENT NAME\r\n", 12),
            ("NOOP a\0b\r\n", 6),
            ("\r\n", 0),
            (" NOOP\r\n", 0),
            ("NOOP\n", 4),
        ] {
            // an unknown keyword is a command of its own
            if line.starts_with("MAILFROM") {
                assert!(matches!(parse(line), Ok(Command::Other(_))));
                continue;
            }
            let error = parse(line).unwrap_err();
            assert_eq!(error.offset, offset, "{line:?}: {error}");
        }
    }

    #[test]
    fn what_is_tolerated() {
        for (line, repaired, rules) in [
            ("NOOP\n", "NOOP\r\n", vec![rule::BARE_LF]),
            ("NOOP\r\r\n", "NOOP\r\n", vec![rule::EXTRA_CR]),
            (" RSET\r\n", "RSET\r\n", vec![rule::LEADING_SPACE]),
            ("DATA foo\r\n", "DATA\r\n", vec![rule::EXTRA_ARGUMENT]),
            ("MAIL FROM: <a@b>\r\n", "MAIL FROM:<a@b>\r\n", vec![rule::SPACE_BEFORE_PATH]),
            ("MAIL FROM : <a@b>\r\n", "MAIL FROM:<a@b>\r\n", vec![rule::SPACE_BEFORE_PATH]),
            ("RCPT  to:<a@b>\r\n", "RCPT TO:<a@b>\r\n", vec![rule::EXTRA_SPACE]),
            ("MAIL\tFROM:<a@b>\r\n", "MAIL FROM:<a@b>\r\n", vec![rule::EXTRA_SPACE]),
            ("RCPT\t TO:<a@b>\r\n", "RCPT TO:<a@b>\r\n", vec![rule::EXTRA_SPACE]),
            ("EHLO\r\n", "EHLO\r\n", vec![rule::NO_CLIENT_NAME]),
            ("BDAT  5  last\r\n", "BDAT 5 LAST\r\n", vec![rule::EXTRA_SPACE, rule::EXTRA_SPACE]),
        ] {
            assert!(parse(line).is_err(), "{line:?} is not of the RFC");
            let (command, reported) = lenient(line);
            assert_eq!(command.unwrap().to_bytes(), repaired, "{line:?}");
            assert_eq!(reported, rules, "{line:?}");
        }
        let frame = Bytes::from_static(b"DATA \r\n");
        let cx = Context::new(&frame, Tolerance::Strict);
        assert_eq!(Command::parse_in(&cx), Ok(Command::Data), "RFC 5321 section 4.1.1 wants it borne");
        assert_eq!(cx.into_repairs().len(), 1);
    }

    #[test]
    fn case_64_a_cr_hides_nothing() {
        for line in
            ["MA\rIL FROM:<a@b>\r\n", "NOOP\rQUIT\r\n", "VRFY a\rQUIT\r\n", "DATA\r \r\n", "RSET \rX\r\n"]
        {
            assert!(parse(line).is_err() && lenient(line).0.is_err(), "{line:?}");
        }
    }

    #[test]
    fn case_120_values_cannot_inject() {
        for bad in ["a\rb", "a\nb", "a\0b", "a\r\nQUIT", ""] {
            assert!(
                Argument::new(bad).is_err() && Node::new(bad).is_err() && Burl::new(bad, true).is_err(),
                "{bad:?}"
            );
            assert!(ClientName::new(bad).is_err(), "{bad:?}");
            assert!(bad.is_empty() || OtherCommand::new("X", bad.as_bytes()).is_err());
            assert!(bad.is_empty() || Attributes::new([("NAME", bad)]).is_err());
        }
        for known in ["DATA", "mail", "STARTTLS", "A B", ""] {
            assert!(OtherCommand::new(known, b"").is_err(), "{known:?}");
        }
        assert!(Argument::new(" a").is_err() && Argument::new("a ").is_err());
        // found by smtp_items: a URL that no parser takes
        assert_eq!(Burl::new("imap://\u{fc}", true), Err(Misuse::IllegalOctet { offset: 7 }));
        assert!(Node::new("\u{fc}.example").is_ok());
    }

    #[test]
    fn a_string_does_not_start_with_a_blank() {
        // found by smtp_command: by the RFC these were taken, as a string with a space in front
        for line in ["VRFY  a\r\n", "EXPN \ta\r\n", "NOOP  a\r\n", "HELP  a\r\n"] {
            let error = parse(line).unwrap_err();
            assert_eq!((error.offset, error.expected), (5, "string"), "{line:?}");
            let (command, repairs) = lenient(line);
            assert_eq!(command, parse(&line.replacen(&line[4..6], " ", 1)));
            assert_eq!(repairs, [rule::EXTRA_SPACE]);
        }
    }

    #[test]
    fn a_query_may_ask_for_utf8() {
        for (text, string, utf8) in [
            ("Jones", "Jones", false),
            ("Jos\u{e9} smtputf8", "Jos\u{e9}", true),
            ("SMTPUTF8", "SMTPUTF8", false),
        ] {
            let query = Argument::new(text).unwrap();
            assert_eq!((query.string(), query.accepts_utf8()), (string.as_bytes(), utf8));
        }
    }

    #[test]
    fn commands_stay_small() {
        assert!(size_of::<Command>() <= 64, "{}", size_of::<Command>());
    }

    proptest! {
        #[test]
        fn the_usual_way_is_the_long_way(
            command in Command::strategy(),
            line in "(MAIL FROM:|RCPT TO:)<[ab.@-]{0,6}>( (SIZE=1|size=x|BODY=7BIT|NOTIFY=NEVER|ORCPT=a;b|X))*( |\r|x|  X|\t)?|\
                     (ehlo |HELO )[a.-]{0,6}( |\r)?|(DATA|quit|rset|NOOP|noop x|DATE|MAIL|RCPT)( |\r)?",
            cut in 0..9usize,
            lower: bool,
        ) {
            let command = command.to_bytes();
            let mut line = line;
            if lower {
                line.make_ascii_lowercase();
            }
            let all = [&command[..], &command[..command.len().saturating_sub(cut)], &[line.as_bytes(), b"\r\n"].concat()].map(Bytes::copy_from_slice);
            for frame in all {
                if let Some(usual) = Command::usual(&frame) {
                    for tolerance in [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient] {
                        let cx = Context::new(&frame, tolerance);
                        prop_assert_eq!(Command::unusual(&cx), Ok(usual.clone()));
                        prop_assert_eq!(cx.into_repairs(), []);
                    }
                }
            }
        }

        #[test]
        fn round_trip(command in Command::strategy()) {
            let line = command.to_bytes();
            let parsed = Command::parse(&line).unwrap();
            prop_assert_eq!(&parsed, &command);
            prop_assert_eq!(parsed.to_bytes(), line);
            prop_assert_eq!(parsed.reply_kind(), command.reply_kind());
        }

        #[test]
        fn what_is_accepted_is_written_as_one_line(line: Vec<u8>, tolerance in 0..3usize) {
            let tolerance = [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient][tolerance];
            let frame = Bytes::from([&line[..], b"\r\n"].concat());
            if let Ok(command) = Command::parse_in(&Context::new(&frame, tolerance)) {
                let written = command.to_bytes();
                prop_assert!(TEXT.first_outside(&written) == Some(written.len() - 2));
                let again = Command::parse_in(&Context::new(&written, tolerance)).unwrap();
                prop_assert_eq!(again, command);
            }
        }
    }
}
