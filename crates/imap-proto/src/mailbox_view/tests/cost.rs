//! What it costs, counted: nodes and items that are looked at, octets.

use super::*;

fn random(seed: &mut u64, below: u32) -> u32 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    ((*seed >> 33) % u64::from(below)) as u32
}

/// Steps for each update of a mailbox with `count` messages, and octets for each message.
fn measure(count: u32) -> (f64, f64) {
    let seen: Flags = [Flag::Seen].into_iter().collect();
    let mut cached = Cached::new(nz(9), crate::NzNumber64::new(1).unwrap());
    for n in 1..=count {
        cached.push(nz(n * 3), Some(&seen), Some(u64::from(n))).unwrap();
    }
    cached.is_complete_below(nz(count * 3 + 1));
    let mut view = MailboxView::new();
    view.select(Opening::resync(cached));
    view.on_exists(count);
    for line in ["* OK [UIDVALIDITY 9] x", "* OK [HIGHESTMODSEQ 9] x", "A OK [READ-WRITE] x"] {
        apply(&mut view, line);
    }
    assert_eq!(view.seq(nz(count * 3)), Some(nz(count)));
    let octets = view.placed.octets() as f64 / f64::from(count);
    let (before, mut seed, updates) = (view.placed.steps(), 7, 2_000);
    for n in 0..updates {
        let seq = nz(1 + random(&mut seed, view.exists()));
        match n % 4 {
            0 => {
                view.on_fetch(&fetch(seq.get(), None, Some(Flags::new()), Some(u64::from(n))));
            }
            1 => {
                view.on_expunge(seq);
            }
            2 => {
                let uids = SequenceSet::one(view.uid(seq).unwrap());
                view.on_vanished(&Vanished { earlier: false, uids });
            }
            _ => {
                let exists = view.exists() + 1;
                view.on_exists(exists);
                view.on_fetch(&fetch(exists, Some(count * 3 + n + 1), Some(seen.clone()), None));
            }
        }
    }
    assert!(view.is_consistent());
    let steps = view.placed.steps() - before;
    view.placed.check();
    assert!(view.placed.height() < 5);
    (steps as f64 / f64::from(updates), octets)
}

/// A thousand times the messages cost not much more than twice as much; a list of them would cost a thousand times as much.
#[test]
fn an_update_costs_the_logarithm() {
    let (few, _) = measure(1_000);
    let (more, _) = measure(30_000);
    let (many, octets) = measure(1_000_000);
    assert!(many < few * 2.5 && more < few * 2.0, "{few} {more} {many}");
    assert!(octets < 20.0, "{octets}");
}

/// Fetched in any order, and out of it, the memory stays within its bounds.
#[test]
fn octets_for_each_message() {
    let count = 40_000u32;
    let mut view = open(count);
    let mut order: Vec<u32> = (1..=count).collect();
    let mut seed = 3;
    for n in 0..order.len() {
        order.swap(n, random(&mut seed, count) as usize);
    }
    for (told, n) in order.iter().enumerate() {
        view.on_fetch(&fetch(*n, Some(n * 2), Some(Flags::new()), Some(1)));
        if told == order.len() / 10 {
            let octets = view.placed.octets() / told;
            assert!(octets < 64, "{octets}");
        }
    }
    let octets = view.placed.octets() / order.len();
    assert!(octets < 26, "{octets}");
    view.placed.check();
    // and given back
    view.on_vanished(&Vanished { earlier: false, uids: set("21:4294967295") });
    assert_eq!(view.exists(), 10);
    view.placed.check();
    let nodes = view.placed.octets();
    assert!(nodes < 150_000, "{nodes}");
}

/// VANISHED costs what is gone, not what its ranges could hold, and leaves are taken away whole.
#[test]
fn ranges_are_not_expanded() {
    let mut view = open(20_000);
    for n in 1..=20_000 {
        view.on_fetch(&fetch(n, Some(n), None, None));
    }
    let before = view.placed.steps();
    view.on_vanished(&Vanished { earlier: false, uids: set("1001:19000") });
    let steps = (view.placed.steps() - before) as f64 / 18_000.0;
    assert!(steps < 10.0, "{steps}");
    view.placed.check();
}
