//! People on board of a vehicle, from its passenger sensors.
//!
//! The vendor's catalogue of sensor inputs has `passengers_remaining` and, for the whole vehicle or
//! for each door, `total_passengers_entered` and `total_passengers_exit`. They arrive as named
//! inputs (vendor documentation) or as state fields (inferred). `passengers_entered` and
//! `passengers_exit` belong to the last stop only and say nothing about who is on board.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::model::Timestamp;

use super::decode::{Tally, number};
use super::stamp::Reckoning;
use super::wire;

/// More people than any vehicle carries.
const MOST: f64 = 100_000.0;
/// A running total may be far larger than any one vehicle-load.
const LARGEST_TOTAL: f64 = 1e12;

const ENTERED: &str = "total_passengers_entered";
const LEFT: &str = "total_passengers_exit";

/// The newest number of people on board and when it was measured.
///
/// The vendor's own remaining count wins, by the first of `sensors` that there is. Without it the difference of the running totals is taken,
/// where both directions are there for the same doors. A negative difference is no number of
/// people and counts as rejected.
pub(super) fn on_board(
    readings: &wire::TrackerReadings,
    sensors: &[String],
    heard: Option<Timestamp>,
    reckoning: Reckoning,
    tally: &mut Tally,
) -> Option<(Timestamp, i64)> {
    let mut remaining = BTreeMap::<usize, Option<(Timestamp, f64)>>::new();
    let mut entered = Totals::new();
    let mut left = Totals::new();
    for (name, json, time) in named_values(readings) {
        let meaning = Meaning::of(name, sensors);
        if meaning == Meaning::Other || json.is_null() {
            continue;
        }
        let at = match time {
            Some(text) => tally.instant(text, reckoning),
            None => heard,
        };
        let most = match meaning {
            Meaning::Remaining(_) => MOST,
            _ => LARGEST_TOTAL,
        };
        let value = number(json).filter(|value| (0.0..=most).contains(value));
        let (Some(at), Some(value)) = (at, value) else {
            tally.reject();
            continue;
        };
        match meaning {
            Meaning::Remaining(place) => {
                keep_newest(remaining.entry(place).or_default(), (at, value));
            }
            Meaning::Entered(place) => keep_newest(entered.entry(place).or_default(), (at, value)),
            Meaning::Left(place) => keep_newest(left.entry(place).or_default(), (at, value)),
            Meaning::Other => {}
        }
    }
    let told = remaining.into_values().flatten().next();
    let (at, people) = told.or_else(|| difference(&entered, &left))?;
    if !(0.0..=MOST).contains(&people) {
        tally.reject();
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range was just checked"
    )]
    let people = people.round() as i64;
    Some((at, people))
}

/// Where a total was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Vehicle,
    Door(u32),
}

/// Running totals by place.
type Totals = BTreeMap<Place, Option<(Timestamp, f64)>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// By the sensor at this place of the settings.
    Remaining(usize),
    Entered(Place),
    Left(Place),
    Other,
}

impl Meaning {
    fn of(name: &str, sensors: &[String]) -> Self {
        if let Some(place) = sensors.iter().position(|sensor| sensor == name) {
            return Self::Remaining(place);
        }
        if let Some(place) = name.strip_prefix(ENTERED).and_then(place) {
            return Self::Entered(place);
        }
        if let Some(place) = name.strip_prefix(LEFT).and_then(place) {
            return Self::Left(place);
        }
        Self::Other
    }
}

/// The place in the rest of a name: nothing, `_2` or `[2]`. `None` means: another name.
fn place(rest: &str) -> Option<Place> {
    if rest.is_empty() {
        return Some(Place::Vehicle);
    }
    let bracketed = rest
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let number = bracketed.or_else(|| rest.strip_prefix('_'))?;
    number.parse().ok().map(Place::Door)
}

fn named_values(
    readings: &wire::TrackerReadings,
) -> impl Iterator<Item = (&str, &Json, Option<&str>)> {
    let inputs = readings.inputs.iter().filter_map(|row| row.as_good());
    let inputs = inputs.filter_map(|input| {
        Some((
            input.name.as_deref()?,
            &input.value,
            input.update_time.as_deref(),
        ))
    });
    let states = readings.states.iter().filter_map(|row| row.as_good());
    let states = states.filter_map(|state| {
        Some((
            state.field.as_deref()?,
            &state.value,
            state.update_time.as_deref(),
        ))
    });
    inputs.chain(states)
}

fn keep_newest(kept: &mut Option<(Timestamp, f64)>, new: (Timestamp, f64)) {
    if kept.is_none_or(|(at, _)| new.0 > at) {
        *kept = Some(new);
    }
}

/// Entered minus left, as of the newest of the totals; the vehicle's own totals win over those of
/// its doors. Doors count only when each has both directions.
fn difference(entered: &Totals, left: &Totals) -> Option<(Timestamp, f64)> {
    let whole = |totals: &Totals| totals.get(&Place::Vehicle).copied().flatten();
    if let (Some((entered_at, entered)), Some((left_at, left))) = (whole(entered), whole(left)) {
        return Some((entered_at.max(left_at), entered - left));
    }
    let doors = |totals: &Totals| -> BTreeMap<u32, (Timestamp, f64)> {
        let door = |(place, total): (&Place, &Option<_>)| match place {
            Place::Door(number) => Some((*number, (*total)?)),
            Place::Vehicle => None,
        };
        totals.iter().filter_map(door).collect()
    };
    let (entered, left) = (doors(entered), doors(left));
    if entered.is_empty() || !entered.keys().eq(left.keys()) {
        return None;
    }
    let newest = entered
        .values()
        .chain(left.values())
        .map(|(at, _)| *at)
        .max()?;
    let sum = |doors: BTreeMap<u32, (Timestamp, f64)>| {
        doors.into_values().map(|(_, total)| total).sum::<f64>()
    };
    Some((newest, sum(entered) - sum(left)))
}
