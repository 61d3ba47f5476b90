//! Serves one maildrop from memory to one user: what the program `pop3-serve` does.

use crate::login::{self, Protection};
use crate::{Connection, tls};
use auth::apop::{self, Timestamp};
use auth::{Policy, ServerExchange, plain};
use bytes::Bytes;
use pop3_proto::server::{Config, Event, Server, malformed_reply};
use pop3_proto::{
    Capability, Command, DropListing, Expire, Greeting, Item, LanguageListing, LanguageRange, Mechanisms,
    MessageNumber, PerUser, Reply, ResponseCode, ScanListing, Status, UniqueId, UniqueIdListing, UserName,
};
use rustls::ServerConfig;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wire::{BodyError, CommandId, Fatal, Misuse, Pause, Secret, Step, Text, Tolerance};

/// Messages are handed to the machine in pieces of this size, so that one session holds little at a time.
const PIECE: usize = 64 * 1024;

/// How long a login waits for the session before: a client that has hung up may be back before we have noticed.
const PATIENCE: Duration = Duration::from_secs(1);

/// A message of the maildrop.
#[derive(Debug, Clone)]
pub struct Message {
    /// As it goes over the wire, dots aside: each line ends in CRLF, the last one too.
    data: Bytes,
    unique_id: UniqueId,
}

impl Message {
    /// `name` is the unique-id, and must be another for each message of a maildrop.
    ///
    /// # Errors
    /// The name is no unique-id.
    pub fn new(name: &str, data: &[u8]) -> Result<Self, Misuse> {
        Ok(Self { data: with_line_ends(data), unique_id: UniqueId::new(name.to_owned())? })
    }

    /// The files of a folder that end in `.eml`, in the order of their names.
    ///
    /// # Errors
    /// As the operating system says; or a name, without `.eml`, is no unique-id.
    pub fn read_folder(folder: &Path) -> io::Result<Vec<Self>> {
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "eml") {
                paths.push(path);
            }
        }
        paths.sort();
        let message = |path: &std::path::PathBuf| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            Self::new(&name, &std::fs::read(path)?).map_err(io::Error::other)
        };
        paths.iter().map(message).collect()
    }

    /// The header, the empty line behind it, and so many lines of the body.
    fn top(&self, lines: u64) -> Bytes {
        let (mut end, mut left) = (0, None);
        for line in self.data.split_inclusive(|&octet| octet == b'\n') {
            match &mut left {
                None if line == b"\r\n" => left = Some(lines),
                None => {}
                Some(0) => break,
                Some(left) => *left -= 1,
            }
            end += line.len();
        }
        self.data.slice(..end)
    }
}

/// CRLF for a bare LF, and at the end if there is none. So the size that LIST tells is the true one.
fn with_line_ends(data: &[u8]) -> Bytes {
    let mut whole = Vec::with_capacity(data.len() + 2);
    for line in data.split_inclusive(|&octet| octet == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        whole.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        whole.extend_from_slice(b"\r\n");
    }
    whole.into()
}

/// Who may come in, and how.
#[derive(Debug)]
pub struct Account {
    /// The user, and what it can show.
    pub login: login::Account,
    /// Certificate and key, to offer STLS.
    pub tls: Option<Arc<ServerConfig>>,
    /// Whether passwords are taken without TLS.
    pub allow_cleartext: bool,
}

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection broke, or the client does not speak POP3.
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
    /// The machine did not take a piece of a message.
    #[error(transparent)]
    Body(#[from] BodyError),
}

/// The maildrop, and its lock: one session at a time (RFC 1939 section 4).
#[derive(Debug)]
struct Maildrop {
    state: Mutex<Held>,
    released: Condvar,
}

#[derive(Debug)]
struct Held {
    messages: Vec<Message>,
    locked: bool,
}

