//! The traps of the vendor's interface, each as a test over real HTTP.

mod catch_up;
mod decode;
mod events;
mod failures;
mod lists;
mod sales;
mod server;
mod tokens;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::clock::Hand;
use crate::config::secret::Secret;
use crate::model::Timestamp;
use crate::model::attempt::Delivery;
use crate::model::budget::Budget;
use crate::model::device::{Detail, DeviceId, Facts};
use crate::model::reading::{Currency, Measure};
use crate::vendors::source::ZeroRows;
use server::{Shared, World, lock, serve};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An account on a server of its own.
struct Account {
    world: Shared,
    url: String,
    budget: SharedBudget,
    source: SmartNow,
    hand: Hand,
    ask: Ask,
}

impl Account {
    /// The account of the vendor's samples, at 08:16 on the day of its sales.
    async fn sample() -> Self {
        let account = Self::empty().await;
        {
            let mut world = lock(&account.world);
            world.table("/location").push(location(2));
            world.table("/machine").push(machine(80));
            *world.table("/revenuetransaction") = vec![
                sale(
                    9_001_001,
                    "2026-03-01T08:00:00Z",
                    "2026-03-01T08:06:00Z",
                    90,
                ),
                sale(
                    9_001_002,
                    "2026-03-02T08:03:17Z",
                    "2026-03-02T08:09:16Z",
                    120,
                ),
                sale(
                    9_001_003,
                    "2026-03-01T22:58:40Z",
                    "2026-03-02T08:10:12Z",
                    180,
                ),
            ];
            *world.table("/log") = vec![
                event(7_700_001, "CM_OFFLINE", "2026-03-02T06:40:00Z"),
                event(7_700_002, "CM_REBOOT", "2026-03-02T08:08:58Z"),
            ];
            world.table("/log")[1]["isResolvable"] = json!(false);
        }
        account
    }

    async fn empty() -> Self {
        let now = at("2026-03-02T08:16:00Z");
        let (clock, hand) = Clock::manual(now);
        let world = Arc::new(Mutex::new(World::new(clock.clone())));
        let url = serve(world.clone()).await;
        let budget = Arc::new(Mutex::new(Budget::new(REQUESTS_PER_HOUR)));
        let source = opened(&url, &settings(), (budget.clone(), clock));
        let ask = Ask {
            now,
            since: at("2026-03-01T23:00:00Z"),
            horizon: None,
            known: Vec::new(),
            ..Ask::default()
        };
        Self {
            world,
            url,
            budget,
            source,
            hand,
            ask,
        }
    }

    /// Starts the program anew with these settings.
    fn reopen(&mut self, settings: &Settings) {
        let clock = lock(&self.world).clock.clone();
        // Requests of earlier runs count.
        self.source = opened(&self.url, settings, (self.budget.clone(), clock));
    }

    async fn poll(&mut self) -> Outcome {
        self.source.poll(&self.ask).await
    }

    /// A poll that must succeed.
    async fn good_poll(&mut self) -> Delivery {
        let outcome = self.poll().await;
        assert_eq!(outcome.error, None);
        outcome.delivery.unwrap()
    }

    /// The first poll, and what it asked forgotten.
    async fn started(mut self) -> Self {
        self.good_poll().await;
        self.calls();
        self
    }

    fn advance(&mut self, minutes: u64) {
        self.hand.advance(Duration::from_secs(minutes * 60));
        self.ask.now = lock(&self.world).clock.now();
    }

    fn calls(&self) -> Vec<String> {
        lock(&self.world).calls()
    }

    fn add(&self, table: &str, row: Value) {
        lock(&self.world).table(table).push(row);
    }
}

fn opened(url: &str, settings: &Settings, (budget, clock): (SharedBudget, Clock)) -> SmartNow {
    open(&common(url), settings, budget, clock).unwrap()
}

fn common(url: &str) -> Common {
    Common {
        name: "coffee".into(),
        url: url.parse().unwrap(),
        period: None,
        every: None,
        timeout: Duration::from_secs(5),
        requests_per_hour: None,
        ca_file: None,
        allow_http: false,
        zero_rows: ZeroRows::Auto,
    }
}

fn settings() -> Settings {
    let euro = Currency::parse("EUR").unwrap();
    Settings {
        username: "monitor".to_owned(),
        password: Secret::Literal("test-password".into()),
        endpoints: Endpoints::default(),
        money_scale: BTreeMap::from([(euro, 100)]),
        offline_codes: vec!["CM_OFFLINE".to_owned()],
        filter_style: None,
        greater_than: None,
        page_size: 100,
        overlap: 200,
        machines: Vec::new(),
        locations: Vec::new(),
    }
}

fn location(id: i64) -> Value {
    json!({
        "id": id, "name": "Station hall", "city": "Amsterdam", "latitude": "52.3789",
        "timeZone": "Europe/Amsterdam", "updatedAt": "2025-06-01T12:00:00Z"
    })
}

fn machine(id: i64) -> Value {
    json!({
        "id": id, "name": "Hall left", "hostname": "sn-000080", "location": 2, "active": 1,
        "lastRevenuetransaction": null, "lastLog": null, "updatedAt": "2026-03-02T08:10:12Z"
    })
}

fn sale(id: i64, occurred: &str, created: &str, price: i64) -> Value {
    json!({
        "id": id, "product": 1, "name": "Kaffee klein", "machine": 80, "location": 2,
        "occurredAt": occurred, "timeZone": "Europe/Amsterdam", "price": price,
        "currency": "EUR", "timestamp": at(occurred).timestamp(), "remote": 40_314_355,
        "createdAt": created, "updatedAt": created
    })
}

fn event(id: i64, code: &str, occurred: &str) -> Value {
    json!({
        "id": id, "remote": 89_773_700, "machine": 80, "location": 2, "code": code,
        "isResolvable": true, "occurredAt": occurred, "timestamp": at(occurred).timestamp(),
        "duration": null, "extraData": "{\"uptime\": 67", "resolvedAt": null, "createdAt": occurred
    })
}

/// Sales with these ids, one a second from 08:00 on.
fn sales(ids: impl IntoIterator<Item = i64>) -> Vec<Value> {
    ids.into_iter()
        .map(|id| sale(id, "2026-03-02T08:00:00Z", "2026-03-02T08:05:00Z", 100))
        .collect()
}

/// The ids of the sales that a poll brought, sorted, each once.
fn sold(delivery: &Delivery) -> Vec<i64> {
    let mut ids: Vec<_> = delivery
        .readings
        .iter()
        .map(|reading| reading.item)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The facts of a machine.
fn facts(delivery: &Delivery, id: i64) -> &Facts {
    let device = DeviceId::new("coffee", id);
    let found = delivery.facts.iter().find(|(known, _)| *known == device);
    &found.unwrap().1
}

/// Whether a machine is offline, and the codes of its open events.
fn state(delivery: &Delivery, id: i64) -> (bool, Vec<&str>) {
    let Detail::Machine {
        offline,
        open_events,
        ..
    } = &facts(delivery, id).detail
    else {
        panic!("not a machine")
    };
    (
        *offline,
        open_events.iter().map(|event| &*event.code).collect(),
    )
}
