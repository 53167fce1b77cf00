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
    /// Polls that operators wanted, with the requests they cost.
    wanted: VecDeque<(Timestamp, u32)>,
}

/// One request in so many is for operators.
const OPERATOR: u32 = 10;

impl Budget {
    /// An unused budget of `per_hour` requests.
    #[must_use]
    pub fn new(per_hour: u32) -> Self {
        Self {
            per_hour: per_hour.max(1),
            sent: VecDeque::new(),
            wanted: VecDeque::new(),
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

    /// Takes note that an operator wants a poll that costs `cost` requests.
    ///
    /// # Errors
    /// The instant from which there may be one, when the tenth of an hour's requests that is for
    /// operators is used or the ceiling would be reached. One poll an hour is always theirs.
    pub fn want(&mut self, cost: u32, now: Timestamp) -> Result<(), Timestamp> {
        self.forget(now);
        let share = self.per_hour / OPERATOR;
        let theirs = self
            .wanted
            .iter()
            .flat_map(|(at, cost)| (0..*cost).map(|_| *at));
        let theirs = free_from(theirs.collect(), share, cost);
        let all = free_from(self.sent.iter().copied().collect(), self.per_hour, cost);
        match theirs.max(all) {
            Some(free) if free > now => Err(free),
            _ => {
                self.wanted.push_back((now, cost));
                Ok(())
            }
        }
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
        let recent = |at: Timestamp| at > now - HOUR && at <= now + HOUR;
        self.sent.retain(|at| recent(*at));
        self.wanted.retain(|(at, _)| recent(*at));
    }
}

/// The instant from which `cost` more requests of an hour are within `share`, by when the known
/// ones were made, oldest first; `None` when they are already. What costs more than the whole share
/// waits until nothing of it is used.
fn free_from(sent: Vec<Timestamp>, share: u32, cost: u32) -> Option<Timestamp> {
    let room = usize::try_from(share.saturating_sub(cost)).unwrap_or(usize::MAX);
    let over = sent.len().checked_sub(room)?;
    let last = sent.get(over.checked_sub(1)?)?;
    Some(*last + HOUR)
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
    fn operators_have_a_tenth_and_one_poll_at_least() {
        let mut budget = Budget::new(60);
        for minute in [0, 1, 2] {
            assert_eq!(budget.want(2, at(minute)), Ok(()));
        }
        assert_eq!(budget.want(2, at(3)), Err(at(60)));
        assert_eq!(budget.want(2, at(60)), Ok(()));
        let mut small = Budget::new(4);
        assert_eq!(small.want(3, at(0)), Ok(()));
        assert_eq!(small.want(3, at(59)), Err(at(60)));
        // What the schedule has used is not there for them.
        let mut used = Budget::new(20);
        used.remember((0..19).map(at));
        assert_eq!(used.want(1, at(30)), Ok(()));
        used.remember([at(31)]);
        assert_eq!(used.want(1, at(32)), Err(at(60)));
    }

    #[test]
    fn a_clock_set_back_does_not_block_for_ever() {
        let mut budget = Budget::new(1);
        assert_eq!(budget.take(at(1000)), Ok(()));
        assert_eq!(budget.take(at(100)), Ok(()));
    }
}
