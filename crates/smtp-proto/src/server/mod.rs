//! The server machine (RFC 5321, and RFC 2033 for LMTP): commands and content out, replies in.
//!
//! ```
//! use smtp_proto::server::{Config, Event, Server};
//! use smtp_proto::{Capability, Command, Ehlo, Reply, ReplyCode};
//! use wire::{Machine, Step};
//!
//! let ehlo = Ehlo::new("mx.example.org", "", [Capability::Pipelining])?;
//! let greeting = Reply::new(ReplyCode::READY, None, "mx.example.org ESMTP")?;
//! let mut server = Server::new(Config::new(ehlo), &greeting);
//! assert_eq!(server.output().take_all(), "220 mx.example.org ESMTP\r\n");
//! server.receive(b"EHLO client.example\r\n");
//! let Ok(Step::Event(Event::Command { id, command: Command::Ehlo(name) })) = server.next_event() else { panic!() };
//! assert_eq!(name.as_bytes(), b"client.example");
//! server.reply(id, &server.ehlo().reply().clone())?;
//! assert_eq!(server.output().take_all(), "250-mx.example.org\r\n250 PIPELINING\r\n");
//! assert_eq!(server.next_event(), Ok(Step::NeedInput));
//! # Ok::<(), wire::Misuse>(())
//! ```

mod config;
mod event;
mod receive;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use event::{BodyFault, Event, Refusal};

use crate::limits::timeout;
use crate::{
    Body, Capability, Ehlo, EnhancedCode, Keyword, Mail, MailKeyword, Mechanisms, Protocol, Reply, ReplyCode,
    ReplyKind, State, Verb,
};
use bytes::{Bytes, BytesMut, buf::Limit};
use core::time::Duration;
use receive::Bounds;
use wire::dot::DotDecoder;
use wire::sasl::{Mechanism, Turn};
use wire::{CommandId, Events, Fatal, Input, Machine, Malformed, Misuse, Output, Parts, Step};

/// The server side of one connection (RFC 5321 section 3). See the [module](self) for an example and the
/// [crate](crate#the-contract-of-the-machines) for the contract.
#[derive(Debug)]
pub struct Server {
    config: Config,
    input: Input,
    output: Output,
    state: State,
    tls: Tls,
    next_id: CommandId,
    /// The command that was handed out and is not answered.
    pending: Option<Pending>,
    /// The content that is being read.
    reading: Option<Reading>,
    message: MessageFacts,
    /// What a MAIL that waits for its reply says.
    announced: MessageFacts,
    /// Transactions that were begun on this connection.
    transactions: u64,
    /// Of the exchange of the AUTH that waits for its reply.
    turn: Turn,
    /// An over-long line is being passed over.
    skipping: bool,
    /// Whether the greeting has refused service.
    no_service: bool,
    authenticated: bool,
    /// Where the client spoke before the greeting was written out, and whether that can still happen.
    early: Option<u64>,
    greeted: bool,
    bounds: Bounds,
    events: Events<Event>,
    bad_commands: u32,
    /// Commands that were refused because one before them was.
    overshoot: u32,
}

/// Where the connection stands on its way into TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tls {
    Off,
    /// 220 was written.
    Agreed,
    On,
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    id: CommandId,
    verb: Verb,
    kind: ReplyKind,
    /// Whether it is a command that the machine understood and allowed.
    accepted: bool,
    /// Octets of content behind a BDAT that were not read.
    chunk: u64,
    /// How many recipients a refusal before the content is for.
    copies: u32,
    /// Whether only the application knows if it is a bad command: an unknown one, or one with an unknown parameter.
    doubtful: bool,
    /// Replies that it still gets: more than one behind the content in LMTP.
    due: u32,
    /// Whether its content was read, or fetched (BURL).
    read: bool,
    /// Whether it had a positive reply for some recipient.
    taken: bool,
    /// Whether the content must be refused.
    faulty: bool,
    /// Whether the connection is closed behind its reply.
    closes: bool,
}

