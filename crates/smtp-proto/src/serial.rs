//! serde (feature `serde`): what is not derived at its type, so that only what the constructors take is read.

use crate::{Mail, Rcpt};

wire::serde_octets! {
    Mail = Mail::as_bytes, Mail::tolerated;
    Rcpt = Rcpt::as_bytes, Rcpt::tolerated;
}
