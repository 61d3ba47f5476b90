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
    /// More than one space between arguments, or a tab. From Default.
    EXTRA_SPACE = line::EXTRA_SPACE;
    /// A space stands at the end of a command without need (RFC 5321 section 4.1.1: servers should bear it). Remark.
    TRAILING_SPACE = line::TRAILING_SPACE;
    /// Something follows the last argument of a command; it is ignored. From Lenient.
    EXTRA_ARGUMENT = line::EXTRA_ARGUMENT;
    /// Spaces before a command. From Lenient.
    LEADING_SPACE = Rule("leading-space");
    /// Spaces between the colon of `FROM:` or `TO:` and the path, or before the colon. From Lenient.
    SPACE_BEFORE_PATH = Rule("space-before-path");
    /// An empty line in place of a command, passed over. From Lenient.
    EMPTY_LINE = Rule("empty-line");
    /// A command of more octets than RFC 5321 section 4.5.3.1.4 and the offered extensions allow (the limit allows it).
    /// Remark.
    LONG_COMMAND = Rule("long-command");
    /// A client sends commands ahead though PIPELINING was not offered, or behind a command that must be the last of its group
    /// (RFC 2920 section 3.1). Remark; depends on when octets arrive.
    UNADVERTISED_PIPELINING = Rule("unadvertised-pipelining");
    /// The client spoke before the greeting was written (RFC 5321 section 4.3.1). Remark; depends on when octets arrive.
    EARLY_TALKER = Rule("early-talker");
    /// A reply came that no command waits for. Remark.
    UNSOLICITED_REPLY = Rule("unsolicited-reply");
    /// A line that is no reply behind one that ends in a bare LF: the rest of what the server echoed, passed over. From Default.
    ECHOED_TEXT = Rule("echoed-text");
    /// A first challenge that is not base64, taken as an empty one. From Default.
    TEXT_AS_CHALLENGE = Rule("text-as-challenge");
    /// A CR in a body that no LF follows. From Default it is passed on.
    BARE_CR = Rule("bare-cr");
    /// A body line starts with one dot that no other follows; the dot was removed (RFC 5321 section 4.5.2). Remark.
    LONE_DOT = Rule("lone-dot");
    /// A body line of more than 998 octets. Remark.
    LONG_LINE = Rule("long-line");
    /// A label of a domain holds an underscore, or starts or ends with a hyphen. From Default; raw is the label.
    DOMAIN_LABEL = Rule("domain-label");
    /// A dot at the start or the end of a local part, or next to another. From Default; raw is the local part.
    LOCAL_PART_DOTS = Rule("local-part-dots");
    /// A path is a local part alone, and not `<Postmaster>` in RCPT. From Default; raw is the local part.
    NO_DOMAIN = Rule("no-domain");
    /// A path lacks one or both of its angle brackets. From Lenient; raw is the path.
    UNBRACKETED_PATH = Rule("unbracketed-path");
    /// Nothing stands where a reverse path should: it is taken for `<>`. From Lenient.
    EMPTY_PATH = Rule("empty-path");
    /// A display name stands before a path; it is ignored. From Lenient; raw is the name.
    NAME_BEFORE_PATH = Rule("name-before-path");
    /// What stands between the angle brackets is no path, and is kept as it is, up to the first `>`, if that is outside
    /// quotes. From Lenient; raw is the path.
    PATH_FORM = Rule("path-form");
    /// A remark: the client's name is neither a domain nor an address literal.
    CLIENT_NAME_FORM = Rule("client-name-form");
    /// HELO, EHLO or LHLO without a name. From Lenient.
    NO_CLIENT_NAME = Rule("no-client-name");
    /// Lower-case hexadecimal digits in xtext. From Lenient; raw is the first digit.
    LOWER_CASE_HEX = Rule("lower-case-hex");
    /// CR or NUL in the text of a reply; each became a space. From Default.
    ILLEGAL_TEXT = Rule("illegal-text");
    /// A line of a reply has another code than the first, though the same first digit (RFC 5321 section 4.2.1); it got that of
    /// the first. From Lenient.
    OTHER_CODE = Rule("other-code");
    /// An enhanced status code whose class is not that of the reply code (RFC 2034 section 4); it is text. Remark.
    ENHANCED_CODE_CLASS = Rule("enhanced-code-class");
    /// The arguments of an EHLO keyword are not those of its RFC; they count as far as they are understood. Remark; raw is the
    /// line.
    EHLO_ARGUMENTS = Rule("ehlo-arguments");
    /// A line of the reply to EHLO does not start with a keyword (RFC 5321 section 4.1.1.1). Remark; raw is the line.
    EHLO_KEYWORD = Rule("ehlo-keyword");
    /// No space between a path and its first parameter. From Lenient; raw is the first octet of the parameter.
    MISSING_SPACE = Rule("missing-space");
    /// A parameter of MAIL or RCPT has not the value that its RFC demands; it is kept as it is. From Lenient; raw is the
    /// parameter.
    PARAMETER_VALUE = Rule("parameter-value");
    /// A parameter of MAIL or RCPT stands there twice, or beside one that excludes it: the first one counts. From Lenient; raw
    /// is the later one.
    PARAMETER_TWICE = Rule("parameter-twice");
    /// What should be a parameter of MAIL or RCPT is none; it is kept as it is. From Lenient; raw is what stands there.
    PARAMETER_FORM = Rule("parameter-form");
    /// ENVID of more than 100 or ORCPT of more than 500 octets. From Lenient; raw is the value.
    LONG_PARAMETER = Rule("long-parameter");
    /// The value of AUTH, SUBMITTER or ALT-ADDRESS is no mailbox, as from curl and Dovecot. From Default; raw is the value.
    NO_MAILBOX = Rule("no-mailbox");
    /// ORCPT stands for octets that are not US-ASCII, as from Postfix for an address in UTF-8: from Default. Or ENVID does: from
    /// Lenient. Raw is the value.
    NOT_ASCII = Rule("not-ascii");
    /// The time of HOLDUNTIL is not in UTC. From Lenient; raw is the value.
    NOT_UTC = Rule("not-utc");
    /// The time of RRVS has a fraction of a second. From Lenient; raw is the value.
    FRACTION = Rule("fraction");
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
