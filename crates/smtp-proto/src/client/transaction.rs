//! A message to its recipients: the right commands for what the server offers, and a result for each recipient.

use super::{Client, Event};
use crate::{
    Bdat, Body, Command, ForwardPath, Keyword, Mail, MailKeyword, MailParameter, Protocol, Rcpt, RcptKeyword,
    RcptParameter, Reply, ReplyCode, ReversePath,
};
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use wire::dot::{BareEndings, LineEndings};
use wire::{BodyError, CommandId, Misuse};

/// How much of the content is handed to the client at a time, in octets.
const PIECE: usize = 64 * 1024;

/// Who sends a message to whom (RFC 5321 section 3.3).
///
/// Parameters of extensions that only ask for a service, such as those of DSN, are left out if the server does not offer them;
/// parameters that protect the message (REQUIRETLS, MT-PRIORITY, HOLDFOR, ...) are not: without the extension nothing is sent. SIZE, BODY
/// and SMTPUTF8 are added as the content and the addresses need them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Envelope {
    /// The sender and the parameters of MAIL.
    pub mail: Mail,
    /// The recipients, each with the parameters of its RCPT.
    pub recipients: Vec<Rcpt>,
    /// Whether the header of the message holds UTF-8 (RFC 6532), so that SMTPUTF8 is needed though the addresses may be ASCII.
    pub utf8_header: bool,
    /// Whether the content goes out with BDAT if the server offers CHUNKING. What is binary goes out so in any case.
    pub chunking: bool,
}

impl Envelope {
    /// Without parameters.
    ///
    /// # Errors
    /// [`Misuse::Empty`]: no recipient.
    pub fn new(
        sender: &ReversePath,
        recipients: impl IntoIterator<Item = ForwardPath>,
    ) -> Result<Self, Misuse> {
        let mail = Mail::new(sender, [])?;
        let recipients: Vec<_> =
            recipients.into_iter().map(|path| Rcpt::new(&path, [])).collect::<Result<_, _>>()?;
        if recipients.is_empty() {
            return Err(Misuse::Empty);
        }
        Ok(Self { mail, recipients, utf8_header: false, chunking: false })
    }
}

/// What became of the message for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server has accepted the message for it (RFC 5321 section 4.2.5: it is responsible now).
    Accepted(Reply),
    /// The server has refused the sender, the recipient or the content.
    Refused(Reply),
    /// It was not asked for, because the server does not take it: an address beyond ASCII without SMTPUTF8, or one over its LIMITS.
    NotSent(Misuse),
    /// The connection ended before the server has told. Only if the content was sent whole may it have the message: then sending it
    /// again could double it (RFC 5321 section 4.5.3.2.6).
    Unknown {
        /// Whether all of the content had been handed to the client.
        content_sent: bool,
    },
}

impl Outcome {
    /// Whether the message was accepted for this recipient.
    #[must_use]
    pub const fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted(_))
    }

    /// What the server said.
    #[must_use]
    pub const fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Accepted(reply) | Self::Refused(reply) => Some(reply),
            Self::NotSent(_) | Self::Unknown { .. } => None,
        }
    }
}

/// What [`Transaction::push`] made of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It was taken; more is to come.
    Pending,
    /// The transaction is over: the outcome for each recipient, in their order.
    Done(Vec<Outcome>),
    /// It does not belong to this transaction.
    Foreign(Event),
}

