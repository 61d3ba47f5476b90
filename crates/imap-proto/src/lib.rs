//! IMAP (RFC 9051 and 3501, and their extensions) for both roles, without IO.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod core;
mod ext;
mod fetch;
mod frame;
pub mod rule;
mod search;

pub use crate::core::{
    Atom, Context, Cut, Date, DateTime, Encoder, Flag, Flags, Fragment, IString, Literal8, Literals, Mailbox,
    NonEmpty, ObjectId, Options, Parameter, Raw, Sequence, SequenceSet, SetRange, Tag,
};
pub use ext::*;
pub use fetch::{
    Annotation, AnnotationAttribute, AnnotationQuery, BinaryQuery, FetchCommand, FetchItem, FetchItems,
    FetchModifier, Label, MessageData, PartNumber, Partial, PartialRange, Section, SectionQuery, SectionText,
};
pub use frame::{FrameLimits, Framed, Framer, Head, Side, TooLong};
pub use search::*;
