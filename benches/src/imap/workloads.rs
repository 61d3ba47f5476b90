//! Deterministic inputs of IMAP.
//!
//! What is in them is what servers and clients send (Dovecot, Cyrus, Gmail, Exchange; Thunderbird, mutt, mobile clients). They stay within
//! what imap-codec 2.0.0-alpha.10 and djc's imap-proto 0.17 accept, so that all read the same bytes:
//!
//! - no FETCH item, status code or STATUS item of an extension later than UIDPLUS, no `BINARY`, no numbers above 32 bits;
//! - every status line has text; codes are those that all three type;
//! - sequence sets are ascending, so that imap-codec's normalising changes nothing.
//!
//! ESEARCH no peer can read; there ours stands alone.
//!
//! Witnesses sum typed values: numbers, dates as seconds, octets of decoded strings (one more for each, so that `""` is not NIL), flags as
//! bits. A peer that cannot tell one has a sum of its own:
//!
//! - djc's imap-proto leaves INTERNALDATE as text, flags as text, and does not take backslashes out of quoted strings;
//! - imap-codec does not let anybody read mailbox attributes that it does not know (all but four), nor what ENABLE enables.

use std::fmt::Write as _;

use crate::generator::{HOSTS, Messages, NAMES, Rng, UTF8_WORDS, WORDS, words};

/// What the witness adds up.
pub mod told {
    /// Flags of messages.
    pub const SEEN: u64 = 1;
    /// See [`SEEN`].
    pub const ANSWERED: u64 = 2;
    /// See [`SEEN`].
    pub const FLAGGED: u64 = 4;
    /// See [`SEEN`].
    pub const DELETED: u64 = 8;
    /// See [`SEEN`].
    pub const DRAFT: u64 = 16;
    /// See [`SEEN`].
    pub const RECENT: u64 = 32;
    /// `\*`
    pub const WILDCARD: u64 = 64;

    /// Attributes of mailboxes: their octets without the backslash.
    pub const ATTRIBUTES: [(&str, u64); 13] = [
        ("Noinferiors", 11),
        ("Noselect", 8),
        ("Marked", 6),
        ("Unmarked", 8),
        ("HasChildren", 11),
        ("HasNoChildren", 13),
        ("Subscribed", 10),
        ("Archive", 7),
        ("Drafts", 6),
        ("Junk", 4),
        ("Sent", 4),
        ("Trash", 5),
        ("Important", 9),
    ];
    /// What imap-codec adds for an attribute that nobody can read.
    pub const UNREAD: u64 = 1;

    /// Status lines.
    pub const OK: u64 = 1;
    /// See [`OK`].
    pub const NO: u64 = 2;
    /// See [`OK`].
    pub const BAD: u64 = 3;
    /// See [`OK`].
    pub const BYE: u64 = 4;
    /// A code, besides its values.
    pub const ALERT: u64 = 10;
    /// See [`ALERT`].
    pub const READ_ONLY: u64 = 11;
    /// See [`ALERT`].
    pub const READ_WRITE: u64 = 12;
    /// See [`ALERT`].
    pub const TRYCREATE: u64 = 13;
    /// See [`ALERT`].
    pub const UIDNEXT: u64 = 14;
    /// See [`ALERT`].
    pub const UIDVALIDITY: u64 = 15;
    /// See [`ALERT`].
    pub const UNSEEN: u64 = 16;
    /// See [`ALERT`].
    pub const PERMANENTFLAGS: u64 = 17;
    /// See [`ALERT`].
    pub const CAPABILITY: u64 = 18;
    /// See [`ALERT`].
    pub const APPENDUID: u64 = 19;
    /// See [`ALERT`].
    pub const COPYUID: u64 = 20;

    /// `*` in a sequence set.
    pub const STAR: u64 = 7;
    /// EXISTS, besides its number.
    pub const EXISTS: u64 = 30;

