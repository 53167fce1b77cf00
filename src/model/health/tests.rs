//! Tests of health: the worked day, minute by minute, and the states at their edges.

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;
use crate::model::calendar::Span;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn on_monday(clock: &str) -> Timestamp {
    at(&format!("2026-03-02T{clock}Z"))
}

fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

/// Period, lag and grace in minutes.
fn expectation(period: u32, lag: u32, grace: u32) -> Expectation {
    Expectation {
        period_s: period * 60,
        lag_s: lag * 60,
        grace_s: grace * 60,
    }
}

fn feed(horizon: Timestamp, expectation: Expectation) -> Feed<'static> {
    Feed {
        horizon: Some(horizon),
        expectation,
        confirmed: true,
        paused: false,
        hours: None,
        skew_s: 0,
    }
}

fn every_day(open: u16, close: u16) -> Hours {
    Hours::weekly(
        std::array::from_fn(|_| vec![Span { open, close }]),
        Vec::new(),
    )
}

const QUARTERLY: (u32, u32, u32) = (15, 3, 2);
const HOURLY: (u32, u32, u32) = (60, 10, 5);

fn parts((period, lag, grace): (u32, u32, u32)) -> Expectation {
    expectation(period, lag, grace)
}

#[test]
fn a_silent_afternoon_minute_by_minute() {
    use DataState::{Dead, Due, Fresh, Late, Stale};
    let horizon = on_monday("14:00:00");
    // First minute of each state, for data that ended at 14:00.
    let quarterly = [(0, Fresh), (18, Due), (21, Late), (33, Stale), (78, Dead)];
    let hourly = [(0, Fresh), (70, Due), (76, Late), (130, Stale), (310, Dead)];
    for (expectation, states) in [(parts(QUARTERLY), quarterly), (parts(HOURLY), hourly)] {
        for minute in 0..400 {
            let expected = states.iter().rfind(|(from, _)| *from <= minute).unwrap().1;
            let state = data_state(feed(horizon, expectation), horizon + minutes(minute));
            assert_eq!(state, expected, "{expectation:?} after {minute} min");
        }
    }
}

#[test]
fn an_old_hourly_value_is_calm_where_an_old_quarterly_one_is_not() {
    use DataState::{Dead, Due, Fresh, Late, Stale};
    let table = [
        ("14:12:00", Fresh, Fresh),
        ("14:19:00", Due, Fresh),
        ("14:20:00.5", Due, Fresh),
        ("14:20:01", Late, Fresh),
        ("14:22:00", Late, Fresh),
        ("14:34:00", Stale, Fresh),
        ("15:11:00", Stale, Due),
        ("15:18:00", Dead, Late),
    ];
    for (now, quarterly, hourly) in table {
        let state = |kind| data_state(feed(on_monday("14:00:00"), parts(kind)), on_monday(now));
        assert_eq!(
            (state(QUARTERLY), state(HOURLY)),
            (quarterly, hourly),
            "{now}"
        );
    }
}

#[test]
fn what_is_known_beats_what_the_clock_says() {
    let good = feed(on_monday("14:00:00"), parts(QUARTERLY));
    let now = on_monday("14:10:00");
    let unknown = Feed {
        horizon: None,
        ..good
    };
    let paused = Feed {
        paused: true,
        ..good
    };
    let unconfirmed = Feed {
        confirmed: false,
        ..good
    };
    assert_eq!(data_state(unknown, now), DataState::Unknown);
    assert_eq!(data_state(paused, now), DataState::Paused);
    assert_eq!(data_state(unconfirmed, now), DataState::Due);
    assert_eq!(
        data_state(unconfirmed, now + minutes(20)),
        DataState::Late,
        "history does not make a feed better"
    );
    assert_eq!(due(unknown, now), None);
    assert_eq!(next_change(unknown, now), None);
    assert_eq!(next_change(paused, now), None);
}

