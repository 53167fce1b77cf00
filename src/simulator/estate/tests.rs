//! What must hold of every estate, and of the whole estate at once.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Every quarter of an hour of a week of a store.
fn week(from: &str) -> impl Iterator<Item = Timestamp> {
    let start = at(from);
    (0..7 * 96).map(move |quarter| start + TimeDelta::minutes(15 * quarter))
}

/// The real people inside, with its sign.
fn net(estate: &Estate, site: &Site, at: Timestamp) -> i64 {
    estate.truth(site, at).real.net()
}

#[test]
fn one_seed_is_one_estate_whatever_was_asked_before() {
    let (one, other) = (Estate::new(7, 12), Estate::new(7, 12));
    let instants: Vec<Timestamp> = week("2026-03-02T00:00:00Z").step_by(5).collect();
    let forwards: Vec<Truth> = (instants.iter())
        .flat_map(|at| one.sites().iter().map(|site| one.truth(site, *at)))
        .collect();
    let mut backwards: Vec<Truth> = (instants.iter().rev())
        .flat_map(|at| {
            other
                .sites()
                .iter()
                .rev()
                .map(|site| other.truth(site, *at))
        })
        .collect();
    backwards.reverse();
    assert_eq!(forwards, backwards);
}

#[test]
fn a_store_does_not_depend_on_how_many_others_there_are() {
    let (few, many) = (Estate::new(1, 3), Estate::new(1, 40));
    let noon = at("2026-03-04T12:00:00Z");
    for (alone, among) in few.sites().iter().zip(many.sites()) {
        assert_eq!(alone.name, among.name);
        assert_eq!(few.truth(alone, noon), many.truth(among, noon));
    }
}

#[test]
fn seeds_differ() {
    let noon = at("2026-03-04T12:00:00Z");
    let truths: BTreeSet<String> = (1..6)
        .map(|seed| {
            let estate = Estate::new(seed, 1);
            format!("{:?}", estate.truth(&estate.sites()[0], noon))
        })
        .collect();
    assert_eq!(truths.len(), 5);
}

#[test]
fn people_come_in_before_they_leave_and_are_out_by_closing() {
    let estate = Estate::new(1, 8);
    for site in estate.sites() {
        for at in week("2026-03-02T00:00:00Z") {
            let inside = net(&estate, site, at);
            assert!(inside >= 0, "{} at {at}: {inside}", site.name);
        }
        for day in 2..9 {
            let day = date("2026-03-01") + TimeDelta::days(day);
            let Some((open, close)) = site.open_on(day) else {
                continue;
            };
            let opening = wall::instant(site.city.zone, day, open);
            let closing = wall::instant(site.city.zone, day, close);
            assert_eq!(estate.truth(site, opening), Truth::default());
            let evening = estate.truth(site, closing);
            assert_eq!(evening.inside, 0, "{} on {day}", site.name);
            assert!(evening.real.entered > 60, "{} on {day}", site.name);
            let reset = wall::day_start(site.city.zone, day + TimeDelta::days(1));
            assert_eq!(estate.truth(site, reset), Truth::default());
        }
    }
}

#[test]
fn a_closed_day_is_empty() {
    let estate = Estate::new(1, 9);
    let closed = &estate.sites()[8];
    let sunday = date("2026-03-08");
    assert_eq!(closed.open_on(sunday), None);
    assert!(estate.day(closed, sunday).crossings.is_empty());
}

#[test]
fn a_place_that_never_closes_goes_on_over_the_break_of_day() {
    let estate = Estate::new(1, 12);
    let station = &estate.sites()[11];
    assert!(station.hours.is_none());
    let mut at_break = 0;
    for day in 2..30 {
        let reset = wall::day_start(station.city.zone, date("2026-03-01") + TimeDelta::days(day));
        let moment = TimeDelta::seconds(1);
        let before = estate.truth(station, reset - moment).inside;
        let after = estate.truth(station, reset + moment).inside;
        assert!(before.abs_diff(after) <= 10, "{before} {after}");
        at_break += after;
        let two_days = estate.passages(station, reset - TimeDelta::days(1), reset);
        assert!(two_days.is_sorted_by_key(|passage| passage.at_s));
    }
    assert!(at_break > 0, "somebody is there at four in the morning");
}

#[test]
fn sensors_miss_a_few_more_than_they_invent_and_not_the_same_in_and_out() {
    let estate = Estate::new(1, 8);
    let (from, to) = (at("2026-03-02T00:00:00Z"), at("2026-03-23T00:00:00Z"));
    let mut drifts = Vec::new();
    for site in estate.sites() {
        let passages = estate.passages(site, from, to);
        let real = passages.iter().fold(Flow::default(), |sum, passage| {
            sum + flow(passage.inward, 1)
        });
        let counted = estate.counted(site, None, from, to);
        for (counted, real) in [(counted.entered, real.entered), (counted.left, real.left)] {
            let share = f64::from(counted) / f64::from(real);
            assert!((0.88..1.0).contains(&share), "{} {share}", site.name);
        }
        drifts.push(f64::from(counted.left) / f64::from(counted.entered));
    }
    assert!(
        drifts.iter().any(|drift| (drift - 1.0).abs() > 0.01),
        "{drifts:?}"
    );
}

