//! Recording attempts: what is news, what is a revision, what survives exactly.

use occtop::history::Query;
use occtop::model::attempt::{Delivery, ErrorKind, Outcome, SourceError};
use occtop::model::reading::{Change, Currency, Flow, Level, Measure, Reading, Value};
use serde_json::json;

use crate::building::*;

#[tokio::test]
async fn only_what_is_new_or_different_is_news() {
    let history = in_memory().await;
    let first = vec![
        flow("opap/1", minute(0), 8, 4),
        flow("opap/2", minute(0), 1, 0),
    ];
    let recorded = history
        .record(delivery(minute(1), first.clone()))
        .await
        .unwrap();
    let news = |reading: &Reading| Change {
        reading: reading.clone(),
        old: None,
    };
    assert_eq!(recorded.changes, first.iter().map(news).collect::<Vec<_>>());

    let again = history
        .record(delivery(minute(2), first.clone()))
        .await
        .unwrap();
    assert_eq!(again.changes, []);

    let corrected = flow("opap/1", minute(0), 9, 4);
    let fresh = flow("opap/1", minute(1), 2, 2);
    let batch = vec![fresh.clone(), corrected.clone(), first[1].clone()];
    let recorded = history.record(delivery(minute(3), batch)).await.unwrap();
    let old = Some(first[0].measure);
    let revision = Change {
        reading: corrected,
        old,
    };
    assert_eq!(recorded.changes, [revision, news(&fresh)]);
    assert_eq!(recorded.revised(), 1);
}

#[tokio::test]
async fn a_correction_keeps_what_it_replaced() {
    let history = in_memory().await;
    for (when, entered) in [(1, 8), (2, 9), (2, 9), (3, 7)] {
        let batch = vec![flow("opap/1", minute(0), entered, 4)];
        history.record(delivery(minute(when), batch)).await.unwrap();
    }
    let stored = history.readings(Query::default()).await.unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].reading, flow("opap/1", minute(0), 7, 4));
    assert_eq!(stored[0].fetched_at, minute(3));
    assert_eq!(stored[0].revised_at, Some(minute(3)));

    let revisions = history.revisions(Query::default()).await.unwrap();
    let seen: Vec<_> = revisions
        .iter()
        .map(|revision| (revision.old, revision.reading.measure, revision.at))
        .collect();
    let people = |entered| Measure::Flow(Flow { entered, left: 4 });
    assert_eq!(
        seen,
        [
            (people(8), people(9), minute(2)),
            (people(9), people(7), minute(3))
        ]
    );
}

#[tokio::test]
async fn of_one_key_twice_in_a_batch_the_last_counts() {
    let history = in_memory().await;
    let batch = vec![
        flow("opap/1", minute(0), 8, 4),
        flow("opap/1", minute(0), 9, 4),
    ];
    let recorded = history.record(delivery(minute(1), batch)).await.unwrap();
    assert_eq!(recorded.changes.len(), 1);
    assert_eq!(all(&history).await, [flow("opap/1", minute(0), 9, 4)]);
    assert_eq!(history.revisions(Query::default()).await.unwrap(), []);
}

