//! The server machine (RFC 9051): commands and message data out, responses in.
//!
//! ```
//! use imap_proto::server::{Config, Event, Server};
//! use imap_proto::{Capabilities, Capability, Command, Condition, ConditionKind, Greeting, Response};
//! use wire::{Machine, Step};
//!
//! let offered: Capabilities = [Capability::Imap4Rev2].into_iter().collect();
//! let condition = |kind, text: &'static str| Condition::new(kind, None, text.try_into()?);
//! let greeting = Greeting::new(condition(ConditionKind::Ok, "ready")?)?;
//! let mut server = Server::new(Config::new(offered.clone(), offered), &greeting);
//! assert_eq!(server.output().take_all(), "* OK ready\r\n");
//! server.receive(b"a1 CAPABILITY\r\n");
//! let Ok(Step::Event(Event::Command { id, command: Command::Capability, .. })) = server.next_event() else { panic!() };
//! let capabilities = server.capabilities();
//! server.send(&Response::Capability(capabilities))?;
//! server.reply(id, &condition(ConditionKind::Ok, "done")?)?;
//! assert_eq!(server.output().take_all(), "* CAPABILITY IMAP4rev2 LOGINDISABLED\r\na1 OK done\r\n");
//! assert_eq!(server.next_event(), Ok(Step::NeedInput));
//! # Ok::<(), wire::Misuse>(())
//! ```
//!
//! # Who does what
//!
//! * The machine frames and parses commands, refuses what is out of place ([`Event::Refused`]), asks for the literals of names and
//!   strings by itself, and offers those of messages ([`Event::BodyOffered`]).
//! * The application completes each command with [`reply`](Server::reply), by its id, and says in between what it has to say with
//!   [`send`](Server::send). What a client could not understand then is a [`Misuse`] that changes nothing.
//! * A command that the machine refused is the application's to answer, so that it keeps the order in its hand.

mod append_prefix;
mod config;
mod event;
mod fetch_writer;
mod offered;
mod receive;
mod respond;
#[cfg(test)]
mod tests;

pub use append_prefix::AppendPrefix;
pub use config::Config;
pub use event::{Event, Offer, Refusal, Replaced, malformed_reply, unknown_reply};
pub use fetch_writer::FetchWriter;

use crate::limits::AUTOLOGOUT;
use crate::{
    Capabilities, Capability, Condition, ConditionKind, Cut, Encoder, FrameLimits, Framer, Greeting, Head,
    Options, Side, State, Tag,
};
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::{Bytes, BytesMut, buf::Limit};
use core::mem;
use core::time::Duration;
use event::words;
use offered::Offered;
use receive::{Draining, LiteralsOf};
use respond::Outgoing;
use wire::sasl::Turn;
use wire::{CommandId, Events, Fatal, Input, Machine, Misuse, Output, Parts, Step};

/// How long a client may take to log in. RFC 9051 section 5.4 allows less than 30 minutes then; Dovecot gives as much as this.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(3 * 60);
/// The longest line of a SASL exchange, as RFC 4954 section 4 has it for SMTP, with its CRLF.
const MAX_AUTH_LINE: usize = 12_290;

/// The server side of one connection (RFC 9051 section 2). See the [module](self) for an example.
#[derive(Debug)]
pub struct Server {
    config: Config,
    input: Input,
    output: Output,
    framer: Framer,
    state: State,
    tls: Tls,
    compression: Compression,
    next_id: CommandId,
    /// The commands that were handed out and are not completed.
    pending: Vec<Pending>,
    /// The command whose message data is being read.
    reading: Option<Box<Reading>>,
    /// Of the command that is being framed.
    literals: LiteralsOf,
    /// What is thrown away.
    draining: Option<Box<Draining>>,
    /// What is streamed outward.
    outgoing: Option<Box<Outgoing>>,
    /// Of the exchange of the AUTHENTICATE, or of the IDLE, that is in progress.
    turn: Turn,
    offered: Offered,
    in_force: InForce,
    /// Whether EXPUNGE may come with no command in progress (RFC 5465 section 3.1).
    notified: bool,
    /// A SELECT is in progress, and the mailbox before it was not said to be closed.
    deselecting: bool,
    said_bye: bool,
    events: Events<Event>,
    bad_commands: u32,
}

/// Where the connection stands on its way into TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tls {
    Off,
    /// OK was written.
    Agreed,
    On,
}

/// Where the connection stands on its way to being compressed (RFC 4978).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compression {
    Off,
    /// OK was written.
    Agreed,
    On,
}

