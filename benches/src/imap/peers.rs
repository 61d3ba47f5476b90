//! The peers, each in the fastest way that is still correct.
//!
//! # imap-codec 2.0.0-alpha.10
//!
//! nom 7 streaming parsers over `alt`; values borrow from their input (`Cow`), `into_static` copies what they borrow.
//!
//! - Built without its quirk `always_normalize_sequence_sets`, which is on by default and makes sets slower; with its other quirks as by default, without `ext_` features.
//! - Does less: no ESEARCH, no IMAP4rev2; one item that it does not know makes the whole response an error; attributes of mailboxes other than
//!   four cannot be read, only written. Sizes are 32 bits.
//! - Does more: looks for NUL in literals (ours does the same in `BODY[]`, unless it is told not to).
//! - Streams: `Fragmentizer`, which copies every octet twice (into a `VecDeque` and a `Vec`); or the responses are tried again with each read ("retried").
//!
//! # imap-proto 0.17 (djc)
//!
//! nom 8 streaming parsers over `alt`; values borrow from their input (`Cow`), `into_owned` copies what they borrow.
//!
//! - Responses only. There is no way to write them, and commands are made of strings by builders: nothing to measure.
//! - Does less: INTERNALDATE and flags stay text, backslashes stay in quoted strings, unknown FETCH items are thrown away; a number of a
//!   SEARCH may be 0. No ESEARCH.
//! - Streams: the responses are tried again with each read.

use std::borrow::Cow;
use std::hint::black_box;
use std::sync::Arc;

use chrono::Datelike as _;
use imap_codec::decode::{CommandDecodeError, Decoder, ResponseDecodeError};
use imap_codec::encode::Encoder;
use imap_codec::fragmentizer::Fragmentizer;
use imap_codec::imap_types::{self as codec, IntoStatic as _};
use imap_codec::{CommandCodec, ResponseCodec};

use crate::Contestant;
use crate::generator::WHOLE;
use crate::imap::workloads::{Input, Kind, told};

const CODEC: &str = "imap-codec 2.0.0-alpha.10";
const CODEC_STATIC: &str = "imap-codec 2.0.0-alpha.10, into_static";
const CODEC_FRAGMENTS: &str = "imap-codec 2.0.0-alpha.10, Fragmentizer";
const CODEC_AGAIN: &str = "imap-codec 2.0.0-alpha.10, retried";
const DJC: &str = "imap-proto 0.17 (djc)";
const DJC_OWNED: &str = "imap-proto 0.17 (djc), into_owned";
const DJC_AGAIN: &str = "imap-proto 0.17 (djc), retried";
const BORROWS: &str = "borrows from its input";
const DJC_LESS: &str = "borrows from its input; dates and flags stay text, backslashes stay";

/// Both peers, borrowed and owned.
pub fn response_parse(input: &Input, kind: Kind) -> Vec<Contestant> {
    if kind == Kind::Esearch {
        return Vec::new();
    }
    let each = || input.messages.each.clone();
    let (one, two, three, four) = (each(), each(), each(), each());
    let parser = ResponseCodec::default();
    vec![
        Contestant::peer(CODEC, BORROWS, move || {
            let mut sum: u64 = 0;
            for message in one.iter() {
                let Ok((_, response)) = parser.decode(black_box(message)) else { return 0 };
                sum = sum.wrapping_add(codec_told(black_box(&response)));
            }
            sum
        })
        .witnessing(input.told.codec),
        Contestant::peer(DJC, DJC_LESS, move || {
            let mut sum: u64 = 0;
            for message in two.iter() {
                let Ok((_, response)) = djc::Response::parse(black_box(message)) else { return 0 };
                sum = sum.wrapping_add(djc_told(black_box(&response)));
            }
            sum
        })
        .witnessing(input.told.djc),
        Contestant::peer(CODEC_STATIC, "owned", move || {
            let mut sum: u64 = 0;
            let parser = ResponseCodec::default();
            for message in three.iter() {
                let Ok((_, response)) = parser.decode(black_box(message)) else { return 0 };
                sum = sum.wrapping_add(codec_told(black_box(&response.into_static())));
            }
            sum
        })
        .witnessing(input.told.codec),
        Contestant::peer(DJC_OWNED, "owned; dates and flags stay text, backslashes stay", move || {
            let mut sum: u64 = 0;
            for message in four.iter() {
                let Ok((_, response)) = djc::Response::parse(black_box(message)) else { return 0 };
                sum = sum.wrapping_add(djc_told(black_box(&response.into_owned())));
            }
            sum
        })
        .witnessing(input.told.djc),
    ]
}

