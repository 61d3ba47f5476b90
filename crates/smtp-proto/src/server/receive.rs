//! From octets to events.

use super::{
    BodyFault, Event, MessageFacts, Pending, Reading, Refusal, Server, Tls, copies, replies_of, take_up_to,
};
use crate::limits::MAX_COMMAND;
use crate::param::Set;
use crate::syntax::{self, expected};
use crate::{
    Bdat, Body, Command, Keyword, Mail, MailKeyword, Protocol, Rcpt, RcptKeyword, ReplyKind, State, Verb,
    rule,
};
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::class::is_ascii;
use wire::dot;
use wire::sasl::{self, Auth, Turn};
use wire::{
    CommandId, Context, Diagnostic, Fatal, Found, Malformed, ParseError, ParseErrorKind, Pause, Redacted,
    Secret, Step, Tolerance,
};

/// What an over-long line should have been.
pub(super) const LINE: &str = "end of line";

type Stepped = wire::Stepped<Event>;

/// What each command is held against, looked up once in the settings.
#[derive(Debug)]
pub(super) struct Bounds {
    /// The longest command, in octets with its CRLF: the limit, and what the offered extensions add to MAIL or RCPT.
    max_command: usize,
    /// The longest message, in octets.
    max_message: Option<u64>,
    max_transactions: Option<u64>,
    max_recipients: Option<u64>,
    /// The offered parameters of MAIL, without BODY, which depends on its value.
    mail: Set<MailKeyword>,
    /// Those of RCPT.
    rcpt: Set<RcptKeyword>,
}

impl Bounds {
    pub(super) fn of(config: &super::Config) -> Self {
        let offered = |extension: Option<Keyword>| extension.is_some_and(|keyword| config.ehlo.has(keyword));
        let mail = || MailKeyword::ALL.iter().copied().filter(|keyword| offered(keyword.extension()));
        let rcpt = || RcptKeyword::ALL.iter().copied().filter(|keyword| offered(keyword.extension()));
        let longer =
            mail().map(MailKeyword::max_len).sum::<usize>().max(rcpt().map(RcptKeyword::max_len).sum());
        let announced = config.ehlo.limits();
        Self {
            max_command: config.limits.max_line.saturating_add(longer),
            max_message: config.limits.max_message.or_else(|| config.ehlo.size()),
            max_transactions: announced.mail_max.map(u64::from),
            max_recipients: [config.limits.max_recipients, announced.rcpt_max.map(u64::from)]
                .into_iter()
                .flatten()
                .min(),
            mail: mail().chain([MailKeyword::Body]).collect(),
            rcpt: rcpt().collect(),
        }
    }
}

impl Server {
    pub(super) fn step(&mut self) -> Stepped {
        if self.tls == Tls::Agreed {
            return self.paused_for_tls();
        }
        if matches!(self.state, State::Closed | State::Turned) {
            // what follows is not read, or not by us
            return Ok(Some(match (self.output.is_empty(), self.state) {
                (false, _) => Step::Paused(Pause::Drain),
                (true, State::Turned) => Step::Paused(Pause::Upgrade),
                (true, _) => Step::Closed,
            }));
        }
        if self.output.is_full() {
            // a client that asks on and on without reading costs no more than this
            return Ok(Some(Step::Paused(Pause::Drain)));
        }
        match &self.reading {
            Some(Reading::Data { .. }) => return self.data(),
            Some(Reading::Chunk { .. }) => return self.chunk(),
            Some(Reading::Discard { .. }) => return self.discard(),
            None => {}
        }
        if self.turn.is_clients() {
            return self.response();
        }
        if let Some(pending) = &self.pending {
            if pending.kind == ReplyKind::StartTls && pending.accepted && !self.input.is_empty() {
                return Err(Fatal::PlaintextAfterStartTls(self.input.stream_offset()));
            }
            return Ok(Some(Step::Paused(Pause::Respond)));
        }
        self.command()
    }

    /// The longest line that may come now.
    pub(super) fn max_line(&self) -> usize {
        self.bounds.max_command.max(self.config.limits.max_auth_line)
    }

