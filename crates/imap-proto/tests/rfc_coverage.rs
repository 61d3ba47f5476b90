//! `docs/rfc-coverage.md` names every row of the tables, with the file that has it and a transcript in which our parsers find it;
//! and the tables hold every name of the registries.
#![expect(clippy::panic, reason = "helpers of tests stop, too")]

use bytes::Bytes;
use imap_proto::{
    Capabilities, Capability, Code, Command, Condition, ConditionKind, Context, Flag, ListReturn,
    ListSelection, MailboxAttribute, Options, QuotaResource, Response, ReturnOption, SearchKey, SortKey,
    StatusItem, TaggedCommand, ThreadAlgorithm,
};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use wire::Tolerance;

// Copies of IANA's registries "IMAP Capabilities" and "IMAP Response Codes" as of July 2026, and of what the RFCs define.

const CAPABILITIES: &str = "ACL ANNOTATE-EXPERIMENT-1 APPENDLIMIT APPENDLIMIT= AUTH= BINARY CATENATE CHILDREN \
    COMPRESS=DEFLATE CONDSTORE CONTEXT=SEARCH CONTEXT=SORT CONVERT CREATE-SPECIAL-USE ENABLE ESEARCH ESORT FILTERS \
    I18NLEVEL= ID IDLE IMAPSIEVE= IMAP4rev1 IMAP4rev2 INPROGRESS JMAPACCESS LANGUAGE LIST-EXTENDED LIST-METADATA \
    LIST-MYRIGHTS LIST-STATUS LITERAL+ LITERAL- LOGIN-REFERRALS LOGINDISABLED MAILBOX-REFERRALS MESSAGELIMIT= METADATA \
    METADATA-SERVER MOVE MULTIAPPEND MULTISEARCH NAMESPACE NOTIFY OBJECTID PARTIAL PREVIEW QRESYNC QUOTA QUOTA= QUOTASET \
    REPLACE RIGHTS= SASL-IR SAVEDATE SAVELIMIT= SEARCH=FUZZY SEARCHRES SORT SORT=DISPLAY SPECIAL-USE STARTTLS \
    STATUS=SIZE THREAD= UIDBATCHES UIDONLY UIDPLUS UNAUTHENTICATE UNSELECT URL-PARTIAL URLAUTH URLAUTH=BINARY \
    UTF8=ACCEPT UTF8=ALL UTF8=APPEND UTF8=ONLY UTF8=USER WITHIN";
/// An old base, and what servers have without a registration.
const PRIVATE_CAPABILITIES: &str = "IMAP4 XLIST X-GM-EXT-1 XAPPLEPUSHSERVICE ACL2=UNION ANNOTATEMORE SNIPPET=FUZZY \
    PREVIEW=FUZZY XYZZY XSENDER X-NETSCAPE URLFETCH=BINARY";

const CODES: &str = "ALERT ALREADYEXISTS ANNOTATE ANNOTATIONS APPENDUID AUTHENTICATIONFAILED AUTHORIZATIONFAILED BADCHARSET \
    BADCOMPARATOR BADEVENT BADURL CANNOT CAPABILITY CLIENTBUG CLOSED COMPRESSIONACTIVE CONTACTADMIN COPYUID CORRUPTION \
    DOWNGRADED EXPIRED EXPUNGEISSUED HASCHILDREN HIGHESTMODSEQ INPROGRESS INUSE LIMIT MAILBOXID MAXCONVERTMESSAGES \
    MAXCONVERTPARTS MESSAGELIMIT METADATA MODIFIED NEWNAME NOMODSEQ NONEXISTENT NOPERM NOT-UTF-8 NOTIFICATIONOVERFLOW \
    NOTSAVED NOUPDATE OVERQUOTA PARSE PERMANENTFLAGS PRIVACYREQUIRED READ-ONLY READ-WRITE REFERRAL SERVERBUG TEMPFAIL \
    TOOBIG TOOFEW TOOMANY TRYCREATE UIDNEXT UIDNOTSTICKY UIDREQUIRED UIDVALIDITY UNAVAILABLE UNDEFINED-FILTER \
    UNKNOWN-CTE UNSEEN URLMECH USEATTR UTF-8-ONLY";
const PRIVATE_CODES: &str = "THROTTLED";

