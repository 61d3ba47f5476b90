//! `docs/rfc-coverage.md` names every row of the tables, with the file that has it and a transcript in which our parsers find it;
//! and the tables hold every name of the registries.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop, too")]

use bytes::Bytes;
use smtp_proto::{
    Command, Condition, Ehlo, Keyword, MailKeyword, RcptKeyword, Reply, ReplyCode, ReplyLine, Verb,
};
use std::collections::BTreeSet;
use std::path::Path;
use wire::testing::{Recording, Side};
use wire::{Context, Tolerance};

// Copies of IANA's registries "SMTP Service Extensions", "SMTP Enhanced Status Codes" and of what the RFCs in them define, as of July
// 2026.

/// Commands of the RFCs; SEND, SOML and SAML are kept as `Other`.
const COMMANDS: &[&str] = &[
    "HELO", "EHLO", "MAIL", "RCPT", "DATA", "RSET", "VRFY", "EXPN", "HELP", "NOOP", "QUIT", "TURN", "BDAT",
    "STARTTLS", "AUTH", "BURL", "ETRN", "ATRN", "LHLO",
];
/// Commands of servers.
const PRIVATE_COMMANDS: &[&str] = &["XCLIENT", "XFORWARD"];
const OBSOLETE_COMMANDS: &[&str] = &["SEND", "SOML", "SAML", "VERB", "ONEX"];

const KEYWORDS: &[&str] = &[
    "HELP",
    "EXPN",
    "VRFY",
    "SEND",
    "SOML",
    "SAML",
    "TURN",
    "SIZE",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "PIPELINING",
    "ENHANCEDSTATUSCODES",
    "DSN",
    "STARTTLS",
    "AUTH",
    "SMTPUTF8",
    "UTF8SMTP",
    "DELIVERBY",
    "FUTURERELEASE",
    "MT-PRIORITY",
    "REQUIRETLS",
    "RRVS",
    "LIMITS",
    "BURL",
    "NO-SOLICITING",
    "MTRK",
    "SUBMITTER",
    "CONPERM",
    "CONNEG",
    "CHECKPOINT",
    "ETRN",
    "ATRN",
    "VERB",
    "ONEX",
];
/// Keywords of servers, and the old form of AUTH.
const PRIVATE_KEYWORDS: &[&str] = &[
    "AUTH=",
    "XCLIENT",
    "XFORWARD",
    "XEXCH50",
    "X-EXPS",
    "XRDST",
    "X-LINK2STATE",
    "CLIENTID",
    "PIPECONNECT",
    "PRDR",
    "XEXDATA",
    "XRCPTFORWARD",
    "XVERP",
    "XSECURITY",
];

/// Parameters of MAIL, and the keyword of the extension that each belongs to.
const MAIL: &[(&str, &str)] = &[
    ("SIZE", "SIZE"),
    ("BODY", "8BITMIME"),
    ("RET", "DSN"),
    ("ENVID", "DSN"),
    ("AUTH", "AUTH"),
    ("SMTPUTF8", "SMTPUTF8"),
    ("ALT-ADDRESS", "UTF8SMTP"),
    ("BY", "DELIVERBY"),
    ("HOLDFOR", "FUTURERELEASE"),
    ("HOLDUNTIL", "FUTURERELEASE"),
    ("MT-PRIORITY", "MT-PRIORITY"),
    ("REQUIRETLS", "REQUIRETLS"),
    ("SOLICIT", "NO-SOLICITING"),
    ("MTRK", "MTRK"),
    ("SUBMITTER", "SUBMITTER"),
    ("CONPERM", "CONPERM"),
    ("TRANSID", "CHECKPOINT"),
];
const RCPT: &[(&str, &str)] = &[
    ("NOTIFY", "DSN"),
    ("ORCPT", "DSN"),
    ("ALT-ADDRESS", "UTF8SMTP"),
    ("RRVS", "RRVS"),
    ("CONNEG", "CONNEG"),
];