#[test]
fn doors_add_up_to_their_store() {
    let estate = Estate::new(1, 8);
    let (from, to) = (at("2026-03-04T08:00:00Z"), at("2026-03-04T15:00:00Z"));
    for site in estate.sites() {
        let doors = (0..site.doors.len())
            .map(|door| estate.counted(site, Some(door), from, to))
            .fold(Flow::default(), |sum, flow| sum + flow);
        assert_eq!(doors, estate.counted(site, None, from, to));
    }
    assert!(estate.sites().iter().any(|site| site.doors.len() > 1));
    assert!(estate.sites().iter().any(|site| site.doors.len() == 1));
}

/// Independent visitors would give a variance as large as the mean.
#[test]
fn quarters_of_an_hour_vary_more_than_independent_visitors_would() {
    let estate = Estate::new(1, 8);
    let site = &estate.sites()[0];
    let mut counts = Vec::new();
    for week in 0..52 {
        let from = at("2026-01-07T14:00:00Z") + TimeDelta::weeks(week);
        let passages = estate.passages(site, from, from + TimeDelta::minutes(15));
        let entered = passages.iter().filter(|passage| passage.inward).count();
        counts.push(f64::from(u32::try_from(entered).unwrap()));
    }
    let n = f64::from(u32::try_from(counts.len()).unwrap());
    let mean = counts.iter().sum::<f64>() / n;
    let variance = counts
        .iter()
        .map(|count| (count - mean).powi(2))
        .sum::<f64>()
        / (n - 1.0);
    assert!(variance > 1.5 * mean, "mean {mean}, variance {variance}");
}

#[test]
fn capacities_are_met_and_now_and_then_exceeded() {
    let estate = Estate::new(1, 8);
    let (mut over, mut roomy) = (0, 0);
    for site in estate.sites() {
        let peak = week("2026-03-02T00:00:00Z")
            .map(|at| estate.truth(site, at).inside)
            .max();
        let share = f64::from(peak.unwrap()) / f64::from(site.capacity);
        assert!((0.3..2.5).contains(&share), "{} {share}", site.name);
        over += u32::from(share > 1.0);
        roomy += u32::from(share < 0.9);
    }
    assert!(over > 0 && roomy > 0, "{over} over, {roomy} roomy");
}

#[test]
fn some_store_is_open_at_any_time_of_a_week() {
    let estate = Estate::new(1, 8);
    let zones: BTreeSet<&str> = estate
        .sites()
        .iter()
        .map(|site| site.city.zone.name())
        .collect();
    assert_eq!(zones.len(), 4);
    for at in week("2026-03-02T00:00:00Z") {
        let open = estate.sites().iter().filter(|site| {
            let day = wall::business_date(site.city.zone, at);
            site.open_on(day).is_some_and(|(open, close)| {
                let zone = site.city.zone;
                (wall::instant(zone, day, open)..wall::instant(zone, day, close)).contains(&at)
            })
        });
        assert!(open.count() > 0, "{at}");
    }
}

#[test]
fn names_and_ids_are_unique_in_the_largest_estate() {
    let estate = Estate::new(1, MAX_STORES);
    let names: BTreeSet<&str> = estate
        .sites()
        .iter()
        .map(|site| site.name.as_str())
        .collect();
    let codes: BTreeSet<&str> = estate
        .sites()
        .iter()
        .map(|site| site.code.as_str())
        .collect();
    let counters: Vec<i64> = (estate.sites().iter())
        .flat_map(|site| site.doors.iter().map(|door| door.counter))
        .collect();
    assert_eq!((names.len(), codes.len()), (MAX_STORES, MAX_STORES));
    assert_eq!(
        counters.iter().collect::<BTreeSet<_>>().len(),
        counters.len()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Clock changes, year ends and all: what holds on one day holds on every day.
    #[test]
    fn every_day_is_sane(seed: u64, index in 0..30_usize, day in 0..1_500_i64) {
        let mut estate = Estate::new(seed, index + 1);
        let site = estate.sites.remove(index);
        let date = date("2025-01-01") + TimeDelta::days(day);
        let day = StoreDay::new(seed, &site, date);
        prop_assert!(day.crossings.is_sorted());
        let mut inside = 0_i64;
        for crossing in &day.crossings {
            inside += if crossing.inward { 1 } else { -1 };
            prop_assert!(inside >= 0);
            prop_assert!(usize::from(crossing.door) < site.doors.len());
        }
        prop_assert_eq!(inside, 0);
    }

    /// A span asked at once is the same as asked in two pieces.
    #[test]
    fn spans_add_up(seed in 0..50_u64, index in 0..12_usize, from in 0..20_000_i64, cut in 0..3_000_i64, rest in 0..3_000_i64) {
        let estate = Estate::new(seed, 12);
        let site = &estate.sites()[index];
        let minute = |minutes| at("2026-03-20T00:00:00Z") + TimeDelta::minutes(minutes);
        let (first, middle, last) = (minute(from), minute(from + cut), minute(from + cut + rest));
        let mut pieces = estate.passages(site, first, middle);
        pieces.extend(estate.passages(site, middle, last));
        prop_assert_eq!(pieces, estate.passages(site, first, last));
    }
}
