//! Tests of the schedule: table by table, then for every sequence of attempts.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::model::budget::Budget;

/// A name whose jitter is nearly nothing (1 ms of 45 s), so that tables stay readable.
const CALM: &str = "calm-799";

fn at(clock: &str) -> Timestamp {
    format!("2026-03-02T{clock}Z").parse().unwrap()
}

fn batches(period_s: u32, lag_s: u32) -> Cadence {
    Cadence {
        publish: Publish::Batches,
        expectation: Expectation::batches(period_s, lag_s),
        every_s: None,
    }
}

fn live(every_s: u32) -> Cadence {
    Cadence {
        publish: Publish::Live { every_s },
        expectation: Expectation::silence(300),
        every_s: None,
    }
}

fn success(at: Timestamp, horizon: Option<Timestamp>) -> Finished<'static> {
    Finished {
        at,
        horizon,
        error: None,
        delivered: true,
    }
}

fn failure(at: Timestamp, error: &SourceError) -> Finished<'_> {
    Finished {
        at,
        horizon: None,
        error: Some(error),
        delivered: false,
    }
}

fn error(kind: ErrorKind) -> SourceError {
    SourceError::new(kind, "refused")
}

/// The next attempt in whole seconds after `from`, rounded.
fn seconds(next: Option<Timestamp>, from: Timestamp) -> i64 {
    ((next.unwrap() - from).num_milliseconds() + 500) / 1000
}

#[test]
fn batches_are_asked_for_when_they_should_be_readable() {
    let mut schedule = Schedule::new("opap", batches(900, 180));
    let jitter = Jitter::of("opap").of_period(TimeDelta::minutes(15));
    assert!(jitter > TimeDelta::zero() && jitter < TimeDelta::seconds(45));
    let polls = [
        // now, horizon, next without the jitter.
        ("14:07:00", "14:00:00", "14:18:00"),
        ("14:18:10", "14:15:00", "14:33:00"),
        // The jitter does not add up.
        ("14:33:40", "14:30:00", "14:48:00"),
    ];
    for (now, horizon, next) in polls {
        let wish = schedule.finished(success(at(now), Some(at(horizon))));
        assert_eq!(wish, Some(at(next) + jitter), "{now}");
        assert_eq!(schedule.fetch_state(), FetchState::Ok);
    }
}

#[test]
fn nothing_new_is_asked_for_again_and_then_once_per_period() {
    let mut schedule = Schedule::new(CALM, batches(900, 180));
    let horizon = Some(at("14:00:00"));
    schedule.finished(success(at("14:05:00"), horizon));
    let waits = [
        ("14:18:10", 60),
        ("14:19:10", 120),
        ("14:21:10", 240),
        // From here on once per period, at the times at which batches appear.
        ("14:25:10", 470),
        ("14:33:10", 890),
        ("14:48:10", 890),
    ];
    for (now, wait) in waits {
        let next = schedule.finished(success(at(now), horizon));
        assert_eq!(seconds(next, at(now)), wait, "{now}");
    }
    // News end it.
    let next = schedule.finished(success(at("15:03:10"), Some(at("15:00:00"))));
    assert_eq!(seconds(next, at("15:18:00")), 0);
}

#[test]
fn repeats_are_never_closer_than_a_third_of_a_short_period() {
    let mut schedule = Schedule::new(CALM, batches(120, 30));
    let horizon = Some(at("14:00:00"));
    schedule.finished(success(at("14:01:00"), horizon));
    for now in ["14:02:40", "14:03:20", "14:04:00"] {
        let next = schedule.finished(success(at(now), horizon));
        assert_eq!(seconds(next, at(now)), 40, "{now}");
    }
}

#[test]
fn a_poll_before_its_time_proves_nothing() {
    let mut schedule = Schedule::new(CALM, batches(900, 180));
    for now in ["14:05:00", "14:06:00", "14:17:00"] {
        let next = schedule.finished(success(at(now), Some(at("14:00:00"))));
        assert_eq!(seconds(next, at("14:18:00")), 0, "{now}");
    }
}