/// imap-codec, borrowed and owned.
pub fn command_parse(input: &Input) -> Vec<Contestant> {
    let (one, two) = (input.messages.each.clone(), input.messages.each.clone());
    vec![
        Contestant::peer(CODEC, BORROWS, move || {
            let mut sum: u64 = 0;
            let parser = CommandCodec::default();
            for message in one.iter() {
                let Ok((_, command)) = parser.decode(black_box(message)) else { return 0 };
                sum = sum.wrapping_add(codec_command_told(black_box(&command)));
            }
            sum
        })
        .witnessing(input.told.codec),
        Contestant::peer(CODEC_STATIC, "owned", move || {
            let mut sum: u64 = 0;
            let parser = CommandCodec::default();
            for message in two.iter() {
                let Ok((_, command)) = parser.decode(black_box(message)) else { return 0 };
                sum = sum.wrapping_add(codec_command_told(black_box(&command.into_static())));
            }
            sum
        })
        .witnessing(input.told.codec),
    ]
}

/// The responses as one stream that arrives in chunks. Trying again is left out (`again`) where it would take minutes.
pub fn response_stream(input: &Input, chunk: usize, again: bool) -> Vec<Contestant> {
    let (one, two, three) =
        (input.messages.stream.clone(), input.messages.stream.clone(), input.messages.stream.clone());
    let fragments = Contestant::peer(CODEC_FRAGMENTS, "copies every octet twice", move || {
        fragmented(&one, chunk, |fragments| {
            let response = fragments.decode_message(&ResponseCodec::default()).ok()?;
            Some(codec_told(&response))
        })
    })
    .witnessing(input.told.codec);
    if !again {
        return vec![fragments];
    }
    vec![
        fragments,
        Contestant::peer(CODEC_AGAIN, "each response from its start with each read", move || {
            let parser = ResponseCodec::default();
            retried(&two, chunk, |octets| match parser.decode(octets) {
                Ok((rest, response)) => Tried::Whole(octets.len() - rest.len(), codec_told(&response)),
                Err(ResponseDecodeError::Incomplete | ResponseDecodeError::LiteralFound { .. }) => {
                    Tried::NeedMore
                }
                Err(ResponseDecodeError::Failed) => Tried::Wrong,
            })
        })
        .witnessing(input.told.codec),
        Contestant::peer(DJC_AGAIN, "each response from its start with each read", move || {
            retried(&three, chunk, |octets| match djc::Response::parse(octets) {
                Ok((rest, response)) => Tried::Whole(octets.len() - rest.len(), djc_told(&response)),
                Err(error) if error.is_incomplete() => Tried::NeedMore,
                Err(_) => Tried::Wrong,
            })
        })
        .witnessing(input.told.djc),
    ]
}

/// The commands as one stream that arrives in chunks.
pub fn command_stream(input: &Input, chunk: usize) -> Vec<Contestant> {
    let (one, two) = (input.messages.stream.clone(), input.messages.stream.clone());
    vec![
        Contestant::peer(CODEC_FRAGMENTS, "copies every octet twice", move || {
            fragmented(&one, chunk, |fragments| {
                let command = fragments.decode_message(&CommandCodec::default()).ok()?;
                Some(codec_command_told(&command))
            })
        })
        .witnessing(input.told.codec),
        Contestant::peer(CODEC_AGAIN, "each command from its start with each read", move || {
            let parser = CommandCodec::default();
            retried(&two, chunk, |octets| match parser.decode(octets) {
                Ok((rest, command)) => Tried::Whole(octets.len() - rest.len(), codec_command_told(&command)),
                Err(CommandDecodeError::Incomplete | CommandDecodeError::LiteralFound { .. }) => {
                    Tried::NeedMore
                }
                Err(CommandDecodeError::Failed) => Tried::Wrong,
            })
        })
        .witnessing(input.told.codec),
    ]
}

