//! A poll that goes well, one test for each kind of answer, and `check`.

use super::*;

#[tokio::test]
async fn a_poll_reads_the_day_of_all_counters() {
    let mut rig = Rig::new(vendor(&morning())).await;
    let outcome = rig.first().await;
    assert_eq!(outcome.error, None);
    assert_eq!(
        shown(&outcome),
        [
            "507 02T08:00+15 12/3",
            "507 02T08:15+15 9/6",
            "508 02T08:00+15 4/1",
            "508 02T08:15+15 2/5"
        ]
    );
    let delivery = outcome.delivery.unwrap();
    assert_eq!((delivery.rows, delivery.rejected), (4, 0));
    assert_eq!(delivery.complete_from, Some(at("2026-03-01T23:00:00Z")));
    assert_eq!(delivery.period_s, Some(900));
    assert!(delivery.roster && delivery.notes.is_empty());
    let (device, facts) = &delivery.facts[0];
    assert_eq!(
        (device.as_str(), &*facts.name),
        ("mall/507", "Main entrance")
    );
    assert_eq!(facts.timezone, Some(chrono_tz::Europe::Stockholm));
    let detail = Detail::PeopleCounter {
        interval_s: Some(900),
        group: Some("Library".to_owned()),
    };
    assert_eq!(facts.detail, detail);
    assert_eq!(rig.paths(), [LOGIN, INTERVALS, COUNTERS, GROUPS]);
}

#[tokio::test]
async fn the_cadence_is_hourly_until_rows_show_another() {
    let mut rig = Rig::new(vendor(&morning())).await;
    let expected = rig.source.cadence().expectation;
    assert_eq!(
        (expected.period_s, expected.lag_s, expected.grace_s),
        (3600, 300, 300)
    );
    assert_eq!(rig.first().await.delivery.unwrap().period_s, Some(900));
    let fixed = |config: &mut SourceConfig| {
        config.common.period = Some(Duration::from_secs(1800));
    };
    let mut rig = Rig::with(fixed, vendor(&morning())).await;
    assert_eq!(rig.source.cadence().expectation.period_s, 1800);
    assert_eq!(rig.first().await.delivery.unwrap().period_s, None);
}

#[tokio::test]
async fn two_weeks_are_read_again_twice_a_week_in_one_range() {
    let rows: Vec<_> = (0..40)
        .map(|row| {
            at("2026-02-12T09:00:00Z") + TimeDelta::days(row / 2) + TimeDelta::hours(row % 2)
        })
        .map(|local| row(507, &local.format("%Y-%m-%d %H:%M:%S").to_string(), 1, 1))
        .collect();
    let mut rig = Rig::new(vendor(&rows)).await;
    rig.poll("2026-03-02T23:05:00Z", Some("2026-03-02T22:00:00Z"))
        .await;
    rig.server.take();
    // Tuesday 03:35 in Stockholm.
    let outcome = rig
        .poll("2026-03-03T02:35:00Z", Some("2026-03-03T02:00:00Z"))
        .await;
    let range = (
        "2026-02-18 00:00:00".to_owned(),
        "2026-03-02 23:59:59".to_owned(),
    );
    assert_eq!(rig.ranges(), [day("2026-03-03"), range]);
    assert_eq!(shown(&outcome).len(), 26);
    rig.poll("2026-03-03T03:35:00Z", Some("2026-03-03T03:00:00Z"))
        .await;
    assert_eq!(rig.ranges(), [day("2026-03-03")]);
}

