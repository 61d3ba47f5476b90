//! Settings of a server.

use crate::{Ehlo, Limits, Protocol};
use wire::Tolerance;
use wire::dot::LineEndings;

/// The settings of one server connection.
///
/// ```
/// use smtp_proto::server::Config;
/// use smtp_proto::{Capability, Ehlo};
///
/// let mut config = Config::new(Ehlo::new("mx.example.org", "", [Capability::Pipelining, Capability::Size(Some(10_000_000))])?);
/// config.tls = true; // the socket is already in TLS (RFC 8314)
/// # Ok::<(), smtp_proto::wire::Misuse>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "independent switches, each with its own rule")]
pub struct Config {
    /// SMTP or LMTP.
    pub protocol: Protocol,
    /// Who the server is and what it offers. The machine goes by it: what is not offered is refused.
    /// [`Server::ehlo`](super::Server::ehlo) makes the reply to EHLO of it.
    pub ehlo: Ehlo,
    /// Bounds of what the client may send.
    pub limits: Limits,
    /// What is accepted in commands that the RFCs forbid.
    pub tolerance: Tolerance,
    /// What happens to a bare CR or LF in mail data that comes with DATA. Strict by default: the message is refused, and the
    /// connection closed. The data of BDAT is opaque: look at it with [`BareEndings`](wire::dot::BareEndings).
    pub line_endings: LineEndings,
    /// Whether the connection is in TLS from the start.
    pub tls: bool,
    /// Whether passwords and tokens are taken without TLS. RFC 4954 section 4: by default they should not.
    pub allow_cleartext: bool,
    /// Whether an empty line is passed over at `Tolerance::Lenient`. All servers that we have recorded answer it with 500, so a
    /// proxy that counts replies switches it off.
    pub pass_empty_lines: bool,
    /// Whether a client that speaks out of turn is cut off: before the greeting was written, behind a command that must be the
    /// last of its group (RFC 2920 section 3.1), or ahead of replies without PIPELINING. By default it is only told of.
    pub refuse_out_of_turn: bool,
}

impl Config {
    /// For a server that offers this.
    #[must_use]
    pub fn new(ehlo: Ehlo) -> Self {
        Self {
            protocol: Protocol::Smtp,
            ehlo,
            limits: Limits::server(),
            tolerance: Tolerance::Strict,
            line_endings: LineEndings::Strict,
            tls: false,
            allow_cleartext: false,
            pass_empty_lines: true,
            refuse_out_of_turn: false,
        }
    }
}
