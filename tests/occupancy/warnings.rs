//! Faults of counters, as flags and as sentences.

use chrono::{TimeDelta, Timelike};
use occtop::model::figure::Flag;
use occtop::model::hand::HandCount;
use occtop::model::occupancy::ZeroRows;

use crate::shop::{Shop, at, flow, usual};

/// A shop of two doors that has learned three days.
fn learned() -> Shop {
    let mut shop = Shop::new(&["north door", "south door"], 15);
    shop.usual(at("2026-03-02T04:00:00Z"), at("2026-03-05T04:00:00Z"));
    shop
}

#[test]
fn nothing_is_said_about_good_counters() {
    let mut shop = learned();
    shop.usual(at("2026-03-05T04:00:00Z"), at("2026-03-05T15:00:00Z"));
    assert_eq!(
        shop.estimator.estimate().unwrap().quality.flags().count(),
        0
    );
    let why = shop.estimator.why();
    assert_eq!(why[0], "960 in, 880 out since 04:00: +80", "{why:?}");
    assert_eq!(why.last().unwrap(), "learning: 3 of 7 days", "{why:?}");
    assert_eq!(why.len(), 2, "{why:?}");
}

#[test]
fn the_first_day_says_so() {
    let mut shop = Shop::new(&["north door"], 15);
    shop.usual(at("2026-03-02T04:00:00Z"), at("2026-03-02T12:00:00Z"));
    assert!(shop.says(&["first day, no history"]));
}

#[test]
fn a_door_that_says_zero_is_silent_and_filled() {
    let mut shop = learned();
    shop.usual(at("2026-03-05T04:00:00Z"), at("2026-03-05T11:15:00Z"));
    shop.counting(
        at("2026-03-05T11:15:00Z"),
        at("2026-03-05T13:15:00Z"),
        |door, start| if door == 0 { flow(0, 0) } else { usual(start) },
    );
    assert!(shop.has(Flag::Silent));
    assert!(shop.says(&[
        "north door silent since 11:15",
        "filled from the other doors"
    ]));
    assert!((shop.n() - 80.0).abs() < 10.0, "{}", shop.n());
}

#[test]
fn a_door_that_sends_nothing_is_late_then_silent_then_corrected() {
    let mut shop = learned();
    shop.usual(at("2026-03-05T04:00:00Z"), at("2026-03-05T11:00:00Z"));
    let noon = at("2026-03-05T11:00:00Z");
    let quarter = |index: i64| noon + TimeDelta::minutes(15 * index);
    for index in 0..10 {
        shop.deliver(1, quarter(index), usual(quarter(index)));
        let ran = shop.estimator.run();
        assert_eq!(ran.advanced, index >= 4, "it is waited for for an hour");
    }
    assert!(shop.has(Flag::Silent));
    assert!(shop.says(&["north door silent since 11:00"]));
    assert!(shop.says(&["late: north door 150 min behind"]));
    for index in 0..10 {
        shop.observe(0, quarter(index), usual(quarter(index)), None, quarter(11));
    }
    assert!(shop.estimator.run().corrected);
    let estimate = shop.estimator.estimate().unwrap();
    assert_eq!(estimate.sums.filled, 0.0);
    assert!(shop.has(Flag::Revised) && !shop.has(Flag::Silent));
    assert!(shop.says(&["came late at 13:45"]));
    shop.usual(quarter(10), quarter(11));
    assert!(!shop.has(Flag::Revised), "a new cell has been shown since");
}

#[test]
fn a_correction_names_both_values() {
    let mut shop = learned();
    shop.usual(at("2026-03-05T04:00:00Z"), at("2026-03-05T14:30:00Z"));
    let start = at("2026-03-05T10:00:00Z");
    let old = Some(usual(start));
    shop.observe(0, start, flow(31, 20), old, at("2026-03-05T14:50:00Z"));
    shop.estimator.run();
    assert!(
        shop.says(&["corrected at 14:50: 20 -> 31 in (10:00)"]),
        "{:?}",
        shop.estimator.why()
    );
}

#[test]
fn a_blind_direction_is_one_way() {
    let mut shop = learned();
    shop.usual(at("2026-03-05T04:00:00Z"), at("2026-03-05T12:00:00Z"));
    let blind = |door: usize, start| {
        let counts = usual(start);
        if door == 0 {
            flow(counts.entered, 0)
        } else {
            counts
        }
    };
    shop.counting(
        at("2026-03-05T12:00:00Z"),
        at("2026-03-05T12:45:00Z"),
        blind,
    );
    assert!(!shop.has(Flag::OneWay));
    shop.counting(
        at("2026-03-05T12:45:00Z"),
        at("2026-03-05T13:00:00Z"),
        blind,
    );
    assert!(shop.has(Flag::OneWay));
    assert!(shop.says(&["north door counts one way: 0 out, 80 in"]));
}

