//! The peers, each in the fastest way that is still correct.
//!
//! # smtp-proto 0.2.5 (Stalwart)
//!
//! Parsers over `slice::Iter`, hand-written; a request borrows from its input (`Cow<str>`), a response owns its text. Its
//! parsers find the end of a message themselves; `RequestReceiver` and `ResponseReceiver` keep what is not complete.
//!
//! - Does less with commands: no address literals, no `ORCPT=utf-8;`, unknown parameters are errors; duplicates are not found; octets that
//!   are not UTF-8 are replaced; CR and LF alone pass as line ends; source routes and quotes are lost, so that no command can be written
//!   again as it came, and there is no way to write one. Addresses are hardly checked: `<a@-->` passes.
//! - Does less with replies: the lines are joined in one `String` without their enhanced codes, of which only the last is told; numbers above
//!   255 are wrong; a line without text leaves a CR in the text; that all lines have one code is not checked; the limit is 4,096 octets.
//! - Does less with EHLO: the greeting, unknown keywords and mechanisms, and the arguments of LIMITS, BURL, XCLIENT are dropped.
//! - Writes replies of one line only (a text with LF goes out as it is), always with an enhanced code, and EHLO with its own greeting.
//! - Its data receiver: see `body::peers`.
//!
//! # smtp-codec 0.2.0
//!
//! nom 7 streaming parsers; values own `String`s.
//!
//! - Does less with commands: parameters are pairs of `String`s that cannot be read, only written; no UTF-8, no A-labels (`xn--`); no BDAT; VRFY takes an
//!   atom.
//! - Replies are only recognised (where they end), not turned into values: a baseline.
//! - EHLO: twenty keywords and their mechanisms typed, the others kept as `String`s; `DELIVERBY n`, `BURL imap` and a mechanism that begins
//!   like one that it knows make the whole reply an error.
//! - Writes commands, replies and EHLO; enhanced codes are text. What it writes is not checked.
//!
//! # httparse 1.10.1
//!
//! For reference, on what an HTTP client would send to say the same: see `limits`.

use std::borrow::Cow;
use std::hint::black_box;
use std::slice::Iter;

use bytes::Bytes;
use smtp_codec::parse::command::command;
use smtp_codec::parse::response::{Reply_line, ehlo_ok_rsp};
use smtp_codec::types as codec;
use stalwart::request::receiver::{BdatReceiver, DataReceiver, RequestReceiver};
use stalwart::response::parser::ResponseReceiver;
use stalwart::{EhloResponse, Error, Request, Response};

use crate::Contestant;
use crate::smtp::workloads::{CommandParts, Commands, Ehlos, Envelope, Replies, ReplyParts, Sessions, told};

const PROTO: &str = "smtp-proto 0.2.5";
const CODEC: &str = "smtp-codec 0.2.0";

/// What a request adds to the witness.
#[inline]
fn request_told(request: &Request<Cow<'_, str>>) -> u64 {
    let octets = |text: &Option<Cow<'_, str>>| text.as_ref().map_or(0, |text| text.len() as u64);
    match request {
        Request::Helo { host } => told::HELO + host.len() as u64,
        Request::Ehlo { host } => told::EHLO + host.len() as u64,
        Request::Mail { from } => (told::MAIL + from.address.len() as u64)
            .wrapping_add(
                from.flags + from.size as u64 + from.hold_for + octets(&from.env_id) + octets(&from.auth),
            )
            .wrapping_add(from.by as u64)
            .wrapping_add(from.mt_priority as u64),
        Request::Rcpt { to } => told::RCPT + to.address.len() as u64 + to.flags + octets(&to.orcpt),
        Request::Data => told::DATA,
        Request::Rset => told::RSET,
        Request::Noop { value } => told::NOOP + value.len() as u64,
        Request::Quit => told::QUIT,
        Request::Vrfy { value } => told::VRFY + value.len() as u64,
        Request::Bdat { chunk_size, is_last } => told::BDAT + *chunk_size as u64 + u64::from(*is_last),
        _ => 0,
    }
}

/// Every command by itself.
pub fn command_parse(commands: &Commands) -> Vec<Contestant> {
    let each = commands.messages.each.clone();
    let ascii = commands.for_smtp_codec.clone();
    vec![
        Contestant::peer(
            PROTO,
            "borrows from its input; finds no duplicates, hardly checks addresses",
            move || {
                let mut sum: u64 = 0;
                for message in each.iter() {
                    let Ok(request) = Request::parse(&mut black_box(message).iter()) else { return 0 };
                    sum = sum.wrapping_add(request_told(black_box(&request)));
                }
                sum
            },
        ),
        Contestant::peer(
            CODEC,
            "parameters are Strings that cannot be read; given ASCII for UTF-8",
            move || {
                let mut sum = 0;
                for message in ascii.iter() {
                    let Ok((_, command)) = command(black_box(message)) else { return 0 };
                    sum += command_told(black_box(&command));
                }
                sum
            },
        )
        .witnessing(commands.told_smtp_codec),
    ]
}

