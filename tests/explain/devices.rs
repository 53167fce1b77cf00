//! Devices of all four kinds.

use chrono::TimeDelta;
use occtop::model::reading::Level;

use super::golden;
use super::poll::{Poll, at, usual};
use super::stage::{CHAIN, Stage};

const MORNING: &str = "2026-03-02T02:00:00Z";
const NOW: &str = "2026-03-02T13:06:00Z";

async fn seen(polls: Vec<(&str, Poll)>, device: &str) -> String {
    let mut stage = Stage::set(CHAIN, "2026-03-01T20:00:00Z").await;
    for (now, poll) in polls {
        stage.poll(now, poll).await;
    }
    stage.at(NOW).device(device)
}

#[tokio::test]
async fn people_counters() {
    let day = (MORNING, "2026-03-02T13:00:00Z");
    let plain = Poll::of("mall").door("1", "North door", day, usual);
    let three = "2026-03-02T13:04:00Z";
    golden("counter_fresh", &seen(vec![(three, plain)], "mall/1").await);

    let inside = Poll::of("mall").door("1", "North door", day, usual).level(
        "1",
        "2026-03-02T13:00:00Z",
        Level::Occupancy,
        44.0,
    );
    let quarter = ("2026-03-02T12:00:00Z", "2026-03-02T12:15:00Z");
    let corrected = Poll::of("mall").door("1", "North door", quarter, |_| (31, 19));
    let polls = vec![(three, inside), ("2026-03-02T13:05:00Z", corrected)];
    golden("counter_revised", &seen(polls, "mall/1").await);

    let fast = Stage::set(CHAIN, "2026-03-01T20:00:00Z").await;
    let mut fast = fast.skewed(95);
    let plain = Poll::of("mall").door("1", "North door", day, usual);
    fast.poll(three, plain).await;
    golden("counter_vendor_clock_ahead", &fast.at(NOW).device("mall/1"));
    let to = (MORNING, "2026-03-02T13:30:00Z");
    let ahead = Poll::of("mall").door("1", "North door", to, usual);
    golden(
        "counter_stamped_ahead",
        &seen(vec![(three, ahead)], "mall/1").await,
    );
    // An interval that still runs is no wrong clock.
    let running = (MORNING, "2026-03-02T13:15:00Z");
    let running = Poll::of("mall").door("1", "North door", running, usual);
    let said = seen(vec![(three, running)], "mall/1").await;
    assert!(!said.contains("clock is wrong"), "{said}");

    let yesterday = Poll::of("mall").door(
        "1",
        "North door",
        ("2026-03-01T10:00:00Z", "2026-03-01T19:00:00Z"),
        usual,
    );
    let polls = vec![("2026-03-01T20:00:00Z", yesterday)];
    golden("counter_of_yesterday", &seen(polls, "mall/1").await);
}

#[tokio::test]
async fn vehicles() {
    let late = || {
        Poll::of("fleet")
            .vehicle("11", "Shuttle 1", "parked", "2026-03-01T20:30:00Z")
            .odometer("11", "2026-03-01T20:30:00Z", 20_790.10)
    };
    let moving = || {
        Poll::of("fleet")
            .vehicle("11", "Shuttle 1", "moving", "2026-03-02T13:05:20Z")
            .odometer("11", "2026-03-02T13:05:20Z", 20_854.42)
            .level("11", "2026-03-02T13:05:20Z", Level::OnBoard, 17.0)
    };
    let night = "2026-03-01T20:31:00Z";
    let now = "2026-03-02T13:05:40Z";
    let polls = vec![(night, late()), (now, moving())];
    golden("vehicle_moving", &seen(polls, "fleet/11").await);

    let early = Poll::of("fleet")
        .vehicle("11", "Shuttle 1", "moving", "2026-03-02T04:12:00Z")
        .odometer("11", "2026-03-02T04:12:00Z", 20_800.00);
    let polls = vec![("2026-03-02T04:12:30Z", early), (now, moving())];
    golden("vehicle_since_first_seen", &seen(polls, "fleet/11").await);

    let replaced = Poll::of("fleet")
        .vehicle("11", "Shuttle 1", "moving", "2026-03-02T13:05:20Z")
        .odometer("11", "2026-03-02T13:05:20Z", 12.50);
    let polls = vec![(night, late()), (now, replaced)];
    golden("vehicle_odometer_fell", &seen(polls, "fleet/11").await);

    let blocked = Poll::of("fleet")
        .blocked("11", "Old van", "2026-02-20T09:00:00Z")
        .odometer("11", "2026-02-20T09:00:00Z", 120_432.10);
    let polls = vec![(now, blocked)];
    golden("vehicle_blocked", &seen(polls, "fleet/11").await);

    let lost = Poll::of("fleet")
        .vehicle("11", "Shuttle 1", "moving", "2026-03-02T09:10:00Z")
        .odometer("11", "2026-03-02T09:10:00Z", 20_810.00);
    let polls = vec![("2026-03-02T09:11:00Z", lost)];
    golden("vehicle_lost", &seen(polls, "fleet/11").await);
}

