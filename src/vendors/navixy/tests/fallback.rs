//! Trackers and servers that spoil calls, and the way around them.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;

const BATCH: &str = "/tracker/readings/batch_list";
const VALUES: &str = "/tracker/counter/value/list";
const ONE: &str = "/tracker/get_counters";

fn count(paths: &[String], wanted: &str) -> usize {
    paths.iter().filter(|path| *path == wanted).count()
}

fn values_for(seen: &Seen) -> Answer {
    let value = |id: &i64| (id.to_string(), json!(id));
    let values: serde_json::Map<_, _> = ids_in(seen).iter().map(value).collect();
    answer(200, &json!({"success": true, "value": values}))
}

fn counters_for(seen: &Seen) -> Answer {
    let id = &seen.body["tracker_id"];
    answer(
        200,
        &json!({"success": true, "user_time": "2026-03-01T08:15:30-05:00", "list": [
        {"type": "odometer", "value": id, "update_time": "2026-03-01T08:15:21-05:00"}]}),
    )
}

#[tokio::test]
async fn trap_1_on_217_the_list_is_read_again_once_and_who_is_gone_or_blocked_is_dropped() {
    let lists = std::sync::atomic::AtomicU32::new(0);
    let changed = move |seen: &Seen| match seen.path.as_str() {
        "/tracker/list" => {
            let n = lists.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let mut body = list(&[1, 2, 3, 4]);
            if n > 0 {
                body = list(&[1, 3, 4]);
                body["list"][2]["source"]["blocked"] = json!(true);
            }
            answer(200, &body)
        }
        "/tracker/get_states" => answer(200, &states(&[1, 2, 3, 4])),
        BATCH if ids_in(seen) == [1, 3] => answer(200, &readings_for(seen)),
        BATCH => refused(217),
        _ => nothing_more(seen),
    };
    let server = StandIn::start(NOW, changed).await;
    let mut source = with_key(&server);
    let delivery = delivered(poll(&mut source, &server).await);
    assert_eq!(odometers(&delivery), [1, 3]);
    assert_eq!(
        blocked(&delivery),
        [
            ("fleet/1".to_owned(), false),
            ("fleet/3".to_owned(), false),
            ("fleet/4".to_owned(), true)
        ]
    );
    assert_eq!(
        server.paths()[..5],
        [
            "/tracker/list",
            "/tracker/get_states",
            BATCH,
            "/tracker/list",
            BATCH
        ]
    );
}

#[tokio::test]
async fn trap_1_culprits_that_the_list_does_not_tell_are_found_by_halving() {
    let spoilt = |seen: &Seen| match seen.path.as_str() {
        "/tracker/list" => answer(200, &list(&(1..=64).collect::<Vec<_>>())),
        "/tracker/get_states" => answer(200, &states(&(1..=64).collect::<Vec<_>>())),
        BATCH if ids_in(seen).contains(&37) => refused_under(403, 217),
        BATCH => answer(200, &readings_for(seen)),
        _ => nothing_more(seen),
    };
    let server = StandIn::start(NOW, spoilt).await;
    let mut source = with_key(&server);
    let delivery = delivered(poll(&mut source, &server).await);
    let others: Vec<i64> = (1..=64).filter(|id| *id != 37).collect();
    assert_eq!(odometers(&delivery), others);
    let calls = count(&server.paths(), BATCH);
    assert!(calls <= 2 + 2 * 6, "{calls} calls for one culprit of 64");
    // It is left out for an hour, so the next poll is one call again.
    source.readings.forget();
    server.hand.advance(Duration::from_secs(60));
    delivered(poll_again(&mut source, &server).await);
    assert_eq!(count(&server.paths(), BATCH), 1);
    source.readings.forget();
    server.hand.advance(Duration::from_secs(3600));
    poll_again(&mut source, &server).await;
    assert!(
        count(&server.paths(), BATCH) > 1,
        "after an hour it has another chance"
    );
}

#[tokio::test]
async fn fallback_1_a_server_without_readings_is_asked_for_each_counter() {
    for code in [111, 112, 236] {
        let older = move |seen: &Seen| match seen.path.as_str() {
            "/tracker/list" => answer(200, &list(&[11, 14])),
            "/tracker/get_states" => answer(200, &states(&[11, 14])),
            BATCH => refused(code),
            VALUES => values_for(seen),
            _ => nothing_more(seen),
        };
        let server = StandIn::start(NOW, older).await;
        let mut source = with_key(&server);
        let delivery = delivered(poll(&mut source, &server).await);
        assert_eq!(odometers(&delivery), [11, 14]);
        assert_eq!(levels(&delivery, Level::EngineHours).len(), 2);
        // Trap 3: no times in the answer, so the trackers' last update stands.
        let last_update: crate::model::Timestamp = "2026-03-01T13:15:21Z".parse().unwrap();
        assert!(
            delivery
                .readings
                .iter()
                .all(|reading| reading.start == last_update)
        );
        let asked = server.seen();
        let kinds: Vec<_> = asked
            .iter()
            .filter(|s| s.path == VALUES)
            .map(|s| s.body["type"].clone())
            .collect();
        assert_eq!(kinds, ["odometer", "engine_hours"]);
        // The server is believed to lack the call for a day.
        source.readings.forget();
        server.hand.advance(Duration::from_secs(60));
        poll_again(&mut source, &server).await;
        assert_eq!(count(&server.paths(), BATCH), 0);
        source.readings.forget();
        server.hand.advance(Duration::from_secs(86_400));
        poll_again(&mut source, &server).await;
        assert_eq!(count(&server.paths(), BATCH), 1);
    }
}

