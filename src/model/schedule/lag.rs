//! Publish lag: how long after its end an interval becomes readable.
//!
//! Nobody tells when a vendor publishes. What a poll can tell is that the data was not there at
//! the poll before and is there now, so each observation is an interval. From the last few dozen
//! of them the most likely distribution is worked out (expectation maximisation over cells of a
//! quarter of a minute or so). An interval that spans everything, from a poll that simply found
//! the data, thereby weighs nothing against a narrow one.

use std::collections::VecDeque;
use std::ops::Range;

use chrono::TimeDelta;

use super::plan;

/// Observations before anything is believed.
pub(super) const ENOUGH: usize = 20;

/// Observations that are kept; the vendor's habits of last month do not matter.
const KEPT: usize = 64;

/// Observations that are enough to plan polls by.
const SOME: usize = 4;

/// How much less an observation weighs for planning than the one after it: plans are to follow
/// the vendor's habits of the last hours, while what is called late is to stay calm.
const FADING: f64 = 0.97;

const ROUNDS: usize = 25;

/// Cells are near by this part of the width of a distribution.
const NEAR: usize = 6;

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

/// The cells that a period is cut into: of a quarter of a minute for short ones, of half a minute
/// for long ones.
#[derive(Clone, Copy, Debug)]
struct Cells {
    count: u32,
    period_s: u32,
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
        let cells = Cells::of(period_s);
        let weights = self.likeliest(cells, 1.0);
        let at = |share| cells.end_s(quantile(&weights, share));
        Some(Quantiles {
            p50: at(0.50),
            p95: at(0.95),
            p99: at(0.99),
        })
    }

    /// The lags in seconds at which to ask for a batch, with at most so many requests on average;
    /// empty while too few were seen.
    pub(super) fn plan(&self, period_s: u32, most_polls: f64) -> Vec<u32> {
        if self.len() < SOME {
            return Vec::new();
        }
        let cells = Cells::of(period_s);
        let weights = self.likeliest(cells, FADING);
        let weights = smoothed(&weights);
        let polls = plan::polls(&weights, cells.length_s(), most_polls);
        polls.into_iter().map(|end| cells.end_s(end)).collect()
    }

    /// The share of each cell; an observation weighs `fading` times what the next one does.
    fn likeliest(&self, cells: Cells, fading: f64) -> Vec<f64> {
        let mut weight = 1.0;
        let mut seen: Vec<_> = Vec::new();
        for lag in self.0.iter().rev() {
            seen.push((cells.covered(*lag), weight));
            weight *= fading;
        }
        let count = f64::from(cells.count);
        let mut shares: Vec<f64> = (0..cells.count).map(|_| 1.0 / count).collect();
        for _ in 0..ROUNDS {
            shares = improved(&shares, &seen);
        }
        shares
    }
}

impl Cells {
    fn of(period_s: u32) -> Self {
        Self {
            count: (period_s / 30).clamp(60, 240),
            period_s: period_s.max(1),
        }
    }

    /// The cells that a lag may lie in. Boundaries are rounded, because a poll that is planned for
    /// the end of a cell is made, and answered, a little later.
    fn covered(self, (above, at_most): (u32, u32)) -> Range<usize> {
        let nearest = |seconds: u32| {
            let cell = u64::from(seconds) * u64::from(self.count) * 2 / u64::from(self.period_s);
            usize::try_from(cell.div_ceil(2)).unwrap_or(usize::MAX)
        };
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        let first = nearest(above).min(count - 1);
        first..nearest(at_most).clamp(first + 1, count)
    }

    /// The end of the cell before this boundary, in seconds.
    fn end_s(self, boundary: usize) -> u32 {
        let boundary = u64::try_from(boundary).unwrap_or(u64::MAX);
        let end = u64::from(self.period_s).saturating_mul(boundary) / u64::from(self.count);
        u32::try_from(end).unwrap_or(self.period_s)
    }

    fn length_s(self) -> f64 {
        f64::from(self.period_s) / f64::from(self.count)
    }
}

/// Half the length of a cell: polls that are closer than that tell nothing apart.
pub(super) fn blur(period_s: u32) -> TimeDelta {
    let cells = Cells::of(period_s);
    TimeDelta::milliseconds(i64::from(cells.period_s) * 500 / i64::from(cells.count))
}

/// One round: each observation is shared out over its cells by the shares so far.
fn improved(shares: &[f64], seen: &[(Range<usize>, f64)]) -> Vec<f64> {
    let mut before = vec![0.0];
    let mut sum = 0.0;
    for share in shares {
        sum += share;
        before.push(sum);
    }
    // What each cell gains over the cell to its left.
    let mut steps = vec![0.0; shares.len() + 1];
    for (cells, weight) in seen {
        // What can no longer be told from nothing weighs nothing.
        let total = (before[cells.end] - before[cells.start]).max(f64::MIN_POSITIVE);
        steps[cells.start] += weight / total;
        steps[cells.end] -= weight / total;
    }
    let mut factor = 0.0;
    let mut improved: Vec<f64> = (shares.iter().zip(steps))
        .map(|(share, step)| {
            factor += step;
            share * factor.max(0.0)
        })
        .collect();
    let sum: f64 = improved.iter().sum();
    for share in &mut improved {
        *share /= sum;
    }
    improved
}

/// The most likely distribution of a few observations has gaps that mean nothing; they are filled
/// from cells that are near by the measure of the whole.
fn smoothed(shares: &[f64]) -> Vec<f64> {
    let width = quantile(shares, 0.95) - quantile(shares, 0.05);
    let reach = width / NEAR;
    let mut smooth = vec![0.0; shares.len()];
    for (cell, share) in shares.iter().enumerate() {
        let near = cell.saturating_sub(reach)..(cell + reach + 1).min(shares.len());
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        let part = share / near.len() as f64;
        for cell in near {
            smooth[cell] += part;
        }
    }
    smooth
}

/// The end of the first cell by which `share` of all lags is over.
fn quantile(weights: &[f64], share: f64) -> usize {
    let mut sum = 0.0;
    let over = weights.iter().position(|weight| {
        sum += weight;
        sum >= share - 1e-9
    });
    over.map_or(weights.len(), |cell| cell + 1)
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
