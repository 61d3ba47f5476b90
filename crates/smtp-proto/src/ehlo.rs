//! The reply to EHLO (RFC 5321 section 4.1.1.1).

use crate::limits::MAX_REPLY_LINE;
use crate::reply::scan;
use crate::scan::{text_end, word, word_end};
use crate::syntax::expected;
use crate::{Capability, Keyword, Mechanisms, Reply, ReplyCode, ServerLimits, rule};
use alloc::vec::Vec;
use bytes::Bytes;
use core::hash::{Hash, Hasher};
use core::{fmt, iter};
use wire::class::{TEXT, VCHAR};
use wire::parse::Failure;
use wire::sasl::Mechanism;
use wire::{Context, Misuse, ParseError, ParseErrorKind, Tolerance};

/// The reply to EHLO, HELO or LHLO (RFC 5321 section 4.1.1.1): who the server is, and what it offers.
///
/// It is the reply as it came, and a set of what is known in it; arguments are decoded when they are asked for. Two are equal if
/// their octets are.
///
/// ```
/// use smtp_proto::{Capability, Ehlo, Keyword};
///
/// let ehlo = Ehlo::parse(&"250-mail.example Hello\r\n250-PIPELINING\r\n250 SIZE 1000\r\n".into())?;
/// assert_eq!((ehlo.domain(), ehlo.greet()), (&b"mail.example"[..], &b"Hello"[..]));
/// assert!(ehlo.has(Keyword::Pipelining) && !ehlo.has(Keyword::StartTls));
/// assert_eq!(ehlo.size(), Some(1000));
///
/// let offered = [Capability::Pipelining, Capability::Size(Some(1000))];
/// assert_eq!(Ehlo::new("mail.example", "Hello", offered)?, ehlo);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Ehlo {
    reply: Reply,
    offered: Offered,
}

/// What stands where in a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Offered {
    /// A bit for each keyword that is there.
    present: u64,
    /// Where the first line of a keyword that has arguments starts, behind the code. 0: not there, or too far away.
    places: [u16; Keyword::WITH_ARGUMENTS],
    /// One that has arguments is there twice.
    twice: bool,
    /// Lines with capabilities, known or not.
    lines: u16,
}

impl Offered {
    #[inline(always)]
    fn note(&mut self, keyword: Keyword, place: usize) {
        let known = self.present & keyword.bit() != 0;
        self.present |= keyword.bit();
        if let Some(slot) = self.places.get_mut(keyword as usize) {
            if known {
                self.twice = true;
            } else {
                *slot = u16::try_from(place).unwrap_or_default();
            }
        }
    }
}

