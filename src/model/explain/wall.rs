//! Instants and stretches of time in words, by the wall clock of one zone.

use std::cell::Cell;

use chrono::{Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::model::Timestamp;

/// The wall clock that an explanation is told by.
///
/// The first time that is told carries the name of its zone, so that nobody takes it for another
/// one. When the clock is changed within half a day all of them do: 03:30 comes twice then.
#[derive(Debug)]
pub(super) struct Wall {
    zone: Tz,
    now: Timestamp,
    changes: bool,
    named: Cell<bool>,
}

impl Wall {
    pub fn new(zone: Tz, now: Timestamp) -> Self {
        let half_a_day = TimeDelta::hours(12);
        let offset = |at: Timestamp| zone.offset_from_utc_datetime(&at.naive_utc()).fix();
        Self {
            zone,
            now,
            changes: offset(now - half_a_day) != offset(now + half_a_day),
            named: Cell::new(false),
        }
    }

    /// The time of day, with the date when it is not of this day.
    pub fn at(&self, at: Timestamp) -> String {
        let time = self.bare(at);
        if self.named.replace(true) && !self.changes {
            return time;
        }
        let zone = at.with_timezone(&self.zone).format("%Z").to_string();
        // Zones without letters of their own are named by their offset.
        let utc = if zone.starts_with(['+', '-']) {
            "UTC"
        } else {
            ""
        };
        format!("{time} {utc}{zone}")
    }

    /// As [`Wall::at`], never with the zone: for the second end of a stretch.
    pub fn bare(&self, at: Timestamp) -> String {
        let (at, now) = (
            at.with_timezone(&self.zone),
            self.now.with_timezone(&self.zone),
        );
        let format = if at.date_naive() == now.date_naive() {
            "%H:%M"
        } else {
            "%d %b %H:%M"
        };
        at.format(format).to_string()
    }

    /// A stretch of time: `14:00 to 14:15`.
    pub fn stretch(&self, from: Timestamp, to: Timestamp) -> String {
        format!("{} to {}", self.bare(from), self.bare(to))
    }

    /// The time and how long ago that was: `17:30, 2 min ago`.
    pub fn ago(&self, at: Timestamp) -> String {
        let minutes = minutes(at, self.now);
        let ago = if minutes <= 0 {
            "just now".to_owned()
        } else {
            format!("{} ago", span(minutes))
        };
        format!("{}, {ago}", self.at(at))
    }

    /// The time and how long until then, `17:48, in 16 min`; `now` once it has come.
    pub fn ahead(&self, at: Timestamp) -> String {
        if at <= self.now {
            return "now".to_owned();
        }
        let ahead = match minutes(self.now, at) {
            ..=0 => "in less than a minute".to_owned(),
            minutes => format!("in {}", span(minutes)),
        };
        format!("{}, {ahead}", self.at(at))
    }
}

/// Whole minutes of the clock, not of the instants: all ages change together when the clock does.
fn minutes(from: Timestamp, to: Timestamp) -> i64 {
    to.timestamp().div_euclid(60) - from.timestamp().div_euclid(60)
}

fn span(minutes: i64) -> String {
    match minutes {
        ..60 => format!("{minutes} min"),
        60..1440 => format!("{} h {:02} min", minutes / 60, minutes % 60),
        1440..14_400 => {
            let (days, hours) = (minutes / 1440, minutes % 1440 / 60);
            format!("{} {hours} h", count(days.unsigned_abs(), "day"))
        }
        _ => count((minutes / 1440).unsigned_abs(), "day"),
    }
}

/// `1 day`, `2 days`.
pub(super) fn count(number: u64, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// The names of a few, and how many there are beyond them.
pub(super) fn listed(mut names: Vec<String>, most: usize, between: &str) -> String {
    let beyond = names.len().saturating_sub(most);
    names.truncate(most);
    let told = names.join(between);
    match beyond {
        0 => told,
        more => format!("{told}{between}{more} more"),
    }
}

/// A share in whole percent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_zone_is_named_once_and_always_when_the_clock_changes() {
        let now = at("2026-03-02T15:32:10Z");
        let wall = Wall::new(chrono_tz::Europe::Athens, now);
        assert_eq!(wall.ago(at("2026-03-02T15:30:00Z")), "17:30 EET, 2 min ago");
        assert_eq!(wall.ahead(at("2026-03-02T15:48:00Z")), "17:48, in 16 min");
        assert_eq!(wall.at(at("2026-03-01T22:30:00Z")), "00:30");
        assert_eq!(wall.at(at("2026-03-01T21:30:00Z")), "01 Mar 23:30");
        let wall = Wall::new(chrono_tz::Europe::Athens, at("2026-10-25T01:40:00Z"));
        assert_eq!(wall.at(at("2026-10-25T00:30:00Z")), "03:30 EEST");
        assert_eq!(wall.at(at("2026-10-25T01:30:00Z")), "03:30 EET");
        let wall = Wall::new(chrono_tz::Asia::Dubai, now);
        assert_eq!(wall.at(now), "19:32 UTC+04");
    }

    #[test]
    fn stretches_of_time_in_words() {
        let now = at("2026-03-02T15:32:10Z");
        let wall = Wall::new(chrono_tz::UTC, now);
        wall.at(now);
        for (then, words) in [
            ("2026-03-02T15:32:00Z", "15:32, just now"),
            ("2026-03-02T13:30:00Z", "13:30, 2 h 02 min ago"),
            ("2026-03-01T12:30:00Z", "01 Mar 12:30, 1 day 3 h ago"),
            ("2026-02-10T12:30:00Z", "10 Feb 12:30, 20 days ago"),
        ] {
            assert_eq!(wall.ago(at(then)), words);
        }
        assert_eq!(wall.ahead(now), "now");
        assert_eq!(
            wall.ahead(at("2026-03-02T15:32:40Z")),
            "15:32, in less than a minute"
        );
    }
}
