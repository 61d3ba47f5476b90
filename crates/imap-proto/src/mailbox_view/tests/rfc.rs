//! Examples of RFC 7162 and RFC 9586.

use super::*;
use alloc::format;
use alloc::string::ToString;

const OLD: u64 = 90_060_115_194_045_000;

fn cached(uids: impl IntoIterator<Item = u32>, complete_below: Option<u32>) -> Cached {
    let mut cached = Cached::new(nz(67_890_007), crate::NzNumber64::new(OLD).unwrap());
    let seen: Flags = [Flag::Seen, Flag::keyword("old").unwrap()].into_iter().collect();
    for uid in uids {
        cached.push(nz(uid), Some(&seen), Some(OLD)).unwrap();
    }
    if let Some(uid) = complete_below {
        cached.is_complete_below(nz(uid));
    }
    cached
}

/// RFC 7162 section 3.2.5.1: the client knows only UIDs from 41 on, so that numbers come with FETCH.
#[test]
fn qresync_of_a_part() {
    let cached = cached((41..=211).chain(214..=541), None);
    let parameter = cached.parameter(true);
    assert_eq!(parameter.known_uids, Some(set("41:541")));
    assert_eq!(parameter.matches, None);
    let mut view = open(5);
    view.select(Opening::resync(cached).after_closed());
    assert_eq!(apply(&mut view, "* OK [CLOSED] x"), [Change::Closed]);
    for line in [
        "* 100 EXISTS",
        "* 11 RECENT",
        "* OK [UIDVALIDITY 67890007] UIDVALIDITY",
        "* OK [UIDNEXT 600] Predicted next UID",
        "* OK [HIGHESTMODSEQ 90060115205545359] Highest mailbox mod-sequence",
        "* OK [UNSEEN 7] There are some unseen messages in the mailbox",
        "* FLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen)",
        "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen \\*)] Permanent flags",
    ] {
        apply(&mut view, line);
    }
    let removed = apply(&mut view, "* VANISHED (EARLIER) 41,43:116,118,120:211,214:540");
    assert_eq!(removed.len(), 5);
    assert!(removed.iter().all(|change| matches!(change, Change::Removed(removed) if removed.earlier)));
    assert_eq!(view.exists(), 100);
    let changes =
        apply(&mut view, "* 49 FETCH (UID 117 FLAGS (\\Seen \\Answered) MODSEQ (90060115194045001))");
    assert_eq!(changes[0], Change::Resynced(Resynced { kept: 4, others: 96, placed: false }));
    for line in [
        "* 50 FETCH (UID 119 FLAGS (\\Draft $MDNSent) MODSEQ (90060115194045308))",
        "* 51 FETCH (UID 541 FLAGS (\\Seen $Forwarded) MODSEQ (90060115194045001))",
        "A03 OK [READ-WRITE] mailbox selected",
    ] {
        apply(&mut view, line);
    }
    assert!(view.is_consistent());
    assert_eq!(view.seq(nz(541)), Some(nz(51)));
    // unchanged, and before 117
    let message = view.message_of_uid(nz(42)).unwrap();
    assert_eq!((message.seq(), message.has(&Flag::keyword("OLD").unwrap())), (None, Some(true)));
    assert_eq!(view.place(nz(42)), Place::Within(nz(1), nz(48)));
    assert_eq!(view.place(nz(118)), Place::Absent);
    // its number comes later, and what was known of it stays. It cannot be 48, as the example wants: there are no 47 UIDs below 42
    let mut other = view.clone();
    let found = inconsistent(&mut other, "* 48 FETCH (UID 42)");
    assert_eq!(found, [Inconsistent::UidOrder { seq: nz(48), uid: nz(42) }]);
    apply(&mut view, "* 41 FETCH (UID 42)");
    assert_eq!(view.message(nz(41)).unwrap().mod_seq(), Some(OLD));
    assert_eq!(view.place(nz(43)), Place::Unknown(nz(42), nz(48)));
    view.placed.check();
    view.floating.check();
}

