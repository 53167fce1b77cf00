//! What is usual: earlier days of a store laid beside the running one, at the same wall clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime, TimeDelta, Timelike};
use chrono_tz::Tz;

use super::Timestamp;
use super::board::DeviceRow;
use super::calendar::{day_start, first_instant, next_day_start};
use super::device::{Detail, DeviceId};
use super::ledger::Spans;
use super::ledger::plan::Quiet;
use super::reading::Flow;
use super::store::{Reset, Store};

/// The days that the running one is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yardstick {
    /// The same weekday of last week.
    LastWeek,
    /// The median of the last four good ones among the same weekdays of the last eight weeks.
    MedianOfFour,
}

impl Yardstick {
    /// How many weeks ago its days may be, and how many good ones it takes.
    fn weeks(self) -> (std::ops::RangeInclusive<i64>, usize) {
        match self {
            Self::LastWeek => (1..=1, 1),
            Self::MedianOfFour => (WEEKS, ENOUGH),
        }
    }
}

/// How many weeks ago the days are that can be compared with.
pub const WEEKS: std::ops::RangeInclusive<i64> = 1..=8;
/// So many good days are enough.
pub const ENOUGH: usize = 4;
/// Share of the open time for which counts must have arrived.
const GOOD: f64 = 0.8;
/// Length of a cell in seconds.
const CELL_S: i64 = 900;

/// What a door counted in a quarter hour, or in one interval where that is longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quarter {
    /// When it began.
    pub start: Timestamp,
    /// Length in seconds.
    pub span_s: u32,
    /// Seconds of it for which counts had arrived.
    pub covered_s: u32,
    /// Everyone who crossed.
    pub flow: Flow,
    /// A count of nobody was among them.
    pub zeros: bool,
}

/// A door on an earlier day.
#[derive(Clone, Copy, Debug)]
pub struct DoorDay<'a> {
    /// What it counted, in any order.
    pub counts: &'a [Quarter],
    /// What an interval without a count means.
    pub quiet: Quiet,
    /// What was delivered without holes.
    pub delivered: &'a Spans,
}

/// The business day of a store so many weeks before the running one: date, start and end.
#[must_use]
pub fn weeks_ago(store: &Store, now: Timestamp, weeks: i64) -> (NaiveDate, Timestamp, Timestamp) {
    let today = day_start(store.timezone, store.reset, now);
    let date = today.with_timezone(&store.timezone).date_naive() - TimeDelta::weeks(weeks);
    let time = match store.reset {
        Reset::At(time) => time,
        Reset::Never => NaiveTime::MIN,
    };
    let begins = |date| first_instant(store.timezone, date, time);
    (date, begins(date), begins(date + TimeDelta::days(1)))
}

/// The day of a device as that of a store which never closes: it begins at local midnight, and
/// that of a hotel at its own hour. `home` is the zone of a device that has none.
#[must_use]
pub fn running_day(row: &DeviceRow, home: Tz) -> Store {
    let mut day = Store::named(row.id.as_str(), row.zone(home));
    let offset_s = match row.facts.detail {
        Detail::DocumentCounter { day_offset_s, .. } => day_offset_s.rem_euclid(24 * 3600),
        _ => 0,
    };
    let begins = NaiveTime::from_num_seconds_from_midnight_opt(offset_s.unsigned_abs(), 0);
    day.reset = Reset::At(begins.unwrap_or_default());
    day
}

