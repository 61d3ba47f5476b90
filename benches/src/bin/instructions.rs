//! Counts instructions with `valgrind --tool=callgrind`: exact, whatever else the machine does. Prints a table and writes
//! `target/results/instructions/<workload>.json`.
//!
//! `instructions [WORD...]`. Each workload is run at one size and at twice that size. `growth` is the quotient of the two
//! costs, divided by the quotient of the two sizes, times two: 2.00 is linear, 4.00 quadratic.
//!
//! The program runs itself under valgrind (`--inside`), which counts only within [`benches_measured_region`] and writes one
//! file each time that function returns. Everybody runs once before, so that warming up is not counted.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};

use benches::catalogue::entries;
use benches::generator::Scale;
use benches::measure::{json_string, results_folder, write_result};

/// callgrind knows it by this name.
#[unsafe(no_mangle)]
#[inline(never)]
pub fn benches_measured_region(run: &mut dyn FnMut() -> u64) -> u64 {
    black_box(run())
}

/// What the program inside says about one contestant, and what callgrind counted.
struct Row {
    id: String,
    name: String,
    side: String,
    unit: String,
    bytes: f64,
    messages: f64,
    instructions: f64,
}

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == "--inside") {
        let scale = if words.get(1).is_some_and(|n| n == "2") { Scale::COUNT_TWICE } else { Scale::COUNT };
        return inside(&words.split_off(2), scale);
    }
    match outside(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn inside(words: &[String], scale: Scale) -> ExitCode {
    for entry in entries(words).into_iter().filter(|entry| !entry.only_time()) {
        let mut workload = entry.make(scale);
        if let Err(wrong) = workload.check() {
            eprintln!("{wrong}");
            return ExitCode::FAILURE;
        }
        for contestant in &mut workload.contestants {
            benches_measured_region(&mut contestant.run);
            println!(
                "{}\t{}\t{}\t{}\t{}\t{}",
                workload.id,
                contestant.name,
                contestant.side.name(),
                workload.unit,
                workload.bytes,
                workload.messages,
            );
        }
    }
    ExitCode::SUCCESS
}

fn outside(words: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let folder = results_folder("callgrind")?;
    let once = count(words, 1, &folder)?;
    let twice = count(words, 2, &folder)?;
    for entry in entries(words) {
        let rows: Vec<_> = once.iter().zip(&twice).filter(|(_, big)| big.id == entry.id).collect();
        let Some((_, first)) = rows.first() else {
            continue;
        };
        println!("\n{}  ({} octets, {} x {})", entry.id, first.bytes, first.messages, first.unit);
        let mut json =
            format!("\"bytes\": {}, \"messages\": {}, \"contestants\": [", first.bytes, first.messages);
        for (n, (small, big)) in rows.iter().enumerate() {
            let growth = 2.0 * (big.instructions / small.instructions) / (big.bytes / small.bytes);
            println!(
                "  {:8} {:36} {:>12.1} /{} {:>9.3} /octet   growth {:.2}",
                big.side,
                big.name,
                big.instructions / big.messages,
                big.unit,
                big.instructions / big.bytes,
                growth,
            );
            let _ = write!(
                json,
                "{}\n {{\"name\": {}, \"instructions\": {}, \"growth\": {growth:.4}}}",
                if n == 0 { "" } else { "," },
                json_string(&big.name),
                big.instructions,
            );
        }
        json.push(']');
        write_result("instructions", &entry, &json)?;
    }
    Ok(())
}

fn count(words: &[String], factor: u32, folder: &Path) -> Result<Vec<Row>, Box<dyn std::error::Error>> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    let output = Command::new("valgrind")
        // `rep movsb` would count as one instruction an octet; without it, a copy counts as its vector loads and stores.
        .env("GLIBC_TUNABLES", "glibc.cpu.x86_rep_movsb_threshold=0x7fffffff")
        .arg("--tool=callgrind")
        .arg("--toggle-collect=benches_measured_region")
        .arg("--dump-after=benches_measured_region")
        .arg(format!("--callgrind-out-file={}", folder.join("out").display()))
        .arg(std::env::current_exe()?)
        .args(["--inside", &factor.to_string()])
        .args(words)
        .output()
        .map_err(|error| format!("cannot run valgrind: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let mut rows = Vec::new();
    for (n, line) in String::from_utf8(output.stdout)?.lines().enumerate() {
        let dump = std::fs::read_to_string(folder.join(format!("out.{}", n + 1)))?;
        let total = dump
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: ")))
            .ok_or("no total in callgrind's file")?;
        let [id, name, side, unit, bytes, messages] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err("unexpected line from inside".into());
        };
        rows.push(Row {
            id: id.into(),
            name: name.into(),
            side: side.into(),
            unit: unit.into(),
            bytes: bytes.parse()?,
            messages: messages.parse()?,
            instructions: total.trim().parse()?,
        });
    }
    Ok(rows)
}
