//! Bespot's side: tokens, errors and the two lists, in the manner of the Django REST framework
//! that the vendor's documentation lets one recognise.

mod page;
mod rows;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::model::Timestamp;
use crate::simulator::vendor::Vendor;

use super::credentials::Credentials;
use super::estate::Estate;
use super::exchange::{Answer, Call, Speaker};
use super::faults::Fault;
use super::publication::Publication;
use super::tokens::{Tokens, Worth};

use rows::{List, Row, Window};

/// New data every 15 minutes (vendor documentation).
const PERIOD_S: i64 = 15 * 60;
/// Usual delay of a batch in seconds (ours: the vendor names none).
const LAG_S: (i64, i64) = (70, 170);
/// Life of an access token in seconds (the framework's default).
const ACCESS_S: i64 = 5 * 60;
/// Life of a refresh token in seconds (the framework's default).
const REFRESH_S: i64 = 24 * 3600;

/// Answers that are remembered: a reader turns the pages of two lists at most.
const RECENT: usize = 2;

const TOKEN: &str = "/api/auth/jwt/token/";
const REFRESH: &str = "/api/auth/jwt/token/refresh/";
const VISITS: &str = "/api/bi/acquisition-metrics/visits/";
const OCCUPANCY: &str = "/api/bi/acquisition-metrics/occupancy/";

/// The Bespot server of an estate.
#[derive(Debug)]
pub struct Bespot {
    estate: Arc<Estate>,
    credentials: Credentials,
    access: Tokens,
    refresh: Tokens,
    publication: Publication,
    recent: Mutex<Vec<(Asked, Arc<Vec<Row>>)>>,
    errors: AtomicU64,
}

/// What rows depend on.
type Asked = (List, Window, Timestamp, Vec<Fault>);

impl Bespot {
    /// The server of an estate.
    #[must_use]
    pub fn new(estate: Arc<Estate>, credentials: Credentials) -> Self {
        let seed = estate.seed();
        Self {
            estate,
            credentials,
            access: Tokens::new(seed, 1, ACCESS_S),
            refresh: Tokens::new(seed, 2, REFRESH_S),
            publication: Publication::new(seed, Vendor::Bespot, PERIOD_S, LAG_S),
            recent: Mutex::default(),
            errors: AtomicU64::new(0xa0),
        }
    }

    fn log_in(&self, call: &Call, now: Timestamp) -> Answer {
        let body = call.json().unwrap_or_default();
        let missing = required(&body, &["username", "password"]);
        if !missing.is_empty() {
            return Answer::json(400, &Value::Object(missing));
        }
        if body["username"] != self.credentials.username
            || body["password"] != self.credentials.bespot_password
        {
            return self.refusal();
        }
        Answer::json(
            200,
            &json!({
                "access": self.access.issue_jwt(now),
                "refresh": self.refresh.issue_jwt(now),
            }),
        )
    }

    fn renew(&self, call: &Call, now: Timestamp) -> Answer {
        let body = call.json().unwrap_or_default();
        let missing = required(&body, &["refresh"]);
        if !missing.is_empty() {
            return Answer::json(400, &Value::Object(missing));
        }
        let token = body["refresh"].as_str().unwrap_or_default();
        if self.refresh.worth(token, now) != Worth::Valid || call.has(&Fault::RefusedRefresh) {
            return self.error(401, "token_not_valid", "Token is invalid or expired");
        }
        Answer::json(200, &json!({ "access": self.access.issue_jwt(now) }))
    }

    fn admitted(&self, call: &Call, now: Timestamp) -> Result<(), Answer> {
        if let Some(token) = call.authorization("Bearer") {
            return match self.access.worth(token, now) {
                Worth::Valid => Ok(()),
                Worth::Expired | Worth::Unknown => {
                    let detail = "Given token not valid for any token type";
                    Err(self.error(401, "token_not_valid", detail))
                }
            };
        }
        let Some(given) = call.authorization("Basic") else {
            let detail = "Authentication credentials were not provided.";
            return Err(self.error(401, "not_authenticated", detail));
        };
        let expected = format!(
            "{}:{}",
            self.credentials.username, self.credentials.bespot_password
        );
        if given == STANDARD.encode(expected) {
            return Ok(());
        }
        Err(self.refusal())
    }

