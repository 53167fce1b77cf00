//! Running totals of people since the start of a day.

use crate::model::Timestamp;
use crate::model::reading::Flow;

/// In and out of the day `[start, end)`, kept exact by corrections.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Totals {
    start: Timestamp,
    end: Timestamp,
    entered: i64,
    left: i64,
    /// Rows of the next day that arrived before it began here: the vendor's clock is ahead.
    ahead: (i64, i64),
}

impl Totals {
    /// An empty day.
    #[must_use]
    pub fn new(start: Timestamp, end: Timestamp) -> Self {
        Self {
            start,
            end,
            entered: 0,
            left: 0,
            ahead: (0, 0),
        }
    }

    /// Counts a row that started at `at`, or corrects it when `old` is what it was before.
    pub fn replace(&mut self, at: Timestamp, new: Flow, old: Option<Flow>) {
        let old = old.unwrap_or_default();
        let entered = i64::from(new.entered) - i64::from(old.entered);
        let left = i64::from(new.left) - i64::from(old.left);
        if at >= self.end {
            self.ahead.0 += entered;
            self.ahead.1 += left;
        } else if at >= self.start {
            self.entered += entered;
            self.left += left;
        }
    }

    /// Moves on to the day `[start, end)`.
    pub fn begin(&mut self, start: Timestamp, end: Timestamp) {
        if start == self.start {
            self.end = end;
            return;
        }
        let ahead = if start == self.end {
            self.ahead
        } else {
            (0, 0)
        };
        *self = Self {
            entered: ahead.0,
            left: ahead.1,
            ..Self::new(start, end)
        };
    }

    /// Start of the day.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// Start of the next day.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.end
    }

    /// People in so far.
    #[must_use]
    pub fn entered(&self) -> u64 {
        self.entered.max(0).unsigned_abs()
    }

    /// People out so far.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left.max(0).unsigned_abs()
    }

    /// In minus out, signed.
    #[must_use]
    pub fn net(&self) -> i64 {
        self.entered - self.left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + chrono::TimeDelta::hours(hour)
    }

    fn flow(entered: u32, left: u32) -> Flow {
        Flow { entered, left }
    }

    #[test]
    fn rows_count_in_the_day_they_start_in() {
        let mut totals = Totals::new(at(0), at(24));
        totals.replace(at(-1), flow(9, 9), None);
        totals.replace(at(3), flow(5, 1), None);
        totals.replace(at(3), flow(7, 1), Some(flow(5, 1)));
        totals.replace(at(24), flow(2, 1), None);
        assert_eq!((totals.entered(), totals.left(), totals.net()), (7, 1, 6));
        totals.begin(at(24), at(48));
        assert_eq!((totals.entered(), totals.left()), (2, 1));
        totals.begin(at(72), at(96));
        assert_eq!((totals.entered(), totals.left()), (0, 0));
    }
}
