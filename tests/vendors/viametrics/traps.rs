//! One test for each trap of the interface, named after it.

use super::*;

#[tokio::test]
async fn trap_01_no_endpoint_list() {
    let own = |config: &mut SourceConfig| {
        let settings = settings(config);
        settings.endpoints.login = Endpoint::post("/token");
        settings.endpoints.intervals = Endpoint::get("/v2/counts");
        settings.fields.rows = "/result".to_owned();
        settings.fields.time = vec!["at".to_owned()];
    };
    let mut rig = Rig::with(own, |seen, _| match &*seen.path {
        "/token" => Answer::ok(&json!({"data": {"token": JWT}})),
        "/v2/counts" => Answer::ok(&json!({"result": [
            {"id": 7, "at": "2026-03-02 09:00:00", "in": 1, "out": 0}
        ]})),
        _ => Answer::json(404, &json!({"message": "Not found"})),
    })
    .await;
    let outcome = rig.first().await;
    assert_eq!(outcome.error, None);
    assert_eq!(shown(&outcome), ["7 02T08:00+60 1/0"]);

    let mut rig = Rig::new(|seen, _| match &*seen.path {
        LOGIN => login(),
        _ => Answer::json(404, &json!({"message": "Not found"})),
    })
    .await;
    let error = error(rig.first().await);
    assert_eq!((error.kind, error.status), (ErrorKind::Http, Some(404)));
}

#[tokio::test]
async fn trap_02_each_poll_logs_in_once_and_shares_the_token() {
    let mut rig = Rig::new(vendor(&morning())).await;
    rig.first().await;
    assert_eq!(rig.paths(), [LOGIN, INTERVALS, COUNTERS, GROUPS]);
    rig.poll("2026-03-02T10:05:00Z", Some("2026-03-02T09:00:00Z"))
        .await;
    assert_eq!(rig.paths(), [LOGIN, INTERVALS]);
    // The lists are read again on the next local day, yesterday comes with it, one log-in for all.
    rig.poll("2026-03-02T23:05:00Z", Some("2026-03-02T22:00:00Z"))
        .await;
    assert_eq!(rig.paths(), [LOGIN, INTERVALS, INTERVALS, COUNTERS, GROUPS]);
}

#[tokio::test]
async fn trap_03_a_token_is_renewed_at_nine_minutes() {
    let mut rig = Rig::new(vendor(&morning())).await;
    rig.first().await;
    rig.server.take();
    rig.poll("2026-03-02T09:13:00Z", None).await;
    assert_eq!(rig.paths(), [INTERVALS]);
    rig.poll("2026-03-02T09:14:30Z", None).await;
    assert_eq!(rig.paths(), [LOGIN, INTERVALS]);
}

#[tokio::test]
async fn trap_03_expiry_in_mid_cycle() {
    let answer = vendor(&morning());
    let mut rig = Rig::new(move |seen, before| match before {
        1 => Answer::json(401, &json!({"message": "Token expired"})),
        _ => answer(seen, before),
    })
    .await;
    let outcome = rig.first().await;
    assert_eq!(outcome.error, None);
    assert_eq!(shown(&outcome).len(), 4);
    assert_eq!(
        rig.paths(),
        [LOGIN, INTERVALS, LOGIN, INTERVALS, COUNTERS, GROUPS]
    );
}

#[tokio::test]
async fn trap_03_a_second_401_is_a_credential_error() {
    let refusal = Answer::json(
        401,
        &json!({"message": format!("Bad {JWT} or test-api-key")}),
    );
    let mut rig = Rig::new(always(refusal)).await;
    let outcome = rig.first().await;
    assert_eq!(outcome.delivery, None);
    let error = error(outcome);
    assert_eq!((error.kind, error.status), (ErrorKind::Auth, Some(401)));
    assert!(error.message.contains("Bad *** or ***"), "{error}");
    assert_eq!(rig.paths(), [LOGIN, INTERVALS, LOGIN, INTERVALS]);
}

#[tokio::test]
async fn trap_03_a_token_that_dies_twice_in_one_poll_is_not_renewed_twice() {
    let answer = vendor(&morning());
    let mut rig = Rig::new(move |seen, before| match (&*seen.path, before) {
        (INTERVALS, 1) | (COUNTERS, _) => Answer::json(401, &json!({"message": "Token expired"})),
        _ => answer(seen, before),
    })
    .await;
    let outcome = rig.first().await;
    // The rows are there; only the names are missing.
    assert_eq!(outcome.error, None);
    assert_eq!(outcome.delivery.unwrap().notes.len(), 2);
    assert_eq!(rig.paths(), [LOGIN, INTERVALS, LOGIN, INTERVALS, COUNTERS]);
}

