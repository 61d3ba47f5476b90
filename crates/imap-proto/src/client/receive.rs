//! From octets to events.

use super::{Client, Compression, End, Event, Idle, Pending, Profile, Tls, event::BodyStart, table};
use crate::client::table::Effect;
use crate::{
    Capabilities, Capability, Challenge, Code, Condition, ConditionKind, Context, Continue, Cut, Enabled,
    Esearch, FetchAttribute, Framed, Greeting, GreetingError, Head, MessageData, Response, State, Tagged,
    TaggedCommand, rule,
};
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use core::num::NonZeroU32;
use wire::sasl::Exchange;
use wire::{CommandId, Diagnostic, Fatal, ParseError, ParseErrorKind, Pause, Redacted, Secret, Step};

type Stepped = wire::Stepped<Event>;

/// How many literals of a response may look like message data and be none, each of which costs a look at all before it; those behind
/// them are strings.
const MAX_GUESSES: u8 = 8;

/// A response with literals that are not kept in it.
#[derive(Debug)]
pub(super) struct Receiving {
    /// Where in the stream it starts.
    at: u64,
    /// It, without the octets of these literals.
    text: Vec<u8>,
    cuts: Vec<Cut>,
    /// Octets of the literal that are still to come, and whether they are handed out.
    left: u64,
    streams: bool,
    /// A literal was too large, so that the response is not understood.
    broken: bool,
    /// The message that it is about, as far as known.
    number: NonZeroU32,
    by_uid: bool,
    uid: Option<NonZeroU32>,
}

impl Client {
    #[inline]
    pub(super) fn step(&mut self) -> Stepped {
        if self.end == End::Over {
            return Ok(Some(Step::Closed));
        }
        if self.tls == Tls::Agreed {
            return self.paused_for_tls();
        }
        if self.compression == Compression::Agreed {
            return Ok(Some(Step::Paused(Pause::Upgrade)));
        }
        // what comes before the response is no answer to it
        if self.exchange.as_ref().is_some_and(Exchange::is_challenged) {
            return Ok(Some(Step::Paused(Pause::Respond)));
        }
        if self.receiving.as_ref().is_some_and(|receiving| receiving.left > 0) {
            return self.literal_octets();
        }
        match self.framer.next(self.input.as_slice()) {
            Ok(Framed::Message(len)) => self.message(len),
            Ok(Framed::NeedMore) => self.wait(),
            Ok(Framed::Literal(head)) => self.literal(head),
            Err(too_long) => self.too_long(too_long),
        }
    }

    #[cold]
    fn too_long(&self, too_long: crate::TooLong) -> Stepped {
        self.check_foreign()?;
        Err(Fatal::Limit { kind: too_long.kind, limit: too_long.limit as u64 })
    }

    /// Whether it is no IMAP server, which may not even send lines.
    fn check_foreign(&self) -> Result<(), Fatal> {
        if self.state != State::Greeting {
            return Ok(());
        }
        match Greeting::foreign(self.input.as_slice()) {
            Some(protocol) => Err(Fatal::ForeignProtocol(protocol)),
            None => Ok(()),
        }
    }

    /// Law 11: nothing that came in plaintext behind the agreement may ever be used.
    fn paused_for_tls(&mut self) -> Stepped {
        match self.input.len() {
            0 if self.input.is_eof() => Err(Fatal::UnexpectedEof("the start of TLS")),
            0 => Ok(Some(Step::Paused(Pause::StartTls))),
            _ => Err(Fatal::PlaintextAfterStartTls(self.input.stream_offset())),
        }
    }

