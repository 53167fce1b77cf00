//! One test for each trap of the interface, named after it.

use super::*;

#[tokio::test]
async fn trap_01_next_is_http() {
    let tenant = Tenant {
        page_limit: 4,
        ..tenant()
    };
    let mut rig = Rig::with(tenant).await;
    let outcome = rig.first().await;
    assert_eq!(outcome.error, None);
    assert_eq!((flows(&outcome).len(), levels(&outcome).len()), (6, 5));
    // The link named another host; our own address was asked for page 2 instead.
    let seen = rig.server.take();
    let pages: Vec<_> = seen
        .iter()
        .map(|seen| (&*seen.path, seen.param("page")))
        .collect();
    assert_eq!(
        pages,
        [
            (TOKEN_PATH, ""),
            (VISITS, ""),
            (VISITS, "2"),
            (OCCUPANCY, ""),
            (OCCUPANCY, "2")
        ]
    );
    assert!(
        seen.iter()
            .all(|seen| seen.path == TOKEN_PATH || seen.param("page_size") == "10000")
    );
}

#[tokio::test]
async fn trap_01_any_link_only_says_that_there_is_more() {
    for next in [
        json!("https://127.0.0.1/x"),
        json!("/relative?page=7"),
        json!("?"),
        json!(2),
    ] {
        let mut rig = Rig::new(
            |_| {},
            move |seen, _| match &*seen.path {
                TOKEN_PATH => token(),
                VISITS if seen.param("page").is_empty() => Answer::ok(&json!({
                    "count": 2, "next": next,
                    "results": [visit("1", "2026-03-02T08:00:00Z", 1, 0)],
                })),
                VISITS => Answer::ok(&json!({
                    "count": 2, "next": null,
                    "results": [visit("1", "2026-03-02T08:01:00Z", 1, 0)],
                })),
                _ => Tenant::default().answer(seen),
            },
        )
        .await;
        assert_eq!(flows(&rig.first().await).len(), 2);
        assert_eq!(rig.paths(), [TOKEN_PATH, VISITS, VISITS, OCCUPANCY]);
    }
}

#[tokio::test]
async fn trap_02_redirects() {
    let mut rig = Rig::new(
        |_| {},
        |seen, _| match &*seen.path {
            TOKEN_PATH => token(),
            _ => Answer::json(301, &json!({})).with("location", "http://evil.test/api/x/?t=s3cret"),
        },
    )
    .await;
    let error = rig.first().await.error.unwrap();
    assert_eq!((error.kind, error.status), (ErrorKind::Config, Some(301)));
    assert!(error.message.contains("evil.test") && !error.message.contains("s3cret"));
    assert!(
        rig.server
            .seen()
            .iter()
            .all(|seen| seen.path.ends_with('/'))
    );
}

#[tokio::test]
async fn trap_03_field_names() {
    let stamp = "2026-03-02T10:01:00+02:00";
    let tenant = Tenant {
        visits: vec![
            json!({"store_code": "1", "in": 3, "out": 1, "diff": 2, "minute": stamp}),
            json!({"store_code": "2", "in_metric": 3, "out_metric": 1, "minute": stamp}),
            json!({"store_code": "3", "in_metric": 3, "out_metric": 1, "diff_metric": 99, "minute": stamp}),
        ],
        occupancy: vec![json!({"store_code": "1", "occupancy": 4, "minute": stamp})],
        ..tenant()
    };
    let outcome = Rig::with(tenant).await.first().await;
    let nets: Vec<_> = flows(&outcome)
        .iter()
        .map(|(_, _, flow)| flow.net())
        .collect();
    assert_eq!(nets, [2, 2, 2]);
    assert_eq!(levels(&outcome)[0].2, 4);
}

