//! IMAP.

pub mod catalogue;
pub mod limits;
pub mod ours;
pub mod peers;
pub mod workloads;
