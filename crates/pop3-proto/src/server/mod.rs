//! The server machine (RFC 1939): commands out, replies in.
//!
//! ```
//! use pop3_proto::server::{Config, Event, Server};
//! use pop3_proto::{Command, Greeting, Reply, Status};
//! use wire::{Machine, Step};
//!
//! let greeting = Greeting::with_timestamp("ready", b"<1896.697170952@dbc.mtview.ca.us>")?;
//! let mut server = Server::new(Config::default(), &greeting);
//! assert_eq!(server.output().take_all(), "+OK ready <1896.697170952@dbc.mtview.ca.us>\r\n");
//! server.receive(b"QUIT\r\n");
//! let Ok(Step::Event(Event::Command { id, command: Command::Quit })) = server.next_event() else { panic!() };
//! server.reply(id, &Reply::Status(Status::ok("bye")?))?;
//! assert_eq!(server.output().take_all(), "+OK bye\r\n");
//! assert_eq!(server.next_event(), Ok(Step::Closed));
//! # Ok::<(), wire::Misuse>(())
//! ```

mod config;
mod event;
mod receive;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use event::{Event, Refusal};

use crate::limits::AUTOLOGOUT;
use crate::{Capabilities, Capability, Greeting, Item, Reply, ReplyKind, State, Status, Verb, response};
use alloc::collections::VecDeque;
use bytes::{Bytes, BytesMut, buf::Limit};
use core::time::Duration;
use wire::dot::DotEncoder;
use wire::sasl::Turn;
use wire::{BodyError, CommandId, Events, Fatal, Input, Machine, Malformed, Misuse, Output, Parts, Step};

/// The server side of one connection (RFC 1939 section 3). See the [module](self) for an example and the
/// [crate](crate#the-contract-of-the-machines) for the contract.
#[derive(Debug)]
pub struct Server {
    config: Config,
    input: Input,
    output: Output,
    state: State,
    tls: Tls,
    next_id: CommandId,
    /// Commands that were handed out and are not answered.
    pending: VecDeque<Pending>,
    /// The first command's multi-line reply that is being written.
    writing: Option<Writing>,
    /// Of the exchange of the AUTH that waits for its reply.
    turn: Turn,
    /// An over-long line is being passed over.
    skipping: bool,
    events: Events<Event>,
    offers_apop: bool,
    user_given: bool,
    utf8: bool,
    bad_commands: u32,
}

/// Where the connection stands on its way into TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tls {
    Off,
    /// `+OK` was written.
    Agreed,
    On,
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    id: CommandId,
    verb: Verb,
    kind: ReplyKind,
    /// Whether it is a command that the machine understood and allowed, so that its reply can be checked.
    accepted: bool,
}

#[derive(Debug)]
enum Writing {
    Body(DotEncoder),
    Items,
}

/// The words for a client whose line could not be parsed: `-ERR` (RFC 1939 section 3: "a server MUST respond to an
/// unrecognized, unimplemented, or syntactically invalid command by responding with a negative status indicator").
#[must_use]
pub fn malformed_reply(malformed: &Malformed) -> Status {
    let text = match malformed.error.kind {
        wire::ParseErrorKind::TooLong if malformed.error.expected == receive::LINE => "Line too long",
        _ => "Syntax error",
    };
    Status::refusal(text)
}

/// What [`Server::say_last`] says.
#[must_use]
pub fn last_words(failure: &Fatal) -> Status {
    let text = match failure {
        Fatal::TooManyErrors => "Too many errors, closing",
        Fatal::PlaintextAfterStartTls(_) => "Plaintext behind STLS, closing",
        Fatal::Limit { .. } => "Limit exceeded, closing",
        _ => "Protocol error, closing",
    };
    Status::refusal(text)
}

impl Server {
    /// For a connection that was just opened. The greeting is the first output; its timestamp offers APOP.
    #[must_use]
    pub fn new(config: Config, greeting: &Greeting) -> Self {
        let mut output = Output::new();
        output.set_high_water(config.limits.high_water);
        if config.capabilities.has("RESP-CODES") {
            greeting.encode(&mut output);
        } else {
            greeting.status().clone().without_code().encode(&mut output);
        }
        let mut input = Input::new();
        input.set_wipe(true);
        Self {
            tls: if config.tls { Tls::On } else { Tls::Off },
            config,
            input,
            output,
            state: if greeting.is_ok() { State::Authorization } else { State::Closed },
            next_id: CommandId::FIRST,
            pending: VecDeque::new(),
            writing: None,
            turn: Turn::Began,
            skipping: false,
            events: Events::new(),
            offers_apop: greeting.timestamp().is_some(),
            user_given: false,
            utf8: false,
            bad_commands: 0,
        }
    }

