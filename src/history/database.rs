//! The open history, as its thread holds it.

use std::collections::HashMap;
use std::mem;
use std::path::PathBuf;

use rusqlite::Connection;

use crate::model::Timestamp;
use crate::model::device::DeviceId;

use super::error::HistoryError;
use super::file::{self, Home, SetAside};
use super::rollup::Marks;
use super::schema;

/// Where a history is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In a file.
    File(PathBuf),
    /// Nowhere: it is gone with the program.
    Memory,
}

/// What happened when a history was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// A damaged file was found and moved out of the way.
    pub set_aside: Option<SetAside>,
}

/// A quantity and its newest instant.
type Newest = (i64, i64);

/// The devices in the file, by the numbers that stand for them.
#[derive(Debug, Default)]
pub(super) struct Devices {
    known: HashMap<DeviceId, Device>,
    names: HashMap<i64, DeviceId>,
}

/// What is known about a device without asking the file.
#[derive(Debug, Default)]
pub(super) struct Device {
    /// What stands for it in the file.
    pub number: i64,
    newest: Vec<Newest>,
}

impl Device {
    /// The newest instant of a quantity, as in the table of that name.
    pub fn newest(&self, quantity: i64) -> Option<i64> {
        let newest = self.newest.iter().find(|(known, _)| *known == quantity);
        newest.map(|(_, start)| *start)
    }
}

impl Devices {
    /// Reads them all.
    pub fn load(connection: &Connection) -> Result<Self, HistoryError> {
        let mut devices = Self::default();
        let mut statement = connection.prepare("SELECT id, name FROM device")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let name: String = row.get(1)?;
            if let Some(device) = DeviceId::parse(&name) {
                devices.insert(device, row.get(0)?);
            }
        }
        let mut statement = connection.prepare("SELECT device, quantity, start FROM newest")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            devices.set_newest((row.get(0)?, row.get(1)?), row.get(2)?);
        }
        Ok(devices)
    }

    pub fn insert(&mut self, device: DeviceId, number: i64) {
        self.names.insert(number, device.clone());
        let newest = Vec::new();
        self.known.insert(device, Device { number, newest });
    }

    pub fn remove(&mut self, number: i64) {
        if let Some(device) = self.names.remove(&number) {
            self.known.remove(&device);
        }
    }

    pub fn set_newest(&mut self, (number, quantity): Series, start: i64) {
        let device = self.names.get(&number);
        if let Some(device) = device.and_then(|device| self.known.get_mut(device)) {
            device.newest.retain(|(known, _)| *known != quantity);
            device.newest.push((quantity, start));
        }
    }

    /// Forgets the newest instants before `before`.
    pub fn forget_newest(&mut self, before: i64) {
        for device in self.known.values_mut() {
            device.newest.retain(|(_, start)| *start >= before);
        }
    }

    pub fn get(&self, device: &DeviceId) -> Option<&Device> {
        self.known.get(device)
    }

    pub fn ids(&self) -> impl Iterator<Item = &DeviceId> {
        self.known.keys()
    }

    pub fn name(&self, number: i64) -> Option<&DeviceId> {
        self.names.get(&number)
    }
}

/// A device and a quantity, by their numbers.
pub(super) type Series = (i64, i64);

/// The open history.
pub(super) struct Database {
    pub connection: Connection,
    pub devices: Devices,
    /// How far old readings have been rolled up.
    pub marks: Marks,
    /// A file that was set aside since the last attempt was recorded.
    pub set_aside: Option<SetAside>,
    /// The newest instant that anybody told, for the name of a damaged file.
    pub now: Timestamp,
    home: Option<Home>,
}

impl Database {
    /// Opens or makes the history.
    ///
    /// # Errors
    /// As [`super::History::open`].
    pub fn open(location: &Location, now: Timestamp) -> Result<(Self, Opened), HistoryError> {
        let mut opened = Opened::default();
        let (connection, home) = match location {
            Location::Memory => (in_memory()?, None),
            Location::File(path) => {
                let home = Home::claim(path)?;
                let (connection, set_aside) = home.open(now)?;
                opened.set_aside = set_aside;
                (connection, Some(home))
            }
        };
        let mut database = Self {
            connection,
            devices: Devices::default(),
            marks: Marks::default(),
            set_aside: None,
            now,
            home,
        };
        if let Err(error) = database.load() {
            opened.set_aside = Some(database.heal(error)?);
        }
        Ok((database, opened))
    }