#[test]
fn live_sources_are_asked_on_a_grid_that_a_slow_poll_skips() {
    let mut schedule = Schedule::new(CALM, live(60));
    let waits = [
        ("14:00:07", "14:01:00"),
        ("14:01:02", "14:02:00"),
        // The poll took a minute and a half.
        ("14:03:35", "14:04:00"),
        // Too close to the next instant to be worth it.
        ("14:04:50", "14:06:00"),
    ];
    for (now, expected) in waits {
        let next = schedule.finished(success(at(now), Some(at(now))));
        assert_eq!(seconds(next, at(expected)), 0, "{now}");
    }
    assert_eq!(schedule.learned(), Learned::default());
    assert_eq!(schedule.expectation(), Expectation::silence(300));
}

#[test]
fn a_fixed_period_overrides_what_was_learned() {
    let mut schedule = Schedule::new(
        CALM,
        Cadence {
            every_s: Some(300),
            ..batches(900, 180)
        },
    );
    let next = schedule.finished(success(at("14:01:00"), Some(at("14:00:00"))));
    assert_eq!(seconds(next, at("14:05:00")), 0);
    assert_eq!(schedule.expectation().grace_s, 120 + 300);
}

#[test]
fn failures_are_tried_again_at_growing_distances() {
    use FetchState::{Auth, Backoff, Retrying, Schema};
    let http = error(ErrorKind::Http).with_status(503);
    let mut schedule = Schedule::new(CALM, batches(900, 180));
    let now = at("14:00:00");
    for (state, wait) in [
        (Retrying, 5),
        (Retrying, 20),
        (Backoff, 60),
        (Backoff, 120),
        (Backoff, 240),
    ] {
        let next = schedule.finished(failure(now, &http));
        assert_eq!(seconds(next, now), wait);
        assert_eq!(schedule.fetch_state(), state);
    }
    schedule.finished(success(now, Some(now)));
    assert_eq!(schedule.fetch_state(), FetchState::Ok);
    for (kind, state, wait) in [
        (ErrorKind::Timeout, Retrying, 5),
        (ErrorKind::Auth, Auth, 900),
        (ErrorKind::Schema, Schema, 480),
    ] {
        let failed = error(kind);
        let next = schedule.finished(failure(now, &failed));
        let late = seconds(next, now) - wait;
        assert!((0..=1).contains(&late), "{kind:?} {late}");
        assert_eq!(schedule.fetch_state(), state);
    }
}

#[test]
fn live_sources_do_not_wait_longer_than_a_few_polls() {
    let mut schedule = Schedule::new(CALM, live(30));
    let failed = error(ErrorKind::Network);
    let now = at("14:00:00");
    let waits: Vec<_> = (0..6)
        .map(|_| seconds(schedule.finished(failure(now, &failed)), now))
        .collect();
    assert_eq!(waits, [5, 20, 60, 120, 120, 120]);
}

#[test]
fn throttling_is_obeyed() {
    let now = at("14:00:00");
    let mut schedule = Schedule::new(CALM, batches(900, 180));
    let table = [
        (Some("14:07:00"), 420),
        // In the past: as soon as possible, not at once.
        (Some("13:00:00"), 1),
        (None, 240),
        (None, 480),
    ];
    for (until, wait) in table {
        let limited = error(ErrorKind::RateLimited).with_retry_at(until.map(at));
        let next = schedule.finished(failure(now, &limited));
        assert_eq!(seconds(next, now), wait, "{until:?}");
        assert_eq!(schedule.fetch_state(), FetchState::Throttled);
    }
    // Nobody can make us wait for ever.
    let limited = error(ErrorKind::RateLimited).with_retry_at(Some(now + TimeDelta::days(3650)));
    let next = schedule.finished(failure(now, &limited)).unwrap();
    assert!(next <= now + TimeDelta::hours(25));
    // A server that is down may name its time too.
    let down = error(ErrorKind::Http).with_retry_at(Some(at("14:10:00")));
    let next = schedule.finished(failure(now, &down));
    assert_eq!(seconds(next, now), 600);
    assert_eq!(schedule.fetch_state(), FetchState::Retrying);
}

