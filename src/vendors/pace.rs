//! A brake on bursts: vendors limit requests per second or half minute, not only per hour.

use std::collections::VecDeque;

use chrono::TimeDelta;

use crate::clock::Clock;
use crate::model::Timestamp;

/// Lets at most so many requests pass in any window of time.
#[derive(Clone, Debug)]
pub struct Pace {
    most: usize,
    window: TimeDelta,
    passed: VecDeque<Timestamp>,
}

impl Pace {
    /// At most `most` requests (at least one) in any `window`.
    #[must_use]
    pub fn new(most: usize, window: TimeDelta) -> Self {
        Self {
            most: most.max(1),
            window,
            passed: VecDeque::new(),
        }
    }

    /// Waits until one more request may pass, and counts it. Never waits longer than the window.
    pub async fn pass(&mut self, clock: &Clock) {
        self.forget(clock.now());
        if self.passed.len() >= self.most
            && let Some(oldest) = self.passed.pop_front()
        {
            clock.sleep_until(oldest + self.window).await;
        }
        self.passed.push_back(clock.now());
    }

    fn forget(&mut self, now: Timestamp) {
        // What lies ahead comes from a clock that was set back; it must not hold anyone up.
        let window = self.window;
        self.passed.retain(|at| *at > now - window && *at <= now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_the_rest_waits() {
        let start = at("2026-03-02T08:00:00Z");
        let clock = Clock::scaled(start, 1.0);
        let mut pace = Pace::new(10, TimeDelta::seconds(2));
        let mut passed = Vec::new();
        for _ in 0..25 {
            pace.pass(&clock).await;
            passed.push((clock.now() - start).num_milliseconds());
        }
        assert!(passed[9] < 10, "{passed:?}");
        for window in passed.windows(11) {
            assert!(window[10] - window[0] >= 2000, "{passed:?}");
        }
        assert!(passed[24] < 4100, "{passed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_set_back_holds_nobody_up() {
        let (clock, hand) = Clock::manual(at("2026-03-02T08:00:00Z"));
        let mut pace = Pace::new(1, TimeDelta::seconds(2));
        pace.pass(&clock).await;
        hand.set(at("2026-03-02T07:00:00Z"));
        pace.pass(&clock).await;
    }
}
