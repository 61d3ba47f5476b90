//! The client machine (RFC 1939): commands in, typed replies out.
//!
//! ```
//! use pop3_proto::client::{Client, Config, Event};
//! use pop3_proto::{Command, Reply};
//! use wire::{Machine, Step};
//!
//! let mut client = Client::new(Config::default());
//! client.receive(b"+OK ready\r\n");
//! let Ok(Step::Event(Event::Greeting(greeting))) = client.next_event() else { panic!() };
//! assert!(greeting.is_ok());
//!
//! let id = client.send(&Command::Capa)?;
//! assert_eq!(client.output().take_all(), "CAPA\r\n");
//! client.receive(b"+OK\r\nUIDL\r\n.\r\n");
//! let Ok(Step::Event(Event::Reply { reply: Reply::Capabilities(reply), .. })) = client.next_event() else {
//!     panic!()
//! };
//! assert!(reply.lines.has("UIDL"));
//! assert_eq!(client.next_event(), Ok(Step::NeedInput));
//! # Ok::<(), wire::Misuse>(())
//! ```

mod collect;
mod config;
mod event;
mod receive;
#[cfg(test)]
mod tests;

pub use collect::{Collected, Listing, ListingCollector, MessageCollector, Overflow};
pub use config::{Config, Pipelining};
pub use event::Event;

use crate::limits::{AUTOLOGOUT, MAX_COMMAND};
use crate::{Auth, Capabilities, Command, ReplyKind, State, Verb};
use alloc::collections::VecDeque;
use bytes::{BytesMut, buf::Limit};
use core::time::Duration;
use wire::sasl::{self, Exchange};
use wire::{CommandId, Events, Fatal, Input, Machine, Misuse, Output, Parts, Secret, Step};

/// The client side of one connection (RFC 1939 section 3). See the [module](self) for an example and the
/// [crate](crate#the-contract-of-the-machines) for the contract.
#[derive(Debug)]
pub struct Client {
    config: Config,
    input: Input,
    output: Output,
    state: State,
    tls: Tls,
    next_id: CommandId,
    /// Commands that were sent and whose reply is not complete.
    pending: VecDeque<Pending>,
    /// Commands that wait until they may be sent.
    held: VecDeque<(CommandId, Command)>,
    exchange: Option<Exchange>,
    /// An initial response that did not fit into the command.
    withheld: Option<Secret>,
    /// The reply that is being read goes on.
    reading: Option<receive::Reading>,
    events: Events<Event>,
    capabilities: Option<Capabilities>,
    has_timestamp: bool,
    /// The server is in UTF-8 mode.
    utf8: bool,
    /// Messages in the maildrop, the most that STAT has said.
    messages: Option<u32>,
}

/// Where the connection stands on its way into TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tls {
    Off,
    /// STLS was sent.
    Asked,
    /// The server agreed.
    Agreed,
    On,
}

#[derive(Debug)]
struct Pending {
    id: CommandId,
    verb: Verb,
    kind: ReplyKind,
    /// The first octet of the stream that can belong to its reply.
    earliest: u64,
}

