//! What is remembered between polls about reading counters and sensors.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::model::Timestamp;
use crate::model::attempt::SourceError;

use super::decode::{Asked, CounterType};

/// What is remembered between polls about reading values.
#[derive(Debug)]
pub(super) struct Readings {
    /// Names of the sensors that say how many people are on board.
    pub on_board: Vec<String>,
    pub way: Way,
    /// When values were last asked for.
    pub asked_at: Option<Timestamp>,
    /// What each tracker's last update was when its values were read, and when that was.
    pub read: BTreeMap<i64, (Option<Timestamp>, Timestamp)>,
    /// Trackers that spoil every call, until when they are left out.
    pub barred: BTreeMap<i64, Timestamp>,
    /// Counters that a tracker does not have, until when they are not asked for.
    pub lacking: BTreeMap<(i64, CounterType), Timestamp>,
    /// Trackers in one call.
    pub chunk: usize,
    /// The reads are refused to us.
    pub suspended: Option<Suspension>,
}

/// Reads that are not tried for a while.
#[derive(Clone, Debug)]
pub(super) struct Suspension {
    pub until: Timestamp,
    pub error: SourceError,
    /// Nobody's fault: a note is enough.
    pub is_harmless: bool,
}

/// How values are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// All values of many trackers.
    Batch,
    /// One counter of many trackers; no passengers.
    PerCounter { since: Timestamp },
    /// All counters of one tracker.
    PerTracker { since: Timestamp },
}

/// Values are not asked for more often.
const PERIOD: TimeDelta = TimeDelta::seconds(60);
/// A poll that comes a little early is not put off to the next.
const SLACK: TimeDelta = TimeDelta::seconds(5);
/// How long a tracker or counter that fails is left out.
pub(super) const RECHECK: TimeDelta = TimeDelta::hours(1);
/// How long a server is believed to lack the better call.
const WAY_AGE: TimeDelta = TimeDelta::days(1);
/// Trackers in one call: the size that other calls document and clients use.
const CHUNK: usize = 100;

impl Default for Readings {
    fn default() -> Self {
        Self {
            on_board: Vec::new(),
            way: Way::Batch,
            asked_at: None,
            read: BTreeMap::new(),
            barred: BTreeMap::new(),
            lacking: BTreeMap::new(),
            chunk: CHUNK,
            suspended: None,
        }
    }
}

impl Readings {
    /// Whether values should be asked for now.
    pub(super) fn due(&self, now: Timestamp) -> bool {
        self.asked_at
            .is_none_or(|at| now - at + SLACK >= PERIOD || now < at)
    }

    /// The trackers whose values may have changed: those heard of since they were last read.
    pub(super) fn worth_asking(&self, readable: Asked) -> Asked {
        let moved = |id: &i64, heard: &Option<Timestamp>| {
            self.read.get(id).is_none_or(|(before, _)| before != heard)
        };
        readable
            .into_iter()
            .filter(|(id, heard)| !self.barred.contains_key(id) && moved(id, heard))
            .collect()
    }

    /// Lets the next poll read everything again.
    pub(super) fn forget(&mut self) {
        self.read.clear();
        self.asked_at = None;
    }

    /// Why values are not read, while that is so.
    pub(super) fn suspended(&self) -> Option<&Suspension> {
        self.suspended.as_ref()
    }

    /// Forgets what has run out, and trackers that are gone.
    pub(super) fn expire(&mut self, now: Timestamp, readable: &Asked) {
        self.barred.retain(|_, until| now < *until);
        self.lacking.retain(|_, until| now < *until);
        self.read.retain(|id, _| readable.contains_key(id));
        if self
            .suspended
            .as_ref()
            .is_some_and(|suspension| now >= suspension.until)
        {
            self.suspended = None;
        }
        if let Way::PerCounter { since } | Way::PerTracker { since } = self.way
            && now - since >= WAY_AGE
        {
            self.way = Way::Batch;
        }
    }
}
