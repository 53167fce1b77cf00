//! What a schedule is told: how a source publishes, how an attempt ended, what was learned before.

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;
use crate::model::attempt::SourceError;
use crate::model::health::Expectation;

/// How a source publishes and how it is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// How new data appears.
    pub publish: Publish,
    /// What is expected of its feeds, where a device says nothing more precise.
    pub expectation: Expectation,
    /// Fixed poll period in seconds where the operator sets one.
    pub every_s: Option<u32>,
}

/// How new data appears at the vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publish {
    /// In batches on a grid of the period, readable a lag later (people counters).
    Batches,
    /// All the time; polled every so many seconds (trackers, counters, machines).
    Live {
        /// Poll period in seconds.
        every_s: u32,
    },
}

/// What a finished attempt means for the schedule.
#[derive(Clone, Copy, Debug)]
pub struct Finished<'a> {
    /// When it finished.
    pub at: Timestamp,
    /// The source's newest horizon after it.
    pub horizon: Option<Timestamp>,
    /// Its error, if any.
    pub error: Option<&'a SourceError>,
    /// Whether it brought a delivery.
    pub delivered: bool,
}

/// What is known of how a source publishes, for whoever wants to see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habit {
    /// Publish period in seconds.
    pub period_s: u32,
    /// Whether the vendor's rows show it; else it is assumed.
    pub period_seen: bool,
    /// From how many publications the lag is known, at most the last few dozen.
    pub seen: usize,
    /// Publish lag in seconds: of half of the publications, and of 19 in 20. `None` before
    /// [`ENOUGH`](super::ENOUGH) were seen.
    pub lag_s: Option<(u32, u32)>,
}

/// What was learned about a source, to be kept over a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Learned {
    /// Publish period in seconds as the vendor's rows show it.
    pub period_s: Option<u32>,
    /// The newest row lies anywhere in a batch.
    pub ragged: bool,
    /// Publish lags seen, oldest first, each as seconds (more than, at most).
    pub lags: Vec<(u32, u32)>,
}
