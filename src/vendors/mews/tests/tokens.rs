//! Tokens that are refused or throttled, alone or beside others.

use std::time::Duration;

use super::*;
use crate::config::source::VendorSettings;
use crate::model::attempt::ErrorKind;
use crate::vendors::stand_in::text;

#[tokio::test]
async fn trap_11_a_401_of_everything_means_the_token_and_is_not_repeated_for_minutes() {
    let server = StandIn::start(NOW, |_: &Seen| failure(401, "Invalid AccessToken.")).await;
    let mut source = account(&server, &one_token());
    for _ in 0..3 {
        let outcome = poll(&mut source, &server).await;
        let error = outcome.error.unwrap();
        assert_eq!((error.kind, error.status), (ErrorKind::Auth, Some(401)));
        assert_eq!(error.reference.as_deref(), Some("0HN5K2V7Q3A1B:00000001"));
        assert!(error.message.contains("the token is bad"), "{error}");
        assert_eq!(outcome.delivery, None);
        server.hand.advance(Duration::from_secs(60));
    }
    assert_eq!(server.paths(), [ENTERPRISES, COUNTERS]);
    server.hand.advance(Duration::from_secs(240));
    poll(&mut source, &server).await;
    assert_eq!(server.paths(), [ENTERPRISES, COUNTERS]);
}

#[tokio::test]
async fn trap_11_a_401_of_counters_alone_means_a_missing_right() {
    let server = StandIn::start(NOW, |seen: &Seen| match seen.path.as_str() {
        ENTERPRISES => enterprises(&[enterprise(HOTEL, "Hotel")]),
        _ => failure(401, "No right."),
    })
    .await;
    let error = poll(&mut account(&server, &one_token()), &server)
        .await
        .error
        .unwrap();
    assert_eq!(error.kind, ErrorKind::Auth);
    assert!(error.message.contains("right to read counters"), "{error}");
}

#[tokio::test]
async fn trap_11_a_401_that_comes_later_is_told_apart_by_one_more_question() {
    let bad = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let turned = bad.clone();
    let server = StandIn::start(NOW, move |seen: &Seen| {
        if turned.load(std::sync::atomic::Ordering::SeqCst) {
            return failure(401, "Invalid AccessToken.");
        }
        simple(seen)
    })
    .await;
    let mut source = account(&server, &one_token());
    delivered(poll(&mut source, &server).await);
    server.seen();
    bad.store(true, std::sync::atomic::Ordering::SeqCst);
    let error = poll(&mut source, &server).await.error.unwrap();
    assert!(error.message.contains("the token is bad"), "{error}");
    assert_eq!(server.paths(), [COUNTERS, ENTERPRISES]);
}