    /// Commands: their verb. `UID` in front of it adds one.
    pub const CAPABILITY_COMMAND: u64 = 100;
    /// See [`CAPABILITY_COMMAND`].
    pub const NOOP: u64 = 101;
    /// See [`CAPABILITY_COMMAND`].
    pub const LOGOUT: u64 = 102;
    /// See [`CAPABILITY_COMMAND`].
    pub const LOGIN: u64 = 103;
    /// See [`CAPABILITY_COMMAND`].
    pub const SELECT: u64 = 104;
    /// See [`CAPABILITY_COMMAND`].
    pub const EXAMINE: u64 = 105;
    /// See [`CAPABILITY_COMMAND`].
    pub const CREATE: u64 = 106;
    /// See [`CAPABILITY_COMMAND`].
    pub const SUBSCRIBE: u64 = 107;
    /// See [`CAPABILITY_COMMAND`].
    pub const LIST: u64 = 108;
    /// See [`CAPABILITY_COMMAND`].
    pub const STATUS: u64 = 109;
    /// See [`CAPABILITY_COMMAND`].
    pub const APPEND: u64 = 110;
    /// See [`CAPABILITY_COMMAND`].
    pub const CLOSE: u64 = 111;
    /// See [`CAPABILITY_COMMAND`].
    pub const EXPUNGE: u64 = 112;
    /// See [`CAPABILITY_COMMAND`].
    pub const IDLE: u64 = 113;
    /// See [`CAPABILITY_COMMAND`].
    pub const ENABLE: u64 = 114;
    /// See [`CAPABILITY_COMMAND`].
    pub const SEARCH: u64 = 120;
    /// See [`CAPABILITY_COMMAND`].
    pub const FETCH: u64 = 130;
    /// See [`CAPABILITY_COMMAND`].
    pub const STORE: u64 = 140;
    /// See [`CAPABILITY_COMMAND`].
    pub const COPY: u64 = 150;
    /// See [`CAPABILITY_COMMAND`].
    pub const MOVE: u64 = 160;
    /// STORE.
    pub const ADD: u64 = 1;
    /// STORE.
    pub const REMOVE: u64 = 2;
    /// STORE.
    pub const SILENT: u64 = 4;
    /// One search key, besides its value.
    pub const KEY: u64 = 3;
}

/// What everybody must tell, wrapping sums.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// All of it.
    pub all: u64,
    /// What imap-codec can tell.
    pub codec: u64,
    /// What djc's imap-proto can tell.
    pub djc: u64,
}

impl Told {
    fn add(&mut self, value: u64) {
        self.add_each(value, value, value);
    }

    fn add_each(&mut self, all: u64, codec: u64, djc: u64) {
        self.all = self.all.wrapping_add(all);
        self.codec = self.codec.wrapping_add(codec);
        self.djc = self.djc.wrapping_add(djc);
    }
}

/// Messages of one kind, and what they say.
#[derive(Clone)]
pub struct Input {
    /// The messages.
    pub messages: Messages,
    /// What they say.
    pub told: Told,
    /// How many things they are.
    pub count: u64,
}

/// Which messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// FETCH with FLAGS, UID, INTERNALDATE, RFC822.SIZE.
    Lines,
    /// FETCH with ENVELOPE.
    Envelope,
    /// FETCH with BODYSTRUCTURE of nested multiparts.
    Structure,
    /// Tagged and untagged status lines with codes.
    Status,
    /// LIST.
    List,
    /// One SEARCH line with very many UIDs.
    Search,
    /// ESEARCH with sets.
    Esearch,
    /// FETCH with a literal of about 100 KiB.
    Literal,
    /// FETCH with one literal of 16 MiB.
    Big,
    /// What a client sees when it opens a mailbox.
    Mixed,
}

impl Kind {
    /// As it stands in the names of workloads.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Lines => "fetch-lines",
            Kind::Envelope => "fetch-envelope",
            Kind::Structure => "fetch-bodystructure",
            Kind::Status => "status",
            Kind::List => "list",
            Kind::Search => "search",
            Kind::Esearch => "esearch",
            Kind::Literal => "fetch-100k",
            Kind::Big => "fetch-16m",
            Kind::Mixed => "mixed",
        }
    }

    /// What one of them is.
    pub fn unit(self) -> &'static str {
        if self == Kind::Search { "id" } else { "response" }
    }
}

/// Responses of one kind. `messages`, `listing` and `body` are those of [`Scale`](crate::generator::Scale).
pub fn responses(kind: Kind, messages: usize, listing: usize, body: usize) -> Input {
    let mut text = Text {
        rng: Rng::new(40 + kind as u64),
        out: String::new(),
        told: Told::default(),
        turn: 0,
        shape: 0,
    };
    let count = match kind {
        Kind::Search | Kind::Big => 1,
        Kind::Literal => (messages / 64).max(2),
        Kind::Structure | Kind::Esearch => messages / 4,
        _ => messages,
    };
    let mut uid = 0;
    let texts: Vec<String> = (1..=count)
        .map(|number| {
            uid += text.rng.range(1..40) as u64;
            text.response(kind, number as u64, uid, listing, body);
            std::mem::take(&mut text.out)
        })
        .collect();
    let count = if kind == Kind::Search { listing } else { count };
    Input { messages: Messages::new(&texts), told: text.told, count: count as u64 }
}

/// One SEARCH line of about so many octets.
pub fn search_line(octets: usize) -> Input {
    responses(Kind::Search, 0, octets / 7, 0)
}

/// Commands as in real sessions.
pub fn commands(count: usize) -> Input {
    let mut text = Text { rng: Rng::new(60), out: String::new(), told: Told::default(), turn: 0, shape: 0 };
    let texts: Vec<String> = (1..=count)
        .map(|number| {
            text.command(number);
            std::mem::take(&mut text.out)
        })
        .collect();
    Input { messages: Messages::new(&texts), told: text.told, count: count as u64 }
}

