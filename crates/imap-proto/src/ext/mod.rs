//! Extensions: one file for each.

mod acl;
mod enable;
mod id;
mod language;
mod metadata;
mod namespace;
mod qresync;
mod quota;
mod session;
mod urlauth;

pub use acl::{Acl, AclChange, DeleteAcl, ListRights, ListRightsCommand, MyRights, Rights, SetAcl};
pub use enable::{Enable, Enabled};
pub use id::Id;
pub use language::{Comparator, ComparatorCommand, Language, LanguageCommand};
pub use metadata::{
    Depth, GetMetadata, GetMetadataOption, Metadata, MetadataData, MetadataEntry, MetadataValue, SetMetadata,
};
pub use namespace::{Namespace, NamespaceEntry, NamespaceExtension};
pub use qresync::{Qresync, Vanished};
pub use quota::{GetQuota, Quota, QuotaResource, QuotaRoot, QuotaUsage, SetQuota};
pub use session::{Compress, JmapAccess};
pub use urlauth::{
    GenUrlAuth, GenUrlAuthCommand, ResetKey, UrlFetch, UrlFetchCommand, UrlFetchData, UrlFetchItem,
    UrlFetchParameter,
};
