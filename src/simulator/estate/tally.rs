//! Running totals that can be asked for any day without adding up all days before it.

use chrono::NaiveDate;
use rand::RngExt;

use super::chance::{Subject, chance};

/// A total that grows by about the same amount every day: an odometer, engine time, documents.
///
/// The total at the start of a day is a straight line plus a small deviation that belongs to that
/// day, so it needs no history, and the growth of a day is the difference of two such values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tally {
    /// Value on the first of January 2025.
    pub base: i64,
    /// Usual growth in a day.
    pub daily: i64,
    /// Largest deviation from the line; less than half of `daily`, so that the total never falls.
    pub wobble: i64,
    /// What the deviation is drawn for.
    pub thing: u64,
}

impl Tally {
    /// The total at the start of `date`.
    #[must_use]
    pub fn at_start(&self, seed: u64, date: NaiveDate) -> i64 {
        let day = day_number(date);
        let wobble = self.wobble.clamp(0, (self.daily - 1) / 2);
        let deviation =
            chance(seed, Subject::Tally, self.thing, day).random_range(-wobble..=wobble);
        self.base + self.daily * day + deviation
    }

    /// What the total grows by on `date`; at least one.
    #[must_use]
    pub fn growth(&self, seed: u64, date: NaiveDate) -> i64 {
        let next = date.succ_opt().unwrap_or(date);
        self.at_start(seed, next) - self.at_start(seed, date)
    }
}

/// Days since the first of January 2025.
#[must_use]
pub fn day_number(date: NaiveDate) -> i64 {
    let first = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap_or_default();
    (date - first).num_days()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_grows_every_day_and_its_growth_differs() {
        let tally = Tally {
            base: 1_000,
            daily: 10,
            wobble: 40,
            thing: 3,
        };
        let mut date = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
        let mut growths = Vec::new();
        for _ in 0..30 {
            growths.push(tally.growth(1, date));
            date = date.succ_opt().unwrap();
        }
        assert!(growths.iter().all(|growth| *growth > 0), "{growths:?}");
        assert!(growths.iter().any(|growth| *growth != growths[0]));
    }
}
