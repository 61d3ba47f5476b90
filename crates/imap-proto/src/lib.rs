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

pub use crate::capability::{Capabilities, Capability};
pub use crate::code::{
    AnnotateCode, Annotations, AppendUid, Code, CopyUid, InProgress, MessageLimit, MetadataCode, NewName,
    OtherCode, UrlMechanism,
};
pub use crate::condition::{Condition, ConditionKind};
pub use crate::continuation::{Challenge, Continue};
pub use crate::core::{
    Atom, Context, Cut, Date, DateTime, Encoder, Flag, Flags, Fragment, IString, Literal8, Literals, Mailbox,
    Options, Raw, Sequence, SequenceSet, SetRange, Tag,
};
pub use crate::greeting::{Greeting, GreetingError};
pub use crate::url_word::UrlWord;
