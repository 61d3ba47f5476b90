//! What a response costs a `MailboxView`, at 1,000 to 1,000,000 messages: instructions, counted with `valgrind --tool=callgrind`, and, of 1,000,000,
//! time and memory.
//!
//! `mailbox_view` prints a table. The program runs itself under valgrind (`--inside`), which counts only within [`benches_view_region`] and writes
//! one file each time that function returns.

use std::fs;
use std::hint::black_box;
use std::num::NonZeroU32;
use std::process::Command;
use std::time::Instant;

use imap_proto::mailbox_view::{Cached, MailboxView, Opening};
use imap_proto::{
    Code, Condition, ConditionKind, Fetch, FetchAttribute, Flag, Flags, Number64, NzNumber64, SequenceSet,
    Vanished,
};

const SIZES: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// callgrind knows it by this name.
#[unsafe(no_mangle)]
#[inline(never)]
pub fn benches_view_region(run: &mut dyn FnMut()) {
    run();
}

fn nz(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(limit)) as u32
    }
}

fn fetch(number: u32, uid: u32, mod_seq: u64) -> Fetch {
    let flags: Flags =
        if mod_seq.is_multiple_of(2) { Flags::new() } else { [Flag::Seen].into_iter().collect() };
    let attributes = vec![
        FetchAttribute::Uid(nz(uid)),
        FetchAttribute::Flags(flags),
        FetchAttribute::ModSeq(Number64::new(mod_seq).expect("63 bits")),
    ];
    Fetch::new(nz(number), attributes.try_into().expect("one at least"))
}

fn opened() -> MailboxView {
    let mut view = MailboxView::new();
    view.select(Opening::new());
    view
}

/// With `count` messages, which have every third UID.
fn filled(count: u32) -> MailboxView {
    let mut cached = Cached::new(nz(9), NzNumber64::new(1).expect("not 0"));
    let seen: Flags = [Flag::Seen].into_iter().collect();
    for n in 1..=count {
        cached.push(nz(n * 3), Some(&seen), Some(1)).expect("ascending");
    }
    cached.is_complete_below(nz(count * 3 + 1));
    let mut view = opened();
    view.select(Opening::resync(cached));
    view.on_exists(count);
    for code in [Code::UidValidity(Some(nz(9))), Code::HighestModSeq(2.into()), Code::ReadWrite] {
        let ok =
            Condition::new(ConditionKind::Ok, Some(code), "x".try_into().expect("text")).expect("condition");
        view.on_tagged(&ok);
    }
    assert_eq!(view.seq(nz(count * 3)), Some(nz(count)));
    view
}

