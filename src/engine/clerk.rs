//! What is kept for one source beside what is in the ledger: when it is asked, and how often it
//! may be.

use std::collections::VecDeque;
use std::sync::{Arc, MutexGuard, PoisonError};

use crate::model::Timestamp;
use crate::model::attempt::Attempt;
use crate::model::budget::Budget;
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
        Progress {
            fetch: self.schedule.fetch_state(),
            next_poll,
            expectation: self.schedule.expectation(),
            last_hour,
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
