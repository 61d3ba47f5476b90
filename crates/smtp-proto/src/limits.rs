//! How much is accepted (RFC 5321 section 4.5.3.1, RFC 4954 section 4, RFC 9422, and what no RFC limits).

/// RFC 5321 section 4.5.3.1.4: the longest command line, in octets with its CRLF; extensions add to it.
pub(crate) const MAX_COMMAND: usize = 512;
/// RFC 5321 section 4.5.3.1.5: the longest reply line, in octets with its CRLF.
pub(crate) const MAX_REPLY_LINE: usize = 512;

/// How long to wait, at least (RFC 5321 section 4.5.3.2).
#[cfg(any(test, feature = "client", feature = "server"))]
pub(crate) mod timeout {
    use core::time::Duration;

    /// Section 4.5.3.2.1: the greeting. "5 minutes"; the same for EHLO and all that has no time of its own.
    pub(crate) const COMMAND: Duration = Duration::from_secs(5 * 60);
    /// Section 4.5.3.2.4: the reply to DATA.
    #[cfg(any(test, feature = "client"))]
    pub(crate) const DATA_INITIATION: Duration = Duration::from_secs(2 * 60);
    /// Section 4.5.3.2.5: while a block of data is sent.
    #[cfg(any(test, feature = "client"))]
    pub(crate) const DATA_BLOCK: Duration = Duration::from_secs(3 * 60);
    /// Section 4.5.3.2.6: the reply to the end of data.
    #[cfg(any(test, feature = "client"))]
    pub(crate) const DATA_TERMINATION: Duration = Duration::from_secs(10 * 60);
}

/// The limits of a machine; RFC 5321 section 4.5.3.1 has those of lines. `None` is unlimited, 0 is nothing. With serde, a limit that
/// is not given is that of a server.
///
/// Worst-case memory of a machine: one line (`max_line` with what extensions add, or `max_auth_line`) or one reply
/// (`max_reply`) plus one read of input, `high_water` plus one message of output, and about 64 octets for each of
/// `max_pipelined` commands; those that a client holds back, whole. Bodies are streamed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default = "Limits::server", deny_unknown_fields)
)]
#[non_exhaustive]
pub struct Limits {
    /// The longest command, in octets with its end, to which the offered extensions add what their RFCs say. RFC 5321 section
    /// 4.5.3.1.4: 512.
    pub max_line: usize,
    /// The longest line of a SASL exchange, in octets with its end, AUTH commands included. RFC 4954 section 4: 12288.
    pub max_auth_line: usize,
    /// The longest line of a reply, in octets with its end. RFC 5321 section 4.5.3.1.5: 512; servers go beyond.
    pub max_reply_line: usize,
    /// Lines of one reply. No RFC has a limit; servers send up to about 40.
    pub max_reply_lines: u32,
    /// Octets of one reply, which is held whole.
    pub max_reply: usize,
    /// Octets of a message, as it is after the dots of transparency are gone. A server reads on to the true end of a longer one and
    /// then refuses it (RFC 1870 section 6.3). `None`: the SIZE that the server offers.
    pub max_message: Option<u64>,
    /// Recipients of one message, for a server; a client goes by the LIMITS that it is told. RFC 5321 section 4.5.3.1.8: at least 100.
    pub max_recipients: Option<u64>,
    /// Commands without a reply, for a client. RFC 2920 names no limit.
    pub max_pipelined: usize,
    /// Malformed and misplaced commands in a row, and unknown ones that were refused, before the server gives up. Postfix: 20
    /// (`smtpd_hard_error_limit`).
    pub max_bad_commands: Option<u32>,
    /// Commands in a row that were refused because an earlier one was (RCPT behind a refused MAIL, BDAT behind a refused BDAT) or that are
    /// recipients beyond `max_recipients`: a client that pipelines cannot know (RFC 2920 section 3.1). Postfix: 1000
    /// (`smtpd_recipient_overshoot_limit`).
    pub max_overshoot: Option<u32>,
    /// Waiting output, in octets, from which on pieces of bodies are refused, and commands are not read, until some was sent.
    pub high_water: usize,
}

impl Limits {
    /// For a server.
    #[must_use]
    pub const fn server() -> Self {
        Self {
            max_line: MAX_COMMAND,
            max_auth_line: 12_288,
            max_reply_line: MAX_REPLY_LINE,
            max_reply_lines: 1000,
            max_reply: 64 * 1024,
            max_message: None,
            max_recipients: Some(1000),
            max_pipelined: 1024,
            max_bad_commands: Some(20),
            max_overshoot: Some(1000),
            high_water: 64 * 1024,
        }
    }

    /// For a client: longer lines, since servers go beyond the RFC.
    #[must_use]
    pub const fn client() -> Self {
        let mut limits = Self::server();
        limits.max_reply_line = 4096;
        limits
    }
}
