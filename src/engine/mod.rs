//! The engine: polls every source on its own, makes what came durable, and publishes the board.
//!
//! Each source has its own task (`poller`) with its own time-outs and budget, so that a hanging
//! or flooding vendor costs its own row only. All attempts meet at the `desk`, one at a time:
//! history first, then the ledger, then the board. Viewers watch the newest board and never hold
//! a lock that a poller needs.

mod clerk;
mod corrected;
mod counting;
mod counts;
mod coverage;
mod desk;
mod happened;
mod opening;
mod past;
mod playback;
mod poking;
mod poller;
mod recording;
#[cfg(test)]
mod tests;
mod trading;
mod usual;
mod watching;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;
use futures_util::future::join_all;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use crate::clock::Clock;
use crate::config::Config;
use crate::history::{History, HistoryError};
use crate::model::board::Board;
use crate::model::ledger::Ledger;

pub use self::counting::Counting;
pub use self::coverage::{DayCoverage, coverage};
pub use self::desk::{Desk, damaged};
pub use self::opening::{Member, Sources, open};
pub use self::playback::Playback;
pub use self::poking::Poker;
pub use self::recording::Recording;
pub use self::usual::usual;
pub use self::watching::{Acknowledging, farewell};

/// A running engine. Dropping it stops all polling.
#[derive(Debug)]
pub struct Engine {
    boards: watch::Receiver<Arc<Board>>,
    poker: Poker,
    counting: Counting,
    acknowledging: Acknowledging,
    tasks: JoinSet<Result<(), HistoryError>>,
}

/// What a running engine needs.
#[derive(Clone)]
pub struct Start {
    /// The sources and stores.
    pub config: Config,
    /// The zone for what neither a store nor a vendor gives one.
    pub zone: Tz,
    /// Where readings are kept.
    pub history: History,
    /// What time it is.
    pub clock: Clock,
    /// Sentences for the board.
    pub notices: Vec<String>,
}

/// Why an engine stopped by itself.
#[derive(Debug)]
pub enum Stopped {
    /// One of its tasks panicked: a fault of the program.
    Panicked(JoinError),
    /// What earlier runs left cannot be read.
    Unreadable(HistoryError),
}

/// A past that takes longer to read than this is mentioned on the board.
const SHORT_READ: Duration = Duration::from_millis(300);

impl Engine {
    /// Starts. The first board is there at once and has the stores of the configuration; then
    /// comes what history knows, which takes a moment for a large chain, and then polling begins.
    #[must_use]
    pub fn start(start: Start) -> Self {
        let plan = opening::outline(&start.config, start.zone);
        let mut blank = Ledger::new(plan, start.clock.now());
        blank.notices(start.notices.iter().map(|said| (**said).into()).collect());
        let (publish, boards) = watch::channel(blank.board());
        let (voices, ears) = voices();
        let mut tasks = JoinSet::new();
        tasks.spawn(work(start, blank, publish, ears));
        Self::with(voices, boards, tasks)
    }

