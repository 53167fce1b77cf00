//! How far a growing table has been read.
//!
//! Ids are handed out before rows are committed, so a row with a smaller id can appear after one
//! with a greater id: each poll goes back to the first id that is missing. Times are no cursor,
//! because machines deliver minutes or hours late.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::client::Part;
use crate::model::Timestamp;

/// After so long nobody wants to wait for what came meanwhile before the newest rows are read.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(30);

/// The place in a growing table up to which it has been read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    newest: i64,
    /// Where the last page ended, if it was full: more rows wait behind it.
    at: Option<i64>,
    /// When there was nothing left to read.
    current: Timestamp,
    /// Ids within the overlap that have been seen: what is between them may still appear. After a
    /// restart the whole overlap is asked for once.
    #[serde(skip)]
    seen: BTreeSet<i64>,
}

impl Cursor {
    /// A cursor behind the row with this id, which is the newest now.
    pub fn at(newest: i64, now: Timestamp) -> Self {
        Self {
            newest,
            at: None,
            current: now,
            seen: BTreeSet::new(),
        }
    }

    /// Whether the table was empty when it was looked at. If it is full after that, it was not as
    /// empty as it seemed, and its beginning may be years ago.
    pub fn is_of_nothing(&self) -> bool {
        self.newest == 0
    }

    /// Where to read on: behind the last full page, else at the first id of the overlap that is
    /// missing.
    pub fn start(&self, overlap: i64) -> Part {
        let mut after = (self.newest - overlap).max(0);
        while after < self.newest && self.seen.contains(&(after + 1)) {
            after += 1;
        }
        Part {
            after: self.at.unwrap_or(after),
            created: None,
        }
    }

    /// Takes note of a page with these ids, read at `now`.
    pub fn read(&mut self, ids: &[i64], cut: bool, now: Timestamp) {
        let last = ids.iter().copied().max();
        self.newest = self.newest.max(last.unwrap_or(0));
        self.at = last.filter(|_| cut);
        if self.at.is_none() {
            self.current = now;
        }
        self.seen.extend(ids);
    }

    /// Takes note of ids that were read on another way.
    pub fn saw(&mut self, ids: &[i64]) {
        self.seen.extend(ids);
    }

    /// Forgets ids before the overlap.
    pub fn forget(&mut self, overlap: i64) {
        self.seen = self.seen.split_off(&(self.newest - overlap));
    }

    /// Whether more rows wait than have been read.
    pub fn is_behind(&self) -> bool {
        self.at.is_some()
    }

    /// When there was nothing left to read, if that is too long ago to read on from there.
    pub fn left_behind(&self, now: Timestamp) -> Option<Timestamp> {
        (now - self.current > LONGEST_PAUSE).then_some(self.current)
    }
}
