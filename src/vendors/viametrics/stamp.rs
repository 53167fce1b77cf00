//! The vendor's stamps: local time without a zone, also through the nights of the clock changes.

use std::collections::HashSet;

use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use crate::model::Timestamp;

/// A stamp as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// With an offset: an instant.
    Exact(Timestamp),
    /// Without one: wall clock in the configured zone.
    Local(NaiveDateTime),
}

impl Stamp {
    /// Reads a stamp; `None` when it is in no known form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        const FORMS: [&str; 4] = [
            "%Y-%m-%d %H:%M:%S%.f",
            "%Y-%m-%dT%H:%M:%S%.f",
            "%Y-%m-%d %H:%M",
            "%Y-%m-%dT%H:%M",
        ];
        let text = text.trim();
        let local = |form| NaiveDateTime::parse_from_str(text, form).ok();
        if let Some(local) = FORMS.into_iter().find_map(local) {
            return Some(Self::Local(local));
        }
        if let Ok(exact) = DateTime::parse_from_rfc3339(text) {
            return Some(Self::Exact(exact.with_timezone(&Utc)));
        }
        let date: NaiveDate = text.parse().ok()?;
        Some(Self::Local(date.and_time(NaiveTime::MIN)))
    }

    /// The local date in `zone`.
    #[must_use]
    pub fn date(&self, zone: Tz) -> NaiveDate {
        match self {
            Self::Exact(at) => at.with_timezone(&zone).date_naive(),
            Self::Local(local) => local.date(),
        }
    }

    /// Where the stamp stands among its like, to tell rising from falling lists.
    #[must_use]
    pub fn wall(&self, zone: Tz) -> NaiveDateTime {
        match self {
            Self::Exact(at) => at.with_timezone(&zone).naive_local(),
            Self::Local(local) => *local,
        }
    }
}

/// Turns the stamps of one counter, in the order of their rows, into instants.
///
/// In autumn an hour occurs twice and only the order tells which is meant: a stamp that was there
/// before, or that steps back, is of the second pass. One pass only is taken for the first.
#[derive(Clone, Debug)]
pub struct Walk {
    zone: Tz,
    /// Stamps of the repeated hour so far.
    seen: HashSet<NaiveDateTime>,
    /// The latest of the first pass.
    latest: Option<NaiveDateTime>,
    /// Where the latest stamp of the first pass would be in the second.
    second: Option<Timestamp>,
    /// The second pass has come as well.
    twice: bool,
}

impl Walk {
    /// A walk through stamps of `zone`.
    #[must_use]
    pub fn new(zone: Tz) -> Self {
        Self {
            zone,
            seen: HashSet::new(),
            latest: None,
            second: None,
            twice: false,
        }
    }

    /// The instant of the next stamp; `None` for one in the hour that spring skips.
    pub fn instant(&mut self, stamp: Stamp) -> Option<Timestamp> {
        let local = match stamp {
            Stamp::Exact(at) => return Some(at),
            Stamp::Local(local) => local,
        };
        match self.zone.from_local_datetime(&local) {
            LocalResult::Single(at) => Some(at.to_utc()),
            LocalResult::Ambiguous(first, second) if self.is_first_pass(local) => {
                self.latest = Some(local);
                self.second = Some(second.to_utc());
                Some(first.to_utc())
            }
            LocalResult::Ambiguous(_, second) => {
                self.twice = true;
                Some(second.to_utc())
            }
            LocalResult::None => None,
        }
    }

    /// Whether the repeated hour came only once though rows go on to `newest`: the vendor has lost
    /// one pass or added both up.
    #[must_use]
    pub fn is_merged(&self, newest: Timestamp) -> bool {
        !self.twice && self.second.is_some_and(|second| newest > second)
    }

