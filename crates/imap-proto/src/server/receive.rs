//! From octets to events.

use super::append_prefix::LiteralScan;
use super::event::LINE;
use super::offered::{kind_of, runs_beside, uses_mod_seq};
use super::{
    Compression, Event, Kind, MAX_AUTH_LINE, Offer, Pending, Phase, Reading, Refusal, Replaced, Server, Tls,
};
use crate::core::{class, syntax};
use crate::frame::{TAIL, TailHead, TooLong, tail_head};
use crate::{
    AppendPrefix, Capability, Command, Compress, Condition, Context, Framed, Head, Sequence, State, States,
    Tag, TaggedCommand, rule,
};
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::sasl::{self, Turn};
use wire::{
    CommandId, Diagnostic, Fatal, Found, LimitKind, Malformed, ParseError, ParseErrorKind, Pause, Redacted,
    Step, Tolerance,
};

type Stepped = wire::Stepped<Event>;

/// How much is kept of a message that is too long.
const SHOWN: usize = 512;

/// The literals of the command that is being framed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum LiteralsOf {
    /// Not asked yet.
    #[default]
    Unknown,
    /// Names and strings only.
    Strings,
    /// APPEND, REPLACE or UID REPLACE.
    Messages(MessagesOf),
}

/// What stands before the message data of a command.
#[derive(Debug, Clone, Copy)]
pub(super) struct MessagesOf {
    scan: LiteralScan,
    /// Where the arguments start.
    arguments: usize,
    replace: bool,
    uid: bool,
}

/// What is thrown away, and what comes then.
#[derive(Debug)]
pub(super) struct Draining {
    place: Place,
    then: Then,
}

#[derive(Debug)]
enum Place {
    /// So many octets of a literal are left.
    Literal(u64),
    /// A line, of which the last octets are kept.
    Line([u8; TAIL], usize),
    /// All is gone.
    Done,
}

/// What comes when the rest of a message was thrown away.
#[derive(Debug)]
pub(super) enum Then {
    /// The application has refused it.
    Reply(Tag, Condition),
    /// The machine has.
    Refused(Option<CommandId>, Option<Tag>, Refusal),
    /// It could not be read.
    Malformed(Option<CommandId>, Option<Tag>, Box<Malformed>),
    /// It is not what the command that is in progress waits for.
    Astray(CommandId, Box<Malformed>),
}

impl Draining {
    pub(super) fn literal(size: u64, then: Then) -> Self {
        Self { place: Place::Literal(size), then }
    }
}

/// What becomes of a literal.
enum Verdict {
    Keep,
    Offer(Box<Offer>),
    Refuse(Refusal),
    Malformed(Box<Malformed>),
}

impl Server {
    pub(super) fn step(&mut self) -> Stepped {
        if self.tls == Tls::Agreed {
            return self.paused_for_tls();
        }
        if self.state == State::Logout || self.compression == Compression::Agreed {
            // what follows is not read, or not by us
            return Ok(Some(match (self.output.is_empty(), self.state) {
                (false, _) => Step::Paused(Pause::Drain),
                (true, State::Logout) => Step::Closed,
                (true, _) => Step::Paused(Pause::Upgrade),
            }));
        }
        if self.output.is_full() {
            // a client that asks on and on without reading costs no more than this
            return Ok(Some(Step::Paused(Pause::Drain)));
        }
        if self.draining.is_some() {
            return self.drain();
        }
        if let Some(Phase::Body { .. }) = self.reading.as_ref().map(|reading| reading.phase) {
            return self.body_chunk();
        }
        if self.turn.is_clients() && !self.is_idling() {
            return self.response();
        }
        if !self.is_clients_turn() {
            return self.respond();
        }
        self.command()
    }

    /// Whether something is to be read.
    pub(super) fn is_clients_turn(&self) -> bool {
        if self.draining.is_some() || self.turn.is_clients() {
            return true;
        }
        match self.reading.as_ref().map(|reading| reading.phase) {
            Some(Phase::Offered(_)) => false,
            Some(_) => true,
            None if self.pending.is_empty() => true,
            None => {
                self.pending.len() < self.config.max_in_progress.min(self.config.limits.max_pipelined)
                    && self.pending.iter().all(|pending| pending.beside)
                    && self.next_runs_beside()
            }
        }
    }

