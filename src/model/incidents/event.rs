//! What stands in the log of events.

use std::sync::Arc;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::cause::{About, Cause, Severity};
use crate::model::Timestamp;
use crate::model::device::DeviceId;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its number; later ones are larger.
    pub id: u64,
    /// When it began.
    pub start: Timestamp,
    /// When it ended; `None` while it lasts, `start` for what has no duration.
    pub end: Option<Timestamp>,
    /// What it is.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Trouble with one root.
    Incident(Incident),
    /// The vendor changed numbers that were settled.
    Revision(Revision),
    /// Stores began their day empty.
    Reset(Vec<StoreReset>),
    /// People crossed the doors of a store while it was closed.
    AfterHours(Crossed),
    /// Somebody counted the people of a store, or took a count back.
    Count(Count),
    /// occtop was not running.
    Gap,
    /// A vendor's clock differs from ours.
    Skew {
        /// The source.
        source: Arc<str>,
        /// The vendor's clock minus ours in seconds.
        skew_s: i64,
    },
    /// Something about the program itself, in words.
    Notice(String),
}

/// Trouble with one root, and everything that suffers from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Where the fault lies.
    pub cause: Cause,
    /// What it is about.
    pub about: About,
    /// How bad it was at its worst.
    pub severity: Severity,
    /// The sources that it touches.
    pub sources: Vec<Arc<str>>,
    /// The feeds that were ever in it, as far as they are named: at most [`NAMED`].
    pub feeds: Vec<FeedName>,
    /// How many feeds were in it at most.
    pub count: usize,
    /// How often it came; more than once when it came back within a short time.
    pub times: u32,
    /// What else is known: the vendor's answer, how many were inside. May be empty.
    pub detail: String,
    /// Who has seen it.
    pub acknowledged: Option<Acknowledged>,
}

/// So many feeds of an incident are named; the others are counted.
pub const NAMED: usize = 50;

/// A feed as an incident names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedName {
    /// Its identity.
    pub id: DeviceId,
    /// What the vendor calls it.
    pub name: String,
    /// The store that claims it.
    pub store: Option<Arc<str>>,
}

/// Somebody has seen an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
}

/// Corrections that one poll brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// The source.
    pub source: Arc<str>,
    /// How many values changed.
    pub values: usize,
    /// The devices whose values changed, at most [`NAMED`].
    pub devices: Vec<DeviceId>,
    /// The stores that claim these devices.
    pub stores: Vec<Arc<str>>,
    /// People in, new minus old, over all flows.
    pub entered: i64,
    /// People out, new minus old.
    pub left: i64,
    /// The first of the largest changes.
    pub largest: Corrected,
}

/// One corrected value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Corrected {
    /// The device.
    pub device: DeviceId,
    /// Start of the interval.
    pub start: Timestamp,
    /// Its length in seconds; 0 for an instant.
    pub span_s: u32,
    /// The value before, as text: `3 in, 1 out`.
    pub old: String,
    /// The value now.
    pub new: String,
}

/// Who crossed the doors of a store in one stretch in which it was closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crossed {
    /// The store.
    pub store: Arc<str>,
    /// People in.
    pub entered: u64,
    /// People out.
    pub left: u64,
    /// When it had closed; `None` when that was more than a week ago.
    pub closed: Option<Timestamp>,
}

/// A store that began its day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreReset {
    /// The store.
    pub store: Arc<str>,
    /// The plain sum just before: what the counters missed or invented.
    pub residual: i64,
    /// People our own number still had inside just before.
    pub remained: u32,
    /// Whether the band explains what remained.
    pub confirmed: bool,
}

/// A count by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The store.
    pub store: Arc<str>,
    /// How many were inside; `None` when a count was taken back.
    pub people: Option<u32>,
    /// Why, in the operator's words; may be empty.
    pub reason: String,
}

impl Event {
    /// The incident, where it is one.
    #[must_use]
    pub fn incident(&self) -> Option<&Incident> {
        match &self.what {
            What::Incident(incident) => Some(incident),
            _ => None,
        }
    }

    /// Whether it still lasts.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// Whether it wants somebody's attention: an incident that lasts or that nobody has
    /// acknowledged.
    #[must_use]
    pub fn wants_attention(&self) -> bool {
        self.incident()
            .is_some_and(|incident| self.is_open() || incident.acknowledged.is_none())
    }

    /// Whether it is an incident that nobody has acknowledged.
    #[must_use]
    pub fn is_unacknowledged(&self) -> bool {
        self.incident()
            .is_some_and(|incident| incident.acknowledged.is_none())
    }

    /// How long it has lasted at `now`.
    #[must_use]
    pub fn lasted(&self, now: Timestamp) -> TimeDelta {
        (self.end.unwrap_or(now) - self.start).max(TimeDelta::zero())
    }

    /// Whether it has anything to do with a source.
    #[must_use]
    pub fn is_of_source(&self, name: &str) -> bool {
        match &self.what {
            What::Incident(incident) => incident.sources.iter().any(|known| **known == *name),
            What::Revision(revision) => *revision.source == *name,
            What::Skew { source, .. } => **source == *name,
            What::Gap => true,
            What::Reset(_) | What::AfterHours(_) | What::Count(_) | What::Notice(_) => false,
        }
    }

    /// Whether it has anything to do with a store.
    #[must_use]
    pub fn is_of_store(&self, name: &str) -> bool {
        let is = |known: &Arc<str>| **known == *name;
        match &self.what {
            What::Incident(incident) => {
                let feeds = &incident.feeds;
                matches!(&incident.about, About::Store(store) if is(store))
                    || feeds.iter().any(|feed| feed.store.as_ref().is_some_and(is))
            }
            What::Revision(revision) => revision.stores.iter().any(is),
            What::Reset(resets) => resets.iter().any(|reset| is(&reset.store)),
            What::Count(count) => is(&count.store),
            What::AfterHours(crossed) => is(&crossed.store),
            What::Gap => true,
            What::Skew { .. } | What::Notice(_) => false,
        }
    }

    /// Whether it has anything to do with a device. Of an incident with more feeds than it names,
    /// every device of its sources may be a part.
    #[must_use]
    pub fn is_of_device(&self, id: &DeviceId) -> bool {
        match &self.what {
            What::Incident(incident) => {
                matches!(&incident.about, About::Device(device) if device == id)
                    || incident.feeds.iter().any(|feed| feed.id == *id)
                    || incident.count > incident.feeds.len() && self.is_of_source(id.source())
            }
            What::Revision(revision) => revision.devices.contains(id),
            What::Skew { source, .. } => **source == *id.source(),
            What::Gap => true,
            What::Reset(_) | What::AfterHours(_) | What::Count(_) | What::Notice(_) => false,
        }
    }
}
