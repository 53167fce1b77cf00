//! Numbers, times and durations as the screen words them.
//!
//! Ages and countdowns count whole minutes of the displayed clock, not of each value: all of them
//! change together when the clock does, so a calm screen is redrawn once a minute.

use chrono::{DateTime, Local, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

use crate::model::Timestamp;

/// The zone that instants are shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// The machine's own.
    Local,
    /// A named one.
    Named(Tz),
}

impl Zone {
    /// The instant's wall clock in this zone, by a chrono format.
    #[must_use]
    pub fn show(self, at: Timestamp, format: &str) -> String {
        match self {
            Self::Local => DateTime::<Local>::from(at).format(format).to_string(),
            Self::Named(zone) => at.with_timezone(&zone).format(format).to_string(),
        }
    }

    /// Hours and minutes; with the date when `at` is not on the same local day as `now`.
    #[must_use]
    pub fn time(self, at: Timestamp, now: Timestamp) -> String {
        let day = |instant| self.show(instant, "%Y-%m-%d");
        if day(at) == day(now) {
            self.show(at, "%H:%M")
        } else {
            self.show(at, "%d %b %H:%M")
        }
    }
}

/// The first instant of the next minute.
#[must_use]
pub fn next_minute(now: Timestamp) -> Timestamp {
    let whole = now
        .with_second(0)
        .and_then(|at| at.with_nanosecond(0))
        .unwrap_or(now);
    whole
        .checked_add_signed(TimeDelta::minutes(1))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Whole minutes of the clock between two instants.
fn minutes(from: Timestamp, to: Timestamp) -> i64 {
    to.timestamp().div_euclid(60) - from.timestamp().div_euclid(60)
}

/// How long ago `at` was: `<1m`, `12m`, `1h05`, `2d03h`, `400d`.
#[must_use]
pub fn age(at: Timestamp, now: Timestamp) -> String {
    span(minutes(at, now))
}

/// How long until `at`: `3m`, `<1m`, and `now` once it has come.
#[must_use]
pub fn until(at: Timestamp, now: Timestamp) -> String {
    if at <= now {
        "now".to_owned()
    } else {
        span(minutes(now, at))
    }
}

fn span(minutes: i64) -> String {
    match minutes {
        ..=0 => "<1m".to_owned(),
        1..60 => format!("{minutes}m"),
        60..1440 => format!("{}h{:02}", minutes / 60, minutes % 60),
        1440..144_000 => format!("{}d{:02}h", minutes / 1440, minutes % 1440 / 60),
        _ => format!("{}d", minutes / 1440),
    }
}

/// A count in at most six columns: `999999`, then `1.2M`.
#[must_use]
pub fn count(value: u64) -> String {
    if value < 1_000_000 {
        return value.to_string();
    }
    let mut scaled = value;
    let mut rest = 0;
    let mut unit = "";
    for next in ["k", "M", "G", "T", "P", "E"] {
        if scaled < 1000 {
            break;
        }
        rest = scaled % 1000 / 100;
        scaled /= 1000;
        unit = next;
    }
    if scaled < 100 {
        format!("{scaled}.{rest}{unit}")
    } else {
        format!("{scaled}{unit}")
    }
}

/// A signed count.
#[must_use]
pub fn signed(value: i64) -> String {
    let text = count(value.unsigned_abs());
    if value < 0 { format!("-{text}") } else { text }
}

/// A share as a percentage, `>999%` at most.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
pub fn percent(share: f64) -> String {
    let whole = (share * 100.0).round() as i64;
    if whole > 999 {
        ">999%".to_owned()
    } else {
        format!("{whole}%")
    }
}

/// How much more or less than before, in percent: `+8%`; `None` where there was nothing before.
#[must_use]
pub fn change(now: u64, before: u64) -> Option<String> {
    let (now, before) = (i128::from(now), i128::from(before));
    let percent = ((now - before) * 200 + before).checked_div_euclid(before * 2)?;
    Some(format!("{percent:+}%"))
}

/// A decimal with so many places; scientific where it would be very long.
#[must_use]
pub fn decimal(value: f64, places: usize) -> String {
    if value.abs() < 1e9 {
        format!("{value:.places$}")
    } else {
        format!("{value:.1e}")
    }
}

/// A duration of a request: `84ms`, `2.4s`.
#[must_use]
pub fn took(milliseconds: u32) -> String {
    if milliseconds < 1000 {
        format!("{milliseconds}ms")
    } else {
        format!("{}.{}s", milliseconds / 1000, milliseconds % 1000 / 100)
    }
}

/// `1 store`, `2 stores`.
#[must_use]
pub fn plural(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_change_is_told_in_whole_percent() {
        for (now, before, text) in [
            (412, 380, "+8%"),
            (380, 412, "-8%"),
            (0, 5, "-100%"),
            (5, 5, "+0%"),
            (1001, 1000, "+0%"),
        ] {
            assert_eq!(change(now, before).as_deref(), Some(text));
        }
        assert_eq!(change(5, 0), None);
    }

    #[test]
    fn ages_count_minutes_of_the_clock() {
        let now = at("2026-03-02T10:15:30Z");
        for (then, text) in [
            ("2026-03-02T10:15:00Z", "<1m"),
            ("2026-03-02T10:14:59Z", "1m"),
            ("2026-03-02T10:03:00Z", "12m"),
            ("2026-03-02T09:10:00Z", "1h05"),
            ("2026-02-28T07:15:00Z", "2d03h"),
            ("2025-01-01T00:00:00Z", "425d"),
            ("2026-03-02T11:00:00Z", "<1m"),
        ] {
            assert_eq!(age(at(then), now), text, "{then}");
        }
        assert_eq!(until(at("2026-03-02T10:15:30Z"), now), "now");
        assert_eq!(until(at("2026-03-02T10:15:40Z"), now), "<1m");
        assert_eq!(until(at("2026-03-02T10:18:00Z"), now), "3m");
    }

    #[test]
    fn an_age_changes_when_the_clock_does() {
        let now = at("2026-03-02T10:15:30.250Z");
        assert_eq!(next_minute(now), at("2026-03-02T10:16:00Z"));
        assert_eq!(next_minute(next_minute(now)), at("2026-03-02T10:17:00Z"));
        assert_eq!(
            next_minute(Timestamp::MAX_UTC),
            Timestamp::MAX_UTC,
            "the end of time"
        );
    }

    #[test]
    fn counts_stay_within_six_columns() {
        for (value, text) in [
            (0, "0"),
            (999_999, "999999"),
            (1_000_000, "1.0M"),
            (12_345_678, "12.3M"),
            (999_999_999, "999M"),
            (u64::MAX, "18.4E"),
        ] {
            assert_eq!(count(value), text);
            assert!(count(value).len() <= 6);
        }
        assert_eq!(signed(-17), "-17");
        assert_eq!(signed(i64::MIN), "-9.2E");
    }

    #[test]
    fn shares_and_durations() {
        assert_eq!(percent(0.804), "80%");
        assert_eq!(percent(f64::MAX), ">999%");
        assert_eq!(percent(f64::NAN), "0%");
        assert_eq!(took(84), "84ms");
        assert_eq!(took(2450), "2.4s");
        assert_eq!(decimal(20854.42, 1), "20854.4");
        assert_eq!(decimal(1e30, 1), "1.0e30");
    }

    #[test]
    fn a_time_on_another_day_says_the_day() {
        let zone = Zone::Named(chrono_tz::Europe::Athens);
        let now = at("2026-03-02T08:00:00Z");
        assert_eq!(zone.time(at("2026-03-02T07:30:00Z"), now), "09:30");
        assert_eq!(zone.time(at("2026-03-01T21:30:00Z"), now), "01 Mar 23:30");
    }
}
