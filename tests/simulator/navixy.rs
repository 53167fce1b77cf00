use chrono::TimeDelta;
use occtop::simulator::estate::fleet::{Role, Vehicle};
use occtop::simulator::faults::Fault;
use occtop::simulator::vendor::Vendor::Navixy;
use serde_json::{Value, json};

use crate::lab::{Lab, NOON, Reply, at, keys};

impl Lab {
    /// A call with the account's key and the ISO header.
    async fn navixy(&self, path: &str, body: Value) -> Reply {
        let key = format!("NVX {}", self.credentials().navixy_key);
        let headers = [
            ("authorization", key.as_str()),
            ("NVX-ISO-DateTime", "true"),
        ];
        self.post(Navixy, path, &headers, &body).await
    }

    fn tracker(&self, role: Role) -> &Vehicle {
        self.estate()
            .vehicles()
            .iter()
            .find(|one| one.role == role)
            .unwrap()
    }
}

/// Status and vendor's code of an error.
fn trouble(reply: &Reply) -> (u16, u64) {
    let body = reply.json();
    assert_eq!(body["success"], false, "{body}");
    assert!(body["status"]["description"].is_string());
    (reply.status, body["status"]["code"].as_u64().unwrap())
}

#[tokio::test]
async fn a_key_works_in_three_places() {
    let lab = Lab::at(NOON).await;
    let key = lab.credentials().navixy_key.clone();
    let nvx = format!("NVX {key}");
    let header = lab
        .post(
            Navixy,
            "/base/nothing",
            &[("authorization", &nvx)],
            &json!({}),
        )
        .await;
    let body = lab
        .post(Navixy, "/base/nothing", &[], &json!({ "hash": key }))
        .await;
    let query = lab
        .post(
            Navixy,
            &format!("/base/nothing?hash={key}"),
            &[],
            &json!({}),
        )
        .await;
    for reply in [header, body, query] {
        assert_eq!(
            (reply.status, reply.json()),
            (200, json!({ "success": true }))
        );
    }
}

#[tokio::test]
async fn errors_have_the_vendors_codes() {
    let lab = Lab::at(NOON).await;
    let stranger = "NVX 00000000000000000000000000000000";
    let with = async |authorization: &str, path: &str, body: Value| {
        lab.post(Navixy, path, &[("authorization", authorization)], &body)
            .await
    };
    assert_eq!(
        trouble(&with("NVX short", "/tracker/list", json!({})).await),
        (400, 3)
    );
    assert_eq!(
        trouble(&with(stranger, "/tracker/list", json!({})).await),
        (400, 4)
    );
    assert_eq!(
        trouble(&lab.navixy("/tracker/teleport", json!({})).await),
        (400, 112)
    );
    assert_eq!(
        trouble(&lab.navixy("/nowhere/list", json!({})).await),
        (400, 111)
    );
    assert_eq!(
        trouble(&lab.navixy("/tracker/list", json!([])).await),
        (400, 5)
    );
    assert_eq!(
        trouble(&lab.get(Navixy, "/tracker/list", &[]).await),
        (400, 112)
    );
    assert_eq!(
        trouble(&lab.navixy("/user/session/renew", json!({})).await),
        (400, 4)
    );
    lab.faults().once(Navixy, Fault::NotPermitted);
    assert_eq!(
        trouble(&lab.navixy("/tracker/list", json!({})).await),
        (402, 236)
    );
}

#[tokio::test]
async fn a_login_gives_a_session_and_may_ask_for_more() {
    let lab = Lab::at(NOON).await;
    let credentials = lab.credentials();
    let right =
        json!({ "login": credentials.navixy_login, "password": credentials.navixy_password });
    let wrong = json!({ "login": credentials.navixy_login, "password": "guess" });
    assert_eq!(
        trouble(&lab.post(Navixy, "/user/auth", &[], &wrong).await),
        (400, 102)
    );
    let session = lab.post(Navixy, "/user/auth", &[], &right).await.json();
    assert_eq!(
        (keys(&session), &session["type"]),
        (vec!["hash", "success", "type"], &json!("authenticated"))
    );
    let hash = json!({ "hash": session["hash"] });
    assert_eq!(
        lab.post(Navixy, "/tracker/list", &[], &hash).await.status,
        200
    );
    assert_eq!(
        lab.post(Navixy, "/user/session/renew", &[], &hash)
            .await
            .status,
        200
    );
    lab.advance(TimeDelta::days(30));
    assert_eq!(
        trouble(&lab.post(Navixy, "/tracker/list", &[], &hash).await),
        (400, 4)
    );

    lab.faults().once(Navixy, Fault::SecondFactor);
    let half = lab.post(Navixy, "/user/auth", &[], &right).await.json();
    assert_eq!(half["type"], "second_factor_required");
    let hash = json!({ "hash": half["hash"] });
    assert_eq!(
        lab.post(Navixy, "/tracker/list", &[], &hash).await.status,
        400
    );
}

