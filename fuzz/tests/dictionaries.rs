//! The dictionaries are those of the keyword tables. `UPDATE=1 cargo test` writes them anew.

use pop3_proto::{Capability, ResponseCode, Verb};
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
fn wire_dot() {
    current("wire_dot.dict", DOT.iter().map(|word| word.to_string()));
}
