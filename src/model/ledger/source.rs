//! What the ledger knows of one source, and its row.

use super::plan::SourcePlan;
use super::spans::Spans;
use crate::model::Timestamp;
use crate::model::attempt::{Attempt, ErrorKind, SourceError};
use crate::model::board::{BEATS, Beat, Requests, SourceRow, heeded_skew_s};
use crate::model::health::{Expectation, FetchState, shifted};
use crate::model::incidents::Freshness;
use crate::model::schedule::Habit;

/// A difference of clocks that moves by so many seconds is the same.
const SKEW_JITTER_S: u64 = 3;

/// How a source's poll loop stands after an attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// How fetching goes, by the schedule.
    pub fetch: FetchState,
    /// When it will be asked next.
    pub next_poll: Option<Timestamp>,
    /// What is expected of its feeds, as learned so far.
    pub expectation: Expectation,
    /// Requests in the last hour.
    pub last_hour: u32,
    /// How it publishes, where that can be learned.
    pub habit: Option<Habit>,
}

/// One source as the ledger knows it.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub devices: usize,
    pub horizon: Option<Timestamp>,
    pub confirmed: bool,
    pub delivered: Spans,
    pub progress: Progress,
    pub last_attempt: Option<Timestamp>,
    pub last_success: Option<Timestamp>,
    pub took_ms: Option<u32>,
    pub last_poll: u32,
    pub rows: u32,
    pub rejected: u32,
    pub revised: u32,
    pub error: Option<SourceError>,
    pub notes: Vec<String>,
    pub beats: Vec<Beat>,
    pub clock_skew_s: Option<i64>,
    /// The difference of clocks by which its data is judged; 0 while they agree.
    pub heeded_skew_s: i64,
    pub freshness: Option<Freshness>,
    /// Since when every counter of it is known to have been watched.
    watched_from: Option<Timestamp>,
}

impl Source {
    pub fn new(plan: &SourcePlan) -> Self {
        let fetch = if plan.paused {
            FetchState::Paused
        } else {
            FetchState::Never
        };
        Self {
            devices: 0,
            horizon: None,
            confirmed: false,
            delivered: Spans::default(),
            progress: Progress {
                fetch,
                next_poll: None,
                expectation: plan.cadence.expectation,
                last_hour: 0,
                habit: None,
            },
            last_attempt: None,
            last_success: None,
            took_ms: None,
            last_poll: 0,
            rows: 0,
            rejected: 0,
            revised: 0,
            error: None,
            notes: Vec::new(),
            beats: Vec::new(),
            clock_skew_s: None,
            heeded_skew_s: 0,
            freshness: None,
            watched_from: None,
        }
    }

    /// When it was read last, by the vendor's clock: what has happened up to then is known.
    pub fn looked(&self) -> Option<Timestamp> {
        Some(shifted(self.last_success?, self.heeded_skew_s))
    }

    /// A device more.
    pub fn joined(&mut self) {
        self.devices += 1;
        self.watched_from = None;
    }

    /// Takes note that all counters have been watched since `from`; false where that is no news
    /// to any of them.
    pub fn watch(&mut self, from: Timestamp) -> bool {
        let news = self.watched_from.is_none_or(|known| from < known);
        if news {
            self.watched_from = Some(from);
        }
        news
    }

    /// Takes the outcome of an attempt, whose readings changed `news` values.
    pub fn attempted(&mut self, attempt: &Attempt, news: bool, revised: u32) {
        self.last_attempt = Some(attempt.started);
        self.took_ms = Some(attempt.took_ms);
        self.last_poll = u32::try_from(attempt.exchanges.len()).unwrap_or(u32::MAX);
        self.clock_skew_s = attempt.clock_skew_s().or(self.clock_skew_s);
        self.heed_clock();
        self.error.clone_from(&attempt.outcome.error);
        self.revised = revised;
        if let Some(delivery) = &attempt.outcome.delivery {
            self.last_success = Some(attempt.started);
            self.confirmed = true;
            self.rows = delivery.rows;
            self.rejected = delivery.rejected;
            self.notes.clone_from(&delivery.notes);
        } else {
            self.rows = 0;
            self.rejected = 0;
        }
        self.beat(Beat {
            at: attempt.started,
            failure: self.error.as_ref().map(|error| error.kind),
            news,
        });
    }

