//! Reading back: readings of a time range in pages, revisions, and levels before an instant.

use std::collections::HashSet;

use rusqlite::{CachedStatement, Connection, Row, params};

use crate::model::Timestamp;
use crate::model::device::DeviceId;
use crate::model::reading::{Measure, Reading};

use super::database::Devices;
use super::error::HistoryError;
use super::row::{self, Key};

/// A reading with what the history knows about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The reading.
    pub reading: Reading,
    /// When this value was first fetched.
    pub fetched_at: Timestamp,
    /// When this value replaced another one; `None` while the first value stands.
    pub revised_at: Option<Timestamp>,
}

/// A value that was replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// The reading with its new value.
    pub reading: Reading,
    /// The value it had before.
    pub old: Measure,
    /// When it was replaced.
    pub at: Timestamp,
    /// When the value before had first come; `None` where an older release did not keep it.
    pub old_fetched_at: Option<Timestamp>,
}

/// Which readings are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Readings that start here or later.
    pub from: Option<Timestamp>,
    /// Readings that start before.
    pub to: Option<Timestamp>,
    /// Readings of these devices; `None` means all.
    pub devices: Option<HashSet<DeviceId>>,
}

impl Query {
    /// Everything that starts at `from` or later.
    #[must_use]
    pub fn since(from: Timestamp) -> Self {
        Self {
            from: Some(from),
            ..Self::default()
        }
    }

    /// The bounds as Unix seconds, `[from, to)`.
    fn bounds(&self) -> (i64, i64) {
        // A bound within a second is moved to the next one: stored instants are whole seconds.
        let seconds = |at: Timestamp| at.timestamp() + i64::from(at.timestamp_subsec_nanos() > 0);
        (
            self.from.map_or(i64::MIN, seconds),
            self.to.map_or(i64::MAX, seconds),
        )
    }

    /// The name of a device that is wanted.
    fn wanted<'a>(&self, devices: &'a Devices, number: i64) -> Option<&'a DeviceId> {
        devices.name(number).filter(|device| {
            self.devices
                .as_ref()
                .is_none_or(|wanted| wanted.contains(*device))
        })
    }
}

/// How many rows one page looks at: a few milliseconds of work.
const PAGE: u32 = 8192;

/// Some readings, and where the next page begins.
#[derive(Debug)]
pub(super) struct Page {
    /// The wanted ones among the rows of this page, by time.
    pub readings: Vec<Stored>,
    /// The last row looked at; `None` when there are no more.
    pub last: Option<Key>,
}

/// Reads the page that follows the row `after`.
pub(super) fn page(
    connection: &Connection,
    devices: &Devices,
    query: &Query,
    after: Option<Key>,
) -> Result<Page, HistoryError> {
    let (from, to) = query.bounds();
    let after = after.unwrap_or(Key {
        start: from,
        device: i64::MIN,
        quantity: i64::MIN,
        item: i64::MIN,
    });
    let mut statement = connection.prepare_cached(
        "SELECT start, device, quantity, item, span_s, value, out, fetched, revised FROM reading \
         WHERE (start, device, quantity, item) > (?1, ?2, ?3, ?4) AND start < ?5 \
         ORDER BY start, device, quantity, item LIMIT ?6",
    )?;
    after.bind(&mut statement, 1)?;
    statement.raw_bind_parameter(5, to)?;
    statement.raw_bind_parameter(6, PAGE)?;
    let mut rows = statement.raw_query();
    let mut readings = Vec::new();
    let mut last = None;
    let mut seen = 0;
    while let Some(row) = rows.next()? {
        let key = Key::read(row, 0)?;
        if let Some(device) = query.wanted(devices, key.device) {
            readings.extend(stored(row, key, device)?);
        }
        last = Some(key);
        seen += 1;
    }
    Ok(Page {
        readings,
        last: last.filter(|_| seen == PAGE),
    })
}

