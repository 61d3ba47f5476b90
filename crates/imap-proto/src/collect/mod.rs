//! Collectors: whole values to a limit, for callers who do not want pieces. They take what a client machine tells, or responses that were parsed
//! without one.
//!
//! | Collector | of | makes |
//! |---|---|---|
//! | [`FetchCollector`] | streamed bodies and the FETCH response behind them | a [`Fetch`](crate::Fetch) that holds all |
//! | [`MailboxTree`] | LIST responses | a tree of mailboxes |
//! | [`SearchCollector`] | SEARCH, SORT and ESEARCH responses of one command | a [`SearchResult`] |

mod fetch;
mod list;
mod search;

pub use fetch::{FetchCollector, FetchError};
pub use list::{MailboxNode, MailboxTree, Nodes, TreeLimits};
pub use search::{SearchCollector, SearchResult};

/// There is more than the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than the limit of {limit}")]
pub struct Overflow {
    /// The limit.
    pub limit: usize,
}
