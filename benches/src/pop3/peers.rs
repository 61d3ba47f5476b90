//! The peers, each in the fastest way that is still correct.
//!
//! # pop3-codec 0.3.0
//!
//! nom 7 streaming parsers over `&[u8]`; values own `String`s. Commands can be parsed and serialised; responses can only be
//! parsed, with one function for each command that they answer.
//!
//! - Does less: a RETR body is handed out as one `String` a line, without CRLF and *with* the stuffed dots left in; a body
//!   that is not UTF-8 is an error; nothing is streamed, the whole reply must be in one slice. A bare LF ends a line.
//! - Cannot read CAPA: `response_capa` wants every capability to be followed by *two* line endings (`capability` takes one,
//!   `multi_line` another), so that every real reply is an error. It is measured on replies with doubled line endings; the
//!   octets that the report divides by are those of the real reply.
//! - Says `Incomplete` when octets are missing and has to be called again from the start of the message: quadratic when a
//!   long listing drips in. A careful caller can look for the end first; both ways are measured.

use std::hint::black_box;

use bytes::Bytes;
use memchr::memmem;
use pop3_codec::parse;
use pop3_codec::types::Response;

use crate::Contestant;
use crate::body::workloads::Body;
use crate::generator::Messages;
use crate::pop3::workloads::{Capas, Listing, Replies, ReplyKind};

const POP3: &str = "pop3-codec 0.3.0";

/// Every command by itself.
pub fn command_parse(commands: &Messages) -> Vec<Contestant> {
    let each = commands.each.clone();
    vec![Contestant::peer(POP3, "", move || {
        let mut parsed = 0;
        for message in each.iter() {
            let Ok((_, command)) = parse::command(black_box(message)) else {
                break;
            };
            black_box(&command);
            parsed += 1;
        }
        parsed
    })]
}

/// The commands as one stream that arrives in chunks: the parser finds the ends itself.
pub fn command_stream(commands: &Messages, chunk: usize) -> Vec<Contestant> {
    let stream = commands.stream.clone();
    vec![Contestant::peer(
        POP3,
        "parses a command again from its start when octets were missing",
        move || {
            let mut parsed = 0;
            let mut buffer = Vec::with_capacity(4096);
            for piece in stream.chunks(chunk) {
                // What is whole in the piece is read from there; only a rest is buffered.
                let mut at = 0;
                let whole = buffer.is_empty();
                if !whole {
                    buffer.extend_from_slice(piece);
                }
                let data: &[u8] = if whole { piece } else { &buffer };
                while let Ok((rest, command)) = parse::command(black_box(&data[at..])) {
                    black_box(&command);
                    parsed += 1;
                    at = data.len() - rest.len();
                }
                if whole {
                    buffer.extend_from_slice(&piece[at..]);
                } else {
                    buffer.drain(..at);
                }
            }
            parsed
        },
    )]
}

/// Commands to octets.
pub fn command_encode(commands: &Messages) -> Vec<Contestant> {
    let values: Vec<_> = commands
        .each
        .iter()
        .filter_map(|message| parse::command(message).ok())
        .map(|(_, command)| command)
        .collect();
    vec![Contestant::peer(POP3, "one Vec a command, which is not copied on", move || {
        let mut octets = 0;
        for value in &values {
            octets += black_box(black_box(value).serialize()).len() as u64;
        }
        octets
    })]
}

/// Greetings, with the timestamp found.
pub fn greeting_parse(greetings: &Messages) -> Vec<Contestant> {
    let each = greetings.each.clone();
    vec![Contestant::peer(
        POP3,
        "cuts the timestamp out of the text; does not check that it is a msg-id",
        move || {
            let mut parsed = 0;
            for message in each.iter() {
                let Ok((_, greeting)) = parse::greeting(black_box(message)) else {
                    break;
                };
                black_box(&greeting);
                parsed += 1;
            }
            parsed
        },
    )]
}

/// Single-line replies; the caller knows the command.
pub fn reply_parse(replies: &Replies) -> Vec<Contestant> {
    let each = replies.messages.each.clone();
    let kinds = replies.kinds.clone();
    vec![Contestant::peer(POP3, "", move || {
        let mut parsed = 0;
        for (message, kind) in each.iter().zip(kinds.iter()) {
            let message: &[u8] = black_box(message);
            parsed += u64::from(match kind {
                ReplyKind::Status => parse::response_pass(message).map(|r| drop(black_box(r))).is_ok(),
                ReplyKind::Stat => parse::response_stat(message).map(|r| drop(black_box(r))).is_ok(),
                ReplyKind::ListOne => parse::response_list(message).map(|r| drop(black_box(r))).is_ok(),
                ReplyKind::UidlOne => parse::response_uidl(message).map(|r| drop(black_box(r))).is_ok(),
            });
        }
        parsed
    })]
}

