//! Settings of a client.

use crate::Limits;
use wire::Tolerance;
use wire::dot::LineEndings;

/// The settings of one client connection.
///
/// ```
/// use pop3_proto::client::Config;
///
/// let mut config = Config::default();
/// config.tls = true; // the socket is already in TLS (POP3S, RFC 8314)
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "independent switches, each with its own rule")]
pub struct Config {
    /// Bounds of what the server may send.
    pub limits: Limits,
    /// What is accepted that the RFCs forbid.
    pub tolerance: Tolerance,
    /// What happens to a bare CR or LF in a message that is received. Lenient by default: mail is stored with them.
    pub line_endings: LineEndings,
    /// Whether commands are sent before the replies to earlier ones.
    pub pipelining: Pipelining,
    /// Whether a command that may not be sent yet is held back until it may, instead of refused with
    /// [`Misuse::Pipeline`](wire::Misuse::Pipeline).
    pub auto_hold: bool,
    /// Whether USER and PASS, and commands behind PASS and APOP, may be sent in one batch. If the login fails,
    /// the server refuses what follows it.
    pub batch_login: bool,
    /// Whether the connection is in TLS from the start.
    pub tls: bool,
    /// Whether passwords and tokens may be sent without TLS (RFC 8314 section 3: they should not).
    pub allow_cleartext: bool,
    /// Whether names and passwords may have octets beyond ASCII though the server has not said `UTF8 USER`
    /// (RFC 6856 section 2.2: they must not).
    pub allow_8bit_login: bool,
}

/// When a client pipelines (RFC 2449 section 6.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Pipelining {
    /// One command at a time.
    Never,
    /// Once the server has said PIPELINING in its capabilities.
    #[default]
    Advertised,
    /// From the start. RFC 1939 servers are not bound to bear it.
    Always,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::client(),
            tolerance: Tolerance::Default,
            line_endings: LineEndings::Lenient,
            pipelining: Pipelining::Advertised,
            auto_hold: false,
            batch_login: false,
            tls: false,
            allow_cleartext: false,
            allow_8bit_login: false,
        }
    }
}
