//! IMAP (RFC 9051 and 3501, and their extensions) for both roles, without IO.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod append;
mod copy;
mod core;
mod fetch;
mod frame;
pub mod rule;
mod store;

pub use crate::core::{
    Atom, Context, Cut, Date, DateTime, Encoder, Flag, Flags, Fragment, IString, Literal8, Literals, Mailbox,
    ObjectId, Options, Parameter, Raw, Sequence, SequenceSet, SetRange, Tag,
};
pub use append::{
    Append, AppendData, AppendExtension, AppendMessage, Catenate, CatenatePart, OtherAppend, Replace,
};
pub use copy::CopyCommand;
pub use fetch::{
    Address, AddressGroup, Addresses, Annotation, AnnotationAttribute, AnnotationQuery, BinaryQuery,
    BinarySection, BinarySize, BodyBuilder, BodyPart, BodySection, BodyStructure, Children, ConvertCommand,
    ConvertError, ConvertItem, Converted, ConvertedAttribute, Disposition, Envelope, EnvelopeBuilder, Fetch,
    FetchAttribute, FetchCommand, FetchItem, FetchItems, FetchModifier, InvalidAttribute, Label, MessageData,
    OtherAttribute, Params, PartNumber, Partial, PartialRange, Section, SectionQuery, SectionText,
};
pub use frame::{FrameLimits, Framed, Framer, Head, Side, TooLong};
pub use store::{AnnotationChanges, OtherStoreItem, Store, StoreItem, StoreMode, StoreModifier};