/// Reads the revisions of readings in a range, by the time of the reading.
pub(super) fn revisions(
    connection: &Connection,
    devices: &Devices,
    query: &Query,
) -> Result<Vec<Revision>, HistoryError> {
    let (from, to) = query.bounds();
    let mut statement = connection.prepare_cached(
        "SELECT start, device, quantity, item, at, old_value, old_out, new_value, new_out, span_s, \
         old_fetched FROM revision JOIN reading USING (start, device, quantity, item) \
         WHERE start >= ?1 AND start < ?2 ORDER BY start, device, quantity, item, at",
    )?;
    let mut rows = statement.query(params![from, to])?;
    let mut revisions = Vec::new();
    while let Some(row) = rows.next()? {
        let key = Key::read(row, 0)?;
        let old = row::measure(key.quantity, row.get_ref(5)?, row.get(6)?);
        let new = row::measure(key.quantity, row.get_ref(7)?, row.get(8)?);
        let device = query.wanted(devices, key.device);
        if let (Some(old), Some(new), Some(device)) = (old, new, device) {
            revisions.push(Revision {
                reading: key.reading(device.clone(), row.get(9)?, new),
                old,
                at: row::instant_ms(row.get(4)?),
                old_fetched_at: row.get::<_, Option<i64>>(10)?.map(row::instant),
            });
        }
    }
    Ok(revisions)
}

/// For each device the newest of its lasting levels at or before its instant.
pub(super) fn last_levels(
    connection: &Connection,
    devices: &Devices,
    before: &[(DeviceId, Timestamp)],
) -> Result<Vec<Stored>, HistoryError> {
    let mut statement = connection.prepare_cached(
        "SELECT start, device, quantity, item, span_s, value, out, fetched, revised \
         FROM (SELECT device, quantity, start FROM level \
               WHERE device = ?1 AND quantity = ?2 AND start <= ?3 ORDER BY start DESC LIMIT 1) \
         CROSS JOIN reading USING (start, device, quantity)",
    )?;
    let mut levels = Vec::new();
    for (device, at) in before {
        let Some(number) = devices.get(device).map(|device| device.number) else {
            continue;
        };
        for quantity in row::LASTING_LEVELS {
            let mut rows = statement.query(params![number, quantity, at.timestamp()])?;
            if let Some(row) = rows.next()? {
                levels.extend(stored(row, Key::read(row, 0)?, device)?);
            }
        }
    }
    Ok(levels)
}

/// The newest readings of every device and quantity, however old; of sales in one second all.
pub(super) fn newest(
    connection: &Connection,
    devices: &Devices,
) -> Result<Vec<Stored>, HistoryError> {
    let mut statement: CachedStatement<'_> = connection.prepare_cached(
        "SELECT start, device, quantity, item, span_s, value, out, fetched, revised \
         FROM newest CROSS JOIN reading USING (start, device, quantity)",
    )?;
    let mut rows = statement.query([])?;
    let mut newest = Vec::new();
    while let Some(row) = rows.next()? {
        let key = Key::read(row, 0)?;
        if let Some(device) = devices.name(key.device) {
            newest.extend(stored(row, key, device)?);
        }
    }
    Ok(newest)
}

/// The reading of a row; `None` for a row that this release does not understand.
fn stored(row: &Row<'_>, key: Key, device: &DeviceId) -> rusqlite::Result<Option<Stored>> {
    let Some(measure) = row::measure(key.quantity, row.get_ref(5)?, row.get(6)?) else {
        tracing::warn!(%device, start = key.start, quantity = key.quantity, "unreadable row");
        return Ok(None);
    };
    let fetched_at = row::instant(row.get(7)?);
    Ok(Some(Stored {
        reading: key.reading(device.clone(), row.get(4)?, measure),
        fetched_at,
        revised_at: row.get::<_, bool>(8)?.then_some(fetched_at),
    }))
}
