//! The normal way: which calls, when, and what they bring.

use std::time::Duration;

use super::*;
use crate::model::Timestamp;
use crate::model::device::DeviceId;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The vendor's own examples.
fn examples(seen: &Seen) -> Answer {
    let body = match seen.path.as_str() {
        "/tracker/list" => json!({"success": true, "list": [
            {"id": 11, "label": "Shuttle 1", "group_id": 0, "clone": false,
             "source": {"id": 901, "device_id": "356307042441013", "model": "telfmb920", "blocked": false}},
            {"id": 12, "label": "Shuttle 2", "group_id": 4, "clone": true,
             "source": {"id": 902, "device_id": "356307042441021", "blocked": true}}]}),
        "/tracker/get_states" => json!({
            "user_time": "2026-03-01T08:15:30-05:00",
            "states": {"11": {"source_id": 901, "gps": {"updated": "2026-03-01T08:15:21-05:00"},
                "connection_status": "active", "movement_status": "moving",
                "last_update": "2026-03-01T08:15:21-05:00", "inputs": [true, false]}},
            "blocked": [12], "not_exist": [], "success": true}),
        "/tracker/readings/batch_list" => json!({"success": true, "result": {"11": {
            "inputs": [{"sensor_id": 71, "name": "passengers_remaining", "value": 17,
                        "update_time": "2026-03-01T08:15:21-05:00"}],
            "states": [],
            "counters": [
                {"type": "odometer", "value": 20854.42, "update_time": "2026-03-01T08:15:21-05:00"},
                {"type": "engine_hours", "value": 612.75, "update_time": "2026-03-01T08:15:02-05:00"}]}}}),
        "/tracker/counter/data/read" => json!({"success": true, "list": [
            {"value": 20790.1, "update_time": "2026-03-01T06:04:55-05:00"},
            {"value": 20854.42, "update_time": "2026-03-01T08:15:21-05:00"}]}),
        "/vehicle/list" => json!({"success": true, "list": [{"tracker_id": 11, "passengers": 32}]}),
        other => panic!("{other}"),
    };
    answer(200, &body)
}

#[tokio::test]
async fn the_examples_of_the_vendor_become_devices_and_readings() {
    let server = StandIn::start(NOW, examples).await;
    let mut source = with_key(&server);
    let delivery = delivered(poll(&mut source, &server).await);

    assert_eq!(
        (delivery.rows, delivery.rejected, delivery.roster),
        (2, 0, true)
    );
    assert_eq!(delivery.notes, Vec::<String>::new());
    let (id, facts) = &delivery.facts[0];
    assert_eq!(
        (id.as_str(), facts.name.as_str()),
        ("fleet/11", "Shuttle 1")
    );
    assert_eq!(
        facts.detail,
        Detail::Tracker {
            connection: Some("active".into()),
            movement: Some("moving".into()),
            ignition: None,
            blocked: false,
            seats: Some(32),
            clone: false,
            last_update: Some(at("2026-03-01T13:15:21Z")),
        }
    );
    let level = |level: Level, time: &str, value: Value| crate::model::reading::Reading {
        device: DeviceId::new("fleet", 11),
        start: at(time),
        span_s: 0,
        item: 0,
        measure: Measure::Level(level, value),
    };
    for expected in [
        level(
            Level::Odometer,
            "2026-03-01T13:15:21Z",
            Value::Real(20854.42),
        ),
        level(
            Level::Odometer,
            "2026-03-01T11:04:55Z",
            Value::Real(20790.1),
        ),
        level(
            Level::EngineHours,
            "2026-03-01T13:15:02Z",
            Value::Real(612.75),
        ),
        level(Level::OnBoard, "2026-03-01T13:15:21Z", Value::Int(17)),
    ] {
        assert!(delivery.readings.contains(&expected), "{expected:?}");
    }
}

#[tokio::test]
async fn a_blocked_tracker_stays_and_is_not_asked_for_values() {
    let server = StandIn::start(NOW, examples).await;
    let mut source = with_key(&server);
    let delivery = delivered(poll(&mut source, &server).await);
    assert_eq!(
        blocked(&delivery),
        [
            ("fleet/11".to_owned(), false),
            ("fleet/12".to_owned(), true)
        ]
    );
    let asked = server.seen();
    let values = asked
        .iter()
        .find(|seen| seen.path == "/tracker/readings/batch_list");
    assert_eq!(
        values.unwrap().body,
        json!({"trackers": [11], "include_components": false})
    );
}

