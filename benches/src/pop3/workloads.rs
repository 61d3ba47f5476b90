//! Deterministic inputs of POP3.
//!
//! Everything here stays within what pop3-codec 0.3 accepts, so that both sides read the same bytes:
//! its status text has no `[` except in a leading response code, a response code is always followed by
//! text, STAT and LIST replies carry nothing after the numbers, every line is UTF-8, and there are no
//! commands that it does not know (XTND).

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;

use crate::generator::{HOSTS, Messages, NAMES, Rng};

const PASSWORDS: &[&str] = &[
    "secret",
    "correct horse battery staple",
    "tanstaaf",
    "testpass",
    "p@ss w0rd!",
    "Xk29-aaQ1-bbzz-90Lm",
    "hunter2",
    "a",
];

/// Commands of many short sessions, in the mix that real clients send: a login in one of its forms, a
/// listing, then mostly RETR and DELE; a few lower-case ones, a few RSET, LANG, UTF8.
pub fn commands(count: usize) -> Messages {
    let mut rng = Rng::new(1);
    let mut out = Vec::with_capacity(count);
    while out.len() < count {
        session(&mut rng, &mut out);
    }
    out.truncate(count);
    for command in &mut out {
        if rng.chance(3) {
            // Perl's Net::POP3 and people with telnet: the keyword in lower case.
            let keyword = command.find([' ', '\r']).unwrap_or(0);
            command[..keyword].make_ascii_lowercase();
        }
        command.push_str("\r\n");
    }
    Messages::new(&out)
}

fn session(rng: &mut Rng, out: &mut Vec<String>) {
    if rng.chance(60) {
        out.push("CAPA".into());
    }
    if rng.chance(10) {
        out.push("STLS".into());
        out.push("CAPA".into());
    }
    if rng.chance(4) {
        out.push("UTF8".into());
    }
    if rng.chance(4) {
        out.push(rng.pick(&["LANG", "LANG *", "LANG en", "LANG de-AT"]).into());
    }
    match rng.range(0..10) {
        0..5 => {
            out.push(format!("USER {}", rng.pick(NAMES)));
            out.push(format!("PASS {}", rng.pick(PASSWORDS)));
        }
        5..7 => {
            let mut line = format!("APOP {} ", rng.pick(NAMES));
            rng.hex(&mut line, 32);
            out.push(line);
        }
        7..9 => {
            let mut line = "AUTH PLAIN ".to_owned();
            let groups = rng.range(4..14);
            rng.base64(&mut line, groups * 4);
            out.push(line);
        }
        _ => out.push(rng.pick(&["AUTH", "AUTH CRAM-MD5", "AUTH SCRAM-SHA-256", "AUTH EXTERNAL ="]).into()),
    }
    if rng.chance(80) {
        out.push("STAT".into());
    }
    if rng.chance(70) {
        out.push("UIDL".into());
    }
    if rng.chance(40) {
        out.push("LIST".into());
    }
    let mut number = rng.range(1..4000);
    for _ in 0..rng.range(0..12) {
        number += rng.range(1..4);
        match rng.range(0..20) {
            0..3 => out.push(format!("TOP {number} {}", rng.pick(&["0", "1", "10", "20"]))),
            3..5 => out.push(format!("LIST {number}")),
            5..7 => out.push(format!("UIDL {number}")),
            7 => out.push("NOOP".into()),
            _ => out.push(format!("RETR {number}")),
        }
        if rng.chance(50) {
            out.push(format!("DELE {number}"));
        }
    }
    if rng.chance(6) {
        out.push("RSET".into());
    }
    out.push("QUIT".into());
}

