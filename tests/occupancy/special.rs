//! Days that are not like others: counts by hand, locked doors, late starts, clock changes.

use chrono::{TimeDelta, TimeZone};
use chrono_tz::Europe::Athens;
use occtop::model::figure::Flag;
use occtop::model::hand::HandCount;
use occtop::model::occupancy::{Settings, Taken, Visit, ZeroRows};
use occtop::model::store::Store;

use crate::shop::{Shop, at, flow, usual};

#[test]
fn the_reset_is_an_event_once_a_day() {
    let mut shop = Shop::new(&["north", "south"], 15);
    shop.usual(at("2026-03-02T04:00:00Z"), at("2026-03-05T04:15:00Z"));
    let days: Vec<_> = shop.estimator.finished().collect();
    assert_eq!(days.len(), 3);
    for (day, start) in days.iter().zip(2..) {
        let expected = chrono::Utc
            .with_ymd_and_hms(2026, 3, start, 4, 0, 0)
            .unwrap();
        assert_eq!(
            (day.start, day.end),
            (expected, expected + TimeDelta::days(1))
        );
        assert_eq!((day.entered, day.left, day.raw), (1920.0, 1920.0, 0));
        assert!(day.ratio.is_some());
    }
    assert!(shop.n() < 0.5);
    assert_eq!(shop.estimator.estimate().unwrap().days, 3);
}

#[test]
fn a_day_with_a_clock_change_resets_once_and_is_learned_once() {
    for (day, cells) in [("2026-10-24", 100), ("2026-03-28", 92)] {
        let settings = Settings::of(&Store::named("Ermou", Athens));
        let mut shop = Shop::with(settings, &["north"], 15);
        let local = |text: String| {
            let naive = text.parse::<chrono::NaiveDateTime>().unwrap();
            Athens.from_local_datetime(&naive).unwrap().to_utc()
        };
        let start = local(format!("{day}T04:00:00"));
        let end = start + TimeDelta::minutes(15 * cells);
        let count = |_: usize, at: chrono::DateTime<chrono::Utc>| usual(at);
        shop.counting(start, end, count);
        assert_eq!(
            shop.estimator.curve().count(),
            usize::try_from(cells).unwrap()
        );
        assert_eq!(shop.estimator.finished().count(), 0);
        shop.counting(end, end + TimeDelta::minutes(15), count);
        let finished: Vec<_> = shop.estimator.finished().collect();
        assert_eq!(finished.len(), 1);
        assert_eq!(finished[0].end, end);
        assert_eq!(finished[0].raw, 0);
    }
}

#[test]
fn a_count_by_hand_holds_at_once_and_keeps_the_day_out_of_learning() {
    let mut shop = Shop::new(&["north", "south"], 15);
    shop.usual(at("2026-03-02T04:00:00Z"), at("2026-03-03T12:00:00Z"));
    let count = HandCount::new(at("2026-03-03T12:05:00Z"), 70, "fire drill");
    shop.estimator.counted_by_hand(&count);
    shop.estimator.run();
    let estimate = shop.estimator.estimate().unwrap();
    assert_eq!((estimate.shown(), estimate.raw), (70, 70));
    assert_eq!(estimate.as_of, at("2026-03-03T12:05:00Z"));
    assert!(estimate.half < 4.0, "{}", estimate.half);
    assert!(shop.says(&["counted by hand at 12:05: 70 (fire drill)"]));
    shop.usual(at("2026-03-03T12:00:00Z"), at("2026-03-03T12:15:00Z"));
    let estimate = shop.estimator.estimate().unwrap();
    assert_eq!((estimate.sums.start, estimate.raw), (70.0, 70));
    assert!((estimate.sums.total() - estimate.n).abs() < 1e-9);
    shop.usual(at("2026-03-03T12:15:00Z"), at("2026-03-04T04:15:00Z"));
    let learned: Vec<_> = shop
        .estimator
        .finished()
        .map(|day| day.ratio.is_some())
        .collect();
    assert_eq!(learned, [true, false]);
}

