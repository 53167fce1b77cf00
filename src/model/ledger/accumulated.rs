//! Growth of a quantity that only grows (an odometer, a document counter) since the day began.

use chrono::TimeDelta;

use crate::model::Timestamp;

/// Growth since the start of a day, measured from the last value at or before it, else from the
/// first value seen in the day. A value that falls, or leaps beyond belief, starts a new base: it
/// never counts as growth.
#[derive(Clone, Debug)]
pub struct Accumulated {
    /// A single step above this is not believed.
    leap: f64,
    day: Option<Timestamp>,
    /// Values since the newest one at or before the day's start, sorted by instant.
    values: Vec<(Timestamp, f64)>,
}

/// A step that is known only as a sum: nobody looked while it was made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The last look before it, or the day's start.
    pub from: Timestamp,
    /// The value after it.
    pub to: Timestamp,
    /// How much.
    pub amount: f64,
}

/// Growth of the running day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// How much.
    pub amount: f64,
    /// From when it is measured.
    pub since: Timestamp,
    /// The base is from the day's start or before, so nothing of the day is missing.
    pub whole: bool,
    /// A fall or a leap was left out.
    pub suspect: bool,
}

impl Accumulated {
    /// Nothing known yet; single steps above `leap` will not be believed.
    #[must_use]
    pub fn new(leap: f64) -> Self {
        Self {
            leap,
            day: None,
            values: Vec::new(),
        }
    }

    /// Moves on to the day that starts at `start`.
    pub fn begin(&mut self, start: Timestamp) {
        if self.day == Some(start) {
            return;
        }
        self.day = Some(start);
        let base = self.values.partition_point(|(at, _)| *at <= start);
        self.values.drain(..base.saturating_sub(1));
    }

    /// Takes note of a value, in any order. Values older than the base are of no use.
    pub fn observe(&mut self, at: Timestamp, value: f64) {
        match self.values.binary_search_by_key(&at, |(at, _)| *at) {
            Ok(known) => self.values[known].1 = value,
            Err(place) => {
                self.values.insert(place, (at, value));
                self.thin(place);
            }
        }
        if let Some(day) = self.day {
            let base = self.values.partition_point(|(at, _)| *at <= day);
            self.values.drain(..base.saturating_sub(1));
        }
    }

    /// The growth so far.
    #[must_use]
    pub fn growth(&self) -> Option<Growth> {
        let (since, _) = *self.values.first()?;
        let mut growth = Growth {
            amount: 0.0,
            since,
            whole: self.day.is_some_and(|day| since <= day),
            suspect: false,
        };
        for pair in self.values.windows(2) {
            let step = pair[1].1 - pair[0].1;
            if step < 0.0 || step > self.leap {
                growth.suspect = true;
            } else {
                growth.amount += step;
            }
        }
        Some(growth)
    }

    /// The steps of the day that nobody saw being made and that may belong to more than one of its
    /// hours. `unseen` are the holes between looks, oldest first.
    #[must_use]
    pub fn unseen(&self, unseen: &[(Timestamp, Timestamp)]) -> Vec<Step> {
        let Some(day) = self.day else {
            return Vec::new();
        };
        let step = |pair: &[(Timestamp, f64)]| {
            let ((before, from), (at, to)) = (pair[0], pair[1]);
            let hole = unseen
                .iter()
                .find(|(from, to)| (*from..*to).contains(&at))?;
            let from_instant = before.max(hole.0).max(day);
            let of_one_hour = self.hour(from_instant) == self.hour(at);
            let moved = (to - from).abs() > 0.0 && at > day;
            (moved && !of_one_hour).then_some(Step {
                from: from_instant,
                to: at,
                amount: if to - from > self.leap {
                    0.0
                } else {
                    (to - from).max(0.0)
                },
            })
        };
        self.values.windows(2).filter_map(step).collect()
    }

    fn hour(&self, at: Timestamp) -> Option<i64> {
        self.day
            .map(|day| (at - day).num_seconds().div_euclid(3600))
    }

    /// Growth per hour of the day so far, from its start; `None` for hours before the first value
    /// and for those that share an [unseen](Self::unseen) step.
    #[must_use]
    pub fn hours(&self, until: Timestamp, unseen: &[Step]) -> Vec<Option<f64>> {
        let Some(day) = self.day else {
            return Vec::new();
        };
        let Some((first, _)) = self.values.first() else {
            return Vec::new();
        };
        let hours = ((until - day).num_seconds().max(0) + 3599) / 3600;
        let hours = usize::try_from(hours.min(26)).unwrap_or_default();
        let mut grown = vec![None; hours];
        for (index, hour) in grown.iter_mut().enumerate() {
            let end = day + TimeDelta::hours(i64::try_from(index).unwrap_or_default() + 1);
            if *first < end {
                *hour = Some(0.0);
            }
        }
        for pair in self.values.windows(2) {
            let step = pair[1].1 - pair[0].1;
            let index = (pair[1].0 - day).num_seconds().div_euclid(3600);
            if let Some(Some(hour)) = usize::try_from(index).ok().and_then(|i| grown.get_mut(i))
                && step > 0.0
            {
                *hour += step;
            }
        }
        for step in unseen {
            let hours = [step.from, step.to].map(|at| {
                let hour = self.hour(at).unwrap_or_default();
                usize::try_from(hour).unwrap_or_default()
            });
            for hour in grown.iter_mut().take(hours[1] + 1).skip(hours[0]) {
                *hour = None;
            }
        }
        grown
    }

