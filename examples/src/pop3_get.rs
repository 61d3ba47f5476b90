//! Downloads a maildrop: what the program `pop3-get` does.

use crate::login::{self, Credentials, Place};
use crate::maildir::{Draft, Maildir};
use crate::{Connection, tls};
use auth::choose::{Chosen, Strength, Unavailable};
use auth::scram::ChannelBinding;
use auth::{ClientExchange, Forbidden, Policy, apop};
use pop3_proto::client::{Client, Config, Event};
use pop3_proto::{Apop, Auth, Command, Item, MessageNumber, Password, Reply, Status, UserName};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io::{self, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;
use wire::sasl::Mechanism;
use wire::{CommandId, Fatal, Misuse, Pause, Step, Tolerance};

/// Commands that are sent before the reply to the first of them has come, if the server offers PIPELINING. So few
/// that they always fit into the buffers of the network: this driver does not read while it writes.
const AHEAD: usize = 32;

/// How long the connection may take to come about.
const CONNECT: Duration = Duration::from_secs(30);

/// How to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// The best that the server offers: the strongest mechanism of AUTH, else USER and PASS, else APOP. What shows the
    /// password is for TLS only, or for [`Options::insecure_cleartext`], and then APOP goes before it.
    Auto,
    /// APOP (RFC 1939 section 7).
    Apop,
    /// AUTH (RFC 5034), with [`Credentials::mechanism`] or the strongest.
    Auth,
    /// USER and PASS (RFC 1939 section 7).
    UserPass,
}

/// How to protect the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Not at all.
    None,
    /// With STLS (RFC 2595), or not to go on.
    Stls,
    /// From the first octet (RFC 8314), mostly at port 995.
    Implicit,
}

/// What to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// The server: a name or an address, which its certificate must hold.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whose maildrop, and by which credentials.
    pub credentials: Credentials,
    /// How to log in.
    pub login: Login,
    /// How to protect the connection.
    pub tls: Tls,
    /// Authorities that vouch for the server, in PEM, instead of those that the machine trusts.
    pub ca: Option<PathBuf>,
    /// Who we are, for TLS.
    pub identity: Option<tls::Identity>,
    /// Whether the password may be sent without TLS.
    pub insecure_cleartext: bool,
    /// Where to download the messages to.
    pub maildir: Option<PathBuf>,
    /// Whether to print numbers and sizes.
    pub list: bool,
    /// Whether to print numbers and unique-ids.
    pub uidl: bool,
    /// Whether to delete what was downloaded.
    pub delete: bool,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Messages that were delivered into the Maildir.
    pub messages: u32,
    /// Their octets.
    pub octets: u64,
    /// Messages that the server has deleted.
    pub deleted: u32,
    /// How the login was done.
    pub login: String,
    /// Whether the connection was in TLS.
    pub tls: bool,
    /// What in messages and replies the RFCs do not allow, by the name of the rule, and how often.
    pub irregular: BTreeMap<&'static str, u32>,
    /// Messages that the server would not give or delete, with its words.
    pub failures: Vec<(MessageNumber, String)>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} messages, {} octets, {} deleted", self.messages, self.octets, self.deleted)?;
        write!(f, " ({}, {})", self.login, if self.tls { "TLS" } else { "no TLS" })?;
        for (rule, count) in &self.irregular {
            write!(f, ", {rule} {count}")?;
        }
        match self.failures.first() {
            None => Ok(()),
            Some((number, words)) => {
                write!(f, ", {} failed, the first {}: {words}", self.failures.len(), number.get())
            }
        }
    }
}