/// Sends one message to its recipients over a [`Client`] (RFC 5321 section 3.3): MAIL, RCPT, and DATA or BDAT, in one group if the
/// server offers PIPELINING, else one by one.
///
/// ```
/// use smtp_proto::client::{Client, Config, Envelope, Event, Progress, Transaction};
/// use smtp_proto::{ClientName, Command, ForwardPath, ReversePath};
/// use wire::{Machine, Step};
///
/// let mut client = Client::new(Config::default());
/// client.receive(b"220 ready\r\n250-mx.example\r\n250 PIPELINING\r\n");
/// let _greeting = client.next_event();
/// client.expect(smtp_proto::ReplyKind::Hello)?;
/// let _ehlo = client.next_event();
///
/// let recipients = [ForwardPath::parse("<jones@xyz.example>")?, ForwardPath::parse("<green@xyz.example>")?];
/// let envelope = Envelope::new(&ReversePath::parse("<smith@bar.example>")?, recipients)?;
/// let mut transaction = Transaction::new(&client, envelope, "Subject: hi\r\n\r\nhello\r\n".into())?;
/// transaction.advance(&mut client)?;
/// assert!(client.output().take_all().ends_with(b"RCPT TO:<green@xyz.example>\r\nDATA\r\n"));
/// client.receive(b"250 ok\r\n250 ok\r\n550 no such user\r\n354 go on\r\n");
/// let outcomes = loop {
///     let Ok(step) = client.next_event() else { panic!() };
///     match step {
///         Step::Event(event) => match transaction.push(event) {
///             Progress::Done(outcomes) => break outcomes,
///             _ => transaction.advance(&mut client)?,
///         },
///         _ => client.receive(b"250 queued\r\n"), // here the output is written, and something read
///     }
/// };
/// assert!(outcomes[0].is_accepted() && !outcomes[1].is_accepted());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Transaction {
    recipients: Vec<Recipient>,
    /// The RCPT commands that were sent, in order, and of which recipient each is.
    sent: Vec<(CommandId, usize)>,
    mail: Mail,
    content: Bytes,
    /// Octets of the content that the client took.
    written: usize,
    chunking: bool,
    phase: Phase,
    mail_id: Option<CommandId>,
    /// DATA or BDAT.
    content_id: Option<CommandId>,
    reset_id: Option<CommandId>,
    /// Whether the server has taken MAIL, and whether it has asked for the content of DATA.
    accepted: bool,
    asked: bool,
    /// Whether the client has all of the content, and its end.
    complete: bool,
    /// Replies to MAIL and RCPT that are to come.
    unanswered: usize,
    lmtp: bool,
}

struct Recipient {
    rcpt: Rcpt,
    outcome: Option<Outcome>,
}

/// What is sent next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Mail,
    /// The RCPT of this number.
    Rcpt(usize),
    /// DATA or BDAT.
    Content,
    /// Pieces of the content.
    Pieces,
    /// The replies.
    Replies,
    /// RSET, because nobody wants the message.
    Reset,
    Done,
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("mail", &self.mail)
            .field("recipients", &self.recipients.len())
            .field("content", &self.content.len())
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

impl Transaction {
    /// Chooses how to send the message to the server that `client` is connected to, which has answered EHLO or LHLO. Nothing is sent
    /// yet.
    ///
    /// # Errors
    /// [`BodyError::Misuse`] with
    /// * [`Misuse::NotAdvertised`]: what the content, the sender or a parameter needs and the server does not offer: 8BITMIME, BINARYMIME,
    ///   SMTPUTF8, the extension of the parameter;
    /// * [`Misuse::TooLong`]: the content is larger than the server's SIZE;
    /// * [`Misuse::TooMany`]: one transaction more than MAILMAX (RFC 9422);
    /// * [`Misuse::Empty`]: no recipient.
    ///
    /// [`BodyError::LineEnding`]: bare CR or LF in the content, which neither the policy of the client nor BINARYMIME allows.
    pub fn new(client: &Client, envelope: Envelope, content: Bytes) -> Result<Self, BodyError> {
        if envelope.recipients.is_empty() {
            return Err(Misuse::Empty.into());
        }
        let content = match client.config.line_endings {
            // the size of a chunk is announced before it is sent
            LineEndings::Normalise if envelope.chunking && envelope.mail.body() != Some(Body::BinaryMime) => {
                normalised(content)
            }
            _ => content,
        };
        let body = body_of(client, &envelope, &content)?;
        let mail = complete(client, &envelope, body, content.len() as u64)?;
        client.check_mail(&mail)?;
        let chunking = body == Body::BinaryMime || (envelope.chunking && client.offers(Keyword::Chunking));
        let recipients = envelope.recipients.iter().map(|rcpt| {
            let rcpt = without_unoffered(client, rcpt)?;
            Ok(Recipient { rcpt, outcome: None })
        });
        Ok(Self {
            recipients: recipients.collect::<Result<_, Misuse>>()?,
            sent: Vec::new(),
            mail,
            content,
            written: 0,
            chunking,
            phase: Phase::Mail,
            mail_id: None,
            content_id: None,
            reset_id: None,
            accepted: false,
            asked: false,
            complete: false,
            unanswered: 0,
            lmtp: client.protocol() == Protocol::Lmtp,
        })
    }