    /// Whether the command at the front, as far as its name is here, may run beside others. One whose tag is that long may not, so that it is
    /// not looked at again with each octet.
    fn next_runs_beside(&self) -> bool {
        let data = self.input.as_slice();
        match name_of(&data[..data.len().min(SHOWN)]) {
            Some((_, name)) => runs_beside(name),
            None => data.len() < SHOWN,
        }
    }

    fn is_idling(&self) -> bool {
        self.turn.is_clients() && self.pending.last().is_some_and(|pending| pending.kind == Kind::Idle)
    }

    /// The application is to answer.
    fn respond(&mut self) -> Stepped {
        let starts_tls = self.pending.last().is_some_and(|pending| pending.kind == Kind::StartTls);
        if starts_tls && !self.input.is_empty() {
            return Err(Fatal::PlaintextAfterStartTls(self.input.stream_offset()));
        }
        Ok(Some(Step::Paused(Pause::Respond)))
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
        Err(Fatal::UnexpectedEof(match &self.reading {
            _ if self.draining.is_some() => "a command that is thrown away",
            Some(reading) if matches!(reading.phase, Phase::Body { .. }) => "a literal",
            Some(_) => "a command",
            None if self.is_idling() => "IDLE",
            None if self.turn.is_clients() => "a SASL exchange",
            None if self.input.is_empty() => return Ok(Some(Step::Closed)),
            None => "a command",
        }))
    }

    /// Web browsers and TLS clients can be made to connect to us; what they send must not run as commands.
    fn check_protocol(&self) -> Result<bool, Fatal> {
        if self.input.stream_offset() == 0 && self.tls == Tls::Off {
            match self.input.as_slice() {
                [0x16, 0x03, ..] => return Err(Fatal::ForeignProtocol("TLS")),
                [0x16] if !self.input.is_eof() => return Ok(false),
                _ => {}
            }
        }
        Ok(true)
    }

    fn command(&mut self) -> Stepped {
        self.check_bad()?;
        if !self.check_protocol()? {
            return self.wait();
        }
        match self.framer.next(self.input.as_slice()) {
            Ok(Framed::NeedMore) => self.wait(),
            Ok(Framed::Message(len)) => self.message(len),
            Ok(Framed::Literal(head)) => self.literal(head),
            Err(error) => self.too_long(error),
        }
    }

    /// A whole command is at the front; of one with message data, what follows that.
    fn message(&mut self, len: usize) -> Stepped {
        self.literals = LiteralsOf::Unknown;
        let at = self.input.stream_offset();
        let Some(reading) = self.reading.take() else {
            if holds_secret(self.input.as_slice()) {
                let frame = self.input.take_secret(len);
                return self.secret_message(frame, at);
            }
            let frame = self.input.take(len);
            if self.is_idling() {
                return self.idle_line(&frame, at);
            }
            let cx = self.context(&frame, at);
            let parsed = TaggedCommand::parse_in(&cx);
            return self.parsed(cx, parsed, None);
        };
        let Reading { id, mut text, cuts, start, nul, .. } = *reading;
        text.extend_from_slice(&self.input.as_slice()[..len.min(self.input.len())]);
        self.input.skip(len);
        let frame = Bytes::from(text);
        let cx = self.context(&frame, start).cuts(&cuts);
        let mut parsed = TaggedCommand::parse_in(&cx);
        if nul.is_some() {
            // a strict server takes no NUL in a literal, whether it is streamed or not
            let (offset, expected) = (0, syntax::expected::name(syntax::expected::LITERAL_OCTETS));
            parsed = Err(ParseError { offset, expected, kind: ParseErrorKind::IllegalOctet, got: Some(0) });
        }
        self.parsed(cx, parsed, Some(id))
    }