#[test]
fn a_wrong_configuration_stops_unless_something_came() {
    let now = at("14:00:00");
    let wrong = error(ErrorKind::Config);
    let mut schedule = Schedule::new(CALM, batches(900, 180));
    let partial = Finished {
        horizon: Some(now),
        delivered: true,
        ..failure(now, &wrong)
    };
    let next = schedule.finished(partial);
    assert_eq!(seconds(next, at("14:18:00")), 0);
    assert_eq!(schedule.fetch_state(), FetchState::Misconfigured);
    assert_eq!(schedule.finished(failure(now, &wrong)), None);
    assert_eq!(schedule.fetch_state(), FetchState::Misconfigured);
}

#[test]
fn a_partial_success_counts_unless_it_was_throttled() {
    let now = at("14:00:00");
    let mut schedule = Schedule::new(CALM, batches(900, 180));
    let table = [
        (ErrorKind::Http, FetchState::Retrying, 18 * 60),
        (ErrorKind::Auth, FetchState::Auth, 18 * 60),
        (ErrorKind::RateLimited, FetchState::Throttled, 60),
    ];
    for (kind, state, wait) in table {
        let failed = error(kind);
        let partial = Finished {
            horizon: Some(now),
            delivered: true,
            ..failure(now, &failed)
        };
        let next = schedule.finished(partial);
        assert_eq!(seconds(next, now), wait, "{kind:?}");
        assert_eq!(schedule.fetch_state(), state);
    }
}

#[test]
fn errors_in_a_row_beside_a_delivery_are_a_failure_that_keeps_its_cadence() {
    use FetchState::{Backoff, Ok, Retrying};
    let http = error(ErrorKind::Http).with_status(500);
    let mut schedule = Schedule::new(CALM, live(60));
    for (minute, failed, state) in [
        (0, Some(&http), Retrying),
        (1, Some(&http), Retrying),
        (2, Some(&http), Backoff),
        (3, Some(&http), Backoff),
        (4, None, Ok),
        (5, Some(&http), Retrying),
    ] {
        let now = at("14:00:00") + TimeDelta::minutes(minute);
        let partial = Finished {
            error: failed,
            ..success(now, Some(now))
        };
        let next = schedule.finished(partial);
        assert_eq!(seconds(next, now), 60, "{minute}");
        assert_eq!(schedule.fetch_state(), state, "{minute}");
    }
    // What brings nothing at all is tried again soon, however often something was missing.
    let now = at("14:06:00");
    assert_eq!(seconds(schedule.finished(failure(now, &http)), now), 5);
}

#[test]
fn clock_jumps_neither_stop_nor_flood() {
    let mut schedule = Schedule::new(CALM, batches(900, 180));
    schedule.finished(success(at("14:05:00"), Some(at("14:00:00"))));
    // Set back by ten hours: the horizon is now far ahead of the clock.
    let next = schedule.finished(success(at("04:18:01"), Some(at("14:00:00"))));
    assert_eq!(seconds(next, at("04:18:01")), 18 * 60);
    // Resumed after a night: a vendor that still has nothing new gets no burst for the intervals
    // that were missed.
    let mut schedule = Schedule::new(CALM, batches(900, 180));
    schedule.finished(success(at("14:05:00"), Some(at("14:00:00"))));
    let next = schedule.finished(success(at("23:00:00"), Some(at("14:00:00"))));
    assert_eq!(seconds(next, at("23:00:00")), 60);
    assert_eq!(schedule.learned().lags, []);
}

#[test]
fn rows_inside_a_batch_reach_to_its_end() {
    let mut schedule = Schedule::new(CALM, batches(900, 180));
    assert_eq!(schedule.reach(at("14:07:00")), at("14:07:00"));
    schedule.finished(success(at("14:18:00"), Some(at("14:07:00"))));
    let next = schedule.finished(success(at("14:33:00"), Some(at("14:29:00"))));
    assert_eq!(schedule.reach(at("14:29:00")), at("14:30:00"));
    assert_eq!(schedule.reach(at("14:30:00")), at("14:30:00"));
    assert_eq!(seconds(next, at("14:48:00")), 0);
    assert_eq!(schedule.learned().lags, [(0, 180)]);
}

#[test]
fn the_period_of_the_rows_replaces_the_assumed_one() {
    let mut schedule = Schedule::new(CALM, batches(3600, 300));
    assert_eq!(schedule.expectation(), Expectation::batches(3600, 300));
    schedule.observe_period(900);
    assert_eq!(schedule.expectation(), Expectation::batches(900, 300));
    let next = schedule.finished(success(at("14:06:00"), Some(at("14:00:00"))));
    assert_eq!(seconds(next, at("14:20:00")), 0);
    schedule.observe_period(0);
    assert_eq!(schedule.learned().period_s, Some(900));
}