#[test]
fn a_day_of_a_shop() {
    use DataState::{Closed, Due, Fresh, Late};
    let hours = every_day(9 * 60, 21 * 60);
    let table = [
        // Newest data, now, state, due.
        // Before opening everything is settled; the first data of a day is due after opening.
        (
            "2026-03-01T21:00:00Z",
            "08:59:59",
            Closed,
            "2026-03-02T09:18:00Z",
        ),
        (
            "2026-03-01T21:00:00Z",
            "09:17:59",
            Fresh,
            "2026-03-02T09:18:00Z",
        ),
        (
            "2026-03-01T21:00:00Z",
            "09:18:00",
            Due,
            "2026-03-02T09:18:00Z",
        ),
        (
            "2026-03-01T21:00:00Z",
            "09:20:01",
            Late,
            "2026-03-02T09:18:00Z",
        ),
        // A vendor that goes on through the night does not make the first data due earlier.
        (
            "2026-03-02T08:45:00Z",
            "09:10:00",
            Fresh,
            "2026-03-02T09:18:00Z",
        ),
        (
            "2026-03-02T09:15:00Z",
            "09:20:00",
            Fresh,
            "2026-03-02T09:33:00Z",
        ),
        // The last interval stays expected after closing.
        (
            "2026-03-02T20:45:00Z",
            "21:02:59",
            Fresh,
            "2026-03-02T21:03:00Z",
        ),
        (
            "2026-03-02T20:45:00Z",
            "21:04:00",
            Due,
            "2026-03-02T21:03:00Z",
        ),
        (
            "2026-03-02T20:45:00Z",
            "21:17:59",
            Late,
            "2026-03-02T21:03:00Z",
        ),
        (
            "2026-03-02T20:45:00Z",
            "21:18:00",
            Closed,
            "2026-03-03T09:18:00Z",
        ),
        (
            "2026-03-02T21:00:00Z",
            "21:00:00",
            Closed,
            "2026-03-03T09:18:00Z",
        ),
        // A vendor that stamps the minute never reaches the minute of closing.
        (
            "2026-03-02T20:59:00Z",
            "21:00:00",
            Closed,
            "2026-03-03T09:18:00Z",
        ),
    ];
    for (horizon, now, state, expected) in table {
        let feed = Feed {
            hours: Some((&hours, Tz::UTC)),
            ..feed(at(horizon), parts(QUARTERLY))
        };
        let now = on_monday(now);
        assert_eq!(data_state(feed, now), state, "{horizon} at {now}");
        assert_eq!(due(feed, now), Some(at(expected)), "{horizon} at {now}");
    }
}

#[test]
fn a_fault_outlives_the_night() {
    use DataState::{Closed, Dead, Due, Fresh, Late, Stale};
    let hours = every_day(9 * 60, 21 * 60);
    let cases = [
        // Gone at noon: dead at closing, dead at opening.
        (
            "12:00:00",
            [
                ("2026-03-02T21:10:00Z", Dead),
                ("2026-03-02T21:19:00Z", Closed),
                ("2026-03-03T09:00:00Z", Dead),
            ],
        ),
        // Two intervals missing: what was late at closing is no better in the morning.
        (
            "20:30:00",
            [
                ("2026-03-02T21:02:00Z", Late),
                ("2026-03-02T21:18:00Z", Closed),
                ("2026-03-03T09:00:00Z", Stale),
            ],
        ),
        // Only the last one missing: the new day starts afresh.
        (
            "20:45:00",
            [
                ("2026-03-02T21:04:00Z", Due),
                ("2026-03-02T21:18:00Z", Closed),
                ("2026-03-03T09:00:00Z", Fresh),
            ],
        ),
    ];
    for (horizon, states) in cases {
        for (clock, expected) in states {
            let feed = Feed {
                hours: Some((&hours, Tz::UTC)),
                ..feed(on_monday(horizon), parts(QUARTERLY))
            };
            let now = at(clock);
            assert_eq!(data_state(feed, now), expected, "{horizon} at {clock}");
        }
    }
}

#[test]
fn closed_for_good_or_open_for_good() {
    let never = Hours::weekly(std::array::from_fn(|_| Vec::new()), Vec::new());
    let always = every_day(0, 1440);
    let now = on_monday("14:19:00");
    let plain = feed(on_monday("14:00:00"), parts(QUARTERLY));
    let shut = Feed {
        hours: Some((&never, Tz::UTC)),
        ..plain
    };
    assert_eq!(data_state(shut, now), DataState::Closed);
    assert_eq!(due(shut, now), None);
    assert_eq!(next_change(shut, now), None);
    for hours in [Hours::always(), always] {
        let open = Feed {
            hours: Some((&hours, Tz::Europe__Athens)),
            ..plain
        };
        assert_eq!(data_state(open, now), DataState::Due);
        assert_eq!(due(open, now), due(plain, now));
        assert_eq!(next_change(open, now), next_change(plain, now));
    }
}