#[tokio::test]
async fn document_counters() {
    let before = Poll::of("hotel").documents("b", "Bills", "2026-03-01T20:00:00Z", 9071.0);
    let now = || Poll::of("hotel").documents("b", "Bills", "2026-03-02T12:55:00Z", 9102.0);
    let polls = vec![
        ("2026-03-01T20:05:00Z", before),
        ("2026-03-02T13:00:00Z", now()),
    ];
    golden("documents_grown", &seen(polls, "hotel/b").await);
    let polls = vec![("2026-03-02T13:00:00Z", now())];
    golden("documents_growth_unknown", &seen(polls, "hotel/b").await);
}

#[tokio::test]
async fn machines() {
    let heard = "2026-03-02T13:02:00Z";
    let polled = "2026-03-02T13:04:00Z";
    let selling = Poll::of("coffee")
        .machine("80", "Hall left", heard)
        .sale("80", "2026-03-02T09:10:00Z", (1, 120), "EUR")
        .sale("80", "2026-03-02T13:00:00Z", (2, 180), "EUR");
    golden(
        "machine_selling",
        &seen(vec![(polled, selling)], "coffee/80").await,
    );
    let offline = Poll::of("coffee")
        .offline_machine("80", "Hall left", "2026-03-02T10:40:00Z")
        .sale("80", "2026-03-02T09:10:00Z", (1, 120), "EUR");
    golden(
        "machine_offline",
        &seen(vec![(polled, offline)], "coffee/80").await,
    );
    let foreign = Poll::of("coffee").machine("80", "Hall left", heard).sale(
        "80",
        "2026-03-02T13:00:00Z",
        (2, 450),
        "BGN",
    );
    golden(
        "machine_scale_unknown",
        &seen(vec![(polled, foreign)], "coffee/80").await,
    );
}

/// A fortnight in which the machine sold, and the hotel billed, every ten minutes from nine to
/// nine in Athens. They do so on 2 March too, until 14:30.
async fn trading() -> Stage {
    let first = at("2026-02-16T07:00:00Z");
    let mut stage = Stage::set(CHAIN, "2026-02-16T00:00:00Z").await;
    for half_hour in 0..=14 * 48 + 11 {
        let begun = first + TimeDelta::minutes(30 * half_hour);
        if half_hour % 48 < 24 {
            let mut coffee = Poll::of("coffee");
            let mut hotel = Poll::of("hotel");
            for sale in 0..3 {
                let sold = begun + TimeDelta::minutes(10 * sale);
                let number = 3 * half_hour + sale;
                let when = sold.to_rfc3339();
                coffee = coffee.machine("80", "Hall left", &when);
                coffee = coffee.sale("80", &when, (number, 150), "EUR");
                let value = u32::try_from(number).unwrap().into();
                hotel = hotel.documents("b", "Bills", &when, value);
            }
            let now = (begun + TimeDelta::minutes(22)).to_rfc3339();
            stage.poll(&now, coffee).await;
            stage.poll(&now, hotel).await;
        }
    }
    stage
}

#[tokio::test]
async fn pauses() {
    let mut stage = trading().await;
    stage.at("2026-03-02T13:06:00Z");
    golden("machine_idle", &stage.device("coffee/80"));
    for (now, machine, documents) in [
        ("2026-03-02T13:30:00Z", "machine_silent", "documents_idle"),
        ("2026-03-02T16:00:00Z", "machine_missed", "documents_silent"),
    ] {
        stage.poll(now, Poll::of("coffee")).await;
        stage.poll(now, Poll::of("hotel")).await;
        golden(machine, &stage.device("coffee/80"));
        golden(documents, &stage.device("hotel/b"));
    }
    // History knows as much as the program that was there.
    let board = stage.board();
    let numbers = |board: &serde_json::Value, id: &str| {
        let devices = board["devices"].as_array().unwrap();
        let device = devices.iter().find(|device| device["id"] == id).unwrap();
        ["silent", "silent_from", "sales_missed"].map(|field| device[field].clone())
    };
    stage.restart("2026-03-02T16:00:00Z", None).await;
    let restarted = stage.board();
    for id in ["coffee/80", "hotel/b"] {
        assert_eq!(numbers(&restarted, id), numbers(&board, id), "{id}");
    }
    assert_eq!(numbers(&board, "coffee/80")[0], true);
    // The evening weighs what it usually brings, the night nothing.
    stage.poll("2026-03-03T05:00:00Z", Poll::of("coffee")).await;
    let morning = numbers(&stage.board(), "coffee/80")[2].as_f64().unwrap();
    assert!((36.0..39.0).contains(&morning), "{morning}");
}