    /// Answers a command: writes the reply, or changes nothing. Replies go out in the order of the commands.
    ///
    /// `+OK` to PASS, APOP and AUTH enters the TRANSACTION state; to STLS it starts TLS. Any reply to QUIT ends the
    /// session (messages are to be deleted if [`state`](Self::state) was TRANSACTION before). Behind
    /// [`Reply::MultiLine`] the application goes on with [`body`](Self::body) or [`item`](Self::item), and
    /// [`end_body`](Self::end_body).
    ///
    /// Response codes are left out if RESP-CODES is not among the capabilities.
    ///
    /// # Errors
    /// * [`Misuse::UnknownId`]: no such command waits.
    /// * [`Misuse::NotNext`]: an earlier command must be answered first.
    /// * [`Misuse::WrongReply`]: the reply has not the form that the command calls for, which would put the
    ///   client out of step; `+OK` to AUTH without a response, or behind one that was cancelled or malformed
    ///   (RFC 4422 section 3, RFC 5034 section 4).
    /// * [`Misuse::TooLong`]: a line would be over `max_reply_line` octets.
    /// * [`Misuse::PlaintextPending`]: `+OK` to STLS, but octets wait behind it. They could be an attacker's:
    ///   answer `-ERR`, or ask for the next event, which is the error to close the connection with.
    pub fn reply(&mut self, id: CommandId, reply: &Reply) -> Result<(), Misuse> {
        let pending = self.next_pending(id)?;
        if self.writing.is_some() || self.turn.is_clients() {
            return Err(Misuse::State { wanted: "the end of the reply before" });
        }
        if !fits(pending, self.turn, reply) {
            return Err(Misuse::WrongReply);
        }
        if pending.kind == ReplyKind::Stls && reply.is_ok() && !self.input.is_empty() {
            return Err(Misuse::PlaintextPending);
        }
        let coded = reply.status().is_some_and(|status| status.code().is_some());
        let limit = self.config.limits.max_reply_line;
        let before = self.output.checkpoint();
        let written = if coded && !self.config.capabilities.has("RESP-CODES") {
            reply.without_code().encode_within(limit, &mut self.output)
        } else {
            reply.encode_within(limit, &mut self.output)
        };
        if let Err(misuse) = written {
            self.output.roll_back(before);
            return Err(misuse);
        }
        match reply {
            Reply::MultiLine(_) if pending.kind == ReplyKind::Body => {
                self.writing = Some(Writing::Body(DotEncoder::new(self.config.line_endings)));
            }
            Reply::MultiLine(_) => self.writing = Some(Writing::Items),
            _ => self.answered(pending, reply.is_ok()),
        }
        Ok(())
    }

    /// Writes a piece of a message: dot-stuffed, its line ends as the configuration says. Large pieces go by
    /// reference.
    ///
    /// # Errors
    /// * [`BodyError::Full`]: the output is at its high-water mark; send some, then offer the piece again.
    /// * [`BodyError::LineEnding`]: a bare CR or LF, which the policy refuses; nothing of the piece was taken.
    /// * [`BodyError::Misuse`]: no message is being written.
    pub fn body(&mut self, id: CommandId, data: &Bytes) -> Result<(), BodyError> {
        self.next_pending(id)?;
        let Some(Writing::Body(encoder)) = &mut self.writing else {
            return Err(Misuse::State { wanted: "a message after Reply::MultiLine" }.into());
        };
        if self.output.is_full() {
            return Err(BodyError::Full);
        }
        encoder.encode_bytes(data, &mut self.output)
    }

