//! A request budget: never more than a ceiling of requests in any rolling hour.
//!
//! Stricter than a token bucket of the same rate, which would let twice the ceiling through
//! around a full bucket; vendors count rolling or calendar hours, and this holds for both.

use std::collections::VecDeque;

use chrono::TimeDelta;

use super::Timestamp;

/// Requests of the last hour against a ceiling.
#[derive(Clone, Debug)]
pub struct Budget {
    per_hour: u32,
    sent: VecDeque<Timestamp>,
}

impl Budget {
    /// An unused budget of `per_hour` requests.
    #[must_use]
    pub fn new(per_hour: u32) -> Self {
        Self {
            per_hour: per_hour.max(1),
            sent: VecDeque::new(),
        }
    }

    /// Counts requests made before this program started, for example by an earlier run.
    pub fn remember(&mut self, sent: impl IntoIterator<Item = Timestamp>) {
        self.sent.extend(sent);
        self.sent.make_contiguous().sort_unstable();
    }

    /// Takes one request at `now`.
    ///
    /// # Errors
    /// The instant from which one is free again, when the ceiling is reached.
    pub fn take(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        self.forget(now);
        if self.sent.len() < self.per_hour as usize {
            self.sent.push_back(now);
            return Ok(());
        }
        let oldest = self.sent.front().copied().unwrap_or(now);
        Err(oldest + HOUR)
    }

    /// Requests made in the hour before `now`.
    #[must_use]
    pub fn last_hour(&self, now: Timestamp) -> u32 {
        let used = self.sent.iter().filter(|at| **at > now - HOUR).count();
        u32::try_from(used).unwrap_or(u32::MAX)
    }

    /// The ceiling.
    #[must_use]
    pub fn per_hour(&self) -> u32 {
        self.per_hour
    }

    fn forget(&mut self, now: Timestamp) {
        // A clock that was set back would keep old entries for ever: what lies ahead is forgotten.
        self.sent.retain(|at| *at > now - HOUR && *at <= now + HOUR);
    }
}

const HOUR: TimeDelta = TimeDelta::hours(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    #[test]
    fn no_rolling_hour_holds_more_than_the_ceiling() {
        let mut budget = Budget::new(3);
        for minute in [0, 10, 50] {
            assert_eq!(budget.take(at(minute)), Ok(()));
        }
        assert_eq!(budget.take(at(59)), Err(at(60)));
        assert_eq!(budget.take(at(60)), Ok(()));
        assert_eq!(budget.take(at(61)), Err(at(70)));
        assert_eq!(budget.last_hour(at(61)), 3);
        assert_eq!(budget.last_hour(at(200)), 0);
    }

    #[test]
    fn earlier_runs_count() {
        let mut budget = Budget::new(2);
        budget.remember([at(30), at(5)]);
        assert_eq!(budget.take(at(40)), Err(at(65)));
    }

    #[test]
    fn a_clock_set_back_does_not_block_for_ever() {
        let mut budget = Budget::new(1);
        assert_eq!(budget.take(at(1000)), Ok(()));
        assert_eq!(budget.take(at(100)), Ok(()));
    }
}
