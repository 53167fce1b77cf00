//! Writing an attempt: one transaction, and the list of what it changed.

use std::collections::HashMap;

use rusqlite::types::Value as Cell;
use rusqlite::{Connection, TransactionBehavior, params};

use crate::model::attempt::{Attempt, Delivery};
use crate::model::device::{DeviceId, Facts};
use crate::model::reading::{Change, Measure, Reading, Value};

use super::database::{Database, Devices, Series};
use super::error::HistoryError;
use super::file::SetAside;
use super::row::{self, Key};
use super::statement::{self, Shape};

/// What an attempt changed. It is on disk when this value exists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recorded {
    /// Readings that are new or have another value than before, by time; what was already known
    /// is not among them.
    pub changes: Vec<Change>,
    /// A damaged file was found since the last attempt and moved out of the way. What it held is
    /// no longer known: the board should be restored anew.
    pub set_aside: Option<SetAside>,
}

impl Recorded {
    /// How many known readings got another value.
    #[must_use]
    pub fn revised(&self) -> usize {
        let old = |change: &&Change| change.old.is_some();
        self.changes.iter().filter(old).count()
    }
}

/// A reading that has to be written.
struct News<'a> {
    key: Key,
    reading: &'a Reading,
    old: Option<Measure>,
}

/// What the caches learn once the transaction is on disk.
#[derive(Default)]
struct Learned {
    devices: HashMap<DeviceId, i64>,
    newest: HashMap<Series, i64>,
}

impl Database {
    /// Writes an attempt with everything it brought, all or nothing.
    ///
    /// # Errors
    /// `Full` and `Database`: nothing was written. `Damaged`.
    pub fn record(&mut self, attempt: &Attempt) -> Result<Recorded, HistoryError> {
        self.now = attempt.started;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut learned = Learned::default();
        let mut news = Vec::new();
        if let Some(delivery) = &attempt.outcome.delivery {
            learned.devices = add_devices(&transaction, &self.devices, delivery)?;
            update_facts(
                &transaction,
                &self.devices,
                &learned.devices,
                &delivery.facts,
            )?;
            let batch = sorted(&delivery.readings, &self.devices, &learned.devices);
            news = compare(&transaction, &self.newest, batch)?;
            write_readings(&transaction, &news, attempt.started.timestamp())?;
            write_revisions(&transaction, &news, attempt.started.timestamp_millis())?;
            learned.newest = write_newest(&transaction, &self.newest, &news)?;
        }
        let recorded = Recorded {
            changes: news.into_iter().map(News::into_change).collect(),
            set_aside: None,
        };
        write_attempt(&transaction, attempt, &recorded)?;
        transaction.commit()?;
        for (device, number) in learned.devices {
            self.devices.insert(device, number);
        }
        self.newest.extend(learned.newest);
        Ok(Recorded {
            set_aside: self.set_aside.take(),
            ..recorded
        })
    }
}

impl News<'_> {
    fn into_change(self) -> Change {
        let Reading {
            device,
            span_s,
            measure,
            ..
        } = self.reading;
        Change {
            reading: self.key.reading(device.clone(), *span_s, *measure),
            old: self.old,
        }
    }
}

/// Gives a number to every device that has none yet.
fn add_devices(
    connection: &Connection,
    known: &Devices,
    delivery: &Delivery,
) -> Result<HashMap<DeviceId, i64>, HistoryError> {
    let mut added = HashMap::new();
    let described = delivery.facts.iter().map(|(device, _)| device);
    let measured = delivery.readings.iter().map(|reading| &reading.device);
    let mut insert = connection.prepare_cached("INSERT INTO device (name) VALUES (?1)")?;
    for device in described.chain(measured) {
        if known.number(device).is_none() && !added.contains_key(device) {
            let number = insert.insert([device.as_str()])?;
            added.insert(device.clone(), number);
        }
    }
    Ok(added)
}

