//! What a store has learned from its finished days, and how a day is learned at the reset.

use crate::model::Timestamp;

use super::filter::gains;
use super::silent::Ways;

/// Good days whose ratio is kept.
pub(super) const LEDGER: usize = 7;
/// From this many on, a change of the counters can be told from chance.
const LEDGER_JUDGED: usize = 5;
/// A change must be larger than this over the root of the crossings.
const CHANGE: f64 = 3.0;
/// What a day weighs beside the next one.
const DECAY: f32 = 0.9;
/// Starting value of the squared relative error of the pace.
pub(super) const RHO2_START: f64 = 0.25;
const RHO2_LEAST: f64 = 0.0025;
const RHO2_MOST: f64 = 1.0;
/// Only cells with more people than this tell how good the pace is.
const PACE_JUDGED: f64 = 5.0;

/// What is learned; changes only at the reset. Tables have one entry per slot.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Learned {
    /// Log of exits per entry of the last good days, oldest first.
    pub ledger: Vec<f64>,
    /// Median of the ledger: what the counters show when the truth is 1.
    pub bias: f64,
    /// Decayed sum of people who left in a slot.
    pub left: Vec<f32>,
    /// Decayed sum of people who could have left in a slot.
    pub base: Vec<f32>,
    /// Square of the usual relative error of the pace.
    pub rho2: f64,
    /// Expected counts, by door.
    pub doors: Vec<[Expected; 2]>,
    /// Good days learned.
    pub days: u32,
    /// Leavers per person inside and cell, for stores that never empty; 0 until learned.
    pub rate: f64,
    /// The day after which the ledger was started anew because the counters changed.
    pub changed: Option<Timestamp>,
}

/// Decayed counts of one door and direction by slot.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Expected {
    total: Vec<f32>,
    weight: Vec<f32>,
}

/// One cell of a finished day.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Past {
    pub slot: usize,
    /// In and out over all doors, after filling.
    pub count: Ways,
    /// The live pace occupancy at the end of the cell.
    pub m: f64,
}

impl Default for Learned {
    fn default() -> Self {
        Self {
            ledger: Vec::new(),
            bias: 0.0,
            left: Vec::new(),
            base: Vec::new(),
            rho2: RHO2_START,
            doors: Vec::new(),
            days: 0,
            rate: 0.0,
            changed: None,
        }
    }
}

impl Learned {
    /// Forgets what depends on the length of a cell.
    pub fn forget_slots(&mut self) {
        self.left.clear();
        self.base.clear();
        self.doors.clear();
    }

    /// Takes in a day's log ratio. `true` when it shows that the counters were changed.
    pub fn learn_ratio(&mut self, y: f64, crossings: f64) -> bool {
        self.ledger.push(y);
        if self.ledger.len() > LEDGER {
            self.ledger.remove(0);
        }
        let changed = self.counters_changed(crossings);
        if changed {
            self.ledger.drain(..self.ledger.len() - 2);
        }
        self.bias = median(&self.ledger);
        changed
    }

    /// The last two days are off to the same side of the ones before them by more than chance.
    fn counters_changed(&self, crossings: f64) -> bool {
        if self.ledger.len() < LEDGER_JUDGED {
            return false;
        }
        let (before, last) = self.ledger.split_at(self.ledger.len() - 2);
        let usual = median(before);
        let limit = CHANGE / crossings.sqrt();
        let off = |y: &f64| *y - usual;
        last.iter().all(|y| off(y) > limit) || last.iter().all(|y| off(y) < -limit)
    }

    /// Takes in who left when, of how many. `scaled` has the day's cells with entries equal to
    /// exits, `curve` the people inside at the end of each, `start` those before the first.
    pub fn learn_pace(&mut self, scaled: &[Past], curve: &[f64], start: f64, slots: usize) {
        self.left.resize(slots, 0.0);
        self.base.resize(slots, 0.0);
        decay_once(&mut self.left, scaled.iter().map(|past| past.slot));
        decay_once(&mut self.base, scaled.iter().map(|past| past.slot));
        let mut before = start;
        for (past, after) in scaled.iter().zip(curve) {
            add(&mut self.left, past.slot, past.count[1]);
            add(&mut self.base, past.slot, before + past.count[0]);
            before = *after;
        }
    }

    /// Learns how far the live pace was off the finished day.
    pub fn learn_trust(&mut self, day: &[Past], curve: &[f64]) {
        let (mut error, mut people) = (0.0, 0.0);
        for (past, inside) in day.iter().zip(curve).filter(|(_, h)| **h > PACE_JUDGED) {
            let off = past.m - inside;
            error += (off * off - inside / 2.0) / inside;
            people += inside;
        }
        if people > 0.0 {
            let seen = (error / people).clamp(RHO2_LEAST, RHO2_MOST);
            self.rho2 = 0.7 * self.rho2 + 0.3 * seen;
        }
    }

