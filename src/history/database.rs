//! The open history, as its thread holds it.

use std::collections::HashMap;
use std::mem;
use std::path::PathBuf;

use rusqlite::Connection;

use crate::model::Timestamp;
use crate::model::device::DeviceId;

use super::error::HistoryError;
use super::file::{self, Home, SetAside};
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

/// The numbers that stand for devices in the file.
#[derive(Debug, Default)]
pub(super) struct Devices {
    numbers: HashMap<DeviceId, i64>,
    names: HashMap<i64, DeviceId>,
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
        Ok(devices)
    }

    pub fn insert(&mut self, device: DeviceId, number: i64) {
        self.names.insert(number, device.clone());
        self.numbers.insert(device, number);
    }

    pub fn remove(&mut self, number: i64) {
        if let Some(device) = self.names.remove(&number) {
            self.numbers.remove(&device);
        }
    }

    pub fn number(&self, device: &DeviceId) -> Option<i64> {
        self.numbers.get(device).copied()
    }

    pub fn ids(&self) -> impl Iterator<Item = &DeviceId> {
        self.numbers.keys()
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
    /// The newest instant of each series, as in the table of that name.
    pub newest: HashMap<Series, i64>,
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
            newest: HashMap::new(),
            set_aside: None,
            now,
            home,
        };
        if let Err(error) = database.load() {
            opened.set_aside = Some(database.heal(error)?);
        }
        Ok((database, opened))
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

    fn load(&mut self) -> Result<(), HistoryError> {
        self.devices = Devices::load(&self.connection)?;
        self.newest.clear();
        let mut statement = self
            .connection
            .prepare("SELECT device, quantity, start FROM newest")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            self.newest.insert((row.get(0)?, row.get(1)?), row.get(2)?);
        }
        Ok(())
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
        self.load()?;
        Ok(aside)
    }
}

fn in_memory() -> Result<Connection, HistoryError> {
    let mut connection = Connection::open_in_memory()?;
    connection.set_prepared_statement_cache_capacity(32);
    schema::migrate(&mut connection, schema::STEPS)?;
    Ok(connection)
}
