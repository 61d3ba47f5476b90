//! Reply codes (RFC 5321 sections 4.2 and 4.2.1; the codes of all SMTP RFCs).

use crate::Class;
use crate::syntax::expected;
use core::fmt;
use wire::ParseErrorKind;
use wire::parse::{Failure, Parsed, fail};

/// The table: a row is a constant and its meaning.
macro_rules! codes {
    ($($(#[$doc:meta])* $id:ident = $code:literal, $meaning:literal;)*) => {
        impl ReplyCode {
            $($(#[$doc])* pub const $id: Self = Self($code);)*

            /// The codes that RFCs define, in order.
            pub const DEFINED: &[Self] = &[$(Self($code)),*];

            /// What it means, in words of its RFC. `None`: no RFC defines it; its first digit tells.
            #[must_use]
            pub const fn meaning(self) -> Option<&'static str> {
                Some(match self.0 {
                    $($code => $meaning,)*
                    _ => return None,
                })
            }
        }
    };
}

codes! {
    /// `211`: system status, or system help reply (RFC 5321 section 4.2.3).
    SYSTEM_STATUS = 211, "system status, or system help reply";
    /// `214`: help message (RFC 5321 section 4.2.3).
    HELP_MESSAGE = 214, "help message";
    /// `220`: service ready (RFC 5321 section 4.2.3, RFC 3207 section 4).
    READY = 220, "service ready";
    /// `221`: service closing transmission channel (RFC 5321 section 4.2.3).
    CLOSING = 221, "service closing transmission channel";
    /// `235`: authentication succeeded (RFC 4954 section 6).
    AUTHENTICATED = 235, "authentication succeeded";
    /// `250`: requested mail action okay, completed (RFC 5321 section 4.2.3).
    OK = 250, "requested mail action okay, completed";
    /// `251`: user not local; will forward (RFC 5321 section 3.4; to ETRN, RFC 1985 section 5.1: nothing is waiting).
    WILL_FORWARD = 251, "user not local; will forward";
    /// `252`: cannot verify user, but will accept message and attempt delivery (RFC 5321 section 3.5.3; to ETRN, RFC 1985 section 5.1: messages are pending).
    CANNOT_VERIFY = 252, "cannot verify user, but will accept message and attempt delivery";
    /// `253`: so many messages pending for the node (RFC 1985 section 5.1).
    MESSAGES_PENDING = 253, "so many messages pending for the node";
    /// `334`: challenge of the authentication exchange (RFC 4954 section 4).
    CHALLENGE = 334, "challenge of the authentication exchange";
    /// `354`: start mail input; end with CRLF.CRLF (RFC 5321 section 4.2.3).
    START_MAIL_INPUT = 354, "start mail input; end with <CRLF>.<CRLF>";
    /// `355`: restart at the octet-offset of the transaction (RFC 1845 section 3).
    CHECKPOINT = 355, "restart at the octet-offset of the transaction";
    /// `421`: service not available, closing transmission channel (RFC 5321 section 3.8; it may come at any time).
    SERVICE_NOT_AVAILABLE = 421, "service not available, closing transmission channel";
    /// `422`: a password transition is needed (RFC 5248 section 2.4, where it stands for 432).
    PASSWORD_TRANSITION_422 = 422, "a password transition is needed";
    /// `430`: invalid command (RFC 5248 section 2.4; no other RFC tells more).
    INVALID_COMMAND_430 = 430, "invalid command";
    /// `432`: a password transition is needed (RFC 4954 section 6).
    PASSWORD_TRANSITION_NEEDED = 432, "a password transition is needed";
    /// `450`: requested mail action not taken: mailbox unavailable (RFC 5321 section 4.2.3).
    MAILBOX_BUSY = 450, "requested mail action not taken: mailbox unavailable";
    /// `451`: requested action aborted: local error in processing (RFC 5321 section 4.2.3).
    LOCAL_ERROR = 451, "requested action aborted: local error in processing";
    /// `452`: requested action not taken: insufficient system storage (RFC 5321 section 4.2.3; also for too many recipients, section 4.5.3.1.10).
    INSUFFICIENT_STORAGE = 452, "requested action not taken: insufficient system storage";
    /// `453`: you have no mail (RFC 2645 section 7).
    NO_MAIL = 453, "you have no mail";
    /// `454`: temporary failure of authentication or TLS (RFC 4954 section 6; to STARTTLS, RFC 3207 section 4: TLS is not available).
    TEMPORARY_AUTHENTICATION_FAILURE = 454, "temporary failure of authentication or TLS";
    /// `455`: server unable to accommodate parameters (RFC 5321 section 4.2.3).
    CANNOT_ACCOMMODATE_PARAMETERS = 455, "server unable to accommodate parameters";
    /// `458`: unable to queue messages for the node (RFC 1985 section 5.1).
    CANNOT_QUEUE = 458, "unable to queue messages for the node";
    /// `459`: node not allowed (RFC 1985 section 5.1).
    NODE_NOT_ALLOWED = 459, "node not allowed";
    /// `500`: syntax error, command unrecognized (RFC 5321 section 4.2.3).
    SYNTAX_ERROR = 500, "syntax error, command unrecognized";
    /// `501`: syntax error in parameters or arguments (RFC 5321 section 4.2.3; also when AUTH was cancelled, RFC 4954 section 4).
    ARGUMENT_ERROR = 501, "syntax error in parameters or arguments";
    /// `502`: command not implemented (RFC 5321 section 4.2.4).
    NOT_IMPLEMENTED = 502, "command not implemented";
    /// `503`: bad sequence of commands (RFC 5321 section 4.2.3).
    BAD_SEQUENCE = 503, "bad sequence of commands";
    /// `504`: command parameter not implemented (RFC 5321 section 4.2.3; also for an unknown mechanism, RFC 4954 section 4).
    PARAMETER_NOT_IMPLEMENTED = 504, "command parameter not implemented";
    /// `521`: server does not accept mail (RFC 7504 section 3).
    NO_MAIL_ACCEPTED = 521, "server does not accept mail";
    /// `523`: encryption needed (RFC 5248 section 2.4, only with X.7.10).
    ENCRYPTION_NEEDED = 523, "encryption needed";
    /// `524`: encryption required for the requested authentication mechanism (RFC 5248 section 2.4, where it stands for 538).
    ENCRYPTION_REQUIRED_524 = 524, "encryption required for the requested authentication mechanism";
    /// `525`: user account disabled (RFC 5248 section 2.4, only with X.7.13).
    ACCOUNT_DISABLED = 525, "user account disabled";
    /// `530`: authentication or TLS required (RFC 4954 section 6; RFC 3207 section 4: STARTTLS must come first).
    AUTHENTICATION_REQUIRED = 530, "authentication or TLS required";
    /// `533`: delivery not authorized (RFC 5248 section 2.4; no other RFC tells more).
    NOT_AUTHORIZED_533 = 533, "delivery not authorized";
    /// `534`: authentication mechanism is too weak (RFC 4954 section 6).
    MECHANISM_TOO_WEAK = 534, "authentication mechanism is too weak";
    /// `535`: authentication credentials invalid (RFC 4954 section 6).
    CREDENTIALS_INVALID = 535, "authentication credentials invalid";
    /// `538`: encryption required for the requested authentication mechanism (RFC 4954 section 6).
    ENCRYPTION_REQUIRED = 538, "encryption required for the requested authentication mechanism";
    /// `550`: requested action not taken: mailbox unavailable, or refused by policy (RFC 5321 section 4.2.3).
    MAILBOX_UNAVAILABLE = 550, "requested action not taken: mailbox unavailable, or refused by policy";
    /// `551`: user not local; please try another path (RFC 5321 section 3.4).
    NOT_LOCAL = 551, "user not local; please try another path";
    /// `552`: requested mail action aborted: exceeded storage allocation (RFC 5321 section 4.2.3; also for a message over the SIZE, RFC 1870 section 6.1).
    STORAGE_EXCEEDED = 552, "requested mail action aborted: exceeded storage allocation";
    /// `553`: requested action not taken: mailbox name not allowed (RFC 5321 section 4.2.3).
    NAME_NOT_ALLOWED = 553, "requested action not taken: mailbox name not allowed";
    /// `554`: transaction failed (RFC 5321 section 4.2.3; as a greeting, section 3.1: no service here).
    TRANSACTION_FAILED = 554, "transaction failed";
    /// `555`: MAIL FROM or RCPT TO parameters not recognized or not implemented (RFC 5321 section 4.1.1.11).
    PARAMETERS_NOT_RECOGNIZED = 555, "MAIL FROM or RCPT TO parameters not recognized or not implemented";
    /// `556`: domain does not accept mail (RFC 7504 section 4).
    DOMAIN_ACCEPTS_NO_MAIL = 556, "domain does not accept mail";
}

/// The code of a reply (RFC 5321 section 4.2): 200 to 599. Its first digit tells what to do (section 4.2.1).
///
/// ```
/// use smtp_proto::ReplyCode;
///
/// assert_eq!(ReplyCode::new(250), Some(ReplyCode::OK));
/// assert!(ReplyCode::MAILBOX_BUSY.is_transient());
/// assert_eq!(ReplyCode::new(199), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(into = "u16", try_from = "u16")
)]
pub struct ReplyCode(u16);

impl ReplyCode {
    /// From its number. `None`: not from 200 to 599.
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        if matches!(code, 200..=599) { Some(Self(code)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// `2yz`: the action was done (RFC 5321 section 4.2.1).
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 < 300
    }

    /// `3yz`: accepted so far, the server waits for more (RFC 5321 section 4.2.1).
    #[must_use]
    pub const fn is_intermediate(self) -> bool {
        matches!(self.0, 300..=399)
    }

    /// `4yz`: refused for now, worth another try later (RFC 5321 section 4.2.1).
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self.0, 400..=499)
    }

    /// `5yz`: refused for good (RFC 5321 section 4.2.1).
    #[must_use]
    pub const fn is_permanent(self) -> bool {
        self.0 >= 500
    }

    /// The class that enhanced codes of such a reply must have (RFC 2034 section 4). `None`: it can have no enhanced code.
    #[must_use]
    pub const fn class(self) -> Option<Class> {
        match self.0 {
            ..300 => Some(Class::Success),
            300..400 => None,
            400..500 => Some(Class::Transient),
            500.. => Some(Class::Permanent),
        }
    }

    /// Whether the first digits are the same.
    pub(crate) const fn is_of_the_kind(self, other: Self) -> bool {
        self.0 / 100 == other.0 / 100
    }

    /// ```text
    /// Reply-code     = %x32-35 %x30-35 %x30-39
    /// ```
    ///
    /// The second digit may be any: a client decides by the first.
    #[inline]
    pub(crate) fn rule(i: &[u8]) -> Parsed<'_, Self> {
        if let Some((digits, rest)) = i.split_first_chunk::<3>() {
            if let Some(code) = Self::of_digits(*digits) {
                return Ok((rest, code));
            }
        }
        match i.iter().take(3).position(|o| !o.is_ascii_digit()) {
            Some(at) => fail(&i[at..], expected::REPLY_CODE),
            None if i.len() < 3 => fail(&i[i.len()..], expected::REPLY_CODE),
            None => Err(Failure::at(i, expected::REPLY_CODE, ParseErrorKind::Range)),
        }
    }

    /// From three digits. `None`: others than digits, or out of range.
    #[inline]
    pub(crate) fn of_digits(digits: [u8; 3]) -> Option<Self> {
        let [hundreds, tens, ones] = digits.map(|digit| u16::from(digit.wrapping_sub(b'0')));
        let legal = matches!(hundreds, 2..=5) && tens < 10 && ones < 10;
        legal.then_some(Self(100 * hundreds + 10 * tens + ones))
    }

    /// Three digits.
    pub(crate) const fn to_digits(self) -> [u8; 3] {
        // each below 10
        let [hundreds, tens, ones] = [self.0 / 100, self.0 / 10 % 10, self.0 % 10];
        [b'0' + hundreds.to_le_bytes()[0], b'0' + tens.to_le_bytes()[0], b'0' + ones.to_le_bytes()[0]]
    }

    /// Any code, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![proptest::sample::select(Self::DEFINED), (200..600u16).prop_map(Self)]
    }
}

