//! Our sums against the vendor's daily totals, pure.
//!
//! Once a week the vendor's totals of the last weeks are compared with what history holds, by
//! counter and local date. What differs is read once more; what still differs then is recorded with
//! both totals and left alone until the vendor's total changes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days as Step, NaiveDate, NaiveDateTime, Weekday};
use serde::{Deserialize, Serialize};

use crate::model::reading::Flow;

use super::days::{Days, newest_due};

/// Days that are compared.
const REACH: u64 = 60;
/// The day of the comparison, behind one of the second looks.
const ON: [Weekday; 1] = [Weekday::Tue];
/// Most days that one comparison reads again.
const MOST_DAYS: usize = 50;
/// Most pairs that are kept in mind.
const MOST_PAIRS: usize = 500;

/// Totals by day and counter (the local half of its device id).
pub type Totals = BTreeMap<(NaiveDate, String), Flow>;

/// What comparisons found. Serialized it survives a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The due date of the last one.
    compared: Option<NaiveDate>,
    /// What differed, newest first.
    pairs: Vec<Pair>,
}

/// A counter on a day on which the vendor's total was not ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pair {
    day: NaiveDate,
    counter: String,
    /// People in and out by the vendor's total.
    vendor: (u32, u32),
    /// People in and out by our rows.
    ours: (u32, u32),
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// It is to be read again.
    Asked,
    /// What came then has the vendor's total, or has changed since: the next comparison tells.
    Open,
    /// It differs even then.
    Differs,
}

impl Comparison {
    /// The days to compare at local time `now`, if it is time to.
    #[must_use]
    pub fn due(&mut self, now: NaiveDateTime) -> Option<Days> {
        let due = newest_due(now, &ON);
        // The one before the program's start is taken as done: there is little to compare yet.
        let compared = *self.compared.get_or_insert(due);
        let today = now.date();
        (compared != due).then_some(Days {
            from: today - Step::new(REACH),
            to: today.pred_opt()?,
        })
    }

    /// Takes note that the comparison due at local time `now` is done, or that it cannot be.
    pub fn done(&mut self, now: NaiveDateTime) {
        self.compared = Some(newest_due(now, &ON));
    }

    /// Compares the vendor's totals with what we hold and gives the days to read again. Days
    /// before our first are not missing.
    pub fn compare(&mut self, vendor: &Totals, held: &Totals) -> BTreeSet<NaiveDate> {
        let mut again = BTreeSet::new();
        let mut pairs = Vec::new();
        let Some(((begin, _), _)) = held.first_key_value() else {
            return again;
        };
        for (key, total) in vendor.iter().rev() {
            let ours = held.get(key).copied().unwrap_or_default();
            let (day, counter) = key;
            if day < begin || ours == *total || pairs.len() == MOST_PAIRS {
                continue;
            }
            let mut pair = Pair {
                day: *day,
                counter: counter.clone(),
                vendor: (total.entered, total.left),
                ours: (ours.entered, ours.left),
                state: State::Differs,
            };
            if !self.has_asked(&pair) {
                if again.len() == MOST_DAYS && !again.contains(day) {
                    continue;
                }
                again.insert(*day);
                pair.state = State::Asked;
            }
            pairs.push(pair);
        }
        self.pairs = pairs;
        again
    }

    /// Takes note of what a day that was read again has. Rows that the vendor has taken back stay
    /// in history: such a pair is seen to differ only by the next comparison.
    pub fn reread(&mut self, day: NaiveDate, rows: &Totals) {
        for pair in self.pairs.iter_mut().filter(|pair| pair.day == day) {
            let key = (day, pair.counter.clone());
            let ours = rows.get(&key).copied().unwrap_or_default();
            let ours = (ours.entered, ours.left);
            pair.state = match pair.state {
                State::Asked if ours != pair.vendor => State::Differs,
                // The vendor's total is that of an earlier day, and may have followed.
                State::Differs if ours == pair.ours => State::Differs,
                _ => State::Open,
            };
            pair.ours = ours;
        }
    }

    /// What stands, in words.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let mut standing = self
            .pairs
            .iter()
            .filter(|pair| pair.state == State::Differs);
        let first = standing.next()?;
        let more = match standing.count() {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        Some(format!(
            "daily totals differ from the vendor's after a second look: counter {} on {} has {} \
             in and {} out there, {} in and {} out here{more}",
            first.counter, first.day, first.vendor.0, first.vendor.1, first.ours.0, first.ours.1
        ))
    }

