//! What is kept for one source beside what is in the ledger: when it is asked, and how often it
//! may be.

use std::collections::VecDeque;
use std::sync::{Arc, MutexGuard, PoisonError};

use crate::model::Timestamp;
use crate::model::attempt::{Attempt, ErrorKind};
use crate::model::budget::{Budget, LONGEST_THROTTLE};
use crate::model::ledger::Progress;
use crate::model::schedule::{Cadence, Finished, Learned, Reason, Refusal, Schedule};
use crate::vendors::transport::SharedBudget;

/// The cheapest of so many good polls is what a poll costs: now and then one reads the past too.
const COSTS: usize = 8;

/// The schedule and the budget of one source.
pub(super) struct Clerk {
    pub name: Arc<str>,
    /// What the source itself wants to know after a restart.
    pub memory: Option<serde_json::Value>,
    /// What its last poll brought could not be kept.
    pub unwritten: bool,
    /// A poll is wanted or under way.
    pub asking: bool,
    /// Requests that its last good polls cost.
    costs: VecDeque<u32>,
    schedule: Schedule,
    budget: SharedBudget,
}

impl Clerk {
    /// A clerk who knows what was learned before.
    pub fn new(
        name: Arc<str>,
        cadence: Cadence,
        learned: Option<Learned>,
        budget: SharedBudget,
    ) -> Self {
        let mut schedule = Schedule::new(&name, cadence);
        if let Some(learned) = learned {
            schedule.restore(learned);
        }
        Self {
            name,
            memory: None,
            unwritten: false,
            asking: false,
            costs: VecDeque::new(),
            schedule,
            budget,
        }
    }

    /// Counts requests that were made before.
    pub fn remember(&self, sent: Vec<Timestamp>) {
        self.budget().remember(sent);
    }

    /// What has been learned so far.
    pub fn learned(&self) -> Learned {
        self.schedule.learned()
    }

    /// Takes note that an operator wants a poll.
    ///
    /// # Errors
    /// Why there is none, and until when.
    pub fn poke(&mut self, now: Timestamp) -> Result<(), Refusal> {
        if self.asking {
            return Err(Refusal::new(Reason::Asking, None));
        }
        if let Some(until) = self.budget().blocked(now) {
            return Err(Refusal::new(Reason::Throttled, until));
        }
        self.schedule.poke(now)?;
        let wanted = self.budget().want(self.cost(), now);
        wanted.map_err(|free| Refusal::new(Reason::Share, free))?;
        self.asking = true;
        Ok(())
    }

    /// Takes a finished attempt, after which the source reaches to `horizon`.
    pub fn take(
        &mut self,
        attempt: &Attempt,
        horizon: Option<Timestamp>,
        now: Timestamp,
    ) -> Progress {
        self.asking = false;
        if let Some(came) = &attempt.outcome.delivery {
            self.costs
                .push_back(u32::try_from(attempt.exchanges.len()).unwrap_or(u32::MAX));
            if self.costs.len() > COSTS {
                self.costs.pop_front();
            }
            if let Some(period_s) = came.period_s {
                self.schedule.observe_period(period_s);
            }
            if came.memory.is_some() {
                self.memory.clone_from(&came.memory);
            }
        }
        let budget = self.budget();
        let (last_hour, means) = (budget.last_hour(now), budget.means(self.cost(), now));
        drop(budget);
        self.schedule.afford(means);
        let next_poll = self.schedule.finished(Finished {
            at: now,
            horizon,
            error: attempt.outcome.error.as_ref(),
            delivered: attempt.outcome.delivery.is_some(),
        });
        self.share_pause(attempt, next_poll, now);
        Progress {
            fetch: self.schedule.fetch_state(),
            next_poll,
            expectation: self.schedule.expectation(),
            last_hour,
            habit: self.schedule.habit(),
        }
    }

    /// All who share the credential wait when the vendor wants one of them to.
    fn share_pause(&self, attempt: &Attempt, next_poll: Option<Timestamp>, now: Timestamp) {
        let error = attempt.outcome.error.as_ref();
        if let Some(error) = error.filter(|error| error.kind == ErrorKind::RateLimited) {
            let until = error
                .retry_at
                .map(|until| until.min(now + LONGEST_THROTTLE));
            if let Some(until) = until.or(next_poll) {
                self.budget().block(until);
            }
        }
    }

    /// Requests that a poll costs.
    fn cost(&self) -> u32 {
        self.costs.iter().copied().min().unwrap_or(1).max(1)
    }

    fn budget(&self) -> MutexGuard<'_, Budget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use chrono::TimeDelta;

    use super::*;
    use crate::model::attempt::{Outcome, SourceError};
    use crate::model::health::{Expectation, FetchState};
    use crate::model::schedule::Publish;

    fn attempt(error: SourceError, now: Timestamp) -> Attempt {
        Attempt {
            source: "north".into(),
            started: now,
            took_ms: 1,
            exchanges: Vec::new(),
            outcome: Outcome::failed(error),
        }
    }

    #[test]
    fn who_shares_a_credential_waits_when_the_vendor_wants_one_to() {
        let cadence = Cadence {
            publish: Publish::Live { every_s: 60 },
            expectation: Expectation::silence(300),
            every_s: None,
        };
        let now: Timestamp = "2026-03-02T14:00:00Z".parse().unwrap();
        let later = now + TimeDelta::minutes(30);
        let limited = |until| SourceError::new(ErrorKind::RateLimited, "wait").with_retry_at(until);
        for (until, refused) in [
            (Some(later), later),
            (Some(now + TimeDelta::days(9)), now + TimeDelta::days(1)),
            // Without a time of the vendor's it is when the one is asked again.
            (None, now + TimeDelta::minutes(1)),
        ] {
            let budget = Arc::new(Mutex::new(Budget::new(60)));
            let clerk = |name: &str| Clerk::new(name.into(), cadence, None, budget.clone());
            let (mut north, mut south) = (clerk("north"), clerk("south"));
            assert_eq!(south.poke(now), Ok(()));
            south.asking = false;
            let progress = north.take(&attempt(limited(until), now), None, now);
            assert_eq!(progress.fetch, FetchState::Throttled);
            let refusal = south.poke(now).unwrap_err();
            assert_eq!(refusal.reason, Reason::Throttled);
            let wait = refusal.until.unwrap() - refused;
            assert!(wait >= TimeDelta::zero() && wait <= TimeDelta::minutes(1));
            // It is asked for one that failed otherwise.
            let failed = SourceError::new(ErrorKind::Timeout, "no answer");
            let after = now + TimeDelta::days(2);
            south.take(&attempt(failed, after), None, after);
            let soon = after + TimeDelta::minutes(1);
            assert_eq!(north.poke(soon), Ok(()));
        }
    }
}