    /// Sends whatever may be sent now. Call it first, after each event, and after output was written while it [is
    /// sending](Self::is_sending).
    ///
    /// # Errors
    /// What the client says to a command; the transaction can be dropped, and the session reset with RSET.
    pub fn advance(&mut self, client: &mut Client) -> Result<(), BodyError> {
        loop {
            let sent = match self.phase {
                Phase::Mail => client.send(&Command::Mail(self.mail.clone())).map(|id| {
                    self.mail_id = Some(id);
                    self.unanswered += 1;
                    self.phase = Phase::Rcpt(0);
                }),
                Phase::Rcpt(n) => self.send_rcpt(client, n),
                Phase::Content if !self.may_be_wanted() => {
                    self.phase = Phase::Reset;
                    Ok(())
                }
                // RFC 3030 section 2: "After all MAIL and RCPT responses are collected and processed"
                Phase::Content if self.chunking && self.unanswered > 0 => return Ok(()),
                Phase::Content => self.send_content(client),
                Phase::Pieces => return self.send_pieces(client),
                Phase::Reset => client.send(&Command::Rset).map(|id| {
                    self.reset_id = Some(id);
                    self.phase = Phase::Replies;
                }),
                Phase::Replies | Phase::Done => return Ok(()),
            };
            match sent {
                Ok(()) => {}
                // when the next reply came
                Err(Misuse::Pipeline | Misuse::PipelineFull) => return Ok(()),
                Err(misuse) => return Err(misuse.into()),
            }
        }
    }

    /// Whether there is content that the client did not take because its output is full: write the output, then call
    /// [`advance`](Self::advance) again before reading.
    #[must_use]
    pub fn is_sending(&self) -> bool {
        self.phase == Phase::Pieces
    }

    fn send_rcpt(&mut self, client: &mut Client, n: usize) -> Result<(), Misuse> {
        let Some(recipient) = self.recipients.get_mut(n) else {
            self.phase = Phase::Content;
            return Ok(());
        };
        match client.send(&Command::Rcpt(recipient.rcpt.clone())) {
            Ok(id) => {
                self.sent.push((id, n));
                self.unanswered += 1;
            }
            Err(
                misuse @ (Misuse::NotAdvertised(_)
                | Misuse::Invalid(_)
                | Misuse::TooMany { .. }
                | Misuse::TooLong { .. }),
            ) => {
                recipient.outcome = Some(Outcome::NotSent(misuse));
            }
            Err(misuse) => return Err(misuse),
        }
        self.phase = Phase::Rcpt(n + 1);
        Ok(())
    }

    /// Whether some recipient was accepted, or may still be.
    fn may_be_wanted(&self) -> bool {
        self.recipients.iter().any(|recipient| recipient.outcome.is_none())
    }

    fn send_content(&mut self, client: &mut Client) -> Result<(), Misuse> {
        let id = if self.chunking {
            client.send(&Command::Bdat(Bdat { size: self.content.len() as u64, last: true }))?
        } else {
            client.send(&Command::Data)?
        };
        self.content_id = Some(id);
        // behind DATA the server speaks first
        self.phase = if self.chunking { Phase::Pieces } else { Phase::Replies };
        Ok(())
    }

