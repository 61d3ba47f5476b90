//! Our side. Each function enters our contestants for one workload, the headline first.
//!
//! A value of ours is owned: it shares the octets of the receive buffer and copies none. So there is one form of it, against the peers' borrowed
//! and their owned ones.

use std::any::Any;
use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use imap_proto::client::{self, Client};
use imap_proto::server::{self, Server};
use imap_proto::{
    Address, Addresses, AppendData, BodyPart, BodyStructure, Capabilities, Capability, Code, Command,
    Condition, ConditionKind, Context, CopyUid, Encoder, Envelope, Esearch, EsearchItem, FetchAttribute,
    FetchCommand, FetchItem, Flag, Flags, FrameLimits, Framed, Framer, Greeting, ListPatterns, Mailbox,
    MailboxAttribute, MailboxAttributes, MessageData, Options, Response, SearchKey, SectionText, SequenceSet,
    Side, StoreItem, StoreMode, TaggedCommand,
};
use wire::{Input as Buffer, Machine as _, Output, Step, Tolerance};

use crate::Contestant;
use crate::imap::workloads::{Input, Kind, told};
use crate::socket::{drain, drained};

/// What a response adds to the witness: each typed value is read.
pub(super) fn response_told(response: &Response) -> u64 {
    match response {
        Response::Fetch(fetch) => {
            fetch.attributes().iter().fold(u64::from(fetch.number.get()), |sum, attribute| {
                sum.wrapping_add(attribute_told(attribute))
            })
        }
        Response::Tagged(tagged) => tagged.tag.as_bytes().len() as u64 + condition_told(&tagged.condition),
        Response::Condition(condition) => condition_told(condition),
        Response::List(list) => {
            attributes_told(&list.attributes)
                + list.delimiter.map_or(0, |delimiter| delimiter.as_char() as u64)
                + mailbox_told(&list.mailbox)
        }
        Response::Search(search) => search.numbers.iter().map(|n| u64::from(n.get())).sum(),
        Response::Esearch(esearch) => esearch_told(esearch),
        Response::Exists(number) => told::EXISTS + u64::from(*number),
        _ => 0,
    }
}

fn attribute_told(attribute: &FetchAttribute) -> u64 {
    match attribute {
        FetchAttribute::Uid(uid) => uid.get().into(),
        FetchAttribute::Flags(flags) => flags_told(flags),
        FetchAttribute::InternalDate(date) => date.unix_seconds() as u64,
        FetchAttribute::Size(size) => size.get(),
        FetchAttribute::Envelope(envelope) => envelope_told(envelope),
        FetchAttribute::BodyStructure(body) => structure_told(body),
        FetchAttribute::Section(section) => section.data.as_ref().map_or(0, data_told),
        _ => 0,
    }
}

fn flags_told(flags: &Flags) -> u64 {
    let of = |flag: &Flag| match flag {
        Flag::Seen => told::SEEN,
        Flag::Answered => told::ANSWERED,
        Flag::Flagged => told::FLAGGED,
        Flag::Deleted => told::DELETED,
        Flag::Draft => told::DRAFT,
        Flag::Recent => told::RECENT,
        Flag::Wildcard => told::WILDCARD,
        Flag::Extension(word) | Flag::Keyword(word) => word.as_bytes().len() as u64,
        _ => 0,
    };
    flags.iter().map(of).sum()
}

fn data_told(data: &MessageData) -> u64 {
    let Some(octets) = data.octets() else { return 0 };
    octets.len() as u64 + u64::from(octets[octets.len() / 2])
}

fn text_told(text: Option<impl AsRef<[u8]>>) -> u64 {
    text.map_or(0, |text| text.as_ref().len() as u64 + 1)
}

fn addresses_told(addresses: Addresses<'_>) -> u64 {
    let of = |address: Address<'_>| {
        1 + text_told(address.name)
            + text_told(address.route)
            + text_told(address.mailbox)
            + text_told(address.host)
    };
    addresses.map(of).sum()
}

