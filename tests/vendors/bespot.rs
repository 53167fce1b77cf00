//! Bespot over real HTTP: one test for each trap of its interface and for each error.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use occtop::clock::{Clock, Hand};
use occtop::config::SourceConfig;
use occtop::config::secret::Secret;
use occtop::model::Timestamp;
use occtop::model::attempt::{Ask, ErrorKind, Outcome};
use occtop::model::budget::Budget;
use occtop::model::reading::{Flow, Level, Measure, Reading, Value as Number};
use occtop::model::schedule::Publish;
use occtop::vendors::bespot::{Auth, Settings};
use occtop::vendors::registry::{self, Account};
use occtop::vendors::source::Source;
use serde_json::{Value, json};

use crate::loopback::{Answer, Seen, Server, at, common};

const NOW: &str = "2026-03-02T08:18:00Z";
const TOKEN_PATH: &str = "/api/auth/jwt/token/";
const VISITS: &str = "/api/bi/acquisition-metrics/visits/";
const OCCUPANCY: &str = "/api/bi/acquisition-metrics/occupancy/";
/// Ends 2026-03-02T08:31:40Z.
const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3NzI0NDAzMDB9.YWNjZXNz";

/// A tenant that answers as the vendor's pages say.
#[derive(Clone, Default)]
struct Tenant {
    visits: Vec<Value>,
    occupancy: Vec<Value>,
    stores: Vec<&'static str>,
    page_limit: usize,
}

impl Tenant {
    fn answer(&self, seen: &Seen) -> Answer {
        match &*seen.path {
            TOKEN_PATH => token(),
            VISITS => self.list(seen, &self.visits),
            OCCUPANCY => self.list(seen, &self.occupancy),
            _ => Answer::text(404, "text/html", "<h1>Not Found</h1>"),
        }
    }

    fn list(&self, seen: &Seen, rows: &[Value]) -> Answer {
        let store = seen.param("store_code");
        if !store.is_empty() && !self.stores.contains(&store) {
            return refusal(
                404,
                "store_code_not_found",
                "Store with this store_code not found.",
            );
        }
        let (from, to) = (
            at(seen.param("datetime_gte")),
            at(seen.param("datetime_lte")),
        );
        let inside = |row: &&Value| {
            let minute = DateTime::parse_from_rfc3339(row["minute"].as_str().unwrap()).unwrap();
            minute >= from && minute <= to && (store.is_empty() || row["store_code"] == *store)
        };
        let rows: Vec<_> = rows.iter().filter(inside).cloned().collect();
        let size: usize = seen.param("page_size").parse().unwrap();
        let size = size.min(self.page_limit.max(1)).min(10_000);
        let page: usize = seen.param("page").parse().unwrap_or(1);
        let start = (page - 1) * size;
        if page > 1 && start >= rows.len() {
            return refusal(404, "not_found", "Invalid page.");
        }
        let more = start + size < rows.len();
        let next = format!(
            "http://evil.test{}?page={}&page_size={size}",
            seen.path,
            page + 1
        );
        let page: Vec<_> = rows.iter().skip(start).take(size).collect();
        Answer::ok(&json!({
            "count": rows.len(),
            "next": more.then_some(next),
            "previous": null,
            "results": page,
        }))
    }
}

fn token() -> Answer {
    Answer::ok(&json!({"access": JWT, "refresh": "r"}))
        .with("date", "Mon, 02 Mar 2026 08:18:00 GMT")
}

fn refusal(status: u16, code: &str, detail: &str) -> Answer {
    let body = json!({"detail": detail, "code": code, "error_id": "00000000000000a1"});
    Answer::json(status, &body)
}

fn visit(store: &str, minute: &str, entered: i64, left: i64) -> Value {
    json!({"store_code": store, "in_metric": entered, "out_metric": left,
           "diff_metric": entered - left, "minute": minute})
}

fn inside(store: &str, minute: &str, people: i64) -> Value {
    json!({"store_code": store, "occupancy_metric": people, "minute": minute})
}

