use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use occtop::model::Timestamp;
use occtop::model::reading::Flow;
use occtop::simulator::estate::places::Network;
use occtop::simulator::estate::site::Site;
use occtop::simulator::faults::{Fault, Link, Rule};
use occtop::simulator::vendor::Vendor::Bespot;
use serde_json::{Value, json};

use crate::lab::{Lab, NOON, Reply, at, keys};

const VISITS: &str = "/bi/acquisition-metrics/visits/";
const OCCUPANCY: &str = "/bi/acquisition-metrics/occupancy/";

impl Lab {
    async fn bespot_token(&self) -> Value {
        let body = json!({
            "username": self.credentials().username,
            "password": self.credentials().bespot_password,
        });
        let reply = self.post(Bespot, "/auth/jwt/token/", &[], &body).await;
        assert_eq!(reply.status, 200);
        reply.json()
    }

    async fn bespot(&self, path: &str) -> Reply {
        let secret = format!(
            "{}:{}",
            self.credentials().username,
            self.credentials().bespot_password
        );
        let basic = format!("Basic {}", STANDARD.encode(secret));
        self.get(Bespot, path, &[("authorization", &basic)]).await
    }

    /// All rows of a list of the last hours, on one page.
    async fn rows(&self, list: &str, hours: i64) -> Vec<Value> {
        let path = format!("{list}?{}&page_size=10000", self.last(hours));
        let body = self.bespot(&path).await.json();
        let rows = body["results"].as_array().unwrap().clone();
        assert_eq!(body["count"], rows.len());
        rows
    }

    fn last(&self, hours: i64) -> String {
        let text = |at: Timestamp| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let from = self.now() - TimeDelta::hours(hours);
        format!(
            "datetime_gte={}&datetime_lte={}",
            text(from),
            text(self.now())
        )
    }
}

fn minute(row: &Value) -> Timestamp {
    at(row["minute"].as_str().unwrap())
}

fn of(site: &Site) -> impl Fn(&&Value) -> bool {
    let code = site.code.clone();
    move |row| row["store_code"] == code
}

fn flow(rows: &[Value], site: &Site) -> Flow {
    let count = |row: &Value, key: &str| u32::try_from(row[key].as_u64().unwrap()).unwrap();
    rows.iter()
        .filter(of(site))
        .fold(Flow::default(), |sum, row| {
            sum + Flow {
                entered: count(row, "in_metric"),
                left: count(row, "out_metric"),
            }
        })
}

#[tokio::test]
async fn a_token_opens_the_lists_for_five_minutes() {
    let lab = Lab::at(NOON).await;
    let tokens = lab.bespot_token().await;
    assert_eq!(keys(&tokens), ["access", "refresh"]);
    let bearer = format!("Bearer {}", tokens["access"].as_str().unwrap());
    let path = format!("{VISITS}?{}", lab.last(1));
    let headers = [("authorization", bearer.as_str())];
    assert_eq!(lab.get(Bespot, &path, &headers).await.status, 200);
    lab.advance(TimeDelta::minutes(5));
    let late = lab.get(Bespot, &path, &headers).await;
    assert_eq!(
        (late.status, &late.json()["code"]),
        (401, &json!("token_not_valid"))
    );

    let refresh = json!({ "refresh": tokens["refresh"] });
    let renewed = lab
        .post(Bespot, "/auth/jwt/token/refresh/", &[], &refresh)
        .await
        .json();
    assert_eq!(keys(&renewed), ["access"]);
    let bearer = format!("Bearer {}", renewed["access"].as_str().unwrap());
    let again = lab.get(Bespot, &path, &[("authorization", &bearer)]).await;
    assert_eq!(again.status, 200);
}

