//! Serves mailboxes from memory to one user: what the program `imap-serve` does.

use crate::imap_store::{Mailboxes, Message, Store, View};
use crate::login::{self, Protection};
use crate::{Connection, deflate, tls};
use auth::{Policy, ServerExchange, plain};
use bytes::Bytes;
use imap_proto::server::{Config, Event, Server, malformed_reply, unknown_reply};
use imap_proto::{
    AppendMessage, AppendUid, Capabilities, Capability, Code, Command, Condition, ConditionKind, CopyCommand,
    CopyUid, Delimiter, Enabled, FetchAttribute, FetchCommand, FetchItem, Flag, Flags, Greeting, IString, Id,
    List, ListCommand, ListReturn, ListSelection, Mailbox, MailboxAttribute, MailboxAttributes, MailboxFlags,
    MailboxStatus, MessageData, Namespace, NamespaceEntry, NonEmpty, Number64, Partial, Response, Search,
    SearchCommand, Section, SectionQuery, SequenceSet, StatusItem, StatusValue, Store as StoreCommand,
    StoreItem,
};
use rustls::ServerConfig;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wire::{BodyError, CommandId, Fatal, Misuse, Pause, Secret, Step, Text};

/// Messages are handed to the machine in pieces of this size, so that one session holds little at a time.
const PIECE: usize = 64 * 1024;

/// How often IDLE looks for what has happened.
const GLANCE: Duration = Duration::from_millis(200);

