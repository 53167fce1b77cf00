//! When a vendor publishes: in batches on a grid, each a little after the end of its period.

use std::sync::atomic::{AtomicI64, Ordering};

use rand::RngExt;

use crate::model::Timestamp;
use crate::simulator::vendor::Vendor;

use super::estate::chance::{Subject, chance};
use super::estate::wall::floor_to;

/// The publication of one vendor.
#[derive(Debug)]
pub struct Publication {
    seed: u64,
    vendor: Vendor,
    period_s: i64,
    /// Shortest and longest usual delay in seconds.
    lag_s: (i64, i64),
    newest_s: AtomicI64,
}

impl Publication {
    /// Batches of `period_s` seconds that can be read `lag_s` seconds after their end.
    #[must_use]
    pub fn new(seed: u64, vendor: Vendor, period_s: i64, lag_s: (i64, i64)) -> Self {
        Self {
            seed,
            vendor,
            period_s,
            lag_s,
            newest_s: AtomicI64::new(i64::MIN),
        }
    }

    /// Up to where data can be read at `now` when publication is `late_s` seconds late. Except for
    /// a clock that is set back, it never falls: what was published stays published.
    #[must_use]
    pub fn horizon(&self, now: Timestamp, late_s: i64) -> Timestamp {
        let mut end = floor_to(now, self.period_s).timestamp();
        while end + self.lag_of(end) + late_s > now.timestamp() {
            end -= self.period_s;
        }
        let newest = self.newest_s.fetch_max(end, Ordering::SeqCst).max(end);
        let horizon = if newest > now.timestamp() {
            end
        } else {
            newest
        };
        Timestamp::from_timestamp(horizon, 0).unwrap_or(now)
    }

    /// The usual delay of the batch that ends at `end` seconds after 1970.
    fn lag_of(&self, end: i64) -> i64 {
        chance(self.seed, Subject::Publication, self.vendor as u64, end)
            .random_range(self.lag_s.0..=self.lag_s.1)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn quarters() -> Publication {
        Publication::new(1, Vendor::Bespot, 900, (60, 180))
    }

    #[test]
    fn a_batch_appears_after_its_lag() {
        let publication = quarters();
        assert_eq!(
            publication.horizon(at("2026-03-02T08:15:59Z"), 0),
            at("2026-03-02T08:00:00Z")
        );
        assert_eq!(
            publication.horizon(at("2026-03-02T08:18:01Z"), 0),
            at("2026-03-02T08:15:00Z")
        );
    }

    #[test]
    fn lateness_holds_back_what_is_new_but_unpublishes_nothing() {
        let publication = quarters();
        let published = at("2026-03-02T08:15:00Z");
        assert_eq!(
            publication.horizon(at("2026-03-02T08:20:00Z"), 0),
            published
        );
        assert_eq!(
            publication.horizon(at("2026-03-02T08:21:00Z"), 1800),
            published
        );
        assert_eq!(
            publication.horizon(at("2026-03-02T08:40:00Z"), 1800),
            published
        );
        let late = publication.horizon(at("2026-03-02T09:04:00Z"), 1800);
        assert_eq!(late, published + TimeDelta::minutes(15));
    }
}