/// What the client has switched on (RFC 5161), or what a command of it has (RFC 7162 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "independent extensions")]
pub struct InForce {
    /// Modification sequences: by ENABLE, or by a command that uses them (RFC 7162 section 3.1).
    pub condstore: bool,
    /// VANISHED in place of EXPUNGE (RFC 7162 section 3.2.3).
    pub qresync: bool,
    /// UTF-8 in quoted strings (RFC 9755 section 3).
    pub utf8: bool,
    /// IMAP4rev2, where IMAP4rev1 is offered too (RFC 9051 appendix A), or alone.
    pub rev2: bool,
    /// No message numbers (RFC 9586 section 3).
    pub uid_only: bool,
}

impl InForce {
    /// Whether UTF-8 may stand in quoted strings, both ways.
    const fn takes_utf8(self) -> bool {
        self.utf8 || self.rev2
    }
}

/// What a command that is in progress does when it is completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing.
    Plain,
    /// Only the application knows.
    Unknown,
    /// It was refused, and has no effect.
    Refused,
    /// It could not be understood; what it was is not known.
    Malformed,
    /// FETCH, STORE, SEARCH, SORT, THREAD and CONVERT: no EXPUNGE while it is in progress.
    Numbers,
    Login,
    Authenticate,
    StartTls,
    Compress,
    Select,
    /// CLOSE and UNSELECT.
    Close,
    Enable,
    Unauthenticate,
    Logout,
    Idle,
    /// NOTIFY: whether EXPUNGE may come at any time then.
    Notify(bool),
}

/// A command that was handed out and is not completed.
#[derive(Debug)]
struct Pending {
    id: CommandId,
    /// `None`: none could be told, so that the answer is untagged.
    tag: Option<Tag>,
    kind: Kind,
    /// Whether others may run beside it.
    beside: bool,
}

/// A command whose message data is being read.
#[derive(Debug)]
struct Reading {
    id: CommandId,
    tag: Tag,
    replaces: Option<Replaced>,
    /// What was read of it, without the octets of the messages.
    text: Vec<u8>,
    /// Where those would stand.
    cuts: Vec<Cut>,
    known: AppendPrefix,
    phase: Phase,
    /// Where in the stream it starts.
    start: u64,
    /// Where in the stream a NUL stands in a literal that must not have one.
    nul: Option<u64>,
}

/// Where the reading of a message stands.
#[derive(Debug, Clone, Copy)]
enum Phase {
    /// It waits for the application.
    Offered(Head),
    /// So many octets of it are to come; whether it is a `literal8`.
    Body { left: u64, binary: bool },
    /// The command goes on behind it.
    Rest,
}

/// What [`Server::say_last`] says: BYE (RFC 9051 section 7.1.5).
#[must_use]
pub fn last_words(failure: &Fatal) -> Condition {
    let text = match failure {
        Fatal::TooManyErrors => "Too many errors, closing",
        Fatal::PlaintextAfterStartTls(_) => "Plaintext behind STARTTLS, closing",
        Fatal::ForeignProtocol(_) => "This is not an HTTP or TLS server, closing",
        Fatal::OutOfTurn(_) => "You did not wait for leave to send the literal, closing",
        Fatal::Limit { .. } => "Limit exceeded, closing",
        _ => "Protocol error, closing",
    };
    words(ConditionKind::Bye, None, text)
}

impl Server {
    /// For a connection that was just opened. The greeting is the first output: OK, PREAUTH for a client that is logged in by other
    /// means, or BYE to refuse service (RFC 9051 section 7.1).
    #[must_use]
    pub fn new(config: Config, greeting: &Greeting) -> Self {
        let mut output = Output::new();
        output.set_high_water(config.limits.high_water);
        let kind = greeting.condition().kind();
        let mut server = Self {
            tls: if config.tls { Tls::On } else { Tls::Off },
            config,
            input: Input::new(),
            output,
            framer: Framer::new(Side::Client, FrameLimits::COMMANDS),
            state: match kind {
                ConditionKind::PreAuth => State::Authenticated,
                ConditionKind::Bye => State::Logout,
                _ => State::NotAuthenticated,
            },
            compression: Compression::Off,
            next_id: CommandId::FIRST,
            pending: Vec::new(),
            reading: None,
            literals: LiteralsOf::default(),
            draining: None,
            outgoing: None,
            turn: Turn::Began,
            offered: Offered::default(),
            in_force: InForce::default(),
            notified: false,
            deselecting: false,
            said_bye: kind == ConditionKind::Bye,
            events: Events::new(),
            bad_commands: 0,
        };
        server.write(|encoder| greeting.encode(encoder));
        server.settle();
        server
    }