#[tokio::test]
async fn trap_04_the_budget_is_shared() {
    let server = Server::start(vendor(&morning())).await;
    let mut sources = vec![config(&server), config(&server), config(&server)];
    settings(&mut sources[2]).client_id = "99".to_owned();
    sources[1].common.requests_per_hour = Some(100);
    let budgets = registry::budgets(&sources);
    assert!(Arc::ptr_eq(&budgets[0], &budgets[1]) && !Arc::ptr_eq(&budgets[0], &budgets[2]));
    assert_eq!(budgets[0].lock().unwrap().per_hour(), 100);
    assert_eq!(budgets[2].lock().unwrap().per_hour(), 400);
}

#[tokio::test]
async fn trap_05_client_id_on_every_call() {
    let mut rig = Rig::new(vendor(&morning())).await;
    rig.first().await;
    let seen = rig.server.take();
    assert!(seen.iter().all(|seen| seen.header("ClientID") == "1234"));
    assert_eq!(seen[0].method, "POST");
    assert_eq!(
        seen[0].body,
        json!({"clientId": "1234", "apiKey": "test-api-key"})
    );
    assert!(
        seen[1..]
            .iter()
            .all(|seen| seen.header("authorization") == format!("Bearer {JWT}"))
    );
    assert_eq!(
        seen[1].raw_query,
        "startTime=2026-03-02+00%3A00%3A00&endTime=2026-03-02+23%3A59%3A59"
    );
}

#[tokio::test]
async fn trap_06_client_id_versus_cid() {
    let of = |cid: i64, counter: i64| json!({"cid": cid, "counterId": counter, "datetime": "2026-03-02 09:00:00", "I": cid, "O": 0});
    let mut rig = Rig::new(always(list(&[of(1, 507), of(2, 507), of(1, 508)]))).await;
    let outcome = rig.first().await;
    assert_eq!(
        shown(&outcome),
        [
            "1:507 02T08:00+60 1/0",
            "2:507 02T08:00+60 2/0",
            "508 02T08:00+60 1/0"
        ]
    );
}

#[tokio::test]
async fn trap_07_last_interval_of_the_day() {
    let rows = [
        row(507, "2026-03-02 23:45:00", 5, 9),
        row(507, "2026-03-03 00:00:00", 0, 1),
    ];
    let mut rig = Rig::new(vendor(&rows)).await;
    rig.poll("2026-03-02T22:50:00Z", None).await;
    assert_eq!(rig.ranges(), [day("2026-03-02")]);
    let outcome = rig
        .poll("2026-03-02T23:20:00Z", Some("2026-03-02T22:45:00Z"))
        .await;
    assert_eq!(rig.ranges(), [day("2026-03-03"), day("2026-03-02")]);
    assert!(shown(&outcome).contains(&"507 02T22:45+15 5/9".to_owned()));
    assert_eq!(
        outcome.delivery.unwrap().complete_from,
        Some(at("2026-03-01T23:00:00Z"))
    );
    rig.poll("2026-03-02T23:35:00Z", Some("2026-03-02T23:15:00Z"))
        .await;
    assert_eq!(rig.ranges(), [day("2026-03-03")]);
}

#[tokio::test]
async fn trap_07_yesterday_stays_owed_until_it_has_come() {
    let answer = vendor(&[
        row(507, "2026-03-02 23:45:00", 5, 9),
        row(507, "2026-03-03 00:00:00", 0, 1),
    ]);
    let mut rig = Rig::new(move |seen, before| {
        if seen.param("startTime") == "2026-03-02 00:00:00" && before < 8 {
            Answer::text(502, "text/html", "<h1>Bad gateway</h1>")
        } else {
            answer(seen, before)
        }
    })
    .await;
    let horizon = Some("2026-03-02T22:45:00Z");
    let outcome = rig.poll("2026-03-02T23:20:00Z", horizon).await;
    // Today is delivered all the same, and claims no more than itself.
    assert_eq!(shown(&outcome), ["507 02T23:00+20 0/1"]);
    assert_eq!(
        outcome.delivery.as_ref().unwrap().complete_from,
        Some(at("2026-03-02T23:00:00Z"))
    );
    assert_eq!(error(outcome).status, Some(502));
    rig.poll("2026-03-02T23:50:00Z", horizon).await;
    let outcome = rig.poll("2026-03-03T00:20:00Z", horizon).await;
    assert_eq!(outcome.error, None);
    assert!(
        shown(&outcome)
            .iter()
            .any(|reading| reading.starts_with("507 02T22:45"))
    );
}

