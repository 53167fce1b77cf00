//! Health on two axes: the data axis colours a number, the fetch axis explains it.
//!
//! They never overwrite each other: a failed fetch alone leaves the data state to the clock.

mod flapping;
mod outlook;
#[cfg(test)]
mod tests;

use chrono::TimeDelta;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::attempt::ErrorKind;
use super::calendar::Hours;

pub use flapping::flapping;
pub use outlook::{data_state, due, next_change};

/// So many attempts in a row that had an error are no hiccup.
const SERIOUS: u32 = 3;

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
    /// Third failure in a row or later, even where something comes beside it.
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

impl FetchState {
    /// The state after an error, of so many attempts in a row that had one.
    #[must_use]
    pub fn after(error: ErrorKind, errors: u32) -> Self {
        match error {
            ErrorKind::Config => Self::Misconfigured,
            ErrorKind::RateLimited => Self::Throttled,
            ErrorKind::Auth => Self::Auth,
            ErrorKind::Schema => Self::Schema,
            ErrorKind::Http | ErrorKind::Timeout | ErrorKind::Network | ErrorKind::Vendor => {
                if errors < SERIOUS {
                    Self::Retrying
                } else {
                    Self::Backoff
                }
            }
        }
    }

    /// Whether a source cannot be read; a first or second failure in a row is not yet that.
    #[must_use]
    pub fn is_failing(self) -> bool {
        !matches!(self, Self::Never | Self::Ok | Self::Retrying | Self::Paused)
    }

    /// The word on every surface.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Ok => "ok",
            Self::Retrying => "retrying",
            Self::Backoff => "backoff",
            Self::Throttled => "throttled",
            Self::Auth => "auth",
            Self::Schema => "schema",
            Self::Misconfigured => "misconfigured",
            Self::Offline => "offline",
            Self::Paused => "paused",
        }
    }
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

impl DataState {
    /// The word on every surface.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Paused => "paused",
            Self::Closed => "closed",
            Self::Fresh => "fresh",
            Self::Due => "due",
            Self::Late => "late",
            Self::Stale => "stale",
            Self::Dead => "dead",
        }
    }

    /// The sign beside a number, plain ASCII so that it survives every terminal.
    #[must_use]
    pub fn glyph(self) -> char {
        match self {
            Self::Unknown => '?',
            Self::Paused => '=',
            Self::Closed => 'o',
            Self::Fresh => '+',
            Self::Due => '.',
            Self::Late => '>',
            Self::Stale => '!',
            Self::Dead => 'X',
        }
    }
}

/// When a feed's next data is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// Publish period in seconds.
    pub period_s: u32,
    /// Publish lag in seconds: from a horizon to its becoming readable (p95).
    pub lag_s: u32,
    /// Grace after the due instant, in seconds.
    pub grace_s: u32,
}

impl Expectation {
    /// Of a feed that is published every `period_s` seconds and readable `lag_s` seconds later,
    /// with the grace that holds until more is learned: 2 min for a period of a quarter of an
    /// hour, 5 min for an hour.
    #[must_use]
    pub fn batches(period_s: u32, lag_s: u32) -> Self {
        Self {
            period_s,
            lag_s,
            grace_s: (60 + period_s / 15).min(period_s / 2),
        }
    }

    /// Of a feed without a grid, which is silent for `limit_s` seconds at most while all is well.
    #[must_use]
    pub fn silence(limit_s: u32) -> Self {
        Self {
            period_s: limit_s,
            lag_s: 0,
            grace_s: (limit_s / 10).max(60),
        }
    }
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
    /// The vendor's clock minus ours in seconds, where they differ so much that what the vendor
    /// stamps must be judged by its own clock; else 0.
    pub skew_s: i64,
}

impl Feed<'_> {
    /// What the vendor's clock reads when ours reads `at`.
    #[must_use]
    pub fn theirs(&self, at: Timestamp) -> Timestamp {
        shifted(at, self.skew_s)
    }

    /// What our clock reads when the vendor's reads `at`.
    #[must_use]
    pub fn ours(&self, at: Timestamp) -> Timestamp {
        shifted(at, -self.skew_s)
    }
}

/// An instant by so many seconds later, as far as there are instants.
#[must_use]
pub fn shifted(at: Timestamp, by_s: i64) -> Timestamp {
    let by = TimeDelta::try_seconds(by_s).unwrap_or_default();
    at.checked_add_signed(by).unwrap_or(at)
}
