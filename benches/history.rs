//! What it costs to keep a poll: a Bespot page of 10,000 rows (500 stores, 20 minutes), against
//! appending the page's bytes to a file with one sync, which nothing durable can beat.
//!
//! The page must cost at most ten times the floor, whatever is in the history already.

#![allow(missing_docs, reason = "a program, not a library")]
#![allow(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on has failed"
)]

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use divan::Bencher;
use occtop::history::{History, Location, Query};
use occtop::model::Timestamp;
use occtop::model::attempt::{Attempt, Delivery, Outcome};
use occtop::model::device::DeviceId;
use occtop::model::reading::{Flow, Measure, Reading};
use tokio::runtime::Runtime;

const STORES: u32 = 500;
const MINUTES: u32 = 20;
/// Bytes of the page as the vendor writes it.
const PAGE_BYTES: usize = 1_080_000;
/// Pages that make 600,000 rows.
const PRESENT: u32 = 60;

fn main() {
    divan::main();
}

#[divan::bench]
fn floor_append_and_sync(bencher: Bencher<'_, '_>) {
    let dir = tempfile::tempdir().unwrap();
    let mut file = File::create(dir.path().join("page")).unwrap();
    let page = vec![b'x'; PAGE_BYTES];
    bencher.bench_local(|| {
        file.write_all(&page).unwrap();
        file.sync_data().unwrap();
    });
}

#[divan::bench]
fn page_into_an_empty_history(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    bencher
        .with_inputs(|| (Bench::filled(&runtime, 0), page(0, 0)))
        .bench_local_values(|(bench, page)| {
            bench.record(page);
            bench
        });
}

#[divan::bench(args = [1, PRESENT])]
fn next_page(bencher: Bencher<'_, '_>, present: u32) {
    let runtime = runtime();
    let bench = Bench::filled(&runtime, present);
    let mut number = present;
    bencher
        .with_inputs(|| {
            number += 1;
            page(number, 0)
        })
        .bench_local_values(|page| bench.record(page));
}

#[divan::bench]
fn known_page_again(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    let bench = Bench::filled(&runtime, PRESENT);
    bencher
        .with_inputs(|| page(PRESENT - 1, 0))
        .bench_local_values(|page| bench.record(page));
}

#[divan::bench(sample_count = PRESENT)]
fn known_page_with_a_tenth_corrected(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    let bench = Bench::filled(&runtime, PRESENT);
    let mut number = 0;
    bencher
        .with_inputs(|| {
            number += 1;
            page(PRESENT - number, 1)
        })
        .bench_local_values(|page| bench.record(page));
}

#[divan::bench]
fn restore_with_1000_series(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    let bench = Bench::filled(&runtime, PRESENT);
    bencher.bench_local(|| runtime.block_on(bench.history.restore()).unwrap());
}

#[divan::bench]
fn last_hour_of_all_stores(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    let bench = Bench::filled(&runtime, PRESENT);
    let query = Query::since(minute(PRESENT * MINUTES - 60));
    bencher.bench_local(|| {
        runtime
            .block_on(bench.history.readings(query.clone()))
            .unwrap()
    });
}

struct Bench<'a> {
    runtime: &'a Runtime,
    history: History,
    _dir: tempfile::TempDir,
}

impl<'a> Bench<'a> {
    fn filled(runtime: &'a Runtime, pages: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let location = Location::File(dir.path().join("history.db"));
        let (history, _) = runtime
            .block_on(History::open(location, minute(0)))
            .unwrap();
        let bench = Self {
            runtime,
            history,
            _dir: dir,
        };
        (0..pages).for_each(|number| bench.record(page(number, 0)));
        bench
    }

    fn record(&self, page: Arc<Attempt>) {
        self.runtime.block_on(self.history.record(page)).unwrap();
    }
}

/// The page that covers the given twenty minutes. A correction changes a tenth of its values.
fn page(number: u32, correction: u32) -> Arc<Attempt> {
    let readings = (0..MINUTES)
        .flat_map(|minute| (0..STORES).map(move |store| (number * MINUTES + minute, store)))
        .map(|(at, store)| Reading {
            device: DeviceId::new("opap", 116_500 + store),
            start: minute(at),
            span_s: 60,
            item: 0,
            measure: Measure::Flow(Flow {
                entered: (at + store) % 7 + if store % 10 == 0 { correction } else { 0 },
                left: (at + store) % 5,
            }),
        })
        .collect();
    Arc::new(Attempt {
        source: "opap".into(),
        started: minute((number + 1) * MINUTES + correction),
        took_ms: 84,
        exchanges: Vec::new(),
        outcome: Outcome::delivered(Delivery {
            readings,
            rows: STORES * MINUTES,
            ..Delivery::default()
        }),
    })
}

fn minute(number: u32) -> Timestamp {
    Timestamp::from_timestamp(1_772_438_400 + i64::from(number) * 60, 0).unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}