/// Commands, without `UID`; XLIST is Gmail's.
const COMMANDS: &str = "CAPABILITY NOOP LOGOUT ID LANGUAGE STARTTLS AUTHENTICATE LOGIN SELECT EXAMINE CREATE DELETE RENAME \
    SUBSCRIBE UNSUBSCRIBE LIST STATUS APPEND LSUB ENABLE NAMESPACE IDLE SETACL DELETEACL GETACL LISTRIGHTS MYRIGHTS GETQUOTA \
    GETQUOTAROOT SETQUOTA GETMETADATA SETMETADATA GENURLAUTH RESETKEY URLFETCH COMPRESS COMPARATOR CONVERSIONS NOTIFY \
    ESEARCH RLIST RLSUB UNAUTHENTICATE GETJMAPACCESS CLOSE EXPUNGE SEARCH FETCH STORE COPY CHECK UNSELECT MOVE SORT THREAD \
    CANCELUPDATE CONVERT REPLACE UIDBATCHES XLIST";
/// Commands behind `UID`.
const UID_COMMANDS: &str = "FETCH STORE SEARCH COPY EXPUNGE MOVE SORT THREAD CONVERT REPLACE ESEARCH";

const RESPONSES: &str = "OK NO BAD PREAUTH BYE CAPABILITY LIST LSUB STATUS SEARCH FLAGS EXISTS RECENT EXPUNGE FETCH ENABLED \
    NAMESPACE ESEARCH ID ACL LISTRIGHTS MYRIGHTS QUOTA QUOTAROOT METADATA SORT THREAD VANISHED GENURLAUTH URLFETCH \
    CONVERSION CONVERTED LANGUAGE COMPARATOR UIDFETCH JMAPACCESS UIDBATCHES XLIST";

const FETCH: &str = "BODY BODYSTRUCTURE BODY.PEEK ENVELOPE FLAGS INTERNALDATE RFC822.SIZE UID RFC822 RFC822.HEADER \
    RFC822.TEXT ALL FAST FULL BINARY BINARY.PEEK BINARY.SIZE MODSEQ ANNOTATION EMAILID THREADID PREVIEW SAVEDATE \
    X-GM-MSGID X-GM-THRID X-GM-LABELS";
const STATUS: &str = "MESSAGES UNSEEN RECENT UIDNEXT UIDVALIDITY HIGHESTMODSEQ SIZE DELETED DELETED-STORAGE APPENDLIMIT \
    MAILBOXID";
const SEARCH: &str = "ALL ANSWERED BCC BEFORE BODY CC DELETED DRAFT FLAGGED FROM HEADER KEYWORD LARGER NOT ON OR SEEN \
    SENTBEFORE SENTON SENTSINCE SINCE SMALLER SUBJECT TEXT TO UID UNANSWERED UNDELETED UNDRAFT UNFLAGGED UNKEYWORD UNSEEN \
    NEW OLD RECENT MODSEQ OLDER YOUNGER FILTER FUZZY ANNOTATION EMAILID THREADID SAVEDBEFORE SAVEDON SAVEDSINCE \
    SAVEDATESUPPORTED UIDAFTER UIDBEFORE X-GM-RAW X-GM-MSGID X-GM-THRID X-GM-LABELS";
const RETURN: &str = "MIN MAX ALL COUNT SAVE CONTEXT UPDATE PARTIAL RELEVANCY";
const SORT: &str = "ARRIVAL CC DATE FROM SIZE SUBJECT TO REVERSE DISPLAYFROM DISPLAYTO RELEVANCY ANNOTATION";
const THREAD: &str = "ORDEREDSUBJECT REFERENCES REFS";
const LIST_SELECTION: &str = "SUBSCRIBED REMOTE RECURSIVEMATCH SPECIAL-USE";
const LIST_RETURN: &str = "SUBSCRIBED CHILDREN SPECIAL-USE STATUS MYRIGHTS METADATA";
const ATTRIBUTES: &str = r"\Noinferiors \Noselect \Marked \Unmarked \HasChildren \HasNoChildren \NonExistent \Subscribed
    \Remote \NoAccess \All \Archive \Drafts \Flagged \Junk \Sent \Trash \Important \Memos \Scheduled \Snoozed \Inbox \AllMail
    \Spam \Starred \NoUTF8 \UTF8Only";
