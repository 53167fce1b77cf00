//! The normal way: which calls, when, and what they bring.

use std::time::Duration;

use super::*;
use crate::model::device::{DeviceId, Facts};
use crate::model::reading::{Level, Reading};

const ORDERS: &str = "7d0f4c1a-2b6e-4f0a-8d57-0a3b1c2d3e01";
const CARDS: &str = "1e9b77c4-6a0d-4b0e-9a51-51d7c90e4f02";

/// The vendor's own examples.
fn examples(seen: &Seen) -> Answer {
    match seen.path.as_str() {
        ENTERPRISES => answer(
            200,
            &json!({"Enterprises": [
            {"Id": HOTEL, "Name": "Hotel Example", "ShortName": null, "TimeZoneIdentifier": "Europe/Prague",
             "BusinessDayClosingOffset": "P0Y0M0DT3H0M0S"}], "Cursor": HOTEL}),
        ),
        COUNTERS => answer(
            200,
            &json!({"Counters": [
            {"Id": ORDERS, "EnterpriseId": HOTEL, "Name": "Default", "IsDefault": true, "Value": 25812,
             "Format": null, "Type": "ServiceOrderCounter", "UpdatedUtc": "2026-03-01T08:41:07Z"},
            {"Id": CARDS, "EnterpriseId": HOTEL, "Name": "Registration", "IsDefault": true, "Value": 9034,
             "Format": "R{0:00000}", "Type": "RegistrationCardCounter", "UpdatedUtc": "2026-03-01T08:39:55Z"}],
            "Cursor": CARDS}),
        ),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn the_examples_of_the_vendor_become_devices_and_readings() {
    let server = StandIn::start(NOW, examples).await;
    let mut source = account(&server, &one_token());
    let delivery = delivered(poll(&mut source, &server).await);
    assert_eq!(
        (delivery.rows, delivery.rejected, delivery.roster),
        (2, 0, true)
    );
    assert_eq!(delivery.notes, Vec::<String>::new());
    let facts: std::collections::BTreeMap<_, _> = delivery.facts.iter().cloned().collect();
    assert_eq!(
        facts[&DeviceId::new("hotel", CARDS)],
        Facts {
            name: "Registration".to_owned(),
            timezone: Some(chrono_tz::Europe::Prague),
            detail: Detail::DocumentCounter {
                counter_type: "RegistrationCardCounter".to_owned(),
                format: Some("R{0:00000}".to_owned()),
                enterprise: Some(HOTEL.to_owned()),
                enterprise_name: Some("Hotel Example".to_owned()),
                day_offset_s: 3 * 3600,
                guests_in_house: None,
                rooms_occupied: None,
                rooms: None,
            },
        }
    );
    assert!(delivery.readings.contains(&Reading {
        device: DeviceId::new("hotel", ORDERS),
        start: "2026-03-01T08:41:07Z".parse().unwrap(),
        span_s: 0,
        item: 0,
        measure: Measure::Level(Level::CounterValue, Value::Int(25812)),
    }));
}

#[tokio::test]
async fn trap_13_every_request_carries_its_tokens_in_the_body_and_a_limitation() {
    let server = StandIn::start(NOW, examples).await;
    let mut source = account(&server, &one_token());
    poll(&mut source, &server).await;
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    for request in seen {
        assert_eq!(
            request.body,
            json!({"ClientToken": "CLIENT-TOKEN", "AccessToken": "ACCESS-TOKEN",
                   "Client": "Occupancy Monitor 1.0.0", "Limitation": {"Count": 1000}})
        );
        assert_eq!(request.headers["content-type"], "application/json");
        assert!(!request.headers.contains_key("authorization"));
    }
    let shown = format!("{source:?} {:?}", source.transport().take_exchanges());
    assert!(!shown.contains("-TOKEN"), "{shown}");
}

#[tokio::test]
async fn a_poll_is_one_request_and_hotels_are_asked_for_once_a_day() {
    let server = StandIn::start(NOW, examples).await;
    let mut source = account(&server, &one_token());
    poll(&mut source, &server).await;
    assert_eq!(server.paths(), [ENTERPRISES, COUNTERS]);
    for _ in 0..3 {
        server.hand.advance(Duration::from_secs(60));
        delivered(poll(&mut source, &server).await);
        assert_eq!(server.paths(), [COUNTERS]);
    }
    server.hand.advance(Duration::from_secs(86_400));
    poll(&mut source, &server).await;
    assert_eq!(server.paths(), [ENTERPRISES, COUNTERS]);
}

#[tokio::test]
async fn an_empty_answer_without_a_body_is_an_empty_page() {
    let empty = |_: &Seen| crate::vendors::stand_in::text(204, "");
    let server = StandIn::start(NOW, empty).await;
    let delivery = delivered(poll(&mut account(&server, &one_token()), &server).await);
    assert_eq!((delivery.rows, delivery.facts.len()), (0, 0));
}

#[tokio::test]
async fn trap_8_a_value_that_falls_is_a_reading_like_any_other() {
    let falling = |seen: &Seen| {
        static VALUE: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(25_812);
        if seen.path == ENTERPRISES {
            return enterprises(&[]);
        }
        counters(&[counter(
            "a",
            HOTEL,
            VALUE.swap(1, std::sync::atomic::Ordering::SeqCst),
        )])
    };
    let server = StandIn::start(NOW, falling).await;
    let mut source = account(&server, &one_token());
    for expected in [25_812, 1] {
        let delivery = delivered(poll(&mut source, &server).await);
        assert_eq!(values(&delivery), [("a".to_owned(), expected)]);
        server.hand.advance(Duration::from_secs(60));
    }
}

#[tokio::test]
async fn a_counter_without_a_stamp_is_as_old_as_its_value() {
    let stampless = |seen: &Seen| match seen.path.as_str() {
        ENTERPRISES => enterprises(&[]),
        _ => answer(200, &json!({"Counters": [{"Id": "a", "Value": 5}]}))
            .header("date", "Sun, 01 Mar 2026 09:00:10 GMT"),
    };
    let server = StandIn::start(NOW, stampless).await;
    let mut source = account(&server, &one_token());
    let mut stamps = Vec::new();
    for _ in 0..2 {
        stamps.push(
            delivered(poll(&mut source, &server).await).readings[0]
                .start
                .to_rfc3339(),
        );
        server.hand.advance(Duration::from_secs(60));
    }
    assert_eq!(
        stamps,
        ["2026-03-01T09:00:10+00:00", "2026-03-01T09:00:10+00:00"]
    );
}

#[tokio::test]
async fn a_stamp_from_the_future_is_none() {
    let ahead = |seen: &Seen| {
        if seen.path == ENTERPRISES {
            return enterprises(&[enterprise(HOTEL, "Hotel")]);
        }
        let mut row = counter("a", HOTEL, 5);
        row["UpdatedUtc"] = json!("2026-03-02T05:00:00Z");
        counters(&[row])
    };
    let server = StandIn::start(NOW, ahead).await;
    let mut source = account(&server, &one_token());
    for _ in 0..2 {
        let delivery = delivered(poll(&mut source, &server).await);
        let start = delivery.readings[0].start.to_rfc3339();
        assert_eq!(start, "2026-03-01T09:00:00+00:00", "its first sight");
        assert_eq!((delivery.rows, delivery.rejected), (1, 0));
        server.hand.advance(Duration::from_secs(60));
    }
}

#[tokio::test]
async fn trap_15_the_shared_demo_jumps_and_has_odd_names() {
    let polls = std::sync::atomic::AtomicUsize::new(0);
    let demo = move |seen: &Seen| {
        if seen.path == ENTERPRISES {
            return enterprises(&[enterprise(
                HOTEL,
                "\u{1b}[2J>>> TEST <<< \u{202e}\u{1f3e8}\n",
            )]);
        }
        let turn = polls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let row = |id: &str, name: &str, value: i64| {
            let mut row = counter(id, HOTEL, value);
            row["Name"] = json!(name);
            row["UpdatedUtc"] = json!(format!("2026-03-01T08:4{turn}:00Z"));
            row
        };
        let value = [25_812, -7, i64::MAX][turn];
        let mut list = vec![row("a", "", value), row("b", " \t ", -value)];
        // Another integrator has set up one more, and then removed it.
        list.extend((turn == 1).then(|| row("c", &"x".repeat(5000), 1)));
        counters(&list)
    };
    let server = StandIn::start(NOW, demo).await;
    let mut source = account(&server, &one_token());
    for (value, devices) in [(25_812, 2), (-7, 3), (i64::MAX, 2)] {
        let delivery = delivered(poll(&mut source, &server).await);
        assert_eq!(
            values(&delivery)[..2],
            [("a".into(), value), ("b".into(), -value)]
        );
        assert_eq!(delivery.facts.len(), devices);
        assert!(delivery.roster && delivery.rejected == 0);
        for (_, facts) in &delivery.facts {
            let Detail::DocumentCounter {
                enterprise_name, ..
            } = &facts.detail
            else {
                panic!("not a counter");
            };
            let shown = format!("{}{}", facts.name, enterprise_name.as_deref().unwrap());
            assert!(
                !facts.name.is_empty() && !shown.contains(char::is_control),
                "{shown:?}"
            );
        }
        server.hand.advance(Duration::from_secs(60));
    }
}

#[tokio::test]
async fn only_the_configured_enterprises_are_read() {
    let two = |seen: &Seen| match seen.path.as_str() {
        ENTERPRISES => enterprises(&[enterprise(HOTEL, "One"), enterprise("other", "Two")]),
        // It ignores the filter.
        _ => counters(&[counter("a", HOTEL, 1), counter("b", "other", 2)]),
    };
    let server = StandIn::start(NOW, two).await;
    let mut settings = one_token();
    settings.enterprises = vec![HOTEL.to_uppercase()];
    let delivery = delivered(poll(&mut account(&server, &settings), &server).await);
    assert_eq!(values(&delivery), [("a".to_owned(), 1)]);
    assert_eq!((delivery.facts.len(), delivery.rows), (1, 1));
    let asked = server.seen().pop().unwrap();
    assert_eq!(asked.body["EnterpriseIds"], json!([HOTEL]));
}

#[tokio::test]
async fn an_enterprise_that_no_token_sees_is_named() {
    let server = StandIn::start(NOW, simple).await;
    let mut settings = one_token();
    settings.enterprises = vec![HOTEL.to_owned(), "nowhere".to_owned()];
    let outcome = poll(&mut account(&server, &settings), &server).await;
    let error = outcome.error.unwrap();
    assert_eq!(error.kind, crate::model::attempt::ErrorKind::Config);
    assert!(
        error.message.contains("nowhere") && !error.message.contains(HOTEL),
        "{error}"
    );
    assert_eq!(values(&outcome.delivery.unwrap()), [("a".to_owned(), 5)]);
}

#[tokio::test]
async fn a_check_says_what_each_token_sees() {
    let server = StandIn::start(NOW, examples).await;
    let mut source = account(&server, &settings(&[(Some("Prague"), "ACCESS-TOKEN")]));
    let findings = source.check(&server.ask(MIDNIGHT)).await;
    assert_eq!(server.paths(), [ENTERPRISES, COUNTERS]);
    assert!(findings.iter().all(|finding| finding.ok), "{findings:?}");
    assert_eq!(findings[0].what, "hotels of Prague");
    assert_eq!(findings[0].details, ["Hotel Example"]);
    assert_eq!(
        findings[1].details,
        [
            "1 of type RegistrationCardCounter",
            "1 of type ServiceOrderCounter",
            "fields: Id, Value, EnterpriseId, Name, Type, IsDefault, UpdatedUtc; not there: Format"
        ]
    );
}

#[tokio::test]
async fn a_check_with_a_bad_token_fails_and_shows_no_token() {
    let server = StandIn::start(NOW, |_: &Seen| {
        failure(401, "Invalid AccessToken ACCESS-TOKEN.")
    })
    .await;
    let findings = account(&server, &one_token())
        .check(&server.ask(MIDNIGHT))
        .await;
    assert!(findings.iter().all(|finding| !finding.ok));
    let shown = format!("{findings:?}");
    assert!(
        shown.contains("401") && !shown.contains("ACCESS-TOKEN"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_check_does_not_blame_a_token_for_a_right_that_can_be_done_without() {
    let server = StandIn::start(NOW, |seen: &Seen| match seen.path.as_str() {
        "/api/connector/v1/counters/getAll" => answer(200, &json!({"Counters": []})),
        _ => failure(401, "No right."),
    })
    .await;
    let findings = account(&server, &one_token())
        .check(&server.ask(MIDNIGHT))
        .await;
    assert!(findings.iter().all(|finding| finding.ok), "{findings:?}");
    assert!(findings[0].details[0].contains("401"), "{findings:?}");
}
