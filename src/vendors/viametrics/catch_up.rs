//! The calls behind the current day: days that are owed, and the weekly comparison of totals.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use crate::model::Timestamp;
use crate::model::attempt::ErrorKind;
use crate::model::calendar::first_instant;
use crate::model::reading::{Flow, Measure, Reading};

use super::Viametrics;
use super::days::Days;
use super::haul::Haul;
use super::today::is_refusal;
use super::totals::Totals;

/// Most calls for the past in one poll, so that the live numbers need not wait for long.
const AT_ONCE: u32 = 15;
/// Requests that are left for the live polls of the hour.
const RESERVE: u32 = 20;
/// Most rows of one answer that are aimed at: a few megabytes.
const ROWS_A_CALL: u64 = 30_000;
/// Shortest usual interval, to guess the rows of a day before any have come.
const SHORT_INTERVAL_S: u64 = 15 * 60;

impl Viametrics {
    /// Reads days that are owed, newest first, as far as this poll may.
    pub(super) async fn catch_up(&mut self, haul: &mut Haul) {
        let mut left = AT_ONCE.max(self.calls()).min(self.affordable());
        while let Some(days) = self.planner.next(self.days_a_call()) {
            if left < self.calls() || haul.is_stopped() {
                return;
            }
            left -= self.calls();
            let fetched = self.fetch(days).await;
            haul.notes.extend(fetched.refused);
            match fetched.error {
                // Whether the vendor takes ranges is not documented, nor how long they may be.
                Some(error)
                    if days.count() > 1
                        && (is_refusal(&error) || error.kind == ErrorKind::Schema) =>
                {
                    self.ranges = Some(false);
                }
                Some(error) if is_refusal(&error) => {
                    let said = format!("{} cannot be read: {error}", days.from);
                    haul.notes.push(said);
                    self.planner.settle(days);
                }
                Some(error) => {
                    haul.fail(error);
                    return;
                }
                None => {
                    let zone = self.counters.zone();
                    let is_range = days.count() > 1;
                    if is_range && self.ranges.is_none() {
                        // One that answers with no more than a day may have meant just that.
                        self.ranges = Some(fetched.rows.dates(zone) > 1);
                    }
                    if !is_range || self.ranges == Some(true) {
                        haul.replies.push(days, fetched.rows);
                        self.planner.settle(days);
                    }
                }
            }
        }
    }

    /// Compares daily totals once a week, when nothing else is owed.
    pub(super) async fn compare(&mut self, now: NaiveDateTime, haul: &mut Haul) {
        let Some(days) = self.comparison.due(now) else {
            return;
        };
        if !self.planner.is_done() || self.affordable() == 0 || haul.is_stopped() {
            return;
        }
        match self.client.daily(days).await {
            Ok(rows) => {
                self.trouble = None;
                let vendor = self.totals(&rows.rows);
                let Some(held) = self.held(days).await else {
                    return;
                };
                let again = self.comparison.compare(&vendor, &held);
                self.comparison.done(now);
                self.planner.owe(again);
            }
            Err(error) => {
                let said = format!("daily totals cannot be read: {error}; see endpoints.daily");
                self.trouble = Some(said);
                // What a status or a form says will be the same tomorrow.
                if is_refusal(&error) || error.kind == ErrorKind::Schema {
                    self.comparison.done(now);
                }
                if error.kind == ErrorKind::RateLimited {
                    haul.fail(error);
                }
            }
        }
    }

    /// Takes note of what days that were read again have.
    pub(super) fn take_reread(&mut self, days: &[NaiveDate], readings: &[Reading]) {
        if days.is_empty() {
            return;
        }
        let zone = self.counters.zone();
        let mut rows = Totals::new();
        for reading in readings {
            if let Measure::Flow(flow) = reading.measure {
                let day = reading.start.with_timezone(&zone).date_naive();
                let total = rows.entry((day, reading.device.local().to_owned()));
                add(total.or_default(), flow);
            }
        }
        for day in days {
            self.comparison.reread(*day, &rows);
        }
    }

    /// From when on all was read: the first of the days in one piece with today.
    pub(super) fn complete_from(&self, now: Timestamp, haul: &Haul) -> Option<Timestamp> {
        let zone = self.counters.zone();
        let mut read: Vec<_> = haul.earlier().collect();
        read.sort_unstable();
        let mut from = now.with_timezone(&zone).date_naive();
        while let Some(day) = read.pop()
            && from.pred_opt() == Some(day)
        {
            from = day;
        }
        (!haul.holes).then(|| first_instant(zone, from, NaiveTime::MIN))
    }

    /// The vendor's totals of the counters that are watched.
    fn totals(&mut self, rows: &[super::wire::Row]) -> Totals {
        let zone = self.counters.zone();
        let mut totals = Totals::new();
        let keys: Vec<_> = rows.iter().map(|row| self.counters.key_of(row)).collect();
        for (row, key) in rows.iter().zip(keys) {
            if let Some(key) = key.filter(|key| self.counters.is_watched(key)) {
                let device = self.counters.device(&key);
                let key = (row.stamp.date(zone), device.local().to_owned());
                totals.insert(key, row.flow);
            }
        }
        totals
    }

    /// What history holds of these days; `None` when it cannot be read.
    async fn held(&self, days: Days) -> Option<Totals> {
        let zone = self.counters.zone();
        let past = self.past.as_ref()?;
        let mut held = Totals::new();
        for day in days.dates() {
            let next = day.succ_opt()?;
            let [from, to] = [day, next].map(|day| first_instant(zone, day, NaiveTime::MIN));
            let counts = past.counted(from, to).await?;
            let counts = counts.into_iter();
            held.extend(counts.map(|(device, flow)| ((day, device.local().to_owned()), flow)));
        }
        Some(held)
    }

    /// Requests that may be made for the past.
    fn affordable(&self) -> u32 {
        let (used, ceiling) = self.client.transport.budget();
        let free = ceiling.saturating_sub(used);
        free - RESERVE.min(free / 2)
    }

    /// Requests that days cost in one piece.
    fn calls(&self) -> u32 {
        let counters = u32::try_from(self.counters.ids().len()).unwrap_or(u32::MAX);
        if self.singly { counters.max(1) } else { 1 }
    }

    fn days_a_call(&self) -> u64 {
        if self.ranges == Some(false) {
            return 1;
        }
        let counters = u64::try_from(self.counters.expected()).unwrap_or(u64::MAX);
        let counters = if self.singly { 1 } else { counters.max(1) };
        let a_day = counters.saturating_mul(24 * 3600 / SHORT_INTERVAL_S);
        (ROWS_A_CALL / a_day).max(1)
    }
}

fn add(total: &mut Flow, flow: Flow) {
    total.entered = total.entered.saturating_add(flow.entered);
    total.left = total.left.saturating_add(flow.left);
}