#[tokio::test]
async fn the_account_has_a_zone_and_times_follow_the_header() {
    let lab = Lab::at(NOON).await;
    let info = lab.navixy("/user/get_info", json!({})).await.json();
    assert_eq!(info["user_info"]["time_zone"], "Europe/Athens");
    let id = lab.tracker(Role::Shuttle).id;
    let iso = lab
        .navixy("/tracker/get_counters", json!({ "tracker_id": id }))
        .await
        .json();
    assert_eq!(iso["user_time"], "2026-03-04T12:00:00+02:00");
    let body = json!({ "tracker_id": id, "hash": lab.credentials().navixy_key });
    let naive = lab
        .post(Navixy, "/tracker/get_counters", &[], &body)
        .await
        .json();
    assert_eq!(naive["user_time"], "2026-03-04 12:00:00");
}

#[tokio::test]
async fn trackers_are_listed_with_the_blocked_one() {
    let lab = Lab::at(NOON).await;
    let list = lab.navixy("/tracker/list", json!({})).await.json();
    let list = list["list"].as_array().unwrap();
    assert_eq!(list.len(), 6);
    assert_eq!(list[0]["id"], 11);
    assert_eq!(
        keys(&list[0]),
        ["clone", "group_id", "id", "label", "source", "tag_bindings"]
    );
    let blocked = list
        .iter()
        .filter(|tracker| tracker["source"]["blocked"] == true);
    assert_eq!(blocked.count(), 1);
    let vehicles = lab.navixy("/vehicle/list", json!({})).await.json();
    let vehicles = vehicles["list"].as_array().unwrap();
    let seats = lab.tracker(Role::Shuttle).seats;
    assert_eq!(
        (&vehicles[0]["tracker_id"], &vehicles[0]["passengers"]),
        (&json!(11), &json!(seats))
    );
    assert_eq!(vehicles.len(), 5, "the dispatcher's phone is no vehicle");
}

#[tokio::test]
async fn states_of_the_whole_account_name_what_they_leave_out() {
    let lab = Lab::at(NOON).await;
    let flags = json!({ "list_blocked": true, "allow_not_exist": true });
    let states = lab.navixy("/tracker/get_states", flags).await.json();
    assert_eq!(
        keys(&states),
        ["blocked", "not_exist", "states", "success", "user_time"]
    );
    assert_eq!(states["blocked"], json!([lab.tracker(Role::Blocked).id]));
    assert_eq!(keys(&states["states"]), ["11", "12", "13", "14", "16"]);
    let moving = &states["states"]["11"];
    assert_eq!(moving["connection_status"], "active");
    assert!(["moving", "stopped"].contains(&moving["movement_status"].as_str().unwrap()));
    let lost = &states["states"]["14"];
    assert_eq!(lost["connection_status"], "offline");
    assert!(at(lost["last_update"].as_str().unwrap()) <= at("2026-03-04T02:30:00Z"));
}

#[tokio::test]
async fn one_bad_tracker_fails_a_call_that_does_not_allow_for_it() {
    let lab = Lab::at(NOON).await;
    let blocked = lab.tracker(Role::Blocked).id;
    let phone = lab.tracker(Role::Phone).id;
    let states = async |body: Value| trouble(&lab.navixy("/tracker/get_states", body).await);
    assert_eq!(
        states(json!({ "trackers": [11, blocked] })).await,
        (403, 208)
    );
    assert_eq!(states(json!({ "trackers": [11, 999] })).await, (400, 217));
    let many: Vec<i64> = (0..2_001).collect();
    assert_eq!(states(json!({ "trackers": many })).await, (403, 221));
    assert_eq!(states(json!({ "trackers": "all" })).await, (400, 7));

    for path in [
        "/tracker/readings/batch_list",
        "/tracker/counter/value/list",
    ] {
        for bad in [blocked, 999] {
            let body = json!({ "trackers": [11, bad], "type": "odometer" });
            assert_eq!(trouble(&lab.navixy(path, body).await), (400, 217), "{path}");
        }
    }
    let values = async |body: Value| lab.navixy("/tracker/counter/value/list", body).await;
    let none = values(json!({ "trackers": [11, phone], "type": "odometer" })).await;
    assert_eq!(trouble(&none), (404, 204));
    let good = values(json!({ "trackers": [11, 12], "type": "odometer" }))
        .await
        .json();
    assert_eq!(keys(&good["value"]), ["11", "12"]);
    let counters = async |id: i64| {
        lab.navixy("/tracker/get_counters", json!({ "tracker_id": id }))
            .await
    };
    assert_eq!(trouble(&counters(blocked).await), (403, 208));
    assert_eq!(trouble(&counters(999).await), (404, 204));
    assert_eq!(counters(phone).await.json()["list"], json!([]));
}