/// Text, and what it says.
struct Text {
    rng: Rng,
    out: String,
    told: Told,
    /// What is rare comes in turn, not by chance: so that twice as many messages have twice as much of it.
    turn: usize,
    shape: usize,
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MAILBOXES: &[&str] = &[
    "INBOX",
    "Sent",
    "Drafts",
    "Trash",
    "Archive/2023",
    "Lists/rust-users",
    "Projects/2024/Offers",
    "[Gmail]/All Mail",
    "Work & Co",
    "Entw&APw-rfe",
];

impl Text {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn number(&mut self, number: u64) {
        let _ = write!(self.out, "{number}");
        self.told.add(number);
    }

    /// Quoted, or a literal where it has to be.
    fn string(&mut self, text: &str) {
        let len = text.len() as u64 + 1;
        if !text.is_ascii() || text.contains(['\r', '\n']) {
            let _ = write!(self.out, "{{{}}}\r\n{text}", text.len());
            return self.told.add(len);
        }
        self.out.push('"');
        let mut escapes = 0;
        for letter in text.chars() {
            if matches!(letter, '"' | '\\') {
                self.out.push('\\');
                escapes += 1;
            }
            self.out.push(letter);
        }
        self.out.push('"');
        self.told.add_each(len, len, len + escapes);
    }

    fn maybe(&mut self, percent: usize, text: &str) {
        if self.rng.chance(percent) { self.string(text) } else { self.put("NIL") }
    }

    fn words(&mut self, len: usize) -> String {
        let mut out = String::new();
        words(&mut self.rng, &mut out, len);
        out
    }

    /// Words as in a subject or a name: some with quotes, some in UTF-8.
    fn human(&mut self, len: usize) -> String {
        let mut out = self.words(len);
        self.turn += 1;
        match self.turn % 30 {
            0 => {
                out.push(' ');
                out.push_str(self.rng.pick(UTF8_WORDS));
            }
            1 | 2 => out = format!("\"{out}\""),
            3..7 => {
                out = String::from("=?UTF-8?B?");
                self.rng.base64(&mut out, len);
                out.push_str("?=");
            }
            _ => {}
        }
        out
    }

    /// A date and time as in INTERNALDATE, and its seconds since 1970.
    fn date_time(&mut self) -> (String, i64) {
        let (year, month, day) = self.date();
        let (hour, minute, second) = (self.rng.range(0..24), self.rng.range(0..60), self.rng.range(0..60));
        let zone = [0_i64, 60, 120, -300, -480, 330][self.rng.range(0..6)];
        let name = MONTHS[month - 1];
        let sign = if zone < 0 { '-' } else { '+' };
        let (zone_hours, zone_minutes) = (zone.abs() / 60, zone.abs() % 60);
        let text = format!(
            "{day:>2}-{name}-{year} {hour:02}:{minute:02}:{second:02} {sign}{zone_hours:02}{zone_minutes:02}"
        );
        let local = days(year, month, day) * 86_400 + (hour * 3600 + minute * 60 + second) as i64;
        (text, local - zone * 60)
    }

    fn date(&mut self) -> (usize, usize, usize) {
        (self.rng.range(1996..2026), self.rng.range(1..13), self.rng.range(1..29))
    }

    /// Flags of a message, with their parentheses.
    fn flags(&mut self, recent: bool) {
        const SYSTEM: [(&str, u64, usize); 6] = [
            ("\\Answered", told::ANSWERED, 15),
            ("\\Flagged", told::FLAGGED, 8),
            ("\\Deleted", told::DELETED, 4),
            ("\\Seen", told::SEEN, 80),
            ("\\Draft", told::DRAFT, 3),
            ("\\Recent", told::RECENT, 5),
        ];
        const KEYWORDS: &[&str] =
            &["$Forwarded", "$MDNSent", "NonJunk", "Junk", "$label1", "$Important", "todo"];
        self.put("(");
        let mut space = "";
        for (name, value, percent) in SYSTEM {
            if self.rng.chance(percent) && (recent || value != told::RECENT) {
                let _ = write!(self.out, "{space}{name}");
                self.told.add_each(value, value, name.len() as u64);
                space = " ";
            }
        }
        let from = self.rng.range(0..KEYWORDS.len());
        for keyword in &KEYWORDS[from..] {
            if self.rng.chance(10) {
                let _ = write!(self.out, "{space}{keyword}");
                self.told.add(keyword.len() as u64);
                space = " ";
            }
        }
        self.put(")");
    }

