//! Attempts and readings for the tests.

use std::sync::Arc;

use chrono_tz::Tz;
use occtop::clock::Clock;
use occtop::config::Config;
use occtop::engine;
use occtop::history::{History, Location, Query, Stored};
use occtop::model::Timestamp;
use occtop::model::attempt::{Attempt, Delivery, Outcome};
use occtop::model::board::Board;
use occtop::model::device::{Detail, DeviceId, Facts};
use occtop::model::reading::{Flow, Level, Measure, Reading, Value};
use occtop::model::usual::Comparisons;

/// The instant at which most tests begin.
pub const START: &str = "2026-03-02T08:00:00Z";

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// `minutes` after [`START`].
pub fn minute(minutes: i64) -> Timestamp {
    at(START) + chrono::TimeDelta::minutes(minutes)
}

pub fn device(id: &str) -> DeviceId {
    DeviceId::parse(id).unwrap()
}

pub fn flow(id: &str, start: Timestamp, entered: u32, left: u32) -> Reading {
    Reading {
        device: device(id),
        start,
        span_s: 60,
        item: 0,
        measure: Measure::Flow(Flow { entered, left }),
    }
}

pub fn level(id: &str, start: Timestamp, level: Level, value: Value) -> Reading {
    Reading {
        device: device(id),
        start,
        span_s: 0,
        item: 0,
        measure: Measure::Level(level, value),
    }
}

pub fn counter_facts(name: &str) -> Facts {
    Facts {
        name: name.into(),
        timezone: None,
        detail: Detail::PeopleCounter {
            interval_s: Some(60),
            group: None,
        },
    }
}

pub fn attempt(source: &str, started: Timestamp, outcome: Outcome) -> Arc<Attempt> {
    Arc::new(Attempt {
        source: source.into(),
        started,
        took_ms: 84,
        exchanges: Vec::new(),
        outcome,
    })
}

pub fn delivery(started: Timestamp, readings: Vec<Reading>) -> Arc<Attempt> {
    let source = readings
        .first()
        .map_or("opap", |r| r.device.source())
        .to_owned();
    let delivery = Delivery {
        rows: u32::try_from(readings.len()).unwrap(),
        readings,
        ..Delivery::default()
    };
    attempt(&source, started, Outcome::delivered(delivery))
}

pub async fn in_memory() -> History {
    History::open(Location::Memory, at(START)).await.unwrap().0
}

/// The history in a directory; nothing may have been set aside.
pub async fn in_dir(dir: &tempfile::TempDir) -> History {
    let (history, opened) = History::open(file(dir), at(START)).await.unwrap();
    assert_eq!(opened.set_aside, None);
    history
}

pub fn path(dir: &tempfile::TempDir) -> std::path::PathBuf {
    dir.path().join("history.db")
}

pub fn file(dir: &tempfile::TempDir) -> Location {
    Location::File(path(dir))
}

pub fn plain(stored: Vec<Stored>) -> Vec<Reading> {
    stored.into_iter().map(|stored| stored.reading).collect()
}

pub async fn all(history: &History) -> Vec<Reading> {
    plain(history.readings(Query::default()).await.unwrap())
}

/// The board of a new start on a history, and what its day is compared with.
pub async fn compared(
    config: &str,
    history: &History,
    now: Timestamp,
) -> (Arc<Board>, Comparisons) {
    let config = Config::parse(config, "test").unwrap().config;
    let (clock, _hand) = Clock::manual(now);
    let sources = engine::open(&config, Tz::UTC, &clock).await;
    let desk = engine::desk(&sources, history.clone(), &clock);
    let board = desk.await.unwrap().board();
    let reader = history.reader().await.unwrap();
    let usual = engine::usual(&reader, &config, Tz::UTC, &board, now).unwrap();
    (board, usual)
}
