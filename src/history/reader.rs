//! Reading a history that another process may be writing.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use crate::model::device::DeviceId;

use super::database::Devices;
use super::error::HistoryError;
use super::file;
use super::query::{self, Query, Stored};

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
        let connection = file::open_read_only(path)?;
        let devices = Devices::load(&connection)?;
        Ok(Self {
            connection,
            devices,
        })
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
