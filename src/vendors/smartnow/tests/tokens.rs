//! Log-in and renewal.

use super::server::Refresh;
use super::*;
use crate::model::attempt::ErrorKind;

/// Makes every token of the server invalid.
fn end_session(account: &Account) {
    lock(&account.world).tokens.clear();
}

#[tokio::test]
async fn trap_11_a_log_in_that_answers_201_is_a_success() {
    let mut account = Account::sample().await;
    account.good_poll().await;
    let world = lock(&account.world);
    assert_eq!(world.log[0].path, "/auth/login");
    assert!(
        world
            .log
            .iter()
            .all(|seen| !seen.raw_query.contains("opaque"))
    );
}

#[tokio::test]
async fn trap_12_a_token_that_ends_in_mid_run_is_renewed_with_rotation() {
    let mut account = Account::sample().await.started().await;
    for _ in 0..2 {
        end_session(&account);
        account.advance(2);
        account.good_poll().await;
        let calls = account.calls();
        let expected = [
            "GET /revenuetransaction",
            "POST /auth/refresh",
            "GET /revenuetransaction",
            "GET /log",
        ];
        assert_eq!(calls, expected);
    }
    // Each refresh token was used once.
    let left: Vec<_> = lock(&account.world)
        .refresh_tokens
        .iter()
        .cloned()
        .collect();
    assert_eq!(left, ["r-0003"]);
}

#[tokio::test]
async fn a_token_that_names_its_end_is_renewed_shortly_before() {
    let account = Account::sample().await;
    lock(&account.world).lifetime = Some(600);
    let mut account = account.started().await;
    account.advance(8);
    account.good_poll().await;
    assert_eq!(account.calls(), ["GET /revenuetransaction", "GET /log"]);
    account.advance(2);
    account.good_poll().await;
    let expected = ["POST /auth/refresh", "GET /revenuetransaction", "GET /log"];
    assert_eq!(account.calls()[..3], expected);
}

#[tokio::test]
async fn a_server_without_renewal_is_remembered() {
    let mut account = Account::sample().await.started().await;
    lock(&account.world).refresh = Refresh::Missing;
    let first = ["POST /auth/refresh", "POST /auth/login"];
    let later = ["POST /auth/login"];
    for expected in [&first[..], &later[..]] {
        end_session(&account);
        account.advance(2);
        account.good_poll().await;
        let calls = account.calls();
        let posts: Vec<_> = calls
            .iter()
            .filter(|call| call.starts_with("POST"))
            .collect();
        assert_eq!(posts, expected);
    }
}

#[tokio::test]
async fn a_renewal_that_is_refused_is_followed_by_one_log_in() {
    let mut account = Account::sample().await.started().await;
    lock(&account.world).refresh = Refresh::Refused;
    end_session(&account);
    account.advance(2);
    account.good_poll().await;
    let expected = [
        "GET /revenuetransaction",
        "POST /auth/refresh",
        "POST /auth/login",
        "GET /revenuetransaction",
        "GET /log",
    ];
    assert_eq!(account.calls(), expected);
}

#[tokio::test]
async fn a_log_in_that_is_refused_stops_the_poll() {
    let mut account = Account::sample().await.started().await;
    {
        let mut world = lock(&account.world);
        world.refresh = Refresh::Refused;
        world.password = "changed";
    }
    end_session(&account);
    account.advance(2);
    let outcome = account.poll().await;
    assert_eq!(outcome.delivery, None);
    let error = outcome.error.unwrap();
    assert_eq!((error.kind, error.status), (ErrorKind::Auth, Some(401)));
    assert!(
        error.message.contains("\"Unauthorized\""),
        "{}",
        error.message
    );
    assert!(!error.to_string().contains("test-password"));
    let expected = [
        "GET /revenuetransaction",
        "POST /auth/refresh",
        "POST /auth/login",
    ];
    assert_eq!(account.calls(), expected);
}

#[tokio::test]
async fn an_empty_refresh_path_means_log_in_again() {
    let mut account = Account::sample().await;
    let mut settings = settings();
    settings.endpoints.refresh.path.clear();
    account.reopen(&settings);
    let mut account = account.started().await;
    end_session(&account);
    account.good_poll().await;
    assert_eq!(account.calls()[1], "POST /auth/login");
}

#[tokio::test]
async fn trap_13_nothing_but_reads_log_in_and_renewal_is_sent() {
    let mut account = Account::sample().await;
    lock(&account.world).lifetime = Some(1200);
    for _ in 0..40 {
        account.good_poll().await;
        account.advance(15);
    }
    let world = lock(&account.world);
    for seen in &world.log {
        let read = seen.method == "GET";
        assert!(
            read || seen.path == "/auth/login" || seen.path == "/auth/refresh",
            "{seen:?}"
        );
        assert!(!seen.has("useArchive"), "{seen:?}");
        assert!(!read || seen.body.is_empty(), "{seen:?}");
    }
}

#[tokio::test]
async fn a_log_in_that_fails_is_not_tried_again_in_the_same_poll() {
    let failures = [
        (400, json!({ "message": "missing" }), ErrorKind::Http),
        (401, json!({ "message": "Unauthorized" }), ErrorKind::Auth),
        (500, json!({}), ErrorKind::Http),
        (201, json!({ "message": "OK" }), ErrorKind::Schema),
    ];
    for (status, body, kind) in failures {
        let mut account = Account::sample().await;
        lock(&account.world)
            .faults
            .insert("/auth/login".into(), (status, body));
        let outcome = account.poll().await;
        assert_eq!(outcome.error.map(|error| error.kind), Some(kind));
        assert_eq!(outcome.delivery, None);
        assert_eq!(account.calls(), ["POST /auth/login"], "{status}");
        // The next poll tries once more.
        account.advance(2);
        account.poll().await;
        assert_eq!(account.calls(), ["POST /auth/login"], "{status}");
    }
}