/// The content that is being read.
#[derive(Debug)]
enum Reading {
    /// Of DATA.
    Data {
        decoder: DotDecoder,
        /// Where in the stream it starts.
        start: u64,
    },
    /// Of BDAT: octets left.
    Chunk { left: u64 },
    /// Of a refused BDAT: octets left to discard, and the reply to write then.
    Discard { left: u64, reply: Reply },
}

/// What the client has said of the message that is being transferred (RFC 5321 section 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MessageFacts {
    /// Recipients that were accepted.
    pub recipients: u32,
    /// What BODY has announced; 7BIT without it (RFC 6152 section 3).
    pub body: Body,
    /// Whether MAIL had SMTPUTF8 (RFC 6531 section 3.4).
    pub smtputf8: bool,
    /// What SIZE has announced, in octets (RFC 1870 section 6.1).
    pub size: Option<u64>,
    /// Octets of content that came with BDAT so far.
    pub octets: u64,
}

impl MessageFacts {
    fn of(mail: &Mail) -> Self {
        Self {
            body: mail.body().unwrap_or_default(),
            smtputf8: mail.has(MailKeyword::SmtpUtf8),
            size: mail.size(),
            ..Self::default()
        }
    }
}

/// The words for a client whose line could not be parsed (RFC 5321 sections 4.2.4 and 4.3.2).
///
/// ```
/// use smtp_proto::Command;
/// use smtp_proto::server::malformed_reply;
/// use smtp_proto::wire::{Context, Tolerance};
///
/// let frame = "RCPT TO:<>\r\n".into();
/// let cx = Context::new(&frame, Tolerance::Strict);
/// let error = Command::parse_in(&cx).unwrap_err();
/// let reply = malformed_reply(&cx.malformed(error, Some("RCPT")));
/// assert_eq!(reply.code().get(), 501);
/// ```
#[must_use]
pub fn malformed_reply(malformed: &Malformed) -> Reply {
    use wire::ParseErrorKind::{IllegalOctet, TooLong};
    let (code, detail, text) = match (malformed.verb, malformed.error.kind) {
        (Some("AUTH"), TooLong) if malformed.error.expected == receive::LINE => {
            (500, (5, 6), "Authentication exchange line is too long")
        }
        (_, TooLong) if malformed.error.expected == receive::LINE => (500, (5, 2), "Line too long"),
        (None, _) => (500, (5, 2), "Syntax error, command unrecognized"),
        (_, IllegalOctet) => (501, (5, 2), "Illegal octet"),
        (Some("MAIL"), _) => (501, (1, 7), "Syntax error in the address or parameters of MAIL"),
        (Some("RCPT"), _) => (501, (1, 3), "Syntax error in the address or parameters of RCPT"),
        (Some(_), _) => (501, (5, 4), "Syntax error in parameters or arguments"),
    };
    event::refusal(code, EnhancedCode::new(5, detail.0, detail.1), text)
}

/// What [`Server::say_last`] says.
#[must_use]
pub fn last_words(failure: &Fatal) -> Reply {
    let text = match failure {
        Fatal::TooManyErrors => "Too many errors, closing",
        Fatal::PlaintextAfterStartTls(_) => "Plaintext behind STARTTLS, closing",
        Fatal::ForeignProtocol(_) => "This is not an HTTP or TLS server, closing",
        Fatal::OutOfTurn(_) => "You spoke out of turn, closing",
        Fatal::Limit { .. } => "Limit exceeded, closing",
        _ => "Protocol error, closing",
    };
    event::refusal(421, EnhancedCode::new(4, 7, 0), text)
}

impl Server {
    /// For a connection that was just opened. The greeting is the first output: 220, or 554 to refuse service (RFC 5321 section
    /// 3.1).
    #[must_use]
    pub fn new(config: Config, greeting: &Reply) -> Self {
        let mut output = Output::new();
        output.set_high_water(config.limits.high_water);
        // RFC 2034 section 3: no enhanced code in the greeting
        greeting.without_enhanced().encode(&mut output);
        let mut input = Input::new();
        input.set_wipe(true);
        Self {
            tls: if config.tls { Tls::On } else { Tls::Off },
            bounds: Bounds::of(&config),
            config,
            input,
            output,
            state: if greeting.code() == ReplyCode::SERVICE_NOT_AVAILABLE {
                State::Closed
            } else {
                State::Hello
            },
            next_id: CommandId::FIRST,
            pending: None,
            reading: None,
            message: MessageFacts::default(),
            announced: MessageFacts::default(),
            transactions: 0,
            turn: Turn::Began,
            skipping: false,
            no_service: !greeting.is_positive(),
            authenticated: false,
            early: None,
            greeted: false,
            events: Events::new(),
            bad_commands: 0,
            overshoot: 0,
        }
    }

