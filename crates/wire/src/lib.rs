//! What the mail protocol crates of this workspace share: bytes, no protocol words.
//!
//! | What | Where |
//! |---|---|
//! | the verbs of the six machines; their queue of events | [`Machine`], [`Step`], [`Pause`]; [`Events`] |
//! | received octets, scanned once | [`Input`], [`Found`] |
//! | octets to send | [`Output`], [`Checkpoint`] |
//! | bodies that end in CR LF `.` CR LF, both ways | [`dot`] |
//! | a complete message under a parser | [`Context`], [`parse`], [`mod@line`], [`class`], [`dotted`], [`lanes`], [`keyword`], [`number`] |
//! | base64 lines of SASL exchanges, mechanism names | [`sasl`] |
//! | the message identifier of an APOP greeting | [`msg_id`] |
//! | whose fault it was | [`ParseError`], [`Malformed`], [`Fatal`], [`Misuse`], [`BodyError`] |
//! | what was repaired | [`Tolerance`], [`Diagnostic`], [`Rule`] |
//! | text of a line; a line that nobody understands | [`Text`], [`KeywordLine`] |
//! | what must not be printed | [`Secret`], [`Redacted`] |
//! | recordings, splits, narrow pipes (feature `testing`) | `testing` |
//! | texts and names in JSON and elsewhere (feature `serde`) | `octets` |
//!
//! A protocol crate takes bytes one way through these: [`Input`] frames a message, a [`Context`]
//! stands for it while grammar items parse it, and an event leaves the machine. Replies take the other
//! way: a grammar item encodes straight into an [`Output`].
//!
//! Feature `serde`: `Serialize` and `Deserialize` for [`Text`], [`Mechanism`](sasl::Mechanism), [`CommandId`],
//! [`Tolerance`] and [`LineEndings`](dot::LineEndings), `Serialize` for [`ParseError`] and [`Rule`]. Never for
//! [`Secret`], nor for [`Redacted`] and what holds one: [`Malformed`], [`Diagnostic`].
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod class;
mod context;
pub mod dot;
pub mod dotted;
mod error;
mod events;
mod input;
pub mod keyword;
mod keyword_line;
pub mod lanes;
pub mod line;
mod machine;
pub mod msg_id;
pub mod number;
#[cfg(feature = "serde")]
pub mod octets;
mod output;
pub mod parse;
pub mod sasl;
mod secret;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod tolerance;
mod word;

pub use context::Context;
pub use error::{BodyError, Fatal, LimitKind, Malformed, Misuse, ParseError, ParseErrorKind};
pub use events::{Events, Stepped};
pub use input::{Found, Input};
pub use keyword_line::KeywordLine;
pub use machine::{CommandId, Machine, Parts, Pause, Step};
pub use output::{Checkpoint, Output};
pub use secret::{Redacted, Secret, wipe};
pub use text::Text;
pub use tolerance::{Diagnostic, Rule, Tolerance};
