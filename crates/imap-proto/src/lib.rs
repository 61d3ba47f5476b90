//! IMAP (RFC 9051 and 3501, and their extensions) for both roles, without IO.
//!
//! * **Codec**: [`TaggedCommand`] and [`Command`], [`Response`], [`Greeting`], [`Challenge`]: complete messages, parsed and written.
//! * **Framing**: [`Framer`] finds where a message ends and where a literal begins, looking at each octet once.
//! * **Machines**: `Client` and `Server`: octets in, typed events out; typed commands or responses in, octets out. Message data are streamed.
//! * **Beside them**: [`MailboxView`], what is known of the selected mailbox; [`collect`], which puts pieces together.
//! * **Values**: [`SequenceSet`], [`Mailbox`], [`Flags`], [`Envelope`], [`BodyStructure`], [`ImapUrl`] and many more. They own what they hold; most are
//!   slices of the message that they came from, and `detach()` makes a copy of exact size.
//!
//! | Feature | RFC | Type |
//! |---|---|---|
//! | commands, responses, statuses, codes | 9051, 3501, 5530 | [`Command`], [`Response`], [`Condition`], [`Code`] |
//! | capabilities, ENABLE, ID | IANA, 5161, 2971 | [`Capability`], [`Capabilities`], [`Enable`], [`Id`] |
//! | FETCH, STORE, APPEND, REPLACE, CONVERT | 9051, 3502, 3516, 4469, 5257, 5259, 7162, 8474, 8508, 8514, 8970, 9394, 9586 | [`Fetch`], [`FetchCommand`], [`Store`], [`Append`], [`Replace`] |
//! | SEARCH, SORT, THREAD, ESEARCH, NOTIFY | 4731, 5032, 5182, 5256, 5267, 5465, 5466, 6203, 7377 | [`SearchKey`], [`SearchCommand`], [`Esearch`], [`Thread`], [`Notify`] |
//! | LIST, STATUS, SELECT, NAMESPACE | 5258, 5819, 6154, 7162, 7889, 8438, 8440, 9590, 2342 | [`List`], [`ListCommand`], [`MailboxStatus`], [`Select`], [`Namespace`] |
//! | ACL, QUOTA, METADATA, LANGUAGE, URLAUTH | 4314, 9208, 5464, 5255, 4467, 5524 | [`Acl`], [`Quota`], [`Metadata`], [`Language`], [`GenUrlAuth`] |
//! | literals by the peer's abilities, UTF-8 | 7888, 9755, 3516 | [`Options`], [`Literals`], [`TaggedCommand::fragments`] |
//! | IMAP URLs | 5092 | [`ImapUrl`] |
//! | the selected mailbox: numbers, UIDs, flags | 9051, 7162, 9586 | [`MailboxView`], [`Cached`](mailbox_view::Cached), [`Change`](mailbox_view::Change) |
//! | whole bodies, trees of mailboxes, results of searches | 9051, 4731, 5258 | [`collect`] |
//!
//! # Loss-free and tolerant
//!
//! What nobody understands is kept as it is ([`Raw`], `Other` in every open enum), and written again as it came. A broken item of a FETCH response is
//! `Invalid`, beside the others. How much is accepted that the RFCs forbid says [`Tolerance`](wire::Tolerance) in the [`Context`]; each repair is a
//! [`Diagnostic`](wire::Diagnostic) named in [`rule`].
//!
//! | Limit | Default | What it bounds |
//! |---|---|---|
//! | [`Context::max_depth`] | 100 levels | nested parentheses |
//! | [`Context::max_items`] | 10,000,000 | items of a list |
//! | [`FrameLimits::max_line`] | commands 64 KiB, responses 16 MiB | a line, or what stands between two literals |
//! | [`FrameLimits::max_frame`] | commands 1 MiB, responses 64 MiB | a message with the literals that are kept in it |
//! | [`FrameLimits::max_inline_literal`] | commands 0, responses 64 KiB | literals that are kept without a question |
//! | [`ViewLimits::max_messages`](mailbox_view::ViewLimits::max_messages) | 10,000,000 | messages of which a view knows something |
//! | [`ViewLimits::max_keyword_octets`](mailbox_view::ViewLimits::max_keyword_octets) | 16 MiB | keywords of a view |
//!
//! # Features
//!
//! `std`, `client`, `server` (all default), `proptest` (strategies for the values). All only add.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod append;
mod attribute;
mod capability;
#[cfg(feature = "client")]
pub mod client;
mod code;
pub mod collect;
mod command;
mod condition;
mod continuation;
mod copy;
mod core;
mod delimiter;
mod ext;
mod fetch;
mod frame;
mod greeting;
mod limits;
mod list;
mod login;
pub mod mailbox_view;
mod pipeline;
mod response;
pub mod rule;
mod search;
mod select;
#[cfg(feature = "server")]
pub mod server;
mod state;
mod status;
mod store;
mod url;
mod url_word;

