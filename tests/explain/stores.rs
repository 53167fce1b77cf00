//! Stores: every data state, every origin, every doubt.

use chrono::Timelike;
use occtop::model::attempt::ErrorKind;
use occtop::model::reading::Level;

use super::golden;
use super::poll::{Poll, at, usual};
use super::stage::{CHAIN, Stage, error, store, with_bespot};

const MORNING: &str = "2026-03-02T02:00:00Z";

/// Ermou on a Monday with seven days learned, its data up to `to`, polled a minute later.
async fn ermou(to: &str, polled: &str) -> Stage {
    let mut stage = Stage::learned(CHAIN, 8).await;
    let poll = Poll::of("mall").ermou((MORNING, to)).door(
        "3",
        "Kolonaki",
        (MORNING, "2026-03-02T14:00:00Z"),
        usual,
    );
    stage.poll(polled, poll).await;
    stage
}

#[tokio::test]
async fn by_the_clock() {
    let mut stage = ermou("2026-03-02T13:00:00Z", "2026-03-02T13:04:00Z").await;
    for (now, name) in [
        ("2026-03-02T13:06:00Z", "store_fresh"),
        ("2026-03-02T13:22:00Z", "store_due"),
        ("2026-03-02T13:29:00Z", "store_late"),
        ("2026-03-02T13:40:00Z", "store_stale"),
        ("2026-03-02T15:10:00Z", "store_dead"),
    ] {
        golden(name, &stage.at(now).ermou());
    }
}

#[tokio::test]
async fn closed_in_the_evening_and_at_the_weekend() {
    let mut stage = ermou("2026-03-02T19:15:00Z", "2026-03-02T19:20:00Z").await;
    golden("store_closed", &stage.at("2026-03-02T21:30:00Z").ermou());
    let hours = "mon-sun = \"09:00-21:00\"";
    let holiday = format!("{hours}\n[store.closed]\ndates = [\"2026-03-03\"]");
    let holiday = CHAIN.replace(hours, &holiday);
    stage.restart("2026-03-03T10:00:00Z", Some(&holiday)).await;
    golden("store_closed_all_day", &stage.ermou());
}

#[tokio::test]
async fn crossed_while_closed() {
    let mut stage = ermou("2026-03-02T19:00:00Z", "2026-03-02T19:04:00Z").await;
    let night = |from: &str, to: &str, people| {
        Poll::of("mall").door("1", "North door", (from, to), move |_| people)
    };
    // The last customers leave within the hour.
    let leaving = night("2026-03-02T19:00:00Z", "2026-03-02T19:45:00Z", (0, 9));
    stage.poll("2026-03-02T19:49:00Z", leaving).await;
    assert!(stage.board()["stores"][0]["after_hours"].is_null());
    let late = night("2026-03-02T21:00:00Z", "2026-03-02T21:15:00Z", (9, 5));
    stage.poll("2026-03-02T21:19:00Z", late).await;
    golden("store_after_hours", &stage.ermou());
    let seen = serde_json::json!({
        "in": 9,
        "out": 5,
        "since": "2026-03-02T19:00:00Z",
        "last": "2026-03-02T21:15:00Z",
    });
    assert_eq!(stage.board()["stores"][0]["after_hours"], seen);
    // It is told after a restart and in the morning, and no longer when the store closes again.
    stage.restart("2026-03-03T08:00:00Z", None).await;
    assert_eq!(stage.board()["stores"][0]["after_hours"], seen);
    let next = stage.at("2026-03-03T19:00:00Z").board();
    assert!(next["stores"][0]["after_hours"].is_null());
}

#[tokio::test]
async fn paused() {
    let mut stage = ermou("2026-03-02T13:00:00Z", "2026-03-02T13:04:00Z").await;
    let paused = CHAIN.replacen(
        "vendor = \"viametrics\"",
        "vendor = \"viametrics\"\nenabled = false",
        1,
    );
    stage.restart("2026-03-02T13:10:00Z", Some(&paused)).await;
    golden("store_paused", &stage.ermou());
}

#[tokio::test]
async fn nothing_known() {
    let mut stage = Stage::set(CHAIN, "2026-03-02T13:00:00Z").await;
    golden("store_unknown_never_asked", &stage.ermou());
    let other = Poll::of("mall").door("9", "Elsewhere", (MORNING, "2026-03-02T13:00:00Z"), usual);
    stage.poll("2026-03-02T13:04:00Z", other).await;
    golden("store_unknown_no_device", &stage.ermou());
}

