//! People counts of past days as sums per quarter hour: what estimates learn from.

use rusqlite::{Connection, Row, params};

use crate::model::Timestamp;
use crate::model::device::DeviceId;
use crate::model::reading::Flow;
use crate::model::usual::Quarter;

use super::database::Devices;
use super::error::HistoryError;
use super::row;

/// The crossings of one door in one quarter hour, or in one interval where that is longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowSum {
    /// The people counter.
    pub device: DeviceId,
    /// Start of the quarter hour.
    pub start: Timestamp,
    /// Length in seconds.
    pub span_s: u32,
    /// Everyone who crossed.
    pub flow: Flow,
}

/// The quarter hour.
const QUARTER_S: i64 = 900;
/// Quarters that are read at once: three hours of 500 stores are a few hundredths of a second.
const STEP: i64 = 12;

/// Cuts a range of instants into ranges of Unix seconds that are read one after the other. No
/// quarter hour is cut but the first and the last.
pub(super) fn steps(from: Timestamp, to: Timestamp) -> impl Iterator<Item = (i64, i64)> {
    let (mut from, to) = (from.timestamp(), to.timestamp());
    std::iter::from_fn(move || {
        let start = from;
        from = ((start.div_euclid(QUARTER_S) + STEP) * QUARTER_S).min(to);
        (start < to).then_some((start, from))
    })
}

/// Reads the sums of all counts that started in `[from, to)` (Unix seconds), by time. A fortnight of minute rows
/// comes as a fifteenth of them.
pub(super) fn flows(
    connection: &Connection,
    devices: &Devices,
    from: i64,
    to: i64,
) -> Result<Vec<FlowSum>, HistoryError> {
    let mut statement = connection.prepare_cached(
        "SELECT start / 900, device, max(span_s), sum(value), sum(out) FROM reading \
         WHERE start >= ?1 AND start < ?2 AND quantity = 0 \
         GROUP BY start / 900, device ORDER BY start / 900",
    )?;
    let mut rows = statement.query(params![from, to])?;
    let mut sums = Vec::new();
    while let Some(sum) = rows.next()? {
        let Some(device) = devices.name(sum.get(1)?) else {
            continue;
        };
        let span_s: u32 = sum.get(2)?;
        sums.push(FlowSum {
            device: device.clone(),
            start: row::instant(sum.get::<_, i64>(0)? * QUARTER_S),
            span_s: span_s.max(900),
            flow: Flow {
                entered: people(sum, 3)?,
                left: people(sum, 4)?,
            },
        });
    }
    Ok(sums)
}

/// As [`flows`], with how much of each quarter hour is known.
pub(super) fn quarters(
    connection: &Connection,
    devices: &Devices,
    from: i64,
    to: i64,
) -> Result<Vec<(DeviceId, Quarter)>, HistoryError> {
    let mut statement = connection.prepare_cached(
        "SELECT start / 900, device, max(span_s), sum(value), sum(out), \
         sum(coalesce(covered_s, span_s)), max(value = 0 AND out = 0) FROM reading \
         WHERE start >= ?1 AND start < ?2 AND quantity = 0 \
         GROUP BY start / 900, device ORDER BY start / 900",
    )?;
    let mut rows = statement.query(params![from, to])?;
    let mut quarters = Vec::new();
    while let Some(sum) = rows.next()? {
        let Some(device) = devices.name(sum.get(1)?) else {
            continue;
        };
        let span_s = sum.get::<_, u32>(2)?.max(900);
        let quarter = Quarter {
            start: row::instant(sum.get::<_, i64>(0)? * QUARTER_S),
            span_s,
            covered_s: people(sum, 5)?.min(span_s),
            flow: Flow {
                entered: people(sum, 3)?,
                left: people(sum, 4)?,
            },
            zeros: sum.get(6)?,
        };
        quarters.push((device.clone(), quarter));
    }
    Ok(quarters)
}

/// A sum that is not negative.
fn people(row: &Row<'_>, column: usize) -> rusqlite::Result<u32> {
    let count: Option<i64> = row.get(column)?;
    Ok(u32::try_from(count.unwrap_or(0).max(0)).unwrap_or(u32::MAX))
}
