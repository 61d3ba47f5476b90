//! What stands alone: status lines, greetings, capabilities, URLs, and the values that a caller builds.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use pop3_proto::{
    Capability, Command, Greeting, Item, LanguageListing, LanguageRange, MessageNumber, OtherCommand,
    Password, PopUrl, Reply, ReplyKind, Response, ResponseCode, Status, UniqueId, UniqueIdListing, UserName,
};
use wire::{Secret, Text};

fuzz_target!(|data: &[u8]| {
    let Some((&item, octets)) = data.split_first() else { return };
    let bytes = Bytes::copy_from_slice(octets);
    match item % 8 {
        0 => {
            let Ok(status) = Status::parse(&bytes) else { return };
            fuzz::assert_one_line(&status.to_bytes());
            assert_eq!(Status::parse(&status.to_bytes()).as_ref(), Ok(&status));
            assert_eq!(status.detach(), status);
            let plain = status.without_code();
            assert_eq!(plain.code(), None);
            assert_eq!(Status::parse(&plain.to_bytes()).as_ref(), Ok(&plain), "without its code");
        }
        1 => {
            let Ok(greeting) = Greeting::parse(&bytes) else { return };
            assert_eq!(Greeting::parse(&greeting.to_bytes()).as_ref(), Ok(&greeting));
            if let Some(timestamp) = greeting.timestamp() {
                let timestamp = auth::apop::Timestamp::parse(timestamp).expect("the same rule");
                let text = greeting.status().text().as_bytes();
                assert_eq!(auth::apop::Timestamp::in_greeting(text), Some(timestamp));
            }
        }
        2 => {
            let Ok(capability) = Capability::parse(&bytes) else { return };
            let line = fuzz::written(|output| {
                let lines = [capability.clone()].into_iter().collect();
                Reply::capabilities(Status::ok("").expect("text"), lines).encode(output);
            });
            assert_eq!(Capability::parse(&line.slice(5..line.len() - 3)), Ok(capability));
        }
        3 => {
            let Ok(text) = core::str::from_utf8(octets) else { return };
            let Ok(url) = PopUrl::parse(text) else { return };
            let written = url.to_string();
            assert_eq!(PopUrl::parse(&written), Ok(url), "{written}");
        }
        4 => {
            let Some((&at, octets)) = octets.split_first() else { return };
            let (keyword, arguments) = octets.split_at(octets.len().min(usize::from(at)));
            if let Ok(keyword) = core::str::from_utf8(keyword) {
                command(OtherCommand::new(keyword, arguments).ok().map(Command::Other));
            }
            command(UserName::new(bytes.clone()).ok().map(Command::User));
            command(Password::new(Secret::new(octets)).ok().map(Command::Pass));
            command(LanguageRange::new(bytes).ok().map(|range| Command::Lang(Some(range))));
        }
        5 => {
            let Ok(status) = Status::err(octets) else { return };
            reply(ReplyKind::Single, Reply::Status(status));
            let Some((head, text)) = octets.split_at_checked(4) else { return };
            let Ok(code) = ResponseCode::new(Bytes::copy_from_slice(head)) else { return };
            if let Ok(status) = Status::ok(text) {
                reply(ReplyKind::Single, Reply::Status(status.with_code(code)));
            }
        }
        6 => {
            let one = MessageNumber::new(1).expect("not 0");
            if let Ok(id) = UniqueId::new(bytes.clone()) {
                reply(ReplyKind::UidlOne, Reply::UniqueIdListing(UniqueIdListing::new(one, id)));
            }
            if let Ok(capability) = Capability::new(bytes.clone()) {
                let lines = [capability].into_iter().collect();
                reply(ReplyKind::Capa, Reply::capabilities(Status::ok("").expect("text"), lines));
            }
            let Some((tag, name)) = octets.split_at_checked(2) else { return };
            let (Ok(tag), Ok(name)) = (core::str::from_utf8(tag), Text::new(name.to_vec())) else { return };
            if let Ok(language) = LanguageListing::new(tag, name) {
                reply(ReplyKind::LangList, Reply::languages(Status::ok("").expect("text"), vec![language]));
            }
        }
        _ => {
            let Ok(line) = Text::new(bytes) else { return };
            let first = Reply::MultiLine(Status::ok("").expect("text"));
            let response = Response::Listing(first, vec![Item::Line(line)]);
            assert_eq!(Response::parse(&response.to_bytes(), ReplyKind::Lines), Ok(response));
        }
    }
});

/// A command that was built is read as that command.
fn command(command: Option<Command>) {
    let Some(command) = command else { return };
    fuzz::assert_one_line(&command.to_bytes());
    assert_eq!(Command::parse(&command.to_bytes()), Ok(command));
}

/// A reply that was built is read as that reply.
fn reply(kind: ReplyKind, reply: Reply) {
    let octets = reply.to_bytes();
    assert_eq!(Response::parse(&octets, kind), Ok(Response::Reply(reply)), "{}", octets.escape_ascii());
}