    fn is_first_pass(&mut self, local: NaiveDateTime) -> bool {
        let stepped_back = self.latest.is_some_and(|latest| local < latest);
        self.seen.insert(local) && !stepped_back
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(zone: Tz, times: &[&str]) -> Vec<Option<String>> {
        let mut walk = Walk::new(zone);
        times
            .iter()
            .map(|time| walk.instant(Stamp::parse(time).unwrap()))
            .map(|at| at.map(|at| at.format("%dT%H:%M").to_string()))
            .collect()
    }

    fn autumn(times: &[&str]) -> Vec<String> {
        let times: Vec<_> = times
            .iter()
            .map(|time| format!("2026-10-25 {time}:00"))
            .collect();
        let times: Vec<_> = times.iter().map(String::as_str).collect();
        let instants = walk(chrono_tz::Europe::Stockholm, &times);
        instants.into_iter().map(Option::unwrap).collect()
    }

    #[test]
    fn stamps_come_in_many_forms() {
        let local = |text: &str| Some(Stamp::Local(text.parse().unwrap()));
        let cases = [
            ("2026-03-02 09:15:00", local("2026-03-02T09:15:00")),
            ("2026-03-02T09:15:00", local("2026-03-02T09:15:00")),
            ("2026-03-02T09:15:00.000", local("2026-03-02T09:15:00")),
            ("2026-03-02 09:15", local("2026-03-02T09:15:00")),
            (" 2026-03-02 ", local("2026-03-02T00:00:00")),
            (
                "2026-03-02T09:15:00Z",
                Some(Stamp::Exact("2026-03-02T09:15:00Z".parse().unwrap())),
            ),
            (
                "2026-03-02T09:15:00+01:00",
                Some(Stamp::Exact("2026-03-02T08:15:00Z".parse().unwrap())),
            ),
            ("09:15", None),
            ("2026-02-30 09:15:00", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Stamp::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn the_repeated_hour_goes_by_the_order_of_rows() {
        assert_eq!(
            autumn(&[
                "01:45", "02:00", "02:30", "02:45", "02:00", "02:15", "02:45", "03:00"
            ]),
            [
                "24T23:45", "25T00:00", "25T00:30", "25T00:45", "25T01:00", "25T01:15", "25T01:45",
                "25T02:00"
            ]
        );
        // The end of the first pass, then the second.
        assert_eq!(
            autumn(&["02:45", "02:00", "02:15"]),
            ["25T00:45", "25T01:00", "25T01:15"]
        );
        // Hourly rows.
        assert_eq!(autumn(&["02:00", "02:00"]), ["25T00:00", "25T01:00"]);
        // Sorted by their text: each stamp twice in a row.
        assert_eq!(
            autumn(&["02:00", "02:00", "02:30", "02:30"]),
            ["25T00:00", "25T01:00", "25T00:30", "25T01:30"]
        );
    }

    #[test]
    fn one_pass_is_taken_for_the_first() {
        assert_eq!(
            autumn(&["02:00", "02:30", "03:00"]),
            ["25T00:00", "25T00:30", "25T02:00"]
        );
    }

    #[test]
    fn a_repeated_hour_that_came_once_is_noticed() {
        for (times, merged) in [
            (&["01:00", "03:00"][..], false),
            (&["02:00", "02:30"], false),
            (&["02:00", "03:00"], true),
            (&["02:00", "02:00", "03:00"], false),
        ] {
            let mut walk = Walk::new(chrono_tz::Europe::Stockholm);
            let stamps = times
                .iter()
                .map(|time| Stamp::parse(&format!("2026-10-25 {time}")));
            let newest = stamps
                .filter_map(|stamp| walk.instant(stamp.unwrap()))
                .last();
            assert_eq!(walk.is_merged(newest.unwrap()), merged, "{times:?}");
        }
    }

    #[test]
    fn the_hour_that_spring_skips_has_no_instant() {
        let times = ["2026-03-29 01:45", "2026-03-29 02:15", "2026-03-29 03:00"];
        let instants = walk(chrono_tz::Europe::Stockholm, &times);
        assert_eq!(
            instants,
            [
                Some("29T00:45".to_owned()),
                None,
                Some("29T01:00".to_owned())
            ]
        );
    }

    #[test]
    fn a_stamp_with_an_offset_needs_no_order() {
        let times = ["2026-10-25T02:00:00+01:00", "2026-10-25T02:00:00+02:00"];
        let instants = walk(chrono_tz::Europe::Stockholm, &times);
        assert_eq!(
            instants,
            [Some("25T01:00".to_owned()), Some("25T00:00".to_owned())]
        );
    }
}
