//! Wall clocks of the estate's cities.

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::model::Timestamp;

/// Minute of the day at which a business day begins: places that close after midnight still
/// belong to the evening before.
pub const DAY_BREAK: u32 = 4 * 60;

/// The instant at which the clocks of `zone` show `minute` minutes after the midnight that begins
/// `date`. In an autumn repeat the first pass, in a spring gap the end of the gap.
#[must_use]
pub fn instant(zone: Tz, date: NaiveDate, minute: u32) -> Timestamp {
    let date = date + Days::new(u64::from(minute / 1440));
    let mut wall = date.and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::from(minute % 1440));
    // No zone of the tables skips more than a day.
    for _ in 0..=1440 {
        if let Some(found) = zone.from_local_datetime(&wall).earliest() {
            return found.to_utc();
        }
        wall += TimeDelta::minutes(1);
    }
    wall.and_utc()
}

/// Start of the business day `date`.
#[must_use]
pub fn day_start(zone: Tz, date: NaiveDate) -> Timestamp {
    instant(zone, date, DAY_BREAK)
}

/// The business day that `at` belongs to.
#[must_use]
pub fn business_date(zone: Tz, at: Timestamp) -> NaiveDate {
    let local = at.with_timezone(&zone).naive_local();
    (local - TimeDelta::minutes(i64::from(DAY_BREAK))).date()
}

/// The largest multiple of `step_s` seconds at or before `at`.
#[must_use]
pub fn floor_to(at: Timestamp, step_s: i64) -> Timestamp {
    let seconds = at.timestamp();
    Timestamp::from_timestamp(seconds - seconds.rem_euclid(step_s), 0).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn wall_times_meet_clock_changes() {
        let athens = chrono_tz::Europe::Athens;
        let autumn = date("2026-10-25");
        assert_eq!(instant(athens, autumn, 210), at("2026-10-25T00:30:00Z"));
        assert_eq!(day_start(athens, autumn), at("2026-10-25T02:00:00Z"));
        let spring = date("2026-03-29");
        assert_eq!(instant(athens, spring, 200), at("2026-03-29T01:00:00Z"));
        assert_eq!(instant(athens, spring, 1500), at("2026-03-29T22:00:00Z"));
    }

    #[test]
    fn a_business_day_begins_at_four() {
        let athens = chrono_tz::Europe::Athens;
        for (instant, day) in [
            ("2026-03-02T01:59:59Z", "2026-03-01"),
            ("2026-03-02T02:00:00Z", "2026-03-02"),
            ("2026-03-29T00:59:59Z", "2026-03-28"),
            ("2026-03-29T01:00:00Z", "2026-03-29"),
            ("2026-10-25T01:59:59Z", "2026-10-24"),
        ] {
            assert_eq!(business_date(athens, at(instant)), date(day), "{instant}");
        }
    }
}
