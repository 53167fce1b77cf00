//! Viametrics over real HTTP: one test for each trap of its interface and for each error.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};
use occtop::clock::{Clock, Hand};
use occtop::config::SourceConfig;
use occtop::config::endpoint::Endpoint;
use occtop::config::secret::Secret;
use occtop::model::attempt::{Ask, ErrorKind, Outcome};
use occtop::model::budget::Budget;
use occtop::model::device::{Detail, DeviceId, Facts};
use occtop::model::ledger::plan::{Quiet, Stamp};
use occtop::model::reading::{Flow, Measure, Reading};
use occtop::vendors::registry::{self, Account};
use occtop::vendors::source::Source;
use occtop::vendors::viametrics::{Endpoints, Fields, Settings};
use serde_json::{Value, json};

use crate::loopback::{Answer, Seen, Server, at, common};

/// 10:05 in Stockholm.
const NOW: &str = "2026-03-02T09:05:00Z";
const LOGIN: &str = "/v1/auth/login";
const COUNTERS: &str = "/api/GetCounters";
const GROUPS: &str = "/api/GetCounterGroups";
const INTERVALS: &str = "/api/GetDataForAllCounters";
const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3NzI0NDA4MDB9.c2lnbmF0dXJl";

fn login() -> Answer {
    Answer::ok(&json!({"jwt": JWT}))
}

fn row(counter: i64, local: &str, entered: i64, left: i64) -> Value {
    json!({"counterId": counter, "datetime": local, "I": entered, "O": left})
}

fn list(rows: &[Value]) -> Answer {
    Answer::ok(&json!({"data": {"counterData": rows}}))
}

/// Rows of this morning as the vendor's pages have them.
fn morning() -> Vec<Value> {
    vec![
        row(507, "2026-03-02 09:00:00", 12, 3),
        row(507, "2026-03-02 09:15:00", 9, 6),
        row(508, "2026-03-02 09:00:00", 4, 1),
        json!({"counterId": 508, "datetime": "2026-03-02 09:15:00", "I": "2", "O": "5"}),
    ]
}

/// A vendor with these rows, of which it gives those in the range that is asked for.
fn vendor(rows: &[Value]) -> impl Fn(&Seen, usize) -> Answer + use<> {
    let rows = rows.to_vec();
    move |seen, _| match &*seen.path {
        LOGIN => login(),
        INTERVALS => {
            let bound = |name| NaiveDateTime::parse_from_str(seen.param(name), "%Y-%m-%d %H:%M:%S");
            let (from, to) = (bound("startTime").unwrap(), bound("endTime").unwrap());
            let inside = |row: &&Value| {
                let text = row["datetime"].as_str().unwrap();
                let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap();
                local >= from && local <= to
            };
            let rows: Vec<_> = rows.iter().filter(inside).cloned().collect();
            list(&rows)
        }
        COUNTERS => Answer::ok(&json!({"data": {"counters": [
            {"id": 507, "name": "Main entrance", "cid": 1234},
            {"id": 508, "name": "Garage door", "cid": 1234},
        ]}})),
        GROUPS => Answer::ok(&json!({"data": {"counterGroups": [
            {"id": 91, "name": "Library", "flag": "FACILITY", "cid": 1234, "counterIds": [507, 508]},
        ]}})),
        _ => Answer::text(404, "text/html", "<h1>no</h1>"),
    }
}

/// A vendor that answers only log-ins and data, the latter always with this.
fn always(data: Answer) -> impl Fn(&Seen, usize) -> Answer {
    move |seen, _| match &*seen.path {
        LOGIN => login(),
        INTERVALS => data.clone(),
        _ => Answer::json(404, &json!({"message": "Not found"})),
    }
}

struct Rig {
    server: Server,
    source: Box<dyn Source>,
    clock: Hand,
    since: &'static str,
    known: Vec<(DeviceId, Facts)>,
}

impl Rig {
    async fn new(answer: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::with(|_| {}, answer).await
    }

    async fn with(
        change: impl Fn(&mut SourceConfig),
        answer: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let server = Server::start(answer).await;
        let (clock, hand) = Clock::manual(at(NOW));
        let mut config = config(&server);
        change(&mut config);
        let ceiling = registry::requests_per_hour(&config);
        let budget = Arc::new(Mutex::new(Budget::new(ceiling)));
        Self {
            source: registry::open(&config, budget, clock).unwrap(),
            server,
            clock: hand,
            since: "2026-03-02T03:00:00Z",
            known: Vec::new(),
        }
    }

    async fn poll(&mut self, now: &str, horizon: Option<&str>) -> Outcome {
        self.clock.set(at(now));
        let ask = self.ask(now, horizon);
        self.source.poll(&ask).await
    }

    async fn first(&mut self) -> Outcome {
        self.poll(NOW, None).await
    }

    fn ask(&self, now: &str, horizon: Option<&str>) -> Ask {
        Ask {
            now: at(now),
            since: at(self.since),
            horizon: horizon.map(at),
            known: self.known.clone(),
        }
    }

    fn paths(&self) -> Vec<String> {
        self.server
            .take()
            .into_iter()
            .map(|seen| seen.path)
            .collect()
    }

    /// The ranges of days that were asked for.
    fn ranges(&self) -> Vec<(String, String)> {
        let data = self
            .server
            .take()
            .into_iter()
            .filter(|seen| seen.path == INTERVALS);
        data.map(|seen| {
            (
                seen.param("startTime").to_owned(),
                seen.param("endTime").to_owned(),
            )
        })
        .collect()
    }
}

fn config(server: &Server) -> SourceConfig {
    let mut common = common(server.url.clone());
    common.name = "mall".into();
    let settings = Settings {
        client_id: "1234".to_owned(),
        api_key: Secret::Literal("test-api-key".into()),
        timezone: chrono_tz::Europe::Stockholm,
        counters: Vec::new(),
        endpoints: Endpoints::default(),
        fields: Fields::default(),
    };
    SourceConfig {
        common,
        enabled: true,
        account: Account::Viametrics(settings),
    }
}

fn settings(config: &mut SourceConfig) -> &mut Settings {
    match &mut config.account {
        Account::Viametrics(settings) => settings,
        _ => unreachable!(),
    }
}

fn day(date: &str) -> (String, String) {
    (format!("{date} 00:00:00"), format!("{date} 23:59:59"))
}

/// Readings as `device start+minutes in/out`.
fn shown(outcome: &Outcome) -> Vec<String> {
    let readings = outcome.delivery.as_ref().unwrap().readings.iter();
    readings
        .map(|reading: &Reading| match reading.measure {
            Measure::Flow(Flow { entered, left }) => {
                let start = reading.start.format("%dT%H:%M");
                let minutes = reading.span_s / 60;
                format!(
                    "{} {start}+{minutes} {entered}/{left}",
                    reading.device.local()
                )
            }
            _ => unreachable!("only flows"),
        })
        .collect()
}

fn error(outcome: Outcome) -> occtop::model::attempt::SourceError {
    outcome.error.unwrap()
}

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
        [day("2026-02-27"), day("2026-02-28"), day("2026-03-01")]
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

#[tokio::test]
async fn each_status_has_its_kind() {
    for (status, kind) in [
        (400, ErrorKind::Http),
        (403, ErrorKind::Auth),
        (404, ErrorKind::Http),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Http),
        (502, ErrorKind::Http),
        (503, ErrorKind::Http),
    ] {
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
