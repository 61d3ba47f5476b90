//! The client machine (RFC 9051, RFC 3501 and their extensions): commands in, responses out.
//!
//! ```
//! use imap_proto::client::{Client, Config, Event};
//! use imap_proto::{Capability, Command, Mailbox, Response, Select};
//! use wire::{Machine, Step};
//!
//! let mut client = Client::new(Config::default());
//! client.receive(b"* PREAUTH [CAPABILITY IMAP4rev1 IDLE] welcome\r\n");
//! let Ok(Step::Event(Event::Greeting(_))) = client.next_event() else { panic!() };
//! assert!(client.capabilities().is_some_and(|offered| offered.has(&Capability::Idle)));
//!
//! let id = client.send(&Command::Select(Box::new(Select::new(Mailbox::inbox()))))?;
//! assert_eq!(client.output().take_all(), "A1 SELECT INBOX\r\n");
//! client.receive(b"* 3 EXISTS\r\nA1 OK [READ-WRITE] done\r\n");
//! let Ok(Step::Event(Event::Data { response, answers })) = client.next_event() else { panic!() };
//! assert_eq!((response, answers), (Response::Exists(3), Some(id)));
//! let Ok(Step::Event(Event::Completed { id: done, tagged })) = client.next_event() else { panic!() };
//! assert!(done == id && tagged.condition.is_ok());
//! assert_eq!(client.next_event(), Ok(Step::NeedInput));
//! # Ok::<(), wire::Misuse>(())
//! ```
//!
//! # What an application does
//!
//! | Step or event | What follows |
//! |---|---|
//! | [`Step::NeedInput`] | write [`output`](Machine::output) out, read the socket |
//! | [`Step::Paused`]`(Drain)` | write the output out, then ask again |
//! | [`Step::Paused`]`(Respond)` | [`body`](Client::body), [`auth_respond`](Client::auth_respond) or [`auth_cancel`](Client::auth_cancel) |
//! | [`Step::Paused`]`(StartTls)` | the handshake, then [`tls_established`](Client::tls_established) |
//! | [`Step::Paused`]`(Upgrade)` | [`compressed`](Client::compressed); from then on octets go through DEFLATE |
//! | [`Step::Closed`] | close the connection |
//! | [`Event::Idling`] | when [`timeout`](Machine::timeout) is over, or to send a command: [`idle_done`](Client::idle_done) |
//!
//! # What is known about the server
//!
//! [`capabilities`](Client::capabilities) is what the server told last: in its greeting, its CAPABILITY response, or a CAPABILITY code. They are
//! forgotten when TLS starts, and when the user changes, unless the server told new ones with it (RFC 9051 sections 6.2.1 to 6.2.3).
//! [`enabled`](Client::enabled) is what ENABLE has switched on.

mod config;
mod event;
mod offered;
mod profile;
mod receive;
mod sending;
mod table;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use event::{BodyStart, Event};
pub use profile::{PROFILES, Profile};

use crate::limits::REISSUE_IDLE;
use crate::{
    Capabilities, Capability, Command, Enabled, Encoder, FrameLimits, Framer, Literals, Options, Side, State,
    Tag, Traits,
};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use bytes::{Bytes, BytesMut, buf::Limit};
use core::time::Duration;
use offered::Offered;
use sending::Sending;
use table::Effect;
use wire::sasl::{Exchange, Mechanism};
use wire::{CommandId, Events, Fatal, Input, Machine, Misuse, Output, Parts, Step};