fn update_facts(
    connection: &Connection,
    known: &Devices,
    added: &HashMap<DeviceId, i64>,
    facts: &[(DeviceId, Facts)],
) -> Result<(), HistoryError> {
    let mut update = connection
        .prepare_cached("UPDATE device SET facts = ?2 WHERE id = ?1 AND facts IS NOT ?2")?;
    for (device, facts) in facts {
        let number = known.number(device).or_else(|| added.get(device).copied());
        update.execute(params![number, json(facts)?])?;
    }
    Ok(())
}

/// The readings of a batch by key; of several with one key the last.
fn sorted<'a>(
    readings: &'a [Reading],
    known: &Devices,
    added: &HashMap<DeviceId, i64>,
) -> Vec<(Key, &'a Reading)> {
    let number = |device| known.number(device).or_else(|| added.get(device).copied());
    let mut batch: Vec<_> = readings
        .iter()
        .filter(|reading| is_number(&reading.measure))
        .filter_map(|reading| {
            let key = Key {
                start: reading.start.timestamp(),
                device: number(&reading.device)?,
                quantity: row::quantity_code(reading.measure.quantity()),
                item: reading.item,
            };
            Some((key, reading))
        })
        .collect();
    batch.sort_by_key(|(key, _)| *key);
    // The sort is stable, so the last of a run came last; `dedup` keeps the first it sees.
    batch.reverse();
    batch.dedup_by_key(|(key, _)| *key);
    batch.reverse();
    batch
}

/// SQLite has no "not a number"; by contract no adapter delivers one.
fn is_number(measure: &Measure) -> bool {
    !matches!(measure, Measure::Level(_, Value::Real(value)) if !value.is_finite())
}

/// Keeps what is new or differs from what the history holds.
fn compare<'a>(
    connection: &Connection,
    newest: &HashMap<Series, i64>,
    batch: Vec<(Key, &'a Reading)>,
) -> Result<Vec<News<'a>>, HistoryError> {
    // Behind the newest instant of its series nothing can be known, and nothing has to be read.
    let doubtful: Vec<Key> = batch
        .iter()
        .map(|(key, _)| *key)
        .filter(|key| {
            newest
                .get(&(key.device, key.quantity))
                .is_some_and(|newest| key.start <= *newest)
        })
        .collect();
    let held = held(connection, &doubtful)?;
    let mut news = Vec::new();
    for (key, reading) in batch {
        let held = held.get(&key);
        if held != Some(&(reading.span_s, reading.measure)) {
            news.push(News {
                key,
                reading,
                old: held.map(|(_, measure)| *measure),
            });
        }
    }
    Ok(news)
}

/// What the history holds under these keys.
fn held(
    connection: &Connection,
    keys: &[Key],
) -> Result<HashMap<Key, (u32, Measure)>, HistoryError> {
    const LOOK_UP: Shape = Shape {
        head: "WITH wanted (a, b, c, d) AS (VALUES ",
        columns: 4,
        tail: ") SELECT start, device, quantity, item, span_s, value, out \
               FROM wanted CROSS JOIN reading \
               ON start = a AND device = b AND quantity = c AND item = d",
    };
    let mut held = HashMap::with_capacity(keys.len());
    for chunk in statement::chunks(keys) {
        let mut statement = connection.prepare_cached(&LOOK_UP.sql(chunk.len()))?;
        for (index, key) in chunk.iter().enumerate() {
            key.bind(&mut statement, 1 + index * LOOK_UP.columns)?;
        }
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let key = Key::read(row, 0)?;
            let measure = row::measure(key.quantity, row.get_ref(5)?, row.get(6)?);
            if let Some(measure) = measure {
                held.insert(key, (row.get(4)?, measure));
            }
        }
    }
    Ok(held)
}

