//! When to poll next: cadence, publish lag, stable jitter, backoff.
//!
//! A source that publishes in batches is asked when its next batch should be readable: newest
//! data + period + publish lag. The lag is learned from when data appeared. Sources whose data is
//! always current are asked on a fixed grid.

mod backoff;
mod cadence;
mod jitter;
mod lag;
mod next;
mod plan;
mod poke;
#[cfg(test)]
mod tests;

use chrono::TimeDelta;

use self::jitter::Jitter;
use self::lag::{Lags, Quantiles};
use super::Timestamp;
use super::attempt::{ErrorKind, SourceError};
use super::budget::{LONGEST_THROTTLE, Means};
use super::health::{Expectation, FetchState};

pub use backoff::backoff;
pub use cadence::{Cadence, Finished, Habit, Learned, Publish};
pub use poke::{Reason, Refusal};

/// How many publications must have been seen before their lag is believed.
pub const ENOUGH: usize = lag::ENOUGH;

/// So many polls per hour are made where the lag is uncertain: somewhat less than a tenth of
/// asking every minute. Batches that are more frequent than that cost one poll each.
const WANTED_PER_HOUR: f64 = 5.6;

/// Over how many batches it is seen what they really cost.
const SEEN_OVER: f64 = 16.0;

/// The state of one source's poll loop, pure.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    jitter: Jitter,
    cadence: Cadence,
    /// Publish period as the vendor's rows show it.
    period_s: Option<u32>,
    /// The newest row lies anywhere in a batch.
    ragged: bool,
    lags: Lags,
    learned: Option<Quantiles>,
    /// The lags at which to ask for a batch; empty while too little is known.
    plan: Vec<u32>,
    /// What the request budget leaves.
    means: Means,
    /// The lag in use; it follows the learned one at once upwards and in steps downwards.
    lag_s: u32,
    horizon: Option<Timestamp>,
    /// The last attempt that was answered, the earliest time at which data cannot have been seen.
    answered: Option<Timestamp>,
    /// Publications that were not there earlier than planned.
    settled: u32,
    /// Polls since the last publication.
    polls: u32,
    /// What a publication cost of late, in polls.
    spent: f64,
    /// Polls in a row that should have brought something new and did not.
    misses: usize,
    /// Attempts in a row that brought nothing.
    failures: u32,
    /// Attempts in a row that did not bring all they should.
    wrong: u32,
    throttles: u32,
    state: FetchState,
    /// When the last attempt ended, and when the next one begins.
    last: Option<Timestamp>,
    next: Option<Timestamp>,
}

impl Schedule {
    /// The schedule of the source called `name` (the name seeds its stable jitter).
    #[must_use]
    pub fn new(name: &str, cadence: Cadence) -> Self {
        Self {
            jitter: Jitter::of(name),
            cadence,
            period_s: None,
            ragged: false,
            lags: Lags::default(),
            learned: None,
            plan: Vec::new(),
            means: Means::default(),
            lag_s: cadence.expectation.lag_s,
            horizon: None,
            answered: None,
            // A restart is no reason to look early.
            settled: 1,
            polls: 0,
            spent: 1.0,
            misses: 0,
            failures: 0,
            wrong: 0,
            throttles: 0,
            state: FetchState::Never,
            last: None,
            next: None,
        }
    }

    /// Takes note of a finished attempt and gives the instant of the next one; `None` when there
    /// will be none until the settings change.
    pub fn finished(&mut self, attempt: Finished<'_>) -> Option<Timestamp> {
        self.last = Some(attempt.at);
        self.next = self.planned(attempt);
        self.next
    }

    /// Whether an operator may have the source asked now.
    ///
    /// # Errors
    /// Why not, and from when on: while a vendor makes us wait, while it refuses our credentials,
    /// and within 15 s of the last poll.
    pub fn poke(&self, now: Timestamp) -> Result<(), Refusal> {
        poke::poke(self.state, (self.last, self.next), now)
    }

    fn planned(&mut self, attempt: Finished<'_>) -> Option<Timestamp> {
        let at = attempt.at;
        if attempt.delivered || attempt.error.is_none() {
            self.failures = 0;
            self.observe(attempt.horizon, at);
        }
        self.state = attempt.error.map_or(FetchState::Ok, |error| {
            // To be told to wait is no fault of what was read.
            let fault = error.kind != ErrorKind::RateLimited;
            self.wrong = self.wrong.saturating_add(u32::from(fault));
            FetchState::after(error.kind, self.wrong)
        });
        if attempt.error.is_none() {
            self.wrong = 0;
        }
        match attempt.error {
            Some(error) if error.kind == ErrorKind::RateLimited || !attempt.delivered => {
                self.after_failure(error, at)
            }
            // What works keeps its cadence.
            _ => {
                self.throttles = 0;
                Some(self.after_success(at))
            }
        }
    }