/// RFC 7162 section 3.2.5.2: the client knew all of them.
#[test]
fn qresync_of_all() {
    for with_matches in [false, true] {
        let known = if with_matches { (3..=29_997).step_by(3) } else { (1..=29_997).step_by(1) };
        let cached = cached(known, Some(29_998));
        let parameter = cached.parameter(true);
        assert_eq!(parameter.known_uids, None);
        let (numbers, uids) = parameter.matches.unwrap();
        assert_eq!(numbers.ranges().count(), uids.ranges().count());
        assert_eq!(numbers.ranges().last().unwrap().end.number(), Some(nz(cached.count())));
        let mut view = MailboxView::new();
        view.select(Opening::resync(cached));
        for line in [
            "* 10003 EXISTS",
            "* 4 RECENT",
            "* OK [UIDVALIDITY 67890007] UIDVALIDITY",
            "* OK [UIDNEXT 30013] Predicted next UID",
            "* OK [HIGHESTMODSEQ 90060115205545359] Highest mailbox mod-sequence",
        ] {
            apply(&mut view, line);
        }
        if !with_matches {
            let gone =
                (0..9_999).map(|n| format!("{}:{}", n * 3 + 1, n * 3 + 2)).collect::<Vec<_>>().join(",");
            assert_eq!(apply(&mut view, &["* VANISHED (EARLIER) ", &gone].concat()).len(), 9_999);
        }
        let first = apply(
            &mut view,
            "* 1 FETCH (UID 3 FLAGS (\\Seen \\Answered $Important) MODSEQ (90060115194045001))",
        );
        assert_eq!(first[0], Change::Resynced(Resynced { kept: 9_999, others: 4, placed: true }));
        for line in [
            "* 9889 FETCH (UID 29667 FLAGS (\\Seen \\Answered) MODSEQ (90060115194045027))",
            "* 9890 FETCH (UID 29670 FLAGS (\\Draft $MDNSent) MODSEQ (90060115194045028))",
            "* 9999 FETCH (UID 29997 FLAGS (\\Seen $Forwarded) MODSEQ (90060115194045031))",
            "A04 OK [READ-WRITE] mailbox selected",
        ] {
            apply(&mut view, line);
        }
        assert!(view.is_consistent());
        assert_eq!((view.exists(), view.without_uid()), (10_003, Some(set("10000:10003"))));
        assert_eq!(view.uid(nz(5_000)), Some(nz(15_000)));
        assert_eq!(view.message(nz(5_000)).unwrap().has(&Flag::Seen), Some(true));
        // the new ones are fetched; then the cache is complete again
        for n in 0..4 {
            view.on_fetch(&fetch(10_000 + n, Some(30_001 + n), None, None));
        }
        let cached = view.to_cached().unwrap();
        assert_eq!((cached.count(), cached.complete_below()), (10_003, Some(nz(30_013))));
        assert_eq!(cached.mod_seq().get(), 90_060_115_205_545_359);
        view.placed.check();
    }
}

/// RFC 7162 section 3.2.5, the first example.
#[test]
fn qresync_with_another_uidvalidity() {
    let mut view = MailboxView::new();
    view.select(Opening::resync(cached((41..=42).chain(43..=211), Some(542))));
    apply(&mut view, "* 464 EXISTS");
    let changes = apply(&mut view, "* OK [UIDVALIDITY 3857529045] UIDVALIDITY");
    assert_eq!(changes[1], Change::CacheVoid(CacheVoid::UidValidity));
    for line in
        ["* OK [UIDNEXT 550] x", "* OK [HIGHESTMODSEQ 90060128194045007] x", "A02 OK [READ-WRITE] Sorry"]
    {
        apply(&mut view, line);
    }
    assert_eq!((view.exists(), view.messages().count(), view.labels.octets()), (464, 0, 0));
    assert_eq!(view.place(nz(41)), Place::Unknown(nz(1), nz(464)));
}

