//! Works on an IMAP account: what the program `imap-get` does.

use crate::imap_attributes::attributes;
use crate::login::{self, Credentials, Place};
use crate::{Connection, deflate, tls};
use auth::choose::{Chosen, Unavailable};
use auth::scram::ChannelBinding;
use auth::{Forbidden, Policy};
use bytes::Bytes;
use imap_proto::client::{Client, Config, Event};
use imap_proto::{
    Append, AppendData, AppendMessage, Authenticate, Capabilities, Capability, Command, Compress, Condition,
    Enable, Fetch, FetchAttribute, FetchCommand, FetchItem, IString, ListCommand, ListPattern, ListReturn,
    Literals, Login as LoginCommand, Mailbox, MessageData, NonEmpty, Number64, Options as Encoding, Response,
    Section, SectionQuery, Select, SelectParameter, SequenceSet, State, StatusItem, TaggedCommand,
};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use wire::sasl::Mechanism;
use wire::{BodyError, CommandId, Fatal, Machine, Misuse, Pause, Step};

/// How long the connection may take to come about.
const CONNECT: Duration = Duration::from_secs(30);

/// Octets of a message that are read from its file at a time.
const PIECE: usize = 65_536;

/// How to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// The strongest mechanism that the server offers, else LOGIN.
    Auto,
    /// AUTHENTICATE, with [`Credentials::mechanism`] or the strongest.
    Authenticate,
    /// LOGIN.
    Login,
}

/// How to protect the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Not at all.
    None,
    /// With STARTTLS, or not to go on.
    StartTls,
    /// From the first octet (RFC 8314), mostly at port 993.
    Implicit,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Prints all mailboxes, with all that LIST of this server can tell of them.
    List,
    /// Writes all messages of the mailbox into the folder, as `NNN.eml`, and prints what else is known of each, as a line of JSON.
    Fetch(Mailbox, PathBuf),
    /// Appends messages, by one command if the server can (MULTIAPPEND).
    Append(Mailbox, Vec<PathBuf>),
    /// Prints what happens in the mailbox, for so long.
    Idle(Mailbox, Duration),
    /// Sends commands and prints what the server says to them.
    Send(Vec<Command>),
}

/// What to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// The server: a name or an address, which its certificate must hold.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whose account, and by which credentials.
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
    /// Whether to compress (RFC 4978), or not to go on.
    pub compress: bool,
    /// Which literals to send, instead of those that the server offers.
    pub literals: Option<Literals>,
    /// What to do, in this order.
    pub actions: Vec<Action>,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Messages that were fetched.
    pub messages: u32,
    /// Their octets.
    pub octets: u64,
    /// Messages that were appended.
    pub appended: u32,
    /// How the login was done.
    pub login: String,
    /// Whether the connection was in TLS.
    pub tls: bool,
    /// What in responses the RFCs do not allow, by the name of the rule, and how often.
    pub irregular: BTreeMap<&'static str, u32>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} messages, {} octets, {} appended", self.messages, self.octets, self.appended)?;
        write!(f, " ({}, {})", self.login, if self.tls { "TLS" } else { "no TLS" })?;
        self.irregular.iter().try_for_each(|(rule, count)| write!(f, ", {rule} {count}"))
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
    /// The connection broke, or the server does not speak IMAP.
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
    /// A response that makes no sense.
    #[error("the response to {what} makes no sense{}{why}", if .why.is_empty() { "" } else { ": " })]
    Nonsense {
        /// To which command.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The exchange of AUTHENTICATE went wrong.
    #[error("AUTHENTICATE: {0}")]
    Auth(#[from] auth::Error),
    /// It could not begin.
    #[error("AUTHENTICATE: {0}")]
    Begin(#[from] login::Error),
    /// The machine does not take the command.
    #[error("{what}: {misuse}")]
    Misuse {
        /// Which command.
        what: String,
        /// Why not.
        misuse: Misuse,
    },
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] tls::Error),
    /// The handshake failed.
    #[error("TLS: {0}")]
    Handshake(io::Error),
    /// A file cannot be read or written, or nothing can be printed.
    #[error("{what}: {source}")]
    Local {
        /// What cannot be read or written.
        what: String,
        /// What the operating system says.
        source: io::Error,
    },
}

