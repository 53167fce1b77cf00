//! A call to a vendor and its answer, without a network: what a simulator says is a pure function
//! of the call and the instant, apart from the tokens it has handed out.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method};
use chrono::TimeDelta;
use serde::Serialize;
use serde_json::Value;

use crate::model::Timestamp;
use crate::simulator::vendor::Vendor;

use super::faults::Fault;

/// A vendor's side of the conversation.
pub trait Speaker: Send + Sync + 'static {
    /// Who speaks.
    fn vendor(&self) -> Vendor;

    /// The answer to a call that arrives at `now`.
    fn answer(&self, call: &Call, now: Timestamp) -> Answer;

    /// How the vendor refuses a credential.
    fn refusal(&self) -> Answer;

    /// How the vendor says that there were too many calls.
    fn throttled(&self, retry_after_s: Option<u32>) -> Answer;

    /// How the vendor reports a failure of its own or of the request under a status.
    fn failure(&self, status: u16) -> Answer;
}

/// A call as it arrived.
#[derive(Clone, Debug)]
pub struct Call {
    /// Method.
    pub method: Method,
    /// Path as sent, without the query.
    pub path: String,
    /// Query parameters in order, unescaped.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// Faults that colour the answer's content.
    pub faults: Vec<Fault>,
}

impl Call {
    /// A query parameter.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A header, where it is readable text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The token of `Authorization: <scheme> <token>`.
    #[must_use]
    pub fn authorization(&self, scheme: &str) -> Option<&str> {
        let (given, token) = self.header("authorization")?.split_once(' ')?;
        given.eq_ignore_ascii_case(scheme).then(|| token.trim())
    }

    /// The body as a JSON object; `None` when it is something else.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body)
            .ok()
            .filter(Value::is_object)
    }

    /// The address under which the caller reached the server.
    #[must_use]
    pub fn host(&self) -> &str {
        self.header("host").unwrap_or("localhost")
    }

    /// By how many seconds publication is late, in the worst of the faults in force.
    #[must_use]
    pub fn late_s(&self) -> i64 {
        let late = self.faults.iter().map(|fault| match fault {
            Fault::Late { by_s } => i64::from(*by_s),
            _ => 0,
        });
        late.max().unwrap_or(0)
    }

    /// Up to where a vendor without a grid shows what happened: later than usual while publication
    /// is late.
    #[must_use]
    pub fn published(&self, now: Timestamp) -> Timestamp {
        now - TimeDelta::seconds(self.late_s())
    }

    /// Whether a fault is in force.
    #[must_use]
    pub fn has(&self, fault: &Fault) -> bool {
        self.faults.contains(fault)
    }
}

/// What the vendor answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers beside the usual ones.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: String,
    /// Media type of the body.
    pub content_type: &'static str,
}

impl Answer {
    /// A JSON answer.
    #[must_use]
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        Self {
            status,
            headers: Vec::new(),
            // Only maps with keys that are not text cannot be written, and there are none.
            body: serde_json::to_string(body).unwrap_or_default(),
            content_type: "application/json",
        }
    }

    /// A page of HTML.
    #[must_use]
    pub fn html(status: u16, title: &str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: format!(
                "<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
            ),
            content_type: "text/html; charset=utf-8",
        }
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
