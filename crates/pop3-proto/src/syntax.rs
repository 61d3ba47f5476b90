//! Rules that several grammar items share.

pub(crate) use wire::line::{end, gap, line};

wire::expected_table! {
    /// A command.
    KEYWORD = "command keyword",
    /// `+OK` or `-ERR`.
    STATUS = "+OK or -ERR",
    /// A message-number.
    MESSAGE_NUMBER = "message-number",
    /// A name.
    NAME = "name",
    /// A password.
    PASSWORD = "password",
    /// 32 hexadecimal digits.
    DIGEST = "32 lower-case hexadecimal digits",
    /// A unique-id.
    UNIQUE_ID = "unique-id of 1 to 70 octets of %x21-7E",
    /// A capability.
    CAPABILITY = "capability",
    /// A language range.
    LANGUAGE = "language tag",
    /// A challenge.
    CHALLENGE = "+ and a base64 challenge",
    /// The end of a multi-line reply.
    TERMINATION = "line with a single dot",
    /// UTF-8.
    UTF_8 = "UTF-8",
}
