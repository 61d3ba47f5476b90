//! From octets to events.

use super::{Event, Pending, Refusal, Server, Tls};
use crate::limits::MAX_COMMAND;
use crate::syntax::{self, expected};
use crate::{Auth, Command, ReplyKind, State, Verb, rule};
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use wire::{
    CommandId, Context, Diagnostic, Fatal, Found, Malformed, ParseError, ParseErrorKind, Pause, Redacted,
    Secret, Step,
    sasl::{self, Turn},
};

/// What an over-long line should have been.
pub(super) const LINE: &str = "end of line";

type Stepped = wire::Stepped<Event>;

impl Server {
    pub(super) fn step(&mut self) -> Stepped {
        if self.tls == Tls::Agreed {
            return self.paused_for_tls();
        }
        if matches!(self.state, State::Update | State::Closed) {
            // what follows QUIT is not read
            return Ok(Some(if self.output.is_empty() { Step::Closed } else { Step::Paused(Pause::Drain) }));
        }
        if self.output.is_full() {
            // a client that asks on and on without reading costs no more than this
            return Ok(Some(Step::Paused(Pause::Drain)));
        }
        if self.turn.is_clients() {
            return self.response();
        }
        if self.stls_waits() && !self.input.is_empty() {
            return Err(Fatal::PlaintextAfterStartTls(self.input.stream_offset()));
        }
        if self.pending.back().is_some_and(|last| last.verb.ends_group())
            || self.pending.len() >= self.config.limits.max_pipelined.max(1)
        {
            return Ok(Some(Step::Paused(Pause::Respond)));
        }
        self.command()
    }

    /// Whether STLS, in its place, waits for its reply: the client may say nothing more in plaintext.
    fn stls_waits(&self) -> bool {
        let last = self.pending.back();
        last.is_some_and(|last| last.kind == ReplyKind::Stls) && self.offers_stls() && !self.utf8
    }

    /// The longest line that may come now.
    pub(super) fn max_line(&self) -> usize {
        let limits = &self.config.limits;
        if self.turn.is_clients() || self.state == State::Authorization {
            limits.max_line.max(limits.max_auth_line)
        } else {
            limits.max_line
        }
    }

    /// Law 11: nothing that came in plaintext behind STLS may ever be used.
    fn paused_for_tls(&mut self) -> Stepped {
        match self.input.len() {
            0 if !self.output.is_empty() => Ok(Some(Step::Paused(Pause::Drain))),
            0 if self.input.is_eof() => Err(Fatal::UnexpectedEof("the start of TLS")),
            0 => Ok(Some(Step::Paused(Pause::StartTls))),
            _ => Err(Fatal::PlaintextAfterStartTls(self.input.stream_offset())),
        }
    }

