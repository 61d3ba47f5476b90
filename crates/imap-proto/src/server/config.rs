//! Settings of a server.

use crate::{Capabilities, Limits};
use wire::Tolerance;

/// The settings of one server connection.
///
/// ```
/// use imap_proto::server::Config;
/// use imap_proto::{Capabilities, Capability};
///
/// let before: Capabilities = [Capability::Imap4Rev2, Capability::StartTls].into_iter().collect();
/// let after: Capabilities = [Capability::Imap4Rev2, Capability::Move].into_iter().collect();
/// let mut config = Config::new(before, after);
/// config.tls = true; // the socket is already in TLS (RFC 8314)
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// What is offered before login. The machine goes by it: what is not offered is refused. STARTTLS is left out within TLS; without
    /// TLS, cleartext mechanisms are left out and LOGINDISABLED stands in, unless [`allow_cleartext`](Self::allow_cleartext).
    /// [`Server::capabilities`](super::Server::capabilities) says what is offered now.
    pub before_login: Capabilities,
    /// What is offered to a client that has logged in.
    pub after_login: Capabilities,
    /// Bounds of what the client may send.
    pub limits: Limits,
    /// What is accepted in commands that the RFCs forbid.
    pub tolerance: Tolerance,
    /// Whether the connection is in TLS from the start.
    pub tls: bool,
    /// Whether passwords and tokens are taken without TLS. RFC 9051 section 11.3: by default they are not.
    pub allow_cleartext: bool,
    /// How many commands may be in progress. By default 1: the next command is read when the one before is complete, so that all are
    /// executed in their order (RFC 9051 section 5.5). Above, commands that change neither the session nor a mailbox's messages may run
    /// side by side; any other waits for those before it, and those behind it wait for it. [`Limits::max_pipelined`] bounds it.
    pub max_in_progress: usize,
    /// Whether a client is cut off that sent octets behind the head of a synchronising literal without waiting for `+`, if that literal
    /// is refused: those octets may be of the literal, and must not run as commands. It depends on when octets arrive, so on the
    /// chunking. On by default: no client that keeps to RFC 9051 section 4.3 is met by it.
    pub refuse_out_of_turn: bool,
}

impl Config {
    /// For a server that offers this before and after login.
    #[must_use]
    pub fn new(before_login: Capabilities, after_login: Capabilities) -> Self {
        Self {
            before_login,
            after_login,
            limits: Limits::server(),
            tolerance: Tolerance::Strict,
            tls: false,
            allow_cleartext: false,
            max_in_progress: 1,
            refuse_out_of_turn: true,
        }
    }
}