#[test]
fn what_is_known_of_a_vendor_can_be_seen() {
    let mut schedule = Schedule::new(CALM, batches(900, 600));
    let with = |seen| Learned {
        period_s: (seen > 0).then_some(900),
        ragged: false,
        lags: vec![(165, 180); seen],
    };
    for (seen, lag_s) in [(0, None), (19, None), (ENOUGH, Some((180, 180)))] {
        schedule.restore(with(seen));
        let habit = Habit {
            period_s: 900,
            period_seen: seen > 0,
            seen,
            lag_s,
        };
        assert_eq!(schedule.habit(), Some(habit));
    }
    assert_eq!(Schedule::new(CALM, live(60)).habit(), None);
}

#[test]
fn what_was_learned_survives_a_restart() {
    let mut schedule = Schedule::new(CALM, batches(900, 600));
    let learned = Learned {
        period_s: None,
        ragged: true,
        lags: vec![(165, 180); 30],
    };
    let text = serde_json::to_string(&learned).unwrap();
    schedule.restore(serde_json::from_str(&text).unwrap());
    assert_eq!(schedule.learned(), learned);
    let expected = Expectation {
        period_s: 900,
        lag_s: 180,
        grace_s: 60,
    };
    assert_eq!(schedule.expectation(), expected);
    // Nonsense from a damaged file is left out.
    schedule.restore(Learned {
        period_s: Some(0),
        ragged: false,
        lags: vec![(5, 5), (9, 3)],
    });
    assert_eq!(schedule.learned(), Learned::default());
}

/// A schedule that has learned these lags of a quarter-hourly vendor, in seconds.
fn experienced(lags: &[(u32, u32)], publications: u32) -> Schedule {
    let mut schedule = Schedule::new(CALM, batches(900, 180));
    schedule.restore(Learned {
        period_s: None,
        ragged: false,
        lags: lags.to_vec(),
    });
    schedule.settled = publications;
    schedule
}

#[test]
fn a_learned_lag_is_waited_for_exactly() {
    let mut schedule = experienced(&[(285, 300); 30], 1);
    let next = schedule.finished(success(at("14:05:00"), Some(at("14:00:00"))));
    assert_eq!(seconds(next, at("14:20:00")), 0);
    // Where it may have either of two lags it is asked for at both.
    let lags = [[(285, 300); 3], [(585, 600); 3]].concat().repeat(6);
    let mut schedule = experienced(&lags, 1);
    let horizon = Some(at("14:00:00"));
    for (now, earliest) in [("14:05:00", "14:20:00"), ("14:21:00", "14:25:00")] {
        let next = schedule.finished(success(at(now), horizon));
        assert!((0..60).contains(&seconds(next, at(earliest))), "{now}");
    }
    // Only a poll after both has missed something.
    let next = schedule.finished(success(at("14:26:01"), horizon));
    assert_eq!(seconds(next, at("14:27:01")), 0);
}

#[test]
fn one_batch_in_eight_is_looked_for_early_until_that_fails() {
    let lags = [(285, 300); 30];
    for (publications, early) in [(7, None), (8, Some(262)), (9, None), (16, Some(150))] {
        let mut schedule = experienced(&lags, publications);
        let next = schedule.finished(success(at("14:05:00"), Some(at("14:00:00"))));
        let lag = early.unwrap_or(300);
        assert_eq!(seconds(next, at("14:15:00")), lag, "{publications}");
    }
    let mut schedule = experienced(&lags, 16);
    schedule.finished(success(at("14:05:00"), Some(at("14:00:00"))));
    // It is there: the next batch is looked for early too.
    let next = schedule.finished(success(at("14:17:30"), Some(at("14:15:00"))));
    assert!(seconds(next, at("14:30:00")) <= 150);
    // It is not: the ones after it are asked for when they are expected.
    schedule.finished(success(at("14:32:30"), Some(at("14:15:00"))));
    assert!(schedule.early().is_some());
    schedule.finished(success(at("14:35:00"), Some(at("14:30:00"))));
    assert_eq!(schedule.early(), None);
}

