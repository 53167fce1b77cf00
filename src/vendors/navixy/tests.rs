//! The account against a server on loopback: what is asked, what comes of it, and what is done
//! about each trap and each row of the error table.

mod errors;
mod fallback;
mod normal;
mod past;
mod session;

use serde_json::{Value as Json, json};

use crate::config::secret::Secret;
use crate::model::attempt::{Ask, Delivery, Outcome};
use crate::model::device::Detail;
use crate::model::reading::{Level, Measure, Value};
use crate::vendors::source::Source;
use crate::vendors::stand_in::{Answer, Seen, StandIn, budget, json as answer};

use super::{Credential, Navixy, Settings, open};

const NOW: &str = "2026-03-01T13:15:30Z";
const MIDNIGHT: &str = "2026-03-01T05:00:00Z";
const KEY: &str = "0123456789abcdef0123456789abcdef";

fn with_key(server: &StandIn) -> Navixy {
    account(server, Credential::ApiKey(Secret::Literal(KEY.into())), &[])
}

fn with_login(server: &StandIn) -> Navixy {
    let credential = Credential::Login {
        username: "ops@example.org".to_owned(),
        password: Secret::Literal("correct horse".into()),
    };
    account(server, credential, &[])
}

fn account(server: &StandIn, credential: Credential, trackers: &[i64]) -> Navixy {
    let settings = Settings {
        credential,
        trackers: trackers.to_vec(),
        on_board: vec!["passengers_remaining".to_owned(), "people".to_owned()],
    };
    open(
        &server.common("fleet"),
        &settings,
        budget(3600),
        server.clock.clone(),
    )
    .unwrap()
}

async fn poll(source: &mut Navixy, server: &StandIn) -> Outcome {
    source.poll(&server.ask(MIDNIGHT)).await
}

/// A later poll: history reaches to its own beginning, so nothing is caught up.
async fn poll_again(source: &mut Navixy, server: &StandIn) -> Outcome {
    let ask = Ask {
        horizon: Some(server.clock.now()),
        ..server.ask(MIDNIGHT)
    };
    source.poll(&ask).await
}

fn delivered(outcome: Outcome) -> Delivery {
    assert_eq!(outcome.error, None);
    outcome.delivery.expect("a delivery")
}

fn refused(code: i64) -> Answer {
    refused_under(400, code)
}

fn refused_under(status: u16, code: i64) -> Answer {
    answer(
        status,
        &json!({"success": false, "status": {"code": code, "description": "Refused"}}),
    )
}

/// The list of open trackers with these ids.
fn list(ids: &[i64]) -> Json {
    let tracker =
        |id: &i64| json!({"id": id, "label": format!("Bus {id}"), "source": {"blocked": false}});
    json!({"success": true, "list": ids.iter().map(tracker).collect::<Vec<_>>()})
}

/// The states of moving trackers with these ids.
fn states(ids: &[i64]) -> Json {
    states_at(ids, "2026-03-01T08:15:21-05:00")
}

fn states_at(ids: &[i64], last_update: &str) -> Json {
    let state = |id: &i64| {
        let state = json!({"connection_status": "active", "movement_status": "moving", "last_update": last_update});
        (id.to_string(), state)
    };
    json!({"success": true, "user_time": "2026-03-01T08:15:30-05:00",
           "states": ids.iter().map(state).collect::<serde_json::Map<_, _>>(),
           "blocked": [], "not_exist": []})
}

/// Readings for the trackers that a request names: each odometer shows its tracker's id.
fn readings_for(seen: &Seen) -> Json {
    let reading = |id: &i64| {
        let counters =
            json!([{"type": "odometer", "value": id, "update_time": "2026-03-01T08:15:21-05:00"}]);
        (
            id.to_string(),
            json!({"inputs": [], "states": [], "counters": counters}),
        )
    };
    json!({"success": true, "result": ids_in(seen).iter().map(reading).collect::<serde_json::Map<_, _>>()})
}

fn ids_in(seen: &Seen) -> Vec<i64> {
    let ids = seen.body["trackers"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    ids.iter().filter_map(Json::as_i64).collect()
}

/// The optional calls as a server without them answers.
fn nothing_more(_: &Seen) -> Answer {
    refused(111)
}

/// Device and value of every reading of a level.
fn levels(delivery: &Delivery, wanted: Level) -> Vec<(String, Value)> {
    let readings = delivery.readings.iter();
    readings
        .filter_map(|reading| match reading.measure {
            Measure::Level(level, value) if level == wanted => {
                Some((reading.device.to_string(), value))
            }
            _ => None,
        })
        .collect()
}

fn odometers(delivery: &Delivery) -> Vec<i64> {
    let mut ids: Vec<i64> = levels(delivery, Level::Odometer)
        .iter()
        .map(|(_, value)| value.int())
        .collect();
    ids.sort_unstable();
    ids
}

fn blocked(delivery: &Delivery) -> Vec<(String, bool)> {
    let facts = delivery.facts.iter();
    facts
        .map(|(id, facts)| match facts.detail {
            Detail::Tracker { blocked, .. } => (id.to_string(), blocked),
            ref other => panic!("{other:?}"),
        })
        .collect()
}
