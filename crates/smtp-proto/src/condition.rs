//! The registry of enhanced status codes (RFC 5248): what an [`EnhancedCode`] is about, whatever its class.

use crate::{Class, EnhancedCode};
use core::fmt;

/// The table: a row is a constant and its meaning.
macro_rules! conditions {
    ($($(#[$doc:meta])* $id:ident = $subject:literal, $detail:literal, $meaning:literal;)*) => {
        impl Condition {
            $($(#[$doc])* pub const $id: Self = Self { subject: $subject, detail: $detail };)*

            /// The registered ones, in order.
            pub const REGISTERED: &[Self] = &[$(Self { subject: $subject, detail: $detail }),*];

            /// What it means, in words of its RFC. `None`: not registered.
            #[must_use]
            pub const fn meaning(self) -> Option<&'static str> {
                Some(match (self.subject, self.detail) {
                    $(($subject, $detail) => $meaning,)*
                    _ => return None,
                })
            }
        }
    };
}

conditions! {
    /// `X.0.0`: other undefined status (RFC 3463 section 3.1).
    OTHER = 0, 0, "other undefined status";
    /// `X.1.0`: other address status (RFC 3463 section 3.2).
    OTHER_ADDRESS = 1, 0, "other address status";
    /// `X.1.1`: bad destination mailbox address (RFC 3463 section 3.2).
    BAD_MAILBOX = 1, 1, "bad destination mailbox address";
    /// `X.1.2`: bad destination system address (RFC 3463 section 3.2).
    BAD_SYSTEM = 1, 2, "bad destination system address";
    /// `X.1.3`: bad destination mailbox address syntax (RFC 3463 section 3.2).
    BAD_MAILBOX_SYNTAX = 1, 3, "bad destination mailbox address syntax";
    /// `X.1.4`: destination mailbox address ambiguous (RFC 3463 section 3.2).
    AMBIGUOUS_MAILBOX = 1, 4, "destination mailbox address ambiguous";
    /// `X.1.5`: destination mailbox address valid (RFC 3463 section 3.2).
    VALID_MAILBOX = 1, 5, "destination mailbox address valid";
    /// `X.1.6`: mailbox has moved (RFC 3463 section 3.2).
    MAILBOX_MOVED = 1, 6, "mailbox has moved";
    /// `X.1.7`: bad sender's mailbox address syntax (RFC 3463 section 3.2).
    BAD_SENDER_SYNTAX = 1, 7, "bad sender's mailbox address syntax";
    /// `X.1.8`: bad sender's system address (RFC 3463 section 3.2).
    BAD_SENDER_SYSTEM = 1, 8, "bad sender's system address";
    /// `X.1.9`: message relayed to non-compliant mailer (RFC 3886 section 3.3.4).
    RELAYED_TO_NON_COMPLIANT = 1, 9, "message relayed to non-compliant mailer";
    /// `X.1.10`: recipient address has null MX (RFC 7505 section 6).
    RECIPIENT_NULL_MX = 1, 10, "recipient address has null MX";
    /// `X.2.0`: other or undefined mailbox status (RFC 3463 section 3.3).
    OTHER_MAILBOX = 2, 0, "other or undefined mailbox status";
    /// `X.2.1`: mailbox disabled, not accepting messages (RFC 3463 section 3.3).
    MAILBOX_DISABLED = 2, 1, "mailbox disabled, not accepting messages";
    /// `X.2.2`: mailbox full (RFC 3463 section 3.3).
    MAILBOX_FULL = 2, 2, "mailbox full";
    /// `X.2.3`: message length exceeds administrative limit (RFC 3463 section 3.3).
    TOO_LONG_FOR_MAILBOX = 2, 3, "message length exceeds administrative limit";
    /// `X.2.4`: mailing list expansion problem (RFC 3463 section 3.3).
    LIST_EXPANSION_PROBLEM = 2, 4, "mailing list expansion problem";
    /// `X.3.0`: other or undefined mail system status (RFC 3463 section 3.4).
    OTHER_SYSTEM = 3, 0, "other or undefined mail system status";
    /// `X.3.1`: mail system full (RFC 3463 section 3.4).
    SYSTEM_FULL = 3, 1, "mail system full";
    /// `X.3.2`: system not accepting network messages (RFC 3463 section 3.4, RFC 7504).
    NOT_ACCEPTING_MESSAGES = 3, 2, "system not accepting network messages";
    /// `X.3.3`: system not capable of selected features (RFC 3463 section 3.4).
    FEATURES_NOT_SUPPORTED = 3, 3, "system not capable of selected features";
    /// `X.3.4`: message too big for system (RFC 3463 section 3.4).
    TOO_BIG_FOR_SYSTEM = 3, 4, "message too big for system";
    /// `X.3.5`: system incorrectly configured (RFC 3463 section 3.4).
    MISCONFIGURED = 3, 5, "system incorrectly configured";
    /// `X.3.6`: requested priority was changed (RFC 6710 section 10).
    PRIORITY_CHANGED = 3, 6, "requested priority was changed";
    /// `X.4.0`: other or undefined network or routing status (RFC 3463 section 3.5).
    OTHER_NETWORK = 4, 0, "other or undefined network or routing status";
    /// `X.4.1`: no answer from host (RFC 3463 section 3.5).
    NO_ANSWER = 4, 1, "no answer from host";
    /// `X.4.2`: bad connection (RFC 3463 section 3.5).
    BAD_CONNECTION = 4, 2, "bad connection";
    /// `X.4.3`: directory server failure (RFC 3463 section 3.5).
    DIRECTORY_FAILURE = 4, 3, "directory server failure";
    /// `X.4.4`: unable to route (RFC 3463 section 3.5).
    UNABLE_TO_ROUTE = 4, 4, "unable to route";
    /// `X.4.5`: mail system congestion (RFC 3463 section 3.5).
    CONGESTION = 4, 5, "mail system congestion";
    /// `X.4.6`: routing loop detected (RFC 3463 section 3.5).
    ROUTING_LOOP = 4, 6, "routing loop detected";
    /// `X.4.7`: delivery time expired (RFC 3463 section 3.5).
    DELIVERY_TIME_EXPIRED = 4, 7, "delivery time expired";
    /// `X.4.8`: retry on IPv4 (registry of RFC 5248).
    RETRY_ON_IPV4 = 4, 8, "retry on IPv4";
    /// `X.5.0`: other or undefined protocol status (RFC 3463 section 3.6).
    OTHER_PROTOCOL = 5, 0, "other or undefined protocol status";
    /// `X.5.1`: invalid command (RFC 3463 section 3.6).
    INVALID_COMMAND = 5, 1, "invalid command";
    /// `X.5.2`: syntax error (RFC 3463 section 3.6).
    SYNTAX_ERROR = 5, 2, "syntax error";
    /// `X.5.3`: too many recipients (RFC 3463 section 3.6).
    TOO_MANY_RECIPIENTS = 5, 3, "too many recipients";
    /// `X.5.4`: invalid command arguments (RFC 3463 section 3.6).
    INVALID_ARGUMENTS = 5, 4, "invalid command arguments";
    /// `X.5.5`: wrong protocol version (RFC 3463 section 3.6).
    WRONG_VERSION = 5, 5, "wrong protocol version";
    /// `X.5.6`: authentication exchange line is too long (RFC 4954 section 6).
    AUTHENTICATION_LINE_TOO_LONG = 5, 6, "authentication exchange line is too long";
    /// `X.6.0`: other or undefined media error (RFC 3463 section 3.7).
    OTHER_MEDIA = 6, 0, "other or undefined media error";
    /// `X.6.1`: media not supported (RFC 3463 section 3.7).
    MEDIA_NOT_SUPPORTED = 6, 1, "media not supported";
    /// `X.6.2`: conversion required and prohibited (RFC 3463 section 3.7).
    CONVERSION_PROHIBITED = 6, 2, "conversion required and prohibited";
    /// `X.6.3`: conversion required but not supported (RFC 3463 section 3.7).
    CONVERSION_NOT_SUPPORTED = 6, 3, "conversion required but not supported";
    /// `X.6.4`: conversion with loss performed (RFC 3463 section 3.7).
    CONVERSION_WITH_LOSS = 6, 4, "conversion with loss performed";
    /// `X.6.5`: conversion failed (RFC 3463 section 3.7).
    CONVERSION_FAILED = 6, 5, "conversion failed";
    /// `X.6.6`: message content not available (RFC 4468 section 5).
    CONTENT_NOT_AVAILABLE = 6, 6, "message content not available";
    /// `X.6.7`: non-ASCII addresses not permitted for that sender/recipient (RFC 6531 section 4.2).
    NON_ASCII_ADDRESSES = 6, 7, "non-ASCII addresses not permitted for that sender/recipient";
    /// `X.6.8`: UTF-8 string reply is required, but not permitted by the SMTP client (RFC 6531 section 4.2).
    UTF8_REPLY_REQUIRED = 6, 8, "UTF-8 string reply is required, but not permitted by the SMTP client";
    /// `X.6.9`: UTF-8 header message cannot be transferred to one or more recipients, so the message must be rejected (RFC 6531 section 4.2).
    UTF8_HEADERS = 6, 9, "UTF-8 header message cannot be transferred to one or more recipients, so the message must be rejected";
    /// `X.6.10`: UTF-8 string reply is required, but not permitted by the SMTP client (now X.6.8) (RFC 6531 section 4.2).
    UTF8_REPLY_REQUIRED_OLD = 6, 10, "UTF-8 string reply is required, but not permitted by the SMTP client (now X.6.8)";
    /// `X.7.0`: other or undefined security status (RFC 3463 section 3.8).
    OTHER_SECURITY = 7, 0, "other or undefined security status";
    /// `X.7.1`: delivery not authorized, message refused (RFC 3463 section 3.8).
    NOT_AUTHORIZED = 7, 1, "delivery not authorized, message refused";
    /// `X.7.2`: mailing list expansion prohibited (RFC 3463 section 3.8).
    LIST_EXPANSION_PROHIBITED = 7, 2, "mailing list expansion prohibited";
    /// `X.7.3`: security conversion required but not possible (RFC 3463 section 3.8).
    SECURITY_CONVERSION_IMPOSSIBLE = 7, 3, "security conversion required but not possible";
    /// `X.7.4`: security features not supported (RFC 3463 section 3.8).
    SECURITY_NOT_SUPPORTED = 7, 4, "security features not supported";
    /// `X.7.5`: cryptographic failure (RFC 3463 section 3.8).
    CRYPTOGRAPHIC_FAILURE = 7, 5, "cryptographic failure";
    /// `X.7.6`: cryptographic algorithm not supported (RFC 3463 section 3.8).
    ALGORITHM_NOT_SUPPORTED = 7, 6, "cryptographic algorithm not supported";
    /// `X.7.7`: message integrity failure (RFC 3463 section 3.8).
    INTEGRITY_FAILURE = 7, 7, "message integrity failure";
    /// `X.7.8`: authentication credentials invalid (RFC 4954 section 6).
    CREDENTIALS_INVALID = 7, 8, "authentication credentials invalid";
    /// `X.7.9`: authentication mechanism is too weak (RFC 4954 section 6).
    MECHANISM_TOO_WEAK = 7, 9, "authentication mechanism is too weak";
    /// `X.7.10`: encryption needed (RFC 5248 section 2.4).
    ENCRYPTION_NEEDED = 7, 10, "encryption needed";
    /// `X.7.11`: encryption required for requested authentication mechanism (RFC 4954 section 6).
    ENCRYPTION_REQUIRED = 7, 11, "encryption required for requested authentication mechanism";
    /// `X.7.12`: a password transition is needed (RFC 4954 section 6).
    PASSWORD_TRANSITION = 7, 12, "a password transition is needed";
    /// `X.7.13`: user account disabled (RFC 5248 section 2.4).
    ACCOUNT_DISABLED = 7, 13, "user account disabled";
    /// `X.7.14`: trust relationship required (RFC 5248 section 2.4).
    TRUST_REQUIRED = 7, 14, "trust relationship required";
    /// `X.7.15`: priority level is too low (RFC 6710 section 10).
    PRIORITY_TOO_LOW = 7, 15, "priority level is too low";
    /// `X.7.16`: message is too big for the specified priority (RFC 6710 section 10).
    TOO_BIG_FOR_PRIORITY = 7, 16, "message is too big for the specified priority";
    /// `X.7.17`: mailbox owner has changed (RFC 7293 section 15.3).
    MAILBOX_OWNER_CHANGED = 7, 17, "mailbox owner has changed";
    /// `X.7.18`: domain owner has changed (RFC 7293 section 15.3).
    DOMAIN_OWNER_CHANGED = 7, 18, "domain owner has changed";
    /// `X.7.19`: RRVS test cannot be completed (RFC 7293 section 15.3).
    RRVS_NOT_POSSIBLE = 7, 19, "RRVS test cannot be completed";
    /// `X.7.20`: no passing DKIM signature found (RFC 7372 section 3.1).
    NO_PASSING_DKIM = 7, 20, "no passing DKIM signature found";
    /// `X.7.21`: no acceptable DKIM signature found (RFC 7372 section 3.1).
    NO_ACCEPTABLE_DKIM = 7, 21, "no acceptable DKIM signature found";
    /// `X.7.22`: no valid author-matched DKIM signature found (RFC 7372 section 3.1).
    NO_AUTHOR_MATCHED_DKIM = 7, 22, "no valid author-matched DKIM signature found";
    /// `X.7.23`: SPF validation failed (RFC 7372 section 3.2).
    SPF_FAILED = 7, 23, "SPF validation failed";
    /// `X.7.24`: SPF validation error (RFC 7372 section 3.2).
    SPF_ERROR = 7, 24, "SPF validation error";
    /// `X.7.25`: reverse DNS validation failed (RFC 7372 section 3.3).
    REVERSE_DNS_FAILED = 7, 25, "reverse DNS validation failed";
    /// `X.7.26`: multiple authentication checks failed (RFC 7372 section 3.4).
    MULTIPLE_CHECKS_FAILED = 7, 26, "multiple authentication checks failed";
    /// `X.7.27`: sender address has null MX (RFC 7505 section 6).
    SENDER_NULL_MX = 7, 27, "sender address has null MX";
    /// `X.7.28`: mail flood detected (registry of RFC 5248).
    MAIL_FLOOD = 7, 28, "mail flood detected";
    /// `X.7.29`: ARC validation failure (RFC 8617 section 10).
    ARC_FAILURE = 7, 29, "ARC validation failure";
    /// `X.7.30`: REQUIRETLS support required (RFC 8689 section 7).
    REQUIRETLS_REQUIRED = 7, 30, "REQUIRETLS support required";
}

/// What an enhanced status code is about: its subject and its detail (RFC 3463 section 2), without its class.
///
/// ```
/// use smtp_proto::Condition;
///
/// let full = Condition::MAILBOX_FULL;
/// assert_eq!(full.transient().to_string(), "4.2.2");
/// assert_eq!(full.permanent().condition(), full);
/// assert_eq!(full.meaning(), Some("mailbox full"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition {
    pub(crate) subject: u16,
    pub(crate) detail: u16,
}

impl Condition {
    /// From its numbers. `None`: above 999.
    #[must_use]
    pub const fn new(subject: u16, detail: u16) -> Option<Self> {
        if subject <= 999 && detail <= 999 { Some(Self { subject, detail }) } else { None }
    }

    /// The subject (RFC 3463 section 2): 0 other, 1 addressing, 2 mailbox, 3 mail system, 4 network and routing, 5 mail
    /// delivery protocol, 6 message content or media, 7 security or policy.
    #[must_use]
    pub const fn subject(self) -> u16 {
        self.subject
    }

    /// The detail (RFC 3463 section 2).
    #[must_use]
    pub const fn detail(self) -> u16 {
        self.detail
    }

    /// As an enhanced code of this class.
    #[must_use]
    pub const fn of(self, class: Class) -> EnhancedCode {
        EnhancedCode { class, condition: self }
    }

    /// As an enhanced code of class 2.
    #[must_use]
    pub const fn success(self) -> EnhancedCode {
        self.of(Class::Success)
    }

    /// As an enhanced code of class 4.
    #[must_use]
    pub const fn transient(self) -> EnhancedCode {
        self.of(Class::Transient)
    }

    /// As an enhanced code of class 5.
    #[must_use]
    pub const fn permanent(self) -> EnhancedCode {
        self.of(Class::Permanent)
    }

    /// Any condition, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Self> {
        use proptest::prelude::*;
        prop_oneof![
            proptest::sample::select(Self::REGISTERED),
            (0..1000u16, 0..1000u16).prop_map(|(subject, detail)| Self { subject, detail }),
        ]
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "X.{}.{}", self.subject, self.detail)
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_meaning() {
        assert!(Condition::REGISTERED.is_sorted());
        for condition in Condition::REGISTERED {
            assert_eq!(Condition::new(condition.subject(), condition.detail()), Some(*condition));
            assert!(condition.meaning().is_some(), "{condition}");
        }
        assert_eq!(Condition::new(7, 999).unwrap().meaning(), None);
        assert_eq!(Condition::new(1000, 0), None);
        assert_eq!(Condition::new(0, 1000), None);
        assert_eq!(Condition::REGISTERED.len(), 82);
    }
}