/// Who may come in, and how.
#[derive(Debug)]
pub struct Account {
    /// The user, and what it can show.
    pub login: login::Account,
    /// Certificate and key, to offer STARTTLS.
    pub tls: Option<Arc<ServerConfig>>,
    /// Whether passwords are taken without TLS.
    pub allow_cleartext: bool,
}

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection broke, or the client does not speak IMAP.
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
    /// The machine did not take a response.
    #[error(transparent)]
    Misuse(#[from] Misuse),
    /// The machine did not take a piece of a message.
    #[error(transparent)]
    Body(#[from] BodyError),
}

/// A server of one user's mailboxes.
#[derive(Debug)]
pub struct Service {
    account: Account,
    store: Store,
}

impl Service {
    /// With these messages in INBOX.
    #[must_use]
    pub fn new(account: Account, inbox: Vec<Message>) -> Self {
        Self { account, store: Store::new(inbox) }
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
    /// It ended early.
    pub fn serve(&self, socket: TcpStream, implicit_tls: bool) -> Result<(), Error> {
        socket.set_nodelay(true)?;
        let mut stream = tls::Stream::new(socket);
        if let (true, Some(tls)) = (implicit_tls, &self.account.tls) {
            stream.accept_tls(Arc::clone(tls)).map_err(Error::Handshake)?;
        }
        let mut config = Config::new(self.offered(false), self.offered(true));
        config.tls = stream.is_tls();
        config.allow_cleartext = self.account.allow_cleartext;
        let greeting = Greeting::new(condition(ConditionKind::Ok, None, "imap-serve ready")?)?;
        let connection = Connection::new(Server::new(config, &greeting), deflate::Stream::new(stream));
        let session = Session {
            service: self,
            connection,
            exchange: None,
            view: None,
            uploads: Vec::new(),
            idling: None,
        };
        session.run()
    }

    fn offered(&self, logged_in: bool) -> Capabilities {
        let always = [Capability::Imap4Rev1, Capability::LiteralPlus, Capability::Id, Capability::Enable];
        let before =
            [Capability::SaslIr].into_iter().chain(self.account.tls.as_ref().map(|_| Capability::StartTls));
        let before = before.chain(self.account.login.mechanisms().map(Capability::Auth));
        let after = [
            "IDLE",
            "NAMESPACE",
            "CHILDREN",
            "UNSELECT",
            "UIDPLUS",
            "MOVE",
            "MULTIAPPEND",
            "LIST-EXTENDED",
            "LIST-STATUS",
            "STATUS=SIZE",
            "COMPRESS=DEFLATE",
        ];
        let after = after.into_iter().filter_map(|name| Capability::parse(name.as_bytes()).ok());
        let always = always.into_iter();
        if logged_in { always.chain(after).collect() } else { always.chain(before).collect() }
    }
}

/// A condition, with or without a code.
fn condition(kind: ConditionKind, code: Option<Code>, text: impl Into<Bytes>) -> Result<Condition, Misuse> {
    Condition::new(kind, code, Text::new(text)?)
}

/// The end of a command.
type Reply = Result<Condition, Error>;

fn ok(text: &'static str) -> Reply {
    Ok(condition(ConditionKind::Ok, None, text)?)
}

fn ok_with(code: Option<Code>, text: &'static str) -> Reply {
    Ok(condition(ConditionKind::Ok, code, text)?)
}

fn no(code: Option<Code>, text: &'static str) -> Reply {
    Ok(condition(ConditionKind::No, code, text)?)
}

/// One connection.
struct Session<'s> {
    service: &'s Service,
    connection: Connection<Server, deflate::Stream<tls::Stream>>,
    /// AUTHENTICATE waits for a response.
    exchange: Option<ServerExchange>,
    /// The selected mailbox, as the client knows it.
    view: Option<View>,
    /// What an APPEND has sent so far.
    uploads: Vec<Vec<u8>>,
    idling: Option<CommandId>,
}

impl Session<'_> {
    fn run(mut self) -> Result<(), Error> {
        loop {
            self.connection.patience = self.idling.map(|_| GLANCE);
            match self.connection.next_event() {
                Ok(Step::Event(event)) => self.handle(event)?,
                Ok(Step::Paused(Pause::StartTls)) => self.start_tls()?,
                Ok(Step::Paused(Pause::Upgrade)) => {
                    let unread = self.connection.machine.compressed()?;
                    self.connection.stream.start(&unread);
                }
                // commands are answered at once, so there is no other pause
                Ok(_) => return Ok(()),
                Err(crate::Error::Timeout(_)) if self.idling.is_some() => {
                    self.tell(true)?;
                    self.connection.flush()?;
                }
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
            self.connection.stream.inner.accept_tls(Arc::clone(config)).map_err(Error::Handshake)?;
        }
        Ok(self.connection.machine.tls_established()?)
    }

    fn handle(&mut self, event: Event) -> Result<(), Error> {
        match event {
            Event::Command { id, command, .. } => self.command(id, command),
            Event::Refused { id, refusal, .. } => self.reply(id, &refusal.reply()),
            Event::Malformed { id, malformed } => {
                self.exchange = None;
                self.idling = None;
                self.reply(id, &malformed_reply(&malformed))
            }
            Event::BodyOffered { id, offer } => {
                if offer.prefix.index == 0 {
                    self.uploads.clear();
                }
                if self.mailboxes().get(&offer.prefix.mailbox).is_some() {
                    self.uploads.push(Vec::new());
                    Ok(self.connection.machine.accept_body(id)?)
                } else {
                    let refusal = no(Some(Code::TryCreate), "No such mailbox")?;
                    Ok(self.connection.machine.refuse_body(id, &refusal)?)
                }
            }
            Event::BodyChunk { data, .. } => {
                if let Some(upload) = self.uploads.last_mut() {
                    upload.extend_from_slice(&data);
                }
                Ok(())
            }
            Event::AuthResponse { id, data } => match self.exchange.take() {
                Some(mut exchange) => {
                    let step = exchange.respond(data.expose());
                    self.authenticate(id, exchange, step)
                }
                None => self.reply(id, &no(None, "No exchange")?),
            },
            Event::AuthCancelled { id } => {
                self.exchange = None;
                self.reply(id, &condition(ConditionKind::Bad, None, "Cancelled")?)
            }
            Event::IdleDone { id } => {
                self.idling = None;
                self.tell(true)?;
                self.reply(id, &ok("Done")?)
            }
            _ => Ok(()),
        }
    }

    fn command(&mut self, id: CommandId, command: Command) -> Result<(), Error> {
        match command {
            Command::Login(login) => {
                let user = login.userid().to_str_lossy();
                match plain::Message::new(&user, login.password().clone()) {
                    Ok(message) => self.exchange(id, plain::Server::new(), Some(&message.encode())),
                    Err(_) => self.rejected(id),
                }
            }
            Command::Authenticate(start) => {
                let login = &self.service.account.login;
                match login.server(start.mechanism, "imap", self.protection())? {
                    Some(mechanism) => self.exchange(id, mechanism, start.initial_response.as_ref()),
                    None => self.reply(id, &no(None, "No such mechanism")?),
                }
            }
            Command::StartTls => match self.reply(id, &ok("Begin TLS")?) {
                // the next event is the error to close the connection with
                Err(Error::Misuse(Misuse::PlaintextPending)) => Ok(()),
                agreed => agreed,
            },
            Command::Idle => {
                self.tell(true)?;
                self.idling = Some(id);
                Ok(self.connection.machine.accept_idle(id)?)
            }
            other => {
                // FETCH, STORE and SEARCH by message numbers: those must stay what they are
                let counts = matches!(other, Command::Fetch(_) | Command::Store(_) | Command::Search(_));
                let reply = self.answer(other)?;
                self.tell(!counts)?;
                self.reply(id, &reply)
            }
        }
    }

    /// Everything that is answered at once.
    fn answer(&mut self, command: Command) -> Reply {
        match command {
            Command::Capability => {
                let offered = self.offered();
                self.send(&Response::Capability(offered))?;
                ok("Those")
            }
            Command::Noop | Command::Check | Command::Compress(_) => ok("Done"),
            Command::Logout => ok("Bye"),
            Command::Id(_) => {
                let name = (IString::try_from("name")?, Some(IString::try_from("imap-serve")?));
                self.send(&Response::Id(Box::new(Id::new([name])?)))?;
                ok("Pleased to meet you")
            }
            Command::Enable(_) => {
                self.send(&Response::Enabled(Box::new(Enabled { capabilities: Vec::new() })))?;
                ok("There is nothing to enable")
            }
            Command::Namespace => {
                let own = NamespaceEntry {
                    prefix: Mailbox::new("")?,
                    delimiter: Some(Delimiter::SLASH),
                    extensions: Vec::new(),
                };
                let namespace =
                    Namespace { personal: vec![own], other_users: Vec::new(), shared: Vec::new() };
                self.send(&Response::Namespace(Box::new(namespace)))?;
                ok("Those")
            }
            Command::List(list) => self.list(&list),
            Command::Lsub(list) => {
                let found = self.mailboxes().matching(&[list.pattern], &list.reference, true);
                for mailbox in found {
                    self.send(&Response::Lsub(Box::new(described(mailbox, MailboxAttributes::new()))))?;
                }
                ok("Those")
            }
            Command::Create(create) => match self.mailboxes().create(&create.mailbox) {
                true => ok("Created"),
                false => no(Some(Code::AlreadyExists), "It is there"),
            },
            Command::Delete(mailbox) => match self.mailboxes().delete(&mailbox) {
                true => ok("Deleted"),
                false => no(Some(Code::NonExistent), "No such mailbox, or INBOX"),
            },
            Command::Rename(rename) => match self.mailboxes().rename(&rename.from, &rename.to) {
                true => ok("Renamed"),
                false => no(Some(Code::Cannot), "No such mailbox, or the new one is there"),
            },
            Command::Subscribe(mailbox) => self.subscribe(&mailbox, true),
            Command::Unsubscribe(mailbox) => self.subscribe(&mailbox, false),
            Command::Status(status) => match self.status(&status.mailbox, &status.items)? {
                true => ok("That"),
                false => no(Some(Code::NonExistent), "No such mailbox"),
            },
            Command::Select(select) => self.select(&select.mailbox, false),
            Command::Examine(select) => self.select(&select.mailbox, true),
            Command::Unselect => {
                self.view = None;
                ok("Unselected")
            }
            Command::Close => {
                if let Some(view) = self.view.take().filter(|view| !view.read_only) {
                    let _ = self.mailboxes().expunge(&view.mailbox, |_| true);
                }
                ok("Closed")
            }
            Command::Append(append) => self.append(append.mailbox(), append.messages()),
            Command::Expunge => self.expunge(None),
            Command::UidExpunge(set) => self.expunge(Some(&set)),
            Command::Fetch(fetch) => self.fetch(&fetch, false),
            Command::UidFetch(fetch) => self.fetch(&fetch, true),
            Command::Store(store) => self.store(&store, false),
            Command::UidStore(store) => self.store(&store, true),
            Command::Search(search) => self.search(&search, false),
            Command::UidSearch(search) => self.search(&search, true),
            Command::Copy(copy) => self.copy(&copy, false, false),
            Command::UidCopy(copy) => self.copy(&copy, true, false),
            Command::Move(copy) => self.copy(&copy, false, true),
            Command::UidMove(copy) => self.copy(&copy, true, true),
            _ => Ok(unknown_reply()),
        }
    }

    fn mailboxes(&self) -> Mailboxes<'_> {
        self.service.store.open()
    }

    // ---- mailboxes

    fn list(&mut self, list: &ListCommand) -> Reply {
        if list.patterns.as_slice().iter().all(|pattern| pattern.as_bytes().is_empty()) {
            // asks for the delimiter
            let mut root = MailboxAttributes::new();
            root.insert(MailboxAttribute::NoSelect);
            self.send(&Response::List(Box::new(described(Mailbox::new("")?, root))))?;
            return ok("That");
        }
        let subscribed = list.selection.iter().flatten().any(|it| *it == ListSelection::Subscribed);
        let returns = list.returns.as_deref().unwrap_or_default();
        let found = self.mailboxes().matching(list.patterns.as_slice(), &list.reference, subscribed);
        for mailbox in found {
            let mut attributes = MailboxAttributes::new();
            let (children, is_subscribed) = self.mailboxes().about(&mailbox);
            let has = if children { MailboxAttribute::HasChildren } else { MailboxAttribute::HasNoChildren };
            attributes.insert(has);
            if is_subscribed && (subscribed || returns.contains(&ListReturn::Subscribed)) {
                attributes.insert(MailboxAttribute::Subscribed);
            }
            self.send(&Response::List(Box::new(described(mailbox.clone(), attributes))))?;
            for option in returns {
                if let ListReturn::Status(items) = option {
                    let _there = self.status(&mailbox, items)?;
                }
            }
        }
        ok("Those")
    }

    fn subscribe(&mut self, mailbox: &Mailbox, subscribed: bool) -> Reply {
        match self.mailboxes().get_mut(mailbox) {
            Some(mailbox) => mailbox.subscribed = subscribed,
            // it has been renamed, or deleted
            None if !subscribed => {}
            None => return no(Some(Code::NonExistent), "No such mailbox"),
        }
        ok("Noted")
    }

    fn status(&mut self, name: &Mailbox, items: &[StatusItem]) -> Result<bool, Error> {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let Some(values) = self.mailboxes().get(name).map(|mailbox| {
            let with =
                |flag| count(mailbox.messages.iter().filter(|message| message.flags.has(flag)).count());
            let value = |item: &StatusItem| match item {
                StatusItem::Messages => Some(StatusValue::Messages(count(mailbox.messages.len()))),
                StatusItem::Recent => Some(StatusValue::Recent(0)),
                StatusItem::UidNext => Some(StatusValue::UidNext(mailbox.uid_next)),
                StatusItem::UidValidity => Some(StatusValue::UidValidity(mailbox.uid_validity)),
                StatusItem::Unseen => {
                    Some(StatusValue::Unseen(count(mailbox.messages.len()) - with(&Flag::Seen)))
                }
                StatusItem::Deleted => Some(StatusValue::Deleted(with(&Flag::Deleted))),
                StatusItem::Size => {
                    let size = mailbox.messages.iter().map(|message| message.size().get()).sum();
                    Some(StatusValue::Size(Number64::new(size).ok()?))
                }
                _ => None,
            };
            items.iter().filter_map(value).collect::<Vec<_>>()
        }) else {
            return Ok(false);
        };
        self.send(&Response::Status(Box::new(MailboxStatus { mailbox: name.clone(), items: values })))?;
        Ok(true)
    }

    fn select(&mut self, name: &Mailbox, read_only: bool) -> Reply {
        self.view = None;
        let Some((view, uid_next, validity)) = self.mailboxes().view(name, read_only) else {
            return no(Some(Code::NonExistent), "No such mailbox");
        };
        let system = [Flag::Answered, Flag::Flagged, Flag::Deleted, Flag::Seen, Flag::Draft];
        let flags = |more: &[Flag]| {
            let mut flags = Flags::new();
            system.iter().chain(more).for_each(|flag| flags.insert(flag.clone()));
            flags
        };
        let permanent = if read_only { Flags::new() } else { flags(&[Flag::Wildcard]) };
        self.send(&Response::Flags(MailboxFlags(flags(&[]))))?;
        self.send(&Response::Exists(view.count()))?;
        self.send(&Response::Recent(0))?;
        for (code, text) in [
            (Code::PermanentFlags(Box::new(permanent)), "What can be changed"),
            (Code::UidValidity(Some(validity)), "UIDs are valid"),
            (Code::UidNext(Some(uid_next)), "The next UID"),
        ] {
            self.send(&Response::Condition(Box::new(condition(ConditionKind::Ok, Some(code), text)?)))?;
        }
        self.view = Some(view);
        ok_with(Some(if read_only { Code::ReadOnly } else { Code::ReadWrite }), "Selected")
    }

    /// Tells what others have done to the selected mailbox; what is gone only where numbers may change.
    fn tell(&mut self, expunges: bool) -> Result<(), Error> {
        let Some(mut view) = self.view.take() else { return Ok(()) };
        let news = self.mailboxes().news(&mut view, expunges);
        self.view = Some(view);
        news.iter().try_for_each(|response| self.send(response))
    }

    // ---- messages

    fn append(&mut self, name: &Mailbox, said: &[AppendMessage]) -> Reply {
        let uploads = std::mem::take(&mut self.uploads);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut mailboxes = self.mailboxes();
        let Some(mailbox) = mailboxes.get_mut(name) else {
            return no(Some(Code::TryCreate), "No such mailbox");
        };
        let mut uids = Vec::new();
        for (data, said) in uploads.into_iter().zip(said) {
            let mut message = Message::new(data, now)?;
            message.flags = said.flags.clone().unwrap_or_default();
            message.date = said.date.unwrap_or(message.date);
            uids.push(mailbox.add(message));
        }
        let code = AppendUid::new(mailbox.uid_validity, SequenceSet::from_numbers(uids)?)?;
        ok_with(Some(Code::AppendUid(Box::new(code))), "Appended")
    }

    fn expunge(&mut self, uids: Option<&SequenceSet>) -> Reply {
        let Some(view) = self.view.as_ref() else { return no(None, "Nothing is selected") };
        if view.read_only {
            return no(None, "Read-only");
        }
        let last = view.last_uid();
        let _ = self.mailboxes().expunge(&view.mailbox, |uid| uids.is_none_or(|set| set.contains(uid, last)));
        ok("Expunged")
    }

    /// Numbers and UIDs of the messages that a set names.
    fn named(&self, set: &SequenceSet, uid: bool) -> Vec<(NonZeroU32, NonZeroU32)> {
        self.view.as_ref().map(|view| view.named(set, uid)).unwrap_or_default()
    }

    fn message(&self, uid: NonZeroU32) -> Option<Message> {
        let view = self.view.as_ref()?;
        self.mailboxes().get(&view.mailbox)?.message(uid).cloned()
    }

    fn fetch(&mut self, fetch: &FetchCommand, by_uid: bool) -> Reply {
        let mut items = fetch.items().expanded().to_vec();
        if by_uid && !items.contains(&FetchItem::Uid) {
            items.insert(0, FetchItem::Uid);
        }
        let read = |item: &FetchItem| {
            matches!(item, FetchItem::Rfc822 | FetchItem::Rfc822Text)
                || matches!(item, FetchItem::Section(query) if !query.peek)
        };
        let reads = items.iter().any(read);
        let mut seen = Flags::new();
        seen.insert(Flag::Seen);
        for (number, uid) in self.named(fetch.set(), by_uid) {
            let Some(view) = self.view.as_ref().filter(|view| reads && !view.read_only) else { continue };
            let _ = (number, self.mailboxes().change(&view.mailbox, uid, |flags| flags.insert(Flag::Seen)));
        }
        let mut missing = false;
        for (number, uid) in self.named(fetch.set(), by_uid) {
            match self.message(uid) {
                Some(message) => self.fetch_one(number, &message, &items)?,
                None => missing = true,
            }
        }
        if missing { no(Some(Code::ExpungeIssued), "Some are gone") } else { ok("Fetched") }
    }

    fn fetch_one(&mut self, number: NonZeroU32, message: &Message, items: &[FetchItem]) -> Result<(), Error> {
        let part = message.part();
        let data = message.data();
        let _ = self.connection.machine.fetch(number)?;
        for item in items {
            let (section, partial) = match item {
                FetchItem::Uid => {
                    self.attribute(&FetchAttribute::Uid(message.uid))?;
                    continue;
                }
                FetchItem::Flags => {
                    self.attribute(&FetchAttribute::Flags(message.flags.clone()))?;
                    continue;
                }
                FetchItem::InternalDate => {
                    self.attribute(&FetchAttribute::InternalDate(message.date))?;
                    continue;
                }
                FetchItem::Size => {
                    self.attribute(&FetchAttribute::Size(message.size()))?;
                    continue;
                }
                FetchItem::Envelope => {
                    self.attribute(&FetchAttribute::Envelope(Box::new(part.envelope(data)?)))?;
                    continue;
                }
                FetchItem::Body => {
                    self.attribute(&FetchAttribute::Body(Box::new(part.structure(data, false)?)))?;
                    continue;
                }
                FetchItem::BodyStructure => {
                    let structure = part.structure(data, true)?;
                    self.attribute(&FetchAttribute::BodyStructure(Box::new(structure)))?;
                    continue;
                }
                FetchItem::Rfc822 => {
                    self.whole(data.clone(), |data| FetchAttribute::Rfc822(Some(Box::new(data))))?;
                    continue;
                }
                FetchItem::Rfc822Header => {
                    let header = part.section(data, &Section::HEADER).unwrap_or_default();
                    self.whole(header, |data| FetchAttribute::Rfc822Header(Some(Box::new(data))))?;
                    continue;
                }
                FetchItem::Rfc822Text => {
                    let text = part.section(data, &Section::TEXT).unwrap_or_default();
                    self.whole(text, |data| FetchAttribute::Rfc822Text(Some(Box::new(data))))?;
                    continue;
                }
                FetchItem::Section(query) => {
                    let SectionQuery { section, partial, .. } = &**query;
                    (section, partial)
                }
                _ => continue,
            };
            let octets = part.section(data, section);
            let octets = octets.map(|octets| partial.map_or(octets.clone(), |partial| cut(&octets, partial)));
            let origin = partial.map(Partial::offset).and_then(|offset| Number64::new(offset).ok());
            let made = |data| {
                let found = imap_proto::BodySection { section: section.clone(), origin, data };
                FetchAttribute::Section(Box::new(found))
            };
            match octets {
                Some(octets) => self.whole(octets, |data| made(Some(data)))?,
                None => self.attribute(&made(None))?,
            }
        }
        match self.connection.machine.open_fetch() {
            Some(fetch) => Ok(fetch.finish()?),
            None => Ok(()),
        }
    }

    fn attribute(&mut self, attribute: &FetchAttribute) -> Result<(), Error> {
        match self.connection.machine.open_fetch() {
            Some(mut fetch) => Ok(fetch.attribute(attribute)?),
            None => Ok(()),
        }
    }

    /// Message data, as fast as the client reads.
    fn whole(
        &mut self,
        octets: Bytes,
        made: impl FnOnce(MessageData) -> FetchAttribute,
    ) -> Result<(), Error> {
        let size = Number64::new(octets.len() as u64)?;
        self.attribute(&made(MessageData::Streamed { size, binary: false }))?;
        for start in (0..octets.len()).step_by(PIECE) {
            let piece = octets.slice(start..octets.len().min(start + PIECE));
            loop {
                match self.connection.machine.body(&piece) {
                    Err(BodyError::Full) => self.connection.flush()?,
                    done => break done?,
                }
            }
        }
        Ok(())
    }

    fn store(&mut self, store: &StoreCommand, by_uid: bool) -> Reply {
        let StoreItem::Flags { mode, silent, flags } = &store.item else { return no(None, "Only flags") };
        let named = self.named(&store.set, by_uid);
        let Some(mut view) = self.view.take() else { return no(None, "Nothing is selected") };
        let mut changed = Vec::new();
        if !view.read_only {
            let mut mailboxes = self.service.store.open();
            for (number, uid) in named {
                let now = mailboxes.change(&view.mailbox, uid, |old| apply(old, *mode, flags));
                if let Some((flags, version)) = now {
                    view.know(number, version);
                    let uid = by_uid.then_some(FetchAttribute::Uid(uid));
                    let mut attributes = NonEmpty::one(FetchAttribute::Flags(flags));
                    uid.into_iter().for_each(|uid| attributes.push(uid));
                    changed.push(Response::Fetch(Box::new(imap_proto::Fetch::new(number, attributes))));
                }
            }
        }
        let read_only = view.read_only;
        self.view = Some(view);
        if read_only {
            return no(None, "Read-only");
        }
        if !silent {
            changed.iter().try_for_each(|response| self.send(response))?;
        }
        ok("Stored")
    }

    fn search(&mut self, search: &SearchCommand, uid: bool) -> Reply {
        let Some(view) = self.view.as_ref() else { return no(None, "Nothing is selected") };
        let mut found = Vec::new();
        for (number, of) in view.named(&SequenceSet::all(), false) {
            let matches = self
                .message(of)
                .is_some_and(|message| search.keys.iter().all(|key| message.matches(key, number, view)));
            found.extend(matches.then_some(if uid { of } else { number }));
        }
        self.send(&Response::Search(Box::new(Search { numbers: found, ..Search::default() })))?;
        ok("Those")
    }

    fn copy(&mut self, copy: &CopyCommand, by_uid: bool, moving: bool) -> Reply {
        let named = self.named(&copy.set, by_uid);
        let Some(view) = self.view.as_ref() else { return no(None, "Nothing is selected") };
        if moving && view.read_only {
            return no(None, "Read-only");
        }
        let (from, mut mailboxes) = (view.mailbox.clone(), self.mailboxes());
        if mailboxes.get(&copy.mailbox).is_none() {
            return no(Some(Code::TryCreate), "No such mailbox");
        }
        let (mut source, mut target) = (Vec::new(), Vec::new());
        for (_, uid) in named {
            let message = mailboxes.get(&from).and_then(|mailbox| mailbox.message(uid)).cloned();
            let to = mailboxes.get_mut(&copy.mailbox);
            if let (Some(message), Some(to)) = (message, to) {
                source.push(uid);
                target.push(to.add(message));
            }
        }
        let validity = mailboxes.get(&copy.mailbox).map(|mailbox| mailbox.uid_validity);
        if moving {
            mailboxes.remove(&from, &source);
        }
        drop(mailboxes);
        let (Some(validity), false) = (validity, source.is_empty()) else { return ok("None") };
        let (source, target) = (SequenceSet::from_numbers(source)?, SequenceSet::from_numbers(target)?);
        let code = Code::CopyUid(Box::new(CopyUid::new(validity, source, target)?));
        if !moving {
            return ok_with(Some(code), "Copied");
        }
        // RFC 6851 section 4.3: before the first EXPUNGE
        let told = condition(ConditionKind::Ok, Some(code), "Moved")?;
        self.send(&Response::Condition(Box::new(told)))?;
        ok("Moved")
    }

    // ---- logging in: messages of `auth` go in and out as octets

    fn protection(&self) -> Protection {
        self.connection.stream.inner.protection()
    }

    /// What the machine offers now, but for mechanisms that this connection cannot have.
    fn offered(&self) -> Capabilities {
        let protection = self.protection();
        let possible = |capability: &Capability| match capability {
            Capability::Auth(mechanism) => login::Account::is_possible(*mechanism, protection),
            _ => true,
        };
        self.connection.machine.capabilities().iter().filter(possible).collect()
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
            Err(_) => self.rejected(id),
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
            Ok(auth::Step::Done(_)) => {
                let code = Code::Capability(Box::new(self.service.offered(true)));
                self.reply(id, &ok_with(Some(code), "Welcome")?)
            }
            Ok(auth::Step::Challenge(challenge)) => {
                self.exchange = Some(exchange);
                Ok(self.connection.machine.challenge(id, &challenge)?)
            }
            _ => self.rejected(id),
        }
    }

    fn rejected(&mut self, id: CommandId) -> Result<(), Error> {
        self.reply(id, &no(Some(Code::AuthenticationFailed), "Wrong user or password")?)
    }

    // ---- responses

    fn reply(&mut self, id: CommandId, condition: &Condition) -> Result<(), Error> {
        Ok(self.connection.machine.reply(id, condition)?)
    }

    fn send(&mut self, response: &Response) -> Result<(), Error> {
        Ok(self.connection.machine.send(response)?)
    }
}

fn described(mailbox: Mailbox, attributes: MailboxAttributes) -> List {
    List { attributes, delimiter: Some(Delimiter::SLASH), mailbox, extended: Vec::new() }
}

fn apply(old: &mut Flags, mode: imap_proto::StoreMode, flags: &Flags) {
    match mode {
        imap_proto::StoreMode::Replace => *old = flags.clone(),
        imap_proto::StoreMode::Add => flags.iter().for_each(|flag| old.insert(flag.clone())),
        imap_proto::StoreMode::Remove => flags.iter().for_each(|flag| old.remove(flag)),
    }
}

/// `<offset.length>`
fn cut(octets: &Bytes, partial: Partial) -> Bytes {
    let start = usize::try_from(partial.offset()).unwrap_or(usize::MAX).min(octets.len());
    let length = usize::try_from(partial.length().get()).unwrap_or(usize::MAX);
    octets.slice(start..octets.len().min(start.saturating_add(length)))
}