#[tokio::test]
async fn a_vendor_that_refuses_ranges_is_asked_day_by_day() {
    let rows = ["2026-02-27", "2026-02-28", "2026-03-01"]
        .map(|date| row(507, &format!("{date} 09:00:00"), 1, 1));
    let answer = vendor(&rows);
    let mut rig = Rig::new(move |seen, before| {
        let whole_day = |seen: &Seen| {
            let (from, to) = (seen.param("startTime"), seen.param("endTime"));
            from.split(' ').next() == to.split(' ').next()
        };
        if seen.path == INTERVALS && !whole_day(seen) {
            Answer::json(400, &json!({"message": "One day only"}))
        } else {
            answer(seen, before)
        }
    })
    .await;
    let outcome = rig.poll(NOW, Some("2026-02-27T12:00:00Z")).await;
    assert_eq!(outcome.error, None);
    assert_eq!(shown(&outcome).len(), 3);
    let ranges = rig.ranges();
    assert_eq!(ranges.len(), 5);
    assert_eq!(
        ranges[2..],
        [day("2026-03-01"), day("2026-02-28"), day("2026-02-27")]
    );
}

#[tokio::test]
async fn a_static_list_needs_no_lists_from_the_vendor() {
    let one = |config: &mut SourceConfig| settings(config).counters = vec![507];
    // The older API's rows have no counter id: with one counter there is no doubt.
    let rows = json!({"data": {"counterData": [
        {"datetime": "2026-03-02 09:00:00", "inValue": "21", "outValue": "9"},
        {"datetime": "2026-03-02 08:00:00", "inValue": "33", "outValue": "35"},
    ]}});
    let mut rig = Rig::with(one, always(Answer::ok(&rows))).await;
    let outcome = rig.first().await;
    assert_eq!(outcome.error, None);
    assert_eq!(
        shown(&outcome),
        ["507 02T07:00+60 33/35", "507 02T08:00+60 21/9"]
    );
    let delivery = outcome.delivery.unwrap();
    assert!(!delivery.roster);
    assert_eq!(delivery.facts[0].1.name, "507");
}

#[tokio::test]
async fn a_static_list_leaves_out_the_rest_and_names_what_is_missing() {
    let some = |config: &mut SourceConfig| settings(config).counters = vec![507, 999];
    let mut rig = Rig::with(some, vendor(&morning())).await;
    let outcome = rig.first().await;
    assert_eq!(shown(&outcome).len(), 2);
    let error = error(outcome);
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.contains("999"), "{error}");
}

#[tokio::test]
async fn missing_lists_cost_only_the_names() {
    let mut rig = Rig::new(always(list(&morning()))).await;
    let outcome = rig.first().await;
    assert_eq!(outcome.error, None);
    let delivery = outcome.delivery.unwrap();
    assert_eq!(delivery.facts.len(), 2);
    assert!(!delivery.roster);
    assert_eq!(delivery.notes.len(), 2);
    assert!(
        delivery.notes[0].contains("endpoints.counters"),
        "{:?}",
        delivery.notes
    );
    rig.server.take();
    // What is not there today is not asked for again before tomorrow.
    rig.poll("2026-03-02T10:05:00Z", None).await;
    assert_eq!(rig.paths(), [LOGIN, INTERVALS]);
}

/// One test for each row of the table of statuses.
macro_rules! statuses {
    ($($name:ident: $status:literal, $kind:ident;)+) => {$(
        #[tokio::test]
        async fn $name() {
            is_told($status, ErrorKind::$kind).await;
        }
    )+};
}

statuses! {
    status_400_is_told: 400, Http;
    status_403_is_a_refusal: 403, Auth;
    status_404_is_told: 404, Http;
    status_429_is_a_limit: 429, RateLimited;
    status_500_is_told: 500, Http;
    status_502_is_told: 502, Http;
    status_503_is_told: 503, Http;
}

async fn is_told(status: u16, kind: ErrorKind) {
    let body = json!({"message": "Unknown ClientID", "code": 17});
    let mut rig = Rig::new(always(Answer::json(status, &body))).await;
    let outcome = rig.first().await;
    assert_eq!(outcome.delivery, None);
    let error = error(outcome);
    assert_eq!((error.kind, error.status), (kind, Some(status)));
    assert_eq!(error.code.as_deref(), Some("17"));
    assert!(error.message.contains("Unknown ClientID"), "{error}");
    // A vendor that refuses is left alone.
    assert_eq!(rig.paths(), [LOGIN, INTERVALS]);
}

