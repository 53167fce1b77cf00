//! Navixy's side: one credential in three places, envelopes with the vendor's own error codes,
//! local times unless the ISO header asks for offsets.

mod trackers;
mod trouble;

use std::sync::Arc;

use axum::http::Method;
use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

use crate::model::Timestamp;
use crate::simulator::vendor::Vendor;

use super::credentials::Credentials;
use super::estate::{Estate, fleet};
use super::exchange::{Answer, Call, Speaker};
use super::faults::Fault;
use super::limit::Limit;
use super::tokens::{Tokens, Worth};

use trouble::Trouble;

/// Calls per second and user (vendor documentation).
const CALLS_PER_SECOND: usize = 50;
/// A session dies 30 days after issue, used or not (vendor documentation).
const SESSION_S: i64 = 30 * 24 * 3600;
/// Everything hangs below this prefix.
const PREFIX: &str = "/v2/";

/// The Navixy server of an estate.
#[derive(Debug)]
pub struct Navixy {
    estate: Arc<Estate>,
    credentials: Credentials,
    sessions: Tokens,
    limit: Limit,
}

/// A call that was let in.
struct Asked<'a> {
    estate: &'a Estate,
    body: Value,
    /// Times with offsets, else naive in the account's zone.
    iso: bool,
    restarted: bool,
    now: Timestamp,
    /// Up to here trackers have been heard.
    heard: Timestamp,
}

type Reply = Result<Map<String, Value>, Trouble>;

impl Navixy {
    /// The server of an estate.
    #[must_use]
    pub fn new(estate: Arc<Estate>, credentials: Credentials) -> Self {
        let seed = estate.seed();
        Self {
            estate,
            credentials,
            sessions: Tokens::new(seed, 4, SESSION_S),
            limit: Limit::new(CALLS_PER_SECOND, 1),
        }
    }

    fn reply(&self, call: &Call, now: Timestamp) -> Reply {
        let Some(action) = call.path.strip_prefix(PREFIX) else {
            return Err(Trouble::new(111));
        };
        if call.method != Method::POST {
            return Err(Trouble::new(112));
        }
        if self.limit.admit(now).is_err() {
            return Err(Trouble::new(15));
        }
        let body = if call.body.is_empty() {
            json!({})
        } else {
            call.json().ok_or(Trouble::new(5))?
        };
        if action == "user/auth" {
            return self.log_in(call, &body, now);
        }
        let session = self.admitted(call, &body, now)?;
        if call.has(&Fault::NotPermitted) {
            return Err(Trouble::new(236));
        }
        let iso = call.header("nvx-iso-datetime") == Some("true") || body["iso_datetime"] == true;
        let asked = Asked {
            estate: &self.estate,
            body,
            iso,
            restarted: call.has(&Fault::Restarted),
            now,
            heard: call.published(now),
        };
        match action {
            "base/nothing" => Ok(Map::new()),
            "user/get_info" => Ok(self.info()),
            "user/settings/read" => Ok(settings()),
            "user/session/renew" if session => Ok(Map::new()),
            "user/session/renew" => Err(Trouble::new(4)),
            _ => trackers::reply(&asked, action),
        }
    }

    fn log_in(&self, call: &Call, body: &Value, now: Timestamp) -> Reply {
        for field in ["login", "password"] {
            if !body[field].is_string() {
                return Err(Trouble::parameter(field, "is required"));
            }
        }
        if body["login"] != self.credentials.navixy_login
            || body["password"] != self.credentials.navixy_password
        {
            return Err(Trouble::new(102));
        }
        let hash = self.sessions.issue_opaque(now);
        if call.has(&Fault::SecondFactor) {
            // This hash would work only for the calls that take the code.
            self.sessions.take_back(&hash, now);
            return Ok(map(json!({
                "type": "second_factor_required", "factor_type": "email", "hash": hash,
            })));
        }
        Ok(map(json!({ "type": "authenticated", "hash": hash })))
    }

    /// Lets a credential in; whether it is a session's.
    fn admitted(&self, call: &Call, body: &Value, now: Timestamp) -> Result<bool, Trouble> {
        let hash = call
            .authorization("NVX")
            .or_else(|| body["hash"].as_str())
            .or_else(|| call.param("hash"))
            .unwrap_or_default();
        if hash.len() != 32 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Trouble::new(3));
        }
        if hash == self.credentials.navixy_key {
            return Ok(false);
        }
        match self.sessions.worth(hash, now) {
            Worth::Valid => Ok(true),
            Worth::Expired | Worth::Unknown => Err(Trouble::new(4)),
        }
    }

    fn info(&self) -> Map<String, Value> {
        map(json!({
            "paas_id": 7,
            "user_info": {
                "id": 501,
                "login": self.credentials.navixy_login,
                "time_zone": fleet::zone().name(),
                "measurement_system": "metric",
            },
        }))
    }
}

impl Speaker for Navixy {
    fn vendor(&self) -> Vendor {
        Vendor::Navixy
    }

    fn answer(&self, call: &Call, now: Timestamp) -> Answer {
        match self.reply(call, now) {
            Ok(mut body) => {
                body.insert("success".to_owned(), json!(true));
                Answer::json(200, &body)
            }
            Err(trouble) => trouble.answer(),
        }
    }

    fn refusal(&self) -> Answer {
        Trouble::new(4).answer()
    }

    fn throttled(&self, retry_after_s: Option<u32>) -> Answer {
        let answer = Trouble::new(15).answer();
        match retry_after_s {
            Some(seconds) => answer.with("retry-after", seconds.to_string()),
            None => answer,
        }
    }

    fn failure(&self, status: u16) -> Answer {
        let code = match status {
            503 => 14,
            403 => 13,
            400 => 7,
            404 => 204,
            _ => 6,
        };
        Answer {
            status,
            ..Trouble::new(code).answer()
        }
    }
}

impl Asked<'_> {
    /// An instant as this caller wants it.
    fn stamp(&self, at: Timestamp) -> String {
        let local = at.with_timezone(&fleet::zone());
        if self.iso {
            local.to_rfc3339_opts(SecondsFormat::Secs, false)
        } else {
            local.format("%Y-%m-%d %H:%M:%S").to_string()
        }
    }
}

fn settings() -> Map<String, Value> {
    map(json!({ "settings": { "time_zone": fleet::zone().name() } }))
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