#[tokio::test]
async fn from_disk_after_a_restart() {
    let mut stage = ermou("2026-03-02T13:00:00Z", "2026-03-02T13:04:00Z").await;
    stage.restart("2026-03-02T13:08:00Z", None).await;
    golden("store_from_disk", &stage.ermou());
}

#[tokio::test]
async fn revised_by_the_vendor() {
    let mut stage = ermou("2026-03-02T13:00:00Z", "2026-03-02T13:04:00Z").await;
    let corrected = Poll::of("mall").door(
        "1",
        "North door",
        ("2026-03-02T12:00:00Z", "2026-03-02T12:15:00Z"),
        |_| (31, 19),
    );
    stage.poll("2026-03-02T13:07:00Z", corrected).await;
    golden("store_revised", &stage.ermou());
    // Which interval it was is told for the rest of the day, also after a restart.
    let next = Poll::of("mall").ermou(("2026-03-02T13:00:00Z", "2026-03-02T13:30:00Z"));
    stage.poll("2026-03-02T13:34:00Z", next).await;
    golden("store_revised_earlier", &stage.ermou());
    let counter = stage.device("mall/1");
    golden("counter_revised_earlier", &counter);
    stage.restart("2026-03-02T13:34:00Z", None).await;
    golden("store_revised_before_a_restart", &stage.ermou());
    let changed = "14:00 to 14:15 went from 40 in, 39 out to 31 in, 19 out, known at 15:07";
    assert!(counter.contains(changed) && stage.device("mall/1").contains(changed));
}

#[tokio::test]
async fn partial_with_a_gap() {
    let mut stage = Stage::learned(CHAIN, 8).await;
    let poll = Poll::of("mall")
        .ermou((MORNING, "2026-03-02T09:00:00Z"))
        .ermou(("2026-03-02T12:00:00Z", "2026-03-02T13:00:00Z"));
    stage.poll("2026-03-02T13:04:00Z", poll).await;
    golden("store_partial", &stage.at("2026-03-02T13:06:00Z").ermou());
}

/// A chain whose Ermou has one door, so that the vendor's number can stand beside ours.
fn one_door(more: &str) -> String {
    let members = "members = [\"mall/1\", \"mall/2\"]";
    with_bespot(&CHAIN.replace(members, &format!("members = [\"mall/1\"]\n{more}")))
}

/// The one door up to 15:00 in Athens, with the vendor's number every quarter since noon.
async fn beside(config: &str, days: i64, vendor: f64) -> Stage {
    let mut stage = Stage::learned(config, days).await;
    let mut poll =
        Poll::of("mall").door("1", "North door", (MORNING, "2026-03-02T13:00:00Z"), usual);
    for quarter in 0..=12 {
        let when = at("2026-03-02T10:00:00Z") + chrono::TimeDelta::minutes(15 * quarter);
        poll = poll.level("1", &when.to_rfc3339(), Level::Occupancy, vendor);
    }
    stage.poll("2026-03-02T13:04:00Z", poll).await;
    stage.at("2026-03-02T13:06:00Z");
    stage
}

#[tokio::test]
async fn beside_the_vendor() {
    let mut first_day = beside(&one_door(""), 0, 90.0).await;
    golden("store_vendor_leads", &first_day.ermou());
    let mut agreed = beside(&one_door(""), 8, 85.0).await;
    golden("store_counted_leads", &agreed.ermou());
    let mut apart = beside(&one_door(""), 8, 150.0).await;
    golden("store_disagreement", &apart.ermou());
    let mut configured = beside(&one_door("estimate = \"vendor\""), 8, 150.0).await;
    golden("store_vendor_by_setting", &configured.ermou());
}

/// Ermou with seven days learned, where the doors count in their own way from noon to 15:00.
async fn since_noon(
    north: impl Fn(occtop::model::Timestamp) -> (u32, u32),
    south: impl Fn(occtop::model::Timestamp) -> (u32, u32),
) -> Stage {
    let mut stage = Stage::learned(CHAIN, 8).await;
    let noon = "2026-03-02T10:00:00Z";
    let three = "2026-03-02T13:00:00Z";
    let poll = Poll::of("mall")
        .ermou((MORNING, noon))
        .door("1", "North door", (noon, three), north)
        .door("2", "South door", (noon, three), south);
    stage.poll("2026-03-02T13:04:00Z", poll).await;
    stage.at("2026-03-02T13:06:00Z");
    stage
}