#[tokio::test]
async fn trap_1_a_missing_counter_is_isolated_and_remembered_for_an_hour() {
    let without: BTreeSet<i64> = BTreeSet::from([5, 40]);
    let older = move |seen: &Seen| match seen.path.as_str() {
        "/tracker/list" => answer(200, &list(&(1..=64).collect::<Vec<_>>())),
        "/tracker/get_states" => answer(200, &states(&(1..=64).collect::<Vec<_>>())),
        BATCH => refused(111),
        VALUES
            if seen.body["type"] == "engine_hours"
                && ids_in(seen).iter().any(|id| without.contains(id)) =>
        {
            refused_under(404, 204)
        }
        VALUES => values_for(seen),
        _ => nothing_more(seen),
    };
    let server = StandIn::start(NOW, older).await;
    let mut source = with_key(&server);
    let delivery = delivered(poll(&mut source, &server).await);
    assert_eq!(levels(&delivery, Level::Odometer).len(), 64);
    assert_eq!(levels(&delivery, Level::EngineHours).len(), 62);
    let calls = count(&server.paths(), VALUES);
    assert!(
        calls <= 1 + 1 + 2 * 2 * 6,
        "{calls} calls for two culprits of 64"
    );
    source.readings.forget();
    server.hand.advance(Duration::from_secs(60));
    poll_again(&mut source, &server).await;
    assert_eq!(
        count(&server.paths(), VALUES),
        2,
        "one call for each counter again"
    );
}

#[tokio::test]
async fn fallback_2_where_too_many_calls_fail_trackers_are_asked_one_by_one() {
    let older = |seen: &Seen| match seen.path.as_str() {
        "/tracker/list" => answer(200, &list(&(1..=32).collect::<Vec<_>>())),
        "/tracker/get_states" => answer(200, &states(&(1..=32).collect::<Vec<_>>())),
        BATCH => refused(111),
        VALUES if seen.body["type"] == "engine_hours" => refused_under(404, 204),
        VALUES => values_for(seen),
        ONE => counters_for(seen),
        _ => nothing_more(seen),
    };
    let server = StandIn::start(NOW, older).await;
    let mut source = with_key(&server);
    let delivery = delivered(poll(&mut source, &server).await);
    let seen: BTreeSet<i64> = odometers(&delivery).into_iter().collect();
    assert_eq!(seen.len(), 32);
    let paths = server.paths();
    assert!(
        count(&paths, VALUES) + count(&paths, ONE) <= 32 + 20,
        "{paths:?}"
    );
    // Nobody has engine hours, and that is known now.
    source.readings.forget();
    server.hand.advance(Duration::from_secs(60));
    poll_again(&mut source, &server).await;
    let paths = server.paths();
    assert_eq!((count(&paths, VALUES), count(&paths, ONE)), (1, 0));
}

#[tokio::test]
async fn fallback_2_a_server_with_neither_call_is_asked_tracker_by_tracker_in_turn() {
    let ids: Vec<i64> = (1..=100).collect();
    let oldest = move |seen: &Seen| match seen.path.as_str() {
        "/tracker/list" => answer(200, &list(&ids)),
        "/tracker/get_states" => answer(200, &states(&ids)),
        BATCH | VALUES => refused(112),
        ONE if seen.body["tracker_id"] == 3 => refused_under(404, 204),
        ONE if seen.body["tracker_id"] == 4 => refused_under(403, 208),
        ONE => counters_for(seen),
        _ => nothing_more(seen),
    };
    let server = StandIn::start(NOW, oldest).await;
    let mut source = with_key(&server);
    let first = odometers(&delivered(poll(&mut source, &server).await));
    assert_eq!(
        first.len(),
        58,
        "sixty in a poll, two of which have nothing"
    );
    server.hand.advance(Duration::from_secs(60));
    let second = odometers(&delivered(poll_again(&mut source, &server).await));
    let all: BTreeSet<i64> = first.into_iter().chain(second).collect();
    assert_eq!(all.len(), 98, "the others had their turn");
}

