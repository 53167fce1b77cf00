//! Days that are read again, and totals that are compared.

use std::collections::BTreeMap;

use super::*;
use crate::loopback::Held;

const DAILY: &str = "/api/GetDailyDataForAllCounters";
/// Tuesday 04:35 in Stockholm, an hour after the second look.
const TUESDAY: &str = "2026-03-03T03:35:00Z";

fn total(counter: i64, date: &str, entered: i64, left: i64) -> Value {
    json!({"counterId": counter, "date": date, "I": entered, "O": left})
}

/// A vendor with these rows and daily totals.
fn with_totals(rows: &[Value], totals: &[Value]) -> impl Fn(&Seen, usize) -> Answer + use<> {
    let answer = vendor(rows);
    let totals = totals.to_vec();
    move |seen, before| match &*seen.path {
        DAILY => list(&totals),
        _ => answer(seen, before),
    }
}

fn held(rows: &[(&str, i64, u32, u32)]) -> Arc<Held> {
    let row = |(start, counter, entered, left): &(&str, i64, u32, u32)| {
        let flow = Flow {
            entered: *entered,
            left: *left,
        };
        (at(start), DeviceId::new("mall", counter), flow)
    };
    Arc::new(Held(rows.iter().map(row).collect()))
}

/// A source that has polled on Monday and had its second look on Tuesday.
async fn settled(
    past: Arc<Held>,
    answer: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static,
) -> Rig {
    let mut rig = Rig::new(answer).await;
    rig.source.resume(None, past);
    rig.poll("2026-03-02T22:35:00Z", Some("2026-03-02T22:00:00Z"))
        .await;
    rig.poll("2026-03-03T02:35:00Z", Some("2026-03-03T02:00:00Z"))
        .await;
    rig.server.take();
    rig
}

fn notes(outcome: &Outcome) -> &[String] {
    &outcome.delivery.as_ref().unwrap().notes
}

#[tokio::test]
async fn totals_are_compared_once_a_week_and_what_differs_is_read_again() {
    let rows = [
        row(507, "2026-02-27 09:00:00", 5, 5),
        row(507, "2026-02-28 09:00:00", 8, 7),
        row(508, "2026-02-28 09:00:00", 2, 2),
        row(507, "2026-03-01 09:00:00", 3, 4),
    ];
    let totals = [
        total(507, "2026-01-05", 9, 9),
        total(507, "2026-02-27", 5, 5),
        total(507, "2026-02-28", 8, 7),
        total(508, "2026-02-28", 2, 2),
        total(507, "2026-03-01", 4, 4),
    ];
    let past = held(&[
        ("2026-02-27T08:00:00Z", 507, 5, 5),
        ("2026-02-28T08:00:00Z", 507, 8, 7),
        // The day is Stockholm's, not that of UTC.
        ("2026-02-27T23:30:00Z", 508, 1, 1),
        ("2026-03-01T08:00:00Z", 507, 3, 4),
    ]);
    let mut rig = settled(past.clone(), with_totals(&rows, &totals)).await;
    let outcome = rig.poll(TUESDAY, Some("2026-03-03T03:00:00Z")).await;
    assert_eq!(outcome.error, None);
    let seen = rig.server.take();
    let asked: Vec<_> = seen.iter().map(|seen| &*seen.path).collect();
    assert_eq!(asked, [LOGIN, INTERVALS, DAILY, INTERVALS]);
    assert_eq!(seen[2].param("startTime"), "2026-01-02 00:00:00");
    assert_eq!(seen[2].param("endTime"), "2026-03-02 23:59:59");
    assert_eq!(seen[3].param("startTime"), "2026-02-28 00:00:00");
    assert_eq!(seen[3].param("endTime"), "2026-03-01 23:59:59");
    // What came agrees with one total and not with the other, which is told with both numbers.
    let said = notes(&outcome);
    assert_eq!(said.len(), 1);
    assert!(
        said[0].contains("counter 507 on 2026-03-01 has 4 in and 4 out there, 3 in and 4 out here")
    );

    // A week later, in another process: only what the vendor has changed is asked for again.
    let mut totals = totals.to_vec();
    totals.push(total(507, "2026-02-27", 6, 5));
    let mut rig = Rig::new(with_totals(&rows, &totals)).await;
    rig.source.resume(outcome.delivery.unwrap().memory, past);
    rig.poll("2026-03-10T02:35:00Z", Some("2026-03-10T02:00:00Z"))
        .await;
    rig.server.take();
    let outcome = rig
        .poll("2026-03-10T03:35:00Z", Some("2026-03-10T03:00:00Z"))
        .await;
    let seen = rig.server.take();
    let days: Vec<_> = seen[2..]
        .iter()
        .map(|seen| (&*seen.path, seen.param("startTime")))
        .collect();
    assert_eq!(
        days,
        [
            (DAILY, "2026-01-09 00:00:00"),
            // 508 differs in what history holds, but the vendor's total is as it was.
            (INTERVALS, "2026-02-27 00:00:00"),
        ]
    );
    assert!(notes(&outcome)[0].ends_with("and 2 more"), "{outcome:?}");
}

