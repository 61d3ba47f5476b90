//! IMAP (RFC 9051 and 3501, and their extensions) for both roles, without IO.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod core;
pub mod rule;

pub use crate::core::{
    Atom, Context, Cut, Date, DateTime, Encoder, Flag, Flags, Fragment, IString, Literal8, Literals, Mailbox,
    ObjectId, Options, Parameter, Raw, Sequence, SequenceSet, SetRange, Tag,
};

mod attribute;
mod delimiter;
mod ext;
mod list;
mod login;
mod select;
mod status;
mod url;

pub use attribute::{MailboxAttribute, MailboxAttributes};
pub use delimiter::Delimiter;
pub use ext::*;
pub use list::{
    List, ListCommand, ListExtended, ListPattern, ListPatterns, ListReturn, ListSelection, PlainList,
};
pub use login::{Authenticate, Login};
pub use select::{Create, CreateParameter, Rename, Select, SelectParameter};
pub use status::{MailboxStatus, StatusCommand, StatusItem, StatusValue};
pub use url::{ImapUrl, UrlAccess, UrlAuth, UrlBuilder, UrlForm, UrlPartial};
