//! The client machine (RFC 5321, and RFC 2033 for LMTP): commands and content in, replies out.
//!
//! ```
//! use smtp_proto::client::{Client, Config, Event};
//! use smtp_proto::{ClientName, Command, Keyword};
//! use wire::{Machine, Step};
//!
//! let mut client = Client::new(Config::default());
//! client.receive(b"220 mx.example.org ESMTP\r\n");
//! let Ok(Step::Event(Event::Greeting(greeting))) = client.next_event() else { panic!() };
//! assert!(greeting.is_positive());
//!
//! let id = client.send(&Command::Ehlo(ClientName::new("client.example")?))?;
//! assert_eq!(client.output().take_all(), "EHLO client.example\r\n");
//! client.receive(b"250-mx.example.org\r\n250-PIPELINING\r\n250 SIZE 10240000\r\n");
//! let Ok(Step::Event(Event::Reply { id: to, reply })) = client.next_event() else { panic!() };
//! assert!(to == id && reply.is_positive());
//! let ehlo = client.ehlo().unwrap();
//! assert!(ehlo.has(Keyword::Pipelining));
//! assert_eq!(ehlo.size(), Some(10_240_000));
//! # Ok::<(), wire::Misuse>(())
//! ```

mod config;
mod event;
mod receive;
#[cfg(test)]
mod tests;
mod transaction;

pub use config::{Config, Pipelining};
pub use event::Event;
pub use transaction::{Envelope, Outcome, Progress, Transaction};

use crate::limits::{MAX_COMMAND, timeout};
use crate::{
    Bdat, Body, Command, Ehlo, Keyword, Mail, MailKeyword, Protocol, Rcpt, RcptKeyword, Reply, ReplyKind,
    State, Verb,
};
use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;
use bytes::{Bytes, BytesMut, buf::Limit};
use core::time::Duration;
use wire::dot::{BareEndings, DotEncoder, LineEndings};
use wire::sasl::{Exchange, Mechanism};
use wire::{BodyError, CommandId, Events, Fatal, Input, Machine, Misuse, Output, Parts, Step};

/// The client side of one connection (RFC 5321 section 3). See the [module](self) for an example and the
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
    /// The state in which a command written now would be read, if what was written before succeeds; and one sent now, which stands
    /// behind what is held.
    written: State,
    ahead: State,
    exchange: Option<Exchange>,
    /// The content that is being sent.
    sending: Option<Sending>,
    /// How much of the reply that is being read was found to be lines.
    framed: receive::Framed,
    /// Whether the line before ended in LF without CR.
    behind_bare_lf: bool,
    /// What MAIL has announced of the content that is sent next.
    announced: Body,
    announced_utf8: bool,
    /// Looks for bare CR and LF in text that is sent in chunks.
    endings: BareEndings,
    /// Recipients that were accepted, for LMTP; and how many were asked for.
    accepted: Vec<CommandId>,
    recipients: u64,
    transactions: u64,
    /// Domains of recipients in this session, where the server limits them.
    domains: BTreeSet<Vec<u8>>,
    /// The mechanism of the exchange, if it is ours.
    mechanism: Option<Mechanism>,
    events: Events<Event>,
    ehlo: Option<Ehlo>,
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

#[derive(Debug)]
struct Pending {
    id: CommandId,
    verb: Verb,
    kind: ReplyKind,
    /// The first octet of the stream that can belong to its reply.
    earliest: u64,
    /// Whether the content was asked for with 354.
    content: bool,
    /// Replies for recipients that were handed out, and whether one of them was positive.
    answered: usize,
    taken: bool,
}

/// The content that is being sent.
#[derive(Debug)]
enum Sending {
    /// Behind 354.
    Data { id: CommandId, encoder: DotEncoder },
    /// Behind BDAT: octets left.
    Chunk { id: CommandId, left: u64, last: bool },
}

