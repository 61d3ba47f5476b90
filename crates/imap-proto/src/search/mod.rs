//! SEARCH, SORT and THREAD, with what extensions add to them.

mod charset;
mod command;
mod esearch;
mod key;
mod response;
mod return_option;
mod sort;
mod thread;

pub use charset::Charset;
pub use command::SearchCommand;
pub use esearch::{
    Esearch, EsearchItem, InvalidEsearchItem, PartialResult, RelevancyScores, ResultUpdate, SearchCorrelator,
};
pub use key::{
    AnnotationKey, AnnotationScope, HeaderKey, ModSeqEntry, ModSeqEntryType, ModSeqKey, OtherKey, SearchKey,
};
pub use response::{Search, Sort};
pub use return_option::{ReturnOption, ReturnOptions};
pub use sort::{SortAnnotation, SortCommand, SortCriterion, SortKey};
pub use thread::{Thread, ThreadAlgorithm, ThreadCommand, ThreadNode};

pub(crate) use command::{detach as detach_keys, encode_program, needed_charset, program};
pub(crate) use esearch::tag_string;
pub(crate) use return_option::detach_items;
