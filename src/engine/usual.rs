//! What is usual in each store: reads the same weekdays of the last weeks from history.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::recording::pieces;
use super::{opening, trading};
use crate::config::Config;
use crate::history::{HistoryError, Reader};
use crate::model::Timestamp;
use crate::model::board::{Board, StoreRow};
use crate::model::device::{DeviceId, Kind};
use crate::model::ledger::Spans;
use crate::model::ledger::plan::{Plan, Quiet};
use crate::model::usual::{Comparisons, DoorDay, ENOUGH, PastDay, Quarter, WEEKS, weeks_ago};

/// Counts are read in pieces of this length.
const PIECE: TimeDelta = TimeDelta::hours(6);
/// What was delivered of a day is known from attempts until so long after it.
const SETTLED: TimeDelta = TimeDelta::days(1);

/// Compares the running day of every store, machine and document counter of a board with its
/// earlier ones. Reads four days of history, and more only of stores of which some of these were
/// no good.
///
/// # Errors
/// `Damaged` and `Database`.
pub fn usual(
    reader: &Reader,
    config: &Config,
    zone: Tz,
    board: &Board,
    now: Timestamp,
) -> Result<Comparisons, HistoryError> {
    let plan = opening::outline(config, zone);
    let stores: Vec<&StoreRow> = board.stores.iter().map(|row| &**row).collect();
    let doors = doors(board, &stores);
    let mut days: Vec<Vec<PastDay>> = vec![Vec::new(); stores.len()];
    let begins = reader.polled()?.map_or(now, |(first, _)| first);
    for weeks in WEEKS {
        let asked = stores.iter().zip(&days).map(|(row, days)| {
            let (date, start, end) = weeks_ago(&row.store, now, weeks);
            let good = days.iter().filter(|day| day.is_good()).count();
            let of_use = begins < end + SETTLED && !row.store.hours.spans(date).is_empty();
            (of_use && good < ENOUGH).then_some(start..end)
        });
        let asked: Vec<_> = asked.collect();
        let week = Week::read(reader, &asked, &doors)?;
        for ((row, days), asked) in stores.iter().zip(&mut days).zip(asked) {
            days.extend(asked.map(|_| week.day(&plan, row, &doors, (now, weeks))));
        }
    }
    let mut comparisons = Comparisons::default();
    for (row, days) in stores.iter().zip(&days) {
        comparisons.add(&row.store, now, days);
    }
    trading::compare(&mut comparisons, reader, (board, zone), now)?;
    Ok(comparisons)
}

/// The people counters of all stores, with the position of their store.
fn doors(board: &Board, stores: &[&StoreRow]) -> HashMap<DeviceId, usize> {
    let counters = board.devices.values();
    let counters: HashSet<&DeviceId> = counters
        .filter(|row| row.kind() == Kind::PeopleCounter)
        .map(|row| &row.id)
        .collect();
    let members = stores.iter().enumerate().flat_map(|(store, row)| {
        let members = row.members.iter();
        members.map(move |id| (id.clone(), store))
    });
    members.filter(|(id, _)| counters.contains(id)).collect()
}

/// What is known of one day of the stores that are asked about.
struct Week {
    counts: HashMap<DeviceId, Vec<Quarter>>,
    delivered: BTreeMap<Arc<str>, Spans>,
}

impl Week {
    fn read(
        reader: &Reader,
        days: &[Option<Range<Timestamp>>],
        doors: &HashMap<DeviceId, usize>,
    ) -> Result<Self, HistoryError> {
        let mut week = Self {
            counts: HashMap::new(),
            delivered: BTreeMap::new(),
        };
        let from = days.iter().flatten().map(|day| day.start).min();
        let to = days.iter().flatten().map(|day| day.end).max();
        let Some((from, to)) = from.zip(to) else {
            return Ok(week);
        };
        for (begin, end) in pieces(from, to, PIECE) {
            for (device, count) in reader.quarters(begin, end)? {
                let day = (doors.get(&device)).and_then(|store| days[*store].as_ref());
                if day.is_some_and(|day| day.contains(&count.start)) {
                    week.counts.entry(device).or_default().push(count);
                }
            }
        }
        for (source, attempt) in reader.attempts(from, to + SETTLED)? {
            if let Some((begin, end)) = attempt.complete {
                week.delivered.entry(source).or_default().add(begin, end);
            }
        }
        Ok(week)
    }

    fn day(
        &self,
        plan: &Plan,
        row: &StoreRow,
        doors: &HashMap<DeviceId, usize>,
        (now, weeks): (Timestamp, i64),
    ) -> PastDay {
        let nothing = Spans::default();
        let doors = row.members.iter().filter(|id| doors.contains_key(*id));
        let doors: Vec<_> = doors
            .map(|id| DoorDay {
                counts: self.counts.get(id).map_or(&[][..], Vec::as_slice),
                quiet: quiet(plan, id.source()),
                delivered: self.delivered.get(id.source()).unwrap_or(&nothing),
            })
            .collect();
        PastDay::of(&row.store, now, weeks, &doors)
    }
}

/// What an interval without a row means in a source.
pub(super) fn quiet(plan: &Plan, source: &str) -> Quiet {
    let mut sources = plan.sources.iter();
    let found = sources.find(|plan| *plan.name == *source);
    found.map_or(Quiet::Missing, |plan| plan.quiet)
}
