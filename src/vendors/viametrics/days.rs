//! Which local days a poll asks for, pure.
//!
//! The current day is asked for each time, because the newest rows may still be rewritten (vendor
//! documentation). What is here is the part before it.

use std::collections::BTreeSet;

use chrono::{Datelike, Days as Step, NaiveDate, NaiveDateTime, NaiveTime, Weekday};
use serde::{Deserialize, Serialize};

/// How far back the second look goes, today included; it catches almost all late deliveries
/// (vendor documentation).
const SECOND_LOOK: u64 = 14;
/// The days of the second look: twice a week (vendor documentation).
const SECOND_LOOK_ON: [Weekday; 2] = [Weekday::Tue, Weekday::Fri];
/// Local time from which on it is due, in the quiet of the night.
const SECOND_LOOK_AT: NaiveTime = NaiveTime::from_hms_opt(3, 30, 0).unwrap();
/// A longer gap is not filled.
const LONGEST: u64 = 60;

/// Local days, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

impl Days {
    /// One day.
    #[must_use]
    pub fn only(day: NaiveDate) -> Self {
        Self { from: day, to: day }
    }

    /// Each date, oldest first.
    pub fn dates(self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take_while(move |day| *day <= self.to)
    }

    /// Number of days.
    #[must_use]
    pub fn count(self) -> u64 {
        u64::try_from((self.to - self.from).num_days() + 1).unwrap_or(0)
    }
}

/// Decides on days; knows which are still to be read. Serialized it survives a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Planner {
    /// The local day of the last poll.
    read_on: Option<NaiveDate>,
    /// The due date of the last second look.
    looked: Option<NaiveDate>,
    /// Days before today that are still to be read.
    owed: BTreeSet<NaiveDate>,
    /// Days that were to be read when catching up began, with those that joined since.
    whole: usize,
}

impl Planner {
    /// Adds the days before today that a poll at local time `now` makes necessary; call it once
    /// today has been read. `since` is where the data of a first start begins, `horizon` how far
    /// history reaches.
    pub fn plan(&mut self, now: NaiveDateTime, since: NaiveDate, horizon: Option<NaiveDate>) {
        let today = now.date();
        let due = second_look_due(now);
        // Yesterday's last interval is delivered after midnight, so the first poll of a day reads
        // the day before as well.
        let read_on = self.read_on.replace(today).or(horizon);
        let mut from = read_on.unwrap_or(since);
        // The second look before the program's start is taken as done: it starts with all it needs.
        if self.looked.replace(due).is_some_and(|looked| looked != due) {
            from = from.min(today - Step::new(SECOND_LOOK - 1));
        }
        let first = today - Step::new(LONGEST);
        self.owed.retain(|day| (first..today).contains(day));
        let days = from.max(first).iter_days();
        self.owe(days.take_while(|day| *day < today));
    }

    /// Adds days that are to be read.
    pub fn owe(&mut self, days: impl IntoIterator<Item = NaiveDate>) {
        if self.owed.is_empty() {
            self.whole = 0;
        }
        for day in days {
            self.whole += usize::from(self.owed.insert(day));
        }
    }

    /// The newest days that are still to be read, in one piece of at most `longest`.
    #[must_use]
    pub fn next(&self, longest: u64) -> Option<Days> {
        let mut newest = self.owed.iter().rev();
        let mut days = Days::only(*newest.next()?);
        for day in newest {
            if days.from.pred_opt() != Some(*day) || days.count() >= longest {
                break;
            }
            days.from = *day;
        }
        Some(days)
    }

    /// Takes note that days were read, or that they never will be.
    pub fn settle(&mut self, days: Days) {
        self.owed.retain(|day| *day < days.from || *day > days.to);
    }

    /// Whether all is read.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.owed.is_empty()
    }

    /// How far catching up has come, in words; `None` when all is read.
    #[must_use]
    pub fn progress(&self) -> Option<String> {
        let (left, whole) = (self.owed.len(), self.whole);
        let read = whole.saturating_sub(left);
        (left > 0).then(|| format!("catching up: {read} of {whole} days"))
    }
}

/// The date of the newest second look that is due at local time `now`.
fn second_look_due(now: NaiveDateTime) -> NaiveDate {
    newest_due(now, &SECOND_LOOK_ON)
}