impl Error {
    /// The exit status for it: 3 for the login, 4 for TLS, 5 if the server says no, 6 if it does not offer what is needed, 1 for anything else.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Login { .. } | Self::Cleartext | Self::Auth(_) | Self::Begin(_) => 3,
            Self::Tls(_) | Self::Handshake(_) => 4,
            Self::Refused { .. } => 5,
            Self::NotOffered(_) | Self::Misuse { misuse: Misuse::NotAdvertised(_), .. } => 6,
            _ => 1,
        }
    }
}

/// The command that somebody wrote: no tag, no line end.
///
/// # Errors
/// What is wrong with it.
pub fn command(text: &str) -> Result<Command, wire::ParseError> {
    Ok(TaggedCommand::parse(&format!("a {text}\r\n").into())?.command)
}

/// Does it all: connects, logs in, does what is to be done, and says LOGOUT.
///
/// # Errors
/// It could not be done. What was done before stays.
pub fn run(options: &Options, out: &mut dyn Write) -> Result<Summary, Error> {
    let mut session = Session::open(options)?;
    session.login(options)?;
    if options.compress {
        session.compress()?;
    }
    for action in &options.actions {
        match action {
            Action::List => session.list(out)?,
            Action::Fetch(mailbox, folder) => session.fetch(mailbox, folder, out)?,
            Action::Append(mailbox, files) => session.append(mailbox, files, out)?,
            Action::Idle(mailbox, time) => session.idle(mailbox, *time, out)?,
            Action::Send(commands) => commands.iter().try_for_each(|command| session.print(command, out))?,
        }
        out.flush().map_err(printing)?;
    }
    session.call(&Command::Logout)?;
    Ok(session.summary)
}

struct Session {
    connection: Connection<Client, deflate::Stream<tls::Stream>>,
    /// What the server has said without being asked.
    last_words: String,
    summary: Summary,
}

impl Session {
    /// To the point where one can log in.
    fn open(options: &Options) -> Result<Self, Error> {
        let mut config = Config::default();
        config.tls = options.tls == Tls::Implicit;
        config.require_tls = options.tls == Tls::StartTls;
        config.allow_cleartext = options.insecure_cleartext;
        config.literals = options.literals;
        let mut stream = tls::Stream::new(connect(&options.host, options.port)?);
        if config.tls {
            start_tls(&mut stream, options)?;
        }
        let connection = Connection::new(Client::new(config), deflate::Stream::new(stream));
        let mut session = Self { connection, last_words: String::new(), summary: Summary::default() };
        match session.event()? {
            Event::Greeting(_) => {}
            _ => return Err(nonsense("the connection")),
        }
        session.learn()?;
        if options.tls == Tls::StartTls {
            session.start_tls(options)?;
            session.learn()?;
        }
        session.summary.tls = session.connection.machine.is_tls();
        Ok(session)
    }

    fn start_tls(&mut self, options: &Options) -> Result<(), Error> {
        let id = self.send(&Command::StartTls)?;
        match self.next_of(id, "STARTTLS")? {
            Some(Event::StartTls { .. }) => {}
            _ => return Err(nonsense("STARTTLS")),
        }
        match self.connection.next_event()? {
            Step::Paused(Pause::StartTls) => start_tls(&mut self.connection.stream.inner, options)?,
            _ => return Err(nonsense("STARTTLS")),
        }
        self.connection.machine.tls_established().map_err(|misuse| misused("STARTTLS", misuse))
    }

    /// RFC 4978.
    fn compress(&mut self) -> Result<(), Error> {
        let id = self.send(&Command::Compress(Box::new(Compress::Deflate)))?;
        match self.next_of(id, "COMPRESS")? {
            Some(Event::Upgrade { .. }) => {}
            _ => return Err(nonsense("COMPRESS")),
        }
        match self.connection.next_event()? {
            Step::Paused(Pause::Upgrade) => {}
            _ => return Err(nonsense("COMPRESS")),
        }
        let unread = self.connection.machine.compressed().map_err(|misuse| misused("COMPRESS", misuse))?;
        self.connection.stream.start(&unread);
        Ok(())
    }