    /// Takes in what one door counted in one direction, by slot; `None` where it was filled or
    /// missing, which says nothing about the door.
    pub fn learn_door(
        &mut self,
        at: (usize, usize),
        counts: &[(usize, Option<f64>)],
        slots: usize,
    ) {
        let (door, way) = at;
        if self.doors.len() <= door {
            self.doors.resize_with(door + 1, Default::default);
        }
        let expected = &mut self.doors[door][way];
        expected.total.resize(slots, 0.0);
        expected.weight.resize(slots, 0.0);
        decay_once(&mut expected.total, counts.iter().map(|(slot, _)| *slot));
        decay_once(&mut expected.weight, counts.iter().map(|(slot, _)| *slot));
        for (slot, count) in counts {
            if let Some(count) = count {
                add(&mut expected.total, *slot, *count);
                add(&mut expected.weight, *slot, 1.0);
            }
        }
    }

    /// What a door usually counts in a slot, smoothed over its neighbours.
    pub fn expected(&self, door: usize, slot: usize) -> Ways {
        self.doors.get(door).map_or([0.0; 2], |ways| {
            [ways[0].around(slot), ways[1].around(slot)]
        })
    }

    /// What a door usually counts in a direction over a whole day.
    pub fn usual_day(&self, door: usize, way: usize) -> f64 {
        let ways = self.doors.get(door);
        ways.map_or(0.0, |ways| ways[way].day())
    }

    /// Whether a door has been heard in this slot on a good day.
    pub fn knows(&self, door: usize, slot: usize) -> bool {
        let ways = self.doors.get(door);
        ways.is_some_and(|ways| ways.iter().all(|way| way.is_known(slot)))
    }
}

impl Expected {
    fn is_known(&self, slot: usize) -> bool {
        self.weight.get(slot).is_some_and(|weight| *weight > 0.0)
    }

    fn day(&self) -> f64 {
        let slots = self.total.iter().zip(&self.weight);
        slots
            .map(|(total, weight)| f64::from(*total) / f64::from(*weight).max(0.5))
            .sum()
    }

    fn around(&self, slot: usize) -> f64 {
        let from = slot.saturating_sub(1).min(self.total.len());
        let to = (slot + 2).min(self.total.len());
        let sum = |table: &[f32]| table[from..to].iter().map(|v| f64::from(*v)).sum::<f64>();
        sum(&self.total) / sum(&self.weight).max(0.5)
    }
}

/// Log of exits per entry of a day.
pub(super) fn log_ratio(entered: f64, left: f64) -> f64 {
    ((left + 0.5) / (entered + 0.5)).ln()
}

/// The day's cells with the gains of its own ratio, so that entries equal exits.
pub(super) fn scaled(day: &[Past], y: f64) -> Vec<Past> {
    let (gi, go) = gains(y);
    let mut scaled = day.to_vec();
    for past in &mut scaled {
        past.count = [past.count[0] * gi, past.count[1] * go];
    }
    scaled
}

/// People inside at the end of each cell of a finished day that starts and ends with `start`
/// people. Forward and backward sums are joined: forward alone would end the day above zero
/// whenever the floor was hit, and the error would live on in the pace.
pub(super) fn curve(scaled: &[Past], start: f64) -> Vec<f64> {
    let mut backward = vec![start; scaled.len()];
    for cell in (1..scaled.len()).rev() {
        let [entered, left] = scaled[cell].count;
        backward[cell - 1] = (backward[cell] - entered + left).max(0.0);
    }
    let all: f64 = scaled
        .iter()
        .map(|past| past.count[0] + past.count[1])
        .sum();
    let (mut inside, mut crossed) = (start, 0.0);
    let mut curve = Vec::with_capacity(scaled.len());
    for (past, back) in scaled.iter().zip(&backward) {
        let [entered, left] = past.count;
        inside = (inside + entered - left).max(0.0);
        crossed += entered + left;
        let weight = if all > 0.0 { crossed / all } else { 1.0 };
        curve.push((1.0 - weight) * inside + weight * back);
    }
    curve
}

/// Middle value; mean of the middle two when even, 0 of nothing.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// Fades the given slots, each once however often it occurs: the repeated hour of autumn runs its
/// slots twice.
fn decay_once(table: &mut [f32], slots: impl Iterator<Item = usize>) {
    let mut done = vec![false; table.len()];
    for slot in slots {
        if !std::mem::replace(&mut done[slot], true) {
            table[slot] *= DECAY;
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "tables hold seven digits, which is far finer than any count"
)]
fn add(table: &mut [f32], slot: usize, amount: f64) {
    table[slot] += amount as f32;
}
