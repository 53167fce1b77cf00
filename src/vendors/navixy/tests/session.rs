//! Log-ins: one for each failure, then a pause; the hash stays in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use super::*;
use crate::model::attempt::ErrorKind;

/// A server that knows the `valid`th hash only and gives the next one at each log-in.
fn sessions(valid: Arc<AtomicU32>, log_ins: Arc<AtomicU32>) -> impl Fn(&Seen) -> Answer {
    move |seen: &Seen| {
        if seen.path == "/user/auth" {
            assert!(!seen.headers.contains_key("authorization"));
            assert_eq!(
                seen.body,
                json!({"login": "ops@example.org", "password": "correct horse"})
            );
            let n = log_ins.fetch_add(1, SeqCst) + 1;
            return answer(
                200,
                &json!({"success": true, "type": "authenticated", "hash": format!("hash{n:028}")}),
            );
        }
        let hash = format!("NVX hash{:028}", valid.load(SeqCst));
        if seen.headers["authorization"] != hash.as_str() {
            return refused(4);
        }
        match seen.path.as_str() {
            "/tracker/list" => answer(200, &list(&[1])),
            "/tracker/get_states" => answer(200, &states(&[1])),
            "/tracker/readings/batch_list" => answer(200, &readings_for(seen)),
            _ => nothing_more(seen),
        }
    }
}

fn log_ins(paths: &[String]) -> usize {
    paths.iter().filter(|path| *path == "/user/auth").count()
}

#[tokio::test]
async fn the_hash_is_kept_across_polls_and_renewed_once_when_it_ends() {
    let (valid, count) = (Arc::new(AtomicU32::new(1)), Arc::new(AtomicU32::new(0)));
    let server = StandIn::start(NOW, sessions(valid.clone(), count)).await;
    let mut source = with_login(&server);
    delivered(poll(&mut source, &server).await);
    assert_eq!(log_ins(&server.paths()), 1);
    server.hand.advance(Duration::from_secs(60));
    delivered(poll_again(&mut source, &server).await);
    assert_eq!(log_ins(&server.paths()), 0);
    // The session dies on the server.
    valid.store(2, SeqCst);
    server.hand.advance(Duration::from_secs(60));
    delivered(poll_again(&mut source, &server).await);
    assert_eq!(
        server.paths(),
        ["/tracker/get_states", "/user/auth", "/tracker/get_states"]
    );
}

#[tokio::test]
async fn trap_13_a_session_that_is_refused_at_once_is_not_a_log_in_loop() {
    let (valid, count) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let server = StandIn::start(NOW, sessions(valid.clone(), count)).await;
    let mut source = with_login(&server);
    for _ in 0..4 {
        let error = poll(&mut source, &server).await.error.unwrap();
        assert_eq!(
            (error.kind, error.code.as_deref()),
            (ErrorKind::Auth, Some("4"))
        );
        server.hand.advance(Duration::from_secs(60));
    }
    assert_eq!(log_ins(&server.paths()), 2, "one, and one renewal");
    valid.store(3, SeqCst);
    server.hand.advance(Duration::from_secs(300));
    delivered(poll(&mut source, &server).await);
}

#[tokio::test]
async fn a_session_that_ends_in_the_poll_that_began_it_is_renewed_once() {
    let (valid, count) = (Arc::new(AtomicU32::new(2)), Arc::new(AtomicU32::new(0)));
    let server = StandIn::start(NOW, sessions(valid, count)).await;
    let mut source = with_login(&server);
    let delivery = delivered(poll(&mut source, &server).await);
    assert_eq!(odometers(&delivery), [1]);
    assert_eq!(
        server.paths()[..4],
        ["/user/auth", "/tracker/list", "/user/auth", "/tracker/list"]
    );
}

#[tokio::test]
async fn trap_13_a_log_in_that_fails_for_any_reason_is_not_tried_again_in_the_same_poll() {
    for (status, code) in [(500, 1), (503, 14), (403, 2), (400, 7), (404, 999)] {
        let server = StandIn::start(NOW, move |_: &Seen| refused_under(status, code)).await;
        let outcome = poll(&mut with_login(&server), &server).await;
        assert_eq!(outcome.error.unwrap().code, Some(code.to_string()));
        assert_eq!(server.paths(), ["/user/auth"], "{code}");
    }
}

