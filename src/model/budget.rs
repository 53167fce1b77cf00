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
    /// How many sources share it.
    sources: u32,
    /// The vendor wants nobody to ask before this.
    blocked: Option<Timestamp>,
}

/// Tenths of an hour's requests that planned polls may use. Two more are for making good what
/// failed, and the last one is for operators.
const SCHEDULED: u32 = 7;
const PLANNED_OR_REPAIRED: u32 = 9;
const OPERATOR: u32 = 1;
const TENTHS: u32 = 10;

/// The longest that a vendor can make us wait.
pub const LONGEST_THROTTLE: TimeDelta = TimeDelta::hours(24);

/// What a budget leaves the schedule of a source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Means {
    /// So many polls an hour are within the seven tenths that are for the schedule.
    pub polls_per_hour: f64,
    /// No poll before this, or the ceiling would be reached.
    pub polls_from: Timestamp,
    /// No further try of what failed before this, or the tenth that is for operators would be used.
    pub repairs_from: Timestamp,
    /// No poll that is not strictly needed before this, or more than what is for the schedule
    /// would be used.
    pub spare_from: Timestamp,
}

impl Default for Means {
    fn default() -> Self {
        Self {
            polls_per_hour: f64::INFINITY,
            polls_from: Timestamp::UNIX_EPOCH,
            repairs_from: Timestamp::UNIX_EPOCH,
            spare_from: Timestamp::UNIX_EPOCH,
        }
    }
}

impl Budget {
    /// An unused budget of `per_hour` requests.
    #[must_use]
    pub fn new(per_hour: u32) -> Self {
        Self {
            per_hour: per_hour.max(1),
            sent: VecDeque::new(),
            wanted: VecDeque::new(),
            sources: 1,
            blocked: None,
        }
    }

    /// The same for so many sources on one credential.
    #[must_use]
    pub fn shared_by(self, sources: u32) -> Self {
        Self {
            sources: sources.max(1),
            ..self
        }
    }

    /// Takes note that the vendor wants none of the sources to ask before `until`.
    pub fn block(&mut self, until: Timestamp) {
        self.blocked = self.blocked.max(Some(until));
    }

    /// Until when the vendor wants nobody to ask.
    #[must_use]
    pub fn blocked(&self, now: Timestamp) -> Option<Timestamp> {
        // A clock that was set back makes nobody wait for ever.
        (self.blocked).filter(|until| now < *until && *until <= now + LONGEST_THROTTLE)
    }

    /// What it leaves a source whose poll costs `cost` requests.
    #[must_use]
    pub fn means(&self, cost: u32, now: Timestamp) -> Means {
        let scheduled = f64::from(self.per_hour) * f64::from(SCHEDULED) / f64::from(TENTHS);
        let sent: Vec<_> = self.recent(now).collect();
        let from =
            |tenths| free_from(&sent, self.tenths(tenths), cost).unwrap_or(Timestamp::UNIX_EPOCH);
        Means {
            polls_per_hour: scheduled / f64::from(self.sources) / f64::from(cost.max(1)),
            polls_from: from(TENTHS),
            repairs_from: from(PLANNED_OR_REPAIRED),
            spare_from: from(SCHEDULED),
        }
    }

    fn tenths(&self, tenths: u32) -> u32 {
        let share = u64::from(self.per_hour) * u64::from(tenths) / u64::from(TENTHS);
        u32::try_from(share).unwrap_or(u32::MAX)
    }

    fn recent(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let sent = self.sent.iter().copied();
        sent.filter(move |at| *at > now - HOUR && *at <= now + HOUR)
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
        let share = self.tenths(OPERATOR);
        let theirs = self.wanted.iter();
        let theirs: Vec<_> = theirs
            .flat_map(|(at, cost)| (0..*cost).map(|_| *at))
            .collect();
        let theirs = free_from(&theirs, share, cost);
        let all: Vec<_> = self.recent(now).collect();
        let all = free_from(&all, self.per_hour, cost);
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
fn free_from(sent: &[Timestamp], share: u32, cost: u32) -> Option<Timestamp> {
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
    fn a_budget_is_shared_out_by_tenths() {
        let mut budget = Budget::new(20);
        budget.remember((0..20).map(at));
        // Of 2 requests each, within 14, within 18 and within all of the last hour.
        let means = budget.means(2, at(30));
        assert_eq!(means.spare_from, at(67));
        assert_eq!(means.repairs_from, at(63));
        assert_eq!(means.polls_from, at(61));
        assert!((means.polls_per_hour - 7.0).abs() < 1e-9);
        let means = budget.clone().shared_by(2).means(2, at(75));
        assert!(means.spare_from <= at(75) && means.polls_from <= at(75));
        assert!((means.polls_per_hour - 3.5).abs() < 1e-9);
        // What costs more than there is waits until nothing is used.
        assert_eq!(budget.means(50, at(30)).polls_from, at(79));
    }

    #[test]
    fn a_pause_that_a_vendor_wants_ends() {
        let mut budget = Budget::new(20);
        budget.block(at(30));
        budget.block(at(10));
        assert_eq!(budget.blocked(at(0)), Some(at(30)));
        assert_eq!(budget.blocked(at(30)), None);
        assert_eq!(budget.blocked(at(-2 * 24 * 60)), None, "a clock set back");
    }

    #[test]
    fn a_clock_set_back_does_not_block_for_ever() {
        let mut budget = Budget::new(1);
        assert_eq!(budget.take(at(1000)), Ok(()));
        assert_eq!(budget.take(at(100)), Ok(()));
    }
}
