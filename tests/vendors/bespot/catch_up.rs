//! What is read again, and what an outage has left to read.

use occtop::model::device::{Detail, DeviceId, Facts};

use super::*;

/// 200 stores in history: a page has room for 45 minutes of them.
fn chain(now: &str, horizon: &str) -> Ask {
    let facts = Facts {
        name: String::new(),
        timezone: None,
        detail: Detail::PeopleCounter {
            interval_s: Some(60),
            group: None,
        },
    };
    let store = |number: u32| (DeviceId::new("opap", number), facts.clone());
    Ask {
        known: (0..200).map(store).collect(),
        ..ask(now, Some(horizon))
    }
}

fn notes(outcome: &Outcome) -> &[String] {
    &outcome.delivery.as_ref().unwrap().notes
}

/// The windows in which visits were asked for, in minutes before `now`.
fn windows(rig: &Rig, now: &str) -> Vec<(i64, i64)> {
    let ago = |stamp: &str| (at(now) - at(stamp)).num_minutes();
    let seen = rig.server.take();
    let visits = seen.iter().filter(|seen| seen.path == VISITS);
    visits
        .map(|seen| {
            (
                ago(seen.param("datetime_gte")),
                ago(seen.param("datetime_lte")),
            )
        })
        .collect()
}

#[tokio::test]
async fn an_outage_is_read_behind_the_live_window_in_pages() {
    let now = "2026-03-02T20:00:00Z";
    let mut rig = Rig::with(tenant()).await;
    rig.clock.set(at(now));
    let outcome = rig.source.poll(&chain(now, "2026-03-02T10:00:00Z")).await;
    assert_eq!(outcome.error, None);
    let expected = [
        (60, 0),
        (105, 60),
        (150, 105),
        (195, 150),
        (240, 195),
        (285, 240),
        (330, 285),
    ];
    assert_eq!(windows(&rig, now), expected);
    assert_eq!(notes(&outcome), ["catching up: 5 of 10 hours"]);
    let delivery = outcome.delivery.unwrap();
    assert_eq!(
        delivery.complete_from,
        Some(at(now) - TimeDelta::minutes(330))
    );

    // The rest comes with the next poll, also in another process.
    let later = "2026-03-02T20:15:00Z";
    let mut rig = Rig::with(tenant()).await;
    rig.source.resume(delivery.memory);
    rig.clock.set(at(later));
    let outcome = rig.source.poll(&chain(later, now)).await;
    let expected = [
        (45, 0),
        (390, 345),
        (435, 390),
        (480, 435),
        (525, 480),
        (570, 525),
        (615, 570),
    ];
    assert_eq!(windows(&rig, later), expected);
    assert_eq!(notes(&outcome), ["catching up: 9 of 10 hours"]);
    let outcome = rig.source.poll(&chain(later, now)).await;
    assert_eq!(windows(&rig, later), [(45, 0), (645, 615)]);
    assert!(notes(&outcome).is_empty());
}

#[tokio::test]
async fn a_piece_that_fails_is_asked_again_and_the_live_window_counts() {
    let now = "2026-03-02T20:00:00Z";
    let answer = tenant();
    let mut rig = Rig::new(
        |_| {},
        move |seen, before| match &*seen.path {
            VISITS if seen.param("datetime_lte") != now && before == 3 => {
                Answer::text(502, "text/html", "<h1>Bad gateway</h1>")
            }
            _ => answer.answer(seen),
        },
    )
    .await;
    rig.clock.set(at(now));
    let ask = chain(now, "2026-03-02T18:00:00Z");
    let outcome = rig.source.poll(&ask).await;
    assert_eq!(outcome.error.as_ref().unwrap().status, Some(502));
    let delivery = outcome.delivery.as_ref().unwrap();
    assert_eq!(
        delivery.complete_from,
        Some(at(now) - TimeDelta::minutes(60))
    );
    assert_eq!(windows(&rig, now), [(60, 0), (105, 60)]);
    let outcome = rig.source.poll(&chain(now, now)).await;
    assert_eq!(outcome.error, None);
    assert_eq!(windows(&rig, now), [(30, 0), (150, 60)]);
}

#[tokio::test]
async fn the_nightly_second_look_is_not_forgotten_by_a_restart() {
    let mut rig = Rig::with(tenant()).await;
    let evening = rig
        .poll("2026-03-02T20:00:00Z", Some("2026-03-02T19:45:00Z"))
        .await;
    let memory = evening.delivery.unwrap().memory;
    let now = "2026-03-03T03:33:00Z";
    let mut rig = Rig::with(tenant()).await;
    rig.source.resume(memory);
    rig.poll(now, Some("2026-03-03T03:30:00Z")).await;
    assert_eq!(windows(&rig, now), [(24 * 60, 0)]);
}

#[tokio::test]
async fn a_log_in_that_fails_is_not_tried_again_for_the_other_list() {
    let mut rig = Rig::new(|_| {}, |_, _| Answer::text(500, "text/plain", "oops")).await;
    let error = rig.first().await.error.unwrap();
    assert!(error.message.starts_with("log-in: "), "{error}");
    assert_eq!(rig.paths(), [TOKEN_PATH]);
}
