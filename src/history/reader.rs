//! Reading a history that another process may be writing.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use crate::model::Timestamp;
use crate::model::device::{DeviceId, Facts};
use crate::model::incidents::Event;
use crate::model::usual::Quarter;

use super::database::Devices;
use super::error::HistoryError;
use super::events;
use super::file;
use super::occurrences;
use super::query::{self, Query, Revision, Stored};
use super::restore::{self, Memory, PastAttempt};
use super::sums::{self, FlowSum};
use super::versions::{self, Version};

/// A history that is only read. It takes no lock and changes nothing.
pub struct Reader {
    connection: Connection,
    devices: Devices,
}

impl Reader {
    /// Opens the history at `path`.
    ///
    /// # Errors
    /// `Missing`, `Older`, `Newer`, `Foreign`, `Damaged` and `Database`.
    pub fn open(path: &Path) -> Result<Self, HistoryError> {
        Self::on(file::open_read_only(path)?)
    }

    /// The devices ever seen, in no particular order.
    pub fn devices(&self) -> impl Iterator<Item = &DeviceId> {
        self.devices.ids()
    }

    /// Gives every reading of a query to `take`, by time, until that fails. Memory stays flat
    /// however long the range is.
    ///
    /// # Errors
    /// `Damaged` and `Database`, and whatever `take` gives.
    pub fn for_each<E: From<HistoryError>>(
        &self,
        query: &Query,
        mut take: impl FnMut(&Stored) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut after = None;
        loop {
            let page = query::page(&self.connection, &self.devices, query, after)?;
            page.readings.iter().try_for_each(&mut take)?;
            after = page.last;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// The devices ever seen, as the vendor described them last.
    ///
    /// # Errors
    /// `Damaged` and `Database`.
    pub fn facts(&self) -> Result<Vec<(DeviceId, Facts)>, HistoryError> {
        restore::facts(&self.connection)
    }

    /// What was remembered, by owner and key.
    ///
    /// # Errors
    /// `Damaged` and `Database`.
    pub fn memory(&self) -> Result<Memory, HistoryError> {
        restore::memory(&self.connection)
    }

    /// Every value of the readings that started in `[from, to)`; of one reading the values stand
    /// in the order they became known. For long ranges ask in pieces.
    ///
    /// # Errors
    /// `Damaged` and `Database`.
    pub fn versions(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Version>, HistoryError> {
        let (from, to) = (from.timestamp(), to.timestamp());
        versions::versions(&self.connection, &self.devices, from, to)
    }

    /// The attempts that started in `(from, to]`, by time, each with the name of its source.
    ///
    /// # Errors
    /// `Damaged` and `Database`.
    pub fn attempts(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(Arc<str>, PastAttempt)>, HistoryError> {
        versions::attempts(&self.connection, from, to)
    }

    /// When the first and the last attempt started; `None` before the first one.
    ///
    /// # Errors
    /// `Damaged` and `Database`.
    pub fn polled(&self) -> Result<Option<(Timestamp, Timestamp)>, HistoryError> {
        versions::polled(&self.connection)
    }

    /// Which readings of a query were replaced, by the time of the reading and then of the change.
    ///
    /// # Errors
    /// `Damaged` and `Database`.
    pub fn revisions(&self, query: &Query) -> Result<Vec<Revision>, HistoryError> {
        query::revisions(&self.connection, &self.devices, query)
    }

    /// The newest of the events that had begun at `at` and all that lasted then, newest first, as
    /// they are written down now: their ends may lie behind `at`.
    ///
    /// # Errors
    /// `Damaged` and `Database`.
    pub fn events_at(&self, at: Timestamp) -> Result<Vec<Event>, HistoryError> {
        events::at(&self.connection, at)
    }

    /// The events that began in `(from, to]`, newest first.
    ///
    /// # Errors
    /// `Damaged` and `Database`.
    pub fn events_begun(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Event>, HistoryError> {
        events::begun(&self.connection, from, to)
    }

    /// As [`super::History::flow_sums`].
    ///
    /// # Errors
    /// `Damaged` and `Database`.
    pub fn flow_sums(&self, from: Timestamp, to: Timestamp) -> Result<Vec<FlowSum>, HistoryError> {
        let steps = sums::steps(from, to);
        let read = |(from, to)| sums::flows(&self.connection, &self.devices, from, to);
        let sums: Result<Vec<_>, _> = steps.map(read).collect();
        Ok(sums?.into_iter().flatten().collect())
    }

    /// What every counter counted in each quarter hour of `[from, to)`, by time. For long ranges
    /// ask in pieces of whole quarter hours.
    ///
    /// # Errors
    /// `Damaged` and `Database`.
    pub fn quarters(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(DeviceId, Quarter)>, HistoryError> {
        let (from, to) = (from.timestamp(), to.timestamp());
        sums::quarters(&self.connection, &self.devices, from, to)
    }

    /// As [`super::History::occurrences`].
    ///
    /// # Errors
    /// `Damaged` and `Database`.
    pub fn occurrences(
        &self,
        device: &DeviceId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(Timestamp, Timestamp)>, HistoryError> {
        occurrences::occurrences(&self.connection, &self.devices, device, (from, to))
    }

    /// The values that a document counter had in `[from, to)`, by time.
    ///
    /// # Errors
    /// `Damaged` and `Database`.
    pub fn counter_values(
        &self,
        device: &DeviceId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(Timestamp, i64)>, HistoryError> {
        occurrences::counter_values(&self.connection, &self.devices, device, (from, to))
    }

    /// As [`super::History::last_levels`].
    ///
    /// # Errors
    /// `Damaged` and `Database`.
    pub fn last_levels(
        &self,
        before: &[(DeviceId, Timestamp)],
    ) -> Result<Vec<Stored>, HistoryError> {
        query::last_levels(&self.connection, &self.devices, before)
    }

    /// A copy of a history that is in memory, as it is at this instant.
    pub(super) fn of_memory(connection: &Connection) -> Result<Self, HistoryError> {
        let mut copy = Connection::open_in_memory()?;
        Backup::new(connection, &mut copy)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
        Self::on(copy)
    }

    fn on(connection: Connection) -> Result<Self, HistoryError> {
        let devices = Devices::load(&connection)?;
        Ok(Self {
            connection,
            devices,
        })
    }

    /// Writes a copy of the whole history to a file that must not exist.
    ///
    /// # Errors
    /// `File` when `to` exists or cannot be written; `Full` and `Database`.
    pub fn backup(&self, to: &Path) -> Result<(), HistoryError> {
        copy(&self.connection, to)
    }
}

/// Copies a database as it is at this instant, under another name until the copy is complete.
pub(super) fn copy(connection: &Connection, to: &Path) -> Result<(), HistoryError> {
    if to.exists() {
        let error = std::io::ErrorKind::AlreadyExists.into();
        return Err(HistoryError::file("create", to, error));
    }
    let partial = file::with_suffix(to, ".partial");
    let Some(name) = partial.to_str() else {
        let error = std::io::ErrorKind::InvalidFilename.into();
        return Err(HistoryError::file("create", to, error));
    };
    let written = file::private_file(&partial)?;
    let copied = connection
        .execute("VACUUM INTO ?1", [name])
        .map_err(HistoryError::from)
        .and_then(|_| {
            written
                .sync_all()
                .and_then(|()| fs::rename(&partial, to))
                .map_err(|error| HistoryError::file("write", to, error))
        });
    if copied.is_err() {
        // What is left of a failed copy would only be in the way of the next one.
        let _ = fs::remove_file(&partial);
    }
    copied?;
    file::sync_directory(to)
}
