//! Stretches of time that have been delivered.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// Disjoint stretches `[from, to)`, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spans(Vec<(Timestamp, Timestamp)>);

/// Looks no further apart than this leave nothing unseen that matters.
const NEAR: TimeDelta = TimeDelta::minutes(30);
/// How long looks are remembered.
const KEPT: TimeDelta = TimeDelta::days(3);

impl Spans {
    /// Adds a stretch, joining those that touch it.
    pub fn add(&mut self, from: Timestamp, to: Timestamp) {
        if from >= to {
            return;
        }
        let first = self.0.partition_point(|(_, end)| *end < from);
        let after = self.0.partition_point(|(start, _)| *start <= to);
        let joined = self.0[first..after]
            .iter()
            .fold((from, to), |(low, high), (start, end)| {
                (low.min(*start), high.max(*end))
            });
        self.0.splice(first..after, [joined]);
    }

    /// Takes a stretch out, cutting those that reach into it.
    pub fn remove(&mut self, from: Timestamp, to: Timestamp) {
        if from >= to {
            return;
        }
        let pieces = self.0.iter().flat_map(|(start, end)| {
            let before = (*start, (*end).min(from));
            [before, ((*start).max(to), *end)]
        });
        self.0 = pieces.filter(|(start, end)| start < end).collect();
    }

    /// Each stretch, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Timestamp, Timestamp)> {
        self.0.iter().copied()
    }

    /// Adds a look at `at`. Looks that are no further apart than half an hour are one stretch. What
    /// ended days ago is forgotten, but never the newest stretch: the hole behind it counts.
    pub fn look(&mut self, at: Timestamp) {
        let before = self.0.last().map(|(_, end)| *end);
        if let Some(end) = before {
            self.forget((at - KEPT).min(end - TimeDelta::seconds(1)));
        }
        let from = before.filter(|end| *end <= at && at - *end <= NEAR);
        self.add(from.unwrap_or(at), at + TimeDelta::seconds(1));
    }

    /// The holes between the stretches, oldest first.
    pub fn holes(&self) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        self.0.windows(2).map(|pair| (pair[0].1, pair[1].0))
    }

    /// Forgets what ended before `before`.
    pub fn forget(&mut self, before: Timestamp) {
        self.0.retain(|(_, end)| *end > before);
    }

    /// The parts that lie in `[from, to)`.
    pub fn within(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        self.0
            .iter()
            .map(move |(start, end)| ((*start).max(from), (*end).min(to)))
            .filter(|(start, end)| start < end)
    }

    /// Where the first stretch begins.
    #[must_use]
    pub fn start(&self) -> Option<Timestamp> {
        self.0.first().map(|(from, _)| *from)
    }

    /// Whether the whole of `[from, to)` has been delivered.
    #[must_use]
    pub fn covers(&self, from: Timestamp, to: Timestamp) -> bool {
        self.0
            .iter()
            .any(|(start, end)| *start <= from && to <= *end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + chrono::TimeDelta::minutes(minute)
    }

    #[test]
    fn touching_stretches_become_one() {
        let mut spans = Spans::default();
        spans.add(at(0), at(10));
        spans.add(at(20), at(30));
        spans.add(at(10), at(20));
        spans.add(at(5), at(5));
        assert_eq!(spans.0, [(at(0), at(30))]);
        assert!(spans.covers(at(3), at(29)) && !spans.covers(at(3), at(31)));
        spans.forget(at(30));
        assert_eq!(spans, Spans::default());
    }

    #[test]
    fn looks_that_are_far_apart_leave_a_hole() {
        let mut spans = Spans::default();
        for minute in [0, 1, 20, 45, 200, 201] {
            spans.look(at(minute));
        }
        let second = TimeDelta::seconds(1);
        assert_eq!(
            spans.holes().collect::<Vec<_>>(),
            [(at(45) + second, at(200))]
        );
        // A week later the last look is still known.
        let week = 7 * 24 * 60;
        spans.look(at(week));
        assert_eq!(
            spans.holes().collect::<Vec<_>>(),
            [(at(201) + second, at(week))]
        );
        // A clock that was set back.
        spans.look(at(100));
        assert_eq!(spans.holes().count(), 2);
    }

    proptest! {
        #[test]
        fn it_equals_a_set_of_minutes(
            stretches in prop::collection::vec((0i64..200, 0i64..40, prop::bool::weighted(0.7)), 0..30),
        ) {
            let mut spans = Spans::default();
            let mut minutes = std::collections::BTreeSet::new();
            for (from, length, add) in stretches {
                if add {
                    spans.add(at(from), at(from + length));
                    minutes.extend(from..from + length);
                } else {
                    spans.remove(at(from), at(from + length));
                    minutes.retain(|minute| !(from..from + length).contains(minute));
                }
            }
            let told: std::collections::BTreeSet<i64> = spans
                .within(at(0), at(1000))
                .flat_map(|(from, to)| from.timestamp() / 60..to.timestamp() / 60)
                .collect();
            prop_assert_eq!(told, minutes);
            prop_assert!(spans.0.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }
}