    /// Law 11: nothing that came in plaintext behind STARTTLS may ever be used.
    fn paused_for_tls(&mut self) -> Stepped {
        match self.input.len() {
            0 if !self.output.is_empty() => Ok(Some(Step::Paused(Pause::Drain))),
            0 if self.input.is_eof() => Err(Fatal::UnexpectedEof("the start of TLS")),
            0 => Ok(Some(Step::Paused(Pause::StartTls))),
            _ => Err(Fatal::PlaintextAfterStartTls(self.input.stream_offset())),
        }
    }

    /// More is needed, unless the peer has closed.
    fn wait(&mut self) -> Stepped {
        if !self.input.is_eof() {
            if self.reading.is_none() {
                self.input.settle();
            }
            return Ok(Some(Step::NeedInput));
        }
        Err(Fatal::UnexpectedEof(match (&self.reading, self.turn.is_clients()) {
            (Some(Reading::Data { .. }), _) => "mail data",
            (Some(_), _) => "a chunk of mail data",
            (None, true) => "a SASL exchange",
            (None, false) if self.input.is_empty() && !self.skipping => return Ok(Some(Step::Closed)),
            (None, false) => "a command",
        }))
    }

    /// Whether the client has spoken before it could have read the greeting (RFC 5321 section 4.3.1). `spoke`: octets are there;
    /// room for them that was handed out says nothing.
    #[inline]
    pub(super) fn note_early(&mut self, spoke: bool) {
        if !self.greeted {
            self.greeted = self.output.is_empty();
            if !self.greeted && spoke {
                self.early = Some(0);
            }
        }
    }

    /// Law: an over-long line is one error; its tail never runs as a command.
    fn skip_line(&mut self) -> Stepped {
        match self.input.line(usize::MAX) {
            Found::Line(len) => {
                self.input.skip(len);
                self.skipping = false;
                Ok(None)
            }
            _ => {
                self.input.skip(self.input.len());
                self.wait()
            }
        }
    }

    fn too_long(&mut self, id: CommandId, limit: usize, verb: Option<&'static str>) -> Stepped {
        let at = self.input.stream_offset();
        let offset = u32::try_from(limit).unwrap_or(u32::MAX);
        let error = ParseError { offset, expected: LINE, kind: ParseErrorKind::TooLong, got: None };
        let frame =
            Redacted::new(Bytes::copy_from_slice(&self.input.as_slice()[..limit.min(self.input.len())]));
        self.skipping = true;
        let malformed = Box::new(Malformed { error, stream_offset: at, frame, verb });
        Ok(Some(Step::Event(Event::Malformed { id, malformed })))
    }

    /// Web browsers and TLS clients can be made to connect to us; what they send must not run as commands.
    fn check_protocol(&mut self) -> Result<bool, Fatal> {
        if self.next_id == CommandId::FIRST && self.tls == Tls::Off {
            match self.input.as_slice() {
                [0x16, 0x03, ..] => return Err(Fatal::ForeignProtocol("TLS")),
                [0x16] if !self.input.is_eof() => return Ok(false),
                _ => {}
            }
        }
        Ok(true)
    }

    fn command(&mut self) -> Stepped {
        if self.skipping {
            return self.skip_line();
        }
        self.check_bad()?;
        if !self.check_protocol()? {
            return self.wait();
        }
        let (auth, secret) = holds_secret(self.input.as_slice());
        let limit = if auth { self.max_line() } else { self.bounds.max_command };
        let len = match self.input.line(limit) {
            Found::Line(len) => len,
            Found::Partial => return self.wait(),
            Found::TooLong => {
                // the same at every chunking
                let verb = first_word(&self.input.as_slice()[..limit.min(self.input.len())]);
                check_foreign(verb)?;
                let verb = Verb::of(verb);
                self.count_bad()?;
                let id = self.accept(Verb::Other, ReplyKind::Single, false);
                self.note_unknown_content(verb);
                return self.too_long(id, limit, (verb != Verb::Other).then(|| verb.keyword()));
            }
        };
        let at = self.input.stream_offset();
        let frame = if secret { self.input.take_secret(len) } else { self.input.take(len) };
        let cx = Context::new(&frame, self.config.tolerance).at(at);
        if self.config.pass_empty_lines
            && frame.iter().all(|o| b" \r\n".contains(o))
            && cx.tolerates(Tolerance::Lenient, rule::EMPTY_LINE, &frame)
        {
            self.events.remark(cx.into_repairs());
            return Ok(None);
        }
        let command = match Command::parse_in(&cx) {
            Ok(command) => command,
            Err(error) => return self.malformed(cx, error, at),
        };
        let turn = self.check_turn(&cx, Some(&command), at);
        let repairs = cx.into_repairs();
        if auth {
            wire::wipe(frame);
        }
        turn?;
        // it is moved only now that all is known: the moves of so large a value add up
        let refusal = self.judge(&command)?;
        let id = self.accept_command(&command, refusal);
        match refusal {
            None => self.emit(repairs, Event::Command { id, command }),
            Some(refusal) => self.emit(repairs, Event::Refused { id, command, refusal }),
        }
    }