#[tokio::test]
async fn smaller_batches_are_sent_where_the_server_wants_them() {
    for code in [9, 221] {
        let picky = move |seen: &Seen| match seen.path.as_str() {
            "/tracker/list" => answer(200, &list(&(1..=90).collect::<Vec<_>>())),
            "/tracker/get_states" => answer(200, &states(&(1..=90).collect::<Vec<_>>())),
            BATCH if ids_in(seen).len() > 30 => refused(code),
            BATCH => answer(200, &readings_for(seen)),
            _ => nothing_more(seen),
        };
        let server = StandIn::start(NOW, picky).await;
        let mut source = with_key(&server);
        let delivery = delivered(poll(&mut source, &server).await);
        assert_eq!(odometers(&delivery).len(), 90);
        server.seen();
        source.readings.forget();
        server.hand.advance(Duration::from_secs(60));
        poll_again(&mut source, &server).await;
        let sizes: Vec<_> = server
            .seen()
            .iter()
            .filter(|seen| seen.path == BATCH)
            .map(|seen| ids_in(seen).len())
            .collect();
        assert!(sizes.iter().all(|size| *size <= 30), "{code}: {sizes:?}");
    }
}

#[tokio::test]
async fn history_is_asked_only_for_what_moved_and_not_where_it_is_refused() {
    let refusing = |seen: &Seen| match seen.path.as_str() {
        "/tracker/list" => answer(200, &list(&[1, 2, 3])),
        "/tracker/get_states" => answer(200, &states(&[1, 2, 3])),
        BATCH => answer(200, &readings_for(seen)),
        "/tracker/counter/data/read" => refused_under(403, 13),
        _ => nothing_more(seen),
    };
    let server = StandIn::start(NOW, refusing).await;
    let mut source = with_key(&server);
    let delivery = delivered(poll(&mut source, &server).await);
    assert_eq!(count(&server.paths(), "/tracker/counter/data/read"), 1);
    assert!(
        delivery
            .notes
            .iter()
            .any(|note| note.contains("earlier counter values")),
        "{:?}",
        delivery.notes
    );
}

#[tokio::test]
async fn a_history_span_that_is_too_long_is_halved() {
    for code in [7, 211] {
        let short = move |seen: &Seen| match seen.path.as_str() {
            "/tracker/list" => answer(200, &list(&[1])),
            "/tracker/get_states" => answer(200, &states(&[1])),
            BATCH => answer(200, &readings_for(seen)),
            "/tracker/counter/data/read" => {
                let end = |name: &str| {
                    seen.body[name]
                        .as_str()
                        .unwrap()
                        .parse::<crate::model::Timestamp>()
                        .unwrap()
                };
                if (end("to") - end("from")).num_hours() >= 5 {
                    return refused(code);
                }
                answer(
                    200,
                    &json!({"success": true, "list": [
                    {"value": 1.5, "update_time": seen.body["from"]}]}),
                )
            }
            _ => nothing_more(seen),
        };
        let server = StandIn::start(NOW, short).await;
        let delivery = delivered(poll(&mut with_key(&server), &server).await);
        let past: Vec<_> = delivery
            .readings
            .iter()
            .skip(1)
            .map(|r| r.start.to_rfc3339())
            .collect();
        assert_eq!(
            past,
            ["2026-03-01T05:00:00+00:00", "2026-03-01T09:07:45+00:00"],
            "{code}"
        );
    }
}

#[tokio::test]
async fn history_that_fails_three_times_is_given_up_with_a_note() {
    let failing = |seen: &Seen| match seen.path.as_str() {
        "/tracker/list" => answer(200, &list(&[1])),
        "/tracker/get_states" => answer(200, &states(&[1])),
        BATCH => answer(200, &readings_for(seen)),
        "/tracker/counter/data/read" => refused_under(500, 6),
        _ => nothing_more(seen),
    };
    let server = StandIn::start(NOW, failing).await;
    let mut source = with_key(&server);
    let mut delivery = delivered(poll(&mut source, &server).await);
    for _ in 0..2 {
        let lost = |note: &String| note.contains("given up");
        assert!(!delivery.notes.iter().any(lost), "{:?}", delivery.notes);
        delivery = delivered(poll_again(&mut source, &server).await);
    }
    let note = delivery.notes.join("; ");
    assert!(
        note.contains("one span of earlier counter values"),
        "{note}"
    );
    assert!(note.contains("given up after 3 tries"), "{note}");
}

#[tokio::test]
async fn history_without_a_value_is_given_up_quietly() {
    for code in [204, 208, 219] {
        let none = move |seen: &Seen| match seen.path.as_str() {
            "/tracker/list" => answer(200, &list(&[1])),
            "/tracker/get_states" => answer(200, &states(&[1])),
            BATCH => answer(200, &readings_for(seen)),
            "/tracker/counter/data/read" => refused(code),
            _ => nothing_more(seen),
        };
        let server = StandIn::start(NOW, none).await;
        let mut source = with_key(&server);
        let delivery = delivered(poll(&mut source, &server).await);
        assert_eq!(delivery.notes, Vec::<String>::new());
        server.seen();
        poll_again(&mut source, &server).await;
        assert_eq!(count(&server.paths(), "/tracker/counter/data/read"), 0);
    }
}