impl Client {
    /// For a connection that was just opened. The server speaks first.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let tls = if config.tls { Tls::On } else { Tls::Off };
        Self {
            config,
            input: Input::new(),
            output: Output::new(),
            state: State::Greeting,
            tls,
            next_id: CommandId::FIRST,
            pending: VecDeque::new(),
            held: VecDeque::new(),
            exchange: None,
            withheld: None,
            reading: None,
            events: Events::new(),
            capabilities: None,
            has_timestamp: false,
            utf8: false,
            messages: None,
        }
    }

    /// Sends a command: encodes it into [`output`](Machine::output), or changes nothing.
    ///
    /// AUTH with an initial response that would not fit into the 255 octets of a command is sent without
    /// it; the machine then answers the first, empty challenge with it (RFC 5034 section 4).
    ///
    /// # Errors
    /// * [`Misuse::State`]: not in this state of the session, or not before the greeting.
    /// * [`Misuse::TlsPending`]: STLS was sent.
    /// * [`Misuse::Pipeline`]: not before the replies to earlier commands came (unless `auto_hold`).
    /// * [`Misuse::PipelineFull`]: `max_pipelined` commands are without a reply.
    /// * [`Misuse::Cleartext`]: it would show a password without TLS.
    /// * [`Misuse::NotAdvertised`]: APOP without a timestamp in the greeting; octets beyond ASCII in a login
    ///   without `UTF8 USER`.
    /// * [`Misuse::TooLong`]: over 255 octets.
    pub fn send(&mut self, command: &Command) -> Result<CommandId, Misuse> {
        self.check_session(command)?;
        self.check_login(command)?;
        if self.outstanding() >= self.config.limits.max_pipelined {
            return Err(Misuse::PipelineFull);
        }
        let id = self.next_id;
        if self.held.is_empty() && self.may_send_now() {
            self.write(id, command)?;
        } else if self.config.auto_hold {
            self.check_length(command)?;
            self.held.push_back((id, command.clone()));
        } else if self.state == State::Greeting {
            return Err(Misuse::State { wanted: State::Authorization.name() });
        } else {
            return Err(Misuse::Pipeline);
        }
        self.next_id = id.next();
        Ok(id)
    }

    /// Registers the reply to a command whose octets the caller puts on the wire itself: for proxies and
    /// test tools that pass lines on as they are. Hardly anything is checked; the reply may already have been
    /// received. [`ReplyKind::of_line`] knows the kind.
    ///
    /// # Errors
    /// [`Misuse::TlsPending`], [`Misuse::PipelineFull`]; [`Misuse::Pipeline`]: AUTH within AUTH;
    /// [`Misuse::State`]: STLS within TLS.
    pub fn expect(&mut self, kind: ReplyKind) -> Result<CommandId, Misuse> {
        if matches!(self.tls, Tls::Asked | Tls::Agreed) {
            return Err(Misuse::TlsPending);
        }
        if self.outstanding() >= self.config.limits.max_pipelined {
            return Err(Misuse::PipelineFull);
        }
        match kind {
            ReplyKind::Auth | ReplyKind::AuthInitial if self.exchange.is_some() => {
                return Err(Misuse::Pipeline);
            }
            ReplyKind::Stls if self.tls == Tls::On => return Err(Misuse::State { wanted: "without TLS" }),
            _ => {}
        }
        let id = self.next_id;
        self.next_id = id.next();
        self.sent(id, Verb::Other, kind, None, kind == ReplyKind::AuthInitial);
        if let Some(pending) = self.pending.back_mut() {
            pending.earliest = 0;
        }
        Ok(id)
    }

    /// Answers a challenge.
    ///
    /// # Errors
    /// [`Misuse::UnknownId`]: no such exchange. [`Misuse::State`]: no challenge waits for a response.
    /// [`Misuse::TooLong`]: over `max_auth_line` octets in base64.
    pub fn auth_respond(&mut self, id: CommandId, data: &[u8]) -> Result<(), Misuse> {
        let limit = self.config.limits.max_auth_line;
        let exchange = self.exchange.as_mut().ok_or(Misuse::UnknownId)?;
        exchange.respond(id, data, limit, &mut self.output)?;
        self.line_sent();
        Ok(())
    }

    /// Cancels a SASL exchange with `*`. The server answers `-ERR`.
    ///
    /// # Errors
    /// [`Misuse::UnknownId`]: no such exchange. [`Misuse::State`]: no challenge waits for a response.
    pub fn auth_cancel(&mut self, id: CommandId) -> Result<(), Misuse> {
        self.exchange.as_mut().ok_or(Misuse::UnknownId)?.cancel(id, &mut self.output)?;
        self.line_sent();
        Ok(())
    }

    /// What was received before a line of an exchange was written is no answer to it.
    fn line_sent(&mut self) {
        let earliest = self.received();
        if let Some(pending) = self.pending.front_mut().filter(|pending| pending.earliest > 0) {
            pending.earliest = earliest;
        }
    }

    /// Octets of the stream that were received.
    fn received(&self) -> u64 {
        self.input.stream_offset() + self.input.len() as u64
    }

    /// Says that the TLS handshake is done. What is received from now on is from within TLS. Forgets the
    /// capabilities (RFC 2595 section 4).
    ///
    /// # Errors
    /// [`Misuse::State`]: not at [`Pause::StartTls`](wire::Pause::StartTls). [`Misuse::PlaintextPending`]: octets
    /// were received behind the server's agreement; the connection cannot be trusted.
    pub fn tls_established(&mut self) -> Result<(), Misuse> {
        if self.tls != Tls::Agreed {
            return Err(Misuse::State { wanted: "Pause::StartTls" });
        }
        if !self.input.is_empty() {
            return Err(Misuse::PlaintextPending);
        }
        self.tls = Tls::On;
        self.capabilities = None;
        self.release();
        Ok(())
    }

    /// The state of the session, as the replies so far have made it.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// What the server said that it can do: the last reply to CAPA. Forgotten when TLS starts; ask again then
    /// and after the login.
    #[must_use]
    pub const fn capabilities(&self) -> Option<&Capabilities> {
        self.capabilities.as_ref()
    }

    /// Whether the connection is in TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls == Tls::On
    }

    /// Commands that were accepted and are not complete.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.pending.len() + self.held.len()
    }

    /// Gives the connection away.
    #[must_use]
    pub fn into_parts(self) -> Parts {
        Parts { unread: self.input.into_unread(), output: self.output }
    }

    /// The state in which a command sent now would be read, if what was sent before succeeds.
    fn expected_state(&self) -> State {
        let start = if self.state == State::Greeting { State::Authorization } else { self.state };
        let ahead = self.pending.iter().map(|pending| pending.kind);
        let ahead = ahead.chain(self.held.iter().map(|(_, command)| command.reply_kind()));
        ahead.fold(start, |state, kind| match kind {
            ReplyKind::Login | ReplyKind::Auth | ReplyKind::AuthInitial => State::Transaction,
            ReplyKind::Quit => State::Closed,
            _ => state,
        })
    }

    fn check_session(&self, command: &Command) -> Result<(), Misuse> {
        let stls_held = || self.held.iter().any(|(_, held)| *held == Command::Stls);
        if matches!(self.tls, Tls::Asked | Tls::Agreed) || stls_held() {
            return Err(Misuse::TlsPending);
        }
        let verb = command.verb();
        if !verb.is_allowed_in(self.expected_state()) {
            return Err(Misuse::State { wanted: verb.states() });
        }
        match command {
            Command::Stls if self.tls == Tls::On => Err(Misuse::State { wanted: "without TLS" }),
            // RFC 6856 section 2.1
            Command::Stls if self.utf8 || self.utf8_ahead() => Err(Misuse::State { wanted: "before UTF8" }),
            Command::Apop(_) if self.state != State::Greeting && !self.has_timestamp => {
                Err(Misuse::NotAdvertised("APOP"))
            }
            _ => Ok(()),
        }
    }

    /// Whether UTF8 was sent and not answered, or is held.
    fn utf8_ahead(&self) -> bool {
        self.pending.iter().any(|pending| pending.verb == Verb::Utf8)
            || self.held.iter().any(|(_, command)| *command == Command::Utf8)
    }

    fn check_login(&self, command: &Command) -> Result<(), Misuse> {
        let (cleartext, octets) = match command {
            Command::User(name) => (true, name.as_bytes()),
            Command::Pass(password) => (true, password.expose()),
            Command::Apop(apop) => (false, apop.name.as_bytes()),
            Command::Auth(auth) => (auth.mechanism.is_cleartext(), &b""[..]),
            _ => return Ok(()),
        };
        if cleartext && self.tls != Tls::On && !self.config.allow_cleartext {
            return Err(Misuse::Cleartext);
        }
        let offered = self.capabilities.as_ref().is_some_and(Capabilities::has_utf8_user);
        let allowed = self.config.allow_8bit_login || offered;
        if octets.is_ascii() || allowed { Ok(()) } else { Err(Misuse::NotAdvertised("UTF8 USER")) }
    }

    /// Whether the next command may follow what was sent.
    fn may_send_now(&self) -> bool {
        if self.state == State::Greeting
            || self.exchange.is_some()
            || matches!(self.tls, Tls::Asked | Tls::Agreed)
        {
            return false;
        }
        let Some(last) = self.pending.back() else { return true };
        let agreed = match self.config.pipelining {
            Pipelining::Never => false,
            Pipelining::Advertised => self.capabilities.as_ref().is_some_and(|c| c.has("PIPELINING")),
            Pipelining::Always => true,
        };
        let batched = self.config.batch_login && matches!(last.verb, Verb::User | Verb::Pass | Verb::Apop);
        agreed && (batched || !last.verb.ends_group())
    }

    /// What [`write`](Self::write) checks, for a command that is written later.
    fn check_length(&self, command: &Command) -> Result<(), Misuse> {
        encode(command, self.config.limits.max_auth_line, &mut Output::new()).map(|_| ())
    }

    /// Encodes a command that may be sent now, and registers it.
    fn write(&mut self, id: CommandId, command: &Command) -> Result<(), Misuse> {
        let withheld = encode(command, self.config.limits.max_auth_line, &mut self.output)?;
        let initial = matches!(command, Command::Auth(auth) if auth.initial_response.is_some());
        let responded = initial && withheld.is_none();
        self.sent(id, command.verb(), command.reply_kind(), withheld, responded);
        Ok(())
    }

    fn sent(
        &mut self,
        id: CommandId,
        verb: Verb,
        kind: ReplyKind,
        withheld: Option<Secret>,
        responded: bool,
    ) {
        match kind {
            ReplyKind::Auth | ReplyKind::AuthInitial => {
                self.exchange = Some(Exchange::new(id, responded));
                self.withheld = withheld;
            }
            ReplyKind::Stls => self.tls = Tls::Asked,
            _ => {}
        }
        let earliest = self.received();
        self.pending.push_back(Pending { id, verb, kind, earliest });
    }

    /// Sends what was held back and may be sent now.
    fn release(&mut self) {
        while self.may_send_now() {
            let Some((id, command)) = self.held.pop_front() else { break };
            // cannot fail: it was checked when it was accepted
            if self.write(id, &command).is_err() {
                break;
            }
        }
    }
}

