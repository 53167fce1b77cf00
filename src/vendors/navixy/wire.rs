//! The JSON of the Navixy platform API, as it comes.
//!
//! Null fields are left out by the server, fields get added, and maps are keyed by decimal strings
//! in any order (vendor documentation). Only what identifies a row is required.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::vendors::lenient::{Row, lax, lax_or_empty, whole};

/// The part that every reply has.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Envelope {
    #[serde(deserialize_with = "lax")]
    pub success: Option<bool>,
    #[serde(deserialize_with = "lax")]
    pub status: Option<Status>,
    #[serde(deserialize_with = "lax_or_empty")]
    pub errors: Vec<Row<ParameterError>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Status {
    #[serde(default, deserialize_with = "whole")]
    pub code: Option<i64>,
    #[serde(default, deserialize_with = "lax")]
    pub description: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ParameterError {
    pub parameter: String,
    #[serde(default, deserialize_with = "lax")]
    pub error: Option<String>,
}

/// `user/auth`.
#[derive(Deserialize)]
pub(super) struct Auth {
    #[serde(default, rename = "type", deserialize_with = "lax")]
    pub kind: Option<String>,
    #[serde(default, deserialize_with = "lax")]
    pub hash: Option<String>,
}

/// `user/get_info`.
#[derive(Debug, Deserialize)]
pub(super) struct Info {
    pub user_info: UserInfo,
}

#[derive(Debug, Deserialize)]
pub(super) struct UserInfo {
    pub time_zone: String,
}

/// `tracker/list`.
#[derive(Debug, Deserialize)]
pub(super) struct TrackerList {
    pub list: Vec<Row<Tracker>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tracker {
    #[serde(default, deserialize_with = "whole")]
    pub id: Option<i64>,
    #[serde(default, deserialize_with = "lax")]
    pub label: Option<String>,
    #[serde(default, deserialize_with = "lax")]
    pub clone: Option<bool>,
    #[serde(default, deserialize_with = "lax")]
    pub source: Option<TrackerSource>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TrackerSource {
    #[serde(default, deserialize_with = "lax")]
    pub blocked: Option<bool>,
}

/// `tracker/get_states`.
#[derive(Debug, Deserialize)]
pub(super) struct States {
    #[serde(default, deserialize_with = "lax")]
    pub user_time: Option<String>,
    #[serde(rename = "states")]
    pub by_tracker: BTreeMap<String, Row<State>>,
    #[serde(default, deserialize_with = "lax_or_empty")]
    pub blocked: Vec<Row<i64>>,
    #[serde(default, deserialize_with = "lax_or_empty")]
    pub not_exist: Vec<Row<i64>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct State {
    #[serde(default, deserialize_with = "lax")]
    pub connection_status: Option<String>,
    #[serde(default, deserialize_with = "lax")]
    pub movement_status: Option<String>,
    #[serde(default, deserialize_with = "lax")]
    pub last_update: Option<String>,
    #[serde(default, deserialize_with = "lax")]
    pub gps: Option<Gps>,
    #[serde(default, deserialize_with = "lax")]
    pub ignition: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Gps {
    #[serde(default, deserialize_with = "lax")]
    pub updated: Option<String>,
}

/// `tracker/readings/batch_list`.
#[derive(Debug, Deserialize)]
pub(super) struct BatchReadings {
    pub result: BTreeMap<String, Row<TrackerReadings>>,
}

/// Each category may be missing, also from a tracker with nothing to report.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TrackerReadings {
    #[serde(deserialize_with = "lax_or_empty")]
    pub inputs: Vec<Row<Input>>,
    #[serde(deserialize_with = "lax_or_empty")]
    pub states: Vec<Row<StateField>>,
    #[serde(deserialize_with = "lax_or_empty")]
    pub counters: Vec<Row<Counter>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Input {
    #[serde(default, deserialize_with = "lax")]
    pub name: Option<String>,
    #[serde(default)]
    pub value: Value,
    #[serde(default, deserialize_with = "lax")]
    pub update_time: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct StateField {
    #[serde(default, deserialize_with = "lax")]
    pub field: Option<String>,
    #[serde(default)]
    pub value: Value,
    #[serde(default, deserialize_with = "lax")]
    pub update_time: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Counter {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub value: Value,
    #[serde(default, deserialize_with = "lax")]
    pub update_time: Option<String>,
}

/// `tracker/get_counters`.
#[derive(Debug, Deserialize)]
pub(super) struct Counters {
    pub list: Vec<Row<Counter>>,
}

/// `tracker/counter/value/list`.
#[derive(Debug, Deserialize)]
pub(super) struct CounterValues {
    pub value: BTreeMap<String, Value>,
}

/// `tracker/counter/data/read`.
#[derive(Debug, Deserialize)]
pub(super) struct CounterHistory {
    pub list: Vec<Row<Sample>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Sample {
    pub value: Value,
    pub update_time: String,
}

/// `vehicle/list`.
#[derive(Debug, Deserialize)]
pub(super) struct Vehicles {
    pub list: Vec<Row<Vehicle>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Vehicle {
    #[serde(default, deserialize_with = "whole")]
    pub tracker_id: Option<i64>,
    #[serde(default, deserialize_with = "whole")]
    pub passengers: Option<i64>,
}
