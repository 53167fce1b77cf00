//! How far a growing table has been read.
//!
//! Ids are handed out before rows are committed, so a row with a smaller id can appear after one
//! with a greater id: each poll goes back a little. Times are no cursor, because machines deliver
//! minutes or hours late.

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::client::Part;
use crate::model::Timestamp;
use crate::model::calendar::{first_instant, local_midnight};

/// How many ids a poll goes back.
pub(super) const OVERLAP: i64 = 200;

/// The place in a growing table up to which it has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    newest: i64,
    /// The last page was full: more rows wait.
    behind: bool,
}

impl Cursor {
    /// A cursor behind the row with this id.
    pub fn at(newest: i64) -> Self {
        Self {
            newest,
            behind: false,
        }
    }

    /// Where to read on. Going back waits until the cursor has caught up: rows that are far
    /// behind have long been committed.
    pub fn start(&self) -> Part {
        let back = if self.behind { 0 } else { OVERLAP };
        Part {
            after: (self.newest - back).max(0),
            created: None,
        }
    }

    /// Takes note of a page up to `last`.
    pub fn read(&mut self, last: Option<i64>, cut: bool) {
        self.newest = self.newest.max(last.unwrap_or(0));
        self.behind = cut;
    }

    pub fn is_behind(&self) -> bool {
        self.behind
    }
}

/// A part of a table that is read once, by the time at which the server learned of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sweep {
    part: Part,
}

impl Sweep {
    /// Everything from an instant on.
    pub fn since(from: Timestamp) -> Self {
        Self::over(from, None)
    }

    fn over(from: Timestamp, to: Option<Timestamp>) -> Self {
        let part = Part {
            after: 0,
            created: Some((from, to)),
        };
        Self { part }
    }

    /// What to read next.
    pub fn part(&self) -> Part {
        self.part
    }

    /// Takes note of a page up to `last`.
    pub fn read(&mut self, last: Option<i64>) {
        self.part.after = self.part.after.max(last.unwrap_or(0));
    }
}

/// Reads each day once more in the following night, for rows that came out of order by more than
/// the overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Nightly {
    /// The night, by the instant at which it was due, up to which nothing is left to do.
    done: Option<Timestamp>,
}

impl Nightly {
    /// The sweep of the day before, once per night from 03:30 on. None on the night in which the
    /// program starts: the start reads all that is needed.
    pub fn due(&mut self, zone: Tz, now: Timestamp) -> Option<Sweep> {
        let due = latest_night(zone, now);
        let done = self.done.replace(due)?;
        if done == due {
            return None;
        }
        let today = local_midnight(zone, due);
        let yesterday = local_midnight(zone, today - TimeDelta::hours(1));
        Some(Sweep::over(yesterday, Some(today)))
    }
}

/// The newest 03:30 at or before `now`.
fn latest_night(zone: Tz, now: Timestamp) -> Timestamp {
    let time = chrono::NaiveTime::from_hms_opt(3, 30, 0).unwrap_or_default();
    let date = now.with_timezone(&zone).date_naive();
    let today = first_instant(zone, date, time);
    if today <= now {
        return today;
    }
    date.pred_opt()
        .map_or(today, |yesterday| first_instant(zone, yesterday, time))
}
