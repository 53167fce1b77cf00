//! Local days, resets and opening hours, right across clock changes.

use chrono::{NaiveDate, NaiveTime, Weekday};
use chrono_tz::Tz;

use super::Timestamp;
use super::store::Reset;

/// Opening hours of a store in its own zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Hours {
    /// Opening spans by weekday, Monday first; `None` means always open.
    week: Option<[Vec<Span>; 7]>,
    /// Local dates on which the store stays closed.
    closed: Vec<NaiveDate>,
}

/// One opening span of a day, in minutes after local midnight; `close` may be past 1440 when it
/// closes after midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First open minute.
    pub open: u16,
    /// First closed minute; greater than `open`.
    pub close: u16,
}

impl Hours {
    /// Open around the clock, every day.
    #[must_use]
    pub fn always() -> Self {
        Self {
            week: None,
            closed: Vec::new(),
        }
    }

    /// Hours by weekday (Monday first) and closed dates.
    #[must_use]
    pub fn weekly(week: [Vec<Span>; 7], closed: Vec<NaiveDate>) -> Self {
        Self {
            week: Some(week),
            closed,
        }
    }

    /// Always open but for some dates.
    #[must_use]
    pub fn always_but(closed: Vec<NaiveDate>) -> Self {
        Self { week: None, closed }
    }

    /// The opening spans of a local date, empty when closed.
    #[must_use]
    pub fn spans(&self, date: NaiveDate) -> Vec<Span> {
        if self.closed.contains(&date) {
            return Vec::new();
        }
        match &self.week {
            None => vec![Span {
                open: 0,
                close: 1440,
            }],
            Some(week) => {
                use chrono::Datelike;
                week[date.weekday().num_days_from_monday() as usize].clone()
            }
        }
    }

    /// Whether the store is open at `now`.
    #[must_use]
    pub fn open_at(&self, _zone: Tz, _now: Timestamp) -> bool {
        unimplemented!()
    }

    /// Open seconds in `[from, to)`.
    #[must_use]
    pub fn open_seconds(&self, _zone: Tz, _from: Timestamp, _to: Timestamp) -> i64 {
        unimplemented!()
    }

    /// The next instant after `now` at which the store opens or closes; `None` when it never does.
    #[must_use]
    pub fn next_change(&self, _zone: Tz, _now: Timestamp) -> Option<Timestamp> {
        unimplemented!()
    }

    /// The newest opening instant at or before `now`, looking back eight days at most.
    #[must_use]
    pub fn opened_at(&self, _zone: Tz, _now: Timestamp) -> Option<Timestamp> {
        unimplemented!()
    }
}

/// The first instant of the local date `date` whose wall clock is at or past `time`.
///
/// In a spring gap that is the first instant after the gap, in an autumn repeat the first pass.
#[must_use]
pub fn first_instant(_zone: Tz, _date: NaiveDate, _time: NaiveTime) -> Timestamp {
    unimplemented!()
}

/// Start of the local day that `now` is in.
#[must_use]
pub fn local_midnight(_zone: Tz, _now: Timestamp) -> Timestamp {
    unimplemented!()
}

/// Start of the local day after the one that `now` is in.
#[must_use]
pub fn next_midnight(_zone: Tz, _now: Timestamp) -> Timestamp {
    unimplemented!()
}

/// When the business day that `now` is in began: the last reset, or local midnight where the
/// store never resets.
#[must_use]
pub fn day_start(_zone: Tz, _reset: Reset, _now: Timestamp) -> Timestamp {
    unimplemented!()
}

/// When the next business day begins.
#[must_use]
pub fn next_day_start(_zone: Tz, _reset: Reset, _now: Timestamp) -> Timestamp {
    unimplemented!()
}

/// Reads a weekday or a range of weekdays as the configuration writes them (`mon`, `mon-fri`).
#[must_use]
pub fn weekdays(_text: &str) -> Option<Vec<Weekday>> {
    unimplemented!()
}
