//! Mews' side: everything is a POST with three credentials in the body, lists have a cursor, and
//! a token may ask 200 times in 30 seconds.

mod lists;
mod page;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::Method;
use chrono::SecondsFormat;
use serde_json::{Value, json};

use crate::model::Timestamp;

use super::credentials::Credentials;
use super::estate::Estate;
use super::exchange::{Answer, Call, Speaker};
use super::faults::Fault;
use super::limit::Limit;
use super::vendor::Vendor;

/// Calls per access token in 30 seconds (vendor documentation).
const CALLS: usize = 200;
const WINDOW_S: i64 = 30;
/// Everything hangs below this prefix; case counts, and there is no slash at the end.
const PREFIX: &str = "/api/connector/v1/";

/// The Mews server of an estate.
#[derive(Debug)]
pub struct Mews {
    estate: Arc<Estate>,
    credentials: Credentials,
    limit: Limit,
    requests: AtomicU64,
}

/// A request that is refused.
#[derive(Clone, Debug, PartialEq)]
struct Refused {
    status: u16,
    message: String,
    details: Value,
}

impl Refused {
    fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            details: Value::Null,
        }
    }

    /// The request itself is wrong.
    fn invalid(what: &str) -> Self {
        Self::new(400, format!("Invalid {what}."))
    }

    /// One property of a field is wrong.
    fn property(what: &str, property: &str) -> Self {
        Self {
            details: json!({ "Property": property }),
            ..Self::invalid(what)
        }
    }
}

type Reply = Result<Value, Refused>;

/// A request that was let in.
struct Asked<'a> {
    estate: &'a Estate,
    call: &'a Call,
    body: Value,
    now: Timestamp,
}

impl Mews {
    /// The server of an estate.
    #[must_use]
    pub fn new(estate: Arc<Estate>, credentials: Credentials) -> Self {
        Self {
            estate,
            credentials,
            limit: Limit::new(CALLS, WINDOW_S),
            requests: AtomicU64::new(0),
        }
    }

    fn reply(&self, call: &Call, now: Timestamp) -> Reply {
        let action = (call.path.strip_prefix(PREFIX))
            .filter(|_| call.method == Method::POST)
            .ok_or_else(|| Refused::new(404, "Not found."))?;
        let body = call.json().ok_or_else(|| Refused::invalid("JSON"))?;
        self.admitted(&body)?;
        if call.has(&Fault::NotPermitted) {
            return Err(Refused::new(
                401,
                "The integration has no access to this operation.",
            ));
        }
        lists::reply(
            &Asked {
                estate: &self.estate,
                call,
                body,
                now,
            },
            action,
        )
    }

    fn admitted(&self, body: &Value) -> Result<(), Refused> {
        for field in ["ClientToken", "AccessToken", "Client"] {
            if body[field].as_str().is_none_or(str::is_empty) {
                return Err(Refused::invalid(field));
            }
        }
        if body["ClientToken"] != self.credentials.client_token {
            return Err(Refused::new(401, "Invalid ClientToken."));
        }
        if body["AccessToken"] != self.credentials.access_token {
            return Err(Refused::new(401, "Invalid AccessToken."));
        }
        Ok(())
    }

    fn refused(&self, refused: &Refused) -> Answer {
        let id = self.request_id();
        let body = json!({
            "Message": refused.message, "RequestId": id, "Details": refused.details,
        });
        Answer::json(refused.status, &body).with("request-id", id)
    }

    fn request_id(&self) -> String {
        let serial = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        format!("0HN5K2V7Q3A1B:{serial:08X}")
    }
}

impl Speaker for Mews {
    fn vendor(&self) -> Vendor {
        Vendor::Mews
    }

    fn answer(&self, call: &Call, now: Timestamp) -> Answer {
        // There is one access token, so its window is the server's.
        if let Err(wait_s) = self.limit.admit(now) {
            return self.throttled(Some(wait_s));
        }
        match self.reply(call, now) {
            Ok(body) => Answer::json(200, &body).with("request-id", self.request_id()),
            Err(refused) => self.refused(&refused),
        }
    }

    fn refusal(&self) -> Answer {
        self.refused(&Refused::new(401, "Invalid AccessToken."))
    }

    fn throttled(&self, retry_after_s: Option<u32>) -> Answer {
        let body = json!({ "Message": "Too many requests.", "RequestId": null, "Details": null });
        let answer = Answer::json(429, &body);
        match retry_after_s {
            Some(seconds) => answer.with("retry-after", seconds.to_string()),
            None => answer,
        }
    }

    fn failure(&self, status: u16) -> Answer {
        let message = match status {
            408 => "Request timed out.",
            403 => "The enterprise is not able to do that now.",
            410 => "The operation was discontinued.",
            _ => "Unexpected error.",
        };
        self.refused(&Refused::new(status, message))
    }
}

/// An instant as the vendor writes it.
fn stamp(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
