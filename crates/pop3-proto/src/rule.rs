//! The repairs and remarks that this crate reports, as [`Diagnostic`](wire::Diagnostic)s.
//!
//! "From" says from which [`Tolerance`](wire::Tolerance) on it is accepted; below, it is an error. A remark is
//! reported at each tolerance.

use wire::{Rule, line};

wire::rules! {
    /// A line, or a line of a body, ends in LF without CR. From Default; raw is the LF.
    BARE_LF = line::BARE_LF;
    /// More than one CR before the LF of a line. From Default; raw is the CRs.
    EXTRA_CR = line::EXTRA_CR;
    /// A line of a listing has not the form that the RFC demands; it is given as text. From Default.
    UNTYPED_ITEM = Rule("untyped-item");
    /// An empty line among capabilities, passed over. From Default.
    EMPTY_LINE = Rule("empty-line");
    /// A language tag that is not of RFC 5646; it is kept. From Default.
    LANGUAGE_TAG = Rule("language-tag");
    /// A space stands at the end of a command or listing without need. From Default.
    TRAILING_SPACE = line::TRAILING_SPACE;
    /// More than one space between arguments, or a tab. From Default.
    EXTRA_SPACE = line::EXTRA_SPACE;
    /// No space behind `+OK`, `-ERR` or `+`. From Default.
    MISSING_SPACE = Rule("missing-space");
    /// Spaces before a command, as GNU Mailutils takes them. From Lenient.
    LEADING_SPACE = Rule("leading-space");
    /// A line that is neither `+OK` nor `-ERR` where a single-line reply is due, or none; it stands for `-ERR`.
    /// GNU Mailutils echoes over-long commands so. From Default.
    NO_STATUS = Rule("no-status");
    /// Something follows the last argument of a command; it is ignored. From Lenient.
    EXTRA_ARGUMENT = line::EXTRA_ARGUMENT;
    /// A negative number of lines in TOP stands for all lines, as Courier takes it. From Lenient.
    NEGATIVE_LINES = Rule("negative-lines");
    /// Upper-case hexadecimal digits in an APOP digest. From Lenient.
    UPPER_CASE_DIGEST = Rule("upper-case-digest");
    /// A command is longer than the 255 octets of RFC 2449 section 4 (the limit allows it). Remark.
    LONG_COMMAND = Rule("long-command");
    /// CR or NUL in text; each became a space. From Default.
    ILLEGAL_TEXT = Rule("illegal-text");
    /// A unique-id without octets. From Default.
    EMPTY_UNIQUE_ID = Rule("empty-unique-id");
    /// A unique-id of more than 70 octets. From Default.
    LONG_UNIQUE_ID = Rule("long-unique-id");
    /// An octet outside %x21-7E in a unique-id. From Default.
    UNIQUE_ID_OCTETS = Rule("unique-id-octets");
    /// Something follows a unique-id; it is kept. From Default.
    AFTER_UNIQUE_ID = Rule("after-unique-id");
    /// A message-number in a listing that does not follow its predecessor, or is above the count of STAT.
    /// Remark.
    LISTING_ORDER = Rule("listing-order");
    /// The reply to STAT, LIST n or UIDL n has not the form that the RFC demands; it is given as text. From
    /// Default.
    UNTYPED_REPLY = Rule("untyped-reply");
    /// The arguments of a registered capability are not those of its RFC; it is kept as other. Remark.
    CAPABILITY_ARGUMENTS = Rule("capability-arguments");
    /// `+OK` alone where the first challenge is due, from servers older than RFC 1734, and from Exchange for NTLM.
    /// From Default.
    OK_AS_CHALLENGE = Rule("ok-as-challenge");
    /// A first challenge that is not base64, taken as an empty one. From Default.
    TEXT_AS_CHALLENGE = Rule("text-as-challenge");
    /// A reply came that no command waits for. Remark.
    UNSOLICITED_REPLY = Rule("unsolicited-reply");
    /// A client sends commands ahead though PIPELINING was not advertised. Remark.
    UNADVERTISED_PIPELINING = Rule("unadvertised-pipelining");
    /// A CR in a body that no LF follows. From Default it is passed on.
    BARE_CR = Rule("bare-cr");
    /// A body line starts with one dot that no other follows; the dot was removed (RFC 1939 section 3).
    /// Remark.
    LONE_DOT = Rule("lone-dot");
    /// A body line of more than 998 octets. Remark.
    LONG_LINE = Rule("long-line");
}

#[cfg(test)]
mod tests {
    use wire::dot::FindingKind;

    #[test]
    fn the_rules_of_the_dot_engine_are_listed() {
        for kind in [FindingKind::BareCr, FindingKind::BareLf, FindingKind::LoneDot, FindingKind::LongLine] {
            assert!(super::ALL.contains(&kind.rule()), "{kind:?}");
        }
    }
}