    /// Writes a line of a listing.
    ///
    /// # Errors
    /// As for [`body`](Self::body); [`Misuse::WrongReply`] if the item is not of such a listing;
    /// [`Misuse::TooLong`] over `max_reply_line` octets.
    pub fn item(&mut self, id: CommandId, item: &Item) -> Result<(), BodyError> {
        let pending = self.next_pending(id)?;
        let Some(Writing::Items) = &self.writing else {
            return Err(Misuse::State { wanted: "a listing after Reply::MultiLine" }.into());
        };
        if pending.accepted && !item.fits(pending.kind) {
            return Err(Misuse::WrongReply.into());
        }
        if self.output.is_full() {
            return Err(BodyError::Full);
        }
        let limit = self.config.limits.max_reply_line;
        let (before, start) = (self.output.checkpoint(), self.output.len());
        item.encode(&mut self.output);
        if self.output.len() - start > limit {
            self.output.roll_back(before);
            return Err(Misuse::TooLong { limit }.into());
        }
        Ok(())
    }

    /// Ends a message or a listing.
    ///
    /// # Errors
    /// [`Misuse::UnknownId`], [`Misuse::NotNext`], [`Misuse::State`]: nothing is being written to this command.
    /// [`BodyError::LineEnding`]: the message ends in a bare CR, which the policy refuses.
    pub fn end_body(&mut self, id: CommandId) -> Result<(), BodyError> {
        let pending = self.next_pending(id)?;
        match &mut self.writing {
            Some(Writing::Body(encoder)) => encoder.finish(&mut self.output)?,
            Some(Writing::Items) => self.output.put(b".\r\n"),
            None => return Err(Misuse::State { wanted: "a reply that goes on" }.into()),
        }
        self.writing = None;
        self.answered(pending, true);
        Ok(())
    }

    /// Sends a challenge of a SASL exchange. The next event is the client's response.
    ///
    /// # Errors
    /// [`Misuse::UnknownId`], [`Misuse::NotNext`]; [`Misuse::WrongReply`]: the command is not AUTH with a
    /// mechanism; [`Misuse::State`]: a challenge is waiting for its response, or the client has cancelled the exchange
    /// or sent no readable response, after which only `-ERR` may come; [`Misuse::TooLong`]: over `max_auth_line` octets.
    pub fn challenge(&mut self, id: CommandId, data: &[u8]) -> Result<(), Misuse> {
        let pending = self.next_pending(id)?;
        if !pending.kind.is_auth() {
            return Err(Misuse::WrongReply);
        }
        self.turn.check_challenge()?;
        let limit = self.config.limits.max_auth_line;
        if wire::sasl::encoded_len(data.len()) + 4 > limit {
            return Err(Misuse::TooLong { limit });
        }
        response::encode_challenge(data, &mut self.output);
        self.turn = Turn::Challenged;
        Ok(())
    }

    /// Says why the connection ends, after [`next_event`](Machine::next_event) has failed: `-ERR`, whether a
    /// command waits for a reply or not. Then write the output out and close.
    ///
    /// # Errors
    /// [`Misuse::State`]: nothing has failed, it was said before, a reply is half written, or the client waits for
    /// TLS, so that no line would be understood.
    pub fn say_last(&mut self) -> Result<(), Misuse> {
        let understood = self.writing.is_none() && self.tls != Tls::Agreed && self.state != State::Closed;
        match self.events.failure() {
            Some(failure) if understood => {
                last_words(failure).encode(&mut self.output);
                self.pending.clear();
                self.state = State::Closed;
                Ok(())
            }
            _ => Err(Misuse::State { wanted: "a failure between two replies" }),
        }
    }

    /// Says that the TLS handshake is done. What is received from now on is from within TLS. Forgets what the
    /// client has said (RFC 2595 section 4).
    ///
    /// # Errors
    /// [`Misuse::State`]: not at [`Pause::StartTls`](wire::Pause::StartTls). [`Misuse::PlaintextPending`]: octets
    /// were received behind STLS; the connection cannot be trusted.
    pub fn tls_established(&mut self) -> Result<(), Misuse> {
        if self.tls != Tls::Agreed || !self.output.is_empty() {
            return Err(Misuse::State { wanted: "Pause::StartTls" });
        }
        if !self.input.is_empty() {
            return Err(Misuse::PlaintextPending);
        }
        self.tls = Tls::On;
        self.user_given = false;
        self.utf8 = false;
        Ok(())
    }

