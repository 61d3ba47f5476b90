//! Settings of a server.

use crate::{Capabilities, Limits};
use wire::Tolerance;
use wire::dot::LineEndings;

/// The settings of one server connection.
///
/// ```
/// use pop3_proto::Capability;
/// use pop3_proto::server::Config;
///
/// let mut config = Config::default();
/// config.capabilities = [Capability::Uidl, Capability::Top, Capability::Stls].into_iter().collect();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Bounds of what the client may send.
    pub limits: Limits,
    /// What is accepted that the RFCs forbid.
    pub tolerance: Tolerance,
    /// What happens to a bare CR or LF in a message that is sent. By default they become CRLF.
    pub line_endings: LineEndings,
    /// What the server offers. The machine goes by it: STLS, APOP and UTF8 are refused if they are not
    /// offered, response codes are left out without RESP-CODES, and names and passwords must be UTF-8
    /// with `UTF8 USER`. [`Server::capabilities`](super::Server::capabilities) makes the reply to CAPA of it.
    pub capabilities: Capabilities,
    /// Whether the connection is in TLS from the start.
    pub tls: bool,
    /// Whether passwords and tokens are taken without TLS. RFC 5034 section 4: by default they should not.
    pub allow_cleartext: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::server(),
            tolerance: Tolerance::Strict,
            line_endings: LineEndings::Normalise,
            capabilities: Capabilities::default(),
            tls: false,
            allow_cleartext: false,
        }
    }
}