fn envelope_told(envelope: &Envelope) -> u64 {
    text_told(envelope.date())
        + text_told(envelope.subject())
        + addresses_told(envelope.from())
        + addresses_told(envelope.sender())
        + addresses_told(envelope.reply_to())
        + addresses_told(envelope.to())
        + addresses_told(envelope.cc())
        + addresses_told(envelope.bcc())
        + text_told(envelope.in_reply_to())
        + text_told(envelope.message_id())
}

fn structure_told(body: &BodyStructure) -> u64 {
    body.parts().map(part_told).sum()
}

fn part_told(part: BodyPart<'_>) -> u64 {
    let params = |params: imap_proto::Params<'_>| {
        params.map(|(name, value)| (name.len() + value.len()) as u64 + 2).sum::<u64>()
    };
    let mut sum = part.subtype().len() as u64 + 1 + params(part.params());
    if !part.is_multipart() {
        sum += part.main_type().len() as u64
            + 1
            + text_told(part.id())
            + text_told(part.description())
            + text_told(part.encoding())
            + part.octets().unwrap_or(0)
            + part.lines().unwrap_or(0)
            + text_told(part.md5());
    }
    if let Some(disposition) = part.disposition() {
        sum += disposition.kind.len() as u64 + 1 + params(disposition.params);
    }
    sum += part.languages().iter().map(|language| language.len() as u64 + 1).sum::<u64>();
    sum += text_told(part.location());
    sum + part.message().map_or(0, |(envelope, _)| envelope_told(&envelope))
}

fn condition_told(condition: &Condition) -> u64 {
    let kind = match condition.kind() {
        ConditionKind::Ok => told::OK,
        ConditionKind::No => told::NO,
        ConditionKind::Bad => told::BAD,
        ConditionKind::Bye => told::BYE,
        ConditionKind::PreAuth => 0,
    };
    kind + condition.code().map_or(0, code_told) + condition.text().len() as u64
}

fn code_told(code: &Code) -> u64 {
    match code {
        Code::Alert => told::ALERT,
        Code::ReadOnly => told::READ_ONLY,
        Code::ReadWrite => told::READ_WRITE,
        Code::TryCreate => told::TRYCREATE,
        Code::UidNext(Some(n)) => told::UIDNEXT + u64::from(n.get()),
        Code::UidValidity(Some(n)) => told::UIDVALIDITY + u64::from(n.get()),
        Code::Unseen(Some(n)) => told::UNSEEN + u64::from(n.get()),
        Code::PermanentFlags(flags) => told::PERMANENTFLAGS + flags_told(flags),
        Code::Capability(capabilities) => told::CAPABILITY + capabilities.iter().count() as u64,
        Code::AppendUid(uids) => {
            told::APPENDUID + u64::from(uids.uid_validity().get()) + set_told(uids.uids())
        }
        Code::CopyUid(uids) => told::COPYUID + copied_told(uids),
        _ => 0,
    }
}

fn copied_told(uids: &CopyUid) -> u64 {
    u64::from(uids.uid_validity().get()) + set_told(uids.source()) + set_told(uids.destination())
}

fn set_told(set: &SequenceSet) -> u64 {
    let one = |end: imap_proto::Sequence| end.number().map_or(told::STAR, |n| u64::from(n.get()));
    set.ranges().map(|range| one(range.start) + one(range.end)).sum()
}

fn attributes_told(attributes: &MailboxAttributes) -> u64 {
    let of = |attribute| match attribute {
        MailboxAttribute::NoInferiors | MailboxAttribute::HasChildren => 11,
        MailboxAttribute::NoSelect | MailboxAttribute::Unmarked => 8,
        MailboxAttribute::Marked | MailboxAttribute::Drafts => 6,
        MailboxAttribute::HasNoChildren => 13,
        MailboxAttribute::Subscribed => 10,
        MailboxAttribute::Archive => 7,
        MailboxAttribute::Junk | MailboxAttribute::Sent => 4,
        MailboxAttribute::Trash => 5,
        MailboxAttribute::Important => 9,
        MailboxAttribute::Other(word) => word.as_bytes().len() as u64,
        _ => 0,
    };
    attributes.iter().map(of).sum()
}