#[tokio::test]
async fn a_limit_ends_as_the_vendor_says_or_with_the_hour() {
    let limited = Answer::json(429, &json!({"message": "Rate limit exceeded"}));
    let mut rig = Rig::new(always(limited.clone().with("retry-after", "900"))).await;
    assert_eq!(
        error(rig.first().await).retry_at,
        Some(at("2026-03-02T09:20:00Z"))
    );
    let mut rig = Rig::new(always(limited)).await;
    assert_eq!(
        error(rig.first().await).retry_at,
        Some(at("2026-03-02T10:00:00Z"))
    );
}

#[tokio::test]
async fn refused_credentials_stop_at_the_log_in() {
    let mut rig = Rig::new(|_, _| Answer::json(401, &json!({"message": "Invalid apiKey"}))).await;
    let error = error(rig.first().await);
    assert_eq!((error.kind, error.status), (ErrorKind::Auth, Some(401)));
    assert!(error.message.starts_with("log-in: "), "{error}");
    assert_eq!(rig.paths(), [LOGIN]);
}

#[tokio::test]
async fn an_answer_in_another_form_is_a_schema_error() {
    for (body, words) in [
        ("<html>log in</html>", "HTML page"),
        ("", "empty body"),
        ("{}", "no list of rows at /data/counterData"),
        (r#"{"rows":[{"a":1}]}"#, "/rows (1 rows)"),
        (r#"{"data":{"counterData":5}}"#, "no list of rows"),
        (
            r#"{"data":{"counterData":[{"when":"x","n":1}]}}"#,
            "the names n, when",
        ),
    ] {
        let mut rig = Rig::new(always(Answer::text(200, "application/json", body))).await;
        let outcome = rig.first().await;
        assert_eq!(outcome.delivery, None, "{body}");
        let error = error(outcome);
        assert_eq!(error.kind, ErrorKind::Schema, "{body}");
        assert!(error.message.contains(words), "{body}: {error}");
    }
}

#[tokio::test]
async fn a_log_in_without_a_token_says_where_it_looked() {
    let mut rig = Rig::new(|_, _| Answer::ok(&json!({"bearer": "s3cret"}))).await;
    let error = error(rig.first().await);
    assert_eq!(error.kind, ErrorKind::Schema);
    assert!(error.message.contains("/access_token") && error.message.contains("bearer"));
    assert!(!error.message.contains("s3cret"));
}

#[tokio::test]
async fn check_makes_one_log_in_and_one_request() {
    let mut rig = Rig::new(vendor(&morning())).await;
    let ask = rig.ask(NOW, None);
    let findings = rig.source.check(&ask).await;
    assert_eq!(rig.paths(), [LOGIN, INTERVALS]);
    assert!(findings.iter().all(|finding| finding.ok), "{findings:?}");
    let text = format!("{findings:?}");
    for words in [
        "token found at /jwt",
        "4 rows at /data/counterData",
        "time: datetime",
        "in: I",
        "out: O",
        "counter: counterId",
        "customer: none",
        "interval: 15 min",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains(JWT));
}

#[tokio::test]
async fn check_stops_at_the_first_refusal() {
    let refusal = Answer::json(401, &json!({"message": "no"}));
    let mut rig = Rig::new(always(refusal)).await;
    let ask = rig.ask(NOW, None);
    let findings = rig.source.check(&ask).await;
    assert_eq!(rig.paths(), [LOGIN, INTERVALS]);
    assert_eq!(
        findings
            .iter()
            .map(|finding| finding.ok)
            .collect::<Vec<_>>(),
        [true, false]
    );
}

#[tokio::test]
async fn check_shows_where_lists_are_when_the_pointer_is_wrong() {
    let data = Answer::ok(&json!({"result": {"counts": [{"x": 1}]}}));
    let mut rig = Rig::new(always(data)).await;
    let ask = rig.ask(NOW, None);
    let findings = rig.source.check(&ask).await;
    assert!(!findings[1].ok);
    assert!(
        findings[1].details[0].contains("/result/counts (1 rows)"),
        "{findings:?}"
    );
}