/// Why it did not work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is there.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// Host and port.
        address: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// The connection broke, or the server does not speak POP3.
    #[error(transparent)]
    Connection(#[from] crate::Error<Fatal>),
    /// The server has closed the connection, perhaps with a last word.
    #[error("the server closed the connection{}{}", if .0.is_empty() { "" } else { ": " }, .0)]
    Closed(String),
    /// The server says no.
    #[error("the server refuses {what}: {words}")]
    Refused {
        /// What it refuses.
        what: &'static str,
        /// Its words.
        words: String,
    },
    /// The server does not let us in.
    #[error("login by {how} failed: {words}")]
    Login {
        /// How it was tried.
        how: String,
        /// The server's words.
        words: String,
    },
    /// It cannot be done with this server.
    #[error("the server does not offer {0}")]
    NotOffered(&'static str),
    /// The password would have to be sent without TLS.
    #[error("the password would be sent in the clear: use --tls, or --insecure-cleartext if you must")]
    Cleartext,
    /// A reply that makes no sense.
    #[error("the reply to {what} makes no sense{}{why}", if .why.is_empty() { "" } else { ": " })]
    Nonsense {
        /// To which command.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The user name or the password is not one that can be sent.
    #[error("user name or password: {0}")]
    Credentials(Misuse),
    /// The exchange of AUTH went wrong.
    #[error("AUTH: {0}")]
    Auth(#[from] auth::Error),
    /// It could not begin.
    #[error("AUTH: {0}")]
    Begin(#[from] login::Error),
    /// The policy does not allow the mechanism.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The machine does not take the command.
    #[error(transparent)]
    Misuse(#[from] Misuse),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] tls::Error),
    /// The handshake failed.
    #[error("TLS: {0}")]
    Handshake(io::Error),
    /// The Maildir cannot be written, or the listing cannot be printed.
    #[error("{what}: {source}")]
    Local {
        /// What cannot be written.
        what: String,
        /// What the operating system says.
        source: io::Error,
    },
}

impl Error {
    /// The exit status for it: 3 for the login, 4 for TLS, 1 for anything else.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Login { .. }
            | Self::Cleartext
            | Self::Credentials(_)
            | Self::Auth(_)
            | Self::Begin(_)
            | Self::Forbidden(_) => 3,
            Self::Tls(_) | Self::Handshake(_) => 4,
            _ => 1,
        }
    }
}

/// Does it all: connects, logs in, lists, downloads, deletes, and says QUIT.
///
/// # Errors
/// It could not be done. Messages that the server would not give are no error but in the summary. Whatever was
/// delivered stays; nothing was deleted on the server then.
pub fn run(options: &Options, listings: &mut dyn Write) -> Result<Summary, Error> {
    let mut session = Session::open(options)?;
    session.login(options)?;
    if options.list {
        session.print("LIST", &Command::List(None), listings)?;
    }
    if options.uidl {
        session.print("UIDL", &Command::Uidl(None), listings)?;
    }
    if let Some(folder) = &options.maildir {
        let local = |source| Error::Local { what: folder.display().to_string(), source };
        let mut maildir = Maildir::open(folder, options.delete).map_err(local)?;
        session.download(&mut maildir, options.delete, &local)?;
    }
    session.ok("QUIT", &Command::Quit)?;
    Ok(session.summary)
}

struct Session {
    connection: Connection<Client, tls::Stream>,
    /// What APOP digests, from the greeting.
    timestamp: Option<apop::Timestamp>,
    /// What the server has said without being asked.
    last_words: String,
    summary: Summary,
}

/// How to log in, as it was decided.
enum WayIn {
    Apop,
    Auth(Chosen),
    UserPass,
}

/// A command whose reply has not come yet.
#[derive(Clone, Copy)]
enum Sent {
    Retr(MessageNumber),
    Dele(MessageNumber),
}

impl Session {
    /// To the point where one can log in.
    fn open(options: &Options) -> Result<Self, Error> {
        let mut config = Config::default();
        config.tls = options.tls == Tls::Implicit;
        config.allow_cleartext = options.insecure_cleartext;
        config.auto_hold = true;
        let mut stream = tls::Stream::new(connect(&options.host, options.port)?);
        if config.tls {
            start_tls(&mut stream, options)?;
        }
        let mut session = Self {
            connection: Connection::new(Client::new(config), stream),
            timestamp: None,
            last_words: String::new(),
            summary: Summary::default(),
        };
        match session.event()? {
            Event::Greeting(greeting) if greeting.is_ok() => {
                session.timestamp = greeting.timestamp().and_then(|id| apop::Timestamp::parse(id).ok());
            }
            Event::Greeting(greeting) => return Err(refused("service", greeting.status())),
            _ => return Err(nonsense("the connection")),
        }
        session.call("CAPA", &Command::Capa)?;
        if options.tls == Tls::Stls {
            session.stls(options)?;
            session.call("CAPA", &Command::Capa)?;
        }
        session.summary.tls = session.connection.machine.is_tls();
        Ok(session)
    }

    fn stls(&mut self, options: &Options) -> Result<(), Error> {
        let offered = self.connection.machine.capabilities().is_none_or(|known| known.has("STLS"));
        if !offered {
            return Err(Error::NotOffered("STLS"));
        }
        self.connection.machine.send(&Command::Stls)?;
        match self.event()? {
            Event::StartTls { .. } => {}
            Event::Reply { reply: Reply::Status(status), .. } => return Err(refused("STLS", &status)),
            _ => return Err(nonsense("STLS")),
        }
        match self.connection.next_event()? {
            Step::Paused(Pause::StartTls) => start_tls(&mut self.connection.stream, options)?,
            _ => return Err(nonsense("STLS")),
        }
        Ok(self.connection.machine.tls_established()?)
    }

    fn login(&mut self, options: &Options) -> Result<(), Error> {
        match self.way_in(options)? {
            WayIn::Apop => self.login_apop(options),
            WayIn::Auth(chosen) => self.login_auth(options, &chosen),
            WayIn::UserPass => self.login_user_pass(options),
        }
    }

    /// By what the server offers and the options allow.
    fn way_in(&self, options: &Options) -> Result<WayIn, Error> {
        let machine = &self.connection.machine;
        let (offered, protected) = (machine.capabilities(), machine.is_tls());
        let apop = self.timestamp.is_some() && options.credentials.password.is_some();
        let mechanisms: Vec<_> = offered.map(|it| it.mechanisms().collect()).unwrap_or_default();
        let auth = options.credentials.choose(&mechanisms, &self.place(options));
        let user = options.credentials.password.is_some() && offered.is_none_or(|it| it.has("USER"));
        let cleartext = protected || options.insecure_cleartext;
        match (options.login, auth) {
            (Login::Apop, _) if !apop => Err(Error::NotOffered("APOP")),
            (Login::Apop, _) => Ok(WayIn::Apop),
            (Login::UserPass, _) if !cleartext => Err(Error::Cleartext),
            (Login::UserPass, _) => Ok(WayIn::UserPass),
            (Login::Auth, Ok(chosen)) => Ok(WayIn::Auth(chosen)),
            (Login::Auto, Ok(chosen)) if protected || chosen.strength() > Strength::Shown => {
                Ok(WayIn::Auth(chosen))
            }
            (Login::Auto, _) if !protected && apop => Ok(WayIn::Apop),
            (Login::Auto, Ok(chosen)) => Ok(WayIn::Auth(chosen)),
            (Login::Auto, Err(_)) if user && cleartext => Ok(WayIn::UserPass),
            (Login::Auto, Err(_)) if apop => Ok(WayIn::Apop),
            (Login::Auto, Err(_)) if user => Err(Error::Cleartext),
            (_, Err(Unavailable::Forbidden(Forbidden::Cleartext))) => Err(Error::Cleartext),
            (_, Err(unavailable)) => Err(login::Error::from(unavailable).into()),
        }
    }

    fn place<'o>(&self, options: &'o Options) -> Place<'o> {
        let policy =
            if self.connection.machine.is_tls() { Policy::with_tls() } else { Policy::without_tls() };
        let policy = if options.insecure_cleartext { policy.allow_cleartext() } else { policy };
        let binding = self.connection.stream.protection().exported.map(ChannelBinding::tls_exporter);
        Place { service: "pop", host: &options.host, port: options.port, policy, binding }
    }

    fn login_apop(&mut self, options: &Options) -> Result<(), Error> {
        let timestamp = self.timestamp.as_ref().ok_or(Error::NotOffered("APOP"))?;
        let password = options.credentials.password.clone().unwrap_or_default();
        let mechanism = apop::Client::new(timestamp, &options.credentials.user, &password);
        let policy = self.place(options).policy.allow_weak();
        let mut exchange = ClientExchange::new(mechanism.map_err(Error::Credentials)?, policy)?;
        let argument = exchange.initial_response()?.unwrap_or_default();
        let argument = apop::Message::parse(argument.expose(), Tolerance::Strict);
        let (message, _) = argument.map_err(auth::Error::Malformed)?;
        let name = UserName::new(message.name().to_owned()).map_err(Error::Credentials)?;
        let apop = Apop { name, digest: *message.digest().expose() };
        let reply = self.call("APOP", &Command::Apop(apop))?;
        self.logged_in("APOP", &reply)?;
        let _verified = exchange.finish(None)?;
        Ok(())
    }

    fn login_auth(&mut self, options: &Options, chosen: &Chosen) -> Result<(), Error> {
        let mut exchange = options.credentials.begin(chosen, &self.place(options))?;
        let auth = Auth {
            mechanism: Mechanism::new(exchange.profile().name)?,
            initial_response: exchange.initial_response()?,
        };
        let id = self.connection.machine.send(&Command::Auth(auth))?;
        let mut failure = None;
        let reply = loop {
            match self.event()? {
                Event::Challenge { data, .. } => match exchange.respond(data.expose()) {
                    Ok(response) => self.connection.machine.auth_respond(id, response.expose())?,
                    Err(error) => {
                        failure = Some(error);
                        self.connection.machine.auth_cancel(id)?;
                    }
                },
                Event::Reply { reply, .. } => break reply,
                _ => return Err(nonsense("AUTH")),
            }
        };
        // why we gave up says more than that the server takes note of it
        if let Some(error) = failure {
            return Err(error.into());
        }
        self.logged_in(&format!("AUTH {}", chosen.mechanism()), &reply)?;
        let _verified = exchange.finish(None)?;
        Ok(())
    }

    fn login_user_pass(&mut self, options: &Options) -> Result<(), Error> {
        let name = UserName::new(options.credentials.user.clone()).map_err(Error::Credentials)?;
        let password = options.credentials.password.clone().unwrap_or_default();
        let password = Password::new(password).map_err(Error::Credentials)?;
        let reply = self.call("USER", &Command::User(name))?;
        self.logged_in("USER", &reply)?;
        let reply = self.call("PASS", &Command::Pass(password))?;
        self.logged_in("USER and PASS", &reply)
    }

    fn logged_in(&mut self, how: &str, reply: &Reply) -> Result<(), Error> {
        self.summary.login = how.to_owned();
        match reply {
            Reply::Status(status) if !status.is_ok() => {
                Err(Error::Login { how: how.to_owned(), words: words(status) })
            }
            _ => Ok(()),
        }
    }

    /// The next event that is not only a remark.
    fn event(&mut self) -> Result<Event, Error> {
        loop {
            match self.connection.next_event()? {
                Step::Event(Event::Diagnostic(remark)) => {
                    *self.summary.irregular.entry(remark.rule.0).or_default() += 1;
                }
                Step::Event(Event::Unsolicited(status)) => self.last_words = words(&status),
                Step::Event(event) => return Ok(event),
                _ => return Err(Error::Closed(std::mem::take(&mut self.last_words))),
            }
        }
    }

    /// A command whose reply is one event.
    fn call(&mut self, what: &'static str, command: &Command) -> Result<Reply, Error> {
        self.connection.machine.send(command)?;
        loop {
            match self.event()? {
                Event::Reply { reply, .. } => return Ok(reply),
                Event::Malformed { ends_command: true, malformed, .. } => {
                    return Err(Error::Nonsense { what, why: malformed.to_string() });
                }
                _ => {}
            }
        }
    }

    fn ok(&mut self, what: &'static str, command: &Command) -> Result<Reply, Error> {
        match self.call(what, command)? {
            Reply::Status(status) if !status.is_ok() => Err(refused(what, &status)),
            reply => Ok(reply),
        }
    }

    /// Prints a listing, line by line as it comes.
    fn print(&mut self, what: &'static str, command: &Command, out: &mut dyn Write) -> Result<(), Error> {
        self.ok(what, command)?;
        loop {
            let printed = match self.event()? {
                Event::Item { item: Item::ScanListing(listing), .. } => {
                    writeln!(out, "{} {}", listing.message.get(), listing.octets)
                }
                Event::Item { item: Item::UniqueIdListing(listing), .. } => {
                    writeln!(out, "{} {}", listing.message.get(), printable(listing.unique_id.as_bytes()))
                }
                Event::End { .. } => break,
                Event::Malformed { malformed, .. } => {
                    return Err(Error::Nonsense { what, why: malformed.to_string() });
                }
                _ => Ok(()),
            };
            printed.map_err(|source| Error::Local { what: what.to_owned(), source })?;
        }
        out.flush().map_err(|source| Error::Local { what: what.to_owned(), source })
    }

    /// Downloads all messages, some commands ahead of the replies. DELE goes out when the message is safe.
    fn download(
        &mut self,
        maildir: &mut Maildir,
        delete: bool,
        local: &dyn Fn(io::Error) -> Error,
    ) -> Result<(), Error> {
        let Reply::DropListing(maildrop) = self.ok("STAT", &Command::Stat)? else {
            return Err(nonsense("STAT"));
        };
        let mut numbers = (1..=maildrop.messages).filter_map(MessageNumber::new);
        let mut sent: VecDeque<(CommandId, Sent)> = VecDeque::new();
        let mut draft: Option<Draft> = None;
        loop {
            while sent.len() < AHEAD {
                let Some(number) = numbers.next() else { break };
                sent.push_back((self.connection.machine.send(&Command::Retr(number))?, Sent::Retr(number)));
            }
            // replies come in the order of the commands
            let Some(&(_, what)) = sent.front() else { return Ok(()) };
            match (self.event()?, what) {
                (Event::Reply { reply: Reply::MultiLine(_), .. }, Sent::Retr(_)) => {
                    draft = Some(maildir.draft().map_err(local)?);
                    continue;
                }
                (Event::BodyChunk { data, .. }, Sent::Retr(_)) => {
                    if let Some(draft) = &mut draft {
                        draft.write_all(&data).map_err(local)?;
                    }
                    self.summary.octets += data.len() as u64;
                    continue;
                }
                (Event::End { .. }, Sent::Retr(number)) => {
                    if let Some(draft) = draft.take() {
                        draft.deliver().map_err(local)?;
                        self.summary.messages += 1;
                    }
                    if delete {
                        let id = self.connection.machine.send(&Command::Dele(number))?;
                        sent.push_back((id, Sent::Dele(number)));
                    }
                }
                (Event::Reply { reply, .. }, Sent::Dele(_)) if reply.is_ok() => self.summary.deleted += 1,
                (Event::Reply { reply, .. }, Sent::Retr(number) | Sent::Dele(number)) => {
                    let words = reply.status().map(words).unwrap_or_default();
                    self.summary.failures.push((number, words));
                }
                (
                    Event::Malformed { ends_command: true, malformed, .. },
                    Sent::Retr(number) | Sent::Dele(number),
                ) => {
                    self.summary.failures.push((number, malformed.to_string()));
                }
                _ => continue,
            }
            sent.pop_front();
        }
    }
}

fn connect(host: &str, port: u16) -> Result<TcpStream, Error> {
    let failed = |source| Error::Connect { address: format!("{host}:{port}"), source };
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in (host, port).to_socket_addrs().map_err(failed)? {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(socket) => {
                // commands are small and wait for nothing
                socket.set_nodelay(true).map_err(failed)?;
                return Ok(socket);
            }
            Err(error) => last = error,
        }
    }
    Err(failed(last))
}

fn start_tls(stream: &mut tls::Stream, options: &Options) -> Result<(), Error> {
    let config = tls::client_config(options.ca.as_deref(), options.identity.as_ref())?;
    stream.connect_tls(config, tls::server_name(&options.host)?).map_err(Error::Handshake)
}

fn refused(what: &'static str, status: &Status) -> Error {
    Error::Refused { what, words: words(status) }
}

fn nonsense(what: &'static str) -> Error {
    Error::Nonsense { what, why: String::new() }
}

/// What the server says, safe for a terminal.
fn words(status: &Status) -> String {
    let code = status.code().map(|code| format!("[{}] ", printable(code.name())));
    format!("{}{}", code.unwrap_or_default(), printable(status.text().as_bytes()))
}

fn printable(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}