/// The client side of one connection (RFC 9051 section 3). See the [module](self) for an example.
#[derive(Debug)]
pub struct Client {
    config: Config,
    input: Input,
    output: Output,
    framer: Framer,
    events: Events<Event>,
    /// Commands that were sent and are not complete, in the order of sending.
    pending: VecDeque<Pending>,
    unfinished: Unfinished,
    /// How many of them have tags of somebody else.
    foreign: usize,
    /// Commands that wait until they may be sent.
    held: VecDeque<(CommandId, Command)>,
    /// The command whose literals are being sent.
    sending: Option<Box<Sending>>,
    /// The response whose literals are being streamed.
    receiving: Option<Box<receive::Receiving>>,
    /// How many literals of this response were taken for message data, and are none.
    guesses: u8,
    exchange: Option<Exchange>,
    /// The mechanism of the exchange, if it is ours.
    mechanism: Option<Mechanism>,
    /// The first octet of the stream that can be an answer to the last line of the exchange.
    responded: u64,
    capabilities: Option<Box<Capabilities>>,
    /// Whether the server has told its capabilities while LOGIN or AUTHENTICATE ran.
    told: bool,
    enabled: Enabled,
    options: Options,
    profile: Option<&'static Profile>,
    state: State,
    /// Where the session will be when all commands so far have succeeded.
    ahead: State,
    tls: Tls,
    idle: Idle,
    compression: Compression,
    end: End,
    next_id: CommandId,
}

/// Where the connection stands on its way into TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tls {
    Off,
    /// STARTTLS was sent.
    Asked,
    /// The server agreed.
    Agreed,
    On,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compression {
    Off,
    /// The server agreed.
    Agreed,
    On,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Idle {
    No,
    Asked(CommandId),
    On(CommandId),
}

impl Idle {
    fn is(self, id: CommandId) -> bool {
        self == Self::Asked(id) || self == Self::On(id)
    }
}

/// How the session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    /// BYE was said to LOGOUT, whose tagged response may follow.
    Bye,
    Over,
}

#[derive(Debug)]
struct Pending {
    id: CommandId,
    /// The first octet of the stream that can belong to its responses.
    earliest: u64,
    /// What few commands have.
    extra: Option<Box<Extra>>,
    /// Which responses it has.
    answers: u32,
    traits: Traits,
    effect: Effect,
}

#[derive(Debug, Default)]
struct Extra {
    /// The tag, if it is not ours.
    tag: Option<Tag>,
    /// What ENABLE has asked for, and whether ENABLED came.
    enable: Vec<Capability>,
    enabled: bool,
}

/// How many of the pending commands have each trait.
#[derive(Debug, Default)]
struct Unfinished([u32; 8]);

impl Unfinished {
    fn add(&mut self, traits: Traits) {
        for position in traits.positions() {
            if let Some(count) = self.0.get_mut(position) {
                *count += 1;
            }
        }
    }

    fn remove(&mut self, traits: Traits) {
        for position in traits.positions() {
            if let Some(count) = self.0.get_mut(position) {
                *count = count.saturating_sub(1);
            }
        }
    }

    fn traits(&self) -> Traits {
        let used = self.0.iter().enumerate().filter(|(_, count)| **count > 0);
        used.fold(Traits::NONE, |all, (position, _)| all | Traits::at(position))
    }
}

/// Whether it takes or gives sequence numbers, which there are no longer with UIDONLY (RFC 9586 section 3).
fn needs_numbers(command: &Command) -> bool {
    command.traits().has(Traits::NUMBERS)
        || matches!(command, Command::Search(_) | Command::Sort(_) | Command::Thread(_))
}

/// What may be sent without TLS where TLS is required.
const fn is_harmless(command: &Command) -> bool {
    matches!(
        command,
        Command::Capability | Command::Noop | Command::Logout | Command::StartTls | Command::Id(_)
    )
}

