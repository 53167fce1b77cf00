//! Viametrics' keys of the configuration: the vendor publishes no endpoint list, so every path
//! and field name is a setting.

use chrono_tz::Tz;

use crate::config::endpoint::Endpoint;
use crate::config::secret::Secret;

/// What a Viametrics account needs beside the common settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The customer's company id, sent with every request.
    pub client_id: String,
    /// The key issued by the vendor.
    pub api_key: Secret,
    /// Zone of the vendor's naive stamps.
    pub timezone: Tz,
    /// Static list of counters; empty means ask the vendor.
    pub counters: Vec<i64>,
    /// Paths.
    pub endpoints: Endpoints,
    /// Field names.
    pub fields: Fields,
}

/// Paths of the calls, relative to the base address.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// Default `POST /v1/auth/login`.
    pub login: Endpoint,
    /// Default `GET /api/GetCounters`.
    pub counters: Endpoint,
    /// Default `GET /api/GetCounterGroups`.
    pub groups: Endpoint,
    /// Default `GET /api/GetDataForAllCounters`.
    pub intervals: Endpoint,
    /// Default `GET /api/GetDailyDataForAllCounters`.
    pub daily: Endpoint,
}

/// Where the row list and its fields are; the first alias that a row has wins.
#[derive(Clone, Debug)]
pub struct Fields {
    /// JSON pointer to the row list; default `/data/counterData`.
    pub rows: String,
    /// Aliases of the interval's start.
    pub time: Vec<String>,
    /// Aliases of the in-count.
    pub entered: Vec<String>,
    /// Aliases of the out-count.
    pub left: Vec<String>,
    /// Aliases of the counter's id.
    pub counter: Vec<String>,
    /// Aliases of the company id (CID).
    pub customer: Vec<String>,
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            login: Endpoint::post("/v1/auth/login"),
            counters: Endpoint::get("/api/GetCounters"),
            groups: Endpoint::get("/api/GetCounterGroups"),
            intervals: Endpoint::get("/api/GetDataForAllCounters"),
            daily: Endpoint::get("/api/GetDailyDataForAllCounters"),
        }
    }
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            rows: "/data/counterData".to_owned(),
            time: words(&["datetime", "date", "time"]),
            entered: words(&["I", "in", "inValue"]),
            left: words(&["O", "out", "outValue"]),
            counter: words(&["counterId", "id"]),
            customer: words(&["cid", "customerId"]),
        }
    }
}