const CODES: &[u16] = &[
    211, 214, 220, 221, 235, 250, 251, 252, 253, 334, 354, 355, 421, 422, 430, 432, 450, 451, 452, 453, 454,
    455, 458, 459, 500, 501, 502, 503, 504, 521, 523, 524, 525, 530, 533, 534, 535, 538, 550, 551, 552, 553,
    554, 555, 556,
];

/// The highest detail of each subject from 0 on; none is left out.
const DETAILS: &[u16] = &[0, 10, 4, 6, 8, 6, 10, 30];

struct Row<'a> {
    name: &'a str,
    file: &'a str,
    transcript: &'a str,
}

/// The rows of the table under a heading: `| NAME | RFC | file | parse | write | transcript |`.
fn rows<'a>(text: &'a str, heading: &str) -> Vec<Row<'a>> {
    let start = format!("{heading}\n");
    let section = text.split("\n## ").find(|section| section.starts_with(&start)).unwrap();
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

/// What both sides of a transcript said, line by line.
fn lines(path: &Path) -> Vec<(Side, Vec<u8>)> {
    let file = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_some_and(|extension| extension == "wire") {
        let recording = Recording::parse(&file).unwrap();
        return [Side::Client, Side::Server]
            .into_iter()
            .flat_map(|side| {
                let stream = recording.stream(side);
                let lines: Vec<_> = stream.split_inclusive(|&o| o == b'\n').map(<[u8]>::to_vec).collect();
                lines.into_iter().map(move |line| (side, line))
            })
            .collect();
    }
    let side = |label: &str| if label == "C:" { Side::Client } else { Side::Server };
    String::from_utf8(file)
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("C:") || line.starts_with("S:"))
        .map(|line| (side(&line[..2]), format!("{}\r\n", line[2..].trim_start()).into_bytes()))
        .collect()
}

fn commands(path: &Path) -> impl Iterator<Item = Command> {
    lines(path).into_iter().filter(|(side, _)| *side == Side::Client).filter_map(|(_, line)| {
        let frame = Bytes::from(line);
        Command::parse_in(&Context::new(&frame, Tolerance::Lenient)).ok()
    })
}

/// Replies, each of one line.
fn replies(path: &Path) -> impl Iterator<Item = Reply> {
    lines(path).into_iter().filter(|(side, _)| *side == Side::Server).filter_map(|(_, mut line)| {
        if let Some(separator) = line.get_mut(3).filter(|separator| **separator == b'-') {
            *separator = b' ';
        }
        Reply::parse(&line.into()).ok()
    })
}

fn offers(reply: &Reply, keyword: &str) -> bool {
    let first = format!("250-mx.example\r\n{}", String::from_utf8_lossy(reply.as_bytes()));
    reply.code() == ReplyCode::OK
        && Ehlo::parse(&first.into()).is_ok_and(|ehlo| {
            let found = ehlo.iter().next().and_then(|capability| capability.keyword());
            found.is_some_and(|found| found.name() == keyword)
        })
}

/// Holds a table against the names of the code, and against its transcripts.
fn check(
    heading: &str,
    names: &[String],
    source: impl Fn(&str) -> String,
    shows: impl Fn(&str, &Path) -> bool,
) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("docs/rfc-coverage.md")).unwrap();
    let rows = rows(&text, heading);
    let listed: BTreeSet<_> = rows.iter().map(|row| row.name).collect();
    assert_eq!(listed, names.iter().map(String::as_str).collect(), "{heading}");
    assert_eq!(listed.len(), rows.len(), "{heading}: a row twice");
    for row in rows {
        let file = std::fs::read_to_string(root.join(row.file)).unwrap();
        assert!(file.contains(&source(row.name)), "{} is not in {}", row.name, row.file);
        let transcript = root.join("testdata").join(row.transcript);
        assert!(shows(row.name, &transcript), "{heading}: {} is not shown by {}", row.name, row.transcript);
    }
}

