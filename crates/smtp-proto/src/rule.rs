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
    /// A space stands at the end of a command without need. From Default.
    TRAILING_SPACE = line::TRAILING_SPACE;
    /// Something follows the last argument of a command; it is ignored. From Lenient.
    EXTRA_ARGUMENT = line::EXTRA_ARGUMENT;
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
}
