//! POP3 (RFC 1939) for both roles, without IO.
//!
//! Three layers, each usable alone:
//!
//! 1. **Codec**: [`Command::parse`] and [`Command::encode`], [`Response::parse`] and its encoders: complete
//!    messages, no state.
//! 2. **Framing** is `wire`'s: lines with bounds, bodies that end in CR LF `.` CR LF.
//! 3. **Machines**: `Client` and `Server`: octets in, typed events out; commands or replies in, octets out.
//!
//! | Feature | RFC | Type |
//! |---|---|---|
//! | commands, replies, states | 1939 | [`Command`], [`Reply`], [`State`] |
//! | listings | 1939 | [`DropListing`], [`ScanListing`], [`UniqueIdListing`] |
//! | APOP timestamp in the greeting | 1939, 5322 | [`Greeting::timestamp`] |
//! | capabilities, pipelining | 2449 | [`Capability`], [`Capabilities`] |
//! | response codes | 2449, 3206, 6856 | [`ResponseCode`] |
//! | STLS | 2595 | `Event::StartTls` of both machines |
//! | SASL: AUTH with initial response | 5034 (1734) | [`Auth`], `Client::auth_respond`, `Server::challenge` |
//! | UTF8, LANG | 6856 | [`Command::Utf8`], [`Command::Lang`], [`LanguageListing`] |
//! | POP URLs | 2384 | [`PopUrl`] |
//!
//! # The contract of the machines
//!
//! * [`Machine::receive`](wire::Machine::receive) only stores. [`next_event`](wire::Machine::next_event) alone
//!   parses; events come in wire order, own what they hold, and never block a call.
//! * [`Step::NeedInput`](wire::Step) and [`Step::Paused`](wire::Step) are guarantees that nothing more happens
//!   until you act.
//! * `Err` of `next_event` ends the receive side and repeats; sending goes on. `Err` of every other method
//!   changed nothing.
//! * What cannot be parsed is an event with its octets; the next message is read normally.
//! * No clock, no randomness, no threads; memory is bounded by [`Limits`].
//!
//! | Limit | Default | What it bounds |
//! |---|---|---|
//! | `max_line` | server 255, client 8192 octets | a command, the line of a reply (RFC 2449 section 4: 255 and 512) |
//! | `max_reply_line` | 512 octets | a line that a server writes (RFC 2449 sections 3 and 5) |
//! | `max_auth_line` | 12288 octets | a line of a SASL exchange (RFC 4954 section 4) |
//! | `max_reply_lines` | 10,000 | lines of a reply that is held whole (CAPA, LANG, AUTH) |
//! | `max_list_items` | 10,000,000 | items of a listing, which are streamed |
//! | `max_message` | none | octets of a body, which is streamed |
//! | `max_pipelined` | 1024 | commands without a reply |
//! | `max_bad_commands` | 20 | malformed, unknown and misplaced commands in a row (server) |
//! | `high_water` | 64 KiB | output that waits, before bodies are refused |
//!
//! # Features
//!
//! `std`, `client`, `server` (all default), `proptest` (strategies for the values), `serde`. All only add.
//!
//! `serde` reads and writes the values: [`Reply`] and [`Item`] with all that they hold, [`Greeting`], [`UserName`],
//! [`PopUrl`], [`Limits`], and the tables [`State`], [`Verb`], [`ReplyKind`].
//! - A capability is its line (`"EXPIRE 30 USER"`), a response code its name, a URL its text; other structs and
//!   enums go by the names of their fields and variants.
//! - Texts, names and ids are strings in JSON and its like, or lists of numbers if they are not UTF-8, and bytes
//!   in binary formats (`wire::octets`).
//! - Reading goes through constructors, so what was read can be sent; what a tolerant client has accepted is read
//!   again.
//! - [`Command`] and [`Response`] are left out: they may hold secrets, which are never written.
//! - Formats that number variants and fields (postcard) are for programs of the same version of this crate.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod capability;
#[cfg(feature = "client")]
pub mod client;
mod code;
mod command;
mod drop_listing;
mod greeting;
mod language;
mod limits;
mod message_number;
mod reply;
mod response;
pub mod rule;
mod scan_listing;
#[cfg(feature = "serde")]
mod serial;
#[cfg(feature = "server")]
pub mod server;
mod state;
mod status;
mod syntax;
mod unique_id;
mod url;

pub use capability::{Capabilities, Capability, Expire, Mechanisms, OtherCapability, PerUser};
#[cfg(feature = "client")]
pub use client::Client;
pub use code::{OtherCode, ResponseCode};
pub use command::{Apop, Command, OtherCommand, Password, UserName};
pub use drop_listing::{DropListing, More};
pub use greeting::Greeting;
pub use language::{LanguageListing, LanguageRange};
pub use limits::Limits;
pub use message_number::MessageNumber;
pub use reply::{Item, Lines, Reply};
pub use response::Response;
pub use scan_listing::ScanListing;
#[cfg(feature = "server")]
pub use server::Server;
pub use state::{ReplyKind, State, Verb};
pub use status::Status;
pub use unique_id::{UniqueId, UniqueIdListing};
pub use url::{PopUrl, UrlAuth};
pub use wire;
pub use wire::sasl::Auth;
