//! Counts on a grid of quarter hours, the finest that screens and estimates need.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::model::Timestamp;
use crate::model::reading::Flow;

/// Length of a grid cell in seconds. Every zone in use is a whole number of quarter hours from
/// UTC, so local midnight and the usual resets fall on the grid.
pub const CELL_S: u32 = 900;

/// Sums per quarter hour, at most a few days long.
#[derive(Clone, Debug, Default)]
pub struct Cells(BTreeMap<i64, Sum>);

/// What is known of one quarter hour.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    /// People in and out, signed while a correction is under way; `None` without a row.
    pub flow: Option<(i64, i64)>,
    /// The vendor's occupancy at the newest instant of the cell, with that instant.
    pub inside: Option<(Timestamp, i64)>,
    /// A settled value was changed.
    pub revised: bool,
}

impl Cells {
    /// Replaces a flow that started at `start`: `old` is what it was before.
    pub fn replace(&mut self, start: Timestamp, new: Flow, old: Option<Flow>) {
        let old = old.unwrap_or_default();
        let sum = self.0.entry(index(start)).or_default();
        let (entered, left) = sum.flow.unwrap_or_default();
        sum.flow = Some((
            entered + i64::from(new.entered) - i64::from(old.entered),
            left + i64::from(new.left) - i64::from(old.left),
        ));
    }

    /// Marks the cell of `start` as corrected.
    pub fn mark_revised(&mut self, start: Timestamp) {
        self.0.entry(index(start)).or_default().revised = true;
    }

    /// Takes note of a vendor's occupancy.
    pub fn inside(&mut self, at: Timestamp, value: i64) {
        let sum = self.0.entry(index(at)).or_default();
        if sum.inside.is_none_or(|(before, _)| before <= at) {
            sum.inside = Some((at, value));
        }
    }

    /// Everything in `[from, from + span)` as one sum.
    #[must_use]
    pub fn total(&self, from: Timestamp, span_s: u32) -> Sum {
        let to = from + TimeDelta::seconds(i64::from(span_s));
        self.0
            .range(index(from)..index(to).max(index(from) + 1))
            .fold(Sum::default(), |total, (_, sum)| Sum {
                flow: match (total.flow, sum.flow) {
                    (Some((a, b)), Some((c, d))) => Some((a + c, b + d)),
                    (one, other) => one.or(other),
                },
                inside: sum.inside.or(total.inside),
                revised: total.revised || sum.revised,
            })
    }

    /// Forgets cells that began before `before`.
    pub fn forget(&mut self, before: Timestamp) {
        self.0 = self.0.split_off(&index(before));
    }
}

fn index(at: Timestamp) -> i64 {
    at.timestamp().div_euclid(i64::from(CELL_S))
}

impl Sum {
    /// The flow, never below zero in either direction.
    #[must_use]
    pub fn people(&self) -> Option<Flow> {
        let people = |count: i64| u32::try_from(count.max(0)).unwrap_or(u32::MAX);
        self.flow.map(|(entered, left)| Flow {
            entered: people(entered),
            left: people(left),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn flow(entered: u32, left: u32) -> Flow {
        Flow { entered, left }
    }

    #[test]
    fn a_correction_replaces_and_never_adds() {
        let mut cells = Cells::default();
        cells.replace(at(1), flow(2, 0), None);
        cells.replace(at(7), flow(1, 1), None);
        cells.replace(at(1), flow(5, 0), Some(flow(2, 0)));
        cells.replace(at(16), flow(0, 3), None);
        assert_eq!(cells.total(at(0), 900).people(), Some(flow(6, 1)));
        assert_eq!(cells.total(at(0), 1800).people(), Some(flow(6, 4)));
        assert_eq!(cells.total(at(30), 900).people(), None);
    }

    #[test]
    fn the_newest_occupancy_of_a_cell_wins_in_any_order() {
        let mut cells = Cells::default();
        cells.inside(at(9), 4);
        cells.inside(at(3), 9);
        assert_eq!(cells.total(at(0), 900).inside, Some((at(9), 4)));
        cells.forget(at(15));
        assert_eq!(cells.total(at(0), 900), Sum::default());
    }
}
