//! What the configuration chooses: counters, sizes and periods, and what the vendor does not tell.

use std::time::Duration;

use super::*;
use crate::model::device::Facts;

/// Counters of two types, of which one of each is the default.
fn assorted(seen: &Seen) -> Answer {
    let row = |id: &str, kind: &str, default: Json| {
        let mut row = counter(id, HOTEL, 5);
        row["Type"] = json!(kind);
        row["IsDefault"] = default;
        row
    };
    match seen.path.as_str() {
        ENTERPRISES => enterprises(&[enterprise(HOTEL, "Hotel")]),
        // It ignores every filter.
        _ => counters(&[
            row("a", "BillCounter", json!(true)),
            row("b", "BillCounter", json!(false)),
            row("c", "ServiceOrderCounter", json!(true)),
            row("d", "FiscalCounter", json!(null)),
        ]),
    }
}

/// Ids of the counters that are shown, and the type that was asked for.
async fn shown(change: impl Fn(&mut CounterSettings)) -> (Vec<String>, Json) {
    let server = StandIn::start(NOW, assorted).await;
    let mut settings = one_token();
    change(&mut settings.counters);
    let delivery = delivered(poll(&mut account(&server, &settings), &server).await);
    let ids: Vec<String> = values(&delivery).into_iter().map(|(id, _)| id).collect();
    assert_eq!(delivery.facts.len(), ids.len());
    assert!(delivery.roster && delivery.rows as usize == ids.len());
    let asked = server.seen().pop().unwrap().body["Type"].clone();
    (ids, asked)
}

#[tokio::test]
async fn counters_are_chosen_by_their_types_and_defaults() {
    let kinds = |kinds: &[&str]| kinds.iter().map(|&kind| kind.to_owned()).collect();
    let (ids, asked) = shown(|_| {}).await;
    assert_eq!((ids.len(), asked), (4, Json::Null));
    let (ids, asked) = shown(|set| set.types = kinds(&["BillCounter"])).await;
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(asked, "BillCounter", "the server is asked for one type");
    let (ids, asked) = shown(|set| set.types = kinds(&["FiscalCounter", "BillCounter"])).await;
    assert_eq!(ids, ["a", "b", "d"]);
    assert_eq!(asked, Json::Null, "it takes no second one");
    let (ids, _) = shown(|set| set.default_only = true).await;
    assert_eq!(ids, ["a", "c"]);
}

#[tokio::test]
async fn rooms_that_are_known_are_not_asked_for() {
    let server = StandIn::start(NOW, |seen: &Seen| match seen.path.as_str() {
        RESERVATIONS => answer(
            200,
            &json!({"Reservations": [{"Id": "r", "AssignedResourceId": "101", "PersonCounts": [{"Count": 2}]}]}),
        ),
        SERVICES | AVAILABILITY => panic!("asked for rooms"),
        _ => simple(seen),
    })
    .await;
    for rooms in [true, false] {
        let mut settings = one_token();
        settings.house = house(true, rooms);
        settings.house.capacity.insert(HOTEL.to_owned(), 40);
        let delivery = delivered(poll(&mut account(&server, &settings), &server).await);
        assert_eq!(tonight(&delivery), [(Some(2), Some(40))]);
        assert_eq!(occupied(&delivery), [Some(1)]);
    }
}

#[tokio::test]
async fn rooms_of_a_hotel_that_no_token_sees_are_a_mistake() {
    let server = StandIn::start(NOW, simple).await;
    let mut settings = one_token();
    settings.house.capacity.insert("nowhere".to_owned(), 40);
    let outcome = poll(&mut account(&server, &settings), &server).await;
    let error = outcome.error.unwrap();
    assert_eq!(error.kind, crate::model::attempt::ErrorKind::Config);
    assert!(error.message.contains("nowhere (`capacity`)"), "{error}");
    assert_eq!(values(&outcome.delivery.unwrap()), [("a".to_owned(), 5)]);
}