    fn response(&mut self, kind: Kind, number: u64, uid: u64, listing: usize, body: usize) {
        match kind {
            Kind::Lines => self.lines(number, uid),
            Kind::Envelope => self.fetch(number, uid, "ENVELOPE", |text| text.envelope()),
            Kind::Structure => self.fetch(number, uid, "BODYSTRUCTURE", |text| text.structure(0)),
            Kind::Status => self.status(number),
            Kind::List => self.list(),
            Kind::Search => self.search(listing),
            Kind::Esearch => self.esearch(number),
            Kind::Literal => {
                let octets = self.rng.range(90 << 10..110 << 10);
                self.fetch(number, uid, "BODY[]", |text| text.literal(octets));
            }
            Kind::Big => {
                self.fetch(number, uid, "BODY[]", |text| text.literal(body.min(16 << 20)));
            }
            Kind::Mixed => match number * 37 % 100 {
                0..60 => self.lines(number, uid),
                60..75 => self.fetch(number, uid, "ENVELOPE", |text| text.envelope()),
                75..80 => self.fetch(number, uid, "BODYSTRUCTURE", |text| text.structure(0)),
                80..82 => {
                    let octets = self.rng.range(2 << 10..20 << 10);
                    self.fetch(number, uid, "BODY[]", |text| text.literal(octets));
                }
                82..88 => self.list(),
                88..90 => {
                    self.put("* ");
                    self.number(number);
                    self.told.add(told::EXISTS);
                    self.put(" EXISTS\r\n");
                }
                _ => self.status(number),
            },
        }
    }

    fn lines(&mut self, number: u64, uid: u64) {
        self.put("* ");
        self.number(number);
        self.put(" FETCH (");
        let first = self.rng.range(0..4);
        let items = if self.rng.chance(70) { 4 } else { self.rng.range(2..4) };
        for item in 0..items {
            if item > 0 {
                self.put(" ");
            }
            match (first + item) % 4 {
                0 => {
                    self.put("UID ");
                    self.number(uid);
                }
                1 => {
                    self.put("FLAGS ");
                    self.flags(true);
                }
                2 => {
                    let (text, seconds) = self.date_time();
                    let _ = write!(self.out, "INTERNALDATE \"{text}\"");
                    self.told.add_each(seconds as u64, seconds as u64, text.len() as u64);
                }
                _ => {
                    let digits = self.rng.range(3..8) as u32;
                    let size = self.rng.range(10_usize.pow(digits - 1)..10_usize.pow(digits));
                    self.put("RFC822.SIZE ");
                    self.number(size as u64);
                }
            }
        }
        self.put(")\r\n");
    }

    fn fetch(&mut self, number: u64, uid: u64, name: &str, value: impl FnOnce(&mut Self)) {
        self.put("* ");
        self.number(number);
        self.put(" FETCH (");
        if self.rng.chance(50) {
            self.put("UID ");
            self.number(uid);
            self.put(" ");
        }
        self.put(name);
        self.put(" ");
        value(self);
        self.put(")\r\n");
    }

    /// A message: lines of words. It tells its size, and the octet in its middle.
    fn literal(&mut self, octets: usize) {
        let _ = write!(self.out, "{{{octets}}}\r\n");
        let start = self.out.len();
        while self.out.len() < start + octets {
            let len = self.rng.range(20..76);
            words(&mut self.rng, &mut self.out, len);
            self.out.push_str("\r\n");
        }
        self.out.truncate(start + octets);
        let middle = self.out.as_bytes()[start + octets / 2];
        self.told.add(octets as u64 + u64::from(middle));
    }

    fn address(&mut self) {
        self.told.add(1);
        self.put("(");
        let len = self.rng.range(5..22);
        let name = self.human(len);
        self.maybe(75, &name);
        self.put(" NIL ");
        let local = self.rng.pick(NAMES);
        self.string(local);
        self.put(" ");
        let host = self.rng.pick(HOSTS);
        self.string(host);
        self.put(")");
    }

    fn addresses(&mut self, count: usize) {
        if count == 0 {
            return self.put("NIL");
        }
        self.put("(");
        for _ in 0..count {
            self.address();
        }
        self.put(")");
    }

    fn message_id(&mut self) -> String {
        let mut id = String::from("<");
        let digits = self.rng.range(16..40);
        self.rng.hex(&mut id, digits);
        let _ = write!(id, "@{}>", self.rng.pick(HOSTS));
        id
    }

    fn envelope(&mut self) {
        let (year, month, day) = self.date();
        let (hour, minute) = (self.rng.range(0..24), self.rng.range(0..60));
        let date = format!("Tue, {day} {} {year} {hour:02}:{minute:02}:07 +0200", MONTHS[month - 1]);
        self.put("(");
        self.string(&date);
        self.put(" ");
        let len = self.rng.range(8..80);
        let subject = self.human(len);
        self.maybe(97, &subject);
        let counts = [1, 1, 1, self.rng.range(1..5), self.rng.range(0..3), 0];
        for count in counts {
            self.put(" ");
            self.addresses(count);
        }
        self.put(" ");
        let id = self.message_id();
        self.maybe(40, &id);
        self.put(" ");
        let id = self.message_id();
        self.maybe(98, &id);
        self.put(")");
    }

    /// `(name value ...)` or NIL.
    fn parameters(&mut self, parameters: &[(&str, &str)]) {
        if parameters.is_empty() {
            return self.put("NIL");
        }
        for (n, (name, value)) in parameters.iter().enumerate() {
            self.put(if n == 0 { "(" } else { " " });
            self.string(name);
            self.put(" ");
            self.string(value);
        }
        self.put(")");
    }

