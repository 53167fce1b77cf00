//! Looking back: brings the screen the boards of the past that it asks for, from history.

use std::path::PathBuf;
use std::sync::Arc;

use chrono_tz::Tz;
use color_eyre::eyre::{Report, Result};
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::config::Config;
use crate::engine::{self, Recording};
use crate::history::{History, HistoryError, Reader};
use crate::model::Timestamp;
use crate::model::board::Board;
use crate::model::calendar::next_day_start;
use crate::model::store::Store;
use crate::model::usual::running_day;
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

/// What the screen wishes to know of the past.
pub struct Wishes {
    look_back: watch::Sender<Option<Timestamp>>,
    compare: watch::Sender<bool>,
}

/// The other ends.
pub struct Heard {
    look_back: watch::Receiver<Option<Timestamp>>,
    compare: watch::Receiver<bool>,
}

impl Wishes {
    /// No wish yet, and the ends that hear of wishes.
    #[must_use]
    pub fn new() -> (Self, Heard) {
        let (look_back, looks) = watch::channel(None);
        let (compare, compares) = watch::channel(false);
        let heard = Heard {
            look_back: looks,
            compare: compares,
        };
        (Self { look_back, compare }, heard)
    }

    /// The board of an instant; the newest wish counts.
    pub fn look_back(&self, at: Timestamp) {
        self.look_back.send_replace(Some(at));
    }

    /// What is usual, from now on.
    pub fn compare(&self) {
        self.compare.send_replace(true);
    }
}

/// The boards of the present, and its clock.
type Present = (watch::Receiver<Arc<Board>>, Clock);

impl Past {
    /// Answers wishes until nobody wishes any more.
    pub async fn serve(self, heard: Heard, present: Present, answers: mpsc::Sender<Answer>) {
        tokio::join!(
            self.answer(heard.look_back, &answers),
            self.compare(heard.compare, present, &answers),
        );
    }

    async fn answer(
        &self,
        mut wishes: watch::Receiver<Option<Timestamp>>,
        answers: &mpsc::Sender<Answer>,
    ) {
        while wishes.changed().await.is_ok() {
            let Some(at) = *wishes.borrow_and_update() else {
                continue;
            };
            let answer = self.board(at).await.unwrap_or_else(|error| failed(&error));
            if answers.send(answer).await.is_err() {
                return;
            }
        }
    }

    /// Once wished for, tells what is usual, and again for every day that begins anywhere and
    /// when another store or device appears.
    async fn compare(
        &self,
        mut wish: watch::Receiver<bool>,
        (mut boards, clock): Present,
        answers: &mpsc::Sender<Answer>,
    ) {
        if wish.wait_for(|wished| *wished).await.is_err() {
            return;
        }
        loop {
            let board = boards.borrow_and_update().clone();
            let known = (board.stores.len(), board.devices.len());
            let ends = day_ends(&board, self.zone, clock.now());
            let answer = self.usual(board, clock.now()).await;
            let answer = answer.unwrap_or_else(|error| failed(&error));
            if answers.send(answer).await.is_err() {
                return;
            }
            tokio::select! {
                () = clock.sleep_until(ends) => {}
                changed = boards.wait_for(|board| (board.stores.len(), board.devices.len()) != known) => {
                    if changed.is_err() {
                        return;
                    }
                }
            }
        }
    }

    async fn usual(&self, board: Arc<Board>, now: Timestamp) -> Result<Answer, HistoryError> {
        let reader = self.shelf.reader().await?;
        let (config, zone) = (self.config.clone(), self.zone);
        apart(move || {
            let usual = engine::usual(&reader, &config, zone, &board, now)?;
            Ok(Answer::Usual(Arc::new(usual)))
        })
        .await
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

fn failed(error: &HistoryError) -> Answer {
    tracing::warn!(%error, "the past could not be read");
    Answer::Failed(format!("the past could not be read: {error}"))
}

/// When the next business day of any store or device begins.
fn day_ends(board: &Board, home: Tz, now: Timestamp) -> Timestamp {
    let ends = |day: &Store| next_day_start(day.timezone, day.reset, now);
    let stores = board.stores.iter().map(|row| ends(&row.store));
    let devices = board.devices.values();
    let devices = devices.map(|row| ends(&running_day(row, home)));
    stores.chain(devices).min().unwrap_or(Timestamp::MAX_UTC)
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
