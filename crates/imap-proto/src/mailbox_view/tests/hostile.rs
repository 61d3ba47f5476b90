//! What a server may not send: reported, never wrong, never large.

use super::*;
use proptest::prelude::*;

#[test]
fn four_thousand_million_messages() {
    let mut view = open(0);
    apply(&mut view, "* 4294967295 EXISTS");
    assert_eq!(view.exists(), u32::MAX);
    apply(&mut view, "* 4294967295 FETCH (UID 4294967295 FLAGS (\\Seen))");
    apply(&mut view, "* 2147483648 FETCH (FLAGS (\\Seen))");
    assert_eq!(view.seq(nz(u32::MAX)), Some(nz(u32::MAX)));
    assert_eq!(view.without_flags(), Some(set("1:2147483647,2147483649:4294967294")));
    assert_eq!(apply(&mut view, "* 4294967295 EXISTS"), []);
    apply(&mut view, "* VANISHED 1:4294967294");
    assert_eq!(uids(&view), [u32::MAX]);
    assert!(view.is_consistent() && view.placed.octets() < 1 << 20);
    assert_eq!(
        inconsistent(&mut view, "* VANISHED 1:4294967295"),
        [Inconsistent::VanishedUnknown { count: (1 << 32) - 2 }]
    );
    assert_eq!(view.exists(), 0);
}

#[test]
fn what_cannot_be_changes_nothing() {
    let mut view = open(4);
    view.on_fetch(&fetch(2, Some(20), Some(Flags::new()), None));
    view.on_fetch(&fetch(4, Some(23), None, None));
    let order = |seq, uid| Inconsistent::UidOrder { seq: nz(seq), uid: nz(uid) };
    let beyond = |number| Inconsistent::BeyondExists { number: nz(number), exists: 4 };
    let before = uids(&view);
    for (line, what) in [
        ("* 5 FETCH (UID 30)", beyond(5)),
        ("* 5 EXPUNGE", beyond(5)),
        ("* 4294967295 FETCH (FLAGS ())", beyond(u32::MAX)),
        ("* 2 FETCH (UID 21 FLAGS (\\Seen))", Inconsistent::UidChanged { known: nz(20), said: nz(21) }),
        // one that another has, and those outside of their neighbours
        ("* 3 FETCH (UID 20)", order(3, 20)),
        ("* 3 FETCH (UID 23)", order(3, 23)),
        ("* 1 FETCH (UID 24 FLAGS (\\Seen))", order(1, 24)),
        ("* 3 FETCH (UID 7)", order(3, 7)),
        ("* VANISHED 24:30", Inconsistent::VanishedUnknown { count: 7 }),
    ] {
        assert!(view.is_consistent());
        assert_eq!(inconsistent(&mut view, line), [what], "{line}");
        assert_eq!(uids(&view), before);
        assert!(view.message(nz(1)).is_none());
        assert_eq!(view.message(nz(2)).unwrap().has(&Flag::Seen), Some(false));
        assert!(!core::mem::replace(&mut view.consistent, true));
    }
    // no room for those between
    let mut view = open(5);
    view.on_fetch(&fetch(5, Some(6), None, None));
    for (seq, uid) in [(2, 1), (2, 4), (4, 3)] {
        let found: Vec<_> = view.on_fetch(&fetch(seq, Some(uid), None, None)).inconsistencies().collect();
        assert_eq!(found, [order(seq, uid)]);
    }
    view.on_fetch(&fetch(2, Some(3), None, None));
    assert_eq!(uids(&view), [0, 3, 0, 0, 6]);
    // UIDs without numbers need room too
    let mut view = open(3);
    view.on_fetch(&fetch(3, Some(30), None, None));
    for uid in [10, 20] {
        assert!(
            view.on_uid_fetch(&fetch(uid, None, Some(Flags::new()), None)).inconsistencies().next().is_none()
        );
    }
    assert_eq!(view.place(nz(15)), Place::Absent);
    let found: Vec<_> = view.on_uid_fetch(&fetch(15, None, None, None)).inconsistencies().collect();
    assert_eq!(found, [Inconsistent::NoRoom { uid: nz(15) }]);
    for (seq, uid) in [(1, 20), (2, 10), (1, 5)] {
        let found: Vec<_> = view.on_fetch(&fetch(seq, Some(uid), None, None)).inconsistencies().collect();
        assert_eq!(found, [order(seq, uid)]);
    }
    let set = Vanished { earlier: false, uids: SequenceSet::all() };
    let found: Vec<_> = view.on_vanished(&set).inconsistencies().collect();
    assert_eq!(found, [Inconsistent::VanishedWithoutNumbers]);
}

#[test]
fn fewer_messages_without_expunge() {
    let mut view = open(4);
    view.on_fetch(&fetch(2, Some(20), Some([Flag::JUNK].into_iter().collect()), None));
    let changes = apply(&mut view, "* 3 EXISTS");
    assert_eq!(changes[0], Change::Inconsistent(Inconsistent::Shrunk { before: 4, now: 3 }));
    assert!(matches!(changes[1], Change::Forgotten(_)));
    assert_eq!((uids(&view), view.is_consistent(), view.labels.octets()), (alloc::vec![0, 0, 0], false, 0));
    assert!(view.to_cached().is_none());
}