    /// Answers a command, or the content behind it: writes the reply, or changes nothing.
    ///
    /// A positive reply to MAIL opens a transaction, to RCPT adds a recipient, to STARTTLS starts TLS, to AUTH ends the exchange, and so
    /// on; 421 to anything ends the session. DATA and BDAT are refused with a negative reply, and accepted with
    /// [`accept_body`](Self::accept_body); the octets behind a refused BDAT are discarded before its reply is written. In LMTP the end
    /// of a message has a reply for each recipient: [`replies_due`](Self::replies_due) counts them. One that refuses the last BDAT
    /// at once is written for each.
    ///
    /// Enhanced codes are left out if ENHANCEDSTATUSCODES is not offered, and in replies to HELO, EHLO and LHLO (RFC 2034 section 3).
    ///
    /// # Errors
    /// * [`Misuse::UnknownId`]: no such command waits.
    /// * [`Misuse::State`]: the content, or a challenged client's response, has not come yet.
    /// * [`Misuse::WrongReply`]: 3xx, which has calls of its own; a positive reply to DATA or BDAT before the content, to content that
    ///   is faulty, to AUTH without a response, or to what the machine has refused where it would put the client out of step.
    /// * [`Misuse::TooLong`]: a line would be over `max_reply_line` octets.
    /// * [`Misuse::PlaintextPending`]: 220 to STARTTLS, but octets wait behind it. They could be an attacker's: refuse, or ask for the
    ///   next event, which is the error to close the connection with.
    pub fn reply(&mut self, id: CommandId, reply: &Reply) -> Result<(), Misuse> {
        let pending = self.pending(id)?;
        if reply.code() == ReplyCode::SERVICE_NOT_AVAILABLE {
            // whatever the client is sending
            return self.close(reply);
        }
        if self.turn.is_clients() || self.reading.is_some() {
            return Err(Misuse::State { wanted: "the end of what the client sends" });
        }
        let positive =
            reply.is_positive() || (pending.kind == ReplyKind::Mail && reply.code() == ReplyCode::CHECKPOINT);
        if (reply.is_intermediate() && !positive) || (positive && !fits_positive(&pending, self.turn)) {
            return Err(Misuse::WrongReply);
        }
        if pending.kind == ReplyKind::StartTls && positive && !self.input.is_empty() {
            return Err(Misuse::PlaintextPending);
        }
        let limit = self.config.limits.max_reply_line;
        if reply.as_bytes().len() > limit && reply.longest_line() > limit {
            return Err(Misuse::TooLong { limit });
        }
        let bare = pending.kind == ReplyKind::Hello || !self.config.ehlo.has(Keyword::EnhancedStatusCodes);
        if pending.chunk > 0 {
            let reply = if bare { reply.without_enhanced() } else { reply.clone() };
            self.reading = Some(Reading::Discard { left: pending.chunk, reply });
            return Ok(());
        }
        for _ in 0..copies(&pending, positive) {
            if bare && reply.enhanced().is_some() {
                reply.without_enhanced().encode(&mut self.output);
            } else {
                reply.encode(&mut self.output);
            }
        }
        self.answered(pending, positive);
        Ok(())
    }

