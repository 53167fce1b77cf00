//! SmartNow's side: rotating tokens, bare lists cut at a hundred rows, filters in brackets, rows
//! whose ids are given in the order of arrival.

mod ledger;
mod query;
mod rows;

use std::sync::Arc;

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::model::Timestamp;

use super::credentials::Credentials;
use super::estate::Estate;
use super::exchange::{Answer, Call, Speaker};
use super::faults::Fault;
use super::tokens::{Tokens, Worth};
use super::vendor::Vendor;

use ledger::Ledger;
use query::{Filter, Query};

/// Lives of tokens in seconds (ours: the vendor names none).
const ACCESS_S: i64 = 3600;
const REFRESH_S: i64 = 30 * 24 * 3600;
/// How far back a list without a lower bound reaches.
const REACH: TimeDelta = TimeDelta::days(14);

/// The SmartNow server of an estate.
#[derive(Debug)]
pub struct Smartnow {
    estate: Arc<Estate>,
    credentials: Credentials,
    access: Tokens,
    refresh: Tokens,
    ledger: Ledger,
}

/// The growing tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Table {
    Sales,
    Events,
}

impl Smartnow {
    /// The server of an estate.
    #[must_use]
    pub fn new(estate: Arc<Estate>, credentials: Credentials) -> Self {
        let seed = estate.seed();
        Self {
            credentials,
            access: Tokens::new(seed, 5, ACCESS_S),
            refresh: Tokens::new(seed, 6, REFRESH_S),
            ledger: Ledger::new(estate.clone()),
            estate,
        }
    }

    fn log_in(&self, call: &Call, now: Timestamp) -> Answer {
        let body = call.json().unwrap_or_default();
        if !body["username"].is_string() || !body["password"].is_string() {
            return message(400, "Missing parameters");
        }
        if body["username"] != self.credentials.username
            || body["password"] != self.credentials.smartnow_password
        {
            return self.refusal();
        }
        self.tokens(201, now)
    }

    /// A refresh token can be used once: the answer brings the next one.
    fn renew(&self, call: &Call, now: Timestamp) -> Answer {
        let body = call.json().unwrap_or_default();
        let Some(token) = body["refresh_token"].as_str() else {
            return message(400, "Missing parameters");
        };
        if call.has(&Fault::RefusedRefresh) || !self.refresh.take_back(token, now) {
            return self.refusal();
        }
        self.tokens(200, now)
    }

    fn tokens(&self, status: u16, now: Timestamp) -> Answer {
        let body = json!({
            "access_token": self.access.issue_jwt(now),
            "refresh_token": self.refresh.issue_opaque(now),
        });
        Answer::json(status, &body)
    }

    fn read(&self, call: &Call, now: Timestamp) -> Answer {
        let mut parts = call.path.trim_start_matches('/').splitn(2, '/');
        let (resource, id) = (parts.next().unwrap_or_default(), parts.next());
        if (resource, id) == ("user", Some("me")) {
            return Answer::json(200, &self.user());
        }
        let query = match Query::read(call) {
            Ok(query) => query,
            Err(wrong) => return message(400, &wrong),
        };
        match (resource, id) {
            ("machine", None) => list(call, &query.apply(self.machines(now))),
            ("location", None) => list(call, &query.apply(self.locations())),
            ("revenuetransaction", None) => {
                list(call, &self.table(Table::Sales, &query, call, now))
            }
            ("log", None) => list(call, &self.table(Table::Events, &query, call, now)),
            (resource, Some(id)) => self.one(resource, id, call, now),
            _ => message(404, "Not found"),
        }
    }

    fn one(&self, resource: &str, id: &str, call: &Call, now: Timestamp) -> Answer {
        let Ok(id) = id.parse::<i64>() else {
            return message(404, "Not found");
        };
        let query = Query::one(id);
        let mut found = match resource {
            "machine" => query.apply(self.machines(now)),
            "location" => query.apply(self.locations()),
            "revenuetransaction" => self.table(Table::Sales, &query, call, now),
            "log" => self.table(Table::Events, &query, call, now),
            _ => Vec::new(),
        };
        match found.pop() {
            Some(row) => Answer::json(200, &row),
            None => message(404, "Not found"),
        }
    }