impl DoorDay<'_> {
    /// Share of the store's open time in `[from, to)` for which counts have arrived, 0 to 1;
    /// `None` where it was not open.
    #[must_use]
    pub fn coverage(&self, store: &Store, from: Timestamp, to: Timestamp) -> Option<f64> {
        let open = |from, to| store.hours.open_seconds(store.timezone, from, to);
        let expected = open(from, to);
        let writes_zeros = || self.counts.iter().any(|count| count.zeros);
        let quiet_is_zero = match self.quiet {
            Quiet::Zero => true,
            Quiet::Missing => false,
            Quiet::Learned => !writes_zeros(),
        };
        let received: f64 = if quiet_is_zero {
            let spans = self.delivered.within(from, to);
            spans.map(|(from, to)| real(open(from, to))).sum()
        } else {
            let counts = self.counts.iter();
            counts
                .map(|count| {
                    let span = TimeDelta::seconds(count.span_s.into());
                    let share = f64::from(count.covered_s) / f64::from(count.span_s.max(1));
                    real(open(count.start, (count.start + span).min(to))) * share.min(1.0)
                })
                .sum()
        };
        // The sum of nothing is a negative zero; adding zero makes it a plain one.
        (expected > 0).then(|| (received / real(expected)).clamp(0.0, 1.0) + 0.0)
    }
}

/// An earlier day of a store.
#[derive(Clone, Debug, PartialEq)]
pub struct PastDay {
    /// The local date on which it began.
    pub date: NaiveDate,
    /// Share of what should have arrived that has; that of all doors together. `None` for a day
    /// on which the store was closed.
    pub coverage: Option<f64>,
    start: Timestamp,
    /// Sums since the start, at the end of each cell.
    sums: Vec<(u64, u64)>,
}

impl PastDay {
    /// The day so many weeks before the one that `now` is in.
    #[must_use]
    pub fn of(store: &Store, now: Timestamp, weeks: i64, doors: &[DoorDay<'_>]) -> Self {
        let (date, start, end) = weeks_ago(store, now, weeks);
        let coverage: Option<Vec<f64>> = doors
            .iter()
            .map(|door| door.coverage(store, start, end))
            .collect();
        // A business day may end in the first hours of the next date, which may be open.
        let closed = store.hours.spans(date).is_empty();
        let coverage = coverage.filter(|doors| !doors.is_empty() && !closed);
        let mut cells = vec![(0, 0); cells(start, end)];
        for count in doors.iter().flat_map(|door| door.counts) {
            spread(&mut cells, start, count);
        }
        let sums = cells
            .into_iter()
            .scan((0, 0), |sum: &mut (u64, u64), cell| {
                *sum = (sum.0 + cell.0, sum.1 + cell.1);
                Some(*sum)
            });
        Self {
            date,
            coverage: coverage.map(|doors| {
                let count = u32::try_from(doors.len()).unwrap_or(u32::MAX);
                doors.iter().sum::<f64>() / f64::from(count)
            }),
            start,
            sums: sums.collect(),
        }
    }

    /// The day of something that only happens, so many weeks before the one that `now` is in:
    /// events with their amounts, and the share of the day that is known.
    #[must_use]
    pub fn happened(
        store: &Store,
        now: Timestamp,
        weeks: i64,
        coverage: f64,
        events: impl IntoIterator<Item = (Timestamp, u64)>,
    ) -> Self {
        let (date, start, end) = weeks_ago(store, now, weeks);
        let mut sums = vec![(0, 0); cells(start, end)];
        for (at, amount) in events
            .into_iter()
            .filter(|(at, _)| (start..end).contains(at))
        {
            let cell = (at - start).num_seconds() / CELL_S;
            if let Some(cell) = usize::try_from(cell)
                .ok()
                .and_then(|cell| sums.get_mut(cell))
            {
                cell.0 += amount;
            }
        }
        let mut sum = 0;
        for cell in &mut sums {
            sum += cell.0;
            cell.0 = sum;
        }
        Self {
            date,
            coverage: Some(coverage),
            start,
            sums,
        }
    }

    /// Whether it can be compared with: open, no holiday, and enough of it has arrived.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.coverage.is_some_and(|coverage| coverage >= GOOD)
    }

    /// People in and out from its start to `at`.
    fn by(&self, at: Timestamp) -> (u64, u64) {
        let ended = (at - self.start).num_seconds().div_euclid(CELL_S);
        let last = usize::try_from(ended)
            .ok()
            .and_then(|ended| ended.checked_sub(1));
        last.map_or((0, 0), |last| {
            let last = last.min(self.sums.len().saturating_sub(1));
            self.sums.get(last).copied().unwrap_or_default()
        })
    }

