//! Tests of the view.

mod cost;
mod hostile;
mod model;
mod rfc;

use super::*;
use crate::{Code, Condition, ConditionKind, Fetch, FetchAttribute, Response, Vanished};
use alloc::string::String;

fn nz(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn set(text: &str) -> SequenceSet {
    SequenceSet::parse(text.as_bytes()).unwrap()
}

fn response(line: &str) -> Response {
    let line: String = [line, "\r\n"].concat();
    Response::parse(&line.into()).unwrap()
}

fn apply(view: &mut MailboxView, line: &str) -> Vec<Change> {
    view.apply(&response(line)).into_iter().collect()
}

fn inconsistent(view: &mut MailboxView, line: &str) -> Vec<Inconsistent> {
    view.apply(&response(line)).inconsistencies().collect()
}

/// Opened, with that many messages.
fn open(exists: u32) -> MailboxView {
    let mut view = MailboxView::new();
    view.select(Opening::new());
    for line in ["* OK [UIDVALIDITY 9] ", "* OK [HIGHESTMODSEQ 100] ", "A OK [READ-WRITE] "] {
        apply(&mut view, line);
    }
    view.on_exists(exists);
    view
}

/// The UIDs in their order, 0 for those that are not known.
fn uids(view: &MailboxView) -> Vec<u32> {
    (1..=view.exists()).map(|n| view.uid(nz(n)).map_or(0, NonZeroU32::get)).collect()
}

fn fetch(number: u32, uid: Option<u32>, flags: Option<Flags>, mod_seq: Option<u64>) -> Fetch {
    let attributes = uid.map(|uid| FetchAttribute::Uid(nz(uid))).into_iter();
    let attributes = attributes.chain(flags.map(FetchAttribute::Flags));
    let attributes =
        attributes.chain(mod_seq.map(|number| {
            FetchAttribute::ModSeq(crate::Number64::new(number).unwrap_or(crate::Number64::MAX))
        }));
    // and one that the view does not look at
    let attributes: Vec<_> = attributes.chain([FetchAttribute::Size(crate::Number64::ZERO)]).collect();
    Fetch::new(nz(number), attributes.try_into().unwrap())
}

fn code(code: Code) -> Condition {
    Condition::new(ConditionKind::Ok, Some(code), "done".try_into().unwrap()).unwrap()
}

#[test]
fn changes_are_small() {
    assert!(size_of::<Change>() <= 32, "{}", size_of::<Change>());
    assert_eq!(size_of::<Slot>(), 16);
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Changes>();
    shared::<Cached>();
}

#[test]
fn what_select_says() {
    let mut view = MailboxView::new();
    assert!(!view.is_open());
    assert_eq!(inconsistent(&mut view, "* 3 EXISTS"), [Inconsistent::NotOpen]);
    view.select(Opening::new());
    for line in [
        "* 172 EXISTS",
        "* 1 RECENT",
        "* OK [UNSEEN 12] Message 12 is first unseen",
        "* OK [UIDVALIDITY 3857529045] UIDs valid",
        "* OK [UIDNEXT 4392] Predicted next UID",
        "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)",
        "* OK [PERMANENTFLAGS (\\Deleted \\Seen \\*)] Limited",
        "* OK [HIGHESTMODSEQ 715194045007] x",
    ] {
        apply(&mut view, line);
    }
    assert_eq!(view.phase, Phase::Opening);
    assert_eq!(apply(&mut view, "A142 OK [READ-ONLY] done"), [Change::ReadOnly(true)]);
    assert_eq!(view.phase, Phase::Open);
    assert_eq!((view.exists(), view.recent()), (172, Some(1)));
    assert_eq!((view.uid_validity(), view.uid_next()), (Some(nz(3_857_529_045)), Some(nz(4392))));
    assert_eq!(view.highest_mod_seq(), Some(715_194_045_007));
    assert_eq!(view.mailbox_flags().unwrap().iter().count(), 5);
    assert!(view.permanent_flags().unwrap().has(&Flag::Wildcard));
    assert_eq!(view.is_read_only(), Some(true));
    assert_eq!(apply(&mut view, "* OK [READ-WRITE] now"), [Change::ReadOnly(false)]);
    assert_eq!(apply(&mut view, "* 172 EXISTS"), []);
    assert_eq!(apply(&mut view, "* OK [NOMODSEQ] x"), [Change::HighestModSeq(None)]);
    assert!(view.has_no_mod_seqs() && view.highest_mod_seq().is_none());
    // not about this mailbox
    for line in [
        "* OK [COPYUID 38505 304,319:320 3956:3958] x",
        "a OK [APPENDUID 38505 3955] x",
        "* STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292)",
        "* NO [UIDVALIDITY 1] x",
        "* CAPABILITY IMAP4rev1",
    ] {
        assert_eq!(apply(&mut view, line), [], "{line}");
    }
    assert!(view.is_consistent());
    view.close();
    assert_eq!((view.is_open(), view.exists()), (false, 0));
}

#[test]
fn the_end_of_select() {
    let status = |kind| Condition::new(kind, None, "x".try_into().unwrap()).unwrap();
    let mut view = open(3);
    view.select(Opening::new().after_closed());
    assert_eq!(view.exists(), 3);
    // it was not understood: the mailbox before stays
    assert!(view.selected(&status(ConditionKind::Bad)).is_empty());
    assert_eq!((view.exists(), view.is_open()), (3, true));
    view.select(Opening::new().after_closed());
    assert_eq!(apply(&mut view, "* 2 EXPUNGE").len(), 1);
    assert_eq!(apply(&mut view, "* OK [CLOSED] "), [Change::Closed]);
    assert_eq!((view.exists(), view.is_open()), (0, true));
    assert_eq!(view.selected(&status(ConditionKind::No)).into_iter().collect::<Vec<_>>(), [Change::Closed]);
    assert!(!view.is_open());
    // nothing was open: nothing is closed
    view.select(Opening::new().after_closed());
    apply(&mut view, "* 7 EXISTS");
    assert!(view.selected(&status(ConditionKind::Ok)).is_empty());
    assert_eq!((view.exists(), view.phase), (7, Phase::Open));
    // a server that does not send it
    view.select(Opening::new().after_closed());
    apply(&mut view, "* 8 EXISTS");
    assert_eq!(inconsistent(&mut view, "a OK [READ-WRITE] x"), [Inconsistent::NotClosed]);
    assert!(!view.is_open() && !view.is_consistent());
}

#[test]
fn what_comes_before_closed_is_of_the_mailbox_before() {
    let mut view = open(3);
    view.select(Opening::new());
    // the caller did not say that CLOSED would come
    apply(&mut view, "* 9 EXISTS");
    apply(&mut view, "* OK [UIDVALIDITY 8] ");
    assert_eq!(apply(&mut view, "* OK [CLOSED] "), [Change::Closed]);
    assert_eq!((view.exists(), view.uid_validity()), (0, None));
    apply(&mut view, "* 2 EXISTS");
    apply(&mut view, "a OK [READ-ONLY] x");
    // and where nobody selects anything
    let all = apply(&mut view, "* OK [CLOSED] ");
    assert_eq!(all, [Change::Inconsistent(Inconsistent::Closed), Change::Closed]);
    assert!(!view.is_open() && !view.is_consistent());
}

#[test]
fn numbers_uids_and_flags() {
    let mut view = open(10);
    let learned = |seq, uid, new_uid, flags, mod_seq| {
        let (seq, uid) = (NonZeroU32::new(seq), NonZeroU32::new(uid));
        [Change::Message(Learned { seq, uid, new_uid, flags, mod_seq })]
    };
    assert_eq!(apply(&mut view, "* 4 FETCH (FLAGS (\\Seen))"), learned(4, 0, false, true, false));
    assert_eq!(apply(&mut view, "* 4 FETCH (UID 40 MODSEQ (7))"), learned(4, 40, true, false, true));
    assert_eq!(apply(&mut view, "* 4 FETCH (UID 40 FLAGS (\\Seen))"), []);
    assert_eq!(apply(&mut view, "* 8 FETCH (FLAGS ($Junk) UID 44)"), learned(8, 44, true, true, false));
    assert_eq!(apply(&mut view, "* 8 FETCH (RFC822.SIZE 3)"), []);
    assert_eq!(uids(&view), [0, 0, 0, 40, 0, 0, 0, 44, 0, 0]);
    let message = view.message(nz(4)).unwrap();
    assert_eq!((message.seq(), message.uid(), message.mod_seq()), (Some(nz(4)), Some(nz(40)), Some(7)));
    assert_eq!((message.has(&Flag::Seen), message.has(&Flag::JUNK)), (Some(true), Some(false)));
    assert!(view.message(nz(5)).is_none() && view.message(nz(11)).is_none());
    let places = [
        (3, Place::Unknown(nz(1), nz(3))),
        (40, Place::At(nz(4))),
        (41, Place::Unknown(nz(5), nz(7))),
        (44, Place::At(nz(8))),
        (45, Place::Unknown(nz(9), nz(10))),
    ];
    for (uid, place) in places {
        assert_eq!(view.place(nz(uid)), place, "{uid}");
    }
    assert_eq!(view.without_uid(), Some(set("1:3,5:7,9:10")));
    assert_eq!(view.without_flags(), Some(set("1:3,5:7,9:10")));
    // there is just room between
    apply(&mut view, "* 6 FETCH (UID 42)");
    assert_eq!(apply(&mut view, "* 2 EXPUNGE").len(), 1);
    assert_eq!(uids(&view), [0, 0, 40, 0, 42, 0, 44, 0, 0]);
    apply(&mut view, "* 1 EXPUNGE");
    apply(&mut view, "* 1 EXPUNGE");
    assert_eq!(view.place(nz(39)), Place::Absent);
    assert_eq!(view.messages().map(|message| message.uid().unwrap().get()).collect::<Vec<_>>(), [40, 42, 44]);
}

#[test]
fn vanished_among_those_that_are_not_known() {
    let mut view = open(6);
    apply(&mut view, "* 3 FETCH (UID 30 FLAGS ())");
    apply(&mut view, "* 5 FETCH (FLAGS (\\Seen))");
    // one of 1 and 2, of which nothing is known
    let gone = |seq, count, first, last| {
        let uids = Some((nz(first), nz(last)));
        Change::Removed(Removed { seq: NonZeroU32::new(seq), count, uids, earlier: false })
    };
    assert_eq!(apply(&mut view, "* VANISHED 7"), [gone(0, 1, 7, 7)]);
    assert_eq!(uids(&view), [0, 30, 0, 0, 0]);
    // one of 3 to 5: that 4 is \Seen may be no longer so
    let forgotten = Change::Forgotten(Forgotten { numbers: Some((nz(3), nz(4))), uids: None });
    assert_eq!(apply(&mut view, "* VANISHED 31"), [gone(0, 1, 31, 31), forgotten]);
    assert_eq!(uids(&view), [0, 30, 0, 0]);
    // the last of those below 30
    assert_eq!(apply(&mut view, "* VANISHED 9"), [gone(1, 1, 9, 9)]);
    // known and not known in one range
    apply(&mut view, "* 3 FETCH (UID 50)");
    assert_eq!(apply(&mut view, "* VANISHED 30:31"), [gone(2, 1, 31, 31), gone(1, 1, 30, 30)]);
    assert_eq!(uids(&view), [50]);
    assert!(view.is_consistent());
    // more than there are
    let all = apply(&mut view, "* VANISHED 49:60");
    assert_eq!(all, [gone(1, 1, 50, 50), Change::Inconsistent(Inconsistent::VanishedUnknown { count: 11 })]);
    assert_eq!(view.exists(), 0);
}

#[test]
fn a_range_is_one_change() {
    let mut view = open(1000);
    for n in 1..=1000 {
        view.on_fetch(&fetch(n, Some(n * 2), None, None));
    }
    let all: Vec<_> = (100..=900).map(|uid| nz(uid * 2)).collect();
    let uids = SequenceSet::from_numbers(all).unwrap();
    let changes: Vec<_> = view.on_vanished(&Vanished { earlier: false, uids }).into_iter().collect();
    let removed = Removed { seq: Some(nz(100)), count: 801, uids: Some((nz(200), nz(1800))), earlier: false };
    assert_eq!(changes, [Change::Removed(removed)]);
    assert_eq!(view.exists(), 199);
    assert_eq!(view.seq(nz(1802)), Some(nz(100)));
    view.placed.check();
}

#[test]
fn sets_are_translated_as_ranges() {
    let mut view = open(10);
    for (seq, uid) in [(3, 30), (4, 35), (6, 50), (9, 90)] {
        view.on_fetch(&fetch(seq, Some(uid), None, None));
    }
    let uids = |numbers, uids: Option<&str>, unknown: Option<&str>| {
        let found = view.uids(&set(numbers)).unwrap();
        assert_eq!((found.set, found.unknown), (uids.map(set), unknown.map(set)), "{numbers}");
    };
    uids("3", Some("30"), None);
    uids("3:6", Some("30:50"), None);
    uids("1:*", Some("30:90"), Some("1:2,10"));
    uids("1:2", None, Some("1:2"));
    uids("5,7:8", None, Some("5,7:8"));
    uids("*:9", Some("90"), Some("10"));
    uids("12:9,4", Some("35,90"), Some("10:12"));
    uids("4294967295", None, Some("4294967295"));
    let numbers = |uids, numbers: Option<&str>, unknown: Option<&str>| {
        let found = view.numbers(&set(uids)).unwrap();
        assert_eq!((found.set, found.unknown), (numbers.map(set), unknown.map(set)), "{uids}");
    };
    numbers("30", Some("3"), None);
    numbers("30:50", Some("3:6"), None);
    numbers("29:51", Some("3:6"), Some("1:2,7:8"));
    numbers("31:34", None, None);
    numbers("36:49", None, Some("5"));
    numbers("1:4294967295", Some("3:9"), Some("1:2,10"));
    numbers("91:*", Some("10"), None);
    numbers("4000:*,1", Some("10"), Some("1:2"));
    numbers("*", Some("10"), None);
    numbers("90:*", Some("9:10"), None);
    assert_eq!(view.uids(&SequenceSet::saved()), None);
    assert_eq!(view.numbers(&SequenceSet::saved()), None);
    let empty = open(0);
    assert_eq!(empty.uids(&set("1:*")).unwrap().set, None);
    assert_eq!(empty.numbers(&set("1:*")), Some(Translated::default()));
}

#[test]
fn another_uidvalidity_voids_all() {
    let mut view = open(3);
    apply(&mut view, "* 2 FETCH (UID 7 FLAGS (\\Seen) MODSEQ (3))");
    apply(&mut view, "* OK [UIDNEXT 8] ");
    let all = apply(&mut view, "* OK [UIDVALIDITY 10] ");
    assert_eq!(all[0], Change::UidValidity { before: Some(nz(9)), now: nz(10) });
    let (numbers, uids_) = (Some((nz(1), nz(3))), Some((NonZeroU32::MIN, NonZeroU32::MAX)));
    assert_eq!(all[1], Change::Forgotten(Forgotten { numbers, uids: uids_ }));
    assert_eq!(uids(&view), [0, 0, 0]);
    assert_eq!((view.uid_next(), view.highest_mod_seq(), view.messages().count()), (None, None, 0));
}

#[test]
fn the_highest_modification_sequence() {
    // the example of RFC 7162 section 6
    let mut view = open(3);
    for (n, uid) in [(1, 6), (2, 7), (3, 8)] {
        view.on_fetch(&fetch(n, Some(uid), None, None));
    }
    view.on_condition(&code(Code::HighestModSeq(crate::Number64::from(96))));
    apply(&mut view, "A149 OK done");
    for line in [
        "* 1 FETCH (UID 6 MODSEQ (103))",
        "* 2 FETCH (UID 7 MODSEQ (101))",
        "* OK [HIGHESTMODSEQ 99] VANISHED reply with MODSEQ 100 is delayed",
        "A150 OK [MODIFIED 3] done",
    ] {
        apply(&mut view, line);
    }
    assert_eq!(view.highest_mod_seq(), Some(99));
    apply(&mut view, "* 3 FETCH (UID 8 MODSEQ (104))");
    assert_eq!(apply(&mut view, "A151 OK [HIGHESTMODSEQ 99] Still delaying VANISHED"), []);
    apply(&mut view, "* VANISHED 8");
    assert_eq!(apply(&mut view, "A153 OK [HIGHESTMODSEQ 104] done"), [Change::HighestModSeq(Some(104))]);
    // without the code, the largest since the last tagged response
    apply(&mut view, "* 1 FETCH (UID 6 MODSEQ (110))");
    apply(&mut view, "* 2 FETCH (UID 7 MODSEQ (108))");
    assert_eq!(view.highest_mod_seq(), Some(104));
    assert_eq!(apply(&mut view, "A154 OK done"), [Change::HighestModSeq(Some(110))]);
}
