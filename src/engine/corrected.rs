//! Which settled counts earlier runs saw change. The history keeps every value that was replaced,
//! also those of an interval that a vendor rewrites while it runs; what was known beside it at that
//! time tells the two apart.

use std::collections::{BTreeMap, HashMap};

use chrono::TimeDelta;

use crate::history::{Revision, Stored};
use crate::model::Timestamp;
use crate::model::board::Correction;
use crate::model::device::DeviceId;
use crate::model::reading::{Measure, Quantity};

/// So far back a running day of any store or counter may begin.
pub(super) const TODAY: TimeDelta = TimeDelta::hours(26);

/// Counts that were replaced, parted by whether a newer one was known by then.
#[derive(Debug, Default)]
pub(super) struct Replaced(HashMap<DeviceId, Counter>);

#[derive(Debug, Default)]
struct Counter {
    /// Those of which nothing says yet that they had settled.
    changes: Vec<Correction>,
    settled: Vec<Correction>,
    /// When those that were replaced had first come, by their start.
    first: BTreeMap<Timestamp, Timestamp>,
}

impl Replaced {
    /// Takes what was replaced, by the time of the reading and then of the change.
    pub fn of(revisions: Vec<Revision>) -> Self {
        let mut counters: HashMap<DeviceId, Counter> = HashMap::new();
        for revision in revisions {
            let (Measure::Flow(old), Measure::Flow(new)) = (revision.old, revision.reading.measure)
            else {
                continue;
            };
            let reading = revision.reading;
            let counter = counters.entry(reading.device).or_default();
            let first = revision.old_fetched_at.unwrap_or(revision.at);
            counter.first.entry(reading.start).or_insert(first);
            let change = Correction {
                start: reading.start,
                span_s: reading.span_s,
                old,
                new,
                known_at: revision.at,
            };
            counter.changes.push(change);
        }
        Self(counters)
    }

    /// Takes a count that the history has: what it replaced later than this one came, and ended
    /// earlier, had settled.
    pub fn see(&mut self, stored: &Stored) {
        let reading = &stored.reading;
        if reading.measure.quantity() != Quantity::Flow {
            return;
        }
        let Some(counter) = self.0.get_mut(&reading.device) else {
            return;
        };
        let known = counter.first.get(&reading.start).copied();
        let known = known.unwrap_or(stored.fetched_at).min(stored.fetched_at);
        let Counter {
            changes, settled, ..
        } = counter;
        changes.retain(|change| {
            // Both of one attempt came at once; the history has its instants in whole seconds.
            let later = known.timestamp() < change.known_at.timestamp();
            let had_settled = later && change.end() < reading.end();
            settled.extend(had_settled.then_some(*change));
            !had_settled
        });
    }

    /// The corrections, oldest first.
    pub fn settled(self) -> Vec<(DeviceId, Correction)> {
        let counters = self.0.into_iter();
        let mut all: Vec<_> = counters
            .flat_map(|(id, counter)| {
                let settled = counter.settled.into_iter();
                settled.map(move |change| (id.clone(), change))
            })
            .collect();
        all.sort_by(|(one, a), (other, b)| {
            (a.known_at, one, a.start).cmp(&(b.known_at, other, b.start))
        });
        all
    }
}
