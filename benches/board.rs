//! What it costs to take a poll into the ledger and publish the board.
//!
//! A poll that brings news of 100 devices must cost the same whether the board has 100 devices or
//! 10,000: compare the two lines of `hundred_changed`.

#![allow(missing_docs, reason = "a program, not a library")]

use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Europe::Athens;
use divan::Bencher;
use occtop::model::Timestamp;
use occtop::model::attempt::{Attempt, Delivery, Outcome};
use occtop::model::board::Board;
use occtop::model::device::{Detail, DeviceId, Facts};
use occtop::model::health::Expectation;
use occtop::model::ledger::Ledger;
use occtop::model::ledger::plan::{Plan, Quiet, SourcePlan, Stamp};
use occtop::model::reading::{Change, Flow, Measure, Reading};
use occtop::model::schedule::{Cadence, Publish};
use occtop::model::store::{Member, Store};

const DOORS_PER_STORE: usize = 10;
const QUARTER_S: u32 = 900;

fn main() {
    divan::main();
}

/// One poll with news of 100 devices (ten stores) on a board of so many devices.
#[divan::bench(args = [100, 10_000])]
fn hundred_changed(bencher: Bencher<'_, '_>, devices: usize) {
    publish(bencher, devices, 100);
}

/// One poll with news of every device of 1,000 stores.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn ten_thousand_changed(bencher: Bencher<'_, '_>) {
    publish(bencher, 10_000, 10_000);
}

/// Making the first rows of a chain: what a start costs before any history is read.
#[divan::bench(args = [100, 10_000])]
fn first_delivery(bencher: Bencher<'_, '_>, devices: usize) {
    bencher.bench_local(|| Watch::new(devices));
}

fn publish(bencher: Bencher<'_, '_>, devices: usize, changed: usize) {
    let mut watch = Watch::new(devices);
    let mut quarter = 0;
    bencher
        .with_inputs(|| {
            quarter += 1;
            poll(quarter, changed)
        })
        .bench_local_refs(|(attempt, changes)| watch.publish(attempt, changes));
}

struct Watch {
    ledger: Ledger,
}

impl Watch {
    /// All devices described and counted once.
    fn new(devices: usize) -> Self {
        let mut watch = Self {
            ledger: Ledger::new(plan(devices / DOORS_PER_STORE), at(0)),
        };
        let (mut attempt, changes) = poll(0, devices);
        if let Some(delivery) = &mut attempt.outcome.delivery {
            delivery.facts = (0..devices)
                .map(|door| (device(door), facts(door)))
                .collect();
        }
        watch.publish(&attempt, &changes);
        watch
    }

    fn publish(&mut self, attempt: &Attempt, changes: &[Change]) -> Arc<Board> {
        let now = attempt.started + TimeDelta::seconds(1);
        self.ledger.apply(attempt, changes, now);
        self.ledger.look(now);
        self.ledger.board()
    }
}

fn plan(stores: usize) -> Plan {
    let expectation = Expectation {
        period_s: QUARTER_S,
        lag_s: 180,
        grace_s: 120,
    };
    Plan {
        sources: vec![SourcePlan {
            name: "mall".into(),
            vendor: "viametrics".into(),
            paused: false,
            cadence: Cadence {
                publish: Publish::Batches,
                expectation,
                every_s: None,
            },
            quiet: Quiet::Missing,
            stamp: Stamp::End,
            host: "counters.example".into(),
            limit_per_hour: 60,
        }],
        stores: (0..stores).map(store).collect(),
        display_zone: Athens,
    }
}

fn store(number: usize) -> Arc<Store> {
    let mut store = Store::named(&format!("Store {number:04}"), Athens);
    let first = number * DOORS_PER_STORE;
    store.members = (first..first + DOORS_PER_STORE)
        .map(|door| Member::Device(device(door)))
        .collect();
    Arc::new(store)
}

fn device(door: usize) -> DeviceId {
    DeviceId::new("mall", door)
}

fn facts(door: usize) -> Facts {
    Facts {
        name: format!("Door {door}"),
        timezone: None,
        detail: Detail::PeopleCounter {
            interval_s: Some(QUARTER_S),
            group: None,
        },
    }
}

/// A poll that brings the given quarter of an hour of the first `changed` doors.
fn poll(quarter: u32, changed: usize) -> (Attempt, Vec<Change>) {
    let news = (0..changed).zip(0_u32..).map(|(door, salt)| Change {
        reading: Reading {
            device: device(door),
            start: at(quarter),
            span_s: QUARTER_S,
            item: 0,
            measure: Measure::Flow(Flow {
                entered: 1 + (quarter + salt) % 7,
                left: 1 + (quarter + salt) % 5,
            }),
        },
        old: None,
    });
    let attempt = Attempt {
        source: "mall".into(),
        started: at(quarter + 1) + TimeDelta::seconds(180),
        took_ms: 84,
        exchanges: Vec::new(),
        outcome: Outcome::delivered(Delivery::default()),
    };
    (attempt, news.collect())
}

/// Quarters of an hour since six in the morning of 2 March 2026 in Athens.
fn at(quarter: u32) -> Timestamp {
    let begin = Timestamp::from_timestamp(1_772_424_000, 0).unwrap_or_default();
    begin + TimeDelta::seconds(i64::from(quarter * QUARTER_S))
}