    /// Extension data from the disposition on.
    fn extension(&mut self, file: Option<&str>) {
        self.put(" ");
        match file {
            Some(name) => {
                self.put("(");
                self.string("attachment");
                self.put(" ");
                self.parameters(&[("filename", name)]);
                self.put(")");
            }
            None => self.put("NIL"),
        }
        self.put(" ");
        match self.rng.range(0..20) {
            0 => self.string("en"),
            1 => {
                self.put("(");
                self.string("de");
                self.put(" ");
                self.string("en");
                self.put(")");
            }
            _ => self.put("NIL"),
        }
        self.put(" NIL");
    }

    fn single(
        &mut self,
        main: &str,
        sub: &str,
        parameters: &[(&str, &str)],
        encoding: &str,
        file: Option<&str>,
    ) {
        self.put("(");
        self.string(main);
        self.put(" ");
        self.string(sub);
        self.put(" ");
        self.parameters(parameters);
        self.put(" ");
        let id = self.message_id();
        self.maybe(15, &id);
        self.put(" ");
        let description = self.words(20);
        self.maybe(5, &description);
        self.put(" ");
        self.string(encoding);
        self.put(" ");
        let octets = self.rng.range(100..3_000_000) as u64;
        self.number(octets);
        if main == "text" {
            self.put(" ");
            self.number(octets / 40);
        }
        self.put(" NIL");
        self.extension(file);
        self.put(")");
    }

    fn text_part(&mut self, sub: &str) {
        let charset = self.rng.pick(&["utf-8", "us-ascii", "iso-8859-1", "UTF-8"]);
        let encoding = self.rng.pick(&["7bit", "8bit", "quoted-printable", "base64"]);
        let both = [("charset", charset), ("format", "flowed")];
        let count = self.rng.range(1..3);
        self.single("text", sub, &both[..count], encoding, None);
    }

    fn multipart(&mut self, sub: &str, depth: usize, parts: &[u8]) {
        self.put("(");
        for part in parts {
            match part {
                b'p' => self.text_part("plain"),
                b'h' => self.text_part("html"),
                b'a' => self.multipart("alternative", depth + 1, b"ph"),
                b'r' => self.multipart("related", depth + 1, b"hf"),
                b'm' => self.message(depth + 1),
                b's' => self.structure(depth + 1),
                _ => {
                    let (main, sub) = [
                        ("application", "pdf"),
                        ("image", "png"),
                        ("image", "jpeg"),
                        ("application", "octet-stream"),
                        ("application", "vnd.openxmlformats-officedocument.wordprocessingml.document"),
                    ][self.rng.range(0..5)];
                    let name = format!("{}.{}", self.words(14), &sub[..3]);
                    self.single(main, sub, &[("name", &name)], "base64", Some(&name));
                }
            }
        }
        self.put(" ");
        self.string(sub);
        self.put(" ");
        let mut boundary = String::from("----=_Part_");
        self.rng.hex(&mut boundary, 20);
        self.parameters(&[("boundary", &boundary)]);
        self.extension(None);
        self.put(")");
    }

    fn message(&mut self, depth: usize) {
        self.put("(");
        self.string("message");
        self.put(" ");
        self.string("rfc822");
        self.put(" NIL NIL NIL ");
        self.string("7bit");
        self.put(" ");
        let octets = self.rng.range(1000..300_000) as u64;
        self.number(octets);
        self.put(" ");
        self.envelope();
        self.put(" ");
        self.structure(depth + 1);
        self.put(" ");
        self.number(octets / 50);
        self.put(" NIL");
        self.extension(None);
        self.put(")");
    }

    /// The outermost part is always a multipart.
    fn structure(&mut self, depth: usize) {
        let sub = "mixed";
        self.shape += usize::from(depth == 0);
        match if depth > 3 { 0 } else { (self.shape + depth * self.rng.range(0..10)) % 10 } {
            0 | 1 => self.multipart("alternative", depth, b"ph"),
            2 => self.multipart("alternative", depth, b"pr"),
            3 => self.multipart(sub, depth, b"pf"),
            4 => self.multipart(sub, depth, b"af"),
            5 => self.multipart(sub, depth, b"afff"),
            6 => self.multipart(sub, depth, b"rff"),
            7 => self.multipart(sub, depth, b"pm"),
            8 => self.multipart(sub, depth, b"sm"),
            _ => self.multipart(sub, depth, b"sf"),
        }
    }