    /// Whether the client may have spoken now: after the greeting, and ahead of replies only in a group of commands (RFC 2920).
    #[inline]
    fn check_turn(&mut self, cx: &Context<'_>, command: Option<&Command>, at: u64) -> Result<(), Fatal> {
        let behind = at + cx.frame().len() as u64;
        self.note_early(true);
        if let Some(early) = self.early {
            // once is enough
            (self.early, self.greeted) = (None, true);
            cx.repair(rule::EARLY_TALKER, &cx.frame()[..0]);
            if self.config.refuse_out_of_turn {
                return Err(Fatal::OutOfTurn(early));
            }
        }
        let chunk = matches!(command, Some(Command::Bdat(_)));
        if self.input.is_empty() || chunk {
            return Ok(());
        }
        let may_follow = command.is_none_or(|command| !command.verb().ends_group());
        if !may_follow || !self.config.ehlo.has(Keyword::Pipelining) {
            cx.repair(rule::UNADVERTISED_PIPELINING, &cx.frame()[..0]);
            if self.config.refuse_out_of_turn {
                return Err(Fatal::OutOfTurn(behind));
            }
        }
        Ok(())
    }

    #[cold]
    fn malformed(&mut self, cx: Context<'_>, error: ParseError, at: u64) -> Stepped {
        self.check_turn(&cx, None, at)?;
        let verb = first_word(cx.frame());
        check_foreign(verb)?;
        let verb = Verb::of(verb);
        self.count_bad()?;
        let known = (verb != Verb::Other).then(|| verb.keyword());
        let id = self.accept(Verb::Other, ReplyKind::Single, false);
        self.note_unknown_content(verb);
        let malformed = Box::new(cx.malformed(error, known));
        self.emit(cx.into_repairs(), Event::Malformed { id, malformed })
    }

    /// Behind a BDAT that cannot be read there is content, and how much of it is not known.
    fn note_unknown_content(&mut self, verb: Verb) {
        if let (Verb::Bdat, Some(pending)) = (verb, &mut self.pending) {
            pending.closes = true;
        }
    }

    /// Why a command is refused, if it is. Counts it among the bad ones, or is done with those.
    #[inline]
    fn judge(&mut self, command: &Command) -> Result<Option<Refusal>, Fatal> {
        match command {
            Command::Mail(mail) => self.announced = MessageFacts::of(mail),
            Command::Other(other) => check_foreign(other.keyword())?,
            _ => {}
        }
        let refusal = self.refusal(command);
        match refusal {
            // the application's answer tells
            None if matches!(command, Command::Other(_)) => {}
            Some(Refusal::UnknownParameter) => {}
            None => (self.bad_commands, self.overshoot) = (0, 0),
            Some(refusal) if refusal.follows_another(command.verb()) => self.count_overshoot()?,
            Some(_) => self.count_bad()?,
        }
        Ok(refusal)
    }

    #[inline]
    fn accept_command(&mut self, command: &Command, refusal: Option<Refusal>) -> CommandId {
        let verb = command.verb();
        // what a parameter that this crate does not know means, the application may know
        let accepted = matches!(refusal, None | Some(Refusal::UnknownParameter));
        let id = self.accept(verb, command.reply_kind(), accepted);
        if let Some(pending) = &mut self.pending {
            pending.doubtful = accepted && (verb == Verb::Other || refusal.is_some());
            if let Command::Bdat(Bdat { size, .. }) = command {
                pending.chunk = *size;
            }
        }
        id
    }