#[tokio::test]
async fn a_refused_log_in_pauses_and_says_the_vendors_code() {
    for code in [11, 102, 103, 104, 105, 275] {
        let server = StandIn::start(NOW, move |_: &Seen| refused(code)).await;
        let mut source = with_login(&server);
        for _ in 0..3 {
            let outcome = poll(&mut source, &server).await;
            let error = outcome.error.unwrap();
            assert_eq!(
                (error.kind, error.code),
                (ErrorKind::Auth, Some(code.to_string()))
            );
            assert_eq!(outcome.delivery, None);
            server.hand.advance(Duration::from_secs(60));
        }
        assert_eq!(server.paths(), ["/user/auth"], "{code}");
        server.hand.advance(Duration::from_secs(300));
        poll(&mut source, &server).await;
        assert_eq!(server.paths(), ["/user/auth"], "{code}");
    }
}

#[tokio::test]
async fn a_second_factor_stops_the_account_for_good_and_says_so() {
    let factor = |_: &Seen| {
        answer(
            200,
            &json!({"success": true, "type": "second_factor_required",
                            "factor_type": "email", "hash": "ffffffffffffffffffffffffffffffff"}),
        )
    };
    let server = StandIn::start(NOW, factor).await;
    let mut source = with_login(&server);
    for _ in 0..3 {
        let error = poll(&mut source, &server).await.error.unwrap();
        assert_eq!(error.kind, ErrorKind::Auth);
        assert!(error.message.contains("second factor"), "{error}");
        server.hand.advance(Duration::from_secs(24 * 3600));
    }
    assert_eq!(
        server.paths(),
        ["/user/auth"],
        "each attempt would send the user a code"
    );
}

#[tokio::test]
async fn a_log_in_that_fails_on_the_way_is_tried_in_the_next_poll() {
    let failures = AtomicU32::new(0);
    let flaky = move |seen: &Seen| {
        if failures.fetch_add(1, SeqCst) == 0 {
            return crate::vendors::stand_in::text(503, "<html>busy</html>");
        }
        match seen.path.as_str() {
            "/user/auth" => answer(200, &json!({"success": true, "hash": "h".repeat(32)})),
            "/tracker/list" => answer(200, &list(&[])),
            _ => answer(200, &json!({"success": true, "states": {}, "list": []})),
        }
    };
    let server = StandIn::start(NOW, flaky).await;
    let mut source = with_login(&server);
    let error = poll(&mut source, &server).await.error.unwrap();
    assert_eq!((error.kind, error.status), (ErrorKind::Http, Some(503)));
    delivered(poll(&mut source, &server).await);
}

#[tokio::test]
async fn trap_11_a_refused_api_key_is_never_logged_in_with() {
    for code in [3, 4] {
        let server = StandIn::start(NOW, move |_: &Seen| refused(code)).await;
        let error = poll(&mut with_key(&server), &server).await.error.unwrap();
        assert_eq!(
            (error.kind, error.code),
            (ErrorKind::Auth, Some(code.to_string()))
        );
        assert_eq!(server.paths(), ["/tracker/list"]);
    }
}

#[tokio::test]
async fn trap_15_a_secret_that_the_server_writes_back_is_not_shown() {
    let echo = |seen: &Seen| {
        let credential = seen
            .headers
            .get("authorization")
            .map_or("correct horse", |value| {
                value.to_str().unwrap().trim_start_matches("NVX ")
            });
        answer(
            400,
            &json!({"success": false,
            "status": {"code": 102, "description": format!("no access with {credential}")}}),
        )
    };
    let server = StandIn::start(NOW, echo).await;
    for mut source in [with_key(&server), with_login(&server)] {
        let error = poll(&mut source, &server).await.error.unwrap();
        let shown = format!("{error} {error:?} {source:?}");
        assert!(
            !shown.contains(KEY) && !shown.contains("correct horse"),
            "{shown}"
        );
        assert!(shown.contains("no access with"), "{shown}");
    }
}
