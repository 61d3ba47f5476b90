//! Interleaved rounds and medians.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::catalogue::Entry;
use crate::{Side, Workload};

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Rounds at most. In each round everybody runs once, in turning order.
    pub rounds: usize,
    /// A sample repeats a fast contestant until it lasts about this long.
    pub sample: Duration,
    /// Fewer rounds (but at least five) if a workload would take longer than this.
    pub budget: Duration,
}

/// What one contestant did, in nanoseconds for the whole workload.
#[derive(Clone, Debug)]
pub struct Times {
    /// Of all rounds.
    pub median: f64,
    /// Lower quartile.
    pub low: f64,
    /// Upper quartile.
    pub high: f64,
    /// Median over the rounds of (time of the best peer / time of this one); above 1 is faster than the best peer.
    /// Against the best baseline where there is no peer.
    pub ratio: f64,
    /// The same against everybody, in the order of the contestants.
    pub against: Vec<f64>,
}

/// The times of all contestants, and the index of the one that the ratios are against.
pub fn measure(workload: &mut Workload, plan: Plan) -> (Vec<Times>, usize) {
    let count = workload.contestants.len();
    let mut repeats = Vec::with_capacity(count);
    let mut round_time = Duration::ZERO;
    for contestant in &mut workload.contestants {
        let mut once = Duration::MAX;
        for _ in 0..2 {
            let start = Instant::now();
            black_box((contestant.run)());
            once = once.min(start.elapsed());
        }
        let n = (plan.sample.as_secs_f64() / once.as_secs_f64().max(1e-9)).ceil().clamp(1.0, 1e6);
        repeats.push(n as u32);
        round_time += once * n as u32;
    }
    let affordable = (plan.budget.as_secs_f64() / round_time.as_secs_f64()) as usize;
    let rounds = affordable.min(plan.rounds).max(5);

    let mut samples = vec![Vec::with_capacity(rounds); count];
    for round in 0..rounds {
        for turn in 0..count {
            let who = (round + turn) % count;
            let run = &mut workload.contestants[who].run;
            let start = Instant::now();
            for _ in 0..repeats[who] {
                black_box(run());
            }
            samples[who].push(start.elapsed().as_secs_f64() * 1e9 / f64::from(repeats[who]));
        }
    }

    let medians: Vec<f64> = samples.iter().map(|s| quantile(s, 0.5)).collect();
    let best_of = |side| {
        (0..count)
            .filter(|&i| workload.contestants[i].side == side)
            .min_by(|&a, &b| medians[a].total_cmp(&medians[b]))
    };
    let reference = best_of(Side::Peer).or_else(|| best_of(Side::Baseline)).unwrap_or(count - 1);
    let times = (0..count)
        .map(|who| {
            let against: Vec<f64> = samples
                .iter()
                .map(|other| {
                    let ratios: Vec<f64> = other.iter().zip(&samples[who]).map(|(o, t)| o / t).collect();
                    quantile(&ratios, 0.5)
                })
                .collect();
            Times {
                median: medians[who],
                low: quantile(&samples[who], 0.25),
                high: quantile(&samples[who], 0.75),
                ratio: against[reference],
                against,
            }
        })
        .collect();
    (times, reference)
}

fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = q * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * at.fract()
}

/// A string as JSON; our names hold nothing but ASCII and quotes at worst.
pub fn json_string(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Writes `target/results/<kind>/<workload>.json`: one file a workload, so that a run of some workloads leaves what is
/// known of the others. `fields` is the inside of a JSON object.
pub fn write_result(kind: &str, entry: &Entry, fields: &str) -> std::io::Result<()> {
    let folder = results_folder(kind)?;
    let text = format!("{{\"id\": {}, \"order\": {}, {fields}}}\n", json_string(&entry.id), entry.order);
    std::fs::write(folder.join(format!("{}.json", entry.id.replace('/', "_"))), text)
}

/// `target/results/<kind>/` of this workspace, made if missing. What was built for newer processors (`-C target-cpu`) has
/// folders of its own, which the report leaves out.
pub fn results_folder(kind: &str) -> std::io::Result<std::path::PathBuf> {
    let cpu = if cfg!(target_feature = "avx2") { "-avx2" } else { "" };
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/results").join(format!("{kind}{cpu}"));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The folder under target/ that this program was built in: `release-lto`, `release` or `debug`.
pub fn profile() -> String {
    std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.parent()?.file_name()?.to_str()?.to_owned()))
        .unwrap_or_default()
}
