//! What is usual on devices that tell of nothing but what happens: reads their same weekdays of the
//! last weeks from history.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Tz;

use crate::history::{HistoryError, Reader};
use crate::model::Timestamp;
use crate::model::board::{Board, DeviceRow};
use crate::model::device::Kind;
use crate::model::reading::Measure;
use crate::model::store::Store;
use crate::model::usual::{Comparisons, ENOUGH, PastDay, WEEKS, running_day, weeks_ago};

/// How long after a day its sales may have become known.
const TOLD: TimeDelta = TimeDelta::days(1);
/// A document counter that is looked at as often as this is known throughout.
const LOOK: TimeDelta = TimeDelta::minutes(15);

/// Adds the machines and document counters of a board to what is compared.
pub(super) fn compare(
    comparisons: &mut Comparisons,
    reader: &Reader,
    (board, home): (&Board, Tz),
    now: Timestamp,
) -> Result<(), HistoryError> {
    let rows = board.devices.values();
    let rows = rows.filter(|row| row.kind().only_happens());
    let rows: Vec<_> = rows.map(|row| (row, running_day(row, home))).collect();
    let mut days: Vec<Vec<PastDay>> = vec![Vec::new(); rows.len()];
    let begins = reader.polled()?.map_or(now, |(first, _)| first);
    for weeks in WEEKS {
        let lacking = |days: &[PastDay]| days.iter().filter(|day| day.is_good()).count() < ENOUGH;
        let asked = rows.iter().zip(&mut days).filter(|((_, day), days)| {
            let (_, _, end) = weeks_ago(day, now, weeks);
            begins < end && lacking(days)
        });
        let mut asked: Vec<_> = asked.collect();
        let looks = Looks::read(reader, asked.iter().map(|((_, day), _)| day), (now, weeks))?;
        for ((row, day), days) in &mut asked {
            days.push(past_day(reader, &looks, (row, day), (now, weeks))?);
        }
    }
    for ((row, day), days) in rows.iter().zip(&days) {
        comparisons.add_device(&row.id, day, now, days);
    }
    Ok(())
}

fn past_day(
    reader: &Reader,
    looks: &Looks,
    (row, day): (&DeviceRow, &Store),
    (now, weeks): (Timestamp, i64),
) -> Result<PastDay, HistoryError> {
    let (_, start, end) = weeks_ago(day, now, weeks);
    let source = row.id.source();
    if row.kind() == Kind::Machine {
        let sold = reader.occurrences(&row.id, start, end)?;
        let sold = sold.into_iter().map(|(at, _)| (at, 1));
        let coverage = f64::from(u8::from(looks.around(source, start, end)));
        return Ok(PastDay::happened(day, now, weeks, coverage, sold));
    }
    let base = reader.last_levels(&[(row.id.clone(), start)])?;
    let base = base
        .first()
        .and_then(|stored| match stored.reading.measure {
            Measure::Level(_, value) => Some(value.int()),
            _ => None,
        });
    // Without a value from before the day nobody knows what was made in it.
    let coverage = base.map_or(0.0, |_| looks.within(source, start, end));
    let mut before = base.unwrap_or_default();
    let values = reader.counter_values(&row.id, start, end)?.into_iter();
    let made = values.map(|(at, value)| {
        let more = value - std::mem::replace(&mut before, value);
        (at, u64::try_from(more).unwrap_or(0))
    });
    Ok(PastDay::happened(day, now, weeks, coverage, made))
}

/// When sources were read.
struct Looks(BTreeMap<Arc<str>, BTreeSet<Timestamp>>);

impl Looks {
    fn read<'a>(
        reader: &Reader,
        days: impl Iterator<Item = &'a Store>,
        (now, weeks): (Timestamp, i64),
    ) -> Result<Self, HistoryError> {
        let days = days.map(|day| weeks_ago(day, now, weeks));
        let range = days.map(|(_, start, end)| (start, end));
        let range = range.reduce(|all, day| (all.0.min(day.0), all.1.max(day.1)));
        let mut looks: BTreeMap<Arc<str>, BTreeSet<Timestamp>> = BTreeMap::new();
        if let Some((from, to)) = range {
            for (source, attempt) in reader.attempts(from - TOLD, to + TOLD)? {
                if attempt.rows.is_some() {
                    looks.entry(source).or_default().insert(attempt.started);
                }
            }
        }
        Ok(Self(looks))
    }

    /// Whether a source was read before a stretch and after it: what happened in between has been
    /// told by then.
    fn around(&self, source: &str, from: Timestamp, to: Timestamp) -> bool {
        let looks = self.0.get(source);
        let read = |from, to| looks.is_some_and(|looks| looks.range(from..to).next().is_some());
        read(from - TOLD, from) && read(to, to + TOLD)
    }

    /// Share of a stretch in which a source was read.
    fn within(&self, source: &str, from: Timestamp, to: Timestamp) -> f64 {
        let Some(looks) = self.0.get(source) else {
            return 0.0;
        };
        let parts = (to - from).num_seconds() / LOOK.num_seconds();
        let part = |at: Timestamp| (at - from).num_seconds() / LOOK.num_seconds();
        let seen: BTreeSet<_> = looks.range(from..to).map(|at| part(*at)).collect();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        f64::from(count(seen.len())) / f64::from(u32::try_from(parts).unwrap_or(1).max(1))
    }
}