    /// Accepts the content of DATA or BDAT: writes 354 for DATA. Its pieces and its end are the next events.
    ///
    /// # Errors
    /// [`Misuse::UnknownId`]: no such command waits. [`Misuse::WrongReply`]: it is not DATA or BDAT, it was refused by the machine, or
    /// its content was read.
    pub fn accept_body(&mut self, id: CommandId) -> Result<(), Misuse> {
        let pending = self.pending(id)?;
        if !pending.accepted || pending.read || self.reading.is_some() {
            return Err(Misuse::WrongReply);
        }
        match pending.verb {
            Verb::Data => {
                self.output.put(b"354 Start mail input; end with <CRLF>.<CRLF>\r\n");
                self.state = State::Data;
                let decoder = DotDecoder::new(self.config.line_endings);
                self.reading = Some(Reading::Data { decoder, start: self.input.stream_offset() });
            }
            Verb::Bdat => {
                self.reading = Some(Reading::Chunk { left: pending.chunk });
                if let Some(pending) = &mut self.pending {
                    pending.chunk = 0;
                }
            }
            _ => return Err(Misuse::WrongReply),
        }
        Ok(())
    }

    /// How many replies the message that has just ended still needs: one, and in LMTP one for each recipient.
    #[must_use]
    pub fn replies_due(&self) -> u32 {
        self.pending.map_or(0, |pending| pending.due)
    }

    /// Sends a challenge of a SASL exchange. The next event is the client's response.
    ///
    /// # Errors
    /// [`Misuse::UnknownId`]; [`Misuse::WrongReply`]: the command is not an accepted AUTH; [`Misuse::State`]: a challenge is waiting for its
    /// response, or the client has cancelled the exchange or sent no readable response, after which only a refusal may come; [`Misuse::TooLong`]: over `max_auth_line` octets.
    pub fn challenge(&mut self, id: CommandId, data: &[u8]) -> Result<(), Misuse> {
        let pending = self.pending(id)?;
        if !pending.kind.is_auth() || !pending.accepted {
            return Err(Misuse::WrongReply);
        }
        self.turn.check_challenge()?;
        let limit = self.config.limits.max_auth_line;
        if wire::sasl::encoded_len(data.len()) + b"334 \r\n".len() > limit {
            return Err(Misuse::TooLong { limit });
        }
        crate::challenge::encode_challenge(data, &mut self.output);
        self.turn = Turn::Challenged;
        Ok(())
    }

    /// Says why the connection ends, after [`next_event`](Machine::next_event) has failed: 421, whether a
    /// command waits for a reply or not. Then write the output out and close.
    ///
    /// # Errors
    /// [`Misuse::State`]: nothing has failed, it was said before, or the client waits for
    /// TLS, so that no line would be understood.
    pub fn say_last(&mut self) -> Result<(), Misuse> {
        match self.events.failure() {
            Some(failure) => self.close(&last_words(failure)),
            None => Err(Misuse::State { wanted: "a failure" }),
        }
    }

    /// Says that the server closes, whatever the client is doing (RFC 5321 section 3.8): 421 when it shuts down or the client was
    /// idle for too long, or another negative reply. Nothing more is read; write the output out and close.
    ///
    /// # Errors
    /// [`Misuse::WrongReply`]: it is not negative. [`Misuse::State`]: the session has ended, or the client waits for TLS.
    pub fn close(&mut self, reply: &Reply) -> Result<(), Misuse> {
        if self.tls == Tls::Agreed || matches!(self.state, State::Closed | State::Turned) {
            return Err(Misuse::State { wanted: "a session" });
        }
        if reply.is_positive() || reply.is_intermediate() {
            return Err(Misuse::WrongReply);
        }
        if self.config.ehlo.has(Keyword::EnhancedStatusCodes) {
            reply.encode(&mut self.output);
        } else {
            reply.without_enhanced().encode(&mut self.output);
        }
        self.pending = None;
        self.reading = None;
        self.turn = Turn::Began;
        self.events.clear();
        self.state = State::Closed;
        Ok(())
    }

    /// Says that the TLS handshake is done. What is received from now on is from within TLS. Forgets what the
    /// client has said (RFC 3207 section 4.2).
    ///
    /// # Errors
    /// [`Misuse::State`]: not at [`Pause::StartTls`](wire::Pause::StartTls). [`Misuse::PlaintextPending`]: octets
    /// were received behind STARTTLS; the connection cannot be trusted.
    pub fn tls_established(&mut self) -> Result<(), Misuse> {
        if self.tls != Tls::Agreed || !self.output.is_empty() {
            return Err(Misuse::State { wanted: "Pause::StartTls" });
        }
        if !self.input.is_empty() {
            return Err(Misuse::PlaintextPending);
        }
        self.tls = Tls::On;
        self.forget();
        Ok(())
    }

