//! Message data: what FETCH asks for and answers, and what other commands share with it.

mod address;
mod annotation;
mod block;
mod body;
mod body_builder;
mod body_repair;
mod command;
mod convert;
mod data;
mod envelope;
mod label;
mod response;
mod section;

pub use address::{Address, AddressGroup, Addresses};
pub use annotation::{Annotation, AnnotationAttribute, AnnotationQuery};
pub use body::{BodyPart, BodyStructure, Children, Disposition, Params};
pub use body_builder::BodyBuilder;
pub use command::{BinaryQuery, FetchCommand, FetchItem, FetchItems, FetchModifier, SectionQuery};
pub use convert::{
    ConvertCommand, ConvertError, ConvertErrorCode, ConvertItem, Converted, ConvertedAttribute,
};
pub use data::MessageData;
pub use envelope::{Envelope, EnvelopeBuilder};
pub use label::Label;
pub use response::{
    BinarySection, BinarySize, BodySection, Fetch, FetchAttribute, InvalidAttribute, OtherAttribute,
};
pub use section::{PartNumber, Partial, PartialRange, Section, SectionText};
