//! Comparisons on made-up days.

use chrono::Weekday;
use chrono_tz::Tz;

use super::*;
use crate::model::calendar::{Hours, Span};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn shop(zone: Tz) -> Store {
    let mut store = Store::named("Ermou", zone);
    let open = vec![Span {
        open: 9 * 60,
        close: 21 * 60,
    }];
    let closed = vec!["2026-03-25".parse().unwrap()];
    let mut week: [Vec<Span>; 7] = Default::default();
    week.fill(open);
    week[Weekday::Sun.num_days_from_monday() as usize].clear();
    store.hours = Hours::weekly(week, closed);
    store
}

fn quarter(start: Timestamp, entered: u32, left: u32) -> Quarter {
    Quarter {
        start,
        span_s: 900,
        covered_s: 900,
        flow: Flow { entered, left },
        zeros: false,
    }
}

/// A day whose quarter hours from `from` on have so many people in, and as many out an hour later.
fn counts(from: Timestamp, people: &[u32]) -> Vec<Quarter> {
    let hour = 4;
    let padded = |n: usize| people.get(n).copied().unwrap_or(0);
    let quarters = 0..people.len() + hour;
    let counts = quarters.map(|n| {
        let start = from + TimeDelta::seconds(CELL_S * i64::try_from(n).unwrap());
        let left = n.checked_sub(hour).map_or(0, padded);
        quarter(start, padded(n), left)
    });
    counts.collect()
}

fn whole(date: &str) -> Spans {
    let mut spans = Spans::default();
    spans.add(
        at(&format!("{date}T00:00:00Z")),
        at(&format!("{date}T23:59:59Z")),
    );
    spans
}

/// The day so many weeks before `now` on which the quarters from 10:00 UTC had so many people in.
fn day(store: &Store, now: Timestamp, weeks: i64, people: &[u32]) -> PastDay {
    let (date, _, _) = weeks_ago(store, now, weeks);
    let counts = counts(at(&format!("{date}T10:00:00Z")), people);
    let delivered = whole(&date.to_string());
    let door = DoorDay {
        counts: &counts,
        quiet: Quiet::Zero,
        delivered: &delivered,
    };
    PastDay::of(store, now, weeks, &[door])
}

#[test]
fn last_week_is_told_by_the_same_time_of_day() {
    let store = shop(Tz::UTC);
    let now = at("2026-03-12T10:40:00Z");
    let days = [day(&store, now, 1, &[10, 20, 40, 8])];
    let usual = Usual::of(&store, now, Yardstick::LastWeek, &days).unwrap();
    assert_eq!(usual.dates, ["2026-03-05".parse().unwrap()]);
    for (time, entered) in [
        ("04:00:00", 0),
        ("10:00:00", 0),
        ("10:15:00", 10),
        ("10:30:00", 30),
        ("10:37:30", 50),
        ("10:45:00", 70),
        ("23:00:00", 78),
    ] {
        let by = at(&format!("2026-03-12T{time}Z"));
        assert_eq!(usual.entered_by(by), entered, "{time}");
    }
    let inside = |time: &str| usual.inside_at(at(&format!("2026-03-12T{time}Z")));
    assert_eq!(inside("11:00:00"), Some(78));
    assert_eq!(inside("11:30:00"), Some(48));
    assert_eq!(inside("20:00:00"), Some(0));
    assert_eq!(usual.inside_at(at("2026-03-14T20:00:00Z")), None);
}

#[test]
fn holidays_and_days_with_holes_are_left_out() {
    let store = shop(Tz::UTC);
    // Four Wednesdays: one was a holiday, one has a hole.
    let now = at("2026-04-15T12:00:00Z");
    let mut days: Vec<_> = (1..=4)
        .map(|weeks| day(&store, now, weeks, &[10 * u32::try_from(weeks).unwrap()]))
        .collect();
    assert_eq!(days[2].date, "2026-03-25".parse().unwrap());
    assert_eq!(days[2].coverage, None, "closed all day");
    days[0].coverage = Some(0.79);
    assert!(Usual::of(&store, now, Yardstick::LastWeek, &days).is_none());
    let usual = Usual::of(&store, now, Yardstick::MedianOfFour, &days).unwrap();
    assert_eq!(usual.dates.len(), 2);
    assert_eq!(usual.entered_by(now), 30, "the mean of 20 and 40");
    days[0].coverage = Some(0.8);
    let usual = Usual::of(&store, now, Yardstick::MedianOfFour, &days).unwrap();
    assert_eq!((usual.dates.len(), usual.entered_by(now)), (3, 20));
    assert!(Usual::of(&store, now, Yardstick::MedianOfFour, &[]).is_none());
}

