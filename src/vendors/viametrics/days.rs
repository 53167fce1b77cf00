//! Which local days a poll asks for, pure.
//!
//! The current day is asked for each time, because the newest rows may still be rewritten (vendor
//! documentation). What is here is the part before it.

use chrono::{Datelike, Days as Step, NaiveDate, NaiveDateTime, NaiveTime, Weekday};

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

    /// Each day, oldest first.
    pub fn each(self) -> impl Iterator<Item = Self> {
        self.from
            .iter_days()
            .take_while(move |day| *day <= self.to)
            .map(Self::only)
    }

    /// Pieces of at most `length` days, oldest first.
    #[must_use]
    pub fn pieces(self, length: u64) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut from = self.from;
        while from <= self.to {
            let to = (from + Step::new(length.max(1) - 1)).min(self.to);
            pieces.push(Self { from, to });
            from = to + Step::new(1);
        }
        pieces
    }

    /// Number of days.
    #[must_use]
    pub fn count(self) -> u64 {
        u64::try_from((self.to - self.from).num_days() + 1).unwrap_or(0)
    }
}

/// Decides on days; remembers how far all was read.
#[derive(Clone, Debug, Default)]
pub struct Planner {
    /// The local day of the last poll that read all it wanted.
    read_on: Option<NaiveDate>,
    /// The due date of the last second look.
    looked: Option<NaiveDate>,
}

impl Planner {
    /// The days before today that the poll at local time `now` has to read as well. `since` is
    /// where the data of a first start begins, `horizon` how far history reaches.
    pub fn before_today(
        &mut self,
        now: NaiveDateTime,
        since: NaiveDate,
        horizon: Option<NaiveDate>,
    ) -> Option<Days> {
        let today = now.date();
        // The second look before the program's start is taken as done: it starts with all it needs.
        let due = second_look_due(now);
        let looked = *self.looked.get_or_insert(due);
        // Yesterday's last interval is delivered after midnight, so the first poll of a day reads
        // the day before as well.
        let mut from = self.read_on.or(horizon).unwrap_or(since);
        if looked != due {
            from = from.min(today - Step::new(SECOND_LOOK - 1));
        }
        let from = from.max(today - Step::new(LONGEST));
        let yesterday = today.pred_opt()?;
        (from <= yesterday).then_some(Days {
            from,
            to: yesterday,
        })
    }

    /// Takes note that the poll at local time `now` has read all it wanted.
    pub fn finished(&mut self, now: NaiveDateTime) {
        self.read_on = Some(now.date());
        self.looked = Some(second_look_due(now));
    }
}

/// The date of the newest second look that is due at local time `now`.
fn second_look_due(now: NaiveDateTime) -> NaiveDate {
    let mut date = now.date();
    while !SECOND_LOOK_ON.contains(&date.weekday()) || date.and_time(SECOND_LOOK_AT) > now {
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

    #[test]
    fn a_first_start_asks_back_to_what_is_needed() {
        let mut planner = Planner::default();
        let now = at("2026-03-02T09:05:00");
        assert_eq!(planner.before_today(now, day("2026-03-02"), None), None);
        let back = planner.before_today(now, day("2026-03-01"), None);
        assert_eq!(back, Some(span("2026-03-01", "2026-03-01")));
    }

    #[test]
    fn the_first_poll_of_a_day_reads_yesterday_as_well() {
        let mut planner = Planner::default();
        let since = day("2026-03-02");
        planner.before_today(at("2026-03-02T23:05:00"), since, None);
        planner.finished(at("2026-03-02T23:05:00"));
        let night = at("2026-03-03T00:05:00");
        let yesterday = Some(span("2026-03-02", "2026-03-02"));
        assert_eq!(planner.before_today(night, since, None), yesterday);
        // It stays owed until a poll has read all.
        assert_eq!(planner.before_today(night, since, None), yesterday);
        planner.finished(night);
        assert_eq!(
            planner.before_today(at("2026-03-03T01:05:00"), since, None),
            None
        );
    }

    #[test]
    fn a_gap_in_history_is_filled() {
        let mut planner = Planner::default();
        let now = at("2026-03-08T09:05:00");
        let since = day("2026-03-08");
        let back = planner.before_today(now, since, Some(day("2026-03-05")));
        assert_eq!(back, Some(span("2026-03-05", "2026-03-07")));
        let ages_ago = planner.before_today(now, since, Some(day("2020-01-01")));
        assert_eq!(ages_ago.unwrap().count(), LONGEST);
        let ahead = planner.before_today(now, since, Some(day("2030-01-01")));
        assert_eq!(ahead, None);
    }

    #[test]
    fn two_weeks_are_read_again_on_tuesday_and_friday() {
        let mut planner = Planner::default();
        let mut polls = Vec::new();
        // 2026-03-02 is a Monday.
        for hour in 0..24 * 7 {
            let now = at("2026-03-02T00:05:00") + chrono::TimeDelta::hours(hour);
            let back = planner.before_today(now, day("2026-03-02"), None);
            planner.finished(now);
            if back.is_some_and(|days| days.count() > 1) {
                polls.push((now, back));
            }
        }
        assert_eq!(
            polls,
            [
                (
                    at("2026-03-03T04:05:00"),
                    Some(span("2026-02-18", "2026-03-02"))
                ),
                (
                    at("2026-03-06T04:05:00"),
                    Some(span("2026-02-21", "2026-03-05"))
                ),
            ]
        );
    }

    #[test]
    fn days_are_cut_into_pieces() {
        let days = span("2026-02-27", "2026-03-03");
        let lengths: Vec<_> = days.pieces(2).iter().map(|piece| piece.count()).collect();
        assert_eq!(lengths, [2, 2, 1]);
        assert_eq!(days.pieces(0).len(), 5);
        assert_eq!(days.each().count(), 5);
    }
}