#[test]
fn a_small_budget_is_not_spent_on_an_uncertain_lag() {
    let lags: Vec<_> = (0..60).map(|n| (n * 10, n * 10 + 15)).collect();
    let polls = |per_hour| {
        let mut schedule = Schedule::new(CALM, batches(3600, 300));
        schedule.afford(Means {
            polls_per_hour: per_hour,
            ..Means::default()
        });
        schedule.restore(Learned {
            lags: lags.clone(),
            ..Learned::default()
        });
        schedule.plan.len()
    };
    assert!(polls(1.0) < polls(2.0) && polls(2.0) < polls(6.0));
    // More than is wanted is not taken.
    assert_eq!(polls(6.0), polls(400.0));
}

#[test]
fn fixed_polls_are_no_more_than_the_budget_allows() {
    let polls_per_hour = 0.7 * 24.0 / 2.0;
    let mut schedule = Schedule::new(CALM, live(20));
    schedule.afford(Means {
        polls_per_hour,
        ..Means::default()
    });
    let now = at("14:00:00");
    let next = schedule.finished(success(now, Some(now)));
    assert_eq!(seconds(next, now), 429);
    // Batches that cost more than they may are asked for now and then.
    let mut schedule = Schedule::new(CALM, batches(900, 180));
    schedule.afford(Means {
        polls_per_hour: 1.5,
        ..Means::default()
    });
    let next = schedule.finished(success(at("14:18:01"), Some(at("14:15:00"))));
    assert_eq!(seconds(next, at("15:03:00")), 0);
}

#[test]
fn repeats_wait_until_the_schedule_has_requests_left() {
    let horizon = Some(at("14:00:00"));
    for (spare_from, next) in [("14:19:00", "14:19:10"), ("14:25:00", "14:33:00")] {
        let mut schedule = Schedule::new(CALM, batches(900, 180));
        schedule.afford(Means {
            spare_from: at(spare_from),
            ..Means::default()
        });
        schedule.finished(success(at("14:05:00"), horizon));
        let again = schedule.finished(success(at("14:18:10"), horizon));
        assert_eq!(seconds(again, at(next)), 0);
    }
    // Not even a failure is tried again with what is the operators'.
    let mut schedule = Schedule::new(CALM, batches(900, 180));
    schedule.afford(Means {
        repairs_from: at("14:40:00"),
        ..Means::default()
    });
    let failed = error(ErrorKind::Timeout);
    let next = schedule.finished(failure(at("14:05:00"), &failed));
    assert_eq!(next, Some(at("14:40:00")));
}

#[test]
fn a_batch_with_quiet_last_minutes_is_not_called_late_for_them() {
    let mut schedule = Schedule::new(CALM, batches(900, 180));
    schedule.finished(success(at("14:18:00"), Some(at("14:07:00"))));
    schedule.finished(success(at("14:33:00"), Some(at("14:21:00"))));
    // It reaches to 14:30, so the next one is due at 14:48.
    let expected = schedule.expectation();
    let due = at("14:21:00") + after(expected.period_s) + after(expected.lag_s);
    assert_eq!(due, at("14:48:00"));
}

/// A vendor that publishes the `n`-th batch at its end plus a lag.
struct Vendor {
    period: i64,
    readable: Vec<i64>,
}

impl Vendor {
    fn new(period: i64, batches: i64, lag: impl Fn(i64, &mut ChaCha8Rng) -> i64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let readable = (0..batches).map(|n| n * period + lag(n, &mut rng));
        Self {
            period,
            readable: readable.collect(),
        }
    }

    /// The number of batches that can be read.
    fn published(&self, now: i64) -> usize {
        self.readable
            .iter()
            .rposition(|at| *at <= now)
            .map_or(0, |n| n + 1)
    }
}

