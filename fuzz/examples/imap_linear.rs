//! Instructions of hostile IMAP input: what n octets more cost must not grow with what came before. Counted by
//! `valgrind --tool=callgrind`, so that it is the same whatever else the machine does; exit status 1 if something is not linear.
//! `cargo run --release --example imap_linear [OCTETS]`

use bytes::Bytes;
use imap_proto::{Context, Response, Side, TaggedCommand};
use std::process::{Command, ExitCode};
use wire::Tolerance;

/// What stands in front, what is repeated, what stands behind. A message that starts with `*` is a response.
const INPUTS: &[[&str; 3]] = &[
    ["* X ", "\"", ""],
    ["* X ", "\"a", ""],
    ["* X ", "\"a ", ""],
    ["* X ", "\" \"", ""],
    ["* X ", " \"a\"b", ""],
    ["* X ", "\\\"", ""],
    ["* X \"", "\\", ""],
    ["* X ", "{", ""],
    ["* X ", "~", ""],
    ["* X ", "{1", ""],
    ["* X ", "{0}\r\n", ""],
    ["* X ", "{1}\r\n\"", ""],
    ["* X ", "(", ""],
    ["* X ", "()", ""],
    ["* LIST () \"/\" ", "\"a ", ""],
    ["* LIST () \"/\" ", "\"\" ", ""],
    ["* LIST (", "\\a ", ""],
    ["* LIST () NIL x (", "\"a ", ""],
    ["* LIST () NIL x (", "\"a\" (b) ", ")"],
    ["* STATUS x (", "MESSAGES 1 ", ")"],
    ["* STATUS x (", "X (", ""],
    ["* FLAGS (", "a ", ")"],
    ["* CAPABILITY ", "A ", ""],
    ["* CAPABILITY ", "A =", ""],
    ["* CAPABILITY A", " +", ""],
    ["* SEARCH ", "1 ", ""],
    ["* ESEARCH ", "ALL 1,2 ", ""],
    ["* ESEARCH ALL ", "3,1,", "2"],
    ["* VANISHED ", "3,1,", "2"],
    ["* THREAD ", "(1)", ""],
    ["* THREAD ", "(1 ", ""],
    ["* THREAD ", "((1)(2)", ""],
    ["* ID (", "\"a\" ", ")"],
    ["* NAMESPACE (", "(\"\" \"/\")", ") NIL NIL"],
    ["* METADATA x (", "/a \"b\" ", ")"],
    ["* ACL x ", "a b ", ""],
    ["* QUOTA x (", "A 1 2 ", ")"],
    ["* OK [", "\"", ""],
    ["* OK [X ", "\"a ", ""],
    ["* OK [X ", " \"a", "]"],
    ["* OK ", "[", ""],
    ["* OK ", "\0", ""],
    ["* OK [X", "\0", "] x"],
    ["* OK [PERMANENTFLAGS (", "a ", ")] x"],
    ["* OK [COPYUID 1 ", "3,1,", "2 1] x"],
    ["* OK [BADCHARSET (", "\"a ", ")] x"],
    ["* 1 FETCH (", "X ", ")"],
    ["* 1 FETCH (", "UID ", ")"],
    ["* 1 FETCH (", "UID 1 ", ")"],
    ["* 1 FETCH (", "UID a ", ")"],
    ["* 1 FETCH (", "X \"a ", ")"],
    ["* 1 FETCH (", "BODY[", ")"],
    ["* 1 FETCH (", "BODY[X ", ")"],
    ["* 1 FETCH (", "BODY[HEADER.FIELDS (a ", ")"],
    ["* 1 CONVERTED (TAG \"a\") (", "BODY[X 1 ", ")"],
    ["* URLFETCH ", "x (BODY NIL) ", ""],
    ["a CONVERSIONS ", "* ", ""],
    ["* 1 FETCH (", "BODY[1] \"a ", ")"],
    ["* 1 FETCH (FLAGS (", "a ", "))"],
    ["* 1 FETCH (FLAGS (", "\\Seen", "))"],
    ["* 1 FETCH (X-GM-LABELS (", "\"a ", "))"],
    ["* 1 FETCH (ENVELOPE (", "\"a ", "))"],
    ["* 1 FETCH (ENVELOPE (NIL NIL (", "(NIL NIL \"a\" \"b\")", "))"],
    ["* 1 FETCH (ENVELOPE (NIL NIL (", "(NIL NIL \"a\"b\" \"b\")", "))"],
    ["* 1 FETCH (BODY ", "(", ""],
    ["* 1 FETCH (BODY (", "(\"A\" \"B\" NIL NIL NIL \"7BIT\" 1)", " \"MIXED\"))"],
    ["* 1 FETCH (BODY (", "(\"A\" \"B\" NIL NIL NIL \"7BIT\")", " \"MIXED\"))"],
    ["* 1 FETCH (BODY (", "(\"A\" \"B\"b\" NIL NIL NIL \"7BIT\" 1)", " \"MIXED\"))"],
    ["* 1 FETCH (BODY (\"A\" \"B\" (", "\"a ", ") NIL NIL \"7BIT\" 1))"],
    ["* 1 FETCH (BODY (\"A\" \"B\" (", "\"a\" NIL ", ") NIL NIL \"7BIT\" 1))"],
    ["* 1 FETCH (BODY (\"A\" \"B\" NIL NIL NIL \"7BIT\" 1 NIL NIL NIL NIL", " (1 \"a\")", "))"],
    ["* 1 FETCH (", "BODY (\"A\" \"B\" NIL NIL \"7BIT\") ", ")"],
    ["* 1 FETCH (", "BODY (\"A\" ", ")"],
    ["* 1 FETCH (", "ENVELOPE (\"A\" ", ")"],
    ["* 1 FETCH (", "BODY (\"A\"b ", ")"],
    ["a X ", "\"a ", ""],
    ["a LOGIN ", "\"a ", ""],
    ["a SEARCH ", "ALL ", ""],
    ["a SEARCH ", "(", ""],
    ["a SEARCH ", "OR ", ""],
    ["a SEARCH ", "OR ALL ", "ALL"],
    ["a SEARCH ", "NOT ", "ALL"],
    ["a SEARCH ", "X ", ""],
    ["a SEARCH ", "SUBJECT \"a ", ""],
    ["a SEARCH UID ", "3,1,", "2"],
    ["a SEARCH RETURN (", "ALL ", ") ALL"],
    ["a FETCH 1 (", "UID ", ")"],
    ["a FETCH 1 BODY[HEADER.FIELDS (", "a ", ")]"],
    ["a FETCH 1 BODY[", "1.", "1]"],
    ["a STORE 1 FLAGS ", "a ", ""],
    ["a LIST (", "X ", ") \"\" *"],
    ["a LIST \"\" (", "a ", ")"],
    ["a SORT (", "DATE ", ") UTF-8 ALL"],
    ["a SETMETADATA x (", "/a \"b ", ")"],
    ["a NOTIFY SET ", "(SELECTED (MessageNew MessageExpunge)) ", ""],
    ["a APPEND x ", "(a) ", "{1}\r\na"],
    ["a APPEND x CATENATE (", "TEXT {1}\r\na ", ")"],
    ["a URLFETCH ", "\"imap://a/b;UID=1\" ", ""],
    ["a ", "SELECT ", ""],
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().and_then(|n| n.parse::<usize>().ok());
    if let (Some(input), Some(size)) = (first, arguments.next().and_then(|n| n.parse().ok())) {
        play(input, size);
        return ExitCode::SUCCESS;
    }
    let n = first.unwrap_or(1024);
    let mut good = true;
    for (at, [start, unit, end]) in INPUTS.iter().enumerate() {
        let [one, four, sixteen] = [n, 4 * n, 16 * n].map(|size| instructions(at, size));
        let (first, second) = (four - one, sixteen - four);
        // 4 if linear, 16 if quadratic; allocators have steps, and what gives up at once is only copied
        let growth = second / first;
        let mark = if growth > 8.0 && second > 200.0 * n as f64 { " <---" } else { "" };
        good &= mark.is_empty();
        let shown = format!("{start}({unit})*{end}").escape_debug().to_string();
        println!("{shown:70} {:>8.1} per octet {growth:>6.2}{mark}", second / (12 * n) as f64);
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn instructions(input: usize, size: usize) -> f64 {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .args([input.to_string(), size.to_string()])
        .output()
        .expect("valgrind");
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "{told}");
    let count = told.lines().find_map(|line| line.split_once("Collected : "));
    count.and_then(|(_, count)| count.trim().parse().ok()).unwrap_or_else(|| panic!("{told}"))
}

fn play(input: usize, size: usize) {
    let [start, unit, end] = INPUTS[input];
    let frame = Bytes::from([start, &unit.repeat(size / unit.len()), end, "\r\n"].concat());
    let side = if start.starts_with('*') { Side::Server } else { Side::Client };
    let frames = fuzz::imap::frames(side, &frame);
    std::hint::black_box(frames);
    for tolerance in [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient] {
        let cx = Context::new(&frame, tolerance);
        match side {
            Side::Server => drop(std::hint::black_box(Response::parse_in(&cx))),
            Side::Client => drop(std::hint::black_box(TaggedCommand::parse_in(&cx))),
        }
    }
}
