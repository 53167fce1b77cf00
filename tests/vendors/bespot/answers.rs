//! A poll that goes well, one test for each kind of answer, and `check`.

use super::*;

#[tokio::test]
async fn a_poll_is_a_token_and_one_call_for_each_list() {
    let mut rig = Rig::with(tenant()).await;
    let outcome = rig.first().await;
    assert_eq!(outcome.error, None);
    let delivery = outcome.delivery.as_ref().unwrap();
    assert_eq!((delivery.rows, delivery.rejected), (11, 0));
    assert_eq!(delivery.complete_from, Some(at("2026-03-02T02:00:00Z")));
    let names: Vec<_> = delivery.facts.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(names, ["opap/200041", "opap/AHQ21000"]);
    assert_eq!((flows(&outcome).len(), levels(&outcome).len()), (6, 5));
    assert_eq!(net(&outcome), 4);

    let seen = rig.server.take();
    let paths: Vec<_> = seen.iter().map(|seen| &*seen.path).collect();
    assert_eq!(paths, [TOKEN_PATH, VISITS, OCCUPANCY]);
    assert_eq!(
        seen[0].body,
        json!({"username": "monitor", "password": "test-password"})
    );
    for list in &seen[1..] {
        assert_eq!(list.header("authorization"), format!("Bearer {JWT}"));
        assert_eq!(list.param("page_size"), "10000");
        assert_eq!(list.param("datetime_gte"), "2026-03-02T02:00:00Z");
        assert_eq!(list.param("datetime_lte"), NOW);
        assert!(!list.query.contains_key("store_code") && !list.query.contains_key("page"));
    }
}

#[tokio::test]
async fn the_cadence_is_the_vendors_unless_configured() {
    let rig = Rig::with(tenant()).await;
    let cadence = rig.source.cadence();
    assert_eq!(cadence.publish, Publish::Batches);
    let expected = cadence.expectation;
    assert_eq!(
        (expected.period_s, expected.lag_s, expected.grace_s),
        (900, 180, 120)
    );
    let mut own = common("https://vendor.test".parse().unwrap());
    own.period = Some(Duration::from_secs(120));
    own.every = Some(Duration::from_secs(30));
    let minutes = |n: u64| Duration::from_secs(60 * n);
    let cadence = own.batches(minutes(15), minutes(3), minutes(2));
    let expected = cadence.expectation;
    assert_eq!(
        (expected.period_s, expected.lag_s, expected.grace_s),
        (120, 120, 60)
    );
    assert_eq!(cadence.every_s, Some(30));
}

#[tokio::test]
async fn a_few_stores_of_a_large_tenant_are_asked_one_by_one() {
    let codes = |settings: &mut Settings| settings.store_codes = vec!["s1".to_owned()];
    let mut rig = Rig::new(codes, |seen, _| {
        let stamp = |row: i32| at("2026-03-02T07:50:00Z") + TimeDelta::minutes((row % 20).into());
        let rows: Vec<_> = (0..10_050)
            .map(|row| visit(&format!("s{}", row % 600), &stamp(row).to_rfc3339(), 1, 1))
            .collect();
        Tenant {
            visits: rows,
            occupancy: Vec::new(),
            stores: vec!["s1"],
            page_limit: 10_000,
        }
        .answer(seen)
    })
    .await;
    let before = flows(&rig.first().await);
    assert_eq!(rig.paths(), [TOKEN_PATH, VISITS, VISITS, OCCUPANCY]);
    let outcome = rig.first().await;
    let seen = rig.server.take();
    let stores: Vec<_> = seen.iter().map(|seen| seen.param("store_code")).collect();
    assert_eq!(stores, ["s1", "s1"]);
    assert_eq!(flows(&outcome), before);
    assert_eq!(outcome.delivery.unwrap().notes.len(), 1);
}

#[tokio::test]
async fn refused_credentials_stop_at_the_log_in() {
    let mut rig = Rig::new(
        |_| {},
        |_, _| {
            refusal(
                401,
                "authentication_failed",
                "Invalid username/password: test-password",
            )
        },
    )
    .await;
    let outcome = rig.first().await;
    let error = outcome.error.unwrap();
    assert_eq!((error.kind, error.status), (ErrorKind::Auth, Some(401)));
    assert!(
        error.message.starts_with("log-in: ") && error.message.contains("***"),
        "{error}"
    );
    assert_eq!(rig.paths(), [TOKEN_PATH]);
}