fn fragmented(stream: &[u8], chunk: usize, decode: impl Fn(&Fragmentizer) -> Option<u64>) -> u64 {
    // It looks at each octet by itself; a whole stream in one piece makes its queue as long.
    let mut fragments = Fragmentizer::without_max_message_size();
    let mut sum: u64 = 0;
    for piece in stream.chunks(chunk) {
        fragments.enqueue_bytes(black_box(piece));
        while fragments.progress().is_some() {
            if fragments.is_message_complete() {
                let Some(told) = decode(&fragments) else { return 0 };
                sum = sum.wrapping_add(black_box(told));
            }
        }
    }
    sum
}

enum Tried {
    Whole(usize, u64),
    NeedMore,
    Wrong,
}

fn retried(stream: &[u8], chunk: usize, parse: impl Fn(&[u8]) -> Tried) -> u64 {
    let mut buffer = Vec::with_capacity(if chunk == WHOLE { stream.len() } else { chunk });
    let mut start = 0;
    let mut sum: u64 = 0;
    for piece in stream.chunks(chunk) {
        buffer.drain(..start);
        start = 0;
        buffer.extend_from_slice(black_box(piece));
        while start < buffer.len() {
            match parse(&buffer[start..]) {
                Tried::Whole(len, told) => {
                    start += len;
                    sum = sum.wrapping_add(black_box(told));
                }
                Tried::NeedMore => break,
                Tried::Wrong => return 0,
            }
        }
    }
    sum
}

/// imap-codec's values to octets.
pub fn response_encode(input: &Input) -> Vec<Contestant> {
    let values: Vec<codec::response::Response<'static>> = input
        .messages
        .each
        .iter()
        .filter_map(|message| Some(ResponseCodec::default().decode(message).ok()?.1.into_static()))
        .collect();
    let parser = ResponseCodec::default();
    encode(input, values.into(), move |value| parser.encode(value).dump())
}

/// imap-codec's values to octets.
pub fn command_encode(input: &Input) -> Vec<Contestant> {
    let values: Vec<codec::command::Command<'static>> = input
        .messages
        .each
        .iter()
        .filter_map(|message| Some(CommandCodec::default().decode(message).ok()?.1.into_static()))
        .collect();
    let parser = CommandCodec::default();
    encode(input, values.into(), move |value| parser.encode(value).dump())
}

/// It keeps the form that each string had, so it writes what it has read.
fn encode<T: 'static>(
    input: &Input,
    values: Arc<[T]>,
    write: impl Fn(&T) -> Vec<u8> + 'static,
) -> Vec<Contestant> {
    let witness: u64 = values.iter().map(|value| write(value).len() as u64).sum();
    // dates are padded in another way, and `ALL` in capital letters
    let near = input.messages.stream.len() as u64;
    let witness = if witness.abs_diff(near) * 50 < near { witness } else { 0 };
    vec![
        Contestant::peer(CODEC, "a Vec a message; keeps the form of each string", move || {
            let mut octets = 0;
            for value in values.iter() {
                octets += black_box(write(black_box(value))).len() as u64;
            }
            octets
        })
        .witnessing(witness),
    ]
}

// ---- imap-codec: what it tells ----

pub(super) fn codec_told(response: &codec::response::Response<'_>) -> u64 {
    use codec::response::{Data, Response, Status};
    match response {
        Response::Data(Data::Fetch { seq, items }) => items
            .as_ref()
            .iter()
            .fold(u64::from(seq.get()), |sum, item| sum.wrapping_add(codec_item_told(item))),
        Response::Data(Data::List { items, delimiter, mailbox }) => {
            items.iter().map(codec_attribute_told).sum::<u64>()
                + delimiter.as_ref().map_or(0, |delimiter| u64::from(delimiter.inner()))
                + codec_mailbox_told(mailbox)
        }
        Response::Data(Data::Search(numbers)) => numbers.iter().map(|n| u64::from(n.get())).sum(),
        Response::Data(Data::Exists(number)) => told::EXISTS + u64::from(*number),
        Response::Status(Status::Tagged(tagged)) => {
            tagged.tag.as_ref().len() as u64 + codec_status_told(&tagged.body)
        }
        Response::Status(Status::Untagged(body)) => codec_status_told(body),
        Response::Status(Status::Bye(bye)) => {
            told::BYE + bye.code.as_ref().map_or(0, codec_code_told) + bye.text.as_ref().len() as u64
        }
        _ => 0,
    }
}

