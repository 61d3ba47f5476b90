//! Settings of a client.

use crate::{Limits, Literals, Tag};
use bytes::Bytes;
use wire::Tolerance;

/// The settings of one client connection.
///
/// ```
/// use imap_proto::client::Config;
///
/// let mut config = Config::default();
/// config.tls = true;
/// config.auto_hold = true;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "independent switches, each with its own rule")]
pub struct Config {
    /// What all tags start with; a number follows (RFC 9051 section 2.2.1).
    pub tag_prefix: Tag,
    /// Bounds of what the server may send.
    pub limits: Limits,
    /// What is accepted in responses that the RFCs forbid.
    pub tolerance: Tolerance,
    /// Whether a command that may not be sent yet is held back until it may, instead of refused with
    /// [`Misuse::Pipeline`](wire::Misuse::Pipeline).
    pub auto_hold: bool,
    /// Whether the connection is in TLS from the start.
    pub tls: bool,
    /// Whether nothing but CAPABILITY, NOOP, ID, STARTTLS and LOGOUT may be sent without TLS. If the server then greets with PREAUTH, there is
    /// [`PREAUTH_WITHOUT_TLS`](crate::rule::PREAUTH_WITHOUT_TLS) before [`Event::Greeting`](super::Event::Greeting): STARTTLS is not possible any
    /// more (RFC 9051 section 11.1).
    pub require_tls: bool,
    /// Whether passwords and tokens may be sent without TLS (RFC 8314 section 3: they should not).
    pub allow_cleartext: bool,
    /// Whether commands and arguments are refused that need a capability which the server does not offer, once it has told what it
    /// offers. LOGIN is refused with LOGINDISABLED, whatever this says.
    pub check_advertised: bool,
    /// Which literals are sent; `None`: those that the server offers (RFC 7888).
    pub literals: Option<Literals>,
    /// Whether servers with known defects are recognised, and written to as they need it ([`profile`](super::Profile)).
    pub detect_profile: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            tag_prefix: Tag::known(Bytes::from_static(b"A")),
            limits: Limits::client(),
            tolerance: Tolerance::Default,
            auto_hold: false,
            tls: false,
            require_tls: false,
            allow_cleartext: false,
            check_advertised: true,
            literals: None,
            detect_profile: true,
        }
    }
}
