//! Old readings become coarser: sums stay exact, nothing counts twice, the last level stays.

use std::collections::BTreeMap;

use occtop::history::{History, Query, RollUp, Stored};
use occtop::model::Timestamp;
use occtop::model::device::DeviceId;
use occtop::model::reading::{Flow, Level, Measure, Reading, Value};
use proptest::prelude::*;
use rusqlite::Connection;

use crate::building::*;

fn quarters(before: Timestamp) -> RollUp {
    RollUp {
        quarters_before: before,
        hours_before: Timestamp::UNIX_EPOCH,
    }
}

fn hours(before: Timestamp) -> RollUp {
    RollUp {
        quarters_before: before,
        hours_before: before,
    }
}

fn sum(id: &str, start: Timestamp, span_s: u32, entered: u32, left: u32) -> Reading {
    Reading {
        span_s,
        ..flow(id, start, entered, left)
    }
}

async fn record(history: &History, readings: Vec<Reading>) -> occtop::history::Recorded {
    history
        .record(delivery(minute(600), readings))
        .await
        .unwrap()
}

#[tokio::test]
async fn minutes_become_quarter_hours_and_then_hours_with_exact_sums() {
    let history = in_memory().await;
    let minutes = (0..120).map(|n| flow("opap/1", minute(n), 2, 1));
    let native = sum("via/1", minute(0), 900, 40, 30);
    record(&history, minutes.chain([native.clone()]).collect()).await;

    let rolled = history.roll_up(quarters(minute(60))).await.unwrap();
    assert_eq!((rolled.readings, rolled.sums), (60, 4));
    let mut expected = vec![sum("opap/1", minute(0), 900, 30, 15), native.clone()];
    expected.extend((1..4).map(|n| sum("opap/1", minute(n * 15), 900, 30, 15)));
    expected.extend((60..120).map(|n| flow("opap/1", minute(n), 2, 1)));
    assert_eq!(all(&history).await, expected);

    let rolled = history.roll_up(hours(minute(60))).await.unwrap();
    assert_eq!((rolled.readings, rolled.sums), (5, 2));
    assert_eq!(
        all(&history).await[..2],
        [
            sum("opap/1", minute(0), 3600, 120, 60),
            sum("via/1", minute(0), 3600, 40, 30)
        ]
    );
    let again = history.roll_up(hours(minute(60))).await.unwrap();
    assert_eq!((again.readings, again.sums), (0, 0));
}

#[tokio::test]
async fn a_bound_within_a_cell_leaves_the_cell_alone() {
    let history = in_memory().await;
    let minutes: Vec<_> = (0..30).map(|n| flow("opap/1", minute(n), 1, 0)).collect();
    record(&history, minutes).await;
    history.roll_up(quarters(minute(29))).await.unwrap();
    assert_eq!(all(&history).await.len(), 1 + 15);
}

#[tokio::test]
async fn a_sum_knows_how_much_of_its_interval_had_arrived() {
    let dir = tempfile::tempdir().unwrap();
    let history = in_dir(&dir).await;
    let minutes = (0..30).filter(|n| !(3..8).contains(n));
    record(
        &history,
        minutes.map(|n| flow("opap/1", minute(n), 1, 0)).collect(),
    )
    .await;
    history.roll_up(quarters(minute(30))).await.unwrap();
    history.close().await.unwrap();
    let file = Connection::open(path(&dir)).unwrap();
    let mut rows = file
        .prepare("SELECT covered_s FROM reading ORDER BY start")
        .unwrap();
    let covered: Vec<Option<i64>> = rows
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(covered, [Some(600), None]);
}

#[tokio::test]
async fn a_count_that_is_part_of_a_sum_is_not_counted_again() {
    let dir = tempfile::tempdir().unwrap();
    let history = in_dir(&dir).await;
    let minutes: Vec<_> = (0..15).map(|n| flow("opap/1", minute(n), 1, 1)).collect();
    record(&history, minutes.clone()).await;
    history.roll_up(quarters(minute(60))).await.unwrap();
    history.close().await.unwrap();

    let history = in_dir(&dir).await;
    let expected = vec![sum("opap/1", minute(0), 900, 15, 15)];
    // The same again, and a correction of the minute that bears the start of the sum.
    for late in [minutes, vec![flow("opap/1", minute(0), 9, 9)]] {
        let count = late.len();
        let recorded = record(&history, late).await;
        assert_eq!((recorded.changes.len(), recorded.left_out), (0, count));
        assert_eq!(all(&history).await, expected);
    }
    // Another counter's quarter hour has no sum yet: nothing can be counted twice.
    let other = flow("opap/2", minute(3), 4, 4);
    assert_eq!(record(&history, vec![other]).await.changes.len(), 1);
    // A vendor that gives the whole quarter hour corrects it.
    let whole = sum("opap/1", minute(0), 900, 16, 15);
    let recorded = record(&history, vec![whole.clone()]).await;
    assert_eq!((recorded.changes.len(), recorded.revised()), (1, 1));
    assert_eq!(all(&history).await[0], whole);
}

