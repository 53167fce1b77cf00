//! Events: written as they change, read at a start, and deleted when they are old.

use rusqlite::{Connection, TransactionBehavior};

use crate::model::Timestamp;
use crate::model::incidents::{Changes, Event, RECENT};

use super::database::Database;
use super::error::HistoryError;

impl Database {
    /// Makes the events as the log has them, all or nothing.
    ///
    /// # Errors
    /// `Full`, `Database` and `Damaged`: nothing was written.
    pub fn write_events(&mut self, changes: &Changes) -> Result<(), HistoryError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut delete = transaction.prepare_cached("DELETE FROM event WHERE id = ?1")?;
            for id in &changes.gone {
                delete.execute([number(*id)])?;
            }
            let mut write = transaction.prepare_cached(
                "INSERT INTO event VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET \
                 start = excluded.start, ended = excluded.ended, what = excluded.what",
            )?;
            for event in &changes.written {
                // What cannot be written as JSON does not exist; losing it would be no harm.
                let Ok(what) = serde_json::to_string(&event.what) else {
                    continue;
                };
                let ended = event.end.map(|at| at.timestamp());
                write.execute((number(event.id), event.start.timestamp(), ended, what))?;
            }
        }
        Ok(transaction.commit()?)
    }
}

/// The newest events, and all that last.
pub(super) fn recent(connection: &Connection) -> Result<Vec<Event>, HistoryError> {
    let mut statement = connection.prepare(
        "SELECT id, start, ended, what FROM event WHERE ended IS NULL \
         OR id IN (SELECT id FROM event ORDER BY id DESC LIMIT ?1) ORDER BY id DESC",
    )?;
    gathered(statement.query([i64::try_from(RECENT).unwrap_or(i64::MAX)])?)
}

/// The newest of the events that had begun at `at`, and all that lasted then.
pub(super) fn at(connection: &Connection, at: Timestamp) -> Result<Vec<Event>, HistoryError> {
    let mut statement = connection.prepare(
        "SELECT id, start, ended, what FROM event WHERE start <= ?1 AND (ended IS NULL \
         OR ended > ?1 OR id IN (SELECT id FROM event WHERE start <= ?1 \
         ORDER BY id DESC LIMIT ?2)) ORDER BY id DESC",
    )?;
    let most = i64::try_from(RECENT).unwrap_or(i64::MAX);
    gathered(statement.query([at.timestamp(), most])?)
}

/// The events that began in `(from, to]`.
pub(super) fn begun(
    connection: &Connection,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Event>, HistoryError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, start, ended, what FROM event WHERE start > ?1 AND start <= ?2 \
         ORDER BY id DESC",
    )?;
    gathered(statement.query([from.timestamp(), to.timestamp()])?)
}

fn gathered(mut rows: rusqlite::Rows<'_>) -> Result<Vec<Event>, HistoryError> {
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let instant = |seconds: i64| Timestamp::from_timestamp(seconds, 0);
        let start = instant(row.get(1)?);
        let ended: Option<i64> = row.get(2)?;
        // What a newer release wrote in another form is left alone.
        let what = serde_json::from_str(&row.get::<_, String>(3)?).ok();
        if let (Some(start), Some(what)) = (start, what) {
            events.push(Event {
                id: row.get::<_, i64>(0)?.unsigned_abs(),
                start,
                end: ended.and_then(instant),
                what,
            });
        }
    }
    Ok(events)
}

/// Deletes some of the events that ended before `before`.
pub(super) fn prune(
    connection: &Connection,
    before: Timestamp,
    most: u32,
) -> Result<usize, HistoryError> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE ended < ?1 LIMIT ?2)",
    )?;
    Ok(delete.execute((before.timestamp(), most))?)
}

fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}