#[tokio::test]
async fn counters_that_fail() {
    let blind = |_| (0, 0);
    let mut silent = since_noon(blind, usual).await;
    golden("store_silent_door", &silent.ermou());
    let mut one_way = since_noon(|start| (usual(start).0, 0), usual).await;
    golden("store_one_way", &one_way.ermou());
    let mut hushed = since_noon(blind, blind).await;
    golden("store_hushed", &hushed.ermou());
    let leaves = |start: occtop::model::Timestamp| {
        if start.hour() == 12 && start.minute() == 45 {
            (2, 95)
        } else {
            usual(start)
        }
    };
    let mut crowd = since_noon(leaves, leaves).await;
    golden("store_crowd", &crowd.ermou());
    let burst = |start: occtop::model::Timestamp| {
        if start.hour() == 12 && start.minute() == 30 {
            (900, 19)
        } else {
            usual(start)
        }
    };
    let mut burst = since_noon(burst, usual).await;
    golden("store_burst", &burst.ermou());
}

#[tokio::test]
async fn drifting_counters() {
    let mut stage = Stage::set(CHAIN, "2026-02-27T02:00:00Z").await;
    let short = |start| {
        let (entered, left) = usual(start);
        (entered, left - left / 8)
    };
    let days = ("2026-02-27T02:00:00Z", "2026-03-02T13:00:00Z");
    let poll =
        Poll::of("mall")
            .door("1", "North door", days, short)
            .door("2", "South door", days, short);
    stage.poll("2026-03-02T13:04:00Z", poll).await;
    golden("store_drifting", &stage.ermou());
}

#[tokio::test]
async fn learning() {
    let mut first = Stage::set(CHAIN, MORNING).await;
    let today = || Poll::of("mall").ermou((MORNING, "2026-03-02T13:00:00Z"));
    first.poll("2026-03-02T13:04:00Z", today()).await;
    golden("store_first_day", &first.ermou());
    let mut third = Stage::learned(CHAIN, 3).await;
    third.poll("2026-03-02T13:04:00Z", today()).await;
    golden("store_learning", &third.ermou());
    let mut begun = Stage::set(CHAIN, "2026-03-02T11:00:00Z").await;
    let since = Poll::of("mall").ermou(("2026-03-02T11:00:00Z", "2026-03-02T13:00:00Z"));
    begun.poll("2026-03-02T13:04:00Z", since).await;
    golden("store_begun_in_the_afternoon", &begun.ermou());
}

#[tokio::test]
async fn reset_with_people_left() {
    let mut stage = Stage::learned(CHAIN, 4).await;
    // On the last evening a hundred come in and nobody is seen to leave.
    let evening = |start: occtop::model::Timestamp| {
        if at("2026-03-02T17:00:00Z") <= start {
            (if start.hour() < 19 { 40 } else { 0 }, 0)
        } else {
            usual(start)
        }
    };
    let day = (MORNING, "2026-03-03T02:00:00Z");
    let poll = Poll::of("mall").door("1", "North door", day, evening).door(
        "2",
        "South door",
        day,
        evening,
    );
    stage.poll("2026-03-03T02:04:00Z", poll).await;
    let next = Poll::of("mall").ermou((day.1, "2026-03-03T08:00:00Z"));
    stage.poll("2026-03-03T08:04:00Z", next).await;
    golden("store_reset_unconfirmed", &stage.ermou());
}

#[tokio::test]
async fn counted_by_hand() {
    let stage = ermou("2026-03-02T13:00:00Z", "2026-03-02T13:04:00Z").await;
    let board = stage.count("2026-03-02T13:06:00Z", 12, "fire drill").await;
    golden("store_by_hand", &store(&board, "Ermou"));
    assert_eq!(board["stores"][0]["hand_count"]["people"], 12);
    assert_eq!(board["stores"][0]["hand_count"]["reason"], "fire drill");
}