#[tokio::test]
async fn wrong_credentials_are_refused_in_the_vendors_form() {
    let lab = Lab::at(NOON).await;
    let wrong = json!({ "username": "monitor", "password": "guess" });
    let at_login = lab.post(Bespot, "/auth/jwt/token/", &[], &wrong).await;
    let basic = format!("Basic {}", STANDARD.encode("monitor:guess"));
    let path = format!("{VISITS}?{}", lab.last(1));
    let at_list = lab.get(Bespot, &path, &[("authorization", &basic)]).await;
    for reply in [at_login, at_list] {
        assert_eq!(reply.status, 401);
        assert!(reply.header("www-authenticate").is_some());
        let body = reply.json();
        assert_eq!(keys(&body), ["code", "detail", "error_id"]);
        assert_eq!(body["code"], "authentication_failed");
        assert_eq!(body["error_id"].as_str().unwrap().len(), 16);
    }
    let missing = lab.post(Bespot, "/auth/jwt/token/", &[], &json!({})).await;
    assert_eq!(
        (missing.status, keys(&missing.json())),
        (400, vec!["password", "username"])
    );
    let nobody = lab.get(Bespot, &path, &[]).await;
    assert_eq!(
        (nobody.status, &nobody.json()["code"]),
        (401, &json!("not_authenticated"))
    );
}

#[tokio::test]
async fn visits_are_what_the_sensors_counted_up_to_the_published_quarter() {
    let lab = Lab::at("2026-03-04T14:10:00Z").await;
    let rows = lab.rows(VISITS, 6).await;
    assert_eq!(
        keys(&rows[0]),
        [
            "diff_metric",
            "in_metric",
            "minute",
            "out_metric",
            "store_code"
        ]
    );
    let (from, horizon) = (at("2026-03-04T08:10:00Z"), at("2026-03-04T14:00:00Z"));
    assert!(
        rows.iter()
            .all(|row| (from..horizon).contains(&minute(row)))
    );
    for site in lab.estate().sites() {
        if site.city.network == Network::Bespot {
            assert_eq!(
                flow(&rows, site),
                lab.estate().counted(site, None, from, horizon)
            );
        } else {
            assert_eq!(rows.iter().filter(of(site)).count(), 0);
        }
    }
    let quiet = rows
        .iter()
        .filter(|row| row["in_metric"] == 0 && row["out_metric"] == 0);
    assert_eq!(quiet.count(), 0, "minutes without a crossing have no row");
    let net =
        |row: &Value| row["in_metric"].as_i64().unwrap() - row["out_metric"].as_i64().unwrap();
    assert!(rows.iter().all(|row| row["diff_metric"] == net(row)));
}

#[tokio::test]
async fn stamps_carry_the_offset_of_their_store() {
    let lab = Lab::at("2026-03-04T14:10:00Z").await;
    let rows = lab.rows(VISITS, 6).await;
    let offsets: BTreeSet<&str> = rows
        .iter()
        .map(|row| &row["minute"].as_str().unwrap()[19..])
        .collect();
    assert_eq!(
        offsets.into_iter().collect::<Vec<_>>(),
        ["+02:00", "+08:00", "-05:00"]
    );
}

#[tokio::test]
async fn a_quarter_appears_a_few_minutes_after_its_end() {
    let lab = Lab::at("2026-03-04T14:15:30Z").await;
    let newest = |rows: Vec<Value>| rows.iter().map(minute).max().unwrap();
    assert!(newest(lab.rows(VISITS, 2).await) < at("2026-03-04T14:00:00Z"));
    lab.advance(TimeDelta::minutes(3));
    let newest = newest(lab.rows(VISITS, 2).await);
    assert!((at("2026-03-04T14:00:00Z")..at("2026-03-04T14:15:00Z")).contains(&newest));
}

#[tokio::test]
async fn the_vendors_occupancy_is_the_plain_sum_of_its_visits() {
    let lab = Lab::at("2026-03-04T14:10:00Z").await;
    let (visits, occupancy) = (lab.rows(VISITS, 11).await, lab.rows(OCCUPANCY, 11).await);
    assert_eq!(
        keys(&occupancy[0]),
        ["minute", "occupancy_metric", "store_code"]
    );
    let site = &lab.estate().sites()[0];
    let mut inside = 0;
    let pairs = visits
        .iter()
        .filter(of(site))
        .zip(occupancy.iter().filter(of(site)));
    for (visit, row) in pairs {
        inside += visit["diff_metric"].as_i64().unwrap();
        assert_eq!(
            (row["occupancy_metric"].as_i64(), &row["minute"]),
            (Some(inside), &visit["minute"])
        );
    }
    assert!(inside > 0);
    // A shorter window shows the same sum, not one that begins with the window.
    let short = lab.rows(OCCUPANCY, 1).await;
    let last = short.iter().rfind(of(site)).unwrap();
    assert_eq!(last["occupancy_metric"], inside);
}

