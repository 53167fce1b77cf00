//! Devices of all four kinds.

use occtop::model::reading::Level;

use super::golden;
use super::poll::{Poll, usual};
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
