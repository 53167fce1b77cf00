//! The history: every reading, attempt and revision, in one SQLite file on a thread of its own.
//!
//! A poll is one transaction, and it is on disk before its answer is given; a kill at any instant
//! loses at most the poll in flight. One process writes a history, others may read it meanwhile.
//! Only types of the domain get in, so nothing secret can.

mod database;
mod error;
mod events;
mod file;
mod occurrences;
mod prune;
mod query;
mod reader;
mod record;
mod restore;
mod rollup;
mod row;
mod schema;
mod statement;
mod sums;
mod versions;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;

use crate::model::Timestamp;
use crate::model::attempt::Attempt;
use crate::model::device::DeviceId;
use crate::model::incidents::Changes;

pub use database::{Location, Opened};
pub use error::HistoryError;
pub use file::SetAside;
pub use prune::Pruned;
pub use query::{Query, Revision, Stored};
pub use reader::Reader;
pub use record::Recorded;
pub use restore::{Memory, PastAttempt, PastSource, Restored};
pub use rollup::{RollUp, RolledUp};
pub use sums::FlowSum;
pub use versions::Version;

use row::Key;
use worker::Worker;

/// A handle to the history. Clones are cheap and mean the same history; when the last one is
/// dropped, the work already sent is finished and the file is put in order.
#[derive(Clone)]
pub struct History {
    worker: Arc<Worker>,
    location: Location,
}

impl History {
    /// Opens the history, or makes a new one where there is none. A damaged file is moved out of
    /// the way, which the answer tells; `now` goes into its new name.
    ///
    /// # Errors
    /// `InUse`, `Newer`, `Foreign`, `File`, `Full` and `Database`.
    pub async fn open(location: Location, now: Timestamp) -> Result<(Self, Opened), HistoryError> {
        let (worker, opened) = Worker::start(location.clone(), now).await?;
        let worker = Arc::new(worker);
        Ok((Self { worker, location }, opened))
    }

    /// Writes an attempt with everything it brought, all or nothing. The answer comes when it is
    /// on disk and lists only what is new or changed: the board follows these changes.
    ///
    /// # Errors
    /// `Full` and `Database`: nothing was written, a later attempt can succeed.
    pub async fn record(&self, attempt: Arc<Attempt>) -> Result<Recorded, HistoryError> {
        self.worker
            .work(move |database| database.record(&attempt))
            .await
    }

    /// Reads what a start needs to show the last known board.
    ///
    /// # Errors
    /// `Database`.
    pub async fn restore(&self) -> Result<Restored, HistoryError> {
        self.worker.work(|database| database.restore()).await
    }

    /// Reads readings in pages, by time, between the writes of others.
    #[must_use]
    pub fn pages(&self, query: Query) -> Pages {
        Pages {
            history: self.clone(),
            query: Arc::new(query),
            after: None,
            done: false,
        }
    }

    /// Reads readings, by time. For long ranges see [`History::pages`].
    ///
    /// # Errors
    /// `Database`.
    pub async fn readings(&self, query: Query) -> Result<Vec<Stored>, HistoryError> {
        let mut readings = Vec::new();
        let mut pages = self.pages(query);
        while let Some(page) = pages.next().await? {
            readings.extend(page);
        }
        Ok(readings)
    }

