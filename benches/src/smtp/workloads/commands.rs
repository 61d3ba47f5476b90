//! Commands of clients.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;

use super::told;
use crate::generator::{HOSTS, Messages, Rng};

/// A command in parts, for encoders and for witnesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandParts {
    /// With the client's name.
    Helo(String),
    /// With the client's name.
    Ehlo(String),
    /// With the reverse-path.
    Mail(Envelope),
    /// With the forward-path.
    Rcpt(Envelope),
    /// No argument.
    Data,
    /// No argument.
    Rset,
    /// No argument here.
    Noop,
    /// No argument.
    Quit,
    /// With a local part.
    Vrfy(String),
    /// How many octets follow.
    Bdat {
        /// Octets of the chunk.
        octets: usize,
        /// The last one.
        last: bool,
    },
}

/// A path and its parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// As it stands between `<` and `>`.
    pub path: String,
    /// Octets of the address without quotes; 0 for `<>` and `<Postmaster>`.
    pub address: u64,
    /// Keywords and values.
    pub parameters: Vec<(&'static str, Option<String>)>,
    /// What their typed values add up to.
    pub told: u64,
}

impl Envelope {
    fn add(&mut self, keyword: &'static str, value: impl Into<Option<String>>, told: u64) {
        self.parameters.push((keyword, value.into()));
        self.told = self.told.wrapping_add(told);
    }
}

impl CommandParts {
    /// What the witness adds for it.
    pub fn told(&self) -> u64 {
        match self {
            CommandParts::Helo(name) => told::HELO + name.len() as u64,
            CommandParts::Ehlo(name) => told::EHLO + name.len() as u64,
            CommandParts::Mail(mail) => (told::MAIL + mail.address).wrapping_add(mail.told),
            CommandParts::Rcpt(rcpt) => (told::RCPT + rcpt.address).wrapping_add(rcpt.told),
            CommandParts::Data => told::DATA,
            CommandParts::Rset => told::RSET,
            CommandParts::Noop => told::NOOP,
            CommandParts::Quit => told::QUIT,
            CommandParts::Vrfy(name) => told::VRFY + name.len() as u64,
            CommandParts::Bdat { octets, last } => told::BDAT + *octets as u64 + u64::from(*last),
        }
    }

    /// The same for smtp-codec, which shows neither names nor values of parameters: how many there are counts, and the octets
    /// of the path as it is on the wire.
    pub fn told_smtp_codec(&self) -> u64 {
        match self {
            CommandParts::Mail(mail) => told::MAIL + (mail.path.len() + mail.parameters.len()) as u64,
            CommandParts::Rcpt(rcpt) => told::RCPT + (rcpt.path.len() + rcpt.parameters.len()) as u64,
            other => other.told(),
        }
    }

    /// Without CRLF.
    pub fn line(&self) -> String {
        match self {
            CommandParts::Helo(name) => format!("HELO {name}"),
            CommandParts::Ehlo(name) => format!("EHLO {name}"),
            CommandParts::Mail(mail) => envelope_line("MAIL FROM:", mail),
            CommandParts::Rcpt(rcpt) => envelope_line("RCPT TO:", rcpt),
            CommandParts::Data => "DATA".into(),
            CommandParts::Rset => "RSET".into(),
            CommandParts::Noop => "NOOP".into(),
            CommandParts::Quit => "QUIT".into(),
            CommandParts::Vrfy(name) => format!("VRFY {name}"),
            CommandParts::Bdat { octets, last } => {
                format!("BDAT {octets}{}", if *last { " LAST" } else { "" })
            }
        }
    }
}

fn envelope_line(verb: &str, envelope: &Envelope) -> String {
    let mut line = format!("{verb}<{}>", envelope.path);
    for (keyword, value) in &envelope.parameters {
        let _ = write!(line, " {keyword}");
        if let Some(value) = value {
            let _ = write!(line, "={value}");
        }
    }
    line
}

/// Command lines.
#[derive(Clone)]
pub struct Commands {
    /// Their bytes.
    pub messages: Messages,
    /// The same, each octet of UTF-8 and the second hyphen of A-labels (`xn--`) replaced by a letter.
    pub for_smtp_codec: Arc<[Bytes]>,
    /// In parts, in the same order.
    pub parts: Arc<[CommandParts]>,
    /// What all of them add up to.
    pub told: u64,
    /// See [`CommandParts::told_smtp_codec`].
    pub told_smtp_codec: u64,
}

