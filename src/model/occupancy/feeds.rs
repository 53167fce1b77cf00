//! The doors of a store: how far each has delivered, and what its silence means.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::model::Timestamp;

use super::day::Day;
use super::settings::ZeroRows;
use super::sheet::Sheet;
use super::silent::Report;

/// A door further behind the most advanced one than this is not waited for.
const OVERDUE: TimeDelta = TimeDelta::minutes(60);

/// The doors of one store.
#[derive(Clone, Debug, Default)]
pub(super) struct Feeds {
    pub doors: Vec<Feed>,
    /// Start of the earliest 0/0 row of a feed that has not said how it writes quiet intervals:
    /// from there on, no row means no data.
    pub first_zero: Option<Timestamp>,
    /// Start of the earliest row of any door.
    pub first_row: Option<Timestamp>,
}

/// One door.
#[derive(Clone, Debug)]
pub(super) struct Feed {
    pub id: Arc<str>,
    /// For sentences.
    pub name: Arc<str>,
    pub zero_rows: ZeroRows,
    /// From when it has been watched.
    pub since: Option<Timestamp>,
    /// Up to where it has delivered.
    pub horizon: Option<Timestamp>,
    /// When its first row was delivered. What comes with it is its past, not a correction.
    pub met: Option<Timestamp>,
    /// The horizon is known from the delivery, not only from rows.
    pub told: bool,
    /// Spans during which the operator has switched it off.
    pub off: Vec<(Timestamp, Option<Timestamp>)>,
}

impl Feed {
    pub fn new(id: &str, zero_rows: ZeroRows) -> Self {
        let id: Arc<str> = id.into();
        Self {
            name: id.clone(),
            id,
            zero_rows,
            since: None,
            horizon: None,
            met: None,
            told: false,
            off: Vec::new(),
        }
    }

    pub fn is_off(&self, at: Timestamp) -> bool {
        let covers = |(from, to): &(Timestamp, Option<Timestamp>)| {
            *from <= at && to.is_none_or(|to| at < to)
        };
        self.off.iter().any(covers)
    }
}

impl Feeds {
    /// When the first door began to be watched.
    pub fn since(&self) -> Option<Timestamp> {
        self.doors.iter().filter_map(|door| door.since).min()
    }

    /// The most advanced horizon.
    pub fn front(&self) -> Option<Timestamp> {
        self.doors.iter().filter_map(|door| door.horizon).max()
    }

    /// Up to where the store can be run: as far as every door has delivered that is not overdue.
    /// `None` while the doors wait for each other at the very first row.
    pub fn reach(&self) -> Option<Timestamp> {
        let front = self.front()?;
        let awaited = self.doors.iter().filter(|door| !door.is_off(front));
        awaited
            .map(|door| self.horizon(door, front))
            .filter(|horizon| front - *horizon <= OVERDUE)
            .min()
            .filter(|reach| self.first_row.is_none_or(|first| first < *reach))
    }

    /// Overdue doors, with the minutes by which they are behind the most advanced one.
    pub fn overdue(&self) -> Vec<(usize, i64)> {
        let Some(front) = self.front() else {
            return Vec::new();
        };
        let behind = |door: &Feed| front - self.horizon(door, front);
        let doors = self.doors.iter().enumerate();
        doors
            .filter(|(_, door)| door.since.is_some() && !door.is_off(front))
            .filter(|(_, door)| behind(door) > OVERDUE)
            .map(|(index, door)| (index, behind(door).num_minutes()))
            .collect()
    }

    /// What a door says about a cell.
    pub fn report(&self, sheet: &Sheet, day: &Day, door: usize, cell: usize) -> Report {
        let feed = &self.doors[door];
        let (start, end) = (day.cell_start(cell), day.cell_end(cell));
        if feed.since.is_none_or(|since| end <= since) || feed.is_off(start) {
            return Report::Absent;
        }
        if let Some(flow) = sheet.get(door, cell) {
            return Report::Count([f64::from(flow.entered), f64::from(flow.left)]);
        }
        let unheard = feed.told && feed.horizon.is_none_or(|horizon| horizon < end);
        let omits = match feed.zero_rows {
            ZeroRows::Explicit => false,
            ZeroRows::Omitted => true,
            ZeroRows::Auto => self.first_zero.is_none_or(|first| start < first),
        };
        if omits && !unheard {
            Report::Count([0.0; 2])
        } else {
            Report::Missing
        }
    }

    /// A door that has never delivered stands where the first row of the store begins, one that
    /// was off where it was switched on again.
    fn horizon(&self, door: &Feed, front: Timestamp) -> Timestamp {
        let began = || self.first_row.or(self.since()).unwrap_or(front);
        let horizon = door.horizon.unwrap_or_else(began);
        let on_again = door.off.iter().filter_map(|(_, to)| *to).max();
        on_again.map_or(horizon, |on| horizon.max(on.min(front)))
    }
}