    /// Judges by the vendor's clock where it differs notably. Its `Date` has whole seconds, so that
    /// a difference that stays moves by one or two, which is no reason to make all rows anew.
    fn heed_clock(&mut self) {
        let skew = self.clock_skew_s.map_or(0, heeded_skew_s);
        if skew == 0 || skew.abs_diff(self.heeded_skew_s) > SKEW_JITTER_S {
            self.heeded_skew_s = skew;
        }
    }

    /// Adds an attempt to the heartbeat strip.
    pub fn beat(&mut self, beat: Beat) {
        self.beats.push(beat);
        if self.beats.len() > BEATS {
            self.beats.remove(0);
        }
    }

    /// Adds an error that the delivery itself did not have, keeping one that it had.
    pub fn blame(&mut self, error: SourceError) {
        if self.error.is_none() {
            self.error = Some(error);
            if let Some(beat) = self.beats.last_mut() {
                beat.failure = self.error.as_ref().map(|error| error.kind);
            }
        }
    }

    /// Takes note that it cannot be polled at all.
    pub fn misconfigured(&mut self, error: SourceError) {
        self.progress.fetch = FetchState::Misconfigured;
        self.error = Some(error);
    }

    /// How fetching goes. An error that the schedule does not know of shows too.
    pub fn fetch(&self) -> FetchState {
        match (&self.error, self.progress.fetch) {
            (Some(error), FetchState::Ok) => FetchState::after(error.kind, 1),
            (_, fetch) => fetch,
        }
    }

    /// Its row; `offline` while our own link is down and it needs it.
    pub fn row(&self, plan: &SourcePlan, offline: bool) -> SourceRow {
        // What the vendor said before the link went still holds.
        let offline = offline && (self.unreachable() || !self.fetch().is_failing());
        SourceRow {
            name: plan.name.clone(),
            vendor: plan.vendor.clone(),
            paused: plan.paused,
            fetch: if offline {
                FetchState::Offline
            } else {
                self.fetch()
            },
            expectation: self.progress.expectation,
            horizon: self.horizon,
            confirmed: self.confirmed,
            last_attempt: self.last_attempt,
            last_success: self.last_success,
            next_poll: self.progress.next_poll,
            took_ms: self.took_ms,
            requests: Requests {
                last_poll: self.last_poll,
                last_hour: self.progress.last_hour,
                limit_per_hour: plan.limit_per_hour,
            },
            devices: self.devices,
            rows: self.rows,
            rejected: self.rejected,
            revised: self.revised,
            error: self.error.clone(),
            notes: self.notes.clone(),
            beats: self.beats.clone(),
            clock_skew_s: self.clock_skew_s,
            freshness: self.freshness,
            habit: self.progress.habit,
        }
    }

    /// Whether an attempt has ended since the program started.
    pub fn was_asked(&self) -> bool {
        self.took_ms.is_some()
    }

    /// Whether it will not be asked before its settings change.
    pub fn is_given_up(&self) -> bool {
        self.progress.fetch == FetchState::Misconfigured && self.progress.next_poll.is_none()
    }

    /// The first of the last attempts in a row that could not reach its host, as far as they are
    /// remembered.
    pub fn lost_since(&self) -> Option<Timestamp> {
        let is_lost = |beat: &&Beat| {
            let lost = [ErrorKind::Network, ErrorKind::Timeout];
            beat.failure.is_some_and(|kind| lost.contains(&kind))
        };
        let lost = self.beats.iter().rev().take_while(is_lost).last();
        lost.map(|beat| beat.at)
    }

    /// Whether the last attempt could not reach its host at all.
    pub fn unreachable(&self) -> bool {
        self.error.as_ref().is_some_and(|error| {
            error.status.is_none() && matches!(error.kind, ErrorKind::Network | ErrorKind::Timeout)
        })
    }
}
