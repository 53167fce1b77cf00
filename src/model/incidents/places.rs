//! Stores over their capacity, and stores whose counts cannot be right.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{SubsecRound, TimeDelta};

use super::cause::{About, Cause, Severity};
use super::event::StoreReset;
use super::log::Root;
use crate::model::Timestamp;
use crate::model::board::{Band, Board, StoreRow};
use crate::model::device::DeviceId;
use crate::model::figure::Flag;
use crate::model::health::{DataState, data_state, next_change};

/// A reset that was noticed longer ago than this is no news.
const RESET_NEWS_H: i64 = 36;

/// What is known of the stores of a board.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    roots: BTreeMap<usize, Vec<Root>>,
    until: BTreeMap<usize, Timestamp>,
    resets: BTreeMap<Arc<str>, Timestamp>,
    stirred: bool,
}

impl Places {
    /// Looks at rows that were made anew.
    pub fn take(&mut self, board: &Board, places: &[usize], now: Timestamp) {
        for place in places {
            if let Some(row) = board.stores.get(*place) {
                self.judge(*place, row, now);
            }
        }
    }

    /// Looks again where the clock may have changed something.
    pub fn renew(&mut self, board: &Board, now: Timestamp) {
        let due = self.until.iter().filter(|(_, at)| **at <= now);
        let due: Vec<_> = due.map(|(place, _)| *place).collect();
        self.take(board, &due, now);
    }

    /// The first instant at which something may change by the clock alone.
    pub fn until(&self) -> Option<Timestamp> {
        self.until.values().min().copied()
    }

    /// The roots there are.
    pub fn roots(&self) -> impl Iterator<Item = &Root> {
        self.roots.values().flatten()
    }

    /// Whether they have changed since the last call.
    pub fn take_stirred(&mut self) -> bool {
        std::mem::take(&mut self.stirred)
    }

    fn judge(&mut self, place: usize, row: &StoreRow, now: Timestamp) {
        let suspicious = row.band() == Band::Over || is_blind(row);
        let roots = if suspicious {
            roots(row, data_state(row.feed(), now), now)
        } else {
            Vec::new()
        };
        let later = now.trunc_subsecs(0) + TimeDelta::seconds(1);
        match next_change(row.feed(), now).filter(|_| suspicious) {
            Some(at) => self.until.insert(place, at.max(later)),
            None => self.until.remove(&place),
        };
        let known = self.roots.get(&place).map_or(&[][..], |known| known);
        if known.len() != roots.len() || known.iter().zip(&roots).any(|(a, b)| differ(a, b)) {
            self.stirred = true;
            self.roots.insert(place, roots);
            self.roots.retain(|_, roots| !roots.is_empty());
        }
    }

    /// The resets that stores have lived through since they were looked at last, by instant.
    pub fn resets(
        &mut self,
        board: &Board,
        places: &[usize],
        now: Timestamp,
    ) -> BTreeMap<Timestamp, Vec<StoreReset>> {
        let mut news: BTreeMap<Timestamp, Vec<StoreReset>> = BTreeMap::new();
        for row in places.iter().filter_map(|place| board.stores.get(*place)) {
            let Some(reset) = row.evidence.last_reset else {
                continue;
            };
            let name = &row.store.name;
            let known = self
                .resets
                .get(name)
                .is_some_and(|known| *known >= reset.at);
            if known || reset.at < now - TimeDelta::hours(RESET_NEWS_H) {
                continue;
            }
            self.resets.insert(name.clone(), reset.at);
            news.entry(reset.at).or_default().push(StoreReset {
                store: name.clone(),
                residual: reset.residual,
                remained: reset.remained,
                confirmed: reset.is_confirmed(),
            });
        }
        news
    }
}

/// Whether a root says something else than before; since when is told only once.
fn differ(known: &Root, root: &Root) -> bool {
    let since = root.since;
    *root
        != Root {
            since,
            ..known.clone()
        }
}

fn is_blind(row: &StoreRow) -> bool {
    let quality = row.occupancy.as_ref().map(|inside| inside.shown.quality);
    quality.is_some_and(|quality| quality.has(Flag::Silent) || quality.has(Flag::OneWay))
}

fn roots(row: &StoreRow, state: DataState, now: Timestamp) -> Vec<Root> {
    let live = matches!(state, DataState::Fresh | DataState::Due | DataState::Late)
        || state == DataState::Stale;
    if !live || !row.confirmed {
        return Vec::new();
    }
    let sources: BTreeSet<&str> = row.members.iter().map(DeviceId::source).collect();
    let root = |cause, severity, detail| Root {
        cause,
        about: About::Store(row.store.name.clone()),
        severity,
        since: now,
        sources: sources.iter().map(|name| (*name).into()).collect(),
        feeds: Vec::new(),
        count: 0,
        detail,
    };
    let over = (row.store.capacity.zip(row.occupancy.as_ref()))
        .filter(|_| row.band() == Band::Over)
        .map(|(capacity, inside)| {
            let detail = format!("{} inside, {capacity} allowed", inside.shown.value);
            root(Cause::OverCapacity, Severity::Critical, detail)
        });
    let blind = (is_blind(row) && state < DataState::Late).then(|| {
        let quality = row.occupancy.as_ref().map(|inside| inside.shown.quality);
        let one_way = quality.is_some_and(|quality| quality.has(Flag::OneWay));
        let detail = if one_way {
            "one direction counts, the other does not"
        } else {
            "only zeros although the hour is usually busy"
        };
        root(Cause::Blind, Severity::Warning, detail.to_owned())
    });
    over.into_iter().chain(blind).collect()
}
