//! When a delta is asked for, and how old a value is.

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn settings() -> CounterSettings {
    CounterSettings {
        types: Vec::new(),
        default_only: false,
        page_size: 1000,
        overlap: TimeDelta::minutes(2),
        full_read: TimeDelta::minutes(15),
    }
}

fn many(updated: &str) -> Counters {
    let counter = |n: usize| Counter {
        id: n.to_string(),
        enterprise: None,
        name: "Default".to_owned(),
        kind: "BillCounter".to_owned(),
        is_default: true,
        format: None,
        value: 1,
        updated: Some(at(updated)),
    };
    Counters {
        by_id: (0..=READ_WHOLE)
            .map(|n| (n.to_string(), counter(n)))
            .collect(),
        total: READ_WHOLE + 1,
        full_at: Some(at("2026-03-01T09:00:00Z")),
        ..Counters::new(settings())
    }
}

fn delta(counters: &Counters, now: &str) -> Option<(Timestamp, Timestamp)> {
    let delta = counters.delta(at(now), at(now))?;
    Some((delta.from, delta.to))
}

#[test]
fn a_delta_overlaps_on_both_sides() {
    let counters = many("2026-03-01T08:41:07Z");
    assert_eq!(
        delta(&counters, "2026-03-01T09:05:00Z"),
        Some((at("2026-03-01T08:39:07Z"), at("2026-03-01T09:06:00Z")))
    );
}

#[test]
fn everything_is_read_now_and_then_and_when_there_is_little() {
    let counters = many("2026-03-01T08:41:07Z");
    assert_eq!(
        delta(&counters, "2026-03-01T09:15:00Z"),
        None,
        "a quarter of an hour is over"
    );
    assert_eq!(
        delta(&counters, "2026-03-01T08:59:00Z"),
        None,
        "the clock was set back"
    );
    let mut few = many("2026-03-01T08:41:07Z");
    few.total -= 1;
    assert_eq!(
        delta(&few, "2026-03-01T09:05:00Z"),
        None,
        "a thousand fit into one page"
    );
}

#[test]
fn trap_4_an_interval_is_never_empty_nor_over_three_months() {
    let cases = [
        ("2025-12-03T09:00:00Z", true),
        ("2025-12-02T09:00:00Z", false),
        ("2026-03-01T09:08:00Z", false),
    ];
    for (newest, possible) in cases {
        let counters = many(newest);
        let delta = delta(&counters, "2026-03-01T09:05:00Z");
        assert_eq!(delta.is_some(), possible, "{newest}");
    }
}

#[test]
fn a_value_without_a_stamp_is_as_old_as_its_first_sight() {
    let mut counters = Counters::new(settings());
    let mut counter = many("2026-03-01T08:41:07Z").by_id.pop_first().unwrap().1;
    counter.updated = None;
    let first = at("2026-03-01T09:00:00Z");
    let later = at("2026-03-01T09:10:00Z");
    assert_eq!(counters.stamp(&counter, first), first);
    assert_eq!(counters.stamp(&counter, later), first);
    counter.value += 1;
    assert_eq!(counters.stamp(&counter, later), later);
}