fn write_readings(
    connection: &Connection,
    news: &[News<'_>],
    fetched: i64,
) -> Result<(), HistoryError> {
    const WRITE: Shape = Shape {
        head: "INSERT INTO reading VALUES ",
        columns: 9,
        tail: " ON CONFLICT DO UPDATE SET span_s = excluded.span_s, value = excluded.value, \
               out = excluded.out, fetched = excluded.fetched, revised = excluded.revised",
    };
    for chunk in statement::chunks(news) {
        let mut statement = connection.prepare_cached(&WRITE.sql(chunk.len()))?;
        for (index, news) in chunk.iter().enumerate() {
            let first = 1 + index * WRITE.columns;
            let (value, out) = row::columns(&news.reading.measure);
            news.key.bind(&mut statement, first)?;
            statement.raw_bind_parameter(first + 4, news.reading.span_s)?;
            statement.raw_bind_parameter(first + 5, value)?;
            statement.raw_bind_parameter(first + 6, out)?;
            statement.raw_bind_parameter(first + 7, fetched)?;
            statement.raw_bind_parameter(first + 8, news.old.is_some())?;
        }
        statement.raw_execute()?;
    }
    Ok(())
}

fn write_revisions(
    connection: &Connection,
    news: &[News<'_>],
    at: i64,
) -> Result<(), HistoryError> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO revision VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
         ON CONFLICT DO UPDATE SET new_value = excluded.new_value, new_out = excluded.new_out",
    )?;
    for News { key, reading, old } in news {
        let Some(old) = old else { continue };
        let (old_value, old_out) = row::columns(old);
        let (new_value, new_out): (Cell, _) = row::columns(&reading.measure);
        key.bind(&mut insert, 1)?;
        insert.raw_bind_parameter(5, at)?;
        insert.raw_bind_parameter(6, old_value)?;
        insert.raw_bind_parameter(7, old_out)?;
        insert.raw_bind_parameter(8, new_value)?;
        insert.raw_bind_parameter(9, new_out)?;
        insert.raw_execute()?;
    }
    Ok(())
}

/// Moves the newest instants forward and gives those that moved.
fn write_newest(
    connection: &Connection,
    known: &HashMap<Series, i64>,
    news: &[News<'_>],
) -> Result<HashMap<Series, i64>, HistoryError> {
    const WRITE: Shape = Shape {
        head: "INSERT INTO newest VALUES ",
        columns: 3,
        tail: " ON CONFLICT DO UPDATE SET start = excluded.start",
    };
    let mut moved: HashMap<Series, i64> = HashMap::new();
    for News { key, .. } in news {
        let series = (key.device, key.quantity);
        if known.get(&series).is_none_or(|newest| key.start > *newest) {
            // The news are in order of time, so the last one stays.
            moved.insert(series, key.start);
        }
    }
    let mut rows: Vec<_> = moved
        .iter()
        .map(|(series, start)| (*series, *start))
        .collect();
    rows.sort_unstable();
    for chunk in statement::chunks(&rows) {
        let mut statement = connection.prepare_cached(&WRITE.sql(chunk.len()))?;
        for (index, ((device, quantity), start)) in chunk.iter().enumerate() {
            let first = 1 + index * WRITE.columns;
            statement.raw_bind_parameter(first, device)?;
            statement.raw_bind_parameter(first + 1, quantity)?;
            statement.raw_bind_parameter(first + 2, start)?;
        }
        statement.raw_execute()?;
    }
    Ok(moved)
}

fn write_attempt(
    connection: &Connection,
    attempt: &Attempt,
    recorded: &Recorded,
) -> Result<(), HistoryError> {
    connection
        .prepare_cached("INSERT INTO source (name) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([&*attempt.source])?;
    let delivery = attempt.outcome.delivery.as_ref();
    let error = attempt.outcome.error.as_ref().map(json).transpose()?;
    connection
        .prepare_cached(
            "INSERT INTO attempt \
             (source, started, took_ms, requests, rows, rejected, revised, news, error) \
             SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM source WHERE name = ?1",
        )?
        .execute(params![
            &*attempt.source,
            attempt.started.timestamp_millis(),
            attempt.took_ms,
            count(attempt.exchanges.len()),
            delivery.map(|delivery| delivery.rows),
            delivery.map_or(0, |delivery| delivery.rejected),
            count(recorded.revised()),
            count(recorded.changes.len()),
            error,
        ])?;
    Ok(())
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn json(value: &impl serde::Serialize) -> Result<String, HistoryError> {
    serde_json::to_string(value).map_err(|error| {
        HistoryError::Database(rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    })
}