fn codec_item_told(item: &codec::fetch::MessageDataItem<'_>) -> u64 {
    use codec::fetch::MessageDataItem;
    use codec::flag::FlagFetch;
    match item {
        MessageDataItem::Uid(uid) => uid.get().into(),
        MessageDataItem::Flags(flags) => flags
            .iter()
            .map(|flag| match flag {
                FlagFetch::Flag(flag) => codec_flag_told(flag),
                FlagFetch::Recent => told::RECENT,
            })
            .sum(),
        MessageDataItem::InternalDate(date) => date.as_ref().timestamp() as u64,
        MessageDataItem::Rfc822Size(size) => (*size).into(),
        MessageDataItem::Envelope(envelope) => codec_envelope_told(envelope),
        MessageDataItem::BodyStructure(body) => codec_structure_told(body),
        MessageDataItem::BodyExt { data, .. } => data.0.as_ref().map_or(0, |data| octets_told(data.as_ref())),
        _ => 0,
    }
}

fn octets_told(octets: &[u8]) -> u64 {
    octets.len() as u64 + u64::from(octets[octets.len() / 2])
}

fn codec_flag_told(flag: &codec::flag::Flag<'_>) -> u64 {
    use codec::flag::Flag;
    match flag {
        Flag::Seen => told::SEEN,
        Flag::Answered => told::ANSWERED,
        Flag::Flagged => told::FLAGGED,
        Flag::Deleted => told::DELETED,
        Flag::Draft => told::DRAFT,
        Flag::Keyword(word) => word.as_ref().len() as u64,
        Flag::Extension(_) => 0,
    }
}

fn codec_attribute_told(attribute: &codec::flag::FlagNameAttribute<'_>) -> u64 {
    use codec::flag::FlagNameAttribute;
    match attribute {
        FlagNameAttribute::Noinferiors => 11,
        FlagNameAttribute::Noselect | FlagNameAttribute::Unmarked => 8,
        FlagNameAttribute::Marked => 6,
        FlagNameAttribute::Extension(_) => told::UNREAD,
    }
}

fn codec_mailbox_told(mailbox: &codec::mailbox::Mailbox<'_>) -> u64 {
    match mailbox {
        codec::mailbox::Mailbox::Inbox => 5,
        codec::mailbox::Mailbox::Other(name) => name.as_ref().len() as u64,
    }
}

fn string_told(string: &codec::core::IString<'_>) -> u64 {
    string.as_ref().len() as u64 + 1
}

fn nstring_told(string: &codec::core::NString<'_>) -> u64 {
    string.0.as_ref().map_or(0, string_told)
}

fn codec_envelope_told(envelope: &codec::envelope::Envelope<'_>) -> u64 {
    let addresses = |addresses: &[codec::envelope::Address<'_>]| -> u64 {
        let of = |address: &codec::envelope::Address<'_>| {
            1 + nstring_told(&address.name)
                + nstring_told(&address.adl)
                + nstring_told(&address.mailbox)
                + nstring_told(&address.host)
        };
        addresses.iter().map(of).sum()
    };
    nstring_told(&envelope.date)
        + nstring_told(&envelope.subject)
        + addresses(&envelope.from)
        + addresses(&envelope.sender)
        + addresses(&envelope.reply_to)
        + addresses(&envelope.to)
        + addresses(&envelope.cc)
        + addresses(&envelope.bcc)
        + nstring_told(&envelope.in_reply_to)
        + nstring_told(&envelope.message_id)
}

