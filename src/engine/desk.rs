//! The desk: where all attempts meet, one at a time.

use std::sync::{Arc, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot, watch};

use super::counting::Counted;
use super::counts::PastOf;
use super::opening::Member;
use super::past::{self, Memory};
use crate::clock::Clock;
use crate::history::{History, HistoryError, SetAside};
use crate::model::Timestamp;
use crate::model::attempt::{Ask, Attempt, ErrorKind, Outcome, SourceError};
use crate::model::board::Board;
use crate::model::budget::Budget;
use crate::model::ledger::plan::Plan;
use crate::model::ledger::{Ledger, Progress};
use crate::model::schedule::{Finished, Schedule};
use crate::vendors::transport::SharedBudget;

/// What pollers ask of the desk.
#[expect(
    clippy::large_enum_variant,
    reason = "a handful wait at a time, and attempts are the usual case"
)]
pub(super) enum Message {
    /// What to bring.
    Ask(Arc<str>, oneshot::Sender<Asked>),
    /// What came; answered with when to come again.
    Done(Attempt, oneshot::Sender<Option<Wait>>),
}

/// How long to wait for the next poll.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait {
    /// When this was decided.
    pub from: Timestamp,
    /// The instant of the poll.
    pub until: Timestamp,
}

/// Makes attempts durable, then counts them, then shows them.
pub struct Desk {
    pub(super) ledger: Ledger,
    pub(super) history: History,
    pub(super) clock: Clock,
    clerks: Vec<Clerk>,
    /// A sentence while history cannot be written.
    trouble: Option<Arc<str>>,
    /// Sentences that stay as long as the program runs.
    standing: Vec<Arc<str>>,
}

/// The share of a budget that planned polls may use; the rest is for retries and for the operator.
const SCHEDULED: f64 = 0.7;

/// What the desk keeps for one source.
struct Clerk {
    name: Arc<str>,
    schedule: Schedule,
    budget: SharedBudget,
    /// What the source itself wants to know after a restart.
    memory: Option<serde_json::Value>,
    /// What its last poll brought could not be kept.
    unwritten: bool,
}

/// What a poller is told before a poll.
pub(super) struct Asked {
    pub ask: Ask,
    /// What the source has to go back to, as its last poll was in vain.
    pub resume: Option<Resume>,
}

/// What a source has left.
pub(super) struct Resume(pub Option<serde_json::Value>);

/// What the desk is told of a source before anything is read.
pub(super) struct Place {
    name: Arc<str>,
    error: Option<SourceError>,
    budget: SharedBudget,
}

impl Place {
    pub fn of(member: &Member) -> Self {
        Self {
            name: member.name.clone(),
            error: member.error.clone(),
            budget: member.budget.clone(),
        }
    }
}

impl Desk {
    /// Reads the past and makes a board of it. May be dropped at any time.
    pub(super) async fn open(
        plan: Plan,
        places: Vec<Place>,
        history: History,
        clock: Clock,
    ) -> Result<Self, HistoryError> {
        let now = clock.now();
        let cadences: Vec<_> = plan.sources.iter().map(|source| source.cadence).collect();
        let mut ledger = Ledger::new(plan, now);
        let mut past = past::read(&history, &mut ledger, now).await?;
        let mut ledger = rows_made(ledger).await;
        let mut clerks = Vec::new();
        for (place, cadence) in places.into_iter().zip(cadences) {
            let mut schedule = Schedule::new(&place.name, cadence);
            let memory = past.memory.remove(&*place.name).unwrap_or_default();
            if let Some(learned) = memory.learned {
                schedule.restore(learned);
            }
            let sent = past.requests.remove(&place.name).unwrap_or_default();
            locked(&place.budget).remember(sent);
            if let Some(error) = place.error {
                ledger.misconfigured(&place.name, error);
            }
            clerks.push(Clerk {
                name: place.name,
                schedule,
                budget: place.budget,
                memory: memory.source,
                unwritten: false,
            });
        }
        Ok(Self {
            ledger,
            history,
            clock,
            clerks,
            trouble: None,
            standing: Vec::new(),
        })
    }

    /// Puts a sentence on the board that stays, for example that a damaged history was set aside.
    pub fn notice(&mut self, sentence: String) {
        self.standing.push(sentence.into());
        self.show_notices();
    }

    /// The board as it stands.
    #[must_use]
    pub fn board(&self) -> Arc<Board> {
        self.ledger.board()
    }

    /// Moves on to `now`, beginning new days where their start has passed.
    pub fn roll(&mut self, now: Timestamp) {
        self.ledger.roll(now);
    }

    /// Tells each source what an earlier run of it left.
    pub(super) fn brief(&self, members: &mut [Member]) {
        for member in members {
            let clerk = self.clerks.iter().find(|clerk| clerk.name == member.name);
            if let (Some(source), Some(clerk)) = (&mut member.source, clerk) {
                let past = PastOf {
                    source: member.name.clone(),
                    history: self.history.clone(),
                };
                source.attach(Arc::new(past));
                source.resume(clerk.memory.clone());
            }
        }
    }

    /// What a source is to bring now.
    #[must_use]
    pub fn ask(&self, name: &str) -> Ask {
        let now = self.clock.now();
        Ask {
            now,
            since: self.ledger.plan().since(name, now),
            horizon: self.ledger.horizon(name),
            known: self.ledger.known(name),
        }
    }

    fn asked(&self, name: &str) -> Asked {
        let in_vain = |clerk: &&Clerk| *clerk.name == *name && clerk.unwritten;
        let clerk = self.clerks.iter().find(in_vain);
        Asked {
            ask: self.ask(name),
            resume: clerk.map(|clerk| Resume(clerk.memory.clone())),
        }
    }