#[test]
fn nobody_out_after_opening_is_usual_and_a_door_that_is_always_blind_is_not() {
    let opening = at("2026-03-02T09:00:00Z");
    let counts = |door: usize, start: chrono::DateTime<chrono::Utc>| {
        let counts = usual(start);
        let since = start.hour() * 60 + start.minute();
        // Nobody leaves in the first two hours, and nobody ever leaves by the second door.
        let left = if since < 660 || door == 1 {
            0
        } else {
            counts.left
        };
        flow(counts.entered, left)
    };
    let mut shop = Shop::new(&["north door", "south door"], 15);
    let says = |shop: &Shop, door: &str| shop.says(&[door, "counts one way: 0 out"]);
    shop.counting(
        at("2026-03-02T04:00:00Z"),
        opening + TimeDelta::hours(1),
        counts,
    );
    assert!(
        says(&shop, "north door"),
        "nothing is usual on the first day"
    );
    let third = opening + TimeDelta::days(2);
    shop.counting(
        opening + TimeDelta::hours(1),
        third + TimeDelta::hours(1),
        counts,
    );
    assert!(!says(&shop, "north door") && says(&shop, "south door"));
}

#[test]
fn counters_that_miss_one_in_eighty_are_corrected_without_a_warning() {
    let mut shop = Shop::new(&["north door"], 15);
    shop.counting(
        at("2026-03-02T04:00:00Z"),
        at("2026-03-06T15:00:00Z"),
        |_, start| {
            let counts = usual(start);
            let missed = u32::from(start.minute() == 0);
            flow(counts.entered, counts.left.saturating_sub(missed))
        },
    );
    let drift = shop.estimator.drift().unwrap();
    assert_eq!(drift.days, 4);
    assert!((drift.ratio - 79.0 / 80.0).abs() < 0.001 && drift.spread < 1e-9);
    assert!(!shop.has(Flag::Drifting));
    assert!((shop.n() - 40.0).abs() < 0.5, "{}", shop.n());
    assert!(shop.says(&["exits usually come", "short of entries (4 days): -"]));
}

#[test]
fn counters_that_miss_a_tenth_drift_and_say_so() {
    let mut shop = Shop::new(&["north door"], 15);
    shop.counting(
        at("2026-03-02T04:00:00Z"),
        at("2026-03-06T15:00:00Z"),
        |_, start| {
            let counts = usual(start);
            flow(counts.entered, counts.left * 9 / 10)
        },
    );
    assert!(shop.has(Flag::Drifting));
    assert!(shop.says(&["counters drift: 10 % fewer out than in over 4 days"]));
}

#[test]
fn changed_counters_are_relearned() {
    let mut shop = Shop::new(&["north door"], 15);
    let days = |shop: &mut Shop, from: i64, to: i64, tenths: u32| {
        let day = |day: i64| at("2026-03-02T04:00:00Z") + TimeDelta::days(day);
        shop.counting(day(from), day(to), |_, start| {
            let counts = usual(start);
            flow(counts.entered, counts.left * tenths / 10)
        });
    };
    days(&mut shop, 0, 5, 10);
    days(&mut shop, 5, 8, 8);
    assert!(
        shop.says(&["the counters changed on 8 Mar, relearning"]),
        "{:?}",
        shop.estimator.why()
    );
    assert!((shop.estimator.drift().unwrap().ratio - 0.8).abs() < 0.01);
    assert!(shop.has(Flag::Drifting));
}

#[test]
fn a_count_far_beyond_the_usual_is_suspect_until_the_reset() {
    let mut shop = learned();
    shop.usual(at("2026-03-05T04:00:00Z"), at("2026-03-05T12:00:00Z"));
    let start = at("2026-03-05T12:00:00Z");
    for (door, entered) in [(0, 251), (1, 250)] {
        shop.deliver(door, start, flow(entered, 20));
    }
    shop.estimator.run();
    assert!(shop.has(Flag::Suspect));
    assert!(
        shop.says(&["north door counted 251 in at 12:00, where 20 are usual"]),
        "{:?}",
        shop.estimator.why()
    );
    assert!(!shop.says(&["south door counted"]), "ten times and fifty");
    shop.usual(start + shop.span, at("2026-03-06T04:00:00Z"));
    assert!(shop.has(Flag::Suspect), "it is still in the day's sums");
    shop.usual(at("2026-03-06T04:00:00Z"), at("2026-03-06T05:00:00Z"));
    assert!(!shop.has(Flag::Suspect));
}

#[test]
fn a_burst_that_is_corrected_or_counted_over_is_forgotten() {
    let start = at("2026-03-05T12:00:00Z");
    let burst = || {
        let mut shop = learned();
        shop.usual(at("2026-03-05T04:00:00Z"), start);
        shop.deliver(0, start, flow(999, 20));
        shop.deliver(1, start, flow(20, 20));
        shop.estimator.run();
        assert!(shop.has(Flag::Suspect));
        shop
    };
    let mut shop = burst();
    shop.observe(
        0,
        start,
        flow(20, 20),
        Some(flow(999, 20)),
        start + shop.span,
    );
    shop.estimator.run();
    assert!(!shop.has(Flag::Suspect));
    let mut shop = burst();
    let count = HandCount::new(start + shop.span, 40, "");
    shop.estimator.counted_by_hand(&count);
    shop.estimator.run();
    assert!(!shop.has(Flag::Suspect));
}

