//! Sends messages over one connection: what the program `smtp-send` does.

use crate::login::{self, Credentials, Exported, Place};
use crate::{AsyncConnection, tls};
use auth::Policy;
use auth::scram::ChannelBinding;
use rustls::pki_types::ServerName;
use smtp_proto::client::{
    Client, Config, Envelope, Event, Outcome, Pipelining, Progress, Transaction, may_fall_back_to_helo,
};
use smtp_proto::{
    Attributes, Auth, Body, ClientName, Command, ForwardPath, Keyword, Mail, MailParameter, Notify, Orcpt,
    Protocol, Rcpt, RcptParameter, Reply, Ret, ReversePath, Xtext,
};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use wire::dot::LineEndings;
use wire::sasl::Mechanism;
use wire::{BodyError, Fatal, Misuse, Pause, Step};

/// How long the connection, or the handshake of TLS, may take to come about.
const CONNECT: Duration = Duration::from_secs(30);

/// Where the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A name or an address, which its certificate must hold, and a port.
    Tcp(String, u16),
    /// A socket in the file system.
    Unix(PathBuf),
}

/// How to protect the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Not at all.
    None,
    /// With STARTTLS (RFC 3207), or not to go on.
    StartTls,
    /// From the first octet (RFC 8314), mostly at port 465.
    Implicit,
}

/// What to do.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Options {
    /// The server.
    pub target: Target,
    /// LMTP instead of SMTP.
    pub lmtp: bool,
    /// How to protect the connection.
    pub tls: Tls,
    /// Authorities that vouch for the server, in PEM, instead of those that the machine trusts.
    pub ca: Option<PathBuf>,
    /// Who we are, for TLS.
    pub identity: Option<tls::Identity>,
    /// Who logs in, and with what.
    pub login: Option<Credentials>,
    /// Whether the password may be sent without TLS.
    pub allow_cleartext: bool,
    /// The sender; empty for none.
    pub from: String,
    /// The recipients.
    pub to: Vec<String>,
    /// The name in EHLO.
    pub hello: String,
    /// Whether the header is in UTF-8. Addresses tell by themselves.
    pub smtputf8: bool,
    /// What to announce of the content; else what it needs.
    pub body: Option<Body>,
    /// Whether to send with BDAT.
    pub chunking: bool,
    /// Whether to ask for reports.
    pub dsn: bool,
    /// Attributes of XCLIENT.
    pub xclient: Option<String>,
    /// What to do with bare CR and LF.
    pub line_endings: LineEndings,
    /// Whether to send commands ahead where the server offers it.
    pub pipelining: bool,
    /// The messages.
    pub files: Vec<PathBuf>,
}

