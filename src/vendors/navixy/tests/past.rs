//! What the counters showed while nobody looked.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use super::*;
use crate::model::Timestamp;
use crate::vendors::source::{Counts, Past};

/// A history that cannot be read.
#[derive(Debug)]
struct Nothing;

impl Past for Nothing {
    fn counted(&self, _: Timestamp, _: Timestamp) -> BoxFuture<'_, Option<Counts>> {
        ready(None).boxed()
    }
}

/// A server with so many trackers, each with a history of its odometer.
fn fleet(size: i64) -> impl Fn(&Seen) -> Answer {
    let ids: Vec<i64> = (1..=size).collect();
    move |seen: &Seen| match seen.path.as_str() {
        "/tracker/list" => answer(200, &list(&ids)),
        "/tracker/get_states" => answer(200, &states(&ids)),
        "/tracker/readings/batch_list" => answer(200, &readings_for(seen)),
        "/tracker/counter/data/read" => answer(
            200,
            &json!({"success": true, "list": [{"value": 0.5, "update_time": seen.body["from"]}]}),
        ),
        _ => nothing_more(seen),
    }
}

/// What a later run would have to ask for.
fn left(delivery: &Delivery) -> Vec<serde_json::Value> {
    serde_json::from_value(delivery.memory.clone().unwrap()).unwrap()
}

fn asked(server: &StandIn) -> Vec<i64> {
    let seen = server.seen();
    let past = seen
        .iter()
        .filter(|seen| seen.path == "/tracker/counter/data/read");
    past.map(|seen| seen.body["tracker_id"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn a_few_spans_are_asked_for_in_each_poll_and_the_note_says_how_far_it_is() {
    let server = StandIn::start(NOW, fleet(30)).await;
    let mut source = with_key(&server);
    let delivery = delivered(poll(&mut source, &server).await);
    // The live values come first and are whole.
    assert_eq!(levels(&delivery, Level::Odometer).len(), 30 + 12);
    assert_eq!(asked(&server), (1..=12).collect::<Vec<_>>());
    assert_eq!(
        delivery.notes,
        [
            "catching up: 12 of 30 spans of earlier counter values are read, the oldest left is from \
          2026-03-01 05:00Z"
        ]
    );
    assert_eq!(left(&delivery).len(), 18);
    delivered(poll_again(&mut source, &server).await);
    assert_eq!(asked(&server), (13..=24).collect::<Vec<_>>());
    let delivery = delivered(poll_again(&mut source, &server).await);
    assert_eq!((delivery.notes.len(), left(&delivery).len()), (0, 0));
}

#[tokio::test]
async fn a_later_run_takes_up_what_an_earlier_one_left() {
    let server = StandIn::start(NOW, fleet(30)).await;
    let memory = delivered(poll(&mut with_key(&server), &server).await).memory;
    server.seen();
    let mut source = with_key(&server);
    source.resume(memory, Arc::new(Nothing));
    let ask = Ask {
        horizon: Some(server.clock.now()),
        ..server.ask(MIDNIGHT)
    };
    let delivery = delivered(source.poll(&ask).await);
    assert_eq!(asked(&server), (13..=24).collect::<Vec<_>>());
    assert_eq!(left(&delivery)[0]["tracker"], 25);
}

#[tokio::test]
async fn a_span_that_is_refused_as_too_long_is_halved() {
    for code in [7, 211] {
        let fleet = fleet(1);
        let picky = move |seen: &Seen| {
            let span = |name: &str| {
                let text = seen.body[name].as_str()?;
                text.parse::<crate::model::Timestamp>().ok()
            };
            match span("from").zip(span("to")) {
                Some((from, to)) if to - from > chrono::TimeDelta::hours(5) => refused(code),
                _ => fleet(seen),
            }
        };
        let server = StandIn::start(NOW, picky).await;
        let delivery = delivered(poll(&mut with_key(&server), &server).await);
        // Eight hours, two halves, and the live value.
        assert_eq!(asked(&server).len(), 3, "{code}");
        assert_eq!(levels(&delivery, Level::Odometer).len(), 3, "{code}");
    }
}

#[tokio::test]
async fn a_counter_that_is_not_there_and_a_failing_server_cost_one_call() {
    for (code, still) in [(204, 0), (208, 0), (1, 1), (111, 0)] {
        let fleet = fleet(1);
        let refusing = move |seen: &Seen| match seen.path.as_str() {
            "/tracker/counter/data/read" => refused(code),
            _ => fleet(seen),
        };
        let server = StandIn::start(NOW, refusing).await;
        let delivery = delivered(poll(&mut with_key(&server), &server).await);
        assert_eq!(asked(&server).len(), 1, "{code}");
        assert_eq!(left(&delivery).len(), still, "{code}");
    }
}

#[tokio::test]
async fn a_server_without_offsets_is_asked_in_local_time() {
    let naive = |seen: &Seen| match seen.path.as_str() {
        "/tracker/list" => answer(200, &list(&[1])),
        "/tracker/get_states" => answer(
            200,
            &json!({"success": true, "user_time": "2026-03-01 08:15:30",
                    "states": {"1": {"last_update": "2026-03-01 08:15:21"}}}),
        ),
        "/user/get_info" => answer(
            200,
            &json!({"success": true, "user_info": {"time_zone": "America/New_York"}}),
        ),
        "/tracker/readings/batch_list" => answer(
            200,
            &json!({"success": true, "result": {"1": {"counters": [
                {"type": "odometer", "value": "5.5", "update_time": "2026-03-01 08:15:20"}]}}}),
        ),
        "/tracker/counter/data/read" => answer(200, &json!({"success": true, "list": []})),
        _ => nothing_more(seen),
    };
    let server = StandIn::start(NOW, naive).await;
    delivered(poll(&mut with_key(&server), &server).await);
    let seen = server.seen();
    let past = seen
        .iter()
        .find(|seen| seen.path == "/tracker/counter/data/read")
        .unwrap();
    assert_eq!(past.body["from"], "2026-03-01 00:00:00");
    assert_eq!(past.body["to"], "2026-03-01 08:15:30");
}
