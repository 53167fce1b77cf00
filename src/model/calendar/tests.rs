//! Tests of the calendar: clock changes, midnights that do not exist, hours past midnight.

use chrono::{NaiveDate, NaiveTime, TimeDelta, Weekday};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;
use crate::model::Timestamp;
use crate::model::store::Reset;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

/// The columns of a table's row.
fn words<const N: usize>(row: &str) -> [&str; N] {
    let words: Vec<_> = row.split_whitespace().collect();
    words.try_into().unwrap()
}

fn span(open: u16, close: u16) -> Span {
    Span { open, close }
}

/// Weekdays 09:00-21:00, Friday until 02:00, Saturday 10:00-14:00 and 17:00-20:00, Sunday closed.
fn shop(closed: &[&str]) -> Hours {
    let day = vec![span(540, 1260)];
    let friday = vec![span(540, 1560)];
    let saturday = vec![span(1020, 1200), span(600, 840)];
    let week = [
        day.clone(),
        day.clone(),
        day.clone(),
        day,
        friday,
        saturday,
        Vec::new(),
    ];
    Hours::weekly(week, closed.iter().map(|text| date(text)).collect())
}

#[test]
fn the_first_instant_of_a_wall_clock_time() {
    let table = [
        // An ordinary day.
        "Europe/Athens 2026-03-02 04:00:00 2026-03-02T02:00:00Z",
        // Spring gap 03:00-04:00: the first instant after it.
        "Europe/Athens 2026-03-29 03:30:00 2026-03-29T01:00:00Z",
        "Europe/Athens 2026-03-29 04:00:00 2026-03-29T01:00:00Z",
        // Autumn repeat 03:00-04:00: the first pass; 04:00 comes once.
        "Europe/Athens 2026-10-25 03:30:00 2026-10-25T00:30:00Z",
        "Europe/Athens 2026-10-25 04:00:00 2026-10-25T02:00:00Z",
        "America/New_York 2026-03-08 02:30:00 2026-03-08T07:00:00Z",
        "America/New_York 2026-11-01 01:30:00 2026-11-01T05:30:00Z",
        "Pacific/Auckland 2026-09-27 02:30:00 2026-09-26T14:00:00Z",
        "Pacific/Auckland 2026-04-05 02:30:00 2026-04-04T13:30:00Z",
        // Half an hour of daylight saving.
        "Australia/Lord_Howe 2026-10-04 02:15:00 2026-10-03T15:30:00Z",
        "Australia/Lord_Howe 2026-04-05 01:45:00 2026-04-04T14:45:00Z",
        // Midnight does not exist.
        "America/Sao_Paulo 2018-11-04 00:00:00 2018-11-04T03:00:00Z",
        "Africa/Cairo 2026-04-24 00:00:00 2026-04-23T22:00:00Z",
        "Asia/Beirut 2026-03-29 00:00:00 2026-03-28T22:00:00Z",
        // The hour before midnight comes twice; midnight once.
        "America/Sao_Paulo 2018-02-18 00:00:00 2018-02-18T03:00:00Z",
        // Midnight itself came twice.
        "America/St_Johns 2006-10-29 00:00:00 2006-10-29T02:30:00Z",
        // A whole day was skipped.
        "Pacific/Apia 2011-12-30 12:00:00 2011-12-30T10:00:00Z",
    ];
    for row in table {
        let [zone, day, clock, expected] = words(row);
        let zone: Tz = zone.parse().unwrap();
        assert_eq!(
            first_instant(zone, date(day), time(clock)),
            at(expected),
            "{row}"
        );
    }
}

