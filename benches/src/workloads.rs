//! Deterministic inputs. The same seed gives the same bytes on every machine.
//!
//! Everything here stays within what pop3-codec 0.3 accepts, so that both sides read the same bytes:
//! its status text has no `[` except in a leading response code, a response code is always followed by
//! text, STAT and LIST replies carry nothing after the numbers, every line is UTF-8, and there are no
//! commands that it does not know (XTND).

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use bytes::Bytes;

/// The chunk sizes of every streaming workload; [`WHOLE`] is the whole input in one piece.
pub const CHUNKS: [usize; 5] = [1, 64, 1460, 65_536, WHOLE];

/// "Do not cut": `data.chunks(WHOLE)` is one chunk.
pub const WHOLE: usize = usize::MAX;

/// How a chunk size stands in a workload's name.
pub fn chunk_name(chunk: usize) -> String {
    match chunk {
        WHOLE => "whole".to_owned(),
        n => n.to_string(),
    }
}

/// How big the inputs are.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Octets of a RETR body.
    pub body: usize,
    /// Entries of LIST and UIDL.
    pub listing: usize,
    /// Commands and single-line replies; CAPA replies and greetings are an eighth of it.
    pub messages: usize,
    /// The drip workloads (quadratic for a peer) have their full size divided by this.
    pub drip_divisor: usize,
}

impl Scale {
    /// What is published: 50 MiB bodies, 100,000 entries.
    pub const FULL: Scale = Scale { body: 50 << 20, listing: 100_000, messages: 4096, drip_divisor: 1 };
    /// For counting instructions (which do not depend on caches): small, and twice that.
    pub const COUNT: Scale = Scale { body: 1 << 19, listing: 5_000, messages: 1024, drip_divisor: 2 };
    /// Twice [`Scale::COUNT`]: what is linear costs twice as much.
    pub const COUNT_TWICE: Scale = Scale { body: 1 << 20, listing: 10_000, messages: 2048, drip_divisor: 1 };
    /// For tests.
    pub const TINY: Scale = Scale { body: 64 << 10, listing: 300, messages: 256, drip_divisor: 16 };
}

/// splitmix64 (Steele, Lea, Flood 2014): good enough, six lines, the same everywhere.
pub struct Rng(u64);

impl Rng {
    /// Another seed, another stream.
    pub fn new(seed: u64) -> Self {
        Rng(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn range(&mut self, range: Range<usize>) -> usize {
        let span = (range.end - range.start) as u64;
        range.start + ((u128::from(self.next()) * u128::from(span)) >> 64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.range(0..100) < percent
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.range(0..from.len())]
    }

    fn hex(&mut self, out: &mut String, digits: usize) {
        for _ in 0..digits {
            out.push(char::from(b"0123456789abcdef"[self.range(0..16)]));
        }
    }

    fn base64(&mut self, out: &mut String, len: usize) {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut left = len;
        while left > 0 {
            let mut bits = self.next();
            for _ in 0..left.min(10) {
                out.push(char::from(ALPHABET[(bits & 63) as usize]));
                bits >>= 6;
            }
            left -= left.min(10);
        }
    }
}

const NAMES: &[&str] = &[
    "alice",
    "bob",
    "carol.jones",
    "dave@example.org",
    "erin",
    "frank.o'neill@mail.example.com",
    "grace_hopper",
    "heidi",
    "ivan+pop@example.net",
    "mrose",
    "postmaster",
    "support-team@corp.example",
    "zoe",
];
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
const HOSTS: &[&str] = &[
    "localhost",
    "mail.example.org",
    "pop.example.com",
    "dbc.mtview.ca.us",
    "mx-17.eu-west.provider.example",
];
const WORDS: &[&str] = &[
    "the",
    "of",
    "and",
    "to",
    "a",
    "in",
    "that",
    "is",
    "was",
    "he",
    "for",
    "it",
    "with",
    "as",
    "his",
    "on",
    "be",
    "at",
    "by",
    "had",
    "not",
    "are",
    "but",
    "from",
    "or",
    "have",
    "an",
    "they",
    "which",
    "one",
    "you",
    "were",
    "her",
    "all",
    "she",
    "there",
    "would",
    "their",
    "we",
    "him",
    "been",
    "has",
    "when",
    "who",
    "will",
    "more",
    "no",
    "if",
    "out",
    "so",
    "meeting",
    "invoice",
    "attached",
    "please",
    "regards",
    "tomorrow",
    "schedule",
    "budget",
    "review",
    "quarterly",
    "deployment",
    "server",
    "protocol",
    "message",
    "response,",
    "question.",
    "customer",
    "(see",
    "below)",
    "https://example.org/a/b?id=42",
    "naturally",
    "project;",
    "2024",
    "17:30",
    "EUR",
    "half",
    "over",
    "under",
    "between",
    "unfortunately",
    "Thanks,",
    "Hello",
    "Best",
    "is.",
    "no!",
];
const UTF8_WORDS: &[&str] =
    &["Grüße", "naïve", "café", "Ελλάδα", "Привет", "日本語", "“quoted”", "–", "Zażółć", "€99"];

/// Words up to `len` octets, with one space between them.
fn words(rng: &mut Rng, out: &mut String, len: usize) {
    let end = out.len() + len;
    out.push_str(rng.pick(WORDS));
    loop {
        let word = rng.pick(WORDS);
        if out.len() + 1 + word.len() > end {
            return;
        }
        out.push(' ');
        out.push_str(word);
    }
}

/// Complete messages, one after the other and each by itself.
#[derive(Clone)]
pub struct Messages {
    /// All of them, concatenated.
    pub stream: Bytes,
    /// Each of them with its CRLF (and its dot line, if it has several lines); slices of `stream`.
    pub each: Arc<[Bytes]>,
}

impl Messages {
    fn new(texts: &[String]) -> Self {
        let stream = Bytes::from(texts.concat());
        let mut at = 0;
        let each = texts
            .iter()
            .map(|text| {
                at += text.len();
                stream.slice(at - text.len()..at)
            })
            .collect();
        Messages { stream, each }
    }
}

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

/// Which lines of a body begin with a dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dots {
    /// About one line in 500 of the text parts: ordinary mail.
    Few,
    /// Every line but the first (see [`body`]).
    Every,
}

impl Dots {
    /// How it stands in a workload's name.
    pub fn name(self) -> &'static str {
        match self {
            Dots::Few => "plain",
            Dots::Every => "dotted",
        }
    }
}