fn codec_structure_told(structure: &codec::body::BodyStructure<'_>) -> u64 {
    use codec::body::{BodyStructure, Disposition, SpecificFields};
    use codec::core::IString;
    let parameters = |list: &[(IString<'_>, IString<'_>)]| -> u64 {
        list.iter().map(|(name, value)| string_told(name) + string_told(value)).sum()
    };
    let tail = |tail: &Option<Disposition<'_>>| {
        let Some(tail) = tail else { return 0 };
        let disposition =
            tail.disposition.as_ref().map_or(0, |(kind, list)| string_told(kind) + parameters(list));
        let language = tail.tail.as_ref().map_or(0, |language| {
            language.language.iter().map(string_told).sum::<u64>()
                + language.tail.as_ref().map_or(0, |location| nstring_told(&location.location))
        });
        disposition + language
    };
    match structure {
        BodyStructure::Single { body, extension_data } => {
            let basic = &body.basic;
            let specific = match &body.specific {
                SpecificFields::Basic { r#type, subtype } => string_told(r#type) + string_told(subtype),
                SpecificFields::Text { subtype, number_of_lines } => {
                    5 + string_told(subtype) + u64::from(*number_of_lines)
                }
                SpecificFields::Message { envelope, body_structure, number_of_lines } => {
                    8 + 7
                        + codec_envelope_told(envelope)
                        + codec_structure_told(body_structure)
                        + u64::from(*number_of_lines)
                }
            };
            specific
                + parameters(&basic.parameter_list)
                + nstring_told(&basic.id)
                + nstring_told(&basic.description)
                + string_told(&basic.content_transfer_encoding)
                + u64::from(basic.size)
                + extension_data.as_ref().map_or(0, |data| nstring_told(&data.md5) + tail(&data.tail))
        }
        BodyStructure::Multi { bodies, subtype, extension_data } => {
            bodies.as_ref().iter().map(codec_structure_told).sum::<u64>()
                + string_told(subtype)
                + extension_data
                    .as_ref()
                    .map_or(0, |data| parameters(&data.parameter_list) + tail(&data.tail))
        }
    }
}

fn codec_status_told(body: &codec::response::StatusBody<'_>) -> u64 {
    use codec::response::StatusKind;
    let kind = match body.kind {
        StatusKind::Ok => told::OK,
        StatusKind::No => told::NO,
        StatusKind::Bad => told::BAD,
    };
    kind + body.code.as_ref().map_or(0, codec_code_told) + body.text.as_ref().len() as u64
}

fn codec_code_told(code: &codec::response::Code<'_>) -> u64 {
    use codec::extensions::uidplus::{UidElement, UidSet};
    use codec::flag::FlagPerm;
    use codec::response::Code;
    let set = |set: &UidSet| -> u64 {
        let of = |element: &UidElement| match element {
            UidElement::Single(n) => 2 * u64::from(n.get()),
            UidElement::Range(start, end) => u64::from(start.get()) + u64::from(end.get()),
        };
        set.0.as_ref().iter().map(of).sum()
    };
    match code {
        Code::Alert => told::ALERT,
        Code::ReadOnly => told::READ_ONLY,
        Code::ReadWrite => told::READ_WRITE,
        Code::TryCreate => told::TRYCREATE,
        Code::UidNext(n) => told::UIDNEXT + u64::from(n.get()),
        Code::UidValidity(n) => told::UIDVALIDITY + u64::from(n.get()),
        Code::Unseen(n) => told::UNSEEN + u64::from(n.get()),
        Code::PermanentFlags(flags) => {
            let of = |flag: &FlagPerm<'_>| match flag {
                FlagPerm::Flag(flag) => codec_flag_told(flag),
                FlagPerm::Asterisk => told::WILDCARD,
            };
            told::PERMANENTFLAGS + flags.iter().map(of).sum::<u64>()
        }
        Code::Capability(capabilities) => told::CAPABILITY + capabilities.as_ref().len() as u64,
        Code::AppendUid { uid_validity, uid } => {
            told::APPENDUID + u64::from(uid_validity.get()) + 2 * u64::from(uid.get())
        }
        Code::CopyUid { uid_validity, source, destination } => {
            told::COPYUID + u64::from(uid_validity.get()) + set(source) + set(destination)
        }
        _ => 0,
    }
}

fn codec_set_told(set: &codec::sequence::SequenceSet) -> u64 {
    use codec::sequence::{SeqOrUid, Sequence};
    let one = |end: &SeqOrUid| match end {
        SeqOrUid::Value(n) => u64::from(n.get()),
        SeqOrUid::Asterisk => told::STAR,
    };
    let of = |range: &Sequence| match range {
        Sequence::Single(n) => 2 * one(n),
        Sequence::Range(start, end) => one(start) + one(end),
    };
    set.0.as_ref().iter().map(of).sum()
}