#[tokio::test]
async fn counters_work_without_the_right_to_hotels_and_a_note_says_what_is_missing() {
    for status in [401, 403, 404, 410] {
        let server = StandIn::start(NOW, move |seen: &Seen| match seen.path.as_str() {
            ENTERPRISES => failure(status, "No right."),
            _ => counters(&[counter("a", HOTEL, 5)]),
        })
        .await;
        let mut source = account(&server, &settings(&[(Some("Prague"), "ACCESS-TOKEN")]));
        for _ in 0..2 {
            let delivery = delivered(poll(&mut source, &server).await);
            assert_eq!(values(&delivery), [("a".to_owned(), 5)]);
            assert!(
                delivery.notes[0].starts_with("Prague: names and zones"),
                "{:?}",
                delivery.notes
            );
            let (_, facts) = &delivery.facts[0];
            let Detail::DocumentCounter {
                enterprise_name, ..
            } = &facts.detail
            else {
                panic!("not a counter");
            };
            assert_eq!(
                enterprise_name.as_deref(),
                Some("Prague"),
                "the label stands in"
            );
            server.hand.advance(Duration::from_secs(60));
        }
        assert_eq!(
            server.paths(),
            [ENTERPRISES, COUNTERS, COUNTERS],
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_failing_list_of_hotels_is_an_error_beside_the_counters_and_tried_again() {
    let server = StandIn::start(NOW, |seen: &Seen| match seen.path.as_str() {
        ENTERPRISES => failure(500, "Oops."),
        _ => counters(&[counter("a", HOTEL, 5)]),
    })
    .await;
    let mut source = account(&server, &one_token());
    for _ in 0..2 {
        let outcome = poll(&mut source, &server).await;
        assert_eq!(outcome.error.unwrap().status, Some(500));
        assert_eq!(values(&outcome.delivery.unwrap()), [("a".to_owned(), 5)]);
    }
    assert_eq!(count(&server.paths(), ENTERPRISES), 2);
}

#[tokio::test]
async fn one_bad_token_does_not_hide_the_other() {
    let server = StandIn::start(NOW, |seen: &Seen| match (token(seen), seen.path.as_str()) {
        ("BAD-TOKEN", _) => failure(401, "Invalid AccessToken."),
        (_, ENTERPRISES) => enterprises(&[enterprise(HOTEL, "Hotel")]),
        _ => counters(&[counter("a", HOTEL, 5)]),
    })
    .await;
    let both = settings(&[(Some("Brno"), "BAD-TOKEN"), (Some("Prague"), "GOOD-TOKEN")]);
    let mut source = account(&server, &both);
    for _ in 0..2 {
        let outcome = poll(&mut source, &server).await;
        let error = outcome.error.unwrap();
        assert_eq!(error.kind, ErrorKind::Auth);
        assert!(error.message.starts_with("Brno: "), "{error}");
        let delivery = outcome.delivery.unwrap();
        assert_eq!(values(&delivery), [("a".to_owned(), 5)]);
        assert!(!delivery.roster);
        server.hand.advance(Duration::from_secs(60));
    }
    let asked = server.seen();
    assert_eq!(
        asked
            .iter()
            .filter(|seen| token(seen) == "BAD-TOKEN")
            .count(),
        2
    );
}

/// Three properties; the tokens that start with `BUSY` have to wait for so many seconds.
fn busy(seen: &Seen) -> Answer {
    let token = token(seen);
    if let Some(seconds) = token.strip_prefix("BUSY-") {
        return failure(429, "Too many requests.")
            .header("retry-after", seconds)
            .header("date", "Sun, 01 Mar 2026 09:00:00 GMT");
    }
    match seen.path.as_str() {
        ENTERPRISES => enterprises(&[enterprise(HOTEL, "Hotel")]),
        _ => counters(&[counter(token, HOTEL, 5)]),
    }
}

#[tokio::test]
async fn a_token_that_has_to_wait_is_a_note_while_another_delivers() {
    let server = StandIn::start(NOW, busy).await;
    let tokens = [(Some("Brno"), "BUSY-90"), (None, "BUSY-40"), (None, "good")];
    let mut source = account(&server, &settings(&tokens));
    for _ in 0..2 {
        let delivery = delivered(poll(&mut source, &server).await);
        assert_eq!(values(&delivery), [("good".to_owned(), 5)]);
        let notes = &delivery.notes;
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(
            notes[0].starts_with("Brno: ") && notes[1].starts_with("token 2: "),
            "{notes:?}"
        );
        assert!(notes[0].contains("Too many requests."), "{notes:?}");
        assert!(
            notes[0].ends_with("asked again at 09:01:31 UTC"),
            "{notes:?}"
        );
        assert!(!delivery.roster, "nobody knows what they have");
    }
    let waiting = |seen: &Seen| token(seen).starts_with("BUSY");
    assert_eq!(server.seen().iter().filter(|seen| waiting(seen)).count(), 2);
}

#[tokio::test]
async fn where_all_tokens_have_to_wait_the_first_that_is_free_says_when() {
    let server = StandIn::start(NOW, busy).await;
    let tokens = [(Some("Brno"), "BUSY-90"), (Some("Praha"), "BUSY-40")];
    let mut source = account(&server, &settings(&tokens));
    let mut poll_now = async || {
        let outcome = poll(&mut source, &server).await;
        assert_eq!(outcome.delivery, None);
        outcome.error.unwrap()
    };
    let error = poll_now().await;
    assert_eq!(error.kind, ErrorKind::RateLimited);
    assert!(error.message.starts_with("Praha: "), "{error}");
    let until = error.retry_at.unwrap();
    assert_eq!((until - server.clock.now()).num_seconds(), 40);
    assert_eq!(poll_now().await, error, "nothing changes while they wait");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn trap_12_two_sources_on_one_token_share_its_pauses() {
    let server = StandIn::start(NOW, busy).await;
    let tokens = settings(&[(None, "BUSY-40")]);
    let mut one = account(&server, &tokens);
    let mut other = account(&server, &tokens);
    let error = poll(&mut one, &server).await.error.unwrap();
    assert_eq!(server.paths(), [ENTERPRISES]);
    assert_eq!(poll(&mut other, &server).await.error, Some(error));
    assert_eq!(server.seen().len(), 0, "nobody asks");
    let mut another = account(&server, &settings(&[(None, "good")]));
    delivered(poll(&mut another, &server).await);
}

#[test]
fn trap_12_sources_on_the_same_tokens_share_their_ceiling() {
    let credential = |tokens: &[(Option<&str>, &str)]| settings(tokens).credential().unwrap();
    let one = credential(&[(None, "ONE-TOKEN"), (Some("Praha"), "OTHER-TOKEN")]);
    assert_eq!(
        one,
        credential(&[(None, "OTHER-TOKEN"), (None, "ONE-TOKEN")])
    );
    assert_ne!(one, credential(&[(None, "ONE-TOKEN")]));
    assert!(!one.contains("-TOKEN"), "{one}");
}

#[tokio::test]
async fn one_token_at_two_places_of_the_configuration_is_an_error() {
    let server = StandIn::start(NOW, simple).await;
    let twice = settings(&[(Some("Brno"), "SECRET"), (Some("Praha"), "SECRET")]);
    let opened = open(
        &server.common("hotel"),
        &twice,
        budget(2400),
        server.clock.clone(),
    );
    let error = opened.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(
        error
            .message
            .contains("access_tokens 1 and access_tokens 2"),
        "{error}"
    );
    assert!(!error.message.contains("SECRET"), "{error}");
}

#[tokio::test]
async fn two_tokens_that_see_one_hotel_make_one_device() {
    let server = StandIn::start(NOW, simple).await;
    let both = settings(&[(None, "ONE-TOKEN"), (None, "OTHER-TOKEN")]);
    let delivery = delivered(poll(&mut account(&server, &both), &server).await);
    assert_eq!(delivery.facts.len(), 1);
}

#[tokio::test]
async fn a_token_that_sees_no_wanted_hotel_is_not_asked_for_counters() {
    let server = StandIn::start(NOW, |seen: &Seen| match (token(seen), seen.path.as_str()) {
        ("OTHER-TOKEN", ENTERPRISES) => enterprises(&[enterprise("other", "Other")]),
        ("OTHER-TOKEN", _) => panic!("asked for counters"),
        _ => simple(seen),
    })
    .await;
    let mut both = settings(&[(None, "ONE-TOKEN"), (None, "OTHER-TOKEN")]);
    both.enterprises = vec![HOTEL.to_owned()];
    let delivery = delivered(poll(&mut account(&server, &both), &server).await);
    assert_eq!(values(&delivery), [("a".to_owned(), 5)]);
    assert!(delivery.roster);
}

#[tokio::test]
async fn trap_10_a_token_that_the_server_writes_back_is_not_shown() {
    let server = StandIn::start(NOW, |seen: &Seen| {
        let body = format!(
            "Bad {} and {}.",
            seen.body["AccessToken"], seen.body["ClientToken"]
        );
        failure(400, &body)
    })
    .await;
    let mut source = account(&server, &one_token());
    let error = poll(&mut source, &server).await.error.unwrap();
    let shown = format!("{error} {error:?} {source:?}");
    assert!(
        !shown.contains("-TOKEN") && shown.contains("Bad "),
        "{shown}"
    );
}

#[tokio::test]
async fn an_answer_that_is_not_json_is_a_matter_of_form() {
    let server = StandIn::start(NOW, |_: &Seen| {
        text(200, "<html>hello</html>").header("request-id", "r1")
    })
    .await;
    let error = poll(&mut account(&server, &one_token()), &server)
        .await
        .error
        .unwrap();
    assert_eq!(
        (error.kind, error.reference.as_deref()),
        (ErrorKind::Schema, Some("r1"))
    );
}