fn mailbox_told(mailbox: &Mailbox) -> u64 {
    mailbox.as_bytes().len() as u64
}

fn esearch_told(esearch: &Esearch) -> u64 {
    let of = |item: &EsearchItem| match item {
        EsearchItem::Min(n) | EsearchItem::Max(n) => n.get().into(),
        EsearchItem::Count(n) => (*n).into(),
        EsearchItem::All(set) => set_told(set),
        _ => 0,
    };
    esearch.tag().map_or(0, |tag| tag.as_bytes().len() as u64) + esearch.items.iter().map(of).sum::<u64>()
}

/// What a command adds to the witness.
pub(super) fn command_told(tagged: &TaggedCommand) -> u64 {
    let uid = |uid| u64::from(uid);
    let command = match &tagged.command {
        Command::Capability => told::CAPABILITY_COMMAND,
        Command::Noop => told::NOOP,
        Command::Logout => told::LOGOUT,
        Command::Login(login) => {
            told::LOGIN + (login.userid().as_bytes().len() + login.password().expose().len()) as u64
        }
        Command::Select(select) => told::SELECT + mailbox_told(&select.mailbox),
        Command::Examine(select) => told::EXAMINE + mailbox_told(&select.mailbox),
        Command::Create(create) => told::CREATE + mailbox_told(&create.mailbox),
        Command::Subscribe(mailbox) => told::SUBSCRIBE + mailbox_told(mailbox),
        Command::List(list) => {
            let pattern = match &list.patterns {
                ListPatterns::One(pattern) => pattern.as_bytes().len() as u64,
                ListPatterns::Several(_) => 0,
            };
            told::LIST + mailbox_told(&list.reference) + pattern
        }
        Command::Status(status) => told::STATUS + mailbox_told(&status.mailbox) + status.items.len() as u64,
        Command::Append(append) => {
            let of = |message: &imap_proto::AppendMessage| {
                message
                    .flags
                    .as_ref()
                    .map_or(0, flags_told)
                    .wrapping_add(message.date.map_or(0, |date| date.unix_seconds() as u64))
                    .wrapping_add(match &message.data {
                        AppendData::Message(data) => data_told(data),
                        _ => 0,
                    })
            };
            let start = told::APPEND + mailbox_told(append.mailbox());
            append.messages().iter().fold(start, |sum, message| sum.wrapping_add(of(message)))
        }
        Command::Close => told::CLOSE,
        Command::Expunge => told::EXPUNGE,
        Command::Idle => told::IDLE,
        Command::Enable(enable) => told::ENABLE + enable.capabilities.len() as u64,
        Command::Search(search) | Command::UidSearch(search) => {
            told::SEARCH
                + uid(matches!(tagged.command, Command::UidSearch(_)))
                + search.keys.iter().map(key_told).sum::<u64>()
        }
        Command::Fetch(fetch) => told::FETCH + fetch_told(fetch),
        Command::UidFetch(fetch) => told::FETCH + 1 + fetch_told(fetch),
        Command::Store(store) | Command::UidStore(store) => {
            let item = match &store.item {
                StoreItem::Flags { mode, silent, flags } => {
                    let mode = match mode {
                        StoreMode::Replace => 0,
                        StoreMode::Add => told::ADD,
                        StoreMode::Remove => told::REMOVE,
                    };
                    mode + if *silent { told::SILENT } else { 0 } + flags_told(flags)
                }
                _ => 0,
            };
            told::STORE + uid(matches!(tagged.command, Command::UidStore(_))) + set_told(&store.set) + item
        }
        Command::Copy(copy) => told::COPY + set_told(&copy.set) + mailbox_told(&copy.mailbox),
        Command::UidCopy(copy) => told::COPY + 1 + set_told(&copy.set) + mailbox_told(&copy.mailbox),
        Command::Move(copy) => told::MOVE + set_told(&copy.set) + mailbox_told(&copy.mailbox),
        Command::UidMove(copy) => told::MOVE + 1 + set_told(&copy.set) + mailbox_told(&copy.mailbox),
        _ => 0,
    };
    command.wrapping_add(tagged.tag.as_bytes().len() as u64)
}

