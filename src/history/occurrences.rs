//! When something happened: what the rhythm of a machine or of documents is learned from.

use rusqlite::{Connection, params};

use crate::model::Timestamp;
use crate::model::device::DeviceId;
use crate::model::reading::Measure;

use super::database::Devices;
use super::error::HistoryError;
use super::row;

/// Reads when a device sold something, or a document counter changed, in `[from, to)`, by time,
/// each with the instant it became known.
pub(super) fn occurrences(
    connection: &Connection,
    devices: &Devices,
    device: &DeviceId,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<(Timestamp, Timestamp)>, HistoryError> {
    let Some(number) = devices.get(device).map(|device| device.number) else {
        return Ok(Vec::new());
    };
    // The numbers of the quantities are those of `row`: 5 is a counter's value, from 100 on stand
    // the sales. Each half has its own way to its rows.
    let mut statement = connection.prepare_cached(
        "SELECT start, fetched FROM reading \
         WHERE device = ?1 AND start >= ?2 AND start < ?3 AND quantity >= 100 \
         UNION ALL \
         SELECT start, fetched FROM level CROSS JOIN reading USING (start, device, quantity) \
         WHERE device = ?1 AND quantity = 5 AND start >= ?2 AND start < ?3 \
         ORDER BY 1",
    )?;
    let range = params![number, from.timestamp(), to.timestamp()];
    let known = statement.query_map(range, |row| {
        Ok((row::instant(row.get(0)?), row::instant(row.get(1)?)))
    })?;
    Ok(known.collect::<Result<_, _>>()?)
}

/// Reads the values that a document counter had in `[from, to)`, by time, each with the instant the
/// vendor stamped for it.
pub(super) fn counter_values(
    connection: &Connection,
    devices: &Devices,
    device: &DeviceId,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<(Timestamp, i64)>, HistoryError> {
    let Some(number) = devices.get(device).map(|device| device.number) else {
        return Ok(Vec::new());
    };
    let mut statement = connection.prepare_cached(
        "SELECT start, value FROM level CROSS JOIN reading USING (start, device, quantity) \
         WHERE device = ?1 AND quantity = 5 AND start >= ?2 AND start < ?3 ORDER BY start",
    )?;
    let range = params![number, from.timestamp(), to.timestamp()];
    let mut rows = statement.query(range)?;
    let mut values = Vec::new();
    while let Some(found) = rows.next()? {
        if let Some(Measure::Level(_, value)) = row::measure(5, found.get_ref(1)?, None) {
            values.push((row::instant(found.get(0)?), value.int()));
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::schema;

    #[test]
    fn no_people_count_is_read_on_the_way() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection, schema::STEPS).unwrap();
        let mut statement = connection
            .prepare(
                "EXPLAIN QUERY PLAN SELECT start, fetched FROM reading \
                 WHERE device = 1 AND start >= 2 AND start < 3 AND quantity >= 100",
            )
            .unwrap();
        let plan: String = statement.query_row([], |row| row.get(3)).unwrap();
        assert!(plan.contains("USING COVERING INDEX sale"), "{plan}");
    }
}