#[test]
fn a_count_that_is_taken_back_leaves_the_estimate_as_if_it_had_never_been() {
    let mut plain = Shop::new(&["north", "south"], 15);
    plain.usual(at("2026-03-02T04:00:00Z"), at("2026-03-03T14:00:00Z"));
    let mut counted = Shop::new(&["north", "south"], 15);
    counted.usual(at("2026-03-02T04:00:00Z"), at("2026-03-03T12:00:00Z"));
    let count = HandCount::new(at("2026-03-03T12:05:00Z"), 70, "");
    counted.estimator.counted_by_hand(&count);
    counted.usual(at("2026-03-03T12:00:00Z"), at("2026-03-03T14:00:00Z"));
    assert!(counted.says(&["counted by hand at 12:05: 70"]));
    assert!((counted.n() - plain.n()).abs() > 1.0);
    counted.estimator.forget_count(count.at);
    counted.estimator.run();
    assert_eq!(counted.n(), plain.n());
    assert!(!counted.says(&["by hand"]));
}

#[test]
fn a_door_that_is_off_is_neither_waited_for_nor_filled() {
    let mut shop = Shop::new(&["north", "south"], 15);
    shop.usual(at("2026-03-02T04:00:00Z"), at("2026-03-03T10:00:00Z"));
    let south = shop.doors[1];
    shop.estimator.door_off(south, at("2026-03-03T10:00:00Z"));
    for quarter in 0..12 {
        let start = at("2026-03-03T10:00:00Z") + TimeDelta::minutes(15 * quarter);
        shop.deliver(0, start, usual(start));
        assert!(shop.estimator.run().advanced);
    }
    let estimate = shop.estimator.estimate().unwrap();
    assert_eq!(estimate.sums.filled, 0.0);
    assert_eq!(estimate.as_of, at("2026-03-03T13:00:00Z"));
    assert!(!estimate.quality.has(Flag::Silent) && !estimate.quality.has(Flag::Partial));
    shop.estimator.door_on(south, at("2026-03-03T13:00:00Z"));
    shop.deliver(0, at("2026-03-03T13:00:00Z"), flow(20, 20));
    assert!(
        !shop.estimator.run().advanced,
        "the door is waited for again"
    );
}

#[test]
fn a_start_in_the_middle_of_the_day_is_uncertain_and_not_learned() {
    let mut shop = Shop::new(&["north"], 15);
    shop.usual(at("2026-03-02T14:10:00Z"), at("2026-03-02T14:25:00Z"));
    let estimate = shop.estimator.estimate().unwrap();
    assert!(estimate.half > 20.0, "{}", estimate.half);
    assert!(shop.says(&["counting since 14:10"]));
    shop.usual(at("2026-03-02T14:25:00Z"), at("2026-03-03T05:10:00Z"));
    assert_eq!(shop.estimator.estimate().unwrap().days, 0);
    // The rest of the day arrives from the vendor's history.
    shop.usual(at("2026-03-02T04:10:00Z"), at("2026-03-02T14:10:00Z"));
    assert_eq!(shop.estimator.estimate().unwrap().days, 1);
}

#[test]
fn quiet_rows_are_zero_or_missing_as_the_feed_says() {
    for (zero_rows, missing) in [
        (ZeroRows::Omitted, false),
        (ZeroRows::Auto, false),
        (ZeroRows::Explicit, true),
    ] {
        let mut shop = Shop::new(&[], 15);
        shop.doors = vec![shop.estimator.door("north", zero_rows)];
        let day = at("2026-03-02T04:00:00Z");
        shop.estimator.watched(shop.doors[0], day);
        shop.deliver(0, day + TimeDelta::hours(6), flow(5, 0));
        shop.estimator.run();
        assert_eq!(shop.has(Flag::Partial), missing, "{zero_rows:?}");
        // A 0/0 row shows that the feed writes quiet intervals; from there on a hole is a hole.
        shop.deliver(0, day + TimeDelta::hours(7), flow(0, 0));
        shop.deliver(0, day + TimeDelta::hours(18), flow(0, 0));
        shop.estimator.run();
        assert_eq!(
            shop.has(Flag::Partial),
            zero_rows != ZeroRows::Omitted,
            "{zero_rows:?}"
        );
    }
}