/// CAPA replies to typed capabilities.
pub fn capa_parse(capas: &Capas) -> Vec<Contestant> {
    let each = capas.for_pop3_codec.clone();
    vec![Contestant::peer(POP3, "cannot read real CAPA replies; given doubled line endings", move || {
        let mut capabilities = 0;
        for message in each.iter() {
            match parse::response_capa(black_box(message)) {
                Ok((_, Response::Ok(reply))) => capabilities += black_box(&reply.body).len() as u64,
                _ => break,
            }
        }
        capabilities
    })]
}

/// A whole LIST reply.
pub fn list_parse(list: &Listing) -> Vec<Contestant> {
    let reply = list.reply.clone();
    vec![Contestant::peer(POP3, "", move || match parse::response_list_all(black_box(&reply)) {
        Ok((_, Response::Ok(reply))) => {
            reply.body.iter().map(|e| u64::from(e.message_id) + u64::from(e.message_size)).sum()
        }
        _ => 0,
    })]
}

/// A whole UIDL reply.
pub fn uidl_parse(uidl: &Listing) -> Vec<Contestant> {
    let reply = uidl.reply.clone();
    vec![Contestant::peer(POP3, "", move || uidl_once(black_box(&reply)).unwrap_or(0))]
}

/// `None` if the reply is not complete.
fn uidl_once(reply: &[u8]) -> Option<u64> {
    match parse::response_uidl_all(reply) {
        Ok((_, Response::Ok(reply))) => {
            Some(reply.body.iter().map(|e| u64::from(e.message_id) + e.message_uid.len() as u64).sum())
        }
        _ => None,
    }
}

/// `None` if the reply is not complete. The length of the message after taking off the dots, which the peer leaves in.
fn retr_once(reply: &[u8]) -> Option<u64> {
    match parse::response_retr(reply) {
        Ok((_, Response::Ok(reply))) => Some(
            reply.body.iter().map(|line| (line.len() + 2 - usize::from(line.starts_with('.'))) as u64).sum(),
        ),
        _ => None,
    }
}

/// Both ways of feeding pop3-codec a long reply in chunks.
fn drip(reply: &Bytes, chunk: usize, once: fn(&[u8]) -> Option<u64>) -> Vec<Contestant> {
    let (a, b) = (reply.clone(), reply.clone());
    vec![
        Contestant::peer(
            "pop3-codec 0.3.0 (framed first)",
            "the caller finds the end of the reply, then parses once",
            move || {
                let end = memmem::Finder::new(b"\r\n.\r\n");
                let mut buffer: Vec<u8> = Vec::with_capacity(4096);
                let mut seen = 0;
                for piece in a.chunks(chunk) {
                    buffer.extend_from_slice(piece);
                    if end.find(&buffer[seen..]).is_some() {
                        return once(black_box(&buffer)).unwrap_or(0);
                    }
                    seen = buffer.len().saturating_sub(4);
                }
                0
            },
        ),
        Contestant::peer(
            "pop3-codec 0.3.0 (tried at each read)",
            "as its streaming parsers suggest; quadratic",
            move || {
                let mut buffer: Vec<u8> = Vec::with_capacity(4096);
                for piece in b.chunks(chunk) {
                    buffer.extend_from_slice(piece);
                    if let Some(witness) = once(black_box(&buffer)) {
                        return witness;
                    }
                }
                0
            },
        ),
    ]
}

/// A UIDL reply that arrives in chunks.
pub fn uidl_drip(uidl: &Listing, chunk: usize) -> Vec<Contestant> {
    drip(&uidl.reply, chunk, uidl_once)
}

/// A RETR reply that arrives in chunks, small enough for a quadratic peer.
pub fn retr_drip(body: &Body, chunk: usize) -> Vec<Contestant> {
    drip(&body.reply, chunk, retr_once)
}

/// A RETR reply, whole.
pub fn retr_decode(body: &Body) -> Contestant {
    let reply = body.reply.clone();
    Contestant::peer(
        "pop3-codec 0.3.0 (whole reply)",
        "given the whole reply at any chunk size; one String a line; leaves the dots in; wants UTF-8",
        move || retr_once(black_box(&reply)).unwrap_or(0),
    )
}
