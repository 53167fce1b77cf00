//! What is usual, learned from feeds that trade in many ways.

use chrono::NaiveDate;
use chrono_tz::America::New_York;
use chrono_tz::Europe::Athens;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::model::calendar::Span;

/// A Monday, 00:00 in Athens.
fn monday() -> Timestamp {
    local("2026-06-01 00:00")
}

fn local(text: &str) -> Timestamp {
    let naive = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    let local = naive.and_local_timezone(Athens).unwrap();
    local.to_utc()
}

fn minutes(count: i64) -> TimeDelta {
    TimeDelta::minutes(count)
}

/// Sells every `every` minutes from 08:00 up to 18:00 on weekdays.
fn office(weeks: i64, every: i64) -> Rhythm {
    let mut rhythm = Rhythm::default();
    for day in (0..weeks * 7).filter(|day| day % 7 < 5) {
        let opens = monday() + TimeDelta::days(day) + TimeDelta::hours(8);
        for sale in 0..600 / every {
            let at = opens + minutes(sale * every);
            rhythm.happened(at, at, Athens);
        }
    }
    rhythm
}

fn pause(rhythm: &Rhythm) -> Pause {
    rhythm.pause(None, Athens, None).unwrap()
}

#[test]
fn nothing_is_usual_before_every_hour_of_the_week_was_seen() {
    let mut rhythm = Rhythm::default();
    assert_eq!(rhythm.pause(Some(monday()), Athens, None), None);
    for hour in 0..=167 {
        let at = monday() + TimeDelta::hours(hour);
        rhythm.happened(at, at, Athens);
        assert_eq!(rhythm.pause(Some(at), Athens, None), None, "{hour}");
    }
    let at = monday() + TimeDelta::days(7);
    rhythm.happened(at, at, Athens);
    assert_eq!(pause(&rhythm).since, at);
}

#[test]
fn a_pause_is_measured_in_what_usually_happens_at_its_hours() {
    let rhythm = office(2, 10);
    // The newest sale is of Friday, 17:50. Ten minutes more of Friday, then nothing until Monday.
    let pause = pause(&rhythm);
    assert_eq!(pause.since, local("2026-06-12 17:50"));
    let unusual = pause.unusual.unwrap();
    assert!(unusual > local("2026-06-15 08:00"), "{unusual}");
    assert!(unusual < local("2026-06-15 08:30"), "{unusual}");
    let rare = pause.rare.unwrap();
    assert!(unusual < rare && rare < local("2026-06-15 09:00"), "{rare}");
    for (to, missed) in [
        ("2026-06-12 18:00", 1.0),
        ("2026-06-14 12:00", 1.0),
        ("2026-06-15 08:30", 4.0),
    ] {
        let known = pause.missed(local(to), None);
        assert!((known - missed).abs() < 0.2, "{to}: {known}");
    }
}

#[test]
fn a_pause_is_judged_by_when_the_source_was_read_last() {
    let rhythm = office(2, 10);
    let (unusual, rare) = {
        let pause = pause(&rhythm);
        (pause.unusual.unwrap(), pause.rare.unwrap())
    };
    let second = TimeDelta::seconds(1);
    for (looked, stillness) in [
        (None, Stillness::Usual),
        (Some(unusual - second), Stillness::Usual),
        (Some(unusual), Stillness::Unusual),
        (Some(rare - second), Stillness::Unusual),
        (Some(rare), Stillness::Rare),
    ] {
        let pause = rhythm.pause(looked, Athens, None).unwrap();
        assert_eq!(pause.stillness, stillness, "{looked:?}");
    }
}

#[test]
fn a_closed_place_is_not_missed_and_a_holiday_weighs_nothing() {
    let day = vec![Span {
        open: 8 * 60,
        close: 18 * 60,
    }];
    let mut week = std::array::from_fn(|_| day.clone());
    (week[5], week[6]) = (Vec::new(), Vec::new());
    let holiday = NaiveDate::from_ymd_opt(2026, 6, 15).unwrap();
    let hours = Hours::weekly(week, vec![holiday]);
    let open = Some((&hours, Athens));
    let rhythm = office(2, 10);
    let pause = rhythm.pause(None, Athens, open).unwrap();
    let unusual = pause.unusual.unwrap();
    assert!(unusual > local("2026-06-16 08:00"), "{unusual}");
    assert!(unusual < local("2026-06-16 08:30"), "{unusual}");
    assert!(pause.missed(local("2026-06-15 17:00"), open) < 1.5);
    // Without the holiday it would have been missed since the morning of the 15th.
    let pause = rhythm.pause(None, Athens, None).unwrap();
    let noon = Some(local("2026-06-15 12:00"));
    assert_eq!(pause.at(noon, None), Stillness::Rare);
    assert_eq!(pause.at(noon, open), Stillness::Usual, "closed");
}

#[test]
fn what_comes_late_counts_and_ends_no_pause() {
    let mut rhythm = office(2, 10);
    let before = (pause(&rhythm), rhythm.allowance);
    let late = local("2026-06-10 09:05");
    rhythm.happened(late, late + TimeDelta::days(3), Athens);
    let after = pause(&rhythm);
    assert_eq!((after.since, rhythm.allowance), (before.0.since, before.1));
    let wednesday = local("2026-06-17 09:00");
    let day = |pause: &Pause| {
        let usual = Usual {
            rates: &pause.rates,
            zone: Athens,
            open: None,
        };
        usual.between(wednesday, wednesday + TimeDelta::hours(1))
    };
    assert!((day(&before.0) - 6.0).abs() < 1e-5);
    assert!((day(&after) - 6.5).abs() < 1e-5, "one of two weeks");
}