fn fetch_told(fetch: &FetchCommand) -> u64 {
    let of = |item: &FetchItem| match item {
        FetchItem::Section(query) => {
            let part: u64 = query.section.part().iter().map(|n| u64::from(n.get())).sum();
            let names: usize = match query.section.text() {
                SectionText::HeaderFields(names) => names.iter().map(|name| name.as_bytes().len()).sum(),
                _ => 0,
            };
            let partial = query.partial.map_or(0, |partial| partial.offset() + partial.length().get());
            1 + part + names as u64 + partial
        }
        _ => 1,
    };
    set_told(fetch.set()) + fetch.items().expanded().iter().map(of).sum::<u64>()
}

fn key_told(key: &SearchKey) -> u64 {
    told::KEY
        + match key {
            SearchKey::Subject(text) | SearchKey::From(text) => text.as_bytes().len() as u64,
            SearchKey::Uid(set) => set_told(set),
            SearchKey::Since(date) => {
                u64::from(date.year()) + u64::from(date.month()) + u64::from(date.day())
            }
            SearchKey::Larger(size) => size.get(),
            SearchKey::Header(header) => {
                (header.name.as_bytes().len() + header.value.as_bytes().len()) as u64
            }
            SearchKey::Or(keys) => keys.iter().map(key_told).sum(),
            SearchKey::Not(key) => key_told(key),
            _ => 0,
        }
}

/// Every response by itself.
pub fn response_parse(input: &Input, kind: Kind) -> Vec<Contestant> {
    let each = input.messages.each.clone();
    let mut contestants = vec![Contestant::ours("Response::parse", move || {
        let mut sum: u64 = 0;
        for message in each.iter() {
            let Ok(response) = Response::parse(black_box(message)) else { return 0 };
            sum = sum.wrapping_add(response_told(black_box(&response)));
        }
        sum
    })];
    if matches!(kind, Kind::Envelope | Kind::Structure) {
        let each = input.messages.each.clone();
        let witness = each.len() as u64;
        let unread = Contestant::ours("Response::parse, not read", move || {
            let mut parsed = 0;
            for message in each.iter() {
                let Ok(response) = Response::parse(black_box(message)) else { return 0 };
                black_box(&response);
                parsed += 1;
            }
            parsed
        });
        contestants.push(
            unread
                .noting("checked and indexed; nobody asks for its strings, which are decoded when they are asked for")
                .witnessing(witness),
        );
    }
    if matches!(kind, Kind::Literal | Kind::Big) {
        let each = input.messages.each.clone();
        let unread = Contestant::ours("Response::parse_in, messages unread", move || {
            let mut sum: u64 = 0;
            for message in each.iter() {
                let cx = Context::new(black_box(message), Tolerance::Default).messages_unread(true);
                let Ok(response) = Response::parse_in(&cx) else { return 0 };
                sum = sum.wrapping_add(response_told(black_box(&response)));
            }
            sum
        });
        contestants.push(unread.noting(
            "as a tolerant reader may ask for it: NUL in a literal is found when it is written, as djc's never finds it",
        ));
    }
    contestants
}

/// Every command by itself.
pub fn command_parse(input: &Input) -> Vec<Contestant> {
    let each = input.messages.each.clone();
    vec![Contestant::ours("TaggedCommand::parse", move || {
        let mut sum: u64 = 0;
        for message in each.iter() {
            let Ok(command) = TaggedCommand::parse(black_box(message)) else { return 0 };
            sum = sum.wrapping_add(command_told(black_box(&command)));
        }
        sum
    })]
}