    #[inline]
    fn accept(&mut self, verb: Verb, kind: ReplyKind, accepted: bool) -> CommandId {
        let id = self.next_id;
        self.next_id = id.next();
        self.turn = if kind == ReplyKind::AuthInitial { Turn::Responded } else { Turn::Began };
        // the server fetches it, nothing is read
        let fetched = verb == Verb::Burl && accepted;
        let last = kind == ReplyKind::LastChunk && verb.is_allowed_in(self.state);
        let recipients = if last { replies_of(self.config.protocol, self.message.recipients) } else { 1 };
        self.pending = Some(Pending {
            id,
            verb,
            kind,
            accepted,
            chunk: 0,
            copies: recipients,
            doubtful: false,
            due: if fetched { recipients } else { 1 },
            read: fetched,
            taken: false,
            faulty: false,
            closes: false,
        });
        id
    }

    fn count_bad(&mut self) -> Result<(), Fatal> {
        self.bad_commands = self.bad_commands.saturating_add(1);
        self.check_bad()
    }

    /// A client that pipelines cannot know that an earlier command was refused (RFC 2920 section 3.1, RFC 3030 section 2).
    fn count_overshoot(&mut self) -> Result<(), Fatal> {
        self.overshoot = self.overshoot.saturating_add(1);
        match self.config.limits.max_overshoot {
            Some(limit) if self.overshoot > limit => Err(Fatal::TooManyErrors),
            _ => Ok(()),
        }
    }

    fn check_bad(&self) -> Result<(), Fatal> {
        match self.config.limits.max_bad_commands {
            Some(limit) if self.bad_commands > limit => Err(Fatal::TooManyErrors),
            _ => Ok(()),
        }
    }

    /// Why a command is out of place, if it is.
    fn refusal(&self, command: &Command) -> Option<Refusal> {
        let verb = command.verb();
        let lmtp = self.config.protocol == Protocol::Lmtp;
        match verb {
            Verb::Helo | Verb::Ehlo if lmtp => return Some(Refusal::Protocol),
            Verb::Lhlo if !lmtp => return Some(Refusal::Protocol),
            Verb::Quit => return None,
            _ if self.no_service => return Some(Refusal::NoService),
            _ => {}
        }
        if verb.extension().is_some_and(|keyword| !self.config.ehlo.has(keyword)) {
            return Some(Refusal::NotOffered);
        }
        if !verb.is_allowed_in(self.state) {
            return Some(match (verb, self.state) {
                (Verb::Data, State::Mail) => Refusal::NoRecipients(self.config.protocol),
                (_, state) => Refusal::State { wanted: verb.states(), state },
            });
        }
        match command {
            Command::Mail(mail) => self.refusal_of_mail(mail),
            Command::Rcpt(rcpt) => self.refusal_of_rcpt(rcpt),
            Command::Data if self.message.body == Body::BinaryMime => Some(Refusal::BinaryData),
            Command::Bdat(Bdat { size, .. }) => {
                let limit = self.bounds.max_message?;
                let fits = self.message.octets.checked_add(*size).is_some_and(|octets| octets <= limit);
                (!fits).then_some(Refusal::TooLarge { limit })
            }
            Command::StartTls if self.tls == Tls::On => Some(Refusal::TlsActive),
            Command::Auth(auth) => self.refusal_of_auth(auth),
            _ => None,
        }
    }

    /// What it announces is known.
    fn refusal_of_mail(&self, mail: &Mail) -> Option<Refusal> {
        let body_offered =
            !mail.has(MailKeyword::Body) || self.config.ehlo.has(self.announced.body.extension());
        if !mail.has_only(self.bounds.mail) || !body_offered {
            return Some(Refusal::Parameter);
        }
        if mail.has(MailKeyword::RequireTls) && self.tls != Tls::On {
            return Some(Refusal::Parameter);
        }
        if !mail.has(MailKeyword::SmtpUtf8) && !is_ascii(mail.as_bytes()) {
            return Some(Refusal::Utf8Address);
        }
        match (self.bounds.max_message, self.announced.size) {
            (Some(limit), Some(size)) if size > limit => return Some(Refusal::TooLarge { limit }),
            _ => {}
        }
        if let Some(limit) = self.bounds.max_transactions.filter(|&limit| self.transactions >= limit) {
            return Some(Refusal::TooManyTransactions { limit });
        }
        mail.has_unknown().then_some(Refusal::UnknownParameter)
    }