/// One test for each row of the table of statuses.
macro_rules! statuses {
    ($($name:ident: $status:literal, $code:literal, $kind:ident;)+) => {$(
        #[tokio::test]
        async fn $name() {
            is_told($status, $code, ErrorKind::$kind).await;
        }
    )+};
}

statuses! {
    status_400_is_told: 400, "", Http;
    status_403_permission_denied_is_a_refusal: 403, "permission_denied", Auth;
    status_404_not_found_is_told: 404, "not_found", Http;
    status_429_throttled_is_a_limit: 429, "throttled", RateLimited;
    status_500_is_told: 500, "", Http;
    status_502_is_told: 502, "", Http;
    status_503_is_told: 503, "", Http;
}

async fn is_told(status: u16, code: &'static str, kind: ErrorKind) {
    let mut rig = Rig::new(
        |_| {},
        move |seen, _| match &*seen.path {
            TOKEN_PATH => token(),
            _ if code.is_empty() => Answer::text(status, "text/html", "<h1>oh</h1>"),
            _ => refusal(status, code, "Because."),
        },
    )
    .await;
    let outcome = rig.first().await;
    assert_eq!(outcome.delivery, None);
    let error = outcome.error.unwrap();
    assert_eq!((error.kind, error.status), (kind, Some(status)));
    assert_eq!(error.code.as_deref(), (!code.is_empty()).then_some(code));
}

#[tokio::test]
async fn a_throttle_says_until_when() {
    let mut rig = Rig::new(
        |_| {},
        |seen, _| match &*seen.path {
            TOKEN_PATH => token(),
            _ => refusal(429, "throttled", "Expected available in 60 seconds.")
                .with("retry-after", "60"),
        },
    )
    .await;
    let error = rig.first().await.error.unwrap();
    assert_eq!(error.retry_at, Some(at(NOW) + TimeDelta::seconds(60)));
    // Nothing else is asked of a vendor that throttles.
    assert_eq!(rig.paths(), [TOKEN_PATH, VISITS]);
}

#[tokio::test]
async fn a_wrong_parameter_is_told_in_the_vendors_words() {
    let mut rig = Rig::new(
        |_| {},
        |seen, _| match &*seen.path {
            TOKEN_PATH => token(),
            _ => Answer::json(400, &json!({"datetime_gte": ["This field is required."]})),
        },
    )
    .await;
    let error = rig.first().await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::Http);
    assert!(
        error
            .message
            .contains("datetime_gte: This field is required.")
    );
}

#[tokio::test]
async fn the_other_spelling_of_code_counts() {
    let mut rig = Rig::new(
        |_| {},
        |seen, _| match &*seen.path {
            TOKEN_PATH => token(),
            _ => Answer::json(
                400,
                &json!({"error_code": "bad_window", "detail": "Too long"}),
            ),
        },
    )
    .await;
    let error = rig.first().await.error.unwrap();
    assert_eq!(error.code.as_deref(), Some("bad_window"));
}

#[tokio::test]
async fn an_error_form_under_200_is_the_vendors_error() {
    let mut rig = Rig::new(
        |_| {},
        |seen, _| match &*seen.path {
            TOKEN_PATH => token(),
            _ => refusal(200, "maintenance", "Back soon."),
        },
    )
    .await;
    let error = rig.first().await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::Vendor);
    assert_eq!(error.code.as_deref(), Some("maintenance"));
}

#[tokio::test]
async fn what_is_not_a_page_is_a_schema_error() {
    for body in [
        "<html>log in</html>",
        "",
        "[]",
        "{}",
        r#"{"results": 5}"#,
        "null",
        "\u{1}",
    ] {
        let mut rig = Rig::new(
            |_| {},
            move |seen, _| match &*seen.path {
                TOKEN_PATH => token(),
                _ => Answer::text(200, "application/json", body),
            },
        )
        .await;
        let outcome = rig.first().await;
        assert_eq!(outcome.delivery, None);
        assert_eq!(outcome.error.unwrap().kind, ErrorKind::Schema, "{body}");
    }
}

#[tokio::test]
async fn a_token_reply_without_a_token_is_a_schema_error() {
    let mut rig = Rig::new(|_| {}, |_, _| Answer::ok(&json!({"token": "x"}))).await;
    let error = rig.first().await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::Schema);
    assert!(error.message.contains("missing field `access`"), "{error}");
}

