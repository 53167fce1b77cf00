//! Counts on a grid of quarter hours, the finest that screens and estimates need.

use chrono::{DateTime, TimeDelta};

use crate::model::Timestamp;
use crate::model::reading::Flow;

/// Length of a grid cell in seconds. Every zone in use is a whole number of quarter hours from
/// UTC, so local midnight and the usual resets fall on the grid.
pub const CELL_S: u32 = 900;

/// Sums per quarter hour, at most a few days long.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    /// Sorted by index.
    slots: Vec<Slot>,
    /// What began earlier is forgotten.
    from: i32,
}

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

/// A sum in little memory: thousands of counters keep a day of them each. No quarter hour sees
/// two thousand million people.
#[derive(Clone, Copy, Debug)]
struct Slot {
    index: i32,
    entered: i32,
    left: i32,
    inside: i32,
    /// Seconds into the cell at which `inside` was told.
    told_at: u16,
    counted: bool,
    told: bool,
    revised: bool,
}

impl Cells {
    /// Replaces a flow that started at `start`: `old` is what it was before.
    pub fn replace(&mut self, start: Timestamp, new: Flow, old: Option<Flow>) {
        let old = old.unwrap_or_default();
        if let Some(slot) = self.slot(start) {
            slot.counted = true;
            slot.entered = replaced(slot.entered, new.entered, old.entered);
            slot.left = replaced(slot.left, new.left, old.left);
        }
    }

    /// Marks the cell of `start` as corrected.
    pub fn mark_revised(&mut self, start: Timestamp) {
        if let Some(slot) = self.slot(start) {
            slot.revised = true;
        }
    }

    /// Whether what began at `start` is forgotten.
    #[must_use]
    pub fn has_forgotten(&self, start: Timestamp) -> bool {
        index(start) < self.from
    }

    /// Takes note of a vendor's occupancy.
    pub fn inside(&mut self, at: Timestamp, value: i64) {
        let told_at = at.timestamp().rem_euclid(i64::from(CELL_S));
        let told_at = u16::try_from(told_at).unwrap_or(u16::MAX);
        if let Some(slot) = self.slot(at)
            && (!slot.told || slot.told_at <= told_at)
        {
            (slot.told, slot.told_at) = (true, told_at);
            slot.inside = short(value);
        }
    }

    /// Everything in `[from, from + span)` as one sum.
    #[must_use]
    pub fn total(&self, from: Timestamp, span_s: u32) -> Sum {
        let to = from + TimeDelta::seconds(i64::from(span_s));
        let (from, to) = (index(from), index(to));
        let begin = self.slots.partition_point(|slot| slot.index < from);
        let slots = self.slots[begin..].iter();
        slots
            .take_while(|slot| slot.index < to.max(from + 1))
            .map(Slot::sum)
            .fold(Sum::default(), |total, sum| Sum {
                flow: match (total.flow, sum.flow) {
                    (Some((a, b)), Some((c, d))) => Some((a + c, b + d)),
                    (one, other) => one.or(other),
                },
                inside: sum.inside.or(total.inside),
                revised: total.revised || sum.revised,
            })
    }

    /// Forgets cells that began before `before`, also those that come later.
    pub fn forget(&mut self, before: Timestamp) {
        self.from = index(before);
        let kept = self.slots.partition_point(|slot| slot.index < self.from);
        self.slots.drain(..kept);
        self.slots.shrink_to_fit();
    }

    /// The slot of an instant; `None` for what is forgotten.
    fn slot(&mut self, at: Timestamp) -> Option<&mut Slot> {
        let index = index(at);
        if index < self.from {
            return None;
        }
        let found = self.slots.binary_search_by_key(&index, |slot| slot.index);
        let place = found.unwrap_or_else(|place| {
            if self.slots.len() == self.slots.capacity() {
                // Room for two hours more, not for twice as much.
                self.slots.reserve_exact(8);
            }
            self.slots.insert(place, Slot::new(index));
            place
        });
        self.slots.get_mut(place)
    }
}

impl Slot {
    fn new(index: i32) -> Self {
        Self {
            index,
            entered: 0,
            left: 0,
            inside: 0,
            told_at: 0,
            counted: false,
            told: false,
            revised: false,
        }
    }

    fn sum(&self) -> Sum {
        let told_at = i64::from(self.index) * i64::from(CELL_S) + i64::from(self.told_at);
        let told_at = DateTime::from_timestamp(told_at, 0).filter(|_| self.told);
        Sum {
            flow: (self.counted).then_some((self.entered.into(), self.left.into())),
            inside: told_at.map(|at| (at, self.inside.into())),
            revised: self.revised,
        }
    }
}

/// A sum with `new` in the place of `old`.
fn replaced(sum: i32, new: u32, old: u32) -> i32 {
    short(i64::from(sum) + i64::from(new) - i64::from(old))
}

fn short(number: i64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "it has just been clamped")]
    let short = number.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
    short
}

/// The number of the cell since 1970.
fn index(at: Timestamp) -> i32 {
    short(at.timestamp().div_euclid(i64::from(CELL_S)))
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
        cells.inside(at(11), 5);
        assert_eq!(cells.total(at(0), 900), Sum::default());
    }
}