impl Ehlo {
    /// From what a server offers; `greet` may be empty.
    ///
    /// # Errors
    /// [`Misuse::Empty`]: no domain; [`Misuse::IllegalOctet`]: CR, LF or NUL, or a space in the domain; [`Misuse::TooLong`]: a
    /// line of more than 512 octets (RFC 5321 section 4.5.3.1.5); [`Misuse::Invalid`]: arguments that are not those of the
    /// capability's RFC, or that would be read as another capability.
    pub fn new<'a>(
        domain: &str,
        greet: &str,
        capabilities: impl IntoIterator<Item = Capability<'a>>,
    ) -> Result<Self, Misuse> {
        if domain.is_empty() {
            return Err(Misuse::Empty);
        }
        if let Some(offset) = domain.bytes().position(|o| !VCHAR.has(o) && o < 0x80) {
            return Err(Misuse::IllegalOctet { offset });
        }
        let mut block = Block::default();
        block.put(|octets| {
            octets.extend_from_slice(domain.as_bytes());
            if !greet.is_empty() {
                octets.push(b' ');
                octets.extend_from_slice(greet.as_bytes());
            }
        })?;
        for capability in capabilities {
            block.offer(&capability)?;
        }
        Ok(Self::of(&block.finish()))
    }

    /// The same server with other capabilities. Those that cannot be sent are left out.
    #[cfg(any(test, feature = "server", feature = "client"))]
    pub(crate) fn with<'a>(&self, capabilities: impl IntoIterator<Item = Capability<'a>>) -> Self {
        let mut block = Block::default();
        let first = self.reply.lines().next_text().unwrap_or_default();
        // as long as it was
        let _ = block.put(|octets| octets.extend_from_slice(first));
        for capability in capabilities {
            let _ = block.offer(&capability);
        }
        Self::of(&block.finish())
    }

    /// Of a reply to EHLO, HELO or LHLO. One whose code is not 250 offers nothing.
    #[must_use]
    pub fn of(reply: &Reply) -> Self {
        let mut offered = Offered::default();
        if reply.code() == ReplyCode::OK {
            let start = reply.as_bytes().as_ptr() as usize;
            for Line { text, capability, .. } in lines(reply) {
                offered.lines = offered.lines.saturating_add(1);
                if let Some(keyword) = capability.keyword() {
                    offered.note(keyword, text.as_ptr() as usize - start);
                }
            }
        }
        Self { reply: reply.clone(), offered }
    }

    /// The same for the reply that was parsed in this context, with remarks about what is odd in it.
    pub(crate) fn read(cx: &Context<'_>, reply: &Reply) -> Self {
        let ehlo = Self::of(reply);
        // whatever was repaired, a line stands where it stood
        let came =
            cx.frame().split(|&o| o == b'\n').map(|line| line.get(4..).unwrap_or_default().trim_ascii_end());
        let came: Vec<&[u8]> = came.collect();
        for Line { number, other_arguments, no_keyword, .. } in lines(reply) {
            let line = came.get(number).copied().unwrap_or_default();
            if other_arguments {
                cx.repair(rule::EHLO_ARGUMENTS, line);
            }
            if no_keyword {
                cx.repair(rule::EHLO_KEYWORD, line);
            }
        }
        ehlo
    }

    /// Parses a complete 250 reply, with its line ends, by the rules of the RFC.
    ///
    /// # Errors
    /// What is wrong, and where; also another code.
    #[inline]
    pub fn parse(frame: &Bytes) -> Result<Self, ParseError> {
        match Self::plain(frame) {
            Some(ehlo) => Ok(ehlo),
            None => Self::parse_in(&Context::new(frame, Tolerance::Strict)),
        }
    }

    /// The same as far as the tolerance of the context goes.
    ///
    /// # Errors
    /// What is wrong, and where; also another code.
    #[inline]
    pub fn parse_in(cx: &Context<'_>) -> Result<Self, ParseError> {
        match Self::plain(cx.frame()) {
            Some(ehlo) => Ok(ehlo),
            None => Self::rule(cx).map_err(|error| cx.error(error, expected::name)),
        }
    }

    /// The common form of a whole reply, in one pass. Anything else is left to [`rule`](Self::rule).
    fn plain(frame: &Bytes) -> Option<Self> {
        if !frame.starts_with(b"250") {
            return None;
        }
        let mut offered = Offered::default();
        let mut first = true;
        scan(frame, |at| {
            if first {
                first = false;
                return Some(text_end(frame, at));
            }
            let (len, key) = word(frame, at);
            let behind = at + len;
            let end = match frame.get(behind)? {
                b'\r' => behind,
                b' ' => text_end(frame, behind),
                _ => return None,
            };
            let (name, arguments) = (&frame[at..behind], &frame[behind..end]);
            offered.lines = offered.lines.saturating_add(1);
            match Keyword::of_word(name, key) {
                Some(keyword) if Capability::fits(keyword, arguments) => offered.note(keyword, at),
                None if len > 0 && !name.contains(&b'=') => {}
                // of the form `AUTH=PLAIN`, or with arguments that need a remark
                _ => match Capability::read(&frame[at..end]) {
                    None => offered.lines -= 1,
                    Some((capability, false, false)) => {
                        if let Some(keyword) = capability.keyword() {
                            offered.note(keyword, at);
                        }
                    }
                    Some(_) => return None,
                },
            }
            Some(end)
        })?;
        Some(Self { reply: Reply::of_plain(ReplyCode::OK, frame.clone()), offered })
    }

    /// ```text
    /// ehlo-ok-rsp    = ( "250" SP Domain [ SP ehlo-greet ] CRLF )
    ///                / ( "250-" Domain [ SP ehlo-greet ] CRLF
    ///                 *( "250-" ehlo-line CRLF )
    ///                 "250" SP ehlo-line CRLF )
    /// ehlo-greet     = 1*(%d0-9 / %d11-12 / %d14-127)
    ///                  ; string of any characters other than CR or LF
    /// ```
    #[cold]
    fn rule(cx: &Context<'_>) -> Result<Self, nom::Err<Failure>> {
        let reply = Reply::rule(cx)?;
        if reply.code() != ReplyCode::OK {
            return Err(Failure::at(cx.frame(), expected::EHLO_REPLY, ParseErrorKind::Syntax));
        }
        Ok(Self::read(cx, &reply))
    }

    /// The reply.
    #[must_use]
    pub const fn reply(&self) -> &Reply {
        &self.reply
    }

    /// Who the server says it is: a domain or an address literal, as it came.
    #[must_use]
    pub fn domain(&self) -> &[u8] {
        let wire = self.reply.as_bytes();
        wire.get(4..word_end(wire, 4)).unwrap_or_default()
    }

    /// What stands behind the domain, as it came.
    #[must_use]
    pub fn greet(&self) -> &[u8] {
        let wire = self.reply.as_bytes();
        let domain = word_end(wire, 4);
        if wire.get(domain) == Some(&b' ') { &wire[domain + 1..text_end(wire, domain)] } else { b"" }
    }

    /// Whether it is offered.
    #[must_use]
    #[inline]
    pub const fn has(&self, keyword: Keyword) -> bool {
        self.offered.present & keyword.bit() != 0
    }

    /// What is offered under this name. If it stands there twice, the first.
    #[must_use]
    pub fn get(&self, keyword: Keyword) -> Option<Capability<'_>> {
        if !self.has(keyword) {
            return None;
        }
        match self.offered.places.get(keyword as usize) {
            None => Some(Capability::of(keyword, b"")),
            Some(0) => self.iter().find(|capability| capability.keyword() == Some(keyword)),
            Some(&place) => {
                let wire = self.reply.as_bytes();
                let behind = usize::from(place) + keyword.name().len();
                let arguments = wire.get(behind..text_end(wire, behind)).unwrap_or_default();
                Some(Capability::of(keyword, arguments))
            }
        }
    }

    /// How many lines say what is offered: see [`iter`](Self::iter).
    #[must_use]
    pub const fn len(&self) -> usize {
        self.offered.lines as usize
    }

    /// Whether nothing is offered.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.offered.lines == 0
    }

    /// All that is offered, known or not, in order.
    pub fn iter(&self) -> impl Iterator<Item = Capability<'_>> {
        lines(&self.reply).map(|line| line.capability)
    }

    /// The largest message that is taken, in octets (RFC 1870 section 3). `None`: no limit is told.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        match self.get(Keyword::Size) {
            Some(Capability::Size(size)) => size.filter(|&size| size > 0),
            _ => None,
        }
    }

    /// The mechanisms of AUTH (RFC 4954 section 3), and of `AUTH=`; servers that have both often name them twice.
    pub fn mechanisms(&self) -> impl Iterator<Item = Mechanism> + '_ {
        self.lists().flat_map(Mechanisms::into_words).filter_map(|word| Mechanism::new(word).ok())
    }

    /// Whether AUTH can have this mechanism (RFC 4954 section 3).
    #[must_use]
    pub fn offers(&self, mechanism: Mechanism) -> bool {
        self.lists().any(|mechanisms| mechanisms.contains(mechanism))
    }

    fn lists(&self) -> impl Iterator<Item = Mechanisms<'_>> {
        let once = !self.offered.twice;
        let first = once.then(|| [self.get(Keyword::Auth), self.get(Keyword::OldAuth)]);
        let all = (!once).then(|| self.iter());
        first.into_iter().flatten().flatten().chain(all.into_iter().flatten()).filter_map(|capability| {
            match capability {
                Capability::Auth(mechanisms) | Capability::OldAuth(mechanisms) => Some(mechanisms),
                _ => None,
            }
        })
    }

    /// How many commands are taken (RFC 9422 section 4).
    #[must_use]
    pub fn limits(&self) -> ServerLimits {
        match self.get(Keyword::Limits) {
            Some(Capability::Limits(limits)) => limits,
            _ => ServerLimits::default(),
        }
    }

    /// A copy of exact size, which does not keep the receive buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { reply: self.reply.detach(), offered: self.offered }
    }

    /// Any reply to EHLO, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        let name = proptest::sample::select(Keyword::KEYWORDS);
        let line = prop_oneof![
            3 => name.prop_map(alloc::string::String::from),
            1 => proptest::sample::select(&["SIZE 1000", "AUTH PLAIN LOGIN", "LIMITS MAILMAX=5"][..])
                .prop_map(alloc::string::String::from),
            1 => "X[A-Z-]{0,9}( [!-~]{1,9}){0,3}",
        ];
        ("[a-z]{1,9}(\\.[a-z]{1,9}){0,2}", "[ -~]{0,20}", proptest::collection::vec(line, 0..12))
            .prop_filter_map("capabilities", |(domain, greet, lines)| {
                let ok = |line: &alloc::string::String| {
                    matches!(Capability::read(line.as_bytes()), Some((_, false, false)))
                };
                let lines =
                    lines.iter().filter(|line| ok(line)).filter_map(|line| Capability::parse(line).ok());
                Self::new(&domain, &greet, lines).ok()
            })
    }
}