#[test]
fn up_to_the_limits() {
    let limits = ViewLimits { max_messages: 2, max_keyword_octets: 400 };
    let mut view = MailboxView::with_limits(limits);
    view.select(Opening::new());
    view.on_exists(9);
    for n in 1..=2 {
        assert!(matches!(
            view.on_fetch(&fetch(n, Some(n), None, None)).iter().next(),
            Some(Change::Message(_))
        ));
    }
    let full = [Change::NotTracked { seq: Some(nz(3)), uid: Some(nz(3)) }];
    assert_eq!(view.on_fetch(&fetch(3, Some(3), None, None)).into_iter().collect::<Vec<_>>(), full);
    assert_eq!(view.on_fetch(&fetch(3, None, None, None)).len(), 0);
    assert!(matches!(
        view.on_uid_fetch(&fetch(3, None, Some(Flags::new()), None)).iter().next(),
        Some(Change::NotTracked { .. })
    ));
    // those that are known go on
    view.on_fetch(&fetch(2, Some(2), Some([Flag::Seen].into_iter().collect()), None));
    assert_eq!(view.message(nz(2)).unwrap().has(&Flag::Seen), Some(true));
    // too many keywords: not known, rather than wrong
    let many = |from: u32| (from..from + 2).map(|n| Flag::keyword(alloc::format!("k{n}")).unwrap()).collect();
    assert_eq!(view.on_fetch(&fetch(1, None, Some(many(0)), None)).len(), 1);
    let found: Vec<_> = view.on_fetch(&fetch(1, None, Some(many(7)), None)).into_iter().collect();
    assert_eq!(found[0], Change::NotTracked { seq: Some(nz(1)), uid: Some(nz(1)) });
    assert_eq!(view.message(nz(1)).unwrap().flags(), None);
    assert!(view.is_consistent() && view.labels.octets() <= 400);
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![6 => 1..30u32, 1 => any::<u32>().prop_map(|n| n.max(1)), 1 => Just(u32::MAX)]
}

fn any_response() -> impl Strategy<Value = Response> {
    let uids = prop_oneof![
        proptest::collection::vec((number(), number()), 1..4).prop_map(|ranges| {
            SequenceSet::new(
                ranges.into_iter().map(|(a, b)| SetRange { start: nz(a).into(), end: nz(b).into() }),
            )
            .unwrap()
        }),
        SequenceSet::strategy(),
        Just(SequenceSet::saved()),
    ];
    let any_fetch = || {
        let flags = proptest::option::of(Flags::strategy());
        (number(), proptest::option::of(number()), flags, proptest::option::of(any::<u64>()))
            .prop_map(|(number, uid, flags, mod_seq)| fetch(number, uid, flags, mod_seq).into())
    };
    let some_code = prop_oneof![
        Just(Code::Closed),
        Just(Code::ReadOnly),
        Just(Code::NoModSeq),
        number().prop_map(|n| Code::UidValidity(NonZeroU32::new(n % 3))),
        number().prop_map(|n| Code::UidNext(NonZeroU32::new(n))),
        any::<u64>().prop_map(|n| Code::HighestModSeq(crate::Number64::new(n % 50).unwrap())),
    ];
    prop_oneof![
        3 => number().prop_map(Response::Exists),
        1 => Just(Response::Exists(0)),
        8 => any_fetch().prop_map(Response::Fetch),
        3 => any_fetch().prop_map(Response::UidFetch),
        3 => number().prop_map(|n| Response::Expunge(nz(n))),
        4 => (any::<bool>(), uids).prop_map(|(earlier, uids)| Response::Vanished(Vanished { earlier, uids }.into())),
        1 => some_code.prop_map(|some| Response::Condition(code(some).into())),
        1 => Just(response("a OK [READ-WRITE] x")),
        1 => Just(response("a OK x")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn any_responses_in_any_order(
        all in proptest::collection::vec(any_response(), 0..200),
        resync: bool,
        uid_only: bool,
    ) {
        let opening = || {
            let mut cached = Cached::new(nz(1), crate::NzNumber64::new(1).unwrap());
            for uid in [2, 3, 7, 9, 20] {
                cached.push(nz(uid), None, Some(1)).unwrap();
            }
            cached.is_complete_below(nz(21));
            let opening = if resync { Opening::resync(cached) } else { Opening::new() };
            if uid_only { opening.uid_only() } else { opening }
        };
        let limits = ViewLimits { max_messages: 50, max_keyword_octets: 2_000 };
        let mut view = MailboxView::with_limits(limits);
        view.select(opening());
        for response in &all {
            if !view.is_open() {
                view.select(opening());
            }
            let changes = view.apply(response);
            prop_assert!(changes.len() < 100);
            view.placed.check();
            view.floating.check();
            prop_assert!(view.placed.tracked() + view.floating.count() <= 50);
            prop_assert!(view.labels.octets() <= 2_000);
            // questions have answers that agree
            for n in [1, 2, 9, 29, u32::MAX - 1, u32::MAX] {
                let n = nz(n);
                if let Some(uid) = view.uid(n) {
                    prop_assert_eq!(view.place(uid), Place::At(n));
                }
                if let Place::Within(first, last) | Place::Unknown(first, last) = view.place(n) {
                    prop_assert!(first <= last && last.get() <= view.exists());
                }
            }
            let _ = (view.messages().count(), view.without_uid(), view.without_flags(), view.to_cached());
            for set in [SequenceSet::all(), set("3:9,*:7"), set("4294967295,4294967290:*")] {
                let _ = (view.uids(&set), view.numbers(&set));
            }
        }
    }
}