    fn status(&mut self, number: u64) {
        let tagged = self.rng.chance(40);
        let (name, value) = match self.rng.range(0..20) {
            0 if !tagged => ("BYE", told::BYE),
            1 => ("BAD", told::BAD),
            2..5 => ("NO", told::NO),
            _ => ("OK", told::OK),
        };
        if tagged {
            let tag = format!("{}{number}", self.rng.pick(&["a", "A", "tag", "x1y"]));
            self.told.add(tag.len() as u64);
            let _ = write!(self.out, "{tag} {name} ");
        } else {
            let _ = write!(self.out, "* {name} ");
        }
        self.told.add(value);
        let random = self.rng.range(1..1 << 31) as u64;
        match if value == told::OK { self.rng.range(0..14) } else { self.rng.range(12..16) } {
            0 => self.code("READ-WRITE", told::READ_WRITE, |_| ()),
            1 => self.code("READ-ONLY", told::READ_ONLY, |_| ()),
            2 => self.code("UIDNEXT ", told::UIDNEXT, |text| text.number(random)),
            3 => self.code("UIDVALIDITY ", told::UIDVALIDITY, |text| text.number(random)),
            4 => self.code("UNSEEN ", told::UNSEEN, |text| text.number(random)),
            5 | 6 => self.code("PERMANENTFLAGS (", told::PERMANENTFLAGS, Self::permanent_flags),
            7 | 8 => self.code("CAPABILITY ", told::CAPABILITY, Self::capabilities),
            9 => self.code("APPENDUID ", told::APPENDUID, |text| {
                text.number(random);
                text.put(" ");
                text.uid(random / 7 + 1);
            }),
            10 | 11 => self.code("COPYUID ", told::COPYUID, |text| {
                text.number(random);
                text.put(" ");
                text.set(false);
                text.put(" ");
                text.set(false);
            }),
            14 => self.code("TRYCREATE", told::TRYCREATE, |_| ()),
            15 => self.code("ALERT", told::ALERT, |_| ()),
            _ => {}
        }
        let len = self.rng.range(10..60);
        let words = self.words(len);
        self.told.add(words.len() as u64);
        self.put(&words);
        self.put("\r\n");
    }

    fn code(&mut self, name: &str, value: u64, arguments: impl FnOnce(&mut Self)) {
        self.told.add(value);
        let _ = write!(self.out, "[{name}");
        arguments(self);
        self.put("] ");
    }

    fn permanent_flags(&mut self) {
        const ALL: [(&str, u64); 5] = [
            ("\\Answered", told::ANSWERED),
            ("\\Flagged", told::FLAGGED),
            ("\\Deleted", told::DELETED),
            ("\\Seen", told::SEEN),
            ("\\Draft", told::DRAFT),
        ];
        for (name, value) in ALL {
            let _ = write!(self.out, "{name} ");
            self.told.add_each(value, value, name.len() as u64);
        }
        for keyword in ["$Forwarded", "NonJunk", "$MDNSent", "Junk"] {
            if self.rng.chance(40) {
                let _ = write!(self.out, "{keyword} ");
                self.told.add(keyword.len() as u64);
            }
        }
        self.put("\\*)");
        self.told.add_each(told::WILDCARD, told::WILDCARD, 2);
    }

    /// How many there are, is told.
    fn capabilities(&mut self) {
        self.put("IMAP4rev1");
        self.told.add(1);
        for word in [
            "LITERAL+",
            "SASL-IR",
            "AUTH=PLAIN",
            "LOGIN-REFERRALS",
            "ID",
            "ENABLE",
            "IDLE",
            "SORT",
            "THREAD=REFERENCES",
            "MULTIAPPEND",
            "UNSELECT",
            "CHILDREN",
            "NAMESPACE",
            "UIDPLUS",
            "LIST-EXTENDED",
            "CONDSTORE",
            "QRESYNC",
            "ESEARCH",
            "SPECIAL-USE",
            "MOVE",
        ] {
            if self.rng.chance(70) {
                let _ = write!(self.out, " {word}");
                self.told.add(1);
            }
        }
    }

    /// A single number of a set: both ends of its range are told.
    fn uid(&mut self, uid: u64) {
        let _ = write!(self.out, "{uid}");
        self.told.add(2 * uid);
    }

    /// An ascending set.
    fn set(&mut self, star: bool) {
        let mut at = self.rng.range(1..5000) as u64;
        let count = self.rng.range(1..6);
        for n in 0..count {
            if n > 0 {
                self.put(",");
            }
            if self.rng.chance(50) {
                self.uid(at);
            } else {
                let end = at + self.rng.range(1..200) as u64;
                let _ = write!(self.out, "{at}:{end}");
                self.told.add(at + end);
                at = end;
            }
            at += self.rng.range(2..1000) as u64;
        }
        if star && self.rng.chance(20) {
            let _ = write!(self.out, ",{at}:*");
            self.told.add(at + told::STAR);
        }
    }

    fn list(&mut self) {
        self.put("* LIST (");
        let mut space = "";
        let child = if self.rng.chance(30) { 4 } else { 5 };
        for (n, (name, value)) in told::ATTRIBUTES.into_iter().enumerate() {
            let percent = match n {
                0 | 1 => 4,
                2 | 3 => 15,
                4 | 5 if n == child => 80,
                4 | 5 => 0,
                _ => 4,
            };
            if self.rng.chance(percent) {
                let _ = write!(self.out, "{space}\\{name}");
                self.told.add_each(value, if n < 4 { value } else { told::UNREAD }, value);
                space = " ";
            }
        }
        self.put(") ");
        match self.rng.range(0..20) {
            0 => self.put("NIL"),
            1..8 => {
                self.put("\".\"");
                self.told.add(u64::from(b'.'));
            }
            _ => {
                self.put("\"/\"");
                self.told.add(u64::from(b'/'));
            }
        }
        self.put(" ");
        let mailbox = self.mailbox_name();
        self.mailbox(&mailbox);
        self.put("\r\n");
    }

