//! What the estimate of one store costs: one live cell, a late row, two weeks at start.

use chrono::{TimeDelta, Timelike};
use divan::{Bencher, black_box};
use occtop::model::Timestamp;
use occtop::model::occupancy::{Door, Estimator, Settings, Visit, ZeroRows};
use occtop::model::reading::Flow;
use occtop::model::store::Store;

const DAYS: i64 = 14;
const DOORS: [&str; 2] = ["north", "south"];

fn main() {
    divan::main();
}

fn begin() -> Timestamp {
    // 2 March 2026, 04:00.
    Timestamp::from_timestamp(1_772_424_000, 0).unwrap_or_default()
}

/// A quarter of an hour of a shop that is open from 9 to 21.
fn visit(start: Timestamp) -> Visit {
    let open = (9..21).contains(&start.hour());
    let people = if open { 20 + start.minute() / 15 } else { 0 };
    Visit {
        start,
        span_s: 900,
        flow: Flow {
            entered: people,
            left: people,
        },
    }
}

fn visits(from: Timestamp, to: Timestamp) -> Vec<Visit> {
    let starts = std::iter::successors(Some(from), |at| Some(*at + TimeDelta::minutes(15)));
    starts.take_while(|at| *at < to).map(visit).collect()
}

fn new() -> (Estimator, [Door; 2]) {
    let mut estimator = Estimator::new(Settings::of(&Store::named("Ermou", chrono_tz::UTC)));
    let doors = DOORS.map(|name| estimator.door(name, ZeroRows::Explicit));
    (estimator, doors)
}

fn observe(estimator: &mut Estimator, doors: [Door; 2], visit: Visit) {
    for door in doors {
        estimator.observe(door, visit, None, visit.start + TimeDelta::minutes(17));
    }
}

/// A store that has learned two weeks and is in the middle of a day.
fn learned() -> (Estimator, [Door; 2], Timestamp) {
    let (mut estimator, doors) = new();
    let now = begin() + TimeDelta::days(DAYS) + TimeDelta::hours(10);
    for visit in visits(begin(), now) {
        observe(&mut estimator, doors, visit);
    }
    estimator.run();
    (estimator, doors, now)
}

/// The next quarter of an hour of both doors arrives.
#[divan::bench]
fn one_live_cell(bencher: Bencher) {
    let (estimator, doors, now) = learned();
    bencher
        .with_inputs(|| estimator.clone())
        .bench_local_values(|mut estimator| {
            observe(&mut estimator, doors, visit(now));
            estimator.run();
            black_box(estimator.estimate());
            estimator
        });
}

/// A reading of this morning is corrected.
#[divan::bench]
fn correction_of_today(bencher: Bencher) {
    let (estimator, doors, _) = learned();
    let early = visit(begin() + TimeDelta::days(DAYS) + TimeDelta::hours(5));
    bencher
        .with_inputs(|| estimator.clone())
        .bench_local_values(|mut estimator| {
            let old = Some(early.flow);
            let mut late = early;
            late.flow.entered += 9;
            estimator.observe(doors[0], late, old, early.start + TimeDelta::hours(3));
            estimator.run();
            estimator
        });
}

/// A reading of the oldest day is corrected: two weeks are run again.
#[divan::bench]
fn correction_two_weeks_ago(bencher: Bencher) {
    let (estimator, doors, _) = learned();
    let early = visit(begin() + TimeDelta::hours(8));
    bencher
        .with_inputs(|| estimator.clone())
        .bench_local_values(|mut estimator| {
            let mut late = early;
            late.flow.entered += 9;
            let old = Some(early.flow);
            estimator.observe(doors[0], late, old, early.start + TimeDelta::hours(3));
            estimator.run();
            estimator
        });
}

/// The program starts: two weeks of both doors are observed and run.
#[divan::bench]
fn two_weeks_at_start(bencher: Bencher) {
    let history = visits(begin(), begin() + TimeDelta::days(DAYS));
    bencher.bench_local(|| {
        let (mut estimator, doors) = new();
        for visit in &history {
            observe(&mut estimator, doors, *visit);
        }
        estimator.run();
        estimator
    });
}

/// The sentences for the details of a store.
#[divan::bench]
fn explanation(bencher: Bencher) {
    let (estimator, ..) = learned();
    bencher.bench_local(|| black_box(estimator.why()));
}