/// Commands without parameters, of many short sessions: HELO or EHLO, then transactions with a few recipients; RSET, NOOP and
/// VRFY now and then. One in ten verbs is not in upper case.
pub fn commands(count: usize) -> Commands {
    let mut rng = Rng::new(21);
    let mut parts = Vec::with_capacity(count + 32);
    while parts.len() < count {
        let name = client_name(&mut rng);
        parts.push(if rng.chance(15) { CommandParts::Helo(name) } else { CommandParts::Ehlo(name) });
        for _ in 0..rng.range(1..4) {
            match rng.range(0..20) {
                0 => parts.push(CommandParts::Noop),
                1 => parts.push(CommandParts::Vrfy(rng.pick(LOCAL_WORDS).into())),
                2 => parts.push(CommandParts::Rset),
                _ => {}
            }
            parts.push(CommandParts::Mail(sender(&mut rng, false)));
            let recipients = if rng.chance(70) { 1 } else { rng.range(2..9) };
            for _ in 0..recipients {
                parts.push(CommandParts::Rcpt(recipient(&mut rng, false)));
            }
            if rng.chance(90) {
                parts.push(CommandParts::Data);
            }
        }
        parts.push(CommandParts::Quit);
    }
    parts.truncate(count);
    finish(&mut rng, parts)
}

/// MAIL and RCPT with one to six ESMTP parameters each, in the mix that MTAs and submission clients send.
pub fn esmtp_commands(count: usize) -> Commands {
    let mut rng = Rng::new(22);
    let mut parts = Vec::with_capacity(count + 8);
    while parts.len() < count {
        parts.push(CommandParts::Mail(esmtp_mail(&mut rng)));
        let recipients = if rng.chance(60) { 1 } else { rng.range(2..6) };
        for _ in 0..recipients {
            let utf8 = rng.chance(3);
            parts.push(CommandParts::Rcpt(esmtp_rcpt(&mut rng, utf8)));
        }
    }
    parts.truncate(count);
    finish(&mut rng, parts)
}

fn finish(rng: &mut Rng, parts: Vec<CommandParts>) -> Commands {
    let lines: Vec<String> = parts.iter().map(|part| spelled(rng, part)).collect();
    let messages = Messages::new(&lines);
    let readable = |octets: &Bytes| {
        let mut octets: Vec<u8> = octets.iter().map(|o| if o.is_ascii() { *o } else { b'e' }).collect();
        for at in 1..octets.len() {
            if octets[at - 1..=at] == *b"--" {
                octets[at] = b'e';
            }
        }
        Bytes::from(octets)
    };
    Commands {
        for_smtp_codec: messages.each.iter().map(readable).collect(),
        told: parts.iter().fold(0, |sum, part| part.told().wrapping_add(sum)),
        told_smtp_codec: parts.iter().map(CommandParts::told_smtp_codec).sum(),
        messages,
        parts: parts.into(),
    }
}

/// With CRLF, and the verb as some clients spell it: Python's smtplib writes `mail FROM:`, others `MAIL From:`.
pub fn spelled(rng: &mut Rng, part: &CommandParts) -> String {
    let mut line = part.line();
    match rng.range(0..30) {
        0 | 1 => {
            let verb = line.find(' ').unwrap_or(line.len());
            line[..verb].make_ascii_lowercase();
        }
        2 => line = line.replacen(" FROM:", " From:", 1).replacen(" TO:", " To:", 1),
        _ => {}
    }
    line + "\r\n"
}

const LOCAL_WORDS: &[&str] = &[
    "alice",
    "bob",
    "carol",
    "dave",
    "erin",
    "frank",
    "grace_hopper",
    "heidi",
    "ivan",
    "judy",
    "mallory",
    "info",
    "sales",
    "support-team",
    "no-reply",
    "newsletter",
    "billing",
    "webmaster",
    "mailer-daemon",
    "root",
    "o'neill",
];
const SURNAMES: &[&str] = &[
    "jones",
    "schmidt",
    "garcia",
    "rossi",
    "nguyen",
    "kowalski",
    "svensson",
    "okafor",
    "tanaka",
    "mueller",
    "van-der-berg",
    "silva",
];
const DOMAINS: &[&str] = &[
    "example.org",
    "example.com",
    "mail.example.net",
    "gmail.example",
    "outlook.example",
    "lists.example.org",
    "cs.university.example",
    "bounce.news.shop.example",
    "customers.eu-west-1.provider.example",
    "mx-17.relay.example",
    "a.test",
    "xn--bcher-kva.example",
    "intranet.corp.example.co.uk",
];
const UTF8_LOCAL: &[&str] = &["süß", "jürgen.groß", "δοκιμή", "用户", "почта", "rené+liste"];
const UTF8_DOMAINS: &[&str] = &["bücher.example", "παράδειγμα.test", "例子.example", "example.org"];