    /// Starts on sources that are open already.
    #[must_use]
    pub fn polling(sources: Sources, desk: Desk, clock: &Clock) -> Self {
        let (publish, boards) = watch::channel(desk.board());
        let (voices, ears) = voices();
        let clock = clock.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            poll(sources, desk, publish, ears, clock).await;
            Ok(())
        });
        Self::with(voices, boards, tasks)
    }

    fn with(
        voices: Voices,
        boards: watch::Receiver<Arc<Board>>,
        tasks: JoinSet<Result<(), HistoryError>>,
    ) -> Self {
        Self {
            boards,
            poker: voices.poker,
            counting: voices.counting,
            acknowledging: voices.acknowledging,
            tasks,
        }
    }

    /// The newest board, and a way to wait for the next.
    #[must_use]
    pub fn boards(&self) -> watch::Receiver<Arc<Board>> {
        self.boards.clone()
    }

    /// A handle that asks sources to poll now.
    #[must_use]
    pub fn poker(&self) -> Poker {
        self.poker.clone()
    }

    /// A handle that takes counts by hand.
    #[must_use]
    pub fn counting(&self) -> Counting {
        self.counting.clone()
    }

    /// A handle that takes acknowledgements of incidents.
    #[must_use]
    pub fn acknowledging(&self) -> Acknowledging {
        self.acknowledging.clone()
    }

    /// Waits until the engine has stopped by itself. Pollers survive their vendor's worst.
    pub async fn stopped(&mut self) -> Stopped {
        loop {
            match self.tasks.join_next().await {
                Some(Err(error)) if error.is_panic() => return Stopped::Panicked(error),
                Some(Ok(Err(error))) => return Stopped::Unreadable(error),
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Stops all tasks. What history has acknowledged is kept; polls in flight are dropped.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

/// Ways to tell of what operators do.
fn voices() -> (Voices, Ears) {
    let (poke, poked) = mpsc::channel(64);
    let (count, counted) = mpsc::channel(4);
    let (see, seen) = mpsc::channel(64);
    let voices = Voices {
        poker: Poker(poke),
        counting: Counting(count),
        acknowledging: Acknowledging(see),
    };
    let ears = Ears {
        poked,
        counted,
        seen,
    };
    (voices, ears)
}

/// The near ends of what the engine listens to.
struct Voices {
    poker: Poker,
    counting: Counting,
    acknowledging: Acknowledging,
}

/// The far ends.
struct Ears {
    poked: mpsc::Receiver<poking::Poke>,
    counted: mpsc::Receiver<counting::Counted>,
    seen: mpsc::Receiver<watching::Seen>,
}

/// Opens everything, then polls until it is dropped or one of its tasks panics.
async fn work(
    start: Start,
    blank: Ledger,
    publish: watch::Sender<Arc<Board>>,
    ears: Ears,
) -> Result<(), HistoryError> {
    let clock = start.clock.clone();
    let notices = start.notices.clone();
    let (sources, mut desk) = opened(start, blank, &publish).await?;
    for said in notices {
        desk.notice(said);
    }
    desk.began();
    publish.send_replace(desk.board());
    poll(sources, desk, publish, ears, clock).await;
    Ok(())
}

/// Polls until it is dropped or one of its tasks panics.
async fn poll(
    mut sources: Sources,
    desk: Desk,
    publish: watch::Sender<Arc<Board>>,
    ears: Ears,
    clock: Clock,
) {
    desk.brief(&mut sources.members);
    // Attempts wait here while one is written; a full queue holds pollers, never viewers.
    let (to_desk, inbox) = mpsc::channel(sources.members.len().max(1));
    let mut pollers = poking::Pokes::new();
    let mut tasks = JoinSet::new();
    for (order, member) in sources.members.into_iter().enumerate() {
        let Some(source) = member.source else {
            continue;
        };
        let (wake, poked) = mpsc::channel(1);
        pollers.insert(member.name.clone(), wake);
        tasks.spawn(poller::run(poller::Poller {
            name: member.name,
            order,
            source,
            clock: clock.clone(),
            desk: to_desk.clone(),
            poked,
        }));
    }
    let inbox = desk::Inbox {
        polls: inbox,
        counted: ears.counted,
        seen: ears.seen,
        poked: ears.poked,
        pokes: pollers,
    };
    tasks.spawn(desk::run(desk, inbox, publish, clock));
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended
            && let Ok(panic) = error.try_into_panic()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Opens the sources, which may ask commands for secrets, and reads the past. What takes long is
/// said on the blank board meanwhile.
async fn opened(
    start: Start,
    mut blank: Ledger,
    publish: &watch::Sender<Arc<Board>>,
) -> Result<(Sources, Desk), HistoryError> {
    let mut opening = pin!(async {
        let sources = open(&start.config, start.zone, &start.clock).await;
        let desk = desk(&sources, start.history, &start.clock).await?;
        Ok((sources, desk))
    });
    if let Ok(opened) = timeout(SHORT_READ, &mut opening).await {
        return opened;
    }
    let said = start.notices.iter().map(|said| (**said).into());
    blank.notices(said.chain(["reading the history".into()]).collect());
    publish.send_replace(blank.board());
    opening.await
}

/// Polls the sources that `wanted` names once, all at the same time, and gives the board.
pub async fn poll_once(
    mut sources: Sources,
    mut desk: Desk,
    clock: &Clock,
    wanted: impl Fn(&str) -> bool,
) -> Arc<Board> {
    desk.brief(&mut sources.members);
    let members = sources
        .members
        .into_iter()
        .filter(|member| wanted(&member.name));
    let attempts = members.filter_map(|member| {
        let ask = desk.ask(&member.name);
        let mut source = member.source?;
        Some(async move { poller::attempt(member.name, &mut *source, &ask, clock).await })
    });
    for attempt in join_all(attempts).await {
        desk.take(attempt).await;
    }
    desk.write_events().await;
    desk.board()
}

/// Opens the history's past and makes the desk that everything passes.
///
/// # Errors
/// When the history cannot be read.
pub fn desk(
    sources: &Sources,
    history: History,
    clock: &Clock,
) -> impl Future<Output = Result<Desk, HistoryError>> + Send + use<> {
    // Sources belong to one task each and cannot be lent across a wait.
    let clerks = sources.members.iter().map(desk::Place::of).collect();
    Desk::open(sources.plan.clone(), clerks, history, clock.clone())
}