#[tokio::test]
async fn trap_08_open_interval() {
    let mut rows = morning();
    rows.extend([
        row(507, "2026-03-02 09:30:00", 1, 1),
        row(507, "2026-03-02 09:45:00", 1, 1),
        // Still runs at 10:05, and the vendor fills up the day with zeros.
        row(507, "2026-03-02 10:00:00", 1, 0),
        row(507, "2026-03-02 10:15:00", 0, 0),
        row(507, "2026-03-02 23:45:00", 0, 0),
    ]);
    let mut rig = Rig::new(vendor(&rows)).await;
    let outcome = rig.first().await;
    let newest = outcome
        .delivery
        .as_ref()
        .unwrap()
        .readings
        .iter()
        .map(Reading::end)
        .max();
    assert_eq!(newest, Some(at("2026-03-02T09:00:00Z")));
    assert_eq!(outcome.delivery.unwrap().rejected, 0);
    // Once it is over it is there, under the same key however often it is rewritten.
    for _ in 0..2 {
        let outcome = rig.poll("2026-03-02T09:20:00Z", None).await;
        assert!(shown(&outcome).contains(&"507 02T09:00+15 1/0".to_owned()));
    }
}

#[tokio::test]
async fn trap_09_zero_missing_late() {
    let rows = [
        row(507, "2026-03-02 08:00:00", 1, 1),
        row(507, "2026-03-02 08:15:00", 1, 1),
        row(507, "2026-03-02 08:30:00", 1, 1),
        row(507, "2026-03-02 08:45:00", 0, 0),
        row(507, "2026-03-02 09:30:00", 1, 1),
    ];
    let mut rig = Rig::new(vendor(&rows)).await;
    let outcome = rig.first().await;
    assert_eq!(shown(&outcome).len(), 5);
    assert!(
        outcome
            .delivery
            .unwrap()
            .readings
            .iter()
            .all(|reading| reading.span_s == 900)
    );
    let grid = rig.source.grid();
    assert_eq!((grid.quiet, grid.stamp), (Quiet::Learned, Stamp::End));

    // Nothing at all is a success without a value.
    let mut rig = Rig::new(vendor(&[])).await;
    let outcome = rig.first().await;
    assert_eq!(outcome.error, None);
    assert!(outcome.delivery.unwrap().readings.is_empty());
}

#[tokio::test]
async fn trap_10_drift_is_kept() {
    let rows = [
        row(507, "2026-03-02 08:00:00", 0, 90),
        row(507, "2026-03-02 09:00:00", 3, 5),
    ];
    let outcome = Rig::new(vendor(&rows)).await.first().await;
    assert_eq!(
        shown(&outcome),
        ["507 02T07:00+60 0/90", "507 02T08:00+60 3/5"]
    );
}

#[tokio::test]
async fn trap_11_groups_name_and_never_sum() {
    let answer = vendor(&morning());
    let mut rig = Rig::new(move |seen, before| match &*seen.path {
        GROUPS => Answer::ok(&json!({"data": {"counterGroups": [
            {"id": 90, "name": "Inner zone", "flag": "ZONE", "cid": 1234, "counterIds": [507, 508]},
            {"id": 91, "name": "Library", "flag": "FACILITY", "cid": 1234, "counterIds": [507]},
        ]}})),
        _ => answer(seen, before),
    })
    .await;
    let outcome = rig.first().await;
    assert_eq!(shown(&outcome).len(), 4);
    let groups: Vec<_> = outcome
        .delivery
        .unwrap()
        .facts
        .into_iter()
        .map(|(_, facts)| match facts.detail {
            Detail::PeopleCounter { group, .. } => group,
            _ => unreachable!(),
        })
        .collect();
    assert_eq!(groups, [Some("Library".to_owned()), None]);
}