#[tokio::test]
async fn pages_hold_together() {
    let lab = Lab::at("2026-03-04T14:10:00Z").await;
    let whole = lab.rows(VISITS, 1).await;
    let size = whole.len() / 3 + 1;
    let path = format!("{VISITS}?{}&page_size={size}", lab.last(1));
    let mut rows = Vec::new();
    for page in 1..=3 {
        let path = if page == 1 {
            path.clone()
        } else {
            format!("{path}&page={page}")
        };
        let body = lab.bespot(&path).await.json();
        assert_eq!(keys(&body), ["count", "next", "previous", "results"]);
        assert_eq!(body["count"], whole.len());
        assert_eq!(body["next"].is_null(), page == 3);
        assert_eq!(body["previous"].is_null(), page == 1);
        rows.extend(body["results"].as_array().unwrap().clone());
    }
    assert_eq!(rows, whole);
    let past = lab.bespot(&format!("{path}&page=4")).await;
    assert_eq!(
        (past.status, &past.json()["code"]),
        (404, &json!("not_found"))
    );
    let nonsense = lab.bespot(&format!("{path}&page=zero")).await;
    assert_eq!(nonsense.status, 404);
}

#[tokio::test]
async fn the_next_link_is_plain_http_with_sorted_parameters() {
    let lab = Lab::at("2026-03-04T14:10:00Z").await;
    let path = format!("{VISITS}?page_size=2&{}", lab.last(1));
    let first = lab.bespot(&path).await.json();
    let next = first["next"].as_str().unwrap();
    let host = lab.running.url(Bespot).unwrap();
    let expected = format!(
        "{host}{VISITS}?datetime_gte=2026-03-04T13%3A10%3A00Z&datetime_lte=2026-03-04T14%3A10%3A00Z&page=2&page_size=2"
    );
    assert_eq!(next, expected);
    let second = lab.bespot(&format!("{path}&page=2")).await.json();
    assert_eq!(second["previous"], expected.replace("&page=2", ""));

    for (link, start) in [
        (Link::Https, "https://127.0.0.1"),
        (Link::OtherHost, "http://elsewhere.example/"),
        (Link::Relative, "/api/bi/"),
    ] {
        lab.faults().once(Bespot, Fault::NextLink(link));
        let body = lab.bespot(&path).await.json();
        assert!(body["next"].as_str().unwrap().starts_with(start), "{body}");
    }
}

#[tokio::test]
async fn a_page_is_cut_at_ten_thousand_rows_without_a_word() {
    let lab = Lab::with("2026-03-04T18:10:00Z", |options| {
        occtop::simulator::Options {
            stores: 60,
            ..options
        }
    });
    let lab = lab.await;
    let path = format!("{VISITS}?{}&page_size=50000", lab.last(14));
    let body = lab.bespot(&path).await.json();
    assert!(body["count"].as_u64().unwrap() > 10_000);
    assert_eq!(body["results"].as_array().unwrap().len(), 10_000);
    assert!(!body["next"].is_null());
    let odd = lab.bespot(&path.replace("50000", "many")).await.json();
    assert_eq!(odd["results"].as_array().unwrap().len(), 1_000);
}

#[tokio::test]
async fn bad_questions_are_answered_as_the_framework_does() {
    let lab = Lab::at(NOON).await;
    let no_dates = lab.bespot(VISITS).await;
    assert_eq!(
        (no_dates.status, keys(&no_dates.json())),
        (400, vec!["datetime_gte", "datetime_lte"])
    );
    let unknown = lab
        .bespot(&format!("{VISITS}?{}&store_code=nowhere", lab.last(1)))
        .await;
    assert_eq!(
        (unknown.status, &unknown.json()["code"]),
        (404, &json!("store_code_not_found"))
    );
    let slashless = lab
        .bespot(&format!("{}?page_size=4", VISITS.trim_end_matches('/')))
        .await;
    assert_eq!(slashless.status, 301);
    assert!(
        slashless
            .header("location")
            .unwrap()
            .ends_with("/visits/?page_size=4")
    );
    let nothing = lab.bespot("/bi/other/").await;
    assert_eq!(nothing.status, 404);
    let written = lab.post(Bespot, VISITS, &[], &json!({})).await;
    assert_eq!(written.status, 405);
}