pub(super) fn codec_command_told(command: &codec::command::Command<'_>) -> u64 {
    use codec::command::CommandBody;
    use codec::extensions::binary::LiteralOrLiteral8;
    use codec::fetch::{Macro, MacroOrMessageDataItemNames};
    use codec::flag::{StoreResponse, StoreType};
    use codec::mailbox::ListMailbox;
    let body = match &command.body {
        CommandBody::Capability => told::CAPABILITY_COMMAND,
        CommandBody::Noop => told::NOOP,
        CommandBody::Logout => told::LOGOUT,
        CommandBody::Login { username, password } => {
            told::LOGIN + (username.as_ref().len() + password.declassify().as_ref().len()) as u64
        }
        CommandBody::Select { mailbox } => told::SELECT + codec_mailbox_told(mailbox),
        CommandBody::Examine { mailbox } => told::EXAMINE + codec_mailbox_told(mailbox),
        CommandBody::Create { mailbox } => told::CREATE + codec_mailbox_told(mailbox),
        CommandBody::Subscribe { mailbox } => told::SUBSCRIBE + codec_mailbox_told(mailbox),
        CommandBody::List { reference, mailbox_wildcard } => {
            let pattern = match mailbox_wildcard {
                ListMailbox::Token(token) => token.as_ref().len(),
                ListMailbox::String(string) => string.as_ref().len(),
            };
            told::LIST + codec_mailbox_told(reference) + pattern as u64
        }
        CommandBody::Status { mailbox, item_names } => {
            told::STATUS + codec_mailbox_told(mailbox) + item_names.len() as u64
        }
        CommandBody::Append { mailbox, flags, date, message } => {
            let octets = match message {
                LiteralOrLiteral8::Literal(literal) => literal.as_ref(),
                LiteralOrLiteral8::Literal8(_) => &[0],
            };
            (told::APPEND + codec_mailbox_told(mailbox) + flags.iter().map(codec_flag_told).sum::<u64>())
                .wrapping_add(date.as_ref().map_or(0, |date| date.as_ref().timestamp() as u64))
                .wrapping_add(octets_told(octets))
        }
        CommandBody::Close => told::CLOSE,
        CommandBody::Expunge => told::EXPUNGE,
        CommandBody::Idle => told::IDLE,
        CommandBody::Enable { capabilities } => told::ENABLE + capabilities.as_ref().len() as u64,
        CommandBody::Search { criteria, uid, .. } => {
            told::SEARCH + u64::from(*uid) + criteria.as_ref().iter().map(codec_key_told).sum::<u64>()
        }
        CommandBody::Fetch { sequence_set, macro_or_item_names, uid } => {
            let items = match macro_or_item_names {
                MacroOrMessageDataItemNames::Macro(Macro::Fast) => 3,
                MacroOrMessageDataItemNames::Macro(_) => 4,
                MacroOrMessageDataItemNames::MessageDataItemNames(names) => {
                    names.iter().map(codec_item_name_told).sum()
                }
            };
            told::FETCH + u64::from(*uid) + codec_set_told(sequence_set) + items
        }
        CommandBody::Store { sequence_set, kind, response, flags, uid } => {
            let kind = match kind {
                StoreType::Replace => 0,
                StoreType::Add => told::ADD,
                StoreType::Remove => told::REMOVE,
            };
            let silent = if *response == StoreResponse::Silent { told::SILENT } else { 0 };
            told::STORE
                + u64::from(*uid)
                + codec_set_told(sequence_set)
                + kind
                + silent
                + flags.iter().map(codec_flag_told).sum::<u64>()
        }
        CommandBody::Copy { sequence_set, mailbox, uid } => {
            told::COPY + u64::from(*uid) + codec_set_told(sequence_set) + codec_mailbox_told(mailbox)
        }
        CommandBody::Move { sequence_set, mailbox, uid } => {
            told::MOVE + u64::from(*uid) + codec_set_told(sequence_set) + codec_mailbox_told(mailbox)
        }
        _ => 0,
    };
    body.wrapping_add(command.tag.as_ref().len() as u64)
}

fn codec_item_name_told(name: &codec::fetch::MessageDataItemName<'_>) -> u64 {
    use codec::fetch::{MessageDataItemName, Section};
    let MessageDataItemName::BodyExt { section, partial, .. } = name else { return 1 };
    let section = match section {
        Some(Section::HeaderFields(None, names)) => {
            names.as_ref().iter().map(|name| name.as_ref().len() as u64).sum()
        }
        Some(Section::Part(part)) => part.0.as_ref().iter().map(|n| u64::from(n.get())).sum(),
        _ => 0,
    };
    1 + section + partial.map_or(0, |(offset, length)| u64::from(offset) + u64::from(length.get()))
}