/// What a client calls itself: a host name, mostly; address literals and names of home computers now and then.
pub(super) fn client_name(rng: &mut Rng) -> String {
    match rng.range(0..20) {
        0 => format!("[192.0.2.{}]", rng.range(1..255)),
        1 => format!("[IPv6:2001:db8::{:x}]", rng.range(1..65_535)),
        2 => "localhost.localdomain".into(),
        3 => format!("DESKTOP-{:05X}", rng.range(0..1 << 20)),
        4..8 => rng.pick(HOSTS).into(),
        _ => format!(
            "mail-{}{}.{}",
            rng.pick(&["yw1-f", "out", "mx", "o"]),
            rng.range(1..999),
            rng.pick(DOMAINS)
        ),
    }
}

fn address(rng: &mut Rng) -> String {
    let mut local = String::new();
    match rng.range(0..20) {
        0..5 => local.push_str(rng.pick(LOCAL_WORDS)),
        5..12 => {
            let _ = write!(local, "{}.{}", rng.pick(LOCAL_WORDS), rng.pick(SURNAMES));
        }
        12..14 => {
            let _ = write!(local, "{}{}", rng.pick(LOCAL_WORDS), rng.range(1..2024));
        }
        14..16 => {
            let _ = write!(local, "{}+{}", rng.pick(LOCAL_WORDS), rng.pick(SURNAMES));
        }
        16 => {
            let _ = write!(local, "SRS0={}", rng.range(1000..9999));
            let _ = write!(
                local,
                "=T{}={}={}",
                rng.pick(&["5", "7A", "Q"]),
                rng.pick(DOMAINS),
                rng.pick(LOCAL_WORDS)
            );
        }
        17 => {
            let _ = write!(local, "bounces+{}-", rng.range(100_000..9_999_999));
            rng.hex(&mut local, 4);
            let _ = write!(local, "-{}={}", rng.pick(LOCAL_WORDS), rng.pick(DOMAINS));
        }
        _ => rng.hex(&mut local, 32),
    }
    format!("{local}@{}", rng.pick(DOMAINS))
}

fn plain(path: String) -> Envelope {
    Envelope { address: path.len() as u64, path, ..Envelope::default() }
}

/// A quoted local part with a blank: the quotes do not count.
fn quoted(rng: &mut Rng) -> Envelope {
    let path = format!("\"{} {}\"@{}", rng.pick(LOCAL_WORDS), rng.pick(SURNAMES), rng.pick(DOMAINS));
    Envelope { address: path.len() as u64 - 2, path, ..Envelope::default() }
}

fn sender(rng: &mut Rng, utf8: bool) -> Envelope {
    match rng.range(0..200) {
        _ if utf8 => plain(format!("{}@{}", rng.pick(UTF8_LOCAL), rng.pick(UTF8_DOMAINS))),
        0 => quoted(rng),
        1..15 => Envelope::default(),
        _ => plain(address(rng)),
    }
}

fn recipient(rng: &mut Rng, utf8: bool) -> Envelope {
    match rng.range(0..200) {
        _ if utf8 => plain(format!("{}@{}", rng.pick(UTF8_LOCAL), rng.pick(UTF8_DOMAINS))),
        0 => quoted(rng),
        1 => Envelope { path: rng.pick(&["Postmaster", "postmaster"]).into(), ..Envelope::default() },
        _ => plain(address(rng)),
    }
}

/// As xtext (RFC 3461, section 4): `+`, `=` and what is not printable in hexadecimal digits.
fn xtext(text: &str) -> String {
    let mut out = String::new();
    for octet in text.bytes() {
        if (0x21..=0x7e).contains(&octet) && octet != b'+' && octet != b'=' {
            out.push(char::from(octet));
        } else {
            let _ = write!(out, "+{octet:02X}");
        }
    }
    out
}

fn size(rng: &mut Rng) -> u64 {
    let bits = rng.range(9..25);
    rng.range(1 << bits..2 << bits) as u64
}