    fn load(&mut self) -> Result<(), HistoryError> {
        self.devices = Devices::load(&self.connection)?;
        self.marks = Marks::load(&self.connection)?;
        Ok(())
    }

    /// Does some work; when the file turns out to be damaged, sets it aside and does the work on
    /// a new one.
    pub fn work<T>(
        &mut self,
        work: impl Fn(&mut Self) -> Result<T, HistoryError>,
    ) -> Result<T, HistoryError> {
        work(self).or_else(|error| {
            let aside = self.heal(error)?;
            self.set_aside = Some(aside);
            work(self)
        })
    }

    /// Writes the log back into the file and lets go of it.
    ///
    /// # Errors
    /// `Full` and `Database`; nothing is lost, the next start reads the log.
    pub fn close(self) -> Result<(), HistoryError> {
        self.connection.close().map_err(|(_, error)| error.into())
    }

    /// Replaces a damaged file by a new one. Any other error is given back.
    fn heal(&mut self, error: HistoryError) -> Result<SetAside, HistoryError> {
        let (HistoryError::Damaged(reason), Some(home)) = (&error, &self.home) else {
            return Err(error);
        };
        // The damaged file must be let go before it is moved and a new one takes its name.
        file::leave_as_it_is(&self.connection);
        drop(mem::replace(&mut self.connection, in_memory()?));
        let (connection, aside) = home.replace(reason.clone(), self.now)?;
        tracing::warn!(path = %aside.path.display(), reason, "set a damaged history aside");
        self.connection = connection;
        self.devices = Devices::default();
        self.marks = Marks::default();
        Ok(aside)
    }
}

fn in_memory() -> Result<Connection, HistoryError> {
    let mut connection = Connection::open_in_memory()?;
    connection.set_prepared_statement_cache_capacity(32);
    schema::migrate(&mut connection, schema::STEPS)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use crate::model::attempt::{Attempt, Delivery, Outcome};
    use crate::model::reading::{Flow, Measure, Reading};

    use super::*;

    fn attempt(devices: std::ops::Range<u32>) -> Attempt {
        let readings = devices.map(|device| Reading {
            device: DeviceId::new("opap", device),
            start: Timestamp::UNIX_EPOCH,
            span_s: 60,
            item: 0,
            measure: Measure::Flow(Flow::default()),
        });
        Attempt {
            source: "opap".into(),
            started: Timestamp::UNIX_EPOCH,
            took_ms: 1,
            exchanges: Vec::new(),
            outcome: Outcome::delivered(Delivery {
                readings: readings.collect(),
                ..Delivery::default()
            }),
        }
    }

    #[test]
    fn no_room_is_told_as_such_and_nothing_is_half_written() {
        let (mut database, _) = Database::open(&Location::Memory, Timestamp::UNIX_EPOCH).unwrap();
        database.record(&attempt(0..10)).unwrap();
        let room = |database: &Database, pages: u32| {
            let set = database
                .connection
                .pragma_update(None, "max_page_count", pages);
            // The pragma answers with the new limit.
            assert!(set.is_ok());
        };
        room(&database, 1);
        let error = database.record(&attempt(10..5000)).unwrap_err();
        assert!(matches!(error, HistoryError::Full), "{error}");
        let rows = |database: &Database| -> i64 {
            let count = "SELECT (SELECT count(*) FROM reading) + (SELECT count(*) FROM device)";
            database
                .connection
                .query_row(count, [], |row| row.get(0))
                .unwrap()
        };
        assert_eq!(rows(&database), 20);
        room(&database, 100_000);
        let recorded = database.record(&attempt(10..5000)).unwrap();
        assert_eq!(recorded.changes.len(), 4990);
        assert_eq!(rows(&database), 10_000);
    }
}