    /// Back to the start: after STARTTLS and XCLIENT the client has said nothing.
    fn forget(&mut self) {
        self.state = State::Hello;
        self.message = MessageFacts::default();
        self.authenticated = false;
        self.input.set_wipe(true);
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

    /// What the client has said of the message, while a transaction is open.
    #[must_use]
    pub fn message(&self) -> Option<MessageFacts> {
        self.state.in_transaction().then_some(self.message)
    }

    /// Whether AUTH has succeeded.
    #[must_use]
    pub const fn is_authenticated(&self) -> bool {
        self.authenticated
    }

    /// Octets that were received and not consumed. Right behind [`Event::BodyEnd`]: what the client sent behind the end of data,
    /// which is legal only with PIPELINING.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.input.len()
    }

    /// What is offered now, for the reply to EHLO or LHLO: what is configured, without STARTTLS within TLS, without REQUIRETLS before
    /// it, and without cleartext mechanisms where they are not taken.
    #[must_use]
    pub fn ehlo(&self) -> Ehlo {
        let cleartext = self.tls == Tls::On || self.config.allow_cleartext;
        let ehlo = &self.config.ehlo;
        let without_tls = self.tls != Tls::On;
        let all = !(ehlo.has(Keyword::StartTls) && !without_tls
            || ehlo.has(Keyword::RequireTls) && without_tls
            || (ehlo.has(Keyword::Auth) || ehlo.has(Keyword::OldAuth)) && !cleartext);
        if all {
            return ehlo.clone();
        }
        let safe = |mechanisms: &Mechanisms<'_>| mechanisms.iter().any(|m| !m.is_cleartext());
        let offered = ehlo.iter().filter(|capability| match capability {
            Capability::StartTls => without_tls,
            // RFC 8689 section 2
            Capability::RequireTls => !without_tls,
            Capability::Auth(mechanisms) | Capability::OldAuth(mechanisms) => cleartext || safe(mechanisms),
            _ => true,
        });
        ehlo.with(offered.map(|capability| match capability {
            Capability::Auth(mechanisms) if !cleartext => {
                Capability::Auth(mechanisms.iter().filter(|m| !m.is_cleartext()).collect())
            }
            Capability::OldAuth(mechanisms) if !cleartext => {
                Capability::OldAuth(mechanisms.iter().filter(|m| !m.is_cleartext()).collect())
            }
            other => other,
        }))
    }

    fn offers_mechanism(&self, mechanism: Mechanism) -> bool {
        self.config.ehlo.mechanisms().any(|offered| offered == mechanism)
    }

    /// Gives the connection away.
    #[must_use]
    pub fn into_parts(self) -> Parts {
        Parts { unread: self.input.into_unread(), output: self.output }
    }

    #[inline]
    fn pending(&self, id: CommandId) -> Result<Pending, Misuse> {
        self.pending.filter(|pending| pending.id == id).ok_or(Misuse::UnknownId)
    }

    /// The command has a reply: what that does to the session.
    #[inline]
    fn answered(&mut self, done: Pending, positive: bool) {
        if done.due > 1 {
            if let Some(pending) = &mut self.pending {
                pending.due -= 1;
            }
            if let (Some(pending), true) = (&mut self.pending, positive) {
                pending.taken = true;
            }
            return;
        }
        self.pending = None;
        if positive {
            self.succeeded(done);
        } else if done.kind.is_chunk() && !done.taken && self.state.in_transaction() {
            self.state = State::Failed;
        }
        match done.kind {
            // RFC 5321 section 4.1.1.4: the end of data ends the transaction, whatever the reply
            ReplyKind::Data if done.read => self.end_transaction(),
            // RFC 3030 section 2: a last chunk that was refused does not
            ReplyKind::LastChunk if positive || done.taken => self.end_transaction(),
            _ => {}
        }
        if done.doubtful {
            // an extension that the application knows is no bad command
            self.bad_commands = if positive { 0 } else { self.bad_commands.saturating_add(1) };
        }
        if done.closes || (positive && done.kind == ReplyKind::Quit) {
            self.state = State::Closed;
        }
        self.output.set_keep(self.state.in_transaction());
    }

