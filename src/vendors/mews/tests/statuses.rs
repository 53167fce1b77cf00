//! What is done about each status: shown with its class, and asked again when it makes sense.

use std::time::Duration;

use super::*;
use crate::model::attempt::ErrorKind;

#[tokio::test]
async fn every_status_of_the_table_is_shown_with_its_class() {
    let table = [
        (400, ErrorKind::Http),
        (403, ErrorKind::Auth),
        (404, ErrorKind::Http),
        (410, ErrorKind::Http),
        (413, ErrorKind::Http),
        (500, ErrorKind::Http),
        (503, ErrorKind::Http),
    ];
    for (status, kind) in table {
        let server = StandIn::start(NOW, move |_: &Seen| failure(status, "Said.")).await;
        let error = poll(&mut account(&server, &one_token()), &server)
            .await
            .error
            .unwrap();
        assert_eq!((error.kind, error.status), (kind, Some(status)));
        assert!(error.message.ends_with("Said."), "{error}");
    }
}

/// How often a token whose reads of counters bring `status` is asked for them within two hours,
/// polled every hundred seconds beside a token that works.
async fn asked_in_two_hours(status: u16) -> usize {
    let server = StandIn::start(NOW, move |seen: &Seen| {
        match (token(seen), seen.path.as_str()) {
            ("BAD-TOKEN", COUNTERS) => failure(status, "No."),
            _ => simple(seen),
        }
    })
    .await;
    let both = settings(&[(Some("Brno"), "BAD-TOKEN"), (Some("Prague"), "GOOD-TOKEN")]);
    let mut source = account(&server, &both);
    for _ in 0..72 {
        let outcome = poll(&mut source, &server).await;
        assert_eq!(outcome.error.unwrap().status, Some(status));
        assert_eq!(values(&outcome.delivery.unwrap()), [("a".to_owned(), 5)]);
        server.hand.advance(Duration::from_secs(99));
    }
    let bad = |seen: &Seen| token(seen) == "BAD-TOKEN" && seen.path == COUNTERS;
    server.seen().iter().filter(|seen| bad(seen)).count()
}

#[tokio::test]
async fn on_400_a_token_is_asked_again_after_an_hour() {
    assert_eq!(asked_in_two_hours(400).await, 2);
}

#[tokio::test]
async fn on_404_a_token_is_asked_again_after_an_hour() {
    assert_eq!(asked_in_two_hours(404).await, 2);
}

#[tokio::test]
async fn on_410_a_token_is_asked_again_after_an_hour() {
    assert_eq!(asked_in_two_hours(410).await, 2);
}

#[tokio::test]
async fn on_403_a_token_is_asked_again_after_five_minutes() {
    let asked = asked_in_two_hours(403).await;
    assert!((17..=20).contains(&asked), "{asked}");
}

#[tokio::test]
async fn on_5xx_pauses_are_short_and_double_up_to_a_minute() {
    for status in [500, 502, 503] {
        let server = StandIn::start(NOW, move |_: &Seen| failure(status, "Oops.")).await;
        let gaps = gaps(&server, 1, 400).await;
        for (gap, pause) in gaps.iter().zip([1, 2, 4, 8, 16, 32, 60, 60]) {
            assert!((pause..=pause + 2).contains(gap), "{status}: {gaps:?}");
        }
        assert!(gaps.len() >= 8, "{gaps:?}");
    }
}

#[tokio::test]
async fn trap_12_too_many_requests_pauses_all_calls_of_the_token_until_told() {
    for (header, seconds) in [
        (Some("17"), 17),
        (Some("Sun, 01 Mar 2026 09:00:40 GMT"), 40),
        (None, 1),
    ] {
        let server = StandIn::start(NOW, move |_: &Seen| {
            let answer =
                failure(429, "Too many requests.").header("date", "Sun, 01 Mar 2026 09:00:00 GMT");
            match header {
                Some(value) => answer.header("retry-after", value),
                None => answer,
            }
        })
        .await;
        let mut source = account(&server, &one_token());
        let error = poll(&mut source, &server).await.error.unwrap();
        assert_eq!(error.kind, ErrorKind::RateLimited);
        let told = error
            .retry_at
            .map(|at| (at - server.clock.now()).num_seconds());
        assert_eq!(told, Some(seconds), "the schedule waits as long");
        assert_eq!(server.paths(), [ENTERPRISES], "nothing else is asked");
        server
            .hand
            .advance(Duration::from_secs(seconds.unsigned_abs() - 1));
        assert_eq!(
            poll(&mut source, &server).await.error.unwrap().kind,
            ErrorKind::RateLimited
        );
        assert_eq!(server.paths().len(), 0, "{header:?}");
        server.hand.advance(Duration::from_secs(1));
        poll(&mut source, &server).await;
        assert_eq!(server.paths().len(), 1, "{header:?}");
    }
}

#[tokio::test]
async fn on_429_without_an_end_pauses_double_up_to_two_minutes() {
    let server = StandIn::start(NOW, |_: &Seen| failure(429, "Too many requests.")).await;
    let gaps = gaps(&server, 1, 700).await;
    for (gap, pause) in gaps.iter().zip([1, 2, 4, 8, 16, 32, 64, 120, 120]) {
        assert!((pause..=pause + 2).contains(gap), "{gaps:?}");
    }
    assert!(gaps.len() >= 9, "{gaps:?}");
}

/// Seconds between the polls in which something was asked, polled so many times every `step`
/// seconds.
async fn gaps(server: &StandIn, step: u64, polls: u32) -> Vec<i64> {
    let mut source = account(server, &one_token());
    let mut asked_at = Vec::new();
    let start = server.clock.now();
    for _ in 0..polls {
        let now = server.clock.now();
        poll(&mut source, server).await;
        if !server.seen().is_empty() {
            asked_at.push((now - start).num_seconds());
        }
        server.hand.advance(Duration::from_secs(step));
    }
    asked_at.windows(2).map(|pair| pair[1] - pair[0]).collect()
}
