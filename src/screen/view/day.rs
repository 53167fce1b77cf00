//! A store's running day as the screen draws it: from opening to closing, hour by hour.

use chrono::{NaiveTime, TimeDelta};

use crate::model::Timestamp;
use crate::model::board::{Cell, Day, StoreRow};
use crate::model::calendar::first_instant;
use crate::model::reading::Flow;
use crate::model::store::Store;
use crate::model::usual::Usual;

use crate::screen::widgets::bars::Point;

/// The stretch of a day that is drawn: opening hours, and whatever happened outside them.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// First instant.
    pub from: Timestamp,
    /// End.
    pub to: Timestamp,
    cell_s: i64,
    open: Vec<(Timestamp, Timestamp)>,
}

impl Axis {
    /// The axis of a store's day.
    #[must_use]
    pub fn of(store: &Store, day: &Day) -> Self {
        let cell_s = i64::from(day.cell_s.max(60));
        let open = open_spans(store, day.start);
        let busy = day.cells().enumerate().filter(|(_, cell)| {
            cell.flow.is_some_and(|flow| flow != Flow::default())
                || cell.inside.is_some_and(|inside| inside > 0)
        });
        let busy: Vec<_> = busy.map(|(number, _)| at(day, cell_s, number)).collect();
        let whole_day = (day.start, day.start + TimeDelta::days(1));
        let hours = match (open.first(), open.last()) {
            (Some(first), Some(last)) if !is_always(&open) => (first.0, last.1),
            _ => whole_day,
        };
        let from = busy.first().map_or(hours.0, |first| hours.0.min(*first));
        let to = busy.last().map_or(hours.1, |last| {
            hours.1.max(*last + TimeDelta::seconds(cell_s))
        });
        Self {
            from: from.max(day.start),
            to,
            cell_s,
            open,
        }
    }

    /// How many cells the axis has.
    #[must_use]
    pub fn cells(&self) -> usize {
        usize::try_from((self.to - self.from).num_seconds() / self.cell_s).unwrap_or(0)
    }

    /// The people inside at the end of each cell so far.
    #[must_use]
    pub fn points(&self, day: &Day) -> Vec<Point> {
        let numbered = day.cells().enumerate();
        numbered
            .map(|(number, cell)| (at(day, self.cell_s, number), cell))
            .filter(|(begins, _)| *begins >= self.from && *begins < self.to)
            .map(|(begins, cell)| self.point(begins, &cell))
            .collect()
    }

    /// The numbers of the points of which something was changed after it was first shown.
    #[must_use]
    pub fn revised(&self, day: &Day) -> Vec<usize> {
        let numbered = day.cells().enumerate();
        numbered
            .map(|(number, cell)| (at(day, self.cell_s, number), cell))
            .filter(|(begins, _)| *begins >= self.from && *begins < self.to)
            .enumerate()
            .filter(|(_, (_, cell))| cell.revised)
            .map(|(number, _)| number)
            .collect()
    }

    /// How many people are usually inside at the end of each cell of the whole axis.
    #[must_use]
    pub fn usual(&self, usual: &Usual) -> Vec<Option<u32>> {
        let ends = (1..=self.cells()).map(|number| {
            let number = i64::try_from(number).unwrap_or(i64::MAX);
            self.from + TimeDelta::seconds(self.cell_s.saturating_mul(number))
        });
        ends.map(|at| usual.inside_at(at)).collect()
    }

    /// Labels for whole hours, every so many: the number of a cell and the hour.
    #[must_use]
    pub fn hours(&self, store: &Store, every: u32) -> Vec<(usize, String)> {
        let mut labels = Vec::new();
        let mut hour = whole_hour(store, self.from);
        while hour < self.to {
            let local = hour.with_timezone(&store.timezone);
            let number = (hour - self.from).num_seconds() / self.cell_s;
            if let Ok(number) = usize::try_from(number)
                && chrono::Timelike::hour(&local).is_multiple_of(every)
                && hour >= self.from
            {
                labels.push((number, local.format("%H").to_string()));
            }
            hour += TimeDelta::hours(1);
        }
        labels
    }

    fn point(&self, begins: Timestamp, cell: &Cell) -> Point {
        let is_open = (self.open.iter()).any(|(open, close)| begins >= *open && begins < *close);
        match cell.inside {
            Some(0) | None if !is_open => Point::Closed,
            None => Point::Missing,
            Some(inside) if cell.provisional => Point::Provisional(inside),
            Some(inside) => Point::Value(inside),
        }
    }
}

/// In and out of one hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Hour {
    /// When it begins.
    pub begins: Timestamp,
    /// Of the store, then of each door.
    pub flows: Vec<HourFlow>,
}

/// What arrived of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourFlow {
    /// The sum; `None` when nothing arrived.
    pub flow: Option<Flow>,
    /// Something is missing or may still change.
    pub partial: bool,
}

/// The hours of a store's day that have begun, newest first.
#[must_use]
pub fn hours(row: &StoreRow, doors: &[&Day]) -> Vec<Hour> {
    let axis = Axis::of(&row.store, &row.day);
    let reached = at(&row.day, axis.cell_s, row.day.cells().len());
    let mut hours = Vec::new();
    let mut begins = whole_hour(&row.store, axis.from);
    while begins < reached.min(axis.to) {
        let days = std::iter::once(&*row.day).chain(doors.iter().copied());
        let flows = days.map(|day| sum(day, begins)).collect();
        hours.push(Hour { begins, flows });
        begins += TimeDelta::hours(1);
    }
    hours.reverse();
    hours
}

fn sum(day: &Day, begins: Timestamp) -> HourFlow {
    let width_s = i64::from(day.cell_s.max(60));
    let ends = begins + TimeDelta::hours(1);
    let cells = (day.cells().enumerate())
        .map(|(number, cell)| (at(day, width_s, number), cell))
        .filter(|(at, _)| *at >= begins && *at < ends);
    let mut flow = None;
    let mut seen = 0;
    let mut partial = false;
    for (_, cell) in cells {
        if let Some(more) = cell.flow {
            flow = Some(flow.unwrap_or_default() + more);
            seen += 1;
        }
        partial |= cell.provisional;
    }
    HourFlow {
        flow,
        partial: partial || seen < (3600 / width_s).max(1),
    }
}

fn at(day: &Day, cell_s: i64, number: usize) -> Timestamp {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    let offset = TimeDelta::try_seconds(cell_s.saturating_mul(number)).unwrap_or_default();
    day.start.checked_add_signed(offset).unwrap_or(day.start)
}

/// The beginning of the local hour that `at` is in.
fn whole_hour(store: &Store, at: Timestamp) -> Timestamp {
    let local = at.with_timezone(&store.timezone);
    let into = chrono::Timelike::minute(&local) * 60 + chrono::Timelike::second(&local);
    at - TimeDelta::seconds(i64::from(into))
}

fn is_always(open: &[(Timestamp, Timestamp)]) -> bool {
    open.iter()
        .any(|(from, to)| *to - *from >= TimeDelta::hours(23))
}

/// The opening spans of the local date on which a day starts.
fn open_spans(store: &Store, start: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let date = start.with_timezone(&store.timezone).date_naive();
    let instant = |minute: u16| {
        let day = date + TimeDelta::days(i64::from(minute / 1440));
        let minute = u32::from(minute % 1440);
        let time = NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).unwrap_or_default();
        first_instant(store.timezone, day, time)
    };
    let spans = store.hours.spans(date).into_iter();
    spans
        .map(|span| (instant(span.open), instant(span.close)))
        .collect()
}
