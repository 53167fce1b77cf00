//! Holes in a running day.

use chrono::TimeDelta;

use crate::model::Timestamp;
use crate::model::board::StoreRow;

/// The stretches of open time of the running day, up to the newest data, for which no counts have
/// arrived; oldest first.
pub(super) fn gaps(row: &StoreRow) -> Vec<(Timestamp, Timestamp)> {
    let store = &row.store;
    let step = TimeDelta::seconds(row.day.cell_s.into());
    let mut gaps: Vec<(Timestamp, Timestamp)> = Vec::new();
    let mut from = row.day.start;
    for cell in row.day.cells() {
        let to = from + step;
        if cell.flow.is_none() && store.hours.open_seconds(store.timezone, from, to) > 0 {
            match gaps.last_mut() {
                Some(gap) if gap.1 == from => gap.1 = to,
                _ => gaps.push((from, to)),
            }
        }
        from = to;
    }
    gaps
}