/// The responses as one stream that arrives in chunks.
pub fn response_stream(input: &Input, chunk: usize) -> Vec<Contestant> {
    let stream = input.messages.stream.clone();
    vec![Contestant::ours("Framer and Response::parse", move || {
        streamed(&stream, chunk, Side::Server, |frame| {
            Response::parse(&frame).ok().map(|r| response_told(&r))
        })
    })]
}

/// Both at once, and the parsing alone: what framing adds when everything is in the buffer already.
pub fn response_framed(input: &Input) -> Vec<Contestant> {
    let (stream, each) = (input.messages.stream.clone(), input.messages.each.clone());
    vec![
        Contestant::ours("Framer and Response::parse", move || {
            let mut framer = Framer::new(Side::Server, FrameLimits::RESPONSES);
            let mut sum: u64 = 0;
            let mut rest = stream.clone();
            while !rest.is_empty() {
                let len = match framer.next(black_box(&rest)) {
                    Ok(Framed::Message(len)) => len,
                    Ok(Framed::Literal(_)) if framer.keep().is_ok() => continue,
                    _ => return 0,
                };
                let Ok(response) = Response::parse(&rest.split_to(len)) else { return 0 };
                sum = sum.wrapping_add(response_told(black_box(&response)));
            }
            sum
        }),
        Contestant::ours("Response::parse, framed before", move || {
            let mut sum: u64 = 0;
            for message in each.iter() {
                // as the frame of a buffer: a share of its own
                let Ok(response) = Response::parse(&black_box(message).clone()) else { return 0 };
                sum = sum.wrapping_add(response_told(black_box(&response)));
            }
            sum
        }),
    ]
}

/// The commands as one stream that arrives in chunks.
pub fn command_stream(input: &Input, chunk: usize) -> Vec<Contestant> {
    let stream = input.messages.stream.clone();
    vec![Contestant::ours("Framer and TaggedCommand::parse", move || {
        streamed(&stream, chunk, Side::Client, |frame| {
            TaggedCommand::parse(&frame).ok().map(|command| command_told(&command))
        })
    })]
}

/// Every literal is kept.
fn streamed(stream: &Bytes, chunk: usize, side: Side, parse: impl Fn(Bytes) -> Option<u64>) -> u64 {
    let limits = match side {
        Side::Client => FrameLimits::COMMANDS,
        Side::Server => FrameLimits::RESPONSES,
    };
    let mut framer = Framer::new(side, limits);
    let mut buffer = Buffer::new();
    let mut sum: u64 = 0;
    for piece in stream.chunks(chunk) {
        buffer.receive(black_box(piece));
        while !buffer.is_empty() {
            match framer.next(buffer.as_slice()) {
                Ok(Framed::NeedMore) => break,
                Ok(Framed::Message(len)) => {
                    let Some(told) = parse(buffer.take(len)) else { return 0 };
                    sum = sum.wrapping_add(black_box(told));
                }
                Ok(Framed::Literal(_)) if framer.keep().is_ok() => {}
                _ => return 0,
            }
        }
    }
    sum
}

/// Values to octets.
pub fn response_encode(input: &Input) -> Vec<Contestant> {
    let values: Arc<[Response]> =
        input.messages.each.iter().filter_map(|message| Response::parse(message).ok()).collect();
    encode(
        input,
        values,
        |value, encoder| value.encode(encoder),
        response_told,
        Options::server,
        |octets| Response::parse(octets).ok(),
    )
}

/// Values to octets.
pub fn command_encode(input: &Input) -> Vec<Contestant> {
    let values: Arc<[TaggedCommand]> =
        input.messages.each.iter().filter_map(|message| TaggedCommand::parse(message).ok()).collect();
    encode(
        input,
        values,
        |value, encoder| value.encode(encoder),
        command_told,
        Options::default,
        |octets| TaggedCommand::parse(octets).ok(),
    )
}

