//! One step of the estimate: a Kalman filter of two unknowns.
//!
//! The doors say how many people are inside (`n`), but each miscount stays in the sum. The usual
//! pace of leaving says it too (`m`): it cannot drift, but is off by however much longer or shorter
//! people stay today (`d`). In the morning the doors are fresh and teach today's pace; later the
//! pace holds the drifting doors.

/// Variance that one crossing adds, in persons squared.
const NOISE_PER_CROSSING: f64 = 0.4;
/// Share of the people inside who were missed in both directions, unknown to any sum.
const UNSEEN: f64 = 0.03;
/// Weight of the prior pace, in people.
const PRIOR_WEIGHT: f64 = 3.0;
/// Memory of the noise of the pace, in minutes.
const PACE_MEMORY_MIN: f64 = 120.0;
/// A crowd walks out when this many times the usual number leaves, and …
const CROWD_FACTOR: f64 = 2.0;
/// … this many people more.
const CROWD_MARGIN: f64 = 15.0;
/// For how long the doors alone are believed after a crowd, in minutes.
const CROWD_HOLD_MIN: f64 = 60.0;
/// Half-widths of the band in standard deviations: 90 of 100, and before the first learned day.
const QUANTILE: f64 = 1.645;
const QUANTILE_FIRST_DAY: f64 = 2.5;
/// Numerical floors of the variances.
const LEAST_P: f64 = 0.25;
const LEAST_V: f64 = 0.0001;

/// The estimate within a day; a plain value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Filter {
    /// People inside.
    pub n: f64,
    /// People inside by the usual pace alone.
    pub m: f64,
    /// Today's deviation of the pace: 0.08 when people stay 8 % longer.
    pub d: f64,
    /// Variance of `n`.
    pub p: f64,
    /// Variance of `d`.
    pub v: f64,
    /// Their covariance.
    pub c: f64,
    /// Minutes for which the pace stays paused after a crowd walked out.
    pub hold: f64,
    /// `n` before the filter and the floor of the last cell; may be negative.
    pub signed: f64,
}

/// What one cell needs to know about the store.
#[derive(Clone, Copy, Debug)]
pub struct Usual {
    /// Length of the cell in minutes.
    pub cell_min: f64,
    /// Usual stay in minutes.
    pub stay_min: f64,
    /// Decayed number of people who left in this slot.
    pub left: f64,
    /// Decayed number of people who could have left in this slot.
    pub base: f64,
    /// Square of the usual relative error of the pace.
    pub rho2: f64,
    /// Log of exits per entry when the truth is 1.
    pub bias: f64,
    /// No day has been learned yet.
    pub first_day: bool,
}

/// The counts of one cell over all doors, after filling.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Crossings {
    /// People in.
    pub entered: f64,
    /// People out.
    pub left: f64,
    /// Variance added by filled counts.
    pub variance: f64,
}

/// By how much one cell changed `n`, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moved {
    /// By scaling up the direction that counts fewer.
    pub ratio: f64,
    /// By the filter.
    pub pace: f64,
    /// By the floor at zero.
    pub floor: f64,
    /// A crowd walked out in this cell.
    pub crowd: bool,
}

/// Factors for entries and exits: the direction that counts fewer is scaled up, because counters
/// miss people far more often than they invent them, and too many inside is the safe side.
#[must_use]
pub fn gains(bias: f64) -> (f64, f64) {
    if bias > 0.0 {
        (bias.exp(), 1.0)
    } else {
        (1.0, (-bias).exp())
    }
}

impl Filter {
    /// An empty store at its reset.
    #[must_use]
    pub fn empty(rho2: f64) -> Self {
        Self::holding(0.0, 4.0, rho2)
    }

    /// A store that starts its day with `n` people, of variance `p`.
    #[must_use]
    pub fn holding(n: f64, p: f64, rho2: f64) -> Self {
        Self {
            n,
            m: n,
            d: 0.0,
            p,
            v: rho2,
            c: 0.0,
            hold: 0.0,
            signed: n,
        }
    }

    /// Somebody has counted the people inside.
    pub fn set(&mut self, people: f64) {
        self.n = people;
        self.signed = people;
        self.m = people / (1.0 + self.d);
        self.p = 1.0;
        self.c = 0.0;
    }