#[test]
fn a_sparse_feed_is_run_as_far_as_it_is_known_to_reach() {
    let mut shop = Shop::new(&[], 15);
    let door = shop.estimator.door("north", ZeroRows::Omitted);
    shop.doors = vec![door];
    let day = at("2026-03-02T04:00:00Z");
    shop.estimator.watched(door, day);
    shop.deliver(0, day + TimeDelta::hours(6), flow(30, 0));
    shop.estimator.reached(door, day + TimeDelta::hours(8));
    shop.estimator.run();
    let estimate = shop.estimator.estimate().unwrap();
    assert_eq!(estimate.as_of, day + TimeDelta::hours(8));
    assert_eq!((estimate.raw, estimate.coverage), (30, 1.0));
}

#[test]
fn within_a_cell_the_number_follows_the_minutes() {
    let mut shop = Shop::new(&["north"], 1);
    shop.counting(
        at("2026-03-02T04:00:00Z"),
        at("2026-03-02T04:15:00Z"),
        |_, _| flow(2, 0),
    );
    let whole = shop.estimator.estimate().unwrap();
    assert!(!whole.quality.has(Flag::Provisional));
    shop.counting(
        at("2026-03-02T04:15:00Z"),
        at("2026-03-02T04:18:00Z"),
        |_, _| flow(3, 1),
    );
    let part = shop.estimator.estimate().unwrap();
    assert!(part.quality.has(Flag::Provisional));
    assert_eq!(part.as_of, at("2026-03-02T04:18:00Z"));
    assert!((part.n - whole.n - 6.0).abs() < 1e-9);
    assert_eq!((part.half, part.raw), (whole.half, 36));
    assert!((part.sums.total() - part.n).abs() < 1e-9);
}

#[test]
fn longer_intervals_lengthen_the_cells_of_all_days() {
    let run = |first_span: i64| {
        let mut shop = Shop::new(&["north", "south"], first_span);
        let hour_long = TimeDelta::minutes(60);
        let from = at("2026-03-02T04:00:00Z");
        if first_span == 15 {
            // The same counts, in quarters of an hour for the first two days.
            shop.counting(from, from + TimeDelta::days(2), |_, start| usual(start));
        } else {
            shop.counting(from, from + TimeDelta::days(2), |_, start| hourly(start));
        }
        shop.span = hour_long;
        shop.counting(
            from + TimeDelta::days(2),
            from + TimeDelta::hours(60),
            |_, start| hourly(start),
        );
        (
            shop.estimator.cell_min(),
            shop.n(),
            shop.estimator.estimate().unwrap().days,
        )
    };
    assert_eq!(run(15), run(60));
    assert_eq!(run(15).0, 60);
}

/// Four usual quarters in one row.
fn hourly(start: chrono::DateTime<chrono::Utc>) -> occtop::model::reading::Flow {
    (0..4)
        .map(|quarter| usual(start + TimeDelta::minutes(15 * quarter)))
        .fold(flow(0, 0), |sum, quarter| sum + quarter)
}

#[test]
fn two_weeks_are_kept_and_older_corrections_left_out() {
    let mut shop = Shop::new(&["north"], 60);
    let from = at("2026-02-01T04:00:00Z");
    let to = from + TimeDelta::days(30);
    shop.counting(from, to + TimeDelta::hours(8), |_, start| hourly(start));
    assert_eq!(shop.estimator.finished().len(), 14);
    assert_eq!(shop.estimator.estimate().unwrap().days, 30);
    let before = shop.estimator.estimate().unwrap();
    let mut correct = |days: i64| {
        let start = from + TimeDelta::days(days) + TimeDelta::hours(8);
        let visit = Visit {
            start,
            span_s: 3600,
            flow: flow(500, 0),
        };
        let old = Some(hourly(start));
        shop.estimator.observe(shop.doors[0], visit, old, to)
    };
    assert_eq!(correct(15), Taken::TooOld);
    assert_eq!(correct(17), Taken::Late);
    assert!(shop.estimator.run().corrected);
    assert_ne!(shop.estimator.estimate().unwrap().sums, before.sums);
    let future = Visit {
        start: at("2027-01-01T00:00:00Z"),
        span_s: 900,
        flow: flow(1, 1),
    };
    let taken = shop.estimator.observe(shop.doors[0], future, None, to);
    assert_eq!(taken, Taken::Impossible);
}