/// What smtp-codec's command adds to its own witness.
fn command_told(command: &codec::Command) -> u64 {
    use codec::{AtomOrQuoted, Command, DomainOrAddress};
    let name = |name: &DomainOrAddress| match name {
        DomainOrAddress::Domain(domain) => domain.len() as u64,
        DomainOrAddress::Address(address) => address.len() as u64 + 2,
    };
    match command {
        Command::Helo { domain_or_address } => told::HELO + name(domain_or_address),
        Command::Ehlo { domain_or_address } => told::EHLO + name(domain_or_address),
        Command::Mail { reverse_path, parameters } => {
            told::MAIL + (reverse_path.len() + parameters.len()) as u64
        }
        Command::Rcpt { forward_path, parameters } => {
            // `<Postmaster>` has its brackets, no other path has them
            let brackets = if forward_path.starts_with('<') { 2 } else { 0 };
            told::RCPT + (forward_path.len() + parameters.len()) as u64 - brackets
        }
        Command::Data => told::DATA,
        Command::Rset => told::RSET,
        Command::Noop { argument: None } => told::NOOP,
        Command::Quit => told::QUIT,
        Command::Vrfy { user_or_mailbox: AtomOrQuoted::Atom(name) } => told::VRFY + name.len() as u64,
        _ => 0,
    }
}

/// The commands as one stream that arrives in chunks.
pub fn command_stream(commands: &Commands, chunk: usize) -> Vec<Contestant> {
    let stream = commands.messages.stream.clone();
    vec![Contestant::peer(PROTO, "RequestReceiver; borrows from its input", move || {
        let mut sum: u64 = 0;
        let mut receiver = RequestReceiver::default();
        for piece in stream.chunks(chunk) {
            let mut iter = black_box(piece).iter();
            loop {
                match receiver.ingest(&mut iter) {
                    Ok(request) => sum = sum.wrapping_add(request_told(black_box(&request))),
                    Err(Error::NeedsMoreData { .. }) => break,
                    Err(_) => return 0,
                }
            }
        }
        sum
    })]
}

/// Commands to octets: smtp-proto cannot.
pub fn command_encode(commands: &Commands) -> Vec<Contestant> {
    let values: Vec<_> = commands.parts.iter().map(codec_command).collect();
    let (one, all) = (values.clone(), values);
    let mut kept: Vec<u8> = Vec::with_capacity(commands.messages.stream.len());
    let mut small: Vec<u8> = Vec::with_capacity(4096);
    vec![
        Contestant::peer(
            "smtp-codec 0.2.0, sent one by one",
            "into one kept Vec; does not check anything",
            move || {
                let mut octets = 0;
                for value in &one {
                    small.clear();
                    if black_box(value).serialize(&mut small).is_err() {
                        return 0;
                    }
                    octets += black_box(&small).len() as u64;
                }
                octets
            },
        ),
        Contestant::peer(
            "smtp-codec 0.2.0, pipelined",
            "into one kept Vec; does not check anything",
            move || {
                kept.clear();
                for value in &all {
                    if black_box(value).serialize(&mut kept).is_err() {
                        return 0;
                    }
                }
                black_box(&kept).len() as u64
            },
        ),
    ]
}

fn codec_command(parts: &CommandParts) -> codec::Command {
    use codec::{AtomOrQuoted, Command, DomainOrAddress, Parameter};
    let name = |name: &String| match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(address) => DomainOrAddress::Address(address.to_owned()),
        None => DomainOrAddress::Domain(name.clone()),
    };
    let parameters = |envelope: &Envelope| {
        envelope.parameters.iter().map(|(keyword, value)| Parameter::new(*keyword, value.clone())).collect()
    };
    match parts {
        CommandParts::Helo(host) => Command::Helo { domain_or_address: name(host) },
        CommandParts::Ehlo(host) => Command::Ehlo { domain_or_address: name(host) },
        CommandParts::Mail(mail) => {
            Command::Mail { reverse_path: mail.path.clone(), parameters: parameters(mail) }
        }
        CommandParts::Rcpt(rcpt) => {
            Command::Rcpt { forward_path: rcpt.path.clone(), parameters: parameters(rcpt) }
        }
        // it has no BDAT, and is not given any
        CommandParts::Data | CommandParts::Bdat { .. } => Command::Data,
        CommandParts::Rset => Command::Rset,
        CommandParts::Noop => Command::Noop { argument: None },
        CommandParts::Quit => Command::Quit,
        CommandParts::Vrfy(name) => Command::Vrfy { user_or_mailbox: AtomOrQuoted::Atom(name.clone()) },
    }
}

