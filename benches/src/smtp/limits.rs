//! What HTTP's parser does with the same words, and what a plain loop writes.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;

use bytes::Bytes;

use crate::Contestant;
use crate::generator::{Messages, WHOLE};
use crate::limits::copy;
use crate::smtp::workloads::{CommandParts, Commands, Ehlos, Envelope, Replies};

const HTTP: &str = "httparse 1.10.1";
const NOTE: &str =
    "the same words as HTTP: verb, path, a header for each parameter or keyword; no values are typed";

/// Each command as an HTTP request.
pub fn command_parse(commands: &Commands) -> Vec<Contestant> {
    let envelope = |verb: &str, envelope: &Envelope| {
        let mut request = format!("{verb} /{} HTTP/1.1\r\n", envelope.path.replace(' ', "."));
        for (keyword, value) in &envelope.parameters {
            let _ = write!(request, "{keyword}: {}\r\n", value.as_deref().unwrap_or(""));
        }
        request + "\r\n"
    };
    let requests: Vec<String> = commands
        .parts
        .iter()
        .map(|parts| match parts {
            CommandParts::Mail(mail) => envelope("MAIL", mail),
            CommandParts::Rcpt(rcpt) => envelope("RCPT", rcpt),
            other => {
                let line = other.line();
                let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
                format!("{verb} /{argument} HTTP/1.1\r\n\r\n")
            }
        })
        .collect();
    let witness = requests.len() as u64;
    let each = Messages::new(&requests).each;
    let http = Contestant::baseline(HTTP, NOTE, move || {
        let mut parsed = 0;
        for message in each.iter() {
            let mut headers = [httparse::EMPTY_HEADER; 16];
            let mut request = httparse::Request::new(&mut headers);
            if !request.parse(black_box(message)).is_ok_and(|status| status.is_complete()) {
                return 0;
            }
            black_box(&request);
            parsed += 1;
        }
        parsed
    });
    vec![http.witnessing(witness), copy(&commands.messages.stream, WHOLE)]
}

/// Each EHLO reply as an HTTP response.
pub fn ehlo_parse(ehlos: &Ehlos) -> Vec<Contestant> {
    let responses: Vec<String> = ehlos
        .parts
        .iter()
        .map(|parts| {
            let mut response = format!("HTTP/1.1 250 {} {}\r\n", parts.domain, parts.greet);
            for capability in &parts.capabilities {
                let (keyword, parameters) = capability.split_once([' ', '=']).unwrap_or((capability, ""));
                let _ = write!(response, "{keyword}: {parameters}\r\n");
            }
            response + "\r\n"
        })
        .collect();
    let witness = responses.len() as u64;
    let each = Messages::new(&responses).each;
    let http = Contestant::baseline(HTTP, NOTE, move || {
        let mut parsed = 0;
        for message in each.iter() {
            let mut headers = [httparse::EMPTY_HEADER; 24];
            let mut response = httparse::Response::new(&mut headers);
            if !response.parse(black_box(message)).is_ok_and(|status| status.is_complete()) {
                return 0;
            }
            black_box(&response);
            parsed += 1;
        }
        parsed
    });
    vec![http.witnessing(witness), copy(&ehlos.messages.stream, WHOLE)]
}

/// Replies through `write!`.
pub fn reply_encode(replies: &Replies) -> Vec<Contestant> {
    let parts = replies.parts.clone();
    let mut out = Vec::with_capacity(replies.messages.stream.len());
    let plain = Contestant::baseline("std write!", "into one kept Vec; lines are ready", move || {
        out.clear();
        for reply in black_box(&parts).iter() {
            for (n, line) in reply.lines.iter().enumerate() {
                let separator = if n + 1 == reply.lines.len() { ' ' } else { '-' };
                let code = reply.code;
                let done = match reply.enhanced {
                    Some((class, subject, detail)) => {
                        write!(out, "{code}{separator}{class}.{subject}.{detail} {line}\r\n")
                    }
                    None => write!(out, "{code}{separator}{line}\r\n"),
                };
                debug_assert!(done.is_ok());
            }
        }
        black_box(&out).len() as u64
    });
    vec![plain, copy(&replies.messages.stream, WHOLE)]
}

/// memcpy and memchr of all parts of all sessions.
pub fn session(each: &[Vec<Bytes>], chunk: usize) -> Vec<Contestant> {
    let octets: Vec<u8> = each.iter().flatten().flat_map(|part| part.iter().copied()).collect();
    let octets = Bytes::from(octets);
    vec![crate::limits::lines(&octets, chunk), copy(&octets, chunk)]
}
