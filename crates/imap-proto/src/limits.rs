//! How much is accepted.

use crate::{Context, FrameLimits};
#[cfg(any(test, feature = "client", feature = "server"))]
use core::time::Duration;

/// RFC 9051 section 5.4: a server's inactivity autologout timer is at least 30 minutes.
#[cfg(any(test, feature = "server"))]
pub(crate) const AUTOLOGOUT: Duration = Duration::from_secs(30 * 60);
/// RFC 2177 section 3: a client ends IDLE and begins it again at least every 29 minutes.
#[cfg(any(test, feature = "client"))]
pub(crate) const REISSUE_IDLE: Duration = Duration::from_secs(29 * 60);

/// The limits of a machine. `None` is unlimited, 0 is nothing.
///
/// Worst-case memory of a machine: one message (`max_frame`) plus one read of input; `high_water` plus one message of output; about 64
/// octets for each of `max_pipelined` commands, and those that a client holds back whole. Literals beyond `max_inline_literal` that
/// are message data are streamed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest line, or part of one between two literals, in octets. No RFC has a limit; RFC 2683 section 3.2.1.5 wants 8,000 from
    /// servers, RFC 7162 section 4 more; lines of servers may be long, as those of SEARCH are. Memory: as much.
    pub max_line: usize,
    /// The same for a server before its client has logged in.
    pub max_line_before_login: usize,
    /// A message with the literals that are kept in it. Memory: as much.
    pub max_frame: usize,
    /// Literals of message data up to this size are part of the value; larger ones are streamed. Memory: as much for each.
    pub max_inline_literal: u64,
    /// Literals that are not message data (names, strings), in octets; larger ones are refused. Memory: as much for each.
    pub max_string_literal: u64,
    /// The same for a server before its client has logged in: user names and passwords.
    pub max_literal_before_login: u64,
    /// Octets of a message that a client appends, for a server; `None`: what it offers with APPENDLIMIT (RFC 7889).
    pub max_message: Option<u64>,
    /// How deep lists may be nested.
    pub max_depth: u32,
    /// How many items a list may have.
    pub max_items: u32,
    /// Commands without a tagged response.
    pub max_pipelined: usize,
    /// Malformed, unknown and misplaced commands in a row before a server gives up.
    pub max_bad_commands: Option<u32>,
    /// Waiting output, in octets, from which on pieces of bodies are refused, and commands are not read, until some was sent.
    pub high_water: usize,
}

impl Limits {
    /// For a server.
    #[must_use]
    pub const fn server() -> Self {
        Self {
            max_line: FrameLimits::COMMANDS.max_line,
            max_line_before_login: 8192,
            max_frame: FrameLimits::COMMANDS.max_frame,
            max_inline_literal: 0,
            max_string_literal: 65_536,
            max_literal_before_login: 4096,
            max_message: None,
            max_depth: Context::MAX_DEPTH,
            max_items: 100_000,
            max_pipelined: 64,
            max_bad_commands: Some(20),
            high_water: 65_536,
        }
    }

    /// For a client.
    #[must_use]
    pub const fn client() -> Self {
        Self {
            max_line: FrameLimits::RESPONSES.max_line,
            max_line_before_login: 65_536,
            max_frame: FrameLimits::RESPONSES.max_frame,
            max_inline_literal: FrameLimits::RESPONSES.max_inline_literal,
            max_string_literal: 1 << 20,
            max_literal_before_login: 65_536,
            max_message: None,
            max_depth: Context::MAX_DEPTH,
            max_items: Context::MAX_ITEMS,
            max_pipelined: 1024,
            max_bad_commands: None,
            high_water: 65_536,
        }
    }
}
