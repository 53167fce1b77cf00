//! The thread that owns the database. Work is sent to it and done in the order it was sent.

use std::sync::Mutex;
use std::thread::{self, JoinHandle};

use tokio::sync::{mpsc, oneshot};

use crate::model::Timestamp;

use super::database::{Database, Location, Opened};
use super::error::HistoryError;

/// Work that waits at most; a sender beyond that waits itself.
const QUEUE: usize = 64;

type Job = Box<dyn FnOnce(&mut Database) + Send>;

/// The thread. When the last handle goes it finishes its queue and puts the file in order.
pub(super) struct Worker {
    jobs: Option<mpsc::Sender<Message>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Message {
    Work(Job),
    Close(oneshot::Sender<Result<(), HistoryError>>),
}

impl Worker {
    /// Starts the thread and opens the history on it.
    pub async fn start(location: Location, now: Timestamp) -> Result<(Self, Opened), HistoryError> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (answer, opened) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("history".into())
            .spawn(move || match Database::open(&location, now) {
                Ok((database, opened)) => {
                    let _ = answer.send(Ok(opened));
                    run(database, queue);
                }
                Err(error) => {
                    let _ = answer.send(Err(error));
                }
            })
            .map_err(|error| {
                HistoryError::file("start the thread of", "history".as_ref(), error)
            })?;
        let opened = opened.await.map_err(|_| HistoryError::Closed)??;
        let worker = Self {
            jobs: Some(jobs),
            thread: Mutex::new(Some(thread)),
        };
        Ok((worker, opened))
    }

    /// Has some work done. It may be done twice: when the file turns out to be damaged, it is done
    /// again on a new one.
    pub async fn work<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Database) -> Result<T, HistoryError> + Send + 'static,
    ) -> Result<T, HistoryError> {
        let (answer, result) = oneshot::channel();
        self.send(Message::Work(Box::new(move |database| {
            // Whoever asked may have gone; the work counts all the same.
            let _ = answer.send(database.work(work));
        })))
        .await?;
        result.await.map_err(|_| HistoryError::Closed)?
    }

    /// Finishes the queue, puts the file in order and ends the thread.
    pub async fn close(&self) -> Result<(), HistoryError> {
        let (answer, closed) = oneshot::channel();
        self.send(Message::Close(answer)).await?;
        closed.await.map_err(|_| HistoryError::Closed)?
    }

    async fn send(&self, message: Message) -> Result<(), HistoryError> {
        let jobs = self.jobs.as_ref().ok_or(HistoryError::Closed)?;
        jobs.send(message).await.map_err(|_| HistoryError::Closed)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs = None;
        let thread = self.thread.get_mut().ok().and_then(Option::take);
        if let Some(thread) = thread {
            // A thread that panicked has said so on its own.
            let _ = thread.join();
        }
    }
}

fn run(mut database: Database, mut queue: mpsc::Receiver<Message>) {
    while let Some(message) = queue.blocking_recv() {
        match message {
            Message::Work(job) => job(&mut database),
            Message::Close(answer) => {
                let _ = answer.send(database.close());
                return;
            }
        }
    }
    if let Err(error) = database.close() {
        tracing::warn!(%error, "the history did not close cleanly");
    }
}
