//! The dictionaries are those of the keyword tables. `UPDATE=1 cargo test` writes them anew.

use pop3_proto::{Capability, ResponseCode, Verb};
use smtp_proto::{Attributes, Keyword, MailKeyword, RcptKeyword};
use std::collections::BTreeSet;
use std::path::Path;

/// What no table has: indicators, mechanisms, ends of lines and of bodies, and what decides about them.
const POP3: &[&str] = &[
    "+OK",
    "-ERR",
    "+OK ",
    "-ERR ",
    "+ ",
    "=",
    "*",
    "\r\n",
    "\n",
    "\r",
    ".\r\n",
    "\r\n.\r\n",
    "..",
    "\0",
    "\t",
    "  ",
    " 1",
    " 1 2",
    " 4294967295",
    " 4294967296",
    " 18446744073709551615",
    "XTND",
    "XTND XLST",
    "NEVER",
    " USER",
    "PLAIN",
    "SCRAM-SHA-256",
    "<1896.697170952@dbc.mtview.ca.us>",
    "dGVzdA==",
    "AHRpbQB0",
    "c4c9334bac560ecc979e58001b3e22fb",
    "pop://",
    ";AUTH=",
    "+APOP",
    "%41",
    "@",
    "[::1]",
    ":110",
    "1 x\r\n",
    "1 120\r\n",
];

/// What no table has: codes, paths, values of parameters, ends of lines and of content, and what decides about them.
const SMTP: &[&str] = &[
    "220 ",
    "250 ",
    "250-",
    "354 ",
    "334 ",
    "235 ",
    "421 ",
    "550 ",
    "355 ",
    "5.1.1 ",
    "2.0.0 ",
    "FROM:<",
    "TO:<",
    "<>",
    "<a@b>",
    "<Postmaster>",
    "<@a,@b:c@d>",
    "\"a\\b\"@c",
    "@[127.0.0.1]",
    "@[IPv6:::1]",
    "\u{fc}@\u{fc}.de",
    "> ",
    "=",
    ";",
    "+",
    "+2B",
    "+3D",
    "+0D+0A",
    "\\x{FC}",
    "7BIT",
    "8BITMIME",
    "BINARYMIME",
    "FULL",
    "HDRS",
    "NEVER",
    "SUCCESS,FAILURE,DELAY",
    "rfc822;",
    "utf-8;",
    "120;R",
    "-1;NT",
    "2030-01-01T00:00:00Z",
    "2014-04-03T23:01:00.5+02:00;C",
    " LAST",
    " 0 LAST",
    " 3",
    "abc",
    "18446744073709551615",
    "18446744073709551616",
    "999999999",
    "PLAIN",
    "SCRAM-SHA-256",
    "dGVzdA==",
    "AGEAYg==",
    "*",
    "\r\n",
    "\n",
    "\r",
    ".",
    ".\r\n",
    "\r\n.\r\n",
    "\n.\n",
    "\r.\r",
    "\r\n.\n",
    "\n.\r\n",
    "\r\n..",
    "\0",
    "\t",
    "  ",
    "GET / HTTP/1.1",
    "\u{16}\u{3}",
    "SMTPUTF8",
    "MAILMAX=3",
    "RCPTMAX=2",
    "[UNAVAILABLE]",
];

/// Ends of lines and of bodies, and dots.
const DOT: &[&str] = &[
    "\r\n",
    "\n",
    "\r",
    ".",
    "..",
    ".\r\n",
    ".\n",
    ".\r",
    "\r\n.\r\n",
    "\n.\n",
    "\r.\r",
    "\n.\r\n",
    "\r\n..",
];

