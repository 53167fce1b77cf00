//! What a start needs to show the last known board before anything has been fetched.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use rusqlite::{Connection, Row};

use crate::model::Timestamp;
use crate::model::attempt::SourceError;
use crate::model::board::BEATS;
use crate::model::device::{DeviceId, Facts};
use crate::model::incidents::Event;

use super::database::Database;
use super::error::HistoryError;
use super::events;
use super::query::{self, Stored};
use super::row;

/// The state that earlier runs left. The readings of the running day are not in it: they come in
/// pages, see [`super::History::pages`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restored {
    /// The devices ever seen, as the vendor described them last.
    pub facts: Vec<(DeviceId, Facts)>,
    /// The newest readings of every device and quantity, however old they are.
    pub newest: Vec<Stored>,
    /// What is known about each source, by its name.
    pub sources: BTreeMap<Arc<str>, PastSource>,
    /// The newest events and all that last, newest first.
    pub events: Vec<Event>,
    /// What was remembered, by owner and key.
    pub memory: Memory,
}

/// What was remembered, by owner and key.
pub type Memory = BTreeMap<String, BTreeMap<String, serde_json::Value>>;

/// What earlier runs left about a source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PastSource {
    /// The end of its newest reading.
    pub horizon: Option<Timestamp>,
    /// Start of the last attempt that brought data.
    pub last_success: Option<Timestamp>,
    /// The last attempts, oldest first: at least [`BEATS`], and all within an hour of the newest,
    /// where there were so many.
    pub attempts: Vec<PastAttempt>,
}

/// One attempt of the past.
#[derive(Clone, Debug, PartialEq)]
pub struct PastAttempt {
    /// When it started.
    pub started: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
    /// The requests it made, logins included.
    pub requests: u32,
    /// Vendor rows decoded; `None` when nothing usable came.
    pub rows: Option<u32>,
    /// Vendor rows that could not be used.
    pub rejected: u32,
    /// Readings that replaced a known value.
    pub revised: u32,
    /// Readings that were new or replaced a known value.
    pub news: u32,
    /// What went wrong.
    pub error: Option<SourceError>,
    /// The stretch in which an interval without a row means that nobody passed.
    pub complete: Option<(Timestamp, Timestamp)>,
}

impl Database {
    /// Reads what a start needs.
    ///
    /// # Errors
    /// `Database` and `Damaged`.
    pub fn restore(&self) -> Result<Restored, HistoryError> {
        let newest = query::newest(&self.connection, &self.devices)?;
        let mut sources = sources(&self.connection)?;
        for Stored { reading, .. } in &newest {
            if let Some(source) = sources.get_mut(reading.device.source()) {
                source.horizon = source.horizon.max(Some(reading.end()));
            }
        }
        Ok(Restored {
            facts: facts(&self.connection)?,
            newest,
            sources,
            events: events::recent(&self.connection)?,
            memory: memory(&self.connection)?,
        })
    }
}

pub(super) fn facts(connection: &Connection) -> Result<Vec<(DeviceId, Facts)>, HistoryError> {
    let mut statement = connection
        .prepare("SELECT name, facts FROM device WHERE facts IS NOT NULL ORDER BY name")?;
    let mut rows = statement.query([])?;
    let mut facts = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let known = DeviceId::parse(&name).zip(parsed(&row.get::<_, String>(1)?));
        facts.extend(known);
    }
    Ok(facts)
}

fn sources(connection: &Connection) -> Result<BTreeMap<Arc<str>, PastSource>, HistoryError> {
    let mut statement = connection.prepare("SELECT id, name FROM source")?;
    let mut rows = statement.query([])?;
    let mut sources = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let source = PastSource {
            horizon: None,
            last_success: last_success(connection, row.get(0)?)?,
            attempts: attempts(connection, row.get(0)?)?,
        };
        sources.insert(row.get(1)?, source);
    }
    Ok(sources)
}

fn attempts(connection: &Connection, source: i64) -> Result<Vec<PastAttempt>, HistoryError> {
    let mut statement = connection.prepare_cached(
        "SELECT started, took_ms, requests, rows, rejected, revised, news, error, \
         complete_from, complete_to FROM attempt WHERE source = ?1 ORDER BY id DESC",
    )?;
    let mut rows = statement.query([source])?;
    let mut attempts: Vec<PastAttempt> = Vec::new();
    while let Some(row) = rows.next()? {
        let attempt = attempt(row)?;
        let newest = attempts.first().unwrap_or(&attempt).started;
        if attempts.len() >= BEATS && attempt.started <= newest - TimeDelta::hours(1) {
            break;
        }
        attempts.push(attempt);
    }
    attempts.reverse();
    Ok(attempts)
}

pub(super) fn attempt(row: &Row<'_>) -> rusqlite::Result<PastAttempt> {
    let complete = Option::zip(row.get(8)?, row.get(9)?);
    Ok(PastAttempt {
        started: row::instant_ms(row.get(0)?),
        took_ms: row.get(1)?,
        requests: row.get(2)?,
        rows: row.get(3)?,
        rejected: row.get(4)?,
        revised: row.get(5)?,
        news: row.get(6)?,
        error: row
            .get::<_, Option<String>>(7)?
            .and_then(|text| parsed(&text)),
        complete: complete.map(|(from, to)| (row::instant(from), row::instant(to))),
    })
}

fn last_success(connection: &Connection, source: i64) -> Result<Option<Timestamp>, HistoryError> {
    let mut statement = connection.prepare_cached(
        "SELECT started FROM attempt WHERE source = ?1 AND rows IS NOT NULL \
         ORDER BY id DESC LIMIT 1",
    )?;
    let mut rows = statement.query([source])?;
    let row = rows.next()?;
    Ok(row.map(|row| row.get(0)).transpose()?.map(row::instant_ms))
}

pub(super) fn memory(connection: &Connection) -> Result<Memory, HistoryError> {
    let mut statement = connection.prepare("SELECT owner, key, value FROM memory")?;
    let mut rows = statement.query([])?;
    let mut memory = Memory::new();
    while let Some(row) = rows.next()? {
        if let Some(value) = parsed(&row.get::<_, String>(2)?) {
            memory
                .entry(row.get(0)?)
                .or_default()
                .insert(row.get(1)?, value);
        }
    }
    Ok(memory)
}

/// JSON of an older release may lack what a type needs now. It is then forgotten: the next fetch
/// brings it anew.
fn parsed<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text)
        .inspect_err(|error| tracing::warn!(%error, "forgot a detail of the history"))
        .ok()
}