fn codec_key_told(key: &codec::search::SearchKey<'_>) -> u64 {
    use codec::search::SearchKey;
    told::KEY
        + match key {
            SearchKey::Subject(text) | SearchKey::From(text) => text.as_ref().len() as u64,
            SearchKey::Uid(set) => codec_set_told(set),
            SearchKey::Since(date) => {
                let date = date.as_ref();
                date.year() as u64 + u64::from(date.month()) + u64::from(date.day())
            }
            SearchKey::Larger(size) => (*size).into(),
            SearchKey::Header(name, value) => (name.as_ref().len() + value.as_ref().len()) as u64,
            SearchKey::Or(one, other) => codec_key_told(one) + codec_key_told(other),
            SearchKey::Not(key) => codec_key_told(key),
            _ => 0,
        }
}

// ---- djc's imap-proto: what it tells ----

fn djc_told(response: &djc::Response<'_>) -> u64 {
    use djc::{MailboxDatum, Response};
    match response {
        Response::Fetch(number, attributes) => attributes
            .iter()
            .fold(u64::from(*number), |sum, attribute| sum.wrapping_add(djc_attribute_told(attribute))),
        Response::MailboxData(MailboxDatum::List(list)) => {
            list.name_attributes.iter().map(djc_name_attribute_told).sum::<u64>()
                + list.delimiter.as_ref().map_or(0, |delimiter| u64::from(delimiter.as_bytes()[0]))
                + list.name.len() as u64
        }
        Response::MailboxData(MailboxDatum::Search(numbers)) => numbers.iter().map(|&n| u64::from(n)).sum(),
        Response::MailboxData(MailboxDatum::Exists(number)) => told::EXISTS + u64::from(*number),
        Response::Done { tag, status, outcome } => tag.0.len() as u64 + djc_status_told(status, outcome),
        Response::Data { status, outcome } => djc_status_told(status, outcome),
        _ => 0,
    }
}

fn djc_attribute_told(attribute: &djc::AttributeValue<'_>) -> u64 {
    use djc::AttributeValue;
    match attribute {
        AttributeValue::Uid(uid) => (*uid).into(),
        AttributeValue::Flags(flags) => flags.iter().map(|flag| flag.len() as u64).sum(),
        AttributeValue::InternalDate(date) => date.len() as u64,
        AttributeValue::Rfc822Size(size) => (*size).into(),
        AttributeValue::Envelope(envelope) => djc_envelope_told(envelope),
        AttributeValue::BodyStructure(body) => djc_structure_told(body),
        AttributeValue::BodySection { data, .. } => data.as_ref().map_or(0, |data| octets_told(data)),
        _ => 0,
    }
}

fn djc_name_attribute_told(attribute: &djc::NameAttribute<'_>) -> u64 {
    use djc::NameAttribute;
    match attribute {
        NameAttribute::NoInferiors => 11,
        NameAttribute::NoSelect | NameAttribute::Unmarked => 8,
        NameAttribute::Marked | NameAttribute::Drafts => 6,
        NameAttribute::Archive | NameAttribute::Flagged => 7,
        NameAttribute::Junk | NameAttribute::Sent => 4,
        NameAttribute::Trash => 5,
        NameAttribute::Extension(word) => word.len() as u64 - 1,
        _ => 0,
    }
}

fn option_told<T: ?Sized + ToOwned + AsRef<[u8]>>(text: &Option<Cow<'_, T>>) -> u64 {
    text.as_ref().map_or(0, |text| T::as_ref(text).len() as u64 + 1)
}

fn djc_envelope_told(envelope: &djc::Envelope<'_>) -> u64 {
    let addresses = |addresses: &Option<Vec<djc::Address<'_>>>| -> u64 {
        let of = |address: &djc::Address<'_>| {
            1 + option_told(&address.name)
                + option_told(&address.adl)
                + option_told(&address.mailbox)
                + option_told(&address.host)
        };
        addresses.iter().flatten().map(of).sum()
    };
    option_told(&envelope.date)
        + option_told(&envelope.subject)
        + addresses(&envelope.from)
        + addresses(&envelope.sender)
        + addresses(&envelope.reply_to)
        + addresses(&envelope.to)
        + addresses(&envelope.cc)
        + addresses(&envelope.bcc)
        + option_told(&envelope.in_reply_to)
        + option_told(&envelope.message_id)
}