#[tokio::test]
async fn days_of_an_autumn_clock_change_are_local_days() {
    let rows = [row(507, "2026-10-25 23:00:00", 2, 2)];
    let totals = [total(507, "2026-10-25", 2, 2)];
    // 25 hours: the last of them begins at 22:00 in UTC.
    let past = held(&[
        ("2026-10-24T22:00:00Z", 507, 1, 1),
        ("2026-10-25T22:00:00Z", 507, 1, 1),
        ("2026-10-25T23:00:00Z", 507, 7, 7),
    ]);
    let mut rig = Rig::new(with_totals(&rows, &totals)).await;
    rig.source.resume(None, past);
    for now in [
        "2026-10-26T12:05:00Z",
        "2026-10-27T02:35:00Z",
        "2026-10-27T03:35:00Z",
    ] {
        rig.server.take();
        rig.poll(now, Some("2026-10-26T11:00:00Z")).await;
    }
    assert_eq!(rig.paths(), [LOGIN, INTERVALS, DAILY]);
}

#[tokio::test]
async fn totals_that_the_vendor_does_not_have_are_not_asked_for_each_hour() {
    let answer = vendor(&morning());
    let mut rig = settled(held(&[]), answer).await;
    let mut said = Vec::new();
    for hour in 3..6 {
        let now = format!("2026-03-03T{hour:02}:35:00Z");
        let outcome = rig.poll(&now, Some("2026-03-03T02:00:00Z")).await;
        assert_eq!(outcome.error, None);
        said.push(notes(&outcome).to_vec());
    }
    let asked = rig.paths().iter().filter(|path| *path == DAILY).count();
    assert_eq!(asked, 1);
    assert!(
        said.iter()
            .all(|notes| notes[0].contains("see endpoints.daily"))
    );
}

#[tokio::test]
async fn a_comparison_that_failed_on_the_way_is_made_again() {
    let answer = with_totals(&morning(), &[]);
    let broken = Mutex::new(true);
    let mut rig = settled(held(&[]), move |seen, before| {
        if seen.path == DAILY && std::mem::take(&mut *broken.lock().unwrap()) {
            return Answer::text(503, "text/html", "<h1>Later</h1>");
        }
        answer(seen, before)
    })
    .await;
    rig.poll(TUESDAY, None).await;
    assert_eq!(rig.paths(), [LOGIN, INTERVALS, DAILY]);
    let outcome = rig.poll("2026-03-03T04:35:00Z", None).await;
    assert_eq!(rig.paths(), [LOGIN, INTERVALS, DAILY]);
    assert!(notes(&outcome).is_empty());
}

