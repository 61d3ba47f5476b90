//! Times everybody in interleaved rounds, prints a table and writes `target/results/<profile>.json`.
//!
//! `compare [--rounds N] [--quick] [WORD...]`: only the workloads whose names contain one of the words. With words, what
//! earlier runs found about the other workloads is lost; run without words for a report.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use benches::catalogue::entries;
use benches::measure::{Plan, json_string, measure, profile, results_folder};
use benches::workloads::Scale;

fn main() -> ExitCode {
    let mut plan = Plan { rounds: 25, sample: Duration::from_millis(10), budget: Duration::from_secs(12) };
    let mut words = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => plan.rounds = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(plan.rounds),
            "--quick" => {
                plan.rounds = 9;
                plan.sample = Duration::from_millis(3);
                plan.budget = Duration::from_secs(3);
            }
            _ => words.push(argument),
        }
    }

    let profile = profile();
    let mut json = format!("{{\"profile\": {}, \"workloads\": [", json_string(&profile));
    println!("profile {profile}; ratio: time of the best peer (*) / time, above 1 is faster");
    for (n, entry) in entries(&words).iter().enumerate() {
        let mut workload = entry.make(Scale::FULL);
        if let Err(wrong) = workload.check() {
            eprintln!("{wrong}");
            return ExitCode::FAILURE;
        }
        let (times, reference) = measure(&mut workload, plan);
        println!("\n{}  ({} octets, {} x {})", workload.id, workload.bytes, workload.messages, workload.unit);
        let separator = if n == 0 { "" } else { "," };
        let _ = write!(
            json,
            "{separator}\n {{\"id\": {}, \"bytes\": {}, \"messages\": {}, \"unit\": {}, \"reference\": {}, \"contestants\": [",
            json_string(&workload.id),
            workload.bytes,
            workload.messages,
            json_string(workload.unit),
            json_string(workload.contestants[reference].name),
        );
        for (i, (contestant, t)) in workload.contestants.iter().zip(&times).enumerate() {
            println!(
                "  {:8} {:40} {:>12} ns/{} {:>9.3} GB/s {:>8.2}x{} {}",
                contestant.side.name(),
                contestant.name,
                format!("{:.2}", t.median / workload.messages as f64),
                workload.unit,
                workload.bytes as f64 / t.median,
                t.ratio,
                if i == reference { "*" } else { " " },
                contestant.note,
            );
            let separator = if i == 0 { "" } else { "," };
            let _ = write!(
                json,
                "{separator}\n  {{\"name\": {}, \"side\": {}, \"note\": {}, \"ns\": {:.1}, \"ns_low\": {:.1}, \"ns_high\": {:.1}, \"ratio\": {:.4}}}",
                json_string(contestant.name),
                json_string(contestant.side.name()),
                json_string(contestant.note),
                t.median,
                t.low,
                t.high,
                t.ratio,
            );
        }
        json.push_str("]}");
    }
    json.push_str("\n]}\n");
    match results_folder().and_then(|folder| std::fs::write(folder.join(format!("{profile}.json")), json)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write the results: {error}");
            ExitCode::FAILURE
        }
    }
}