#[tokio::test]
async fn a_tenant_without_tokens_is_pointed_to_basic() {
    let mut rig = Rig::new(|_| {}, |_, _| Answer::text(404, "text/html", "<h1>no</h1>")).await;
    let error = rig.first().await.error.unwrap();
    assert_eq!((error.kind, error.status), (ErrorKind::Http, Some(404)));
    assert!(error.message.contains("basic"), "{error}");
}

#[tokio::test]
async fn rows_that_cannot_be_used_are_counted() {
    let good = "2026-03-02T10:01:00+02:00";
    let rows = json!([
        visit("1", good, 1, 0),
        visit("1", "yesterday", 1, 0),
        visit("1", "2026-03-02T10:01:00", 1, 0),
        visit("1", good, -1, 0),
        visit("1", good, 5_000_000_000, 0),
        visit("1", "2036-03-02T10:01:00+02:00", 1, 0),
        {"store_code": "1", "minute": good},
        {"store_code": null, "in_metric": 1, "out_metric": 0, "minute": good},
        {"store_code": "1", "in_metric": {"a": 1}, "out_metric": [], "minute": good},
        null, 7, "row", []
    ]);
    let mut rig = Rig::new(
        |_| {},
        move |seen, _| match &*seen.path {
            VISITS => Answer::ok(&json!({"count": 13, "next": null, "results": rows})),
            _ => tenant().answer(seen),
        },
    )
    .await;
    let outcome = rig.first().await;
    assert_eq!(outcome.error, None);
    assert_eq!(flows(&outcome).len(), 1);
    let delivery = outcome.delivery.unwrap();
    assert_eq!((delivery.rows, delivery.rejected), (13 + 5, 12));
}

#[tokio::test]
async fn a_page_of_nothing_but_unusable_rows_is_a_schema_error() {
    let mut rig = Rig::new(
        |_| {},
        |seen, _| match &*seen.path {
            VISITS => Answer::ok(&json!({"count": 1, "next": null, "results": [{"store": 1}]})),
            _ => tenant().answer(seen),
        },
    )
    .await;
    let outcome = rig.first().await;
    let error = outcome.error.clone().unwrap();
    assert_eq!(error.kind, ErrorKind::Schema);
    assert!(
        error.message.starts_with("visits: none of the 1 rows"),
        "{error}"
    );
    assert_eq!(levels(&outcome).len(), 5);
}

#[tokio::test]
async fn nothing_yet_is_a_success() {
    let outcome = Rig::with(Tenant {
        page_limit: 10,
        ..Tenant::default()
    })
    .await
    .first()
    .await;
    assert_eq!(outcome.error, None);
    assert!(outcome.delivery.unwrap().readings.is_empty());
}

#[tokio::test]
async fn a_window_that_failed_is_read_again() {
    let mut rig = Rig::new(
        |_| {},
        |seen, before| match (&*seen.path, before) {
            (VISITS, 1) => Answer::text(500, "text/html", "oh"),
            _ => tenant().answer(seen),
        },
    )
    .await;
    assert!(rig.first().await.error.is_some());
    rig.server.take();
    let second = rig
        .poll("2026-03-02T08:19:00Z", Some("2026-03-02T08:15:00Z"))
        .await;
    assert_eq!(second.error, None);
    assert_eq!(flows(&second).len(), 6);
    assert_eq!(
        rig.server.seen()[0].param("datetime_gte"),
        "2026-03-02T02:00:00Z"
    );
}

#[tokio::test]
async fn check_makes_three_requests_and_names_the_fields() {
    let mut rig = Rig::with(tenant()).await;
    let findings = rig.source.check(&ask(NOW, None)).await;
    assert_eq!(rig.paths(), [TOKEN_PATH, VISITS, OCCUPANCY]);
    assert!(findings.iter().all(|finding| finding.ok));
    let text = format!("{findings:?}");
    for words in [
        "in_metric, out_metric",
        "occupancy_metric",
        "6 rows of 1 stores",
    ] {
        assert!(text.contains(words), "{text}");
    }
    assert_eq!(rig.source.transport().take_exchanges().len(), 3);
}

#[tokio::test]
async fn check_names_stores_that_do_not_exist() {
    let codes = |settings: &mut Settings| {
        settings.store_codes = ["200041", "999999"].map(str::to_owned).to_vec();
    };
    let mut rig = Rig::new(codes, |seen, _| tenant().answer(seen)).await;
    let findings = rig.source.check(&ask(NOW, None)).await;
    let stores = findings.last().unwrap();
    assert!(!stores.ok);
    assert!(
        stores
            .details
            .iter()
            .any(|line| line == "999999: not known to the vendor")
    );
}