impl Client {
    /// For a connection that was just opened. The server speaks first.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let tls = if config.tls { Tls::On } else { Tls::Off };
        let mut output = Output::new();
        output.set_high_water(config.limits.high_water);
        let mut client = Self {
            framer: Framer::new(Side::Server, FrameLimits::RESPONSES),
            config,
            input: Input::new(),
            output,
            events: Events::new(),
            pending: VecDeque::new(),
            unfinished: Unfinished::default(),
            foreign: 0,
            held: VecDeque::new(),
            sending: None,
            receiving: None,
            guesses: 0,
            exchange: None,
            mechanism: None,
            responded: 0,
            capabilities: None,
            told: false,
            enabled: Enabled::default(),
            options: Options::default(),
            profile: None,
            state: State::Greeting,
            ahead: State::NotAuthenticated,
            tls,
            idle: Idle::No,
            compression: Compression::Off,
            end: End::Open,
            next_id: CommandId::FIRST,
        };
        client.renew_limits();
        client.renew_options();
        client
    }

    /// Sends a command under a new tag: encodes it into [`output`](Machine::output), or changes nothing.
    ///
    /// Where the server must first agree to a literal, the rest follows when it did. Where the octets of a literal are
    /// [`Streamed`](crate::MessageData::Streamed), [`Event::SendBody`] says when they are due.
    ///
    /// # Errors
    /// * [`Misuse::State`]: not in this state of the session, not before the greeting, or not without TLS.
    /// * [`Misuse::TlsPending`]: STARTTLS was sent.
    /// * [`Misuse::Pipeline`]: not before earlier commands are complete (unless `auto_hold`).
    /// * [`Misuse::PipelineFull`]: `max_pipelined` commands are not complete.
    /// * [`Misuse::Cleartext`]: it would show a password without TLS.
    /// * [`Misuse::NotAdvertised`]: a command or an argument that needs what the server does not offer (unless `check_advertised` is
    ///   off); LOGIN, where LOGINDISABLED is offered.
    /// * [`Misuse::TooLong`]: a line over what this server is known to take, or a message over its APPENDLIMIT.
    pub fn send(&mut self, command: &Command) -> Result<CommandId, Misuse> {
        self.check_session(command)?;
        self.check_room()?;
        self.check_offered(command)?;
        let id = self.next_id;
        if self.held.is_empty() && self.may_send_now(command.traits()) {
            self.write(id, command)?;
        } else if self.config.auto_hold {
            self.held.push_back((id, command.clone()));
        } else if self.state == State::Greeting {
            return Err(Misuse::State { wanted: "after the greeting" });
        } else {
            return Err(Misuse::Pipeline);
        }
        self.ahead = Effect::of(command).after(self.ahead);
        self.next_id = id.next();
        Ok(id)
    }

    /// Registers a command that the caller puts on the wire itself, with its tag: for proxies and test tools that pass lines on as they are.
    /// Hardly anything is checked; its responses may already have been received.
    ///
    /// # Errors
    /// [`Misuse::TlsPending`], [`Misuse::PipelineFull`]; [`Misuse::Pipeline`]: AUTHENTICATE within AUTHENTICATE;
    /// [`Misuse::State`]: STARTTLS within TLS, or the session is over; [`Misuse::Invalid`]: a command with this tag is not complete.
    pub fn expect(&mut self, tag: Tag, command: &Command) -> Result<CommandId, Misuse> {
        if matches!(self.tls, Tls::Asked | Tls::Agreed) {
            return Err(Misuse::TlsPending);
        }
        self.check_room()?;
        match command {
            _ if self.end == End::Over => return Err(Misuse::State { wanted: "an open session" }),
            Command::Authenticate(_) if self.exchange.is_some() => return Err(Misuse::Pipeline),
            Command::StartTls if self.tls == Tls::On => return Err(Misuse::State { wanted: "without TLS" }),
            _ if self.find(tag.as_bytes()).is_some() => return Err(Misuse::Invalid("new tag")),
            _ => {}
        }
        let id = self.next_id;
        self.next_id = id.next();
        self.foreign += 1;
        self.sent(id, command, Some(tag));
        self.ahead = Effect::of(command).after(self.ahead);
        Ok(id)
    }

    /// Answers a challenge.
    ///
    /// # Errors
    /// [`Misuse::UnknownId`]: no such exchange. [`Misuse::State`]: no challenge waits for a response.
    pub fn auth_respond(&mut self, id: CommandId, data: &[u8]) -> Result<(), Misuse> {
        let exchange = self.exchange.as_mut().ok_or(Misuse::UnknownId)?;
        exchange.respond(id, data, usize::MAX, &mut self.output)?;
        self.line_sent(id);
        Ok(())
    }

    /// Cancels a SASL exchange with `*`. The server answers BAD (RFC 9051 section 6.2.2).
    ///
    /// # Errors
    /// [`Misuse::UnknownId`]: no such exchange. [`Misuse::State`]: no challenge waits for a response.
    pub fn auth_cancel(&mut self, id: CommandId) -> Result<(), Misuse> {
        self.exchange.as_mut().ok_or(Misuse::UnknownId)?.cancel(id, &mut self.output)?;
        self.line_sent(id);
        Ok(())
    }

    /// What was received before a line of an exchange was written is no answer to it, unless somebody else writes the lines.
    fn line_sent(&mut self, id: CommandId) {
        let pending = self.position(id).and_then(|at| self.pending.get(at));
        if pending.is_some_and(|pending| pending.earliest > 0) {
            self.responded = self.received();
        }
    }

    /// Ends IDLE: sends DONE (RFC 2177 section 3). The command is complete with its tagged response, before which others may be sent.
    ///
    /// # Errors
    /// [`Misuse::UnknownId`]: no such IDLE, or DONE was sent. [`Misuse::State`]: the server does not idle yet.
    pub fn idle_done(&mut self, id: CommandId) -> Result<(), Misuse> {
        match self.idle {
            Idle::On(of) if of == id => {}
            Idle::Asked(of) if of == id => return Err(Misuse::State { wanted: "idling" }),
            _ => return Err(Misuse::UnknownId),
        }
        self.output.put(b"DONE\r\n");
        self.idle = Idle::No;
        if let Some(pending) = self.position(id).and_then(|at| self.pending.get_mut(at)) {
            pending.traits = pending.traits.without(Traits::LAST);
            self.unfinished.remove(Traits::LAST);
        }
        self.release();
        Ok(())
    }

    /// Says that the TLS handshake is done. What is received from now on is from within TLS. Forgets what the server has offered (RFC 9051
    /// section 6.2.1).
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
        self.set_capabilities(None);
        self.release();
        Ok(())
    }

    /// Says that from now on octets go through DEFLATE, both ways (RFC 4978 section 3): what is received from now on is decompressed. Gives the
    /// octets that came behind the server's agreement, which are compressed.
    ///
    /// # Errors
    /// [`Misuse::State`]: not at [`Pause::Upgrade`](wire::Pause::Upgrade), or the output was not written out yet.
    pub fn compressed(&mut self) -> Result<Bytes, Misuse> {
        if self.compression != Compression::Agreed {
            return Err(Misuse::State { wanted: "Pause::Upgrade" });
        }
        if !self.output.is_empty() {
            return Err(Misuse::State { wanted: "an empty output" });
        }
        self.compression = Compression::On;
        let all = self.input.len();
        let unread = self.input.take(all);
        self.release();
        Ok(unread)
    }

    /// The state of the session, as the responses so far have made it.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// What the server offers, as far as it has told.
    #[must_use]
    pub fn capabilities(&self) -> Option<&Capabilities> {
        self.capabilities.as_deref()
    }

    /// What ENABLE has switched on (RFC 5161).
    #[must_use]
    pub const fn enabled(&self) -> &Enabled {
        &self.enabled
    }

    /// How commands are written to this server.
    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// The server's profile, if it is one with known defects.
    #[must_use]
    pub const fn profile(&self) -> Option<&'static Profile> {
        self.profile
    }

    /// Writes from now on for a server with these defects, or with none.
    pub fn set_profile(&mut self, profile: Option<&'static Profile>) {
        self.config.detect_profile = false;
        self.profile = profile;
        self.renew_options();
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

    /// The tag of a command that was sent and is not complete.
    #[must_use]
    pub fn tag(&self, id: CommandId) -> Option<Tag> {
        let pending = self.pending.get(self.position(id)?)?;
        if let Some(tag) = pending.extra.as_ref().and_then(|extra| extra.tag.clone()) {
            return Some(tag);
        }
        let mut tag = Vec::from(self.config.tag_prefix.as_bytes());
        tag.extend_from_slice(wire::number::decimal(number_of(id), &mut [0; 20]));
        Some(Tag::known(tag.into()))
    }

    fn offers(&self, name: &str) -> bool {
        self.capabilities.as_ref().is_some_and(|capabilities| capabilities.has_name(name))
    }

    /// Octets of the stream that were received.
    fn received(&self) -> u64 {
        self.input.stream_offset() + self.input.len() as u64
    }

    /// Where a command stands among the pending ones, which are in the order of their ids.
    fn position(&self, id: CommandId) -> Option<usize> {
        self.pending.binary_search_by_key(&id, |pending| pending.id).ok()
    }

    /// The command of a tag.
    fn find(&self, tag: &[u8]) -> Option<usize> {
        let number = tag.strip_prefix(self.config.tag_prefix.as_bytes()).and_then(number);
        if self.foreign == 0 {
            let number = number?;
            return self.pending.iter().position(|pending| number_of(pending.id) == number);
        }
        self.pending.iter().position(|pending| {
            match pending.extra.as_ref().and_then(|extra| extra.tag.as_ref()) {
                Some(foreign) => foreign.as_bytes() == tag,
                None => Some(number_of(pending.id)) == number,
            }
        })
    }

    fn check_room(&self) -> Result<(), Misuse> {
        if self.outstanding() >= self.config.limits.max_pipelined {
            return Err(Misuse::PipelineFull);
        }
        Ok(())
    }

    fn check_session(&self, command: &Command) -> Result<(), Misuse> {
        let starts_tls = |(_, held): &(CommandId, Command)| *held == Command::StartTls;
        if matches!(self.tls, Tls::Asked | Tls::Agreed) || self.held.iter().any(starts_tls) {
            return Err(Misuse::TlsPending);
        }
        let states = command.states();
        if self.state == State::Logout || !states.has(self.ahead) {
            return Err(Misuse::State { wanted: states.name() });
        }
        if !self.enabled.capabilities.is_empty()
            && needs_numbers(command)
            && self.enabled.has(&Capability::UidOnly)
        {
            return Err(Misuse::State { wanted: "without UIDONLY" });
        }
        if self.tls == Tls::On {
            return match command {
                Command::StartTls => Err(Misuse::State { wanted: "without TLS" }),
                _ => self.check_login(command),
            };
        }
        if self.config.require_tls && !is_harmless(command) {
            return Err(Misuse::State { wanted: "within TLS" });
        }
        self.check_login(command)?;
        let shown = match command {
            Command::Login(_) => true,
            Command::Authenticate(authenticate) => authenticate.mechanism.is_cleartext(),
            _ => false,
        };
        if shown && !self.config.allow_cleartext { Err(Misuse::Cleartext) } else { Ok(()) }
    }

    /// RFC 9051 section 6.2.3: a client MUST NOT issue LOGIN if the server offers LOGINDISABLED.
    fn check_login(&self, command: &Command) -> Result<(), Misuse> {
        match command {
            Command::Login(_) if self.offers("LOGINDISABLED") => Err(Misuse::NotAdvertised("LOGIN")),
            Command::Compress(_) if self.compression != Compression::Off => {
                Err(Misuse::State { wanted: "without compression" })
            }
            _ => Ok(()),
        }
    }

    /// Nothing is sent that needs what the server has not offered, once it has told.
    fn check_offered(&self, command: &Command) -> Result<(), Misuse> {
        match &self.capabilities {
            Some(capabilities) if self.config.check_advertised => {
                let broken = self.profile.map_or(&[][..], |profile| profile.broken);
                Offered { capabilities, rev2: self.is_rev2(), broken }.check(command)
            }
            _ => Ok(()),
        }
    }

    /// Whether IMAP4rev2 is in force. Servers of both versions list what it has in it (RFC 9051 appendix A).
    fn is_rev2(&self) -> bool {
        self.enabled.has(&Capability::Imap4Rev2) || self.offers("IMAP4rev2") && !self.offers("IMAP4rev1")
    }

    /// Whether the next command may follow what was sent.
    fn may_send_now(&self, traits: Traits) -> bool {
        self.state != State::Greeting
            && self.exchange.is_none()
            && self.sending.is_none()
            && !matches!(self.tls, Tls::Asked | Tls::Agreed)
            && self.compression != Compression::Agreed
            && (self.pending.is_empty() || traits.may_follow(self.unfinished.traits()))
    }

    /// Encodes a command that may be sent now, and registers it.
    fn write(&mut self, id: CommandId, command: &Command) -> Result<(), Misuse> {
        let (before, start) = (self.output.checkpoint(), self.output.len());
        let mut encoder = Encoder::new(&mut self.output, self.options.clone());
        put(&self.config.tag_prefix, id, command, &mut encoder);
        let (waits, cuts) = encoder.into_waits_and_cuts();
        let whole = waits.is_empty() && cuts.is_empty();
        if whole && self.output.len() - start <= self.max_line() {
            self.sent(id, command, None);
            return Ok(());
        }
        self.output.roll_back(before);
        let mut rest = Output::new();
        let mut encoder = Encoder::new(&mut rest, self.options.clone());
        put(&self.config.tag_prefix, id, command, &mut encoder);
        let (waits, cuts) = encoder.into_waits_and_cuts();
        let sending = Sending::new(id, command, rest, waits, cuts);
        if whole && sending.is_line() {
            return Err(Misuse::TooLong { limit: self.max_line() });
        }
        self.sent(id, command, None);
        self.sending = Some(Box::new(sending));
        self.send_on();
        Ok(())
    }

    /// The longest line that the server is known to take.
    fn max_line(&self) -> usize {
        self.profile.and_then(|profile| profile.max_line).unwrap_or(usize::MAX)
    }

    fn sent(&mut self, id: CommandId, command: &Command, tag: Option<Tag>) {
        let effect = Effect::of(command);
        match command {
            Command::Authenticate(authenticate) => {
                self.exchange = Some(Exchange::new(id, authenticate.initial_response.is_some()));
                self.mechanism = Some(authenticate.mechanism);
                self.told = false;
                self.responded = 0;
                // challenges may be secret
                self.input.set_wipe(true);
            }
            Command::Login(_) => self.told = false,
            Command::StartTls => self.tls = Tls::Asked,
            Command::Idle => self.idle = Idle::Asked(id),
            _ => {}
        }
        let earliest = if tag.is_some() { 0 } else { self.received() };
        let enable = match command {
            Command::Enable(enable) => enable.capabilities.iter().map(Capability::detach).collect(),
            _ => Vec::new(),
        };
        let extra = Extra { tag, enable, enabled: false };
        let extra = (extra.tag.is_some() || !extra.enable.is_empty()).then(|| Box::new(extra));
        let traits = command.traits();
        self.unfinished.add(traits);
        self.pending.push_back(Pending {
            id,
            earliest,
            extra,
            answers: table::answers(command),
            traits,
            effect,
        });
    }

    /// Sends what was held back and may be sent now. What is no longer possible is told of.
    fn release(&mut self) {
        let mut all = true;
        while let Some((_, command)) = self.held.front() {
            let over = self.state == State::Logout;
            if !over && !self.may_send_now(command.traits()) {
                break;
            }
            let Some((id, command)) = self.held.pop_front() else { break };
            let states = command.states();
            let sent = match () {
                () if over => Err(Misuse::State { wanted: "an open session" }),
                () if !states.has(self.state) && !states.has(self.expected()) => {
                    Err(Misuse::State { wanted: states.name() })
                }
                // what was true when it was held back may be so no longer
                () => self
                    .check_login(&command)
                    .and_then(|()| self.check_offered(&command))
                    .and_then(|()| self.write(id, &command)),
            };
            if let Err(misuse) = sent {
                self.events.push(Event::NotSent { id, misuse });
                all = false;
            }
        }
        if !all {
            self.look_ahead();
        }
    }

    /// Where the session will be when the pending commands have succeeded.
    fn expected(&self) -> State {
        self.pending.iter().fold(self.state, |state, pending| pending.effect.after(state))
    }

    /// Where the session will be behind what is held.
    fn look_ahead(&mut self) {
        let before = match self.state {
            State::Greeting => State::NotAuthenticated,
            _ => self.expected(),
        };
        self.ahead = self.held.iter().fold(before, |state, (_, command)| Effect::of(command).after(state));
    }

    fn set_state(&mut self, state: State) {
        let was_in = self.state > State::NotAuthenticated;
        self.state = state;
        if was_in != (state > State::NotAuthenticated) {
            self.renew_limits();
        }
    }

    fn set_capabilities(&mut self, capabilities: Option<&Capabilities>) {
        self.capabilities = capabilities.map(|found| Box::new(found.detach()));
        if let Some(found) = &self.capabilities {
            if self.config.detect_profile && self.profile.is_none() {
                self.profile = Profile::of_capabilities(found);
            }
        }
        self.renew_options();
    }

    /// What the literals and strings of a command look like, as far as the server's abilities are known.
    fn renew_options(&mut self) {
        let mut options = Options::default();
        if let Some(profile) = self.profile {
            profile.apply(&mut options);
        }
        options.utf8 = self.enabled.has(&Capability::Utf8Accept) || self.is_rev2();
        options.literals = match self.config.literals {
            Some(literals) => literals,
            None if self.offers("LITERAL+") => Literals::Plus,
            None if self.offers("LITERAL-") || self.is_rev2() => Literals::Minus,
            None => Literals::Synchronising,
        };
        self.options = options;
    }

    fn renew_limits(&mut self) {
        let limits = &self.config.limits;
        let in_session = self.state > State::NotAuthenticated && self.state < State::Logout;
        self.framer.set_limits(FrameLimits {
            max_line: if in_session { limits.max_line } else { limits.max_line_before_login },
            max_frame: limits.max_frame,
            max_inline_literal: limits.max_inline_literal.min(self.max_string()),
        });
    }

    /// The longest literal that is not message data.
    fn max_string(&self) -> u64 {
        let limits = &self.config.limits;
        if self.state > State::NotAuthenticated {
            limits.max_string_literal
        } else {
            limits.max_literal_before_login
        }
    }
}