/// Greetings, four of five with an APOP timestamp, as Dovecot, Cyrus, Courier, qpopper and others write them.
pub fn greetings(count: usize) -> Messages {
    let mut rng = Rng::new(2);
    let out: Vec<String> = (0..count)
        .map(|_| {
            let host = rng.pick(HOSTS);
            let (a, b) = (rng.next() >> 1, 1_700_000_000 + rng.range(0..90_000_000));
            match rng.range(0..10) {
                0..4 => format!(
                    "+OK {host} Cyrus POP3 3.6.1-Debian-3.6.1-4+deb12u5 server ready <{a}.{b}@{host}>\r\n"
                ),
                4..6 => format!(
                    "+OK Dovecot (Debian) ready. <{:x}.{}.{b:x}.{}@{host}>\r\n",
                    a >> 44,
                    a & 7,
                    a & 63
                ),
                6..8 => format!("+OK POP3 server ready <{}.{b}@{host}>\r\n", a >> 48),
                8 => "+OK Hello there.\r\n".to_owned(),
                _ => format!("+OK {host} POP3 service {}.{} ready\r\n", a & 15, a >> 56),
            }
        })
        .collect();
    Messages::new(&out)
}

/// Which command a single-line reply answers: both sides need to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    /// USER, PASS, DELE, NOOP, ...: a status and text.
    Status,
    /// STAT: two numbers.
    Stat,
    /// LIST n: a scan listing.
    ListOne,
    /// UIDL n: a unique-id listing.
    UidlOne,
}

/// The parts of a reply, for encoders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyParts {
    /// `+OK`, or `-ERR`, with an optional code and text.
    Text {
        /// `+OK`.
        ok: bool,
        /// As in `[SYS/TEMP]`, without the brackets.
        code: Option<&'static str>,
        /// May be empty.
        text: String,
    },
    /// `+OK n m`: STAT and LIST n.
    Numbers(u32, u32),
    /// `+OK n uid`.
    Uid(u32, String),
}

/// Single-line replies.
#[derive(Clone)]
pub struct Replies {
    /// Their bytes.
    pub messages: Messages,
    /// What each answers, in the same order.
    pub kinds: Arc<[ReplyKind]>,
    /// The same replies in parts, for encoders.
    pub parts: Arc<[ReplyParts]>,
}

/// Single-line replies as real servers write them: two of three +OK with text, some with numbers, some -ERR
/// with and without response codes. An -ERR also answers STAT, LIST and UIDL now and then.
pub fn replies(count: usize) -> Replies {
    const GOOD: &[&str] = &[
        "Logged in.",
        "logged in.",
        "Bye-bye.",
        "Password required.",
        "Name is a valid mailbox",
        "username accepted",
        "authentication successful",
        "Marked to be deleted.",
        "message deleted",
        "Logging out, messages deleted.",
        "session ended",
        "Begin TLS negotiation now.",
        "POP3 clients that break here, they violate STD53.",
        "core mail",
        "",
    ];
    const BAD: &[&str] = &[
        "Invalid command.",
        "unknown command",
        "No such message",
        "There's no message 9999.",
        "Message is deleted.",
        "Invalid message number.",
        "Unrecognized command",
        "no such message, only 2 messages in maildrop",
    ];
    const CODED: &[(&str, &str)] = &[
        ("AUTH", "Authentication failed."),
        ("AUTH", "Invalid login"),
        ("IN-USE", "Do you have another POP session running?"),
        ("LOGIN-DELAY", "minimum time between mail checks violation"),
        ("SYS/TEMP", "Unable to open maildrop, try again later"),
        ("SYS/PERM", "Mailbox has been disabled. Contact support."),
        ("X-RATE", "Too many connections from your address"),
    ];
    let mut rng = Rng::new(3);
    let mut kinds = Vec::with_capacity(count);
    let mut parts = Vec::with_capacity(count);
    for _ in 0..count {
        let kind = match rng.range(0..20) {
            0..2 => ReplyKind::Stat,
            2..4 => ReplyKind::ListOne,
            4..6 => ReplyKind::UidlOne,
            _ => ReplyKind::Status,
        };
        kinds.push(kind);
        parts.push(if rng.chance(20) {
            if rng.chance(50) {
                let (code, text) = CODED[rng.range(0..CODED.len())];
                ReplyParts::Text { ok: false, code: Some(code), text: text.into() }
            } else {
                ReplyParts::Text { ok: false, code: None, text: rng.pick(BAD).into() }
            }
        } else {
            match kind {
                ReplyKind::Status => ReplyParts::Text {
                    ok: true,
                    code: None,
                    text: match rng.range(0..6) {
                        0 => format!("{} octets follow.", rng.range(300..90_000)),
                        1 => format!(
                            "maildrop has {} messages ({} octets)",
                            rng.range(2..999),
                            rng.range(1000..9_999_999)
                        ),
                        _ => rng.pick(GOOD).into(),
                    },
                },
                ReplyKind::Stat => {
                    ReplyParts::Numbers(rng.range(0..5000) as u32, rng.range(0..90_000_000) as u32)
                }
                ReplyKind::ListOne => ReplyParts::Numbers(rng.range(1..5000) as u32, size(&mut rng)),
                ReplyKind::UidlOne => {
                    let uid = uid(&mut rng, 0);
                    ReplyParts::Uid(rng.range(1..5000) as u32, uid)
                }
            }
        });
    }
    let lines: Vec<String> = parts.iter().map(reply_line).collect();
    Replies { messages: Messages::new(&lines), kinds: kinds.into(), parts: parts.into() }
}

