//! SMTP (RFC 5321) and LMTP (RFC 2033) for both roles, without IO.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod capability;
mod client_name;
mod code;
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
#[cfg(feature = "serde")]
mod serial;
mod syntax;
mod xtext;

pub use capability::{Capability, Keyword};
pub use client_name::ClientName;
pub use code::ReplyCode;
pub use ehlo::Ehlo;
pub use enhanced::EnhancedCode;
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
pub use reply::Reply;
pub use wire;
pub use wire::sasl::Auth;
pub use xtext::Xtext;