    fn send_pieces(&mut self, client: &mut Client) -> Result<(), BodyError> {
        let Some(id) = self.content_id else { return Ok(()) };
        while self.written < self.content.len() {
            let end = self.content.len().min(self.written + PIECE);
            match client.body(id, &self.content.slice(self.written..end)) {
                Ok(()) => self.written = end,
                Err(BodyError::Full) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        if !self.chunking {
            client.end_body(id)?;
        }
        self.complete = true;
        self.phase = Phase::Replies;
        Ok(())
    }

    /// Takes the next event of the client.
    pub fn push(&mut self, event: Event) -> Progress {
        match event {
            Event::Reply { id, reply } => self.replied(id, reply),
            Event::SendBody { id, .. } if self.content_id == Some(id) => {
                self.asked = true;
                self.phase = Phase::Pieces;
                if !self.may_be_wanted() {
                    // a server that asks though it wants none of it gets none of it
                    self.written = self.content.len();
                }
                Progress::Pending
            }
            Event::NotSent { id, misuse } if self.owns(id) => self.not_sent(id, misuse),
            Event::Unsolicited(reply) if reply.code() == ReplyCode::SERVICE_NOT_AVAILABLE => {
                // it closes; what it will not answer is unknown
                self.finish()
            }
            Event::RecipientReply { id, recipient, reply, last } if self.content_id == Some(id) => {
                if let Some(recipient) = self.recipient(recipient) {
                    recipient.outcome = Some(outcome(reply));
                }
                if last { self.ended() } else { Progress::Pending }
            }
            other => Progress::Foreign(other),
        }
    }

    fn replied(&mut self, id: CommandId, reply: Reply) -> Progress {
        if self.reset_id == Some(id) {
            return self.finish();
        }
        let closing = reply.code() == ReplyCode::SERVICE_NOT_AVAILABLE;
        if self.content_id == Some(id) {
            // of the recipients that were accepted; the others know already
            for recipient in self.recipients.iter_mut().filter(|r| r.outcome.is_none()) {
                recipient.outcome = Some(outcome(reply.clone()));
            }
            // a refusal in the midst of the content ends the session, too
            return if closing || self.phase == Phase::Pieces { self.finish() } else { self.ended() };
        }
        if self.mail_id == Some(id) {
            self.unanswered -= 1;
            if !accepts_mail(&reply) {
                for recipient in self.recipients.iter_mut().filter(|r| r.outcome.is_none()) {
                    recipient.outcome = Some(Outcome::Refused(reply.clone()));
                }
                return if closing { self.finish() } else { self.refused() };
            }
            self.accepted = true;
            return Progress::Pending;
        }
        match self.recipient(id) {
            None => return Progress::Foreign(Event::Reply { id, reply }),
            Some(recipient) if !reply.is_positive() && recipient.outcome.is_none() => {
                recipient.outcome = Some(Outcome::Refused(reply));
            }
            Some(_) => {}
        }
        self.unanswered -= 1;
        if closing { self.finish() } else { Progress::Pending }
    }

    /// Whether a command is of this transaction.
    fn owns(&self, id: CommandId) -> bool {
        let one = [self.mail_id, self.content_id, self.reset_id].contains(&Some(id));
        one || self.sent.binary_search_by_key(&id, |&(id, _)| id).is_ok()
    }

    /// A command that the client held back will not be sent.
    fn not_sent(&mut self, id: CommandId, misuse: Misuse) -> Progress {
        if let Some(recipient) = self.recipient(id) {
            recipient.outcome.get_or_insert(Outcome::NotSent(misuse));
            self.unanswered -= 1;
            return Progress::Pending;
        }
        for recipient in self.recipients.iter_mut().filter(|r| r.outcome.is_none()) {
            recipient.outcome = Some(Outcome::NotSent(misuse.clone()));
        }
        self.finish()
    }

    fn recipient(&mut self, rcpt: CommandId) -> Option<&mut Recipient> {
        let place = self.sent.binary_search_by_key(&rcpt, |&(id, _)| id).ok()?;
        self.recipients.get_mut(self.sent[place].1)
    }

    /// MAIL was refused: what was not sent need not be.
    fn refused(&mut self) -> Progress {
        match self.phase {
            // nothing else was sent, so nothing else is answered
            Phase::Rcpt(0) => self.finish(),
            Phase::Rcpt(_) | Phase::Content => {
                self.phase = Phase::Reset;
                Progress::Pending
            }
            _ => Progress::Pending,
        }
    }

    /// The content is answered. The end of data ends the transaction, whatever the reply (RFC 5321 section 4.1.1.4); DATA that was
    /// refused does not, and after a refused BDAT nobody can tell (RFC 3030 section 2): RSET does.
    fn ended(&mut self) -> Progress {
        let taken = self.recipients.iter().any(|r| r.outcome.as_ref().is_some_and(Outcome::is_accepted));
        if taken || self.asked || !self.accepted {
            return self.finish();
        }
        self.phase = Phase::Reset;
        Progress::Pending
    }

    fn finish(&mut self) -> Progress {
        self.phase = Phase::Done;
        Progress::Done(self.outcomes())
    }

    fn outcomes(&mut self) -> Vec<Outcome> {
        let content_sent = self.complete;
        let unknown = || Outcome::Unknown { content_sent };
        self.recipients.iter_mut().map(|r| r.outcome.take().unwrap_or_else(unknown)).collect()
    }

    /// Gives the transaction up, because the connection has ended: what is known of each recipient, in their order.
    #[must_use]
    pub fn abandon(mut self) -> Vec<Outcome> {
        self.outcomes()
    }

    /// Whether each accepted recipient gets a reply of its own (RFC 2033 section 4.2).
    #[must_use]
    pub const fn is_lmtp(&self) -> bool {
        self.lmtp
    }
}

fn outcome(reply: Reply) -> Outcome {
    if reply.is_positive() { Outcome::Accepted(reply) } else { Outcome::Refused(reply) }
}

fn accepts_mail(reply: &Reply) -> bool {
    reply.is_positive() || reply.code() == ReplyCode::CHECKPOINT
}

/// What has to be announced of the content (RFC 6152, RFC 3030), if the server bears it.
fn body_of(client: &Client, envelope: &Envelope, content: &Bytes) -> Result<Body, BodyError> {
    let declared = envelope.mail.body();
    if declared == Some(Body::BinaryMime) {
        let missing =
            [Keyword::BinaryMime, Keyword::Chunking].into_iter().find(|&keyword| !client.offers(keyword));
        return missing
            .map_or(Ok(Body::BinaryMime), |keyword| Err(Misuse::NotAdvertised(keyword.name()).into()));
    }
    let binary = client.offers(Keyword::BinaryMime) && client.offers(Keyword::Chunking);
    if client.config.line_endings == LineEndings::Strict {
        let mut first = None;
        let mut endings = BareEndings::new();
        endings.scan(content, |finding| first = first.or(Some(finding)));
        if let Some(finding) = first.or_else(|| endings.finish()) {
            if binary {
                return Ok(Body::BinaryMime);
            }
            let offset = usize::try_from(finding.offset).unwrap_or(usize::MAX);
            return Err(BodyError::LineEnding { what: finding.kind.name(), offset });
        }
    }
    if content.is_ascii() || client.config.allow_8bit {
        let declared = declared.filter(|_| client.offers(Keyword::EightBitMime));
        return Ok(declared.unwrap_or(Body::SevenBit));
    }
    if client.offers(Keyword::EightBitMime) {
        Ok(Body::EightBitMime)
    } else {
        Err(Misuse::NotAdvertised(Keyword::EightBitMime.name()).into())
    }
}

/// The content with CR LF for each bare CR and LF.
fn normalised(content: Bytes) -> Bytes {
    let mut bare = Vec::new();
    let mut endings = BareEndings::new();
    endings.scan(&content, |finding| bare.push(finding));
    bare.extend(endings.finish());
    if bare.is_empty() {
        return content;
    }
    let mut text = Vec::with_capacity(content.len() + bare.len());
    let mut done = 0;
    for finding in bare {
        let at = usize::try_from(finding.offset).unwrap_or(usize::MAX).min(content.len());
        text.extend_from_slice(&content[done..at]);
        text.extend_from_slice(b"\r\n");
        done = at + 1;
    }
    text.extend_from_slice(content.get(done..).unwrap_or_default());
    text.into()
}

/// MAIL with SIZE, BODY and SMTPUTF8 as they are needed, and without what the server may ignore and does not offer.
fn complete(client: &Client, envelope: &Envelope, body: Body, size: u64) -> Result<Mail, Misuse> {
    let given = &envelope.mail;
    let utf8 = envelope.utf8_header
        || !given.is_ascii()
        || given.has(MailKeyword::SmtpUtf8)
        || (client.offers(Keyword::SmtpUtf8) && envelope.recipients.iter().any(|rcpt| !rcpt.is_ascii()));
    let offered =
        |keyword: MailKeyword| keyword.extension().is_some_and(|extension| client.offers(extension));
    let kept = given.parameters().filter(|parameter| match parameter.keyword() {
        Some(MailKeyword::Size | MailKeyword::Body | MailKeyword::SmtpUtf8) => false,
        Some(service @ (MailKeyword::Ret | MailKeyword::Envid | MailKeyword::Auth)) => offered(service),
        _ => true,
    });
    let size = client.offers(Keyword::Size).then_some(MailParameter::Size(size));
    let body = (body != Body::SevenBit).then_some(MailParameter::Body(body));
    let utf8 = utf8.then_some(MailParameter::SmtpUtf8);
    Mail::new(&given.reverse_path(), size.into_iter().chain(body).chain(utf8).chain(kept))
}

/// RCPT without the parameters of DSN that the server does not offer.
fn without_unoffered(client: &Client, rcpt: &Rcpt) -> Result<Rcpt, Misuse> {
    let unoffered = |parameter: &RcptParameter<'_>| {
        matches!(parameter.keyword(), Some(RcptKeyword::Notify | RcptKeyword::Orcpt))
            && !client.offers(Keyword::Dsn)
    };
    if !rcpt.parameters().any(|parameter| unoffered(&parameter)) {
        return Ok(rcpt.clone());
    }
    Rcpt::new(&rcpt.forward_path(), rcpt.parameters().filter(|parameter| !unoffered(parameter)))
}