#[tokio::test]
async fn trap_7_a_clone_is_marked_so_that_nobody_adds_it_twice() {
    let server = StandIn::start(NOW, examples).await;
    let mut source = with_key(&server);
    let delivery = delivered(poll(&mut source, &server).await);
    let clones: Vec<_> = delivery
        .facts
        .iter()
        .map(|(_, facts)| matches!(facts.detail, Detail::Tracker { clone: true, .. }))
        .collect();
    assert_eq!(clones, [false, true]);
}

#[tokio::test]
async fn every_request_is_signed_asks_for_offsets_and_uses_the_whole_base_address() {
    let server = StandIn::start(NOW, examples).await;
    let mut source = with_key(&server);
    poll(&mut source, &server).await;
    let seen = server.seen();
    assert!(!seen.is_empty());
    for request in seen {
        assert_eq!(request.headers["authorization"], format!("NVX {KEY}"));
        assert_eq!(request.headers["nvx-iso-datetime"], "true");
        assert_eq!(request.headers["content-type"], "application/json");
        assert!(request.path.starts_with('/'), "{}", request.path);
    }
    let states = source.transport().take_exchanges();
    assert!(states.iter().all(|exchange| !exchange.url.contains(KEY)));
}

#[tokio::test]
async fn the_list_is_read_every_ten_minutes_and_values_only_of_trackers_that_moved() {
    let server = StandIn::start(NOW, examples).await;
    let mut source = with_key(&server);
    let first = [
        "/tracker/list",
        "/tracker/get_states",
        "/tracker/readings/batch_list",
    ];
    poll(&mut source, &server).await;
    assert_eq!(server.paths()[..3], first);
    // An idle fleet costs one call.
    for _ in 0..9 {
        server.hand.advance(Duration::from_secs(60));
        poll(&mut source, &server).await;
        assert_eq!(server.paths(), ["/tracker/get_states"]);
    }
    server.hand.advance(Duration::from_secs(60));
    poll(&mut source, &server).await;
    assert_eq!(server.paths(), ["/tracker/list", "/tracker/get_states"]);
    // Seats are asked for again after an hour.
    server.hand.advance(Duration::from_secs(3600));
    poll(&mut source, &server).await;
    assert!(server.paths().contains(&"/vehicle/list".to_owned()));
}

#[tokio::test]
async fn values_are_asked_for_once_a_minute_at_most() {
    let moving = |seen: &Seen| match seen.path.as_str() {
        "/tracker/list" => answer(200, &list(&[1])),
        "/tracker/get_states" => {
            static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
            let n = COUNT.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            answer(200, &states_at(&[1], &format!("2026-03-01T13:15:{n:02}Z")))
        }
        "/tracker/readings/batch_list" => answer(200, &readings_for(seen)),
        _ => nothing_more(seen),
    };
    let server = StandIn::start(NOW, moving).await;
    let mut source = with_key(&server);
    let mut values = 0;
    for _ in 0..5 {
        poll(&mut source, &server).await;
        let asked = server.paths();
        values += asked
            .iter()
            .filter(|path| path.contains("readings"))
            .count();
        server.hand.advance(Duration::from_secs(29));
    }
    assert_eq!(values, 3, "five polls half a minute apart");
}

#[tokio::test]
async fn a_large_fleet_is_asked_in_chunks_of_a_hundred() {
    let ids: Vec<i64> = (1..=250).collect();
    let large = move |seen: &Seen| match seen.path.as_str() {
        "/tracker/list" => answer(200, &list(&ids)),
        "/tracker/get_states" => answer(200, &states(&ids)),
        "/tracker/readings/batch_list" => answer(200, &readings_for(seen)),
        _ => nothing_more(seen),
    };
    let server = StandIn::start(NOW, large).await;
    let mut source = with_key(&server);
    let delivery = delivered(poll(&mut source, &server).await);
    assert_eq!(odometers(&delivery), (1..=250).collect::<Vec<_>>());
    let seen = server.seen();
    let sizes: Vec<_> = seen
        .iter()
        .filter(|seen| seen.path == "/tracker/readings/batch_list")
        .map(|seen| ids_in(seen).len())
        .collect();
    assert_eq!(sizes, [100, 100, 50]);
    let states = seen
        .iter()
        .find(|seen| seen.path == "/tracker/get_states")
        .unwrap();
    assert_eq!(
        states.body,
        json!({"list_blocked": true, "allow_not_exist": true})
    );
}

