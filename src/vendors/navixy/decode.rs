//! From wire types to trackers, states and readings. Pure: the server's clock is an argument.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::model::Timestamp;
use crate::model::reading::{Level, Value};
use crate::vendors::lenient::Row;
use crate::vendors::transport::plain;

use super::on_board::on_board;
use super::stamp::{Reckoning, Stamp};
use super::wire;

/// The counters that are shown.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub(super) enum CounterType {
    Odometer,
    EngineHours,
}

/// A tracker as `tracker/list` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub id: i64,
    pub label: Option<String>,
    pub clone: bool,
    pub blocked: bool,
}

/// What a tracker said last about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub connection: Option<String>,
    pub movement: Option<String>,
    pub ignition: Option<bool>,
    pub last_update: Option<Timestamp>,
}

/// The states of the fleet.
#[derive(Debug, Default)]
pub(super) struct States {
    pub by_tracker: BTreeMap<i64, State>,
    pub blocked: BTreeSet<i64>,
    pub missing: BTreeSet<i64>,
    /// The server's present instant, where it says so.
    pub server_now: Option<Timestamp>,
    /// Status words that no documentation names.
    pub unknown_words: BTreeSet<String>,
    pub tally: Tally,
}

/// One value of one tracker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    pub tracker: i64,
    pub level: Level,
    pub at: Timestamp,
    pub value: Value,
}

/// Values of several trackers.
#[derive(Debug, Default)]
pub(super) struct Samples {
    pub list: Vec<Sample>,
    pub tally: Tally,
}

/// What decoding ran into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Rows that could not be used.
    pub rejected: u32,
    /// Some stamps have no offset and the account's zone is not known.
    pub needs_zone: bool,
}

/// Trackers that were asked for, with the instant each was last heard of.
pub(super) type Asked = BTreeMap<i64, Option<Timestamp>>;

/// The connection words of the vendor documentation.
const CONNECTIONS: [&str; 6] = [
    "signal_lost",
    "just_registered",
    "just_replaced",
    "offline",
    "idle",
    "active",
];
/// The movement words of the vendor documentation.
const MOVEMENTS: [&str; 3] = ["moving", "stopped", "parked"];
/// What any other word is shown as.
const UNKNOWN: &str = "unknown";

impl CounterType {
    /// The counters in the order they are asked for.
    pub(super) const ALL: [Self; 2] = [Self::Odometer, Self::EngineHours];

    /// The word on the wire.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Odometer => "odometer",
            Self::EngineHours => "engine_hours",
        }
    }

    /// The quantity it measures.
    pub(super) fn level(self) -> Level {
        match self {
            Self::Odometer => Level::Odometer,
            Self::EngineHours => Level::EngineHours,
        }
    }

    /// The counter that measures a quantity.
    pub(super) fn of(level: Level) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.level() == level)
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The value when it can be one: kilometres and hours are neither negative nor astronomic.
    fn value(self, json: &Json) -> Option<Value> {
        let most = match self {
            Self::Odometer => 100_000_000.0,
            Self::EngineHours => 1_000_000.0,
        };
        let value = number(json)?;
        (0.0..=most).contains(&value).then_some(Value::Real(value))
    }
}

/// A number, also one that comes as text.
pub(super) fn number(json: &Json) -> Option<f64> {
    let text = || json.as_str()?.trim().parse().ok();
    json.as_f64()
        .or_else(text)
        .filter(|number| number.is_finite())
}

impl States {
    /// Adds the states of more trackers.
    pub(super) fn absorb(&mut self, more: Self) {
        self.by_tracker.extend(more.by_tracker);
        self.blocked.extend(more.blocked);
        self.missing.extend(more.missing);
        self.server_now = more.server_now.or(self.server_now);
        self.unknown_words.extend(more.unknown_words);
        self.tally.rejected = self.tally.rejected.saturating_add(more.tally.rejected);
        self.tally.needs_zone |= more.tally.needs_zone;
    }
}