/// A line with a capability: see [`Capability::read`].
struct Line<'a> {
    number: usize,
    text: &'a [u8],
    capability: Capability<'a>,
    other_arguments: bool,
    no_keyword: bool,
}

/// The lines with capabilities. Lines of blanks are passed over.
fn lines(reply: &Reply) -> impl Iterator<Item = Line<'_>> {
    let mut lines = reply.lines();
    iter::from_fn(move || lines.next_text()).enumerate().skip(1).filter_map(|(number, text)| {
        let (capability, other_arguments, no_keyword) = Capability::read(text)?;
        Some(Line { number, text, capability, other_arguments, no_keyword })
    })
}

/// Lines that are being written.
#[derive(Default)]
struct Block {
    octets: Vec<u8>,
    /// Where the last line starts.
    last: usize,
}

impl Block {
    /// A line, if it can be one.
    fn put(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), Misuse> {
        let start = self.octets.len();
        self.octets.extend_from_slice(b"250-");
        write(&mut self.octets);
        let text = &self.octets[start + b"250-".len()..];
        let illegal = TEXT.first_outside(text).map(|offset| Misuse::IllegalOctet { offset });
        self.octets.extend_from_slice(b"\r\n");
        let too_long = self.octets.len() - start > MAX_REPLY_LINE;
        let too_long = too_long.then_some(Misuse::TooLong { limit: MAX_REPLY_LINE });
        if let Some(misuse) = illegal.or(too_long) {
            self.octets.truncate(start);
            return Err(misuse);
        }
        self.last = start;
        Ok(())
    }

