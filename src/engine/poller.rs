//! The one poll loop, the same for every source.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};

use super::desk::{Asked, Message, Resume, Wait};
use crate::clock::{Clock, monotonic};
use crate::model::attempt::{Ask, Attempt, ErrorKind, Outcome, SourceError};
use crate::vendors::source::Source;

/// Every request has its own time-out; this bounds a whole poll with all its pages.
const LONGEST_POLL: Duration = Duration::from_secs(600);
/// First polls are spread, so that a start is not a burst on the line.
const START_SPREAD: TimeDelta = TimeDelta::milliseconds(50);

/// What one source's loop works with.
pub(super) struct Poller {
    pub name: Arc<str>,
    /// Position among all sources, for the order of the first polls.
    pub order: usize,
    pub source: Box<dyn Source>,
    pub clock: Clock,
    pub desk: mpsc::Sender<Message>,
    pub poked: mpsc::Receiver<()>,
}

/// Polls until the desk goes away.
pub(super) async fn run(mut poller: Poller) {
    let order = i32::try_from(poller.order).unwrap_or(i32::MAX);
    let from = poller.clock.now();
    let until = from + START_SPREAD * order.min(200);
    let mut next = Some(Wait { from, until });
    while poller.wait(next).await {
        let Some(Asked { ask, resume }) = poller.ask().await else {
            return;
        };
        if let Some(Resume(memory)) = resume {
            poller.source.resume(memory);
        }
        // Who wanted this poll has it.
        let _ = poller.poked.try_recv();
        let name = poller.name.clone();
        let attempt = attempt(name, &mut *poller.source, &ask, &poller.clock).await;
        let (answer, answered) = oneshot::channel();
        if poller
            .desk
            .send(Message::Done(attempt, answer))
            .await
            .is_err()
        {
            return;
        }
        let Ok(wait) = answered.await else { return };
        next = wait;
    }
}

impl Poller {
    /// Waits until `next` or until somebody asks for a poll; false when the program ends.
    async fn wait(&mut self, next: Option<Wait>) -> bool {
        let due = async {
            match next {
                Some(Wait { from, until }) => self.clock.wait(from, until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => true,
            poked = self.poked.recv() => poked.is_some(),
        }
    }

    async fn ask(&mut self) -> Option<Asked> {
        let (answer, answered) = oneshot::channel();
        let message = Message::Ask(self.name.clone(), answer);
        self.desk.send(message).await.ok()?;
        answered.await.ok()
    }
}

/// Reads a source once and wraps what came.
pub(super) async fn attempt(
    name: Arc<str>,
    source: &mut dyn Source,
    ask: &Ask,
    clock: &Clock,
) -> Attempt {
    let started = clock.now();
    let began = monotonic();
    // What an earlier poll that was cut off has sent is not this attempt's.
    drop(source.transport().take_exchanges());
    let poll = AssertUnwindSafe(source.poll(ask)).catch_unwind();
    let outcome = match tokio::time::timeout(LONGEST_POLL, poll).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Outcome::failed(SourceError::new(
            ErrorKind::Schema,
            "what came could not be read; this is a fault of occtop, please report it",
        )),
        Err(_) => Outcome::failed(SourceError::new(
            ErrorKind::Timeout,
            "the poll was given up after 10 minutes of requests that each came through; \
             the vendor sends too many pages",
        )),
    };
    Attempt {
        source: name,
        started,
        took_ms: u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX),
        exchanges: source.transport().take_exchanges(),
        outcome,
    }
}