    /// Reads people counts that started in `[from, to)` as sums per quarter hour, by time, between
    /// the writes of others.
    ///
    /// # Errors
    /// `Database`.
    pub async fn flow_sums(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<FlowSum>, HistoryError> {
        let mut sums = Vec::new();
        for (from, to) in sums::steps(from, to) {
            let step = self
                .worker
                .work(move |database| {
                    sums::flows(&database.connection, &database.devices, from, to)
                })
                .await?;
            sums.extend(step);
        }
        Ok(sums)
    }

    /// Reads when a machine sold something, or a document counter changed, in `[from, to)`, by
    /// time, each with the instant it became known.
    ///
    /// # Errors
    /// `Database`.
    pub async fn occurrences(
        &self,
        device: DeviceId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(Timestamp, Timestamp)>, HistoryError> {
        self.worker
            .work(move |database| {
                let (connection, devices) = (&database.connection, &database.devices);
                occurrences::occurrences(connection, devices, &device, (from, to))
            })
            .await
    }

    /// Reads which readings of a range were replaced, by the time of the reading.
    ///
    /// # Errors
    /// `Database`.
    pub async fn revisions(&self, query: Query) -> Result<Vec<Revision>, HistoryError> {
        self.worker
            .work(move |database| query::revisions(&database.connection, &database.devices, &query))
            .await
    }

    /// For each device its newest levels at or before its instant, for example its odometer at
    /// local midnight. Vendors' occupancies are left out: they do not live on from day to day.
    ///
    /// # Errors
    /// `Database`.
    pub async fn last_levels(
        &self,
        before: Vec<(DeviceId, Timestamp)>,
    ) -> Result<Vec<Stored>, HistoryError> {
        self.worker
            .work(move |database| {
                query::last_levels(&database.connection, &database.devices, &before)
            })
            .await
    }

    /// Keeps something that was learned about a source or a store, for [`Restored::memory`].
    ///
    /// # Errors
    /// `Full` and `Database`: the old value stands.
    pub async fn remember(
        &self,
        owner: &str,
        key: &str,
        value: &serde_json::Value,
    ) -> Result<(), HistoryError> {
        let row = (owner.to_owned(), key.to_owned(), value.to_string());
        self.worker
            .work(move |database| {
                database
                    .connection
                    .prepare_cached(
                        "INSERT INTO memory VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE \
                         SET value = excluded.value WHERE value IS NOT excluded.value",
                    )?
                    .execute((&row.0, &row.1, &row.2))?;
                Ok(())
            })
            .await
    }

    /// Follows changes of the log of events, all or nothing.
    ///
    /// # Errors
    /// `Full` and `Database`: the old events stand.
    pub async fn write_events(&self, changes: Arc<Changes>) -> Result<(), HistoryError> {
        self.worker
            .work(move |database| database.write_events(&changes))
            .await
    }

    /// Deletes what is older than `before`, in short steps between the writes of others. The file
    /// does not shrink: later readings take the room.
    ///
    /// # Errors
    /// `Full` and `Database`: what was deleted so far stays deleted.
    pub async fn prune(&self, before: Timestamp) -> Result<Pruned, HistoryError> {
        let mut total = Pruned::default();
        loop {
            let (step, more) = self
                .worker
                .work(move |database| database.prune_step(before))
                .await?;
            total += step;
            if !more {
                return Ok(total);
            }
        }
    }

    /// Makes old readings coarser, in short steps between the writes of others: counts become sums
    /// per quarter hour or hour, of levels the last of each stays. Sales stay as they are.
    ///
    /// # Errors
    /// `Full` and `Database`: what was rolled up so far stays so.
    pub async fn roll_up(&self, what: RollUp) -> Result<RolledUp, HistoryError> {
        let mut total = RolledUp::default();
        for (cell, before) in what.passes() {
            loop {
                let (step, more) = self
                    .worker
                    .work(move |database| database.roll_up_step(cell, before))
                    .await?;
                total += step;
                if !more {
                    break;
                }
            }
        }
        Ok(total)
    }

    /// Writes a copy of the whole history to a file that must not exist, while polls go on.
    ///
    /// # Errors
    /// `File` when `to` exists or cannot be written; `Full` and `Database`.
    pub async fn backup(&self, to: PathBuf) -> Result<(), HistoryError> {
        match &self.location {
            Location::Memory => {
                self.worker
                    .work(move |database| reader::copy(&database.connection, &to))
                    .await
            }
            Location::File(path) => {
                let path = path.clone();
                let copy = move || Reader::open(&path)?.backup(&to);
                let copied = tokio::task::spawn_blocking(copy).await;
                copied.map_err(|_| HistoryError::Closed)?
            }
        }
    }

    /// Opens the history once more, for reading beside the writes. One in memory is copied.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub async fn reader(&self) -> Result<Reader, HistoryError> {
        match &self.location {
            Location::Memory => {
                let copy =
                    |database: &mut database::Database| Reader::of_memory(&database.connection);
                self.worker.work(copy).await
            }
            Location::File(path) => {
                let path = path.clone();
                let opened = tokio::task::spawn_blocking(move || Reader::open(&path)).await;
                opened.map_err(|_| HistoryError::Closed)?
            }
        }
    }

    /// Finishes the work already sent, puts the file in order and lets go of it. Other handles
    /// get `Closed` from now on.
    ///
    /// # Errors
    /// `Full` and `Database`; nothing is lost, the next start puts the file in order.
    pub async fn close(self) -> Result<(), HistoryError> {
        self.worker.close().await
    }
}

/// Readings that come in pages.
pub struct Pages {
    history: History,
    query: Arc<Query>,
    after: Option<Key>,
    done: bool,
}

impl Pages {
    /// The next page, which may be empty when none of its rows was wanted; `None` at the end.
    ///
    /// # Errors
    /// `Database`.
    pub async fn next(&mut self) -> Result<Option<Vec<Stored>>, HistoryError> {
        if self.done {
            return Ok(None);
        }
        let (query, after) = (self.query.clone(), self.after);
        let page = self
            .history
            .worker
            .work(move |database| {
                query::page(&database.connection, &database.devices, &query, after)
            })
            .await?;
        self.after = page.last;
        self.done = page.last.is_none();
        Ok(Some(page.readings))
    }
}
