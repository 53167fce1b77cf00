//! The desk: where all attempts meet, one at a time.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use super::clerk::Clerk;
use super::counting::Counted;
use super::counts::PastOf;
use super::opening::Member;
use super::past::{self, Memory};
use super::poking::{Poke, Pokes};
use super::watching::Seen;
use crate::clock::Clock;
use crate::history::{History, HistoryError, SetAside};
use crate::model::Timestamp;
use crate::model::attempt::{Ask, Attempt, ErrorKind, Outcome, SourceError};
use crate::model::board::Board;
use crate::model::incidents::What;
use crate::model::ledger::Ledger;
use crate::model::ledger::plan::Plan;
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
    /// When the program is known to have run last.
    pub(super) alive: Option<Timestamp>,
    pub(super) clerks: Vec<Clerk>,
    /// Open incidents that the log file knows of.
    pub(super) logged: BTreeSet<u64>,
    /// A sentence while history cannot be written.
    trouble: Option<Arc<str>>,
    /// Sentences that stay as long as the program runs.
    standing: Vec<Arc<str>>,
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
            let memory = past.memory.remove(&*place.name).unwrap_or_default();
            let sent = past.requests.remove(&place.name).unwrap_or_default();
            if let Some(error) = place.error {
                ledger.misconfigured(&place.name, error);
            }
            let mut clerk = Clerk::new(place.name, cadence, memory.learned, place.budget);
            clerk.remember(sent);
            clerk.memory = memory.source;
            clerks.push(clerk);
        }
        let board = ledger.board();
        let logged = board.events.iter().filter(|event| event.is_open());
        let logged = logged.map(|event| event.id).collect();
        ledger.look(now);
        Ok(Self {
            logged,
            ledger,
            history,
            clock,
            alive: past.alive,
            clerks,
            trouble: None,
            standing: Vec::new(),
        })
    }

    /// Puts a sentence on the board that stays, for example that a damaged history was set aside.
    pub fn notice(&mut self, sentence: String) {
        let now = self.clock.now();
        self.ledger.note((now, now), What::Notice(sentence.clone()));
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

    /// When a day begins or the clock alone may change something.
    fn next_wake(&self) -> Option<Timestamp> {
        let both = [self.ledger.next_roll(), self.ledger.next_look()];
        both.into_iter().flatten().min()
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
            reached: self.ledger.counters_reached(name),
        }
    }

    fn asked(&mut self, name: &str) -> Asked {
        let ask = self.ask(name);
        let clerk = self.clerks.iter_mut().find(|clerk| *clerk.name == *name);
        let resume = clerk.and_then(|clerk| {
            clerk.asking = true;
            clerk.unwritten.then(|| Resume(clerk.memory.clone()))
        });
        Asked { ask, resume }
    }

    /// Takes a finished attempt and gives the instant of the next poll.
    pub async fn take(&mut self, attempt: Attempt) -> Option<Timestamp> {
        let attempt = Arc::new(attempt);
        let (attempt, changes) = match self.history.record(attempt.clone()).await {
            Ok(recorded) => {
                self.trouble = None;
                if let Some(aside) = &recorded.set_aside {
                    self.notice(damaged(aside));
                    self.ledger.write_all_events();
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
        self.ledger.look(now);
        self.remember(&attempt.source).await;
        self.write_events().await;
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
        let progress = clerk.take(attempt, horizon, now);
        self.ledger.progress(&attempt.source, progress);
        progress.next_poll
    }

    /// Keeps what a restart should know beside the readings. Losing it costs a few polls of
    /// learning, so a failure is no news.
    async fn remember(&self, name: &str) {
        let clerk = self.clerks.iter().find(|clerk| *clerk.name == *name);
        let memory = Memory {
            learned: clerk.map(Clerk::learned),
            delivered: self
                .ledger
                .delivered_spans(name)
                .cloned()
                .unwrap_or_default(),
            source: clerk.and_then(|clerk| clerk.memory.clone()),
            account: self.ledger.account(name).cloned(),
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

/// What reaches the desk beside the clock.
pub(super) struct Inbox {
    /// From pollers.
    pub polls: mpsc::Receiver<Message>,
    /// Counts by hand.
    pub counted: mpsc::Receiver<Counted>,
    /// Acknowledgements of incidents.
    pub seen: mpsc::Receiver<Seen>,
    /// Sources that operators want asked.
    pub poked: mpsc::Receiver<Poke>,
    /// Wakes pollers.
    pub pokes: Pokes,
}

/// Serves pollers and operators, begins new days and notices what the clock changes, until it is
/// dropped.
pub(super) async fn run(
    mut desk: Desk,
    mut inbox: Inbox,
    publish: watch::Sender<Arc<Board>>,
    clock: Clock,
) {
    desk.write_events().await;
    loop {
        let wake = async {
            match desk.next_wake() {
                Some(at) => clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            message = inbox.polls.recv() => match message {
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
            Some(count) = inbox.counted.recv() => {
                desk.count(count).await;
                publish.send_replace(desk.board());
            }
            Some((source, answer)) = inbox.poked.recv() => {
                // Whoever has left since needs no answer.
                let _ = answer.send(desk.poke(&source, &inbox.pokes, clock.now()));
            }
            Some(wish) = inbox.seen.recv() => {
                desk.acknowledge(wish).await;
                publish.send_replace(desk.board());
            }
            () = wake => {
                let new_day = desk.ledger.next_roll().is_some_and(|at| at <= clock.now());
                desk.roll(clock.now());
                if desk.follow().await || new_day {
                    publish.send_replace(desk.board());
                }
            }
        }
    }
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
