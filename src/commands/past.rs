//! Looking back: brings the screen the boards of the past that it asks for, from history.

use std::path::PathBuf;

use chrono_tz::Tz;
use color_eyre::eyre::{Report, Result};
use tokio::sync::{mpsc, watch};

use crate::config::Config;
use crate::engine::Recording;
use crate::history::{History, HistoryError, Reader};
use crate::model::Timestamp;
use crate::screen::Answer;

/// Where the past is read.
#[derive(Clone)]
pub(super) enum Shelf {
    /// A history that this process writes meanwhile.
    Written(History),
    /// A file that is only read.
    Kept(PathBuf),
}

impl Shelf {
    async fn reader(&self) -> Result<Reader, HistoryError> {
        match self {
            Self::Written(history) => history.reader().await,
            Self::Kept(path) => {
                let path = path.clone();
                apart(move || Reader::open(&path)).await
            }
        }
    }
}

/// What boards of the past are made from.
#[derive(Clone)]
pub(super) struct Past {
    pub config: Config,
    pub zone: Tz,
    pub shelf: Shelf,
}

impl Past {
    /// Answers the newest wish, until nobody wishes any more.
    pub async fn answer(
        self,
        mut wishes: watch::Receiver<Option<Timestamp>>,
        answers: mpsc::Sender<Answer>,
    ) {
        while wishes.changed().await.is_ok() {
            let Some(at) = *wishes.borrow_and_update() else {
                continue;
            };
            let answer = self.board(at).await.unwrap_or_else(|error| {
                tracing::warn!(%error, %at, "the past could not be read");
                Answer::Failed(format!("the past could not be read: {error}"))
            });
            if answers.send(answer).await.is_err() {
                return;
            }
        }
    }

    async fn board(&self, at: Timestamp) -> Result<Answer, HistoryError> {
        let reader = self.shelf.reader().await?;
        let (config, zone) = (self.config.clone(), self.zone);
        apart(move || {
            let begins = reader.polled()?.map(|(first, _)| first);
            if begins.is_none_or(|begins| at < begins) {
                return Ok(Answer::NoPast { begins });
            }
            let board = Recording::open(reader, &config, zone, at)?.board();
            Ok(Answer::Past { at, board })
        })
        .await
    }
}

/// Works on a thread of its own kind: keys, frames and polls do not wait for the disk.
pub(super) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HistoryError> + Send + 'static,
) -> Result<T, HistoryError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The program ends.
        Err(_) => Err(HistoryError::Closed),
    }
}

/// The report for a past that cannot be read.
pub(super) fn unreadable(error: HistoryError) -> Report {
    Report::new(error).wrap_err("reading the history")
}
