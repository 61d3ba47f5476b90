//! Receives messages and stores them as they came: what the program `smtp-sink` does.

use crate::login::{self, Account, Protection};
use crate::{Connection, tls};
use auth::{Policy, ServerExchange};
use rustls::ServerConfig;
use serde::Serialize;
use smtp_proto::server::{Config, Event, Server, malformed_reply};
use smtp_proto::{
    Capability, ClientName, Command, Ehlo, EnhancedCode, Mail, Protocol, Rcpt, Reply, ReplyCode,
};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wire::dot::LineEndings;
use wire::{CommandId, Fatal, Misuse, Pause, Secret, Step, Tolerance};

/// What to offer, and what to do with the messages.
#[derive(Debug)]
pub struct Options {
    /// LMTP instead of SMTP.
    pub lmtp: bool,
    /// Certificate and key, to offer STARTTLS.
    pub tls: Option<Arc<ServerConfig>>,
    /// Who may log in. Then nobody may send who has not.
    pub login: Option<Account>,
    /// Whether passwords are taken without TLS.
    pub allow_cleartext: bool,
    /// Where the messages go; else they are forgotten.
    pub store: Option<PathBuf>,
    /// Local parts that are no recipients.
    pub refuse: Vec<String>,
    /// What to do with bare CR and LF in messages.
    pub line_endings: LineEndings,
    /// The longest message, in octets.
    pub max_size: Option<u64>,
    /// Whether to offer XCLIENT.
    pub xclient: bool,
}

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection broke, or the client does not speak SMTP.
    #[error(transparent)]
    Connection(#[from] crate::Error<Fatal>),
    /// The operating system says so.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The handshake failed.
    #[error("TLS: {0}")]
    Handshake(io::Error),
    /// A mechanism cannot be had.
    #[error(transparent)]
    Login(#[from] login::Error),
    /// The machine did not take a reply.
    #[error(transparent)]
    Misuse(#[from] Misuse),
}

/// A server that takes everything for everybody.
#[derive(Debug)]
pub struct Service {
    options: Options,
    /// Messages that were stored.
    stored: AtomicU64,
    /// Messages that were begun.
    begun: AtomicU64,
}

impl Service {
    /// Makes the folder for the messages, if there is to be one. Numbers go on behind what is in it.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn new(options: Options) -> io::Result<Self> {
        let mut stored = 0;
        if let Some(folder) = &options.store {
            fs::create_dir_all(folder)?;
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                let number = path.file_stem().and_then(|name| name.to_str()?.parse().ok());
                stored = stored.max(number.unwrap_or(0));
            }
        }
        Ok(Self { options, stored: AtomicU64::new(stored), begun: AtomicU64::new(0) })
    }

    /// Serves each connection in a thread of its own, for ever. `implicit_tls`: TLS from the first octet. `report`
    /// hears how each session ended, and why there was none.
    pub fn listen(
        self: &Arc<Self>,
        listener: &TcpListener,
        implicit_tls: bool,
        report: fn(&Result<(), Error>),
    ) {
        let service = Arc::clone(self);
        crate::serve_each(listener, report, move |socket| service.serve(socket, implicit_tls));
    }

    /// One session, to its end.
    ///
    /// # Errors
    /// It ended early. What was accepted is stored.
    pub fn serve(&self, socket: TcpStream, implicit_tls: bool) -> Result<(), Error> {
        socket.set_nodelay(true)?;
        let mut stream = tls::Stream::new(socket);
        if let (true, Some(tls)) = (implicit_tls, &self.options.tls) {
            stream.accept_tls(Arc::clone(tls)).map_err(Error::Handshake)?;
        }
        let mut config = Config::new(self.ehlo()?);
        config.protocol = if self.options.lmtp { Protocol::Lmtp } else { Protocol::Smtp };
        config.tls = stream.is_tls();
        config.allow_cleartext = self.options.allow_cleartext;
        config.line_endings = self.options.line_endings;
        // Postfix, for one, cannot send to addresses in UTF-8 otherwise (`rule::NOT_ASCII`)
        config.tolerance = Tolerance::Default;
        let server = Server::new(config, &self.greeting()?);
        let connection = Connection::new(server, stream);
        Session { service: self, connection, hello: None, user: None, exchange: None, message: None }.run()
    }

    fn greeting(&self) -> Result<Reply, Misuse> {
        let protocol = if self.options.lmtp { "LMTP" } else { "ESMTP" };
        Reply::new(ReplyCode::READY, None, format!("localhost {protocol} smtp-sink"))
    }

    fn ehlo(&self) -> Result<Ehlo, Misuse> {
        let mut offered = vec![
            Capability::Pipelining,
            Capability::Size(self.options.max_size),
            Capability::EightBitMime,
            Capability::SmtpUtf8,
            Capability::Dsn,
            Capability::Chunking,
            Capability::BinaryMime,
            Capability::EnhancedStatusCodes,
        ];
        if self.options.tls.is_some() {
            offered.push(Capability::StartTls);
        }
        if let Some(account) = &self.options.login {
            offered.push(Capability::auth(account.mechanisms()));
        }
        if self.options.xclient {
            offered.push(Capability::parse("XCLIENT NAME ADDR PORT PROTO HELO LOGIN")?);
        }
        Ehlo::new("localhost", "", offered)
    }

    fn draft(&self, folder: &Path) -> io::Result<Draft> {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".{}-{number}.part", std::process::id()));
        Ok(Draft { file: BufWriter::new(File::create(&path)?), path, written: Ok(()) })
    }

    /// Gives a complete message its name, and says its number.
    fn keep(&self, folder: &Path, mut draft: Draft, envelope: &Envelope) -> io::Result<u64> {
        std::mem::replace(&mut draft.written, Ok(()))?;
        draft.file.flush()?;
        let number = self.stored.fetch_add(1, Ordering::Relaxed) + 1;
        let name = folder.join(format!("{number:06}"));
        fs::write(name.with_extension("json"), serde_json::to_vec(envelope)?)?;
        fs::rename(&draft.path, name.with_extension("eml"))?;
        Ok(number)
    }

    fn refuses(&self, rcpt: &Rcpt) -> bool {
        let Some(mailbox) = rcpt.forward_path().mailbox() else { return false };
        let local = mailbox.local_part_decoded();
        self.options.refuse.iter().any(|refused| refused.as_bytes() == &*local)
    }
}