/// MAIL with parameters.
pub(super) fn esmtp_mail(rng: &mut Rng) -> Envelope {
    let utf8 = rng.chance(4);
    let mut mail = sender(rng, utf8);
    if rng.chance(85) {
        let size = size(rng);
        mail.add("SIZE", size.to_string(), size);
    }
    match rng.range(0..20) {
        0..9 => mail.add("BODY", "8BITMIME".to_owned(), told::BODY_8BITMIME),
        9 => mail.add("BODY", "7BIT".to_owned(), told::BODY_7BIT),
        _ => {}
    }
    if utf8 || rng.chance(3) {
        mail.add("SMTPUTF8", None, told::SMTPUTF8);
    }
    if rng.chance(12) {
        match rng.range(0..3) {
            0 => mail.add("RET", "FULL".to_owned(), told::RET_FULL),
            _ => mail.add("RET", "HDRS".to_owned(), told::RET_HDRS),
        }
        if rng.chance(80) {
            let mut id = rng.pick(&["QQ", "id+", "4Yk", "20251124.", ""]).to_owned();
            rng.hex(&mut id, 14);
            mail.add("ENVID", xtext(&id), id.len() as u64);
        }
    }
    match rng.range(0..100) {
        0..2 => mail.add("AUTH", "<>".to_owned(), 2),
        2..7 => {
            let who = address(rng);
            mail.add("AUTH", xtext(&who), who.len() as u64);
        }
        7 => {
            let seconds = rng.range(60..90_000) as u64;
            let (mode, bit) = if rng.chance(50) { ("R", told::BY_RETURN) } else { ("N", told::BY_NOTIFY) };
            mail.add("BY", format!("{seconds};{mode}"), seconds + bit);
        }
        8 => {
            let seconds = rng.range(60..900_000) as u64;
            mail.add("HOLDFOR", seconds.to_string(), seconds);
        }
        9 => {
            let priority = rng.range(0..19) as i64 - 9;
            mail.add("MT-PRIORITY", priority.to_string(), priority as u64);
        }
        10 => mail.add("REQUIRETLS", None, told::REQUIRETLS),
        _ => {}
    }
    if mail.parameters.is_empty() {
        let size = size(rng);
        mail.add("SIZE", size.to_string(), size);
    }
    reorder(rng, &mut mail);
    mail
}

/// RCPT with parameters; the address beyond ASCII if `utf8`.
pub(super) fn esmtp_rcpt(rng: &mut Rng, utf8: bool) -> Envelope {
    const NOTIFY: &[(&str, u64)] = &[
        ("NEVER", told::NOTIFY_NEVER),
        ("FAILURE", told::NOTIFY_FAILURE),
        ("FAILURE,DELAY", told::NOTIFY_FAILURE | told::NOTIFY_DELAY),
        ("DELAY,FAILURE", told::NOTIFY_FAILURE | told::NOTIFY_DELAY),
        ("SUCCESS,FAILURE", told::NOTIFY_SUCCESS | told::NOTIFY_FAILURE),
        ("SUCCESS,FAILURE,DELAY", told::NOTIFY_SUCCESS | told::NOTIFY_FAILURE | told::NOTIFY_DELAY),
        ("SUCCESS", told::NOTIFY_SUCCESS),
    ];
    let mut rcpt = recipient(rng, utf8);
    let notify = rng.chance(55);
    if notify {
        let (value, bits) = NOTIFY[rng.range(0..NOTIFY.len())];
        rcpt.add("NOTIFY", value.to_owned(), bits);
    }
    if !notify || rng.chance(60) {
        let original = address(rng);
        rcpt.add("ORCPT", format!("rfc822;{}", xtext(&original)), original.len() as u64);
    }
    if rng.chance(2) {
        let (suffix, bit) =
            if rng.chance(50) { (";C", told::RRVS_CONTINUE) } else { ("", told::RRVS_REJECT) };
        rcpt.add(
            "RRVS",
            format!("2014-04-{:02}T23:{:02}:00Z{suffix}", rng.range(1..31), rng.range(0..60)),
            bit,
        );
    }
    reorder(rng, &mut rcpt);
    rcpt
}

/// Some clients have another order, some write keywords in lower case.
fn reorder(rng: &mut Rng, envelope: &mut Envelope) {
    if rng.chance(25) {
        envelope.parameters.reverse();
    }
    if rng.chance(5) {
        for (keyword, _) in &mut envelope.parameters {
            *keyword = match *keyword {
                "SIZE" => "size",
                "BODY" => "body",
                "NOTIFY" => "Notify",
                other => other,
            };
        }
    }
}