    /// Rows of a growing table, day by day from the end that is asked for first.
    fn table(&self, table: Table, query: &Query, call: &Call, now: Timestamp) -> Vec<Value> {
        let first = first_day(table, query, now);
        let last = now.date_naive();
        let days: Vec<_> = first.iter_days().take_while(|day| *day <= last).collect();
        let mut filter = Filter::new(query);
        let mut take = |day| {
            let mut rows = match table {
                Table::Sales => self.ledger.sale_rows(day, now),
                Table::Events => self.ledger.event_rows(day, now),
            };
            if call.has(&Fault::Gap) && day == last && rows.len() > 1 {
                rows.remove(rows.len() - 2);
            }
            filter.take(rows)
        };
        if query.descending {
            for day in days.into_iter().rev() {
                if take(day) {
                    break;
                }
            }
        } else {
            for day in days {
                if take(day) {
                    break;
                }
            }
        }
        filter.into_rows()
    }

    fn machines(&self, now: Timestamp) -> Vec<Value> {
        let newest = |table, machine| self.ledger.newest(table, machine, now);
        (0..self.estate.machines().len())
            .map(|machine| {
                let sale = newest(Table::Sales, machine);
                let event = newest(Table::Events, machine);
                rows::machine(&self.estate, machine, sale, event, now)
            })
            .collect()
    }

    fn locations(&self) -> Vec<Value> {
        let machines = self.estate.machines().iter();
        let sites = machines.map(|machine| &self.estate.sites()[machine.site]);
        sites.map(rows::location).collect()
    }

    fn user(&self) -> Value {
        json!({
            "id": 12,
            "username": self.credentials.username,
            "language": { "id": 1, "code": "en" },
            "userGroup": { "id": 4, "name": "Readers" },
            "password_expires": null,
            "disabledAt": null,
        })
    }
}

impl Speaker for Smartnow {
    fn vendor(&self) -> Vendor {
        Vendor::Smartnow
    }

    fn answer(&self, call: &Call, now: Timestamp) -> Answer {
        match (&call.method, call.path.as_str()) {
            (&Method::POST, "/auth/login") => return self.log_in(call, now),
            (&Method::POST, "/auth/refresh") => return self.renew(call, now),
            _ => {}
        }
        let token = call.authorization("Bearer").unwrap_or_default();
        if self.access.worth(token, now) != Worth::Valid {
            return self.refusal();
        }
        if call.method != Method::GET {
            // Nothing that could change a machine is simulated.
            return message(403, "Forbidden");
        }
        self.read(call, call.published(now))
    }

    fn refusal(&self) -> Answer {
        message(401, "Unauthorized")
    }

    fn throttled(&self, retry_after_s: Option<u32>) -> Answer {
        let answer = message(429, "Too Many Requests");
        match retry_after_s {
            Some(seconds) => answer.with("retry-after", seconds.to_string()),
            None => answer,
        }
    }

    fn failure(&self, status: u16) -> Answer {
        message(status, "Server Error")
    }
}

/// The first day of arrival that a query needs.
fn first_day(table: Table, query: &Query, now: Timestamp) -> chrono::NaiveDate {
    let bound = match (query.least_id(), query.created_from()) {
        (Some(id), _) => ledger::day_of(table, id),
        (None, Some(at)) => at.date_naive(),
        (None, None) => (now - REACH).date_naive(),
    };
    // Nobody needs to read further back than three months.
    bound.max((now - TimeDelta::days(92)).date_naive())
}

fn list(call: &Call, rows: &[Value]) -> Answer {
    if call.has(&Fault::EmptyList) {
        return Answer::json(200, &json!([]));
    }
    if call.has(&Fault::OtherShape) {
        let rows: Vec<Value> = rows.iter().cloned().map(rows::otherwise).collect();
        return Answer::json(200, &rows);
    }
    Answer::json(200, &rows)
}

fn message(status: u16, text: &str) -> Answer {
    Answer::json(status, &json!({ "message": text }))
}
