//! From octets to events.

use super::{Client, Event, Sending, Tls};
use crate::syntax::expected;
use crate::{Ehlo, Protocol, Reply, ReplyCode, ReplyKind, State, Verb, reply, rule};
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::dot::DotEncoder;
use wire::sasl::Exchange;
use wire::{
    CommandId, Context, Diagnostic, Fatal, Found, LimitKind, Misuse, ParseError, ParseErrorKind, Pause,
    Secret, Step, Tolerance,
};

/// How much of the reply at the front of the input was found to be whole lines.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Framed {
    /// Octets of these lines.
    octets: usize,
    /// How many they are.
    lines: u32,
}

type Stepped = wire::Stepped<Event>;

impl Client {
    pub(super) fn step(&mut self) -> Stepped {
        match self.state {
            _ if self.tls == Tls::Agreed => self.paused_for_tls(),
            // what comes before the response is no answer to it
            _ if self.exchange.as_ref().is_some_and(Exchange::is_challenged) => {
                Ok(Some(Step::Paused(Pause::Respond)))
            }
            State::Turned => Ok(Some(Step::Paused(Pause::Upgrade))),
            _ => self.line(),
        }
    }

    /// The longest reply.
    pub(super) fn max_reply(&self) -> usize {
        self.config.limits.max_reply.max(self.max_reply_line())
    }

