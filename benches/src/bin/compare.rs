//! Times everybody in interleaved rounds, prints a table and writes `target/results/<profile>/<workload>.json`.
//!
//! `compare [--rounds N] [--quick] [WORD...]`: only the workloads whose names contain one of the words.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use benches::Side;
use benches::catalogue::entries;
use benches::generator::Scale;
use benches::measure::{Plan, json_string, measure, profile, write_result};

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
    println!("profile {profile}; ratio: time of the best peer (*) / time, above 1 is faster");
    for entry in entries(&words) {
        let mut workload = entry.make(Scale::FULL);
        if let Err(wrong) = workload.check() {
            eprintln!("{wrong}");
            return ExitCode::FAILURE;
        }
        let (times, reference) = measure(&mut workload, plan);
        println!("\n{}  ({} octets, {} x {})", workload.id, workload.bytes, workload.messages, workload.unit);
        let mut json = format!(
            "\"bytes\": {}, \"messages\": {}, \"unit\": {}, \"reference\": {}, \"contestants\": [",
            workload.bytes,
            workload.messages,
            json_string(workload.unit),
            json_string(workload.contestants[reference].name),
        );
        for (i, (contestant, t)) in workload.contestants.iter().zip(&times).enumerate() {
            println!(
                "  {:8} {:36} {:>12.2} ns/{} {:>8.3} GB/s {:>8.2}x{} {}",
                contestant.side.name(),
                contestant.name,
                t.median / workload.messages as f64,
                workload.unit,
                workload.bytes as f64 / t.median,
                t.ratio,
                if i == reference { "*" } else { " " },
                contestant.note,
            );
            let against: Vec<String> = workload
                .contestants
                .iter()
                .zip(&t.against)
                .filter(|(other, _)| other.name != contestant.name)
                .map(|(other, ratio)| format!("{}: {ratio:.4}", json_string(other.name)))
                .collect();
            let _ = write!(
                json,
                "{}\n {{\"name\": {}, \"side\": {}, \"note\": {}, \"ns\": {:.1}, \"ns_low\": {:.1}, \"ns_high\": {:.1}, \"ratio\": {:.4}, \"against\": {{{}}}}}",
                if i == 0 { "" } else { "," },
                json_string(contestant.name),
                json_string(contestant.side.name()),
                json_string(contestant.note),
                t.median,
                t.low,
                t.high,
                t.ratio,
                against.join(", "),
            );
            if contestant.side == Side::Ours {
                for (other, ratio) in workload.contestants.iter().zip(&t.against) {
                    if other.side != Side::Ours {
                        println!("           {ratio:>8.2}x {}", other.name);
                    }
                }
            }
        }
        json.push(']');
        if let Err(error) = write_result(&profile, &entry, &json) {
            eprintln!("cannot write the results: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
