//! Our side. Each function enters our contestants for one workload, the headline first.
//!
//! A value of ours is owned: it shares the octets of the receive buffer and copies none. So there is one form of it, against the peers' borrowed
//! and their owned ones.

use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use imap_proto::{
    Address, Addresses, AppendData, BodyPart, BodyStructure, Code, Command, Condition, ConditionKind,
    Context, CopyUid, Encoder, Envelope, Esearch, EsearchItem, FetchAttribute, FetchCommand, FetchItem, Flag,
    Flags, FrameLimits, Framed, Framer, ListPatterns, Mailbox, MailboxAttribute, MailboxAttributes,
    MessageData, Options, Response, SearchKey, SectionText, SequenceSet, Side, StoreItem, StoreMode,
    TaggedCommand,
};
use wire::{Input as Buffer, Output, Tolerance};

use crate::Contestant;
use crate::imap::workloads::{Input, Kind, told};
use crate::socket::{drain, drained};

/// What a response adds to the witness: each typed value is read.
fn response_told(response: &Response) -> u64 {
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
fn command_told(tagged: &TaggedCommand) -> u64 {
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