impl From<ReplyCode> for u16 {
    fn from(code: ReplyCode) -> Self {
        code.0
    }
}

impl TryFrom<u16> for ReplyCode {
    type Error = wire::Misuse;
    fn try_from(code: u16) -> Result<Self, wire::Misuse> {
        Self::new(code).ok_or(wire::Misuse::Invalid("reply code"))
    }
}

impl fmt::Display for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn every_code_both_ways() {
        for number in 0..=999u16 {
            let text = alloc::format!("{number:03}");
            let parsed = ReplyCode::rule(text.as_bytes()).ok().map(|(_, code)| code);
            assert_eq!(parsed, ReplyCode::new(number), "{number}");
            assert_eq!(parsed.is_some(), (200..600).contains(&number));
            if let Some(code) = parsed {
                assert_eq!(code.to_digits(), text.as_bytes());
                assert_eq!(code.to_string(), text);
                let kinds =
                    [code.is_positive(), code.is_intermediate(), code.is_transient(), code.is_permanent()];
                assert_eq!(kinds.iter().position(|&is| is), Some(usize::from(number / 100 - 2)));
                assert_eq!(kinds.iter().filter(|&&is| is).count(), 1);
            }
        }
    }

    #[test]
    fn case_94_errors_say_where() {
        for (text, at, kind) in [
            ("", 0, ParseErrorKind::End),
            ("25", 2, ParseErrorKind::End),
            ("25 OK", 2, ParseErrorKind::Syntax),
            (" 250", 0, ParseErrorKind::Syntax),
            ("+OK", 0, ParseErrorKind::Syntax),
            ("2x0", 1, ParseErrorKind::Syntax),
            ("000 ", 0, ParseErrorKind::Range),
            ("199 ", 0, ParseErrorKind::Range),
            ("666 ", 0, ParseErrorKind::Range),
            ("999 ", 0, ParseErrorKind::Range),
        ] {
            let failure = Failure::of(ReplyCode::rule(text.as_bytes()).unwrap_err());
            assert_eq!((text.len() - failure.left(), failure.kind()), (at, kind), "{text:?}");
        }
    }

    #[test]
    fn codes_have_a_meaning() {
        assert!(ReplyCode::DEFINED.is_sorted());
        for code in ReplyCode::DEFINED {
            assert!(ReplyCode::new(code.get()).is_some_and(|c| c.meaning().is_some()), "{code}");
        }
        assert_eq!(ReplyCode::new(260).unwrap().meaning(), None);
        assert_eq!(ReplyCode::DEFINED.len(), 45);
    }
}