/// A job: its name, and what it does with the view `updates` times. The responses are made before.
type Job = (&'static str, fn(&MailboxView, u32) -> Box<dyn FnMut(&mut MailboxView)>);

const JOBS: [Job; 7] = [
    ("FETCH of a known message", |view, updates| {
        let mut random = Random(1);
        let all: Vec<_> = (0..updates)
            .map(|n| {
                let seq = 1 + random.below(view.exists());
                fetch(seq, seq * 3, u64::from(n) + 5)
            })
            .collect();
        Box::new(move |view| all.iter().for_each(|fetch| drop(view.on_fetch(fetch))))
    }),
    ("EXISTS and FETCH of a new message", |view, updates| {
        let exists = view.exists();
        let all: Vec<_> = (1..=updates).map(|n| fetch(exists + n, exists * 3 + n, 7)).collect();
        Box::new(move |view| {
            for fetch in &all {
                view.on_exists(fetch.number.get());
                view.on_fetch(fetch);
            }
        })
    }),
    ("EXPUNGE", |view, updates| {
        let mut random = Random(2);
        let exists = view.exists();
        let all: Vec<_> = (0..updates).map(|n| nz(1 + random.below(exists - n))).collect();
        Box::new(move |view| all.iter().for_each(|seq| drop(view.on_expunge(*seq))))
    }),
    ("VANISHED of one UID", |view, updates| {
        let mut random = Random(3);
        let exists = view.exists();
        let mut uids: Vec<_> = (1..=exists).collect();
        for n in 0..updates as usize {
            uids.swap(n, n + random.below(exists - n as u32) as usize);
        }
        let one = |n: &u32| Vanished { earlier: false, uids: SequenceSet::one(nz(n * 3)) };
        let all: Vec<_> = uids.iter().take(updates as usize).map(one).collect();
        Box::new(move |view| all.iter().for_each(|vanished| drop(view.on_vanished(vanished))))
    }),
    ("the number of a UID", |view, updates| {
        let mut random = Random(4);
        let all: Vec<_> = (0..updates).map(|_| nz(1 + random.below(view.exists() * 3))).collect();
        Box::new(move |view| all.iter().for_each(|uid| _ = black_box(view.seq(*uid))))
    }),
    ("the UID of a number", |view, updates| {
        let mut random = Random(5);
        let all: Vec<_> = (0..updates).map(|_| nz(1 + random.below(view.exists()))).collect();
        Box::new(move |view| all.iter().for_each(|seq| _ = black_box(view.uid(*seq))))
    }),
    ("FETCH 1:* of unknown messages", |view, updates| {
        let all: Vec<_> = (1..=updates).map(|n| fetch(n, n * 3, 7)).collect();
        let exists = view.exists();
        let mut fresh = opened();
        Box::new(move |_| {
            fresh.on_exists(exists);
            all.iter().for_each(|fetch| drop(fresh.on_fetch(fetch)));
        })
    }),
];

/// Half of the smallest mailbox, so that each size sees the same updates.
const UPDATES: u32 = 500;

fn inside() {
    for count in SIZES {
        let view = filled(count);
        for (_, job) in JOBS {
            let mut view = view.clone();
            let mut run = job(&view, UPDATES);
            benches_view_region(&mut || run(&mut view));
            assert!(view.is_consistent());
        }
    }
}

/// The memory that this process has, in KiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().nth(1).is_some_and(|word| word == "--inside") {
        inside();
        return Ok(());
    }
    let folder = std::env::temp_dir().join(format!("mailbox-view-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let done = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg("--toggle-collect=benches_view_region")
        .arg("--dump-after=benches_view_region")
        .arg(format!("--callgrind-out-file={}", folder.join("out").display()))
        .arg(std::env::current_exe()?)
        .arg("--inside")
        .output()?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into());
    }
    print!("{:36}", "instructions for each, of messages:");
    SIZES.iter().for_each(|count| print!("{count:>10}"));
    println!();
    for (row, (name, _)) in JOBS.iter().enumerate() {
        print!("{name:36}");
        for column in 0..SIZES.len() {
            let dump = fs::read_to_string(folder.join(format!("out.{}", column * JOBS.len() + row + 1)))?;
            let mut lines = dump.lines().rev();
            let total = lines
                .find_map(|line| line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: ")));
            let total: u64 = total.ok_or("no total in callgrind's file")?.trim().parse()?;
            print!("{:>10}", total / u64::from(UPDATES));
        }
        println!();
    }
    fs::remove_dir_all(&folder)?;

    let count = 1_000_000;
    let before = resident();
    let began = Instant::now();
    let mut view = opened();
    view.on_exists(count);
    for n in 1..=count {
        view.on_fetch(&fetch(n, n * 3, 1));
    }
    let octets = (resident() - before) * 1024;
    println!(
        "1,000,000 FETCH into an empty view: {:?}, {:.1} octets for each message",
        began.elapsed(),
        octets as f64 / f64::from(count)
    );
    let mut random = Random(6);
    let began = Instant::now();
    for n in 0..count {
        let seq = 1 + random.below(view.exists());
        match n % 4 {
            0 => drop(view.on_expunge(nz(seq))),
            1 => {
                let exists = view.exists() + 1;
                view.on_exists(exists);
                view.on_fetch(&fetch(exists, count * 3 + n, 1));
            }
            _ => {
                let uid = view.uid(nz(seq)).map_or(0, NonZeroU32::get);
                view.on_fetch(&fetch(seq, uid, u64::from(n)));
            }
        }
    }
    println!(
        "1,000,000 random updates: {:?}; {} messages, consistent: {}",
        began.elapsed(),
        view.exists(),
        view.is_consistent()
    );
    let began = Instant::now();
    let uids = SequenceSet::range(nz(1000), nz(count * 2));
    let gone = view.on_vanished(&Vanished { earlier: false, uids });
    println!(
        "VANISHED of two thirds in one range: {:?}; {} messages, {} changes",
        began.elapsed(),
        view.exists(),
        gone.len()
    );
    Ok(())
}
