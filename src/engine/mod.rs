//! The engine: polls every source on its own, makes what came durable, and publishes the board.
//!
//! Each source has its own task (`poller`) with its own time-outs and budget, so that a hanging
//! or flooding vendor costs its own row only. All attempts meet at the `desk`, one at a time:
//! history first, then the ledger, then the board. Viewers watch the newest board and never hold
//! a lock that a poller needs.

mod desk;
mod opening;
mod past;
mod poller;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};

use crate::clock::Clock;
use crate::history::History;
use crate::model::board::Board;

pub use self::desk::{Desk, damaged};
pub use self::opening::{Member, Sources, open};

/// A running engine. Dropping it stops all polling.
#[derive(Debug)]
pub struct Engine {
    boards: watch::Receiver<Arc<Board>>,
    pokes: BTreeMap<Arc<str>, mpsc::Sender<()>>,
    tasks: JoinSet<()>,
}

impl Engine {
    /// Starts polling. The first board, made of what history knew, is there at once.
    #[must_use]
    pub fn start(sources: Sources, desk: Desk, clock: &Clock) -> Self {
        let (publish, boards) = watch::channel(desk.board());
        // Attempts wait here while one is written; a full queue holds pollers, never viewers.
        let (to_desk, inbox) = mpsc::channel(sources.members.len().max(1));
        let mut tasks = JoinSet::new();
        let mut pokes = BTreeMap::new();
        for (order, member) in sources.members.into_iter().enumerate() {
            let Some(source) = member.source else {
                continue;
            };
            // One poke waits at most: a second one is already satisfied by the first.
            let (asking, asked) = mpsc::channel(1);
            pokes.insert(member.name.clone(), asking);
            tasks.spawn(poller::run(poller::Poller {
                name: member.name,
                order,
                source,
                clock: clock.clone(),
                desk: to_desk.clone(),
                poked: asked,
            }));
        }
        tasks.spawn(desk::run(desk, inbox, publish, clock.clone()));
        Self {
            boards,
            pokes,
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
        Poker(self.pokes.clone())
    }

    /// Waits until one of the tasks has panicked. Pollers survive their vendor's worst, so this is
    /// a fault of the program.
    pub async fn failed(&mut self) -> JoinError {
        loop {
            match self.tasks.join_next().await {
                Some(Err(error)) if error.is_panic() => return error,
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

/// Asks sources to poll now.
#[derive(Clone, Debug)]
pub struct Poker(BTreeMap<Arc<str>, mpsc::Sender<()>>);

impl Poker {
    /// Asks one source, or all. Asking again before the first request is served changes nothing.
    pub fn poll_now(&self, source: Option<&str>) {
        for (name, poke) in &self.0 {
            if source.is_none_or(|wanted| wanted == &**name) {
                // A full queue means that a poll is already asked for.
                let _ = poke.try_send(());
            }
        }
    }
}

/// Polls the sources that `wanted` names once, all at the same time, and gives the board.
pub async fn poll_once(
    sources: Sources,
    mut desk: Desk,
    clock: &Clock,
    wanted: impl Fn(&str) -> bool,
) -> Arc<Board> {
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
    desk.board()
}

/// Opens the history's past and makes the desk that everything passes.
///
/// # Errors
/// When the history cannot be read.
pub async fn desk(
    sources: &Sources,
    history: History,
    clock: &Clock,
) -> Result<Desk, crate::history::HistoryError> {
    Desk::open(sources, history, clock).await
}
