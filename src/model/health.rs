//! Health on two axes: the data axis colours a number, the fetch axis explains it.
//!
//! They never overwrite each other: a failed fetch alone leaves the data state to the clock.

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::calendar::Hours;

/// How fetching from a source goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FetchState {
    /// No attempt has finished yet.
    Never,
    /// The last attempt brought what was asked.
    Ok,
    /// First or second failure in a row; tried again soon.
    Retrying,
    /// Third failure or later; tried again at growing distances.
    Backoff,
    /// The vendor or our own ceiling says to wait.
    Throttled,
    /// Credentials are refused.
    Auth,
    /// The answer is not of the expected form.
    Schema,
    /// The configuration names something the vendor does not know, or cannot be used.
    Misconfigured,
    /// Every host fails: it is our own link.
    Offline,
    /// Switched off by the operator.
    Paused,
}

/// How far a feed's data reaches, compared with what should be there.
///
/// Ordered from best to worst, so that the worst of several is their maximum. `Unknown`, `Paused`
/// and `Closed` stand below `Fresh` because they are no fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataState {
    /// Nothing has ever been seen.
    Unknown,
    /// Switched off by the operator.
    Paused,
    /// Outside opening hours and the day's last interval is settled.
    Closed,
    /// The next data is not yet due.
    Fresh,
    /// Due, within the grace period.
    Due,
    /// Past the grace period.
    Late,
    /// Two publications are missing.
    Stale,
    /// Four periods overdue: the number is no longer shown as live.
    Dead,
}

/// When a feed's next data is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// Publish period in seconds.
    pub period_s: u32,
    /// Publish lag in seconds: from a horizon to its becoming readable (p95).
    pub lag_s: u32,
    /// Grace after the due instant, in seconds.
    pub grace_s: u32,
}

/// What the data state is computed from.
#[derive(Clone, Copy, Debug)]
pub struct Feed<'a> {
    /// Up to where the feed's data reaches; `None` when nothing was ever seen.
    pub horizon: Option<Timestamp>,
    /// When the next data is expected.
    pub expectation: Expectation,
    /// Whether a fetch has succeeded since the program started; values from history that nobody
    /// confirmed are at best due.
    pub confirmed: bool,
    /// Switched off by the operator.
    pub paused: bool,
    /// Opening hours of the store it belongs to, with the store's zone.
    pub hours: Option<(&'a Hours, Tz)>,
}

/// The data state of a feed at `now`.
#[must_use]
pub fn data_state(_feed: Feed<'_>, _now: Timestamp) -> DataState {
    unimplemented!()
}

/// When the feed's next data is due: horizon + period + lag, or after the next opening.
#[must_use]
pub fn due(_feed: Feed<'_>, _now: Timestamp) -> Option<Timestamp> {
    unimplemented!()
}

/// The instant after `now` at which [`data_state`] may change by the clock alone.
#[must_use]
pub fn next_change(_feed: Feed<'_>, _now: Timestamp) -> Option<Timestamp> {
    unimplemented!()
}