#[test]
fn events_that_history_has_told_are_not_counted_twice() {
    let events: Vec<_> = (0..400)
        .map(|hour| monday() + TimeDelta::hours(hour))
        .collect();
    let to = monday() + TimeDelta::hours(390);
    let mut whole = Rhythm::default();
    for at in &events {
        whole.happened(*at, *at, Athens);
    }
    let mut parted = Rhythm::default();
    let past = events.iter().filter(|at| **at < to).map(|at| (*at, *at));
    parted.learn(past, to, Athens);
    // A start recalls the newest readings once more.
    for at in &events[385..] {
        parted.happened(*at, *at, Athens);
    }
    assert_eq!(pause(&parted), pause(&whole));
}

#[test]
fn what_has_stopped_for_two_months_is_learned_anew() {
    let mut rhythm = office(2, 10);
    let again = monday() + TimeDelta::days(80);
    rhythm.happened(again, again, Athens);
    assert_eq!(rhythm.pause(Some(again), Athens, None), None);
}

#[test]
fn a_feed_that_is_too_rare_is_never_missed() {
    let mut rhythm = Rhythm::default();
    for week in 0..4 {
        let at = monday() + TimeDelta::days(14 * week);
        rhythm.happened(at, at, Athens);
    }
    let pause = pause(&rhythm);
    assert_eq!((pause.unusual, pause.rare), (None, None));
    assert_eq!(
        pause.at(Some(monday() + TimeDelta::days(300)), None),
        Stillness::Usual
    );
}

#[test]
fn hours_are_those_of_the_wall_clock_when_the_clock_is_changed() {
    // New York goes back on 1 November 2026: the Sunday has 25 hours.
    let start = NaiveDate::from_ymd_opt(2026, 10, 5).unwrap();
    let mut rhythm = Rhythm::default();
    for day in 0..28 {
        let nine = (start + TimeDelta::days(day)).and_hms_opt(9, 0, 0).unwrap();
        let nine = nine.and_local_timezone(New_York).unwrap().to_utc();
        for sale in 0..12 {
            let at = nine + minutes(5 * sale);
            rhythm.happened(at, at, New_York);
        }
    }
    let pause = rhythm.pause(None, New_York, None).unwrap();
    let monday = NaiveDate::from_ymd_opt(2026, 11, 2).unwrap();
    let nine = monday.and_hms_opt(9, 0, 0).unwrap();
    let nine = nine.and_local_timezone(New_York).unwrap().to_utc();
    let unusual = pause.unusual.unwrap();
    assert!(nine < unusual && unusual < nine + minutes(30), "{unusual}");
}

/// Events minute by minute: so many an hour on average, `burst` at a time.
fn trade(seed: u64, weeks: i64, rate: impl Fn(i64) -> f64, burst: usize) -> Vec<Timestamp> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut events = Vec::new();
    for minute in 0..weeks * 7 * 24 * 60 {
        let chance = rate(minute / 60 % 168) / 60.0;
        if rng.random::<f64>() < chance {
            let at = monday() + minutes(minute);
            let size = if burst > 1 {
                rng.random_range(1..=burst)
            } else {
                1
            };
            events
                .extend((0..size).map(|i| at + TimeDelta::seconds(20 * i64::try_from(i).unwrap())));
        }
    }
    events.sort_unstable();
    events
}

/// Share of the gaps that were unusual and rare when they ended.
fn alarms(events: &[Timestamp], told_after: TimeDelta, learned: Timestamp) -> (f64, f64) {
    let mut rhythm = Rhythm::default();
    let (mut gaps, mut unusual, mut rare) = (0, 0, 0);
    for at in events {
        let told = *at + told_after;
        if *at >= learned
            && let Some(pause) = rhythm.pause(Some(told), Athens, None)
        {
            gaps += 1;
            unusual += i32::from(pause.stillness >= Stillness::Unusual);
            rare += i32::from(pause.stillness == Stillness::Rare);
        }
        rhythm.happened(*at, told, Athens);
    }
    let share = |count: i32| f64::from(count) / f64::from(gaps);
    (share(unusual), share(rare))
}

#[test]
fn one_gap_in_twenty_is_unusual_however_a_feed_trades() {
    let day = |hour: i64| match hour % 24 {
        0..8 | 20.. => 0.0,
        8 | 12 => 14.0,
        _ => 5.0,
    };
    let weekdays = |hour: i64| if hour / 24 < 5 { day(hour) } else { 0.3 };
    let slow = |hour: i64| day(hour) / 12.0;
    for seed in 0..4 {
        let cases: [(&str, Vec<Timestamp>, TimeDelta); 5] = [
            ("even", trade(seed, 16, day, 1), minutes(0)),
            ("bursts", trade(seed, 16, day, 5), minutes(0)),
            ("weekdays", trade(seed, 16, weekdays, 2), minutes(0)),
            ("told late", trade(seed, 16, day, 1), minutes(7)),
            ("slow", trade(seed, 16, slow, 1), minutes(2)),
        ];
        for (name, events, told_after) in cases {
            let learned = monday() + TimeDelta::days(28);
            let (unusual, rare) = alarms(&events, told_after, learned);
            assert!((0.04..0.065).contains(&unusual), "{name} {seed}: {unusual}");
            assert!(rare < 0.008, "{name} {seed}: {rare}");
        }
    }
}
