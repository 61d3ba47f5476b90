//! Deterministic inputs of SMTP.
//!
//! What is in them is what the recordings of real peers show (Postfix, Exim, OpenSMTPD, Courier, Sendmail's clients, swaks, ...) and
//! what the large providers send. They stay within what smtp-proto 0.2.5 accepts, so that both sides read the same bytes:
//!
//! - no address literals in MAIL and RCPT, no `ORCPT=utf-8;`, no parameter that it does not know, no subcodes above 255;
//! - every line of a reply has text; replies are shorter than 4,096 octets; no enhanced code of class 3, which RFC 3463 does not have.
//!
//! smtp-codec 0.2.0 accepts less; it gets a copy in which that is replaced by as many octets of something else (`for_smtp_codec`).

mod commands;
mod ehlos;
mod replies;
mod sessions;

pub use commands::{CommandParts, Commands, Envelope, commands, esmtp_commands};
pub use ehlos::{EhloParts, Ehlos, ehlos, offers};
pub use replies::{Kind, Replies, ReplyParts, long_reply, replies};
pub use sessions::{Bodies, Sessions, chunked, sessions};

/// What the witness of commands adds up. Those of parameters are the bits that smtp-proto uses, so that it need not convert them.
pub mod told {
    /// Each command counts: its verb.
    pub const HELO: u64 = 1;
    /// See [`HELO`].
    pub const EHLO: u64 = 2;
    /// See [`HELO`].
    pub const MAIL: u64 = 3;
    /// See [`HELO`].
    pub const RCPT: u64 = 4;
    /// See [`HELO`].
    pub const DATA: u64 = 5;
    /// See [`HELO`].
    pub const RSET: u64 = 6;
    /// See [`HELO`].
    pub const NOOP: u64 = 7;
    /// See [`HELO`].
    pub const QUIT: u64 = 8;
    /// See [`HELO`].
    pub const VRFY: u64 = 9;
    /// See [`HELO`].
    pub const BDAT: u64 = 10;

    /// MAIL.
    pub const BODY_7BIT: u64 = 1;
    /// MAIL.
    pub const BODY_8BITMIME: u64 = 1 << 1;
    /// MAIL.
    pub const RET_FULL: u64 = 1 << 3;
    /// MAIL.
    pub const RET_HDRS: u64 = 1 << 4;
    /// MAIL.
    pub const SMTPUTF8: u64 = 1 << 5;
    /// MAIL.
    pub const REQUIRETLS: u64 = 1 << 6;
    /// MAIL, `BY=n;N`; the seconds count as well.
    pub const BY_NOTIFY: u64 = 1 << 8;
    /// MAIL, `BY=n;R`.
    pub const BY_RETURN: u64 = 1 << 9;

    /// RCPT.
    pub const NOTIFY_SUCCESS: u64 = 1;
    /// RCPT.
    pub const NOTIFY_FAILURE: u64 = 1 << 1;
    /// RCPT.
    pub const NOTIFY_DELAY: u64 = 1 << 2;
    /// RCPT.
    pub const NOTIFY_NEVER: u64 = 1 << 3;
    /// RCPT, `;R` or nothing.
    pub const RRVS_REJECT: u64 = 1 << 5;
    /// RCPT, `;C`.
    pub const RRVS_CONTINUE: u64 = 1 << 6;
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::generator::Messages;

    fn distinct(messages: &Messages) -> usize {
        assert_eq!(messages.each.concat(), messages.stream);
        messages.each.iter().collect::<HashSet<_>>().len() * 100 / messages.each.len()
    }

    #[test]
    fn inputs_are_varied_and_the_same_each_time() {
        let (plain, esmtp) = (commands(4096), esmtp_commands(4096));
        assert_eq!(plain.messages.stream, commands(4096).messages.stream);
        assert!(distinct(&plain.messages) > 50, "{}", distinct(&plain.messages));
        assert!(distinct(&esmtp.messages) > 85, "{}", distinct(&esmtp.messages));
        let parameters: usize = esmtp
            .parts
            .iter()
            .map(|parts| match parts {
                CommandParts::Mail(envelope) | CommandParts::Rcpt(envelope) => envelope.parameters.len(),
                _ => panic!("only MAIL and RCPT"),
            })
            .sum();
        assert!((4096 * 3 / 2..4096 * 2).contains(&parameters), "{parameters}");

        for (kind, least) in [(Kind::Mixed, 35), (Kind::Single, 20), (Kind::Multi, 60)] {
            let replies = replies(4096, kind);
            assert!(distinct(&replies.messages) > least, "{kind:?}: {}", distinct(&replies.messages));
            assert!(replies.messages.each.iter().all(|reply| reply.len() < 4096));
        }
        assert!(distinct(&ehlos(1024).messages) > 75);
        assert!(distinct(&offers(1024).messages) > 95);
    }

    #[test]
    fn sessions_are_whole() {
        for all in [sessions(64, Bodies::Small), sessions(64, Bodies::Mail), chunked(1 << 20)] {
            for session in all.each.iter() {
                let text: Vec<u8> = session.concat();
                assert!(text[..4].eq_ignore_ascii_case(b"EHLO"));
                assert!(text[text.len() - 6..].eq_ignore_ascii_case(b"QUIT\r\n"));
            }
        }
        let mail = sessions(256, Bodies::Mail);
        let mean = mail.octets / mail.messages;
        assert!((8_000..24_000).contains(&mean), "{mean}");
        let small = sessions(256, Bodies::Small);
        let mean = small.octets / small.messages;
        assert!((1_500..2_500).contains(&mean), "{mean}");
    }
}
