//! Guests in house and rooms tonight: optional, and never worth a failed poll.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use super::*;
use crate::model::attempt::ErrorKind;

fn both() -> Settings {
    Settings {
        house: house(true, true),
        ..one_token()
    }
}

/// A hotel that tells everything.
fn open_house(seen: &Seen) -> Answer {
    match seen.path.as_str() {
        RESERVATIONS => answer(
            200,
            &json!({"Reservations": [
            {"Id": "r1", "State": "Started", "Number": "1207", "AssignedResourceId": "101", "PersonCounts": [{"AgeCategoryId": "x", "Count": 2}]},
            {"Id": "r2", "State": "Started", "AssignedResourceId": "102", "PersonCounts": [{"Count": 1}, {"Count": 1}]}], "Cursor": "r2"}),
        ),
        SERVICES => answer(
            200,
            &json!({"Services": [
            {"Id": "stay", "EnterpriseId": HOTEL, "IsActive": true,
             "Data": {"Discriminator": "Bookable", "Value": {"TimeUnitPeriod": "Day"}}},
            {"Id": "garage", "EnterpriseId": HOTEL, "IsActive": true,
             "Data": {"Discriminator": "Bookable", "Value": {"TimeUnitPeriod": "Day"}}}], "Cursor": null}),
        ),
        AVAILABILITY => {
            let usable = if seen.body["ServiceId"] == "stay" {
                58
            } else {
                20
            };
            answer(
                200,
                &json!({"TimeUnitStartsUtc": ["2026-02-28T23:00:00Z"], "ResourceCategoryAvailabilities": [
                {"ResourceCategoryId": "c", "Metrics": {"UsableResources": [usable]}}]}),
            )
        }
        _ => simple(seen),
    }
}

#[tokio::test]
async fn a_check_tries_each_figure_once() {
    let server = StandIn::start(NOW, open_house).await;
    let findings = account(&server, &both()).check(&server.ask(MIDNIGHT)).await;
    let told = |place: usize| (&*findings[place].what, &*findings[place].details[0]);
    let inside = "Hotel Example: 4 people, 2 rooms occupied";
    assert_eq!(told(2), ("guests in house of token 1", inside));
    let rooms = "Hotel Example: 58 can be used tonight";
    assert_eq!(told(3), ("rooms of token 1", rooms));
    assert_eq!(
        server.paths()[2..],
        [RESERVATIONS, SERVICES, AVAILABILITY],
        "of the first service only"
    );
}

#[tokio::test]
async fn a_check_does_not_fail_for_a_figure_that_is_refused() {
    let server = StandIn::start(NOW, simple).await;
    let findings = account(&server, &both()).check(&server.ask(MIDNIGHT)).await;
    assert_eq!(findings.len(), 4);
    assert!(findings.iter().all(|finding| finding.ok), "{findings:?}");
    for finding in &findings[2..] {
        let said = &finding.details[0];
        assert!(
            said.starts_with("not read, counters work without it: ") && said.contains("No right."),
            "{said}"
        );
    }
}

#[tokio::test]
async fn both_reads_are_off_by_default() {
    let server = StandIn::start(NOW, open_house).await;
    let delivery = delivered(poll(&mut account(&server, &one_token()), &server).await);
    assert_eq!(tonight(&delivery), [(None, None)]);
    assert_eq!(server.paths(), [ENTERPRISES, COUNTERS]);
}

#[tokio::test]
async fn guests_and_rooms_are_counted_without_anything_personal() {
    let server = StandIn::start(NOW, open_house).await;
    let mut source = account(&server, &both());
    let delivery = delivered(poll(&mut source, &server).await);
    assert_eq!(tonight(&delivery), [(Some(4), Some(58))]);
    let seen = server.seen();
    let asked = |path: &str| {
        seen.iter()
            .find(|seen| seen.path == path)
            .unwrap()
            .body
            .clone()
    };
    let reservations = asked(RESERVATIONS);
    assert_eq!(reservations["States"], json!(["Started"]));
    assert_eq!(reservations["EnterpriseIds"], json!([HOTEL]));
    assert!(reservations.get("Extent").is_none());
    // The start of the hotel's night in UTC.
    assert_eq!(
        asked(AVAILABILITY)["FirstTimeUnitStartUtc"],
        "2026-02-28T23:00:00Z"
    );
    assert_eq!(asked(AVAILABILITY)["Metrics"], json!(["UsableResources"]));
}

