//! Local days and business days as spans of instants.

use chrono::{Days, LocalResult, NaiveDate, NaiveTime, TimeZone};
use chrono_tz::{GapInfo, Tz};

use crate::model::Timestamp;
use crate::model::store::Reset;

/// The first instant of the local date `date` whose wall clock is at or past `time`.
///
/// In a spring gap that is the first instant after the gap, in an autumn repeat the first pass.
#[must_use]
pub fn first_instant(zone: Tz, date: NaiveDate, time: NaiveTime) -> Timestamp {
    let local = date.and_time(time);
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
        LocalResult::None => GapInfo::new(&local, &zone)
            .and_then(|gap| gap.end)
            .map_or_else(|| local.and_utc(), |end| end.to_utc()),
    }
}

/// Start of the local day that `now` is in.
#[must_use]
pub fn local_midnight(zone: Tz, now: Timestamp) -> Timestamp {
    day_start(zone, Reset::Never, now)
}

/// Start of the local day after the one that `now` is in.
#[must_use]
pub fn next_midnight(zone: Tz, now: Timestamp) -> Timestamp {
    next_day_start(zone, Reset::Never, now)
}

/// When the business day that `now` is in began: the last reset, or local midnight where the
/// store never resets.
#[must_use]
pub fn day_start(zone: Tz, reset: Reset, now: Timestamp) -> Timestamp {
    let time = reset_time(reset);
    first_instant(zone, business_date(zone, time, now), time)
}

/// When the next business day begins.
#[must_use]
pub fn next_day_start(zone: Tz, reset: Reset, now: Timestamp) -> Timestamp {
    start_after(zone, reset_time(reset), now)
}

/// The local date of `now`.
pub(super) fn local_date(zone: Tz, now: Timestamp) -> NaiveDate {
    now.with_timezone(&zone).date_naive()
}

/// `date` moved by whole days; the calendar's end stays where it is.
pub(super) fn shifted(date: NaiveDate, days: i64) -> NaiveDate {
    let distance = Days::new(days.unsigned_abs());
    let moved = if days < 0 {
        date.checked_sub_days(distance)
    } else {
        date.checked_add_days(distance)
    };
    moved.unwrap_or(date)
}

fn reset_time(reset: Reset) -> NaiveTime {
    match reset {
        Reset::At(time) => time,
        Reset::Never => NaiveTime::MIN,
    }
}

/// The newest date whose start (its first instant at or past `time`) has come by `now`.
fn business_date(zone: Tz, time: NaiveTime, now: Timestamp) -> NaiveDate {
    // The wall clock alone would be wrong where it is set back across the start: the day that has
    // begun does not end again.
    let newest = shifted(local_date(zone, now), 1);
    (0..4)
        .map(|back| shifted(newest, -back))
        .find(|date| first_instant(zone, *date, time) <= now)
        .unwrap_or(newest)
}

fn start_after(zone: Tz, time: NaiveTime, now: Timestamp) -> Timestamp {
    // More than one step only where a whole local day was skipped.
    let mut date = shifted(business_date(zone, time, now), 1);
    for _ in 0..3 {
        if first_instant(zone, date, time) > now {
            break;
        }
        date = shifted(date, 1);
    }
    first_instant(zone, date, time)
}
