//! Message bodies: POP3 and SMTP carry them in the same way.

pub mod catalogue;
pub mod limits;
pub mod ours;
pub mod peers;
pub mod workloads;