#[test]
fn a_business_day_turns_once_on_days_of_23_and_25_hours() {
    let athens: Tz = "Europe/Athens".parse().unwrap();
    let reset = Reset::At(time("04:00:00"));
    // 25 hours: from 04:00+03:00 to 04:00+02:00.
    let autumn = at("2026-10-25T01:30:00Z");
    assert_eq!(day_start(athens, reset, autumn), at("2026-10-24T01:00:00Z"));
    assert_eq!(
        next_day_start(athens, reset, autumn),
        at("2026-10-25T02:00:00Z")
    );
    // 23 hours: the reset is the first instant after the gap.
    let spring = at("2026-03-28T12:00:00Z");
    assert_eq!(day_start(athens, reset, spring), at("2026-03-28T02:00:00Z"));
    assert_eq!(
        next_day_start(athens, reset, spring),
        at("2026-03-29T01:00:00Z")
    );
    // A reset inside the repeated hour happens in the first pass and not again in the second.
    let reset = Reset::At(time("03:30:00"));
    for now in [
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:10:00Z",
        "2026-10-25T01:30:00Z",
    ] {
        assert_eq!(
            day_start(athens, reset, at(now)),
            at("2026-10-25T00:30:00Z")
        );
        assert_eq!(
            next_day_start(athens, reset, at(now)),
            at("2026-10-26T01:30:00Z")
        );
    }
}

#[test]
fn midnights_that_do_not_exist_or_come_twice() {
    let cairo: Tz = "Africa/Cairo".parse().unwrap();
    let now = at("2026-04-23T23:00:00Z");
    assert_eq!(local_midnight(cairo, now), at("2026-04-23T22:00:00Z"));
    assert_eq!(next_midnight(cairo, now), at("2026-04-24T21:00:00Z"));
    // The clock goes back across midnight: the day that has begun does not end again.
    let newfoundland: Tz = "America/St_Johns".parse().unwrap();
    for now in [
        "2006-10-29T02:30:30Z",
        "2006-10-29T03:00:00Z",
        "2006-10-29T03:31:00Z",
    ] {
        assert_eq!(
            local_midnight(newfoundland, at(now)),
            at("2006-10-29T02:30:00Z")
        );
        assert_eq!(
            next_midnight(newfoundland, at(now)),
            at("2006-10-30T03:30:00Z")
        );
    }
    let apia: Tz = "Pacific/Apia".parse().unwrap();
    let now = at("2011-12-29T12:00:00Z");
    assert_eq!(local_midnight(apia, now), at("2011-12-29T10:00:00Z"));
    assert_eq!(next_midnight(apia, now), at("2011-12-30T10:00:00Z"));
}

#[test]
fn open_and_closed() {
    let athens: Tz = "Europe/Athens".parse().unwrap();
    let hours = shop(&["2026-03-03"]);
    let table = [
        // now, open, next change, opened at
        (
            "2026-03-02T06:59:59Z",
            false,
            Some("2026-03-02T07:00:00Z"),
            Some("2026-02-28T15:00:00Z"),
        ),
        (
            "2026-03-02T07:00:00Z",
            true,
            Some("2026-03-02T19:00:00Z"),
            Some("2026-03-02T07:00:00Z"),
        ),
        // Tuesday is a holiday.
        (
            "2026-03-02T19:00:00Z",
            false,
            Some("2026-03-04T07:00:00Z"),
            Some("2026-03-02T07:00:00Z"),
        ),
        (
            "2026-03-03T12:00:00Z",
            false,
            Some("2026-03-04T07:00:00Z"),
            Some("2026-03-02T07:00:00Z"),
        ),
        // Friday night.
        (
            "2026-03-06T23:59:00Z",
            true,
            Some("2026-03-07T00:00:00Z"),
            Some("2026-03-06T07:00:00Z"),
        ),
        (
            "2026-03-07T00:00:00Z",
            false,
            Some("2026-03-07T08:00:00Z"),
            Some("2026-03-06T07:00:00Z"),
        ),
        // Saturday's siesta.
        (
            "2026-03-07T12:00:00Z",
            false,
            Some("2026-03-07T15:00:00Z"),
            Some("2026-03-07T08:00:00Z"),
        ),
        (
            "2026-03-08T12:00:00Z",
            false,
            Some("2026-03-09T07:00:00Z"),
            Some("2026-03-07T15:00:00Z"),
        ),
    ];
    for (now, open, change, opened) in table {
        let instant = at(now);
        assert_eq!(hours.open_at(athens, instant), open, "{now}");
        assert_eq!(hours.next_change(athens, instant), change.map(at), "{now}");
        assert_eq!(hours.opened_at(athens, instant), opened.map(at), "{now}");
    }
}

