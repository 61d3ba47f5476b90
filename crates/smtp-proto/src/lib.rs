//! SMTP (RFC 5321) and LMTP (RFC 2033) for both roles, without IO.
//!
//! Three layers, each usable alone:
//!
//! 1. **Codec**: [`Command::parse`] and [`Command::encode`], [`Reply::parse`] and [`Reply::encode`], [`Ehlo`]: complete
//!    messages, no state.
//! 2. **Framing** is `wire`'s: lines with bounds, bodies that end in CR LF `.` CR LF.
//! 3. **Machines**: `Client` and `Server`: octets in, typed events out; commands and content or replies in, octets out.
//!
//! | Feature | RFC | Type |
//! |---|---|---|
//! | commands, states | 5321, 2033 | [`Command`], [`State`], [`Verb`] |
//! | addresses, also beyond ASCII | 5321, 6531 | [`Mailbox`], [`ReversePath`], [`ForwardPath`], [`Host`], [`ClientName`] |
//! | parameters of MAIL and RCPT | 1870, 2852, 3030, 3461, 3865, 3885, 4141, 4405, 4865, 4954, 6152, 6531, 6710, 7293, 8689 | [`Mail`], [`MailParameter`], [`Rcpt`], [`RcptParameter`] |
//! | replies, enhanced status codes | 5321, 2034, 3463, 5248 | [`Reply`], [`ReplyCode`], [`EnhancedCode`] |
//! | the reply to EHLO | 5321 and all extensions | [`Ehlo`], [`Capability`], [`Keyword`] |
//! | BDAT | 3030 | [`Bdat`]; `Client::body`, `Server::accept_body` |
//! | STARTTLS | 3207 | `Event::StartTls` of both machines |
//! | SASL: AUTH | 4954 | [`Auth`], `Client::auth_respond`, `Server::challenge` |
//! | pipelining, limits | 2920, 9422 | `client::Pipelining`; [`Ehlo::limits`] |
//! | ETRN, ATRN, BURL | 1985, 2645, 4468 | [`Command`] |
//! | XCLIENT, XFORWARD | Postfix | [`Attributes`] |
//! | a message to several recipients | 5321 section 3.3 | `client::Transaction` |
//!
//! # The contract of the machines
//!
//! * [`Machine::receive`](wire::Machine::receive) only stores. [`next_event`](wire::Machine::next_event) alone
//!   parses; events come in wire order, own what they hold, and never block a call.
//! * [`Step::NeedInput`](wire::Step) and [`Step::Paused`](wire::Step) are guarantees that nothing more happens
//!   until you act.
//! * `Err` of `next_event` ends the receive side and repeats; sending goes on. `Err` of every other method
//!   changed nothing.
//! * A command that cannot be parsed is an event with its octets; the next one is read normally. A reply that cannot be parsed
//!   puts the connection out of step, which is an error.
//! * Only CR LF `.` CR LF ends mail data, under every policy. DATA and BDAT cannot be mixed.
//! * No clock, no randomness, no threads; memory is bounded by [`Limits`], content is streamed.
//!
//! | Limit | Default | What it bounds |
//! |---|---|---|
//! | `max_line` | 512 octets and what extensions add | a command (RFC 5321 section 4.5.3.1.4) |
//! | `max_auth_line` | 12288 octets | a line of a SASL exchange (RFC 4954 section 4) |
//! | `max_reply_line` | server 512, client 4096 octets | a line of a reply (RFC 5321 section 4.5.3.1.5) |
//! | `max_reply_lines`, `max_reply` | 1000 lines, 64 KiB | a reply, which is held whole |
//! | `max_message` | what SIZE offers | octets of a message, which is streamed |
//! | `max_recipients` | 1000 | recipients of a message (RFC 5321 section 4.5.3.1.8: at least 100; server) |
//! | `max_pipelined` | 1024 | commands without a reply (client) |
//! | `max_bad_commands` | 20 | malformed and misplaced commands in a row, and unknown ones that were refused (server) |
//! | `max_overshoot` | 1000 | commands in a row that were refused because one before them was, and recipients beyond `max_recipients` (server) |
//! | `high_water` | 64 KiB | output that waits, before bodies are refused and commands not read |
//!
//! A PROXY protocol header, if a load balancer sends one, stands before the first octet of SMTP: read it off the stream with a crate
//! for it and hand the server what follows. It is not built in, because no crate that we found is sans-IO, `no_std` and strict at once.
//!
//! # Features
//!
//! `std`, `client`, `server` (all default), `proptest` (strategies for the values), `serde`. All only add.
//!
//! `serde` reads and writes the values, as their octets on the wire, through their constructors: what was read can be sent.
//! [`Command`] is left out: it may hold a secret, which is never written.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod arguments;
mod attributes;
mod capability;
#[cfg(any(test, feature = "client", feature = "server"))]
mod challenge;
#[cfg(feature = "client")]
pub mod client;
mod client_name;
mod code;
mod command;
mod compose;
mod condition;
mod ehlo;
mod enhanced;
mod host;
mod limits;
mod mail;
mod mailbox;
mod param;
mod path;
mod rcpt;
mod reply;
pub mod rule;
mod scan;
#[cfg(feature = "serde")]
mod serial;
#[cfg(feature = "server")]
pub mod server;
mod state;
mod syntax;
mod xtext;

pub use arguments::{FutureRelease, Mechanisms, ServerLimits, Words};
pub use attributes::Attributes;
pub use capability::{Capability, Keyword, OtherCapability};
#[cfg(feature = "client")]
pub use client::Client;
pub use client_name::ClientName;
pub use code::ReplyCode;
pub use command::{Argument, Bdat, Burl, Command, Node, OtherCommand};
pub use condition::Condition;
pub use ehlo::Ehlo;
pub use enhanced::{Class, EnhancedCode};
pub use host::Host;
pub use limits::Limits;
pub use mail::Mail;
pub use mailbox::Mailbox;
pub use param::{
    Body, By, ByMode, DateTime, MailKeyword, MailParameter, Mtrk, Notify, Orcpt, OtherParameter, RcptKeyword,
    RcptParameter, Ret, Rrvs, RrvsAction, Solicit, TransactionId,
};
pub use path::{ForwardPath, ReversePath};
pub use rcpt::Rcpt;
pub use reply::{Lines, Reply, ReplyLine};
#[cfg(feature = "server")]
pub use server::Server;
pub use state::{Protocol, ReplyKind, State, Verb};
pub use wire;
pub use wire::sasl::Auth;
pub use xtext::Xtext;