#[test]
fn a_door_that_is_new_has_no_usual_to_be_beyond_of() {
    let mut shop = learned();
    shop.usual(at("2026-03-05T04:00:00Z"), at("2026-03-05T12:00:00Z"));
    let new = shop.estimator.door("new door", ZeroRows::Explicit);
    shop.doors.push(new);
    shop.counting(
        at("2026-03-05T12:00:00Z"),
        at("2026-03-05T13:00:00Z"),
        |door, start| {
            if door == 2 {
                flow(90, 90)
            } else {
                usual(start)
            }
        },
    );
    assert!(!shop.has(Flag::Suspect));
}

#[test]
fn a_whole_store_that_counts_nobody_is_noticed_while_it_is_open() {
    let mut shop = learned();
    shop.usual(at("2026-03-05T04:00:00Z"), at("2026-03-05T12:00:00Z"));
    let nobody = |_: usize, _| flow(0, 0);
    let hush = |shop: &Shop| shop.estimator.hush(|_| true);
    shop.counting(
        at("2026-03-05T12:00:00Z"),
        at("2026-03-05T12:45:00Z"),
        nobody,
    );
    assert_eq!(hush(&shop), None, "not yet an hour");
    shop.counting(
        at("2026-03-05T12:45:00Z"),
        at("2026-03-05T13:00:00Z"),
        nobody,
    );
    let noticed = hush(&shop).unwrap();
    assert_eq!(noticed.since, at("2026-03-05T12:00:00Z"));
    assert!((noticed.usual - 320.0).abs() < 1.0, "{}", noticed.usual);
    assert_eq!(shop.estimator.hush(|_| false), None);
    let shut = at("2026-03-05T12:30:00Z");
    assert_eq!(shop.estimator.hush(|start| start < shut), None);
    shop.usual(at("2026-03-05T13:00:00Z"), at("2026-03-05T23:30:00Z"));
    assert_eq!(hush(&shop), None, "nights are usually quiet");
}

#[test]
fn people_left_at_the_reset_are_told_the_next_day() {
    let mut shop = learned();
    // On this day half of the visitors stay for the night, as far as the doors can tell.
    shop.counting(
        at("2026-03-05T04:00:00Z"),
        at("2026-03-06T04:00:00Z"),
        |_, start| {
            let late = start > at("2026-03-06T01:00:00Z");
            if late { flow(10, 0) } else { usual(start) }
        },
    );
    assert!(!shop.has(Flag::ResetUnconfirmed), "the day is not over");
    shop.usual(at("2026-03-06T04:00:00Z"), at("2026-03-06T05:00:00Z"));
    assert!(shop.has(Flag::ResetUnconfirmed));
    assert!(shop.says(&["still counted as inside at the reset at 04:00"]));
    shop.usual(at("2026-03-06T05:00:00Z"), at("2026-03-07T05:00:00Z"));
    assert!(!shop.has(Flag::ResetUnconfirmed));
}

#[test]
fn a_crowd_pauses_the_pace() {
    let mut shop = learned();
    shop.usual(at("2026-03-05T04:00:00Z"), at("2026-03-05T14:45:00Z"));
    shop.counting(
        at("2026-03-05T14:45:00Z"),
        at("2026-03-05T15:00:00Z"),
        |_, _| flow(0, 60),
    );
    assert!(shop.says(&["a crowd left at 15:00: pace paused until 16:00"]));
    assert!(shop.n() < 10.0, "{}", shop.n());
}

#[test]
fn more_exits_than_people_show_a_floored_zero() {
    let mut shop = Shop::new(&["north door"], 15);
    shop.counting(
        at("2026-03-02T04:00:00Z"),
        at("2026-03-02T04:15:00Z"),
        |_, _| flow(0, 9),
    );
    let estimate = shop.estimator.estimate().unwrap();
    assert!(estimate.is_floored());
    assert_eq!((estimate.shown(), estimate.raw), (0, -9));
    assert!(shop.says(&["never below zero: +"]));
}

#[test]
fn the_vendors_number_is_compared_but_never_blended_in() {
    let mut with = learned();
    let mut without = learned();
    for shop in [&mut with, &mut without] {
        shop.usual(at("2026-03-05T04:00:00Z"), at("2026-03-05T13:00:00Z"));
    }
    for quarter in 0..8 {
        let end = at("2026-03-05T11:15:00Z") + TimeDelta::minutes(15 * quarter);
        with.estimator.vendor_says(end, 120);
    }
    with.estimator.run();
    assert_eq!(with.n(), without.n());
    let dispute = with.estimator.dispute().unwrap();
    assert_eq!(
        (dispute.vendor, dispute.since),
        (120, at("2026-03-05T11:15:00Z"))
    );
    assert!(with.says(&["vendor says 120 (+", "since 11:15"]));
    assert!(with.has(Flag::Suspect) && !without.has(Flag::Suspect));
    assert_eq!(without.estimator.dispute(), None);
}
