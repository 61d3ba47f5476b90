//! Settings of a client.

use crate::{Limits, Protocol};
use wire::Tolerance;
use wire::dot::LineEndings;

/// The settings of one client connection.
///
/// ```
/// use smtp_proto::Protocol;
/// use smtp_proto::client::Config;
///
/// let mut config = Config::default();
/// config.protocol = Protocol::Lmtp;
/// config.auto_hold = true;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "independent switches, each with its own rule")]
pub struct Config {
    /// SMTP or LMTP.
    pub protocol: Protocol,
    /// Bounds of what the server may send.
    pub limits: Limits,
    /// What is accepted in replies that the RFCs forbid.
    pub tolerance: Tolerance,
    /// What happens to a bare CR or LF in mail data. Strict by default: nothing is sent that some server takes for the end of the data. In
    /// chunks of text (RFC 3030 section 2) `Normalise` refuses, too; what was announced as BINARYMIME is sent as it is.
    pub line_endings: LineEndings,
    /// Whether commands are sent before the replies to earlier ones.
    pub pipelining: Pipelining,
    /// Whether a command that may not be sent yet is held back until it may, instead of refused with
    /// [`Misuse::Pipeline`](wire::Misuse::Pipeline).
    pub auto_hold: bool,
    /// Whether the connection is in TLS from the start.
    pub tls: bool,
    /// Whether passwords and tokens may be sent without TLS (RFC 8314 section 3: they should not).
    pub allow_cleartext: bool,
    /// Whether octets above 127 may be sent in a body that was not announced as 8BITMIME or BINARYMIME (RFC 6152 section 3: they
    /// must not).
    pub allow_8bit: bool,
}

/// When a client pipelines (RFC 2920).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Pipelining {
    /// One command at a time.
    Never,
    /// Once the server has offered PIPELINING.
    #[default]
    Advertised,
    /// From the start. Servers without PIPELINING are not bound to bear it.
    Always,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            protocol: Protocol::Smtp,
            limits: Limits::client(),
            tolerance: Tolerance::Default,
            line_endings: LineEndings::Strict,
            pipelining: Pipelining::Advertised,
            auto_hold: false,
            tls: false,
            allow_cleartext: false,
            allow_8bit: false,
        }
    }
}
