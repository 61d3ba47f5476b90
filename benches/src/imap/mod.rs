//! IMAP.

pub mod catalogue;
pub mod limits;
pub mod ours;
pub mod peers;
#[cfg(feature = "next")]
pub mod session;
pub mod workloads;