    /// What is offered, how much is read, and what is wiped, as the state has it now.
    fn settle(&mut self) {
        let limits = &self.config.limits;
        let before = self.is_before_login();
        let frame = if before {
            let max_line = limits.max_line_before_login;
            // a name and a password
            let literals =
                usize::try_from(limits.max_literal_before_login).unwrap_or(usize::MAX).saturating_mul(2);
            FrameLimits {
                max_line,
                max_frame: limits.max_frame.min(max_line.saturating_add(literals)),
                max_inline_literal: 0,
            }
        } else {
            FrameLimits { max_line: limits.max_line, max_frame: limits.max_frame, max_inline_literal: 0 }
        };
        self.framer.set_limits(frame);
        self.input.set_wipe(before);
        self.offered =
            if before { Offered::of(&self.capabilities()) } else { Offered::of(&self.config.after_login) };
        self.in_force.rev2 |= self.offered.is_rev2_only();
    }

    /// The most octets that can be waiting for more.
    fn max_held(&self) -> usize {
        let limits = &self.config.limits;
        limits.max_frame.max(limits.max_line_before_login).max(MAX_AUTH_LINE)
    }

    fn is_before_login(&self) -> bool {
        matches!(self.state, State::Greeting | State::NotAuthenticated)
    }

    fn write(&mut self, write: impl FnOnce(&mut Encoder<'_>)) {
        let options = self.options();
        write(&mut Encoder::new(&mut self.output, options));
    }

    fn options(&self) -> Options {
        Options { utf8: self.in_force.takes_utf8(), ..Options::server() }
    }

    /// What is offered now, for the CAPABILITY response and code (RFC 9051 section 7.2.2).
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        if !self.is_before_login() {
            return self.config.after_login.clone();
        }
        let cleartext = self.takes_cleartext();
        let offered = &self.config.before_login;
        let kept = offered.iter().filter(|capability| match capability {
            Capability::StartTls => self.tls != Tls::On,
            Capability::LoginDisabled => false,
            Capability::Auth(mechanism) => cleartext || !mechanism.is_cleartext(),
            _ => true,
        });
        let disabled = !cleartext || self.tls != Tls::On && offered.has(&Capability::LoginDisabled);
        kept.chain(disabled.then_some(Capability::LoginDisabled)).collect()
    }

    /// Whether passwords and tokens may be shown now.
    fn takes_cleartext(&self) -> bool {
        self.tls == Tls::On || self.config.allow_cleartext
    }

    /// The state of the session, as the answers so far have made it (RFC 9051 section 3).
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// What the client has switched on.
    #[must_use]
    pub const fn enabled(&self) -> InForce {
        self.in_force
    }