/// Zone and start of the day of the first device.
fn day(delivery: &Delivery) -> (Option<chrono_tz::Tz>, i32) {
    match &delivery.facts[0].1 {
        Facts {
            timezone,
            detail: Detail::DocumentCounter { day_offset_s, .. },
            ..
        } => (*timezone, *day_offset_s),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_day_that_may_not_be_read_is_the_configured_one() {
    let athens = Day {
        zone: Some(chrono_tz::Europe::Athens),
        offset_s: 4 * 3600,
    };
    for (allowed, expected) in [
        (true, (Some(chrono_tz::Europe::Prague), 0)),
        (false, (Some(chrono_tz::Europe::Athens), 4 * 3600)),
    ] {
        let server = StandIn::start(NOW, move |seen: &Seen| match seen.path.as_str() {
            ENTERPRISES if !allowed => failure(401, "No right."),
            SERVICES => answer(200, &json!({"Services": [{"Id": "stay", "EnterpriseId": HOTEL}]})),
            AVAILABILITY => answer(
                200,
                &json!({"ResourceCategoryAvailabilities": [{"Metrics": {"UsableResources": [58]}}]}),
            ),
            _ => simple(seen),
        })
        .await;
        let mut settings = one_token();
        settings.day = athens;
        settings.house = house(false, true);
        let delivery = delivered(poll(&mut account(&server, &settings), &server).await);
        assert_eq!(day(&delivery), expected);
        assert_eq!(tonight(&delivery), [(None, Some(58))]);
        let asked = server.seen().pop().unwrap().body;
        let midnight = if allowed {
            "2026-02-28T23:00:00Z"
        } else {
            "2026-02-28T22:00:00Z"
        };
        assert_eq!(asked["FirstTimeUnitStartUtc"], midnight);
    }
}

#[tokio::test]
async fn pages_are_of_the_configured_size() {
    let server = StandIn::start(NOW, |seen: &Seen| {
        assert_eq!(seen.body["Limitation"]["Count"], 20, "{}", seen.path);
        simple(seen)
    })
    .await;
    let mut settings = one_token();
    settings.counters.page_size = 20;
    settings.house = house(true, true);
    delivered(poll(&mut account(&server, &settings), &server).await);
    assert_eq!(server.paths().len(), 4);
}

#[tokio::test]
async fn full_reads_and_their_overlap_are_as_configured() {
    let rows: Vec<Json> = (0..1001)
        .map(|n| counter(&format!("c{n}"), HOTEL, 1))
        .collect();
    let server = StandIn::start(NOW, move |seen: &Seen| match seen.path.as_str() {
        ENTERPRISES => enterprises(&[enterprise(HOTEL, "Hotel")]),
        _ => counters(&rows),
    })
    .await;
    let mut settings = one_token();
    settings.counters.overlap = TimeDelta::minutes(10);
    settings.counters.full_read = TimeDelta::minutes(3);
    let mut source = account(&server, &settings);
    let mut from = Vec::new();
    for _ in 0..4 {
        delivered(poll(&mut source, &server).await);
        let asked = server.seen().pop().unwrap().body;
        from.push(asked["UpdatedUtc"]["StartUtc"].clone());
        server.hand.advance(Duration::from_secs(65));
    }
    let delta = json!("2026-03-01T08:31:07Z");
    assert_eq!(from, [Json::Null, delta.clone(), delta, Json::Null]);
}

#[tokio::test]
async fn tonight_is_read_as_often_as_configured() {
    let server = StandIn::start(NOW, |seen: &Seen| match seen.path.as_str() {
        RESERVATIONS => answer(200, &json!({"Reservations": []})),
        _ => simple(seen),
    })
    .await;
    let mut settings = one_token();
    settings.house = house(true, false);
    settings.house.guests_every = TimeDelta::minutes(5);
    let mut source = account(&server, &settings);
    for _ in 0..=10 {
        delivered(poll(&mut source, &server).await);
        server.hand.advance(Duration::from_secs(60));
    }
    assert_eq!(count(&server.paths(), RESERVATIONS), 3);
}
