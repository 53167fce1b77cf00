//! A recording that is played on a clock of its own, for viewers as if it were live.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::recording::Recording;
use crate::clock::Clock;
use crate::history::HistoryError;
use crate::model::Timestamp;
use crate::model::board::Board;

/// A recording that plays. Dropping it stops it.
#[derive(Debug)]
pub struct Playback {
    boards: watch::Receiver<Arc<Board>>,
    task: JoinHandle<Result<(), HistoryError>>,
}

impl Playback {
    /// Plays a recording from where it stands until `until`; the last board stays.
    #[must_use]
    pub fn start(mut recording: Recording, clock: Clock, until: Timestamp) -> Self {
        let (publish, boards) = watch::channel(recording.board());
        let task = tokio::spawn(play(recording, clock, until, publish));
        Self { boards, task }
    }

    /// The newest board, and a way to wait for the next.
    #[must_use]
    pub fn boards(&self) -> watch::Receiver<Arc<Board>> {
        self.boards.clone()
    }

    /// Waits until the recording cannot be played on. One that is over is no failure.
    pub async fn failed(&mut self) -> HistoryError {
        match (&mut self.task).await {
            Ok(Err(error)) => error,
            Ok(Ok(())) => std::future::pending().await,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

impl Drop for Playback {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn play(
    mut recording: Recording,
    clock: Clock,
    until: Timestamp,
    publish: watch::Sender<Arc<Board>>,
) -> Result<(), HistoryError> {
    loop {
        let next;
        (recording, next) = aside(recording, move |recording| recording.next(until)).await?;
        clock.sleep_until(next.unwrap_or(until)).await;
        let now = clock.now().min(until);
        (recording, ()) = aside(recording, move |recording| recording.advance(now)).await?;
        publish.send_replace(recording.board());
        if now >= until {
            return Ok(());
        }
    }
}

/// Reads on a thread of its own kind: keys and frames do not wait for the disk.
async fn aside<T: Send + 'static>(
    mut recording: Recording,
    work: impl FnOnce(&mut Recording) -> Result<T, HistoryError> + Send + 'static,
) -> Result<(Recording, T), HistoryError> {
    let working = tokio::task::spawn_blocking(move || {
        let done = work(&mut recording)?;
        Ok((recording, done))
    });
    match working.await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The program ends.
        Err(_) => Err(HistoryError::Closed),
    }
}
