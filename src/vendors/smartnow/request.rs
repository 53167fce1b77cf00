//! What SmartNow is asked: reads, log-in and renewal, and nothing else.
//!
//! The same token could reboot machines and change prices, so the list of allowed calls is closed.

use std::fmt;

use chrono::SecondsFormat;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::settings::Endpoints;
use crate::config::endpoint::Endpoint;
use crate::model::Timestamp;
use crate::vendors::transport::{Allowed, Request};

/// The user who is logged in; asked by `check` only.
const OWN_USER: &str = "/user/me";

/// The calls that may leave the program.
pub(super) fn allowed(endpoints: &Endpoints) -> Vec<Allowed> {
    let reads = [
        &endpoints.machine,
        &endpoints.location,
        &endpoints.sales,
        &endpoints.events,
    ];
    let mut allowed: Vec<_> = reads
        .into_iter()
        .map(|read| Allowed::get(&read.path))
        .collect();
    allowed.push(Allowed::get(&format!("{}/*", endpoints.events.path)));
    allowed.push(Allowed::get(OWN_USER));
    allowed.push(Allowed::post(&endpoints.login.path));
    allowed.push(Allowed::post(&endpoints.refresh.path));
    allowed
}

/// Logs in.
pub(super) fn log_in(endpoint: &Endpoint, username: &str, password: &SecretString) -> Request {
    let password = password.expose_secret();
    Request::to(endpoint).json(json!({ "username": username, "password": password }))
}

/// Exchanges the refresh token, which ends with it, for new tokens.
pub(super) fn refresh(endpoint: &Endpoint, token: &SecretString) -> Request {
    Request::to(endpoint).json(json!({ "refresh_token": token.expose_secret() }))
}

/// Reads the user who is logged in.
pub(super) fn own_user() -> Request {
    Request::get(OWN_USER)
}

/// Reads one event.
pub(super) fn event(endpoint: &Endpoint, id: i64) -> Request {
    Request::get(&format!("{}/{id}", endpoint.path))
}

/// Reads a page of machines or locations. They hardly change, so pages by position are safe.
pub(super) fn skipping(endpoint: &Endpoint, rows: usize, limit: usize) -> Request {
    Request::to(endpoint)
        .query("limit", limit)
        .query("skip", rows)
        .query("sort", "id ASC")
        .escaping_spaces()
}

/// Reads the newest rows of a growing table.
pub(super) fn newest(endpoint: &Endpoint, filter: &Filter, way: Dialect, limit: usize) -> Request {
    filtered(Request::to(endpoint), filter, way)
        .query("sort", "id DESC")
        .query("limit", limit)
        .escaping_spaces()
}

/// Reads a page of a growing table in the order of ids. Without `sort` the oldest rows of all
/// would come first.
pub(super) fn ascending(
    endpoint: &Endpoint,
    filter: &Filter,
    way: Dialect,
    limit: usize,
) -> Request {
    filtered(Request::to(endpoint), filter, way)
        .query("sort", "id ASC")
        .query("limit", limit)
        .escaping_spaces()
}

/// How the conditions of a filter are put together (inferred from the framework that the vendor's
/// server is built on).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// `where[id][>]=5`, as documented.
    #[default]
    Brackets,
    /// `where={"id":{">":5}}`, which the framework accepts too.
    Json,
}

/// How comparisons are written; which the framework knows depends on its version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signs {
    /// `>`, `>=` and `<`.
    #[default]
    Symbols,
    /// `greaterThan`, `greaterThanOrEqual` and `lessThan`.
    Words,
}

/// How a filter is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dialect {
    pub style: Style,
    pub signs: Signs,
}

impl Dialect {
    /// Every way, the likeliest first.
    const ALL: [Self; 4] = [
        Self::new(Style::Brackets, Signs::Symbols),
        Self::new(Style::Json, Signs::Symbols),
        Self::new(Style::Brackets, Signs::Words),
        Self::new(Style::Json, Signs::Words),
    ];

