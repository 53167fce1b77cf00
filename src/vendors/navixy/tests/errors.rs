//! What goes wrong, and what comes all the same.

use std::time::Duration;

use super::*;
use crate::model::attempt::ErrorKind;
use crate::vendors::stand_in::text;

const BATCH: &str = "/tracker/readings/batch_list";

/// A fleet of two where one path answers as told.
async fn with_fault(
    path: &'static str,
    fault: impl Fn() -> Answer + Send + Sync + 'static,
) -> StandIn {
    let serve = move |seen: &Seen| {
        if seen.path == path {
            return fault();
        }
        match seen.path.as_str() {
            "/tracker/list" => answer(200, &list(&[1, 2])),
            "/tracker/get_states" => answer(200, &states(&[1, 2])),
            BATCH => answer(200, &readings_for(seen)),
            _ => nothing_more(seen),
        }
    };
    StandIn::start(NOW, serve).await
}

#[tokio::test]
async fn trap_12_throttling_of_the_address_ends_the_poll_under_any_status_and_passes_retry_after_on()
 {
    for status in [200, 429] {
        let fault = move || refused_under(status, 15).header("retry-after", "17");
        let server = with_fault("/tracker/get_states", fault).await;
        let mut source = with_key(&server);
        let outcome = poll(&mut source, &server).await;
        let error = outcome.error.unwrap();
        assert_eq!(
            (error.kind, error.code.as_deref()),
            (ErrorKind::RateLimited, Some("15"))
        );
        let wait = error.retry_at.unwrap() - server.clock.now();
        assert_eq!(wait.num_seconds(), 17);
        assert_eq!(server.paths(), ["/tracker/list", "/tracker/get_states"]);
        assert_eq!(outcome.delivery.unwrap().facts.len(), 2, "the list came");
    }
}

#[tokio::test]
async fn throttling_in_a_call_that_is_only_nice_to_have_is_told_too() {
    for path in ["/vehicle/list", "/tracker/counter/data/read"] {
        let server = with_fault(path, || refused_under(429, 15)).await;
        let outcome = poll(&mut with_key(&server), &server).await;
        assert_eq!(
            outcome.error.unwrap().kind,
            ErrorKind::RateLimited,
            "{path}"
        );
        assert_eq!(odometers(&outcome.delivery.unwrap()), [1, 2], "{path}");
    }
}

#[tokio::test]
async fn values_that_fail_leave_the_states_standing() {
    for (code, status) in [
        (1, 500),
        (2, 403),
        (5, 400),
        (6, 500),
        (7, 400),
        (8, 503),
        (14, 503),
        (229, 404),
        (26, 500),
    ] {
        let server = with_fault(BATCH, move || refused_under(status, code)).await;
        let outcome = poll(&mut with_key(&server), &server).await;
        let error = outcome.error.unwrap();
        assert_eq!(
            (error.kind, error.code),
            (ErrorKind::Http, Some(code.to_string()))
        );
        let delivery = outcome.delivery.unwrap();
        assert_eq!(
            (delivery.facts.len(), delivery.readings.len()),
            (2, 0),
            "{code}"
        );
        let asked = server.paths().iter().filter(|path| *path == BATCH).count();
        assert_eq!(asked, 1, "{code}: never the same request unchanged");
    }
}

#[tokio::test]
async fn states_that_fail_leave_the_values_standing() {
    let server = with_fault("/tracker/get_states", || refused_under(500, 6)).await;
    let outcome = poll(&mut with_key(&server), &server).await;
    assert_eq!(outcome.error.unwrap().code.as_deref(), Some("6"));
    assert_eq!(odometers(&outcome.delivery.unwrap()), [1, 2]);
}

