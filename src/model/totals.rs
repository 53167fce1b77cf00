//! What several stores add up to.

use super::board::StoreRow;
use super::health::DataState;

/// Sums over stores. Stores without a live number are left out of the people inside, and counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Stores.
    pub stores: usize,
    /// Stores whose number is in the sum.
    pub counted: usize,
    /// People inside.
    pub inside: u64,
    /// People in today.
    pub entered: u64,
    /// People out today.
    pub left: u64,
    /// Sum of the squares of the bands' half-widths.
    variance: f64,
    /// Sum of the coverages of the stores that have one.
    coverage: f64,
    covered: usize,
}

impl Totals {
    /// Adds a store whose data is in `state`.
    pub fn add(&mut self, row: &StoreRow, state: DataState) {
        self.stores += 1;
        let gone = matches!(state, DataState::Dead | DataState::Unknown);
        if let Some(inside) = row.occupancy.as_ref().filter(|_| !gone) {
            let shown = inside.shown.value;
            let below = shown.saturating_sub(inside.low);
            let half = inside.high.saturating_sub(shown).max(below);
            self.counted += 1;
            self.inside = self.inside.saturating_add(shown.into());
            self.variance += f64::from(half).powi(2);
        }
        if let Some(today) = row.today {
            self.entered = self.entered.saturating_add(today.entered);
            self.left = self.left.saturating_add(today.left);
            self.coverage += today.coverage;
            self.covered += 1;
        }
    }

    /// Half-width of the band around the people inside. Stores err independently of each other, so
    /// their errors partly cancel: the squares add up, not the widths.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and a root is not negative"
    )]
    pub fn half(&self) -> u64 {
        self.variance.sqrt().round() as u64
    }

    /// Mean share of the day's data that has arrived; `None` without any.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "few stores")]
    pub fn coverage(&self) -> Option<f64> {
        (self.covered > 0).then(|| self.coverage / self.covered as f64)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Timestamp;
    use crate::model::board::{Occupancy, Origin, Today};
    use crate::model::evidence::Evidence;
    use crate::model::figure::{Figure, Quality};
    use crate::model::health::Expectation;
    use crate::model::store::Store;

    fn row(shown: u32, half: u32, coverage: f64) -> StoreRow {
        let epoch = Timestamp::UNIX_EPOCH;
        StoreRow {
            store: Arc::new(Store::named("Ermou", chrono_tz::UTC)),
            declared: true,
            members: Vec::new(),
            occupancy: Some(Occupancy {
                shown: Figure {
                    value: shown,
                    as_of: epoch,
                    fetched_at: epoch,
                    quality: Quality::GOOD,
                },
                low: shown.saturating_sub(half),
                high: shown + half,
                raw: 0,
                origin: Origin::Counted,
                why: Vec::new(),
            }),
            today: Some(Today {
                entered: 10,
                left: 7,
                since: epoch,
                coverage,
            }),
            day: Arc::default(),
            expectation: Expectation::silence(60),
            covered_to: None,
            confirmed: true,
            paused: false,
            peak: None,
            evidence: Evidence::default(),
            skew_s: 0,
        }
    }

    #[test]
    fn stores_without_a_live_number_are_left_out_and_counted() {
        let mut totals = Totals::default();
        assert_eq!((totals.half(), totals.coverage()), (0, None));
        totals.add(&row(40, 6, 1.0), DataState::Fresh);
        totals.add(&row(3, 8, 0.5), DataState::Stale);
        totals.add(&row(900, 90, 0.9), DataState::Dead);
        assert_eq!((totals.stores, totals.counted), (3, 2));
        assert_eq!((totals.inside, totals.half()), (43, 10));
        assert_eq!((totals.entered, totals.left), (30, 21));
        assert!((totals.coverage().unwrap() - 0.8).abs() < 1e-9);
    }
}