    /// The line of a capability, if it will be read as this capability.
    fn offer(&mut self, capability: &Capability<'_>) -> Result<(), Misuse> {
        let last = self.last;
        self.put(|octets| capability.encode(octets))?;
        let line = &self.octets[self.last + b"250-".len()..self.octets.len() - b"\r\n".len()];
        match Capability::read(line) {
            Some((read, false, false)) if read == *capability => Ok(()),
            _ => {
                self.octets.truncate(self.last);
                self.last = last;
                Err(Misuse::Invalid("capability"))
            }
        }
    }

    /// The reply; its first line was put.
    fn finish(mut self) -> Reply {
        if let Some(separator) = self.octets.get_mut(self.last + 3) {
            *separator = b' ';
        }
        Reply::of(ReplyCode::OK, self.octets.into())
    }
}

impl PartialEq for Ehlo {
    fn eq(&self, other: &Self) -> bool {
        self.reply == other.reply
    }
}

impl Eq for Ehlo {}

impl Hash for Ehlo {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.reply.hash(state);
    }
}

impl fmt::Debug for Ehlo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (domain, greet) = (self.domain(), self.greet());
        write!(f, "\"{}\" \"{}\" ", domain.escape_ascii(), greet.escape_ascii())?;
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FutureRelease;
    use crate::capability::tests::{line, rows};
    use alloc::string::String;
    use proptest::prelude::*;

    type Remark = (&'static str, u64);

    fn parsed(octets: &[u8], tolerance: Tolerance) -> Result<(Ehlo, Vec<Remark>), ParseError> {
        let frame = Bytes::copy_from_slice(octets);
        let cx = Context::new(&frame, tolerance);
        let ehlo = Ehlo::parse_in(&cx)?;
        Ok((ehlo, cx.into_repairs().iter().map(|d| (d.rule.0, d.stream_offset)).collect()))
    }

    #[test]
    fn case_105_what_servers_say() {
        for octets in [
            &b"250-h\r\n250-AUTH PLAIN LOGIN\r\n250 AUTH=PLAIN LOGIN\r\n"[..],
            b"250-h\r\n250-X-EXPS=LOGIN\r\n250-XVERP=Courier\r\n250 XSECURITY=NONE,STARTTLS\r\n",
            b"250-h\r\n250-\r\n250 pipelining\r\n",
            b"250-h\r\n250-PIPELINING\r\n250 \r\n",
            b"250-h\r\n250-PIPELINING\r\n250\r\n",
            b"250-h\r\n250 PIPELINING  \r\n",
            b"250-[1.2.3.4] Hello\r\n250 SIZE 0\r\n",
            b"250-under_score.example\r\n250 SIZE\r\n",
            b"250-h gr\xc3\xbc\xc3\x9fe\r\n250 SIZE\r\n",
            b"250 h\r\n",
            b"250 \r\n",
            b"250\r\n",
        ] {
            let (ehlo, repairs) = parsed(octets, Tolerance::Strict).unwrap();
            assert_eq!(ehlo.reply().as_bytes(), octets);
            assert_eq!(repairs, [], "{octets:?}");
            assert_eq!(Ehlo::of(ehlo.reply()).offered, ehlo.offered);
        }
    }

    /// What Postfix, Exim, Courier, Dovecot's LMTP and smtp-sink said to their clients.
    const RECORDED: &[&str] = &[
        "250-mx.example.test\r\n250-PIPELINING\r\n250-SIZE 3000000\r\n250-VRFY\r\n250-ETRN\r\n250-STARTTLS\r\n\
         250-AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256\r\n250-AUTH=PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256\r\n\
         250-XCLIENT NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT\r\n\
         250-XFORWARD NAME ADDR PROTO HELO SOURCE PORT IDENT\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n\
         250-DSN\r\n250-SMTPUTF8\r\n250 CHUNKING\r\n",
        "250-exim.example.test Hello aiosmtplib.example.org [127.0.0.1]\r\n250-SIZE 3000000\r\n250-8BITMIME\r\n\
         250-DSN\r\n250-ETRN\r\n250-VRFY\r\n250-EXPN\r\n250-PIPELINING\r\n250-PIPECONNECT\r\n\
         250-AUTH PLAIN LOGIN CRAM-MD5 NTLM\r\n250-CHUNKING\r\n250-STARTTLS\r\n250-PRDR\r\n250-SMTPUTF8\r\n250 HELP\r\n",
        "250-courier.example.test Ok.\r\n250-AUTH PLAIN LOGIN CRAM-MD5 CRAM-SHA1 CRAM-SHA256\r\n250-STARTTLS\r\n\
         250-XVERP=Courier\r\n250-XEXDATA\r\n250-XSECURITY=NONE,STARTTLS\r\n250-PIPELINING\r\n250-8BITMIME\r\n\
         250-SMTPUTF8\r\n250-SIZE\r\n250 DSN\r\n",
        "250-mx.example.test\r\n250-8BITMIME\r\n250-CHUNKING\r\n250-ENHANCEDSTATUSCODES\r\n250-PIPELINING\r\n\
         250-XCLIENT ADDR PORT PROTO HELO LOGIN SESSION TTL TIMEOUT\r\n250 XRCPTFORWARD\r\n",
        "250-sink.example.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-AUTH PLAIN LOGIN\r\n\
         250-XCLIENT NAME HELO\r\n250-XFORWARD NAME ADDR PROTO HELO\r\n250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n250 \r\n",
    ];

    #[test]
    fn what_real_servers_say_is_known_to_the_last_word() {
        for recorded in RECORDED {
            let frame = Bytes::from_static(recorded.as_bytes());
            let ehlo = Ehlo::plain(&frame).unwrap();
            let known = ehlo.iter().filter_map(|capability| capability.keyword()).count();
            assert_eq!(known, recorded.lines().filter(|line| line.len() > 4).count() - 1);
            assert_eq!(ehlo.reply().to_bytes(), frame);
            let same = Ehlo::new(
                &String::from_utf8_lossy(ehlo.domain()),
                &String::from_utf8_lossy(ehlo.greet()),
                ehlo.iter(),
            )
            .unwrap();
            assert_eq!(same.offered.present, ehlo.offered.present);
            assert!(same.iter().eq(ehlo.iter()));
        }
        let ehlo = Ehlo::parse(&RECORDED[0].into()).unwrap();
        assert_eq!(ehlo.size(), Some(3_000_000));
        let Some(Capability::Xforward(attributes)) = ehlo.get(Keyword::Xforward) else { panic!() };
        assert!(attributes.contains("ident") && !attributes.contains("HEL"));
        assert_eq!(ehlo.mechanisms().count(), 8);
    }

    #[test]
    fn parts() {
        let frame =
            b"250-mail.example Hello  you\r\n250-AUTH PLAIN\r\n250-AUTH=PLAIN LOGIN\r\n250-SIZE 0\r\n\
            250-X-FOO bar\r\n250-LIMITS MAILMAX=5\r\n250 size 7\r\n";
        let (ehlo, repairs) = parsed(frame, Tolerance::Strict).unwrap();
        assert_eq!(repairs, []);
        assert_eq!((ehlo.domain(), ehlo.greet()), (&b"mail.example"[..], &b"Hello  you"[..]));
        let mechanisms: Vec<_> = ehlo.mechanisms().collect();
        let names: Vec<_> = mechanisms.iter().map(Mechanism::as_str).collect();
        assert_eq!(names, ["PLAIN", "PLAIN", "LOGIN"]);
        assert!(ehlo.offers(Mechanism::new("login").unwrap()));
        assert!(!ehlo.offers(Mechanism::new("PLAI").unwrap()));
        assert_eq!((ehlo.size(), ehlo.get(Keyword::Size)), (None, Some(Capability::Size(Some(0)))));
        assert_eq!((ehlo.limits().mail_max, ehlo.limits().rcpt_max), (Some(5), None));
        assert_eq!(ehlo.iter().count(), 6);
        assert_eq!(ehlo.get(Keyword::StartTls), None);
        let names: Vec<_> = Keyword::ALL.iter().filter(|keyword| ehlo.has(**keyword)).collect();
        assert_eq!(names, [&Keyword::Size, &Keyword::Auth, &Keyword::OldAuth, &Keyword::Limits]);
        assert_eq!(
            alloc::format!("{:?}", Ehlo::of(&Reply::parse(&"250 a b\r\n".into()).unwrap())),
            r#""a" "b" []"#
        );
    }

    #[test]
    fn what_stands_there_twice_or_far_away() {
        let frame = "250-h\r\n250-AUTH PLAIN\r\n250-SIZE 1\r\n250-SIZE 2\r\n250 AUTH LOGIN\r\n";
        let ehlo = Ehlo::parse(&frame.into()).unwrap();
        assert_eq!((ehlo.size(), ehlo.mechanisms().count()), (Some(1), 2));
        assert!(ehlo.offers(Mechanism::new("LOGIN").unwrap()));
        let mut frame = String::from("250-h\r\n") + &"250-X\r\n".repeat(70_000);
        frame += "250-AUTH PLAIN\r\n250 SIZE 7\r\n";
        let ehlo = Ehlo::parse(&frame.into()).unwrap();
        assert_eq!((ehlo.size(), ehlo.mechanisms().count()), (Some(7), 1));
        assert_eq!(ehlo, Ehlo::of(ehlo.reply()));
        assert_eq!(ehlo.offered, Ehlo::of(ehlo.reply()).offered);
    }

    #[test]
    fn what_is_odd_is_remarked() {
        for (lines, remarks) in [
            ("250 SIZE abc\r\n", &[("ehlo-arguments", 11)][..]),
            ("250-SIZE 1 2\r\n250 FUTURERELEASE\r\n", &[("ehlo-arguments", 11), ("ehlo-arguments", 25)]),
            ("250 STARTTLS now\r\n", &[("ehlo-arguments", 11)]),
            ("250  SIZE 1\r\n", &[("ehlo-keyword", 11)]),
            ("250 S\u{cf}ZE 1\r\n", &[("ehlo-keyword", 11)]),
            ("250 \x1bSIZE\r\n", &[("ehlo-keyword", 11)]),
        ] {
            let frame = String::from("250-h\r\n") + lines;
            for tolerance in [Tolerance::Strict, Tolerance::Lenient] {
                let (ehlo, repairs) = parsed(frame.as_bytes(), tolerance).unwrap();
                assert_eq!((ehlo.reply().as_bytes(), &repairs[..]), (frame.as_bytes(), remarks), "{lines:?}");
            }
        }
        // where a line stood is told though it was mended
        let (ehlo, repairs) = parsed(b"250-h\n250-SIZE\0abc\n250 SIZE x\r\n", Tolerance::Default).unwrap();
        let rules = ["bare-lf", "bare-lf", "illegal-text", "ehlo-arguments", "ehlo-arguments"];
        assert_eq!(repairs.iter().map(|repair| repair.0).collect::<Vec<_>>(), rules);
        assert_eq!((repairs[3].1, repairs[4].1), (10, 23));
        assert_eq!(ehlo.reply().as_bytes(), b"250-h\r\n250-SIZE abc\r\n250 SIZE x\r\n");
    }

    #[test]
    fn only_250_offers() {
        for (octets, offset) in [
            (&b"550 no\r\n"[..], 0),
            (b"251-h\r\n251 SIZE\r\n", 0),
            (b"250-h\r\n", 7),
            (b"250-h\r\n550 SIZE\r\n", 7),
            (b"250-h\r\n250 SIZE\n", 15),
            (b"250 h\r\n250 SIZE\r\n", 7),
        ] {
            assert_eq!(Ehlo::parse(&Bytes::from_static(octets)).unwrap_err().offset, offset, "{octets:?}");
        }
        let reply = Reply::parse(&"550-h\r\n550 SIZE\r\n".into()).unwrap();
        assert!(!Ehlo::of(&reply).has(Keyword::Size));
    }

    #[test]
    fn nothing_can_be_built_that_cannot_be_read() {
        assert_eq!(Ehlo::new("", "", []), Err(Misuse::Empty));
        for (domain, greet) in
            [("a b", ""), ("a\r\n250 b", ""), ("a\0", ""), ("a\t", ""), ("a", "b\r\n"), ("a", "\0")]
        {
            assert!(matches!(Ehlo::new(domain, greet, []), Err(Misuse::IllegalOctet { .. })), "{domain:?}");
        }
        let long = "x".repeat(506);
        assert_eq!(Ehlo::new(&long, "", []).unwrap().reply().as_bytes().len(), 512);
        assert_eq!(Ehlo::new(&alloc::format!("{long}x"), "", []), Err(Misuse::TooLong { limit: 512 }));
        let longer = long.clone() + "x";
        let offer = |capability| Ehlo::new("h", "", [capability]);
        assert!(offer(Capability::parse(&long).unwrap()).is_ok());
        assert!(offer(Capability::parse(&longer).unwrap()).is_err());
        let date = |max_interval, max_date_time| Some(FutureRelease { max_interval, max_date_time });
        for bad in [
            Capability::FutureRelease(None),
            Capability::FutureRelease(date(0, "2006-12-31T23:59:59Z")),
            Capability::FutureRelease(date(1_000_000_000, "2006-12-31T23:59:59Z")),
            Capability::FutureRelease(date(1, "2006-12-31T23:59:59Z\r\n250 x")),
            Capability::FutureRelease(date(1, "")),
            Capability::MtPriority(Some("a b")),
            Capability::MtPriority(Some("\r\n")),
            Capability::MtPriority(Some("")),
            Capability::DeliverBy(Some(1_000_000_000)),
            Capability::NoSoliciting(Some("1")),
            Capability::Xverp(Some("a b")),
            Capability::Xsecurity(Some("\0")),
            Capability::Limits(ServerLimits::default()),
            Capability::Limits(ServerLimits { mail_max: Some(0), ..ServerLimits::default() }),
            Capability::Limits(ServerLimits { mail_max: Some(1_000_000), ..ServerLimits::default() }),
        ] {
            assert!(offer(bad.clone()).is_err(), "{bad:?}");
            let plain = Ehlo::new("h", "g", []).unwrap();
            assert_eq!(plain.with([bad]), plain);
        }
        assert!(Ehlo::new("h\u{e4}.example", "", []).is_ok());
    }

    #[test]
    fn the_same_with_others() {
        let ehlo = Ehlo::new("h", "hello", [Capability::StartTls, Capability::Pipelining]).unwrap();
        let inside = ehlo.with(ehlo.iter().filter(|capability| *capability != Capability::StartTls));
        assert_eq!(inside.reply().as_bytes(), b"250-h hello\r\n250 PIPELINING\r\n");
        let auth = Capability::auth([Mechanism::new("plain").unwrap()]);
        assert_eq!(ehlo.with([auth]).reply().as_bytes(), b"250-h hello\r\n250 AUTH PLAIN\r\n");
        assert_eq!(ehlo.with([]).reply().as_bytes(), b"250 h hello\r\n");
    }

    #[test]
    fn every_row_is_read_as_its_line() {
        for row in rows() {
            let frame = alloc::format!("250-h\r\n250 {}\r\n", row.0);
            let (ehlo, _) = parsed(frame.as_bytes(), Tolerance::Strict).unwrap();
            let capability = Capability::parse(row.0).unwrap();
            let keyword = capability.keyword().unwrap();
            assert_eq!(
                (ehlo.offered.present, ehlo.get(keyword)),
                (keyword.bit(), Some(capability)),
                "{row:?}"
            );
            assert_eq!(ehlo.reply().as_bytes(), frame.as_bytes());
        }
    }

    #[test]
    fn it_is_small() {
        assert_eq!(size_of::<Ehlo>(), 80);
    }

    proptest! {
        #[test]
        fn round_trip(ehlo in Ehlo::strategy()) {
            let block = ehlo.reply().to_bytes();
            let parsed = Ehlo::parse(&block).unwrap();
            prop_assert_eq!((&parsed, parsed.offered), (&ehlo, ehlo.offered));
            let greet = String::from_utf8_lossy(ehlo.greet());
            let again = Ehlo::new(&String::from_utf8_lossy(ehlo.domain()), &greet, ehlo.iter());
            prop_assert_eq!(again.as_ref(), Ok(&ehlo));
            drop((ehlo.clone(), parsed.clone()));
            let detached = parsed.detach();
            drop(parsed);
            prop_assert_eq!((detached.domain(), detached.offered), (ehlo.domain(), ehlo.offered));
        }

        #[test]
        fn the_common_form_is_parsed_as_any_other(
            lines in proptest::collection::vec(prop_oneof![line(), "[ -~\t\u{e9}]{0,12}"], 0..9),
        ) {
            let mut block = String::from("250-h");
            for line in &lines {
                block += "\r\n250-";
                block += line;
            }
            let last = block.rfind('-').filter(|&at| block[..at].ends_with("\r\n250")).unwrap_or(3);
            let last = if lines.is_empty() { 3 } else { block.rfind("\r\n250-").map_or(last, |at| at + 5) };
            block.replace_range(last..=last, " ");
            let frame = Bytes::from(block + "\r\n");
            let cx = Context::new(&frame, Tolerance::Strict);
            let ehlo = Ehlo::rule(&cx).unwrap();
            let remarks = cx.into_repairs();
            match Ehlo::plain(&frame) {
                Some(plain) => {
                    prop_assert_eq!((&plain, plain.offered), (&ehlo, ehlo.offered));
                    prop_assert!(remarks.is_empty());
                }
                None => {
                    let odd = lines.iter().any(|line| line.contains(['\t', '\u{e9}']));
                    prop_assert!(odd || !remarks.is_empty() , "{:?}", frame);
                }
            }
        }

        #[test]
        fn never_panics(octets: Vec<u8>) {
            let frame = [b"250-h\r\n250-", &octets[..], b"\r\n250 SIZE\r\n"].concat();
            let _ = parsed(&frame, Tolerance::Lenient);
            let _ = parsed(&octets, Tolerance::Lenient);
        }
    }
}