#[test]
fn caches_that_are_void() {
    let begin = |lines: &[&str]| {
        let mut view = MailboxView::new();
        view.select(Opening::resync(cached([3, 6, 9], Some(10))));
        let mut changes = Vec::new();
        for line in lines {
            changes.extend(apply(&mut view, line));
        }
        (
            view,
            changes.into_iter().find_map(|change| match change {
                Change::CacheVoid(why) => Some(Err(why)),
                Change::Resynced(resynced) => Some(Ok(resynced)),
                _ => None,
            }),
        )
    };
    let valid = "* OK [UIDVALIDITY 67890007] x";
    let highest = "* OK [HIGHESTMODSEQ 90060115205545359] x";
    let end = "a OK [READ-WRITE] x";
    let three = "* 3 EXISTS";
    let void = |lines: &[&str], why| {
        let (view, found) = begin(lines);
        assert_eq!(found, Some(Err(why)), "{lines:?}");
        assert_eq!(view.messages().count(), 0);
    };
    void(&[three, highest, end], CacheVoid::UidValidity);
    void(&[three, valid, "* OK [NOMODSEQ] x", end], CacheVoid::NoModSeq);
    void(&[three, valid, end], CacheVoid::NoModSeq);
    void(&[three, valid, "* OK [HIGHESTMODSEQ 5] x", end], CacheVoid::ModSeqWentBack);
    void(&["* 2 EXISTS", valid, highest, end], CacheVoid::TooMany);
    void(&[valid, highest, end], CacheVoid::TooMany);
    let kept = |lines: &[&str], others, placed| {
        let (view, found) = begin(lines);
        assert_eq!(found, Some(Ok(Resynced { kept: 3, others, placed })), "{lines:?}");
        assert_eq!(view.messages().count(), 3);
    };
    kept(&[three, valid, highest, end], 0, true);
    kept(&["* 5 EXISTS", valid, highest, "* OK [UIDNEXT 12] x", end], 2, true);
    // more others than new UIDs: so it was not complete
    kept(&["* 5 EXISTS", valid, highest, "* OK [UIDNEXT 11] x", end], 2, false);
    kept(&["* 4 EXISTS", valid, highest, "* OK [UIDNEXT 10] x", end], 1, false);
    // an EXPUNGE of a server that has no mod-sequences for it, before the end
    let (view, _) = begin(&[three, valid, highest, "* 2 EXPUNGE"]);
    assert_eq!(uids(&view), [3, 9]);
    // what is open is not asked for its cache before the end of SELECT
    assert!(view.to_cached().is_none());
    // FETCH, and then EARLIER of what has a number
    let (mut view, _) = begin(&[three, valid, highest, "* 1 FETCH (UID 3)"]);
    assert_eq!(inconsistent(&mut view, "* VANISHED (EARLIER) 7,9"), [Inconsistent::LateEarlier]);
    assert_eq!(uids(&view), [0, 0, 0]);
    // later, it may be of a UID FETCH: numbers stay
    let (mut view, _) = begin(&[three, valid, highest, end]);
    assert_eq!(apply(&mut view, "* VANISHED (EARLIER) 7,9"), []);
    assert_eq!(uids(&view), [3, 6, 9]);
}

