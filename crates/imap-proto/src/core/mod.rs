//! What all grammar items are made of: octet classes, the context of a message, leaf rules, the encoder, and the values that stand
//! everywhere (atoms, strings, mailbox names, flags, sequence sets, dates).

mod atom;
mod bits;
pub(crate) mod class;
mod context;
mod date;
mod date_time;
mod encoder;
mod flag;
pub(crate) mod keyword;
mod literal;
mod mailbox;
mod non_empty;
mod number;
mod object_id;
mod parameter;
pub(crate) mod raw;
mod sequence;
mod string;
pub(crate) mod syntax;
mod tag;
#[cfg(test)]
pub(crate) mod testing;
mod utf7;

pub use atom::Atom;
pub(crate) use bits::Bits;
pub use context::{Context, Cut};
pub use date::Date;
pub(crate) use date::month;
pub use date_time::DateTime;
pub use encoder::{Encoder, Fragment, Literals, Options};
pub use flag::{Flag, Flags};
pub use literal::Literal8;
pub use mailbox::Mailbox;
pub use non_empty::NonEmpty;
pub use number::{Number64, NzNumber64};
pub use object_id::ObjectId;
pub use parameter::Parameter;
pub use raw::Raw;
pub use sequence::{Sequence, SequenceSet, SetRange};
pub use string::IString;
pub use tag::Tag;