/// The domain of a recipient, as limits count it (RFC 9422 section 4.3).
fn domain_of(rcpt: &Rcpt) -> Option<Vec<u8>> {
    rcpt.forward_path().mailbox().map(|mailbox| mailbox.domain().to_ascii_lowercase())
}

/// Whether a client that was refused EHLO may go on with HELO (RFC 5321 section 3.2): 500, 501, 502, 503, 504 and 550. Not if
/// it needs an extension, such as STARTTLS or AUTH.
///
/// ```
/// use smtp_proto::Reply;
/// use smtp_proto::client::may_fall_back_to_helo;
///
/// assert!(may_fall_back_to_helo(&Reply::parse(&"502 what?\r\n".into())?));
/// assert!(!may_fall_back_to_helo(&Reply::parse(&"421 busy\r\n".into())?));
/// # Ok::<(), smtp_proto::wire::ParseError>(())
/// ```
#[must_use]
pub fn may_fall_back_to_helo(reply: &Reply) -> bool {
    matches!(reply.code().get(), 500..=504 | 550)
}

impl Client {
    /// For a connection that was just opened. The server speaks first.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let tls = if config.tls { Tls::On } else { Tls::Off };
        let mut output = Output::new();
        output.set_high_water(config.limits.high_water);
        Self {
            config,
            input: Input::new(),
            output,
            state: State::Greeting,
            tls,
            next_id: CommandId::FIRST,
            pending: VecDeque::new(),
            held: VecDeque::new(),
            written: State::Hello,
            ahead: State::Hello,
            exchange: None,
            sending: None,
            framed: receive::Framed::default(),
            behind_bare_lf: false,
            announced: Body::SevenBit,
            announced_utf8: false,
            endings: BareEndings::new(),
            accepted: Vec::new(),
            recipients: 0,
            transactions: 0,
            domains: BTreeSet::new(),
            mechanism: None,
            events: Events::new(),
            ehlo: None,
        }
    }

    /// Sends a command: encodes it into [`output`](Machine::output), or changes nothing.
    ///
    /// Behind DATA the content is due once [`Event::SendBody`] came; behind BDAT at once: go on with [`body`](Self::body).
    ///
    /// # Errors
    /// * [`Misuse::State`]: not in this state of the session, not before the greeting, or not inside of the content.
    /// * [`Misuse::TlsPending`]: STARTTLS was sent.
    /// * [`Misuse::Pipeline`]: not before the replies to earlier commands came (unless `auto_hold`).
    /// * [`Misuse::PipelineFull`]: `max_pipelined` commands are without a reply.
    /// * [`Misuse::Cleartext`]: it would show a password without TLS.
    /// * [`Misuse::NotAdvertised`]: a command, a parameter, a mechanism or an address that needs what the server has not offered.
    /// * [`Misuse::Invalid`]: an address beyond ASCII, and no SMTPUTF8 in this MAIL or the one before.
    /// * [`Misuse::TooLong`]: a line over what the server must take, or SIZE over what it takes.
    /// * [`Misuse::TooMany`]: transactions or recipients over the server's LIMITS (RFC 9422).
    pub fn send(&mut self, command: &Command) -> Result<CommandId, Misuse> {
        self.check_session(command)?;
        if self.outstanding() >= self.config.limits.max_pipelined {
            return Err(Misuse::PipelineFull);
        }
        let id = self.next_id;
        if self.held.is_empty() && self.may_send_now() {
            self.check_offered(command)?;
            self.check_counts(command)?;
            self.write(id, command)?;
        } else if self.config.auto_hold && !matches!(command, Command::Bdat(_)) {
            self.check_offered(command)?;
            self.check_counts(command)?;
            self.check_length(command)?;
            self.held.push_back((id, command.clone()));
        } else if self.state == State::Greeting {
            return Err(Misuse::State { wanted: "after the greeting" });
        } else {
            return Err(Misuse::Pipeline);
        }
        self.foresee(command);
        self.next_id = id.next();
        Ok(id)
    }

    /// Registers the reply to a command whose octets the caller puts on the wire itself: for proxies and
    /// test tools that pass lines on as they are. Hardly anything is checked; the reply may already have been
    /// received. After 354 the caller sends the content and says [`content_sent`](Self::content_sent).
    ///
    /// # Errors
    /// [`Misuse::TlsPending`], [`Misuse::PipelineFull`]; [`Misuse::Pipeline`]: AUTH within AUTH;
    /// [`Misuse::State`]: STARTTLS within TLS.
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
            ReplyKind::StartTls if self.tls == Tls::On => {
                return Err(Misuse::State { wanted: "without TLS" });
            }
            _ => {}
        }
        let id = self.next_id;
        self.next_id = id.next();
        self.sent(id, Verb::Other, kind);
        if let Some(pending) = self.pending.back_mut() {
            pending.earliest = 0;
        }
        Ok(id)
    }

    /// Says that the caller has sent the content of a DATA that it [expects](Self::expect) the reply to.
    ///
    /// # Errors
    /// [`Misuse::State`]: no content is due.
    pub fn content_sent(&mut self, id: CommandId) -> Result<(), Misuse> {
        match &self.sending {
            Some(Sending::Data { id: of, .. }) if *of == id => {
                self.sending = None;
                Ok(())
            }
            _ => Err(Misuse::State { wanted: "a content that is due" }),
        }
    }

    /// Writes a piece of the content: of DATA with the dots of transparency, its line ends as the configuration says; of BDAT as it
    /// is. Large pieces go by reference.
    ///
    /// # Errors
    /// * [`BodyError::Full`]: the output is at its high-water mark; send some, then offer the piece again.
    /// * [`BodyError::LineEnding`]: a bare CR or LF, which the policy refuses (in chunks `Normalise` refuses it, too: their size was
    ///   announced), unless the message was announced as BINARYMIME; nothing of the piece was taken.
    /// * [`BodyError::EightBit`]: an octet above 127, though the message was not announced as 8BITMIME or BINARYMIME; nothing of the
    ///   piece was taken.
    /// * [`BodyError::TooLong`]: more than is left of the chunk; nothing of the piece was taken.
    /// * [`BodyError::Misuse`]: no content of this command is due.
    pub fn body(&mut self, id: CommandId, data: &Bytes) -> Result<(), BodyError> {
        let eight_bit = self.announced == Body::SevenBit && !self.config.allow_8bit;
        let text = self.checks_text();
        let due = Misuse::State { wanted: "a content that is due" };
        match &mut self.sending {
            Some(Sending::Data { id: of, .. } | Sending::Chunk { id: of, .. }) if *of != id => {
                Err(Misuse::UnknownId.into())
            }
            None => Err(due.into()),
            Some(_) if self.output.is_full() => Err(BodyError::Full),
            Some(_) if eight_bit && !data.is_ascii() => {
                let offset = data.iter().position(|octet| !octet.is_ascii()).unwrap_or_default();
                Err(BodyError::EightBit { offset })
            }
            Some(Sending::Data { encoder, .. }) => encoder.encode_bytes(data, &mut self.output),
            Some(Sending::Chunk { left, last, .. }) => {
                let len = data.len() as u64;
                if len > *left {
                    return Err(BodyError::TooLong { limit: *left });
                }
                let done = *left == len;
                // RFC 3030 section 2: text has the same line ends in chunks
                if text {
                    self.endings = checked(&self.endings, data, done && *last)?;
                }
                *left -= len;
                self.output.put_bytes(data.clone());
                if done {
                    self.sending = None;
                    self.release();
                }
                Ok(())
            }
        }
    }

    /// Ends the content of DATA: writes the missing line end and the dot. A chunk of BDAT ends by itself.
    ///
    /// # Errors
    /// [`BodyError::Misuse`]: no content of this command is due, or octets of the chunk are missing. [`BodyError::LineEnding`]: the
    /// content ends in a bare CR, which the policy refuses.
    pub fn end_body(&mut self, id: CommandId) -> Result<(), BodyError> {
        match &mut self.sending {
            Some(Sending::Data { id: of, encoder }) if *of == id => {
                encoder.finish(&mut self.output)?;
                self.sending = None;
                self.written = State::Ready;
                self.ahead = State::Ready;
                self.release();
                Ok(())
            }
            Some(Sending::Chunk { .. }) => Err(Misuse::State { wanted: "the rest of the chunk" }.into()),
            _ => Err(Misuse::State { wanted: "a content that is due" }.into()),
        }
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

    /// Cancels a SASL exchange with `*`. The server answers 501.
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

    /// Says that the TLS handshake is done. What is received from now on is from within TLS. Forgets what the server has offered (RFC
    /// 3207 section 4.2).
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
        self.forget();
        self.release();
        Ok(())
    }

    /// Back to the start: after STARTTLS and XCLIENT the server knows nothing of us.
    fn forget(&mut self) {
        self.ehlo = None;
        self.state = State::Hello;
        self.written = State::Hello;
        self.look_ahead();
    }

    /// Where the session will be behind what is held.
    fn look_ahead(&mut self) {
        self.ahead = self.held.iter().fold(self.written, |state, (_, command)| after(state, command));
    }

    /// The state of the session, as the replies so far have made it.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// What the server said to EHLO, LHLO or HELO the last time. Forgotten when TLS starts.
    #[must_use]
    pub const fn ehlo(&self) -> Option<&Ehlo> {
        self.ehlo.as_ref()
    }

    /// Whether the connection is in TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls == Tls::On
    }

    /// Which protocol it speaks.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.config.protocol
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

    fn offers(&self, keyword: Keyword) -> bool {
        self.ehlo.as_ref().is_some_and(|ehlo| ehlo.has(keyword))
    }

    fn check_session(&self, command: &Command) -> Result<(), Misuse> {
        let starts_tls = |(_, held): &(CommandId, Command)| *held == Command::StartTls;
        if matches!(self.tls, Tls::Asked | Tls::Agreed) || self.held.iter().any(starts_tls) {
            return Err(Misuse::TlsPending);
        }
        let verb = command.verb();
        match &self.sending {
            Some(Sending::Data { .. }) => return Err(Misuse::State { wanted: "the end of the content" }),
            Some(Sending::Chunk { .. }) => return Err(Misuse::State { wanted: "the rest of the chunk" }),
            None => {}
        }
        if self.state == State::Closed || !verb.is_allowed_in(self.ahead) {
            return Err(Misuse::State { wanted: verb.states() });
        }
        let lmtp = self.config.protocol == Protocol::Lmtp;
        match command {
            Command::Helo(_) | Command::Ehlo(_) if lmtp => Err(Misuse::State { wanted: "SMTP" }),
            Command::Lhlo(_) if !lmtp => Err(Misuse::State { wanted: "LMTP" }),
            Command::StartTls if self.tls == Tls::On => Err(Misuse::State { wanted: "without TLS" }),
            Command::Data if self.announced == Body::BinaryMime => {
                Err(Misuse::State { wanted: "without BODY=BINARYMIME" })
            }
            // RFC 8689 section 2
            Command::Mail(mail)
                if mail.has(MailKeyword::RequireTls)
                    && self.tls != Tls::On
                    && self.offers(Keyword::RequireTls) =>
            {
                Err(Misuse::State { wanted: "within TLS" })
            }
            // RFC 2033 section 4.3: it has as many replies as recipients were accepted, which is not known yet
            Command::Bdat(Bdat { last: true, .. }) if lmtp && self.asks_for_recipients() => {
                Err(Misuse::Pipeline)
            }
            Command::Bdat(Bdat { last: true, .. }) if lmtp && self.accepted.is_empty() => {
                Err(Misuse::State { wanted: verb.states() })
            }
            Command::Bdat(Bdat { size: 0, last: true })
                if self.checks_text() && self.endings.clone().finish().is_some() =>
            {
                Err(Misuse::Invalid("text, which ends in a bare CR"))
            }
            Command::Auth(auth)
                if auth.mechanism.is_cleartext() && self.tls != Tls::On && !self.config.allow_cleartext =>
            {
                Err(Misuse::Cleartext)
            }
            _ => Ok(()),
        }
    }

    /// Whether a MAIL or RCPT has no reply yet.
    fn asks_for_recipients(&self) -> bool {
        self.pending.iter().rev().any(|pending| matches!(pending.kind, ReplyKind::Mail | ReplyKind::Rcpt))
    }

    /// Whether chunks are text whose line ends matter (RFC 3030 section 2).
    fn checks_text(&self) -> bool {
        self.announced != Body::BinaryMime && self.config.line_endings != LineEndings::Lenient
    }

    /// Nothing is sent that needs what the server has not offered.
    fn check_offered(&self, command: &Command) -> Result<(), Misuse> {
        let missing =
            |keyword: Keyword| (!self.offers(keyword)).then(|| Misuse::NotAdvertised(keyword.name()));
        if let Some(misuse) = command.verb().extension().and_then(missing) {
            return Err(misuse);
        }
        match command {
            Command::Mail(mail) => self.check_mail(mail),
            Command::Rcpt(rcpt) => {
                let extensions = rcpt.keywords().filter_map(|keyword| keyword.extension());
                extensions.filter_map(missing).next().map_or(Ok(()), Err)
            }
            Command::Auth(auth) => {
                let offered = self.ehlo.as_ref().is_some_and(|e| e.mechanisms().any(|m| m == auth.mechanism));
                if offered { Ok(()) } else { Err(Misuse::NotAdvertised("this mechanism")) }
            }
            Command::Vrfy(query) | Command::Expn(query) => {
                let utf8 = query.accepts_utf8() || !query.as_bytes().is_ascii();
                if utf8 { missing(Keyword::SmtpUtf8).map_or(Ok(()), Err) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    fn check_mail(&self, mail: &Mail) -> Result<(), Misuse> {
        if let Some(extension) = mail.needs().find(|&extension| !self.offers(extension)) {
            return Err(Misuse::NotAdvertised(extension.name()));
        }
        if !mail.is_ascii() && !mail.has(MailKeyword::SmtpUtf8) {
            return Err(Misuse::Invalid("address without SMTPUTF8"));
        }
        match (mail.size(), self.ehlo.as_ref().and_then(Ehlo::size)) {
            (Some(size), Some(limit)) if size > limit => {
                Err(Misuse::TooLong { limit: usize::try_from(limit).unwrap_or(usize::MAX) })
            }
            _ => Ok(()),
        }
    }

    /// What depends on the commands before it: asked once, when it is sent.
    fn check_counts(&self, command: &Command) -> Result<(), Misuse> {
        match command {
            Command::Mail(_) => match self.ehlo.as_ref().and_then(|e| e.limits().mail_max).map(u64::from) {
                Some(limit) if self.transactions >= limit => Err(Misuse::TooMany { limit }),
                _ => Ok(()),
            },
            Command::Rcpt(rcpt) => self.check_rcpt(rcpt),
            _ => Ok(()),
        }
    }

    fn check_rcpt(&self, rcpt: &Rcpt) -> Result<(), Misuse> {
        if !rcpt.is_ascii() && !self.announced_utf8 {
            return Err(Misuse::Invalid("address without SMTPUTF8 in MAIL"));
        }
        let Some(limits) = self.ehlo.as_ref().map(Ehlo::limits) else { return Ok(()) };
        if let Some(limit) = limits.rcpt_max.map(u64::from).filter(|&limit| self.recipients >= limit) {
            return Err(Misuse::TooMany { limit });
        }
        let domains = limits.rcpt_domain_max.map(u64::from);
        match domains.filter(|&limit| self.domains.len() as u64 >= limit) {
            Some(limit) if domain_of(rcpt).is_some_and(|domain| !self.domains.contains(&domain)) => {
                Err(Misuse::TooMany { limit })
            }
            _ => Ok(()),
        }
    }

    /// What the command does if it succeeds, for those that are sent behind it.
    fn foresee(&mut self, command: &Command) {
        self.ahead = after(self.ahead, command);
        match command {
            Command::Mail(mail) => {
                self.announced = mail.body().unwrap_or(Body::SevenBit);
                self.announced_utf8 = mail.has(MailKeyword::SmtpUtf8);
                self.endings = BareEndings::new();
                self.recipients = 0;
                self.transactions += 1;
            }
            Command::Rcpt(rcpt) => {
                self.recipients += 1;
                if self.ehlo.as_ref().is_some_and(|ehlo| ehlo.limits().rcpt_domain_max.is_some()) {
                    self.domains.extend(domain_of(rcpt));
                }
            }
            _ => {}
        }
    }

    /// A held command is not sent after all: it does not count.
    fn not_sent(&mut self, id: CommandId, command: &Command, misuse: Misuse) {
        match command {
            Command::Mail(_) => self.transactions = self.transactions.saturating_sub(1),
            Command::Rcpt(_) => self.recipients = self.recipients.saturating_sub(1),
            _ => {}
        }
        self.events.push(Event::NotSent { id, misuse });
    }

    /// Whether the next command may follow what was sent.
    fn may_send_now(&self) -> bool {
        if self.state == State::Greeting
            || self.exchange.is_some()
            || self.sending.is_some()
            || matches!(self.tls, Tls::Asked | Tls::Agreed)
        {
            return false;
        }
        let Some(last) = self.pending.back() else { return true };
        let agreed = match self.config.pipelining {
            Pipelining::Never => false,
            Pipelining::Advertised => self.offers(Keyword::Pipelining),
            Pipelining::Always => true,
        };
        // RFC 2920 section 3.1: the content may be the first of a group
        agreed && (last.content || !last.verb.ends_group())
    }

    /// What [`write`](Self::write) checks, for a command that is written later.
    fn check_length(&self, command: &Command) -> Result<(), Misuse> {
        encode(command, self.max_line(command), &mut Output::new())
    }

    /// The longest line for a command: RFC 5321 section 4.5.3.1.4, and what the RFCs of the server's extensions add.
    fn max_line(&self, command: &Command) -> usize {
        let offered = |extension: Option<Keyword>| extension.is_some_and(|keyword| self.offers(keyword));
        let added: usize = match command {
            Command::Auth(_) => return self.config.limits.max_auth_line,
            Command::Mail(_) => {
                MailKeyword::ALL.iter().filter(|k| offered(k.extension())).map(|k| k.max_len()).sum()
            }
            Command::Rcpt(_) => {
                RcptKeyword::ALL.iter().filter(|k| offered(k.extension())).map(|k| k.max_len()).sum()
            }
            _ => 0,
        };
        MAX_COMMAND + added
    }

    /// Encodes a command that may be sent now, and registers it.
    fn write(&mut self, id: CommandId, command: &Command) -> Result<(), Misuse> {
        if !command.verb().is_allowed_in(self.written) {
            // what it stood behind was not sent
            return Err(Misuse::State { wanted: command.verb().states() });
        }
        let max_line = self.max_line(command);
        encode(command, max_line, &mut self.output)?;
        self.written = after(self.written, command);
        self.sent(id, command.verb(), command.reply_kind());
        match command {
            Command::Bdat(Bdat { size: left @ 1.., last }) => {
                self.sending = Some(Sending::Chunk { id, left: *left, last: *last });
            }
            Command::Auth(auth) => self.mechanism = Some(auth.mechanism),
            _ => {}
        }
        Ok(())
    }

    fn sent(&mut self, id: CommandId, verb: Verb, kind: ReplyKind) {
        match kind {
            ReplyKind::Auth | ReplyKind::AuthInitial => {
                let responded = kind == ReplyKind::AuthInitial;
                self.exchange = Some(Exchange::new(id, responded));
            }
            ReplyKind::StartTls => self.tls = Tls::Asked,
            _ => {}
        }
        let earliest = self.received();
        self.pending.push_back(Pending {
            id,
            verb,
            kind,
            earliest,
            content: false,
            answered: 0,
            taken: false,
        });
    }

    /// Sends what was held back and may be sent now. What the server no longer offers, or closes before, is told of.
    fn release(&mut self) {
        let mut all = true;
        while self.state == State::Closed || self.may_send_now() {
            let Some((id, command)) = self.held.pop_front() else { break };
            let sent = match self.state {
                State::Closed => Err(Misuse::State { wanted: "an open session" }),
                _ => self.check_offered(&command).and_then(|()| self.write(id, &command)),
            };
            if let Err(misuse) = sent {
                self.not_sent(id, &command, misuse);
                all = false;
            }
        }
        if !all || self.held.is_empty() {
            self.look_ahead();
        }
    }
}

/// Where a command leads if it succeeds.
fn after(state: State, command: &Command) -> State {
    match command {
        Command::Helo(_) | Command::Ehlo(_) | Command::Lhlo(_) => State::Ready,
        Command::Mail(_) => State::Mail,
        Command::Rcpt(_) => State::Rcpt,
        Command::Data => State::Data,
        Command::Bdat(Bdat { last: true, .. }) => State::Ready,
        Command::Burl(burl) if burl.last => State::Ready,
        Command::Bdat(_) | Command::Burl(_) => State::Chunks,
        Command::Rset if state.in_transaction() => State::Ready,
        Command::Xclient(_) => State::Hello,
        Command::Quit => State::Closed,
        _ => state,
    }
}

/// Looks at the next piece of a text. The error is the first bare CR or LF in it; a CR at the end of the piece before it counts as one at
/// its start.
fn checked(endings: &BareEndings, piece: &[u8], last: bool) -> Result<BareEndings, BodyError> {
    let mut next = endings.clone();
    let before = next.offset();
    let mut first = None;
    next.scan(piece, |finding| first = first.or(Some(finding)));
    if first.is_none() && last {
        first = next.clone().finish();
    }
    match first {
        None => Ok(next),
        Some(finding) => {
            let offset = usize::try_from(finding.offset.saturating_sub(before)).unwrap_or(usize::MAX);
            Err(BodyError::LineEnding { what: finding.kind.name(), offset })
        }
    }
}

/// Encodes a command, if its line is within `limit` octets. On an error nothing was written.
fn encode(command: &Command, limit: usize, output: &mut Output) -> Result<(), Misuse> {
    let (before, start) = (output.checkpoint(), output.len());
    command.encode(output);
    if output.len() - start > limit {
        output.roll_back(before);
        return Err(Misuse::TooLong { limit });
    }
    Ok(())
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
            && self.state != State::Turned
            && !self.exchange.as_ref().is_some_and(Exchange::is_challenged)
            && self.input.len() < self.max_reply().saturating_add(self.max_reply_line())
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    /// RFC 5321 section 4.5.3.2: 5 minutes for the greeting and most replies, 2 for the reply to DATA, 3 while the content is sent,
    /// 10 for the reply to it.
    fn timeout(&self) -> Option<Duration> {
        if self.events.failure().is_some() {
            return None;
        }
        if self.state == State::Greeting {
            return Some(timeout::COMMAND);
        }
        if self.sending.is_some() {
            return Some(timeout::DATA_BLOCK);
        }
        self.pending.front().map(|front| match front.kind {
            ReplyKind::Data if front.content => timeout::DATA_TERMINATION,
            ReplyKind::Data => timeout::DATA_INITIATION,
            ReplyKind::LastChunk => timeout::DATA_TERMINATION,
            _ => timeout::COMMAND,
        })
    }
}
