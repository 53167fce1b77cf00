//! The account against a server on loopback: what is asked, what comes of it, and what is done
//! about each trap and each status.

mod chosen;
mod counters;
mod house;
mod normal;
mod statuses;
mod tokens;

use chrono::TimeDelta;
use serde_json::{Value as Json, json};

use crate::config::secret::Secret;
use crate::model::attempt::{Delivery, Outcome};
use crate::model::device::Detail;
use crate::model::reading::{Measure, Value};
use crate::vendors::source::Source;
use crate::vendors::stand_in::{Answer, Seen, StandIn, budget, json as answer};

use super::{AccessToken, CounterSettings, Day, HouseSettings, Mews, Settings, open};

const NOW: &str = "2026-03-01T09:00:00Z";
const MIDNIGHT: &str = "2026-02-28T23:00:00Z";
const HOTEL: &str = "0c7b1e52-5f2e-4a76-9b3c-6d5a1f0e2b11";

const ENTERPRISES: &str = "/api/connector/v1/enterprises/getAll";
const COUNTERS: &str = "/api/connector/v1/counters/getAll";
const RESERVATIONS: &str = "/api/connector/v1/reservations/getAll/2023-06-06";
const SERVICES: &str = "/api/connector/v1/services/getAll";
const AVAILABILITY: &str = "/api/connector/v1/services/getAvailability/2024-01-22";

fn settings(tokens: &[(Option<&str>, &str)]) -> Settings {
    let access = tokens.iter().map(|(label, token)| AccessToken {
        label: label.map(str::to_owned),
        token: Secret::Literal((*token).into()),
    });
    Settings {
        client_token: Secret::Literal("CLIENT-TOKEN".into()),
        access_tokens: access.collect(),
        client: "Occupancy Monitor 1.0.0".to_owned(),
        enterprises: Vec::new(),
        counters: CounterSettings {
            types: Vec::new(),
            default_only: false,
            page_size: 1000,
            overlap: TimeDelta::minutes(2),
            full_read: TimeDelta::minutes(15),
        },
        house: house(false, false),
        day: Day::default(),
        requests_per_second: 2,
    }
}

fn house(guests: bool, rooms: bool) -> HouseSettings {
    HouseSettings {
        guests,
        guests_every: TimeDelta::minutes(2),
        rooms,
        rooms_every: TimeDelta::hours(1),
        capacity: std::collections::BTreeMap::new(),
    }
}

fn one_token() -> Settings {
    settings(&[(None, "ACCESS-TOKEN")])
}

fn account(server: &StandIn, settings: &Settings) -> Mews {
    open(
        &server.common("hotel"),
        settings,
        budget(2400),
        server.clock.clone(),
    )
    .unwrap()
}

async fn poll(source: &mut Mews, server: &StandIn) -> Outcome {
    source.poll(&server.ask(MIDNIGHT)).await
}

fn delivered(outcome: Outcome) -> Delivery {
    assert_eq!(outcome.error, None);
    outcome.delivery.expect("a delivery")
}

fn enterprise(id: &str, name: &str) -> Json {
    json!({"Id": id, "Name": name, "TimeZoneIdentifier": "Europe/Prague", "BusinessDayClosingOffset": null})
}

fn enterprises(list: &[Json]) -> Answer {
    answer(200, &json!({"Enterprises": list, "Cursor": null}))
}

fn counter(id: &str, enterprise: &str, value: i64) -> Json {
    json!({"Id": id, "EnterpriseId": enterprise, "Name": "Default", "Value": value,
           "Type": "BillCounter", "UpdatedUtc": "2026-03-01T08:41:07Z"})
}

fn counters(list: &[Json]) -> Answer {
    answer(200, &json!({"Counters": list, "Cursor": null}))
}

fn failure(status: u16, message: &str) -> Answer {
    answer(
        status,
        &json!({"Message": message, "RequestId": "0HN5K2V7Q3A1B:00000001", "Details": null}),
    )
}

/// A hotel with one counter, and none of the optional operations.
fn simple(seen: &Seen) -> Answer {
    match seen.path.as_str() {
        ENTERPRISES => enterprises(&[enterprise(HOTEL, "Hotel Example")]),
        COUNTERS => counters(&[counter("a", HOTEL, 5)]),
        _ => failure(401, "No right."),
    }
}

fn values(delivery: &Delivery) -> Vec<(String, i64)> {
    let readings = delivery.readings.iter();
    let mut values: Vec<_> = readings
        .map(|reading| match reading.measure {
            Measure::Level(crate::model::reading::Level::CounterValue, Value::Int(value)) => {
                (reading.device.local().to_owned(), value)
            }
            ref other => panic!("{other:?}"),
        })
        .collect();
    values.sort();
    values
}

fn token(seen: &Seen) -> &str {
    seen.body["AccessToken"].as_str().unwrap()
}

fn count(paths: &[String], wanted: &str) -> usize {
    paths.iter().filter(|path| *path == wanted).count()
}

/// Occupied rooms of every device.
fn occupied(delivery: &Delivery) -> Vec<Option<u32>> {
    let facts = delivery.facts.iter();
    facts
        .map(|(_, facts)| match facts.detail {
            Detail::DocumentCounter { rooms_occupied, .. } => rooms_occupied,
            ref other => panic!("{other:?}"),
        })
        .collect()
}

/// Guests and rooms of every device.
fn tonight(delivery: &Delivery) -> Vec<(Option<u32>, Option<u32>)> {
    let facts = delivery.facts.iter();
    facts
        .map(|(_, facts)| match facts.detail {
            Detail::DocumentCounter {
                guests_in_house,
                rooms,
                ..
            } => (guests_in_house, rooms),
            ref other => panic!("{other:?}"),
        })
        .collect()
}
