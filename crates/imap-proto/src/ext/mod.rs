//! Extensions: one file for each.

mod acl;
mod cancel_update;
mod conversions;
mod enable;
mod id;
mod language;
mod metadata;
mod multisearch;
mod namespace;
mod notify;
mod qresync;
mod quota;
mod session;
mod uid_batches;
mod urlauth;

pub use acl::{Acl, AclChange, DeleteAcl, ListRights, ListRightsCommand, MyRights, Rights, SetAcl};
pub use cancel_update::CancelUpdate;
pub use conversions::{Conversion, Conversions, MimePattern, MimeType};
pub use enable::{Enable, Enabled};
pub use id::Id;
pub use language::{Comparator, ComparatorCommand, Language, LanguageCommand};
pub use metadata::{
    Depth, GetMetadata, GetMetadataOption, Metadata, MetadataData, MetadataEntry, MetadataValue, SetMetadata,
};
pub use multisearch::{EsearchCommand, EsearchSource};
pub use namespace::{Namespace, NamespaceEntry, NamespaceExtension};
pub use notify::{EventGroup, EventName, MailboxFilter, Notify, NotifyEvent};
pub use qresync::{Qresync, Vanished};
pub use quota::{Quota, QuotaResource, QuotaRoot, QuotaUsage, SetQuota};
pub use session::{Compress, JmapAccess};
pub use uid_batches::{UidBatch, UidBatches, UidBatchesCommand};
pub use urlauth::{
    GenUrlAuth, GenUrlAuthCommand, ResetKey, UrlAuthMechanism, UrlFetch, UrlFetchCommand, UrlFetchData,
    UrlFetchItem, UrlFetchParameter,
};
