//! Our side. Each function enters our contestants for one workload, the headline first; an empty list means "not
//! entered". Rules: do the whole job inside the closure, drops included; return the witness that the comment names.
//!
//! Closures are `'static`: clone what you need (`Bytes`, `Arc<[..]>`: cheap) before `move ||`. Example:
//!
//! ```ignore
//! pub fn command_parse(commands: &Messages) -> Vec<Contestant> {
//!     let each = commands.each.clone();
//!     vec![Contestant::ours("pop3-proto", move || {
//!         each.iter().filter(|m| black_box(Command::parse(black_box(m))).is_ok()).count() as u64
//!     })]
//! }
//! ```

use crate::Contestant;
use crate::workloads::{Body, Capas, Listing, Messages, Replies};

/// Every command by itself (`commands.each`). Witness: how many were parsed.
pub fn command_parse(commands: &Messages) -> Vec<Contestant> {
    let _ = commands;
    Vec::new()
}

/// `commands.stream.chunks(chunk)`: framing and parsing, or the server machine. Witness: how many commands came out.
pub fn command_stream(commands: &Messages, chunk: usize) -> Vec<Contestant> {
    let _ = (commands, chunk);
    Vec::new()
}

/// Values (made from `commands.each` outside the closure) to octets. Witness: octets written.
pub fn command_encode(commands: &Messages) -> Vec<Contestant> {
    let _ = commands;
    Vec::new()
}

/// `greetings.each`. Witness: how many were parsed.
pub fn greeting_parse(greetings: &Messages) -> Vec<Contestant> {
    let _ = greetings;
    Vec::new()
}

/// `replies.messages.each` with `replies.kinds` (STAT and LIST n to two numbers, UIDL n to number and uid, all others
/// to status, code, text). Witness: how many were parsed.
pub fn reply_parse(replies: &Replies) -> Vec<Contestant> {
    let _ = replies;
    Vec::new()
}

/// Values made from `replies.parts` (or parsed) to octets. Witness: octets written.
pub fn reply_encode(replies: &Replies) -> Vec<Contestant> {
    let _ = replies;
    Vec::new()
}

/// `capas.messages.each`, whole CAPA replies. Witness: capabilities in all of them together.
pub fn capa_parse(capas: &Capas) -> Vec<Contestant> {
    let _ = capas;
    Vec::new()
}

/// `list.reply`, a whole reply. Witness: sum of all numbers and sizes.
pub fn list_parse(list: &Listing) -> Vec<Contestant> {
    let _ = list;
    Vec::new()
}

/// `uidl.reply`, a whole reply. Witness: sum of all numbers and uid lengths.
pub fn uidl_parse(uidl: &Listing) -> Vec<Contestant> {
    let _ = uidl;
    Vec::new()
}

/// `uidl.reply.chunks(chunk)`: framing or the client machine. Witness as for [`uidl_parse`].
pub fn uidl_drip(uidl: &Listing, chunk: usize) -> Vec<Contestant> {
    let _ = (uidl, chunk);
    Vec::new()
}

/// `uidl.entries` to a whole reply (any status text of the length of "unique-id listing follows"). Witness: octets written.
pub fn uidl_encode(uidl: &Listing) -> Vec<Contestant> {
    let _ = uidl;
    Vec::new()
}

/// A body that arrives in chunks: the dot decoder over `body.wire` cut by `chunk`, the client machine over
/// `body.reply.chunks(chunk)`. Witness: octets of the decoded message (`body.raw.len()`). Also used for `retr-drip`.
pub fn retr_decode(body: &Body, chunk: usize) -> Vec<Contestant> {
    let _ = (body, chunk);
    Vec::new()
}

/// `body.raw` cut by `chunk` into the dot encoder, final dot line included. Witness: octets written (`body.wire.len()`).
pub fn retr_encode(body: &Body, chunk: usize) -> Vec<Contestant> {
    let _ = (body, chunk);
    Vec::new()
}