#[test]
fn a_correction_of_a_dropped_day_and_of_a_kept_one_equal_a_run_in_order() {
    let from = at("2026-02-01T04:00:00Z");
    let hours = 24 * 25 + 7;
    let wrong = from + TimeDelta::days(20) + TimeDelta::hours(9);
    let mut corrected = Shop::new(&["north"], 60);
    corrected.counting(from, from + TimeDelta::hours(hours), |_, start| {
        if start == wrong {
            flow(1, 1)
        } else {
            hourly(start)
        }
    });
    let new = hourly(wrong);
    corrected.observe(
        0,
        wrong,
        new,
        Some(flow(1, 1)),
        from + TimeDelta::hours(hours),
    );
    corrected.estimator.run();
    let mut straight = Shop::new(&["north"], 60);
    straight.counting(from, from + TimeDelta::hours(hours), |_, start| {
        hourly(start)
    });
    assert_eq!(corrected.n(), straight.n());
    assert!(corrected.has(Flag::Revised) && !straight.has(Flag::Revised));
}

#[test]
fn after_weeks_of_silence_the_day_begins_anew() {
    let mut shop = Shop::new(&["north"], 15);
    shop.usual(at("2026-03-02T04:00:00Z"), at("2026-03-03T12:00:00Z"));
    shop.usual(at("2026-06-02T10:00:00Z"), at("2026-06-02T10:30:00Z"));
    let estimate = shop.estimator.estimate().unwrap();
    assert_eq!(estimate.as_of, at("2026-06-02T10:30:00Z"));
    assert_eq!(shop.estimator.finished().count(), 2);
    assert_eq!(estimate.days, 1);
}

/// What a door brings along when it is first heard is its past; nobody has seen other numbers.
#[test]
fn the_past_of_a_door_that_is_met_late_is_no_correction() {
    let mut shop = Shop::new(&["north", "south"], 15);
    let morning = at("2026-03-02T08:00:00Z");
    let visit = |quarter: i32, entered| Visit {
        start: morning + TimeDelta::minutes(15) * quarter,
        span_s: 900,
        flow: flow(entered, 0),
    };
    let (north, south) = (shop.doors[0], shop.doors[1]);
    let first = at("2026-03-02T11:00:10Z");
    for quarter in 0..12 {
        let taken = (shop.estimator).observe(north, visit(quarter, 2), None, first);
        assert_eq!(taken, Taken::Waiting);
    }
    shop.estimator.run();
    let second = at("2026-03-02T11:00:11Z");
    for quarter in 0..12 {
        let taken = (shop.estimator).observe(south, visit(quarter, 3), None, second);
        assert_eq!(taken, Taken::Late);
    }
    assert!(shop.estimator.run().corrected);
    let estimate = shop.estimator.estimate().unwrap();
    assert!(!estimate.quality.has(Flag::Revised));
    assert_eq!(estimate.raw, 60);
    let why = shop.estimator.why().join("; ");
    assert!(!why.contains("came late"), "{why}");

    // What comes after that is late.
    let later = at("2026-03-02T11:05:00Z");
    let old = Some(flow(3, 0));
    shop.estimator.observe(south, visit(2, 9), old, later);
    shop.estimator.run();
    let estimate = shop.estimator.estimate().unwrap();
    assert!(estimate.quality.has(Flag::Revised));
}