    fn list(&self, call: &Call, list: List, now: Timestamp) -> Answer {
        if let Err(refused) = self.admitted(call, now) {
            return refused;
        }
        let window = match Window::read(call) {
            Ok(window) => window,
            Err(wrong) => return Answer::json(400, &wrong),
        };
        let horizon = self.publication.horizon(now, call.late_s());
        let Some(rows) = self.rows(call, list, window, horizon) else {
            let detail = "Store with this store_code not found.";
            return self.error(404, "store_code_not_found", detail);
        };
        page::page(call, list, &self.estate, &rows)
            .unwrap_or_else(|| self.error(404, "not_found", "Invalid page."))
    }

    /// The rows of a window, remembered while their pages are turned.
    fn rows(
        &self,
        call: &Call,
        list: List,
        window: Window,
        horizon: Timestamp,
    ) -> Option<Arc<Vec<Row>>> {
        let asked = (list, window, horizon, call.faults.clone());
        let lock = || self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, rows)) = lock().iter().find(|(before, _)| *before == asked) {
            return Some(rows.clone());
        }
        let rows = Arc::new(rows::rows(&self.estate, call, list, &asked.1, horizon)?);
        let mut recent = lock();
        recent.truncate(RECENT - 1);
        recent.insert(0, (asked, rows.clone()));
        Some(rows)
    }

    fn error(&self, status: u16, code: &str, detail: &str) -> Answer {
        let serial = self.errors.fetch_add(1, Ordering::Relaxed) + 1;
        let body = json!({ "detail": detail, "code": code, "error_id": format!("{serial:016x}") });
        let answer = Answer::json(status, &body);
        if status == 401 {
            answer.with("www-authenticate", "Bearer realm=\"api\"")
        } else {
            answer
        }
    }
}

impl Speaker for Bespot {
    fn vendor(&self) -> Vendor {
        Vendor::Bespot
    }

    fn answer(&self, call: &Call, now: Timestamp) -> Answer {
        let (wanted, answer): (_, &dyn Fn() -> Answer) = match call.path.as_str() {
            TOKEN => (Method::POST, &|| self.log_in(call, now)),
            REFRESH => (Method::POST, &|| self.renew(call, now)),
            VISITS => (Method::GET, &|| self.list(call, List::Visits, now)),
            OCCUPANCY => (Method::GET, &|| self.list(call, List::Occupancy, now)),
            other => return slash_or_nothing(call, other),
        };
        if call.method == wanted {
            return answer();
        }
        let detail = format!("Method \"{}\" not allowed.", call.method);
        self.error(405, "method_not_allowed", &detail)
    }

    fn refusal(&self) -> Answer {
        self.error(401, "authentication_failed", "Invalid username/password.")
    }

    fn throttled(&self, retry_after_s: Option<u32>) -> Answer {
        let wait = retry_after_s
            .map(|seconds| format!(" Expected available in {seconds} seconds."))
            .unwrap_or_default();
        let answer = self.error(429, "throttled", &format!("Request was throttled.{wait}"));
        match retry_after_s {
            Some(seconds) => answer.with("retry-after", seconds.to_string()),
            None => answer,
        }
    }

    fn failure(&self, status: u16) -> Answer {
        self.error(status, "error", "A server error occurred.")
    }
}

/// A path without its last slash is redirected to the one with it, everything else is not found.
fn slash_or_nothing(call: &Call, path: &str) -> Answer {
    let slashed = format!("{path}/");
    if ![TOKEN, REFRESH, VISITS, OCCUPANCY].contains(&slashed.as_str()) {
        return Answer::html(404, "Not Found");
    }
    let query = page::query_text(&call.query);
    let query = if query.is_empty() {
        query
    } else {
        format!("?{query}")
    };
    let target = format!("http://{}{slashed}{query}", call.host());
    Answer::html(301, "Moved Permanently").with("location", target)
}

/// The framework's complaint about each missing field.
fn required(body: &Value, fields: &[&str]) -> serde_json::Map<String, Value> {
    fields
        .iter()
        .filter(|field| !body[**field].is_string())
        .map(|field| ((*field).to_owned(), json!(["This field is required."])))
        .collect()
}