/// The number in the tag of a command.
const fn number_of(id: CommandId) -> u64 {
    id.index().wrapping_add(1)
}

/// The number in one of our tags: no other form of it is ours.
fn number(digits: &[u8]) -> Option<u64> {
    match wire::number::number64(digits) {
        Ok(([], number)) if digits.first() != Some(&b'0') => Some(number),
        _ => None,
    }
}

/// Writes a command with its tag.
fn put(prefix: &Tag, id: CommandId, command: &Command, encoder: &mut Encoder<'_>) {
    encoder.put(prefix.as_bytes());
    encoder.number(number_of(id));
    encoder.put(b" ");
    command.encode(encoder);
    encoder.put(b"\r\n");
}

impl Machine for Client {
    type Event = Event;
    type Error = Fatal;

    #[inline]
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

    #[inline]
    fn next_event(&mut self) -> Result<Step<Event>, Fatal> {
        Events::advance(self, |client| &mut client.events, Self::step)
    }

    fn wants_read(&self) -> bool {
        self.events.failure().is_none()
            && !self.input.is_eof()
            && self.end != End::Over
            && self.tls != Tls::Agreed
            && self.compression != Compression::Agreed
            && !self.exchange.as_ref().is_some_and(Exchange::is_challenged)
            && self.input.len() <= self.config.limits.max_frame
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    /// While the server idles, 29 minutes: then IDLE has to be ended and sent again (RFC 2177 section 3). No RFC says how long to wait
    /// for a response.
    fn timeout(&self) -> Option<Duration> {
        match self.idle {
            Idle::On(_) if self.events.failure().is_none() => Some(REISSUE_IDLE),
            _ => None,
        }
    }
}