    fn refusal_of_rcpt(&self, rcpt: &Rcpt) -> Option<Refusal> {
        if !rcpt.has_only(self.bounds.rcpt) {
            return Some(Refusal::Parameter);
        }
        if !self.message.smtputf8 && !is_ascii(rcpt.as_bytes()) {
            return Some(Refusal::Utf8Address);
        }
        let recipients = u64::from(self.message.recipients);
        if let Some(limit) = self.bounds.max_recipients.filter(|&limit| recipients >= limit) {
            return Some(Refusal::TooManyRecipients { limit });
        }
        rcpt.has_unknown().then_some(Refusal::UnknownParameter)
    }

    fn refusal_of_auth(&self, auth: &Auth) -> Option<Refusal> {
        let cleartext = self.tls == Tls::On || self.config.allow_cleartext;
        if self.authenticated {
            Some(Refusal::Authenticated)
        } else if !cleartext && auth.mechanism.is_cleartext() {
            Some(Refusal::Cleartext)
        } else {
            (!self.offers_mechanism(auth.mechanism)).then_some(Refusal::Mechanism)
        }
    }

    /// Mail data, to its true end whatever is wrong with it.
    fn data(&mut self) -> Stepped {
        let limit = self.bounds.max_message;
        let (Some(Reading::Data { decoder, start }), Some(pending)) = (&mut self.reading, &mut self.pending)
        else {
            self.reading = None;
            return Ok(None);
        };
        let id = pending.id;
        match decoder.next(&mut self.input) {
            dot::Body::Chunk(mut data) => {
                if let Some(over) = limit.and_then(|limit| decoder.octets_out().checked_sub(limit)) {
                    // as much as is within the limit, whatever the chunking
                    data.truncate(data.len().saturating_sub(usize::try_from(over).unwrap_or(usize::MAX)));
                }
                Ok((!data.is_empty()).then_some(Step::Event(Event::BodyChunk { id, data })))
            }
            dot::Body::Found(finding) => {
                let diagnostic = Box::new(finding.diagnostic(*start));
                Ok(Some(Step::Event(Event::Diagnostic(diagnostic))))
            }
            dot::Body::NeedInput => self.wait(),
            dot::Body::End => {
                let octets = decoder.octets_out();
                let fault = match (decoder.refused(), limit) {
                    (Some(finding), _) => Some(BodyFault::LineEnding(finding)),
                    (None, Some(limit)) if octets > limit => Some(BodyFault::TooLarge { limit }),
                    _ => None,
                };
                pending.closes = matches!(fault, Some(BodyFault::LineEnding(_)));
                Ok(Some(Step::Event(self.body_end(true, octets, fault))))
            }
        }
    }

    fn body_end(&mut self, last: bool, octets: u64, fault: Option<BodyFault>) -> Event {
        self.reading = None;
        let due = if last { replies_of(self.config.protocol, self.message.recipients) } else { 1 };
        if let Some(pending) = &mut self.pending {
            pending.read = true;
            pending.faulty = fault.is_some();
            pending.due = due;
            return Event::BodyEnd { id: pending.id, last, octets, fault };
        }
        Event::BodyEnd { id: self.next_id, last, octets, fault }
    }

    /// A chunk of mail data (RFC 3030 section 2): so many octets, whatever they are.
    fn chunk(&mut self) -> Stepped {
        let (Some(Reading::Chunk { left }), Some(pending)) = (&mut self.reading, &self.pending) else {
            self.reading = None;
            return Ok(None);
        };
        if *left > 0 {
            if self.input.is_empty() {
                return self.wait();
            }
            let data = take_up_to(&mut self.input, *left);
            *left -= data.len() as u64;
            self.message.octets = self.message.octets.saturating_add(data.len() as u64);
            return Ok(Some(Step::Event(Event::BodyChunk { id: pending.id, data })));
        }
        let last = pending.kind == ReplyKind::LastChunk;
        Ok(Some(Step::Event(self.body_end(last, self.message.octets, None))))
    }