#[tokio::test]
async fn trap_04_published_samples_are_not_json() {
    let mut rig = Rig::new(
        |_| {},
        |seen, _| match &*seen.path {
            TOKEN_PATH => token(),
            _ => Answer::text(200, "application/json", r#"{"count": 0, "results": [],}"#),
        },
    )
    .await;
    let error = rig.first().await.error.unwrap();
    assert_eq!(error.kind, ErrorKind::Schema);
    assert!(error.message.contains("not JSON"), "{error}");
}

#[tokio::test]
async fn trap_05_utc_in_local_offset_out() {
    let tenant = Tenant {
        occupancy: vec![
            inside("200041", "2026-10-25T03:30:00+03:00", 4),
            inside("200041", "2026-10-25T03:30:00+02:00", 2),
        ],
        ..tenant()
    };
    let mut rig = Rig::with(tenant).await;
    let outcome = rig
        .poll("2026-10-25T02:00:00Z", Some("2026-10-25T00:00:00Z"))
        .await;
    let store = || "opap/200041".to_owned();
    assert_eq!(
        levels(&outcome),
        [
            (store(), at("2026-10-25T00:30:00Z"), 4),
            (store(), at("2026-10-25T01:30:00Z"), 2)
        ]
    );
    let list = rig.server.seen().pop().unwrap();
    assert!(
        list.raw_query
            .contains("datetime_gte=2026-10-24T23%3A30%3A00Z")
    );
}

#[tokio::test]
async fn trap_06_inclusive_bounds() {
    // Both bounds are in the reply of neighbouring polls; the key is the same, so it replaces.
    let mut rig = Rig::with(tenant()).await;
    let first = rig.first().await;
    let second = rig
        .poll("2026-03-02T08:33:00Z", Some("2026-03-02T08:15:00Z"))
        .await;
    let key = |reading: &Reading| {
        (
            reading.device.clone(),
            reading.start,
            reading.measure.quantity(),
        )
    };
    let again: Vec<_> = second.delivery.unwrap().readings.iter().map(key).collect();
    let before: Vec<_> = first.delivery.unwrap().readings.iter().map(key).collect();
    assert!(!again.is_empty() && again.iter().all(|key| before.contains(key)));
}

#[tokio::test]
async fn trap_07_sparse_minutes() {
    let outcome = Rig::with(tenant()).await.first().await;
    let delivery = outcome.delivery.as_ref().unwrap();
    // No row is made up; that the window is whole is said once.
    assert_eq!(delivery.readings.len(), 11);
    assert_eq!(delivery.complete_from, Some(at("2026-03-02T02:00:00Z")));
    assert!(
        flows(&outcome)
            .iter()
            .all(|(device, ..)| device == "opap/200041")
    );
}

#[tokio::test]
async fn trap_08_rows_are_minutes_published_every_quarter() {
    let mut rig = Rig::with(tenant()).await;
    let outcome = rig.first().await;
    let spans = |reading: &Reading| match reading.measure {
        Measure::Flow(_) => reading.span_s == 60,
        _ => reading.span_s == 0,
    };
    assert!(outcome.delivery.unwrap().readings.iter().all(spans));
    assert_eq!(rig.source.cadence().expectation.period_s, 900);
}

#[tokio::test]
async fn trap_09_a_count_that_grows_refetches_the_window_once() {
    let mut rig = Rig::new(
        |_| {},
        |seen, before| match &*seen.path {
            VISITS => {
                let page = seen.param("page").parse().unwrap_or(1);
                let minute = format!("2026-03-02T08:{:02}:00Z", before % 60);
                Answer::ok(&json!({
                    // Grows by the second page of the first round, then stands.
                    "count": if before == 1 { 2 } else { 3 },
                    "next": (page < 2).then_some("x"),
                    "results": [visit("1", &minute, 1, 0)],
                }))
            }
            _ => tenant().answer(seen),
        },
    )
    .await;
    let outcome = rig.first().await;
    assert_eq!(outcome.error, None);
    assert_eq!(
        rig.paths(),
        [TOKEN_PATH, VISITS, VISITS, VISITS, VISITS, OCCUPANCY]
    );
    assert_eq!(flows(&outcome).len(), 2);
}

#[tokio::test]
async fn trap_09_a_count_that_never_stands_ends_all_the_same() {
    let mut rig = Rig::new(
        |_| {},
        |seen, before| match &*seen.path {
            VISITS => Answer::ok(&json!({
                "count": before, "next": "x", "results": [visit("1", "2026-03-02T08:00:00Z", 1, 0)],
            })),
            _ => tenant().answer(seen),
        },
    )
    .await;
    let outcome = rig.first().await;
    assert_eq!(outcome.error, None);
    assert_eq!(
        rig.paths(),
        [TOKEN_PATH, VISITS, VISITS, VISITS, VISITS, OCCUPANCY]
    );
}

#[tokio::test]
async fn trap_09_a_page_that_is_gone_restarts_the_window() {
    let mut rig = Rig::new(
        |_| {},
        |seen, before| match &*seen.path {
            VISITS if seen.param("page") == "2" => refusal(404, "not_found", "Invalid page."),
            VISITS => Answer::ok(&json!({
                "count": 2, "next": (before < 2).then_some("x"),
                "results": [visit("1", "2026-03-02T08:00:00Z", 1, 0)],
            })),
            _ => tenant().answer(seen),
        },
    )
    .await;
    let outcome = rig.first().await;
    assert_eq!(outcome.error, None);
    assert_eq!(rig.paths(), [TOKEN_PATH, VISITS, VISITS, VISITS, OCCUPANCY]);
}

#[tokio::test]
async fn trap_10_404_has_two_meanings() {
    // On the first page "not found" is no page past the end: the path is wrong.
    let mut rig = Rig::new(
        |_| {},
        |seen, _| match &*seen.path {
            VISITS => refusal(404, "not_found", "Not found."),
            _ => tenant().answer(seen),
        },
    )
    .await;
    let outcome = rig.first().await;
    let error = outcome.error.clone().unwrap();
    assert_eq!((error.kind, error.status), (ErrorKind::Http, Some(404)));
    assert_eq!(error.code.as_deref(), Some("not_found"));
    // The other list is delivered, without the claim that minutes without visits are zero.
    assert_eq!(levels(&outcome).len(), 5);
    assert_eq!(outcome.delivery.unwrap().complete_from, None);
}

#[tokio::test]
async fn trap_11_one_bad_store_does_not_hide_the_others() {
    let codes = |settings: &mut Settings| {
        settings.store_codes = ["200041", "AHQ21000", "999999"].map(str::to_owned).to_vec();
    };
    let mut rig = Rig::new(codes, |seen, _| tenant().answer(seen)).await;
    for poll in 0..2 {
        let outcome = rig.first().await;
        let error = outcome.error.clone().unwrap();
        assert_eq!((error.kind, error.status), (ErrorKind::Config, Some(404)));
        assert_eq!(error.code.as_deref(), Some("store_code_not_found"));
        assert_eq!(error.reference.as_deref(), Some("00000000000000a1"));
        assert!(error.message.contains("999999"), "{error}");
        assert_eq!((flows(&outcome).len(), levels(&outcome).len()), (6, 5));
        // The unknown store is asked for by name once and never again.
        let probes = rig
            .server
            .take()
            .iter()
            .filter(|seen| !seen.param("store_code").is_empty())
            .count();
        assert_eq!(probes, usize::from(poll == 0));
    }
}

#[tokio::test]
async fn trap_11_a_configured_store_without_rows_is_not_unknown() {
    let codes = |settings: &mut Settings| settings.store_codes = vec!["quiet".to_owned()];
    let mut rig = Rig::new(codes, |seen, _| {
        Tenant {
            stores: vec!["quiet"],
            ..tenant()
        }
        .answer(seen)
    })
    .await;
    let outcome = rig.first().await;
    assert_eq!(outcome.error, None);
    let delivery = outcome.delivery.unwrap();
    assert!(delivery.readings.is_empty());
    assert_eq!(delivery.facts[0].0.as_str(), "opap/quiet");
}

#[tokio::test]
async fn trap_11_when_no_configured_store_exists_nothing_more_is_asked() {
    let codes = |settings: &mut Settings| settings.store_codes = vec!["999999".to_owned()];
    let mut rig = Rig::new(codes, |seen, _| tenant().answer(seen)).await;
    rig.first().await;
    rig.server.take();
    let outcome = rig.first().await;
    assert_eq!(outcome.error.unwrap().kind, ErrorKind::Config);
    assert!(rig.server.seen().is_empty());
}

#[tokio::test]
async fn trap_12_store_code_is_text() {
    let stamp = "2026-03-02T10:01:00+02:00";
    let mut number = visit("", stamp, 1, 0);
    number["store_code"] = json!(116_500);
    let tenant = Tenant {
        visits: vec![
            visit("000116", stamp, 1, 0),
            visit("AHQ21000", stamp, 1, 0),
            number,
        ],
        occupancy: Vec::new(),
        ..tenant()
    };
    let outcome = Rig::with(tenant).await.first().await;
    let devices: Vec<_> = flows(&outcome)
        .into_iter()
        .map(|(device, ..)| device)
        .collect();
    assert_eq!(devices, ["opap/000116", "opap/AHQ21000", "opap/116500"]);
}

#[tokio::test]
async fn trap_13_one_token_for_each_poll_and_no_wasted_401() {
    let mut rig = Rig::with(tenant()).await;
    rig.first().await;
    rig.server.take();
    // The token lives for 13 minutes by its own account, so it has ended by the next poll.
    rig.poll("2026-03-02T08:33:00Z", Some("2026-03-02T08:15:00Z"))
        .await;
    assert_eq!(rig.paths(), [TOKEN_PATH, VISITS, OCCUPANCY]);
    // A second look right behind a poll uses the same one.
    rig.poll("2026-03-02T08:34:00Z", Some("2026-03-02T08:15:00Z"))
        .await;
    assert_eq!(rig.paths(), [VISITS, OCCUPANCY]);
}

#[tokio::test]
async fn trap_13_a_refused_token_is_renewed_once() {
    let mut rig = Rig::new(
        |_| {},
        |seen, before| match (&*seen.path, before) {
            (VISITS, 1) => refusal(401, "authentication_failed", "Token expired."),
            _ => tenant().answer(seen),
        },
    )
    .await;
    let outcome = rig.first().await;
    assert_eq!(outcome.error, None);
    assert_eq!(
        rig.paths(),
        [TOKEN_PATH, VISITS, TOKEN_PATH, VISITS, OCCUPANCY]
    );
}

#[tokio::test]
async fn trap_13_a_token_refused_twice_is_a_credential_error() {
    let mut rig = Rig::new(
        |_| {},
        |seen, _| match &*seen.path {
            TOKEN_PATH => token(),
            _ => refusal(
                401,
                "authentication_failed",
                &format!("Not {JWT}, monitor."),
            ),
        },
    )
    .await;
    let outcome = rig.first().await;
    assert_eq!(outcome.delivery, None);
    let error = outcome.error.unwrap();
    assert_eq!((error.kind, error.status), (ErrorKind::Auth, Some(401)));
    assert_eq!(error.code.as_deref(), Some("authentication_failed"));
    assert_eq!(error.reference.as_deref(), Some("00000000000000a1"));
    // What the vendor writes back is shown without the token.
    assert!(error.message.contains("Not ***, monitor."), "{error}");
    assert_eq!(rig.paths(), [TOKEN_PATH, VISITS, TOKEN_PATH, VISITS]);
}

#[tokio::test]
async fn trap_13_basic_sends_no_log_in() {
    let basic = |settings: &mut Settings| settings.auth = Auth::Basic;
    let mut rig = Rig::new(basic, |seen, _| tenant().answer(seen)).await;
    assert_eq!(rig.first().await.error, None);
    let seen = rig.server.take();
    assert_eq!(seen.len(), 2);
    // base64 of monitor:test-password
    assert_eq!(
        seen[0].header("authorization"),
        "Basic bW9uaXRvcjp0ZXN0LXBhc3N3b3Jk"
    );
}

#[tokio::test]
async fn trap_14_negative_occupancy_is_kept() {
    let tenant = Tenant {
        occupancy: vec![inside("200041", "2026-03-02T10:01:00+02:00", -3)],
        ..tenant()
    };
    let outcome = Rig::with(tenant).await.first().await;
    assert_eq!(levels(&outcome)[0].2, -3);
}

#[tokio::test]
async fn trap_15_the_drafts_device_id_is_not_sent() {
    let mut rig = Rig::with(tenant()).await;
    rig.first().await;
    assert!(
        rig.server
            .seen()
            .iter()
            .all(|seen| !seen.query.contains_key("device_id"))
    );
}
