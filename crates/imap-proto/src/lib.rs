//! IMAP (RFC 9051 and 3501, and their extensions) for both roles, without IO.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod append;
mod attribute;
mod capability;
mod code;
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
mod list;
mod login;
mod response;
pub mod rule;
mod search;
mod select;
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
    NonEmpty, ObjectId, Options, Parameter, Raw, Sequence, SequenceSet, SetRange, Tag,
};
pub use crate::greeting::{Greeting, GreetingError};
pub use crate::url_word::UrlWord;
pub use append::{
    Append, AppendData, AppendExtension, AppendMessage, Catenate, CatenatePart, OtherAppend, Replace,
};
pub use attribute::{MailboxAttribute, MailboxAttributes};
pub use command::{Command, OtherCommand, TaggedCommand};
pub use copy::CopyCommand;
pub use delimiter::Delimiter;
pub use ext::*;
pub use fetch::{
    Address, AddressGroup, Addresses, Annotation, AnnotationAttribute, AnnotationQuery, BinaryQuery,
    BinarySection, BinarySize, BodyBuilder, BodyPart, BodySection, BodyStructure, Children, ConvertCommand,
    ConvertError, ConvertItem, Converted, ConvertedAttribute, Disposition, Envelope, EnvelopeBuilder, Fetch,
    FetchAttribute, FetchCommand, FetchItem, FetchItems, FetchModifier, InvalidAttribute, Label, MessageData,
    OtherAttribute, Params, PartNumber, Partial, PartialRange, Section, SectionQuery, SectionText,
};
pub use frame::{FrameLimits, Framed, Framer, Head, Side, TooLong};
pub use list::{
    List, ListCommand, ListExtended, ListPattern, ListPatterns, ListReturn, ListSelection, PlainList,
};
pub use login::{Authenticate, Login};
pub use response::{MailboxFlags, OtherResponse, Response, Tagged};
pub use search::*;
pub use select::{Create, CreateParameter, Rename, Select, SelectParameter};
pub use status::{MailboxStatus, StatusCommand, StatusItem, StatusValue};
pub use store::{AnnotationChanges, OtherStoreItem, Store, StoreItem, StoreMode, StoreModifier};
pub use url::{ImapUrl, UrlAccess, UrlAuth, UrlBuilder, UrlForm, UrlPartial};