    /// More is needed, unless the peer has closed.
    #[cold]
    fn wait(&mut self) -> Stepped {
        self.check_foreign()?;
        if !self.input.is_eof() {
            if self.receiving.is_none() {
                self.input.settle();
            }
            // while octets of a literal are due the server waits for them
            let due = self.sending.as_ref().is_some_and(|sending| sending.is_due());
            return Ok(Some(match due {
                true if self.output.is_full() => Step::Paused(Pause::Drain),
                true => Step::Paused(Pause::Respond),
                false => Step::NeedInput,
            }));
        }
        Err(Fatal::UnexpectedEof(if self.end == End::Bye {
            self.over();
            return Ok(None);
        } else if self.state == State::Greeting {
            "the greeting"
        } else if self.receiving.as_ref().is_some_and(|receiving| receiving.left > 0) {
            "a literal"
        } else if !self.input.is_empty() || self.receiving.is_some() {
            "a response"
        } else if !self.pending.is_empty() {
            "the responses that are due"
        } else {
            self.over();
            return Ok(None);
        }))
    }

    /// The session is over: what was not answered never will be.
    fn over(&mut self) {
        self.end = End::Over;
        self.set_state(State::Logout);
        self.ahead = State::Logout;
        self.sending = None;
        self.receiving = None;
        self.exchange = None;
        self.idle = Idle::No;
        for pending in core::mem::take(&mut self.pending) {
            self.unfinished.remove(pending.traits);
            self.events.push(Event::Lost(pending.id));
        }
        self.release();
    }

    /// A literal that is not kept without a question.
    #[cold]
    fn literal(&mut self, head: Head) -> Stepped {
        let limits = &self.config.limits;
        let (inline, string) = (limits.max_inline_literal, self.max_string());
        let looks = self.is_message_data(head);
        let whole = looks && head.size <= inline;
        let data = if looks && !whole && self.guesses < MAX_GUESSES { self.body_start(head) } else { None };
        if whole || data.is_none() && head.size <= string {
            self.guesses = self.guesses.saturating_add(u8::from(looks && !whole));
            let kept = self.framer.keep();
            return match kept {
                Ok(()) => Ok(None),
                Err(too_long) => self.too_long(too_long),
            };
        }
        let at = self.input.stream_offset();
        self.framer.cut();
        let text = self.input.take(head.end);
        let receiving = self.receiving.get_or_insert_with(|| {
            Box::new(Receiving {
                at,
                text: Vec::new(),
                cuts: Vec::new(),
                left: 0,
                streams: true,
                broken: false,
                number: NonZeroU32::MIN,
                by_uid: false,
                uid: None,
            })
        });
        receiving.text.extend_from_slice(&text);
        receiving.cuts.push(Cut { offset: receiving.text.len(), size: head.size });
        receiving.left = head.size;
        receiving.streams = data.is_some();
        match data {
            Some(start) => {
                receiving.number = start.number;
                receiving.by_uid = start.by_uid;
                receiving.uid = start.uid;
                Ok(self.events.emit(Vec::new(), Event::BodyStart(Box::new(start))))
            }
            None => {
                receiving.broken = true;
                Ok(None)
            }
        }
    }

    /// Whether what stands before a literal says that it is message data; a look at a few octets.
    fn is_message_data(&self, head: Head) -> bool {
        let text = self.input.as_slice().get(..head.end).unwrap_or_default();
        let starts = self.receiving.as_ref().map_or(text, |receiving| &receiving.text);
        let digits =
            starts.strip_prefix(b"* ").map_or(0, |i| i.iter().take_while(|o| o.is_ascii_digit()).count());
        let Some(behind) = starts.get(2 + digits..).filter(|_| digits > 0) else { return false };
        let is_fetch = [&b" FETCH ("[..], b" UIDFETCH ("]
            .iter()
            .any(|word| behind.get(..word.len()).is_some_and(|i| i.eq_ignore_ascii_case(word)));
        is_fetch && ends_in_data(text)
    }

