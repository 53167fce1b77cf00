//! Writing an attempt: one transaction, and the list of what it changed.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::mem;

use rusqlite::{Connection, TransactionBehavior, params};

use crate::model::attempt::{Attempt, Delivery};
use crate::model::device::{DeviceId, Facts};
use crate::model::reading::{Change, Measure, Reading, Value};

use super::database::{Database, Devices, Series};
use super::error::HistoryError;
use super::file::SetAside;
use super::rollup::Marks;
use super::row::{self, Key};
use super::statement::{self, Shape};

/// What an attempt changed. It is on disk when this value exists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recorded {
    /// Readings that are new or have another value than before, by time; what was already known
    /// is not among them.
    pub changes: Vec<Change>,
    /// Counts that came so late that they are part of a sum already, and were left out.
    pub left_out: usize,
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

/// A reading of the batch, and what it replaces.
struct Entry<'a> {
    key: Key,
    reading: &'a Reading,
    /// Not behind the newest instant of its series: the file may hold its key.
    doubtful: bool,
    /// What the file holds under its key.
    held: Option<Held>,
}

/// What the file holds under a key.
#[derive(Clone, Copy)]
struct Held {
    /// Length of the interval.
    span_s: u32,
    measure: Measure,
    /// When it came, in Unix seconds.
    fetched: i64,
}

/// What the caches learn once the transaction is on disk.
#[derive(Default)]
struct Learned {
    devices: HashMap<DeviceId, i64>,
    newest: Vec<(Series, i64)>,
}

impl Database {
    /// Writes an attempt with everything it brought, all or nothing. Instants of readings are cut
    /// to whole seconds.
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
        let mut left_out = 0;
        if let Some(Delivery {
            facts, readings, ..
        }) = &attempt.outcome.delivery
        {
            let mut numbering = Numbering::new(&transaction, &self.devices);
            news = sorted(readings, &mut numbering)?;
            left_out = leave_out(&transaction, &self.marks, &mut news)?;
            keep_news(&transaction, &mut news)?;
            update_facts(&transaction, facts, &mut numbering)?;
            learned.devices = numbering.added;
            write_readings(&transaction, &news, attempt.started.timestamp())?;
            write_levels(&transaction, &news)?;
            write_revisions(&transaction, &news, attempt.started.timestamp_millis())?;
            learned.newest = write_newest(&transaction, &news)?;
        }
        let recorded = Recorded {
            changes: news.into_iter().map(Entry::into_change).collect(),
            left_out,
            set_aside: None,
        };
        write_attempt(&transaction, attempt, &recorded)?;
        transaction.commit()?;
        for (device, number) in learned.devices {
            self.devices.insert(device, number);
        }
        for (series, start) in learned.newest {
            self.devices.set_newest(series, start);
        }
        if left_out > 0 {
            let source = &*attempt.source;
            tracing::warn!(source, left_out, "counts came too late, their sums stand");
        }
        Ok(Recorded {
            set_aside: self.set_aside.take(),
            ..recorded
        })
    }
}

impl Entry<'_> {
    fn into_change(self) -> Change {
        let Reading {
            device,
            span_s,
            measure,
            ..
        } = self.reading;
        Change {
            reading: self.key.reading(device.clone(), *span_s, *measure),
            old: self.held.map(|held| held.measure),
        }
    }
}

/// Gives numbers to devices, new ones where a device has none yet.
struct Numbering<'a> {
    connection: &'a Connection,
    devices: &'a Devices,
    added: HashMap<DeviceId, i64>,
}

impl<'a> Numbering<'a> {
    fn new(connection: &'a Connection, devices: &'a Devices) -> Self {
        Self {
            connection,
            devices,
            added: HashMap::new(),
        }
    }

    fn add(&mut self, device: &DeviceId) -> Result<i64, HistoryError> {
        if let Some(number) = self.added.get(device) {
            return Ok(*number);
        }
        let number = self
            .connection
            .prepare_cached("INSERT INTO device (name) VALUES (?1)")?
            .insert([device.as_str()])?;
        self.added.insert(device.clone(), number);
        Ok(number)
    }
}

fn update_facts(
    connection: &Connection,
    facts: &[(DeviceId, Facts)],
    numbering: &mut Numbering<'_>,
) -> Result<(), HistoryError> {
    let mut update = connection
        .prepare_cached("UPDATE device SET facts = ?2 WHERE id = ?1 AND facts IS NOT ?2")?;
    for (device, facts) in facts {
        let number = match numbering.devices.get(device) {
            Some(device) => device.number,
            None => numbering.add(device)?,
        };
        update.execute(params![number, json(facts)?])?;
    }
    Ok(())
}