    fn mailbox_name(&mut self) -> String {
        if self.rng.chance(40) {
            return self.rng.pick(MAILBOXES).to_owned();
        }
        let mut name = String::from(self.rng.pick(&["Archive", "Lists", "Projects", "Customers"]));
        for _ in 0..self.rng.range(1..4) {
            let word = self.rng.pick(WORDS);
            let word: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
            let _ = write!(name, "/{word}{}", self.rng.range(0..1000));
        }
        name
    }

    /// As most servers and clients write it: an atom where that is possible, or always quoted.
    fn mailbox(&mut self, name: &str) {
        self.told.add(name.len() as u64);
        let atom = name.bytes().all(|o| o.is_ascii_alphanumeric() || matches!(o, b'/' | b'.' | b'-' | b'&'));
        if atom && self.rng.chance(60) {
            self.put(name);
        } else {
            let _ = write!(self.out, "\"{name}\"");
        }
    }

    fn search(&mut self, listing: usize) {
        self.put("* SEARCH");
        let mut uid = 0;
        for _ in 0..listing {
            let gap = [3, 12, 60][self.rng.range(0..3)];
            uid += self.rng.range(1..gap) as u64;
            self.put(" ");
            self.number(uid);
        }
        self.put("\r\n");
    }

    fn esearch(&mut self, number: u64) {
        let tag = format!("a{number}");
        let _ = write!(self.out, "* ESEARCH (TAG \"{tag}\") UID");
        self.told.add(tag.len() as u64);
        let count = self.rng.range(1..100_000) as u64;
        for name in ["MIN", "MAX", "COUNT"] {
            if self.rng.chance(50) {
                let _ = write!(self.out, " {name} ");
                self.number(count);
            }
        }
        self.put(" ALL ");
        let count = self.rng.range(1..8);
        let mut base = 0;
        for n in 0..count {
            if n > 0 {
                self.put(",");
            }
            let start = base + self.rng.range(2..9000) as u64;
            let end = start + self.rng.range(1..300) as u64;
            let _ = write!(self.out, "{start}:{end}");
            self.told.add(start + end);
            base = end;
        }
        self.put("\r\n");
    }

    fn astring(&mut self, text: &str) {
        self.told.add(text.len() as u64);
        if text.bytes().all(|o| o.is_ascii_alphanumeric() || matches!(o, b'-' | b'.' | b'@')) {
            self.put(text);
        } else {
            let _ = write!(self.out, "\"{text}\"");
        }
    }

    /// `UID` in front of a command.
    fn uid_prefix(&mut self, verb: &str, value: u64) {
        let uid = self.rng.chance(80);
        let _ = write!(self.out, "{}{verb} ", if uid { "UID " } else { "" });
        self.told.add(value + u64::from(uid));
    }

    fn verb(&mut self, verb: &str, value: u64) {
        self.put(verb);
        self.told.add(value);
    }

