//! SEARCH, SORT and THREAD, with what extensions add to them.

mod charset;
mod command;
mod key;
mod partial;
mod response;
mod return_option;

pub use charset::Charset;
pub use command::SearchCommand;
pub use key::{
    AnnotationAttribute, AnnotationKey, HeaderKey, ModSeqEntry, ModSeqEntryType, ModSeqKey, OtherKey,
    SearchKey,
};
pub use partial::PartialRange;
pub use response::{Search, Sort};
pub use return_option::{ReturnOption, ReturnOptions};
