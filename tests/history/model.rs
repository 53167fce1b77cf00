//! Whatever is recorded, the history equals a plain map.

use std::collections::BTreeMap;

use occtop::history::{Query, Stored};
use occtop::model::Timestamp;
use occtop::model::device::DeviceId;
use occtop::model::reading::{Currency, Flow, Level, Measure, Quantity, Reading, Value};
use proptest::prelude::*;

use crate::building::*;

type Key = (Timestamp, DeviceId, Quantity, i64);

fn key(reading: &Reading) -> Key {
    let quantity = reading.measure.quantity();
    (
        reading.start,
        reading.device.clone(),
        quantity,
        reading.item,
    )
}

/// What a history should hold.
#[derive(Clone, Debug, Default)]
struct Model {
    readings: BTreeMap<Key, Stored>,
    revisions: usize,
}

impl Model {
    /// Takes a batch and gives what is new or changed in it, with the old values.
    fn record(&mut self, at: Timestamp, batch: &[Reading]) -> BTreeMap<Key, Option<Measure>> {
        let last: BTreeMap<_, _> = batch
            .iter()
            .map(|reading| (key(reading), reading))
            .collect();
        let mut news = BTreeMap::new();
        for (key, reading) in last {
            let old = self.readings.get(&key);
            if old.is_some_and(|old| old.reading == *reading) {
                continue;
            }
            news.insert(key.clone(), old.map(|old| old.reading.measure));
            let stored = Stored {
                reading: reading.clone(),
                fetched_at: at,
                revised_at: old.map(|_| at),
            };
            self.revisions += usize::from(old.is_some());
            self.readings.insert(key, stored);
        }
        news
    }

    fn newest(&self) -> BTreeMap<(DeviceId, Quantity), Timestamp> {
        let series = |(start, device, quantity, _): &Key| ((device.clone(), *quantity), *start);
        self.readings.keys().map(series).collect()
    }
}

fn measure() -> impl Strategy<Value = Measure> {
    let value = prop_oneof![
        any::<i64>().prop_map(Value::Int),
        (-3_i64..3).prop_map(Value::Int),
        any::<i32>().prop_map(|value| Value::Real(f64::from(value) / 4.0)),
    ];
    let level = prop_oneof![
        Just(Level::Occupancy),
        Just(Level::OnBoard),
        Just(Level::Odometer),
        Just(Level::EngineHours),
        Just(Level::CounterValue),
    ];
    let currency = prop_oneof![Just("EUR"), Just("CZK"), Just("ZZZ")];
    prop_oneof![
        4 => (0_u32..3, 0_u32..3).prop_map(|(entered, left)| Measure::Flow(Flow { entered, left })),
        2 => (level, value).prop_map(|(level, value)| Measure::Level(level, value)),
        1 => (currency, any::<Option<i64>>()).prop_map(|(currency, price)| Measure::Sale {
            price,
            currency: Currency::parse(currency).unwrap(),
        }),
    ]
}

fn reading() -> impl Strategy<Value = Reading> {
    let devices = prop_oneof![Just("a/1"), Just("a/2"), Just("b/1")];
    let span = prop_oneof![9 => Just(60_u32), 1 => Just(900)];
    (devices, 0_i64..12, span, 0_i64..2, measure()).prop_map(|(id, when, span_s, item, measure)| {
        Reading {
            device: device(id),
            start: minute(when),
            span_s,
            item,
            measure,
        }
    })
}

fn batches() -> impl Strategy<Value = Vec<Vec<Reading>>> {
    // Some batches are larger than a full statement.
    let batch = prop_oneof![
        3 => prop::collection::vec(reading(), 0..12),
        1 => prop::collection::vec(reading(), 100..160),
    ];
    prop::collection::vec(batch, 1..8)
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(work)
}

proptest! {
    // Every batch waits for the disk several times.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_history_equals_a_map_over_a_restart(batches in batches()) {
        block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let mut model = Model::default();
            for (number, batch) in (100..).zip(&batches) {
                // Every batch meets a history that was just opened.
                let history = in_dir(&dir).await;
                let expected = model.record(minute(number), batch);
                let recorded = history.record(delivery(minute(number), batch.clone())).await.unwrap();
                let news: BTreeMap<_, _> = recorded
                    .changes
                    .iter()
                    .map(|change| (key(&change.reading), change.old))
                    .collect();
                assert_eq!(news.len(), recorded.changes.len());
                assert_eq!(news, expected);
                history.close().await.unwrap();
            }
            let history = in_dir(&dir).await;
            let held = history.readings(Query::default()).await.unwrap();
            let held: BTreeMap<_, _> = held.into_iter().map(|s| (key(&s.reading), s)).collect();
            assert_eq!(held, model.readings.clone());
            let revisions = history.revisions(Query::default()).await.unwrap();
            assert_eq!(revisions.len(), model.revisions);
            let restored = history.restore().await.unwrap();
            let newest: BTreeMap<_, _> = restored
                .newest
                .iter()
                .map(|Stored { reading, .. }| {
                    ((reading.device.clone(), reading.measure.quantity()), reading.start)
                })
                .collect();
            assert_eq!(newest, model.newest());
        });
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_batch_sent_twice_changes_nothing(batches in batches()) {
        block_on(async {
            let history = in_memory().await;
            for batch in &batches {
                history.record(delivery(minute(100), batch.clone())).await.unwrap();
                let before = history.readings(Query::default()).await.unwrap();
                let again = history.record(delivery(minute(200), batch.clone())).await.unwrap();
                assert_eq!(again.changes, []);
                assert_eq!(history.readings(Query::default()).await.unwrap(), before);
            }
        });
    }

    #[test]
    fn the_order_of_readings_does_not_matter(
        (sorted, shuffled) in prop::collection::vec(reading(), 0..100).prop_flat_map(|readings| {
            let unique: BTreeMap<_, _> = readings.into_iter().map(|r| (key(&r), r)).collect();
            let readings: Vec<_> = unique.into_values().collect();
            (Just(readings.clone()), Just(readings).prop_shuffle())
        }),
        cut in any::<prop::sample::Index>(),
    ) {
        block_on(async {
            let whole = in_memory().await;
            whole.record(delivery(minute(100), sorted)).await.unwrap();
            let pieces = in_memory().await;
            let cut = cut.index(shuffled.len() + 1);
            for piece in [&shuffled[cut..], &shuffled[..cut]] {
                pieces.record(delivery(minute(100), piece.to_vec())).await.unwrap();
            }
            let by_key = |readings: Vec<Reading>| {
                readings.into_iter().map(|r| (key(&r), r)).collect::<BTreeMap<_, _>>()
            };
            assert_eq!(by_key(all(&pieces).await), by_key(all(&whole).await));
        });
    }
}