    /// What is known of the literal whose head ends here, if it is message data. Only what stands behind the literal before is looked at, so that
    /// each octet is parsed twice at most.
    fn body_start(&self, head: Head) -> Option<BodyStart> {
        let text = self.input.as_slice().get(..head.end)?;
        let mut frame = Vec::with_capacity(text.len() + 32);
        match &self.receiving {
            None => frame.extend_from_slice(text),
            Some(receiving) => {
                frame.extend_from_slice(b"* ");
                let number = u64::from(receiving.number.get());
                frame.extend_from_slice(wire::number::decimal(number, &mut [0; 20]));
                let word: &[u8] = if receiving.by_uid { b" UIDFETCH (" } else { b" FETCH (" };
                frame.extend_from_slice(word);
                frame.extend_from_slice(text.trim_ascii_start());
            }
        }
        let cuts = [Cut { offset: frame.len(), size: head.size }];
        frame.extend_from_slice(b")\r\n");
        let frame = Bytes::from(frame);
        let cx = self.context(&frame, 0).cuts(&cuts);
        let (by_uid, fetch) = match Response::parse_in(&cx).ok()? {
            Response::Fetch(fetch) => (false, fetch),
            Response::UidFetch(fetch) => (true, fetch),
            _ => return None,
        };
        let number = fetch.number;
        let mut attributes = fetch.into_attributes();
        let attribute = attributes.pop()?;
        let is_streamed = |data: Option<&MessageData>| matches!(data, Some(MessageData::Streamed { .. }));
        let streamed = match &attribute {
            FetchAttribute::Section(section) => is_streamed(section.data.as_ref()),
            FetchAttribute::Binary(section) => is_streamed(section.data.as_ref()),
            FetchAttribute::Rfc822(data)
            | FetchAttribute::Rfc822Header(data)
            | FetchAttribute::Rfc822Text(data) => is_streamed(data.as_deref()),
            _ => false,
        };
        let uid = attributes.iter().find_map(|attribute| match attribute {
            FetchAttribute::Uid(uid) => Some(*uid),
            _ => None,
        });
        let uid = uid.or_else(|| self.receiving.as_ref().and_then(|receiving| receiving.uid));
        let uid = if by_uid { Some(number) } else { uid };
        let answers = self.pending.iter().find(|pending| pending.answers & table::FETCH != 0);
        let answers = answers.map(|pending| pending.id);
        streamed.then_some(BodyStart { number, by_uid, uid, attribute, size: head.size, answers })
    }

    /// The next octets of a literal that is not kept.
    fn literal_octets(&mut self) -> Stepped {
        let len = self.input.len();
        let Some(receiving) = &mut self.receiving else { return Ok(None) };
        if len == 0 {
            return self.wait();
        }
        let octets = usize::try_from(receiving.left).unwrap_or(usize::MAX).min(len);
        receiving.left -= octets as u64;
        if !receiving.streams {
            self.input.skip(octets);
            return Ok(None);
        }
        let done = receiving.left == 0;
        let chunk = self.input.take(octets);
        if done {
            self.events.push(Event::BodyChunk(chunk));
            self.events.push(Event::BodyEnd);
            return Ok(None);
        }
        Ok(Some(Step::Event(Event::BodyChunk(chunk))))
    }