/// A message that is being received. Dropped before it was [stored](Self::store), it is forgotten.
struct Message {
    mail: Mail,
    recipients: Vec<Rcpt>,
    draft: Option<Draft>,
}

struct Draft {
    file: BufWriter<File>,
    path: PathBuf,
    /// What went wrong is said at the end of the content.
    written: io::Result<()>,
}

impl Draft {
    fn add(&mut self, data: &[u8]) {
        if self.written.is_ok() {
            self.written = self.file.write_all(data);
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // not there any more if it was renamed
        let _ = fs::remove_file(&self.path);
    }
}

/// What is stored beside a message.
#[derive(Serialize)]
struct Envelope {
    sender: String,
    mail: String,
    recipients: Vec<String>,
    hello: Option<String>,
    tls: bool,
    user: Option<String>,
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// One connection.
struct Session<'s> {
    service: &'s Service,
    connection: Connection<Server, tls::Stream>,
    /// What the client calls itself.
    hello: Option<ClientName>,
    /// Who has logged in.
    user: Option<String>,
    /// AUTH waits for a response.
    exchange: Option<ServerExchange>,
    /// From MAIL on.
    message: Option<Message>,
}

impl Session<'_> {
    fn run(mut self) -> Result<(), Error> {
        loop {
            match self.connection.next_event() {
                Ok(Step::Event(event)) => self.handle(event)?,
                Ok(Step::Paused(Pause::StartTls)) => self.start_tls()?,
                // commands are answered at once, so there is no other pause
                Ok(_) => return Ok(()),
                Err(crate::Error::Protocol(failure)) => {
                    if self.connection.machine.say_last().is_ok() {
                        self.connection.flush()?;
                    }
                    return Err(crate::Error::Protocol(failure).into());
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn start_tls(&mut self) -> Result<(), Error> {
        if let Some(config) = &self.service.options.tls {
            self.connection.stream.accept_tls(Arc::clone(config)).map_err(Error::Handshake)?;
        }
        // RFC 3207 section 4.2: what the client has said before is forgotten
        (self.hello, self.user, self.message) = (None, None, None);
        Ok(self.connection.machine.tls_established()?)
    }

    fn handle(&mut self, event: Event) -> Result<(), Error> {
        match event {
            Event::Command { id, command } => self.command(id, command),
            Event::Refused { id, refusal, .. } => self.reply(id, &refusal.reply()),
            Event::Malformed { id, malformed } => {
                self.exchange = None;
                self.reply(id, &malformed_reply(&malformed))
            }
            Event::BodyChunk { data, .. } => {
                if let Some(draft) = self.message.as_mut().and_then(|message| message.draft.as_mut()) {
                    draft.add(&data);
                }
                Ok(())
            }
            Event::BodyEnd { id, last, octets, fault } => {
                let reply = match fault {
                    Some(fault) => {
                        self.message = None;
                        fault.reply()
                    }
                    None if last => self.store()?,
                    None => ok((0, 0), &format!("{octets} octets received"))?,
                };
                // in LMTP one for each recipient
                for _ in 0..self.connection.machine.replies_due() {
                    self.reply(id, &reply)?;
                }
                Ok(())
            }
            Event::AuthResponse { id, data } => match self.exchange.take() {
                Some(mut exchange) => {
                    let step = exchange.respond(data.expose());
                    self.authenticate(id, exchange, step)
                }
                None => self.say(id, 503, (5, 5, 1), "No exchange"),
            },
            Event::AuthCancelled { id } => {
                self.exchange = None;
                self.say(id, 501, (5, 7, 0), "Cancelled")
            }
            _ => Ok(()),
        }
    }

    fn command(&mut self, id: CommandId, command: Command) -> Result<(), Error> {
        match command {
            Command::Helo(name) => {
                self.greet(name);
                self.reply(id, &Reply::new(ReplyCode::OK, None, "localhost")?)
            }
            Command::Ehlo(name) | Command::Lhlo(name) => {
                self.greet(name);
                let offered = self.offered()?;
                self.reply(id, offered.reply())
            }
            Command::Mail(_) if self.service.options.login.is_some() && self.user.is_none() => {
                self.say(id, 530, (5, 7, 0), "Authentication required")
            }
            Command::Mail(mail) => {
                let mail = mail.detach();
                self.message = Some(Message { mail, recipients: Vec::new(), draft: None });
                self.reply(id, &ok((1, 0), "Sender ok")?)
            }
            Command::Rcpt(rcpt) if self.service.refuses(&rcpt) => {
                self.say(id, 550, (5, 1, 1), "No such user here")
            }
            Command::Rcpt(rcpt) => {
                if let Some(message) = &mut self.message {
                    message.recipients.push(rcpt.detach());
                }
                self.reply(id, &ok((1, 5), "Recipient ok")?)
            }
            Command::Data | Command::Bdat(_) => match self.draft() {
                Ok(()) => Ok(self.connection.machine.accept_body(id)?),
                Err(error) => self.reply(id, &no_room(&error)?),
            },
            Command::Rset => {
                self.message = None;
                self.reply(id, &ok((0, 0), "Forgotten")?)
            }
            Command::Noop(_) => self.reply(id, &ok((0, 0), "Ok")?),
            Command::Vrfy(_) => self.say(id, 252, (2, 5, 0), "Send some mail, I will do my best"),
            Command::Help(_) => self.say(id, 214, (2, 0, 0), "See RFC 5321"),
            Command::Quit => self.say(id, 221, (2, 0, 0), "Bye"),
            Command::StartTls => match self.say(id, 220, (2, 0, 0), "Begin TLS") {
                // the next event is the error to close the connection with
                Err(Error::Misuse(Misuse::PlaintextPending)) => Ok(()),
                agreed => agreed,
            },
            Command::Auth(auth) => {
                let mechanism = match &self.service.options.login {
                    Some(account) => account.server(auth.mechanism, "smtp", self.protection())?,
                    None => None,
                };
                // the machine has refused already what TLS must protect
                let policy = Policy::with_tls().allow_weak();
                match mechanism.map(|mechanism| ServerExchange::new(mechanism, policy)) {
                    Some(Ok(mut exchange)) => {
                        let step = exchange.start(auth.initial_response.as_ref().map(Secret::expose));
                        self.authenticate(id, exchange, step)
                    }
                    _ => self.say(id, 504, (5, 5, 4), "Authentication mechanism not offered"),
                }
            }
            Command::Xclient(_) => {
                (self.hello, self.user, self.message) = (None, None, None);
                self.reply(id, &self.service.greeting()?)
            }
            Command::Other(_) => self.say(id, 500, (5, 5, 1), "Command unrecognized"),
            _ => self.say(id, 502, (5, 5, 1), "Command not implemented"),
        }
    }

    fn greet(&mut self, name: ClientName) {
        self.hello = Some(name.detach());
        self.message = None;
    }

    /// The content that comes belongs to a file.
    fn draft(&mut self) -> io::Result<()> {
        if let (Some(message), Some(folder)) = (&mut self.message, &self.service.options.store) {
            if message.draft.is_none() {
                message.draft = Some(self.service.draft(folder)?);
            }
        }
        Ok(())
    }

    /// Only a message that is stored is accepted.
    fn store(&mut self) -> Result<Reply, Error> {
        let Some(Message { mail, recipients, draft }) = self.message.take() else {
            return Ok(Reply::new(ReplyCode::LOCAL_ERROR, EnhancedCode::new(4, 3, 0), "No transaction")?);
        };
        let (Some(draft), Some(folder)) = (draft, &self.service.options.store) else {
            return Ok(ok((0, 0), "Received")?);
        };
        let envelope = Envelope {
            sender: mail.reverse_path().mailbox().map(|it| text(it.as_bytes())).unwrap_or_default(),
            mail: text(mail.as_bytes()),
            recipients: recipients.iter().map(|rcpt| text(rcpt.as_bytes())).collect(),
            hello: self.hello.as_ref().map(|name| text(name.as_bytes())),
            tls: self.connection.machine.is_tls(),
            user: self.user.clone(),
        };
        match self.service.keep(folder, draft, &envelope) {
            Ok(number) => Ok(ok((0, 0), &format!("Stored as {number:06}"))?),
            Err(error) => Ok(no_room(&error)?),
        }
    }

    // ---- logging in: messages of `auth` go in and out as octets

    fn protection(&self) -> Protection {
        self.connection.stream.protection()
    }

    /// What the machine offers now, but for mechanisms that this connection cannot have.
    fn offered(&self) -> Result<Ehlo, Misuse> {
        let protection = self.protection();
        let offered = self.connection.machine.ehlo();
        let possible = |capability| match capability {
            Capability::Auth(mechanisms) => {
                Capability::auth(mechanisms.iter().filter(|it| Account::is_possible(*it, protection)))
            }
            other => other,
        };
        Ehlo::new("localhost", "", offered.iter().map(possible))
    }

    fn authenticate(
        &mut self,
        id: CommandId,
        mut exchange: ServerExchange,
        mut step: Result<auth::Step, auth::Error>,
    ) -> Result<(), Error> {
        while let Ok(auth::Step::NeedCredentials(request)) = step {
            step = match &self.service.options.login {
                Some(account) => exchange.answer(account.look_up(&request, self.protection())),
                None => exchange.answer(auth::Answer::no_such_user()),
            };
        }
        match step {
            Ok(auth::Step::Done(authenticated)) => {
                self.user = Some(authenticated.user().to_owned());
                self.say(id, 235, (2, 7, 0), "Welcome")
            }
            Ok(auth::Step::Challenge(challenge)) => {
                self.exchange = Some(exchange);
                Ok(self.connection.machine.challenge(id, &challenge)?)
            }
            _ => self.rejected(id),
        }
    }

    fn rejected(&mut self, id: CommandId) -> Result<(), Error> {
        self.say(id, 535, (5, 7, 8), "Wrong user or password")
    }

    // ---- replies

    fn reply(&mut self, id: CommandId, reply: &Reply) -> Result<(), Error> {
        Ok(self.connection.machine.reply(id, reply)?)
    }

    fn say(&mut self, id: CommandId, code: u16, enhanced: (u8, u16, u16), text: &str) -> Result<(), Error> {
        let code = ReplyCode::new(code).unwrap_or(ReplyCode::TRANSACTION_FAILED);
        let enhanced = EnhancedCode::new(enhanced.0, enhanced.1, enhanced.2);
        self.reply(id, &Reply::new(code, enhanced, text)?)
    }
}

fn ok(detail: (u16, u16), text: &str) -> Result<Reply, Misuse> {
    Reply::new(ReplyCode::OK, EnhancedCode::new(2, detail.0, detail.1), text)
}

fn no_room(error: &io::Error) -> Result<Reply, Misuse> {
    let text = format!("Cannot store it: {}", error.kind());
    Reply::new(ReplyCode::INSUFFICIENT_STORAGE, EnhancedCode::new(4, 3, 1), text)
}
