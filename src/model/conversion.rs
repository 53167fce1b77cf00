//! Sales per visitor of a store that has both machines and people counters.

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
    /// Sales of its machines since the store's day began.
    pub sales: u64,
    /// People in since then: the denominator; never 0.
    pub visitors: u64,
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
    /// Sales per visitor of a store since its day began. `None` where it has no machines or no
    /// visitors, where less than 80 % of the counts have arrived, where a machine's sales may be
    /// missing, or where the store's day does not begin at a full hour of the machines' day.
    #[must_use]
    pub fn conversion(&self, row: &StoreRow, now: Timestamp) -> Option<Conversion> {
        let today = row.today.filter(|today| today.coverage >= COVERED)?;
        let before = today.since - local_midnight(row.store.timezone, now);
        let skipped = usize::try_from(before.num_seconds() / HOUR_S).ok()?;
        if today.entered == 0 || before.num_seconds() % HOUR_S != 0 {
            return None;
        }
        let mut sales = None;
        for device in row.members.iter().filter_map(|id| self.device(id)) {
            let Figures::Machine { hours, .. } = &device.figures else {
                continue;
            };
            if device.paused
                || device.is_offline()
                || matches!(
                    device.data_state(now),
                    DataState::Stale | DataState::Dead | DataState::Unknown
                )
            {
                return None;
            }
            let sold = hours.iter().skip(skipped).flatten().copied();
            let sold: u64 = sold.map(u64::from).sum();
            sales = Some(sales.unwrap_or(0) + sold);
        }
        Some(Conversion {
            sales: sales?,
            visitors: today.entered,
        })
    }
}
