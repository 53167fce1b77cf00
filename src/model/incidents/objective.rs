//! The freshness objective of a source: how much of the open time its feeds were fresh or due, and
//! how much of the error budget is left.
//!
//! Time is weighed by feeds: an open minute in which one of ten feeds is late costs a tenth of a
//! minute. Time that nobody watched (our own link was down, the program did not run) is neither
//! kept nor missed.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// The share of open time in which data should be fresh or due.
pub const OBJECTIVE: f64 = 0.99;
/// Over so many days.
pub const WINDOW_DAYS: i64 = 28;

const STEP_S: i64 = 300;
const HOUR_STEPS: i64 = 12;

/// How a source does against its objective.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Freshness {
    /// Share of the watched open time in which its data was fresh or due, to four places; `None`
    /// while nothing was watched.
    pub ratio: Option<f64>,
    /// Open minutes that may be missed in the window.
    pub budget_min: i64,
    /// What is left of them; negative when more were missed.
    pub left_min: i64,
    /// Minutes of the budget that the last hour took.
    pub last_hour_min: i64,
}

/// Open time and what of it was missed, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sum {
    open: f64,
    missed: f64,
}

impl Sum {
    fn add(&mut self, open: f64, missed: f64) {
        self.open += open;
        self.missed += missed;
    }
}

/// The account of one source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// By day since the epoch (UTC).
    days: BTreeMap<i64, Sum>,
    /// By five minutes since the epoch, for the last hour.
    steps: BTreeMap<i64, Sum>,
}

impl Account {
    /// Time from `from` to `to` in which `watched` feeds were open and `behind` of them late,
    /// stale or dead.
    pub fn spend(&mut self, (from, to): (Timestamp, Timestamp), watched: usize, behind: usize) {
        if watched == 0 || to <= from {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "few feeds")]
        let share = behind as f64 / watched as f64;
        // Cut where a step ends, so that each second stands where it belongs.
        let mut at = from.timestamp();
        while at < to.timestamp() {
            let step = at.div_euclid(STEP_S);
            let until = ((step + 1) * STEP_S).min(to.timestamp());
            #[expect(clippy::cast_precision_loss, reason = "five minutes at most")]
            let open = (until - at) as f64;
            self.steps.entry(step).or_default().add(open, open * share);
            let day = at.div_euclid(86_400);
            self.days.entry(day).or_default().add(open, open * share);
            at = until;
        }
        self.forget(to);
    }

    fn forget(&mut self, now: Timestamp) {
        let step = now.timestamp().div_euclid(STEP_S);
        self.steps.retain(|at, _| *at > step - HOUR_STEPS);
        let day = now.timestamp().div_euclid(86_400);
        self.days.retain(|at, _| *at > day - WINDOW_DAYS);
    }

    /// How the source does at `now`, of whose window `open_s` seconds are open.
    #[must_use]
    pub fn freshness(&self, open_s: f64, now: Timestamp) -> Freshness {
        let day = now.timestamp().div_euclid(86_400);
        let mut all = Sum::default();
        for (_, sum) in self.days.range(day - WINDOW_DAYS + 1..) {
            all.add(sum.open, sum.missed);
        }
        let step = now.timestamp().div_euclid(STEP_S);
        let hour = self.steps.range(step - HOUR_STEPS + 1..);
        let last_hour: f64 = hour.map(|(_, sum)| sum.missed).sum();
        let budget = (1.0 - OBJECTIVE) * open_s;
        Freshness {
            ratio: (all.open > 0.0)
                .then(|| ((1.0 - all.missed / all.open) * 10_000.0).floor() / 10_000.0),
            budget_min: minutes(budget),
            left_min: minutes(budget) - minutes(all.missed),
            last_hour_min: minutes(last_hour),
        }
    }
}

/// The window that ends at `now`.
#[must_use]
pub fn window(now: Timestamp) -> (Timestamp, Timestamp) {
    (now - TimeDelta::days(WINDOW_DAYS), now)
}

#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn minutes(seconds: f64) -> i64 {
    (seconds / 60.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Twelve open hours on each of 28 days, in seconds.
    const TWELVE_HOURS: f64 = 28.0 * 12.0 * 3600.0;

    #[test]
    fn a_month_of_twelve_hours_a_day_may_miss_202_minutes() {
        let now = at("2026-03-02T12:00:00Z");
        let fresh = Account::default().freshness(TWELVE_HOURS, now);
        assert_eq!((fresh.budget_min, fresh.left_min), (202, 202));
        assert_eq!((fresh.ratio, fresh.last_hour_min), (None, 0));
    }

    #[test]
    fn missed_time_is_weighed_by_feeds_and_leaves_the_hour_and_the_window() {
        let mut account = Account::default();
        let noon = at("2026-03-02T12:00:00Z");
        let minutes = |from: i64, to: i64| {
            (
                noon + TimeDelta::minutes(from),
                noon + TimeDelta::minutes(to),
            )
        };
        account.spend(minutes(0, 100), 10, 0);
        account.spend(minutes(100, 120), 10, 10);
        account.spend(minutes(120, 140), 10, 5);
        account.spend(minutes(140, 150), 0, 0);
        let then = account.freshness(TWELVE_HOURS, noon + TimeDelta::minutes(150));
        assert_eq!((then.left_min, then.last_hour_min), (172, 30));
        // 30 of 140 watched minutes.
        assert_eq!(then.ratio, Some(0.7857));
        account.spend(minutes(150, 210), 10, 0);
        let later = account.freshness(TWELVE_HOURS, noon + TimeDelta::minutes(210));
        assert_eq!((later.left_min, later.last_hour_min), (172, 0));
        let month = account.freshness(TWELVE_HOURS, noon + TimeDelta::days(28));
        assert_eq!((month.ratio, month.left_min), (None, 202));
    }

    #[test]
    fn spending_in_pieces_is_spending_at_once() {
        let noon = at("2026-03-02T23:58:30Z");
        let end = noon + TimeDelta::minutes(77);
        let mut whole = Account::default();
        whole.spend((noon, end), 4, 1);
        let mut pieces = Account::default();
        for minute in 0..77 {
            let from = noon + TimeDelta::minutes(minute);
            pieces.spend((from, from + TimeDelta::minutes(1)), 4, 1);
        }
        assert_eq!(
            whole.freshness(TWELVE_HOURS, end),
            pieces.freshness(TWELVE_HOURS, end)
        );
        let kept = serde_json::to_value(&pieces).unwrap();
        assert_eq!(serde_json::from_value::<Account>(kept).unwrap(), pieces);
    }
}
