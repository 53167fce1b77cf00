//! Servers that fail or do not do as they are told, and what `check` says of them.

use super::server::{Filters, Signs};
use super::*;
use crate::model::attempt::{ErrorKind, SourceError};

#[tokio::test]
async fn a_server_that_ignores_where_is_found_out() {
    let account = Account::empty().await;
    *lock(&account.world).table("/revenuetransaction") = sales(5000..5010);
    *lock(&account.world).table("/log") = vec![event(900, "ED017", "2026-03-02T06:40:00Z")];
    lock(&account.world).filters = Filters::Ignored;
    // Where everything is new, nothing shows it.
    let mut account = account.started().await;
    lock(&account.world)
        .table("/revenuetransaction")
        .insert(0, sales([3]).remove(0));
    account.advance(2);
    let outcome = account.poll().await;
    let error = outcome.error.unwrap();
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(
        error
            .message
            .contains("/revenuetransaction ignores `where`"),
        "{error}"
    );
    // What the page held was not taken for news.
    let delivery = outcome.delivery.unwrap();
    assert_eq!(sold(&delivery), Vec::<i64>::new());
    // One try in each way of writing a filter, then the events.
    let calls = account.calls();
    assert_eq!(calls[..4], ["GET /revenuetransaction"; 4]);
    assert_eq!(calls[4..], ["GET /log"]);
}

