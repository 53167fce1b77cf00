//! How far a growing table has been read.
//!
//! Ids are handed out before rows are committed, so a row with a smaller id can appear after one
//! with a greater id: each poll goes back a little. Times are no cursor, because machines deliver
//! minutes or hours late.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::client::Part;
use crate::model::Timestamp;

/// How many ids a poll goes back.
pub(super) const OVERLAP: i64 = 200;

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
}

impl Cursor {
    /// A cursor behind the row with this id, which is the newest now.
    pub fn at(newest: i64, now: Timestamp) -> Self {
        Self {
            newest,
            at: None,
            current: now,
        }
    }

    /// Where to read on. Going back waits until the cursor has caught up: rows that are far
    /// behind have long been committed.
    pub fn start(&self) -> Part {
        let back = if self.at.is_some() { 0 } else { OVERLAP };
        Part {
            after: (self.newest - back).max(0),
            created: None,
        }
    }

    /// Takes note of a page with these ids, read at `now`; true when it had news.
    pub fn read(&mut self, ids: &[i64], cut: bool, now: Timestamp) -> bool {
        let before = self.newest;
        let last = ids.iter().copied().max();
        self.newest = self.newest.max(last.unwrap_or(0));
        self.at = last.filter(|_| cut);
        if self.at.is_none() {
            self.current = now;
        }
        self.newest > before
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
