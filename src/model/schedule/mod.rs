//! When to poll next: cadence, publish lag, stable jitter, backoff.
//!
//! A source that publishes in batches is asked when its next batch should be readable: newest
//! data + period + publish lag. The lag is learned from when data appeared. Sources whose data is
//! always current are asked on a fixed grid.

mod backoff;
mod cadence;
mod jitter;
mod lag;
#[cfg(test)]
mod tests;

use chrono::TimeDelta;

use self::jitter::Jitter;
use self::lag::{Lags, Quantiles};
use super::Timestamp;
use super::attempt::{ErrorKind, SourceError};
use super::health::{Expectation, FetchState};

pub use backoff::backoff;
pub use cadence::{Cadence, Finished, Learned, Publish};

/// How many publications must have been seen before their lag is believed.
pub const ENOUGH: usize = lag::ENOUGH;

/// One poll in so many is made early, or a lag that shrinks would never be noticed.
const EARLY_EVERY: u32 = 8;

/// Polls that bring nothing new are repeated after so many minutes each, then once per period.
const REPEATS: [i64; 3] = [1, 2, 4];

/// The longest that a vendor can make us wait.
const LONGEST_THROTTLE: TimeDelta = TimeDelta::hours(24);

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
    /// The lag in use; it follows the learned one at once upwards and in steps downwards.
    lag_s: u32,
    horizon: Option<Timestamp>,
    /// The last attempt that was answered, the earliest time at which data cannot have been seen.
    answered: Option<Timestamp>,
    /// Publications seen by this program.
    publications: u32,
    /// Polls in a row that should have brought something new and did not.
    misses: usize,
    failures: u32,
    throttles: u32,
    state: FetchState,
    next: Option<Next>,
}