#[test]
fn a_holiday_keeps_the_night_that_began_before_it() {
    let hours = shop(&["2026-03-07"]);
    assert!(hours.open_at(Tz::UTC, at("2026-03-07T01:59:00Z")));
    assert!(!hours.open_at(Tz::UTC, at("2026-03-07T12:00:00Z")));
}

#[test]
fn hours_that_never_change() {
    let now = at("2026-03-02T12:00:00Z");
    let all_week = Hours::weekly(std::array::from_fn(|_| vec![span(0, 1440)]), Vec::new());
    for hours in [Hours::always(), all_week] {
        assert!(hours.open_at(Tz::UTC, now));
        assert_eq!(hours.next_change(Tz::UTC, now), None);
        assert_eq!(hours.opened_at(Tz::UTC, now), None);
        let month = TimeDelta::days(31);
        assert_eq!(
            hours.open_seconds(Tz::UTC, now, now + month),
            month.num_seconds()
        );
    }
    let never = Hours::weekly(std::array::from_fn(|_| Vec::new()), Vec::new());
    assert!(!never.open_at(Tz::UTC, now));
    assert_eq!(never.next_change(Tz::UTC, now), None);
    assert_eq!(never.opened_at(Tz::UTC, now), None);
    assert_eq!(
        never.open_seconds(Tz::UTC, now, now + TimeDelta::days(31)),
        0
    );
}

#[test]
fn open_once_a_week() {
    let week = std::array::from_fn(|day| {
        if day == 0 {
            vec![span(0, 1)]
        } else {
            Vec::new()
        }
    });
    let hours = Hours::weekly(week, vec![date("2026-03-09")]);
    let openings: Vec<_> = hours
        .openings(Tz::UTC, at("2026-02-28T00:00:00Z"))
        .take(2)
        .map(|opening| (opening.from, opening.until))
        .collect();
    let expected = [
        (at("2026-03-02T00:00:00Z"), at("2026-03-02T00:01:00Z")),
        (at("2026-03-16T00:00:00Z"), at("2026-03-16T00:01:00Z")),
    ];
    assert_eq!(openings, expected);
}

#[test]
fn a_far_holiday_ends_an_opening_around_the_clock() {
    let hours = Hours::always_but(vec![date("2026-12-25")]);
    let now = at("2026-03-02T12:00:00Z");
    assert_eq!(
        hours.next_change(Tz::UTC, now),
        Some(at("2026-12-25T00:00:00Z"))
    );
    let christmas = at("2026-12-25T12:00:00Z");
    assert!(!hours.open_at(Tz::UTC, christmas));
    assert_eq!(
        hours.next_change(Tz::UTC, christmas),
        Some(at("2026-12-26T00:00:00Z"))
    );
    assert_eq!(hours.next_change(Tz::UTC, at("2026-12-26T00:00:00Z")), None);
}

#[test]
fn open_seconds_count_the_hours_that_passed() {
    let athens: Tz = "Europe/Athens".parse().unwrap();
    let night = Hours::weekly(std::array::from_fn(|_| vec![span(1200, 1860)]), Vec::new());
    let table = [
        // 20:00 to 07:00 is 11 hours, one less in spring, one more in autumn.
        ("2026-03-02T10:00:00Z", "2026-03-03T10:00:00Z", 11),
        ("2026-03-28T10:00:00Z", "2026-03-29T10:00:00Z", 10),
        ("2026-10-24T10:00:00Z", "2026-10-25T10:00:00Z", 12),
        ("2026-03-02T18:00:00Z", "2026-03-02T18:00:00Z", 0),
        ("2026-03-02T20:00:00Z", "2026-03-02T18:00:00Z", 0),
    ];
    for (from, to, expected) in table {
        assert_eq!(
            night.open_seconds(athens, at(from), at(to)),
            expected * 3600,
            "{from}"
        );
    }
    // A span inside the spring gap does not exist.
    let gap = Hours::weekly(std::array::from_fn(|_| vec![span(190, 230)]), Vec::new());
    assert_eq!(
        gap.open_seconds(
            athens,
            at("2026-03-28T22:00:00Z"),
            at("2026-03-29T20:00:00Z")
        ),
        0
    );
}