/// The readings of a batch by key; of several with one key the last.
fn sorted<'a>(
    readings: &'a [Reading],
    numbering: &mut Numbering<'_>,
) -> Result<Vec<Entry<'a>>, HistoryError> {
    let mut batch = Vec::with_capacity(readings.len());
    for reading in readings
        .iter()
        .filter(|reading| is_number(&reading.measure))
    {
        let start = reading.start.timestamp();
        let quantity = row::quantity_code(reading.measure.quantity());
        let (device, newest) = match numbering.devices.get(&reading.device) {
            Some(device) => (device.number, device.newest(quantity)),
            None => (numbering.add(&reading.device)?, None),
        };
        batch.push(Entry {
            key: Key {
                start,
                device,
                quantity,
                item: reading.item,
            },
            reading,
            doubtful: newest.is_some_and(|newest| start <= newest),
            held: None,
        });
    }
    batch.sort_by_key(|entry| entry.key);
    // The sort is stable, so of one key the last came last. `dedup_by` gives the later one first
    // and removes it.
    batch.dedup_by(|later, earlier| {
        let same = later.key == earlier.key;
        if same {
            mem::swap(later, earlier);
        }
        same
    });
    Ok(batch)
}

/// SQLite has no "not a number"; by contract no adapter delivers one.
fn is_number(measure: &Measure) -> bool {
    !matches!(measure, Measure::Level(_, Value::Real(value)) if !value.is_finite())
}

/// Leaves out counts whose sum stands in their place, and tells how many.
fn leave_out(
    connection: &Connection,
    marks: &Marks,
    batch: &mut Vec<Entry<'_>>,
) -> Result<usize, HistoryError> {
    let before = batch.len();
    let mut kept = Vec::with_capacity(before);
    for entry in batch.drain(..) {
        let (key, span_s) = (entry.key, entry.reading.span_s);
        let late = key.quantity == row::FLOW && marks.concern(key.start, span_s);
        if !late || !marks.hold(connection, key, span_s)? {
            kept.push(entry);
        }
    }
    *batch = kept;
    Ok(before - batch.len())
}

/// Keeps what is new or differs from what the file holds.
fn keep_news(connection: &Connection, batch: &mut Vec<Entry<'_>>) -> Result<(), HistoryError> {
    const LOOK_UP: Shape = Shape {
        head: "WITH wanted (a, b, c, d) AS (VALUES ",
        columns: 4,
        tail: ") SELECT start, device, quantity, item, span_s, value, out, fetched \
               FROM wanted CROSS JOIN reading \
               ON start = a AND device = b AND quantity = c AND item = d",
    };
    let mut doubtful: Vec<_> = batch.iter_mut().filter(|entry| entry.doubtful).collect();
    for chunk in statement::chunks_mut(&mut doubtful) {
        let mut statement = connection.prepare_cached(&LOOK_UP.sql(chunk.len()))?;
        for (index, entry) in chunk.iter().enumerate() {
            entry
                .key
                .bind(&mut statement, 1 + index * LOOK_UP.columns)?;
        }
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let key = Key::read(row, 0)?;
            if let Ok(index) = chunk.binary_search_by_key(&key, |entry| entry.key) {
                let measure = row::measure(key.quantity, row.get_ref(5)?, row.get(6)?);
                let (span_s, fetched) = (row.get(4)?, row.get(7)?);
                chunk[index].held = measure.map(|measure| Held {
                    span_s,
                    measure,
                    fetched,
                });
            }
        }
    }
    batch.retain(|Entry { reading, held, .. }| {
        !held.is_some_and(|held| (held.span_s, held.measure) == (reading.span_s, reading.measure))
    });
    Ok(())
}