#[tokio::test]
async fn readings_have_counters_and_people_on_board() {
    let lab = Lab::at(NOON).await;
    let body = json!({ "trackers": [11, 12, 13], "include_components": false });
    let reply = lab
        .navixy("/tracker/readings/batch_list", body)
        .await
        .json();
    let result = &reply["result"];
    let report = lab
        .tracker(Role::Shuttle)
        .report(lab.estate().seed(), lab.now());
    let counters = result["11"]["counters"].as_array().unwrap();
    assert_eq!(
        (&counters[0]["type"], &counters[0]["value"]),
        (&json!("odometer"), &json!(report.odometer_km))
    );
    assert_eq!(
        (&counters[1]["type"], &counters[1]["value"]),
        (&json!("engine_hours"), &json!(report.engine_hours))
    );
    assert_eq!(at(counters[0]["update_time"].as_str().unwrap()), report.at);
    let input = &result["11"]["inputs"][0];
    assert_eq!(
        (&input["name"], &input["value"]),
        (&json!("passengers_remaining"), &json!(report.on_board))
    );
    assert_eq!(result["12"]["states"][0]["field"], "passengers_remaining");
    assert_eq!(result["13"], json!({ "inputs": [], "states": [] }));
}

#[tokio::test]
async fn counter_history_is_ascending_and_limited() {
    let lab = Lab::at(NOON).await;
    let read = async |from: &str, to: &str| {
        let body = json!({ "tracker_id": 11, "type": "odometer", "from": from, "to": to });
        lab.navixy("/tracker/counter/data/read", body).await
    };
    let day = read("2026-03-03T06:00:00+02:00", "2026-03-04T12:00:00+02:00")
        .await
        .json();
    let list = day["list"].as_array().unwrap();
    assert!(list.len() > 100);
    assert!(list.is_sorted_by(|a, b| {
        at(a["update_time"].as_str().unwrap()) < at(b["update_time"].as_str().unwrap())
            && a["value"].as_f64() <= b["value"].as_f64()
    }));
    let now = lab
        .navixy(
            "/tracker/counter/value/get",
            json!({ "tracker_id": 11, "type": "odometer" }),
        )
        .await;
    assert!(list.last().unwrap()["value"].as_f64() <= now.json()["value"].as_f64());
    let long = read("2026-01-01 00:00:00", "2026-02-02 00:00:00").await;
    assert_eq!(
        (trouble(&long), &long.json()["errors"][0]["parameter"]),
        ((400, 7), &json!("to"))
    );
    assert_eq!(
        trouble(&read("2026-03-03 00:00:00", "2026-03-02 00:00:00").await),
        (400, 7)
    );
    assert_eq!(
        trouble(&read("whenever", "2026-03-02 00:00:00").await),
        (400, 7)
    );
}

#[tokio::test]
async fn the_fifty_first_call_of_a_second_is_refused() {
    let lab = Lab::at(NOON).await;
    for _ in 0..50 {
        assert_eq!(lab.navixy("/base/nothing", json!({})).await.status, 200);
    }
    let over = lab.navixy("/base/nothing", json!({})).await;
    assert_eq!(
        (trouble(&over), over.header("retry-after")),
        ((429, 15), None)
    );
    lab.advance(TimeDelta::seconds(1));
    assert_eq!(lab.navixy("/base/nothing", json!({})).await.status, 200);
}

#[tokio::test]
async fn an_odometer_can_be_replaced() {
    let lab = Lab::at(NOON).await;
    let body = || json!({ "tracker_id": 11, "type": "odometer" });
    let value = async || {
        let reply = lab
            .navixy("/tracker/counter/value/get", body())
            .await
            .json();
        reply["value"].as_f64().unwrap()
    };
    let before = value().await;
    lab.faults().once(Navixy, Fault::Restarted);
    assert!(value().await < 100.0 && before > 1_000.0);
}
