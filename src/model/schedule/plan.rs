//! At which lags to ask for a batch, given how its lag is spread.
//!
//! An early poll may find nothing, a late one leaves people looking at an older number than there
//! is. Each request has a price in seconds of age; the cheapest way through the spread is found
//! by working forward over its cells. The price rises from what a request is worth at least until
//! no more requests are expected than are wanted.

/// A request must make a batch younger by so many seconds on average, or it is not made.
const LEAST_PRICE: f64 = 6.0;

/// A request that makes a batch younger by this share of a period is made in any case; how many
/// are made is a wish, and keeping to it must not cost more than it is worth.
const HIGHEST_PRICE: f64 = 0.18;

/// A share of batches that is left to repeats instead of planned polls.
const TAIL: f64 = 0.02;

/// The cells at whose ends to ask, in order, for batches of which a share of `weights[n]` becomes
/// readable within cell `n` of `cell_s` seconds; on average at most `most_polls` of the polls are
/// made, as far as one is enough.
pub(super) fn polls(weights: &[f64], cell_s: f64, most_polls: f64) -> Vec<usize> {
    let spread = Spread::of(weights);
    let most_polls = most_polls.max(1.0 + TAIL);
    let period_s = cell_s * f64::from(u32::try_from(weights.len()).unwrap_or(u32::MAX));
    let highest = (period_s * HIGHEST_PRICE).max(LEAST_PRICE);
    let mut price = LEAST_PRICE;
    loop {
        let path = spread.cheapest(price / cell_s);
        if price >= highest || spread.expected(&path) <= most_polls {
            return path;
        }
        price = (price * 1.5).min(highest);
    }
}

/// Sums over the cells before each boundary.
struct Spread {
    /// The share that is readable.
    share: Vec<f64>,
    /// The sum of the instants at which it became so, in cells.
    instants: Vec<f64>,
    /// The boundary by which all but the tail is readable.
    end: usize,
}

impl Spread {
    fn of(weights: &[f64]) -> Self {
        let (mut share, mut instants) = (vec![0.0], vec![0.0]);
        let (mut sum, mut moment, mut middle) = (0.0, 0.0, 0.5);
        for weight in weights {
            sum += weight;
            moment += weight * middle;
            middle += 1.0;
            share.push(sum);
            instants.push(moment);
        }
        let end = share.iter().position(|share| *share >= 1.0 - TAIL);
        Self {
            end: end.unwrap_or(weights.len()),
            share,
            instants,
        }
    }

    /// The boundaries to ask at, at so many cells per request.
    fn cheapest(&self, price: f64) -> Vec<usize> {
        let mut costs = vec![0.0];
        let mut before = vec![0];
        let mut position = 0.0;
        for boundary in 1..=self.end {
            position += 1.0;
            let cost = |from: usize| {
                let found = self.share[boundary] - self.share[from];
                let waited = found * position - (self.instants[boundary] - self.instants[from]);
                costs[from] + (1.0 - self.share[from]) * price + waited
            };
            let best = (0..boundary).min_by(|a, b| cost(*a).total_cmp(&cost(*b)));
            let best = best.unwrap_or(0);
            costs.push(cost(best));
            before.push(best);
        }
        let mut path = Vec::new();
        let mut boundary = self.end;
        while boundary > 0 {
            path.push(boundary);
            boundary = before[boundary];
        }
        path.reverse();
        path
    }

    /// How many polls of a path are made on average.
    fn expected(&self, path: &[usize]) -> f64 {
        let before = path.iter().rev().skip(1);
        1.0 + before.map(|poll| 1.0 - self.share[*poll]).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Equal shares over some of sixty cells of 15 s.
    fn even(cells: std::ops::Range<usize>) -> Vec<f64> {
        let share = 1.0 / f64::from(u32::try_from(cells.len()).unwrap());
        (0..60)
            .map(|cell| if cells.contains(&cell) { share } else { 0.0 })
            .collect()
    }

    #[test]
    fn a_known_lag_costs_one_poll() {
        assert_eq!(polls(&even(11..12), 15.0, 1.3), [12]);
    }

    #[test]
    fn two_usual_lags_cost_a_poll_each() {
        let mut weights = even(5..6);
        weights[5] = 0.8;
        weights[27] = 0.2;
        assert_eq!(polls(&weights, 15.0, 1.3), [6, 28]);
        // A wish for fewer requests does not make most batches wait for the rare late one.
        assert_eq!(polls(&weights, 15.0, 1.0), [6, 28]);
        // Where the late ones are nearly all, looking for the early ones is not worth it.
        weights[5] = 0.1;
        weights[27] = 0.9;
        assert_eq!(polls(&weights, 15.0, 1.0), [28]);
    }

    #[test]
    fn more_requests_are_spent_on_a_wider_spread_up_to_what_is_wanted() {
        let table = [(1.3, 2), (1.5, 3), (2.1, 4), (6.0, 8)];
        for (most, count) in table {
            let path = polls(&even(0..16), 15.0, most);
            assert_eq!(path.len(), count, "{most} {path:?}");
            assert_eq!(path.last(), Some(&16));
            assert!(Spread::of(&even(0..16)).expected(&path) <= most + TAIL);
        }
    }

    #[test]
    fn a_rare_lag_is_left_to_repeats() {
        let mut weights = even(5..6);
        weights[5] = 0.99;
        weights[27] = 0.01;
        assert_eq!(polls(&weights, 15.0, 1.3), [6]);
    }
}