    /// More is needed, unless the application or the peer is to act.
    fn wait(&mut self) -> Stepped {
        if !self.pending.is_empty() && !self.turn.is_clients() {
            return Ok(Some(Step::Paused(Pause::Respond)));
        }
        if !self.input.is_eof() {
            self.input.settle();
            return Ok(Some(Step::NeedInput));
        }
        if self.turn.is_clients() {
            return Err(Fatal::UnexpectedEof("a SASL exchange"));
        }
        if self.input.is_empty() && !self.skipping {
            return Ok(Some(Step::Closed));
        }
        Err(Fatal::UnexpectedEof("a command"))
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

    fn too_long(&mut self, id: CommandId, limit: usize) -> Stepped {
        let at = self.input.stream_offset();
        let offset = u32::try_from(limit).unwrap_or(u32::MAX);
        let error = ParseError { offset, expected: LINE, kind: ParseErrorKind::TooLong, got: None };
        let frame =
            Redacted::new(Bytes::copy_from_slice(&self.input.as_slice()[..limit.min(self.input.len())]));
        self.skipping = true;
        let malformed = Box::new(Malformed { error, stream_offset: at, frame, verb: None });
        Ok(Some(Step::Event(Event::Malformed { id, malformed })))
    }

    fn command(&mut self) -> Stepped {
        if self.skipping {
            return self.skip_line();
        }
        self.check_bad()?;
        let max_line = self.config.limits.max_line;
        let limit = if self.starts_auth() { self.max_line() } else { max_line };
        let len = match self.input.line(limit) {
            Found::Line(len) => len,
            Found::Partial => return self.wait(),
            Found::TooLong => {
                self.count_bad()?;
                let id = self.accept(Verb::Other, ReplyKind::Single, false);
                return self.too_long(id, limit);
            }
        };
        let at = self.input.stream_offset();
        // until the login a line may hold a secret
        let secret = self.state == State::Authorization;
        let frame = if secret { self.input.take_secret(len) } else { self.input.take(len) };
        let ahead = !self.pending.is_empty();
        let cx = Context::new(&frame, self.config.tolerance).at(at);
        let parsed = Command::parse_in(&cx);
        if ahead && !self.config.capabilities.has("PIPELINING") {
            cx.repair(rule::UNADVERTISED_PIPELINING, &frame[..0]);
        }
        if len > MAX_COMMAND {
            cx.repair(rule::LONG_COMMAND, &frame[MAX_COMMAND..]);
        }
        let command = match parsed {
            Ok(command) => command,
            Err(error) => {
                self.count_bad()?;
                let verb = Verb::of(&frame[..wire::class::VCHAR.run(&frame)]);
                let known = (verb != Verb::Other).then(|| verb.keyword());
                let id = self.accept(Verb::Other, ReplyKind::Single, false);
                let malformed = Box::new(cx.malformed(error, known));
                return self.emit(cx.into_repairs(), Event::Malformed { id, malformed });
            }
        };
        let repairs = cx.into_repairs();
        if matches!(command, Command::Pass(_) | Command::Auth(_)) {
            wire::wipe(frame);
        }
        let refusal = self.refusal(&command);
        match command.verb() {
            _ if refusal.is_some() => self.count_bad()?,
            // the application's answer tells
            Verb::Other => {}
            _ => self.bad_commands = 0,
        }
        let id = self.accept(command.verb(), command.reply_kind(), true);
        match refusal {
            None => self.emit(repairs, Event::Command { id, command }),
            Some(refusal) => self.emit(repairs, Event::Refused { id, command, refusal }),
        }
    }

    /// Whether the line at the front is AUTH, whose initial response may be long.
    fn starts_auth(&self) -> bool {
        let start = self.input.as_slice().first_chunk::<5>();
        self.state == State::Authorization && start.is_some_and(|s| s.eq_ignore_ascii_case(b"AUTH "))
    }

    fn accept(&mut self, verb: Verb, kind: ReplyKind, accepted: bool) -> CommandId {
        let id = self.next_id;
        self.next_id = id.next();
        // at most one AUTH waits, as the last
        self.turn = if kind == ReplyKind::AuthInitial { Turn::Responded } else { Turn::Began };
        self.pending.push_back(Pending { id, verb, kind, accepted });
        id
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
    fn refusal(&self, command: &Command) -> Option<Refusal> {
        let verb = command.verb();
        if !verb.is_allowed_in(self.state) {
            return Some(Refusal::State { wanted: verb.states(), state: self.state });
        }
        let cleartext = self.tls == Tls::On || self.config.allow_cleartext;
        match command {
            Command::Stls if self.tls == Tls::On => Some(Refusal::TlsActive),
            Command::Stls if self.utf8 => Some(Refusal::AfterUtf8),
            Command::Stls => (!self.offers_stls()).then_some(Refusal::NotOffered),
            Command::Utf8 | Command::Lang(_) => {
                let name = command.verb().keyword();
                (!self.config.capabilities.has(name)).then_some(Refusal::NotOffered)
            }
            Command::Apop(_) if !self.offers_apop => Some(Refusal::NotOffered),
            Command::User(_) | Command::Pass(_) if !cleartext => Some(Refusal::Cleartext),
            Command::Auth(Auth { mechanism, .. }) if !cleartext && mechanism.is_cleartext() => {
                Some(Refusal::Cleartext)
            }
            Command::Pass(_) if !self.user_given => Some(Refusal::UserFirst),
            Command::User(name) => self.not_utf8(name.as_bytes()),
            Command::Pass(password) => self.not_utf8(password.expose()),
            Command::Apop(apop) => self.not_utf8(apop.name.as_bytes()),
            _ => None,
        }
    }

    fn not_utf8(&self, octets: &[u8]) -> Option<Refusal> {
        let demanded = self.config.capabilities.has_utf8_user();
        (demanded && core::str::from_utf8(octets).is_err()).then_some(Refusal::NotUtf8)
    }

    /// The client's response to a challenge.
    fn response(&mut self) -> Stepped {
        let Some(id) = self.pending.front().map(|pending| pending.id) else {
            self.turn = Turn::Over;
            return Ok(None);
        };
        let limit = self.config.limits.max_auth_line;
        let len = match self.input.line(limit) {
            Found::Line(len) => len,
            Found::Partial => return self.wait(),
            Found::TooLong => {
                self.turn = Turn::Over;
                return self.too_long(id, limit);
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
                if data.is_some() {
                    self.turn = Turn::Responded;
                }
                let repairs = cx.into_repairs();
                wire::wipe(frame);
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
