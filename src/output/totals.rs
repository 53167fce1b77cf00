//! What the configured stores add up to, in all and by group, as scripts see it.

use serde::Serialize;

use super::snapshot::rounded;
use crate::model::Timestamp;
use crate::model::board::Board;
use crate::model::totals;

/// Sums over stores.
#[derive(Debug, Serialize)]
pub struct Totals {
    /// Name of the group; `null` for the stores that have none.
    group: Option<String>,
    #[serde(flatten)]
    sums: Sums,
}

/// The numbers of [`Totals`].
#[derive(Debug, Serialize)]
pub struct Sums {
    stores: usize,
    counted: usize,
    inside: Option<u64>,
    low: Option<u64>,
    high: Option<u64>,
    #[serde(rename = "in")]
    entered: u64,
    #[serde(rename = "out")]
    left: u64,
    coverage: Option<f64>,
}

impl Sums {
    fn of(totals: &totals::Totals) -> Self {
        let known = (totals.counted > 0).then_some(totals.inside);
        Self {
            stores: totals.stores,
            counted: totals.counted,
            inside: known,
            low: known.map(|inside| inside.saturating_sub(totals.half())),
            high: known.map(|inside| inside.saturating_add(totals.half())),
            entered: totals.entered,
            left: totals.left,
            coverage: totals.coverage().map(|coverage| rounded(coverage, 3)),
        }
    }
}

/// The sums of all configured stores, and those of each group in the order of its first store.
pub(super) fn of(board: &Board, now: Timestamp) -> (Sums, Vec<Totals>) {
    let mut all = totals::Totals::default();
    let mut groups: Vec<(Option<&str>, totals::Totals)> = Vec::new();
    for row in board.stores.iter().filter(|row| row.declared) {
        let state = row.data_state(now);
        all.add(row, state);
        let name = row.store.group.as_deref();
        let at = groups.iter().position(|(group, _)| *group == name);
        let at = at.unwrap_or_else(|| {
            groups.push((name, totals::Totals::default()));
            groups.len() - 1
        });
        groups[at].1.add(row, state);
    }
    let groups = groups.into_iter().map(|(group, totals)| Totals {
        group: group.map(str::to_owned),
        sums: Sums::of(&totals),
    });
    (Sums::of(&all), groups.collect())
}
