use std::collections::BTreeMap;

use chrono::TimeDelta;
use occtop::model::Timestamp;
use occtop::model::reading::Flow;
use occtop::simulator::Options;
use occtop::simulator::estate::places::Network;
use occtop::simulator::estate::site::Site;
use occtop::simulator::faults::{Fault, Rule};
use occtop::simulator::vendor::Vendor::Viametrics;
use serde_json::{Value, json};

use crate::lab::{Lab, NOON, Reply, at, count, keys};

const INTERVALS: &str = "/api/GetDataForAllCounters";
const DAILY: &str = "/api/GetDailyDataForAllCounters";

impl Lab {
    async fn log_in_at_viametrics(&self) -> Reply {
        let body = json!({
            "clientId": self.credentials().client_id,
            "apiKey": self.credentials().api_key,
        });
        let headers = [("ClientID", self.credentials().client_id.as_str())];
        self.post(Viametrics, "/v1/auth/login", &headers, &body)
            .await
    }

    /// A read with a fresh token.
    async fn viametrics(&self, path: &str) -> Reply {
        let token = self.log_in_at_viametrics().await.json();
        self.viametrics_with(token["jwt"].as_str().unwrap(), path)
            .await
    }

    async fn viametrics_with(&self, token: &str, path: &str) -> Reply {
        let bearer = format!("Bearer {token}");
        let client = self.credentials().client_id.as_str();
        let headers = [("authorization", bearer.as_str()), ("ClientID", client)];
        self.get(Viametrics, path, &headers).await
    }

    async fn counter_data(&self, path: &str) -> Vec<Value> {
        let reply = self.viametrics(path).await;
        assert_eq!(reply.status, 200);
        reply.json()["data"]["counterData"]
            .as_array()
            .unwrap()
            .clone()
    }

    fn nordic(&self) -> Vec<&Site> {
        let sites = self.estate().sites().iter();
        sites
            .filter(|site| site.city.network == Network::Viametrics)
            .collect()
    }
}

fn flow(row: &Value) -> Flow {
    Flow {
        entered: count(&row["I"]),
        left: count(&row["O"]),
    }
}

fn today(lab: &Lab) -> String {
    let date = (lab.now() + TimeDelta::hours(1)).date_naive();
    format!("{INTERVALS}?startTime={date}+00:00:00&endTime={date}+23:59:59")
}

/// Rows by counter and stamp.
fn table(rows: &[Value]) -> BTreeMap<(i64, String), Flow> {
    rows.iter()
        .map(|row| {
            let stamp = row["datetime"].as_str().unwrap().to_owned();
            ((row["counterId"].as_i64().unwrap(), stamp), flow(row))
        })
        .collect()
}

#[tokio::test]
async fn a_token_lives_ten_minutes_and_the_company_id_is_always_needed() {
    let lab = Lab::at(NOON).await;
    let reply = lab.log_in_at_viametrics().await;
    assert_eq!((reply.status, keys(&reply.json())), (200, vec!["jwt"]));
    let token = reply.json()["jwt"].as_str().unwrap().to_owned();
    assert_eq!(
        lab.viametrics_with(&token, "/api/GetCounters").await.status,
        200
    );

    let bearer = format!("Bearer {token}");
    for headers in [
        vec![("authorization", bearer.as_str())],
        vec![("authorization", bearer.as_str()), ("ClientID", "9")],
    ] {
        let reply = lab.get(Viametrics, "/api/GetCounters", &headers).await;
        assert_eq!(
            (reply.status, reply.json()),
            (403, json!({ "message": "Unknown ClientID" }))
        );
    }
    lab.advance(TimeDelta::minutes(10));
    let late = lab.viametrics_with(&token, "/api/GetCounters").await;
    assert_eq!(
        (late.status, late.json()),
        (401, json!({ "message": "Token expired" }))
    );
}

#[tokio::test]
async fn a_wrong_key_is_refused() {
    let lab = Lab::at(NOON).await;
    let client = lab.credentials().client_id.clone();
    let body = json!({ "clientId": client, "apiKey": "guess" });
    let headers = [("ClientID", client.as_str())];
    let reply = lab
        .post(Viametrics, "/v1/auth/login", &headers, &body)
        .await;
    assert_eq!(reply.status, 401);
}

