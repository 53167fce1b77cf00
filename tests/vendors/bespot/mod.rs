//! Bespot over real HTTP: a server that speaks its interface, and what a poll makes of it.

mod answers;
mod catch_up;
mod traps;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use occtop::clock::{Clock, Hand};
use occtop::config::SourceConfig;
use occtop::config::secret::Secret;
use occtop::model::Timestamp;
use occtop::model::attempt::{Ask, ErrorKind, Outcome};
use occtop::model::budget::Budget;
use occtop::model::reading::{Flow, Level, Measure, Reading, Value as Number};
use occtop::model::schedule::Publish;
use occtop::vendors::bespot::{Auth, Settings};
use occtop::vendors::registry::{self, Account};
use occtop::vendors::source::Source;
use serde_json::{Value, json};

use crate::loopback::{Answer, Seen, Server, at, common};

const NOW: &str = "2026-03-02T08:18:00Z";
const TOKEN_PATH: &str = "/api/auth/jwt/token/";
const VISITS: &str = "/api/bi/acquisition-metrics/visits/";
const OCCUPANCY: &str = "/api/bi/acquisition-metrics/occupancy/";
/// Ends 2026-03-02T08:31:40Z.
const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3NzI0NDAzMDB9.YWNjZXNz";

/// A tenant that answers as the vendor's pages say.
#[derive(Clone, Default)]
struct Tenant {
    visits: Vec<Value>,
    occupancy: Vec<Value>,
    stores: Vec<&'static str>,
    page_limit: usize,
}

impl Tenant {
    fn answer(&self, seen: &Seen) -> Answer {
        match &*seen.path {
            TOKEN_PATH => token(),
            VISITS => self.list(seen, &self.visits),
            OCCUPANCY => self.list(seen, &self.occupancy),
            _ => Answer::text(404, "text/html", "<h1>Not Found</h1>"),
        }
    }

    fn list(&self, seen: &Seen, rows: &[Value]) -> Answer {
        let store = seen.param("store_code");
        if !store.is_empty() && !self.stores.contains(&store) {
            return refusal(
                404,
                "store_code_not_found",
                "Store with this store_code not found.",
            );
        }
        let (from, to) = (
            at(seen.param("datetime_gte")),
            at(seen.param("datetime_lte")),
        );
        let inside = |row: &&Value| {
            let minute = DateTime::parse_from_rfc3339(row["minute"].as_str().unwrap()).unwrap();
            minute >= from && minute <= to && (store.is_empty() || row["store_code"] == *store)
        };
        let rows: Vec<_> = rows.iter().filter(inside).cloned().collect();
        let size: usize = seen.param("page_size").parse().unwrap();
        let size = size.min(self.page_limit.max(1)).min(10_000);
        let page: usize = seen.param("page").parse().unwrap_or(1);
        let start = (page - 1) * size;
        if page > 1 && start >= rows.len() {
            return refusal(404, "not_found", "Invalid page.");
        }
        let more = start + size < rows.len();
        let next = format!(
            "http://evil.test{}?page={}&page_size={size}",
            seen.path,
            page + 1
        );
        let page: Vec<_> = rows.iter().skip(start).take(size).collect();
        Answer::ok(&json!({
            "count": rows.len(),
            "next": more.then_some(next),
            "previous": null,
            "results": page,
        }))
    }
}

fn token() -> Answer {
    Answer::ok(&json!({"access": JWT, "refresh": "r"}))
        .with("date", "Mon, 02 Mar 2026 08:18:00 GMT")
}

fn refusal(status: u16, code: &str, detail: &str) -> Answer {
    let body = json!({"detail": detail, "code": code, "error_id": "00000000000000a1"});
    Answer::json(status, &body)
}

fn visit(store: &str, minute: &str, entered: i64, left: i64) -> Value {
    json!({"store_code": store, "in_metric": entered, "out_metric": left,
           "diff_metric": entered - left, "minute": minute})
}

fn inside(store: &str, minute: &str, people: i64) -> Value {
    json!({"store_code": store, "occupancy_metric": people, "minute": minute})
}

fn tenant() -> Tenant {
    let stamp = |minute: u32| format!("2026-03-02T10:{minute:02}:00+02:00");
    let visits = [
        (1, 2, 0),
        (2, 1, 1),
        (6, 0, 2),
        (9, 4, 0),
        (11, 0, 1),
        (15, 1, 0),
    ];
    let levels = [(1, 7), (6, 5), (9, 9), (15, 9)];
    let mut occupancy: Vec<_> = levels
        .map(|(minute, people)| inside("200041", &stamp(minute), people))
        .to_vec();
    occupancy.push(inside("AHQ21000", &stamp(4), 3));
    Tenant {
        visits: visits
            .map(|(minute, entered, left)| visit("200041", &stamp(minute), entered, left))
            .to_vec(),
        occupancy,
        stores: vec!["200041", "AHQ21000"],
        page_limit: 10_000,
    }
}

struct Rig {
    server: Server,
    source: Box<dyn Source>,
    clock: Hand,
}

impl Rig {
    async fn with(tenant: Tenant) -> Self {
        Self::new(|_| {}, move |seen, _| tenant.answer(seen)).await
    }

    async fn new(
        change: impl Fn(&mut Settings),
        answer: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let server = Server::start(answer).await;
        let (clock, hand) = Clock::manual(at(NOW));
        let mut settings = Settings {
            auth: Auth::Jwt,
            username: "monitor".to_owned(),
            password: Secret::Literal("test-password".into()),
            store_codes: Vec::new(),
        };
        change(&mut settings);
        let mut common = common(server.url.join("/api").unwrap());
        common.name = "opap".into();
        let config = SourceConfig {
            common,
            enabled: true,
            account: Account::Bespot(settings),
        };
        let budget = Arc::new(Mutex::new(Budget::new(registry::requests_per_hour(
            &config,
        ))));
        let source = registry::open(&config, budget, clock).unwrap();
        Self {
            server,
            source,
            clock: hand,
        }
    }

    async fn poll(&mut self, now: &str, horizon: Option<&str>) -> Outcome {
        self.clock.set(at(now));
        self.source.poll(&ask(now, horizon)).await
    }

    async fn first(&mut self) -> Outcome {
        self.poll(NOW, None).await
    }

    fn paths(&self) -> Vec<String> {
        self.server
            .take()
            .into_iter()
            .map(|seen| seen.path)
            .collect()
    }
}

fn ask(now: &str, horizon: Option<&str>) -> Ask {
    Ask {
        now: at(now),
        since: at("2026-03-02T02:00:00Z"),
        horizon: horizon.map(at),
        known: Vec::new(),
        ..Ask::default()
    }
}

fn flows(outcome: &Outcome) -> Vec<(String, Timestamp, Flow)> {
    let readings = &outcome.delivery.as_ref().unwrap().readings;
    readings.iter().filter_map(flow).collect()
}

fn flow(reading: &Reading) -> Option<(String, Timestamp, Flow)> {
    match reading.measure {
        Measure::Flow(flow) => Some((reading.device.to_string(), reading.start, flow)),
        _ => None,
    }
}

fn levels(outcome: &Outcome) -> Vec<(String, Timestamp, i64)> {
    let readings = &outcome.delivery.as_ref().unwrap().readings;
    readings
        .iter()
        .filter_map(|reading| match reading.measure {
            Measure::Level(Level::Occupancy, Number::Int(people)) => {
                Some((reading.device.to_string(), reading.start, people))
            }
            _ => None,
        })
        .collect()
}

fn net(outcome: &Outcome) -> i64 {
    flows(outcome).iter().map(|(_, _, flow)| flow.net()).sum()
}
