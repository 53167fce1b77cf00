//! Sales per visitor: the same store, the same time, and enough of both known.

use serde_json::{Value, json};

use super::poll::{Poll, usual};
use super::stage::{CHAIN, Stage};

const MORNING: &str = "2026-03-02T02:00:00Z";

/// Ermou with a machine that sold once before the store's day began and three times since.
async fn ermou(counted: (&str, &str), machine: Poll) -> Value {
    let members = "members = [\"mall/1\", \"mall/2\"]";
    let chain = CHAIN.replace(members, "members = [\"mall/1\", \"coffee/80\"]");
    let mut stage = Stage::set(&chain, "2026-03-01T20:00:00Z").await;
    let machine = machine
        .sale("80", "2026-03-01T23:10:00Z", (1, 120), "EUR")
        .sale("80", "2026-03-02T09:10:00Z", (2, 120), "EUR")
        .sale("80", "2026-03-02T10:00:00Z", (3, 120), "EUR")
        .sale("80", "2026-03-02T12:40:00Z", (4, 120), "EUR");
    stage.poll("2026-03-02T13:02:00Z", machine).await;
    let doors = Poll::of("mall").door("1", "North door", counted, usual);
    stage.poll("2026-03-02T13:04:00Z", doors).await;
    stage.board()["stores"][0]["conversion"].clone()
}

fn selling() -> Poll {
    Poll::of("coffee").machine("80", "Hall left", "2026-03-02T13:00:00Z")
}

#[tokio::test]
async fn is_told_with_its_denominator() {
    let day = (MORNING, "2026-03-02T13:00:00Z");
    let told = ermou(day, selling()).await;
    let to = "2026-03-02T13:00:00Z";
    assert_eq!(
        told,
        json!({ "sales": 3, "visitors": 960, "to": to, "per_100": 0.3 })
    );
}

#[tokio::test]
async fn compares_sales_only_with_the_hours_whose_visitors_are_known() {
    // Visitors are known up to 12:15, so the sale of 12:40 has none to be compared with yet.
    let told = ermou((MORNING, "2026-03-02T12:15:00Z"), selling()).await;
    let to = "2026-03-02T12:00:00Z";
    assert_eq!(
        told,
        json!({ "sales": 2, "visitors": 800, "to": to, "per_100": 0.3 })
    );
}

#[tokio::test]
async fn is_not_told_of_half_a_day_or_of_a_machine_that_is_offline() {
    let afternoon = ("2026-03-02T11:00:00Z", "2026-03-02T13:00:00Z");
    assert_eq!(ermou(afternoon, selling()).await, Value::Null);
    let day = (MORNING, "2026-03-02T13:00:00Z");
    let offline = Poll::of("coffee").offline_machine("80", "Hall left", "2026-03-02T12:50:00Z");
    assert_eq!(ermou(day, offline).await, Value::Null);
    let night = (MORNING, "2026-03-02T06:00:00Z");
    assert_eq!(ermou(night, selling()).await, Value::Null, "nobody came");
}