/// A decision about the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    At {
        at: Timestamp,
        /// How far ahead that was, for a clock that is set back meanwhile.
        wait: TimeDelta,
    },
    Never,
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
            lag_s: cadence.expectation.lag_s,
            horizon: None,
            answered: None,
            publications: 0,
            misses: 0,
            failures: 0,
            throttles: 0,
            state: FetchState::Never,
            next: None,
        }
    }

    /// Takes note of a finished attempt and gives the instant of the next one; `None` when there
    /// will be none until the settings change.
    pub fn finished(&mut self, attempt: Finished<'_>) -> Option<Timestamp> {
        let at = attempt.at;
        if attempt.delivered || attempt.error.is_none() {
            self.failures = 0;
            self.observe(attempt.horizon, at);
        }
        let wish = match attempt.error {
            Some(error) if error.kind == ErrorKind::RateLimited || !attempt.delivered => {
                self.after_failure(error, at)
            }
            error => {
                self.throttles = 0;
                let partly_wrong = error.is_some_and(|error| error.kind == ErrorKind::Config);
                self.state = if partly_wrong {
                    FetchState::Misconfigured
                } else {
                    FetchState::Ok
                };
                Some(self.after_success(at))
            }
        };
        self.next = Some(wish.map_or(Next::Never, |next| Next::At {
            at: next,
            wait: next - at,
        }));
        wish
    }

    /// The instant of the next attempt: at once before the first one, `None` when there will be
    /// none.
    ///
    /// After the clock was set back the wait is not longer than it was decided to be; after a
    /// suspend the instant simply lies in the past.
    #[must_use]
    pub fn next_attempt(&self, now: Timestamp) -> Option<Timestamp> {
        match self.next {
            None => Some(now),
            Some(Next::At { at, wait }) => Some(at.min(now + wait)),
            Some(Next::Never) => None,
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
        // Who is asked at fixed times may be asked so much later than the data is there.
        let fixed = self.cadence.every_s.unwrap_or(0).min(period_s);
        Expectation {
            period_s,
            lag_s,
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

    /// What was learned so far.
    #[must_use]
    pub fn learned(&self) -> Learned {
        Learned {
            period_s: self.period_s,
            ragged: self.ragged,
            lags: self.lags.iter().collect(),
        }
    }

    /// Takes up what an earlier run learned.
    pub fn restore(&mut self, learned: Learned) {
        self.period_s = learned.period_s.filter(|period| *period > 0);
        self.ragged = learned.ragged;
        self.lags = Lags::default();
        for (above, at_most) in learned.lags {
            self.lags.push(above, at_most);
        }
        self.learned = self.lags.quantiles(self.period());
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
        if horizon <= old {
            // A poll before its time proves nothing: only one that should have brought news counts.
            if self.due().is_none_or(|due| due <= at) {
                self.misses += 1;
            }
            return;
        }
        self.misses = 0;
        if let (Some(old), Some(new), Some(before)) = (old, horizon, before)
            && self.cadence.publish == Publish::Batches
        {
            self.publications = self.publications.wrapping_add(1);
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
        self.learned = self.lags.quantiles(self.period());
        let Some(learned) = self.learned else { return };
        // Nothing can be known about lags below the one in use until polls are made earlier, so
        // the way down is taken in small steps.
        let step = self.period() / 15;
        self.lag_s = learned.p95.max(self.lag_s.saturating_sub(step));
    }

    /// When the next batch should be readable.
    fn due(&self) -> Option<Timestamp> {
        Some(self.reach(self.horizon?) + self.period_delta() + self.lag_delta())
    }

    fn after_success(&self, at: Timestamp) -> Timestamp {
        match self.fixed_s() {
            Some(every_s) => self.on_grid(every_s, at),
            None => self.next_batch(at),
        }
    }

    /// The next instant of a fixed grid. A slow poll skips instants; they are never made up for.
    fn on_grid(&self, every_s: u32, at: Timestamp) -> Timestamp {
        let every = TimeDelta::seconds(i64::from(every_s.max(1)));
        let offset = self.jitter.of_period(every);
        step_after(Timestamp::UNIX_EPOCH + offset, every, at + every / 4)
    }

    /// When to ask for the next batch.
    fn next_batch(&self, at: Timestamp) -> Timestamp {
        let period = self.period_delta();
        let jitter = self.jitter.of_period(period);
        let Some(due) = self.due() else {
            return at + period + jitter;
        };
        // A horizon ahead of our clock would put the poll beyond reach.
        let due = due.min(at + period + self.lag_delta()) + jitter;
        if let Some(early) = self.early(due).filter(|early| *early > at) {
            return early;
        }
        if due > at && self.misses == 0 {
            return due;
        }
        let shortest = period / 3;
        match REPEATS.get(self.misses.saturating_sub(1)) {
            Some(minutes) => at + TimeDelta::minutes(*minutes).min(shortest),
            None => step_after(due, period, at + shortest),
        }
    }

    /// When to ask early for the batch that is due at `due`, where it is time for that.
    fn early(&self, due: Timestamp) -> Option<Timestamp> {
        let learned = self.learned?;
        if !self.publications.is_multiple_of(EARLY_EVERY) || self.misses > 0 {
            return None;
        }
        let by = self.lag_s.checked_sub(learned.p50)?;
        Some(due - TimeDelta::seconds(i64::from(by)))
    }

    fn after_failure(&mut self, error: &SourceError, at: Timestamp) -> Option<Timestamp> {
        let count = if error.kind == ErrorKind::RateLimited {
            self.throttles = self.throttles.saturating_add(1);
            self.throttles
        } else {
            self.failures = self.failures.saturating_add(1);
            self.failures
        };
        self.state = match error.kind {
            ErrorKind::Config => FetchState::Misconfigured,
            ErrorKind::RateLimited => FetchState::Throttled,
            ErrorKind::Auth => FetchState::Auth,
            ErrorKind::Schema => FetchState::Schema,
            _ if count < 3 => FetchState::Retrying,
            _ => FetchState::Backoff,
        };
        let delay = backoff(count, error.kind, self.patience_s())?;
        let asked = error.retry_at.map(|until| until.min(at + LONGEST_THROTTLE));
        let until = match asked {
            // A wait that the vendor names replaces our guess, but not the care for an account.
            Some(until) if error.kind == ErrorKind::RateLimited => until.max(at + SECOND),
            Some(until) => until.max(at + delay),
            None => at + delay,
        };
        Some(
            until
                + self
                    .jitter
                    .within(((until - at) / 10).min(TimeDelta::minutes(1))),
        )
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
