//! What the counts say about the counters: faults that are flagged, whether or not they change the
//! number.

use chrono::TimeDelta;

use crate::model::Timestamp;

use super::estimator::Estimator;
use super::learned::LEDGER;
use super::running::{Burst, Running};

/// One direction is blind when it counts nobody for this long …
const ONE_WAY: TimeDelta = TimeDelta::minutes(60);
/// … while the other counts at least this many.
const ONE_WAY_CROSSINGS: f64 = 25.0;
/// … and this many are usual at this hour in the blind direction, …
const ONE_WAY_USUAL: f64 = 10.0;
/// … or the direction has never counted more than this share of the other.
const ONE_WAY_EVER: f64 = 0.05;
/// Exits and entries that are this far apart over the learned days are drifting, …
const DRIFTING: f64 = 0.05;
/// … once this many days have been learned.
const DRIFT_DAYS: usize = 3;
/// People still inside at the reset beyond the band.
const LEFT_AT_RESET: f64 = 0.5;
/// A whole store is silent when nobody crosses any door for this long, …
const HUSH: TimeDelta = TimeDelta::minutes(60);
/// … while this many crossings are usual. Seven would do if people came one by one at random, but
/// they come in groups, and days differ.
const HUSH_OWED: f64 = 30.0;
/// Good days it takes to know what is usual.
const HUSH_DAYS: u32 = 3;

/// All doors of a store deliver zeros at an hour that usually is busy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hush {
    /// Since when.
    pub since: Timestamp,
    /// Crossings that are usual in the time since.
    pub usual: f64,
}

impl Estimator {
    /// Whether all doors have been counting nobody for as long as chance does not explain. Time in
    /// which the store is not open says nothing; the number itself is not changed, because a
    /// holiday looks the same.
    #[must_use]
    pub fn hush(&self, is_open: impl Fn(Timestamp) -> bool) -> Option<Hush> {
        let today = self.today.as_ref()?;
        let learned = &self.dawn.learned;
        if learned.days < HUSH_DAYS || learned.doors.is_empty() {
            return None;
        }
        let nobody = |index: &usize| {
            today.log[*index].count.iter().all(|people| *people < 0.5)
                && is_open(today.day.cell_start(today.first + index))
        };
        let mut hush = None;
        for index in (0..today.log.len()).rev().take_while(nobody) {
            let cell = today.first + index;
            let slot = today.day.slot(cell);
            let doors = 0..self.feeds.doors.len();
            let usual: f64 = doors
                .map(|door| learned.expected(door, slot).iter().sum::<f64>())
                .sum();
            let since = today.day.cell_start(cell);
            let sum = hush.map_or(0.0, |hush: Hush| hush.usual) + usual;
            hush = Some(Hush { since, usual: sum });
        }
        hush.filter(|hush| today.reached() - hush.since >= HUSH && hush.usual >= HUSH_OWED)
    }

    /// Doors that send nothing, or zeros while their sisters count, and since when.
    pub(super) fn silent_doors(&self, today: &Running) -> Vec<(usize, Timestamp)> {
        let doors = 0..self.feeds.doors.len();
        doors
            .filter_map(|door| Some((door, today.hearing.silent_since(door)?)))
            .collect()
    }

    /// Doors of which one direction counts nobody while the other does, with the blind direction
    /// (0 for in) and what the other counted.
    pub(super) fn one_way(&self, today: &Running) -> Vec<(usize, usize, f64)> {
        let from = today.reached() - ONE_WAY;
        let first = today.day.cell_at(from);
        if from < today.day.cell_start(today.first) {
            return Vec::new();
        }
        let Some(sheet) = self.sheet(&today.day) else {
            return Vec::new();
        };
        let mut blind = Vec::new();
        for door in 0..self.feeds.doors.len() {
            let mut sum = [0.0; 2];
            for cell in first..today.next_cell() {
                if let Some(flow) = sheet.get(door, cell) {
                    sum[0] += f64::from(flow.entered);
                    sum[1] += f64::from(flow.left);
                }
            }
            for way in 0..2 {
                let nobody = sum[way] == 0.0 && sum[1 - way] >= ONE_WAY_CROSSINGS;
                if nobody && self.expects(today, door, way, first) {
                    blind.push((door, way, sum[1 - way]));
                }
            }
        }
        blind
    }

    /// Whether somebody should have crossed a door since the cell `first`. After opening everybody
    /// comes in and before closing everybody goes out; but a door that has never seen the other
    /// direction is no better for being used to it.
    fn expects(&self, today: &Running, door: usize, way: usize, first: usize) -> bool {
        let learned = &self.dawn.learned;
        let hour = first..today.next_cell();
        let slots = hour.map(|cell| today.day.slot(cell));
        let usual: f64 = slots.map(|slot| learned.expected(door, slot)[way]).sum();
        let [seen, other] = [way, 1 - way].map(|way| learned.usual_day(door, way));
        learned.days == 0 || usual >= ONE_WAY_USUAL || seen <= ONE_WAY_EVER * other
    }

    pub(super) fn is_drifting(&self) -> bool {
        let learned = &self.dawn.learned;
        learned.ledger.len() >= DRIFT_DAYS && learned.bias.abs() > DRIFTING.ln_1p()
    }

    /// When the counters changed, while the ledger fills again.
    pub(super) fn relearning(&self) -> Option<Timestamp> {
        let learned = &self.dawn.learned;
        learned.changed.filter(|_| learned.ledger.len() < LEDGER)
    }

    /// The last implausible count that is in the number.
    pub(super) fn burst(&self) -> Option<Burst> {
        let counted = self.waiting_count().is_some();
        self.today.as_ref()?.burst.filter(|_| !counted)
    }

    /// People still inside at the last reset, with the band, where the band does not explain them.
    pub(super) fn unconfirmed(&self, today: &Running) -> Option<(f64, f64)> {
        let last = self.finished().next_back()?;
        let empties = self.settings.empties() && last.whole;
        let concerns_today = empties && last.end == today.day.start();
        let beyond = last.remained - last.half > LEFT_AT_RESET;
        (concerns_today && beyond).then_some((last.remained, last.half))
    }
}