#[inline]
fn response_told(response: &Response<String>) -> u64 {
    let codes = u64::from(response.code) + response.esc.iter().map(|&n| u64::from(n)).sum::<u64>();
    codes + response.message.len() as u64
}

/// Replies.
pub fn reply_parse(replies: &Replies) -> Vec<Contestant> {
    let (each, again) = (replies.messages.each.clone(), replies.messages.each.clone());
    vec![
        Contestant::peer(PROTO, "one String a reply; no enhanced code but the last line's", move || {
            let mut sum = 0;
            let mut receiver = ResponseReceiver::default();
            for message in each.iter() {
                let Ok(response) = receiver.parse(&mut black_box(message).iter()) else { return 0 };
                sum += response_told(black_box(&response));
                drop(response);
                receiver.reset();
            }
            sum
        }),
        Contestant::baseline("smtp-codec 0.2.0 (recognised)", "finds the end, gives no value", move || {
            let mut octets = 0;
            for message in again.iter() {
                let Ok((_, reply)) = Reply_line(black_box(message)) else { return 0 };
                octets += black_box(reply).len() as u64;
            }
            octets
        })
        .witnessing(replies.messages.stream.len() as u64),
    ]
}

/// Replies as one stream that arrives in chunks.
pub fn reply_stream(stream: &Bytes, chunk: usize) -> Vec<Contestant> {
    let stream = stream.clone();
    vec![Contestant::peer(PROTO, "one String a reply; no enhanced code but the last line's", move || {
        let mut sum = 0;
        let mut receiver = ResponseReceiver::default();
        for piece in stream.chunks(chunk) {
            let mut iter = black_box(piece).iter();
            while iter.len() > 0 {
                match receiver.parse(&mut iter) {
                    Ok(response) => {
                        sum += response_told(black_box(&response));
                        receiver.reset();
                    }
                    Err(Error::NeedsMoreData { .. }) => {}
                    Err(_) => return 0,
                }
            }
        }
        sum
    })]
}

/// Replies to octets.
pub fn reply_encode(replies: &Replies) -> Vec<Contestant> {
    let mut all = Vec::new();
    let writable = |parts: &ReplyParts| {
        parts.lines.len() == 1
            && parts.enhanced.is_some_and(|(_, subject, detail)| subject < 10 && detail < 10)
    };
    let room = replies.messages.stream.len();
    if replies.parts.iter().all(writable) {
        let values: Vec<Response<String>> = replies
            .parts
            .iter()
            .map(|parts| {
                let (class, subject, detail) = parts.enhanced.unwrap_or_default();
                Response::new(parts.code, class, subject as u8, detail as u8, parts.text(false))
            })
            .collect();
        let mut out = Vec::with_capacity(room);
        all.push(Contestant::peer(PROTO, "one line only; does not look for LF in the text", move || {
            out.clear();
            for value in &values {
                if black_box(value).write(&mut out).is_err() {
                    return 0;
                }
            }
            black_box(&out).len() as u64
        }));
    }
    let values: Vec<codec::Response> =
        replies.parts.iter().map(|parts| codec::Response::other(parts.code, parts.text(true))).collect();
    let mut out = Vec::with_capacity(room);
    all.push(Contestant::peer(
        CODEC,
        "enhanced codes stand in the text already; does not look for CR in it",
        move || {
            out.clear();
            for value in &values {
                if black_box(value).serialize(&mut out).is_err() {
                    return 0;
                }
            }
            black_box(&out).len() as u64
        },
    ));
    all
}

#[inline]
fn ehlo_told(ehlo: &EhloResponse<String>) -> u64 {
    let sets = ehlo.capabilities.count_ones() + ehlo.auth_mechanisms.count_ones();
    (ehlo.hostname.len() + ehlo.size) as u64
        + ehlo.deliver_by
        + ehlo.future_release_interval
        + u64::from(sets)
}

fn codec_ehlo_told(response: &codec::Response) -> u64 {
    let codec::Response::Ehlo { domain, greet, capabilities } = response else { return 0 };
    let mut sum = (domain.len() + greet.as_ref().map_or(0, String::len) + capabilities.len()) as u64;
    for capability in capabilities {
        sum += match capability {
            codec::Capability::Size(size) => u64::from(*size),
            codec::Capability::Auth(mechanisms) => mechanisms.len() as u64,
            _ => 0,
        };
    }
    sum
}

