//! The repairs and remarks that this crate reports, as [`Diagnostic`](wire::Diagnostic)s.
//!
//! "From" says from which [`Tolerance`](wire::Tolerance) on it is accepted; below, it is an error. A remark is reported at each
//! tolerance. The kinds are those of the project's list of IMAP quirks: they hold wherever they can occur, not only where they were seen.

use wire::{Rule, line};

wire::rules! {
    /// A line ends in LF without CR. From Default; raw is the LF.
    BARE_LF = line::BARE_LF;
    /// More than one CR before the LF of a line. From Default; raw is the CRs.
    EXTRA_CR = line::EXTRA_CR;
    /// More than one space, or a tab, where one space stands; or a space behind `(` or before `)`. From Default; raw is the blanks.
    EXTRA_SPACE = line::EXTRA_SPACE;
    /// Spaces at the end of a line. From Default; raw is the blanks.
    TRAILING_SPACE = line::TRAILING_SPACE;
    /// No space where one must stand. From Default; raw starts where it is missing.
    MISSING_SPACE = Rule("missing-space");
    /// No text where some must stand: behind `OK`, behind a code, behind `+`. From Default.
    MISSING_TEXT = Rule("missing-text");
    /// Octets above 127 where only ASCII may stand. From Default; raw is the string.
    EIGHT_BIT = Rule("eight-bit");
    /// CR or NUL in the text of a line: it counts as a space. From Default; raw is the text.
    TEXT_OCTET = Rule("text-octet");
    /// An octet that does not belong into an atom, a name or a keyword. From Default for brackets and 8 bit, from Lenient for wildcards
    /// and control characters; raw is the word.
    ATOM_OCTET = Rule("atom-octet");
    /// A backslash in a quoted string before another octet than `"` and `\`: it stands for itself. From Lenient; raw is the string.
    STRAY_BACKSLASH = Rule("stray-backslash");
    /// A quote in a quoted string without a backslash. From Lenient; raw is the string.
    STRAY_QUOTE = Rule("stray-quote");
    /// A quoted string or an atom where the grammar wants the other. From Default; raw is the word.
    STRING_FORM = Rule("string-form");
    /// A literal in a response that is marked as non-synchronising. From Default; raw is its head.
    PLUS_IN_RESPONSE = Rule("plus-in-response");
    /// NUL in a literal that is not a `literal8`. From Default; raw is empty.
    NUL_IN_LITERAL = Rule("nul-in-literal");
    /// NIL where it may not stand: left out, or taken for nothing. From Default.
    STRAY_NIL = Rule("stray-nil");
    /// `()` where the grammar wants NIL, or at least one item. From Default.
    EMPTY_LIST = Rule("empty-list");
    /// An item that must be there is missing; it is taken for nothing. From Default, or Lenient where what follows could be meant.
    MISSING_ITEM = Rule("missing-item");
    /// Something follows the last item; it is left out, and kept in the raw octets. From Lenient; raw is what follows.
    EXTRA_ITEM = Rule("extra-item");
    /// An item stands in another place than the grammar has it. From Default; raw is the item.
    ITEM_ORDER = Rule("item-order");
    /// More items, or longer ones, than the RFC allows. From Default; raw is the item.
    OVER_LIMIT = Rule("over-limit");
    /// Parentheses around what is one already. From Lenient.
    EXTRA_PARENTHESES = Rule("extra-parentheses");
    /// Parentheses are missing around a list. From Default.
    MISSING_PARENTHESES = Rule("missing-parentheses");
    /// 0, a negative number or one beyond the range, where the grammar wants another. From Default; raw is the number.
    NUMBER_RANGE = Rule("number-range");
    /// A number in another form, such as `9.3e+06`. From Lenient; raw is the number.
    NUMBER_FORM = Rule("number-form");
    /// A date or time that is none; it counts as unknown. From Default; raw is it.
    DATE_FORM = Rule("date-form");
    /// A mailbox name that is not in modified UTF-7. Remark; raw is the name.
    MAILBOX_FORM = Rule("mailbox-form");
    /// `\*` among the flags of a mailbox or a message. From Default.
    WILDCARD_FLAG = Rule("wildcard-flag");
    /// A response code that has not the form of its RFC, kept as it is. Remark; raw is the code.
    CODE_FORM = Rule("code-form");
    /// Data in parentheses behind a tag, where only a status may stand. From Default; raw is the tag.
    TAGGED_DATA = Rule("tagged-data");
    /// A response of a known name with a number before it that it has not, or without one that it has, kept as it is. From Default; raw is
    /// the name.
    RESPONSE_FORM = Rule("response-form");
    /// A response code without `OK` before it. From Default.
    CODE_WITHOUT_STATUS = Rule("code-without-status");
    /// An item of a FETCH, LIST or STATUS response has not the form of its RFC; it is kept as it is, as `Invalid`. From Default.
    INVALID_ITEM = Rule("invalid-item");
    /// A capability in two words, such as `LITERAL +`. From Default.
    SPLIT_CAPABILITY = Rule("split-capability");
    /// A keyword in an obsolete or misspelt form. From Default; raw is the keyword.
    OTHER_KEYWORD = Rule("other-keyword");
    /// A partial that gives its length in a response, such as `BODY[]<0.10>`. From Default; raw is the partial.
    PARTIAL_FORM = Rule("partial-form");
    /// Text in place of a challenge where the server has nothing to say first; it counts as nothing. From Default; raw is empty.
    TEXT_AS_CHALLENGE = Rule("text-as-challenge");
    /// OK to ENABLE without `* ENABLED`: what was asked for counts as enabled. Remark; raw is the response.
    MISSING_ENABLED = Rule("missing-enabled");
    /// PREAUTH on a connection that must be in TLS: STARTTLS is no longer possible. Remark; raw is the greeting.
    PREAUTH_WITHOUT_TLS = Rule("preauth-without-tls");
    /// A literal in a response over the limit for strings: its octets are left out, and the response is malformed. Remark; raw is the head.
    LITERAL_TOO_LONG = Rule("literal-too-long");
}
