//! The only place that reads a clock.
//!
//! Everything else takes `now` as an argument, or a [`Clock`] where it must wait. A clock can run
//! faster than the wall (the demo) or stand still until it is moved (tests), so the same code
//! serves production, simulation and tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use crate::model::Timestamp;

/// A source of "now" and of waiting until an instant.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// The machine's clock, read anew each time so that suspend and clock steps are seen.
    System,
    /// Starts at `origin` and runs `speed` times faster than the wall, at most to `until`.
    Scaled {
        origin: Timestamp,
        began: tokio::time::Instant,
        speed: f64,
        until: Timestamp,
    },
    /// Stands still until [`Hand::set`] or [`Hand::advance`] moves it.
    Manual(Arc<Face>),
}

#[derive(Debug)]
struct Face {
    unix_ms: AtomicI64,
    moved: watch::Sender<()>,
    /// Who waits moves the clock to the instant waited for.
    leaps: bool,
}

/// Moves a manual clock.
#[derive(Clone, Debug)]
pub struct Hand(Arc<Face>);

impl Hand {
    /// Puts the clock at `to`, waking everyone whose instant has come.
    pub fn set(&self, to: Timestamp) {
        self.0
            .unix_ms
            .store(to.timestamp_millis(), Ordering::SeqCst);
        self.0.moved.send_replace(());
    }

    /// Moves the clock forward by `by`.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.0.unix_ms.fetch_add(by, Ordering::SeqCst);
        self.0.moved.send_replace(());
    }
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// A clock that reads `origin` now and runs `speed` times faster than the wall.
    #[must_use]
    pub fn scaled(origin: Timestamp, speed: f64) -> Self {
        Self::bounded(origin, speed, Timestamp::MAX_UTC)
    }

    /// As [`Clock::scaled`], but it stands still once it reads `until`: what lies behind is waited
    /// for in vain.
    #[must_use]
    pub fn bounded(origin: Timestamp, speed: f64, until: Timestamp) -> Self {
        Self(Kind::Scaled {
            origin,
            began: monotonic(),
            speed: speed.max(0.001),
            until,
        })
    }

    /// A clock that stands at `at` until its hand moves it.
    #[must_use]
    pub fn manual(at: Timestamp) -> (Self, Hand) {
        Self::by_hand(at, false)
    }

    /// A clock that stands at `at` until its hand moves it or somebody waits: then it leaps to
    /// the instant waited for, so that nobody really waits.
    #[must_use]
    pub fn leaping(at: Timestamp) -> (Self, Hand) {
        Self::by_hand(at, true)
    }

    fn by_hand(at: Timestamp, leaps: bool) -> (Self, Hand) {
        let face = Arc::new(Face {
            unix_ms: AtomicI64::new(at.timestamp_millis()),
            moved: watch::Sender::new(()),
            leaps,
        });
        (Self(Kind::Manual(face.clone())), Hand(face))
    }

    /// The present instant on this clock, with sub-second precision.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::System => system_now(),
            Kind::Scaled {
                origin,
                began,
                speed,
                until,
            } => {
                let real = monotonic().duration_since(*began);
                let passed = delta(real.mul_f64(*speed));
                origin
                    .checked_add_signed(passed)
                    .map_or(*until, |now| now.min(*until))
            }
            Kind::Manual(face) => {
                DateTime::from_timestamp_millis(face.unix_ms.load(Ordering::SeqCst))
                    .unwrap_or_default()
            }
        }
    }

    /// How many of this clock's seconds pass in one second of the wall.
    #[must_use]
    pub fn speed(&self) -> f64 {
        match &self.0 {
            Kind::Scaled { speed, .. } => *speed,
            Kind::System | Kind::Manual(_) => 1.0,
        }
    }

    /// Waits until this clock reads `until` or later.
    pub async fn sleep_until(&self, until: Timestamp) {
        let mut now = self.now();
        while now < until {
            now = self.nap(now, until).await;
        }
    }

    /// Waits until this clock reads `until` or later, or so much time as that is ahead of `from`
    /// has passed: when the clock is set back by hours meanwhile, the wait is not longer for it.
    pub async fn wait(&self, from: Timestamp, mut until: Timestamp) {
        let mut seen = from;
        let mut now = self.now();
        loop {
            until += (now - seen).min(TimeDelta::zero());
            if now >= until {
                return;
            }
            seen = now;
            now = self.nap(now, until).await;
        }
    }

    /// Sleeps for a while on the way from `now` to `until`, and gives the instant then. A sleep is
    /// cut into pieces so that a suspended machine or a stepped clock is noticed.
    async fn nap(&self, now: Timestamp, until: Timestamp) -> Timestamp {
        const LONGEST_NAP: Duration = Duration::from_secs(30);
        if matches!(self.0, Kind::Scaled { until, .. } if now >= until) {
            std::future::pending::<()>().await;
        }
        if let Kind::Manual(face) = &self.0 {
            if face.leaps {
                let until = until.timestamp_millis();
                face.unix_ms.fetch_max(until, Ordering::SeqCst);
                face.moved.send_replace(());
                return self.now();
            }
            let mut moved = face.moved.subscribe();
            // What was moved before this is no longer announced.
            if self.now() == now && moved.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
            return self.now();
        }
        let left = (until - now).to_std().unwrap_or_default();
        let real = left.div_f64(self.speed()).max(Duration::from_millis(1));
        tokio::time::sleep(real.min(LONGEST_NAP)).await;
        self.now()
    }
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

