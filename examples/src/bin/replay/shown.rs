//! Typed POP3 replies in words, for `--show`. Commands are shown as the crate's `Debug` has them.

use pop3_proto::{DropListing, Item, More, Reply, ScanListing, Status, UniqueIdListing};

pub(crate) fn status(status: &Status) -> String {
    let mut line = String::from(if status.is_ok() { "+OK" } else { "-ERR" });
    if let Some(code) = status.code() {
        line += &format!(" code={code}");
    }
    if !status.text().is_empty() {
        line += &format!(" text={:?}", status.text());
    }
    line
}

pub(crate) fn reply(reply: &Reply) -> String {
    match reply {
        Reply::Status(line) => status(line),
        Reply::MultiLine(line) => format!("{} ...", status(line)),
        Reply::DropListing(DropListing { messages, octets, more: rest }) => {
            format!("+OK messages={messages} octets={octets}{}", more(rest))
        }
        Reply::ScanListing(listing) => format!("+OK {}", scan(listing)),
        Reply::UniqueIdListing(listing) => format!("+OK {}", unique_id(listing)),
        Reply::Capabilities(reply) => {
            let lines = reply.lines.iter().map(|capability| format!("\n{:16}{capability:?}", ""));
            status(&reply.status) + &lines.collect::<String>()
        }
        Reply::Mechanisms(reply) => format!("{} {:?}", status(&reply.status), reply.lines),
        Reply::Languages(reply) => format!("{} {:?}", status(&reply.status), reply.lines),
        other => format!("{other:?}"),
    }
}

pub(crate) fn item(item: &Item) -> String {
    match item {
        Item::ScanListing(listing) => scan(listing),
        Item::UniqueIdListing(listing) => unique_id(listing),
        other => format!("{other:?}"),
    }
}

fn scan(listing: &ScanListing) -> String {
    format!("message={} octets={}{}", listing.message, listing.octets, more(&listing.more))
}

fn unique_id(listing: &UniqueIdListing) -> String {
    format!("message={} unique-id={:?}{}", listing.message, listing.unique_id, more(&listing.more))
}

fn more(more: &More) -> String {
    if more.text().is_empty() { String::new() } else { format!(" more={:?}", more.text()) }
}
