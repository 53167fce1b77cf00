//! A running day on a grid, for sparklines and charts.

use chrono::TimeDelta;

use super::cells::{Cells, Sum};
use super::spans::Spans;
use crate::model::Timestamp;
use crate::model::board::{Cell, Day};
use crate::model::occupancy::Point;
use crate::model::reading::Flow;

/// The grid of a day and what an empty cell means on it.
#[derive(Clone, Debug)]
pub(super) struct Grid<'a> {
    /// Start of the day.
    pub start: Timestamp,
    /// Length of a cell in seconds.
    pub cell_s: u32,
    /// Up to where data reaches.
    pub to: Option<Timestamp>,
    /// A cell without a row is zero where it was delivered.
    pub quiet_is_zero: bool,
    /// What was delivered by feeds that leave out zero rows.
    pub delivered: &'a Spans,
}

impl Grid<'_> {
    /// The day with these cells.
    pub fn day(&self, cells: impl IntoIterator<Item = Cell>) -> Day {
        Day::new(self.start, self.cell_s, cells)
    }
}

/// The day as the sum of several counters. A cell is known only when every counter has it.
pub(super) fn of_cells(grid: &Grid<'_>, counters: &[&Cells]) -> Vec<Cell> {
    let reached = grid.to.filter(|to| *to > grid.start);
    let Some(to) = reached.filter(|_| !counters.is_empty()) else {
        return Vec::new();
    };
    let step = TimeDelta::seconds(i64::from(grid.cell_s));
    // A local day has at most 25 hours; anything beyond is a clock that is far off.
    let longest = 26 * 3600 / i64::from(grid.cell_s);
    let count = ((to - grid.start).num_seconds() - 1).div_euclid(i64::from(grid.cell_s)) + 1;
    let mut cells = Vec::new();
    for index in 0..count.clamp(0, longest) {
        let from = grid.start + step * i32::try_from(index).unwrap_or(i32::MAX);
        let sums: Vec<Sum> = counters
            .iter()
            .map(|cells| cells.total(from, grid.cell_s))
            .collect();
        let quiet = grid.quiet_is_zero && grid.delivered.covers(from, (from + step).min(to));
        cells.push(cell(&sums, quiet));
    }
    if let Some(newest) = cells.last_mut() {
        newest.provisional = grid.start + step * i32::try_from(count).unwrap_or(i32::MAX) > to;
    }
    cells
}

/// Draws the estimated number of people into the cells at whose end it holds.
pub(super) fn draw_curve(grid: &Grid<'_>, cells: &mut [Cell], curve: impl Iterator<Item = Point>) {
    for cell in &mut *cells {
        (cell.inside, cell.raw) = (None, None);
    }
    for point in curve {
        let index = (point.end - grid.start).num_seconds() - 1;
        let index = index.div_euclid(i64::from(grid.cell_s.max(1)));
        if let Some(cell) = usize::try_from(index).ok().and_then(|i| cells.get_mut(i)) {
            cell.inside = Some(rounded(point.n));
            cell.raw = Some(short(point.raw));
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates"
)]
fn rounded(people: f64) -> u32 {
    people.round().max(0.0) as u32
}

fn short(people: i64) -> i32 {
    i32::try_from(people).unwrap_or(if people < 0 { i32::MIN } else { i32::MAX })
}

fn cell(sums: &[Sum], quiet: bool) -> Cell {
    let flow = sums
        .iter()
        .map(|sum| sum.people().or(quiet.then(Flow::default)))
        .reduce(|total, flow| Some(total? + flow?))
        .flatten();
    let inside = sums
        .iter()
        .map(|sum| sum.inside.map(|(_, people)| people))
        .reduce(|total, people| Some(total? + people?))
        .flatten();
    Cell {
        flow,
        raw: inside.map(short),
        inside: inside.map(|people| u32::try_from(people.max(0)).unwrap_or(u32::MAX)),
        provisional: false,
        revised: sums.iter().any(|sum| sum.revised),
    }
}
