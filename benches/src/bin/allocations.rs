//! Counts heap allocations; a program of its own so that counting does not slow down `compare`.
//! Prints a table and writes `target/results/allocations.json`.
//!
//! `allocations [WORD...]`

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use benches::Side;
use benches::catalogue::entries;
use benches::measure::{json_string, results_folder};
use benches::workloads::Scale;

struct Counting;

static CALLS: AtomicU64 = AtomicU64::new(0);
static OCTETS: AtomicU64 = AtomicU64::new(0);

fn count(octets: usize) {
    CALLS.fetch_add(1, Relaxed);
    OCTETS.fetch_add(octets as u64, Relaxed);
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
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut json = String::from("{\"workloads\": [");
    let wanted = entries(&words).into_iter().filter(|entry| !entry.only_time());
    for (n, entry) in wanted.enumerate() {
        let mut workload = entry.make(Scale::COUNT_TWICE);
        if let Err(wrong) = workload.check() {
            eprintln!("{wrong}");
            return ExitCode::FAILURE;
        }
        println!("\n{}  ({} octets, {} x {})", workload.id, workload.bytes, workload.messages, workload.unit);
        let separator = if n == 0 { "" } else { "," };
        let _ = write!(
            json,
            "{separator}\n {{\"id\": {}, \"messages\": {}, \"contestants\": [",
            json_string(&workload.id),
            workload.messages
        );
        let mut first = true;
        for contestant in workload.contestants.iter_mut().filter(|c| c.side != Side::Limit) {
            // The second run: buffers that are kept have their size.
            let (calls, octets) = (CALLS.load(Relaxed), OCTETS.load(Relaxed));
            (contestant.run)();
            let (calls, octets) = (CALLS.load(Relaxed) - calls, OCTETS.load(Relaxed) - octets);
            println!(
                "  {:8} {:40} {:>10} calls {:>10.3} a {} {:>12} octets",
                contestant.side.name(),
                contestant.name,
                calls,
                calls as f64 / workload.messages as f64,
                workload.unit,
                octets,
            );
            let separator = if first { "" } else { "," };
            first = false;
            let _ = write!(
                json,
                "{separator}\n  {{\"name\": {}, \"allocations\": {calls}, \"octets\": {octets}}}",
                json_string(contestant.name)
            );
        }
        json.push_str("]}");
    }
    json.push_str("\n]}\n");
    match results_folder().and_then(|folder| std::fs::write(folder.join("allocations.json"), json)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write the results: {error}");
            ExitCode::FAILURE
        }
    }
}
