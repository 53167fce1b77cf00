//! Publish lag: how long after its end an interval becomes readable.
//!
//! Nobody tells when a vendor publishes. What a poll can tell is that the data was not there at
//! the poll before and is there now, so each observation is an interval. From the last few dozen
//! of them the most likely distribution is worked out (expectation maximisation over cells of a
//! sixtieth of a period). An interval that spans everything, from a poll that simply found the
//! data, thereby weighs nothing against a narrow one.

use std::collections::VecDeque;

/// Observations before anything is believed.
pub(super) const ENOUGH: usize = 20;

/// Observations that are kept; the vendor's habits of last month do not matter.
const KEPT: usize = 64;

const CELLS: usize = 60;
const ROUNDS: usize = 40;

/// Publish lags seen, each as seconds `(more than, at most)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lags(VecDeque<(u32, u32)>);

/// The learned distribution in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quantiles {
    pub(super) p50: u32,
    pub(super) p95: u32,
    pub(super) p99: u32,
}

impl Lags {
    /// Takes note of a lag of more than `above` and at most `at_most` seconds.
    pub(super) fn push(&mut self, above: u32, at_most: u32) {
        if above >= at_most {
            return;
        }
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back((above, at_most));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The observations, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u32)> {
        self.0.iter().copied()
    }

    /// The most likely distribution of lags up to a period; `None` while too few were seen.
    pub(super) fn quantiles(&self, period_s: u32) -> Option<Quantiles> {
        if self.len() < ENOUGH {
            return None;
        }
        let covered: Vec<_> = self.iter().map(|lag| cells(lag, period_s)).collect();
        let mut weights = [1.0 / 60.0; CELLS];
        for _ in 0..ROUNDS {
            weights = improved(&weights, &covered);
        }
        let at = |share| quantile(&weights, share, period_s);
        Some(Quantiles {
            p50: at(0.50),
            p95: at(0.95),
            p99: at(0.99),
        })
    }
}

/// The cells that a lag may lie in.
fn cells((above, at_most): (u32, u32), period_s: u32) -> std::ops::Range<usize> {
    let period = u64::from(period_s.max(1));
    let cell = |seconds: u32| usize::try_from(u64::from(seconds) * 60 / period).unwrap_or(CELLS);
    let first = cell(above).min(CELLS - 1);
    // `at_most` belongs to the cell that it ends.
    let last = cell(at_most - 1).min(CELLS - 1);
    first..last + 1
}

/// One round: each observation is shared out over its cells by the weights so far.
fn improved(weights: &[f64; CELLS], covered: &[std::ops::Range<usize>]) -> [f64; CELLS] {
    let mut shares = [0.0; CELLS];
    for cells in covered {
        let total: f64 = weights[cells.clone()].iter().sum();
        for cell in cells.clone() {
            shares[cell] += weights[cell] / total;
        }
    }
    let sum: f64 = shares.iter().sum();
    shares.map(|share| share / sum)
}

/// The end of the first cell by which `share` of all lags is over.
fn quantile(weights: &[f64; CELLS], share: f64, period_s: u32) -> u32 {
    let mut sum = 0.0;
    for (cell, weight) in (1u32..).zip(weights) {
        sum += weight;
        if sum >= share - 1e-9 {
            let end = u64::from(period_s) * u64::from(cell) / 60;
            return u32::try_from(end).unwrap_or(period_s);
        }
    }
    period_s
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn learned(lags: impl IntoIterator<Item = (u32, u32)>) -> Option<Quantiles> {
        let mut all = Lags::default();
        for (above, at_most) in lags {
            all.push(above, at_most);
        }
        all.quantiles(900)
    }

    #[test]
    fn nineteen_are_not_enough() {
        assert_eq!(learned([(120, 180); 19]), None);
        assert!(learned([(120, 180); 20]).is_some());
    }

    #[test]
    fn narrow_observations_place_the_lag() {
        let quantiles = learned([(120, 180); 20]).unwrap();
        assert!((135..=180).contains(&quantiles.p50), "{quantiles:?}");
        assert!((165..=180).contains(&quantiles.p95), "{quantiles:?}");
        assert_eq!(quantiles.p99, 180);
    }

    #[test]
    fn wide_observations_weigh_nothing_against_narrow_ones() {
        let wide = [(0, 600); 16];
        let narrow = [(150, 165); 4];
        let quantiles = learned(wide.into_iter().chain(narrow)).unwrap();
        assert_eq!((quantiles.p50, quantiles.p95), (165, 165));
    }

    #[test]
    fn a_rare_long_lag_shows_in_the_tail_only() {
        let usual = [(105, 120); 30];
        let rare = [(480, 495)];
        let quantiles = learned(usual.into_iter().chain(rare)).unwrap();
        assert_eq!((quantiles.p50, quantiles.p95), (120, 120));
        assert_eq!(quantiles.p99, 495);
    }

    #[test]
    fn what_is_old_is_forgotten() {
        let old = [(585, 600); KEPT];
        let new = [(105, 120); KEPT];
        let quantiles = learned(old.into_iter().chain(new)).unwrap();
        assert_eq!(quantiles.p99, 120);
    }

    proptest! {
        #[test]
        fn quantiles_are_in_order_and_within_what_was_seen(
            lags in prop::collection::vec((0u32..1200, 1u32..600), 20..80),
        ) {
            let lags: Vec<_> = lags.into_iter().map(|(above, width)| (above, above + width)).collect();
            let seen = learned(lags.clone()).unwrap();
            prop_assert!(seen.p50 <= seen.p95 && seen.p95 <= seen.p99 && seen.p99 <= 900);
            let most = lags.iter().map(|lag| lag.1).max().unwrap();
            prop_assert!(seen.p99 <= most + 15, "{seen:?} of {most}");
        }
    }
}
