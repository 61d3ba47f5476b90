//! IMAP (RFC 9051 and 3501, and their extensions) for both roles, without IO.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod capability;
mod code;
mod condition;
mod continuation;
mod core;
mod greeting;
pub mod rule;
mod url_word;
mod command;
mod append;
mod copy;
mod fetch;
mod frame;
mod search;
mod store;

pub use crate::capability::{Capabilities, Capability};
pub use crate::code::{
    AnnotateCode, Annotations, AppendUid, Code, CopyUid, InProgress, MessageLimit, MetadataCode, NewName,
    OtherCode, UrlMechanism,
};
pub use crate::condition::{Condition, ConditionKind};
pub use crate::continuation::{Challenge, Continue};
pub use crate::core::{
    Atom, Context, Cut, Date, DateTime, Encoder, Flag, Flags, Fragment, IString, Literal8, Literals, Mailbox,
    NonEmpty, ObjectId, Options, Parameter, Raw, Sequence, SequenceSet, SetRange, Tag,
};
pub use crate::greeting::{Greeting, GreetingError};
pub use crate::url_word::UrlWord;
pub use append::{
    Append, AppendData, AppendExtension, AppendMessage, Catenate, CatenatePart, OtherAppend, Replace,
};
pub use copy::CopyCommand;
pub use fetch::{
    Annotation, AnnotationAttribute, AnnotationQuery, BinaryQuery, FetchCommand, FetchItem, FetchItems,
    FetchModifier, Label, MessageData, PartNumber, Partial, PartialRange, Section, SectionQuery, SectionText,
};
pub use command::{Command, OtherCommand, TaggedCommand};
pub use frame::{FrameLimits, Framed, Framer, Head, Side, TooLong};

mod attribute;
mod delimiter;
mod ext;
mod list;
mod status;

pub use attribute::{MailboxAttribute, MailboxAttributes};
pub use delimiter::Delimiter;
pub use ext::*;
pub use list::{
    List, ListCommand, ListExtended, ListPattern, ListPatterns, ListReturn, ListSelection, PlainList,
};
pub use status::{MailboxStatus, StatusCommand, StatusItem, StatusValue};
pub use search::*;
pub use store::{AnnotationChanges, OtherStoreItem, Store, StoreItem, StoreMode, StoreModifier};