impl Maildrop {
    fn held(&self) -> MutexGuard<'_, Held> {
        // a session that panicked has changed nothing
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None`: another session has it.
    fn lock(&self) -> Option<Locked<'_>> {
        let waited = self.released.wait_timeout_while(self.held(), PATIENCE, |held| held.locked);
        let (mut held, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if held.locked {
            return None;
        }
        held.locked = true;
        let messages = held.messages.clone();
        Some(Locked { maildrop: self, deleted: vec![false; messages.len()], messages })
    }
}

/// The maildrop as one session sees it. Nothing is removed until [`Locked::update`].
struct Locked<'m> {
    maildrop: &'m Maildrop,
    messages: Vec<Message>,
    deleted: Vec<bool>,
}

impl Locked<'_> {
    fn get(&self, number: MessageNumber) -> Option<&Message> {
        let index = usize::try_from(number.get()).ok()? - 1;
        if *self.deleted.get(index)? { None } else { self.messages.get(index) }
    }

    fn delete(&mut self, number: MessageNumber) -> bool {
        let there = self.get(number).is_some();
        if let (true, Ok(number)) = (there, usize::try_from(number.get())) {
            self.deleted[number - 1] = true;
        }
        there
    }

    /// What is not deleted, with its number.
    fn iter(&self) -> impl Iterator<Item = (MessageNumber, &Message)> {
        (1..)
            .map_while(MessageNumber::new)
            .zip(&self.messages)
            .filter(|(number, _)| self.get(*number).is_some())
    }

    fn octets(&self) -> u64 {
        self.iter().map(|(_, message)| message.data.len() as u64).sum()
    }

    /// The UPDATE state: removes what is marked, and gives the lock back.
    fn update(self) {
        let mut deleted = self.deleted.iter();
        self.maildrop.held().messages.retain(|_| deleted.next() != Some(&true));
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.maildrop.held().locked = false;
        self.maildrop.released.notify_one();
    }
}

/// A server of one maildrop.
#[derive(Debug)]
pub struct Service {
    account: Account,
    maildrop: Maildrop,
}

impl Service {
    /// With these messages in the maildrop.
    #[must_use]
    pub fn new(account: Account, messages: Vec<Message>) -> Self {
        let maildrop =
            Maildrop { state: Mutex::new(Held { messages, locked: false }), released: Condvar::new() };
        Self { account, maildrop }
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
    /// It ended early: nothing was deleted.
    pub fn serve(&self, socket: TcpStream, implicit_tls: bool) -> Result<(), Error> {
        socket.set_nodelay(true)?;
        let mut stream = tls::Stream::new(socket);
        if let (true, Some(tls)) = (implicit_tls, &self.account.tls) {
            stream.accept_tls(Arc::clone(tls)).map_err(Error::Handshake)?;
        }
        let mut config = Config::default();
        config.tls = stream.is_tls();
        config.allow_cleartext = self.account.allow_cleartext;
        config.capabilities = self.capabilities()?;
        let timestamp = self.account.login.timestamp()?;
        let greeting = Greeting::with_timestamp("pop3-serve ready", timestamp.as_str().as_bytes())?;
        let connection = Connection::new(Server::new(config, &greeting), stream);
        Session { service: self, connection, timestamp, user: None, exchange: None, maildrop: None }.run()
    }

    fn capabilities(&self) -> Result<pop3_proto::Capabilities, Misuse> {
        let all = [
            Capability::Top,
            Capability::User,
            Capability::Sasl(Mechanisms::new(self.account.login.mechanisms())),
            Capability::RespCodes,
            Capability::AuthRespCode,
            Capability::Pipelining,
            Capability::Uidl,
            Capability::Expire(PerUser { value: Expire::Never, user: false }),
            Capability::Utf8(false),
            Capability::Lang,
            Capability::Implementation(Text::new("pop3-serve")?),
        ];
        let stls = self.account.tls.is_some().then_some(Capability::Stls);
        Ok(all.into_iter().chain(stls).collect())
    }
}

/// One connection.
struct Session<'s> {
    service: &'s Service,
    connection: Connection<Server, tls::Stream>,
    timestamp: Timestamp,
    /// What USER said.
    user: Option<UserName>,
    /// AUTH waits for a response.
    exchange: Option<ServerExchange>,
    /// From the login on.
    maildrop: Option<Locked<'s>>,
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
        if let Some(config) = &self.service.account.tls {
            self.connection.stream.accept_tls(Arc::clone(config)).map_err(Error::Handshake)?;
        }
        self.user = None;
        Ok(self.connection.machine.tls_established()?)
    }

    fn handle(&mut self, event: Event) -> Result<(), Error> {
        match event {
            Event::Command { id, command } => self.command(id, command),
            Event::Refused { id, refusal, .. } => self.status(id, refusal.reply()),
            Event::Malformed { id, malformed } => {
                self.exchange = None;
                self.status(id, malformed_reply(&malformed))
            }
            Event::AuthResponse { id, data } => match self.exchange.take() {
                Some(mut exchange) => {
                    let step = exchange.respond(data.expose());
                    self.authenticate(id, exchange, step)
                }
                None => self.err(id, "No exchange"),
            },
            Event::AuthCancelled { id } => {
                self.exchange = None;
                self.err(id, "Cancelled")
            }
            _ => Ok(()),
        }
    }

    fn command(&mut self, id: CommandId, command: Command) -> Result<(), Error> {
        match command {
            Command::User(name) => {
                self.user = Some(name);
                self.ok(id, "Now the password")
            }
            Command::Pass(password) => {
                let user = self.user.take().map(|user| String::from_utf8_lossy(user.as_bytes()).into_owned());
                match plain::Message::new(&user.unwrap_or_default(), Secret::new(password.expose())) {
                    Ok(message) => self.exchange(id, plain::Server::new(), Some(&message.encode())),
                    Err(_) => self.rejected(id),
                }
            }
            Command::Apop(apop) => {
                let name = String::from_utf8_lossy(apop.name.as_bytes());
                let mechanism = apop::Server::new(self.timestamp.clone(), Tolerance::Strict);
                match apop::Message::new(&name, apop.digest.into()) {
                    Ok(message) => self.exchange(id, mechanism, Some(&message.encode())),
                    Err(_) => self.rejected(id),
                }
            }
            Command::Auth(auth) => {
                let login = &self.service.account.login;
                match login.server(auth.mechanism, "pop", self.protection())? {
                    Some(mechanism) => self.exchange(id, mechanism, auth.initial_response.as_ref()),
                    None => self.err(id, "No such mechanism"),
                }
            }
            Command::AuthList => {
                let offered = Mechanisms::new(self.offered().mechanisms());
                self.reply(id, &Reply::mechanisms(Status::ok("Mechanisms")?, &offered))
            }
            Command::Capa => {
                let offered = self.offered();
                self.reply(id, &Reply::capabilities(Status::ok("Capabilities")?, offered))
            }
            Command::Stls => match self.ok(id, "Begin TLS") {
                // the next event is the error to close the connection with
                Err(Error::Misuse(Misuse::PlaintextPending)) => Ok(()),
                agreed => agreed,
            },
            Command::Utf8 => self.ok(id, "UTF-8"),
            Command::Lang(language) => self.language(id, language),
            Command::Noop => self.ok(id, ""),
            Command::Quit => {
                // removed, and the maildrop free, before the client hears of it
                if let Some(maildrop) = self.maildrop.take() {
                    maildrop.update();
                }
                self.ok(id, "Bye")
            }
            other => self.transaction(id, other),
        }
    }

    /// The commands of the TRANSACTION state. The machine lets none of them through before.
    fn transaction(&mut self, id: CommandId, command: Command) -> Result<(), Error> {
        let Some(mut maildrop) = self.maildrop.take() else { return self.err(id, "Unknown command") };
        let done = self.in_maildrop(id, command, &mut maildrop);
        self.maildrop = Some(maildrop);
        done
    }

    fn in_maildrop(
        &mut self,
        id: CommandId,
        command: Command,
        maildrop: &mut Locked<'_>,
    ) -> Result<(), Error> {
        let scan = |(number, message): (MessageNumber, &Message)| {
            ScanListing::new(number, message.data.len() as u64)
        };
        let unique = |(number, message): (MessageNumber, &Message)| {
            UniqueIdListing::new(number, message.unique_id.clone())
        };
        let get = |number| maildrop.get(number).map(|message| (number, message));
        match command {
            Command::Stat => {
                let count = u32::try_from(maildrop.iter().count()).unwrap_or(u32::MAX);
                self.reply(id, &Reply::DropListing(DropListing::new(count, maildrop.octets())))
            }
            Command::List(None) => self.listing(id, maildrop.iter().map(scan).map(Item::ScanListing)),
            Command::Uidl(None) => self.listing(id, maildrop.iter().map(unique).map(Item::UniqueIdListing)),
            Command::List(Some(number)) => match get(number) {
                Some(found) => self.reply(id, &Reply::ScanListing(scan(found))),
                None => self.no_such_message(id),
            },
            Command::Uidl(Some(number)) => match get(number) {
                Some(found) => self.reply(id, &Reply::UniqueIdListing(unique(found))),
                None => self.no_such_message(id),
            },
            Command::Retr(number) => match maildrop.get(number) {
                Some(message) => self.message(id, &message.data),
                None => self.no_such_message(id),
            },
            Command::Top { message, lines } => match maildrop.get(message) {
                Some(message) => self.message(id, &message.top(lines)),
                None => self.no_such_message(id),
            },
            Command::Dele(number) if maildrop.delete(number) => self.ok(id, "Marked"),
            Command::Dele(_) => self.no_such_message(id),
            Command::Rset => {
                maildrop.deleted.fill(false);
                self.ok(id, "Nothing is marked")
            }
            _ => self.err(id, "Unknown command"),
        }
    }

    fn language(&mut self, id: CommandId, language: Option<LanguageRange>) -> Result<(), Error> {
        const LANGUAGE: &str = "en";
        match language {
            None => {
                let english = LanguageListing::new(LANGUAGE, Text::new("English")?)?;
                self.reply(id, &Reply::languages(Status::ok("Languages")?, vec![english]))
            }
            Some(range) if range.as_str() == "*" || range.as_str().eq_ignore_ascii_case(LANGUAGE) => {
                self.ok(id, "en English it is")
            }
            Some(_) => self.err(id, "Only English"),
        }
    }

    // ---- logging in: messages of `auth` go in and out as octets

    fn protection(&self) -> Protection {
        self.connection.stream.protection()
    }

    /// What the machine offers now, but for mechanisms that this connection cannot have.
    fn offered(&self) -> pop3_proto::Capabilities {
        let protection = self.protection();
        let offered = self.connection.machine.capabilities();
        let possible = |capability: &Capability| match capability {
            Capability::Sasl(mechanisms) => {
                let possible = mechanisms.iter().filter(|it| login::Account::is_possible(*it, protection));
                Capability::Sasl(Mechanisms::new(possible))
            }
            other => other.clone(),
        };
        offered.iter().map(possible).collect()
    }

    fn exchange(
        &mut self,
        id: CommandId,
        mechanism: impl auth::ServerMechanism,
        initial: Option<&Secret>,
    ) -> Result<(), Error> {
        // the machine has refused already what TLS must protect
        match ServerExchange::new(mechanism, Policy::with_tls().allow_weak()) {
            Ok(mut exchange) => {
                let step = exchange.start(initial.map(Secret::expose));
                self.authenticate(id, exchange, step)
            }
            Err(forbidden) => self.err(id, &forbidden.to_string()),
        }
    }

    fn authenticate(
        &mut self,
        id: CommandId,
        mut exchange: ServerExchange,
        mut step: Result<auth::Step, auth::Error>,
    ) -> Result<(), Error> {
        while let Ok(auth::Step::NeedCredentials(request)) = step {
            step = exchange.answer(self.service.account.login.look_up(&request, self.protection()));
        }
        match step {
            Ok(auth::Step::Done(authenticated)) => self.enter(id, &authenticated),
            Ok(auth::Step::Challenge(challenge)) => {
                self.exchange = Some(exchange);
                Ok(self.connection.machine.challenge(id, &challenge)?)
            }
            _ => self.rejected(id),
        }
    }

    /// Only who is authenticated gets here.
    fn enter(&mut self, id: CommandId, who: &auth::Authenticated) -> Result<(), Error> {
        match self.service.maildrop.lock() {
            Some(maildrop) => {
                let welcome = format!("{}, {} messages", who.user(), maildrop.messages.len());
                self.maildrop = Some(maildrop);
                self.ok(id, &welcome)
            }
            None => {
                let busy = Status::err("Another session has the maildrop")?;
                self.status(id, busy.with_code(ResponseCode::InUse))
            }
        }
    }

    fn rejected(&mut self, id: CommandId) -> Result<(), Error> {
        self.status(id, Status::err("Wrong user or password")?.with_code(ResponseCode::Auth))
    }

    // ---- replies

    fn reply(&mut self, id: CommandId, reply: &Reply) -> Result<(), Error> {
        Ok(self.connection.machine.reply(id, reply)?)
    }

    fn status(&mut self, id: CommandId, status: Status) -> Result<(), Error> {
        self.reply(id, &Reply::Status(status))
    }

    fn ok(&mut self, id: CommandId, text: &str) -> Result<(), Error> {
        self.status(id, Status::ok(text)?)
    }

    fn err(&mut self, id: CommandId, text: &str) -> Result<(), Error> {
        self.status(id, Status::err(text)?)
    }

    fn no_such_message(&mut self, id: CommandId) -> Result<(), Error> {
        self.err(id, "No such message")
    }

    /// A message, as fast as the client reads.
    fn message(&mut self, id: CommandId, data: &Bytes) -> Result<(), Error> {
        self.reply(id, &Reply::MultiLine(Status::ok(format!("{} octets", data.len()))?))?;
        for start in (0..data.len()).step_by(PIECE) {
            let piece = data.slice(start..data.len().min(start + PIECE));
            self.when_there_is_room(|server| server.body(id, &piece))?;
        }
        Ok(self.connection.machine.end_body(id)?)
    }

    fn listing(&mut self, id: CommandId, items: impl Iterator<Item = Item>) -> Result<(), Error> {
        self.reply(id, &Reply::MultiLine(Status::ok("Messages")?))?;
        for item in items {
            self.when_there_is_room(|server| server.item(id, &item))?;
        }
        Ok(self.connection.machine.end_body(id)?)
    }

    /// Back-pressure: when the machine takes no more, writes out what it has.
    fn when_there_is_room(
        &mut self,
        mut put: impl FnMut(&mut Server) -> Result<(), BodyError>,
    ) -> Result<(), Error> {
        loop {
            match put(&mut self.connection.machine) {
                Err(BodyError::Full) => self.connection.flush()?,
                result => return Ok(result?),
            }
        }
    }
}
