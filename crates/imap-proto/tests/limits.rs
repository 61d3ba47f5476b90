//! What an attacker can send is bounded: depth, sizes of lists, the stack.

use bytes::Bytes;
use imap_proto::{Context, Options, Response, TaggedCommand};
use wire::{ParseError, ParseErrorKind, Tolerance};

const TOLERANCES: [Tolerance; 3] = [Tolerance::Strict, Tolerance::Default, Tolerance::Lenient];

/// Parses a message, and does with it what recursion could do harm in. Tells whether it was accepted.
fn play(
    frame: &Bytes,
    tolerance: Tolerance,
    settings: impl Fn(Context<'_>) -> Context<'_>,
) -> Result<(), ParseError> {
    let cx = settings(Context::new(frame, tolerance));
    if frame.starts_with(b"*") {
        let response = Response::parse_in(&cx)?;
        assert_eq!(response.clone(), response);
        let octets = response.to_bytes(&Options::server());
        let cx = settings(Context::new(&octets, tolerance));
        assert_eq!(Response::parse_in(&cx).as_ref(), Ok(&response));
    } else {
        let command = TaggedCommand::parse_in(&cx)?;
        assert_eq!(command.clone(), command);
        let octets = command.to_bytes(&Options::default());
        let cx = settings(Context::new(&octets, tolerance));
        assert_eq!(TaggedCommand::parse_in(&cx).as_ref(), Ok(&command));
    }
    Ok(())
}

/// `open` and `close` that often around `core`.
fn nested(start: &str, open: &str, core: &str, close: &str, depth: usize) -> Bytes {
    [start, &open.repeat(depth), core, &close.repeat(depth)].concat().into()
}

const TEXT: &str = r#"("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)"#;

/// What stands before, opens, stands inside, closes, stands behind.
const NESTED: &[[&str; 5]] = &[
    ["a SEARCH ", "(", "ALL", ")", ""],
    ["a SEARCH ", "(ALL ", "ALL", ")", ""],
    ["a SEARCH ", "NOT ", "ALL", "", ""],
    ["a SEARCH ", "NOT (", "ALL", ")", ""],
    ["a SEARCH ", "FUZZY ", "ALL", "", ""],
    ["a SEARCH ", "OR ALL ", "ALL", "", ""],
    ["a SEARCH ", "OR NOT ", "ALL", " ALL", ""],
    ["a SEARCH ", "OR (", "ALL", ") ALL", ""],
    ["a SEARCH X ", "(", "a", ")", ""],
    ["a SORT (DATE) UTF-8 ", "(", "ALL", ")", ""],
    ["a THREAD REFS UTF-8 ", "NOT (", "ALL", ")", ""],
    ["a UID SEARCH ", "(", "ALL", "", ""],
    ["a XFOO ", "(", "a", ")", ""],
    ["a XFOO ", "(", "", "", ""],
    ["a FETCH 1 ", "(", "UID", ")", ""],
    ["a FETCH 1 (X ", "(", "UID", ")", ")"],
    ["a FETCH 1 BODY[HEADER.FIELDS ", "(", "a", ")", "]"],
    ["a STORE 1 FLAGS ", "(", "a", ")", ""],
    ["a STORE 1 X ", "(", "a", ")", ""],
    ["a STORE 1 ANNOTATION ", "(", "/a", ")", ""],
    ["a LIST (X ", "(", "a", ")", ") \"\" *"],
    ["a LIST \"\" ", "(", "*", ")", ""],
    ["a LIST \"\" * RETURN (X ", "(", "a", ")", ")"],
    ["a SELECT x (X ", "(", "a", ")", ")"],
    ["a APPEND x (a) X ", "(", "a", ")", ""],
    ["a NOTIFY SET ", "(", "SELECTED", ")", ""],
    ["a ID ", "(", "\"a\" \"b\"", ")", ""],
    ["a GETMETADATA ", "(", "DEPTH 1", ")", ""],
    ["a SETMETADATA x ", "(", "/a \"b\"", ")", ""],
    ["a SETQUOTA x ", "(", "STORAGE 1", ")", ""],
    ["a ESEARCH IN ", "(", "mailboxes a", ")", " ALL"],
    ["a CONVERT 1 ", "(", "\"a/b\"", ")", ""],
    ["* XFOO ", "(", "a", ")", ""],
    ["* XFOO ", "(", "", "", ""],
    ["* XFOO ", "(a) (", "a", ")", ""],
    ["* 1 XFOO ", "(", "a", ")", ""],
    ["* 1 FETCH ", "(", "UID 1", ")", ""],
    ["* 1 FETCH (X ", "(", "a", ")", ")"],
    ["* 1 FETCH (FLAGS ", "(", "a", ")", ")"],
    ["* 1 FETCH (UID ", "(", "a", ")", ")"],
    ["* 1 FETCH (ENVELOPE ", "(", "NIL", ")", ")"],
    ["* 1 FETCH (ENVELOPE (NIL NIL ", "(", "NIL NIL NIL NIL", ")", " NIL NIL NIL NIL NIL NIL NIL))"],
    ["* 1 FETCH (BODYSTRUCTURE ", "(", TEXT, " \"MIXED\")", ")"],
    ["* 1 FETCH (BODYSTRUCTURE ", "(", TEXT, ")", ")"],
    ["* 1 FETCH (BODYSTRUCTURE ", "(", TEXT, "", ""],
    ["* 1 FETCH (BODY ", "(", TEXT, " \"MIXED\" NIL NIL NIL NIL)", ")"],
    [
        "* 1 FETCH (BODY ",
        "(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 1 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ",
        TEXT,
        " 1)",
        ")",
    ],
    ["* 1 FETCH (BODYSTRUCTURE (\"A\" \"B\" ", "(", "\"a\" \"b\"", ")", " NIL NIL \"7BIT\" 1))"],
    ["* 1 FETCH (BODYSTRUCTURE (\"A\" \"B\" NIL NIL NIL \"7BIT\" 1 NIL NIL NIL NIL ", "(", "1", ")", "))"],
    ["* 1 FETCH (BODYSTRUCTURE (\"A\" \"B\" NIL NIL NIL \"7BIT\" 1 NIL ", "(", "\"x\" NIL", ")", "))"],
    ["* 1 FETCH (ANNOTATION ", "(", "/a (value \"b\")", ")", ")"],
    ["* 1 FETCH (X-GM-LABELS ", "(", "a", ")", ")"],
    ["* 1 FETCH (BODY[HEADER.FIELDS ", "(", "a", ")", "] NIL)"],
    ["* THREAD ", "(", "1", ")", ""],
    ["* THREAD ", "(1 ", "2", ")", ""],
    ["* THREAD ", "(1 (2)", "(3)", ")", ""],
    ["* THREAD ", "((1)", "(2)", ")", ""],
    ["* THREAD ", "(", "", "", ""],
    ["* ESEARCH X ", "(", "1", ")", ""],
    ["* ESEARCH ", "(", "TAG \"a\"", ")", ""],
    ["* LIST () \"/\" x ", "(", "\"OLDNAME\" (\"a\")", ")", ""],
    ["* LIST ", "(", "\\Noselect", ")", " \"/\" x"],
    ["* STATUS x ", "(", "MESSAGES 1", ")", ""],
    ["* STATUS x (X ", "(", "1", ")", ")"],
    ["* FLAGS ", "(", "a", ")", ""],
    ["* NAMESPACE ", "(", "(\"\" \"/\")", ")", " NIL NIL"],
    ["* NAMESPACE ((\"\" \"/\" \"X\" ", "(", "\"a\"", ")", ")) NIL NIL"],
    ["* ID ", "(", "\"a\" \"b\"", ")", ""],
    ["* QUOTA x ", "(", "STORAGE 1 2", ")", ""],
    ["* METADATA x ", "(", "/a \"b\"", ")", ""],
    ["* URLFETCH \"a\" ", "(", "BODY NIL", ")", ""],
    ["* OK [PERMANENTFLAGS ", "(", "a", ")", "] x"],
    ["* OK [BADCHARSET ", "(", "a", ")", "] x"],
    ["* OK [XFOO ", "(", "a", ")", "] x"],
];

#[test]
fn depth_bombs_on_a_small_stack() {
    for &[start, open, core, close, end] in NESTED {
        for depth in [1, 2, 20, 98, 99, 100, 101, 102, 1000, 20_000] {
            let message = nested(start, open, core, close, depth);
            let message = Bytes::from([&message[..], end.as_bytes(), b"\r\n"].concat());
            let shown = format!("{start}{open}{core}{close}{end}");
            // 64 KiB, of which threads of the operating system need a part
            let small = std::thread::Builder::new().name(shown).stack_size(64 << 10);
            let played = small.spawn(move || {
                for tolerance in TOLERANCES {
                    let _ = play(&message, tolerance, |cx| cx);
                    let _ = play(&message, tolerance, |cx| cx.max_depth(3));
                }
            });
            played.unwrap().join().unwrap();
        }
    }
}

/// What stands before the items, an item for a number, what separates them, what stands behind.
type List = (&'static str, fn(usize) -> String, &'static str, &'static str);

const LISTS: &[List] = &[
    ("a SEARCH ", |n| format!("LARGER {n}"), " ", ""),
    ("a SEARCH (", |n| format!("LARGER {n}"), " ", ")"),
    ("a FETCH 1 (", |n| format!("X{n}"), " ", ")"),
    ("a FETCH 1 BODY[HEADER.FIELDS (", |n| format!("X{n}"), " ", ")]"),
    ("a STORE 1 FLAGS (", |n| format!("x{n}"), " ", ")"),
    ("a STORE 1 FLAGS ", |n| format!("x{n}"), " ", ""),
    ("a ENABLE ", |n| format!("X{n}"), " ", ""),
    ("a ID (", |n| format!("\"x{n}\" NIL"), " ", ")"),
    ("a STATUS x (", |n| format!("X{n}"), " ", ")"),
    ("a SELECT x (", |n| format!("X{n}"), " ", ")"),
    ("a CREATE x (USE (", |n| format!("\\x{n}"), " ", "))"),
    ("a LIST (", |n| format!("X{n}"), " ", ") \"\" *"),
    ("a LIST \"\" (", |n| format!("x{n}"), " ", ")"),
    ("a LIST \"\" * RETURN (", |n| format!("X{n}"), " ", ")"),
    ("a SORT (", |_| "DATE".into(), " ", ") UTF-8 ALL"),
    ("a GETMETADATA x (", |n| format!("/private/x{n}"), " ", ")"),
    ("a SETMETADATA x (", |n| format!("/private/x{n} NIL"), " ", ")"),
    ("a SETQUOTA x (", |n| format!("X{n} 1"), " ", ")"),
    ("* FLAGS (", |n| format!("x{n}"), " ", ")"),
    ("* CAPABILITY IMAP4rev1 ", |n| format!("X{n}"), " ", ""),
    ("* ENABLED ", |n| format!("X{n}"), " ", ""),
    ("* SEARCH ", |n| format!("{}", n + 1), " ", ""),
    ("* SORT ", |n| format!("{}", n + 1), " ", ""),
    ("* THREAD ", |n| format!("({})", n + 1), "", ""),
    ("* THREAD (", |n| format!("{}", n + 1), " ", ")"),
    ("* ESEARCH ", |n| format!("X{n} 1"), " ", ""),
    ("* LIST (", |n| format!("\\x{n}"), " ", ") \"/\" x"),
    ("* LIST () \"/\" x (", |n| format!("\"X{n}\" (1)"), " ", ")"),
    ("* STATUS x (", |n| format!("X{n} 1"), " ", ")"),
    ("* ID (", |n| format!("\"x{n}\" NIL"), " ", ")"),
    ("* NAMESPACE (", |n| format!("(\"x{n}\" NIL)"), "", ") NIL NIL"),
    ("* QUOTA x (", |n| format!("X{n} 1 2"), " ", ")"),
    ("* QUOTAROOT x ", |n| format!("x{n}"), " ", ""),
    ("* ACL x ", |n| format!("x{n} lr"), " ", ""),
    ("* METADATA x (", |n| format!("/private/x{n} NIL"), " ", ")"),
    ("* 1 FETCH (", |n| format!("X{n} 1"), " ", ")"),
    ("* 1 FETCH (FLAGS (", |n| format!("x{n}"), " ", "))"),
    ("* 1 FETCH (X-GM-LABELS (", |n| format!("x{n}"), " ", "))"),
    ("* OK [PERMANENTFLAGS (", |n| format!("x{n}"), " ", ")] x"),
    ("* OK [CAPABILITY IMAP4rev1 ", |n| format!("X{n}"), " ", "] x"),
];

fn of_items(&(start, item, between, end): &List, items: usize) -> Bytes {
    let items: Vec<String> = (0..items).map(item).collect();
    [start, &items.join(between), end, "\r\n"].concat().into()
}

/// Whether a list of so many items, where 20 are allowed, is accepted as what it is. A code that is not understood is kept as it came,
/// or is text; so is an attribute of FETCH.
fn is_list(list: &List, items: usize, tolerance: Tolerance) -> Result<bool, ParseErrorKind> {
    let frame = of_items(list, items);
    play(&frame, tolerance, |cx| cx.max_items(20)).map_err(|error| error.kind)?;
    let cx = Context::new(&frame, tolerance).max_items(20);
    let Ok(response) = Response::parse_in(&cx) else { return Ok(true) };
    let shown = format!("{response:?}");
    Ok(!["Invalid(", "code: Some(Other(", "text: \"["].iter().any(|kept| shown.contains(kept)))
}

#[test]
fn lists_at_n_and_beyond() {
    for list in LISTS {
        for tolerance in TOLERANCES {
            let most = (15..30).take_while(|&items| is_list(list, items, tolerance) == Ok(true)).last();
            // where another item stands in front, one less
            assert!(matches!(most, Some(19 | 20)), "{} {tolerance:?}: {most:?}", list.0);
            match is_list(list, 21, tolerance) {
                Err(kind) => assert_eq!(kind, ParseErrorKind::TooMany, "{}", list.0),
                // kept as octets
                Ok(list) => assert!(!list),
            }
        }
    }
}

/// Each would take minutes if what is given up were looked at to its end.
#[test]
fn giving_up_is_linear() {
    for [front, item, back] in [
        ["* 1 FETCH (", "BODY[X ", ")"],
        ["* 1 FETCH (", "BODY[1.X ", ")"],
        ["* 1 CONVERTED (TAG \"a\") (", "BODY[X 1 ", "UID 1)"],
    ] {
        let frame = Bytes::from([front, &item.repeat(100_000), back, "\r\n"].concat());
        for tolerance in TOLERANCES {
            let _ = Response::parse_in(&Context::new(&frame, tolerance));
        }
    }
}