    const fn new(style: Style, signs: Signs) -> Self {
        Self { style, signs }
    }

    /// The ways that the settings leave open, the likeliest first.
    pub(super) fn open(style: Option<Style>, signs: Option<Signs>) -> Vec<Self> {
        let fits = |way: &Self| {
            style.is_none_or(|style| way.style == style)
                && signs.is_none_or(|signs| way.signs == signs)
        };
        Self::ALL.into_iter().filter(fits).collect()
    }
}

/// Conditions on the rows of a list; all must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Filter(Vec<(&'static str, Condition)>);

#[derive(Clone, Debug, PartialEq)]
enum Condition {
    Is(Value),
    OneOf(Vec<i64>),
    Compare(Sign, Value),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Above,
    AtLeast,
    Below,
}

impl Sign {
    fn written(self, signs: Signs) -> &'static str {
        match (self, signs) {
            (Self::Above, Signs::Symbols) => ">",
            (Self::AtLeast, Signs::Symbols) => ">=",
            (Self::Below, Signs::Symbols) => "<",
            (Self::Above, Signs::Words) => "greaterThan",
            (Self::AtLeast, Signs::Words) => "greaterThanOrEqual",
            (Self::Below, Signs::Words) => "lessThan",
        }
    }
}

impl Filter {
    /// Rows with a greater id.
    pub(super) fn after(id: i64) -> Self {
        Self::default().and("id", Condition::Compare(Sign::Above, id.into()))
    }

    /// Rows that the server learned of at `from` or later, and before `to`.
    #[must_use]
    pub(super) fn created(self, from: Timestamp, to: Option<Timestamp>) -> Self {
        let text = |at: Timestamp| Value::from(at.to_rfc3339_opts(SecondsFormat::Secs, true));
        let filter = self.and("createdAt", Condition::Compare(Sign::AtLeast, text(from)));
        match to {
            Some(to) => filter.and("createdAt", Condition::Compare(Sign::Below, text(to))),
            None => filter,
        }
    }

    /// Rows with one of these ids.
    pub(super) fn ids(ids: Vec<i64>) -> Self {
        Self::default().and("id", Condition::OneOf(ids))
    }

    /// Events with this code.
    pub(super) fn code(code: &str) -> Self {
        Self::default().and("code", Condition::Is(code.into()))
    }

    fn and(mut self, column: &'static str, condition: Condition) -> Self {
        self.0.push((column, condition));
        self
    }

    fn as_json(&self, signs: Signs) -> Value {
        let mut columns = Map::new();
        for (column, condition) in &self.0 {
            match condition {
                Condition::Is(value) => columns.insert((*column).to_owned(), value.clone()),
                Condition::OneOf(ids) => columns.insert((*column).to_owned(), json!(ids)),
                Condition::Compare(sign, value) => {
                    let compared = columns.entry(*column).or_insert_with(|| json!({}));
                    compared[sign.written(signs)] = value.clone();
                    continue;
                }
            };
        }
        columns.into()
    }
}

fn filtered(mut request: Request, filter: &Filter, way: Dialect) -> Request {
    if filter.0.is_empty() {
        return request;
    }
    if way.style == Style::Json {
        return request.query("where", filter.as_json(way.signs));
    }
    for (column, condition) in &filter.0 {
        request = match condition {
            Condition::Is(value) => request.query(&format!("where[{column}]"), Plain(value)),
            Condition::OneOf(ids) => ids.iter().fold(request, |request, id| {
                request.query(&format!("where[{column}][]"), id)
            }),
            Condition::Compare(sign, value) => {
                let sign = sign.written(way.signs);
                request.query(&format!("where[{column}][{sign}]"), Plain(value))
            }
        };
    }
    request
}

/// A value without the quotes of JSON.
struct Plain<'a>(&'a Value);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::String(text) => f.write_str(text),
            other => other.fmt(f),
        }
    }
}
