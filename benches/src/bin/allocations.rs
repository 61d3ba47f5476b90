//! Counts heap allocations, and the memory of idle and of streaming machines; a program of its own so that counting does
//! not slow down `compare`.
//! Prints a table and writes `target/results/allocations/<workload>.json`.
//!
//! `allocations [WORD...]`

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use benches::Side;
use benches::body::workloads::{self, Dots};
use benches::catalogue::entries;
use benches::generator::Scale;
use benches::measure::{json_string, results_folder, write_result};
use benches::{imap, pop3, smtp};

struct Counting;

static CALLS: AtomicU64 = AtomicU64::new(0);
static OCTETS: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicU64 = AtomicU64::new(0);
static PEAK: AtomicU64 = AtomicU64::new(0);

fn count(octets: usize) {
    CALLS.fetch_add(1, Relaxed);
    OCTETS.fetch_add(octets as u64, Relaxed);
    let live = LIVE.fetch_add(octets as u64, Relaxed) + octets as u64;
    PEAK.fetch_max(live, Relaxed);
}

fn give_back(octets: usize) {
    LIVE.fetch_sub(octets as u64, Relaxed);
}

// SAFETY: every call is handed to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        give_back(layout.size());
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        give_back(layout.size());
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.is_empty()
        && let Err(error) = memory()
    {
        eprintln!("cannot write the results: {error}");
        return ExitCode::FAILURE;
    }
    for entry in entries(&words).into_iter().filter(|entry| !entry.only_time()) {
        let mut workload = entry.make(Scale::COUNT_TWICE);
        if let Err(wrong) = workload.check() {
            eprintln!("{wrong}");
            return ExitCode::FAILURE;
        }
        println!("\n{}  ({} octets, {} x {})", workload.id, workload.bytes, workload.messages, workload.unit);
        let mut json = String::new();
        for contestant in workload.contestants.iter_mut().filter(|c| c.side != Side::Limit) {
            // The second run: buffers that are kept have their size.
            let before = (CALLS.load(Relaxed), OCTETS.load(Relaxed));
            (contestant.run)();
            let (calls, octets) = (CALLS.load(Relaxed) - before.0, OCTETS.load(Relaxed) - before.1);
            println!(
                "  {:8} {:36} {:>10} calls {:>10.3} /{} {:>12} octets",
                contestant.side.name(),
                contestant.name,
                calls,
                calls as f64 / workload.messages as f64,
                workload.unit,
                octets,
            );
            let _ = write!(
                json,
                "{}\n {{\"name\": {}, \"allocations\": {calls}, \"octets\": {octets}}}",
                if json.is_empty() { "" } else { "," },
                json_string(contestant.name)
            );
        }
        let fields = format!("\"messages\": {}, \"contestants\": [{json}]", workload.messages);
        if let Err(error) = write_result("allocations", &entry, &fields) {
            eprintln!("cannot write the results: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Many servers in one process, each of which idles.
fn many() -> std::io::Result<(String, u64)> {
    const MANY: u64 = 100_000;
    let resident = || -> std::io::Result<u64> {
        // pages of 4096 octets
        let pages = std::fs::read_to_string("/proc/self/statm")?;
        Ok(pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096)
    };
    let before = (LIVE.load(Relaxed), resident()?);
    let servers: Vec<_> = (0..MANY).map(|_| imap::ours::idle_server().expect("it idles")).collect();
    let (live, pages) = (LIVE.load(Relaxed) - before.0, resident()?.saturating_sub(before.1));
    assert_eq!(servers.len() as u64, MANY);
    let name = format!("{MANY} IMAP Servers whose clients idle");
    println!("{name:48} {live:>9} octets, {} each; {} MiB resident", live / MANY, pages >> 20);
    Ok((name, live))
}

/// What idle machines hold, and the most that a machine holds while a long message streams through it.
fn memory() -> std::io::Result<()> {
    let mut rows = Vec::new();
    let idle = pop3::ours::idle().into_iter().chain(smtp::ours::idle()).chain(imap::ours::idle());
    for (name, size, make) in idle {
        let before = LIVE.load(Relaxed);
        let machine = make();
        let live = LIVE.load(Relaxed) - before;
        println!("{name:48} {live:>9} octets, {size} of them in the machine itself");
        assert!(machine.is_some(), "{name} could not be made");
        rows.push((name.to_owned(), live));
    }
    rows.push(many()?);
    let body = workloads::body(1 << 20, Dots::Few);
    type Stream = fn(&workloads::Body, u64, usize) -> Option<u64>;
    let streams: [(&str, Stream); 4] = [
        ("POP3 Client, RETR", pop3::ours::stream),
        ("SMTP Server, DATA", smtp::ours::stream),
        ("IMAP Client, FETCH", |body, octets, read| imap::ours::fetch(&body.raw, octets, read)),
        ("IMAP Server, APPEND", |body, octets, read| imap::ours::append(&body.raw, octets, read)),
    ];
    for (what, stream) in streams {
        for (name, octets) in [("1 MiB", 1 << 20), ("1 GiB", 1 << 30)] {
            let before = LIVE.load(Relaxed);
            PEAK.store(before, Relaxed);
            let content = stream(&body, octets, 65_536);
            let peak = PEAK.load(Relaxed) - before;
            let name = format!("{what} of {name} in reads of 65,536");
            assert!(content.is_some(), "{name} did not end");
            println!("{name:48} {peak:>9} octets at most");
            rows.push((name, peak));
        }
    }
    let rows: Vec<String> = rows.iter().map(|(name, n)| format!("[{}, {n}]", json_string(name))).collect();
    std::fs::write(results_folder("memory")?.join("memory.json"), format!("[{}]\n", rows.join(", ")))
}
