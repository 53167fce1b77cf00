//! Request limits of vendors: so many calls in any window of so many seconds.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;

use crate::model::Timestamp;

/// A sliding-window limit.
#[derive(Debug)]
pub struct Limit {
    calls: usize,
    window: TimeDelta,
    seen: Mutex<VecDeque<Timestamp>>,
}

impl Limit {
    /// At most `calls` calls in any `window_s` seconds.
    #[must_use]
    pub fn new(calls: usize, window_s: i64) -> Self {
        Self {
            calls,
            window: TimeDelta::seconds(window_s),
            seen: Mutex::default(),
        }
    }

    /// Counts a call.
    ///
    /// # Errors
    /// The seconds after which another call is let through, at least one, when this one is not.
    pub fn admit(&self, now: Timestamp) -> Result<(), u32> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // What lies ahead was counted before the clock was set back.
        seen.retain(|at| *at > now - self.window && *at <= now);
        if seen.len() < self.calls {
            seen.push_back(now);
            return Ok(());
        }
        let oldest = seen.front().copied().unwrap_or(now);
        let wait_ms = (oldest + self.window - now).num_milliseconds();
        Err(u32::try_from((wait_ms + 999) / 1000).unwrap_or(1).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_lets_so_many_through() {
        let limit = Limit::new(2, 30);
        let at = |second| Timestamp::UNIX_EPOCH + TimeDelta::seconds(second);
        assert_eq!(limit.admit(at(0)), Ok(()));
        assert_eq!(limit.admit(at(10)), Ok(()));
        assert_eq!(limit.admit(at(12)), Err(18));
        assert_eq!(limit.admit(at(30)), Ok(()));
        assert_eq!(limit.admit(at(31)), Err(9));
    }
}
