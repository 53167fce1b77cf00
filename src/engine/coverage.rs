//! How much of each day has arrived, by people counter.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::opening;
use super::usual::quiet;
use crate::config::Config;
use crate::history::{HistoryError, Reader};
use crate::model::Timestamp;
use crate::model::calendar::{day_start, next_day_start};
use crate::model::device::{DeviceId, Facts, Kind};
use crate::model::ledger::Spans;
use crate::model::ledger::plan::{Claims, Plan, Quiet};
use crate::model::store::Store;
use crate::model::usual::{DoorDay, Quarter};

/// How much of one day of one people counter has arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct DayCoverage {
    /// The counter.
    pub device: DeviceId,
    /// The local date on which the business day began.
    pub day: NaiveDate,
    /// When it began.
    pub start: Timestamp,
    /// Share of the opening hours for which counts have arrived, 0 to 1; `None` when closed.
    pub coverage: Option<f64>,
}

/// Readings are read in pieces of this length.
const PIECE: TimeDelta = TimeDelta::hours(6);
/// What was delivered of a day is known from attempts until so long after it.
const SETTLED: TimeDelta = TimeDelta::days(1);

/// Gives the coverage of every people counter on every business day of its store that begins in
/// `[from, to)` to `take`, by the end of the day. Memory stays flat however long the range is.
///
/// # Errors
/// `Damaged` and `Database`, and whatever `take` gives.
pub fn coverage<E: From<HistoryError>>(
    reader: &Reader,
    (config, zone): (&Config, Tz),
    (from, to): (Timestamp, Timestamp),
    mut take: impl FnMut(&DayCoverage) -> Result<(), E>,
) -> Result<(), E> {
    let plan = opening::outline(config, zone);
    let mut doors = doors(reader, &plan, from)?;
    let delivered = delivered(reader, from, to + SETTLED + SETTLED)?;
    let nothing = Spans::default();
    let mut begin = doors.values().map(|door| door.start).min().unwrap_or(to);
    while doors.values().any(|door| door.start < to) {
        let end = begin + PIECE;
        for (device, count) in reader.quarters(begin, end)? {
            if let Some(door) = doors.get_mut(&device) {
                door.counts.push(count);
            }
        }
        for (device, door) in &mut doors {
            let delivered = delivered.get(device.source()).unwrap_or(&nothing);
            while door.end <= end && door.start < to {
                take(&door.turn(device, delivered))?;
            }
        }
        begin = end;
    }
    Ok(())
}

/// A people counter on its running day.
struct Door {
    store: Arc<Store>,
    quiet: Quiet,
    start: Timestamp,
    end: Timestamp,
    counts: Vec<Quarter>,
}

impl Door {
    fn new(store: Arc<Store>, quiet: Quiet, from: Timestamp) -> Self {
        let mut start = day_start(store.timezone, store.reset, from);
        if start < from {
            start = next_day_start(store.timezone, store.reset, from);
        }
        Self {
            end: next_day_start(store.timezone, store.reset, start),
            store,
            quiet,
            start,
            counts: Vec::new(),
        }
    }

    /// Ends the day and begins the next.
    fn turn(&mut self, device: &DeviceId, delivered: &Spans) -> DayCoverage {
        let (start, end) = (self.start, self.end);
        self.counts.retain(|count| count.start >= start);
        let later = self.counts.iter().copied();
        let later: Vec<_> = later.filter(|count| count.start >= end).collect();
        self.counts.retain(|count| count.start < end);
        let day = DoorDay {
            counts: &self.counts,
            quiet: self.quiet,
            delivered,
        };
        let date = start.with_timezone(&self.store.timezone).date_naive();
        // A business day may end in the first hours of the next date, which may be open.
        let open = !self.store.hours.spans(date).is_empty();
        let coverage = day.coverage(&self.store, start, end).filter(|_| open);
        self.counts = later;
        self.start = end;
        self.end = next_day_start(self.store.timezone, self.store.reset, end);
        DayCoverage {
            device: device.clone(),
            day: date,
            start,
            coverage,
        }
    }
}

/// The people counters of a history with the stores that claim them. One that nobody claims
/// follows the defaults, in its own zone.
fn doors(
    reader: &Reader,
    plan: &Plan,
    from: Timestamp,
) -> Result<BTreeMap<DeviceId, Door>, HistoryError> {
    let claims = Claims::of(plan);
    let counters = reader.facts()?.into_iter();
    let counters = counters.filter(|(_, facts)| facts.kind() == Kind::PeopleCounter);
    let door = |(id, facts): (DeviceId, Facts)| {
        let store = claims.store_of(&id).and_then(|at| plan.stores.get(at));
        let store = store.cloned().unwrap_or_else(|| {
            let zone = facts.timezone.unwrap_or(plan.display_zone);
            Arc::new(Store::named(&facts.name, zone))
        });
        let door = Door::new(store, quiet(plan, id.source()), from);
        (id, door)
    };
    Ok(counters.map(door).collect())
}

fn delivered(
    reader: &Reader,
    from: Timestamp,
    to: Timestamp,
) -> Result<BTreeMap<Arc<str>, Spans>, HistoryError> {
    let mut delivered: BTreeMap<Arc<str>, Spans> = BTreeMap::new();
    for (source, attempt) in reader.attempts(from, to)? {
        if let Some((begin, end)) = attempt.complete {
            delivered.entry(source).or_default().add(begin, end);
        }
    }
    Ok(delivered)
}
