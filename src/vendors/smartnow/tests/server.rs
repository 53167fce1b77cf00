//! A server that speaks the vendor's wire format, with its traps as switches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::model::Timestamp;

/// What the server has and how it behaves.
pub struct World {
    pub clock: Clock,
    pub tables: BTreeMap<&'static str, Vec<Value>>,
    pub filters: Filters,
    pub signs: Signs,
    /// Lists are cut here, whatever the limit.
    pub cut: usize,
    pub ignores_skip: bool,
    pub ignores_sort: bool,
    pub lists_ids: bool,
    pub refresh: Refresh,
    pub password: &'static str,
    /// Lifetime of a token in seconds, written into it.
    pub lifetime: Option<i64>,
    pub tokens: BTreeSet<String>,
    pub refresh_tokens: BTreeSet<String>,
    issued: u32,
    /// Fixed answers by path.
    pub faults: BTreeMap<String, (u16, Value)>,
    pub retry_after: Option<&'static str>,
    pub log: Vec<Seen>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Filters {
    Brackets,
    Json,
    Ignored,
}

/// How comparisons are understood.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Signs {
    Symbols,
    /// As words; symbols are passed over.
    Words,
    /// As words; symbols are a bad request.
    WordsOnly,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    Rotates,
    Missing,
    Refused,
}

/// A request that came in.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: Method,
    pub path: String,
    pub raw_query: String,
    pub query: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn has(&self, name: &str) -> bool {
        self.query.iter().any(|(key, _)| key == name)
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| &**value)
    }
}

pub type Shared = Arc<Mutex<World>>;

pub fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap()
}

impl World {
    pub fn new(clock: Clock) -> Self {
        let tables = ["/location", "/machine", "/revenuetransaction", "/log"];
        Self {
            clock,
            tables: tables.map(|path| (path, Vec::new())).into(),
            filters: Filters::Brackets,
            signs: Signs::Symbols,
            cut: 100,
            ignores_skip: false,
            ignores_sort: false,
            lists_ids: true,
            refresh: Refresh::Rotates,
            password: "test-password",
            lifetime: None,
            tokens: BTreeSet::new(),
            refresh_tokens: BTreeSet::new(),
            issued: 0,
            faults: BTreeMap::new(),
            retry_after: None,
            log: Vec::new(),
        }
    }

    pub fn table(&mut self, path: &str) -> &mut Vec<Value> {
        self.tables.get_mut(path).unwrap()
    }

    /// Takes the requests so far as `METHOD /path`.
    pub fn calls(&mut self) -> Vec<String> {
        let seen = std::mem::take(&mut self.log);
        seen.iter()
            .map(|seen| format!("{} {}", seen.method, seen.path))
            .collect()
    }

    fn issue(&mut self) -> Response {
        self.issued += 1;
        let access = match self.lifetime {
            None => format!("opaque-{}", self.issued),
            Some(seconds) => {
                use base64::Engine;
                let exp = self.clock.now().timestamp() + seconds;
                let claims = json!({ "exp": exp, "n": self.issued }).to_string();
                let encoder = base64::engine::general_purpose::URL_SAFE_NO_PAD;
                format!("e30.{}.c2ln", encoder.encode(claims))
            }
        };
        let refresh = format!("r-{:04}", self.issued);
        self.tokens = BTreeSet::from([access.clone()]);
        self.refresh_tokens.insert(refresh.clone());
        let body = json!({ "access_token": access, "refresh_token": refresh });
        (StatusCode::CREATED, Json(body)).into_response()
    }