    fn succeeded(&mut self, done: Pending) {
        if !done.accepted {
            return;
        }
        match done.kind {
            ReplyKind::Hello | ReplyKind::Rset => {
                self.end_transaction();
                if done.kind == ReplyKind::Hello {
                    self.state = State::Ready;
                }
            }
            ReplyKind::Mail => {
                self.transactions += 1;
                self.state = State::Mail;
                self.message = self.announced;
            }
            ReplyKind::Rcpt => {
                self.state = State::Rcpt;
                self.message.recipients = self.message.recipients.saturating_add(1);
            }
            ReplyKind::Chunk => self.state = State::Chunks,
            ReplyKind::Auth | ReplyKind::AuthInitial => {
                self.authenticated = true;
                self.input.set_wipe(false);
            }
            ReplyKind::StartTls => {
                self.tls = Tls::Agreed;
                self.events.push(Event::StartTls { id: done.id });
            }
            ReplyKind::Xclient => self.forget(),
            ReplyKind::Turn => {
                self.state = State::Turned;
                self.events.push(Event::Turn { id: done.id });
            }
            ReplyKind::Single | ReplyKind::Data | ReplyKind::LastChunk | ReplyKind::Quit => {}
        }
    }

    fn end_transaction(&mut self) {
        self.message = MessageFacts::default();
        if self.state.in_transaction() {
            self.state = State::Ready;
        }
    }
}

/// How often a reply is written: one that refuses the last chunk before it was read is in LMTP for each recipient (RFC 2033
/// section 4.3).
fn copies(pending: &Pending, positive: bool) -> u32 {
    if positive || pending.read { 1 } else { pending.copies }
}

/// Whether a positive reply keeps the client in step.
fn fits_positive(pending: &Pending, turn: Turn) -> bool {
    match pending.kind {
        // RFC 5321 section 4.2.1: DATA is accepted with 354; a chunk has to be read first
        ReplyKind::Data | ReplyKind::Chunk | ReplyKind::LastChunk => pending.read && !pending.faulty,
        // RFC 4422 section 3: an exchange has at least one response; a cancelled or undecodable one is none
        ReplyKind::Auth | ReplyKind::AuthInitial => pending.accepted && turn.may_succeed(),
        // what was refused for its state must not change the state
        _ => pending.accepted || pending.kind == ReplyKind::Single || pending.kind == ReplyKind::Quit,
    }
}

impl Machine for Server {
    type Event = Event;
    type Error = Fatal;

    fn receive(&mut self, data: &[u8]) {
        self.note_early(!data.is_empty());
        self.input.receive(data);
    }

    fn read_buf(&mut self) -> Limit<&mut BytesMut> {
        self.note_early(!self.input.is_empty());
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
            && (self.pending.is_none() || self.turn.is_clients() || self.reading.is_some())
            && self.tls != Tls::Agreed
            && !self.output.is_full()
            && !matches!(self.state, State::Closed | State::Turned)
            && self.input.len() < self.max_line()
    }

    fn output(&mut self) -> &mut Output {
        self.note_early(!self.input.is_empty());
        &mut self.output
    }

    /// RFC 5321 section 4.5.3.2.7: 5 minutes, while the client is to speak or to take what was written.
    fn timeout(&self) -> Option<Duration> {
        let clients_turn = self.pending.is_none()
            || self.turn.is_clients()
            || self.reading.is_some()
            || !self.output.is_empty();
        clients_turn.then_some(timeout::COMMAND)
    }
}

/// What is left of a refused chunk to discard, of what is at hand.
fn take_up_to(input: &mut Input, left: u64) -> Bytes {
    let len = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
    input.take(len)
}

/// Whether this is SMTP or LMTP decides how many replies the end of a message has.
fn replies_of(protocol: Protocol, recipients: u32) -> u32 {
    match protocol {
        Protocol::Smtp => 1,
        Protocol::Lmtp => recipients.max(1),
    }
}