#[test]
fn the_first_four_good_days_of_eight_weeks_are_enough() {
    let store = shop(Tz::UTC);
    let now = at("2026-04-15T12:00:00Z");
    let mut days: Vec<_> = (1..=8)
        .map(|weeks| day(&store, now, weeks, &[10 * u32::try_from(weeks).unwrap()]))
        .collect();
    days[0].coverage = Some(0.79);
    let median = || Usual::of(&store, now, Yardstick::MedianOfFour, &days).unwrap();
    // One week ago has a hole, three weeks ago was a holiday.
    let dates: Vec<_> = [2, 4, 5, 6]
        .map(|weeks| weeks_ago(&store, now, weeks).0)
        .into();
    assert_eq!(median().dates, dates);
    assert_eq!(median().entered_by(now), 45, "the mean of 40 and 50");
}

#[test]
fn the_wall_clock_is_compared_across_a_change_of_the_clocks() {
    // Clocks went forward in Athens on 29 March: ten o'clock was at 8 UTC before and is at 7 now.
    let mut store = shop(Tz::Europe__Athens);
    store.hours = Hours::always();
    let now = at("2026-04-02T09:00:00Z");
    let (date, start, end) = weeks_ago(&store, now, 1);
    assert_eq!(date, "2026-03-26".parse().unwrap());
    assert_eq!(
        (start, end),
        (at("2026-03-26T02:00:00Z"), at("2026-03-27T02:00:00Z"))
    );
    let counts = [quarter(at("2026-03-26T08:00:00Z"), 7, 7)];
    let mut delivered = Spans::default();
    delivered.add(start, end);
    let door = DoorDay {
        counts: &counts,
        quiet: Quiet::Zero,
        delivered: &delivered,
    };
    let days = [PastDay::of(&store, now, 1, &[door])];
    let usual = Usual::of(&store, now, Yardstick::LastWeek, &days).unwrap();
    assert_eq!(usual.start, at("2026-04-02T01:00:00Z"));
    assert_eq!(usual.entered_by(at("2026-04-02T07:00:00Z")), 0);
    assert_eq!(usual.entered_by(at("2026-04-02T07:15:00Z")), 7);
    // The day itself on which they change has an hour less, the one in autumn one more.
    for (now, cells) in [("2026-03-29T09:00:00Z", 92), ("2026-10-25T09:00:00Z", 100)] {
        let mut store = store.clone();
        store.reset = Reset::Never;
        let now = at(now);
        let days = [PastDay {
            coverage: Some(1.0),
            ..PastDay::of(&store, now, 1, &[door])
        }];
        let usual = Usual::of(&store, now, Yardstick::LastWeek, &days).unwrap();
        assert_eq!(usual.cells.len(), cells);
        assert_eq!(usual.inside_at(now), None, "a store that never empties");
    }
}

#[test]
fn an_hourly_count_is_spread_over_its_hour() {
    let store = shop(Tz::UTC);
    let now = at("2026-03-12T12:00:00Z");
    let counts = [Quarter {
        span_s: 3600,
        covered_s: 3600,
        ..quarter(at("2026-03-05T10:00:00Z"), 10, 10)
    }];
    let spans = whole("2026-03-05");
    let door = DoorDay {
        counts: &counts,
        quiet: Quiet::Zero,
        delivered: &spans,
    };
    let days = [PastDay::of(&store, now, 1, &[door])];
    let usual = Usual::of(&store, now, Yardstick::LastWeek, &days).unwrap();
    let by = ["10:15", "10:30", "10:45", "11:00"]
        .map(|time| usual.entered_by(at(&format!("2026-03-12T{time}:00Z"))));
    assert_eq!(by, [2, 5, 7, 10]);
}

#[test]
fn coverage_follows_what_a_missing_interval_means() {
    let store = shop(Tz::UTC);
    let (from, to) = (at("2026-03-05T04:00:00Z"), at("2026-03-06T04:00:00Z"));
    let open = at("2026-03-05T09:00:00Z");
    let half: Vec<_> = (0..24)
        .map(|n| quarter(open + TimeDelta::seconds(CELL_S * n), 1, 1))
        .collect();
    let mut spans = Spans::default();
    spans.add(from, at("2026-03-05T18:00:00Z"));
    let mut zeros = half.clone();
    zeros[3].zeros = true;
    let mut thin = zeros[..4].to_vec();
    thin[3].covered_s = 300;
    let share = |quiet, counts| {
        let door = DoorDay {
            counts,
            quiet,
            delivered: &spans,
        };
        door.coverage(&store, from, to)
    };
    assert_eq!(share(Quiet::Missing, &half[..]), Some(0.5));
    assert_eq!(share(Quiet::Zero, &half[..]), Some(0.75));
    assert_eq!(share(Quiet::Learned, &half[..]), Some(0.75));
    assert_eq!(share(Quiet::Learned, &zeros[..]), Some(0.5));
    let share = share(Quiet::Missing, &thin[..]).unwrap();
    assert!((share - 50.0 / 720.0).abs() < 1e-9, "{share}");
    assert!(
        DoorDay {
            counts: &[],
            quiet: Quiet::Zero,
            delivered: &spans
        }
        .coverage(
            &store,
            at("2026-03-08T04:00:00Z"),
            at("2026-03-09T04:00:00Z")
        )
        .is_none(),
        "a Sunday"
    );
}
