//! What holds for any counts in any order.

use chrono::TimeDelta;
use occtop::model::Timestamp;
use occtop::model::occupancy::{Estimate, Estimator, Settings, Visit, ZeroRows};
use occtop::model::reading::Flow;
use occtop::model::store::{Reset, Store};
use proptest::prelude::*;

use crate::shop::at;

/// One delivered row: door, start and counts.
type Row = (usize, Timestamp, Flow);

const DOORS: usize = 2;

fn begin() -> Timestamp {
    at("2026-03-02T04:00:00Z")
}

/// Four days of two doors in hourly rows, some of them lost, but the last row of each door is
/// there: all doors reach equally far.
fn days() -> impl Strategy<Value = Vec<Row>> {
    let hours = 4 * 24 + 6;
    let count = prop_oneof![1 => Just((0, 0)), 6 => (0..60_u32, 0..60_u32)];
    let row = proptest::option::weighted(0.97, count);
    proptest::collection::vec(row, hours * DOORS).prop_map(move |rows| {
        let rows = rows.into_iter().enumerate();
        rows.filter_map(|(index, count)| {
            let (hour, door) = (index / DOORS, index % DOORS);
            let edge = hour == 0 || hour + 1 == hours;
            let (entered, left) = count.or(edge.then_some((1, 1)))?;
            let start = begin() + TimeDelta::hours(i64::try_from(hour).unwrap());
            Some((door, start, Flow { entered, left }))
        })
        .collect()
    })
}

/// The rows with an order to deliver them in.
fn shuffled() -> impl Strategy<Value = (Vec<Row>, Vec<Row>)> {
    days().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
}

fn estimator(zero_rows: ZeroRows, reset: Reset) -> Estimator {
    let settings = Settings {
        reset,
        ..Settings::of(&Store::named("Ermou", chrono_tz::UTC))
    };
    let mut estimator = Estimator::new(settings);
    for door in ["north", "south"] {
        let door = estimator.door(door, zero_rows);
        estimator.watched(door, begin());
    }
    estimator
}

/// Delivers rows one by one, checking what must hold after each.
fn deliver(estimator: &mut Estimator, rows: &[Row], old: bool) -> Result<(), TestCaseError> {
    for (index, start, flow) in rows {
        let name = ["north", "south"][*index];
        let door = estimator.door(name, ZeroRows::Explicit);
        let visit = Visit {
            start: *start,
            span_s: 3600,
            flow: *flow,
        };
        estimator.observe(
            door,
            visit,
            old.then_some(*flow),
            *start + TimeDelta::hours(1),
        );
        estimator.run();
        if let Some(estimate) = estimator.estimate() {
            sound(&estimate)?;
        }
    }
    Ok(())
}

fn sound(estimate: &Estimate) -> Result<(), TestCaseError> {
    let Estimate { n, low, high, .. } = *estimate;
    prop_assert!(0.0 <= low && low <= n && n <= high, "{low} {n} {high}");
    prop_assert!(
        (estimate.sums.total() - n).abs() < 1e-6,
        "{:?}",
        estimate.sums
    );
    let (low, high) = estimate.band();
    prop_assert!(low <= estimate.shown() && estimate.shown() <= high);
    Ok(())
}

/// The numbers of an estimate, without the flag that tells of a correction.
fn numbers(estimator: &Estimator) -> (Vec<f64>, Timestamp, u32, i64) {
    let e = estimator.estimate().unwrap();
    let s = e.sums;
    let sums = [s.start, s.counted, s.filled, s.ratio, s.pace, s.floor];
    let numbers = [e.n, e.low, e.high, e.signed, e.deviation, e.coverage];
    ([numbers, sums].concat(), e.as_of, e.days, e.raw)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_order_gives_the_same_estimate(
        (sorted, shuffled) in shuffled(),
        zero_rows in prop_oneof![
            Just(ZeroRows::Auto), Just(ZeroRows::Explicit), Just(ZeroRows::Omitted)
        ],
        never in any::<bool>(),
    ) {
        let four = chrono::NaiveTime::from_hms_opt(4, 0, 0).unwrap();
        let reset = if never { Reset::Never } else { Reset::At(four) };
        let mut live = estimator(zero_rows, reset);
        deliver(&mut live, &sorted, false)?;
        let mut late = estimator(zero_rows, reset);
        deliver(&mut late, &shuffled, false)?;
        prop_assert_eq!(numbers(&live), numbers(&late));
        let days = |estimator: &Estimator| estimator.finished().cloned().collect::<Vec<_>>();
        prop_assert_eq!(days(&live), days(&late));
    }

    #[test]
    fn sending_again_changes_nothing(rows in days()) {
        let mut once = estimator(ZeroRows::Auto, Store::named("", chrono_tz::UTC).reset);
        deliver(&mut once, &rows, false)?;
        let before = numbers(&once);
        deliver(&mut once, &rows, true)?;
        prop_assert_eq!(before, numbers(&once));
    }

    #[test]
    fn a_run_over_history_equals_the_live_run(rows in days()) {
        let reset = Store::named("", chrono_tz::UTC).reset;
        let mut live = estimator(ZeroRows::Explicit, reset);
        deliver(&mut live, &rows, false)?;
        // At start everything is observed before anything is run.
        let mut again = estimator(ZeroRows::Explicit, reset);
        for (index, start, flow) in &rows {
            let door = again.door(["north", "south"][*index], ZeroRows::Explicit);
            let visit = Visit { start: *start, span_s: 3600, flow: *flow };
            again.observe(door, visit, None, at("2026-03-06T12:00:00Z"));
        }
        again.run();
        prop_assert_eq!(numbers(&live), numbers(&again));
    }
}