    /// The longest line that may come now.
    pub(super) fn max_reply_line(&self) -> usize {
        let limits = &self.config.limits;
        if self.exchange.is_some() {
            limits.max_reply_line.max(limits.max_auth_line)
        } else {
            limits.max_reply_line
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
    fn wait(&mut self) -> Stepped {
        if !self.input.is_eof() {
            self.input.settle();
            // while content is due the server waits for it
            return Ok(Some(match self.sending {
                Some(_) if self.output.is_full() => Step::Paused(Pause::Drain),
                Some(_) => Step::Paused(Pause::Respond),
                None => Step::NeedInput,
            }));
        }
        Err(Fatal::UnexpectedEof(if self.state == State::Greeting {
            "the greeting"
        } else if !self.input.is_empty() {
            "a reply"
        } else if self.state != State::Closed && !self.pending.is_empty() {
            "the replies that are due"
        } else {
            return Ok(Some(Step::Closed));
        }))
    }

    /// The next line; the last one of a reply completes it.
    fn line(&mut self) -> Stepped {
        let limits = &self.config.limits;
        let max_line = self.max_reply_line();
        let len = match self.input.line_at(self.framed.octets, max_line) {
            Found::Line(len) => len,
            Found::Partial => return self.wait(),
            Found::TooLong => {
                return Err(Fatal::Limit { kind: LimitKind::Line, limit: max_line as u64 });
            }
        };
        let (start, end) = (self.framed.octets, self.framed.octets + len);
        self.framed = Framed { octets: end, lines: self.framed.lines + 1 };
        let line = &self.input.as_slice()[start..end];
        let goes_on = reply::is_last(line) == Some(false);
        if self.framed.lines > limits.max_reply_lines {
            let limit = limits.max_reply_lines.into();
            return Err(Fatal::Limit { kind: LimitKind::ReplyLines, limit });
        }
        if end > self.max_reply() {
            return Err(Fatal::Limit { kind: LimitKind::Frame, limit: self.max_reply() as u64 });
        }
        if goes_on {
            return Ok(None);
        }
        self.framed = Framed::default();
        let at = self.input.stream_offset();
        let frame = if self.exchange.is_some() { self.input.take_secret(end) } else { self.input.take(end) };
        self.reply(at, &frame)
    }

    fn reply(&mut self, at: u64, frame: &Bytes) -> Stepped {
        let cx = Context::new(frame, self.config.tolerance).at(at);
        let behind_bare_lf = core::mem::replace(&mut self.behind_bare_lf, !frame.ends_with(b"\r\n"));
        let reply = match Reply::parse_in(&cx) {
            Ok(reply) => reply,
            Err(_) if behind_bare_lf && cx.tolerates(Tolerance::Default, rule::ECHOED_TEXT, frame) => {
                self.events.remark(cx.into_repairs());
                return Ok(None);
            }
            // what cannot be parsed may be the reply to anything: the connection is out of step
            Err(error) => return Err(Fatal::Desync(error)),
        };
        if self.state == State::Greeting {
            return self.greeting(cx, reply);
        }
        let front = self.pending.front().map(|pending| (pending.id, pending.kind, pending.earliest));
        match front {
            Some((id, kind, earliest)) if earliest <= at => self.replied(cx, id, kind, reply),
            _ => {
                cx.repair(rule::UNSOLICITED_REPLY, frame);
                self.note_closing(&reply);
                self.completed(cx, Event::Unsolicited(reply))
            }
        }
    }

    /// Whether the content of this command is not sent whole.
    fn is_sending(&self, command: CommandId) -> bool {
        matches!(&self.sending, Some(Sending::Data { id, .. } | Sending::Chunk { id, .. }) if *id == command)
    }

    fn greeting(&mut self, cx: Context<'_>, reply: Reply) -> Stepped {
        if reply.is_intermediate() {
            return Err(out_of_step("220 or a refusal"));
        }
        self.state = State::Hello;
        self.note_closing(&reply);
        let serves = reply.is_positive();
        let step = self.emit(cx.into_repairs(), Event::Greeting(reply));
        if serves {
            self.release();
        } else {
            // RFC 5321 section 3.1: after 554 the client says QUIT and nothing else
            self.drop_held();
        }
        step
    }

    /// RFC 5321 section 3.8: 421 says that the server closes, to whatever it is the reply.
    fn note_closing(&mut self, reply: &Reply) {
        if reply.code() == ReplyCode::SERVICE_NOT_AVAILABLE {
            self.state = State::Closed;
            self.sending = None;
        }
    }

    fn drop_held(&mut self) {
        for (id, command) in core::mem::take(&mut self.held) {
            self.not_sent(id, &command, Misuse::State { wanted: "a server that serves" });
        }
        self.look_ahead();
    }

    fn replied(&mut self, cx: Context<'_>, id: CommandId, kind: ReplyKind, reply: Reply) -> Stepped {
        let content = self.pending.front().is_some_and(|pending| pending.content);
        let closing = reply.code() == ReplyCode::SERVICE_NOT_AVAILABLE;
        if self.is_sending(id) {
            return self.answered_early(cx, id, kind, reply);
        }
        match kind {
            // RFC 4954 section 4: to `*` the server can only say 501
            ReplyKind::Auth | ReplyKind::AuthInitial
                if self.exchange.as_ref().is_some_and(Exchange::is_cancelled)
                    && (reply.is_positive() || reply.is_intermediate()) =>
            {
                return Err(out_of_step("a refusal of the cancelled AUTH"));
            }
            ReplyKind::Auth | ReplyKind::AuthInitial if reply.code() == ReplyCode::CHALLENGE => {
                return self.challenged_by(cx, id, &reply);
            }
            ReplyKind::Data if !content && reply.is_intermediate() && self.state != State::Closed => {
                return self.asked_for_content(cx, id, reply);
            }
            // 354 never came
            ReplyKind::Data if !content && reply.is_positive() => {
                return Err(out_of_step("354 or a refusal"));
            }
            ReplyKind::Data | ReplyKind::LastChunk
                if self.config.protocol == Protocol::Lmtp
                    && !self.accepted.is_empty()
                    && !closing
                    && self.has_ended(content, kind) =>
            {
                return self.recipient_replied(cx, id, reply);
            }
            // the server waits for more, and would read what follows as that
            _ if reply.is_intermediate() && !may_be_intermediate(kind, &reply) => {
                return Err(out_of_step("a reply that is not 3yz"));
            }
            _ => {}
        }
        if kind == ReplyKind::Hello && reply.is_positive() {
            let helo = self.pending.front().is_some_and(|pending| pending.verb == Verb::Helo);
            let ehlo = Ehlo::read(&cx, &reply);
            // RFC 5321 section 4.1.1.1: HELO asks for no extensions
            self.ehlo = Some(if helo { ehlo.with([]) } else { ehlo });
        }
        self.complete(kind, &reply);
        let event = match kind {
            ReplyKind::StartTls if self.tls == Tls::Agreed => Event::StartTls { id, reply },
            ReplyKind::Turn if self.state == State::Turned => Event::Turn { id, reply },
            _ => Event::Reply { id, reply },
        };
        self.completed(cx, event)
    }

    /// Hands out the last event of a command, then sends what it held back.
    fn completed(&mut self, cx: Context<'_>, event: Event) -> Stepped {
        let step = self.emit(cx.into_repairs(), event);
        self.release();
        step
    }

    /// A reply before the content has gone out whole: the server will not take the rest for content. RFC 5321 section 4.1.1.4 and RFC 3030
    /// section 2 have it wait; where both stand now nobody knows, so nothing more is sent.
    fn answered_early(&mut self, cx: Context<'_>, id: CommandId, kind: ReplyKind, reply: Reply) -> Stepped {
        if !reply.is_transient() && !reply.is_permanent() {
            return Err(out_of_step("a refusal, in the midst of the content"));
        }
        self.sending = None;
        self.complete(kind, &reply);
        self.state = State::Closed;
        self.completed(cx, Event::Reply { id, reply })
    }

    /// Whether the content went out whole, so that in LMTP each recipient has a reply.
    fn has_ended(&self, content: bool, kind: ReplyKind) -> bool {
        content || (kind == ReplyKind::LastChunk && self.state != State::Failed)
    }

    fn asked_for_content(&mut self, cx: Context<'_>, id: CommandId, reply: Reply) -> Stepped {
        if let Some(pending) = self.pending.front_mut() {
            pending.content = true;
        }
        self.state = State::Data;
        if self.accepted.is_empty() && self.pending.front().is_some_and(|pending| pending.verb == Verb::Data)
        {
            // RFC 2920 section 3.1: 354 though no recipient was accepted; an empty message, which the server refuses
            self.output.put(b".\r\n");
            self.written = State::Ready;
            self.ahead = State::Ready;
            self.events.remark(cx.into_repairs());
            self.release();
            return Ok(None);
        }
        self.sending = Some(Sending::Data { id, encoder: DotEncoder::new(self.config.line_endings) });
        self.emit(cx.into_repairs(), Event::SendBody { id, reply })
    }

    fn challenged_by(&mut self, cx: Context<'_>, id: CommandId, reply: &Reply) -> Stepped {
        let responded = self.exchange.as_ref().is_some_and(Exchange::has_responded);
        let challenge = crate::challenge::challenge(&cx, reply);
        if let Some(exchange) = &mut self.exchange {
            exchange.challenge();
        }
        match challenge {
            Ok(data) => self.emit(cx.into_repairs(), Event::Challenge { id, data }),
            Err(_)
                if !responded
                    && !self.mechanism.is_some_and(|mechanism| mechanism.is_server_first())
                    && cx.tolerates(Tolerance::Default, rule::TEXT_AS_CHALLENGE, cx.frame()) =>
            {
                self.emit(cx.into_repairs(), Event::Challenge { id, data: Secret::default() })
            }
            Err(error) => {
                let error = cx.error(error, expected::name);
                let malformed = Box::new(cx.malformed(error, Some(Verb::Auth.keyword())));
                self.emit(cx.into_repairs(), Event::BadChallenge { id, malformed })
            }
        }
    }

    fn recipient_replied(&mut self, cx: Context<'_>, id: CommandId, reply: Reply) -> Stepped {
        let Some(pending) = self.pending.front_mut() else { return Ok(None) };
        let Some(&recipient) = self.accepted.get(pending.answered) else { return Ok(None) };
        pending.answered += 1;
        pending.taken |= reply.is_positive();
        let last = pending.answered == self.accepted.len();
        let kind = pending.kind;
        if last {
            self.complete(kind, &reply);
        }
        self.completed(cx, Event::RecipientReply { id, recipient, reply, last })
    }

    /// The command in front has its reply: what that does to the session.
    fn complete(&mut self, kind: ReplyKind, reply: &Reply) {
        let Some(done) = self.pending.pop_front() else { return };
        let positive = reply.is_positive();
        match (kind, positive) {
            // 421 was said: nothing opens the session again
            _ if self.state == State::Closed => {}
            (ReplyKind::Hello, true) => {
                self.end_transaction();
                self.state = State::Ready;
            }
            (ReplyKind::Mail, _) if positive || reply.code() == ReplyCode::CHECKPOINT => {
                self.accepted.clear();
                self.state = State::Mail;
            }
            (ReplyKind::Rcpt, true) => {
                self.state = State::Rcpt;
                self.accepted.push(done.id);
            }
            (ReplyKind::Chunk, true) => self.state = State::Chunks,
            // RFC 3030 section 2: only RSET helps then
            (ReplyKind::Chunk | ReplyKind::LastChunk, false)
                if !done.taken && self.state.in_transaction() =>
            {
                self.state = State::Failed;
            }
            (ReplyKind::LastChunk, _) | (ReplyKind::Rset, true) => self.end_transaction(),
            (ReplyKind::Data, _) if done.content => self.end_transaction(),
            (ReplyKind::StartTls, true) => self.tls = Tls::Agreed,
            (ReplyKind::StartTls, false) => self.tls = Tls::Off,
            (ReplyKind::Xclient, true) => self.forget(),
            (ReplyKind::Turn, true) => self.state = State::Turned,
            (ReplyKind::Quit, true) => self.state = State::Closed,
            _ => {}
        }
        if kind.is_auth() {
            self.exchange = None;
            self.mechanism = None;
        }
        self.note_closing(reply);
        if self.pending.is_empty() && self.sending.is_none() {
            self.written = self.state;
            if self.held.is_empty() {
                self.ahead = self.state;
            }
        }
    }

    fn end_transaction(&mut self) {
        self.accepted.clear();
        if self.state.in_transaction() {
            self.state = State::Ready;
        }
    }

    /// Hands out an event, what was repaired for it first.
    #[inline]
    fn emit(&mut self, repairs: Vec<Diagnostic>, event: Event) -> Stepped {
        Ok(self.events.emit(repairs, event))
    }
}

/// Whether 3yz may be a reply of this kind. What an unknown command means, only the caller knows.
fn may_be_intermediate(kind: ReplyKind, reply: &Reply) -> bool {
    match kind {
        // or what 353 says behind the content (PRDR of Exim)
        ReplyKind::Single | ReplyKind::Data => true,
        ReplyKind::Mail => reply.code() == ReplyCode::CHECKPOINT,
        _ => false,
    }
}

/// A reply that cannot be to what it should be to.
fn out_of_step(expected: &'static str) -> Fatal {
    Fatal::Desync(ParseError { offset: 0, expected, kind: ParseErrorKind::Range, got: None })
}