    /// What the server offers, if it has not said so by itself.
    fn learn(&mut self) -> Result<(), Error> {
        if self.connection.machine.capabilities().is_none() {
            self.call(&Command::Capability)
        } else {
            Ok(())
        }
    }

    fn offered(&self) -> Option<&Capabilities> {
        self.connection.machine.capabilities()
    }

    fn offers(&self, name: &str) -> bool {
        self.offered().is_some_and(|offered| offered.has_name(name))
    }

    fn login(&mut self, options: &Options) -> Result<(), Error> {
        if self.connection.machine.state() == State::Authenticated {
            "PREAUTH".clone_into(&mut self.summary.login);
            return Ok(());
        }
        let mechanisms: Vec<_> = self.offered().map(|it| it.mechanisms().collect()).unwrap_or_default();
        let chosen = options.credentials.choose(&mechanisms, &self.place(options));
        match (options.login, chosen) {
            (Login::Login, _) => self.login_plainly(options),
            (_, Ok(chosen)) => self.authenticate(options, &chosen),
            (Login::Auto, Err(_)) if options.credentials.password.is_some() => self.login_plainly(options),
            (_, Err(Unavailable::Forbidden(Forbidden::Cleartext))) => Err(Error::Cleartext),
            (_, Err(unavailable)) => Err(login::Error::from(unavailable).into()),
        }?;
        self.learn()
    }

