//! A shop with two doors whose days are alike, to feed an estimator with.

use chrono::TimeDelta;
use occtop::model::Timestamp;
use occtop::model::occupancy::{Door, Estimator, Settings, Visit, ZeroRows};
use occtop::model::reading::Flow;
use occtop::model::store::Store;

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn flow(entered: u32, left: u32) -> Flow {
    Flow { entered, left }
}

/// A shop in UTC whose business day begins at 04:00.
pub struct Shop {
    pub estimator: Estimator,
    pub doors: Vec<Door>,
    pub span: TimeDelta,
}

impl Shop {
    pub fn new(doors: &[&str], span_min: i64) -> Self {
        Self::with(
            Settings::of(&Store::named("Ermou", chrono_tz::UTC)),
            doors,
            span_min,
        )
    }

    pub fn with(settings: Settings, doors: &[&str], span_min: i64) -> Self {
        let mut estimator = Estimator::new(settings);
        let doors = doors
            .iter()
            .map(|name| estimator.door(name, ZeroRows::Explicit))
            .collect();
        Self {
            estimator,
            doors,
            span: TimeDelta::minutes(span_min),
        }
    }

    /// Delivers one interval of one door.
    pub fn deliver(&mut self, door: usize, start: Timestamp, new: Flow) {
        self.observe(door, start, new, None, start + self.span);
    }

    pub fn observe(
        &mut self,
        door: usize,
        start: Timestamp,
        new: Flow,
        old: Option<Flow>,
        delivered: Timestamp,
    ) {
        let visit = Visit {
            start,
            span_s: u32::try_from(self.span.num_seconds()).unwrap(),
            flow: new,
        };
        self.estimator
            .observe(self.doors[door], visit, old, delivered);
    }

    /// Delivers `[from, to)` of all doors as they usually count.
    pub fn usual(&mut self, from: Timestamp, to: Timestamp) {
        self.counting(from, to, |_, start| usual(start));
    }

    /// Delivers `[from, to)` of all doors as `counts` says for a door and a start.
    pub fn counting(
        &mut self,
        from: Timestamp,
        to: Timestamp,
        counts: impl Fn(usize, Timestamp) -> Flow,
    ) {
        let mut start = from;
        while start < to {
            for door in 0..self.doors.len() {
                self.deliver(door, start, counts(door, start));
            }
            self.estimator.run();
            start += self.span;
        }
    }

    pub fn n(&self) -> f64 {
        self.estimator.estimate().unwrap().n
    }

    pub fn has(&self, flag: occtop::model::figure::Flag) -> bool {
        self.estimator.estimate().unwrap().quality.has(flag)
    }

    /// Whether a sentence holds all of these words.
    pub fn says(&self, words: &[&str]) -> bool {
        let why = self.estimator.why();
        why.iter()
            .any(|line| words.iter().all(|word| line.contains(word)))
    }
}

/// What a door of the shop usually counts in a quarter of an hour: open from 09:00 to 21:00, and
/// everybody stays for half an hour.
pub fn usual(start: Timestamp) -> Flow {
    use chrono::Timelike;
    let minute = start.hour() * 60 + start.minute();
    let entered = |minute: u32| if (540..1260).contains(&minute) { 20 } else { 0 };
    let left = minute.checked_sub(30).map_or(0, entered);
    flow(entered(minute), left)
}