#[test]
fn a_siesta_and_a_short_opening() {
    use DataState::{Closed, Fresh, Late};
    let spans = vec![
        Span {
            open: 9 * 60,
            close: 14 * 60,
        },
        Span {
            open: 17 * 60,
            close: 17 * 60 + 30,
        },
    ];
    let hours = Hours::weekly(std::array::from_fn(|_| spans.clone()), Vec::new());
    let table = [
        ("14:00:00", "14:00:00", Closed, "2026-03-02T18:10:00Z"),
        ("14:00:00", "17:20:00", Fresh, "2026-03-02T18:10:00Z"),
        // The short opening is over before its data is due.
        ("14:00:00", "17:40:00", Fresh, "2026-03-02T18:10:00Z"),
        ("14:00:00", "18:20:00", Late, "2026-03-02T18:10:00Z"),
        ("14:00:00", "19:10:00", Closed, "2026-03-03T10:10:00Z"),
        ("13:00:00", "15:09:59", Late, "2026-03-02T14:10:00Z"),
        ("13:00:00", "15:10:00", Closed, "2026-03-02T18:10:00Z"),
    ];
    for (horizon, now, state, expected) in table {
        let feed = Feed {
            hours: Some((&hours, Tz::UTC)),
            ..feed(on_monday(horizon), parts(HOURLY))
        };
        let now = on_monday(now);
        assert_eq!(data_state(feed, now), state, "{horizon} at {now}");
        assert_eq!(due(feed, now), Some(at(expected)), "{horizon} at {now}");
    }
}

#[test]
fn expectations() {
    assert_eq!(Expectation::batches(900, 180), parts(QUARTERLY));
    assert_eq!(Expectation::batches(3600, 600), parts(HOURLY));
    assert_eq!(Expectation::batches(60, 0).grace_s, 30);
    let driving = feed(on_monday("14:00:00"), Expectation::silence(300));
    assert_eq!(data_state(driving, on_monday("14:04:59")), DataState::Fresh);
    assert_eq!(data_state(driving, on_monday("14:06:00")), DataState::Due);
    assert_eq!(data_state(driving, on_monday("14:06:01")), DataState::Late);
    assert_eq!(data_state(driving, on_monday("14:10:00")), DataState::Stale);
}

#[test]
fn words_and_glyphs_are_what_other_programs_expect() {
    let words = [
        (DataState::Unknown, "unknown", '?'),
        (DataState::Paused, "paused", '='),
        (DataState::Closed, "closed", 'o'),
        (DataState::Dead, "dead", 'X'),
        (DataState::Stale, "stale", '!'),
        (DataState::Late, "late", '>'),
        (DataState::Due, "due", '.'),
        (DataState::Fresh, "fresh", '+'),
    ];
    for (state, word, glyph) in words {
        assert_eq!((state.word(), state.glyph()), (word, glyph));
        assert_eq!(serde_json::to_value(state).unwrap(), word);
    }
    let fetch = [
        (FetchState::Never, "never"),
        (FetchState::Ok, "ok"),
        (FetchState::Retrying, "retrying"),
        (FetchState::Backoff, "backoff"),
        (FetchState::Throttled, "throttled"),
        (FetchState::Auth, "auth"),
        (FetchState::Schema, "schema"),
        (FetchState::Misconfigured, "misconfigured"),
        (FetchState::Offline, "offline"),
        (FetchState::Paused, "paused"),
    ];
    for (state, word) in fetch {
        assert_eq!(state.word(), word);
        assert_eq!(serde_json::to_value(state).unwrap(), word);
    }
}

fn weeks() -> impl Strategy<Value = Hours> {
    let span = (0u16..1440, 1u16..1440).prop_map(|(open, length)| Span {
        open,
        close: open + length,
    });
    let day = prop::collection::vec(span, 0..3);
    (prop::array::uniform7(day), 0u32..40).prop_map(|(week, holiday)| {
        let first: NaiveDate = "2026-03-15".parse().unwrap();
        Hours::weekly(week, vec![first + chrono::Days::new(u64::from(holiday))])
    })
}

/// Two weeks around the spring clock change in Athens.
fn instants() -> impl Strategy<Value = Timestamp> {
    (0i64..14 * 86_400).prop_map(|second| at("2026-03-22T00:00:00Z") + TimeDelta::seconds(second))
}

fn expectations_any() -> impl Strategy<Value = Expectation> {
    (1u32..90, 0u32..30, 1u32..20)
        .prop_map(|(period, lag, grace)| expectation(period, lag.min(period), grace.min(period)))
}

#[test]
fn a_vendor_is_judged_by_its_own_clock() {
    use DataState::{Dead, Due, Fresh, Stale};
    // Our clock, the vendor's minus ours in minutes, the state of data up to 14:00, when it is due
    // by our clock.
    let table = [
        ("14:12:00", 0, Fresh, "14:18:00"),
        ("14:20:00", 0, Due, "14:18:00"),
        // Ours is an hour fast, or the vendor's an hour slow: its numbers are young all the same.
        ("15:12:00", -60, Fresh, "15:18:00"),
        ("15:12:00", 0, Stale, "14:18:00"),
        ("15:34:00", -60, Stale, "15:18:00"),
        // And the other way round an old number does not look young.
        ("13:20:00", 60, Due, "13:18:00"),
        ("14:20:00", 60, Dead, "13:18:00"),
    ];
    for (now, skew, state, expected) in table {
        let feed = Feed {
            skew_s: skew * 60,
            ..feed(on_monday("14:00:00"), parts(QUARTERLY))
        };
        let now = on_monday(now);
        assert_eq!(data_state(feed, now), state, "{now} {skew}");
        assert_eq!(due(feed, now), Some(on_monday(expected)), "{now} {skew}");
    }
}

