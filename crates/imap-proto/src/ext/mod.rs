//! Extensions: one file for each.

mod metadata;

pub use metadata::{
    Depth, GetMetadata, GetMetadataOption, Metadata, MetadataData, MetadataEntry, SetMetadata,
};
