//! Scenarios: what each poll brings, and what the board must say.
//!
//! Each file in `tests/scenarios/` has a configuration, and steps in time. A step brings what a
//! poll of one source returned, or starts the program anew, or only lets time pass; then values of
//! the board, named by JSON pointers, must be as expected. The whole way from attempt to JSON is
//! the program's own: history, ledger, schedule and snapshot.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use std::collections::BTreeMap;
use std::path::Path;

use occtop::clock::{Clock, Hand};
use occtop::config::Config;
use occtop::engine::{self, Desk};
use occtop::history::{History, Location};
use occtop::model::Timestamp;
use occtop::model::attempt::{Attempt, Delivery, ErrorKind, Outcome, SourceError};
use occtop::model::device::{Detail, DeviceId, Facts};
use occtop::model::incidents::Event;
use occtop::model::reading::{Currency, Flow, Level, Measure, Reading, Value};
use occtop::output::Snapshot;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    config: String,
    step: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    at: Timestamp,
    /// Start the program anew on the same history.
    #[serde(default)]
    restart: bool,
    poll: Option<Poll>,
    /// JSON pointers into the board and what must stand there.
    #[serde(default)]
    expect: BTreeMap<String, toml::Value>,
    /// The incidents that there are, oldest first: cause, severity, start, end, number of feeds.
    events: Option<Vec<String>>,
    /// JSON pointers at which `null` must stand.
    #[serde(default)]
    unknown: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Poll {
    source: String,
    complete_from: Option<Timestamp>,
    roster: bool,
    /// (device, start, seconds, in, out)
    counts: Vec<(String, Timestamp, u32, u32, u32)>,
    /// (device, instant, quantity, value)
    levels: Vec<(String, Timestamp, String, f64)>,
    /// (device, instant, vendor's id, price, currency)
    sales: Vec<(String, Timestamp, i64, i64, String)>,
    /// Vehicles: device to (movement, last heard of)
    vehicles: BTreeMap<String, (String, Timestamp)>,
    error: Option<Failure>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    kind: ErrorKind,
    status: Option<u16>,
    code: Option<String>,
    message: String,
    retry_at: Option<Timestamp>,
}

macro_rules! scenarios {
    ($($name:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $name() {
            play(stringify!($name)).await;
        })+

        #[test]
        fn every_scenario_is_played() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
            let mut files: Vec<_> = std::fs::read_dir(folder)
                .unwrap()
                .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
                .collect();
            files.sort();
            assert_eq!(files, [$(stringify!($name)),+]);
        }
    };
}

scenarios![
    auth_failure_keeps_values,
    clock_change_in_athens,
    clock_change_in_new_york,
    correction_after_midnight,
    first_morning,
    fleet_through_midnight,
    restart_in_the_afternoon,
    silent_vendor_comes_back,
    three_zones_one_instant,
    vending_late_sales,
    vendor_silent_for_six_hours,
    viametrics_day,
];

async fn play(name: &str) {
    let path = format!("{}/tests/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let scenario: Scenario = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let start = scenario.step[0].at;
    let mut stage = Stage::set(&scenario.config, start).await;
    for step in &scenario.step {
        stage.hand.set(step.at);
        if step.restart {
            stage.restart().await;
        }
        if let Some(poll) = &step.poll {
            stage.desk.take(attempt(poll, step.at)).await;
        }
        stage.look(name, step).await;
    }
}

struct Stage {
    config: Config,
    history: History,
    clock: Clock,
    hand: Hand,
    desk: Desk,
}

impl Stage {
    async fn set(config: &str, start: Timestamp) -> Self {
        let config = Config::parse(config, "scenario")
            .unwrap_or_else(|e| panic!("{e}"))
            .config;
        let (clock, hand) = Clock::manual(start);
        let (history, _) = History::open(Location::Memory, start).await.unwrap();
        let desk = open(&config, &history, &clock).await;
        Self {
            config,
            history,
            clock,
            hand,
            desk,
        }
    }

    async fn restart(&mut self) {
        self.desk = open(&self.config, &self.history, &self.clock).await;
    }

    async fn look(&mut self, name: &str, step: &Step) {
        self.desk.roll(step.at);
        self.desk.follow().await;
        if let Some(expected) = &step.events {
            let board = self.desk.board();
            let events = board.events.iter().rev();
            let told: Vec<_> = events.filter_map(|event| told(event)).collect();
            assert_eq!(told, *expected, "{name} at {}", step.at);
        }
        let snapshot = Snapshot::of(&self.desk.board(), step.at);
        let board = serde_json::to_value(snapshot).unwrap();
        for (pointer, expected) in &step.expect {
            let expected = serde_json::to_value(expected).unwrap();
            let found = board.pointer(pointer).unwrap_or(&serde_json::Value::Null);
            let same = match (found.as_f64(), expected.as_f64()) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-6,
                _ => *found == expected,
            };
            assert!(
                same,
                "{name} at {}: {pointer} is {found}, not {expected}\n{board:#}",
                step.at
            );
        }
        for pointer in &step.unknown {
            let found = board.pointer(pointer).unwrap_or(&serde_json::Value::Null);
            assert!(
                found.is_null(),
                "{name} at {}: {pointer} is {found}, not null",
                step.at
            );
        }
    }
}

