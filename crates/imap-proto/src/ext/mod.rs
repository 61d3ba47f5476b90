//! Extensions: one file for each.

mod acl;
mod enable;
mod id;
mod metadata;
mod namespace;
mod qresync;

pub use acl::{Acl, AclChange, DeleteAcl, ListRights, ListRightsCommand, MyRights, Rights, SetAcl};
pub use enable::{Enable, Enabled};
pub use id::Id;
pub use metadata::{
    Depth, GetMetadata, GetMetadataOption, Metadata, MetadataData, MetadataEntry, MetadataValue, SetMetadata,
};
pub use namespace::{Namespace, NamespaceEntry, NamespaceExtension};
pub use qresync::{Qresync, Vanished};
