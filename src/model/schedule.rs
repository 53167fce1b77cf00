//! When to poll next: cadence, settle delay, stable jitter, backoff.

use chrono::TimeDelta;

use super::Timestamp;
use super::attempt::{ErrorKind, SourceError};
use super::health::{Expectation, FetchState};

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

/// The state of one source's poll loop, pure.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    _private: (),
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

impl Schedule {
    /// The schedule of the source called `name` (the name seeds its stable jitter).
    #[must_use]
    pub fn new(_name: &str, _cadence: Cadence) -> Self {
        unimplemented!()
    }

    /// Takes note of a finished attempt and gives the instant of the next one; `None` when there
    /// will be none until the settings change.
    pub fn finished(&mut self, _attempt: Finished<'_>) -> Option<Timestamp> {
        unimplemented!()
    }

    /// The fetch state after the attempts so far.
    #[must_use]
    pub fn fetch_state(&self) -> FetchState {
        unimplemented!()
    }
}

/// Delay before attempt `failures + 1` after a failure of this kind.
#[must_use]
pub fn backoff(_failures: u32, _kind: ErrorKind, _period_s: u32) -> TimeDelta {
    unimplemented!()
}