#[tokio::test]
async fn a_call_that_is_refused_to_us_stops_alone_and_says_so_for_an_hour() {
    for (code, error_shown) in [(11, true), (12, true), (13, true), (101, false)] {
        let server = with_fault(BATCH, move || refused_under(403, code)).await;
        let mut source = with_key(&server);
        let outcome = poll(&mut source, &server).await;
        assert_eq!(outcome.error.is_some(), error_shown, "{code}");
        assert_eq!(outcome.delivery.unwrap().facts.len(), 2);
        server.seen();
        server.hand.advance(Duration::from_secs(60));
        let outcome = poll_again(&mut source, &server).await;
        assert_eq!(outcome.error.is_some(), error_shown, "{code}");
        let delivery = outcome.delivery.unwrap();
        assert!(
            delivery.notes[0].starts_with("counters are not read: "),
            "{:?}",
            delivery.notes
        );
        assert_eq!(server.paths(), ["/tracker/get_states"]);
        server.hand.advance(Duration::from_secs(3600));
        poll_again(&mut source, &server).await;
        assert!(server.paths().contains(&BATCH.to_owned()), "{code}");
    }
}

#[tokio::test]
async fn a_refused_list_of_vehicles_is_passed_over_in_silence() {
    for code in [1, 7, 13, 101, 111, 204, 236] {
        let server = with_fault("/vehicle/list", move || refused(code)).await;
        let mut source = with_key(&server);
        let delivery = delivered(poll(&mut source, &server).await);
        assert_eq!(odometers(&delivery), [1, 2]);
        server.seen();
        server.hand.advance(Duration::from_secs(3 * 3600));
        poll_again(&mut source, &server).await;
        assert!(
            !server.paths().contains(&"/vehicle/list".to_owned()),
            "{code}"
        );
    }
}

#[tokio::test]
async fn a_proxys_page_is_no_answer_of_the_vendor() {
    let cases = [
        (502, ErrorKind::Http),
        (200, ErrorKind::Schema),
        (403, ErrorKind::Auth),
    ];
    for (status, kind) in cases {
        let server = with_fault("/tracker/get_states", move || {
            text(status, "<html>hello</html>")
        })
        .await;
        let error = poll(&mut with_key(&server), &server).await.error.unwrap();
        assert_eq!(
            (error.kind, error.status, error.code),
            (kind, Some(status), None)
        );
    }
}

#[tokio::test]
async fn success_false_is_an_error_also_under_status_200() {
    let server = with_fault("/tracker/list", || {
        answer(
            200,
            &json!({"list": [], "success": false, "status": {"code": 6, "description": "Oops"}}),
        )
    })
    .await;
    let outcome = poll(&mut with_key(&server), &server).await;
    let error = outcome.error.unwrap();
    assert_eq!(
        (error.kind, error.code.as_deref()),
        (ErrorKind::Vendor, Some("6"))
    );
    assert!(error.message.contains("Oops"), "{error}");
}

#[tokio::test]
async fn a_failed_list_does_not_hide_trackers_that_report() {
    let server = with_fault("/tracker/list", || refused_under(500, 1)).await;
    let outcome = poll(&mut with_key(&server), &server).await;
    let delivery = outcome.delivery.unwrap();
    assert!(!delivery.roster, "nobody knows all trackers");
    assert_eq!(odometers(&delivery), [1, 2]);
    assert_eq!(outcome.error.unwrap().code.as_deref(), Some("1"));
}

#[tokio::test]
async fn nothing_comes_of_a_server_that_refuses_everything() {
    let server = StandIn::start(NOW, |_: &Seen| text(500, "")).await;
    let outcome = poll(&mut with_key(&server), &server).await;
    assert_eq!(outcome.delivery, None);
    assert_eq!(outcome.error.unwrap().kind, ErrorKind::Http);
}

#[tokio::test]
async fn our_own_ceiling_ends_the_poll_with_what_came() {
    let server = with_fault("/nothing", || refused(1)).await;
    let settings = Settings {
        credential: Credential::ApiKey(Secret::Literal(KEY.into())),
        trackers: Vec::new(),
        on_board: Vec::new(),
    };
    let mut source = open(
        &server.common("fleet"),
        &settings,
        budget(2),
        server.clock.clone(),
    )
    .unwrap();
    let outcome = poll(&mut source, &server).await;
    assert_eq!(outcome.error.unwrap().kind, ErrorKind::RateLimited);
    assert_eq!(outcome.delivery.unwrap().facts.len(), 2);
}