/// Why it could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is there.
    #[error("cannot connect: {0}")]
    Connect(io::Error),
    /// The connection broke, or the server does not speak SMTP.
    #[error(transparent)]
    Connection(#[from] crate::Error<Fatal>),
    /// The server has closed the connection, perhaps with a last word.
    #[error("the server closed the connection{}{}", if .0.is_empty() { "" } else { ": " }, .0)]
    Closed(String),
    /// The server says no.
    #[error("the server refuses {what}: {words}")]
    Refused {
        /// What it refuses.
        what: String,
        /// Its words.
        words: String,
    },
    /// It cannot be done with this server: nothing is sent.
    #[error("the server does not offer {0}")]
    NotOffered(&'static str),
    /// An event that makes no sense.
    #[error("the reply to {0} makes no sense")]
    Nonsense(&'static str),
    /// The exchange of AUTH went wrong.
    #[error("AUTH: {0}")]
    Auth(#[from] auth::Error),
    /// It could not begin.
    #[error("AUTH: {0}")]
    Begin(#[from] login::Error),
    /// An address, a name or an attribute is none, or the machine does not take a command.
    #[error("{what}: {why}")]
    Misuse {
        /// What is wrong.
        what: String,
        /// What is wrong with it.
        why: Misuse,
    },
    /// The machine does not take a message.
    #[error("a message: {0}")]
    Body(#[from] BodyError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] tls::Error),
    /// The handshake failed.
    #[error("TLS: {0}")]
    Handshake(io::Error),
    /// A message cannot be read, or the result not be printed.
    #[error("{what}: {why}")]
    Local {
        /// Which file.
        what: String,
        /// What the operating system says.
        why: io::Error,
    },
}

fn misuse(what: impl Into<String>) -> impl FnOnce(Misuse) -> Error {
    move |why| Error::Misuse { what: what.into(), why }
}

/// Sends each file to all recipients, and prints a line for each: the file, the recipient, and what the server says of it, with tabs
/// between. Says whether all were accepted.
///
/// What the options and the addresses need is settled before the first message: it would be the same for each. What only the content
/// of one needs (its size, 8BITMIME) is said in its lines, and the others are sent.
///
/// # Errors
/// It could not be done; what was printed was done.
pub async fn run(options: &Options, out: &mut dyn Write) -> Result<bool, Error> {
    let envelope = envelope(options)?;
    let mut session = Session::open(options).await?;
    for keyword in needed(options) {
        session.need(keyword)?;
    }
    let mut all_accepted = true;
    for file in &options.files {
        let local = |why| Error::Local { what: file.display().to_string(), why };
        let content = std::fs::read(file).map_err(local)?;
        let client = &session.connection.machine;
        let (outcomes, failure) = match Transaction::new(client, envelope.clone(), content.into()) {
            Ok(mut transaction) => match session.deliver(&mut transaction).await {
                Ok(outcomes) => (outcomes, None),
                Err(error) => (transaction.abandon(), Some(error)),
            },
            Err(why) => {
                for recipient in &options.to {
                    writeln!(out, "{}\t{recipient}\tnot sent: {why}", file.display()).map_err(local)?;
                }
                all_accepted = false;
                continue;
            }
        };
        for (recipient, outcome) in options.to.iter().zip(&outcomes) {
            all_accepted &= outcome.is_accepted();
            writeln!(out, "{}\t{recipient}\t{}", file.display(), shown(outcome)).map_err(local)?;
        }
        if let Some(error) = failure {
            return Err(error);
        }
    }
    session.quit().await;
    Ok(all_accepted)
}

/// Sender, recipients and their parameters, the same for each message.
fn envelope(options: &Options) -> Result<Envelope, Error> {
    let sender = ReversePath::parse(format!("<{}>", options.from)).map_err(misuse("--from"))?;
    let id = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let id = Xtext::encode(format!("{id}.{}", std::process::id()).as_bytes()).map_err(misuse("ENVID"))?;
    let mut parameters = Vec::new();
    parameters.extend(options.body.map(MailParameter::Body));
    if options.smtputf8 {
        parameters.push(MailParameter::SmtpUtf8);
    }
    if options.dsn {
        parameters.extend([MailParameter::Ret(Ret::Hdrs), MailParameter::Envid(id)]);
    }
    let (mut paths, mut recipients) = (Vec::new(), Vec::new());
    for address in &options.to {
        let path = ForwardPath::parse(format!("<{address}>")).map_err(misuse(address))?;
        let asked = if options.dsn { reports(address).map_err(misuse(address))? } else { Vec::new() };
        recipients.push(Rcpt::new(&path, asked).map_err(misuse(address))?);
        paths.push(path);
    }
    let mut envelope = Envelope::new(&sender, paths).map_err(misuse("--to"))?;
    envelope.mail = Mail::new(&sender, parameters).map_err(misuse("--from"))?;
    envelope.recipients = recipients;
    envelope.utf8_header = options.smtputf8;
    envelope.chunking = options.chunking;
    Ok(envelope)
}

/// What the server must offer. A [`Transaction`] would do without most of it, but whoever asks for it here wants to know.
fn needed(options: &Options) -> impl Iterator<Item = Keyword> {
    let utf8 = options.smtputf8 || !options.from.is_ascii() || options.to.iter().any(|to| !to.is_ascii());
    let binary = options.body == Some(Body::BinaryMime);
    [
        (options.body == Some(Body::EightBitMime), Keyword::EightBitMime),
        (binary, Keyword::BinaryMime),
        (binary || options.chunking, Keyword::Chunking),
        (options.dsn, Keyword::Dsn),
        (utf8, Keyword::SmtpUtf8),
    ]
    .into_iter()
    .filter_map(|(asked, keyword)| asked.then_some(keyword))
}

/// Reports of success and failure, which name the recipient as we do (RFC 3461 section 4).
fn reports(address: &str) -> Result<Vec<RcptParameter<'static>>, Misuse> {
    let original = if address.is_ascii() { Orcpt::new("rfc822", address)? } else { Orcpt::utf_8(address)? };
    Ok(vec![RcptParameter::Notify(Notify::SUCCESS | Notify::FAILURE), RcptParameter::Orcpt(original)])
}

/// A socket, in TLS or not.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

struct Session<'o> {
    options: &'o Options,
    connection: AsyncConnection<Client, Box<dyn Stream>>,
    /// Of the TLS connection.
    exported: Option<Exported>,
    /// What the server has said without being asked.
    last_words: String,
}

impl<'o> Session<'o> {
    /// To the point where messages can be sent.
    async fn open(options: &'o Options) -> Result<Self, Error> {
        let mut config = Config::default();
        config.protocol = if options.lmtp { Protocol::Lmtp } else { Protocol::Smtp };
        config.line_endings = options.line_endings;
        config.pipelining = if options.pipelining { Pipelining::Advertised } else { Pipelining::Never };
        config.tls = options.tls == Tls::Implicit;
        config.allow_cleartext = options.allow_cleartext;
        let (mut stream, mut exported) = (connect(&options.target).await?, None);
        if config.tls {
            (stream, exported) = handshake(stream, options).await?;
        }
        let connection = AsyncConnection::new(Client::new(config), stream);
        let mut session = Self { options, connection, exported, last_words: String::new() };
        match session.event().await? {
            Event::Greeting(reply) if reply.is_positive() => {}
            Event::Greeting(reply) => return Err(refused("service", &reply)),
            _ => return Err(Error::Nonsense("the connection")),
        }
        session.hello().await?;
        if options.tls == Tls::StartTls {
            session.start_tls().await?;
            session.hello().await?;
        }
        if let Some(attributes) = &options.xclient {
            let attributes =
                attributes.split_whitespace().map(|word| word.split_once('=').unwrap_or((word, "")));
            session.need(Keyword::Xclient)?;
            let command = Command::Xclient(Attributes::new(attributes).map_err(misuse("--xclient"))?);
            session.ok("XCLIENT", &command).await?;
            session.hello().await?;
        }
        if let Some(credentials) = &options.login {
            session.log_in(credentials).await?;
        }
        Ok(session)
    }

    /// EHLO or LHLO, or HELO for a server that knows no EHLO.
    async fn hello(&mut self) -> Result<(), Error> {
        let name = ClientName::new(self.options.hello.clone()).map_err(misuse("--hello"))?;
        if self.options.lmtp {
            return self.ok("LHLO", &Command::Lhlo(name)).await;
        }
        let reply = self.call("EHLO", &Command::Ehlo(name.clone())).await?;
        match reply.is_positive() {
            true => Ok(()),
            false if may_fall_back_to_helo(&reply) => self.ok("HELO", &Command::Helo(name)).await,
            false => Err(refused("EHLO", &reply)),
        }
    }

    fn need(&self, keyword: Keyword) -> Result<(), Error> {
        match self.connection.machine.ehlo() {
            Some(ehlo) if ehlo.has(keyword) => Ok(()),
            _ => Err(Error::NotOffered(keyword.name())),
        }
    }

    async fn start_tls(&mut self) -> Result<(), Error> {
        self.need(Keyword::StartTls)?;
        self.connection.machine.send(&Command::StartTls).map_err(misuse("STARTTLS"))?;
        match self.event().await? {
            Event::StartTls { .. } => {}
            Event::Reply { reply, .. } => return Err(refused("STARTTLS", &reply)),
            _ => return Err(Error::Nonsense("STARTTLS")),
        }
        if !matches!(self.connection.next_event().await?, Step::Paused(Pause::StartTls)) {
            return Err(Error::Nonsense("STARTTLS"));
        }
        let plain = std::mem::replace(&mut self.connection.stream, Box::new(tokio::io::empty()));
        (self.connection.stream, self.exported) = handshake(plain, self.options).await?;
        self.connection.machine.tls_established().map_err(misuse("STARTTLS"))
    }

    /// The messages of `auth` go in and out as octets.
    async fn log_in(&mut self, credentials: &Credentials) -> Result<(), Error> {
        let machine = &self.connection.machine;
        let policy = if machine.is_tls() { Policy::with_tls() } else { Policy::without_tls() };
        let policy = if self.options.allow_cleartext { policy.allow_cleartext() } else { policy };
        let (host, port) = match &self.options.target {
            Target::Tcp(host, port) => (host.as_str(), *port),
            Target::Unix(_) => ("localhost", 24),
        };
        let binding = self.exported.map(ChannelBinding::tls_exporter);
        let place = Place { service: "smtp", host, port, policy, binding };
        let offered: Vec<_> = machine.ehlo().map(|ehlo| ehlo.mechanisms().collect()).unwrap_or_default();
        if offered.is_empty() {
            return Err(Error::NotOffered("AUTH"));
        }
        let chosen = credentials.choose(&offered, &place).map_err(login::Error::from)?;
        let mut exchange = credentials.begin(&chosen, &place)?;
        let auth = Auth {
            mechanism: Mechanism::new(exchange.profile().name).map_err(misuse("AUTH"))?,
            initial_response: exchange.initial_response()?,
        };
        let id = self.connection.machine.send(&Command::Auth(auth)).map_err(misuse("AUTH"))?;
        let mut failure = None;
        let reply = loop {
            match self.event().await? {
                Event::Challenge { data, .. } => match exchange.respond(data.expose()) {
                    Ok(response) => self.connection.machine.auth_respond(id, response.expose()),
                    Err(error) => {
                        failure = Some(error);
                        self.connection.machine.auth_cancel(id)
                    }
                },
                Event::BadChallenge { .. } => self.connection.machine.auth_cancel(id),
                Event::Reply { reply, .. } => break reply,
                _ => return Err(Error::Nonsense("AUTH")),
            }
            .map_err(misuse("AUTH"))?;
        };
        // why we gave up says more than that the server takes note of it
        if let Some(error) = failure {
            return Err(error.into());
        }
        if !reply.is_positive() {
            return Err(refused(&format!("AUTH {}", chosen.mechanism()), &reply));
        }
        let _verified = exchange.finish(None)?;
        Ok(())
    }

    /// One message.
    async fn deliver(&mut self, transaction: &mut Transaction) -> Result<Vec<Outcome>, Error> {
        loop {
            transaction.advance(&mut self.connection.machine)?;
            if transaction.is_sending() {
                self.connection.flush().await?;
                continue;
            }
            match transaction.push(self.event().await?) {
                Progress::Done(outcomes) => return Ok(outcomes),
                Progress::Pending => {}
                Progress::Foreign(_) => return Err(Error::Nonsense("a message")),
            }
        }
    }

    /// The messages are accepted: whatever goes wrong now is no matter.
    async fn quit(&mut self) {
        if self.call("QUIT", &Command::Quit).await.is_ok() {
            let _ = tokio::io::AsyncWriteExt::shutdown(&mut self.connection.stream).await;
        }
    }

    /// The next event that is not only a remark.
    async fn event(&mut self) -> Result<Event, Error> {
        loop {
            match self.connection.next_event().await? {
                Step::Event(Event::Diagnostic(_)) => {}
                Step::Event(Event::Unsolicited(reply)) => self.last_words = words(&reply),
                Step::Event(event) => return Ok(event),
                _ => return Err(Error::Closed(std::mem::take(&mut self.last_words))),
            }
        }
    }

    /// A command whose reply is one event.
    async fn call(&mut self, what: &'static str, command: &Command) -> Result<Reply, Error> {
        self.connection.machine.send(command).map_err(misuse(what))?;
        match self.event().await? {
            Event::Reply { reply, .. } => Ok(reply),
            _ => Err(Error::Nonsense(what)),
        }
    }

    async fn ok(&mut self, what: &'static str, command: &Command) -> Result<(), Error> {
        let reply = self.call(what, command).await?;
        if reply.is_positive() { Ok(()) } else { Err(refused(what, &reply)) }
    }
}

async fn in_time<T>(doing: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(CONNECT, doing).await.unwrap_or_else(|late| Err(late.into()))
}

async fn connect(target: &Target) -> Result<Box<dyn Stream>, Error> {
    let connected = match target {
        Target::Unix(path) => {
            in_time(UnixStream::connect(path)).await.map(|s| Box::new(s) as Box<dyn Stream>)
        }
        Target::Tcp(host, port) => in_time(TcpStream::connect((host.as_str(), *port))).await.and_then(|s| {
            // commands are small and wait for nothing
            s.set_nodelay(true)?;
            Ok(Box::new(s) as Box<dyn Stream>)
        }),
    };
    connected.map_err(Error::Connect)
}

async fn handshake(
    stream: Box<dyn Stream>,
    options: &Options,
) -> Result<(Box<dyn Stream>, Option<Exported>), Error> {
    let host = match &options.target {
        Target::Tcp(host, _) => host,
        Target::Unix(_) => "localhost",
    };
    let name: ServerName<'static> = tls::server_name(host)?;
    let config = tls::client_config(options.ca.as_deref(), options.identity.as_ref())?;
    let connecting = TlsConnector::from(config).connect(name, stream);
    let stream = in_time(connecting).await.map_err(Error::Handshake)?;
    let exported = tls::exported(stream.get_ref().1);
    Ok((Box::new(stream), exported))
}

fn refused(what: &str, reply: &Reply) -> Error {
    Error::Refused { what: what.to_owned(), words: words(reply) }
}

fn shown(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted(reply) | Outcome::Refused(reply) => words(reply),
        Outcome::NotSent(why) => format!("not sent: {why}"),
        Outcome::Unknown { content_sent: true } => "unknown: the server has it, perhaps".to_owned(),
        Outcome::Unknown { content_sent: false } => "not sent: the connection ended".to_owned(),
    }
}

/// What the server says, in one line that is safe for a terminal.
fn words(reply: &Reply) -> String {
    let enhanced = reply.enhanced().map(|code| format!(" {code}")).unwrap_or_default();
    let text = reply.to_str_lossy();
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("{}{enhanced} {text}", reply.code()).trim_end().to_owned()
}