/// EHLO replies to typed capabilities.
pub fn ehlo_parse(ehlos: &Ehlos) -> Vec<Contestant> {
    let each = ehlos.messages.each.clone();
    let readable = ehlos.for_smtp_codec.clone();
    vec![
        Contestant::peer(
            PROTO,
            "bits; drops the greeting, unknown keywords and mechanisms, LIMITS",
            move || {
                let mut sum = 0;
                for message in each.iter() {
                    let Ok(ehlo) = EhloResponse::parse(&mut black_box(message).iter()) else { return 0 };
                    sum += ehlo_told(black_box(&ehlo));
                }
                sum
            },
        )
        .witnessing(ehlos.told_smtp_proto),
        Contestant::peer(
            CODEC,
            "twenty keywords typed, the others Strings; given X-DELIVER for DELIVERBY n",
            move || {
                let mut sum = 0;
                for message in readable.iter() {
                    let Ok((_, ehlo)) = ehlo_ok_rsp(black_box(message)) else { return 0 };
                    sum += codec_ehlo_told(black_box(&ehlo));
                }
                sum
            },
        )
        .witnessing(ehlos.told_smtp_codec),
    ]
}

/// EHLO replies that arrive in chunks, each reply cut from its beginning on.
pub fn ehlo_drip(ehlos: &Ehlos, chunk: usize) -> Vec<Contestant> {
    let each = ehlos.messages.each.clone();
    vec![
        Contestant::peer(
            "smtp-proto 0.2.5 (tried at each read)",
            "starts again from the beginning when octets are missing",
            move || {
                let mut sum = 0;
                let mut buffer: Vec<u8> = Vec::with_capacity(4096);
                for message in each.iter() {
                    buffer.clear();
                    for piece in message.chunks(chunk) {
                        buffer.extend_from_slice(black_box(piece));
                        match EhloResponse::parse(&mut buffer.iter()) {
                            Ok(ehlo) => sum += ehlo_told(black_box(&ehlo)),
                            Err(Error::NeedsMoreData { .. }) => {}
                            Err(_) => return 0,
                        }
                    }
                }
                sum
            },
        )
        .witnessing(ehlos.told_smtp_proto),
    ]
}

/// What servers offer, to octets.
pub fn ehlo_encode(offers: &Ehlos) -> Vec<Contestant> {
    let room = offers.messages.stream.len();
    let values: Vec<EhloResponse<String>> = offers
        .messages
        .each
        .iter()
        .filter_map(|message| EhloResponse::parse(&mut message.iter()).ok())
        .collect();
    let mut out = Vec::with_capacity(room);
    let proto = Contestant::peer(PROTO, "its own greeting and order", move || {
        out.clear();
        for value in &values {
            if black_box(value).write(&mut out).is_err() {
                return 0;
            }
        }
        black_box(&out).len() as u64
    });
    let values: Vec<codec::Response> = offers
        .messages
        .each
        .iter()
        .filter_map(|message| ehlo_ok_rsp(message).ok())
        .map(|(_, response)| response)
        .collect();
    let mut out = Vec::with_capacity(room);
    let codec = Contestant::peer(CODEC, "does not check anything", move || {
        out.clear();
        for value in &values {
            if black_box(value).serialize(&mut out).is_err() {
                return 0;
            }
        }
        black_box(&out).len() as u64
    });
    vec![proto, codec]
}

/// Sessions through the request parser and the data receivers: no state, no order, no replies.
pub fn session(sessions: &Sessions, chunk: usize) -> Vec<Contestant> {
    let each = sessions.each.clone();
    let mut message: Vec<u8> = Vec::with_capacity(512 << 10);
    vec![Contestant::peer(
        PROTO,
        "its parsers alone: no state, no order, no replies, no check of line endings; each message into one kept Vec",
        move || {
            let mut sum = 0;
            for session in each.iter() {
                match receive(session, chunk, &mut message) {
                    Some(told) => sum = told.wrapping_add(sum),
                    None => return 0,
                }
            }
            sum
        },
    )]
}

enum Mode {
    Commands,
    Data(DataReceiver),
    Bdat(BdatReceiver),
}

