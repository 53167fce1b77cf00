//! Sales per visitor of a store that has both machines and people counters.

use chrono::TimeDelta;

use super::Timestamp;
use super::board::{Board, Figures, StoreRow};
use super::calendar::local_midnight;
use super::health::DataState;

/// Below this share of the day's counts the visitors are not known well enough.
const COVERED: f64 = 0.8;
const HOUR_S: i64 = 3600;

/// Sales and visitors of the same store over the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// Sales of its machines from the beginning of the store's day up to `to`.
    pub sales: u64,
    /// People in during that time: the denominator; never 0.
    pub visitors: u64,
    /// The end of the last whole hour for which visitors are known.
    pub to: Timestamp,
}

impl Conversion {
    /// Sales per 100 visitors.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a day's sales are far below 2^53"
    )]
    pub fn per_100(self) -> f64 {
        self.sales as f64 * 100.0 / self.visitors as f64
    }
}

impl Board {
    /// Sales per visitor of a store since its day began, in whole hours for which both are known:
    /// sales come at once and visitors up to an hour later. `None` where it has no machines or no
    /// visitors, where less than 80 % of the counts have arrived, where a machine's sales may be
    /// missing, or where the store's day does not begin at a full hour of the machines' day.
    #[must_use]
    pub fn conversion(&self, row: &StoreRow, now: Timestamp) -> Option<Conversion> {
        let today = row.today.filter(|today| today.coverage >= COVERED)?;
        let before = today.since - local_midnight(row.store.timezone, now);
        let skipped = usize::try_from(before.num_seconds() / HOUR_S).ok()?;
        if before.num_seconds() % HOUR_S != 0 {
            return None;
        }
        let known = row.covered_to?.min(now) - today.since;
        let hours = usize::try_from(known.num_hours()).ok()?;
        let to = today.since + TimeDelta::hours(known.num_hours());
        let visitors = entered(row, (today.since, to)).filter(|visitors| *visitors > 0)?;
        let mut sales = None;
        for device in row.members.iter().filter_map(|id| self.device(id)) {
            let Figures::Machine { hours: sold, .. } = &device.figures else {
                continue;
            };
            if device.is_blocked() {
                continue;
            }
            if device.paused
                || device.is_offline()
                || (device.facts.sales_unread()).is_some_and(|(_, to)| to > today.since)
                || matches!(
                    device.data_state(now),
                    DataState::Stale | DataState::Dead | DataState::Unknown
                )
            {
                return None;
            }
            let sold = sold.iter().skip(skipped).take(hours).flatten().copied();
            let sold: u64 = sold.map(u64::from).sum();
            sales = Some(sales.unwrap_or(0) + sold);
        }
        Some(Conversion {
            sales: sales?,
            visitors,
            to,
        })
    }
}

/// People in during some whole hours; `None` where the counts come in longer intervals.
fn entered(row: &StoreRow, (from, to): (Timestamp, Timestamp)) -> Option<u64> {
    let cell_s = i64::from(row.day.cell_s);
    if cell_s == 0 || HOUR_S % cell_s != 0 {
        return None;
    }
    let cell = TimeDelta::seconds(cell_s);
    let starts = std::iter::successors(Some(row.day.start), |start| Some(*start + cell));
    let within = |start: &Timestamp| from <= *start && *start + cell <= to;
    let filled = row.day.cells().zip(starts);
    let flows = filled.filter_map(|(filled, start)| filled.flow.filter(|_| within(&start)));
    Some(flows.map(|flow| u64::from(flow.entered)).sum())
}