const QUOTA: &str = "STORAGE MESSAGE MAILBOX ANNOTATION-STORAGE";
const KEYWORDS: &str = "$MDNSent $Forwarded $SubmitPending $Submitted $Junk $NotJunk $Phishing $Important $autosent \
    $canunsubscribe $followed $hasAttachment $hasMemo $hasNoAttachment $imported $istrusted $MailFlagBit0 $MailFlagBit1 \
    $MailFlagBit2 $maskedemail $memo $muted $new $notify $unsubscribed";

/// What must stand in a table of the document, and what the crate has of it; without a list of the crate's, the document tells.
struct Table {
    heading: &'static str,
    registry: Vec<String>,
    built: Option<&'static [&'static str]>,
}

fn tables() -> Vec<Table> {
    let table = |heading, registry: &str, built| Table {
        heading,
        registry: registry.split_whitespace().map(String::from).collect(),
        built,
    };
    let mut commands = table("IMAP commands", COMMANDS, Some(Command::KEYWORDS));
    commands.registry.extend(UID_COMMANDS.split_whitespace().map(|word| format!("UID {word}")));
    let capabilities = [CAPABILITIES, PRIVATE_CAPABILITIES].join(" ");
    vec![
        table("IMAP capabilities", &capabilities, Some(Capability::KEYWORDS)),
        table("IMAP response codes", &[CODES, PRIVATE_CODES].join(" "), Some(Code::KEYWORDS)),
        commands,
        table("IMAP responses", RESPONSES, Some(Response::KEYWORDS)),
        table("FETCH items", FETCH, None),
        table("STATUS items", STATUS, Some(StatusItem::KEYWORDS)),
        table("SEARCH keys", SEARCH, Some(SearchKey::KEYWORDS)),
        table("SEARCH return options", RETURN, Some(ReturnOption::KEYWORDS)),
        table("SORT criteria", SORT, Some(SortKey::KEYWORDS)),
        table("THREAD algorithms", THREAD, Some(ThreadAlgorithm::KEYWORDS)),
        table("LIST selection options", LIST_SELECTION, Some(ListSelection::KEYWORDS)),
        table("LIST return options", LIST_RETURN, Some(ListReturn::KEYWORDS)),
        table("Mailbox attributes", ATTRIBUTES, Some(MailboxAttribute::KEYWORDS)),
        table("Quota resources", QUOTA, Some(QuotaResource::KEYWORDS)),
        table("IMAP keywords", KEYWORDS, Some(Flag::KEYWORDS)),
    ]
}

struct Row<'a> {
    name: &'a str,
    file: &'a str,
    built: bool,
    shown: &'a str,
}

/// The rows of the table under a heading: `| NAME | RFC | file | parse | write | shown by |`.
fn rows<'a>(text: &'a str, heading: &str) -> Vec<Row<'a>> {
    let start = format!("{heading}\n");
    let section = text.split("\n## ").find(|section| section.starts_with(&start));
    section
        .unwrap_or_else(|| panic!("no table {heading}"))
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<_> =
                line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
            assert_eq!(cells.len(), 6, "{line}");
            let built = match (cells[3], cells[4]) {
                ("both", "both") => true,
                ("not yet", "not yet") => false,
                _ => panic!("both roles parse and write, or nothing is built: {line}"),
            };
            Row { name: cells[0], file: cells[2], built, shown: cells[5] }
        })
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The lines of one side of a transcript. What has a literal is cut off at it, and does not parse: another line must show the name.
fn lines(text: &str, side: &str) -> Vec<Bytes> {
    let lines = text.lines().filter_map(|line| line.strip_prefix(side));
    lines.map(|line| Bytes::from(format!("{}\r\n", line.strip_prefix(' ').unwrap_or(line)))).collect()
}

fn responses(text: &str) -> impl Iterator<Item = Response> {
    lines(text, "S:")
        .into_iter()
        .filter_map(|frame| Response::parse_in(&Context::new(&frame, Tolerance::Default)).ok())
}

fn condition(response: &Response) -> Option<&Condition> {
    match response {
        Response::Tagged(tagged) => Some(&tagged.condition),
        Response::Condition(condition) => Some(condition),
        _ => None,
    }
}