#[tokio::test]
async fn values_survive_exactly() {
    let dir = tempfile::tempdir().unwrap();
    let history = in_dir(&dir).await;
    let sale = |item, price, currency| Reading {
        device: device("coffee/80"),
        start: minute(0),
        span_s: 0,
        item,
        measure: Measure::Sale {
            price,
            currency: Currency::parse(currency).unwrap(),
        },
    };
    let mut readings = vec![
        level("bus/1", minute(0), Level::OnBoard, Value::Int(-1)),
        level("bus/1", minute(0), Level::Odometer, Value::Real(20854.42)),
        level("bus/1", minute(0), Level::EngineHours, Value::Real(613.0)),
        level("bus/2", minute(0), Level::Odometer, Value::Int(613)),
        level(
            "hotel/x",
            minute(0),
            Level::CounterValue,
            Value::Int(i64::MAX),
        ),
        level(
            "hotel/y",
            minute(0),
            Level::CounterValue,
            Value::Int(i64::MIN),
        ),
        sale(1, Some(120), "EUR"),
        sale(2, None, "EUR"),
        sale(i64::MAX, Some(i64::MAX), "CZK"),
    ];
    history
        .record(delivery(minute(1), readings.clone()))
        .await
        .unwrap();
    history.close().await.unwrap();

    let mut held = all(&in_dir(&dir).await).await;
    let by_text = |reading: &Reading| format!("{reading:?}");
    held.sort_by_key(by_text);
    readings.sort_by_key(by_text);
    assert_eq!(held, readings);
}

#[tokio::test]
async fn a_number_that_is_none_is_left_out() {
    let history = in_memory().await;
    let batch = vec![
        level("bus/1", minute(0), Level::Odometer, Value::Real(f64::NAN)),
        level(
            "bus/2",
            minute(0),
            Level::Odometer,
            Value::Real(f64::INFINITY),
        ),
        level("bus/3", minute(0), Level::Odometer, Value::Real(1.5)),
    ];
    let kept = batch[2].clone();
    history.record(delivery(minute(1), batch)).await.unwrap();
    assert_eq!(all(&history).await, [kept]);
}

#[tokio::test]
async fn attempts_and_facts_are_restored() {
    let dir = tempfile::tempdir().unwrap();
    let history = in_dir(&dir).await;
    let known = |name| (device("opap/1"), counter_facts(name));
    for (when, name) in [(0, "old"), (1, "Ermou")] {
        let delivery = Delivery {
            facts: vec![known(name)],
            readings: vec![flow("opap/1", minute(when), 1, 1)],
            rows: 5,
            rejected: 2,
            ..Delivery::default()
        };
        let attempt = attempt("opap", minute(when + 1), Outcome::delivered(delivery));
        history.record(attempt).await.unwrap();
    }
    let error = SourceError::new(ErrorKind::Auth, "refused")
        .with_status(401)
        .with_code("authentication_failed")
        .with_reference(Some("00000000000000a1".into()))
        .with_retry_at(Some(minute(9)));
    let failed = attempt("opap", minute(3), Outcome::failed(error.clone()));
    history.record(failed).await.unwrap();
    history.close().await.unwrap();

    let restored = in_dir(&dir).await.restore().await.unwrap();
    assert_eq!(restored.facts, [known("Ermou")]);
    let newest: Vec<_> = restored.newest.iter().map(|s| s.reading.start).collect();
    assert_eq!(newest, [minute(1)]);
    let source = &restored.sources["opap"];
    assert_eq!(source.horizon, Some(minute(2)));
    assert_eq!(source.last_success, Some(minute(2)));
    assert_eq!(source.attempts.len(), 3);
    let second = &source.attempts[1];
    assert_eq!((second.rows, second.rejected, second.news), (Some(5), 2, 1));
    let last = &source.attempts[2];
    assert_eq!(
        (last.started, last.took_ms, last.rows),
        (minute(3), 84, None)
    );
    assert_eq!(last.error, Some(error));
}

#[tokio::test]
async fn what_was_learned_is_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let history = in_dir(&dir).await;
    history
        .remember("opap", "lag", &json!([180, 240]))
        .await
        .unwrap();
    history
        .remember("opap", "lag", &json!([180, 200]))
        .await
        .unwrap();
    history
        .remember("Ermou", "bias", &json!({"mon": 0.5}))
        .await
        .unwrap();
    history.close().await.unwrap();

    let memory = in_dir(&dir).await.restore().await.unwrap().memory;
    assert_eq!(
        json!(memory),
        json!({"Ermou": {"bias": {"mon": 0.5}}, "opap": {"lag": [180, 200]}})
    );
}