/// RFC 7162 section 3.2.10.2.
#[test]
fn vanished_in_place_of_expunge() {
    let mut view = open(11);
    for (seq, uid) in [(2, 504), (3, 505), (4, 507), (5, 508), (7, 510), (11, 625)] {
        view.on_fetch(&fetch(seq, Some(uid), None, None));
    }
    let mut other = view.clone();
    apply(&mut view, "* VANISHED 505,507,510,625");
    for line in ["* 3 EXPUNGE", "* 3 EXPUNGE", "* 5 EXPUNGE", "* 8 EXPUNGE"] {
        apply(&mut other, line);
    }
    assert_eq!(uids(&view), [0, 504, 508, 0, 0, 0, 0]);
    assert_eq!(uids(&view), uids(&other));
    apply(&mut view, "* VANISHED 504,508");
    assert_eq!(view.exists(), 5);
    // UIDs 2 and 4: broken servers
    let mut view = open(2);
    view.on_fetch(&fetch(1, Some(2), None, None));
    view.on_fetch(&fetch(2, Some(4), None, None));
    for uid in [1, 3, 5] {
        let found = inconsistent(&mut view, &["* VANISHED ", &uid.to_string()].concat());
        assert_eq!(found, [Inconsistent::VanishedUnknown { count: 1 }]);
        assert_eq!(apply(&mut view, &["* VANISHED (EARLIER) ", &uid.to_string()].concat()), []);
    }
    assert_eq!(uids(&view), [2, 4]);
}

/// RFC 9586 section 3.
#[test]
fn uid_only() {
    let mut view = MailboxView::new();
    view.select(Opening::new().uid_only());
    apply(&mut view, "* 6 EXISTS");
    apply(&mut view, "a OK [READ-WRITE] x");
    for line in [
        "* 25996 UIDFETCH (FLAGS (\\Seen))",
        "* 25997 UIDFETCH (FLAGS (\\Flagged \\Answered))",
        "* 26600 UIDFETCH (FLAGS ())",
        "* 25900 UIDFETCH (FLAGS (\\Seen) UID 25900)",
    ] {
        assert_eq!(apply(&mut view, line).len(), 1);
    }
    assert_eq!(
        view.messages().map(|message| message.uid().unwrap().get()).collect::<Vec<_>>(),
        [25_900, 25_996, 25_997, 26_600]
    );
    assert_eq!(view.message_of_uid(nz(25_997)).unwrap().has(&Flag::Flagged), Some(true));
    assert_eq!((view.seq(nz(25_996)), view.uid(nz(2))), (None, None));
    let removed = Removed { seq: None, count: 2, uids: Some((nz(25_996), nz(25_997))), earlier: false };
    assert_eq!(apply(&mut view, "* VANISHED 25996:25997"), [Change::Removed(removed)]);
    assert_eq!((view.exists(), view.messages().count()), (4, 2));
    // one of the two that were not fetched
    assert_eq!(apply(&mut view, "* VANISHED 405").len(), 1);
    assert_eq!(view.exists(), 3);
    assert_eq!(
        inconsistent(&mut view, "* 5 UIDFETCH (UID 6)"),
        [Inconsistent::UidChanged { known: nz(5), said: nz(6) }]
    );
    assert_eq!(inconsistent(&mut view, "* 3 FETCH (UID 7 FLAGS ())"), [Inconsistent::UidOnly]);
    assert!(view.message_of_uid(nz(7)).is_some() && view.seq(nz(7)).is_none());
    assert_eq!(inconsistent(&mut view, "* 9 UIDFETCH (FLAGS ())"), [Inconsistent::NoRoom { uid: nz(9) }]);
    assert_eq!(inconsistent(&mut view, "* 3 EXPUNGE"), [Inconsistent::UidOnly]);
    assert_eq!((view.exists(), view.messages().count()), (2, 0));
    // a cache, whose numbers stay unknown
    view.select(Opening::resync(cached([3, 6, 9], Some(10))).uid_only());
    for line in ["* 4 EXISTS", "* OK [UIDVALIDITY 67890007] x", "* OK [HIGHESTMODSEQ 90060115205545359] x"] {
        apply(&mut view, line);
    }
    apply(&mut view, "* VANISHED (EARLIER) 4:6");
    apply(&mut view, "* 9 UIDFETCH (FLAGS () MODSEQ (90060115205545359))");
    apply(&mut view, "a OK [READ-ONLY] x");
    assert!(view.is_consistent());
    assert_eq!((view.exists(), view.messages().count(), view.seq(nz(9))), (4, 2, None));
    assert_eq!(view.place(nz(6)), Place::Unknown(nz(1), nz(4)));
}
