//! What is usual is read from the same weekdays of the last weeks.

use chrono::TimeDelta;
use occtop::commands::export::{Args, Bound, Format, write};
use occtop::config::Config;
use occtop::history::History;
use occtop::model::Timestamp;
use occtop::model::attempt::{Delivery, Outcome};
use occtop::model::usual::Yardstick;

use crate::building::*;

const CONFIG: &str = r#"
[[source]]
name = "opap"
vendor = "bespot"
url = "https://example.com/api"
username = "u"
password = "p"

[[store]]
name = "Ermou"
timezone = "UTC"
members = ["opap/1"]
[store.closed]
dates = ["2026-02-16"]
"#;

/// The beginning of the business day so many weeks ago.
fn begin(weeks: i64) -> Timestamp {
    at("2026-03-02T04:00:00Z") - TimeDelta::weeks(weeks)
}

/// A day in which `people` came in during the first minute after noon, fetched to `hours` after
/// its begin.
async fn record(history: &History, weeks: i64, people: u32, hours: i64) {
    let begin = begin(weeks);
    let to = begin + TimeDelta::hours(hours);
    let noon = flow("opap/1", begin + TimeDelta::hours(8), people, 0);
    let last = flow("opap/1", to - TimeDelta::minutes(1), 0, people);
    let delivery = Delivery {
        facts: vec![(device("opap/1"), counter_facts("Ermou"))],
        rows: 2,
        complete_from: Some(begin),
        readings: vec![noon, last],
        ..Delivery::default()
    };
    let attempt = attempt("opap", to, Outcome::delivered(delivery));
    history.record(attempt).await.unwrap();
}

#[tokio::test]
async fn holes_and_holidays_are_left_out_of_what_is_usual() {
    let history = in_memory().await;
    // Three weeks ago only a third of the day was delivered; two weeks ago was a holiday.
    for (weeks, people, hours) in [(4, 40, 24), (3, 9000, 8), (2, 9000, 24), (1, 100, 24)] {
        record(&history, weeks, people, hours + 1).await;
    }
    let now = at("2026-03-02T15:00:00Z");
    let (board, usual) = compared(CONFIG, &history, now).await;
    let start = board.stores[0].day.start;
    assert_eq!(start, begin(0));
    let of = |yardstick| usual.of("Ermou", yardstick, start).unwrap();
    assert_eq!(of(Yardstick::LastWeek).entered_by(now), 100);
    let median = of(Yardstick::MedianOfFour);
    assert_eq!((median.dates.len(), median.entered_by(now)), (2, 70));
    let noon = begin(0) + TimeDelta::hours(8);
    assert_eq!(median.entered_by(noon), 0);
    assert_eq!(usual.of("Ermou", Yardstick::LastWeek, begin(1)), None);
    assert_eq!(usual.of("Mall", Yardstick::LastWeek, start), None);
}

#[tokio::test]
async fn the_last_eight_weeks_are_looked_through_for_four_good_days() {
    let history = in_memory().await;
    // Four weeks ago only a third of the day was delivered; two weeks ago was a holiday.
    for (weeks, people, hours) in [
        (8, 9000, 24),
        (7, 9000, 24),
        (6, 60, 24),
        (5, 50, 24),
        (4, 9000, 8),
        (3, 30, 24),
        (2, 9000, 24),
        (1, 10, 24),
    ] {
        record(&history, weeks, people, hours + 1).await;
    }
    let now = at("2026-03-02T15:00:00Z");
    let (_, usual) = compared(CONFIG, &history, now).await;
    let median = usual
        .of("Ermou", Yardstick::MedianOfFour, begin(0))
        .unwrap();
    let weeks = [1, 3, 5, 6].map(|weeks| begin(weeks).date_naive());
    assert_eq!(median.dates, weeks);
    assert_eq!(median.entered_by(now), 40);
}

#[tokio::test]
async fn without_a_good_day_there_is_nothing_to_compare() {
    let history = in_memory().await;
    record(&history, 1, 9000, 8).await;
    let (board, usual) = compared(CONFIG, &history, at("2026-03-02T15:00:00Z")).await;
    for yardstick in [Yardstick::LastWeek, Yardstick::MedianOfFour] {
        let start = board.stores[0].day.start;
        assert_eq!(usual.of("Ermou", yardstick, start), None);
    }
}

#[tokio::test]
async fn coverage_is_told_for_each_counter_and_whole_day() {
    let dir = tempfile::tempdir().unwrap();
    let history = in_dir(&dir).await;
    // A whole day, a holiday, and half a day; the last poll was on the fourth day.
    for (weeks, hours) in [(3, 24), (2, 24), (1, 12), (0, 26)] {
        record(&history, weeks, 5, hours).await;
    }
    let config = Config::parse(CONFIG, "test").unwrap().config;
    let export = |format| {
        let args = Args {
            coverage: true,
            from: Some(Bound::At(begin(3))),
            format,
            ..Args::default()
        };
        let mut out = Vec::new();
        write(&args, &config, &path(&dir), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let text = export(Format::Csv);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "store,source,device,day,start,coverage");
    assert_eq!(lines.len(), 1 + 22, "{text}");
    let of = |day: &str| lines.iter().find(|line| line.contains(day)).copied();
    for (day, coverage) in [
        ("2026-02-09", "1.0"),
        ("2026-02-10", "0.0"),
        ("2026-02-16", ""),
        ("2026-02-23", "0.5"),
        ("2026-03-02", "1.0"),
    ] {
        let start = format!("{day}T04:00:00Z");
        let expected = format!("Ermou,opap,opap/1,{day},{start},{coverage}");
        assert_eq!(of(&format!(",{day},")), Some(&*expected));
    }
    let line = export(Format::Jsonl).lines().next().unwrap().to_owned();
    assert!(line.ends_with("\"coverage\":1.0}"), "{line}");
}