    /// Drops values that carry nothing: between two neighbours of the same hour that it lies
    /// between, a value changes neither the growth nor its hour. A day of a live tracker stays
    /// at two values an hour.
    fn thin(&mut self, place: usize) {
        for middle in [place + 1, place, place.saturating_sub(1)] {
            if middle > 0 && middle + 1 < self.values.len() && self.carries_nothing(middle) {
                self.values.remove(middle);
            }
        }
    }

    fn carries_nothing(&self, middle: usize) -> bool {
        let Some(day) = self.day else { return false };
        let [before, here, after] = [middle - 1, middle, middle + 1].map(|i| self.values[i]);
        before.0 > day
            && self.hour(before.0) == self.hour(after.0)
            && before.1 <= here.1
            && here.1 <= after.1
            && after.1 - before.1 <= self.leap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn day(values: &[(i64, f64)]) -> Accumulated {
        let mut day = Accumulated::new(1500.0);
        day.begin(at(0));
        for (minute, value) in values {
            day.observe(at(*minute), *value);
        }
        day
    }

    #[test]
    fn growth_is_measured_from_the_last_value_before_the_day() {
        let whole = day(&[(-300, 5.0), (-10, 10.0), (30, 12.5), (60, 14.0)])
            .growth()
            .unwrap();
        assert_eq!(
            (whole.amount, whole.since, whole.whole),
            (4.0, at(-10), true)
        );
        let part = day(&[(30, 12.5), (60, 14.0)]).growth().unwrap();
        assert_eq!((part.amount, part.since, part.whole), (1.5, at(30), false));
        assert!(day(&[]).growth().is_none());
    }

    #[test]
    fn a_fall_or_a_leap_starts_a_new_base() {
        let fallen = day(&[(-1, 100.0), (10, 110.0), (20, 3.0), (30, 5.0)])
            .growth()
            .unwrap();
        assert!(fallen.suspect);
        assert!((fallen.amount - 12.0).abs() < 1e-9);
        let leapt = day(&[(-1, 100.0), (10, 40_000.0), (20, 40_001.0)])
            .growth()
            .unwrap();
        assert!(leapt.suspect && (leapt.amount - 1.0).abs() < 1e-9);
    }

    #[test]
    fn order_of_arrival_does_not_matter() {
        let values = [
            (-10, 1.0),
            (-5, 2.0),
            (10, 4.0),
            (70, 4.0),
            (80, 4.0),
            (130, 9.0),
        ];
        let sorted = day(&values);
        let mut reversed = values;
        reversed.reverse();
        let reversed = day(&reversed);
        assert_eq!(sorted.growth(), reversed.growth());
        assert_eq!(
            sorted.hours(at(150), &[]),
            [Some(2.0), Some(0.0), Some(5.0)]
        );
    }

    #[test]
    fn what_grew_while_nobody_looked_belongs_to_no_single_hour() {
        let day = day(&[(-10, 1.0), (10, 4.0), (250, 41.0), (310, 43.0)]);
        // Nobody looked from 00:50 to 04:30.
        let unseen = day.unseen(&[(at(50), at(270))]);
        let step = Step {
            from: at(50),
            to: at(250),
            amount: 37.0,
        };
        assert_eq!(unseen, [step]);
        let hours = day.hours(at(330), &unseen);
        assert_eq!(hours, [None, None, None, None, None, Some(2.0)]);
        // The sum is known all the same.
        assert_eq!(
            day.growth().map(|growth| growth.amount.to_bits()),
            Some(42.0_f64.to_bits())
        );
    }

    #[test]
    fn a_short_hole_and_a_quiet_one_hide_nothing() {
        let day = day(&[(-10, 1.0), (10, 4.0), (55, 5.0), (130, 6.0)]);
        for hole in [(at(20), at(58)), (at(60), at(125)), (at(131), at(300))] {
            assert_eq!(day.unseen(&[hole]), []);
        }
        // From before midnight: the hours since midnight share the step.
        let overnight = day.unseen(&[(at(-60), at(10)), (at(5), at(56))]);
        assert_eq!(overnight, []);
        let overnight = day.unseen(&[(at(-60), at(131))]);
        assert_eq!(overnight.len(), 1);
        assert_eq!(overnight[0].from, at(55));
    }

    #[test]
    fn a_live_day_stays_small() {
        let values: Vec<_> = (1..1440)
            .map(|minute| (i64::from(minute), f64::from(minute) / 2.0))
            .collect();
        let day = day(&values);
        assert!(day.values.len() < 60, "{}", day.values.len());
        assert!((day.growth().unwrap().amount - 719.0).abs() < 1e-6);
    }

    #[test]
    fn a_new_day_keeps_the_base() {
        let mut day = day(&[(-10, 1.0), (10, 4.0), (60, 6.0)]);
        day.begin(at(100));
        assert_eq!(day.growth().unwrap().amount.to_bits(), 0.0_f64.to_bits());
        day.observe(at(110), 7.0);
        let growth = day.growth().unwrap();
        assert!((growth.amount - 1.0).abs() < 1e-9 && growth.whole);
    }
}