/// What polling a vendor cost in its second half.
struct Cost {
    polls_per_batch: f64,
    /// Mean seconds from a batch being readable to its being read.
    extra_age: f64,
    lag_s: u32,
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred batches")]
fn follow(vendor: &Vendor) -> Cost {
    let period = u32::try_from(vendor.period).unwrap();
    let mut schedule = Schedule::new("opap", batches(period, 180));
    let half = vendor.readable.len() / 2;
    let (mut polls, mut extra, mut seen) = (0, 0, 0);
    let mut now = Timestamp::from_timestamp(1000, 0).unwrap();
    loop {
        let published = vendor.published(now.timestamp());
        if published == vendor.readable.len() {
            break;
        }
        if seen >= half {
            polls += 1;
            let news = &vendor.readable[seen..published.max(seen)];
            extra += news.iter().map(|at| now.timestamp() - at).sum::<i64>();
        }
        seen = seen.max(published);
        let newest = i64::try_from(published).unwrap() - 1;
        let horizon = Timestamp::from_timestamp(newest * vendor.period, 0);
        now = schedule.finished(success(now, horizon)).unwrap();
    }
    let batches = (seen - half) as f64;
    Cost {
        polls_per_batch: f64::from(polls) / batches,
        extra_age: extra as f64 / batches,
        lag_s: schedule.expectation().lag_s,
    }
}

type Profile = Box<dyn Fn(i64, &mut ChaCha8Rng) -> i64>;

#[test]
fn polls_land_soon_after_publication_whatever_the_lag_does() {
    // Name, period, and the lag of the n-th batch, all in seconds; then the most that the mean
    // extra age may be, and the range of the lag believed at the end.
    let profiles: [(&str, i64, Profile, f64, std::ops::RangeInclusive<u32>); 8] = [
        ("steady", 900, Box::new(|_, _| 180), 40.0, 180..=225),
        (
            "shorter than assumed",
            900,
            Box::new(|_, _| 60),
            40.0,
            60..=105,
        ),
        (
            "longer than assumed",
            900,
            Box::new(|_, _| 480),
            40.0,
            480..=525,
        ),
        (
            "even",
            900,
            Box::new(|_, rng| rng.random_range(60..300)),
            150.0,
            270..=300,
        ),
        (
            "two ways",
            900,
            Box::new(|_, rng| if rng.random_bool(0.5) { 60 } else { 400 }),
            220.0,
            400..=435,
        ),
        (
            "shrinking",
            900,
            Box::new(|n, _| if n < 100 { 600 } else { 90 }),
            90.0,
            90..=150,
        ),
        ("growing", 900, Box::new(|n, _| 60 + n), 60.0, 300..=375),
        (
            "hourly",
            3600,
            Box::new(|_, rng| rng.random_range(300..1200)),
            600.0,
            1080..=1260,
        ),
    ];
    for (name, period, lag, most, lags) in profiles {
        let cost = follow(&Vendor::new(period, 300, lag));
        // A tenth of asking every minute, and a little more where the lag never stands still.
        let most_polls = 1.1 * f64::from(u32::try_from(period).unwrap()) / 600.0;
        let polls = cost.polls_per_batch;
        assert!(polls < most_polls, "{name}: {polls}");
        assert!(cost.extra_age < most, "{name}: {} s", cost.extra_age);
        assert!(lags.contains(&cost.lag_s), "{name}: {} s", cost.lag_s);
        // At the same number of polls, fixed times would find data half a distance later.
        let fixed = f64::from(u32::try_from(period).unwrap()) / cost.polls_per_batch / 2.0;
        assert!(cost.extra_age < fixed, "{name}: {} s", cost.extra_age);
    }
}

#[derive(Clone, Debug)]
enum Event {
    Success { horizon_s: i64 },
    Failure { kind: usize, retry_s: Option<i64> },
    Jump { seconds: i64 },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        (-10_000i64..10_000).prop_map(|horizon_s| Event::Success { horizon_s }),
        (0usize..7, prop::option::of(-100i64..10_000))
            .prop_map(|(kind, retry_s)| Event::Failure { kind, retry_s }),
        (-100_000i64..100_000).prop_map(|seconds| Event::Jump { seconds }),
    ];
    prop::collection::vec(event, 1..200)
}

const KINDS: [ErrorKind; 7] = [
    ErrorKind::Auth,
    ErrorKind::RateLimited,
    ErrorKind::Http,
    ErrorKind::Timeout,
    ErrorKind::Network,
    ErrorKind::Schema,
    ErrorKind::Vendor,
];

fn cadences() -> impl Strategy<Value = Cadence> {
    prop_oneof![
        (60u32..7200, 0u32..600).prop_map(|(period, lag)| batches(period, lag)),
        (20u32..600).prop_map(live),
    ]
}

