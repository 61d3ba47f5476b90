//! criterion over the whole catalogue: `cargo bench`, or `cargo bench -- WORD` for some of it.
//!
//! criterion measures one contestant after the other; for ratios on a busy machine use `compare`, which interleaves.

use std::hint::black_box;
use std::time::Duration;

use benches::catalogue::entries;
use benches::generator::Scale;
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

fn everything(criterion: &mut Criterion) {
    for entry in entries(&[]) {
        let mut group = criterion.benchmark_group(&entry.id);
        let mut workload = entry.make(Scale::FULL);
        group.throughput(Throughput::Bytes(workload.bytes));
        group.sampling_mode(SamplingMode::Flat);
        group.sample_size(10);
        group.warm_up_time(Duration::from_millis(300));
        group.measurement_time(Duration::from_secs(1));
        for contestant in &mut workload.contestants {
            group.bench_function(contestant.name, |bencher| bencher.iter(|| black_box((contestant.run)())));
        }
        group.finish();
    }
}

criterion_group!(benches, everything);
criterion_main!(benches);
