//! People inside, by other accounts than our own count: the vendor's, and vehicles' sensors.

use super::device::{Counter, State};
use super::store::Part;
use crate::model::Timestamp;
use crate::model::board::{DeviceRow, Figures, Occupancy, Origin, Today};
use crate::model::figure::{Figure, Flag, Quality};
use crate::model::health::DataState;

/// The vendor's own occupancy; only when every counter of the store has one.
pub(super) fn vendor(
    counters: &[(&Part<'_>, &Counter)],
    today: Option<&Today>,
    quality: Quality,
) -> Option<Occupancy> {
    let values: Option<Vec<_>> = counters.iter().map(|(_, c)| c.occupancy).collect();
    let values = values.filter(|values| !values.is_empty())?;
    let as_of = values.iter().map(|(at, _)| *at).min()?;
    let raw = values.iter().map(|(_, people)| people).sum();
    let shown = people(raw);
    let margin = today.map_or(2, default_margin);
    Some(Occupancy {
        shown: Figure {
            value: shown,
            as_of,
            fetched_at: fetched_at(counters, as_of),
            quality,
        },
        low: shown.saturating_sub(margin),
        high: shown.saturating_add(margin),
        raw,
        origin: Origin::Vendor,
        why: vec!["the vendor's own occupancy, as it came".to_owned()],
    })
}

/// People on board of all vehicles of a store that has nothing but trackers. A clone shares its
/// hardware with another tracker and is left out, and so is a vehicle that was lost: what it said
/// days ago says nothing about now, but its absence is marked.
pub(super) fn on_board(parts: &[Part<'_>], now: Timestamp) -> Option<Occupancy> {
    let is_tracker = |part: &Part<'_>| matches!(part.device.state, State::Tracker(_));
    if !parts.iter().all(is_tracker) {
        return None;
    }
    let rows: Vec<_> = parts
        .iter()
        .map(|part| part.device.row(part.id, &part.about))
        .filter(|row| !row.facts.is_clone())
        .collect();
    let (lost, heard): (Vec<_>, Vec<_>) = rows
        .iter()
        .partition(|row| row.data_state(now) == DataState::Dead);
    let lost = lost.iter().any(|row| aboard(row).is_some());
    let total = heard
        .into_iter()
        .filter_map(aboard)
        .reduce(|sum, figure| Figure {
            value: sum.value + figure.value,
            as_of: sum.as_of.min(figure.as_of),
            fetched_at: sum.fetched_at.max(figure.fetched_at),
            quality: sum.quality.and(figure.quality),
        })?;
    let shown = people(total.value);
    Some(Occupancy {
        shown: Figure {
            value: shown,
            quality: total.quality.with_if(Flag::Partial, lost),
            ..total.map(|_| shown)
        },
        low: shown,
        high: shown,
        raw: total.value,
        origin: Origin::OnBoard,
        why: vec!["people on board of its vehicles, by their sensors".to_owned()],
    })
}

fn aboard(row: &DeviceRow) -> Option<Figure<i64>> {
    match row.figures {
        Figures::Tracker { on_board, .. } => on_board,
        _ => None,
    }
}

/// The number of people to show; never negative.
fn people(raw: i64) -> u32 {
    u32::try_from(raw.max(0)).unwrap_or(u32::MAX)
}

/// Without learned history the band is 5 % of the crossings so far, at least two people.
fn default_margin(today: &Today) -> u32 {
    let crossings = today.entered + today.left;
    u32::try_from(crossings.div_ceil(20))
        .unwrap_or(u32::MAX)
        .max(2)
}

pub(super) fn fetched_at(counters: &[(&Part<'_>, &Counter)], otherwise: Timestamp) -> Timestamp {
    let newest = counters
        .iter()
        .map(|(part, _)| part.device.fetched_at)
        .max();
    newest.map_or(otherwise, |at| at.max(otherwise))
}