    fn has_asked(&self, pair: &Pair) -> bool {
        self.pairs.iter().any(|known| {
            known.day == pair.day && known.counter == pair.counter && known.vendor == pair.vendor
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 2, number).unwrap()
    }

    fn totals(rows: &[(u32, &str, u32, u32)]) -> Totals {
        let row = |(date, counter, entered, left): &(u32, &str, u32, u32)| {
            let flow = Flow {
                entered: *entered,
                left: *left,
            };
            ((day(*date), (*counter).to_owned()), flow)
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn it_is_due_once_a_week() {
        let mut comparison = Comparison::default();
        let mut compared = Vec::new();
        // 2026-03-02 is a Monday.
        for hour in 0..24 * 9 {
            let now = at("2026-03-02T00:05:00") + chrono::TimeDelta::hours(hour);
            if let Some(days) = comparison.due(now) {
                comparison.done(now);
                compared.push((now, days.from.to_string(), days.to.to_string()));
            }
        }
        let expected = |now, from: &str, to: &str| (at(now), from.to_owned(), to.to_owned());
        assert_eq!(
            compared,
            [
                expected("2026-03-03T04:05:00", "2026-01-02", "2026-03-02"),
                expected("2026-03-10T04:05:00", "2026-01-09", "2026-03-09"),
            ]
        );
    }

    #[test]
    fn what_differs_is_read_again_once() {
        let mut comparison = Comparison::default();
        let held = totals(&[(20, "507", 5, 5), (21, "507", 7, 7), (21, "508", 1, 1)]);
        let mut vendor = totals(&[
            (19, "507", 9, 9),
            (20, "507", 5, 5),
            (21, "507", 8, 7),
            (21, "508", 1, 1),
            (22, "507", 3, 3),
        ]);
        // The 19th is before our first day, the 22nd is a hole.
        let again = comparison.compare(&vendor, &held);
        assert_eq!(again, [day(21), day(22)].into());
        assert_eq!(comparison.note(), None);
        comparison.reread(day(22), &totals(&[(22, "507", 3, 3)]));
        comparison.reread(day(21), &totals(&[(21, "507", 7, 7)]));
        let said = comparison.note().unwrap();
        assert!(
            said.contains(
                "counter 507 on 2026-02-21 has 8 in and 7 out there, 7 in and 7 out here"
            )
        );
        // What stands is left alone, also over a restart, until the vendor's total changes.
        let kept = serde_json::to_value(&comparison).unwrap();
        let mut comparison: Comparison = serde_json::from_value(kept).unwrap();
        let mut held = held;
        held.extend(totals(&[(22, "507", 3, 3)]));
        assert!(comparison.compare(&vendor, &held).is_empty());
        assert!(comparison.note().is_some());
        vendor.extend(totals(&[(21, "507", 9, 7)]));
        assert_eq!(comparison.compare(&vendor, &held), [day(21)].into());
        held.extend(totals(&[(21, "507", 9, 7)]));
        assert!(comparison.compare(&vendor, &held).is_empty());
        assert_eq!(comparison, Comparison::default());
    }

    #[test]
    fn rows_that_change_after_the_second_look_are_no_news_before_the_next_comparison() {
        let mut comparison = Comparison::default();
        let vendor = totals(&[(21, "507", 6, 6)]);
        comparison.compare(&vendor, &totals(&[(21, "507", 5, 5)]));
        comparison.reread(day(21), &vendor);
        // Late rows, with one of the routine looks.
        comparison.reread(day(21), &totals(&[(21, "507", 9, 9)]));
        assert_eq!(comparison.note(), None);
        let mut comparison = Comparison::default();
        comparison.compare(&vendor, &totals(&[(21, "507", 5, 5)]));
        for (people, told) in [(5, true), (5, true), (6, false)] {
            comparison.reread(day(21), &totals(&[(21, "507", people, people)]));
            assert_eq!(comparison.note().is_some(), told, "{people}");
        }
    }

    #[test]
    fn a_row_that_the_vendor_took_back_is_not_asked_for_each_week() {
        let mut comparison = Comparison::default();
        let held = totals(&[(21, "507", 7, 7)]);
        let vendor = totals(&[(21, "507", 6, 6)]);
        assert_eq!(comparison.compare(&vendor, &held).len(), 1);
        comparison.reread(day(21), &vendor);
        assert_eq!(comparison.note(), None);
        assert!(comparison.compare(&vendor, &held).is_empty());
        assert!(comparison.note().is_some());
    }

    #[test]
    fn a_comparison_reads_fifty_days_again_at_most() {
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let days = || first.iter_days().take(60);
        let all = |people| -> Totals {
            let flow = Flow {
                entered: people,
                left: people,
            };
            let doors = ["1", "2", "3"];
            let keys = days().flat_map(|day| doors.map(|door| (day, door.to_owned())));
            keys.map(|key| (key, flow)).collect()
        };
        let mut comparison = Comparison::default();
        let again = comparison.compare(&all(2), &all(1));
        assert_eq!(again.len(), 50);
        // The newest are first.
        assert_eq!(again.first(), days().nth(10).as_ref());
        assert_eq!(comparison.compare(&all(2), &all(1)).len(), 10);
    }
}