/// A message, as it is and as it travels.
#[derive(Clone)]
pub struct Body {
    /// The message itself, every line ended by CRLF.
    pub raw: Bytes,
    /// Dot-stuffed, with the final dot line: what follows a status line in POP3, or 354 in SMTP.
    pub wire: Bytes,
    /// A whole RETR reply: status line and `wire`.
    pub reply: Bytes,
    /// Lines of the message.
    pub lines: u64,
    /// Lines among them that begin with a dot.
    pub dot_lines: u64,
}

/// A message of about `octets` octets: header, text, quoted text, HTML, quoted-printable and base64 parts; lines of
/// up to 78 octets, all of them different in content, one in a hundred with UTF-8.
///
/// The first line never begins with a dot, because smtp-proto 0.2.5 does not see a dot at the very start of the data.
pub fn body(octets: usize, dots: Dots) -> Body {
    /// Kept: several workloads share one body, and 50 MiB take a moment to make.
    static MADE: Mutex<Vec<(usize, Dots, Body)>> = Mutex::new(Vec::new());
    let mut made = match MADE.lock() {
        Ok(made) => made,
        Err(poisoned) => poisoned.into_inner(),
    };
    if let Some((.., body)) = made.iter().find(|m| (m.0, m.1) == (octets, dots)) {
        return body.clone();
    }
    let body = make_body(octets, dots);
    // One body of each kind is enough to keep.
    made.retain(|m| m.1 != dots);
    made.push((octets, dots, body.clone()));
    body
}

fn make_body(octets: usize, dots: Dots) -> Body {
    let mut rng = Rng::new(7);
    let mut maker = BodyMaker { raw: String::with_capacity(octets + 1024), dots, lines: 0, dot_lines: 0 };
    let mut boundary = "----=_Part_".to_owned();
    rng.hex(&mut boundary, 16);
    header(&mut rng, &mut maker, &boundary);
    while maker.raw.len() < octets {
        part(&mut rng, &mut maker, &boundary, octets);
    }
    let raw = maker.raw;
    let mut reply = Vec::with_capacity(raw.len() + maker.dot_lines as usize + 64);
    reply.extend_from_slice(format!("+OK {} octets\r\n", raw.len()).as_bytes());
    let head = reply.len();
    for line in raw.split_inclusive('\n') {
        if line.starts_with('.') {
            reply.push(b'.');
        }
        reply.extend_from_slice(line.as_bytes());
    }
    reply.extend_from_slice(b".\r\n");
    let reply = Bytes::from(reply);
    Body { raw: raw.into(), wire: reply.slice(head..), reply, lines: maker.lines, dot_lines: maker.dot_lines }
}

struct BodyMaker {
    raw: String,
    dots: Dots,
    lines: u64,
    dot_lines: u64,
}

impl BodyMaker {
    fn line(&mut self, text: &str) {
        if self.dots == Dots::Every && self.lines > 0 && !text.starts_with('.') {
            self.raw.push('.');
            self.dot_lines += 1;
        } else if text.starts_with('.') {
            self.dot_lines += 1;
        }
        self.raw.push_str(text);
        self.raw.push_str("\r\n");
        self.lines += 1;
    }
}