#[tokio::test]
async fn counters_belong_to_facilities() {
    let lab = Lab::at(NOON).await;
    let counters = lab.viametrics("/api/GetCounters").await.json();
    let counters = counters["data"]["counters"].as_array().unwrap();
    let groups = lab.viametrics("/api/GetCounterGroups").await.json();
    let groups = groups["data"]["counterGroups"].as_array().unwrap();
    assert_eq!(keys(&counters[0]), ["cid", "id", "name"]);
    assert_eq!(
        keys(&groups[0]),
        ["cid", "counterIds", "flag", "id", "name"]
    );
    assert!(groups.iter().all(|group| group["flag"] == "FACILITY"));
    let listed: Vec<&Value> = counters.iter().map(|counter| &counter["id"]).collect();
    let grouped: Vec<&Value> = (groups.iter())
        .flat_map(|group| group["counterIds"].as_array().unwrap())
        .collect();
    assert_eq!(listed, grouped);
    assert_eq!(groups.len(), lab.nordic().len());
}

#[tokio::test]
async fn intervals_are_what_each_door_counted_up_to_the_published_hour() {
    let lab = Lab::at("2026-03-04T15:20:00Z").await;
    let rows = lab.counter_data(&today(&lab)).await;
    assert_eq!(keys(&rows[0]), ["I", "O", "counterId", "datetime"]);
    let midnight = at("2026-03-03T23:00:00Z");
    for site in lab.nordic() {
        for (position, door) in site.doors.iter().enumerate() {
            let mut start = midnight;
            for row in rows.iter().filter(|row| row["counterId"] == door.counter) {
                let local = start + TimeDelta::hours(1);
                assert_eq!(
                    row["datetime"],
                    local.format("%Y-%m-%d %H:%M:%S").to_string()
                );
                let end = start + TimeDelta::hours(1);
                let counted = lab.estate().counted(site, Some(position), start, end);
                // The newest interval may be completed later.
                if end < at("2026-03-04T15:00:00Z") {
                    assert_eq!(flow(row), counted);
                } else {
                    assert!(flow(row).entered <= counted.entered);
                }
                start = end;
            }
            assert_eq!(
                start,
                at("2026-03-04T15:00:00Z"),
                "zeros have rows, the future has none"
            );
        }
    }
}

#[tokio::test]
async fn some_counts_are_strings_and_some_are_completed_later() {
    let lab = Lab::with("2026-03-04T17:10:00Z", |options| Options {
        stores: 200,
        ..options
    });
    let lab = lab.await;
    let first = lab.counter_data(&today(&lab)).await;
    let strings = first.iter().filter(|row| row["I"].is_string()).count();
    assert!(
        (1..first.len() / 10).contains(&strings),
        "{strings} of {}",
        first.len()
    );
    let first = table(&first);
    lab.advance(TimeDelta::hours(1));
    let second = table(&lab.counter_data(&today(&lab)).await);
    lab.advance(TimeDelta::hours(1));
    let third = table(&lab.counter_data(&today(&lab)).await);
    let mut completed = 0;
    for (key, before) in &first {
        completed += u32::from(second[key] != *before);
        assert!(second[key].entered >= before.entered);
        assert_eq!(third[key], second[key], "{key:?}: what is complete stays");
    }
    assert!(completed > 0);
}