    fn place<'o>(&self, options: &'o Options) -> Place<'o> {
        let policy =
            if self.connection.machine.is_tls() { Policy::with_tls() } else { Policy::without_tls() };
        let policy = if options.insecure_cleartext { policy.allow_cleartext() } else { policy };
        let protection = self.connection.stream.inner.protection();
        let binding = protection.exported.map(ChannelBinding::tls_exporter);
        Place { service: "imap", host: &options.host, port: options.port, policy, binding }
    }

    fn authenticate(&mut self, options: &Options, chosen: &Chosen) -> Result<(), Error> {
        let mut exchange = options.credentials.begin(chosen, &self.place(options))?;
        let how = format!("AUTHENTICATE {}", chosen.mechanism());
        let mechanism = Mechanism::new(exchange.profile().name).map_err(|misuse| misused(&how, misuse))?;
        let mut authenticate = Authenticate::new(mechanism);
        if self.offers("SASL-IR") {
            authenticate.initial_response = exchange.initial_response()?;
        }
        let id = self.send(&Command::Authenticate(Box::new(authenticate)))?;
        let mut failure = None;
        let done = loop {
            let answered = match self.next_of(id, &how) {
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
                Ok(Some(Event::Challenge { data, .. })) => match exchange.respond(data.expose()) {
                    Ok(response) => self.connection.machine.auth_respond(id, response.expose()),
                    Err(error) => {
                        failure = Some(error);
                        self.connection.machine.auth_cancel(id)
                    }
                },
                Ok(Some(Event::BadChallenge { .. })) => self.connection.machine.auth_cancel(id),
                Ok(Some(_)) => Ok(()),
            };
            answered.map_err(|misuse| misused(&how, misuse))?;
        };
        // why we gave up says more than that the server takes note of it
        if let Some(error) = failure {
            return Err(error.into());
        }
        self.logged_in(how, done)?;
        let _verified = exchange.finish(None)?;
        Ok(())
    }

    fn login_plainly(&mut self, options: &Options) -> Result<(), Error> {
        let misused = |misuse| Error::Begin(login::Error::Credentials(misuse));
        let userid = IString::new(options.credentials.user.clone()).map_err(misused)?;
        let password = options.credentials.password.clone().unwrap_or_default();
        let login = Command::Login(Box::new(LoginCommand::new(userid, password).map_err(misused)?));
        let done = match self.call(&login) {
            Err(Error::Misuse { misuse: Misuse::Cleartext, .. }) => return Err(Error::Cleartext),
            done => done,
        };
        self.logged_in("LOGIN".to_owned(), done)
    }

    fn logged_in(&mut self, how: String, done: Result<(), Error>) -> Result<(), Error> {
        match done {
            Err(Error::Refused { words, .. }) => Err(Error::Login { how, words }),
            done => {
                self.summary.login = how;
                done
            }
        }
    }

    fn send(&mut self, command: &Command) -> Result<CommandId, Error> {
        self.connection.machine.send(command).map_err(|misuse| misused(&name(command), misuse))
    }

    /// The next event that is not only a remark.
    fn event(&mut self) -> Result<Event, Error> {
        loop {
            match self.connection.next_event()? {
                Step::Event(Event::Diagnostic(remark)) => {
                    *self.summary.irregular.entry(remark.rule.0).or_default() += 1;
                }
                Step::Event(Event::Bye(condition)) => self.last_words = words(&condition),
                Step::Event(event) => return Ok(event),
                _ => return Err(Error::Closed(std::mem::take(&mut self.last_words))),
            }
        }
    }

    /// The next event while a command runs; `None` when it has succeeded.
    fn next_of(&mut self, id: CommandId, what: &str) -> Result<Option<Event>, Error> {
        match self.event()? {
            Event::Completed { id: done, tagged } if done == id => {
                if tagged.condition.is_ok() {
                    return Ok(None);
                }
                Err(Error::Refused { what: what.to_owned(), words: words(&tagged.condition) })
            }
            Event::Lost(lost) if lost == id => Err(Error::Closed(std::mem::take(&mut self.last_words))),
            Event::NotSent { misuse, .. } => Err(misused(what, misuse)),
            Event::Malformed { malformed, .. } => {
                Err(Error::Nonsense { what: what.to_owned(), why: malformed.to_string() })
            }
            event => Ok(Some(event)),
        }
    }

    /// A command of which only the end matters.
    fn call(&mut self, command: &Command) -> Result<(), Error> {
        let id = self.send(command)?;
        while self.next_of(id, &name(command))?.is_some() {}
        Ok(())
    }

    /// A command whose responses are printed, the tagged one as well.
    fn print(&mut self, command: &Command, out: &mut dyn Write) -> Result<(), Error> {
        let id = self.send(command)?;
        let what = name(command);
        loop {
            match self.event()? {
                Event::Data { response, .. } => show(&response, out)?,
                Event::Completed { tagged, .. } if tagged.condition.is_ok() => {
                    return show(&Response::Tagged(tagged), out);
                }
                Event::Completed { id: done, tagged } if done == id => {
                    return Err(Error::Refused { what, words: words(&tagged.condition) });
                }
                Event::BodyStart(start) => {
                    writeln!(out, "{} octets of {} follow", start.size, start.number).map_err(printing)?;
                }
                Event::BodyChunk(data) => out.write_all(&data).map_err(printing)?,
                Event::BodyEnd => writeln!(out).map_err(printing)?,
                Event::Malformed { malformed, .. } => {
                    return Err(Error::Nonsense { what, why: malformed.to_string() });
                }
                Event::Lost(_) => return Err(Error::Closed(std::mem::take(&mut self.last_words))),
                _ => {}
            }
        }
    }

    fn list(&mut self, out: &mut dyn Write) -> Result<(), Error> {
        let mut list = ListCommand::new(ListPattern::ALL);
        if self.offers("LIST-EXTENDED") {
            let mut returns = vec![ListReturn::Subscribed, ListReturn::Children];
            if self.offers("SPECIAL-USE") {
                returns.push(ListReturn::SpecialUse);
            }
            if self.offers("LIST-STATUS") {
                returns.push(ListReturn::Status(self.status_items()));
            }
            if self.offers("LIST-MYRIGHTS") {
                returns.push(ListReturn::MyRights);
            }
            list.returns = Some(returns);
        }
        self.print(&Command::List(Box::new(list)), out)
    }

    fn status_items(&self) -> NonEmpty<StatusItem> {
        let mut items = NonEmpty::one(StatusItem::Messages);
        items.push(StatusItem::UidNext);
        items.push(StatusItem::UidValidity);
        items.push(StatusItem::Unseen);
        if self.offers("STATUS=SIZE") {
            items.push(StatusItem::Size);
        }
        if self.offers("CONDSTORE") {
            items.push(StatusItem::HighestModSeq);
        }
        if self.offers("OBJECTID") {
            items.push(StatusItem::MailboxId);
        }
        items
    }

    /// Selects with all that the server can do. Gives the number of messages.
    fn select(&mut self, mailbox: &Mailbox, writing: bool) -> Result<u32, Error> {
        let qresync = self.offers("QRESYNC");
        if qresync && self.offers("ENABLE") && !self.connection.machine.enabled().has(&Capability::QResync) {
            let enable = Enable { capabilities: NonEmpty::one(Capability::QResync) };
            self.call(&Command::Enable(Box::new(enable)))?;
        }
        let mut select = Select::new(mailbox.clone());
        if qresync || self.offers("CONDSTORE") {
            select.parameters.push(SelectParameter::Condstore);
        }
        let command =
            if writing { Command::Select(Box::new(select)) } else { Command::Examine(Box::new(select)) };
        let (id, mut exists) = (self.send(&command)?, 0);
        while let Some(event) = self.next_of(id, "SELECT")? {
            if let Event::Data { response: Response::Exists(count), .. } = event {
                exists = count;
            }
        }
        Ok(exists)
    }

    fn fetch(&mut self, mailbox: &Mailbox, folder: &Path, out: &mut dyn Write) -> Result<(), Error> {
        let local = |source| Error::Local { what: folder.display().to_string(), source };
        std::fs::create_dir_all(folder).map_err(local)?;
        if self.select(mailbox, false)? == 0 {
            return Ok(());
        }
        let mut items = vec![
            FetchItem::Uid,
            FetchItem::Flags,
            FetchItem::InternalDate,
            FetchItem::Size,
            FetchItem::Envelope,
        ];
        items.push(FetchItem::BodyStructure);
        if self.offers("CONDSTORE") {
            items.push(FetchItem::ModSeq);
        }
        items.push(FetchItem::Section(Box::new(SectionQuery {
            peek: true,
            section: Section::ALL,
            partial: None,
        })));
        let fetch =
            FetchCommand::new(SequenceSet::all(), items).map_err(|misuse| misused("FETCH", misuse))?;
        let id = self.send(&Command::Fetch(Box::new(fetch)))?;
        let file = |number: NonZeroU32| {
            File::create(folder.join(format!("{number:05}.eml"))).map(BufWriter::new).map_err(local)
        };
        let mut streamed = None;
        while let Some(event) = self.next_of(id, "FETCH")? {
            match event {
                Event::BodyStart(start) => {
                    streamed = Some(file(start.number)?);
                    self.summary.octets += start.size;
                }
                Event::BodyChunk(data) => {
                    streamed.as_mut().map_or(Ok(()), |file| file.write_all(&data)).map_err(local)?;
                }
                Event::BodyEnd => {
                    if let Some(mut file) = streamed.take() {
                        file.flush().map_err(local)?;
                    }
                }
                Event::Data { response: Response::Fetch(fetch), .. } => {
                    if let Some(octets) = message(&fetch).and_then(MessageData::octets) {
                        let mut file = file(fetch.number)?;
                        file.write_all(octets).and_then(|()| file.flush()).map_err(local)?;
                        self.summary.octets += octets.len() as u64;
                    }
                    self.summary.messages += u32::from(message(&fetch).is_some());
                    writeln!(out, "{}", attributes(&fetch)).map_err(printing)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Without MULTIAPPEND, one after the other.
    fn append(&mut self, mailbox: &Mailbox, files: &[PathBuf], out: &mut dyn Write) -> Result<(), Error> {
        let together = if self.offers("MULTIAPPEND") { files.len() } else { 1 };
        for files in files.chunks(together.max(1)) {
            let sizes = files.iter().map(|path| {
                let size = path.metadata().map_err(|source| reading(path, source))?.len();
                let size = Number64::new(size).map_err(|misuse| misused("APPEND", misuse))?;
                let data = MessageData::Streamed { size, binary: false };
                Ok(AppendMessage::new(AppendData::Message(data)))
            });
            let mut messages = sizes.collect::<Result<Vec<_>, Error>>()?.into_iter();
            let Some(first) = messages.next() else { return Ok(()) };
            let append = messages.fold(Append::new(mailbox.clone(), first), Append::with);
            let id = self.send(&Command::Append(Box::new(append)))?;
            loop {
                match self.event()? {
                    Event::SendBody { index, size, .. } => self.send_file(id, &files[index], size)?,
                    Event::Completed { id: done, tagged } if done == id => {
                        if !tagged.condition.is_ok() {
                            return Err(Error::Refused {
                                what: "APPEND".to_owned(),
                                words: words(&tagged.condition),
                            });
                        }
                        show(&Response::Tagged(tagged), out)?;
                        break;
                    }
                    Event::Lost(_) => return Err(Error::Closed(std::mem::take(&mut self.last_words))),
                    _ => {}
                }
            }
            self.summary.appended += u32::try_from(files.len()).unwrap_or(u32::MAX);
        }
        Ok(())
    }

    fn send_file(&mut self, id: CommandId, path: &Path, size: u64) -> Result<(), Error> {
        let failed = |source| reading(path, source);
        let mut file = File::open(path).map_err(failed)?;
        let mut left = size;
        while left > 0 {
            let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
            file.read_exact(&mut piece).map_err(failed)?;
            left -= piece.len() as u64;
            let piece = Bytes::from(piece);
            while let Err(error) = self.connection.machine.body(id, &piece) {
                match error {
                    BodyError::Full => self.connection.flush()?,
                    BodyError::Misuse(misuse) => return Err(misused("APPEND", misuse)),
                    _ => return Err(nonsense("APPEND")),
                }
            }
        }
        Ok(())
    }

    fn idle(&mut self, mailbox: &Mailbox, time: Duration, out: &mut dyn Write) -> Result<(), Error> {
        self.select(mailbox, true)?;
        let mut left = time;
        while !left.is_zero() {
            let id = self.send(&Command::Idle)?;
            loop {
                match self.next_of(id, "IDLE")? {
                    Some(Event::Idling { .. }) => break,
                    Some(Event::Data { response, .. }) => show(&response, out)?,
                    Some(_) => {}
                    None => return Err(nonsense("IDLE")),
                }
            }
            writeln!(out, "idling").and_then(|()| out.flush()).map_err(printing)?;
            // long ones are ended, and begun again
            let now = self.connection.machine.timeout().map_or(left, |longest| longest.min(left));
            left -= now;
            self.watch(id, Instant::now() + now, out)?;
            self.connection.machine.idle_done(id).map_err(|misuse| misused("IDLE", misuse))?;
            while let Some(event) = self.next_of(id, "IDLE")? {
                if let Event::Data { response, .. } = event {
                    show(&response, out)?;
                }
            }
        }
        Ok(())
    }

    /// What the server says until then, by itself.
    fn watch(&mut self, id: CommandId, end: Instant, out: &mut dyn Write) -> Result<(), Error> {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.connection.patience = Some(left);
            let event = self.next_of(id, "IDLE");
            self.connection.patience = None;
            match event {
                Ok(Some(Event::Data { response, .. })) => {
                    show(&response, out)?;
                    out.flush().map_err(printing)?;
                }
                Ok(Some(_)) => {}
                Ok(None) => return Err(nonsense("IDLE")),
                Err(Error::Connection(crate::Error::Timeout(_))) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

/// The octets of the whole message.
fn message(fetch: &Fetch) -> Option<&MessageData> {
    fetch.attributes().iter().find_map(|attribute| match attribute {
        FetchAttribute::Section(found) if found.section == Section::ALL => found.data.as_ref(),
        _ => None,
    })
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

/// What a command is called.
fn name(command: &Command) -> String {
    String::from_utf8_lossy(command.keyword()).into_owned()
}

/// A response, as it goes over the wire.
fn show(response: &Response, out: &mut dyn Write) -> Result<(), Error> {
    out.write_all(&response.to_bytes(&Encoding::server())).map_err(printing)
}

fn misused(what: &str, misuse: Misuse) -> Error {
    Error::Misuse { what: what.to_owned(), misuse }
}

fn nonsense(what: &str) -> Error {
    Error::Nonsense { what: what.to_owned(), why: String::new() }
}

fn printing(source: io::Error) -> Error {
    Error::Local { what: "printing".to_owned(), source }
}

fn reading(path: &Path, source: io::Error) -> Error {
    Error::Local { what: path.display().to_string(), source }
}

/// What the server says, safe for a terminal.
fn words(condition: &Condition) -> String {
    let code = condition.code().map(|code| format!("[{}] ", String::from_utf8_lossy(code.name())));
    let words = format!("{}{}", code.unwrap_or_default(), condition.text().to_str_lossy());
    words.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}