#[tokio::test]
async fn over_two_thousand_trackers_are_asked_by_id_in_parts() {
    let ids: Vec<i64> = (1..=2001).collect();
    let huge = move |seen: &Seen| match seen.path.as_str() {
        "/tracker/list" => answer(200, &list(&ids)),
        "/tracker/get_states" => answer(200, &states(&ids_in(seen))),
        _ => answer(200, &json!({"success": true, "result": {}, "list": []})),
    };
    let server = StandIn::start(NOW, huge).await;
    let mut source = with_key(&server);
    delivered(poll(&mut source, &server).await);
    let sizes: Vec<_> = server
        .seen()
        .iter()
        .filter(|seen| seen.path == "/tracker/get_states")
        .map(|seen| ids_in(seen).len())
        .collect();
    assert_eq!(sizes, [2000, 1]);
}

#[tokio::test]
async fn an_older_server_that_wants_ids_gets_them_from_then_on() {
    let older = |seen: &Seen| match seen.path.as_str() {
        "/tracker/list" => answer(200, &list(&[1, 2])),
        "/tracker/get_states" if seen.body.get("trackers").is_none() => refused(7),
        "/tracker/get_states" => answer(200, &states(&ids_in(seen))),
        "/tracker/readings/batch_list" => answer(200, &readings_for(seen)),
        _ => nothing_more(seen),
    };
    let server = StandIn::start(NOW, older).await;
    let mut source = with_key(&server);
    assert_eq!(
        odometers(&delivered(poll(&mut source, &server).await)),
        [1, 2]
    );
    server.seen();
    server.hand.advance(Duration::from_secs(30));
    delivered(poll(&mut source, &server).await);
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].body["trackers"], json!([1, 2]));
}

#[tokio::test]
async fn only_the_configured_trackers_are_watched_and_an_unknown_one_is_named() {
    let all = |seen: &Seen| match seen.path.as_str() {
        "/tracker/list" => answer(200, &list(&[1, 2, 3])),
        "/tracker/get_states" => answer(200, &states(&[1, 2, 3])),
        "/tracker/readings/batch_list" => answer(200, &readings_for(seen)),
        _ => nothing_more(seen),
    };
    let server = StandIn::start(NOW, all).await;
    let key = || Credential::ApiKey(Secret::Literal(KEY.into()));
    let mut source = account(&server, key(), &[2, 3]);
    let delivery = delivered(poll(&mut source, &server).await);
    assert_eq!(odometers(&delivery), [2, 3]);
    assert_eq!(delivery.rows, 2);

    let mut source = account(&server, key(), &[2, 99]);
    let outcome = poll(&mut source, &server).await;
    let error = outcome.error.unwrap();
    assert_eq!(error.kind, crate::model::attempt::ErrorKind::Config);
    assert!(error.message.contains("99"), "{error}");
    assert_eq!(odometers(&outcome.delivery.unwrap()), [2]);
}

#[tokio::test]
async fn an_account_without_trackers_is_no_error() {
    let empty = |seen: &Seen| match seen.path.as_str() {
        "/tracker/list" | "/vehicle/list" => answer(200, &json!({"success": true, "list": []})),
        "/tracker/get_states" => answer(200, &json!({"success": true, "states": {}})),
        other => panic!("{other}"),
    };
    let server = StandIn::start(NOW, empty).await;
    let delivery = delivered(poll(&mut with_key(&server), &server).await);
    assert_eq!((delivery.rows, delivery.facts.len()), (0, 0));
}

#[tokio::test]
async fn trap_10_a_server_without_offsets_is_read_in_the_accounts_zone_asked_for_once() {
    let naive = |seen: &Seen| match seen.path.as_str() {
        "/tracker/list" => answer(200, &list(&[1])),
        "/tracker/get_states" => answer(
            200,
            &json!({"success": true,
            "user_time": "2026-03-01 08:15:30", "states": {"1": {"last_update": "2026-03-01 08:15:21"}}}),
        ),
        "/user/get_info" => answer(
            200,
            &json!({"success": true,
            "user_info": {"id": 501, "time_zone": "America/New_York"}}),
        ),
        "/tracker/readings/batch_list" => answer(
            200,
            &json!({"success": true, "result": {"1": {"counters": [
            {"type": "odometer", "value": 5, "update_time": "2026-03-01 08:15:20"}]}}}),
        ),
        _ => nothing_more(seen),
    };
    let server = StandIn::start(NOW, naive).await;
    let mut source = with_key(&server);
    let delivery = delivered(poll(&mut source, &server).await);
    assert_eq!(delivery.readings[0].start, at("2026-03-01T13:15:20Z"));
    assert_eq!(
        delivery.facts[0].1.timezone,
        Some(chrono_tz::America::New_York)
    );
    assert_eq!(delivery.rejected, 0);
    server.hand.advance(Duration::from_secs(60));
    poll(&mut source, &server).await;
    let asked = server.paths();
    assert_eq!(
        asked
            .iter()
            .filter(|path| *path == "/user/get_info")
            .count(),
        1
    );
}