    /// The state of the session, as the replies so far have made it.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Whether the connection is in TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls == Tls::On
    }

    /// Whether the client has switched to UTF-8 mode (RFC 6856 section 2).
    #[must_use]
    pub const fn is_utf8(&self) -> bool {
        self.utf8
    }

    /// What is offered now, for the reply to CAPA: the configured capabilities without STLS within TLS and after
    /// the login, and without cleartext logins where they are not taken.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        let cleartext = self.tls == Tls::On || self.config.allow_cleartext;
        let offered = self.config.capabilities.iter().filter_map(|capability| match capability {
            Capability::Stls => self.offers_stls().then_some(Capability::Stls),
            Capability::User if !cleartext => None,
            Capability::Sasl(mechanisms) if !cleartext => {
                let safe = mechanisms.iter().filter(|mechanism| !mechanism.is_cleartext());
                Some(Capability::Sasl(crate::Mechanisms::new(safe)))
            }
            other => Some(other.clone()),
        });
        offered.collect()
    }

    fn offers_stls(&self) -> bool {
        self.tls == Tls::Off
            && self.state == State::Authorization
            && self.config.capabilities.iter().any(|c| *c == Capability::Stls)
    }

    /// Commands that were handed out and are not answered.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.pending.len()
    }

    /// Gives the connection away.
    #[must_use]
    pub fn into_parts(self) -> Parts {
        Parts { unread: self.input.into_unread(), output: self.output }
    }

    fn next_pending(&self, id: CommandId) -> Result<Pending, Misuse> {
        match self.pending.front() {
            Some(next) if next.id == id => Ok(*next),
            Some(next) if self.pending.iter().any(|pending| pending.id == id) => {
                Err(Misuse::NotNext(next.id))
            }
            _ => Err(Misuse::UnknownId),
        }
    }

    /// The command in front has its reply: what that does to the session.
    fn answered(&mut self, done: Pending, positive: bool) {
        self.pending.pop_front();
        match (done.kind, positive) {
            (ReplyKind::Login | ReplyKind::Auth | ReplyKind::AuthInitial, true) => {
                self.state = State::Transaction;
                self.input.set_wipe(false);
            }
            (ReplyKind::Stls, true) => {
                self.tls = Tls::Agreed;
                self.events.push(Event::StartTls { id: done.id });
            }
            (ReplyKind::Quit, true) if self.state == State::Transaction => self.state = State::Update,
            // RFC 1939 section 6: whether the removal was successful or not, the server closes
            (ReplyKind::Quit, _) => self.state = State::Closed,
            _ => {}
        }
        match done.verb {
            Verb::User => self.user_given = positive,
            Verb::Pass | Verb::Apop | Verb::Auth => self.user_given = false,
            Verb::Utf8 if positive => self.utf8 = true,
            // an extension that the application knows is no bad command
            Verb::Other if done.accepted && positive => self.bad_commands = 0,
            Verb::Other if done.accepted => self.bad_commands = self.bad_commands.saturating_add(1),
            _ => {}
        }
    }
}

/// Whether a reply keeps the client in step.
fn fits(pending: Pending, turn: Turn, reply: &Reply) -> bool {
    if !reply.is_ok() {
        return true;
    }
    match (reply, pending.kind) {
        (Reply::Status(_), kind) if kind.is_auth() => turn.may_succeed(),
        (Reply::Status(_), kind) => !kind.is_multi_line(),
        (Reply::DropListing(_), ReplyKind::Stat)
        | (Reply::ScanListing(_), ReplyKind::ListOne)
        | (Reply::UniqueIdListing(_), ReplyKind::UidlOne)
        | (Reply::Capabilities(_), ReplyKind::Capa)
        | (Reply::Mechanisms(_), ReplyKind::AuthList)
        | (Reply::Languages(_), ReplyKind::LangList)
        | (
            Reply::MultiLine(_),
            ReplyKind::ListAll | ReplyKind::UidlAll | ReplyKind::Body | ReplyKind::Lines,
        ) => true,
        // a command that this crate does not know may have either form
        (Reply::MultiLine(_), _) => pending.verb == Verb::Other,
        _ => false,
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
            && (self.pending.is_empty() || self.turn.is_clients())
            && self.tls != Tls::Agreed
            && !self.output.is_full()
            && matches!(self.state, State::Authorization | State::Transaction)
            && self.input.len() < self.max_line()
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    /// RFC 1939 section 3: the autologout timer, while the client is to speak or to take what was written. "When the
    /// timer expires, the session does NOT enter the UPDATE state".
    fn timeout(&self) -> Option<Duration> {
        let clients_turn = self.pending.is_empty() || self.turn.is_clients() || !self.output.is_empty();
        clients_turn.then_some(AUTOLOGOUT)
    }
}
