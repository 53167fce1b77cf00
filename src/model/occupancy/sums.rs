//! The sums that explain the number: together they are the number.

use super::filter::Moved;
use super::silent::Ways;

/// Six sums since the day began or somebody counted; they add up to the people inside exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// What the day began with.
    pub start: f64,
    /// In minus out as delivered.
    pub counted: f64,
    /// Filled in for silent doors.
    pub filled: f64,
    /// By scaling up the direction that counts fewer.
    pub ratio: f64,
    /// By the usual pace of leaving.
    pub pace: f64,
    /// By never going below zero.
    pub floor: f64,
}

impl Sums {
    pub(super) fn starting(people: f64) -> Self {
        Self {
            start: people,
            ..Self::default()
        }
    }

    /// Adds one cell: the counts as delivered and as taken, in and out, and the filter's changes.
    pub(super) fn add_cell(&mut self, delivered: Ways, taken: Ways, moved: &Moved) {
        let counted = delivered[0] - delivered[1];
        self.counted += counted;
        self.filled += (taken[0] - taken[1]) - counted;
        self.ratio += moved.ratio;
        self.pace += moved.pace;
        self.floor += moved.floor;
    }

    /// People inside.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.start + self.counted + self.filled + self.ratio + self.pace + self.floor
    }

    /// The plain signed sum, without any correction.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
    pub fn raw(&self) -> i64 {
        (self.start + self.counted).round() as i64
    }
}
