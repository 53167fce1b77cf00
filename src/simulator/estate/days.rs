//! A small memory of store days, so that a day is computed once and not for every question.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;

use super::day::StoreDay;

type Key = (usize, NaiveDate);

/// The days asked for most recently.
#[derive(Debug)]
pub struct Days {
    limit: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    days: HashMap<Key, (Arc<StoreDay>, u64)>,
    questions: u64,
}

impl Days {
    /// A memory of at most `limit` days.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(2),
            kept: Mutex::default(),
        }
    }

    /// The day under `key`, computed when it is not remembered.
    pub fn get(&self, key: Key, compute: impl FnOnce() -> StoreDay) -> Arc<StoreDay> {
        if let Some(day) = self.recall(key) {
            return day;
        }
        // Computed outside the lock: two askers may both compute the same day, with one result.
        let day = Arc::new(compute());
        self.keep(key, &day);
        day
    }

    fn recall(&self, key: Key) -> Option<Arc<StoreDay>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.questions += 1;
        let question = kept.questions;
        let (day, last_asked) = kept.days.get_mut(&key)?;
        *last_asked = question;
        Some(day.clone())
    }

    fn keep(&self, key: Key, day: &Arc<StoreDay>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.days.len() >= self.limit {
            kept.forget_older_half();
        }
        let question = kept.questions;
        kept.days.insert(key, (day.clone(), question));
    }
}

impl Kept {
    /// Forgetting half at once keeps the cost of a question constant on average.
    fn forget_older_half(&mut self) {
        let mut asked: Vec<u64> = self.days.values().map(|(_, asked)| *asked).collect();
        asked.sort_unstable();
        let median = asked[asked.len() / 2];
        self.days.retain(|_, (_, asked)| *asked > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(site: usize) -> Key {
        (site, NaiveDate::default())
    }

    fn empty() -> StoreDay {
        StoreDay {
            start: chrono::DateTime::UNIX_EPOCH,
            crossings: Vec::new(),
        }
    }

    #[test]
    fn a_day_is_computed_once_and_the_oldest_are_forgotten() {
        let days = Days::new(4);
        for site in 0..4 {
            days.get(key(site), empty);
        }
        days.get(key(0), || panic!("remembered"));
        days.get(key(4), empty);
        days.get(key(0), || panic!("asked a moment ago"));
        let mut computed = false;
        days.get(key(1), || {
            computed = true;
            empty()
        });
        assert!(computed);
        assert!(days.kept.lock().unwrap().days.len() <= 4);
    }
}
