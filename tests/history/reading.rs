//! Reading back: ranges, levels before an instant, the attempts of the last hour, retention.

use std::collections::HashSet;

use occtop::history::{FlowSum, Pruned, Query, Reader};
use occtop::model::attempt::{Delivery, Outcome};
use occtop::model::board::BEATS;
use occtop::model::reading::{Flow, Level, Reading, Value};

use crate::building::*;

#[tokio::test]
async fn a_range_is_half_open_and_can_be_of_some_devices() {
    let history = in_memory().await;
    let batch = (0..10)
        .flat_map(|n| ["opap/1", "opap/2"].map(|id| flow(id, minute(n), 1, 1)))
        .collect();
    history.record(delivery(minute(20), batch)).await.unwrap();
    let query = Query {
        from: Some(minute(3)),
        to: Some(minute(5)),
        devices: Some(HashSet::from([device("opap/2"), device("opap/9")])),
    };
    let found = plain(history.readings(query).await.unwrap());
    assert_eq!(found, [3, 4].map(|n| flow("opap/2", minute(n), 1, 1)));
}

#[tokio::test]
async fn bounds_within_a_second_follow_the_whole_seconds() {
    let history = in_memory().await;
    let batch = vec![
        flow("opap/1", minute(0), 1, 1),
        flow("opap/1", minute(1), 1, 1),
    ];
    history.record(delivery(minute(2), batch)).await.unwrap();
    let half = chrono::TimeDelta::milliseconds(500);
    let query = Query {
        from: Some(minute(0) + half),
        to: Some(minute(1) + half),
        devices: None,
    };
    let found = plain(history.readings(query).await.unwrap());
    assert_eq!(found, [flow("opap/1", minute(1), 1, 1)]);
}

#[tokio::test]
async fn long_ranges_come_in_pages_without_loss() {
    let history = in_memory().await;
    let batch: Vec<_> = (0..20_000)
        .map(|n| flow("opap/1", minute(n), 1, 1))
        .collect();
    history
        .record(delivery(minute(20_001), batch.clone()))
        .await
        .unwrap();
    let mut pages = history.pages(Query::default());
    let mut found = Vec::new();
    let mut count = 0;
    while let Some(page) = pages.next().await.unwrap() {
        found.extend(plain(page));
        count += 1;
    }
    assert!(count > 2, "{count} pages");
    assert_eq!(found, batch);
}

#[tokio::test]
async fn people_are_summed_by_the_quarter_hour() {
    let history = in_memory().await;
    let hourly = |when| Reading {
        span_s: 3600,
        ..flow("vms/7", minute(when), 40, 30)
    };
    // Eight hours of minutes are read in several steps.
    let batch = (0..480)
        .map(|n| flow("opap/1", minute(n), 1, 2))
        .chain([hourly(0), hourly(60)])
        .chain([level("opap/1", minute(0), Level::Occupancy, Value::Int(9))])
        .collect();
    history.record(delivery(minute(481), batch)).await.unwrap();
    let sum = |id: &str, when, span_s, entered, left| FlowSum {
        device: device(id),
        start: minute(when),
        span_s,
        flow: Flow { entered, left },
    };
    let of = |sums: &[FlowSum], id: &str| -> Vec<FlowSum> {
        let of = sums.iter().filter(|sum| sum.device == device(id));
        of.cloned().collect()
    };

    let sums = history.flow_sums(minute(0), minute(480)).await.unwrap();
    assert!(sums.is_sorted_by_key(|sum| sum.start));
    let quarters: Vec<_> = (0..32)
        .map(|n| sum("opap/1", n * 15, 900, 15, 30))
        .collect();
    assert_eq!(of(&sums, "opap/1"), quarters);
    let hours = [0, 60].map(|when| sum("vms/7", when, 3600, 40, 30));
    assert_eq!(of(&sums, "vms/7"), hours);

    let sums = history.flow_sums(minute(5), minute(20)).await.unwrap();
    let cut = [sum("opap/1", 0, 900, 10, 20), sum("opap/1", 15, 900, 5, 10)];
    assert_eq!(sums, cut);
    assert_eq!(history.flow_sums(minute(5), minute(5)).await.unwrap(), []);
}

#[tokio::test]
async fn the_last_level_before_an_instant_is_found_however_old() {
    let history = in_memory().await;
    let odometer = |id, when, km| level(id, minute(when), Level::Odometer, Value::Real(km));
    let batch = vec![
        odometer("bus/1", -100_000, 10.0),
        odometer("bus/1", 30, 11.0),
        level("bus/1", minute(-5), Level::EngineHours, Value::Real(3.0)),
        odometer("bus/2", 0, 20.0),
        odometer("bus/2", 1, 21.0),
        odometer("bus/3", 5, 30.0),
    ];
    history
        .record(delivery(minute(60), batch.clone()))
        .await
        .unwrap();
    let midnight = ["bus/1", "bus/2", "bus/3", "bus/4"].map(|id| (device(id), minute(0)));
    let found = plain(history.last_levels(midnight.to_vec()).await.unwrap());
    assert_eq!(found, [&batch[0], &batch[2], &batch[3]].map(Clone::clone));

    let later = vec![(device("bus/1"), minute(31)), (device("bus/2"), minute(0))];
    let found = plain(history.last_levels(later).await.unwrap());
    assert_eq!(found, [&batch[1], &batch[2], &batch[3]].map(Clone::clone));
}

