//! Running forward, and back before running forward again: cells, days, and the states kept.

use chrono::TimeDelta;

use crate::model::Timestamp;

use super::day::Day;
use super::estimator::Estimator;
use super::feeds::Feeds;
use super::running::{Morning, Running, Scene, Scratch};
use super::settings::Settings;
use super::sheet::Sheet;
use super::sheets::Sheets;

/// Days before today whose readings still change the estimate.
const KEPT_DAYS: i64 = 14;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// New cells were run.
    pub advanced: bool,
    /// Cells that had been run were run again.
    pub corrected: bool,
}

impl Estimator {
    /// Brings the estimate up to date with everything observed. Costs nothing when nothing came,
    /// and what came when it came in order.
    pub fn run(&mut self) -> Ran {
        let before = self.horizon();
        let Some(reach) = self.feeds.reach().max(before) else {
            return Ran::default();
        };
        let corrected = self.stale.is_some();
        if let Some(from) = self.stale.take() {
            self.rewind(from);
        }
        self.advance(reach);
        let advanced = match before {
            Some(before) => self.horizon() > Some(before),
            None => self
                .today
                .as_ref()
                .is_some_and(|today| !today.log.is_empty()),
        };
        let amended = std::mem::take(&mut self.amended);
        self.revised = !advanced && (amended || self.revised);
        Ran {
            advanced,
            corrected,
        }
    }

    /// Restores a state from before `from`.
    pub(super) fn rewind(&mut self, from: Timestamp) {
        let Some(today) = &self.today else { return };
        if from >= today.day.start() {
            let (day, first) = (today.day, self.first_watched());
            self.today = Some(Running::begin(day, &self.dawn, &self.settings, first));
            return;
        }
        self.today = None;
        self.dawn = self.base.clone();
        match self.kept_from {
            Some(kept) => self.finished.retain(|day| day.start < kept),
            None => self.finished.clear(),
        }
    }

    /// When watching began, where that is on the day to begin with.
    fn first_watched(&self) -> Option<Timestamp> {
        if self.kept_from.is_some() || !self.finished.is_empty() {
            return None;
        }
        self.feeds.since()
    }

    /// Runs all cells that end by `to`, and ends the days that are over.
    pub(super) fn advance(&mut self, to: Timestamp) {
        if self.today.is_none() {
            let Some(first) = self.kept_from.or(self.feeds.since()) else {
                return;
            };
            let day = self.day_of(first);
            let first = self.first_watched();
            self.begin(day, first);
        }
        while let Some(mut today) = self.today.take() {
            self.run_cells(&mut today, to);
            // The new day begins once something of it has been delivered.
            if !today.is_over() || to <= today.day.end() {
                self.today = Some(today);
                return;
            }
            let next = self.day_after(&today.day, to);
            self.end(today);
            self.begin(next, None);
            self.forget_before(&next);
        }
    }

    fn begin(&mut self, day: Day, first: Option<Timestamp>) {
        self.sheets.entry(day.start()).open();
        self.today = Some(Running::begin(day, &self.dawn, &self.settings, first));
    }

    fn end(&mut self, today: Running) {
        let start = today.day.start();
        let (morning, record) = today.finish(scene(
            &self.settings,
            &self.feeds,
            &self.sheets,
            &self.dawn,
            start,
        ));
        self.dawn = morning;
        self.finished.push_back(record);
        if self.finished.len() > usize::try_from(KEPT_DAYS).unwrap_or(0) {
            self.finished.pop_front();
        }
        if let Some(sheet) = self.sheets.get_mut(start) {
            sheet.pack();
        }
    }

    fn run_cells(&self, today: &mut Running, to: Timestamp) {
        let scene = scene(
            &self.settings,
            &self.feeds,
            &self.sheets,
            &self.dawn,
            today.day.start(),
        );
        let mut scratch = Scratch::default();
        while !today.is_over() && today.day.cell_end(today.next_cell()) <= to {
            today.step(scene, &mut scratch);
        }
    }

    /// The day that follows; after weeks without any reading the next one that has some.
    fn day_after(&self, day: &Day, to: Timestamp) -> Day {
        let next = day.next();
        let idle = to - next.start() > TimeDelta::days(KEPT_DAYS);
        let with_data = self.sheets.from(next.start()).first();
        match with_data {
            Some((start, _)) if idle && *start - next.start() > TimeDelta::days(KEPT_DAYS) => {
                self.day_at(*start)
            }
            _ => next,
        }
    }

    /// Drops the days that are too old to change the estimate, moving the oldest state forward.
    fn forget_before(&mut self, today: &Day) {
        let limit = today.start() - TimeDelta::days(KEPT_DAYS) - TimeDelta::hours(2);
        while let Some(oldest) = self.sheets.first().filter(|day| *day < limit) {
            let day = self.day_at(oldest);
            let first = self
                .kept_from
                .is_none()
                .then(|| self.feeds.since())
                .flatten();
            if let Some(sheet) = self.sheets.get_mut(oldest) {
                sheet.open();
            }
            let mut again = Running::begin(day, &self.base, &self.settings, first);
            let scene = scene(
                &self.settings,
                &self.feeds,
                &self.sheets,
                &self.base,
                oldest,
            );
            let mut scratch = Scratch::default();
            while !again.is_over() {
                again.step(scene, &mut scratch);
            }
            self.base = again.finish(scene).0;
            self.sheets.drop_first();
            self.kept_from = self.sheets.first();
        }
    }
}

/// What a day is run with.
fn scene<'a>(
    settings: &'a Settings,
    feeds: &'a Feeds,
    sheets: &'a Sheets,
    morning: &'a Morning,
    day: Timestamp,
) -> Scene<'a> {
    static NOTHING: Sheet = Sheet::empty();
    Scene {
        settings,
        feeds,
        sheet: sheets.get(day).unwrap_or(&NOTHING),
        learned: &morning.learned,
    }
}