fn tenant() -> Tenant {
    let stamp = |minute: u32| format!("2026-03-02T10:{minute:02}:00+02:00");
    let visits = [
        (1, 2, 0),
        (2, 1, 1),
        (6, 0, 2),
        (9, 4, 0),
        (11, 0, 1),
        (15, 1, 0),
    ];
    let levels = [(1, 7), (6, 5), (9, 9), (15, 9)];
    let mut occupancy: Vec<_> = levels
        .map(|(minute, people)| inside("200041", &stamp(minute), people))
        .to_vec();
    occupancy.push(inside("AHQ21000", &stamp(4), 3));
    Tenant {
        visits: visits
            .map(|(minute, entered, left)| visit("200041", &stamp(minute), entered, left))
            .to_vec(),
        occupancy,
        stores: vec!["200041", "AHQ21000"],
        page_limit: 10_000,
    }
}

struct Rig {
    server: Server,
    source: Box<dyn Source>,
    clock: Hand,
}

impl Rig {
    async fn with(tenant: Tenant) -> Self {
        Self::new(|_| {}, move |seen, _| tenant.answer(seen)).await
    }

    async fn new(
        change: impl Fn(&mut Settings),
        answer: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let server = Server::start(answer).await;
        let (clock, hand) = Clock::manual(at(NOW));
        let mut settings = Settings {
            auth: Auth::Jwt,
            username: "monitor".to_owned(),
            password: Secret::Literal("test-password".into()),
            store_codes: Vec::new(),
        };
        change(&mut settings);
        let mut common = common(server.url.join("/api").unwrap());
        common.name = "opap".into();
        let config = SourceConfig {
            common,
            enabled: true,
            account: Account::Bespot(settings),
        };
        let budget = Arc::new(Mutex::new(Budget::new(registry::requests_per_hour(
            &config,
        ))));
        let source = registry::open(&config, budget, clock).unwrap();
        Self {
            server,
            source,
            clock: hand,
        }
    }

    async fn poll(&mut self, now: &str, horizon: Option<&str>) -> Outcome {
        self.clock.set(at(now));
        self.source.poll(&ask(now, horizon)).await
    }

    async fn first(&mut self) -> Outcome {
        self.poll(NOW, None).await
    }

    fn paths(&self) -> Vec<String> {
        self.server
            .take()
            .into_iter()
            .map(|seen| seen.path)
            .collect()
    }
}

fn ask(now: &str, horizon: Option<&str>) -> Ask {
    Ask {
        now: at(now),
        since: at("2026-03-02T02:00:00Z"),
        horizon: horizon.map(at),
        known: Vec::new(),
    }
}

fn flows(outcome: &Outcome) -> Vec<(String, Timestamp, Flow)> {
    let readings = &outcome.delivery.as_ref().unwrap().readings;
    readings.iter().filter_map(flow).collect()
}

fn flow(reading: &Reading) -> Option<(String, Timestamp, Flow)> {
    match reading.measure {
        Measure::Flow(flow) => Some((reading.device.to_string(), reading.start, flow)),
        _ => None,
    }
}

fn levels(outcome: &Outcome) -> Vec<(String, Timestamp, i64)> {
    let readings = &outcome.delivery.as_ref().unwrap().readings;
    readings
        .iter()
        .filter_map(|reading| match reading.measure {
            Measure::Level(Level::Occupancy, Number::Int(people)) => {
                Some((reading.device.to_string(), reading.start, people))
            }
            _ => None,
        })
        .collect()
}

fn net(outcome: &Outcome) -> i64 {
    flows(outcome).iter().map(|(_, _, flow)| flow.net()).sum()
}

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

#[tokio::test]
async fn each_status_has_its_kind() {
    for (status, code, kind) in [
        (400, "", ErrorKind::Http),
        (403, "permission_denied", ErrorKind::Auth),
        (404, "not_found", ErrorKind::Http),
        (429, "throttled", ErrorKind::RateLimited),
        (500, "", ErrorKind::Http),
        (502, "", ErrorKind::Http),
        (503, "", ErrorKind::Http),
    ] {
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