#[tokio::test]
async fn guests_that_are_not_told_are_unknown_and_a_note_says_why() {
    let cases = [
        (
            json!({"Id": "r", "AssignedResourceId": "101", "PersonCounts": null}),
            "people not known (reservations that do not say how many: 1)",
        ),
        (
            json!({"State": "Started"}),
            "not known (reservations that cannot be read: 1)",
        ),
    ];
    for (odd, why) in cases {
        let server = StandIn::start(NOW, move |seen: &Seen| match seen.path.as_str() {
            RESERVATIONS => answer(200, &json!({ "Reservations": [odd] })),
            _ => open_house(seen),
        })
        .await;
        let delivery = delivered(poll(&mut account(&server, &both()), &server).await);
        assert_eq!(tonight(&delivery), [(None, Some(58))], "none is not zero");
        let note = format!("guests in house of Hotel Example: {why}");
        assert_eq!(delivery.notes, [note]);
    }
}

#[tokio::test]
async fn rooms_with_guests_are_counted_each_once_or_are_unknown() {
    let room = |id: &str, room: Json| json!({"Id": id, "State": "Started", "AssignedResourceId": room, "PersonCounts": [{"Count": 2}]});
    let cases = [
        (json!("102"), Some(2), None),
        (json!("101"), Some(1), None),
        (
            json!(null),
            None,
            Some("occupied rooms not known (reservations without a room: 1)"),
        ),
    ];
    for (second, expected, why) in cases {
        let list = json!({"Reservations": [room("r1", json!("101")), room("r2", second)]});
        let server = StandIn::start(NOW, move |seen: &Seen| match seen.path.as_str() {
            RESERVATIONS => answer(200, &list),
            _ => open_house(seen),
        })
        .await;
        let delivery = delivered(poll(&mut account(&server, &both()), &server).await);
        assert_eq!(tonight(&delivery), [(Some(4), Some(58))]);
        assert_eq!(occupied(&delivery), [expected]);
        let why = why.map(|why| format!("guests in house of Hotel Example: {why}"));
        assert_eq!(delivery.notes, Vec::from_iter(why));
    }
}

#[tokio::test]
async fn each_figure_has_its_own_pace() {
    let server = StandIn::start(NOW, open_house).await;
    let mut source = account(&server, &both());
    let mut asked = Vec::new();
    for _ in 0..=60 {
        delivered(poll(&mut source, &server).await);
        asked.extend(server.paths());
        server.hand.advance(Duration::from_secs(60));
    }
    assert_eq!(count(&asked, RESERVATIONS), 31, "every other minute");
    assert_eq!(count(&asked, AVAILABILITY), 4, "two services, hourly");
    assert_eq!(count(&asked, SERVICES), 1, "daily");
}