#[test]
fn a_day_that_starts_afresh_is_as_late_as_one_that_ended_with_all_its_data() {
    // The first day's last interval is missing of the one and not of the other, and nothing has
    // come since: of both the same is missing.
    let day = |open, close| vec![Span { open, close }];
    let mut week: [Vec<Span>; 7] = Default::default();
    (week[1], week[2], week[5]) = (day(344, 1175), day(299, 429), day(626, 727));
    let hours = Hours::weekly(week, Vec::new());
    let expectation = Expectation {
        period_s: 2760,
        lag_s: 0,
        grace_s: 60,
    };
    let state = |horizon: &str| {
        let feed = Feed {
            hours: Some((&hours, Tz::Europe__Athens)),
            ..feed(horizon.parse().unwrap(), expectation)
        };
        data_state(feed, "2026-03-28T09:20:00Z".parse().unwrap())
    };
    let older = state("2026-03-24T16:49:00Z");
    assert_eq!(older, state("2026-03-24T17:34:00Z"));
}

proptest! {
    #[test]
    fn nothing_changes_before_the_next_change(
        hours in weeks(), horizon in instants(), now in instants(),
        expectation in expectations_any(), share in 0i32..1000, millis in 0i64..1000,
    ) {
        let feed = Feed {
            hours: Some((&hours, Tz::Europe__Athens)),
            ..feed(horizon, expectation)
        };
        let now = now + TimeDelta::milliseconds(millis);
        let state = data_state(feed, now);
        let until = next_change(feed, now).unwrap_or(now + TimeDelta::days(30));
        prop_assert!(until > now);
        let probe = now + (until - now - TimeDelta::milliseconds(1)).max(TimeDelta::zero());
        prop_assert_eq!(data_state(feed, probe), state, "just before {}", until);
        let inside = now + (probe - now) / 1000 * share;
        prop_assert_eq!(data_state(feed, inside), state, "at {}", inside);
    }

    #[test]
    fn newer_data_is_never_worse(
        hours in weeks(), horizon in instants(), now in instants(),
        expectation in expectations_any(), newer in 0i64..86_400,
    ) {
        let older = Feed {
            hours: Some((&hours, Tz::Europe__Athens)),
            ..feed(horizon, expectation)
        };
        let newer = Feed { horizon: Some(horizon + TimeDelta::seconds(newer)), ..older };
        if hours.open_at(Tz::Europe__Athens, now) {
            prop_assert!(data_state(newer, now) <= data_state(older, now));
        }
    }

    #[test]
    fn without_hours_lateness_only_grows(
        horizon in instants(), now in instants(), expectation in expectations_any(), later in 0i64..86_400,
    ) {
        let feed = feed(horizon, expectation);
        let later = now + TimeDelta::seconds(later);
        prop_assert!(data_state(feed, now) <= data_state(feed, later));
    }

    #[test]
    fn outside_hours_a_shop_with_all_its_data_is_closed(
        hours in weeks(), now in instants(), expectation in expectations_any(),
    ) {
        let zone = Tz::Europe__Athens;
        if !hours.open_at(zone, now) {
            let complete = Feed { hours: Some((&hours, zone)), ..feed(now, expectation) };
            prop_assert_eq!(data_state(complete, now), DataState::Closed);
        }
    }

    #[test]
    fn a_skew_is_a_shift_of_the_clock(
        offset in -40_000_i64..40_000,
        skew_s in -100_000_i64..100_000,
        open in 0_u16..1380,
        length in 1_u16..60,
    ) {
        let hours = every_day(open, open + length);
        let plain = Feed {
            hours: Some((&hours, Tz::UTC)),
            ..feed(on_monday("14:00:00"), parts(QUARTERLY))
        };
        let skewed = Feed { skew_s, ..plain };
        let theirs = on_monday("14:00:00") + TimeDelta::seconds(offset);
        let ours = theirs - TimeDelta::seconds(skew_s);
        prop_assert_eq!(data_state(skewed, ours), data_state(plain, theirs));
        let by_us = |at: Timestamp| at - TimeDelta::seconds(skew_s);
        prop_assert_eq!(due(skewed, ours), due(plain, theirs).map(by_us));
        prop_assert_eq!(next_change(skewed, ours), next_change(plain, theirs).map(by_us));
    }
}
