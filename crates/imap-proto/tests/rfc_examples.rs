//! Every line that the IMAP RFCs show parses under `Tolerance::Strict`, in its role, to values that are typed, and round-trips; but for
//! those that the RFCs themselves got wrong or no longer allow, each of which is listed here with what becomes of it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop, too")]

use bytes::Bytes;
use imap_proto::{
    Capability, Challenge, Code, Command, ConditionKind, Context, FrameLimits, Framed, Framer, Greeting,
    Literals, Options, Response, SearchKey, Side, TaggedCommand, rule,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::Path;
use wire::{Output, Rule, Tolerance, sasl};

/// The RFCs with IMAP in them.
const RFCS: &[u16] = &[
    1730, 1731, 2060, 2086, 2087, 2088, 2177, 2180, 2192, 2193, 2221, 2342, 2359, 2595, 2971, 3348, 3501,
    3502, 3503, 3691, 4314, 4315, 4466, 4467, 4469, 4549, 4550, 4551, 4731, 4959, 4978, 5032, 5092, 5161,
    5162, 5182, 5255, 5256, 5257, 5258, 5259, 5267, 5464, 5465, 5466, 5524, 5530, 5550, 5738, 5819, 6154,
    6203, 6237, 6785, 6851, 6858, 7162, 7377, 7628, 7888, 7889, 8438, 8440, 8457, 8474, 8508, 8514, 8970,
    9051, 9208, 9394, 9585, 9586, 9590, 9698, 9738, 10022,
];

/// These are of SMTP, POP3 or ACAP, too.
const MIXED: &[u16] = &[2595, 4550, 5550, 7628];

/// The other files: SMTP, LMTP and POP3.
const OTHERS: &[u16] = &[
    788, 821, 1081, 1082, 1225, 1425, 1426, 1427, 1460, 1651, 1652, 1653, 1725, 1734, 1830, 1845, 1854, 1869,
    1870, 1891, 1939, 1985, 2033, 2034, 2197, 2384, 2449, 2487, 2554, 2645, 2821, 2852, 2920, 3030, 3207,
    3461, 3865, 4141, 4405, 4468, 4954, 5034, 5321, 6152, 6710, 6758, 6856, 7293, 8689, 9422,
];

/// What becomes of a line that is not as today's RFCs want it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// The grammar has nothing against it.
    Taken,
    /// Strict parsers take it, and remark on it.
    Remarked(Rule),
    /// Strict parsers refuse it; the usual ones take it, and say so.
    Mended(&'static [Rule]),
    /// The same, and what is wrong stays in the value.
    Kept(&'static [Rule]),
    /// Strict parsers remark on the form of its response code, and leave it as it came; the usual ones mend it.
    Untyped(&'static [Rule]),
    /// Only lenient parsers take it, and say so.
    Lenient(&'static [Rule]),
    /// Nobody takes it.
    Refused,
    /// The RFC prints it for the wrong side.
    OtherSide,
    /// It is how the RFC prints something, not what goes over the wire.
    Notation,
}

use Fate::{Kept, Lenient, Mended, Notation, OtherSide, Refused, Remarked, Taken, Untyped};

/// What the files mark as wrong: by the start of the mark, and how often.
const WRONG: &[(&str, Fate, usize)] = &[
    ("no text at the end", Mended(&[rule::MISSING_TEXT]), 51),
    ("two SP where the grammar has one", Mended(&[rule::EXTRA_SPACE]), 11),
    ("SP (and text) after \"+\" lost in print", Mended(&[rule::MISSING_TEXT]), 6),
    ("FETCH data needs an outer \"(...)\"", Mended(&[rule::MISSING_PARENTHESES]), 6),
    ("unbalanced \"()\"", Mended(&[rule::MISSING_PARENTHESES]), 3),
    ("\"OK\" is missing after the tag", Refused, 3),
    ("erratum 503: \"OK\" is missing after the tag", Refused, 2),
    ("several entries need \"(...)\"", Mended(&[rule::MISSING_PARENTHESES]), 2),
    ("no \"FLAGS\" word in APPEND", Taken, 2),
    ("by the ABNF the options stand before the mailbox name", Mended(&[rule::ITEM_ORDER]), 2),
    ("there is no fetch item SIZE", Taken, 1),
    ("the search key is KEYWORD", Taken, 1),
    ("the command is GETJMAPACCESS", Taken, 1),
    ("the charset list needs \"(...)\"", Untyped(&[rule::MISSING_PARENTHESES]), 1),
    ("erratum 7323: the charset list needs \"(...)\"", Untyped(&[rule::MISSING_PARENTHESES]), 1),
    ("must be \"* 93 EXISTS\"", Kept(&[rule::RESPONSE_FORM]), 1),
    ("erratum 4046: the URL in BADURL is bare, not quoted", Untyped(&[rule::STRING_FORM]), 1),
    ("erratum 2318: MESSAGES was asked for and is missing", Taken, 1),
    ("an untagged response with a tag in front", Refused, 1),
    ("SP missing between the first two namespaces", Mended(&[rule::MISSING_SPACE]), 1),
    ("SP missing before the reference name", Mended(&[rule::MISSING_SPACE]), 1),
    ("SP missing after HEADER.FIELDS", Mended(&[rule::MISSING_SPACE]), 1),
    ("ESEARCH return data stand without \"(...)\"", Lenient(&[rule::EXTRA_PARENTHESES]), 1),
];

const NO_OK: &str = "OK is missing";
const OBSOLETE: &str = "obsolete: RFC 1730";
const PRINT: &str = "printed over several lines, which no label joins";

/// Single lines, by their RFC and start (those of fewer than eight octets are meant whole), what becomes of them, and why.
const ODD: &[(u16, &str, Fate, &str)] = &[
    (1730, "S: * 1 FETCH (RFC822 {1024}", Notation, "the literal is elided"),
    (1730, "S: Return-Path: <gray@", Notation, "the same"),
    (1730, "C: A002 SUBSCRIBE MAILBOX ", Refused, OBSOLETE),
    (1730, "C: A002 UNSUBSCRIBE MAILBOX ", Refused, OBSOLETE),
    (1731, "S: +", Mended(&[rule::MISSING_TEXT]), "the space behind + is lost in print"),
    (
        2193,
        "S: * OK [PERMANENTFLAGS (Answered Deleted Seen ]",
        Mended(&[rule::CODE_FORM, rule::MISSING_TEXT]),
        "marked wrong: no text; the code is cut in print, too",
    ),
    (
        4314,
        "C: A035 SETACL INBOX/Drafts John lrQswicda",
        Kept(&[rule::ATOM_OCTET]),
        "shows an error: rights are in lower case; the server says BAD",
    ),
    (4314, "S: a005 Listrights successful", Refused, NO_OK),
    (4314, "S: A006 Select Completed", Refused, NO_OK),
    (4549, "S: SEARCH 12368", Refused, "* is missing"),
    (
        4549,
        "S: * 27 FETCH (UID 123 INTERNALDATE \"31-May-2002 05:26:59 -0600\" FLAGS (\\Seen $MDNSent) BODY[]",
        Kept(&[rule::INVALID_ITEM, rule::MISSING_PARENTHESES]),
        "marked wrong: unbalanced; a literal is missing, too",
    ),
    (4549, "S: )", Notation, "the end of the same"),
    (4549, "S: A001 STORE completed", Refused, NO_OK),
    (4549, "S: A002 STORE completed", Refused, NO_OK),
    (4549, "S: A003 STORE completed", Refused, NO_OK),
    (4549, "S: A004 STORE completed", Refused, NO_OK),
    (4549, "S: A001 UID EXPUNGE completed", Refused, NO_OK),
    (4549, "S: A001 UID SEARCH completed", Refused, NO_OK),
    (4549, "S: B001 UID SEARCH completed", Refused, NO_OK),
    (4549, "S: B002 UID SEARCH completed", Refused, NO_OK),
    (4549, "S: A002 UID STORE completed", Refused, NO_OK),
    (4549, "S: A004 UID STORE completed", Refused, NO_OK),
    (4549, "S: A003 EXPUNGE completed", Refused, NO_OK),
    (4550, "C: a002 OK URLFETCH completed", OtherSide, "the RFC labels it so"),
    (4550, "S: a003 LOGOUT", OtherSide, "the same"),
    (4550, "C: * BYE See you later", OtherSide, "the same"),
    (4550, "C: a003 OK Logout successful", OtherSide, "the same, marked wrong"),
    (4550, "S: * URLFETCH \"imap://bob.ar@example.org/INBOX;", Notation, PRINT),
    (4550, "S: \"imap://bob.ar@example.org/INBOX;", Notation, PRINT),
    (4550, "S: UIDVALIDITY=385759045/;", Notation, PRINT),
    (4550, "S: expire=2006-10-28T23:59:59Z;", Notation, PRINT),
    (4550, "S: internal:BEEFA0DEAD473744909de610943775f9\" {15065}", Notation, PRINT),
    (5257, "S: * 1 FETCH (FLAGS (\\Seen)) ANNOTATION (/comment))", Refused, "marked wrong: unbalanced"),
    (
        5259,
        "S: * 3 FETCH (BODY[1.MIME] {118}",
        Mended(&[rule::MISSING_PARENTHESES]),
        "the last parenthesis is missing",
    ),
    (5259, "S: * 3 CONVERTED (TAG \"D012\") (BODY[1.MIME] {109}", Refused, "the same"),
    (5259, "S: * 2 CONVERTED (TAG \"f001\") (AVAILABLECONVERSIONS[2] ", Refused, "the same"),
    (
        5259,
        "S: * 2 CONVERTED (TAG \"e002\") (BODYPARTSTRUCTURE[2] (",
        Mended(&[rule::EMPTY_LIST]),
        "parameters are NIL or some, not none in parentheses",
    ),
    (5259, "C: b001 CONVERT 2 BINARY[3 (", Refused, "of an older draft"),
    (5267, "C: B01 SORT RETURN (UPDATE) FLAGGED", Refused, "nothing to sort by, no charset"),
    (5267, "C: B02 UID SORT RETURN (UPDATE COUNT) UTF-8", Refused, "nothing to sort by"),
    (
        5465,
        "C: b notify set status (selected MessageNew ",
        Mended(&[rule::MISSING_PARENTHESES, rule::MISSING_PARENTHESES]),
        "no parentheses around the events",
    ),
    (
        5465,
        "C: e notify set (selected MessageNew ",
        Mended(&[rule::MISSING_PARENTHESES, rule::MISSING_PARENTHESES, rule::MISSING_PARENTHESES]),
        "the same",
    ),
    (5465, "S: d STATUS completed", Refused, "marked wrong: OK is missing (erratum 2318)"),
    (5550, "S: * URLFETCH \"imap://bob.ar@example.org/INBOX;", Notation, PRINT),
    (5550, "S: \"imap://bob.ar@example.org/INBOX;", Notation, PRINT),
    (5550, "S: UIDVALIDITY=385759045/;", Notation, PRINT),
    (5550, "S: expire=2006-10-28T23:59:59Z;", Notation, PRINT),
    (5550, "S: internal:BEEFA0DEAD473744909de610943775f9\" {15065}", Notation, PRINT),
    (
        5524,
        "S: * URLFETCH \"imap://joe@example.com/INBOX/;uid=20/;section=1.3;urlauth=anonymous:internal:ae354a473744909de610943775f92038\" (BODYPARTSTRUCTURE",
        Mended(&[rule::EMPTY_LIST]),
        "no parameters are NIL, not ()",
    ),
    (
        5524,
        "S: * URLFETCH \"imap://joe@example.com/INBOX/;uid=20/;section=1.4;urlauth=anonymous:internal:87ecbd02095b815e699503fc20d869c8\" (BODYPARTSTRUCTURE",
        Mended(&[rule::EMPTY_LIST]),
        "no parameters are NIL, not ()",
    ),
    (9051, "S: * OK [UIDVALIDITY 9877410381]", Remarked(rule::CODE_FORM), "more than 32 bits"),
];

/// What stays `Other` in values that strict parsers take, as its `Debug` begins, and why no RFC in force has it.
const UNKNOWN: &[(u16, &str, &str)] = &[
    (1730, "OtherCommand { name: XPIG-LATIN", "made up"),
    (1730, "OtherResponse { tag: None, number: None, name: XPIG-LATIN", "made up"),
    (1730, "capability XPIG-LATIN", "made up"),
    (1730, "Parameter { name: RFC822.HEADER.LINES", OBSOLETE),
    (1730, "OtherCommand { name: PARTIAL", OBSOLETE),
    (1730, "OtherCommand { name: FIND", OBSOLETE),
    (1730, "OtherResponse { tag: None, number: None, name: MAILBOX", OBSOLETE),
    (1730, "OtherResponse { tag: None, number: Some(44), name: COPY", OBSOLETE),
    (1730, "OtherResponse { tag: None, number: Some(69), name: STORE", OBSOLETE),
    (1730, "OtherCommand { name: BLURDYBLOOP", "made up"),
    (2060, "OtherCommand { name: XPIG-LATIN", "made up"),
    (2060, "OtherResponse { tag: None, number: None, name: XPIG-LATIN", "made up"),
    (2060, "capability XPIG-LATIN", "made up"),
    (2060, "OtherCommand { name: BLURDYBLOOP", "made up"),
    (2193, "[PERMANENTFLAGS (Answered Deleted Seen ]", "backslashes and more are lost in print"),
    (3501, "OtherCommand { name: XPIG-LATIN", "made up"),
    (3501, "OtherResponse { tag: None, number: None, name: XPIG-LATIN", "made up"),
    (3501, "capability XPIG-LATIN", "made up"),
    (3501, "OtherCommand { name: BLURDYBLOOP", "made up"),
    (3503, "key `KEYWORDS $mdnsent`", "marked wrong"),
    (4466, "Parameter { name: RESPONSES", "made up"),
    (4466, "Parameter { name: BLURDYBLOOP", "made up"),
    (4467, "XSAMPLE", "made up"),
    (4549, "capability SCAN", "never registered"),
    (4550, "OtherAppend { name: FLAGS", "marked wrong"),
    (5161, "X-GOOD-IDEA", "made up"),
    (5161, "capability X-GOOD-IDEA", "made up"),
    (5259, "OtherAttribute { name: `BODYSTRUCTURE[4]`", "BODYPARTSTRUCTURE[4] is meant"),
    (5550, "OtherAppend { name: FLAGS", "marked wrong"),
    (5738, "Parameter { name: SIZE", "marked wrong"),
    (9051, "OtherCommand { name: XPIG-LATIN", "made up"),
    (9051, "OtherResponse { tag: None, number: None, name: XPIG-LATIN", "made up"),
    (9051, "capability XPIG-LATIN", "made up"),
    (9051, "X-GOOD-IDEA", "made up"),
    (9051, "capability X-GOOD-IDEA", "made up"),
    (9051, "OtherCommand { name: BLURDYBLOOP", "made up"),
    (9051, "(\"tablecloth\"", "made up"),
    (9051, "(\"Sample\"", "made up"),
    (9051, "[UIDVALIDITY 9877410381]", "more than 32 bits"),
    (9698, "OtherCommand { name: JMAPACCESS", "marked wrong"),
];

const UNPRINTED: &str = "its octets are not printed";
const ELIDED: &str = "its octets are not all printed";

/// Literals that are printed with another number of octets than announced: what stands there, what would be right.
const SIZES: &[(u16, &str, &str, &str)] = &[
    (1730, "{102856}", "{0}\r\n", UNPRINTED),
    (2060, "{102856}", "{0}\r\n", UNPRINTED),
    (3501, "{102856}", "{0}\r\n", UNPRINTED),
    (3502, "{1023}", "{0}\r\n", UNPRINTED),
    (3502, "{35403}", "{0}\r\n", UNPRINTED),
    (4469, "{738}", "{721}", "other indentation?"),
    (4469, "{541}", "{540}", "other indentation?"),
    (4549, "{1036}", "{80}", ELIDED),
    (4549, "{16777215}", "{0}\r\n", UNPRINTED),
    (4549, "{286}", "{281}", "other names?"),
    (4549, "{286+}", "{281+}", "the same"),
    (4550, "{475}", "{474}", "off by one"),
    (4550, "92038\" {15065}", "92038\" {0}\r\n", UNPRINTED),
    (5257, "{310}", "{19}", ELIDED),
    (5259, "(TAG \"a001\") (BINARY[3] {2135}", "(TAG \"a001\") (BINARY[3] {31}", ELIDED),
    (5259, "(TAG \"b001\") (BINARY[3] {2135}", "(TAG \"b001\") (BINARY[3] {61}", ELIDED),
    (5259, "{135}", "{58}", ELIDED),
    (5259, "~{4182}", "~{91}", ELIDED),
    (5259, " {4182}", " {22}", ELIDED),
    (5524, "{28}", "{30}", "the last CRLF is not counted"),
    (5524, "{123}", "{42}", ELIDED),
    (5524, "{164}", "{35}", ELIDED),
    (5550, "{475}", "{474}", "off by one"),
    (5550, "92038\" {15065}", "92038\" {0}\r\n", UNPRINTED),
    (8474, "{733}", "{67}", ELIDED),
    (8474, "{793}", "{120}", ELIDED),
    (8474, "{736}", "{67}", ELIDED),
    (8508, "{312}", "{310}", "the CRLF of the command is counted"),
    (8508, "{350}", "{348}", "the same"),
    (8508, "{1201534}", "{676}", ELIDED),
    (9051, "{102856}", "{0}\r\n", UNPRINTED),
];

/// Commands and responses that this crate does not have yet. From the day on which it has them, their examples must be typed, too.
const NOT_YET: &[&str] = &[];

#[derive(Default)]
struct Count {
    commands: usize,
    responses: usize,
    greetings: usize,
    challenges: usize,
    sasl: usize,
    done: usize,
    same_octets: usize,
    not_literal: usize,
    not_yet: BTreeMap<&'static str, usize>,
    wrong: BTreeMap<&'static str, usize>,
    odd: BTreeSet<(u16, &'static str)>,
    unknown: BTreeSet<(u16, &'static str)>,
    sizes: BTreeSet<(u16, &'static str)>,
    fates: BTreeMap<String, usize>,
    failures: Vec<String>,
}

#[test]
fn every_line_parses_and_round_trips() {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/rfc-examples");
    let files = std::fs::read_dir(&testdata).unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.strip_prefix("rfc")?.strip_suffix(".txt")?.parse().ok()
    });
    let known = RFCS.iter().chain(OTHERS).copied().collect();
    assert_eq!(files.collect::<BTreeSet<u16>>(), known, "each file is of a protocol");

    let mut count = Count::default();
    for &rfc in RFCS {
        let text = std::fs::read_to_string(testdata.join(format!("rfc{rfc:04}.txt"))).unwrap();
        for example in text.split("\n\n").filter(|example| !MIXED.contains(&rfc) || is_imap(example)) {
            Session::new(rfc, &mut count).play(example);
        }
    }
    println!(
        "{} commands, {} responses, {} of them greetings, {} challenges, {} responses to them, {} DONE; {} written as printed; \
         {} lines not literal; not yet: {:?}; odd: {:?}",
        count.commands,
        count.responses,
        count.greetings,
        count.challenges,
        count.sasl,
        count.done,
        count.same_octets,
        count.not_literal,
        count.not_yet,
        count.fates,
    );
    assert!(count.failures.is_empty(), "{}:\n{}", count.failures.len(), count.failures.join("\n"));
    assert_eq!(count.wrong, WRONG.iter().map(|&(mark, _, times)| (mark, times)).collect(), "each is met");
    assert_eq!(count.odd, ODD.iter().map(|&(rfc, line, ..)| (rfc, line)).collect());
    assert_eq!(count.unknown, UNKNOWN.iter().map(|&(rfc, name, _)| (rfc, name)).collect());
    assert_eq!(count.sizes, SIZES.iter().map(|&(rfc, printed, ..)| (rfc, printed)).collect());
}

/// By its first line: a greeting, another response, or a command that we know.
fn is_imap(example: &str) -> bool {
    let first = example.lines().find(|line| line.starts_with("C: ") || line.starts_with("S: "));
    first.is_some_and(|line| match line.split_at(3) {
        ("S: ", response) => response.starts_with("* ") && !response.starts_with("* ACAP"),
        (_, command) => command.split(' ').nth(1).is_some_and(|word| {
            word == "UID" || Command::KEYWORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
        }),
    })
}

/// Octets of one side, up to the end of a message.
#[derive(Default)]
struct Pending {
    /// As the RFC has the first line, with its side.
    line: String,
    octets: Vec<u8>,
    wrong: Option<String>,
}

struct Session<'c> {
    rfc: u16,
    count: &'c mut Count,
    client: Pending,
    server: Pending,
    /// AUTHENTICATE runs.
    authenticates: bool,
    /// A challenge waits for its response.
    challenged: bool,
    idles: bool,
    /// Nothing was seen yet.
    fresh: bool,
}

impl<'c> Session<'c> {
    fn new(rfc: u16, count: &'c mut Count) -> Self {
        Self {
            rfc,
            count,
            client: Pending::default(),
            server: Pending::default(),
            authenticates: false,
            challenged: false,
            idles: false,
            fresh: true,
        }
    }

    fn fails(&mut self, what: &str, line: &str) {
        let shown: String = line.chars().take(400).collect();
        self.count.failures.push(format!("RFC {}: {what}: {}", self.rfc, shown.escape_debug()));
    }

    fn play(&mut self, example: &str) {
        let (mut not_literal, mut wrong) = (false, None);
        let lines: Vec<_> = example.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            not_literal |= line.starts_with("# not literal");
            if let Some(mark) = line.strip_prefix("# wrong: ") {
                wrong = Some(mark.to_owned());
            }
            let Some((side @ ("C:" | "S:"), text)) = line.split_at_checked(2) else { continue };
            let text = text.strip_prefix(' ').unwrap_or(text);
            let side = if side == "C:" { Side::Client } else { Side::Server };
            let literal = !std::mem::take(&mut not_literal);
            // a remark on the next line
            let mut remarks = lines[at + 1..].iter().take_while(|line| line.starts_with('#'));
            let goes_on = remarks.any(|remark| remark.starts_with("# same line"));
            self.line(side, line, text, literal, goes_on, wrong.take());
        }
        for pending in [std::mem::take(&mut self.client), std::mem::take(&mut self.server)] {
            if !pending.octets.is_empty() {
                let octets = String::from_utf8_lossy(&pending.octets).into_owned();
                self.unended(&pending, &octets);
            }
        }
    }

    fn line(
        &mut self,
        side: Side,
        line: &str,
        text: &str,
        literal: bool,
        goes_on: bool,
        wrong: Option<String>,
    ) {
        let fate = self.odd(line);
        let side = match (fate, side) {
            (Some(OtherSide), Side::Client) => Side::Server,
            (Some(OtherSide), Side::Server) => Side::Client,
            _ => side,
        };
        let begins = match side {
            Side::Client => self.client.octets.is_empty(),
            Side::Server => self.server.octets.is_empty(),
        };
        // what stands inside of a literal is literal enough
        if begins && (fate == Some(Notation) || !literal) {
            self.count.not_literal += 1;
            return;
        }
        let octets = self.sized(text);
        if begins && side == Side::Client && self.client_word(text) {
            return;
        }
        let other = match side {
            Side::Client => &mut self.server,
            Side::Server => &mut self.client,
        };
        // a message of the other side is not whole; only a `+` comes between
        let goes_on_behind = side == Side::Server && text.starts_with('+');
        if !(other.octets.is_empty() || goes_on_behind) {
            let pending = std::mem::take(other);
            let octets = String::from_utf8_lossy(&pending.octets).into_owned();
            self.unended(&pending, &octets);
        }
        let pending = match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        if begins {
            *pending = Pending { line: line.to_owned(), octets: Vec::new(), wrong };
        }
        pending.octets.extend_from_slice(octets.as_bytes());
        if goes_on {
            return;
        }
        pending.octets.extend_from_slice(b"\r\n");
        let mut limits = FrameLimits::COMMANDS;
        limits.max_inline_literal = 1 << 16;
        match Framer::new(side, limits).next(&pending.octets) {
            Ok(Framed::NeedMore) => {}
            Ok(Framed::Message(len)) if len == pending.octets.len() => {
                let pending = std::mem::take(pending);
                self.message(side, &pending);
            }
            other => {
                let pending = std::mem::take(pending);
                let octets = String::from_utf8_lossy(&pending.octets).into_owned();
                self.fails(&format!("{other:?}"), &octets);
            }
        }
    }

    fn unended(&mut self, pending: &Pending, octets: &str) {
        match self.odd(&pending.line) {
            Some(Refused) => *self.count.fates.entry(format!("{Refused:?}")).or_default() += 1,
            _ => self.fails("no end", octets),
        }
    }

    /// The line with the announcements that its literals have.
    fn sized(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for &(rfc, printed, right, _) in SIZES {
            if rfc == self.rfc && text.contains(printed) {
                text = text.replace(printed, right);
                self.count.sizes.insert((rfc, printed));
            }
        }
        text
    }

    fn odd(&mut self, line: &str) -> Option<Fate> {
        let &(rfc, start, fate, _) = ODD.iter().find(|(rfc, start, ..)| {
            *rfc == self.rfc && if start.len() < 8 { line == *start } else { line.starts_with(start) }
        })?;
        self.count.odd.insert((rfc, start));
        Some(fate)
    }

    fn fate(&mut self, pending: &Pending) -> Option<Fate> {
        if let Some(fate) = self.odd(&pending.line) {
            return Some(fate);
        }
        let mark = pending.wrong.as_ref()?;
        match WRONG.iter().find(|(start, ..)| mark.starts_with(start)) {
            Some(&(start, fate, _)) => {
                *self.count.wrong.entry(start).or_default() += 1;
                Some(fate)
            }
            None => {
                self.fails(&format!("marked wrong ({mark})"), &pending.line);
                None
            }
        }
    }

    /// A line of the client that is no command.
    fn client_word(&mut self, text: &str) -> bool {
        if std::mem::take(&mut self.challenged) {
            self.count.sasl += 1;
            if text != "*" {
                match sasl::decode(text.as_bytes()) {
                    Ok(data) => {
                        let mut again = Output::new();
                        sasl::encode(data.expose(), &mut again);
                        assert_eq!(again.take_all(), text, "RFC {}", self.rfc);
                    }
                    Err(error) => self.fails(&format!("{error:?}"), text),
                }
            }
            return true;
        }
        self.authenticates = false;
        if std::mem::take(&mut self.idles) && text.eq_ignore_ascii_case("DONE") {
            self.count.done += 1;
            return true;
        }
        false
    }

    fn message(&mut self, side: Side, pending: &Pending) {
        let frame = Bytes::copy_from_slice(&pending.octets);
        let fresh = std::mem::take(&mut self.fresh);
        let fate = self.fate(pending);
        if let Some(keyword) = not_yet(side, &frame) {
            *self.count.not_yet.entry(keyword).or_default() += 1;
            return;
        }
        match side {
            Side::Client => {
                let write = |command: &TaggedCommand, options: &Options| command.to_bytes(options);
                let Some(command) = self.check(&frame, fate, TaggedCommand::parse_in, write) else { return };
                self.count.commands += 1;
                let mut plus = Options::default();
                plus.literals = Literals::Plus;
                let again = TaggedCommand::parse(&command.to_bytes(&plus));
                if again.as_ref() != Ok(&command) {
                    self.fails(&format!("with LITERAL+: {again:?}"), &pending.line);
                }
                self.authenticates = matches!(command.command, Command::Authenticate(_));
                self.idles = command.command == Command::Idle;
            }
            Side::Server if self.authenticates && frame.starts_with(b"+") => {
                let write = |challenge: &Challenge, _: &Options| {
                    let mut octets = Output::new();
                    octets.put(b"+ ");
                    sasl::encode(challenge.data().expose(), &mut octets);
                    octets.put(b"\r\n");
                    octets.take_all()
                };
                self.challenged = self.check(&frame, fate, Challenge::parse_in, write).is_some();
                self.count.challenges += 1;
            }
            Side::Server => {
                let write = |response: &Response, options: &Options| response.to_bytes(options);
                let Some(response) = self.check(&frame, fate, Response::parse_in, write) else { return };
                self.count.responses += 1;
                self.authenticates &= !matches!(response, Response::Tagged(_));
                if let Response::Condition(condition) = &response {
                    if fresh && !matches!(condition.kind(), ConditionKind::No | ConditionKind::Bad) {
                        let cx = Context::new(&frame, Tolerance::Default);
                        let greeting = Greeting::parse_in(&cx).map(|greeting| greeting.condition().clone());
                        assert_eq!(greeting.as_ref(), Ok(&**condition), "RFC {}", self.rfc);
                        self.count.greetings += 1;
                    }
                }
            }
        }
    }

    /// The value, as strict parsers have it, or those that mend what its fate says.
    fn check<T: Debug + PartialEq + Words>(
        &mut self,
        frame: &Bytes,
        fate: Option<Fate>,
        parse_in: impl Fn(&Context<'_>) -> Result<T, wire::ParseError>,
        write: impl Fn(&T, &Options) -> Bytes,
    ) -> Option<T> {
        let text = String::from_utf8_lossy(frame).into_owned();
        let parse = |frame: &Bytes, tolerance| {
            let cx = Context::new(frame, tolerance);
            let parsed = parse_in(&cx);
            (parsed, cx.into_repairs().iter().map(|repair| repair.rule).collect::<Vec<_>>())
        };
        let levels = [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient];
        let parsed = levels.map(|tolerance| parse(frame, tolerance));
        let least = parsed.iter().position(|(parsed, _)| parsed.is_ok());
        let rules = |level: usize| format!("{:?}", parsed[level].1);
        let found = match least {
            None => "Refused".to_owned(),
            Some(0) if parsed[0].1.is_empty() => "Taken".to_owned(),
            Some(0) if parsed[0] != parsed[1] => format!("Untyped{}", rules(1)),
            Some(0) => format!("Remarked{}", rules(0)),
            Some(1) if written_strictly(&parsed[1].0, &write, parse) => format!("Mended{}", rules(1)),
            Some(1) => format!("Kept{}", rules(1)),
            Some(_) => format!("Lenient{}", rules(2)),
        };
        let wanted = match fate {
            None | Some(Taken | OtherSide) => "Taken".to_owned(),
            Some(Remarked(rule)) => format!("Remarked{:?}", [rule]),
            Some(Mended(rules)) => format!("Mended{rules:?}"),
            Some(Kept(rules)) => format!("Kept{rules:?}"),
            Some(Untyped(rules)) => format!("Untyped{rules:?}"),
            Some(Lenient(rules)) => format!("Lenient{rules:?}"),
            Some(Refused) => "Refused".to_owned(),
            Some(Notation) => panic!("RFC {}: {text}", self.rfc),
        };
        if found != wanted {
            let error = parsed[0].0.as_ref().err().map(ToString::to_string).unwrap_or_default();
            self.fails(&format!("{found}, not {wanted}: {error}"), &text);
        } else if let Some(fate) = fate {
            let kind = format!("{fate:?}");
            *self.count.fates.entry(kind.split('(').next().unwrap().to_owned()).or_default() += 1;
        }
        // what one takes, all others take, to the same
        if parsed[1] != parsed[2] && least < Some(2) || found == "Taken" && parsed[0] != parsed[1] {
            self.fails(&format!("lenient parsers have {parsed:?}"), &text);
        }
        let [strict, usual, lenient] = parsed.map(|(parsed, _)| parsed.ok());
        let value = if found.starts_with("Untyped") { usual } else { strict.or(usual).or(lenient) }?;
        if found.starts_with("Kept") {
            // the error is in the value: what is behind it differs
            let written = write(&value, &Options::server());
            let again = parse(&written, Tolerance::Default).0.unwrap();
            assert_eq!(write(&again, &Options::server()), written, "RFC {}", self.rfc);
            return None;
        }
        for options in [Options::default(), Options::server()] {
            let written = write(&value, &options);
            let again = parse(&written, Tolerance::Strict);
            if again.0.as_ref() != Ok(&value) {
                self.fails(&format!("written as {written:?}, which is {:?}; {value:?}", again.0), &text);
            }
            if options == Options::server() && written == *frame {
                self.count.same_octets += 1;
            }
        }
        let shown = format!("{value:?}");
        for other in others(&shown).into_iter().chain(value.others().iter().map(String::as_str)) {
            let known = UNKNOWN.iter().find(|(rfc, name, _)| *rfc == self.rfc && other.starts_with(name));
            match known {
                Some(&(rfc, name, _)) => _ = self.count.unknown.insert((rfc, name)),
                None => self.fails(&format!("not typed: {other}"), &text),
            }
        }
        Some(value)
    }
}

/// Whether strict parsers take the value when it is written again.
fn written_strictly<T: PartialEq>(
    value: &Result<T, wire::ParseError>,
    write: impl Fn(&T, &Options) -> Bytes,
    parse: impl Fn(&Bytes, Tolerance) -> (Result<T, wire::ParseError>, Vec<Rule>),
) -> bool {
    value.as_ref().is_ok_and(|value| {
        parse(&write(value, &Options::server()), Tolerance::Strict).0.is_ok_and(|again| again == *value)
    })
}

/// What a value shows of its parts that are not typed.
fn others(shown: &str) -> Vec<&str> {
    let starts = ["Other(", "Invalid(", "other: [Par"].into_iter().flat_map(|mark| shown.match_indices(mark));
    starts
        .map(|(at, mark)| {
            let name = &shown[at + mark.len()..];
            &name[..name.char_indices().nth(120).map_or(name.len(), |(at, _)| at)]
        })
        .collect()
}

/// Parts that show themselves as they are on the wire, whether they are typed or not.
trait Words {
    /// Those that are not.
    fn others(&self) -> Vec<String>;
}

impl Words for Challenge {
    fn others(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Words for TaggedCommand {
    fn others(&self) -> Vec<String> {
        let mut others = Vec::new();
        match &self.command {
            Command::Search(search) | Command::UidSearch(search) => keys(&search.keys, &mut others),
            Command::Sort(sort) | Command::UidSort(sort) => keys(&sort.keys, &mut others),
            Command::Thread(thread) | Command::UidThread(thread) => keys(&thread.keys, &mut others),
            Command::Esearch(esearch) | Command::UidEsearch(esearch) => keys(&esearch.keys, &mut others),
            _ => {}
        }
        others
    }
}

impl Words for Response {
    fn others(&self) -> Vec<String> {
        let mut others = Vec::new();
        let code = match self {
            Self::Tagged(tagged) => tagged.condition.code(),
            Self::Condition(condition) => condition.code(),
            Self::Capability(capabilities) => {
                capabilities.iter().for_each(|word| capability(word, &mut others));
                None
            }
            _ => None,
        };
        if let Some(Code::Capability(capabilities)) = code {
            capabilities.iter().for_each(|word| capability(word, &mut others));
        }
        others
    }
}

fn capability(capability: Capability, others: &mut Vec<String>) {
    if let Capability::Other(name) = capability {
        others.push(format!("capability {name:?}"));
    }
}

fn keys(keys: &[SearchKey], others: &mut Vec<String>) {
    for key in keys {
        match key {
            SearchKey::And(inner) | SearchKey::Or(inner) => self::keys(inner, others),
            SearchKey::Not(inner) | SearchKey::Fuzzy(inner) => {
                self::keys(std::slice::from_ref(inner), others)
            }
            SearchKey::Other(_) => others.push(format!("key {key:?}")),
            _ => {}
        }
    }
}

/// The keyword, if this crate is still to have it.
fn not_yet(side: Side, frame: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(frame).to_ascii_uppercase();
    let mut words = text.split([' ', '\r']).skip(1);
    let mut word = words.next()?.to_owned();
    let known: &[&str] = match side {
        Side::Client => Command::KEYWORDS,
        Side::Server => Response::KEYWORDS,
    };
    if side == Side::Client && word == "UID" {
        word = format!("UID {}", words.next()?);
    } else if side == Side::Server && word.bytes().all(|o| o.is_ascii_digit()) {
        word = words.next()?.to_owned();
    }
    NOT_YET.iter().copied().find(|&keyword| keyword == word && !known.contains(&keyword))
}
