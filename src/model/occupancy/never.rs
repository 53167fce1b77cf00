//! Stores that never empty: how many are inside when the day turns, read from how leavers vary
//! with the number inside.

use super::learned::Past;

const SLOPE_LEAST: f64 = 0.02;
const SLOPE_MOST: f64 = 1.0;

/// The number inside at the start and the end of a finished day, and the rate of leaving that it
/// was read with. `rate` is the one learned so far, 0 on the first day; the cells are scaled so
/// that entries equal exits.
pub(super) fn start(scaled: &[Past], rate: f64) -> Option<(f64, f64)> {
    if scaled.is_empty() {
        return None;
    }
    let (mut net, mut lowest) = (0.0_f64, 0.0_f64);
    let mut points = Vec::with_capacity(scaled.len());
    for past in scaled {
        let [entered, left] = past.count;
        points.push((net + entered, left));
        net += entered - left;
        lowest = lowest.min(net);
    }
    #[expect(clippy::cast_precision_loss, reason = "a day has at most 100 cells")]
    let cells = points.len() as f64;
    let mid = points.iter().map(|(mid, _)| mid).sum::<f64>() / cells;
    let out = points.iter().map(|(_, out)| out).sum::<f64>() / cells;
    let covariance: f64 = points.iter().map(|(m, o)| (m - mid) * o).sum();
    let variance: f64 = points.iter().map(|(m, _)| (m - mid) * (m - mid)).sum();
    if variance <= 0.0 {
        return None;
    }
    let slope = (covariance / variance).clamp(SLOPE_LEAST, SLOPE_MOST);
    let rate = if rate > 0.0 {
        0.8 * rate + 0.2 * slope
    } else {
        slope
    };
    Some(((out / rate - mid).max(-lowest).max(0.0), rate))
}

/// Variance of `n` people carried into a new day.
pub(super) fn variance(n: f64) -> f64 {
    4.0 + (0.3 * n) * (0.3 * n)
}