    /// For a message with the settings of this connection.
    #[inline]
    fn context<'f>(&self, frame: &'f Bytes, at: u64) -> Context<'f> {
        Context::new(frame, self.config.tolerance)
            .at(at)
            .utf8(self.options.utf8)
            .max_depth(self.config.limits.max_depth)
            .max_items(self.config.limits.max_items)
    }

    /// A response is whole.
    #[inline]
    fn message(&mut self, len: usize) -> Stepped {
        self.guesses = 0;
        if self.receiving.is_some() {
            return self.message_with_cuts(len);
        }
        let at = self.input.stream_offset();
        let first = self.input.as_slice().first();
        if first == Some(&b'+') && self.state != State::Greeting {
            return self.continuation(at, len);
        }
        let frame = self.input.take(len);
        if self.state == State::Greeting {
            return self.greeting(at, &frame);
        }
        let cx = self.context(&frame, at);
        match Response::parse_in(&cx) {
            Ok(response) => self.response(at, &frame, response, cx.into_repairs()),
            Err(error) => {
                let malformed = cx.malformed(error, None);
                self.malformed(at, malformed, cx.into_repairs())
            }
        }
    }

    #[cold]
    fn message_with_cuts(&mut self, len: usize) -> Stepped {
        let rest = self.input.take(len);
        let Some(receiving) = self.receiving.take() else { return Ok(None) };
        let Receiving { at, mut text, cuts, broken, .. } = *receiving;
        text.extend_from_slice(&rest);
        let frame = Bytes::from(text);
        if broken {
            let offset = cuts.first().map_or(0, |cut| cut.offset);
            let error = ParseError {
                offset: u32::try_from(offset).unwrap_or(u32::MAX),
                expected: "a shorter literal",
                kind: ParseErrorKind::TooLong,
                got: None,
            };
            let raw = Redacted::new(Bytes::copy_from_slice(frame.get(..offset).unwrap_or_default()));
            let remark = Diagnostic { rule: rule::LITERAL_TOO_LONG, stream_offset: at, raw };
            let frame = Redacted::new(frame);
            let malformed = wire::Malformed { error, stream_offset: at, frame, verb: None };
            return self.malformed(at, malformed, alloc::vec![remark]);
        }
        let cx = self.context(&frame, at).cuts(&cuts);
        match Response::parse_in(&cx) {
            Ok(response) => self.response(at, &frame, response, cx.into_repairs()),
            Err(error) => {
                let malformed = cx.malformed(error, None);
                self.malformed(at, malformed, cx.into_repairs())
            }
        }
    }

    #[inline]
    fn emit(&mut self, repairs: Vec<Diagnostic>, event: Event) -> Stepped {
        Ok(self.events.emit(repairs, event))
    }

    fn greeting(&mut self, at: u64, frame: &Bytes) -> Stepped {
        let cx = self.context(frame, at);
        let greeting = match Greeting::parse_in(&cx) {
            Ok(greeting) => greeting,
            Err(GreetingError::NotImap(protocol)) => return Err(Fatal::ForeignProtocol(protocol)),
            Err(GreetingError::Malformed(error)) => return Err(Fatal::Desync(error)),
        };
        let kind = greeting.condition().kind();
        if kind == ConditionKind::PreAuth && self.config.require_tls && self.tls != Tls::On {
            cx.repair(rule::PREAUTH_WITHOUT_TLS, frame);
        }
        if self.config.detect_profile {
            self.profile = Profile::of_greeting(&greeting);
        }
        self.set_state(match kind {
            ConditionKind::PreAuth => State::Authenticated,
            ConditionKind::Bye => State::Logout,
            _ => State::NotAuthenticated,
        });
        match greeting.condition().code() {
            Some(Code::Capability(found)) => self.set_capabilities(Some(found)),
            _ => self.renew_options(),
        }
        self.look_ahead();
        let step = self.emit(cx.into_repairs(), Event::Greeting(Box::new(greeting)));
        if kind == ConditionKind::Bye {
            self.over();
        } else {
            self.release();
        }
        step
    }

    /// A line that starts with `+`: for a literal, an exchange, IDLE, or nobody.
    fn continuation(&mut self, at: u64, len: usize) -> Stepped {
        if self.exchange.is_some() && at >= self.responded && self.is_for_exchange(at) {
            return self.challenge(at, len);
        }
        let frame = self.input.take(len);
        let cx = self.context(&frame, at);
        let request = match Response::parse_in(&cx) {
            Ok(Response::Continue(request)) => Ok(request),
            Ok(_) => return Ok(None),
            Err(error) => Err(cx.malformed(error, None)),
        };
        let repairs = cx.into_repairs();
        // whoever waits for it does not care for what it says
        if self.is_awaited(at) {
            self.events.remark(repairs);
            self.go_ahead();
            return Ok(None);
        }
        match (self.idle, request) {
            (Idle::Asked(id), request) if self.earliest(id) <= at => {
                self.idle = Idle::On(id);
                let request = match request {
                    Ok(request) => request,
                    Err(_) => Box::new(Continue::new(None, wire::Text::EMPTY).map_err(|_| out_of_step("+"))?),
                };
                self.emit(repairs, Event::Idling { id, request })
            }
            (_, Ok(request)) => self.emit(repairs, Event::Continue(request)),
            (_, Err(malformed)) => self.malformed(at, malformed, repairs),
        }
    }

    /// The first octet of the stream that can belong to a command's responses.
    fn earliest(&self, id: CommandId) -> u64 {
        self.position(id).and_then(|at| self.pending.get(at)).map_or(u64::MAX, |pending| pending.earliest)
    }

    fn is_for_exchange(&self, at: u64) -> bool {
        let pending = self.pending.iter().find(|pending| pending.effect == Effect::Authenticate);
        pending.is_some_and(|pending| pending.earliest <= at)
    }

    fn challenge(&mut self, at: u64, len: usize) -> Stepped {
        let frame = self.input.take_secret(len);
        let Some(exchange) = &mut self.exchange else { return Ok(None) };
        if exchange.is_cancelled() {
            return Err(out_of_step("BAD to the cancelled AUTHENTICATE"));
        }
        let responded = exchange.has_responded();
        exchange.challenge();
        let pending = self.pending.iter().find(|pending| pending.effect == Effect::Authenticate);
        let Some(id) = pending.map(|pending| pending.id) else { return Ok(None) };
        let cx = self.context(&frame, at);
        let event = match Challenge::parse_in(&cx) {
            Ok(challenge) => Event::Challenge { id, data: challenge.into_data() },
            Err(_)
                if !responded
                    && !self.mechanism.is_some_and(|mechanism| mechanism.is_server_first())
                    && cx.tolerates(wire::Tolerance::Default, rule::TEXT_AS_CHALLENGE, &frame[..0]) =>
            {
                Event::Challenge { id, data: Secret::default() }
            }
            Err(error) => {
                let malformed = Box::new(cx.malformed(error, Some("AUTHENTICATE")));
                return self.emit(cx.into_repairs(), Event::BadChallenge { id, malformed });
            }
        };
        let repairs = cx.into_repairs();
        wire::wipe(frame);
        self.emit(repairs, event)
    }

    #[inline]
    fn response(&mut self, at: u64, frame: &Bytes, response: Response, repairs: Vec<Diagnostic>) -> Stepped {
        match response {
            Response::Tagged(tagged) => self.tagged(at, frame, tagged, repairs),
            Response::Condition(condition) if condition.kind() == ConditionKind::Bye => {
                self.bye(condition, repairs)
            }
            response => {
                self.note(&response);
                let answers = self.answered_by(&response);
                self.emit(repairs, Event::Data { response, answers })
            }
        }
    }

    /// The first command that a response may belong to.
    #[inline]
    fn answered_by(&self, response: &Response) -> Option<CommandId> {
        if self.pending.is_empty() {
            return None;
        }
        let tag = match response {
            Response::Esearch(esearch) => correlator(esearch),
            Response::Other(other) => other.tag(),
            _ => None,
        };
        if let Some(tag) = tag {
            return self.find(tag.as_bytes()).and_then(|at| self.pending.get(at)).map(|found| found.id);
        }
        let kind = table::kind(response);
        self.pending.iter().find(|pending| pending.answers & kind != 0).map(|pending| pending.id)
    }

    /// What untagged data say about the session.
    #[inline]
    fn note(&mut self, response: &Response) {
        match response {
            Response::Capability(found) => self.note_capabilities(found),
            Response::Condition(condition) => match condition.code() {
                Some(Code::Capability(found)) => self.note_capabilities(found),
                // RFC 9051 section 7.1: the mailbox that was selected before is closed
                Some(Code::Closed) if self.state == State::Selected => {
                    self.set_state(State::Authenticated);
                    self.look_ahead();
                }
                _ => {}
            },
            Response::Enabled(enabled) => self.note_enabled(enabled),
            Response::Id(id) if self.config.detect_profile && self.profile.is_none() => {
                self.profile = Profile::of_id(id);
                self.renew_options();
            }
            _ => {}
        }
    }

    fn note_capabilities(&mut self, found: &Capabilities) {
        let is = |effect: Effect| self.pending.iter().any(|pending| pending.effect == effect);
        // the answer to a CAPABILITY before LOGIN says nothing about what holds behind it
        if !is(Effect::Capability) && (is(Effect::Login) || is(Effect::Authenticate)) {
            self.told = true;
        }
        self.set_capabilities(Some(found));
    }

    fn note_enabled(&mut self, enabled: &Enabled) {
        let pending = self.pending.iter_mut().find(|pending| pending.effect == Effect::Enable);
        // nobody has asked
        let Some(pending) = pending else { return };
        if let Some(extra) = &mut pending.extra {
            extra.enabled = true;
        }
        self.enable(enabled.capabilities.iter());
    }

    fn enable<'a>(&mut self, capabilities: impl Iterator<Item = &'a Capability>) {
        for capability in capabilities {
            if !self.enabled.has(capability) {
                self.enabled.capabilities.push(capability.detach());
            }
        }
        self.renew_options();
    }

    /// RFC 9051 section 7.1.5: the server closes, whatever follows.
    #[cold]
    fn bye(&mut self, condition: Box<Condition>, repairs: Vec<Diagnostic>) -> Stepped {
        let logout = self.pending.iter().any(|pending| pending.effect == Effect::Logout);
        let first = self.end == End::Open;
        self.set_state(State::Logout);
        self.ahead = State::Logout;
        self.sending = None;
        self.exchange = None;
        self.idle = Idle::No;
        if self.tls == Tls::Asked {
            self.tls = Tls::Off;
        }
        let step = self.emit(repairs, Event::Bye(condition));
        if logout && first {
            // its tagged response may follow
            self.end = End::Bye;
            self.release();
        } else {
            self.over();
        }
        step
    }

    fn tagged(
        &mut self,
        at: u64,
        frame: &Bytes,
        tagged: Box<Tagged>,
        mut repairs: Vec<Diagnostic>,
    ) -> Stepped {
        let ok = tagged.condition.is_ok();
        let Some(done) = self.take_pending(at, tagged.tag.as_bytes(), ok) else {
            return self.emit(repairs, Event::UnknownTag(tagged));
        };
        let id = done.id;
        if ok
            && done.effect == Effect::Authenticate
            && self.exchange.as_ref().is_some_and(Exchange::is_cancelled)
        {
            return Err(out_of_step("BAD to the cancelled AUTHENTICATE"));
        }
        if ok && done.effect == Effect::Enable {
            if let Some(extra) = done.extra.as_ref().filter(|extra| !extra.enabled) {
                // row 30 of the list of quirks
                let raw = Redacted::new(Bytes::copy_from_slice(frame));
                repairs.push(Diagnostic { rule: rule::MISSING_ENABLED, stream_offset: at, raw });
                self.enable(extra.enable.iter());
            }
        }
        self.complete(&done, ok, tagged.condition.kind() == ConditionKind::Bad, tagged.condition.code());
        let event = match done.effect {
            Effect::StartTls if ok => Event::StartTls { id, tagged },
            Effect::Compress if ok => Event::Upgrade { id, tagged },
            _ => Event::Completed { id, tagged },
        };
        let step = self.emit(repairs, event);
        self.settle_session(done.effect);
        step
    }

    /// What follows from the end of a command.
    fn settle_session(&mut self, effect: Effect) {
        if effect.moves() {
            self.look_ahead();
        }
        if effect == Effect::Logout && (self.end == End::Bye || self.state == State::Logout) {
            self.over();
        } else {
            self.release();
        }
    }

    /// Takes the command of a tag off the list. A response that came before its command was sent is not believed; nor is success before the
    /// last line of an exchange.
    #[inline]
    fn take_pending(&mut self, at: u64, tag: &[u8], ok: bool) -> Option<Pending> {
        let position = self.find(tag)?;
        let pending = self.pending.get(position)?;
        let early = pending.earliest > at;
        let early_success = pending.effect == Effect::Authenticate && ok && self.responded > at;
        if early || early_success {
            return None;
        }
        let done = if position == 0 { self.pending.pop_front() } else { self.pending.remove(position) }?;
        self.unfinished.remove(done.traits);
        if done.extra.as_ref().is_some_and(|extra| extra.tag.is_some()) {
            self.foreign = self.foreign.saturating_sub(1);
        }
        Some(done)
    }

    /// What the end of a command does to the session.
    #[inline]
    fn complete(&mut self, done: &Pending, ok: bool, bad: bool, code: Option<&Code>) {
        self.stop_sending(done.id);
        let told = match code {
            Some(Code::Capability(found)) if ok => Some(&**found),
            _ => None,
        };
        match done.effect {
            Effect::Authenticate => {
                self.exchange = None;
                self.mechanism = None;
                self.input.set_wipe(false);
            }
            // behind DONE the next one may have been asked for
            Effect::Idle if self.idle.is(done.id) => self.idle = Idle::No,
            Effect::StartTls => {
                self.tls = if ok && self.state != State::Logout { Tls::Agreed } else { Tls::Off }
            }
            Effect::Compress if ok => self.compression = Compression::Agreed,
            _ => {}
        }
        if self.state == State::Logout {
            return;
        }
        match done.effect {
            Effect::Login | Effect::Authenticate if ok => {
                self.set_state(State::Authenticated);
                if told.is_none() && !self.told {
                    self.set_capabilities(None);
                }
            }
            Effect::Unauthenticate if ok => {
                self.set_state(State::NotAuthenticated);
                self.enabled = Enabled::default();
                self.set_capabilities(None);
            }
            Effect::Select if ok => self.set_state(State::Selected),
            // RFC 9051 section 6.3.2: no mailbox is selected. A command that was not understood has done nothing
            Effect::Select if !bad && self.state == State::Selected => self.set_state(State::Authenticated),
            Effect::Deselect if ok => self.set_state(State::Authenticated),
            Effect::Logout if ok => self.set_state(State::Logout),
            _ => {}
        }
        if let Some(found) = told.filter(|_| done.effect != Effect::StartTls) {
            self.set_capabilities(Some(found));
        }
    }

    /// What cannot be parsed. With the tag of a command it is the end of that.
    #[cold]
    fn malformed(&mut self, at: u64, malformed: wire::Malformed, repairs: Vec<Diagnostic>) -> Stepped {
        let tag = TaggedCommand::tag_of(malformed.frame.expose());
        let done = tag.and_then(|tag| self.take_pending(at, tag.as_bytes(), false));
        let id = done.as_ref().map(|done| done.id);
        if let Some(done) = &done {
            self.complete(done, false, false, None);
        }
        let step = self.emit(repairs, Event::Malformed { malformed: Box::new(malformed), id });
        if let Some(done) = done {
            self.settle_session(done.effect);
        }
        step
    }
}

/// The tag that a search result names.
fn correlator(esearch: &Esearch) -> Option<&crate::Tag> {
    esearch.correlator.tag.as_ref()
}

/// Whether a literal whose head ends here is the value of an attribute that message data have.
fn ends_in_data(text: &[u8]) -> bool {
    let Some(brace) = memchr::memrchr(b'{', text) else { return false };
    let before = text.get(..brace).unwrap_or_default();
    let before = before.strip_suffix(b"~").unwrap_or(before).trim_ascii_end();
    // `<0>`, the first octet of a part
    let before = match memchr::memrchr(b'<', before) {
        Some(origin) if before.ends_with(b">") => &before[..origin],
        _ => before,
    };
    let ends = |word: &[u8]| {
        let start = before.len().checked_sub(word.len());
        start.is_some_and(|start| before.get(start..).is_some_and(|i| i.eq_ignore_ascii_case(word)))
    };
    before.ends_with(b"]") || ends(b"RFC822") || ends(b"RFC822.HEADER") || ends(b"RFC822.TEXT")
}

/// A response that cannot be to what it should be to.
fn out_of_step(expected: &'static str) -> Fatal {
    Fatal::Desync(ParseError { offset: 0, expected, kind: ParseErrorKind::Range, got: None })
}