fn write_readings(
    connection: &Connection,
    news: &[Entry<'_>],
    fetched: i64,
) -> Result<(), HistoryError> {
    const WRITE: Shape = Shape {
        head: "INSERT OR REPLACE INTO reading \
               (start, device, quantity, item, span_s, value, out, fetched, revised) VALUES ",
        columns: 9,
        tail: "",
    };
    for chunk in statement::chunks(news) {
        let mut statement = connection.prepare_cached(&WRITE.sql(chunk.len()))?;
        for (index, entry) in chunk.iter().enumerate() {
            let first = 1 + index * WRITE.columns;
            let (value, out) = row::columns(&entry.reading.measure);
            entry.key.bind(&mut statement, first)?;
            statement.raw_bind_parameter(first + 4, entry.reading.span_s)?;
            statement.raw_bind_parameter(first + 5, value)?;
            statement.raw_bind_parameter(first + 6, out)?;
            statement.raw_bind_parameter(first + 7, fetched)?;
            statement.raw_bind_parameter(first + 8, entry.held.is_some())?;
        }
        statement.raw_execute()?;
    }
    Ok(())
}

/// Leads from devices to the instants of their lasting levels.
fn write_levels(connection: &Connection, news: &[Entry<'_>]) -> Result<(), HistoryError> {
    let mut insert =
        connection.prepare_cached("INSERT OR IGNORE INTO level VALUES (?1, ?2, ?3)")?;
    for Entry { key, .. } in news {
        if row::LASTING_LEVELS.contains(&key.quantity) {
            insert.execute((key.device, key.quantity, key.start))?;
        }
    }
    Ok(())
}

fn write_revisions(
    connection: &Connection,
    news: &[Entry<'_>],
    at: i64,
) -> Result<(), HistoryError> {
    const WRITE: Shape = Shape {
        head: "INSERT INTO revision VALUES ",
        columns: 10,
        // Two attempts in one millisecond: the first old value and the last new one stay.
        tail: " ON CONFLICT DO UPDATE SET new_value = excluded.new_value, \
               new_out = excluded.new_out",
    };
    let revised: Vec<_> = news
        .iter()
        .filter_map(|entry| Some((entry.key, entry.held?, &entry.reading.measure)))
        .collect();
    for chunk in statement::chunks(&revised) {
        let mut statement = connection.prepare_cached(&WRITE.sql(chunk.len()))?;
        for (index, (key, old, new)) in chunk.iter().enumerate() {
            let first = 1 + index * WRITE.columns;
            let ((old_value, old_out), (new_value, new_out)) =
                (row::columns(&old.measure), row::columns(new));
            key.bind(&mut statement, first)?;
            statement.raw_bind_parameter(first + 4, at)?;
            statement.raw_bind_parameter(first + 5, old_value)?;
            statement.raw_bind_parameter(first + 6, old_out)?;
            statement.raw_bind_parameter(first + 7, new_value)?;
            statement.raw_bind_parameter(first + 8, new_out)?;
            statement.raw_bind_parameter(first + 9, old.fetched)?;
        }
        statement.raw_execute()?;
    }
    Ok(())
}

/// Moves the newest instants forward and gives those that moved.
fn write_newest(
    connection: &Connection,
    news: &[Entry<'_>],
) -> Result<Vec<(Series, i64)>, HistoryError> {
    const WRITE: Shape = Shape {
        head: "INSERT OR REPLACE INTO newest VALUES ",
        columns: 3,
        tail: "",
    };
    let mut moved: Vec<(Series, i64)> = news
        .iter()
        .filter(|entry| !entry.doubtful)
        .map(|Entry { key, .. }| ((key.device, key.quantity), key.start))
        .collect();
    moved.sort_unstable_by_key(|(series, start)| (*series, Reverse(*start)));
    moved.dedup_by_key(|(series, _)| *series);
    for chunk in statement::chunks(&moved) {
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
    let complete = delivery.and_then(complete);
    connection
        .prepare_cached(
            "INSERT INTO attempt \
             (source, started, took_ms, requests, rows, rejected, revised, news, error, \
              complete_from, complete_to) \
             SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 FROM source WHERE name = ?1",
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
            complete.map(|(from, _)| from),
            complete.map(|(_, to)| to),
        ])?;
    Ok(())
}

/// The stretch that a delivery has no holes in, in Unix seconds.
fn complete(delivery: &Delivery) -> Option<(i64, i64)> {
    let flows = delivery.readings.iter();
    let to = flows
        .filter(|reading| matches!(reading.measure, Measure::Flow(_)))
        .map(Reading::end)
        .max()?;
    Some((delivery.complete_from?.timestamp(), to.timestamp()))
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn json(value: &impl serde::Serialize) -> Result<String, HistoryError> {
    serde_json::to_string(value).map_err(|error| {
        HistoryError::Database(rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    })
}