    /// Whether the connection is in TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls == Tls::On
    }

    /// How many commands are in progress: handed out and not completed.
    #[must_use]
    pub fn in_progress(&self) -> usize {
        self.pending.len()
    }

    /// Octets that were received and not consumed.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.input.len()
    }

    /// Says that the TLS handshake is done. What is received from now on is from within TLS.
    ///
    /// # Errors
    /// [`Misuse::State`]: not at [`Pause::StartTls`](wire::Pause::StartTls). [`Misuse::PlaintextPending`]: octets were received behind
    /// STARTTLS; the connection cannot be trusted.
    pub fn tls_established(&mut self) -> Result<(), Misuse> {
        if self.tls != Tls::Agreed || !self.output.is_empty() {
            return Err(Misuse::State { wanted: "Pause::StartTls" });
        }
        if !self.input.is_empty() {
            return Err(Misuse::PlaintextPending);
        }
        self.tls = Tls::On;
        self.bad_commands = 0;
        self.settle();
        Ok(())
    }

    /// Says that both sides compress from now on (RFC 4978 section 3), and gives what was received behind COMPRESS: it is compressed
    /// already. What is received from now on is to be decompressed before, and the output compressed.
    ///
    /// A program that rather takes the connection apart calls [`into_parts`](Self::into_parts).
    ///
    /// # Errors
    /// [`Misuse::State`]: not at [`Pause::Upgrade`](wire::Pause::Upgrade).
    pub fn compressed(&mut self) -> Result<Bytes, Misuse> {
        if self.compression != Compression::Agreed || !self.output.is_empty() {
            return Err(Misuse::State { wanted: "Pause::Upgrade" });
        }
        self.compression = Compression::On;
        let unread = self.input.take(self.input.len());
        self.framer.reset();
        Ok(unread)
    }

    /// Says that the server closes, whatever the client is doing (RFC 9051 section 7.1.5): when it shuts down, or the client was idle for
    /// too long. Nothing more is read; write the output out and close. While LOGOUT is in progress, it only says so, and the OK follows.
    ///
    /// # Errors
    /// [`Misuse::WrongReply`]: it is not BYE. [`Misuse::State`]: the session has ended, the client waits for TLS or compression, or
    /// message data is being streamed, in which nothing else can be said: close without a word.
    pub fn bye(&mut self, condition: &Condition) -> Result<(), Misuse> {
        if condition.kind() != ConditionKind::Bye {
            return Err(Misuse::WrongReply);
        }
        self.check_may_write()?;
        self.write_untagged(condition);
        self.said_bye = true;
        if self.pending.iter().any(|pending| pending.kind == Kind::Logout) {
            return Ok(());
        }
        self.end();
        Ok(())
    }

    /// Nothing more is read, and nothing that was not handed out is handed out.
    fn end(&mut self) {
        self.pending.clear();
        self.reading = None;
        self.draining = None;
        self.turn = Turn::Began;
        self.events.clear();
        self.state = State::Logout;
    }

    /// Says why the connection ends, after [`next_event`](Machine::next_event) has failed: BYE with [`last_words`]. Then write the output
    /// out and close.
    ///
    /// # Errors
    /// [`Misuse::State`]: nothing has failed, it was said before, or what [`bye`](Self::bye) says.
    pub fn say_last(&mut self) -> Result<(), Misuse> {
        match self.events.failure() {
            Some(failure) => {
                let last = last_words(failure);
                // a LOGOUT that waits is not answered any more
                self.check_may_write()?;
                self.end();
                self.said_bye = true;
                self.write_untagged(&last);
                Ok(())
            }
            None => Err(Misuse::State { wanted: "a failure" }),
        }
    }

    /// Whether anything at all may be said.
    fn check_may_write(&self) -> Result<(), Misuse> {
        if self.tls == Tls::Agreed {
            return Err(Misuse::TlsPending);
        }
        if self.state == State::Logout || self.compression == Compression::Agreed {
            return Err(Misuse::State { wanted: "a session" });
        }
        match self.outgoing {
            Some(_) => Err(Misuse::State { wanted: "the end of the FETCH that is being written" }),
            None => Ok(()),
        }
    }

    fn write_untagged(&mut self, condition: &Condition) {
        self.write(|encoder| {
            encoder.put(b"* ");
            condition.encode_with_kind(encoder);
            encoder.put(b"\r\n");
        });
    }

    /// Gives the connection away.
    #[must_use]
    pub fn into_parts(self) -> Parts {
        Parts { unread: self.input.into_unread(), output: self.output }
    }

    fn position(&self, id: CommandId) -> Result<usize, Misuse> {
        self.pending.iter().position(|pending| pending.id == id).ok_or(Misuse::UnknownId)
    }

    /// Back to where nobody has logged in: UNAUTHENTICATE (RFC 8437 section 3).
    fn forget(&mut self) {
        self.state = State::NotAuthenticated;
        self.in_force = InForce::default();
        self.notified = false;
        self.deselecting = false;
        self.settle();
    }

    fn take_reading(&mut self, id: CommandId) -> Result<Box<Reading>, Misuse> {
        match self.reading.take() {
            Some(reading) if reading.id == id && matches!(reading.phase, Phase::Offered(_)) => Ok(reading),
            other => {
                self.reading = other;
                Err(Misuse::UnknownId)
            }
        }
    }

    /// Accepts the octets that were [offered](Event::BodyOffered): says `+` if the client waits for it. Their pieces and their end are the
    /// next events.
    ///
    /// # Errors
    /// [`Misuse::UnknownId`]: nothing of this command waits for leave. [`Misuse::State`]: message data is being streamed outward.
    pub fn accept_body(&mut self, id: CommandId) -> Result<(), Misuse> {
        let mut reading = self.take_reading(id)?;
        if let Phase::Offered(head) = reading.phase {
            if let (true, Err(misuse)) = (head.synchronising, self.check_may_write()) {
                self.reading = Some(reading);
                return Err(misuse);
            }
            self.framer.cut();
            reading.cuts.push(Cut { offset: reading.text.len(), size: head.size });
            reading.phase = Phase::Body { left: head.size, binary: head.binary };
            if head.synchronising {
                self.write_go_on();
            }
        }
        self.reading = Some(reading);
        Ok(())
    }

    /// `+`, for a literal.
    fn write_go_on(&mut self) {
        self.output.put(b"+ Ready for literal data\r\n");
    }

    /// Refuses the octets that were [offered](Event::BodyOffered), and the whole command with them: with NO, and TRYCREATE, OVERQUOTA or
    /// TOOBIG for a code (RFC 9051 section 6.3.12). If the client waits for leave, this is written at once. If not, what it sends is thrown
    /// away first, to the end of the command (RFC 7888 section 4).
    ///
    /// # Errors
    /// [`Misuse::UnknownId`]: nothing of this command waits for leave. [`Misuse::WrongReply`]: neither NO nor BAD. [`Misuse::State`]: message
    /// data is being streamed outward.
    pub fn refuse_body(&mut self, id: CommandId, condition: &Condition) -> Result<(), Misuse> {
        self.check_may_write()?;
        if !condition.may_be_tagged() || condition.is_ok() {
            return Err(Misuse::WrongReply);
        }
        let reading = self.take_reading(id)?;
        if let Phase::Offered(head) = reading.phase {
            self.framer.reset();
            self.literals = LiteralsOf::Unknown;
            if head.synchronising {
                self.check_unawaited();
                self.write_tagged(Some(&reading.tag), condition);
            } else {
                let then = receive::Then::Reply(reading.tag, condition.detach());
                self.draining = Some(Box::new(Draining::literal(head.size, then)));
            }
        }
        Ok(())
    }

    /// Writes the completion of a command.
    fn write_tagged(&mut self, tag: Option<&Tag>, condition: &Condition) {
        self.write(|encoder| {
            match tag {
                Some(tag) => tag.encode(encoder),
                None => encoder.put(b"*"),
            }
            encoder.sp();
            condition.encode_with_kind(encoder);
            encoder.put(b"\r\n");
        });
    }

    /// Octets that a client did not wait to send, behind a literal that is refused, may not run as commands.
    fn check_unawaited(&mut self) {
        if self.config.refuse_out_of_turn && !self.input.is_empty() && self.events.failure().is_none() {
            self.events.fail(Fatal::OutOfTurn(self.input.stream_offset()));
        }
    }

    /// Sends a challenge of a SASL exchange (RFC 9051 section 6.2.2). The next event is the client's response.
    ///
    /// # Errors
    /// [`Misuse::UnknownId`]; [`Misuse::WrongReply`]: the command is no AUTHENTICATE that was accepted; [`Misuse::State`]: a challenge is
    /// waiting for its response, or the client has cancelled the exchange or sent no readable response, after which only a refusal may come.
    pub fn challenge(&mut self, id: CommandId, data: &[u8]) -> Result<(), Misuse> {
        self.check_may_write()?;
        let at = self.position(id)?;
        if self.pending[at].kind != Kind::Authenticate {
            return Err(Misuse::WrongReply);
        }
        self.turn.check_challenge()?;
        self.output.set_wipe();
        self.output.put(b"+ ");
        wire::sasl::encode(data, &mut self.output);
        self.output.put(b"\r\n");
        self.turn = Turn::Challenged;
        Ok(())
    }

    /// Begins IDLE: says `+` (RFC 2177 section 3). The next event is [`IdleDone`](Event::IdleDone).
    ///
    /// # Errors
    /// [`Misuse::UnknownId`]; [`Misuse::WrongReply`]: the command is no IDLE that was accepted; [`Misuse::State`]: it has begun.
    pub fn accept_idle(&mut self, id: CommandId) -> Result<(), Misuse> {
        self.check_may_write()?;
        let at = self.position(id)?;
        if self.pending[at].kind != Kind::Idle {
            return Err(Misuse::WrongReply);
        }
        if self.turn != Turn::Began {
            return Err(Misuse::State { wanted: "an IDLE that has not begun" });
        }
        self.output.put(b"+ idling\r\n");
        self.turn = Turn::Challenged;
        Ok(())
    }

    /// Completes a command: writes the tagged response, or changes nothing. Commands that are in progress together may be completed in any
    /// order.
    ///
    /// OK to SELECT selects, to LOGIN logs in, and so on. OK to LOGOUT says BYE before itself, unless [`bye`](Self::bye) did. SELECT in a
    /// selected mailbox says `OK [CLOSED]` before the first response of the new one, where CONDSTORE, QRESYNC or IMAP4rev2 are offered.
    ///
    /// # Errors
    /// * [`Misuse::UnknownId`]: no such command is in progress.
    /// * [`Misuse::State`]: the client's response to a challenge, or `DONE`, has not come yet; or a FETCH is being written.
    /// * [`Misuse::WrongReply`]: not OK, NO or BAD; or OK to AUTHENTICATE without a response, to IDLE that has not begun, to what was
    ///   malformed, or to what was refused and would change the state.
    /// * [`Misuse::PlaintextPending`]: OK to STARTTLS or COMPRESS, but octets wait behind it. Refuse; or, after STARTTLS, ask for the next
    ///   event, which is the error to close the connection with.
    pub fn reply(&mut self, id: CommandId, condition: &Condition) -> Result<(), Misuse> {
        let at = self.position(id)?;
        self.check_may_write()?;
        if !condition.may_be_tagged() {
            return Err(Misuse::WrongReply);
        }
        let kind = self.pending[at].kind;
        let ok = condition.is_ok();
        match kind {
            Kind::Authenticate | Kind::Idle if self.turn.is_clients() => {
                return Err(Misuse::State { wanted: "the end of what the client sends" });
            }
            Kind::Authenticate | Kind::Idle if ok && !self.turn.may_succeed() => {
                return Err(Misuse::WrongReply);
            }
            Kind::Malformed | Kind::Refused if ok => return Err(Misuse::WrongReply),
            Kind::StartTls | Kind::Compress if ok && !self.input.is_empty() => {
                return Err(Misuse::PlaintextPending);
            }
            _ => {}
        }
        let done = self.pending.swap_remove(at);
        match kind {
            Kind::Select if condition.kind() != ConditionKind::Bad => self.close_old(),
            Kind::Logout if ok && !self.said_bye => {
                self.output.put(b"* BYE Logging out\r\n");
            }
            _ => {}
        }
        self.write_tagged(done.tag.as_ref(), condition);
        self.completed(&done, condition);
        Ok(())
    }

    /// The mailbox before the one that SELECT selects is closed (RFC 7162 section 3.2.11).
    fn close_old(&mut self) {
        if mem::take(&mut self.deselecting) {
            if self.offered.says_closed() {
                self.output.put(b"* OK [CLOSED] Previous mailbox is closed\r\n");
            }
            self.state = State::Authenticated;
        }
    }

    /// What the completion of a command does to the session.
    fn completed(&mut self, done: &Pending, condition: &Condition) {
        let ok = condition.is_ok();
        match done.kind {
            Kind::Unknown => {
                let bad = condition.kind() == ConditionKind::Bad;
                self.bad_commands = if bad { self.bad_commands.saturating_add(1) } else { 0 };
            }
            Kind::Login | Kind::Authenticate if ok => {
                self.state = State::Authenticated;
                self.settle();
            }
            Kind::StartTls if ok => {
                self.tls = Tls::Agreed;
                self.events.push(Event::StartTls { id: done.id });
            }
            Kind::Compress if ok => {
                self.compression = Compression::Agreed;
                self.events.push(Event::Compress { id: done.id });
            }
            Kind::Select => {
                self.deselecting = false;
                if ok {
                    self.state = State::Selected;
                }
            }
            Kind::Close if ok => self.state = State::Authenticated,
            Kind::Unauthenticate if ok => self.forget(),
            Kind::Logout if ok => self.end(),
            Kind::Notify(at_any_time) if ok => self.notified = at_any_time,
            _ => {}
        }
        if matches!(done.kind, Kind::Authenticate | Kind::Idle) {
            self.turn = Turn::Began;
        }
    }
}

impl Machine for Server {
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
        Events::advance(self, |server| &mut server.events, Self::step)
    }

    fn wants_read(&self) -> bool {
        self.events.failure().is_none()
            && !self.input.is_eof()
            && self.tls != Tls::Agreed
            && self.compression != Compression::Agreed
            && self.state != State::Logout
            && !self.output.is_full()
            && self.is_clients_turn()
            && self.input.len() <= self.max_held()
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    /// RFC 9051 section 5.4: 30 minutes, while the client is to speak or to take what was written; 3 minutes before it has logged in.
    fn timeout(&self) -> Option<Duration> {
        let wait = if self.is_before_login() { LOGIN_TIMEOUT } else { AUTOLOGOUT };
        (self.is_clients_turn() || !self.output.is_empty()).then_some(wait)
    }
}