    /// The fetch state after the attempts so far.
    #[must_use]
    pub fn fetch_state(&self) -> FetchState {
        self.state
    }

    /// What is expected of the source's feeds by what is known now.
    #[must_use]
    pub fn expectation(&self) -> Expectation {
        if self.cadence.publish != Publish::Batches {
            return self.cadence.expectation;
        }
        let period_s = self.period().max(1);
        let lag_s = self.lag_s.min(period_s);
        let grace_s = match self.learned {
            Some(learned) => (learned.p99.saturating_sub(lag_s))
                .max(60)
                .min(period_s / 2),
            None if self.period_s.is_some() => Expectation::batches(period_s, lag_s).grace_s,
            None => self.cadence.expectation.grace_s,
        };
        // A batch whose last minutes were quiet reaches further than its newest row.
        let quiet_s =
            (self.horizon).map_or(0, |newest| (self.reach(newest) - newest).num_seconds());
        // Who is asked at fixed times may be asked so much later than the data is there.
        let fixed = self.cadence.every_s.unwrap_or(0).min(period_s);
        Expectation {
            period_s,
            lag_s: lag_s + u32::try_from(quiet_s).unwrap_or(0),
            grace_s: grace_s + fixed,
        }
    }

    /// Takes note of the publish period that the vendor's rows show, in seconds.
    pub fn observe_period(&mut self, period_s: u32) {
        if period_s > 0 && period_s != self.period() {
            self.period_s = Some(period_s);
            self.ragged = false;
            self.relearn();
        }
    }

    /// Takes note of what the request budget leaves, at what a poll costs.
    pub fn afford(&mut self, means: Means) {
        self.means = means;
    }

    /// What was learned so far.
    #[must_use]
    pub fn learned(&self) -> Learned {
        Learned {
            period_s: self.period_s,
            ragged: self.ragged,
            lags: self.lags.iter().collect(),
        }
    }

    /// How the source publishes, as far as it is known; `None` where it does so all the time.
    #[must_use]
    pub fn habit(&self) -> Option<Habit> {
        (self.cadence.publish == Publish::Batches).then(|| Habit {
            period_s: self.period(),
            period_seen: self.period_s.is_some(),
            seen: self.lags.len(),
            lag_s: self.learned.map(|learned| (learned.p50, learned.p95)),
        })
    }

    /// Takes up what an earlier run learned.
    pub fn restore(&mut self, learned: Learned) {
        self.period_s = learned.period_s.filter(|period| *period > 0);
        self.ragged = learned.ragged;
        self.lags = Lags::default();
        for (above, at_most) in learned.lags {
            self.lags.push(above, at_most);
        }
        self.lag_s = self.cadence.expectation.lag_s;
        self.relearn();
        if let Some(learned) = self.learned {
            self.lag_s = learned.p95;
        }
    }

    /// Up to where a delivery with this horizon reaches.
    ///
    /// Some vendors stamp rows inside a batch and leave out quiet ones, so that the newest row
    /// may lie anywhere in it; the batch then reaches to the end of its period by the clock.
    #[must_use]
    pub fn reach(&self, horizon: Timestamp) -> Timestamp {
        if self.ragged {
            step_after(Timestamp::UNIX_EPOCH, self.period_delta(), horizon)
        } else {
            horizon
        }
    }

    fn period(&self) -> u32 {
        self.period_s.unwrap_or(self.cadence.expectation.period_s)
    }