fn capabilities(response: &Response) -> Option<&Capabilities> {
    match (response, condition(response)?.code()) {
        (_, Some(Code::Capability(capabilities))) => Some(capabilities),
        _ => None,
    }
}

fn has_capability(capabilities: &Capabilities, name: &str) -> bool {
    capabilities.iter().filter(|capability| !matches!(capability, Capability::Other(_))).any(|capability| {
        let word = capability.to_string();
        let front = word.get(..name.len()).is_some_and(|front| front.eq_ignore_ascii_case(name));
        front && (name.ends_with('=') || word.len() == name.len())
    })
}

/// The keyword of a response, behind its number.
fn keyword(response: &Response) -> Option<String> {
    if let Some(condition) = condition(response) {
        return Some(condition.kind().name().to_string());
    }
    let line = response.to_bytes(&Options::server());
    let line = String::from_utf8_lossy(&line).into_owned();
    let mut words = line.split_whitespace().skip(1).skip_while(|word| word.parse::<u32>().is_ok());
    match response {
        Response::Other(_) => None,
        _ => words.next().map(String::from),
    }
}

/// Whether a transcript shows a row, as our parsers see it.
fn is_shown(heading: &str, name: &str, text: &str) -> bool {
    match heading {
        "IMAP capabilities" => responses(text).any(|response| match &response {
            Response::Capability(capabilities) => has_capability(capabilities, name),
            other => capabilities(other).is_some_and(|capabilities| has_capability(capabilities, name)),
        }),
        "IMAP response codes" => responses(text).any(|response| {
            let code = condition(&response).and_then(Condition::code);
            code.is_some_and(|code| !matches!(code, Code::Other(_)) && code.name() == name.as_bytes())
        }),
        "IMAP responses" => responses(text).any(|response| keyword(&response).as_deref() == Some(name)),
        "IMAP commands" => lines(text, "C:").iter().any(|frame| {
            let command = TaggedCommand::parse_in(&Context::new(frame, Tolerance::Default));
            command.is_ok_and(|tagged| tagged.command.keyword() == name.as_bytes())
        }),
        _ => false,
    }
}

/// What is wrong with a row.
fn complaint(heading: &str, built: Option<&[&str]>, row: &Row<'_>) -> Option<&'static str> {
    let is_built =
        built.map_or(row.built, |built| built.iter().any(|name| name.eq_ignore_ascii_case(row.name)));
    match (is_built, row.built) {
        (true, false) => return Some("is built"),
        (false, true) => return Some("is not built"),
        (false, false) => return None,
        (true, true) => {}
    }
    let file = read(&root().join(row.file));
    // commands and responses stand in the tables, their arguments in this file
    let in_table = matches!(heading, "IMAP commands" | "IMAP responses");
    if !in_table
        && !file.to_ascii_lowercase().contains(&row.name.trim_start_matches('\\').to_ascii_lowercase())
    {
        return Some("is not in its file");
    }
    let shown =
        row.shown == row.file || is_shown(heading, row.name, &read(&root().join("testdata").join(row.shown)));
    (!shown).then_some("is not shown by its transcript")
}

#[test]
fn the_document_is_as_the_crate() {
    let text = read(&root().join("docs/rfc-coverage.md"));
    let mut wrong = Vec::new();
    for Table { heading, registry, built } in tables() {
        let rows = rows(&text, heading);
        let names: BTreeSet<_> = rows.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), rows.len(), "{heading}: a row twice");
        assert_eq!(names, registry.iter().map(String::as_str).collect(), "{heading}: rows, registry");
        for row in &rows {
            if let Some(complaint) = complaint(heading, built, row) {
                wrong.push(format!("{heading}: {} {complaint}", row.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_crate_has_no_other_names() {
    // Dovecot's, of which no RFC says anything
    let more = ["X-GUID"];
    for Table { heading, registry, built } in tables() {
        for name in built.unwrap_or_default() {
            let known = registry.iter().any(|row| row.eq_ignore_ascii_case(name));
            assert!(known || more.contains(name), "{heading}: {name}");
        }
    }
    assert_eq!(ConditionKind::KEYWORDS, ["OK", "NO", "BAD", "PREAUTH", "BYE"]);
}