pub use crate::capability::{Capabilities, Capability};
pub use crate::code::{
    AnnotateCode, Annotations, AppendUid, Code, CopyUid, InProgress, MessageLimit, MetadataCode, NewName,
    OtherCode, UrlMechanism,
};
pub use crate::condition::{Condition, ConditionKind};
pub use crate::continuation::{Challenge, Continue};
pub use crate::core::{
    Atom, Context, Cut, Date, DateTime, Encoder, Flag, Flags, Fragment, IString, Literal8, Literals, Mailbox,
    NonEmpty, Number64, NzNumber64, ObjectId, Options, Parameter, Raw, Sequence, SequenceSet, SetRange, Tag,
};
pub use crate::greeting::{Greeting, GreetingError};
pub use crate::url_word::UrlWord;
pub use append::{
    Append, AppendData, AppendExtension, AppendMessage, Catenate, CatenatePart, OtherAppend, Replace,
};
pub use attribute::{MailboxAttribute, MailboxAttributes};
#[cfg(feature = "client")]
pub use client::Client;
pub use command::{Command, OtherCommand, TaggedCommand};
pub use copy::CopyCommand;
pub use delimiter::Delimiter;
pub use ext::*;
pub use fetch::{
    Address, AddressGroup, Addresses, Annotation, AnnotationAttribute, AnnotationQuery, BinaryQuery,
    BinarySection, BinarySize, BodyBuilder, BodyPart, BodySection, BodyStructure, Children, ConvertCommand,
    ConvertError, ConvertErrorCode, ConvertItem, Converted, ConvertedAttribute, Disposition, Envelope,
    EnvelopeBuilder, Fetch, FetchAttribute, FetchCommand, FetchItem, FetchItems, FetchModifier,
    InvalidAttribute, Label, MessageData, OtherAttribute, Params, PartNumber, Partial, PartialRange, Section,
    SectionQuery, SectionText,
};
pub use frame::{FrameLimits, Framed, Framer, Head, Side, TooLong};
pub use limits::Limits;
pub use list::{
    List, ListCommand, ListExtended, ListPattern, ListPatterns, ListReturn, ListSelection, PlainList,
};
pub use login::{Authenticate, Login};
pub use mailbox_view::MailboxView;
pub use pipeline::Traits;
pub use response::{MailboxFlags, OtherResponse, Response, Tagged};
pub use search::*;
pub use select::{Create, CreateParameter, Rename, Select, SelectParameter};
#[cfg(feature = "server")]
pub use server::{AppendPrefix, Server};
pub use state::{State, States};
pub use status::{MailboxStatus, StatusCommand, StatusItem, StatusValue};
pub use store::{AnnotationChanges, OtherStoreItem, Store, StoreItem, StoreMode, StoreModifier};
pub use url::{ImapUrl, UrlAccess, UrlAuth, UrlBuilder, UrlForm, UrlPartial};
pub use wire;