fn encode<T: 'static>(
    input: &Input,
    values: Arc<[T]>,
    encode: fn(&T, &mut Encoder<'_>),
    told: fn(&T) -> u64,
    options: fn() -> Options,
    parse: fn(&Bytes) -> Option<T>,
) -> Vec<Contestant> {
    // It chooses the forms of strings itself, so its octets are its own; but they say the same.
    let mut octets = 0;
    let mut sum: u64 = 0;
    for value in values.iter() {
        let mut output = Output::new();
        encode(value, &mut Encoder::new(&mut output, options()));
        octets += output.len() as u64;
        sum = sum.wrapping_add(parse(&output.take_all()).as_ref().map_or(0, told));
    }
    let witness = if sum == input.told.all { octets } else { 0 };
    let each = values.clone();
    vec![
        Contestant::ours("encode", move || {
            let mut output = Output::new();
            for value in values.iter() {
                encode(black_box(value), &mut Encoder::new(&mut output, options()));
            }
            drained(&mut output)
        })
        .noting("all of them into one output; chooses the shortest form of each string")
        .witnessing(witness),
        Contestant::ours("encode, sent one by one", move || {
            let mut octets = 0;
            let mut output = Output::new();
            for value in each.iter() {
                encode(black_box(value), &mut Encoder::new(&mut output, options()));
                octets += output.len() as u64;
                drain(&mut output);
            }
            octets
        })
        .noting("gives the buffer back whenever it is empty")
        .witnessing(witness),
    ]
}

/// A server that offers what is usual.
pub fn new_server() -> Option<Server> {
    let offered = [
        Capability::Imap4Rev1,
        Capability::Imap4Rev2,
        Capability::Idle,
        Capability::UidPlus,
        Capability::Move,
        Capability::LiteralPlus,
        Capability::Enable,
        Capability::Namespace,
        Capability::CondStore,
        Capability::SpecialUse,
    ];
    let offered: Capabilities = offered.into_iter().collect();
    let mut config = server::Config::new(offered.clone(), offered);
    config.tls = true;
    let mut server = Server::new(config, &Greeting::parse(&"* OK ready\r\n".into()).ok()?);
    drain(server.output());
    Some(server)
}

/// Says something to a server, and has it done. What it offers is taken.
fn serve(server: &mut Server, line: &[u8], octets: &mut u64) -> Option<()> {
    let done = Condition::new(ConditionKind::Ok, None, "done".try_into().ok()?).ok()?;
    server.receive(line);
    loop {
        match server.next_event().ok()? {
            Step::Event(server::Event::Command { id, command: Command::Idle, .. }) => {
                server.accept_idle(id).ok()?
            }
            Step::Event(server::Event::Command { id, .. }) => server.reply(id, &done).ok()?,
            Step::Event(server::Event::BodyOffered { id, .. }) => server.accept_body(id).ok()?,
            Step::Event(server::Event::BodyChunk { data, .. }) => *octets += black_box(&data).len() as u64,
            Step::Event(server::Event::BodyEnd { .. }) => {}
            Step::NeedInput => break,
            other => {
                black_box(&other);
                return None;
            }
        }
        drain(server.output());
    }
    Some(())
}

fn server_after(lines: &[&str]) -> Option<Server> {
    let mut server = new_server()?;
    for line in lines {
        serve(&mut server, line.as_bytes(), &mut 0)?;
    }
    Some(server)
}

/// A server whose client has logged in, selected a mailbox, and idles.
pub fn idle_server() -> Option<Server> {
    server_after(&["a LOGIN u p\r\n", "b SELECT INBOX\r\n", "c FETCH 1:* FLAGS\r\n", "d IDLE\r\n"])
}

/// Takes what a server says.
fn hear(client: &mut Client, octets: &[u8], content: &mut u64) -> Option<()> {
    client.receive(octets);
    loop {
        match client.next_event().ok()? {
            Step::Event(client::Event::BodyChunk(chunk)) => *content += black_box(&chunk).len() as u64,
            Step::Event(event) => drop(black_box(event)),
            Step::NeedInput => return Some(()),
            other => {
                black_box(&other);
                return None;
            }
        }
    }
}