#[tokio::test]
async fn one_store_can_be_asked_alone() {
    let lab = Lab::at(NOON).await;
    let site = &lab.estate().sites()[2];
    assert!(site.code.parse::<u32>().is_err(), "codes are text");
    let path = format!("{VISITS}?{}&store_code={}", lab.last(2), site.code);
    let rows = lab.bespot(&path).await.json()["results"].clone();
    let rows = rows.as_array().unwrap();
    assert!(!rows.is_empty() && rows.iter().filter(of(site)).count() == rows.len());
}

#[tokio::test]
async fn bounds_are_inclusive() {
    let lab = Lab::at(NOON).await;
    let rows = lab.rows(VISITS, 2).await;
    let stamp = minute(&rows[3]).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let path = format!("{VISITS}?datetime_gte={stamp}&datetime_lte={stamp}");
    let body = lab.bespot(&path).await.json();
    assert!(body["results"].as_array().unwrap().contains(&rows[3]));
}

#[tokio::test]
async fn lists_misbehave_on_request() {
    let lab = Lab::at(NOON).await;
    let whole = lab.rows(VISITS, 1).await;
    let path = format!("{VISITS}?{}&page_size=5", lab.last(1));
    let second = format!("{path}&page=2");
    let faulty = async |fault: Fault, path: &str| {
        lab.faults().once(Bespot, fault);
        lab.bespot(path).await
    };
    let rows = |reply: Reply| reply.json()["results"].as_array().unwrap().clone();
    assert_eq!(
        rows(faulty(Fault::RepeatedRows, &second).await)[0],
        whole[4]
    );
    assert_eq!(rows(faulty(Fault::LostRows, &second).await)[0], whole[6]);
    assert_eq!(
        faulty(Fault::GrowingCount, &second).await.json()["count"],
        whole.len() + 2
    );
    assert_eq!(faulty(Fault::ShrunkResult, &second).await.status, 404);
    assert!(rows(faulty(Fault::EmptyList, &path).await).is_empty());
    let short = rows(faulty(Fault::OtherShape, &path).await);
    assert_eq!(
        keys(&short[0]),
        ["diff", "in", "minute", "out", "store_code"]
    );
    let revised = rows(faulty(Fault::Revised, &path).await);
    let before = whole[0]["in_metric"].as_i64().unwrap();
    assert_eq!(revised[0]["in_metric"], before + 1);
    assert_eq!(rows(lab.bespot(&path).await), whole[..5]);
}

#[tokio::test]
async fn silence_lateness_and_dead_doors_change_only_what_they_should() {
    let lab = Lab::with(NOON, |options| occtop::simulator::Options {
        seed: 3,
        ..options
    });
    let lab = lab.await;
    let sites = lab.estate().sites();
    let with_doors = |site: &&Site| site.city.network == Network::Bespot && site.doors.len() > 1;
    let wide = sites.iter().find(with_doors).unwrap();
    let from = at("2026-03-04T09:00:00Z");
    let before = lab.rows(VISITS, 3).await;

    let silent = Fault::SilentStore {
        site: wide.index,
        from,
    };
    lab.faults().set(Bespot, silent);
    let rows = lab.rows(VISITS, 3).await;
    assert!(rows.iter().filter(of(wide)).all(|row| minute(row) < from));
    assert_eq!(flow(&rows, &sites[5]), flow(&before, &sites[5]));
    lab.faults().clear(Bespot);

    lab.faults().set(
        Bespot,
        Fault::DeadDoor {
            site: wide.index,
            door: 0,
            from,
            to: None,
        },
    );
    let (start, horizon) = (at("2026-03-04T07:00:00Z"), at("2026-03-04T09:45:00Z"));
    let missing = lab.estate().counted(wide, Some(0), from, horizon);
    let whole = lab.estate().counted(wide, None, start, horizon);
    let seen = flow(&lab.rows(VISITS, 3).await, wide);
    assert_eq!(seen.entered + missing.entered, whole.entered);
    lab.faults().clear(Bespot);

    lab.faults()
        .add(Rule::new(Bespot, Fault::Late { by_s: 3600 }).on("visits"));
    lab.advance(TimeDelta::minutes(40));
    let newest = lab.rows(VISITS, 1).await.iter().map(minute).max().unwrap();
    assert!(
        newest < horizon,
        "nothing new came, and nothing was taken back"
    );
    assert!(newest > at("2026-03-04T09:30:00Z"));
}