proptest! {
    #[test]
    fn the_next_attempt_is_ahead_and_within_reach(cadence in cadences(), events in events()) {
        let mut schedule = Schedule::new("opap", cadence);
        let mut now = at("12:00:00");
        for event in events {
            let error;
            let attempt = match event {
                Event::Success { horizon_s } => {
                    success(now, Some(now + TimeDelta::seconds(horizon_s)))
                }
                Event::Failure { kind, retry_s } => {
                    let until = retry_s.map(|seconds| now + TimeDelta::seconds(seconds));
                    error = SourceError::new(KINDS[kind], "refused").with_retry_at(until);
                    failure(now, &error)
                }
                Event::Jump { seconds } => {
                    now += TimeDelta::seconds(seconds);
                    continue;
                }
            };
            let next = schedule.finished(attempt).unwrap();
            prop_assert!(next > now, "{next} {now}");
            // The longest are a period with its lag and the 10,000 s of a throttling vendor.
            prop_assert!(next - now <= TimeDelta::seconds(15_000), "{next} {now}");
            now = next;
        }
    }

    #[test]
    fn an_hour_never_sees_more_polls_than_a_person_would_make(
        period in 300u32..7200, lag in 0u32..300,
        outcomes in prop::collection::vec((0usize..12, 0i64..2000), 60..300),
    ) {
        let mut schedule = Schedule::new("opap", batches(period, lag));
        let mut now = at("00:00:00");
        let mut polls = vec![now];
        for (outcome, age) in outcomes {
            let horizon = Some(now - TimeDelta::seconds(age));
            let error = KINDS.get(outcome).map(|kind| SourceError::new(*kind, "refused"));
            now = schedule.finished(match &error {
                Some(error) => failure(now, error),
                None => success(now, horizon),
            }).unwrap();
            polls.push(now);
        }
        // A hiccup is tried again after 5 s, then a success waits for a minute at least.
        for window in polls.windows(150) {
            prop_assert!(window[149] - window[0] > TimeDelta::hours(1));
        }
    }

    #[test]
    fn no_hour_holds_more_requests_than_are_for_the_schedule(
        cadence in cadences(), ceiling in 5u32..400, cost in 1u32..6,
        outcomes in prop::collection::vec((0usize..30, 0i64..2000), 60..300),
    ) {
        let mut budget = Budget::new(ceiling);
        let mut schedule = Schedule::new("opap", cadence);
        let mut now = at("00:00:00");
        let mut failed = false;
        let mut sent = Vec::new();
        for (outcome, age) in outcomes {
            for _ in 0..cost {
                prop_assert!(budget.take(now).is_ok() || cost > ceiling, "{now}");
                sent.push(now);
            }
            schedule.afford(budget.means(cost, now));
            // A vendor that tells to wait is another matter.
            let kind = KINDS.get(outcome).filter(|kind| **kind != ErrorKind::RateLimited);
            let error = kind.map(|kind| SourceError::new(*kind, "refused"));
            failed |= error.is_some();
            let horizon = Some(now - TimeDelta::seconds(age));
            now = schedule.finished(match &error {
                Some(error) => failure(now, error),
                None => success(now, horizon),
            }).unwrap();
        }
        // Further tries come on top, within the ceiling. The first poll is at once, wherever the
        // grid is.
        let scheduled = ceiling * 7 / 10 + 2 * cost;
        let most = if failed { ceiling.max(cost) } else { scheduled };
        let most = usize::try_from(most).unwrap();
        for window in sent.windows(most + 1) {
            prop_assert!(window[most] - window[0] >= TimeDelta::hours(1), "{window:?}");
        }
    }

    #[test]
    fn a_quiet_vendor_is_asked_once_per_period(period in 300u32..7200, lag in 0u32..300) {
        let mut schedule = Schedule::new("opap", batches(period, lag));
        let mut now = at("00:00:00");
        let start = now;
        let mut polls = 0u32;
        while now < start + TimeDelta::seconds(i64::from(period)) * 10 {
            now = schedule.finished(success(now, Some(start))).unwrap();
            polls += 1;
        }
        prop_assert!(polls <= 10 + 6, "{polls}");
    }
}
