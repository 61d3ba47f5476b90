//! The dictionaries are those of the keyword tables. `UPDATE=1 cargo test` writes them anew.

use imap_proto::{
    Code, Command, ConditionKind, CreateParameter, EsearchItem, Flag, GetMetadataOption, ListExtended, ListReturn, ListSelection,
    MailboxAttribute, MailboxFilter, MetadataEntry, NotifyEvent, QuotaResource, Response, ReturnOption, SearchKey,
    SelectParameter, SortKey, StatusItem, ThreadAlgorithm, UrlFetchParameter,
};
use pop3_proto::{ResponseCode, Verb};
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

/// What no table has: indicators, literals, values, items of FETCH, what stands in sections, ends of lines.
const IMAP: &[&str] = &[
    "* ", "+ ", "+", "a ", "a UID ", "* 1 ", "* 1 FETCH (", "\r\n", "\n", "\r", "\0", "\t", "  ", " ", "(", ")", "((", "))", ") (", "()",
    "[", "]", "[]", "<", ">", "<0>", "<0.10>", "\"", "\"\"", "\\", "\\\"", "\\*", "*", "%", "NIL", "\"NIL\"", "\"/\"", "INBOX",
    "{0}\r\n", "{1}\r\n", "{3}\r\nabc", "{1+}\r\n", "{3+}\r\nabc", "~{1}\r\n", "~{3}\r\nabc", "{0}\n", "{", "}", "+}", "~",
    "{9223372036854775807}\r\n", "{9223372036854775808}\r\n", " 0", " 1", "-1", " 4294967295", " 4294967296", " 9223372036854775807",
    " 9223372036854775808", "1:*", "*:4", "1,2:4", "1:4294967295", "$", "<1:2>", "-1:-100", "1:100",
    "17-Jul-1996", "\"17-Jul-1996 02:44:25 -0700\"", "\" 1-Feb-2020 00:00:00 +0000\"", "1-Feb-2020",
    "FLAGS (", "BODY", "BODY[", "BODY.PEEK[", "BINARY[", "BINARY.PEEK[", "BINARY.SIZE[", "BODYSTRUCTURE", "ENVELOPE", "INTERNALDATE",
    "RFC822", "RFC822.SIZE", "RFC822.HEADER", "RFC822.TEXT", "UID", "MODSEQ (", "EMAILID (", "THREADID (", "THREADID NIL", "SAVEDATE",
    "PREVIEW", "PREVIEW (LAZY)", "X-GM-MSGID", "X-GM-THRID", "X-GM-LABELS (", "ANNOTATION (", "FAST", "FULL", "ALL", "MIME", "TEXT",
    "HEADER", "HEADER.FIELDS (", "HEADER.FIELDS.NOT (", "1.2.3", "1.MIME", "(CHANGEDSINCE 1 VANISHED)", "(UNCHANGEDSINCE 1)",
    "(PARTIAL 1:100)", "+FLAGS", "-FLAGS", "+FLAGS.SILENT (", "FLAGS.SILENT", "value.priv", "size.shared", "/comment",
    "(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1)", "\"TEXT\"", "\"PLAIN\"", "\"MESSAGE\" \"RFC822\"", "\"MIXED\"",
    "(\"CHARSET\" \"UTF-8\")", "((NIL NIL \"a\" \"b\"))", "(NIL NIL \"a\" NIL)", "NIL NIL NIL NIL",
    "CHARSET UTF-8", "RETURN (", "(TAG \"a\")", "(UIDVALIDITY 1 UIDNEXT 1", "(1 (2 3)(4))", "IN (", "MODSEQ 1", "MODSEQ \"/flags/\\\\draft\" all",
    "CATENATE (", "URL \"/a;UID=1\"", "TEXT {1}\r\na", "UTF8 (~{1}\r\na)", "imap://u@h/m;UID=1;URLAUTH=anonymous",
    ":internal:91354a473744909de610943775f92038", "&AOk-", "caf\u{e9}", "PLAIN", "dGVzdA==", "=", "(USE (\\Drafts))",
    "(QRESYNC (1 1 1:2 (1 1)))", "(EARLIER)", "(\"a\" \"b\")", "DEPTH infinity", "SUBTREE", "(SELECTED (MessageNew", "SET STATUS",
    "OK [", "NO [", "BAD [", "PREAUTH ", "BYE ",
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
    let capabilities = pop3_proto::Capability::KEYWORDS.iter().map(|word| word.to_string());
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
fn imap() {
    let commands = Command::KEYWORDS.iter().map(|word| format!("{word} "));
    let responses = Response::KEYWORDS.iter().map(|word| format!("* {word} "));
    let codes = Code::KEYWORDS.iter().map(|word| format!("[{word}"));
    let tables: &[&[&str]] = &[
        imap_proto::Capability::KEYWORDS,
        ConditionKind::KEYWORDS,
        CreateParameter::KEYWORDS,
        EsearchItem::KEYWORDS,
        Flag::KEYWORDS,
        GetMetadataOption::KEYWORDS,
        ListExtended::KEYWORDS,
        ListReturn::KEYWORDS,
        ListSelection::KEYWORDS,
        MailboxAttribute::KEYWORDS,
        MailboxFilter::KEYWORDS,
        MetadataEntry::KEYWORDS,
        NotifyEvent::KEYWORDS,
        QuotaResource::KEYWORDS,
        ReturnOption::KEYWORDS,
        SearchKey::KEYWORDS,
        SelectParameter::KEYWORDS,
        SortKey::KEYWORDS,
        StatusItem::KEYWORDS,
        ThreadAlgorithm::KEYWORDS,
        UrlFetchParameter::KEYWORDS,
    ];
    let words = tables.iter().copied().flatten().map(|word| word.to_string());
    let others = IMAP.iter().map(|word| word.to_string());
    current("imap.dict", commands.chain(responses).chain(codes).chain(words).chain(others));
}

#[test]
fn wire_dot() {
    current("wire_dot.dict", DOT.iter().map(|word| word.to_string()));
}