    /// Runs one cell.
    pub fn step(&mut self, cell: Crossings, usual: &Usual) -> Moved {
        let (gi, go) = gains(usual.bias);
        let (a, z) = (gi * cell.entered, go * cell.left);
        self.n += a - z;
        self.signed = self.n;
        self.p += NOISE_PER_CROSSING * (cell.entered + cell.left) + cell.variance;
        self.v += usual.rho2 * usual.cell_min / 1440.0;

        let leavers = usual.share(self.m, a) * (self.m + a);
        let crowd = z > CROWD_FACTOR * leavers + CROWD_MARGIN;
        if crowd {
            self.m = self.n.max(0.0) / (1.0 + self.d);
            self.hold = CROWD_HOLD_MIN;
        } else {
            self.m += a - leavers;
            self.hold = (self.hold - usual.cell_min).max(0.0);
        }
        let pace = if self.hold == 0.0 {
            self.agree(usual.cell_min)
        } else {
            0.0
        };
        let before = self.n;
        self.n = self.n.max(0.0);
        self.p = self.p.max(LEAST_P);
        self.v = self.v.max(LEAST_V);
        Moved {
            ratio: (a - z) - (cell.entered - cell.left),
            pace,
            floor: self.n - before,
            crowd,
        }
    }

    /// `n` and `m (1 + d)` are the same people: corrects both, and gives the change of `n`.
    fn agree(&mut self, cell_min: f64) -> f64 {
        let noise = (self.m / 2.0 + 1.0) * (PACE_MEMORY_MIN / cell_min).max(1.0);
        let with_n = self.p - self.m * self.c;
        let with_d = self.c - self.m * self.v;
        let total = with_n - self.m * with_d + noise;
        let gap = self.m * (1.0 + self.d) - self.n;
        let pace = with_n / total * gap;
        self.n += pace;
        self.d = (self.d + with_d / total * gap).clamp(-0.7, 1.0);
        self.p -= with_n * with_n / total;
        self.c -= with_n * with_d / total;
        self.v -= with_d * with_d / total;
        pace
    }

    /// Half-width of the band that should hold 90 of 100 estimates. It contains what the counts
    /// cannot show: people missed in both directions, and not knowing which direction is wrong.
    #[must_use]
    pub fn half(&self, bias: f64, first_day: bool) -> f64 {
        let quantile = if first_day {
            QUANTILE_FIRST_DAY
        } else {
            QUANTILE
        };
        let unseen = (UNSEEN * UNSEEN + (bias / 4.0) * (bias / 4.0)) * self.n * self.n;
        quantile * (self.p + unseen).sqrt()
    }
}

impl Usual {
    /// Share of `inside` people and `entered` newcomers who usually leave in this cell. Where
    /// little is known, an exponential stay of the usual length stands in.
    fn share(&self, inside: f64, entered: f64) -> f64 {
        let x = self.cell_min / self.stay_min;
        let all = inside + entered;
        let remain = inside * (-x).exp() + entered * (1.0 - (-x).exp()) / x;
        let prior = if all > 0.0 { 1.0 - remain / all } else { 0.0 };
        ((self.left + PRIOR_WEIGHT * prior) / (self.base + PRIOR_WEIGHT)).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual(left: f64, base: f64) -> Usual {
        Usual {
            cell_min: 15.0,
            stay_min: 30.0,
            left,
            base,
            rho2: 0.04,
            bias: 0.0,
            first_day: false,
        }
    }

    fn crossings(entered: f64, left: f64) -> Crossings {
        Crossings {
            entered,
            left,
            variance: 0.0,
        }
    }

    #[test]
    fn the_direction_that_counts_fewer_is_scaled_up() {
        assert_eq!(gains(0.0), (1.0, 1.0));
        let (gi, go) = gains(0.1);
        assert!(gi > 1.1 && (go - 1.0).abs() < 1e-9);
        let (gi, go) = gains(-0.1);
        assert!(go > 1.1 && (gi - 1.0).abs() < 1e-9);
    }

    #[test]
    fn nobody_leaves_an_empty_store() {
        let mut filter = Filter::empty(0.04);
        let moved = filter.step(crossings(0.0, 0.0), &usual(0.0, 0.0));
        assert_eq!((filter.n, filter.m, moved.pace), (0.0, 0.0, 0.0));
    }

    #[test]
    fn a_count_by_hand_narrows_the_band() {
        let mut filter = Filter::holding(80.0, 90.0, 0.04);
        let wide = filter.half(0.0, false);
        filter.set(60.0);
        assert_eq!((filter.n, filter.m), (60.0, 60.0));
        assert!(filter.half(0.0, false) < wide / 2.0);
    }

    #[test]
    fn more_exits_than_people_end_at_zero_and_stay_known() {
        let mut filter = Filter::holding(3.0, 4.0, 0.04);
        let moved = filter.step(crossings(0.0, 10.0), &usual(0.0, 0.0));
        assert!(filter.n.abs() < 1e-9);
        assert!((filter.signed + 7.0).abs() < 1e-9);
        assert!((3.0 - 10.0 + moved.ratio + moved.pace + moved.floor).abs() < 1e-9);
    }
}
