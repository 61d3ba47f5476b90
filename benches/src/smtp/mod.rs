//! SMTP.

pub mod catalogue;
pub mod limits;
pub mod peers;
pub mod workloads;