    fn answer(&mut self, seen: &Seen, authorization: &str) -> Response {
        if let Some((status, body)) = self.faults.get(&seen.path) {
            return refusal(*status, body.clone());
        }
        let sent: Value = serde_json::from_str(&seen.body).unwrap_or_default();
        match (&seen.method, &*seen.path) {
            (&Method::POST, "/auth/login") => {
                if sent["username"] == "monitor" && sent["password"] == self.password {
                    self.issue()
                } else {
                    refusal(401, json!({ "message": "Unauthorized" }))
                }
            }
            (&Method::POST, "/auth/refresh") => {
                let token = sent["refresh_token"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                match self.refresh {
                    Refresh::Missing => refusal(404, json!({ "message": "Not Found" })),
                    Refresh::Rotates if self.refresh_tokens.remove(&token) => self.issue(),
                    _ => refusal(401, json!({ "message": "Unauthorized" })),
                }
            }
            (&Method::GET, path) => {
                let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
                if !self.tokens.contains(token) {
                    return refusal(401, json!({ "message": "Unauthorized" }));
                }
                if path == "/user/me" {
                    let user = json!({ "id": 1, "password_expires": "2026-12-31T00:00:00Z" });
                    return Json(user).into_response();
                }
                self.read(seen)
            }
            _ => refusal(500, json!({ "message": "not a read" })),
        }
    }

    fn read(&self, seen: &Seen) -> Response {
        let symbols = seen.raw_query.contains("%3E") || seen.raw_query.contains("%3C");
        if symbols && self.signs == Signs::WordsOnly {
            return refusal(400, json!({ "message": "Unknown modifier" }));
        }
        if let Some(rows) = self.tables.get(&*seen.path) {
            return Json(self.list(rows, seen)).into_response();
        }
        let one = seen
            .path
            .strip_prefix("/log/")
            .and_then(|id| id.parse::<i64>().ok());
        let found = self.tables["/log"]
            .iter()
            .find(|row| row["id"].as_i64() == one);
        match found.filter(|_| one.is_some()) {
            Some(row) => Json(row.clone()).into_response(),
            None => refusal(404, json!({ "message": "Not Found" })),
        }
    }

    fn list(&self, rows: &[Value], seen: &Seen) -> Vec<Value> {
        let mut rows: Vec<_> = rows.iter().filter(|row| self.matches(row, seen)).collect();
        rows.sort_by_key(|row| row["id"].as_i64());
        if seen.value("sort") == Some("id DESC") && !self.ignores_sort {
            rows.reverse();
        }
        let number = |name: &str| seen.value(name).and_then(|text| text.parse::<usize>().ok());
        let skip = number("skip").filter(|_| !self.ignores_skip).unwrap_or(0);
        let limit = number("limit").unwrap_or(30).min(self.cut);
        rows.into_iter().skip(skip).take(limit).cloned().collect()
    }

    fn matches(&self, row: &Value, seen: &Seen) -> bool {
        match self.filters {
            Filters::Ignored => true,
            Filters::Json => {
                let text = seen.value("where").unwrap_or("{}");
                let columns: Value = serde_json::from_str(text).unwrap();
                columns
                    .as_object()
                    .unwrap()
                    .iter()
                    .all(|(column, wanted)| match wanted {
                        Value::Array(ids) => ids.contains(&row[column]),
                        Value::Object(wanted) => wanted.iter().all(|(operator, value)| {
                            self.compare(&row[column], operator, &text_of(value))
                        }),
                        value => text_of(&row[column]) == text_of(value),
                    })
            }
            Filters::Brackets => {
                let ids: Vec<_> = seen
                    .query
                    .iter()
                    .filter(|(key, _)| key == "where[id][]")
                    .collect();
                let listed = !self.lists_ids
                    || ids.is_empty()
                    || ids.iter().any(|(_, id)| *id == text_of(&row["id"]));
                listed
                    && seen.query.iter().all(|(key, value)| {
                        let Some(inner) = key.strip_prefix("where[") else {
                            return true;
                        };
                        let inner = inner.trim_end_matches(']');
                        match inner.split_once("][") {
                            Some((_, "")) => true,
                            Some((column, operator)) => self.compare(&row[column], operator, value),
                            None => text_of(&row[inner]) == *value,
                        }
                    })
            }
        }
    }
}

impl World {
    fn compare(&self, field: &Value, operator: &str, value: &str) -> bool {
        let number = |text: &str| match text.parse::<i64>() {
            Ok(number) => number,
            Err(_) => text.parse::<Timestamp>().unwrap().timestamp(),
        };
        let (field, value) = (number(&text_of(field)), number(value));
        match (operator, self.signs == Signs::Symbols) {
            (">", true) | ("greaterThan", false) => field > value,
            (">=", true) | ("greaterThanOrEqual", false) => field >= value,
            ("<", true) | ("lessThan", false) => field < value,
            _ => true,
        }
    }
}

fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn refusal(status: u16, body: Value) -> Response {
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}

/// Serves the world on loopback and gives its address.
pub async fn serve(world: Shared) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(handle).with_state(world);
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn handle(
    State(world): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let raw_query = uri.query().unwrap_or_default().to_owned();
    let seen = Seen {
        method,
        path: uri.path().to_owned(),
        query: reqwest::Url::parse(&format!("http://h/?{raw_query}"))
            .unwrap()
            .query_pairs()
            .into_owned()
            .collect(),
        raw_query,
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    let authorization = headers.get(header::AUTHORIZATION);
    let authorization = authorization.map_or("", |value| value.to_str().unwrap());
    let mut world = lock(&world);
    world.log.push(seen.clone());
    let mut response = world.answer(&seen, authorization);
    let date = httpdate::fmt_http_date(world.clock.now().into());
    let headers = response.headers_mut();
    headers.insert(header::DATE, HeaderValue::from_str(&date).unwrap());
    if let Some(wait) = world.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static(wait));
    }
    response
}