    /// People inside at `at`, where the day is known to end empty: exits are scaled so that as
    /// many leave as came.
    fn inside(&self, at: Timestamp) -> u64 {
        let (entered, left) = self.by(at);
        let Some((all_in, all_out)) = self.sums.last().filter(|(_, out)| *out > 0) else {
            return entered;
        };
        let gone = u128::from(left) * u128::from(*all_in) / u128::from(*all_out);
        entered.saturating_sub(u64::try_from(gone).unwrap_or(u64::MAX))
    }
}

/// Spreads what was counted in a long interval over its quarter hours; the sum stays.
fn spread(cells: &mut [(u64, u64)], start: Timestamp, count: &Quarter) {
    let parts = (i64::from(count.span_s) / CELL_S).max(1);
    let first = (count.start - start).num_seconds().div_euclid(CELL_S);
    let share = |people: u32, part: i64| {
        let parts = parts.unsigned_abs();
        let by = |part: i64| u64::from(people) * part.unsigned_abs() / parts;
        by(part + 1) - by(part)
    };
    for part in 0..parts {
        let cell = usize::try_from(first + part).ok();
        if let Some(cell) = cell.and_then(|cell| cells.get_mut(cell)) {
            cell.0 += share(count.flow.entered, part);
            cell.1 += share(count.flow.left, part);
        }
    }
}

/// What earlier days say about the running one.
#[derive(Clone, Debug, PartialEq)]
pub struct Usual {
    /// Start of the running day that it belongs to.
    pub start: Timestamp,
    /// The days it is made of, the newest first.
    pub dates: Vec<NaiveDate>,
    cells: Vec<Level>,
}

/// Where the day usually stands at the end of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Level {
    entered: u64,
    inside: Option<u32>,
}

impl Usual {
    /// Lays the good ones among `days` beside the day that `now` is in; `None` when there is none.
    #[must_use]
    pub fn of(
        store: &Store,
        now: Timestamp,
        yardstick: Yardstick,
        days: &[PastDay],
    ) -> Option<Self> {
        let start = day_start(store.timezone, store.reset, now);
        let end = next_day_start(store.timezone, store.reset, now);
        let (weeks, enough) = yardstick.weeks();
        let good: Vec<_> = weeks
            .filter_map(|weeks| {
                let (date, _, _) = weeks_ago(store, now, weeks);
                let day = days.iter().find(|day| day.date == date && day.is_good())?;
                Some((weeks, day))
            })
            .take(enough)
            .collect();
        if good.is_empty() {
            return None;
        }
        let mut cells: Vec<Level> = Vec::new();
        for cell in 0..cells_i64(start, end) {
            let ends = start + TimeDelta::seconds((cell + 1) * CELL_S);
            let level = level(store, ends.min(end), &good);
            // Where the clock is set back an hour comes twice; nobody comes out of the total.
            let before = cells.last().map_or(0, |level| level.entered);
            cells.push(Level {
                entered: level.entered.max(before),
                ..level
            });
        }
        Some(Self {
            start,
            dates: good.iter().map(|(_, day)| day.date).collect(),
            cells,
        })
    }

    /// People in from the start of the day to `at`.
    #[must_use]
    pub fn entered_by(&self, at: Timestamp) -> u64 {
        let seconds = (at - self.start).num_seconds().max(0);
        let whole = usize::try_from(seconds / CELL_S).unwrap_or(usize::MAX);
        let by = |cells: usize| {
            let last = cells.min(self.cells.len()).checked_sub(1);
            last.map_or(0, |last| self.cells[last].entered)
        };
        let running = by(whole.saturating_add(1)).saturating_sub(by(whole));
        by(whole) + running * (seconds % CELL_S).unsigned_abs() / CELL_S.unsigned_abs()
    }

    /// People inside at `at`; `None` for a store that never empties, and beyond the day.
    #[must_use]
    pub fn inside_at(&self, at: Timestamp) -> Option<u32> {
        let cell = ((at - self.start).num_seconds() - 1).div_euclid(CELL_S);
        self.cells.get(usize::try_from(cell).ok()?)?.inside
    }
}