#[tokio::test]
async fn a_value_from_long_ago_is_restored_beside_todays() {
    let history = in_memory().await;
    let old = level(
        "hotel/x",
        minute(-500_000),
        Level::CounterValue,
        Value::Int(7),
    );
    let new = flow("opap/1", minute(3), 1, 1);
    history
        .record(delivery(minute(4), vec![old.clone()]))
        .await
        .unwrap();
    let batch = vec![flow("opap/1", minute(2), 1, 1), new.clone()];
    history.record(delivery(minute(4), batch)).await.unwrap();
    let restored = history.restore().await.unwrap();
    assert_eq!(plain(restored.newest), [old.clone(), new]);
    assert_eq!(restored.sources["hotel"].horizon, Some(old.start));
}

#[tokio::test]
async fn attempts_are_restored_for_the_strip_and_for_the_hour() {
    let history = in_memory().await;
    let attempts = |source, every_s: i64, count: i64| {
        (0..count).map(move |n| {
            let started = minute(0) + chrono::TimeDelta::seconds(n * every_s);
            attempt(source, started, Outcome::delivered(Delivery::default()))
        })
    };
    for attempt in attempts("slow", 900, 100).chain(attempts("fast", 30, 200)) {
        history.record(attempt).await.unwrap();
    }
    let sources = history.restore().await.unwrap().sources;
    assert_eq!(sources["slow"].attempts.len(), BEATS);
    assert_eq!(sources["fast"].attempts.len(), 120);
    let started = |n: usize| sources["fast"].attempts[n].started;
    assert!(started(0) < started(119));
}

#[tokio::test]
async fn retention_deletes_what_is_older_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let history = in_dir(&dir).await;
    for round in 0..3 {
        let batch = (0..5000)
            .map(|n| flow("opap/1", minute(n), 1 + round, 1))
            .chain([flow("opap/2", minute(7), 1, 1)])
            .collect();
        let started = minute(4000 + i64::from(round));
        history.record(delivery(started, batch)).await.unwrap();
    }
    let pruned = history.prune(minute(4001)).await.unwrap();
    let expected = Pruned {
        readings: 4002,
        revisions: 2 * 4001,
        attempts: 1,
        events: 0,
        devices: 1,
    };
    assert_eq!(pruned, expected);
    assert_eq!(
        history.prune(minute(4001)).await.unwrap(),
        Pruned::default()
    );
    let rest: Vec<_> = (4001..5000)
        .map(|n| flow("opap/1", minute(n), 3, 1))
        .collect();
    assert_eq!(all(&history).await, rest);
    let revisions = history.revisions(Query::default()).await.unwrap();
    assert_eq!(revisions.len(), 2 * rest.len());

    // A device of which nothing was left comes back with its next reading.
    let back = flow("opap/2", minute(5001), 4, 4);
    history
        .record(delivery(minute(5002), vec![back.clone()]))
        .await
        .unwrap();
    history.close().await.unwrap();
    assert_eq!(all(&in_dir(&dir).await).await.last(), Some(&back));
}

/// A tracker without counters is described in every poll and never read.
#[tokio::test]
async fn retention_keeps_what_is_only_described() {
    let dir = tempfile::tempdir().unwrap();
    let history = in_dir(&dir).await;
    let described = Delivery {
        facts: vec![(device("fleet/13"), counter_facts("Dispatcher"))],
        roster: true,
        ..Delivery::default()
    };
    history
        .record(attempt("fleet", minute(1), Outcome::delivered(described)))
        .await
        .unwrap();
    let pruned = history.prune(minute(0)).await.unwrap();
    assert_eq!(pruned, Pruned::default());
    history.close().await.unwrap();
    let known = in_dir(&dir).await.restore().await.unwrap().facts;
    assert_eq!(known.len(), 1, "{known:?}");
}

#[tokio::test]
async fn a_backup_is_a_history_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    for history in [in_memory().await, in_dir(&dir).await] {
        let batch = vec![flow("opap/1", minute(0), 1, 1)];
        history
            .record(delivery(minute(1), batch.clone()))
            .await
            .unwrap();
        let target = tempfile::tempdir().unwrap();
        history.backup(path(&target)).await.unwrap();
        assert!(
            history.backup(path(&target)).await.is_err(),
            "overwrote a file"
        );
        let later = vec![flow("opap/1", minute(1), 1, 1)];
        history.record(delivery(minute(2), later)).await.unwrap();

        let mut found = Vec::new();
        Reader::open(&path(&target))
            .unwrap()
            .for_each(&Query::default(), |stored| {
                found.push(stored.reading.clone());
                Ok::<_, occtop::history::HistoryError>(())
            })
            .unwrap();
        assert_eq!(found, batch);
        assert_eq!(all(&in_dir(&target).await).await, batch);
        let left: Vec<_> = std::fs::read_dir(target.path()).unwrap().collect();
        assert!(left.iter().all(|e| {
            let name = e.as_ref().unwrap().file_name();
            !name.to_string_lossy().contains("partial")
        }));
    }
}