    fn command(&mut self, number: usize) {
        let tag = format!("{}{number}", self.rng.pick(&["a", "A", "DCI", "x.", "tag"]));
        self.told.add(tag.len() as u64);
        self.put(&tag);
        self.put(" ");
        match self.rng.range(0..100) {
            0..3 => self.verb("CAPABILITY", told::CAPABILITY_COMMAND),
            3..8 => self.verb("NOOP", told::NOOP),
            8..10 => self.verb("LOGOUT", told::LOGOUT),
            10..14 => {
                self.verb("LOGIN ", told::LOGIN);
                let name = self.rng.pick(NAMES);
                self.astring(name);
                self.put(" ");
                let mut password = String::new();
                let len = self.rng.range(8..24);
                self.rng.base64(&mut password, len);
                self.astring(&password);
            }
            14..20 => {
                self.verb("SELECT ", told::SELECT);
                let name = self.mailbox_name();
                self.mailbox(&name);
            }
            20..23 => {
                self.verb("EXAMINE ", told::EXAMINE);
                let name = self.mailbox_name();
                self.mailbox(&name);
            }
            23..25 => {
                self.verb("CREATE ", told::CREATE);
                let name = self.mailbox_name();
                self.mailbox(&name);
            }
            25..27 => {
                self.verb("SUBSCRIBE ", told::SUBSCRIBE);
                let name = self.mailbox_name();
                self.mailbox(&name);
            }
            27..31 => {
                self.verb("LIST \"\" ", told::LIST);
                let pattern = self.rng.pick(&["*", "%", "Archive/%", "Lists/*"]);
                self.told.add(pattern.len() as u64);
                let quoted = self.rng.chance(70);
                let quote = if quoted { "\"" } else { "" };
                let _ = write!(self.out, "{quote}{pattern}{quote}");
            }
            31..36 => {
                self.verb("STATUS ", told::STATUS);
                let name = self.mailbox_name();
                self.mailbox(&name);
                let items = ["MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "RECENT"];
                let count = self.rng.range(1..6);
                self.told.add(count as u64);
                let _ = write!(self.out, " ({})", items[..count].join(" "));
            }
            36..39 => self.append(),
            39..41 => self.verb("CLOSE", told::CLOSE),
            41..43 => self.verb("EXPUNGE", told::EXPUNGE),
            43..47 => self.verb("IDLE", told::IDLE),
            47..48 => {
                self.verb("ENABLE CONDSTORE QRESYNC", told::ENABLE);
                self.told.add(2);
            }
            48..60 => {
                self.uid_prefix("SEARCH", told::SEARCH);
                self.keys();
            }
            60..82 => {
                self.uid_prefix("FETCH", told::FETCH);
                self.set(true);
                self.put(" ");
                self.fetch_items();
            }
            82..92 => {
                self.uid_prefix("STORE", told::STORE);
                self.set(true);
                self.put(" ");
                let (sign, value) = [("", 0), ("+", told::ADD), ("-", told::REMOVE)][self.rng.range(0..3)];
                self.put(sign);
                self.put("FLAGS");
                self.told.add(value);
                if self.rng.chance(60) {
                    self.put(".SILENT");
                    self.told.add(told::SILENT);
                }
                self.put(" ");
                self.flags(false);
            }
            92..96 => {
                self.uid_prefix("COPY", told::COPY);
                self.set(true);
                self.put(" ");
                let name = self.mailbox_name();
                self.mailbox(&name);
            }
            _ => {
                self.uid_prefix("MOVE", told::MOVE);
                self.set(true);
                self.put(" ");
                let name = self.mailbox_name();
                self.mailbox(&name);
            }
        }
        self.put("\r\n");
    }

    fn append(&mut self) {
        self.verb("APPEND ", told::APPEND);
        let name = self.mailbox_name();
        self.mailbox(&name);
        self.put(" ");
        self.flags(false);
        self.put(" ");
        let (text, seconds) = self.date_time();
        let _ = write!(self.out, "\"{text}\" ");
        self.told.add(seconds as u64);
        let octets = self.rng.range(300..3000);
        self.literal(octets);
    }

    fn fetch_items(&mut self) {
        match self.rng.range(0..10) {
            0 => {
                self.put("FLAGS");
                self.told.add(1);
            }
            1..4 => {
                self.put("(UID FLAGS)");
                self.told.add(2);
            }
            4 | 5 => {
                self.put("(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)");
                self.told.add(6);
            }
            6 | 7 => {
                let fields = ["From", "To", "Cc", "Subject", "Date", "Message-ID", "References"];
                let count = self.rng.range(1..8);
                let octets: usize = fields[..count].iter().map(|field| field.len()).sum();
                let _ = write!(
                    self.out,
                    "(UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS ({})])",
                    fields[..count].join(" ")
                );
                self.told.add(4 + octets as u64);
            }
            8 => {
                self.put("(UID BODY.PEEK[])");
                self.told.add(2);
            }
            _ => {
                let part = self.rng.range(1..5) as u64;
                let offset = self.rng.range(0..100_000) as u64;
                let _ = write!(self.out, "BODY[{part}.2]<{offset}.65536>");
                self.told.add(1 + part + 2 + offset + 65_536);
            }
        }
    }

    fn keys(&mut self) {
        for n in 0..self.rng.range(1..4) {
            if n > 0 {
                self.put(" ");
            }
            self.told.add(told::KEY);
            match self.rng.range(0..10) {
                0 => self.put("UNSEEN"),
                1 => self.put("UNDELETED"),
                2 | 3 => {
                    self.put("SUBJECT ");
                    let words = self.words(12).replace('"', "");
                    self.astring(&words);
                }
                4 => {
                    self.put("FROM ");
                    let name = self.rng.pick(NAMES);
                    self.astring(name);
                }
                5 => {
                    self.put("UID ");
                    self.set(true);
                }
                6 => {
                    let (year, month, day) = self.date();
                    let _ = write!(self.out, "SINCE {day}-{}-{year}", MONTHS[month - 1]);
                    self.told.add((year + month + day) as u64);
                }
                7 => {
                    self.put("LARGER ");
                    let size = self.rng.range(1000..1_000_000) as u64;
                    self.number(size);
                }
                8 => {
                    self.put("OR SEEN NOT FLAGGED");
                    self.told.add(3 * told::KEY);
                }
                _ => {
                    self.put("HEADER Message-ID ");
                    self.told.add(10);
                    let id = self.message_id();
                    self.astring(&id);
                }
            }
        }
    }
}

/// Days since 1970 (Howard Hinnant's days_from_civil).
fn days(year: usize, month: usize, day: usize) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    (era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year) as i64 - 719_468
}
