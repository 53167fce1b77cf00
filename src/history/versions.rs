//! What was known at an instant: every value that a reading had, and the attempts of a stretch.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, params};

use crate::model::Timestamp;
use crate::model::reading::{Change, Measure, Reading};

use super::database::Devices;
use super::error::HistoryError;
use super::restore::{self, PastAttempt};
use super::row::{self, Key};

/// A value that a reading had.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// The reading with this value, and the one it replaced.
    pub change: Change,
    /// When it became known: the start of the attempt that brought it.
    pub known_at: Timestamp,
}

/// Values that were replaced, by reading: when, the old one, and when that had come.
type Replaced = HashMap<Key, Vec<(i64, Measure, Option<i64>)>>;

/// Reads every value of the readings that started in `[from, to)` (Unix seconds), by the time of
/// the reading; of one reading the values stand in the order they became known.
pub(super) fn versions(
    connection: &Connection,
    devices: &Devices,
    from: i64,
    to: i64,
) -> Result<Vec<Version>, HistoryError> {
    let mut replaced = replaced(connection, from, to)?;
    let mut statement = connection.prepare_cached(
        "SELECT start, device, quantity, item, span_s, value, out, fetched FROM reading \
         WHERE start >= ?1 AND start < ?2 ORDER BY start, device, quantity, item",
    )?;
    let mut rows = statement.query(params![from, to])?;
    let mut versions = Vec::new();
    while let Some(row) = rows.next()? {
        let key = Key::read(row, 0)?;
        let measure = row::measure(key.quantity, row.get_ref(5)?, row.get(6)?);
        let (Some(device), Some(measure)) = (devices.name(key.device), measure) else {
            continue;
        };
        let newest = key.reading(device.clone(), row.get(4)?, measure);
        let fetched = row.get(7)?;
        match replaced.remove(&key) {
            None => versions.push(Version {
                change: Change {
                    reading: newest,
                    old: None,
                },
                known_at: row::instant(fetched),
            }),
            Some(replaced) => versions.extend(chain(&newest, &replaced, fetched)),
        }
    }
    Ok(versions)
}

fn replaced(connection: &Connection, from: i64, to: i64) -> Result<Replaced, HistoryError> {
    let mut statement = connection.prepare_cached(
        "SELECT start, device, quantity, item, at, old_value, old_out, old_fetched FROM revision \
         WHERE start >= ?1 AND start < ?2 ORDER BY start, device, quantity, item, at",
    )?;
    let mut rows = statement.query(params![from, to])?;
    let mut replaced = Replaced::new();
    while let Some(row) = rows.next()? {
        let key = Key::read(row, 0)?;
        if let Some(old) = row::measure(key.quantity, row.get_ref(5)?, row.get(6)?) {
            let at = row.get::<_, i64>(4)?.div_euclid(1000);
            let values = replaced.entry(key).or_default();
            values.push((at, old, row.get(7)?));
        }
    }
    Ok(replaced)
}

/// The values of one reading: each but the newest was replaced at some time.
fn chain(
    newest: &Reading,
    replaced: &[(i64, Measure, Option<i64>)],
    fetched: i64,
) -> impl Iterator<Item = Version> {
    let end = newest.end().timestamp();
    let first = replaced.first().map_or(fetched, |(at, _, fetched)| {
        // Where it was not kept when the first value came: when its interval was over.
        fetched.unwrap_or(end).min(*at)
    });
    let known = std::iter::once(first).chain(replaced.iter().map(|(at, _, _)| *at));
    let values = replaced.iter().map(|(_, old, _)| *old);
    let values: Vec<Measure> = values.chain([newest.measure]).collect();
    let versions: Vec<Version> = known
        .enumerate()
        .map(|(number, at)| Version {
            change: Change {
                reading: Reading {
                    measure: values[number],
                    ..newest.clone()
                },
                old: number.checked_sub(1).map(|before| values[before]),
            },
            known_at: row::instant(at),
        })
        .collect();
    versions.into_iter()
}

/// Reads the attempts that started in `(from, to]`, by time.
pub(super) fn attempts(
    connection: &Connection,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(Arc<str>, PastAttempt)>, HistoryError> {
    let mut statement = connection.prepare_cached(
        "SELECT started, took_ms, requests, rows, rejected, revised, news, error, \
         complete_from, complete_to, name FROM attempt JOIN source ON source.id = source \
         WHERE started > ?1 AND started <= ?2 ORDER BY started, attempt.id",
    )?;
    let mut rows = statement.query([from.timestamp_millis(), to.timestamp_millis()])?;
    let mut attempts = Vec::new();
    while let Some(row) = rows.next()? {
        attempts.push((row.get(10)?, restore::attempt(row)?));
    }
    Ok(attempts)
}

/// When the first and the last attempt started.
pub(super) fn polled(
    connection: &Connection,
) -> Result<Option<(Timestamp, Timestamp)>, HistoryError> {
    let ends = "SELECT (SELECT min(started) FROM attempt), (SELECT max(started) FROM attempt)";
    let (first, last) = connection.query_row(ends, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let polled = Option::zip(first, last);
    Ok(polled.map(|(first, last)| (row::instant_ms(first), row::instant_ms(last))))
}