/// The newest date on one of these weekdays whose quiet hour has come at local time `now`.
pub(super) fn newest_due(now: NaiveDateTime, on: &[Weekday]) -> NaiveDate {
    let mut date = now.date();
    while !on.contains(&date.weekday()) || date.and_time(SECOND_LOOK_AT) > now {
        date = date - Step::new(1);
    }
    date
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    fn span(from: &str, to: &str) -> Days {
        Days {
            from: day(from),
            to: day(to),
        }
    }

    /// Plans a poll and reads all that is owed; gives it in pieces.
    fn poll(planner: &mut Planner, now: &str, horizon: Option<&str>) -> Vec<Days> {
        planner.plan(at(now), day("2026-03-02"), horizon.map(day));
        read(planner)
    }

    fn read(planner: &mut Planner) -> Vec<Days> {
        let mut pieces = Vec::new();
        while let Some(days) = planner.next(100) {
            planner.settle(days);
            pieces.push(days);
        }
        pieces
    }

    #[test]
    fn a_first_start_asks_back_to_what_is_needed() {
        let mut planner = Planner::default();
        assert_eq!(poll(&mut planner, "2026-03-02T09:05:00", None), []);
        let mut planner = Planner::default();
        let back = poll(&mut planner, "2026-03-03T02:05:00", None);
        assert_eq!(back, [span("2026-03-02", "2026-03-02")]);
    }

    #[test]
    fn the_first_poll_of_a_day_reads_yesterday_as_well() {
        let mut planner = Planner::default();
        poll(&mut planner, "2026-03-02T23:05:00", None);
        planner.plan(at("2026-03-03T00:05:00"), day("2026-03-02"), None);
        let yesterday = span("2026-03-02", "2026-03-02");
        assert_eq!(planner.next(100), Some(yesterday));
        // It stays owed until it was read, also over a restart.
        let kept = serde_json::to_value(&planner).unwrap();
        let mut planner: Planner = serde_json::from_value(kept).unwrap();
        let next = poll(&mut planner, "2026-03-03T01:05:00", Some("2026-03-03"));
        assert_eq!(next, [yesterday]);
        assert_eq!(poll(&mut planner, "2026-03-03T02:05:00", None), []);
    }

    #[test]
    fn a_gap_in_history_is_filled() {
        let now = "2026-03-08T09:05:00";
        let back = |horizon| poll(&mut Planner::default(), now, Some(horizon));
        assert_eq!(back("2026-03-05"), [span("2026-03-05", "2026-03-07")]);
        assert_eq!(back("2020-01-01")[0].count(), LONGEST);
        assert_eq!(back("2030-01-01"), []);
    }

    #[test]
    fn a_gap_is_read_in_pieces_newest_first() {
        let mut planner = Planner::default();
        let gap = ("2026-03-08T09:05:00", Some(day("2026-02-27")));
        planner.plan(at(gap.0), day("2026-03-08"), gap.1);
        assert_eq!(planner.progress().unwrap(), "catching up: 0 of 9 days");
        let days = planner.next(3).unwrap();
        assert_eq!(days, span("2026-03-05", "2026-03-07"));
        planner.settle(days);
        assert_eq!(planner.progress().unwrap(), "catching up: 3 of 9 days");
        // Other days join, and what is not in one piece is not asked for in one piece.
        planner.owe([day("2026-02-01"), day("2026-03-04")]);
        let lengths: Vec<_> = read(&mut planner).iter().map(|days| days.count()).collect();
        assert_eq!(lengths, [6, 1]);
        assert!(planner.is_done() && planner.progress().is_none());
    }

    #[test]
    fn two_weeks_are_read_again_on_tuesday_and_friday() {
        let mut planner = Planner::default();
        let mut polls = Vec::new();
        // 2026-03-02 is a Monday.
        for hour in 0..24 * 7 {
            let now = at("2026-03-02T00:05:00") + chrono::TimeDelta::hours(hour);
            planner.plan(now, day("2026-03-02"), None);
            let back = read(&mut planner);
            if back.iter().any(|days| days.count() > 1) {
                polls.push((now, back));
            }
        }
        assert_eq!(
            polls,
            [
                (
                    at("2026-03-03T04:05:00"),
                    vec![span("2026-02-18", "2026-03-02")]
                ),
                (
                    at("2026-03-06T04:05:00"),
                    vec![span("2026-02-21", "2026-03-05")]
                ),
            ]
        );
    }

    #[test]
    fn dates_are_counted() {
        let days = span("2026-02-27", "2026-03-03");
        assert_eq!((days.count(), days.dates().count()), (5, 5));
    }
}
