//! A business day and its cells, right across clock changes.

use chrono::{DateTime, NaiveTime, Offset, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;

use crate::model::Timestamp;
use crate::model::calendar;
use crate::model::store::Reset;

/// Minutes of a day without a clock change.
const DAY_MIN: u32 = 24 * 60;

/// Cell lengths in minutes; each divides the hour, so that cells survive a clock change.
const CELLS_MIN: [u32; 4] = [15, 20, 30, 60];

/// The shortest cell length in minutes that holds an interval of `span_s` seconds; an hour for
/// anything longer.
pub(super) fn cell_for(span_s: u32) -> u32 {
    CELLS_MIN
        .into_iter()
        .find(|cell| cell * 60 >= span_s)
        .unwrap_or(60)
}

/// Cells of the wall clock in a day, for tables.
pub(super) fn slots(cell_min: u32) -> usize {
    (DAY_MIN / cell_min.max(1)) as usize
}

/// One business day, from reset to reset, cut into cells of equal length. Usually 24 hours, 23 or
/// 25 when the clocks change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    start: Timestamp,
    end: Timestamp,
    zone: Tz,
    turn: NaiveTime,
    cell_min: u32,
    /// Slot of the first cell.
    first: u32,
    /// The clocks change during the day, so that slots must be read from the wall.
    shifts: bool,
}

impl Day {
    /// The business day that `at` is in, turning at the local time `turn`.
    #[must_use]
    pub fn of(zone: Tz, turn: NaiveTime, cell_min: u32, at: Timestamp) -> Self {
        let start = calendar::day_start(zone, Reset::At(turn), at);
        let end = calendar::next_day_start(zone, Reset::At(turn), at);
        let mut day = Self {
            start,
            end,
            zone,
            turn,
            cell_min,
            first: 0,
            shifts: utc_offset(zone, start) != utc_offset(zone, end),
        };
        day.first = day.slot_on_the_wall(start);
        day
    }

    /// The day after this one.
    #[must_use]
    pub fn next(&self) -> Self {
        Self::of(self.zone, self.turn, self.cell_min, self.end)
    }

    /// When it begins: the reset.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// When the next one begins.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.end
    }

    /// Whether the instant is in this day.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// Length of a cell in minutes.
    #[must_use]
    pub fn cell_min(&self) -> u32 {
        self.cell_min
    }

    /// Number of cells; the last one is shorter where the day is no multiple of the cell.
    #[must_use]
    pub fn cells(&self) -> usize {
        let seconds = (self.end - self.start).num_seconds();
        usize::try_from((seconds + self.cell_s() - 1) / self.cell_s()).unwrap_or(0)
    }

    /// The cell that the instant is in; instants outside the day count to the nearest cell.
    #[must_use]
    pub fn cell_at(&self, at: Timestamp) -> usize {
        let since = (at - self.start).num_seconds();
        usize::try_from(since / self.cell_s())
            .unwrap_or(0)
            .min(self.cells().saturating_sub(1))
    }

    /// Start of a cell.
    #[must_use]
    pub fn cell_start(&self, cell: usize) -> Timestamp {
        let cells = i64::try_from(cell).unwrap_or(i64::MAX);
        let after = TimeDelta::try_seconds(cells.saturating_mul(self.cell_s()));
        after
            .and_then(|after| self.start.checked_add_signed(after))
            .map_or(self.end, |start| start.min(self.end))
    }

    /// End of a cell.
    #[must_use]
    pub fn cell_end(&self, cell: usize) -> Timestamp {
        self.cell_start(cell + 1)
    }

    /// Index of the cell's local wall clock since the reset. The repeated hour of autumn has the
    /// same slots twice, the skipped hour of spring has none.
    #[must_use]
    pub fn slot(&self, cell: usize) -> usize {
        if self.shifts {
            return self.slot_on_the_wall(self.cell_start(cell)) as usize;
        }
        (self.first as usize + cell) % slots(self.cell_min)
    }

    /// Number of slots of a day.
    #[must_use]
    pub fn slots(&self) -> usize {
        slots(self.cell_min)
    }

    /// Local wall clock of an instant, for sentences: the time, with the date when it is not on a
    /// date this day touches.
    #[must_use]
    pub fn clock(&self, at: Timestamp) -> String {
        let local = at.with_timezone(&self.zone);
        if self.start <= at && at <= self.end {
            return local.format("%H:%M").to_string();
        }
        local.format("%-d %b %H:%M").to_string()
    }

    /// Local date of an instant, for sentences.
    #[must_use]
    pub fn date(&self, at: Timestamp) -> String {
        at.with_timezone(&self.zone).format("%-d %b").to_string()
    }

    fn cell_s(&self) -> i64 {
        i64::from(self.cell_min) * 60
    }

    fn slot_on_the_wall(&self, at: Timestamp) -> u32 {
        let local: DateTime<Tz> = at.with_timezone(&self.zone);
        let minute = |time: NaiveTime| time.hour() * 60 + time.minute();
        let since = (minute(local.time()) + DAY_MIN - minute(self.turn)) % DAY_MIN;
        since / self.cell_min
    }
}

fn utc_offset(zone: Tz, at: Timestamp) -> i32 {
    zone.offset_from_utc_datetime(&at.naive_utc())
        .fix()
        .local_minus_utc()
}
