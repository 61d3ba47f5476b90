//! How much is accepted (RFC 2449 section 4, and what no RFC limits).

#[cfg(any(feature = "client", feature = "server"))]
use core::time::Duration;

/// RFC 2449 section 4: the longest command, in octets with its CRLF.
pub(crate) const MAX_COMMAND: usize = 255;
/// RFC 1939 section 3: the autologout timer "MUST be of at least 10 minutes' duration".
#[cfg(any(feature = "client", feature = "server"))]
pub(crate) const AUTOLOGOUT: Duration = Duration::from_secs(600);

/// The limits of a machine; RFC 2449 section 4 has those of lines. `None` is unlimited, 0 is nothing. With serde, a limit that is not given is that of a
/// server.
///
/// Worst-case memory of a machine: `max_line` (or `max_auth_line`) plus one read of input,
/// `max_reply_lines` times `max_line` for one reply that is held whole, `high_water` plus one message
/// of output, and about 64 octets for each of `max_pipelined` commands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default = "Limits::server", deny_unknown_fields)
)]
#[non_exhaustive]
pub struct Limits {
    /// The longest line, in octets with its end. RFC 2449 section 4: commands 255, first reply lines 512.
    pub max_line: usize,
    /// The longest line that a server writes in a reply, in octets with its end. RFC 2449 sections 3 and 5: 512.
    pub max_reply_line: usize,
    /// The longest line of a SASL exchange, in octets with its end, AUTH commands included. RFC 5034
    /// section 4 names no limit; 12288 is that of RFC 4954 section 4.
    pub max_auth_line: usize,
    /// Lines of a multi-line reply that is held whole (CAPA, LANG, AUTH). No RFC has a limit; servers send
    /// up to about 100.
    pub max_reply_lines: Option<u64>,
    /// Items of a listing (LIST, UIDL), which is streamed.
    pub max_list_items: Option<u64>,
    /// Octets of a body (RETR, TOP), which is streamed, its dots unstuffed.
    pub max_message: Option<u64>,
    /// Commands without a reply. RFC 2449 section 6.6 names no limit.
    pub max_pipelined: usize,
    /// Malformed and misplaced commands in a row, and unknown ones that were answered with `-ERR`, before the server
    /// gives up. Dovecot: 3 before the login, 20 after it.
    pub max_bad_commands: Option<u32>,
    /// Waiting output, in octets, from which on pieces of bodies are refused until some was sent.
    pub high_water: usize,
}

impl Limits {
    /// For a server.
    #[must_use]
    pub const fn server() -> Self {
        Self {
            max_line: MAX_COMMAND,
            max_reply_line: 512,
            max_auth_line: 12_288,
            max_reply_lines: Some(10_000),
            max_list_items: Some(10_000_000),
            max_message: None,
            max_pipelined: 1024,
            max_bad_commands: Some(20),
            high_water: 64 * 1024,
        }
    }

    /// For a client: longer lines, since servers go beyond the RFC.
    #[must_use]
    pub const fn client() -> Self {
        let mut limits = Self::server();
        limits.max_line = 8192;
        limits
    }
}