#[tokio::test]
async fn filters_are_written_as_json_where_brackets_are_ignored() {
    let mut account = Account::sample().await;
    lock(&account.world).filters = Filters::Json;
    let delivery = account.good_poll().await;
    assert_eq!(sold(&delivery), [9_001_002, 9_001_003]);
    account.calls();
    account.advance(2);
    account.good_poll().await;
    {
        let world = lock(&account.world);
        assert_eq!(world.log[0].value("where"), Some(r#"{"id":{">":9000803}}"#));
        assert_eq!(world.log.len(), 2, "the style is remembered");
    }
    account.calls();
    lock(&account.world).table("/log")[0]["resolvedAt"] = json!("2026-03-02T08:20:00Z");
    account.advance(10);
    assert_eq!(state(&account.good_poll().await, 80), (false, vec![]));
}

#[tokio::test]
async fn comparisons_are_written_as_words_where_signs_are_not_known() {
    for signs in [Signs::Words, Signs::WordsOnly] {
        let mut account = Account::sample().await;
        lock(&account.world).signs = signs;
        let delivery = account.good_poll().await;
        assert_eq!(sold(&delivery), [9_001_002, 9_001_003]);
        account.calls();
        account.advance(2);
        account.good_poll().await;
        let world = lock(&account.world);
        assert_eq!(world.log.len(), 2, "what works is remembered");
        assert_eq!(
            world.log[0].value("where[id][greaterThan]"),
            Some("9000803")
        );
    }
}

#[tokio::test]
async fn only_what_the_settings_leave_open_is_tried() {
    let mut account = Account::sample().await;
    let json = request::Style::Json;
    account.reopen(&Settings {
        filter_style: Some(json),
        greater_than: Some(request::Signs::Words),
        ..settings()
    });
    lock(&account.world).filters = Filters::Json;
    lock(&account.world).signs = Signs::WordsOnly;
    account.good_poll().await;
    let world = lock(&account.world);
    let filters = world.log.iter().filter_map(|seen| seen.value("where"));
    assert_eq!(
        filters.collect::<Vec<_>>(),
        [
            r#"{"code":"CM_OFFLINE"}"#,
            r#"{"createdAt":{"greaterThanOrEqual":"2026-03-01T23:00:00Z"}}"#
        ]
    );
}

#[tokio::test]
async fn trap_15_spaces_and_brackets_are_percent_encoded() {
    let account = Account::sample().await.started().await;
    let mut account = account;
    account.advance(2);
    account.good_poll().await;
    let world = lock(&account.world);
    assert_eq!(
        world.log[0].raw_query,
        "where%5Bid%5D%5B%3E%5D=9000803&sort=id%20ASC&limit=100"
    );
}

#[tokio::test]
async fn a_table_that_the_user_may_not_read_does_not_spoil_the_others() {
    let mut account = Account::sample().await;
    lock(&account.world)
        .faults
        .insert("/location".into(), (403, json!({ "message": "Forbidden" })));
    let outcome = account.poll().await;
    let error = outcome.error.unwrap();
    assert_eq!((error.kind, error.status), (ErrorKind::Auth, Some(403)));
    let delivery = outcome.delivery.unwrap();
    assert_eq!(sold(&delivery), [9_001_002, 9_001_003]);
    assert_eq!(state(&delivery, 80), (true, vec!["CM_OFFLINE"]));
}

#[tokio::test]
async fn a_server_that_says_when_to_come_back_is_left_alone_until_then() {
    let mut account = Account::sample().await.started().await;
    {
        let mut world = lock(&account.world);
        world
            .faults
            .insert("/revenuetransaction".into(), (503, json!({})));
        world.retry_after = Some("90");
    }
    account.advance(2);
    account.poll().await;
    assert_eq!(account.calls(), ["GET /revenuetransaction"]);
}

#[tokio::test]
async fn a_full_page_out_of_order_is_found_out() {
    let mut account = Account::sample().await.started().await;
    {
        let mut world = lock(&account.world);
        let mut page = sales(9_001_004..9_001_104);
        page.swap(0, 99);
        world
            .faults
            .insert("/revenuetransaction".into(), (200, page.into()));
    }
    account.advance(2);
    let error = account.poll().await.error.unwrap();
    assert!(error.message.contains("ignores `sort`"), "{error}");
}

#[tokio::test]
async fn one_failing_call_does_not_spoil_the_others() {
    let mut account = Account::sample().await.started().await;
    lock(&account.world)
        .faults
        .insert("/log".into(), (500, json!({ "message": "oops" })));
    account.add("/revenuetransaction", sales([9_001_004]).remove(0));
    account.advance(2);
    let outcome = account.poll().await;
    assert!(sold(&outcome.delivery.unwrap()).contains(&9_001_004));
    let error = outcome.error.unwrap();
    assert_eq!((error.kind, error.status), (ErrorKind::Http, Some(500)));
    assert!(error.message.contains("\"oops\""), "{error}");
    // The events that were missed come with the next poll.
    lock(&account.world).faults.clear();
    account.add("/log", event(7_700_003, "ED017", "2026-03-02T08:17:00Z"));
    account.advance(2);
    assert_eq!(
        state(&account.good_poll().await, 80).1,
        ["CM_OFFLINE", "ED017"]
    );
}

async fn failure(status: u16, body: Value, retry_after: Option<&'static str>) -> SourceError {
    let mut account = Account::sample().await.started().await;
    {
        let mut world = lock(&account.world);
        world
            .faults
            .insert("/revenuetransaction".into(), (status, body.clone()));
        world.faults.insert("/log".into(), (status, body));
        world.retry_after = retry_after;
    }
    account.advance(2);
    let outcome = account.poll().await;
    assert_eq!(outcome.delivery, None);
    outcome.error.unwrap()
}

#[tokio::test]
async fn trap_11_the_status_tells_success_from_failure_and_nothing_is_waited_for() {
    let message = json!({ "message": "later" });
    let error = failure(429, message.clone(), Some("90")).await;
    assert_eq!(error.kind, ErrorKind::RateLimited);
    assert_eq!(error.retry_at, Some(at("2026-03-02T08:19:30Z")));
    let error = failure(503, message.clone(), Some("90")).await;
    assert_eq!(error.kind, ErrorKind::Http);
    assert_eq!(error.retry_at, Some(at("2026-03-02T08:19:30Z")));
    // Without a word of when, the schedule decides.
    for (status, kind) in [(429, ErrorKind::RateLimited), (503, ErrorKind::Http)] {
        let error = failure(status, message.clone(), None).await;
        assert_eq!((error.kind, error.retry_at), (kind, None));
    }
    // The shape of success and failure is the same: the status decides.
    let error = failure(200, message, None).await;
    assert_eq!(error.kind, ErrorKind::Schema);
    let error = failure(404, json!({ "message": "Not Found" }), None).await;
    assert!(error.message.contains("[source.endpoints]"), "{error}");
}

#[tokio::test]
async fn after_a_refusal_that_concerns_the_account_nothing_more_is_asked() {
    let mut account = Account::sample().await.started().await;
    lock(&account.world)
        .faults
        .insert("/revenuetransaction".into(), (429, json!({})));
    account.advance(2);
    account.poll().await;
    assert_eq!(account.calls(), ["GET /revenuetransaction"]);
    // A failure of one table without a word of when to come back does not stop the others.
    let overloaded = (503, json!({}));
    let path = "/revenuetransaction".into();
    lock(&account.world).faults.insert(path, overloaded);
    account.advance(2);
    account.poll().await;
    assert_eq!(
        account.calls()[..2],
        ["GET /revenuetransaction", "GET /log"]
    );
}

#[tokio::test]
async fn a_check_makes_five_requests_and_names_the_row_keys() {
    let mut account = Account::sample().await;
    let findings = account.source.check(&account.ask).await;
    assert!(findings.iter().all(|finding| finding.ok), "{findings:?}");
    let expected = [
        "POST /auth/login",
        "GET /user/me",
        "GET /machine",
        "GET /revenuetransaction",
        "GET /log",
    ];
    assert_eq!(account.calls(), expected);
    let sale = &findings[2];
    assert_eq!(sale.details[0], "status 200, 1 rows");
    assert!(sale.details[1].contains("occurredAt") && sale.details[1].contains("price"));
    assert!(findings[0].details[1].contains("2026-12-31"));
}

#[tokio::test]
async fn a_check_shows_what_is_wrong() {
    let mut account = Account::sample().await;
    {
        let mut world = lock(&account.world);
        world.faults.insert("/user/me".into(), (404, json!({})));
        world.faults.insert("/log".into(), (404, json!({})));
        world
            .faults
            .insert("/machine".into(), (200, json!([{ "name": "no id" }])));
    }
    let findings = account.source.check(&account.ask).await;
    let ok: Vec<_> = findings.iter().map(|finding| finding.ok).collect();
    assert_eq!(ok, [true, false, true, false]);
    lock(&account.world).password = "changed";
    account.reopen(&settings());
    let findings = account.source.check(&account.ask).await;
    assert_eq!(findings.len(), 1);
    assert!(
        findings[0].details[0].contains("log-in: the credentials are refused"),
        "{findings:?}"
    );
}

#[tokio::test]
async fn a_start_where_filters_are_ignored_still_shows_the_machines() {
    let mut account = Account::sample().await;
    lock(&account.world).filters = Filters::Ignored;
    let outcome = account.poll().await;
    assert_eq!(outcome.error.unwrap().kind, ErrorKind::Config);
    let delivery = outcome.delivery.unwrap();
    assert_eq!(state(&delivery, 80), (true, vec!["CM_OFFLINE"]));
    assert_eq!(delivery.readings, []);
}

#[tokio::test]
async fn a_check_needs_the_log_in_and_not_the_own_user() {
    for status in [400, 401, 403, 404, 405, 500] {
        let mut account = Account::sample().await;
        lock(&account.world).faults.insert(
            "/user/me".into(),
            (status, json!({ "message": "not for you" })),
        );
        let findings = account.source.check(&account.ask).await;
        let ok: Vec<_> = findings.iter().map(|finding| finding.ok).collect();
        assert_eq!(ok, [true; 4], "{status}: {findings:?}");
        let note = &findings[0].details[0];
        assert!(note.contains(&status.to_string()), "{note}");
    }
    let mut account = Account::sample().await;
    account.source.check(&account.ask).await;
    let world = lock(&account.world);
    let lists = world.log.iter().filter(|seen| seen.has("limit"));
    assert!(lists.clone().count() == 3 && lists.clone().all(|seen| seen.has("sort")));
}

#[tokio::test]
async fn an_error_names_the_call() {
    let calls = [
        ("/auth/login", "log-in"),
        ("/location", "locations"),
        ("/machine", "machines"),
        ("/revenuetransaction", "sales"),
        ("/log", "events"),
    ];
    for (path, name) in calls {
        let answers = [
            (404, json!({}), "there is nothing at this path"),
            (
                200,
                json!({ "message": "OK" }),
                "an object where a list belongs",
            ),
            (500, json!({}), "server failed"),
        ];
        for (status, body, words) in answers {
            let mut account = Account::sample().await;
            lock(&account.world)
                .faults
                .insert(path.into(), (status, body));
            let error = account.poll().await.error.unwrap();
            assert!(
                error.message.starts_with(&format!("{name}: ")),
                "{path}: {error}"
            );
            if name != "log-in" {
                assert!(error.message.contains(words), "{path}: {error}");
            }
        }
    }
}