fn reply_line(parts: &ReplyParts) -> String {
    match parts {
        ReplyParts::Text { ok, code, text } => {
            let mut line = String::from(if *ok { "+OK" } else { "-ERR" });
            if let Some(code) = code {
                let _ = write!(line, " [{code}]");
            }
            if !text.is_empty() {
                line.push(' ');
                line.push_str(text);
            }
            line + "\r\n"
        }
        ReplyParts::Numbers(a, b) => format!("+OK {a} {b}\r\n"),
        ReplyParts::Uid(n, uid) => format!("+OK {n} {uid}\r\n"),
    }
}

/// CAPA replies of several servers in several configurations.
#[derive(Clone)]
pub struct Capas {
    /// As on the wire.
    pub messages: Messages,
    /// The same replies with every CRLF after a capability doubled: all that pop3-codec 0.3 can read, see `peers`.
    pub for_pop3_codec: Arc<[Bytes]>,
    /// All capabilities together.
    pub capabilities: u64,
}

/// Four of five capabilities in each reply, in changing order, with changing parameters; unknown ones among them.
pub fn capas(count: usize) -> Capas {
    const HEADS: &[&str] = &[
        "+OK",
        "+OK Here's what I can do:",
        "+OK List of capabilities follows",
        "+OK Capability list follows",
    ];
    let mut rng = Rng::new(4);
    let mut replies = Vec::with_capacity(count);
    let mut doubled = Vec::with_capacity(count);
    let mut capabilities = 0;
    for _ in 0..count {
        let mut mechanisms = "SASL PLAIN LOGIN".to_owned();
        for name in [
            "CRAM-MD5",
            "DIGEST-MD5",
            "SCRAM-SHA-1",
            "SCRAM-SHA-256",
            "ANONYMOUS",
            "OAUTHBEARER",
            "XOAUTH2",
            "EXTERNAL",
        ] {
            if rng.chance(45) {
                mechanisms.push(' ');
                mechanisms.push_str(name);
            }
        }
        let mut lines: Vec<String> = vec![
            "TOP".into(),
            "UIDL".into(),
            "USER".into(),
            "RESP-CODES".into(),
            "PIPELINING".into(),
            "AUTH-RESP-CODE".into(),
            "STLS".into(),
            mechanisms,
            rng.pick(&["UTF8", "UTF8 USER"]).into(),
            "LANG".into(),
            rng.pick(&["EXPIRE NEVER", "EXPIRE 60", "EXPIRE 31 USER", "EXPIRE 0"]).into(),
            format!("LOGIN-DELAY {}{}", rng.range(0..1000), rng.pick(&["", "", " USER"])),
            rng.pick(&[
                "IMPLEMENTATION Courier Mail Server",
                "IMPLEMENTATION Cyrus POP3 3.6.1-Debian-3.6.1-4+deb12u5",
                "IMPLEMENTATION Dovecot",
                "IMPLEMENTATION BlurdyBlurp POP3 server v1.2",
            ])
            .into(),
            rng.pick(&["XOIP", "X-MANGLE", "XTND XLST", "X-LIMITS 50 1000"]).into(),
        ];
        for i in (1..lines.len()).rev() {
            lines.swap(i, rng.range(0..i + 1));
        }
        lines.retain(|_| rng.chance(80));
        capabilities += lines.len() as u64;
        let head = rng.pick(HEADS);
        replies
            .push(format!("{head}\r\n{}.\r\n", lines.iter().map(|l| format!("{l}\r\n")).collect::<String>()));
        doubled.push(Bytes::from(format!(
            "{head}\r\n{}.\r\n",
            lines.iter().map(|l| format!("{l}\r\n\r\n")).collect::<String>()
        )));
    }
    Capas { messages: Messages::new(&replies), for_pop3_codec: doubled.into(), capabilities }
}