#[test]
fn weekdays_and_ranges() {
    use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    assert_eq!(weekdays("wed"), Some(vec![Wed]));
    assert_eq!(weekdays("mon-fri"), Some(vec![Mon, Tue, Wed, Thu, Fri]));
    assert_eq!(weekdays("sat-mon"), Some(vec![Sat, Sun, Mon]));
    for wrong in ["", "mo", "Mon", "mon-", "-fri", "mon-fri-sun", "mon - fri"] {
        assert_eq!(weekdays(wrong), None, "{wrong}");
    }
}

fn zones() -> impl Strategy<Value = Tz> {
    prop::sample::select(vec![
        Tz::UTC,
        Tz::Europe__Athens,
        Tz::America__New_York,
        Tz::Pacific__Auckland,
        Tz::Australia__Lord_Howe,
        Tz::America__Sao_Paulo,
        Tz::America__St_Johns,
        Tz::Africa__Cairo,
        Tz::Asia__Beirut,
        Tz::Pacific__Apia,
        Tz::Asia__Kathmandu,
    ])
}

fn instants() -> impl Strategy<Value = Timestamp> {
    let (first, last) = (at("1990-01-01T00:00:00Z"), at("2040-01-01T00:00:00Z"));
    (first.timestamp()..last.timestamp())
        .prop_map(|second| Timestamp::from_timestamp(second, 0).unwrap())
}

fn weeks() -> impl Strategy<Value = Hours> {
    let span = (0u16..1440, 1u16..1440).prop_map(|(open, length)| span(open, open + length));
    let day = prop::collection::vec(span, 0..3);
    (
        prop::array::uniform7(day),
        prop::collection::vec(0u64..20_000, 0..4),
    )
        .prop_map(|(week, closed)| {
            let first = date("1990-01-01");
            let closed = closed
                .into_iter()
                .map(|days| first + chrono::Days::new(days))
                .collect();
            Hours::weekly(week, closed)
        })
}

fn resets() -> impl Strategy<Value = Reset> {
    (0u32..1440).prop_map(|minute| {
        NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).map_or(Reset::Never, Reset::At)
    })
}

proptest! {
    #[test]
    fn now_is_within_its_day(zone in zones(), now in instants(), reset in resets()) {
        for reset in [reset, Reset::Never] {
            let (start, next) = (day_start(zone, reset, now), next_day_start(zone, reset, now));
            prop_assert!(start <= now && now < next, "{start} {next}");
            prop_assert!(next - start <= TimeDelta::hours(26), "{start} {next}");
            // Both ends agree that it is one day, so a reset happens once.
            prop_assert_eq!(day_start(zone, reset, next - TimeDelta::seconds(1)), start);
            prop_assert_eq!(next_day_start(zone, reset, start), next);
            prop_assert_eq!(day_start(zone, reset, next), next);
        }
    }

    #[test]
    fn open_time_adds_up(
        zone in zones(), hours in weeks(), from in instants(),
        first in 0i64..2_000_000, second in 0i64..2_000_000,
    ) {
        let middle = from + TimeDelta::seconds(first);
        let to = middle + TimeDelta::seconds(second);
        let whole = hours.open_seconds(zone, from, to);
        let parts = hours.open_seconds(zone, from, middle) + hours.open_seconds(zone, middle, to);
        prop_assert_eq!(whole, parts);
        prop_assert!(whole >= 0 && whole <= first + second);
    }

    #[test]
    fn open_or_closed_until_the_next_change(zone in zones(), hours in weeks(), now in instants()) {
        let open = hours.open_at(zone, now);
        let Some(change) = hours.next_change(zone, now) else { return Ok(()) };
        prop_assert!(change > now);
        prop_assert_eq!(hours.open_at(zone, change), !open);
        let passed = (change - now).num_seconds();
        let counted = hours.open_seconds(zone, now, change);
        prop_assert_eq!(counted, if open { passed } else { 0 });
        if let Some(opened) = hours.opened_at(zone, change) {
            prop_assert!(hours.open_at(zone, opened));
            prop_assert!(!hours.open_at(zone, opened - TimeDelta::seconds(1)));
            prop_assert_eq!(opened == change, !open);
        }
    }
}