#[tokio::test]
async fn two_weeks_day_by_day_survive_a_restart() {
    let whole_day = |seen: &Seen| {
        let date = |name| seen.param(name).split(' ').next().unwrap().to_owned();
        date("startTime") == date("endTime")
    };
    let days = |seen: Vec<Seen>| -> BTreeMap<String, usize> {
        let mut days = BTreeMap::new();
        for seen in seen.iter().filter(|seen| seen.path == INTERVALS) {
            *days.entry(seen.param("startTime").to_owned()).or_default() += 1;
        }
        days
    };
    let refusing = move |seen: &Seen, before: usize| match &*seen.path {
        INTERVALS if !whole_day(seen) => Answer::json(422, &json!({"message": "One day only"})),
        _ => vendor(&morning())(seen, before),
    };
    let mut rig = Rig::new(refusing).await;
    let outcome = rig
        .poll("2026-03-02T22:35:00Z", Some("2026-02-01T22:00:00Z"))
        .await;
    assert_eq!(notes(&outcome), ["catching up: 14 of 29 days"]);
    rig.server.take();
    let memory = outcome.delivery.unwrap().memory;
    let mut rig = Rig::new(refusing).await;
    rig.source.resume(memory, held(&[]));
    let outcome = rig
        .poll("2026-03-03T03:35:00Z", Some("2026-03-03T03:00:00Z"))
        .await;
    // The second look has joined what was left, and the newest days come first.
    assert_eq!(notes(&outcome), ["catching up: 28 of 42 days"]);
    let asked = days(rig.server.take());
    assert!(asked.contains_key("2026-03-02 00:00:00"));
    let outcome = rig
        .poll("2026-03-03T04:35:00Z", Some("2026-03-03T04:00:00Z"))
        .await;
    assert!(notes(&outcome).is_empty(), "{:?}", notes(&outcome));
    assert!(days(rig.server.take()).contains_key("2026-02-01 00:00:00"));
}

#[tokio::test]
async fn a_range_whose_answer_cannot_be_read_is_asked_day_by_day() {
    let mut rig = Rig::new(|seen, before| {
        if seen.path == INTERVALS && seen.param("endTime") == "2026-03-01 23:59:59" {
            let whole = seen.param("startTime") == "2026-03-01 00:00:00";
            return if whole {
                list(&[])
            } else {
                Answer::text(200, "text/html", "<h1>")
            };
        }
        vendor(&morning())(seen, before)
    })
    .await;
    let outcome = rig.poll(NOW, Some("2026-02-28T12:00:00Z")).await;
    assert_eq!(outcome.error, None);
    assert_eq!(rig.ranges()[2..], [day("2026-03-01"), day("2026-02-28")]);
}

#[tokio::test]
async fn a_large_account_is_not_asked_for_months_in_one_answer() {
    let mut rig = Rig::new(vendor(&morning())).await;
    let facts = Facts {
        name: String::new(),
        timezone: None,
        detail: Detail::PeopleCounter {
            interval_s: Some(900),
            group: None,
        },
    };
    // As after a restart: history knows them, no row has come yet.
    rig.known = (0..100)
        .map(|number| (DeviceId::new("mall", number), facts.clone()))
        .collect();
    rig.poll(NOW, Some("2026-02-01T12:00:00Z")).await;
    let range = (
        "2026-02-27 00:00:00".to_owned(),
        "2026-03-01 23:59:59".to_owned(),
    );
    assert_eq!(rig.ranges()[1], range);
}

#[tokio::test]
async fn a_past_day_that_is_refused_is_given_up() {
    let mut rig = Rig::new(|seen, before| match seen.param("startTime") {
        "2026-03-01 00:00:00" => Answer::json(410, &json!({"message": "Gone"})),
        _ => vendor(&morning())(seen, before),
    })
    .await;
    let outcome = rig.poll(NOW, Some("2026-03-01T12:00:00Z")).await;
    assert_eq!(outcome.error, None);
    assert!(notes(&outcome)[0].contains("2026-03-01 cannot be read"));
    rig.server.take();
    rig.poll("2026-03-02T10:05:00Z", None).await;
    assert_eq!(rig.ranges(), [day("2026-03-02")]);
}

#[tokio::test]
async fn a_vendor_that_throttles_is_asked_nothing_more() {
    let mut rig = Rig::new(|seen, before| match &*seen.path {
        COUNTERS => {
            Answer::json(429, &json!({"message": "Rate limit exceeded"})).with("retry-after", "900")
        }
        _ => vendor(&morning())(seen, before),
    })
    .await;
    let outcome = rig.first().await;
    assert_eq!(rig.paths(), [LOGIN, INTERVALS, COUNTERS]);
    assert_eq!(shown(&outcome).len(), 4);
    let error = error(outcome);
    assert_eq!(error.kind, ErrorKind::RateLimited);
    assert_eq!(error.retry_at, Some(at("2026-03-02T09:20:00Z")));
}