#[tokio::test]
async fn in_the_night_of_the_clock_change() {
    let open = CHAIN.replace("mon-sun = \"09:00-21:00\"", "mon-sun = \"18:00-06:00\"");
    let mut stage = Stage::set(&open, "2026-10-24T01:00:00Z").await;
    let night = ("2026-10-24T15:00:00Z", "2026-10-25T01:30:00Z");
    let poll = Poll::of("mall")
        .door("1", "North door", night, |_| (5, 4))
        .door("2", "South door", night, |_| (3, 3));
    stage.poll("2026-10-25T01:34:00Z", poll).await;
    golden(
        "store_clock_change",
        &stage.at("2026-10-25T01:36:00Z").ermou(),
    );
}

#[tokio::test]
async fn against_the_capacity() {
    let mut stage = ermou("2026-03-02T13:00:00Z", "2026-03-02T13:04:00Z").await;
    stage.at("2026-03-02T13:06:00Z");
    let inside = stage.board()["stores"][0]["occupancy"].clone();
    let number = |key: &str| inside[key].as_u64().unwrap();
    let capacities = [
        (number("high"), "store_near_capacity"),
        (number("high") - 1, "store_possibly_over"),
        (number("shown") - 1, "store_over"),
        (number("low") - 1, "store_certainly_over"),
    ];
    for (capacity, name) in capacities {
        let config = CHAIN.replace("capacity = 200", &format!("capacity = {capacity}"));
        stage.restart("2026-03-02T13:06:00Z", Some(&config)).await;
        let news = Poll::of("mall").ermou(("2026-03-02T12:45:00Z", "2026-03-02T13:00:00Z"));
        stage.poll("2026-03-02T13:07:00Z", news).await;
        golden(name, &stage.ermou());
    }
}

#[tokio::test]
async fn fewer_than_none() {
    let mut stage = Stage::learned(CHAIN, 8).await;
    let day = (MORNING, "2026-03-02T08:00:00Z");
    let leaving = |start: occtop::model::Timestamp| (0, u32::from(start.hour() == 7) * 2);
    let poll = Poll::of("mall").door("1", "North door", day, leaving).door(
        "2",
        "South door",
        day,
        leaving,
    );
    stage.poll("2026-03-02T08:04:00Z", poll).await;
    golden("store_below_zero", &stage.ermou());
}

#[tokio::test]
async fn without_people_counters() {
    let members = "members = [\"mall/1\", \"mall/2\"]";
    let machines = CHAIN.replace(members, "members = [\"coffee/80\"]");
    let mut stage = Stage::set(&machines, MORNING).await;
    let poll = Poll::of("coffee")
        .machine("80", "Hall left", "2026-03-02T12:58:00Z")
        .sale("80", "2026-03-02T12:50:00Z", (1, 120), "EUR");
    stage.poll("2026-03-02T13:00:00Z", poll).await;
    golden("store_without_counter", &stage.ermou());

    let vehicles = CHAIN.replace(members, "members = [\"fleet/11\", \"fleet/12\"]");
    let mut stage = Stage::set(&vehicles, MORNING).await;
    let poll = Poll::of("fleet")
        .vehicle("11", "Shuttle 1", "moving", "2026-03-02T12:59:30Z")
        .level("11", "2026-03-02T12:59:30Z", Level::OnBoard, 17.0)
        .vehicle("12", "Shuttle 2", "stopped", "2026-03-02T12:57:00Z")
        .level("12", "2026-03-02T12:57:00Z", Level::OnBoard, 4.0);
    stage.poll("2026-03-02T13:00:00Z", poll).await;
    golden("store_on_board", &stage.ermou());
}

#[tokio::test]
async fn when_fetching_fails() {
    let mut stage = ermou("2026-03-02T13:00:00Z", "2026-03-02T13:04:00Z").await;
    let refused = error(ErrorKind::Auth, 401, "user name or password refused");
    stage.fail("2026-03-02T13:19:00Z", "mall", refused).await;
    golden("store_auth", &stage.at("2026-03-02T13:25:00Z").ermou());
}

#[tokio::test]
async fn in_three_zones() {
    let lisbon = CHAIN.replace(
        "name = \"Ermou\"\ngroup = \"Athens\"\ntimezone = \"Europe/Athens\"",
        "name = \"Ermou\"\ngroup = \"Lisbon\"\ntimezone = \"Europe/Lisbon\"",
    );
    let mut stage = Stage::set(&lisbon, MORNING).await;
    let poll = Poll::of("mall").ermou(("2026-03-02T04:00:00Z", "2026-03-02T13:00:00Z"));
    stage.poll("2026-03-02T13:04:00Z", poll).await;
    golden("store_in_lisbon", &stage.ermou());
}
