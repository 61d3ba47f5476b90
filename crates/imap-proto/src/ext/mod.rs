//! Extensions: one file for each.

mod cancel_update;
mod multisearch;
mod notify;
mod uid_batches;

pub use cancel_update::CancelUpdate;
pub use multisearch::{EsearchCommand, EsearchSource};
pub use notify::{EventGroup, MailboxFilter, Notify, NotifyEvent};
pub use uid_batches::{UidBatch, UidBatches, UidBatchesCommand};