/// Encodes a command; gives back the initial response that did not fit into it, if its line is within
/// `max_auth_line` octets. On an error nothing was written.
fn encode(command: &Command, max_auth_line: usize, output: &mut Output) -> Result<Option<Secret>, Misuse> {
    let (before, start) = (output.checkpoint(), output.len());
    command.encode(output);
    if output.len() - start <= MAX_COMMAND {
        return Ok(None);
    }
    output.roll_back(before);
    let Command::Auth(Auth { mechanism, initial_response: Some(response) }) = command else {
        return Err(Misuse::TooLong { limit: MAX_COMMAND });
    };
    if sasl::encoded_len(response.len()) + 2 > max_auth_line {
        return Err(Misuse::TooLong { limit: max_auth_line });
    }
    Command::Auth(Auth { mechanism: *mechanism, initial_response: None }).encode(output);
    Ok(Some(response.clone()))
}

impl Machine for Client {
    type Event = Event;
    type Error = Fatal;

    fn receive(&mut self, data: &[u8]) {
        self.input.receive(data);
    }

    fn read_buf(&mut self) -> Limit<&mut BytesMut> {
        let room = if self.wants_read() { usize::MAX } else { 0 };
        self.input.read_buf(room)
    }

    fn receive_eof(&mut self) {
        self.input.receive_eof();
    }

    fn next_event(&mut self) -> Result<Step<Event>, Fatal> {
        Events::advance(self, |client| &mut client.events, Self::step)
    }

    fn wants_read(&self) -> bool {
        self.events.failure().is_none()
            && !self.input.is_eof()
            && self.tls != Tls::Agreed
            && !self.exchange.as_ref().is_some_and(Exchange::is_challenged)
            && self.input.len() < self.max_line()
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    /// While the greeting or a reply is due, the 10 minutes of RFC 1939 section 3: the least time after which
    /// a server logs out a client that says nothing is the only time that the RFC names.
    fn timeout(&self) -> Option<Duration> {
        let waiting = self.state == State::Greeting || !self.pending.is_empty();
        (waiting && self.events.failure().is_none()).then_some(AUTOLOGOUT)
    }
}