#[tokio::test]
async fn daily_totals_are_the_sums_of_the_intervals() {
    let lab = Lab::at(NOON).await;
    let span = "startTime=2026-02-27+00:00:00&endTime=2026-03-02+23:59:59";
    let daily = lab.counter_data(&format!("{DAILY}?{span}")).await;
    let rows = lab.counter_data(&format!("{INTERVALS}?{span}")).await;
    assert_eq!(keys(&daily[0]), ["I", "O", "counterId", "date"]);
    let doors: usize = lab.nordic().iter().map(|site| site.doors.len()).sum();
    assert_eq!(daily.len(), 4 * doors);
    for day in &daily {
        let date = day["date"].as_str().unwrap();
        let same = |row: &&Value| {
            row["counterId"] == day["counterId"]
                && row["datetime"].as_str().unwrap().starts_with(date)
        };
        let sum = rows
            .iter()
            .filter(same)
            .fold(Flow::default(), |sum, row| sum + flow(row));
        assert_eq!(flow(day), sum);
    }
    let future = "startTime=2026-03-05+00:00:00&endTime=2026-03-09+23:59:59";
    assert!(
        lab.counter_data(&format!("{DAILY}?{future}"))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn the_autumn_hour_comes_twice_and_the_spring_hour_not_at_all() {
    let lab = Lab::at("2026-11-02T10:00:00Z").await;
    for (date, rows_a_day, twos) in [("2026-10-25", 25, 2), ("2026-03-29", 23, 0)] {
        let path = format!("{INTERVALS}?startTime={date}+00:00:00&endTime={date}+23:59:59");
        let rows = lab.counter_data(&path).await;
        let first: Vec<&Value> = rows
            .iter()
            .filter(|row| row["counterId"] == rows[0]["counterId"])
            .collect();
        let two = first
            .iter()
            .filter(|row| row["datetime"] == format!("{date} 02:00:00"));
        assert_eq!((first.len(), two.count()), (rows_a_day, twos), "{date}");
    }
}

#[tokio::test]
async fn the_five_hundred_and_first_call_of_an_hour_is_refused() {
    let lab = Lab::at(NOON).await;
    let token = lab.log_in_at_viametrics().await.json()["jwt"]
        .as_str()
        .unwrap()
        .to_owned();
    for _ in 1..500 {
        assert_eq!(
            lab.viametrics_with(&token, "/api/GetCounters").await.status,
            200
        );
    }
    lab.advance(TimeDelta::minutes(45));
    let over = lab.log_in_at_viametrics().await;
    assert_eq!(
        (over.status, over.json()),
        (429, json!({ "message": "Rate limit exceeded" }))
    );
    assert_eq!(over.header("retry-after"), Some("900"));
    lab.advance(TimeDelta::minutes(15));
    assert_eq!(lab.log_in_at_viametrics().await.status, 200);
}

#[tokio::test]
async fn shorter_export_intervals_are_published_more_often() {
    let lab = Lab::with("2026-03-04T15:20:00Z", |options| Options {
        interval: std::time::Duration::from_secs(900),
        ..options
    });
    let lab = lab.await;
    let rows = lab.counter_data(&today(&lab)).await;
    let newest = rows
        .iter()
        .map(|row| row["datetime"].as_str().unwrap())
        .max();
    assert_eq!(newest, Some("2026-03-04 16:00:00"));
}

#[tokio::test]
async fn days_go_wrong_on_request() {
    let lab = Lab::at("2026-03-04T15:20:00Z").await;
    let whole = table(&lab.counter_data(&today(&lab)).await);
    let site = lab.nordic()[0];
    let from = at("2026-03-04T12:00:00Z");
    let faulty = async |fault: Fault| {
        lab.faults()
            .add(Rule::new(Viametrics, fault).on("/api/").times(1));
        lab.counter_data(&today(&lab)).await
    };
    let silent = table(
        &faulty(Fault::SilentStore {
            site: site.index,
            from,
        })
        .await,
    );
    assert!(silent.len() < whole.len());
    assert!(silent.iter().all(|(key, flow)| whole[key] == *flow));

    let dead = Fault::DeadDoor {
        site: site.index,
        door: 0,
        from,
        to: None,
    };
    let dead = table(&faulty(dead).await);
    let afternoon = (site.doors[0].counter, "2026-03-04 14:00:00".to_owned());
    assert_eq!(
        (dead.len(), dead[&afternoon]),
        (whole.len(), Flow::default())
    );

    let revised = table(&faulty(Fault::Revised).await);
    let noon = (site.doors[0].counter, "2026-03-04 12:00:00".to_owned());
    assert!(revised[&noon].entered > whole[&noon].entered);

    let strings = faulty(Fault::NumericStrings).await;
    assert!(
        strings
            .iter()
            .all(|row| row["I"].is_string() && row["O"].is_string())
    );
    let older = faulty(Fault::OtherShape).await;
    assert_eq!(
        keys(&older[0]),
        ["counterId", "datetime", "inValue", "outValue"]
    );
    assert!(faulty(Fault::EmptyList).await.is_empty());
    assert_eq!(table(&lab.counter_data(&today(&lab)).await), whole);
}

#[tokio::test]
async fn nonsense_is_refused() {
    let lab = Lab::at(NOON).await;
    for (path, status) in [
        (format!("{INTERVALS}?startTime=yesterday"), 400),
        (format!("{INTERVALS}?startTime=2020-01-01+00:00:00"), 400),
        ("/api/GetEverything".to_owned(), 404),
    ] {
        assert_eq!(lab.viametrics(&path).await.status, status, "{path}");
    }
}

/// Instants of the day are those of the account's zone.
#[tokio::test]
async fn today_begins_at_local_midnight() {
    let lab = Lab::at("2026-03-04T23:30:00Z").await;
    let rows = lab.counter_data(INTERVALS).await;
    assert!(rows.is_empty(), "the first hour of the new day is not over");
    lab.advance(TimeDelta::minutes(40));
    let now: Timestamp = lab.now();
    let rows = lab.counter_data(INTERVALS).await;
    assert!(now < at("2026-03-05T00:30:00Z"));
    assert!(
        rows.iter()
            .all(|row| row["datetime"] == "2026-03-05 00:00:00")
    );
    assert!(!rows.is_empty());
}