#[tokio::test]
async fn of_levels_the_last_of_each_cell_stays() {
    let history = in_memory().await;
    let km = |at: i64, km: f64| level("fleet/11", minute(at), Level::Odometer, Value::Real(km));
    let inside = |at, people| level("opap/1", minute(at), Level::Occupancy, Value::Int(people));
    record(
        &history,
        vec![
            km(1, 10.0),
            km(7, 11.5),
            km(20, 12.0),
            inside(2, 3),
            inside(14, 5),
        ],
    )
    .await;
    history.roll_up(quarters(minute(60))).await.unwrap();
    assert_eq!(
        all(&history).await,
        [km(7, 11.5), inside(14, 5), km(20, 12.0)]
    );
    for (before, expected) in [(19, km(7, 11.5)), (30, km(20, 12.0))] {
        let asked = vec![(device("fleet/11"), minute(before))];
        let found = history.last_levels(asked).await.unwrap();
        assert_eq!(plain(found), [expected]);
    }
}

#[tokio::test]
async fn a_counter_that_fell_silent_is_still_found() {
    let dir = tempfile::tempdir().unwrap();
    let history = in_dir(&dir).await;
    let minutes = (0..12).map(|n| flow("opap/1", minute(n), 1, 0)).collect();
    record(&history, minutes).await;
    history.roll_up(quarters(minute(60))).await.unwrap();
    let expected = vec![sum("opap/1", minute(0), 900, 12, 0)];
    assert_eq!(plain(history.restore().await.unwrap().newest), expected);
    history.close().await.unwrap();
    let history = in_dir(&dir).await;
    assert_eq!(plain(history.restore().await.unwrap().newest), expected);
    // It is forgotten like any other when its time has come.
    let pruned = history.prune(minute(60)).await.unwrap();
    assert_eq!((pruned.readings, pruned.devices), (1, 1));
}

#[tokio::test]
async fn that_something_was_corrected_stays_with_the_sum() {
    let history = in_memory().await;
    record(&history, vec![flow("opap/1", minute(0), 1, 0)]).await;
    record(&history, vec![flow("opap/1", minute(0), 2, 0)]).await;
    let native = sum("via/1", minute(0), 900, 1, 0);
    record(&history, vec![native]).await;
    record(&history, vec![sum("via/1", minute(0), 900, 2, 0)]).await;
    history.roll_up(quarters(minute(60))).await.unwrap();
    let held = history.readings(Query::default()).await.unwrap();
    let revised: Vec<_> = held.iter().map(|held| held.revised_at.is_some()).collect();
    assert_eq!(revised, [true, true]);
    let revisions = history.revisions(Query::default()).await.unwrap();
    assert_eq!(
        revisions.len(),
        1,
        "that of the reading that stayed as it came"
    );
    assert_eq!(revisions[0].reading.device, device("via/1"));
}

#[tokio::test]
async fn polls_go_on_while_a_year_is_rolled_up() {
    let history = in_memory().await;
    let devices = 0..40;
    for day in 0..6 {
        let readings = devices.clone().flat_map(|id| {
            (0..60).map(move |n| flow(&format!("opap/{id}"), minute(day * 1440 + n), 1, 2))
        });
        record(&history, readings.collect()).await;
    }
    let rolling = tokio::spawn({
        let history = history.clone();
        async move { history.roll_up(hours(minute(9000))).await }
    });
    for n in 0..20 {
        let batch = vec![flow("opap/1", minute(20_000 + n), 1, 1)];
        assert_eq!(record(&history, batch).await.changes.len(), 1);
    }
    let rolled = rolling.await.unwrap().unwrap();
    assert_eq!((rolled.readings, rolled.sums), (40 * 60 * 6, 40 * 6));
}

type Sums = BTreeMap<(DeviceId, i64), (u64, u64)>;

/// People by device and hour.
fn hourly(readings: &[Stored]) -> Sums {
    let mut sums = Sums::new();
    for Stored { reading, .. } in readings {
        if let Measure::Flow(Flow { entered, left }) = reading.measure {
            let hour = reading.start.timestamp().div_euclid(3600);
            let sum = sums.entry((reading.device.clone(), hour)).or_default();
            *sum = (sum.0 + u64::from(entered), sum.1 + u64::from(left));
        }
    }
    sums
}

fn reading() -> impl Strategy<Value = Reading> {
    let span = prop_oneof![Just(60_u32), Just(300), Just(900), Just(3600)];
    let people = prop_oneof![4 => 0_u32..5, 1 => Just(u32::MAX)];
    (0..3, 0_i64..240, span, people, 0_u32..3).prop_map(|(id, when, span_s, entered, left)| {
        let aligned = when - when % i64::from(span_s / 60);
        sum(&format!("a/{id}"), minute(aligned), span_s, entered, left)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_rolled_up_sums_stay_and_nothing_counts_twice(
        readings in prop::collection::vec(reading(), 1..120),
        (first, second) in (0_i64..250, 0_i64..250),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let history = in_memory().await;
            record(&history, readings.clone()).await;
            let before = hourly(&history.readings(Query::default()).await.unwrap());
            for bound in [quarters(minute(first)), hours(minute(second))] {
                history.roll_up(bound).await.unwrap();
                let held = history.readings(Query::default()).await.unwrap();
                assert_eq!(hourly(&held), before);
                let newest = history.restore().await.unwrap().newest;
                assert_eq!(newest.len(), before.keys().map(|(id, _)| id).collect::<std::collections::BTreeSet<_>>().len());
            }
            // Single minutes alone, because a coarser reading of the same instant corrects them.
            let again: Vec<_> = readings.into_iter().filter(|r| r.span_s == 60).collect();
            let held = history.readings(Query::default()).await.unwrap();
            let coarse = held.iter().all(|held| held.reading.span_s == 3600);
            if coarse {
                let recorded = record(&history, again).await;
                assert_eq!(recorded.changes, []);
            }
        });
    }
}