fn told(event: &Event) -> Option<String> {
    let incident = event.incident()?;
    let end = event
        .end
        .map_or_else(|| "now".to_owned(), |end| end.format("%H:%M").to_string());
    Some(format!(
        "{}, {}, {} to {end}, {}",
        incident.cause.word(),
        incident.severity.word(),
        event.start.format("%H:%M"),
        incident.count
    ))
}

async fn open(config: &Config, history: &History, clock: &Clock) -> Desk {
    let zone = config.display.timezone.unwrap_or(chrono_tz::Tz::UTC);
    let sources = engine::open(config, zone, clock).await;
    engine::desk(&sources, history.clone(), clock)
        .await
        .unwrap()
}

fn attempt(poll: &Poll, at: Timestamp) -> Attempt {
    let error = poll.error.as_ref().map(|failure| SourceError {
        kind: failure.kind,
        status: failure.status,
        code: failure.code.clone(),
        message: failure.message.clone(),
        reference: None,
        retry_at: failure.retry_at,
    });
    let readings = readings(poll);
    let nothing = readings.is_empty() && poll.vehicles.is_empty() && error.is_some();
    Attempt {
        source: poll.source.as_str().into(),
        started: at,
        took_ms: 50,
        exchanges: Vec::new(),
        outcome: Outcome {
            delivery: (!nothing).then(|| Delivery {
                facts: facts(poll),
                rows: u32::try_from(readings.len()).unwrap(),
                readings,
                complete_from: poll.complete_from,
                roster: poll.roster,
                ..Delivery::default()
            }),
            error,
        },
    }
}

fn facts(poll: &Poll) -> Vec<(DeviceId, Facts)> {
    let mut facts = BTreeMap::new();
    let mut add = |local: &str, detail: Detail| {
        let about = Facts {
            name: local.to_owned(),
            timezone: None,
            detail,
        };
        facts.insert(DeviceId::new(&poll.source, local), about);
    };
    for (local, ..) in &poll.counts {
        add(
            local,
            Detail::PeopleCounter {
                interval_s: None,
                group: None,
            },
        );
    }
    for (local, (movement, heard)) in &poll.vehicles {
        let detail = Detail::Tracker {
            connection: Some("active".to_owned()),
            movement: Some(movement.clone()),
            ignition: None,
            blocked: false,
            seats: None,
            clone: false,
            last_update: Some(*heard),
        };
        add(local, detail);
    }
    for (local, ..) in &poll.sales {
        let detail = Detail::Machine {
            location: None,
            active: Some(true),
            offline: false,
            open_events: Vec::new(),
            last_update: None,
            money_scale: BTreeMap::from([("EUR".to_owned(), 100)]),
            sales_unread: None,
        };
        add(local, detail);
    }
    facts.into_iter().collect()
}

fn readings(poll: &Poll) -> Vec<Reading> {
    let reading =
        |local: &str, start: Timestamp, span_s: u32, item: i64, measure: Measure| Reading {
            device: DeviceId::new(&poll.source, local),
            start,
            span_s,
            item,
            measure,
        };
    let counts = poll
        .counts
        .iter()
        .map(|(local, start, span_s, entered, left)| {
            let flow = Flow {
                entered: *entered,
                left: *left,
            };
            reading(local, *start, *span_s, 0, Measure::Flow(flow))
        });
    let levels = poll.levels.iter().map(|(local, at, quantity, value)| {
        let level = match quantity.as_str() {
            "occupancy" => Level::Occupancy,
            "odometer" => Level::Odometer,
            "engine_hours" => Level::EngineHours,
            "on_board" => Level::OnBoard,
            other => panic!("no level {other}"),
        };
        reading(local, *at, 0, 0, Measure::Level(level, Value::Real(*value)))
    });
    let sales = poll.sales.iter().map(|(local, at, item, price, currency)| {
        let measure = Measure::Sale {
            price: Some(*price),
            currency: Currency::parse(currency).unwrap(),
        };
        reading(local, *at, 0, *item, measure)
    });
    counts.chain(levels).chain(sales).collect()
}