/// A point on the monotonic clock, for measuring how long a thing took.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this module is the clock")]
pub fn monotonic() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "this module is the clock")]
fn system_now() -> Timestamp {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_scaled_clock_runs_faster_than_the_wall() {
        let clock = Clock::scaled(at("2026-03-02T08:00:00Z"), 60.0);
        clock.sleep_until(at("2026-03-02T08:30:00Z")).await;
        let late = clock.now() - at("2026-03-02T08:30:00Z");
        assert!(late >= TimeDelta::zero() && late < TimeDelta::seconds(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_bounded_clock_stands_still_at_its_end() {
        let end = at("2026-03-02T09:00:00Z");
        let clock = Clock::bounded(at("2026-03-02T08:00:00Z"), 60.0, end);
        clock.sleep_until(end).await;
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert_eq!(clock.now(), end);
        let behind = clock.sleep_until(end + TimeDelta::seconds(1));
        assert!(
            tokio::time::timeout(Duration::from_secs(600), behind)
                .await
                .is_err()
        );
    }

    #[tokio::test]
    async fn a_leaping_clock_is_moved_by_who_waits_and_never_back() {
        let (clock, _hand) = Clock::leaping(at("2026-03-02T08:00:00Z"));
        clock.sleep_until(at("2026-03-02T09:00:00Z")).await;
        clock.sleep_until(at("2026-03-02T08:30:00Z")).await;
        assert_eq!(clock.now(), at("2026-03-02T09:00:00Z"));
    }

    #[tokio::test]
    async fn a_manual_clock_moves_only_by_its_hand() {
        let (clock, hand) = Clock::manual(at("2026-03-02T08:00:00Z"));
        let waiter = {
            let clock = clock.clone();
            tokio::spawn(async move { clock.sleep_until(at("2026-03-02T08:01:00Z")).await })
        };
        hand.advance(Duration::from_secs(30));
        assert_eq!(clock.now(), at("2026-03-02T08:00:30Z"));
        hand.set(at("2026-03-02T08:01:00Z"));
        waiter.await.unwrap();
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_makes_no_wait_longer() {
        let (from, until) = (at("2026-03-02T08:00:00Z"), at("2026-03-02T08:15:00Z"));
        let (clock, hand) = Clock::manual(from);
        let mut waiting = std::pin::pin!(clock.wait(from, until));
        for (moved, over) in [
            ("2026-03-02T08:05:00Z", false),
            // Ten minutes are left.
            ("2026-03-01T22:00:00Z", false),
            ("2026-03-01T22:09:59Z", false),
            ("2026-03-01T22:10:00Z", true),
        ] {
            hand.set(at(moved));
            let done = waiting.as_mut().now_or_never().is_some();
            assert_eq!(done, over, "{moved}");
        }
        // One that was set back before the wait began.
        hand.set(at("2026-03-01T10:00:00Z"));
        let mut waiting = std::pin::pin!(clock.wait(from, until));
        assert!(waiting.as_mut().now_or_never().is_none());
        hand.set(at("2026-03-01T10:15:00Z"));
        assert!(waiting.as_mut().now_or_never().is_some());
        // After a suspend the instant lies in the past.
        hand.set(at("2026-03-02T20:00:00Z"));
        clock.wait(from, until).await;
    }
}
