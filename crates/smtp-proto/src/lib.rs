//! SMTP (RFC 5321) and LMTP (RFC 2033) for both roles, without IO.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod arguments;
mod capability;
#[cfg(any(test, feature = "client", feature = "server"))]
mod challenge;
mod client_name;
mod code;
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
mod syntax;
mod xtext;

pub use arguments::{FutureRelease, Mechanisms, ServerLimits, Words};
pub use capability::{Capability, Keyword, OtherCapability};
pub use client_name::ClientName;
pub use code::ReplyCode;
pub use condition::Condition;
pub use ehlo::Ehlo;
pub use enhanced::{Class, EnhancedCode};
pub use host::Host;
pub use limits::Limits;
pub use mail::Mail;
pub use mailbox::Mailbox;
pub use param::{MailKeyword, MailParameter, RcptKeyword, RcptParameter};
pub use path::{ForwardPath, ReversePath};
pub use rcpt::Rcpt;
pub use reply::{Lines, Reply, ReplyLine};
pub use wire;
pub use wire::sasl::Auth;
pub use xtext::Xtext;
