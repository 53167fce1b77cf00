//! Counts per door: intervals up to what is published, and totals of days.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use rand::RngExt;
use serde_json::{Value, json};

use crate::model::Timestamp;
use crate::model::reading::Flow;
use crate::simulator::estate::Estate;
use crate::simulator::estate::chance::{Subject, chance};
use crate::simulator::estate::site::{Door, Site};
use crate::simulator::estate::wall;
use crate::simulator::faults::Fault;
use crate::simulator::readout::{delivered, silent_since};

/// Share of intervals that are published low and completed with the next publication.
const COMPLETED_LATER: f64 = 0.03;
/// Share of rows whose counts are numeric strings (seen in public client code).
const STRINGS: f64 = 0.03;

/// What one call can see.
pub struct Counts<'a> {
    /// The estate.
    pub estate: &'a Estate,
    /// The call's faults.
    pub faults: &'a [Fault],
    /// Export interval in seconds.
    pub interval_s: i64,
    /// Up to where data is published.
    pub horizon: Timestamp,
}

impl Counts<'_> {
    /// Interval rows of a store whose local start lies in `[first, last]`, by door and then in
    /// order of time. Quiet intervals have a row of zeros.
    pub fn intervals(
        &self,
        site: &Site,
        first: NaiveDateTime,
        last: NaiveDateTime,
        rows: &mut Vec<Value>,
    ) {
        // One hour more on both sides: clock changes move local times against instants.
        let from = self.grid(site, first) - TimeDelta::hours(1);
        let to = (self.grid(site, last) + TimeDelta::hours(2)).min(self.end_of(site));
        let flows = self.flows(site, from, to);
        for (door, flows) in site.doors.iter().zip(flows) {
            for (position, flow) in (0_i64..).zip(flows) {
                let start = from + TimeDelta::seconds(position * self.interval_s);
                let local = start.with_timezone(&site.city.zone).naive_local();
                if local >= first && local <= last {
                    rows.push(self.row(door, start, local, flow));
                }
            }
        }
    }

    /// Totals of a store's local days in `[first, last]`, by door; none for days to come.
    pub fn days(&self, site: &Site, first: NaiveDate, last: NaiveDate, rows: &mut Vec<Value>) {
        let mut date = first;
        while date <= last {
            let from = wall::instant(site.city.zone, date, 0);
            let next = date + TimeDelta::days(1);
            let to = wall::instant(site.city.zone, next, 0).min(self.end_of(site));
            if from >= to {
                return;
            }
            let flows = self.flows(site, from, to);
            for (door, flows) in site.doors.iter().zip(flows) {
                let sum = flows
                    .into_iter()
                    .fold(Flow::default(), |sum, flow| sum + flow);
                rows.push(json!({
                    "counterId": door.counter,
                    "date": date.to_string(),
                    "I": sum.entered,
                    "O": sum.left,
                }));
            }
            date = next;
        }
    }

    /// What each door counted in the intervals of `[from, to)`.
    fn flows(&self, site: &Site, from: Timestamp, to: Timestamp) -> Vec<Vec<Flow>> {
        let cells = (to - from).num_seconds().max(0) / self.interval_s;
        let cells = usize::try_from(cells).unwrap_or(0);
        let mut flows = vec![vec![Flow::default(); cells]; site.doors.len()];
        for passage in delivered(self.estate, site, self.faults, from, to.max(from)) {
            let cell = (passage.at_s - from.timestamp()) / self.interval_s;
            let cell = usize::try_from(cell).unwrap_or(usize::MAX);
            if let Some(flow) = flows[usize::from(passage.door)].get_mut(cell) {
                *flow = *flow + passage.flow();
            }
        }
        flows
    }

    fn row(&self, door: &Door, start: Timestamp, local: NaiveDateTime, flow: Flow) -> Value {
        let thing = door.counter.unsigned_abs();
        let occasion = start.timestamp();
        let mut draw = chance(self.estate.seed(), Subject::Correction, thing, occasion);
        let incomplete = draw.random_bool(COMPLETED_LATER);
        let flow = self.as_published(start, flow, incomplete);
        let strings = draw.random_bool(STRINGS) || self.faults.contains(&Fault::NumericStrings);
        let number = |count: u32| {
            if strings {
                json!(count.to_string())
            } else {
                json!(count)
            }
        };
        let (entered, left) = if self.faults.contains(&Fault::OtherShape) {
            ("inValue", "outValue")
        } else {
            ("I", "O")
        };
        json!({
            "counterId": door.counter,
            "datetime": local.format("%Y-%m-%d %H:%M:%S").to_string(),
            entered: number(flow.entered),
            left: number(flow.left),
        })
    }

    /// A flow as it stands so far: incomplete until the next publication, or revised later.
    fn as_published(&self, start: Timestamp, flow: Flow, incomplete: bool) -> Flow {
        let settled = start + TimeDelta::seconds(2 * self.interval_s) <= self.horizon;
        if incomplete && !settled {
            return Flow {
                entered: flow.entered * 4 / 5,
                left: flow.left * 4 / 5,
            };
        }
        if self.faults.contains(&Fault::Revised) && settled {
            return Flow {
                entered: flow.entered + 1 + flow.entered / 10,
                left: flow.left + flow.left / 10,
            };
        }
        flow
    }

    /// The interval in which a local time lies.
    fn grid(&self, site: &Site, local: NaiveDateTime) -> Timestamp {
        let midnight = wall::instant(site.city.zone, local.date(), 0);
        let since = local - local.date().and_time(chrono::NaiveTime::MIN);
        wall::floor_to(midnight + since, self.interval_s)
    }

    /// Up to where a store has delivered.
    fn end_of(&self, site: &Site) -> Timestamp {
        let end = silent_since(self.faults, site.index)
            .map_or(self.horizon, |broken| broken.min(self.horizon));
        wall::floor_to(end, self.interval_s)
    }
}