#[tokio::test]
async fn trap_12_autumn_clock_change() {
    let rows = [
        row(507, "2026-10-25 02:45:00", 1, 2),
        row(507, "2026-10-25 02:00:00", 0, 3),
        row(507, "2026-10-25 02:15:00", 1, 0),
    ];
    let mut rig = Rig::new(vendor(&rows)).await;
    rig.since = "2026-10-25T00:00:00Z";
    let outcome = rig.poll("2026-10-25T03:05:00Z", None).await;
    assert_eq!(
        shown(&outcome),
        [
            "507 25T00:45+15 1/2",
            "507 25T01:00+15 0/3",
            "507 25T01:15+15 1/0"
        ]
    );
    assert_eq!(rig.ranges(), [day("2026-10-25")]);
}

#[tokio::test]
async fn trap_12_a_merged_hour_is_told() {
    let rows = [
        row(507, "2026-10-25 01:00:00", 1, 0),
        row(507, "2026-10-25 02:00:00", 8, 8),
        row(507, "2026-10-25 03:00:00", 1, 0),
    ];
    let mut rig = Rig::new(vendor(&rows)).await;
    rig.since = "2026-10-25T00:00:00Z";
    let outcome = rig.poll("2026-10-25T06:05:00Z", None).await;
    assert_eq!(
        shown(&outcome),
        [
            "507 24T23:00+60 1/0",
            "507 25T00:00+60 8/8",
            "507 25T02:00+60 1/0"
        ]
    );
    let notes = outcome.delivery.unwrap().notes;
    assert!(notes[0].contains("came only once"), "{notes:?}");
}

#[tokio::test]
async fn trap_12_the_hour_that_spring_skips_is_absent() {
    let rows = [
        row(507, "2026-03-29 01:00:00", 1, 0),
        row(507, "2026-03-29 02:00:00", 7, 7),
        row(507, "2026-03-29 03:00:00", 2, 0),
    ];
    let mut rig = Rig::new(vendor(&rows)).await;
    rig.since = "2026-03-29T00:00:00Z";
    let outcome = rig.poll("2026-03-29T06:05:00Z", None).await;
    assert_eq!(
        shown(&outcome),
        ["507 29T00:00+60 1/0", "507 29T01:00+60 2/0"]
    );
    assert_eq!(outcome.delivery.unwrap().rejected, 1);
}

#[tokio::test]
async fn trap_13_mixed_intervals() {
    let mut rows = Vec::new();
    for quarter in 0..16 {
        let local = format!(
            "2026-03-02 {:02}:{:02}:00",
            5 + quarter / 4,
            quarter % 4 * 15
        );
        rows.push(row(507, &local, 1, 0));
        if quarter % 4 == 0 {
            rows.push(row(508, &local, 4, 0));
        }
    }
    let mut rig = Rig::new(vendor(&rows)).await;
    let outcome = rig.first().await;
    let readings = outcome.delivery.unwrap().readings;
    let spans = |id: &str| {
        let of = readings
            .iter()
            .filter(|reading| reading.device.local() == id);
        of.map(|reading| reading.span_s).collect::<Vec<_>>()
    };
    assert_eq!((spans("507"), spans("508")), (vec![900; 16], vec![3600; 4]));
}

#[tokio::test]
async fn trap_13_history_knows_the_interval_of_a_lonely_row() {
    let mut rig = Rig::new(vendor(&[row(507, "2026-03-02 00:00:00", 1, 0)])).await;
    let facts = Facts {
        name: "Main entrance".to_owned(),
        timezone: None,
        detail: Detail::PeopleCounter {
            interval_s: Some(1800),
            group: None,
        },
    };
    rig.known = vec![(DeviceId::new("mall", "507"), facts)];
    let outcome = rig.first().await;
    assert_eq!(shown(&outcome), ["507 01T23:00+30 1/0"]);
}

#[tokio::test]
async fn trap_14_and_15_no_secret_in_urls_or_errors() {
    let mut rig = Rig::new(always(Answer::text(500, "text/plain", JWT))).await;
    let outcome = rig.first().await;
    let exchanges = rig.source.transport().take_exchanges();
    let said = format!("{outcome:?} {exchanges:?}");
    assert!(
        !said.contains(JWT) && !said.contains("test-api-key"),
        "{said}"
    );
    assert!(
        rig.server
            .seen()
            .iter()
            .all(|seen| !seen.raw_query.contains("oken"))
    );
}
