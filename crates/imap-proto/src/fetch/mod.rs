//! Message data: what FETCH asks for and answers, and what other commands share with it.

mod annotation;
mod command;
mod data;
mod label;
mod section;

pub use annotation::{Annotation, AnnotationAttribute, AnnotationQuery};
pub use command::{BinaryQuery, FetchCommand, FetchItem, FetchItems, FetchModifier, SectionQuery};
pub use data::MessageData;
pub use label::Label;
pub use section::{PartNumber, Partial, PartialRange, Section, SectionText};
