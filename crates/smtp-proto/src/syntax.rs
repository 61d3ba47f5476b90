//! Rules that several grammar items share.

use wire::parse::Failure;
use wire::{Misuse, ParseErrorKind};

pub(crate) use wire::line::{end, gap, line};

wire::expected_table! {
    /// A command.
    COMMAND = "command",
    /// `FROM:`
    FROM = "FROM:",
    /// `TO:`
    TO = "TO:",
    /// A path.
    PATH = "path in angle brackets",
    /// A mailbox.
    MAILBOX = "mailbox",
    /// A local part.
    LOCAL_PART = "local-part",
    /// A quoted string.
    QUOTED_STRING = "quoted-string",
    /// A domain.
    DOMAIN = "domain",
    /// An address literal.
    ADDRESS_LITERAL = "address-literal",
    /// A source route.
    ROUTE = "source route",
    /// UTF-8.
    UTF_8 = "UTF-8",
    /// The argument of HELO, EHLO or LHLO.
    CLIENT_NAME = "domain or address-literal",
    /// A parameter.
    PARAMETER = "esmtp-param",
    /// The value of a parameter.
    VALUE = "esmtp-value",
    /// No value.
    NO_VALUE = "no value",
    /// A parameter that was not there before.
    NEW_PARAMETER = "parameter that does not stand twice",
    /// xtext.
    XTEXT = "xtext",
    /// The kind of a body.
    BODY = "7BIT, 8BITMIME or BINARYMIME",
    /// What to return.
    RET = "FULL or HDRS",
    /// When to notify.
    NOTIFY = "NEVER, or a list of SUCCESS, FAILURE and DELAY",
    /// An address with its type.
    ORCPT = "addr-type ; address",
    /// A time for delivery.
    BY = "by-time ; by-mode",
    /// A date and time.
    DATE_TIME = "date-time",
    /// A priority.
    PRIORITY = "priority from -9 to 9",
    /// Keywords of solicitation.
    SOLICIT = "solicitation keywords",
    /// A transaction id.
    TRANSACTION_ID = "transaction id",
    /// A tracking certifier.
    CERTIFIER = "tracking certifier",
    /// A number of octets.
    CHUNK_SIZE = "chunk-size",
    /// `LAST`
    LAST = "LAST",
    /// A string.
    STRING = "string",
    /// The argument of ETRN.
    NODE = "node name",
    /// A URL.
    URL = "IMAP URL",
    /// An attribute of XCLIENT or XFORWARD.
    ATTRIBUTE = "attribute",
    /// A reply code.
    REPLY_CODE = "reply code",
    /// What stands behind a reply code.
    SEPARATOR = "space or hyphen",
    /// The same reply code.
    SAME_CODE = "the reply code of the first line",
    /// Text of a reply.
    REPLY_TEXT = "text",
    /// Another line of the reply.
    REPLY_LINE = "another line of the reply",
    /// A keyword of EHLO.
    EHLO_KEYWORD = "ehlo-keyword",
    /// A reply to EHLO.
    EHLO_REPLY = "250 reply to EHLO",
    /// A challenge.
    CHALLENGE = "334 and a base64 challenge",
    /// What divides a local part from a host.
    AT = "@",
    /// What ends a path.
    PATH_END = ">",
    /// Seconds.
    SECONDS = "number of seconds below 10^9",
    /// A time in UTC.
    UTC = "date-time in UTC",
    /// A time without a fraction.
    WHOLE_SECONDS = "date-time of whole seconds",
    /// What to do about RRVS.
    RRVS_ACTION = "C or R",
}

/// What a constructor says when the rule of its item, over the whole of `octets`, fails.
#[cold]
pub(crate) fn misuse(octets: &[u8], error: nom::Err<Failure>, item: &'static str) -> Misuse {
    let failure = Failure::of(error);
    match failure.kind() {
        _ if octets.is_empty() => Misuse::Empty,
        ParseErrorKind::TooLong => Misuse::TooLong { limit: usize::from(u16::MAX) },
        _ if failure.left() == 0 => Misuse::Invalid(item),
        _ => Misuse::IllegalOctet { offset: octets.len().saturating_sub(failure.left()) },
    }
}