    fn period_delta(&self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.period().max(1)))
    }

    fn lag_delta(&self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.lag_s.min(self.period())))
    }

    /// The period between polls where it is fixed.
    fn fixed_s(&self) -> Option<u32> {
        let live = match self.cadence.publish {
            Publish::Batches => None,
            Publish::Live { every_s } => Some(every_s),
        };
        self.cadence.every_s.or(live)
    }

    /// Takes note of how far the data reaches by an answer at `at`.
    fn observe(&mut self, horizon: Option<Timestamp>, at: Timestamp) {
        let old = self.horizon;
        self.horizon = horizon.or(old);
        let before = self.answered.replace(at);
        self.polls = self.polls.saturating_add(1);
        if horizon <= old {
            // A poll before its time proves nothing: only one that should have brought news counts.
            if self.awaited(at).is_none_or(|awaited| awaited <= at) {
                self.misses += 1;
            }
            return;
        }
        self.misses = 0;
        let polls = std::mem::take(&mut self.polls);
        if let (Some(old), Some(new), Some(before)) = (old, horizon, before)
            && self.cadence.publish == Publish::Batches
        {
            // What was there when it was looked for early may be there even earlier the next time.
            if !self.came_early(self.reach(old), at) {
                self.settled = self.settled.wrapping_add(1);
            }
            self.spent += (f64::from(polls) - self.spent) / SEEN_OVER;
            self.note_raggedness(old, new);
            self.learn(self.reach(new), before, at);
        }
    }

    fn note_raggedness(&mut self, old: Timestamp, new: Timestamp) {
        let regular = (new - old).num_seconds() % i64::from(self.period().max(1)) == 0;
        if !regular && !self.ragged {
            self.ragged = true;
            // What was learned so far was measured from other instants.
            self.lags = Lags::default();
        }
    }

    fn learn(&mut self, reach: Timestamp, before: Timestamp, at: Timestamp) {
        let lag = |instant: Timestamp| u32::try_from((instant - reach).num_seconds().max(0)).ok();
        let (Some(above), Some(at_most)) = (lag(before), lag(at)) else {
            return;
        };
        // That we were away for a period, or that the clock jumped, says nothing of the vendor.
        let away = above == 0 && at_most > self.period();
        if away || before > at {
            return;
        }
        self.lags
            .push(above, at_most.clamp(1, self.period().max(1)));
        self.relearn();
    }

    fn relearn(&mut self) {
        let per_hour = self.means.polls_per_hour.min(WANTED_PER_HOUR);
        let wanted = per_hour * f64::from(self.period()) / 3600.0;
        // Early looks, repeats and a lag that moves away cost more than was planned.
        let most_polls = wanted + 2.0 * (wanted - self.spent);
        self.plan = self.lags.plan(self.period(), most_polls);
        self.learned = self.lags.quantiles(self.period());
        let Some(learned) = self.learned else { return };
        // Nothing can be known about lags below the one in use until polls are made earlier, so
        // the way down is taken in small steps.
        let step = self.period() / 15;
        self.lag_s = learned.p95.max(self.lag_s.saturating_sub(step));
    }

    fn after_failure(&mut self, error: &SourceError, at: Timestamp) -> Option<Timestamp> {
        let count = if error.kind == ErrorKind::RateLimited {
            self.throttles = self.throttles.saturating_add(1);
            self.throttles
        } else {
            self.failures = self.failures.saturating_add(1);
            self.failures
        };
        let delay = backoff(count, error.kind, self.patience_s())?;
        let asked = error.retry_at.map(|until| until.min(at + LONGEST_THROTTLE));
        let until = match asked {
            // A wait that the vendor names replaces our guess, but not the care for an account.
            Some(until) if error.kind == ErrorKind::RateLimited => until.max(at + SECOND),
            Some(until) => until.max(at + delay),
            None => at + delay,
        };
        let jitter = ((until - at) / 10).min(TimeDelta::minutes(1));
        Some((until + self.jitter.within(jitter)).max(self.means.repairs_from))
    }

    /// The period that a backoff is measured by: that of publishing, for live data a few polls.
    fn patience_s(&self) -> u32 {
        match self.cadence.publish {
            Publish::Batches => self.period(),
            Publish::Live { every_s } => self.cadence.every_s.unwrap_or(every_s).max(120),
        }
    }
}

const SECOND: TimeDelta = TimeDelta::seconds(1);

fn after(seconds: u32) -> TimeDelta {
    TimeDelta::seconds(i64::from(seconds))
}

/// The first instant of the grid `origin + n * step` that is at or after `earliest`.
fn step_after(origin: Timestamp, step: TimeDelta, earliest: Timestamp) -> Timestamp {
    let step_ms = step.num_milliseconds().max(1);
    let behind = (earliest - origin).num_milliseconds().rem_euclid(step_ms);
    if behind == 0 {
        earliest
    } else {
        earliest + TimeDelta::milliseconds(step_ms - behind)
    }
}
