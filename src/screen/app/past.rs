//! Looking back: the picture of an instant of the past in place of the present.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta};

use super::{App, Frozen};
use crate::model::Timestamp;
use crate::model::board::Board;

/// One step back or forward, in seconds.
const STEP_S: i64 = 900;

impl App {
    /// The quarter hour before the shown or wanted instant.
    #[must_use]
    pub fn earlier(&self, now: Timestamp) -> Timestamp {
        quarter(self.looked_at(now) - TimeDelta::seconds(1))
    }

    /// The quarter hour after the shown or wanted instant; `None` where that is the present.
    #[must_use]
    pub fn later(&self, now: Timestamp) -> Option<Timestamp> {
        let later = quarter(self.looked_at(now)) + TimeDelta::seconds(STEP_S);
        Some(later).filter(|later| *later < now)
    }

    fn looked_at(&self, now: Timestamp) -> Timestamp {
        self.wanted.unwrap_or_else(|| self.shown_at(now))
    }

    /// Shows the present again. False when it was shown already.
    pub fn to_present(&mut self) -> bool {
        let looked_back = self.frozen.take().is_some();
        self.wanted.take().is_some() || looked_back
    }

    /// Shows the board of an instant of the past, if it is still wanted.
    pub fn show_past(&mut self, at: Timestamp, board: &Arc<Board>) {
        if self.wanted.is_none() {
            return;
        }
        let waiting = self.frozen.map_or(0, |frozen| frozen.waiting);
        self.frozen = Some(Frozen {
            at,
            waiting,
            past: true,
        });
        self.wanted = self.wanted.filter(|wanted| *wanted != at);
        self.judgement.refresh(board, at);
    }

    /// The instant of the past that is shown.
    #[must_use]
    pub fn past(&self) -> Option<Timestamp> {
        self.frozen
            .filter(|frozen| frozen.past)
            .map(|frozen| frozen.at)
    }
}

/// The beginning of a quarter hour.
fn quarter(at: Timestamp) -> Timestamp {
    let begins = at.timestamp().div_euclid(STEP_S) * STEP_S;
    DateTime::from_timestamp(begins, 0).unwrap_or(at)
}