fn djc_structure_told(structure: &djc::BodyStructure<'_>) -> u64 {
    use djc::BodyStructure;
    match structure {
        BodyStructure::Basic { common, other, .. } => djc_single_told(common, other),
        BodyStructure::Text { common, other, lines, .. } => {
            djc_single_told(common, other) + u64::from(*lines)
        }
        BodyStructure::Message { common, other, envelope, body, lines, .. } => {
            djc_single_told(common, other)
                + djc_envelope_told(envelope)
                + djc_structure_told(body)
                + u64::from(*lines)
        }
        BodyStructure::Multipart { common, bodies, .. } => {
            djc_common_told(common) + bodies.iter().map(djc_structure_told).sum::<u64>()
        }
    }
}

fn djc_parameters_told(parameters: &djc::BodyParams<'_>) -> u64 {
    parameters.iter().flatten().map(|(name, value)| (name.len() + value.len()) as u64 + 2).sum()
}

/// Without the type, which a multipart has not on the wire.
fn djc_common_told(common: &djc::BodyContentCommon<'_>) -> u64 {
    let disposition = common
        .disposition
        .as_ref()
        .map_or(0, |disposition| disposition.ty.len() as u64 + 1 + djc_parameters_told(&disposition.params));
    common.ty.subtype.len() as u64
        + 1
        + djc_parameters_told(&common.ty.params)
        + disposition
        + common.language.iter().flatten().map(|language| language.len() as u64 + 1).sum::<u64>()
        + option_told(&common.location)
}

fn djc_single_told(common: &djc::BodyContentCommon<'_>, other: &djc::BodyContentSinglePart<'_>) -> u64 {
    use djc::ContentEncoding;
    let encoding = match &other.transfer_encoding {
        ContentEncoding::SevenBit | ContentEncoding::EightBit => 4,
        ContentEncoding::Binary | ContentEncoding::Base64 => 6,
        ContentEncoding::QuotedPrintable => 16,
        ContentEncoding::Other(name) => name.len() as u64,
    };
    djc_common_told(common)
        + common.ty.ty.len() as u64
        + 1
        + option_told(&other.id)
        + option_told(&other.md5)
        + option_told(&other.description)
        + encoding
        + 1
        + u64::from(other.octets)
}

fn djc_status_told(status: &djc::Status, outcome: &djc::Outcome<'_>) -> u64 {
    use djc::Status;
    let kind = match status {
        Status::Ok => told::OK,
        Status::No => told::NO,
        Status::Bad => told::BAD,
        Status::Bye => told::BYE,
        Status::PreAuth => 0,
    };
    kind + outcome.code.as_ref().map_or(0, djc_code_told)
        + outcome.information.as_ref().map_or(0, |text| text.len() as u64)
}

fn djc_code_told(code: &djc::ResponseCode<'_>) -> u64 {
    use djc::ResponseCode;
    use djc::rfc4315::UidSetMember;
    let set = |set: &[UidSetMember]| -> u64 {
        let of = |member: &UidSetMember| match member {
            UidSetMember::Uid(n) => 2 * u64::from(*n),
            UidSetMember::UidRange(range) => u64::from(*range.start()) + u64::from(*range.end()),
        };
        set.iter().map(of).sum()
    };
    match code {
        ResponseCode::Alert => told::ALERT,
        ResponseCode::ReadOnly => told::READ_ONLY,
        ResponseCode::ReadWrite => told::READ_WRITE,
        ResponseCode::TryCreate => told::TRYCREATE,
        ResponseCode::UidNext(n) => told::UIDNEXT + u64::from(*n),
        ResponseCode::UidValidity(n) => told::UIDVALIDITY + u64::from(*n),
        ResponseCode::Unseen(n) => told::UNSEEN + u64::from(*n),
        ResponseCode::PermanentFlags(flags) => {
            told::PERMANENTFLAGS + flags.iter().map(|flag| flag.len() as u64).sum::<u64>()
        }
        ResponseCode::Capabilities(capabilities) => told::CAPABILITY + capabilities.len() as u64,
        ResponseCode::AppendUid(validity, uids) => told::APPENDUID + u64::from(*validity) + set(uids),
        ResponseCode::CopyUid(validity, source, destination) => {
            told::COPYUID + u64::from(*validity) + set(source) + set(destination)
        }
        _ => 0,
    }
}