fn header(rng: &mut Rng, maker: &mut BodyMaker, boundary: &str) {
    let mut line = String::new();
    maker.line("Return-Path: <bounce-7141@lists.example.org>");
    for hop in 0..6 {
        line.clear();
        let _ = write!(
            line,
            "Received: from {} ({} [192.0.2.{}])",
            rng.pick(HOSTS),
            rng.pick(HOSTS),
            rng.range(1..255)
        );
        maker.line(&line);
        line.clear();
        let _ = write!(line, "\tby {} with ESMTPS id ", rng.pick(HOSTS));
        rng.hex(&mut line, 12);
        maker.line(&line);
        line.clear();
        let _ = write!(
            line,
            "\tfor <{}>; Tue, {} Nov 2025 0{hop}:{}:07 +0000",
            rng.pick(NAMES),
            rng.range(10..30),
            rng.range(10..60)
        );
        maker.line(&line);
    }
    maker.line("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=lists.example.org;");
    for _ in 0..5 {
        line.clear();
        line.push_str("\t ");
        rng.base64(&mut line, 68);
        maker.line(&line);
    }
    maker.line("From: \"Carol Jones (Accounting)\" <carol.jones@example.org>");
    maker.line("To: undisclosed-recipients:;");
    maker.line("Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe_und_die_Rechnung_f=C3=BCr_November?=");
    maker.line("Date: Tue, 24 Nov 2025 22:57:00 +0000");
    line.clear();
    line.push_str("Message-ID: <");
    rng.hex(&mut line, 24);
    line.push_str("@example.org>");
    maker.line(&line);
    maker.line("MIME-Version: 1.0");
    maker.line("Content-Type: multipart/mixed;");
    line.clear();
    let _ = write!(line, "\tboundary=\"{boundary}\"");
    maker.line(&line);
    maker.line("");
    maker.line("This is a multi-part message in MIME format.");
}

fn part(rng: &mut Rng, maker: &mut BodyMaker, boundary: &str, octets: usize) {
    let mut line = String::new();
    let _ = write!(line, "--{boundary}");
    maker.line("");
    maker.line(&line);
    let kind = rng.range(0..5);
    let (kind_name, encoding, count) = match kind {
        0 => ("text/plain; charset=utf-8; format=flowed", "8bit", rng.range(20..160)),
        1 => ("text/plain; charset=us-ascii", "7bit", rng.range(10..80)),
        2 => ("text/html; charset=utf-8", "quoted-printable", rng.range(30..200)),
        3 => ("text/html; charset=utf-8", "8bit", rng.range(20..120)),
        _ => ("application/pdf; name=\"scan.pdf\"", "base64", rng.range(40..260)),
    };
    line.clear();
    let _ = write!(line, "Content-Type: {kind_name}");
    maker.line(&line);
    line.clear();
    let _ = write!(line, "Content-Transfer-Encoding: {encoding}");
    maker.line(&line);
    if kind == 4 {
        line.clear();
        let _ =
            write!(line, "Content-Disposition: attachment; filename=\"scan-{}.pdf\"", rng.range(1000..9999));
        maker.line(&line);
    }
    maker.line("");
    for _ in 0..count {
        if maker.raw.len() >= octets {
            return;
        }
        line.clear();
        match kind {
            0 => {
                if rng.range(0..250) == 0 {
                    line.push_str(rng.pick(&[".", "..", "...", ".profile ", ".htaccess is ", ". "]));
                } else if rng.chance(5) {
                    maker.line("");
                }
                let len = rng.range(20..72);
                words(rng, &mut line, len);
                if rng.chance(4) {
                    line.push(' ');
                    line.push_str(rng.pick(UTF8_WORDS));
                } else {
                    line.push(' ');
                }
            }
            1 => {
                line.push_str(rng.pick(&["> ", ">> ", "", "    ", "- "]));
                let len = rng.range(20..66);
                words(rng, &mut line, len);
            }
            2 => {
                line.push_str("<p style=3D\"margin: 0\">");
                let len = rng.range(10..44);
                words(rng, &mut line, len);
                line.push_str(rng.pick(&["=C3=BC=", "=20=", "=E2=80=93=", "</p>", "="]));
            }
            3 => {
                line.push_str(rng.pick(&["<tr><td>", "<li>", "  <div>", "<b>"]));
                let len = rng.range(14..56);
                words(rng, &mut line, len);
                line.push_str(rng.pick(&["</td></tr>", "</li>", "</div>", "</b>"]));
            }
            _ => rng.base64(&mut line, 76),
        }
        maker.line(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn inputs_are_varied_and_the_same_each_time() {
        let a = make_body(1 << 20, Dots::Few);
        let b = make_body(1 << 20, Dots::Few);
        assert_eq!(a.reply, b.reply);
        let lines: Vec<&[u8]> = a.raw.split(|&b| b == b'\n').collect();
        let distinct: HashSet<&&[u8]> = lines.iter().collect();
        assert!(distinct.len() * 10 > lines.len() * 9);
        let long = lines.iter().filter(|line| line.len() > 79).count();
        assert!(long < 10, "{long} lines above 78 octets and CR");
        let mean = a.raw.len() as u64 / a.lines;
        assert!((50..70).contains(&mean), "mean line {mean}");
        assert!(a.dot_lines > 5 && a.dot_lines < a.lines / 500);
        let every = make_body(1 << 20, Dots::Every);
        assert_eq!(every.dot_lines, every.lines - 1);
        assert_eq!(every.wire.len() as u64, every.raw.len() as u64 + every.dot_lines + 3);

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