#[tokio::test]
async fn unknown_status_words_are_noted() {
    let odd = |seen: &Seen| match seen.path.as_str() {
        "/tracker/list" => answer(200, &list(&[1])),
        "/tracker/get_states" => answer(
            200,
            &json!({"success": true, "states":
            {"1": {"connection_status": "telepathic"}}}),
        ),
        "/tracker/readings/batch_list" => answer(200, &readings_for(seen)),
        _ => nothing_more(seen),
    };
    let server = StandIn::start(NOW, odd).await;
    let delivery = delivered(poll(&mut with_key(&server), &server).await);
    assert!(
        delivery
            .notes
            .contains(&"unknown status words: telepathic".to_owned())
    );
}

#[tokio::test]
async fn a_check_makes_three_requests_and_says_what_matched() {
    let server = StandIn::start(NOW, examples).await;
    let mut source = with_key(&server);
    let findings = source.check(&server.ask(MIDNIGHT)).await;
    assert_eq!(
        server.paths(),
        [
            "/tracker/list",
            "/tracker/get_states",
            "/tracker/readings/batch_list"
        ]
    );
    assert!(findings.iter().all(|finding| finding.ok), "{findings:?}");
    let details: Vec<_> = findings
        .iter()
        .flat_map(|finding| &finding.details)
        .collect();
    for expected in [
        "2 trackers, 1 of them blocked",
        "1 trackers report",
        "times carry their offset",
        "odometer of 1",
        "people on board of 1",
    ] {
        assert!(
            details.iter().any(|line| *line == expected),
            "{expected}: {details:?}"
        );
    }
}

#[tokio::test]
async fn a_check_with_a_bad_key_stops_at_the_first_request() {
    let server = StandIn::start(NOW, |_: &Seen| refused(4)).await;
    let findings = with_key(&server).check(&server.ask(MIDNIGHT)).await;
    assert_eq!(server.paths(), ["/tracker/list"]);
    assert!(!findings[0].ok);
    assert!(findings[0].details[0].contains("not known"), "{findings:?}");
}

#[tokio::test]
async fn trap_16_active_is_the_vendors_claim_and_no_proof_of_fresh_values() {
    let stale = |seen: &Seen| match seen.path.as_str() {
        "/tracker/list" => answer(200, &list(&[1])),
        "/tracker/get_states" => answer(200, &states_at(&[1], "2026-02-20T08:00:00Z")),
        "/tracker/readings/batch_list" => answer(
            200,
            &json!({"success": true, "result": {"1": {"counters": [
            {"type": "odometer", "value": 5, "update_time": "2026-02-20T08:00:00Z"}]}}}),
        ),
        _ => nothing_more(seen),
    };
    let server = StandIn::start(NOW, stale).await;
    let delivery = delivered(poll(&mut with_key(&server), &server).await);
    let Detail::Tracker {
        connection,
        last_update,
        ..
    } = &delivery.facts[0].1.detail
    else {
        panic!("not a tracker");
    };
    assert_eq!(connection.as_deref(), Some("active"));
    assert_eq!(*last_update, Some(at("2026-02-20T08:00:00Z")));
    assert_eq!(delivery.readings[0].start, at("2026-02-20T08:00:00Z"));
}

#[tokio::test]
async fn a_check_does_not_fail_where_a_poll_finds_a_way_around() {
    for (code, ok) in [
        (111, true),
        (236, true),
        (217, true),
        (221, true),
        (13, false),
    ] {
        let server = StandIn::start(NOW, move |seen: &Seen| match seen.path.as_str() {
            "/tracker/readings/batch_list" => refused(code),
            _ => examples(seen),
        })
        .await;
        let findings = with_key(&server).check(&server.ask(MIDNIGHT)).await;
        assert_eq!(findings[2].ok, ok, "{code}: {findings:?}");
        assert!(findings[2].details[0].contains(&code.to_string()));
    }
}
