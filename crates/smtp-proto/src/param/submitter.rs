//! SUBMITTER (RFC 4405 section 4, historic): who is responsible for the message.

/// ```text
/// "SUBMITTER=" Mailbox
/// ```
/// In words: characters that are "not permitted in ESMTP parameter values MUST be encoded as xtext".
pub(crate) use super::address::rule;

pub(crate) use super::address::encode;
#[cfg(any(test, feature = "proptest"))]
pub(crate) use super::address::strategy;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Xtext;
    use crate::param::testing::{refused, taken};

    #[test]
    fn addresses() {
        let parse = |wire: &'static [u8]| Xtext::parse(wire).unwrap();
        for value in [&b"bob@almamater.edu.example"[..], b"a+2Bb@example.com"] {
            taken(rule, encode, &[(value, parse(value))]);
        }
        refused(rule, &[(b"", 0), (b"bob", 0), (b"<>", 0), (b"a b@c", 0)]);
    }
}
