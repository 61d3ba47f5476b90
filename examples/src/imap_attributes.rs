//! What FETCH tells of a message, as JSON.

use imap_proto::{Addresses, BodyPart, Envelope, Fetch, FetchAttribute, Flag, Params};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// All of it but the octets of the message.
#[must_use]
pub fn attributes(fetch: &Fetch) -> Value {
    let mut all = Map::new();
    let _ = all.insert("number".to_owned(), fetch.number.get().into());
    for attribute in fetch.attributes() {
        let (name, value) = match attribute {
            FetchAttribute::Uid(uid) => ("uid", uid.get().into()),
            FetchAttribute::Flags(flags) => ("flags", flags.iter().map(flag).collect()),
            FetchAttribute::InternalDate(date) => ("internaldate", date.unix_seconds().into()),
            FetchAttribute::Size(size) => ("size", size.get().into()),
            FetchAttribute::ModSeq(number) => ("modseq", number.get().into()),
            FetchAttribute::Envelope(found) => ("envelope", envelope(found)),
            FetchAttribute::BodyStructure(found) => ("parts", found.parts().map(part).collect()),
            FetchAttribute::Invalid(invalid) => ("invalid", invalid.error.to_string().into()),
            _ => continue,
        };
        let _ = all.insert(name.to_owned(), value);
    }
    Value::Object(all)
}

fn flag(flag: &Flag) -> String {
    match flag {
        Flag::Seen => "\\Seen".to_owned(),
        Flag::Answered => "\\Answered".to_owned(),
        Flag::Flagged => "\\Flagged".to_owned(),
        Flag::Deleted => "\\Deleted".to_owned(),
        Flag::Draft => "\\Draft".to_owned(),
        Flag::Recent => "\\Recent".to_owned(),
        Flag::Wildcard => "\\*".to_owned(),
        Flag::Extension(name) => format!("\\{}", String::from_utf8_lossy(name.as_bytes())),
        Flag::Keyword(name) => String::from_utf8_lossy(name.as_bytes()).into_owned(),
        other => format!("{other:?}"),
    }
}

fn text(octets: Option<Cow<'_, [u8]>>) -> Value {
    octets.map_or(Value::Null, |octets| String::from_utf8_lossy(&octets).into())
}

fn envelope(envelope: &Envelope) -> Value {
    json!({
        "date": text(envelope.date()),
        "subject": text(envelope.subject()),
        "from": addresses(envelope.from()),
        "sender": addresses(envelope.sender()),
        "reply-to": addresses(envelope.reply_to()),
        "to": addresses(envelope.to()),
        "cc": addresses(envelope.cc()),
        "bcc": addresses(envelope.bcc()),
        "in-reply-to": text(envelope.in_reply_to()),
        "message-id": text(envelope.message_id()),
    })
}

/// Name, route, mailbox and host of each.
fn addresses(addresses: Addresses<'_>) -> Value {
    addresses.map(|it| json!([text(it.name), text(it.route), text(it.mailbox), text(it.host)])).collect()
}

fn part(part: BodyPart<'_>) -> Value {
    let number: Vec<_> = part.number().iter().map(ToString::to_string).collect();
    let mut shown = json!({
        "part": number.join("."),
        "type": text(Some(part.main_type())),
        "subtype": text(Some(part.subtype())),
        "params": params(part.params()),
    });
    if !part.is_multipart() {
        shown["id"] = text(part.id());
        shown["description"] = text(part.description());
        shown["encoding"] = text(part.encoding());
        shown["octets"] = part.octets().into();
        shown["lines"] = part.lines().into();
        shown["md5"] = text(part.md5());
    }
    if let Some((inner, _)) = part.message() {
        shown["envelope"] = envelope(&inner);
    }
    if let Some(disposition) = part.disposition() {
        shown["disposition"] = json!([text(Some(disposition.kind)), params(disposition.params)]);
    }
    shown["languages"] = part.languages().into_iter().map(|language| text(Some(language))).collect();
    shown["location"] = text(part.location());
    shown
}

fn params(params: Params<'_>) -> Value {
    params.map(|(name, value)| json!([text(Some(name)), text(Some(value))])).collect()
}