/// A LIST or UIDL listing.
#[derive(Clone)]
pub struct Listing {
    /// The whole reply: status line, entries, dot line.
    pub reply: Bytes,
    /// Its entries; the text is the unique-id, or the size in digits.
    pub entries: Arc<[(u32, String)]>,
}

/// Message sizes as in a real maildrop: mostly some KiB, sometimes many MiB.
fn size(rng: &mut Rng) -> u32 {
    let bits = rng.range(9..25);
    rng.range(1 << bits..2 << bits) as u32
}

/// Unique-ids in the styles of Dovecot (hex of uid and uidvalidity), Cyrus, Courier, Gmail, and maildir names.
fn uid(rng: &mut Rng, number: u32) -> String {
    let mut uid = String::new();
    match rng.range(0..6) {
        0 | 1 => {
            let _ = write!(uid, "{:08x}", number.wrapping_add(0x4d2));
            rng.hex(&mut uid, 8);
        }
        2 => {
            let _ = write!(uid, "1795291{}.{}", rng.range(100..999), number);
        }
        3 => {
            let _ = write!(uid, "UID{}-17952913{}", number, rng.range(10..99));
        }
        4 => {
            uid.push_str("GmailId");
            rng.hex(&mut uid, 16);
        }
        _ => {
            let _ = write!(
                uid,
                "17952913{}.M{}P{}.mx1",
                rng.range(10..99),
                rng.range(1..999_999),
                rng.range(2..32_000)
            );
            rng.hex(&mut uid, 4);
        }
    }
    uid
}

fn listing(head: &str, entries: Vec<(u32, String)>) -> Listing {
    let mut reply = head.to_owned();
    for (number, text) in &entries {
        let _ = write!(reply, "{number} {text}\r\n");
    }
    reply.push_str(".\r\n");
    Listing { reply: reply.into(), entries: entries.into() }
}

/// Message numbers go up; one in twenty is missing, as after DELE.
fn numbers(rng: &mut Rng, count: usize) -> Vec<u32> {
    let mut number = 0;
    (0..count)
        .map(|_| {
            number += if rng.chance(5) { 2 } else { 1 };
            number
        })
        .collect()
}

/// The reply to UIDL with so many entries.
pub fn uidl(count: usize) -> Listing {
    let mut rng = Rng::new(5);
    let entries = numbers(&mut rng, count).into_iter().map(|n| (n, uid(&mut rng, n))).collect();
    listing("+OK unique-id listing follows\r\n", entries)
}

/// The reply to LIST with so many entries.
pub fn list(count: usize) -> Listing {
    let mut rng = Rng::new(6);
    let entries = numbers(&mut rng, count).into_iter().map(|n| (n, size(&mut rng).to_string())).collect();
    listing("+OK scan listing follows\r\n", entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn inputs_are_varied() {
        let commands = commands(4096);
        let distinct: HashSet<&Bytes> = commands.each.iter().collect();
        assert!(distinct.len() > 1500, "{}", distinct.len());
        assert_eq!(commands.each.concat(), commands.stream);
    }

    #[test]
    fn uids_are_legal() {
        for (_, uid) in uidl(5000).entries.iter() {
            assert!((1..=70).contains(&uid.len()) && uid.bytes().all(|b| (0x21..=0x7e).contains(&b)));
        }
    }
}