fn receive(session: &[Bytes], chunk: usize, message: &mut Vec<u8>) -> Option<u64> {
    let mut sum: u64 = 0;
    let mut receiver = RequestReceiver::default();
    let mut mode = Mode::Commands;
    message.clear();
    for piece in session.iter().flat_map(|part| part.chunks(chunk)) {
        let mut iter = black_box(piece).iter();
        while step(&mut iter, &mut mode, &mut receiver, message, &mut sum)? {}
    }
    Some(sum)
}

/// `Some(false)` when everything is read.
#[inline]
fn step(
    iter: &mut Iter<'_, u8>,
    mode: &mut Mode,
    receiver: &mut RequestReceiver,
    message: &mut Vec<u8>,
    sum: &mut u64,
) -> Option<bool> {
    let ended = match mode {
        Mode::Commands => match receiver.ingest(iter) {
            Ok(request) => {
                *sum = sum.wrapping_add(request_told(black_box(&request)));
                match request {
                    Request::Data => *mode = Mode::Data(DataReceiver::new()),
                    Request::Bdat { chunk_size, is_last } => {
                        *mode = Mode::Bdat(BdatReceiver::new(chunk_size, is_last));
                    }
                    _ => {}
                }
                return Some(true);
            }
            Err(Error::NeedsMoreData { .. }) => return Some(false),
            Err(_) => return None,
        },
        Mode::Data(data) => {
            if !data.ingest(iter, message) {
                return Some(false);
            }
            true
        }
        Mode::Bdat(chunk) => {
            if !chunk.ingest(iter, message) {
                return Some(false);
            }
            chunk.is_last
        }
    };
    if ended {
        *sum += black_box(&*message).len() as u64;
        message.clear();
    }
    *mode = Mode::Commands;
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands above about the peers is still true of the versions that are measured.
    #[test]
    fn peers_are_as_described() {
        fn request(line: &str) -> Result<Request<Cow<'_, str>>, Error> {
            Request::parse(&mut line.as_bytes().iter())
        }
        fn response(reply: &str) -> Response<String> {
            ResponseReceiver::default().parse(&mut reply.as_bytes().iter()).unwrap()
        }
        fn text(command: &Request<Cow<'_, str>>) -> String {
            match command {
                Request::Mail { from } => from.address.to_string(),
                Request::Rcpt { to } => to.address.to_string(),
                _ => String::new(),
            }
        }
        assert!(request("MAIL FROM:<a@[192.0.2.1]>\r\n").is_err(), "address literals");
        assert!(request("RCPT TO:<a@b> ORCPT=utf-8;a@b\r\n").is_err(), "utf-8 addresses");
        assert!(request("MAIL FROM:<a@b> X=1\r\n").is_err(), "unknown parameters");
        assert!(request("MAIL FROM:<a@b> SIZE=1 SIZE=2\r\n").is_ok(), "duplicates");
        assert!(request("MAIL FROM:<a@-->\r\n").is_ok(), "addresses");
        assert!(request("NOOP\n").is_ok(), "LF");
        assert_eq!(text(&request("MAIL FROM:<\"a b\"@c>\r\n").unwrap()), "a b@c", "quotes");
        assert_eq!(text(&request("RCPT TO:<@x:a@b>\r\n").unwrap()), "a@b", "source routes");

        assert_eq!(response("250 5.7.509 x\r\n").esc, [5, 7, 255], "numbers above 255");
        assert_eq!(response("334 \r\n").message, "\r", "no text");
        assert_eq!(response("250-2.1.0 a\r\n550 2.1.5 b\r\n").code, 250, "codes");
        let mut written = Vec::new();
        Response::new(250, 2, 0, 0, "a\nb").write(&mut written).unwrap();
        assert_eq!(written, b"250 2.0.0 a\nb\r\n", "LF in the text");

        assert!(command(b"MAIL FROM:<\xc3\xbc@b>\r\n").is_err(), "UTF-8");
        assert!(command(b"EHLO xn--e.example\r\n").is_err(), "A-labels");
        assert!(command(b"BDAT 1 LAST\r\n").is_err(), "BDAT");
        assert!(ehlo_ok_rsp(b"250-a b\r\n250-DELIVERBY 240\r\n250 HELP\r\n").is_err(), "DELIVERBY");
        assert!(ehlo_ok_rsp(b"250-a b\r\n250-BURL imap\r\n250 HELP\r\n").is_err(), "BURL");
        assert!(ehlo_ok_rsp(b"250-a b\r\n250-AUTH PLAIN-CLIENTTOKEN\r\n250 HELP\r\n").is_err(), "mechanisms");
        let mut written = Vec::new();
        codec::Response::other(250, "a\r250 b").serialize(&mut written).unwrap();
        assert_eq!(written, b"250 a\r250 b\r\n", "CR in the text");
    }
}