impl Tally {
    /// Reads a stamp and takes note when it cannot be used.
    pub(super) fn instant(&mut self, text: &str, reckoning: Reckoning) -> Option<Timestamp> {
        let instant = reckoning.instant(text);
        if instant.is_none() {
            let naive = Stamp::parse(text).is_some_and(Stamp::is_naive);
            self.needs_zone |= naive && reckoning.zone.is_none();
        }
        instant
    }

    pub(super) fn reject(&mut self) {
        self.rejected = self.rejected.saturating_add(1);
    }
}

/// The trackers of `tracker/list` and the number of rows that could not be used.
pub(super) fn trackers(wire: wire::TrackerList) -> (Vec<Listed>, u32) {
    let mut tally = Tally::default();
    let mut trackers = Vec::with_capacity(wire.list.len());
    for row in wire.list {
        let row = row.good();
        let Some((id, row)) = row.and_then(|row| Some((row.id?, row))) else {
            tally.reject();
            continue;
        };
        let label = row.label.map(|label| plain(&label));
        trackers.push(Listed {
            id,
            label: label.filter(|label| !label.is_empty()),
            clone: row.clone.unwrap_or(false),
            blocked: row.source.and_then(|source| source.blocked) == Some(true),
        });
    }
    (trackers, tally.rejected)
}

/// The states of `tracker/get_states`. Where the server does not say what time it is, `our_now`
/// stands in.
pub(super) fn states(
    wire: &wire::States,
    zone: Option<chrono_tz::Tz>,
    our_now: Timestamp,
) -> States {
    let mut states = States::default();
    let user_time = wire.user_time.as_deref().and_then(Stamp::parse);
    states.tally.needs_zone = zone.is_none() && user_time.is_some_and(Stamp::is_naive);
    states.server_now = user_time.and_then(|stamp| stamp.nearest(zone, our_now));
    let reckoning = Reckoning {
        zone,
        server_now: states.server_now.unwrap_or(our_now),
    };
    for (id, row) in &wire.by_tracker {
        match (id.parse(), row.as_good()) {
            (Ok(id), Some(row)) => {
                let state = state(row, reckoning, &mut states);
                states.by_tracker.insert(id, state);
            }
            _ => states.tally.reject(),
        }
    }
    states.blocked = wire
        .blocked
        .iter()
        .filter_map(|row| row.as_good())
        .copied()
        .collect();
    states.missing = wire
        .not_exist
        .iter()
        .filter_map(|row| row.as_good())
        .copied()
        .collect();
    states
}

fn state(row: &wire::State, reckoning: Reckoning, states: &mut States) -> State {
    let heard = row.last_update.as_ref();
    let heard = heard.or(row.gps.as_ref().and_then(|gps| gps.updated.as_ref()));
    State {
        connection: known_word(row.connection_status.as_deref(), &CONNECTIONS, states),
        movement: known_word(row.movement_status.as_deref(), &MOVEMENTS, states),
        ignition: row.ignition,
        last_update: heard.and_then(|text| states.tally.instant(text, reckoning)),
    }
}

/// The word if it is a documented one, else `unknown`; the odd word is kept aside to be shown.
fn known_word(word: Option<&str>, known: &[&str], states: &mut States) -> Option<String> {
    let word = word?;
    if known.contains(&word) {
        return Some(word.to_owned());
    }
    states.unknown_words.insert(plain(word));
    Some(UNKNOWN.to_owned())
}