/// The medians of the days at the wall clock of `at`.
fn level(store: &Store, at: Timestamp, days: &[(i64, &PastDay)]) -> Level {
    let local = at.with_timezone(&store.timezone).naive_local();
    let then = |weeks: i64| {
        let date = local.date() - TimeDelta::weeks(weeks);
        first_instant(store.timezone, date, whole_second(local.time()))
    };
    let entered = days.iter().map(|(weeks, day)| day.by(then(*weeks)).0);
    let inside = days.iter().map(|(weeks, day)| day.inside(then(*weeks)));
    let empties = matches!(store.reset, Reset::At(_));
    Level {
        entered: median(entered.collect()),
        inside: empties.then(|| u32::try_from(median(inside.collect())).unwrap_or(u32::MAX)),
    }
}

/// The middle one; of two in the middle the mean, rounded up at a half.
fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    let middle = values.len() / 2;
    match values.len() {
        0 => 0,
        odd if odd % 2 == 1 => values[middle],
        _ => (values[middle - 1] + values[middle]).div_ceil(2),
    }
}

fn whole_second(time: NaiveTime) -> NaiveTime {
    time.with_nanosecond(0).unwrap_or(time)
}

fn cells_i64(start: Timestamp, end: Timestamp) -> i64 {
    ((end - start).num_seconds() + CELL_S - 1) / CELL_S
}

fn cells(start: Timestamp, end: Timestamp) -> usize {
    usize::try_from(cells_i64(start, end)).unwrap_or(0)
}

#[expect(clippy::cast_precision_loss, reason = "a day has few seconds")]
fn real(seconds: i64) -> f64 {
    seconds as f64
}

/// What is usual in each store, by its name, and on each device, by its id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparisons {
    stores: BTreeMap<Arc<str>, Compared>,
    devices: BTreeMap<DeviceId, Compared>,
}

/// One of them by both yardsticks.
#[derive(Clone, Debug, PartialEq)]
struct Compared {
    last_week: Option<Usual>,
    median: Option<Usual>,
}

impl Comparisons {
    /// Compares a store's running day with its earlier ones.
    pub fn add(&mut self, store: &Store, now: Timestamp, days: &[PastDay]) {
        let compared = Compared::of(store, now, days);
        self.stores.insert(store.name.clone(), compared);
    }

    /// Compares the running day of a device, which is that of `store`, with its earlier ones.
    pub fn add_device(&mut self, id: &DeviceId, store: &Store, now: Timestamp, days: &[PastDay]) {
        let compared = Compared::of(store, now, days);
        self.devices.insert(id.clone(), compared);
    }

    /// What is usual in a store on the day that began at `start`; `None` when there is no good day
    /// to compare with.
    #[must_use]
    pub fn of(&self, store: &str, yardstick: Yardstick, start: Timestamp) -> Option<&Usual> {
        let usual = self.stores.get(store)?.by(yardstick)?;
        (usual.start == start).then_some(usual)
    }

    /// What usually has happened on a device by `now`, from the start of its day; `None` when
    /// there is no good day to compare with, or `now` is in another day.
    #[must_use]
    pub fn happened(&self, id: &DeviceId, yardstick: Yardstick, now: Timestamp) -> Option<u64> {
        let usual = self.devices.get(id)?.by(yardstick)?;
        let ends = i64::try_from(usual.cells.len()).ok()? * CELL_S;
        let within = (0..ends).contains(&(now - usual.start).num_seconds());
        within.then(|| usual.entered_by(now))
    }
}

impl Compared {
    fn of(store: &Store, now: Timestamp, days: &[PastDay]) -> Self {
        let usual = |yardstick| Usual::of(store, now, yardstick, days);
        Self {
            last_week: usual(Yardstick::LastWeek),
            median: usual(Yardstick::MedianOfFour),
        }
    }

    fn by(&self, yardstick: Yardstick) -> Option<&Usual> {
        match yardstick {
            Yardstick::LastWeek => self.last_week.as_ref(),
            Yardstick::MedianOfFour => self.median.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests;
