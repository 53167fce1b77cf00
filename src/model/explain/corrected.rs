//! Which settled counts the vendor changed, from what to what, and when that became known.

use super::wall::{Wall, count, listed};
use crate::model::Timestamp;
use crate::model::board::{Correction, DeviceRow, Figures};

/// So many corrected intervals are named.
const NAMED: usize = 2;

/// The corrections of a counter that are of the day which began at `day`, newest first.
fn of_day(row: &DeviceRow, day: Timestamp) -> impl Iterator<Item = &Correction> {
    let corrections: &[Correction] = match &row.figures {
        Figures::PeopleCounter { corrections, .. } => corrections,
        _ => &[],
    };
    corrections.iter().filter(move |it| it.start >= day)
}

fn told(correction: &Correction, wall: &Wall) -> String {
    format!(
        "{} went from {}, known at {}",
        wall.stretch(correction.start, correction.end()),
        correction.change().replace("->", "to"),
        wall.bare(correction.known_at)
    )
}

/// `14:00 to 14:15 went from 40 in, 39 out to 31 in, 19 out, known at 15:07`; empty when none is known.
pub(super) fn of_counter(row: &DeviceRow, day: Timestamp, wall: &Wall) -> Option<String> {
    let all: Vec<_> = of_day(row, day).map(|it| told(it, wall)).collect();
    (!all.is_empty()).then(|| listed(all, NAMED, "; "))
}

/// As [`of_counter`], over the counters of a store; where there are several each is named.
pub(super) fn of_store(counters: &[&DeviceRow], day: Timestamp, wall: &Wall) -> Option<String> {
    let mut all: Vec<(&Correction, &DeviceRow)> = counters
        .iter()
        .flat_map(|row| of_day(row, day).map(|it| (it, *row)))
        .collect();
    all.sort_by_key(|(it, _)| (std::cmp::Reverse(it.known_at), std::cmp::Reverse(it.start)));
    let said: Vec<_> = all
        .iter()
        .map(|(it, row)| match counters.len() {
            1 => told(it, wall),
            _ => format!("{} {}", row.facts.name, told(it, wall)),
        })
        .collect();
    (!said.is_empty()).then(|| listed(said, NAMED, "; "))
}

/// How many intervals of a counter's day were changed, where some of them are not named.
pub(super) fn more(row: &DeviceRow) -> Option<String> {
    let Figures::PeopleCounter { day, .. } = &row.figures else {
        return None;
    };
    let cells = day.cells().filter(|cell| cell.revised).count();
    let of = day.cell_s / 60;
    (cells > 0).then(|| {
        format!(
            "{} of {of} min revised by the vendor",
            count(cells as u64, "interval")
        )
    })
}