#[tokio::test]
async fn a_missing_right_switches_a_figure_off_for_a_day_and_the_rest_goes_on() {
    for status in [401, 404, 410] {
        let refused = Arc::new(AtomicBool::new(true));
        let still = refused.clone();
        let server = StandIn::start(NOW, move |seen: &Seen| match seen.path.as_str() {
            RESERVATIONS if still.load(SeqCst) => failure(status, "No right."),
            _ => open_house(seen),
        })
        .await;
        let mut source = account(&server, &both());
        for _ in 0..3 {
            let delivery = delivered(poll(&mut source, &server).await);
            assert_eq!(tonight(&delivery), [(None, Some(58))], "{status}");
            let note = &delivery.notes[0];
            assert!(
                note.starts_with("guests in house switched off: ") && note.contains("No right."),
                "{note}"
            );
            server.hand.advance(Duration::from_secs(600));
        }
        assert_eq!(count(&server.paths(), RESERVATIONS), 1, "{status}");
        server.hand.advance(Duration::from_secs(86_400));
        poll(&mut source, &server).await;
        assert_eq!(count(&server.paths(), RESERVATIONS), 1, "daily: {status}");
        refused.store(false, SeqCst);
        server.hand.advance(Duration::from_secs(86_400));
        let delivery = delivered(poll(&mut source, &server).await);
        assert_eq!(tonight(&delivery), [(Some(4), Some(58))], "{status}");
        assert_eq!(delivery.notes, Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_is_refused_of_one_hotel_is_read_of_the_others() {
    for (status, again_s) in [(400, 86_400), (403, 300)] {
        let server = StandIn::start(NOW, move |seen: &Seen| match seen.path.as_str() {
            ENTERPRISES => enterprises(&[enterprise("h1", "One"), enterprise("h2", "Two")]),
            COUNTERS => counters(&[counter("a", "h1", 1), counter("b", "h2", 2)]),
            RESERVATIONS if seen.body["EnterpriseIds"] == json!(["h1"]) => {
                failure(status, "Not this one.")
            }
            _ => open_house(seen),
        })
        .await;
        let guests = Settings {
            house: house(true, false),
            ..one_token()
        };
        let mut source = account(&server, &guests);
        for asked in [2, 1] {
            let delivery = delivered(poll(&mut source, &server).await);
            assert_eq!(tonight(&delivery), [(None, None), (Some(4), None)]);
            assert_eq!(delivery.notes.len(), 1, "{:?}", delivery.notes);
            let note = &delivery.notes[0];
            assert!(
                note.starts_with("guests in house of One: ") && note.contains("Not this one."),
                "{note}"
            );
            assert_eq!(count(&server.paths(), RESERVATIONS), asked, "{status}");
            server.hand.advance(Duration::from_secs(120));
        }
        server
            .hand
            .advance(Duration::from_secs(again_s - 2 * 120 - 10));
        poll(&mut source, &server).await;
        assert_eq!(count(&server.paths(), RESERVATIONS), 1, "{status}");
        server.hand.advance(Duration::from_secs(60));
        poll(&mut source, &server).await;
        assert_eq!(count(&server.paths(), RESERVATIONS), 1, "again: {status}");
    }
}

#[tokio::test]
async fn many_gaps_are_counted_and_not_told_one_by_one() {
    let ids: Vec<String> = (1..=6).map(|n| format!("h{n}")).collect();
    let server = StandIn::start(NOW, move |seen: &Seen| match seen.path.as_str() {
        ENTERPRISES => enterprises(&ids.iter().map(|id| enterprise(id, id)).collect::<Vec<_>>()),
        COUNTERS => counters(&[counter("a", "h1", 1)]),
        _ => failure(403, "Closed."),
    })
    .await;
    let guests = Settings {
        house: house(true, false),
        ..one_token()
    };
    let delivery = delivered(poll(&mut account(&server, &guests), &server).await);
    assert_eq!(delivery.notes.len(), 4, "{:?}", delivery.notes);
    assert_eq!(
        delivery.notes[3],
        "guests in house of 3 more hotels: not known"
    );
}

#[tokio::test]
async fn refused_services_switch_rooms_off() {
    for path in [SERVICES, AVAILABILITY] {
        let server = StandIn::start(NOW, move |seen: &Seen| {
            if seen.path == path {
                failure(401, "No right.")
            } else {
                open_house(seen)
            }
        })
        .await;
        let delivery = delivered(poll(&mut account(&server, &both()), &server).await);
        assert_eq!(tonight(&delivery), [(Some(4), None)], "{path}");
        assert!(
            delivery.notes[0].starts_with("rooms switched off: "),
            "{:?}",
            delivery.notes
        );
    }
}

#[tokio::test]
async fn a_fault_keeps_the_last_figure_until_it_is_old() {
    let broken = Arc::new(AtomicBool::new(false));
    let turned = broken.clone();
    let server = StandIn::start(NOW, move |seen: &Seen| {
        if seen.path == RESERVATIONS && turned.load(SeqCst) {
            return failure(500, "Oops.");
        }
        open_house(seen)
    })
    .await;
    let mut source = account(&server, &both());
    poll(&mut source, &server).await;
    broken.store(true, SeqCst);
    let mut known = Vec::new();
    for _ in 0..12 {
        server.hand.advance(Duration::from_secs(60));
        known.push(tonight(&delivered(poll(&mut source, &server).await))[0].0);
    }
    assert_eq!(known[0], Some(4));
    assert_eq!(known[11], None, "unknown is not four");
    // It comes back by itself.
    broken.store(false, SeqCst);
    server.hand.advance(Duration::from_secs(120));
    assert_eq!(
        tonight(&delivered(poll(&mut source, &server).await))[0].0,
        Some(4)
    );
}

#[tokio::test]
async fn too_many_requests_in_an_optional_read_pauses_the_token() {
    let server = StandIn::start(NOW, |seen: &Seen| match seen.path.as_str() {
        RESERVATIONS => failure(429, "Too many requests.").header("retry-after", "17"),
        _ => open_house(seen),
    })
    .await;
    let mut source = account(&server, &both());
    let outcome = poll(&mut source, &server).await;
    assert_eq!(outcome.error.unwrap().kind, ErrorKind::RateLimited);
    assert_eq!(values(&outcome.delivery.unwrap()), [("a".to_owned(), 5)]);
    server.seen();
    poll(&mut source, &server).await;
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn many_hotels_have_their_turn() {
    let ids: Vec<String> = (10..35).map(|n| format!("h{n}")).collect();
    let all = ids.clone();
    let server = StandIn::start(NOW, move |seen: &Seen| match seen.path.as_str() {
        ENTERPRISES => enterprises(&all.iter().map(|id| enterprise(id, id)).collect::<Vec<_>>()),
        COUNTERS => counters(
            &all.iter()
                .map(|id| counter(&format!("c-{id}"), id, 1))
                .collect::<Vec<_>>(),
        ),
        _ => open_house(seen),
    })
    .await;
    let guests = Settings {
        house: house(true, false),
        ..one_token()
    };
    let mut source = account(&server, &guests);
    let mut known = Vec::new();
    for _ in 0..3 {
        let delivery = delivered(poll(&mut source, &server).await);
        known.push(
            tonight(&delivery)
                .iter()
                .filter(|(guests, _)| guests.is_some())
                .count(),
        );
        server.hand.advance(Duration::from_secs(60));
    }
    assert_eq!(known, [10, 20, 25]);
}
