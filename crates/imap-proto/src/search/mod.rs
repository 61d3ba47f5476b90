//! SEARCH, SORT and THREAD, with what extensions add to them.

mod charset;
mod key;

pub use charset::Charset;
pub use key::{
    AnnotationAttribute, AnnotationKey, HeaderKey, ModSeqEntry, ModSeqEntryType, ModSeqKey, OtherKey,
    SearchKey,
};