    fn context<'f>(&self, frame: &'f Bytes, at: u64) -> Context<'f> {
        Context::new(frame, self.config.tolerance)
            .at(at)
            .utf8(self.in_force.takes_utf8())
            .max_depth(self.config.limits.max_depth)
            .max_items(self.config.limits.max_items)
    }

    /// LOGIN or AUTHENTICATE: the frame is a copy, which is zeroed.
    #[inline(never)]
    fn secret_message(&mut self, frame: Bytes, at: u64) -> Stepped {
        if self.is_idling() {
            return self.idle_line(&frame, at);
        }
        let cx = self.context(&frame, at);
        let parsed = TaggedCommand::parse_in(&cx).map(|mut parsed| {
            parsed.tag = parsed.tag.detach();
            if let Command::Login(login) = &mut parsed.command {
                **login = login.detach();
            }
            parsed
        });
        let good = parsed.is_ok();
        let stepped = self.parsed(cx, parsed, None);
        if good {
            wire::wipe(frame);
        }
        stepped
    }

    #[inline]
    fn parsed(
        &mut self,
        cx: Context<'_>,
        parsed: Result<TaggedCommand, ParseError>,
        id: Option<CommandId>,
    ) -> Stepped {
        let TaggedCommand { tag, command } = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return self.malformed(cx, error, id),
        };
        if let Command::Other(_) = command {
            check_foreign(cx.frame())?;
        }
        let beside =
            self.config.max_in_progress > 1 && name_of(cx.frame()).is_some_and(|(_, name)| runs_beside(name));
        let repairs = cx.into_repairs();
        let refusal = if self.is_in_use(&tag) { Some(Refusal::TagInUse) } else { self.refusal(&command) };
        if let Some(refusal) = refusal {
            self.count_bad()?;
            let id = self.accept(id, Some(tag), Kind::Refused, true);
            return self.emit(repairs, Event::Refused { id, command: Some(command), refusal });
        }
        let kind = kind_of(&command);
        match kind {
            Kind::Unknown => {}
            _ => self.bad_commands = 0,
        }
        match &command {
            Command::Authenticate(authenticate) if authenticate.initial_response.is_some() => {
                self.turn = Turn::Responded;
            }
            Command::Authenticate(_) | Command::Idle => self.turn = Turn::Began,
            Command::Select(_) | Command::Examine(_) => self.deselecting = self.state == State::Selected,
            _ => {}
        }
        if !self.in_force.condstore && uses_mod_seq(&command) {
            self.in_force.condstore = true;
        }
        // it may take half an hour, and must not keep the receive buffer alive
        let kept = if kind == Kind::Idle { tag.detach() } else { tag.clone() };
        let id = self.accept(id, Some(kept), kind, beside);
        self.emit(repairs, Event::Command { id, tag, command })
    }

    /// A command is in progress from here on.
    #[inline]
    fn accept(&mut self, id: Option<CommandId>, tag: Option<Tag>, kind: Kind, beside: bool) -> CommandId {
        let id = id.unwrap_or_else(|| self.new_id());
        // an answer with a tag that is in use would complete the other one
        let in_vain = matches!(kind, Kind::Refused | Kind::Malformed);
        let tag = tag.filter(|tag| !in_vain || !self.is_in_use(tag));
        if self.pending.capacity() == 0 {
            // there is hardly ever more than one
            self.pending.reserve_exact(1);
        }
        self.pending.push(Pending { id, tag, kind, beside });
        id
    }

    fn is_in_use(&self, tag: &Tag) -> bool {
        self.pending.iter().any(|pending| pending.tag.as_ref() == Some(tag))
    }

    fn new_id(&mut self) -> CommandId {
        let id = self.next_id;
        self.next_id = id.next();
        id
    }

    #[cold]
    fn malformed(&mut self, cx: Context<'_>, error: ParseError, id: Option<CommandId>) -> Stepped {
        check_foreign(cx.frame())?;
        self.count_bad()?;
        let malformed = Box::new(cx.malformed(error, known_name(cx.frame())));
        let tag = tag_of(cx.frame());
        let id = self.accept(id, tag, Kind::Malformed, true);
        self.emit(cx.into_repairs(), Event::Malformed { id, malformed })
    }

    fn count_bad(&mut self) -> Result<(), Fatal> {
        self.bad_commands = self.bad_commands.saturating_add(1);
        self.check_bad()
    }

    fn check_bad(&self) -> Result<(), Fatal> {
        match self.config.limits.max_bad_commands {
            Some(limit) if self.bad_commands > limit => Err(Fatal::TooManyErrors),
            _ => Ok(()),
        }
    }

    /// Why a command is out of place, if it is.
    #[inline]
    fn refusal(&self, command: &Command) -> Option<Refusal> {
        let states = command.states();
        if !states.has(self.state) {
            return Some(self.wrong_state(states));
        }
        match command {
            Command::StartTls if self.tls == Tls::On => return Some(Refusal::TlsActive),
            Command::Login(_) if !self.takes_login() => return Some(Refusal::Cleartext),
            Command::Compress(_) if self.compression == Compression::On => {
                return Some(Refusal::CompressionActive);
            }
            Command::Compress(compress) if **compress != Compress::Deflate => {
                return Some(Refusal::NotOffered("the algorithm"));
            }
            Command::Authenticate(authenticate) => {
                let mechanism = authenticate.mechanism;
                if !self.takes_cleartext() && mechanism.is_cleartext() {
                    return Some(Refusal::Cleartext);
                }
                if !self.config.before_login.mechanisms().any(|offered| offered == mechanism) {
                    return Some(Refusal::Mechanism);
                }
                let early = authenticate.initial_response.is_some();
                return (early && !self.offered.takes_initial_response())
                    .then_some(Refusal::NotOffered("SASL-IR"));
            }
            _ => {}
        }
        self.offered.refuses(command, self.in_force)
    }

    fn wrong_state(&self, states: States) -> Refusal {
        Refusal::State { wanted: states.name(), state: self.state }
    }

    /// Whether LOGIN is taken now (RFC 9051 section 6.2.3).
    fn takes_login(&self) -> bool {
        self.tls == Tls::On
            || self.config.allow_cleartext && !self.config.before_login.has(&Capability::LoginDisabled)
    }

    /// Octets of a literal follow, and nobody has said yet what becomes of them.
    fn literal(&mut self, head: Head) -> Stepped {
        if head.synchronising && self.outgoing.is_some() {
            // nothing can be said in the middle of a FETCH
            return Ok(Some(Step::Paused(Pause::Respond)));
        }
        if self.is_idling() {
            let error = self.error_at_head(head, "DONE");
            return self.astray(error, head);
        }
        match self.judge_literal(head) {
            Verdict::Keep => match self.framer.keep() {
                Ok(()) => {
                    if let LiteralsOf::Messages(messages) = &mut self.literals {
                        let size = usize::try_from(head.size).unwrap_or(usize::MAX);
                        messages.scan.kept(head.end.saturating_add(size));
                    }
                    if head.synchronising {
                        self.write_go_on();
                    }
                    Ok(None)
                }
                Err(TooLong { limit, .. }) => {
                    self.refuse_literal(head, Refusal::TooBig { limit: limit as u64 })
                }
            },
            Verdict::Offer(offer) => self.offer(head, offer),
            Verdict::Refuse(refusal) => self.refuse_literal(head, refusal),
            Verdict::Malformed(malformed) => {
                let (id, tag) = self.names();
                self.drop_message(head, Then::Malformed(id, tag, malformed))
            }
        }
    }

    fn judge_literal(&mut self, head: Head) -> Verdict {
        if !head.synchronising {
            if let Some(refusal) = self.offered.refuses_literal(head.size) {
                return Verdict::Refuse(refusal);
            }
        }
        let data = self.input.as_slice();
        if let LiteralsOf::Unknown = self.literals {
            self.literals = literals_of(data);
        }
        let message = match &mut self.literals {
            LiteralsOf::Messages(messages) => {
                let before = if messages.replace { 2 } else { 1 };
                messages.scan.is_message(data, head.end, before).then_some(*messages)
            }
            _ => None,
        };
        let limits = &self.config.limits;
        let Some(messages) = message else {
            let limit = if self.is_before_login() {
                limits.max_literal_before_login
            } else {
                limits.max_string_literal
            };
            return if head.size > limit {
                Verdict::Refuse(Refusal::TooBig { limit })
            } else {
                Verdict::Keep
            };
        };
        let states = if messages.replace { States::SELECTED } else { States::AUTHENTICATED };
        if !states.has(self.state) {
            return Verdict::Refuse(self.wrong_state(states));
        }
        if let Some(refusal) = self.offered.refuses_body(messages.replace) {
            return Verdict::Refuse(refusal);
        }
        if messages.replace && !messages.uid && self.in_force.uid_only {
            return Verdict::Refuse(Refusal::UidRequired);
        }
        if let Some(limit) = self.max_message().filter(|&limit| head.size > limit) {
            return Verdict::Refuse(Refusal::TooBig { limit });
        }
        if limits.max_inline_literal > 0 && head.size <= limits.max_inline_literal {
            return Verdict::Keep;
        }
        self.read_prefix(head, messages)
    }

    /// The largest message that is taken.
    fn max_message(&self) -> Option<u64> {
        let announced = || {
            self.config.after_login.iter().find_map(|capability| match capability {
                Capability::AppendLimit(limit) => Some(u64::from(limit)),
                _ => None,
            })
        };
        self.config.limits.max_message.or_else(announced)
    }

    /// What the command says of the message whose octets come next.
    fn read_prefix(&self, head: Head, messages: MessagesOf) -> Verdict {
        let frame = Bytes::copy_from_slice(&self.input.as_slice()[..head.end]);
        let cx = self.context(&frame, self.input.stream_offset());
        let parsed = match &self.reading {
            Some(reading) => {
                let mut known = reading.known.clone();
                known.next(&cx, &frame).map(|()| (reading.tag.clone(), reading.replaces, known))
            }
            None => first_prefix(&cx, &frame, messages),
        };
        match parsed {
            Ok((tag, replaces, prefix)) => {
                if let Some(refusal) = self.offered.refuses_prefix(&prefix, head.binary) {
                    return Verdict::Refuse(refusal);
                }
                let Head { size, binary, synchronising, .. } = head;
                Verdict::Offer(Box::new(Offer { tag, replaces, prefix, size, binary, synchronising }))
            }
            Err(error) => {
                let error = cx.error(error, syntax::expected::name);
                let verb = match messages {
                    MessagesOf { replace: false, .. } => "APPEND",
                    MessagesOf { uid: true, .. } => "UID REPLACE",
                    _ => "REPLACE",
                };
                Verdict::Malformed(Box::new(cx.malformed(error, Some(verb))))
            }
        }
    }

    fn offer(&mut self, head: Head, offer: Box<Offer>) -> Stepped {
        let at = self.input.stream_offset();
        let reading = match &mut self.reading {
            Some(reading) => {
                reading.known = offer.prefix.clone();
                reading
            }
            none => {
                let id = self.next_id;
                self.next_id = id.next();
                none.insert(Box::new(Reading {
                    id,
                    tag: offer.tag.clone(),
                    replaces: offer.replaces,
                    text: Vec::new(),
                    cuts: Vec::new(),
                    known: offer.prefix.clone(),
                    phase: Phase::Rest,
                    start: at,
                    nul: None,
                }))
            }
        };
        reading.text.extend_from_slice(&self.input.as_slice()[..head.end]);
        reading.phase = Phase::Offered(head);
        let id = reading.id;
        self.input.skip(head.end);
        if let LiteralsOf::Messages(messages) = &mut self.literals {
            messages.scan.cut();
        }
        Ok(Some(Step::Event(Event::BodyOffered { id, offer })))
    }

    /// A piece of message data, or its end.
    fn body_chunk(&mut self) -> Stepped {
        let Some(reading) = &mut self.reading else { return Ok(None) };
        let Phase::Body { left, binary } = &mut reading.phase else { return Ok(None) };
        if *left == 0 {
            reading.phase = Phase::Rest;
            let end = Event::BodyEnd { id: reading.id };
            let mut repairs = Vec::new();
            if let (Some(stream_offset), true) = (reading.nul, self.config.tolerance > Tolerance::Strict) {
                reading.nul = None;
                repairs.push(Diagnostic {
                    rule: rule::NUL_IN_LITERAL,
                    stream_offset,
                    raw: Redacted::new(Bytes::new()),
                });
            }
            return self.emit(repairs, end);
        }
        if self.input.is_empty() {
            return self.wait();
        }
        let len = usize::try_from(*left).unwrap_or(usize::MAX).min(self.input.len());
        *left -= len as u64;
        let id = reading.id;
        if !*binary && reading.nul.is_none() {
            let at = memchr::memchr(0, &self.input.as_slice()[..len]);
            reading.nul = at.map(|at| self.input.stream_offset() + at as u64);
        }
        let data = self.input.take(len);
        Ok(Some(Step::Event(Event::BodyChunk { id, data })))
    }

    /// The id and tag of the message that is being framed, as far as they are known.
    fn names(&self) -> (Option<CommandId>, Option<Tag>) {
        match &self.reading {
            Some(reading) => (Some(reading.id), Some(reading.tag.clone())),
            None => {
                let data = self.input.as_slice();
                let data = &data[..data.len().min(SHOWN)];
                // no more than that: a password may follow
                let len = class::TAG.run(data).saturating_add(1).min(data.len());
                (None, tag_of(&Bytes::copy_from_slice(&data[..len])))
            }
        }
    }

    fn refuse_literal(&mut self, head: Head, refusal: Refusal) -> Stepped {
        let (id, tag) = self.names();
        self.drop_message(head, Then::Refused(id, tag, refusal))
    }

    /// Ends a message at a literal that is not taken: at once, if its sender waits for leave.
    fn drop_message(&mut self, head: Head, then: Then) -> Stepped {
        self.input.skip(head.end);
        self.framer.reset();
        self.literals = LiteralsOf::Unknown;
        self.reading = None;
        if head.synchronising {
            self.check_unawaited();
            return self.finish(then);
        }
        self.draining = Some(Box::new(Draining::literal(head.size, then)));
        Ok(None)
    }

    /// What is too long is one error; its tail never runs as a command.
    #[cold]
    fn too_long(&mut self, error: TooLong) -> Stepped {
        let (id, tag) = self.names();
        let at = self.reading.as_ref().map_or(self.input.stream_offset(), |reading| reading.start);
        let data = self.reading.as_ref().map_or(self.input.as_slice(), |reading| &reading.text[..]);
        let shown = &data[..data.len().min(SHOWN).min(error.limit)];
        let verb = known_name(shown);
        // of a password, not even that is kept
        let shown = if holds_secret(shown) { Bytes::new() } else { Bytes::copy_from_slice(shown) };
        let offset = u32::try_from(error.limit).unwrap_or(u32::MAX);
        let malformed = Box::new(Malformed {
            error: ParseError { offset, expected: LINE, kind: ParseErrorKind::TooLong, got: None },
            stream_offset: at,
            verb,
            frame: Redacted::new(shown),
        });
        let then = match self.pending.last() {
            Some(pending) if self.is_idling() => Then::Astray(pending.id, malformed),
            _ => Then::Malformed(id, tag, malformed),
        };
        let start = self.framer.line_start();
        self.input.skip(start);
        self.framer.reset();
        self.literals = LiteralsOf::Unknown;
        self.reading = None;
        self.draining = Some(Box::new(Draining { place: Place::Line([0; TAIL], 0), then }));
        Ok(None)
    }

    /// Throws away what is left of a message, in constant memory.
    fn drain(&mut self) -> Stepped {
        let Some(draining) = &mut self.draining else { return Ok(None) };
        match &mut draining.place {
            Place::Literal(0) => draining.place = Place::Line([0; TAIL], 0),
            Place::Literal(_) if self.input.is_empty() => return self.wait(),
            Place::Literal(left) => {
                let gone = usize::try_from(*left).unwrap_or(usize::MAX).min(self.input.len());
                self.input.skip(gone);
                *left -= gone as u64;
            }
            Place::Line(tail, len) => {
                let (found, whole) = match self.input.line(usize::MAX) {
                    Found::Line(found) => (found, true),
                    _ => (self.input.len(), false),
                };
                keep_tail(tail, len, &self.input.as_slice()[..found]);
                self.input.skip(found);
                if !whole {
                    return self.wait();
                }
                match tail_head(&tail[..*len]) {
                    TailHead::Literal(size) => draining.place = Place::Literal(size),
                    TailHead::Unclear => {
                        let limit = self.config.limits.max_line as u64;
                        return Err(Fatal::Limit { kind: LimitKind::Line, limit });
                    }
                    end => {
                        draining.place = Place::Done;
                        if end == TailHead::Waits {
                            self.check_unawaited();
                        }
                    }
                }
            }
            // nothing can be said in the middle of a FETCH
            Place::Done if self.outgoing.is_some() => return Ok(Some(Step::Paused(Pause::Respond))),
            Place::Done => {
                let then = self.draining.take().map(|draining| draining.then);
                return then.map_or(Ok(None), |then| self.finish(then));
            }
        }
        Ok(None)
    }

    /// The message is over: what it was is told.
    fn finish(&mut self, then: Then) -> Stepped {
        let event = match then {
            Then::Reply(tag, condition) => {
                self.write_tagged(Some(&tag), &condition);
                return Ok(None);
            }
            Then::Refused(id, tag, refusal) => {
                self.count_bad()?;
                let id = self.accept(id, tag, Kind::Refused, true);
                Event::Refused { id, command: None, refusal }
            }
            Then::Malformed(id, tag, malformed) => {
                self.count_bad()?;
                let id = self.accept(id, tag, Kind::Malformed, true);
                Event::Malformed { id, malformed }
            }
            Then::Astray(id, malformed) => {
                self.count_bad()?;
                self.turn = Turn::Over;
                Event::Malformed { id, malformed }
            }
        };
        self.emit(Vec::new(), event)
    }

    /// The line that ends IDLE (RFC 2177 section 3: `"DONE" CRLF`), or should.
    fn idle_line(&mut self, frame: &Bytes, at: u64) -> Stepped {
        let Some(id) = self.pending.last().map(|pending| pending.id) else { return Ok(None) };
        let cx = self.context(frame, at);
        let done = syntax::line(&cx, frame, 0).and_then(|line| match syntax::after(line, b"DONE") {
            Some(rest) => syntax::end(&cx, rest),
            None => wire::parse::fail(line, syntax::expected::COMMAND),
        });
        match done {
            Ok(_) => {
                self.turn = Turn::Responded;
                self.emit(cx.into_repairs(), Event::IdleDone { id })
            }
            Err(error) => {
                let error = cx.error(error, syntax::expected::name);
                let malformed = Box::new(cx.malformed(error, Some("IDLE")));
                self.count_bad()?;
                self.turn = Turn::Over;
                self.emit(cx.into_repairs(), Event::Malformed { id, malformed })
            }
        }
    }

    /// A message with a literal in place of `DONE`.
    fn astray(&mut self, malformed: Box<Malformed>, head: Head) -> Stepped {
        match self.pending.last().map(|pending| pending.id) {
            Some(id) => self.drop_message(head, Then::Astray(id, malformed)),
            None => Ok(None),
        }
    }

    fn error_at_head(&self, head: Head, expected: &'static str) -> Box<Malformed> {
        let data = self.input.as_slice();
        let shown = Bytes::copy_from_slice(&data[..head.end.min(data.len())]);
        let got = shown.first().copied();
        Box::new(Malformed {
            error: ParseError { offset: 0, expected, kind: ParseErrorKind::Syntax, got },
            stream_offset: self.input.stream_offset(),
            frame: Redacted::new(shown),
            verb: Some("IDLE"),
        })
    }

    /// The client's response to a challenge.
    fn response(&mut self) -> Stepped {
        let Some(id) = self.pending.last().map(|pending| pending.id) else {
            self.turn = Turn::Began;
            return Ok(None);
        };
        let limit = self.config.limits.max_line_before_login.max(MAX_AUTH_LINE);
        let at = self.input.stream_offset();
        let len = match self.input.line(limit) {
            Found::Line(len) => len,
            Found::Partial => return self.wait(),
            Found::TooLong => {
                let offset = u32::try_from(limit).unwrap_or(u32::MAX);
                let error = ParseError { offset, expected: LINE, kind: ParseErrorKind::TooLong, got: None };
                let frame = Redacted::new(Bytes::new());
                let malformed =
                    Box::new(Malformed { error, stream_offset: at, frame, verb: Some("AUTHENTICATE") });
                self.draining = Some(Box::new(Draining {
                    place: Place::Line([0; TAIL], 0),
                    then: Then::Astray(id, malformed),
                }));
                return Ok(None);
            }
        };
        self.turn = Turn::Over;
        let frame = self.input.take_secret(len);
        let cx = self.context(&frame, at);
        cx.set_secret();
        let parsed = syntax::line(&cx, &frame, 0).and_then(|line| match line {
            b"*" => Ok(None),
            data => sasl::decode(data).map(Some),
        });
        match parsed {
            Ok(data) => {
                let repairs = cx.into_repairs();
                wire::wipe(frame);
                let event = match data {
                    Some(data) => {
                        self.turn = Turn::Responded;
                        Event::AuthResponse { id, data }
                    }
                    None => Event::AuthCancelled { id },
                };
                self.emit(repairs, event)
            }
            Err(error) => {
                let error = cx.error(error, syntax::expected::name);
                let malformed = Box::new(cx.malformed(error, Some("AUTHENTICATE")));
                self.count_bad()?;
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

/// The last octets of a line, as far as it has come.
fn keep_tail(tail: &mut [u8; TAIL], len: &mut usize, more: &[u8]) {
    let more = &more[more.len().saturating_sub(TAIL)..];
    let kept = (*len).min(TAIL - more.len());
    tail.copy_within(*len - kept..*len, 0);
    tail[kept..kept + more.len()].copy_from_slice(more);
    *len = kept + more.len();
}

/// The first prefix of a command, from its tag on.
fn first_prefix(
    cx: &Context<'_>,
    frame: &Bytes,
    messages: MessagesOf,
) -> Result<(Tag, Option<Replaced>, AppendPrefix), syntax::Error> {
    let (_, tag) = syntax::run1(frame, class::TAG, syntax::expected::TAG)?;
    let tag = Tag::known(Bytes::copy_from_slice(tag));
    let mut i = &frame[messages.arguments..];
    let mut replaces = None;
    if messages.replace {
        let (rest, ()) = syntax::sp(cx, i)?;
        let (rest, message) = Sequence::rule(rest)?;
        replaces = Some(Replaced { message, uid: messages.uid });
        i = rest;
    }
    Ok((tag, replaces, AppendPrefix::first(cx, i)?))
}

/// The name of the command that a message begins with, without `UID`, and whether that stood there; `None` if it is not whole yet.
fn name_of(data: &[u8]) -> Option<(bool, &[u8])> {
    let (_, uid, name) = name_at(data)?;
    Some((uid, name))
}

/// The same, and where its arguments start.
fn name_at(data: &[u8]) -> Option<(usize, bool, &[u8])> {
    let mut at = class::TAG.run(data);
    let word = |at: &mut usize| {
        *at += syntax::blanks(&data[*at..]);
        let len = class::ATOM.run(&data[*at..]);
        let word = data.get(*at..*at + len)?;
        *at += len;
        // it may go on
        (*at < data.len()).then_some(word)
    };
    let name = word(&mut at)?;
    if name.eq_ignore_ascii_case(b"UID") {
        let name = word(&mut at)?;
        return Some((at, true, name));
    }
    Some((at, false, name))
}

/// Whether the command that begins here has message data.
fn literals_of(data: &[u8]) -> LiteralsOf {
    let Some((arguments, uid, name)) = name_at(data) else { return LiteralsOf::Strings };
    let replace = name.eq_ignore_ascii_case(b"REPLACE");
    if !replace && (uid || !name.eq_ignore_ascii_case(b"APPEND")) {
        return LiteralsOf::Strings;
    }
    LiteralsOf::Messages(MessagesOf { scan: LiteralScan::new(arguments), arguments, replace, uid })
}

/// The command's name in the table, if it is known.
#[cold]
fn known_name(data: &[u8]) -> Option<&'static str> {
    let (uid, name) = name_of(data)?;
    Command::KEYWORDS.iter().copied().find(|known| {
        let word = known.strip_prefix("UID ");
        word.is_some() == uid && word.unwrap_or(known).as_bytes().eq_ignore_ascii_case(name)
    })
}

/// The tag to answer with: a line of one word is none, but `DONE` without IDLE, or garbage.
#[cold]
fn tag_of(frame: &Bytes) -> Option<Tag> {
    let tag = TaggedCommand::tag_of(frame)?;
    let alone = !matches!(frame.get(tag.as_bytes().len()), Some(b' '));
    if alone && tag.as_bytes().eq_ignore_ascii_case(b"DONE") { None } else { Some(tag.detach()) }
}

/// Whether a command has a secret in it: LOGIN and AUTHENTICATE.
#[inline]
fn holds_secret(data: &[u8]) -> bool {
    let at = class::TAG.run(data);
    let rest = &data[at.min(data.len())..];
    let rest = match rest {
        [b' ', next, ..] if !matches!(next, b' ' | b'\t') => &rest[1..],
        _ => &rest[syntax::blanks(rest)..],
    };
    match rest.first() {
        Some(b'L' | b'l') => syntax::after(rest, b"LOGIN").is_some(),
        Some(b'A' | b'a') => syntax::after(rest, b"AUTHENTICATE").is_some(),
        _ => false,
    }
}

/// Whether it is the request line of HTTP (RFC 9112 section 3): a browser was made to connect, and what it sends must not run as commands.
#[cold]
fn check_foreign(frame: &[u8]) -> Result<(), Fatal> {
    const METHODS: &[&[u8]] = &[
        b"GET ",
        b"POST ",
        b"HEAD ",
        b"PUT ",
        b"OPTIONS ",
        b"CONNECT ",
        b"DELETE ",
        b"TRACE ",
        b"PATCH ",
        b"PRI ",
    ];
    let line = frame.split(|&o| o == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let version = line.rsplit(|&o| o == b' ').next().unwrap_or_default();
    if version.starts_with(b"HTTP/") && METHODS.iter().any(|method| line.starts_with(method)) {
        return Err(Fatal::ForeignProtocol("HTTP"));
    }
    Ok(())
}
