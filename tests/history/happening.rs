//! What is usual on machines and document counters is read from their same weekdays.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use chrono_tz::Tz;
use occtop::history::History;
use occtop::model::Timestamp;
use occtop::model::attempt::{Delivery, Outcome};
use occtop::model::device::{Detail, Facts};
use occtop::model::reading::{Currency, Level, Measure, Reading, Value};
use occtop::model::usual::Yardstick;

use crate::building::*;

const CONFIG: &str = r#"
[[source]]
name = "coffee"
vendor = "smartnow"
url = "https://example.com/api"
username = "u"
password = "p"

[[source]]
name = "hotel"
vendor = "mews"
url = "https://example.com/api"
client_token = "c"
access_token = "a"
"#;

/// Midnight so many weeks before a Monday.
fn midnight(weeks: i64) -> Timestamp {
    at("2026-03-02T00:00:00Z") - TimeDelta::weeks(weeks)
}

fn facts(detail: Detail) -> Facts {
    Facts {
        name: "1".to_owned(),
        timezone: Some(Tz::UTC),
        detail,
    }
}

fn machine() -> Facts {
    facts(Detail::Machine {
        location: None,
        active: Some(true),
        offline: false,
        open_events: Vec::new(),
        last_update: None,
        money_scale: BTreeMap::new(),
        sales_unread: None,
    })
}

fn sale(start: Timestamp, item: i64) -> Reading {
    Reading {
        item,
        measure: Measure::Sale {
            price: Some(100),
            currency: Currency::parse("EUR").unwrap(),
        },
        ..flow("coffee/1", start, 0, 0)
    }
}

async fn record(history: &History, source: &str, to: Timestamp, readings: Vec<Reading>) {
    let of_hotel = Detail::DocumentCounter {
        counter_type: "BillCounter".to_owned(),
        format: None,
        enterprise: None,
        enterprise_name: None,
        day_offset_s: 6 * 3600,
        guests_in_house: None,
        rooms: None,
        rooms_occupied: None,
    };
    let known = match source {
        "coffee" => (device("coffee/1"), machine()),
        _ => (device("hotel/1"), facts(of_hotel)),
    };
    let delivery = Delivery {
        facts: vec![known],
        rows: u32::try_from(readings.len()).unwrap(),
        readings,
        ..Delivery::default()
    };
    let attempt = attempt(source, to, Outcome::delivered(delivery));
    history.record(attempt).await.unwrap();
}

#[tokio::test]
async fn sales_are_compared_with_days_before_and_after_which_the_source_was_read() {
    let history = in_memory().await;
    // Three weeks ago nobody asked after the day: what it sold is not known.
    for (weeks, morning, asked_after) in [(3, 50, false), (2, 4, true), (1, 7, true)] {
        record(
            &history,
            "coffee",
            midnight(weeks) - TimeDelta::hours(1),
            Vec::new(),
        )
        .await;
        let sold = |minute: i64| midnight(weeks) + TimeDelta::hours(9) + TimeDelta::minutes(minute);
        let sales: Vec<_> = (0..morning)
            .map(|n| sale(sold(n), 1000 * weeks + n))
            .collect();
        record(
            &history,
            "coffee",
            midnight(weeks) + TimeDelta::hours(12),
            sales,
        )
        .await;
        if asked_after {
            record(
                &history,
                "coffee",
                midnight(weeks) + TimeDelta::hours(25),
                Vec::new(),
            )
            .await;
        }
    }
    let noon = midnight(0) + TimeDelta::hours(12);
    let (_, usual) = compared(CONFIG, &history, noon).await;
    let by = |yardstick, now| usual.happened(&device("coffee/1"), yardstick, now);
    assert_eq!(by(Yardstick::LastWeek, noon), Some(7));
    assert_eq!(by(Yardstick::MedianOfFour, noon), Some(6), "of 7 and 4");
    let early = midnight(0) + TimeDelta::hours(9);
    assert_eq!(by(Yardstick::LastWeek, early), Some(0));
    let tomorrow = midnight(0) + TimeDelta::hours(24);
    assert_eq!(by(Yardstick::LastWeek, tomorrow), None);
    assert_eq!(
        usual.happened(&device("coffee/2"), Yardstick::LastWeek, noon),
        None
    );
}

#[tokio::test]
async fn documents_are_counted_from_the_start_of_the_hotels_own_day() {
    let history = in_memory().await;
    let value = |at, value| level("hotel/1", at, Level::CounterValue, Value::Int(value));
    // The hotel's day begins at six. One bill is written before, three after.
    let six = midnight(1) + TimeDelta::hours(6);
    let written = [(-60, 40), (30, 42), (90, 43)];
    for quarter in -8..=96 {
        let look = six + TimeDelta::minutes(15 * quarter);
        let fresh = written
            .iter()
            .map(|(m, v)| (six + TimeDelta::minutes(*m), *v));
        let fresh = fresh.filter(|(at, _)| *at <= look && *at > look - TimeDelta::minutes(15));
        let readings = fresh.map(|(at, number)| value(at, number)).collect();
        record(&history, "hotel", look, readings).await;
    }
    let now = midnight(0) + TimeDelta::hours(7);
    let (_, usual) = compared(CONFIG, &history, now).await;
    let by = |now| usual.happened(&device("hotel/1"), Yardstick::LastWeek, now);
    assert_eq!(by(now), Some(2));
    assert_eq!(by(now + TimeDelta::hours(1)), Some(3));
}
