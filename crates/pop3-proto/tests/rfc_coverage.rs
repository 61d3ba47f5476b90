//! `docs/rfc-coverage.md` names every keyword of the tables, with the file that has it and a transcript that
//! shows it; and the tables hold every name of IANA's registries.
#![expect(clippy::unwrap_used, reason = "helpers of tests stop, too")]

use pop3_proto::{Capability, ResponseCode, Verb};
use std::collections::BTreeSet;
use std::path::Path;

/// IANA "POP3 Capabilities" and "POP3 Response Codes", as of July 2026.
const CAPABILITIES: &[&str] = &[
    "TOP",
    "USER",
    "SASL",
    "RESP-CODES",
    "LOGIN-DELAY",
    "PIPELINING",
    "EXPIRE",
    "UIDL",
    "IMPLEMENTATION",
    "STLS",
    "AUTH-RESP-CODE",
    "UTF8",
    "LANG",
];
const RESPONSE_CODES: &[&str] = &["LOGIN-DELAY", "IN-USE", "SYS/TEMP", "SYS/PERM", "AUTH", "UTF8"];

struct Row<'a> {
    name: &'a str,
    file: &'a str,
    transcript: &'a str,
}

/// The rows of the table under a heading: `| NAME | RFC | file | C parse | C write | S parse | S write | transcript |`.
fn rows<'a>(text: &'a str, heading: &str) -> Vec<Row<'a>> {
    let section = text.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<_> =
                line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
            assert_eq!(cells.len(), 6, "{line}");
            assert!(cells[3] == "both" && cells[4] == "both", "both roles parse and write: {line}");
            Row { name: cells[0], file: cells[2], transcript: cells[5] }
        })
        .collect()
}

#[test]
fn the_table_is_complete_and_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("docs/rfc-coverage.md")).unwrap();
    for (heading, keywords) in [
        ("POP3 commands", Verb::KEYWORDS),
        ("POP3 capabilities", Capability::KEYWORDS),
        ("POP3 response codes", ResponseCode::KEYWORDS),
    ] {
        let rows = rows(&text, heading);
        let listed: BTreeSet<_> = rows.iter().map(|row| row.name).collect();
        assert_eq!(listed, keywords.iter().copied().collect(), "{heading}");
        assert_eq!(listed.len(), rows.len(), "{heading}: a row twice");
        for row in rows {
            let source = std::fs::read_to_string(root.join(row.file)).unwrap();
            assert!(source.contains(&format!("\"{}\"", row.name)), "{} is not in {}", row.name, row.file);
            let transcript = std::fs::read(root.join("testdata").join(row.transcript)).unwrap();
            let shown = transcript.to_ascii_uppercase();
            let shown = shown.windows(row.name.len()).any(|window| window == row.name.as_bytes());
            assert!(shown, "{} is not shown by {}", row.name, row.transcript);
        }
    }
}

#[test]
fn the_tables_hold_the_registries() {
    let sorted = |names: &[&'static str]| names.iter().copied().collect::<BTreeSet<_>>();
    assert_eq!(sorted(Capability::KEYWORDS), sorted(CAPABILITIES));
    assert_eq!(sorted(ResponseCode::KEYWORDS), sorted(RESPONSE_CODES));
}
