//! Viametrics over real HTTP: a server that speaks its interface, and what a poll makes of it.

mod answers;
mod catch_up;
mod singly;
mod traps;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};
use occtop::clock::{Clock, Hand};
use occtop::config::SourceConfig;
use occtop::config::endpoint::Endpoint;
use occtop::config::secret::Secret;
use occtop::model::attempt::{Ask, ErrorKind, Outcome};
use occtop::model::budget::Budget;
use occtop::model::device::{Detail, DeviceId, Facts};
use occtop::model::ledger::plan::{Quiet, Stamp};
use occtop::model::reading::{Flow, Measure, Reading};
use occtop::vendors::registry::{self, Account};
use occtop::vendors::source::Source;
use occtop::vendors::viametrics::{Endpoints, Fields, Settings};
use serde_json::{Value, json};

use crate::loopback::{Answer, Seen, Server, at, common};

/// 10:05 in Stockholm.
const NOW: &str = "2026-03-02T09:05:00Z";
const LOGIN: &str = "/v1/auth/login";
const COUNTERS: &str = "/api/GetCounters";
const GROUPS: &str = "/api/GetCounterGroups";
const INTERVALS: &str = "/api/GetDataForAllCounters";
const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3NzI0NDA4MDB9.c2lnbmF0dXJl";

fn login() -> Answer {
    Answer::ok(&json!({"jwt": JWT}))
}

fn row(counter: i64, local: &str, entered: i64, left: i64) -> Value {
    json!({"counterId": counter, "datetime": local, "I": entered, "O": left})
}

fn list(rows: &[Value]) -> Answer {
    Answer::ok(&json!({"data": {"counterData": rows}}))
}

/// Rows of this morning as the vendor's pages have them.
fn morning() -> Vec<Value> {
    vec![
        row(507, "2026-03-02 09:00:00", 12, 3),
        row(507, "2026-03-02 09:15:00", 9, 6),
        row(508, "2026-03-02 09:00:00", 4, 1),
        json!({"counterId": 508, "datetime": "2026-03-02 09:15:00", "I": "2", "O": "5"}),
    ]
}

/// A vendor with these rows, of which it gives those in the range that is asked for.
fn vendor(rows: &[Value]) -> impl Fn(&Seen, usize) -> Answer + use<> {
    let rows = rows.to_vec();
    move |seen, _| match &*seen.path {
        LOGIN => login(),
        INTERVALS => {
            let bound = |name| NaiveDateTime::parse_from_str(seen.param(name), "%Y-%m-%d %H:%M:%S");
            let (from, to) = (bound("startTime").unwrap(), bound("endTime").unwrap());
            let inside = |row: &&Value| {
                let text = row["datetime"].as_str().unwrap();
                let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap();
                local >= from && local <= to
            };
            let rows: Vec<_> = rows.iter().filter(inside).cloned().collect();
            list(&rows)
        }
        COUNTERS => Answer::ok(&json!({"data": {"counters": [
            {"id": 507, "name": "Main entrance", "cid": 1234},
            {"id": 508, "name": "Garage door", "cid": 1234},
        ]}})),
        GROUPS => Answer::ok(&json!({"data": {"counterGroups": [
            {"id": 91, "name": "Library", "flag": "FACILITY", "cid": 1234, "counterIds": [507, 508]},
        ]}})),
        _ => Answer::text(404, "text/html", "<h1>no</h1>"),
    }
}

/// A vendor that answers only log-ins and data, the latter always with this.
fn always(data: Answer) -> impl Fn(&Seen, usize) -> Answer {
    move |seen, _| match &*seen.path {
        LOGIN => login(),
        INTERVALS => data.clone(),
        _ => Answer::json(404, &json!({"message": "Not found"})),
    }
}

struct Rig {
    server: Server,
    source: Box<dyn Source>,
    clock: Hand,
    since: &'static str,
    known: Vec<(DeviceId, Facts)>,
}

impl Rig {
    async fn new(answer: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::with(|_| {}, answer).await
    }

    async fn with(
        change: impl Fn(&mut SourceConfig),
        answer: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let server = Server::start(answer).await;
        let (clock, hand) = Clock::manual(at(NOW));
        let mut config = config(&server);
        change(&mut config);
        let ceiling = registry::requests_per_hour(&config);
        let budget = Arc::new(Mutex::new(Budget::new(ceiling)));
        Self {
            source: registry::open(&config, budget, clock).unwrap(),
            server,
            clock: hand,
            since: "2026-03-02T03:00:00Z",
            known: Vec::new(),
        }
    }

    async fn poll(&mut self, now: &str, horizon: Option<&str>) -> Outcome {
        self.clock.set(at(now));
        let ask = self.ask(now, horizon);
        self.source.poll(&ask).await
    }

    async fn first(&mut self) -> Outcome {
        self.poll(NOW, None).await
    }

    fn ask(&self, now: &str, horizon: Option<&str>) -> Ask {
        Ask {
            now: at(now),
            since: at(self.since),
            horizon: horizon.map(at),
            known: self.known.clone(),
            ..Ask::default()
        }
    }

    fn paths(&self) -> Vec<String> {
        self.server
            .take()
            .into_iter()
            .map(|seen| seen.path)
            .collect()
    }

    /// The ranges of days that were asked for.
    fn ranges(&self) -> Vec<(String, String)> {
        let data = self
            .server
            .take()
            .into_iter()
            .filter(|seen| seen.path == INTERVALS);
        data.map(|seen| {
            (
                seen.param("startTime").to_owned(),
                seen.param("endTime").to_owned(),
            )
        })
        .collect()
    }
}

fn config(server: &Server) -> SourceConfig {
    let mut common = common(server.url.clone());
    common.name = "mall".into();
    let settings = Settings {
        client_id: "1234".to_owned(),
        api_key: Secret::Literal("test-api-key".into()),
        timezone: chrono_tz::Europe::Stockholm,
        counters: Vec::new(),
        endpoints: Endpoints::default(),
        fields: Fields::default(),
    };
    SourceConfig {
        common,
        enabled: true,
        account: Account::Viametrics(settings),
    }
}

fn settings(config: &mut SourceConfig) -> &mut Settings {
    match &mut config.account {
        Account::Viametrics(settings) => settings,
        _ => unreachable!(),
    }
}

fn day(date: &str) -> (String, String) {
    (format!("{date} 00:00:00"), format!("{date} 23:59:59"))
}

/// Readings as `device start+minutes in/out`.
fn shown(outcome: &Outcome) -> Vec<String> {
    let readings = outcome.delivery.as_ref().unwrap().readings.iter();
    readings
        .map(|reading: &Reading| match reading.measure {
            Measure::Flow(Flow { entered, left }) => {
                let start = reading.start.format("%dT%H:%M");
                let minutes = reading.span_s / 60;
                format!(
                    "{} {start}+{minutes} {entered}/{left}",
                    reading.device.local()
                )
            }
            _ => unreachable!("only flows"),
        })
        .collect()
}

fn error(outcome: Outcome) -> occtop::model::attempt::SourceError {
    outcome.error.unwrap()
}
