//! Retention: what is older than wanted goes, in steps so short that no poll waits for long.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::model::Timestamp;

use super::database::Database;
use super::error::HistoryError;
use super::events;

/// How much was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Readings.
    pub readings: usize,
    /// Revisions of readings.
    pub revisions: usize,
    /// Attempts.
    pub attempts: usize,
    /// Events that are over.
    pub events: usize,
    /// Devices of which nothing is left.
    pub devices: usize,
}

impl std::ops::AddAssign for Pruned {
    fn add_assign(&mut self, step: Self) {
        self.readings += step.readings;
        self.revisions += step.revisions;
        self.attempts += step.attempts;
        self.events += step.events;
        self.devices += step.devices;
    }
}

/// Rows that one step deletes from each table.
const STEP: u32 = 2000;

impl Database {
    /// Deletes some of what lies before `before` and adds it to `pruned`; gives `false` when all
    /// of it is gone.
    ///
    /// # Errors
    /// `Full`, `Database` and `Damaged`; the step is then undone.
    pub fn prune_step(&mut self, before: Timestamp) -> Result<(Pruned, bool), HistoryError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut pruned = Pruned {
            readings: delete_readings(&transaction, before)?,
            revisions: delete_revisions(&transaction, before)?,
            attempts: delete_attempts(&transaction, before)?,
            events: events::prune(&transaction, before, STEP)?,
            devices: 0,
        };
        let more = pruned != Pruned::default();
        let mut gone = Vec::new();
        if !more {
            gone = delete_devices(&transaction, before)?;
            pruned.devices = gone.len();
        }
        transaction.commit()?;
        if !more {
            self.devices.forget_newest(before.timestamp());
        }
        for number in gone {
            self.devices.remove(number);
        }
        Ok((pruned, more))
    }
}

fn delete_readings(connection: &Connection, before: Timestamp) -> Result<usize, HistoryError> {
    let end = end_of_step(connection, "reading", before)?;
    connection
        .prepare_cached(
            "DELETE FROM level WHERE (device, quantity, start) IN \
             (SELECT device, quantity, start FROM reading \
              WHERE start < ?1 AND quantity IN (2, 3, 4, 5))",
        )?
        .execute([end])?;
    let mut delete = connection.prepare_cached("DELETE FROM reading WHERE start < ?1")?;
    Ok(delete.execute([end])?)
}

fn delete_revisions(connection: &Connection, before: Timestamp) -> Result<usize, HistoryError> {
    let end = end_of_step(connection, "revision", before)?;
    let mut delete = connection.prepare_cached("DELETE FROM revision WHERE start < ?1")?;
    Ok(delete.execute([end])?)
}

/// Where a step ends in a table whose key begins with `start`. What started in one second goes
/// together.
fn end_of_step(
    connection: &Connection,
    table: &str,
    before: Timestamp,
) -> Result<i64, HistoryError> {
    let before = before.timestamp();
    let last: Option<i64> = connection
        .prepare_cached(&format!(
            "SELECT start FROM {table} WHERE start < ?1 ORDER BY start LIMIT 1 OFFSET ?2"
        ))?
        .query_row((before, STEP), |row| row.get(0))
        .optional()?;
    Ok(last.map_or(before, |start| start + 1))
}

fn delete_attempts(connection: &Connection, before: Timestamp) -> Result<usize, HistoryError> {
    // Attempts are numbered in the order they happened: the old ones stand first.
    let mut delete = connection.prepare_cached(
        "DELETE FROM attempt WHERE id IN (SELECT id FROM attempt ORDER BY id LIMIT ?2) \
         AND started < ?1",
    )?;
    Ok(delete.execute((before.timestamp_millis(), STEP))?)
}

/// Deletes the devices that lose their last reading. One that never had any is only described, as
/// a tracker without counters is, and stays known.
fn delete_devices(connection: &Connection, before: Timestamp) -> Result<Vec<i64>, HistoryError> {
    let mut forget =
        connection.prepare_cached("DELETE FROM newest WHERE start < ?1 RETURNING device")?;
    let touched = forget.query_map([before.timestamp()], |row| row.get::<_, i64>(0))?;
    let mut touched = touched.collect::<Result<Vec<_>, _>>()?;
    touched.sort_unstable();
    touched.dedup();
    let mut delete = connection.prepare_cached(
        "DELETE FROM device WHERE id = ?1 AND id NOT IN (SELECT device FROM newest)",
    )?;
    let mut gone = Vec::new();
    for device in touched {
        if delete.execute([device])? > 0 {
            gone.push(device);
        }
    }
    Ok(gone)
}