/// Counters and people on board of `tracker/readings/batch_list`. Trackers that were not asked for
/// are passed over. `sensors` are the names of those that say how many people are on board.
pub(super) fn batch(
    wire: &wire::BatchReadings,
    asked: &Asked,
    reckoning: Reckoning,
    sensors: &[String],
) -> Samples {
    let mut samples = Samples::default();
    for (id, row) in &wire.result {
        let Some((tracker, heard)) = id.parse().ok().and_then(|id| asked.get_key_value(&id)) else {
            continue;
        };
        let Some(row) = row.as_good() else {
            samples.tally.reject();
            continue;
        };
        counters(&row.counters, *tracker, *heard, reckoning, &mut samples);
        let counted = on_board(row, sensors, *heard, reckoning, &mut samples.tally);
        if let Some((at, people)) = counted {
            samples.list.push(Sample {
                tracker: *tracker,
                level: Level::OnBoard,
                at,
                value: Value::Int(people),
            });
        }
    }
    samples
}

/// The counters of one tracker, as `tracker/get_counters` gives them.
pub(super) fn counters_of(
    wire: &wire::Counters,
    tracker: i64,
    heard: Option<Timestamp>,
    reckoning: Reckoning,
) -> Samples {
    let mut samples = Samples::default();
    counters(&wire.list, tracker, heard, reckoning, &mut samples);
    samples
}

fn counters(
    rows: &[Row<wire::Counter>],
    tracker: i64,
    heard: Option<Timestamp>,
    reckoning: Reckoning,
    samples: &mut Samples,
) {
    for row in rows {
        let Some(row) = row.as_good() else {
            samples.tally.reject();
            continue;
        };
        // Fuel and other counters are not shown.
        let Some(kind) = CounterType::parse(&row.kind) else {
            continue;
        };
        let at = match row.update_time.as_deref() {
            Some(text) => samples.tally.instant(text, reckoning),
            None => heard,
        };
        match (kind.value(&row.value), at) {
            (Some(value), Some(at)) => samples.list.push(Sample {
                tracker,
                level: kind.level(),
                at,
                value,
            }),
            // A counter that has no value yet is no fault.
            (None, _) if row.value.is_null() => {}
            _ => samples.tally.reject(),
        }
    }
}

/// The values of `tracker/counter/value/list`, which carry no time: each takes the instant its
/// tracker was last heard of, as a dead tracker keeps its last value. A tracker that is left out
/// has no such counter; absent is not zero.
pub(super) fn values(wire: &wire::CounterValues, kind: CounterType, asked: &Asked) -> Samples {
    let mut samples = Samples::default();
    for (id, json) in &wire.value {
        let Some((tracker, heard)) = id.parse().ok().and_then(|id| asked.get_key_value(&id)) else {
            continue;
        };
        match (kind.value(json), heard) {
            (Some(value), Some(at)) => samples.list.push(Sample {
                tracker: *tracker,
                level: kind.level(),
                at: *at,
                value,
            }),
            (None, _) if json.is_null() => {}
            _ => samples.tally.reject(),
        }
    }
    samples
}

/// The samples of `tracker/counter/data/read`, oldest first on the wire.
pub(super) fn history(
    wire: &wire::CounterHistory,
    tracker: i64,
    kind: CounterType,
    reckoning: Reckoning,
) -> Samples {
    let mut samples = Samples::default();
    for row in &wire.list {
        let read = row.as_good().and_then(|row| {
            let at = samples.tally.instant(&row.update_time, reckoning)?;
            Some((at, kind.value(&row.value)?))
        });
        match read {
            Some((at, value)) => samples.list.push(Sample {
                tracker,
                level: kind.level(),
                at,
                value,
            }),
            None => samples.tally.reject(),
        }
    }
    samples
}

/// Seats by tracker from `vehicle/list`.
pub(super) fn seats(wire: wire::Vehicles) -> BTreeMap<i64, u32> {
    let vehicles = wire.list.into_iter().filter_map(Row::good);
    vehicles
        .filter_map(|vehicle| {
            let seats = u32::try_from(vehicle.passengers?).ok()?;
            Some((vehicle.tracker_id?, seats))
        })
        .filter(|(_, seats)| *seats > 0)
        .collect()
}

#[cfg(test)]
mod tests;