    /// RFC 3030 section 2: the content of a refused chunk is read and discarded, and then the reply is sent.
    fn discard(&mut self) -> Stepped {
        let Some(Reading::Discard { left, .. }) = &mut self.reading else { return Ok(None) };
        let gone = usize::try_from(*left).unwrap_or(usize::MAX).min(self.input.len());
        self.input.skip(gone);
        *left -= gone as u64;
        if *left > 0 {
            return self.wait();
        }
        if let (Some(Reading::Discard { reply, .. }), Some(pending)) = (self.reading.take(), self.pending) {
            for _ in 0..copies(&pending, false) {
                reply.encode(&mut self.output);
            }
            self.answered(Pending { chunk: 0, ..pending }, false);
        }
        Ok(None)
    }

    /// The client's response to a challenge.
    fn response(&mut self) -> Stepped {
        let Some(id) = self.pending.map(|pending| pending.id) else {
            self.turn = Turn::Began;
            return Ok(None);
        };
        let limit = self.config.limits.max_auth_line;
        let len = match self.input.line(limit) {
            Found::Line(len) => len,
            Found::Partial => return self.wait(),
            Found::TooLong => {
                self.turn = Turn::Over;
                return self.too_long(id, limit, Some(Verb::Auth.keyword()));
            }
        };
        self.turn = Turn::Over;
        let at = self.input.stream_offset();
        let frame = self.input.take_secret(len);
        let cx = Context::new(&frame, self.config.tolerance).at(at);
        cx.set_secret();
        let parsed = syntax::line(&cx, &frame, 0).and_then(|line| match line {
            b"*" => Ok(None),
            data => sasl::decode(data).map(Some),
        });
        match parsed {
            Ok(data) => {
                let repairs = cx.into_repairs();
                wire::wipe(frame);
                if data.is_some() {
                    self.turn = Turn::Responded;
                }
                self.emit(repairs, responded(id, data))
            }
            Err(error) => {
                let error = cx.error(error, expected::name);
                let malformed = Box::new(cx.malformed(error, Some(Verb::Auth.keyword())));
                self.emit(cx.into_repairs(), Event::Malformed { id, malformed })
            }
        }
    }

    /// Hands out an event, what was repaired for it first.
    #[inline]
    fn emit(&mut self, repairs: Vec<Diagnostic>, event: Event) -> Stepped {
        Ok(self.events.emit(repairs, event))
    }
}

fn responded(id: CommandId, data: Option<Secret>) -> Event {
    match data {
        Some(data) => Event::AuthResponse { id, data },
        None => Event::AuthCancelled { id },
    }
}

/// What stands at the front of a line, as far as it is printable; spaces before it are passed over.
fn first_word(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|&o| o != b' ').unwrap_or(0);
    let line = &line[start..];
    &line[..wire::class::VCHAR.run(line)]
}

/// Whether the line is AUTH, which may be long, and whether it holds a secret: AUTH, or BURL, whose URL lets whoever has it read.
fn holds_secret(line: &[u8]) -> (bool, bool) {
    if !matches!(line.first(), Some(b' ' | b'A' | b'a' | b'B' | b'b')) {
        return (false, false);
    }
    let word = first_word(&line[..line.len().min(MAX_COMMAND)]);
    let auth = word.eq_ignore_ascii_case(b"AUTH");
    (auth, auth || word.eq_ignore_ascii_case(b"BURL"))
}

/// Whether it is the first word of a request line of HTTP (RFC 9112 section 3): a browser was made to connect, and what it sends must not
/// run as commands.
fn check_foreign(word: &[u8]) -> Result<(), Fatal> {
    const METHODS: &[&[u8]] =
        &[b"GET", b"POST", b"HEAD", b"PUT", b"OPTIONS", b"CONNECT", b"DELETE", b"TRACE", b"PATCH", b"PRI"];
    if METHODS.iter().any(|method| word.eq_ignore_ascii_case(method)) {
        return Err(Fatal::ForeignProtocol("HTTP"));
    }
    Ok(())
}
