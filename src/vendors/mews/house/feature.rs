//! One optional figure of each hotel: when it is asked for, what is known, and why not.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::model::Timestamp;
use crate::model::attempt::SourceError;

use super::super::client::REFUSED_PAUSE;
use super::super::decode::Enterprise;
use super::super::refusal::{Reaction, Refusal};

/// One optional figure of each enterprise.
#[derive(Debug)]
pub(super) struct Feature<T> {
    /// What to call it in notes.
    what: &'static str,
    wanted: bool,
    every: TimeDelta,
    off: Option<Off>,
    known: BTreeMap<String, Known<T>>,
}

/// The operation is not for this token.
#[derive(Debug)]
struct Off {
    why: SourceError,
    /// When it is tried again.
    until: Timestamp,
}

#[derive(Debug)]
struct Known<T> {
    value: Option<T>,
    /// When the value was read.
    read: Timestamp,
    /// When it is asked for next.
    due: Timestamp,
    /// What the last answer did not tell.
    gap: Option<String>,
    /// Why there was no answer.
    failed: Option<String>,
}

/// An answer without a refusal.
#[derive(Debug)]
pub(super) struct Answer<T> {
    /// The figure.
    pub value: Option<T>,
    /// What it does not tell, and why.
    pub gap: Option<String>,
}

/// A figure that could not be read again for so many periods is no longer known.
const PERIODS: i32 = 5;
/// Enterprises asked for one figure in a poll; the others have their turn in the next.
const IN_A_POLL: usize = 10;
/// Rights and requests that are refused do not change from one minute to the next.
const REFUSED_FOR: TimeDelta = TimeDelta::days(1);
/// How much early at most.
const SLACK: TimeDelta = TimeDelta::seconds(5);
/// More gaps than this are not told one by one.
const GAPS_TOLD: usize = 3;

impl<T> Answer<T> {
    /// Nothing is told.
    pub(super) fn unknown(why: String) -> Self {
        Self {
            value: None,
            gap: Some(why),
        }
    }
}

impl<T: Copy> Feature<T> {
    pub(super) fn new(what: &'static str, wanted: bool, every: TimeDelta) -> Self {
        Self {
            what,
            wanted,
            every,
            off: None,
            known: BTreeMap::new(),
        }
    }

    /// What it is called, where it is wanted.
    pub(super) fn wanted_as(&self) -> Option<&'static str> {
        self.wanted.then_some(self.what)
    }

    /// The figure of an enterprise, unless it is too old.
    pub(super) fn value(&self, enterprise: &str, now: Timestamp) -> Option<T> {
        let known = self.known.get(enterprise)?;
        known
            .value
            .filter(|_| now - known.read < self.every * PERIODS)
    }

    /// Why the figure is switched off, and of which hotels it is not known.
    pub(super) fn notes(
        &self,
        hotels: &BTreeMap<String, Enterprise>,
        now: Timestamp,
    ) -> Vec<String> {
        let what = self.what;
        if let Some(Off { why, .. }) = &self.off {
            return vec![format!("{what} switched off: {why}")];
        }
        let gaps = self.known.iter().filter_map(|(id, known)| {
            let hotel = hotels.get(id)?.name.as_deref().unwrap_or(id);
            let failed = known.failed.as_ref();
            let failed = failed.filter(|_| self.value(id, now).is_none());
            Some(format!(
                "{what} of {hotel}: {}",
                failed.or(known.gap.as_ref())?
            ))
        });
        let mut gaps: Vec<_> = gaps.collect();
        let more = gaps.len().saturating_sub(GAPS_TOLD);
        gaps.truncate(GAPS_TOLD);
        gaps.extend((more > 0).then(|| format!("{what} of {more} more hotels: not known")));
        gaps
    }

    /// The enterprises whose turn it is, those that waited longest first.
    pub(super) fn due(&self, hotels: &BTreeMap<String, Enterprise>, now: Timestamp) -> Vec<String> {
        if !self.wanted || self.off.as_ref().is_some_and(|off| now < off.until) {
            return Vec::new();
        }
        let due_at = |id: &String| self.known.get(id).map(|known| known.due);
        let mut due: Vec<&String> = hotels
            .keys()
            .filter(|id| due_at(id).is_none_or(|at| at <= now))
            .collect();
        due.sort_by_key(|id| due_at(id));
        due.into_iter().take(IN_A_POLL).cloned().collect()
    }

    /// Takes over an answer; `false` when no more should be asked in this poll.
    ///
    /// # Errors
    /// What all calls of the token have to know.
    pub(super) fn take(
        &mut self,
        enterprise: &str,
        now: Timestamp,
        answer: Result<Answer<T>, Refusal>,
    ) -> Result<bool, SourceError> {
        // The next poll may come a little early.
        let every = self.every - (self.every / 20).min(SLACK);
        let known = self.known.entry(enterprise.to_owned());
        let known = known.or_insert(Known {
            value: None,
            read: now,
            due: now,
            gap: None,
            failed: None,
        });
        known.due = now + every;
        let refusal = match answer {
            Ok(answer) => {
                self.off = None;
                known.read = now;
                known.value = answer.value;
                known.gap = answer.gap;
                known.failed = None;
                return Ok(true);
            }
            Err(refusal) => refusal,
        };
        known.failed = Some(refusal.error.to_string());
        match refusal.reaction {
            Reaction::Throttle => Err(refusal.error),
            Reaction::Unauthorized | Reaction::Gone => {
                self.known.clear();
                self.off = Some(Off {
                    why: refusal.error,
                    until: now + REFUSED_FOR,
                });
                Ok(false)
            }
            // What is wrong about one hotel is no reason to doubt the others.
            Reaction::Stop => {
                (known.value, known.gap) = (None, None);
                known.due = now + REFUSED_FOR;
                Ok(true)
            }
            Reaction::Forbidden => {
                (known.value, known.gap) = (None, None);
                known.due = now + every.max(REFUSED_PAUSE);
                Ok(true)
            }
            Reaction::Unreachable => Ok(false),
            Reaction::Retry | Reaction::Less | Reaction::Fewer | Reaction::Again => Ok(true),
        }
    }
}
