//! Viametrics' side: short-lived tokens, a company id on every call, 500 calls an hour, and
//! counts per door in the paths and shapes that are the program's defaults for this vendor.

mod counts;

use std::sync::Arc;

use axum::http::Method;
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use serde_json::{Value, json};

use crate::model::Timestamp;
use crate::simulator::vendor::Vendor;

use super::credentials::Credentials;
use super::estate::Estate;
use super::estate::places::{Network, nordic_zone};
use super::estate::site::Site;
use super::exchange::{Answer, Call, Speaker};
use super::faults::Fault;
use super::limit::Limit;
use super::publication::Publication;
use super::tokens::{Tokens, Worth};

use counts::Counts;

/// Life of a token in seconds (vendor documentation).
const TOKEN_S: i64 = 10 * 60;
/// Calls in an hour (vendor documentation); log-ins count (inferred).
const CALLS_PER_HOUR: usize = 500;
/// Processing takes up to a few minutes (vendor documentation).
const LAG_S: (i64, i64) = (60, 240);
/// Longest range of one call in days (ours).
const LONGEST_RANGE: i64 = 366;

/// The Viametrics server of an estate.
#[derive(Debug)]
pub struct Viametrics {
    estate: Arc<Estate>,
    credentials: Credentials,
    tokens: Tokens,
    limit: Limit,
    interval_s: i64,
    publication: Publication,
}

impl Viametrics {
    /// The server of an estate with an export interval of `interval_s` seconds, which is also its
    /// publish period.
    #[must_use]
    pub fn new(estate: Arc<Estate>, credentials: Credentials, interval_s: i64) -> Self {
        let seed = estate.seed();
        Self {
            estate,
            credentials,
            tokens: Tokens::new(seed, 3, TOKEN_S),
            limit: Limit::new(CALLS_PER_HOUR, 3600),
            interval_s,
            publication: Publication::new(seed, Vendor::Viametrics, interval_s, LAG_S),
        }
    }

    fn log_in(&self, call: &Call, now: Timestamp) -> Answer {
        let body = call.json().unwrap_or_default();
        let known = body["apiKey"] == self.credentials.api_key
            && text_of(&body["clientId"]) == self.credentials.client_id;
        if known {
            Answer::json(200, &json!({ "jwt": self.tokens.issue_jwt(now) }))
        } else {
            Answer::json(401, &json!({ "message": "Invalid apiKey" }))
        }
    }

    fn admitted(&self, call: &Call, now: Timestamp) -> Result<(), Answer> {
        let token = call.authorization("Bearer").unwrap_or_default();
        match self.tokens.worth(token, now) {
            Worth::Valid => Ok(()),
            Worth::Expired => Err(self.refusal()),
            Worth::Unknown => Err(Answer::json(401, &json!({ "message": "Invalid token" }))),
        }
    }

    fn sites(&self) -> impl Iterator<Item = &Site> {
        let sites = self.estate.sites().iter();
        sites.filter(|site| site.city.network == Network::Viametrics)
    }

    fn counters(&self) -> Answer {
        let counters: Vec<Value> = self
            .sites()
            .flat_map(|site| site.doors.iter().map(move |door| (site, door)))
            .map(|(site, door)| {
                let name = format!("{} {}", site.name, door.name);
                json!({ "id": door.counter, "name": name, "cid": self.cid() })
            })
            .collect();
        Answer::json(200, &json!({ "data": { "counters": counters } }))
    }

    fn groups(&self) -> Answer {
        let groups: Vec<Value> = self
            .sites()
            .map(|site| {
                let counters: Vec<i64> = site.doors.iter().map(|door| door.counter).collect();
                json!({
                    "id": site.code.parse::<i64>().unwrap_or_default(),
                    "name": site.name,
                    "flag": "FACILITY",
                    "cid": self.cid(),
                    "counterIds": counters,
                })
            })
            .collect();
        Answer::json(200, &json!({ "data": { "counterGroups": groups } }))
    }

    fn rows(&self, call: &Call, daily: bool, now: Timestamp) -> Answer {
        let Some((first, last)) = range(call, now) else {
            return Answer::json(400, &json!({ "message": "Invalid startTime or endTime" }));
        };
        if last - first > TimeDelta::days(LONGEST_RANGE) {
            return Answer::json(400, &json!({ "message": "Range too long" }));
        }
        let counts = Counts {
            estate: &self.estate,
            faults: &call.faults,
            interval_s: self.interval_s,
            horizon: self.publication.horizon(now, call.late_s()),
        };
        let mut rows = Vec::new();
        if !call.has(&Fault::EmptyList) {
            for site in self.sites() {
                if daily {
                    counts.days(site, first.date(), last.date(), &mut rows);
                } else {
                    counts.intervals(site, first, last, &mut rows);
                }
            }
        }
        Answer::json(200, &json!({ "data": { "counterData": rows } }))
    }

    fn cid(&self) -> i64 {
        self.credentials.client_id.parse().unwrap_or_default()
    }
}

impl Speaker for Viametrics {
    fn vendor(&self) -> Vendor {
        Vendor::Viametrics
    }

    fn answer(&self, call: &Call, now: Timestamp) -> Answer {
        if call.header("clientid") != Some(self.credentials.client_id.as_str()) {
            return Answer::json(403, &json!({ "message": "Unknown ClientID" }));
        }
        if let Err(wait_s) = self.limit.admit(now) {
            return self.throttled(Some(wait_s));
        }
        if call.path == "/v1/auth/login" && call.method == Method::POST {
            return self.log_in(call, now);
        }
        if let Err(refused) = self.admitted(call, now) {
            return refused;
        }
        match (&call.method, call.path.as_str()) {
            (&Method::GET, "/api/GetCounters") => self.counters(),
            (&Method::GET, "/api/GetCounterGroups") => self.groups(),
            (&Method::GET, "/api/GetDataForAllCounters") => self.rows(call, false, now),
            (&Method::GET, "/api/GetDailyDataForAllCounters") => self.rows(call, true, now),
            _ => Answer::json(404, &json!({ "message": "Not found" })),
        }
    }

    fn refusal(&self) -> Answer {
        Answer::json(401, &json!({ "message": "Token expired" }))
    }

    fn throttled(&self, retry_after_s: Option<u32>) -> Answer {
        let answer = Answer::json(429, &json!({ "message": "Rate limit exceeded" }));
        match retry_after_s {
            Some(seconds) => answer.with("retry-after", seconds.to_string()),
            None => answer,
        }
    }

    fn failure(&self, status: u16) -> Answer {
        Answer::json(status, &json!({ "message": "Internal error" }))
    }
}

/// The first and last local time asked for, both included; today when nothing is said.
fn range(call: &Call, now: Timestamp) -> Option<(NaiveDateTime, NaiveDateTime)> {
    let today = now.with_timezone(&nordic_zone()).date_naive();
    let bound = |name: &str, hour, minute, second| match call.param(name) {
        Some(text) => local(text),
        None => today.and_hms_opt(hour, minute, second),
    };
    Some((bound("startTime", 0, 0, 0)?, bound("endTime", 23, 59, 59)?))
}

fn local(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim().replace('T', " ");
    NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S")
        .ok()
        .or_else(|| text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0))
}

fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