fn client_after(exchange: &[(&str, &str)]) -> Option<Client> {
    let mut config = client::Config::default();
    config.tls = true;
    let mut client = Client::new(config);
    hear(&mut client, b"* OK [CAPABILITY IMAP4rev1 IDLE LITERAL+ UIDPLUS MOVE ENABLE] ready\r\n", &mut 0)?;
    for (line, answer) in exchange {
        let command = TaggedCommand::parse(&format!("a {line}\r\n").into()).ok()?.command;
        client.send(&command).ok()?;
        drain(client.output());
        hear(&mut client, answer.as_bytes(), &mut 0)?;
    }
    Some(client)
}

const LOGGED_IN: [(&str, &str); 2] = [
    (
        "LOGIN u p",
        "A1 OK [CAPABILITY IMAP4rev1 IDLE LITERAL+ UIDPLUS MOVE ENABLE NAMESPACE CONDSTORE SPECIAL-USE QUOTA] in\r\n",
    ),
    ("SELECT INBOX", "* 3 EXISTS\r\nA2 OK done\r\n"),
];

/// A machine that waits for its peer: a name, its size, and how it is made.
pub type Idle = (&'static str, usize, fn() -> Option<Box<dyn Any>>);

/// Machines with nothing to read and nothing to write.
pub fn idle() -> [Idle; 4] {
    fn boxed<T: 'static>(machine: Option<T>) -> Option<Box<dyn Any>> {
        Some(Box::new(machine?))
    }
    [
        ("IMAP Client behind the greeting", size_of::<Client>(), || boxed(client_after(&[]))),
        ("IMAP Client that idles in a mailbox", size_of::<Client>(), || {
            let idle = ("IDLE", "+ idling\r\n* 4 EXISTS\r\n");
            boxed(client_after(&[LOGGED_IN[0], LOGGED_IN[1], idle]))
        }),
        ("IMAP Server behind the greeting", size_of::<Server>(), || boxed(new_server())),
        ("IMAP Server whose client idles in a mailbox", size_of::<Server>(), || boxed(idle_server())),
    ]
}

/// A message of about so many octets that a server receives with APPEND, in reads of `read` octets. Gives its octets.
pub fn append(body: &[u8], octets: u64, read: usize) -> Option<u64> {
    let mut server = server_after(&["a LOGIN u p\r\n"])?;
    let times = octets.div_ceil(body.len() as u64);
    let head = format!("b APPEND x {{{}+}}\r\n", times * body.len() as u64);
    let mut content = 0;
    serve(&mut server, head.as_bytes(), &mut content)?;
    for _ in 0..times {
        for piece in body.chunks(read) {
            serve(&mut server, piece, &mut content)?;
        }
    }
    serve(&mut server, b"\r\n", &mut content)?;
    (server.in_progress() == 0 && content == times * body.len() as u64).then_some(content)
}

/// The same for a client that fetches it.
pub fn fetch(body: &[u8], octets: u64, read: usize) -> Option<u64> {
    let mut client = client_after(&LOGGED_IN)?;
    let times = octets.div_ceil(body.len() as u64);
    let head = format!("* 1 FETCH (BODY[] {{{}}}\r\n", times * body.len() as u64);
    let mut content = 0;
    hear(&mut client, head.as_bytes(), &mut content)?;
    for _ in 0..times {
        for piece in body.chunks(read) {
            hear(&mut client, piece, &mut content)?;
        }
    }
    hear(&mut client, b" UID 7)\r\n", &mut content)?;
    (content == times * body.len() as u64).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_machines_can_be_made() {
        for (name, _, make) in idle() {
            assert!(make().is_some(), "{name}");
        }
        assert_eq!(append(b"abc", 10, 2), Some(12));
        assert_eq!(fetch(&[b'x'; 70_000], 80_000, 1000), Some(140_000));
    }
}