fn owned<T: ToString>(names: impl IntoIterator<Item = T>) -> Vec<String> {
    names.into_iter().map(|name| name.to_string()).collect()
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

#[test]
fn commands_are_shown() {
    check("SMTP commands", &owned(Verb::KEYWORDS), quoted, |name, path| {
        commands(path).any(|command| command.verb() == Verb::of(name.as_bytes()))
    });
}

#[test]
fn keywords_are_shown() {
    check("EHLO keywords", &owned(Keyword::KEYWORDS), quoted, |name, path| {
        replies(path).any(|reply| offers(&reply, name))
    });
}

#[test]
fn parameters_are_shown() {
    let names = owned(MailKeyword::ALL.iter().map(|keyword| keyword.name()));
    check("MAIL parameters", &names, quoted, |name, path| {
        let keyword = *MailKeyword::ALL.iter().find(|keyword| keyword.name() == name).unwrap();
        commands(path).any(|command| matches!(command, Command::Mail(mail) if mail.get(keyword).is_some()))
    });
    let names = owned(RcptKeyword::ALL.iter().map(|keyword| keyword.name()));
    check("RCPT parameters", &names, quoted, |name, path| {
        let keyword = *RcptKeyword::ALL.iter().find(|keyword| keyword.name() == name).unwrap();
        commands(path).any(|command| matches!(command, Command::Rcpt(rcpt) if rcpt.get(keyword).is_some()))
    });
}

#[test]
fn codes_are_shown() {
    let source = |name: &str| format!("= {name}, \"");
    check("SMTP reply codes", &owned(ReplyCode::DEFINED), source, |name, path| {
        replies(path).any(|reply| reply.code().to_string() == name)
    });
    let text = |condition: Condition| format!("X.{}.{}", condition.subject(), condition.detail());
    let source = |name: &str| {
        let numbers: Vec<_> = name.split('.').skip(1).collect();
        format!("= {}, \"", numbers.join(", "))
    };
    let names: Vec<_> = Condition::REGISTERED.iter().map(|&condition| text(condition)).collect();
    check("Enhanced status codes", &names, source, |name, path| {
        let has = |line: ReplyLine<'_>| line.enhanced.is_some_and(|code| text(code.condition()) == name);
        replies(path).any(|reply| reply.lines().any(has))
    });
}

#[test]
fn the_tables_hold_the_registries() {
    let sorted = |names: &[&[&'static str]]| names.concat().into_iter().collect::<BTreeSet<_>>();
    assert_eq!(sorted(&[Verb::KEYWORDS]), sorted(&[COMMANDS, PRIVATE_COMMANDS]));
    assert!(OBSOLETE_COMMANDS.iter().all(|name| Verb::of(name.as_bytes()) == Verb::Other));
    assert_eq!(sorted(&[Keyword::KEYWORDS]), sorted(&[KEYWORDS, PRIVATE_KEYWORDS]));
    let belongs = |name: &'static str, extension: Option<Keyword>| (name, extension.unwrap().name());
    let mail = MailKeyword::ALL.iter().map(|keyword| belongs(keyword.name(), keyword.extension()));
    assert_eq!(mail.collect::<BTreeSet<_>>(), MAIL.iter().copied().collect());
    let rcpt = RcptKeyword::ALL.iter().map(|keyword| belongs(keyword.name(), keyword.extension()));
    assert_eq!(rcpt.collect::<BTreeSet<_>>(), RCPT.iter().copied().collect());
    assert!(ReplyCode::DEFINED.iter().map(|code| code.get()).eq(CODES.iter().copied()));
    let conditions =
        DETAILS.iter().zip(0..).flat_map(|(&last, subject)| (0..=last).map(move |d| (subject, d)));
    let registered = Condition::REGISTERED.iter().map(|condition| (condition.subject(), condition.detail()));
    assert!(registered.eq(conditions));
}
