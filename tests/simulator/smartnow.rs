use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use occtop::model::Timestamp;
use occtop::simulator::estate::machines::{Code, Event, Sale};
use occtop::simulator::faults::{Fault, Rule};
use occtop::simulator::vendor::Vendor::Smartnow;
use serde_json::{Value, json};

use crate::lab::{Lab, NOON, Reply, at, keys};

/// `where[<column>][<operator>]=<value>`, escaped.
fn filter(column: &str, operator: &str, value: impl std::fmt::Display) -> String {
    let operator = operator.replace('>', "%3E").replace('=', "%3D");
    format!("where%5B{column}%5D%5B{operator}%5D={value}")
}

impl Lab {
    async fn smartnow_tokens(&self) -> Value {
        let body = json!({
            "username": self.credentials().username,
            "password": self.credentials().smartnow_password,
        });
        let reply = self.post(Smartnow, "/auth/login", &[], &body).await;
        assert_eq!(reply.status, 201);
        reply.json()
    }

    async fn smartnow(&self, path: &str) -> Reply {
        let tokens = self.smartnow_tokens().await;
        self.smartnow_with(&tokens, path).await
    }

    async fn smartnow_with(&self, tokens: &Value, path: &str) -> Reply {
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        self.get(Smartnow, path, &[("authorization", &bearer)])
            .await
    }

    async fn list(&self, path: &str) -> Vec<Value> {
        let reply = self.smartnow(path).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json().as_array().unwrap().clone()
    }

    /// All rows of a table after a cursor, page by page.
    async fn follow(&self, table: &str, mut cursor: i64) -> Vec<Value> {
        let tokens = self.smartnow_tokens().await;
        let mut rows: Vec<Value> = Vec::new();
        loop {
            let after = filter("id", ">", cursor);
            let path = format!("/{table}?{after}&sort=id%20ASC&limit=100");
            let page = self.smartnow_with(&tokens, &path).await.json();
            let page = page.as_array().unwrap();
            rows.extend(page.clone());
            if page.len() < 100 {
                return rows;
            }
            cursor = id(rows.last().unwrap());
        }
    }

