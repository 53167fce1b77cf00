//! When to poll next while all goes well.

use chrono::TimeDelta;

use super::{Schedule, after, lag, step_after};
use crate::model::Timestamp;

/// One batch in so many is looked for early, or a lag that shrinks would never be noticed.
const EARLY_EVERY: u32 = 8;

/// The share of the first planned lag at which it is looked for, in turn: a habit that changed at
/// once is found by the one, a slow drift by the other.
const EARLY_AT: [(u32, u32); 2] = [(1, 2), (7, 8)];

/// Polls that bring nothing new are repeated after so many minutes each, then once per period.
/// Those of more than a third of a period are left out, except for the first three.
const REPEATS: [i64; 5] = [1, 2, 4, 8, 16];

/// However small the budget is, polls are not farther apart.
const FARTHEST: TimeDelta = TimeDelta::hours(6);

impl Schedule {
    /// The end of the next batch, as far as can be said at `at`.
    fn next_end(&self, at: Timestamp) -> Option<Timestamp> {
        // A horizon ahead of our clock would put the poll beyond reach.
        Some(self.reach(self.horizon?).min(at) + self.period_delta())
    }

    /// The instant by which the next batch should be readable.
    pub(super) fn awaited(&self, at: Timestamp) -> Option<Timestamp> {
        let lag = (self.plan.last()).map_or(self.lag_delta(), |lag| after(*lag));
        Some(self.next_end(at)? + lag)
    }

    /// The lag at which to look for the next batch before it is expected, where it is time to.
    pub(super) fn early(&self) -> Option<u32> {
        if !self.settled.is_multiple_of(EARLY_EVERY) {
            return None;
        }
        let first = *self.plan.first()?;
        let turn = usize::try_from(self.settled / EARLY_EVERY).unwrap_or(0);
        let (part, whole) = EARLY_AT[turn % EARLY_AT.len()];
        let early = first.saturating_mul(part) / whole;
        (after(early) + self.blur() < after(first)).then_some(early)
    }

    /// Whether a batch that follows `old` and was found at `at` was looked for early.
    pub(super) fn came_early(&self, old: Timestamp, at: Timestamp) -> bool {
        let planned = self.early().and(self.plan.first());
        planned.is_some_and(|first| at - (old + self.period_delta()) < after(*first) - self.blur())
    }

    /// A distance in time that makes no difference.
    fn blur(&self) -> TimeDelta {
        lag::blur(self.period())
    }

    pub(super) fn after_success(&self, at: Timestamp) -> Timestamp {
        let next = match self.fixed_s() {
            Some(every_s) => self.on_grid(every_s, at),
            None => self.next_batch(at),
        };
        next.max(self.means.polls_from)
    }

    /// How far polls are apart at least, for the budget.
    fn least_step(&self) -> TimeDelta {
        let farthest = FARTHEST.as_seconds_f64();
        let step_s = (3600.0 / self.means.polls_per_hour).min(farthest);
        #[expect(clippy::cast_possible_truncation, reason = "six hours at most")]
        let milliseconds = (step_s * 1000.0).ceil() as i64;
        TimeDelta::milliseconds(milliseconds)
    }

    /// The next instant of a fixed grid. A slow poll skips instants; they are never made up for.
    /// Where the budget allows fewer polls, they are as far apart as it wants.
    fn on_grid(&self, every_s: u32, at: Timestamp) -> Timestamp {
        let every = TimeDelta::seconds(i64::from(every_s.max(1)));
        let step = self.least_step();
        if step > every {
            return at + step;
        }
        let offset = self.jitter.of_period(every);
        step_after(Timestamp::UNIX_EPOCH + offset, every, at + every / 4)
    }

    /// When to ask for the next batch.
    fn next_batch(&self, at: Timestamp) -> Timestamp {
        let period = self.period_delta();
        let step = self.least_step();
        let jitter = if self.plan.is_empty() {
            self.jitter.of_period(period)
        } else {
            self.jitter.within(self.blur())
        };
        let (Some(end), Some(awaited)) = (self.next_end(at), self.awaited(at)) else {
            return at + period.max(step) + jitter;
        };
        if step > period {
            return step_after(awaited + jitter, period, at + step);
        }
        if self.misses == 0
            && let Some(next) = self.wished(end, awaited, at)
        {
            return next + jitter;
        }
        let longest = period / 3;
        self.repeat(at, longest)
            .unwrap_or_else(|| step_after(awaited + jitter, period, at + longest))
    }

    /// The next instant at which the batch that ends at `end` is looked for the first time.
    fn wished(&self, end: Timestamp, awaited: Timestamp, at: Timestamp) -> Option<Timestamp> {
        let polls = self.early().into_iter().chain(self.plan.iter().copied());
        let spare = polls
            .map(|lag| end + after(lag))
            .filter(|next| *next >= self.means.spare_from);
        spare.chain([awaited]).find(|next| *next > at + self.blur())
    }

    /// When to ask again for a batch that should have been there, before the next one is due.
    fn repeat(&self, at: Timestamp, longest: TimeDelta) -> Option<Timestamp> {
        let repeat = self.misses.saturating_sub(1);
        let wait = TimeDelta::minutes(*REPEATS.get(repeat)?);
        let again = at + wait.min(longest);
        let wanted = wait <= longest || repeat < 3;
        (wanted && again >= self.means.spare_from).then_some(again)
    }
}