    /// Takes a finished attempt and gives the instant of the next poll.
    pub async fn take(&mut self, attempt: Attempt) -> Option<Timestamp> {
        let attempt = Arc::new(attempt);
        let (attempt, changes) = match self.history.record(attempt.clone()).await {
            Ok(recorded) => {
                self.trouble = None;
                if let Some(aside) = &recorded.set_aside {
                    self.standing.push(damaged(aside).into());
                }
                (attempt, recorded.changes)
            }
            Err(error) => {
                // What is not durable is not counted: the next poll asks for it again.
                self.trouble = Some(unwritable(&error).into());
                (Arc::new(without_delivery(&attempt)), Vec::new())
            }
        };
        let now = self.clock.now();
        let written = self.trouble.is_none();
        if let Some(clerk) = self.clerks.iter_mut().find(|c| c.name == attempt.source) {
            clerk.unwritten = !written;
        }
        let applied = self.ledger.apply(&attempt, &changes, now);
        let next = self.schedule(&attempt, applied.horizon, now);
        self.remember(&attempt.source).await;
        self.show_notices();
        next
    }

    fn schedule(
        &mut self,
        attempt: &Attempt,
        horizon: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let clerk = self.clerks.iter_mut().find(|c| c.name == attempt.source)?;
        if let Some(came) = &attempt.outcome.delivery {
            if let Some(period_s) = came.period_s {
                clerk.schedule.observe_period(period_s);
            }
            if came.memory.is_some() {
                clerk.memory.clone_from(&came.memory);
            }
        }
        let budget = locked(&clerk.budget);
        let (last_hour, per_hour) = (budget.last_hour(now), budget.per_hour());
        drop(budget);
        let cost = f64::from(
            u32::try_from(attempt.exchanges.len())
                .unwrap_or(u32::MAX)
                .max(1),
        );
        clerk
            .schedule
            .afford(f64::from(per_hour) * SCHEDULED / cost);
        let next = clerk.schedule.finished(Finished {
            at: now,
            horizon,
            error: attempt.outcome.error.as_ref(),
            delivered: attempt.outcome.delivery.is_some(),
        });
        let progress = Progress {
            fetch: clerk.schedule.fetch_state(),
            next_poll: next,
            expectation: clerk.schedule.expectation(),
            last_hour,
        };
        self.ledger.progress(&attempt.source, progress);
        next
    }

    /// Keeps what a restart should know beside the readings. Losing it costs a few polls of
    /// learning, so a failure is no news.
    async fn remember(&self, name: &str) {
        let clerk = self.clerks.iter().find(|clerk| *clerk.name == *name);
        let memory = Memory {
            learned: clerk.map(|clerk| clerk.schedule.learned()),
            delivered: self
                .ledger
                .delivered_spans(name)
                .cloned()
                .unwrap_or_default(),
            source: clerk.and_then(|clerk| clerk.memory.clone()),
        };
        if let Ok(memory) = serde_json::to_value(memory) {
            drop(self.history.remember(name, past::MEMORY, &memory).await);
        }
    }

    /// Says that history cannot be written, until it can.
    pub(super) fn cannot_write(&mut self, error: &HistoryError) {
        self.trouble = Some(unwritable(error).into());
        self.show_notices();
    }

    fn show_notices(&mut self) {
        let notices = self.standing.iter().chain(&self.trouble).cloned().collect();
        self.ledger.notices(notices);
    }
}

/// Brings a thousand estimates up to date on a thread of its own: nobody waits for it who wants to
/// leave.
async fn rows_made(mut ledger: Ledger) -> Ledger {
    let making = tokio::task::spawn_blocking(move || {
        ledger.restored();
        ledger
    });
    match making.await {
        Ok(ledger) => ledger,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Serves pollers and begins new days until the last poller is gone.
pub(super) async fn run(
    mut desk: Desk,
    (mut inbox, mut counted): (mpsc::Receiver<Message>, mpsc::Receiver<Counted>),
    publish: watch::Sender<Arc<Board>>,
    clock: Clock,
) {
    loop {
        let new_day = async {
            match desk.ledger.next_roll() {
                Some(at) => clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            message = inbox.recv() => match message {
                // A poller that is gone needs no answer.
                Some(Message::Ask(name, answer)) => {
                    let _ = answer.send(desk.asked(&name));
                }
                Some(Message::Done(attempt, answer)) => {
                    let next = desk.take(attempt).await;
                    publish.send_replace(desk.board());
                    let from = clock.now();
                    let _ = answer.send(next.map(|until| Wait { from, until }));
                }
                None => std::future::pending().await,
            },
            Some(count) = counted.recv() => {
                desk.count(count).await;
                publish.send_replace(desk.board());
            }
            () = new_day => {
                desk.roll(clock.now());
                publish.send_replace(desk.board());
            }
        }
    }
}

fn locked(budget: &SharedBudget) -> MutexGuard<'_, Budget> {
    budget.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unwritable(error: &HistoryError) -> String {
    format!("history cannot be written, new readings are not counted: {error}")
}

/// What to say of a damaged history that was moved out of the way.
#[must_use]
pub fn damaged(aside: &SetAside) -> String {
    format!(
        "the history was damaged ({}) and set aside as {}; a new one was begun",
        aside.reason,
        aside.path.display()
    )
}

fn without_delivery(attempt: &Attempt) -> Attempt {
    let error = attempt.outcome.error.clone().unwrap_or_else(|| {
        SourceError::new(
            ErrorKind::Network,
            "what came could not be written to history; it will be asked for again",
        )
    });
    Attempt {
        outcome: Outcome::failed(error),
        exchanges: attempt.exchanges.clone(),
        source: attempt.source.clone(),
        ..*attempt
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk")
            .field("sources", &self.clerks.len())
            .finish_non_exhaustive()
    }
}