    /// Everything that happened to machines on a few business days.
    fn happened<T>(&self, what: impl Fn(usize, NaiveDate) -> Vec<T>) -> Vec<T> {
        let days = || (0..4).map(|day| NaiveDate::from_ymd_opt(2026, 3, 2 + day).unwrap());
        let machines = 0..self.estate().machines().len();
        machines
            .flat_map(|machine| {
                days()
                    .flat_map(|day| what(machine, day))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    fn sales(&self) -> Vec<Sale> {
        self.happened(|machine, day| self.estate().sales(machine, day))
    }

    fn events(&self) -> Vec<Event> {
        self.happened(|machine, day| self.estate().events(machine, day))
    }
}

fn id(row: &Value) -> i64 {
    row["id"].as_i64().unwrap()
}

fn instant(row: &Value, key: &str) -> Timestamp {
    at(row[key].as_str().unwrap())
}

#[tokio::test]
async fn a_login_is_created_and_a_refresh_token_works_once() {
    let lab = Lab::at(NOON).await;
    let tokens = lab.smartnow_tokens().await;
    assert_eq!(keys(&tokens), ["access_token", "refresh_token"]);
    lab.advance(TimeDelta::hours(1));
    let expired = lab.smartnow_with(&tokens, "/user/me").await;
    assert_eq!(
        (expired.status, expired.json()),
        (401, json!({ "message": "Unauthorized" }))
    );
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    let renewed = lab.post(Smartnow, "/auth/refresh", &[], &body).await;
    assert_eq!(
        (renewed.status, keys(&renewed.json())),
        (200, vec!["access_token", "refresh_token"])
    );
    assert_eq!(
        lab.smartnow_with(&renewed.json(), "/user/me").await.status,
        200
    );
    assert_eq!(
        lab.post(Smartnow, "/auth/refresh", &[], &body).await.status,
        401
    );

    lab.faults().once(Smartnow, Fault::RefusedRefresh);
    let next = json!({ "refresh_token": renewed.json()["refresh_token"] });
    assert_eq!(
        lab.post(Smartnow, "/auth/refresh", &[], &next).await.status,
        401
    );
    let wrong = json!({ "username": "monitor", "password": "guess" });
    assert_eq!(
        lab.post(Smartnow, "/auth/login", &[], &wrong).await.status,
        401
    );
    assert_eq!(
        lab.post(Smartnow, "/auth/login", &[], &json!({}))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn machines_stand_in_locations() {
    let lab = Lab::at(NOON).await;
    let machines = lab.list("/machine?limit=100&skip=0").await;
    let locations = lab.list("/location?limit=100&skip=0").await;
    assert_eq!(machines.len(), lab.estate().machines().len());
    let places: BTreeSet<i64> = locations.iter().map(id).collect();
    assert!(
        machines
            .iter()
            .all(|one| places.contains(&one["location"].as_i64().unwrap()))
    );
    assert!(
        locations
            .iter()
            .all(|one| one["latitude"].is_string() && one["timeZone"].is_string())
    );
    let newest = lab.list("/revenuetransaction?sort=id%20DESC&limit=1").await;
    let last = machines
        .iter()
        .filter_map(|one| one["lastRevenuetransaction"].as_i64())
        .max();
    assert_eq!(Some(id(&newest[0])), last);
}

#[tokio::test]
async fn sales_are_those_of_the_estate_in_order_of_arrival() {
    let lab = Lab::at("2026-03-04T16:00:00Z").await;
    let first = lab.list("/revenuetransaction?sort=id%20ASC&limit=1&where%5BcreatedAt%5D%5B%3E%3D%5D=2026-03-04T00:00:00Z").await;
    let rows = lab.follow("revenuetransaction", id(&first[0]) - 1).await;
    assert!(rows.is_sorted_by(|a, b| id(a) < id(b)));
    let settled = lab.now() - TimeDelta::minutes(1);
    let arrived = lab
        .sales()
        .into_iter()
        .filter(|sale| (at("2026-03-04T00:00:00Z")..=settled).contains(&sale.created));
    let mut expected: Vec<Timestamp> = arrived.map(|sale| sale.at).collect();
    let mut seen: Vec<Timestamp> = rows
        .iter()
        .filter(|row| instant(row, "createdAt") <= settled)
        .map(|row| instant(row, "occurredAt"))
        .collect();
    expected.sort_unstable();
    seen.sort_unstable();
    assert_eq!(seen, expected);
    assert!(seen.len() > 20, "{}", seen.len());
    for row in &rows {
        assert_eq!(
            instant(row, "occurredAt").timestamp(),
            row["timestamp"].as_i64().unwrap()
        );
        let delay = instant(row, "createdAt") - instant(row, "occurredAt");
        assert!(delay > TimeDelta::zero() && delay < TimeDelta::hours(4));
        assert!(
            row["price"].as_i64().unwrap() >= 100 && row["currency"].as_str().unwrap().len() == 3
        );
    }
}

#[tokio::test]
async fn a_sale_shows_some_minutes_after_it_happened_and_never_before() {
    let lab = Lab::at("2026-03-04T16:00:00Z").await;
    let newest = "/revenuetransaction?sort=id%20DESC&limit=1";
    let before = lab.list(newest).await;
    assert!(instant(&before[0], "createdAt") <= lab.now());
    lab.advance(TimeDelta::minutes(40));
    let after = lab.list(newest).await;
    assert!(id(&after[0]) > id(&before[0]) && instant(&after[0], "createdAt") <= lab.now());
}

#[tokio::test]
async fn a_row_can_appear_after_one_with_a_larger_id() {
    let lab = Lab::at("2026-03-04T15:00:00Z").await;
    let newest = lab.list("/revenuetransaction?sort=id%20DESC&limit=1").await;
    let start = id(&newest[0]) - 300;
    let mut seen: BTreeSet<i64> = lab
        .follow("revenuetransaction", start)
        .await
        .iter()
        .map(id)
        .collect();
    let mut late = 0;
    for _ in 0..120 {
        lab.advance(TimeDelta::seconds(30));
        let rows: BTreeSet<i64> = lab
            .follow("revenuetransaction", start)
            .await
            .iter()
            .map(id)
            .collect();
        let known = *seen.last().unwrap();
        late += rows.difference(&seen).filter(|row| **row < known).count();
        assert!(seen.is_subset(&rows));
        seen = rows;
    }
    assert!(late > 0);

    lab.faults()
        .add(Rule::new(Smartnow, Fault::Gap).on("/revenuetransaction"));
    assert_eq!(
        lab.follow("revenuetransaction", start).await.len(),
        seen.len() - 1
    );
}

#[tokio::test]
async fn an_offline_machine_delivers_later_and_its_event_is_resolved() {
    let lab = Lab::at(NOON).await;
    let spell = (lab.events().into_iter())
        .find(|event| event.code == Code::Offline && event.at > at("2026-03-03T00:00:00Z"))
        .unwrap();
    let back = spell.resolved.unwrap();
    lab.hand.set(spell.at + TimeDelta::minutes(5));
    let offline = filter("code", "", "CM_OFFLINE").replace("%5B%5D", "");
    let path = format!("/log?{offline}&sort=id%20DESC&limit=100");
    let machine = lab.estate().machines()[spell.machine].id;
    let open = lab
        .list(&path)
        .await
        .into_iter()
        .find(|row| row["machine"] == machine)
        .unwrap();
    assert_eq!(
        (
            instant(&open, "occurredAt"),
            &open["resolvedAt"],
            &open["isResolvable"]
        ),
        (spell.at, &Value::Null, &json!(true))
    );
    lab.hand.set(back + TimeDelta::minutes(5));
    let again = lab.smartnow(&format!("/log/{}", id(&open))).await.json();
    assert_eq!(instant(&again, "resolvedAt"), back);
    assert_eq!(again["duration"], (back - spell.at).num_seconds());
    let several = lab
        .list(&format!(
            "/log?where%5Bid%5D%5B%5D={}&where%5Bid%5D%5B%5D=1",
            id(&open)
        ))
        .await;
    assert_eq!(several, [again]);

    let during =
        |sale: &Sale| sale.machine == spell.machine && (spell.at..back).contains(&sale.created);
    assert_eq!(lab.sales().iter().filter(|sale| during(sale)).count(), 0);
}

#[tokio::test]
async fn lists_are_cut_at_thirty_and_at_a_hundred() {
    let lab = Lab::with(NOON, |options| occtop::simulator::Options {
        stores: 200,
        ..options
    });
    let lab = lab.await;
    assert!(lab.estate().machines().len() > 100);
    for (query, rows) in [
        ("", 30),
        ("?limit=100", 100),
        ("?limit=500", 100),
        ("?limit=7", 7),
    ] {
        assert_eq!(
            lab.list(&format!("/machine{query}")).await.len(),
            rows,
            "{query}"
        );
    }
    let rest = lab.list("/machine?limit=100&skip=100").await;
    assert_eq!(rest.len(), lab.estate().machines().len() - 100);
    lab.faults()
        .add(Rule::new(Smartnow, Fault::Cut(30)).on("/machine"));
    assert_eq!(lab.list("/machine?limit=100").await.len(), 30);
}

#[tokio::test]
async fn nothing_but_reading_is_possible() {
    let lab = Lab::at(NOON).await;
    let tokens = lab.smartnow_tokens().await;
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str())];
    let order = lab
        .post(Smartnow, "/machine/80/reboot", &headers, &json!({}))
        .await;
    assert_eq!(order.status, 403);
    for (path, status) in [
        ("/machine/80", 200),
        ("/machine/9999", 404),
        ("/nowhere", 404),
        ("/log?where%5Bid%5D%5B~%5D=1", 400),
        ("/log?limit=many", 400),
    ] {
        assert_eq!(lab.smartnow(path).await.status, status, "{path}");
    }
    lab.faults()
        .add(Rule::new(Smartnow, Fault::EmptyList).on("/log"));
    assert!(lab.list("/log").await.is_empty());
}

#[tokio::test]
async fn types_vary_on_request() {
    let lab = Lab::at(NOON).await;
    lab.faults().set(Smartnow, Fault::OtherShape);
    let machine = &lab.list("/machine?limit=1").await[0];
    assert!(machine["active"].is_boolean() && machine["location"]["id"].is_i64());
    let sale = &lab.list("/revenuetransaction?sort=id%20DESC&limit=1").await[0];
    assert!(sale["price"].is_string());
}