/// What the messages of mechanisms are made of, and what decides about them.
const AUTH: &[&str] = &[
    "\r\n",
    "\0",
    "\u{1}",
    ",",
    "=",
    "=2C",
    "=3D",
    "=3d",
    "\"",
    "\\\"",
    " ",
    ":",
    "tim",
    "tom",
    "staff",
    "sirhc",
    "tanstaaf",
    "wrong",
    "n,,",
    "y,,",
    "p=tls-unique,,",
    "p=tls-exporter,,",
    "p=tls-server-end-point,,",
    "n,a=staff,",
    ",n=tim",
    ",r=",
    "r=",
    ",s=",
    ",i=1",
    ",i=4096",
    "c=biws",
    ",p=",
    "v=",
    "e=invalid-proof",
    "e=unknown-user",
    "m=x",
    ",x=y",
    "fyko+d2lbbFgONRv9qkxdawL",
    "3rfcNHYJY1ZVvWVs7j%hvYDpWUa2RaT",
    "{SCRAM-SHA-1}",
    "{SCRAM-SHA-256}",
    "SCRAM-SHA-256$4096:",
    "SCRAM-SHA3-512$",
    "$",
    "4096,",
    "4294967295",
    "4294967296",
    "realm=\"elwood.innosoft.com\"",
    "nonce=\"",
    "qop=\"auth\"",
    "qop=auth",
    "algorithm=md5-sess",
    "charset=utf-8",
    "username=\"",
    "cnonce=\"",
    "nc=00000001",
    "digest-uri=\"imap/elwood.innosoft.com\"",
    "response=",
    "authzid=\"staff\"",
    "rspauth=",
    "maxbuf=65536",
    "cipher=\"rc4\"",
    "stale=true",
    "auth=Bearer ",
    "user=",
    "host=server.example.com",
    "port=143",
    "\u{1}\u{1}",
    "{\"status\":\"401\"}",
    "\"schemes\":\"bearer\"",
    "\"scope\":\"mail\"",
    "\\u0041",
    "\\ud83d\\ude00",
    "[]",
    "null",
    "1e9",
    "otp-md5 9 ke1234 ext",
    "otp-sha1 49 ke1235 ext",
    "hex:",
    "word:",
    "init-hex:",
    "init-word:",
    "OUST COAT FOAL MUG BEAK TOTE",
    "9e876134d90499dd",
    "md5 50 ke1235:",
    "<1896.697170952@dbc.mtview.ca.us>",
    "b913a602c7eda7a495b4e6e7334d3890",
    "B913A602C7EDA7A495B4E6E7334D3890",
    "\u{ad}",
    "\u{a0}",
    "\u{aa}",
    "\u{2168}",
    "\u{627}",
    "\u{221}",
    "\u{345}",
    "\u{1e9e}",
    "\u{3c2}",
    "\u{ff21}",
    "\u{130}",
];

fn entry(word: &str) -> String {
    let octets = word.bytes().map(|octet| match octet {
        b'"' | b'\\' => format!("\\{}", octet as char),
        b' '..=b'~' => (octet as char).to_string(),
        _ => format!("\\x{octet:02X}"),
    });
    format!("\"{}\"\n", octets.collect::<String>())
}

fn current(name: &str, words: impl IntoIterator<Item = String>) {
    let words: BTreeSet<String> = words.into_iter().map(|word| entry(&word)).collect();
    let expected = words.into_iter().collect::<String>();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("dict").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, expected, "{name} is old: run `UPDATE=1 cargo test`");
}

#[test]
fn pop3() {
    let verbs = Verb::KEYWORDS.iter().flat_map(|word| [format!("{word}\r\n"), format!("{word} ")]);
    let capabilities = Capability::KEYWORDS.iter().map(|word| word.to_string());
    let codes = ResponseCode::KEYWORDS.iter().map(|word| format!("[{word}]"));
    let others = POP3.iter().map(|word| word.to_string());
    current("pop3.dict", verbs.chain(capabilities).chain(codes).chain(others));
}

#[test]
fn smtp() {
    let verbs =
        smtp_proto::Verb::KEYWORDS.iter().flat_map(|word| [format!("{word}\r\n"), format!("{word} ")]);
    let keywords = Keyword::KEYWORDS.iter().map(|word| word.to_string());
    let mail = MailKeyword::ALL.iter().map(|keyword| format!(" {}", keyword.name()));
    let rcpt = RcptKeyword::ALL.iter().map(|keyword| format!(" {}", keyword.name()));
    let attributes = Attributes::NAMES.iter().map(|name| format!("{name}="));
    let others = SMTP.iter().map(|word| word.to_string());
    current("smtp.dict", verbs.chain(keywords).chain(mail).chain(rcpt).chain(attributes).chain(others));
}

#[test]
fn wire_dot() {
    current("wire_dot.dict", DOT.iter().map(|word| word.to_string()));
}

#[test]
fn auth() {
    let mechanisms =
        fuzz::pairs::pairs().into_iter().map(|pair| (pair.client)("tim", "x").profile().name.to_owned());
    current("auth.dict", mechanisms.chain(AUTH.iter().map(|word| word.to_string())));
}
